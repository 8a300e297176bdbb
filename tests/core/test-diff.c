/* test-diff.c: the differences of lines, words and structure. Properties are checked with helpers of their own: what a delta makes of
 * the first text, and the length of a longest common subsequence by the textbook's table.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-canonical.h"
#include "cr-diff.h"
#include <string.h>

/* ---- lines ---- */

static char **
split (const char *text)
{
  g_auto(GStrv) pieces = g_strsplit (text, "\n", -1);
  guint n = g_strv_length (pieces);

  if (n > 0 && *pieces[n - 1] == '\0')  /* a text that ends with LF, or none at all */
    g_clear_pointer (&pieces[n - 1], g_free);
  return g_steal_pointer (&pieces);
}

/* Applies @chunks to A and checks that they cover both sides and tell the truth. Returns the number of changed lines. */
static guint
check_lines (const char *a, const char *b, GArray *chunks)
{
  g_auto(GStrv) a_lines = split (a), b_lines = split (b);
  guint i = 0, j = 0, changed = 0;
  CrDiffOp last = CR_DIFF_EQUAL;

  for (guint k = 0; k < chunks->len; k++) {
    const CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, k);

    g_assert_cmpuint (chunk->a_start, ==, i);
    g_assert_cmpuint (chunk->b_start, ==, j);
    g_assert_true (k == 0 || (chunk->op == CR_DIFF_EQUAL) != (last == CR_DIFF_EQUAL));
    last = chunk->op;
    switch (chunk->op) {
    case CR_DIFF_EQUAL:
      g_assert_cmpuint (chunk->a_count, ==, chunk->b_count);
      g_assert_cmpuint (chunk->a_count, >, 0);
      for (guint n = 0; n < chunk->a_count; n++)
        g_assert_cmpstr (a_lines[i + n], ==, b_lines[j + n]);
      break;
    case CR_DIFF_DELETE:
      g_assert_true (chunk->a_count > 0 && chunk->b_count == 0);
      break;
    case CR_DIFF_INSERT:
      g_assert_true (chunk->a_count == 0 && chunk->b_count > 0);
      break;
    case CR_DIFF_REPLACE:
      g_assert_true (chunk->a_count > 0 && chunk->b_count > 0);
      break;
    }
    if (chunk->op != CR_DIFF_EQUAL)
      changed += chunk->a_count + chunk->b_count;
    i += chunk->a_count;
    j += chunk->b_count;
  }
  g_assert_cmpuint (i, ==, g_strv_length (a_lines));
  g_assert_cmpuint (j, ==, g_strv_length (b_lines));
  return changed;
}

static guint
diff_and_check (const char *a, const char *b)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) chunks = cr_diff_lines (a, -1, b, -1, NULL, &error);

  g_assert_no_error (error);
  return check_lines (a, b, chunks);
}

/* Lines to delete and to insert at least: from the table of longest common subsequences */
static guint
reference_changes (const char *a, const char *b)
{
  g_auto(GStrv) a_lines = split (a), b_lines = split (b);
  const guint n = g_strv_length (a_lines), m = g_strv_length (b_lines);
  g_autofree guint *table = g_new0 (guint, (n + 1) * (m + 1));

  for (guint i = 1; i <= n; i++)
    for (guint j = 1; j <= m; j++) {
      guint *cell = &table[i * (m + 1) + j];

      *cell = strcmp (a_lines[i - 1], b_lines[j - 1]) == 0 ? cell[-(gint) m - 2] + 1 : MAX (cell[-1], cell[-(gint) m - 1]);
    }
  return n + m - 2 * table[n * (m + 1) + m];
}

static char *
random_lines (gint most, gint letters)
{
  GString *text = g_string_new (NULL);

  for (gint n = g_test_rand_int_range (0, most + 1); n > 0; n--) {
    g_string_append_c (text, (char) ('a' + g_test_rand_int_range (0, letters)));
    if (n > 1 || g_test_rand_bit ())
      g_string_append_c (text, '\n');
  }
  return g_string_free (text, FALSE);
}

