/* test-decision.c: GO for exactly one of all combinations of verdicts and evidence (facts: reliability I5)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-judge.h"
#include <gio/gio.h>

#define N_GATES 6
#define N_VERDICTS 5

static CrPlan *
load_plan (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("CR_DATA_DIR"), "plans", "e2-3-reload-cutover.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  CrPlan *plan;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  plan = cr_plan_parse (text, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (plan->gates->len, ==, N_GATES);
  return plan;
}

static GPtrArray *
all_pass (CrPlan *plan)
{
  GPtrArray *verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_gate_verdict_free);

  for (guint i = 0; i < plan->gates->len; i++) {
    CrGateVerdict *verdict = cr_gate_verdict_new_not_run (((CrPlanGate *) plan->gates->pdata[i])->id, "why");
    verdict->verdict = CR_VERDICT_PASS;
    g_ptr_array_add (verdicts, verdict);
  }
  return verdicts;
}

/* Six gates and the evidence, five verdicts each: 5^7 = 78,125 */
static void
test_every_combination (void)
{
  static const char *const classes[] = { "ENVIRONMENT_BLOCKED", "MIGRATION_FAILED", "BACKFILL_FAILED", "SYNC_FAILED", "SMOKE_FAILED", "IDEMPOTENCY_FAILED" };
  g_autoptr(CrPlan) plan = load_plan ();
  g_autoptr(GPtrArray) verdicts = all_pass (plan);
  guint n_go = 0, n = 0;

  for (guint code = 0; code < 78125; code++) {
    CrDecision decision;
    guint rest = code;
    int first = -1;
    CrVerdict evidence;
    const char *expected;

    for (guint gate = 0; gate < N_GATES; gate++) {
      CrGateVerdict *verdict = verdicts->pdata[gate];

      verdict->verdict = (CrVerdict) (rest % N_VERDICTS);
      rest /= N_VERDICTS;
      if (first < 0 && verdict->verdict != CR_VERDICT_PASS)
        first = (int) gate;
    }
    evidence = (CrVerdict) rest;
    cr_decide (plan, verdicts, evidence == CR_VERDICT_PASS, NULL, &decision);
    n++;
    n_go += decision.kind == CR_DECISION_GO ? 1u : 0u;
    g_assert_cmpint (decision.first_gate, ==, first);
    g_assert_nonnull (decision.sentence);
    if (first >= 0)
      expected = ((CrGateVerdict *) verdicts->pdata[first])->verdict == CR_VERDICT_BLOCKED ? "ENVIRONMENT_BLOCKED" : classes[first];
    else
      expected = evidence == CR_VERDICT_PASS ? "NONE" : "ENVIRONMENT_BLOCKED";
    g_assert_cmpstr (cr_classification_to_string (decision.classification), ==, expected);
    g_assert_cmpint (decision.kind == CR_DECISION_GO, ==, first < 0 && evidence == CR_VERDICT_PASS);
    cr_decision_clear (&decision);
  }
  g_assert_cmpuint (n, ==, 78125);
  g_assert_cmpuint (n_go, ==, 1);
}

static void
test_not_the_plans_verdicts (void)
{
  g_autoptr(CrPlan) plan = load_plan ();
  CrDecision decision;

  for (guint way = 0; way < 5; way++) {
    g_autoptr(GPtrArray) verdicts = all_pass (plan);

    if (way == 0)
      g_ptr_array_remove_index (verdicts, 5);  /* one is missing */
    else if (way == 1)
      g_ptr_array_add (verdicts, cr_gate_verdict_new_not_run ("more", "why"));  /* one too many */
    else if (way == 2)
      g_ptr_array_set_size (verdicts, 0);
    else if (way == 3)
      ((CrGateVerdict *) verdicts->pdata[3])->gate[0] = 'x';  /* of some other gate */
    else {  /* two in the wrong order */
      gpointer swap = verdicts->pdata[1];
      verdicts->pdata[1] = verdicts->pdata[2];
      verdicts->pdata[2] = swap;
    }
    cr_decide (plan, verdicts, TRUE, NULL, &decision);
    g_assert_cmpint (decision.kind, ==, CR_DECISION_NO_GO);
    g_assert_cmpint (decision.classification, !=, CR_CLASS_NONE);
    g_assert_nonnull (decision.sentence);
    cr_decision_clear (&decision);
  }
}

static void
test_empty_plan (void)
{
  g_autoptr(CrPlan) plan = load_plan ();
  g_autoptr(GPtrArray) verdicts = g_ptr_array_new ();
  CrDecision decision;

  g_ptr_array_set_size (plan->gates, 0);
  cr_decide (plan, verdicts, TRUE, NULL, &decision);
  g_assert_cmpint (decision.kind, ==, CR_DECISION_NO_GO);
  cr_decision_clear (&decision);
}

static void
test_sentence (void)
{
  g_autoptr(CrPlan) plan = load_plan ();
  g_autoptr(GPtrArray) verdicts = all_pass (plan);
  CrGateVerdict *backfill = verdicts->pdata[2];
  CrDecision decision;

  cr_decide (plan, verdicts, FALSE, "07_idempotency_duplicate.log is missing.", &decision);
  g_assert_cmpstr (decision.sentence, ==, "Every gate passed, but the evidence is not complete: 07_idempotency_duplicate.log is missing.");
  cr_decision_clear (&decision);

  backfill->verdict = CR_VERDICT_FAIL;
  g_free (backfill->reason);
  backfill->reason = g_strdup ("Backfill ended with 0, but its rows went to the dead-letter queue.");
  cr_decide (plan, verdicts, TRUE, NULL, &decision);
  g_assert_cmpstr (decision.sentence, ==, "Backfill is FAIL: Backfill ended with 0, but its rows went to the dead-letter queue.");
  g_assert_cmpint (decision.first_gate, ==, 2);
  cr_decision_clear (&decision);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decision/every-combination", test_every_combination);
  g_test_add_func ("/decision/not-the-plans-verdicts", test_not_the_plans_verdicts);
  g_test_add_func ("/decision/empty-plan", test_empty_plan);
  g_test_add_func ("/decision/sentence", test_sentence);
  return g_test_run ();
}
