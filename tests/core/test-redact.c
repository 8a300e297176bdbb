/* test-redact.c: no planted secret survives, and no evidence is harmed
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All secrets are made up. Some literals are written in two parts so that scanners of source code don't take them for real ones. */
#include <gio/gio.h>
#include <string.h>
#include "cr-redact.h"

#ifdef __SANITIZE_ADDRESS__  /* each allocation costs a walk up the stack */
#define WORST_BYTES (64 * 1024)
#define SPLIT_STEP 7
#define ROUNDS 300
#else
#define WORST_BYTES (1024 * 1024)
#define SPLIT_STEP 1
#define ROUNDS 3000
#endif

#define A10 "Q3vZ8mK1xT"
#define B10 "r7Lp2WnY5d"
#define A33 A10 B10 A10 "b6H"
#define A76 A10 B10 A10 B10 A10 B10 A10 "9aBcDe"
#define JWT_HEAD "ey" "JhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
#define JWT_BODY "ey" "JzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6Ik5vYm9keSJ9"
#define JWT_TAIL "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
#define PEM_LINE "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
#define HEX64 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

/* before, secret, after: what stands before and after must still be there */
static const struct { const char *before, *secret, *after; } secrets[] = {
  { "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=", A76 "+AS" "tab12CQ==", ";EndpointSuffix=core.windows.net" },
  { "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=", A33 "+AE" "hAbc12D=", ";EntityPath=x" },
  { "key is ", A33 "+AE" "hAbc12D=", " it said" },
  { "key is ", A33 "+AS" "bAbc12D=", "\n" },
  { "key is ", A33 "+AR" "mAbc12D=", "," },
  { "cosmos: ", A76 "AC" "Dbab12CQ==", "\n" },
  { "storage (", A76 "+AS" "tab12CQ==", ")" },
  { "xx", "2WnY5d+AE" "hAbc12D=", "\n" },                                 /* the key's head was cut off */
  { "azure ", A10 B10 A10 B10 A10 "ab" "JQ" "QJ99" "ABCDEFGHIJ1234567890abcd", " x" },
  { "secret value ", "abc8" "Q~" A10 B10 A10 "xyzw", " created" },
  { "secret value ", "Zx.7" "Q~" A10 "-_." B10 A10, "\n" },
  { "client_secret=", "s3cr3t-of-the-app", "&grant_type=client_credentials" },
  { "\"clientSecret\": \"", "p@ss,word;with}all&of=it", "\"," },
  { "password=", "hunter2!", " host=db" },
  { "connect(password='", "it is long, and spaced", "', user='bo')" },
  { "Password=", "Pa$$w0rd,with;things", ";Database=x" },
  { "PWD=", "Pa55word", ";UID=sa" },
  { "PGPASSWORD=", "abc\\def", "\nPGUSER=bo" },
  { "DB_PASSWD: ", "tr0ub4dor", "\nnext: 1" },
  { "  password : \"", "yaml secret", "\"\n" },
  { "{\\\"password\\\": \\\"", "escaped-secret", "\\\", \\\"a\\\": 1}" },
  { "{\\\\\\\"token\\\\\\\": \\\\\\\"", "twice-escaped", "\\\\\\\"}" },
  { "api_key = '", "k-123456", "'" },
  { "X-Api-Key: ", "k-1234567", "\r\nAccept: x" },
  { "--password ", "cli-secret", " --verbose" },
  { "['az', 'login', '--client-secret', '", "l1st-0f-w0rds", "']" },
  { "--account-key=", "cli-key-1", " -o json" },
  { "Authorization: Bearer ", "abc.def-ghi~0123", "\r\nHost: x" },
  { "curl -H \"Authorization: Basic ", "Ym86Ym9ib2JvYm8=", "\" http://x/" },
  { "{'Authorization': 'Bearer ", "0paque-t0ken", "', 'Accept': '*/*'}" },
  { "got Bearer ", "aB3" A10 B10, " from it" },
  { "Cookie: ", "session=abc; id=def", "\nx" },
  { "Set-Cookie: ", "sid=31d4d96e407aad42; Path=/; HttpOnly", "\n" },
  { "client-key-data: ", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURQ==", "\nuser" },
  { "\"accessToken\": \"", "opaque+token/1==", "\",\n  \"expiresOn\": \"2026-11-23\"" },
  { "\"refresh_token\":\"", "0.AXoA-refresh", "\"," },
  { "sig: https://a.blob.core.windows.net/c/b?sv=2022-11-02&se=2026-11-23T00%3A00%3A00Z&sr=b&sp=r&sig=", "abcDEF123%2Bxyz%2F456%3D", "&x=1" },
  { "SharedAccessSignature sr=ns&sig=", "wQm9%2bVb0l3Xw%2f7k%3d", "&se=1771953230&skn=Root" },
  { "jwt ", JWT_HEAD "." JWT_BODY "." JWT_TAIL, " end" },
  { "jwt ", JWT_HEAD "." JWT_BODY ".", "\n" },
  { "https://x/cb?t=", JWT_HEAD "." JWT_BODY "." JWT_TAIL, "&y=1" },
  { "DATABASE_URL=postgresql+asyncpg://bo:", "p@ss:w0rd", "@db.internal:5432/bo" },
  { "amqp://guest:", "gu3st", "@mq:5672/" },
  { "redis://:", "r3d1s", "@cache/0" },
  { "url https://", "x-access-token-0123456789", "@github.com/a/b" },
  { "\"url\": \"https:\\/\\/user:", "p4ss", "@host\\/x\"" },
  { "before\n", "-----BEGIN " "PRIVATE KEY-----\n" PEM_LINE "\n" PEM_LINE "\nabc=\n-----END " "PRIVATE KEY-----", "\nafter" },
  { "before\n", "-----BEGIN RSA " "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" PEM_LINE "\n-----END RSA " "PRIVATE KEY-----", "\nafter" },
  { "{\"key\": \"", "-----BEGIN EC " "PRIVATE KEY-----\\n" PEM_LINE "\\n-----END EC " "PRIVATE KEY-----", "\\n\"}" },
  { "cut ", "-----BEGIN OPENSSH " "PRIVATE KEY-----\n" PEM_LINE "\n" PEM_LINE "\nMIIEv", "" },
  { "", PEM_LINE "\nabcd\n-----END " "PRIVATE KEY-----", "\nafter" },
  { "open https://microsoft.com/devicelogin and enter the code ", "ABCD1EFGH", " to authenticate." },
  { "\"user_code\": \"", "QWERTYU1", "\"" },
  { "", A10 "+/x" B10 "==", ";EndpointSuffix=core.windows.net" },        /* cut by the 4,096 bytes that Azure keeps */
  { "push ", "gh" "p_" A10 B10 A10 "012345", " ok" },
  { "id ", "AK" "IA" "Q3VZ8MK1XTR7LP2W", " x" },
  { "next?token=", "tok-en-1", "&page=2" },
  { "body=a%26password%3D", "percent-secret", "%26b" },
  { "KAFKA_SASL_PASSWORD='", "kafka-ish", "'" },
  { "\"connectionString\": \"InstrumentationKey=", "a1b2c3d4-0000-1111-2222-333344445555", ";IngestionEndpoint=https://x/\"" },
  { "x-functions-key: ", A10 B10 A10 "==", "\n" },
  { "{\"password\":\"", "compact-1", "\",\"user\":\"bo\"}" },
  { "{'host': 'db', 'passwd': b'", "byt3s-literal", "'}" },
  { "sasl.password=", "//starts-with-slashes", "\n" },
};

static char *
redact (CrRedactor *redactor, const char *text, guint *count)
{
  g_autofree char *once = cr_redactor_text (redactor, text, count);
  guint again_count = 0;
  char *again = cr_redactor_text (redactor, once, &again_count);

  g_assert_cmpstr (again, ==, once);
  g_assert_cmpuint (again_count, ==, 0);
  return again;
}

/* No eight bytes of @secret in a row, or all of it where it is shorter; "redacted:" and the rules' names are no part of any of them */
static void
assert_gone (const char *shown, const char *secret)
{
  gsize piece = MIN (strlen (secret), 8);

  for (gsize i = 0; i + piece <= strlen (secret); i++) {
    g_autofree char *part = g_strndup (secret + i, piece);

    if (strstr (part, "PRIVATE") != NULL || strstr (part, "-----") != NULL)
      continue;
    if (strstr (shown, part) != NULL)
      g_error ("“%s” is still in “%s”", part, shown);
  }
}

static void
test_planted (void)
{
  g_assert_cmpuint (G_N_ELEMENTS (secrets), >=, 40);
  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++) {
    g_autoptr(CrRedactor) redactor = cr_redactor_new ();
    g_autofree char *text = g_strconcat (secrets[i].before, secrets[i].secret, secrets[i].after, NULL);
    guint count = 0;
    g_autofree char *shown = redact (redactor, text, NULL);
    g_autofree char *first = cr_redactor_text (redactor, text, &count);

    g_test_message ("%s", shown);
    g_assert_cmpuint (count, ==, 1);
    assert_gone (shown, g_str_has_prefix (secrets[i].secret, "it is") ? "it is long, and" : secrets[i].secret);
    g_assert_true (g_str_has_suffix (shown, secrets[i].after));
    if (!g_str_has_prefix (secrets[i].before, "xx"))  /* that one begins in the middle of a word */
      g_assert_true (g_str_has_prefix (shown, secrets[i].before));
  }
}