static void
test_lines_reference (void)
{
  guint longest = 0;

  g_test_summary ("On 10,000 small texts the delta is true, complete, and as short as the textbook's");
  for (int k = 0; k < 10000; k++) {
    const gint letters = g_test_rand_int_range (1, 8), most = k % 50 == 0 ? 120 : 16;
    g_autofree char *a = random_lines (most, letters), *b = random_lines (most, letters);
    const guint changes = diff_and_check (a, b);

    g_assert_cmpuint (changes, ==, reference_changes (a, b));
    g_assert_cmpuint (diff_and_check (b, a), ==, changes);
    g_assert_cmpuint (diff_and_check (a, a), ==, 0);
    longest = MAX (longest, changes);
  }
  g_assert_cmpuint (longest, >, 100);  /* or the cases are too easy */
}

/* Each line of @text kept, changed, deleted, doubled or moved, with @share of 1,000 touched */
static char *
random_edits (const char *text, gint share)
{
  g_auto(GStrv) lines = split (text);
  GString *out = g_string_new (NULL);
  const gint n = (gint) g_strv_length (lines);

  for (gint i = 0; i < n; i++) {
    if (g_test_rand_int_range (0, 1000) >= share) {
      g_string_append_printf (out, "%s\n", lines[i]);
      continue;
    }
    switch (g_test_rand_int_range (0, 4)) {
    case 0:
      g_string_append_printf (out, "new %d\n", g_test_rand_int ());
      break;
    case 1:
      break;
    case 2:
      g_string_append_printf (out, "%s\n%s\n", lines[i], lines[g_test_rand_int_range (0, n)]);
      break;
    default:
      g_string_append_printf (out, "%s\n", lines[g_test_rand_int_range (0, n)]);
    }
  }
  return g_string_free (out, FALSE);
}

static void
test_lines_large (void)
{
  static const gint letters[] = { 2, 26, 300, 100000 }, shares[] = { 1, 50, 500, 1000 };

  g_test_summary ("Beyond the cost limit the delta may be longer, but stays true and complete; with few edits it stays about as short");
  for (gsize l = 0; l < G_N_ELEMENTS (letters); l++)
    for (gsize s = 0; s < G_N_ELEMENTS (shares); s++) {
      g_autoptr(GString) a = g_string_new (NULL);
      g_autofree char *b = NULL;
      guint changes;

      for (int i = 0; i < 20000; i++)
        g_string_append_printf (a, "%d\n", g_test_rand_int_range (0, letters[l]));
      b = random_edits (a->str, shares[s]);
      changes = diff_and_check (a->str, b);
      if (shares[s] <= 50)  /* no edit above needs more than two lines */
        g_assert_cmpuint (changes, <=, 2 * 20000 * (guint) shares[s] / 1000 * 3 / 2 + 40);
    }
}

static void
assert_chunks (GArray *chunks, const char *expected)
{
  static const char names[] = "=-+!";
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < chunks->len; i++) {
    const CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, i);

    g_string_append_printf (text, "%s%c%u,%u:%u,%u", i > 0 ? " " : "", names[chunk->op], chunk->a_start, chunk->a_count, chunk->b_start,
                            chunk->b_count);
  }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_lines_cases (void)
{
  static const struct { const char *a, *b, *expected; } cases[] = {
    { "", "", "" }, { "a", "", "-0,1:0,0" }, { "", "a\n", "+0,0:0,1" }, { "a\n", "a", "=0,1:0,1" }, { "\n", "", "-0,1:0,0" },
    { "a\n\n", "a\n", "=0,1:0,1 -1,1:1,0" }, { "a\nb\nc", "a\nx\nc", "=0,1:0,1 !1,1:1,1 =2,1:2,1" },
    { "a\r\n", "a\n", "!0,1:0,1" }, { "x\na\n", "a\ny\n", "-0,1:0,0 =1,1:0,1 +2,0:1,1" },
    /* a new item is shown as one item, though "}, {" would do as well */
    { "[\n  {\n    1\n  },\n  {\n    2\n  }\n]\n", "[\n  {\n    1\n  },\n  {\n    9\n  },\n  {\n    2\n  }\n]\n", "=0,4:0,4 +4,0:4,3 =4,4:7,4" },
    { "[\n  {\n    1\n  },\n  {\n    9\n  },\n  {\n    2\n  }\n]\n", "[\n  {\n    1\n  },\n  {\n    2\n  }\n]\n", "=0,4:0,4 -4,3:4,0 =7,4:4,4" },
    /* a group at the end, or at the beginning, may move as well */
    { "}\n{\n", "}\n{\n}\n{\n", "=0,1:0,1 +1,0:1,2 =1,1:3,1" }, { "  a\nb\n", "  a\nb\n  a\nb\n", "=0,1:0,1 +1,0:1,2 =1,1:3,1" },
  };

  g_test_summary ("What stands for what; where a group could stand at several places, it begins outermost");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GArray) chunks = cr_diff_lines (cases[i].a, -1, cases[i].b, -1, NULL, NULL);

    assert_chunks (chunks, cases[i].expected);
  }
  {
    g_autoptr(GArray) chunks = cr_diff_lines ("a\0b\n\xff\n", 6, "a\0c\n\xff", 5, NULL, NULL);

    assert_chunks (chunks, "!0,1:0,1 =1,1:1,1");  /* any bytes */
  }
}

