/* cr-settings.c: the inputs of one rehearsal, each with where its value came from
 *
 * One table of fields drives profile files, wizard rows and command-line options. Patterns keep every value to printable ASCII, because
 * only that survives az, JSON and the jumpbox's agent unchanged, and never let a value begin with `-`, where a tool would take it for an
 * option. Paths of this computer and the owner's name may hold any printable character.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-settings.h"
#include "cr-text.h"
#include <glib/gi18n-lib.h>
#include <string.h>

G_DEFINE_QUARK (cr-settings-error-quark, cr_settings_error)

#define PROFILE_GROUP "cutover"
#define MAX_PROFILE   65536
#define MAX_VALUE     4096

#define LABEL "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
#define GROUP "^(?!-)[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$"

static const char *const modes[] = { "practice", "real", NULL };
static const char *const transports[] = { "jumpbox", NULL };
static const char *const speeds[] = { "1x", "10x", "instant", NULL };

/* Defaults: runbook, section 2; limits and forms: wizard table of the screens' description */
static const CrField fields[] = {
  { "mode", NULL, N_("Mode"), N_("practice or real"), "practice", CR_FIELD_CHOICE, .choices = modes, .required = TRUE, .in_profile = TRUE },
  { "environment", NULL, N_("Environment"),
    N_("1 to 16 lower-case letters, digits or hyphens, a letter first, and no production environment"), "dev", CR_FIELD_TEXT,
    "^(?!.*prod)[a-z][a-z0-9-]{0,15}$", .required = TRUE, .in_profile = TRUE },
  { "subscription", "SUBSCRIPTION", N_("Subscription"),
    N_("a subscription's id or name, at most 64 printable ASCII characters, or nothing for the account's own"), NULL, CR_FIELD_TEXT,
    "^(?!-)[!-~]([ -~]{0,62}[!-~])?$", .in_profile = TRUE },
  { "resource_group", "RESOURCE_GROUP", N_("Resource group"),
    N_("1 to 90 of letters, digits and -_.(), no hyphen first and no dot last"), "2dt-final-team4", CR_FIELD_TEXT, GROUP,
    .required = TRUE, .in_profile = TRUE },
  { "cluster", "CLUSTER", N_("AKS cluster"), N_("1 to 63 of letters, digits, - and _, a letter or digit at both ends"), "nsc-aks-dev",
    CR_FIELD_TEXT, "^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$", .required = TRUE, .in_profile = TRUE },
  { "namespace", "NAMESPACE", N_("Namespace"), N_("1 to 63 of a-z, 0-9 and -, a letter or digit at both ends"), "txlookup", CR_FIELD_TEXT,
    LABEL, .required = TRUE, .in_profile = TRUE },
  { "api_deployment", "API_DEPLOYMENT", N_("API deployment"), N_("1 to 63 of a-z, 0-9 and -, a letter or digit at both ends"),
    "tx-lookup-api", CR_FIELD_TEXT, LABEL, .required = TRUE, .in_profile = TRUE },
  { "consumer_deployment", "CONSUMER_DEPLOYMENT", N_("Consumer deployment"),
    N_("1 to 63 of a-z, 0-9 and -, a letter or digit at both ends, another one than the API deployment"), "txlookup-consumer", CR_FIELD_TEXT,
    LABEL, .required = TRUE, .in_profile = TRUE },
  { "api_address", "API_ADDRESS", N_("API address in the pod"),
    N_("http:// or https://, a loopback host and perhaps a port, without a path, such as http://127.0.0.1:8000"), "http://127.0.0.1:8000",
    CR_FIELD_URL, "^https?://(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:[0-9]{1,5})?$", .required = TRUE, .in_profile = TRUE },
  { "api_url", "API_URL", N_("API address from this computer"),
    N_("http:// or https://, a host and perhaps a port, without user, path or query, or nothing for no direct probes"), NULL, CR_FIELD_URL,
    "^https?://([A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]{2,45}\\])(:[0-9]{1,5})?$", .in_profile = TRUE },
  { "token_command", "TOKEN_COMMAND", N_("Token command"),
    N_("words of letters, digits and _@%+=:,./- between blanks, without quotes, or nothing where the API asks for no token"), NULL,
    CR_FIELD_TEXT, "^[A-Za-z0-9_./][A-Za-z0-9_@%+=:,./-]*( +[A-Za-z0-9_@%+=:,./-]+)*$", .in_profile = TRUE },
  { "jumpbox_vm", "JUMPBOX_VM", N_("Jumpbox VM"), N_("1 to 64 of letters, digits and -_., no _ or - first, no dot or hyphen last"),
    "jump-aks-20260224-2dt026", CR_FIELD_TEXT, "^(?![_-])[A-Za-z0-9_.-]{0,63}[A-Za-z0-9_]$", .required = TRUE, .in_profile = TRUE },
  { "jumpbox_resource_group", "JUMPBOX_RESOURCE_GROUP", N_("Jumpbox resource group"),
    N_("1 to 90 of letters, digits and -_.(), no hyphen first and no dot last, or nothing for the cluster's own"), NULL, CR_FIELD_TEXT,
    GROUP, .in_profile = TRUE },
  { "jumpbox_user", "JUMPBOX_USER", N_("Linux user"), N_("1 to 32 of a-z, 0-9, _ and -, a letter or _ first"), "azureuser", CR_FIELD_TEXT,
    "^[a-z_][a-z0-9_-]{0,31}$", .required = TRUE, .in_profile = TRUE },
  { "az", "AZ", N_("Azure CLI"), N_("the name of a program on the path, or its absolute path"), "az", CR_FIELD_PATH, "^(?!-)(/.*|[^/]+)$",
    .required = TRUE, .in_profile = TRUE },
  { "transport", NULL, N_("Transport"), N_("jumpbox"), "jumpbox", CR_FIELD_CHOICE, .choices = transports, .required = TRUE,
    .in_profile = TRUE },
  { "spool_dir", "SPOOL_DIR", N_("Spool folder on the jumpbox"),
    N_("an absolute path of letters, digits, . _ and -, without . and .. as names and without a slash at the end"),
    "/var/lib/cutover-rehearsal", CR_FIELD_TEXT, "^(?=.{2,200}$)(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)+$", .required = TRUE,
    .in_profile = TRUE },
  { "jumpbox_path", "JUMPBOX_PATH", N_("Search path on the jumpbox"), N_("absolute paths of letters, digits, . _ + and -, between colons"),
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", CR_FIELD_TEXT,
    "^(?=.{1,1000}$)/[A-Za-z0-9._+/-]*(:/[A-Za-z0-9._+/-]*)*$", .required = TRUE, .in_profile = TRUE },
  { "clock_limit", "CLOCK_LIMIT", N_("Clock limit"), N_("1 to 300 seconds"), "30", CR_FIELD_INTEGER, .min = 1, .max = CR_BUFFER_SECONDS,
    .required = TRUE, .in_profile = TRUE },
  { "fence_posts", "FENCE_POSTS", N_("Fence posts"),
    N_("true or false: true also offers the backfill marked rows around both ends of its range, beside the runbook's two"), "false",
    CR_FIELD_BOOLEAN, .required = TRUE, .in_profile = TRUE },
  { "evidence_root", NULL, N_("Evidence folder"), N_("the path of a folder"), ".agents/logs/verification", CR_FIELD_PATH, .required = TRUE,
    .in_profile = TRUE },
  { "limits.precheck", NULL, N_("Time limit of Precheck"), N_("30 to 5400 seconds"), "180", CR_FIELD_INTEGER, .min = 30, .max = 5400,
    .required = TRUE, .in_profile = TRUE },
  { "limits.migration", NULL, N_("Time limit of Migration"), N_("30 to 5400 seconds"), "900", CR_FIELD_INTEGER, .min = 30, .max = 5400,
    .required = TRUE, .in_profile = TRUE },
  { "limits.backfill", NULL, N_("Time limit of Backfill"), N_("30 to 5400 seconds"), "900", CR_FIELD_INTEGER, .min = 30, .max = 5400,
    .required = TRUE, .in_profile = TRUE },
  { "limits.sync", NULL, N_("Time limit of Consumer Sync"), N_("30 to 5400 seconds"), "300", CR_FIELD_INTEGER, .min = 30, .max = 5400,
    .required = TRUE, .in_profile = TRUE },
  { "limits.smoke", NULL, N_("Time limit of Smoke 200 / 404"), N_("30 to 5400 seconds"), "120", CR_FIELD_INTEGER, .min = 30, .max = 5400,
    .required = TRUE, .in_profile = TRUE },
  { "limits.idempotency", NULL, N_("Time limit of Idempotency"), N_("30 to 5400 seconds"), "300", CR_FIELD_INTEGER, .min = 30, .max = 5400,
    .required = TRUE, .in_profile = TRUE },
  { "practice.speed", NULL, N_("Practice speed"), N_("1x, 10x or instant"), "10x", CR_FIELD_CHOICE, .choices = speeds, .required = TRUE,
    .in_profile = TRUE },
  { "practice.fault", NULL, N_("Practice failure"), N_("names of practice failures between commas, or nothing"), NULL, CR_FIELD_TEXT,
    "^[a-z0-9][a-z0-9-]*(,[a-z0-9][a-z0-9-]*)*$", .in_profile = TRUE },
  { "practice.seed", NULL, N_("Practice seed"), N_("a number from 0 to 4294967295, or nothing for a random one"), NULL, CR_FIELD_INTEGER,
    .min = 0, .max = G_MAXUINT32, .in_profile = TRUE },
  { "owner", NULL, N_("Owner"), N_("1 to 64 printable characters in one line: every evidence file carries the owner"), NULL, CR_FIELD_TEXT,
    "^.{1,64}$", .required = TRUE },
  { "t_cutover", NULL, N_("T_cutover"), N_("now, or a UTC time of the form YYYY-MM-DDTHH:MM:SSZ"), "now", CR_FIELD_TIME, .required = TRUE },
  { "run_id", NULL, N_("Run id"), N_("1 to 64 of A-Z, a-z, 0-9, - and _, a letter or digit first, or nothing for one from the clock"), NULL,
    CR_FIELD_TEXT, "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" },
  { "retry_at", NULL, N_("Retry at"), N_("a UTC time of the form YYYY-MM-DDTHH:MM:SSZ, or N/A and a reason"), NULL, CR_FIELD_TIME },
  { "unblock", NULL, N_("Unblock criteria"), N_("10 to 1000 printable characters in one paragraph"), NULL, CR_FIELD_TEXT, "^.{10,1000}$" },
};

