/* cr-redact.c: known kinds of secrets are masked before anything is shown or stored
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Several passes, each of which goes once through the text: it looks for a signature and then at a bounded neighbourhood, or jumps behind
 * what it has read. There is no backtracking, so time is linear in the length. Secrets that a colour code or a zero-width character cuts in two
 * are found in a second view of the text without these. The passes are repeated until nothing is found any more, which makes the result a
 * fixed point: redacting it again changes nothing.
 *
 * Not recognised: unknown formats, short passwords without a name, hex, encryption, wrapped lines, secrets inside compressed data. */
#include "config.h"
#include "cr-redact.h"
#include <string.h>

#define MAX_TEXT ((gsize) 64 * 1024 * 1024)  /* more than that is withheld as a whole */
#define MAX_PASSES 8
#define MAX_DEPTH 2     /* base64 in base64 */
#define KNOWN_MIN 8     /* bytes: shorter values would mask harmless text */
#define NAME_MAX_LENGTH 64

struct _CrRedactor {
  gatomicrefcount ref_count;
  GMutex          lock;
  GHashTable     *numbers;  /* SHA-256 of a value (the values themselves are not kept) -> its number */
  GPtrArray      *known;    /* char*: each form of each known value */
};

typedef struct {
  gsize       start, end;
  const char *rule;  /* (borrowed) */
} Match;

typedef struct {
  const guint8 *v;
  gsize         n;
  guint         depth;
  GArray       *matches;
} Scan;

static void scan_all (Scan *scan);

/* Characters */

enum { NAME = 1, B64 = 2, URLSAFE = 4, BLANK = 8, QUOTE = 16, ENTRA = 32, ALNUM = 64 };
static guint8 class_of[256];

static void
init_classes (void)
{
  static gsize done = 0;

  if (!g_once_init_enter (&done))
    return;
  for (guint c = 0; c < 256; c++) {
    guint8 k = 0;

    if (g_ascii_isalnum ((char) c))
      k = NAME | B64 | URLSAFE | ENTRA | ALNUM;
    else if (c == '_' || c == '-')
      k = NAME | URLSAFE | ENTRA;
    else if (c == '+' || c == '/')
      k = B64;
    else if (c == '.')
      k = NAME | ENTRA;
    else if (c == '~')
      k = ENTRA;
    else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f' || c == 0)
      k = BLANK;
    else if (c == '"' || c == '\'' || c == '`')
      k = QUOTE;
    class_of[c] = k;
  }
  g_once_init_leave (&done, 1);
}

#define IS(scan, i, k) ((i) < (scan)->n && (class_of[(scan)->v[i]] & (k)) != 0)

static gboolean
has (const Scan *scan, gsize at, const char *text)
{
  gsize length = strlen (text);

  return at <= scan->n && scan->n - at >= length && memcmp (scan->v + at, text, length) == 0;
}

static gboolean
has_nocase (const Scan *scan, gsize at, const char *text)
{
  gsize length = strlen (text);

  return at <= scan->n && scan->n - at >= length && g_ascii_strncasecmp ((const char *) scan->v + at, text, length) == 0;
}

/* Length of "[redacted:rule:1]" at @at, or 0 */
static gsize
mark_length (const Scan *scan, gsize at)
{
  gsize i = at + strlen ("[redacted:"), start;

  if (!has (scan, at, "[redacted:"))
    return 0;
  for (start = i; i < scan->n && (g_ascii_islower (scan->v[i]) || g_ascii_isdigit (scan->v[i]) || scan->v[i] == '-'); i++);
  if (i == start || i - start > 32 || i >= scan->n || scan->v[i] != ':')
    return 0;
  for (start = ++i; i < scan->n && g_ascii_isdigit (scan->v[i]); i++);
  if (i == start || i - start > 10 || i >= scan->n || scan->v[i] != ']')
    return 0;
  return i + 1 - at;
}

static void
add (Scan *scan, gsize start, gsize end, const char *rule)
{
  Match match = { start, end, rule };

  if (end > start && mark_length (scan, start) != end - start)
    g_array_append_val (scan->matches, match);
}

/* Do @length bytes at @at lie in such a mark? A known value may be a word that marks are made of. */
static gboolean
is_in_mark (const Scan *scan, gsize at, gsize length)
{
  for (gsize start = at > 64 ? at - 64 : 0; start <= at; start++) {
    if (scan->v[start] == '[' && start + mark_length (scan, start) >= at + length)
      return TRUE;
  }
  return FALSE;
}

/* Names and their values */

typedef enum { VALUE, HEADER, KEY, SIGNATURE, NO_SECRET } NameKind;

