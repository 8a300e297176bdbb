/* cr-window.c: the main window: start page, wizard, run, an evidence folder read back
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-accessible.h"
#include "cr-app-settings.h"
#include "cr-compat.h"
#include "cr-evidence-page.h"
#include "cr-run-page.h"
#include "cr-start-page.h"
#include "cr-window.h"
#include "cr-wizard.h"
#include "../io/cr-evidence-folder.h"
#include "../io/cr-paths.h"

#define PLAN_ID "e2-3-reload-cutover"
#define NARROW  600  /* pixels */

struct _CrWindow {
  AdwApplicationWindow parent_instance;
  GtkStack       *stack;          /* (borrowed), as all widgets below */
  GtkWidget      *start_page, *run_page, *evidence_page, *practice_banner, *problem_banner;
  CrWizard       *wizard;
  AdwWindowTitle *title;
  GtkWidget      *new_button, *stop_button, *chip;
  GCancellable   *cancellable;    /* (owned): of an evidence folder being read */
  CrWizardStep    opened_at;      /* step the wizard was opened with: Back from there leaves it */
  gboolean        narrow;         /* the header bar has room for little */
  gboolean        terminating;    /* closes as soon as nothing runs */
  gboolean        may_close;      /* the question was answered */
};

G_DEFINE_FINAL_TYPE (CrWindow, cr_window, ADW_TYPE_APPLICATION_WINDOW)

/* ---- What is shown ---- */

static gboolean
is_shown (CrWindow *self, gpointer page)
{
  return gtk_stack_get_visible_child (self->stack) == GTK_WIDGET (page);
}

static gboolean
run_is (CrWindow *self, const char *property)
{
  gboolean value = FALSE;

  g_object_get (self->run_page, property, &value, NULL);
  return value;
}

static CrSettings *
shown_settings (CrWindow *self)
{
  CrRehearsal *rehearsal = cr_run_page_get_rehearsal (CR_RUN_PAGE (self->run_page));

  if (is_shown (self, self->wizard))
    return cr_wizard_get_settings (self->wizard);
  return is_shown (self, self->run_page) && rehearsal != NULL ? cr_rehearsal_get_settings (rehearsal) : NULL;
}

static void
set_enabled (CrWindow *self, const char *name, gboolean enabled)
{
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self), name)), enabled);
}

/* Header bar, banners and actions follow from what is shown */
static void
update (CrWindow *self)
{
  gboolean running = run_is (self, "running");
  CrSettings *settings = shown_settings (self);
  const char *environment = settings != NULL ? cr_settings_get (settings, "environment") : "";
  g_autofree char *page_title = NULL;
  gboolean startable = FALSE;

  if (is_shown (self, self->wizard)) {
    g_object_get (self->wizard, "title", &page_title, "startable", &startable, NULL);
    if (self->narrow) {  /* no room for "Step 2 of 4" */
      g_free (page_title);
      page_title = g_strdup (cr_wizard_get_page_title (self->wizard));
    }
  }
  if (is_shown (self, self->run_page))
    g_object_get (self->run_page, "title", &page_title, NULL);
  else if (is_shown (self, self->evidence_page))
    page_title = g_strdup (_("Evidence Folder"));
  adw_window_title_set_title (self->title, page_title != NULL && *page_title != '\0' ? page_title : _("Cutover Rehearsal"));

  gtk_widget_set_visible (self->practice_banner, settings != NULL && cr_settings_is_practice (settings));
  gtk_widget_set_visible (self->stop_button, running);
  gtk_widget_set_visible (self->chip, settings != NULL && *environment != '\0' && !self->narrow);
  gtk_label_set_label (GTK_LABEL (self->chip), environment);
  if (g_strcmp0 (environment, "dev") == 0 || (settings != NULL && cr_settings_is_practice (settings)))
    gtk_widget_remove_css_class (self->chip, "cr-other-environment");
  else
    gtk_widget_add_css_class (self->chip, "cr-other-environment");
  set_enabled (self, "new", !running);
  set_enabled (self, "practice", !running);
  set_enabled (self, "real", !running);
  set_enabled (self, "open-evidence", !running);
  set_enabled (self, "start", startable);
  set_enabled (self, "stop", running);
  set_enabled (self, "back", is_shown (self, self->wizard) || is_shown (self, self->evidence_page));
  set_enabled (self, "failed-gate", is_shown (self, self->run_page));
  set_enabled (self, "detail", is_shown (self, self->run_page));
}

