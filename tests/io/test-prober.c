/* test-prober.c: one question over HTTP, and everything that must not happen on the way
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>
#include <string.h>
#include "cr-json.h"
#include "cr-transport.h"

#define BODY "{\"tx_id\": \"tx-pay-1\", \"status\": \"SETTLED\", \"amount\": \"100.00\", \"event_time\": \"2026-02-24T17:13:50+00:00\", \"data_lag_sec\": 3, " \
             "\"note\": \"\\ud55c\\u00e9\", \"n\": 1.50, \"b\": [1, 2.0, 1e3]}"

typedef struct {
  SoupServer     *server;      /* for well-behaved answers */
  char           *base;        /* "http://127.0.0.1:PORT" */
  guint           requests;
  char           *headers;     /* of the last request: "Name: value\n"... */
  GSocketService *raw;         /* sends exactly @raw_answer, or goes on for ever */
  const char     *raw_answer;
  gboolean        raw_forever;
  gboolean        raw_silent;
  GPtrArray      *connections; /* kept open */
  char           *raw_base;
  CrRedactor     *redactor;
  CrProber       *prober;
  CrCaptureSet   *captures;
  CrPlanGate      gate;
  CrPlanStep      step;
} Fixture;

static void
header_cb (const char *name, const char *value, gpointer user_data)
{
  g_string_append_printf (user_data, "%s: %s\n", name, value);
}

static void
answer_cb (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer user_data)
{
  Fixture *fixture = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  GString *seen = g_string_new (NULL);
  const char *body = "{\"detail\": \"tx_id not found\"}", *type = "application/json";
  guint status = 404;

  fixture->requests++;
  soup_message_headers_foreach (soup_server_message_get_request_headers (message), header_cb, seen);
  g_free (fixture->headers);
  fixture->headers = g_string_free (seen, FALSE);
  if (g_str_equal (path, "/ok")) {
    status = 200;
    body = BODY;
  } else if (g_str_equal (path, "/html")) {
    status = 200;
    body = "<html>login</html>";
    type = "text/html; charset=utf-8";
  } else if (g_str_equal (path, "/array")) {
    status = 200;
    body = "[1, 2]";
  } else if (g_str_equal (path, "/empty")) {
    status = 200;
    body = "";
  } else if (g_str_equal (path, "/redirect")) {
    status = 302;
    body = "";
    soup_message_headers_append (headers, "Location", "/ok");
  } else if (g_str_equal (path, "/cookie")) {
    soup_message_headers_append (headers, "Set-Cookie", "session=abcdefgh; Path=/");
  } else if (g_str_equal (path, "/auth")) {
    status = 401;
    soup_message_headers_append (headers, "WWW-Authenticate", "Basic realm=\"x\"");
  } else if (g_str_equal (path, "/gzip")) {
    status = 200;
    body = "\x1f\x8b not really";
    soup_message_headers_append (headers, "Content-Encoding", "gzip");
  } else if (g_str_equal (path, "/later")) {
    status = fixture->requests < 3 ? 404 : 200;
    body = fixture->requests < 3 ? body : fixture->requests < 4 ? "{\"status\": null}" : BODY;
  } else if (g_str_equal (path, "/echo")) {
    status = 200;
    body = fixture->headers;
  }
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, type, SOUP_MEMORY_COPY, body, strlen (body));
}

/* Goes on sending until the other side has gone */
static void
more_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  static const char dots[8192] = { '.' };
  g_autoptr(GOutputStream) stream = G_OUTPUT_STREAM (user_data);

  if (g_output_stream_write_finish (stream, result, NULL) > 0)
    g_output_stream_write_async (stream, dots, sizeof dots, G_PRIORITY_LOW, NULL, more_cb, g_object_ref (stream));
}

static void
request_read_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source_object), result, NULL);
  GSocketConnection *connection = g_object_get_data (source_object, "connection");
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  fixture->requests++;
  if (bytes == NULL || fixture->raw_silent)
    return;
  g_output_stream_write_all (stream, fixture->raw_answer, strlen (fixture->raw_answer), NULL, NULL, NULL);
  if (fixture->raw_forever)
    g_output_stream_write_async (stream, " ", 1, G_PRIORITY_LOW, NULL, more_cb, g_object_ref (stream));
  else
    g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
}

