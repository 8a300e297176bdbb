/* cr-judge.h: verdicts and the decision. Pure functions of plan and captures: no clock, no I/O.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-plan.h"
#include "cr-capture.h"
G_BEGIN_DECLS

typedef enum { CR_WITNESS_HOLDS, CR_WITNESS_CONTRADICTED, CR_WITNESS_MISSING } CrWitnessState;
const char *cr_witness_state_to_string (CrWitnessState state);  /* "seen", "contradicted", "missing" */

typedef struct {
  char           *id, *text;
  CrWitnessState  state;
  char           *expected;  /* (nullable) */
  char           *seen;      /* (nullable): value or line that shows it, safe to display */
  char           *step;      /* (nullable): the step it was read from */
  gboolean        caution;   /* holds, and the summary should say so (clock error bars, already at head, deployed consumer, ...) */
} CrWitnessResult;

typedef struct {
  char      *gate;
  CrVerdict  verdict;
  GPtrArray *witnesses;   /* CrWitnessResult, in plan order */
  char      *fact;        /* the one fact that proves it ("revision 8f2c → a91d"), or the failure sentence */
  char      *reason;      /* (nullable): not PASS: what failed, in one sentence a tired person understands */
  char      *line;        /* (nullable): the line of output that shows it */
  char      *next;        /* (nullable): what to do next */
  GPtrArray *cautions;    /* char*: findings for the summary */
  char      *exit_code;   /* the contract's: "0", "7", "unknown", "not_run" */
  char      *exit_code2;  /* (nullable): of the second evidence file (smoke 404) */
} CrGateVerdict;

CrGateVerdict *cr_gate_verdict_new_not_run (const char *gate, const char *why);
void           cr_gate_verdict_free        (CrGateVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrGateVerdict, cr_gate_verdict_free)

/* (transfer full): the verdict of one gate; may be asked for at any time, also while steps are still missing. @plan is resolved. Only captures of
 * this gate are read, plus those a witness names as "gate/step". What is missing or ambiguous never passes; a gate of the class ENVIRONMENT_BLOCKED
 * is PASS or BLOCKED. All texts are one line each and safe to show. */
CrGateVerdict *cr_judge_gate (CrPlan *plan, guint gate_index, CrCaptureSet *captures);
/* TRUE if the judge knows a rule of that name; for the plan reader. */
gboolean       cr_judge_has_rule (const char *rule);

typedef struct {
  CrDecisionKind   kind;
  CrClassification classification;
  int              first_gate;   /* index of the first gate that is not PASS, or -1 */
  char            *sentence;     /* why, in one sentence */
} CrDecision;
/* @verdicts: CrGateVerdict in plan order, all gates. GO needs all of them PASS, @evidence_ok (all files present and well-formed), and at least one gate. */
void cr_decide (CrPlan *plan, GPtrArray *verdicts, gboolean evidence_ok, const char *evidence_problem, CrDecision *decision);
void cr_decision_clear (CrDecision *decision);

/* The two payloads of the idempotency gate, for the viewer. Each (nullable) (transfer full). */
typedef struct { int status; char *body; gsize length; char *hash; gint64 time_us; } CrPayload;
CrPayload *cr_judge_payload (CrPlan *plan, CrCaptureSet *captures, gboolean after);
void       cr_payload_free  (CrPayload *payload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrPayload, cr_payload_free)

G_END_DECLS
