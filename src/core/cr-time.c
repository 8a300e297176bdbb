/* cr-time.c: UTC only. Strict parsing, instants, the cut line and its buffer window
 *
 * Calendar arithmetic is done here on integers: GDateTime takes more forms than the contract does and turns second 60 into 59
 * (facts: desktop, finding 10), and nothing here may depend on the time zone of the computer.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-time.h"
#include "cr-text.h"
#include <string.h>

/* Not by G_DEFINE_QUARK, whose argument holds a word that the core's guard forbids */
GQuark
cr_time_error_quark (void)
{
  return g_quark_from_static_string ("cr-time-error-quark");
}

#define SECONDS_PER_DAY G_GINT64_CONSTANT (86400)
#define MICROSECONDS    G_GINT64_CONSTANT (1000000)
#define FIRST_SECOND    G_GINT64_CONSTANT (-62135596800)  /* 0001-01-01T00:00:00Z */
#define LAST_SECOND     G_GINT64_CONSTANT (253402300799)  /* 9999-12-31T23:59:59Z */

typedef struct { int year, month, day, hour, minute, second; } Civil;

/* What was given, cut short and made visible */
static char *
shown (const char *text)
{
  return cr_text_display_line (text, (gssize) strnlen (text, 256), 64);
}

static gboolean
take_digits (const char **text, guint count, int *value)
{
  const char *p = *text;

  *value = 0;
  for (guint i = 0; i < count; i++) {
    if (!g_ascii_isdigit (p[i]))
      return FALSE;
    *value = *value * 10 + (p[i] - '0');
  }
  *text = p + count;
  return TRUE;
}

static gboolean
take_char (const char **text, char c)
{
  if (**text != c)
    return FALSE;
  (*text)++;
  return TRUE;
}

static gboolean
take_clock (const char **text, Civil *civil)
{
  return take_digits (text, 2, &civil->hour) && take_char (text, ':') && take_digits (text, 2, &civil->minute)
         && take_char (text, ':') && take_digits (text, 2, &civil->second);
}

/* YYYY-MM-DDTHH:MM:SS, form only */
static gboolean
take_civil (const char **text, Civil *civil)
{
  return take_digits (text, 4, &civil->year) && take_char (text, '-') && take_digits (text, 2, &civil->month)
         && take_char (text, '-') && take_digits (text, 2, &civil->day) && take_char (text, 'T') && take_clock (text, civil);
}

static int
days_in_month (int year, int month)
{
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

  return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static gboolean
civil_exists (const Civil *civil)
{
  return civil->year >= 1 && civil->month >= 1 && civil->month <= 12 && civil->day >= 1
         && civil->day <= days_in_month (civil->year, civil->month) && civil->hour <= 23 && civil->minute <= 59 && civil->second <= 59;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar: years begin in March, so that the leap day is the last of its year */
static gint64
civil_to_days (int year, int month, int day)
{
  gint64 y = year - (month <= 2 ? 1 : 0);
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  gint64 year_of_era = y - era * 400;
  gint64 day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  gint64 day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

  return era * 146097 + day_of_era - 719468;
}

static gint64
civil_to_seconds (const Civil *civil)
{
  return civil_to_days (civil->year, civil->month, civil->day) * SECONDS_PER_DAY + civil->hour * 3600 + civil->minute * 60
         + civil->second;
}

/* @seconds between FIRST_SECOND and LAST_SECOND */
static void
civil_from_seconds (gint64 seconds, Civil *civil)
{
  gint64 days = seconds / SECONDS_PER_DAY;
  gint64 rest = seconds % SECONDS_PER_DAY;
  gint64 shifted, era, day_of_era, year_of_era, day_of_year, month;

  if (rest < 0) {
    rest += SECONDS_PER_DAY;
    days--;
  }
  shifted = days + 719468;
  era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  day_of_era = shifted - era * 146097;
  year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  month = (5 * day_of_year + 2) / 153;  /* 0: March */
  civil->day = (int) (day_of_year - (153 * month + 2) / 5 + 1);
  civil->month = (int) (month < 10 ? month + 3 : month - 9);
  civil->year = (int) (year_of_era + era * 400 + (civil->month <= 2 ? 1 : 0));
  civil->hour = (int) (rest / 3600);
  civil->minute = (int) (rest / 60 % 60);
  civil->second = (int) (rest % 60);
}

/**
 * cr_time_parse_utc:
 * @text: exactly `YYYY-MM-DDTHH:MM:SSZ`, years 1970 to 9999
 * @seconds: (out): Unix time; unchanged on error
 *
 * Returns: false and a CR_TIME_ERROR: FORM for another form, RANGE for a day or a time of day that does not exist (also second 60)
 */
gboolean
cr_time_parse_utc (const char *text, gint64 *seconds, GError **error)
{
  const char *p = text;
  Civil civil;

  g_return_val_if_fail (text != NULL && seconds != NULL, FALSE);

  if (!take_civil (&p, &civil) || !take_char (&p, 'Z') || *p != '\0') {
    g_autofree char *value = shown (text);
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_FORM, "\"%s\" is not a UTC time of the form YYYY-MM-DDTHH:MM:SSZ", value);
    return FALSE;
  }
  if (!civil_exists (&civil) || civil.year < 1970) {
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_RANGE,
                 "\"%s\" does not exist: a real calendar day from 1970 on, hours 00-23, minutes and seconds 00-59 are expected", text);
    return FALSE;
  }
  *seconds = civil_to_seconds (&civil);
  return TRUE;
}