static const struct { const char *suffix; const char *rule; NameKind kind; } secret_names[] = {
  { "proxyauthorization", "authorization", HEADER }, { "authorization", "authorization", HEADER }, { "cookie", "cookie", HEADER },
  { "password", "password", VALUE }, { "passwd", "password", VALUE }, { "passphrase", "password", VALUE }, { "pwd", "password", VALUE },
  { "clientsecret", "client-secret", VALUE }, { "secret", "secret", VALUE }, { "credential", "secret", VALUE },
  { "accountkey", "account-key", VALUE }, { "sharedaccesskey", "shared-access-key", VALUE },
  { "sharedaccesssignature", "shared-access-signature", VALUE }, { "accesskey", "access-key", VALUE }, { "secretkey", "secret-key", VALUE },
  { "privatekey", "private-key", VALUE }, { "clientkeydata", "client-key", VALUE }, { "apikey", "api-key", VALUE },
  { "storagekey", "storage-key", VALUE }, { "subscriptionkey", "api-key", VALUE }, { "functionskey", "api-key", VALUE }, { "masterkey", "api-key", VALUE }, { "instrumentationkey", "api-key", VALUE }, { "accountpassword", "password", VALUE },
  { "token", "token", VALUE }, { "usercode", "device-code", VALUE }, { "devicecode", "device-code", VALUE },
  { "primarykey", "key", KEY }, { "secondarykey", "key", KEY }, { "sig", "signature", SIGNATURE },
};

/* @name is as it stands; "_", "-", "." and case don't matter */
static NameKind
classify_name (const guint8 *name, gsize length, const char **rule)
{
  char plain[NAME_MAX_LENGTH + 1];
  gsize n = 0;

  for (gsize i = 0; i < length && n < NAME_MAX_LENGTH; i++) {
    if (class_of[name[i]] & ALNUM)
      plain[n++] = g_ascii_tolower ((char) name[i]);
  }
  plain[n] = '\0';
  for (gsize i = 0; i < G_N_ELEMENTS (secret_names); i++) {
    gsize l = strlen (secret_names[i].suffix);

    if (n < l || memcmp (plain + n - l, secret_names[i].suffix, l) != 0)
      continue;
    /* "sig" alone, also behind a percent-encoded "&" or "?", but not "fsig" */
    if (secret_names[i].kind == SIGNATURE && n != l && !(n >= l + 2 && (memcmp (plain + n - l - 2, "26", 2) == 0 || memcmp (plain + n - l - 2, "3f", 2) == 0)))
      continue;
    *rule = secret_names[i].rule;
    return secret_names[i].kind;
  }
  return NO_SECRET;
}

/* Words that stand where a value would and hide nothing */
static gboolean
is_harmless (const Scan *scan, gsize start, gsize end)
{
  static const char *const words[] = { "true", "false", "null", "none", "nil", "yes", "no", "undefined", "<none>", "<unset>", "<set>", "required", "|", ">", "{", "[", "{}", "[]", "..." };
  gsize i;

  for (i = start; i < end && (scan->v[i] == '*' || scan->v[i] == '.'); i++);  /* masked by somebody else */
  if (i == end)
    return TRUE;
  for (i = 0; i < G_N_ELEMENTS (words); i++) {
    if (strlen (words[i]) == end - start && has_nocase (scan, start, words[i]))
      return TRUE;
  }
  return FALSE;
}

/* Does "name=" or "name:" begin at @at? Then what stands before it has ended. */
static gboolean
is_next_pair (const Scan *scan, gsize at)
{
  gsize i = at;

  while (i < at + NAME_MAX_LENGTH && (IS (scan, i, NAME) || (i < scan->n && scan->v[i] == ' ')))
    i++;
  return i > at && i < scan->n && scan->v[i] == '=';
}

/* End of a value without quotes. Passwords hold any character, so a separator ends one only if what follows looks like the next thing. */
static gsize
end_of_bare (const Scan *scan, gsize start, NameKind kind)
{
  gsize i = start;

  for (; i < scan->n; i++) {
    guint8 c = scan->v[i];

    if (c == '\n' || (class_of[c] & QUOTE))
      break;
    if (kind == HEADER)
      continue;
    if (class_of[c] & BLANK)
      break;
    if (c == '\\' && (IS (scan, i + 1, QUOTE) || (i + 1 < scan->n && (scan->v[i + 1] == 'n' || scan->v[i + 1] == '\\'))))
      break;
    if ((c == ';' || c == '&') && (i + 1 >= scan->n || IS (scan, i + 1, BLANK | QUOTE) || is_next_pair (scan, i + 1)))
      break;
    if (c == '%' && (has_nocase (scan, i, "%26") || has_nocase (scan, i, "%3B")))
      break;
    if ((c == ',' || c == ')' || c == '}' || c == ']' || c == '>')
        && (i + 1 >= scan->n || IS (scan, i + 1, BLANK | QUOTE) || memchr (",;)}]>", scan->v[i + 1], 6) != NULL || (c == ',' && is_next_pair (scan, i + 1)))
        && mark_length (scan, start) != i + 1 - start)
      break;
  }
  return i;
}

