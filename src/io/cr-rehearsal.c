/* cr-rehearsal.c: the machine: gates in order, one remote call each, judged, written, and stopped at the first that is not proven
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-rehearsal.h"
#include "cr-evidence-folder.h"
#include "cr-practice.h"
#include "../core/cr-json.h"
#include "../core/cr-sabotage.h"
#include "../core/cr-statement.h"
#include "../core/cr-text.h"
#include <string.h>
#include <sys/statvfs.h>

/* Room that ten files, captures and a summary of a talkative night need (ux: 3.3) */
#define EVIDENCE_BYTES_NEEDED (50 * 1024 * 1024)
/* T_cutover is missed when the first look at the clock after it comes this late: the computer slept, or its clock was moved */
#define MISSED_SECONDS 5
#define JUMP_US (2 * G_USEC_PER_SEC)
#define FURTHEST_CUTOVER_SECONDS (24 * 60 * 60)

G_DEFINE_QUARK (cr-rehearsal-error-quark, cr_rehearsal_error)
G_DEFINE_ENUM_TYPE (CrGateState, cr_gate_state,
                    G_DEFINE_ENUM_VALUE (CR_GATE_PENDING, "pending"), G_DEFINE_ENUM_VALUE (CR_GATE_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (CR_GATE_RUNNING, "running"), G_DEFINE_ENUM_VALUE (CR_GATE_PASSED, "passed"),
                    G_DEFINE_ENUM_VALUE (CR_GATE_UNPROVEN, "unproven"), G_DEFINE_ENUM_VALUE (CR_GATE_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (CR_GATE_TIMED_OUT, "timed-out"), G_DEFINE_ENUM_VALUE (CR_GATE_BLOCKED, "blocked"),
                    G_DEFINE_ENUM_VALUE (CR_GATE_NOT_RUN, "not-run"), G_DEFINE_ENUM_VALUE (CR_GATE_STOPPED, "stopped"))
G_DEFINE_ENUM_TYPE (CrRehearsalState, cr_rehearsal_state,
                    G_DEFINE_ENUM_VALUE (CR_REHEARSAL_IDLE, "idle"), G_DEFINE_ENUM_VALUE (CR_REHEARSAL_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (CR_REHEARSAL_RUNNING, "running"), G_DEFINE_ENUM_VALUE (CR_REHEARSAL_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (CR_REHEARSAL_DECIDED, "decided"), G_DEFINE_ENUM_VALUE (CR_REHEARSAL_SEALED, "sealed"),
                    G_DEFINE_ENUM_VALUE (CR_REHEARSAL_FAILED, "failed"))

/* ---- one row of the timeline ---- */

struct _CrGateRun {
  GObject        parent_instance;
  CrPlan        *plan;         /* (owned): keeps gate alive */
  CrPlanGate    *gate;         /* (borrowed) */
  CrGateState    state;
  CrGateVerdict *verdict;      /* (owned) (nullable) */
  char          *current_step; /* (owned) (nullable) */
  gint64         started, ended;
};

G_DEFINE_FINAL_TYPE (CrGateRun, cr_gate_run, G_TYPE_OBJECT)

typedef enum { GATE_ID = 1, GATE_TITLE, GATE_STATE, GATE_FACT, GATE_STARTED, GATE_ENDED, GATE_EXIT_CODE, GATE_CURRENT_STEP } GateProperty;
static GParamSpec *gate_props[GATE_CURRENT_STEP + 1];

static void
cr_gate_run_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CrGateRun *self = CR_GATE_RUN (object);

  switch ((GateProperty) id) {
  case GATE_ID: g_value_set_string (value, self->gate->id); break;
  case GATE_TITLE: g_value_set_string (value, self->gate->title); break;
  case GATE_STATE: g_value_set_enum (value, self->state); break;
  case GATE_FACT: g_value_set_string (value, cr_gate_run_get_fact (self)); break;
  case GATE_STARTED: g_value_set_int64 (value, self->started); break;
  case GATE_ENDED: g_value_set_int64 (value, self->ended); break;
  case GATE_EXIT_CODE: g_value_set_string (value, self->verdict != NULL ? self->verdict->exit_code : NULL); break;
  case GATE_CURRENT_STEP: g_value_set_string (value, self->current_step); break;
  default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
cr_gate_run_finalize (GObject *object)
{
  CrGateRun *self = CR_GATE_RUN (object);

  g_clear_pointer (&self->verdict, cr_gate_verdict_free);
  g_clear_pointer (&self->current_step, g_free);
  g_clear_pointer (&self->plan, cr_plan_unref);
  G_OBJECT_CLASS (cr_gate_run_parent_class)->finalize (object);
}

static void
cr_gate_run_class_init (CrGateRunClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = cr_gate_run_get_property;
  object_class->finalize = cr_gate_run_finalize;
  gate_props[GATE_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  gate_props[GATE_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  gate_props[GATE_STATE] = g_param_spec_enum ("state", NULL, NULL, CR_TYPE_GATE_STATE, CR_GATE_PENDING, flags);
  gate_props[GATE_FACT] = g_param_spec_string ("fact", NULL, NULL, NULL, flags);
  gate_props[GATE_STARTED] = g_param_spec_int64 ("started", NULL, NULL, 0, G_MAXINT64, 0, flags);
  gate_props[GATE_ENDED] = g_param_spec_int64 ("ended", NULL, NULL, 0, G_MAXINT64, 0, flags);
  gate_props[GATE_EXIT_CODE] = g_param_spec_string ("exit-code", NULL, NULL, NULL, flags);
  gate_props[GATE_CURRENT_STEP] = g_param_spec_string ("current-step", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (gate_props), gate_props);
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
const char    *cr_gate_run_get_current_step (CrGateRun *self) { return self->current_step; }
CrGateVerdict *cr_gate_run_get_verdict (CrGateRun *self) { return self->verdict; }
CrPlanGate    *cr_gate_run_get_plan (CrGateRun *self) { return self->gate; }

static void
gate_run_set_state (CrGateRun *self, CrGateState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), gate_props[GATE_STATE]);
}

static void
gate_run_set_current_step (CrGateRun *self, const char *title)
{
  if (g_strcmp0 (self->current_step, title) == 0)
    return;
  g_free (self->current_step);
  self->current_step = g_strdup (title);
  g_object_notify_by_pspec (G_OBJECT (self), gate_props[GATE_CURRENT_STEP]);
}

/* ---- the machine ---- */

/* What is left to do in a gate. Steps of this computer that stand before the last remote step run before the one remote call, the
 * others after it. */
typedef enum { PHASE_BEFORE, PHASE_REMOTE, PHASE_AFTER, PHASE_DONE } Phase;

struct _CrRehearsal {
  GObject           parent_instance;

  /* inputs */
  CrSettings       *settings;    /* (owned) */
  GBytes           *plan_text;   /* (owned) */
  CrClock          *clock;       /* (owned) */

  CrRehearsalState  state;
  GCancellable     *cancellable; /* (owned): triggered by stop() */
  gboolean          stopped;
  GTask            *task;        /* (owned) (nullable): run_async() in progress */
  GListStore       *gates;       /* (owned): CrGateRun */

  /* fixed at the start */
  CrPractice       *practice;    /* (owned) (nullable) */
  CrPlan           *plan;        /* (owned) (nullable): resolved */
  CrRedactor       *redactor;    /* (owned) */
  CrTransport      *transport;   /* (owned) (nullable) */
  CrProber         *prober;      /* (owned) (nullable) */
  CrEvidenceFolder *folder;      /* (owned) (nullable) */
  CrCaptureSet     *captures;    /* (owned) */
  CrCutline         cutline;
  gboolean          has_cutline;
  gint64            started, ended;  /* Unix seconds */
  char             *run_id;      /* (owned) (nullable) */
  char             *t_cutover;   /* (owned) (nullable): strict text */
  char             *self_test;   /* (owned) (nullable): what the attack on the judge said */
  gboolean          trusted;     /* it was passed */
  guint             n_caught, n_planted;

  /* in progress */
  guint             gate_index;
  Phase             phase;
  guint             step_index;  /* in the current phase: next step of the gate to look at */
  guint             pending;     /* remote call and parallel probes under way */
  gboolean          remote_skipped;
  GPtrArray        *verdicts;    /* (owned): CrGateVerdict of judged gates, borrowed from the gate runs */
  GHashTable       *digests;     /* (owned): file name -> SHA-256 of what was written */
  GPtrArray        *cautions;    /* (owned): char*: the machine's own findings */
  CrDecision        decision;
  gboolean          decided;

  /* clocks */
  guint             tick_id;
  gint64            last_tick_wall, last_tick_boot, last_tick_mono, last_tick_emitted;
};

G_DEFINE_FINAL_TYPE (CrRehearsal, cr_rehearsal, G_TYPE_OBJECT)

typedef enum { PROP_STATE = 1 } RehearsalProperty;
static GParamSpec *props[PROP_STATE + 1];
enum { SIGNAL_LOG, SIGNAL_TICK, N_SIGNALS };
static guint signals[N_SIGNALS];

static void start_gate (CrRehearsal *self);
static void continue_gate (CrRehearsal *self);
static void judge_gate (CrRehearsal *self);

static void
cr_rehearsal_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CrRehearsal *self = CR_REHEARSAL (object);

  switch ((RehearsalProperty) id) {
  case PROP_STATE: g_value_set_enum (value, self->state); break;
  default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
cr_rehearsal_dispose (GObject *object)
{
  CrRehearsal *self = CR_REHEARSAL (object);

  g_clear_handle_id (&self->tick_id, g_source_remove);
  if (self->practice != NULL)
    cr_practice_stop (self->practice);
  g_clear_object (&self->practice);
  g_clear_object (&self->transport);
  g_clear_object (&self->prober);
  g_clear_object (&self->folder);
  G_OBJECT_CLASS (cr_rehearsal_parent_class)->dispose (object);
}

static void
cr_rehearsal_finalize (GObject *object)
{
  CrRehearsal *self = CR_REHEARSAL (object);

  g_clear_object (&self->settings);
  g_clear_pointer (&self->plan_text, g_bytes_unref);
  g_clear_object (&self->clock);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->gates);
  g_clear_pointer (&self->plan, cr_plan_unref);
  g_clear_pointer (&self->redactor, cr_redactor_unref);
  g_clear_pointer (&self->captures, cr_capture_set_unref);
  g_clear_pointer (&self->run_id, g_free);
  g_clear_pointer (&self->t_cutover, g_free);
  g_clear_pointer (&self->self_test, g_free);
  g_clear_pointer (&self->verdicts, g_ptr_array_unref);
  g_clear_pointer (&self->digests, g_hash_table_unref);
  g_clear_pointer (&self->cautions, g_ptr_array_unref);
  if (self->decided)
    cr_decision_clear (&self->decision);
  G_OBJECT_CLASS (cr_rehearsal_parent_class)->finalize (object);
}

static void
cr_rehearsal_class_init (CrRehearsalClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = cr_rehearsal_get_property;
  object_class->dispose = cr_rehearsal_dispose;
  object_class->finalize = cr_rehearsal_finalize;
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, CR_TYPE_REHEARSAL_STATE, CR_REHEARSAL_IDLE,
                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
  signals[SIGNAL_LOG] = g_signal_new ("log", CR_TYPE_REHEARSAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4,
                                      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_INT, G_TYPE_STRING);
  signals[SIGNAL_TICK] = g_signal_new ("tick", CR_TYPE_REHEARSAL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
cr_rehearsal_init (CrRehearsal *self)
{
  self->cancellable = g_cancellable_new ();
  self->gates = g_list_store_new (CR_TYPE_GATE_RUN);
  self->captures = cr_capture_set_new ();
  self->redactor = cr_redactor_new ();
  self->verdicts = g_ptr_array_new ();
  self->digests = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->cautions = g_ptr_array_new_with_free_func (g_free);
}

CrRehearsal *
cr_rehearsal_new (CrSettings *settings, GBytes *plan_text, CrClock *clock)
{
  CrRehearsal *self = g_object_new (CR_TYPE_REHEARSAL, NULL);

  self->settings = cr_settings_copy (settings);
  self->plan_text = g_bytes_ref (plan_text);
  self->clock = clock != NULL ? g_object_ref (clock) : cr_clock_new ();
  return self;
}

CrRehearsalState  cr_rehearsal_get_state (CrRehearsal *self) { return self->state; }
GListModel       *cr_rehearsal_get_gates (CrRehearsal *self) { return G_LIST_MODEL (self->gates); }
CrSettings       *cr_rehearsal_get_settings (CrRehearsal *self) { return self->settings; }
CrPlan           *cr_rehearsal_get_plan (CrRehearsal *self) { return self->plan; }
CrCaptureSet     *cr_rehearsal_get_captures (CrRehearsal *self) { return self->captures; }
const CrDecision *cr_rehearsal_get_decision (CrRehearsal *self) { return self->decided ? &self->decision : NULL; }
const char       *cr_rehearsal_get_run_id (CrRehearsal *self) { return self->run_id; }
const char       *cr_rehearsal_get_folder (CrRehearsal *self) { return self->folder != NULL ? cr_evidence_folder_get_path (self->folder) : NULL; }
const CrCutline  *cr_rehearsal_get_cutline (CrRehearsal *self) { return self->has_cutline ? &self->cutline : NULL; }
gboolean          cr_rehearsal_was_stopped (CrRehearsal *self) { return self->stopped; }
const char       *cr_rehearsal_get_self_test_text (CrRehearsal *self) { return self->self_test; }
CrClock          *cr_rehearsal_get_clock (CrRehearsal *self) { return self->clock; }

gboolean
cr_rehearsal_get_self_test (CrRehearsal *self, guint *caught, guint *planted)
{
  if (caught != NULL)
    *caught = self->n_caught;
  if (planted != NULL)
    *planted = self->n_planted;
  return self->self_test != NULL;
}

static void
set_state (CrRehearsal *self, CrRehearsalState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static CrGateRun *
current_gate (CrRehearsal *self)
{
  g_autoptr(CrGateRun) run = g_list_model_get_item (G_LIST_MODEL (self->gates), self->gate_index);

  return run;  /* the list keeps it */
}

static void
emit_log (const char *gate, const char *step, CrLogStream stream, const char *text, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_LOG], 0, gate, step, (int) stream, text);
}

static void G_GNUC_PRINTF (2, 3)
say (CrRehearsal *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  emit_log (self->gate_index < g_list_model_get_n_items (G_LIST_MODEL (self->gates)) ? current_gate (self)->gate->id : "", NULL,
            CR_LOG_APP, text, self);
}

/* Everything the files say about the run; borrowed from @self */
static void
fill_evidence_run (CrRehearsal *self, CrEvidenceRun *run)
{
  const char *faults = cr_settings_get (self->settings, "practice.fault");
  const char *profile = cr_settings_get_profile (self->settings);

  *run = (CrEvidenceRun) {
    .run_id = self->run_id,
    .owner = cr_settings_get (self->settings, "owner"),
    .environment = cr_settings_get (self->settings, "environment"),
    .profile = profile != NULL ? profile : "",
    .version = CR_VERSION,
    .plan_id = self->plan->id,
    .plan_sha256 = self->plan->sha256,
    .t_cutover = self->cutline.t_cutover,
    .started = self->started,
    .ended = self->ended,
    .practice = cr_settings_is_practice (self->settings),
    .faults = cr_settings_is_practice (self->settings) && *faults != '\0' ? faults : NULL,
    .self_test = self->self_test,
  };
}

/* ---- writing: always in a worker, one job at a time ---- */

typedef struct {
  CrEvidenceFolder *folder;   /* (owned) */
  GPtrArray        *journal;  /* (owned): char*: inside of JSON objects, written first */
  GPtrArray        *names;    /* (owned): char* */
  GPtrArray        *contents; /* (owned): GBytes */
} WriteJob;

static void
write_job_free (WriteJob *job)
{
  g_object_unref (job->folder);
  g_ptr_array_unref (job->journal);
  g_ptr_array_unref (job->names);
  g_ptr_array_unref (job->contents);
  g_free (job);
}

static WriteJob *
write_job_new (CrRehearsal *self)
{
  WriteJob *job = g_new0 (WriteJob, 1);

  job->folder = g_object_ref (self->folder);
  job->journal = g_ptr_array_new_with_free_func (g_free);
  job->names = g_ptr_array_new_with_free_func (g_free);
  job->contents = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  return job;
}

/* Takes @content. Remembers the digest of contract files: 08 and 99 list them. */
static void
write_job_add (CrRehearsal *self, WriteJob *job, const char *name, GBytes *content)
{
  g_ptr_array_add (job->names, g_strdup (name));
  g_ptr_array_add (job->contents, content);
  if (strchr (name, '/') == NULL)
    g_hash_table_insert (self->digests, g_strdup (name), g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content));
}

/* "event":"x","key":"value",... from NULL-terminated pairs; a NULL value is left out */
static char *
journal_line (const char *event, ...)
{
  GString *out = g_string_new ("\"event\":");
  const char *key;
  va_list args;

  cr_json_append_string (out, event, -1);
  va_start (args, event);
  while ((key = va_arg (args, const char *)) != NULL) {
    const char *value = va_arg (args, const char *);

    if (value == NULL)
      continue;
    g_string_append_c (out, ',');
    cr_json_append_string (out, key, -1);
    g_string_append_c (out, ':');
    cr_json_append_string (out, value, -1);
  }
  va_end (args);
  return g_string_free (out, FALSE);
}

static void
write_job_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  WriteJob *job = task_data;
  GError *error = NULL;

  for (guint i = 0; i < job->journal->len; i++)
    if (!cr_evidence_folder_journal (job->folder, g_ptr_array_index (job->journal, i), &error)) {
      g_task_return_error (task, error);
      return;
    }
  for (guint i = 0; i < job->names->len; i++)
    if (!cr_evidence_folder_write (job->folder, g_ptr_array_index (job->names, i), g_ptr_array_index (job->contents, i), &error)) {
      g_task_return_error (task, error);
      return;
    }
  g_task_return_boolean (task, TRUE);
}

/* Takes @job. No cancellable: a record that was begun is finished. */
static void
run_write_job (CrRehearsal *self, WriteJob *job, GAsyncReadyCallback callback)
{
  g_autoptr(GTask) task = g_task_new (self, NULL, callback, NULL);

  g_task_set_task_data (task, job, (GDestroyNotify) write_job_free);
  g_task_run_in_thread (task, write_job_thread);
}

/* ---- ends ---- */

/* Nothing is sent or asked any more: what was held for it goes now, not when the last reference does */
static void
end_contact (CrRehearsal *self)
{
  g_clear_handle_id (&self->tick_id, g_source_remove);
  if (self->practice != NULL)
    cr_practice_stop (self->practice);
  g_clear_object (&self->transport);
  g_clear_object (&self->prober);
}

/* An own error: nothing is decided, nothing already written is lost. Takes @error. */
static void
fail_run (CrRehearsal *self, CrRehearsalError code, GError *error)
{
  g_autoptr(GTask) task = g_steal_pointer (&self->task);

  end_contact (self);
  if (self->folder != NULL)
    g_prefix_error (&error, "The rehearsal stopped and there is no decision: ");
  set_state (self, CR_REHEARSAL_FAILED);
  g_task_return_new_error (task, CR_REHEARSAL_ERROR, (int) code, "%s", error->message);
  g_error_free (error);
}

static void
decision_journaled_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (object);
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    fail_run (self, CR_REHEARSAL_ERROR_EVIDENCE, error);
    return;
  }
  end_contact (self);
  task = g_steal_pointer (&self->task);
  set_state (self, CR_REHEARSAL_DECIDED);
  g_task_return_boolean (task, TRUE);
}

static void
decide (CrRehearsal *self)
{
  WriteJob *job = write_job_new (self);

  self->ended = cr_clock_seconds (self->clock);
  cr_decide (self->plan, self->verdicts, TRUE, NULL, &self->decision);
  self->decided = TRUE;
  g_ptr_array_add (job->journal, journal_line ("decided", "decision", cr_decision_kind_to_string (self->decision.kind),
                                               "failure_classification", cr_classification_to_string (self->decision.classification), NULL));
  run_write_job (self, job, decision_journaled_cb);
}

/* ---- clocks and waiting ---- */

static gboolean
tick_cb (gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (user_data);
  gint64 wall = cr_clock_now (self->clock), boot = cr_clock_boottime (self->clock), mono = cr_clock_monotonic (self->clock);
  gint64 slept = (boot - self->last_tick_boot) - (mono - self->last_tick_mono);
  gint64 jumped = (wall - self->last_tick_wall) - (boot - self->last_tick_boot);

  if (slept > JUMP_US) {
    g_ptr_array_add (self->cautions, g_strdup_printf ("This computer slept for %" G_GINT64_FORMAT " s during the rehearsal.", slept / G_USEC_PER_SEC));
    say (self, "This computer slept for %" G_GINT64_FORMAT " s.", slept / G_USEC_PER_SEC);
  }
  if (ABS (jumped) > JUMP_US) {
    g_ptr_array_add (self->cautions, g_strdup_printf ("This computer's clock was moved by %+" G_GINT64_FORMAT " s during the rehearsal.",
                                                      jumped / G_USEC_PER_SEC));
    say (self, "This computer's clock was moved by %+" G_GINT64_FORMAT " s.", jumped / G_USEC_PER_SEC);
  }
  self->last_tick_wall = wall;
  self->last_tick_boot = boot;
  self->last_tick_mono = mono;
  if (mono - self->last_tick_emitted >= G_USEC_PER_SEC) {
    self->last_tick_emitted = mono;
    g_signal_emit (self, signals[SIGNAL_TICK], 0);
  }
  if (self->state == CR_REHEARSAL_WAITING && (self->stopped || wall >= self->cutline.t_cutover * G_USEC_PER_SEC))
    start_gate (self);
  return G_SOURCE_CONTINUE;
}

static void
start_clock (CrRehearsal *self)
{
  self->last_tick_wall = cr_clock_now (self->clock);
  self->last_tick_boot = cr_clock_boottime (self->clock);
  self->last_tick_mono = self->last_tick_emitted = cr_clock_monotonic (self->clock);
  /* 200 ms: gates start within a second of T (ux: 3.7); observers still hear one tick a second */
  self->tick_id = g_timeout_add (200, tick_cb, self);
}

/* ---- the end of a gate ---- */

static CrGateState
state_of_verdict (CrRehearsal *self, CrGateVerdict *verdict)
{
  switch (verdict->verdict) {
  case CR_VERDICT_PASS: return CR_GATE_PASSED;
  case CR_VERDICT_FAIL: return CR_GATE_FAILED;
  case CR_VERDICT_NOT_RUN: return CR_GATE_NOT_RUN;
  case CR_VERDICT_BLOCKED: return self->stopped ? CR_GATE_STOPPED : CR_GATE_BLOCKED;
  case CR_VERDICT_UNPROVEN:
  default:
    break;
  }
  if (self->stopped)
    return CR_GATE_STOPPED;
  for (guint i = 0; i < self->captures->captures->len; i++) {
    CrCapture *capture = g_ptr_array_index (self->captures->captures, i);

    if (g_strcmp0 (capture->gate, verdict->gate) == 0
        && (capture->exit_code == 124 || capture->exit_code == 137 || g_strcmp0 (capture->reason, "time-limit") == 0))
      return CR_GATE_TIMED_OUT;
  }
  return CR_GATE_UNPROVEN;
}

static void
add_payload_files (CrRehearsal *self, WriteJob *job)
{
  static const char *const names[] = { "attestation/payloads/before.json", "attestation/payloads/after.json" };

  for (guint after = 0; after < 2; after++) {
    g_autoptr(CrPayload) payload = cr_judge_payload (self->plan, self->captures, after == 1);

    if (payload != NULL && payload->body != NULL)
      write_job_add (self, job, names[after], g_bytes_new (payload->body, payload->length));
  }
}

/* Evidence and captures of the gate at @index, whose verdict is set */
static void
add_gate_files (CrRehearsal *self, WriteJob *job, guint index)
{
  g_autoptr(CrGateRun) run = g_list_model_get_item (G_LIST_MODEL (self->gates), index);
  gint64 ended = (run->ended != 0 ? run->ended : cr_clock_now (self->clock)) / G_USEC_PER_SEC;
  gint64 started = run->started != 0 ? run->started / G_USEC_PER_SEC : ended;
  g_autofree char *captures_name = g_strdup_printf ("attestation/captures/%s.json", run->gate->id);
  char *captures = cr_capture_set_gate_to_json (self->captures, run->gate->id);
  CrEvidenceRun facts;

  fill_evidence_run (self, &facts);
  write_job_add (self, job, captures_name, g_bytes_new_take (captures, strlen (captures)));
  for (guint i = 0; run->gate->evidence[i] != NULL; i++)
    write_job_add (self, job, run->gate->evidence[i],
                   cr_evidence_render_gate (&facts, self->plan, index, run->gate->evidence[i], self->captures, run->verdict, started, ended));
  g_ptr_array_add (job->journal, journal_line ("verdict", "gate", run->gate->id, "verdict", cr_verdict_to_string (run->verdict->verdict),
                                               "exit_code", run->verdict->exit_code, "reason", run->verdict->reason, NULL));
}

static void
gate_written_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (object);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    fail_run (self, CR_REHEARSAL_ERROR_EVIDENCE, error);
    return;
  }
  if (self->gate_index == self->plan->gates->len) {
    decide (self);
    return;
  }
  start_gate (self);
}

/* Takes @verdict. The first gate that is not PASS ends the run; those after it still get their files (design: section 4). */
static void
end_gate (CrRehearsal *self, CrGateVerdict *verdict)
{
  CrGateRun *run = current_gate (self);
  WriteJob *job = write_job_new (self);
  gint64 now = cr_clock_now (self->clock);

  if (run->started == 0 && verdict->verdict != CR_VERDICT_NOT_RUN) {
    run->started = now;
    g_object_notify_by_pspec (G_OBJECT (run), gate_props[GATE_STARTED]);
  }
  run->ended = now;
  run->verdict = verdict;
  gate_run_set_current_step (run, NULL);
  g_object_notify_by_pspec (G_OBJECT (run), gate_props[GATE_ENDED]);
  g_object_notify_by_pspec (G_OBJECT (run), gate_props[GATE_EXIT_CODE]);
  g_object_notify_by_pspec (G_OBJECT (run), gate_props[GATE_FACT]);
  gate_run_set_state (run, state_of_verdict (self, verdict));
  g_ptr_array_add (self->verdicts, verdict);
  if (run->gate->after_cutover && cr_cutline_state (&self->cutline, now / G_USEC_PER_SEC) == CR_BUFFER_AFTER)
    g_ptr_array_add (self->cautions, g_strdup_printf ("%s ended %" G_GINT64_FORMAT " s after the buffer window closed.", run->gate->title,
                                                      now / G_USEC_PER_SEC - self->cutline.window_end));
  add_gate_files (self, job, self->gate_index);
  if (g_strcmp0 (run->gate->id, "idempotency") == 0)
    add_payload_files (self, job);
  self->gate_index++;

  if (verdict->verdict != CR_VERDICT_PASS)
    for (; self->gate_index < self->plan->gates->len; self->gate_index++) {
      CrGateRun *skipped = current_gate (self);
      g_autofree char *why = g_strdup_printf ("%s ended the rehearsal with %s.", run->gate->title, cr_verdict_to_string (verdict->verdict));

      skipped->verdict = cr_gate_verdict_new_not_run (skipped->gate->id, why);
      g_ptr_array_add (self->verdicts, skipped->verdict);
      gate_run_set_state (skipped, CR_GATE_NOT_RUN);
      g_object_notify_by_pspec (G_OBJECT (skipped), gate_props[GATE_FACT]);
      add_gate_files (self, job, self->gate_index);
    }
  run_write_job (self, job, gate_written_cb);
}

static void
judge_gate (CrRehearsal *self)
{
  end_gate (self, cr_judge_gate (self->plan, self->gate_index, self->captures));
}

/* ---- the steps of a gate ---- */

static guint
last_remote_step (CrPlanGate *gate)
{
  guint last = 0;

  for (guint i = 0; i < gate->steps->len; i++)
    if (cr_plan_step_is_remote (g_ptr_array_index (gate->steps, i)))
      last = i;
  return last;
}

static void
add_not_run (CrRehearsal *self, CrPlanGate *gate, CrPlanStep *step, const char *reason, const char *message)
{
  CrCapture *capture = cr_capture_new (gate->id, step->id, step->where);

  capture->outcome = self->stopped ? CR_OUTCOME_STOPPED : CR_OUTCOME_NOT_STARTED;
  capture->reason = g_strdup (self->stopped ? "stopped" : reason);
  capture->message = g_strdup (self->stopped ? "The operator stopped the rehearsal." : message);
  cr_capture_set_add (self->captures, capture);
}

/* Did a step of this computer that others build on fail? */
static gboolean
step_failed (CrRehearsal *self, CrPlanGate *gate, CrPlanStep *step)
{
  CrCapture *capture = cr_capture_set_find (self->captures, gate->id, step->id);

  return capture == NULL || capture->outcome != CR_OUTCOME_COMPLETED || (capture->exit_code != 0 && !step->keep_going);
}

typedef struct { char *path; guint64 free_bytes; } HereCheck;

static void
here_check_free (HereCheck *check)
{
  g_free (check->path);
  g_free (check);
}

static void
here_check_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  HereCheck *check = task_data;
  GError *error = NULL;
  struct statvfs room;

  if (!cr_evidence_root_check (check->path, EVIDENCE_BYTES_NEEDED, &error)) {
    g_task_return_error (task, error);
    return;
  }
  if (statvfs (check->path, &room) == 0)
    check->free_bytes = (guint64) room.f_bavail * room.f_frsize;
  g_task_return_boolean (task, TRUE);
}

