/* cr-run-page.h: one rehearsal as it runs: countdown, timeline with log and payloads, decision, or what went wrong
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../io/cr-rehearsal.h"
G_BEGIN_DECLS

/* Properties (read-only, notify): "title" (string, never NULL): for the header bar; "running" (boolean): started and not decided yet, so that Stop makes
 * sense; "open-ended" (boolean): decided, and the summary is still to be written, so that closing the window should ask.
 * Signal "new-rehearsal" (): the operator wants another one with the settings of cr_run_page_get_rehearsal(). */
#define CR_TYPE_RUN_PAGE (cr_run_page_get_type ())
G_DECLARE_FINAL_TYPE (CrRunPage, cr_run_page, CR, RUN_PAGE, AdwBin)

GtkWidget   *cr_run_page_new           (void);
/* Shows @rehearsal (nullable), which may be idle, running or over. Takes a reference. */
void         cr_run_page_set_rehearsal (CrRunPage *self, CrRehearsal *rehearsal);
CrRehearsal *cr_run_page_get_rehearsal (CrRunPage *self);   /* borrowed, nullable */
/* Runs the idle rehearsal that was set. The page then follows it by itself: nothing more to call. */
void         cr_run_page_start         (CrRunPage *self);
/* Asks whether to stop; stops on yes. Does nothing where nothing runs. */
void         cr_run_page_ask_stop      (CrRunPage *self);
/* Shows the gate that decided, with its log (Ctrl+J); nothing where none did */
void         cr_run_page_show_failed_gate (CrRunPage *self);
/* "log", "payloads" or "details" of the detail pane (Ctrl+3, 4, 5) */
void         cr_run_page_show_detail   (CrRunPage *self, const char *name);
G_END_DECLS
