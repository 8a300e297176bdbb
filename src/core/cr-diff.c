/* cr-diff.c: what changed between two payloads
 *
 * Lines and words become numbers (equal text, equal number) and go through cr_myers_compare(). The structural diff walks both
 * documents together; arrays are aligned by an identity key where their items have one, else by content, and what is left between
 * two fixed points is paired by likeness.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-diff.h"
#include "cr-canonical.h"
#include "cr-json-private.h"
#include "cr-myers.h"
#include "cr-number.h"
#include <string.h>

#define WORD_TOKENS_MAX 2000  /* beyond, a line is highlighted as a whole */
#define CANCEL_EVERY 65536    /* lines */

/* ---- lines and words ----------------------------------------------------------------------------------------------------------- */

/* Pieces of a text: piece i is from starts[i] to before starts[i + 1] less @separator bytes */
typedef struct {
  const char *text;
  gsize       length;
  guint32    *starts;     /* (owned): one more than there are pieces */
  guint32    *ids;        /* (owned) */
  gsize       count;
  gsize       separator;
} Pieces;

typedef struct {
  guint64 *slots;         /* (owned): hash << 32 | id + 1, or 0; open addressing */
  gsize    mask;
  guint32 *first;         /* (owned): by id: the piece that came first; pieces of b behind those of a */
  guint8  *repeated;      /* (owned): by id: a has it more than once */
  guint32  n_ids;
} Table;

static void
pieces_clear (Pieces *pieces)
{
  g_free (pieces->starts);
  g_free (pieces->ids);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pieces, pieces_clear)

static void
table_clear (Table *table)
{
  g_free (table->slots);
  g_free (table->first);
  g_free (table->repeated);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Table, table_clear)

static inline const char *
piece (const Pieces *pieces, gsize index, gsize *length)
{
  *length = pieces->starts[index + 1] - pieces->starts[index] - pieces->separator;
  return pieces->text + pieces->starts[index];
}

/* A last line without LF counts as if it had one */
static void
split_lines (Pieces *pieces, const char *text, gsize length)
{
  gsize room = length / 8 + 16;  /* what is not used is never touched */
  const char *p = text, *end = text + length;

  pieces->text = text;
  pieces->length = length;
  pieces->separator = 1;
  pieces->starts = g_new (guint32, room);
  while (p < end) {
    const char *next = memchr (p, '\n', (gsize) (end - p));

    if (pieces->count + 2 > room) {
      room *= 2;
      pieces->starts = g_renew (guint32, pieces->starts, room);
    }
    pieces->starts[pieces->count++] = (guint32) (p - text);
    p = next != NULL ? next + 1 : end + 1;
  }
  pieces->starts[pieces->count] = (guint32) (p - text);
  pieces->ids = g_new (guint32, pieces->count + 1);
}

static void
table_init (Table *table, gsize n_pieces)
{
  table->mask = 1023;
  table->slots = g_new0 (guint64, table->mask + 1);
  table->first = g_new (guint32, n_pieces + 1);
  table->repeated = g_malloc0 (n_pieces + 1);
}

/* Starts small and grows: payloads repeat themselves, and memory that is never touched costs nothing */
static void
table_grow (Table *table)
{
  const gsize mask = table->mask * 2 + 1;
  guint64 *slots = g_new0 (guint64, mask + 1);

  for (gsize i = 0; i <= table->mask; i++)
    if (table->slots[i] != 0) {
      gsize slot = (table->slots[i] >> 32) & mask;

      while (slots[slot] != 0)
        slot = (slot + 1) & mask;
      slots[slot] = table->slots[i];
    }
  g_free (table->slots);
  table->slots = slots;
  table->mask = mask;
}

static inline gboolean
same_bytes (const char *a, const char *b, gsize length)
{
  for (; length >= 8; length -= 8, a += 8, b += 8) {
    guint64 x, y;

    memcpy (&x, a, 8);
    memcpy (&y, b, 8);
    if (x != y)
      return FALSE;
  }
  for (; length > 0; length--)
    if (*a++ != *b++)
      return FALSE;
  return TRUE;
}

/* The number of a piece of @side, whose pieces count from @first_index */
static inline guint32
number_piece (Table *table, const Pieces *a, const Pieces *side, gsize index, gsize first_index, guint32 hash)
{
  gsize slot = hash & table->mask;
  gsize length, other_length;
  const char *text = piece (side, index, &length);

  for (; table->slots[slot] != 0; slot = (slot + 1) & table->mask) {
    guint32 id;
    gsize first;
    const char *other;

    if (table->slots[slot] >> 32 != hash)
      continue;
    id = (guint32) table->slots[slot] - 1;
    first = table->first[id];
    other = first < a->count ? piece (a, first, &other_length) : piece (side, first - a->count, &other_length);
    if (other_length == length && same_bytes (other, text, length))
      return id;
  }
  table->first[table->n_ids] = (guint32) (first_index + index);
  table->slots[slot] = (guint64) hash << 32 | ++table->n_ids;
  return table->n_ids - 1;
}

#define BATCH 16

/* Hashes are computed a few pieces ahead, so that the table's memory is on its way */
static gboolean
number_first (Table *table, Pieces *a, guint64 seed, GCancellable *cancellable)
{
  for (gsize i = 0; i < a->count; i += BATCH) {
    const gsize n = MIN (BATCH, a->count - i);
    guint32 hashes[BATCH];

    if (i % CANCEL_EVERY == 0 && g_cancellable_is_cancelled (cancellable))
      return FALSE;
    if (table->n_ids + BATCH > table->mask / 4 * 3)
      table_grow (table);
    for (gsize k = 0; k < n; k++) {
      gsize length;
      const char *text = piece (a, i + k, &length);

      hashes[k] = (guint32) (cr_myers_hash (text, length, seed) >> 32);
      __builtin_prefetch (&table->slots[hashes[k] & table->mask]);
    }
    for (gsize k = 0; k < n; k++) {
      const guint32 known = table->n_ids, id = number_piece (table, a, a, i + k, 0, hashes[k]);

      a->ids[i + k] = id;
      if (id < known)
        table->repeated[id] = 1;
    }
  }
  return TRUE;
}

