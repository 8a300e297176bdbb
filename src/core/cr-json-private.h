/* cr-json-private.h: how a document lies in memory, for cr-json.c, cr-canonical.c and cr-diff.c only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-json.h"
G_BEGIN_DECLS

/* Deeper documents are refused. Python 3.11 stops at about 994 (its recursion limit less the frames around json.loads); one limit
 * below that keeps our answer from depending on who calls, and the recursion here from the size of a thread's stack. */
#define CR_JSON_DEPTH_MAX        990
#define CR_JSON_STRICT_DEPTH_MAX 32
#define CR_JSON_STRICT_SIZE_MAX  (1024 * 1024)
#define CR_JSON_SIZE_MAX         (G_MAXINT32 - 16)  /* lengths are kept in 32 bits */
#define CR_JSON_DIGITS_MAX       4300               /* Python's limit for integers, sys.get_int_max_str_digits() */

/* 16 bytes: a payload of 100 MB has millions of them */
struct _CrJsonNode {
  guint8  type;   /* a CrJsonType */
  guint8  plain;  /* strings: only printable ASCII without quote and backslash, so that the text needs no escapes */
  guint32 size;   /* strings, numbers: bytes; arrays: items; objects: members */
  union {
    const char       *text;   /* strings, numbers: NUL-terminated, in the document's copy of the text */
    const CrJsonNode *nodes;  /* arrays: the items; objects: key, value, key, value, ... */
  };
};

/* The text of a document as json.loads(bytes) sees it: UTF-8 in which surrogates may stand, without byte order mark. Returns (transfer
 * full): borrows @text if it is UTF-8, else a copy; NULL with CR_JSON_ERROR_ENCODING */
GBytes     *cr_json_decode_text    (const char *text, gsize length, GError **error);

/* Length of the UTF-8 sequence at @p, before @end (surrogates pass, as with Python's "surrogatepass"), 0 if it is none; *@code: its
 * code point. And the way back: 1 to 4 bytes to @out */
gsize       cr_json_decode_utf8    (const guint8 *p, const guint8 *end, guint32 *code);
gsize       cr_json_encode_utf8    (guint32 code, guint8 *out);
/* Length of the escape at @p (a backslash), a pair of surrogates being one; 0 if it is none. *@code: its code point */
gsize       cr_json_read_escape    (const guint8 *p, const guint8 *end, guint32 *code);
/* Whether what stands between the quotes at @text and before @end, none of them escaped, is a string's inside */
gboolean    cr_json_is_string      (const guint8 *text, const guint8 *end);

/* Order of two keys by code point, as Python sorts them: the order of their bytes */
int         cr_json_compare_keys   (const CrJsonNode *a, const CrJsonNode *b);

/* The members of @object as Python's dict keeps them: each key once (the last value wins), sorted. Returns (transfer container):
 * an array of *@count pointers to keys, each followed by its value in memory; NULL if there is none */
const CrJsonNode **cr_json_sorted_members (const CrJsonNode *object, gsize *count);

/* One more token of a JSON Pointer: "/" and the key with ~ and / escaped; what could not be shown (controls, lone surrogates) as \uXXXX */
void        cr_json_pointer_append_key   (GString *pointer, const char *key, gsize length);
void        cr_json_pointer_append_index (GString *pointer, gsize index);

G_END_DECLS
