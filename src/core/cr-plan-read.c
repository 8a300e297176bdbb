/* cr-plan-read.c: the reader of plans
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-plan-private.h"
#include "cr-json.h"
#include "cr-judge.h"
#include "cr-text.h"
#include <string.h>

static const char *const transport_names[] = {
  "subscription", "resource_group", "vm", "user", "namespace", "context", "spool_dir", "path", NULL
};

/* Arguments of rules that name steps: one, as "step" of the same gate or "gate/step" of an earlier one; "steps" holds several */
static const char *const step_arguments[] = {
  "step", "steps", "account", "token", "current", "heads", "before", "upgrade", "after", "publish", "pod", "direct", "other", "pod_clock",
  "command", NULL
};

/* What reading needs beside the plan itself */
typedef struct {
  CrPlan     *plan;
  GHashTable *used;   /* (owned): name of variable or program:name (owned) */
  CrPlanGate *gate;   /* (borrowed) (nullable): the gate being read, whose evidence is known */
  GError    **error;
} Reader;

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
read_member (Reader *reader, const CrPlanMember *member, const CrJsonNode *node, gpointer base, const char *place)
{
  gpointer slot = G_STRUCT_MEMBER_P (base, member->offset);
  const char *text;
  const CrField *field;
  gint64 number;

  if (member->kind == CR_MEMBER_BOOLEAN) {
    if (cr_json_node_type (node) != CR_JSON_TRUE && cr_json_node_type (node) != CR_JSON_FALSE)
      return read_type (reader, node, CR_JSON_TRUE, place);
    *(gboolean *) slot = cr_json_node_type (node) == CR_JSON_TRUE;
    return TRUE;
  }
  if (member->kind == CR_MEMBER_SECONDS) {
    gsize length;
    const char *digits = cr_json_node_number (node, &length);
    number = digits != NULL && length <= 4 && strspn (digits, DIGITS) == length ? g_ascii_strtoll (digits, NULL, 10) : 0;
    if (number < 1 || number > CR_PLAN_MAX_LIMIT)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected a whole number from 1 to %d", CR_PLAN_MAX_LIMIT);
    *(guint *) slot = (guint) number;
    return TRUE;
  }

  text = read_string (reader, node, place);
  if (text == NULL)
    return FALSE;
  switch (member->kind) {
  case CR_MEMBER_ID:
    if (!is_id (text))
      return fail_value (reader, place, "1 to 64 of a-z, 0-9 and -, a letter or digit first", text);
    break;
  case CR_MEMBER_RULE:
    if (!is_rule (text) || !cr_judge_has_rule (text))
      return fail_value (reader, place, "a rule that the judge knows", text);
    break;
  case CR_MEMBER_TEXT:
    if (!is_title (text))
      return fail_value (reader, place, "one printable line without $, at most 500 bytes", text);
    break;
  case CR_MEMBER_TEMPLATE:
    if (*text == '\0')
      return fail_value (reader, place, "text", text);
    if (!use_text (reader, text, place))
      return FALSE;
    break;
  case CR_MEMBER_VARIABLE:
    if (!is_variable (text) || reader->plan->resolved)
      return fail_value (reader, place, reader->plan->resolved ? "nothing here in a resolved plan" : "the name of an input", text);
    if (!use_name (reader, text, place))
      return FALSE;
    break;
  case CR_MEMBER_FILE:
    if (!g_strv_contains ((const char *const *) reader->gate->evidence, text))
      return fail_value (reader, place, "one of the gate's evidence files", text);
    break;
  case CR_MEMBER_FIELD:
    field = cr_field_find (text);
    if (field == NULL || field->kind != CR_FIELD_INTEGER || !g_str_has_prefix (text, "limits."))
      return fail_value (reader, place, "the key of a time limit among the settings", text);
    break;
  case CR_MEMBER_SECONDS:
  case CR_MEMBER_BOOLEAN:
  case CR_MEMBER_OTHER:
  default:
    g_assert_not_reached ();
  }
  *(char **) slot = g_strdup (text);
  return TRUE;
}

/* Every member of @node is in the table, and every required one of the table is in @node. The plain ones are stored below @base; those of
 * kind OTHER are left to the caller. */
static gboolean
read_members (Reader *reader, const CrJsonNode *node, const CrPlanMember *members, gpointer base, const char *place)
{
  if (!read_type (reader, node, CR_JSON_OBJECT, place))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    gsize length;
    const char *key = cr_json_node_key_at (node, i, &length);
    const CrPlanMember *member = NULL;

    for (gsize j = 0; members[j].name != NULL && member == NULL; j++)
      member = g_str_equal (members[j].name, key) && strlen (key) == length ? &members[j] : NULL;
    if (member == NULL) {
      g_autofree char *shown = cr_text_display_line (key, (gssize) length, 40);
      return fail (reader, CR_PLAN_ERROR_FORMAT, shown_place (place), "unknown member \"%s\"", shown);
    }
    if (member->kind != CR_MEMBER_OTHER) {
      g_autofree char *member_place = cr_plan_sub_place (place, key);
      if (!read_member (reader, member, cr_json_node_at (node, i), base, member_place))
        return FALSE;
    }
  }
  for (gsize j = 0; members[j].name != NULL; j++) {
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
    g_autofree char *item = cr_plan_item_place (place, i);
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
  static const CrPlanMember members[] = { CR_PLAN_OTHER ("when", TRUE), CR_PLAN_OTHER ("argv", TRUE), CR_PLAN_END };

  if (!read_type (reader, node, CR_JSON_ARRAY, place))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    const CrJsonNode *item = cr_json_node_at (node, i);
    g_autofree char *item_at = cr_plan_item_place (place, i);
    g_autofree char *when_at = cr_plan_sub_place (item_at, "when");
    g_autofree char *argv_at = cr_plan_sub_place (item_at, "argv");
    const CrJsonNode *argv;
    const char *when;

    if (cr_json_node_type (item) != CR_JSON_OBJECT || i == 0 || reader->plan->resolved) {
      if (!read_arg (reader, step, item, NULL, item_at))
        return FALSE;
      continue;
    }
    if (!read_members (reader, item, members, NULL, item_at))
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
      g_autofree char *inner = cr_plan_item_place (argv_at, j);
      if (!read_arg (reader, step, cr_json_node_at (argv, j), when, inner))
        return FALSE;
    }
  }
  return step->args->len > 0 || fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected at least one argument");
}