static void
test_lines_cancelled (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_test_summary ("A cancelled comparison says so");
  g_cancellable_cancel (cancellable);
  g_assert_null (cr_diff_lines ("a", -1, "b", -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- words ---- */

static void
test_words_cases (void)
{
  static const struct { const char *a, *b, *expected; } cases[] = {
    { "", "", "" }, { "a", "a", "=0,1:0,1" }, { "", "ab", "+0,0:0,2" },
    { "\"amount\": 100.00,", "\"amount\": 100.50,", "=0,10:0,10 !10,6:10,6 =16,1:16,1" },  /* a number is one thing */
    { "T10:00:01Z", "T10:00:02Z", "=0,7:0,7 !7,3:7,3" },
    { "caf\xc3\xa9 x", "caf\xc3\xa8 x", "!0,5:0,5 =5,2:5,2" },  /* characters stay whole */
    { "one two three", "one deux trois", "=0,4:0,4 !4,9:4,10" },  /* a space alone is no island */
    { "a,b", "a,c,b", "=0,2:0,2 +2,0:2,2 =2,1:4,1" },
  };

  g_test_summary ("Changed words, numbers and marks of a line, in bytes");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GArray) chunks = cr_diff_words (cases[i].a, -1, cases[i].b, -1);

    assert_chunks (chunks, cases[i].expected);
  }
}

static void
test_words_long (void)
{
  g_autoptr(GString) a = g_string_new ("x"), b = NULL;
  g_autoptr(GArray) chunks = NULL;

  g_test_summary ("A line of more than 2,000 marks is told to differ as a whole");
  for (int i = 0; i < 2000; i++)
    g_string_append_c (a, '-');
  b = g_string_new (a->str);
  g_string_append_c (b, '!');
  chunks = cr_diff_words (a->str, -1, b->str, -1);
  assert_chunks (chunks, "!0,2001:0,2002");
}

static void
test_words_random (void)
{
  static const char *const pieces[] = { "a", "bc", " ", "1", "2.5", ",", ":", "\"", "é", "🚀", ".", "-" };

  g_test_summary ("Equal parts are equal, both sides are covered, and no character is cut");
  for (int k = 0; k < 5000; k++) {
    g_autoptr(GString) a = g_string_new (NULL), b = g_string_new (NULL);
    g_autoptr(GArray) chunks = NULL;
    guint i = 0, j = 0;

    for (int n = g_test_rand_int_range (0, 20); n > 0; n--)
      g_string_append (a, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
    for (int n = g_test_rand_int_range (0, 20); n > 0; n--)
      g_string_append (b, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
    chunks = cr_diff_words (a->str, -1, b->str, -1);
    for (guint c = 0; c < chunks->len; c++) {
      const CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, c);

      g_assert_cmpuint (chunk->a_start, ==, i);
      g_assert_cmpuint (chunk->b_start, ==, j);
      if (chunk->op == CR_DIFF_EQUAL)
        g_assert_true (chunk->a_count == chunk->b_count && memcmp (a->str + i, b->str + j, chunk->a_count) == 0);
      g_assert_true (g_utf8_validate (a->str + i, chunk->a_count, NULL) && g_utf8_validate (b->str + j, chunk->b_count, NULL));
      i += chunk->a_count;
      j += chunk->b_count;
    }
    g_assert_cmpuint (i, ==, a->len);
    g_assert_cmpuint (j, ==, b->len);
  }
}

/* ---- structure: a small tree that a delta can be applied to ---- */

typedef struct {
  char      *scalar;  /* (owned) (nullable): compact text */
  GPtrArray *items;   /* (owned) (nullable): of Value */
  GTree     *members; /* (owned) (nullable): key to Value, sorted by bytes */
} Value;

static void
value_free (gpointer data)
{
  Value *value = data;

  g_free (value->scalar);
  g_clear_pointer (&value->items, g_ptr_array_unref);
  g_clear_pointer (&value->members, g_tree_unref);
  g_free (value);
}

static int
compare_keys (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (a, b);
}

static Value *
value_new (const CrJsonNode *node)
{
  Value *value = g_new0 (Value, 1);

  if (cr_json_node_type (node) == CR_JSON_ARRAY) {
    value->items = g_ptr_array_new_with_free_func (value_free);
    for (gsize i = 0; i < cr_json_node_size (node); i++)
      g_ptr_array_add (value->items, value_new (cr_json_node_at (node, i)));
  } else if (cr_json_node_type (node) == CR_JSON_OBJECT) {
    value->members = g_tree_new_full (compare_keys, NULL, g_free, value_free);
    for (gsize i = 0; i < cr_json_node_size (node); i++)
      g_tree_replace (value->members, g_strdup (cr_json_node_key_at (node, i, NULL)), value_new (cr_json_node_at (node, i)));
  } else {
    g_autoptr(GString) text = g_string_new (NULL);

    cr_canonical_append_node (text, node);
    value->scalar = g_strdup (text->str);
  }
  return value;
}

static Value *
value_parse (const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrJsonDoc) doc = cr_json_parse (text, -1, CR_JSON_PYTHON, &error);

  g_assert_no_error (error);
  return value_new (cr_json_doc_root (doc));
}

static void
value_write (GString *out, const Value *value)
{
  if (value->items != NULL) {
    for (guint i = 0; i < value->items->len; i++) {
      g_string_append_c (out, i == 0 ? '[' : ',');
      value_write (out, g_ptr_array_index (value->items, i));
    }
    g_string_append (out, value->items->len == 0 ? "[]" : "]");
  } else if (value->members != NULL) {
    for (GTreeNode *node = g_tree_node_first (value->members); node != NULL; node = g_tree_node_next (node)) {
      g_string_append_c (out, node == g_tree_node_first (value->members) ? '{' : ',');
      cr_json_append_string (out, g_tree_node_key (node), -1);
      g_string_append_c (out, ':');
      value_write (out, g_tree_node_value (node));
    }
    g_string_append (out, g_tree_node_first (value->members) == NULL ? "{}" : "}");
  } else {
    g_string_append (out, value->scalar);
  }
}

/* The last token of @pointer if the rest is @parent, else NULL */
static const char *
token_below (const char *pointer, const char *parent)
{
  const gsize length = strlen (parent);

  if (pointer == NULL || strncmp (pointer, parent, length) != 0 || pointer[length] != '/' || strchr (pointer + length + 1, '/') != NULL)
    return NULL;
  return pointer + length + 1;
}

static char *
unescape (const char *token)
{
  g_autoptr(GString) text = g_string_new (token);

  g_string_replace (text, "~1", "/", 0);
  g_string_replace (text, "~0", "~", 0);
  return g_strdup (text->str);
}

static char *
child_pointer (const char *parent, const char *key)
{
  g_autoptr(GString) text = g_string_new (key);

  g_string_replace (text, "~", "~0", 0);
  g_string_replace (text, "/", "~1", 0);
  return g_strdup_printf ("%s/%s", parent, text->str);
}

static Value *apply (Value *value, const char *before, const char *after, GPtrArray *changes);

static void
apply_to_array (Value *value, const char *before, const char *after, GPtrArray *changes)
{
  g_autoptr(GPtrArray) old_items = g_steal_pointer (&value->items);
  g_autoptr(GPtrArray) rest = g_ptr_array_new ();
  g_autoptr(GHashTable) gone = g_hash_table_new (NULL, NULL), origin = g_hash_table_new (NULL, NULL);
  g_autoptr(GPtrArray) result = g_ptr_array_new_with_free_func (value_free);
  guint total = old_items->len;

  for (guint i = 0; i < old_items->len; i++)
    g_hash_table_insert (origin, g_ptr_array_index (old_items, i), GUINT_TO_POINTER (i + 1));
  for (guint c = 0; c < changes->len; c++) {
    const CrChange *change = g_ptr_array_index (changes, c);
    const char *token = change->kind == CR_CHANGE_REMOVED ? token_below (change->pointer, before)
                        : change->kind == CR_CHANGE_MOVED ? token_below (change->from_pointer, before) : NULL;

    if (token != NULL) {
      g_assert_cmpint (atoi (token), <, (int) old_items->len);
      g_assert_true (g_hash_table_add (gone, g_ptr_array_index (old_items, atoi (token))));  /* nothing is taken out twice */
      total--;
    }
    if ((change->kind == CR_CHANGE_ADDED || change->kind == CR_CHANGE_MOVED) && token_below (change->pointer, after) != NULL)
      total++;
  }
  g_ptr_array_set_size (result, (gint) total);
  for (guint c = 0; c < changes->len; c++) {
    const CrChange *change = g_ptr_array_index (changes, c);
    const char *token = token_below (change->pointer, after);
    const char *from = change->kind == CR_CHANGE_MOVED ? token_below (change->from_pointer, before) : NULL;

    if (token == NULL || (change->kind != CR_CHANGE_ADDED && change->kind != CR_CHANGE_MOVED))
      continue;
    g_assert_cmpint (atoi (token), <, (int) total);
    g_assert_null (g_ptr_array_index (result, atoi (token)));
    g_ptr_array_index (result, atoi (token)) = from != NULL ? g_ptr_array_index (old_items, atoi (from)) : value_parse (change->after);
  }
  for (guint i = 0; i < old_items->len; i++)
    if (!g_hash_table_contains (gone, g_ptr_array_index (old_items, i)))
      g_ptr_array_add (rest, g_ptr_array_index (old_items, i));
  for (guint i = 0, r = 0; i < total; i++)
    if (g_ptr_array_index (result, i) == NULL) {
      g_assert_cmpuint (r, <, rest->len);
      g_ptr_array_index (result, i) = g_ptr_array_index (rest, r++);
    }
  for (guint i = 0; i < total; i++) {
    const guint from = GPOINTER_TO_UINT (g_hash_table_lookup (origin, g_ptr_array_index (result, i)));
    g_autofree char *old_pointer = g_strdup_printf ("%s/%u", before, from - 1), *new_pointer = g_strdup_printf ("%s/%u", after, i);

    if (from > 0) {
      g_ptr_array_index (old_items, from - 1) = NULL;
      g_ptr_array_index (result, i) = apply (g_ptr_array_index (result, i), old_pointer, new_pointer, changes);
    }
  }
  for (guint i = 0; i < old_items->len; i++)
    g_clear_pointer (&g_ptr_array_index (old_items, i), value_free);
  g_ptr_array_set_free_func (old_items, NULL);
  value->items = g_steal_pointer (&result);
}

static void
apply_to_object (Value *value, const char *before, const char *after, GPtrArray *changes)
{
  g_autoptr(GTree) result = g_tree_new_full (compare_keys, NULL, g_free, value_free);
  g_autoptr(GHashTable) gone = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint c = 0; c < changes->len; c++) {
    const CrChange *change = g_ptr_array_index (changes, c);
    const char *token = change->kind == CR_CHANGE_REMOVED ? token_below (change->pointer, before)
                        : change->kind == CR_CHANGE_ADDED ? token_below (change->pointer, after) : NULL;

    if (token != NULL && change->kind == CR_CHANGE_REMOVED)
      g_hash_table_add (gone, unescape (token));
    else if (token != NULL)
      g_tree_replace (result, unescape (token), value_parse (change->after));
  }
  for (GTreeNode *node = g_tree_node_first (value->members); node != NULL; node = g_tree_node_next (node)) {
    const char *key = g_tree_node_key (node);
    g_autofree char *old_pointer = child_pointer (before, key), *new_pointer = child_pointer (after, key);
    g_autoptr(GString) text = g_string_new (NULL);

    if (g_hash_table_contains (gone, key))
      continue;
    g_assert_null (g_tree_lookup (result, key));
    value_write (text, g_tree_node_value (node));
    g_tree_replace (result, g_strdup (key), apply (value_parse (text->str), old_pointer, new_pointer, changes));
  }
  g_tree_unref (value->members);
  value->members = g_steal_pointer (&result);
}

