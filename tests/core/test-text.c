/* test-text.c: no byte of remote text may act on a terminal, a label, a log or a summary
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <locale.h>
#include <string.h>
#include "cr-text.h"

/* Runs @program under Debian's Python with @input, NULL if Python (or a module, exit 77) is missing */
static char *
run_python (const char *program, const char *input, gsize length)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "/usr/bin/python3", "-c",
                                                   program, NULL);
  g_autoptr(GBytes) in = g_bytes_new (input, length), out = NULL;

  if (child == NULL)
    return NULL;
  g_assert_true (g_subprocess_communicate (child, in, NULL, &out, NULL, &error));
  if (g_subprocess_get_exit_status (child) == 77)
    return NULL;
  g_assert_cmpint (g_subprocess_get_exit_status (child), ==, 0);
  return g_bytes_get_size (out) > 0 ? g_strndup (g_bytes_get_data (out, NULL), g_bytes_get_size (out)) : g_strdup ("");
}

static void
assert_display (const char *bytes, gssize length, const char *expected)
{
  g_autofree char *shown = cr_text_display (bytes, length);

  g_assert_cmpstr (shown, ==, expected);
}

static void
test_kinds (void)
{
  assert_display ("plain \t text\n", -1, "plain \t text\n");
  assert_display ("", 0, "");
  assert_display (NULL, 0, "");
  assert_display ("a\0b", 3, "a\\x00b");
  assert_display ("\033[31mred\033[0m", -1, "\\x1b[31mred\\x1b[0m");
  assert_display ("\033]52;c;aGk=\a", -1, "\\x1b]52;c;aGk=\\x07");
  assert_display ("50%\r100%\r\n", -1, "50%\\x0d100%\\x0d\n");
  assert_display ("pass\b\b\b\bfail", -1, "pass\\x08\\x08\\x08\\x08fail");
  assert_display ("\x7f", -1, "\\x7f");
  assert_display ("\xc2\x9b" "31m", -1, "<U+009B>31m");                     /* C1 control sequence introducer as UTF-8 */
  assert_display ("\x9b" "31m", -1, "\\x9b31m");                            /* and as a byte */
  assert_display ("a\xe2\x80\xae" "b", -1, "a<U+202E>b");                    /* right-to-left override */
  assert_display ("a\xe2\x80\x8b" "b\xef\xbb\xbf", -1, "a<U+200B>b<U+FEFF>");
  assert_display ("\xe2\x80\xa8\xe2\x80\xa9", -1, "<U+2028><U+2029>");
  assert_display ("\xe1\x85\x9f", -1, "<U+115F>");                          /* Hangul filler */
  assert_display ("\xf3\xa0\x81\x81", -1, "<U+E0041>");                     /* tag */
  assert_display ("\xef\xbf\xbe", -1, "<U+FFFE>");
  assert_display ("한글 ✓ é 🎉", -1, "한글 ✓ é 🎉");
}

static void
test_invalid (void)
{
  assert_display ("\xff", -1, "\\xff");
  assert_display ("\xc0\xaf", -1, "\\xc0\\xaf");                            /* overlong slash */
  assert_display ("\xed\xa0\x80", -1, "\\xed\\xa0\\x80");                   /* surrogate */
  assert_display ("\xf4\x90\x80\x80", -1, "\\xf4\\x90\\x80\\x80");          /* above U+10FFFF */
  assert_display ("\xe2\x82", -1, "\\xe2\\x82");                            /* cut at the end */
  assert_display ("\xe2\x82" "A\xac", -1, "\\xe2\\x82" "A\\xac");
  assert_display ("\xe2\x82\xac", 2, "\\xe2\\x82");                         /* the length counts, not what lies behind it */
}

/* The promise: valid UTF-8, no byte below 0x20 but LF and TAB, and a second pass changes nothing */
static void
assert_safe (const char *shown)
{
  g_autofree char *again = cr_text_display (shown, -1);

  g_assert_true (g_utf8_validate (shown, -1, NULL));
  for (const char *p = shown; *p != '\0'; p++)
    g_assert_true ((guchar) *p >= 0x20 ? *p != 0x7f : *p == '\n' || *p == '\t');
  g_assert_cmpstr (shown, ==, again);
}

