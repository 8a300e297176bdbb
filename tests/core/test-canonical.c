/* test-canonical.c: canonical bytes, hash and the readable form. Every expected text and digest here is what Python 3.11 printed for the
 * input beside it; differential/ compares many more.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-canonical.h"
#include "cr-sha256.h"
#include <string.h>

static char *
canonical (const char *text, gssize length, const char *const *exclude)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = cr_canonical_bytes (text, length, exclude, &error);
  g_autofree char *hash = cr_canonical_hash (text, length, exclude, NULL), *expected = NULL;

  g_assert_no_error (error);
  expected = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_assert_cmpstr (hash, ==, expected);  /* the bytes of one way, the digest of the other */
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_divergences (void)
{
  static const struct { const char *text, *expected; } cases[] = {
    { "[100.0]", "[100.0]" }, { "[1e16]", "[1e+16]" }, { "[1E5]", "[100000.0]" }, { "[1e-7]", "[1e-07]" }, { "[0.0001]", "[0.0001]" },
    { "[0.00001]", "[1e-05]" }, { "[-0.0]", "[-0.0]" }, { "[-0]", "[0]" }, { "[0.30000000000000004]", "[0.30000000000000004]" },
    { "[0.10000000000000001]", "[0.1]" }, { "[1000000000000000.25]", "[1000000000000000.2]" },
    { "[123456789012345680.0]", "[1.2345678901234568e+17]" }, { "[5e-324]", "[5e-324]" }, { "[2.4703282292062327e-324]", "[0.0]" },
    { "[2.2250738585072011e-308]", "[2.225073858507201e-308]" }, { "[9007199254740993]", "[9007199254740993]" },
    { "[9007199254740993.0]", "[9007199254740992.0]" }, { "[18446744073709551621]", "[18446744073709551621]" }, { "[1e400]", "[Infinity]" },
    { "[NaN,-Infinity]", "[NaN,-Infinity]" }, { "[1.00,1.50,0.10,120.0,12e-1]", "[1.0,1.5,0.1,120.0,1.2]" },
    { "[\"\xc3\xa9\",\"\\u00C9\",\"\xf0\x9f\x9a\x80\",\"\\ud83d\\ude80\"]", "[\"\\u00e9\",\"\\u00c9\",\"\\ud83d\\ude80\",\"\\ud83d\\ude80\"]" },
    { "[\"\\ud800\",\"\\udc00x\",\"\xed\xa0\x80\"]", "[\"\\ud800\",\"\\udc00x\",\"\\ud800\"]" },
    { "[\"\x7f\",\"\xe2\x80\xa8\",\"\\/\",\"/\"]", "[\"\\u007f\",\"\\u2028\",\"/\",\"/\"]" },
    { "[\"a\\u0000b\",\"\\u001F\",\"\\u0008\\f\"]", "[\"a\\u0000b\",\"\\u001f\",\"\\b\\f\"]" },
    { "{\"b\":2,\"a\":1,\"a\":3}", "{\"a\":3,\"b\":2}" },
    { "{\"\xc3\xa9\":1,\"a\":2,\"_\":3,\"B\":4}", "{\"B\":4,\"_\":3,\"a\":2,\"\\u00e9\":1}" },
    { "{\"\xf0\x90\x80\x80\":1,\"\xef\xbf\xbf\":2}", "{\"\\uffff\":2,\"\\ud800\\udc00\":1}" },
    { "{\"a\\u0000b\":1,\"a\":2,\"a\\u0000a\":3}", "{\"a\":2,\"a\\u0000a\":3,\"a\\u0000b\":1}" },
    { "{\"10\":1,\"9\":2}", "{\"10\":1,\"9\":2}" }, { "{\"a\":2,\"\":1}", "{\"\":1,\"a\":2}" }, { " \"x\" ", "\"x\"" },
    { "{\"b\":[ ],\"a\":{ }}", "{\"a\":{},\"b\":[]}" }, { "\xef\xbb\xbf[1]", "[1]" },
  };

  g_test_summary ("Where other libraries differ from Python, we do not");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = canonical (cases[i].text, -1, NULL);

    g_assert_cmpstr (text, ==, cases[i].expected);
  }
}

