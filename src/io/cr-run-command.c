/* cr-run-command.c: one script to the jumpbox and one answer back
 *
 * First road: `az vm run-command invoke` submits and waits by itself. Second road, for an az that can't manage VMs (facts: azure 0.2, 5.4): one POST
 * through `az rest`, whose verbose output names the operation's address, then `az rest` asks that address until the operation has ended.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-run-command.h"
#include "cr-process.h"
#include "../core/cr-az.h"
#include "../core/cr-json.h"
#include "../core/cr-text.h"
#include <string.h>

#define CAP             (1024u * 1024u)  /* bytes of az's output: the answer has a few thousand */
#define REST_LIMIT      120u             /* seconds for one call of az rest; a cold start alone may take fifteen */
#define REST_HOST       "management.azure.com"
#define REST_FAILURES   3u               /* questions in a row that may get lost before we stop asking */
#define SURELY_POLLING  (10 * G_USEC_PER_SEC)  /* az asks for the result no earlier than so long after the request */

typedef struct {
  const CrRunCommandRoad *road;      /* (borrowed) */
  CrCall                 *call;      /* (borrowed) */
  GString                *err;       /* (owned): az's error output, redacted, of all calls */
  char                   *url;       /* (owned) (nullable): the operation's address, once accepted */
  guint                   failures;  /* in a row */
  guint                   polls;
  gint64                  deadline;  /* boot clock */
  gint64                  started;   /* monotonic */
} Exchange;

static void poll_operation (GTask *task_taken);

static void
exchange_free (Exchange *exchange)
{
  g_string_free (exchange->err, TRUE);
  g_free (exchange->url);
  g_free (exchange);
}

static gboolean
waited_cb (gpointer user_data)
{
  GTask *task = user_data;

  g_task_return_boolean (task, !g_cancellable_is_cancelled (g_task_get_cancellable (task)));
  return G_SOURCE_REMOVE;
}

void
cr_wait_async (guint seconds, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr(GSource) timer = seconds > 0 ? g_timeout_source_new_seconds (seconds) : g_idle_source_new ();

  g_task_set_check_cancellable (task, FALSE);
  if (cancellable != NULL) {
    g_autoptr(GSource) cancelled = g_cancellable_source_new (cancellable);
    g_source_set_dummy_callback (cancelled);
    g_source_add_child_source (timer, cancelled);
  }
  g_task_attach_source (task, timer, waited_cb);
}

gboolean
cr_wait_finish (GAsyncResult *result)
{
  return g_task_propagate_boolean (G_TASK (result), NULL);
}

static gboolean
is_name (const char *name)
{
  /* az reads a value that begins with @ as a file's name, and one that begins with - as an option (facts: reliability 0.9) */
  return name != NULL && *name != '\0' && *name != '@' && *name != '-' && g_utf8_validate (name, -1, NULL);
}

GStrv
cr_run_command_argv (const CrRunCommandRoad *road, GError **error)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  gboolean named = road->subscription != NULL && *road->subscription != '\0';

  if (!is_name (road->az) || !is_name (road->resource_group) || !is_name (road->vm) || (named && !is_name (road->subscription))) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Program, resource group, jumpbox VM and subscription must not be empty or begin with @ or -");
    return NULL;
  }
  g_ptr_array_add (argv, g_strdup (road->az));
  if (road->rest) {
    g_autofree char *group = g_uri_escape_string (road->resource_group, NULL, FALSE);
    g_autofree char *vm = g_uri_escape_string (road->vm, NULL, FALSE);
    g_ptr_array_add (argv, g_strdup ("rest"));
    g_ptr_array_add (argv, g_strdup ("--method"));
    g_ptr_array_add (argv, g_strdup ("post"));
    g_ptr_array_add (argv, g_strdup ("--url"));
    g_ptr_array_add (argv, g_strdup_printf ("https://" REST_HOST "/subscriptions/{subscriptionId}/resourceGroups/%s/providers/Microsoft.Compute"
                                            "/virtualMachines/%s/runCommand?api-version=2024-07-01", group, vm));
    g_ptr_array_add (argv, g_strdup ("--body"));
    g_ptr_array_add (argv, g_strdup ("@-"));
  } else {
    const char *const words[] = { "vm", "run-command", "invoke", "-g", road->resource_group, "-n", road->vm, "--command-id", "RunShellScript", "--scripts", "@-" };
    for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
      g_ptr_array_add (argv, g_strdup (words[i]));
  }
  if (named) {
    g_ptr_array_add (argv, g_strdup ("--subscription"));
    g_ptr_array_add (argv, g_strdup (road->subscription));
  }
  g_ptr_array_add (argv, g_strdup ("-o"));
  g_ptr_array_add (argv, g_strdup ("json"));
  g_ptr_array_add (argv, g_strdup (road->rest ? "--verbose" : "--only-show-errors"));  /* az takes only one of the two */
  g_ptr_array_add (argv, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&argv), FALSE);
}

