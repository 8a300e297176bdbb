/* test-capture.c: captures go to disk and come back as they were, and nothing else comes in
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <string.h>
#include "cr-capture.h"

static CrCaptureSet *
make_set (void)
{
  static const char *const argv[] = { "az", "vm", "run-command", "invoke", "-n", "jump \"x\"", "", NULL };
  CrCaptureSet *set = cr_capture_set_new ();
  CrCall *call = cr_call_new ("migration", "run");
  CrCapture *capture = cr_capture_new ("migration", "upgrade", CR_STEP_POD);
  guint8 bytes[256];

  call->transport = g_strdup ("jumpbox: az rest");
  call->nonce = g_strdup ("00112233445566778899aabbccddeeff");
  call->payload_sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "payload", -1);
  call->script = g_strdup ("#!/bin/sh\necho '한글' \"$1\"\n\ttab \\ backslash\n");
  call->argv = g_strdupv ((char **) argv);
  call->az_exit_code = 0;
  call->outcome = CR_OUTCOME_UNKNOWN;
  call->reason = g_strdup ("no-frame");
  call->message = g_strdup ("It said \033[31mnothing.");
  call->sent_us = G_GINT64_CONSTANT (1771953230123456);
  call->received_us = call->sent_us + 1;
  call->duration_us = G_GINT64_CONSTANT (41200000);
  cr_capture_set_add_call (set, call);

  for (guint i = 0; i < 256; i++)
    bytes[i] = (guint8) i;
  capture->outcome = CR_OUTCOME_COMPLETED;
  capture->exit_code = 255;
  capture->pod_mark = CR_POD_MARK_LOST;
  g_bytes_unref (capture->out);
  capture->out = g_bytes_new (bytes, sizeof bytes);
  g_bytes_unref (capture->err);
  capture->err = g_bytes_new_static ("line\r\n</script>\n", 16);
  capture->out_size = 1000000;
  capture->err_size = 16;
  capture->complete = TRUE;
  capture->out_sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, sizeof bytes);
  capture->redactions = 3;
  capture->started_us = -5;
  capture->ended_us = G_MAXINT64;
  capture->http_status = 404;
  cr_capture_set_add (set, capture);
  cr_capture_set_add (set, cr_capture_new ("migration", "never", CR_STEP_HERE));
  cr_capture_set_add (set, cr_capture_new ("backfill", "other", CR_STEP_LOCAL));
  return set;
}

static void
test_round_trip (void)
{
  g_autoptr(CrCaptureSet) set = make_set (), back = cr_capture_set_new ();
  g_autofree char *json = cr_capture_set_gate_to_json (set, "migration"), *again = NULL, *twice = cr_capture_set_gate_to_json (set, "migration");
  g_autoptr(GError) error = NULL;
  const CrCall *call;
  const CrCapture *capture, *before = set->captures->pdata[0];

  g_assert_true (cr_capture_set_add_json (back, json, -1, &error));
  g_assert_no_error (error);
  again = cr_capture_set_gate_to_json (back, "migration");
  g_assert_cmpstr (json, ==, again);
  g_assert_cmpstr (json, ==, twice);
  g_assert_cmpuint (back->calls->len, ==, 1);
  g_assert_cmpuint (back->captures->len, ==, 2);  /* not the other gate's */

  call = cr_capture_set_find_call (back, "migration", "run");
  g_assert_nonnull (call);
  g_assert_cmpstr (call->script, ==, ((CrCall *) set->calls->pdata[0])->script);
  g_assert_cmpstr (call->message, ==, "It said \033[31mnothing.");
  g_assert_true (g_strv_equal ((const char *const *) call->argv, (const char *const *) ((CrCall *) set->calls->pdata[0])->argv));
  g_assert_cmpint (call->outcome, ==, CR_OUTCOME_UNKNOWN);
  g_assert_cmpint (call->duration_us, ==, 41200000);
  g_assert_null (call->az_stderr);
  capture = cr_capture_set_find (back, "migration", "upgrade");
  g_assert_nonnull (capture);
  g_assert_true (g_bytes_equal (capture->out, before->out));
  g_assert_true (g_bytes_equal (capture->err, before->err));
  g_assert_cmpint (capture->where, ==, CR_STEP_POD);
  g_assert_cmpint (capture->exit_code, ==, 255);
  g_assert_cmpint (capture->pod_mark, ==, CR_POD_MARK_LOST);
  g_assert_cmpuint (capture->out_size, ==, 1000000);
  g_assert_true (capture->complete);
  g_assert_cmpstr (capture->out_sha256, ==, before->out_sha256);
  g_assert_null (capture->err_sha256);
  g_assert_cmpuint (capture->redactions, ==, 3);
  g_assert_cmpint (capture->started_us, ==, -5);
  g_assert_cmpint (capture->ended_us, ==, G_MAXINT64);
  g_assert_cmpint (capture->http_status, ==, 404);
  capture = cr_capture_set_find (back, "migration", "never");
  g_assert_cmpint (capture->outcome, ==, CR_OUTCOME_NOT_STARTED);
  g_assert_cmpint (capture->exit_code, ==, -1);
  g_assert_cmpuint (g_bytes_get_size (capture->out), ==, 0);
}

