/* cr-jumpbox-transport.c: a gate's remote steps as one script for the jumpbox
 *
 * The order of things for one gate: submit, once; wait and submit again only where the jumpbox surely did not take the script (a 409, another attempt
 * that holds it); after an outcome nobody knows ask the jumpbox what became of the attempt, read-only, and never run it again; fetch the rest of the
 * output in pages. At most one submission is ever taken: the attempt's folder on the jumpbox is the fence (facts: reliability 5, azure "What the app
 * must therefore do" 3, 4).
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-transport.h"
#include "cr-run-command.h"
#include "../core/cr-az.h"
#include "../core/cr-text.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>

#define MAX_PAGES        8u   /* each costs 20 seconds or more */
#define MAX_WAITS        12u  /* for the jumpbox to come free: about ten minutes with the default wait */
#define MAX_STATUS_LOST  3u   /* questions for the status that may get lost before we stop asking */
#define COMPANION_LIMIT  180u /* seconds for a status or a page */

#define CR_TYPE_JUMPBOX_TRANSPORT (cr_jumpbox_transport_get_type ())
G_DECLARE_FINAL_TYPE (CrJumpboxTransport, cr_jumpbox_transport, CR, JUMPBOX_TRANSPORT, CrTransport)

typedef enum { SELF_NOT_KNOWN, SELF_CHECKED, SELF_UNREADABLE } SelfDigest;

struct _CrJumpboxTransport {
  CrTransport       parent_instance;
  char             *az, *subscription, *resource_group, *vm;                 /* (owned) */
  char             *run_id, *user, *namespace_, *cluster, *spool_dir, *path; /* (owned) */
  CrRedactor       *redactor;       /* (owned) */
  CrClock          *clock;          /* (owned) */
  CrLogFunc         log;            /* (nullable) */
  gpointer          log_data;       /* (borrowed) */
  CrBeforeSendFunc  before_send;    /* (nullable) */
  gpointer          before_data;    /* (borrowed) */
  char             *directory;      /* (owned) (nullable): az's working directory */
  gboolean          rest;           /* this az can't manage VMs: the other road from now on */
  SelfDigest        self_digest;    /* what the first answer said: later ones must say the same */
  guint             conflict_wait;  /* seconds */
  guint             poll_wait;      /* seconds */
  guint             slack;          /* seconds */
};

G_DEFINE_FINAL_TYPE (CrJumpboxTransport, cr_jumpbox_transport, CR_TYPE_TRANSPORT)

typedef enum { PROP_CONFLICT_WAIT = 1, PROP_POLL_WAIT, PROP_SLACK } CrJumpboxTransportProperty;
static GParamSpec *props[PROP_SLACK + 1];

typedef struct {
  CrPlanGate       *gate;         /* (borrowed): the caller's plan outlives the run */
  GPtrArray        *steps;        /* (owned): CrPlanStep, remote ones */
  CrCaptureSet     *captures;     /* (owned) */
  char             *nonce, *mark; /* (owned): of the run */
  char             *script;       /* (owned) (nullable) */
  char             *payload;      /* (owned) (nullable): its digest */
  CrCall           *run;          /* (borrowed) (nullable): the submission that counts; owned by captures */
  CrCall           *call;         /* (borrowed) (nullable): the exchange in progress; owned by captures */
  char             *call_nonce;   /* (owned) (nullable): of that exchange */
  CrRunCommandRoad  road;
  CrFrame          *frame;        /* (owned) (nullable): the run's, once it is whole and ours */
  guint             waits;        /* for the jumpbox to come free */
  guint             status_lost;  /* status questions without an answer */
  guint             pages;
  gint64            ask_until;    /* boot clock: the last moment to ask for the status again; 0: not asking */
} Run;

static void submit (GTask *task_taken);
static void ask_status (GTask *task_taken);
static void fetch_page (GTask *task_taken);

static void
run_free (Run *run)
{
  g_ptr_array_unref (run->steps);
  cr_capture_set_unref (run->captures);
  g_free (run->nonce);
  g_free (run->mark);
  g_free (run->script);
  g_free (run->payload);
  g_free (run->call_nonce);
  cr_frame_free (run->frame);
  g_free (run);
}

/* --- telling --- */

static void
tell (CrJumpboxTransport *self, Run *run, const char *step, CrLogStream stream, const char *text)
{
  if (self->log != NULL)
    self->log (run->gate->id, step, stream, text, self->log_data);
}

static void
tell_bytes (CrJumpboxTransport *self, Run *run, const char *step, CrLogStream stream, GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autofree char *text = NULL;

  if (size == 0)
    return;
  text = cr_text_display (data, (gssize) size);
  tell (self, run, step, stream, text);
}

static void
tell_command (CrJumpboxTransport *self, Run *run, const char *step, const char *command)
{
  g_autofree char *redacted = cr_redactor_text (self->redactor, command, NULL);
  g_autofree char *safe = cr_text_display_line (redacted, -1, 0);

  tell (self, run, step, CR_LOG_COMMAND, safe);
}

/* --- captures --- */

static GBytes *
redact (CrJumpboxTransport *self, GBytes *bytes, guint *count)
{
  guint n = 0;
  GBytes *clean = cr_redactor_bytes (self->redactor, bytes, &n);

  *count += n;
  return clean;
}

/* (transfer full) (nullable): the line in which kubectl says that the command never began: before there is a stream, so nothing of the pod's
 * own output may be there. @err: redacted */
