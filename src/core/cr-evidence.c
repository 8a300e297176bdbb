/* cr-evidence.c: the ten files: their bytes, and reading them back
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-evidence.h"
#include "cr-canonical.h"
#include "cr-json.h"
#include "cr-text.h"
#include "cr-time.h"
#include <string.h>

G_DEFINE_QUARK (cr-evidence-error-quark, cr_evidence_error)

const char *const CR_EVIDENCE_FILES[] = {
  "01_precheck.log", "02_alembic_upgrade.log", "03_backfill.log", "04_sync_happy.log", "05_smoke_200.log", "06_smoke_404.log",
  "07_idempotency_duplicate.log", "08_cutover_decision.log", "09_rollback_or_no_rollback.log", "99_summary.md", NULL
};

static const char *const CONTRACT_KEYS[] = { "command", "exit_code", "UTC timestamp", "owner", "result" };
/* design: section 6: 08 and 99 carry these, one per line */
static const char *const DECISION_KEYS[] = {
  "owner", "result", "decision", "failure_classification", "t_cutover_utc", "started_at_utc", "ended_at_utc", "retry_at_utc",
  "unblock_criteria", "notes"
};

/* A stream's display is cut here; attestation/captures/ keeps the whole (facts: reliability G8) */
#define SHOWN_STREAM_BYTES (256 * 1024)
#define SHOWN_FIELD_CHARS 2000
#define SUMMARY_END "_End of the summary._\n"

/* ---- writing ---- */

/* One field, one line, whatever @value holds */
static void
add_field (GString *out, const char *key, const char *value)
{
  g_autofree char *shown = cr_text_display_line (value != NULL ? value : "", -1, SHOWN_FIELD_CHARS);

  g_string_append_printf (out, "%s: %s\n", key, shown);
}

static void G_GNUC_PRINTF (3, 4)
add_field_printf (GString *out, const char *key, const char *format, ...)
{
  g_autofree char *value = NULL;
  va_list args;

  va_start (args, format);
  value = g_strdup_vprintf (format, args);
  va_end (args);
  add_field (out, key, value);
}

static void
add_field_time (GString *out, const char *key, gint64 seconds)
{
  g_autofree char *text = cr_time_format_utc (seconds);

  add_field (out, key, text);
}

static void
add_pair (GString *out, const char *key, const char *value)
{
  g_autofree char *shown = cr_text_display_line (value != NULL ? value : "", -1, SHOWN_FIELD_CHARS);

  g_string_append_printf (out, "%s=%s\n", key, shown);
}

static void
add_pair_time (GString *out, const char *key, gint64 seconds)
{
  g_autofree char *text = seconds != 0 ? cr_time_format_utc (seconds) : g_strdup ("");

  add_pair (out, key, text);
}

static GBytes *
finish (GString *out)
{
  gsize length = out->len;

  return g_bytes_new_take (g_string_free (out, FALSE), length);
}

static void
add_body (GString *out, const char *text, gsize length)
{
  gsize shown = MIN (length, (gsize) SHOWN_STREAM_BYTES);
  g_autofree char *quoted = cr_text_quote_body (text, (gssize) shown);

  if (length > 0)
    g_string_append (out, quoted);
  if (shown < length)
    g_string_append_printf (out, "--- %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " bytes shown; the whole is in attestation/captures/\n", shown, length);
}

static void
add_stream (GString *out, const char *name, GBytes *bytes, gsize true_size, const char *sha256, gboolean complete)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_string_append_printf (out, "--- %s (%" G_GSIZE_FORMAT " bytes%s%s%s)\n", name, true_size, sha256 != NULL ? ", sha256 " : "",
                          sha256 != NULL ? sha256 : "", complete ? "" : ", not complete here");
  add_body (out, data != NULL ? data : "", length);
}

static const char *
first_evidence (CrPlanGate *gate, CrPlanStep *step)
{
  return step->evidence != NULL ? step->evidence : gate->evidence[0];
}

static gboolean
witness_names_file (CrPlanWitness *witness, CrPlanGate *gate, const char *file)
{
  const char *named = g_hash_table_lookup (witness->args, "evidence");

  return named == NULL || g_strcmp0 (named, file) == 0;
}

static CrWitnessResult *
find_result (CrGateVerdict *verdict, const char *id)
{
  for (guint i = 0; verdict->witnesses != NULL && i < verdict->witnesses->len; i++) {
    CrWitnessResult *result = g_ptr_array_index (verdict->witnesses, i);

    if (g_strcmp0 (result->id, id) == 0)
      return result;
  }
  return NULL;
}

