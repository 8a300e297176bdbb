/* cr-environment-page.c: page 1 of the wizard: mode, profile, what is addressed, owner, evidence folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <unistd.h>
#include "cr-app-settings.h"
#include "cr-az-check.h"
#include "cr-compat.h"
#include "cr-environment-page.h"
#include "cr-field-row.h"
#include "../core/cr-text.h"
#include "../io/cr-evidence-folder.h"
#include "../io/cr-paths.h"

#define NEED_BYTES ((guint64) 50 * 1000 * 1000)

struct _CrEnvironmentPage {
  CrWizardPage   parent_instance;
  GtkCheckButton *practice_radio, *real_radio;  /* template children, as all up to folder_row */
  AdwActionRow   *real_row;
  AdwComboRow    *profile_row;
  GtkStringList  *profiles;
  GtkButton      *choose_az_button, *detect_button, *choose_folder_button, *save_profile_button;
  CrFieldRow     *environment_row, *subscription_row, *consumer_row, *folder_row;
  GCancellable   *cancellable;     /* (owned): of what runs for this page */
  char           *checked_folder;  /* (owned) (nullable): what the folder check was asked about last */
  gboolean        updating;
};

G_DEFINE_FINAL_TYPE (CrEnvironmentPage, cr_environment_page, CR_TYPE_WIZARD_PAGE)

static GtkWindow *
get_window (gpointer widget)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (widget));

  return root != NULL ? GTK_WINDOW (root) : NULL;
}

/* ---- Mode ---- */

static void
update_mode (CrEnvironmentPage *self)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  gboolean practice = cr_settings_is_practice (settings);
  g_autofree char *az = cr_app_find_az (settings);
  gboolean can_be_real = az != NULL || !practice;

  self->updating = TRUE;
  gtk_check_button_set_active (practice ? self->practice_radio : self->real_radio, TRUE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->real_radio), can_be_real);
  adw_action_row_set_subtitle (self->real_row, az != NULL ? _("Runs commands on the cluster, through the jumpbox")
                               : _("Azure CLI not found: there is no program “az” on the path. Install it, or choose the program."));
  gtk_widget_set_visible (GTK_WIDGET (self->choose_az_button), az == NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->detect_button), az != NULL && !practice);
  self->updating = FALSE;
  cr_wizard_page_set_blocked (CR_WIZARD_PAGE (self), !practice && az == NULL);
}

static void
mode_toggled_cb (GtkCheckButton *button, CrEnvironmentPage *self)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));

  if (self->updating || settings == NULL || !gtk_check_button_get_active (button))
    return;
  cr_settings_set (settings, "mode", button == self->practice_radio ? "practice" : "real", CR_ORIGIN_EDITED, NULL);
}

static void
az_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrEnvironmentPage) self = CR_ENVIRONMENT_PAGE (user_data);
  g_autoptr(GFile) file = cr_compat_choose_finish (result);

  if (file != NULL && g_file_peek_path (file) != NULL)
    cr_settings_set (cr_wizard_page_get_settings (CR_WIZARD_PAGE (self)), "az", g_file_peek_path (file), CR_ORIGIN_EDITED, NULL);
}

static void
choose_az_cb (CrEnvironmentPage *self)
{
  cr_compat_choose_async (get_window (self), CR_COMPAT_OPEN_FILE, _("Choose the Azure CLI Program"), _("_Choose"), NULL, az_chosen_cb,
                          g_object_ref (self));
}

/* ---- Profile ---- */

static void
show_profile (CrEnvironmentPage *self)
{
  const char *profile = cr_settings_get_profile (cr_wizard_page_get_settings (CR_WIZARD_PAGE (self)));
  guint position = GTK_INVALID_LIST_POSITION;

  self->updating = TRUE;
  for (guint i = 0; profile != NULL && i < g_list_model_get_n_items (G_LIST_MODEL (self->profiles)); i++)
    if (g_str_equal (gtk_string_list_get_string (self->profiles, i), profile))
      position = i;
  if (profile != NULL && position == GTK_INVALID_LIST_POSITION) {
    gtk_string_list_append (self->profiles, profile);
    position = g_list_model_get_n_items (G_LIST_MODEL (self->profiles)) - 1;
  }
  adw_combo_row_set_selected (self->profile_row, position);
  self->updating = FALSE;
}

static void
load_profile (CrEnvironmentPage *self, const char *name, gboolean keep_edited)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  g_autoptr(GError) error = NULL;

  if (cr_app_load_profile (settings, name, keep_edited, &error)) {
    cr_app_fill_defaults (settings);
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self->profile_row), "");
    gtk_widget_remove_css_class (GTK_WIDGET (self->profile_row), "error");
  } else {
    g_autofree char *message = cr_text_display_line (error->message, -1, 400);
    g_autofree char *safe = g_markup_escape_text (message, -1);
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self->profile_row), safe);
    gtk_widget_add_css_class (GTK_WIDGET (self->profile_row), "error");
    cr_compat_announce (GTK_WIDGET (self), message);
  }
  show_profile (self);
}

