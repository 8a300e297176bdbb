/* cr-prober.c: one HTTP question from this computer, the second, independent witness beside the probe in the pod
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plain GET only (facts: reliability H1-H8): no redirects, cookies, authentication, cache, decoder or sniffer; TLS verified by the system's
 * roots, and nothing here ever accepts a certificate; one time limit over the whole answer, because libsoup's own is per read; at most 1 MiB of
 * body; Content-Length, where there is one, must be true; loopback is never sent to a proxy. What comes out has the same lines as the probe
 * program of the plan prints, so that one reader serves both. */
#include "config.h"
#include "cr-transport.h"
#include "cr-canonical.h"
#include "cr-json.h"
#include "cr-text.h"
#include <libsoup/soup.h>
#include <string.h>

#define ASK_SECONDS 10          /* one question and its whole answer, as in the pod */
#define POLL_PAUSE_MS 500
#define BODY_MAX (1024 * 1024)  /* bytes; one more is read to know that there was more */
#define TOKEN_SECONDS 60
#define TOKEN_MAX 65536

struct _CrProber {
  GObject      parent_instance;
  CrRedactor  *redactor;   /* (owned) */
  CrClock     *clock;      /* (owned) */
  SoupSession *session;    /* (owned): uses the system's proxies */
  SoupSession *straight;   /* (owned): uses none, for loopback */
  char        *token;      /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (CrProber, cr_prober, G_TYPE_OBJECT)

typedef struct {
  CrCaptureSet *captures;      /* (owned) */
  CrCall       *call;          /* (owned) until added */
  CrCapture    *capture;       /* (owned) until added */
  char         *url;           /* (owned) */
  GUri         *uri;           /* (owned) */
  char         *token;         /* (owned) (nullable) */
  GStrv         token_argv;    /* (owned) (nullable) */
  gboolean      loopback;
  guint         limit;         /* seconds for everything, 0: no limit of its own */
  gint64        poll_until;    /* boot time in microseconds; 0: ask once */
  gint64        give_up;       /* boot time in microseconds; 0: none */
  gint64        began;         /* monotonic */
  /* the question in progress */
  guint         asked;
  SoupMessage  *message;       /* (owned) (nullable) */
  GInputStream *stream;        /* (owned) (nullable) */
  GByteArray   *body;          /* (owned) */
  GCancellable *asking;        /* (owned) */
  GSource      *deadline;      /* (owned) (nullable) */
  gulong        cancel_id;
  gboolean      late;
  int           status;        /* 0: no answer */
  char         *reason, *why;  /* (owned) (nullable): why there was none */
} Probe;

static void
forget (char **secret)
{
  if (*secret != NULL)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

static void
probe_free (gpointer pointer)
{
  Probe *probe = pointer;

  if (probe->deadline != NULL) {
    g_source_destroy (probe->deadline);
    g_source_unref (probe->deadline);
  }
  g_clear_pointer (&probe->captures, cr_capture_set_unref);
  g_clear_pointer (&probe->call, cr_call_free);
  g_clear_pointer (&probe->capture, cr_capture_free);
  g_clear_pointer (&probe->uri, g_uri_unref);
  g_clear_pointer (&probe->token_argv, g_strfreev);
  g_clear_object (&probe->message);
  g_clear_object (&probe->stream);
  g_clear_object (&probe->asking);
  g_clear_pointer (&probe->body, g_byte_array_unref);
  forget (&probe->token);
  g_free (probe->url);
  g_free (probe->reason);
  g_free (probe->why);
  g_free (probe);
}

static void
cr_prober_dispose (GObject *object)
{
  CrProber *self = CR_PROBER (object);

  g_clear_object (&self->session);
  g_clear_object (&self->straight);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->redactor, cr_redactor_unref);
  forget (&self->token);
  G_OBJECT_CLASS (cr_prober_parent_class)->dispose (object);
}

static void
cr_prober_class_init (CrProberClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cr_prober_dispose;
}

static SoupSession *
new_session (void)
{
  SoupSession *session = soup_session_new_with_options ("user-agent", "cutover-rehearsal/" CR_VERSION, "accept-language-auto", FALSE, NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_SNIFFER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_COOKIE_JAR);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CACHE);
  return session;
}

