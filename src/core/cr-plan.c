/* cr-plan.c: reads, resolves and writes the plan
 *
 * Plans are read strictly: a member that is not known, a name that is not declared, a witness that looks at a step which is not there are all
 * refused with their place, because a plan that silently lost a witness could pass a gate. One table for gates, steps and witnesses drives
 * reading, copying and writing of their plain members.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-plan.h"
#include "cr-json.h"
#include "cr-judge.h"
#include "cr-text.h"
#include <string.h>

/* Any rule is taken until the judge is in the library */
#pragma weak cr_judge_has_rule

G_DEFINE_QUARK (cr-plan-error-quark, cr_plan_error)

#define FORMAT    "cutover-rehearsal-plan/1"
#define MAX_LIMIT 5400  /* Azure ends a command after 90 minutes */

typedef enum {
  MEMBER_ID,        /* a-z, 0-9, - */
  MEMBER_RULE,      /* a-z, 0-9, _ */
  MEMBER_TEXT,      /* one printable line for people, without placeholders */
  MEMBER_TEMPLATE,  /* text with placeholders, not empty */
  MEMBER_VARIABLE,  /* a declared variable's name */
  MEMBER_FILE,      /* one of the gate's evidence files */
  MEMBER_FIELD,     /* key of an integer setting */
  MEMBER_SECONDS,   /* 1 to MAX_LIMIT */
  MEMBER_BOOLEAN,
  MEMBER_OTHER,     /* read by a function of its own */
} MemberKind;

typedef struct {
  const char *name;
  MemberKind  kind;
  gboolean    required;
  glong       offset;
} Member;

#define OTHER(name, required) { name, MEMBER_OTHER, required, 0 }

static const Member gate_members[] = {
  { "id", MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlanGate, id) },
  { "title", MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanGate, title) },
  OTHER ("classification", TRUE),
  OTHER ("evidence", TRUE),
  { "expected_seconds", MEMBER_SECONDS, TRUE, G_STRUCT_OFFSET (CrPlanGate, expected_seconds) },
  { "limit_seconds", MEMBER_SECONDS, TRUE, G_STRUCT_OFFSET (CrPlanGate, limit_seconds) },
  { "limit_field", MEMBER_FIELD, FALSE, G_STRUCT_OFFSET (CrPlanGate, limit_field) },
  { "after_cutover", MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanGate, after_cutover) },
  { "unblock", MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanGate, unblock) },
  OTHER ("steps", TRUE),
  OTHER ("witnesses", TRUE),
};

static const Member step_members[] = {
  { "id", MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlanStep, id) },
  { "title", MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanStep, title) },
  OTHER ("where", TRUE),
  { "pod", MEMBER_TEMPLATE, FALSE, G_STRUCT_OFFSET (CrPlanStep, pod) },
  OTHER ("argv", FALSE),
  OTHER ("token_argv", FALSE),
  { "url", MEMBER_TEMPLATE, FALSE, G_STRUCT_OFFSET (CrPlanStep, url) },
  { "when", MEMBER_VARIABLE, FALSE, G_STRUCT_OFFSET (CrPlanStep, when) },
  OTHER ("files", FALSE),
  { "token", MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, token) },
  { "limit_seconds", MEMBER_SECONDS, FALSE, G_STRUCT_OFFSET (CrPlanStep, limit) },
  { "poll_seconds", MEMBER_SECONDS, FALSE, G_STRUCT_OFFSET (CrPlanStep, poll_seconds) },
  { "environment", MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, environment) },
  { "prints_exit", MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, prints_exit) },
  { "keep_going", MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, keep_going) },
  { "parallel", MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanStep, parallel) },
  { "evidence", MEMBER_FILE, FALSE, G_STRUCT_OFFSET (CrPlanStep, evidence) },
};

static const Member witness_members[] = {
  { "id", MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlanWitness, id) },
  { "rule", MEMBER_RULE, TRUE, G_STRUCT_OFFSET (CrPlanWitness, rule) },
  { "text", MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlanWitness, text) },
  { "when", MEMBER_VARIABLE, FALSE, G_STRUCT_OFFSET (CrPlanWitness, when) },
  { "fact", MEMBER_BOOLEAN, FALSE, G_STRUCT_OFFSET (CrPlanWitness, fact) },
  OTHER ("args", TRUE),
};

static const Member plan_members[] = {
  OTHER ("format", TRUE),
  { "id", MEMBER_ID, TRUE, G_STRUCT_OFFSET (CrPlan, id) },
  { "title", MEMBER_TEXT, TRUE, G_STRUCT_OFFSET (CrPlan, title) },
  OTHER ("resolved", FALSE),
  OTHER ("source_sha256", FALSE),
  OTHER ("inputs", TRUE),
  OTHER ("transport", TRUE),
  OTHER ("programs", TRUE),
  OTHER ("gates", TRUE),
};

static const char *const transport_names[] = {
  "subscription", "resource_group", "vm", "user", "namespace", "context", "spool_dir", "path", NULL
};

/* Arguments of rules that name steps: one, as "step" of the same gate or "gate/step" of an earlier one; "steps" holds several */
static const char *const step_arguments[] = {
  "step", "steps", "account", "token", "current", "heads", "before", "upgrade", "after", "publish", "pod", "direct", "other", "pod_clock", NULL
};

