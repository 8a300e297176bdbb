/* fake-rehearsal.c: a machine that does what the test says
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "fake-rehearsal.h"
#include "cr-paths.h"

struct _CrGateRun {
  GObject        parent_instance;
  CrPlanGate    *gate;  /* (borrowed): the plan outlives it */
  CrGateState    state;
  gint64         started, ended;
  char          *step;
  CrGateVerdict *verdict;
};

struct _CrRehearsal {
  GObject          parent_instance;
  CrRehearsalState state;
  CrSettings      *settings;
  CrPlan          *plan;
  CrFakeClock     *clock;
  GListStore      *gates;
  CrCaptureSet    *captures;
  CrCutline        cutline;
  CrDecision       decision;
  gboolean         decided, stopped;
  char            *folder;
  GTask           *task;
  CrClosing        closing;
  gboolean         closed;
  GError          *seal_error;
  GPtrArray       *kept;
};

G_DEFINE_QUARK (cr-rehearsal-error-quark, cr_rehearsal_error)
G_DEFINE_FINAL_TYPE (CrGateRun, cr_gate_run, G_TYPE_OBJECT)
G_DEFINE_FINAL_TYPE (CrRehearsal, cr_rehearsal, G_TYPE_OBJECT)
G_DEFINE_ENUM_TYPE (CrGateState, cr_gate_state, G_DEFINE_ENUM_VALUE (CR_GATE_PENDING, "pending"), G_DEFINE_ENUM_VALUE (CR_GATE_STOPPED, "stopped"))
G_DEFINE_ENUM_TYPE (CrRehearsalState, cr_rehearsal_state, G_DEFINE_ENUM_VALUE (CR_REHEARSAL_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (CR_REHEARSAL_FAILED, "failed"))

static void
cr_gate_run_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_int (value, (int) CR_GATE_RUN (object)->state);
}

static void
cr_gate_run_finalize (GObject *object)
{
  CrGateRun *self = CR_GATE_RUN (object);

  g_clear_pointer (&self->verdict, cr_gate_verdict_free);
  g_free (self->step);
  G_OBJECT_CLASS (cr_gate_run_parent_class)->finalize (object);
}

static void
cr_gate_run_class_init (CrGateRunClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cr_gate_run_finalize;
  G_OBJECT_CLASS (klass)->get_property = cr_gate_run_get_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), 1, g_param_spec_int ("state", NULL, NULL, 0, 100, 0, G_PARAM_READABLE));
}

static void
cr_gate_run_init (CrGateRun *self)
{
}

const char    *cr_gate_run_get_id (CrGateRun *self) { return self->gate->id; }
const char    *cr_gate_run_get_title (CrGateRun *self) { return self->gate->title; }
CrGateState    cr_gate_run_get_state (CrGateRun *self) { return self->state; }
const char    *cr_gate_run_get_fact (CrGateRun *self) { return self->verdict != NULL ? self->verdict->fact : NULL; }
gint64         cr_gate_run_get_started (CrGateRun *self) { return self->started; }
gint64         cr_gate_run_get_ended (CrGateRun *self) { return self->ended; }
const char    *cr_gate_run_get_current_step (CrGateRun *self) { return self->step; }
CrGateVerdict *cr_gate_run_get_verdict (CrGateRun *self) { return self->verdict; }
CrPlanGate    *cr_gate_run_get_plan (CrGateRun *self) { return self->gate; }

static void
cr_rehearsal_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_int (value, (int) CR_REHEARSAL (object)->state);
}

static void
cr_rehearsal_finalize (GObject *object)
{
  CrRehearsal *self = CR_REHEARSAL (object);

  g_clear_object (&self->settings);
  g_clear_object (&self->clock);
  g_clear_object (&self->gates);
  g_clear_pointer (&self->plan, cr_plan_unref);
  g_clear_pointer (&self->captures, cr_capture_set_unref);
  g_clear_pointer (&self->kept, g_ptr_array_unref);
  g_clear_error (&self->seal_error);
  g_free (self->decision.sentence);
  g_free (self->folder);
  G_OBJECT_CLASS (cr_rehearsal_parent_class)->finalize (object);
}

