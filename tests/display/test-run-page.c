/* test-run-page.c: a rehearsal on screen, from the first gate to the sealed folder, with a machine that does what the test says
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "display.h"
#include "fake-rehearsal.h"
#include "cr-buffer-band.h"
#include "cr-closing-form.h"
#include "cr-countdown-page.h"
#include "cr-gate-row.h"
#include "cr-log-view.h"
#include "cr-run-page.h"
#include <glib/gstdio.h>
#include <string.h>

#define T G_GINT64_CONSTANT (1772366400)  /* date -u -d 2026-03-01T12:00:00Z +%s */

typedef struct {
  GtkWidget   *window;
  CrRunPage   *page;
  CrRehearsal *rehearsal;
  char        *folder;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("cr-run-page-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->page = CR_RUN_PAGE (cr_run_page_new ());
  fixture->window = display_show (GTK_WIDGET (fixture->page), 1100, 720);
  fixture->rehearsal = fake_rehearsal_new (T, T, fixture->folder);
  cr_run_page_set_rehearsal (fixture->page, fixture->rehearsal);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (fixture->rehearsal);
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    g_autofree char *path = g_build_filename (fixture->folder, CR_EVIDENCE_FILES[i], NULL);

    g_unlink (path);
  }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

/* The row of that gate, from 0; the last one is the decision's */
static GtkWidget *
row_at (Fixture *fixture, int index)
{
  return GTK_WIDGET (gtk_list_box_get_row_at_index (GTK_LIST_BOX (display_find (GTK_WIDGET (fixture->page), GTK_TYPE_LIST_BOX, NULL)), index));
}

static gboolean
shows_below (GtkWidget *parent, const char *text)
{
  for (GtkWidget *child = gtk_widget_get_first_child (parent); child != NULL; child = gtk_widget_get_next_sibling (child)) {
    if (!gtk_widget_get_mapped (child))
      continue;
    if (GTK_IS_LABEL (child) && g_str_equal (gtk_label_get_label (GTK_LABEL (child)), text))
      return TRUE;
    if (shows_below (child, text))
      return TRUE;
  }
  return FALSE;
}

/* Is there a label with that text on screen? */
static gboolean
shows (Fixture *fixture, const char *text)
{
  return shows_below (GTK_WIDGET (fixture->page), text);
}

static GtkWidget *
button (Fixture *fixture, const char *label)
{
  GtkWidget *found = display_find (GTK_WIDGET (fixture->page), GTK_TYPE_BUTTON, label);

  g_assert_nonnull (found);
  return found;
}

static void
pass_gate (Fixture *fixture, guint index, int seconds, const char *fact)
{
  fake_rehearsal_start_gate (fixture->rehearsal, index);
  cr_fake_clock_advance (fake_rehearsal_get_clock (fixture->rehearsal), (gint64) seconds * G_USEC_PER_SEC);
  fake_rehearsal_end_gate (fixture->rehearsal, index, CR_GATE_PASSED, fact, NULL, "0");
}

static void
log_some (Fixture *fixture)
{
  fake_rehearsal_say (fixture->rehearsal, "backfill", NULL, CR_LOG_APP, "Submitting 9,812 bytes, digest 5e884898da28…");
  fake_rehearsal_say (fixture->rehearsal, "backfill", "before-pay", CR_LOG_COMMAND, "$ kubectl -n txlookup exec deploy/tx-lookup-api -- python -c <probe> 404 0 …");
  fake_rehearsal_say (fixture->rehearsal, "backfill", "before-pay", CR_LOG_OUT, "HTTP_CODE=404\nBODY_SHA256=98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4\n");
  fake_rehearsal_say (fixture->rehearsal, "backfill", "backfill", CR_LOG_COMMAND,
                      "$ kubectl -n txlookup exec deploy/txlookup-consumer -- python -m src.consumer.main backfill");
  fake_rehearsal_say (fixture->rehearsal, "backfill", "backfill", CR_LOG_ERR,
                      "2026-03-01 12:00:01,204 ERROR src.consumer.main: row 1 sent to DLQ: amount is missing\n");
  fake_rehearsal_say (fixture->rehearsal, "backfill", "backfill", CR_LOG_OUT, "Backfill finished: 0 rows\n");
}

static void
settle_log (Fixture *fixture)
{
  CrLogView *log = CR_LOG_VIEW (display_find (GTK_WIDGET (fixture->page), CR_TYPE_LOG_VIEW, NULL));

  while (!cr_log_view_is_settled (log))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_timeline (Fixture *fixture, gconstpointer data)
{
  CrLogView *log = CR_LOG_VIEW (display_find (GTK_WIDGET (fixture->page), CR_TYPE_LOG_VIEW, NULL));
  GtkWidget *phase;

  g_test_summary ("Rows speak whole sentences, time runs with the clock, the selection follows the run");
  cr_run_page_start (fixture->page);
  g_assert_true (fake_rehearsal_was_started (fixture->rehearsal));
  fake_rehearsal_begin (fixture->rehearsal);
  pass_gate (fixture, 0, 41, "2 deployments ready");
  pass_gate (fixture, 1, 58, "revision 8f2c → a91d");
  fake_rehearsal_start_gate (fixture->rehearsal, 2);
  cr_fake_clock_advance (fake_rehearsal_get_clock (fixture->rehearsal), 42 * G_USEC_PER_SEC);
  fake_rehearsal_tick (fixture->rehearsal);

  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (row_at (fixture, 0)), GTK_ACCESSIBLE_ROLE_LIST_ITEM);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row_at (fixture, 0)), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Gate 1 of 7, Precheck, passed, exit code 0, 41 seconds, 2 deployments ready");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row_at (fixture, 2)), GTK_ACCESSIBLE_PROPERTY_LABEL, "Gate 3 of 7, Backfill, running");
  gtk_test_accessible_assert_state (GTK_ACCESSIBLE (row_at (fixture, 2)), GTK_ACCESSIBLE_STATE_BUSY, TRUE);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row_at (fixture, 3)), GTK_ACCESSIBLE_PROPERTY_LABEL, "Gate 4 of 7, Consumer Sync, pending");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row_at (fixture, 6)), GTK_ACCESSIBLE_PROPERTY_LABEL, "Step 7 of 7, Decision, pending");
  g_assert_true (shows (fixture, "0:42"));
  g_assert_true (shows (fixture, "2 of 7 gates"));
  g_assert_true (shows (fixture, "e2-3-20260301115500 · dev · T 12:00:00Z"));
  g_assert_cmpstr (cr_log_view_get_gate (log), ==, "backfill");
  g_assert_true (shows (fixture, "Waiting for the jumpbox. Its output arrives when the command ends, all at once: Azure sends nothing before. 0:42 so far."));
  phase = display_find (GTK_WIDGET (fixture->page), GTK_TYPE_LABEL, "Buffer window: 2 min 39 s left");  /* 300 - 41 - 58 - 42 */
  g_assert_nonnull (phase);
  log_some (fixture);
  settle_log (fixture);
  display_picture (fixture->window, "run-running");

  /* a look at another gate stays, whatever the run does */
  gtk_list_box_select_row (GTK_LIST_BOX (gtk_widget_get_parent (row_at (fixture, 0))), GTK_LIST_BOX_ROW (row_at (fixture, 0)));
  g_assert_cmpstr (cr_log_view_get_gate (log), ==, "precheck");
  fake_rehearsal_add_step (fixture->rehearsal, 2, "before-pay", 0);
  fake_rehearsal_add_step (fixture->rehearsal, 2, "backfill", 1);
  fake_rehearsal_end_gate (fixture->rehearsal, 2, CR_GATE_FAILED, "A row was sent to the dead-letter queue",
                           "The backfill ended with 0, and yet a row was sent to the dead-letter queue.", "0");
  g_assert_cmpstr (cr_log_view_get_gate (log), ==, "precheck");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row_at (fixture, 2)), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Gate 3 of 7, Backfill, failed, exit code 0, 42 seconds, A row was sent to the dead-letter queue");
  {
    g_autofree char *text = cr_log_view_get_text (log, "backfill", FALSE);

    g_assert_nonnull (strstr (text, "▸ $ kubectl -n txlookup exec deploy/tx-lookup-api -- python -c <probe> 404 0 …   ✓ exit code 0\n"));
    g_assert_nonnull (strstr (text, "python -m src.consumer.main backfill   ✗ exit code 1\n2026-03-01 12:00:01,204 ERROR"));
  }
  g_signal_emit_by_name (row_at (fixture, 2), "open");
  display_picture (fixture->window, "run-failed-gate");
  for (guint i = 3; i < 6; i++)
    fake_rehearsal_end_gate (fixture->rehearsal, i, CR_GATE_NOT_RUN, NULL, NULL, "not_run");
  cr_run_page_show_detail (fixture->page, "details");
  display_picture (fixture->window, "run-details");
  g_object_set (adw_style_manager_get_default (), "color-scheme", ADW_COLOR_SCHEME_FORCE_DARK, NULL);
  cr_run_page_show_detail (fixture->page, "log");
  display_picture (fixture->window, "run-dark");
  g_object_set (adw_style_manager_get_default (), "color-scheme", ADW_COLOR_SCHEME_DEFAULT, NULL);
  fake_rehearsal_finish (fixture->rehearsal, NULL);
}