static char *
pod_refusal (const char *err)
{
  static const struct { const char *start, *part; } lines[] = {
    { "Error from server (", "" }, { "error: You must be logged in to the server", "" }, { "Unable to connect to the server", "" },
    { "error: context ", "does not exist" }, { "error: cannot exec into a container", "" }, { "error: Internal error occurred", "executable file not found" },
    { "OCI runtime exec failed", "executable file not found" }, { "error: unable to upgrade connection", "container not found" },
  };
  g_auto(GStrv) text = g_strsplit (err, "\n", 0);

  for (gsize i = 0; text[i] != NULL; i++)
    for (gsize j = 0; j < G_N_ELEMENTS (lines); j++)
      if (g_str_has_prefix (text[i], lines[j].start) && strstr (text[i], lines[j].part) != NULL)
        return cr_text_display_line (text[i], -1, 300);
  return NULL;
}

/* What the frame's line for that step means. @err: redacted */
static void
set_outcome (CrCapture *capture, const CrFrameStep *step, GBytes *err)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (err, NULL), g_bytes_get_size (err));
  g_autofree char *refusal = NULL;

  capture->exit_code = step->exit_code;
  capture->pod_mark = step->pod_mark;
  capture->outcome = CR_OUTCOME_COMPLETED;
  if (step->exit_code == 124 || (step->exit_code == 137 && step->pod_mark != CR_POD_MARK_OK)) {
    capture->outcome = CR_OUTCOME_UNKNOWN;
    capture->reason = g_strdup ("time-limit");
    capture->message = g_strdup ("The step reached its time limit and was ended. What it began in the pod may still go on.");
  } else if (step->exit_code == 137) {
    capture->outcome = CR_OUTCOME_UNKNOWN;
    capture->reason = g_strdup ("killed");
    capture->message = g_strdup ("The command was killed in the pod, as happens when a container runs out of memory.");
  } else if (step->pod_mark == CR_POD_MARK_LOST) {
    refusal = step->exit_code != 0 && step->out_size == 0 ? pod_refusal (text) : NULL;
    capture->outcome = refusal != NULL ? CR_OUTCOME_NOT_STARTED : CR_OUTCOME_UNKNOWN;
    capture->reason = g_strdup (refusal != NULL ? "pod-unreachable" : "pod-mark-lost");
    capture->message = refusal != NULL ? g_strdup_printf ("kubectl could not start the command in the pod: %s", refusal)
                                       : g_strdup ("The connection to the pod was lost: the command's own end did not come back. It may have gone on.");
  }
}

/* Takes what came of a step's two streams into its capture. */
static void
set_streams (CrJumpboxTransport *self, Run *run, CrCapture *capture, const CrFrameStep *step, guint index)
{
  g_autoptr(GBytes) out = NULL, err = NULL;
  g_autofree char *mark = g_strdup_printf ("\nCR1POD %s rc=%d\n", run->mark, step->exit_code);
  gboolean whole = cr_frame_get_streams (run->frame, index, &out, &err);
  guint before;

  capture->complete = whole;
  capture->out_size = step->out_size;
  capture->err_size = step->err_size;
  if (out == NULL)
    out = g_bytes_new (NULL, 0);
  if (err == NULL)
    err = g_bytes_new (NULL, 0);
  if (step->pod_mark == CR_POD_MARK_OK) {
    GBytes *own = cr_frame_pod_output (out, run->mark, step->exit_code);
    g_bytes_unref (out);
    out = own;
    capture->out_size -= MIN (capture->out_size, strlen (mark));
  }
  g_clear_pointer (&capture->out, g_bytes_unref);
  g_clear_pointer (&capture->err, g_bytes_unref);
  capture->out = redact (self, out, &capture->redactions);
  /* A digest of what is not shown would let short secrets be guessed (facts: reliability F6). That of a whole pod step is of its own output, without
   * the runner's mark; that of a part is the whole stream's, as it lies in the jumpbox's spool. */
  if (capture->redactions == 0)
    capture->out_sha256 = whole ? g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, out) : g_strdup (step->out_sha256);
  before = capture->redactions;
  capture->err = redact (self, err, &capture->redactions);
  if (capture->redactions == before)
    capture->err_sha256 = g_strdup (step->err_sha256);
}

static void
tell_step (CrJumpboxTransport *self, Run *run, CrPlanStep *step, CrCapture *capture)
{
  g_autofree char *command = cr_plan_step_describe (step);
  g_autofree char *end = NULL;

  tell_command (self, run, step->id, command);
  tell_bytes (self, run, step->id, CR_LOG_OUT, capture->out);
  tell_bytes (self, run, step->id, CR_LOG_ERR, capture->err);
  if (!capture->complete)
    end = g_strdup_printf ("%s%sOnly a part of its %" G_GSIZE_FORMAT " bytes of output is here; the whole lies in the spool folder on the jumpbox.",
                           capture->message != NULL ? capture->message : "", capture->message != NULL ? " " : "", capture->out_size + capture->err_size);
  else
    end = capture->message != NULL ? g_strdup (capture->message) : g_strdup_printf ("Exit code %d", capture->exit_code);
  tell (self, run, step->id, CR_LOG_APP, end);
}

