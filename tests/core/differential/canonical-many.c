/* canonical-many.c: canonicalises many documents for the comparison with Python
 *
 * Reads from standard input, for each document, its length (four bytes, little endian) and its bytes. Writes for each one byte
 * ('+' or '-'), a length and either the canonical text or the message of the error. The argument chooses the way:
 *   bytes   cr_canonical_bytes ()          node    cr_canonical_append_node () of the parsed document
 *   pretty  cr_canonical_pretty ()
 *   hash    cr_canonical_hash ()           double  the documents are doubles of eight bytes: their text
 *   sha256, sha256-portable                the documents are bytes: their digest, taken in pieces
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-canonical.h"
#include "cr-number.h"
#include "cr-sha256.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
write_block (char kind, const char *text, gsize length)
{
  const guint32 size = GUINT32_TO_LE ((guint32) length);

  if (fputc (kind, stdout) == EOF || fwrite (&size, 4, 1, stdout) != 1 || (length > 0 && fwrite (text, length, 1, stdout) != 1))
    g_error ("Cannot write: %s", g_strerror (errno));
}

static char *
convert (const char *way, const char *text, gsize length, gsize *result_length, GError **error)
{
  char *result = NULL;

  if (g_str_equal (way, "hash")) {
    result = cr_canonical_hash (text, (gssize) length, CR_CANONICAL_MASK, error);
    *result_length = result != NULL ? strlen (result) : 0;
  } else if (g_str_equal (way, "pretty")) {
    result = cr_canonical_pretty (text, (gssize) length, CR_CANONICAL_MASK, error);
    *result_length = result != NULL ? strlen (result) : 0;
  } else if (g_str_equal (way, "bytes")) {
    g_autoptr(GBytes) bytes = cr_canonical_bytes (text, (gssize) length, CR_CANONICAL_MASK, error);

    if (bytes != NULL)
      result = g_bytes_unref_to_data (g_steal_pointer (&bytes), result_length);
  } else if (g_str_equal (way, "node")) {
    g_autoptr(CrJsonDoc) doc = cr_json_parse (text, (gssize) length, CR_JSON_PYTHON, error);

    if (doc != NULL) {
      GString *out = g_string_new (NULL);

      cr_canonical_append_node (out, cr_json_doc_root (doc));
      *result_length = out->len;
      result = g_string_free (out, FALSE);
    }
  } else if (g_str_equal (way, "double")) {
    double value;

    g_assert_cmpuint (length, ==, sizeof value);
    memcpy (&value, text, sizeof value);
    result = g_malloc (CR_NUMBER_DOUBLE_MAX);
    *result_length = cr_number_write_double (value, result);
  } else if (g_str_has_prefix (way, "sha256")) {
    CrSha256 sha;
    gsize at = 0;

    (g_str_equal (way, "sha256") ? cr_sha256_init : cr_sha256_init_portable) (&sha);
    for (gsize piece = 1; at < length; at += piece, piece = piece * 5 % 331 + 1) {
      piece = MIN (piece, length - at);
      cr_sha256_update (&sha, text + at, piece);
    }
    result = cr_sha256_finish_hex (&sha);
    *result_length = strlen (result);
  } else {
    g_error ("Unknown way: %s", way);
  }
  return result;
}

int
main (int argc, char *argv[])
{
  guint32 size;

  if (argc != 2)
    g_error ("Usage: canonical-many bytes|hash|node|pretty|double|sha256|sha256-portable");
  while (fread (&size, 4, 1, stdin) == 1) {
    const gsize length = GUINT32_FROM_LE (size);
    g_autofree char *text = g_malloc (MAX (length, 1));  /* no byte more, so that a sanitizer sees one too far */
    g_autofree char *result = NULL;
    g_autoptr(GError) error = NULL;
    gsize result_length = 0;

    if (length > 0 && fread (text, length, 1, stdin) != 1)
      g_error ("The input is cut off");
    result = convert (argv[1], text, length, &result_length, &error);
    if (result != NULL)
      write_block ('+', result, result_length);
    else
      write_block ('-', error->message, strlen (error->message));
  }
  if (fflush (stdout) != 0)
    g_error ("Cannot write: %s", g_strerror (errno));
  return EXIT_SUCCESS;
}