static void
test_sizes (Fixture *fixture, gconstpointer data)
{
  static const struct { int width, height; GtkOrientation orientation; const char *name; } sizes[] = {
    { 720, 500, GTK_ORIENTATION_VERTICAL, "run-720x500" },
    { 360, 640, GTK_ORIENTATION_VERTICAL, "run-360x640" },
    { 1000, 700, GTK_ORIENTATION_HORIZONTAL, "run-1000x700" },
  };
  GtkWidget *paned = display_find (GTK_WIDGET (fixture->page), GTK_TYPE_PANED, NULL);

  g_test_summary ("The log goes under the timeline where there is no room beside it, and the window gets as narrow as asked");
  cr_run_page_start (fixture->page);
  fake_rehearsal_begin (fixture->rehearsal);
  pass_gate (fixture, 0, 41, "2 deployments ready");
  pass_gate (fixture, 1, 58, "revision 8f2c → a91d");
  fake_rehearsal_start_gate (fixture->rehearsal, 2);
  log_some (fixture);
  settle_log (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    gtk_window_set_default_size (GTK_WINDOW (fixture->window), sizes[i].width, sizes[i].height);
    display_settle (fixture->window);
    display_settle (fixture->window);
    g_assert_cmpint (gtk_widget_get_width (fixture->window), <=, sizes[i].width);
    g_assert_cmpint (gtk_orientable_get_orientation (GTK_ORIENTABLE (paned)), ==, sizes[i].orientation);
    display_picture (fixture->window, sizes[i].name);
  }
  fake_rehearsal_finish (fixture->rehearsal, NULL);
}