/* Takes @value, which stood at @before, and gives what @changes make of it at @after */
static Value *
apply (Value *value, const char *before, const char *after, GPtrArray *changes)
{
  for (guint c = 0; c < changes->len; c++) {
    const CrChange *change = g_ptr_array_index (changes, c);

    if (change->kind == CR_CHANGE_CHANGED && g_str_equal (change->pointer, after)) {
      g_autoptr(GString) text = g_string_new (NULL);

      value_write (text, value);
      g_assert_cmpstr (change->before, ==, text->str);
      value_free (value);
      return value_parse (change->after);
    }
  }
  if (value->items != NULL)
    apply_to_array (value, before, after, changes);
  else if (value->members != NULL)
    apply_to_object (value, before, after, changes);
  return value;
}

static GPtrArray *
structure (const char *before, const char *after, const char *const *exclude)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrJsonDoc) old_doc = cr_json_parse (before, -1, CR_JSON_PYTHON, &error);
  g_autoptr(CrJsonDoc) new_doc = cr_json_parse (after, -1, CR_JSON_PYTHON, &error);
  GPtrArray *changes = cr_diff_structure (cr_json_doc_root (old_doc), cr_json_doc_root (new_doc), exclude, NULL, &error);

  g_assert_no_error (error);
  return changes;
}