static void
replace_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrEnvironmentPage) self = CR_ENVIRONMENT_PAGE (user_data);
  g_autofree char *response = cr_compat_ask_finish (result);
  g_autofree char *name = g_object_steal_data (G_OBJECT (self), "profile-asked");

  if (name == NULL || g_strcmp0 (response, "cancel") == 0)
    show_profile (self);
  else
    load_profile (self, name, g_strcmp0 (response, "keep") == 0);
}

static void
profile_selected_cb (CrEnvironmentPage *self)
{
  const CrCompatResponse responses[] = {
    { "cancel", _("_Cancel"), ADW_RESPONSE_DEFAULT },
    { "keep", _("_Keep Edited Values"), ADW_RESPONSE_DEFAULT },
    { "replace", _("_Replace"), ADW_RESPONSE_DESTRUCTIVE },
    { NULL, NULL, ADW_RESPONSE_DEFAULT },
  };
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  guint position = adw_combo_row_get_selected (self->profile_row);
  const char *name = NULL;

  if (self->updating || settings == NULL || position == GTK_INVALID_LIST_POSITION)
    return;
  name = gtk_string_list_get_string (self->profiles, position);
  if (g_strcmp0 (name, cr_settings_get_profile (settings)) == 0)
    return;
  if (!cr_app_has_edits (settings)) {
    load_profile (self, name, FALSE);
    return;
  }
  g_object_set_data_full (G_OBJECT (self), "profile-asked", g_strdup (name), g_free);
  cr_compat_ask_async (get_window (self), _("Replace Edited Values?"), _("Some values were edited. The profile has its own."), NULL, responses,
                       "cancel", "cancel", replace_answered_cb, g_object_ref (self));
}

static void
profile_written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrEnvironmentPage) self = CR_ENVIRONMENT_PAGE (user_data);
  g_autoptr(GError) error = NULL;
  g_autofree char *name = g_file_get_parse_name (G_FILE (source));
  g_autofree char *text = NULL;
  g_autofree char *safe = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &error))
    text = g_strdup_printf (_("Saved as %s"), name);
  else
    text = g_strdup_printf (_("Not saved: %s"), error->message);
  safe = g_markup_escape_text (text, -1);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->profile_row), safe);
  cr_compat_announce (GTK_WIDGET (self), text);
}

static void
profile_place_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrEnvironmentPage) self = CR_ENVIRONMENT_PAGE (user_data);
  g_autoptr(GFile) file = cr_compat_choose_finish (result);
  g_autoptr(GBytes) bytes = NULL;
  char *text = NULL;

  if (file == NULL)
    return;
  text = cr_settings_to_profile (cr_wizard_page_get_settings (CR_WIZARD_PAGE (self)));
  bytes = g_bytes_new_take (text, strlen (text));
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL, profile_written_cb, g_steal_pointer (&self));
}

static void
save_profile_cb (CrEnvironmentPage *self)
{
  /* where cr_paths_list_profiles() looks for the user's own */
  g_autofree char *folder = g_build_filename (g_get_user_config_dir (), "cutover-rehearsal", "profiles", NULL);
  g_autofree char *path = g_build_filename (folder, "my-environment.cutover", NULL);
  g_autoptr(GFile) suggested = g_file_new_for_path (path);

  g_mkdir_with_parents (folder, 0700);
  cr_compat_choose_async (get_window (self), CR_COMPAT_SAVE_FILE, _("Save Profile"), _("_Save"), suggested, profile_place_chosen_cb,
                          g_object_ref (self));
}

/* ---- Subscription ---- */

static void
check_subscription_pin (CrEnvironmentPage *self, CrAzAccount *account)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  const char *pinned = cr_settings_get (settings, "subscription");
  CrOrigin origin = cr_settings_get_origin (settings, "subscription");

  if (*pinned != '\0' && origin == CR_ORIGIN_PROFILE && g_strcmp0 (pinned, account->id) != 0 && g_strcmp0 (pinned, account->name) != 0) {
    g_autofree char *problem = g_strdup_printf (_("The profile asks for “%s”, but az is set to “%s”. Run “az account set”, or edit the profile."),
                                                pinned, account->name != NULL ? account->name : account->id);
    cr_field_row_set_problem (self->subscription_row, problem, FALSE);
  } else {
    cr_field_row_set_problem (self->subscription_row, NULL, FALSE);
    cr_settings_set (settings, "subscription", account->id, CR_ORIGIN_DERIVED, NULL);
  }
}

