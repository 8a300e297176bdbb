/* cr-canonical-writer.c: from text to canonical text in one pass
 *
 * No document is built. Values are written as they are read; the members of an object are put in order when it ends, if they were not.
 * When only the hash is wanted, text leaves the buffer as soon as no open object could still reorder it. An object that turns out
 * to be larger than the buffer is given up and read again in two steps: first where its members begin and end (which needs quotes and
 * brackets only), then each member in its place. So a payload of 100 MB needs little more memory than itself.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-canonical-writer.h"
#include "cr-json-private.h"
#include "cr-number.h"
#include <string.h>
#if defined (__SSE2__)
#include <emmintrin.h>
#define HAVE_SSE2 1
#else
#define HAVE_SSE2 0
#endif

#define BUFFER_SIZE (512 * 1024)  /* stays in the processor's cache */
#define PIECE 2048                /* bytes of a string that are written between two looks at the buffer */
#define ESCAPED_MOST 6            /* bytes that one byte can become */
#define FEW 24                    /* members that are sorted by insertion, without memory of their own */
#define REREAD_LEVELS 8           /* objects in objects that are read again, at most; each costs another look at the text */

typedef enum { GOOD, BAD, TOO_LARGE } Result;

typedef struct {
  guint64       prefix;     /* the key's first bytes, so that most comparisons need no more */
  gsize         start, end; /* of key and value in the buffer; when read again: of the value in the text */
  const guint8 *key;        /* in the text; NULL: in the arena */
  guint32       key_offset; /* in the arena */
  guint32       key_size;
  const guint8 *raw;        /* the opening quote in the text */
} Member;

typedef struct {
  const guint8      *p, *end;
  guint8            *out;      /* (owned) */
  gsize              used, room;
  CrSha256          *sha;      /* (nullable) */
  gboolean           discard;  /* what leaves the buffer does not count */
  guint              holding;  /* open objects whose text must stay in the buffer */
  guint              rereads;  /* open objects that are read again */
  Member            *members;  /* (owned): of all open objects */
  gsize              n_members, members_room;
  GString           *arena;    /* (owned): keys with escapes, decoded */
  guint8            *scratch;  /* (owned) */
  gsize              scratch_room;
  const char *const *exclude;
} Writer;

/* 1: stays as it is in canonical strings */
static const guint8 plain_bytes[256] = {
  [0x20] = 1, [0x21] = 1, [0x23 ... 0x5b] = 1, [0x5d ... 0x7e] = 1,
};

static Result write_value (Writer *writer, guint depth);

/* ---- the buffer ---- */

static void
flush (Writer *writer)
{
  if (!writer->discard)
    cr_sha256_update (writer->sha, writer->out, writer->used);
  writer->used = 0;
}

static Result
make_room (Writer *writer, gsize length)
{
  if (writer->sha != NULL && writer->holding == 0)
    flush (writer);
  else if (writer->sha != NULL && writer->rereads < REREAD_LEVELS)
    return TOO_LARGE;
  if (writer->room - writer->used < length) {
    writer->room = MAX (writer->room * 2, writer->used + length);
    writer->out = g_realloc (writer->out, writer->room);
  }
  return GOOD;
}

static inline Result
need (Writer *writer, gsize length)
{
  return G_LIKELY (writer->room - writer->used >= length) ? GOOD : make_room (writer, length);
}

static inline Result
put (Writer *writer, char c)
{
  Result result = need (writer, 1);

  if (result == GOOD)
    writer->out[writer->used++] = (guint8) c;
  return result;
}

/* ---- reading ---- */