static void
cr_prober_init (CrProber *self)
{
  self->session = new_session ();
  self->straight = new_session ();
  soup_session_set_proxy_resolver (self->straight, NULL);
}

CrProber *
cr_prober_new (CrRedactor *redactor, CrClock *clock)
{
  CrProber *self;

  g_return_val_if_fail (redactor != NULL && CR_IS_CLOCK (clock), NULL);
  self = g_object_new (CR_TYPE_PROBER, NULL);
  self->redactor = cr_redactor_ref (redactor);
  self->clock = g_object_ref (clock);
  return self;
}

/* A token is one word; anything else would end up in a header as something else */
static gboolean
is_token (const char *token)
{
  gsize length = strlen (token);

  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isgraph (token[i]))
      return FALSE;
  }
  return length > 0 && length < TOKEN_MAX;
}

void
cr_prober_set_token (CrProber *self, const char *token)
{
  g_return_if_fail (CR_IS_PROBER (self));
  forget (&self->token);
  if (token != NULL && is_token (token)) {
    self->token = g_strdup (token);
    cr_redactor_add_known (self->redactor, token);
  }
}

static gboolean
is_loopback (const char *host)
{
  g_autoptr(GInetAddress) address = g_inet_address_new_from_string (host);

  return address != NULL ? g_inet_address_get_is_loopback (address)
                         : g_ascii_strcasecmp (host, "localhost") == 0 || g_str_has_suffix (host, ".localhost");
}

static void
say (GString *out, const char *key, const char *value)
{
  g_autofree char *shown = cr_text_display_line (value != NULL ? value : "", -1, 4096);

  g_string_append_printf (out, "%s=%s\n", key, shown);
}

static const char *
header (Probe *probe, const char *name)
{
  return probe->status != 0 ? soup_message_headers_get_one (soup_message_get_response_headers (probe->message), name) : NULL;
}

/* (transfer full): the body as JSON, if it is an object */
static CrJsonDoc *
parse_object (Probe *probe)
{
  CrJsonDoc *doc = probe->body->len > 0 ? cr_json_parse ((const char *) probe->body->data, (gssize) probe->body->len, CR_JSON_PYTHON, NULL) : NULL;

  if (doc != NULL && cr_json_node_type (cr_json_doc_root (doc)) != CR_JSON_OBJECT)
    g_clear_pointer (&doc, cr_json_doc_unref);
  return doc;
}

