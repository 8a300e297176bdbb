/* test-vars.c: placeholders, and the derived values against what the runbook's own Python and shell make of the same inputs
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-vars.h"
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

/* The text of the runbook between two marks */
static char *
cut_out (const char *from, const char *to)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "runbook.md", NULL);
  g_autofree char *runbook = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) before = NULL;
  g_auto(GStrv) after = NULL;

  g_file_get_contents (path, &runbook, NULL, &error);
  g_assert_no_error (error);
  before = g_strsplit (runbook, from, 2);
  g_assert_cmpuint (g_strv_length (before), ==, 2);
  after = g_strsplit (before[1], to, 2);
  g_assert_cmpuint (g_strv_length (after), ==, 2);
  return g_strdup (after[0]);
}

static char *
run (const char *program, const char *option, const char *script, const char *run_id, const char *t_cutover)
{
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr(GSubprocess) child = NULL;
  g_autoptr(GError) error = NULL;
  char *out = NULL;

  g_subprocess_launcher_setenv (launcher, "RUN_ID", run_id, TRUE);
  g_subprocess_launcher_setenv (launcher, "T_cutover", t_cutover, TRUE);
  child = g_subprocess_launcher_spawn (launcher, &error, program, option, script, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (child, NULL, NULL, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (child));
  return out;
}

static CrVars *
make_vars (CrSettings *settings, const char *run_id, const char *t_cutover)
{
  g_autoptr(GError) error = NULL;
  gint64 seconds;
  CrVars *vars;

  g_assert_true (cr_time_parse_utc (t_cutover, &seconds, NULL));
  vars = cr_vars_for_run (settings, run_id, 1771953230, seconds, &error);
  g_assert_no_error (error);
  return vars;
}

/* Section 5.1 writes two files and prints their names; ours are the same, byte for byte */
static void
test_rows (void)
{
  static const char *const times[] = { "2026-02-24T17:13:50Z", "2026-03-01T00:30:00Z", "2028-02-29T00:00:00Z", "2038-01-19T03:14:08Z",
                                       "1970-01-01T00:00:00Z" };
  g_autofree char *script = cut_out (".venv/bin/python - <<'PY'\n", "\nPY\n");
  g_autoptr(CrSettings) settings = cr_settings_new ();

  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autofree char *run_id = g_strdup_printf ("e2-3-test_%08x-%u", g_test_rand_int (), i);
    g_autoptr(CrVars) vars = make_vars (settings, run_id, times[i]);
    g_autofree char *printed = run ("/usr/bin/python3", "-c", script, run_id, times[i]);
    g_autofree char *ledger = NULL;
    g_autofree char *payment = NULL;
    g_autofree char *expected = g_strdup_printf ("{\"ledger_file\": \"%s\", \"payment_file\": \"%s\", \"order_id\": \"%s\", "
                                                 "\"payment_tx_id\": \"%s\"}\n",
                                                 cr_vars_get (vars, "LEDGER_FILE"), cr_vars_get (vars, "PAYMENT_FILE"),
                                                 cr_vars_get (vars, "BACKFILL_ORDER_ID"), cr_vars_get (vars, "BACKFILL_TX_ID"));
    g_autoptr(GError) error = NULL;

    g_assert_cmpstr (printed, ==, expected);
    g_file_get_contents (cr_vars_get (vars, "LEDGER_FILE"), &ledger, NULL, &error);
    g_assert_no_error (error);
    g_file_get_contents (cr_vars_get (vars, "PAYMENT_FILE"), &payment, NULL, &error);
    g_assert_no_error (error);
    g_unlink (cr_vars_get (vars, "LEDGER_FILE"));
    g_unlink (cr_vars_get (vars, "PAYMENT_FILE"));
    g_assert_cmpstr (cr_vars_get (vars, "LEDGER_JSONL"), ==, ledger);
    g_assert_cmpstr (cr_vars_get (vars, "PAYMENT_JSONL"), ==, payment);
    g_assert_nonnull (strstr (ledger, cr_vars_get (vars, "BACKFILL_RECEIVE_TX_ID")));
    g_assert_nonnull (strstr (ledger, cr_vars_get (vars, "BACKFILL_EVENT_TIME")));
  }
}