static void
test_every_byte (void)
{
  for (guint a = 0; a < 256; a++) {
    for (guint b = 0; b < 256; b++) {
      char bytes[4] = { 'x', (char) a, (char) b, 'y' };
      g_autofree char *shown = cr_text_display (bytes, 4);
      g_autofree char *line = cr_text_display_line (bytes, 4, 0);

      assert_safe (shown);
      g_assert_null (strpbrk (line, "\n\t"));
      g_assert_cmpint (shown[0], ==, 'x');
      g_assert_true (g_str_has_suffix (shown, "y"));
    }
  }
}

static void
test_random (void)
{
  for (guint i = 0; i < 2000; i++) {
    char bytes[64];
    g_autofree char *shown = NULL;

    for (gsize j = 0; j < sizeof bytes; j++)
      bytes[j] = (char) g_test_rand_int_range (i % 2 == 0 ? 0 : 0x80, 256);
    shown = cr_text_display (bytes, sizeof bytes);
    assert_safe (shown);
  }
}

/* Python's Unicode tables say what is a control, a format character or a separator; and what is a letter must stay one. */
static void
test_unicode_tables (void)
{
  g_autofree char *answer = run_python ("import sys,unicodedata\n"
                                        "for c in range(0x80,0x110000):\n"
                                        "  k=unicodedata.category(chr(c))\n"
                                        "  if k in('Cc','Cf','Zl','Zp'): print('h',c)\n"
                                        "  elif k[0] in 'LN' and c<0x30000: print('k',c)\n", "", 0);
  g_auto(GStrv) lines = NULL;
  guint hidden = 0, kept = 0;

  if (answer == NULL) {
    g_test_skip ("/usr/bin/python3 is not installed");
    return;
  }
  lines = g_strsplit (answer, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
    gunichar c = (gunichar) g_ascii_strtoull (lines[i] + 2, NULL, 10);
    char text[7] = { 0 };
    g_autofree char *shown = NULL, *name = g_strdup_printf ("<U+%04X>", c);

    g_unichar_to_utf8 (c, text);
    shown = cr_text_display (text, -1);
    if (*lines[i] == 'h') {
      g_assert_cmpstr (shown, ==, name);
      hidden++;
    } else if (strcmp (shown, text) == 0) {
      kept++;
    }
  }
  g_assert_cmpuint (hidden, >, 150);
  g_assert_cmpuint (kept, >, 120000);
}

static void
test_long_line (void)
{
  gsize size = 10 * 1024 * 1024;
  g_autofree char *bytes = g_malloc (size);
  g_autofree char *shown = NULL, *line = NULL, *quoted = NULL;

  memset (bytes, 'a', size);
  bytes[size - 1] = '\033';
  shown = cr_text_display (bytes, (gssize) size);
  g_assert_cmpuint (strlen (shown), ==, size + 3);
  line = cr_text_display_line (bytes, (gssize) size, 20);
  g_assert_cmpstr (line, ==, "aaaaaaaaaaaaaaaaaaaa…");
  memset (bytes, '\n', size);
  quoted = cr_text_quote_body (bytes, (gssize) size);
  g_assert_cmpuint (strlen (quoted), ==, size * 3);
}

