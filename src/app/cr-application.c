/* cr-application.c: the application: options, actions, one window
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include <glib-unix.h>
#include <signal.h>
#include "cr-app-settings.h"
#include "cr-application.h"
#include "cr-compat.h"
#include "cr-window.h"

#define EXIT_USAGE 2

struct _CrApplication {
  AdwApplication parent_instance;
  char  *profile;        /* (owned) (nullable): --profile */
  char  *evidence_root;  /* (owned) (nullable): --evidence-root, absolute */
  GStrv  sets;           /* (owned) (nullable): --set */
};

G_DEFINE_FINAL_TYPE (CrApplication, cr_application, ADW_TYPE_APPLICATION)

static CrWindow *
get_window (CrApplication *self)
{
  for (GList *item = gtk_application_get_windows (GTK_APPLICATION (self)); item != NULL; item = item->next)
    if (CR_IS_WINDOW (item->data))
      return item->data;
  return NULL;
}

/* ---- Actions ---- */

static void
quit_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CrWindow *window = get_window (CR_APPLICATION (user_data));

  if (window != NULL)
    gtk_window_close (GTK_WINDOW (window));  /* asks where something runs */
  else
    g_application_quit (G_APPLICATION (user_data));
}

static char *
debug_info (void)
{
  GSettings *settings = cr_app_settings_get ();
  g_autofree char *versions = cr_compat_versions ();
  g_autofree char *os = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME);
  gboolean sandboxed = g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
  GdkDisplay *display = gdk_display_get_default ();

  return g_strdup_printf ("Cutover Rehearsal %s\n%s\nOS: %s\nSandbox: %s\nDisplay: %s\nLocale: %s\nSettings schema: %s\n", CR_VERSION, versions,
                          os != NULL ? os : "unknown", sandboxed ? "Flatpak" : "none", display != NULL ? G_OBJECT_TYPE_NAME (display) : "none",
                          g_get_language_names ()[0], settings != NULL ? "found" : "missing");
}

static void
about_cb (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  const char *const developers[] = { "The Cutover Rehearsal developers", NULL };
  g_autofree char *debug = debug_info ();
  CrCompatAbout about = {
    .app_name = _("Cutover Rehearsal"),
    .app_icon = CR_APP_ID,
    .version = CR_VERSION,
    .comments = _("Rehearses a database cutover gate by gate, and decides GO or NO_GO from evidence."),
    .website = "https://github.com/cutoverrehearsal/cutover-rehearsal",
    .issue_url = "https://github.com/cutoverrehearsal/cutover-rehearsal/issues",
    .copyright = "© 2026 The Cutover Rehearsal developers",
    .developers = developers,
    .debug_info = debug,
    .debug_info_filename = "cutover-rehearsal-debug.txt",
  };

  cr_compat_show_about (gtk_application_get_active_window (GTK_APPLICATION (user_data)), &about);
}

static const GActionEntry actions[] = {
  { .name = "quit", .activate = quit_cb },
  { .name = "about", .activate = about_cb },
};

/* ---- Life ---- */

static gboolean
terminate_cb (gpointer user_data)
{
  CrWindow *window = get_window (CR_APPLICATION (user_data));

  if (window != NULL)
    cr_window_terminate (window);
  else
    g_application_quit (G_APPLICATION (user_data));
  return G_SOURCE_CONTINUE;
}

