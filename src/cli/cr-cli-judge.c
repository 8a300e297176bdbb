/* cr-cli-judge.c: `rehearse judge`: verdicts and decision again, from the captures in the folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-cli.h"
#include "../io/cr-evidence-folder.h"
#include "../core/cr-text.h"
#include <glib/gi18n.h>
#include <string.h>

int
cr_cli_judge (int argc, char **argv)
{
  g_autoptr(CrEvidenceReading) reading = NULL;
  g_autoptr(GError) error = NULL;

  if (argc == 2 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)) {
    g_print (_("Usage: rehearse judge DIR\n\nRecomputes verdicts and decision from the captures in an evidence folder. Changes nothing.\n"
               "Exit status: 0 GO, 1 NO_GO, 3 NO_GO because the environment was not ready, 2 not an evidence folder.\n"));
    return 0;
  }
  if (argc != 2)
    return cr_cli_fail (CR_EXIT_USAGE, _("“rehearse judge” takes one evidence folder: rehearse judge DIR"));
  reading = cr_evidence_reading_new (argv[1], &error);
  if (reading == NULL)
    return cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
  for (guint i = 0; i < reading->verdicts->len; i++) {
    CrGateVerdict *verdict = g_ptr_array_index (reading->verdicts, i);

    g_print ("%-12s %-8s  %s\n", verdict->gate, cr_verdict_to_string (verdict->verdict),
             verdict->reason != NULL ? verdict->reason : verdict->fact != NULL ? verdict->fact : "");
  }
  for (guint i = 0; i < reading->problems->len; i++) {
    g_autofree char *shown = cr_text_display_line (g_ptr_array_index (reading->problems, i), -1, 0);

    g_print (_("problem: %s\n"), shown);
  }
  g_print ("decision=%s failure_classification=%s evidence=%s\n", cr_decision_kind_to_string (reading->decision.kind),
           cr_classification_to_string (reading->decision.classification), reading->path);
  return cr_cli_exit_of (&reading->decision);
}