static gboolean
read_files (Reader *reader, CrPlanStep *step, const CrJsonNode *node, const char *place)
{
  static const CrPlanMember members[] = {
    { "path", CR_MEMBER_TEMPLATE, TRUE, G_STRUCT_OFFSET (CrPlanFile, path) },
    { "content", CR_MEMBER_TEMPLATE, TRUE, G_STRUCT_OFFSET (CrPlanFile, content) },
    CR_PLAN_END,
  };

  if (!read_type (reader, node, CR_JSON_ARRAY, place))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (node); i++) {
    g_autofree char *item = cr_plan_item_place (place, i);
    CrPlanFile *file = g_new0 (CrPlanFile, 1);

    g_ptr_array_add (step->files, file);
    if (!read_members (reader, cr_json_node_at (node, i), members, file, item))
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

static gboolean
read_step (Reader *reader, CrPlanStep *step, const CrJsonNode *node, const char *place)
{
  const CrJsonNode *argv, *token_argv, *files;
  g_autofree char *where_at = cr_plan_sub_place (place, "where");
  g_autofree char *argv_at = cr_plan_sub_place (place, "argv");
  g_autofree char *token_argv_at = cr_plan_sub_place (place, "token_argv");
  g_autofree char *files_at = cr_plan_sub_place (place, "files");
  const char *where;

  if (!read_members (reader, node, cr_plan_step_members, step, place))
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
    step->argv = cr_plan_step_argv (step);
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
    g_autofree char *value_at = cr_plan_sub_place (place, shown);
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
    g_autofree char *item = cr_plan_item_place (place, i);

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
  g_autofree char *class_at = cr_plan_sub_place (place, "classification");
  g_autofree char *evidence_at = cr_plan_sub_place (place, "evidence");
  g_autofree char *steps_at = cr_plan_sub_place (place, "steps");
  g_autofree char *witnesses_at = cr_plan_sub_place (place, "witnesses");
  const CrJsonNode *steps = cr_json_node_member (node, "steps");
  const CrJsonNode *witnesses = cr_json_node_member (node, "witnesses");
  const char *class;

  if (!read_members (reader, node, cr_plan_gate_members, gate, place))
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
    g_autofree char *item = cr_plan_item_place (steps_at, i);
    CrPlanStep *step = cr_plan_step_new ();

    g_ptr_array_add (gate->steps, step);
    if (!read_step (reader, step, cr_json_node_at (steps, i), item))
      return FALSE;
    if (cr_plan_gate_find_step (gate, step->id) != step)
      return fail (reader, CR_PLAN_ERROR_FORMAT, item, "the id \"%s\" stands a second time in this gate", step->id);
  }
  for (gsize i = 0; i < cr_json_node_size (witnesses); i++) {
    const CrJsonNode *witness_node = cr_json_node_at (witnesses, i);
    g_autofree char *item = cr_plan_item_place (witnesses_at, i);
    g_autofree char *args_at = cr_plan_sub_place (item, "args");
    CrPlanWitness *witness = cr_plan_witness_new ();

    g_ptr_array_add (gate->witnesses, witness);
    if (!read_members (reader, witness_node, cr_plan_witness_members, witness, item)
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
    g_autofree char *place = cr_plan_item_place ("gates", i);
    CrPlanGate *gate = cr_plan_gate_new ();

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
    g_autofree char *place = cr_plan_item_place ("inputs", i);
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
    g_autofree char *place = cr_plan_sub_place ("programs", shown);
    g_auto(GStrv) lines = NULL;

    if (!is_id (name) || g_ascii_isdigit (*name))
      return fail_value (reader, "programs", "a name of a-z, 0-9 and -, a letter first", name);
    lines = read_strings (reader, cr_json_node_at (node, i), place);
    if (lines == NULL)
      return FALSE;
    if (lines[0] == NULL)
      return fail (reader, CR_PLAN_ERROR_FORMAT, place, "expected at least one line");
    for (guint j = 0; lines[j] != NULL; j++) {
      g_autofree char *line_at = cr_plan_item_place (place, j);
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
    g_autofree char *place = cr_plan_sub_place ("transport", shown);
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
      g_autofree char *place = cr_plan_item_place ("inputs", i);
      return fail (reader, CR_PLAN_ERROR_PLACEHOLDER, place, "%s is declared and never used", plan->inputs[i]);
    }
  }
  g_hash_table_iter_init (&iter, plan->programs);
  while (g_hash_table_iter_next (&iter, &name, NULL)) {
    g_autofree char *full = g_strconcat ("program:", name, NULL);
    g_autofree char *place = cr_plan_sub_place ("programs", name);
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
    if (!g_str_equal (format, CR_PLAN_FORMAT))
      return fail_value (reader, "format", CR_PLAN_FORMAT, format);
  }
  if (!read_members (reader, root, cr_plan_root_members, plan, ""))
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
  g_autoptr(CrPlan) plan = cr_plan_new_empty ();
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
  cr_plan_describe_all (plan);
  return g_steal_pointer (&plan);
}
