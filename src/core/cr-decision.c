/* cr-decision.c: GO or NO_GO from the verdicts of all gates (design: section 4). There is no override to GO.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-judge.h"
#include "cr-text.h"

/**
 * cr_decide:
 * @plan: the plan whose gates were judged
 * @verdicts: CrGateVerdict of all its gates, in its order
 * @evidence_ok: all files are there and well-formed
 * @evidence_problem: (nullable): if not, what is wrong, one sentence
 * @decision: (out): cleared with cr_decision_clear()
 *
 * GO needs at least one gate, one verdict for each gate of the plan in its order, every one PASS, and the evidence. The classification of a NO_GO
 * is that of the first gate that is not PASS, ENVIRONMENT_BLOCKED where that gate was blocked, and also where all passed but could not be recorded.
 */
void
cr_decide (CrPlan *plan, GPtrArray *verdicts, gboolean evidence_ok, const char *evidence_problem, CrDecision *decision)
{
  gboolean complete;

  g_return_if_fail (plan != NULL && verdicts != NULL && decision != NULL);

  decision->kind = CR_DECISION_NO_GO;
  decision->classification = CR_CLASS_ENVIRONMENT_BLOCKED;
  decision->first_gate = -1;
  decision->sentence = NULL;

  complete = plan->gates->len > 0 && verdicts->len == plan->gates->len;
  for (guint i = 0; i < plan->gates->len && i < verdicts->len; i++) {
    const CrPlanGate *gate = plan->gates->pdata[i];
    const CrGateVerdict *verdict = verdicts->pdata[i];

    if (verdict == NULL || g_strcmp0 (verdict->gate, gate->id) != 0) {
      complete = FALSE;
      break;
    }
    if (verdict->verdict != CR_VERDICT_PASS) {
      g_autofree char *title = cr_text_display_line (gate->title, -1, 0);

      decision->first_gate = (int) i;
      decision->classification = verdict->verdict == CR_VERDICT_BLOCKED ? CR_CLASS_ENVIRONMENT_BLOCKED : gate->classification;
      decision->sentence = g_strdup_printf ("%s is %s: %s", title, cr_verdict_to_string (verdict->verdict),
                                            verdict->reason != NULL ? verdict->reason : "no reason was given.");
      return;
    }
  }
  if (!complete) {
    decision->sentence = g_strdup ("Not every gate of the plan has a verdict of its own.");
  } else if (!evidence_ok) {
    g_autofree char *problem = evidence_problem != NULL ? cr_text_display_line (evidence_problem, -1, 0) : NULL;
    decision->sentence = g_strdup_printf ("Every gate passed, but the evidence is not complete%s%s", problem != NULL ? ": " : ".",
                                          problem != NULL ? problem : "");
  } else {
    decision->kind = CR_DECISION_GO;
    decision->classification = CR_CLASS_NONE;
    decision->sentence = g_strdup_printf ("All %u gates passed and their evidence is complete.", plan->gates->len);
  }
}

void
cr_decision_clear (CrDecision *decision)
{
  g_clear_pointer (&decision->sentence, g_free);
}