static void
show_problem (CrWindow *self, const char *message)
{
  cr_compat_banner_set_title (self->problem_banner, message);
  gtk_widget_set_visible (self->problem_banner, TRUE);
  cr_compat_announce (GTK_WIDGET (self), message);
}

static void
show_page (CrWindow *self, gpointer page)
{
  gtk_widget_set_visible (self->problem_banner, FALSE);
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (page));
  gtk_window_set_default_widget (GTK_WINDOW (self), page == (gpointer) self->wizard ? cr_wizard_get_default (self->wizard) : NULL);
  if (page == (gpointer) self->start_page)
    gtk_widget_grab_focus (self->start_page);
  update (self);
}

static void
open_wizard (CrWindow *self, CrSettings *settings, CrWizardStep step)
{
  self->opened_at = step;
  show_page (self, self->wizard);
  cr_wizard_set_settings (self->wizard, settings, step);
  update (self);
}

/* Settings with the profile @profile, or, if that can't be read, without one and with the reason shown */
static CrSettings *
make_settings (CrWindow *self, const char *profile)
{
  CrApplication *application = CR_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
  g_autoptr(GError) error = NULL;
  CrSettings *settings = cr_application_new_settings (application, profile, &error);

  if (settings == NULL) {
    g_autoptr(CrSettings) plain = cr_settings_new ();
    cr_app_fill_defaults (plain);
    show_problem (self, error->message);
    settings = g_steal_pointer (&plain);
  }
  return settings;
}

/* ---- Actions ---- */

typedef void (*AfterFunc) (CrWindow *self);
typedef struct { CrWindow *self; AfterFunc after; } After;

static void
leave_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  After *after = user_data;
  g_autofree char *response = cr_compat_ask_finish (result);

  if (g_strcmp0 (response, "leave") == 0)
    after->after (after->self);
  g_object_unref (after->self);
  g_free (after);
}

/* Calls @after, at once or once it is clear that nothing unfinished is lost by it */
static void
leave_page (CrWindow *self, AfterFunc after)
{
  const CrCompatResponse responses[] = {
    { "stay", _("_Cancel"), ADW_RESPONSE_DEFAULT },
    { "leave", _("_Leave Without Summary"), ADW_RESPONSE_DESTRUCTIVE },
    { NULL, NULL, ADW_RESPONSE_DEFAULT },
  };
  After *data = NULL;

  if (!run_is (self, "open-ended")) {
    after (self);
    return;
  }
  data = g_new0 (After, 1);
  data->self = g_object_ref (self);
  data->after = after;
  cr_compat_ask_async (GTK_WINDOW (self), _("Leave Without the Summary?"),
                       _("The rehearsal is decided, but its summary is not written yet. Without it the evidence folder is incomplete and counts as NO_GO."),
                       NULL, responses, "stay", "stay", leave_answered_cb, data);
}

static void
open_new (CrWindow *self)
{
  CrApplication *application = CR_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
  GSettings *stored = cr_app_settings_get ();
  g_autofree char *last = stored != NULL ? g_settings_get_string (stored, "last-profile") : NULL;
  const char *profile = cr_application_get_profile (application);
  g_autoptr(CrSettings) settings = make_settings (self, profile != NULL ? profile : last != NULL && *last != '\0' ? last : "practice");

  open_wizard (self, settings, CR_WIZARD_ENVIRONMENT);
}

static void
open_practice (CrWindow *self)
{
  g_autoptr(CrSettings) settings = make_settings (self, "practice");

  open_wizard (self, settings, CR_WIZARD_REVIEW);
}

