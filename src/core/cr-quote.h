/* cr-quote.h: the one place where a value becomes a word of a shell (facts: reliability 5.1)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS
typedef enum { CR_QUOTE_ERROR_CHARACTER } CrQuoteError;
#define CR_QUOTE_ERROR (cr_quote_error_quark ())
GQuark cr_quote_error_quark (void);

/* (transfer full): @value as one single-quoted POSIX shell word. Refuses anything but printable ASCII, LF and TAB, with a message that
 * names the first bad byte and its position: only such text survives az, JSON and the agent unchanged. Words made only of
 * [A-Za-z0-9_@%+=:,./-] are returned without quotes, so that commands stay readable. */
char *cr_quote_word (const char *value, GError **error);
/* (transfer full): all words of @argv, quoted and joined by blanks */
char *cr_quote_argv (const char *const *argv, GError **error);
G_END_DECLS
