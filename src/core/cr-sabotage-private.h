/* cr-sabotage-private.h: what the parts of the attack share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-sabotage.h"
G_BEGIN_DECLS

/* Attacks the reader of frames with answers to the first gate of @plan that has remote steps; adds to the counts and to @missed */
void cr_sabotage_frames (CrPlan *plan, guint *caught, guint *planted, GPtrArray *missed);

G_END_DECLS
