/* test-settings.c: fields, profiles, and the rules between fields
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-settings.h"
#include <gio/gio.h>
#include <string.h>

static char *
load_data (const char *folder, const char *name)
{
  g_autofree char *path = g_str_equal (folder, "data") ? g_test_build_filename (G_TEST_DIST, "data", name, NULL)
                                                       : g_build_filename (g_getenv ("CR_DATA_DIR"), folder, name, NULL);
  g_autoptr(GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static CrSettings *
make_good (void)
{
  CrSettings *settings = cr_settings_new ();

  g_assert_true (cr_settings_set (settings, "owner", "salee", CR_ORIGIN_EDITED, NULL));
  return settings;
}

/* The defaults are those of the runbook's section 2 and of its commands */
static void
test_runbook_defaults (void)
{
  static const char *const lines[][2] = {
    { "AKS_RESOURCE_GROUP", "resource_group" }, { "AKS_CLUSTER", "cluster" }, { "AKS_NAMESPACE", "namespace" },
    { "API_SERVICE", "api_deployment" }, { "JUMPBOX_VM", "jumpbox_vm" },
  };
  g_autofree char *runbook = load_data ("data", "runbook.md");
  g_autoptr(CrSettings) settings = make_good ();
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autofree char *line = g_strdup_printf ("\n%s=%s\n", lines[i][0], cr_settings_get (settings, lines[i][1]));
    g_assert_nonnull (strstr (runbook, line));
    g_assert_cmpint (cr_settings_get_origin (settings, lines[i][1]), ==, CR_ORIGIN_RUNBOOK);
  }
  g_assert_nonnull (strstr (runbook, cr_settings_get (settings, "api_address")));
  g_assert_nonnull (strstr (runbook, cr_settings_get (settings, "consumer_deployment")));
  g_assert_nonnull (strstr (runbook, cr_settings_get (settings, "evidence_root")));
  g_assert_nonnull (strstr (runbook, "sudo -u azureuser -H"));
  g_assert_cmpstr (cr_settings_get (settings, "jumpbox_user"), ==, "azureuser");
  g_assert_true (cr_settings_check (settings, &error));
  g_assert_no_error (error);
}

static void
test_table (void)
{
  guint n_fields;
  const CrField *fields = cr_fields (&n_fields);
  g_autoptr(GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < n_fields; i++) {
    g_autoptr(GError) error = NULL;

    g_assert_true (g_hash_table_add (keys, (gpointer) fields[i].key));
    g_assert_true (cr_field_find (fields[i].key) == &fields[i]);
    g_assert_true (fields[i].title != NULL && fields[i].expected != NULL);
    g_assert_true (fields[i].fallback == NULL || cr_field_check (&fields[i], fields[i].fallback, &error));
    g_assert_true (cr_field_check (&fields[i], "", NULL) == !fields[i].required);
    g_assert_true ((fields[i].kind == CR_FIELD_CHOICE) == (fields[i].choices != NULL));
  }
  g_assert_null (cr_field_find ("nope"));
  g_assert_null (cr_field_find (NULL));
}