/* The frame holds: one capture for each step of the plan. */
static void
capture_frame (CrJumpboxTransport *self, Run *run)
{
  const CrFrameStep *last = run->frame->steps->len > 0 ? g_ptr_array_index (run->frame->steps, run->frame->steps->len - 1) : NULL;
  CrPlanStep *last_planned = last != NULL ? g_ptr_array_index (run->steps, run->frame->steps->len - 1) : NULL;
  gboolean out_of_time = last == NULL || last_planned->keep_going || (last->exit_code == 0 && last->pod_mark != CR_POD_MARK_LOST);

  for (guint i = 0; i < run->steps->len; i++) {
    CrPlanStep *planned = g_ptr_array_index (run->steps, i);
    CrCapture *capture = cr_capture_new (run->gate->id, planned->id, planned->where);

    if (i < run->frame->steps->len) {
      const CrFrameStep *step = g_ptr_array_index (run->frame->steps, i);
      set_streams (self, run, capture, step, i);
      set_outcome (capture, step, capture->err);
      capture->started_us = step->t0 * G_USEC_PER_SEC;
      capture->ended_us = step->t1 * G_USEC_PER_SEC;
      tell_step (self, run, planned, capture);
    } else {
      capture->reason = g_strdup (out_of_time ? "time-limit" : "earlier-step");
      capture->message = g_strdup (out_of_time ? "The gate's time was over before this step." : "It did not run because an earlier step of the gate failed.");
    }
    cr_capture_set_add (run->captures, capture);
  }
}

/* There is no frame: every step shares what is known of the call. */
static void
capture_failure (Run *run, CrOutcome outcome, const char *reason, const char *message)
{
  for (guint i = 0; i < run->steps->len; i++) {
    CrPlanStep *planned = g_ptr_array_index (run->steps, i);
    CrCapture *capture = cr_capture_new (run->gate->id, planned->id, planned->where);

    capture->outcome = outcome;
    capture->reason = g_strdup (reason);
    capture->message = g_strdup (message);
    capture->pod_mark = planned->where == CR_STEP_POD && outcome != CR_OUTCOME_NOT_STARTED ? CR_POD_MARK_LOST : CR_POD_MARK_NA;
    cr_capture_set_add (run->captures, capture);
  }
}

static void
set_call (CrCall *call, CrOutcome outcome, const char *reason, const char *message)
{
  g_autofree char *kept_reason = g_strdup (reason);    /* they may be the call's own */
  g_autofree char *kept_message = g_strdup (message);

  call->outcome = outcome;
  g_free (call->reason);
  call->reason = g_steal_pointer (&kept_reason);
  g_free (call->message);
  call->message = g_steal_pointer (&kept_message);
}

/* --- ends --- */

static void
end_with_failure (GTask *task_taken, CrOutcome outcome, const char *reason, const char *message)
{
  g_autoptr(GTask) task = task_taken;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);

  if (run->run != NULL) {
    set_call (run->run, outcome, reason, message);
    reason = run->run->reason;
    message = run->run->message;
  }
  capture_failure (run, outcome, reason, message);
  if (message != NULL)
    tell (self, run, NULL, CR_LOG_APP, message);
  g_task_return_boolean (task, TRUE);
}

static void
end_with_call (GTask *task_taken, CrCall *call)
{
  g_autofree char *reason = g_strdup (call->reason);
  g_autofree char *message = g_strdup (call->message);

  end_with_failure (task_taken, call->outcome, reason, message);
}

static void
end_with_frame (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);

  capture_frame (self, run);
  g_task_return_boolean (task, TRUE);
}

static void
end_stopped (GTask *task_taken)
{
  Run *run = g_task_get_task_data (task_taken);

  if (run->frame != NULL)
    end_with_frame (task_taken);  /* it has ended there; only the rest of its output was still on the way */
  else
    end_with_failure (task_taken, CR_OUTCOME_STOPPED, "stopped",
                      run->run != NULL && run->run->outcome == CR_OUTCOME_NOT_STARTED
                        ? "You stopped waiting. The jumpbox had not taken the script."
                        : "You stopped waiting. The script may still run on the jumpbox, for up to 90 minutes, and keeps it busy until it ends.");
}

/* --- one exchange --- */

static gboolean
random_hex (gsize bytes, char **hex)
{
  guint8 raw[16];
  GString *text = g_string_new (NULL);

  g_assert (bytes <= sizeof raw);
  if (getrandom (raw, bytes, 0) != (ssize_t) bytes) {
    g_string_free (text, TRUE);
    return FALSE;
  }
  for (gsize i = 0; i < bytes; i++)
    g_string_append_printf (text, "%02x", raw[i]);
  *hex = g_string_free (text, FALSE);
  return TRUE;
}

static CrScriptParams
params_for (CrJumpboxTransport *self, Run *run, const char *nonce)
{
  return (CrScriptParams) {
    .run_id = self->run_id, .gate = run->gate->id, .attempt = 1, .nonce = nonce, .mark = run->mark, .user = self->user,
    .namespace_ = self->namespace_, .context = self->cluster, .spool_dir = self->spool_dir, .path = self->path,
    .limit = run->gate->limit_seconds
  };
}

static guint
gate_limit (Run *run)
{
  guint64 sum = 0;

  if (run->gate->limit_seconds > 0)
    return run->gate->limit_seconds;
  for (guint i = 0; i < run->steps->len; i++)
    sum += ((CrPlanStep *) g_ptr_array_index (run->steps, i))->limit;
  return (guint) CLAMP (sum, 60, 5400);
}

