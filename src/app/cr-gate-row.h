/* cr-gate-row.h: one line of the timeline: a gate, or the decision that follows the last one
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../io/cr-rehearsal.h"
G_BEGIN_DECLS

/* Static, translated: "Passed", "Failed", ... */
const char *cr_gate_state_word (CrGateState state);
/* Static: name of the symbolic icon; each state has its own outline, so that it reads without colour */
const char *cr_gate_state_icon (CrGateState state);
/* Static: style class that only adds to shape and word: "success", "warning", "error", "accent" or "dim-label" */
const char *cr_gate_state_style (CrGateState state);
/* (transfer full): "0:41", "1:02:07" */
char       *cr_duration_short  (gint64 microseconds);
/* (transfer full), translated, for speech and sentences: "42 seconds", "3 minutes 10 seconds" */
char       *cr_duration_words  (gint64 microseconds);

/* A plain GtkListBoxRow: libadwaita's rows speak their title only (facts: desktop, finding 4). Signal "open" (): the row's button */
#define CR_TYPE_GATE_ROW (cr_gate_row_get_type ())
G_DECLARE_FINAL_TYPE (CrGateRow, cr_gate_row, CR, GATE_ROW, GtkListBoxRow)

/* @index counts from 1; @total includes the decision. @gate NULL makes the decision's row, which cr_gate_row_set_decision() fills. */
GtkWidget  *cr_gate_row_new          (CrGateRun *gate, guint index, guint total, CrClock *clock);
CrGateRun  *cr_gate_row_get_gate     (CrGateRow *self);   /* borrowed, nullable */
/* Recomputes the running time from the clock */
void        cr_gate_row_tick         (CrGateRow *self);
/* Where there is little room the row has no button: activating the row does the same */
void        cr_gate_row_set_tiny     (CrGateRow *self, gboolean tiny);
/* @decision NULL: pending */
void        cr_gate_row_set_decision (CrGateRow *self, const CrDecision *decision);
G_END_DECLS
