/* test-probe-facts.c: what a probe printed is taken only if it is whole and says one thing. The digests were made with sha256sum and base64.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-probe-facts.h"
#include <gio/gio.h>
#include <string.h>

/* printf '{"detail":"tx_id not found"}' | sha256sum, | base64 */
#define BODY     "{\"detail\":\"tx_id not found\"}"
#define DIGEST   "5a2a9554d4576d3c1624c71b65bcc3a953f812f6ef568220d3d8809b0cccb176"
#define ENCODED  "eyJkZXRhaWwiOiJ0eF9pZCBub3QgZm91bmQifQ=="
#define EMPTY    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD     "URL=http://127.0.0.1:8000/admin/tx/x\nASKED=1\nNOW=1795425180\nHTTP_CODE=404\nDATE=Mon, 23 Nov 2026 09:13:00 GMT\n"
#define TAIL     "BODY_LEN=28\nBODY_SHA256=" DIGEST "\nBODY_B64=" ENCODED "\n"

static CrProbeFacts *
parse (const char *text, char **why)
{
  return cr_probe_facts_parse (text, strlen (text), why);
}

static void
test_whole (void)
{
  g_autoptr(CrProbeFacts) facts = parse (HEAD TAIL, NULL);

  g_assert_nonnull (facts);
  g_assert_cmpint (facts->status, ==, 404);
  g_assert_cmpstr (facts->url, ==, "http://127.0.0.1:8000/admin/tx/x");
  g_assert_cmpint (facts->date, ==, 1795425180);
  g_assert_cmpint (facts->now, ==, 1795425180);
  g_assert_cmpuint (facts->body_length, ==, 28);
  g_assert_cmpstr (facts->body, ==, BODY);
  g_assert_nonnull (facts->doc);
  g_assert_null (facts->canon_hash);
  g_assert_null (facts->no_answer);
}

static void
test_no_answer (void)
{
  g_autoptr(CrProbeFacts) facts = parse ("URL=x\nHTTP_CODE=0\nNO_ANSWER=URLError('refused')\nDATE=\nBODY_LEN=0\nBODY_SHA256=" EMPTY "\nBODY_B64=\n", NULL);

  g_assert_nonnull (facts);
  g_assert_cmpint (facts->status, ==, 0);
  g_assert_cmpstr (facts->no_answer, ==, "URLError('refused')");
  g_assert_cmpint (facts->date, ==, -1);
  g_assert_cmpuint (facts->body_length, ==, 0);
  g_assert_null (facts->doc);
}