static inline void
skip_space (Writer *writer)
{
  const guint8 *p = writer->p, *end = writer->end;

  while (p < end && *p <= ' ') {
    if (*p != ' ' && *p != '\n' && *p != '\t' && *p != '\r')
      break;
    p++;
#if HAVE_SSE2
    while (end - p >= 16) {  /* indentation */
      const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
      const guint other = (guint) _mm_movemask_epi8 (_mm_cmpeq_epi8 (bytes, _mm_set1_epi8 (' '))) ^ 0xffffu;

      if (other != 0) {
        p += __builtin_ctz (other);
        break;
      }
      p += 16;
    }
#endif
  }
  writer->p = p;
}

#if HAVE_SSE2
/* Bit k: byte k of the 16 at @p ends a plain run */
static inline guint
special_mask (__m128i bytes)
{
  const __m128i low = _mm_cmplt_epi8 (bytes, _mm_set1_epi8 (0x20));  /* signed: above 0x7f, too */
  const __m128i marks = _mm_or_si128 (_mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('"')), _mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('\\')));
  const __m128i del = _mm_cmpeq_epi8 (bytes, _mm_set1_epi8 (0x7f));

  return (guint) _mm_movemask_epi8 (_mm_or_si128 (_mm_or_si128 (low, marks), del));
}
#endif

/* Copies plain bytes from *@from, at most up to @end; there is room for 16 bytes more than are read */
static inline guint8 *
copy_plain (guint8 *out, const guint8 **from, const guint8 *end)
{
  const guint8 *p = *from;

#if HAVE_SSE2
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p);
    const guint special = special_mask (bytes);

    _mm_storeu_si128 ((__m128i *) (void *) out, bytes);
    if (special != 0) {
      const int n = __builtin_ctz (special);

      *from = p + n;
      return out + n;
    }
    p += 16;
    out += 16;
  }
#endif
  while (p < end && plain_bytes[*p])
    *out++ = *p++;
  *from = p;
  return out;
}

static inline guint8 *
put_unit (guint8 *out, guint32 unit)
{
  static const char digits[] = "0123456789abcdef";

  out[0] = '\\';
  out[1] = 'u';
  out[2] = (guint8) digits[unit >> 12 & 15];
  out[3] = (guint8) digits[unit >> 8 & 15];
  out[4] = (guint8) digits[unit >> 4 & 15];
  out[5] = (guint8) digits[unit & 15];
  return out + 6;
}

static guint8 *
put_character (guint8 *out, guint32 c)
{
  static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";

  if (c < 0x80 && plain_bytes[c]) {
    *out++ = (guint8) c;
    return out;
  }
  for (const char *form = short_forms; *form != '\0'; form += 2)
    if (c == (guint32) form[0]) {
      out[0] = '\\';
      out[1] = (guint8) form[1];
      return out + 2;
    }
  if (c < 0x10000)
    return put_unit (out, c);
  return put_unit (put_unit (out, 0xd800 + ((c - 0x10000) >> 10)), 0xdc00 + ((c - 0x10000) & 0x3ff));
}

/* At the opening quote; writes the string and goes behind its closing quote. *@plain: it had nothing to escape. */
static Result
write_string (Writer *writer, gboolean *plain)
{
  const guint8 *p = writer->p + 1;

  *plain = TRUE;
  if (need (writer, 1) != GOOD)
    return TOO_LARGE;
  writer->out[writer->used++] = '"';
  for (;;) {
    const guint8 *piece_end = (gsize) (writer->end - p) > PIECE ? p + PIECE : writer->end;
    guint8 *out;

    if (need (writer, PIECE * ESCAPED_MOST + 32) != GOOD)
      return TOO_LARGE;
    out = writer->out + writer->used;
    for (;;) {
      guint32 c;
      gsize length;

      out = copy_plain (out, &p, piece_end);
      if (p >= piece_end)
        break;
      if (*p == '"') {
        *out++ = '"';
        writer->used = (gsize) (out - writer->out);
        writer->p = p + 1;
        return GOOD;
      }
      *plain = FALSE;
      if (*p == '\\')
        length = cr_json_read_escape (p, writer->end, &c);
      else
        length = *p < 0x20 ? 0 : cr_json_decode_utf8 (p, writer->end, &c);
      if (length == 0)
        return BAD;
      p += length;
      out = put_character (out, c);
    }
    writer->used = (gsize) (out - writer->out);
    if (p >= writer->end)
      return BAD;
  }
}