static void
here_checked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (object);
  CrPlanGate *gate = current_gate (self)->gate;
  CrPlanStep *step = user_data;
  HereCheck *check = g_task_get_task_data (G_TASK (result));
  CrCapture *capture = cr_capture_new (gate->id, step->id, CR_STEP_HERE);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  capture->outcome = CR_OUTCOME_COMPLETED;
  capture->complete = TRUE;
  capture->exit_code = g_task_propagate_boolean (G_TASK (result), &error) ? 0 : 1;
  if (error != NULL)
    text = g_strdup_printf ("EVIDENCE_FOLDER=%s\nPROBE=failed\nERROR=%s\n", check->path, error->message);
  else
    text = g_strdup_printf ("EVIDENCE_FOLDER=%s\nPROBE=written\nFREE_BYTES=%" G_GUINT64_FORMAT "\n", check->path, check->free_bytes);
  if (error != NULL)
    capture->message = g_strdup (error->message);
  g_bytes_unref (capture->out);
  capture->out_size = strlen (text);
  capture->out = g_bytes_new (text, capture->out_size);
  capture->started_us = capture->ended_us = cr_clock_now (self->clock);
  cr_capture_set_add (self->captures, capture);
  emit_log (gate->id, step->id, CR_LOG_APP, text, self);
  continue_gate (self);
}

