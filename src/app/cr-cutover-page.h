/* cr-cutover-page.h: page 3 of the wizard: T_cutover, what follows from it, the run's id, practice choices
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-wizard-page.h"
G_BEGIN_DECLS
#define CR_TYPE_CUTOVER_PAGE (cr_cutover_page_get_type ())
G_DECLARE_FINAL_TYPE (CrCutoverPage, cr_cutover_page, CR, CUTOVER_PAGE, CrWizardPage)
/* Checks a set T_cutover against the clock again, which may have passed it */
void cr_cutover_page_refresh (CrCutoverPage *self);
G_END_DECLS