/* What reading needs beside the plan itself */
typedef struct {
  CrPlan     *plan;
  GHashTable *used;   /* (owned): name of variable or program:name (owned) */
  CrPlanGate *gate;   /* (borrowed) (nullable): the gate being read, whose evidence is known */
  GError    **error;
} Reader;

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

static CrPlanStep *
step_new (void)
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

static CrPlanWitness *
witness_new (void)
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

static CrPlanGate *
gate_new (void)
{
  CrPlanGate *gate = g_new0 (CrPlanGate, 1);

  gate->steps = g_ptr_array_new_with_free_func (step_free);
  gate->witnesses = g_ptr_array_new_with_free_func (witness_free);
  return gate;
}

static CrPlan *
plan_new (void)
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

/* ---- what an auditor reads ---- */

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

char *
cr_plan_step_describe (CrPlanStep *step)
{
  g_return_val_if_fail (step != NULL, NULL);
  return step->command != NULL ? g_strdup (step->command) : describe_step (NULL, step);
}

static void
describe_all (CrPlan *plan)
{
  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];
    for (guint j = 0; j < gate->steps->len; j++) {
      CrPlanStep *step = gate->steps->pdata[j];
      step->command = describe_step (plan, step);
    }
  }
}

/* ---- reading ---- */

static gboolean fail (Reader *reader, CrPlanError code, const char *place, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
fail (Reader *reader, CrPlanError code, const char *place, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (reader->error, CR_PLAN_ERROR, code, "%s: %s", place, message);
  return FALSE;
}

static gboolean
fail_value (Reader *reader, const char *place, const char *expected, const char *value)
{
  g_autofree char *shown = cr_text_display_line (value, -1, 60);

  return fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected %s; got \"%s\"", expected, shown);
}

static char *
sub_place (const char *place, const char *name)
{
  return *place != '\0' ? g_strdup_printf ("%s.%s", place, name) : g_strdup (name);
}

static char *
item_place (const char *place, gsize index)
{
  return g_strdup_printf ("%s[%" G_GSIZE_FORMAT "]", place, index);
}

static const char *
shown_place (const char *place)
{
  return *place != '\0' ? place : "the plan";
}

static gboolean
is_made_of (const char *text, const char *first, const char *rest, gsize max)
{
  gsize length = strlen (text);

  return length >= 1 && length <= max && strchr (first, text[0]) != NULL && strspn (text, rest) == length;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static gboolean
is_id (const char *text)
{
  return is_made_of (text, LOWER DIGITS, LOWER DIGITS "-", 64);
}

static gboolean
is_rule (const char *text)
{
  return is_made_of (text, LOWER, LOWER DIGITS "_", 64);
}

static gboolean
is_variable (const char *text)
{
  return is_made_of (text, UPPER, UPPER DIGITS "_", 64);
}

/* Text of commands: nothing that hides, LF and TAB apart */
static gboolean
is_clean (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
    if (*p != '\n' && *p != '\t' && !g_unichar_isprint (g_utf8_get_char (p)))
      return FALSE;
  }
  return TRUE;
}

/* One line for people, not empty; `$` would look like a placeholder that nobody fills in */
static gboolean
is_title (const char *text)
{
  return *text != '\0' && strlen (text) <= 500 && strpbrk (text, "\n\t$") == NULL && is_clean (text);
}

static gboolean
read_type (Reader *reader, const CrJsonNode *node, CrJsonType type, const char *place)
{
  static const char *const names[] = { "null", "a boolean", "a boolean", "a number", "a string", "an array", "an object" };

  return (node != NULL && cr_json_node_type (node) == type)
         || fail (reader, CR_PLAN_ERROR_FORMAT, shown_place (place), "expected %s", names[type]);
}

/* (transfer none): NULL on error */
static const char *
read_string (Reader *reader, const CrJsonNode *node, const char *place)
{
  const char *text;
  gsize length;

  if (!read_type (reader, node, CR_JSON_STRING, place))
    return NULL;
  text = cr_json_node_string (node, &length);
  if (strlen (text) != length || !g_utf8_validate (text, -1, NULL) || !is_clean (text)) {
    fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected text without control characters other than LF and TAB");
    return NULL;
  }
  return text;
}

static gboolean
is_declared (CrPlan *plan, const char *name)
{
  if (g_str_has_prefix (name, "program:"))
    return g_hash_table_contains (plan->programs, name + strlen ("program:"));
  return g_strv_contains ((const char *const *) plan->inputs, name);
}

static gboolean
use_name (Reader *reader, const char *name, const char *place)
{
  if (!reader->plan->resolved && !is_declared (reader->plan, name))
    return fail (reader, CR_PLAN_ERROR_PLACEHOLDER, place, g_str_has_prefix (name, "program:") ? "there is no such program: ${%s}"
                                                                                               : "${%s} is not declared in inputs", name);
  g_hash_table_add (reader->used, g_strdup (name));
  return TRUE;
}

