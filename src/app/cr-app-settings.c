/* cr-app-settings.c: what window and wizard start from: stored state, profiles, defaults of this computer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-app-settings.h"
#include "../io/cr-paths.h"

GSettings *
cr_app_settings_get (void)
{
  static GSettings *settings;  /* (owned): for the life of the program */
  static gsize once;

  if (g_once_init_enter (&once)) {
    GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
    g_autoptr(GSettingsSchema) schema = source != NULL ? g_settings_schema_source_lookup (source, CR_APP_ID, TRUE) : NULL;

    if (schema == NULL) {  /* not installed: run from the build folder */
      g_autoptr(GSettingsSchemaSource) build = g_settings_schema_source_new_from_directory (CR_BUILD_DIR "/data", source, TRUE, NULL);
      if (build != NULL)
        schema = g_settings_schema_source_lookup (build, CR_APP_ID, TRUE);
    }
    if (schema != NULL)
      settings = g_settings_new_full (schema, NULL, NULL);
    else
      g_message ("The settings schema %s is not installed: window size and last profile are not remembered", CR_APP_ID);
    g_once_init_leave (&once, 1);
  }
  return settings;
}

gboolean
cr_app_load_profile (CrSettings *settings, const char *name, gboolean keep_edited, GError **error)
{
  g_autofree char *profile = NULL;
  g_autofree char *place = NULL;
  g_autoptr(GBytes) bytes = cr_paths_load_profile (name, &profile, &place, error);
  g_autoptr(CrSettings) trial = cr_settings_new ();
  g_autoptr(CrSettings) old = NULL;
  guint n_fields;
  const CrField *fields = cr_fields (&n_fields);

  if (bytes == NULL
      || !cr_settings_load_profile (trial, profile, place, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), error))
    return FALSE;

  old = cr_settings_copy (settings);
  for (guint i = 0; i < n_fields; i++)
    if (fields[i].in_profile)
      cr_settings_set_unchecked (settings, fields[i].key, fields[i].fallback != NULL ? fields[i].fallback : "", CR_ORIGIN_RUNBOOK);
  cr_settings_load_profile (settings, profile, place, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL);
  for (guint i = 0; i < n_fields; i++) {
    CrOrigin origin = cr_settings_get_origin (old, fields[i].key);
    if (fields[i].in_profile && (origin == CR_ORIGIN_OPTION || (keep_edited && origin == CR_ORIGIN_EDITED)))
      cr_settings_set_unchecked (settings, fields[i].key, cr_settings_get (old, fields[i].key), origin);
  }
  return TRUE;
}

gboolean
cr_app_has_edits (CrSettings *settings)
{
  guint n_fields;
  const CrField *fields = cr_fields (&n_fields);

  for (guint i = 0; i < n_fields; i++)
    if (fields[i].in_profile && cr_settings_get_origin (settings, fields[i].key) == CR_ORIGIN_EDITED)
      return TRUE;
  return FALSE;
}

void
cr_app_fill_defaults (CrSettings *settings)
{
  if (*cr_settings_get (settings, "owner") == '\0') {
    const char *name = g_get_real_name ();
    if (name == NULL || *name == '\0' || g_strcmp0 (name, "Unknown") == 0)
      name = g_get_user_name ();
    cr_settings_set (settings, "owner", name, CR_ORIGIN_DERIVED, NULL);
  }
  if (cr_settings_get_origin (settings, "evidence_root") == CR_ORIGIN_RUNBOOK || *cr_settings_get (settings, "evidence_root") == '\0') {
    g_autofree char *cwd = g_get_current_dir ();
    g_autofree char *agents = g_build_filename (cwd, ".agents", NULL);
    g_autofree char *git = g_build_filename (cwd, ".git", NULL);
    gboolean project = g_file_test (agents, G_FILE_TEST_IS_DIR) || g_file_test (git, G_FILE_TEST_EXISTS);
    const char *documents = g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS);
    g_autofree char *root = project ? g_build_filename (cwd, ".agents", "logs", "verification", NULL)
                                    : g_build_filename (documents != NULL ? documents : g_get_home_dir (), "Cutover Rehearsal", NULL);
    cr_settings_set (settings, "evidence_root", root, CR_ORIGIN_DERIVED, NULL);
  }
}

char *
cr_app_describe_origin (CrSettings *settings, const char *key)
{
  switch (cr_settings_get_origin (settings, key)) {
  case CR_ORIGIN_RUNBOOK:
    return g_strdup (_("runbook default"));
  case CR_ORIGIN_PROFILE:
    return g_strdup_printf (_("profile “%s”"), cr_settings_get_profile (settings) != NULL ? cr_settings_get_profile (settings) : "?");
  case CR_ORIGIN_EDITED:
    return g_strdup (_("edited"));
  case CR_ORIGIN_OPTION:
    return g_strdup (_("given on the command line"));
  case CR_ORIGIN_PRACTICE:
    return g_strdup (_("practice target"));
  case CR_ORIGIN_DERIVED:
  default:
    return g_strdup (_("from this computer"));
  }
}

char *
cr_app_find_az (CrSettings *settings)
{
  const char *az = cr_settings_get (settings, "az");
  g_autofree char *found = g_find_program_in_path (*az != '\0' ? az : "az");

  return found != NULL ? g_canonicalize_filename (found, NULL) : NULL;
}
