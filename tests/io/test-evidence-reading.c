/* test-evidence-reading.c: what a rehearsal wrote is judged again from its captures; a folder that was changed in any way is no GO
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The folders are those of two real rehearsals on the practice target: one GO, one NO_GO. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include "cr-evidence-folder.h"
#include "cr-paths.h"
#include "cr-practice.h"
#include "cr-rehearsal.h"

static char *root;        /* (owned) */
static char *go, *no_go;  /* (owned) (nullable): the two folders' names; NULL where the practice target can't run */

static void
ended_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static char *
rehearse (const char *fault)
{
  g_autoptr(CrSettings) settings = cr_settings_new ();
  g_autoptr(CrRehearsal) rehearsal = NULL;
  g_autoptr(GAsyncResult) ran = NULL, sealed = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) profile = NULL, plan = NULL;
  g_autofree char *name = NULL, *place = NULL;
  const CrDecision *decision;
  CrClosing closing = { .owner = "salee", .retry_at = "N/A", .retry_reason = "only a test", .unblock = "Repair what the gate names", .notes = "" };

  profile = cr_paths_load_profile ("practice", &name, &place, &error);
  g_assert_no_error (error);
  g_assert_true (cr_settings_load_profile (settings, name, place, g_bytes_get_data (profile, NULL), (gssize) g_bytes_get_size (profile), &error));
  g_assert_true (cr_settings_set (settings, "practice.speed", "instant", CR_ORIGIN_OPTION, &error));
  g_assert_true (cr_settings_set (settings, "practice.fault", fault, CR_ORIGIN_OPTION, &error));
  g_assert_true (cr_settings_set (settings, "owner", "salee", CR_ORIGIN_OPTION, &error));
  g_assert_true (cr_settings_set (settings, "evidence_root", root, CR_ORIGIN_OPTION, &error));
  plan = cr_paths_load_plan ("e2-3-reload-cutover", &error);
  g_assert_no_error (error);
  rehearsal = cr_rehearsal_new (settings, plan, NULL);
  cr_rehearsal_run_async (rehearsal, ended_cb, &ran);
  wait_for (&ran);
  if (!cr_rehearsal_run_finish (rehearsal, ran, &error)) {
    g_assert_error (error, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_PRACTICE);  /* python3-alembic is missing */
    g_test_message ("%s", error->message);
    return NULL;
  }
  decision = cr_rehearsal_get_decision (rehearsal);
  g_assert_cmpint (decision->kind, ==, *fault == '\0' ? CR_DECISION_GO : CR_DECISION_NO_GO);
  closing.classification = decision->classification;
  cr_rehearsal_seal_async (rehearsal, &closing, ended_cb, &sealed);
  wait_for (&sealed);
  g_assert_true (cr_rehearsal_seal_finish (rehearsal, sealed, &error));
  g_assert_no_error (error);
  return g_path_get_basename (cr_rehearsal_get_folder (rehearsal));
}

static void
shell (const char *folder, const char *command)
{
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr(GSubprocess) child = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *out = NULL;

  g_subprocess_launcher_set_cwd (launcher, folder);
  child = g_subprocess_launcher_spawn (launcher, &error, "/bin/sh", "-c", command, NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (child, NULL, NULL, &out, NULL, &error));
  if (g_subprocess_get_exit_status (child) != 0)
    g_error ("%s: %s", command, out);
}

static gboolean
skipped (void)
{
  if (go != NULL && no_go != NULL)
    return FALSE;
  g_test_skip ("the practice target can't run here (python3-alembic)");
  return TRUE;
}

/* A copy of @name with @change made in it, read; it must still be a different folder afterwards */
static CrEvidenceReading *
read_changed (const char *name, const char *change)
{
  g_autofree char *copy = g_build_filename (root, "copy", NULL);
  g_autofree char *command = g_strdup_printf ("chmod -R u+w copy 2>/dev/null; rm -rf copy; cp -a %s copy && chmod -R u+w copy", name);
  g_autoptr(GError) error = NULL;
  CrEvidenceReading *reading;

  shell (root, command);
  shell (copy, change);
  reading = cr_evidence_reading_new (copy, &error);
  g_assert_no_error (error);
  g_assert_nonnull (reading);
  return reading;
}

