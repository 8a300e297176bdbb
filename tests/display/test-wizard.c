/* test-wizard.c: the four pages, clicked through
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gstdio.h>
#include "cr-app-settings.h"
#include "cr-field-row.h"
#include "cr-preview.h"
#include "cr-wizard.h"
#include "display.h"

typedef struct {
  char       *root;      /* evidence folder of the test */
  CrSettings *settings;
  CrWizard   *wizard;
  GtkWidget  *window;
  guint       started;   /* times "start" came */
  guint       cancelled;
} Fixture;

static void
start_cb (CrWizard *wizard, CrSettings *settings, Fixture *fixture)
{
  fixture->started++;
}

static void
cancelled_cb (CrWizard *wizard, Fixture *fixture)
{
  fixture->cancelled++;
}

static void
set_up (Fixture *fixture, gconstpointer profile)
{
  g_autoptr(GError) error = NULL;

  fixture->root = g_dir_make_tmp ("cr-wizard-XXXXXX", NULL);
  fixture->settings = cr_settings_new ();
  cr_app_load_profile (fixture->settings, profile, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (cr_settings_set (fixture->settings, "owner", "Test Owner", CR_ORIGIN_DERIVED, NULL));
  g_assert_true (cr_settings_set (fixture->settings, "evidence_root", fixture->root, CR_ORIGIN_OPTION, NULL));
  fixture->wizard = CR_WIZARD (cr_wizard_new ());
  g_signal_connect (fixture->wizard, "start", G_CALLBACK (start_cb), fixture);
  g_signal_connect (fixture->wizard, "cancelled", G_CALLBACK (cancelled_cb), fixture);
  fixture->window = display_show (GTK_WIDGET (fixture->wizard), 900, 700);
  cr_wizard_set_settings (fixture->wizard, fixture->settings, CR_WIZARD_ENVIRONMENT);
  display_settle (fixture->window);
}

static void
remove_tree (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    remove_tree (child);
  }
  g_remove (path);
}

static void
tear_down (Fixture *fixture, gconstpointer profile)
{
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (fixture->settings);
  remove_tree (fixture->root);
  g_free (fixture->root);
}

static gboolean
startable (Fixture *fixture)
{
  gboolean value;

  g_object_get (fixture->wizard, "startable", &value, NULL);
  return value;
}

static CrFieldRow *
find_row (GtkWidget *widget, const char *key)
{
  if (CR_IS_FIELD_ROW (widget) && g_str_equal (cr_field_row_get_key (CR_FIELD_ROW (widget)), key))
    return CR_FIELD_ROW (widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child)) {
    CrFieldRow *row = find_row (child, key);
    if (row != NULL)
      return row;
  }
  return NULL;
}

static CrFieldRow *
row (Fixture *fixture, const char *key)
{
  CrFieldRow *found = find_row (GTK_WIDGET (fixture->wizard), key);

  g_assert_nonnull (found);
  return found;
}

static gboolean
has_focus (GtkWidget *widget)
{
  return (gtk_widget_get_state_flags (widget) & GTK_STATE_FLAG_FOCUS_WITHIN) != 0;
}

static gboolean
can_continue (Fixture *fixture)
{
  return gtk_widget_get_sensitive (cr_wizard_get_default (fixture->wizard));
}

/* What a page offers first to the keyboard */
static GtkWidget *
first_stop (Fixture *fixture, CrWizardStep step)
{
  switch (step) {
  case CR_WIZARD_ENVIRONMENT:
    return gtk_widget_get_ancestor (display_find (GTK_WIDGET (fixture->wizard), GTK_TYPE_CHECK_BUTTON, NULL), GTK_TYPE_LIST_BOX);
  case CR_WIZARD_JUMPBOX:
    return cr_field_row_get_editor (row (fixture, "jumpbox_vm"));
  case CR_WIZARD_CUTOVER:
    return gtk_widget_get_ancestor (GTK_WIDGET (row (fixture, "t_cutover")), GTK_TYPE_LIST_BOX);
  case CR_WIZARD_REVIEW:
  default:
    return cr_wizard_get_default (fixture->wizard);
  }
}