/* Everything that was learned becomes lines, a call and a capture; the task ends. */
static void
complete (GTask *task, CrOutcome outcome)
{
  CrProber *self = g_task_get_source_object (task);
  Probe *probe = g_task_get_task_data (task);
  CrCapture *capture = probe->capture;
  CrCall *call = probe->call;
  g_autoptr(CrJsonDoc) doc = probe->status != 0 ? parse_object (probe) : NULL;
  g_autoptr(GString) out = g_string_new (NULL);
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, probe->body->data, probe->body->len);
  g_autofree char *base64 = g_base64_encode (probe->body->data, MIN (probe->body->len, BODY_MAX));
  g_autofree char *shown_url = cr_redactor_text (self->redactor, probe->url, NULL);
  g_autoptr(GBytes) raw = NULL;
  guint redactions = 0;

  capture->ended_us = call->received_us = cr_clock_now (self->clock);
  call->duration_us = cr_clock_monotonic (self->clock) - probe->began;
  if (outcome == CR_OUTCOME_COMPLETED) {
    say (out, "URL", probe->url);
    g_string_append_printf (out, "ASKED=%u\nNOW=%" G_GINT64_FORMAT "\nHTTP_CODE=%d\n", probe->asked, cr_clock_seconds (self->clock), probe->status);
    if (probe->status == 0)
      say (out, "NO_ANSWER", probe->why);
    say (out, "DATE", header (probe, "Date"));
    say (out, "CONTENT_TYPE", header (probe, "Content-Type"));
    say (out, "LOCATION", header (probe, "Location"));
    g_string_append_printf (out, "BODY_LEN=%u\nBODY_SHA256=%s\n", probe->body->len, sum);
    if (doc != NULL) {
      g_autofree char *hash = cr_canonical_hash ((const char *) probe->body->data, (gssize) probe->body->len, CR_CANONICAL_MASK, NULL);

      if (hash != NULL)
        say (out, "CANON_HASH", hash);
    }
    g_string_append_printf (out, "BODY_B64=%s\n", base64);
  }
  raw = g_bytes_new (out->str, out->len);
  g_bytes_unref (capture->out);
  capture->out = cr_redactor_bytes (self->redactor, raw, &redactions);
  capture->out_size = out->len;
  capture->redactions += redactions;
  if (redactions == 0)
    capture->out_sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, raw);
  if (g_bytes_get_size (capture->err) == 0)
    capture->err_sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, capture->err);
  capture->complete = outcome == CR_OUTCOME_COMPLETED;
  capture->outcome = call->outcome = outcome;
  capture->http_status = probe->status;
  capture->exit_code = outcome != CR_OUTCOME_COMPLETED ? -1 : probe->status != 0 ? 0 : 1;
  if (probe->reason != NULL) {
    g_autofree char *safe = cr_redactor_text (self->redactor, probe->why, NULL);
    g_autofree char *line = cr_text_display_line (safe, -1, 500);

    capture->reason = g_strdup (probe->reason);
    capture->message = g_strdup_printf ("%s: %s", shown_url, line);
    call->reason = g_strdup (capture->reason);
    call->message = g_strdup (capture->message);
  }
  cr_capture_set_add_call (probe->captures, g_steal_pointer (&probe->call));
  cr_capture_set_add (probe->captures, g_steal_pointer (&probe->capture));
  g_task_return_boolean (task, TRUE);
}