static void
local_step_done_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRehearsal) self = CR_REHEARSAL (user_data);
  g_autoptr(GError) error = NULL;

  if (!cr_local_step_finish (result, &error))
    g_warning ("A local step could not be recorded: %s", error->message);
  continue_gate (self);
}

static void
direct_step_done_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRehearsal) self = CR_REHEARSAL (user_data);
  g_autoptr(GError) error = NULL;

  if (!cr_prober_run_finish (self->prober, result, &error))
    g_warning ("A direct probe could not be recorded: %s", error->message);
  continue_gate (self);
}

static void
start_step (CrRehearsal *self, CrPlanGate *gate, CrPlanStep *step)
{
  gate_run_set_current_step (current_gate (self), step->title);
  if (step->where == CR_STEP_HERE) {
    g_autoptr(GTask) task = g_task_new (self, NULL, here_checked_cb, step);
    HereCheck *check = g_new0 (HereCheck, 1);

    check->path = g_strdup (cr_settings_get (self->settings, "evidence_root"));
    g_task_set_task_data (task, check, (GDestroyNotify) here_check_free);
    g_task_run_in_thread (task, here_check_thread);
  } else if (step->where == CR_STEP_LOCAL) {
    cr_local_step_async (gate, step, self->captures, self->redactor, self->clock, emit_log, self, self->cancellable,
                         local_step_done_cb, g_object_ref (self));
  } else {
    g_autofree char *line = g_strdup_printf ("GET %s (from this computer)", step->url);

    emit_log (gate->id, step->id, CR_LOG_COMMAND, line, self);
    cr_prober_run_async (self->prober, gate, step, self->captures, self->cancellable, direct_step_done_cb, g_object_ref (self));
  }
}