static void
check_structure (const char *before, const char *after)
{
  g_autoptr(GPtrArray) changes = structure (before, after, NULL);
  Value *value = apply (value_parse (before), "", "", changes), *expected = value_parse (after);
  g_autoptr(GString) got = g_string_new (NULL), wanted = g_string_new (NULL);

  value_write (got, value);
  value_write (wanted, expected);
  value_free (value);
  value_free (expected);
  if (!g_str_equal (got->str, wanted->str))
    g_test_message ("from %s", before);
  g_assert_cmpstr (got->str, ==, wanted->str);
  g_assert_cmpint (changes->len == 0, ==, g_str_equal (before, after));
}

static void
random_value (GString *out, int depth)
{
  static const char *const scalars[] = { "0", "1", "2", "3", "1.5", "null", "true", "false", "\"a\"", "\"b\"", "\"a longer text\"",
                                         "\"a longer one\"", "\"\"" };
  static const char *const keys[] = { "id", "a", "b", "c/d", "~", "tx_id" };
  const int kind = depth >= 4 ? 0 : g_test_rand_int_range (0, 4);

  if (kind < 1) {
    g_string_append (out, scalars[g_test_rand_int_range (0, G_N_ELEMENTS (scalars))]);
  } else if (kind < 3) {
    g_string_append_c (out, '[');
    for (int i = 0, n = g_test_rand_int_range (0, 6); i < n; i++) {
      if (i > 0)
        g_string_append_c (out, ',');
      random_value (out, depth + 1);
    }
    g_string_append_c (out, ']');
  } else {
    gboolean first = TRUE;

    g_string_append_c (out, '{');
    for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
      if (g_test_rand_bit ()) {
        g_string_append_printf (out, "%s\"%s\":", first ? "" : ",", keys[i]);
        random_value (out, depth + 1);
        first = FALSE;
      }
    g_string_append_c (out, '}');
  }
}