/* Three times Continue and once Start: nothing has to be filled in */
static void
test_practice (Fixture *fixture, gconstpointer profile)
{
  const CrWizardStep steps[] = { CR_WIZARD_ENVIRONMENT, CR_WIZARD_JUMPBOX, CR_WIZARD_CUTOVER, CR_WIZARD_REVIEW };
  const char *const titles[] = { "Step 1 of 4: Environment", "Step 2 of 4: Jumpbox", "Step 3 of 4: T_cutover", "Step 4 of 4: Review" };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autofree char *title = NULL;
    g_autofree char *picture = g_strdup_printf ("wizard-%u", i + 1);
    g_object_get (fixture->wizard, "title", &title, NULL);
    g_assert_cmpint (cr_wizard_get_step (fixture->wizard), ==, steps[i]);
    g_assert_cmpstr (title, ==, titles[i]);
    g_assert_true (can_continue (fixture));
    g_assert_true (has_focus (first_stop (fixture, steps[i])));
    display_picture (fixture->window, picture);
    cr_wizard_continue (fixture->wizard);
    display_settle (fixture->window);
  }
  g_assert_cmpuint (fixture->started, ==, 1);
}

/* "Start Practice" opens Review at once */
static void
test_review_first (Fixture *fixture, gconstpointer profile)
{
  cr_wizard_set_settings (fixture->wizard, fixture->settings, CR_WIZARD_REVIEW);
  g_assert_true (startable (fixture));
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (fixture->window)) == cr_wizard_get_default (fixture->wizard));
}

static void
test_back_and_forth (Fixture *fixture, gconstpointer profile)
{
  cr_field_row_set_text (row (fixture, "namespace"), "other-space");
  cr_wizard_continue (fixture->wizard);
  cr_field_row_set_text (row (fixture, "jumpbox_user"), "Not A User");  /* bad, and still not lost */
  cr_wizard_continue (fixture->wizard);
  g_assert_cmpint (cr_wizard_get_step (fixture->wizard), ==, CR_WIZARD_JUMPBOX);
  cr_wizard_back (fixture->wizard);
  g_assert_cmpint (cr_wizard_get_step (fixture->wizard), ==, CR_WIZARD_ENVIRONMENT);
  g_assert_cmpstr (cr_field_row_get_text (row (fixture, "namespace")), ==, "other-space");
  cr_wizard_continue (fixture->wizard);
  g_assert_cmpstr (cr_field_row_get_text (row (fixture, "jumpbox_user")), ==, "Not A User");
  g_assert_nonnull (strstr (cr_field_row_get_caption (row (fixture, "jumpbox_user")), "Not A User"));
  g_assert_false (can_continue (fixture));
}

/* A page that was never opened is checked too */
static void
test_review_needs_all (Fixture *fixture, gconstpointer profile)
{
  cr_settings_set_unchecked (fixture->settings, "owner", "", CR_ORIGIN_EDITED);
  cr_wizard_go (fixture->wizard, CR_WIZARD_REVIEW);
  g_assert_false (startable (fixture));
  cr_wizard_start (fixture->wizard);
  g_assert_cmpuint (fixture->started, ==, 0);
  cr_wizard_edit (fixture->wizard, "owner");
  g_assert_cmpint (cr_wizard_get_step (fixture->wizard), ==, CR_WIZARD_ENVIRONMENT);
  g_assert_true (has_focus (cr_field_row_get_editor (row (fixture, "owner"))));
  cr_field_row_set_text (row (fixture, "owner"), "Somebody");
  cr_wizard_go (fixture->wizard, CR_WIZARD_REVIEW);
  g_assert_true (startable (fixture));
}

static void
test_relations (Fixture *fixture, gconstpointer profile)
{
  const char *api = cr_settings_get (fixture->settings, "api_deployment");
  g_autofree char *consumer = g_strdup (cr_settings_get (fixture->settings, "consumer_deployment"));

  cr_field_row_set_text (row (fixture, "consumer_deployment"), api);
  g_assert_false (can_continue (fixture));
  cr_field_row_set_text (row (fixture, "consumer_deployment"), consumer);
  g_assert_true (can_continue (fixture));
  cr_field_row_set_text (row (fixture, "environment"), "preprod");
  g_assert_false (can_continue (fixture));
}

static void
wait_for_folder (Fixture *fixture, gboolean good)
{
  while (cr_field_row_is_valid (row (fixture, "evidence_root")) != good)
    g_main_context_iteration (NULL, TRUE);
}

/* Found before the first gate. A path that is only being typed is not made. */
static void
test_folder (Fixture *fixture, gconstpointer profile)
{
  g_autofree char *file = g_build_filename (fixture->root, "a-file", NULL);
  g_autofree char *below = g_build_filename (file, "below", NULL);
  g_autofree char *fresh = g_build_filename (fixture->root, "new", "newer", NULL);

  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  cr_field_row_set_text (row (fixture, "evidence_root"), below);
  wait_for_folder (fixture, FALSE);
  cr_field_row_show_problem (row (fixture, "evidence_root"));
  g_assert_nonnull (strstr (cr_field_row_get_caption (row (fixture, "evidence_root")), "not a folder"));
  g_assert_false (can_continue (fixture));
  cr_field_row_set_text (row (fixture, "evidence_root"), fresh);
  wait_for_folder (fixture, TRUE);
  display_settle (fixture->window);
  g_assert_true (can_continue (fixture));
  g_assert_false (g_file_test (fresh, G_FILE_TEST_EXISTS));
}