static void
test_countdown (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrRehearsal) rehearsal = fake_rehearsal_new (T - 462, T, fixture->folder);
  GtkWidget *countdown;

  g_test_summary ("The countdown is read off the clock: when the clock jumps, so does the countdown");
  cr_run_page_set_rehearsal (fixture->page, rehearsal);
  cr_run_page_start (fixture->page);
  fake_rehearsal_begin (rehearsal);
  fake_rehearsal_start_gate (rehearsal, 0);
  fake_rehearsal_end_gate (rehearsal, 0, CR_GATE_PASSED, "2 deployments ready", NULL, "0");
  fake_rehearsal_set_state (rehearsal, CR_REHEARSAL_WAITING);
  g_assert_true (shows (fixture, "T − 00:07:42"));
  g_assert_true (shows (fixture, "2026-03-01T12:00:00Z · 21:00:00 KST (your time)"));
  g_assert_true (shows (fixture, "The buffer window opens in 2 min 42 s"));
  countdown = display_find (GTK_WIDGET (fixture->page), CR_TYPE_COUNTDOWN_PAGE, NULL);
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (display_find (countdown, GTK_TYPE_LABEL, "T − 00:07:42")), GTK_ACCESSIBLE_ROLE_TIMER);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (display_find (countdown, CR_TYPE_BUFFER_BAND, NULL)), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Buffer window of 5 minutes on both sides of 2026-03-01T12:00:00Z. The buffer window opens in 2 min 42 s");
  g_assert_true (shows (fixture, "✓ Precheck passed at 2026-03-01T11:52:18Z"));
  g_assert_true (shows (fixture, "⚠ Sleep could not be blocked: keep this computer awake"));  /* there is no session manager here */
  display_picture (fixture->window, "countdown");
  cr_fake_clock_jump (fake_rehearsal_get_clock (rehearsal), 400 * G_USEC_PER_SEC);
  fake_rehearsal_tick (rehearsal);
  g_assert_true (shows (fixture, "T − 00:01:02"));
  g_assert_true (shows (fixture, "Inside the buffer window: do not change anything"));
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 360, 640);
  display_settle (fixture->window);
  g_assert_cmpint (gtk_widget_get_width (fixture->window), <=, 360);
  display_picture (fixture->window, "countdown-360x640");
  fake_rehearsal_set_state (rehearsal, CR_REHEARSAL_RUNNING);
  g_assert_false (shows (fixture, "T − 00:01:02"));
  fake_rehearsal_finish (rehearsal, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  cr_run_page_set_rehearsal (fixture->page, NULL);
}