/* The verdict that the witnesses of one file give by themselves */
static CrVerdict
verdict_of_witnesses (CrPlanGate *gate, const char *file, CrGateVerdict *verdict)
{
  gboolean missing = FALSE, any = FALSE;

  for (guint i = 0; i < gate->witnesses->len; i++) {
    CrPlanWitness *witness = g_ptr_array_index (gate->witnesses, i);
    CrWitnessResult *result;

    if (!witness_names_file (witness, gate, file))
      continue;
    any = TRUE;
    result = find_result (verdict, witness->id);
    if (result != NULL && result->state == CR_WITNESS_CONTRADICTED)
      return CR_VERDICT_FAIL;
    missing = missing || result == NULL || result->state == CR_WITNESS_MISSING;
  }
  return any && !missing ? CR_VERDICT_PASS : CR_VERDICT_UNPROVEN;
}

CrVerdict
cr_evidence_file_verdict (CrPlan *plan, guint gate_index, const char *file, CrGateVerdict *verdict)
{
  CrPlanGate *gate = g_ptr_array_index (plan->gates, gate_index);
  gboolean explained = FALSE;

  if (verdict->verdict == CR_VERDICT_PASS || verdict->verdict == CR_VERDICT_BLOCKED || verdict->verdict == CR_VERDICT_NOT_RUN
      || g_strv_length (gate->evidence) < 2)
    return verdict->verdict;
  for (guint i = 0; gate->evidence[i] != NULL; i++)
    explained = explained || verdict_of_witnesses (gate, gate->evidence[i], verdict) != CR_VERDICT_PASS;
  return explained ? verdict_of_witnesses (gate, file, verdict) : verdict->verdict;
}

static void
add_run_fields (GString *out, const CrEvidenceRun *run)
{
  add_field (out, "evidence_format", "1");
  add_field (out, "mode", run->practice ? "practice" : "real");
  if (run->practice && run->faults != NULL)
    add_field (out, "practice_faults", run->faults);
  add_field (out, "run_id", run->run_id);
  add_field_time (out, "t_cutover_utc", run->t_cutover);
  add_field (out, "environment", run->environment);
  add_field (out, "profile", run->profile);
  add_field (out, "plan", run->plan_id);
  add_field (out, "plan_sha256", run->plan_sha256);
  add_field_printf (out, "tool", "cutover-rehearsal %s", run->version);
}

/* The command an auditor looks for: the one whose exit code this file carries, else the first of the gate's own */
static char *
describe_command (CrPlanGate *gate, const char *file)
{
  CrPlanStep *fallback = NULL;

  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);

    if (g_strcmp0 (first_evidence (gate, step), file) != 0)
      continue;
    if (step->prints_exit)
      return cr_plan_step_describe (step);
    if (cr_plan_step_is_remote (step) || fallback == NULL)
      fallback = step;
  }
  return fallback != NULL ? cr_plan_step_describe (fallback) : g_strdup ("(none)");
}

static const char *
exit_code_of (CrPlanGate *gate, const char *file, CrGateVerdict *verdict)
{
  gboolean second = gate->evidence[0] != NULL && g_strcmp0 (gate->evidence[1], file) == 0;
  const char *code = second ? verdict->exit_code2 : verdict->exit_code;

  return code != NULL ? code : verdict->verdict == CR_VERDICT_NOT_RUN ? "not_run" : "unknown";
}

static void
add_call (GString *out, CrCall *call)
{
  g_autofree char *sent = cr_time_format_utc (call->sent_us / G_USEC_PER_SEC);
  g_autofree char *argv = call->argv != NULL ? g_strjoinv (" ", call->argv) : NULL;
  g_autofree char *shown_argv = cr_text_display_line (argv != NULL ? argv : "", -1, SHOWN_FIELD_CHARS);
  g_autofree char *message = cr_text_display_line (call->message != NULL ? call->message : "", -1, SHOWN_FIELD_CHARS);

  g_string_append_printf (out, "--- call %s, %s, sent %s, %.1f s, az_exit_code %d, outcome %s%s%s\n", call->kind,
                          call->transport != NULL ? call->transport : "this computer", sent,
                          (double) call->duration_us / G_USEC_PER_SEC, call->az_exit_code, cr_outcome_to_string (call->outcome),
                          call->reason != NULL ? ", reason " : "", call->reason != NULL ? call->reason : "");
  if (*shown_argv != '\0')
    g_string_append_printf (out, "| $ %s\n", shown_argv);
  if (*message != '\0')
    g_string_append_printf (out, "| %s\n", message);
  if (call->az_stderr != NULL && *call->az_stderr != '\0') {
    g_string_append_printf (out, "--- stderr of az (%" G_GSIZE_FORMAT " bytes)\n", strlen (call->az_stderr));
    add_body (out, call->az_stderr, strlen (call->az_stderr));
  }
}

static void
add_script (GString *out, CrCall *call)
{
  g_autofree char *digest = NULL;

  if (call->script == NULL)
    return;
  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, call->script, -1);
  g_string_append_printf (out, "--- script as sent (%" G_GSIZE_FORMAT " bytes, sha256 %s)\n", strlen (call->script), digest);
  add_body (out, call->script, strlen (call->script));
}