static void
test_line (void)
{
  static const struct { const char *text; gsize max; const char *expected; } table[] = {
    { "one\ntwo\tthree", 0, "one\\ntwo\\tthree" },
    { "abcdef", 6, "abcdef" },
    { "abcdef", 5, "abcde…" },
    { "한글한글", 3, "한글한…" },
    { "abc\033", 5, "abc…" },        /* an escape is whole or absent */
    { "abc\033", 7, "abc\\x1b" },
    { "", 3, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree char *line = cr_text_display_line (table[i].text, -1, table[i].max);

    g_assert_cmpstr (line, ==, table[i].expected);
  }
}

static void
test_quote_body (void)
{
  static const struct { const char *text, *expected; } table[] = {
    { "", "" },
    { "a", "| a\n" },
    { "a\n", "| a\n" },
    { "a\n\nb", "| a\n| \n| b\n" },
    { "\n", "| \n" },
    { "x\nresult: PASS\n", "| x\n| result: PASS\n" },
    { "x\rresult: PASS", "| x\\x0dresult: PASS\n" },                          /* a carriage return makes no new line */
    { "x\xe2\x80\xa8result: PASS", "| x<U+2028>result: PASS\n" },
    { "x\xc2\x85result: PASS\v\f", "| x<U+0085>result: PASS\\x0b\\x0c\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree char *body = cr_text_quote_body (table[i].text, -1);

    g_assert_cmpstr (body, ==, table[i].expected);
  }
}

static const char *const hostile[] = {
  "<img src=x onerror=alert(1)>", "</td></tr><script>alert(1)</script>", "![beacon](http://e.example/x.png)", "[link](http://e.example)",
  "[link]: http://e.example", "http://e.example/", "https://e.example", "www.e.example", "WWW.e.example", "<http://e.example>", "root@e.example",
  "mailto:root@e.example", "a@@b.example", "`code`", "``", "```\nfence", "a | b | c", "**bold** _em_ ~~gone~~", "# heading", "- item", "+ item", "* item", "1. item",
  "1) item", "> quote", "---", "===", "    code", "&lt;script&gt;", "&#60;img&#62;", "\\", "\\\\`", "a\\|b", "a  \nb", "$x^2$", "@`@", "`@`", "^1", "[^1]: x",
  "| --- |", "<!-- -->", "&copy;", "e.example\xe2\x80\xae", ":::", "10.", "[]", "![", "](", "](http://e.example)", "` ` <b>",
};

/* A Markdown engine must see only text: the same text, without links, images or tags but the code spans around "@" */
static void
test_markdown (void)
{
  g_autoptr(GString) input = g_string_new (NULL);
  g_autofree char *answer = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++) {
    g_autofree char *cell = cr_text_markdown (hostile[i]);

    g_assert_null (strpbrk (cell, "\n\r<>"));
    g_string_append_printf (input, "%s\n", cell);
  }
  answer = run_python ("import sys,re\n"
                       "try: import markdown\n"
                       "except ImportError: sys.exit(77)\n"
                       "for cell in sys.stdin.read().split('\\n')[:-1]:\n"
                       "  for text in (cell,'a | b\\n--- | ---\\n'+cell+' | z'):\n"
                       "    html=markdown.markdown(text,extensions=['extra'])\n"
                       "    tags=set(re.findall(r'<\\s*/?\\s*([a-zA-Z!]\\w*)',html))-{'p','code'}\n"
                       "    if text is not cell: \n"
                       "      tags-={'table','thead','tbody','tr','th','td'}\n"
                       "      if html.count('<td')!=2: print('cells',html)\n"
                       "    if tags: print(cell,'->',html)\n", input->str, input->len);
  if (answer == NULL) {
    g_test_skip ("python3-markdown is not installed");
    return;
  }
  g_assert_cmpstr (answer, ==, "");
}

static void
test_markdown_plain (void)
{
  static const struct { const char *text, *expected; } table[] = {
    { "revision 8f2c", "revision 8f2c" },
    { "2026-02-24T17:13:50Z", "2026-02-24T17:13:50Z" },
    { "e2-3-20260224171350", "e2-3-20260224171350" },
    { "  spaced  ", "spaced" },
    { "a & b", "a &amp; b" },
    { "see www.x.example", "see www\\.x.example" },
    { "https://x.example", "https\\://x.example" },
    { "me@x.example", "me`@`x.example" },
    { "-n", "\\-n" },
    { "1. x", "1\\. x" },
    { "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree char *cell = cr_text_markdown (table[i].text);

    g_assert_cmpstr (cell, ==, table[i].expected);
  }
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/kinds", test_kinds);
  g_test_add_func ("/text/invalid", test_invalid);
  g_test_add_func ("/text/every-byte", test_every_byte);
  g_test_add_func ("/text/random", test_random);
  g_test_add_func ("/text/unicode-tables", test_unicode_tables);
  g_test_add_func ("/text/long-line", test_long_line);
  g_test_add_func ("/text/line", test_line);
  g_test_add_func ("/text/quote-body", test_quote_body);
  g_test_add_func ("/text/markdown", test_markdown);
  g_test_add_func ("/text/markdown-plain", test_markdown_plain);
  return g_test_run ();
}
