/* cr-myers.c: the shortest way from one sequence to another
 *
 * E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, section 4b: the middle of a shortest path is searched from both
 * ends, which cuts the problem into two boxes. Elements that the other side does not have are set aside first; they cannot match, so
 * this changes no result and makes payloads with many changed values cheap. A box that costs too much is cut at elements that occur
 * once on each side; that keeps a million lines with half of them changed linear, where a search alone takes seconds.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-myers.h"
#include <string.h>

#define COST_LIMIT  256   /* steps from each end before a box counts as expensive */
#define SMALL_BOX   1024  /* elements of both sides up to which a box is solved whatever it costs */
#define REACH       (MAX (COST_LIMIT, SMALL_BOX) + 4)  /* diagonals on each side of the first one */

__extension__ typedef unsigned __int128 u128;

typedef struct {
  guint32  a_start, a_end, b_start, b_end;
  guint32  anchors_below;  /* anchors are searched for again in boxes of fewer elements only */
} Box;

typedef struct {
  const guint32 *a, *b;                   /* elements that the other side has, too */
  guint8        *a_changed, *b_changed;   /* of these */
  gsize          n_classes;
  guint32       *place;                   /* (owned) (nullable): by class, zero outside of find_anchors() */
  guint8        *seen;                    /* (owned) (nullable): the same */
  GArray        *boxes;                   /* (owned): of Box, still to do */
  int            forward[2 * REACH + 1], backward[2 * REACH + 1];
  GCancellable  *cancellable;
} Context;

static inline guint64
mix (guint64 a, guint64 b)
{
  const u128 product = (u128) a * b;

  return (guint64) product ^ (guint64) (product >> 64);
}

static inline guint64
read8 (const guint8 *p)
{
  guint64 value;

  memcpy (&value, p, sizeof value);
  return value;
}

static inline guint64
read4 (const guint8 *p)
{
  guint32 value;

  memcpy (&value, p, sizeof value);
  return value;
}

guint64
cr_myers_hash (const void *data, gsize length, guint64 seed)
{
  const guint64 prime1 = G_GUINT64_CONSTANT (0x9e3779b97f4a7c15), prime2 = G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  const guint8 *p = data;
  guint64 hash = seed ^ prime1, low, high;

  for (gsize left = length; left > 16; left -= 16, p += 16)
    hash = mix (read8 (p) ^ prime2, read8 (p + 8) ^ hash);
  {
    const gsize left = length - (gsize) (p - (const guint8 *) data);

    if (left >= 8) {
      low = read8 (p);
      high = read8 (p + left - 8);
    } else if (left >= 4) {
      low = read4 (p);
      high = read4 (p + left - 4);
    } else if (left > 0) {
      low = (guint64) p[0] << 16 | (guint64) p[left / 2] << 8 | p[left - 1];
      high = 0;
    } else {
      low = high = 0;
    }
  }
  return mix (prime1 ^ length, mix (low ^ prime2, high ^ hash));
}

static void
push_box (Context *context, guint32 a_start, guint32 a_end, guint32 b_start, guint32 b_end, guint32 anchors_below)
{
  const Box box = { a_start, a_end, b_start, b_end, anchors_below };

  if (a_start < a_end || b_start < b_end)
    g_array_append_val (context->boxes, box);
}

typedef struct { guint32 a, b; guint32 previous; } Anchor;

