/* cr-quote.c: the one place where a value becomes a word of a shell (facts: reliability 5.1)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-quote.h"
#include <string.h>

G_DEFINE_QUARK (cr-quote-error-quark, cr_quote_error)

/* No shell gives these a meaning of their own, wherever in a word they stand */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"

/* In the place of the command, these would be grammar even though they need no quotes elsewhere */
static const char *const reserved[] = {
  "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do", "done", "in", "function", "time",
  "coproc", NULL
};

static gboolean
check (const char *value, GError **error)
{
  for (gsize i = 0; value[i] != '\0'; i++) {
    guchar c = (guchar) value[i];
    if ((c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t')
      continue;
    g_set_error (error, CR_QUOTE_ERROR, CR_QUOTE_ERROR_CHARACTER,
                 "Byte 0x%02x at position %" G_GSIZE_FORMAT " cannot travel to the jumpbox: only printable ASCII, line feed and tab can",
                 c, i);
    return FALSE;
  }
  return TRUE;
}

static void
append_quoted (GString *out, const char *value)
{
  g_string_append_c (out, '\'');
  for (const char *p = value; *p != '\0'; p++) {
    if (*p == '\'')
      g_string_append (out, "'\\''");
    else
      g_string_append_c (out, *p);
  }
  g_string_append_c (out, '\'');
}

char *
cr_quote_word (const char *value, GError **error)
{
  GString *out;

  g_return_val_if_fail (value != NULL, NULL);

  if (!check (value, error))
    return NULL;
  if (*value != '\0' && value[strspn (value, PLAIN)] == '\0')
    return g_strdup (value);
  out = g_string_sized_new (strlen (value) + 2);
  append_quoted (out, value);
  return g_string_free (out, FALSE);
}

/* The first word is the command: NAME=value would be an assignment there, and a reserved word would be grammar, so both get their quotes. */
char *
cr_quote_argv (const char *const *argv, GError **error)
{
  g_autoptr(GString) out = g_string_new (NULL);

  g_return_val_if_fail (argv != NULL, NULL);

  for (gsize i = 0; argv[i] != NULL; i++) {
    g_autofree char *word = cr_quote_word (argv[i], error);
    if (word == NULL) {
      g_prefix_error (error, "Argument %" G_GSIZE_FORMAT ": ", i);
      return NULL;
    }
    if (i > 0)
      g_string_append_c (out, ' ');
    if (i == 0 && word[0] != '\'' && (strchr (word, '=') != NULL || g_strv_contains (reserved, word)))
      append_quoted (out, argv[i]);
    else
      g_string_append (out, word);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}