static const struct { const char *key, *good, *bad; } cases[] = {  /* TAB between values */
  { "mode", "practice\treal", "Practice\tdry\tpractice,real" },
  { "environment", "dev\tpractice\ta\tstage-2\tabcdefghijklmnop", "Dev\t2dev\tdev_1\t-dev\tabcdefghijklmnopq\tprod\tpreprod\tprod-2\tde v" },
  { "subscription", "7c3f1f5e-2d4b-4b8e-9a60-5f0e2c1d9ab4\tPay As You Go (2)", "--help\t-x\té" },
  { "resource_group", "2dt-final-team4\ta\t_x.(1)-y", "a.\ta b\ta/b\t-a\ta;b\t$(id)\té\t'a'" },
  { "cluster", "nsc-aks-dev\tA_1\tx", "-a\ta-\t_a\ta.b\ta b" },
  { "namespace", "txlookup\ta-1\t1a", "TxLookup\ta_b\t-a\ta-\ta.b\ta b\t$X" },
  { "api_deployment", "tx-lookup-api", "Tx\ta/b\tdeploy/a" },
  { "consumer_deployment", "txlookup-consumer", "TX\ta b" },
  { "api_address", "http://127.0.0.1:8000\thttps://localhost\thttp://[::1]:80\thttp://127.1.2.3",
    "127.0.0.1:8000\thttp://example.org\thttp://127.0.0.1:8000/\thttp://127.0.0.1:0\thttp://127.0.0.1:65536\thttp://localhost.example.org\t"
    "http://a@127.0.0.1\thttp://127.0.0.1?x\tftp://127.0.0.1\thttp://10.0.0.1\thttp://127.0.0.1:8000#x\thttp://127.0.0.1.example.org" },
  { "api_url", "http://127.0.0.1:45123\thttps://api.example.org\thttps://api.example.org:8443\thttp://[2001:db8::1]:80\thttp://10.1.2.3",
    "api.example.org\thttps://\thttps://api.example.org/\thttps://api.example.org/x\thttps://u:p@api.example.org\thttps://api.example.org?q=1\t"
    "https://api.example.org#f\tfile:///etc/passwd\thttps://api.example.org:99999\thttps://-x\thttps://a b\thttps://[nope]\t"
    "javascript:alert(1)\thttps://api.example.org:\thttps://a_b" },
  { "token_command", "print-token\taz account get-access-token --resource api://x/.default --query accessToken -o tsv\t/opt/t -v",
    "a 'b'\ta \"b\"\t$(id)\ta|b\ta;b\ta > b\t-x\ta\\b\ta `b`\té" },
  { "jumpbox_vm", "jump-aks-20260224-2dt026\ta\tA.b_c", "_a\ta.\ta-\t-a\ta b\ta/b" },
  { "jumpbox_resource_group", "hub\t2dt", "a.\t-a\ta b" },
  { "jumpbox_user", "azureuser\t_a\ta-1", "Azure\t1a\troot;id\ta b\t-a\tabcdefghijklmnopqrstuvwxyzabcdefg" },
  { "az", "az\t/usr/bin/az\t/opt/m y/ä/az\tflatpak-az", "-az\tbin/az\t./az\t--help" },
  { "transport", "jumpbox", "ssh\tJumpbox" },
  { "spool_dir", "/var/lib/cutover-rehearsal\t/a/b.c\t/tmp/.x", "/\ta\t/a/\t/a//b\t/a/../b\t/a/.\t/a b\t/a;b\t/a$b\t/ä\t~/x" },
  { "jumpbox_path", "/usr/bin\t/usr/local/bin:/bin\t/", "bin\t/a::/b\t/a:\t:/a\t/a:b\t/a b\t/$HOME\t/a;b" },
  { "clock_limit", "1\t30\t300", "0\t301\t-1\t1.5\t030\t3e1\t+3\tx\t 3\t٣" },
  { "fence_posts", "true\tfalse", "yes\tTrue\t1\t0" },
  { "limits.precheck", "30\t5400", "29\t5401\tx\t18446744073709551646\t1e3" },
  { "evidence_root", ".agents/logs/verification\t/tmp/ä b\tx", "a\x01" "b\ta\xff" },
  { "practice.speed", "1x\t10x\tinstant", "2x\t10X\t10" },
  { "practice.fault", "migration-exit-1\ta,b-2", "A\ta,\t,a\ta b\ta;b\t-a" },
  { "practice.seed", "0\t4294967295", "-1\t4294967296\t00\tx" },
  { "owner", "salee\t김살리\tO'Neill <a@b.c>\t=HYPERLINK()", "a\x1b[31m\ta\xc2\x85\ta\xe2\x80\xae" "b\ta\xff" },
  { "t_cutover", "now\t2026-03-01T12:00:00Z", "Now\ttomorrow\t2026-03-01 12:00:00Z\t2026-02-30T12:00:00Z\t2026-03-01T12:00:60Z\t2026-03-01T21:00:00+09:00" },
  { "run_id", "e2-3-20260224171350\ta\tA_b-1", "-a\ta b\ta/b\t../x\ta.b\té" },
  { "retry_at", "2026-03-01T12:00:00Z\tN/A: no retry planned\tN/A (waiting for the vendor)", "now\tN/A\tN/A: \tsoon\t2026-03-01" },
  { "unblock", "The backfill writes both rows.", "short\ta\x02 control character here" },
};

