/* cr-text.c: untrusted bytes made safe to show, to store as a line, to put into Markdown
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-text.h"
#include <string.h>

/* Characters that reorder, hide or break text. Unassigned ones count too: a newer Unicode may have made them invisible. */
static gboolean
is_hidden (gunichar c)
{
  switch (g_unichar_type (c)) {
  case G_UNICODE_CONTROL:
  case G_UNICODE_FORMAT:
  case G_UNICODE_UNASSIGNED:
  case G_UNICODE_SURROGATE:
  case G_UNICODE_LINE_SEPARATOR:
  case G_UNICODE_PARAGRAPH_SEPARATOR:
    return TRUE;
  default:
    break;
  }
  return c == 0x034f || c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5   /* joiner, Hangul fillers, Khmer inherent vowels */
         || (c >= 0x180b && c <= 0x180f)                                           /* Mongolian selectors and separator */
         || c == 0x2800 || c == 0x3164 || c == 0xffa0                              /* blank Braille, Hangul fillers */
         || (c >= 0xe0100 && c <= 0xe01ef);                                        /* variation selectors supplement */
}

/* Appends the visible form of what begins at *@p and moves *@p behind it. @one_line: LF and TAB become visible too.
 * Returns how many characters were appended. */
static gsize
append_next (GString *out, const char **p, const char *end, gboolean one_line)
{
  guchar byte = (guchar) **p;
  gunichar c;
  gsize before = out->len;

  if (byte >= 0x20 && byte < 0x7f) {
    g_string_append_c (out, (char) byte);
    *p += 1;
    return 1;
  }
  if (byte < 0x80) {
    *p += 1;
    if ((byte == '\n' || byte == '\t') && !one_line)
      g_string_append_c (out, (char) byte);
    else if (byte == '\n')
      g_string_append (out, "\\n");
    else if (byte == '\t')
      g_string_append (out, "\\t");
    else
      g_string_append_printf (out, "\\x%02x", byte);
    return out->len - before;
  }
  c = g_utf8_get_char_validated (*p, MIN (end - *p, 6));
  if (c == (gunichar) -1 || c == (gunichar) -2) {
    *p += 1;
    g_string_append_printf (out, "\\x%02x", byte);
    return out->len - before;
  }
  *p = g_utf8_next_char (*p);
  if (is_hidden (c)) {
    g_string_append_printf (out, "<U+%04X>", c);
    return out->len - before;
  }
  g_string_append_unichar (out, c);
  return 1;
}

char *
cr_text_display (const char *bytes, gssize length)
{
  gsize size = length < 0 ? (bytes != NULL ? strlen (bytes) : 0) : (gsize) length;
  const char *p = bytes, *end = bytes + size;
  GString *out = g_string_sized_new (size + 16);

  while (p < end) {
    const char *run = p;

    while (p < end && (((guchar) *p >= 0x20 && (guchar) *p < 0x7f) || *p == '\n' || *p == '\t'))
      p++;
    g_string_append_len (out, run, p - run);
    if (p < end)
      append_next (out, &p, end, FALSE);
  }
  return g_string_free (out, FALSE);
}

char *
cr_text_display_line (const char *bytes, gssize length, gsize max)
{
  gsize size = length < 0 ? (bytes != NULL ? strlen (bytes) : 0) : (gsize) length;
  const char *p = bytes, *end = bytes + size;
  GString *out = g_string_sized_new (MIN (size, max > 0 ? max : size) + 16);
  gsize n = 0;

  while (p < end) {
    gsize before = out->len, added = append_next (out, &p, end, TRUE);

    if (max > 0 && n + added > max) {  /* an escape is never cut in two */
      g_string_truncate (out, before);
      g_string_append (out, "…");
      break;
    }
    n += added;
  }
  return g_string_free (out, FALSE);
}

char *
cr_text_quote_body (const char *bytes, gssize length)
{
  g_autofree char *safe = cr_text_display (bytes, length);
  GString *out = g_string_sized_new (strlen (safe) + 64);

  for (const char *line = safe; *line != '\0';) {
    const char *end = strchrnul (line, '\n');

    g_string_append (out, "| ");
    g_string_append_len (out, line, end - line);
    g_string_append_c (out, '\n');
    line = *end == '\n' ? end + 1 : end;
  }
  return g_string_free (out, FALSE);
}

/* Where a character only means something at the beginning of a block: list, heading, rule, underline, numbered list */
static gsize
block_opener (const char *text)
{
  gsize digits = strspn (text, "0123456789");

  if (*text != '\0' && strchr ("-+#=:", *text) != NULL)
    return 1;
  if (digits > 0 && (text[digits] == '.' || text[digits] == ')'))
    return digits + 1;
  return 0;
}

/* What could become a link without any brackets is broken: "://", "www." and the "@" of an address. An address needs a code span, because
 * engines that follow GitHub look for it after backslashes and entities are gone. */
char *
cr_text_markdown (const char *text)
{
  g_autofree char *safe = cr_text_display_line (text != NULL ? text : "", -1, 0);
  GString *out = g_string_sized_new (strlen (safe) + 16);
  gsize opener;
  const char *p;

  g_strstrip (safe);
  p = safe;
  opener = block_opener (p);
  if (opener > 0) {
    g_string_append_len (out, p, (gssize) opener - 1);
    g_string_append_c (out, '\\');
    g_string_append_c (out, p[opener - 1]);
    p += opener;
  }
  while (*p != '\0') {
    if (*p == '&') {
      g_string_append (out, "&amp;");
    } else if (*p == '<') {
      g_string_append (out, "&lt;");
    } else if (*p == '>') {
      g_string_append (out, "&gt;");
    } else if (*p == '@') {
      gsize n = strspn (p, "@");

      g_string_append_c (out, '`');
      g_string_append_len (out, p, (gssize) n);
      g_string_append_c (out, '`');
      p += n;
      continue;
    } else if (strchr ("\\`*_[]|~$", *p) != NULL || g_str_has_prefix (p, "://")
               || (*p == '.' && p - safe >= 3 && g_ascii_strncasecmp (p - 3, "www", 3) == 0)) {
      g_string_append_c (out, '\\');
      g_string_append_c (out, *p);
    } else {
      g_string_append_c (out, *p);
    }
    p++;
  }
  return g_string_free (out, FALSE);
}
