/* cr-compat.c: every switch on a GTK or libadwaita version
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-compat.h"

/* ---- Questions. AdwMessageDialog is deprecated since 1.6 but works in every version so far, with the same responses. ---- */

static void
ask_response_cb (AdwMessageDialog *dialog, const char *response, gpointer user_data)
{
  GTask *task = G_TASK (user_data);

  if (!g_task_get_completed (task) && !GPOINTER_TO_INT (g_object_get_data (G_OBJECT (task), "answered"))) {
    g_object_set_data (G_OBJECT (task), "answered", GINT_TO_POINTER (TRUE));
    g_task_return_pointer (task, g_strdup (response), g_free);
  }
}

static void
ask_gone_cb (GtkWidget *dialog, gpointer user_data)
{
  ask_response_cb (NULL, g_object_get_data (G_OBJECT (user_data), "close-response"), user_data);
}

void
cr_compat_ask_async (GtkWindow *parent, const char *heading, const char *body, GtkWidget *extra, const CrCompatResponse *responses,
                     const char *default_response, const char *close_response, GAsyncReadyCallback callback, gpointer user_data)
{
  GtkWidget *dialog = adw_message_dialog_new (parent, heading, body);
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, cr_compat_ask_async);
  g_object_set_data_full (G_OBJECT (task), "close-response", g_strdup (close_response), g_free);
  for (const CrCompatResponse *response = responses; response->id != NULL; response++) {
    adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), response->id, response->label);
    adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), response->id, response->appearance);
  }
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), default_response);
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), close_response);
  if (extra != NULL)
    adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), extra);
  gtk_window_set_destroy_with_parent (GTK_WINDOW (dialog), TRUE);

  g_signal_connect_data (dialog, "response", G_CALLBACK (ask_response_cb), g_object_ref (task), (GClosureNotify) g_object_unref, 0);
  g_signal_connect_data (dialog, "destroy", G_CALLBACK (ask_gone_cb), task, (GClosureNotify) g_object_unref, 0);
  gtk_window_present (GTK_WINDOW (dialog));
}

char *
cr_compat_ask_finish (GAsyncResult *result)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cr_compat_ask_async), NULL);
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/* ---- Files and folders. GtkFileChooserNative is deprecated since 4.10 and goes through the portal in every version. ---- */

static void
choose_response_cb (GtkNativeDialog *dialog, int response, gpointer user_data)
{
  g_autoptr(GTask) task = G_TASK (user_data);
  GFile *file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;

  g_signal_handlers_disconnect_by_data (dialog, task);
  gtk_native_dialog_destroy (dialog);
  g_task_return_pointer (task, file, g_object_unref);
  g_object_unref (dialog);
}

void
cr_compat_choose_async (GtkWindow *parent, CrCompatChoose what, const char *title, const char *accept_label, GFile *initial,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  static const GtkFileChooserAction actions[] = {
    [CR_COMPAT_OPEN_FILE] = GTK_FILE_CHOOSER_ACTION_OPEN,
    [CR_COMPAT_SAVE_FILE] = GTK_FILE_CHOOSER_ACTION_SAVE,
    [CR_COMPAT_CHOOSE_FOLDER] = GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER,
  };
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, parent, actions[what], accept_label, NULL);
  g_autoptr(GFile) folder = NULL;

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  if (initial != NULL && what == CR_COMPAT_SAVE_FILE) {
    g_autofree char *name = g_file_get_basename (initial);
    gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
    folder = g_file_get_parent (initial);
  } else if (initial != NULL) {
    folder = g_object_ref (initial);
  }
  if (folder != NULL && g_file_query_exists (folder, NULL))
    gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  g_signal_connect (dialog, "response", G_CALLBACK (choose_response_cb), g_task_new (NULL, NULL, callback, user_data));
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

GFile *
cr_compat_choose_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}

/* ---- About and help ---- */

void
cr_compat_show_about (GtkWindow *parent, const CrCompatAbout *about)
{
  adw_show_about_window (parent,
                         "application-name", about->app_name,
                         "application-icon", about->app_icon,
                         "version", about->version,
                         "comments", about->comments,
                         "website", about->website,
                         "issue-url", about->issue_url,
                         "copyright", about->copyright,
                         "license-type", GTK_LICENSE_GPL_3_0,
                         "developers", about->developers,
                         "debug-info", about->debug_info,
                         "debug-info-filename", about->debug_info_filename,
                         NULL);
}

