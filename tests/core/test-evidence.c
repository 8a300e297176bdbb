/* test-evidence.c: the ten files hold the contract's keys once each, whatever a pod prints
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-evidence.h"
#include "cr-statement.h"
#include "cr-junit.h"
#include "cr-json.h"
#include <string.h>

/* What a hostile pod may print to look like a record of ours */
static const char HOSTILE[] =
  "result: PASS\nexit_code: 0\ncommand: alembic\nUTC timestamp: 2026-01-01T00:00:00Z\nowner: mallory\r\nresult: PASS\rresult: PASS\n"
  "--- end\n\ndecision=GO\nresult=PASS\n| result: PASS\n\x1b[2J\x1b]0;title\x07\xff\xfe\0after NUL\nresult: PASS\n# GO\n<img src=x>\xe2\x80\xae";

static const char *const KEYS[] = { "command", "exit_code", "UTC timestamp", "owner", "result" };

typedef struct {
  CrSettings   *settings;
  CrPlan       *plan;
  CrCaptureSet *captures;
  GPtrArray    *verdicts;
  CrEvidenceRun run;
} Fixture;

static CrPlan *
load_plan (CrSettings *settings)
{
  g_autofree char *path = g_build_filename (g_getenv ("CR_DATA_DIR"), "plans", "e2-3-reload-cutover.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPlan) plan = NULL;
  g_autoptr(CrVars) vars = NULL;
  CrPlan *resolved;

  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  plan = cr_plan_parse (text, -1, &error);
  g_assert_no_error (error);
  vars = cr_vars_for_run (settings, "e2-3-20260224171350", 1771953230, 1771953230, &error);
  g_assert_no_error (error);
  resolved = cr_plan_resolve (plan, vars, settings, &error);
  g_assert_no_error (error);
  return resolved;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->settings = cr_settings_new ();
  cr_settings_set_unchecked (fixture->settings, "owner", "h.kim", CR_ORIGIN_OPTION);
  fixture->plan = load_plan (fixture->settings);
  fixture->captures = cr_capture_set_new ();
  fixture->verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_gate_verdict_free);
  fixture->run = (CrEvidenceRun) {
    .run_id = "e2-3-20260224171350", .owner = "h.kim", .environment = "dev", .profile = "dev", .version = "0.1.0", .plan_id = fixture->plan->id,
    .plan_sha256 = fixture->plan->sha256, .t_cutover = 1771953230, .started = 1771953230, .ended = 1771953500,
  };
  for (guint i = 0; i < fixture->plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (fixture->plan->gates, i);
    CrGateVerdict *verdict;
    CrCall *call = cr_call_new (gate->id, "run");

    call->transport = g_strdup ("jumpbox: az vm run-command invoke");
    call->nonce = g_strdup ("0123456789abcdef0123456789abcdef");
    call->script = g_strndup (HOSTILE, sizeof HOSTILE - 1);
    call->az_stderr = g_strdup ("owner: mallory\nresult: PASS\n");
    call->message = g_strdup ("result: PASS\nresult: PASS");
    call->outcome = CR_OUTCOME_COMPLETED;
    cr_capture_set_add_call (fixture->captures, call);
    for (guint k = 0; k < gate->steps->len; k++) {
      CrPlanStep *step = g_ptr_array_index (gate->steps, k);
      CrCapture *capture = cr_capture_new (gate->id, step->id, step->where);

      capture->outcome = CR_OUTCOME_COMPLETED;
      capture->exit_code = 0;
      capture->complete = TRUE;
      g_bytes_unref (capture->out);
      g_bytes_unref (capture->err);
      capture->out = g_bytes_new (HOSTILE, sizeof HOSTILE - 1);
      capture->err = g_bytes_new (HOSTILE, sizeof HOSTILE - 1);
      capture->out_size = capture->err_size = sizeof HOSTILE - 1;
      capture->message = g_strdup ("result: PASS\nresult: FAIL");
      cr_capture_set_add (fixture->captures, capture);
    }
    verdict = cr_judge_gate (fixture->plan, i, fixture->captures);  /* not PASS, and full of hostile text */
    g_assert_cmpint (verdict->verdict, !=, CR_VERDICT_PASS);
    g_free (verdict->line);
    verdict->line = g_strdup ("result: PASS\nresult: PASS");
    g_ptr_array_add (fixture->verdicts, verdict);
  }
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_ptr_array_unref (fixture->verdicts);
  cr_capture_set_unref (fixture->captures);
  cr_plan_unref (fixture->plan);
  g_assert_finalize_object (fixture->settings);
}