/* One field's value in a CrSettings */
typedef struct {
  char     *text;    /* (owned) (not nullable) */
  CrOrigin  origin;
} Value;

struct _CrSettings {
  GObject  parent_instance;
  Value    values[G_N_ELEMENTS (fields)];
  char    *profile;  /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (CrSettings, cr_settings, G_TYPE_OBJECT)

static guint changed_signal;

static const char *
runbook_default (guint index)
{
  return fields[index].fallback != NULL ? fields[index].fallback : "";
}

static int
find_index (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (g_strcmp0 (fields[i].key, key) == 0)
      return (int) i;
  }
  return -1;
}

const CrField *
cr_fields (guint *n_fields)
{
  *n_fields = G_N_ELEMENTS (fields);
  return fields;
}

const CrField *
cr_field_find (const char *key)
{
  int index = find_index (key);

  return index < 0 ? NULL : &fields[index];
}

static gboolean
refuse (const CrField *field, const char *value, GError **error)
{
  g_autofree char *shown = cr_text_display_line (value, -1, 80);

  g_set_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE, "%s (%s): expected %s; got \"%s\"", field->title, field->key,
               field->expected, shown);
  return FALSE;
}

static gboolean
is_printable (const char *value)
{
  if (!g_utf8_validate (value, -1, NULL))
    return FALSE;
  for (const char *p = value; *p != '\0'; p = g_utf8_next_char (p)) {
    if (!g_unichar_isprint (g_utf8_get_char (p)))
      return FALSE;
  }
  return TRUE;
}