static void
fill_road (CrJumpboxTransport *self, CrRunCommandRoad *road)
{
  *road = (CrRunCommandRoad) {
    .az = self->az, .subscription = self->subscription, .resource_group = self->resource_group, .vm = self->vm, .directory = self->directory,
    .rest = self->rest, .poll_seconds = self->poll_wait, .redactor = self->redactor, .clock = self->clock
  };
}

/* Begins the exchange run->call: tells, journals, sends. FALSE: nothing was sent, and the call says why. */
static gboolean
send (GTask *task, const char *kind, const char *nonce, const char *script, guint limit, GAsyncReadyCallback callback)
{
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autofree char *line = NULL;
  CrCall *call = cr_call_new (run->gate->id, kind);

  fill_road (self, &run->road);
  run->call = call;
  cr_capture_set_add_call (run->captures, call);
  call->nonce = g_strdup (nonce);
  call->payload_sha256 = g_str_equal (kind, "run") ? g_strdup (run->payload) : NULL;
  call->script = g_strdup (script);
  call->transport = g_strdup (self->rest ? "jumpbox: az rest (this az cannot manage VMs)" : "jumpbox: az vm run-command invoke");
  call->argv = cr_run_command_argv (&run->road, &error);
  if (call->argv == NULL) {
    set_call (call, CR_OUTCOME_NOT_STARTED, "arguments", error->message);
    return FALSE;
  }
  if (self->before_send != NULL && !self->before_send (call, self->before_data, &error)) {
    g_autofree char *message = g_strdup_printf ("Nothing was sent, because it could not be recorded before: %s", error != NULL ? error->message : "no reason given");
    set_call (call, CR_OUTCOME_NOT_STARTED, "journal", message);
    return FALSE;
  }
  line = g_strjoinv (" ", call->argv);
  tell_command (self, run, NULL, line);
  cr_run_command_async (&run->road, call, limit, g_task_get_cancellable (task), callback, g_object_ref (task));
  return TRUE;
}

/* What az wrote is told once it is complete: a secret could lie across two pieces. */
static char *
received (GTask *task, GAsyncResult *async)
{
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  char *message = cr_run_command_finish (async);

  if (run->call->az_stderr != NULL)
    tell (self, run, NULL, CR_LOG_ERR, run->call->az_stderr);
  return message;
}

/* --- waiting for the jumpbox --- */

/* 1, 2, 4, 4, ... times the base */
static guint
next_wait (CrJumpboxTransport *self, Run *run)
{
  guint factor = run->waits == 0 ? 1 : run->waits == 1 ? 2 : 4;

  run->waits++;
  return self->conflict_wait * factor;
}

static void
tell_wait (CrJumpboxTransport *self, Run *run, const char *why, guint seconds)
{
  g_autofree char *text = g_strdup_printf ("%s Asking again in %u s (%u of at most %u times).", why, seconds, run->waits, MAX_WAITS);
  tell (self, run, NULL, CR_LOG_APP, text);
}

static void
submit_again_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  if (cr_wait_finish (async))
    submit (user_data);
  else
    end_stopped (user_data);
}

static void
ask_again_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  if (cr_wait_finish (async))
    ask_status (user_data);
  else
    end_stopped (user_data);
}

static void
page_again_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  if (cr_wait_finish (async))
    fetch_page (user_data);
  else
    end_stopped (user_data);
}

/* The jumpbox did not take this submission: the same script again, later. */
static void
submit_later (GTask *task_taken, const char *why)
{
  CrJumpboxTransport *self = g_task_get_source_object (task_taken);
  Run *run = g_task_get_task_data (task_taken);
  guint seconds;

  if (run->waits >= MAX_WAITS) {
    end_with_call (task_taken, run->run);
    return;
  }
  seconds = next_wait (self, run);
  tell_wait (self, run, why, seconds);
  g_free (run->run->kind);
  run->run->kind = g_strdup ("refused");  /* a gate has one submission that counts */
  cr_wait_async (seconds, g_task_get_cancellable (task_taken), submit_again_cb, task_taken);
}

/* --- pages --- */

static void
page_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *message = received (task, async);
  g_autofree char *detail = NULL;
  CrScriptParams params = params_for (self, run, run->call_nonce);

  if (message == NULL && run->call->outcome == CR_OUTCOME_STOPPED) {
    end_stopped (g_steal_pointer (&task));
  } else if (message == NULL && g_strcmp0 (run->call->reason, "conflict") == 0 && run->waits < MAX_WAITS) {
    guint seconds = next_wait (self, run);
    tell_wait (self, run, "The jumpbox is still busy.", seconds);
    g_free (run->call->kind);
    run->call->kind = g_strdup ("refused");
    cr_wait_async (seconds, g_task_get_cancellable (task), page_again_cb, g_object_ref (task));
  } else if (message != NULL && cr_frame_add_page (run->frame, message, strlen (message), &params, &detail)) {
    run->pages++;
    fetch_page (g_steal_pointer (&task));
  } else {
    if (message != NULL) {
      g_autofree char *text = g_strdup_printf ("A page of the output could not be used: %s.", detail);
      set_call (run->call, CR_OUTCOME_UNKNOWN, "bad-frame", text);
    }
    tell (self, run, NULL, CR_LOG_APP, run->call->message);
    end_with_frame (g_steal_pointer (&task));  /* the exit codes are proven; the output stays incomplete */
  }
}