/* (transfer full) (nullable): the line that says most: the last "ERROR: " of a traceback's sort, else the first line */
static char *
telling_line (const char *err)
{
  g_auto(GStrv) lines = g_strsplit (err, "\n", 0);
  const char *line = NULL;

  for (gsize i = 0; lines[i] != NULL; i++) {
    const char *text = g_str_has_prefix (lines[i], "ERROR: ") ? lines[i] + 7 : NULL;
    if (text == NULL || *text == '\0')
      continue;
    if (line == NULL || g_str_has_prefix (line, "The command failed with an unexpected error"))
      line = text;
  }
  for (gsize i = 0; line == NULL && lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0')
      line = lines[i];
  return line != NULL ? cr_text_display_line (line, -1, 300) : NULL;
}

char *
cr_run_command_explain (const char *err, const char *next)
{
  g_autofree char *line = err != NULL ? telling_line (err) : NULL;
  gboolean ended;

  if (line == NULL)
    return g_strdup (next);
  ended = g_str_has_suffix (line, ".") || g_str_has_suffix (line, "!") || g_str_has_suffix (line, "…");
  return g_strdup_printf ("az says: %s%s%s%s", line, ended ? "" : ".", next != NULL ? " " : "", next != NULL ? next : "");
}

static void
set_failure (CrCall *call, CrOutcome outcome, const char *reason, char *message_taken)
{
  call->outcome = outcome;
  g_free (call->reason);
  call->reason = g_strdup (reason);
  g_free (call->message);
  call->message = message_taken;
}

/* The call is over: its times and az's words go to where they are kept. */
static void
finish (GTask *task, char *message_taken)
{
  Exchange *exchange = g_task_get_task_data (task);
  CrCall *call = exchange->call;

  call->received_us = cr_clock_now (exchange->road->clock);
  call->duration_us = cr_clock_monotonic (exchange->road->clock) - exchange->started;
  g_free (call->az_stderr);
  call->az_stderr = exchange->err->len > 0 ? cr_text_display (exchange->err->str, (gssize) exchange->err->len) : NULL;
  g_task_return_pointer (task, message_taken, g_free);
}

/* Keeps what az said on stderr, redacted; of verbose output only what isn't chatter. */
static void
keep_err (Exchange *exchange, GBytes *err)
{
  g_autoptr(GBytes) redacted = cr_redactor_bytes (exchange->road->redactor, err, NULL);
  gsize size;
  const char *text = g_bytes_get_data (redacted, &size);
  const char *end = text + size;

  while (text < end) {
    const char *feed = memchr (text, '\n', (gsize) (end - text));
    gsize length = (gsize) ((feed != NULL ? feed : end) - text);
    gboolean chatter = (length >= 5 && memcmp (text, "INFO:", 5) == 0) || (length >= 6 && memcmp (text, "DEBUG:", 6) == 0);
    if (!chatter && length > 0 && exchange->err->len < 64 * 1024) {
      g_string_append_len (exchange->err, text, (gssize) MIN (length, 4096));
      g_string_append_c (exchange->err, '\n');
    }
    text += length + (feed != NULL ? 1 : 0);
  }
}

/* Did az itself bring no usable end? Then @call says so. */
static gboolean
ended_badly (Exchange *exchange, const CrProcessResult *result, gboolean accepted)
{
  CrCall *call = exchange->call;
  g_autofree char *err = NULL;
  CrAzFailure failure;

  call->az_exit_code = result->exit_code;
  if (result->stopped) {
    set_failure (call, CR_OUTCOME_STOPPED, "stopped",
                 g_strdup ("You stopped waiting. The script may still run on the jumpbox, for up to 90 minutes, and keeps it busy until it ends."));
    return TRUE;
  }
  if (result->timed_out) {
    set_failure (call, CR_OUTCOME_UNKNOWN, "time-limit", g_strdup ("az did not end within its time limit and was ended here. The script may still run on the jumpbox."));
    return TRUE;
  }
  if (result->overflow) {
    set_failure (call, CR_OUTCOME_UNKNOWN, "output-limit", g_strdup ("az printed more than a megabyte and was ended here. The script may still run on the jumpbox."));
    return TRUE;
  }
  if (result->exit_code == 0)
    return FALSE;

  err = g_strndup (g_bytes_get_data (result->err, NULL), g_bytes_get_size (result->err));
  cr_az_classify (result->signal != 0 ? 128 + result->signal : result->exit_code, err, TRUE, &failure);
  if (accepted)
    failure.outcome = CR_OUTCOME_UNKNOWN;
  else if (g_strcmp0 (failure.reason, "not-signed-in") == 0 && result->duration_us < SURELY_POLLING)
    failure.outcome = CR_OUTCOME_NOT_STARTED;  /* a sign-in is checked before the request */
  set_failure (call, failure.outcome, failure.reason, cr_run_command_explain (exchange->err->str, failure.next));
  return TRUE;
}

static void
spawn_failed (GTask *task, const GError *error)
{
  Exchange *exchange = g_task_get_task_data (task);

  set_failure (exchange->call, exchange->url != NULL ? CR_OUTCOME_UNKNOWN : CR_OUTCOME_NOT_STARTED, "az-missing",
               g_strdup_printf ("%s. Install the Azure CLI, or name it in the profile or with --az.", error->message));
  finish (task, NULL);
}

/* az's standard output is the answer: reads the message out of it. */
static void
read_answer (GTask *task, GBytes *out)
{
  Exchange *exchange = g_task_get_task_data (task);
  CrCall *call = exchange->call;
  g_autofree char *reason = NULL;
  g_autoptr(GError) error = NULL;
  gsize size;
  const char *text = g_bytes_get_data (out, &size);
  char *message = cr_az_message (text, size, &reason, &error);

  if (message == NULL) {
    set_failure (call, CR_OUTCOME_UNKNOWN, reason, g_strdup_printf ("%s. The script may have run.", error->message));
  } else {
    set_failure (call, CR_OUTCOME_COMPLETED, reason, NULL);
  }
  finish (task, message);
}

static void
run_az (GTask *task_taken, const char *const *argv, const char *input, guint limit, GAsyncReadyCallback callback)
{
  Exchange *exchange = g_task_get_task_data (task_taken);
  g_autoptr(GBytes) bytes = input != NULL ? g_bytes_new (input, strlen (input)) : NULL;
  g_auto(GStrv) env = cr_process_az_environ ();

  cr_process_run_async (argv, bytes, (const char *const *) env, exchange->road->directory, limit, CAP, NULL, NULL,
                        g_task_get_cancellable (task_taken), callback, task_taken);
}

/* --- first road --- */

static void
invoked_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrProcessResult) result = cr_process_run_finish (async, &error);

  if (result == NULL) {
    spawn_failed (task, error);
    return;
  }
  keep_err (exchange, result->err);
  if (ended_badly (exchange, result, FALSE))
    finish (task, NULL);
  else
    read_answer (task, result->out);
}

