/* test-transport.c: a gate's way to the jumpbox and back, against a stand-in az that does what the real one does wrong
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-transport.h"
#include "../core/cr1-bed.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwx=="

typedef struct {
  Bed             bed;
  char           *az;            /* (owned) */
  CrPlanGate      gate;
  CrCaptureSet   *captures;      /* (owned) */
  CrRedactor     *redactor;      /* (owned) */
  CrClock        *clock;         /* (owned) */
  CrTransport    *transport;     /* (owned) */
  CrJumpboxParams params;
  GCancellable   *cancellable;   /* (owned) */
  GString        *log;           /* (owned): what the operator saw */
  const char     *cue;           /* (nullable): at this text of the log */
  void          (*at_cue) (gpointer fixture);
  guint           journaled;
  gboolean        journal_fails;
  gboolean        done;
  int             fd;            /* of at_cue's making, or -1 */
} Fixture;

static void
log_cb (const char *gate, const char *step, CrLogStream stream, const char *text, gpointer user_data)
{
  Fixture *f = user_data;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_string_append_printf (f->log, "%s/%s/%d: %s\n", gate, step != NULL ? step : "-", stream, text);
  if (f->cue != NULL && strstr (text, f->cue) != NULL) {
    f->cue = NULL;
    f->at_cue (f);
  }
}

static gboolean
before_cb (CrCall *call, gpointer user_data, GError **error)
{
  Fixture *f = user_data;
  g_autofree char *calls = bed_read (&f->bed, "log");
  g_auto(GStrv) lines = g_strsplit (calls != NULL ? calls : "", "\n", -1);

  g_assert_nonnull (call->nonce);
  g_assert_nonnull (call->script);
  g_assert_nonnull (call->argv);
  g_assert_cmpuint (calls == NULL ? 0 : g_strv_length (lines) - 1, >=, f->journaled);
  f->journaled++;
  if (!f->journal_fails)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "No space left on device");
  return FALSE;
}

static void
make_transport (Fixture *f)
{
  g_clear_object (&f->transport);
  f->transport = cr_jumpbox_transport_new (&f->params, f->redactor, f->clock, log_cb, f, before_cb, f);
  g_object_set (f->transport, "conflict-wait", 0, "poll-wait", 0, NULL);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  bed_set_up (&f->bed, NULL);
  f->fd = -1;
  f->az = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "io", "fake-az", NULL);
  g_setenv ("AZURE_CONFIG_DIR", f->bed.root, TRUE);
  f->gate = (CrPlanGate) { .id = (char *) "migration", .limit_seconds = 60, .steps = f->bed.steps };
  f->captures = cr_capture_set_new ();
  f->redactor = cr_redactor_new ();
  f->clock = cr_clock_new ();
  f->cancellable = g_cancellable_new ();
  f->log = g_string_new (NULL);
  f->params = (CrJumpboxParams) {
    .az = f->az, .subscription = "sub", .resource_group = "rg", .vm = "vm", .run_id = "e2-3-20260224171350", .user = "azureuser",
    .namespace_ = "txlookup", .cluster = "nsc-aks-dev", .spool_dir = f->bed.spool, .path = f->bed.path
  };
  make_transport (f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (g_test_verbose ())
    g_test_message ("%s", f->log->str);
  g_assert_finalize_object (f->transport);
  g_object_unref (f->clock);
  g_object_unref (f->cancellable);
  cr_capture_set_unref (f->captures);
  cr_redactor_unref (f->redactor);
  g_string_free (f->log, TRUE);
  g_free (f->az);
  if (f->fd >= 0)
    close (f->fd);
  bed_tear_down (&f->bed, NULL);
}

static void
done_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr(GError) error = NULL;

  g_assert_true (cr_transport_run_finish (CR_TRANSPORT (source), async, &error));
  g_assert_no_error (error);
  f->done = TRUE;
}

static void
run (Fixture *f)
{
  f->done = FALSE;
  cr_transport_run_async (f->transport, &f->gate, f->bed.steps, f->captures, f->cancellable, done_cb, f);
  while (!f->done)
    g_main_context_iteration (NULL, TRUE);
}

static CrCapture *
capture (Fixture *f, const char *step)
{
  CrCapture *found = cr_capture_set_find (f->captures, f->gate.id, step);
  g_assert_nonnull (found);
  return found;
}

static CrCall *
call_of (Fixture *f, const char *kind)
{
  CrCall *found = cr_capture_set_find_call (f->captures, f->gate.id, kind);
  g_assert_nonnull (found);
  return found;
}

