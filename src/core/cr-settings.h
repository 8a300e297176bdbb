/* cr-settings.h: the inputs of one rehearsal, each with where its value came from. One table drives profile files, wizard rows and flags.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib-object.h>
#include "cr-time.h"
G_BEGIN_DECLS

typedef enum { CR_SETTINGS_ERROR_UNKNOWN_KEY, CR_SETTINGS_ERROR_VALUE, CR_SETTINGS_ERROR_MISSING, CR_SETTINGS_ERROR_FILE } CrSettingsError;
#define CR_SETTINGS_ERROR (cr_settings_error_quark ())
GQuark cr_settings_error_quark (void);

typedef enum { CR_FIELD_TEXT, CR_FIELD_INTEGER, CR_FIELD_BOOLEAN, CR_FIELD_CHOICE, CR_FIELD_TIME, CR_FIELD_PATH, CR_FIELD_URL } CrFieldKind;

typedef struct {
  const char  *key;       /* "resource_group", "limits.backfill", "practice.speed": also the name for --set; the part before '.' is the
                           * group of the profile file, [cutover] where there is none */
  const char  *variable;  /* the plan variable it fills ("RESOURCE_GROUP"), or NULL */
  const char  *title;     /* N_(): "Resource group" */
  const char  *expected;  /* N_(): the expected form in words, for messages and tooltips */
  const char  *fallback;  /* the runbook's default, or NULL if there is none */
  CrFieldKind  kind;
  const char  *pattern;   /* TEXT: anchored regular expression, or NULL */
  gint64       min, max;  /* INTEGER */
  const char *const *choices;  /* CHOICE: NULL-terminated */
  gboolean     required;
  gboolean     in_profile;  /* may stand in a profile file; the others (owner, t_cutover, run_id) belong to one run */
} CrField;

/* Keys: mode ("practice" | "real"), environment, subscription, resource_group, cluster, namespace, api_deployment, consumer_deployment,
 * api_address, jumpbox_vm, jumpbox_resource_group (empty: same as resource_group), jumpbox_user, az (program), transport, api_url (empty: no
 * direct probes), token_command (empty), spool_dir, jumpbox_path, clock_limit, fence_posts, auth..., evidence_root, owner, t_cutover ("now" or UTC), run_id (empty: from the clock),
 * retry_at, unblock, limits.precheck ... limits.idempotency (seconds), practice.speed ("1x" | "10x" | "instant"), practice.fault (comma separated),
 * practice.seed */
const CrField *cr_fields      (guint *n_fields);
const CrField *cr_field_find  (const char *key);   /* NULL if unknown */
/* The error's sentence names the field, the expected form and the value. */
gboolean       cr_field_check (const CrField *field, const char *value, GError **error);

typedef enum { CR_ORIGIN_RUNBOOK, CR_ORIGIN_PROFILE, CR_ORIGIN_EDITED, CR_ORIGIN_OPTION, CR_ORIGIN_PRACTICE, CR_ORIGIN_DERIVED } CrOrigin;

#define CR_TYPE_SETTINGS (cr_settings_get_type ())
G_DECLARE_FINAL_TYPE (CrSettings, cr_settings, CR, SETTINGS, GObject)
/* Signal "changed" (const char *key), detailed by key. */

CrSettings *cr_settings_new           (void);                     /* runbook defaults, mode practice: nothing real runs unless it is asked for */
CrSettings *cr_settings_copy          (CrSettings *self);
/* @text is a GKeyFile; @name the profile's name for origins, @place the file's path for messages. Unknown key or bad value: error with
 * file, line and expected form; then @self is unchanged. */
gboolean    cr_settings_load_profile  (CrSettings *self, const char *name, const char *place, const char *text, gssize length, GError **error);
/* Trims white space, refuses control characters. On error the old value stays. Mode "real" takes all values of origin PRACTICE back to the
 * runbook's. */
gboolean    cr_settings_set           (CrSettings *self, const char *key, const char *value, CrOrigin origin, GError **error);
/* Also keeps a value that is not valid yet (wizard: nothing typed is lost); cr_settings_check() then refuses. */
void        cr_settings_set_unchecked (CrSettings *self, const char *key, const char *value, CrOrigin origin);
const char *cr_settings_get           (CrSettings *self, const char *key);   /* borrowed, never NULL: "" if unset */
gint64      cr_settings_get_int       (CrSettings *self, const char *key);
CrOrigin    cr_settings_get_origin    (CrSettings *self, const char *key);
char       *cr_settings_describe_origin (CrSettings *self, const char *key); /* (transfer full): `runbook default`, `profile "dev"`, `edited`, ... */
const char *cr_settings_get_profile   (CrSettings *self);                    /* borrowed (nullable): name of the profile loaded */
gboolean    cr_settings_is_practice   (CrSettings *self);
/* All fields, and the rules between fields (consumer differs from API, `prod` is refused, owner given, ...). First problem wins. */
gboolean    cr_settings_check         (CrSettings *self, GError **error);
char       *cr_settings_to_profile    (CrSettings *self);                    /* (transfer full): GKeyFile text of what may stand in a profile */

G_END_DECLS
