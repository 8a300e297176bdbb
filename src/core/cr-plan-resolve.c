/* cr-plan-resolve.c: fills in the placeholders of a plan
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-plan-private.h"
#include <string.h>

/* (transfer full): NULL on error */
static char *
expand (CrVars *vars, const char *text, const char *place, GError **error)
{
  g_autoptr(GError) vars_error = NULL;
  char *value = cr_vars_expand (vars, text, place, &vars_error);

  if (value == NULL)
    g_set_error_literal (error, CR_PLAN_ERROR, CR_PLAN_ERROR_PLACEHOLDER, vars_error->message);
  return value;
}

/* The same where an empty text would change what a command means */
static char *
expand_full (CrVars *vars, const char *text, const char *place, GError **error)
{
  char *value = expand (vars, text, place, error);

  if (value != NULL && *value == '\0') {
    g_set_error (error, CR_PLAN_ERROR, CR_PLAN_ERROR_PLACEHOLDER, "%s: \"%s\" has an empty value", place, text);
    g_clear_pointer (&value, g_free);
  }
  return value;
}

/* Plain members of @from into @to; templates are expanded, and `when` ends here */
static gboolean
resolve_members (const CrPlanMember *members, gpointer from, gpointer to, CrVars *vars, const char *place, GError **error)
{
  for (gsize i = 0; members[i].name != NULL; i++) {
    gpointer source = G_STRUCT_MEMBER_P (from, members[i].offset);
    gpointer target = G_STRUCT_MEMBER_P (to, members[i].offset);
    g_autofree char *member_at = cr_plan_sub_place (place, members[i].name);

    switch (members[i].kind) {
    case CR_MEMBER_BOOLEAN:
      *(gboolean *) target = *(gboolean *) source;
      break;
    case CR_MEMBER_SECONDS:
      *(guint *) target = *(guint *) source;
      break;
    case CR_MEMBER_TEMPLATE:
      if (*(char **) source != NULL) {
        *(char **) target = expand_full (vars, *(char **) source, member_at, error);
        if (*(char **) target == NULL)
          return FALSE;
      }
      break;
    case CR_MEMBER_ID:
    case CR_MEMBER_RULE:
    case CR_MEMBER_TEXT:
    case CR_MEMBER_FILE:
    case CR_MEMBER_FIELD:
      *(char **) target = g_strdup (*(char **) source);
      break;
    case CR_MEMBER_VARIABLE:
    case CR_MEMBER_OTHER:
    default:
      break;
    }
  }
  return TRUE;
}

static gboolean
is_wanted (CrVars *vars, const char *when)
{
  return when == NULL || *cr_vars_get (vars, when) != '\0';
}

static gboolean
resolve_args (CrPlanStep *from, CrPlanStep *to, CrVars *vars, const char *place, GError **error)
{
  guint item = 0, inner = 0;

  for (guint i = 0; i < from->args->len; i++) {
    CrPlanArg *arg = from->args->pdata[i];
    CrPlanArg *before = i > 0 ? from->args->pdata[i - 1] : NULL;
    gboolean same_group = before != NULL && arg->when != NULL && g_strcmp0 (arg->when, before->when) == 0;
    g_autofree char *arg_at = NULL;
    CrPlanArg *copy;
    char *text;

    if (before != NULL)
      item += same_group ? 0 : 1;
    inner = same_group ? inner + 1 : 0;
    if (!is_wanted (vars, arg->when))
      continue;
    arg_at = arg->when != NULL ? g_strdup_printf ("%s.argv[%u].argv[%u]", place, item, inner) : g_strdup_printf ("%s.argv[%u]", place, item);
    text = expand_full (vars, arg->text, arg_at, error);
    if (text == NULL)
      return FALSE;
    copy = g_new0 (CrPlanArg, 1);
    copy->text = text;
    g_ptr_array_add (to->args, copy);
  }
  if (to->where != CR_STEP_DIRECT)
    to->argv = cr_plan_step_argv (to);
  return TRUE;
}

static gboolean
resolve_files (CrPlanStep *from, CrPlanStep *to, CrVars *vars, const char *place, GError **error)
{
  for (guint i = 0; i < from->files->len; i++) {
    CrPlanFile *file = from->files->pdata[i];
    CrPlanFile *copy = g_new0 (CrPlanFile, 1);
    g_autofree char *path_at = g_strdup_printf ("%s.files[%u].path", place, i);
    g_autofree char *content_at = g_strdup_printf ("%s.files[%u].content", place, i);

    g_ptr_array_add (to->files, copy);
    copy->path = expand_full (vars, file->path, path_at, error);
    copy->content = copy->path != NULL ? expand_full (vars, file->content, content_at, error) : NULL;
    if (copy->content == NULL)
      return FALSE;
  }
  return TRUE;
}

/* (transfer full) (nullable): the words of the token command */
static GStrv
token_words (CrSettings *settings)
{
  g_auto(GStrv) parts = g_strsplit_set (cr_settings_get (settings, "token_command"), " \t", -1);
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();
  gboolean any = FALSE;

  for (guint i = 0; parts[i] != NULL; i++) {
    if (*parts[i] != '\0') {
      g_strv_builder_add (builder, parts[i]);
      any = TRUE;
    }
  }
  return any ? g_strv_builder_end (builder) : NULL;
}

static gboolean
resolve_step (CrPlanStep *from, CrPlanStep *to, guint gate_limit, CrVars *vars, CrSettings *settings, const char *place, GError **error)
{
  to->where = from->where;
  if (!resolve_members (cr_plan_step_members, from, to, vars, place, error)
      || !resolve_args (from, to, vars, place, error) || !resolve_files (from, to, vars, place, error))
    return FALSE;
  if (to->token)
    to->token_argv = token_words (settings);
  to->limit = from->limit > 0 ? MIN (from->limit, gate_limit) : gate_limit;
  return TRUE;
}

