/* test-evidence-folder.c: nothing is replaced, nothing is lost, and other programs can check it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cr-evidence-folder.h"

#define NAME "20260224_171350_e2_3_reload_cutover_rehearsal"

typedef struct { char *root; } Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->root = g_dir_make_tmp ("cr-test-evidence-XXXXXX", NULL);
  g_assert_nonnull (fixture->root);
}

static void
run (const char *program, const char *argument, const char *folder, int expected)
{
  g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr(GSubprocess) child = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *out = NULL;

  g_subprocess_launcher_set_cwd (launcher, folder);
  child = g_subprocess_launcher_spawn (launcher, &error, program, "-c", argument, NULL);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_communicate_utf8 (child, NULL, NULL, &out, NULL, &error));
  if (g_subprocess_get_exit_status (child) != expected)
    g_error ("%s", out);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  run ("/bin/sh", "rm -rf ./* ./.??*", fixture->root, 0);
  g_assert_cmpint (g_rmdir (fixture->root), ==, 0);
  g_free (fixture->root);
}

static CrEvidenceFolder *
create (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  CrEvidenceFolder *folder = cr_evidence_folder_create (fixture->root, NAME, &error);

  g_assert_no_error (error);
  g_assert_nonnull (folder);
  return folder;
}

static gboolean
put (CrEvidenceFolder *folder, const char *name, const char *text, GError **error)
{
  g_autoptr(GBytes) content = g_bytes_new (text, strlen (text));

  return cr_evidence_folder_write (folder, name, content, error);
}

static char *
path_of (CrEvidenceFolder *folder, const char *name)
{
  return g_build_filename (cr_evidence_folder_get_path (folder), name, NULL);
}

static guint
mode_of (CrEvidenceFolder *folder, const char *name)
{
  g_autofree char *path = path_of (folder, name);
  struct stat info;

  g_assert_cmpint (lstat (path, &info), ==, 0);
  return info.st_mode & 07777;
}

/* Another program reads the chain and the digests in it, as an auditor would */
static const char verify_chain[] =
  "import hashlib,json,os,sys\n"
  "prev=None\n"
  "for n,line in enumerate(open('attestation/journal.jsonl','rb'),1):\n"
  "  assert line.endswith(b'}\\n')\n"
  "  d=json.loads(line)\n"
  "  if n==1:\n"
  "    assert d['folder']==os.path.basename(os.getcwd())\n"
  "    prev=hashlib.sha256(b'cutover-rehearsal chain 1\\n'+d['folder'].encode()+b'\\n').hexdigest()\n"
  "  assert d['seq']==n and d['prev']==prev,(n,d)\n"
  "  if d['event']=='file_sealed':\n"
  "    body=open(d['file'],'rb').read()\n"
  "    assert len(body)==d['size'] and hashlib.sha256(body).hexdigest()==d['sha256'],d\n"
  "  prev=hashlib.sha256(line).hexdigest()\n"
  "assert n==int(open('../lines').read()),n\n";