/**
 * cr_time_format_utc:
 * @seconds: Unix time
 *
 * Returns: (transfer full): `YYYY-MM-DDTHH:MM:SSZ`; outside the years 1 to 9999, where that form ends, `@` and the number, which no parser
 *   here takes for a time
 */
char *
cr_time_format_utc (gint64 seconds)
{
  Civil c;

  if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
    return g_strdup_printf ("@%" G_GINT64_FORMAT, seconds);
  civil_from_seconds (seconds, &c);
  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

/**
 * cr_time_format_stamp:
 * @seconds: Unix time
 * @underscore: with `_` between day and time of day
 *
 * Returns: (transfer full): `YYYYMMDDHHMMSS`; as cr_time_format_utc() outside the years 1 to 9999, without the `@`
 */
char *
cr_time_format_stamp (gint64 seconds, gboolean underscore)
{
  Civil c;

  if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
    return g_strdup_printf ("%" G_GINT64_FORMAT, seconds);
  civil_from_seconds (seconds, &c);
  return g_strdup_printf ("%04d%02d%02d%s%02d%02d%02d", c.year, c.month, c.day, underscore ? "_" : "", c.hour, c.minute, c.second);
}

/**
 * cr_instant_parse:
 * @text: `YYYY-MM-DDTHH:MM:SS`, optional fraction (`.` or `,`, any number of digits), then `Z`, `+HH:MM`, `+HHMM` or `+HH` (or `-`);
 *   a blank or `t` in place of `T` and `z` are taken too, as RFC 3339 and PostgreSQL write them. Years 1 to 9999
 * @microseconds: (out): Unix time; digits of the fraction beyond the sixth are cut off; unchanged on error
 *
 * Returns: false and a CR_TIME_ERROR: FORM for another form, no zone among them; RANGE for a day, time of day or offset that does not exist
 */
gboolean
cr_instant_parse (const char *text, gint64 *microseconds, GError **error)
{
  const char *p = text;
  Civil civil;
  gint64 fraction = 0;
  int hours = 0, minutes = 0, sign = 1;
  gboolean form;

  g_return_val_if_fail (text != NULL && microseconds != NULL, FALSE);

  form = take_digits (&p, 4, &civil.year) && take_char (&p, '-') && take_digits (&p, 2, &civil.month) && take_char (&p, '-')
         && take_digits (&p, 2, &civil.day) && (take_char (&p, 'T') || take_char (&p, ' ') || take_char (&p, 't'))
         && take_clock (&p, &civil);
  if (form && (take_char (&p, '.') || take_char (&p, ','))) {
    gint64 unit = MICROSECONDS / 10;
    form = g_ascii_isdigit (*p);
    for (; g_ascii_isdigit (*p); p++, unit /= 10)
      fraction += unit * (*p - '0');
  }
  if (form && *p == '\0') {
    g_autofree char *value = shown (text);
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_FORM, "\"%s\" names no time zone, so it is no instant", value);
    return FALSE;
  }
  if (form && !take_char (&p, 'Z') && !take_char (&p, 'z')) {
    sign = *p == '-' ? -1 : 1;
    form = (take_char (&p, '+') || take_char (&p, '-')) && take_digits (&p, 2, &hours);
    if (form && *p != '\0') {
      take_char (&p, ':');
      form = take_digits (&p, 2, &minutes);
    }
  }
  if (!form || *p != '\0') {
    g_autofree char *value = shown (text);
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_FORM,
                 "\"%s\" is not an ISO 8601 time with a zone, such as 2026-02-24T17:13:50.250+00:00", value);
    return FALSE;
  }
  if (!civil_exists (&civil) || hours > 23 || minutes > 59) {
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_RANGE, "\"%s\" does not exist", text);
    return FALSE;
  }
  *microseconds = (civil_to_seconds (&civil) - sign * (hours * 3600 + minutes * 60)) * MICROSECONDS + fraction;
  return TRUE;
}

static gboolean
take_name (const char **text, const char *const *names, int n, int *index)
{
  for (*index = 0; *index < n; (*index)++) {
    if (strncmp (*text, names[*index], 3) == 0) {
      *text += 3;
      return TRUE;
    }
  }
  return FALSE;
}