static guint
count_calls (Fixture *f, const char *kind)
{
  guint n = 0;
  for (guint i = 0; i < f->captures->calls->len; i++)
    if (g_strcmp0 (((CrCall *) g_ptr_array_index (f->captures->calls, i))->kind, kind) == 0)
      n++;
  return n;
}

/* How often a step really ran on the jumpbox */
static guint
count_runs (Fixture *f)
{
  g_autofree char *count = bed_read (&f->bed, "count");
  return count != NULL ? (guint) strlen (count) / 2 : 0;
}

static void
assert_out (CrCapture *found, const char *text)
{
  bed_assert_bytes (found->out, text, strlen (text));
}

#define assert_said(f, text) G_STMT_START { if (strstr ((f)->log->str, text) == NULL) g_error ("not said: %s\n%s", text, (f)->log->str); } G_STMT_END

static void
assert_ended (Fixture *f, CrOutcome outcome, const char *reason)
{
  CrCall *call = call_of (f, "run");
  CrCapture *one = capture (f, "s1");

  if (call->outcome != outcome || g_strcmp0 (call->reason, reason) != 0)
    g_error ("the call is %s, %s: %s", cr_outcome_to_string (call->outcome), call->reason, call->message);
  g_assert_cmpint (one->outcome, ==, outcome);
  g_assert_cmpstr (one->reason, ==, reason);
  g_assert_cmpint (one->exit_code, ==, -1);
  g_assert_nonnull (one->message);
  g_assert_true (g_utf8_strlen (one->message, -1) > 20);
}