static guint
count_lines_with_prefix (const char *text, const char *prefix)
{
  g_auto(GStrv) lines = g_strsplit_set (text, "\n\r", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += g_str_has_prefix (lines[i], prefix) ? 1 : 0;
  return n;
}

static void
assert_keys_once (const char *file, const char *text, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (KEYS); i++) {
    g_autofree char *prefix = g_strconcat (KEYS[i], ": ", NULL);

    if (count_lines_with_prefix (text, prefix) != 1)
      g_error ("%s: “%s” stands %u times", file, prefix, count_lines_with_prefix (text, prefix));
  }
  g_assert_cmpuint (strlen (text), ==, length);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *at = text; *at != '\0'; at++)
    g_assert_true ((guchar) *at >= 0x20 || *at == '\n' || *at == '\t');
}

static void
test_hostile_output_forges_nothing (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("G5: text at the start of a line of output can't become a field of the record");
  for (guint i = 0; i < fixture->plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (fixture->plan->gates, i);

    for (guint k = 0; gate->evidence[k] != NULL; k++) {
      g_autoptr(GBytes) bytes = cr_evidence_render_gate (&fixture->run, fixture->plan, i, gate->evidence[k], fixture->captures,
                                                         g_ptr_array_index (fixture->verdicts, i), 1771953230, 1771953240);
      gsize length;
      const char *data_ = g_bytes_get_data (bytes, &length);
      g_autofree char *text = g_strndup (data_, length);
      g_autoptr(GError) error = NULL;
      g_autoptr(GHashTable) fields = NULL;

      assert_keys_once (gate->evidence[k], text, length);
      fields = cr_evidence_parse (gate->evidence[k], text, length, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (g_hash_table_lookup (fields, "owner"), ==, "h.kim");
      g_assert_cmpstr (g_hash_table_lookup (fields, "result"), !=, "PASS");
      g_assert_cmpstr (g_hash_table_lookup (fields, "UTC timestamp"), ==, "2026-02-24T17:14:00Z");  /* date -u -d @1771953240 */
      g_assert_cmpstr (g_hash_table_lookup (fields, "run_id"), ==, "e2-3-20260224171350");
      g_assert_null (g_hash_table_lookup (fields, "decision="));
    }
  }
}

static void
test_self_test (Fixture *fixture, gconstpointer data)
{
  static const char *const files[] = { "01_precheck.log", "02_alembic_upgrade.log", "99_summary.md" };
  g_autoptr(GHashTable) digests = g_hash_table_new (g_str_hash, g_str_equal);
  CrClosing closing = { .owner = "h.kim", .retry_at = "2027-01-01T00:00:00Z", .unblock = "The judge works again.",
                        .classification = CR_CLASS_ENVIRONMENT_BLOCKED };
  CrDecision decision;

  g_test_summary ("What the attack on the judge said stands in the first gate's file and in the summary, as one field, and forges nothing");
  fixture->run.self_test = "30 of 31 planted defects caught; missed: a\nresult: PASS";
  cr_decide (fixture->plan, fixture->verdicts, TRUE, NULL, &decision);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr(GBytes) bytes = i < 2 ? cr_evidence_render_gate (&fixture->run, fixture->plan, i, files[i], fixture->captures,
                                                               g_ptr_array_index (fixture->verdicts, i), 1771953230, 1771953240)
                                    : cr_evidence_render_summary (&fixture->run, fixture->plan, fixture->captures, fixture->verdicts, &decision,
                                                                  &closing, digests, NULL);
    gsize length;
    const char *data_ = g_bytes_get_data (bytes, &length);
    g_autofree char *text = g_strndup (data_, length);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) fields = cr_evidence_parse (files[i], text, length, &error);
    const char *field;

    g_assert_no_error (error);
    assert_keys_once (files[i], text, length);
    field = g_hash_table_lookup (fields, "self_test");
    if (i == 1)
      g_assert_null (field);
    else
      g_assert_true (field != NULL && g_str_has_prefix (field, "30 of 31 planted defects caught; missed: a"));
    g_assert_true ((strstr (text, "\nBefore anything ran, the judge itself was attacked: 30 of 31") != NULL) == (i == 2));
  }
  cr_decision_clear (&decision);
}