static void
test_values (void)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_fields;
  const CrField *fields = cr_fields (&n_fields);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const CrField *field = cr_field_find (cases[i].key);
    g_auto(GStrv) good = g_strsplit (cases[i].good, "\t", -1);
    g_auto(GStrv) bad = g_strsplit (cases[i].bad, "\t", -1);

    g_assert_nonnull (field);
    g_hash_table_add (seen, (gpointer) field->key);
    for (guint j = 0; good[j] != NULL; j++) {
      g_autoptr(GError) error = NULL;
      if (!cr_field_check (field, good[j], &error))
        g_error ("%s", error->message);
    }
    for (guint j = 0; bad[j] != NULL; j++) {
      g_autoptr(GError) error = NULL;
      if (cr_field_check (field, bad[j], &error))
        g_error ("%s took \"%s\"", field->key, bad[j]);
      g_assert_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE);
      g_assert_nonnull (strstr (error->message, field->title));
      g_assert_nonnull (strstr (error->message, field->expected));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strpbrk (error->message, "\x1b\n\x01"));
    }
  }
  for (guint i = 0; i < n_fields; i++)
    g_assert_true (g_hash_table_contains (seen, fields[i].key) || g_str_has_prefix (fields[i].key, "limits."));
}

/* One character more than allowed */
static void
test_lengths (void)
{
  static const struct { const char *key; gsize most; } lengths[] = {
    { "subscription", 64 }, { "resource_group", 90 }, { "cluster", 63 }, { "namespace", 63 }, { "jumpbox_vm", 64 }, { "jumpbox_user", 32 },
    { "run_id", 64 }, { "owner", 64 }, { "environment", 16 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autofree char *most = g_strnfill (lengths[i].most, 'a');
    g_autofree char *more = g_strnfill (lengths[i].most + 1, 'a');
    g_assert_true (cr_field_check (cr_field_find (lengths[i].key), most, NULL));
    g_assert_false (cr_field_check (cr_field_find (lengths[i].key), more, NULL));
  }
  {
    g_autofree char *megabyte = g_strnfill (1 << 20, 'a');
    g_autoptr(GError) error = NULL;
    g_assert_false (cr_field_check (cr_field_find ("evidence_root"), megabyte, &error));
    g_assert_cmpuint (strlen (error->message), <, 500);
  }
}

static void
changed_cb (CrSettings *settings, const char *key, gpointer data)
{
  g_string_append_printf (data, "%s;", key);
}

static void
test_set (void)
{
  g_autoptr(CrSettings) settings = cr_settings_new ();
  g_autoptr(CrSettings) copy = NULL;
  g_autoptr(GString) all = g_string_new (NULL);
  g_autoptr(GString) detailed = g_string_new (NULL);
  g_autoptr(GError) unknown = NULL;
  g_autoptr(GError) bad = NULL;
  g_autoptr(GError) missing = NULL;
  g_autoptr(GError) unchecked = NULL;
  g_autofree char *origin = NULL;

  g_signal_connect (settings, "changed", G_CALLBACK (changed_cb), all);
  g_signal_connect (settings, "changed::cluster", G_CALLBACK (changed_cb), detailed);
  g_assert_true (cr_settings_set (settings, "cluster", " \tother\n\xe3\x80\x80\xc2\xa0", CR_ORIGIN_EDITED, NULL));
  g_assert_cmpstr (cr_settings_get (settings, "cluster"), ==, "other");
  g_assert_true (cr_settings_set (settings, "cluster", "other", CR_ORIGIN_EDITED, NULL));
  g_assert_true (cr_settings_set (settings, "namespace", "n", CR_ORIGIN_OPTION, NULL));
  g_assert_cmpstr (all->str, ==, "cluster;namespace;");
  g_assert_cmpstr (detailed->str, ==, "cluster;");
  origin = cr_settings_describe_origin (settings, "cluster");
  g_assert_cmpstr (origin, ==, "edited");

  g_assert_false (cr_settings_set (settings, "nope", "x", CR_ORIGIN_EDITED, &unknown));
  g_assert_error (unknown, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_UNKNOWN_KEY);
  g_assert_false (cr_settings_set (settings, "cluster", "a b", CR_ORIGIN_EDITED, &bad));
  g_assert_error (bad, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE);
  g_assert_nonnull (strstr (bad->message, "\"a b\""));
  g_assert_false (cr_settings_set (settings, "cluster", "  ", CR_ORIGIN_EDITED, &missing));
  g_assert_error (missing, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_MISSING);
  g_assert_cmpstr (cr_settings_get (settings, "cluster"), ==, "other");

  cr_settings_set (settings, "owner", "salee", CR_ORIGIN_EDITED, NULL);
  g_assert_true (cr_settings_check (settings, NULL));
  copy = cr_settings_copy (settings);
  cr_settings_set_unchecked (settings, "cluster", "a b \xff", CR_ORIGIN_EDITED);
  g_assert_true (g_utf8_validate (cr_settings_get (settings, "cluster"), -1, NULL));
  g_assert_true (g_str_has_prefix (cr_settings_get (settings, "cluster"), "a b"));
  g_assert_false (cr_settings_check (settings, &unchecked));
  g_assert_error (unchecked, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE);
  g_assert_cmpstr (cr_settings_get (copy, "cluster"), ==, "other");
  g_assert_cmpint (cr_settings_get_origin (copy, "namespace"), ==, CR_ORIGIN_OPTION);
  g_assert_true (cr_settings_check (copy, NULL));

  g_assert_cmpint (cr_settings_get_int (settings, "limits.backfill"), ==, 900);
  cr_settings_set_unchecked (settings, "limits.backfill", "soon", CR_ORIGIN_EDITED);
  g_assert_cmpint (cr_settings_get_int (settings, "limits.backfill"), ==, 900);
  g_assert_true (cr_settings_set (settings, "limits.backfill", "60", CR_ORIGIN_EDITED, NULL));
  g_assert_cmpint (cr_settings_get_int (settings, "limits.backfill"), ==, 60);
  g_assert_cmpint (cr_settings_get_int (settings, "practice.seed"), ==, 0);
}

/* What a practice target set is gone once the mode is real */
static void
test_practice_values (void)
{
  g_autoptr(CrSettings) settings = make_good ();
  g_autoptr(CrSettings) loaded = make_good ();
  CrSettings *const both[] = { settings, loaded };
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    g_assert_true (cr_settings_set (both[i], "mode", "practice", CR_ORIGIN_EDITED, NULL));
    g_assert_true (cr_settings_set (both[i], "az", "/tmp/practice/az", CR_ORIGIN_PRACTICE, NULL));
    g_assert_true (cr_settings_set (both[i], "api_url", "http://127.0.0.1:4000", CR_ORIGIN_PRACTICE, NULL));
    g_assert_true (cr_settings_set (both[i], "spool_dir", "/mine", CR_ORIGIN_OPTION, NULL));
    g_assert_cmpstr (cr_settings_get (both[i], "az"), ==, "/tmp/practice/az");
  }
  g_assert_true (cr_settings_set (settings, "mode", "real", CR_ORIGIN_EDITED, NULL));
  g_assert_true (cr_settings_load_profile (loaded, "x", "x", "[cutover]\ncluster=a\n", -1, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    g_assert_cmpstr (cr_settings_get (both[i], "az"), ==, "az");
    g_assert_cmpint (cr_settings_get_origin (both[i], "az"), ==, CR_ORIGIN_RUNBOOK);
    g_assert_cmpstr (cr_settings_get (both[i], "api_url"), ==, "");
    g_assert_cmpstr (cr_settings_get (both[i], "spool_dir"), ==, "/mine");
  }
}

static void
test_between (void)
{
  static const struct { const char *set[3][2]; const char *named; } refused[] = {
    { { { "consumer_deployment", "tx-lookup-api" } }, "Consumer deployment" },
    { { { "mode", "real" }, { "practice.fault", "cluster-stopped" } }, "Practice failure" },
    { { { "token_command", "print-token" }, { "api_url", "http://api.example.org" } }, "API address from this computer" },
    { { { "t_cutover", "2026-03-01T12:00:00Z" }, { "retry_at", "2026-03-01T12:00:00Z" } }, "Retry at" },
  };
  static const struct { const char *set[3][2]; } taken[] = {
    { { { "mode", "practice" }, { "practice.fault", "cluster-stopped" } } },
    { { { "token_command", "print-token" }, { "api_url", "http://127.0.0.1:80" } } },
    { { { "token_command", "print-token" }, { "api_url", "https://api.example.org" } } },
    { { { "api_url", "http://api.example.org" } } },
    { { { "t_cutover", "2026-03-01T12:00:00Z" }, { "retry_at", "2026-03-01T12:00:01Z" } } },
    { { { "t_cutover", "2026-03-01T12:00:00Z" }, { "retry_at", "N/A: project ends" } } },
  };
  g_autoptr(CrSettings) fresh = cr_settings_new ();
  g_autoptr(GError) owner = NULL;

  g_assert_false (cr_settings_check (fresh, &owner));
  g_assert_error (owner, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_MISSING);
  g_assert_true (g_str_has_prefix (owner->message, "Owner"));
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr(CrSettings) settings = make_good ();
    g_autoptr(GError) error = NULL;
    for (guint j = 0; refused[i].set[j][0] != NULL; j++)
      g_assert_true (cr_settings_set (settings, refused[i].set[j][0], refused[i].set[j][1], CR_ORIGIN_EDITED, NULL));
    g_assert_false (cr_settings_check (settings, &error));
    g_assert_error (error, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_VALUE);
    g_assert_true (g_str_has_prefix (error->message, refused[i].named));
  }
  for (guint i = 0; i < G_N_ELEMENTS (taken); i++) {
    g_autoptr(CrSettings) settings = make_good ();
    g_autoptr(GError) error = NULL;
    for (guint j = 0; taken[i].set[j][0] != NULL; j++)
      g_assert_true (cr_settings_set (settings, taken[i].set[j][0], taken[i].set[j][1], CR_ORIGIN_EDITED, NULL));
    g_assert_true (cr_settings_check (settings, &error));
    g_assert_no_error (error);
  }
}