static void
cr_rehearsal_class_init (CrRehearsalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cr_rehearsal_finalize;
  G_OBJECT_CLASS (klass)->get_property = cr_rehearsal_get_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), 1, g_param_spec_int ("state", NULL, NULL, 0, 100, 0, G_PARAM_READABLE));
  g_signal_new ("log", CR_TYPE_REHEARSAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_INT, G_TYPE_STRING);
  g_signal_new ("tick", CR_TYPE_REHEARSAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
cr_rehearsal_init (CrRehearsal *self)
{
  self->settings = cr_settings_new ();
  self->gates = g_list_store_new (CR_TYPE_GATE_RUN);
  self->captures = cr_capture_set_new ();
  self->kept = g_ptr_array_new_with_free_func (g_free);
}

CrRehearsal *
cr_rehearsal_new (CrSettings *settings, GBytes *plan_text, CrClock *clock)
{
  g_assert_not_reached ();
}

CrPlan *
cr_rehearsal_preview (CrRehearsal *self, CrVars **vars, GError **error)
{
  g_assert_not_reached ();
}

void
cr_rehearsal_get_jumpbox_params (CrRehearsal *self, CrPlan *plan, const char *run_id, CrJumpboxParams *params)
{
  g_assert_not_reached ();
}

void
cr_rehearsal_run_async (CrRehearsal *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_assert_null (self->task);
  self->task = g_task_new (self, NULL, callback, user_data);
  fake_rehearsal_set_state (self, CR_REHEARSAL_STARTING);
}

gboolean
cr_rehearsal_run_finish (CrRehearsal *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
cr_rehearsal_stop (CrRehearsal *self)
{
  self->stopped = TRUE;
}

static const char *
keep (CrRehearsal *self, const char *text)
{
  char *copy = g_strdup (text);

  g_ptr_array_add (self->kept, copy);
  return copy;
}

void
cr_rehearsal_seal_async (CrRehearsal *self, const CrClosing *closing, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (self, NULL, callback, user_data);

  self->closing = *closing;
  self->closing.owner = keep (self, closing->owner);
  self->closing.retry_at = keep (self, closing->retry_at);
  self->closing.retry_reason = keep (self, closing->retry_reason);
  self->closing.unblock = keep (self, closing->unblock);
  self->closing.notes = keep (self, closing->notes);
  self->closing.classification_reason = keep (self, closing->classification_reason);
  self->closed = TRUE;
  if (self->seal_error != NULL) {
    g_task_return_error (task, g_steal_pointer (&self->seal_error));
    return;
  }
  fake_rehearsal_set_state (self, CR_REHEARSAL_SEALED);
  g_task_return_boolean (task, TRUE);
}

gboolean
cr_rehearsal_seal_finish (CrRehearsal *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

CrRehearsalState  cr_rehearsal_get_state (CrRehearsal *self) { return self->state; }
GListModel       *cr_rehearsal_get_gates (CrRehearsal *self) { return G_LIST_MODEL (self->gates); }
CrSettings       *cr_rehearsal_get_settings (CrRehearsal *self) { return self->settings; }
CrPlan           *cr_rehearsal_get_plan (CrRehearsal *self) { return self->plan; }
CrCaptureSet     *cr_rehearsal_get_captures (CrRehearsal *self) { return self->captures; }
const CrDecision *cr_rehearsal_get_decision (CrRehearsal *self) { return self->decided ? &self->decision : NULL; }
const char       *cr_rehearsal_get_run_id (CrRehearsal *self) { return "e2-3-20260301115500"; }
const char       *cr_rehearsal_get_folder (CrRehearsal *self) { return self->folder; }
const CrCutline  *cr_rehearsal_get_cutline (CrRehearsal *self) { return &self->cutline; }
gboolean          cr_rehearsal_was_stopped (CrRehearsal *self) { return self->stopped; }
CrClock          *cr_rehearsal_get_clock (CrRehearsal *self) { return CR_CLOCK (self->clock); }

CrRehearsal *
fake_rehearsal_new (gint64 now, gint64 t_cutover, const char *folder)
{
  CrRehearsal *self = g_object_new (CR_TYPE_REHEARSAL, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) text = cr_paths_load_plan ("e2-3-reload-cutover", &error);

  g_assert_no_error (error);
  self->plan = cr_plan_parse (g_bytes_get_data (text, NULL), (gssize) g_bytes_get_size (text), &error);
  g_assert_no_error (error);
  self->clock = cr_fake_clock_new (now * G_USEC_PER_SEC);
  cr_cutline_init (&self->cutline, t_cutover);
  self->folder = g_strdup (folder);
  cr_settings_set (self->settings, "mode", "practice", CR_ORIGIN_EDITED, &error);
  g_assert_no_error (error);
  cr_settings_set (self->settings, "owner", "salee", CR_ORIGIN_EDITED, &error);
  g_assert_no_error (error);
  return self;
}

CrFakeClock *
fake_rehearsal_get_clock (CrRehearsal *self)
{
  return self->clock;
}

void
fake_rehearsal_set_state (CrRehearsal *self, CrRehearsalState state)
{
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

void
fake_rehearsal_begin (CrRehearsal *self)
{
  for (guint i = 0; i < self->plan->gates->len; i++) {
    g_autoptr(CrGateRun) gate = g_object_new (CR_TYPE_GATE_RUN, NULL);

    gate->gate = g_ptr_array_index (self->plan->gates, i);
    g_list_store_append (self->gates, gate);
  }
  fake_rehearsal_set_state (self, CR_REHEARSAL_RUNNING);
}

void
fake_rehearsal_tick (CrRehearsal *self)
{
  g_signal_emit_by_name (self, "tick");
}

void
fake_rehearsal_say (CrRehearsal *self, const char *gate, const char *step, CrLogStream stream, const char *text)
{
  g_signal_emit_by_name (self, "log", gate, step, (int) stream, text);
}

void
fake_rehearsal_start_gate (CrRehearsal *self, guint index)
{
  g_autoptr(CrGateRun) gate = g_list_model_get_item (G_LIST_MODEL (self->gates), index);

  gate->started = cr_clock_now (CR_CLOCK (self->clock));
  gate->state = CR_GATE_RUNNING;
  g_free (gate->step);
  gate->step = g_strdup ("Waiting for the jumpbox");
  g_object_notify (G_OBJECT (gate), "state");
}

void
fake_rehearsal_add_step (CrRehearsal *self, guint index, const char *step, int exit_code)
{
  g_autoptr(CrGateRun) gate = g_list_model_get_item (G_LIST_MODEL (self->gates), index);
  CrCapture *capture = cr_capture_new (gate->gate->id, step, CR_STEP_POD);

  capture->outcome = CR_OUTCOME_COMPLETED;
  capture->exit_code = exit_code;
  cr_capture_set_add (self->captures, capture);
}

void
fake_rehearsal_end_gate (CrRehearsal *self, guint index, CrGateState state, const char *fact, const char *reason, const char *exit_code)
{
  static const CrVerdict verdicts[] = {
    [CR_GATE_PASSED] = CR_VERDICT_PASS, [CR_GATE_UNPROVEN] = CR_VERDICT_UNPROVEN, [CR_GATE_FAILED] = CR_VERDICT_FAIL,
    [CR_GATE_TIMED_OUT] = CR_VERDICT_UNPROVEN, [CR_GATE_BLOCKED] = CR_VERDICT_BLOCKED, [CR_GATE_NOT_RUN] = CR_VERDICT_NOT_RUN,
    [CR_GATE_STOPPED] = CR_VERDICT_UNPROVEN,
  };
  g_autoptr(CrGateRun) gate = g_list_model_get_item (G_LIST_MODEL (self->gates), index);
  CrGateVerdict *verdict = cr_gate_verdict_new_not_run (gate->gate->id, "stands for the real one");

  verdict->verdict = verdicts[state];
  g_free (verdict->fact);
  verdict->fact = g_strdup (fact);
  g_free (verdict->reason);
  verdict->reason = g_strdup (reason);
  g_free (verdict->exit_code);
  verdict->exit_code = g_strdup (exit_code);
  gate->verdict = verdict;
  if (state != CR_GATE_NOT_RUN)
    gate->ended = cr_clock_now (CR_CLOCK (self->clock));
  gate->state = state;
  g_clear_pointer (&gate->step, g_free);
  g_object_notify (G_OBJECT (gate), "state");
}

void
fake_rehearsal_decide (CrRehearsal *self, CrDecisionKind kind, CrClassification classification, int first_gate, const char *sentence)
{
  self->decision = (CrDecision) { .kind = kind, .classification = classification, .first_gate = first_gate, .sentence = g_strdup (sentence) };
  self->decided = TRUE;
  fake_rehearsal_set_state (self, CR_REHEARSAL_DECIDED);
}

void
fake_rehearsal_finish (CrRehearsal *self, GError *error)
{
  g_autoptr(GTask) task = g_steal_pointer (&self->task);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
fake_rehearsal_was_started (CrRehearsal *self)
{
  return self->task != NULL;
}

const CrClosing *
fake_rehearsal_get_closing (CrRehearsal *self)
{
  return self->closed ? &self->closing : NULL;
}

void
fake_rehearsal_set_seal_error (CrRehearsal *self, GError *error)
{
  self->seal_error = error;
}