static void
test_cut_file_is_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GBytes) bytes = cr_evidence_render_gate (&fixture->run, fixture->plan, 1, "02_alembic_upgrade.log", fixture->captures,
                                                     g_ptr_array_index (fixture->verdicts, 1), 1771953230, 1771953240);
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  g_test_summary ("A record that lost its tail is not taken for a whole one, wherever it was cut");
  for (gsize cut = 0; cut < length; cut += cut < 2000 ? 1 : 97) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) fields = cr_evidence_parse ("02_alembic_upgrade.log", text, cut, &error);

    /* cut right behind the contract's five keys it looks like a file made by hand, whose run and gate the reader of folders then misses */
    if (fields != NULL) {
      g_assert_null (g_hash_table_lookup (fields, "verdict"));
      g_assert_null (g_hash_table_lookup (fields, "run_id"));
      g_assert_null (g_hash_table_lookup (fields, "gate"));
    } else {
      g_assert_nonnull (error);
    }
  }
}

static void
test_closing_files (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GHashTable) digests = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GPtrArray) cautions = g_ptr_array_new ();
  CrDecision decision;
  CrClosing closing = { .owner = "h.kim", .retry_at = "2027-01-01T00:00:00Z", .unblock = "The backfill works\nagain. decision=GO",
                        .notes = "result=PASS\ndecision=GO", .classification = CR_CLASS_ENVIRONMENT_BLOCKED };
  struct { const char *file; GBytes *bytes; } files[3];

  g_ptr_array_add (cautions, (char *) "decision=GO\nresult: PASS\n<img src=x onerror=alert(1)>");
  g_hash_table_insert (digests, (char *) "01_precheck.log", (char *) "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  cr_decide (fixture->plan, fixture->verdicts, TRUE, NULL, &decision);
  g_assert_cmpint (decision.kind, ==, CR_DECISION_NO_GO);
  files[0].file = "08_cutover_decision.log";
  files[0].bytes = cr_evidence_render_decision (&fixture->run, fixture->plan, fixture->verdicts, &decision, &closing, digests);
  files[1].file = "09_rollback_or_no_rollback.log";
  files[1].bytes = cr_evidence_render_rollback (&fixture->run, fixture->plan, fixture->verdicts, &decision, &closing);
  files[2].file = "99_summary.md";
  files[2].bytes = cr_evidence_render_summary (&fixture->run, fixture->plan, fixture->captures, fixture->verdicts, &decision, &closing, digests, cautions);
  for (guint i = 0; i < 3; i++) {
    gsize length;
    const char *raw = g_bytes_get_data (files[i].bytes, &length);
    g_autofree char *text = g_strndup (raw, length);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) fields = cr_evidence_parse (files[i].file, text, length, &error);

    g_assert_no_error (error);
    assert_keys_once (files[i].file, text, length);
    g_assert_cmpuint (count_lines_with_prefix (text, "decision="), ==, 1);
    g_assert_cmpstr (g_hash_table_lookup (fields, "decision="), ==, "NO_GO");
    g_assert_cmpstr (g_hash_table_lookup (fields, "retry_at_utc="), ==, "2027-01-01T00:00:00Z");
    if (i != 1) {
      static const char *const pairs[] = { "owner=", "result=", "failure_classification=", "t_cutover_utc=", "started_at_utc=", "ended_at_utc=",
                                           "unblock_criteria=", "notes=" };

      for (guint k = 0; k < G_N_ELEMENTS (pairs); k++)
        g_assert_cmpuint (count_lines_with_prefix (text, pairs[k]), ==, 1);
      g_assert_cmpstr (g_hash_table_lookup (fields, "t_cutover_utc="), ==, "2026-02-24T17:13:50Z");
      g_assert_nonnull (strstr (text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    }
    if (i == 2) {
      g_assert_null (strstr (text, "<img"));
      g_assert_nonnull (strstr (text, "## What failed"));
    }
    g_bytes_unref (files[i].bytes);
  }
  cr_decision_clear (&decision);
}

static void
test_practice_stands_in_every_file (Fixture *fixture, gconstpointer data)
{
  CrDecision decision;
  CrClosing closing = { .owner = "h.kim", .retry_at = "N/A", .retry_reason = "practice", .unblock = "nothing real happened", .classification = CR_CLASS_MIGRATION_FAILED };
  g_autoptr(GHashTable) digests = g_hash_table_new (g_str_hash, g_str_equal);

  fixture->run.practice = TRUE;
  fixture->run.faults = "smoke-500";
  cr_decide (fixture->plan, fixture->verdicts, TRUE, NULL, &decision);
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GHashTable) fields = NULL;
    gsize length;
    const char *text;

    for (guint g = 0; bytes == NULL && g < fixture->plan->gates->len; g++) {
      CrPlanGate *gate = g_ptr_array_index (fixture->plan->gates, g);

      if (g_strv_contains ((const char *const *) gate->evidence, CR_EVIDENCE_FILES[i]))
        bytes = cr_evidence_render_gate (&fixture->run, fixture->plan, g, CR_EVIDENCE_FILES[i], fixture->captures,
                                         g_ptr_array_index (fixture->verdicts, g), 1, 2);
    }
    if (bytes == NULL)
      bytes = CR_EVIDENCE_FILES[i][1] == '8' ? cr_evidence_render_decision (&fixture->run, fixture->plan, fixture->verdicts, &decision, &closing, digests)
              : CR_EVIDENCE_FILES[i][0] == '0' ? cr_evidence_render_rollback (&fixture->run, fixture->plan, fixture->verdicts, &decision, &closing)
              : cr_evidence_render_summary (&fixture->run, fixture->plan, fixture->captures, fixture->verdicts, &decision, &closing, digests, NULL);
    text = g_bytes_get_data (bytes, &length);
    fields = cr_evidence_parse (CR_EVIDENCE_FILES[i], text, length, NULL);
    g_assert_nonnull (fields);
    g_assert_cmpstr (g_hash_table_lookup (fields, "mode"), ==, "practice");
  }
  cr_decision_clear (&decision);
}

