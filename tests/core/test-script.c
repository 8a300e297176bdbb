/* test-script.c: the generated scripts, run under real dash and bash (facts: reliability 5.6)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr1-bed.h"
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

static void
test_normal (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL, pod = NULL;
  g_autofree char *users = NULL;
  g_autofree char *commands = NULL;

  bed_add (bed, "login", FALSE, "echo \"$KUBECONFIG\"; umask; echo warn >&2");
  bed_add (bed, "upgrade", TRUE, "echo running; exit 7");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_true (frame->self_checked);
  g_assert_cmpuint (frame->steps->len, ==, 2);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 0);
  g_assert_cmpint (bed_frame_step (frame, 0)->pod_mark, ==, CR_POD_MARK_NA);
  g_assert_cmpint (bed_frame_step (frame, 1)->exit_code, ==, 7);
  g_assert_cmpint (bed_frame_step (frame, 1)->pod_mark, ==, CR_POD_MARK_OK);
  g_assert_cmpint (bed_frame_step (frame, 1)->t1, >=, bed_frame_step (frame, 0)->t0);
  g_assert_true (cr_frame_is_complete (frame));
  g_assert_true (cr_frame_get_streams (frame, 0, &out, &err));
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (out, NULL), (gssize) g_bytes_get_size (out), "/.kube/cr-e2-3-20260224171350.config\n0077\n"));
  bed_assert_bytes (err, "warn\n", 5);
  g_clear_pointer (&out, g_bytes_unref);
  g_clear_pointer (&err, g_bytes_unref);
  g_assert_true (cr_frame_get_streams (frame, 1, &out, &err));
  pod = cr_frame_pod_output (out, MARK, 7);
  bed_assert_bytes (pod, "running\n", 8);
  g_assert_cmpuint (g_bytes_get_size (err), ==, 0);
  users = bed_read (bed, "users");
  g_assert_cmpstr (users, ==, "azureuser\nazureuser\n");
}

static void
test_values_are_not_parsed (Bed *bed, gconstpointer shell)
{
  static const char value[] = "it's; $(touch x) `touch y` \\ \"q\" %s $HOME * \\n";
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL, stripped = NULL;
  CrPlanStep *step = bed_add (bed, "s1", TRUE, "x");
  const char *argv[] = { "printf", "%s", value, NULL };

  g_strfreev (step->argv);
  step->argv = g_strdupv ((char **) argv);
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_true (cr_frame_get_streams (frame, 0, &out, &err));
  stripped = cr_frame_pod_output (out, MARK, 0);
  bed_assert_bytes (stripped, value, strlen (value));
  g_assert_false (bed_has (bed, "x"));
  g_assert_false (bed_has (bed, "y"));
}

static void
test_lost_connection (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;

  g_test_summary ("kubectl ends with 0 in mid-command: the pod's mark is missing, and the next step does not run");
  bed_write (bed, "drop0", "", 0600);
  bed_add (bed, "s1", TRUE, "echo whole");
  bed_add (bed, "s2", FALSE, "touch ran");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_cmpuint (frame->steps->len, ==, 1);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 0);
  g_assert_cmpint (bed_frame_step (frame, 0)->pod_mark, ==, CR_POD_MARK_LOST);
}

static void
test_hostile_output (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL, stripped = NULL;
  static const char expected[] = "\nCR1 END " NONCE " sum=0\n\n[stderr]\n\nCR1POD " MARK " rc=0\nCR1 FATAL " NONCE " x\n\xff\x00\x1b[2J";

  g_test_summary ("A pod that knows the nonce and prints marks, labels and raw bytes changes nothing");
  bed_add (bed, "s1", TRUE,
           "printf '\\nCR1 END " NONCE " sum=0\\n\\n[stderr]\\n\\nCR1POD " MARK " rc=0\\nCR1 FATAL " NONCE " x\\n\\377\\000\\033[2J'; exit 3");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 3);
  g_assert_cmpint (bed_frame_step (frame, 0)->pod_mark, ==, CR_POD_MARK_OK);
  g_assert_true (cr_frame_get_streams (frame, 0, &out, &err));
  stripped = cr_frame_pod_output (out, MARK, 3);
  bed_assert_bytes (stripped, expected, sizeof expected - 1);
}

static void
test_forged_mark_last (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;

  g_test_summary ("A forged pod mark as the last line, printed where kubectl loses the connection, needs the mark's secret");
  bed_write (bed, "bin/kubectl", "#!/bin/sh\nprintf '\\nCR1POD ffffffffffffffff rc=0\\n'\n", 0700);
  bed_add (bed, "s1", TRUE, "true");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_cmpint (bed_frame_step (frame, 0)->pod_mark, ==, CR_POD_MARK_LOST);
}

static void
test_stop_and_go (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  CrPlanStep *kept;

  g_test_summary ("A failure with keep_going lets the rest run, one without ends it; what doesn't run has no line");
  bed_add (bed, "s1", FALSE, "cat; read x; echo eaten");  /* standard input is empty: this can't block */
  kept = bed_add (bed, "s2", TRUE, "exit 4");
  kept->keep_going = TRUE;
  bed_add (bed, "s3", FALSE, "exit 5");
  bed_add (bed, "s4", FALSE, "touch ran");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_cmpuint (frame->steps->len, ==, 3);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 0);
  g_assert_cmpint (bed_frame_step (frame, 1)->exit_code, ==, 4);
  g_assert_cmpint (bed_frame_step (frame, 2)->exit_code, ==, 5);
  g_assert_false (bed_has (bed, "ran"));
}