static void
part_done (CrRehearsal *self)
{
  if (--self->pending == 0) {
    self->phase = PHASE_AFTER;
    self->step_index = last_remote_step (current_gate (self)->gate) + 1;
    continue_gate (self);
  }
}

static void
remote_done_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRehearsal) self = CR_REHEARSAL (user_data);
  g_autoptr(GError) error = NULL;

  if (!cr_transport_run_finish (self->transport, result, &error))
    g_warning ("The remote steps could not be recorded: %s", error->message);
  part_done (self);
}

static void
parallel_done_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRehearsal) self = CR_REHEARSAL (user_data);
  g_autoptr(GError) error = NULL;

  if (!cr_prober_run_finish (self->prober, result, &error))
    g_warning ("A direct probe could not be recorded: %s", error->message);
  part_done (self);
}

/* One remote call for all jumpbox and pod steps; parallel probes beside it */
static void
start_remote (CrRehearsal *self, CrPlanGate *gate)
{
  g_autoptr(GPtrArray) steps = g_ptr_array_new ();
  CrPlanStep *first = NULL;

  self->phase = PHASE_REMOTE;
  self->pending = 1;  /* held while starting */
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);

    if (cr_plan_step_is_remote (step)) {
      first = first != NULL ? first : step;
      g_ptr_array_add (steps, step);
    }
  }
  if (steps->len > 0) {
    gate_run_set_current_step (current_gate (self), "Waiting for the jumpbox");
    self->pending++;
    cr_transport_run_async (self->transport, gate, steps, self->captures, self->cancellable, remote_done_cb, g_object_ref (self));
  }
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);

    if (step->where == CR_STEP_DIRECT && step->parallel) {
      self->pending++;
      cr_prober_run_async (self->prober, gate, step, self->captures, self->cancellable, parallel_done_cb, g_object_ref (self));
    }
  }
  part_done (self);
}

