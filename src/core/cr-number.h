/* cr-number.h: JSON numbers as Python 3 writes them back
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

/* Room for any double: sign, 17 digits, point, leading zeros, exponent and NUL fit. */
#define CR_NUMBER_DOUBLE_MAX 32

/**
 * cr_number_write_double:
 * @value: any double
 * @out: room for CR_NUMBER_DOUBLE_MAX bytes; NUL-terminated afterwards
 *
 * Writes what Python's repr() gives: the shortest digits that read back as the same double (the nearest of those to the true
 * value), in plain notation from 1e-04 below 1e+16 and with an exponent of at least two digits outside; "Infinity", "-Infinity", "NaN".
 *
 * Returns: the length in bytes
 */
gsize    cr_number_write_double     (double value, char out[CR_NUMBER_DOUBLE_MAX]);

/**
 * cr_number_canonical:
 * @text: a number as JSON writes it, or "NaN", "Infinity", "-Infinity"; @length bytes, no NUL needed
 * @length: its length, at least 1
 * @buffer: room for CR_NUMBER_DOUBLE_MAX bytes
 * @canonical_length: (out): length of the result
 *
 * The number's canonical text: integers as they are (but "-0" is "0"), everything else as repr() of the double it reads as.
 *
 * Returns: (transfer none): @text itself or a part of it, @buffer, or a constant; not NUL-terminated in general
 */
const char *cr_number_canonical     (const char *text, gsize length, char buffer[CR_NUMBER_DOUBLE_MAX], gsize *canonical_length);

/**
 * cr_number_parse_double:
 * @text: a number as JSON writes it; @length bytes, no NUL needed
 *
 * Returns: the nearest double, ties to even; infinite if it is out of range
 */
double   cr_number_parse_double     (const char *text, gsize length);

G_END_DECLS