static void
test_time_limit (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autofree char *seen = NULL;
  g_auto(GStrv) lines = NULL;

  g_test_summary ("Each step runs under timeout, with its own limit or what the gate's leaves of it");
  bed_write (bed, "bin/timeout", "#!/bin/sh\nroot=${0%/bin/*}; echo \"$1 $2 $3 $4\" >>\"$root/limits\"; exit 124\n", 0700);
  bed->params.limit = 60;
  bed_add (bed, "s1", FALSE, "true")->limit = 50;
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 124);
  bed->params.gate = "second";
  bed->params.limit = 0;
  g_ptr_array_set_size (bed->steps, 0);
  bed_add (bed, "s1", FALSE, "true")->limit = 0;
  cr_frame_free (g_steal_pointer (&frame));
  frame = bed_go (bed);
  bed_assert_ok (frame);
  bed->params.gate = "third";
  bed->params.limit = 7;
  cr_frame_free (g_steal_pointer (&frame));
  g_ptr_array_set_size (bed->steps, 0);
  bed_add (bed, "s1", FALSE, "true")->limit = 5000;
  frame = bed_go (bed);
  bed_assert_ok (frame);
  seen = bed_read (bed, "limits");
  lines = g_strsplit (seen, "\n", -1);
  g_assert_cmpstr (lines[0], ==, "-k 10 50 sudo");
  g_assert_cmpstr (lines[1], ==, "-k 10 600 sudo");
  g_assert_true (g_str_equal (lines[2], "-k 10 7 sudo") || g_str_equal (lines[2], "-k 10 6 sudo"));  /* a second's border may lie between */
}

/* The numbers 1 to @last, a line each, as seq prints them */
static GString *
seq (int last)
{
  GString *text = g_string_new (NULL);
  for (int i = 1; i <= last; i++)
    g_string_append_printf (text, "%d\n", i);
  return text;
}

static gboolean
add_page (Bed *bed, CrFrame *frame)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *script = NULL;
  g_autofree char *detail = NULL;
  CrScriptParams params = bed->params;
  GString *message;
  gboolean ok;

  params.nonce = NONCE2;
  script = cr_script_page (&params, frame->gz->len, &error);
  g_assert_no_error (error);
  message = bed_run (bed, script);
  ok = cr_frame_add_page (frame, message->str, message->len, &params, &detail);
  if (!ok)
    g_error ("%s: %s", detail, message->str);
  g_string_free (message, TRUE);
  return ok;
}

static void
test_pages (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL, stripped = NULL;
  GString *expected = seq (11000);
  guint pages = 0;

  g_test_summary ("A log of 54 KB comes whole, in pages of the compressed bundle");
  bed_add (bed, "s1", TRUE, "seq 11000; exit 2")->keep_going = TRUE;
  bed_add (bed, "s2", FALSE, "echo small");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_false (cr_frame_is_complete (frame));
  g_assert_false (cr_frame_get_streams (frame, 0, &out, &err));
  g_clear_pointer (&out, g_bytes_unref);
  g_clear_pointer (&err, g_bytes_unref);
  while (!cr_frame_is_complete (frame)) {
    add_page (bed, frame);
    g_assert_cmpuint (++pages, <, 30);
  }
  g_assert_true (cr_frame_get_streams (frame, 0, &out, &err));
  stripped = cr_frame_pod_output (out, MARK, 2);
  bed_assert_bytes (stripped, expected->str, expected->len);
  g_clear_pointer (&out, g_bytes_unref);
  g_clear_pointer (&err, g_bytes_unref);
  g_assert_true (cr_frame_get_streams (frame, 1, &out, &err));
  bed_assert_bytes (out, "small\n", 6);
  g_string_free (expected, TRUE);
}

