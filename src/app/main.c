/* main.c: start of the window
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <locale.h>
#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>
#include "cr-application.h"

#define EXIT_NO_DISPLAY 4

/* Where the translations are: with the program's build folder if it runs from there */
static char *
find_locale_dir (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  return g_strdup (program != NULL && g_str_has_prefix (program, CR_BUILD_DIR "/") ? CR_BUILD_DIR "/po" : CR_LOCALE_DIR);
}

/* --help and --version answer everywhere */
static gboolean
needs_display (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    if (g_str_equal (argv[i], "--version") || g_str_has_prefix (argv[i], "--help") || g_str_equal (argv[i], "-h"))
      return FALSE;
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr(CrApplication) application = NULL;
  g_autofree char *locale_dir = find_locale_dir ();
  int status;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, locale_dir);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("cutover-rehearsal");
  g_set_application_name (_("Cutover Rehearsal"));

  if (needs_display (argc, argv) && !gtk_init_check ()) {
    g_printerr ("cutover-rehearsal: %s\n", _("There is no display to open a window on. “rehearse” does the same without one."));
    return EXIT_NO_DISPLAY;
  }
  gtk_source_init ();
  application = cr_application_new ();
  status = g_application_run (G_APPLICATION (application), argc, argv);
  return status;
}