/* ---- profiles ---- */

static void
test_shipped_profiles (void)
{
  g_autofree char *dev_text = load_data ("profiles", "dev.cutover");
  g_autofree char *practice_text = load_data ("profiles", "practice.cutover");
  g_autoptr(CrSettings) defaults = cr_settings_new ();
  g_autoptr(CrSettings) settings = make_good ();
  g_autoptr(GError) error = NULL;
  g_autofree char *origin = NULL;
  guint n_fields;
  const CrField *fields = cr_fields (&n_fields);

  g_assert_true (cr_settings_load_profile (settings, "dev", "dev.cutover", dev_text, -1, &error));
  g_assert_no_error (error);
  g_assert_false (cr_settings_is_practice (settings));
  g_assert_cmpstr (cr_settings_get_profile (settings), ==, "dev");
  origin = cr_settings_describe_origin (settings, "cluster");
  g_assert_cmpstr (origin, ==, "profile \"dev\"");
  for (guint i = 0; i < n_fields; i++) {  /* dev names every key of a real run, with the runbook's value */
    if (fields[i].in_profile && !g_str_has_prefix (fields[i].key, "practice.")) {
      g_assert_cmpint (cr_settings_get_origin (settings, fields[i].key), ==, CR_ORIGIN_PROFILE);
      if (!g_str_equal (fields[i].key, "mode"))
        g_assert_cmpstr (cr_settings_get (settings, fields[i].key), ==, cr_settings_get (defaults, fields[i].key));
    }
  }
  g_assert_true (cr_settings_check (settings, &error));

  g_assert_true (cr_settings_load_profile (settings, "practice", "practice.cutover", practice_text, -1, &error));
  g_assert_true (cr_settings_is_practice (settings));
  g_assert_cmpint (cr_settings_get_origin (settings, "cluster"), ==, CR_ORIGIN_RUNBOOK);  /* left out there, so back to the default */
  g_assert_cmpstr (cr_settings_get (settings, "owner"), ==, "salee");
  g_assert_true (cr_settings_check (settings, &error));
  g_assert_no_error (error);
}