static void
random_items (GString *out)
{
  int n = g_test_rand_int_range (0, 9);
  gint next = 0;

  g_string_append_c (out, '[');
  for (int i = 0; i < n; i++) {  /* unique ids, often in order */
    next = g_test_rand_int_range (0, 3) == 0 ? (next * 7 + 3) % 1000 + 1000 * i : next + 1 + 1000 * (next > 999);
    g_string_append_printf (out, "%s{\"id\":%d,\"v\":%d,\"w\":[%d,%d]}", i > 0 ? "," : "", next % 12 + 12 * i * (g_test_rand_int_range (0, 6) == 0),
                            g_test_rand_int_range (0, 3), g_test_rand_int_range (0, 3), g_test_rand_int_range (0, 3));
  }
  g_string_append_c (out, ']');
}

static void
test_structure_random (void)
{
  guint moved = 0, removed = 0, inner = 0;

  g_test_summary ("Applied to BEFORE the delta gives AFTER, both ways; of equal documents there is none");
  for (int k = 0; k < 10000; k++) {
    g_autoptr(GString) a = g_string_new (NULL), b = g_string_new (NULL);
    g_autoptr(GPtrArray) changes = NULL;

    if (k % 2 == 0) {
      random_value (a, 0);
      random_value (b, 0);
    } else {
      random_items (a);
      random_items (b);
    }
    {
      g_autoptr(GString) a_canonical = g_string_new (NULL), b_canonical = g_string_new (NULL);
      Value *a_value = value_parse (a->str), *b_value = value_parse (b->str);

      value_write (a_canonical, a_value);
      value_write (b_canonical, b_value);
      value_free (a_value);
      value_free (b_value);
      check_structure (a_canonical->str, b_canonical->str);
      check_structure (b_canonical->str, a_canonical->str);
      check_structure (a_canonical->str, a_canonical->str);
      changes = structure (a_canonical->str, b_canonical->str, NULL);
    }
    for (guint c = 0; c < changes->len; c++) {
      const CrChange *change = g_ptr_array_index (changes, c);

      moved += change->kind == CR_CHANGE_MOVED ? 1 : 0;
      removed += change->kind == CR_CHANGE_REMOVED ? 1 : 0;
      inner += change->kind == CR_CHANGE_CHANGED && strlen (change->pointer) > 2 ? 1 : 0;
    }
  }
  g_assert_true (moved > 500 && removed > 500 && inner > 500);  /* or the cases are too easy */
}