/* All of them in one text, twice: equal values get equal numbers, different values different ones */
static void
test_numbers (void)
{
  g_autoptr(CrRedactor) redactor = cr_redactor_new ();
  g_autofree char *a = redact (redactor, "password=alpha-one\ntoken=beta-two\npassword=alpha-one\n", NULL);
  g_autofree char *b = redact (redactor, "x\npwd: beta-two\npassword=gamma-three", NULL);

  g_assert_cmpstr (a, ==, "password=[redacted:password:1]\ntoken=[redacted:token:2]\npassword=[redacted:password:1]\n");
  g_assert_cmpstr (b, ==, "x\npwd: [redacted:password:2]\npassword=[redacted:password:3]");
}

/* A colour code, a title, a zero-width character or a NUL in the middle hides nothing */
static void
test_split (void)
{
  static const struct { const char *bytes; gsize length; } splits[] = {
    { "\033[31m", 5 }, { "\033[0;1;38;5;196m", 15 }, { "\033]0;title\a", 10 }, { "\033]8;;http://x\033\\", 15 }, { "\xe2\x80\x8b", 3 }, { "\0", 1 }, { "\033(B", 3 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++) {
    gsize length = strlen (secrets[i].secret);

    if (memchr (secrets[i].secret, '\n', length) != NULL)
      continue;
    for (gsize k = 0; k < G_N_ELEMENTS (splits); k++) {
      for (gsize at = 1; at < length; at += SPLIT_STEP) {
        g_autoptr(CrRedactor) redactor = cr_redactor_new ();
        g_autoptr(GString) text = g_string_new (secrets[i].before);
        g_autoptr(GBytes) in = NULL, out = NULL;
        g_autofree char *shown = NULL, *head = NULL, *tail = NULL;
        guint count = 0;

        g_string_append_len (text, secrets[i].secret, (gssize) at);
        g_string_append_len (text, splits[k].bytes, (gssize) splits[k].length);
        g_string_append (text, secrets[i].secret + at);
        g_string_append (text, secrets[i].after);
        in = g_bytes_new (text->str, text->len);
        out = cr_redactor_bytes (redactor, in, &count);
        shown = g_strndup (g_bytes_get_data (out, NULL), g_bytes_get_size (out));
        head = g_strndup (secrets[i].secret, at);
        tail = g_strdup (secrets[i].secret + at);
        g_assert_cmpuint (count, >=, 1);
        if (at >= 8)
          assert_gone (shown, head);
        if (length - at >= 8)
          assert_gone (shown, tail);
      }
    }
  }
}

/* Base64 of a text with a secret in it goes; base64 of a harmless one stays */
static void
test_base64 (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++) {
    for (gsize pad = 0; pad < 3; pad++) {
      g_autoptr(CrRedactor) redactor = cr_redactor_new ();
      g_autofree char *text = g_strdup_printf ("%.*s\n%s%s%s", (int) pad, "abc", secrets[i].before, secrets[i].secret, secrets[i].after);
      g_autofree char *base64 = g_base64_encode ((const guchar *) text, strlen (text));
      g_autofree char *line = g_strdup_printf ("BODY_LEN=5\nBODY_B64=%s\nDONE=1\n", base64), *shown = NULL;

      if (strlen (text) < 24 || *secrets[i].before == '\0')  /* too short to be looked into; only at the very beginning */
        continue;
      shown = redact (redactor, line, NULL);
      if (strstr (shown, base64) != NULL)
        g_error ("%s\n%s", text, shown);
      g_assert_true (g_str_has_prefix (shown, "BODY_LEN=5\nBODY_B64=[redacted:"));
      g_assert_true (g_str_has_suffix (shown, "]\nDONE=1\n"));
    }
  }
}

