/* cr-application.h: the application: options, actions, one window
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../core/cr-settings.h"
G_BEGIN_DECLS
#define CR_TYPE_APPLICATION (cr_application_get_type ())
G_DECLARE_FINAL_TYPE (CrApplication, cr_application, CR, APPLICATION, AdwApplication)

CrApplication *cr_application_new          (void);
/* (transfer full): runbook defaults, over them the profile @profile (nullable), over it what the command line gave, and this computer's defaults for
 * what is still empty. Error: the profile's or the option's; a sentence. */
CrSettings    *cr_application_new_settings (CrApplication *self, const char *profile, GError **error);
/* The profile the command line named, or NULL */
const char    *cr_application_get_profile  (CrApplication *self);
G_END_DECLS
