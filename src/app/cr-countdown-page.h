/* cr-countdown-page.h: the wait for a T_cutover in the future
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../io/cr-rehearsal.h"
G_BEGIN_DECLS

/* Signals "cancel" (): stop the rehearsal; "show-gates" (): look at what ran so far */
#define CR_TYPE_COUNTDOWN_PAGE (cr_countdown_page_get_type ())
G_DECLARE_FINAL_TYPE (CrCountdownPage, cr_countdown_page, CR, COUNTDOWN_PAGE, AdwBin)
GtkWidget *cr_countdown_page_new       (void);
/* Recomputes everything from the clock: nothing is counted down */
void       cr_countdown_page_update    (CrCountdownPage *self, CrRehearsal *rehearsal);
/* Whether sleep is blocked while this waits */
void       cr_countdown_page_set_awake (CrCountdownPage *self, gboolean awake);
/* (transfer full): "T − 00:07:42", "T + 00:00:03" */
char      *cr_countdown_text           (gint64 t_cutover, gint64 now);
G_END_DECLS