static const char *const harmless[] = {
  "sha256:" HEX64, HEX64, "BODY_SHA256=" HEX64, "CANON_HASH=" HEX64, "payload_sha256: " HEX64 "\nnonce: 00112233445566778899aabbccddeeff",
  "registry.azurecr.io/app@sha256:" HEX64, "docker-pullable://nginx:1.25@sha256:" HEX64, "image: nsc.azurecr.io/txlookup/api:1.4.2@sha256:" HEX64,
  "docker://name:tag@sha256:" HEX64,
  "tx-pay-e2-3-20260224171350 tx-bf-rec-e2-3-20260224171350 po-bf-e2-3-20260224171350",
  "550e8400-e29b-41d4-a716-446655440000", "\"subscriptionId\": \"11111111-2222-3333-4444-555555555555\"",
  "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/2dt-final-team4/providers/Microsoft.ContainerService/managedClusters/nsc-aks-dev",
  "CR1 BEGIN 00112233445566778899aabbccddeeff run=e2-3 gate=sync attempt=1 self=" HEX64 " payload=" HEX64 " steps=3 gz=812 gzsha=" HEX64,
  "CR1POD 0123456789abcdef rc=0", "INFO  [alembic.runtime.migration] Running upgrade 20260205_0001 -> 20260205_0002, add source_version",
  "PWD=/home/azureuser\nOLDPWD=/root", "SharedAccessKeyName=RootManageSharedAccessKey", "keyName: key1", "secretName: api-tls\nimagePullSecrets: []",
  "automountServiceAccountToken: false", "password: ********", "token: null", "\"tokenType\": \"Bearer\"", "max_tokens: 4096", "postgresql://bo:***@db/bo",
  "FATAL:  password authentication failed for user \"bo\"", "http://127.0.0.1:8000/admin/tx/tx-pay-1", "git@github.com:a/b.git", "mailto:someone@example.com",
  "2026-11-23T09:26:04+00:00 \"GET /admin/tx/tx-missing HTTP/1.1\" 404", "{\"detail\":\"tx_id not found\"}", "sig=SIGTERM", "sig=" HEX64,
  "https://x.blob.core.windows.net/c?sv=2022-11-02&se=2026-11-23&sp=r", "-----BEGIN CERTIFICATE-----\n" PEM_LINE "\n-----END CERTIFICATE-----",
  "-----BEGIN PUBLIC KEY-----\n" PEM_LINE "\n-----END PUBLIC KEY-----", "eyJ.a", "Bearer", "Authorization:", "password=", "password=\nuser=x", "token: []",
  "enter the code", "[redacted:password:1]", "password=[redacted:password:7] token=[redacted:token:2]", "[redacted:", "primary_key=True", "",
};

