/* test-quote.c: words survive real shells byte for byte
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-quote.h"
#include <string.h>

static const char *const shells[] = { "dash", "bash", "busybox", NULL };

/* What each shell makes of "printf %s\\0 WORDS": the words again */
static void
assert_round_trip (const char *const *argv)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *line = cr_quote_argv (argv, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_strdup_printf ("printf '%%s\\0' %s", line);
  for (gsize i = 0; shells[i] != NULL; i++) {
    const char *child[] = { shells[i], "sh", "-c", text, NULL };
    g_autofree char *out = NULL;
    g_autofree char *path = g_find_program_in_path (shells[i]);
    const char *p;
    int status = -1;
    if (path == NULL)
      continue;
    if (strcmp (shells[i], "busybox") != 0) {
      child[1] = "-c";
      child[2] = text;
      child[3] = NULL;
    }
    g_assert_true (g_spawn_sync (NULL, (char **) child, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &status, &error));
    g_assert_no_error (error);
    g_assert_cmpint (status, ==, 0);
    p = out;
    for (gsize j = 0; argv[j] != NULL; j++) {
      g_assert_cmpstr (p, ==, argv[j]);
      p += strlen (p) + 1;
    }
  }
}

static void
test_hostile_words (void)
{
  const char *argv[] = {
    "it's", "''", "'", "a;b", "$(touch /tmp/x)", "`id`", "a\\b", "\\", "\"", "%s%n", "$HOME", "a\nb", "\n", "\t", "", " ", "*", "?", "[a]", "{a,b}", "~",
    "~root", "!!", "#", "a#b", "-n", "--", "a=b", "&& true", "|", ">x", "<x", "(", ")", "'\\''", "a'b'c", "@file", "^", NULL
  };
  g_test_summary ("Each word reaches the program as it was, in every shell at hand");
  assert_round_trip (argv);
}

static void
test_every_character (void)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  for (int c = 1; c < 127; c++)
    if (c >= 0x20 || c == '\n' || c == '\t') {
      g_ptr_array_add (argv, g_strdup_printf ("%c", c));
      g_ptr_array_add (argv, g_strdup_printf ("x%cy%c%c", c, c, c));
    }
  g_ptr_array_add (argv, NULL);
  assert_round_trip ((const char *const *) argv->pdata);
}

static void
test_random_words (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (20260224);
  static const char alphabet[] = "ab '\"\\$`;&|<>(){}[]*?~!#%=@\n\t-";

  for (int round = 0; round < 12; round++) {
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
    for (int i = 0; i < 40; i++) {
      gsize length = (gsize) g_rand_int_range (rand, 0, 30);
      char *word = g_new0 (char, length + 1);
      for (gsize j = 0; j < length; j++)
        word[j] = alphabet[g_rand_int_range (rand, 0, (gint32) sizeof alphabet - 1)];
      g_ptr_array_add (argv, word);
    }
    g_ptr_array_add (argv, NULL);
    assert_round_trip ((const char *const *) argv->pdata);
  }
}

static void
test_first_word (void)
{
  const char *words[] = { "A=b", "if", "time", "function", "done", NULL };

  g_test_summary ("As a command, an assignment or a reserved word is a program's name like any other: the shell looks for it and says 127");
  for (gsize i = 0; words[i] != NULL; i++) {
    const char *argv[] = { words[i], "x", NULL };
    g_autoptr(GError) error = NULL;
    g_autofree char *line = cr_quote_argv (argv, &error);
    g_assert_no_error (error);
    for (gsize j = 0; j < 2; j++) {
      const char *child[] = { shells[j], "-c", line, NULL };
      const char *env[] = { "PATH=/nonexistent", NULL };
      g_autofree char *out = NULL, *err = NULL, *path = g_find_program_in_path (shells[j]);
      int status = 0;
      child[0] = path;
      g_assert_true (g_spawn_sync (NULL, (char **) child, (char **) env, G_SPAWN_DEFAULT, NULL, NULL, &out, &err, &status, &error));
      g_assert_cmpint (status >> 8, ==, 127);
    }
  }
}

static void
test_plain (void)
{
  const char *argv[] = { "kubectl", "-n", "txlookup", "exec", "deploy/tx-lookup-api", "--", "a=b", NULL };
  g_autofree char *line = cr_quote_argv (argv, NULL);

  g_assert_cmpstr (line, ==, "kubectl -n txlookup exec deploy/tx-lookup-api -- a=b");
}

static void
test_refused (void)
{
  struct { const char *text, *part; } cases[] = {
    { "a\rb", "0x0d at position 1" }, { "\x1b[0m", "0x1b at position 0" }, { "ab\xc3\xa9", "0xc3 at position 2" }, { "\x7f", "0x7f" }, { "a\x01", "0x01" }
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *argv[] = { "x", cases[i].text, NULL };
    g_autoptr(GError) error = NULL, again = NULL;
    g_assert_null (cr_quote_word (cases[i].text, &error));
    g_assert_error (error, CR_QUOTE_ERROR, CR_QUOTE_ERROR_CHARACTER);
    g_assert_nonnull (strstr (error->message, cases[i].part));
    g_assert_null (cr_quote_argv (argv, &again));
    g_assert_true (g_str_has_prefix (again->message, "Argument 1: "));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quote/hostile-words", test_hostile_words);
  g_test_add_func ("/quote/every-character", test_every_character);
  g_test_add_func ("/quote/random-words", test_random_words);
  g_test_add_func ("/quote/first-word", test_first_word);
  g_test_add_func ("/quote/plain", test_plain);
  g_test_add_func ("/quote/refused", test_refused);
  return g_test_run ();
}