/* End of a value whose opening quote, with @slashes backslashes before it, lies before @start; the end of the line where none closes it */
static gsize
end_of_quoted (const Scan *scan, gsize start, guint8 quote, gsize slashes)
{
  gsize run = 0, i = start;

  for (; i < scan->n && scan->v[i] != '\n'; i++) {
    if (scan->v[i] == '\\') {
      run++;
      continue;
    }
    if (scan->v[i] == quote && (slashes == 0 ? run % 2 == 0 : run <= slashes))
      return i - MIN (run, slashes);
    run = 0;
  }
  return i;
}

/* Finds the value that begins at or behind @at, and records it. Returns where to go on. */
static gsize
take_value (Scan *scan, gsize at, NameKind kind, const char *rule, const guint8 *name, gsize name_length)
{
  static const char *const schemes[] = { "Bearer ", "Basic ", "Negotiate ", "Digest ", "Token " };
  gsize i = at, slashes = 0, start, end;
  guint8 quote = 0;

  while (i < scan->n && i < at + 64 && (scan->v[i] == ' ' || scan->v[i] == '\t'))
    i++;
  if (i + 1 < scan->n && memchr ("bBuUfFrR", scan->v[i], 8) != NULL && IS (scan, i + 1, QUOTE))
    i++;
  while (i + slashes < scan->n && slashes < 16 && scan->v[i + slashes] == '\\')
    slashes++;
  if (IS (scan, i + slashes, QUOTE)) {
    quote = scan->v[i + slashes];
    i += slashes + 1;
  } else {
    slashes = 0;
  }
  start = i;
  for (gsize s = 0; s < G_N_ELEMENTS (schemes); s++) {
    if (has_nocase (scan, start, schemes[s])) {
      start += strlen (schemes[s]);
      break;
    }
  }
  /* Whatever refuses a value does so before its end is looked for, or finds no other name in it: that keeps the time linear. */
  if (has (scan, start, "//") && start == at && at > 0 && scan->v[at - 1] == ':')
    return at;  /* a host of that name in an address */
  if (scan->n > start && scan->v[start] == '/'
      && ((name_length == 3 && g_ascii_strncasecmp ((const char *) name, "pwd", 3) == 0) || (name_length == 6 && memcmp (name, "OLDPWD", 6) == 0)))
    return at;  /* the shell's current and last folder */
  if (strcmp (rule, "shared-access-signature") == 0) {  /* only its sig is secret; expiry and rights are evidence */
    for (i = start; i < start + 1024 && i < scan->n && !IS (scan, i, BLANK | QUOTE); i++) {
      if (has_nocase (scan, i, "sig=") && (i == start || !IS (scan, i - 1, NAME)))
        return at;
    }
  }
  end = quote != 0 ? end_of_quoted (scan, start, quote, slashes) : end_of_bare (scan, start, kind);
  while (end > start && IS (scan, end - 1, BLANK))
    end--;
  if (end == start || is_harmless (scan, start, end))
    return at;
  if (kind == KEY && end - start < 20)
    return at;
  if (kind == SIGNATURE) {  /* a hex digest is no SAS signature, unless it stands in one */
    gboolean hex = TRUE, near_sas = FALSE;
    gsize from = at > 512 ? at - 512 : 0, to = MIN (scan->n, end + 512);

    for (i = start; i < end; i++) {
      if (!IS (scan, i, B64 | URLSAFE) && scan->v[i] != '%' && scan->v[i] != '=')
        return at;
      hex = hex && g_ascii_isxdigit (scan->v[i]);
    }
    for (i = from; hex && i + 3 <= to && !near_sas; i++)
      near_sas = has (scan, i, "sv=") || has (scan, i, "se=") || has (scan, i, "sr=");
    if (end - start < 16 || (hex && !near_sas))
      return at;
  }
  add (scan, start, end, rule);
  return end;
}