/* --- second road --- */

/* (transfer full) (nullable): the value of a header as --verbose prints it: INFO:     'Name': 'value' */
static char *
verbose_header (GBytes *err, const char *name)
{
  g_autofree char *start = g_strdup_printf ("'%s': '", name);
  g_autofree char *text = g_strndup (g_bytes_get_data (err, NULL), g_bytes_get_size (err));
  g_auto(GStrv) lines = g_strsplit (text, "\n", 0);

  for (gsize i = 0; lines[i] != NULL; i++) {
    char *line = lines[i];
    gsize length;
    if (!g_str_has_prefix (line, "INFO:"))
      continue;
    line = g_strstrip (line + 5);
    length = strlen (line);
    if (g_ascii_strncasecmp (line, start, strlen (start)) == 0 && length > strlen (start) && line[length - 1] == '\'')
      return g_strndup (line + strlen (start), length - strlen (start) - 1);
  }
  return NULL;
}

/* az adds the user's token to what it asks: only the one host gets it */
static gboolean
is_operation_url (const char *url)
{
  g_autoptr(GUri) uri = strlen (url) <= 4096 ? g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL) : NULL;

  return uri != NULL && g_strcmp0 (g_uri_get_scheme (uri), "https") == 0 && g_uri_get_userinfo (uri) == NULL &&
         g_strcmp0 (g_uri_get_host (uri), REST_HOST) == 0 && (g_uri_get_port (uri) == -1 || g_uri_get_port (uri) == 443) &&
         g_str_has_prefix (g_uri_get_path (uri), "/subscriptions/");
}