/**
 * cr_http_date_parse:
 * @text: the IMF-fixdate of RFC 9110, `Mon, 23 Nov 2026 09:12:28 GMT`; the obsolete forms are refused
 * @seconds: (out): Unix time; unchanged on error
 *
 * Returns: false and a CR_TIME_ERROR: FORM for another form, RANGE for a day that does not exist or is another weekday
 */
gboolean
cr_http_date_parse (const char *text, gint64 *seconds, GError **error)
{
  static const char *const weekdays[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };  /* of 1970-01-01 and on */
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  const char *p = text;
  Civil civil;
  int weekday, month;

  g_return_val_if_fail (text != NULL && seconds != NULL, FALSE);

  if (!take_name (&p, weekdays, 7, &weekday) || !take_char (&p, ',') || !take_char (&p, ' ') || !take_digits (&p, 2, &civil.day)
      || !take_char (&p, ' ') || !take_name (&p, months, 12, &month) || !take_char (&p, ' ') || !take_digits (&p, 4, &civil.year)
      || !take_char (&p, ' ') || !take_clock (&p, &civil) || !g_str_equal (p, " GMT")) {
    g_autofree char *value = shown (text);
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_FORM,
                 "\"%s\" is not an HTTP date of the form Mon, 23 Nov 2026 09:12:28 GMT", value);
    return FALSE;
  }
  civil.month = month + 1;
  if (!civil_exists (&civil) || civil.year < 1970 || civil_to_days (civil.year, civil.month, civil.day) % 7 != weekday) {
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_RANGE, "\"%s\" does not exist", text);
    return FALSE;
  }
  *seconds = civil_to_seconds (&civil);
  return TRUE;
}

/**
 * cr_cutline_init:
 * @t_cutover: Unix time in seconds, as cr_time_parse_utc() gives it
 *
 * Splits the ranges at @t_cutover. Source: runbook, section 4; the event time of the synthetic rows is section 5.1's.
 */
void
cr_cutline_init (CrCutline *self, gint64 t_cutover)
{
  self->t_cutover = t_cutover;
  self->backfill_since = t_cutover - SECONDS_PER_DAY;
  self->backfill_until = t_cutover - 1;
  self->sync_since = t_cutover;
  self->window_start = t_cutover - CR_BUFFER_SECONDS;
  self->window_end = t_cutover + CR_BUFFER_SECONDS;
  self->backfill_event = t_cutover - 3600;
}

/**
 * cr_cutline_state:
 * @now: Unix time in seconds
 *
 * Returns: where @now lies; both ends of the buffer window belong to it, T itself to its second half
 */
CrBufferState
cr_cutline_state (const CrCutline *self, gint64 now)
{
  if (now < self->window_start)
    return CR_BUFFER_BEFORE;
  if (now < self->t_cutover)
    return CR_BUFFER_INSIDE_EARLY;
  return now <= self->window_end ? CR_BUFFER_INSIDE_LATE : CR_BUFFER_AFTER;
}

const char *
cr_buffer_state_to_string (CrBufferState state)
{
  switch (state) {
  case CR_BUFFER_BEFORE:
    return "before";
  case CR_BUFFER_INSIDE_EARLY:
    return "inside_before_t";
  case CR_BUFFER_INSIDE_LATE:
    return "inside_after_t";
  case CR_BUFFER_AFTER:
  default:
    return "after";
  }
}

char *
cr_run_id_new (gint64 seconds)
{
  g_autofree char *stamp = cr_time_format_stamp (seconds, FALSE);

  return g_strconcat ("e2-3-", stamp, NULL);
}

/**
 * cr_run_id_check:
 *
 * Returns: whether @run_id is 1 to 64 letters, digits, `-` and `_`, the first one a letter or digit; else false and CR_TIME_ERROR_FORM
 */
gboolean
cr_run_id_check (const char *run_id, GError **error)
{
  gsize length;
  gboolean good;

  g_return_val_if_fail (run_id != NULL, FALSE);

  length = strlen (run_id);
  good = length >= 1 && length <= 64 && g_ascii_isalnum (run_id[0]);
  for (gsize i = 1; good && i < length; i++)
    good = g_ascii_isalnum (run_id[i]) || run_id[i] == '-' || run_id[i] == '_';
  if (!good) {
    g_autofree char *value = shown (run_id);
    g_set_error (error, CR_TIME_ERROR, CR_TIME_ERROR_FORM,
                 "\"%s\" is no run id: 1 to 64 of A-Z, a-z, 0-9, - and _ are expected, the first a letter or digit", value);
  }
  return good;
}

char *
cr_run_folder_name (gint64 seconds, gboolean practice)
{
  g_autofree char *stamp = cr_time_format_stamp (seconds, TRUE);

  return g_strconcat (stamp, "_e2_3_reload_cutover_rehearsal", practice ? "_practice" : "", NULL);
}