static void
scan_names (Scan *scan)
{
  for (gsize i = 0; i < scan->n;) {
    guint8 c = scan->v[i];
    gsize end = i, start, after;
    const char *rule = NULL;
    NameKind kind;

    if (c == '[' && mark_length (scan, i) > 0) {  /* "password:1" in a mark is no pair */
      i += mark_length (scan, i);
      continue;
    }
    if (c == '-' && has (scan, i, "--") && (i == 0 || IS (scan, i - 1, BLANK | QUOTE))) {  /* --password VALUE, also as a list */
      for (after = i + 2; IS (scan, after, NAME) && after < i + 2 + NAME_MAX_LENGTH; after++);
      kind = classify_name (scan->v + i + 2, after - i - 2, &rule);
      if (kind != NO_SECRET && after < scan->n && scan->v[after] != '=') {
        gsize value = after;

        if (IS (scan, value, QUOTE))
          value++;
        if (value < scan->n && scan->v[value] == ',')
          value++;
        if (value > after || IS (scan, value, BLANK)) {
          gsize next = value;

          while (next < scan->n && next < value + 64 && IS (scan, next, BLANK))
            next++;
          if (next < scan->n && scan->v[next] != '-' && !(IS (scan, next, QUOTE) && next + 1 < scan->n && scan->v[next + 1] == '-')) {
            gsize went = take_value (scan, next, kind == HEADER ? VALUE : kind, rule, (const guint8 *) "", 0);

            i = MAX (went, after);
            continue;
          }
        }
      }
      i = MAX (after, i + 2);
      continue;
    }
    if (c == '=' || c == ':')
      after = i + 1;
    else if (c == '%' && (has_nocase (scan, i, "%3D") || has_nocase (scan, i, "%3A")))
      after = i + 3;
    else {
      i++;
      continue;
    }
    while (end > 0 && i - end < 8 && (scan->v[end - 1] == ' ' || scan->v[end - 1] == '\t'))
      end--;
    if (end > 0 && scan->v[end - 1] == ']')
      end--;
    if (end > 0 && IS (scan, end - 1, QUOTE)) {
      end--;
      for (gsize k = 0; k < 16 && end > 0 && scan->v[end - 1] == '\\'; k++)
        end--;
    }
    for (start = end; start > 0 && end - start < NAME_MAX_LENGTH && IS (scan, start - 1, NAME); start--);
    kind = start < end ? classify_name (scan->v + start, end - start, &rule) : NO_SECRET;
    if (kind == NO_SECRET) {
      i = after;
      continue;
    }
    if (c == '=' && after < scan->n && (scan->v[after] == '>' || scan->v[after] == '='))
      after++;
    i = MAX (after, take_value (scan, after, kind, rule, scan->v + start, end - start));
  }
}

/* Keys that can be known by themselves */

static gboolean
sig_at (const Scan *scan, gsize at, const char *const *sigs)
{
  for (; *sigs != NULL; sigs++) {
    if (has (scan, at, *sigs))
      return TRUE;
  }
  return FALSE;
}

static gboolean
looks_mixed (const Scan *scan, gsize start, gsize end)
{
  gboolean lower = FALSE, upper = FALSE, digit = FALSE;

  for (gsize i = start; i < end; i++) {
    lower |= g_ascii_islower (scan->v[i]);
    upper |= g_ascii_isupper (scan->v[i]);
    digit |= g_ascii_isdigit (scan->v[i]);
  }
  return lower && upper && digit;
}

/* Decodes the base64 characters from @start to @end. (transfer full) */
static guint8 *
decode (const Scan *scan, gsize start, gsize end, gsize *length)
{
  guint8 *out = g_malloc ((end - start) / 4 * 3 + 4);
  guint32 bits = 0;
  guint have = 0;
  gsize n = 0;

  for (gsize i = start; i < end; i++) {
    guint8 c = scan->v[i];
    guint32 value = 63;

    if (g_ascii_isupper (c))
      value = (guint32) c - 'A';
    else if (g_ascii_islower (c))
      value = (guint32) c - 'a' + 26;
    else if (g_ascii_isdigit (c))
      value = (guint32) c - '0' + 52;
    else if (c == '+' || c == '-')
      value = 62;
    bits = bits << 6 | value;
    if ((have += 6) >= 8) {
      have -= 8;
      out[n++] = (guint8) (bits >> have);
    }
  }
  *length = n;
  return out;
}

static gboolean
is_text (const guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++) {
    if ((bytes[i] < 0x20 && !(class_of[bytes[i]] & BLANK)) || bytes[i] == 0 || bytes[i] == 0x7f)
      return FALSE;
  }
  return TRUE;
}

/* Does what the base64 text says hold a secret? What is not text at its beginning is not looked at. */
static gboolean
decodes_to_secret (const Scan *scan, gsize start, gsize end)
{
  g_autofree guint8 *out = NULL, *beginning = NULL;
  g_autoptr(GArray) matches = NULL;
  gsize n = 0;
  Scan inner;

  beginning = decode (scan, start, start + 16, &n);
  if (!is_text (beginning, n))
    return FALSE;
  out = decode (scan, start, end, &n);
  matches = g_array_new (FALSE, FALSE, sizeof (Match));
  inner = (Scan) { .v = out, .n = n, .depth = scan->depth + 1, .matches = matches };
  scan_all (&inner);
  return matches->len > 0;
}

/* The end of a key whose head was cut off: random bytes, so not a text that somebody encoded */
static gboolean
is_key_tail (const Scan *scan, gsize start, gsize end, gsize pad)
{
  g_autofree guint8 *out = NULL;
  gsize n = 0;

  if (end - start + pad < 20 || end - start + pad > 88 || !looks_mixed (scan, start, end) || IS (scan, end + pad, B64 | URLSAFE))
    return FALSE;
  out = decode (scan, start + (end - start + pad) % 4, end, &n);
  return !is_text (out, n) || !g_utf8_validate ((const char *) out, (gssize) n, NULL);
}

