/* cr-cli-payload.c: `rehearse canonical` and `rehearse diff`
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-cli.h"
#include "../core/cr-canonical.h"
#include "../core/cr-diff.h"
#include "../core/cr-text.h"
#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

/* (transfer full): a file's bytes, or standard input for "-" */
static GBytes *
read_input (const char *file, GError **error)
{
  if (strcmp (file, "-") == 0) {
    GByteArray *bytes = g_byte_array_new ();
    guint8 chunk[65536];
    ssize_t got;

    while ((got = read (STDIN_FILENO, chunk, sizeof chunk)) > 0)
      g_byte_array_append (bytes, chunk, (guint) got);
    if (got < 0) {
      int saved = errno;

      g_byte_array_unref (bytes);
      g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (saved), _("Standard input could not be read: %s"), g_strerror (saved));
      return NULL;
    }
    return g_byte_array_free_to_bytes (bytes);
  } else {
    g_autoptr(GMappedFile) mapped = g_mapped_file_new (file, FALSE, error);

    return mapped != NULL ? g_mapped_file_get_bytes (mapped) : NULL;
  }
}

static gboolean
parse (int *argc, char ***argv, const GOptionEntry *entries, const char *parameters, const char *summary, int *exit_code)
{
  g_autoptr(GOptionContext) context = g_option_context_new (parameters);
  g_autoptr(GError) error = NULL;

  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (*argc == 2 && (strcmp ((*argv)[1], "--help") == 0 || strcmp ((*argv)[1], "-h") == 0)) {
    g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);

    g_print ("%s", help);
    *exit_code = 0;
    return FALSE;
  }
  *exit_code = CR_EXIT_USAGE;
  if (!g_option_context_parse (context, argc, argv, &error)) {
    cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
    return FALSE;
  }
  return TRUE;
}

int
cr_cli_canonical (int argc, char **argv)
{
  g_auto(GStrv) exclude = NULL;
  gboolean hash = FALSE;
  const GOptionEntry entries[] = {
    { "exclude", 0, 0, G_OPTION_ARG_STRING_ARRAY, &exclude, N_("leave this key out, at the top level; may be repeated"), N_("KEY") },
    { "hash", 0, 0, G_OPTION_ARG_NONE, &hash, N_("print the SHA-256 instead of the text"), NULL },
    { NULL }
  };
  g_autoptr(GBytes) input = NULL;
  g_autoptr(GError) error = NULL;
  const char *text;
  gsize length;
  int exit_code;

  if (!parse (&argc, &argv, entries, _("FILE|-"), _("Prints the bytes of Python 3's json.dumps(obj, sort_keys=True, separators=(\",\", \":\"))."), &exit_code))
    return exit_code;
  if (argc != 2)
    return cr_cli_fail (CR_EXIT_USAGE, _("“rehearse canonical” takes one file, or - for standard input."));
  input = read_input (argv[1], &error);
  if (input == NULL)
    return cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
  text = g_bytes_get_data (input, &length);
  if (hash) {
    g_autofree char *digest = cr_canonical_hash (text != NULL ? text : "", (gssize) length, (const char *const *) exclude, &error);

    if (digest == NULL)
      return cr_cli_fail (CR_EXIT_USAGE, "%s: %s", argv[1], error->message);
    g_print ("%s\n", digest);
  } else {
    g_autoptr(GBytes) bytes = cr_canonical_bytes (text != NULL ? text : "", (gssize) length, (const char *const *) exclude, &error);
    const guint8 *data;
    gsize size;

    if (bytes == NULL)
      return cr_cli_fail (CR_EXIT_USAGE, "%s: %s", argv[1], error->message);
    data = g_bytes_get_data (bytes, &size);
    while (size > 0) {
      ssize_t put = write (STDOUT_FILENO, data, size);

      if (put < 0 && errno == EINTR)
        continue;
      if (put < 0)
        return cr_cli_fail (CR_EXIT_OWN_ERROR, _("The output could not be written: %s"), g_strerror (errno));
      data += put;
      size -= (gsize) put;
    }
  }
  return 0;
}

static const char *
kind_name (CrChangeKind kind)
{
  switch (kind) {
  case CR_CHANGE_ADDED: return "added";
  case CR_CHANGE_REMOVED: return "removed";
  case CR_CHANGE_CHANGED: return "changed";
  case CR_CHANGE_MOVED: return "moved";
  case CR_CHANGE_EXCLUDED:
  default: return "excluded";
  }
}

static void
append_json_member (GString *out, const char *key, const char *value, gboolean raw)
{
  g_string_append_printf (out, ",\"%s\":", key);
  if (value == NULL)
    g_string_append (out, "null");
  else if (raw)
    g_string_append (out, value);
  else
    cr_json_append_string (out, value, -1);
}

