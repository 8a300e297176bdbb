/* test-json.c: the document reader; what Python accepts is compared in differential/, here stand the accessors, errors and limits
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-json.h"
#include <string.h>

static CrJsonDoc *
parse_good (const char *text, CrJsonMode mode)
{
  g_autoptr(GError) error = NULL;
  CrJsonDoc *doc = cr_json_parse (text, -1, mode, &error);

  g_assert_no_error (error);
  g_assert_nonnull (doc);
  return doc;
}

static void
assert_refused (const char *text, gssize length, CrJsonMode mode, CrJsonError code, const char *message)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrJsonDoc) doc = cr_json_parse (text, length, mode, &error);

  g_assert_null (doc);
  g_assert_error (error, CR_JSON_ERROR, (int) code);
  if (message != NULL)
    g_assert_cmpstr (error->message, ==, message);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_accessors (void)
{
  g_autoptr(CrJsonDoc) doc = parse_good ("{\"n\":null,\"t\":true,\"f\":false,\"i\":-9223372036854775808,\"d\":100.00,\"s\":\"tx-\\u00e9\","
                                         "\"a\":[1,[],{}],\"i\":7,\"z\":\"a\\u0000b\",\"big\":9223372036854775808}", CR_JSON_PYTHON);
  const CrJsonNode *root = cr_json_doc_root (doc);
  const CrJsonNode *array = cr_json_node_member (root, "a");
  gboolean flag = FALSE;
  gint64 integer = 0;
  gsize length = 99;

  g_test_summary ("Every accessor gives what was written, in document order, the last of duplicate keys by name");
  g_assert_cmpint (cr_json_node_type (root), ==, CR_JSON_OBJECT);
  g_assert_cmpuint (cr_json_node_size (root), ==, 10);
  g_assert_cmpstr (cr_json_node_key_at (root, 3, &length), ==, "i");
  g_assert_cmpuint (length, ==, 1);
  g_assert_cmpstr (cr_json_node_number (cr_json_node_at (root, 3), &length), ==, "-9223372036854775808");
  g_assert_cmpuint (length, ==, 20);
  g_assert_true (cr_json_node_get_int (root, "i", &integer));
  g_assert_cmpint (integer, ==, 7);
  g_assert_cmpstr (cr_json_node_number (cr_json_node_member (root, "d"), NULL), ==, "100.00");
  g_assert_cmpstr (cr_json_node_get_string (root, "s"), ==, "tx-é");
  g_assert_cmpstr (cr_json_node_string (cr_json_node_member (root, "z"), &length), ==, "a");
  g_assert_cmpuint (length, ==, 3);
  g_assert_null (cr_json_node_get_string (root, "z"));
  g_assert_null (cr_json_node_get_string (root, "i"));
  g_assert_null (cr_json_node_get_string (root, "absent"));
  g_assert_null (cr_json_node_get_string (NULL, "s"));
  g_assert_null (cr_json_node_get_string (array, "s"));
  g_assert_true (cr_json_node_get_bool (root, "t", &flag));
  g_assert_true (flag);
  g_assert_true (cr_json_node_get_bool (root, "f", &flag));
  g_assert_false (flag);
  g_assert_false (cr_json_node_get_bool (root, "n", &flag));
  g_assert_false (cr_json_node_get_int (root, "d", &integer));
  g_assert_false (cr_json_node_get_int (root, "big", &integer));
  g_assert_false (cr_json_node_get_int (NULL, "i", &integer));
  g_assert_cmpint (integer, ==, 7);
  g_assert_cmpint (cr_json_node_type (cr_json_node_member (root, "n")), ==, CR_JSON_NULL);
  g_assert_cmpuint (cr_json_node_size (array), ==, 3);
  g_assert_cmpint (cr_json_node_type (cr_json_node_at (array, 1)), ==, CR_JSON_ARRAY);
  g_assert_cmpint (cr_json_node_type (cr_json_node_at (array, 2)), ==, CR_JSON_OBJECT);
  g_assert_cmpuint (cr_json_node_size (cr_json_node_at (array, 0)), ==, 0);
  g_assert_null (cr_json_node_string (array, &length));
  g_assert_null (cr_json_node_key_at (array, 0, &length));
  g_assert_null (cr_json_node_number (array, NULL));
}

static void
test_lives_on (void)
{
  char *text = g_strdup ("[\"kept\"]");
  g_autoptr(CrJsonDoc) doc = parse_good (text, CR_JSON_STRICT);
  CrJsonDoc *second = cr_json_doc_ref (doc);

  g_test_summary ("A document does not need the text it was read from, and lives as long as one reference");
  memset (text, 'x', strlen (text));
  g_free (text);
  cr_json_doc_unref (second);
  g_assert_cmpstr (cr_json_node_string (cr_json_node_at (cr_json_doc_root (doc), 0), NULL), ==, "kept");
}

static void
test_error_place (void)
{
  g_test_summary ("Errors name line and column in characters and the JSON Pointer, and no value");
  assert_refused ("{\n  \"items\": [\n    {\"é/~\": 1}, {\"price\": secret}\n  ]\n}", -1, CR_JSON_PYTHON, CR_JSON_ERROR_SYNTAX,
                  "No valid JSON at line 3, column 27, in /items/1/price: expected a value");
  assert_refused ("{\"é/~\":[0,\"ü\",01]}", -1, CR_JSON_PYTHON, CR_JSON_ERROR_SYNTAX,
                  "No valid JSON at line 1, column 15, in /é~1~0/2: a number must not begin with 0");
  assert_refused ("", 0, CR_JSON_PYTHON, CR_JSON_ERROR_SYNTAX,
                  "No valid JSON at line 1, column 1: expected a value, but the text ends here");
  assert_refused ("{\"\\ud800\\u0007\": x}", -1, CR_JSON_PYTHON, CR_JSON_ERROR_SYNTAX,
                  "No valid JSON at line 1, column 18, in /\\ud800\\u0007: expected a value");
  assert_refused ("[1]\n\n x", -1, CR_JSON_PYTHON, CR_JSON_ERROR_SYNTAX,
                  "No valid JSON at line 3, column 2: more text after the end of the document");
  assert_refused ("[\"\xff\"]", -1, CR_JSON_PYTHON, CR_JSON_ERROR_ENCODING,
                  "No valid JSON at line 1, column 3, in /0: bytes that are no UTF-8");
}

static void
test_error_pointer_is_bounded (void)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  g_test_summary ("A pointer of a megabyte is cut in the message, at a character");
  g_string_append (text, "{\"");
  for (int i = 0; i < 500000; i++)
    g_string_append (text, "é");
  g_string_append (text, "\":!}");
  g_assert_null (cr_json_parse (text->str, (gssize) text->len, CR_JSON_PYTHON, &error));
  g_assert_error (error, CR_JSON_ERROR, CR_JSON_ERROR_SYNTAX);
  g_assert_cmpuint (strlen (error->message), <, 400);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static char *
nested (const char *open, const char *close, gsize depth)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, "1");
  for (gsize i = 0; i < depth; i++)
    g_string_append (text, close);
  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  static const struct { CrJsonMode mode; gsize most; } modes[] = { { CR_JSON_STRICT, 32 }, { CR_JSON_PYTHON, 990 } };

  g_test_summary ("The deepest document is read, one level more is refused, a million levels crash nothing");
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++) {
    g_autofree char *good = nested ("[", "]", modes[i].most), *good_object = nested ("{\"a\":", "}", modes[i].most);
    g_autofree char *deep = nested ("[", "]", modes[i].most + 1), *deep_object = nested ("{\"a\":", "}", modes[i].most + 1);
    g_autofree char *million = nested ("[", "]", 400000);

    cr_json_doc_unref (parse_good (good, modes[i].mode));
    cr_json_doc_unref (parse_good (good_object, modes[i].mode));
    assert_refused (deep, -1, modes[i].mode, CR_JSON_ERROR_DEPTH, NULL);
    assert_refused (deep_object, -1, modes[i].mode, CR_JSON_ERROR_DEPTH, NULL);
    assert_refused (million, -1, modes[i].mode, CR_JSON_ERROR_DEPTH, NULL);
  }
}

static void
test_strict (void)
{
  static const struct { const char *text; CrJsonError code; } refused[] = {
    { "{\"a\":1,\"a\":2}", CR_JSON_ERROR_DUPLICATE }, { "{\"a\":1,\"b\":2,\"c\":3,\"\\u0061\":2}", CR_JSON_ERROR_DUPLICATE },
    { "[{\"x\":{\"a\":1,\"a\":1}}]", CR_JSON_ERROR_DUPLICATE }, { "NaN", CR_JSON_ERROR_NUMBER }, { "[Infinity]", CR_JSON_ERROR_NUMBER },
    { "[-Infinity]", CR_JSON_ERROR_NUMBER }, { "\"\\ud800\"", CR_JSON_ERROR_ENCODING }, { "\"\\udc00x\"", CR_JSON_ERROR_ENCODING },
    { "\"\xed\xa0\x80\"", CR_JSON_ERROR_ENCODING }, { "\xef\xbb\xbf[1]", CR_JSON_ERROR_SYNTAX }, { "[1,]", CR_JSON_ERROR_SYNTAX },
    { "[1] 2", CR_JSON_ERROR_SYNTAX }, { "//\n1", CR_JSON_ERROR_SYNTAX }, { "'a'", CR_JSON_ERROR_SYNTAX }, { "\"a\tb\"", CR_JSON_ERROR_SYNTAX },
  };

  g_test_summary ("Answers of tools: RFC 8259, no duplicate keys, no halves of pairs, no words for what is no number");
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    assert_refused (refused[i].text, -1, CR_JSON_STRICT, refused[i].code, NULL);
  assert_refused ("[1]\0", 4, CR_JSON_STRICT, CR_JSON_ERROR_SYNTAX, NULL);
  assert_refused ("[\0\"a\0\"\0]\0", 10, CR_JSON_STRICT, CR_JSON_ERROR_SYNTAX, NULL);  /* UTF-16 */
  assert_refused ("{\"b\":1,\n\"a\":{},\n \"a\":1}", -1, CR_JSON_STRICT, CR_JSON_ERROR_DUPLICATE,
                  "No valid JSON at line 3, column 2, in /a: the key is there twice");
  cr_json_doc_unref (parse_good (" {\"a\":1,\"A\":[{\"a\":\"\\ud83d\\ude80\"},{\"a\":1E400}]}\r\n\t", CR_JSON_STRICT));
}

