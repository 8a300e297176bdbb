/* cr-time.h: UTC only. Strict parsing, instants, the cut line and its buffer window
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

typedef enum { CR_TIME_ERROR_FORM, CR_TIME_ERROR_RANGE, CR_TIME_ERROR_REUSED } CrTimeError;
#define CR_TIME_ERROR (cr_time_error_quark ())
GQuark cr_time_error_quark (void);

/* Exactly YYYY-MM-DDTHH:MM:SSZ (seconds 00-59, real calendar day, years 1970-9999). *seconds is Unix time in seconds. */
gboolean  cr_time_parse_utc   (const char *text, gint64 *seconds, GError **error);
/* (transfer full): the strict form of @seconds; "@" and the number outside the years 1-9999 */
char     *cr_time_format_utc  (gint64 seconds);
/* (transfer full): YYYYMMDDHHMMSS, or with @underscore YYYYMMDD_HHMMSS */
char     *cr_time_format_stamp (gint64 seconds, gboolean underscore);
/* An ISO 8601 instant as APIs print it: any offset or Z, optional fraction. *microseconds is Unix time. No zone: error. */
gboolean  cr_instant_parse    (const char *text, gint64 *microseconds, GError **error);
/* The IMF-fixdate of an HTTP Date header ("Mon, 23 Nov 2026 09:12:28 GMT") */
gboolean  cr_http_date_parse  (const char *text, gint64 *seconds, GError **error);

/* R section 4: one cut line splits the ranges; the buffer is fixed to 5 minutes on both sides. Unix seconds. */
typedef struct {
  gint64 t_cutover;
  gint64 backfill_since;  /* T - 24 h */
  gint64 backfill_until;  /* T - 1 s  */
  gint64 sync_since;      /* T        */
  gint64 window_start;    /* T - 5 min */
  gint64 window_end;      /* T + 5 min */
  gint64 backfill_event;  /* T - 1 h: event time of the synthetic rows */
} CrCutline;

#define CR_BUFFER_SECONDS 300

typedef enum {
  CR_BUFFER_BEFORE,       /* before T - 5 min */
  CR_BUFFER_INSIDE_EARLY, /* T - 5 min <= now < T */
  CR_BUFFER_INSIDE_LATE,  /* T <= now <= T + 5 min */
  CR_BUFFER_AFTER,        /* after T + 5 min */
} CrBufferState;

void           cr_cutline_init  (CrCutline *self, gint64 t_cutover);
CrBufferState  cr_cutline_state (const CrCutline *self, gint64 now);
const char    *cr_buffer_state_to_string (CrBufferState state); /* "before", "inside_before_t", "inside_after_t", "after" */

/* RUN_ID = e2-3-<YYYYMMDDHHMMSS>; folder = <YYYYMMDD_HHMMSS>_e2_3_reload_cutover_rehearsal[_practice]. (transfer full) */
char     *cr_run_id_new         (gint64 seconds);
gboolean  cr_run_id_check       (const char *run_id, GError **error);  /* [A-Za-z0-9][A-Za-z0-9_-]{0,63} */
char     *cr_run_folder_name    (gint64 seconds, gboolean practice);

G_END_DECLS