static const struct { const char *text, *message; int code; } broken[] = {
  { "[cutover]\ncluster=a\n\n# x\ncluster=b\n", "p:5: \"cluster\" stands here a second time, first in line 2", CR_SETTINGS_ERROR_FILE },
  { "[cutover]\ncluster=a\n[limits]\n[cutover]\n", "p:4: the group [cutover] stands here a second time", CR_SETTINGS_ERROR_FILE },
  { "[cutover]\n\nclutser=a\n", "p:3: there is no key \"clutser\" in the group [cutover]", CR_SETTINGS_ERROR_UNKNOWN_KEY },
  { "[cutover]\nlimits.sync=60\n", "p:2: there is no key \"limits.sync\" in the group [cutover]", CR_SETTINGS_ERROR_UNKNOWN_KEY },
  { "[limits]\nsink=60\n", "p:2: there is no key \"sink\" in the group [limits]", CR_SETTINGS_ERROR_UNKNOWN_KEY },
  { "[other]\ncluster=a\n", "p:2: there is no key \"cluster\" in the group [other]", CR_SETTINGS_ERROR_UNKNOWN_KEY },
  { "[cutover]\ncluster[de]=a\n", "p:2: there is no key \"cluster[de]\"", CR_SETTINGS_ERROR_UNKNOWN_KEY },
  { "[cutover]\nowner=me\n", "p:2: \"owner\" belongs to one rehearsal", CR_SETTINGS_ERROR_UNKNOWN_KEY },
  { "[cutover]\n\n\ncluster=a b\n", "p:4: AKS cluster (cluster): expected 1 to 63", CR_SETTINGS_ERROR_VALUE },
  { "[cutover]\ncluster=\n", "p:2: AKS cluster (cluster) is missing", CR_SETTINGS_ERROR_MISSING },
  { "[limits]\nsync=ten\n", "p:2: Time limit of Consumer Sync (limits.sync): expected 30 to 5400 seconds; got \"ten\"", CR_SETTINGS_ERROR_VALUE },
  { "[cutover]\nenvironment=prod\n", "p:2: Environment (environment): expected", CR_SETTINGS_ERROR_VALUE },
  { "[cutover]\nevidence_root=a\\nb\n", "p:2: Evidence folder (evidence_root): expected", CR_SETTINGS_ERROR_VALUE },
  { "[cutover]\nevidence_root=a\\qb\n", "p:2: Evidence folder (evidence_root): ", CR_SETTINGS_ERROR_FILE },
  { "cluster=a\n", "p:1: expected [cutover] before the first key", CR_SETTINGS_ERROR_FILE },
  { "[cutover]\nhello\n", "p:2: expected key=value", CR_SETTINGS_ERROR_FILE },
  { "[cutover]\n=x\n", "p:2: expected key=value", CR_SETTINGS_ERROR_FILE },
  { "[cutover\ncluster=a\n", "p:1: expected a group", CR_SETTINGS_ERROR_FILE },
  { "[]\n", "p:1: expected a group", CR_SETTINGS_ERROR_FILE },
  { "[cutover] # x\n", "p:1: expected a group", CR_SETTINGS_ERROR_FILE },
  { "[cutover]\ncluster=a\n\xff\n", "p:3: expected UTF-8 text; got byte 0xff", CR_SETTINGS_ERROR_FILE },
  { "\xef\xbb\xbf[cutover]\n", "p:1: expected key=value", CR_SETTINGS_ERROR_FILE },
};

