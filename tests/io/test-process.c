/* test-process.c: one child process, and what is left of it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-process.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

typedef struct { CrProcessResult *result; GError *error; gboolean done; GString *seen; GCancellable *cancellable; gsize cancel_after; } Wait;

static void
done_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  Wait *wait = user_data;

  wait->result = cr_process_run_finish (async, &wait->error);
  wait->done = TRUE;
}

static void
output_cb (const guint8 *bytes, gsize length, gboolean is_err, gpointer user_data)
{
  Wait *wait = user_data;

  g_string_append_len (wait->seen, (const char *) bytes, (gssize) length);
  if (wait->cancellable != NULL && wait->seen->len >= wait->cancel_after)
    g_cancellable_cancel (wait->cancellable);
}

static CrProcessResult *
run (const char *const *argv, GBytes *input, guint limit, gsize cap, Wait *wait)
{
  wait->seen = g_string_new (NULL);
  cr_process_run_async (argv, input, NULL, NULL, limit, cap, output_cb, wait, wait->cancellable, done_cb, wait);
  while (!wait->done)
    g_main_context_iteration (NULL, TRUE);
  g_string_free (wait->seen, TRUE);
  return wait->result;
}

static CrProcessResult *
run_sh (const char *command, GBytes *input, guint limit, gsize cap)
{
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  Wait wait = { 0 };
  CrProcessResult *result = run (argv, input, limit, cap, &wait);
  g_assert_no_error (wait.error);
  return result;
}

static void
assert_text (GBytes *bytes, const char *text)
{
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, strlen (text));
  g_assert_true (*text == '\0' || memcmp (g_bytes_get_data (bytes, NULL), text, strlen (text)) == 0);
}

static void
test_streams (void)
{
  g_autoptr(CrProcessResult) result = run_sh ("printf 'a\\000b\\377'; echo oops >&2; exit 42", NULL, 60, 1000);
  gsize size;
  const char *out = g_bytes_get_data (result->out, &size);

  g_assert_cmpint (result->exit_code, ==, 42);
  g_assert_cmpint (result->signal, ==, 0);
  g_assert_false (result->timed_out || result->stopped || result->overflow);
  g_assert_cmpuint (size, ==, 4);
  g_assert_true (memcmp (out, "a\0b\xff", 4) == 0);
  assert_text (result->err, "oops\n");
  g_assert_cmpint (result->received_us, >=, result->sent_us);
}

static void
test_no_input (void)
{
  g_autoptr(CrProcessResult) result = run_sh ("readlink /proc/self/fd/0; cat; echo end", NULL, 60, 1000);
  assert_text (result->out, "/dev/null\nend\n");
}

static void
test_input (void)
{
  g_autoptr(CrProcessResult) result = NULL;
  g_autoptr(GBytes) input = NULL;
  g_autofree char *big = g_strnfill (300000, 'x');
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, big, -1);
  g_autofree char *expected = g_strdup_printf ("%s  -\n", sum);

  g_test_summary ("Input larger than a pipe arrives whole, and is closed");
  input = g_bytes_new (big, strlen (big));
  result = run_sh ("sha256sum", input, 60, 1000);
  assert_text (result->out, expected);
}

static void
test_input_not_read (void)
{
  g_autoptr(CrProcessResult) result = NULL;
  g_autofree char *big = g_strnfill (300000, 'x');
  g_autoptr(GBytes) input = g_bytes_new (big, strlen (big));

  g_test_summary ("A child that ends without reading its input is a result, not a broken pipe");
  result = run_sh ("exec <&-; echo done", input, 60, 1000);
  g_assert_cmpint (result->exit_code, ==, 0);
  assert_text (result->out, "done\n");
}

static void
test_signal (void)
{
  g_autoptr(CrProcessResult) result = run_sh ("echo x; kill -9 $$", NULL, 60, 1000);
  g_assert_cmpint (result->exit_code, ==, -1);
  g_assert_cmpint (result->signal, ==, SIGKILL);
  assert_text (result->out, "x\n");
}

static void
test_overflow (void)
{
  g_autoptr(CrProcessResult) result = NULL;

  g_test_summary ("A flood is ended at the cap; what was kept is the beginning");
  result = run_sh ("exec yes", NULL, 60, 200000);
  g_assert_true (result->overflow);
  g_assert_cmpuint (g_bytes_get_size (result->out), ==, 200000);
  g_assert_true (memcmp (g_bytes_get_data (result->out, NULL), "y\ny\ny\n", 6) == 0);
}

static void
test_both_streams_flood (void)
{
  g_autoptr(CrProcessResult) result = run_sh ("head -c 400000 /dev/zero & head -c 400000 /dev/zero >&2; wait", NULL, 60, 1000000);
  g_assert_cmpuint (g_bytes_get_size (result->out), ==, 400000);
  g_assert_cmpuint (g_bytes_get_size (result->err), ==, 400000);
  g_assert_cmpint (result->exit_code, ==, 0);
}

/* Is any process of that group still alive? */
static gboolean
group_lives (pid_t group)
{
  g_autoptr(GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (proc)) != NULL) {
    g_autofree char *path = g_build_filename ("/proc", name, "stat", NULL);
    g_autofree char *stat = NULL;
    char state;
    int parent, pgrp;
    if (!g_ascii_isdigit (*name) || !g_file_get_contents (path, &stat, NULL, NULL))
      continue;
    if (sscanf (strrchr (stat, ')'), ") %c %d %d", &state, &parent, &pgrp) == 3 && pgrp == group && state != 'Z')
      return TRUE;
  }
  return FALSE;
}