/* Whether the number from @p to @end, with @digits digits before the point and its fraction from @fraction, is its own repr() */
static inline gboolean
is_canonical_fraction (const guint8 *first, const guint8 *fraction, const guint8 *end)
{
  const gsize before = (gsize) (fraction - first) - 1, after = (gsize) (end - fraction);

  if (before + after > 15)
    return FALSE;
  if (after == 1)
    return TRUE;  /* 1.0, 1.5, 0.0 */
  if (end[-1] == '0')
    return FALSE;
  return *first != '0' || after < 5 || memcmp (fraction, "0000", 4) != 0;  /* 1e-05 */
}

static Result
write_number (Writer *writer)
{
  const guint8 *start = writer->p, *p = start, *end = writer->end, *first, *fraction = NULL;
  gboolean exponent = FALSE;
  gsize length;

  if (*p == '-')
    p++;
  first = p;
  while (p < end && *p >= '0' && *p <= '9')
    p++;
  if (p == first || (*first == '0' && p - first > 1))
    return BAD;
  if (p < end && *p == '.') {
    fraction = ++p;
    while (p < end && *p >= '0' && *p <= '9')
      p++;
    if (p == fraction)
      return BAD;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    const guint8 *power;

    exponent = TRUE;
    p++;
    if (p < end && (*p == '+' || *p == '-'))
      p++;
    power = p;
    while (p < end && *p >= '0' && *p <= '9')
      p++;
    if (p == power)
      return BAD;
  }
  length = (gsize) (p - start);
  writer->p = p;
  if (exponent || (fraction != NULL && !is_canonical_fraction (first, fraction, p)) || (length == 2 && *start == '-')) {
    char buffer[CR_NUMBER_DOUBLE_MAX];
    gsize canonical_length;
    const char *canonical = cr_number_canonical ((const char *) start, length, buffer, &canonical_length);

    if (need (writer, canonical_length) != GOOD)
      return TOO_LARGE;
    memcpy (writer->out + writer->used, canonical, canonical_length);
    writer->used += canonical_length;
    return GOOD;
  }
  if (fraction == NULL && p - first > CR_JSON_DIGITS_MAX)
    return BAD;
  if (need (writer, length) != GOOD)
    return TOO_LARGE;
  memcpy (writer->out + writer->used, start, length);
  writer->used += length;
  return GOOD;
}

static Result
write_word (Writer *writer, const char *word, gsize length)
{
  if ((gsize) (writer->end - writer->p) < length || memcmp (writer->p, word, length) != 0)
    return BAD;
  if (need (writer, length) != GOOD)
    return TOO_LARGE;
  memcpy (writer->out + writer->used, word, length);
  writer->used += length;
  writer->p += length;
  return GOOD;
}

static Result
write_array (Writer *writer, guint depth)
{
  Result result;

  if (depth >= CR_JSON_DEPTH_MAX)
    return BAD;
  writer->p++;
  if ((result = put (writer, '[')) != GOOD)
    return result;
  skip_space (writer);
  if (writer->p < writer->end && *writer->p == ']') {
    writer->p++;
    return put (writer, ']');
  }
  for (;;) {
    if ((result = write_value (writer, depth + 1)) != GOOD)
      return result;
    skip_space (writer);
    if (writer->p == writer->end || (*writer->p != ',' && *writer->p != ']'))
      return BAD;
    if ((result = put (writer, (char) *writer->p)) != GOOD)
      return result;
    if (*writer->p++ == ']')
      return GOOD;
    skip_space (writer);
  }
}

/* ---- members ---- */