static void
fetch_page (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *script = NULL;
  g_autofree char *text = NULL;
  CrScriptParams params;

  if (cr_frame_is_complete (run->frame) || run->pages >= MAX_PAGES) {
    end_with_frame (g_steal_pointer (&task));
    return;
  }
  text = g_strdup_printf ("Fetching more of the output: %u of %" G_GSIZE_FORMAT " compressed bytes are here.", run->frame->gz->len, run->frame->gz_size);
  tell (self, run, NULL, CR_LOG_APP, text);
  g_clear_pointer (&run->call_nonce, g_free);
  if (random_hex (16, &run->call_nonce)) {
    params = params_for (self, run, run->call_nonce);
    script = cr_script_page (&params, run->frame->gz->len, NULL);
  }
  if (script == NULL || !send (task, "page", run->call_nonce, script, COMPANION_LIMIT + self->slack, page_cb))
    end_with_frame (g_steal_pointer (&task));
}

/* --- the frame --- */

/* A run's frame, from the run's own answer or from the status's. Takes the next step and returns TRUE, or FALSE with *detail. */
static gboolean
accept_frame (GTask *task, CrFrame *frame_taken, char **detail)
{
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  SelfDigest digest = frame_taken->self_checked ? SELF_CHECKED : SELF_UNREADABLE;

  if (self->self_digest == SELF_CHECKED && digest == SELF_UNREADABLE) {
    cr_frame_free (frame_taken);
    *detail = g_strdup ("the script could read itself before, and not this time");
    return FALSE;
  }
  if (self->self_digest == SELF_NOT_KNOWN)
    self->self_digest = digest;
  run->frame = frame_taken;
  if (run->run->outcome != CR_OUTCOME_COMPLETED) {
    g_autofree char *text = g_strdup_printf ("%s The jumpbox told the result when it was asked.", run->run->message != NULL ? run->run->message : "The answer was lost.");
    set_call (run->run, CR_OUTCOME_COMPLETED, run->run->reason, text);
  }
  run->waits = 0;
  fetch_page (g_object_ref (task));
  return TRUE;
}

static void
end_bad_frame (GTask *task_taken, const char *detail)
{
  g_autofree char *message = g_strdup_printf ("The answer of the jumpbox can't be trusted: %s. The script may have run; look into the spool folder on the jumpbox.", detail);
  end_with_failure (task_taken, CR_OUTCOME_UNKNOWN, "bad-frame", message);
}

/* --- status --- */

/* Nobody knows yet: asks what became of the attempt. @message (nullable) is told. */
static void
begin_asking (GTask *task_taken, const char *message)
{
  CrJumpboxTransport *self = g_task_get_source_object (task_taken);
  Run *run = g_task_get_task_data (task_taken);

  if (message != NULL)
    tell (self, run, NULL, CR_LOG_APP, message);
  tell (self, run, NULL, CR_LOG_APP, "Asking the jumpbox what became of the script. It is not run again.");
  run->waits = 0;
  run->ask_until = cr_clock_boottime (self->clock) + (gint64) gate_limit (run) * G_USEC_PER_SEC;
  ask_status (task_taken);
}

static void
ask_later (GTask *task_taken, const char *why)
{
  CrJumpboxTransport *self = g_task_get_source_object (task_taken);
  Run *run = g_task_get_task_data (task_taken);
  guint seconds;

  if (run->waits >= MAX_WAITS || cr_clock_boottime (self->clock) >= run->ask_until) {
    end_with_failure (task_taken, CR_OUTCOME_UNKNOWN, "still-running",
                      "The script still runs on the jumpbox, or something else keeps the jumpbox busy. It can't be stopped from here; Azure ends it after 90 minutes.");
    return;
  }
  seconds = next_wait (self, run);
  tell_wait (self, run, why, seconds);
  cr_wait_async (seconds, g_task_get_cancellable (task_taken), ask_again_cb, task_taken);
}

/* The question itself got lost: once more, a few times; then the first failure stands. */
static void
status_lost (GTask *task_taken)
{
  CrJumpboxTransport *self = g_task_get_source_object (task_taken);
  Run *run = g_task_get_task_data (task_taken);
  g_autofree char *message = NULL;
  guint seconds;

  if (++run->status_lost >= MAX_STATUS_LOST || cr_clock_boottime (self->clock) >= run->ask_until) {
    message = g_strdup_printf ("%s The jumpbox could not be asked either (%s).", run->run->message != NULL ? run->run->message : "The answer was lost.",
                               run->call->reason != NULL ? run->call->reason : "no answer");
    end_with_failure (task_taken, CR_OUTCOME_UNKNOWN, run->run->reason, message);
    return;
  }
  seconds = next_wait (self, run);
  tell_wait (self, run, "The question got lost.", seconds);
  cr_wait_async (seconds, g_task_get_cancellable (task_taken), ask_again_cb, task_taken);
}