static void
scan_runs (Scan *scan)
{
  static const char *const one[] = { "+AEh", "+ASb", "+ARm", "AIoT", NULL };            /* 43 characters and "=" */
  static const char *const two[] = { "+ASt", "+ABa", "+AMC", "ACDb", "APIM", "AzFu", NULL };  /* 86, or 54, and "==" */
  static const char *const none[] = { "AzSe", "+ACR", NULL };                           /* 52 */

  for (gsize i = 0; i < scan->n;) {
    gsize end, length, pad = 0;

    if (!IS (scan, i, B64 | URLSAFE)) {
      i++;
      continue;
    }
    for (end = i; IS (scan, end, B64 | URLSAFE); end++);
    length = end - i;
    while (pad < 2 && end + pad < scan->n && scan->v[end + pad] == '=')
      pad++;
    if (pad == 1 && length >= 10 && sig_at (scan, end - 10, one)) {
      add (scan, end - MIN (length, 43), end + 1, "azure-key");
    } else if (pad == 2 && length >= 10 && sig_at (scan, end - 10, two)) {
      add (scan, end - MIN (length, 86), end + 2, "azure-key");
    } else if (length >= 52 && sig_at (scan, end - 10, none)) {
      add (scan, end - 52, end, "azure-key");
    } else if (length >= 60 && memmem (scan->v + i, length, "JQQJ9", 5) != NULL && looks_mixed (scan, i, end)) {
      add (scan, i, end, "azure-key");
    } else if (i == 0 && scan->depth == 0 && pad > 0 && is_key_tail (scan, i, end, pad)) {
      add (scan, i, end + pad, "key-tail");  /* its head was cut off */
    } else if (length >= 20 && scan->depth < MAX_DEPTH && decodes_to_secret (scan, i, end)) {
      add (scan, i, end + pad, "base64");
    }
    i = end + pad;
  }
}

/* Text that begins with one of these and goes on like a token */
static void
scan_prefixes (Scan *scan)
{
  static const struct { const char *prefix; gsize min; } table[] = {
    { "ghp_", 30 }, { "gho_", 30 }, { "ghs_", 30 }, { "ghu_", 30 }, { "github_pat_", 30 }, { "xoxb-", 20 }, { "xoxp-", 20 }, { "glpat-", 20 }, { "AKIA", 20 },
  };

  for (gsize i = 0; i < scan->n; i++) {
    gsize end = i;

    if (i > 0 && IS (scan, i - 1, ALNUM))
      continue;
    switch (scan->v[i]) {
    case 'e':
      if (has (scan, i, "eyJ")) {  /* JSON web token: two dots or more */
        guint dots = 0;
        gsize segment = i;

        for (end = i; end < scan->n; end++) {
          if (IS (scan, end, URLSAFE))
            continue;
          if (scan->v[end] != '.' || end - segment < 4 || dots == 4)
            break;
          dots++;
          segment = end + 1;
        }
        if (dots >= 2 && end - i >= 20) {
          if (scan->v[end - 1] == '.' && dots > 2)
            end--;
          add (scan, i, end, "jwt");
        }
        i = end - 1;
        continue;
      }
      if (has_nocase (scan, i, "enter the code ")) {
        gsize start = i + strlen ("enter the code ");

        for (end = start; IS (scan, end, ALNUM) || (end < scan->n && scan->v[end] == '-'); end++);
        if (end - start >= 6)
          add (scan, start, end, "device-code");
        i = MAX (end, start) - 1;
        continue;
      }
      break;
    case 'E':
      if (has_nocase (scan, i, "enter the code ")) {
        gsize start = i + strlen ("enter the code ");

        for (end = start; IS (scan, end, ALNUM) || (end < scan->n && scan->v[end] == '-'); end++);
        if (end - start >= 6)
          add (scan, start, end, "device-code");
        i = MAX (end, start) - 1;
        continue;
      }
      break;
    case 'B':
    case 'b':
      if (has_nocase (scan, i, "Bearer ")) {
        gsize start = i + 7;

        for (end = start; IS (scan, end, ENTRA | B64) || (end < scan->n && scan->v[end] == '='); end++);
        if (end - start >= 16 && looks_mixed (scan, start, end))
          add (scan, start, end, "token");
        i = MAX (end, start) - 1;
        continue;
      }
      break;
    default:
      break;
    }
    for (gsize k = 0; k < G_N_ELEMENTS (table); k++) {
      if (scan->v[i] != (guint8) table[k].prefix[0] || !has (scan, i, table[k].prefix))
        continue;
      for (end = i; IS (scan, end, URLSAFE); end++);
      if (end - i >= table[k].min && (table[k].prefix[0] != 'A' || end - i == 20)) {
        add (scan, i, end, "token");
        i = end - 1;
      }
      break;
    }
  }
}