static inline const guint8 *
key_bytes (const Writer *writer, const Member *member)
{
  return member->key != NULL ? member->key : (const guint8 *) writer->arena->str + member->key_offset;
}

static inline int
compare_keys (const Writer *writer, const Member *a, const Member *b)
{
  int order;

  if (a->prefix != b->prefix)
    return a->prefix < b->prefix ? -1 : 1;
  order = memcmp (key_bytes (writer, a), key_bytes (writer, b), MIN (a->key_size, b->key_size));
  return order != 0 ? order : a->key_size < b->key_size ? -1 : a->key_size > b->key_size ? 1 : 0;
}

static int
compare_indices (gconstpointer a, gconstpointer b, gpointer data)
{
  const Writer *writer = ((gpointer *) data)[0];
  const Member *members = ((gpointer *) data)[1];
  const guint32 i = *(const guint32 *) a, j = *(const guint32 *) b;
  const int order = compare_keys (writer, &members[i], &members[j]);

  return order != 0 ? order : i < j ? -1 : 1;
}

/* Fills in where the key is: @raw is its opening quote and @raw_end behind its closing one */
static void
set_key (Writer *writer, Member *member, const guint8 *raw, const guint8 *raw_end, gboolean plain)
{
  const guint8 *key;

  member->raw = raw;
  if (plain) {
    member->key = key = raw + 1;
    member->key_size = (guint32) (raw_end - raw - 2);
  } else {
    member->key = NULL;
    member->key_offset = (guint32) writer->arena->len;
    for (const guint8 *p = raw + 1; p < raw_end - 1;) {
      guint32 c = 0;
      guint8 bytes[4];
      const gsize length = *p == '\\' ? cr_json_read_escape (p, raw_end, &c) : cr_json_decode_utf8 (p, raw_end, &c);

      g_string_append_len (writer->arena, (const char *) bytes, (gssize) cr_json_encode_utf8 (c, bytes));
      p += length;
    }
    member->key_size = (guint32) (writer->arena->len - member->key_offset);
    key = (const guint8 *) writer->arena->str + member->key_offset;
  }
  if (plain && writer->end - key >= 8) {  /* what follows the key is cut off */
    memcpy (&member->prefix, key, 8);
    member->prefix = GUINT64_FROM_BE (member->prefix);
    if (member->key_size < 8)
      member->prefix &= ~(G_MAXUINT64 >> (8 * member->key_size));
  } else {
    guint8 first[8] = { 0 };

    memcpy (first, key, MIN (member->key_size, 8));
    memcpy (&member->prefix, first, 8);
    member->prefix = GUINT64_FROM_BE (member->prefix);
  }
}

static gsize
add_member (Writer *writer)
{
  if (writer->n_members == writer->members_room) {
    writer->members_room = MAX (64, writer->members_room + writer->members_room / 2);
    writer->members = g_renew (Member, writer->members, writer->members_room);
  }
  return writer->n_members++;
}

static gboolean
is_excluded (const Writer *writer, const Member *member)
{
  for (gsize i = 0; writer->exclude != NULL && writer->exclude[i] != NULL; i++)
    if (strlen (writer->exclude[i]) == member->key_size && memcmp (writer->exclude[i], key_bytes (writer, member), member->key_size) == 0)
      return TRUE;
  return FALSE;
}

/* The members from @base on, sorted, the last of duplicates only: their indices from @base. Returns how many are kept */
static gsize
sort_members (Writer *writer, gsize base, guint32 *order)
{
  const gsize n = writer->n_members - base;
  const Member *members = writer->members + base;
  gsize kept = 0;

  for (gsize i = 0; i < n; i++)
    order[i] = (guint32) i;
  if (n <= FEW) {
    for (gsize i = 1; i < n; i++) {
      const guint32 self = order[i];
      gsize k = i;

      for (; k > 0 && compare_keys (writer, &members[order[k - 1]], &members[self]) > 0; k--)
        order[k] = order[k - 1];
      order[k] = self;
    }
  } else {
    gpointer data[2] = { writer, (gpointer) members };

    g_qsort_with_data (order, (gint) n, sizeof *order, compare_indices, data);
  }
  for (gsize i = 0; i < n; i++) {
    if (kept > 0 && compare_keys (writer, &members[order[kept - 1]], &members[order[i]]) == 0)
      kept--;
    order[kept++] = order[i];
  }
  return kept;
}