static void
skip_remote (CrRehearsal *self, CrPlanGate *gate)
{
  self->remote_skipped = TRUE;
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);

    if (cr_plan_step_is_remote (step) || (step->where == CR_STEP_DIRECT && step->parallel))
      add_not_run (self, gate, step, "earlier-step", "Not sent, because an earlier step of this gate did not hold.");
  }
  self->phase = PHASE_AFTER;
  self->step_index = last_remote_step (gate) + 1;
}

/* Is it already certain that this gate can't pass? Then nothing is sent to the jumpbox any more. */
static gboolean
already_contradicted (CrRehearsal *self)
{
  g_autoptr(CrGateVerdict) verdict = cr_judge_gate (self->plan, self->gate_index, self->captures);

  for (guint i = 0; verdict->witnesses != NULL && i < verdict->witnesses->len; i++) {
    CrWitnessResult *witness = g_ptr_array_index (verdict->witnesses, i);

    if (witness->state == CR_WITNESS_CONTRADICTED)
      return TRUE;
  }
  return FALSE;
}

static void
continue_gate (CrRehearsal *self)
{
  CrPlanGate *gate = current_gate (self)->gate;

  if (self->phase == PHASE_BEFORE) {
    guint last = last_remote_step (gate);

    for (; self->step_index <= last; self->step_index++) {
      CrPlanStep *step = g_ptr_array_index (gate->steps, self->step_index);
      gboolean failed = FALSE;

      if (cr_plan_step_is_remote (step) || step->parallel)
        continue;
      for (guint i = 0; i < self->step_index && !failed; i++) {
        CrPlanStep *earlier = g_ptr_array_index (gate->steps, i);

        failed = (earlier->where == CR_STEP_HERE || earlier->where == CR_STEP_LOCAL) && step_failed (self, gate, earlier);
      }
      if (failed || self->stopped) {
        add_not_run (self, gate, step, "earlier-step", "Not run, because an earlier step of this gate failed.");
        self->remote_skipped = TRUE;
        continue;
      }
      self->step_index++;
      start_step (self, gate, step);
      return;
    }
    if (!self->remote_skipped)
      for (guint i = 0; i < last && !self->remote_skipped; i++) {
        CrPlanStep *step = g_ptr_array_index (gate->steps, i);

        self->remote_skipped = (step->where == CR_STEP_HERE || step->where == CR_STEP_LOCAL) && step_failed (self, gate, step);
      }
    if (self->remote_skipped || self->stopped || already_contradicted (self)) {
      skip_remote (self, gate);
    } else {
      start_remote (self, gate);
      return;
    }
  }
  if (self->phase == PHASE_AFTER)
    for (; self->step_index < gate->steps->len; self->step_index++) {
      CrPlanStep *step = g_ptr_array_index (gate->steps, self->step_index);

      if (cr_plan_step_is_remote (step) || step->parallel)
        continue;
      if (self->remote_skipped || self->stopped) {
        add_not_run (self, gate, step, "earlier-step", "Not run, because an earlier step of this gate failed.");
        continue;
      }
      self->step_index++;
      start_step (self, gate, step);
      return;
    }
  if (self->phase != PHASE_REMOTE) {
    self->phase = PHASE_DONE;
    judge_gate (self);
  }
}