static void
test_harmless (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (harmless); i++) {
    g_autoptr(CrRedactor) redactor = cr_redactor_new ();
    guint count = 0;
    g_autofree char *shown = cr_redactor_text (redactor, harmless[i], &count);
    g_autofree char *base64 = g_base64_encode ((const guchar *) harmless[i], strlen (harmless[i]));
    g_autofree char *line = g_strdup_printf ("BODY_B64=%s\n", base64), *kept = cr_redactor_text (redactor, line, NULL);

    g_assert_cmpstr (shown, ==, harmless[i]);
    g_assert_cmpuint (count, ==, 0);
    g_assert_cmpstr (kept, ==, line);
  }
}

/* A body as the API prints it */
static void
test_payload_stays (void)
{
  static const char body[] = "{\"tx_id\":\"tx-pay-e2-3-20260224171350\",\"order_id\":\"po-e2-3-20260224171350\",\"amount\":\"100.00\",\"status\":\"SETTLED\","
                             "\"merchant_name\":\"MERCHANT-SYNTHETIC\",\"event_time\":\"2026-02-24T17:13:50+00:00\",\"data_lag_sec\":3,\"pairing_status\":\"COMPLETE\"}";
  g_autoptr(CrRedactor) redactor = cr_redactor_new ();
  g_autofree char *base64 = g_base64_encode ((const guchar *) body, strlen (body)), *line = g_strconcat ("BODY_B64=", base64, "\n", NULL);
  g_autofree char *shown = NULL, *plain = NULL;

  cr_redactor_add_known (redactor, "a-token-that-is-elsewhere");
  shown = cr_redactor_text (redactor, line, NULL);
  plain = cr_redactor_text (redactor, body, NULL);
  g_assert_cmpstr (shown, ==, line);
  g_assert_cmpstr (plain, ==, body);
}

