/* cr-cli-run.c: `rehearse run`
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-cli.h"
#include "../core/cr-json.h"
#include "../core/cr-text.h"
#include "../core/cr-junit.h"
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <string.h>

typedef struct {
  GMainLoop   *loop;
  CrRehearsal *rehearsal;
  GError      *error;      /* (owned) (nullable) */
  gboolean     sealing;
  gboolean     done;
  gboolean     colour;
  guint        gates_shown;
} Run;

/* The words of the CLI for the states of a gate (ux: 3.4), and an SGR colour that only adds */
static const char *
state_tag (CrGateState state, const char **colour)
{
  switch (state) {
  case CR_GATE_PASSED: *colour = "32"; return "[PASS]";
  case CR_GATE_UNPROVEN: *colour = "33"; return "[?   ]";
  case CR_GATE_FAILED: *colour = "31"; return "[FAIL]";
  case CR_GATE_TIMED_OUT: *colour = "31"; return "[TIME]";
  case CR_GATE_BLOCKED: *colour = "33"; return "[BLCK]";
  case CR_GATE_NOT_RUN: *colour = "2"; return "[SKIP]";
  case CR_GATE_STOPPED: *colour = "33"; return "[STOP]";
  case CR_GATE_RUNNING: *colour = "36"; return "[RUN ]";
  case CR_GATE_WAITING: *colour = "2"; return "[WAIT]";
  case CR_GATE_PENDING:
  default: *colour = "2"; return "[    ]";
  }
}

static void
show_gate (Run *run, CrGateRun *gate)
{
  const char *colour;
  const char *tag = state_tag (cr_gate_run_get_state (gate), &colour);
  const char *fact = cr_gate_run_get_fact (gate);
  gint64 started = cr_gate_run_get_started (gate), ended = cr_gate_run_get_ended (gate);
  g_autofree char *duration = started != 0 && ended != 0 ? g_strdup_printf ("%.1f s", (double) (ended - started) / G_USEC_PER_SEC) : g_strdup ("");

  if (run->colour)
    g_printerr ("\033[%sm%s\033[0m %-16s %8s  %s\n", colour, tag, cr_gate_run_get_title (gate), duration, fact != NULL ? fact : "");
  else
    g_printerr ("%s %-16s %8s  %s\n", tag, cr_gate_run_get_title (gate), duration, fact != NULL ? fact : "");
}

static void
gate_changed_cb (CrGateRun *gate, GParamSpec *pspec, gpointer user_data)
{
  show_gate (user_data, gate);
}

static void
gates_added_cb (GListModel *gates, guint position, guint removed, guint added, gpointer user_data)
{
  for (guint i = position; i < position + added; i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);

    g_signal_connect (gate, "notify::state", G_CALLBACK (gate_changed_cb), user_data);
  }
}

static void
log_cb (CrRehearsal *rehearsal, const char *gate, const char *step, int stream, const char *text, gpointer user_data)
{
  g_auto(GStrv) lines = NULL;

  if (stream != CR_LOG_APP || step != NULL)  /* what each step prints is in the evidence */
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      g_printerr ("       %s\n", lines[i]);
}

static void
sealed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  cr_rehearsal_seal_finish (CR_REHEARSAL (object), result, &run->error);
  run->done = run->error == NULL;
  g_main_loop_quit (run->loop);
}

/* Headless, the closing form is filled from the options; what is missing is said to be missing, never invented */
static void
seal (Run *run)
{
  CrSettings *settings = cr_rehearsal_get_settings (run->rehearsal);
  const CrDecision *decision = cr_rehearsal_get_decision (run->rehearsal);
  const char *retry_at = cr_settings_get (settings, "retry_at");
  const char *unblock = cr_settings_get (settings, "unblock");
  CrPlan *plan = cr_rehearsal_get_plan (run->rehearsal);
  CrClosing closing = { .owner = cr_settings_get (settings, "owner"), .retry_at = retry_at, .unblock = unblock,
                        .classification = decision->classification };

  if (*retry_at == '\0' || g_ascii_strcasecmp (retry_at, "N/A") == 0) {
    closing.retry_at = "N/A";
    closing.retry_reason = "No retry time was given with --retry-at.";
  }
  if (*unblock == '\0' && decision->first_gate >= 0)
    closing.unblock = ((CrPlanGate *) g_ptr_array_index (plan->gates, (guint) decision->first_gate))->unblock;
  run->sealing = TRUE;
  cr_rehearsal_seal_async (run->rehearsal, &closing, sealed_cb, run);
}

