/* cr-sabotage.h: sabotage before trust. Before a rehearsal starts, the judge is attacked with answers that must not pass.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-judge.h"
G_BEGIN_DECLS

/* Pure: no clock, no files; all times are fixed. From @resolved alone it makes good answers to every gate, which have to be judged PASS, and then
 * plants one defect at a time, each of which the judge has to see: the gate is not PASS, and the witness that was attacked does not hold. A kind of
 * defect counts once, however many gates it was planted in. *missed (transfer full): char*, what was not seen and where, safe to show; also good
 * answers that do not pass. TRUE if nothing was missed and anything could be planted. Each out argument is (nullable). */
gboolean cr_sabotage_run      (CrPlan *resolved, guint *caught, guint *planted, GPtrArray **missed);
/* (transfer full): "31 of 31 planted defects caught", and what was missed behind it; one line */
char    *cr_sabotage_describe (guint caught, guint planted, GPtrArray *missed);

G_END_DECLS