static void
test_known (void)
{
  static const char secret[] = "Zaq1 \"x\"/\\%Wsx";
  static const char *const forms[] = { "Zaq1 \"x\"/\\%Wsx", "Zaq1 \\\"x\\\"/\\\\%Wsx", "Zaq1%20%22x%22%2F%5C%25Wsx", "Zaq1%20%22x%22%2f%5c%25Wsx" };
  g_autoptr(CrRedactor) redactor = cr_redactor_new ();
  guint count = 0;

  cr_redactor_add_known (redactor, secret);
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autofree char *text = g_strdup_printf ("xx%syy", forms[i]), *shown = redact (redactor, text, NULL);

    g_assert_true (g_str_has_prefix (shown, "xx[redacted:known:"));
    g_assert_true (g_str_has_suffix (shown, "]yy"));
  }
  for (gsize pad = 0; pad < 9; pad++) {  /* each alignment, with text before and behind */
    g_autofree char *text = g_strdup_printf ("%.*s%s and more", (int) pad, "unrelated", secret);
    g_autofree char *base64 = g_base64_encode ((const guchar *) text, strlen (text)), *shown = redact (redactor, base64, NULL), *clean = NULL;
    g_autofree guchar *decoded = NULL;
    gsize length;

    g_assert_nonnull (strstr (shown, "[redacted:known:"));
    clean = g_strdup (strchr (shown, ']') + 1);
    decoded = g_base64_decode (clean, &length);
    g_assert_null (memmem (decoded, length, "Wsx", 3));
  }
  cr_redactor_add_known (redactor, "short");
  g_free (cr_redactor_text (redactor, "a short one", &count));
  g_assert_cmpuint (count, ==, 0);
  cr_redactor_add_known (redactor, NULL);
  cr_redactor_add_known (redactor, "password");  /* a word that the marks themselves are made of */
  {
    g_autofree char *shown = redact (redactor, "password=abcdefgh and the password\n", &count);

    g_assert_null (strstr (shown, "abcdefgh"));
    g_assert_null (strstr (shown, "withheld"));
  }
}

/* A mark that somebody else printed covers nothing that follows it */
static void
test_forged_mark (void)
{
  g_autoptr(CrRedactor) redactor = cr_redactor_new ();
  g_autofree char *a = redact (redactor, "password=[redacted:password:1]hunter22\n", NULL);
  g_autofree char *b = redact (redactor, "password=[redacted:password:hunter22\n", NULL);
  g_autofree char *c = redact (redactor, "postgres://u:[redacted:x:1]hunter22@h/\n", NULL);

  g_assert_null (strstr (a, "hunter22"));
  g_assert_null (strstr (b, "hunter22"));
  g_assert_null (strstr (c, "hunter22"));
}

