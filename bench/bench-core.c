/* bench-core.c: the core's engines as bare programs, so that a measurement holds nothing else
 *
 *   bench-core hash FILE          canonical hash without event_time and data_lag_sec
 *   bench-core lines A B          line diff; prints how many chunks, and lines deleted and inserted
 *   bench-core structure A B      structural diff; prints how many changes of each kind
 *   bench-core pretty FILE        the readable form, to standard output
 *   bench-core sha256 FILE        digest of the bytes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-canonical.h"
#include "cr-diff.h"
#include "cr-sha256.h"
#include <stdio.h>
#include <stdlib.h>

static GMappedFile *
map (const char *path)
{
  g_autoptr(GError) error = NULL;
  GMappedFile *file = g_mapped_file_new (path, FALSE, &error);

  if (file == NULL)
    g_error ("%s", error->message);
  return file;
}

static const char *
contents (GMappedFile *file)
{
  return g_mapped_file_get_length (file) > 0 ? g_mapped_file_get_contents (file) : "";
}

static void
run_lines (GMappedFile *a, GMappedFile *b)
{
  g_autoptr(GArray) chunks = cr_diff_lines (contents (a), (gssize) g_mapped_file_get_length (a), contents (b),
                                            (gssize) g_mapped_file_get_length (b), NULL, NULL);
  guint deleted = 0, inserted = 0;

  for (guint i = 0; i < chunks->len; i++) {
    const CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, i);

    if (chunk->op != CR_DIFF_EQUAL) {
      deleted += chunk->a_count;
      inserted += chunk->b_count;
    }
  }
  printf ("chunks %u deleted %u inserted %u\n", chunks->len, deleted, inserted);
}

static CrJsonDoc *
parse (GMappedFile *file)
{
  g_autoptr(GError) error = NULL;
  CrJsonDoc *doc = cr_json_parse (contents (file), (gssize) g_mapped_file_get_length (file), CR_JSON_PYTHON, &error);

  if (doc == NULL)
    g_error ("%s", error->message);
  return doc;
}

static void
run_structure (GMappedFile *a, GMappedFile *b)
{
  g_autoptr(CrJsonDoc) before = parse (a), after = parse (b);
  g_autoptr(GPtrArray) changes = cr_diff_structure (cr_json_doc_root (before), cr_json_doc_root (after), NULL, NULL, NULL);
  guint counts[5] = { 0 };

  for (guint i = 0; i < changes->len; i++)
    counts[((const CrChange *) g_ptr_array_index (changes, i))->kind]++;
  printf ("added %u removed %u changed %u moved %u\n", counts[CR_CHANGE_ADDED], counts[CR_CHANGE_REMOVED], counts[CR_CHANGE_CHANGED],
          counts[CR_CHANGE_MOVED]);
}

int
main (int argc, char *argv[])
{
  g_autoptr(GMappedFile) first = NULL, second = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  if (argc < 3)
    g_error ("Usage: bench-core hash|pretty|sha256 FILE, bench-core lines|structure A B");
  first = map (argv[2]);
  if (g_str_equal (argv[1], "hash"))
    text = cr_canonical_hash (contents (first), (gssize) g_mapped_file_get_length (first), CR_CANONICAL_MASK, &error);
  else if (g_str_equal (argv[1], "pretty"))
    text = cr_canonical_pretty (contents (first), (gssize) g_mapped_file_get_length (first), CR_CANONICAL_MASK, &error);
  else if (g_str_equal (argv[1], "sha256"))
    text = cr_sha256_hex (contents (first), g_mapped_file_get_length (first));
  if (error != NULL)
    g_error ("%s", error->message);
  if (text != NULL) {
    puts (text);
    return EXIT_SUCCESS;
  }
  if (argc != 4)
    g_error ("Two files are needed");
  second = map (argv[3]);
  if (g_str_equal (argv[1], "lines"))
    run_lines (first, second);
  else
    run_structure (first, second);
  return EXIT_SUCCESS;
}