static void
test_mask (void)
{
  static const struct { const char *text, *expected; } cases[] = {
    { "{\"status\":\"SETTLED\",\"event_time\":\"2026-02-24T17:13:50Z\",\"data_lag_sec\":1.5,\"a\":{\"event_time\":1}}",
      "{\"a\":{\"event_time\":1},\"status\":\"SETTLED\"}" },
    { "{\"event_time\":1}", "{}" }, { "{\"event_time\":1,\"data_lag_sec\":2}", "{}" }, { "{\"a\":1,\"event_time\":1}", "{\"a\":1}" },
    { "{\"event_time\":1,\"a\":1}", "{\"a\":1}" }, { "{\"event_time\":1,\"b\":1,\"data_lag_sec\":1,\"a\":1,\"event_time\":2}", "{\"a\":1,\"b\":1}" },
    { "{\"\\u0065vent_time\":1,\"event_tim\":2,\"event_time\\u0000\":3}", "{\"event_tim\":2,\"event_time\\u0000\":3}" },
    { "[{\"event_time\":1}]", "[{\"event_time\":1}]" }, { "\"event_time\"", "\"event_time\"" },
  };

  g_test_summary ("The masked fields leave the top level and nothing else");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = canonical (cases[i].text, -1, CR_CANONICAL_MASK);

    g_assert_cmpstr (text, ==, cases[i].expected);
  }
}

static void
test_runbook_hash (void)
{
  /* hashlib.sha256 (json.dumps (obj without the two, sort_keys=True, separators=(",",":")).encode ()).hexdigest () */
  static const char before[] = "{\"tx_id\": \"tx-pay-1\", \"status\": \"SETTLED\", \"amount\": 100.00, \"merchant\": \"가맹점\", "
                               "\"event_time\": \"2026-02-24T17:13:50Z\", \"data_lag_sec\": 3.25}";
  static const char after[] = "{\"merchant\":\"\\uac00\\ub9f9\\uc810\",\"amount\":1e2,\"status\":\"SETTLED\",\"tx_id\":\"tx-pay-1\","
                              "\"event_time\":\"2026-02-24T17:14:02Z\",\"data_lag_sec\":0}\n";
  static const char other[] = "{\"tx_id\":\"tx-pay-1\",\"status\":\"SETTLED\",\"amount\":100,\"merchant\":\"가맹점\"}";
  g_autofree char *first = cr_canonical_hash (before, -1, CR_CANONICAL_MASK, NULL), *second = cr_canonical_hash (after, -1, CR_CANONICAL_MASK, NULL);
  g_autofree char *third = cr_canonical_hash (other, -1, CR_CANONICAL_MASK, NULL);

  g_test_summary ("The hashes of the runbook's replay check, as Python printed them");
  g_assert_cmpstr (first, ==, "e195c236e0dc662c43ba6c870c693ec4f96c7f72fabe4b19a8c4c485c7e97b6d");
  g_assert_cmpstr (second, ==, first);
  g_assert_cmpstr (third, ==, "bbd4e82f8e066ca15ffd4f41c6a6c6f3258b4933ac408bd224d4ffefab997924");
}

static void
test_errors (void)
{
  static const struct { const char *text; CrJsonError code; } cases[] = {
    { "", CR_JSON_ERROR_SYNTAX }, { "{\"event_time\":}", CR_JSON_ERROR_SYNTAX }, { "{\"a\":1,\"event_time\":01}", CR_JSON_ERROR_SYNTAX },
    { "[\"\xff\"]", CR_JSON_ERROR_ENCODING }, { "[1] [2]", CR_JSON_ERROR_SYNTAX },
  };
  g_autofree char *digits = g_strnfill (4301, '7');

  g_test_summary ("What Python refuses has no canonical text, also where it would be masked, and the error says where");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GError) error = NULL, hash_error = NULL, pretty_error = NULL;

    g_assert_null (cr_canonical_bytes (cases[i].text, -1, CR_CANONICAL_MASK, &error));
    g_assert_error (error, CR_JSON_ERROR, (int) cases[i].code);
    g_assert_nonnull (strstr (error->message, "line 1, column "));
    g_assert_null (cr_canonical_hash (cases[i].text, -1, CR_CANONICAL_MASK, &hash_error));
    g_assert_cmpstr (hash_error->message, ==, error->message);
    g_assert_null (cr_canonical_pretty (cases[i].text, -1, CR_CANONICAL_MASK, &pretty_error));
    g_assert_cmpstr (pretty_error->message, ==, error->message);
  }
  {
    g_autoptr(GError) error = NULL;

    g_assert_null (cr_canonical_hash (digits, -1, NULL, &error));
    g_assert_error (error, CR_JSON_ERROR, CR_JSON_ERROR_NUMBER);
    g_clear_error (&error);
    g_assert_null (cr_canonical_bytes ("[1\0]", 4, NULL, &error));
    g_assert_error (error, CR_JSON_ERROR, CR_JSON_ERROR_SYNTAX);
  }
}

