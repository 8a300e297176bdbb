/* cr-log-view.h: what the gates printed, one log a gate, in sections of one command each
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../io/cr-transport.h"
G_BEGIN_DECLS

/* Lines kept on screen a gate; the evidence file keeps all */
#define CR_LOG_VIEW_LINES 50000
/* Lines inserted at most in one go, and the time between two goes in milliseconds: more stalls drawing (measured: 80 ms for 1,000 lines) */
#define CR_LOG_VIEW_BATCH 400
#define CR_LOG_VIEW_PAUSE 50
/* Bytes of one line on screen; laying out longer ones takes seconds */
#define CR_LOG_VIEW_LINE_BYTES 4096

/* Signal "open-file" (const char *gate): the operator asks for the whole log */
#define CR_TYPE_LOG_VIEW (cr_log_view_get_type ())
G_DECLARE_FINAL_TYPE (CrLogView, cr_log_view, CR, LOG_VIEW, AdwBin)

GtkWidget  *cr_log_view_new          (void);
void        cr_log_view_clear        (CrLogView *self);
/* Queues @text (UTF-8, safe to show, one or more lines) for the log of @gate. CR_LOG_COMMAND opens the section of @step; output of a step goes to its
 * section wherever that is. @step (nullable): none. */
void        cr_log_view_append       (CrLogView *self, const char *gate, const char *step, CrLogStream stream, const char *text);
/* Ends the section of @step: @words ("exit code 0") after its header. Good ones fold, bad ones stay open. A section that opens
 * later ends as soon as it is there. */
void        cr_log_view_end_section  (CrLogView *self, const char *gate, const char *step, gboolean good, const char *words);
/* Chooses the log to show; @title is the gate's, for its name */
void        cr_log_view_show_gate    (CrLogView *self, const char *gate, const char *title);
const char *cr_log_view_get_gate     (CrLogView *self);   /* borrowed, nullable */
/* A sentence above the log on what is being waited for, or NULL */
void        cr_log_view_set_waiting  (CrLogView *self, const char *sentence);
/* Is there a file behind "Open Whole File"? */
void        cr_log_view_set_has_file (CrLogView *self, gboolean has_file);
/* For tests: fewer lines than CR_LOG_VIEW_LINES */
void        cr_log_view_set_limit    (CrLogView *self, guint lines);
gboolean    cr_log_view_is_settled   (CrLogView *self);   /* nothing queued */
/* (transfer full): the log of @gate; only what shows, or with @hidden also folded and filtered lines */
char       *cr_log_view_get_text     (CrLogView *self, const char *gate, gboolean hidden);
void        cr_log_view_start_search (CrLogView *self);
void        cr_log_view_expand       (CrLogView *self, gboolean open);
gboolean    cr_log_view_get_follow   (CrLogView *self);
G_END_DECLS
