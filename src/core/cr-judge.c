/* cr-judge.c: the verdict of one gate (design: section 4). A pure function of plan and captures; what is ambiguous never passes.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-judge.h"
#include "cr-canonical.h"
#include "cr-judge-rules.h"
#include "cr-probe-facts.h"
#include "cr-text.h"
#include <string.h>

const char *
cr_witness_state_to_string (CrWitnessState state)
{
  switch (state) {
  case CR_WITNESS_HOLDS: return "seen";
  case CR_WITNESS_CONTRADICTED: return "contradicted";
  case CR_WITNESS_MISSING:
  default: return "missing";
  }
}

static void
witness_result_free (CrWitnessResult *result)
{
  g_free (result->id);
  g_free (result->text);
  g_free (result->expected);
  g_free (result->seen);
  g_free (result->step);
  g_free (result);
}

static CrGateVerdict *
verdict_new (const char *gate)
{
  CrGateVerdict *self = g_new0 (CrGateVerdict, 1);

  self->gate = g_strdup (gate);
  self->verdict = CR_VERDICT_UNPROVEN;
  self->witnesses = g_ptr_array_new_with_free_func ((GDestroyNotify) witness_result_free);
  self->cautions = g_ptr_array_new_with_free_func (g_free);
  return self;
}

CrGateVerdict *
cr_gate_verdict_new_not_run (const char *gate, const char *why)
{
  CrGateVerdict *self = verdict_new (gate);

  self->verdict = CR_VERDICT_NOT_RUN;
  self->reason = cr_text_display_line (why, -1, 0);
  self->fact = g_strdup (self->reason);
  self->exit_code = g_strdup ("not_run");
  self->exit_code2 = g_strdup ("not_run");
  return self;
}

void
cr_gate_verdict_free (CrGateVerdict *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->witnesses, g_ptr_array_unref);
  g_clear_pointer (&self->cautions, g_ptr_array_unref);
  g_free (self->gate);
  g_free (self->fact);
  g_free (self->reason);
  g_free (self->line);
  g_free (self->next);
  g_free (self->exit_code);
  g_free (self->exit_code2);
  g_free (self);
}

gboolean
cr_judge_has_rule (const char *rule)
{
  return cr_rule_find (rule) != NULL;
}

/* ---- what became of the gate as a whole ---- */

static CrCapture *
capture_of (CrCaptureSet *captures, CrPlanGate *gate, CrPlanStep *step)
{
  CrCapture *capture = cr_capture_set_find (captures, gate->id, step->id);
  return capture != NULL && capture->where == step->where ? capture : NULL;
}

static gboolean
has_remote_steps (CrPlanGate *gate)
{
  for (guint i = 0; i < gate->steps->len; i++)
    if (cr_plan_step_is_remote (gate->steps->pdata[i]))
      return TRUE;
  return FALSE;
}

static guint
count_calls (CrCaptureSet *captures, CrPlanGate *gate, const char *kind)
{
  guint n = 0;

  for (guint i = 0; i < captures->calls->len; i++) {
    CrCall *call = captures->calls->pdata[i];
    n += g_strcmp0 (call->gate, gate->id) == 0 && g_strcmp0 (call->kind, kind) == 0 ? 1 : 0;
  }
  return n;
}

/* The operator stopped waiting while this gate was on */
static gboolean
was_stopped (CrCaptureSet *captures, CrPlanGate *gate)
{
  for (guint i = 0; i < captures->calls->len; i++) {
    CrCall *call = captures->calls->pdata[i];
    if (g_strcmp0 (call->gate, gate->id) == 0 && call->outcome == CR_OUTCOME_STOPPED)
      return TRUE;
  }
  for (guint i = 0; i < captures->captures->len; i++) {
    CrCapture *capture = captures->captures->pdata[i];
    if (g_strcmp0 (capture->gate, gate->id) == 0 && capture->outcome == CR_OUTCOME_STOPPED)
      return TRUE;
  }
  return FALSE;
}