static void
test_whole (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrEvidenceFolder) folder = create (fixture);
  g_autoptr(GError) error = NULL;
  g_autofree char *lines = g_build_filename (fixture->root, "lines", NULL), *sums = NULL, *sums_path = path_of (folder, "attestation/SHA256SUMS");
  g_autofree char *big = g_strnfill (3 * 1024 * 1024 + 7, 'x'), *attributes = NULL, *attributes_path = path_of (folder, ".gitattributes");
  guint n = 0;

  g_assert_true (cr_evidence_folder_journal (folder, "\"event\":\"run_opened\",\"owner\":\"\\ud55c \\\"x\\\"\"", &error));
  n++;
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++, n++) {
    g_assert_true (put (folder, CR_EVIDENCE_FILES[i], i == 3 ? big : i == 4 ? "" : CR_EVIDENCE_FILES[i], &error));
    g_assert_cmpuint (mode_of (folder, CR_EVIDENCE_FILES[i]), ==, 0444);
  }
  g_assert_true (put (folder, "attestation/plan.json", "{}\n", &error));
  g_assert_true (put (folder, "attestation/captures/precheck.json", "{}\n", &error));
  g_assert_true (put (folder, "attestation/payloads/a/before.json", "{}\n", &error));
  g_assert_true (cr_evidence_folder_journal (folder, "\"event\":\"run_closed\"", &error));
  n += 4;
  g_assert_cmpuint (mode_of (folder, ""), ==, 0700);
  g_assert_cmpuint (mode_of (folder, "attestation/captures"), ==, 0700);
  g_assert_true (cr_evidence_folder_seal (folder, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (mode_of (folder, "attestation/journal.jsonl"), ==, 0444);
  g_assert_cmpuint (mode_of (folder, "attestation/SHA256SUMS"), ==, 0444);
  g_assert_true (g_file_get_contents (attributes_path, &attributes, NULL, NULL));
  g_assert_cmpstr (attributes, ==, "* -text\n");

  /* each file stands in it once, but itself; no temporary name is left */
  run ("/bin/sh", "test $(find . -type f ! -name SHA256SUMS | wc -l) = $(wc -l <attestation/SHA256SUMS) && test $(find . -type f | wc -l) = 16"
                  " && sha256sum --strict --quiet -c attestation/SHA256SUMS && ! find . -name '.new*' | grep .", cr_evidence_folder_get_path (folder), 0);
  {
    g_autofree char *count = g_strdup_printf ("%u", n);

    g_assert_true (g_file_set_contents (lines, count, -1, NULL));
  }
  run ("/usr/bin/python3", verify_chain, cr_evidence_folder_get_path (folder), 0);

  g_assert_false (put (folder, "attestation/late.json", "{}", &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  g_assert_nonnull (strstr (error->message, "sealed"));
  g_clear_error (&error);
  g_assert_false (cr_evidence_folder_journal (folder, "\"event\":\"x\"", &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  g_clear_error (&error);
  g_assert_false (cr_evidence_folder_seal (folder, &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  g_assert_true (g_file_get_contents (sums_path, &sums, NULL, NULL));
  g_assert_nonnull (strstr (sums, "  .gitattributes\n"));

  /* a change of one byte is seen */
  run ("/bin/sh", "chmod 600 01_precheck.log; printf y >>01_precheck.log; sha256sum --quiet -c attestation/SHA256SUMS", cr_evidence_folder_get_path (folder), 1);
}

/* A changed, removed or swapped line breaks the chain that the Python above follows */
static void
test_chain_breaks (Fixture *fixture, gconstpointer data)
{
  static const char *const changes[] = {
    "sed -i 's/\"owner\":\"salee\"/\"owner\":\"other\"/' j", "sed -i 2d j", "sed -i '2{h;d};3{G}' j", "sed -i '1s/^{/{ /' j",
  };
  g_autofree char *lines = g_build_filename (fixture->root, "lines", NULL), *path = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autoptr(CrEvidenceFolder) folder = create (fixture);
    g_autofree char *command = g_strdup_printf ("cp attestation/journal.jsonl ../j && cd .. && %s && mv -f j " NAME "/attestation/journal.jsonl", changes[i]);

    g_assert_true (cr_evidence_folder_journal (folder, "\"event\":\"run_opened\",\"owner\":\"salee\"", NULL));
    g_assert_true (put (folder, "01_precheck.log", "x", NULL));
    g_assert_true (cr_evidence_folder_journal (folder, "\"event\":\"a\"", NULL));
    g_assert_true (cr_evidence_folder_journal (folder, "\"event\":\"b\"", NULL));
    g_assert_true (g_file_set_contents (lines, "4", -1, NULL));
    run ("/usr/bin/python3", verify_chain, cr_evidence_folder_get_path (folder), 0);
    run ("/bin/sh", command, cr_evidence_folder_get_path (folder), 0);
    run ("/usr/bin/python3", verify_chain, cr_evidence_folder_get_path (folder), 1);
    run ("/bin/sh", "rm -rf " NAME, fixture->root, 0);
  }
}

/* Whatever stands under a contract's name stays as it is */
static void
test_occupied (Fixture *fixture, gconstpointer data)
{
  static const char *const kinds[] = {
    "echo theirs >01_precheck.log", "ln -s /etc/hostname 01_precheck.log", "ln -s nowhere 01_precheck.log", "mkfifo 01_precheck.log",
    "mkdir 01_precheck.log", "ln -s . 01_precheck.log",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autoptr(CrEvidenceFolder) folder = create (fixture);
    g_autoptr(GError) error = NULL;

    run ("/bin/sh", kinds[i], cr_evidence_folder_get_path (folder), 0);
    run ("/bin/sh", "stat -c '%F %s %i %Y' 01_precheck.log >../before", cr_evidence_folder_get_path (folder), 0);
    g_assert_false (put (folder, "01_precheck.log", "ours", &error));
    g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_EXISTS);
    g_assert_nonnull (strstr (error->message, NAME "/01_precheck.log"));
    run ("/bin/sh", "stat -c '%F %s %i %Y' 01_precheck.log | cmp - ../before && ! ls -A | grep -q '^.new'", cr_evidence_folder_get_path (folder), 0);
    g_assert_true (put (folder, "02_alembic_upgrade.log", "still possible", NULL));
    run ("/bin/sh", "rm -rf " NAME, fixture->root, 0);
  }
}

static void
test_twice (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrEvidenceFolder) folder = create (fixture);
  g_autoptr(GError) error = NULL;
  g_autofree char *path = path_of (folder, "07_idempotency_duplicate.log"), *text = NULL;

  g_assert_true (put (folder, "07_idempotency_duplicate.log", "first", &error));
  g_assert_false (put (folder, "07_idempotency_duplicate.log", "second", &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_EXISTS);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "first");
  g_clear_error (&error);
  g_assert_null (cr_evidence_folder_create (fixture->root, NAME, &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_EXISTS);
}

/* A folder of ours that is a link by now is not followed */
static void
test_link_below (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrEvidenceFolder) folder = create (fixture);
  g_autoptr(GError) error = NULL;

  run ("/bin/sh", "mkdir ../elsewhere && ln -s ../../elsewhere attestation/captures", cr_evidence_folder_get_path (folder), 0);
  g_assert_false (put (folder, "attestation/captures/sync.json", "{}", &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  run ("/bin/sh", "test -z \"$(ls -A elsewhere)\"", fixture->root, 0);
  g_clear_error (&error);
  g_assert_false (cr_evidence_folder_seal (folder, &error));  /* a link has no place in there */
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_EXISTS);
}

static void
test_names (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = {
    "", ".", "..", "/", "../x", "attestation", "attestation/", "attestation/..", "attestation/../x", "attestation/.hidden", "attestation//x", "/etc/x", "10_more.log",
    "attestation/journal.jsonl", "attestation/SHA256SUMS", "attestation/a b", "attestation/a\nb", "attestation/-n", "attestation/caf\xc3\xa9", "other/x.json",
    "attestation/a/b/c/d", ".gitattributes", "01_precheck.log/x",
  };
  static const char *const folders[] = { "", ".", "..", "../x", "a/b", ".x", "-n", "a b", "a\nb", "%s\xff" };
  g_autoptr(CrEvidenceFolder) folder = create (fixture);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_false (put (folder, names[i], "x", &error));
    g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  }
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_null (cr_evidence_folder_create (fixture->root, folders[i], &error));
    g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  }
  run ("/bin/sh", "test $(ls -A | wc -l) = 1 && test $(ls -A " NAME " | wc -l) = 2", fixture->root, 0);
}

static void
test_journal_fields (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = {
    "", " ", "\"event\":", "\"event\":\"a\"}", "\"event\":\"a\"},{\"b\":1", "\"event\":\"a\"\n", "\"event\":\"a\",\"seq\":1", "\"prev\":\"x\"", "\"folder\":\"x\"",
    "\"event\":\"a\",\"event\":\"b\"", "\"event\":\"\xff\"",
  };
  g_autoptr(CrEvidenceFolder) folder = create (fixture);
  g_autofree char *lines = g_build_filename (fixture->root, "lines", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr(GError) error = NULL;

    g_assert_false (cr_evidence_folder_journal (folder, bad[i], &error));
    g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  }
  g_assert_true (cr_evidence_folder_journal (folder, "\"event\":\"first\"", NULL));
  g_assert_true (g_file_set_contents (lines, "1", -1, NULL));
  run ("/usr/bin/python3", verify_chain, cr_evidence_folder_get_path (folder), 0);
}

static void
test_umask (Fixture *fixture, gconstpointer data)
{
  static const mode_t masks[] = { 0000, 0022, 0077, 0177, 0777 };

  for (gsize i = 0; i < G_N_ELEMENTS (masks); i++) {
    mode_t before = umask (masks[i]);
    g_autoptr(CrEvidenceFolder) folder = NULL;

    if (geteuid () != 0 && masks[i] > 0077) {  /* only root gets into a folder that lets nobody in */
      umask (before);
      continue;
    }
    folder = create (fixture);
    g_assert_true (put (folder, "01_precheck.log", "x", NULL));
    umask (before);
    g_assert_cmpuint (mode_of (folder, ""), ==, 0700);
    g_assert_cmpuint (mode_of (folder, "01_precheck.log"), ==, 0444);
    run ("/bin/sh", "chmod -R u+rwx " NAME " && rm -rf " NAME, fixture->root, 0);
  }
}

static void
test_root_check (Fixture *fixture, gconstpointer data)
{
  g_autofree char *deep = g_build_filename (fixture->root, "a", "b", "c", NULL), *file = g_build_filename (fixture->root, "file", NULL);
  g_autofree char *below = g_build_filename (file, "x", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (cr_evidence_root_check (deep, 1024, &error));
  g_assert_no_error (error);
  run ("/bin/sh", "test -d a/b/c && test -z \"$(ls -A a/b/c)\"", fixture->root, 0);  /* the probe is gone */
  g_assert_false (cr_evidence_root_check (deep, G_MAXUINT64, &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_SPACE);
  g_assert_nonnull (strstr (error->message, deep));
  g_clear_error (&error);
  g_assert_true (g_file_set_contents (file, "x", -1, NULL));
  g_assert_false (cr_evidence_root_check (file, 0, &error));  /* a file in the folder's place */
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  g_assert_nonnull (strstr (error->message, file));
  g_clear_error (&error);
  g_assert_false (cr_evidence_root_check (below, 0, &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  g_clear_error (&error);
  g_assert_false (cr_evidence_root_check ("", 0, &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  g_clear_error (&error);
  if (geteuid () != 0) {
    g_assert_cmpint (g_chmod (deep, 0500), ==, 0);
    g_assert_false (cr_evidence_root_check (deep, 0, &error));
    g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
    g_assert_cmpint (g_chmod (deep, 0700), ==, 0);
  }
}

/* The folder is removed while the run goes on: the next write says so, and makes none of its own */
static void
test_removed (Fixture *fixture, gconstpointer data)
{
  g_autoptr(CrEvidenceFolder) folder = create (fixture);
  g_autoptr(GError) error = NULL;

  g_assert_true (put (folder, "01_precheck.log", "x", NULL));
  run ("/bin/sh", "rm -rf " NAME, fixture->root, 0);
  g_assert_false (put (folder, "02_alembic_upgrade.log", "x", &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE);
  g_assert_nonnull (strstr (error->message, "removed"));
  run ("/bin/sh", "test -z \"$(ls -A)\"", fixture->root, 0);
}

/* A disk that is really full: what was written before stays whole, nothing half is left, and with space again it goes on */
static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  g_autofree char *disk = g_build_filename (fixture->root, "disk", NULL), *ballast = g_build_filename (disk, "ballast", NULL);
  g_autofree char *big = g_strnfill (400 * 1024, 'x'), *lines = g_build_filename (disk, "lines", NULL);
  g_autoptr(CrEvidenceFolder) folder = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir (disk, 0700), ==, 0);
  if (mount ("tmpfs", disk, "tmpfs", 0, "size=512k,mode=700") != 0) {
    g_autofree char *why = g_strdup_printf ("no tmpfs can be mounted here: %s", g_strerror (errno));

    g_test_skip (why);
    return;
  }
  g_assert_false (cr_evidence_root_check (disk, 1024 * 1024, &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_SPACE);
  g_clear_error (&error);
  folder = cr_evidence_folder_create (disk, NAME, &error);
  g_assert_no_error (error);
  g_assert_true (cr_evidence_folder_journal (folder, "\"event\":\"run_opened\"", &error));
  g_assert_true (put (folder, "01_precheck.log", "whole", &error));
  g_assert_true (g_file_set_contents (ballast, big, -1, NULL));
  g_assert_false (put (folder, "02_alembic_upgrade.log", big, &error));
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_SPACE);
  g_assert_nonnull (strstr (error->message, NAME "/02_alembic_upgrade.log"));
  g_clear_error (&error);
  run ("/bin/sh", "test \"$(ls -A)\" = \"$(printf '.gitattributes\\n01_precheck.log\\nattestation')\" && test \"$(cat 01_precheck.log)\" = whole",
       cr_evidence_folder_get_path (folder), 0);
  /* the journal, too, until its line no longer fits */
  run ("/bin/sh", "dd if=/dev/zero of=rest bs=4k 2>/dev/null; true", disk, 0);
  while (cr_evidence_folder_journal (folder, "\"event\":\"tick\",\"text\":\"................................................................\"", &error))
    continue;
  g_assert_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_SPACE);
  g_clear_error (&error);
  run ("/bin/sh", "rm rest ballast", disk, 0);
  g_assert_true (put (folder, "02_alembic_upgrade.log", "now there is room", &error));
  run ("/bin/sh", "wc -l <" NAME "/attestation/journal.jsonl >lines", disk, 0);
  run ("/usr/bin/python3", verify_chain, cr_evidence_folder_get_path (folder), 0);
  g_clear_object (&folder);
  g_assert_cmpint (umount (disk), ==, 0);
}

/* T_cutover values of earlier runs, whatever became of them */
static void
test_used_cutovers (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GHashTable) used = NULL, none = NULL;
  g_autofree char *missing = g_build_filename (fixture->root, "missing", NULL);

  run ("/bin/sh",
       "f() { mkdir -p \"$1\"; }\n"
       "a=20260101_000000_e2_3_reload_cutover_rehearsal; f $a; printf 'command: x\\nt_cutover_utc: 2026-01-01T00:00:00Z\\n' >$a/01_precheck.log\n"
       "b=20260102_000000_e2_3_reload_cutover_rehearsal_practice; f $b; printf 'command: x\\nt_cutover_utc: 2026-01-02T00:00:00Z\\n' >$b/99_summary.md\n"
       "c=20260103_000000_e2_3_reload_cutover_rehearsal; f $c; printf '# by hand\\nt_cutover_utc=2026-01-03T00:00:00Z\\n' >$c/99_summary.md\n"
       "d=20260104_000000_e2_3_reload_cutover_rehearsal; f $d/attestation; printf '{\"seq\":1,\"t_cutover_utc\":\"2026-01-04T00:00:00Z\"}\\n' >$d/attestation/journal.jsonl\n"
       "e=20260105_000000_e2_3_reload_cutover_rehearsal; f $e; printf 'x\\n| t_cutover_utc: 2026-01-05T00:00:00Z\\n' >$e/01_precheck.log\n"
       "g=20260106_000000_e2_3_reload_cutover_rehearsal; f $g; mkfifo $g/01_precheck.log; mkdir $g/99_summary.md\n"
       "h=20260107_000000_e2_3_reload_cutover_rehearsal; f $h; printf 'x\\nt_cutover_utc: 2026-13-07T00:00:00Z\\n' >$h/01_precheck.log\n"
       "i=notes; f $i; printf 'x\\nt_cutover_utc: 2026-01-08T00:00:00Z\\n' >$i/01_precheck.log\n"
       "ln -s $i 20260109_000000_e2_3_reload_cutover_rehearsal; echo x >20260110_000000_e2_3_reload_cutover_rehearsal\n", fixture->root, 0);
  used = cr_evidence_used_cutovers (fixture->root);
  g_assert_cmpuint (g_hash_table_size (used), ==, 4);
  g_assert_true (g_hash_table_contains (used, "2026-01-01T00:00:00Z"));
  g_assert_true (g_hash_table_contains (used, "2026-01-02T00:00:00Z"));
  g_assert_true (g_hash_table_contains (used, "2026-01-03T00:00:00Z"));
  g_assert_true (g_hash_table_contains (used, "2026-01-04T00:00:00Z"));
  none = cr_evidence_used_cutovers (missing);
  g_assert_cmpuint (g_hash_table_size (none), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/evidence-folder/whole", Fixture, NULL, set_up, test_whole, tear_down);
  g_test_add ("/evidence-folder/chain-breaks", Fixture, NULL, set_up, test_chain_breaks, tear_down);
  g_test_add ("/evidence-folder/occupied", Fixture, NULL, set_up, test_occupied, tear_down);
  g_test_add ("/evidence-folder/twice", Fixture, NULL, set_up, test_twice, tear_down);
  g_test_add ("/evidence-folder/link-below", Fixture, NULL, set_up, test_link_below, tear_down);
  g_test_add ("/evidence-folder/names", Fixture, NULL, set_up, test_names, tear_down);
  g_test_add ("/evidence-folder/journal-fields", Fixture, NULL, set_up, test_journal_fields, tear_down);
  g_test_add ("/evidence-folder/umask", Fixture, NULL, set_up, test_umask, tear_down);
  g_test_add ("/evidence-folder/root-check", Fixture, NULL, set_up, test_root_check, tear_down);
  g_test_add ("/evidence-folder/removed", Fixture, NULL, set_up, test_removed, tear_down);
  g_test_add ("/evidence-folder/full-disk", Fixture, NULL, set_up, test_full_disk, tear_down);
  g_test_add ("/evidence-folder/used-cutovers", Fixture, NULL, set_up, test_used_cutovers, tear_down);
  return g_test_run ();
}
