/* test-window.c: the window with the real machine and the practice target: from the start page to GO
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gstdio.h>
#include "cr-app-settings.h"
#include "cr-evidence-page.h"
#include "cr-run-page.h"
#include "cr-window.h"
#include "cr-wizard.h"
#include "display.h"

typedef struct {
  char          *root;
  CrApplication *application;
  CrWindow      *window;
} Fixture;

static CrApplication *application;  /* one for all tests: only g_application_run() can end one */

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  fixture->root = g_dir_make_tmp ("cr-window-XXXXXX", NULL);
  if (application == NULL) {
    application = g_object_new (CR_TYPE_APPLICATION, "application-id", CR_APP_ID, "resource-base-path", CR_APP_PATH,
                                "flags", G_APPLICATION_NON_UNIQUE, NULL);
    g_application_register (G_APPLICATION (application), NULL, &error);
    g_assert_no_error (error);
  }
  fixture->application = application;
  fixture->window = cr_window_new (fixture->application);
  g_object_add_weak_pointer (G_OBJECT (fixture->window), (gpointer *) &fixture->window);
  gtk_window_present (GTK_WINDOW (fixture->window));
  display_settle (GTK_WIDGET (fixture->window));
}

static void
remove_tree (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);
    if (!g_file_test (child, G_FILE_TEST_IS_SYMLINK))
      remove_tree (child);
  }
  g_remove (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (fixture->window != NULL)
    cr_window_terminate (fixture->window);
  while (fixture->window != NULL || g_main_context_pending (NULL))  /* it must go away whatever was shown, and leave nothing that holds it */
    g_main_context_iteration (NULL, TRUE);
  remove_tree (fixture->root);
  g_free (fixture->root);
}

static gpointer
find (GtkWidget *widget, GType type)
{
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child)) {
    gpointer found = find (child, type);
    if (found != NULL)
      return found;
  }
  return NULL;
}

static gboolean
enabled (Fixture *fixture, const char *action)
{
  return g_action_group_get_action_enabled (G_ACTION_GROUP (fixture->window), action);
}

static gboolean
run_is (Fixture *fixture, const char *property)
{
  gboolean value;

  g_object_get (find (GTK_WIDGET (fixture->window), CR_TYPE_RUN_PAGE), property, &value, NULL);
  return value;
}

static AdwMessageDialog *
find_dialog (Fixture *fixture)
{
  g_autoptr(GList) windows = gtk_window_list_toplevels ();

  for (GList *item = windows; item != NULL; item = item->next)
    if (ADW_IS_MESSAGE_DIALOG (item->data) && gtk_window_get_transient_for (item->data) == GTK_WINDOW (fixture->window))
      return item->data;
  return NULL;
}

static void
test_start_page (Fixture *fixture, gconstpointer data)
{
  g_assert_true (enabled (fixture, "new") && enabled (fixture, "practice") && enabled (fixture, "real") && enabled (fixture, "open-evidence"));
  g_assert_false (enabled (fixture, "start") || enabled (fixture, "stop") || enabled (fixture, "back") || enabled (fixture, "failed-gate"));
  display_picture (GTK_WIDGET (fixture->window), "start-page");
}

/* One click from the start page to a Review that can start */
static void
test_practice_action (Fixture *fixture, gconstpointer data)
{
  CrWizard *wizard = find (GTK_WIDGET (fixture->window), CR_TYPE_WIZARD);

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.practice", NULL);
  display_settle (GTK_WIDGET (fixture->window));
  g_assert_true (gtk_widget_get_mapped (GTK_WIDGET (wizard)));
  g_assert_cmpint (cr_wizard_get_step (wizard), ==, CR_WIZARD_REVIEW);
  g_assert_true (cr_settings_is_practice (cr_wizard_get_settings (wizard)));
  g_assert_cmpstr (cr_settings_get (cr_wizard_get_settings (wizard), "owner"), !=, "");
  g_assert_true (enabled (fixture, "start"));
  g_assert_true (enabled (fixture, "back"));
  display_picture (GTK_WIDGET (fixture->window), "review");
}