static void
test_pretty (void)
{
  static const struct { const char *text, *expected; } cases[] = {
    { "1.50", "1.5\n" }, { "[]", "[]\n" }, { "{}", "{}\n" }, { "{\"event_time\":1}", "{}\n" },
    { "{\"b\":[1,{\"x\":null}],\"a\":{},\"event_time\":3,\"a\":[true,[]]}",
      "{\n  \"a\": [\n    true,\n    []\n  ],\n  \"b\": [\n    1,\n    {\n      \"x\": null\n    }\n  ]\n}\n" },
    /* text that can be read stays as it is; what cannot, or would turn the line around, is escaped */
    { "[\"caf\\u00e9\",\"\\ud83d\\ude80\",\"한국어\"]", "[\n  \"café\",\n  \"🚀\",\n  \"한국어\"\n]\n" },
    { "[\"a\\nb\\u0000\\u007f\\u0085\",\"\\u202e\\u2028\",\"\\ud800x\",\"\\\"\\\\/\"]",
      "[\n  \"a\\nb\\u0000\\u007f\\u0085\",\n  \"\\u202e\\u2028\",\n  \"\\ud800x\",\n  \"\\\"\\\\/\"\n]\n" },
  };

  g_test_summary ("The readable form: sorted, indented, one value a line, valid UTF-8, nothing that hides");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = cr_canonical_pretty (cases[i].text, -1, CR_CANONICAL_MASK, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (text, ==, cases[i].expected);
    g_assert_true (g_utf8_validate (text, -1, NULL));
  }
}

static void
test_pretty_means_the_same (void)
{
  static const char text[] = "{\"z\":[1e5,-0,\"\\ud800\\u0007\\u202e\xc3\xa9\"],\"\\u0000\":{\"a\":NaN,\"a\":1}}";
  g_autofree char *pretty = cr_canonical_pretty (text, -1, NULL, NULL);
  g_autofree char *direct = canonical (text, -1, NULL), *around = canonical (pretty, -1, NULL);

  g_test_summary ("The readable form of a document has the document's canonical text");
  g_assert_cmpstr (around, ==, direct);
}

static void
test_node (void)
{
  g_autoptr(CrJsonDoc) doc = cr_json_parse ("{\"x\":{\"b\":[1.50,\"\\u00e9\"],\"a\":1,\"a\":2}}", -1, CR_JSON_PYTHON, NULL);
  g_autoptr(GString) out = g_string_new ("=");

  g_test_summary ("One value of a document, appended");
  cr_canonical_append_node (out, cr_json_node_member (cr_json_doc_root (doc), "x"));
  g_assert_cmpstr (out->str, ==, "={\"a\":2,\"b\":[1.5,\"\\u00e9\"]}");
}

static void
test_digest (void)
{
  /* FIPS 180-2, appendix B */
  static const struct { const char *text; gsize times; const char *digest; } cases[] = {
    { "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    { "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
  };

  g_test_summary ("SHA-256 of the standard's examples, with and without the processor's instructions");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int way = 0; way < 2; way++) {
      CrSha256 sha;
      g_autofree char *digest = NULL;

      (way == 0 ? cr_sha256_init : cr_sha256_init_portable) (&sha);
      for (gsize k = 0; k < cases[i].times; k++)
        cr_sha256_update (&sha, cases[i].text, strlen (cases[i].text));
      digest = cr_sha256_finish_hex (&sha);
      g_assert_cmpstr (digest, ==, cases[i].digest);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canonical/divergences", test_divergences);
  g_test_add_func ("/canonical/mask", test_mask);
  g_test_add_func ("/canonical/runbook-hash", test_runbook_hash);
  g_test_add_func ("/canonical/errors", test_errors);
  g_test_add_func ("/canonical/pretty", test_pretty);
  g_test_add_func ("/canonical/pretty-means-the-same", test_pretty_means_the_same);
  g_test_add_func ("/canonical/node", test_node);
  g_test_add_func ("/canonical/digest", test_digest);
  return g_test_run ();
}