/* Most pieces of @b are what follows in @a: they are compared there, one behind the other, before the table is asked */
static gboolean
number_second (Table *table, const Pieces *a, Pieces *b, guint64 seed, GCancellable *cancellable)
{
  gsize expected = 0;

  for (gsize i = 0; i < b->count; i++) {
    gsize length, other_length;
    const char *text = piece (b, i, &length);
    guint32 id;

    if (i % CANCEL_EVERY == 0 && g_cancellable_is_cancelled (cancellable))
      return FALSE;
    if (expected < a->count) {
      const char *other = piece (a, expected, &other_length);

      if (other_length == length && same_bytes (other, text, length)) {
        b->ids[i] = a->ids[expected++];
        continue;
      }
    }
    if (table->n_ids + 1 > table->mask / 4 * 3)
      table_grow (table);
    id = b->ids[i] = number_piece (table, a, b, i, a->count, (guint32) (cr_myers_hash (text, length, seed) >> 32));
    expected++;
    if (table->first[id] < a->count && !table->repeated[id])
      expected = table->first[id] + 1;
  }
  return TRUE;
}

/* Where a group of inserted or deleted lines looks best: outermost, and not beginning with a closing bracket. Smaller is better. */
static guint
boundary_score (const Pieces *pieces, gsize index)
{
  gsize length, indent = 0;
  const char *text = piece (pieces, index, &length);

  while (indent < length && (text[indent] == ' ' || text[indent] == '\t'))
    indent++;
  return (guint) MIN (indent, 1000) * 2 + (indent < length && (text[indent] == '}' || text[indent] == ']') ? 1 : 0);
}

/* A group of lines that is only on one side can often be moved between its neighbours: "} {" and "{ }" are the same change. The
 * place is chosen where the group begins outermost, so that a new array item is shown as one item. */
static void
slide_groups (GArray *chunks, const Pieces *a, guint8 *a_changed, const Pieces *b, guint8 *b_changed)
{
  guint before = 0;  /* equal lines between the group and the one before it, after that one was moved */

  for (guint i = 0; i < chunks->len; i++) {
    const CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, i);
    const gboolean inserted = chunk->op == CR_DIFF_INSERT;
    const guint after = i + 1 < chunks->len ? (chunk + 1)->a_count : 0;
    const guint32 *ids = (inserted ? b : a)->ids + (inserted ? chunk->b_start : chunk->a_start);
    const guint count = inserted ? chunk->b_count : chunk->a_count;
    guint8 *changed = inserted ? b_changed + chunk->b_start : a_changed + chunk->a_start;
    guint best_score = G_MAXUINT;
    gint up = 0, down = 0, best = 0;

    if (chunk->op == CR_DIFF_EQUAL) {
      before += chunk->a_count;
      continue;
    }
    if (chunk->op == CR_DIFF_REPLACE) {
      before = 0;
      continue;
    }
    /* one equal line stays between two groups; @after counts it only if the group is not the last one */
    while ((guint) up + (i > 1 ? 1 : 0) < before && ids[-up - 1] == ids[(gint) count - up - 1])
      up++;
    while ((guint) down + (i + 2 < chunks->len ? 1 : 0) < after && ids[down] == ids[(gint) count + down])
      down++;
    for (gint shift = -up; shift <= down && up + down > 0; shift++) {
      const guint score = boundary_score (inserted ? b : a, (gsize) ((gint) (inserted ? chunk->b_start : chunk->a_start) + shift));

      if (score <= best_score) {
        best_score = score;
        best = shift;
      }
    }
    for (gint k = 0; k < best; k++) {
      changed[k] = 0;
      changed[(gint) count + k] = 1;
    }
    for (gint k = -1; k >= best; k--) {
      changed[k] = 1;
      changed[(gint) count + k] = 0;
    }
    before = (guint) -best;  /* wraps for a move down, and is made good by the lines that follow */
  }
}

static GArray *
one_chunk (CrDiffOp op, gsize a_count, gsize b_count)
{
  GArray *chunks = g_array_new (FALSE, FALSE, sizeof (CrDiffChunk));
  const CrDiffChunk chunk = { op, 0, (guint) a_count, 0, (guint) b_count };

  if (a_count + b_count > 0)
    g_array_append_val (chunks, chunk);
  return chunks;
}

static gboolean
number_both (Pieces *a, Pieces *b, guint32 *n_ids, GCancellable *cancellable)
{
  g_auto(Table) table = { 0 };
  const guint64 seed = (guint64) g_random_int () << 32 | g_random_int ();
  gboolean done;

  table_init (&table, a->count + b->count);
  done = number_first (&table, a, seed, cancellable) && number_second (&table, a, b, seed, cancellable);
  *n_ids = table.n_ids;
  return done;
}

/**
 * cr_diff_lines:
 * @a, @b: two texts, any bytes, below 4 GiB each; lengths of -1: up to the NUL
 * @cancellable: (nullable)
 *
 * A last line counts as a line whether an LF ends it or not, and the difference is not reported. An empty text has no lines.
 *
 * Returns: (transfer full): chunks that cover both sides, in order, no two neighbours of the same kind; none if both are empty. NULL
 *   with G_IO_ERROR_CANCELLED, or with G_IO_ERROR_INVALID_ARGUMENT if a text is too large.
 */