/* Pairs of elements that occur once on each side of @box, the longest chain of them in order on both sides. (transfer full) */
static GArray *
find_anchors (Context *context, const Box *box)
{
  enum { NONE = 0, MANY = G_MAXUINT32 };  /* else place[class] - 1 is the only position */
  g_autoptr(GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Anchor));
  g_autoptr(GArray) tails = g_array_new (FALSE, FALSE, sizeof (guint32));  /* by length of chain: index + 1 of its last pair */
  GArray *chain = g_array_new (FALSE, FALSE, sizeof (Anchor));

  if (context->place == NULL) {
    context->place = g_new0 (guint32, context->n_classes);
    context->seen = g_new0 (guint8, context->n_classes);
  }
  for (guint32 i = box->a_start; i < box->a_end; i++) {
    guint32 *place = &context->place[context->a[i]];

    *place = *place == NONE ? i + 1 : MANY;
  }
  for (guint32 j = box->b_start; j < box->b_end; j++)
    if (context->seen[context->b[j]] < 2)
      context->seen[context->b[j]]++;
  for (guint32 j = box->b_start; j < box->b_end; j++) {
    const guint32 place = context->place[context->b[j]];

    if (context->seen[context->b[j]] == 1 && place != NONE && place != MANY) {
      const Anchor pair = { place - 1, j, 0 };

      g_array_append_val (pairs, pair);
    }
  }
  for (guint32 i = box->a_start; i < box->a_end; i++)
    context->place[context->a[i]] = NONE;
  for (guint32 j = box->b_start; j < box->b_end; j++)
    context->seen[context->b[j]] = 0;

  for (guint32 i = 0; i < pairs->len; i++) {
    Anchor *pair = &g_array_index (pairs, Anchor, i);
    guint low = 0, high = tails->len;
    const guint32 self = i + 1;

    if (high > 0 && g_array_index (pairs, Anchor, g_array_index (tails, guint32, high - 1) - 1).a < pair->a)
      low = high;  /* the usual case: order is the same on both sides */
    while (low < high) {
      const guint middle = (low + high) / 2;

      if (g_array_index (pairs, Anchor, g_array_index (tails, guint32, middle) - 1).a < pair->a)
        low = middle + 1;
      else
        high = middle;
    }
    pair->previous = low > 0 ? g_array_index (tails, guint32, low - 1) : 0;
    if (low == tails->len)
      g_array_append_val (tails, self);
    else
      g_array_index (tails, guint32, low) = self;
  }
  if (tails->len > 0) {
    g_array_set_size (chain, tails->len);
    for (guint32 k = tails->len, at = g_array_index (tails, guint32, tails->len - 1); k > 0; k--) {
      g_array_index (chain, Anchor, k - 1) = g_array_index (pairs, Anchor, at - 1);
      at = g_array_index (pairs, Anchor, at - 1).previous;
    }
  }
  return chain;
}

static gboolean
cut_at_anchors (Context *context, const Box *box)
{
  g_autoptr(GArray) chain = find_anchors (context, box);
  const guint32 again_below = (box->a_end - box->a_start + box->b_end - box->b_start) / 4 * 3;
  guint32 a = box->a_start, b = box->b_start;

  if (chain->len == 0)
    return FALSE;
  for (guint i = 0; i < chain->len; i++) {
    const Anchor *anchor = &g_array_index (chain, Anchor, i);

    push_box (context, a, anchor->a, b, anchor->b, again_below);
    a = anchor->a + 1;
    b = anchor->b + 1;
  }
  push_box (context, a, box->a_end, b, box->b_end, again_below);
  return TRUE;
}

/* A point on the best path so far, after the cost limit was reached: the one furthest from its end of the box */
static void
choose_furthest (const Context *context, int n, int m, int fmin, int fmax, int bmin, int bmax, int *split_x, int *split_y)
{
  const int *forward = context->forward + REACH, *backward = context->backward + REACH;
  const int middle = n - m;
  int best_forward = -1, best_backward = G_MAXINT;
  int fx = 0, fy = 0, bx = n, by = m;

  for (int d = fmax; d >= fmin; d -= 2) {
    const int x = MIN (MIN (forward[d], n), m + d), y = x - d;

    if (x >= 0 && y >= 0 && x + y > best_forward) {
      best_forward = x + y;
      fx = x;
      fy = y;
    }
  }
  for (int d = bmax; d >= bmin; d -= 2) {
    const int x = MAX (MAX (backward[d - middle], 0), d), y = x - d;

    if (x <= n && y <= m && x + y < best_backward) {
      best_backward = x + y;
      bx = x;
      by = y;
    }
  }
  if (n + m - best_backward < best_forward) {
    *split_x = fx;
    *split_y = fy;
  } else {
    *split_x = bx;
    *split_y = by;
  }
}

typedef enum { FOUND, TOO_EXPENSIVE, CANCELLED } Search;