static void
test_structure_cases (void)
{
  static const struct { const char *before, *after, *expected; } cases[] = {
    { "1", "1", "" },
    { "1", "2", "!:1>2" },
    { "1", "1.0", "!:1>1.0" },                    /* 1 and 1.0 are two canonical texts */
    { "100.0", "100.00", "" },                    /* and these are one */
    { "[1E5,-0,\"\\u00e9\"]", "[100000.0,0,\"é\"]", "" },
    { "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "" },
    { "{\"a\":1,\"a\":2}", "{\"a\":2}", "" },     /* the last of duplicates is the one */
    { "{\"a\":1,\"a\":2}", "{\"a\":1}", "!/a:2>1" },
    { "{}", "[]", "!:{}>[]" },
    { "{\"a\":{\"b/c\":{\"~\":1}}}", "{\"a\":{\"b/c\":{\"~\":2}}}", "!/a/b~1c/~0:1>2" },
    { "{\"amount\":\"100.00\",\"x\":1}", "{\"amount\":\"100.5\",\"y\":1}", "!/amount:\"100.00\">\"100.5\" -/x:1 +/y:1" },
    { "[1,2,3]", "[1,2,3,4]", "+/3:4" },
    { "[1,2,3]", "[0,1,2,3]", "+/0:0" },          /* one insertion, not four changes */
    { "[1,2,3]", "[1,3]", "-/1:2" },
    { "[1,2,3]", "[1,9,3]", "!/1:2>9" },
    { "[1,2,3,4]", "[4,1,2,3]", ">/0</3:4" },
    { "[1,1,2]", "[2,1,1]", ">/0</2:2" },
    { "[1,1,2,3,4]", "[2,3,4,1,1]", ">/3</0:1 >/4</1:1" },  /* equal items move in their order */
    { "[{\"a\":1,\"a\":2},5,6]", "[5,6,{\"a\":3,\"a\":2}]", ">/2</0:{\"a\":2}" },  /* a value that is overridden does not count */
    /* an id that stands twice identifies nothing */
    { "[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2}]", "[{\"id\":2,\"v\":3},{\"id\":2,\"v\":2},{\"id\":3,\"v\":0}]",
      "!/0/id:1>2 !/0/v:1>3 +/2:{\"id\":3,\"v\":0}" },
    { "[[1,2,3],[4,5,6]]", "[[1,2,3],[4,5,7]]", "!/1/2:6>7" },
    { "[[1,2,3,4]]", "[[9],[1,2,3,5]]", "+/0:[9] !/1/3:4>5" },  /* versions are found by likeness */
    { "[{\"x\":1,\"y\":2}]", "[{\"x\":1,\"y\":3},{\"q\":1}]", "!/0/y:2>3 +/1:{\"q\":1}" },
    { "[{\"id\":1,\"v\":1},{\"id\":2,\"v\":2},{\"id\":3,\"v\":3}]", "[{\"id\":1,\"v\":1},{\"id\":9,\"v\":9},{\"id\":2,\"v\":5},{\"id\":3,\"v\":3}]",
      "+/1:{\"id\":9,\"v\":9} !/2/v:2>5" },
    { "[{\"tx_id\":\"a\",\"v\":1},{\"tx_id\":\"b\",\"v\":2},{\"tx_id\":\"c\",\"v\":3}]",
      "[{\"tx_id\":\"c\",\"v\":4},{\"tx_id\":\"a\",\"v\":1},{\"tx_id\":\"b\",\"v\":2}]",
      ">/0</2:{\"tx_id\":\"c\",\"v\":3}>{\"tx_id\":\"c\",\"v\":4} !/0/v:3>4" },
    { "[{\"id\":1},{\"id\":2}]", "[]", "-/0:{\"id\":1} -/1:{\"id\":2}" },
    { "{\"\\u0001\\ud800\":1}", "{}", "-/\\u0001\\ud800:1" },
  };
  static const char signs[] = "+-!>=";

  g_test_summary ("Deltas written by hand: what a reader expects to be told");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GPtrArray) changes = structure (cases[i].before, cases[i].after, NULL);
    g_autoptr(GString) text = g_string_new (NULL);

    for (guint c = 0; c < changes->len; c++) {
      const CrChange *change = g_ptr_array_index (changes, c);
      const gboolean both = change->before != NULL && change->after != NULL && !g_str_equal (change->before, change->after);

      g_string_append_printf (text, "%s%c%s%s%s:%s%s%s", c > 0 ? " " : "", signs[change->kind], change->pointer,
                              change->from_pointer != NULL ? "<" : "", change->from_pointer != NULL ? change->from_pointer : "",
                              change->before != NULL ? change->before : change->after, both ? ">" : "", both ? change->after : "");
    }
    g_assert_cmpstr (text->str, ==, cases[i].expected);
  }
}