static void
open_real (CrWindow *self)
{
  g_autoptr(CrSettings) settings = make_settings (self, "dev");
  g_autofree char *az = cr_app_find_az (settings);

  /* without az the page opens in practice mode, and its row says why */
  cr_settings_set (settings, "mode", az != NULL ? "real" : "practice", CR_ORIGIN_DERIVED, NULL);
  open_wizard (self, settings, CR_WIZARD_ENVIRONMENT);
}

static void
new_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  leave_page (CR_WINDOW (user_data), open_new);
}

static void
practice_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  leave_page (CR_WINDOW (user_data), open_practice);
}

static void
real_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  leave_page (CR_WINDOW (user_data), open_real);
}

static void
back_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CrWindow *self = CR_WINDOW (user_data);

  if (is_shown (self, self->wizard))
    cr_wizard_back (self->wizard);
  else if (is_shown (self, self->evidence_page))
    show_page (self, cr_run_page_get_rehearsal (CR_RUN_PAGE (self->run_page)) != NULL ? self->run_page : self->start_page);
}

static void
start_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  cr_wizard_start (CR_WINDOW (user_data)->wizard);
}

static void
stop_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  cr_run_page_ask_stop (CR_RUN_PAGE (CR_WINDOW (user_data)->run_page));
}

static void
failed_gate_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  cr_run_page_show_failed_gate (CR_RUN_PAGE (CR_WINDOW (user_data)->run_page));
}

static void
detail_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  cr_run_page_show_detail (CR_RUN_PAGE (CR_WINDOW (user_data)->run_page), g_variant_get_string (parameter, NULL));
}

static void
dismiss_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  gtk_widget_set_visible (CR_WINDOW (user_data)->problem_banner, FALSE);
}

/* The one table of shortcuts; the accelerators themselves are set in cr-application.c */
static void
shortcuts_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  const CrCompatShortcut shortcuts[] = {
    { _("Rehearsal"), "<Control>n", _("New rehearsal") },
    { _("Rehearsal"), "<Control>Return", _("Start, on the Review page") },
    { _("Rehearsal"), "<Shift><Control>k", _("Stop…") },
    { _("Rehearsal"), "<Control>j", _("Show the gate that failed") },
    { _("Rehearsal"), "<Control>o", _("Open an evidence folder") },
    { _("Wizard"), "Return", _("Continue") },
    { _("Wizard"), "<Alt>Left", _("Back") },
    { _("Wizard"), "Escape", _("Leave the wizard") },
    { _("Details of a Gate"), "<Control>3", _("Log") },
    { _("Details of a Gate"), "<Control>4", _("Payloads") },
    { _("Details of a Gate"), "<Control>5", _("Details") },
    { _("General"), "<Control>question", _("Keyboard shortcuts") },
    { _("General"), "F10", _("Menu") },
    { _("General"), "<Control>w", _("Close the window") },
    { _("General"), "<Control>q", _("Quit") },
    { NULL, NULL, NULL },
  };
  GtkWidget *window = cr_compat_shortcuts_new (shortcuts);

  gtk_window_set_transient_for (GTK_WINDOW (window), GTK_WINDOW (user_data));
  gtk_window_present (GTK_WINDOW (window));
}

/* ---- Evidence folder ---- */

static void
read_evidence_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  GError *error = NULL;
  CrEvidenceReading *reading = cr_evidence_reading_new (task_data, &error);

  if (reading != NULL)
    g_task_return_pointer (task, reading, (GDestroyNotify) cr_evidence_reading_free);
  else
    g_task_return_error (task, error);
}

static void
evidence_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CrWindow *self = CR_WINDOW (source);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrEvidenceReading) reading = g_task_propagate_pointer (G_TASK (result), &error);

  if (reading != NULL) {
    show_page (self, self->evidence_page);
    cr_evidence_page_set_reading (CR_EVIDENCE_PAGE (self->evidence_page), reading);
  } else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    show_problem (self, error->message);
  }
}

