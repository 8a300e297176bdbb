/* cr-cli-options.c: the options that `run` and `plan` share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-cli.h"
#include "../io/cr-paths.h"
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PLAN "e2-3-reload-cutover"

int
cr_cli_exit_of (const CrDecision *decision)
{
  if (decision->kind == CR_DECISION_GO)
    return CR_EXIT_GO;
  return decision->classification == CR_CLASS_ENVIRONMENT_BLOCKED ? CR_EXIT_BLOCKED : CR_EXIT_NO_GO;
}

int
cr_cli_fail (CrExit code, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_printerr ("rehearse: %s\n", text);
  return (int) code;
}

gboolean
cr_cli_use_colour (void)
{
  const char *no_colour = g_getenv ("NO_COLOR");

  return isatty (STDERR_FILENO) && (no_colour == NULL || *no_colour == '\0');
}

void
cr_cli_options_clear (CrCliOptions *options)
{
  g_clear_object (&options->settings);
  g_clear_pointer (&options->plan_text, g_bytes_unref);
  g_clear_pointer (&options->junit, g_free);
}

static gboolean
set_option (CrSettings *settings, const char *key, const char *value, GError **error)
{
  return value == NULL || cr_settings_set (settings, key, value, CR_ORIGIN_OPTION, error);
}

static gboolean
load_profile (CrSettings *settings, const char *name_or_file, GError **error)
{
  g_autofree char *name = NULL;
  g_autofree char *place = NULL;
  g_autoptr(GBytes) bytes = cr_paths_load_profile (name_or_file, &name, &place, error);
  gsize length;
  const char *text;

  if (bytes == NULL)
    return FALSE;
  text = g_bytes_get_data (bytes, &length);
  return cr_settings_load_profile (settings, name, place, text, (gssize) length, error);
}

static gboolean
set_pairs (CrSettings *settings, char **pairs, GError **error)
{
  for (guint i = 0; pairs != NULL && pairs[i] != NULL; i++) {
    const char *equals = strchr (pairs[i], '=');
    g_autofree char *key = NULL;

    if (equals == NULL || equals == pairs[i]) {
      g_set_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE, _("--set takes KEY=VALUE, not “%s”. Example: --set practice.speed=instant"), pairs[i]);
      return FALSE;
    }
    key = g_strndup (pairs[i], (gsize) (equals - pairs[i]));
    if (cr_field_find (key) == NULL) {
      g_set_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_UNKNOWN_KEY, _("--set: there is no setting “%s”. A profile file shows the names: “rehearse profiles”."), key);
      return FALSE;
    }
    if (!cr_settings_set (settings, key, equals + 1, CR_ORIGIN_OPTION, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
cr_cli_parse_options (int argc, char **argv, const char *summary, CrCliOptions *options, int *exit_code)
{
  g_autofree char *profile = NULL, *owner = NULL, *t_cutover = NULL, *root = NULL, *run_id = NULL, *az = NULL, *transport = NULL, *api_url = NULL;
  g_autofree char *retry_at = NULL, *unblock = NULL, *plan = NULL, *faults_joined = NULL;
  g_auto(GStrv) sets = NULL;
  g_auto(GStrv) faults = NULL;
  g_autoptr(GOptionContext) context = g_option_context_new (NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *cwd_root = NULL;
  g_auto(GStrv) args = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "profile", 0, 0, G_OPTION_ARG_STRING, &profile, N_("profile name or file (“rehearse profiles”); default: practice"), N_("NAME|FILE") },
    { "owner", 0, 0, G_OPTION_ARG_STRING, &owner, N_("who answers for this rehearsal; every evidence file carries it"), N_("NAME") },
    { "t-cutover", 0, 0, G_OPTION_ARG_STRING, &t_cutover, N_("“now”, or a time in the future, YYYY-MM-DDTHH:MM:SSZ"), "now|UTC" },
    { "evidence-root", 0, 0, G_OPTION_ARG_FILENAME, &root, N_("where the evidence folder is made; default: .agents/logs/verification"), N_("DIR") },
    { "run-id", 0, 0, G_OPTION_ARG_STRING, &run_id, N_("RUN_ID; default: from the clock"), N_("ID") },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &sets, N_("override one setting, may be repeated"), N_("KEY=VALUE") },
    { "az", 0, 0, G_OPTION_ARG_FILENAME, &az, N_("the az program; default: az on PATH"), N_("COMMAND") },
    { "transport", 0, 0, G_OPTION_ARG_STRING, &transport, N_("the road to the cluster; default: jumpbox"), N_("NAME") },
    { "api-url", 0, 0, G_OPTION_ARG_STRING, &api_url, N_("the API as this computer reaches it: adds direct probes"), N_("URL") },
    { "retry-at", 0, 0, G_OPTION_ARG_STRING, &retry_at, N_("for a NO_GO: when the next attempt may start, UTC or N/A"), "UTC" },
    { "unblock", 0, 0, G_OPTION_ARG_STRING, &unblock, N_("for a NO_GO: what must be true before the next attempt"), N_("TEXT") },
    { "fault", 0, 0, G_OPTION_ARG_STRING_ARRAY, &faults, N_("practice only: inject this fault, may be repeated (“rehearse faults”)"), N_("NAME") },
    { "plan", 0, 0, G_OPTION_ARG_STRING, &plan, N_("plan name; default: e2-3-reload-cutover"), N_("NAME") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("print the result as JSON"), NULL },
    { "junit", 0, 0, G_OPTION_ARG_FILENAME, &options->junit, N_("also write the gates as JUnit XML (run only)"), N_("FILE") },
    { NULL }
  };

  *exit_code = CR_EXIT_USAGE;
  args = g_strdupv (argv);
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_help_enabled (context, FALSE);
  for (int i = 1; i < argc; i++)
    if (strcmp (argv[i], "--help") == 0 || strcmp (argv[i], "-h") == 0) {
      g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);

      g_print ("%s", help);
      *exit_code = 0;
      return FALSE;
    }
  if (!g_option_context_parse_strv (context, &args, &error)) {
    cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
    return FALSE;
  }
  if (args[0] != NULL && args[1] != NULL) {
    cr_cli_fail (CR_EXIT_USAGE, _("“%s” is not an option of this command. “rehearse %s --help” lists them."), args[1], argv[0]);
    return FALSE;
  }
  options->json = json;
  options->settings = cr_settings_new ();
  cwd_root = g_canonicalize_filename (root != NULL ? root : ".agents/logs/verification", NULL);
  if (faults != NULL)
    faults_joined = g_strjoinv (",", faults);
  if (!load_profile (options->settings, profile != NULL ? profile : "practice", &error)
      || !set_pairs (options->settings, sets, &error)
      || !set_option (options->settings, "owner", owner, &error)
      || !set_option (options->settings, "t_cutover", t_cutover, &error)
      || !set_option (options->settings, "evidence_root", cwd_root, &error)
      || !set_option (options->settings, "run_id", run_id, &error)
      || !set_option (options->settings, "az", az, &error)
      || !set_option (options->settings, "transport", transport, &error)
      || !set_option (options->settings, "api_url", api_url, &error)
      || !set_option (options->settings, "retry_at", retry_at, &error)
      || !set_option (options->settings, "unblock", unblock, &error)
      || !set_option (options->settings, "practice.fault", faults_joined, &error)) {
    cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
    return FALSE;
  }
  if (faults != NULL && !cr_settings_is_practice (options->settings)) {
    cr_cli_fail (CR_EXIT_USAGE, _("--fault works only on the practice target; the profile “%s” is for a real environment."),
                 cr_settings_get_profile (options->settings));
    return FALSE;
  }
  options->plan_text = cr_paths_load_plan (plan != NULL ? plan : DEFAULT_PLAN, &error);
  if (options->plan_text == NULL) {
    cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
    return FALSE;
  }
  *exit_code = 0;
  return TRUE;
}