static void
test_happy (Fixture *f, gconstpointer data)
{
  g_autofree char *log = NULL;
  CrCapture *one, *two;
  CrCall *call;

  bed_add (&f->bed, "s1", FALSE, "echo from the jumpbox; echo warn >&2");
  bed_add (&f->bed, "s2", TRUE, "echo from the pod; exit 7");
  bed_add (&f->bed, "s3", TRUE, "echo never");
  run (f);
  one = capture (f, "s1");
  two = capture (f, "s2");
  g_assert_cmpint (one->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_cmpint (one->exit_code, ==, 0);
  g_assert_cmpint (one->pod_mark, ==, CR_POD_MARK_NA);
  g_assert_true (one->complete);
  assert_out (one, "from the jumpbox\n");
  bed_assert_bytes (one->err, "warn\n", 5);
  g_assert_cmpint (two->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_cmpint (two->exit_code, ==, 7);
  g_assert_cmpint (two->pod_mark, ==, CR_POD_MARK_OK);
  assert_out (two, "from the pod\n");
  g_assert_cmpuint (two->out_size, ==, 13);
  /* by sha256sum */
  g_assert_cmpstr (two->out_sha256, ==, "bdaadce8fa3dbaf7e44c6026d590545fc14df187e6610af6000b0b3349ebd9b5");
  g_assert_cmpint (two->started_us, >=, call_of (f, "run")->sent_us - 2 * G_USEC_PER_SEC);
  g_assert_cmpint (capture (f, "s3")->outcome, ==, CR_OUTCOME_NOT_STARTED);
  g_assert_cmpstr (capture (f, "s3")->reason, ==, "earlier-step");

  call = call_of (f, "run");
  g_assert_cmpint (call->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_null (call->reason);
  g_assert_cmpint (call->az_exit_code, ==, 0);
  g_assert_cmpstr (call->transport, ==, "jumpbox: az vm run-command invoke");
  g_assert_cmpuint (strlen (call->nonce), ==, 32);
  g_assert_cmpuint (strlen (call->payload_sha256), ==, 64);
  g_assert_true (g_str_has_prefix (call->script, "#!/bin/sh\n"));
  g_assert_cmpint (call->received_us, >=, call->sent_us);
  g_assert_cmpuint (f->captures->calls->len, ==, 1);
  g_assert_cmpuint (f->journaled, ==, 1);

  log = bed_read (&f->bed, "log");
  g_assert_nonnull (strstr (log, "\"argv\": [\"vm\", \"run-command\", \"invoke\", \"-g\", \"rg\", \"-n\", \"vm\", \"--command-id\", \"RunShellScript\", "
                                 "\"--scripts\", \"@-\", \"--subscription\", \"sub\", \"-o\", \"json\", \"--only-show-errors\"]"));
  g_assert_nonnull (strstr (log, "\"files\": []"));
  g_assert_nonnull (strstr (log, "\"AZURE_CORE_NO_COLOR\": \"yes\""));
  g_assert_null (strstr (log, "G_TEST_SRCDIR"));
  assert_said (f, "from the pod");
  assert_said (f, "Waiting for the jumpbox");
}

static void
test_preview (Fixture *f, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *script = NULL;
  g_autofree char *mark = NULL;
  g_auto(GStrv) argv = NULL;
  CrCall *call;
  const char *place;

  g_test_summary ("What is shown before is what is sent, but for nonce and mark");
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  call = call_of (f, "run");
  place = strstr (call->script, "step s1 60 ");
  if (place == NULL)
    place = strstr (call->script, "step s1 100 ");
  g_assert_nonnull (place);
  mark = g_strndup (strchr (strchr (place, ' ') + 4, ' ') + 1, 16);
  argv = cr_jumpbox_transport_preview (&f->params, &f->gate, f->bed.steps, call->nonce, mark, &script, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (script, ==, call->script);
  g_assert_cmpstrv (argv, call->argv);
}

static void
test_conflict_twice (Fixture *f, gconstpointer data)
{
  CrCall *first, *last;

  bed_write (&f->bed, "modes", "conflict\nconflict\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  g_assert_cmpint (capture (f, "s1")->exit_code, ==, 0);
  g_assert_cmpuint (count_calls (f, "refused"), ==, 2);
  g_assert_cmpuint (count_calls (f, "run"), ==, 1);
  g_assert_cmpuint (count_runs (f), ==, 1);
  first = g_ptr_array_index (f->captures->calls, 0);
  last = g_ptr_array_index (f->captures->calls, 2);
  g_assert_cmpstr (first->reason, ==, "conflict");
  g_assert_cmpstr (first->nonce, ==, last->nonce);
  g_assert_cmpstr (first->script, ==, last->script);
  assert_said (f, "The jumpbox runs another script. Asking again in 0 s (1 of at most 12 times).");
}

static void
test_conflict_always (Fixture *f, gconstpointer data)
{
  g_autoptr(GString) modes = g_string_new (NULL);

  for (int i = 0; i < 20; i++)
    g_string_append (modes, "conflict\n");
  bed_write (&f->bed, "modes", modes->str, 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_NOT_STARTED, "conflict");
  g_assert_cmpuint (f->captures->calls->len, ==, 13);
  g_assert_cmpuint (count_runs (f), ==, 0);
}

static void
test_refused (Fixture *f, gconstpointer data)
{
  const struct { const char *mode, *reason, *next; } cases[] = {
    { "vm-stopped", "vm-stopped", "Start the jumpbox VM" }, { "login", "not-signed-in", "az login" }, { "vm-missing", "not-found", "Check the names" }
  };
  bed_add (&f->bed, "s1", TRUE, "echo x");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    cr_capture_set_unref (f->captures);
    f->captures = cr_capture_set_new ();
    bed_write (&f->bed, "modes", cases[i].mode, 0600);
    run (f);
    assert_ended (f, CR_OUTCOME_NOT_STARTED, cases[i].reason);
    g_assert_nonnull (strstr (capture (f, "s1")->message, cases[i].next));
    g_assert_cmpuint (f->captures->calls->len, ==, 1);
    g_assert_nonnull (call_of (f, "run")->az_stderr);
  }
  g_assert_cmpuint (count_runs (f), ==, 0);
}

static void
test_rest (Fixture *f, gconstpointer data)
{
  g_autofree char *log = NULL;
  g_autofree char *again = NULL;
  CrCall *call;

  g_test_summary ("An az that can't manage VMs: the same script by az rest, from then on");
  bed_write (&f->bed, "modes", "operation-group\n", 0600);
  bed_write (&f->bed, "polls", "lost\nlost\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x; exit 3");
  run (f);
  g_assert_cmpint (capture (f, "s1")->exit_code, ==, 3);
  call = call_of (f, "run");
  g_assert_cmpstr (call->transport, ==, "jumpbox: az rest (this az cannot manage VMs)");
  g_assert_cmpint (call->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_cmpuint (count_calls (f, "refused"), ==, 1);
  g_assert_cmpuint (count_runs (f), ==, 1);
  log = bed_read (&f->bed, "log");
  g_assert_nonnull (strstr (log, "[\"rest\", \"--method\", \"post\", \"--url\", \"https://management.azure.com/subscriptions/{subscriptionId}/resourceGroups/rg/"
                                 "providers/Microsoft.Compute/virtualMachines/vm/runCommand?api-version=2024-07-01\", \"--body\", \"@-\", \"--subscription\", "
                                 "\"sub\", \"-o\", \"json\", \"--verbose\"]"));
  g_assert_nonnull (strstr (log, "[\"rest\", \"--method\", \"get\", \"--url\", \"https://management.azure.com/subscriptions/sub/operations/0?x=1\""));
  g_assert_true (call->az_stderr == NULL || strstr (call->az_stderr, "Bearer") == NULL);
  g_assert_null (strstr (f->log->str, "commandId"));
  g_assert_cmpstr (cr_transport_get_name (f->transport), ==, "jumpbox: az rest (this az cannot manage VMs)");

  f->gate.id = (char *) "backfill";
  run (f);
  g_assert_cmpint (capture (f, "s1")->exit_code, ==, 3);
  again = bed_read (&f->bed, "log");
  g_assert_null (strstr (again + strlen (log), "run-command"));
}

static void
test_rest_operation_failed (Fixture *f, gconstpointer data)
{
  g_test_summary ("The operation fails after the script has run: the jumpbox is asked, and it is not run again");
  bed_write (&f->bed, "modes", "operation-group\nagent\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x; exit 4");
  run (f);
  g_assert_cmpint (capture (f, "s1")->exit_code, ==, 4);
  g_assert_cmpstr (call_of (f, "run")->reason, ==, "agent-lost");
  g_assert_cmpint (call_of (f, "run")->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_cmpuint (count_calls (f, "status"), ==, 1);
  g_assert_cmpuint (count_runs (f), ==, 1);
}

static void
test_rest_foreign_host (Fixture *f, gconstpointer data)
{
  g_autofree char *log = NULL;

  g_test_summary ("The user's token goes to one host only");
  bed_write (&f->bed, "modes", "operation-group\n", 0600);
  bed_write (&f->bed, "hosts", "evil.example evil.example evil.example evil.example", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_UNKNOWN, "no-operation");
  log = bed_read (&f->bed, "log");
  g_assert_null (strstr (log, "evil.example"));
  g_assert_cmpuint (count_runs (f), ==, 1);
}

static void
test_lost_answers (Fixture *f, gconstpointer data)
{
  const struct { const char *mode, *reason; } cases[] = {
    { "die-after", "killed" }, { "network", "network" }, { "html", "bad-answer" }, { "nothing", "no-answer" }, { "no-value", "bad-answer" },
    { "cut", "bad-answer" }, { "deep", "bad-answer" }, { "flood", "output-limit" }, { "twice", "already-started" }
  };
  bed_add (&f->bed, "s1", TRUE, "echo x; exit 5");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *gate = g_strdup_printf ("gate-%s", cases[i].mode);
    guint before = count_runs (f);
    cr_capture_set_unref (f->captures);
    f->captures = cr_capture_set_new ();
    f->gate.id = gate;
    bed_write (&f->bed, "modes", cases[i].mode, 0600);
    run (f);
    if (capture (f, "s1")->exit_code != 5)
      g_error ("%s: %s", cases[i].mode, capture (f, "s1")->message);
    g_assert_cmpint (capture (f, "s1")->outcome, ==, CR_OUTCOME_COMPLETED);
    g_assert_cmpint (call_of (f, "run")->outcome, ==, CR_OUTCOME_COMPLETED);
    g_assert_cmpstr (call_of (f, "run")->reason, ==, cases[i].reason);
    g_assert_cmpuint (count_calls (f, "status"), ==, 1);
    g_assert_cmpuint (count_runs (f), ==, before + 1);
    assert_said (f, "It is not run again");
  }
  f->gate.id = (char *) "migration";
}

static void
test_never_started (Fixture *f, gconstpointer data)
{
  const char *modes[] = { "die-before", "empty", "offline", "throttled", "replay" };

  g_test_summary ("Nobody knows, and the jumpbox never saw it: not started, and not repeated");
  bed_add (&f->bed, "s1", TRUE, "echo x");
  bed_write (&f->bed, "last", "Enable succeeded: \n[stdout]\nCR1 END 00000000000000000000000000000000 sum=0\n\n[stderr]\n", 0600);
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++) {
    cr_capture_set_unref (f->captures);
    f->captures = cr_capture_set_new ();
    bed_write (&f->bed, "modes", modes[i], 0600);
    run (f);
    assert_ended (f, CR_OUTCOME_NOT_STARTED, "never-started");
    g_assert_cmpuint (count_calls (f, "run"), ==, 1);
    g_assert_cmpuint (count_calls (f, "status"), ==, 1);
  }
  g_assert_cmpuint (count_runs (f), ==, 0);
}

static void
test_network_gone (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "network\noffline\noffline\noffline\noffline\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_UNKNOWN, "network");
  g_assert_cmpuint (count_calls (f, "status"), ==, 3);
  g_assert_cmpuint (count_runs (f), ==, 1);
  g_assert_nonnull (strstr (capture (f, "s1")->message, "could not be asked either"));
}

static void
test_foreign_script (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "sample\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_UNKNOWN, "sample-script");
  g_assert_cmpuint (f->captures->calls->len, ==, 1);
  g_assert_nonnull (strstr (capture (f, "s1")->message, "2.78"));
}

static void
test_changed_script (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "changed\n", 0600);
  bed_add (&f->bed, "s1", FALSE, "true");
  run (f);
  g_assert_cmpint (capture (f, "s1")->outcome, !=, CR_OUTCOME_COMPLETED);
}

static void
test_short_tail (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "tail=300\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_UNKNOWN, "bad-frame");
  g_assert_nonnull (strstr (capture (f, "s1")->message, "the beginning is missing"));
}

static void
test_time_limit (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "hang-after\n", 0600);
  f->gate.limit_seconds = 1;
  g_object_set (f->transport, "slack", 0, NULL);
  bed_add (&f->bed, "s1", TRUE, "echo x; exit 6")->limit = 100;
  run (f);
  g_assert_cmpstr (call_of (f, "run")->reason, ==, "time-limit");
  g_assert_cmpuint (count_calls (f, "status"), ==, 1);
}

/* A step that opens "up", so that the stand-in knows it runs (it writes nothing: the reader may be gone by then), and waits for "go" */
static void
add_waiting_step (Fixture *f)
{
  g_autofree char *up = bed_file (&f->bed, "up"), *go = bed_file (&f->bed, "go");
  g_autofree char *command = g_strdup_printf (": >'%s'; cat '%s'; echo went", up, go);

  g_assert_cmpint (mkfifo (up, 0600), ==, 0);
  g_assert_cmpint (mkfifo (go, 0600), ==, 0);
  bed_add (&f->bed, "s1", TRUE, command);
}

static void
let_go (gpointer user_data)
{
  Fixture *f = user_data;
  g_autofree char *go = bed_file (&f->bed, "go");

  close (open (go, O_WRONLY | O_CLOEXEC));
}

static void
test_still_running (Fixture *f, gconstpointer data)
{
  guint status;

  g_test_summary ("az dies, the script goes on: it is asked for until it has ended");
  bed_write (&f->bed, "modes", "background\n", 0600);
  g_object_set (f->transport, "conflict-wait", 1, NULL);
  add_waiting_step (f);
  f->cue = "The script still runs on the jumpbox.";
  f->at_cue = let_go;
  run (f);
  assert_out (capture (f, "s1"), "went\n");
  status = count_calls (f, "status");
  g_assert_cmpuint (status, >=, 2);
  g_assert_cmpuint (count_runs (f), ==, 1);
}

static void
test_restart (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "restart\n", 0600);
  add_waiting_step (f);
  run (f);
  assert_ended (f, CR_OUTCOME_UNKNOWN, "died");
  g_assert_cmpuint (count_runs (f), ==, 1);
}

static void
release_lock (gpointer user_data)
{
  Fixture *f = user_data;
  close (f->fd);
  f->fd = -1;
}

static void
test_busy (Fixture *f, gconstpointer data)
{
  g_autofree char *lock = bed_file (&f->bed, "spool folder/lock");

  g_test_summary ("Another operator's rehearsal holds the jumpbox: waited for");
  g_mkdir (f->bed.spool, 0700);
  bed_write (&f->bed, "spool folder/holder", "other-run.sync.1\n", 0600);
  f->fd = open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  g_assert_cmpint (flock (f->fd, LOCK_EX | LOCK_NB), ==, 0);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  f->cue = "Another rehearsal holds the jumpbox: other-run.sync.1. Asking again";
  f->at_cue = release_lock;
  run (f);
  assert_out (capture (f, "s1"), "x\n");
  g_assert_cmpuint (count_calls (f, "refused"), ==, 1);
}

static void
test_pages (Fixture *f, gconstpointer data)
{
  g_autoptr(GString) expected = g_string_new (NULL);

  bed_write (&f->bed, "modes", "ok\nok\nconflict\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "seq 4000; exit 2")->keep_going = TRUE;
  bed_add (&f->bed, "s2", FALSE, "echo last");
  run (f);
  for (int i = 1; i <= 4000; i++)
    g_string_append_printf (expected, "%d\n", i);
  assert_out (capture (f, "s1"), expected->str);
  g_assert_true (capture (f, "s1")->complete);
  assert_out (capture (f, "s2"), "last\n");
  g_assert_cmpuint (count_calls (f, "page"), >=, 2);
  g_assert_cmpuint (count_calls (f, "refused"), ==, 1);
}

static void
test_too_many_pages (Fixture *f, gconstpointer data)
{
  CrCapture *one;

  bed_add (&f->bed, "s1", TRUE, "seq 180000; exit 2");
  run (f);
  one = capture (f, "s1");
  g_assert_cmpint (one->exit_code, ==, 2);
  g_assert_cmpint (one->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_false (one->complete);
  g_assert_cmpuint (one->out_size, ==, 1148895);  /* seq 180000 | wc -c */
  g_assert_cmpuint (g_bytes_get_size (one->out), >, 10000);
  g_assert_cmpuint (count_calls (f, "page"), ==, 8);
  assert_said (f, "Only a part of its 1148895 bytes");
}

static void
test_lost_page (Fixture *f, gconstpointer data)
{
  g_test_summary ("A page that doesn't come leaves the output incomplete, and the exit code proven");
  bed_write (&f->bed, "modes", "ok\ntail=100\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "seq 4000; exit 2");
  run (f);
  g_assert_cmpint (capture (f, "s1")->exit_code, ==, 2);
  g_assert_false (capture (f, "s1")->complete);
  g_assert_cmpstr (call_of (f, "page")->reason, ==, "bad-frame");
}

static void
stop (gpointer user_data)
{
  Fixture *f = user_data;
  g_cancellable_cancel (f->cancellable);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "hang\n", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  f->cue = "Waiting for the jumpbox";
  f->at_cue = stop;
  run (f);
  assert_ended (f, CR_OUTCOME_STOPPED, "stopped");
  g_assert_nonnull (strstr (capture (f, "s1")->message, "may still run"));
  g_assert_cmpuint (f->captures->calls->len, ==, 1);
}

static void
test_stop_while_waiting (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "modes", "conflict\n", 0600);
  g_object_set (f->transport, "conflict-wait", 3000, NULL);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  f->cue = "Asking again in 3000 s";
  f->at_cue = stop;
  run (f);
  g_assert_cmpint (capture (f, "s1")->outcome, ==, CR_OUTCOME_STOPPED);
  g_assert_nonnull (strstr (capture (f, "s1")->message, "had not taken the script"));
  g_assert_cmpuint (count_runs (f), ==, 0);
}

static void
test_stopped_before (Fixture *f, gconstpointer data)
{
  g_cancellable_cancel (f->cancellable);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  g_assert_cmpint (capture (f, "s1")->outcome, ==, CR_OUTCOME_STOPPED);
  g_assert_false (bed_has (&f->bed, "log"));
}

static void
test_journal_first (Fixture *f, gconstpointer data)
{
  f->journal_fails = TRUE;
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_NOT_STARTED, "journal");
  g_assert_nonnull (strstr (capture (f, "s1")->message, "No space left on device"));
  g_assert_false (bed_has (&f->bed, "log"));
}

static void
test_az_missing (Fixture *f, gconstpointer data)
{
  f->params.az = "no-such-az-anywhere";
  make_transport (f);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_NOT_STARTED, "az-missing");
  g_assert_nonnull (strstr (capture (f, "s1")->message, "--az"));
}

static void
test_names_az_would_read (Fixture *f, gconstpointer data)
{
  f->params.vm = "@/etc/hostname";
  make_transport (f);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_NOT_STARTED, "arguments");
  g_assert_false (bed_has (&f->bed, "log"));
}

