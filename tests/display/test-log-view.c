/* test-log-view.c: the log on screen
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "display.h"
#include "cr-log-view.h"
#include <string.h>

typedef struct {
  GtkWidget *window;
  CrLogView *log;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->log = CR_LOG_VIEW (cr_log_view_new ());
  fixture->window = display_show (GTK_WIDGET (fixture->log), 640, 480);
  cr_log_view_show_gate (fixture->log, "backfill", "Backfill");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
}

static void
settle (Fixture *fixture)
{
  while (!cr_log_view_is_settled (fixture->log))
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_log (Fixture *fixture, gboolean hidden, const char *expected)
{
  g_autofree char *text = cr_log_view_get_text (fixture->log, "backfill", hidden);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_sections (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Output goes to the section of its own command, also when it comes late; a good section folds, a bad one stays open");
  cr_log_view_append (fixture->log, "backfill", "one", CR_LOG_COMMAND, "$ kubectl get ns");
  cr_log_view_append (fixture->log, "backfill", "two", CR_LOG_COMMAND, "$ python -m src.backfill");
  cr_log_view_append (fixture->log, "backfill", "two", CR_LOG_ERR, "Traceback\n");
  cr_log_view_append (fixture->log, "backfill", "one", CR_LOG_OUT, "namespace/txlookup\nsecond\n");
  settle (fixture);
  assert_log (fixture, FALSE, "▾ $ kubectl get ns\nnamespace/txlookup\nsecond\n▾ $ python -m src.backfill\nTraceback\n");

  cr_log_view_end_section (fixture->log, "backfill", "one", TRUE, "exit code 0");
  cr_log_view_end_section (fixture->log, "backfill", "two", FALSE, "exit code 1");
  assert_log (fixture, FALSE, "▸ $ kubectl get ns   ✓ exit code 0\n▾ $ python -m src.backfill   ✗ exit code 1\nTraceback\n");
  assert_log (fixture, TRUE, "▸ $ kubectl get ns   ✓ exit code 0\nnamespace/txlookup\nsecond\n▾ $ python -m src.backfill   ✗ exit code 1\nTraceback\n");
  cr_log_view_expand (fixture->log, TRUE);
  assert_log (fixture, FALSE, "▾ $ kubectl get ns   ✓ exit code 0\nnamespace/txlookup\nsecond\n▾ $ python -m src.backfill   ✗ exit code 1\nTraceback\n");
  display_picture (fixture->window, "test-log-sections");
}

static void
test_early_ending (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("A section whose ending is known before its first line gets it when it opens");
  cr_log_view_end_section (fixture->log, "backfill", "one", FALSE, "exit code 7");
  cr_log_view_append (fixture->log, "backfill", "one", CR_LOG_COMMAND, "$ false");
  settle (fixture);
  assert_log (fixture, TRUE, "▾ $ false   ✗ exit code 7\n");
}

static void
test_filter (Fixture *fixture, gconstpointer data)
{
  GtkWidget *filter = display_find (GTK_WIDGET (fixture->log), GTK_TYPE_DROP_DOWN, NULL);

  g_test_summary ("The stream filter hides the other streams, never the commands");
  cr_log_view_append (fixture->log, "backfill", "one", CR_LOG_COMMAND, "$ cmd");
  cr_log_view_append (fixture->log, "backfill", "one", CR_LOG_OUT, "out");
  cr_log_view_append (fixture->log, "backfill", "one", CR_LOG_ERR, "err");
  cr_log_view_append (fixture->log, "backfill", NULL, CR_LOG_APP, "app");
  settle (fixture);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (filter), 1);
  assert_log (fixture, FALSE, "▾ $ cmd\nout\n");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (filter), 2);
  assert_log (fixture, FALSE, "▾ $ cmd\nerr\n");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (filter), 3);
  assert_log (fixture, FALSE, "▾ $ cmd\napp\n");
  gtk_drop_down_set_selected (GTK_DROP_DOWN (filter), 0);
  assert_log (fixture, FALSE, "▾ $ cmd\nout\nerr\napp\n");
}

static void
test_cap (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GString) burst = g_string_new (NULL);
  g_autofree char *text = NULL;
  GtkWidget *label;

  g_test_summary ("Only the last lines stay, and the view says how many there were");
  cr_log_view_set_limit (fixture->log, 100);
  for (guint i = 1; i <= 1234; i++)
    g_string_append_printf (burst, "line %u\n", i);
  cr_log_view_append (fixture->log, "backfill", NULL, CR_LOG_OUT, burst->str);
  settle (fixture);
  text = cr_log_view_get_text (fixture->log, "backfill", TRUE);
  g_assert_true (g_str_has_prefix (text, "line 1135\n"));
  g_assert_true (g_str_has_suffix (text, "line 1234\n"));
  label = display_find (GTK_WIDGET (fixture->log), GTK_TYPE_LABEL, "Showing the last 100 of 1234 lines");
  g_assert_nonnull (label);
  g_assert_true (gtk_widget_is_visible (label));
}

static void
test_cap_keeps_sections_usable (Fixture *fixture, gconstpointer data)
{
  g_test_summary ("Ending a section whose header was dropped with the oldest lines spoils no other line");
  cr_log_view_set_limit (fixture->log, 3);
  cr_log_view_append (fixture->log, "backfill", "one", CR_LOG_COMMAND, "$ first");
  cr_log_view_append (fixture->log, "backfill", "two", CR_LOG_COMMAND, "$ second");
  settle (fixture);
  cr_log_view_append (fixture->log, "backfill", "two", CR_LOG_OUT, "a\nb\nc");
  settle (fixture);
  cr_log_view_end_section (fixture->log, "backfill", "one", FALSE, "exit code 1");
  cr_log_view_end_section (fixture->log, "backfill", "two", FALSE, "exit code 2");
  assert_log (fixture, TRUE, "a\nb\nc\n");
}

static void
test_long_line (Fixture *fixture, gconstpointer data)
{
  g_autofree char *line = g_malloc (3 * 100000 + 1);
  g_autofree char *text = NULL;

  g_test_summary ("A very long line is cut at a character's border and says what is missing");
  for (guint i = 0; i < 100000; i++)
    memcpy (line + 3 * i, "가", 3);
  line[3 * 100000] = '\0';
  cr_log_view_append (fixture->log, "backfill", NULL, CR_LOG_OUT, line);
  settle (fixture);
  text = cr_log_view_get_text (fixture->log, "backfill", TRUE);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpuint (strlen (text), <, 4300);
  g_assert_nonnull (strstr (text, " … (295905 more bytes in the evidence file)"));  /* 300,000 - 4,095, the last whole character before 4,096 */
}