static void
test_size (void)
{
  g_autofree char *text = g_malloc (1024 * 1024 + 1);

  g_test_summary ("A strict document may have a mebibyte and not a byte more");
  memset (text, ' ', 1024 * 1024 + 1);
  text[0] = '7';
  assert_refused (text, 1024 * 1024 + 1, CR_JSON_STRICT, CR_JSON_ERROR_SIZE, NULL);
  {
    g_autoptr(GError) error = NULL;
    g_autoptr(CrJsonDoc) good = cr_json_parse (text, 1024 * 1024, CR_JSON_STRICT, &error);
    g_autoptr(CrJsonDoc) python = cr_json_parse (text, 1024 * 1024 + 1, CR_JSON_PYTHON, &error);

    g_assert_no_error (error);
    g_assert_nonnull (good);
    g_assert_nonnull (python);
  }
}

static void
test_every_prefix_and_flip (void)
{
  static const char text[] = "{\"id\": [1.5e-3, -0, \"\\ud83d\\ude80\xc3\xa9\xf0\x9f\x9a\x80\", true, null], \"n\": {\"\\u0000\": NaN}}";
  const gsize length = sizeof text - 1;

  g_test_summary ("Cut anywhere the text is refused; with any byte changed it is read or refused, within its bounds");
  for (gsize i = 0; i < length; i++) {
    g_autofree char *cut = g_memdup2 (text, MAX (i, 1));  /* no byte more: a sanitizer sees each one read too far */
    g_autoptr(GError) error = NULL;

    g_assert_null (cr_json_parse (cut, (gssize) i, CR_JSON_PYTHON, &error));
    g_assert_cmpuint (error->domain, ==, CR_JSON_ERROR);
    g_assert_true (error->code == CR_JSON_ERROR_SYNTAX || error->code == CR_JSON_ERROR_ENCODING);  /* or within a character */
  }
  for (gsize i = 0; i < length; i++)
    for (int byte = 0; byte < 256; byte++) {
      g_autofree char *flipped = g_memdup2 (text, length);
      g_autoptr(GError) error = NULL;
      g_autoptr(CrJsonDoc) doc = NULL;

      flipped[i] = (char) byte;
      doc = cr_json_parse (flipped, (gssize) length, CR_JSON_PYTHON, &error);
      g_assert_true ((doc == NULL) == (error != NULL));
    }
}