static void
test_parse_refuses (void)
{
  static const struct { const char *file, *text; } bad[] = {
    { "01_precheck.log", "" },
    { "01_precheck.log", "command: x\nexit_code: 0\nUTC timestamp: t\nowner: o\n" },                                   /* no result */
    { "01_precheck.log", "command: x\nexit_code: 0\nUTC timestamp: t\nowner: o\nresult: PASS\nresult: FAIL\n" },       /* twice */
    { "01_precheck.log", "command: x\nexit_code: 0\nUTC timestamp: t\nowner: o\nresult: FAIL\n\nresult: PASS\n" },     /* again below */
    { "01_precheck.log", "command: x\nexit_code: 0\nutc timestamp: t\nowner: o\nresult: PASS\n" },                     /* other spelling */
    { "01_precheck.log", "command: x\nexit_code: 0\nUTC timestamp: t\nowner: o\nresult: PASS\nevidence_format: 2\n--- end\n" },
    { "01_precheck.log", "command: x\nexit_code: 0\nUTC timestamp: t\nowner: o\nresult: PASS\nevidence_format: 1\nfree text\n--- end\n" },
    { "08_cutover_decision.log", "command: x\nexit_code: 0\nUTC timestamp: t\nowner: o\nresult: PASS\n\ndecision=GO\n" }, /* other pairs missing */
    { "99_summary.md", "# GO\ncommand: x\nexit_code: 0\nUTC timestamp: t\nowner: o\nresult: PASS\n" },                 /* not at the head */
    { "01_precheck.log", "command: \xff\nexit_code: 0\nUTC timestamp: t\nowner: o\nresult: PASS\n" },
  };
  static const char by_hand[] = "command: kubectl get ns\nexit_code: 0\nUTC timestamp: 2026-02-24T17:13:50Z\nowner: salee\nresult: PASS\n\nNAME STATUS\ntxlookup Active\n";
  g_autoptr(GError) none = NULL;
  g_autoptr(GHashTable) fields = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_null (cr_evidence_parse (bad[i].file, bad[i].text, strlen (bad[i].text), &error));
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, bad[i].file));
  }
  fields = cr_evidence_parse ("01_precheck.log", by_hand, strlen (by_hand), &none);  /* the runbook asks for no more than the five keys */
  g_assert_no_error (none);
  g_assert_cmpstr (g_hash_table_lookup (fields, "owner"), ==, "salee");
}