static void
gate_announced_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (object);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    fail_run (self, CR_REHEARSAL_ERROR_EVIDENCE, error);
    return;
  }
  continue_gate (self);
}

static void
start_gate (CrRehearsal *self)
{
  CrGateRun *run = current_gate (self);
  gint64 now = cr_clock_now (self->clock);
  gint64 late = now / G_USEC_PER_SEC - self->cutline.t_cutover;
  gboolean waited = self->state == CR_REHEARSAL_WAITING;
  WriteJob *job;

  if (self->stopped) {
    set_state (self, CR_REHEARSAL_RUNNING);
    end_gate (self, cr_gate_verdict_new_not_run (run->gate->id, "The operator stopped the rehearsal before this gate."));
    return;
  }
  if (!self->trusted) {  /* a judge that misses what was planted must not judge the real thing */
    CrGateVerdict *verdict = cr_gate_verdict_new_not_run (run->gate->id, "The judge was not trusted.");

    set_state (self, CR_REHEARSAL_RUNNING);
    verdict->verdict = CR_VERDICT_BLOCKED;
    g_free (verdict->reason);
    verdict->reason = g_strdup_printf ("This program can't be trusted with this plan: its judge did not pass the test before the run, so nothing was "
                                       "sent. %s.", self->self_test);
    g_free (verdict->fact);
    verdict->fact = g_strdup (verdict->reason);
    g_free (verdict->next);
    verdict->next = g_strdup ("Install this program again, or use the plan that came with it; if that does not help, report it together with this folder.");
    end_gate (self, verdict);
    return;
  }
  if (run->gate->after_cutover && late < 0) {
    gate_run_set_state (run, CR_GATE_WAITING);
    say (self, "Waiting for T_cutover, %s.", self->t_cutover);
    set_state (self, CR_REHEARSAL_WAITING);
    return;
  }
  set_state (self, CR_REHEARSAL_RUNNING);
  if (waited && late > MISSED_SECONDS) {  /* no late start (ux: 3.7) */
    CrGateVerdict *verdict = cr_gate_verdict_new_not_run (run->gate->id, "T_cutover was missed.");

    verdict->verdict = CR_VERDICT_BLOCKED;
    g_free (verdict->reason);
    verdict->reason = g_strdup_printf ("T_cutover passed %" G_GINT64_FORMAT " s ago while this computer slept or its clock was moved; "
                                       "nothing of this gate ran.", late);
    g_free (verdict->next);
    verdict->next = g_strdup ("Start a new rehearsal with a new T_cutover, and keep this computer awake.");
    end_gate (self, verdict);
    return;
  }
  self->phase = PHASE_BEFORE;
  self->step_index = 0;
  self->remote_skipped = FALSE;
  run->started = now;
  g_object_notify_by_pspec (G_OBJECT (run), gate_props[GATE_STARTED]);
  gate_run_set_state (run, CR_GATE_RUNNING);
  job = write_job_new (self);
  g_ptr_array_add (job->journal, journal_line ("gate_started", "gate", run->gate->id, "buffer",
                                               cr_buffer_state_to_string (cr_cutline_state (&self->cutline, now / G_USEC_PER_SEC)), NULL));
  run_write_job (self, job, gate_announced_cb);
}

/* ---- the start ---- */

/* The journal must hold the attempt before anything is sent (facts: reliability 2.4, invariant 3). One small synced line. */
static gboolean
before_send (CrCall *call, gpointer user_data, GError **error)
{
  CrRehearsal *self = user_data;
  g_autofree char *line = journal_line ("attempt_started", "gate", call->gate, "kind", call->kind, "nonce", call->nonce, "payload_sha256",
                                        call->payload_sha256, "transport", call->transport, NULL);

  return cr_evidence_folder_journal (self->folder, line, error);
}

static const char *
transport_value (CrPlan *plan, const char *name)
{
  const char *value = g_hash_table_lookup (plan->transport, name);

  return value != NULL ? value : "";
}

static void
fill_jumpbox_params (CrSettings *settings, CrPlan *plan, const char *run_id, CrJumpboxParams *params)
{
  *params = (CrJumpboxParams) {
    .az = cr_settings_get (settings, "az"),
    .subscription = transport_value (plan, "subscription"),
    .resource_group = transport_value (plan, "resource_group"),
    .vm = transport_value (plan, "vm"),
    .run_id = run_id,
    .user = transport_value (plan, "user"),
    .namespace_ = transport_value (plan, "namespace"),
    .cluster = transport_value (plan, "context"),
    .spool_dir = transport_value (plan, "spool_dir"),
    .path = transport_value (plan, "path"),
  };
}

void
cr_rehearsal_get_jumpbox_params (CrRehearsal *self, CrPlan *plan, const char *run_id, CrJumpboxParams *params)
{
  fill_jumpbox_params (self->settings, plan, run_id, params);
}

/* Run id, T_cutover and the resolved plan from checked settings and one look at the clock. Owned results. */
static CrPlan *
resolve (CrRehearsal *self, CrSettings *settings, gint64 now, char **run_id, gint64 *t_cutover, CrVars **vars, GError **error)
{
  const char *wanted_id = cr_settings_get (settings, "run_id");
  const char *wanted_t = cr_settings_get (settings, "t_cutover");
  g_autofree char *id = *wanted_id != '\0' ? g_strdup (wanted_id) : cr_run_id_new (now);
  g_autoptr(CrPlan) plan = NULL;
  g_autoptr(CrVars) own_vars = NULL;
  CrPlan *resolved;
  gint64 t = now;

  if (!cr_settings_check (settings, error))
    return NULL;
  if (*wanted_t != '\0' && g_strcmp0 (wanted_t, "now") != 0) {
    if (!cr_time_parse_utc (wanted_t, &t, error))
      return NULL;
    if (t < now) {
      g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_RANGE, "T_cutover “%s” lies in the past. Use “now” or a time in the future.", wanted_t);
      return NULL;
    }
    if (t > now + FURTHEST_CUTOVER_SECONDS) {
      g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_RANGE, "T_cutover “%s” is more than 24 hours ahead. Use a time within 24 hours.", wanted_t);
      return NULL;
    }
  }
  plan = cr_plan_parse (g_bytes_get_data (self->plan_text, NULL), (gssize) g_bytes_get_size (self->plan_text), error);
  if (plan == NULL)
    return NULL;
  own_vars = cr_vars_for_run (settings, id, now, t, error);
  if (own_vars == NULL)
    return NULL;
  resolved = cr_plan_resolve (plan, own_vars, settings, error);
  if (resolved == NULL)
    return NULL;
  if (run_id != NULL)
    *run_id = g_steal_pointer (&id);
  if (t_cutover != NULL)
    *t_cutover = t;
  if (vars != NULL)
    *vars = g_steal_pointer (&own_vars);
  return resolved;
}