/* (transfer full): without white space of any script around it; @value is valid UTF-8 */
static char *
trim (const char *value)
{
  const char *start = value, *end = value + strlen (value);

  while (start < end && g_unichar_isspace (g_utf8_get_char (start)))
    start = g_utf8_next_char (start);
  while (end > start && g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (end))))
    end = g_utf8_prev_char (end);
  return g_strndup (start, (gsize) (end - start));
}

static gboolean
matches (const char *pattern, const char *value)
{
  return pattern == NULL || g_regex_match_simple (pattern, value, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
is_integer (const CrField *field, const char *value)
{
  gsize length = strlen (value);
  gint64 number;

  if (length > 15 || strspn (value, "0123456789") != length || (length > 1 && value[0] == '0'))
    return FALSE;
  number = g_ascii_strtoll (value, NULL, 10);
  return number >= field->min && number <= field->max;
}

/* A URL that fits its pattern: is the port one, and does the URI parser see the same parts? */
static gboolean
is_address (const char *value)
{
  g_autofree char *scheme = NULL;
  g_autofree char *user = NULL;
  g_autofree char *host = NULL;
  g_autofree char *path = NULL;
  g_autofree char *query = NULL;
  g_autofree char *fragment = NULL;
  int port;

  return g_uri_split (value, G_URI_FLAGS_NONE, &scheme, &user, &host, &port, &path, &query, &fragment, NULL) && user == NULL
         && host != NULL && *host != '\0' && port != 0 && port <= 65535 && *path == '\0' && query == NULL && fragment == NULL;
}

static gboolean
is_time (const CrField *field, const char *value)
{
  gint64 seconds;

  if (cr_time_parse_utc (value, &seconds, NULL))
    return TRUE;
  if (g_str_equal (field->key, "t_cutover"))
    return g_str_equal (value, "now");
  return matches ("^N/A[ :,;-]*[^ :,;-].{2,199}$", value);
}

/**
 * cr_field_check:
 * @value: as it would be stored: without white space around it
 *
 * Returns: whether @value fits @field alone; else false and CR_SETTINGS_ERROR_MISSING for an empty value of a required field,
 *   CR_SETTINGS_ERROR_VALUE for anything else, with a sentence that names the field, the expected form and the value
 */
gboolean
cr_field_check (const CrField *field, const char *value, GError **error)
{
  g_autofree char *trimmed = NULL;
  gboolean good = FALSE;

  g_return_val_if_fail (field != NULL && value != NULL, FALSE);

  if (*value == '\0') {
    if (field->required)
      g_set_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_MISSING, "%s (%s) is missing: expected %s", field->title, field->key,
                   field->expected);
    return !field->required;
  }
  if (strlen (value) > MAX_VALUE || !is_printable (value))
    return refuse (field, value, error);
  trimmed = trim (value);
  if (!g_str_equal (trimmed, value))
    return refuse (field, value, error);

  switch (field->kind) {
  case CR_FIELD_TEXT:
  case CR_FIELD_PATH:
    good = matches (field->pattern, value);
    break;
  case CR_FIELD_INTEGER:
    good = is_integer (field, value);
    break;
  case CR_FIELD_BOOLEAN:
    good = g_str_equal (value, "true") || g_str_equal (value, "false");
    break;
  case CR_FIELD_CHOICE:
    good = g_strv_contains (field->choices, value);
    break;
  case CR_FIELD_TIME:
    good = is_time (field, value);
    break;
  case CR_FIELD_URL:
    good = matches (field->pattern, value) && is_address (value);
    break;
  default:
    g_assert_not_reached ();
  }
  return good || refuse (field, value, error);
}

static void
cr_settings_finalize (GObject *object)
{
  CrSettings *self = CR_SETTINGS (object);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_free (self->values[i].text);
  g_free (self->profile);
  G_OBJECT_CLASS (cr_settings_parent_class)->finalize (object);
}

static void
cr_settings_class_init (CrSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cr_settings_finalize;
  /**
   * CrSettings::changed:
   * @key: the field whose value or origin is another now; also the signal's detail
   */
  changed_signal = g_signal_new ("changed", CR_TYPE_SETTINGS, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                 G_TYPE_STRING);
}

static void
cr_settings_init (CrSettings *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    self->values[i].text = g_strdup (runbook_default (i));
    self->values[i].origin = CR_ORIGIN_RUNBOOK;
  }
}

