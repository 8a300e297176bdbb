/* cr-number.c: decimal to double and back, exactly as Python does it.
 *
 * Writing is Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles", 2020): one multiplication by a 128-bit power of
 * ten finds the shortest digits, so there is no search over precisions (a ladder of %.15g, %.16g, %.17g differs from repr() for 91
 * powers of two). Reading multiplies by the same table and keeps the result only if the known error cannot change the rounding;
 * otherwise the C library, which is exact, decides.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-number.h"
#include "cr-pow10.h"
#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

#define MAX_EXPONENT 100000000  /* beyond every double; keeps sums of exponents from overflowing */

static int
floor_log2_pow10 (int exponent)
{
  return (exponent * 1741647) >> 19;
}

static guint64
round_to_odd (int k, guint64 factor)
{
  const u128 low = (u128) pow10_table[k - POW10_MIN].low * factor;
  const u128 high = (u128) pow10_table[k - POW10_MIN].high * factor;
  const u128 sum = high + (guint64) (low >> 64);

  return (guint64) (sum >> 64) | ((guint64) sum > 1);
}

/* @bits of a finite double that is not zero, without sign: value = digits * 10^exponent */
static guint64
shortest_digits (guint64 bits, int *exponent)
{
  const guint64 fraction = bits & ((G_GUINT64_CONSTANT (1) << 52) - 1);
  const int biased = (int) (bits >> 52);
  const guint64 c = biased == 0 ? fraction : fraction | (G_GUINT64_CONSTANT (1) << 52);
  const int q = (biased == 0 ? 1 : biased) - 1075;
  const gboolean odd = (c & 1) != 0;
  const gboolean lower_is_closer = fraction == 0 && biased > 1;
  const int k = (q * 1262611 - (lower_is_closer ? 524031 : 0)) >> 22;
  const int h = q + floor_log2_pow10 (-k) + 1;
  const guint64 below = round_to_odd (-k, (4 * c - 2 + (lower_is_closer ? 1 : 0)) << h);
  const guint64 middle = round_to_odd (-k, (4 * c) << h);
  const guint64 above = round_to_odd (-k, (4 * c + 2) << h);
  const guint64 lower = below + (odd ? 1 : 0);
  const guint64 upper = above - (odd ? 1 : 0);
  const guint64 s = middle / 4;
  gboolean down_inside, up_inside;

  if (s >= 10) {
    const guint64 tens = s / 10;

    down_inside = lower <= 40 * tens;
    up_inside = 40 * tens + 40 <= upper;
    if (down_inside != up_inside) {
      *exponent = k + 1;
      return tens + (up_inside ? 1 : 0);
    }
  }
  *exponent = k;
  down_inside = lower <= 4 * s;
  up_inside = 4 * s + 4 <= upper;
  if (down_inside != up_inside)
    return s + (up_inside ? 1 : 0);
  return s + (middle > 4 * s + 2 || (middle == 4 * s + 2 && (s & 1) != 0) ? 1 : 0);
}

/* @digits without trailing zeros, the value being 0.DIGITS * 10^@point */
static gsize
write_digits (gboolean negative, const char *digits, int n_digits, int point, char *out)
{
  char *p = out;

  if (negative)
    *p++ = '-';
  if (point > 16 || point <= -4) {
    int exponent = point - 1;

    *p++ = digits[0];
    if (n_digits > 1) {
      *p++ = '.';
      memcpy (p, digits + 1, (gsize) n_digits - 1);
      p += n_digits - 1;
    }
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    exponent = ABS (exponent);
    if (exponent >= 100)
      *p++ = (char) ('0' + exponent / 100);
    *p++ = (char) ('0' + exponent / 10 % 10);
    *p++ = (char) ('0' + exponent % 10);
  } else if (point <= 0) {
    *p++ = '0';
    *p++ = '.';
    memset (p, '0', (gsize) -point);
    p += -point;
    memcpy (p, digits, (gsize) n_digits);
    p += n_digits;
  } else if (n_digits <= point) {
    memcpy (p, digits, (gsize) n_digits);
    memset (p + n_digits, '0', (gsize) (point - n_digits));
    p += point;
    *p++ = '.';
    *p++ = '0';
  } else {
    memcpy (p, digits, (gsize) point);
    p += point;
    *p++ = '.';
    memcpy (p, digits + point, (gsize) (n_digits - point));
    p += n_digits - point;
  }
  *p = '\0';
  return (gsize) (p - out);
}