static void
test_megabytes (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL;
  GString *expected = seq (180000);

  g_test_summary ("Of 1.2 MB the first part comes, with the digest and size of the whole; exit codes are proven all the same");
  bed_add (bed, "s1", FALSE, "seq 180000");
  bed_add (bed, "s2", TRUE, "exit 9");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  add_page (bed, frame);
  g_assert_false (cr_frame_is_complete (frame));
  g_assert_cmpint (bed_frame_step (frame, 1)->exit_code, ==, 9);
  g_assert_cmpuint (bed_frame_step (frame, 0)->out_size, ==, expected->len);
  g_assert_false (cr_frame_get_streams (frame, 0, &out, &err));
  g_assert_nonnull (out);
  g_assert_cmpuint (g_bytes_get_size (out), >, 1000);
  bed_assert_bytes (out, expected->str, g_bytes_get_size (out));
  g_string_free (expected, TRUE);
}

static void
test_many_steps (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  GString *message;

  g_test_summary ("Eleven steps and their small outputs fit into the 4,096 bytes of one answer");
  for (int i = 0; i < 11; i++) {
    g_autofree char *id = g_strdup_printf ("precheck-%d", i);
    g_autofree char *command = g_strdup_printf ("date -u +%%s.%%N; echo tx-lookup-api-%d; exit 0", i);
    bed_add (bed, id, i % 2 == 0, command);
  }
  script = bed_script (bed, &payload);
  message = bed_run (bed, script);
  frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);
  bed_assert_ok (frame);
  g_assert_cmpuint (frame->steps->len, ==, 11);
  g_assert_true (cr_frame_is_complete (frame));
  g_string_free (message, TRUE);
}

static void
test_already_started (Bed *bed, gconstpointer shell)
{
  g_autofree char *count = NULL;

  bed_add (bed, "s1", FALSE, "true");
  for (int i = 0; i < 2; i++) {
    g_autoptr(CrFrame) frame = bed_go (bed);
    if (i == 0) {
      bed_assert_ok (frame);
    } else {
      g_assert_cmpint (frame->kind, ==, CR_FRAME_FATAL);
      g_assert_cmpstr (frame->detail, ==, "already-started");
    }
  }
  count = bed_read (bed, "count");
  g_assert_cmpstr (count, ==, "x\n");
}

static void
test_busy (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autofree char *lock = NULL;
  int fd;

  g_test_summary ("While another attempt holds the jumpbox nothing runs and nothing is left behind; then the same script runs");
  g_mkdir (bed->spool, 0700);
  bed_write (bed, "spool folder/lock", "", 0600);
  bed_write (bed, "spool folder/holder", "other-run.sync.1\n", 0600);
  lock = bed_file (bed, "spool folder/lock");
  fd = open (lock, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_EX | LOCK_NB), ==, 0);
  bed_add (bed, "s1", FALSE, "true");
  frame = bed_go (bed);
  g_assert_cmpint (frame->kind, ==, CR_FRAME_FATAL);
  g_assert_cmpstr (frame->detail, ==, "busy:other-run.sync.1");
  g_assert_false (bed_has (bed, "count"));
  close (fd);
  cr_frame_free (g_steal_pointer (&frame));
  frame = bed_go (bed);
  bed_assert_ok (frame);
}

static void
test_lock_is_not_inherited (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL;

  g_test_summary ("A step has neither the lock nor the agent's pipe");
  bed_add (bed, "s1", FALSE, "for f in 3 9; do [ -e /proc/self/fd/$f ] && echo $f; done; true");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_true (cr_frame_get_streams (frame, 0, &out, &err));
  g_assert_cmpuint (g_bytes_get_size (out), ==, 0);
}

static void
test_no_spool (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;

  bed_write (bed, "spool folder", "in the way", 0600);
  bed_add (bed, "s1", FALSE, "true");
  frame = bed_go (bed);
  g_assert_cmpint (frame->kind, ==, CR_FRAME_FATAL);
  g_assert_cmpstr (frame->detail, ==, "no-spool");
}