CrSettings *
cr_settings_new (void)
{
  return g_object_new (CR_TYPE_SETTINGS, NULL);
}

CrSettings *
cr_settings_copy (CrSettings *self)
{
  CrSettings *copy = cr_settings_new ();

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_free (copy->values[i].text);
    copy->values[i].text = g_strdup (self->values[i].text);
    copy->values[i].origin = self->values[i].origin;
  }
  copy->profile = g_strdup (self->profile);
  return copy;
}

static void
store (CrSettings *self, guint index, const char *text, CrOrigin origin)
{
  Value *value = &self->values[index];

  /* A practice target's az or address must never be met again by a real run */
  if (fields[index].choices == modes && g_str_equal (text, "real")) {
    for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
      if (i != index && self->values[i].origin == CR_ORIGIN_PRACTICE)
        store (self, i, runbook_default (i), CR_ORIGIN_RUNBOOK);
    }
  }

  if (value->origin == origin && g_str_equal (value->text, text))
    return;
  g_free (value->text);
  value->text = g_strdup (text);
  value->origin = origin;
  g_signal_emit (self, changed_signal, g_quark_from_static_string (fields[index].key), fields[index].key);
}

static gboolean
unknown_key (const char *key, GError **error)
{
  g_autofree char *shown = cr_text_display_line (key, -1, 60);

  g_set_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_UNKNOWN_KEY, "There is no setting \"%s\"", shown);
  return FALSE;
}