static void
run_done_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Run *run = user_data;

  if (cr_rehearsal_run_finish (CR_REHEARSAL (object), result, &run->error))
    seal (run);
  else
    g_main_loop_quit (run->loop);
}

static gboolean
signal_cb (gpointer user_data)
{
  Run *run = user_data;

  cr_rehearsal_stop (run->rehearsal);
  return G_SOURCE_CONTINUE;
}

static void
print_failure (CrRehearsal *rehearsal)
{
  GListModel *gates = cr_rehearsal_get_gates (rehearsal);
  const CrDecision *decision = cr_rehearsal_get_decision (rehearsal);
  g_autoptr(CrGateRun) gate = NULL;
  CrGateVerdict *verdict;

  if (decision->first_gate < 0) {
    g_printerr ("\n%s\n", decision->sentence);
    return;
  }
  gate = g_list_model_get_item (gates, (guint) decision->first_gate);
  verdict = cr_gate_run_get_verdict (gate);
  g_printerr ("\n");
  if (verdict->reason != NULL)
    g_printerr (_("What failed:  %s: %s\n"), cr_gate_run_get_title (gate), verdict->reason);
  if (verdict->line != NULL)
    g_printerr (_("Shown by:     %s\n"), verdict->line);
  if (verdict->next != NULL)
    g_printerr (_("Do next:      %s\n"), verdict->next);
}

static void
print_json (CrRehearsal *rehearsal)
{
  GString *out = g_string_new ("{");
  const CrDecision *decision = cr_rehearsal_get_decision (rehearsal);
  GListModel *gates = cr_rehearsal_get_gates (rehearsal);

#define MEMBER(prefix, key, value) G_STMT_START { \
    const char *member_value = (value); \
    g_string_append (out, prefix "\"" key "\":"); \
    if (member_value != NULL) \
      cr_json_append_string (out, member_value, -1); \
    else \
      g_string_append (out, "null"); \
  } G_STMT_END
  MEMBER ("", "decision", cr_decision_kind_to_string (decision->kind));
  MEMBER (",", "failure_classification", cr_classification_to_string (decision->classification));
  MEMBER (",", "run_id", cr_rehearsal_get_run_id (rehearsal));
  MEMBER (",", "evidence", cr_rehearsal_get_folder (rehearsal));
  MEMBER (",", "sentence", decision->sentence);
  g_string_append (out, ",\"gates\":[");
  for (guint i = 0; i < g_list_model_get_n_items (gates); i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);
    CrGateVerdict *verdict = cr_gate_run_get_verdict (gate);

    g_string_append (out, i > 0 ? ",{" : "{");
    MEMBER ("", "id", cr_gate_run_get_id (gate));
    MEMBER (",", "verdict", cr_verdict_to_string (verdict->verdict));
    MEMBER (",", "exit_code", verdict->exit_code);
    MEMBER (",", "fact", verdict->fact);
    MEMBER (",", "reason", verdict->reason);
    MEMBER (",", "line", verdict->line);
    MEMBER (",", "next", verdict->next);
    g_string_append_printf (out, ",\"seconds\":%.3f}", (double) (cr_gate_run_get_ended (gate) - cr_gate_run_get_started (gate)) / G_USEC_PER_SEC);
  }
#undef MEMBER
  g_print ("%s]}\n", out->str);
  g_string_free (out, TRUE);
}