GArray *
cr_diff_lines (const char *a, gssize a_length, const char *b, gssize b_length, GCancellable *cancellable, GError **error)
{
  const gsize a_size = a_length < 0 ? strlen (a) : (gsize) a_length, b_size = b_length < 0 ? strlen (b) : (gsize) b_length;
  g_auto(Pieces) a_lines = { 0 }, b_lines = { 0 };
  g_autofree guint8 *a_changed = NULL, *b_changed = NULL;
  g_autoptr(GArray) chunks = NULL;
  guint32 n_ids;

  if (a_size >= G_MAXUINT32 || b_size >= G_MAXUINT32) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The text is too large to compare: %" G_GSIZE_FORMAT " bytes, at most 4 GiB",
                 MAX (a_size, b_size));
    return NULL;
  }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  split_lines (&a_lines, a, a_size);
  if (a_size == b_size && (a_size == 0 || memcmp (a, b, a_size) == 0))
    return one_chunk (CR_DIFF_EQUAL, a_lines.count, a_lines.count);
  split_lines (&b_lines, b, b_size);
  a_changed = g_malloc0 (a_lines.count + 1);
  b_changed = g_malloc0 (b_lines.count + 1);
  if (!number_both (&a_lines, &b_lines, &n_ids, cancellable)
      || !cr_myers_compare (a_lines.ids, a_lines.count, b_lines.ids, b_lines.count, n_ids, a_changed, b_changed, cancellable)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The comparison was cancelled");
    return NULL;
  }
  chunks = cr_myers_chunks (a_changed, a_lines.count, b_changed, b_lines.count);
  slide_groups (chunks, &a_lines, a_changed, &b_lines, b_changed);
  return cr_myers_chunks (a_changed, a_lines.count, b_changed, b_lines.count);
}

static gboolean
is_word_byte (guchar c)
{
  return g_ascii_isalnum (c) || c == '_' || c >= 0x80;  /* characters beyond ASCII are never cut */
}

/* Length of the token at @p: a number with its fraction, a word, a run of spaces, or one other character */
static gsize
token_length (const char *p, const char *end)
{
  const char *q = p;

  if (g_ascii_isdigit (*q)) {
    while (q < end && g_ascii_isdigit (*q))
      q++;
    if (end - q >= 2 && *q == '.' && g_ascii_isdigit (q[1]))
      for (q++; q < end && g_ascii_isdigit (*q);)
        q++;
    if (q == end || !is_word_byte ((guchar) *q))
      return (gsize) (q - p);
    q = p;
  }
  if (is_word_byte ((guchar) *q))
    while (q < end && is_word_byte ((guchar) *q))
      q++;
  else if (*q == ' ' || *q == '\t')
    while (q < end && (*q == ' ' || *q == '\t'))
      q++;
  else
    q++;
  return (gsize) (q - p);
}

/* FALSE if there are too many */
static gboolean
split_tokens (Pieces *pieces, const char *text, gsize length)
{
  pieces->text = text;
  pieces->length = length;
  pieces->starts = g_new (guint32, WORD_TOKENS_MAX + 1);
  pieces->ids = g_new (guint32, WORD_TOKENS_MAX + 1);
  pieces->starts[0] = 0;
  for (gsize at = 0; at < length;) {
    if (pieces->count == WORD_TOKENS_MAX)
      return FALSE;
    at += token_length (text + at, text + length);
    pieces->starts[++pieces->count] = (guint32) at;
  }
  return TRUE;
}

/* Spaces alone between two changes are no island worth showing */
static void
join_over_spaces (const Pieces *a, guint8 *a_changed, const Pieces *b, guint8 *b_changed)
{
  g_autoptr(GArray) chunks = cr_myers_chunks (a_changed, a->count, b_changed, b->count);

  for (guint i = 1; i + 1 < chunks->len; i++) {
    const CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, i);
    gsize length;

    if (chunk->op == CR_DIFF_EQUAL && chunk->a_count == 1) {
      const char *text = piece (a, chunk->a_start, &length);

      if (*text == ' ' || *text == '\t') {
        a_changed[chunk->a_start] = 1;
        b_changed[chunk->b_start] = 1;
      }
    }
  }
}

/**
 * cr_diff_words:
 * @a, @b: two short texts, for example two lines; lengths of -1: up to the NUL
 *
 * UTF-8 characters are never cut. Texts of more than 2,000 words, numbers and marks are told to differ as a whole.
 *
 * Returns: (transfer full): chunks as of cr_diff_lines(), counting bytes
 */
GArray *
cr_diff_words (const char *a, gssize a_length, const char *b, gssize b_length)
{
  const gsize a_size = a_length < 0 ? strlen (a) : (gsize) a_length, b_size = b_length < 0 ? strlen (b) : (gsize) b_length;
  g_auto(Pieces) a_tokens = { 0 }, b_tokens = { 0 };
  g_autofree guint8 *a_changed = NULL, *b_changed = NULL;
  GArray *chunks;
  guint32 n_ids;

  g_return_val_if_fail (a_size < G_MAXUINT32 && b_size < G_MAXUINT32, NULL);
  if (a_size == b_size && (a_size == 0 || memcmp (a, b, a_size) == 0))
    return one_chunk (CR_DIFF_EQUAL, a_size, a_size);
  if (a_size == 0 || b_size == 0 || !split_tokens (&a_tokens, a, a_size) || !split_tokens (&b_tokens, b, b_size))
    return one_chunk (a_size == 0 ? CR_DIFF_INSERT : b_size == 0 ? CR_DIFF_DELETE : CR_DIFF_REPLACE, a_size, b_size);
  a_changed = g_malloc0 (a_tokens.count);
  b_changed = g_malloc0 (b_tokens.count);
  number_both (&a_tokens, &b_tokens, &n_ids, NULL);
  cr_myers_compare (a_tokens.ids, a_tokens.count, b_tokens.ids, b_tokens.count, n_ids, a_changed, b_changed, NULL);
  join_over_spaces (&a_tokens, a_changed, &b_tokens, b_changed);
  chunks = cr_myers_chunks (a_changed, a_tokens.count, b_changed, b_tokens.count);
  for (guint i = 0; i < chunks->len; i++) {
    CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, i);
    const guint a_end = a_tokens.starts[chunk->a_start + chunk->a_count], b_end = b_tokens.starts[chunk->b_start + chunk->b_count];

    chunk->a_start = a_tokens.starts[chunk->a_start];
    chunk->a_count = a_end - chunk->a_start;
    chunk->b_start = b_tokens.starts[chunk->b_start];
    chunk->b_count = b_end - chunk->b_start;
  }
  return chunks;
}

/* ---- structure ------------------------------------------------------------------------------------------------------------------- */