/* Puts the members from @base on, which fill the buffer from @start on, in order */
static Result
reorder (Writer *writer, gsize base, gsize start)
{
  const gsize length = writer->used - start;
  guint32 few[FEW];
  g_autofree guint32 *many = writer->n_members - base > FEW ? g_new (guint32, writer->n_members - base) : NULL;
  const guint32 *order = many != NULL ? many : few;
  const gsize n_kept = sort_members (writer, base, many != NULL ? many : few);
  guint8 *out;

  if (writer->scratch_room < length) {
    writer->scratch_room = MAX (length, 2 * writer->scratch_room);
    g_free (writer->scratch);
    writer->scratch = g_malloc (writer->scratch_room);
  }
  memcpy (writer->scratch, writer->out + start, length);
  out = writer->out + start;
  for (gsize i = 0; i < n_kept; i++) {
    const Member *member = &writer->members[base + order[i]];

    if (i > 0)
      *out++ = ',';
    memcpy (out, writer->scratch + (member->start - start), member->end - member->start);
    out += member->end - member->start;
  }
  writer->used = (gsize) (out - writer->out);
  return GOOD;
}

/* Behind the opening bracket, which is not empty */
static Result
write_members (Writer *writer, guint depth, gsize base)
{
  const gsize start = writer->used;
  gboolean sorted = TRUE;
  Result result;

  for (;;) {
    const guint8 *raw = writer->p;
    const gsize at = writer->used;
    gboolean plain;
    gsize index;
    Member *member;

    if (writer->p == writer->end || *writer->p != '"')
      return BAD;
    if ((result = write_string (writer, &plain)) != GOOD)
      return result;
    index = add_member (writer);
    member = &writer->members[index];
    set_key (writer, member, raw, writer->p, plain);
    member->start = at;
    sorted = sorted && (index == base || compare_keys (writer, member - 1, member) < 0);
    skip_space (writer);
    if (writer->p == writer->end || *writer->p != ':')
      return BAD;
    writer->p++;
    skip_space (writer);
    if ((result = put (writer, ':')) != GOOD || (result = write_value (writer, depth + 1)) != GOOD)
      return result;
    writer->members[index].end = writer->used;
    skip_space (writer);
    if (writer->p == writer->end || (*writer->p != ',' && *writer->p != '}'))
      return BAD;
    if (depth == 0 && writer->exclude != NULL && is_excluded (writer, &writer->members[index])) {
      writer->used = at;
      writer->n_members--;
      if (*writer->p++ == '}') {
        if (writer->n_members > base)
          writer->used--;  /* the comma */
        break;
      }
    } else {
      if (*writer->p++ == '}')
        break;
      if ((result = put (writer, ',')) != GOOD)
        return result;
    }
    skip_space (writer);
  }
  return sorted ? GOOD : reorder (writer, base, start);
}

/* ---- objects that are read again ---- */

/* Behind the closing quote of the string at @p, or NULL */
static const guint8 *
skip_string (const guint8 *p, const guint8 *end, gboolean *plain)
{
  for (p++; p < end;) {
#if HAVE_SSE2
    if (end - p >= 16) {
      const guint special = special_mask (_mm_loadu_si128 ((const __m128i *) (const void *) p));

      if (special == 0) {
        p += 16;
        continue;
      }
      p += __builtin_ctz (special);
    }
#endif
    if (*p == '"')
      return p + 1;
    if (!plain_bytes[*p])
      *plain = FALSE;
    p += *p == '\\' ? 2 : 1;
  }
  return NULL;
}