gboolean
cr_settings_set (CrSettings *self, const char *key, const char *value, CrOrigin origin, GError **error)
{
  int index = find_index (key);
  g_autofree char *trimmed = NULL;

  g_return_val_if_fail (CR_IS_SETTINGS (self) && key != NULL && value != NULL, FALSE);

  if (index < 0)
    return unknown_key (key, error);
  trimmed = g_utf8_validate (value, -1, NULL) ? trim (value) : g_strdup (value);
  if (!cr_field_check (&fields[index], trimmed, error))
    return FALSE;
  store (self, (guint) index, trimmed, origin);
  return TRUE;
}

void
cr_settings_set_unchecked (CrSettings *self, const char *key, const char *value, CrOrigin origin)
{
  int index = find_index (key);
  g_autofree char *valid = NULL;
  g_autofree char *trimmed = NULL;

  g_return_if_fail (CR_IS_SETTINGS (self) && index >= 0 && value != NULL);

  valid = g_utf8_make_valid (value, -1);
  trimmed = trim (valid);
  store (self, (guint) index, trimmed, origin);
}

const char *
cr_settings_get (CrSettings *self, const char *key)
{
  int index = find_index (key);

  g_return_val_if_fail (CR_IS_SETTINGS (self) && index >= 0, "");
  return self->values[index].text;
}

/**
 * cr_settings_get_int:
 *
 * Returns: the value of an INTEGER field; its runbook default where the value is no number in its range, 0 where there is no default either
 */