#define LIKENESS_LEAST 0.25     /* below, two values are no version of each other */
#define LIKENESS_PAIRS 4096     /* comparisons spent on one gap of an array */
#define IDENTITY_SHARE 2        /* an identity key must find every second item of the shorter side */

/* Where the walk is; on the stack of its callers */
typedef struct _Place Place;
struct _Place {
  const Place      *parent;  /* (nullable): of the root */
  const CrJsonNode *key;     /* (nullable): of a member */
  gsize             before, after;  /* positions in an array */
};

typedef struct {
  GPtrArray         *changes;      /* (owned) */
  const char *const *exclude;
  GCancellable      *cancellable;
  guint              steps;
  gboolean           cancelled;
  guint64            seed;
} Walk;

static void diff_values (Walk *walk, const Place *place, const CrJsonNode *before, const CrJsonNode *after);

void
cr_change_free (CrChange *change)
{
  if (change == NULL)
    return;
  g_free (change->pointer);
  g_free (change->from_pointer);
  g_free (change->before);
  g_free (change->after);
  g_free (change);
}

/* Called for each value; looks at the cancellable now and then */
static gboolean
stopped (Walk *walk)
{
  if (!walk->cancelled && ++walk->steps % 4096 == 0)
    walk->cancelled = g_cancellable_is_cancelled (walk->cancellable);
  return walk->cancelled;
}

static void
append_place (GString *pointer, const Place *place, gboolean in_before)
{
  if (place->parent == NULL)
    return;
  append_place (pointer, place->parent, in_before);
  if (place->key != NULL)
    cr_json_pointer_append_key (pointer, place->key->text, place->key->size);
  else
    cr_json_pointer_append_index (pointer, in_before ? place->before : place->after);
}

static char *
place_pointer (const Place *place, gboolean in_before)
{
  GString *pointer = g_string_new (NULL);

  append_place (pointer, place, in_before);
  return g_string_free (pointer, FALSE);
}

static char *
value_text (const CrJsonNode *node)
{
  GString *text;

  if (node == NULL)
    return NULL;
  text = g_string_new (NULL);
  cr_canonical_append_node (text, node);
  return g_string_free (text, FALSE);
}

static CrChange *
add_change (Walk *walk, CrChangeKind kind, const Place *place, const CrJsonNode *before, const CrJsonNode *after)
{
  CrChange *change = g_new0 (CrChange, 1);

  change->kind = kind;
  change->pointer = place_pointer (place, kind == CR_CHANGE_REMOVED);
  if (kind == CR_CHANGE_MOVED)
    change->from_pointer = place_pointer (place, TRUE);
  change->before = value_text (before);
  change->after = value_text (after);
  g_ptr_array_add (walk->changes, change);
  return change;
}

static gboolean
same_text (const CrJsonNode *a, const CrJsonNode *b)
{
  return a->size == b->size && memcmp (a->text, b->text, a->size) == 0;
}

static gboolean
same_number (const CrJsonNode *a, const CrJsonNode *b)
{
  char a_buffer[CR_NUMBER_DOUBLE_MAX], b_buffer[CR_NUMBER_DOUBLE_MAX];
  gsize a_length, b_length;
  const char *a_text, *b_text;

  if (same_text (a, b))
    return TRUE;
  a_text = cr_number_canonical (a->text, a->size, a_buffer, &a_length);
  b_text = cr_number_canonical (b->text, b->size, b_buffer, &b_length);
  return a_length == b_length && memcmp (a_text, b_text, a_length) == 0;
}

/* Whether a later member of @object has the key of member @index, which then does not count */
static gboolean
is_overridden (const CrJsonNode *object, gsize index)
{
  for (gsize i = index + 1; i < object->size; i++)
    if (same_text (&object->nodes[2 * i], &object->nodes[2 * index]))
      return TRUE;
  return FALSE;
}

static gboolean
may_have_duplicates (const CrJsonNode *object)
{
  if (object->size > 16) {
    for (gsize i = 1; i < object->size; i++)
      if (cr_json_compare_keys (&object->nodes[2 * i - 2], &object->nodes[2 * i]) >= 0)
        return TRUE;  /* or out of order */
    return FALSE;
  }
  for (gsize i = 0; i + 1 < object->size; i++)
    if (is_overridden (object, i))
      return TRUE;
  return FALSE;
}

static gboolean same_value (Walk *walk, const CrJsonNode *a, const CrJsonNode *b);

static gboolean
same_members (Walk *walk, const CrJsonNode *a, const CrJsonNode *b)
{
  g_autofree const CrJsonNode **a_keys = NULL, **b_keys = NULL;
  gsize n_a, n_b, at = 0;

  /* The usual case: both were written in the same order. Not for many keys in disorder: finding duplicates would be quadratic. */
  if (a->size == b->size && (a->size <= 64 || !may_have_duplicates (a))) {
    while (at < a->size && same_text (&a->nodes[2 * at], &b->nodes[2 * at]))
      at++;
    if (at == a->size) {
      for (at = 0; at < a->size; at++)
        if (!same_value (walk, &a->nodes[2 * at + 1], &b->nodes[2 * at + 1]) && !is_overridden (a, at))
          return FALSE;
      return TRUE;
    }
  }
  a_keys = cr_json_sorted_members (a, &n_a);
  b_keys = cr_json_sorted_members (b, &n_b);
  if (n_a != n_b)
    return FALSE;
  for (gsize i = 0; i < n_a; i++)
    if (!same_text (a_keys[i], b_keys[i]))
      return FALSE;
  for (gsize i = 0; i < n_a; i++)
    if (!same_value (walk, a_keys[i] + 1, b_keys[i] + 1))
      return FALSE;
  return TRUE;
}