/* Before the target runs, its places are shown as what they stand for */
static void
fill_practice_places (CrSettings *settings)
{
  static const char *const places[][2] = {
    { "az", "practice-az" }, { "api_url", "http://127.0.0.1:8000" }, { "spool_dir", "/practice/jumpbox/spool" },
    { "jumpbox_path", "/practice/jumpbox/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (cr_settings_get_origin (settings, places[i][0]) != CR_ORIGIN_OPTION)
      cr_settings_set_unchecked (settings, places[i][0], places[i][1], CR_ORIGIN_PRACTICE);
}

CrPlan *
cr_rehearsal_preview (CrRehearsal *self, CrVars **vars, GError **error)
{
  g_autoptr(CrSettings) settings = cr_settings_copy (self->settings);

  if (cr_settings_is_practice (settings) && self->practice == NULL)
    fill_practice_places (settings);
  return resolve (self, settings, cr_clock_seconds (self->clock), NULL, NULL, vars, error);
}

typedef struct {
  char     *root, *name, *t_cutover;
  GBytes   *plan_json;
  CrPlan   *plan;     /* (owned): resolved; only read */
  char     *self_test;
  gboolean  trusted;
  guint     n_caught, n_planted;
  char     *opened;   /* first journal line */
  gboolean  input;    /* the error is the user's input, not the disk */
} FolderJob;

static void
folder_job_free (FolderJob *job)
{
  g_free (job->root);
  g_free (job->name);
  g_free (job->t_cutover);
  g_free (job->opened);
  g_free (job->self_test);
  cr_plan_unref (job->plan);
  g_bytes_unref (job->plan_json);
  g_free (job);
}

/* Sabotage before trust: some hundred judgements, a few milliseconds, in the worker */
static char *
attack_judge (FolderJob *job)
{
  g_autoptr(GPtrArray) missed = NULL;
  g_autofree char *caught = NULL;
  g_autofree char *planted = NULL;

  job->trusted = cr_sabotage_run (job->plan, &job->n_caught, &job->n_planted, &missed);
  job->self_test = cr_sabotage_describe (job->n_caught, job->n_planted, missed);
  caught = g_strdup_printf ("%u", job->n_caught);
  planted = g_strdup_printf ("%u", job->n_planted);
  return journal_line ("self_test", "result", job->trusted ? "passed" : "failed", "caught", caught, "planted", planted, "text", job->self_test, NULL);
}

static void
folder_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  FolderJob *job = task_data;
  g_autoptr(GHashTable) used = NULL;
  g_autoptr(CrEvidenceFolder) folder = NULL;
  g_autofree char *tested = NULL;
  GError *error = NULL;

  if (!cr_evidence_root_check (job->root, EVIDENCE_BYTES_NEEDED, &error)) {
    g_task_return_error (task, error);
    return;
  }
  used = cr_evidence_used_cutovers (job->root);
  if (g_hash_table_contains (used, job->t_cutover)) {
    job->input = TRUE;
    g_task_return_new_error (task, CR_TIME_ERROR, CR_TIME_ERROR_REUSED,
                             "T_cutover “%s” was already used by an earlier rehearsal in “%s”. The runbook asks for a new T_cutover for every attempt.",
                             job->t_cutover, job->root);
    return;
  }
  tested = attack_judge (job);
  folder = cr_evidence_folder_create (job->root, job->name, &error);
  if (folder == NULL || !cr_evidence_folder_journal (folder, job->opened, &error) || !cr_evidence_folder_journal (folder, tested, &error)
      || !cr_evidence_folder_write (folder, "attestation/plan.json", job->plan_json, &error)) {
    g_task_return_error (task, error);
    return;
  }
  g_task_return_pointer (task, g_steal_pointer (&folder), g_object_unref);
}

static void
folder_made_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (object);
  FolderJob *job = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  CrJumpboxParams params;

  self->folder = g_task_propagate_pointer (G_TASK (result), &error);
  if (self->folder == NULL) {
    fail_run (self, job->input ? CR_REHEARSAL_ERROR_INPUT : CR_REHEARSAL_ERROR_EVIDENCE, error);
    return;
  }
  self->self_test = g_steal_pointer (&job->self_test);
  self->trusted = job->trusted;
  self->n_caught = job->n_caught;
  self->n_planted = job->n_planted;
  fill_jumpbox_params (self->settings, self->plan, self->run_id, &params);
  self->transport = cr_jumpbox_transport_new (&params, self->redactor, self->clock, emit_log, self, before_send, self);
  if (cr_settings_is_practice (self->settings))
    g_object_set (self->transport, "conflict-wait", 1, NULL);  /* the target's jumpbox is busy for a moment, not for minutes */
  self->prober = cr_prober_new (self->redactor, self->clock);
  for (guint i = 0; i < self->plan->gates->len; i++) {
    g_autoptr(CrGateRun) run = g_object_new (CR_TYPE_GATE_RUN, NULL);

    run->plan = cr_plan_ref (self->plan);
    run->gate = g_ptr_array_index (self->plan->gates, i);
    g_list_store_append (self->gates, run);
  }
  set_state (self, CR_REHEARSAL_RUNNING);
  say (self, "Self-test of the judge: %s.", self->self_test);
  start_clock (self);
  start_gate (self);
}

static void
begin (CrRehearsal *self)
{
  gint64 now = cr_clock_seconds (self->clock), t = 0;
  g_autoptr(GTask) task = NULL;
  g_autofree char *started = NULL;
  FolderJob *job;
  GError *error = NULL;
  char *json;

  self->plan = resolve (self, self->settings, now, &self->run_id, &t, NULL, &error);
  if (self->plan == NULL) {
    fail_run (self, CR_REHEARSAL_ERROR_INPUT, error);
    return;
  }
  self->started = now;
  self->t_cutover = cr_time_format_utc (t);
  cr_cutline_init (&self->cutline, t);
  self->has_cutline = TRUE;
  started = cr_time_format_utc (now);
  json = cr_plan_to_json (self->plan);
  job = g_new0 (FolderJob, 1);
  job->root = g_strdup (cr_settings_get (self->settings, "evidence_root"));
  job->name = cr_run_folder_name (now, cr_settings_is_practice (self->settings));
  job->t_cutover = g_strdup (self->t_cutover);
  job->plan_json = g_bytes_new_take (json, strlen (json));
  job->plan = cr_plan_ref (self->plan);
  job->opened = journal_line ("run_opened", "run_id", self->run_id, "t_cutover_utc", self->t_cutover, "started_at_utc", started, "owner",
                              cr_settings_get (self->settings, "owner"), "mode", cr_settings_get (self->settings, "mode"), "plan_sha256",
                              self->plan->sha256, "tool_version", CR_VERSION, NULL);
  task = g_task_new (self, NULL, folder_made_cb, NULL);
  g_task_set_task_data (task, job, (GDestroyNotify) folder_job_free);
  g_task_run_in_thread (task, folder_thread);
}

static void
practice_started_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRehearsal) self = CR_REHEARSAL (user_data);
  GError *error = NULL;

  self->practice = cr_practice_start_finish (result, &error);
  if (self->practice == NULL)
    fail_run (self, g_error_matches (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT) ? CR_REHEARSAL_ERROR_INPUT : CR_REHEARSAL_ERROR_PRACTICE,
              error);
  else
    begin (self);
}

void
cr_rehearsal_run_async (CrRehearsal *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;

  g_return_if_fail (CR_IS_REHEARSAL (self) && self->state == CR_REHEARSAL_IDLE && self->task == NULL);

  self->task = g_task_new (self, NULL, callback, user_data);
  set_state (self, CR_REHEARSAL_STARTING);
  if (!cr_settings_check (self->settings, &error)) {
    fail_run (self, CR_REHEARSAL_ERROR_INPUT, error);
    return;
  }
  if (cr_settings_is_practice (self->settings))
    cr_practice_start_async (self->settings, self->cancellable, practice_started_cb, g_object_ref (self));
  else
    begin (self);
}