static void
test_structure_excluded (void)
{
  static const char before[] = "{\"event_time\":\"10:00\",\"in\":{\"event_time\":1},\"status\":\"SETTLED\"}";
  static const char after[] = "{\"data_lag_sec\":1.50,\"event_time\":\"10:01\",\"in\":{\"event_time\":2},\"status\":\"SETTLED\"}";
  g_autoptr(GPtrArray) changes = structure (before, after, CR_CANONICAL_MASK), equal = structure (before, before, CR_CANONICAL_MASK);
  const CrChange *change = g_ptr_array_index (changes, 0);

  g_test_summary ("Masked fields are reported always, and masked at the top level only");
  g_assert_cmpuint (changes->len, ==, 3);
  g_assert_cmpint (change->kind, ==, CR_CHANGE_EXCLUDED);
  g_assert_cmpstr (change->pointer, ==, "/event_time");
  g_assert_cmpstr (change->before, ==, "\"10:00\"");
  g_assert_cmpstr (change->after, ==, "\"10:01\"");
  g_assert_true (change->differs);
  change = g_ptr_array_index (changes, 1);
  g_assert_cmpstr (change->pointer, ==, "/data_lag_sec");
  g_assert_null (change->before);
  g_assert_cmpstr (change->after, ==, "1.5");
  g_assert_true (change->differs);
  change = g_ptr_array_index (changes, 2);
  g_assert_cmpint (change->kind, ==, CR_CHANGE_CHANGED);
  g_assert_cmpstr (change->pointer, ==, "/in/event_time");

  g_assert_cmpuint (equal->len, ==, 2);
  for (guint i = 0; i < 2; i++) {
    change = g_ptr_array_index (equal, i);
    g_assert_cmpint (change->kind, ==, CR_CHANGE_EXCLUDED);
    g_assert_false (change->differs);
  }
}

static void
test_structure_cancelled (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(CrJsonDoc) doc = cr_json_parse ("[1,2]", -1, CR_JSON_PYTHON, NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A cancelled comparison says so");
  g_cancellable_cancel (cancellable);
  g_assert_null (cr_diff_structure (cr_json_doc_root (doc), cr_json_doc_root (doc), NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/diff/lines/reference", test_lines_reference);
  g_test_add_func ("/diff/lines/large", test_lines_large);
  g_test_add_func ("/diff/lines/cases", test_lines_cases);
  g_test_add_func ("/diff/lines/cancelled", test_lines_cancelled);
  g_test_add_func ("/diff/words/cases", test_words_cases);
  g_test_add_func ("/diff/words/long", test_words_long);
  g_test_add_func ("/diff/words/random", test_words_random);
  g_test_add_func ("/diff/structure/random", test_structure_random);
  g_test_add_func ("/diff/structure/cases", test_structure_cases);
  g_test_add_func ("/diff/structure/excluded", test_structure_excluded);
  g_test_add_func ("/diff/structure/cancelled", test_structure_cancelled);
  return g_test_run ();
}