/* Clearly nothing ran in the pod: kubectl itself was turned away. */
static gboolean
was_turned_away (CrCapture *capture)
{
  static const char *const words[] = {
    "Unable to connect to the server", "Error from server (NotFound)", "Error from server (Forbidden)", "Error from server (Unauthorized)",
    "error: You must be logged in to the server",
  };

  if (!cr_capture_kubectl_failed (capture))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (cr_bytes_contain (capture->err, words[i]))
      return TRUE;
  return FALSE;
}

/* It did not start, and not just because another step went wrong */
static gboolean
was_refused (CrCapture *capture)
{
  return capture->outcome == CR_OUTCOME_NOT_STARTED && capture->reason != NULL && !g_str_equal (capture->reason, "earlier-step");
}

typedef enum { RAN_NOTHING, RAN_SOMETHING } Ran;

/* Did anything of the gate's own run, beyond what only prepares it? *cause (nullable): the step that kept it from running. Direct probes only
 * look, so they do not count. A duplicate or foreign capture counts as having run. */
static Ran
what_ran (CrPlanGate *gate, CrCaptureSet *captures, CrPlanStep **cause)
{
  *cause = NULL;
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    CrCapture *capture = capture_of (captures, gate, step);
    guint n = 0;

    for (guint j = 0; j < captures->captures->len; j++) {
      CrCapture *each = captures->captures->pdata[j];
      n += g_strcmp0 (each->gate, gate->id) == 0 && g_strcmp0 (each->step, step->id) == 0 ? 1 : 0;
    }
    if (n > 1)
      return RAN_SOMETHING;
    if (step->environment) {
      gboolean failed = capture != NULL
                        && (capture->outcome == CR_OUTCOME_UNKNOWN
                            || (capture->outcome == CR_OUTCOME_COMPLETED && (!cr_capture_ended (capture) || capture->exit_code != 0))
                            || was_refused (capture));
      if (failed && *cause == NULL)
        *cause = step;
      continue;
    }
    if (step->where == CR_STEP_DIRECT || capture == NULL)
      continue;
    if (capture->outcome != CR_OUTCOME_NOT_STARTED && !was_turned_away (capture))
      return RAN_SOMETHING;
    if (*cause == NULL && (capture->outcome != CR_OUTCOME_NOT_STARTED || was_refused (capture)))
      *cause = step;
  }
  return RAN_NOTHING;
}

/* A gate with remote steps passes only on one answered call, tied to this attempt, that brought every one of them back to its end. NULL if so,
 * else (transfer full) why not. */
static char *
find_gap (CrPlanGate *gate, CrCaptureSet *captures)
{
  CrCall *run = cr_capture_set_find_call (captures, gate->id, "run");
  CrCall *status = cr_capture_set_find_call (captures, gate->id, "status");

  if (!has_remote_steps (gate))
    return NULL;
  if (run == NULL)
    return g_strdup ("Nothing was sent to the jumpbox.");
  if (count_calls (captures, gate, "run") > 1)
    return g_strdup ("The gate was sent more than once, so nobody can say which answer counts.");
  if (run->nonce == NULL || *run->nonce == '\0' || run->payload_sha256 == NULL || strlen (run->payload_sha256) != 64)
    return g_strdup ("The answer is not tied to this attempt: its nonce or the digest of its payload is missing.");
  if (run->outcome != CR_OUTCOME_COMPLETED && (status == NULL || status->outcome != CR_OUTCOME_COMPLETED))
    return g_strdup (run->message != NULL ? run->message : "It is not known what became of the gate's call.");
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    CrCapture *capture = cr_plan_step_is_remote (step) ? capture_of (captures, gate, step) : NULL;

    if (!cr_plan_step_is_remote (step))
      continue;
    if (!cr_capture_ended (capture))
      return g_strdup_printf ("The end of “%s” was not seen.", step->title);
    if (step->where == CR_STEP_JUMPBOX && capture->exit_code != 0)
      return g_strdup_printf ("“%s” ended with %d.", step->title, capture->exit_code);
  }
  return NULL;
}