static void
read_status (GTask *task_taken, const char *message)
{
  g_autoptr(GTask) task = task_taken;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  CrScriptParams params = params_for (self, run, run->call_nonce);
  CrScriptParams original = params_for (self, run, run->nonce);
  g_autoptr(CrFrame) status = cr_frame_read (message, strlen (message), &params, run->call->script, "", run->steps);
  const char *word = status->detail;

  if (status->kind != CR_FRAME_STATUS) {
    g_autofree char *text = g_strdup_printf ("The jumpbox's answer to the question could not be read: %s.", word != NULL ? word : "it is none");
    set_call (run->call, CR_OUTCOME_UNKNOWN, status->kind == CR_FRAME_NONE ? "no-frame" : "bad-frame", text);
    status_lost (g_steal_pointer (&task));
    return;
  }
  g_free (run->call->message);
  run->call->message = g_strdup_printf ("The jumpbox says: %s.", word);
  if (g_strcmp0 (word, "done") == 0) {
    CrFrame *frame = cr_frame_read (message, strlen (message), &original, run->script, run->payload, run->steps);
    g_autofree char *detail = NULL;
    if (frame->kind != CR_FRAME_OK) {
      detail = g_strdup (frame->detail != NULL ? frame->detail : "the stored answer is missing");
      cr_frame_free (frame);
      end_bad_frame (g_steal_pointer (&task), detail);
    } else if (!accept_frame (task, frame, &detail)) {
      end_bad_frame (g_steal_pointer (&task), detail);
    }
  } else if (g_strcmp0 (word, "still-running") == 0) {
    ask_later (g_steal_pointer (&task), "The script still runs on the jumpbox.");
  } else if (g_strcmp0 (word, "never-started") == 0) {
    end_with_failure (g_steal_pointer (&task), CR_OUTCOME_NOT_STARTED, "never-started",
                      "The jumpbox never began this script, so nothing was changed. Start a new rehearsal.");
  } else if (g_strcmp0 (word, "died") == 0) {
    end_with_failure (g_steal_pointer (&task), CR_OUTCOME_UNKNOWN, "died",
                      "The script died on the jumpbox in the middle, as when the VM restarts. Look into the spool folder there to see how far it came.");
  } else {
    end_with_failure (g_steal_pointer (&task), CR_OUTCOME_UNKNOWN, "already-started",
                      "The jumpbox has run an attempt of this name that is not ours. Start a new rehearsal, with a run id of its own.");
  }
}

static void
status_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  g_autofree char *message = received (task, async);

  if (message != NULL)
    read_status (g_steal_pointer (&task), message);
  else if (run->call->outcome == CR_OUTCOME_STOPPED)
    end_stopped (g_steal_pointer (&task));
  else if (g_strcmp0 (run->call->reason, "conflict") == 0)
    ask_later (g_steal_pointer (&task), "The jumpbox is busy: the script may still run.");
  else
    status_lost (g_steal_pointer (&task));
}

static void
ask_status (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *script = NULL;
  CrScriptParams params;

  g_clear_pointer (&run->call_nonce, g_free);
  if (random_hex (16, &run->call_nonce)) {
    params = params_for (self, run, run->call_nonce);
    script = cr_script_status (&params, run->nonce, NULL);
  }
  if (script == NULL || !send (task, "status", run->call_nonce, script, COMPANION_LIMIT + self->slack, status_cb))
    end_with_call (g_steal_pointer (&task), run->run);
}

/* --- the run --- */

/* The wrapper ended before the steps, and said why. */
static void
read_fatal (GTask *task_taken, const char *word)
{
  Run *run = g_task_get_task_data (task_taken);
  CrJumpboxTransport *self = g_task_get_source_object (task_taken);
  g_autofree char *own = g_strdup_printf ("busy:%s.%s.1", self->run_id, run->gate->id);
  g_autofree char *message = NULL;

  if (g_strcmp0 (word, "already-started") == 0 || g_strcmp0 (word, own) == 0) {
    set_call (run->run, CR_OUTCOME_UNKNOWN, "already-started", "az submitted the script more than once; the jumpbox ran it once.");
    begin_asking (task_taken, run->run->message);
  } else if (g_str_has_prefix (word, "busy:")) {
    message = g_strdup_printf ("Another rehearsal holds the jumpbox: %s.", word + strlen ("busy:"));
    set_call (run->run, CR_OUTCOME_NOT_STARTED, "busy", message);
    submit_later (task_taken, message);
  } else if (g_str_has_prefix (word, "missing:")) {
    message = g_strdup_printf ("The jumpbox has no %s, which the script needs, so nothing was run. Install it there, or set the jumpbox's PATH in the profile.",
                               word + strlen ("missing:"));
    end_with_failure (task_taken, CR_OUTCOME_NOT_STARTED, "jumpbox-tools", message);
  } else if (g_strcmp0 (word, "no-spool") == 0) {
    message = g_strdup_printf ("The jumpbox can't write to %s, so nothing was run. Free space there, or make it writable for root.", self->spool_dir);
    end_with_failure (task_taken, CR_OUTCOME_NOT_STARTED, "no-spool", message);
  } else if (g_strcmp0 (word, "bad-payload-sum") == 0) {
    end_with_failure (task_taken, CR_OUTCOME_NOT_STARTED, "bad-payload-sum",
                      "The script was changed on its way to the jumpbox, which refused to run it. Look for what rewrites requests to Azure.");
  } else if (g_strcmp0 (word, "spool-full") == 0) {
    message = g_strdup_printf ("The jumpbox ran out of space in %s in the middle of the gate. Free space there; how far the gate came is not known.", self->spool_dir);
    end_with_failure (task_taken, CR_OUTCOME_UNKNOWN, "spool-full", message);
  } else {
    message = g_strdup_printf ("The script on the jumpbox gave up: %s.", word);
    end_with_failure (task_taken, CR_OUTCOME_UNKNOWN, "fatal", message);
  }
}

