/* cr-decision-page.h: GO or NO_GO, why, what it rests on, and what is still to be said before the folder is sealed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../io/cr-rehearsal.h"
G_BEGIN_DECLS

/* Signals: "open-gate" (const char *gate): show its log; "new-rehearsal" (); "sealed" (): the summary was written */
#define CR_TYPE_DECISION_PAGE (cr_decision_page_get_type ())
G_DECLARE_FINAL_TYPE (CrDecisionPage, cr_decision_page, CR, DECISION_PAGE, AdwBin)
GtkWidget *cr_decision_page_new (void);
/* Shows the decision of @rehearsal, which is DECIDED or SEALED. What was typed for the same rehearsal stays. */
void       cr_decision_page_set_rehearsal (CrDecisionPage *self, CrRehearsal *rehearsal);
G_END_DECLS