static gboolean
incoming_cb (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
  Fixture *fixture = user_data;
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  g_ptr_array_add (fixture->connections, g_object_ref (connection));
  g_object_set_data (G_OBJECT (stream), "connection", connection);
  g_input_stream_read_bytes_async (stream, 8192, G_PRIORITY_DEFAULT, NULL, request_read_cb, fixture);
  return TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrClock) clock = cr_clock_new ();
  g_autoptr(GError) error = NULL;
  GSList *uris;
  guint16 port;

  fixture->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (fixture->server, NULL, answer_cb, fixture, NULL);
  g_assert_true (soup_server_listen_local (fixture->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  uris = soup_server_get_uris (fixture->server);
  fixture->base = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  fixture->raw = g_socket_service_new ();
  port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (fixture->raw), NULL, &error);
  g_assert_no_error (error);
  fixture->raw_base = g_strdup_printf ("http://127.0.0.1:%u", port);
  fixture->connections = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (fixture->raw, "incoming", G_CALLBACK (incoming_cb), fixture);
  g_socket_service_start (fixture->raw);
  fixture->redactor = cr_redactor_new ();
  fixture->prober = cr_prober_new (fixture->redactor, clock);
  fixture->captures = cr_capture_set_new ();
  fixture->gate.id = (char *) "smoke";
  fixture->gate.limit_seconds = 30;
  fixture->step.id = (char *) "direct-200";
  fixture->step.where = CR_STEP_DIRECT;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->prober);
  g_socket_service_stop (fixture->raw);
  g_socket_listener_close (G_SOCKET_LISTENER (fixture->raw));
  for (guint i = 0; i < fixture->connections->len; i++)
    g_io_stream_close (fixture->connections->pdata[i], NULL, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_ptr_array_unref (fixture->connections);
  g_object_unref (fixture->raw);
  soup_server_disconnect (fixture->server);
  g_object_unref (fixture->server);
  cr_redactor_unref (fixture->redactor);
  cr_capture_set_unref (fixture->captures);
  g_free (fixture->base);
  g_free (fixture->raw_base);
  g_free (fixture->headers);
}

static void
ended_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Asks @base/@path; borrowed until the next question */
static CrCapture *
probe (Fixture *fixture, const char *base, const char *path, GCancellable *cancellable)
{
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *url = g_strconcat (base, path, NULL);
  CrCapture *capture;
  CrCall *call;

  cr_capture_set_unref (fixture->captures);
  fixture->captures = cr_capture_set_new ();
  fixture->requests = 0;
  fixture->step.url = url;
  cr_prober_run_async (fixture->prober, &fixture->gate, &fixture->step, fixture->captures, cancellable, ended_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (cr_prober_run_finish (fixture->prober, result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fixture->captures->calls->len, ==, 1);
  g_assert_cmpuint (fixture->captures->captures->len, ==, 1);
  call = cr_capture_set_find_call (fixture->captures, "smoke", "direct");
  capture = cr_capture_set_find (fixture->captures, "smoke", "direct-200");
  g_assert_nonnull (call);
  g_assert_nonnull (capture);
  g_assert_cmpint (capture->where, ==, CR_STEP_DIRECT);
  g_assert_cmpint (call->outcome, ==, capture->outcome);
  g_assert_cmpstr (call->reason, ==, capture->reason);
  g_assert_cmpint (capture->ended_us, >=, capture->started_us);
  return capture;
}

/* (transfer full) (nullable): the value of the one line "KEY=" */
static char *
fact (CrCapture *capture, const char *key)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (capture->out, NULL), g_bytes_get_size (capture->out));
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  char *value = NULL;

  for (guint i = 0; lines[i] != NULL; i++) {
    if (g_str_has_prefix (lines[i], key) && lines[i][strlen (key)] == '=') {
      g_assert_null (value);
      value = g_strdup (lines[i] + strlen (key) + 1);
    }
  }
  return value;
}