static void
check_stopped (const char *command)
{
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(CrProcessResult) result = NULL;
  Wait wait = { .cancellable = cancellable, .cancel_after = 3 };
  pid_t group;

  result = run (argv, NULL, 0, 1000, &wait);
  g_assert_no_error (wait.error);
  g_assert_true (result->stopped);
  group = (pid_t) g_ascii_strtoll (g_bytes_get_data (result->out, NULL), NULL, 10);
  g_assert_cmpint (group, >, 1);
  while (group_lives (group))  /* dying is not instant; a process that stays makes this test end by its time limit */
    g_main_context_iteration (NULL, FALSE);
}

static void
test_cancel (void)
{
  g_test_summary ("The whole group ends, and what was printed is there");
  check_stopped ("printf '%09d\\n' $$; sleep 1000 & sleep 1000");
}

static void
test_cancel_deaf (void)
{
  g_test_summary ("A program that ignores SIGINT is killed");
  check_stopped ("trap '' INT; printf '%09d\\n' $$; while :; do sleep 1000; done");
}

static void
test_cancelled_before (void)
{
  const char *argv[] = { "/bin/sh", "-c", "echo ran", NULL };
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(CrProcessResult) result = NULL;
  Wait wait = { .cancellable = cancellable, .cancel_after = 1000 };

  g_cancellable_cancel (cancellable);
  result = run (argv, NULL, 0, 1000, &wait);
  g_assert_true (result->stopped);
  g_assert_cmpuint (g_bytes_get_size (result->out), ==, 0);
}

static void
test_deadline (void)
{
  g_autoptr(CrProcessResult) result = run_sh ("echo begun; exec cat /dev/zero >/dev/null", NULL, 1, 1000);
  g_assert_true (result->timed_out);
  g_assert_cmpint (result->signal, ==, SIGINT);
  assert_text (result->out, "begun\n");
}

static void
test_grandchild (void)
{
  g_autoptr(CrProcessResult) result = NULL;

  g_test_summary ("A grandchild that keeps the pipe open, even in a session of its own, does not hold the answer back");
  result = run_sh ("echo answer; (exec setsid sleep 100) & exit 3", NULL, 60, 1000);
  g_assert_cmpint (result->exit_code, ==, 3);
  assert_text (result->out, "answer\n");
  g_assert_cmpint (result->duration_us, <, 30 * G_USEC_PER_SEC);
}

static void
test_limits_and_group (void)
{
  g_autoptr(CrProcessResult) result = run_sh ("ulimit -c; ulimit -H -c; [ \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$ ] && echo leader", NULL, 60, 1000);
  assert_text (result->out, "0\n0\nleader\n");
}

static void
test_not_found (void)
{
  const char *cases[] = { "no-such-program-anywhere", "/nonexistent/az", "/tmp", "", NULL };
  for (gsize i = 0; cases[i] != NULL; i++) {
    const char *argv[] = { cases[i], NULL };
    const int code = *cases[i] == '\0' ? CR_PROCESS_ERROR_ARGUMENT : CR_PROCESS_ERROR_NOT_FOUND;
    Wait wait = { 0 };
    g_assert_null (run (argv, NULL, 0, 1000, &wait));
    g_assert_error (wait.error, CR_PROCESS_ERROR, code);
    g_clear_error (&wait.error);
  }
}