/* What Python makes of the same six places around the cut line; only where the setting is on, and behind the runbook's rows */
static void
test_fence_posts (void)
{
  static const char script[] =
    "import datetime, json, os\n"
    "run, cut = os.environ['RUN_ID'], datetime.datetime.fromisoformat(os.environ['T_cutover'].replace('Z', '+00:00'))\n"
    "for letter, off in zip('abcdef', (-86401, -86400, -1, -0.5, 0, 1)):\n"
    "    at = (cut + datetime.timedelta(seconds=off)).isoformat().replace('+00:00', 'Z')\n"
    "    print(json.dumps({'tx_id': 'tx-fp-%s-%s' % (letter, run), 'wallet_id': 'wallet-fp', 'entry_type': 'PAYMENT', 'amount': '100.00',\n"
    "                      'amount_signed': '-100.00', 'related_id': 'po-fp-%s-%s' % (letter, run), 'related_type': 'PAYMENT_ORDER',\n"
    "                      'event_time': at, 'created_at': at, 'updated_at': at, 'version': 1}))\n";
  static const char *const times[] = { "2026-02-24T17:13:50Z", "2026-03-01T00:00:00Z", "2028-03-01T00:00:00Z" };
  g_autoptr(CrSettings) off = cr_settings_new ();
  g_autoptr(CrSettings) on = cr_settings_new ();
  g_autoptr(GError) error = NULL;

  cr_settings_set (on, "fence_posts", "true", CR_ORIGIN_EDITED, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autoptr(CrVars) plain = make_vars (off, "r-1", times[i]);
    g_autoptr(CrVars) vars = make_vars (on, "r-1", times[i]);
    g_autofree char *rows = run ("/usr/bin/python3", "-c", script, "r-1", times[i]);
    g_autofree char *expected = g_strconcat (cr_vars_get (plain, "LEDGER_JSONL"), rows, NULL);

    g_assert_cmpstr (cr_vars_get (vars, "LEDGER_JSONL"), ==, expected);
    g_assert_cmpstr (cr_vars_get (vars, "PAYMENT_JSONL"), ==, cr_vars_get (plain, "PAYMENT_JSONL"));
    g_assert_cmpstr (cr_vars_get (vars, "FENCE_POSTS"), ==, "true");
    g_assert_cmpstr (cr_vars_get (plain, "FENCE_POSTS"), ==, "");
    g_assert_cmpstr (cr_vars_get (vars, "FENCE_IDS"), ==, "tx-fp-a-r-1 tx-fp-b-r-1 tx-fp-c-r-1 tx-fp-d-r-1 tx-fp-e-r-1 tx-fp-f-r-1");
  }
  {
    g_autoptr(CrVars) vars = make_vars (on, "r", "2026-03-01T00:00:00Z");
    g_assert_cmpstr (cr_vars_get (vars, "FENCE_TIMES"), ==, "2026-02-27T23:59:59Z 2026-02-28T00:00:00Z 2026-02-28T23:59:59Z "
                     "2026-02-28T23:59:59.500000Z 2026-03-01T00:00:00Z 2026-03-01T00:00:01Z");
  }
}