/* Behind the value at @p, judged by quotes and brackets only, or NULL */
static const guint8 *
skip_value (const guint8 *p, const guint8 *end)
{
  gsize nested = 0;
  gboolean plain;

  for (; p < end; p++) {
#if HAVE_SSE2
    if (nested > 0)
      while (end - p >= 16) {
        const __m128i bytes = _mm_loadu_si128 ((const __m128i *) (const void *) p), folded = _mm_or_si128 (bytes, _mm_set1_epi8 (0x20));
        const __m128i brackets = _mm_or_si128 (_mm_cmpeq_epi8 (folded, _mm_set1_epi8 ('{')), _mm_cmpeq_epi8 (folded, _mm_set1_epi8 ('}')));
        const guint marks = (guint) _mm_movemask_epi8 (_mm_or_si128 (brackets, _mm_cmpeq_epi8 (bytes, _mm_set1_epi8 ('"'))));

        if (marks != 0) {
          p += __builtin_ctz (marks);
          break;
        }
        p += 16;
      }
    if (p >= end)
      return NULL;
#endif
    switch (*p) {
    case '"':
      p = skip_string (p, end, &plain);
      if (p == NULL || nested == 0)
        return p;
      p--;
      break;
    case '{':
    case '[':
      nested++;
      break;
    case '}':
    case ']':
      if (nested == 0)
        return p;
      if (--nested == 0)
        return p + 1;
      break;
    case ',': case ' ': case '\n': case '\r': case '\t':
      if (nested == 0)
        return p;
      break;
    default:
      break;
    }
  }
  return NULL;
}

/* Behind the opening bracket: notes where each member is, up to behind the closing bracket */
static Result
find_members (Writer *writer)
{
  for (;;) {
    const guint8 *raw = writer->p, *raw_end, *behind;
    gboolean plain = TRUE;
    gsize index;
    Member *member;

    if (writer->p == writer->end || *writer->p != '"')
      return BAD;
    raw_end = skip_string (raw, writer->end, &plain);
    if (raw_end == NULL)
      return BAD;
    if (!plain && !cr_json_is_string (raw, raw_end))
      return BAD;
    index = add_member (writer);  /* may move them all */
    member = &writer->members[index];
    set_key (writer, member, raw, raw_end, plain);
    writer->p = raw_end;
    skip_space (writer);
    if (writer->p == writer->end || *writer->p != ':')
      return BAD;
    writer->p++;
    skip_space (writer);
    behind = skip_value (writer->p, writer->end);
    if (behind == NULL)
      return BAD;
    member->start = (gsize) (writer->end - writer->p);  /* counted from the end, which does not move */
    member->end = (gsize) (writer->end - behind);
    writer->p = behind;
    skip_space (writer);
    if (writer->p == writer->end || (*writer->p != ',' && *writer->p != '}'))
      return BAD;
    if (*writer->p++ == '}')
      return GOOD;
    skip_space (writer);
  }
}

static Result
write_member_again (Writer *writer, gsize index, guint depth, gboolean *first)
{
  const Member member = writer->members[index];
  gboolean plain;
  Result result;

  if (!*first && (result = put (writer, ',')) != GOOD)
    return result;
  *first = FALSE;
  writer->p = member.raw;
  if ((result = write_string (writer, &plain)) != GOOD || (result = put (writer, ':')) != GOOD)
    return result;
  writer->p = writer->end - member.start;
  if ((result = write_value (writer, depth + 1)) != GOOD)
    return result;
  return writer->p == writer->end - member.end ? GOOD : BAD;
}

