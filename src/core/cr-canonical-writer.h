/* cr-canonical-writer.h: from text to canonical text in one pass, for cr-canonical.c only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-json.h"
#include "cr-sha256.h"
G_BEGIN_DECLS

/**
 * cr_canonical_write:
 * @text: @length bytes of UTF-8 without byte order mark, as cr_json_decode_text() gives it
 * @exclude: (nullable): keys of the outermost object to leave out, NULL-terminated
 * @sha: (nullable): takes the canonical text; memory then stays small whatever the size of @text, unless members of many megabytes
 *   stand out of order below the eighth level
 * @bytes: (out) (nullable): without @sha, the canonical text (transfer full), not NUL-terminated
 *
 * Returns: FALSE if the text is no document of CR_JSON_PYTHON; why, cr_json_parse() tells
 */
gboolean cr_canonical_write (const char *text, gsize length, const char *const *exclude, CrSha256 *sha, GBytes **bytes);

/* Canonical text, @length bytes that cr_canonical_write() gave, in lines: see cr_canonical_pretty(). (transfer full) */
char    *cr_canonical_indent (const char *text, gsize length);

G_END_DECLS
