/* cr-local-step.c: one az step on this computer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-transport.h"
#include "cr-run-command.h"
#include "../core/cr-az.h"
#include "../core/cr-text.h"
#include <glib/gstdio.h>
#include <string.h>

#define CAP           (1024u * 1024u)  /* bytes per stream */
#define LEAST_SECONDS 60u              /* a cold start of az alone may take fifteen (facts: azure 5.2) */

typedef struct {
  CrPlanGate   *gate;       /* (borrowed): the caller's plan outlives the step */
  CrPlanStep   *step;       /* (borrowed) */
  CrCaptureSet *captures;   /* (owned) */
  CrRedactor   *redactor;   /* (owned) */
  CrClock      *clock;      /* (owned) */
  CrLogFunc     log;        /* (nullable) */
  gpointer      log_data;   /* (borrowed) */
  char         *directory;  /* (owned) (nullable): az's working directory, empty, so that no local configuration is found */
  CrCall       *call;       /* (owned) until it is in captures */
  CrCapture    *capture;    /* (owned) until it is in captures */
} Local;

static void
local_free (Local *local)
{
  if (local->directory != NULL)
    g_rmdir (local->directory);
  g_free (local->directory);
  cr_capture_set_unref (local->captures);
  cr_redactor_unref (local->redactor);
  g_object_unref (local->clock);
  cr_call_free (local->call);
  cr_capture_free (local->capture);
  g_free (local);
}

static void
tell (Local *local, CrLogStream stream, const char *text)
{
  if (local->log != NULL && text != NULL && *text != '\0')
    local->log (local->gate->id, local->step->id, stream, text, local->log_data);
}

static void
set_outcome (Local *local, CrOutcome outcome, const char *reason, const char *message)
{
  local->call->outcome = local->capture->outcome = outcome;
  local->call->reason = g_strdup (reason);
  local->call->message = g_strdup (message);
  local->capture->reason = g_strdup (reason);
  local->capture->message = g_strdup (message);
  tell (local, CR_LOG_APP, message);
}

static void
finish (GTask *task)
{
  Local *local = g_task_get_task_data (task);

  cr_capture_set_add_call (local->captures, g_steal_pointer (&local->call));
  cr_capture_set_add (local->captures, g_steal_pointer (&local->capture));
  g_task_return_boolean (task, TRUE);
}

/* Redacts one stream into the capture. *sha256: its digest, unless something was replaced (facts: reliability F6) */
static GBytes *
take_stream (Local *local, GBytes *bytes, gsize *size, char **sha256)
{
  guint count = 0;
  GBytes *clean = cr_redactor_bytes (local->redactor, bytes, &count);

  *size = g_bytes_get_size (bytes);
  local->capture->redactions += count;
  if (count == 0)
    *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  return clean;
}

static void
judge_end (Local *local, const CrProcessResult *result)
{
  g_autofree char *message = NULL;
  CrAzFailure failure;

  if (result->stopped) {
    set_outcome (local, CR_OUTCOME_STOPPED, "stopped", "You stopped the rehearsal; az was ended. This step only reads, so nothing was changed.");
  } else if (result->timed_out) {
    set_outcome (local, CR_OUTCOME_UNKNOWN, "time-limit", "az did not end within its time limit and was ended. Check network and proxy, and run the command in a terminal.");
  } else if (result->overflow) {
    set_outcome (local, CR_OUTCOME_UNKNOWN, "output-limit", "az printed more than a megabyte and was ended. Run the command in a terminal to see why.");
  } else if (result->signal != 0) {
    message = g_strdup_printf ("az was ended by signal %d.", result->signal);
    set_outcome (local, CR_OUTCOME_UNKNOWN, "killed", message);
  } else {
    local->call->outcome = local->capture->outcome = CR_OUTCOME_COMPLETED;
    local->capture->exit_code = result->exit_code;
    local->capture->complete = TRUE;
    if (result->exit_code != 0) {
      cr_az_classify (result->exit_code, local->call->az_stderr, FALSE, &failure);
      message = cr_run_command_explain (local->call->az_stderr, failure.next);
      set_outcome (local, CR_OUTCOME_COMPLETED, failure.reason, message);
    }
  }
}

