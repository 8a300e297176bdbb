/* cr-judge-rules.h: the rules that witnesses name; inside the judge only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-judge.h"
G_BEGIN_DECLS

/* One witness being looked for. A rule ends with at most one of the cr_rule_...() verbs; without any, the witness stays MISSING. */
typedef struct {
  CrPlan          *plan;      /* (borrowed) */
  CrPlanGate      *gate;      /* (borrowed) */
  CrCaptureSet    *captures;  /* (borrowed) */
  CrPlanWitness   *witness;   /* (borrowed) */
  CrWitnessResult *result;    /* (borrowed): filled in */
  char            *reason;    /* (owned) (nullable): why it does not hold, one sentence for people */
  char            *line;      /* (owned) (nullable): the line of output that shows it */
  char            *next;      /* (owned) (nullable): what to do next */
  char            *finding;   /* (owned) (nullable): holds, and this has to be said in the summary, instead of what was seen */
  gboolean         follows;   /* it does not hold only because an earlier step did not end well: a poor reason to show */
} CrRule;

void cr_rule_clear (CrRule *self);

typedef struct {
  const char *name;
  void      (*look) (CrRule *rule);
  const char *required;   /* names of arguments, separated by blanks */
  const char *optional;
} CrRuleInfo;

/* (nullable): NULL if there is no rule of that name */
const CrRuleInfo *cr_rule_find (const char *name);
/* (nullable): the rules in the order of their table; NULL behind the last one */
const CrRuleInfo *cr_rule_nth  (guint index);

#ifdef CR_TEST_WEAKEN_RULES
/* Only where a test compiles the rules for itself: the rule of this name sees less than it should, in this way */
typedef enum {
  CR_WEAKEN_ALWAYS_HOLDS,     /* holds without looking */
  CR_WEAKEN_FORGIVES_WRONG,   /* what contradicts, holds */
  CR_WEAKEN_FORGIVES_ABSENT,  /* what is missing, holds */
  CR_WEAKEN_NEVER_HOLDS,      /* finds nothing, ever */
} CrWeakening;
extern const char *cr_weakened_rule;           /* (nullable) */
extern CrPlanWitness *cr_weakened_witness;     /* (nullable): only for this one */
extern CrWeakening cr_weakening;
#endif

/* What is known about a line of output: a sentence to go behind "...: " and what to do next */
typedef struct {
  const char *pattern;
  const char *says;
  const char *next;
} CrKnownLine;

/* (nullable): the first entry of the table that stands in @text, best entries first. *line (transfer full): the line that holds it */
const CrKnownLine *cr_known_line_find (GBytes *text, char **line);
/* (transfer full) (nullable): the first line holding @needle, safe to show */
char              *cr_line_find       (GBytes *text, const char *needle);
/* (transfer full) (nullable): the last line that is not empty and not kubectl's remark about the exit code, safe to show */
char              *cr_line_last       (GBytes *text);
gboolean           cr_bytes_contain   (GBytes *bytes, const char *needle);

/* Did the step end with a status of its own? Only then may its output be judged. */
gboolean cr_capture_ended     (CrCapture *capture);
/* kubectl failed by itself: a status, no end mark, and no word that the command in the pod ended */
gboolean cr_capture_kubectl_failed (CrCapture *capture);
/* 124, 137, or a call that reached its limit */
gboolean cr_capture_timed_out (CrCapture *capture);

G_END_DECLS