static void
evidence_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrWindow) self = CR_WINDOW (user_data);
  g_autoptr(GFile) file = cr_compat_choose_finish (result);
  g_autoptr(GTask) task = NULL;

  if (file == NULL)
    return;
  if (g_file_peek_path (file) == NULL) {
    show_problem (self, _("Only folders of this computer can be opened."));
    return;
  }
  task = g_task_new (self, self->cancellable, evidence_read_cb, NULL);
  g_task_set_task_data (task, g_file_get_path (file), g_free);
  g_task_run_in_thread (task, read_evidence_thread);
}

static void
open_evidence_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CrWindow *self = CR_WINDOW (user_data);
  g_autoptr(CrSettings) settings = make_settings (self, NULL);
  g_autoptr(GFile) initial = g_file_new_for_path (cr_settings_get (settings, "evidence_root"));

  cr_compat_choose_async (GTK_WINDOW (self), CR_COMPAT_CHOOSE_FOLDER, _("Open an Evidence Folder"), _("_Open"), initial, evidence_chosen_cb,
                          g_object_ref (self));
}

static const GActionEntry window_actions[] = {
  { .name = "new", .activate = new_cb },
  { .name = "practice", .activate = practice_cb },
  { .name = "real", .activate = real_cb },
  { .name = "back", .activate = back_cb },
  { .name = "start", .activate = start_cb },
  { .name = "stop", .activate = stop_cb },
  { .name = "failed-gate", .activate = failed_gate_cb },
  { .name = "detail", .activate = detail_cb, .parameter_type = "s" },
  { .name = "open-evidence", .activate = open_evidence_cb },
  { .name = "shortcuts", .activate = shortcuts_cb },
  { .name = "dismiss", .activate = dismiss_cb },
};

/* ---- Wizard and run ---- */

static void
wizard_cancelled_cb (CrWizard *wizard, CrWindow *self)
{
  show_page (self, self->start_page);
}

static void
wizard_start_cb (CrWizard *wizard, CrSettings *settings, CrWindow *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) plan = cr_paths_load_plan (PLAN_ID, &error);
  g_autoptr(CrRehearsal) rehearsal = NULL;
  GSettings *stored = cr_app_settings_get ();

  if (plan == NULL) {
    show_problem (self, error->message);
    return;
  }
  if (stored != NULL && cr_settings_get_profile (settings) != NULL)
    g_settings_set_string (stored, "last-profile", cr_settings_get_profile (settings));
  rehearsal = cr_rehearsal_new (settings, plan, NULL);
  cr_run_page_set_rehearsal (CR_RUN_PAGE (self->run_page), rehearsal);
  show_page (self, self->run_page);
  cr_run_page_start (CR_RUN_PAGE (self->run_page));
}

/* "New Rehearsal With These Settings": all but what belongs to one run */
static void
new_rehearsal_cb (CrRunPage *page, CrWindow *self)
{
  CrRehearsal *rehearsal = cr_run_page_get_rehearsal (page);
  g_autoptr(CrSettings) settings = rehearsal != NULL ? cr_settings_copy (cr_rehearsal_get_settings (rehearsal)) : NULL;
  static const char *const once[] = { "run_id", "retry_at", "unblock" };
  guint n_fields;
  const CrField *fields = cr_fields (&n_fields);

  if (settings == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (once); i++)
    cr_settings_set_unchecked (settings, once[i], "", CR_ORIGIN_RUNBOOK);
  cr_settings_set (settings, "t_cutover", "now", CR_ORIGIN_RUNBOOK, NULL);
  for (guint i = 0; i < n_fields; i++)  /* places of a practice target that is gone */
    if (cr_settings_get_origin (settings, fields[i].key) == CR_ORIGIN_PRACTICE)
      cr_settings_set_unchecked (settings, fields[i].key, fields[i].fallback != NULL ? fields[i].fallback : "", CR_ORIGIN_RUNBOOK);
  open_wizard (self, settings, CR_WIZARD_REVIEW);
}

static gboolean
escape_cb (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  CrWindow *self = CR_WINDOW (widget);

  if (!is_shown (self, self->wizard))
    return FALSE;
  cr_wizard_ask_cancel (self->wizard);
  return TRUE;
}

/* ---- Closing ---- */