/* ---- the contract's exit codes ---- */

/* The code of a step; (transfer full) "0", "unknown", "not_run" */
static char *
code_of (CrCapture *capture)
{
  if (capture == NULL || capture->outcome == CR_OUTCOME_NOT_STARTED)
    return g_strdup ("not_run");
  if (capture->outcome == CR_OUTCOME_COMPLETED && capture->exit_code >= 0 && (capture->where != CR_STEP_POD || capture->pod_mark == CR_POD_MARK_OK))
    return g_strdup_printf ("%d", capture->exit_code);
  return g_strdup ("unknown");
}

/* Where no step prints the gate's code (precheck): that of the first step that failed, 0 only if all ended with 0 */
static char *
code_of_all (CrPlanGate *gate, CrCaptureSet *captures)
{
  gboolean any = FALSE, all = gate->steps->len > 0;

  for (guint i = 0; i < gate->steps->len; i++) {
    CrCapture *capture = capture_of (captures, gate, gate->steps->pdata[i]);
    g_autofree char *code = code_of (capture);

    if (g_str_equal (code, "unknown"))
      return g_steal_pointer (&code);
    if (g_str_equal (code, "not_run")) {
      all = FALSE;
      continue;
    }
    any = TRUE;
    if (!g_str_equal (code, "0"))
      return g_steal_pointer (&code);
  }
  return g_strdup (all ? "0" : any ? "unknown" : "not_run");
}

static void
set_exit_codes (CrGateVerdict *self, CrPlanGate *gate, CrCaptureSet *captures)
{
  guint n_files = gate->evidence != NULL ? g_strv_length (gate->evidence) : 0;
  char **places[] = { &self->exit_code, &self->exit_code2 };

  for (guint file = 0; file < G_N_ELEMENTS (places); file++) {
    gboolean found = FALSE;

    if (file > 0 && file >= n_files)
      continue;
    for (guint i = 0; i < gate->steps->len && !found; i++) {
      CrPlanStep *step = gate->steps->pdata[i];
      const char *evidence = step->evidence != NULL || n_files == 0 ? step->evidence : gate->evidence[0];

      if (!step->prints_exit || (n_files > 0 && g_strcmp0 (evidence, gate->evidence[file]) != 0))
        continue;
      *places[file] = code_of (capture_of (captures, gate, step));
      found = TRUE;
    }
    if (!found)
      *places[file] = code_of_all (gate, captures);
  }
}

/* ---- reasons ---- */

static void
take_text (char **place, const char *text)
{
  g_free (*place);
  *place = text != NULL && *text != '\0' ? cr_text_display_line (text, -1, 600) : NULL;
}

/* What a step that did not end well says about itself */
static void
explain_step (CrGateVerdict *self, CrPlanStep *step, CrCapture *capture)
{
  g_autofree char *line = NULL;
  const CrKnownLine *known = cr_known_line_find (capture->err, &line);

  if (line == NULL)
    line = cr_line_last (capture->err);
  take_text (&self->line, line);
  take_text (&self->next, known != NULL ? known->next : NULL);
  g_clear_pointer (&self->reason, g_free);
  if (capture->message != NULL)
    take_text (&self->reason, capture->message);
  else if (cr_capture_timed_out (capture))
    self->reason = g_strdup_printf ("“%s” reached its time limit.", step->title);
  else if (known != NULL)
    self->reason = g_strdup_printf ("“%s” did not succeed: %s.", step->title, known->says);
  else if (cr_capture_kubectl_failed (capture))
    self->reason = g_strdup_printf ("kubectl could not run “%s”.", step->title);
  else if (capture->exit_code > 0)
    self->reason = g_strdup_printf ("“%s” ended with %d.", step->title, capture->exit_code);
  else
    self->reason = g_strdup_printf ("The end of “%s” was not seen.", step->title);
}