static void
note (Probe *probe, const char *reason, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
note (Probe *probe, const char *reason, const char *format, ...)
{
  va_list args;

  g_free (probe->reason);
  g_free (probe->why);
  va_start (args, format);
  probe->why = g_strdup_vprintf (format, args);
  va_end (args);
  probe->reason = g_strdup (reason);
}

static void ask (GTask *task_taken);
static void read_more (GTask *task_taken);

static gboolean
pause_over_cb (gpointer user_data)
{
  ask (g_object_ref (user_data));
  return G_SOURCE_REMOVE;
}

/* Lets go of the question; status, reason and body stay */
static void
end_question (GTask *task)
{
  Probe *probe = g_task_get_task_data (task);

  g_cancellable_disconnect (g_task_get_cancellable (task), probe->cancel_id);
  probe->cancel_id = 0;
  if (probe->deadline != NULL)
    g_source_destroy (probe->deadline);
  g_clear_pointer (&probe->deadline, g_source_unref);
  if (probe->stream != NULL)
    g_cancellable_cancel (probe->asking);  /* ends what a capped answer still sends */
  g_clear_object (&probe->stream);
}

static void
question_ended (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  CrProber *self = g_task_get_source_object (task);
  Probe *probe = g_task_get_task_data (task);
  gint64 now = cr_clock_boottime (self->clock);
  gboolean satisfied = FALSE;

  end_question (task);
  if (g_cancellable_is_cancelled (g_task_get_cancellable (task))) {
    probe->status = 0;
    note (probe, "stopped", "The operator stopped waiting for the answer.");
    complete (task, CR_OUTCOME_STOPPED);
    return;
  }
  if (probe->status == 200) {
    g_autoptr(CrJsonDoc) doc = parse_object (probe);
    const CrJsonNode *status = doc != NULL ? cr_json_node_member (cr_json_doc_root (doc), "status") : NULL;

    satisfied = status != NULL && cr_json_node_type (status) != CR_JSON_NULL;
  }
  if (!satisfied && now < probe->poll_until) {
    g_autoptr(GSource) pause = g_timeout_source_new (POLL_PAUSE_MS);

    g_source_set_callback (pause, pause_over_cb, g_object_ref (task), g_object_unref);
    g_source_attach (pause, g_main_context_get_thread_default ());
    return;
  }
  complete (task, CR_OUTCOME_COMPLETED);
}

static void
no_answer (GTask *task_taken, GError *error)
{
  Probe *probe = g_task_get_task_data (task_taken);

  probe->status = 0;
  g_byte_array_set_size (probe->body, 0);
  if (probe->late || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    note (probe, "time-limit", "No complete answer came in time. Check that the address can be reached from this computer.");
  else if (error->domain == G_TLS_ERROR)
    note (probe, "tls", "The server's certificate was not accepted (%s). Ask who runs the server; nothing was sent to it.", error->message);
  else
    note (probe, "network", "No answer (%s). Check that the address can be reached from this computer.", error->message);
  question_ended (task_taken);
}

/* Is what came as long as the answer said? Two different lengths are a lie in any case. */
static gboolean
length_is_true (Probe *probe)
{
  const char *list = soup_message_headers_get_list (soup_message_get_response_headers (probe->message), "Content-Length");
  g_auto(GStrv) values = NULL;

  if (list == NULL)
    return TRUE;
  values = g_strsplit (list, ",", -1);
  for (guint i = 0; values[i] != NULL; i++) {
    guint64 value = 0;

    if (!g_ascii_string_to_unsigned (g_strstrip (values[i]), 10, 0, G_MAXINT64, &value, NULL) || value != probe->body->len)
      return FALSE;
  }
  return TRUE;
}

static void
read_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Probe *probe = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source_object), result, &error);
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  if (bytes == NULL) {
    no_answer (g_steal_pointer (&task), error);
    return;
  }
  if (size > 0) {
    g_byte_array_append (probe->body, g_bytes_get_data (bytes, NULL), (guint) MIN (size, BODY_MAX + 1 - probe->body->len));
    if (probe->body->len <= BODY_MAX)
      read_more (g_steal_pointer (&task));
    else
      question_ended (g_steal_pointer (&task));
    return;
  }
  if (!length_is_true (probe)) {
    note (probe, "network", "The answer is %u bytes long, which is not what its Content-Length says; it was cut or tampered with.", probe->body->len);
    probe->status = 0;
    g_byte_array_set_size (probe->body, 0);
  }
  question_ended (g_steal_pointer (&task));
}

static void
read_more (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  Probe *probe = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (probe->stream, 65536, G_PRIORITY_DEFAULT, probe->asking, read_cb, g_object_ref (task));
}

static void
sent_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Probe *probe = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;

  probe->stream = soup_session_send_finish (SOUP_SESSION (source_object), result, &error);
  if (probe->stream == NULL) {
    no_answer (g_steal_pointer (&task), error);
    return;
  }
  probe->status = (int) soup_message_get_status (probe->message);
  g_clear_pointer (&probe->reason, g_free);
  g_clear_pointer (&probe->why, g_free);
  read_more (g_steal_pointer (&task));
}

static gboolean
late_cb (gpointer user_data)
{
  Probe *probe = user_data;

  probe->late = TRUE;
  g_cancellable_cancel (probe->asking);
  return G_SOURCE_REMOVE;
}