gint64
cr_settings_get_int (CrSettings *self, const char *key)
{
  int index = find_index (key);
  const CrField *field;

  g_return_val_if_fail (CR_IS_SETTINGS (self) && index >= 0 && fields[index].kind == CR_FIELD_INTEGER, 0);

  field = &fields[index];
  if (is_integer (field, self->values[index].text) && *self->values[index].text != '\0')
    return g_ascii_strtoll (self->values[index].text, NULL, 10);
  return field->fallback != NULL ? g_ascii_strtoll (field->fallback, NULL, 10) : 0;
}

CrOrigin
cr_settings_get_origin (CrSettings *self, const char *key)
{
  int index = find_index (key);

  g_return_val_if_fail (CR_IS_SETTINGS (self) && index >= 0, CR_ORIGIN_RUNBOOK);
  return self->values[index].origin;
}

char *
cr_settings_describe_origin (CrSettings *self, const char *key)
{
  switch (cr_settings_get_origin (self, key)) {
  case CR_ORIGIN_PROFILE:
    return g_strdup_printf ("profile \"%s\"", self->profile != NULL ? self->profile : "");
  case CR_ORIGIN_EDITED:
    return g_strdup ("edited");
  case CR_ORIGIN_OPTION:
    return g_strdup ("option");
  case CR_ORIGIN_PRACTICE:
    return g_strdup ("practice target");
  case CR_ORIGIN_DERIVED:
    return g_strdup ("derived");
  case CR_ORIGIN_RUNBOOK:
  default:
    return g_strdup ("runbook default");
  }
}

const char *
cr_settings_get_profile (CrSettings *self)
{
  g_return_val_if_fail (CR_IS_SETTINGS (self), NULL);
  return self->profile;
}

gboolean
cr_settings_is_practice (CrSettings *self)
{
  return g_str_equal (cr_settings_get (self, "mode"), "practice");
}

/* A value of @key that its field takes, and that the other ones forbid */
static gboolean
conflict (CrSettings *self, const char *key, const char *why, GError **error)
{
  const CrField *field = cr_field_find (key);
  g_autofree char *shown = cr_text_display_line (cr_settings_get (self, key), -1, 80);

  g_set_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE, "%s (%s): %s; got \"%s\"", field->title, field->key, why, shown);
  return FALSE;
}

static gboolean
is_loopback (const char *url)
{
  return matches ("^https?://(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:|$)", url);
}

gboolean
cr_settings_check (CrSettings *self, GError **error)
{
  gint64 t_cutover, retry_at;

  g_return_val_if_fail (CR_IS_SETTINGS (self), FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (!cr_field_check (&fields[i], self->values[i].text, error))
      return FALSE;
  }
  if (g_str_equal (cr_settings_get (self, "consumer_deployment"), cr_settings_get (self, "api_deployment")))
    return conflict (self, "consumer_deployment", "expected another deployment than the API's", error);
  if (!cr_settings_is_practice (self) && *cr_settings_get (self, "practice.fault") != '\0')
    return conflict (self, "practice.fault", "failures can be practised with mode practice only", error);
  if (*cr_settings_get (self, "token_command") != '\0' && g_str_has_prefix (cr_settings_get (self, "api_url"), "http:")
      && !is_loopback (cr_settings_get (self, "api_url")))
    return conflict (self, "api_url", "expected https:// where a token is sent, for http:// would show it to the network", error);
  if (cr_time_parse_utc (cr_settings_get (self, "t_cutover"), &t_cutover, NULL)
      && cr_time_parse_utc (cr_settings_get (self, "retry_at"), &retry_at, NULL) && retry_at <= t_cutover)
    return conflict (self, "retry_at", "expected a time after T_cutover, because the next attempt needs a new one", error);
  return TRUE;
}

/* One line of a profile; @number counts from 1 */
typedef struct {
  const char *place;
  guint       number;
} Line;