/* Entra client secrets: three characters, 7Q~ or 8Q~, 31 or more */
static void
scan_entra (Scan *scan)
{
  for (const guint8 *p = scan->v, *stop = scan->v + scan->n; p < stop && (p = memmem (p, (gsize) (stop - p), "Q~", 2)) != NULL; p += 2) {
    gsize at = (gsize) (p - scan->v), start = at, end = at + 2;

    if (at == 0 || (p[-1] != '7' && p[-1] != '8'))
      continue;
    for (start = at - 1; start > 0 && at - start < 8 && IS (scan, start - 1, ENTRA); start--);
    for (; end < at + 64 && IS (scan, end, ENTRA); end++);
    if (end - at >= 2 + 30)
      add (scan, start, end, "client-secret");
  }
}

/* scheme://user:secret@host; the last "@" before "/" counts */
static void
scan_urls (Scan *scan)
{
  for (gsize i = 0; i + 3 <= scan->n; i++) {
    gsize start, end, colon = 0, at = 0;

    if (scan->v[i] != ':' || i == 0 || !IS (scan, i - 1, ALNUM))
      continue;
    if (has (scan, i, "://"))
      start = i + 3;
    else if (has (scan, i, ":\\/\\/"))
      start = i + 5;
    else
      continue;
    for (end = start; end < scan->n && scan->v[end] != '/' && !IS (scan, end, BLANK | QUOTE) && scan->v[end] != '<' && scan->v[end] != '>'; end++) {
      if (scan->v[end] == ':' && colon == 0 && at == 0)
        colon = end;
      else if (scan->v[end] == '@')
        at = end;
    }
    if (at > start && !has (scan, at + 1, "sha256:") && mark_length (scan, start) != at - start) {
      gsize from = colon > 0 ? colon + 1 : start;

      if ((colon > 0 || at - start >= 20) && !is_harmless (scan, from, at))
        add (scan, from, at, "url-password");
    }
    i = end - 1;
  }
}

/* Length of a line end at @at, real or written as \n and \r */
static gsize
line_end_length (const Scan *scan, gsize at)
{
  if (at >= scan->n)
    return 0;
  if (scan->v[at] == '\n' || scan->v[at] == '\r' || scan->v[at] == ' ' || scan->v[at] == '\t')
    return 1;
  return has (scan, at, "\\n") || has (scan, at, "\\r") ? 2 : 0;
}

static gboolean
is_key_char (const Scan *scan, gsize at)
{
  return IS (scan, at, B64) || (at < scan->n && scan->v[at] == '=');
}

static void
scan_pem (Scan *scan)
{
  const guint8 *p = scan->v, *stop = scan->v + scan->n;

  for (; p < stop && (p = memmem (p, (gsize) (stop - p), "PRIVATE KEY-----", 16)) != NULL; p++) {
    gsize at = (gsize) (p - scan->v), start = at, end = at + 16;

    while (start > 0 && at - start < 40 && !has (scan, start, "-----BEGIN ") && !has (scan, start, "-----END "))
      start--;
    if (has (scan, start, "-----END ")) {  /* its beginning was cut off */
      gsize from = start;

      while (from > 0 && start - from < 16384 && (is_key_char (scan, from - 1) || scan->v[from - 1] == '\n' || scan->v[from - 1] == '\r'))
        from--;
      add (scan, from, end, "private-key");
      continue;
    }
    if (!has (scan, start, "-----BEGIN "))
      continue;
    for (;;) {  /* line by line */
      gsize line = end, after;

      while (line < scan->n && line_end_length (scan, line) > 0)
        line += line_end_length (scan, line);
      if (has (scan, line, "-----END ")) {
        for (end = line + 9; end < scan->n && scan->v[end] != '-' && scan->v[end] != '\n'; end++);
        for (gsize k = 0; k < 5 && end < scan->n && scan->v[end] == '-'; k++)
          end++;
        break;
      }
      for (after = line; is_key_char (scan, after) && !has (scan, after, "\\n"); after++);
      if (after < scan->n && (scan->v[after] == ':' || scan->v[after] == '-') && after - line < 16 && after > line) {
        for (; after < scan->n && scan->v[after] != '\n' && !has (scan, after, "\\n"); after++);  /* Proc-Type: 4,ENCRYPTED */
        end = after;
        continue;
      }
      if (after - line < 16 && !(after > line && (after == scan->n || has (scan, after + line_end_length (scan, after), "-----END "))))
        break;
      end = after;
    }
    add (scan, start, end, "private-key");
    p = scan->v + end - 1;
  }
}

static void
scan_all (Scan *scan)
{
  scan_names (scan);
  scan_runs (scan);
  scan_prefixes (scan);
  scan_entra (scan);
  scan_urls (scan);
  scan_pem (scan);
}

/* The redactor */

CrRedactor *
cr_redactor_new (void)
{
  CrRedactor *self = g_new0 (CrRedactor, 1);

  init_classes ();
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->known = g_ptr_array_new_with_free_func (g_free);
  return self;
}