/* Section 4 derives the ranges with GNU date */
static void
test_ranges (void)
{
  static const char *const times[] = { "2026-02-24T17:13:50Z", "2026-03-01T00:00:00Z", "2024-03-01T00:00:00Z", "2027-01-01T00:00:00Z",
                                       "2038-01-19T03:14:08Z" };
  g_autofree char *lines = cut_out ("T_cutover=$(date -u +%Y-%m-%dT%H:%M:%SZ)\n", "```");
  g_autofree char *script = g_strconcat (lines, "\nprintf '%s %s %s' \"$BACKFILL_SINCE\" \"$BACKFILL_UNTIL\" \"$SYNC_SINCE\"", NULL);
  g_autoptr(CrSettings) settings = cr_settings_new ();

  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autoptr(CrVars) vars = make_vars (settings, "r", times[i]);
    g_autofree char *ours = g_strdup_printf ("%s %s %s", cr_vars_get (vars, "BACKFILL_SINCE"), cr_vars_get (vars, "BACKFILL_UNTIL"),
                                             cr_vars_get (vars, "SYNC_SINCE"));
    g_autofree char *theirs = run ("/bin/bash", "-ceu", script, "r", times[i]);

    g_assert_cmpstr (ours, ==, theirs);
    g_assert_cmpstr (cr_vars_get (vars, "T_CUTOVER"), ==, times[i]);
  }
}

static void
test_names (void)
{
  static const char *const expected[][2] = {  /* design: section 2; the publisher's ids: sync-publish-happy */
    { "RUN_ID", "s1" }, { "SYNC_TX_ID", "tx-pay-s1" }, { "SYNC_ORDER_ID", "po-s1" }, { "SYNC_RECEIVE_TX_ID", "tx-rec-s1" },
    { "MISSING_TX_ID", "tx-missing-s1" }, { "RUN_FOLDER", "20260224_171350_e2_3_reload_cutover_rehearsal_practice" },
    { "WINDOW_START", "2026-02-24T17:08:50Z" }, { "WINDOW_END", "2026-02-24T17:18:50Z" }, { "BACKFILL_EVENT_TIME", "2026-02-24T16:13:50Z" },
    { "JUMPBOX_RESOURCE_GROUP", "2dt-final-team4" }, { "NAMESPACE", "txlookup" }, { "CLOCK_LIMIT", "30" },
    { "SUBSCRIPTION", "" }, { "API_URL", "" }, { "TOKEN_COMMAND", "" },
  };
  g_autoptr(CrSettings) settings = cr_settings_new ();
  g_autoptr(CrVars) vars = NULL;
  g_autoptr(CrVars) other = NULL;
  g_autoptr(GError) error = NULL;

  cr_settings_set (settings, "mode", "practice", CR_ORIGIN_EDITED, NULL);
  vars = make_vars (settings, "s1", "2026-02-24T17:13:50Z");
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (cr_vars_get (vars, expected[i][0]), ==, expected[i][1]);
  g_assert_cmpstr (cr_vars_get_origin (vars, "NAMESPACE"), ==, "runbook default");
  g_assert_cmpstr (cr_vars_get_origin (vars, "SYNC_TX_ID"), ==, "derived");
  g_assert_cmpstr (cr_vars_get_origin (vars, "T_CUTOVER"), ==, "clock");
  g_assert_null (cr_vars_get (vars, "NOPE"));
  g_assert_null (cr_vars_get_origin (vars, "NOPE"));

  cr_settings_set (settings, "jumpbox_resource_group", "hub", CR_ORIGIN_OPTION, NULL);
  cr_settings_set (settings, "mode", "real", CR_ORIGIN_OPTION, NULL);
  other = make_vars (settings, "s1", "2026-02-24T17:13:50Z");
  g_assert_cmpstr (cr_vars_get (other, "JUMPBOX_RESOURCE_GROUP"), ==, "hub");
  g_assert_cmpstr (cr_vars_get_origin (other, "JUMPBOX_RESOURCE_GROUP"), ==, "option");
  g_assert_cmpstr (cr_vars_get (other, "RUN_FOLDER"), ==, "20260224_171350_e2_3_reload_cutover_rehearsal");
  g_assert_null (cr_vars_for_run (settings, "a\"b", 0, 0, &error));
  g_assert_error (error, CR_TIME_ERROR, CR_TIME_ERROR_FORM);
}