static Result
write_members_again (Writer *writer, guint depth, gsize base)
{
  g_autofree guint32 *order = NULL;
  g_autofree guint8 *done = NULL;
  gboolean first = TRUE;
  const guint8 *behind;
  gsize n_kept, n;
  Result result = find_members (writer);

  if (result != GOOD)
    return result;
  behind = writer->p;
  n = writer->n_members - base;
  order = g_new (guint32, n);
  n_kept = sort_members (writer, base, order);
  done = g_malloc0 (n);
  for (gsize i = 0; i < n_kept && result == GOOD; i++) {
    if (depth == 0 && is_excluded (writer, &writer->members[base + order[i]]))
      continue;
    done[order[i]] = TRUE;
    result = write_member_again (writer, base + order[i], depth, &first);
  }
  /* what does not count must be good, too */
  flush (writer);
  for (gsize i = 0; i < n && result == GOOD; i++)
    if (!done[i]) {
      const gboolean discard = writer->discard;

      writer->discard = TRUE;
      first = TRUE;
      result = write_member_again (writer, base + i, depth, &first);
      flush (writer);
      writer->discard = discard;
    }
  writer->p = behind;
  return result;
}

static Result
write_object (Writer *writer, guint depth)
{
  const gsize base = writer->n_members, arena = writer->arena->len;
  const guint8 *start;
  Result result;

  if (depth >= CR_JSON_DEPTH_MAX)
    return BAD;
  writer->p++;
  if ((result = put (writer, '{')) != GOOD)
    return result;
  skip_space (writer);
  start = writer->p;
  if (writer->p < writer->end && *writer->p == '}') {
    writer->p++;
    return put (writer, '}');
  }
  if (writer->sha != NULL && writer->holding == 0 && writer->used > BUFFER_SIZE / 2)
    flush (writer);
  {
    const gsize used = writer->used;

    writer->holding++;
    result = write_members (writer, depth, base);
    writer->holding--;
    writer->n_members = base;
    g_string_truncate (writer->arena, arena);
    if (result == TOO_LARGE && writer->holding == 0) {
      writer->p = start;
      writer->used = used;
      writer->rereads++;
      result = write_members_again (writer, depth, base);
      writer->rereads--;
      writer->n_members = base;
      g_string_truncate (writer->arena, arena);
    }
  }
  return result == GOOD ? put (writer, '}') : result;
}

static Result
write_value (Writer *writer, guint depth)
{
  gboolean plain;

  if (writer->p == writer->end)
    return BAD;
  switch (*writer->p) {
  case '"':
    return write_string (writer, &plain);
  case '{':
    return write_object (writer, depth);
  case '[':
    return write_array (writer, depth);
  case 't':
    return write_word (writer, "true", 4);
  case 'f':
    return write_word (writer, "false", 5);
  case 'n':
    return write_word (writer, "null", 4);
  case 'N':
    return write_word (writer, "NaN", 3);
  case 'I':
    return write_word (writer, "Infinity", 8);
  case '-':
    if (writer->end - writer->p >= 2 && writer->p[1] == 'I')
      return write_word (writer, "-Infinity", 9);
    return write_number (writer);
  case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
    return write_number (writer);
  default:
    return BAD;
  }
}

gboolean
cr_canonical_write (const char *text, gsize length, const char *const *exclude, CrSha256 *sha, GBytes **bytes)
{
  const gsize room = sha != NULL ? MIN (BUFFER_SIZE, ESCAPED_MOST * length) : length + length / 16;
  Writer writer = { .p = (const guint8 *) text, .end = (const guint8 *) text + length, .sha = sha, .exclude = exclude,
                    .room = room + PIECE * ESCAPED_MOST + 64 };
  gboolean good;

  writer.out = g_malloc (writer.room);
  writer.arena = g_string_new (NULL);
  skip_space (&writer);
  good = write_value (&writer, 0) == GOOD;
  skip_space (&writer);
  good = good && writer.p == writer.end;
  if (good && sha != NULL)
    flush (&writer);
  if (good && bytes != NULL)
    *bytes = g_bytes_new_take (g_realloc (g_steal_pointer (&writer.out), MAX (writer.used, 1)), writer.used);
  g_free (writer.out);
  g_free (writer.members);
  g_free (writer.scratch);
  g_string_free (writer.arena, TRUE);
  return good;
}

