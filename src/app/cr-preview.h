/* cr-preview.h: every command as it will run, for the wizard
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gtk/gtk.h>
#include "../io/cr-rehearsal.h"
G_BEGIN_DECLS

typedef struct {
  CrRehearsal *rehearsal;  /* (owned): idle, only asked for its plan */
  CrPlan      *plan;       /* (owned): resolved */
  CrVars      *vars;       /* (owned) */
} CrPreview;

/* What would run with @settings; reads the plan's file, no network. Error: what keeps the plan from being resolved, in one sentence. */
CrPreview *cr_preview_new       (CrSettings *settings, GError **error);
void       cr_preview_free      (CrPreview *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrPreview, cr_preview_free)
/* (transfer full): the gate's commands: those of this computer, the call to the jumpbox with its whole script, and the direct probes, as shell text
 * with comments. Errors: a value that can't be sent. */
char      *cr_preview_gate_text (CrPreview *self, guint gate_index, GError **error);
/* (transfer full): one line for each step: its title and its own command */
char      *cr_preview_gate_list (CrPreview *self, guint gate_index);

/* A read-only view of shell text with its colours. @label: for assistive technology. */
GtkWidget *cr_preview_view_new      (const char *label);
/* @vars (nullable): values to emphasise */
void       cr_preview_view_set_text (GtkWidget *view, const char *text, CrVars *vars);
G_END_DECLS
