/* cr-review-page.h: page 4 of the wizard: everything in one list, and every command of every gate
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-wizard-page.h"
G_BEGIN_DECLS
/* Signal "edit" (const char *key): the user wants to change the field */
#define CR_TYPE_REVIEW_PAGE (cr_review_page_get_type ())
G_DECLARE_FINAL_TYPE (CrReviewPage, cr_review_page, CR, REVIEW_PAGE, CrWizardPage)
G_END_DECLS