static void
poll_again_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Exchange *exchange = g_task_get_task_data (task);

  if (!cr_wait_finish (async)) {
    CrProcessResult stopped = { .exit_code = exchange->call->az_exit_code, .stopped = TRUE };
    ended_badly (exchange, &stopped, TRUE);
    finish (task, NULL);
    return;
  }
  poll_operation (g_steal_pointer (&task));
}

static void
poll_later (GTask *task_taken)
{
  Exchange *exchange = g_task_get_task_data (task_taken);

  if (cr_clock_boottime (exchange->road->clock) >= exchange->deadline) {
    g_autoptr(GTask) task = task_taken;
    CrProcessResult late = { .exit_code = exchange->call->az_exit_code, .timed_out = TRUE };
    ended_badly (exchange, &late, TRUE);
    finish (task, NULL);
    return;
  }
  exchange->polls++;
  cr_wait_async (MIN (exchange->polls, exchange->road->poll_seconds), g_task_get_cancellable (task_taken), poll_again_cb, task_taken);
}

/* {"status": "Failed", "error": {...}} */
static void
operation_failed (GTask *task, const CrJsonNode *root, const char *status)
{
  Exchange *exchange = g_task_get_task_data (task);
  const CrJsonNode *node = cr_json_node_member (root, "error");
  const char *code = cr_json_node_get_string (node, "code");
  const char *text = cr_json_node_get_string (node, "message");
  g_autofree char *err = g_strdup_printf ("ERROR: (%s) %s\n", code != NULL ? code : status, text != NULL ? text : "The operation did not succeed.");
  g_autofree char *redacted = cr_redactor_text (exchange->road->redactor, err, NULL);
  CrAzFailure failure;

  cr_az_classify (1, err, TRUE, &failure);
  g_string_append (exchange->err, redacted);
  set_failure (exchange->call, CR_OUTCOME_UNKNOWN, failure.reason, cr_run_command_explain (redacted, failure.next));
  finish (task, NULL);
}