static void
remember_size (CrWindow *self)
{
  GSettings *stored = cr_app_settings_get ();
  int width, height;

  if (stored == NULL)
    return;
  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  if (width > 0 && height > 0) {
    g_settings_set_int (stored, "window-width", width);
    g_settings_set_int (stored, "window-height", height);
  }
  g_settings_set_boolean (stored, "window-maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
}

static void
close_for_good (CrWindow *self)
{
  self->may_close = TRUE;
  gtk_window_close (GTK_WINDOW (self));
}

static void
running_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrWindow) self = CR_WINDOW (user_data);
  g_autofree char *response = cr_compat_ask_finish (result);

  if (g_strcmp0 (response, "stop") == 0) {
    cr_run_page_ask_stop (CR_RUN_PAGE (self->run_page));
  } else if (g_strcmp0 (response, "keep") == 0 && run_is (self, "running")) {
    g_autoptr(GNotification) notification = g_notification_new (_("Rehearsal Still Running"));
    g_notification_set_body (notification, _("It goes on in the background. Open it again to see how it ends."));
    cr_compat_notify (G_APPLICATION (gtk_window_get_application (GTK_WINDOW (self))), "result", notification);
    gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  }
}

static gboolean
cr_window_close_request (GtkWindow *window)
{
  CrWindow *self = CR_WINDOW (window);
  const CrCompatResponse responses[] = {
    { "cancel", _("_Cancel"), ADW_RESPONSE_DEFAULT },
    { "keep", _("_Keep Running"), ADW_RESPONSE_DEFAULT },
    { "stop", _("_Stop Rehearsal…"), ADW_RESPONSE_DESTRUCTIVE },
    { NULL, NULL, ADW_RESPONSE_DEFAULT },
  };

  remember_size (self);
  if (!self->may_close && run_is (self, "running")) {
    cr_compat_ask_async (window, _("A Rehearsal Is Running"),
                         _("It can go on without the window, or be stopped. A stopped rehearsal is a NO_GO."), NULL, responses, "cancel", "cancel",
                         running_answered_cb, g_object_ref (self));
    return GDK_EVENT_STOP;
  }
  if (!self->may_close && run_is (self, "open-ended")) {
    leave_page (self, close_for_good);
    return GDK_EVENT_STOP;
  }
  return GTK_WINDOW_CLASS (cr_window_parent_class)->close_request (window);
}

static gboolean
close_idle_cb (gpointer user_data)
{
  close_for_good (CR_WINDOW (user_data));
  return G_SOURCE_REMOVE;
}

/* A hidden window comes back when its rehearsal needs the operator */
static void
run_changed_cb (CrWindow *self)
{
  if (self->terminating && !run_is (self, "running")) {
    self->terminating = FALSE;
    g_idle_add_full (G_PRIORITY_DEFAULT, close_idle_cb, g_object_ref (self), g_object_unref);  /* not amid the page's own work */
    return;
  }
  if (!gtk_widget_get_visible (GTK_WIDGET (self)) && !run_is (self, "running") && !gtk_widget_in_destruction (GTK_WIDGET (self))
      && gtk_widget_get_realized (GTK_WIDGET (self)))
    gtk_window_present (GTK_WINDOW (self));
  update (self);
}

/* ---- Width ---- */

static void
width_changed_cb (GdkSurface *surface, GParamSpec *pspec, CrWindow *self)
{
  gboolean narrow = gdk_surface_get_width (surface) < NARROW;

  if (self->narrow != narrow) {
    self->narrow = narrow;
    update (self);
  }
}

static void
cr_window_realize (GtkWidget *widget)
{
  GdkSurface *surface = NULL;

  GTK_WIDGET_CLASS (cr_window_parent_class)->realize (widget);
  surface = gtk_native_get_surface (GTK_NATIVE (widget));
  g_signal_connect_object (surface, "notify::width", G_CALLBACK (width_changed_cb), widget, 0);
}

/* ---- Construction ---- */

