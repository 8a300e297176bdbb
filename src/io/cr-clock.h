/* cr-clock.h: one clock, so that tests and practice can have theirs
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
G_BEGIN_DECLS
#define CR_TYPE_CLOCK (cr_clock_get_type ())
G_DECLARE_DERIVABLE_TYPE (CrClock, cr_clock, CR, CLOCK, GObject)
struct _CrClockClass {
  GObjectClass parent_class;
  gint64 (*now)       (CrClock *self);  /* wall: Unix microseconds */
  gint64 (*monotonic) (CrClock *self);  /* microseconds, stands still in suspend */
  gint64 (*boottime)  (CrClock *self);  /* microseconds, runs through suspend */
};
CrClock *cr_clock_new       (void);     /* this computer's */
gint64   cr_clock_now       (CrClock *self);
gint64   cr_clock_seconds   (CrClock *self);  /* wall, Unix seconds */
gint64   cr_clock_monotonic (CrClock *self);
gint64   cr_clock_boottime  (CrClock *self);

/* A clock that tests set and move by hand */
#define CR_TYPE_FAKE_CLOCK (cr_fake_clock_get_type ())
G_DECLARE_FINAL_TYPE (CrFakeClock, cr_fake_clock, CR, FAKE_CLOCK, CrClock)
CrFakeClock *cr_fake_clock_new     (gint64 unix_us);
void         cr_fake_clock_advance (CrFakeClock *self, gint64 us);                    /* all three move */
void         cr_fake_clock_suspend (CrFakeClock *self, gint64 us);                    /* wall and boottime move */
void         cr_fake_clock_jump    (CrFakeClock *self, gint64 us);                    /* only the wall clock moves */
G_END_DECLS