static gboolean
line_error (const Line *line, CrSettingsError code, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
line_error (const Line *line, CrSettingsError code, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  g_autofree char *place = cr_text_display_line (line->place, -1, 0);
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, CR_SETTINGS_ERROR, code, "%s:%u: %s", place, line->number, message);
  return FALSE;
}

/* GKeyFile names no line, takes the last of two equal keys and merges two equal groups; so each line is looked at here first.
 * @lines: key as in the table of fields -> its Line number */
static gboolean
scan_profile (const char *place, char **texts, GHashTable *lines, GError **error)
{
  g_autoptr(GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *group = NULL;
  Line line = { place, 0 };

  for (guint i = 0; texts[i] != NULL; i++) {
    g_autofree char *text = g_strstrip (g_strdup (texts[i]));
    g_autofree char *shown = cr_text_display_line (text, -1, 80);
    g_autofree char *name = NULL;
    g_autofree char *key = NULL;
    const CrField *field;
    char *equals;

    line.number = i + 1;
    if (*text == '\0' || *text == '#')
      continue;
    if (*text == '[') {
      gsize length = strlen (text);
      if (text[length - 1] != ']' || length < 3 || strpbrk (text + 1, "[") != NULL || strchr (text, ']') != text + length - 1)
        return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "expected a group such as [" PROFILE_GROUP "]; got \"%s\"", shown);
      g_free (group);
      group = g_strndup (text + 1, length - 2);
      if (!g_hash_table_add (groups, g_strdup (group)))
        return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "the group %s stands here a second time", shown);
      continue;
    }
    equals = strchr (text, '=');
    if (equals == NULL || equals == text)
      return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "expected key=value, [group] or # comment; got \"%s\"", shown);
    if (group == NULL)
      return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "expected [" PROFILE_GROUP "] before the first key; got \"%s\"", shown);
    name = g_strchomp (g_strndup (text, (gsize) (equals - text)));
    key = g_str_equal (group, PROFILE_GROUP) ? g_strdup (name) : g_strconcat (group, ".", name, NULL);
    field = cr_field_find (key);
    if (field == NULL || (g_str_equal (group, PROFILE_GROUP) && strchr (name, '.') != NULL)) {
      g_autofree char *shown_name = cr_text_display_line (name, -1, 60);
      g_autofree char *shown_group = cr_text_display_line (group, -1, 60);
      return line_error (&line, CR_SETTINGS_ERROR_UNKNOWN_KEY, error, "there is no key \"%s\" in the group [%s] of a profile", shown_name,
                         shown_group);
    }
    if (!field->in_profile)
      return line_error (&line, CR_SETTINGS_ERROR_UNKNOWN_KEY, error,
                         "\"%s\" belongs to one rehearsal and can't stand in a profile: give it as an option", key);
    if (g_hash_table_contains (lines, key))
      return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "\"%s\" stands here a second time, first in line %u", key,
                         GPOINTER_TO_UINT (g_hash_table_lookup (lines, key)));
    g_hash_table_insert (lines, g_steal_pointer (&key), GUINT_TO_POINTER (line.number));
  }
  return TRUE;
}

/* The table's values out of the scanned file into @values, one slot a field, NULL where the file is silent */
static gboolean
read_profile (const char *place, const char *text, gsize length, GHashTable *lines, char **values, GError **error)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();
  g_autoptr(GError) parse_error = NULL;
  Line line = { place, 1 };

  if (length == 0)
    return TRUE;
  if (!g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, &parse_error))
    return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "%s", parse_error->message);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    const char *dot = strchr (fields[i].key, '.');
    g_autofree char *group = dot == NULL ? g_strdup (PROFILE_GROUP) : g_strndup (fields[i].key, (gsize) (dot - fields[i].key));
    g_autofree char *raw = NULL;
    g_autofree char *value = NULL;
    g_autoptr(GError) value_error = NULL;

    line.number = GPOINTER_TO_UINT (g_hash_table_lookup (lines, fields[i].key));
    if (line.number == 0)
      continue;
    raw = g_key_file_get_string (file, group, dot == NULL ? fields[i].key : dot + 1, &value_error);
    if (value_error != NULL)  /* there can be a value all the same */
      return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "%s (%s): %s", fields[i].title, fields[i].key, value_error->message);
    value = trim (raw);
    if (!cr_field_check (&fields[i], value, &value_error))
      return line_error (&line, value_error->code == CR_SETTINGS_ERROR_MISSING ? CR_SETTINGS_ERROR_MISSING : CR_SETTINGS_ERROR_VALUE, error,
                         "%s", value_error->message);
    values[i] = g_steal_pointer (&value);
  }
  return TRUE;
}

