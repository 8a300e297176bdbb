/* test-time.c: strict UTC, instants, HTTP dates and the cut line against Python's datetime; run in TZ=Asia/Seoul
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-time.h"
#include "cr-types.h"
#include <gio/gio.h>
#include <string.h>

/* The lines of time-table.py of one kind, each split in three */
static GPtrArray *
read_table (const char *kind)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "core", "time-table.py", NULL);
  const char *argv[] = { "/usr/bin/python3", "-I", script, NULL };
  g_autofree char *out = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) lines = NULL;
  GPtrArray *table = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  int status;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  lines = g_strsplit (out, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    char **parts = g_strsplit (lines[i], "\t", -1);
    if (g_strv_length (parts) == 3 && g_str_equal (parts[0], kind))
      g_ptr_array_add (table, parts);
    else
      g_strfreev (parts);
  }
  return table;
}

static void
test_parse (gconstpointer data)
{
  const char *kind = data;
  g_autoptr(GPtrArray) table = read_table (kind);
  guint good = 0, bad = 0;

  g_assert_cmpuint (table->len, >, 300);
  for (guint i = 0; i < table->len; i++) {
    char **line = table->pdata[i];
    g_autoptr(GError) error = NULL;
    gint64 value = 42;
    gboolean ok = g_str_equal (kind, "utc") ? cr_time_parse_utc (line[1], &value, &error)
                  : g_str_equal (kind, "instant") ? cr_instant_parse (line[1], &value, &error)
                  : cr_http_date_parse (line[1], &value, &error);

    if (g_str_equal (line[2], "-")) {
      if (ok)
        g_error ("%s: \"%s\" was taken", kind, line[1]);
      g_assert_true (error->domain == CR_TIME_ERROR);
      g_assert_cmpint (value, ==, 42);
      bad++;
    } else {
      if (!ok || value != g_ascii_strtoll (line[2], NULL, 10))
        g_error ("%s: \"%s\" gave %" G_GINT64_FORMAT " (%s), expected %s", kind, line[1], value, ok ? "taken" : error->message, line[2]);
      good++;
    }
  }
  g_test_message ("%u taken, %u refused", good, bad);
  g_assert_cmpuint (good, >, 100);
  g_assert_cmpuint (bad, >, 5);
}

static void
test_format (void)
{
  g_autoptr(GPtrArray) times = read_table ("utc");
  g_autoptr(GPtrArray) stamps = read_table ("stamp");

  for (guint i = 0; i < times->len; i++) {
    char **line = times->pdata[i];
    if (!g_str_equal (line[2], "-")) {
      g_autofree char *text = cr_time_format_utc (g_ascii_strtoll (line[2], NULL, 10));
      g_assert_cmpstr (text, ==, line[1]);
    }
  }
  g_assert_cmpuint (stamps->len, >, 100);
  for (guint i = 0; i < stamps->len; i++) {
    char **line = stamps->pdata[i];
    gint64 seconds = g_ascii_strtoll (line[2], NULL, 10);
    g_autofree char *with = cr_time_format_stamp (seconds, TRUE);
    g_autofree char *without = cr_time_format_stamp (seconds, FALSE);
    g_autofree char *run_id = cr_run_id_new (seconds);
    g_autofree char *folder = cr_run_folder_name (seconds, FALSE);
    g_autofree char *practice = cr_run_folder_name (seconds, TRUE);
    g_auto(GStrv) halves = g_strsplit (line[1], "_", 2);

    g_assert_cmpstr (with, ==, line[1]);
    g_assert_true (g_str_has_prefix (without, halves[0]) && g_str_has_suffix (without, halves[1]));
    g_assert_cmpuint (strlen (without), ==, 14);
    g_assert_true (g_str_has_prefix (run_id, "e2-3-"));
    g_assert_cmpstr (run_id + 5, ==, without);
    g_assert_true (cr_run_id_check (run_id, NULL));
    g_assert_true (g_str_has_prefix (folder, line[1]));
    g_assert_cmpstr (folder + 15, ==, "_e2_3_reload_cutover_rehearsal");
    g_assert_cmpstr (practice + 15, ==, "_e2_3_reload_cutover_rehearsal_practice");
  }
}

static void
test_out_of_range (void)
{
  const gint64 numbers[] = { G_MAXINT64, G_MININT64, 253402300800, -62135596801 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autofree char *text = cr_time_format_utc (numbers[i]);
    g_autofree char *expected = g_strdup_printf ("@%" G_GINT64_FORMAT, numbers[i]);
    gint64 value;

    g_assert_cmpstr (text, ==, expected);
    g_assert_false (cr_time_parse_utc (text, &value, NULL));
    g_assert_false (cr_instant_parse (text, &value, NULL));
  }
}

/* A hostile text stands in the message as one short printable line */
static void
test_messages (void)
{
  g_autoptr(GError) form = NULL;
  g_autoptr(GError) range = NULL;
  g_autoptr(GError) zone = NULL;
  g_autofree char *megabyte = g_strnfill (1 << 20, 'x');
  g_autoptr(GError) large = NULL;
  gint64 value;

  g_assert_false (cr_time_parse_utc ("\x1b[31mdecision=GO\n\xff\xe2\x80\xae", &value, &form));
  g_assert_error (form, CR_TIME_ERROR, CR_TIME_ERROR_FORM);
  g_assert_null (strpbrk (form->message, "\n\x1b"));
  g_assert_true (g_utf8_validate (form->message, -1, NULL));
  g_assert_null (strstr (form->message, "\xe2\x80\xae"));
  g_assert_nonnull (strstr (form->message, "YYYY-MM-DDTHH:MM:SSZ"));
  g_assert_false (cr_time_parse_utc ("2026-02-29T00:00:00Z", &value, &range));
  g_assert_error (range, CR_TIME_ERROR, CR_TIME_ERROR_RANGE);
  g_assert_nonnull (strstr (range->message, "2026-02-29T00:00:00Z"));
  g_assert_false (cr_instant_parse ("2026-02-24T17:13:50.5", &value, &zone));
  g_assert_nonnull (strstr (zone->message, "time zone"));
  g_assert_false (cr_instant_parse (megabyte, &value, &large));
  g_assert_cmpuint (strlen (large->message), <, 300);
}