static void
test_append_string (void)
{
  static const struct { const char *text, *expected; } cases[] = {  /* json.dumps(), surrogateescape for bytes that are no UTF-8 */
    { "", "\"\"" }, { "plain", "\"plain\"" }, { "a\"b\\c/d", "\"a\\\"b\\\\c/d\"" }, { "\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"" },
    { "é\u2028", "\"\\u00e9\\u2028\"" }, { "\U0001f680", "\"\\ud83d\\ude80\"" }, { "\xed\xa0\x80x", "\"\\ud800x\"" },
    { "\xff" "a\xc3", "\"\\udcffa\\udcc3\"" },
  };

  g_test_summary ("Strings are written as json.dumps() writes them, in ASCII");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GString) out = g_string_new ("x");

    cr_json_append_string (out, cases[i].text, -1);
    g_assert_cmpstr (out->str + 1, ==, cases[i].expected);
  }
  {
    g_autoptr(GString) out = g_string_new (NULL);

    cr_json_append_string (out, "a\0b", 3);
    g_assert_cmpstr (out->str, ==, "\"a\\u0000b\"");
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/accessors", test_accessors);
  g_test_add_func ("/json/lives-on", test_lives_on);
  g_test_add_func ("/json/error/place", test_error_place);
  g_test_add_func ("/json/error/pointer-is-bounded", test_error_pointer_is_bounded);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/strict", test_strict);
  g_test_add_func ("/json/size", test_size);
  g_test_add_func ("/json/every-prefix-and-flip", test_every_prefix_and_flip);
  g_test_add_func ("/json/append-string", test_append_string);
  return g_test_run ();
}