/* ---- the readable form --------------------------------------------------------------------------------------------------------------- */

typedef struct {
  guint8 *out;  /* (owned) */
  gsize   used, room;
} Lines;

static inline guint8 *
lines_need (Lines *lines, gsize length)
{
  if (G_UNLIKELY (lines->room - lines->used < length)) {
    lines->room = lines->room + lines->room / 2 + length;
    lines->out = g_realloc (lines->out, lines->room);
  }
  return lines->out + lines->used;
}

static inline void
put_line (Lines *lines, guint depth)
{
  guint8 *out = lines_need (lines, 1 + 2 * depth);

  *out = '\n';
  memset (out + 1, ' ', 2 * depth);
  lines->used += 1 + 2 * depth;
}

/* Controls and what would end a line or turn it around stay escaped, and so do halves of surrogate pairs */
static gboolean
is_readable (guint32 c)
{
  if (c < 0xa0 || (c >= 0xd800 && c <= 0xdfff) || c == 0x2028 || c == 0x2029 || !g_unichar_validate (c))
    return FALSE;
  return c == 0x200c || c == 0x200d || g_unichar_type (c) != G_UNICODE_FORMAT;
}

/* The string at @p, a quote, with the text that its escapes stand for where that can be read. Returns behind it */
static const guint8 *
put_readable (Lines *lines, const guint8 *p, const guint8 *end)
{
  const guint8 *start = p++;

  for (;;) {
    const guint8 *piece_end = (gsize) (end - p) > PIECE ? p + PIECE : end;
    guint8 *out = lines_need (lines, PIECE + 64), *first = out;

    if (start != NULL)
      *out++ = '"';
    start = NULL;
    for (;;) {
      guint32 c;
      gsize length;

      out = copy_plain (out, &p, piece_end);
      if (p >= piece_end)
        break;
      if (*p == '"') {
        *out++ = '"';
        lines->used += (gsize) (out - first);
        return p + 1;
      }
      length = cr_json_read_escape (p, end, &c);  /* the text is canonical: nothing else is special in it */
      if (length >= 6 && is_readable (c)) {
        out += cr_json_encode_utf8 (c, out);
      } else {
        memcpy (out, p, length);
        out += length;
      }
      p += length;
    }
    lines->used += (gsize) (out - first);
  }
}

char *
cr_canonical_indent (const char *text, gsize length)
{
  const guint8 *p = (const guint8 *) text, *end = p + length;
  Lines lines = { .room = length + length / 2 + PIECE + 64 };
  guint depth = 0;

  lines.out = g_malloc (lines.room);
  while (p < end) {
    const guint8 c = *p;

    switch (c) {
    case '"':
      p = put_readable (&lines, p, end);
      continue;
    case '{':
    case '[':
      *lines_need (&lines, 1) = c;
      lines.used++;
      p++;
      if (*p == '}' || *p == ']') {
        *lines_need (&lines, 1) = *p++;
        lines.used++;
      } else {
        put_line (&lines, ++depth);
      }
      continue;
    case '}':
    case ']':
      put_line (&lines, --depth);
      *lines_need (&lines, 1) = c;
      lines.used++;
      p++;
      continue;
    case ',':
      *lines_need (&lines, 1) = ',';
      lines.used++;
      put_line (&lines, depth);
      p++;
      continue;
    case ':':
      memcpy (lines_need (&lines, 2), ": ", 2);
      lines.used += 2;
      p++;
      continue;
    default: {
      guint8 *out = lines_need (&lines, 1);

      *out = c;
      lines.used++;
      p++;
    }
    }
  }
  memcpy (lines_need (&lines, 2), "\n", 2);
  return (char *) g_realloc (lines.out, lines.used + 2);
}
