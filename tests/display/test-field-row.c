/* test-field-row.c: one row of the wizard: what it says, what it keeps
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-field-row.h"
#include "display.h"

typedef struct {
  CrSettings *settings;
  CrFieldRow *row;
  GtkWidget  *window;
  GtkWidget  *other;   /* something else that can have the focus */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer key)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *list = gtk_list_box_new ();

  fixture->settings = cr_settings_new ();
  fixture->row = CR_FIELD_ROW (cr_field_row_new (key));
  fixture->other = gtk_button_new_with_label ("Other");
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_list_box_append (GTK_LIST_BOX (list), GTK_WIDGET (fixture->row));
  gtk_box_append (GTK_BOX (box), list);
  gtk_box_append (GTK_BOX (box), fixture->other);
  cr_field_row_set_settings (fixture->row, fixture->settings);
  fixture->window = display_show (box, 700, 200);
}

static void
tear_down (Fixture *fixture, gconstpointer key)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_assert_finalize_object (fixture->settings);
}

static void
count_cb (int *count)
{
  ++*count;
}

/* The runbook's section 2 has this name */
static void
test_default (Fixture *fixture, gconstpointer key)
{
  GtkAccessible *editor = GTK_ACCESSIBLE (cr_field_row_get_editor (fixture->row));

  g_assert_cmpstr (cr_field_row_get_text (fixture->row), ==, "2dt-final-team4");
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "runbook default");
  g_assert_true (cr_field_row_is_valid (fixture->row));
  gtk_test_accessible_assert_relation (editor, GTK_ACCESSIBLE_RELATION_LABELLED_BY,
                                       display_find (GTK_WIDGET (fixture->row), GTK_TYPE_LABEL, "Resource group"), NULL);
  gtk_test_accessible_assert_property (editor, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "runbook default");
  gtk_test_accessible_assert_state (editor, GTK_ACCESSIBLE_STATE_INVALID, GTK_ACCESSIBLE_INVALID_FALSE);
}

static void
test_edited (Fixture *fixture, gconstpointer key)
{
  cr_field_row_set_text (fixture->row, "  other-group ");
  g_assert_cmpstr (cr_settings_get (fixture->settings, key), ==, "other-group");
  g_assert_cmpint (cr_settings_get_origin (fixture->settings, key), ==, CR_ORIGIN_EDITED);
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "edited");
}

/* Nothing typed is lost; the sentence names the field, the value and the expected form, and waits for a pause */
static void
test_bad_value (Fixture *fixture, gconstpointer key)
{
  GtkAccessible *editor = GTK_ACCESSIBLE (cr_field_row_get_editor (fixture->row));
  int notified = 0;

  g_signal_connect_swapped (fixture->row, "notify::valid", G_CALLBACK (count_cb), &notified);
  cr_field_row_set_text (fixture->row, "bad/group.");
  g_assert_false (cr_field_row_is_valid (fixture->row));
  g_assert_cmpint (notified, ==, 1);
  g_assert_cmpstr (cr_settings_get (fixture->settings, key), ==, "bad/group.");
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "edited");

  while (strstr (cr_field_row_get_caption (fixture->row), "bad/group.") == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (strstr (cr_field_row_get_caption (fixture->row), "Resource group"));
  g_assert_nonnull (strstr (cr_field_row_get_caption (fixture->row), "1 to 90"));
  gtk_test_accessible_assert_state (editor, GTK_ACCESSIBLE_STATE_INVALID, GTK_ACCESSIBLE_INVALID_TRUE);
  gtk_test_accessible_assert_property (editor, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, cr_field_row_get_caption (fixture->row));

  cr_field_row_set_text (fixture->row, "good-group");
  g_assert_true (cr_field_row_is_valid (fixture->row));
  g_assert_cmpint (notified, ==, 2);
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "edited");
  gtk_test_accessible_assert_state (editor, GTK_ACCESSIBLE_STATE_INVALID, GTK_ACCESSIBLE_INVALID_FALSE);
}

static void
test_focus_leaves (Fixture *fixture, gconstpointer key)
{
  gtk_widget_grab_focus (cr_field_row_get_editor (fixture->row));
  cr_field_row_set_text (fixture->row, "");
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "edited");
  gtk_widget_grab_focus (fixture->other);
  g_assert_nonnull (strstr (cr_field_row_get_caption (fixture->row), "“Resource group” is empty"));
}

/* Pasted control and bidi characters are refused, and shown as visible text only */
static void
test_hostile (Fixture *fixture, gconstpointer key)
{
  cr_field_row_set_text (fixture->row, "a\x1b[31mb\xe2\x80\xae" "c");
  cr_field_row_show_problem (fixture->row);
  g_assert_false (cr_field_row_is_valid (fixture->row));
  g_assert_null (strchr (cr_field_row_get_caption (fixture->row), 0x1b));
  g_assert_null (strstr (cr_field_row_get_caption (fixture->row), "\xe2\x80\xae"));
}

static void
test_settings_change (Fixture *fixture, gconstpointer key)
{
  g_assert_true (cr_settings_set (fixture->settings, key, "from-elsewhere", CR_ORIGIN_OPTION, NULL));
  g_assert_cmpstr (cr_field_row_get_text (fixture->row), ==, "from-elsewhere");
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "given on the command line");
}

static void
test_page_problem (Fixture *fixture, gconstpointer key)
{
  cr_field_row_set_problem (fixture->row, "Something odd", TRUE);
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "Something odd");
  g_assert_true (cr_field_row_is_valid (fixture->row));
  cr_field_row_set_problem (fixture->row, "Something wrong", FALSE);
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "Something wrong");
  g_assert_false (cr_field_row_is_valid (fixture->row));
  cr_field_row_set_problem (fixture->row, NULL, FALSE);
  g_assert_true (cr_field_row_is_valid (fixture->row));
  g_assert_cmpstr (cr_field_row_get_caption (fixture->row), ==, "runbook default");
}

