/* cr-myers.h: the shortest way from one sequence to another, for cr-diff.c only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-diff.h"
G_BEGIN_DECLS

/* A fast hash of bytes for the tables below; equality is always checked on the bytes themselves */
guint64  cr_myers_hash    (const void *data, gsize length, guint64 seed);

/**
 * cr_myers_compare:
 * @a, @b: sequences of classes: equal elements have equal numbers, all below @n_classes
 * @a_changed, @b_changed: zero-filled; set to 1 where an element is not in the common subsequence
 *
 * Myers' O(ND) algorithm in linear space. Up to 1,024 elements that occur on both sides, and whenever no more than about 512
 * elements differ, the common subsequence is a longest one; beyond, elements that occur once on each side are taken as fixed points
 * (patience), and where there are none, the best path found within the cost limit is kept.
 *
 * Returns: FALSE if @cancellable was cancelled
 */
gboolean cr_myers_compare (const guint32 *a, gsize n_a, const guint32 *b, gsize n_b, gsize n_classes,
                           guint8 *a_changed, guint8 *b_changed, GCancellable *cancellable);

/* The chunks that the flags of cr_myers_compare() say, covering both sides. (transfer full): GArray of CrDiffChunk */
GArray  *cr_myers_chunks  (const guint8 *a_changed, gsize n_a, const guint8 *b_changed, gsize n_b);

G_END_DECLS
