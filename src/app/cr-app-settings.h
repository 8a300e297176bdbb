/* cr-app-settings.h: what window and wizard start from: stored state, profiles, defaults of this computer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "../core/cr-settings.h"
G_BEGIN_DECLS

/* The stored state (window size, last profile), borrowed; NULL where the schema is not installed: then nothing is remembered. */
GSettings *cr_app_settings_get        (void);
/* Resets all that a profile may hold to the runbook's defaults and loads the profile @name over it. With @keep_edited values with the origin EDITED stay.
 * Error: the file's, with its line; then @settings is unchanged. */
gboolean   cr_app_load_profile        (CrSettings *settings, const char *name, gboolean keep_edited, GError **error);
/* TRUE if a value that a profile may hold was edited */
gboolean   cr_app_has_edits           (CrSettings *settings);
/* Fills owner and evidence folder where they are empty: the account's real name; .agents/logs/verification below the current folder if that is a
 * project, else below Documents. */
void       cr_app_fill_defaults       (CrSettings *settings);
/* (transfer full): where the value comes from, for people */
char      *cr_app_describe_origin     (CrSettings *settings, const char *key);
/* (transfer full) (nullable): absolute path of the az that @settings name, found as a path or on PATH */
char      *cr_app_find_az             (CrSettings *settings);
G_END_DECLS