CrRedactor *
cr_redactor_ref (CrRedactor *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cr_redactor_unref (CrRedactor *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->known->len; i++)
    explicit_bzero (self->known->pdata[i], strlen (self->known->pdata[i]));
  g_hash_table_unref (self->numbers);
  g_ptr_array_unref (self->known);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
add_form (CrRedactor *self, char *form_taken)
{
  if (strlen (form_taken) < KNOWN_MIN || g_ptr_array_find_with_equal_func (self->known, form_taken, g_str_equal, NULL)) {
    g_free (form_taken);
    return;
  }
  g_ptr_array_add (self->known, form_taken);
}

/* The part of @value's base64 that is the same whatever stands around it, if @shift bytes modulo 3 stand before it */
static char *
inner_base64 (const char *value, gsize shift)
{
  gsize length = strlen (value), first = shift == 0 ? 0 : shift + 1, whole = (length + shift) * 8 / 6;
  g_autofree guint8 *bytes = g_malloc0 (length + shift);
  g_autofree char *text = NULL;

  memcpy (bytes + shift, value, length);
  text = g_base64_encode (bytes, length + shift);
  return g_strndup (text + first, whole - first);
}

static char *
escape_with (const char *value, const char *format, const char *also)
{
  GString *out = g_string_new (NULL);

  for (const char *p = value; *p != '\0'; p++) {
    if ((class_of[(guchar) *p] & ALNUM) || strchr (also, *p) != NULL)
      g_string_append_c (out, *p);
    else
      g_string_append_printf (out, *format == 'X' ? "%%%02X" : "%%%02x", (guchar) *p);
  }
  return g_string_free (out, FALSE);
}

static char *
escape_json (const char *value)
{
  GString *out = g_string_new (NULL);

  for (const char *p = value; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c (out, '\\');
    g_string_append_c (out, *p);
  }
  return g_string_free (out, FALSE);
}

void
cr_redactor_add_known (CrRedactor *self, const char *value)
{
  g_return_if_fail (self != NULL);
  if (value == NULL || strlen (value) < KNOWN_MIN)
    return;
  g_mutex_lock (&self->lock);
  add_form (self, g_strdup (value));
  add_form (self, escape_with (value, "X", "-_.~"));
  add_form (self, escape_with (value, "x", "-_.~"));
  add_form (self, escape_with (value, "X", "-_.~/:@"));
  add_form (self, escape_json (value));
  for (gsize shift = 0; shift < 3; shift++) {
    char *form = inner_base64 (value, shift), *urlsafe = g_strdelimit (g_strdelimit (g_strdup (form), "+", '-'), "/", '_');

    add_form (self, form);
    add_form (self, urlsafe);
  }
  g_mutex_unlock (&self->lock);
}

static void
scan_known (CrRedactor *self, Scan *scan)
{
  for (guint i = 0; i < self->known->len; i++) {
    const char *form = self->known->pdata[i];
    gsize length = strlen (form);
    const guint8 *p = scan->v, *stop = scan->v + scan->n;

    for (; p < stop && (p = memmem (p, (gsize) (stop - p), form, length)) != NULL; p += length) {
      Match match = { (gsize) (p - scan->v), (gsize) (p - scan->v) + length, "known" };

      if (!is_in_mark (scan, match.start, length))
        g_array_append_val (scan->matches, match);
    }
  }
}

/* Escape sequences and zero-width characters left out; map[i] is where byte i of the view stands in the text. NULL if there are none. */
static guint8 *
strip (const guint8 *text, gsize n, gsize *length, guint32 **map)
{
  guint8 *view;
  gsize out = 0;

  if (text == NULL || n == 0)
    return NULL;
  if (memchr (text, 0x1b, n) == NULL && memchr (text, 0, n) == NULL && memchr (text, '\b', n) == NULL && memmem (text, n, "\xe2\x80", 2) == NULL
      && memmem (text, n, "\xef\xbb\xbf", 3) == NULL)
    return NULL;
  view = g_malloc (n + 1);
  *map = g_new (guint32, n + 1);
  for (gsize i = 0; i < n;) {
    if (text[i] == 0x1b) {
      gsize end = i + 1;

      if (end < n && text[end] == '[') {
        for (end++; end < n && end < i + 64 && text[end] >= 0x20 && text[end] <= 0x3f; end++);
        end = end < n && text[end] >= 0x40 && text[end] <= 0x7e ? end + 1 : i + 1;
      } else if (end < n && (text[end] == ']' || text[end] == 'P' || text[end] == '_' || text[end] == '^')) {
        for (end++; end < n && end < i + 2048 && text[end] != 0x07 && text[end] != 0x1b; end++);
        if (end < n && text[end] == 0x07)
          end++;
        else if (end + 1 < n && text[end] == 0x1b && text[end + 1] == '\\')
          end += 2;
        else
          end = i + 1;
      } else if (end < n && text[end] >= 0x20 && text[end] <= 0x7e) {
        while (end < n && end < i + 4 && text[end] >= 0x20 && text[end] <= 0x2f)
          end++;
        end = end < n ? end + 1 : end;
      }
      i = end;
      continue;
    }
    if (text[i] == 0 || text[i] == '\b') {
      i++;
      continue;
    }
    if (n - i >= 3 && ((text[i] == 0xe2 && text[i + 1] == 0x80 && text[i + 2] >= 0x8b && text[i + 2] <= 0x8f) || memcmp (text + i, "\xef\xbb\xbf", 3) == 0)) {
      i += 3;
      continue;
    }
    (*map)[out] = (guint32) i;
    view[out++] = text[i++];
  }
  *length = out;
  return view;
}

static int
compare_matches (gconstpointer a, gconstpointer b)
{
  const Match *x = a, *y = b;

  if (x->start != y->start)
    return x->start < y->start ? -1 : 1;
  return x->end > y->end ? -1 : x->end < y->end ? 1 : strcmp (x->rule, y->rule);
}

static guint
number_of (CrRedactor *self, const guint8 *value, gsize length)
{
  g_autofree char *digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, value, length);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->numbers, digest));

  if (n == 0) {
    n = g_hash_table_size (self->numbers) + 1;
    g_hash_table_insert (self->numbers, g_steal_pointer (&digest), GUINT_TO_POINTER (n));
  }
  return n;
}

