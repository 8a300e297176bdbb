/* cr-clock.c: this computer's clock, and one that tests set and move by hand
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-clock.h"
#include <time.h>

G_DEFINE_TYPE (CrClock, cr_clock, G_TYPE_OBJECT)

/* boottime runs through suspend, so deadlines and countdowns use it; where it is missing, monotonic must do */
static gint64
read_clock (clockid_t id)
{
  struct timespec t;

  if (clock_gettime (id, &t) != 0)
    return g_get_monotonic_time ();
  return (gint64) t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static gint64
cr_clock_real_now (CrClock *self)
{
  return g_get_real_time ();
}

static gint64
cr_clock_real_monotonic (CrClock *self)
{
  return g_get_monotonic_time ();
}

static gint64
cr_clock_real_boottime (CrClock *self)
{
  return read_clock (CLOCK_BOOTTIME);
}

static void
cr_clock_class_init (CrClockClass *klass)
{
  klass->now = cr_clock_real_now;
  klass->monotonic = cr_clock_real_monotonic;
  klass->boottime = cr_clock_real_boottime;
}

static void
cr_clock_init (CrClock *self)
{
}

CrClock *
cr_clock_new (void)
{
  return g_object_new (CR_TYPE_CLOCK, NULL);
}

gint64
cr_clock_now (CrClock *self)
{
  g_return_val_if_fail (CR_IS_CLOCK (self), 0);
  return CR_CLOCK_GET_CLASS (self)->now (self);
}

gint64
cr_clock_seconds (CrClock *self)
{
  gint64 now = cr_clock_now (self);

  return now >= 0 ? now / G_USEC_PER_SEC : -((-now + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
}

gint64
cr_clock_monotonic (CrClock *self)
{
  g_return_val_if_fail (CR_IS_CLOCK (self), 0);
  return CR_CLOCK_GET_CLASS (self)->monotonic (self);
}

gint64
cr_clock_boottime (CrClock *self)
{
  g_return_val_if_fail (CR_IS_CLOCK (self), 0);
  return CR_CLOCK_GET_CLASS (self)->boottime (self);
}

struct _CrFakeClock {
  CrClock parent_instance;
  gint64  now, monotonic, boottime;  /* microseconds */
};

G_DEFINE_FINAL_TYPE (CrFakeClock, cr_fake_clock, CR_TYPE_CLOCK)

static gint64
cr_fake_clock_now (CrClock *clock)
{
  return CR_FAKE_CLOCK (clock)->now;
}

static gint64
cr_fake_clock_monotonic (CrClock *clock)
{
  return CR_FAKE_CLOCK (clock)->monotonic;
}

static gint64
cr_fake_clock_boottime (CrClock *clock)
{
  return CR_FAKE_CLOCK (clock)->boottime;
}

static void
cr_fake_clock_class_init (CrFakeClockClass *klass)
{
  CrClockClass *clock_class = CR_CLOCK_CLASS (klass);

  clock_class->now = cr_fake_clock_now;
  clock_class->monotonic = cr_fake_clock_monotonic;
  clock_class->boottime = cr_fake_clock_boottime;
}

/* An hour after boot: early enough to show that nobody takes these for wall time, late enough to subtract from */
static void
cr_fake_clock_init (CrFakeClock *self)
{
  self->monotonic = self->boottime = 3600 * (gint64) G_USEC_PER_SEC;
}

CrFakeClock *
cr_fake_clock_new (gint64 unix_us)
{
  CrFakeClock *self = g_object_new (CR_TYPE_FAKE_CLOCK, NULL);

  self->now = unix_us;
  return self;
}

void
cr_fake_clock_advance (CrFakeClock *self, gint64 us)
{
  g_return_if_fail (CR_IS_FAKE_CLOCK (self));
  self->now += us;
  self->monotonic += us;
  self->boottime += us;
}

void
cr_fake_clock_suspend (CrFakeClock *self, gint64 us)
{
  g_return_if_fail (CR_IS_FAKE_CLOCK (self));
  self->now += us;
  self->boottime += us;
}

void
cr_fake_clock_jump (CrFakeClock *self, gint64 us)
{
  g_return_if_fail (CR_IS_FAKE_CLOCK (self));
  self->now += us;
}