/* What the real machine has written by then */
static void
write_files (Fixture *fixture)
{
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    g_autofree char *path = g_build_filename (fixture->folder, CR_EVIDENCE_FILES[i], NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents (path, "# Summary\n", -1, &error);
    g_assert_no_error (error);
  }
}

static void
new_rehearsal_cb (gboolean *asked)
{
  *asked = TRUE;
}

static void
test_go (Fixture *fixture, gconstpointer data)
{
  static const char *const facts[] = { "2 deployments ready", "revision 8f2c → a91d", "2 rows read back", "tx-pay- read back, SETTLED", "HTTP 200 and 404",
                                       "hashes equal, 1 duplicate seen" };
  gboolean asked = FALSE, open_ended = FALSE;
  g_autofree char *title = NULL;

  cr_run_page_start (fixture->page);
  fake_rehearsal_begin (fixture->rehearsal);
  for (guint i = 0; i < 6; i++)
    pass_gate (fixture, i, 30, facts[i]);
  fake_rehearsal_decide (fixture->rehearsal, CR_DECISION_GO, CR_CLASS_NONE, -1, "All gates passed and every file of the evidence is there.");
  fake_rehearsal_finish (fixture->rehearsal, NULL);
  display_settle (fixture->window);
  g_assert_true (shows (fixture, "GO"));
  g_assert_true (shows (fixture, "Nothing was promoted. This app never performs the cutover."));
  g_object_get (fixture->page, "open-ended", &open_ended, "title", &title, NULL);
  g_assert_true (open_ended);
  g_assert_cmpstr (title, ==, "GO · e2-3-20260301115500");
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row_at (fixture, 6)), GTK_ACCESSIBLE_PROPERTY_LABEL, "Step 7 of 7, Decision, GO");
  display_picture (fixture->window, "decision-go");

  write_files (fixture);
  g_assert_true (gtk_widget_get_sensitive (button (fixture, "_Write Summary")));
  g_signal_emit_by_name (button (fixture, "_Write Summary"), "clicked");
  while (!shows (fixture, "The summary is written and the folder is sealed."))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (fake_rehearsal_get_closing (fixture->rehearsal)->owner, ==, "salee");
  g_object_get (fixture->page, "open-ended", &open_ended, NULL);
  g_assert_false (open_ended);
  while (!shows (fixture, "All ten files are there"))
    g_main_context_iteration (NULL, TRUE);
  display_picture (fixture->window, "decision-go-sealed");

  g_signal_emit_by_name (button (fixture, "_Copy Summary"), "clicked");
  while (!shows (fixture, "The summary is on the clipboard."))
    g_main_context_iteration (NULL, TRUE);
  g_signal_connect_swapped (fixture->page, "new-rehearsal", G_CALLBACK (new_rehearsal_cb), &asked);
  g_signal_emit_by_name (gtk_widget_get_ancestor (display_find (GTK_WIDGET (fixture->page), GTK_TYPE_LABEL, "_New Rehearsal With These Settings"),
                                                  GTK_TYPE_BUTTON), "clicked");
  g_assert_true (asked);
}