/* GtkShortcutsWindow can be filled in code only since 4.14, so it is built from a description */
GtkWidget *
cr_compat_shortcuts_new (const CrCompatShortcut *shortcuts)
{
  g_autoptr(GString) text = g_string_new ("<interface><object class='GtkShortcutsWindow' id='window'><property name='modal'>1</property>"
                                          "<child><object class='GtkShortcutsSection'><property name='max-height'>12</property>");
  g_autoptr(GtkBuilder) builder = gtk_builder_new ();
  const char *group = NULL;
  GtkWidget *window = NULL;

  for (const CrCompatShortcut *entry = shortcuts; entry->group != NULL; entry++) {
    g_autofree char *title = g_markup_escape_text (entry->title, -1);
    g_autofree char *keys = g_markup_escape_text (entry->keys, -1);

    if (g_strcmp0 (group, entry->group) != 0) {
      g_autofree char *name = g_markup_escape_text (entry->group, -1);
      g_string_append (text, group != NULL ? "</object></child>" : "");
      g_string_append_printf (text, "<child><object class='GtkShortcutsGroup'><property name='title'>%s</property>", name);
      group = entry->group;
    }
    g_string_append_printf (text, "<child><object class='GtkShortcutsShortcut'><property name='title'>%s</property>"
                            "<property name='accelerator'>%s</property></object></child>", title, keys);
  }
  g_string_append (text, group != NULL ? "</object></child>" : "");
  g_string_append (text, "</object></child></object></interface>");
  gtk_builder_add_from_string (builder, text->str, (gssize) text->len, NULL);
  window = GTK_WIDGET (gtk_builder_get_object (builder, "window"));
  return window;  /* GTK keeps it until it is destroyed */
}

/* ---- A banner: AdwBanner exists since 1.3 only, a box looks the same in all versions ---- */

GtkWidget *
cr_compat_banner_new (const char *title, const char *button_label, const char *action_name)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (title);

  gtk_widget_add_css_class (box, "cr-banner");
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (label, "heading");
  gtk_widget_set_hexpand (label, TRUE);
  gtk_box_append (GTK_BOX (box), label);
  g_object_set_data (G_OBJECT (box), "label", label);
  if (button_label != NULL) {
    GtkWidget *button = gtk_button_new_with_mnemonic (button_label);
    gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action_name);
    gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
    gtk_box_append (GTK_BOX (box), button);
  }
  return box;
}

void
cr_compat_banner_set_title (GtkWidget *banner, const char *title)
{
  gtk_label_set_label (GTK_LABEL (g_object_get_data (G_OBJECT (banner), "label")), title);
}

/* ---- Small things ---- */

GtkWidget *
cr_compat_spinner_new (void)
{
  GtkWidget *spinner = gtk_spinner_new ();

  gtk_spinner_start (GTK_SPINNER (spinner));
  return spinner;
}

void
cr_compat_announce (GtkWidget *widget, const char *message)
{
#if GTK_CHECK_VERSION (4, 14, 0)
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS  /* newer than the pinned floor */
  gtk_accessible_announce (GTK_ACCESSIBLE (widget), message, GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  G_GNUC_END_IGNORE_DEPRECATIONS
#endif
}

void
cr_compat_notify (GApplication *application, const char *id, GNotification *notification)
{
  if (g_application_get_dbus_connection (application) == NULL)
    return;
  if (notification != NULL)
    g_application_send_notification (application, id, notification);
  else
    g_application_withdraw_notification (application, id);
}

void
cr_compat_fix_names (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget) && gtk_button_get_label (GTK_BUTTON (widget)) != NULL && !gtk_widget_has_css_class (widget, "cr-named"))
    gtk_accessible_reset_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL);  /* the label inside names it */
  if (GTK_IS_SCROLLED_WINDOW (widget))
    gtk_widget_set_focusable (widget, FALSE);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    cr_compat_fix_names (child);
}

void
cr_compat_get_color (GtkWidget *widget, GdkRGBA *color)
{
#if GTK_CHECK_VERSION (4, 10, 0)
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS  /* newer than the pinned floor */
  gtk_widget_get_color (widget, color);
  G_GNUC_END_IGNORE_DEPRECATIONS
#else
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), color);
#endif
}

char *
cr_compat_versions (void)
{
  return g_strdup_printf ("GLib %u.%u.%u\nGTK %u.%u.%u (built with %d.%d.%d)\nlibadwaita %u.%u.%u (built with %d.%d.%d)",
                          glib_major_version, glib_minor_version, glib_micro_version,
                          gtk_get_major_version (), gtk_get_minor_version (), gtk_get_micro_version (),
                          GTK_MAJOR_VERSION, GTK_MINOR_VERSION, GTK_MICRO_VERSION,
                          adw_get_major_version (), adw_get_minor_version (), adw_get_micro_version (),
                          ADW_MAJOR_VERSION, ADW_MINOR_VERSION, ADW_MICRO_VERSION);
}