static gboolean
write_junit (CrRehearsal *rehearsal, const char *file, GError **error)
{
  g_autoptr(GPtrArray) verdicts = g_ptr_array_new ();
  g_autoptr(GArray) seconds = g_array_new (FALSE, FALSE, sizeof (double));
  GListModel *gates = cr_rehearsal_get_gates (rehearsal);
  g_autofree char *text = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (gates); i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);
    double duration = (double) (cr_gate_run_get_ended (gate) - cr_gate_run_get_started (gate)) / G_USEC_PER_SEC;

    g_ptr_array_add (verdicts, cr_gate_run_get_verdict (gate));
    g_array_append_val (seconds, duration);
  }
  text = cr_junit_render (cr_rehearsal_get_plan (rehearsal), verdicts, (double *) (gpointer) seconds->data, cr_rehearsal_get_run_id (rehearsal));
  return g_file_set_contents (file, text, -1, error);
}

int
cr_cli_run (int argc, char **argv)
{
  CrCliOptions options = { 0 };
  Run run = { 0 };
  int exit_code;
  guint sigint_id, sigterm_id;
  const CrDecision *decision;

  if (!cr_cli_parse_options (argc, argv, _("Carries out a rehearsal, gate by gate, writes the evidence folder and decides GO or NO_GO.\n"
                                           "Exit status: 0 GO, 1 NO_GO, 3 NO_GO because the environment is not ready, 2 usage, 4 own error, 130 stopped."),
                             &options, &exit_code)) {
    cr_cli_options_clear (&options);
    return exit_code;
  }
  run.loop = g_main_loop_new (NULL, FALSE);
  run.colour = cr_cli_use_colour ();
  run.rehearsal = cr_rehearsal_new (options.settings, options.plan_text, NULL);
  g_signal_connect (cr_rehearsal_get_gates (run.rehearsal), "items-changed", G_CALLBACK (gates_added_cb), &run);
  g_signal_connect (run.rehearsal, "log", G_CALLBACK (log_cb), &run);
  sigint_id = g_unix_signal_add (SIGINT, signal_cb, &run);
  sigterm_id = g_unix_signal_add (SIGTERM, signal_cb, &run);
  cr_rehearsal_run_async (run.rehearsal, run_done_cb, &run);
  g_main_loop_run (run.loop);

  if (run.error != NULL) {
    gboolean input = g_error_matches (run.error, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_INPUT)
                     || g_error_matches (run.error, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_CLOSING);

    exit_code = cr_cli_fail (input ? CR_EXIT_USAGE : CR_EXIT_OWN_ERROR, "%s", run.error->message);
    if (cr_rehearsal_get_folder (run.rehearsal) != NULL)
      g_printerr (_("What was recorded until then is in %s\n"), cr_rehearsal_get_folder (run.rehearsal));
  } else {
    decision = cr_rehearsal_get_decision (run.rehearsal);
    exit_code = cr_rehearsal_was_stopped (run.rehearsal) ? CR_EXIT_STOPPED : cr_cli_exit_of (decision);
    if (options.junit != NULL && !write_junit (run.rehearsal, options.junit, &run.error))
      exit_code = cr_cli_fail (CR_EXIT_OWN_ERROR, _("The JUnit file could not be written: %s"), run.error->message);
    if (decision->kind != CR_DECISION_GO)
      print_failure (run.rehearsal);
    if (options.json)
      print_json (run.rehearsal);
    g_print ("decision=%s failure_classification=%s evidence=%s\n", cr_decision_kind_to_string (decision->kind),
             cr_classification_to_string (decision->classification), cr_rehearsal_get_folder (run.rehearsal));
  }
  g_source_remove (sigint_id);
  g_source_remove (sigterm_id);
  g_clear_error (&run.error);
  g_clear_object (&run.rehearsal);
  g_main_loop_unref (run.loop);
  cr_cli_options_clear (&options);
  return exit_code;
}