/* Another reader of JSON and base64 sees the same bytes */
static void
test_python_reads_it (void)
{
  g_autoptr(CrCaptureSet) set = make_set ();
  g_autofree char *json = cr_capture_set_gate_to_json (set, "migration");
  g_autoptr(GBytes) in = g_bytes_new (json, strlen (json));
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "/usr/bin/python3", "-c",
    "import sys,json,base64,hashlib\n"
    "d=json.load(sys.stdin)\n"
    "c=d['captures'][0]\n"
    "assert base64.b64decode(c['out']['base64'],validate=True)==bytes(range(256))\n"
    "assert hashlib.sha256(base64.b64decode(c['out']['base64'])).hexdigest()==c['out_sha256']\n"
    "assert '\\n' in c['out']['text'] and '\\x1b' not in c['out']['text'] and '\\\\x1b' in c['out']['text']\n"
    "print(d['format'],d['gate'],d['calls'][0]['argv'][5],c['exit_code'],c['pod_mark'],d['calls'][0]['reason'])\n", NULL);
  g_autoptr(GBytes) out = NULL;
  g_autofree char *said = NULL;

  if (child == NULL) {
    g_test_skip ("/usr/bin/python3 is not installed");
    return;
  }
  g_assert_true (g_subprocess_communicate (child, in, NULL, &out, NULL, &error));
  said = g_strndup (g_bytes_get_data (out, NULL), g_bytes_get_size (out));
  g_assert_cmpstr (said, ==, "1 migration jump \"x\" 255 lost no-frame\n");
}

static void
test_find (void)
{
  g_autoptr(CrCaptureSet) set = make_set ();

  g_assert_nonnull (cr_capture_set_find (set, "backfill", "other"));
  g_assert_null (cr_capture_set_find (set, "backfill", "upgrade"));
  g_assert_null (cr_capture_set_find (set, "sync", "other"));
  cr_capture_set_add (set, cr_capture_new ("backfill", "other", CR_STEP_LOCAL));
  g_assert_null (cr_capture_set_find (set, "backfill", "other"));  /* which of the two is true? */
  g_assert_null (cr_capture_set_find_call (set, "migration", "status"));
  g_assert_null (cr_capture_set_find_call (set, "backfill", "run"));
}

