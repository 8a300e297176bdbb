/* cr-statement.h: the in-toto Statement v1 over the ten files (facts: reliability 4.2). Pure.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-evidence.h"
G_BEGIN_DECLS
/* (transfer full): JSON with LF at its end. @digests: file name -> SHA-256 (hex) of all ten files; a name without digest is left out, so that a
 * verifier sees it missing. Same input, same bytes. */
GBytes *cr_statement_render (const CrEvidenceRun *run, CrPlan *plan, CrCaptureSet *captures, GPtrArray *verdicts,
                             const CrDecision *decision, GHashTable *digests);
G_END_DECLS
