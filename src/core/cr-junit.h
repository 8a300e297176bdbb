/* cr-junit.h: gates as tests, for CI systems (ux: H2). Pure.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-judge.h"
G_BEGIN_DECLS
/* (transfer full): JUnit XML; one testcase a gate. @verdicts: CrGateVerdict in plan order. @seconds: a duration each, or NULL. */
char *cr_junit_render (CrPlan *plan, GPtrArray *verdicts, const double *seconds, const char *run_id);
G_END_DECLS