static void
assert_fact (CrCapture *capture, const char *key, const char *expected)
{
  g_autofree char *value = fact (capture, key);

  g_assert_cmpstr (value, ==, expected);
}

static void
assert_no_answer (CrCapture *capture, const char *reason)
{
  g_autofree char *why = fact (capture, "NO_ANSWER");

  g_assert_cmpint (capture->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_cmpint (capture->exit_code, ==, 1);
  g_assert_cmpint (capture->http_status, ==, 0);
  g_assert_cmpstr (capture->reason, ==, reason);
  g_assert_nonnull (capture->message);
  g_assert_nonnull (why);
  assert_fact (capture, "HTTP_CODE", "0");
  assert_fact (capture, "BODY_LEN", "0");
  assert_fact (capture, "BODY_B64", "");
}

static char *
program_of_plan (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("CR_DATA_DIR"), "plans", "e2-3-reload-cutover.json", NULL), *text = NULL;
  g_autoptr(CrJsonDoc) doc = NULL;
  const CrJsonNode *program;
  GString *out = g_string_new (NULL);
  gsize length;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  doc = cr_json_parse (text, (gssize) length, CR_JSON_PYTHON, NULL);
  program = cr_json_node_member (cr_json_node_member (cr_json_doc_root (doc), "programs"), "probe");
  if (cr_json_node_type (program) == CR_JSON_STRING)
    g_string_append (out, cr_json_node_string (program, NULL));
  for (gsize i = 0; i < cr_json_node_size (program); i++)
    g_string_append_printf (out, "%s%s", i > 0 ? "\n" : "", cr_json_node_string (cr_json_node_at (program, i), NULL));
  return g_string_free (out, FALSE);
}