static void
explain_call (CrGateVerdict *self, CrCall *call)
{
  take_text (&self->reason, call->message);
  if (self->reason == NULL)
    self->reason = call->outcome == CR_OUTCOME_NOT_STARTED
                     ? g_strdup_printf ("The gate was not sent to the jumpbox%s%s.", call->reason != NULL ? ": " : "",
                                        call->reason != NULL ? call->reason : "")
                     : g_strdup ("It is not known what became of the gate's call; it may still be running.");
  if (call->az_stderr != NULL) {
    g_autoptr(GBytes) text = g_bytes_new (call->az_stderr, strlen (call->az_stderr));
    g_autofree char *line = NULL;
    const CrKnownLine *known = cr_known_line_find (text, &line);

    if (line == NULL)
      line = cr_line_last (text);
    take_text (&self->line, line);
    take_text (&self->next, known != NULL ? known->next : NULL);
  }
}

static void
explain_rule (CrGateVerdict *self, const CrRule *rule)
{
  take_text (&self->reason, rule->reason);
  take_text (&self->line, rule->line);
  take_text (&self->next, rule->next);
  if (self->reason == NULL)
    self->reason = g_strdup_printf ("It was not seen: %s.", rule->witness->text);
}

static gboolean
comes_before (CrPlanGate *gate, const char *step_id, CrPlanStep *other)
{
  for (guint i = 0; i < gate->steps->len && gate->steps->pdata[i] != other; i++)
    if (g_strcmp0 (((CrPlanStep *) gate->steps->pdata[i])->id, step_id) == 0)
      return TRUE;
  return FALSE;
}

/* The rule whose words explain @state best: the first that does not merely follow from another. @until (nullable): only those of earlier steps count */
static const CrRule *
best_rule (const CrRule *rules, guint n, CrWitnessState state, CrPlanGate *gate, CrPlanStep *until)
{
  const CrRule *fallback = NULL;

  for (guint i = 0; i < n; i++) {
    if (rules[i].result->state != state || (until != NULL && !comes_before (gate, rules[i].result->step, until)))
      continue;
    if (!rules[i].follows)
      return &rules[i];
    fallback = fallback != NULL ? fallback : &rules[i];
  }
  return fallback;
}

/* ---- the verdict ---- */

static void
look_for (CrRule *rule, CrPlan *plan, CrPlanGate *gate, CrCaptureSet *captures, CrPlanWitness *witness)
{
  const CrRuleInfo *info = cr_rule_find (witness->rule);

  rule->plan = plan;
  rule->gate = gate;
  rule->captures = captures;
  rule->witness = witness;
  rule->result = g_new0 (CrWitnessResult, 1);
  rule->result->id = g_strdup (witness->id);
  rule->result->text = cr_text_display_line (witness->text, -1, 0);
  rule->result->state = CR_WITNESS_MISSING;
  if (info == NULL)
    rule->reason = g_strdup_printf ("The plan asks for a rule that this program does not know: %s.", witness->rule);
  else
    info->look (rule);
}

/* (nullable): a witness of just that step, which finds better words than the step alone */
static const CrRule *
rule_of_step (const CrRule *rules, guint n, CrPlanStep *step)
{
  for (guint i = 0; i < n; i++)
    if (rules[i].result->state != CR_WITNESS_HOLDS && !rules[i].follows && g_strcmp0 (rules[i].result->step, step->id) == 0)
      return &rules[i];
  return NULL;
}

/* The first step that ran, or may have, and whose end nobody saw: what comes after it can't be held against the gate, because it may still go on. */
static CrPlanStep *
first_unknown (CrPlanGate *gate, CrCaptureSet *captures)
{
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    CrCapture *capture = capture_of (captures, gate, step);

    if (cr_plan_step_is_remote (step) && capture != NULL && capture->outcome != CR_OUTCOME_NOT_STARTED && !cr_capture_ended (capture))
      return step;
  }
  return NULL;
}