static GtkWidget *
make_menu_button (void)
{
  g_autoptr(GMenu) menu = g_menu_new ();
  g_autoptr(GMenu) files = g_menu_new ();
  g_autoptr(GMenu) help = g_menu_new ();
  GtkWidget *button = gtk_menu_button_new ();

  g_menu_append (files, _("_Open Evidence Folder…"), "win.open-evidence");
  g_menu_append (help, _("_Keyboard Shortcuts"), "win.shortcuts");
  g_menu_append (help, _("_About Cutover Rehearsal"), "app.about");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (files));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (help));
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (button), "open-menu-symbolic");
  gtk_menu_button_set_menu_model (GTK_MENU_BUTTON (button), G_MENU_MODEL (menu));
  gtk_menu_button_set_primary (GTK_MENU_BUTTON (button), TRUE);
  gtk_widget_set_tooltip_text (button, _("Main Menu"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Main Menu"), -1);
  return button;
}

static GtkWidget *
make_header (CrWindow *self)
{
  GtkWidget *header = adw_header_bar_new ();

  self->title = ADW_WINDOW_TITLE (adw_window_title_new (_("Cutover Rehearsal"), ""));
  adw_header_bar_set_title_widget (ADW_HEADER_BAR (header), GTK_WIDGET (self->title));
  self->new_button = gtk_button_new_from_icon_name ("list-add-symbolic");
  gtk_widget_set_tooltip_text (self->new_button, _("New Rehearsal"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->new_button), GTK_ACCESSIBLE_PROPERTY_LABEL, _("New Rehearsal"), -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->new_button), "win.new");
  adw_header_bar_pack_start (ADW_HEADER_BAR (header), self->new_button);
  self->chip = gtk_label_new (NULL);
  gtk_widget_add_css_class (self->chip, "cr-chip");
  gtk_widget_set_valign (self->chip, GTK_ALIGN_CENTER);
  gtk_label_set_ellipsize (GTK_LABEL (self->chip), PANGO_ELLIPSIZE_END);
  gtk_widget_set_tooltip_text (self->chip, _("Environment"));
  adw_header_bar_pack_start (ADW_HEADER_BAR (header), self->chip);
  adw_header_bar_pack_end (ADW_HEADER_BAR (header), make_menu_button ());
  self->stop_button = gtk_button_new_with_mnemonic (_("_Stop…"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->stop_button), "win.stop");
  adw_header_bar_pack_end (ADW_HEADER_BAR (header), self->stop_button);
  return header;
}