/* The probe that runs in the pod, asked the same, prints the same lines. It is the standard that ours is measured by. */
static void
test_same_as_in_pod (Fixture *fixture, gconstpointer data)
{
  static const char *const paths[] = { "/ok", "/missing", "/html", "/array", "/empty", "/redirect", "/auth", "/gzip" };
  g_autofree char *program = program_of_plan ();

  if (!g_file_test ("/usr/bin/python3", G_FILE_TEST_IS_EXECUTABLE)) {
    g_test_skip ("/usr/bin/python3 is not installed");
    return;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    CrCapture *capture = probe (fixture, fixture->base, paths[i], NULL);
    g_autofree char *ours = g_strndup (g_bytes_get_data (capture->out, NULL), g_bytes_get_size (capture->out)), *url = g_strconcat (fixture->base, paths[i], NULL);
    g_autoptr(GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL, "/usr/bin/python3", "-c", program, "200", "0", url, "-", NULL);
    g_autoptr(GAsyncResult) result = NULL;
    g_autofree char *theirs = NULL;
    g_autoptr(GRegex) moment = g_regex_new ("^(NOW|DATE)=.*$", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *a = NULL, *b = NULL;

    g_subprocess_communicate_utf8_async (child, NULL, NULL, ended_cb, &result);
    while (result == NULL)
      g_main_context_iteration (NULL, TRUE);
    g_assert_true (g_subprocess_communicate_utf8_finish (child, result, &theirs, NULL, NULL));
    a = g_regex_replace_literal (moment, ours, -1, 0, "\\1", 0, NULL);
    b = g_regex_replace_literal (moment, theirs, -1, 0, "\\1", 0, NULL);
    g_assert_cmpstr (a, ==, b);
    g_assert_cmpint (capture->exit_code, ==, 0);  /* an answer came, whatever it says */
    g_assert_cmpint (capture->outcome, ==, CR_OUTCOME_COMPLETED);
    g_assert_true (capture->complete);
    g_assert_null (capture->reason);
  }
}

static void
test_date_and_now (Fixture *fixture, gconstpointer data)
{
  CrCapture *capture = probe (fixture, fixture->base, "/ok", NULL);
  g_autofree char *now = fact (capture, "NOW"), *date = fact (capture, "DATE");
  gint64 seconds = 0, sent = 0;

  g_assert_true (g_ascii_string_to_signed (now, 10, 0, G_MAXINT64, &seconds, NULL));
  g_assert_true (cr_http_date_parse (date, &sent, NULL));
  g_assert_cmpint (ABS (seconds - sent), <=, 60);
  g_assert_cmpint (ABS (capture->ended_us / G_USEC_PER_SEC - seconds), <=, 60);
}

static void
test_no_redirect (Fixture *fixture, gconstpointer data)
{
  CrCapture *capture = probe (fixture, fixture->base, "/redirect", NULL);

  g_assert_cmpint (capture->http_status, ==, 302);
  assert_fact (capture, "LOCATION", "/ok");
  g_assert_cmpuint (fixture->requests, ==, 1);
}

static void
test_plain_get (Fixture *fixture, gconstpointer data)
{
  probe (fixture, fixture->base, "/cookie", NULL);
  probe (fixture, fixture->base, "/ok", NULL);
  g_assert_null (strstr (fixture->headers, "Cookie"));
  g_assert_null (strstr (fixture->headers, "Accept-Encoding"));
  g_assert_null (strstr (fixture->headers, "Authorization"));
  g_assert_null (strstr (fixture->headers, "Referer"));
  g_assert_nonnull (strstr (fixture->headers, "Accept: application/json\n"));
  g_assert_nonnull (strstr (fixture->headers, "X-Actor-Id: cutover-rehearsal\n"));
  g_assert_cmpint (probe (fixture, fixture->base, "/auth", NULL)->http_status, ==, 401);
  g_assert_cmpuint (fixture->requests, ==, 1);
}

static void
test_lengths (Fixture *fixture, gconstpointer data)
{
  static const struct { const char *answer; const char *reason; int status; const char *length; } table[] = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", NULL, 200, "2" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "network", 0, "0" },                                        /* cut */
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n{}", "network", 0, "0" },                   /* two truths */
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", NULL, 200, "2" },
    { "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", "network", 0, "0" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\n{}", "network", 0, "0" },
    { "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":1}", NULL, 200, "7" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", NULL, 200, "2" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", "network", 0, "0" },                          /* cut inside a chunk */
    { "not HTTP at all\r\n\r\n", "network", 0, "0" },
    { "", "network", 0, "0" },
    { "HTTP/1.1 200", "network", 0, "0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    CrCapture *capture;

    fixture->raw_answer = table[i].answer;
    capture = probe (fixture, fixture->raw_base, "/x", NULL);
    g_test_message ("%zu: %d %s", i, capture->http_status, capture->message != NULL ? capture->message : "");
    g_assert_cmpint (capture->http_status, ==, table[i].status);
    g_assert_cmpstr (capture->reason, ==, table[i].reason);
    assert_fact (capture, "BODY_LEN", table[i].length);
    if (table[i].reason != NULL)
      assert_no_answer (capture, table[i].reason);
  }
}

/* A chunked body that ends at a chunk's border is taken for complete by libsoup: then it must not look like a JSON object */
static void
test_cut_chunks (Fixture *fixture, gconstpointer data)
{
  CrCapture *capture;

  fixture->raw_answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"status\":\"SETT\r\n";
  capture = probe (fixture, fixture->raw_base, "/x", NULL);
  assert_fact (capture, "CANON_HASH", NULL);
}

static void
test_flood (Fixture *fixture, gconstpointer data)
{
  CrCapture *capture;
  g_autofree char *base64 = NULL;

  fixture->raw_answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  fixture->raw_forever = TRUE;
  capture = probe (fixture, fixture->raw_base, "/x", NULL);
  g_assert_cmpint (capture->http_status, ==, 200);
  assert_fact (capture, "BODY_LEN", "1048577");  /* "more than 1 MiB", as the probe in the pod says it */
  base64 = fact (capture, "BODY_B64");
  g_assert_cmpuint (strlen (base64), ==, (1048576 + 2) / 3 * 4);
}

/* An answer that never begins, and one that never ends, both end with the limit */
static void
test_deadline (Fixture *fixture, gconstpointer data)
{
  fixture->step.limit = 1;
  fixture->raw_silent = TRUE;
  assert_no_answer (probe (fixture, fixture->raw_base, "/x", NULL), "time-limit");
}

static void
never_closed_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  GSocketConnection *connection = g_object_get_data (source_object, "connection");
  g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source_object), result, NULL);

  if (bytes != NULL)
    g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), fixture->raw_answer, strlen (fixture->raw_answer), NULL, NULL, NULL);
}