/* The middle of a shortest path through @box, whose first elements differ and whose last ones do, relative to its start */
static Search
find_middle (Context *context, const Box *box, int *split_x, int *split_y)
{
  const guint32 *a = context->a + box->a_start, *b = context->b + box->b_start;
  const int n = (int) (box->a_end - box->a_start), m = (int) (box->b_end - box->b_start);
  const int middle = n - m;  /* diagonals: x - y; the forward search begins on 0, the backward one here */
  const int limit = (gint64) n + m <= SMALL_BOX ? G_MAXINT : COST_LIMIT;
  const gboolean odd = (middle & 1) != 0;
  int *forward = context->forward + REACH, *backward = context->backward + REACH;  /* by d - middle */
  int fmin = 0, fmax = 0, bmin = middle, bmax = middle;

  forward[0] = 0;
  backward[0] = n;
  for (int cost = 1;; cost++) {
    if (fmin > -m)
      forward[--fmin - 1] = -1;
    else
      ++fmin;
    if (fmax < n)
      forward[++fmax + 1] = -1;
    else
      --fmax;
    for (int d = fmax; d >= fmin; d -= 2) {
      const int low = forward[d - 1], high = forward[d + 1];
      int x = low < high ? high : low + 1, y = x - d;

      while (x < n && y < m && a[x] == b[y]) {
        x++;
        y++;
      }
      forward[d] = x;
      if (odd && bmin <= d && d <= bmax && backward[d - middle] <= x) {
        *split_x = x;
        *split_y = y;
        return FOUND;
      }
    }
    if (bmin > -m)
      backward[--bmin - 1 - middle] = G_MAXINT;
    else
      ++bmin;
    if (bmax < n)
      backward[++bmax + 1 - middle] = G_MAXINT;
    else
      --bmax;
    for (int d = bmax; d >= bmin; d -= 2) {
      const int low = backward[d - middle - 1], high = backward[d - middle + 1];
      int x = low < high ? low : high - 1, y = x - d;

      while (x > 0 && y > 0 && a[x - 1] == b[y - 1]) {
        x--;
        y--;
      }
      backward[d - middle] = x;
      if (!odd && fmin <= d && d <= fmax && x <= forward[d]) {
        *split_x = x;
        *split_y = y;
        return FOUND;
      }
    }
    if (cost % 64 == 0 && g_cancellable_is_cancelled (context->cancellable))
      return CANCELLED;
    if (cost >= limit) {
      choose_furthest (context, n, m, fmin, fmax, bmin, bmax, split_x, split_y);
      return TOO_EXPENSIVE;
    }
  }
}

static gboolean
solve (Context *context)
{
  while (context->boxes->len > 0) {
    Box box = g_array_index (context->boxes, Box, context->boxes->len - 1);
    guint32 size;
    int x = 0, y = 0;

    g_array_set_size (context->boxes, context->boxes->len - 1);
    while (box.a_start < box.a_end && box.b_start < box.b_end && context->a[box.a_start] == context->b[box.b_start]) {
      box.a_start++;
      box.b_start++;
    }
    while (box.a_start < box.a_end && box.b_start < box.b_end && context->a[box.a_end - 1] == context->b[box.b_end - 1]) {
      box.a_end--;
      box.b_end--;
    }
    if (box.a_start == box.a_end || box.b_start == box.b_end) {
      for (; box.a_start < box.a_end; box.a_start++)
        context->a_changed[box.a_start] = 1;
      for (; box.b_start < box.b_end; box.b_start++)
        context->b_changed[box.b_start] = 1;
      continue;
    }
    size = box.a_end - box.a_start + box.b_end - box.b_start;
    switch (find_middle (context, &box, &x, &y)) {
    case CANCELLED:
      return FALSE;
    case TOO_EXPENSIVE:
      if (g_cancellable_is_cancelled (context->cancellable))
        return FALSE;
      if (size < box.anchors_below) {
        if (cut_at_anchors (context, &box))
          continue;
        box.anchors_below = size / 2;
      }
      break;
    case FOUND:
      break;
    }
    g_assert (x >= 0 && y >= 0 && (guint32) x <= box.a_end - box.a_start && (guint32) y <= box.b_end - box.b_start);
    push_box (context, box.a_start, box.a_start + (guint32) x, box.b_start, box.b_start + (guint32) y, box.anchors_below);
    push_box (context, box.a_start + (guint32) x, box.a_end, box.b_start + (guint32) y, box.b_end, box.anchors_below);
  }
  return TRUE;
}

