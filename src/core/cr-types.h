/* cr-types.h: the closed vocabularies of the contract, and their spellings
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

/* What the judge says of one gate (design: section 4). The order is not a ranking. */
typedef enum {
  CR_VERDICT_NOT_RUN,   /* an earlier gate ended the run */
  CR_VERDICT_PASS,      /* every witness was seen */
  CR_VERDICT_FAIL,      /* a witness contradicts */
  CR_VERDICT_UNPROVEN,  /* a witness is missing, or the outcome is unknown */
  CR_VERDICT_BLOCKED,   /* the environment kept the gate from running */
} CrVerdict;

/* The owner's vocabulary in `result:` */
typedef enum { CR_RESULT_PASS, CR_RESULT_FAIL, CR_RESULT_BLOCKED } CrResult;

typedef enum {
  CR_CLASS_NONE,
  CR_CLASS_ENVIRONMENT_BLOCKED,
  CR_CLASS_MIGRATION_FAILED,
  CR_CLASS_BACKFILL_FAILED,
  CR_CLASS_SYNC_FAILED,
  CR_CLASS_SMOKE_FAILED,
  CR_CLASS_IDEMPOTENCY_FAILED,
} CrClassification;

typedef enum { CR_DECISION_NO_GO, CR_DECISION_GO } CrDecisionKind;

/* How far a call or a step got. Only COMPLETED carries an exit code that is the command's own. */
typedef enum {
  CR_OUTCOME_COMPLETED,    /* ended, and its status came back unharmed */
  CR_OUTCOME_NOT_STARTED,  /* surely never ran: refused before the script was accepted */
  CR_OUTCOME_UNKNOWN,      /* may have run, may still be running */
  CR_OUTCOME_STOPPED,      /* the operator stopped waiting: remote state unknown */
} CrOutcome;

/* The mark the innermost shell prints after the command */
typedef enum { CR_POD_MARK_NA, CR_POD_MARK_OK, CR_POD_MARK_LOST } CrPodMark;

typedef enum {
  CR_STEP_HERE,     /* a check of this computer by the machine itself, e.g. the evidence folder */
  CR_STEP_LOCAL,    /* a program on this computer: az */
  CR_STEP_JUMPBOX,  /* a command as the Linux user of the jumpbox */
  CR_STEP_POD,      /* a command in a pod, through kubectl exec on the jumpbox */
  CR_STEP_DIRECT,   /* an HTTP probe from this computer (libsoup) */
} CrStepWhere;

/* Each to_string returns the contract's spelling (static, never NULL); from_string returns FALSE for any other text. */
const char *cr_verdict_to_string          (CrVerdict verdict);         /* "PASS", "FAIL", "UNPROVEN", "BLOCKED", "NOT_RUN" */
gboolean    cr_verdict_from_string        (const char *text, CrVerdict *verdict);
CrResult    cr_verdict_to_result          (CrVerdict verdict);         /* UNPROVEN -> FAIL, NOT_RUN -> BLOCKED */
const char *cr_result_to_string           (CrResult result);
const char *cr_classification_to_string   (CrClassification classification);
gboolean    cr_classification_from_string (const char *text, CrClassification *classification);
const char *cr_decision_kind_to_string    (CrDecisionKind kind);       /* "GO", "NO_GO" */
const char *cr_outcome_to_string          (CrOutcome outcome);         /* "completed", "not_started", "unknown", "stopped" */
gboolean    cr_outcome_from_string        (const char *text, CrOutcome *outcome);
const char *cr_pod_mark_to_string         (CrPodMark mark);            /* "na", "ok", "lost" */
gboolean    cr_pod_mark_from_string       (const char *text, CrPodMark *mark);
const char *cr_step_where_to_string       (CrStepWhere where);         /* "here", "local", "jumpbox", "pod", "direct" */
gboolean    cr_step_where_from_string     (const char *text, CrStepWhere *where);

G_END_DECLS