static gboolean
half_answer_cb (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
  Fixture *fixture = user_data;
  GInputStream *stream = g_io_stream_get_input_stream (G_IO_STREAM (connection));

  g_ptr_array_add (fixture->connections, g_object_ref (connection));
  g_object_set_data (G_OBJECT (stream), "connection", connection);
  g_input_stream_read_bytes_async (stream, 8192, G_PRIORITY_DEFAULT, NULL, never_closed_cb, fixture);
  return TRUE;
}

static void
test_half_answer (Fixture *fixture, gconstpointer data)
{
  fixture->step.limit = 1;
  fixture->raw_answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":";
  g_signal_handlers_disconnect_by_func (fixture->raw, G_CALLBACK (incoming_cb), fixture);
  g_signal_connect (fixture->raw, "incoming", G_CALLBACK (half_answer_cb), fixture);
  assert_no_answer (probe (fixture, fixture->raw_base, "/x", NULL), "time-limit");
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_socket_service_stop (fixture->raw);
  g_socket_listener_close (G_SOCKET_LISTENER (fixture->raw));
  assert_no_answer (probe (fixture, fixture->raw_base, "/x", NULL), "network");
}

static gboolean
cancel_cb (gpointer user_data)
{
  Fixture *fixture = g_object_get_data (user_data, "fixture");

  if (fixture->requests == 0)
    return G_SOURCE_CONTINUE;
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

static void
test_stopped (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  CrCapture *capture;

  fixture->raw_silent = TRUE;
  g_object_set_data (G_OBJECT (cancellable), "fixture", fixture);
  g_idle_add (cancel_cb, cancellable);
  capture = probe (fixture, fixture->raw_base, "/x", cancellable);
  g_assert_cmpint (capture->outcome, ==, CR_OUTCOME_STOPPED);
  g_assert_cmpint (capture->exit_code, ==, -1);
  g_assert_cmpstr (capture->reason, ==, "stopped");
  g_assert_cmpuint (g_bytes_get_size (capture->out), ==, 0);
  capture = probe (fixture, fixture->raw_base, "/x", cancellable);  /* stopped before it began */
  g_assert_cmpint (capture->outcome, ==, CR_OUTCOME_STOPPED);
  g_assert_cmpuint (fixture->requests, ==, 0);
}

static void
test_poll (Fixture *fixture, gconstpointer data)
{
  CrCapture *capture;

  fixture->step.poll_seconds = 25;
  capture = probe (fixture, fixture->base, "/later", NULL);
  assert_fact (capture, "ASKED", "4");  /* 404, 404, 200 with a null status, 200 */
  g_assert_cmpint (capture->http_status, ==, 200);
  g_assert_cmpuint (fixture->requests, ==, 4);
  fixture->step.poll_seconds = 1;
  capture = probe (fixture, fixture->base, "/missing", NULL);
  g_assert_cmpint (capture->http_status, ==, 404);
  g_assert_cmpuint (fixture->requests, >=, 2);
}

static void
assert_nowhere (Fixture *fixture, const char *secret)
{
  g_autofree char *json = cr_capture_set_gate_to_json (fixture->captures, "smoke");
  g_autofree char *out = g_strndup (g_bytes_get_data (((CrCapture *) fixture->captures->captures->pdata[0])->out, NULL),
                                    g_bytes_get_size (((CrCapture *) fixture->captures->captures->pdata[0])->out));
  g_autofree char *base64 = g_base64_encode ((const guchar *) secret, strlen (secret));

  g_assert_null (strstr (json, secret));
  g_assert_null (strstr (out, secret));
  base64[strlen (base64) - 4] = '\0';
  g_assert_null (strstr (out, base64));
}

static void
test_token (Fixture *fixture, gconstpointer data)
{
  static const char *command[] = { "/bin/sh", "-c", "echo t0ken-of-the-command; echo second line; echo t0ken-of-the-command >&2", NULL };
  static const char *fails[] = { "/bin/sh", "-c", "echo not-signed-in >&2; exit 3", NULL }, *silent[] = { "/bin/true", NULL };
  static const char *missing[] = { "/no/such/command", NULL }, *two_words[] = { "/bin/echo", "two words", NULL };
  static const struct { const char **argv; const char *says; } bad[] = {
    { fails, "ended with 3" }, { silent, "printed none" }, { missing, "can't be started" }, { two_words, "printed none" },
  };
  CrCapture *capture;

  fixture->step.token = TRUE;
  cr_prober_set_token (fixture->prober, "t0ken-set-by-hand");
  capture = probe (fixture, fixture->base, "/echo", NULL);
  g_assert_nonnull (strstr (fixture->headers, "Authorization: Bearer t0ken-set-by-hand\n"));
  g_assert_cmpuint (capture->redactions, >, 0);  /* the server told it back */
  g_assert_null (capture->out_sha256);
  assert_nowhere (fixture, "t0ken-set-by-hand");

  cr_prober_set_token (fixture->prober, NULL);
  fixture->step.token_argv = (char **) command;
  capture = probe (fixture, fixture->base, "/echo", NULL);
  g_assert_nonnull (strstr (fixture->headers, "Authorization: Bearer t0ken-of-the-command\n"));
  assert_nowhere (fixture, "t0ken-of-the-command");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    fixture->step.token_argv = (char **) bad[i].argv;
    capture = probe (fixture, fixture->base, "/ok", NULL);
    g_assert_cmpint (capture->outcome, ==, CR_OUTCOME_NOT_STARTED);
    g_assert_cmpstr (capture->reason, ==, "token");
    g_assert_nonnull (strstr (capture->message, bad[i].says));
    g_assert_cmpuint (fixture->requests, ==, 0);
  }
  fixture->step.token_argv = NULL;
  cr_prober_set_token (fixture->prober, "bad\r\nX-Injected: 1");
  probe (fixture, fixture->base, "/ok", NULL);
  g_assert_null (strstr (fixture->headers, "Injected"));
  g_assert_null (strstr (fixture->headers, "Authorization"));
}

