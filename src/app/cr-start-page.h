/* cr-start-page.h: what the window opens with
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
G_BEGIN_DECLS
/* Its buttons activate win.practice, win.real and win.open-evidence. */
#define CR_TYPE_START_PAGE (cr_start_page_get_type ())
G_DECLARE_FINAL_TYPE (CrStartPage, cr_start_page, CR, START_PAGE, AdwBin)
GtkWidget *cr_start_page_new (void);
G_END_DECLS