static void
test_not_a_program (void)
{
  g_autofree char *dir = g_dir_make_tmp ("cr-process-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (dir, "az", NULL);
  const char *argv[] = { file, NULL };
  Wait wait = { 0 };

  g_assert_true (g_file_set_contents (file, "#!/no/such/interpreter\n", -1, NULL));
  g_chmod (file, 0700);
  g_assert_null (run (argv, NULL, 0, 1000, &wait));
  g_assert_error (wait.error, CR_PROCESS_ERROR, CR_PROCESS_ERROR_SPAWN);
  g_clear_error (&wait.error);
  g_unlink (file);
  g_rmdir (dir);
}

static guint
count_fds (void)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_nothing_left (void)
{
  guint before;

  g_test_summary ("No descriptor and no child remains of sixty runs");
  cr_process_result_free (run_sh ("true", NULL, 60, 10));
  while (g_main_context_iteration (NULL, FALSE));
  before = count_fds ();
  for (int i = 0; i < 60; i++) {
    g_autoptr(GBytes) input = g_bytes_new_static ("x", 1);
    cr_process_result_free (run_sh (i % 2 == 0 ? "cat" : "exit 1", i % 3 == 0 ? input : NULL, 60, 10));
  }
  while (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (count_fds (), ==, before);
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
}

static void
test_environ (void)
{
  const char *hostile[] = { "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONSTARTUP", "BASH_ENV", "ENV", "IFS", "SOME_TOKEN", NULL };
  const char *kept[] = { "HTTPS_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "AZURE_CONFIG_DIR", "LC_TIME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", NULL };
  g_auto(GStrv) env = NULL;

  for (gsize i = 0; hostile[i] != NULL; i++)
    if (strcmp (hostile[i], "LD_PRELOAD") != 0)  /* setting that would change this very test */
      g_setenv (hostile[i], "x", TRUE);
  for (gsize i = 0; kept[i] != NULL; i++)
    g_setenv (kept[i], "y", TRUE);
  g_setenv ("AZURE_CORE_COLLECT_TELEMETRY", "yes", TRUE);
  env = cr_process_az_environ ();
  for (gsize i = 0; hostile[i] != NULL; i++) {
    g_assert_null (g_environ_getenv (env, hostile[i]));
    g_unsetenv (hostile[i]);
  }
  for (gsize i = 0; kept[i] != NULL; i++) {
    g_assert_cmpstr (g_environ_getenv (env, kept[i]), ==, "y");
    g_unsetenv (kept[i]);
  }
  g_assert_nonnull (g_environ_getenv (env, "PATH"));
  g_assert_cmpstr (g_environ_getenv (env, "AZURE_CORE_COLLECT_TELEMETRY"), ==, "no");
  g_assert_cmpstr (g_environ_getenv (env, "AZURE_CORE_ONLY_SHOW_ERRORS"), ==, "yes");
  g_assert_cmpstr (g_environ_getenv (env, "AZURE_CORE_NO_COLOR"), ==, "yes");
  g_assert_cmpstr (g_environ_getenv (env, "AZURE_CORE_SURVEY_MESSAGE"), ==, "no");
  g_assert_cmpstr (g_environ_getenv (env, "AZURE_CORE_DISABLE_PROGRESS_BAR"), ==, "yes");
  g_assert_cmpstr (g_environ_getenv (env, "AZURE_CORE_ERROR_RECOMMENDATION"), ==, "off");
  g_assert_cmpstr (g_environ_getenv (env, "AZURE_EXTENSION_USE_DYNAMIC_INSTALL"), ==, "no");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/process/environ", test_environ);
  g_test_add_func ("/process/streams", test_streams);
  g_test_add_func ("/process/no-input", test_no_input);
  g_test_add_func ("/process/input", test_input);
  g_test_add_func ("/process/input-not-read", test_input_not_read);
  g_test_add_func ("/process/signal", test_signal);
  g_test_add_func ("/process/overflow", test_overflow);
  g_test_add_func ("/process/both-streams-flood", test_both_streams_flood);
  g_test_add_func ("/process/cancel", test_cancel);
  g_test_add_func ("/process/cancel-deaf", test_cancel_deaf);
  g_test_add_func ("/process/cancelled-before", test_cancelled_before);
  g_test_add_func ("/process/deadline", test_deadline);
  g_test_add_func ("/process/grandchild", test_grandchild);
  g_test_add_func ("/process/limits-and-group", test_limits_and_group);
  g_test_add_func ("/process/not-found", test_not_found);
  g_test_add_func ("/process/not-a-program", test_not_a_program);
  g_test_add_func ("/process/nothing-left", test_nothing_left);
  return g_test_run ();
}