static void
test_cutline (void)
{
  g_autoptr(GPtrArray) table = read_table ("cut");

  g_assert_cmpuint (table->len, >, 300);
  for (guint i = 0; i < table->len; i++) {
    char **line = table->pdata[i];
    CrCutline cut;
    g_autoptr(GString) text = g_string_new (NULL);

    cr_cutline_init (&cut, g_ascii_strtoll (line[2], NULL, 10));
    for (guint j = 0; j < 6; j++) {
      const gint64 values[] = { cut.backfill_since, cut.backfill_until, cut.sync_since, cut.window_start, cut.window_end, cut.backfill_event };
      g_autofree char *utc = cr_time_format_utc (values[j]);
      g_string_append_printf (text, "%s%s", j > 0 ? "," : "", utc);
    }
    g_assert_cmpstr (text->str, ==, line[1]);
  }
}

/* The window is T-5min .. T+5min, both ends inside (runbook, section 4) */
static void
test_buffer (void)
{
  static const struct { int offset; const char *state; } cases[] = {
    { -86400, "before" }, { -301, "before" }, { -300, "inside_before_t" }, { -1, "inside_before_t" },
    { 0, "inside_after_t" }, { 300, "inside_after_t" }, { 301, "after" }, { 86400, "after" },
  };
  CrCutline cut;

  cr_cutline_init (&cut, 1772366400);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (cr_buffer_state_to_string (cr_cutline_state (&cut, 1772366400 + cases[i].offset)), ==, cases[i].state);
}

static void
test_run_id (void)
{
  g_autofree char *longest = g_strnfill (64, 'a');
  g_autofree char *too_long = g_strnfill (65, 'a');
  const char *good[] = { "e2-3-20260224171350", "a", "Z9", "0_-", longest };
  const char *bad[] = { "", "-a", "_a", "a b", "a/b", "..", "a.b", "a$b", "a\nb", "a;b", "ä", "a\xff", too_long };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (cr_run_id_check (good[i], NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false (cr_run_id_check (bad[i], &error));
    g_assert_error (error, CR_TIME_ERROR, CR_TIME_ERROR_FORM);
  }
}

/* The spellings of the contract: design sections 4 and 6 */
static void
test_vocabularies (void)
{
  static const struct { const char *verdict, *result; } verdicts[] = {
    { "PASS", "PASS" }, { "FAIL", "FAIL" }, { "UNPROVEN", "FAIL" }, { "BLOCKED", "BLOCKED" }, { "NOT_RUN", "BLOCKED" },
  };
  static const char *const classes[] = { "NONE", "ENVIRONMENT_BLOCKED", "MIGRATION_FAILED", "BACKFILL_FAILED", "SYNC_FAILED",
                                         "SMOKE_FAILED", "IDEMPOTENCY_FAILED" };
  static const char *const bad[] = { "", "pass", "PASS ", "GO", "UNKNOWN" };
  CrVerdict verdict;
  CrClassification class;
  CrOutcome outcome;
  CrPodMark mark;
  CrStepWhere where;

  for (guint i = 0; i < G_N_ELEMENTS (verdicts); i++) {
    g_assert_true (cr_verdict_from_string (verdicts[i].verdict, &verdict));
    g_assert_cmpstr (cr_verdict_to_string (verdict), ==, verdicts[i].verdict);
    g_assert_cmpstr (cr_result_to_string (cr_verdict_to_result (verdict)), ==, verdicts[i].result);
  }
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    g_assert_true (cr_classification_from_string (classes[i], &class));
    g_assert_cmpstr (cr_classification_to_string (class), ==, classes[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_assert_false (cr_verdict_from_string (bad[i], &verdict));
    g_assert_false (cr_classification_from_string (bad[i], &class));
    g_assert_false (cr_outcome_from_string (bad[i], &outcome));
    g_assert_false (cr_pod_mark_from_string (bad[i], &mark));
    g_assert_false (cr_step_where_from_string (bad[i], &where));
  }
  g_assert_false (cr_verdict_from_string (NULL, &verdict));
  g_assert_true (cr_outcome_from_string ("not_started", &outcome) && outcome == CR_OUTCOME_NOT_STARTED);
  g_assert_true (cr_pod_mark_from_string ("lost", &mark) && mark == CR_POD_MARK_LOST);
  g_assert_true (cr_step_where_from_string ("pod", &where) && where == CR_STEP_POD);
  g_assert_cmpstr (cr_decision_kind_to_string (CR_DECISION_GO), ==, "GO");
  g_assert_cmpstr (cr_decision_kind_to_string (CR_DECISION_NO_GO), ==, "NO_GO");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/time/utc", "utc", test_parse);
  g_test_add_data_func ("/time/instant", "instant", test_parse);
  g_test_add_data_func ("/time/http-date", "http", test_parse);
  g_test_add_func ("/time/format", test_format);
  g_test_add_func ("/time/out-of-range", test_out_of_range);
  g_test_add_func ("/time/messages", test_messages);
  g_test_add_func ("/time/cutline", test_cutline);
  g_test_add_func ("/time/buffer", test_buffer);
  g_test_add_func ("/time/run-id", test_run_id);
  g_test_add_func ("/types/vocabularies", test_vocabularies);
  return g_test_run ();
}