/* One time through all passes. NULL if nothing was found. */
static GByteArray *
redact_once (CrRedactor *self, const guint8 *text, gsize n, guint *count)
{
  g_autoptr(GArray) matches = g_array_new (FALSE, FALSE, sizeof (Match));
  g_autofree guint8 *view = NULL;
  g_autofree guint32 *map = NULL;
  GByteArray *out;
  Scan scan = { .v = text, .n = n, .matches = matches };
  gsize length = 0, done = 0;

  scan_all (&scan);
  scan_known (self, &scan);
  view = strip (text, n, &length, &map);
  if (view != NULL) {
    guint first = matches->len;

    scan.v = view;
    scan.n = length;
    scan_all (&scan);
    scan_known (self, &scan);
    for (guint i = first; i < matches->len; i++) {
      Match *match = &g_array_index (matches, Match, i);

      match->end = (gsize) map[match->end - 1] + 1;
      match->start = map[match->start];
    }
  }
  if (matches->len == 0)
    return NULL;
  g_array_sort (matches, compare_matches);
  out = g_byte_array_sized_new ((guint) n);
  for (guint i = 0; i < matches->len; i++) {
    Match match = g_array_index (matches, Match, i);
    g_autofree char *mark = NULL;

    for (; i + 1 < matches->len && g_array_index (matches, Match, i + 1).start < match.end; i++)
      match.end = MAX (match.end, g_array_index (matches, Match, i + 1).end);
    g_byte_array_append (out, text + done, (guint) (match.start - done));
    mark = g_strdup_printf ("[redacted:%s:%u]", match.rule, number_of (self, text + match.start, match.end - match.start));
    g_byte_array_append (out, (const guint8 *) mark, (guint) strlen (mark));
    done = match.end;
    *count += 1;
  }
  g_byte_array_append (out, text + done, (guint) (n - done));
  return out;
}

GBytes *
cr_redactor_bytes (CrRedactor *self, GBytes *bytes, guint *count)
{
  g_autoptr(GBytes) current = NULL;
  guint found = 0;

  g_return_val_if_fail (self != NULL && bytes != NULL, NULL);
  current = g_bytes_ref (bytes);
  g_mutex_lock (&self->lock);
  for (guint pass = 0; pass <= MAX_PASSES; pass++) {
    gsize n = 0;
    const guint8 *text = g_bytes_get_data (current, &n);
    GByteArray *out;

    if (n == 0 || text == NULL)
      break;
    out = n <= MAX_TEXT && pass < MAX_PASSES ? redact_once (self, text, n, &found) : NULL;
    if (out == NULL && n <= MAX_TEXT && pass < MAX_PASSES)
      break;
    g_bytes_unref (current);
    if (out != NULL) {
      current = g_byte_array_free_to_bytes (out);
    } else {  /* too large, or it doesn't settle: better nothing than a secret */
      current = g_bytes_new_static ("[redacted:withheld:0]\n", 22);
      found++;
      break;
    }
  }
  g_mutex_unlock (&self->lock);
  if (count != NULL)
    *count = found;
  return g_steal_pointer (&current);
}

char *
cr_redactor_text (CrRedactor *self, const char *text, guint *count)
{
  g_autoptr(GBytes) in = NULL, out = NULL;
  gsize length = 0;
  const char *data;

  g_return_val_if_fail (self != NULL, NULL);
  in = g_bytes_new_static (text != NULL ? text : "", text != NULL ? strlen (text) : 0);
  out = cr_redactor_bytes (self, in, count);
  data = g_bytes_get_data (out, &length);
  return g_strndup (length > 0 ? data : "", length);
}