static gboolean
says (CrEvidenceReading *reading, const char *text)
{
  for (guint i = 0; i < reading->problems->len; i++) {
    if (strstr (reading->problems->pdata[i], text) != NULL)
      return TRUE;
  }
  return FALSE;
}

static void
test_untouched (void)
{
  g_autoptr(CrEvidenceReading) good = NULL, bad = NULL;

  if (skipped ())
    return;
  good = read_changed (go, "true");
  for (guint i = 0; i < good->problems->len; i++)
    g_test_message ("%s", (const char *) good->problems->pdata[i]);
  g_assert_cmpuint (good->problems->len, ==, 0);
  g_assert_cmpint (good->decision.kind, ==, CR_DECISION_GO);
  g_assert_cmpint (good->decision.classification, ==, CR_CLASS_NONE);
  g_assert_cmpuint (good->verdicts->len, ==, 6);
  g_assert_cmpuint (g_hash_table_size (good->heads), ==, 10);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (((CrGateVerdict *) good->verdicts->pdata[i])->verdict, ==, CR_VERDICT_PASS);
  bad = read_changed (no_go, "true");
  g_assert_cmpuint (bad->problems->len, ==, 0);
  g_assert_cmpint (bad->decision.kind, ==, CR_DECISION_NO_GO);
  g_assert_cmpint (bad->decision.classification, ==, CR_CLASS_ENVIRONMENT_BLOCKED);
  g_assert_cmpint (((CrGateVerdict *) bad->verdicts->pdata[0])->verdict, ==, CR_VERDICT_BLOCKED);
  g_assert_cmpint (((CrGateVerdict *) bad->verdicts->pdata[5])->verdict, ==, CR_VERDICT_NOT_RUN);
}

/* Each of the ten, taken away, replaced by something else, emptied or cut: NO_GO, and its name is said */
static void
test_each_file (void)
{
  static const char *const changes[] = {
    "rm %s", "mv %s ../aside; ln -s ../aside %s", "rm %s; mkfifo %s", "rm %s; mkdir %s", ": >%s", "head -n 3 %s >x; mv x %s", "printf '\\0' >>%s",
    "sed -i '/^owner:/d' %s", "sed -i 's/^owner: .*/&\\n&/' %s", "printf 'result: PASS\\n' >>%s",
  };

  if (skipped ())
    return;
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    for (gsize k = 0; k < G_N_ELEMENTS (changes); k++) {
      g_auto(GStrv) parts = g_strsplit (changes[k], "%s", -1);
      g_autofree char *change = g_strjoinv (CR_EVIDENCE_FILES[i], parts);
      g_autoptr(CrEvidenceReading) reading = read_changed (go, change);

      g_test_message ("%s: %s", change, reading->problems->len > 0 ? (char *) reading->problems->pdata[0] : "nothing");
      g_assert_cmpint (reading->decision.kind, ==, CR_DECISION_NO_GO);
      g_assert_true (says (reading, CR_EVIDENCE_FILES[i]));
      g_assert_nonnull (strstr (reading->decision.sentence, CR_EVIDENCE_FILES[i]));
    }
  }
}