static void
decide_verdict (CrGateVerdict *self, CrPlanGate *gate, CrCaptureSet *captures, const CrRule *rules)
{
  CrCall *run = cr_capture_set_find_call (captures, gate->id, "run");
  CrPlanStep *cause = NULL;
  Ran ran = what_ran (gate, captures, &cause);
  CrPlanStep *unknown = first_unknown (gate, captures);
  const CrRule *contradicted = best_rule (rules, self->witnesses->len, CR_WITNESS_CONTRADICTED, gate, unknown);
  const CrRule *missing = best_rule (rules, self->witnesses->len, CR_WITNESS_MISSING, gate, NULL);
  g_autofree char *gap = NULL;

  if (self->witnesses->len == 0) {
    self->verdict = CR_VERDICT_UNPROVEN;
    self->reason = g_strdup ("The plan names no witness for this gate, so nothing can prove it.");
  } else if (was_stopped (captures, gate)) {
    self->verdict = CR_VERDICT_UNPROVEN;
    self->reason = g_strdup ("The operator stopped the rehearsal during this gate; what was sent to the jumpbox may still end there.");
  } else if (ran == RAN_NOTHING && run != NULL && run->outcome == CR_OUTCOME_NOT_STARTED && contradicted == NULL) {
    self->verdict = CR_VERDICT_BLOCKED;
    explain_call (self, run);
  } else if (ran == RAN_NOTHING && cause != NULL && (run == NULL || run->outcome != CR_OUTCOME_UNKNOWN || cause->where == CR_STEP_LOCAL)) {
    const CrRule *own = NULL;

    self->verdict = CR_VERDICT_BLOCKED;
    if (contradicted != NULL && comes_before (gate, contradicted->result->step, cause))
      own = contradicted;  /* a crash loop, seen in the list of pods, is why kubectl finds no container */
    if (own == NULL)
      own = rule_of_step (rules, self->witnesses->len, cause);
    if (own != NULL)
      explain_rule (self, own);
    else
      explain_step (self, cause, capture_of (captures, gate, cause));
  } else if (run != NULL && run->outcome == CR_OUTCOME_UNKNOWN && cr_capture_set_find_call (captures, gate->id, "status") == NULL
             && contradicted == NULL) {
    self->verdict = CR_VERDICT_UNPROVEN;
    explain_call (self, run);
  } else if (contradicted != NULL) {
    self->verdict = CR_VERDICT_FAIL;
    explain_rule (self, contradicted);
  } else if (unknown != NULL) {
    const CrRule *own = rule_of_step (rules, self->witnesses->len, unknown);

    self->verdict = CR_VERDICT_UNPROVEN;
    if (own != NULL)
      explain_rule (self, own);
    else
      explain_step (self, unknown, capture_of (captures, gate, unknown));
  } else if (missing != NULL) {
    self->verdict = CR_VERDICT_UNPROVEN;
    if (missing->follows && run != NULL && run->outcome != CR_OUTCOME_COMPLETED)
      explain_call (self, run);
    else
      explain_rule (self, missing);
  } else if ((gap = find_gap (gate, captures)) != NULL) {
    self->verdict = CR_VERDICT_UNPROVEN;
    take_text (&self->reason, gap);
  } else {
    self->verdict = CR_VERDICT_PASS;
  }
  /* the precheck only asks whether the environment lets the gates run */
  if (gate->classification == CR_CLASS_ENVIRONMENT_BLOCKED && self->verdict != CR_VERDICT_PASS)
    self->verdict = CR_VERDICT_BLOCKED;
}