/* Whether the canonical texts are equal; FALSE, too, if the walk was cancelled */
static gboolean
same_value (Walk *walk, const CrJsonNode *a, const CrJsonNode *b)
{
  if (a->type != b->type || stopped (walk))
    return FALSE;
  switch ((CrJsonType) a->type) {
  case CR_JSON_NULL:
  case CR_JSON_FALSE:
  case CR_JSON_TRUE:
    return TRUE;
  case CR_JSON_NUMBER:
    return same_number (a, b);
  case CR_JSON_STRING:
    return same_text (a, b);
  case CR_JSON_ARRAY:
    if (a->size != b->size)
      return FALSE;
    for (gsize i = 0; i < a->size; i++)
      if (!same_value (walk, &a->nodes[i], &b->nodes[i]))
        return FALSE;
    return TRUE;
  case CR_JSON_OBJECT:
    return same_members (walk, a, b);
  }
  g_assert_not_reached ();
}

/* Equal for values of equal canonical text */
static guint64
hash_value (Walk *walk, const CrJsonNode *node)
{
  char buffer[CR_NUMBER_DOUBLE_MAX];
  guint64 hash = walk->seed + node->type, pair[2];
  const char *number;
  gsize length;

  if (stopped (walk))
    return 0;
  switch ((CrJsonType) node->type) {
  case CR_JSON_NULL:
  case CR_JSON_FALSE:
  case CR_JSON_TRUE:
    return cr_myers_hash (&hash, sizeof hash, 0);
  case CR_JSON_NUMBER:
    number = cr_number_canonical (node->text, node->size, buffer, &length);
    return cr_myers_hash (number, length, hash);
  case CR_JSON_STRING:
    return cr_myers_hash (node->text, node->size, hash);
  case CR_JSON_ARRAY:
    for (gsize i = 0; i < node->size; i++) {
      pair[0] = hash;
      pair[1] = hash_value (walk, &node->nodes[i]);
      hash = cr_myers_hash (pair, sizeof pair, walk->seed);
    }
    return hash;
  case CR_JSON_OBJECT: {
    g_autofree const CrJsonNode **keys = NULL;
    gsize count = node->size;

    if (may_have_duplicates (node))
      keys = cr_json_sorted_members (node, &count);
    for (gsize i = 0; i < count; i++) {
      const CrJsonNode *key = keys != NULL ? keys[i] : &node->nodes[2 * i];

      pair[0] = cr_myers_hash (key->text, key->size, walk->seed);
      pair[1] = hash_value (walk, key + 1);
      hash += cr_myers_hash (pair, sizeof pair, walk->seed);  /* a sum: the order of keys does not count */
    }
    return hash;
  }
  }
  g_assert_not_reached ();
}

/* How much @b looks like a version of @a: 0 (another thing) to 1 (equal), from their outermost level */
static double
likeness (Walk *walk, const CrJsonNode *a, const CrJsonNode *b)
{
  const gboolean a_scalar = a->type < CR_JSON_ARRAY, b_scalar = b->type < CR_JSON_ARRAY;
  gsize equal = 0, common = 0, most = MAX (a->size, b->size);

  if (a_scalar && b_scalar) {
    gsize same = 0;

    if (a->type != b->type)
      return LIKENESS_LEAST;
    if (a->type != CR_JSON_STRING)
      return 0.5;
    while (same < a->size && same < b->size && a->text[same] == b->text[same])
      same++;
    while (equal < a->size - MIN (same, a->size) && equal < b->size - MIN (same, b->size)
           && a->text[a->size - 1 - equal] == b->text[b->size - 1 - equal])
      equal++;
    return LIKENESS_LEAST + 0.7 * (double) (same + equal) / (double) MAX (most, 1);
  }
  if (a->type != b->type)
    return 0;
  if (most == 0)
    return 1;
  if (a->type == CR_JSON_ARRAY) {
    while (equal < a->size && equal < b->size && same_value (walk, &a->nodes[equal], &b->nodes[equal]))
      equal++;
    while (common < a->size - equal && common < b->size - equal
           && same_value (walk, &a->nodes[a->size - 1 - common], &b->nodes[b->size - 1 - common]))
      common++;
    return LIKENESS_LEAST + 0.7 * (double) (equal + common) / (double) most;
  }
  {
    g_autofree const CrJsonNode **a_keys = NULL, **b_keys = NULL;
    gsize n_a, n_b;

    a_keys = cr_json_sorted_members (a, &n_a);
    b_keys = cr_json_sorted_members (b, &n_b);
    for (gsize i = 0, j = 0; i < n_a && j < n_b;) {
      const int order = cr_json_compare_keys (a_keys[i], b_keys[j]);

      if (order == 0) {
        common++;
        equal += same_value (walk, a_keys[i] + 1, b_keys[j] + 1) ? 1 : 0;
      }
      i += order <= 0 ? 1 : 0;
      j += order >= 0 ? 1 : 0;
    }
    return 0.5 * (double) common / (double) most + 0.5 * (double) equal / (double) most;
  }
}

static gboolean
is_excluded (Walk *walk, const Place *place, const CrJsonNode *key)
{
  if (place->parent == NULL)
    for (gsize i = 0; walk->exclude != NULL && walk->exclude[i] != NULL; i++)
      if (strlen (walk->exclude[i]) == key->size && memcmp (walk->exclude[i], key->text, key->size) == 0)
        return TRUE;
  return FALSE;
}

static void
diff_objects (Walk *walk, const Place *place, const CrJsonNode *before, const CrJsonNode *after)
{
  gsize n_before, n_after;
  g_autofree const CrJsonNode **before_keys = cr_json_sorted_members (before, &n_before);
  g_autofree const CrJsonNode **after_keys = cr_json_sorted_members (after, &n_after);

  for (gsize i = 0, j = 0; i < n_before || j < n_after;) {
    const int order = i == n_before ? 1 : j == n_after ? -1 : cr_json_compare_keys (before_keys[i], after_keys[j]);
    const CrJsonNode *old_value = order <= 0 ? before_keys[i] + 1 : NULL;
    const CrJsonNode *new_value = order >= 0 ? after_keys[j] + 1 : NULL;
    const Place inner = { place, order <= 0 ? before_keys[i] : after_keys[j], 0, 0 };

    i += order <= 0 ? 1 : 0;
    j += order >= 0 ? 1 : 0;
    if (is_excluded (walk, place, inner.key))
      continue;
    if (old_value == NULL)
      add_change (walk, CR_CHANGE_ADDED, &inner, NULL, new_value);
    else if (new_value == NULL)
      add_change (walk, CR_CHANGE_REMOVED, &inner, old_value, NULL);
    else
      diff_values (walk, &inner, old_value, new_value);
    if (walk->cancelled)
      return;
  }
}