static void
add_capture (GString *out, CrPlanStep *step, CrCapture *capture)
{
  g_autofree char *command = step->where == CR_STEP_DIRECT ? g_strdup_printf ("GET %s", step->url) : cr_plan_step_describe (step);
  g_autofree char *shown = cr_text_display_line (command, -1, SHOWN_FIELD_CHARS);

  if (capture == NULL) {
    g_string_append_printf (out, "--- step %s (%s), not run\n| $ %s\n", step->id, cr_step_where_to_string (step->where), shown);
    return;
  }
  g_string_append_printf (out, "--- step %s (%s), outcome %s, exit_code ", step->id, cr_step_where_to_string (step->where),
                          cr_outcome_to_string (capture->outcome));
  if (capture->outcome == CR_OUTCOME_COMPLETED && capture->exit_code >= 0)
    g_string_append_printf (out, "%d", capture->exit_code);
  else
    g_string_append (out, capture->outcome == CR_OUTCOME_NOT_STARTED ? "not_run" : "unknown");
  if (step->where == CR_STEP_POD)
    g_string_append_printf (out, ", pod_mark %s", cr_pod_mark_to_string (capture->pod_mark));
  if (capture->http_status != 0)
    g_string_append_printf (out, ", http %d", capture->http_status);
  if (capture->started_us != 0) {
    g_autofree char *started = cr_time_format_utc (capture->started_us / G_USEC_PER_SEC);

    g_string_append_printf (out, ", started %s, %.1f s", started, (double) (capture->ended_us - capture->started_us) / G_USEC_PER_SEC);
  }
  if (capture->redactions > 0)
    g_string_append_printf (out, ", redactions %u", capture->redactions);
  g_string_append_printf (out, "\n| $ %s\n", shown);
  if (capture->message != NULL) {
    g_autofree char *message = cr_text_display_line (capture->message, -1, SHOWN_FIELD_CHARS);

    g_string_append_printf (out, "| %s\n", message);
  }
  if (capture->outcome == CR_OUTCOME_COMPLETED || capture->out_size > 0)
    add_stream (out, "stdout", capture->out, capture->out_size, capture->out_sha256, capture->complete);
  if (capture->err_size > 0)
    add_stream (out, "stderr", capture->err, capture->err_size, capture->err_sha256, capture->complete);
}

static void
add_witnesses (GString *out, CrPlanGate *gate, const char *file, CrGateVerdict *verdict)
{
  for (guint i = 0; i < gate->witnesses->len; i++) {
    CrPlanWitness *witness = g_ptr_array_index (gate->witnesses, i);
    CrWitnessResult *result = find_result (verdict, witness->id);
    g_autofree char *key = g_strdup_printf ("witness.%s", witness->id);

    if (!witness_names_file (witness, gate, file))
      continue;
    if (result == NULL)
      add_field_printf (out, key, "not looked for; %s", witness->text);
    else
      add_field_printf (out, key, "%s; %s%s%s%s%s", cr_witness_state_to_string (result->state), witness->text, result->expected != NULL ? "; expected " : "",
                        result->expected != NULL ? result->expected : "", result->seen != NULL ? "; saw " : "",
                        result->seen != NULL ? result->seen : "");
  }
}

static void
add_masked_fields (GString *out, CrPlan *plan, CrCaptureSet *captures, gboolean markdown)
{
  g_autoptr(CrPayload) before = cr_judge_payload (plan, captures, FALSE);
  g_autoptr(CrPayload) after = cr_judge_payload (plan, captures, TRUE);
  g_autoptr(CrJsonDoc) doc_before = NULL;
  g_autoptr(CrJsonDoc) doc_after = NULL;

  if (before == NULL || after == NULL || before->body == NULL || after->body == NULL)
    return;
  doc_before = cr_json_parse (before->body, (gssize) before->length, CR_JSON_PYTHON, NULL);
  doc_after = cr_json_parse (after->body, (gssize) after->length, CR_JSON_PYTHON, NULL);
  if (doc_before == NULL || doc_after == NULL)
    return;
  if (markdown)
    g_string_append (out, "\n## Masked fields\n\nLeft out of the canonical hash, and kept in sight here.\n\n| Field | Before | After | |\n|---|---|---|---|\n");
  for (guint i = 0; CR_CANONICAL_MASK[i] != NULL; i++) {
    char *texts[2];
    g_autofree char *key = g_strdup_printf ("masked.%s", CR_CANONICAL_MASK[i]);
    gboolean same;

    for (guint k = 0; k < 2; k++) {
      const CrJsonNode *node = cr_json_node_member (cr_json_doc_root (k == 0 ? doc_before : doc_after), CR_CANONICAL_MASK[i]);

      texts[k] = node == NULL ? g_strdup ("missing") : cr_json_node_type (node) == CR_JSON_STRING ? g_strdup (cr_json_node_string (node, NULL))
                 : cr_json_node_type (node) == CR_JSON_NUMBER ? g_strdup (cr_json_node_number (node, NULL)) : g_strdup ("(neither text nor number)");
    }
    same = g_strcmp0 (texts[0], texts[1]) == 0;
    if (markdown) {
      g_autofree char *shown_before = cr_text_markdown (texts[0]);
      g_autofree char *shown_after = cr_text_markdown (texts[1]);

      g_string_append_printf (out, "| %s | %s | %s | %s |\n", CR_CANONICAL_MASK[i], shown_before, shown_after, same ? "did not change" : "changed");
    } else {
      add_field_printf (out, key, "before %s, after %s (%s)", texts[0], texts[1], same ? "did not change" : "changed");
    }
    g_free (texts[0]);
    g_free (texts[1]);
  }
  if (!markdown) {
    add_field (out, "before_canon_hash", before->hash);
    add_field (out, "after_canon_hash", after->hash);
  }
}

