/* cr-paths.c: where plans, profiles and the practice target are, installed or in the build folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-paths.h"
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK (cr-paths-error-quark, cr_paths_error)

#define PROFILE_SUFFIX ".cutover"
#define MAX_FILE (4 * 1024 * 1024)  /* bytes; plans and profiles are some ten kilobytes */

/* A program that runs from the build folder uses the sources' data; an installed one never looks there. */
static gboolean
runs_from_build (void)
{
  static gsize known = 0;  /* 1: no, 2: yes */

  if (g_once_init_enter (&known)) {
    g_autofree char *program = realpath ("/proc/self/exe", NULL);
    g_autofree char *build = realpath (CR_BUILD_DIR, NULL);
    g_autofree char *prefix = build != NULL ? g_strconcat (build, "/", NULL) : NULL;

    g_once_init_leave (&known, program != NULL && prefix != NULL && g_str_has_prefix (program, prefix) ? 2 : 1);
  }
  return known == 2;
}

char *
cr_paths_data (const char *relative)
{
  const char *given = g_getenv ("CR_DATA_DIR");

  g_return_val_if_fail (relative != NULL, NULL);
  if (given != NULL && *given != '\0')
    return g_build_filename (given, relative, NULL);
  if (runs_from_build ())
    return g_build_filename (CR_SOURCE_DIR, "data", relative, NULL);
  return g_build_filename (CR_PKGDATA_DIR, relative, NULL);
}

char *
cr_paths_practice (void)
{
  const char *given = g_getenv ("CR_PRACTICE_DIR");

  if (given != NULL && *given != '\0')
    return g_strdup (given);
  if (runs_from_build ())
    return g_build_filename (CR_SOURCE_DIR, "src", "practice", NULL);
  return g_build_filename (CR_PKGDATA_DIR, "practice", NULL);
}

char *
cr_paths_user_profiles (void)
{
  return g_build_filename (g_get_user_config_dir (), "cutover-rehearsal", "profiles", NULL);
}

/* A small regular file. FIFOs and devices are refused without waiting for them. */
static GBytes *
load (const char *path, GError **error)
{
  g_autofree char *content = NULL;
  struct stat info;
  gsize length = 0;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  if (fd < 0 || fstat (fd, &info) != 0) {
    int saved = errno;

    if (fd >= 0)
      close (fd);
    g_set_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND, "%s can't be read: %s", path, g_strerror (saved));
    return NULL;
  }
  if (!S_ISREG (info.st_mode) || info.st_size > MAX_FILE) {
    close (fd);
    g_set_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND,
                 S_ISREG (info.st_mode) ? "%s is larger than 4 MiB, so it can't be the right file" : "%s is not a regular file", path);
    return NULL;
  }
  content = g_malloc ((gsize) info.st_size + 1);
  while (length < (gsize) info.st_size) {
    gssize n = read (fd, content + length, (gsize) info.st_size - length);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      int saved = errno;

      close (fd);
      g_set_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND, "%s can't be read: %s", path, g_strerror (saved));
      return NULL;
    }
    if (n == 0)
      break;
    length += (gsize) n;
  }
  close (fd);
  content[length] = '\0';
  return g_bytes_new_take (g_steal_pointer (&content), length);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Appends the names of the files in @folder that end in @suffix, sorted, none twice */
static void
add_names (GPtrArray *names, const char *folder, const char *suffix)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  const char *entry;

  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL) {
    if (*entry != '.' && g_str_has_suffix (entry, suffix) && strlen (entry) > strlen (suffix))
      g_ptr_array_add (found, g_strndup (entry, strlen (entry) - strlen (suffix)));
  }
  g_ptr_array_sort (found, compare_names);
  for (guint i = 0; i < found->len; i++) {
    if (!g_ptr_array_find_with_equal_func (names, found->pdata[i], g_str_equal, NULL))
      g_ptr_array_add (names, g_strdup (found->pdata[i]));
  }
}

static char *
list_names (const char *folder, const char *suffix)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  add_names (names, folder, suffix);
  g_ptr_array_add (names, NULL);
  return names->len > 1 ? g_strjoinv (", ", (char **) names->pdata) : g_strdup ("none");
}

GBytes *
cr_paths_load_plan (const char *id, GError **error)
{
  g_autofree char *folder = cr_paths_data ("plans");
  g_autofree char *file = NULL, *path = NULL, *known = NULL;

  g_return_val_if_fail (id != NULL, NULL);
  file = g_strconcat (id, ".json", NULL);
  path = g_build_filename (folder, file, NULL);
  if (*id != '\0' && *id != '.' && strchr (id, '/') == NULL && g_file_test (path, G_FILE_TEST_EXISTS))
    return load (path, error);
  known = list_names (folder, ".json");
  g_set_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND, "There is no plan “%s” in %s; known plans: %s", id, folder, known);
  return NULL;
}

GStrv
cr_paths_list_profiles (void)
{
  g_autofree char *shipped = cr_paths_data ("profiles");
  g_autofree char *own = cr_paths_user_profiles ();
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  add_names (names, shipped, PROFILE_SUFFIX);
  add_names (names, own, PROFILE_SUFFIX);
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&names), FALSE);
}

GBytes *
cr_paths_load_profile (const char *name_or_file, char **name, char **place, GError **error)
{
  g_autofree char *path = NULL, *title = NULL;
  GBytes *content;

  g_return_val_if_fail (name_or_file != NULL, NULL);
  if (strchr (name_or_file, '/') != NULL || g_str_has_suffix (name_or_file, PROFILE_SUFFIX)) {
    path = g_strdup (name_or_file);
    title = g_path_get_basename (path);
    if (g_str_has_suffix (title, PROFILE_SUFFIX) && strlen (title) > strlen (PROFILE_SUFFIX))
      title[strlen (title) - strlen (PROFILE_SUFFIX)] = '\0';
  } else {
    g_autofree char *own = cr_paths_user_profiles ();
    g_autofree char *shipped = cr_paths_data ("profiles");
    g_autofree char *file = g_strconcat (name_or_file, PROFILE_SUFFIX, NULL);

    path = g_build_filename (own, file, NULL);
    if (*name_or_file == '\0' || *name_or_file == '.' || !g_file_test (path, G_FILE_TEST_EXISTS)) {
      g_free (path);
      path = g_build_filename (shipped, file, NULL);
    }
    if (*name_or_file == '\0' || *name_or_file == '.' || !g_file_test (path, G_FILE_TEST_EXISTS)) {
      g_auto(GStrv) names = cr_paths_list_profiles ();
      g_autofree char *known = names[0] != NULL ? g_strjoinv (", ", names) : g_strdup ("none");

      g_set_error (error, CR_PATHS_ERROR, CR_PATHS_ERROR_NOT_FOUND,
                   "There is no profile “%s” in %s or %s; known profiles: %s", name_or_file, own, shipped, known);
      return NULL;
    }
    title = g_strdup (name_or_file);
  }
  content = load (path, error);
  if (content == NULL)
    return NULL;
  if (name != NULL)
    *name = g_steal_pointer (&title);
  if (place != NULL)
    *place = g_steal_pointer (&path);
  return content;
}
