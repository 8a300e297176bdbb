/* cr-rehearsal.h: the machine. It runs the gates in order, judges, writes evidence as they end, and emits events; window and CLI only render them.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "cr-clock.h"
#include "cr-transport.h"
#include "../core/cr-settings.h"
#include "../core/cr-plan.h"
#include "../core/cr-judge.h"
#include "../core/cr-evidence.h"
G_BEGIN_DECLS

typedef enum {
  CR_REHEARSAL_ERROR_INPUT,     /* settings or plan refused: nothing ran */
  CR_REHEARSAL_ERROR_EVIDENCE,  /* evidence could not be written: the run stopped, what was written stays */
  CR_REHEARSAL_ERROR_CLOSING,   /* the closing form is not complete */
  CR_REHEARSAL_ERROR_PRACTICE,  /* the practice target did not start */
} CrRehearsalError;
#define CR_REHEARSAL_ERROR (cr_rehearsal_error_quark ())
GQuark cr_rehearsal_error_quark (void);

typedef enum {
  CR_GATE_PENDING, CR_GATE_WAITING /* for T_cutover */, CR_GATE_RUNNING, CR_GATE_PASSED, CR_GATE_UNPROVEN, CR_GATE_FAILED, CR_GATE_TIMED_OUT,
  CR_GATE_BLOCKED, CR_GATE_NOT_RUN, CR_GATE_STOPPED
} CrGateState;
#define CR_TYPE_GATE_STATE (cr_gate_state_get_type ())
GType cr_gate_state_get_type (void);

/* One row of the timeline. Properties (read-only, notify): id, title, state, fact (string), started, ended (int64 Unix us, 0: not yet), exit-code (string),
 * current-step (string, nullable) */
#define CR_TYPE_GATE_RUN (cr_gate_run_get_type ())
G_DECLARE_FINAL_TYPE (CrGateRun, cr_gate_run, CR, GATE_RUN, GObject)
const char    *cr_gate_run_get_id       (CrGateRun *self);
const char    *cr_gate_run_get_title    (CrGateRun *self);
CrGateState    cr_gate_run_get_state    (CrGateRun *self);
const char    *cr_gate_run_get_fact     (CrGateRun *self);   /* nullable */
gint64         cr_gate_run_get_started  (CrGateRun *self);
gint64         cr_gate_run_get_ended    (CrGateRun *self);
const char    *cr_gate_run_get_current_step (CrGateRun *self);
CrGateVerdict *cr_gate_run_get_verdict  (CrGateRun *self);   /* borrowed, nullable until judged */
CrPlanGate    *cr_gate_run_get_plan     (CrGateRun *self);   /* borrowed: the resolved gate */

typedef enum {
  CR_REHEARSAL_IDLE, CR_REHEARSAL_STARTING, CR_REHEARSAL_RUNNING, CR_REHEARSAL_WAITING /* countdown to T */,
  CR_REHEARSAL_DECIDED /* the closing form is awaited */, CR_REHEARSAL_SEALED, CR_REHEARSAL_FAILED /* own error */
} CrRehearsalState;
#define CR_TYPE_REHEARSAL_STATE (cr_rehearsal_state_get_type ())
GType cr_rehearsal_state_get_type (void);

/* Properties: state. Signals:
 *   "log" (const char *gate, const char *step, int CrLogStream, const char *text): at most every 50 ms per stream, redacted, safe to show
 *   "tick" (): once a second while running or waiting */
#define CR_TYPE_REHEARSAL (cr_rehearsal_get_type ())
G_DECLARE_FINAL_TYPE (CrRehearsal, cr_rehearsal, CR, REHEARSAL, GObject)

/* @settings is copied. @plan_text: the plan's JSON. @clock (nullable): this computer's. Nothing is checked yet. */
CrRehearsal     *cr_rehearsal_new         (CrSettings *settings, GBytes *plan_text, CrClock *clock);
/* What would run, fully resolved, for `rehearse plan` and the Review page; reads no network, writes nothing. Practice values that only exist once the
 * target runs are shown as <...>. (transfer full) */
CrPlan          *cr_rehearsal_preview     (CrRehearsal *self, CrVars **vars, GError **error);
/* What the jumpbox transport is made of, for cr_jumpbox_transport_preview(); borrowed from @self and @plan (a resolved one) */
void             cr_rehearsal_get_jumpbox_params (CrRehearsal *self, CrPlan *plan, const char *run_id, CrJumpboxParams *params);
/* Starts practice target if needed, makes the folder, runs all gates, judges. Ends in state DECIDED (the result is TRUE also for a NO_GO). Error: see
 * CrRehearsalError; after EVIDENCE the state is FAILED. */
void             cr_rehearsal_run_async   (CrRehearsal *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean         cr_rehearsal_run_finish  (CrRehearsal *self, GAsyncResult *result, GError **error);
/* Stop waiting: the gate in progress becomes UNPROVEN (stopped), the rest NOT_RUN, decision NO_GO; run_async() then ends as usual. */
void             cr_rehearsal_stop        (CrRehearsal *self);
/* Writes 08, 09, 99 and the attestation, then seals the folder. */
void             cr_rehearsal_seal_async  (CrRehearsal *self, const CrClosing *closing, GAsyncReadyCallback callback, gpointer user_data);
gboolean         cr_rehearsal_seal_finish (CrRehearsal *self, GAsyncResult *result, GError **error);

CrRehearsalState cr_rehearsal_get_state    (CrRehearsal *self);
GListModel      *cr_rehearsal_get_gates    (CrRehearsal *self);   /* borrowed: CrGateRun; empty before run_async() */
CrSettings      *cr_rehearsal_get_settings (CrRehearsal *self);   /* borrowed */
CrPlan          *cr_rehearsal_get_plan     (CrRehearsal *self);   /* borrowed (nullable): resolved */
CrCaptureSet    *cr_rehearsal_get_captures (CrRehearsal *self);   /* borrowed */
const CrDecision *cr_rehearsal_get_decision (CrRehearsal *self);  /* borrowed (nullable) until DECIDED */
const char      *cr_rehearsal_get_run_id   (CrRehearsal *self);   /* nullable before run */
const char      *cr_rehearsal_get_folder   (CrRehearsal *self);   /* nullable: path of the evidence folder */
const CrCutline *cr_rehearsal_get_cutline  (CrRehearsal *self);   /* nullable before run */
gboolean         cr_rehearsal_was_stopped  (CrRehearsal *self);
/* What the attack on the judge gave: of @planted kinds of defects @caught were seen. Each out argument (nullable). FALSE before it was made. It was
 * passed only if both are equal and cr_rehearsal_get_self_test_text() names nothing missed; then alone a gate is started. */
gboolean         cr_rehearsal_get_self_test (CrRehearsal *self, guint *caught, guint *planted);
const char      *cr_rehearsal_get_self_test_text (CrRehearsal *self);  /* borrowed (nullable): "31 of 31 planted defects caught" */
CrClock         *cr_rehearsal_get_clock    (CrRehearsal *self);
G_END_DECLS