static void
read_run (GTask *task_taken, const char *message)
{
  g_autoptr(GTask) task = task_taken;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  CrScriptParams params = params_for (self, run, run->nonce);
  CrFrame *frame = cr_frame_read (message, strlen (message), &params, run->script, run->payload, run->steps);
  g_autofree char *detail = NULL;

  if (frame->kind == CR_FRAME_OK) {
    set_call (run->run, CR_OUTCOME_COMPLETED, NULL, NULL);
    if (!accept_frame (task, frame, &detail))
      end_bad_frame (g_steal_pointer (&task), detail);
    return;
  }
  detail = g_strdup (frame->detail != NULL ? frame->detail : "");
  if (frame->kind == CR_FRAME_FATAL) {
    cr_frame_free (frame);
    read_fatal (g_steal_pointer (&task), detail);
    return;
  }
  if (frame->kind != CR_FRAME_NONE) {
    cr_frame_free (frame);
    end_bad_frame (g_steal_pointer (&task), detail);
    return;
  }
  cr_frame_free (frame);
  if (g_strcmp0 (run->run->reason, "sample-script") == 0) {
    end_with_failure (g_steal_pointer (&task), CR_OUTCOME_UNKNOWN, "sample-script",
                      "az did not send our script: the jumpbox ran Azure's sample script instead. This is a known fault of az 2.78 and 2.79; use another version.");
    return;
  }
  set_call (run->run, CR_OUTCOME_UNKNOWN, run->run->reason != NULL ? run->run->reason : "no-frame",
            "az claims success, and its answer holds nothing of our script.");
  begin_asking (g_steal_pointer (&task), run->run->message);
}

static void
run_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  g_autofree char *message = received (task, async);
  CrCall *call = run->run;

  if (message != NULL) {
    read_run (g_steal_pointer (&task), message);
  } else if (call->outcome == CR_OUTCOME_STOPPED) {
    end_stopped (g_steal_pointer (&task));
  } else if (g_strcmp0 (call->reason, "operation-group") == 0 && !self->rest) {
    tell (self, run, NULL, CR_LOG_APP, "This az cannot manage virtual machines. The same script goes through az rest instead.");
    self->rest = TRUE;
    g_free (call->kind);
    call->kind = g_strdup ("refused");
    submit (g_steal_pointer (&task));
  } else if (g_strcmp0 (call->reason, "conflict") == 0) {
    submit_later (g_steal_pointer (&task), "The jumpbox runs another script.");
  } else if (call->outcome == CR_OUTCOME_UNKNOWN) {
    begin_asking (g_steal_pointer (&task), call->message);
  } else {
    end_with_call (g_steal_pointer (&task), call);
  }
}

static void
submit (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  CrJumpboxTransport *self = g_task_get_source_object (task);
  Run *run = g_task_get_task_data (task);
  gboolean sent = send (task, "run", run->nonce, run->script, gate_limit (run) + self->slack, run_cb);

  run->run = run->call;
  if (!sent)
    end_with_call (g_steal_pointer (&task), run->run);
  else
    tell (self, run, NULL, CR_LOG_APP, "Waiting for the jumpbox. Azure shows no output before the script has ended; a minute is normal.");
}

static GPtrArray *
remote_steps (GPtrArray *steps)
{
  GPtrArray *remote = g_ptr_array_new ();

  for (guint i = 0; i < steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (steps, i);
    if (cr_plan_step_is_remote (step))
      g_ptr_array_add (remote, step);
  }
  return remote;
}

static void
cr_jumpbox_transport_run_async (CrTransport *transport, CrPlanGate *gate, GPtrArray *steps, CrCaptureSet *captures, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  CrJumpboxTransport *self = CR_JUMPBOX_TRANSPORT (transport);
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr(GError) error = NULL;
  Run *run = g_new0 (Run, 1);
  CrScriptParams params;

  g_task_set_source_tag (task, cr_jumpbox_transport_run_async);
  g_task_set_check_cancellable (task, FALSE);  /* what is known when the operator stops is a result */
  run->gate = gate;
  run->steps = remote_steps (steps);
  run->captures = cr_capture_set_ref (captures);
  g_task_set_task_data (task, run, (GDestroyNotify) run_free);

  if (run->steps->len == 0) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  if (!random_hex (16, &run->nonce) || !random_hex (8, &run->mark)) {
    end_with_failure (g_steal_pointer (&task), CR_OUTCOME_NOT_STARTED, "script", "This computer gave no random numbers for the call's nonce.");
    return;
  }
  params = params_for (self, run, run->nonce);
  run->script = cr_script_run (&params, run->steps, &run->payload, &error);
  if (run->script == NULL) {
    g_autofree char *message = g_strdup_printf ("The script could not be made: %s.", error->message);
    end_with_failure (g_steal_pointer (&task), CR_OUTCOME_NOT_STARTED, "script", message);
    return;
  }
  if (g_cancellable_is_cancelled (cancellable)) {
    end_with_failure (g_steal_pointer (&task), CR_OUTCOME_STOPPED, "stopped", "You stopped the rehearsal before the script was sent.");
    return;
  }
  submit (g_steal_pointer (&task));
}

