/* cr-canonical.c: the bytes Python 3 gives for json.dumps (obj, sort_keys=True, separators=(",", ":")), and a readable form of them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-canonical.h"
#include "cr-canonical-writer.h"
#include "cr-json-private.h"
#include "cr-number.h"
#include <string.h>

const char *const CR_CANONICAL_MASK[] = { "event_time", "data_lag_sec", NULL };

static gboolean
is_excluded (const CrJsonNode *key, const char *const *exclude)
{
  for (gsize i = 0; exclude != NULL && exclude[i] != NULL; i++)
    if (strlen (exclude[i]) == key->size && memcmp (exclude[i], key->text, key->size) == 0)
      return TRUE;
  return FALSE;
}

static void
append_scalar (GString *out, const CrJsonNode *node)
{
  char buffer[CR_NUMBER_DOUBLE_MAX];
  const char *number;
  gsize length;

  switch ((CrJsonType) node->type) {
  case CR_JSON_NULL:
    g_string_append (out, "null");
    break;
  case CR_JSON_FALSE:
    g_string_append (out, "false");
    break;
  case CR_JSON_TRUE:
    g_string_append (out, "true");
    break;
  case CR_JSON_NUMBER:
    number = cr_number_canonical (node->text, node->size, buffer, &length);
    g_string_append_len (out, number, (gssize) length);
    break;
  case CR_JSON_STRING:
    cr_json_append_string (out, node->text, node->size);
    break;
  case CR_JSON_ARRAY:
  case CR_JSON_OBJECT:
    g_assert_not_reached ();
  }
}

void
cr_canonical_append_node (GString *out, const CrJsonNode *node)
{
  if (node->type == CR_JSON_ARRAY) {
    g_string_append_c (out, '[');
    for (gsize i = 0; i < node->size; i++) {
      if (i > 0)
        g_string_append_c (out, ',');
      cr_canonical_append_node (out, &node->nodes[i]);
    }
    g_string_append_c (out, ']');
  } else if (node->type == CR_JSON_OBJECT) {
    gsize count;
    g_autofree const CrJsonNode **keys = cr_json_sorted_members (node, &count);

    g_string_append_c (out, '{');
    for (gsize i = 0; i < count; i++) {
      if (i > 0)
        g_string_append_c (out, ',');
      cr_json_append_string (out, keys[i]->text, keys[i]->size);
      g_string_append_c (out, ':');
      cr_canonical_append_node (out, keys[i] + 1);
    }
    g_string_append_c (out, '}');
  } else {
    append_scalar (out, node);
  }
}

/* Writes to @sha or to *@bytes; see cr_canonical_write() */
static gboolean
write_canonical (const char *text, gssize length, const char *const *exclude, CrSha256 *sha, GBytes **bytes, GError **error)
{
  const gsize size = length < 0 ? strlen (text) : (gsize) length;
  g_autoptr(GBytes) decoded = NULL;
  g_autoptr(CrJsonDoc) doc = NULL;

  if (size <= CR_JSON_SIZE_MAX) {
    gsize decoded_size;
    const char *decoded_text;

    decoded = cr_json_decode_text (text, size, error);
    if (decoded == NULL)
      return FALSE;
    decoded_text = g_bytes_get_data (decoded, &decoded_size);
    if (decoded_size <= CR_JSON_SIZE_MAX
        && cr_canonical_write (decoded_text != NULL ? decoded_text : "", decoded_size, exclude, sha, bytes))
      return TRUE;
  }
  doc = cr_json_parse (text, (gssize) size, CR_JSON_PYTHON, error);  /* tells what is wrong, and where */
  if (doc != NULL) {
    g_critical ("The two JSON readers do not agree");
    g_set_error_literal (error, CR_JSON_ERROR, CR_JSON_ERROR_SYNTAX, "No canonical text: the JSON could be read in one way only");
  }
  return FALSE;
}