/* ---- arrays ---- */

typedef enum { ITEM_ALONE, ITEM_KEPT, ITEM_PAIRED, ITEM_MOVED } ItemState;

/* The part of two arrays that is neither a common beginning nor a common end; positions count from @start */
typedef struct {
  const CrJsonNode *before, *after;
  gsize             start, n_before, n_after;
  guint32          *before_ids, *after_ids;  /* (owned): equal for equal items, or for items of equal identity */
  guint32           n_ids;
  gboolean          by_identity;
  guint8           *before_state, *after_state;  /* (owned): ItemState */
  guint32          *partner;                     /* (owned): by position in after: its partner in before */
} Alignment;

static void
alignment_clear (Alignment *alignment)
{
  g_free (alignment->before_ids);
  g_free (alignment->after_ids);
  g_free (alignment->before_state);
  g_free (alignment->after_state);
  g_free (alignment->partner);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Alignment, alignment_clear)

/* Numbers for values: equal value, equal number */
typedef struct {
  Walk              *walk;
  guint32           *slots;   /* (owned): id + 1, or 0 */
  gsize              mask;
  guint64           *hashes;  /* (owned): by id */
  const CrJsonNode **values;  /* (owned): by id */
  guint32            n_ids;
} ValueTable;

static void
value_table_init (ValueTable *table, Walk *walk, gsize most)
{
  gsize size = 16;

  while (size < 2 * most)
    size *= 2;
  *table = (ValueTable) { .walk = walk, .mask = size - 1, .slots = g_new0 (guint32, size), .hashes = g_new (guint64, most),
                          .values = g_new (const CrJsonNode *, most) };
}

static void
value_table_clear (ValueTable *table)
{
  g_free (table->slots);
  g_free (table->hashes);
  g_free (table->values);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ValueTable, value_table_clear)

static guint32
value_table_number (ValueTable *table, const CrJsonNode *value)
{
  const guint64 hash = hash_value (table->walk, value);
  gsize slot = hash & table->mask;

  for (; table->slots[slot] != 0; slot = (slot + 1) & table->mask) {
    const guint32 id = table->slots[slot] - 1;

    if (table->walk->cancelled)
      return 0;
    if (table->hashes[id] == hash && same_value (table->walk, table->values[id], value))
      return id;
  }
  table->hashes[table->n_ids] = hash;
  table->values[table->n_ids] = value;
  table->slots[slot] = ++table->n_ids;
  return table->n_ids - 1;
}

static gboolean
may_be_identity (const CrJsonNode *key)
{
  static const char *const names[] = { "id", "_id", "uid", "uuid", "guid", "key", "name", NULL };

  if (g_strv_contains (names, key->text) && strlen (key->text) == key->size)
    return TRUE;
  return key->size > 3 && (memcmp (key->text + key->size - 3, "_id", 3) == 0 || memcmp (key->text + key->size - 2, "Id", 2) == 0);
}

static const CrJsonNode *
find_identity (const CrJsonNode *item, const CrJsonNode *key)
{
  for (gsize i = item->size; i > 0; i--)
    if (same_text (&item->nodes[2 * (i - 1)], key))
      return &item->nodes[2 * i - 1];
  return NULL;
}

/* Numbers all items by the value of @key. FALSE if an item has none, it stands twice on a side, or too few are on both sides */
static gboolean
number_by_key (Walk *walk, Alignment *alignment, const CrJsonNode *key)
{
  g_auto(ValueTable) table = { 0 };
  gsize found = 0;
  guint32 n_before;

  value_table_init (&table, walk, alignment->n_before + alignment->n_after);
  for (gsize i = 0; i < alignment->n_before; i++) {
    const CrJsonNode *value = find_identity (&alignment->before->nodes[alignment->start + i], key);

    if (value == NULL || (value->type != CR_JSON_STRING && value->type != CR_JSON_NUMBER))
      return FALSE;
    alignment->before_ids[i] = value_table_number (&table, value);
    if (alignment->before_ids[i] != i)
      return FALSE;
  }
  n_before = table.n_ids;
  {
    g_autofree guint8 *seen = g_malloc0 (alignment->n_before + alignment->n_after);

    for (gsize j = 0; j < alignment->n_after; j++) {
      const CrJsonNode *value = find_identity (&alignment->after->nodes[alignment->start + j], key);
      guint32 id;

      if (value == NULL || (value->type != CR_JSON_STRING && value->type != CR_JSON_NUMBER))
        return FALSE;
      id = alignment->after_ids[j] = value_table_number (&table, value);
      if (seen[id]++ > 0)
        return FALSE;
      found += id < n_before ? 1 : 0;
    }
  }
  alignment->n_ids = table.n_ids;
  return found * IDENTITY_SHARE >= MIN (alignment->n_before, alignment->n_after);
}

static gboolean
number_by_identity (Walk *walk, Alignment *alignment)
{
  const CrJsonNode *first = &alignment->before->nodes[alignment->start];
  g_autofree const CrJsonNode **keys = NULL;
  gsize count;

  for (gsize i = 0; i < alignment->n_before; i++)
    if (alignment->before->nodes[alignment->start + i].type != CR_JSON_OBJECT)
      return FALSE;
  for (gsize j = 0; j < alignment->n_after; j++)
    if (alignment->after->nodes[alignment->start + j].type != CR_JSON_OBJECT)
      return FALSE;
  keys = cr_json_sorted_members (first, &count);
  for (int pass = 0; pass < 2; pass++)  /* "id" itself first */
    for (gsize i = 0; i < count; i++) {
      const gboolean is_id = keys[i]->size == 2 && memcmp (keys[i]->text, "id", 2) == 0;

      if (is_id == (pass == 0) && may_be_identity (keys[i]) && number_by_key (walk, alignment, keys[i]))
        return TRUE;
      if (walk->cancelled)
        return FALSE;
    }
  return FALSE;
}