static void
follow_style_cb (CrWindow *self)
{
  AdwStyleManager *manager = adw_style_manager_get_default ();
  const struct { gboolean on; const char *css_class; } classes[] = {
    { adw_style_manager_get_dark (manager), "cr-dark" },
    { adw_style_manager_get_high_contrast (manager), "cr-hc" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (classes[i].on)
      gtk_widget_add_css_class (GTK_WIDGET (self), classes[i].css_class);
    else
      gtk_widget_remove_css_class (GTK_WIDGET (self), classes[i].css_class);
}

static void
cr_window_dispose (GObject *object)
{
  CrWindow *self = CR_WINDOW (object);

  g_cancellable_cancel (self->cancellable);
  if (self->run_page != NULL) {  /* the pages still notify while they are taken apart */
    g_signal_handlers_disconnect_by_data (self->run_page, self);
    g_signal_handlers_disconnect_by_data (self->wizard, self);
    self->run_page = NULL;
  }
  G_OBJECT_CLASS (cr_window_parent_class)->dispose (object);
}

static void
cr_window_finalize (GObject *object)
{
  g_object_unref (CR_WINDOW (object)->cancellable);
  G_OBJECT_CLASS (cr_window_parent_class)->finalize (object);
}

static void
cr_window_class_init (CrWindowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cr_window_dispose;
  G_OBJECT_CLASS (klass)->finalize = cr_window_finalize;
  GTK_WIDGET_CLASS (klass)->realize = cr_window_realize;
  GTK_WINDOW_CLASS (klass)->close_request = cr_window_close_request;
  gtk_widget_class_add_binding (GTK_WIDGET_CLASS (klass), GDK_KEY_Escape, 0, escape_cb, NULL);
}

static void
cr_window_init (CrWindow *self)
{
  AdwStyleManager *manager = adw_style_manager_get_default ();
  GSettings *stored = cr_app_settings_get ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);

  self->cancellable = g_cancellable_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self), window_actions, G_N_ELEMENTS (window_actions), self);
  gtk_window_set_title (GTK_WINDOW (self), _("Cutover Rehearsal"));
  gtk_window_set_default_size (GTK_WINDOW (self), 1100, 720);
  gtk_widget_set_size_request (GTK_WIDGET (self), 360, 294);
  if (stored != NULL) {
    gtk_window_set_default_size (GTK_WINDOW (self), g_settings_get_int (stored, "window-width"), g_settings_get_int (stored, "window-height"));
    if (g_settings_get_boolean (stored, "window-maximized"))
      gtk_window_maximize (GTK_WINDOW (self));
  }

  gtk_box_append (GTK_BOX (box), make_header (self));
  self->practice_banner = cr_compat_banner_new (_("Practice mode: no real command runs"), NULL, NULL);
  gtk_box_append (GTK_BOX (box), self->practice_banner);
  self->problem_banner = cr_compat_banner_new ("", _("_Dismiss"), "win.dismiss");
  gtk_widget_set_visible (self->problem_banner, FALSE);
  gtk_box_append (GTK_BOX (box), self->problem_banner);
  self->stack = GTK_STACK (gtk_stack_new ());
  gtk_stack_set_transition_type (self->stack, GTK_STACK_TRANSITION_TYPE_CROSSFADE);
  gtk_widget_set_vexpand (GTK_WIDGET (self->stack), TRUE);
  gtk_stack_set_hhomogeneous (self->stack, FALSE);
  gtk_stack_set_vhomogeneous (self->stack, FALSE);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->stack));
  adw_application_window_set_content (ADW_APPLICATION_WINDOW (self), box);

  self->start_page = cr_start_page_new ();
  self->wizard = CR_WIZARD (cr_wizard_new ());
  self->run_page = cr_run_page_new ();
  self->evidence_page = cr_evidence_page_new ();
  gtk_stack_add_named (self->stack, self->start_page, "start");
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->wizard), "wizard");
  gtk_stack_add_named (self->stack, self->run_page, "run");
  gtk_stack_add_named (self->stack, self->evidence_page, "evidence");
  cr_accessible_tidy (GTK_WIDGET (self));

  g_signal_connect_object (self->wizard, "cancelled", G_CALLBACK (wizard_cancelled_cb), self, 0);
  g_signal_connect_object (self->wizard, "start", G_CALLBACK (wizard_start_cb), self, 0);
  g_signal_connect_object (self->wizard, "notify::title", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->wizard, "notify::startable", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->run_page, "new-rehearsal", G_CALLBACK (new_rehearsal_cb), self, 0);
  g_signal_connect_object (self->run_page, "notify", G_CALLBACK (run_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (manager, "notify::dark", G_CALLBACK (follow_style_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (manager, "notify::high-contrast", G_CALLBACK (follow_style_cb), self, G_CONNECT_SWAPPED);
  follow_style_cb (self);
  cr_compat_fix_names (GTK_WIDGET (self));
  show_page (self, self->start_page);
}

CrWindow *
cr_window_new (CrApplication *application)
{
  return g_object_new (CR_TYPE_WINDOW, "application", application, NULL);
}

void
cr_window_prepare (CrWindow *self, CrSettings *settings)
{
  g_return_if_fail (CR_IS_WINDOW (self));

  if (!run_is (self, "running") && !run_is (self, "open-ended"))
    open_wizard (self, settings, CR_WIZARD_REVIEW);
}

void
cr_window_terminate (CrWindow *self)
{
  g_return_if_fail (CR_IS_WINDOW (self));

  if (run_is (self, "running")) {
    self->terminating = TRUE;
    cr_rehearsal_stop (cr_run_page_get_rehearsal (CR_RUN_PAGE (self->run_page)));
  } else {
    close_for_good (self);
  }
}
