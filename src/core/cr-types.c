/* cr-types.c: the spellings of the contract's closed vocabularies, one table each
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-types.h"

static const char *const verdicts[] = { "NOT_RUN", "PASS", "FAIL", "UNPROVEN", "BLOCKED" };
static const char *const results[] = { "PASS", "FAIL", "BLOCKED" };
static const char *const classifications[] = {
  "NONE", "ENVIRONMENT_BLOCKED", "MIGRATION_FAILED", "BACKFILL_FAILED", "SYNC_FAILED", "SMOKE_FAILED", "IDEMPOTENCY_FAILED"
};
static const char *const decisions[] = { "NO_GO", "GO" };
static const char *const outcomes[] = { "completed", "not_started", "unknown", "stopped" };
static const char *const pod_marks[] = { "na", "ok", "lost" };
static const char *const wheres[] = { "here", "local", "jumpbox", "pod", "direct" };

G_STATIC_ASSERT (G_N_ELEMENTS (verdicts) == CR_VERDICT_BLOCKED + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (results) == CR_RESULT_BLOCKED + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (classifications) == CR_CLASS_IDEMPOTENCY_FAILED + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (decisions) == CR_DECISION_GO + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (outcomes) == CR_OUTCOME_STOPPED + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (pod_marks) == CR_POD_MARK_LOST + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (wheres) == CR_STEP_DIRECT + 1);

/* @fallback is the reading that never makes anything look better than it is */
static const char *
spell (const char *const *table, gsize n, guint value, guint fallback)
{
  g_return_val_if_fail (value < n, table[fallback]);
  return table[value];
}

static gboolean
find (const char *const *table, gsize n, const char *text, guint *value)
{
  if (text == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    if (g_str_equal (table[i], text)) {
      *value = i;
      return TRUE;
    }
  }
  return FALSE;
}

const char *
cr_verdict_to_string (CrVerdict verdict)
{
  return spell (verdicts, G_N_ELEMENTS (verdicts), verdict, CR_VERDICT_UNPROVEN);
}

gboolean
cr_verdict_from_string (const char *text, CrVerdict *verdict)
{
  guint value;

  if (!find (verdicts, G_N_ELEMENTS (verdicts), text, &value))
    return FALSE;
  *verdict = (CrVerdict) value;
  return TRUE;
}

CrResult
cr_verdict_to_result (CrVerdict verdict)
{
  switch (verdict) {
  case CR_VERDICT_PASS:
    return CR_RESULT_PASS;
  case CR_VERDICT_BLOCKED:
  case CR_VERDICT_NOT_RUN:
    return CR_RESULT_BLOCKED;
  case CR_VERDICT_FAIL:
  case CR_VERDICT_UNPROVEN:
  default:
    return CR_RESULT_FAIL;
  }
}

const char *
cr_result_to_string (CrResult result)
{
  return spell (results, G_N_ELEMENTS (results), result, CR_RESULT_FAIL);
}

const char *
cr_classification_to_string (CrClassification classification)
{
  return spell (classifications, G_N_ELEMENTS (classifications), classification, CR_CLASS_ENVIRONMENT_BLOCKED);
}

gboolean
cr_classification_from_string (const char *text, CrClassification *classification)
{
  guint value;

  if (!find (classifications, G_N_ELEMENTS (classifications), text, &value))
    return FALSE;
  *classification = (CrClassification) value;
  return TRUE;
}

const char *
cr_decision_kind_to_string (CrDecisionKind kind)
{
  return spell (decisions, G_N_ELEMENTS (decisions), kind, CR_DECISION_NO_GO);
}

const char *
cr_outcome_to_string (CrOutcome outcome)
{
  return spell (outcomes, G_N_ELEMENTS (outcomes), outcome, CR_OUTCOME_UNKNOWN);
}

gboolean
cr_outcome_from_string (const char *text, CrOutcome *outcome)
{
  guint value;

  if (!find (outcomes, G_N_ELEMENTS (outcomes), text, &value))
    return FALSE;
  *outcome = (CrOutcome) value;
  return TRUE;
}

const char *
cr_pod_mark_to_string (CrPodMark mark)
{
  return spell (pod_marks, G_N_ELEMENTS (pod_marks), mark, CR_POD_MARK_LOST);
}

gboolean
cr_pod_mark_from_string (const char *text, CrPodMark *mark)
{
  guint value;

  if (!find (pod_marks, G_N_ELEMENTS (pod_marks), text, &value))
    return FALSE;
  *mark = (CrPodMark) value;
  return TRUE;
}

const char *
cr_step_where_to_string (CrStepWhere where)
{
  return spell (wheres, G_N_ELEMENTS (wheres), where, CR_STEP_HERE);
}

gboolean
cr_step_where_from_string (const char *text, CrStepWhere *where)
{
  guint value;

  if (!find (wheres, G_N_ELEMENTS (wheres), text, &value))
    return FALSE;
  *where = (CrStepWhere) value;
  return TRUE;
}