/* Placeholders of a text are well-formed and declared. The texts of a resolved plan hold none. */
static gboolean
use_text (Reader *reader, const char *text, const char *place)
{
  const char *p = text;

  if (reader->plan->resolved)
    return TRUE;
  while ((p = strchr (p, '$')) != NULL) {
    g_autofree char *name = NULL;
    const char *start = p;

    if (!cr_vars_scan (&p, &name)) {
      g_autofree char *shown = cr_text_display_line (start, -1, 40);
      return fail (reader, CR_PLAN_ERROR_PLACEHOLDER, place, "expected ${NAME}, ${program:NAME} or $$ for a dollar; got \"%s\"", shown);
    }
    if (name != NULL && !use_name (reader, name, place))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_member (Reader *reader, const Member *member, const CrJsonNode *node, gpointer base, const char *place)
{
  gpointer slot = G_STRUCT_MEMBER_P (base, member->offset);
  const char *text;
  const CrField *field;
  gint64 number;

  if (member->kind == MEMBER_BOOLEAN) {
    if (cr_json_node_type (node) != CR_JSON_TRUE && cr_json_node_type (node) != CR_JSON_FALSE)
      return read_type (reader, node, CR_JSON_TRUE, place);
    *(gboolean *) slot = cr_json_node_type (node) == CR_JSON_TRUE;
    return TRUE;
  }
  if (member->kind == MEMBER_SECONDS) {
    gsize length;
    const char *digits = cr_json_node_number (node, &length);
    number = digits != NULL && length <= 4 && strspn (digits, DIGITS) == length ? g_ascii_strtoll (digits, NULL, 10) : 0;
    if (number < 1 || number > MAX_LIMIT)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected a whole number from 1 to %d", MAX_LIMIT);
    *(guint *) slot = (guint) number;
    return TRUE;
  }

  text = read_string (reader, node, place);
  if (text == NULL)
    return FALSE;
  switch (member->kind) {
  case MEMBER_ID:
    if (!is_id (text))
      return fail_value (reader, place, "1 to 64 of a-z, 0-9 and -, a letter or digit first", text);
    break;
  case MEMBER_RULE:
    if (!is_rule (text) || (cr_judge_has_rule != NULL && !cr_judge_has_rule (text)))
      return fail_value (reader, place, "a rule that the judge knows", text);
    break;
  case MEMBER_TEXT:
    if (!is_title (text))
      return fail_value (reader, place, "one printable line without $, at most 500 bytes", text);
    break;
  case MEMBER_TEMPLATE:
    if (*text == '\0')
      return fail_value (reader, place, "text", text);
    if (!use_text (reader, text, place))
      return FALSE;
    break;
  case MEMBER_VARIABLE:
    if (!is_variable (text) || reader->plan->resolved)
      return fail_value (reader, place, reader->plan->resolved ? "nothing here in a resolved plan" : "the name of an input", text);
    if (!use_name (reader, text, place))
      return FALSE;
    break;
  case MEMBER_FILE:
    if (!g_strv_contains ((const char *const *) reader->gate->evidence, text))
      return fail_value (reader, place, "one of the gate's evidence files", text);
    break;
  case MEMBER_FIELD:
    field = cr_field_find (text);
    if (field == NULL || field->kind != CR_FIELD_INTEGER || !g_str_has_prefix (text, "limits."))
      return fail_value (reader, place, "the key of a time limit among the settings", text);
    break;
  case MEMBER_SECONDS:
  case MEMBER_BOOLEAN:
  case MEMBER_OTHER:
  default:
    g_assert_not_reached ();
  }
  *(char **) slot = g_strdup (text);
  return TRUE;
}

/* Every member of @node is in the table, and every required one of the table is in @node. The plain ones are stored below @base; those of
 * kind OTHER are left to the caller. */
static gboolean
read_members (Reader *reader, const CrJsonNode *node, const Member *members, gsize n_members, gpointer base, const char *place)
{
  if (!read_type (reader, node, CR_JSON_OBJECT, place))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    gsize length;
    const char *key = cr_json_node_key_at (node, i, &length);
    const Member *member = NULL;

    for (gsize j = 0; j < n_members && member == NULL; j++)
      member = g_str_equal (members[j].name, key) && strlen (key) == length ? &members[j] : NULL;
    if (member == NULL) {
      g_autofree char *shown = cr_text_display_line (key, (gssize) length, 40);
      return fail (reader, CR_PLAN_ERROR_FORMAT, shown_place (place), "unknown member \"%s\"", shown);
    }
    if (member->kind != MEMBER_OTHER) {
      g_autofree char *member_place = sub_place (place, key);
      if (!read_member (reader, member, cr_json_node_at (node, i), base, member_place))
        return FALSE;
    }
  }
  for (gsize j = 0; j < n_members; j++) {
    if (members[j].required && cr_json_node_member (node, members[j].name) == NULL)
      return fail (reader, CR_PLAN_ERROR_FORMAT, shown_place (place), "the member \"%s\" is missing", members[j].name);
  }
  return TRUE;
}

/* (transfer full): NULL on error */
static GStrv
read_strings (Reader *reader, const CrJsonNode *node, const char *place)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  if (!read_type (reader, node, CR_JSON_ARRAY, place))
    return NULL;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    g_autofree char *item = item_place (place, i);
    const char *text = read_string (reader, cr_json_node_at (node, i), item);
    if (text == NULL)
      return NULL;
    g_strv_builder_add (builder, text);
  }
  return g_strv_builder_end (builder);
}

