/* cr-probe-facts.c: what one HTTP probe printed, in the pod or on this computer, read strictly
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-probe-facts.h"
#include "cr-text.h"
#include "cr-time.h"
#include <string.h>

/* The probe reads one byte more than this, so that a body which is too long shows in BODY_LEN */
#define MAX_BODY (1024 * 1024)

static gboolean
refuse (char **why, const char *key, const char *problem)
{
  if (why != NULL) {
    g_autofree char *shown = cr_text_display_line (key, -1, 80);
    *why = g_strdup_printf ("%s %s", shown, problem);
  }
  return FALSE;
}

/* Length of KEY in a line that begins KEY=, else 0 */
static gsize
key_length (const char *line, gsize length)
{
  gsize n = 0;

  if (length == 0 || !g_ascii_isupper (line[0]))
    return 0;
  while (n < length && (g_ascii_isupper (line[n]) || g_ascii_isdigit (line[n]) || line[n] == '_'))
    n++;
  return n < length && line[n] == '=' && n <= 64 ? n : 0;
}

static gboolean
read_lines (GHashTable *values, const char *out, gsize length, char **why)
{
  while (length > 0) {
    const char *end = memchr (out, '\n', length);
    gsize line = end != NULL ? (gsize) (end - out) : length;
    gsize key = key_length (out, line);

    if (key > 0) {
      char *name = g_strndup (out, key);

      if (g_hash_table_contains (values, name)) {
        refuse (why, name, "stands more than once in the output");
        g_free (name);
        return FALSE;
      }
      if (memchr (out, '\0', line) != NULL) {
        refuse (why, name, "holds a NUL byte");
        g_free (name);
        return FALSE;
      }
      g_hash_table_insert (values, name, g_strndup (out + key + 1, line - key - 1));
    }
    line += end != NULL ? 1 : 0;
    out += line;
    length -= line;
  }
  return TRUE;
}

/* Digits only, without needless zeros */
static gboolean
read_number (GHashTable *values, const char *key, gint64 max, gint64 *value, char **why)
{
  const char *text = g_hash_table_lookup (values, key);
  gsize length = text != NULL ? strlen (text) : 0;

  if (text == NULL)
    return refuse (why, key, "is missing in the output");
  if (length == 0 || length > 12 || strspn (text, "0123456789") != length || (text[0] == '0' && length > 1))
    return refuse (why, key, "is not a number");
  *value = g_ascii_strtoll (text, NULL, 10);
  if (*value > max)
    return refuse (why, key, "is too large");
  return TRUE;
}

static gboolean
read_body (CrProbeFacts *facts, char **why)
{
  const char *text = g_hash_table_lookup (facts->values, "BODY_B64");
  const char *digest = g_hash_table_lookup (facts->values, "BODY_SHA256");
  g_autofree char *own_digest = NULL;
  g_autofree char *again = NULL;
  g_autofree guchar *body = NULL;
  gsize length = 0;
  gint64 said = 0;

  if (!read_number (facts->values, "BODY_LEN", MAX_BODY + 1, &said, why))
    return FALSE;
  if (digest == NULL)
    return refuse (why, "BODY_SHA256", "is missing in the output");
  if (text == NULL)
    return refuse (why, "BODY_B64", "is missing in the output");
  if (strlen (text) > 4 * (MAX_BODY / 3 + 1))
    return refuse (why, "BODY_B64", "is too long");
  if (said > MAX_BODY) {
    facts->too_long = TRUE;
    facts->body = g_strdup ("");
    return TRUE;
  }
  body = g_base64_decode (text, &length);
  again = g_base64_encode (body, length);  /* GLib's decoder skips what it doesn't know: only its own text back is strict */
  if (!g_str_equal (again, text))
    return refuse (why, "BODY_B64", "is not base64");
  if ((gint64) length != said)
    return refuse (why, "BODY_LEN", "is not the length of the body");
  own_digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, body, length);
  if (!g_str_equal (own_digest, digest))
    return refuse (why, "BODY_SHA256", "is not the digest of the body");

  facts->body = g_malloc (length + 1);
  if (length > 0)
    memcpy (facts->body, body, length);
  facts->body[length] = '\0';
  facts->body_length = length;
  return TRUE;
}

/* BEFORE_HTTP has to say what HTTP_CODE says, BEFORE_CANON_HASH what CANON_HASH says */
static gboolean
prefixes_agree (GHashTable *values, char **why)
{
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    const char *plain = g_str_has_suffix (key, "_CANON_HASH") ? "CANON_HASH" : g_str_has_suffix (key, "_HTTP") ? "HTTP_CODE" : NULL;

    if (plain != NULL && g_strcmp0 (g_hash_table_lookup (values, plain), value) != 0)
      return refuse (why, key, "says something else than the rest of the output");
  }
  return TRUE;
}

CrProbeFacts *
cr_probe_facts_parse (const char *out, gsize length, char **why)
{
  g_autoptr(CrProbeFacts) self = g_new0 (CrProbeFacts, 1);
  const char *date;
  gint64 number = 0;

  g_return_val_if_fail (out != NULL || length == 0, NULL);

  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!read_lines (self->values, out, length, why) || !read_number (self->values, "HTTP_CODE", 599, &number, why))
    return NULL;
  if (number != 0 && number < 100) {
    refuse (why, "HTTP_CODE", "is no HTTP status");
    return NULL;
  }
  self->status = (int) number;
  if (!read_body (self, why) || !prefixes_agree (self->values, why))
    return NULL;

  self->url = g_hash_table_lookup (self->values, "URL");
  self->no_answer = g_hash_table_lookup (self->values, "NO_ANSWER");
  self->canon_hash = g_hash_table_lookup (self->values, "CANON_HASH");
  if (self->status != 0 && self->no_answer != NULL) {
    refuse (why, "NO_ANSWER", "and HTTP_CODE contradict each other");
    return NULL;
  }
  self->date = self->now = -1;
  date = g_hash_table_lookup (self->values, "DATE");
  if (date == NULL || !cr_http_date_parse (date, &self->date, NULL))
    self->date = -1;
  if (!read_number (self->values, "NOW", G_MAXINT64, &self->now, NULL))
    self->now = -1;
  self->doc = cr_json_parse (self->body, (gssize) self->body_length, CR_JSON_STRICT, NULL);
  return g_steal_pointer (&self);
}

void
cr_probe_facts_free (CrProbeFacts *facts)
{
  if (facts == NULL)
    return;
  g_clear_pointer (&facts->values, g_hash_table_unref);
  g_clear_pointer (&facts->doc, cr_json_doc_unref);
  g_free (facts->body);
  g_free (facts);
}
