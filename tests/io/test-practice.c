/* test-practice.c: the practice target is started, asked, ended and removed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "cr-practice.h"

static char *made;  /* (owned): $CR_PRACTICE_DIR and $CR_DATA_DIR of this program */

typedef struct { const char *folder; CrSettings *settings; } Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *faults = NULL;

  fixture->folder = made;
  faults = g_build_filename (fixture->folder, "practice-faults.json", NULL);
  g_assert_true (g_file_set_contents (faults, "[{\"name\": \"smoke-500\", \"group\": \"H\", \"summary\": \"s\", \"classification\": \"SMOKE_FAILED\", "
                                              "\"verdict\": \"FAIL\", \"gate\": \"smoke\"}]", -1, NULL));
  fixture->settings = cr_settings_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "practice-faults.json", "practice-target", "said" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (fixture->folder, names[i], NULL);

    g_remove (path);
  }
  g_assert_finalize_object (fixture->settings);
}

static void
put_target (Fixture *fixture, const char *script)
{
  g_autofree char *path = g_build_filename (fixture->folder, "practice-target", NULL);
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
}

static void
started_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static CrPractice *
start (Fixture *fixture, GCancellable *cancellable, GError **error)
{
  g_autoptr(GAsyncResult) result = NULL;

  cr_practice_start_async (fixture->settings, cancellable, started_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return cr_practice_start_finish (result, error);
}

#define READY "printf '{\"ready\":true,\"root\":\"%s\",\"az\":\"%s/az\",\"api_url\":\"http://127.0.0.1:9\",\"api_address\":\"http://127.0.0.1:8000\"," \
              "\"spool_dir\":\"%s/spool\",\"jumpbox_path\":\"%s/bin:/usr/bin:/bin\"}\\n' \"$3\" \"$3\" \"$3\" \"$3\"\n"

static void
test_happy (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrPractice) practice = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *root = NULL, *az = NULL, *said = NULL, *path = g_build_filename (fixture->folder, "said", NULL), *expected = NULL;

  put_target (fixture, "echo \"$@\" >\"$(dirname \"$0\")/said\"\nmkdir -p \"$3/deep/er\"; ln -s /etc \"$3/deep/link\"; echo x >\"$3/deep/er/file\"; chmod 500 \"$3/deep/er\"\n"
                       READY "cat >/dev/null\n");
  g_assert_true (cr_settings_set (fixture->settings, "practice.speed", "instant", CR_ORIGIN_OPTION, &error));
  g_assert_true (cr_settings_set (fixture->settings, "practice.fault", "smoke-500", CR_ORIGIN_OPTION, &error));
  g_assert_true (cr_settings_set (fixture->settings, "practice.seed", "7", CR_ORIGIN_OPTION, &error));
  practice = start (fixture, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (practice);
  root = g_strdup (cr_practice_get_root (practice));
  az = g_build_filename (root, "az", NULL);
  g_assert_cmpstr (cr_settings_get (fixture->settings, "az"), ==, az);
  g_assert_cmpint (cr_settings_get_origin (fixture->settings, "az"), ==, CR_ORIGIN_PRACTICE);
  g_assert_cmpstr (cr_settings_get (fixture->settings, "api_url"), ==, "http://127.0.0.1:9");
  g_assert_cmpstr (cr_settings_get (fixture->settings, "api_address"), ==, "http://127.0.0.1:8000");
  expected = g_strdup_printf ("serve --root %s --speed instant --faults smoke-500 --seed 7 --parent-pid %d\n", root, (int) getpid ());
  g_assert_true (g_file_get_contents (path, &said, NULL, NULL));
  g_assert_cmpstr (said, ==, expected);
  g_assert_true (g_file_test (root, G_FILE_TEST_IS_DIR));
  cr_practice_stop (practice);
  while (g_file_test (root, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_file_test ("/etc/passwd", G_FILE_TEST_EXISTS));  /* the link was removed, not followed */
}

/* A program that ends at once, without a loop to wait in, leaves nothing either; even if the target hears no signal */
static void
test_dispose (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *root = NULL, *pids = NULL, *pid_file = NULL;
  g_auto(GStrv) list = NULL;
  CrPractice *practice;

  put_target (fixture, "trap '' TERM\nsleep 1000 &\necho $! $$ >\"$3/pids\"\n" READY "while :; do wait; done\n");
  practice = start (fixture, NULL, &error);
  g_assert_no_error (error);
  root = g_strdup (cr_practice_get_root (practice));
  pid_file = g_build_filename (root, "pids", NULL);
  g_assert_true (g_file_get_contents (pid_file, &pids, NULL, NULL));
  list = g_strsplit (g_strstrip (pids), " ", 2);
  cr_practice_stop (practice);
  g_assert_finalize_object (practice);
  g_assert_false (g_file_test (root, G_FILE_TEST_EXISTS));
  for (guint i = 0; list[i] != NULL; i++) {  /* gone, or a zombie that init has not seen yet */
    g_autofree char *path = g_strdup_printf ("/proc/%s/stat", list[i]), *stat = NULL;

    for (guint tries = 0; tries < 1000000 && g_file_get_contents (path, &stat, NULL, NULL) && strstr (stat, ") Z ") == NULL; tries++)
      g_clear_pointer (&stat, g_free);
    g_assert_true (stat == NULL || strstr (stat, ") Z ") != NULL);
  }
}

/* A program that forgets the object, as one does that leaves in a hurry */
static void
test_forgotten (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GDir) dir = NULL;
  const char *name;
  guint n = 0;

  if (g_test_subprocess ()) {
    g_autoptr(GError) error = NULL;

    put_target (fixture, READY "cat >/dev/null\n");
    g_print ("ROOT=%s\n", cr_practice_get_root (start (fixture, NULL, &error)));
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*ROOT=*/cutover-rehearsal-practice-*");
  dir = g_dir_open (made, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (made, name, NULL);

    if (g_str_has_prefix (name, "cr-test-practice-")) {  /* where the other program kept its things */
      g_assert_cmpint (g_rmdir (path), ==, 0);
      n++;
    }
  }
  g_assert_cmpuint (n, ==, 1);
}

static void
test_option_wins (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrPractice) practice = NULL;
  g_autoptr(GError) error = NULL;

  put_target (fixture, READY "cat >/dev/null\n");
  g_assert_true (cr_settings_set (fixture->settings, "api_url", "http://127.0.0.1:1234", CR_ORIGIN_OPTION, &error));
  g_assert_true (cr_settings_set (fixture->settings, "az", "/usr/bin/az", CR_ORIGIN_OPTION, &error));
  practice = start (fixture, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (cr_settings_get (fixture->settings, "api_url"), ==, "http://127.0.0.1:1234");
  g_assert_cmpstr (cr_settings_get (fixture->settings, "az"), !=, "/usr/bin/az");  /* practice never runs the real one */
}

static void
test_failures (Fixture *fixture, gconstpointer data)
{
  static const struct { const char *script, *says; } table[] = {
    { "echo 'Traceback' >&2; echo \"ModuleNotFoundError: No module named 'alembic'\" >&2; exit 1\n", "python3-alembic" },
    { "echo 'port taken \033[31mred' >&2; exit 3\n", "port taken \\x1b[31mred" },
    { "exit 0\n", "ended before it was ready" },
    { "echo hello; cat\n", "“hello”" },
    { "echo '{\"ready\":false}'; cat\n", "did not say that it is ready" },
    { "echo '{\"ready\":true,\"az\":\"/x\"}'; cat\n", "lacks “api_address”" },
    { "echo '{\"ready\":true'; cat\n", "did not say that it is ready" },
    { "head -c 200000 /dev/zero | tr '\\0' x; cat\n", "without the one line" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr(GError) error = NULL;

    put_target (fixture, table[i].script);
    g_assert_null (start (fixture, NULL, &error));
    g_assert_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, table[i].says));
  }
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL, no_interpreter = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "practice-target", NULL);

  g_assert_null (start (fixture, NULL, &error));
  g_assert_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_true (g_file_set_contents (path, "#!/no/such/python3\n", -1, NULL));
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  g_assert_null (start (fixture, NULL, &no_interpreter));
  g_assert_error (no_interpreter, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START);
  g_assert_nonnull (strstr (no_interpreter->message, "python3-alembic"));
}