/* Anything put together at random: settles, and a secret on a line of its own is gone */
static void
test_random (void)
{
  static const char *const glue[] = { "", " ", "\n", "\"", "'", "=", ":", "&", ";", ",", "\\\"", "\033[0m", "[redacted:token:1]", "}", "//", "@", ".", "-----", "\\n", "%3D", "token", "ey" "J" };

  for (guint round = 0; round < ROUNDS; round++) {
    g_autoptr(CrRedactor) redactor = cr_redactor_new ();
    g_autoptr(GString) text = g_string_new (NULL);
    g_autofree char *shown = NULL;

    for (gint n = g_test_rand_int_range (1, 12); n > 0; n--) {
      gsize i = (gsize) g_test_rand_int_range (0, G_N_ELEMENTS (secrets));

      switch (g_test_rand_int_range (0, 4)) {
      case 0:
        g_string_append (text, secrets[i].before);
        break;
      case 1:
        g_string_append (text, secrets[i].secret);
        break;
      case 2:
        g_string_append (text, harmless[g_test_rand_int_range (0, G_N_ELEMENTS (harmless))]);
        break;
      default:
        g_string_append_len (text, secrets[i].secret, g_test_rand_int_range (0, (gint) strlen (secrets[i].secret)));
        break;
      }
      g_string_append (text, glue[g_test_rand_int_range (0, G_N_ELEMENTS (glue))]);
    }
    g_string_append (text, "\n\nclient_secret=the-last-one-here\n");
    shown = redact (redactor, text->str, NULL);
    g_assert_null (strstr (shown, "the-last-one-here"));
    g_assert_null (strstr (shown, "withheld"));
  }
}

static void
test_any_bytes (void)
{
  g_autoptr(CrRedactor) redactor = cr_redactor_new ();

  for (guint round = 0; round < 500; round++) {
    guint8 bytes[300];
    g_autoptr(GBytes) in = NULL, out = NULL, again = NULL;

    for (gsize i = 0; i < sizeof bytes; i++)
      bytes[i] = (guint8) g_test_rand_int_range (0, 256);
    in = g_bytes_new (bytes, sizeof bytes);
    out = cr_redactor_bytes (redactor, in, NULL);
    again = cr_redactor_bytes (redactor, out, NULL);
    g_assert_true (g_bytes_equal (out, again));
  }
}

/* Texts made to be slow: meson's time limit is the judge, quadratic time would need hours */
static void
test_worst_cases (void)
{
  static const char *const units[] = {
    "password=", "sharedaccesssignature=xsig=", "a://", "token=//", "eyJ.", "-----BEGIN " "PRIVATE KEY-----\n", "-----END " "PRIVATE KEY-----\n", "A", "\033[31mA",
    "\033]0;", "a=[\"';", "PWD=/", "\\", "token:\"\\", "8Q~", "--token ", "Authorization: ", "enter the code ", "sig=a&", "@", "a:b@", "\xe2\x80\x8b", "[redacted:", "ZXlK",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++) {
    g_autoptr(CrRedactor) redactor = cr_redactor_new ();
    g_autoptr(GString) text = g_string_new (NULL);
    g_autofree char *shown = NULL;

    while (text->len < WORST_BYTES)
      g_string_append (text, units[i]);
    g_string_append (text, "\nclient_secret=the-last-one-here\n");
    shown = cr_redactor_text (redactor, text->str, NULL);
    g_assert_null (strstr (shown, "the-last-one-here"));
  }
}

static void
test_too_large (void)
{
  g_autoptr(CrRedactor) redactor = cr_redactor_new ();
  gsize size = (gsize) 65 * 1024 * 1024;
  g_autoptr(GBytes) in = g_bytes_new_take (g_malloc0 (size), size), out = NULL;
  guint count = 0;

  out = cr_redactor_bytes (redactor, in, &count);
  g_assert_cmpuint (count, ==, 1);
  g_assert_cmpuint (g_bytes_get_size (out), ==, 22);
  g_assert_true (memcmp (g_bytes_get_data (out, NULL), "[redacted:withheld:0]\n", 22) == 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/redact/planted", test_planted);
  g_test_add_func ("/redact/numbers", test_numbers);
  g_test_add_func ("/redact/split", test_split);
  g_test_add_func ("/redact/base64", test_base64);
  g_test_add_func ("/redact/harmless", test_harmless);
  g_test_add_func ("/redact/payload-stays", test_payload_stays);
  g_test_add_func ("/redact/known", test_known);
  g_test_add_func ("/redact/forged-mark", test_forged_mark);
  g_test_add_func ("/redact/random", test_random);
  g_test_add_func ("/redact/any-bytes", test_any_bytes);
  g_test_add_func ("/redact/worst-cases", test_worst_cases);
  g_test_add_func ("/redact/too-large", test_too_large);
  return g_test_run ();
}
