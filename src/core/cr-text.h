/* cr-text.h: untrusted bytes made safe to show, to store as a line, to put into Markdown
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

/* Valid UTF-8 without controls other than LF and TAB: escapes, CR, BS, NUL, C1, bidi and zero-width characters and invalid bytes become
 * visible text such as <U+202E>, \x1b, \xff. Never fails. (transfer full). @length -1: strlen */
char *cr_text_display      (const char *bytes, gssize length);
/* The same, and in one line: LF and TAB become visible too; at most @max characters (0: no limit), then "…" */
char *cr_text_display_line (const char *bytes, gssize length, gsize max);
/* Each line prefixed "| ", ends with LF; for the body of evidence files. @bytes need not be safe: cr_text_display() is applied. */
char *cr_text_quote_body   (const char *bytes, gssize length);
/* One Markdown table cell or inline text that can't form markup, links or HTML (G6) */
char *cr_text_markdown     (const char *text);

G_END_DECLS
