/* fake-rehearsal.h: a machine that does what the test says, under the names of the real one (src/io/cr-rehearsal.h), which it replaces when linking
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-rehearsal.h"
G_BEGIN_DECLS

/* An idle rehearsal of the shipped plan at @now (Unix seconds), with @t_cutover. Practice, environment "dev", owner "salee". */
CrRehearsal *fake_rehearsal_new        (gint64 now, gint64 t_cutover, const char *folder);
CrFakeClock *fake_rehearsal_get_clock  (CrRehearsal *self);
void         fake_rehearsal_begin      (CrRehearsal *self);   /* gates appear, state RUNNING */
void         fake_rehearsal_set_state  (CrRehearsal *self, CrRehearsalState state);
void         fake_rehearsal_tick       (CrRehearsal *self);
void         fake_rehearsal_say        (CrRehearsal *self, const char *gate, const char *step, CrLogStream stream, const char *text);
void         fake_rehearsal_start_gate (CrRehearsal *self, guint index);
/* Ends it with a verdict of that kind: fact, reason and exit code as given */
void         fake_rehearsal_end_gate   (CrRehearsal *self, guint index, CrGateState state, const char *fact, const char *reason, const char *exit_code);
void         fake_rehearsal_add_step   (CrRehearsal *self, guint index, const char *step, int exit_code);
void         fake_rehearsal_decide     (CrRehearsal *self, CrDecisionKind kind, CrClassification classification, int first_gate, const char *sentence);
/* Ends run_async(): with @error (taken, nullable) */
void         fake_rehearsal_finish     (CrRehearsal *self, GError *error);
gboolean     fake_rehearsal_was_started (CrRehearsal *self);
/* What seal_async() was given; it fails with @error (taken) if one was set */
const CrClosing *fake_rehearsal_get_closing (CrRehearsal *self);
void         fake_rehearsal_set_seal_error (CrRehearsal *self, GError *error);
G_END_DECLS