GBytes *
cr_evidence_render_gate (const CrEvidenceRun *run, CrPlan *plan, guint gate_index, const char *file, CrCaptureSet *captures,
                         CrGateVerdict *verdict, gint64 started, gint64 ended)
{
  CrPlanGate *gate = g_ptr_array_index (plan->gates, gate_index);
  CrVerdict file_verdict = cr_evidence_file_verdict (plan, gate_index, file, verdict);
  CrCall *call = cr_capture_set_find_call (captures, gate->id, "run");
  GString *out = g_string_new (NULL);
  g_autofree char *command = describe_command (gate, file);
  CrCutline cutline;
  guint redactions = 0;

  cr_cutline_init (&cutline, run->t_cutover);
  add_field (out, "command", command);
  add_field (out, "exit_code", exit_code_of (gate, file, verdict));
  add_field_time (out, "UTC timestamp", ended);
  add_field (out, "owner", run->owner);
  add_field (out, "result", cr_result_to_string (cr_verdict_to_result (file_verdict)));
  add_field (out, "verdict", cr_verdict_to_string (file_verdict));
  add_field (out, "gate", gate->id);
  add_field (out, "gate_verdict", cr_verdict_to_string (verdict->verdict));
  add_run_fields (out, run);
  if (gate_index == 0 && run->self_test != NULL)
    add_field (out, "self_test", run->self_test);
  if (verdict->verdict != CR_VERDICT_NOT_RUN) {
    add_field_time (out, "started_utc", started);
    add_field_time (out, "ended_utc", ended);
    add_field_printf (out, "duration_s", "%" G_GINT64_FORMAT, ended - started);
  }
  add_field (out, "buffer_at_start", cr_buffer_state_to_string (cr_cutline_state (&cutline, started)));
  add_field (out, "buffer_at_end", cr_buffer_state_to_string (cr_cutline_state (&cutline, ended)));
  if (call != NULL) {
    add_field (out, "transport", call->transport);
    add_field (out, "nonce", call->nonce);
    add_field (out, "payload_sha256", call->payload_sha256);
    add_field_printf (out, "az_exit_code", "%d", call->az_exit_code);
  }
  for (guint i = 0; i < captures->captures->len; i++) {
    CrCapture *capture = g_ptr_array_index (captures->captures, i);

    if (g_strcmp0 (capture->gate, gate->id) == 0)
      redactions += capture->redactions;
  }
  add_field_printf (out, "redactions", "%u", redactions);
  if (verdict->reason != NULL)
    add_field (out, "reason", verdict->reason);
  if (verdict->line != NULL)
    add_field (out, "shown_by", verdict->line);
  if (verdict->next != NULL)
    add_field (out, "next", verdict->next);
  if (verdict->verdict == CR_VERDICT_PASS && verdict->fact != NULL)
    add_field (out, "fact", verdict->fact);
  if (g_strcmp0 (gate->id, "idempotency") == 0)
    add_masked_fields (out, plan, captures, FALSE);
  for (guint i = 0; verdict->cautions != NULL && i < verdict->cautions->len; i++) {
    g_autofree char *key = g_strdup_printf ("caution.%u", i + 1);

    add_field (out, key, g_ptr_array_index (verdict->cautions, i));
  }
  add_witnesses (out, gate, file, verdict);

  for (guint i = 0; i < captures->calls->len; i++) {
    CrCall *item = g_ptr_array_index (captures->calls, i);

    if (g_strcmp0 (item->gate, gate->id) != 0 || g_strcmp0 (item->kind, "direct") == 0)
      continue;
    add_call (out, item);
    if (g_strcmp0 (item->kind, "run") == 0)
      add_script (out, item);
  }
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);

    if (g_strcmp0 (first_evidence (gate, step), file) == 0)
      add_capture (out, step, cr_capture_set_find (captures, gate->id, step->id));
  }
  g_string_append (out, "--- end\n");
  return finish (out);
}

/* ---- decision, rollback, summary ---- */

static CrResult
decision_result (const CrDecision *decision)
{
  if (decision->kind == CR_DECISION_GO)
    return CR_RESULT_PASS;
  return decision->classification == CR_CLASS_ENVIRONMENT_BLOCKED ? CR_RESULT_BLOCKED : CR_RESULT_FAIL;
}

