/* cr-json.h: our own JSON reader. It keeps number text and key bytes, which json-glib loses.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

typedef enum {
  CR_JSON_ERROR_SYNTAX, CR_JSON_ERROR_ENCODING, CR_JSON_ERROR_DEPTH, CR_JSON_ERROR_SIZE, CR_JSON_ERROR_DUPLICATE, CR_JSON_ERROR_NUMBER,
  CR_JSON_ERROR_NOT_OBJECT
} CrJsonError;
#define CR_JSON_ERROR (cr_json_error_quark ())
GQuark cr_json_error_quark (void);

typedef enum {
  /* As Python 3.11's json.loads(bytes): NaN, Infinity and -Infinity, duplicate keys (last wins), lone surrogates, a byte order mark,
   * UTF-16 and UTF-32, integers of 4,300 digits at most. Own limits: 990 levels (Python: 994), 2 GiB */
  CR_JSON_PYTHON = 0,
  /* RFC 8259 and stricter, for answers of tools: no NaN, duplicate keys refused, depth <= 32, 1 MiB at most, no lone surrogates */
  CR_JSON_STRICT = 1,
} CrJsonMode;

typedef enum {
  CR_JSON_NULL, CR_JSON_FALSE, CR_JSON_TRUE, CR_JSON_NUMBER, CR_JSON_STRING, CR_JSON_ARRAY, CR_JSON_OBJECT
} CrJsonType;

typedef struct _CrJsonDoc  CrJsonDoc;   /* immutable, atomically reference counted; keeps what its nodes point to */
typedef struct _CrJsonNode CrJsonNode;  /* borrowed from its document */

/* @length -1 for a NUL-terminated text. The text is copied. Errors name line, column and JSON Pointer. */
CrJsonDoc        *cr_json_parse        (const char *text, gssize length, CrJsonMode mode, GError **error);
CrJsonDoc        *cr_json_doc_ref      (CrJsonDoc *doc);
void              cr_json_doc_unref    (CrJsonDoc *doc);
const CrJsonNode *cr_json_doc_root     (const CrJsonDoc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrJsonDoc, cr_json_doc_unref)

CrJsonType        cr_json_node_type    (const CrJsonNode *node);
/* Decoded UTF-8 (lone surrogates as their three bytes), NUL-terminated, may hold NULs: see *length. NULL if no string. */
const char       *cr_json_node_string  (const CrJsonNode *node, gsize *length);
/* The number exactly as it was written (also "NaN", "Infinity", "-Infinity"). NULL if no number. */
const char       *cr_json_node_number  (const CrJsonNode *node, gsize *length);
gsize             cr_json_node_size    (const CrJsonNode *node);               /* items or members; 0 for scalars */
const CrJsonNode *cr_json_node_at      (const CrJsonNode *node, gsize index);  /* item or member value, in document order */
const char       *cr_json_node_key_at  (const CrJsonNode *node, gsize index, gsize *length);
const CrJsonNode *cr_json_node_member  (const CrJsonNode *node, const char *key);  /* last of duplicates; NULL if absent or no object */

/* Conveniences; @node may be NULL. */
const char *cr_json_node_get_string (const CrJsonNode *node, const char *key);  /* NULL if absent, no string, or holding a NUL */
gboolean    cr_json_node_get_int    (const CrJsonNode *node, const char *key, gint64 *value);
gboolean    cr_json_node_get_bool   (const CrJsonNode *node, const char *key, gboolean *value);

/* Appends @length bytes of @text (UTF-8) as a JSON string with quotes, escaping as Python's ensure_ascii does. @length -1: strlen. */
void        cr_json_append_string   (GString *out, const char *text, gssize length);

G_END_DECLS
