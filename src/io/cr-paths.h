/* cr-paths.h: where plans, profiles and the practice target are, installed or in the build folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS
char   *cr_paths_data         (const char *relative);   /* (transfer full): $CR_DATA_DIR, else the build's data, else PKGDATADIR */
char   *cr_paths_practice     (void);                   /* (transfer full): folder of the practice target: $CR_PRACTICE_DIR, else the source's, else installed */
char   *cr_paths_user_profiles (void);                  /* (transfer full): folder of the user's own profiles; may not exist */
GBytes *cr_paths_load_plan    (const char *id, GError **error);          /* "e2-3-reload-cutover" */
/* @name_or_file: a shipped or user profile's name (of two, the user's), or a path: whatever holds a "/" or ends in ".cutover".
 * *name and *place (transfer full). An unknown name's error lists the known ones. */
GBytes *cr_paths_load_profile (const char *name_or_file, char **name, char **place, GError **error);
GStrv   cr_paths_list_profiles (void);                                    /* (transfer full): names, shipped first */
GQuark  cr_paths_error_quark  (void);
#define CR_PATHS_ERROR (cr_paths_error_quark ())
typedef enum { CR_PATHS_ERROR_NOT_FOUND } CrPathsError;
G_END_DECLS