static void
cr_application_startup (GApplication *application)
{
  static const struct { const char *action; const char *keys[3]; } accelerators[] = {
    { "app.quit", { "<Control>q" } },
    { "window.close", { "<Control>w" } },
    { "win.new", { "<Control>n" } },
    { "win.open-evidence", { "<Control>o" } },
    { "win.start", { "<Control>Return", "<Control>KP_Enter" } },
    { "win.stop", { "<Shift><Control>k" } },
    { "win.back", { "<Alt>Left" } },
    { "win.failed-gate", { "<Control>j" } },
    { "win.detail::log", { "<Control>3" } },
    { "win.detail::payloads", { "<Control>4" } },
    { "win.detail::details", { "<Control>5" } },
    { "win.shortcuts", { "<Control>question" } },
  };

  G_APPLICATION_CLASS (cr_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  for (guint i = 0; i < G_N_ELEMENTS (accelerators); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (application), accelerators[i].action, accelerators[i].keys);
  gtk_window_set_default_icon_name (CR_APP_ID);
  g_unix_signal_add (SIGTERM, terminate_cb, application);
  g_unix_signal_add (SIGINT, terminate_cb, application);
  g_unix_signal_add (SIGHUP, terminate_cb, application);
}

static void
cr_application_activate (GApplication *application)
{
  CrApplication *self = CR_APPLICATION (application);
  CrWindow *window = get_window (self);

  if (window == NULL)
    window = cr_window_new (self);
  gtk_window_present (GTK_WINDOW (window));
}

static int
cr_application_command_line (GApplication *application, GApplicationCommandLine *line)
{
  CrApplication *self = CR_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (line);
  g_autoptr(CrSettings) settings = NULL;
  g_autoptr(GError) error = NULL;
  const char *root = NULL;
  CrWindow *window = NULL;

  g_clear_pointer (&self->profile, g_free);
  g_clear_pointer (&self->sets, g_strfreev);
  g_clear_pointer (&self->evidence_root, g_free);
  g_variant_dict_lookup (options, "profile", "s", &self->profile);
  g_variant_dict_lookup (options, "set", "^as", &self->sets);
  if (g_variant_dict_lookup (options, "evidence-root", "^&ay", &root)) {
    g_autoptr(GFile) file = g_application_command_line_create_file_for_arg (line, root);
    self->evidence_root = g_file_get_path (file);
  }
  settings = cr_application_new_settings (self, self->profile, &error);
  if (settings == NULL) {
    g_application_command_line_printerr (line, "cutover-rehearsal: %s\n", error->message);
    return EXIT_USAGE;
  }
  g_application_activate (application);
  window = get_window (self);
  if (window != NULL && (self->profile != NULL || self->sets != NULL))
    cr_window_prepare (window, settings);
  return 0;
}

static int
cr_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (g_variant_dict_contains (options, "version")) {
    g_print ("cutover-rehearsal %s\n", CR_VERSION);
    return 0;
  }
  return -1;
}

static void
cr_application_finalize (GObject *object)
{
  CrApplication *self = CR_APPLICATION (object);

  g_free (self->profile);
  g_free (self->evidence_root);
  g_strfreev (self->sets);
  G_OBJECT_CLASS (cr_application_parent_class)->finalize (object);
}

static void
cr_application_class_init (CrApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = cr_application_finalize;
  application_class->startup = cr_application_startup;
  application_class->activate = cr_application_activate;
  application_class->command_line = cr_application_command_line;
  application_class->handle_local_options = cr_application_handle_local_options;
}

static void
cr_application_init (CrApplication *self)
{
  const GOptionEntry entries[] = {
    { "profile", 'p', 0, G_OPTION_ARG_STRING, NULL, N_("Open the wizard with this profile"), N_("NAME") },
    { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, NULL, N_("Set one value; can be given more than once"), N_("KEY=VALUE") },
    { "evidence-root", 'e', 0, G_OPTION_ARG_FILENAME, NULL, N_("Folder in which evidence folders are made"), N_("DIR") },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version"), NULL },
    { NULL }
  };

  g_application_add_main_option_entries (G_APPLICATION (self), entries);
  g_application_set_option_context_summary (G_APPLICATION (self), _("Rehearses a cutover gate by gate. Without a display, use “rehearse”."));
}

CrApplication *
cr_application_new (void)
{
  return g_object_new (CR_TYPE_APPLICATION, "application-id", CR_APP_ID, "resource-base-path", CR_APP_PATH,
                       "flags", G_APPLICATION_HANDLES_COMMAND_LINE, NULL);
}

static gboolean
apply_sets (CrApplication *self, CrSettings *settings, GError **error)
{
  for (guint i = 0; self->sets != NULL && self->sets[i] != NULL; i++) {
    const char *equals = strchr (self->sets[i], '=');
    g_autofree char *key = equals != NULL ? g_strndup (self->sets[i], (gsize) (equals - self->sets[i])) : NULL;

    if (key == NULL) {
      g_set_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE, _("--set “%s” cannot be read. Expected: KEY=VALUE."), self->sets[i]);
      return FALSE;
    }
    if (!cr_settings_set (settings, key, equals + 1, CR_ORIGIN_OPTION, error))
      return FALSE;
  }
  return TRUE;
}

CrSettings *
cr_application_new_settings (CrApplication *self, const char *profile, GError **error)
{
  g_autoptr(CrSettings) settings = cr_settings_new ();

  g_return_val_if_fail (CR_IS_APPLICATION (self), NULL);

  if (profile != NULL && !cr_app_load_profile (settings, profile, FALSE, error))
    return NULL;
  if (!apply_sets (self, settings, error))
    return NULL;
  if (self->evidence_root != NULL && !cr_settings_set (settings, "evidence_root", self->evidence_root, CR_ORIGIN_OPTION, error))
    return NULL;
  cr_app_fill_defaults (settings);
  return g_steal_pointer (&settings);
}

const char *
cr_application_get_profile (CrApplication *self)
{
  g_return_val_if_fail (CR_IS_APPLICATION (self), NULL);
  return self->profile;
}