static gboolean
read_arg (Reader *reader, CrPlanStep *step, const CrJsonNode *node, const char *when, const char *place)
{
  const char *text = read_string (reader, node, place);
  CrPlanArg *arg;

  if (text == NULL)
    return FALSE;
  if (*text == '\0')
    return fail_value (reader, place, "text", text);
  if (!use_text (reader, text, place))
    return FALSE;
  arg = g_new0 (CrPlanArg, 1);
  arg->text = g_strdup (text);
  arg->when = g_strdup (when);
  g_ptr_array_add (step->args, arg);
  return TRUE;
}

static gboolean
read_argv (Reader *reader, CrPlanStep *step, const CrJsonNode *node, const char *place)
{
  static const Member members[] = { OTHER ("when", TRUE), OTHER ("argv", TRUE) };

  if (!read_type (reader, node, CR_JSON_ARRAY, place))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    const CrJsonNode *item = cr_json_node_at (node, i);
    g_autofree char *item_at = item_place (place, i);
    g_autofree char *when_at = sub_place (item_at, "when");
    g_autofree char *argv_at = sub_place (item_at, "argv");
    const CrJsonNode *argv;
    const char *when;

    if (cr_json_node_type (item) != CR_JSON_OBJECT || i == 0 || reader->plan->resolved) {
      if (!read_arg (reader, step, item, NULL, item_at))
        return FALSE;
      continue;
    }
    if (!read_members (reader, item, members, G_N_ELEMENTS (members), NULL, item_at))
      return FALSE;
    when = read_string (reader, cr_json_node_member (item, "when"), when_at);
    argv = cr_json_node_member (item, "argv");
    if (when == NULL || !read_type (reader, argv, CR_JSON_ARRAY, argv_at))
      return FALSE;
    if (!is_variable (when))
      return fail_value (reader, when_at, "the name of an input", when);
    if (!use_name (reader, when, when_at))
      return FALSE;
    if (cr_json_node_size (argv) == 0)
      return fail (reader, CR_PLAN_ERROR_FORMAT, argv_at, "expected at least one argument");
    for (gsize j = 0; j < cr_json_node_size (argv); j++) {
      g_autofree char *inner = item_place (argv_at, j);
      if (!read_arg (reader, step, cr_json_node_at (argv, j), when, inner))
        return FALSE;
    }
  }
  return step->args->len > 0 || fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected at least one argument");
}

static gboolean
read_files (Reader *reader, CrPlanStep *step, const CrJsonNode *node, const char *place)
{
  static const Member members[] = {
    { "path", MEMBER_TEMPLATE, TRUE, G_STRUCT_OFFSET (CrPlanFile, path) },
    { "content", MEMBER_TEMPLATE, TRUE, G_STRUCT_OFFSET (CrPlanFile, content) },
  };

  if (!read_type (reader, node, CR_JSON_ARRAY, place))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    g_autofree char *item = item_place (place, i);
    CrPlanFile *file = g_new0 (CrPlanFile, 1);

    g_ptr_array_add (step->files, file);
    if (!read_members (reader, cr_json_node_at (node, i), members, G_N_ELEMENTS (members), file, item))
      return FALSE;
  }
  return TRUE;
}

/* What a kind of step must have, and what it can't have */
static gboolean
check_step (Reader *reader, const CrPlanStep *step, const char *place)
{
  const char *where = cr_step_where_to_string (step->where);
  gboolean pod = step->where == CR_STEP_POD;
  gboolean direct = step->where == CR_STEP_DIRECT;
  const struct { const char *name; gboolean has, allowed, needed; } rules[] = {
    { "argv", step->args->len > 0, !direct, !direct },
    { "pod", step->pod != NULL, pod, pod },
    { "url", step->url != NULL, direct, direct },
    { "files", step->files->len > 0, pod, FALSE },
    { "token", step->token, pod || direct, FALSE },
    { "token_argv", step->token_argv != NULL, step->token && reader->plan->resolved, FALSE },
    { "poll_seconds", step->poll_seconds > 0, direct, FALSE },
    { "parallel", step->parallel, direct, FALSE },
    { "prints_exit", step->prints_exit, !direct, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++) {
    if (rules[i].has && !rules[i].allowed)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "a step of kind \"%s\" can't have \"%s\"", where, rules[i].name);
    if (!rules[i].has && rules[i].needed)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "a step of kind \"%s\" needs \"%s\"", where, rules[i].name);
  }
  return TRUE;
}

static GStrv
step_argv (const CrPlanStep *step)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < step->args->len; i++)
    g_strv_builder_add (builder, ((CrPlanArg *) step->args->pdata[i])->text);
  return g_strv_builder_end (builder);
}