static void
test_spool_full (Bed *bed, gconstpointer shell)
{
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  g_autoptr(CrFrame) frame = NULL;
  GString *message;

  g_test_summary ("No room for the output: said so, and no codes without a whole frame");
  bed_add (bed, "s1", FALSE, "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
  script = bed_script (bed, &payload);
  message = bed_run_with (bed, script, -1, 4096, "trap '' XFSZ; ulimit -f 64;");
  frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);
  g_assert_cmpint (frame->kind, ==, CR_FRAME_FATAL);
  g_assert_cmpstr (frame->detail, ==, "spool-full");
  g_string_free (message, TRUE);
}

static void
test_script_cut (Bed *bed, gconstpointer shell)
{
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  gsize length, stride = g_str_equal (bed->shell, "dash") ? 1 : 13;

  g_test_summary ("A script that lost its end anywhere does nothing at all");
  bed_add (bed, "s1", FALSE, "true");
  script = bed_script (bed, &payload);
  length = strlen (script);
  for (gsize cut = 0; cut < length - 1; cut += cut + 60 < length ? stride : 1) {
    g_autoptr(CrFrame) frame = NULL;
    GString *message = bed_run_with (bed, script, (gssize) cut, 4096, "");
    frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);
    g_string_free (message, TRUE);
    g_assert_cmpint (frame->kind, ==, CR_FRAME_NONE);
    if (bed_has (bed, "count") || bed_has (bed, "spool folder"))
      g_error ("something ran of %" G_GSIZE_FORMAT " bytes", cut);
  }
  {  /* az strips the last line feed: that is still our script */
    g_autoptr(CrFrame) frame = NULL;
    GString *message = bed_run_with (bed, script, (gssize) length - 1, 4096, "");
    frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);
    bed_assert_ok (frame);
    g_assert_true (frame->self_checked);
    g_string_free (message, TRUE);
  }
}

static void
test_script_line_ends (Bed *bed, gconstpointer shell)
{
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  g_autofree char *crlf = NULL;
  g_autoptr(CrFrame) frame = NULL;
  g_auto(GStrv) lines = NULL;
  GString *message;

  bed_add (bed, "s1", FALSE, "true");
  script = bed_script (bed, &payload);
  lines = g_strsplit (script, "\n", -1);
  crlf = g_strjoinv ("\r\n", lines);
  message = bed_run (bed, crlf);
  frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);
  g_assert_cmpint (frame->kind, !=, CR_FRAME_OK);
  g_assert_false (bed_has (bed, "count"));
  g_string_free (message, TRUE);
}

static void
test_script_changed (Bed *bed, gconstpointer shell)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (5);
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  gsize length;

  g_test_summary ("A script with one changed byte, wherever, never brings an accepted frame");
  bed_add (bed, "s1", TRUE, "true");
  script = bed_script (bed, &payload);
  length = strlen (script);
  for (int i = 0; i < 120; i++) {
    g_autofree char *changed = g_strdup (script);
    g_autofree char *gone = g_strdup_printf ("rm -rf '%s';", bed->spool);
    g_autoptr(CrFrame) frame = NULL;
    gsize at = (gsize) g_rand_int_range (rand, 0, (gint32) length);
    char byte = (char) g_rand_int_range (rand, 0x20, 0x7f);
    GString *message;
    if (changed[at] == byte)
      continue;
    changed[at] = byte;
    message = bed_run_with (bed, changed, -1, 4096, gone);
    frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);
    if (frame->kind == CR_FRAME_OK && frame->self_checked)
      g_error ("accepted with byte %" G_GSIZE_FORMAT " changed to '%c'", at, byte);
    if (frame->kind == CR_FRAME_OK)
      g_assert_nonnull (strstr (changed, payload));  /* it could not read itself: the payload's digest still held */
    g_string_free (message, TRUE);
  }
}

static void
test_payload_changed (Bed *bed, gconstpointer shell)
{
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  g_autoptr(CrFrame) frame = NULL;
  GString *message;
  char *place;

  bed_add (bed, "s1", FALSE, "echo alpha");
  script = bed_script (bed, &payload);
  place = strstr (script, "alpha");
  *place = 'x';
  message = bed_run (bed, script);
  frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);
  g_assert_cmpint (frame->kind, ==, CR_FRAME_FATAL);
  g_assert_cmpstr (frame->detail, ==, "bad-payload-sum");
  g_assert_false (bed_has (bed, "count"));
  g_string_free (message, TRUE);
}