static void
polled_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrProcessResult) result = cr_process_run_finish (async, &error);
  g_autoptr(CrJsonDoc) doc = NULL;
  const char *text, *status;
  gsize size;

  if (result == NULL) {
    spawn_failed (task, error);
    return;
  }
  keep_err (exchange, result->err);
  if (ended_badly (exchange, result, TRUE)) {
    if (exchange->call->outcome == CR_OUTCOME_STOPPED || ++exchange->failures >= REST_FAILURES)
      finish (task, NULL);
    else
      poll_later (g_steal_pointer (&task));  /* the operation doesn't depend on our asking */
    return;
  }
  exchange->failures = 0;
  text = g_bytes_get_data (result->out, &size);
  if (size == 0) {  /* 202 without a body: not yet */
    poll_later (g_steal_pointer (&task));
    return;
  }
  doc = cr_json_parse (text, (gssize) size, CR_JSON_STRICT, NULL);
  status = doc != NULL ? cr_json_node_get_string (cr_json_doc_root (doc), "status") : NULL;
  if (status == NULL || g_ascii_strcasecmp (status, "Succeeded") == 0)
    read_answer (task, result->out);
  else if (g_ascii_strcasecmp (status, "Failed") == 0 || g_ascii_strcasecmp (status, "Canceled") == 0)
    operation_failed (task, cr_json_doc_root (doc), status);
  else
    poll_later (g_steal_pointer (&task));
}

static void
poll_operation (GTask *task_taken)
{
  Exchange *exchange = g_task_get_task_data (task_taken);
  const char *subscription = exchange->road->subscription;
  gboolean named = subscription != NULL && *subscription != '\0';
  const char *argv[] = { exchange->road->az, "rest", "--method", "get", "--url", exchange->url, "-o", "json", "--only-show-errors",
                         named ? "--subscription" : NULL, subscription, NULL };

  run_az (task_taken, argv, NULL, REST_LIMIT, polled_cb);
}

static void
posted_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Exchange *exchange = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrProcessResult) result = cr_process_run_finish (async, &error);
  g_autofree char *url = NULL;

  if (result == NULL) {
    spawn_failed (task, error);
    return;
  }
  keep_err (exchange, result->err);
  if (ended_badly (exchange, result, FALSE)) {
    finish (task, NULL);
    return;
  }
  url = verbose_header (result->err, "Azure-AsyncOperation");
  if (url == NULL)
    url = verbose_header (result->err, "Location");
  if (url == NULL || !is_operation_url (url)) {
    set_failure (exchange->call, CR_OUTCOME_UNKNOWN, "no-operation",
                 g_strdup ("Azure took the request, and az rest did not tell where its result is to be found."));
    finish (task, NULL);
    return;
  }
  exchange->url = g_steal_pointer (&url);
  poll_operation (g_steal_pointer (&task));
}

void
cr_run_command_async (const CrRunCommandRoad *road, CrCall *call, guint limit_seconds, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Exchange *exchange = g_new0 (Exchange, 1);

  g_return_if_fail (road != NULL && call != NULL && call->argv != NULL && call->script != NULL);

  g_task_set_check_cancellable (task, FALSE);
  exchange->road = road;
  exchange->call = call;
  exchange->err = g_string_new (NULL);
  exchange->started = cr_clock_monotonic (road->clock);
  exchange->deadline = cr_clock_boottime (road->clock) + (gint64) limit_seconds * G_USEC_PER_SEC;
  g_task_set_task_data (task, exchange, (GDestroyNotify) exchange_free);
  call->sent_us = cr_clock_now (road->clock);
  g_free (call->transport);
  if (road->rest) {
    g_autoptr(GString) body = g_string_new ("{\"commandId\":\"RunShellScript\",\"script\":[");
    call->transport = g_strdup ("jumpbox: az rest (this az cannot manage VMs)");
    cr_json_append_string (body, call->script, -1);
    g_string_append (body, "]}");
    run_az (g_steal_pointer (&task), (const char *const *) call->argv, body->str, REST_LIMIT, posted_cb);
  } else {
    call->transport = g_strdup ("jumpbox: az vm run-command invoke");
    run_az (g_steal_pointer (&task), (const char *const *) call->argv, call->script, limit_seconds, invoked_cb);
  }
}

char *
cr_run_command_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
