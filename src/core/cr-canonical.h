/* cr-canonical.h: the bytes of Python 3's json.dumps(obj, sort_keys=True, separators=(",",":")), and their SHA-256 (R section 5.6)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-json.h"
G_BEGIN_DECLS

/* The two fields the runbook masks: { "event_time", "data_lag_sec", NULL } */
extern const char *const CR_CANONICAL_MASK[];

/* Keys of @exclude (NULL-terminated, may be NULL) are removed at the top level only. Errors: CR_JSON_ERROR. */
GBytes *cr_canonical_bytes  (const char *text, gssize length, const char *const *exclude, GError **error);
/* (transfer full): 64 lower-case hex digits */
char   *cr_canonical_hash   (const char *text, gssize length, const char *const *exclude, GError **error);
/* (transfer full): the same document, keys sorted, two-space indent, one value a line: what the diff views show. UTF-8, not ASCII-escaped
 * except where a byte could not be shown (controls, lone surrogates). */
char   *cr_canonical_pretty (const char *text, gssize length, const char *const *exclude, GError **error);

/* Appends the same compact canonical text of one value of a document (nothing is excluded) */
void    cr_canonical_append_node (GString *out, const CrJsonNode *node);

G_END_DECLS