static gboolean
read_step (Reader *reader, CrPlanStep *step, const CrJsonNode *node, const char *place)
{
  const CrJsonNode *argv, *token_argv, *files;
  g_autofree char *where_at = sub_place (place, "where");
  g_autofree char *argv_at = sub_place (place, "argv");
  g_autofree char *token_argv_at = sub_place (place, "token_argv");
  g_autofree char *files_at = sub_place (place, "files");
  const char *where;

  if (!read_members (reader, node, step_members, G_N_ELEMENTS (step_members), step, place))
    return FALSE;
  where = read_string (reader, cr_json_node_member (node, "where"), where_at);
  if (where == NULL)
    return FALSE;
  if (!cr_step_where_from_string (where, &step->where))
    return fail_value (reader, where_at, "here, local, jumpbox, pod or direct", where);

  argv = cr_json_node_member (node, "argv");
  token_argv = cr_json_node_member (node, "token_argv");
  files = cr_json_node_member (node, "files");
  if (argv != NULL && !read_argv (reader, step, argv, argv_at))
    return FALSE;
  if (files != NULL && !read_files (reader, step, files, files_at))
    return FALSE;
  if (token_argv != NULL) {
    step->token_argv = read_strings (reader, token_argv, token_argv_at);
    if (step->token_argv == NULL)
      return FALSE;
    if (step->token_argv[0] == NULL)
      return fail (reader, CR_PLAN_ERROR_FORMAT, token_argv_at, "expected at least one word");
  }
  if (!check_step (reader, step, place))
    return FALSE;
  if (reader->plan->resolved && step->where != CR_STEP_DIRECT)
    step->argv = step_argv (step);
  return TRUE;
}

/* @text names a step of this gate, or "gate/step" of this or an earlier one, which exists at least where the witness does */
static gboolean
check_step_name (Reader *reader, const CrPlanWitness *witness, const char *text, const char *place)
{
  const char *slash = strchr (text, '/');
  g_autofree char *gate_id = slash != NULL ? g_strndup (text, (gsize) (slash - text)) : NULL;
  CrPlanGate *gate = slash != NULL ? cr_plan_find_gate (reader->plan, gate_id, NULL) : reader->gate;
  CrPlanStep *step = gate != NULL ? cr_plan_gate_find_step (gate, slash != NULL ? slash + 1 : text) : NULL;

  if (step == NULL)
    return fail_value (reader, place, "the id of a step of this gate, or gate/step of an earlier one", text);
  if (step->when != NULL && g_strcmp0 (step->when, witness->when) != 0)
    return fail (reader, CR_PLAN_ERROR_FORMAT, place, "the step \"%s\" exists only when %s is not empty, the witness also otherwise", text,
                 step->when);
  return TRUE;
}

static gboolean
read_args (Reader *reader, CrPlanWitness *witness, const CrJsonNode *node, const char *place)
{
  if (!read_type (reader, node, CR_JSON_OBJECT, place))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    const char *name = cr_json_node_key_at (node, i, NULL);
    g_autofree char *shown = cr_text_display_line (name, -1, 40);
    g_autofree char *value_at = sub_place (place, shown);
    const char *value;

    if (!is_rule (name))
      return fail_value (reader, place, "a name of a-z, 0-9 and _", name);
    value = read_string (reader, cr_json_node_at (node, i), value_at);
    if (value == NULL || !use_text (reader, value, value_at))
      return FALSE;
    if (g_str_equal (name, "evidence") && !g_strv_contains ((const char *const *) reader->gate->evidence, value))
      return fail_value (reader, value_at, "one of the gate's evidence files", value);
    if (g_strv_contains (step_arguments, name)) {
      g_auto(GStrv) steps = g_str_equal (name, "steps") ? g_strsplit (value, " ", -1) : g_strsplit (value, " ", 1);
      if (steps[0] == NULL)
        return fail_value (reader, value_at, "the id of a step", value);
      for (guint j = 0; steps[j] != NULL; j++) {
        if (!check_step_name (reader, witness, steps[j], value_at))
          return FALSE;
      }
    }
    g_hash_table_insert (witness->args, g_strdup (name), g_strdup (value));
  }
  return TRUE;
}

static gboolean
read_evidence (Reader *reader, CrPlanGate *gate, const CrJsonNode *node, const char *place)
{
  guint n;

  gate->evidence = read_strings (reader, node, place);
  if (gate->evidence == NULL)
    return FALSE;
  n = g_strv_length (gate->evidence);
  if (n < 1 || n > 2)
    return fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected one or two file names");
  for (guint i = 0; i < n; i++) {
    const char *name = gate->evidence[i];
    g_autofree char *item = item_place (place, i);

    /* 08, 09 and 99 are the decision's */
    if (!g_regex_match_simple ("^0[1-7]_[a-z0-9_]{1,60}\\.log$", name, G_REGEX_DOLLAR_ENDONLY, 0))
      return fail_value (reader, item, "a name such as 01_precheck.log, 01 to 07", name);
    for (guint j = 0; j < reader->plan->gates->len; j++) {
      CrPlanGate *other = reader->plan->gates->pdata[j];
      if (other == gate ? i > 0 && g_str_equal (gate->evidence[0], name) : g_strv_contains ((const char *const *) other->evidence, name))
        return fail_value (reader, item, "a name that stands once in the plan", name);
    }
  }
  return TRUE;
}

/* The contract's exit code of an evidence file comes from one step */
static gboolean
check_exit_codes (Reader *reader, const CrPlanGate *gate, const char *place)
{
  for (guint i = 0; gate->evidence[i] != NULL; i++) {
    guint n = 0;
    for (guint j = 0; j < gate->steps->len; j++) {
      const CrPlanStep *step = gate->steps->pdata[j];
      const char *file = step->evidence != NULL ? step->evidence : gate->evidence[0];
      n += step->prints_exit && g_str_equal (file, gate->evidence[i]) ? 1 : 0;
    }
    if (n > 1)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "more than one step has \"prints_exit\" for %s", gate->evidence[i]);
  }
  return TRUE;
}

