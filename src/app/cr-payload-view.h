/* cr-payload-view.h: the payload before and after the duplicates, side by side
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../core/cr-judge.h"
G_BEGIN_DECLS

/* Signal "compared" (): the comparison that was asked for last is on screen */
#define CR_TYPE_PAYLOAD_VIEW (cr_payload_view_get_type ())
G_DECLARE_FINAL_TYPE (CrPayloadView, cr_payload_view, CR, PAYLOAD_VIEW, AdwBin)
GtkWidget  *cr_payload_view_new          (void);
/* Both (nullable) are copied. The comparison runs in a worker; a newer call replaces an older one. */
void        cr_payload_view_set_payloads (CrPayloadView *self, const CrPayload *before, const CrPayload *after);
/* "empty", "pair" (both texts), or "hashes" (at least one text is not there) */
const char *cr_payload_view_get_page     (CrPayloadView *self);
/* What the view says in one or two sentences, for assistive technology and for tests (borrowed) */
const char *cr_payload_view_get_summary  (CrPayloadView *self);
guint       cr_payload_view_get_n_changes (CrPayloadView *self);
/* (transfer full): the gutter's symbol and the text of each line shown on that side */
char       *cr_payload_view_get_side     (CrPayloadView *self, gboolean after);
/* Selects the next or previous change; FALSE at the ends */
gboolean    cr_payload_view_step         (CrPayloadView *self, gboolean forward);
/* (transfer full): a hash in groups of eight */
char       *cr_hash_groups               (const char *hash);
G_END_DECLS