static void
test_unsendable (Fixture *f, gconstpointer data)
{
  bed_add (&f->bed, "s1", TRUE, "echo \xc3\xa9");
  run (f);
  g_assert_cmpint (capture (f, "s1")->outcome, ==, CR_OUTCOME_NOT_STARTED);
  g_assert_cmpstr (capture (f, "s1")->reason, ==, "script");
  g_assert_nonnull (strstr (capture (f, "s1")->message, "0xc3"));
  g_assert_cmpuint (f->captures->calls->len, ==, 0);
}

static void
test_secrets (Fixture *f, gconstpointer data)
{
  CrCapture *one;
  g_autofree char *secret = NULL;
  g_autofree char *command = NULL;

  bed_write (&f->bed, "modes", "warn\n", 0600);
  bed_write (&f->bed, "secret", "AccountKey=" SECRET "\n", 0600);
  secret = bed_file (&f->bed, "secret");
  command = g_strdup_printf ("cat '%s'; echo fine >&2", secret);
  bed_add (&f->bed, "s1", TRUE, command);
  run (f);
  one = capture (f, "s1");
  g_assert_cmpuint (one->redactions, >, 0);
  g_assert_null (one->out_sha256);
  g_assert_nonnull (one->err_sha256);
  g_assert_null (g_strstr_len (g_bytes_get_data (one->out, NULL), (gssize) g_bytes_get_size (one->out), "abcdefghij"));
  g_assert_nonnull (g_strstr_len (g_bytes_get_data (one->out, NULL), (gssize) g_bytes_get_size (one->out), "AccountKey="));
  g_assert_null (strstr (f->log->str, "abcdefghij"));
  g_assert_nonnull (call_of (f, "run")->az_stderr);
  g_assert_null (strstr (call_of (f, "run")->az_stderr, "abcdefghij"));
}