static gboolean
resolve_args_table (GHashTable *from, GHashTable *to, CrVars *vars, const char *place, GError **error)
{
  GHashTableIter iter;
  gpointer name, text;

  g_hash_table_iter_init (&iter, from);
  while (g_hash_table_iter_next (&iter, &name, &text)) {
    g_autofree char *value_at = cr_plan_sub_place (place, name);
    char *value = expand (vars, text, value_at, error);
    if (value == NULL)
      return FALSE;
    g_hash_table_insert (to, g_strdup (name), value);
  }
  return TRUE;
}

static gboolean
resolve_gate (CrPlanGate *from, CrPlanGate *to, CrVars *vars, CrSettings *settings, const char *place, GError **error)
{
  to->classification = from->classification;
  to->evidence = g_strdupv (from->evidence);
  if (!resolve_members (cr_plan_gate_members, from, to, vars, place, error))
    return FALSE;
  if (to->limit_field != NULL)
    to->limit_seconds = (guint) cr_settings_get_int (settings, to->limit_field);

  for (guint i = 0; i < from->steps->len; i++) {
    CrPlanStep *step = from->steps->pdata[i];
    g_autofree char *step_at = g_strdup_printf ("%s.steps[%u]", place, i);
    CrPlanStep *copy;

    if (!is_wanted (vars, step->when))
      continue;
    copy = cr_plan_step_new ();
    g_ptr_array_add (to->steps, copy);
    if (!resolve_step (step, copy, to->limit_seconds, vars, settings, step_at, error))
      return FALSE;
  }
  for (guint i = 0; i < from->witnesses->len; i++) {
    CrPlanWitness *witness = from->witnesses->pdata[i];
    g_autofree char *witness_at = g_strdup_printf ("%s.witnesses[%u]", place, i);
    g_autofree char *args_at = cr_plan_sub_place (witness_at, "args");
    CrPlanWitness *copy;

    if (!is_wanted (vars, witness->when))
      continue;
    copy = cr_plan_witness_new ();
    g_ptr_array_add (to->witnesses, copy);
    if (!resolve_members (cr_plan_witness_members, witness, copy, vars, witness_at, error)
        || !resolve_args_table (witness->args, copy->args, vars, args_at, error))
      return FALSE;
  }
  if (to->steps->len == 0 || to->witnesses->len == 0) {
    g_set_error (error, CR_PLAN_ERROR, CR_PLAN_ERROR_FORMAT, "%s: no %s is left with these inputs", place,
                 to->steps->len == 0 ? "step" : "witness");
    return FALSE;
  }
  return TRUE;
}

/* (transfer full): what this plan may name, and nothing else; NULL where one of its inputs is not set */
static CrVars *
gather_vars (CrPlan *plan, CrVars *vars, GError **error)
{
  g_autoptr(CrVars) own = cr_vars_new ();
  GHashTableIter iter;
  gpointer name, text;

  for (guint i = 0; plan->inputs[i] != NULL; i++) {
    const char *value = cr_vars_get (vars, plan->inputs[i]);
    if (value == NULL) {
      g_set_error (error, CR_PLAN_ERROR, CR_PLAN_ERROR_PLACEHOLDER, "inputs[%u]: ${%s} is not set", i, plan->inputs[i]);
      return NULL;
    }
    cr_vars_set (own, plan->inputs[i], value, cr_vars_get_origin (vars, plan->inputs[i]));
  }
  g_hash_table_iter_init (&iter, plan->programs);
  while (g_hash_table_iter_next (&iter, &name, &text)) {
    g_autofree char *full = g_strconcat ("program:", name, NULL);
    cr_vars_set (own, full, text, "plan");
  }
  return g_steal_pointer (&own);
}

/* What was used of the gathered ones counts as used in the caller's; each name the plan declares is also set there */
static void
mark_used (CrPlan *plan, CrVars *own, CrVars *vars)
{
  for (guint i = 0; plan->inputs[i] != NULL; i++) {
    if (cr_vars_was_used (own, plan->inputs[i])) {
      g_autofree char *text = g_strdup_printf ("${%s}", plan->inputs[i]);
      g_autofree char *value = cr_vars_expand (vars, text, "inputs", NULL);
    }
  }
}

CrPlan *
cr_plan_resolve (CrPlan *self, CrVars *vars, CrSettings *settings, GError **error)
{
  g_autoptr(CrPlan) plan = cr_plan_new_empty ();
  g_autoptr(CrVars) own = NULL;

  g_return_val_if_fail (self != NULL && !self->resolved && vars != NULL && CR_IS_SETTINGS (settings), NULL);

  own = gather_vars (self, vars, error);
  if (own == NULL)
    return NULL;
  plan->resolved = TRUE;
  plan->id = g_strdup (self->id);
  plan->title = g_strdup (self->title);
  plan->text = g_strdup (self->text);
  plan->sha256 = g_strdup (self->sha256);
  plan->inputs = g_strdupv (self->inputs);
  g_hash_table_unref (plan->programs);
  plan->programs = g_hash_table_ref (self->programs);
  if (!resolve_args_table (self->transport, plan->transport, own, "transport", error))
    return NULL;
  for (guint i = 0; i < self->gates->len; i++) {
    g_autofree char *place = cr_plan_item_place ("gates", i);
    CrPlanGate *gate = cr_plan_gate_new ();

    g_ptr_array_add (plan->gates, gate);
    if (!resolve_gate (self->gates->pdata[i], gate, own, settings, place, error))
      return NULL;
  }
  cr_plan_describe_all (plan);
  mark_used (self, own, vars);
  return g_steal_pointer (&plan);
}
