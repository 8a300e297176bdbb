/* cr-clock-check.h: what can be known about this computer's clock without the jumpbox
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
G_BEGIN_DECLS

typedef enum { CR_CLOCK_NTP_UNKNOWN, CR_CLOCK_NTP_YES, CR_CLOCK_NTP_NO } CrClockNtp;
typedef struct {
  gboolean   have_offset;
  double     offset_seconds;  /* this computer's clock minus the server's; good to about a second, as the header has whole ones */
  CrClockNtp ntp;             /* what systemd-timedated says */
} CrClockFinding;

/* Asks @url (empty: nobody) for its Date header, and timedated for the state of NTP. At most 10 s. */
void     cr_clock_check_async  (const char *url, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* FALSE only if it was cancelled: not knowing is a finding. */
gboolean cr_clock_check_finish (GAsyncResult *result, CrClockFinding *finding, GError **error);
G_END_DECLS