static void
number_by_content (Walk *walk, Alignment *alignment)
{
  g_auto(ValueTable) table = { 0 };

  value_table_init (&table, walk, alignment->n_before + alignment->n_after);
  for (gsize i = 0; i < alignment->n_before && !walk->cancelled; i++)
    alignment->before_ids[i] = value_table_number (&table, &alignment->before->nodes[alignment->start + i]);
  for (gsize j = 0; j < alignment->n_after && !walk->cancelled; j++)
    alignment->after_ids[j] = value_table_number (&table, &alignment->after->nodes[alignment->start + j]);
  alignment->n_ids = table.n_ids;
}

/* What was taken out at one place and put in at another */
static void
find_moves (Alignment *alignment)
{
  g_autofree guint32 *waiting = g_new0 (guint32, alignment->n_ids + 1);  /* by id: 1 + first position in before that is alone */
  g_autofree guint32 *next = g_new0 (guint32, alignment->n_before + 1);  /* by position: 1 + the next of the same id */

  for (gsize i = alignment->n_before; i > 0; i--)
    if (alignment->before_state[i - 1] == ITEM_ALONE) {
      next[i - 1] = waiting[alignment->before_ids[i - 1]];
      waiting[alignment->before_ids[i - 1]] = (guint32) i;
    }
  for (gsize j = 0; j < alignment->n_after; j++) {
    guint32 *first = &waiting[alignment->after_ids[j]];

    if (alignment->after_state[j] == ITEM_ALONE && *first != 0) {
      alignment->partner[j] = *first - 1;
      alignment->before_state[*first - 1] = alignment->after_state[j] = ITEM_MOVED;
      *first = next[*first - 1];
    }
  }
}

static void
pair (Alignment *alignment, guint32 i, guint32 j)
{
  alignment->before_state[i] = alignment->after_state[j] = ITEM_PAIRED;
  alignment->partner[j] = i;
}

/* Items alone between two kept ones, @is and @js: those most alike become versions of each other, in order */
static void
pair_gap (Walk *walk, Alignment *alignment, const GArray *is, const GArray *js)
{
  const gsize n = is->len, m = js->len;
  const CrJsonNode *before = alignment->before->nodes + alignment->start, *after = alignment->after->nodes + alignment->start;
  g_autofree double *like = NULL, *best = NULL;

  if (n == 0 || m == 0)
    return;
  if (n * m > LIKENESS_PAIRS) {
    for (gsize k = 0; k < MIN (n, m) && !walk->cancelled; k++) {
      const guint32 i = g_array_index (is, guint32, k), j = g_array_index (js, guint32, k);

      if (likeness (walk, &before[i], &after[j]) >= LIKENESS_LEAST)
        pair (alignment, i, j);
    }
    return;
  }
  /* best[i][j]: the most likeness that items from i and j on can still give */
  like = g_new (double, n * m);
  best = g_new0 (double, (n + 1) * (m + 1));
  for (gsize i = n; i > 0; i--)
    for (gsize j = m; j > 0; j--) {
      const double here = likeness (walk, &before[g_array_index (is, guint32, i - 1)], &after[g_array_index (js, guint32, j - 1)]);
      double *cell = &best[(i - 1) * (m + 1) + j - 1];

      if (walk->cancelled)
        return;
      like[(i - 1) * m + j - 1] = here >= LIKENESS_LEAST ? here : 0;
      *cell = MAX (cell[1], cell[m + 1]);
      if (here >= LIKENESS_LEAST)
        *cell = MAX (*cell, here + cell[m + 2]);
    }
  for (gsize i = 0, j = 0; i < n && j < m;) {
    const double *cell = &best[i * (m + 1) + j];
    const double here = like[i * m + j];

    if (here > 0 && *cell <= here + cell[m + 2]) {
      pair (alignment, g_array_index (is, guint32, i++), g_array_index (js, guint32, j++));
    } else if (cell[m + 1] >= cell[1]) {
      i++;
    } else {
      j++;
    }
  }
}

static void
pair_gaps (Walk *walk, Alignment *alignment)
{
  g_autoptr(GArray) is = g_array_new (FALSE, FALSE, sizeof (guint32)), js = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 i = 0, j = 0;

  while ((i < alignment->n_before || j < alignment->n_after) && !walk->cancelled) {
    g_array_set_size (is, 0);
    g_array_set_size (js, 0);
    for (; i < alignment->n_before && alignment->before_state[i] != ITEM_KEPT; i++)
      if (alignment->before_state[i] == ITEM_ALONE)
        g_array_append_val (is, i);
    for (; j < alignment->n_after && alignment->after_state[j] != ITEM_KEPT; j++)
      if (alignment->after_state[j] == ITEM_ALONE)
        g_array_append_val (js, j);
    pair_gap (walk, alignment, is, js);
    i++;
    j++;
  }
}

static gboolean
align (Walk *walk, Alignment *alignment)
{
  const gsize n_before = alignment->n_before, n_after = alignment->n_after;

  alignment->before_ids = g_new (guint32, n_before + 1);
  alignment->after_ids = g_new (guint32, n_after + 1);
  alignment->before_state = g_malloc0 (n_before + 1);
  alignment->after_state = g_malloc0 (n_after + 1);
  alignment->partner = g_new0 (guint32, n_after + 1);
  if (n_before == 0 || n_after == 0)
    return TRUE;
  if (n_before > 1 || n_after > 1) {
    alignment->by_identity = number_by_identity (walk, alignment);
    if (!alignment->by_identity && !walk->cancelled)
      number_by_content (walk, alignment);
    if (walk->cancelled || !cr_myers_compare (alignment->before_ids, n_before, alignment->after_ids, n_after, alignment->n_ids,
                                              alignment->before_state, alignment->after_state, walk->cancellable)) {
      walk->cancelled = TRUE;
      return FALSE;
    }
    for (gsize i = 0; i < n_before; i++)
      alignment->before_state[i] = alignment->before_state[i] ? ITEM_ALONE : ITEM_KEPT;
    for (gsize i = 0, j = 0; j < n_after; j++) {
      alignment->after_state[j] = alignment->after_state[j] ? ITEM_ALONE : ITEM_KEPT;
      if (alignment->after_state[j] == ITEM_KEPT) {
        while (alignment->before_state[i] != ITEM_KEPT)
          i++;
        alignment->partner[j] = (guint32) i++;
      }
    }
    find_moves (alignment);
  }
  if (!alignment->by_identity)
    pair_gaps (walk, alignment);
  return !walk->cancelled;
}

