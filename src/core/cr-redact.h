/* cr-redact.h: known kinds of secrets are masked before anything is shown or stored (facts: reliability 4.8)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

/* One run's memory: equal secrets get the same number; holds values the app itself knows. Linear, no backtracking. */
typedef struct _CrRedactor CrRedactor;
CrRedactor *cr_redactor_new       (void);
CrRedactor *cr_redactor_ref       (CrRedactor *self);
void        cr_redactor_unref     (CrRedactor *self);
/* @value (8 bytes or more, else ignored) is masked wherever it appears, also base64 (three alignments), percent- or JSON-escaped */
void        cr_redactor_add_known (CrRedactor *self, const char *value);
/* (transfer full): @bytes with each secret replaced by "[redacted:<rule>:<n>]"; *count (nullable) is how many were replaced.
 * Works on any bytes; digests, ids and image digests are never touched. redact(redact(x)) = redact(x). */
GBytes     *cr_redactor_bytes     (CrRedactor *self, GBytes *bytes, guint *count);
char       *cr_redactor_text      (CrRedactor *self, const char *text, guint *count);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrRedactor, cr_redactor_unref)

G_END_DECLS