static void
test_pod_refused (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "refuse", "", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  g_assert_cmpint (capture (f, "s1")->outcome, ==, CR_OUTCOME_NOT_STARTED);
  g_assert_cmpstr (capture (f, "s1")->reason, ==, "pod-unreachable");
  g_assert_cmpint (capture (f, "s1")->pod_mark, ==, CR_POD_MARK_LOST);
  g_assert_nonnull (strstr (capture (f, "s1")->message, "Error from server (Forbidden): no"));
}

static void
test_pod_lost (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "drop0", "", 0600);
  bed_add (&f->bed, "s1", TRUE, "echo x");
  run (f);
  g_assert_cmpint (capture (f, "s1")->outcome, ==, CR_OUTCOME_UNKNOWN);
  g_assert_cmpstr (capture (f, "s1")->reason, ==, "pod-mark-lost");
  g_assert_cmpint (capture (f, "s1")->exit_code, ==, 0);
}

static void
test_step_time_limit (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "bin/timeout", "#!/bin/sh\nexit 124\n", 0700);
  bed_add (&f->bed, "s1", FALSE, "echo x");
  run (f);
  g_assert_cmpint (capture (f, "s1")->outcome, ==, CR_OUTCOME_UNKNOWN);
  g_assert_cmpstr (capture (f, "s1")->reason, ==, "time-limit");
  g_assert_cmpint (capture (f, "s1")->exit_code, ==, 124);
}