static void
test_faults (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) faults = cr_practice_faults (&error);
  g_autofree char *path = g_build_filename (fixture->folder, "practice-faults.json", NULL);

  g_assert_no_error (error);
  g_assert_cmpuint (faults->len, ==, 1);
  g_assert_cmpstr (((CrFault *) faults->pdata[0])->classification, ==, "SMOKE_FAILED");
  put_target (fixture, "exit 1\n");
  cr_settings_set_unchecked (fixture->settings, "practice.fault", "smoke-500, no-such-fault", CR_ORIGIN_OPTION);
  g_assert_null (start (fixture, NULL, &error));
  g_assert_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT);
  g_assert_nonnull (strstr (error->message, "“no-such-fault”; known faults: smoke-500"));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "[{\"name\": \"x\"}]", -1, NULL));
  g_assert_null (cr_practice_faults (&error));
  g_assert_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT);
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (path, "{}", -1, NULL));
  g_assert_null (cr_practice_faults (&error));
  g_assert_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT);
}

/* A target that never says anything does not hold up a cancelled start, and does not live on */
static void
test_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;

  put_target (fixture, "cat >/dev/null\n");
  cr_practice_start_async (fixture->settings, cancellable, started_cb, &result);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (cr_practice_start_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  made = g_build_filename (g_getenv ("TMPDIR") != NULL ? g_getenv ("TMPDIR") : "/tmp", "cr-test-practice-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp (made));
  g_setenv ("TMPDIR", made, TRUE);
  g_setenv ("CR_PRACTICE_DIR", made, TRUE);  /* before there are threads */
  g_setenv ("CR_DATA_DIR", made, TRUE);
  g_test_add ("/practice/happy", Fixture, NULL, set_up, test_happy, tear_down);
  g_test_add ("/practice/dispose", Fixture, NULL, set_up, test_dispose, tear_down);
  g_test_add ("/practice/forgotten", Fixture, NULL, set_up, test_forgotten, tear_down);
  g_test_add ("/practice/option-wins", Fixture, NULL, set_up, test_option_wins, tear_down);
  g_test_add ("/practice/failures", Fixture, NULL, set_up, test_failures, tear_down);
  g_test_add ("/practice/missing", Fixture, NULL, set_up, test_missing, tear_down);
  g_test_add ("/practice/faults", Fixture, NULL, set_up, test_faults, tear_down);
  g_test_add ("/practice/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
  status = g_test_run ();
  if (!g_test_subprocess ())  /* that one leaves a target on purpose */
    g_assert_cmpint (g_rmdir (made), ==, 0);
  g_free (made);
  return status;
}