/* Start Practice, Start Rehearsal: GO. Then the window asks before an unwritten summary is left behind. */
static void
test_go (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrSettings) settings = cr_settings_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(CrEvidenceReading) reading = NULL;
  CrRehearsal *rehearsal;
  GtkWidget *page = g_object_ref_sink (cr_evidence_page_new ());

  cr_app_load_profile (settings, "practice", FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (cr_settings_set (settings, "practice.speed", "instant", CR_ORIGIN_OPTION, NULL));
  g_assert_true (cr_settings_set (settings, "owner", "salee", CR_ORIGIN_OPTION, NULL));
  g_assert_true (cr_settings_set (settings, "evidence_root", fixture->root, CR_ORIGIN_OPTION, NULL));
  cr_window_prepare (fixture->window, settings);
  g_assert_true (enabled (fixture, "start"));
  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.start", NULL);
  g_assert_true (run_is (fixture, "running"));
  g_assert_true (enabled (fixture, "stop"));
  g_assert_false (enabled (fixture, "new"));

  gtk_window_close (GTK_WINDOW (fixture->window));  /* while it runs: asks */
  g_assert_nonnull (find_dialog (fixture));
  adw_message_dialog_response (find_dialog (fixture), "cancel");

  while (run_is (fixture, "running"))
    g_main_context_iteration (NULL, TRUE);
  display_settle (GTK_WIDGET (fixture->window));
  rehearsal = cr_run_page_get_rehearsal (find (GTK_WIDGET (fixture->window), CR_TYPE_RUN_PAGE));
  g_assert_nonnull (cr_rehearsal_get_decision (rehearsal));
  g_assert_cmpstr (cr_rehearsal_get_decision (rehearsal)->sentence, !=, NULL);
  g_assert_cmpint (cr_rehearsal_get_decision (rehearsal)->kind, ==, CR_DECISION_GO);
  g_assert_true (run_is (fixture, "open-ended"));
  display_picture (GTK_WIDGET (fixture->window), "go");

  gtk_window_close (GTK_WINDOW (fixture->window));
  g_assert_nonnull (fixture->window);
  g_assert_nonnull (find_dialog (fixture));
  adw_message_dialog_response (find_dialog (fixture), "stay");
  display_settle (GTK_WIDGET (fixture->window));

  /* The folder as it is now, read back: without summary it is no GO */
  reading = cr_evidence_reading_new (cr_rehearsal_get_folder (rehearsal), &error);
  g_assert_no_error (error);
  cr_evidence_page_set_reading (CR_EVIDENCE_PAGE (page), reading);
  g_assert_nonnull (display_find (page, GTK_TYPE_LABEL, "NO_GO"));
  g_assert_cmpuint (reading->problems->len, >, 0);
  g_assert_nonnull (find (page, ADW_TYPE_ACTION_ROW));
  g_object_unref (page);
}

static void
test_shortcuts (Fixture *fixture, gconstpointer data)
{
  GtkWindow *help = NULL;
  g_autoptr(GList) windows = NULL;

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.shortcuts", NULL);
  windows = gtk_window_list_toplevels ();
  for (GList *item = windows; item != NULL; item = item->next)
    if (GTK_IS_SHORTCUTS_WINDOW (item->data))
      help = item->data;
  g_assert_nonnull (help);
  gtk_window_destroy (help);
}

/* The actions behind the shortcuts exist, and no reserved key is taken (GTK's inspector, panes, caret, menu) */
static void
test_accelerators (Fixture *fixture, gconstpointer data)
{
  static const char *const reserved[] = { "<Shift><Control>d", "<Shift><Control>i", "F6", "F8", "F7", "F10", "<Control>period", "<Control>semicolon" };
  g_auto(GStrv) actions = gtk_application_list_action_descriptions (GTK_APPLICATION (fixture->application));

  g_assert_cmpuint (g_strv_length (actions), >=, 10);
  for (guint i = 0; actions[i] != NULL; i++) {
    g_autofree char *name = NULL;
    g_autoptr(GVariant) target = NULL;

    g_assert_true (g_action_parse_detailed_name (actions[i], &name, &target, NULL));
    if (g_str_has_prefix (name, "win."))
      g_assert_true (g_action_group_has_action (G_ACTION_GROUP (fixture->window), name + 4));
    else if (g_str_has_prefix (name, "app."))
      g_assert_true (g_action_group_has_action (G_ACTION_GROUP (fixture->application), name + 4));
  }
  for (guint i = 0; i < G_N_ELEMENTS (reserved); i++) {
    g_auto(GStrv) taken = gtk_application_get_actions_for_accel (GTK_APPLICATION (fixture->application), reserved[i]);
    g_assert_cmpuint (g_strv_length (taken), ==, 0);
  }
}

/* From 360 pixels on everything fits: no page asks for more */
static void
test_narrow (Fixture *fixture, gconstpointer data)
{
  CrWizard *wizard = find (GTK_WIDGET (fixture->window), CR_TYPE_WIZARD);
  int minimum;

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.practice", NULL);
  for (guint i = 0; i < 4; i++) {
    cr_wizard_go (wizard, i);
    gtk_widget_measure (GTK_WIDGET (wizard), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
    g_test_message ("page %u needs %d pixels", i + 1, minimum);
    g_assert_cmpint (minimum, <=, 360);
  }
  gtk_widget_measure (GTK_WIDGET (fixture->window), GTK_ORIENTATION_HORIZONTAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, <=, 400);  /* with the shadow around the window */
}

int
main (int argc, char **argv)
{
  /* no session bus: nobody to send a notification to, and nothing of the tester's desktop is touched */
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "disabled:", TRUE);
  if (!display_init (&argc, &argv))
    return 0;
#define ADD(name, func) g_test_add ("/window/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("start-page", test_start_page);
  ADD ("practice-action", test_practice_action);
  ADD ("go", test_go);
  ADD ("shortcuts", test_shortcuts);
  ADD ("accelerators", test_accelerators);
  ADD ("narrow", test_narrow);
  return g_test_run ();
}