static void
account_checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrEnvironmentPage) self = CR_ENVIRONMENT_PAGE (user_data);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrAzAccount) account = cr_az_check_account_finish (result, &error);
  g_autofree char *note = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->detect_button), TRUE);
  if (account == NULL) {
    note = g_strdup (error->message);
  } else {
    /* Translators: name of the subscription, id of the tenant, name of the account */
    note = g_strdup_printf (_("%s, tenant %s, signed in as %s"), account->name != NULL ? account->name : account->id,
                            account->tenant != NULL ? account->tenant : "?", account->user != NULL ? account->user : "?");
    check_subscription_pin (self, account);
  }
  cr_field_row_set_note (self->subscription_row, note);
  cr_compat_announce (GTK_WIDGET (self), note);
}

static void
detect_cb (CrEnvironmentPage *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->detect_button), FALSE);
  cr_field_row_set_note (self->subscription_row, _("Asking az…"));
  cr_az_check_account_async (cr_wizard_page_get_settings (CR_WIZARD_PAGE (self)), self->cancellable, account_checked_cb, g_object_ref (self));
}

/* ---- Evidence folder ---- */

/* A folder that is there is tried out with a probe file. One that is not is never made here, while a path is still being typed: then the
 * nearest folder above decides. */
static void
check_folder_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const char *folder = task_data;
  g_autofree char *above = g_canonicalize_filename (folder, NULL);
  g_autofree char *safe = cr_text_display_line (folder, -1, 300);
  GError *error = NULL;

  if (g_file_test (folder, G_FILE_TEST_IS_DIR)) {
    if (cr_evidence_root_check (folder, NEED_BYTES, &error))
      g_task_return_boolean (task, TRUE);
    else
      g_task_return_error (task, error);
    return;
  }
  while (!g_file_test (above, G_FILE_TEST_EXISTS) && strcmp (above, "/") != 0) {
    char *parent = g_path_get_dirname (above);
    g_free (above);
    above = parent;
  }
  if (!g_file_test (above, G_FILE_TEST_IS_DIR))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY,
                             _("“Evidence folder” cannot be “%s”: “%s” is not a folder. Choose another one."), safe, above);
  else if (g_access (above, W_OK | X_OK) != 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                             _("“Evidence folder” cannot be “%s”: it is not there and cannot be made in “%s”. Choose another one."), safe, above);
  else
    g_task_return_boolean (task, TRUE);
}

static void
folder_checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CrEnvironmentPage *self = CR_ENVIRONMENT_PAGE (source);
  g_autoptr(GError) error = NULL;

  if (g_strcmp0 (g_task_get_task_data (G_TASK (result)), self->checked_folder) != 0)
    return;  /* another one was entered meanwhile */
  if (g_task_propagate_boolean (G_TASK (result), &error))
    cr_field_row_set_problem (self->folder_row, NULL, FALSE);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    cr_field_row_set_problem (self->folder_row, error->message, FALSE);
}

static void
check_folder (CrEnvironmentPage *self)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  const char *folder = cr_settings_get (settings, "evidence_root");
  g_autoptr(GTask) task = NULL;

  cr_field_row_set_note (self->folder_row, cr_settings_is_practice (settings)
                         ? _("A new folder YYYYMMDD_HHMMSS_e2_3_reload_cutover_rehearsal_practice is made in it at the start")
                         : _("A new folder YYYYMMDD_HHMMSS_e2_3_reload_cutover_rehearsal is made in it at the start"));
  if (g_strcmp0 (folder, self->checked_folder) == 0)
    return;
  g_free (self->checked_folder);
  self->checked_folder = g_strdup (folder);
  cr_field_row_set_problem (self->folder_row, NULL, FALSE);
  if (*folder == '\0')
    return;
  task = g_task_new (self, self->cancellable, folder_checked_cb, NULL);
  g_task_set_task_data (task, g_strdup (folder), g_free);
  g_task_run_in_thread (task, check_folder_thread);
}

static void
folder_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrEnvironmentPage) self = CR_ENVIRONMENT_PAGE (user_data);
  g_autoptr(GFile) file = cr_compat_choose_finish (result);

  if (file != NULL && g_file_peek_path (file) != NULL)
    cr_field_row_set_text (self->folder_row, g_file_peek_path (file));
}

static void
choose_folder_cb (CrEnvironmentPage *self)
{
  g_autoptr(GFile) initial = g_file_new_for_path (cr_settings_get (cr_wizard_page_get_settings (CR_WIZARD_PAGE (self)), "evidence_root"));

  cr_compat_choose_async (get_window (self), CR_COMPAT_CHOOSE_FOLDER, _("Choose the Evidence Folder"), _("_Choose"), initial, folder_chosen_cb,
                          g_object_ref (self));
}