CrGateVerdict *
cr_judge_gate (CrPlan *plan, guint gate_index, CrCaptureSet *captures)
{
  CrPlanGate *gate;
  CrGateVerdict *self;
  g_autofree CrRule *rules = NULL;
  g_autoptr(GString) fact = g_string_new (NULL);
  guint n;

  g_return_val_if_fail (plan != NULL && captures != NULL && gate_index < plan->gates->len, NULL);

  gate = plan->gates->pdata[gate_index];
  self = verdict_new (gate->id);
  n = gate->witnesses->len;
  rules = g_new0 (CrRule, n + 1);
  for (guint i = 0; i < n; i++) {
    look_for (&rules[i], plan, gate, captures, gate->witnesses->pdata[i]);
    g_ptr_array_add (self->witnesses, rules[i].result);
  }
  decide_verdict (self, gate, captures, rules);
  set_exit_codes (self, gate, captures);

  for (guint i = 0; i < n; i++) {
    CrWitnessResult *result = rules[i].result;

    if (rules[i].finding != NULL && result->state == CR_WITNESS_HOLDS)
      g_ptr_array_add (self->cautions, g_strdup_printf ("%s: %s", gate->title, rules[i].finding));
    else if (result->caution && result->state == CR_WITNESS_HOLDS)
      g_ptr_array_add (self->cautions, g_strdup_printf ("%s: %s: %s", gate->title, result->text, result->seen != NULL ? result->seen : ""));
    if (rules[i].witness->fact && result->seen != NULL)
      g_string_append_printf (fact, "%s%s", fact->len > 0 ? "; " : "", result->seen);
    cr_rule_clear (&rules[i]);
  }
  if (self->verdict == CR_VERDICT_PASS) {
    self->fact = g_strdup (fact->len > 0 ? fact->str : "every witness was seen");
  } else {
    self->fact = g_strdup (self->reason);
    if (self->next == NULL && gate->unblock != NULL && *gate->unblock != '\0')
      self->next = g_strdup_printf ("A new rehearsal may start when this holds: %s", gate->unblock);
  }
  return self;
}

/* ---- the payloads of the idempotency gate ---- */

void
cr_payload_free (CrPayload *payload)
{
  if (payload == NULL)
    return;
  g_free (payload->body);
  g_free (payload->hash);
  g_free (payload);
}

/**
 * cr_judge_payload:
 * @plan: a resolved plan
 * @captures: what came back
 * @after: the payload after the duplicates, or the one before
 *
 * Returns: (transfer full) (nullable): NULL if there is none, or its facts can't be relied on. `status` is 0 and `body` empty where the
 *   API gave no answer; `hash` is NULL where the body has no canonical form; `time_us` is the answer's Date, else the end of the step
 */
CrPayload *
cr_judge_payload (CrPlan *plan, CrCaptureSet *captures, gboolean after)
{
  CrPlanGate *gate;
  CrPlanStep *step;
  CrCapture *capture;
  CrPayload *self;
  g_autoptr(CrProbeFacts) facts = NULL;
  const char *text;
  gsize length;

  g_return_val_if_fail (plan != NULL && captures != NULL, NULL);

  gate = cr_plan_find_gate (plan, "idempotency", NULL);
  step = gate != NULL ? cr_plan_gate_find_step (gate, after ? "after" : "before") : NULL;
  capture = step != NULL ? capture_of (captures, gate, step) : NULL;
  if (!cr_capture_ended (capture))
    return NULL;
  text = g_bytes_get_data (capture->out, &length);
  facts = cr_probe_facts_parse (text, length, NULL);
  if (facts == NULL)
    return NULL;
  self = g_new0 (CrPayload, 1);
  self->status = facts->status;
  self->hash = cr_canonical_hash (facts->body, (gssize) facts->body_length, CR_CANONICAL_MASK, NULL);
  self->body = g_steal_pointer (&facts->body);
  self->length = facts->body_length;
  self->time_us = facts->date >= 0 ? facts->date * G_USEC_PER_SEC : capture->ended_us;
  return self;
}
