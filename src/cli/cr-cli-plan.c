/* cr-cli-plan.c: `rehearse plan`: every command exactly as it would run, with the origin of each value; runs nothing
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-cli.h"
#include "../core/cr-json.h"
#include "../core/cr-quote.h"
#include <glib/gi18n.h>
#include <string.h>

/* Stand for the values that are drawn anew for every call */
#define SHOWN_NONCE "00000000000000000000000000000000"
#define SHOWN_MARK  "0000000000000000"

static void
append_indented (GString *out, const char *text, const char *indent)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i + 1] != NULL || *lines[i] != '\0')
      g_string_append_printf (out, "%s%s\n", indent, lines[i]);
}

static gboolean
append_remote (GString *out, CrRehearsal *rehearsal, CrPlan *plan, CrPlanGate *gate, GPtrArray *steps, const char *run_id, GError **error)
{
  CrJumpboxParams params;
  g_autofree char *script = NULL;
  g_auto(GStrv) argv = NULL;
  g_autofree char *command = NULL;

  cr_rehearsal_get_jumpbox_params (rehearsal, plan, run_id, &params);
  argv = cr_jumpbox_transport_preview (&params, gate, steps, SHOWN_NONCE, SHOWN_MARK, &script, error);
  if (argv == NULL)
    return FALSE;
  command = cr_quote_argv ((const char *const *) argv, error);
  if (command == NULL)
    return FALSE;
  g_string_append_printf (out, _("  On the jumpbox, in one call (the script goes to standard input):\n    $ %s\n"), command);
  append_indented (out, script, "    | ");
  return TRUE;
}

static gboolean
append_gate (GString *out, CrRehearsal *rehearsal, CrPlan *plan, guint index, const char *run_id, GError **error)
{
  CrPlanGate *gate = g_ptr_array_index (plan->gates, index);
  g_autoptr(GPtrArray) remote = g_ptr_array_new ();
  g_autofree char *files = g_strjoinv (", ", gate->evidence);
  gboolean remote_shown = FALSE;

  g_string_append_printf (out, "\n%u. %s  (%s; %s %u s; %s)\n", index + 1, gate->title, files, _("limit"), gate->limit_seconds,
                          cr_classification_to_string (gate->classification));
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);

    if (cr_plan_step_is_remote (step))
      g_ptr_array_add (remote, step);
  }
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);
    g_autofree char *command = NULL;

    switch (step->where) {
    case CR_STEP_HERE:
      g_string_append_printf (out, _("  On this computer: %s\n"), step->title);
      break;
    case CR_STEP_LOCAL:
      command = cr_quote_argv ((const char *const *) step->argv, error);
      if (command == NULL)
        return FALSE;
      g_string_append_printf (out, _("  On this computer: %s\n    $ %s\n"), step->title, command);
      break;
    case CR_STEP_DIRECT:
      g_string_append_printf (out, _("  From this computer: %s\n    GET %s\n"), step->title, step->url);
      break;
    case CR_STEP_JUMPBOX:
    case CR_STEP_POD:
    default:
      if (!remote_shown && !append_remote (out, rehearsal, plan, gate, remote, run_id, error))
        return FALSE;
      remote_shown = TRUE;
    }
  }
  g_string_append (out, _("  Green only when all of this was seen:\n"));
  for (guint i = 0; i < gate->witnesses->len; i++) {
    CrPlanWitness *witness = g_ptr_array_index (gate->witnesses, i);

    g_string_append_printf (out, "    - %s\n", witness->text);
  }
  return TRUE;
}

static void
append_values (GString *out, CrVars *vars)
{
  g_autoptr(GList) names = cr_vars_names (vars);

  g_string_append (out, _("Values\n"));
  for (GList *item = names; item != NULL; item = item->next) {
    const char *name = item->data, *value = cr_vars_get (vars, name);
    g_autofree char *shown = g_strescape (value, "\"");

    g_string_append_printf (out, "  %-24s %s  (%s)\n", name, shown, cr_vars_get_origin (vars, name));
  }
}

int
cr_cli_plan (int argc, char **argv)
{
  CrCliOptions options = { 0 };
  g_autoptr(CrRehearsal) rehearsal = NULL;
  g_autoptr(CrPlan) plan = NULL;
  g_autoptr(CrVars) vars = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GString) out = g_string_new (NULL);
  int exit_code;

  if (!cr_cli_parse_options (argc, argv, _("Prints every command exactly as it would run, with the origin of each value. Runs nothing."), &options, &exit_code)) {
    cr_cli_options_clear (&options);
    return exit_code;
  }
  if (*cr_settings_get (options.settings, "owner") == '\0')
    cr_settings_set_unchecked (options.settings, "owner", "(owner)", CR_ORIGIN_DERIVED);
  rehearsal = cr_rehearsal_new (options.settings, options.plan_text, NULL);
  plan = cr_rehearsal_preview (rehearsal, &vars, &error);
  if (plan == NULL) {
    cr_cli_options_clear (&options);
    return cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
  }
  if (options.json) {
    g_autofree char *json = cr_plan_to_json (plan);

    g_print ("%s", json);
  } else {
    g_string_append_printf (out, "%s  (%s, SHA-256 %s)\n\n", plan->title, plan->id, plan->sha256);
    append_values (out, vars);
    for (guint i = 0; i < plan->gates->len; i++)
      if (!append_gate (out, rehearsal, plan, i, cr_vars_get (vars, "RUN_ID"), &error)) {
        cr_cli_options_clear (&options);
        return cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
      }
    g_string_append (out, _("\nEach call draws its own nonce and pod mark; both are shown as zeros here.\n"));
    g_print ("%s", out->str);
  }
  cr_cli_options_clear (&options);
  return 0;
}