static void
test_addresses (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "", "x", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http:///x", "http://[::1", "javascript:1", "http://a b/" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    CrCapture *capture = probe (fixture, bad[i], "", NULL);

    g_assert_cmpint (capture->outcome, ==, CR_OUTCOME_NOT_STARTED);
    g_assert_cmpint (capture->exit_code, ==, -1);
    g_assert_cmpstr (capture->reason, ==, "arguments");
  }
}

/* The environment names a proxy (see main), which nobody listens at: loopback goes straight */
static void
test_no_proxy_for_loopback (Fixture *fixture, gconstpointer data)
{
  g_autofree char *by_name = g_strdup (strrchr (fixture->base, ':')), *base = g_strconcat ("http://localhost", by_name, NULL);
  CrCapture *capture;

  g_assert_cmpint (probe (fixture, fixture->base, "/ok", NULL)->http_status, ==, 200);
  g_assert_cmpint (probe (fixture, base, "/ok", NULL)->http_status, ==, 200);
  capture = probe (fixture, "http://rehearsal.invalid", "/ok", NULL);
  assert_no_answer (capture, "network");
}

/* A certificate that nobody vouches for is refused, and the token is not sent */
static void
test_tls (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("cr-test-tls-XXXXXX", NULL), *key = g_build_filename (folder, "key.pem", NULL), *pem = g_build_filename (folder, "cert.pem", NULL);
  g_autofree char *openssl = g_find_program_in_path ("openssl"), *base = NULL;
  g_autoptr(GTlsCertificate) certificate = NULL;
  g_autoptr(SoupServer) server = NULL;
  g_autoptr(GError) error = NULL;
  GSList *uris;

#ifdef __SANITIZE_ADDRESS__
  g_rmdir (folder);
  g_test_skip ("LeakSanitizer crashes on what the TLS backend leaves at the end");
  return;
#endif
  if (openssl == NULL || !g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    g_rmdir (folder);
    g_test_skip ("openssl or glib-networking is not installed");
    return;
  }
  {
    g_autoptr(GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                                                     "30", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", pem, NULL);

    g_assert_no_error (error);
    g_assert_true (g_subprocess_wait_check (child, NULL, &error));
  }
  certificate = g_tls_certificate_new_from_files (pem, key, &error);
  g_assert_no_error (error);
  server = soup_server_new ("tls-certificate", certificate, NULL);
  soup_server_add_handler (server, NULL, answer_cb, fixture, NULL);
  g_assert_true (soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_HTTPS | SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  uris = soup_server_get_uris (server);
  base = g_strdup_printf ("https://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  cr_prober_set_token (fixture->prober, "never-sent-anywhere");
  assert_no_answer (probe (fixture, base, "/ok", NULL), "tls");
  g_assert_cmpuint (fixture->requests, ==, 0);
  soup_server_disconnect (server);
  g_remove (key);
  g_remove (pem);
  g_rmdir (folder);
}

/* Several at once, as the smoke gate does, don't get in each other's way */
static void
test_parallel (Fixture *fixture, gconstpointer data)
{
  static const struct { const char *id, *path; int status; } table[] = { { "a", "/ok", 200 }, { "b", "/missing", 404 }, { "c", "/redirect", 302 } };
  GAsyncResult *results[G_N_ELEMENTS (table)] = { NULL };
  CrPlanStep steps[G_N_ELEMENTS (table)] = { { 0 } };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    steps[i].id = (char *) table[i].id;
    steps[i].url = g_strconcat (fixture->base, table[i].path, NULL);
    cr_prober_run_async (fixture->prober, &fixture->gate, &steps[i], fixture->captures, NULL, ended_cb, &results[i]);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    while (results[i] == NULL)
      g_main_context_iteration (NULL, TRUE);
    g_assert_true (cr_prober_run_finish (fixture->prober, results[i], NULL));
    g_object_unref (results[i]);
    g_free (steps[i].url);
    g_assert_cmpint (cr_capture_set_find (fixture->captures, "smoke", table[i].id)->http_status, ==, table[i].status);
  }
}

int
main (int argc, char **argv)
{
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("https_proxy", "http://127.0.0.1:1", TRUE);
  g_unsetenv ("no_proxy");
  g_unsetenv ("NO_PROXY");
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/prober/same-as-in-pod", Fixture, NULL, set_up, test_same_as_in_pod, tear_down);
  g_test_add ("/prober/date-and-now", Fixture, NULL, set_up, test_date_and_now, tear_down);
  g_test_add ("/prober/no-redirect", Fixture, NULL, set_up, test_no_redirect, tear_down);
  g_test_add ("/prober/plain-get", Fixture, NULL, set_up, test_plain_get, tear_down);
  g_test_add ("/prober/lengths", Fixture, NULL, set_up, test_lengths, tear_down);
  g_test_add ("/prober/cut-chunks", Fixture, NULL, set_up, test_cut_chunks, tear_down);
  g_test_add ("/prober/flood", Fixture, NULL, set_up, test_flood, tear_down);
  g_test_add ("/prober/deadline", Fixture, NULL, set_up, test_deadline, tear_down);
  g_test_add ("/prober/half-answer", Fixture, NULL, set_up, test_half_answer, tear_down);
  g_test_add ("/prober/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add ("/prober/stopped", Fixture, NULL, set_up, test_stopped, tear_down);
  g_test_add ("/prober/poll", Fixture, NULL, set_up, test_poll, tear_down);
  g_test_add ("/prober/token", Fixture, NULL, set_up, test_token, tear_down);
  g_test_add ("/prober/addresses", Fixture, NULL, set_up, test_addresses, tear_down);
  g_test_add ("/prober/no-proxy-for-loopback", Fixture, NULL, set_up, test_no_proxy_for_loopback, tear_down);
  g_test_add ("/prober/tls", Fixture, NULL, set_up, test_tls, tear_down);
  g_test_add ("/prober/parallel", Fixture, NULL, set_up, test_parallel, tear_down);
  return g_test_run ();
}
