/* cr-cli-lists.c: `rehearse profiles` and `rehearse faults`
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-cli.h"
#include "../core/cr-json.h"
#include "../io/cr-paths.h"
#include "../io/cr-practice.h"
#include <glib/gi18n.h>
#include <string.h>

int
cr_cli_profiles (int argc, char **argv)
{
  g_auto(GStrv) names = cr_paths_list_profiles ();

  if (argc > 1)
    return cr_cli_fail (CR_EXIT_USAGE, _("“rehearse profiles” takes no arguments."));
  for (guint i = 0; names[i] != NULL; i++) {
    g_autofree char *name = NULL;
    g_autofree char *place = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = cr_paths_load_profile (names[i], &name, &place, &error);
    g_autoptr(CrSettings) settings = cr_settings_new ();
    gsize length = 0;
    const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

    if (bytes == NULL || !cr_settings_load_profile (settings, name, place, text, (gssize) length, &error))
      g_print ("%-16s %s\n", names[i], error->message);
    else
      g_print ("%-16s %-9s %s\n", names[i], cr_settings_get (settings, "mode"), place);
  }
  return 0;
}

int
cr_cli_faults (int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) faults = NULL;
  gboolean json = argc == 2 && strcmp (argv[1], "--json") == 0;

  if (argc > 1 && !json)
    return cr_cli_fail (CR_EXIT_USAGE, _("“rehearse faults” takes no arguments but --json."));
  faults = cr_practice_faults (&error);
  if (faults == NULL)
    return cr_cli_fail (CR_EXIT_OWN_ERROR, "%s", error->message);
  if (json) {
    g_autoptr(GString) out = g_string_new ("[");

    for (guint i = 0; i < faults->len; i++) {
      CrFault *fault = g_ptr_array_index (faults, i);
      const char *const members[][2] = {
        { "name", fault->name }, { "group", fault->group }, { "summary", fault->summary },
        { "classification", fault->classification }, { "verdict", fault->verdict },
      };

      g_string_append (out, i > 0 ? ",\n {" : "\n {");
      for (guint k = 0; k < G_N_ELEMENTS (members); k++) {
        g_string_append_printf (out, "%s\"%s\":", k > 0 ? "," : "", members[k][0]);
        cr_json_append_string (out, members[k][1] != NULL ? members[k][1] : "", -1);
      }
      g_string_append_c (out, '}');
    }
    g_print ("%s\n]\n", out->str);
    return 0;
  }
  for (guint i = 0; i < faults->len; i++) {
    CrFault *fault = g_ptr_array_index (faults, i);

    g_print ("%-32s %-20s %s\n", fault->name, fault->classification, fault->summary);
  }
  return 0;
}
