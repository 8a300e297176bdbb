/* cr-plan.c: the plan as data in memory, and its commands as an auditor reads them
 *
 * Plans are read strictly: a member that is not known, a name that is not declared, a witness that looks at a step which is not there are all
 * refused with their place, because a plan that silently lost a witness could pass a gate. One table for each kind of object drives reading,
 * copying and writing of its plain members.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-plan-private.h"
#include "cr-text.h"
#include <string.h>

G_DEFINE_QUARK (cr-plan-error-quark, cr_plan_error)

const CrPlanMember cr_plan_gate_members[] = {
  { "id", CR_MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlanGate, id) },
  { "title", CR_MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanGate, title) },
  CR_PLAN_OTHER ("classification", TRUE),
  CR_PLAN_OTHER ("evidence", TRUE),
  { "expected_seconds", CR_MEMBER_SECONDS, TRUE, G_STRUCT_OFFSET (CrPlanGate, expected_seconds) },
  { "limit_seconds", CR_MEMBER_SECONDS, TRUE, G_STRUCT_OFFSET (CrPlanGate, limit_seconds) },
  { "limit_field", CR_MEMBER_FIELD, FALSE, G_STRUCT_OFFSET (CrPlanGate, limit_field) },
  { "after_cutover", CR_MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanGate, after_cutover) },
  { "unblock", CR_MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanGate, unblock) },
  CR_PLAN_OTHER ("steps", TRUE),
  CR_PLAN_OTHER ("witnesses", TRUE),
  CR_PLAN_END,
};

const CrPlanMember cr_plan_step_members[] = {
  { "id", CR_MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlanStep, id) },
  { "title", CR_MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanStep, title) },
  CR_PLAN_OTHER ("where", TRUE),
  { "pod", CR_MEMBER_TEMPLATE, FALSE, G_STRUCT_OFFSET (CrPlanStep, pod) },
  CR_PLAN_OTHER ("argv", FALSE),
  CR_PLAN_OTHER ("token_argv", FALSE),
  { "url", CR_MEMBER_TEMPLATE, FALSE, G_STRUCT_OFFSET (CrPlanStep, url) },
  { "when", CR_MEMBER_VARIABLE, FALSE, G_STRUCT_OFFSET (CrPlanStep, when) },
  CR_PLAN_OTHER ("files", FALSE),
  { "token", CR_MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, token) },
  { "limit_seconds", CR_MEMBER_SECONDS, FALSE, G_STRUCT_OFFSET (CrPlanStep, limit) },
  { "poll_seconds", CR_MEMBER_SECONDS, FALSE, G_STRUCT_OFFSET (CrPlanStep, poll_seconds) },
  { "environment", CR_MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, environment) },
  { "prints_exit", CR_MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, prints_exit) },
  { "keep_going", CR_MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, keep_going) },
  { "parallel", CR_MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, parallel) },
  { "evidence", CR_MEMBER_FILE, FALSE, G_STRUCT_OFFSET (CrPlanStep, evidence) },
  CR_PLAN_END,
};

const CrPlanMember cr_plan_witness_members[] = {
  { "id", CR_MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlanWitness, id) },
  { "rule", CR_MEMBER_RULE, TRUE, G_STRUCT_OFFSET (CrPlanWitness, rule) },
  { "text", CR_MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanWitness, text) },
  { "when", CR_MEMBER_VARIABLE, FALSE, G_STRUCT_OFFSET (CrPlanWitness, when) },
  { "fact", CR_MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanWitness, fact) },
  CR_PLAN_OTHER ("args", TRUE),
  CR_PLAN_END,
};

const CrPlanMember cr_plan_root_members[] = {
  CR_PLAN_OTHER ("format", TRUE),
  { "id", CR_MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlan, id) },
  { "title", CR_MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlan, title) },
  CR_PLAN_OTHER ("resolved", FALSE),
  CR_PLAN_OTHER ("source_sha256", FALSE),
  CR_PLAN_OTHER ("inputs", TRUE),
  CR_PLAN_OTHER ("transport", TRUE),
  CR_PLAN_OTHER ("programs", TRUE),
  CR_PLAN_OTHER ("gates", TRUE),
  CR_PLAN_END,
};

static void
file_free (gpointer data)
{
  CrPlanFile *file = data;

  g_free (file->path);
  g_free (file->content);
  g_free (file);
}

static void
arg_free (gpointer data)
{
  CrPlanArg *arg = data;

  g_free (arg->text);
  g_free (arg->when);
  g_free (arg);
}

static void
step_free (gpointer data)
{
  CrPlanStep *step = data;

  g_free (step->id);
  g_free (step->title);
  g_free (step->pod);
  g_ptr_array_unref (step->args);
  g_strfreev (step->argv);
  g_strfreev (step->token_argv);
  g_free (step->url);
  g_ptr_array_unref (step->files);
  g_free (step->evidence);
  g_free (step->when);
  g_free (step->command);
  g_free (step);
}

CrPlanStep *
cr_plan_step_new (void)
{
  CrPlanStep *step = g_new0 (CrPlanStep, 1);

  step->args = g_ptr_array_new_with_free_func (arg_free);
  step->files = g_ptr_array_new_with_free_func (file_free);
  return step;
}

static void
witness_free (gpointer data)
{
  CrPlanWitness *witness = data;

  g_free (witness->id);
  g_free (witness->rule);
  g_free (witness->text);
  g_free (witness->when);
  g_hash_table_unref (witness->args);
  g_free (witness);
}

CrPlanWitness *
cr_plan_witness_new (void)
{
  CrPlanWitness *witness = g_new0 (CrPlanWitness, 1);

  witness->args = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return witness;
}

static void
gate_free (gpointer data)
{
  CrPlanGate *gate = data;

  g_free (gate->id);
  g_free (gate->title);
  g_free (gate->unblock);
  g_strfreev (gate->evidence);
  g_free (gate->limit_field);
  g_ptr_array_unref (gate->steps);
  g_ptr_array_unref (gate->witnesses);
  g_free (gate);
}

CrPlanGate *
cr_plan_gate_new (void)
{
  CrPlanGate *gate = g_new0 (CrPlanGate, 1);

  gate->steps = g_ptr_array_new_with_free_func (step_free);
  gate->witnesses = g_ptr_array_new_with_free_func (witness_free);
  return gate;
}

CrPlan *
cr_plan_new_empty (void)
{
  CrPlan *plan = g_new0 (CrPlan, 1);

  g_atomic_ref_count_init (&plan->ref_count);
  plan->gates = g_ptr_array_new_with_free_func (gate_free);
  plan->programs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  plan->transport = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return plan;
}

CrPlan *
cr_plan_ref (CrPlan *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cr_plan_unref (CrPlan *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->id);
  g_free (self->title);
  g_free (self->text);
  g_free (self->sha256);
  g_ptr_array_unref (self->gates);
  g_hash_table_unref (self->programs);
  g_strfreev (self->inputs);
  g_hash_table_unref (self->transport);
  g_free (self);
}

CrPlanGate *
cr_plan_find_gate (CrPlan *self, const char *gate_id, guint *index)
{
  for (guint i = 0; i < self->gates->len; i++) {
    CrPlanGate *gate = self->gates->pdata[i];
    if (g_strcmp0 (gate->id, gate_id) == 0) {
      if (index != NULL)
        *index = i;
      return gate;
    }
  }
  return NULL;
}

CrPlanStep *
cr_plan_gate_find_step (CrPlanGate *gate, const char *step_id)
{
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    if (g_strcmp0 (step->id, step_id) == 0)
      return step;
  }
  return NULL;
}

GStrv
cr_plan_step_argv (const CrPlanStep *step)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < step->args->len; i++)
    g_strv_builder_add (builder, ((CrPlanArg *) step->args->pdata[i])->text);
  return g_strv_builder_end (builder);
}

char *
cr_plan_sub_place (const char *place, const char *name)
{
  return *place != '\0' ? g_strdup_printf ("%s.%s", place, name) : g_strdup (name);
}

char *
cr_plan_item_place (const char *place, gsize index)
{
  return g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", place, index);
}

static void
append_word (GString *out, CrPlan *plan, const char *word)
{
  static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
  gpointer name, text;
  GHashTableIter iter;

  if (out->len > 0)
    g_string_append_c (out, ' ');
  if (plan != NULL) {
    g_hash_table_iter_init (&iter, plan->programs);
    while (g_hash_table_iter_next (&iter, &name, &text)) {
      g_autofree char *placeholder = g_strdup_printf ("${program:%s}", (char *) name);
      if (plan->resolved ? g_str_equal (word, text) : g_str_equal (word, placeholder)) {
        g_string_append_printf (out, "<%s>", (char *) name);
        return;
      }
    }
  }
  /* ${NAME} of a plan that is not resolved yet reads best as it is */
  if (*word != '\0' && (strspn (word, safe) == strlen (word) || (plan != NULL && !plan->resolved && strpbrk (word, " '\"\n") == NULL))) {
    g_string_append (out, word);
  } else {
    g_autofree char *shown = cr_text_display_line (word, -1, 0);
    g_auto(GStrv) parts = g_strsplit (shown, "'", -1);
    g_autofree char *quoted = g_strjoinv ("'\\''", parts);
    g_string_append_printf (out, "'%s'", quoted);
  }
}

