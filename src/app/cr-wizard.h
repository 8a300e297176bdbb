/* cr-wizard.h: Environment, Jumpbox, T_cutover, Review
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../core/cr-settings.h"
G_BEGIN_DECLS

typedef enum { CR_WIZARD_ENVIRONMENT, CR_WIZARD_JUMPBOX, CR_WIZARD_CUTOVER, CR_WIZARD_REVIEW } CrWizardStep;

/* Properties (read-only, notify): "title" (string: "Step 2 of 4: Jumpbox"), "step" (uint: CrWizardStep), "startable" (boolean: Review is shown and complete).
 * Signals: "cancelled" (): the user went back past the first page or gave up; "start" (CrSettings *): start a rehearsal with these, all questions asked. */
#define CR_TYPE_WIZARD (cr_wizard_get_type ())
G_DECLARE_FINAL_TYPE (CrWizard, cr_wizard, CR, WIZARD, AdwBin)

GtkWidget  *cr_wizard_new           (void);
/* Works on @settings itself (takes a reference) and forgets what was typed before. Shows @step. */
void        cr_wizard_set_settings  (CrWizard *self, CrSettings *settings, CrWizardStep step);
CrSettings *cr_wizard_get_settings  (CrWizard *self);   /* borrowed (nullable) */
CrWizardStep cr_wizard_get_step     (CrWizard *self);
const char *cr_wizard_get_page_title (CrWizard *self);  /* borrowed: "Jumpbox" */
void        cr_wizard_go            (CrWizard *self, CrWizardStep step);
/* Back one page; on the first page, and on what was opened first, as Escape */
void        cr_wizard_back          (CrWizard *self);
/* The button at the right: one page on, or Start */
void        cr_wizard_continue      (CrWizard *self);
/* Emits "cancelled", after a question if something was typed */
void        cr_wizard_ask_cancel    (CrWizard *self);
/* Asks what has to be asked (real mode), then emits "start"; nothing unless startable */
void        cr_wizard_start         (CrWizard *self);
/* Opens the page that has the field @key and moves the focus there */
void        cr_wizard_edit          (CrWizard *self, const char *key);
/* The Continue or Start button, for the window's default widget */
GtkWidget  *cr_wizard_get_default   (CrWizard *self);
G_END_DECLS