static void
print_changes (GPtrArray *changes, gboolean equal, gboolean json)
{
  g_autoptr(GString) out = g_string_new (NULL);

  if (json)
    g_string_append_printf (out, "{\"equal\":%s,\"changes\":[", equal ? "true" : "false");
  for (guint i = 0; i < changes->len; i++) {
    CrChange *change = g_ptr_array_index (changes, i);

    if (json) {
      g_string_append_printf (out, "%s{\"kind\":\"%s\"", i > 0 ? "," : "", kind_name (change->kind));
      append_json_member (out, "pointer", change->pointer, FALSE);
      if (change->from_pointer != NULL)
        append_json_member (out, "from", change->from_pointer, FALSE);
      append_json_member (out, "before", change->before, TRUE);
      append_json_member (out, "after", change->after, TRUE);
      if (change->kind == CR_CHANGE_EXCLUDED)
        g_string_append_printf (out, ",\"differs\":%s", change->differs ? "true" : "false");
      g_string_append_c (out, '}');
    } else {
      g_autofree char *pointer = cr_text_display_line (change->pointer, -1, 0);
      g_autofree char *before = cr_text_display_line (change->before != NULL ? change->before : "", -1, 200);
      g_autofree char *after = cr_text_display_line (change->after != NULL ? change->after : "", -1, 200);

      switch (change->kind) {
      case CR_CHANGE_ADDED: g_string_append_printf (out, "+ %s  %s\n", pointer, after); break;
      case CR_CHANGE_REMOVED: g_string_append_printf (out, "- %s  %s\n", pointer, before); break;
      case CR_CHANGE_CHANGED: g_string_append_printf (out, "~ %s  %s → %s\n", pointer, before, after); break;
      case CR_CHANGE_MOVED: g_string_append_printf (out, "↕ %s → %s  %s\n", change->from_pointer, pointer, after); break;
      case CR_CHANGE_EXCLUDED:
      default:
        if (change->differs)
          g_string_append_printf (out, _("⊘ %s  %s → %s  (excluded)\n"), pointer, before, after);
        else
          g_string_append_printf (out, _("⊘ %s  %s  (excluded, did not change)\n"), pointer, before);
      }
    }
  }
  if (json)
    g_string_append (out, "]}\n");
  else
    g_string_append (out, equal ? _("canonically equal\n") : _("different\n"));
  g_print ("%s", out->str);
}

int
cr_cli_diff (int argc, char **argv)
{
  g_auto(GStrv) exclude = NULL;
  gboolean json = FALSE, equal = TRUE;
  const GOptionEntry entries[] = {
    { "exclude", 0, 0, G_OPTION_ARG_STRING_ARRAY, &exclude, N_("mask this key, at the top level; may be repeated"), N_("KEY") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, N_("print the changes as JSON"), NULL },
    { NULL }
  };
  CrJsonDoc *docs[2] = { NULL, NULL };
  g_autoptr(GPtrArray) changes = NULL;
  g_autoptr(GError) error = NULL;
  int exit_code;

  if (!parse (&argc, &argv, entries, _("BEFORE AFTER"), _("Compares two JSON payloads. Exit status: 0 canonically equal, 1 different, 2 trouble."), &exit_code))
    return exit_code;
  if (argc != 3)
    return cr_cli_fail (CR_EXIT_USAGE, _("“rehearse diff” takes two files."));
  for (guint i = 0; i < 2; i++) {
    g_autoptr(GBytes) input = read_input (argv[i + 1], &error);
    gsize length = 0;
    const char *text = input != NULL ? g_bytes_get_data (input, &length) : NULL;

    docs[i] = input != NULL ? cr_json_parse (text != NULL ? text : "", (gssize) length, CR_JSON_PYTHON, &error) : NULL;
    if (docs[i] == NULL) {
      g_clear_pointer (&docs[0], cr_json_doc_unref);
      return cr_cli_fail (CR_EXIT_USAGE, "%s: %s", argv[i + 1], error->message);
    }
  }
  changes = cr_diff_structure (cr_json_doc_root (docs[0]), cr_json_doc_root (docs[1]), (const char *const *) exclude, NULL, &error);
  cr_json_doc_unref (docs[0]);
  cr_json_doc_unref (docs[1]);
  if (changes == NULL)
    return cr_cli_fail (CR_EXIT_USAGE, "%s", error->message);
  for (guint i = 0; i < changes->len; i++)
    equal = equal && ((CrChange *) g_ptr_array_index (changes, i))->kind == CR_CHANGE_EXCLUDED;
  print_changes (changes, equal, json);
  return equal ? 0 : 1;
}
