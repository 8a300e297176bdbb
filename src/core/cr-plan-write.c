/* cr-plan-write.c: plans as JSON
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-plan-private.h"
#include "cr-json.h"
#include <string.h>

typedef struct {
  GString *out;
  guint    depth;
  gboolean first;  /* nothing stands in the innermost object or array yet */
} Writer;

static void
put_name (Writer *writer, const char *name)
{
  g_string_append (writer->out, writer->first ? "\n" : ",\n");
  for (guint i = 0; i < writer->depth; i++)
    g_string_append (writer->out, "  ");
  if (name != NULL) {
    cr_json_append_string (writer->out, name, -1);
    g_string_append (writer->out, ": ");
  }
  writer->first = FALSE;
}

static void
put_begin (Writer *writer, const char *name, char bracket)
{
  put_name (writer, name);
  g_string_append_c (writer->out, bracket);
  writer->depth++;
  writer->first = TRUE;
}

static void
put_end (Writer *writer, char bracket)
{
  writer->depth--;
  if (!writer->first) {
    g_string_append_c (writer->out, '\n');
    for (guint i = 0; i < writer->depth; i++)
      g_string_append (writer->out, "  ");
  }
  g_string_append_c (writer->out, bracket);
  writer->first = FALSE;
}

static void
put_string (Writer *writer, const char *name, const char *text)
{
  put_name (writer, name);
  cr_json_append_string (writer->out, text, -1);
}

static void
put_strings (Writer *writer, const char *name, const char *const *texts)
{
  put_begin (writer, name, '[');
  for (guint i = 0; texts[i] != NULL; i++)
    put_string (writer, NULL, texts[i]);
  put_end (writer, ']');
}

/* In the order of the names, so that equal plans give equal bytes */
static void
put_table (Writer *writer, const char *name, GHashTable *table)
{
  g_autoptr(GList) names = g_list_sort (g_hash_table_get_keys (table), (GCompareFunc) strcmp);

  put_begin (writer, name, '{');
  for (GList *l = names; l != NULL; l = l->next)
    put_string (writer, l->data, g_hash_table_lookup (table, l->data));
  put_end (writer, '}');
}

static void
put_members (Writer *writer, const CrPlanMember *members, gpointer base)
{
  for (gsize i = 0; members[i].name != NULL; i++) {
    gpointer slot = G_STRUCT_MEMBER_P (base, members[i].offset);

    if (members[i].kind == CR_MEMBER_OTHER)
      continue;
    if (members[i].kind == CR_MEMBER_BOOLEAN) {
      if (*(gboolean *) slot) {
        put_name (writer, members[i].name);
        g_string_append (writer->out, "true");
      }
    } else if (members[i].kind == CR_MEMBER_SECONDS) {
      if (*(guint *) slot > 0) {
        put_name (writer, members[i].name);
        g_string_append_printf (writer->out, "%u", *(guint *) slot);
      }
    } else if (*(char **) slot != NULL) {
      put_string (writer, members[i].name, *(char **) slot);
    }
  }
}

static void
put_args (Writer *writer, GPtrArray *args)
{
  const char *when = NULL;

  put_begin (writer, "argv", '[');
  for (guint i = 0; i < args->len; i++) {
    CrPlanArg *arg = args->pdata[i];

    if (when != NULL && g_strcmp0 (when, arg->when) != 0) {
      put_end (writer, ']');
      put_end (writer, '}');
    }
    if (arg->when != NULL && g_strcmp0 (when, arg->when) != 0) {
      put_begin (writer, NULL, '{');
      put_string (writer, "when", arg->when);
      put_begin (writer, "argv", '[');
    }
    put_string (writer, NULL, arg->text);
    when = arg->when;
  }
  if (when != NULL) {
    put_end (writer, ']');
    put_end (writer, '}');
  }
  put_end (writer, ']');
}

static void
put_step (Writer *writer, CrPlanStep *step)
{
  put_begin (writer, NULL, '{');
  put_members (writer, cr_plan_step_members, step);
  put_string (writer, "where", cr_step_where_to_string (step->where));
  if (step->args->len > 0)
    put_args (writer, step->args);
  if (step->token_argv != NULL)
    put_strings (writer, "token_argv", (const char *const *) step->token_argv);
  if (step->files->len > 0) {
    put_begin (writer, "files", '[');
    for (guint i = 0; i < step->files->len; i++) {
      CrPlanFile *file = step->files->pdata[i];
      put_begin (writer, NULL, '{');
      put_string (writer, "path", file->path);
      put_string (writer, "content", file->content);
      put_end (writer, '}');
    }
    put_end (writer, ']');
  }
  put_end (writer, '}');
}

static void
put_gate (Writer *writer, CrPlanGate *gate)
{
  put_begin (writer, NULL, '{');
  put_members (writer, cr_plan_gate_members, gate);
  put_string (writer, "classification", cr_classification_to_string (gate->classification));
  put_strings (writer, "evidence", (const char *const *) gate->evidence);
  put_begin (writer, "steps", '[');
  for (guint i = 0; i < gate->steps->len; i++)
    put_step (writer, gate->steps->pdata[i]);
  put_end (writer, ']');
  put_begin (writer, "witnesses", '[');
  for (guint i = 0; i < gate->witnesses->len; i++) {
    CrPlanWitness *witness = gate->witnesses->pdata[i];
    put_begin (writer, NULL, '{');
    put_members (writer, cr_plan_witness_members, witness);
    put_table (writer, "args", witness->args);
    put_end (writer, '}');
  }
  put_end (writer, ']');
  put_end (writer, '}');
}

/**
 * cr_plan_to_json:
 *
 * Returns: (transfer full): one LF at the end. A resolved plan says so, and carries the digest of the plan it came from, which is what
 *   `sha256` is again after reading it back. Equal plans give equal bytes.
 */
char *
cr_plan_to_json (CrPlan *self)
{
  Writer writer = { g_string_new ("{"), 1, TRUE };
  g_autoptr(GList) names = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  names = g_list_sort (g_hash_table_get_keys (self->programs), (GCompareFunc) strcmp);
  put_string (&writer, "format", CR_PLAN_FORMAT);
  put_members (&writer, cr_plan_root_members, self);
  if (self->resolved) {
    put_name (&writer, "resolved");
    g_string_append (writer.out, "true");
    put_string (&writer, "source_sha256", self->sha256);
  }
  put_strings (&writer, "inputs", (const char *const *) self->inputs);
  put_table (&writer, "transport", self->transport);
  put_begin (&writer, "programs", '{');
  for (GList *l = names; l != NULL; l = l->next) {
    g_auto(GStrv) lines = g_strsplit (g_hash_table_lookup (self->programs, l->data), "\n", -1);
    put_strings (&writer, l->data, (const char *const *) lines);
  }
  put_end (&writer, '}');
  put_begin (&writer, "gates", '[');
  for (guint i = 0; i < self->gates->len; i++)
    put_gate (&writer, self->gates->pdata[i]);
  put_end (&writer, ']');
  put_end (&writer, '}');
  g_string_append_c (writer.out, '\n');
  return g_string_free (writer.out, FALSE);
}