static void
set_time (Fixture *fixture, gint64 from_now)
{
  g_autofree char *text = cr_time_format_utc (g_get_real_time () / G_USEC_PER_SEC + from_now);

  cr_field_row_set_text (row (fixture, "t_cutover"), text);
}

static void
test_time_limits (Fixture *fixture, gconstpointer profile)
{
  const struct { gint64 from_now; gboolean good; } cases[] = {
    { 3600, TRUE }, { -3600, FALSE }, { 30, FALSE }, { 23 * 3600, TRUE }, { 25 * 3600, FALSE },
  };

  g_assert_true (cr_settings_set (fixture->settings, "t_cutover", "2030-01-01T00:00:00Z", CR_ORIGIN_OPTION, NULL));
  cr_wizard_set_settings (fixture->wizard, fixture->settings, CR_WIZARD_CUTOVER);
  g_assert_false (can_continue (fixture));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    set_time (fixture, cases[i].from_now);
    g_assert_cmpint (can_continue (fixture), ==, cases[i].good);
  }
  cr_field_row_set_text (row (fixture, "t_cutover"), "2026-03-01 12:00:00Z");  /* what GDateTime would take */
  cr_field_row_show_problem (row (fixture, "t_cutover"));
  g_assert_false (can_continue (fixture));
  g_assert_nonnull (strstr (cr_field_row_get_caption (row (fixture, "t_cutover")), "YYYY-MM-DDTHH:MM:SSZ"));
}

/* R section 6: a new attempt needs a new T_cutover */
static void
test_used_time (Fixture *fixture, gconstpointer profile)
{
  g_autofree char *folder = g_build_filename (fixture->root, "20260301_115500_e2_3_reload_cutover_rehearsal", NULL);
  g_autofree char *file = g_build_filename (folder, "99_summary.md", NULL);
  gint64 t = g_get_real_time () / G_USEC_PER_SEC + 3600;
  g_autofree char *text = cr_time_format_utc (t);
  g_autofree char *summary = g_strdup_printf ("command: summary\nexit_code: 0\nUTC timestamp: %s\nowner: x\nresult: FAIL\n\nt_cutover_utc=%s\n", text, text);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (file, summary, -1, NULL));
  g_assert_true (cr_settings_set (fixture->settings, "t_cutover", text, CR_ORIGIN_OPTION, NULL));
  cr_wizard_set_settings (fixture->wizard, fixture->settings, CR_WIZARD_CUTOVER);
  while (can_continue (fixture))
    g_main_context_iteration (NULL, TRUE);
  cr_field_row_show_problem (row (fixture, "t_cutover"));
  g_assert_nonnull (strstr (cr_field_row_get_caption (row (fixture, "t_cutover")), text));
  set_time (fixture, 7200);
  g_assert_true (can_continue (fixture));
}

static void
test_run_id (Fixture *fixture, gconstpointer profile)
{
  cr_wizard_go (fixture->wizard, CR_WIZARD_CUTOVER);
  g_assert_true (can_continue (fixture));
  cr_field_row_set_text (row (fixture, "run_id"), "my-run");
  g_assert_false (can_continue (fixture));
  cr_field_row_set_text (row (fixture, "run_id"), "e2-3-20260224171350");
  g_assert_true (can_continue (fixture));
}

/* Back on the first page leaves; nothing is asked where nothing was typed */
static void
test_leave (Fixture *fixture, gconstpointer profile)
{
  cr_wizard_back (fixture->wizard);
  g_assert_cmpuint (fixture->cancelled, ==, 1);
}

static GtkWindow *
find_dialog (Fixture *fixture)
{
  g_autoptr(GList) windows = gtk_window_list_toplevels ();

  for (GList *item = windows; item != NULL; item = item->next)
    if (ADW_IS_MESSAGE_DIALOG (item->data) && gtk_window_get_transient_for (item->data) == GTK_WINDOW (fixture->window))
      return item->data;
  return NULL;
}

