/* cr-diff.h: what changed between two payloads: by line, by word and by structure. Pure functions, cancellable.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "cr-json.h"
G_BEGIN_DECLS

typedef enum { CR_DIFF_EQUAL, CR_DIFF_DELETE, CR_DIFF_INSERT, CR_DIFF_REPLACE } CrDiffOp;
typedef struct { CrDiffOp op; guint a_start, a_count, b_start, b_count; } CrDiffChunk;

/* Myers with linear space and a cost limit over lines (without their LF). Chunks cover both sides completely, in order.
 * Returns (transfer full) a GArray of CrDiffChunk, or NULL with G_IO_ERROR_CANCELLED. */
GArray *cr_diff_lines (const char *a, gssize a_length, const char *b, gssize b_length, GCancellable *cancellable, GError **error);
/* The same over words, numbers and punctuation of two short texts; offsets and counts are bytes. */
GArray *cr_diff_words (const char *a, gssize a_length, const char *b, gssize b_length);

typedef enum { CR_CHANGE_ADDED, CR_CHANGE_REMOVED, CR_CHANGE_CHANGED, CR_CHANGE_MOVED, CR_CHANGE_EXCLUDED } CrChangeKind;
typedef struct {
  CrChangeKind  kind;
  char         *pointer;       /* (owned): JSON Pointer in AFTER, for REMOVED in BEFORE */
  char         *from_pointer;  /* (owned) (nullable): MOVED only: where it was */
  char         *before;        /* (owned) (nullable): compact canonical JSON text of the value */
  char         *after;         /* (owned) (nullable) */
  gboolean      differs;       /* EXCLUDED only: did the masked field change? */
} CrChange;
void cr_change_free (CrChange *change);

/* Structural diff of two documents; key order ignored, arrays aligned by content, numbers equal if their canonical text is equal.
 * Keys of @exclude at the top level come as CR_CHANGE_EXCLUDED, always, also when equal. (transfer container): GPtrArray of CrChange */
GPtrArray *cr_diff_structure (const CrJsonNode *before, const CrJsonNode *after, const char *const *exclude,
                              GCancellable *cancellable, GError **error);

G_END_DECLS