static void
test_refused (void)
{
  static const struct { const char *text, *why; } table[] = {
    { "", "HTTP_CODE is missing in the output" },
    { HEAD, "BODY_LEN is missing in the output" },
    { TAIL, "HTTP_CODE is missing in the output" },
    { HEAD HEAD TAIL, "URL stands more than once in the output" },
    { HEAD TAIL "HTTP_CODE=200\n", "HTTP_CODE stands more than once in the output" },
    { HEAD TAIL "HTTP_CODE=404\n", "HTTP_CODE stands more than once in the output" },
    { HEAD TAIL "X=1\nX=1", "X stands more than once in the output" },
    { "HTTP_CODE=4o4\n" TAIL, "HTTP_CODE is not a number" },
    { "HTTP_CODE=\n" TAIL, "HTTP_CODE is not a number" },
    { "HTTP_CODE= 404\n" TAIL, "HTTP_CODE is not a number" },
    { "HTTP_CODE=0404\n" TAIL, "HTTP_CODE is not a number" },
    { "HTTP_CODE=-1\n" TAIL, "HTTP_CODE is not a number" },
    { "HTTP_CODE=404\r\n" TAIL, "HTTP_CODE is not a number" },
    { "HTTP_CODE=99\n" TAIL, "HTTP_CODE is no HTTP status" },
    { "HTTP_CODE=600\n" TAIL, "HTTP_CODE is too large" },
    { "HTTP_CODE=200\nNO_ANSWER=x\n" TAIL, "NO_ANSWER and HTTP_CODE contradict each other" },
    { HEAD "BODY_LEN=27\nBODY_SHA256=" DIGEST "\nBODY_B64=" ENCODED "\n", "BODY_LEN is not the length of the body" },
    { HEAD "BODY_LEN=1048578\nBODY_SHA256=" DIGEST "\nBODY_B64=" ENCODED "\n", "BODY_LEN is too large" },
    { HEAD "BODY_LEN=28\nBODY_SHA256=" EMPTY "\nBODY_B64=" ENCODED "\n", "BODY_SHA256 is not the digest of the body" },
    { HEAD "BODY_LEN=28\nBODY_B64=" ENCODED "\n", "BODY_SHA256 is missing in the output" },
    { HEAD "BODY_LEN=28\nBODY_SHA256=" DIGEST "\n", "BODY_B64 is missing in the output" },
    { HEAD "BODY_LEN=28\nBODY_SHA256=" DIGEST "\nBODY_B64=" ENCODED "=\n", "BODY_B64 is not base64" },
    { HEAD "BODY_LEN=28\nBODY_SHA256=" DIGEST "\nBODY_B64= " ENCODED "\n", "BODY_B64 is not base64" },
    { HEAD "BODY_LEN=28\nBODY_SHA256=" DIGEST "\nBODY_B64=!" ENCODED "\n", "BODY_B64 is not base64" },
    { HEAD TAIL "BEFORE_HTTP=200\n", "BEFORE_HTTP says something else than the rest of the output" },
    { HEAD TAIL "CANON_HASH=a\nBEFORE_CANON_HASH=b\n", "BEFORE_CANON_HASH says something else than the rest of the output" },
    { HEAD TAIL "BEFORE_CANON_HASH=b\n", "BEFORE_CANON_HASH says something else than the rest of the output" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_autofree char *why = NULL;
    g_autoptr(CrProbeFacts) facts = parse (table[i].text, &why);

    g_assert_null (facts);
    g_assert_cmpstr (why, ==, table[i].why);
  }
}

static void
test_nul (void)
{
  static const char text[] = HEAD TAIL "X=a\0b\n";
  g_autofree char *why = NULL;
  g_autoptr(CrProbeFacts) facts = cr_probe_facts_parse (text, sizeof text - 1, &why);

  g_assert_null (facts);
  g_assert_cmpstr (why, ==, "X holds a NUL byte");
}

/* Lines that are no facts do not disturb: a warning of the Python interpreter, blank lines, keys in lower case */
static void
test_other_lines (void)
{
  g_autoptr(CrProbeFacts) facts = parse ("\nwarning: x=1\nlower=1\nlower=2\n=\n" HEAD "Http_Code=1\n" TAIL "trailing", NULL);

  g_assert_nonnull (facts);
  g_assert_cmpint (facts->status, ==, 404);
}

/* Cut at each of its bytes: never taken, but for the last line feed */
static void
test_cut (void)
{
  static const char text[] = HEAD TAIL;

  for (gsize length = 0; length < sizeof text - 2; length++) {
    g_autofree char *copy = g_memdup2 (text, length > 0 ? length : 1);  /* so that a sanitizer sees each byte too far */
    g_autoptr(CrProbeFacts) facts = cr_probe_facts_parse (copy, length, NULL);
    g_assert_null (facts);
  }
}

/* The digest holds for bytes that are no JSON at all; two ids in one object are not taken as JSON. */
static void
test_bodies (void)
{
  g_autoptr(CrProbeFacts) twice = parse ("HTTP_CODE=200\nBODY_LEN=13\nBODY_SHA256=1c53ee0df7b12fd4d65b976120c7fa6b847dc41dffd7f0331c3237a1ceab1756\nBODY_B64=eyJhIjoxLCJhIjoyfQ==\n", NULL);
  g_autoptr(CrProbeFacts) binary = parse ("HTTP_CODE=200\nBODY_LEN=3\nBODY_SHA256=712450d3c4a79eea9509e75dc1dacdeff58034df538536cfae2da882bd8a0c50\nBODY_B64=AP8K\n", NULL);

  g_assert_nonnull (twice);
  g_assert_null (twice->doc);
  g_assert_nonnull (binary);
  g_assert_null (binary->doc);
  g_assert_cmpuint (binary->body_length, ==, 3);
  g_assert_true (memcmp (binary->body, "\0\xff\n", 3) == 0);
}

/* The probe reads one byte more than it brings back: such a body is no body, but the status is known. */
static void
test_too_long (void)
{
  g_autoptr(CrProbeFacts) facts = parse ("HTTP_CODE=200\nBODY_LEN=1048577\nBODY_SHA256=" DIGEST "\nBODY_B64=" ENCODED "\n", NULL);

  g_assert_nonnull (facts);
  g_assert_true (facts->too_long);
  g_assert_cmpint (facts->status, ==, 200);
  g_assert_cmpuint (facts->body_length, ==, 0);
  g_assert_null (facts->doc);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probe-facts/whole", test_whole);
  g_test_add_func ("/probe-facts/no-answer", test_no_answer);
  g_test_add_func ("/probe-facts/refused", test_refused);
  g_test_add_func ("/probe-facts/nul", test_nul);
  g_test_add_func ("/probe-facts/other-lines", test_other_lines);
  g_test_add_func ("/probe-facts/cut", test_cut);
  g_test_add_func ("/probe-facts/bodies", test_bodies);
  g_test_add_func ("/probe-facts/too-long", test_too_long);
  return g_test_run ();
}
