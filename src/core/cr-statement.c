/* cr-statement.c: the in-toto Statement v1 over the ten files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-statement.h"
#include "cr-json.h"
#include "cr-time.h"
#include <string.h>

static void
append_member (GString *out, const char *indent, const char *key, const char *value)
{
  g_string_append_printf (out, "%s\"%s\": ", indent, key);
  if (value == NULL)
    g_string_append (out, "null");
  else
    cr_json_append_string (out, value, -1);
}

static void
append_gate (GString *out, CrPlanGate *gate, CrGateVerdict *verdict, CrCaptureSet *captures)
{
  CrCall *call = cr_capture_set_find_call (captures, gate->id, "run");
  guint redactions = 0;
  gboolean complete = TRUE;

  for (guint i = 0; i < captures->captures->len; i++) {
    CrCapture *capture = g_ptr_array_index (captures->captures, i);

    if (g_strcmp0 (capture->gate, gate->id) != 0)
      continue;
    redactions += capture->redactions;
    complete = complete && (capture->outcome != CR_OUTCOME_COMPLETED || capture->complete);
  }
  g_string_append (out, "      {");
  append_member (out, "", "id", gate->id);
  append_member (out, ", ", "verdict", cr_verdict_to_string (verdict->verdict));
  append_member (out, ", ", "result", cr_result_to_string (cr_verdict_to_result (verdict->verdict)));
  append_member (out, ", ", "exit_code", verdict->exit_code);
  append_member (out, ", ", "nonce", call != NULL ? call->nonce : NULL);
  append_member (out, ", ", "payload_sha256", call != NULL ? call->payload_sha256 : NULL);
  append_member (out, ", ", "transport", call != NULL ? call->transport : NULL);
  g_string_append_printf (out, ", \"complete\": %s, \"redactions\": %u,\n       \"witnesses\": {", complete ? "true" : "false", redactions);
  for (guint i = 0; verdict->witnesses != NULL && i < verdict->witnesses->len; i++) {
    CrWitnessResult *witness = g_ptr_array_index (verdict->witnesses, i);

    append_member (out, i > 0 ? ", " : "", witness->id, cr_witness_state_to_string (witness->state));
  }
  g_string_append (out, "}}");
}

GBytes *
cr_statement_render (const CrEvidenceRun *run, CrPlan *plan, CrCaptureSet *captures, GPtrArray *verdicts, const CrDecision *decision,
                     GHashTable *digests)
{
  GString *out = g_string_new ("{\n  \"_type\": \"https://in-toto.io/Statement/v1\",\n  \"subject\": [");
  g_autofree char *t_cutover = cr_time_format_utc (run->t_cutover);
  g_autofree char *started = cr_time_format_utc (run->started);
  g_autofree char *ended = run->ended != 0 ? cr_time_format_utc (run->ended) : NULL;
  gboolean first = TRUE;
  gsize length;
  char *text;

  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    const char *digest = g_hash_table_lookup (digests, CR_EVIDENCE_FILES[i]);

    if (digest == NULL)
      continue;
    g_string_append (out, first ? "\n" : ",\n");
    append_member (out, "    {", "name", CR_EVIDENCE_FILES[i]);
    append_member (out, ", \"digest\": {", "sha256", digest);
    g_string_append (out, "}}");
    first = FALSE;
  }
  g_string_append (out, "\n  ],\n  \"predicateType\": \"https://cutoverrehearsal.github.io/attestation/rehearsal/v1\",\n  \"predicate\": {");
  append_member (out, "\n    ", "decision", cr_decision_kind_to_string (decision->kind));
  append_member (out, ",\n    ", "failure_classification", cr_classification_to_string (decision->classification));
  append_member (out, ",\n    ", "kind", run->practice ? "practice" : "live");
  append_member (out, ",\n    ", "run_id", run->run_id);
  append_member (out, ",\n    ", "t_cutover_utc", t_cutover);
  append_member (out, ",\n    ", "started_at_utc", started);
  append_member (out, ",\n    ", "ended_at_utc", ended);
  append_member (out, ",\n    ", "owner", run->owner);
  append_member (out, ",\n    ", "environment", run->environment);
  append_member (out, ",\n    ", "plan", plan->id);
  append_member (out, ",\n    ", "plan_sha256", run->plan_sha256);
  append_member (out, ",\n    ", "tool", "cutover-rehearsal");
  append_member (out, ",\n    ", "tool_version", run->version);
  g_string_append (out, ",\n    \"gates\": [\n");
  for (guint i = 0; i < plan->gates->len && i < verdicts->len; i++) {
    append_gate (out, g_ptr_array_index (plan->gates, i), g_ptr_array_index (verdicts, i), captures);
    g_string_append (out, i + 1 < plan->gates->len ? ",\n" : "\n");
  }
  g_string_append (out, "    ]\n  }\n}\n");
  length = out->len;
  text = g_string_free (out, FALSE);
  return g_bytes_new_take (text, length);
}