/* Asks for the status of the attempt with @original; -> the word. *message (nullable): the answer */
static char *
status_of (Bed *bed, const char *original, GString **answer)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *script = NULL;
  g_autoptr(CrFrame) frame = NULL;
  CrScriptParams params = bed->params;
  GString *message;

  params.nonce = NONCE2;
  script = cr_script_status (&params, original, &error);
  g_assert_no_error (error);
  message = bed_run (bed, script);
  frame = cr_frame_read (message->str, message->len, &params, script, "", bed->steps);
  if (frame->kind != CR_FRAME_STATUS)
    g_error ("kind %d %s: %s", frame->kind, frame->detail, message->str);
  if (answer != NULL)
    *answer = message;
  else
    g_string_free (message, TRUE);
  return g_strdup (frame->detail);
}

static void
test_status (Bed *bed, gconstpointer shell)
{
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  g_autofree char *never = NULL, *done = NULL, *other = NULL, *died = NULL, *rebooted = NULL;
  g_autofree char *dir = NULL, *started = NULL, *frame_file = NULL, *line = NULL;
  g_autoptr(CrFrame) frame = NULL;
  g_auto(GStrv) fields = NULL;
  GString *answer = NULL;

  bed_add (bed, "s1", TRUE, "echo result; exit 6");
  script = bed_script (bed, &payload);
  never = status_of (bed, NONCE, NULL);
  g_assert_cmpstr (never, ==, "never-started");
  g_assert_false (bed_has (bed, "spool folder"));  /* it only reads */
  g_string_free (bed_run (bed, script), TRUE);

  done = status_of (bed, NONCE, &answer);
  g_assert_cmpstr (done, ==, "done");
  frame = cr_frame_read (answer->str, answer->len, &bed->params, script, payload, bed->steps);
  bed_assert_ok (frame);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 6);
  g_string_free (answer, TRUE);

  other = status_of (bed, "11111111111111111111111111111111", NULL);
  g_assert_cmpstr (other, ==, "other-attempt");

  frame_file = bed_file (bed, "spool folder/e2-3-20260224171350.migration.1/frame");
  g_assert_cmpint (g_unlink (frame_file), ==, 0);
  died = status_of (bed, NONCE, NULL);  /* its process is gone */
  g_assert_cmpstr (died, ==, "died");

  dir = bed_file (bed, "spool folder/e2-3-20260224171350.migration.1");
  started = bed_read (bed, "spool folder/e2-3-20260224171350.migration.1/started");
  fields = g_strsplit (g_strstrip (started), " ", -1);
  g_assert_cmpuint (g_strv_length (fields), ==, 4);
  g_assert_cmpstr (fields[3], ==, NONCE);
  /* Our own process lives, but it is another one than the wrapper: a pid alone proves nothing */
  line = g_strdup_printf ("%d %s %s %s\n", (int) getpid (), fields[1], fields[2], NONCE);
  bed_write (bed, "spool folder/e2-3-20260224171350.migration.1/started", line, 0600);
  rebooted = status_of (bed, NONCE, NULL);
  g_assert_cmpstr (rebooted, ==, "died");
}

static void
test_status_while_running (Bed *bed, gconstpointer shell)
{
  g_autofree char *payload = NULL;
  g_autofree char *script = NULL;
  g_autofree char *file = bed_file (bed, "running.sh");
  g_autofree char *up = bed_file (bed, "up"), *go = bed_file (bed, "go");
  g_autofree char *running = NULL, *again = NULL, *done = NULL;
  g_autofree char *command = g_strdup_printf ("echo >'%s'; cat '%s'", up, go);
  const char *argv[] = { bed->shell, file, NULL };
  g_autoptr(CrFrame) busy = NULL;
  GString *answer;
  GPid pid;
  int fd, status, null_fd = -1;
  char byte;

  g_test_summary ("A running attempt says so, and the same script sent once more does not run");
  g_assert_cmpint (mkfifo (up, 0600), ==, 0);
  g_assert_cmpint (mkfifo (go, 0600), ==, 0);
  bed_add (bed, "s1", FALSE, command);
  script = bed_script (bed, &payload);
  g_assert_true (g_file_set_contents (file, script, -1, NULL));
  g_assert_true (g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                                           NULL, &null_fd, NULL, NULL));
  fd = open (up, O_RDONLY | O_CLOEXEC);  /* waits until the step is there */
  g_assert_cmpint (read (fd, &byte, 1), ==, 1);
  close (fd);
  running = status_of (bed, NONCE, NULL);
  g_assert_cmpstr (running, ==, "still-running");
  busy = bed_go (bed);
  g_assert_cmpint (busy->kind, ==, CR_FRAME_FATAL);
  g_assert_cmpstr (busy->detail, ==, "busy:e2-3-20260224171350.migration.1");
  fd = open (go, O_WRONLY | O_CLOEXEC);
  close (fd);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  close (null_fd);
  done = status_of (bed, NONCE, &answer);
  g_assert_cmpstr (done, ==, "done");
  g_string_free (answer, TRUE);
}

