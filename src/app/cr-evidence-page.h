/* cr-evidence-page.h: an evidence folder read back: decision, verdicts, problems; changes nothing
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../io/cr-evidence-folder.h"
G_BEGIN_DECLS
#define CR_TYPE_EVIDENCE_PAGE (cr_evidence_page_get_type ())
G_DECLARE_FINAL_TYPE (CrEvidencePage, cr_evidence_page, CR, EVIDENCE_PAGE, AdwBin)
GtkWidget *cr_evidence_page_new         (void);
/* Shows what was read; nothing of @reading is kept. */
void       cr_evidence_page_set_reading (CrEvidencePage *self, CrEvidenceReading *reading);
G_END_DECLS