static const char *
decision_exit (const CrDecision *decision)
{
  if (decision->kind == CR_DECISION_GO)
    return "0";
  return decision->classification == CR_CLASS_ENVIRONMENT_BLOCKED ? "3" : "1";
}

static const char *
or_na (const char *text)
{
  return text != NULL && *text != '\0' ? text : "N/A";
}

static void
add_head (GString *out, const char *command, const CrEvidenceRun *run, const CrDecision *decision, const CrClosing *closing)
{
  add_field (out, "command", command);
  add_field (out, "exit_code", decision_exit (decision));
  add_field_time (out, "UTC timestamp", run->ended);
  add_field (out, "owner", closing->owner);
  add_field (out, "result", cr_result_to_string (decision_result (decision)));
  add_run_fields (out, run);
}

static void
add_decision_pairs (GString *out, const CrEvidenceRun *run, const CrDecision *decision, const CrClosing *closing)
{
  gboolean go = decision->kind == CR_DECISION_GO;
  g_autofree char *retry = go ? g_strdup ("N/A")
                           : closing->retry_reason != NULL && g_ascii_strcasecmp (or_na (closing->retry_at), "N/A") == 0
                             ? g_strdup_printf ("N/A (%s)", closing->retry_reason) : g_strdup (or_na (closing->retry_at));

  add_pair (out, "owner", closing->owner);
  add_pair (out, "result", cr_result_to_string (decision_result (decision)));
  add_pair (out, "decision", cr_decision_kind_to_string (decision->kind));
  add_pair (out, "failure_classification", cr_classification_to_string (go ? CR_CLASS_NONE : closing->classification));
  add_pair_time (out, "t_cutover_utc", run->t_cutover);
  add_pair_time (out, "started_at_utc", run->started);
  add_pair_time (out, "ended_at_utc", run->ended);
  add_pair (out, "retry_at_utc", retry);
  add_pair (out, "unblock_criteria", go ? "N/A" : or_na (closing->unblock));
  add_pair (out, "notes", closing->notes != NULL ? closing->notes : "");
  if (!go && closing->classification != decision->classification) {
    add_pair (out, "computed_classification", cr_classification_to_string (decision->classification));
    add_pair (out, "classification_reason", closing->classification_reason);
  }
}

static void
add_digests (GString *out, GHashTable *digests)
{
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    const char *digest = g_hash_table_lookup (digests, CR_EVIDENCE_FILES[i]);

    if (digest != NULL)
      g_string_append_printf (out, "| %s  %s\n", digest, CR_EVIDENCE_FILES[i]);
  }
}

GBytes *
cr_evidence_render_decision (const CrEvidenceRun *run, CrPlan *plan, GPtrArray *verdicts, const CrDecision *decision, const CrClosing *closing,
                             GHashTable *digests)
{
  GString *out = g_string_new (NULL);

  add_head (out, "decide GO or NO_GO from 01 to 07", run, decision, closing);
  g_string_append_c (out, '\n');
  add_decision_pairs (out, run, decision, closing);
  g_string_append (out, "--- why\n");
  add_body (out, decision->sentence != NULL ? decision->sentence : "", decision->sentence != NULL ? strlen (decision->sentence) : 0);
  g_string_append (out, "--- gates\n");
  for (guint i = 0; i < verdicts->len && i < plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (plan->gates, i);
    CrGateVerdict *verdict = g_ptr_array_index (verdicts, i);
    g_autofree char *fact = cr_text_display_line (verdict->fact != NULL ? verdict->fact : "", -1, SHOWN_FIELD_CHARS);

    g_string_append_printf (out, "| %-12s %-8s exit_code %-8s %s\n", gate->id, cr_verdict_to_string (verdict->verdict), or_na (verdict->exit_code), fact);
  }
  g_string_append (out, "--- SHA-256 of the files this decision rests on\n");
  add_digests (out, digests);
  g_string_append (out, "--- end\n");
  return finish (out);
}

/* What the gates that ran have left behind in the environment, for whoever cleans up */
static void
add_left_behind (GString *out, CrPlan *plan, GPtrArray *verdicts)
{
  static const struct { const char *gate, *text; } traces[] = {
    { "migration", "The schema may have been upgraded by alembic; no downgrade was run." },
    { "backfill", "The synthetic backfill rows (po-bf-, tx-bf-pay-, tx-bf-rec-, tx-fp- with this RUN_ID) and two files in the API pod's /tmp may exist." },
    { "sync", "The synthetic events (po-, tx-pay-, tx-rec- with this RUN_ID) may be on the topics and in the database." },
    { "idempotency", "The same events may have been published a second time." },
  };

  for (guint i = 0; i < verdicts->len && i < plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (plan->gates, i);
    CrGateVerdict *verdict = g_ptr_array_index (verdicts, i);

    if (verdict->verdict == CR_VERDICT_NOT_RUN || verdict->verdict == CR_VERDICT_BLOCKED)
      continue;
    for (guint k = 0; k < G_N_ELEMENTS (traces); k++)
      if (g_strcmp0 (gate->id, traces[k].gate) == 0)
        g_string_append_printf (out, "| %s\n", traces[k].text);
  }
}