static gboolean
read_gate (Reader *reader, CrPlanGate *gate, const CrJsonNode *node, const char *place)
{
  g_autofree char *class_at = sub_place (place, "classification");
  g_autofree char *evidence_at = sub_place (place, "evidence");
  g_autofree char *steps_at = sub_place (place, "steps");
  g_autofree char *witnesses_at = sub_place (place, "witnesses");
  const CrJsonNode *steps = cr_json_node_member (node, "steps");
  const CrJsonNode *witnesses = cr_json_node_member (node, "witnesses");
  const char *class;

  if (!read_members (reader, node, gate_members, G_N_ELEMENTS (gate_members), gate, place))
    return FALSE;
  if (cr_plan_find_gate (reader->plan, gate->id, NULL) != gate)
    return fail (reader, CR_PLAN_ERROR_FORMAT, place, "the id \"%s\" stands a second time in the plan", gate->id);
  class = read_string (reader, cr_json_node_member (node, "classification"), class_at);
  if (class == NULL)
    return FALSE;
  if (!cr_classification_from_string (class, &gate->classification) || gate->classification == CR_CLASS_NONE)
    return fail_value (reader, class_at, "a failure classification such as MIGRATION_FAILED", class);
  if (!read_evidence (reader, gate, cr_json_node_member (node, "evidence"), evidence_at)
      || !read_type (reader, steps, CR_JSON_ARRAY, steps_at) || !read_type (reader, witnesses, CR_JSON_ARRAY, witnesses_at))
    return FALSE;
  if (cr_json_node_size (steps) == 0)
    return fail (reader, CR_PLAN_ERROR_FORMAT, steps_at, "expected at least one step");
  if (cr_json_node_size (witnesses) == 0)  /* nothing to prove would be a gate that can't fail */
    return fail (reader, CR_PLAN_ERROR_FORMAT, witnesses_at, "expected at least one witness");

  for (gsize i = 0; i < cr_json_node_size (steps); i++) {
    g_autofree char *item = item_place (steps_at, i);
    CrPlanStep *step = step_new ();

    g_ptr_array_add (gate->steps, step);
    if (!read_step (reader, step, cr_json_node_at (steps, i), item))
      return FALSE;
    if (cr_plan_gate_find_step (gate, step->id) != step)
      return fail (reader, CR_PLAN_ERROR_FORMAT, item, "the id \"%s\" stands a second time in this gate", step->id);
  }
  for (gsize i = 0; i < cr_json_node_size (witnesses); i++) {
    const CrJsonNode *witness_node = cr_json_node_at (witnesses, i);
    g_autofree char *item = item_place (witnesses_at, i);
    g_autofree char *args_at = sub_place (item, "args");
    CrPlanWitness *witness = witness_new ();

    g_ptr_array_add (gate->witnesses, witness);
    if (!read_members (reader, witness_node, witness_members, G_N_ELEMENTS (witness_members), witness, item)
        || !read_args (reader, witness, cr_json_node_member (witness_node, "args"), args_at))
      return FALSE;
    for (gsize j = 0; j < i; j++) {
      if (g_str_equal (((CrPlanWitness *) gate->witnesses->pdata[j])->id, witness->id))
        return fail (reader, CR_PLAN_ERROR_FORMAT, item, "the id \"%s\" stands a second time in this gate", witness->id);
    }
  }
  return check_exit_codes (reader, gate, place);
}

static gboolean
read_gates (Reader *reader, const CrJsonNode *node)
{
  CrPlan *plan = reader->plan;

  if (!read_type (reader, node, CR_JSON_ARRAY, "gates"))
    return FALSE;
  if (cr_json_node_size (node) == 0)
    return fail (reader, CR_PLAN_ERROR_FORMAT, "gates", "expected at least one gate");
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    g_autofree char *place = item_place ("gates", i);
    CrPlanGate *gate = gate_new ();

    g_ptr_array_add (plan->gates, gate);
    reader->gate = gate;
    if (!read_gate (reader, gate, cr_json_node_at (node, i), place))
      return FALSE;
    if (i > 0 && ((CrPlanGate *) plan->gates->pdata[i - 1])->after_cutover && !gate->after_cutover)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "it comes after a gate with \"after_cutover\" and lacks it");
  }
  return TRUE;
}

static gboolean
read_inputs (Reader *reader, const CrJsonNode *node)
{
  CrPlan *plan = reader->plan;

  plan->inputs = read_strings (reader, node, "inputs");
  if (plan->inputs == NULL)
    return FALSE;
  for (guint i = 0; plan->inputs[i] != NULL; i++) {
    g_autofree char *place = item_place ("inputs", i);
    if (!is_variable (plan->inputs[i]))
      return fail_value (reader, place, "a name of A-Z, 0-9 and _", plan->inputs[i]);
    for (guint j = 0; j < i; j++) {
      if (g_str_equal (plan->inputs[i], plan->inputs[j]))
        return fail_value (reader, place, "a name that stands here once", plan->inputs[i]);
    }
  }
  return TRUE;
}

