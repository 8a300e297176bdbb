/* cr-json.c: a JSON reader that keeps what was written: number text, key bytes, order, duplicates.
 *
 * The grammar and the values of CR_JSON_PYTHON are those of Python 3.11's json.loads(bytes): the encoding is detected as there
 * (UTF-8 with or without byte order mark, UTF-16, UTF-32), surrogates pass, NaN, Infinity and -Infinity are numbers, integers have at
 * most 4,300 digits. Our own limits are CR_JSON_DEPTH_MAX (990) nested arrays and objects, where Python gives up at 994 or earlier,
 * and 2 GiB of text.
 *
 * The text is read from the caller's memory and written, decoded and NUL-terminated, to the same offsets of one copy: a decoded
 * string is never longer than its source. Nodes are 16 bytes in large blocks.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-json.h"
#include "cr-json-private.h"
#include <string.h>

#define BLOCK_NODES 4096          /* nodes of one block, unless a container needs more */
#define POINTER_SHOWN 200         /* bytes of a JSON Pointer in an error message */

typedef struct _Block Block;
struct _Block {
  Block      *next;
  CrJsonNode  nodes[];
};

struct _CrJsonDoc {
  int         ref_count;  /* atomic */
  char       *text;       /* (owned) */
  Block      *blocks;     /* (owned) */
  CrJsonNode  root;
};

typedef struct {
  const guint8 *start, *end;
  const guint8 *p;
  char         *copy;         /* same offsets as start */
  gboolean      strict;
  CrJsonDoc    *doc;
  gsize         block_left;   /* nodes left in doc->blocks */
  CrJsonNode   *block_next;
  CrJsonNode   *stack;        /* (owned): children of the containers that are still open */
  gsize         stack_used, stack_size;
  CrJsonError   error_code;
  const guint8 *error_at;
  const char   *error_text;   /* static */
  GPtrArray    *path;         /* (owned) (nullable): tokens of the JSON Pointer, innermost first */
} Parser;

G_DEFINE_QUARK (cr-json-error-quark, cr_json_error)

/* 1: goes through a string unchanged and unescaped in canonical text, too */
static const guint8 plain_bytes[256] = {
  [0x20] = 1, [0x21] = 1, [0x23 ... 0x5b] = 1, [0x5d ... 0x7e] = 1,
};

static gboolean parse_value (Parser *parser, guint depth, CrJsonNode *node);

static gboolean
fail (Parser *parser, CrJsonError code, const guint8 *at, const char *text)
{
  parser->error_code = code;
  parser->error_at = at;
  parser->error_text = text;
  return FALSE;
}

/* On the way out of a failed parse: the container adds its token */
static gboolean
fail_inside_member (Parser *parser, const CrJsonNode *key)
{
  g_autoptr(GString) token = g_string_new (NULL);

  cr_json_pointer_append_key (token, key->text, key->size);
  if (parser->path == NULL)
    parser->path = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (parser->path, g_string_free (g_steal_pointer (&token), FALSE));
  return FALSE;
}

static gboolean
fail_inside_item (Parser *parser, gsize index)
{
  if (parser->path == NULL)
    parser->path = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (parser->path, g_strdup_printf ("/%" G_GSIZE_FORMAT, index));
  return FALSE;
}

