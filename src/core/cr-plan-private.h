/* cr-plan-private.h: what reading, resolving and writing of plans share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-plan.h"
G_BEGIN_DECLS

#define CR_PLAN_FORMAT    "cutover-rehearsal-plan/1"
#define CR_PLAN_MAX_LIMIT 5400  /* seconds: Azure ends a command after 90 minutes */

typedef enum {
  CR_MEMBER_ID,        /* a-z, 0-9, - */
  CR_MEMBER_RULE,      /* a-z, 0-9, _ */
  CR_MEMBER_TEXT,      /* one printable line for people, without placeholders */
  CR_MEMBER_TEMPLATE,  /* text with placeholders, not empty */
  CR_MEMBER_VARIABLE,  /* a declared variable's name */
  CR_MEMBER_FILE,      /* one of the gate's evidence files */
  CR_MEMBER_FIELD,     /* key of an integer setting */
  CR_MEMBER_SECONDS,   /* 1 to CR_PLAN_MAX_LIMIT */
  CR_MEMBER_BOOLEAN,
  CR_MEMBER_OTHER,     /* read by a function of its own */
} CrPlanMemberKind;

/* One member of a JSON object, and where its value lives in the struct. Tables end with a NULL name. */
typedef struct {
  const char       *name;
  CrPlanMemberKind  kind;
  gboolean          required;
  glong             offset;
} CrPlanMember;

/* A member without a place in the struct */
#define CR_PLAN_OTHER(name, required) { name, CR_MEMBER_OTHER, required, 0 }
#define CR_PLAN_END                   { NULL, CR_MEMBER_OTHER, FALSE, 0 }

extern const CrPlanMember cr_plan_root_members[];
extern const CrPlanMember cr_plan_gate_members[];
extern const CrPlanMember cr_plan_step_members[];
extern const CrPlanMember cr_plan_witness_members[];

/* Empty structs with their arrays and tables, (transfer full) */
CrPlan        *cr_plan_new_empty    (void);
CrPlanGate    *cr_plan_gate_new     (void);
CrPlanStep    *cr_plan_step_new     (void);
CrPlanWitness *cr_plan_witness_new  (void);

/* (transfer full): the texts of the step's args */
GStrv          cr_plan_step_argv    (const CrPlanStep *step);
/* Fills in each step's command; once, at the end */
void           cr_plan_describe_all (CrPlan *plan);
/* (transfer full): places for messages: "a.b", "a[3]" */
char          *cr_plan_sub_place    (const char *place, const char *name);
char          *cr_plan_item_place   (const char *place, gsize index);

G_END_DECLS