static void
test_spool_in_the_way (Fixture *f, gconstpointer data)
{
  bed_write (&f->bed, "spool folder", "", 0600);
  bed_add (&f->bed, "s1", FALSE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_NOT_STARTED, "no-spool");
  g_assert_nonnull (strstr (capture (f, "s1")->message, f->bed.spool));
}

static void
test_missing_tool (Fixture *f, gconstpointer data)
{
  f->params.path = f->bed.bin;
  make_transport (f);
  bed_add (&f->bed, "s1", FALSE, "echo x");
  run (f);
  assert_ended (f, CR_OUTCOME_NOT_STARTED, "jumpbox-tools");
  g_assert_nonnull (strstr (capture (f, "s1")->message, "no flock"));
  g_assert_false (bed_has (&f->bed, "spool folder"));
}

static void
test_seven_gates (Fixture *f, gconstpointer data)
{
  g_test_summary ("One transport for a whole rehearsal: each gate has its own nonce, and nothing is mixed up");
  bed_add (&f->bed, "s1", TRUE, "echo x");
  for (int i = 0; i < 7; i++) {
    g_autofree char *gate = g_strdup_printf ("gate-%d", i);
    f->gate.id = gate;
    run (f);
    g_assert_cmpint (capture (f, "s1")->exit_code, ==, 0);
    for (guint j = 0; j + 1 < f->captures->calls->len; j++)
      g_assert_cmpstr (((CrCall *) g_ptr_array_index (f->captures->calls, j))->nonce, !=, call_of (f, "run")->nonce);
  }
  f->gate.id = (char *) "migration";
  g_assert_cmpuint (f->captures->calls->len, ==, 7);
}