static void
test_broken_profiles (void)
{
  g_autofree char *large = g_strnfill (100000, '#');
  g_autoptr(CrSettings) settings = make_good ();
  g_autofree char *before = cr_settings_to_profile (settings);
  g_autoptr(GError) too_large = NULL;
  g_autoptr(GError) nul = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *after = NULL;

    if (cr_settings_load_profile (settings, "p", "p", broken[i].text, -1, &error))
      g_error ("taken: %s", broken[i].text);
    g_assert_error (error, CR_SETTINGS_ERROR, broken[i].code);
    if (!g_str_has_prefix (error->message, broken[i].message))
      g_error ("expected \"%s\", got \"%s\"", broken[i].message, error->message);
    after = cr_settings_to_profile (settings);
    g_assert_cmpstr (after, ==, before);
    g_assert_null (cr_settings_get_profile (settings));
  }
  g_assert_false (cr_settings_load_profile (settings, "p", "p", large, -1, &too_large));
  g_assert_error (too_large, CR_SETTINGS_ERROR, CR_SETTINGS_ERROR_FILE);
  g_assert_false (cr_settings_load_profile (settings, "p", "p", "[cutover]\n\0", 11, &nul));
  g_assert_cmpstr (nul->message, ==, "p:2: expected UTF-8 text; got byte 0x00");
}