GBytes *
cr_evidence_render_rollback (const CrEvidenceRun *run, CrPlan *plan, GPtrArray *verdicts, const CrDecision *decision, const CrClosing *closing)
{
  GString *out = g_string_new (NULL);
  gboolean go = decision->kind == CR_DECISION_GO;

  add_head (out, go ? "record that no rollback is needed" : "record the rollback and retry contract", run, decision, closing);
  g_string_append_c (out, '\n');
  add_pair (out, "decision", cr_decision_kind_to_string (decision->kind));
  add_pair (out, "promotion", "not performed");
  add_pair (out, "rollback_rehearsed", "no");
  if (!go) {
    add_pair (out, "failure_classification", cr_classification_to_string (closing->classification));
    add_pair (out, "owner", closing->owner);
    add_pair (out, "retry_at_utc", or_na (closing->retry_at));
    add_pair (out, "unblock_criteria", or_na (closing->unblock));
  }
  g_string_append (out, "--- what was not promoted\n"
                        "| Nothing was promoted. This tool never performs the cutover; it rehearses it.\n");
  if (go)
    g_string_append (out, "--- rollback\n| No rollback is needed. The way back was not rehearsed in this run.\n");
  else
    g_string_append (out, "--- rollback and retry contract (runbook, section 6)\n"
                          "| Do not perform the cutover promotion.\n"
                          "| The next attempt needs a new T_cutover and a full rehearsal from the first gate; no gate is repeated alone.\n"
                          "| It may start when the unblock criteria above hold, not before retry_at_utc.\n");
  g_string_append (out, "--- what this rehearsal may have left behind\n");
  add_left_behind (out, plan, verdicts);
  g_string_append (out, "--- end\n");
  return finish (out);
}

GBytes *
cr_evidence_render_summary (const CrEvidenceRun *run, CrPlan *plan, CrCaptureSet *captures, GPtrArray *verdicts, const CrDecision *decision,
                            const CrClosing *closing, GHashTable *digests, GPtrArray *cautions)
{
  GString *out = g_string_new (NULL);
  gboolean go = decision->kind == CR_DECISION_GO;
  g_autofree char *sentence = cr_text_markdown (decision->sentence != NULL ? decision->sentence : "");
  CrGateVerdict *failed = decision->first_gate >= 0 && (guint) decision->first_gate < verdicts->len
                          ? g_ptr_array_index (verdicts, (guint) decision->first_gate) : NULL;

  add_head (out, "summarise the rehearsal", run, decision, closing);
  if (run->self_test != NULL)
    add_field (out, "self_test", run->self_test);
  g_string_append_c (out, '\n');
  add_decision_pairs (out, run, decision, closing);
  g_string_append_printf (out, "\n# %s: %s%s\n\n%s\n", plan->title, cr_decision_kind_to_string (decision->kind), run->practice ? " (practice)" : "", sentence);
  if (run->practice)
    g_string_append (out, "\n**Practice run: nothing real was touched, and this decision says nothing about a real environment.**\n");
  if (failed != NULL) {
    CrPlanGate *gate = g_ptr_array_index (plan->gates, (guint) decision->first_gate);
    g_autofree char *reason = cr_text_markdown (failed->reason != NULL ? failed->reason : cr_verdict_to_string (failed->verdict));

    g_string_append_printf (out, "\n## What failed\n\n**%s**: %s\n", gate->title, reason);
    if (failed->line != NULL) {
      g_autofree char *line = cr_text_markdown (failed->line);

      g_string_append_printf (out, "\nShown by: %s\n", line);
    }
    if (failed->next != NULL) {
      g_autofree char *next = cr_text_markdown (failed->next);

      g_string_append_printf (out, "\n## What to do next\n\n%s\n", next);
    }
  }
  g_string_append (out, "\n## Gates\n\n| # | Gate | Verdict | Exit code | Fact | Evidence |\n|---|---|---|---|---|---|\n");
  for (guint i = 0; i < verdicts->len && i < plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (plan->gates, i);
    CrGateVerdict *verdict = g_ptr_array_index (verdicts, i);
    g_autofree char *fact = cr_text_markdown (verdict->fact != NULL ? verdict->fact : "");
    g_autofree char *files = g_strjoinv (", ", gate->evidence);

    g_string_append_printf (out, "| %u | %s | %s | %s | %s | %s |\n", i + 1, gate->title, cr_verdict_to_string (verdict->verdict),
                            or_na (verdict->exit_code), fact, files);
  }
  if (run->self_test != NULL) {
    g_autofree char *self_test = cr_text_markdown (run->self_test);

    g_string_append_printf (out, "\nBefore anything ran, the judge itself was attacked: %s.\n", self_test);
  }
  add_masked_fields (out, plan, captures, TRUE);
  g_string_append (out, "\n## Cautions\n\n");
  for (guint i = 0; cautions != NULL && i < cautions->len; i++) {
    g_autofree char *caution = cr_text_markdown (g_ptr_array_index (cautions, i));

    g_string_append_printf (out, "- %s\n", caution);
  }
  g_string_append (out, "- The way back (rollback) was never rehearsed.\n"
                        "- Events between T_cutover-1s and T_cutover belong to neither range of the runbook.\n");
  g_string_append (out, "\n## Digests (SHA-256)\n\n| File | SHA-256 |\n|---|---|\n");
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    const char *digest = g_hash_table_lookup (digests, CR_EVIDENCE_FILES[i]);

    if (digest != NULL)
      g_string_append_printf (out, "| %s | %s |\n", CR_EVIDENCE_FILES[i], digest);
  }
  g_string_append_printf (out, "\n%s\n" SUMMARY_END, go ? "Nothing was promoted: this tool never performs the cutover."
                                                        : "Nothing was promoted. A new attempt needs a new T_cutover and a full rehearsal.");
  return finish (out);
}