static void
test_waiting (Fixture *fixture, gconstpointer data)
{
  GtkWidget *empty = display_find (GTK_WIDGET (fixture->log), GTK_TYPE_LABEL, "No Output Yet");
  GtkWidget *label;

  g_assert_nonnull (empty);
  g_assert_true (gtk_widget_get_visible (empty));
  cr_log_view_set_waiting (fixture->log, "Waiting for the jumpbox. 0:42 so far.");
  label = display_find (GTK_WIDGET (fixture->log), GTK_TYPE_LABEL, "Waiting for the jumpbox. 0:42 so far.");
  g_assert_true (gtk_widget_is_visible (label));
  display_picture (fixture->window, "test-log-waiting");
  cr_log_view_set_waiting (fixture->log, NULL);
  g_assert_false (gtk_widget_is_visible (label));
  cr_log_view_append (fixture->log, "backfill", NULL, CR_LOG_OUT, "x");
  settle (fixture);
  g_assert_false (gtk_widget_get_visible (empty));
}

static void
test_gates_apart (Fixture *fixture, gconstpointer data)
{
  g_autofree char *other = NULL;

  g_test_summary ("Each gate has its own log; one that is not shown fills all the same");
  cr_log_view_append (fixture->log, "sync", NULL, CR_LOG_OUT, "of sync");
  cr_log_view_append (fixture->log, "backfill", NULL, CR_LOG_OUT, "of backfill");
  settle (fixture);
  assert_log (fixture, TRUE, "of backfill\n");
  other = cr_log_view_get_text (fixture->log, "sync", TRUE);
  g_assert_cmpstr (other, ==, "of sync\n");
  cr_log_view_show_gate (fixture->log, "sync", "Consumer Sync");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (display_find (GTK_WIDGET (fixture->log), GTK_TYPE_TEXT_VIEW, NULL)),
                                       GTK_ACCESSIBLE_PROPERTY_LABEL, "Log of Consumer Sync gate");
}

static void
test_follow (Fixture *fixture, gconstpointer data)
{
  GtkWidget *scroller = gtk_widget_get_ancestor (display_find (GTK_WIDGET (fixture->log), GTK_TYPE_TEXT_VIEW, NULL), GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller));
  GtkWidget *jump;

  g_test_summary ("Scrolling up ends following; the button that appears resumes it");
  for (guint i = 0; i < 300; i++)
    cr_log_view_append (fixture->log, "backfill", NULL, CR_LOG_OUT, "line");
  settle (fixture);
  display_settle (fixture->window);
  g_assert_true (cr_log_view_get_follow (fixture->log));
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), >, 100);
  gtk_adjustment_set_value (adjustment, 0);
  g_assert_false (cr_log_view_get_follow (fixture->log));
  cr_log_view_append (fixture->log, "backfill", NULL, CR_LOG_OUT, "one\ntwo");
  settle (fixture);
  jump = display_find (GTK_WIDGET (fixture->log), GTK_TYPE_BUTTON, "Jump to Latest (2)");
  g_assert_nonnull (jump);
  g_assert_true (gtk_widget_is_visible (jump));
  g_signal_emit_by_name (jump, "clicked");
  g_assert_true (cr_log_view_get_follow (fixture->log));
}

int
main (int argc, char **argv)
{
  if (!display_init (&argc, &argv))
    return 0;
#define ADD(path, func) g_test_add ("/log-view/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("sections", test_sections);
  ADD ("early-ending", test_early_ending);
  ADD ("filter", test_filter);
  ADD ("cap", test_cap);
  ADD ("cap-keeps-sections-usable", test_cap_keeps_sections_usable);
  ADD ("long-line", test_long_line);
  ADD ("waiting", test_waiting);
  ADD ("gates-apart", test_gates_apart);
  ADD ("follow", test_follow);
  return g_test_run ();
}
