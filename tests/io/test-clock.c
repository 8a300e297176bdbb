/* test-clock.c: wall, monotonic and boot time, real and made
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <time.h>
#include "cr-clock.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

static void
test_real (void)
{
  g_autoptr(CrClock) clock = cr_clock_new ();
  time_t before = time (NULL);
  gint64 seconds = cr_clock_seconds (clock), monotonic = cr_clock_monotonic (clock), boottime = cr_clock_boottime (clock);

  g_assert_cmpint (seconds, >=, (gint64) before);
  g_assert_cmpint (cr_clock_now (clock), >=, (gint64) before * SECOND);
  g_assert_cmpint (cr_clock_monotonic (clock), >=, monotonic);
  g_assert_cmpint (cr_clock_boottime (clock), >=, boottime);
  g_assert_cmpint (boottime, >, 0);
}

static void
test_fake (void)
{
  g_autoptr(CrFakeClock) fake = cr_fake_clock_new (1771953230 * SECOND + 999999);
  CrClock *clock = CR_CLOCK (fake);
  gint64 monotonic = cr_clock_monotonic (clock), boottime = cr_clock_boottime (clock);

  g_assert_cmpint (cr_clock_seconds (clock), ==, 1771953230);
  g_assert_cmpint (cr_clock_now (clock), ==, 1771953230999999);
  cr_fake_clock_advance (fake, 1);
  g_assert_cmpint (cr_clock_seconds (clock), ==, 1771953231);
  g_assert_cmpint (cr_clock_monotonic (clock), ==, monotonic + 1);
  g_assert_cmpint (cr_clock_boottime (clock), ==, boottime + 1);
  cr_fake_clock_suspend (fake, 60 * SECOND);
  g_assert_cmpint (cr_clock_seconds (clock), ==, 1771953291);
  g_assert_cmpint (cr_clock_monotonic (clock), ==, monotonic + 1);
  g_assert_cmpint (cr_clock_boottime (clock), ==, boottime + 1 + 60 * SECOND);
  cr_fake_clock_jump (fake, -3600 * SECOND);
  g_assert_cmpint (cr_clock_seconds (clock), ==, 1771949691);
  g_assert_cmpint (cr_clock_monotonic (clock), ==, monotonic + 1);
  g_assert_cmpint (cr_clock_boottime (clock), ==, boottime + 1 + 60 * SECOND);
}

static void
test_before_1970 (void)
{
  g_autoptr(CrFakeClock) fake = cr_fake_clock_new (-1);

  g_assert_cmpint (cr_clock_seconds (CR_CLOCK (fake)), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/real", test_real);
  g_test_add_func ("/clock/fake", test_fake);
  g_test_add_func ("/clock/before-1970", test_before_1970);
  return g_test_run ();
}