/* ---- the closing form ---- */

static gboolean
is_blank (const char *text)
{
  for (; text != NULL && *text != '\0'; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

/* Printable, valid UTF-8; @lines: LF is allowed, but no empty line */
static gboolean
is_clean (const char *text, gboolean lines)
{
  if (!g_utf8_validate (text, -1, NULL))
    return FALSE;
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    if (c == '\n' && lines && at[1] != '\n')
      continue;
    if (c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0) || !g_unichar_isdefined (c))
      return FALSE;
  }
  return TRUE;
}

gboolean
cr_closing_check (const CrClosing *closing, const CrDecision *decision, gint64 now, GError **error)
{
  const char *owner = closing->owner != NULL ? closing->owner : "";
  const char *notes = closing->notes != NULL ? closing->notes : "";
  const char *unblock = closing->unblock != NULL ? closing->unblock : "";
  const char *retry = closing->retry_at != NULL ? closing->retry_at : "";

#define REFUSE(...) G_STMT_START { g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, __VA_ARGS__); return FALSE; } G_STMT_END
  if (is_blank (owner) || !is_clean (owner, FALSE) || g_utf8_strlen (owner, -1) > 64)
    REFUSE ("Owner: expected 1 to 64 printable characters on one line, not “%s”.", g_utf8_validate (owner, -1, NULL) ? owner : "(not UTF-8)");
  if (!g_utf8_validate (notes, -1, NULL) || g_utf8_strlen (notes, -1) > 2000)
    REFUSE ("Notes: expected at most 2,000 characters of text.");
  if (decision->kind == CR_DECISION_GO) {
    if (closing->classification != CR_CLASS_NONE)
      REFUSE ("Failure classification: a GO has NONE, not %s.", cr_classification_to_string (closing->classification));
    return TRUE;
  }
  if (closing->classification == CR_CLASS_NONE)
    REFUSE ("Failure classification: a NO_GO needs exactly one; it can't be NONE.");
  if (closing->classification != decision->classification && is_blank (closing->classification_reason))
    REFUSE ("Failure classification: the gates say %s; another one (%s) needs a reason.", cr_classification_to_string (decision->classification),
            cr_classification_to_string (closing->classification));
  if (g_ascii_strcasecmp (retry, "N/A") == 0) {
    if (is_blank (closing->retry_reason))
      REFUSE ("Retry at: N/A needs a reason.");
  } else {
    gint64 when;

    if (!cr_time_parse_utc (retry, &when, NULL))
      REFUSE ("Retry at: expected YYYY-MM-DDTHH:MM:SSZ (UTC) or N/A with a reason, not “%s”.", g_utf8_validate (retry, -1, NULL) ? retry : "(not UTF-8)");
    if (when <= now)
      REFUSE ("Retry at: expected a time later than now, not “%s”.", retry);
  }
  if (is_blank (unblock) || !is_clean (unblock, TRUE) || g_utf8_strlen (unblock, -1) < 10)
    REFUSE ("Unblock criteria: expected one paragraph of 10 characters or more that says what must be true before the next attempt.");
#undef REFUSE
  return TRUE;
}

/* ---- reading ---- */

static gboolean
is_head_key (const char *key, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (key[i]) && strchr ("_.- ", key[i]) == NULL)
      return FALSE;
  return length > 0 && key[0] != ' ' && key[0] != '-';
}

static gboolean
is_contract_line (const char *line)
{
  for (guint i = 0; i < G_N_ELEMENTS (CONTRACT_KEYS); i++)
    if (g_str_has_prefix (line, CONTRACT_KEYS[i]) && line[strlen (CONTRACT_KEYS[i])] == ':')
      return TRUE;
  return FALSE;
}