static void
test_inactive (Fixture *fixture, gconstpointer key)
{
  cr_field_row_set_text (fixture->row, "kept/wrong");
  cr_field_row_set_active (fixture->row, FALSE);
  g_assert_true (cr_field_row_is_valid (fixture->row));
  g_assert_true (cr_settings_set (fixture->settings, key, "meanwhile", CR_ORIGIN_EDITED, NULL));
  g_assert_cmpstr (cr_field_row_get_text (fixture->row), ==, "kept/wrong");
  cr_field_row_set_active (fixture->row, TRUE);
  g_assert_cmpstr (cr_settings_get (fixture->settings, key), ==, "kept/wrong");
  g_assert_false (cr_field_row_is_valid (fixture->row));
}

/* The title in a .ui holds a mnemonic; sentences do not */
static void
test_mnemonic (Fixture *fixture, gconstpointer key)
{
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (fixture->row), "리소스 그룹(_R)");
  cr_field_row_set_text (fixture->row, "?");
  cr_field_row_show_problem (fixture->row);
  g_assert_true (g_str_has_prefix (cr_field_row_get_caption (fixture->row), "“리소스 그룹” "));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (fixture->row), "T__cutover (_UTC)");
  g_assert_true (g_str_has_prefix (cr_field_row_get_caption (fixture->row), "“T_cutover (UTC)” "));
}

static void
test_choice (Fixture *fixture, gconstpointer key)
{
  GtkDropDown *drop = GTK_DROP_DOWN (cr_field_row_get_editor (fixture->row));

  g_assert_cmpstr (cr_field_row_get_text (fixture->row), ==, "10x");
  cr_field_row_set_text (fixture->row, "instant");
  g_assert_cmpstr (cr_settings_get (fixture->settings, key), ==, "instant");
  g_assert_cmpuint (gtk_drop_down_get_selected (drop), ==, 2);
}

/* A value that is not offered becomes a choice instead of being dropped */
static void
test_unknown_choice (Fixture *fixture, gconstpointer key)
{
  const char *const values[] = { "", "consumer-idle", NULL };
  const char *const labels[] = { "None", "The consumer idles out", NULL };

  g_assert_true (cr_settings_set (fixture->settings, key, "one,two", CR_ORIGIN_OPTION, NULL));
  cr_field_row_set_choices (fixture->row, values, labels);
  g_assert_cmpstr (cr_field_row_get_text (fixture->row), ==, "one,two");
  g_assert_cmpstr (cr_settings_get (fixture->settings, key), ==, "one,two");
  cr_field_row_set_text (fixture->row, "consumer-idle");
  g_assert_cmpstr (cr_settings_get (fixture->settings, key), ==, "consumer-idle");
}

static void
test_number (Fixture *fixture, gconstpointer key)
{
  cr_field_row_set_text (fixture->row, "5401");
  cr_field_row_show_problem (fixture->row);
  g_assert_false (cr_field_row_is_valid (fixture->row));
  g_assert_nonnull (strstr (cr_field_row_get_caption (fixture->row), "30 to 5400"));
  cr_field_row_set_text (fixture->row, "5400");
  g_assert_true (cr_field_row_is_valid (fixture->row));
  g_assert_cmpint (cr_settings_get_int (fixture->settings, key), ==, 5400);
}

/* With little room the button moves below the text, and nothing gets narrower than it can be */
static void
test_narrow (Fixture *fixture, gconstpointer key)
{
  GtkWidget *button = gtk_button_new_with_label ("A button with a long label");
  graphene_rect_t text, suffix;

  cr_field_row_add_suffix (fixture->row, button);
  display_settle (fixture->window);
  g_assert_true (gtk_widget_compute_bounds (cr_field_row_get_editor (fixture->row), fixture->window, &text));
  g_assert_true (gtk_widget_compute_bounds (button, fixture->window, &suffix));
  g_assert_cmpfloat (suffix.origin.x, >=, text.origin.x + text.size.width);

  gtk_window_set_default_size (GTK_WINDOW (fixture->window), 340, 300);
  display_settle (fixture->window);
  g_assert_true (gtk_widget_compute_bounds (cr_field_row_get_editor (fixture->row), fixture->window, &text));
  g_assert_true (gtk_widget_compute_bounds (button, fixture->window, &suffix));
  g_assert_cmpfloat (suffix.origin.y, >=, text.origin.y + text.size.height);
}

int
main (int argc, char **argv)
{
  if (!display_init (&argc, &argv))
    return 0;
#define ADD(name, key, func) g_test_add ("/field-row/" name, Fixture, key, set_up, func, tear_down)
  ADD ("default", "resource_group", test_default);
  ADD ("edited", "resource_group", test_edited);
  ADD ("bad-value", "resource_group", test_bad_value);
  ADD ("focus-leaves", "resource_group", test_focus_leaves);
  ADD ("hostile", "resource_group", test_hostile);
  ADD ("settings-change", "resource_group", test_settings_change);
  ADD ("page-problem", "resource_group", test_page_problem);
  ADD ("inactive", "resource_group", test_inactive);
  ADD ("mnemonic", "resource_group", test_mnemonic);
  ADD ("choice", "practice.speed", test_choice);
  ADD ("unknown-choice", "practice.fault", test_unknown_choice);
  ADD ("number", "limits.backfill", test_number);
  ADD ("narrow", "subscription", test_narrow);
  return g_test_run ();
}
