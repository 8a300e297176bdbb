/* cr-buffer-band.h: T_cutover, its buffer window and the present moment on one line
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gtk/gtk.h>
#include "../core/cr-time.h"
G_BEGIN_DECLS

/* (transfer full), translated: the phase in one sentence ("The buffer window opens in 2 min 42 s"), for @now in Unix seconds */
char *cr_buffer_phase (const CrCutline *cutline, gint64 now);

/* Ten minutes on both sides of T; the window is hatched, not only coloured, and every moment has its word. */
#define CR_TYPE_BUFFER_BAND (cr_buffer_band_get_type ())
G_DECLARE_FINAL_TYPE (CrBufferBand, cr_buffer_band, CR, BUFFER_BAND, GtkWidget)
GtkWidget *cr_buffer_band_new         (void);
/* @compact: one line without words, for the strip above the timeline */
void       cr_buffer_band_set_compact (CrBufferBand *self, gboolean compact);
/* @cutline is copied; Unix seconds */
void       cr_buffer_band_set_time    (CrBufferBand *self, const CrCutline *cutline, gint64 now);
/* Marks the start of a gate; called once a gate. Unix seconds. */
void       cr_buffer_band_clear_ticks (CrBufferBand *self);
void       cr_buffer_band_add_tick    (CrBufferBand *self, gint64 seconds);
G_END_DECLS