static void
test_leave_asks (Fixture *fixture, gconstpointer profile)
{
  cr_field_row_set_text (row (fixture, "namespace"), "typed");
  cr_wizard_back (fixture->wizard);
  g_assert_cmpuint (fixture->cancelled, ==, 0);
  g_assert_nonnull (find_dialog (fixture));
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (find_dialog (fixture)), "keep");
  display_settle (fixture->window);
  g_assert_cmpuint (fixture->cancelled, ==, 0);
  cr_wizard_ask_cancel (fixture->wizard);
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (find_dialog (fixture)), "discard");
  while (fixture->cancelled == 0)
    g_main_context_iteration (NULL, TRUE);
}

/* A real environment asks once, and Enter alone does not say yes */
static void
test_real_asks (Fixture *fixture, gconstpointer profile)
{
  g_autofree char *az = g_build_filename (fixture->root, "az", NULL);
  GtkWindow *dialog;

  g_assert_true (g_file_set_contents_full (az, "#!/bin/sh\nexit 1\n", -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
  g_assert_true (cr_settings_set (fixture->settings, "az", az, CR_ORIGIN_OPTION, NULL));
  cr_wizard_set_settings (fixture->wizard, fixture->settings, CR_WIZARD_REVIEW);
  g_assert_true (startable (fixture));
  cr_wizard_continue (fixture->wizard);
  g_assert_cmpuint (fixture->started, ==, 0);
  dialog = find_dialog (fixture);
  g_assert_nonnull (dialog);
  g_assert_cmpstr (adw_message_dialog_get_heading (ADW_MESSAGE_DIALOG (dialog)), ==, "Start Rehearsal on “dev”?");
  g_assert_cmpstr (adw_message_dialog_get_default_response (ADW_MESSAGE_DIALOG (dialog)), ==, NULL);
  adw_message_dialog_response (ADW_MESSAGE_DIALOG (dialog), "start");
  while (fixture->started == 0)
    g_main_context_iteration (NULL, TRUE);
}

/* Without az there is nothing real to start, and the page says so */
static void
test_no_az (Fixture *fixture, gconstpointer profile)
{
  g_assert_true (cr_settings_set (fixture->settings, "az", "/nonexistent/az", CR_ORIGIN_OPTION, NULL));
  cr_wizard_set_settings (fixture->wizard, fixture->settings, CR_WIZARD_ENVIRONMENT);
  g_assert_false (can_continue (fixture));
  g_assert_true (cr_settings_set (fixture->settings, "mode", "practice", CR_ORIGIN_EDITED, NULL));
  g_assert_true (can_continue (fixture));
}

/* Every step of every gate is on the Review page's lists, by title, and every local command word by word */
static void
test_commands (Fixture *fixture, gconstpointer profile)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPreview) preview = cr_preview_new (fixture->settings, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (preview->plan->gates->len, ==, 6);
  for (guint i = 0; i < preview->plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (preview->plan->gates, i);
    g_autofree char *list = cr_preview_gate_list (preview, i);
    g_autofree char *text = cr_preview_gate_text (preview, i, &error);

    g_assert_no_error (error);
    for (guint s = 0; s < gate->steps->len; s++) {
      CrPlanStep *step = g_ptr_array_index (gate->steps, s);
      g_assert_nonnull (strstr (list, step->title));
      if (step->where == CR_STEP_DIRECT)
        g_assert_nonnull (strstr (text, step->url));
      for (guint w = 0; step->where == CR_STEP_LOCAL && step->argv[w] != NULL; w++)
        g_assert_nonnull (strstr (text, step->argv[w]));
    }
    g_assert_nonnull (strstr (text, "run-command invoke"));
    g_assert_nonnull (strstr (text, cr_settings_get (fixture->settings, "jumpbox_vm")));
    g_assert_null (strstr (text, "${program:"));
  }
}

int
main (int argc, char **argv)
{
  if (!display_init (&argc, &argv))
    return 0;
#define ADD(name, profile, func) g_test_add ("/wizard/" name, Fixture, profile, set_up, func, tear_down)
  ADD ("practice", "practice", test_practice);
  ADD ("review-first", "practice", test_review_first);
  ADD ("back-and-forth", "practice", test_back_and_forth);
  ADD ("review-needs-all", "practice", test_review_needs_all);
  ADD ("relations", "practice", test_relations);
  ADD ("folder", "practice", test_folder);
  ADD ("time-limits", "practice", test_time_limits);
  ADD ("used-time", "practice", test_used_time);
  ADD ("run-id", "practice", test_run_id);
  ADD ("leave", "practice", test_leave);
  ADD ("leave-asks", "practice", test_leave_asks);
  ADD ("real-asks", "dev", test_real_asks);
  ADD ("no-az", "dev", test_no_az);
  ADD ("commands", "dev", test_commands);
  return g_test_run ();
}