static void
diff_arrays (Walk *walk, const Place *place, const CrJsonNode *before, const CrJsonNode *after)
{
  g_auto(Alignment) alignment = { .before = before, .after = after, .n_before = before->size, .n_after = after->size };
  gsize start = 0, i = 0;

  while (start < alignment.n_before && start < alignment.n_after && same_value (walk, &before->nodes[start], &after->nodes[start]))
    start++;
  while (alignment.n_before > start && alignment.n_after > start
         && same_value (walk, &before->nodes[alignment.n_before - 1], &after->nodes[alignment.n_after - 1])) {
    alignment.n_before--;
    alignment.n_after--;
  }
  alignment.start = start;
  alignment.n_before -= start;
  alignment.n_after -= start;
  if (walk->cancelled || !align (walk, &alignment))
    return;

  for (gsize j = 0; j <= alignment.n_after && !walk->cancelled; j++) {
    const ItemState state = j < alignment.n_after ? (ItemState) alignment.after_state[j] : ITEM_KEPT;
    const gsize partner = j < alignment.n_after ? alignment.partner[j] : alignment.n_before;
    const CrJsonNode *old_item, *new_item;
    Place inner = { place, NULL, start + partner, start + j };

    if (state == ITEM_KEPT || state == ITEM_PAIRED) {  /* what was removed before it comes first */
      for (; i < partner; i++)
        if (alignment.before_state[i] == ITEM_ALONE) {
          const Place removed = { place, NULL, start + i, start + j };

          add_change (walk, CR_CHANGE_REMOVED, &removed, &before->nodes[start + i], NULL);
        }
      i = partner + 1;
    }
    if (j == alignment.n_after)
      break;
    new_item = &after->nodes[start + j];
    if (state == ITEM_ALONE) {
      add_change (walk, CR_CHANGE_ADDED, &inner, NULL, new_item);
      continue;
    }
    old_item = &before->nodes[start + partner];
    if (state == ITEM_MOVED)
      add_change (walk, CR_CHANGE_MOVED, &inner, old_item, new_item);
    if (state == ITEM_PAIRED || alignment.by_identity)
      diff_values (walk, &inner, old_item, new_item);
  }
}

static void
diff_values (Walk *walk, const Place *place, const CrJsonNode *before, const CrJsonNode *after)
{
  if (stopped (walk))
    return;
  if (before->type == CR_JSON_OBJECT && after->type == CR_JSON_OBJECT)
    diff_objects (walk, place, before, after);
  else if (before->type == CR_JSON_ARRAY && after->type == CR_JSON_ARRAY)
    diff_arrays (walk, place, before, after);
  else if (!same_value (walk, before, after) && !walk->cancelled)
    add_change (walk, CR_CHANGE_CHANGED, place, before, after);
}

static const CrJsonNode *
top_member (const CrJsonNode *root, const char *key)
{
  return root->type == CR_JSON_OBJECT ? cr_json_node_member (root, key) : NULL;
}

/**
 * cr_diff_structure:
 * @before, @after: roots of two documents, or any two values
 * @exclude: (nullable): keys of the outermost object that do not count, NULL-terminated
 * @cancellable: (nullable)
 *
 * Changes come in the order of @after with sorted keys, the excluded ones first. Inside an array, items are matched by a key like "id"
 * or "tx_id" if all have one and it is unique, else by content; an item at another place is CR_CHANGE_MOVED, and what also changed
 * inside it follows with pointers to its new place. An item that matches nothing but looks like the one at its place is reported by
 * what changed inside it.
 *
 * To get AFTER from BEFORE: in each array take out what is REMOVED or MOVED away, put in what is ADDED or MOVED at its index in AFTER,
 * in ascending order, the rest keeping its order; then CHANGED values and members by their pointer.
 *
 * Returns: (transfer full): changes, freed with the array; NULL with G_IO_ERROR_CANCELLED
 */
GPtrArray *
cr_diff_structure (const CrJsonNode *before, const CrJsonNode *after, const char *const *exclude, GCancellable *cancellable, GError **error)
{
  const Place root = { 0 };
  Walk walk = { .exclude = exclude, .cancellable = cancellable, .seed = (guint64) g_random_int () << 32 | g_random_int () };

  walk.cancelled = g_cancellable_is_cancelled (cancellable);
  walk.changes = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_change_free);
  if (before->type == CR_JSON_OBJECT || after->type == CR_JSON_OBJECT)
    for (gsize i = 0; exclude != NULL && exclude[i] != NULL && !walk.cancelled; i++) {
      const CrJsonNode *old_value = top_member (before, exclude[i]), *new_value = top_member (after, exclude[i]);
      const CrJsonNode key = { .type = CR_JSON_STRING, .size = (guint32) strlen (exclude[i]), .text = exclude[i] };
      const Place place = { &root, &key, 0, 0 };
      CrChange *change = add_change (&walk, CR_CHANGE_EXCLUDED, &place, old_value, new_value);

      change->differs = old_value == NULL || new_value == NULL ? old_value != new_value : !same_value (&walk, old_value, new_value);
    }
  diff_values (&walk, &root, before, after);
  if (walk.cancelled || g_cancellable_is_cancelled (cancellable)) {
    g_ptr_array_unref (walk.changes);
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The comparison was cancelled");
    return NULL;
  }
  return walk.changes;
}
