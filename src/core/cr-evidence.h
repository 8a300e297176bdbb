/* cr-evidence.h: the ten files: their bytes, and reading them back (design: section 6). Pure.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-judge.h"
G_BEGIN_DECLS

typedef enum { CR_EVIDENCE_ERROR_FORMAT, CR_EVIDENCE_ERROR_MISSING } CrEvidenceError;
#define CR_EVIDENCE_ERROR (cr_evidence_error_quark ())
GQuark cr_evidence_error_quark (void);

/* 01_precheck.log ... 99_summary.md, NULL-terminated */
extern const char *const CR_EVIDENCE_FILES[];

/* What every file says about the run */
typedef struct {
  const char *run_id, *owner, *environment, *profile, *version, *plan_id, *plan_sha256;
  gint64      t_cutover;    /* Unix seconds */
  gint64      started;      /* Unix seconds */
  gint64      ended;        /* Unix seconds, 0: not yet */
  gboolean    practice;
  const char *faults;       /* (nullable): practice faults injected */
  const char *self_test;    /* (nullable): what the attack on the judge said, "31 of 31 planted defects caught": in the first gate's files and the summary */
} CrEvidenceRun;

/* What the operator adds before the folder is sealed */
typedef struct {
  const char      *owner;
  const char      *retry_at;        /* strict UTC, or "N/A" */
  const char      *retry_reason;    /* (nullable): needed with N/A on a NO_GO */
  const char      *unblock;         /* (nullable): unblock criteria, 10 characters or more on a NO_GO */
  const char      *notes;           /* (nullable) */
  CrClassification classification;  /* the operator's, normally the decision's */
  const char      *classification_reason; /* (nullable): needed when it differs */
} CrClosing;

/* What is wrong with a NO_GO form (or a GO's owner): names field, expected form, value. */
gboolean cr_closing_check (const CrClosing *closing, const CrDecision *decision, gint64 now, GError **error);

/* The verdict of one of a gate's files. Where a gate has two (smoke 200 and 404), each is judged by the witnesses that name it; a gate that did not
 * run, or whose verdict no witness explains, gives its own verdict to both. */
CrVerdict cr_evidence_file_verdict (CrPlan *plan, guint gate_index, const char *file, CrGateVerdict *verdict);

/* (transfer full): bytes of evidence file @file of that gate. @when: the gate's end, Unix seconds. @boundary: place against the buffer. */
GBytes *cr_evidence_render_gate     (const CrEvidenceRun *run, CrPlan *plan, guint gate_index, const char *file, CrCaptureSet *captures,
                                     CrGateVerdict *verdict, gint64 started, gint64 ended);
GBytes *cr_evidence_render_decision (const CrEvidenceRun *run, CrPlan *plan, GPtrArray *verdicts, const CrDecision *decision, const CrClosing *closing,
                                     GHashTable *digests /* file name -> sha256 of 01..07 */);
GBytes *cr_evidence_render_rollback (const CrEvidenceRun *run, CrPlan *plan, GPtrArray *verdicts, const CrDecision *decision, const CrClosing *closing);
GBytes *cr_evidence_render_summary  (const CrEvidenceRun *run, CrPlan *plan, CrCaptureSet *captures, GPtrArray *verdicts, const CrDecision *decision, const CrClosing *closing,
                                     GHashTable *digests /* of 01..09 */, GPtrArray *cautions /* char*, (nullable) */);

/* A file read back: the head's fields. The five contract keys exactly once, in their spelling; 08 and 99 also their key=value lines, once each. */
GHashTable *cr_evidence_parse (const char *file, const char *text, gsize length, GError **error);

G_END_DECLS