static void
test_expand (void)
{
  static const struct { const char *text, *result; int code; } cases[] = {
    { "", "", 0 }, { "plain {text}", "plain {text}", 0 }, { "${A}", "1", 0 }, { "x${A}y${B_2}z", "x1y${A} $$ $(id)z", 0 },
    { "${A}${A}", "11", 0 }, { "$$", "$", 0 }, { "$${A}", "${A}", 0 }, { "$$$${A}", "$${A}", 0 }, { "$$${A}", "$1", 0 },
    { "[${EMPTY}]", "[]", 0 }, { "${program:one-2}", "echo \"$@\" ${A}", 0 }, { "§${A}§", "§1§", 0 },
    { "$", NULL, CR_VARS_ERROR_SYNTAX }, { "a$b", NULL, CR_VARS_ERROR_SYNTAX }, { "$A", NULL, CR_VARS_ERROR_SYNTAX },
    { "$(id)", NULL, CR_VARS_ERROR_SYNTAX }, { "${}", NULL, CR_VARS_ERROR_SYNTAX }, { "${A", NULL, CR_VARS_ERROR_SYNTAX },
    { "${a}", NULL, CR_VARS_ERROR_SYNTAX }, { "${ A}", NULL, CR_VARS_ERROR_SYNTAX }, { "${A }", NULL, CR_VARS_ERROR_SYNTAX },
    { "${A:-x}", NULL, CR_VARS_ERROR_SYNTAX }, { "${A.B}", NULL, CR_VARS_ERROR_SYNTAX }, { "${2}", NULL, CR_VARS_ERROR_SYNTAX },
    { "${program:}", NULL, CR_VARS_ERROR_SYNTAX }, { "${program:A}", NULL, CR_VARS_ERROR_SYNTAX }, { "${prog:a}", NULL, CR_VARS_ERROR_SYNTAX },
    { "$$$", NULL, CR_VARS_ERROR_SYNTAX }, { "${A}$", NULL, CR_VARS_ERROR_SYNTAX }, { "${\xc3\x84}", NULL, CR_VARS_ERROR_SYNTAX },
    { "${NOPE}", NULL, CR_VARS_ERROR_UNSET }, { "${A}${NOPE}", NULL, CR_VARS_ERROR_UNSET }, { "${program:nope}", NULL, CR_VARS_ERROR_UNSET },
  };
  g_autoptr(CrVars) vars = cr_vars_new ();
  GList *names;

  cr_vars_set (vars, "A", "old", "test");
  cr_vars_set (vars, "A", "1", "test");
  cr_vars_set (vars, "B_2", "${A} $$ $(id)", "test");
  cr_vars_set (vars, "EMPTY", "", "test");
  cr_vars_set (vars, "UNUSED", "x", "test");
  cr_vars_set (vars, "program:one-2", "echo \"$@\" ${A}", "test");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *result = cr_vars_expand (vars, cases[i].text, "gates[2].steps[1].argv[5]", &error);

    g_assert_cmpstr (result, ==, cases[i].result);
    if (cases[i].result == NULL) {
      g_assert_error (error, CR_VARS_ERROR, cases[i].code);
      g_assert_true (g_str_has_prefix (error->message, "gates[2].steps[1].argv[5]: "));
    } else {
      g_assert_no_error (error);
    }
  }
  g_assert_true (cr_vars_was_used (vars, "A") && cr_vars_was_used (vars, "EMPTY"));
  g_assert_false (cr_vars_was_used (vars, "UNUSED") || cr_vars_was_used (vars, "NOPE"));
  names = cr_vars_names (vars);
  g_assert_cmpuint (g_list_length (names), ==, 5);
  g_assert_cmpstr (names->data, ==, "A");
  g_assert_cmpstr (g_list_last (names)->data, ==, "program:one-2");
  g_list_free (names);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vars/rows", test_rows);
  g_test_add_func ("/vars/fence-posts", test_fence_posts);
  g_test_add_func ("/vars/ranges", test_ranges);
  g_test_add_func ("/vars/names", test_names);
  g_test_add_func ("/vars/expand", test_expand);
  return g_test_run ();
}