static void
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
ask (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  CrProber *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  Probe *probe = g_task_get_task_data (task);
  SoupMessageHeaders *headers;
  gint64 allowed = ASK_SECONDS * (gint64) G_USEC_PER_SEC;

  if (g_cancellable_is_cancelled (cancellable)) {
    question_ended (g_steal_pointer (&task));
    return;
  }
  if (probe->give_up > 0)
    allowed = CLAMP (probe->give_up - cr_clock_boottime (self->clock), 1000, allowed);
  probe->asked++;
  probe->status = 0;
  probe->late = FALSE;
  g_byte_array_set_size (probe->body, 0);
  g_clear_object (&probe->message);
  g_clear_object (&probe->asking);
  probe->asking = g_cancellable_new ();
  probe->message = soup_message_new_from_uri (SOUP_METHOD_GET, probe->uri);
  soup_message_add_flags (probe->message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_NEW_CONNECTION | SOUP_MESSAGE_DO_NOT_USE_AUTH_CACHE);
  headers = soup_message_get_request_headers (probe->message);
  soup_message_headers_replace (headers, "Accept", "application/json");
  soup_message_headers_replace (headers, "X-Actor-Id", "cutover-rehearsal");
  if (probe->token != NULL) {
    g_autofree char *value = g_strconcat ("Bearer ", probe->token, NULL);

    soup_message_headers_replace (headers, "Authorization", value);
    explicit_bzero (value, strlen (value));
  }
  probe->deadline = g_timeout_source_new ((guint) (allowed / 1000));
  g_source_set_callback (probe->deadline, late_cb, probe, NULL);
  g_source_attach (probe->deadline, g_main_context_get_thread_default ());
  if (cancellable != NULL)
    probe->cancel_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), g_object_ref (probe->asking), g_object_unref);
  soup_session_send_async (probe->loopback ? self->straight : self->session, probe->message, G_PRIORITY_DEFAULT, probe->asking, sent_cb,
                           g_object_ref (task));
}

/* Which way the question takes is part of the record */
static void
proxies_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  CrProber *self = g_task_get_source_object (task);
  Probe *probe = g_task_get_task_data (task);
  g_auto(GStrv) proxies = g_proxy_resolver_lookup_finish (G_PROXY_RESOLVER (source_object), result, NULL);

  if (proxies != NULL && proxies[0] != NULL && strcmp (proxies[0], "direct://") != 0) {
    g_autofree char *list = g_strjoinv (", ", proxies);
    g_autofree char *safe = cr_redactor_text (self->redactor, list, NULL);

    g_free (probe->call->transport);
    probe->call->transport = g_strdup_printf ("direct: GET from this computer, proxy %s", safe);
  }
  ask (g_steal_pointer (&task));
}

static void
find_way (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  Probe *probe = g_task_get_task_data (task);

  if (probe->loopback)
    ask (g_steal_pointer (&task));
  else
    g_proxy_resolver_lookup_async (g_proxy_resolver_get_default (), probe->url, g_task_get_cancellable (task), proxies_cb, g_object_ref (task));
}

static void
token_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  CrProber *self = g_task_get_source_object (task);
  Probe *probe = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrProcessResult) ended = cr_process_run_finish (result, &error);
  gsize length = 0;
  const char *out = ended != NULL ? g_bytes_get_data (ended->out, &length) : NULL;
  g_autofree char *token = NULL;

  if (ended != NULL && ended->stopped) {
    note (probe, "stopped", "The operator stopped waiting for the bearer token.");
    complete (task, CR_OUTCOME_STOPPED);
    return;
  }
  if (length > 0) {
    const char *end = memchr (out, '\n', length);

    token = g_strndup (out, end != NULL ? (gsize) (end - out) : length);
    g_strstrip (token);
    cr_redactor_add_known (self->redactor, token);  /* first of all: the command may say it on its error stream as well */
  }
  if (ended != NULL) {
    g_bytes_unref (probe->capture->err);
    probe->capture->err = cr_redactor_bytes (self->redactor, ended->err, &probe->capture->redactions);
    probe->capture->err_size = g_bytes_get_size (ended->err);
  }
  if (ended == NULL)
    note (probe, "token", "The command that prints the bearer token can't be started: %s", error->message);
  else if (ended->timed_out)
    note (probe, "token", "The command that prints the bearer token did not end within %d seconds.", TOKEN_SECONDS);
  else if (ended->exit_code != 0)
    note (probe, "token", "The command that prints the bearer token ended with %d. Run it by hand to see why.", ended->exit_code);
  else if (token == NULL || !is_token (token))
    note (probe, "token", "The command that prints the bearer token printed none on its first line.");
  if (probe->reason != NULL) {
    forget (&token);
    complete (task, CR_OUTCOME_NOT_STARTED);
    return;
  }
  probe->token = g_steal_pointer (&token);
  find_way (g_steal_pointer (&task));
}