/**
 * cr_settings_load_profile:
 *
 * A field that the file names takes its value; one that came from an earlier profile or a practice target and that this file leaves out
 * goes back to the runbook's default; what was edited or given as an option and is not in the file stays. Rules between fields are not checked here.
 *
 * Returns: false and a CR_SETTINGS_ERROR that begins with file and line; then @self is as before
 */
gboolean
cr_settings_load_profile (CrSettings *self, const char *name, const char *place, const char *text, gssize length, GError **error)
{
  g_autoptr(GHashTable) lines = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto(GStrv) texts = NULL;
  g_autofree char *copy = NULL;
  char *values[G_N_ELEMENTS (fields)] = { NULL };
  Line line = { place, 1 };
  const char *end;
  gsize size;
  gboolean good;

  g_return_val_if_fail (CR_IS_SETTINGS (self) && name != NULL && place != NULL && text != NULL, FALSE);

  size = length < 0 ? strlen (text) : (gsize) length;
  if (size > MAX_PROFILE)
    return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "a profile has at most %d bytes; this one has %" G_GSIZE_FORMAT, MAX_PROFILE,
                       size);
  if (!g_utf8_validate_len (text, size, &end)) {  /* also refuses a NUL */
    for (const char *p = text; p < end; p++)
      line.number += *p == '\n' ? 1 : 0;
    return line_error (&line, CR_SETTINGS_ERROR_FILE, error, "expected UTF-8 text; got byte 0x%02x", (guint) (guchar) *end);
  }
  copy = g_strndup (text, size);
  texts = g_strsplit (copy, "\n", -1);
  good = scan_profile (place, texts, lines, error) && read_profile (place, copy, size, lines, values, error);
  if (good) {
    g_free (self->profile);
    self->profile = g_strdup (name);
    for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
      if (values[i] != NULL)
        store (self, i, values[i], CR_ORIGIN_PROFILE);
      else if (self->values[i].origin == CR_ORIGIN_PROFILE || self->values[i].origin == CR_ORIGIN_PRACTICE)
        store (self, i, runbook_default (i), CR_ORIGIN_RUNBOOK);
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    g_free (values[i]);
  return good;
}

/**
 * cr_settings_to_profile:
 *
 * Returns: (transfer full): every field that may stand in a profile, with the expected form as its comment; loads back to the same values
 */
char *
cr_settings_to_profile (CrSettings *self)
{
  g_autoptr(GKeyFile) file = g_key_file_new ();

  g_return_val_if_fail (CR_IS_SETTINGS (self), NULL);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    const char *dot = strchr (fields[i].key, '.');
    g_autofree char *group = dot == NULL ? g_strdup (PROFILE_GROUP) : g_strndup (fields[i].key, (gsize) (dot - fields[i].key));
    g_autofree char *comment = g_strdup_printf (" %s: %s", fields[i].title, fields[i].expected);
    const char *key = dot == NULL ? fields[i].key : dot + 1;

    if (!fields[i].in_profile)
      continue;
    g_key_file_set_string (file, group, key, self->values[i].text);
    g_key_file_set_comment (file, group, key, comment, NULL);
  }
  return g_key_file_to_data (file, NULL, NULL);
}