static void
test_page_refused (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autofree char *script = NULL, *beyond = NULL, *detail = NULL, *detail2 = NULL, *detail3 = NULL;
  CrScriptParams params = bed->params;
  GString *message;

  params.nonce = NONCE2;
  bed_add (bed, "s1", FALSE, "seq 11000");
  script = cr_script_page (&params, 0, NULL);
  message = bed_run (bed, script);
  g_assert_nonnull (strstr (message->str, "CR1 FATAL " NONCE2 " no-bundle\n"));
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_false (cr_frame_add_page (frame, message->str, message->len, &params, &detail));
  g_assert_cmpstr (detail, ==, "no-bundle");
  g_string_free (message, TRUE);

  beyond = cr_script_page (&params, 10000000, NULL);
  message = bed_run (bed, beyond);
  g_assert_false (cr_frame_add_page (frame, message->str, message->len, &params, &detail2));
  g_assert_cmpstr (detail2, ==, "no-such-page");
  g_string_free (message, TRUE);

  message = bed_run (bed, script);  /* offset 0, which the frame has already */
  g_assert_false (cr_frame_add_page (frame, message->str, message->len, &params, &detail3));
  g_assert_nonnull (strstr (detail3, "place"));
  g_string_free (message, TRUE);
}

static void
add_file (CrPlanStep *step, const char *path, const char *content)
{
  CrPlanFile *file = g_new0 (CrPlanFile, 1);
  file->path = g_strdup (path);
  file->content = g_strdup (content);
  g_ptr_array_add (step->files, file);
}

/* With or without coreutils in the pod */
static void
check_files (Bed *bed)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL, stripped = NULL;
  g_autofree char *one = bed_file (bed, "one file.jsonl"), *two = bed_file (bed, "two"), *content = NULL, *expected = NULL;
  CrPlanStep *step = bed_add (bed, "s1", TRUE, "echo then");

  add_file (step, one, "{\"a\": \"\xc3\xa9'\"}\nabc\n");
  add_file (step, two, "abc");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_true (cr_frame_get_streams (frame, 0, &out, &err));
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 0);
  stripped = cr_frame_pod_output (out, MARK, 0);
  /* digests by sha256sum */
  expected = g_strdup ("CR1FILE 1 sha256=e38370b5c279e68b0f64a87c27b895c1f67fca6ad647d74f57de43d8873fe08e lines=2 bytes=17\n"
                       "CR1FILE 2 sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad lines=0 bytes=3\n"
                       "then\n");
  bed_assert_bytes (stripped, expected, strlen (expected));
  content = bed_read (bed, "one file.jsonl");
  g_assert_cmpstr (content, ==, "{\"a\": \"\xc3\xa9'\"}\nabc\n");
}

static void
test_files (Bed *bed, gconstpointer shell)
{
  check_files (bed);
}

static void
test_files_bare_pod (Bed *bed, gconstpointer shell)
{
  static const char *const programs[] = { "sh", "python3", "mv", "wc", "cat", NULL };
  g_autofree char *bare = bed_file (bed, "bare");

  g_test_summary ("A pod without base64, sha256sum and timeout has Python for it");
  g_mkdir (bare, 0700);
  for (gsize i = 0; programs[i] != NULL; i++) {
    g_autofree char *target = g_build_filename ("/usr/bin", programs[i], NULL);
    g_autofree char *link = g_build_filename (bare, programs[i], NULL);
    g_assert_cmpint (symlink (target, link), ==, 0);
  }
  check_files (bed);
}

static void
test_file_not_writable (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL;
  g_autofree char *path = bed_file (bed, "no-such-folder/x");
  CrPlanStep *step = bed_add (bed, "s1", TRUE, "touch ran");

  add_file (step, path, "abc");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 73);
  g_assert_cmpint (bed_frame_step (frame, 0)->pod_mark, ==, CR_POD_MARK_OK);
  g_assert_false (bed_has (bed, "ran"));
}

static void
test_token (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autoptr(GBytes) out = NULL, err = NULL, stripped = NULL;
  const char *token[] = { "printf", "%s\\n", "the token's text", NULL };
  CrPlanStep *step = bed_add (bed, "s1", TRUE, "read x; echo \"<$x>\"");

  step->token_argv = g_strdupv ((char **) token);
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_true (cr_frame_get_streams (frame, 0, &out, &err));
  stripped = cr_frame_pod_output (out, MARK, 0);
  bed_assert_bytes (stripped, "<the token's text>\n", 19);
}