static gboolean
read_programs (Reader *reader, const CrJsonNode *node)
{
  if (!read_type (reader, node, CR_JSON_OBJECT, "programs"))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    const char *name = cr_json_node_key_at (node, i, NULL);
    g_autofree char *shown = cr_text_display_line (name, -1, 40);
    g_autofree char *place = sub_place ("programs", shown);
    g_auto(GStrv) lines = NULL;

    if (!is_id (name) || g_ascii_isdigit (*name))
      return fail_value (reader, "programs", "a name of a-z, 0-9 and -, a letter first", name);
    lines = read_strings (reader, cr_json_node_at (node, i), place);
    if (lines == NULL)
      return FALSE;
    if (lines[0] == NULL)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected at least one line");
    for (guint j = 0; lines[j] != NULL; j++) {
      g_autofree char *line_at = item_place (place, j);
      if (strchr (lines[j], '\n') != NULL)
        return fail_value (reader, line_at, "one line", lines[j]);
    }
    g_hash_table_insert (reader->plan->programs, g_strdup (name), g_strjoinv ("\n", lines));
  }
  return TRUE;
}

static gboolean
read_transport (Reader *reader, const CrJsonNode *node)
{
  if (!read_type (reader, node, CR_JSON_OBJECT, "transport"))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    const char *name = cr_json_node_key_at (node, i, NULL);
    g_autofree char *shown = cr_text_display_line (name, -1, 40);
    g_autofree char *place = sub_place ("transport", shown);
    const char *value;

    if (!g_strv_contains (transport_names, name))
      return fail (reader, CR_PLAN_ERROR_FORMAT, "transport", "unknown member \"%s\"", shown);
    value = read_string (reader, cr_json_node_at (node, i), place);
    if (value == NULL || !use_text (reader, value, place))
      return FALSE;
    g_hash_table_insert (reader->plan->transport, g_strdup (name), g_strdup (value));
  }
  for (guint i = 0; transport_names[i] != NULL; i++) {
    if (!g_hash_table_contains (reader->plan->transport, transport_names[i]))
      return fail (reader, CR_PLAN_ERROR_FORMAT, "transport", "the member \"%s\" is missing", transport_names[i]);
  }
  return TRUE;
}

/* What is declared is used: a value that a person checked and that then goes nowhere is a mistake of the plan */
static gboolean
check_unused (Reader *reader)
{
  CrPlan *plan = reader->plan;
  GHashTableIter iter;
  gpointer name;

  if (plan->resolved)
    return TRUE;
  for (guint i = 0; plan->inputs[i] != NULL; i++) {
    if (!g_hash_table_contains (reader->used, plan->inputs[i])) {
      g_autofree char *place = item_place ("inputs", i);
      return fail (reader, CR_PLAN_ERROR_PLACEHOLDER, place, "%s is declared and never used", plan->inputs[i]);
    }
  }
  g_hash_table_iter_init (&iter, plan->programs);
  while (g_hash_table_iter_next (&iter, &name, NULL)) {
    g_autofree char *full = g_strconcat ("program:", name, NULL);
    g_autofree char *place = sub_place ("programs", name);
    if (!g_hash_table_contains (reader->used, full))
      return fail (reader, CR_PLAN_ERROR_PLACEHOLDER, place, "the program is never used");
  }
  return TRUE;
}

static gboolean
read_plan (Reader *reader, const CrJsonNode *root)
{
  CrPlan *plan = reader->plan;
  const CrJsonNode *resolved = cr_json_node_member (root, "resolved");
  const CrJsonNode *source = cr_json_node_member (root, "source_sha256");
  const char *format, *sha256;

  if (!read_type (reader, root, CR_JSON_OBJECT, ""))
    return FALSE;
  /* The format first: a plan of another one would be refused for a reason that misleads */
  if (cr_json_node_member (root, "format") != NULL) {
    format = read_string (reader, cr_json_node_member (root, "format"), "format");
    if (format == NULL)
      return FALSE;
    if (!g_str_equal (format, FORMAT))
      return fail_value (reader, "format", FORMAT, format);
  }
  if (!read_members (reader, root, plan_members, G_N_ELEMENTS (plan_members), plan, ""))
    return FALSE;
  if (resolved != NULL && !read_type (reader, resolved, CR_JSON_TRUE, "resolved"))
    return FALSE;
  plan->resolved = resolved != NULL;
  if (plan->resolved != (source != NULL))
    return fail (reader, CR_PLAN_ERROR_FORMAT, "source_sha256", "a resolved plan, and only that, names the digest of the plan it came from");
  if (source != NULL) {
    sha256 = read_string (reader, source, "source_sha256");
    if (sha256 == NULL)
      return FALSE;
    if (strlen (sha256) != 64 || strspn (sha256, "0123456789abcdef") != 64)
      return fail_value (reader, "source_sha256", "64 lower-case hexadecimal digits", sha256);
    g_free (plan->sha256);
    plan->sha256 = g_strdup (sha256);
  }
  return read_inputs (reader, cr_json_node_member (root, "inputs")) && read_programs (reader, cr_json_node_member (root, "programs"))
         && read_transport (reader, cr_json_node_member (root, "transport")) && read_gates (reader, cr_json_node_member (root, "gates"))
         && check_unused (reader);
}

/**
 * cr_plan_parse:
 * @text: JSON of data/plan.schema.json, also what cr_plan_to_json() writes; untrusted
 * @length: in bytes, or -1
 *
 * Returns: (transfer full): NULL and a CR_PLAN_ERROR whose message begins with the place, or with what is wrong with the JSON
 */