/* Forms of a GKeyFile that people write */
static void
test_lenient_profiles (void)
{
  static const char *const texts[] = {
    "[cutover]\ncluster=other", "[cutover]\r\ncluster=other\r\n", "  [cutover]  \n\tcluster \t=  other  \n", "# c\n\n[cutover]\n#cluster=x\ncluster=other\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr(CrSettings) settings = make_good ();
    g_autoptr(GError) error = NULL;
    g_assert_true (cr_settings_load_profile (settings, "p", "p", texts[i], -1, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (cr_settings_get (settings, "cluster"), ==, "other");
  }
  {
    g_autoptr(CrSettings) settings = make_good ();
    g_assert_true (cr_settings_load_profile (settings, "empty", "p", "", 0, NULL));
    g_assert_true (cr_settings_load_profile (settings, "p", "p", "[cutover]\nevidence_root=/a\\sb\n", -1, NULL));
    g_assert_cmpstr (cr_settings_get (settings, "evidence_root"), ==, "/a b");
    g_assert_true (cr_settings_set (settings, "namespace", "mine", CR_ORIGIN_EDITED, NULL));
    g_assert_true (cr_settings_load_profile (settings, "q", "q", "[cutover]\ncluster=x\n", -1, NULL));
    g_assert_cmpstr (cr_settings_get (settings, "evidence_root"), ==, ".agents/logs/verification");
    g_assert_cmpstr (cr_settings_get (settings, "namespace"), ==, "mine");
  }
}

/* What is written loads back, and Python reads the same values */
static void
test_to_profile (void)
{
  static const char script[] =
    "import configparser,sys\n"
    "c=configparser.RawConfigParser(delimiters=('=',),strict=True)\n"
    "c.read_string(sys.stdin.read())\n"
    "for s in c.sections():\n"
    "  for k,v in c[s].items(): print((k if s=='cutover' else s+'.'+k)+'='+v)\n";
  g_autoptr(CrSettings) settings = make_good ();
  g_autoptr(CrSettings) again = cr_settings_new ();
  g_autoptr(GSubprocess) python = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *out = NULL;
  g_auto(GStrv) lines = NULL;
  guint n_fields, n = 0;
  const CrField *fields = cr_fields (&n_fields);

  cr_settings_set (settings, "evidence_root", "/tmp/증거 # a=b;c", CR_ORIGIN_EDITED, NULL);
  cr_settings_set (settings, "practice.fault", "a,b", CR_ORIGIN_EDITED, NULL);
  cr_settings_set (settings, "limits.smoke", "77", CR_ORIGIN_EDITED, NULL);
  text = cr_settings_to_profile (settings);
  g_assert_null (strstr (text, "salee"));
  g_assert_true (cr_settings_load_profile (again, "p", "p", text, -1, &error));
  g_assert_no_error (error);
  python = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "/usr/bin/python3", "-I", "-X", "utf8", "-c",
                             script, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (python, text, NULL, &out, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (out, "\n", -1);
  for (guint i = 0; i < n_fields; i++) {
    g_autofree char *line = g_strdup_printf ("%s=%s", fields[i].key, cr_settings_get (settings, fields[i].key));
    if (!fields[i].in_profile)
      continue;
    n++;
    g_assert_cmpstr (cr_settings_get (again, fields[i].key), ==, cr_settings_get (settings, fields[i].key));
    if (!g_strv_contains ((const char *const *) lines, line))
      g_error ("Python does not see %s", line);
  }
  g_assert_cmpuint (g_strv_length (lines) - 1, ==, n);
}

static void
test_hostile_profiles (void)
{
  g_autofree char *text = load_data ("profiles", "dev.cutover");
  gsize length = strlen (text);

  for (guint i = 0; i < 600; i++) {
    gsize cut = (gsize) g_test_rand_int_range (0, (gint32) length + 1);
    g_autofree char *part = g_memdup2 (text, cut + 1);
    g_autoptr(CrSettings) settings = cr_settings_new ();
    g_autoptr(GError) error = NULL;

    if (i % 2 == 1 && cut > 0) {
      for (guint j = 0; j < 3; j++)
        part[g_test_rand_int_range (0, (gint32) cut)] = (char) g_test_rand_int_range (0, 256);
    }
    if (!cr_settings_load_profile (settings, "p", "p", part, (gssize) cut, &error)) {
      g_assert_true (error->domain == CR_SETTINGS_ERROR && g_str_has_prefix (error->message, "p:"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (cr_settings_get_profile (settings));
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/settings/runbook-defaults", test_runbook_defaults);
  g_test_add_func ("/settings/table", test_table);
  g_test_add_func ("/settings/values", test_values);
  g_test_add_func ("/settings/lengths", test_lengths);
  g_test_add_func ("/settings/set", test_set);
  g_test_add_func ("/settings/practice-values", test_practice_values);
  g_test_add_func ("/settings/between", test_between);
  g_test_add_func ("/settings/shipped-profiles", test_shipped_profiles);
  g_test_add_func ("/settings/broken-profiles", test_broken_profiles);
  g_test_add_func ("/settings/lenient-profiles", test_lenient_profiles);
  g_test_add_func ("/settings/to-profile", test_to_profile);
  g_test_add_func ("/settings/hostile-profiles", test_hostile_profiles);
  return g_test_run ();
}