static void
test_missing_tool (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  CrPlanStep *step = bed_add (bed, "s1", FALSE, "x");
  const char *argv[] = { "no-such-tool-anywhere", NULL };

  g_strfreev (step->argv);
  step->argv = g_strdupv ((char **) argv);
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_cmpint (bed_frame_step (frame, 0)->exit_code, ==, 127);
}

static void
test_sweep (Bed *bed, gconstpointer shell)
{
  const char *const names[] = { "frame", "bundle.gz", "started", "s1.out", "s1.err", "s1.cmd", "notes.txt" };
  g_autoptr(CrFrame) frame = NULL;

  g_test_summary ("What lay in the spool for more than 30 days goes, by name; what is younger or foreign stays");
  g_mkdir (bed->spool, 0700);
  for (int old = 0; old < 2; old++) {
    g_autofree char *folder = g_strdup_printf ("spool folder/%s.sync.1", old ? "old" : "new");
    g_autofree char *path = bed_file (bed, folder);
    g_mkdir (path, 0700);
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
      g_autofree char *file = g_strdup_printf ("%s/%s", folder, names[i]);
      g_autofree char *full = bed_file (bed, file);
      const char *touch[] = { "touch", "-d", old ? "40 days ago" : "20 days ago", full, NULL };
      bed_write (bed, file, "x", 0600);
      g_assert_true (g_spawn_sync (NULL, (char **) touch, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    }
  }
  bed_add (bed, "s1", FALSE, "true");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *old = g_strdup_printf ("spool folder/old.sync.1/%s", names[i]);
    g_autofree char *new = g_strdup_printf ("spool folder/new.sync.1/%s", names[i]);
    g_assert_true (bed_has (bed, new));
    g_assert_true (bed_has (bed, old) == g_str_equal (names[i], "notes.txt"));
  }
}

static void
test_refused_values (void)
{
  Bed bed = { 0 };
  CrScriptParams good;
  g_autofree char *big = NULL;
  CrPlanStep *step;

  bed_set_up (&bed, "dash");
  good = bed.params;
  step = bed_add (&bed, "s1", TRUE, "true");
#define REFUSED(wanted, part) G_STMT_START { \
    g_autoptr(GError) error = NULL; \
    g_autofree char *sha = NULL; \
    g_assert_null (cr_script_run (&bed.params, bed.steps, &sha, &error)); \
    g_assert_nonnull (error); \
    if (strstr (error->message, part) == NULL) g_error ("%s", error->message); \
    g_assert_true ((int) wanted < 0 || error->code == (int) wanted); \
    g_assert_null (sha); \
    bed.params = good; } G_STMT_END
  bed.params.run_id = "a/../b"; REFUSED (CR_SCRIPT_ERROR_VALUE, "a/../b");
  bed.params.run_id = "-n"; REFUSED (CR_SCRIPT_ERROR_VALUE, "run id");
  bed.params.run_id = ""; REFUSED (CR_SCRIPT_ERROR_VALUE, "run id");
  bed.params.gate = "a b"; REFUSED (CR_SCRIPT_ERROR_VALUE, "gate");
  bed.params.nonce = "0123"; REFUSED (CR_SCRIPT_ERROR_VALUE, "nonce");
  bed.params.nonce = "0123456789ABCDEF0123456789abcdef"; REFUSED (CR_SCRIPT_ERROR_VALUE, "nonce");
  bed.params.mark = "x"; REFUSED (CR_SCRIPT_ERROR_VALUE, "mark");
  bed.params.user = "root; id"; REFUSED (CR_SCRIPT_ERROR_VALUE, "user");
  bed.params.user = "-u"; REFUSED (CR_SCRIPT_ERROR_VALUE, "user");
  bed.params.namespace_ = "a'b"; REFUSED (CR_SCRIPT_ERROR_VALUE, "namespace");
  bed.params.context = "--as=x"; REFUSED (CR_SCRIPT_ERROR_VALUE, "cluster");
  bed.params.spool_dir = "relative"; REFUSED (CR_SCRIPT_ERROR_VALUE, "spool");
  bed.params.spool_dir = "/a\nb"; REFUSED (-1, "");
  bed.params.path = "bin"; REFUSED (CR_SCRIPT_ERROR_VALUE, "PATH");
  g_free (step->pod);
  step->pod = g_strdup ("--all"); REFUSED (CR_SCRIPT_ERROR_VALUE, "s1");
  g_free (step->pod);
  step->pod = g_strdup ("deploy/x");
  g_free (step->argv[2]);
  step->argv[2] = g_strdup ("a\xc3\xa9"); REFUSED (-1, "0xc3");
  g_free (step->argv[2]);
  step->argv[2] = g_strdup ("a\nCMD-" NONCE "\nb"); REFUSED (CR_SCRIPT_ERROR_VALUE, "delimiter");
  g_free (step->argv[2]);
  big = g_strnfill (CR_SCRIPT_MAX, 'x');
  step->argv[2] = g_steal_pointer (&big); REFUSED (CR_SCRIPT_ERROR_SIZE, "98304");
  step->where = CR_STEP_LOCAL; REFUSED (CR_SCRIPT_ERROR_VALUE, "no step");
  bed_tear_down (&bed, NULL);
}