/* One change in a good file, and what the refusal must name */
static void
test_malformed (void)
{
  static const struct { const char *from, *to, *place; } table[] = {
    { "\"format\": 1", "\"format\": 2", "format" },
    { "\"gate\": \"migration\"", "\"gate\": 7", "gate" },
    { "\"gate\": \"migration\"", "\"gate\": \"\"", "gate" },
    { "\"calls\": [", "\"calls\": [7,", "calls" },
    { "\"captures\": [", "\"captures\": [null,", "captures" },
    { "\"captures\":", "\"capture\":", "captures" },
    { "\"kind\": \"run\"", "\"kind\": null", "calls[0].kind" },
    { "\"payload_sha256\": \"", "\"payload_sha256\": \"x", "calls[0].payload_sha256" },
    { "\"az_exit_code\": 0", "\"az_exit_code\": 256", "calls[0].az_exit_code" },
    { "\"outcome\": \"unknown\"", "\"outcome\": \"fine\"", "calls[0].outcome" },
    { "\"argv\": [", "\"argv\": [1, ", "calls[0].argv" },
    { "\"sent_us\": 1771953230123456", "\"sent_us\": 1.5", "calls[0].sent_us" },
    { "\"where\": \"pod\"", "\"where\": \"moon\"", "captures[0].where" },
    { "\"exit_code\": 255", "\"exit_code\": \"0\"", "captures[0].exit_code" },
    { "\"exit_code\": 255", "\"exit_code\": -2", "captures[0].exit_code" },
    { "\"pod_mark\": \"lost\"", "\"pod_mark\": \"OK\"", "captures[0].pod_mark" },
    { "\"complete\": true", "\"complete\": 1", "captures[0].complete" },
    { "\"out_size\": 1000000", "\"out_size\": -1", "captures[0].out_size" },
    { "\"redactions\": 3", "\"redactions\": null", "captures[0].redactions" },
    { "\"base64\": \"AAEC", "\"base64\": \"AA EC", "captures[0].out" },
    { "\"base64\": \"AAEC", "\"base64\": \"*AAEC", "captures[0].out" },
    { "\"base64\": \"AAEC", "\"base64\": \"A", "captures[0].out" },
    { "\"base64\": \"AAEC", "\"b64\": \"AAEC", "captures[0].out" },
    { "\"message\": \"It", "\"message\": \"\\u0000It", "calls[0].message" },
    { "\"message\": \"It", "\"message\": \"\\ud800It", "calls[0].message" },
    { "\"step\": \"never\"", "\"step\": \"never\", \"extra\": 1", "captures[1]" },
    { "\"step\": \"never\"", "\"step\": \"x\", \"step\": \"never\"", "captures[1]" },
    { "\"step\": \"never\",", "", "captures[1].step" },
    { "\"http_status\": 404", "\"http_status\": 1000", "captures[0].http_status" },
    { "\"format\": 1,", "\"format\": 1", "line" },
  };
  g_autoptr(CrCaptureSet) set = make_set ();
  g_autofree char *json = cr_capture_set_gate_to_json (set, "migration");

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    const char *at = strstr (json, table[i].from);
    g_autofree char *changed = NULL;
    g_autoptr(CrCaptureSet) back = cr_capture_set_new ();
    g_autoptr(GError) error = NULL;

    g_test_message ("%s -> %s", table[i].from, table[i].to);
    g_assert_nonnull (at);
    changed = g_strdup_printf ("%.*s%s%s", (int) (at - json), json, table[i].to, at + strlen (table[i].from));
    g_assert_false (cr_capture_set_add_json (back, changed, -1, &error));
    g_assert_error (error, CR_CAPTURE_ERROR, CR_CAPTURE_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, table[i].place));
    g_assert_cmpuint (back->captures->len + back->calls->len, ==, 0);  /* all or nothing */
  }
}

/* A file cut anywhere is refused */
static void
test_cut (void)
{
  g_autoptr(CrCaptureSet) set = make_set ();
  g_autofree char *json = cr_capture_set_gate_to_json (set, "migration");
  gsize length = strlen (json);

  for (gsize i = 0; i + 2 < length; i += 7) {  /* its last character is a line end */
    g_autoptr(CrCaptureSet) back = cr_capture_set_new ();

    g_assert_false (cr_capture_set_add_json (back, json, (gssize) i, NULL));
  }
}

static void
test_large (void)
{
  g_autoptr(CrCaptureSet) set = cr_capture_set_new (), back = cr_capture_set_new ();
  CrCapture *capture = cr_capture_new ("sync", "flood", CR_STEP_POD);
  gsize size = 5 * 1024 * 1024;
  guint8 *bytes = g_malloc (size);
  g_autofree char *json = NULL;
  g_autoptr(GError) error = NULL;

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (i * 2654435761u >> 13);
  g_bytes_unref (capture->out);
  capture->out = g_bytes_new_take (bytes, size);
  cr_capture_set_add (set, capture);
  json = cr_capture_set_gate_to_json (set, "sync");
  g_assert_true (cr_capture_set_add_json (back, json, -1, &error));
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (((CrCapture *) back->captures->pdata[0])->out, capture->out));
}

/* Bytes that JSON can't hold don't make a file that can't be read */
static void
test_not_utf8 (void)
{
  g_autoptr(CrCaptureSet) set = cr_capture_set_new (), back = cr_capture_set_new ();
  CrCall *call = cr_call_new ("sync", "run");
  g_autofree char *json = NULL;

  call->az_stderr = g_strdup ("caf\xe9");
  cr_capture_set_add_call (set, call);
  json = cr_capture_set_gate_to_json (set, "sync");
  g_assert_true (cr_capture_set_add_json (back, json, -1, NULL));
  g_assert_cmpstr (((CrCall *) back->calls->pdata[0])->az_stderr, ==, "caf\\xe9");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/capture/round-trip", test_round_trip);
  g_test_add_func ("/capture/python-reads-it", test_python_reads_it);
  g_test_add_func ("/capture/find", test_find);
  g_test_add_func ("/capture/malformed", test_malformed);
  g_test_add_func ("/capture/cut", test_cut);
  g_test_add_func ("/capture/large", test_large);
  g_test_add_func ("/capture/not-utf8", test_not_utf8);
  return g_test_run ();
}