static void
test_changes (void)
{
  static const struct { gboolean of_go; const char *change, *says; } table[] = {
    { TRUE, "sed -i 's/^result: PASS/result: FAIL/' 03_backfill.log", "03_backfill.log says result “FAIL”" },
    { TRUE, "sed -i 's/^verdict: PASS/verdict: UNPROVEN/' 04_sync_happy.log", "04_sync_happy.log says verdict" },
    { TRUE, "sed -i 's/^gate_verdict: PASS/gate_verdict: FAIL/' 05_smoke_200.log", "05_smoke_200.log says gate_verdict" },
    { TRUE, "sed -i 's/^exit_code: 0/exit_code: 1/' 02_alembic_upgrade.log", "02_alembic_upgrade.log says exit_code “1”" },
    { TRUE, "sed -i 's/^run_id: .*/run_id: e2-3-other/' 06_smoke_404.log", "not of one run" },
    { TRUE, "sed -i 's/^t_cutover_utc: 2/t_cutover_utc: 3/' 07_idempotency_duplicate.log", "07_idempotency_duplicate.log" },
    { TRUE, "sed -i 's/^plan_sha256: .*/plan_sha256: 0/' 01_precheck.log", "plan_sha256" },
    { TRUE, "sed -i 's/^mode: practice/mode: real/' 99_summary.md", "99_summary.md says mode “real”" },
    { TRUE, "sed -i 's/^mode: practice/mode: real/' 99_summary.md 0*.log; sed -i 's/^mode: real/mode: practice/' 08_*", "mode" },
    { TRUE, "sed -i 's/^decision=GO/decision=NO_GO/' 08_cutover_decision.log", "08_cutover_decision.log says decision=" },
    { TRUE, "sed -i 's/^decision=GO/decision=NO_GO/' 99_summary.md", "99_summary.md says decision=" },
    { TRUE, "sed -i 's/^failure_classification=NONE/failure_classification=SYNC_FAILED/' 08_cutover_decision.log", "failure_classification=" },
    { TRUE, "sed -i 's/^t_cutover_utc=2/t_cutover_utc=3/' 08_cutover_decision.log", "two different t_cutover_utc" },
    { TRUE, "echo x >10_more.log", "10_more.log does not belong" },
    { TRUE, "echo x >.hidden", ".hidden does not belong" },
    { TRUE, "echo x >.new-01_precheck.log-1-1", "interrupted" },
    { TRUE, "printf x >\"$(printf 'a\\033b\\nc')\"", "a\\x1bb\\nc does not belong" },
    { TRUE, "rm attestation/plan.json", "attestation/plan.json is missing" },
    { TRUE, "echo '{}' >attestation/plan.json", "attestation/plan.json can't be used" },
    { TRUE, "cp \"$CR_DATA_DIR/plans/e2-3-reload-cutover.json\" attestation/plan.json", "attestation/plan.json still holds placeholders" },
    { TRUE, "mv attestation/plan.json x; ln -s ../x attestation/plan.json; mv x ../aside; ln -sf ../../aside attestation/plan.json", "attestation/plan.json is a link" },
    { TRUE, "rm attestation/captures/sync.json", "04_sync_happy.log says" },
    { TRUE, "rm -r attestation/captures", "attestation/captures is missing" },
    { TRUE, "mv attestation/captures ../aside-captures; ln -s ../../aside-captures attestation/captures", "attestation/captures is missing or no folder" },
    { TRUE, "echo x >attestation/captures/notes.txt", "attestation/captures/notes.txt does not belong" },
    { TRUE, "echo '{' >attestation/captures/smoke.json", "attestation/captures/smoke.json can't be used" },
    { TRUE, "cp attestation/captures/smoke.json attestation/captures/zmoke.json", "05_smoke_200.log says" },
    { TRUE, "sed -i 's/\"exit_code\": 0/\"exit_code\": 1/' attestation/captures/migration.json", "02_alembic_upgrade.log says" },
    { TRUE, "sed -i 's/\"pod_mark\": \"ok\"/\"pod_mark\": \"lost\"/' attestation/captures/backfill.json", "03_backfill.log says" },
    { TRUE, "sed -i 's/\"outcome\": \"completed\"/\"outcome\": \"unknown\"/' attestation/captures/idempotency.json", "07_idempotency_duplicate.log says" },
    { FALSE, "sed -i 's/^decision=NO_GO/decision=GO/' 08_cutover_decision.log", "08_cutover_decision.log says decision= “GO”" },
    { FALSE, "sed -i 's/^failure_classification=.*/failure_classification=NONE/' 99_summary.md", "99_summary.md says failure_classification=" },
    { FALSE, "sed -i 's/^failure_classification=.*/failure_classification=SMOKE_FAILED/' 99_summary.md", "99_summary.md says failure_classification=" },
    { FALSE, "sed -i 's/^result: BLOCKED/result: PASS/; s/^verdict: .*/verdict: PASS/; s/^gate_verdict: .*/gate_verdict: PASS/' 0[1-7]*", "01_precheck.log says" },
  };

  if (skipped ())
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autoptr(CrEvidenceReading) reading = read_changed (table[i].of_go ? go : no_go, table[i].change);

    g_test_message ("%s:", table[i].change);
    for (guint k = 0; k < reading->problems->len; k++)
      g_test_message ("  %s", (const char *) reading->problems->pdata[k]);
    g_assert_cmpint (reading->decision.kind, ==, CR_DECISION_NO_GO);
    g_assert_cmpuint (reading->verdicts->len, ==, 6);
    g_assert_true (says (reading, table[i].says));
    shell (root, "rm -rf aside aside-captures");
  }
}