GBytes *
cr_canonical_bytes (const char *text, gssize length, const char *const *exclude, GError **error)
{
  GBytes *bytes = NULL;

  return write_canonical (text, length, exclude, NULL, &bytes, error) ? bytes : NULL;
}

/* Needs little memory beside @text, which may well be a mapped file */
char *
cr_canonical_hash (const char *text, gssize length, const char *const *exclude, GError **error)
{
  CrSha256 sha;

  cr_sha256_init (&sha);
  return write_canonical (text, length, exclude, &sha, NULL, error) ? cr_sha256_finish_hex (&sha) : NULL;
}

static void
indent (GString *out, guint depth)
{
  static const char spaces[] = "                                ";

  g_string_append_c (out, '\n');
  for (guint left = 2 * depth; left > 0; left -= MIN (left, 32))
    g_string_append_len (out, spaces, MIN (left, 32));
}

/* UTF-8 as it is; escaped: what JSON demands, DEL and the C1 controls, lone surrogates, and what would break or turn a line around */
static void
append_readable (GString *out, const CrJsonNode *string)
{
  const char *p = string->text, *end = p + string->size;

  if (string->plain) {
    g_string_append_c (out, '"');
    g_string_append_len (out, p, string->size);
    g_string_append_c (out, '"');
    return;
  }
  g_string_append_c (out, '"');
  while (p < end) {
    const char *shown = p;

    while (p < end && (guchar) *p >= 0x80) {
      const gunichar c = g_utf8_get_char_validated (p, end - p);

      if (c >= 0x110000 || g_unichar_iscntrl (c) || (g_unichar_type (c) == G_UNICODE_FORMAT && c != 0x200c && c != 0x200d) || c == 0x2028 || c == 0x2029)
        break;
      p = g_utf8_next_char (p);
    }
    g_string_append_len (out, shown, p - shown);
    if (p < end) {
      const char *next = p + 1;
      gsize start = out->len;

      while (next < end && ((guchar) *next & 0xc0) == 0x80)
        next++;
      cr_json_append_string (out, p, next - p);
      g_string_erase (out, (gssize) start, 1);  /* the quotes */
      g_string_truncate (out, out->len - 1);
      p = next;
    }
  }
  g_string_append_c (out, '"');
}

static void
append_pretty (GString *out, const CrJsonNode *node, const char *const *exclude, guint depth)
{
  g_autofree const CrJsonNode **keys = NULL;
  gsize count = node->size;
  gboolean first = TRUE;

  if (node->type == CR_JSON_STRING) {
    append_readable (out, node);
    return;
  }
  if (node->type != CR_JSON_ARRAY && node->type != CR_JSON_OBJECT) {
    append_scalar (out, node);
    return;
  }
  keys = cr_json_sorted_members (node, &count);
  if (node->type == CR_JSON_ARRAY)
    count = node->size;
  g_string_append_c (out, node->type == CR_JSON_ARRAY ? '[' : '{');
  for (gsize i = 0; i < count; i++) {
    if (keys != NULL && is_excluded (keys[i], exclude))
      continue;
    if (!first)
      g_string_append_c (out, ',');
    first = FALSE;
    indent (out, depth + 1);
    if (keys != NULL) {
      append_readable (out, keys[i]);
      g_string_append (out, ": ");
    }
    append_pretty (out, keys != NULL ? keys[i] + 1 : &node->nodes[i], NULL, depth + 1);
  }
  if (!first)
    indent (out, depth);
  g_string_append_c (out, node->type == CR_JSON_ARRAY ? ']' : '}');
}

/* Two-space indent, keys sorted, numbers canonical, as json.dumps (..., indent=2, ensure_ascii=False), ended by a line feed */
char *
cr_canonical_pretty (const char *text, gssize length, const char *const *exclude, GError **error)
{
  g_autoptr(CrJsonDoc) doc = cr_json_parse (text, length, CR_JSON_PYTHON, error);
  GString *out;

  if (doc == NULL)
    return NULL;
  out = g_string_new (NULL);
  append_pretty (out, cr_json_doc_root (doc), exclude, 0);
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}