gsize
cr_number_write_double (double value, char out[CR_NUMBER_DOUBLE_MAX])
{
  char digits[20];
  guint64 bits, integer;
  int n_digits = 0, exponent, point;
  gboolean negative;

  memcpy (&bits, &value, sizeof bits);
  negative = (bits >> 63) != 0;
  bits &= G_GUINT64_CONSTANT (0x7fffffffffffffff);
  if (bits >= G_GUINT64_CONSTANT (0x7ff0000000000000)) {
    const char *word = bits > G_GUINT64_CONSTANT (0x7ff0000000000000) ? "NaN" : negative ? "-Infinity" : "Infinity";

    return g_strlcpy (out, word, CR_NUMBER_DOUBLE_MAX);
  }
  if (bits == 0)
    return g_strlcpy (out, negative ? "-0.0" : "0.0", CR_NUMBER_DOUBLE_MAX);

  integer = shortest_digits (bits, &exponent);
  for (; integer % 10 == 0; integer /= 10)
    exponent++;
  for (guint64 rest = integer; rest != 0; rest /= 10)
    n_digits++;
  point = exponent + n_digits;
  for (int i = n_digits - 1; i >= 0; i--, integer /= 10)
    digits[i] = (char) ('0' + integer % 10);
  return write_digits (negative, digits, n_digits, point, out);
}

typedef struct {
  guint64  digits;       /* the first significant digits, at most 19 of them */
  int      n_digits;     /* how many of them; trailing zeros of the text are not counted if @exact */
  int      exponent;     /* value = digits * 10^exponent, if @exact */
  gboolean exact;        /* no digit but zeros was left out */
  gboolean negative;
} Decimal;

static void
read_decimal (const char *text, gsize length, Decimal *decimal)
{
  const char *p = text, *end = text + length;
  gboolean after_point = FALSE;
  int exponent = 0, zeros = 0;  /* zeros: seen after the last digit that was taken */

  *decimal = (Decimal) { .exact = TRUE };
  if (p < end && *p == '-') {
    decimal->negative = TRUE;
    p++;
  }
  for (; p < end && *p != 'e' && *p != 'E'; p++) {
    if (*p == '.') {
      after_point = TRUE;
      continue;
    }
    if (after_point && exponent > -MAX_EXPONENT)
      exponent--;
    if (*p == '0') {
      if (decimal->n_digits > 0 && zeros < MAX_EXPONENT)
        zeros++;
      continue;
    }
    if (decimal->n_digits + zeros + 1 > 19) {
      decimal->exact = FALSE;
      break;
    }
    for (; zeros > 0; zeros--, decimal->n_digits++)
      decimal->digits *= 10;
    decimal->digits = decimal->digits * 10 + (guint64) (*p - '0');
    decimal->n_digits++;
  }
  if (!decimal->exact)
    return;
  exponent += zeros;
  if (p < end) {
    gboolean minus;
    int written = 0;

    p++;
    minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
      p++;
    for (; p < end; p++)
      if (written < MAX_EXPONENT)
        written = written * 10 + (*p - '0');
    exponent += minus ? -written : written;
  }
  decimal->exponent = exponent;
}