/* ---- The page ---- */

/* Rules between fields, which cr_settings_check() has too */
static void
check_relations (CrEnvironmentPage *self)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  const char *api = cr_settings_get (settings, "api_deployment");
  const char *environment = cr_settings_get (settings, "environment");

  if (g_strcmp0 (api, cr_settings_get (settings, "consumer_deployment")) == 0) {
    g_autofree char *safe = cr_text_display_line (api, -1, 80);
    g_autofree char *problem = g_strdup_printf (_("“Consumer deployment” cannot be “%s”. Expected: another one than the API deployment."), safe);
    cr_field_row_set_problem (self->consumer_row, problem, FALSE);
  } else {
    cr_field_row_set_problem (self->consumer_row, NULL, FALSE);
  }
  if (strstr (environment, "prod") != NULL) {
    g_autofree char *safe = cr_text_display_line (environment, -1, 80);
    g_autofree char *problem = g_strdup_printf (_("“Environment” cannot be “%s”. A rehearsal never runs on production."), safe);
    cr_field_row_set_problem (self->environment_row, problem, FALSE);
  } else {
    cr_field_row_set_problem (self->environment_row, !cr_settings_is_practice (settings) && g_strcmp0 (environment, "dev") != 0
                              && *environment != '\0' ? _("This runbook is written for dev") : NULL, TRUE);
  }
}

static void
cr_environment_page_changed (CrWizardPage *page, CrSettings *settings, const char *key)
{
  CrEnvironmentPage *self = CR_ENVIRONMENT_PAGE (page);

  if (g_str_equal (key, "mode") || g_str_equal (key, "az"))
    update_mode (self);
  if (g_str_equal (key, "environment") || g_str_equal (key, "mode") || g_str_equal (key, "api_deployment") || g_str_equal (key, "consumer_deployment"))
    check_relations (self);
  if (g_str_equal (key, "subscription") && cr_settings_get_origin (settings, key) == CR_ORIGIN_EDITED)
    cr_field_row_set_problem (self->subscription_row, NULL, FALSE);
  if (g_str_equal (key, "evidence_root") || g_str_equal (key, "mode"))
    check_folder (self);
}

static void
cr_environment_page_bind (CrWizardPage *page, CrSettings *settings)
{
  CrEnvironmentPage *self = CR_ENVIRONMENT_PAGE (page);
  g_auto(GStrv) names = cr_paths_list_profiles ();

  self->updating = TRUE;
  gtk_string_list_splice (self->profiles, 0, g_list_model_get_n_items (G_LIST_MODEL (self->profiles)), (const char *const *) names);
  self->updating = FALSE;
  g_clear_pointer (&self->checked_folder, g_free);
  cr_field_row_set_note (self->subscription_row, NULL);
  show_profile (self);
  update_mode (self);
  check_relations (self);
  check_folder (self);
}

static void
cr_environment_page_dispose (GObject *object)
{
  CrEnvironmentPage *self = CR_ENVIRONMENT_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), CR_TYPE_ENVIRONMENT_PAGE);
  G_OBJECT_CLASS (cr_environment_page_parent_class)->dispose (object);
}

static void
cr_environment_page_finalize (GObject *object)
{
  CrEnvironmentPage *self = CR_ENVIRONMENT_PAGE (object);

  g_object_unref (self->cancellable);
  g_free (self->checked_folder);
  G_OBJECT_CLASS (cr_environment_page_parent_class)->finalize (object);
}

static void
cr_environment_page_class_init (CrEnvironmentPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  CrWizardPageClass *page_class = CR_WIZARD_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_environment_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cr_environment_page_finalize;
  page_class->bind = cr_environment_page_bind;
  page_class->changed = cr_environment_page_changed;

  g_type_ensure (CR_TYPE_FIELD_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/cr-environment-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, practice_radio);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, real_radio);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, real_row);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, profile_row);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, profiles);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, choose_az_button);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, detect_button);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, choose_folder_button);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, save_profile_button);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, environment_row);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, subscription_row);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, consumer_row);
  gtk_widget_class_bind_template_child (widget_class, CrEnvironmentPage, folder_row);
  gtk_widget_class_bind_template_callback (widget_class, mode_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_az_cb);
  gtk_widget_class_bind_template_callback (widget_class, profile_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, save_profile_cb);
  gtk_widget_class_bind_template_callback (widget_class, detect_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_folder_cb);
}

static void
cr_environment_page_init (CrEnvironmentPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  cr_field_row_add_suffix (self->subscription_row, GTK_WIDGET (self->detect_button));
  cr_field_row_add_suffix (self->folder_row, GTK_WIDGET (self->choose_folder_button));
}
