/* cr-practice.h: starts and ends the built-in practice target, and points the settings at it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "../core/cr-settings.h"
G_BEGIN_DECLS
typedef enum { CR_PRACTICE_ERROR_START, CR_PRACTICE_ERROR_FAULT } CrPracticeError;
#define CR_PRACTICE_ERROR (cr_practice_error_quark ())
GQuark cr_practice_error_quark (void);

typedef struct { char *name; char *group; char *summary; char *classification; char *verdict; } CrFault;  /* verdict: expected of the first bad gate */
void       cr_fault_free (CrFault *fault);
GPtrArray *cr_practice_faults (GError **error);   /* (transfer container): CrFault; from data/practice-faults.json */

#define CR_TYPE_PRACTICE (cr_practice_get_type ())
G_DECLARE_FINAL_TYPE (CrPractice, cr_practice, CR, PRACTICE, GObject)
/* Starts `practice-target serve` with speed, faults and seed of @settings; ready when it has printed its one JSON line. Then sets az, spool_dir, jumpbox_path,
 * api_address and api_url in @settings with origin PRACTICE (unless set by option). */
void        cr_practice_start_async  (CrSettings *settings, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CrPractice *cr_practice_start_finish (GAsyncResult *result, GError **error);
const char *cr_practice_get_root     (CrPractice *self);
void        cr_practice_stop         (CrPractice *self);   /* ends it and removes its folder without blocking; dispose and the end of the program finish that at once */
G_END_DECLS
