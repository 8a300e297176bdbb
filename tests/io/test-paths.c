/* test-paths.c: plans and profiles are found where they should be, and an unknown name says which are known
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include "cr-paths.h"

static char *base;  /* (owned): holds data/, config/ and practice/ */

static char *
put (const char *relative, const char *text)
{
  char *path = g_build_filename (base, relative, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
test_data (void)
{
  g_autofree char *path = cr_paths_data ("plans/x.json"), *expected = g_build_filename (base, "data", "plans", "x.json", NULL);
  g_autofree char *practice = cr_paths_practice (), *folder = g_build_filename (base, "practice", NULL);

  g_assert_cmpstr (path, ==, expected);  /* also if there is no such file */
  g_assert_cmpstr (practice, ==, folder);
}

static void
test_plan (void)
{
  static const char *const bad[] = { "nope", "", "../profiles/dev", "a/b", ".hidden" };
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) plan = cr_paths_load_plan ("one", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (plan), ==, 2);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_clear_error (&error);
    g_assert_null (cr_paths_load_plan (bad[i], &error));
    g_assert_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND);
    g_assert_nonnull (strstr (error->message, "known plans: one, two"));
  }
}

static void
assert_profile (const char *name_or_file, const char *name, const char *place, const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *got_name = NULL, *got_place = NULL, *path = g_path_is_absolute (place) ? g_strdup (place) : g_build_filename (base, place, NULL);
  g_autoptr(GBytes) content = cr_paths_load_profile (name_or_file, &got_name, &got_place, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (got_name, ==, name);
  g_assert_cmpstr (got_place, ==, path);
  g_assert_cmpstr (g_bytes_get_data (content, NULL), ==, text);
}

static void
test_profiles (void)
{
  g_auto(GStrv) names = cr_paths_list_profiles ();
  const char *const expected[] = { "dev", "practice", "mine", NULL };
  g_autofree char *elsewhere = put ("elsewhere/some.cutover", "elsewhere"), *plain = put ("elsewhere/plain", "plain");

  g_assert_true (g_strv_equal ((const char *const *) names, expected));  /* shipped first, none twice */
  assert_profile ("practice", "practice", "data/profiles/practice.cutover", "shipped practice");
  assert_profile ("mine", "mine", "config/cutover-rehearsal/profiles/mine.cutover", "mine");
  assert_profile ("dev", "dev", "config/cutover-rehearsal/profiles/dev.cutover", "my dev");  /* the user's own wins */
  assert_profile (elsewhere, "some", elsewhere, "elsewhere");
  assert_profile (plain, "plain", plain, "plain");
}

static void
test_refused (void)
{
  static const char *const unknown[] = { "nope", "", ".hidden" };
  g_autofree char *fifo = g_build_filename (base, "fifo.cutover", NULL), *large = g_build_filename (base, "large.cutover", NULL);
  g_autofree char *missing = g_build_filename (base, "missing.cutover", NULL), *content = g_strnfill (5 * 1024 * 1024, 'x');
  const char *const paths[] = { fifo, large, missing, base };
  g_autoptr(GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (unknown); i++) {
    g_clear_error (&error);
    g_assert_null (cr_paths_load_profile (unknown[i], NULL, NULL, &error));
    g_assert_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND);
    g_assert_nonnull (strstr (error->message, "known profiles: dev, practice, mine"));
  }
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);  /* must not be waited for */
  g_assert_true (g_file_set_contents (large, content, -1, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_clear_error (&error);
    g_assert_null (cr_paths_load_profile (paths[i], NULL, NULL, &error));
    g_assert_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND);
    g_assert_nonnull (strstr (error->message, paths[i]));
  }
  g_remove (fifo);
  g_remove (large);
}

/* Removes a folder that holds nothing but files and folders of this test */
static void
clean_up (const char *folder)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      clean_up (path);
    else
      g_remove (path);
  }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  static const struct { const char *relative, *text; } files[] = {
    { "data/plans/one.json", "{}" }, { "data/plans/two.json", "{}" }, { "data/plans/notes.txt", "" }, { "data/profiles/dev.cutover", "shipped dev" },
    { "data/profiles/practice.cutover", "shipped practice" }, { "config/cutover-rehearsal/profiles/mine.cutover", "mine" },
    { "config/cutover-rehearsal/profiles/dev.cutover", "my dev" }, { "config/cutover-rehearsal/profiles/.hidden.cutover", "" },
  };
  g_autofree char *data = NULL, *config = NULL, *practice = NULL;
  int status;

  base = g_dir_make_tmp ("cr-test-paths-XXXXXX", NULL);
  g_assert_nonnull (base);
  data = g_build_filename (base, "data", NULL);
  config = g_build_filename (base, "config", NULL);
  practice = g_build_filename (base, "practice", NULL);
  g_setenv ("CR_DATA_DIR", data, TRUE);
  g_setenv ("CR_PRACTICE_DIR", practice, TRUE);
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    g_free (put (files[i].relative, files[i].text));
  g_test_add_func ("/paths/data", test_data);
  g_test_add_func ("/paths/plan", test_plan);
  g_test_add_func ("/paths/profiles", test_profiles);
  g_test_add_func ("/paths/refused", test_refused);
  status = g_test_run ();
  clean_up (base);
  g_free (base);
  return status;
}