/* (transfer full). @plan (nullable): names the namespace and the programs */
static char *
describe_step (CrPlan *plan, CrPlanStep *step)
{
  GString *out = g_string_new (NULL);

  switch (step->where) {
  case CR_STEP_DIRECT:
    append_word (out, NULL, "GET");
    append_word (out, plan, step->url);
    break;
  case CR_STEP_POD:
    append_word (out, NULL, "kubectl");
    if (plan != NULL) {
      append_word (out, NULL, "-n");
      append_word (out, plan, g_hash_table_lookup (plan->transport, "namespace"));
    }
    append_word (out, NULL, "exec");
    append_word (out, plan, step->pod);
    append_word (out, NULL, "--");
    break;
  case CR_STEP_HERE:
    append_word (out, NULL, "cutover-rehearsal:");
    break;
  case CR_STEP_LOCAL:
  case CR_STEP_JUMPBOX:
  default:
    break;
  }
  for (guint i = 0; i < step->args->len; i++) {
    CrPlanArg *arg = step->args->pdata[i];
    append_word (out, plan, arg->text);
  }
  return g_string_free (out, FALSE);
}

gboolean
cr_plan_step_is_remote (const CrPlanStep *step)
{
  return step->where == CR_STEP_JUMPBOX || step->where == CR_STEP_POD;
}

char *
cr_plan_step_describe (CrPlanStep *step)
{
  g_return_val_if_fail (step != NULL, NULL);
  return step->command != NULL ? g_strdup (step->command) : describe_step (NULL, step);
}

void
cr_plan_describe_all (CrPlan *plan)
{
  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];
    for (guint j = 0; j < gate->steps->len; j++) {
      CrPlanStep *step = gate->steps->pdata[j];
      step->command = describe_step (plan, step);
    }
  }
}
