/* test-closing-form.c: what the operator adds before the folder is sealed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "display.h"
#include "cr-closing-form.h"
#include <string.h>

#define NOW G_GINT64_CONSTANT (1772366400)  /* date -u -d 2026-03-01T12:00:00Z +%s */

typedef struct {
  GtkWidget     *window;
  CrClosingForm *form;
  CrFakeClock   *clock;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->clock = cr_fake_clock_new (NOW * G_USEC_PER_SEC);
  fixture->form = CR_CLOSING_FORM (cr_closing_form_new ());
  fixture->window = display_show (GTK_WIDGET (fixture->form), 520, 640);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_clear_object (&fixture->clock);
}

static GtkWidget *
field (Fixture *fixture, const char *name)
{
  return GTK_WIDGET (gtk_widget_get_template_child (GTK_WIDGET (fixture->form), CR_TYPE_CLOSING_FORM, name));
}

static void
no_go (Fixture *fixture)
{
  const CrDecision decision = { .kind = CR_DECISION_NO_GO, .classification = CR_CLASS_BACKFILL_FAILED, .first_gate = 2 };

  cr_closing_form_set_up (fixture->form, &decision, CR_CLOCK (fixture->clock), "salee", "", "Both synthetic rows are readable through the API.");
}

static void
test_complete (Fixture *fixture, gconstpointer data)
{
  CrClosing closing;
  g_autoptr(GError) error = NULL;

  g_test_summary ("The suggestions alone make a complete form");
  no_go (fixture);
  g_assert_true (cr_closing_form_get (fixture->form, &closing, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (closing.owner, ==, "salee");
  g_assert_cmpint (closing.classification, ==, CR_CLASS_BACKFILL_FAILED);
  g_assert_null (closing.classification_reason);
  g_assert_cmpstr (closing.unblock, ==, "Both synthetic rows are readable through the API.");
  /* Sunday 21:00 in Seoul: the next working hour is Monday 09:00 there */
  g_assert_cmpstr (closing.retry_at, ==, "2026-03-02T00:00:00Z");
  g_assert_null (closing.notes);
  display_picture (fixture->window, "test-closing-form");
}

static void
test_go (Fixture *fixture, gconstpointer data)
{
  const CrDecision decision = { .kind = CR_DECISION_GO, .classification = CR_CLASS_NONE, .first_gate = -1 };
  CrClosing closing;
  g_autoptr(GError) error = NULL;

  g_test_summary ("A GO asks for the owner and for nothing else");
  cr_closing_form_set_up (fixture->form, &decision, CR_CLOCK (fixture->clock), "salee", "", NULL);
  g_assert_true (cr_closing_form_get (fixture->form, &closing, &error));
  g_assert_no_error (error);
  g_assert_cmpint (closing.classification, ==, CR_CLASS_NONE);
  g_assert_false (gtk_widget_is_visible (field (fixture, "unblock")));
  g_assert_true (gtk_widget_is_visible (field (fixture, "owner")));
  gtk_editable_set_text (GTK_EDITABLE (field (fixture, "owner")), "  ");
  g_assert_false (cr_closing_form_get (fixture->form, &closing, &error));
}

static void
assert_refused (Fixture *fixture, const char *words)
{
  CrClosing closing;
  g_autoptr(GError) error = NULL;
  GtkLabel *problem = GTK_LABEL (field (fixture, "problem"));

  g_assert_false (cr_closing_form_get (fixture->form, &closing, &error));
  g_assert_nonnull (error);
  g_assert_true (gtk_widget_is_visible (GTK_WIDGET (problem)));
  g_assert_cmpstr (gtk_label_get_label (problem), ==, error->message);
  if (words != NULL && strstr (error->message, words) == NULL)
    g_error ("“%s” does not hold “%s”", error->message, words);
}

static void
test_refusals (Fixture *fixture, gconstpointer data)
{
  CrClosing closing;

  g_test_summary ("Each bad value is refused in words and stays as it was typed; mending it makes the form whole again");
  no_go (fixture);
  gtk_editable_set_text (GTK_EDITABLE (field (fixture, "retry_time")), "tomorrow");
  assert_refused (fixture, "tomorrow");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (field (fixture, "retry_time"))), ==, "tomorrow");
  gtk_editable_set_text (GTK_EDITABLE (field (fixture, "retry_time")), "2026-03-01T11:59:59Z");  /* a second ago */
  assert_refused (fixture, "2026-03-01T11:59:59Z");
  gtk_editable_set_text (GTK_EDITABLE (field (fixture, "retry_time")), "2026-03-01T13:00:00Z");
  g_assert_true (cr_closing_form_get (fixture->form, &closing, NULL));
  g_assert_false (gtk_widget_is_visible (field (fixture, "problem")));

  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (field (fixture, "unblock"))), "too short", -1);  /* 9 of 10 */
  assert_refused (fixture, NULL);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (field (fixture, "unblock"))), "long enough", -1);
  g_assert_true (cr_closing_form_get (fixture->form, &closing, NULL));

  gtk_check_button_set_active (GTK_CHECK_BUTTON (field (fixture, "retry_none")), TRUE);
  assert_refused (fixture, NULL);  /* N/A needs a reason */
  gtk_editable_set_text (GTK_EDITABLE (field (fixture, "retry_reason")), "The cluster is being rebuilt");
  g_assert_true (cr_closing_form_get (fixture->form, &closing, NULL));
  g_assert_cmpstr (closing.retry_at, ==, "N/A");
  g_assert_cmpstr (closing.retry_reason, ==, "The cluster is being rebuilt");
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (field (fixture, "retry_time"))), ==, "2026-03-01T13:00:00Z");  /* not lost */
}