static gboolean
has_decision_pairs (const char *file)
{
  return g_str_has_prefix (file, "08_") || g_str_has_prefix (file, "99_");
}

static gboolean
is_pair_key (const char *key, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (key[i]) && !g_ascii_isdigit (key[i]) && key[i] != '_')
      return FALSE;
  return length > 0;
}

/* Lines after the head that could be taken for something they are not. @prose: below the first heading of 99 */
static gboolean
check_body_line (const char *file, guint number, const char *line, gboolean ours, gboolean prose, GHashTable *fields, GError **error)
{
  const char *equals;

  if (is_contract_line (line)) {
    g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s, line %u: a second “%.*s” line.", file, number,
                 (int) (strchr (line, ':') - line), line);
    return FALSE;
  }
  if (g_str_has_prefix (line, "| ") || g_str_has_prefix (line, "---") || *line == '\0' || strcmp (line, "|") == 0)
    return TRUE;
  equals = strchr (line, '=');
  if (!prose && equals != NULL && (has_decision_pairs (file) || g_str_has_prefix (file, "09_")) && is_pair_key (line, (gsize) (equals - line))) {
    g_autofree char *key = g_strdup_printf ("%.*s=", (int) (equals - line), line);

    if (g_hash_table_contains (fields, key)) {
      g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s, line %u: a second “%s” line.", file, number, key);
      return FALSE;
    }
    g_hash_table_insert (fields, g_steal_pointer (&key), g_strdup (equals + 1));
    return TRUE;
  }
  if (ours && !g_str_has_prefix (file, "99_")) {
    g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s, line %u: neither a field nor a quoted line of output.", file, number);
    return FALSE;
  }
  return TRUE;
}

GHashTable *
cr_evidence_parse (const char *file, const char *text, gsize length, GError **error)
{
  g_autoptr(GHashTable) fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto(GStrv) lines = NULL;
  g_autofree char *copy = NULL;
  gboolean head = TRUE, prose = FALSE, ours;
  guint i;

  if (length == 0) {
    g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s is empty.", file);
    return NULL;
  }
  if (memchr (text, '\0', length) != NULL || !g_utf8_validate (text, (gssize) length, NULL)) {
    g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s is not UTF-8 text.", file);
    return NULL;
  }
  copy = g_strndup (text, length);
  lines = g_strsplit (copy, "\n", -1);
  for (i = 0; lines[i] != NULL; i++) {
    char *colon = strchr (lines[i], ':');

    if (head && colon != NULL && (colon[1] == ' ' || colon[1] == '\0') && is_head_key (lines[i], (gsize) (colon - lines[i]))) {
      g_autofree char *key = g_strndup (lines[i], (gsize) (colon - lines[i]));

      if (g_hash_table_contains (fields, key)) {
        g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s, line %u: a second “%s” line.", file, i + 1, key);
        return NULL;
      }
      g_hash_table_insert (fields, g_steal_pointer (&key), g_strdup (colon[1] == ' ' ? colon + 2 : ""));
      continue;
    }
    head = FALSE;
    prose = prose || (g_str_has_prefix (file, "99_") && g_str_has_prefix (lines[i], "# "));
    ours = g_hash_table_contains (fields, "evidence_format");
    if (!check_body_line (file, i + 1, lines[i], ours, prose, fields, error))
      return NULL;
  }
  for (i = 0; i < G_N_ELEMENTS (CONTRACT_KEYS); i++)
    if (!g_hash_table_contains (fields, CONTRACT_KEYS[i])) {
      g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_MISSING, "%s has no “%s:” line in its head.", file, CONTRACT_KEYS[i]);
      return NULL;
    }
  for (i = 0; has_decision_pairs (file) && i < G_N_ELEMENTS (DECISION_KEYS); i++) {
    g_autofree char *key = g_strconcat (DECISION_KEYS[i], "=", NULL);

    if (!g_hash_table_contains (fields, key)) {
      g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_MISSING, "%s has no “%s” line.", file, key);
      return NULL;
    }
  }
  if (g_hash_table_contains (fields, "verdict") && !g_hash_table_contains (fields, "evidence_format")) {
    g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s is cut: its head ends too early.", file);
    return NULL;
  }
  if (g_hash_table_contains (fields, "evidence_format")) {
    if (g_strcmp0 (g_hash_table_lookup (fields, "evidence_format"), "1") != 0) {
      g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s was made with a newer version (evidence_format %s).", file,
                   (const char *) g_hash_table_lookup (fields, "evidence_format"));
      return NULL;
    }
    if (!g_str_has_suffix (copy, g_str_has_prefix (file, "99_") ? SUMMARY_END : "--- end\n")) {
      g_set_error (error, CR_EVIDENCE_ERROR, CR_EVIDENCE_ERROR_FORMAT, "%s is cut: its end line is missing.", file);
      return NULL;
    }
  }
  return g_steal_pointer (&fields);
}