/* True and the double if the rounding is certain */
static gboolean
decimal_to_double (const Decimal *decimal, double *value)
{
  guint64 mantissa, bits;
  u128 product, low;
  int shift, binary, normalize;

  if (decimal->digits == 0) {
    *value = decimal->negative ? -0.0 : 0.0;
    return TRUE;
  }
  if (decimal->exponent < POW10_MIN || decimal->exponent > POW10_MAX - 19)
    return FALSE;
  /* digits * table, 192 bits of which the upper 128 are kept. The table's entry is too large by less than 1, so the product is
   * too large by less than 2^64, which is 1 in the kept part; cutting the rest off makes it too small by less than 1. */
  shift = __builtin_clzll (decimal->digits);
  mantissa = decimal->digits << shift;
  low = (u128) mantissa * pow10_table[decimal->exponent - POW10_MIN].low;
  product = (u128) mantissa * pow10_table[decimal->exponent - POW10_MIN].high + (low >> 64);
  normalize = (product >> 127) != 0 ? 0 : 1;
  product <<= normalize;  /* errors double: within 2 either way */
  binary = floor_log2_pow10 (decimal->exponent) - 127 + 64 - shift - normalize;  /* value = product * 2^binary */
  if (binary + 127 < -1021 || binary + 127 > 1022)  /* subnormal or near overflow */
    return FALSE;
  {
    const u128 dropped = product & ((((u128) 1) << 75) - 1);
    const u128 half = ((u128) 1) << 74;

    if (dropped < 4 || dropped > (((u128) 1) << 75) - 4 || (dropped > half - 4 && dropped < half + 4))
      return FALSE;
    mantissa = (guint64) (product >> 75) + (dropped > half ? 1 : 0);
  }
  /* a carry out of the 53 bits lands in the exponent, as it should */
  bits = ((guint64) (binary + 127 + 1023 - 1) << 52) + mantissa;
  if (decimal->negative)
    bits |= G_GUINT64_CONSTANT (1) << 63;
  memcpy (value, &bits, sizeof bits);
  return TRUE;
}

static double
parse_exactly (const char *text, gsize length)
{
  char buffer[64];
  g_autofree char *copy = NULL;

  if (length < sizeof buffer) {
    memcpy (buffer, text, length);
    buffer[length] = '\0';
    return g_ascii_strtod (buffer, NULL);
  }
  copy = g_strndup (text, length);
  return g_ascii_strtod (copy, NULL);
}

double
cr_number_parse_double (const char *text, gsize length)
{
  Decimal decimal;
  double value;

  read_decimal (text, length, &decimal);
  if (decimal.exact && decimal_to_double (&decimal, &value))
    return value;
  return parse_exactly (text, length);
}

const char *
cr_number_canonical (const char *text, gsize length, char buffer[CR_NUMBER_DOUBLE_MAX], gsize *canonical_length)
{
  Decimal decimal;
  double value;

  /* the words for what is no number have neither of the three, too */
  if (memchr (text, '.', length) == NULL && memchr (text, 'e', length) == NULL && memchr (text, 'E', length) == NULL) {
    gboolean minus_zero = length == 2 && text[0] == '-' && text[1] == '0';

    *canonical_length = minus_zero ? 1 : length;
    return minus_zero ? "0" : text;
  }
  read_decimal (text, length, &decimal);
  if (decimal.exact && decimal.n_digits > 0 && decimal.n_digits <= 15
      && decimal.exponent + decimal.n_digits > -290 && decimal.exponent + decimal.n_digits < 290) {
    /* Up to 15 digits survive the way through a double, so they are themselves the shortest */
    char digits[20];
    guint64 rest = decimal.digits;

    for (int i = decimal.n_digits - 1; i >= 0; i--, rest /= 10)
      digits[i] = (char) ('0' + rest % 10);
    *canonical_length = write_digits (decimal.negative, digits, decimal.n_digits, decimal.exponent + decimal.n_digits, buffer);
    return buffer;
  }
  if (!decimal.exact || !decimal_to_double (&decimal, &value))
    value = parse_exactly (text, length);
  *canonical_length = cr_number_write_double (value, buffer);
  return buffer;
}