/* --- local steps --- */

static void
local_done_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr(GError) error = NULL;

  g_assert_true (cr_local_step_finish (async, &error));
  g_assert_no_error (error);
  f->done = TRUE;
}

static CrCapture *
run_local (Fixture *f, const char *program, const char *word)
{
  CrPlanStep *step = bed_add (&f->bed, "local", FALSE, "x");
  const char *argv[] = { program, word, "-o", "json", NULL };

  step->where = CR_STEP_LOCAL;
  g_strfreev (step->argv);
  step->argv = g_strdupv ((char **) argv);
  f->done = FALSE;
  cr_local_step_async (&f->gate, step, f->captures, f->redactor, f->clock, log_cb, f, f->cancellable, local_done_cb, f);
  while (!f->done)
    g_main_context_iteration (NULL, TRUE);
  return capture (f, "local");
}

static void
test_local (Fixture *f, gconstpointer data)
{
  CrCapture *found = run_local (f, f->az, "version");
  g_autofree char *log = bed_read (&f->bed, "log");
  CrCall *call = call_of (f, "local");

  g_assert_cmpint (found->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_cmpint (found->exit_code, ==, 0);
  g_assert_cmpint (found->where, ==, CR_STEP_LOCAL);
  g_assert_true (found->complete);
  g_assert_nonnull (found->out_sha256);
  assert_out (found, "{\"azure-cli\": \"2.45.0\"}\n");
  g_assert_cmpint (call->az_exit_code, ==, 0);
  g_assert_cmpstr (call->argv[1], ==, "version");
  g_assert_nonnull (strstr (log, "\"files\": []"));
  assert_said (f, "fake-az version -o json");
}

static void
test_local_no_input (Fixture *f, gconstpointer data)
{
  assert_out (run_local (f, f->az, "stdin"), "''\n");
}

static void
test_local_not_signed_in (Fixture *f, gconstpointer data)
{
  CrCapture *found = run_local (f, f->az, "login-gone");

  g_assert_cmpint (found->outcome, ==, CR_OUTCOME_COMPLETED);
  g_assert_cmpint (found->exit_code, ==, 1);
  g_assert_cmpstr (found->reason, ==, "not-signed-in");
  g_assert_cmpstr (found->message, ==, "az says: Please run 'az login' to setup account. Nobody is signed in on this computer. Run az login, then start a new rehearsal.");
}

static void
test_local_missing (Fixture *f, gconstpointer data)
{
  CrCapture *found = run_local (f, "no-such-az-anywhere", "version");

  g_assert_cmpint (found->outcome, ==, CR_OUTCOME_NOT_STARTED);
  g_assert_cmpstr (found->reason, ==, "az-missing");
  g_assert_nonnull (strstr (found->message, "no-such-az-anywhere"));
  g_assert_cmpint (found->exit_code, ==, -1);
}

static void
test_local_secret (Fixture *f, gconstpointer data)
{
  CrCapture *found = run_local (f, f->az, "secret");

  g_assert_cmpuint (found->redactions, >, 0);
  g_assert_null (found->out_sha256);
  g_assert_null (g_strstr_len (g_bytes_get_data (found->out, NULL), (gssize) g_bytes_get_size (found->out), "abcdefghij"));
  g_assert_null (strstr (f->log->str, "abcdefghij"));
}

static void
test_local_stop (Fixture *f, gconstpointer data)
{
  CrCapture *found;

  f->cue = "fake-az hang";
  f->at_cue = stop;
  found = run_local (f, f->az, "hang");
  g_assert_cmpint (found->outcome, ==, CR_OUTCOME_STOPPED);
  g_assert_cmpstr (found->reason, ==, "stopped");
}

int
main (int argc, char **argv)
{
  static const struct { const char *name; void (*run) (Fixture *, gconstpointer); } tests[] = {
    { "happy", test_happy }, { "preview", test_preview }, { "conflict-twice", test_conflict_twice }, { "conflict-always", test_conflict_always },
    { "refused", test_refused }, { "rest", test_rest }, { "rest-operation-failed", test_rest_operation_failed },
    { "rest-foreign-host", test_rest_foreign_host }, { "lost-answers", test_lost_answers }, { "never-started", test_never_started },
    { "network-gone", test_network_gone }, { "foreign-script", test_foreign_script }, { "changed-script", test_changed_script },
    { "short-tail", test_short_tail }, { "time-limit", test_time_limit }, { "still-running", test_still_running }, { "restart", test_restart },
    { "busy", test_busy }, { "pages", test_pages }, { "too-many-pages", test_too_many_pages }, { "lost-page", test_lost_page }, { "stop", test_stop },
    { "stop-while-waiting", test_stop_while_waiting }, { "stopped-before", test_stopped_before }, { "journal-first", test_journal_first },
    { "az-missing", test_az_missing }, { "names-az-would-read", test_names_az_would_read }, { "unsendable", test_unsendable },
    { "secrets", test_secrets }, { "pod-refused", test_pod_refused }, { "pod-lost", test_pod_lost }, { "step-time-limit", test_step_time_limit },
    { "spool-in-the-way", test_spool_in_the_way }, { "missing-tool", test_missing_tool }, { "seven-gates", test_seven_gates }, { "local", test_local },
    { "local-no-input", test_local_no_input }, { "local-not-signed-in", test_local_not_signed_in }, { "local-missing", test_local_missing },
    { "local-secret", test_local_secret }, { "local-stop", test_local_stop }
  };

  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("G_TEST_SRCDIR") == NULL || !g_file_test ("/usr/bin/python3", G_FILE_TEST_IS_EXECUTABLE)) {
    g_test_message ("G_TEST_SRCDIR is not set, or Python is missing");
    return 77;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++) {
    g_autofree char *path = g_strdup_printf ("/transport/%s", tests[i].name);
    g_test_add (path, Fixture, NULL, set_up, tests[i].run, tear_down);
  }
  return g_test_run ();
}
