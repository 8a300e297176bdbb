/* rehearse.c: the same rehearsal without a display (design: section 7). Results go to stdout, progress to stderr.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-cli.h"
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

static const struct {
  const char *name;
  int       (*run) (int argc, char **argv);
  const char *summary;
} COMMANDS[] = {
  { "run", cr_cli_run, N_("carry out a rehearsal, gate by gate, and decide GO or NO_GO") },
  { "plan", cr_cli_plan, N_("print every command exactly as it would run; run nothing") },
  { "judge", cr_cli_judge, N_("recompute verdicts and decision from the captures in a folder") },
  { "canonical", cr_cli_canonical, N_("print the canonical JSON of a payload, or its hash") },
  { "diff", cr_cli_diff, N_("compare two payloads") },
  { "profiles", cr_cli_profiles, N_("list the profiles") },
  { "faults", cr_cli_faults, N_("list the practice faults") },
};

static void
print_usage (void)
{
  g_print (_("Usage: rehearse COMMAND [OPTION…]\n\nCommands:\n"));
  for (guint i = 0; i < G_N_ELEMENTS (COMMANDS); i++)
    g_print ("  %-10s %s\n", COMMANDS[i].name, _(COMMANDS[i].summary));
  g_print (_("\n“rehearse COMMAND --help” tells more. Try: rehearse run --profile practice --owner “$USER”\n"));
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, CR_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("rehearse");

  if (argc < 2 || g_strcmp0 (argv[1], "--help") == 0 || g_strcmp0 (argv[1], "-h") == 0 || g_strcmp0 (argv[1], "help") == 0) {
    print_usage ();
    return argc < 2 ? CR_EXIT_USAGE : 0;
  }
  if (g_strcmp0 (argv[1], "--version") == 0) {
    g_print ("rehearse %s\n", CR_VERSION);
    return 0;
  }
  for (guint i = 0; i < G_N_ELEMENTS (COMMANDS); i++)
    if (strcmp (argv[1], COMMANDS[i].name) == 0)
      return COMMANDS[i].run (argc - 1, argv + 1);
  g_printerr (_("rehearse: there is no command “%s”. “rehearse --help” lists them.\n"), argv[1]);
  return CR_EXIT_USAGE;
}
