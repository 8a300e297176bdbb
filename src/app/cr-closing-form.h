/* cr-closing-form.h: what the operator adds to a decision before the folder is sealed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../io/cr-clock.h"
#include "../core/cr-evidence.h"
G_BEGIN_DECLS

/* Signal "changed" (): something was typed or chosen */
#define CR_TYPE_CLOSING_FORM (cr_closing_form_get_type ())
G_DECLARE_FINAL_TYPE (CrClosingForm, cr_closing_form, CR, CLOSING_FORM, AdwBin)
GtkWidget *cr_closing_form_new    (void);
/* Fills the form for @decision: a GO asks for the owner only. Nothing is kept but copies; @owner, @retry_at, @unblock: suggestions, "" or NULL for none. */
void       cr_closing_form_set_up (CrClosingForm *self, const CrDecision *decision, CrClock *clock, const char *owner, const char *retry_at,
                                   const char *unblock);
/* Fills @closing with what the form holds; its strings stay the form's until the next call. Error: cr_closing_check()'s first problem. */
gboolean   cr_closing_form_get    (CrClosingForm *self, CrClosing *closing, GError **error);
/* The next full hour of a working day (Monday to Friday, 9 to 17 o'clock, this computer's zone), an hour from @now or later. Unix seconds. */
gint64     cr_next_working_hour   (gint64 now, GTimeZone *zone);
G_END_DECLS