static void
test_no_go (Fixture *fixture, gconstpointer data)
{
  GtkWidget *owner, *write;

  g_test_summary ("The form must be whole before anything is written; a failed writing loses nothing that was typed");
  cr_run_page_start (fixture->page);
  fake_rehearsal_begin (fixture->rehearsal);
  pass_gate (fixture, 0, 41, "2 deployments ready");
  pass_gate (fixture, 1, 58, "revision 8f2c → a91d");
  fake_rehearsal_start_gate (fixture->rehearsal, 2);
  log_some (fixture);
  fake_rehearsal_end_gate (fixture->rehearsal, 2, CR_GATE_FAILED, "A row was sent to the dead-letter queue",
                           "The backfill ended with 0, and yet a row was sent to the dead-letter queue.", "0");
  for (guint i = 3; i < 6; i++)
    fake_rehearsal_end_gate (fixture->rehearsal, i, CR_GATE_NOT_RUN, "Backfill ended the rehearsal", NULL, "not_run");
  fake_rehearsal_decide (fixture->rehearsal, CR_DECISION_NO_GO, CR_CLASS_BACKFILL_FAILED, 2,
                         "Backfill did not pass: a row was sent to the dead-letter queue.");
  fake_rehearsal_finish (fixture->rehearsal, NULL);
  settle_log (fixture);
  display_settle (fixture->window);
  g_assert_true (shows (fixture, "NO_GO"));
  g_assert_true (shows (fixture, "BACKFILL_FAILED"));
  display_picture (fixture->window, "decision-no-go");

  write = button (fixture, "_Write Summary");
  g_assert_true (gtk_widget_get_sensitive (write));
  owner = GTK_WIDGET (gtk_widget_get_template_child (display_find (GTK_WIDGET (fixture->page), CR_TYPE_CLOSING_FORM, NULL), CR_TYPE_CLOSING_FORM, "owner"));
  gtk_editable_set_text (GTK_EDITABLE (owner), "");
  g_assert_false (gtk_widget_get_sensitive (write));
  gtk_editable_set_text (GTK_EDITABLE (owner), "kim");
  g_assert_true (gtk_widget_get_sensitive (write));

  fake_rehearsal_set_seal_error (fixture->rehearsal, g_error_new_literal (CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_EVIDENCE, "No space left on the device."));
  g_signal_emit_by_name (write, "clicked");
  while (!shows (fixture, "No space left on the device."))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (owner)), ==, "kim");
  write_files (fixture);
  g_signal_emit_by_name (write, "clicked");
  while (!shows (fixture, "The summary is written and the folder is sealed."))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (fake_rehearsal_get_closing (fixture->rehearsal)->owner, ==, "kim");
  g_assert_cmpint (fake_rehearsal_get_closing (fixture->rehearsal)->classification, ==, CR_CLASS_BACKFILL_FAILED);
  g_assert_true (g_str_has_prefix (fake_rehearsal_get_closing (fixture->rehearsal)->unblock, "The backfill command writes both rows"));  /* the plan's suggestion */
  g_assert_false (gtk_widget_get_mapped (write));
  display_picture (fixture->window, "decision-no-go-sealed");

  cr_run_page_show_failed_gate (fixture->page);
  g_assert_cmpstr (cr_log_view_get_gate (CR_LOG_VIEW (display_find (GTK_WIDGET (fixture->page), CR_TYPE_LOG_VIEW, NULL))), ==, "backfill");
  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 360, 640);
  g_signal_emit_by_name (row_at (fixture, 6), "open");
  display_settle (fixture->window);
  display_settle (fixture->window);
  g_assert_cmpint (gtk_widget_get_width (fixture->window), <=, 360);
  display_picture (fixture->window, "decision-360x640");
}

static void
test_error (Fixture *fixture, gconstpointer data)
{
  g_autofree char *place = g_strdup_printf ("What was written stays in %s", fixture->folder);

  cr_run_page_start (fixture->page);
  fake_rehearsal_begin (fixture->rehearsal);
  fake_rehearsal_set_state (fixture->rehearsal, CR_REHEARSAL_FAILED);
  fake_rehearsal_finish (fixture->rehearsal, g_error_new_literal (CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_EVIDENCE,
                                                                  "02_alembic_upgrade.log could not be written: No space left on device. Free some space."));
  while (!shows (fixture, "Evidence Cannot Be Written"))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (shows (fixture, "02_alembic_upgrade.log could not be written: No space left on device. Free some space."));
  g_assert_true (shows (fixture, place));
  display_picture (fixture->window, "run-error");
}

static void
answer_question (const char *response)
{
  g_autoptr(GListModel) windows = g_object_ref (gtk_window_get_toplevels ());

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++) {
    g_autoptr(GtkWindow) window = g_list_model_get_item (windows, i);

    if (ADW_IS_MESSAGE_DIALOG (window)) {
      g_assert_cmpstr (adw_message_dialog_get_heading (ADW_MESSAGE_DIALOG (window)), ==, "Stop the Rehearsal?");
      g_assert_cmpint (adw_message_dialog_get_response_appearance (ADW_MESSAGE_DIALOG (window), "stop"), ==, ADW_RESPONSE_DESTRUCTIVE);
      display_picture (GTK_WIDGET (window), "stop-dialog");
      adw_message_dialog_response (ADW_MESSAGE_DIALOG (window), response);
      gtk_window_destroy (window);
      return;
    }
  }
  g_assert_not_reached ();
}

