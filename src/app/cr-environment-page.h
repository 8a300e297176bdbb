/* cr-environment-page.h: page 1 of the wizard: mode, profile, what is addressed, owner, evidence folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-wizard-page.h"
G_BEGIN_DECLS
#define CR_TYPE_ENVIRONMENT_PAGE (cr_environment_page_get_type ())
G_DECLARE_FINAL_TYPE (CrEnvironmentPage, cr_environment_page, CR, ENVIRONMENT_PAGE, CrWizardPage)
G_END_DECLS