/* Elements of @ids whose class the other side has */
static guint32
keep_common (const guint32 *ids, gsize start, gsize end, const guint8 *sides, guint32 *kept)
{
  guint32 n = 0;

  for (gsize i = start; i < end; i++) {
    kept[n] = ids[i];
    n += sides[ids[i]] == 3 ? 1 : 0;
  }
  return n;
}

/* The other ones are changed; for these, @kept_changed says */
static void
spread_changes (const guint32 *ids, gsize start, gsize end, const guint8 *sides, const guint8 *kept_changed, guint8 *changed)
{
  for (gsize i = start; i < end; i++)
    changed[i] = sides[ids[i]] == 3 ? *kept_changed++ : 1;
}

gboolean
cr_myers_compare (const guint32 *a, gsize n_a, const guint32 *b, gsize n_b, gsize n_classes, guint8 *a_changed, guint8 *b_changed,
                  GCancellable *cancellable)
{
  g_autofree Context *context = g_new0 (Context, 1);
  g_autofree guint8 *sides = g_malloc0 (MAX (n_classes, 1));
  g_autofree guint32 *kept = NULL;
  g_autofree guint8 *kept_changed = NULL;
  gsize start = 0;
  guint32 n_kept_a, n_kept_b;
  gboolean done;

  while (start < n_a && start < n_b && a[start] == b[start])
    start++;
  while (n_a > start && n_b > start && a[n_a - 1] == b[n_b - 1]) {
    n_a--;
    n_b--;
  }
  for (gsize i = start; i < n_a; i++)
    sides[a[i]] |= 1;
  for (gsize i = start; i < n_b; i++)
    sides[b[i]] |= 2;
  kept = g_new (guint32, n_a - start + n_b - start + 1);
  n_kept_a = keep_common (a, start, n_a, sides, kept);
  n_kept_b = keep_common (b, start, n_b, sides, kept + n_kept_a);
  kept_changed = g_malloc0 (n_kept_a + n_kept_b + 1);

  context->a = kept;
  context->b = kept + n_kept_a;
  context->a_changed = kept_changed;
  context->b_changed = kept_changed + n_kept_a;
  context->n_classes = n_classes;
  context->cancellable = cancellable;
  context->boxes = g_array_new (FALSE, FALSE, sizeof (Box));
  push_box (context, 0, n_kept_a, 0, n_kept_b, G_MAXUINT32);
  done = solve (context);
  spread_changes (a, start, n_a, sides, kept_changed, a_changed);
  spread_changes (b, start, n_b, sides, kept_changed + n_kept_a, b_changed);
  g_array_unref (context->boxes);
  g_free (context->place);
  g_free (context->seen);
  return done;
}

GArray *
cr_myers_chunks (const guint8 *a_changed, gsize n_a, const guint8 *b_changed, gsize n_b)
{
  GArray *chunks = g_array_new (FALSE, FALSE, sizeof (CrDiffChunk));
  gsize i = 0, j = 0;

  while (i < n_a || j < n_b) {
    CrDiffChunk chunk = { CR_DIFF_EQUAL, (guint) i, 0, (guint) j, 0 };

    if (i < n_a && j < n_b && !a_changed[i] && !b_changed[j]) {
      for (; i < n_a && j < n_b && !a_changed[i] && !b_changed[j]; i++)
        j++;
    } else {
      while (i < n_a && a_changed[i])
        i++;
      while (j < n_b && b_changed[j])
        j++;
      chunk.op = i == chunk.a_start ? CR_DIFF_INSERT : j == chunk.b_start ? CR_DIFF_DELETE : CR_DIFF_REPLACE;
    }
    chunk.a_count = (guint) i - chunk.a_start;
    chunk.b_count = (guint) j - chunk.b_start;
    g_assert (chunk.a_count + chunk.b_count > 0);  /* the flags leave equally many elements on both sides */
    g_array_append_val (chunks, chunk);
  }
  return chunks;
}