CrPlan *
cr_plan_parse (const char *text, gssize length, GError **error)
{
  g_autoptr(CrPlan) plan = plan_new ();
  g_autoptr(CrJsonDoc) doc = NULL;
  g_autoptr(GError) json_error = NULL;
  gsize size;
  Reader reader = { .plan = plan, .error = error };
  gboolean good;

  g_return_val_if_fail (text != NULL, NULL);

  size = length < 0 ? strlen (text) : (gsize) length;
  doc = cr_json_parse (text, (gssize) size, CR_JSON_STRICT, &json_error);
  if (doc == NULL) {
    g_set_error (error, CR_PLAN_ERROR, CR_PLAN_ERROR_FORMAT, "the plan: %s", json_error->message);
    return NULL;
  }
  plan->text = g_strndup (text, size);
  plan->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, size);
  reader.used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  good = read_plan (&reader, cr_json_doc_root (doc));
  g_hash_table_unref (reader.used);
  if (!good)
    return NULL;
  describe_all (plan);
  return g_steal_pointer (&plan);
}

/* ---- resolving ---- */

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
resolve_members (const Member *members, gsize n_members, gpointer from, gpointer to, CrVars *vars, const char *place, GError **error)
{
  for (gsize i = 0; i < n_members; i++) {
    gpointer source = G_STRUCT_MEMBER_P (from, members[i].offset);
    gpointer target = G_STRUCT_MEMBER_P (to, members[i].offset);
    g_autofree char *member_at = sub_place (place, members[i].name);

    switch (members[i].kind) {
    case MEMBER_BOOLEAN:
      *(gboolean *) target = *(gboolean *) source;
      break;
    case MEMBER_SECONDS:
      *(guint *) target = *(guint *) source;
      break;
    case MEMBER_TEMPLATE:
      if (*(char **) source != NULL) {
        *(char **) target = expand_full (vars, *(char **) source, member_at, error);
        if (*(char **) target == NULL)
          return FALSE;
      }
      break;
    case MEMBER_ID:
    case MEMBER_RULE:
    case MEMBER_TEXT:
    case MEMBER_FILE:
    case MEMBER_FIELD:
      *(char **) target = g_strdup (*(char **) source);
      break;
    case MEMBER_VARIABLE:
    case MEMBER_OTHER:
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
    to->argv = step_argv (to);
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
  if (!resolve_members (step_members, G_N_ELEMENTS (step_members), from, to, vars, place, error)
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
    g_autofree char *value_at = sub_place (place, name);
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
  if (!resolve_members (gate_members, G_N_ELEMENTS (gate_members), from, to, vars, place, error))
    return FALSE;
  if (to->limit_field != NULL)
    to->limit_seconds = (guint) cr_settings_get_int (settings, to->limit_field);

  for (guint i = 0; i < from->steps->len; i++) {
    CrPlanStep *step = from->steps->pdata[i];
    g_autofree char *step_at = g_strdup_printf ("%s.steps[%u]", place, i);
    CrPlanStep *copy;

    if (!is_wanted (vars, step->when))
      continue;
    copy = step_new ();
    g_ptr_array_add (to->steps, copy);
    if (!resolve_step (step, copy, to->limit_seconds, vars, settings, step_at, error))
      return FALSE;
  }
  for (guint i = 0; i < from->witnesses->len; i++) {
    CrPlanWitness *witness = from->witnesses->pdata[i];
    g_autofree char *witness_at = g_strdup_printf ("%s.witnesses[%u]", place, i);
    g_autofree char *args_at = sub_place (witness_at, "args");
    CrPlanWitness *copy;

    if (!is_wanted (vars, witness->when))
      continue;
    copy = witness_new ();
    g_ptr_array_add (to->witnesses, copy);
    if (!resolve_members (witness_members, G_N_ELEMENTS (witness_members), witness, copy, vars, witness_at, error)
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
  g_autoptr(CrPlan) plan = plan_new ();
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
    g_autofree char *place = item_place ("gates", i);
    CrPlanGate *gate = gate_new ();

    g_ptr_array_add (plan->gates, gate);
    if (!resolve_gate (self->gates->pdata[i], gate, own, settings, place, error))
      return NULL;
  }
  describe_all (plan);
  mark_used (self, own, vars);
  return g_steal_pointer (&plan);
}

/* ---- writing ---- */

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
put_members (Writer *writer, const Member *members, gsize n_members, gpointer base)
{
  for (gsize i = 0; i < n_members; i++) {
    gpointer slot = G_STRUCT_MEMBER_P (base, members[i].offset);

    if (members[i].kind == MEMBER_OTHER)
      continue;
    if (members[i].kind == MEMBER_BOOLEAN) {
      if (*(gboolean *) slot) {
        put_name (writer, members[i].name);
        g_string_append (writer->out, "true");
      }
    } else if (members[i].kind == MEMBER_SECONDS) {
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
  put_members (writer, step_members, G_N_ELEMENTS (step_members), step);
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
  put_members (writer, gate_members, G_N_ELEMENTS (gate_members), gate);
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
    put_members (writer, witness_members, G_N_ELEMENTS (witness_members), witness);
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
  put_string (&writer, "format", FORMAT);
  put_members (&writer, plan_members, G_N_ELEMENTS (plan_members), self);
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