static void
skip_space (Parser *parser)
{
  const guint8 *p = parser->p;

  while (p < parser->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
    p++;
  parser->p = p;
}

static void
push (Parser *parser, const CrJsonNode *node)
{
  if (parser->stack_used == parser->stack_size) {
    parser->stack_size = parser->stack_size == 0 ? 256 : parser->stack_size * 2;
    parser->stack = g_renew (CrJsonNode, parser->stack, parser->stack_size);
  }
  parser->stack[parser->stack_used++] = *node;
}

/* Moves what was pushed since @base to the document */
static const CrJsonNode *
keep_children (Parser *parser, gsize base)
{
  const gsize count = parser->stack_used - base;
  CrJsonNode *kept;

  parser->stack_used = base;
  if (count == 0)
    return NULL;
  if (count > parser->block_left) {
    const gsize room = MAX (count, BLOCK_NODES);
    Block *block = g_malloc (sizeof (Block) + room * sizeof (CrJsonNode));

    block->next = parser->doc->blocks;
    parser->doc->blocks = block;
    parser->block_left = room;
    parser->block_next = block->nodes;
  }
  kept = parser->block_next;
  memcpy (kept, parser->stack + base, count * sizeof (CrJsonNode));
  parser->block_next += count;
  parser->block_left -= count;
  return kept;
}

static int
hex_value (guint8 c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* Four hexadecimal digits at @p, or -1 */
static int
read_hex4 (const guint8 *p, const guint8 *end)
{
  int value = 0;

  if (end - p < 4)
    return -1;
  for (int i = 0; i < 4; i++) {
    int digit = hex_value (p[i]);

    if (digit < 0)
      return -1;
    value = value << 4 | digit;
  }
  return value;
}

gsize
cr_json_encode_utf8 (guint32 c, guint8 *out)
{
  if (c < 0x80) {
    out[0] = (guint8) c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (guint8) (0xc0 | c >> 6);
    out[1] = (guint8) (0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {  /* surrogates, too */
    out[0] = (guint8) (0xe0 | c >> 12);
    out[1] = (guint8) (0x80 | (c >> 6 & 0x3f));
    out[2] = (guint8) (0x80 | (c & 0x3f));
    return 3;
  }
  out[0] = (guint8) (0xf0 | c >> 18);
  out[1] = (guint8) (0x80 | (c >> 12 & 0x3f));
  out[2] = (guint8) (0x80 | (c >> 6 & 0x3f));
  out[3] = (guint8) (0x80 | (c & 0x3f));
  return 4;
}

gsize
cr_json_decode_utf8 (const guint8 *p, const guint8 *end, guint32 *code)
{
  const gsize left = (gsize) (end - p);
  const guint8 c = p[0];

  if (c < 0x80) {
    *code = c;
    return 1;
  }
  if (c >= 0xc2 && c <= 0xdf && left >= 2 && (p[1] & 0xc0) == 0x80) {
    *code = (guint32) (c & 0x1f) << 6 | (p[1] & 0x3f);
    return 2;
  }
  if (c >= 0xe0 && c <= 0xef && left >= 3 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80) {
    *code = (guint32) (c & 0x0f) << 12 | (guint32) (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    return *code >= 0x800 ? 3 : 0;
  }
  if (c >= 0xf0 && c <= 0xf4 && left >= 4 && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80) {
    *code = (guint32) (c & 0x07) << 18 | (guint32) (p[1] & 0x3f) << 12 | (guint32) (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    return *code >= 0x10000 && *code <= 0x10ffff ? 4 : 0;
  }
  return 0;
}

static gboolean
is_surrogate (guint32 code)
{
  return code >= 0xd800 && code <= 0xdfff;
}

gsize
cr_json_read_escape (const guint8 *p, const guint8 *end, guint32 *code)
{
  static const char short_forms[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
  int unit;

  if (end - p < 2)
    return 0;
  if (p[1] != 'u') {
    for (const char *form = short_forms; *form != '\0'; form += 2)
      if (p[1] == (guint8) form[0]) {
        *code = (guint8) form[1];
        return 2;
      }
    return 0;
  }
  unit = read_hex4 (p + 2, end);
  if (unit < 0)
    return 0;
  *code = (guint32) unit;
  if (unit >= 0xd800 && unit <= 0xdbff && end - p >= 8 && p[6] == '\\' && p[7] == 'u') {
    const int second = read_hex4 (p + 8, end);

    if (second >= 0xdc00 && second <= 0xdfff) {
      *code = 0x10000 + (((guint32) unit - 0xd800) << 10) + ((guint32) second - 0xdc00);
      return 12;
    }
  }
  return 6;
}

gboolean
cr_json_is_string (const guint8 *text, const guint8 *end)
{
  guint32 code;

  for (const guint8 *p = text + 1; p < end - 1;) {
    const gsize length = *p == '\\' ? cr_json_read_escape (p, end - 1, &code) : *p < 0x20 ? 0 : cr_json_decode_utf8 (p, end - 1, &code);

    if (length == 0)
      return FALSE;
    p += length;
  }
  return TRUE;
}

/* The escape at *@p: writes what it stands for to *@out and moves both on */
static gboolean
parse_escape (Parser *parser, const guint8 **p, guint8 **out)
{
  guint32 code;
  const gsize length = cr_json_read_escape (*p, parser->end, &code);

  if (length == 0)
    return fail (parser, CR_JSON_ERROR_SYNTAX, *p, parser->end - *p < 2 ? "the string is not ended"
                 : (*p)[1] == 'u' ? "\\u in a string needs four hexadecimal digits" : "unknown escape in a string");
  if (parser->strict && is_surrogate (code))
    return fail (parser, CR_JSON_ERROR_ENCODING, *p, "half of a surrogate pair in a string");
  *p += length;
  *out += cr_json_encode_utf8 (code, *out);
  return TRUE;
}

/* At the opening quote */
static gboolean
parse_string (Parser *parser, CrJsonNode *node)
{
  const guint8 *first = parser->p + 1;
  const guint8 *p = first;
  const guint8 *end = parser->end;
  guint8 *begin = (guint8 *) parser->copy + (first - parser->start);
  guint8 *out;

  while (p < end && plain_bytes[*p])
    p++;
  memcpy (begin, first, (gsize) (p - first));
  out = begin + (p - first);
  node->type = CR_JSON_STRING;
  node->plain = TRUE;
  while (p < end && *p != '"') {
    const guint8 c = *p;

    if (plain_bytes[c]) {
      *out++ = c;
      p++;
      continue;
    }
    node->plain = FALSE;
    if (c == '\\') {
      if (!parse_escape (parser, &p, &out))
        return FALSE;
    } else if (c < 0x20) {
      return fail (parser, CR_JSON_ERROR_SYNTAX, p, "control character in a string");
    } else {
      guint32 code;
      const gsize length = cr_json_decode_utf8 (p, end, &code);

      if (length == 0 || (parser->strict && is_surrogate (code)))
        return fail (parser, CR_JSON_ERROR_ENCODING, p, "bytes that are no UTF-8");
      memcpy (out, p, length);
      out += length;
      p += length;
    }
  }
  if (p == end)
    return fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "the string is not ended");
  *out = '\0';
  node->text = (const char *) begin;
  node->size = (guint32) (out - begin);
  parser->p = p + 1;
  return TRUE;
}

static gboolean
is_digit (const guint8 *p, const guint8 *end)
{
  return p < end && *p >= '0' && *p <= '9';
}

static void
keep_number (Parser *parser, const guint8 *end, CrJsonNode *node)
{
  const gsize offset = (gsize) (parser->p - parser->start);
  const gsize length = (gsize) (end - parser->p);

  memcpy (parser->copy + offset, parser->p, length);
  parser->copy[offset + length] = '\0';  /* nothing there is needed: reading goes on in the caller's memory */
  node->type = CR_JSON_NUMBER;
  node->text = parser->copy + offset;
  node->size = (guint32) length;
  parser->p = end;
}

static gboolean
parse_number (Parser *parser, CrJsonNode *node)
{
  const guint8 *p = parser->p, *end = parser->end, *digits;
  gboolean integer = TRUE;

  if (*p == '-')
    p++;
  digits = p;
  if (!is_digit (p, end))
    return fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "expected digits after the minus sign");
  if (*p == '0')
    p++;
  else
    while (is_digit (p, end))
      p++;
  if (p - digits == 1 && *digits == '0' && is_digit (p, end))
    return fail (parser, CR_JSON_ERROR_SYNTAX, digits, "a number must not begin with 0");
  if (p < end && *p == '.') {
    integer = FALSE;
    p++;
    if (!is_digit (p, end))
      return fail (parser, CR_JSON_ERROR_SYNTAX, p - 1, "expected digits after the decimal point");
    while (is_digit (p, end))
      p++;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    integer = FALSE;
    p++;
    if (p < end && (*p == '+' || *p == '-'))
      p++;
    if (!is_digit (p, end))
      return fail (parser, CR_JSON_ERROR_SYNTAX, p - 1, "expected digits in the exponent");
    while (is_digit (p, end))
      p++;
  }
  if (integer && p - digits > CR_JSON_DIGITS_MAX)
    return fail (parser, CR_JSON_ERROR_NUMBER, parser->p, "an integer of more than 4,300 digits");
  keep_number (parser, p, node);
  return TRUE;
}

static gboolean
matches_word (Parser *parser, const char *word, gsize length)
{
  return (gsize) (parser->end - parser->p) >= length && memcmp (parser->p, word, length) == 0;
}

static gboolean
parse_word (Parser *parser, CrJsonNode *node)
{
  static const struct { const char *word; guint8 length, type, python_only; } words[] = {
    { "null", 4, CR_JSON_NULL, FALSE }, { "true", 4, CR_JSON_TRUE, FALSE }, { "false", 5, CR_JSON_FALSE, FALSE },
    { "NaN", 3, CR_JSON_NUMBER, TRUE }, { "Infinity", 8, CR_JSON_NUMBER, TRUE }, { "-Infinity", 9, CR_JSON_NUMBER, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (matches_word (parser, words[i].word, words[i].length)) {
      if (words[i].python_only && parser->strict)
        return fail (parser, CR_JSON_ERROR_NUMBER, parser->p, "NaN and Infinity are no JSON numbers");
      if (words[i].type == CR_JSON_NUMBER) {
        keep_number (parser, parser->p + words[i].length, node);
      } else {
        node->type = words[i].type;
        parser->p += words[i].length;
      }
      return TRUE;
    }
  return fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "expected a value");
}

static gboolean
enter (Parser *parser, guint depth)
{
  if (depth >= (parser->strict ? CR_JSON_STRICT_DEPTH_MAX : CR_JSON_DEPTH_MAX))
    return fail (parser, CR_JSON_ERROR_DEPTH, parser->p,
                 parser->strict ? "nested more than 32 levels deep" : "nested more than 990 levels deep");
  parser->p++;
  skip_space (parser);
  return TRUE;
}

static gboolean
parse_array (Parser *parser, guint depth, CrJsonNode *node)
{
  const gsize base = parser->stack_used;

  if (!enter (parser, depth))
    return FALSE;
  node->type = CR_JSON_ARRAY;
  if (parser->p < parser->end && *parser->p == ']') {
    parser->p++;
    return TRUE;
  }
  for (gsize index = 0;; index++) {
    CrJsonNode item = { 0 };

    if (!parse_value (parser, depth + 1, &item))
      return fail_inside_item (parser, index);
    push (parser, &item);
    skip_space (parser);
    if (parser->p == parser->end || (*parser->p != ',' && *parser->p != ']'))
      return fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "expected a comma or ] in the array");
    if (*parser->p++ == ']')
      break;
    skip_space (parser);
  }
  node->size = (guint32) (parser->stack_used - base);
  node->nodes = keep_children (parser, base);
  return TRUE;
}

static int
compare_members (gconstpointer a, gconstpointer b)
{
  const CrJsonNode *key_a = *(const CrJsonNode *const *) a, *key_b = *(const CrJsonNode *const *) b;
  const int order = cr_json_compare_keys (key_a, key_b);

  return order != 0 ? order : key_a < key_b ? -1 : key_a > key_b ? 1 : 0;  /* duplicates stay in document order */
}

static const CrJsonNode **
sort_members (const CrJsonNode *object)
{
  const CrJsonNode **keys = g_new (const CrJsonNode *, object->size);
  gboolean sorted = TRUE;

  for (gsize i = 0; i < object->size; i++) {
    keys[i] = &object->nodes[2 * i];
    sorted = sorted && (i == 0 || cr_json_compare_keys (keys[i - 1], keys[i]) <= 0);
  }
  if (!sorted)
    qsort (keys, object->size, sizeof *keys, compare_members);
  return keys;
}

const CrJsonNode **
cr_json_sorted_members (const CrJsonNode *object, gsize *count)
{
  const CrJsonNode **keys;
  gsize kept = 0;

  *count = 0;
  if (object->type != CR_JSON_OBJECT || object->size == 0)
    return NULL;
  keys = sort_members (object);
  for (gsize i = 0; i < object->size; i++) {
    if (kept > 0 && cr_json_compare_keys (keys[kept - 1], keys[i]) == 0)
      kept--;
    keys[kept++] = keys[i];
  }
  *count = kept;
  return keys;
}

static gboolean
refuse_duplicates (Parser *parser, const CrJsonNode *object)
{
  g_autofree const CrJsonNode **keys = NULL;

  if (object->size < 2)
    return TRUE;
  keys = sort_members (object);
  for (gsize i = 1; i < object->size; i++)
    if (cr_json_compare_keys (keys[i - 1], keys[i]) == 0) {
      fail (parser, CR_JSON_ERROR_DUPLICATE, parser->start + (keys[i]->text - parser->copy) - 1, "the key is there twice");
      return fail_inside_member (parser, keys[i]);
    }
  return TRUE;
}

static gboolean
parse_object (Parser *parser, guint depth, CrJsonNode *node)
{
  const gsize base = parser->stack_used;

  if (!enter (parser, depth))
    return FALSE;
  node->type = CR_JSON_OBJECT;
  if (parser->p < parser->end && *parser->p == '}') {
    parser->p++;
    return TRUE;
  }
  for (;;) {
    CrJsonNode key = { 0 }, value = { 0 };

    if (parser->p == parser->end || *parser->p != '"')
      return fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "expected a key in double quotes");
    if (!parse_string (parser, &key))
      return FALSE;
    skip_space (parser);
    if (parser->p == parser->end || *parser->p != ':') {
      fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "expected a colon after the key");
      return fail_inside_member (parser, &key);
    }
    parser->p++;
    skip_space (parser);
    push (parser, &key);
    if (!parse_value (parser, depth + 1, &value))
      return fail_inside_member (parser, &key);
    push (parser, &value);
    skip_space (parser);
    if (parser->p == parser->end || (*parser->p != ',' && *parser->p != '}'))
      return fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "expected a comma or } in the object");
    if (*parser->p++ == '}')
      break;
    skip_space (parser);
  }
  node->size = (guint32) ((parser->stack_used - base) / 2);
  node->nodes = keep_children (parser, base);
  return !parser->strict || refuse_duplicates (parser, node);
}

static gboolean
parse_value (Parser *parser, guint depth, CrJsonNode *node)
{
  if (parser->p == parser->end)
    return fail (parser, CR_JSON_ERROR_SYNTAX, parser->p, "expected a value, but the text ends here");
  switch (*parser->p) {
  case '"':
    return parse_string (parser, node);
  case '[':
    return parse_array (parser, depth, node);
  case '{':
    return parse_object (parser, depth, node);
  case '-':
    if (matches_word (parser, "-Infinity", 9))
      return parse_word (parser, node);
    return parse_number (parser, node);
  case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
    return parse_number (parser, node);
  default:
    return parse_word (parser, node);
  }
}

static void
set_error (Parser *parser, GError **error)
{
  g_autoptr(GString) pointer = g_string_new (NULL);
  gsize line = 1, column = 1;

  for (const guint8 *p = parser->start; p < parser->error_at; p++) {
    if (*p == '\n') {
      line++;
      column = 1;
    } else if ((*p & 0xc0) != 0x80) {
      column++;
    }
  }
  for (guint i = parser->path != NULL ? parser->path->len : 0; i > 0 && pointer->len <= POINTER_SHOWN; i--)
    g_string_append (pointer, g_ptr_array_index (parser->path, i - 1));
  if (pointer->len > POINTER_SHOWN) {
    const char *cut = pointer->str + POINTER_SHOWN;

    while ((*cut & 0xc0) == 0x80)
      cut--;
    g_string_truncate (pointer, (gsize) (cut - pointer->str));
    g_string_append (pointer, "…");
  }
  g_set_error (error, CR_JSON_ERROR, (gint) parser->error_code,
               "No valid JSON at line %" G_GSIZE_FORMAT ", column %" G_GSIZE_FORMAT "%s%s: %s", line, column,
               pointer->len > 0 ? ", in " : "", pointer->str, parser->error_text);
}

/* UTF-16 and UTF-32 as json.detect_encoding() tells them: by a byte order mark, else by where the zero bytes are */
typedef struct { guint8 unit; gboolean big_endian; gsize mark; } Encoding;

static Encoding
detect_encoding (const guint8 *text, gsize length)
{
  if (length >= 4 && (memcmp (text, "\0\0\xfe\xff", 4) == 0 || memcmp (text, "\xff\xfe\0\0", 4) == 0))
    return (Encoding) { 4, text[0] == 0, 4 };
  if (length >= 2 && (memcmp (text, "\xfe\xff", 2) == 0 || memcmp (text, "\xff\xfe", 2) == 0))
    return (Encoding) { 2, text[0] == 0xfe, 2 };
  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    return (Encoding) { 1, FALSE, 3 };
  if (length >= 4) {
    if (text[0] == 0)
      return (Encoding) { text[1] != 0 ? 2 : 4, TRUE, 0 };
    if (text[1] == 0)
      return (Encoding) { text[2] != 0 || text[3] != 0 ? 2 : 4, FALSE, 0 };
  } else if (length == 2) {
    if (text[0] == 0)
      return (Encoding) { 2, TRUE, 0 };
    if (text[1] == 0)
      return (Encoding) { 2, FALSE, 0 };
  }
  return (Encoding) { 1, FALSE, 0 };
}

static guint32
read_unit (const guint8 *p, Encoding encoding)
{
  guint32 unit = 0;

  for (guint i = 0; i < encoding.unit; i++)
    unit |= (guint32) p[i] << 8 * (encoding.big_endian ? encoding.unit - 1u - i : i);
  return unit;
}

/* To UTF-8 with surrogates; NULL if a unit is cut off or beyond Unicode */
static GString *
to_utf8 (const guint8 *text, gsize length, Encoding encoding)
{
  g_autoptr(GString) out = g_string_sized_new (length / encoding.unit + 1);

  if (length % encoding.unit != 0)
    return NULL;
  for (gsize i = 0; i < length; i += encoding.unit) {
    guint32 code = read_unit (text + i, encoding);
    guint8 bytes[4];

    if (encoding.unit == 2 && code >= 0xd800 && code <= 0xdbff && i + 2 < length) {
      guint32 second = read_unit (text + i + 2, encoding);

      if (second >= 0xdc00 && second <= 0xdfff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
        i += 2;
      }
    }
    if (code > 0x10ffff)
      return NULL;
    g_string_append_len (out, (const char *) bytes, (gssize) cr_json_encode_utf8 (code, bytes));
  }
  return g_steal_pointer (&out);
}

GBytes *
cr_json_decode_text (const char *text, gsize length, GError **error)
{
  const Encoding encoding = detect_encoding ((const guint8 *) text, length);
  GString *decoded;

  if (encoding.unit == 1)
    return g_bytes_new_static (text + encoding.mark, length - encoding.mark);
  decoded = to_utf8 ((const guint8 *) text + encoding.mark, length - encoding.mark, encoding);
  if (decoded == NULL) {
    g_set_error (error, CR_JSON_ERROR, CR_JSON_ERROR_ENCODING, "No valid JSON: it looks like UTF-%u, but is not", encoding.unit * 8u);
    return NULL;
  }
  return g_string_free_to_bytes (decoded);
}

static CrJsonDoc *
parse (const char *text, gsize length, gboolean strict, GError **error)
{
  CrJsonDoc *doc = g_new0 (CrJsonDoc, 1);
  Parser parser = { .strict = strict, .doc = doc };
  gboolean good;

  doc->ref_count = 1;
  doc->text = g_malloc (length + 1);
  doc->text[length] = '\0';
  parser.start = parser.p = (const guint8 *) text;
  parser.end = parser.start + length;
  parser.copy = doc->text;

  skip_space (&parser);
  good = parse_value (&parser, 0, &doc->root);
  if (good) {
    skip_space (&parser);
    if (parser.p != parser.end)
      good = fail (&parser, CR_JSON_ERROR_SYNTAX, parser.p, "more text after the end of the document");
  }
  if (!good) {
    set_error (&parser, error);
    g_clear_pointer (&doc, cr_json_doc_unref);
  }
  g_clear_pointer (&parser.path, g_ptr_array_unref);
  g_free (parser.stack);
  return doc;
}

/**
 * cr_json_parse:
 * @text: (array length=length): the document; copied
 * @length: bytes of @text, or -1 if it ends with a NUL
 * @mode: which documents are good
 *
 * Returns: (transfer full): the document, or NULL with a CR_JSON_ERROR: SIZE (above 1 MiB in CR_JSON_STRICT, above 2 GiB in any mode),
 *   DEPTH, ENCODING, NUMBER (more than 4,300 digits; NaN in CR_JSON_STRICT), DUPLICATE (CR_JSON_STRICT only), SYNTAX. The message
 *   names line, column (in characters, both from 1) and JSON Pointer, and nothing else of the document.
 */
CrJsonDoc *
cr_json_parse (const char *text, gssize length, CrJsonMode mode, GError **error)
{
  const gsize size = length < 0 ? strlen (text) : (gsize) length;
  const gboolean strict = mode == CR_JSON_STRICT;
  g_autoptr(GBytes) decoded = NULL;
  gsize decoded_length;
  const char *decoded_text;

  if (size > (strict ? CR_JSON_STRICT_SIZE_MAX : CR_JSON_SIZE_MAX)) {
    g_set_error (error, CR_JSON_ERROR, CR_JSON_ERROR_SIZE, "The JSON is too large: %" G_GSIZE_FORMAT " bytes, at most %u are read",
                 size, strict ? (guint) CR_JSON_STRICT_SIZE_MAX : (guint) CR_JSON_SIZE_MAX);
    return NULL;
  }
  if (strict)
    return parse (text, size, TRUE, error);
  decoded = cr_json_decode_text (text, size, error);
  if (decoded == NULL)
    return NULL;
  decoded_text = g_bytes_get_data (decoded, &decoded_length);
  if (decoded_length > CR_JSON_SIZE_MAX) {
    g_set_error (error, CR_JSON_ERROR, CR_JSON_ERROR_SIZE, "The JSON is too large: %" G_GSIZE_FORMAT " bytes as UTF-8", decoded_length);
    return NULL;
  }
  return parse (decoded_text != NULL ? decoded_text : "", decoded_length, FALSE, error);
}

CrJsonDoc *
cr_json_doc_ref (CrJsonDoc *doc)
{
  g_atomic_int_inc (&doc->ref_count);
  return doc;
}

void
cr_json_doc_unref (CrJsonDoc *doc)
{
  if (doc == NULL || !g_atomic_int_dec_and_test (&doc->ref_count))
    return;
  while (doc->blocks != NULL) {
    Block *next = doc->blocks->next;

    g_free (doc->blocks);
    doc->blocks = next;
  }
  g_free (doc->text);
  g_free (doc);
}

const CrJsonNode *
cr_json_doc_root (const CrJsonDoc *doc)
{
  return &doc->root;
}

CrJsonType
cr_json_node_type (const CrJsonNode *node)
{
  return (CrJsonType) node->type;
}

const char *
cr_json_node_string (const CrJsonNode *node, gsize *length)
{
  if (length != NULL)
    *length = node->type == CR_JSON_STRING ? node->size : 0;
  return node->type == CR_JSON_STRING ? node->text : NULL;
}

const char *
cr_json_node_number (const CrJsonNode *node, gsize *length)
{
  if (length != NULL)
    *length = node->type == CR_JSON_NUMBER ? node->size : 0;
  return node->type == CR_JSON_NUMBER ? node->text : NULL;
}

gsize
cr_json_node_size (const CrJsonNode *node)
{
  return node->type == CR_JSON_ARRAY || node->type == CR_JSON_OBJECT ? node->size : 0;
}

const CrJsonNode *
cr_json_node_at (const CrJsonNode *node, gsize index)
{
  g_return_val_if_fail (index < cr_json_node_size (node), NULL);
  return &node->nodes[node->type == CR_JSON_OBJECT ? 2 * index + 1 : index];
}

const char *
cr_json_node_key_at (const CrJsonNode *node, gsize index, gsize *length)
{
  const CrJsonNode *key;

  if (length != NULL)
    *length = 0;
  if (node->type != CR_JSON_OBJECT)
    return NULL;
  g_return_val_if_fail (index < node->size, NULL);
  key = &node->nodes[2 * index];
  if (length != NULL)
    *length = key->size;
  return key->text;
}

const CrJsonNode *
cr_json_node_member (const CrJsonNode *node, const char *key)
{
  const gsize length = strlen (key);

  if (node->type != CR_JSON_OBJECT)
    return NULL;
  for (gsize i = node->size; i > 0; i--) {
    const CrJsonNode *candidate = &node->nodes[2 * (i - 1)];

    if (candidate->size == length && memcmp (candidate->text, key, length) == 0)
      return candidate + 1;
  }
  return NULL;
}

const char *
cr_json_node_get_string (const CrJsonNode *node, const char *key)
{
  const CrJsonNode *member = node != NULL ? cr_json_node_member (node, key) : NULL;

  if (member == NULL || member->type != CR_JSON_STRING || memchr (member->text, '\0', member->size) != NULL)
    return NULL;
  return member->text;
}

/* False, with *@value untouched, if there is no such member or it is no integer in plain digits that fits */
gboolean
cr_json_node_get_int (const CrJsonNode *node, const char *key, gint64 *value)
{
  const CrJsonNode *member = node != NULL ? cr_json_node_member (node, key) : NULL;

  if (member == NULL || member->type != CR_JSON_NUMBER)
    return FALSE;
  return g_ascii_string_to_signed (member->text, 10, G_MININT64, G_MAXINT64, value, NULL);
}

gboolean
cr_json_node_get_bool (const CrJsonNode *node, const char *key, gboolean *value)
{
  const CrJsonNode *member = node != NULL ? cr_json_node_member (node, key) : NULL;

  if (member == NULL || (member->type != CR_JSON_TRUE && member->type != CR_JSON_FALSE))
    return FALSE;
  *value = member->type == CR_JSON_TRUE;
  return TRUE;
}

int
cr_json_compare_keys (const CrJsonNode *a, const CrJsonNode *b)
{
  const int order = memcmp (a->text, b->text, MIN (a->size, b->size));

  return order != 0 ? order : a->size < b->size ? -1 : a->size > b->size ? 1 : 0;
}

static void
append_unit (GString *out, guint32 unit)
{
  static const char digits[] = "0123456789abcdef";
  const char escape[6] = { '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15] };

  g_string_append_len (out, escape, sizeof escape);
}

/* A byte that is no UTF-8 becomes \udcXX, as with Python's "surrogateescape" */
void
cr_json_append_string (GString *out, const char *text, gssize length)
{
  const guint8 *p = (const guint8 *) text;
  const guint8 *end = p + (length < 0 ? strlen (text) : (gsize) length);

  g_string_append_c (out, '"');
  while (p < end) {
    const guint8 *plain = p;
    guint32 code;
    gsize size;

    while (p < end && plain_bytes[*p])
      p++;
    g_string_append_len (out, (const char *) plain, p - plain);
    if (p == end)
      break;
    switch (*p) {
    case '"': g_string_append (out, "\\\""); p++; continue;
    case '\\': g_string_append (out, "\\\\"); p++; continue;
    case '\b': g_string_append (out, "\\b"); p++; continue;
    case '\f': g_string_append (out, "\\f"); p++; continue;
    case '\n': g_string_append (out, "\\n"); p++; continue;
    case '\r': g_string_append (out, "\\r"); p++; continue;
    case '\t': g_string_append (out, "\\t"); p++; continue;
    default: break;
    }
    size = cr_json_decode_utf8 (p, end, &code);
    if (size == 0) {
      append_unit (out, 0xdc00u + *p);
      p++;
    } else if (code >= 0x10000) {
      append_unit (out, 0xd800 + ((code - 0x10000) >> 10));
      append_unit (out, 0xdc00 + ((code - 0x10000) & 0x3ff));
      p += size;
    } else {
      append_unit (out, code);
      p += size;
    }
  }
  g_string_append_c (out, '"');
}

void
cr_json_pointer_append_key (GString *pointer, const char *key, gsize length)
{
  const guint8 *p = (const guint8 *) key, *end = p + length;

  g_string_append_c (pointer, '/');
  while (p < end) {
    guint32 code;
    const gsize size = cr_json_decode_utf8 (p, end, &code);

    if (size == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || is_surrogate (code))
      append_unit (pointer, size == 0 ? 0xdc00u + *p : code);
    else if (code == '~')
      g_string_append (pointer, "~0");
    else if (code == '/')
      g_string_append (pointer, "~1");
    else
      g_string_append_len (pointer, (const char *) p, (gssize) size);
    p += MAX (size, 1);
  }
}

void
cr_json_pointer_append_index (GString *pointer, gsize index)
{
  g_string_append_printf (pointer, "/%" G_GSIZE_FORMAT, index);
}