gboolean
cr_rehearsal_run_finish (CrRehearsal *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
cr_rehearsal_stop (CrRehearsal *self)
{
  if (self->stopped || (self->state != CR_REHEARSAL_RUNNING && self->state != CR_REHEARSAL_WAITING && self->state != CR_REHEARSAL_STARTING))
    return;
  self->stopped = TRUE;
  say (self, "Stopping: no further command is sent. A command that already runs on the jumpbox cannot be cancelled and may still finish.");
  g_cancellable_cancel (self->cancellable);
}

/* ---- sealing ---- */

typedef struct {
  char *owner, *retry_at, *retry_reason, *unblock, *notes, *classification_reason;  /* (owned) */
  CrClosing   closing;   /* borrows the above */
  CrEvidenceRun run;     /* borrows from the rehearsal, which the task keeps */
  char       *problem;   /* (owned) (nullable): evidence that is no longer what was written */
  CrDecision  decision;  /* recomputed with that */
  gboolean    changed;   /* the decision is not the one shown before */
} SealJob;

static void
seal_job_free (SealJob *job)
{
  g_free (job->owner);
  g_free (job->retry_at);
  g_free (job->retry_reason);
  g_free (job->unblock);
  g_free (job->notes);
  g_free (job->classification_reason);
  g_free (job->problem);
  cr_decision_clear (&job->decision);
  g_free (job);
}

/* What was written must still be there, byte for byte, when the decision is written (design: section 4, last row) */
static char *
find_evidence_problem (CrRehearsal *self)
{
  for (guint i = 0; i < self->plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (self->plan->gates, i);

    for (guint k = 0; gate->evidence[k] != NULL; k++) {
      const char *name = gate->evidence[k];
      const char *digest = g_hash_table_lookup (self->digests, name);
      g_autofree char *path = g_build_filename (cr_evidence_folder_get_path (self->folder), name, NULL);
      g_autofree char *content = NULL;
      g_autofree char *now = NULL;
      gsize length;

      if (digest == NULL)
        return g_strdup_printf ("%s was never written.", name);
      if (!g_file_get_contents (path, &content, &length, NULL))
        return g_strdup_printf ("%s is missing or cannot be read.", name);
      now = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) content, length);
      if (g_strcmp0 (now, digest) != 0)
        return g_strdup_printf ("%s was changed after it was written.", name);
    }
  }
  return NULL;
}

/* Renders, writes, and remembers the digest */
static gboolean
write_sealed (CrRehearsal *self, const char *name, GBytes *content_taken, GError **error)
{
  g_autoptr(GBytes) content = content_taken;

  if (!cr_evidence_folder_write (self->folder, name, content, error))
    return FALSE;
  g_hash_table_insert (self->digests, g_strdup (name), g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content));
  return TRUE;
}

static void
seal_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  CrRehearsal *self = source_object;
  SealJob *job = task_data;
  g_autoptr(GPtrArray) cautions = g_ptr_array_new ();
  g_autofree char *line = NULL;
  GError *error = NULL;

  for (guint i = 0; i < self->verdicts->len; i++) {
    CrGateVerdict *verdict = g_ptr_array_index (self->verdicts, i);

    for (guint k = 0; verdict->cautions != NULL && k < verdict->cautions->len; k++)
      g_ptr_array_add (cautions, g_ptr_array_index (verdict->cautions, k));
  }
  for (guint i = 0; i < self->cautions->len; i++)
    g_ptr_array_add (cautions, g_ptr_array_index (self->cautions, i));

  if (job->changed)
    g_ptr_array_add (cautions, job->problem);
  line = journal_line ("run_closed", "decision", cr_decision_kind_to_string (job->decision.kind), "failure_classification",
                       cr_classification_to_string (job->closing.classification), "owner", job->closing.owner, NULL);
  /* 08 names the digests of 01 to 07, 99 those of 01 to 09: nothing refers to the future (facts: reliability 4.2) */
  if (!write_sealed (self, "08_cutover_decision.log", cr_evidence_render_decision (&job->run, self->plan, self->verdicts, &job->decision,
                                                                                   &job->closing, self->digests), &error)
      || !write_sealed (self, "09_rollback_or_no_rollback.log", cr_evidence_render_rollback (&job->run, self->plan, self->verdicts,
                                                                                            &job->decision, &job->closing), &error)
      || !write_sealed (self, "99_summary.md", cr_evidence_render_summary (&job->run, self->plan, self->captures, self->verdicts, &job->decision,
                                                                           &job->closing, self->digests, cautions), &error)
      || !write_sealed (self, "attestation/statement.json", cr_statement_render (&job->run, self->plan, self->captures, self->verdicts,
                                                                                 &job->decision, self->digests), &error)
      || !cr_evidence_folder_journal (self->folder, line, &error) || !cr_evidence_folder_seal (self->folder, &error)) {
    g_task_return_error (task, error);
    return;
  }
  g_task_return_boolean (task, TRUE);
}

static void
sealed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (object);
  g_autoptr(GTask) task = user_data;
  SealJob *job = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error)) {
    g_task_return_new_error (task, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_EVIDENCE, "%s", error->message);
    g_error_free (error);
    set_state (self, CR_REHEARSAL_FAILED);
    return;
  }
  if (job->changed) {
    cr_decision_clear (&self->decision);
    self->decision = job->decision;
    memset (&job->decision, 0, sizeof job->decision);
  }
  set_state (self, CR_REHEARSAL_SEALED);
  g_task_return_boolean (task, TRUE);
}

static void
evidence_looked_at_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  CrRehearsal *self = CR_REHEARSAL (object);
  g_autoptr(GTask) task = user_data;
  g_autoptr(GTask) writing = NULL;
  SealJob *job = g_task_get_task_data (task);
  GError *error = NULL;

  job->problem = g_task_propagate_pointer (G_TASK (result), NULL);
  cr_decide (self->plan, self->verdicts, job->problem == NULL, job->problem, &job->decision);
  job->changed = job->decision.kind != self->decision.kind;
  if (job->changed) {  /* a GO that no longer holds: the form was filled for the other decision */
    job->closing.classification = job->decision.classification;
    if (job->closing.retry_at == NULL || *job->closing.retry_at == '\0')
      job->closing.retry_at = "N/A";
    if (job->closing.retry_reason == NULL)
      job->closing.retry_reason = "Evidence was changed or lost before the folder was sealed.";
    if (job->closing.unblock == NULL || *job->closing.unblock == '\0')
      job->closing.unblock = "A new rehearsal whose evidence folder stays untouched until it is sealed.";
  }
  if (!cr_closing_check (&job->closing, &job->decision, cr_clock_seconds (self->clock), &error)) {
    g_task_return_new_error (task, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_CLOSING, "%s", error->message);
    g_error_free (error);
    return;
  }
  fill_evidence_run (self, &job->run);
  writing = g_task_new (self, NULL, sealed_cb, g_object_ref (task));
  g_task_set_task_data (writing, job, NULL);  /* the outer task keeps it */
  g_task_run_in_thread (writing, seal_thread);
}

static void
evidence_thread (GTask *task, gpointer source_object, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, find_evidence_problem (source_object), g_free);
}

void
cr_rehearsal_seal_async (CrRehearsal *self, const CrClosing *closing, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autoptr(GTask) looking = NULL;
  SealJob *job = g_new0 (SealJob, 1);

  g_return_if_fail (self->state == CR_REHEARSAL_DECIDED);

  job->owner = g_strdup (closing->owner);
  job->retry_at = g_strdup (closing->retry_at);
  job->retry_reason = g_strdup (closing->retry_reason);
  job->unblock = g_strdup (closing->unblock);
  job->notes = g_strdup (closing->notes);
  job->classification_reason = g_strdup (closing->classification_reason);
  job->closing = (CrClosing) {
    .owner = job->owner, .retry_at = job->retry_at, .retry_reason = job->retry_reason, .unblock = job->unblock, .notes = job->notes,
    .classification = closing->classification, .classification_reason = job->classification_reason,
  };
  g_task_set_task_data (task, job, (GDestroyNotify) seal_job_free);
  looking = g_task_new (self, NULL, evidence_looked_at_cb, g_steal_pointer (&task));
  g_task_run_in_thread (looking, evidence_thread);
}

gboolean
cr_rehearsal_seal_finish (CrRehearsal *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