static void
ended_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Local *local = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrProcessResult) result = cr_process_run_finish (async, &error);
  g_autofree char *out = NULL;
  g_autofree char *message = NULL;

  local->call->received_us = local->capture->ended_us = cr_clock_now (local->clock);
  if (result == NULL) {
    message = g_strdup_printf ("%s. Install the Azure CLI, or name it in the profile or with --az.", error->message);
    set_outcome (local, CR_OUTCOME_NOT_STARTED, g_error_matches (error, CR_PROCESS_ERROR, CR_PROCESS_ERROR_SPAWN) ? "az-broken" : "az-missing", message);
    finish (task);
    return;
  }
  local->call->az_exit_code = result->exit_code;
  local->call->duration_us = result->duration_us;
  g_clear_pointer (&local->capture->out, g_bytes_unref);
  g_clear_pointer (&local->capture->err, g_bytes_unref);
  local->capture->out = take_stream (local, result->out, &local->capture->out_size, &local->capture->out_sha256);
  local->capture->err = take_stream (local, result->err, &local->capture->err_size, &local->capture->err_sha256);
  out = cr_text_display (g_bytes_get_data (local->capture->out, NULL), (gssize) g_bytes_get_size (local->capture->out));
  if (g_bytes_get_size (local->capture->err) > 0)
    local->call->az_stderr = cr_text_display (g_bytes_get_data (local->capture->err, NULL), (gssize) g_bytes_get_size (local->capture->err));
  tell (local, CR_LOG_OUT, out);
  tell (local, CR_LOG_ERR, local->call->az_stderr);
  judge_end (local, result);
  finish (task);
}

void
cr_local_step_async (CrPlanGate *gate, CrPlanStep *step, CrCaptureSet *captures, CrRedactor *redactor, CrClock *clock, CrLogFunc log, gpointer log_data,
                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_auto(GStrv) env = cr_process_az_environ ();
  g_autofree char *line = NULL;
  g_autofree char *redacted = NULL;
  g_autofree char *safe = NULL;
  Local *local;
  guint limit;

  g_return_if_fail (gate != NULL && step != NULL && captures != NULL && redactor != NULL && CR_IS_CLOCK (clock));

  g_task_set_source_tag (task, cr_local_step_async);
  g_task_set_check_cancellable (task, FALSE);
  local = g_new0 (Local, 1);
  local->gate = gate;
  local->step = step;
  local->captures = cr_capture_set_ref (captures);
  local->redactor = cr_redactor_ref (redactor);
  local->clock = g_object_ref (clock);
  local->log = log;
  local->log_data = log_data;
  local->directory = g_dir_make_tmp ("cutover-rehearsal-az-XXXXXX", NULL);
  local->call = cr_call_new (gate->id, "local");
  local->capture = cr_capture_new (gate->id, step->id, CR_STEP_LOCAL);
  local->call->transport = g_strdup ("this computer");
  local->call->argv = g_strdupv (step->argv);
  local->call->sent_us = local->capture->started_us = cr_clock_now (clock);
  g_task_set_task_data (task, local, (GDestroyNotify) local_free);

  if (step->argv == NULL || step->argv[0] == NULL || *step->argv[0] == '\0') {
    set_outcome (local, CR_OUTCOME_NOT_STARTED, "az-missing", "No program is named for az. Name it in the profile or with --az.");
    finish (task);
    return;
  }
  line = g_strjoinv (" ", step->argv);
  redacted = cr_redactor_text (redactor, line, NULL);
  safe = cr_text_display_line (redacted, -1, 0);
  tell (local, CR_LOG_COMMAND, safe);
  limit = step->limit > 0 ? step->limit : gate->limit_seconds;
  if (limit > 0)
    limit = MAX (limit, LEAST_SECONDS);
  cr_process_run_async ((const char *const *) step->argv, NULL, (const char *const *) env, local->directory, limit > 0 ? limit : LEAST_SECONDS * 5, CAP,
                        NULL, NULL, cancellable, ended_cb, g_steal_pointer (&task));
}

gboolean
cr_local_step_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