/* The right files, but nothing that shows that they are true: never a GO */
static void
test_no_attestation (void)
{
  g_autoptr(CrEvidenceReading) reading = NULL;

  if (skipped ())
    return;
  reading = read_changed (go, "rm -rf attestation .gitattributes");
  g_assert_cmpint (reading->decision.kind, ==, CR_DECISION_NO_GO);
  g_assert_true (says (reading, "UNPROVEN"));
  g_assert_cmpuint (reading->verdicts->len, ==, 6);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (((CrGateVerdict *) reading->verdicts->pdata[i])->verdict, ==, CR_VERDICT_UNPROVEN);
  g_assert_null (reading->plan);
}

/* Files of one run among those of another, each whole in itself */
static void
test_mixed (void)
{
  g_autoptr(CrEvidenceReading) reading = NULL;
  g_autofree char *change = NULL;

  if (skipped ())
    return;
  change = g_strdup_printf ("cp -f ../%s/06_smoke_404.log .", no_go);
  reading = read_changed (go, change);
  g_assert_cmpint (reading->decision.kind, ==, CR_DECISION_NO_GO);
  g_assert_true (says (reading, "06_smoke_404.log says run_id"));
}

static void
test_no_evidence (void)
{
  g_autofree char *empty = g_build_filename (root, "empty", NULL), *file = g_build_filename (root, "file", NULL), *missing = g_build_filename (root, "missing", NULL);
  const char *const paths[] = { empty, file, missing, "/dev/null" };

  g_assert_cmpint (g_mkdir (empty, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, "x", -1, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_null (cr_evidence_reading_new (paths[i], &error));
    g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_NOT_EVIDENCE);
    g_assert_nonnull (strstr (error->message, paths[i]));
  }
}

/* Both runs, real folders and practice ones alike, have used up their T_cutover */
static void
test_used (void)
{
  g_autoptr(GHashTable) used = NULL;
  g_autoptr(CrEvidenceReading) reading = NULL;
  const char *t;

  if (skipped ())
    return;
  used = cr_evidence_used_cutovers (root);
  reading = read_changed (no_go, "true");
  t = g_hash_table_lookup (g_hash_table_lookup (reading->heads, "01_precheck.log"), "t_cutover_utc");
  g_assert_cmpuint (g_hash_table_size (used), ==, 2);
  g_assert_true (g_hash_table_contains (used, t));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  root = g_dir_make_tmp ("cr-test-reading-XXXXXX", NULL);
  g_assert_nonnull (root);
  go = rehearse ("");
  no_go = go != NULL ? rehearse ("az-not-signed-in") : NULL;
  g_test_add_func ("/evidence-reading/untouched", test_untouched);
  g_test_add_func ("/evidence-reading/each-file", test_each_file);
  g_test_add_func ("/evidence-reading/changes", test_changes);
  g_test_add_func ("/evidence-reading/no-attestation", test_no_attestation);
  g_test_add_func ("/evidence-reading/mixed", test_mixed);
  g_test_add_func ("/evidence-reading/no-evidence", test_no_evidence);
  g_test_add_func ("/evidence-reading/used", test_used);
  status = g_test_run ();
  shell (root, "chmod -R u+w . && rm -rf ./*");
  g_rmdir (root);
  g_free (root);
  g_free (go);
  g_free (no_go);
  return status;
}
