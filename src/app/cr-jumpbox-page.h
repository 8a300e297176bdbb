/* cr-jumpbox-page.h: page 2 of the wizard: the jumpbox, az and its sign-in, time limits, the wrapper
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-wizard-page.h"
G_BEGIN_DECLS
#define CR_TYPE_JUMPBOX_PAGE (cr_jumpbox_page_get_type ())
G_DECLARE_FINAL_TYPE (CrJumpboxPage, cr_jumpbox_page, CR, JUMPBOX_PAGE, CrWizardPage)
G_END_DECLS