/**
 * cr_prober_run_async:
 * @self: a prober
 * @gate: the gate, for names and limits
 * @step: a resolved step of kind DIRECT; not kept
 * @captures: gets one call of kind "direct" and one capture, whatever happens
 *
 * Asks once, or with poll_seconds again and again until 200 with a status. The capture's exit code is 0 if an HTTP answer came, whatever its status,
 * and 1 if none did, with the reason "network", "time-limit" or "tls"; -1 with "stopped", "token" or "arguments" where nothing can be said.
 */
void
cr_prober_run_async (CrProber *self, CrPlanGate *gate, CrPlanStep *step, CrCaptureSet *captures, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  Probe *probe = g_new0 (Probe, 1);
  g_autoptr(GError) error = NULL;
  const char *scheme;
  gint64 now;

  g_return_if_fail (CR_IS_PROBER (self) && gate != NULL && step != NULL && captures != NULL);
  g_task_set_source_tag (task, cr_prober_run_async);
  g_task_set_task_data (task, probe, probe_free);
  g_task_set_check_cancellable (task, FALSE);  /* a stopped probe has a result too */
  now = cr_clock_boottime (self->clock);
  probe->captures = cr_capture_set_ref (captures);
  probe->call = cr_call_new (gate->id, "direct");
  probe->call->transport = g_strdup ("direct: GET from this computer");
  probe->capture = cr_capture_new (gate->id, step->id, CR_STEP_DIRECT);
  probe->body = g_byte_array_new ();
  probe->url = g_strdup (step->url != NULL ? step->url : "");
  probe->token = g_strdup (self->token);
  probe->limit = step->limit > 0 ? step->limit : gate->limit_seconds;
  probe->give_up = probe->limit > 0 ? now + (gint64) probe->limit * G_USEC_PER_SEC : 0;
  probe->poll_until = step->poll_seconds > 0 ? now + (gint64) step->poll_seconds * G_USEC_PER_SEC : 0;
  if (probe->give_up > 0)
    probe->poll_until = MIN (probe->poll_until, probe->give_up);
  probe->began = cr_clock_monotonic (self->clock);
  probe->call->sent_us = probe->capture->started_us = cr_clock_now (self->clock);
  {
    g_autofree char *shown = cr_redactor_text (self->redactor, probe->url, NULL);
    const char *argv[] = { "GET", shown, NULL };

    probe->call->argv = g_strdupv ((char **) argv);
  }
  probe->uri = g_uri_parse (probe->url, SOUP_HTTP_URI_FLAGS, &error);
  scheme = probe->uri != NULL ? g_uri_get_scheme (probe->uri) : "";
  if (probe->uri == NULL || (strcmp (scheme, "http") != 0 && strcmp (scheme, "https") != 0) || g_uri_get_host (probe->uri) == NULL
      || *g_uri_get_host (probe->uri) == '\0' || strpbrk (g_uri_get_host (probe->uri), " \t\r\n\"'<>\\^`{|}") != NULL) {
    note (probe, "arguments", "This is no address of a web server; expected http://... or https://...%s%s", error != NULL ? ": " : "",
          error != NULL ? error->message : "");
    complete (task, CR_OUTCOME_NOT_STARTED);
    return;
  }
  probe->loopback = is_loopback (g_uri_get_host (probe->uri));
  if (probe->token == NULL && step->token_argv != NULL && step->token_argv[0] != NULL)
    cr_process_run_async ((const char *const *) step->token_argv, NULL, NULL, NULL, TOKEN_SECONDS, TOKEN_MAX, NULL, NULL, cancellable, token_cb,
                          g_object_ref (task));
  else
    find_way (g_steal_pointer (&task));
}

gboolean
cr_prober_run_finish (CrProber *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