static void
test_other_classification (Fixture *fixture, gconstpointer data)
{
  CrClosing closing;

  g_test_summary ("Another classification than the judged one needs a reason");
  no_go (fixture);
  g_assert_false (gtk_widget_is_visible (field (fixture, "reason")));
  gtk_drop_down_set_selected (GTK_DROP_DOWN (field (fixture, "classification")), 0);
  g_assert_true (gtk_widget_is_visible (field (fixture, "reason")));
  assert_refused (fixture, NULL);
  gtk_editable_set_text (GTK_EDITABLE (field (fixture, "reason")), "The database host was down");
  g_assert_true (cr_closing_form_get (fixture->form, &closing, NULL));
  g_assert_cmpint (closing.classification, ==, CR_CLASS_ENVIRONMENT_BLOCKED);
  g_assert_cmpstr (closing.classification_reason, ==, "The database host was down");
}

static void
test_steppers (Fixture *fixture, gconstpointer data)
{
  GtkEditable *time;

  no_go (fixture);
  time = GTK_EDITABLE (field (fixture, "retry_time"));
  gtk_editable_set_text (time, "2026-03-01T23:30:00Z");
  g_signal_emit_by_name (field (fixture, "later"), "clicked");
  g_assert_cmpstr (gtk_editable_get_text (time), ==, "2026-03-02T00:30:00Z");
  g_signal_emit_by_name (field (fixture, "earlier"), "clicked");
  g_assert_cmpstr (gtk_editable_get_text (time), ==, "2026-03-01T23:30:00Z");
}

static void
test_working_hours (void)
{
  /* Python: datetime(...).timestamp() and weekday(), zone Asia/Seoul, UTC+9 all year */
  static const struct { const char *now, *expected; } rows[] = {
    { "2026-03-02T01:00:00Z", "2026-03-02T02:00:00Z" },  /* Monday 10:00 in Seoul: in an hour */
    { "2026-03-02T01:20:30Z", "2026-03-02T03:00:00Z" },  /* 10:20:30: the next full hour after 11:20:30 */
    { "2026-03-02T08:30:00Z", "2026-03-03T00:00:00Z" },  /* 17:30: tomorrow at 9 */
    { "2026-03-06T08:30:00Z", "2026-03-09T00:00:00Z" },  /* Friday evening: Monday at 9 */
  };
  g_autoptr(GTimeZone) zone = g_time_zone_new_identifier ("Asia/Seoul");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gint64 now;
    g_autofree char *text = NULL;

    g_assert_true (cr_time_parse_utc (rows[i].now, &now, NULL));
    text = cr_time_format_utc (cr_next_working_hour (now, zone));
    g_assert_cmpstr (text, ==, rows[i].expected);
  }
}

int
main (int argc, char **argv)
{
  if (!display_init (&argc, &argv))
    return 0;
#define ADD(path, func) g_test_add ("/closing-form/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("complete", test_complete);
  ADD ("go", test_go);
  ADD ("refusals", test_refusals);
  ADD ("other-classification", test_other_classification);
  ADD ("steppers", test_steppers);
  g_test_add_func ("/closing-form/working-hours", test_working_hours);
  return g_test_run ();
}