static gboolean
cr_jumpbox_transport_run_finish (CrTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* --- class --- */

static const char *
cr_jumpbox_transport_get_name (CrTransport *transport)
{
  return CR_JUMPBOX_TRANSPORT (transport)->rest ? "jumpbox: az rest (this az cannot manage VMs)" : "jumpbox: az vm run-command invoke";
}

static void
cr_jumpbox_transport_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CrJumpboxTransport *self = CR_JUMPBOX_TRANSPORT (object);

  switch ((CrJumpboxTransportProperty) prop_id) {
    case PROP_CONFLICT_WAIT: g_value_set_uint (value, self->conflict_wait); break;
    case PROP_POLL_WAIT: g_value_set_uint (value, self->poll_wait); break;
    case PROP_SLACK: g_value_set_uint (value, self->slack); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
cr_jumpbox_transport_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CrJumpboxTransport *self = CR_JUMPBOX_TRANSPORT (object);

  switch ((CrJumpboxTransportProperty) prop_id) {
    case PROP_CONFLICT_WAIT: self->conflict_wait = g_value_get_uint (value); break;
    case PROP_POLL_WAIT: self->poll_wait = g_value_get_uint (value); break;
    case PROP_SLACK: self->slack = g_value_get_uint (value); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
cr_jumpbox_transport_finalize (GObject *object)
{
  CrJumpboxTransport *self = CR_JUMPBOX_TRANSPORT (object);

  if (self->directory != NULL)
    g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self->az);
  g_free (self->subscription);
  g_free (self->resource_group);
  g_free (self->vm);
  g_free (self->run_id);
  g_free (self->user);
  g_free (self->namespace_);
  g_free (self->cluster);
  g_free (self->spool_dir);
  g_free (self->path);
  cr_redactor_unref (self->redactor);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (cr_jumpbox_transport_parent_class)->finalize (object);
}

static void
cr_jumpbox_transport_class_init (CrJumpboxTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  CrTransportClass *transport_class = CR_TRANSPORT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = cr_jumpbox_transport_get_property;
  object_class->set_property = cr_jumpbox_transport_set_property;
  object_class->finalize = cr_jumpbox_transport_finalize;
  transport_class->get_name = cr_jumpbox_transport_get_name;
  transport_class->run_async = cr_jumpbox_transport_run_async;
  transport_class->run_finish = cr_jumpbox_transport_run_finish;
  /* The first wait for a busy jumpbox; the next ones are 2, 4, 4, ... times as long */
  props[PROP_CONFLICT_WAIT] = g_param_spec_uint ("conflict-wait", NULL, NULL, 0, 3600, 15, flags);
  /* The longest pause between two questions for an operation's result */
  props[PROP_POLL_WAIT] = g_param_spec_uint ("poll-wait", NULL, NULL, 0, 60, 5, flags);
  /* What az gets beyond the gate's own limit: its start, Azure's queue and the agent */
  props[PROP_SLACK] = g_param_spec_uint ("slack", NULL, NULL, 0, 3600, 120, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
cr_jumpbox_transport_init (CrJumpboxTransport *self)
{
  self->conflict_wait = 15;
  self->poll_wait = 5;
  self->slack = 120;
}

CrTransport *
cr_jumpbox_transport_new (const CrJumpboxParams *params, CrRedactor *redactor, CrClock *clock, CrLogFunc log, gpointer log_data,
                          CrBeforeSendFunc before_send, gpointer before_data)
{
  CrJumpboxTransport *self;

  g_return_val_if_fail (params != NULL && redactor != NULL && CR_IS_CLOCK (clock), NULL);

  self = g_object_new (CR_TYPE_JUMPBOX_TRANSPORT, NULL);
  self->az = g_strdup (params->az);
  self->subscription = g_strdup (params->subscription);
  self->resource_group = g_strdup (params->resource_group);
  self->vm = g_strdup (params->vm);
  self->run_id = g_strdup (params->run_id);
  self->user = g_strdup (params->user);
  self->namespace_ = g_strdup (params->namespace_);
  self->cluster = g_strdup (params->cluster);
  self->spool_dir = g_strdup (params->spool_dir);
  self->path = g_strdup (params->path);
  self->redactor = cr_redactor_ref (redactor);
  self->clock = g_object_ref (clock);
  self->log = log;
  self->log_data = log_data;
  self->before_send = before_send;
  self->before_data = before_data;
  self->directory = g_dir_make_tmp ("cutover-rehearsal-az-XXXXXX", NULL);
  return CR_TRANSPORT (self);
}

GStrv
cr_jumpbox_transport_preview (const CrJumpboxParams *params, CrPlanGate *gate, GPtrArray *steps, const char *nonce, const char *mark, char **script,
                              GError **error)
{
  const CrRunCommandRoad road = {
    .az = params->az, .subscription = params->subscription, .resource_group = params->resource_group, .vm = params->vm
  };
  const CrScriptParams script_params = {
    .run_id = params->run_id, .gate = gate->id, .attempt = 1, .nonce = nonce, .mark = mark, .user = params->user, .namespace_ = params->namespace_,
    .context = params->cluster, .spool_dir = params->spool_dir, .path = params->path, .limit = gate->limit_seconds
  };
  g_auto(GStrv) argv = cr_run_command_argv (&road, error);

  if (script != NULL)
    *script = NULL;
  if (argv == NULL)
    return NULL;
  if (script != NULL) {
    *script = cr_script_run (&script_params, steps, NULL, error);
    if (*script == NULL)
      return NULL;
  }
  return g_steal_pointer (&argv);
}