static void
test_stop (Fixture *fixture, gconstpointer data)
{
  gboolean running = FALSE;

  g_test_summary ("Stop asks; keeping on changes nothing; the second answer stops");
  cr_run_page_ask_stop (fixture->page);  /* nothing runs: nothing is asked */
  cr_run_page_start (fixture->page);
  fake_rehearsal_begin (fixture->rehearsal);
  g_object_get (fixture->page, "running", &running, NULL);
  g_assert_true (running);
  cr_run_page_ask_stop (fixture->page);
  display_settle (fixture->window);
  answer_question ("cancel");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (cr_rehearsal_was_stopped (fixture->rehearsal));
  cr_run_page_ask_stop (fixture->page);
  display_settle (fixture->window);
  answer_question ("stop");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_true (cr_rehearsal_was_stopped (fixture->rehearsal));
  fake_rehearsal_finish (fixture->rehearsal, NULL);
}

static void
test_words (void)
{
  const CrCutline cutline = { .t_cutover = T, .window_start = T - 300, .window_end = T + 300 };
  static const struct { gint64 now; const char *text; } rows[] = {
    { T - 3900, "The buffer window opens in 1 h 0 min 0 s" }, { T - 345, "The buffer window opens in 45 s" },
    { T - 300, "Inside the buffer window: do not change anything" }, { T - 1, "Inside the buffer window: do not change anything" },
    { T, "Buffer window: 5 min 0 s left" }, { T + 300, "Buffer window: 0 s left" },
    { T + 301, "Buffer window closed at 2026-03-01T12:05:00Z" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text = cr_buffer_phase (&cutline, rows[i].now);

    g_assert_cmpstr (text, ==, rows[i].text);
  }
  {
    g_autofree char *before = cr_countdown_text (T, T - 3723), *after = cr_countdown_text (T, T + 3);
    g_autofree char *one = cr_duration_words (G_USEC_PER_SEC), *minutes = cr_duration_words (G_GINT64_CONSTANT (190000000));
    g_autofree char *shorter = cr_duration_short (59999999), *hours = cr_duration_short (G_GINT64_CONSTANT (3727000000));

    g_assert_cmpstr (before, ==, "T − 01:02:03");
    g_assert_cmpstr (after, ==, "T + 00:00:03");
    g_assert_cmpstr (one, ==, "1 second");
    g_assert_cmpstr (minutes, ==, "3 minutes 10 seconds");
    g_assert_cmpstr (shorter, ==, "0:59");
    g_assert_cmpstr (hours, ==, "1:02:07");
  }
}

static void
test_states_apart (void)
{
  g_test_summary ("Each state has its own word and its own icon, and each icon is in the resources: nothing rests on colour");
  for (CrGateState a = CR_GATE_PENDING; a <= CR_GATE_STOPPED; a++) {
    g_autofree char *path = g_strconcat (CR_APP_PATH "/icons/scalable/actions/", cr_gate_state_icon (a), ".svg", NULL);

    g_assert_true (g_resources_get_info (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL, NULL, NULL));
    for (CrGateState b = CR_GATE_PENDING; b < a; b++) {
      g_assert_cmpstr (cr_gate_state_icon (a), !=, cr_gate_state_icon (b));
      g_assert_cmpstr (cr_gate_state_word (a), !=, cr_gate_state_word (b));
    }
  }
}

int
main (int argc, char **argv)
{
  if (!display_init (&argc, &argv))
    return 0;
#define ADD(path, func) g_test_add ("/run-page/" path, Fixture, NULL, set_up, func, tear_down)
  g_test_add_func ("/run-page/words", test_words);
  g_test_add_func ("/run-page/states-apart", test_states_apart);
  ADD ("timeline", test_timeline);
  ADD ("sizes", test_sizes);
  ADD ("countdown", test_countdown);
  ADD ("go", test_go);
  ADD ("no-go", test_no_go);
  ADD ("error", test_error);
  ADD ("stop", test_stop);
  return g_test_run ();
}