static void
test_spool_path_is_quoted (Bed *bed, gconstpointer shell)
{
  g_autoptr(CrFrame) frame = NULL;
  g_autofree char *spool = bed_file (bed, "it's $(touch x)");

  bed->params.spool_dir = spool;
  bed_add (bed, "s1", FALSE, "true");
  frame = bed_go (bed);
  bed_assert_ok (frame);
  g_assert_true (bed_has (bed, "it's $(touch x)/lock"));
  g_assert_false (bed_has (bed, "x"));
}

static void
test_lint (void)
{
  Bed bed = { 0 };
  g_autofree char *run = NULL;
  g_autofree char *status_script = NULL;
  g_autofree char *page = NULL;
  const char *scripts[3];
  g_autofree char *program = g_find_program_in_path ("shellcheck");
  CrScriptParams params;

  if (program == NULL) {
    g_test_skip ("shellcheck is not installed");
    return;
  }
  bed_set_up (&bed, "dash");
  bed_add (&bed, "s1", TRUE, "true");
  params = bed.params;
  scripts[0] = run = bed_script (&bed, NULL);
  scripts[1] = status_script = cr_script_status (&params, NONCE2, NULL);
  scripts[2] = page = cr_script_page (&params, 1000, NULL);
  for (gsize i = 0; i < 3; i++) {
    g_autofree char *file = bed_file (&bed, "lint.sh");
    g_autofree char *out = NULL;
    /* 1090/1091: the sourced file can't be followed; 2034/2317/2329: parts of the common head one of the three doesn't use; 2016: constants */
    const char *argv[] = { program, "-s", "sh", "-S", "style", "-e", "SC1090,SC1091,SC2034,SC2317,SC2329,SC2016", file, NULL };
    int status;
    g_assert_true (g_file_set_contents (file, scripts[i], -1, NULL));
    g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, NULL));
    if (status != 0)
      g_error ("%s", out);
  }
  bed_tear_down (&bed, NULL);
}

int
main (int argc, char **argv)
{
  static const char *const shells[] = { "dash", "bash" };
  static const struct { const char *name; void (*run) (Bed *, gconstpointer); } tests[] = {
    { "normal", test_normal }, { "values-are-not-parsed", test_values_are_not_parsed }, { "lost-connection", test_lost_connection },
    { "hostile-output", test_hostile_output }, { "forged-mark-last", test_forged_mark_last }, { "stop-and-go", test_stop_and_go },
    { "time-limit", test_time_limit }, { "pages", test_pages }, { "megabytes", test_megabytes }, { "many-steps", test_many_steps },
    { "already-started", test_already_started }, { "busy", test_busy }, { "lock-is-not-inherited", test_lock_is_not_inherited },
    { "no-spool", test_no_spool }, { "spool-full", test_spool_full }, { "script-cut", test_script_cut },
    { "script-line-ends", test_script_line_ends }, { "script-changed", test_script_changed }, { "payload-changed", test_payload_changed },
    { "status", test_status }, { "status-while-running", test_status_while_running }, { "page-refused", test_page_refused },
    { "files", test_files }, { "files-bare-pod", test_files_bare_pod }, { "file-not-writable", test_file_not_writable },
    { "token", test_token }, { "missing-tool", test_missing_tool }, { "spool-path-is-quoted", test_spool_path_is_quoted },
    { "sweep", test_sweep }
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (shells); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (tests); j++) {
      g_autofree char *path = g_strdup_printf ("/script/%s/%s", shells[i], tests[j].name);
      g_test_add (path, Bed, shells[i], bed_set_up, tests[j].run, bed_tear_down);
    }
  g_test_add_func ("/script/refused-values", test_refused_values);
  g_test_add_func ("/script/lint", test_lint);
  return g_test_run ();
}
