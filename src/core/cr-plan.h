/* cr-plan.h: gates, steps, witnesses, acceptance, evidence names: as data (data/plans/\*.json)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-types.h"
#include "cr-vars.h"
G_BEGIN_DECLS

typedef enum { CR_PLAN_ERROR_FORMAT, CR_PLAN_ERROR_PLACEHOLDER } CrPlanError;
#define CR_PLAN_ERROR (cr_plan_error_quark ())
GQuark cr_plan_error_quark (void);

/* A file pushed into the pod in the same exec that uses it */
typedef struct { char *path; char *content; } CrPlanFile;
/* One argument, or several that exist only where the variable `when` is not empty */
typedef struct { char *text; char *when; /* (nullable) */ } CrPlanArg;

typedef struct {
  char         *id;           /* unique in its gate */
  char         *title;        /* for people */
  CrStepWhere   where;
  char         *pod;          /* POD: kubectl target, "deploy/tx-lookup-api" */
  GPtrArray    *args;         /* CrPlanArg: LOCAL, JUMPBOX, POD; HERE: the first is the check's name */
  GStrv         argv;         /* resolved plans only: args substituted */
  GStrv         token_argv;   /* (nullable): resolved plans only: its output is piped to the command's stdin (bearer token) */
  gboolean      token;        /* POD, DIRECT: wants the bearer token where settings name a token_command */
  char         *url;          /* DIRECT */
  GPtrArray    *files;        /* POD: CrPlanFile, may be empty */
  char         *evidence;     /* (nullable): the evidence file its output goes to; NULL: the gate's first */
  char         *when;         /* (nullable): name of a variable; the step exists only where that is not empty */
  guint         limit;        /* seconds; 0: the gate's limit; resolved plans: never 0, never above the gate's */
  guint         poll_seconds; /* DIRECT: ask again until 200 with a status, for at most so long */
  gboolean      environment;  /* a failure of this step before any other kind has run is the environment's: BLOCKED */
  gboolean      keep_going;   /* later steps run even if this one fails */
  gboolean      parallel;     /* DIRECT: runs beside the gate's remote call */
  gboolean      prints_exit;  /* its exit code is the gate's own (the contract's exit_code) */
  char         *command;      /* what cr_plan_step_describe() says; NULL in a step that was not read from a plan */
} CrPlanStep;

typedef struct {
  char       *id;
  char       *rule;   /* name of a rule of the judge */
  char       *text;   /* what must hold, one sentence */
  char       *when;   /* (nullable): as in CrPlanStep */
  gboolean    fact;   /* what it saw goes into the gate's one-line fact */
  GHashTable *args;   /* name -> text, for the rule */
} CrPlanWitness;

typedef struct {
  char             *id;              /* "precheck", ... */
  char             *title;           /* "Precheck" */
  char             *unblock;         /* suggestion for unblock_criteria */
  CrClassification  classification;
  GStrv             evidence;        /* file names, one or two */
  guint             expected_seconds;
  guint             limit_seconds;
  char             *limit_field;     /* settings key that overrides the limit, "limits.precheck" */
  gboolean          after_cutover;   /* starts at T or later */
  GPtrArray        *steps;           /* CrPlanStep */
  GPtrArray        *witnesses;       /* CrPlanWitness */
} CrPlanGate;

typedef struct {
  gatomicrefcount ref_count;
  char      *id;
  char      *title;
  char      *text;      /* the JSON it was read from; its digest is evidence */
  char      *sha256;    /* of that text; resolved: of the plan it came from */
  GPtrArray *gates;     /* CrPlanGate */
  GHashTable *programs; /* name -> text, for ${program:NAME} */
  GStrv      inputs;    /* the variables it promises to use */
  GHashTable *transport; /* name -> text: resource_group, vm, user, namespace, context, spool_dir, path, subscription */
  gboolean   resolved;
} CrPlan;

/* Unknown members, wrong types, duplicate ids, unknown rule or classification, a witness of a step that isn't there: CR_PLAN_ERROR_FORMAT naming
 * the place. A name that is not declared in inputs, or declared and never used: CR_PLAN_ERROR_PLACEHOLDER with the place. */
CrPlan *cr_plan_parse    (const char *text, gssize length, GError **error);
CrPlan *cr_plan_ref      (CrPlan *self);
void    cr_plan_unref    (CrPlan *self);
/* (transfer full): a plan whose texts hold no placeholder, whose limits come from @settings, and which has no step or witness whose `when` is
 * empty. An input that is unset, or a placeholder that leaves an argument, pod, URL or file empty: CR_PLAN_ERROR_PLACEHOLDER with the place.
 * Marks what it used in @vars. */
CrPlan *cr_plan_resolve  (CrPlan *self, CrVars *vars, CrSettings *settings, GError **error);
char   *cr_plan_to_json  (CrPlan *self);   /* (transfer full): parses back to the same plan; for attestation/plan.json */
CrPlanGate *cr_plan_find_gate (CrPlan *self, const char *gate_id, guint *index);
CrPlanStep *cr_plan_gate_find_step (CrPlanGate *gate, const char *step_id);
/* Does it go to the cluster, with the gate's one remote call? */
gboolean    cr_plan_step_is_remote (const CrPlanStep *step);
/* (transfer full): the step's own command as an auditor reads it: the contract's `command:`, e.g.
 * "kubectl -n txlookup exec deploy/tx-lookup-api -- alembic upgrade head"; a program text is shortened to "python3 -c <probe> ..." */
char   *cr_plan_step_describe (CrPlanStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrPlan, cr_plan_unref)

G_END_DECLS