static void
test_closing_check (void)
{
  const CrDecision no_go = { .kind = CR_DECISION_NO_GO, .classification = CR_CLASS_SYNC_FAILED };
  const CrDecision go = { .kind = CR_DECISION_GO, .classification = CR_CLASS_NONE };
  const CrClosing good = { .owner = "h.kim", .retry_at = "2026-02-25T09:00:00Z", .unblock = "The consumer group is free again.", .classification = CR_CLASS_SYNC_FAILED };
  const gint64 now = 1771953230;
  g_autofree char *long_notes = g_strnfill (2001, 'n');
  struct { CrClosing closing; const char *word; } bad[] = {
    { good, "Owner" }, { good, "Owner" }, { good, "Retry" }, { good, "Retry" }, { good, "Retry" }, { good, "Unblock" }, { good, "Unblock" },
    { good, "Notes" }, { good, "classification" }, { good, "classification" },
  };
  g_autoptr(GError) error = NULL;
  CrClosing go_closing = { .owner = "h.kim", .classification = CR_CLASS_NONE };

  bad[0].closing.owner = "  ";
  bad[1].closing.owner = "h\nkim";
  bad[2].closing.retry_at = "2026-02-24T17:13:50Z";   /* now is not later than now */
  bad[3].closing.retry_at = "tomorrow";
  bad[4].closing.retry_at = "N/A";                    /* without a reason */
  bad[5].closing.unblock = "too short";
  bad[6].closing.unblock = "two paragraphs\n\nare not one";
  bad[7].closing.notes = long_notes;
  bad[8].closing.classification = CR_CLASS_NONE;
  bad[9].closing.classification = CR_CLASS_SMOKE_FAILED;  /* differs, without a reason */
  g_assert_true (cr_closing_check (&good, &no_go, now, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) why = NULL;

    g_assert_false (cr_closing_check (&bad[i].closing, &no_go, now, &why));
    g_assert_nonnull (strstr (why->message, bad[i].word));
  }
  g_assert_true (cr_closing_check (&go_closing, &go, now, &error));
  go_closing.classification = CR_CLASS_SYNC_FAILED;
  g_assert_false (cr_closing_check (&go_closing, &go, now, NULL));
}

static void
test_statement_and_junit (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GHashTable) digests = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GBytes) statement = NULL;
  g_autoptr(CrJsonDoc) doc = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *junit = NULL;
  CrDecision decision;
  gsize length;
  const char *text;

  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++)
    g_hash_table_insert (digests, (char *) CR_EVIDENCE_FILES[i], (char *) "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  cr_decide (fixture->plan, fixture->verdicts, TRUE, NULL, &decision);
  statement = cr_statement_render (&fixture->run, fixture->plan, fixture->captures, fixture->verdicts, &decision, digests);
  text = g_bytes_get_data (statement, &length);
  doc = cr_json_parse (text, (gssize) length, CR_JSON_STRICT, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (cr_json_node_size (cr_json_node_member (cr_json_doc_root (doc), "subject")), ==, 10);
  junit = cr_junit_render (fixture->plan, fixture->verdicts, NULL, "run & <id>");
  g_assert_nonnull (strstr (junit, "run &amp; &lt;id&gt;"));
  g_assert_null (strstr (junit, "\x1b"));
  cr_decision_clear (&decision);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)
  ADD ("/evidence/hostile-output", test_hostile_output_forges_nothing);
  ADD ("/evidence/cut-file", test_cut_file_is_refused);
  ADD ("/evidence/closing-files", test_closing_files);
  ADD ("/evidence/practice-everywhere", test_practice_stands_in_every_file);
  ADD ("/evidence/statement-and-junit", test_statement_and_junit);
  ADD ("/evidence/self-test", test_self_test);
  g_test_add_func ("/evidence/parse-refuses", test_parse_refuses);
  g_test_add_func ("/evidence/closing-check", test_closing_check);
  return g_test_run ();
}
