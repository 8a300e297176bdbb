/* cr-canonical.c: the bytes Python 3 gives for json.dumps (obj, sort_keys=True, separators=(",", ":")), and a readable form of them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-canonical.h"
#include "cr-canonical-writer.h"
#include "cr-json-private.h"
#include "cr-number.h"
#include <string.h>

const char *const CR_CANONICAL_MASK[] = { "event_time", "data_lag_sec", NULL };

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

/* Two-space indent, keys sorted, numbers canonical, as json.dumps (..., indent=2, ensure_ascii=False), ended by a line feed */
char *
cr_canonical_pretty (const char *text, gssize length, const char *const *exclude, GError **error)
{
  g_autoptr(GBytes) bytes = cr_canonical_bytes (text, length, exclude, error);
  gsize size;
  const char *canonical = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

  return canonical != NULL ? cr_canonical_indent (canonical, size) : NULL;
}
