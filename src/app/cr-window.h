/* cr-window.h: the main window: start page, wizard, run, an evidence folder read back
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-application.h"
G_BEGIN_DECLS
#define CR_TYPE_WINDOW (cr_window_get_type ())
G_DECLARE_FINAL_TYPE (CrWindow, cr_window, CR, WINDOW, AdwApplicationWindow)

CrWindow *cr_window_new     (CrApplication *application);
/* Opens the wizard on its Review page with @settings, unless a rehearsal is under way */
void      cr_window_prepare (CrWindow *self, CrSettings *settings);
/* Ends without a question, for a signal: a running rehearsal is stopped first, so that its record and the practice target end properly */
void      cr_window_terminate (CrWindow *self);
G_END_DECLS
