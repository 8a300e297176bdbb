/* cr-evidence-folder.c: the folder on disk: create-only, durable, never replaces anything (facts: reliability 4.7)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file is written under a hidden temporary name, synced, made read-only, renamed without replacing, its folder synced, and then read back. A
 * failed fsync is final for that file: what the kernel still holds of it can't be trusted. The journal's lines are chained by SHA-256: `prev` of
 * line n is the digest of line n-1 with its newline, and of line 1 that of "cutover-rehearsal chain 1\n<folder>\n", `folder` being the name
 * the folder was made with, which line 1 carries. */
#include "config.h"
#include "cr-evidence-folder.h"
#include "cr-json.h"
#include "cr-text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

G_DEFINE_QUARK (cr-folder-error-quark, cr_folder_error)

#define JOURNAL "journal.jsonl"
#define SUMS "SHA256SUMS"
#define PROBE_BYTES 65536
#define NAME_MAX_LENGTH 128

struct _CrEvidenceFolder {
  GObject  parent_instance;
  GMutex   lock;
  char    *path;       /* (owned): as the user knows it */
  char    *name;       /* (owned): its last component */
  int      fd;         /* the folder, or -1 */
  int      attestation_fd;
  int      journal_fd;
  guint64  sequence;   /* journal lines written */
  char     previous[65];
  off_t    journal_size;
  char    *broken;     /* (owned) (nullable): why the journal can't be continued */
  guint    temporary;  /* counts temporary names */
  gboolean sealed;
};

G_DEFINE_FINAL_TYPE (CrEvidenceFolder, cr_evidence_folder, G_TYPE_OBJECT)

/* One sentence: what could not be done with which path, why, and what to do about it */
static void G_GNUC_PRINTF (3, 4)
set_error (GError **error, int cause, const char *format, ...)
{
  g_autofree char *what = NULL;
  const char *advice;
  CrFolderError code = CR_FOLDER_ERROR_WRITE;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  switch (cause) {
  case ENOSPC:
  case EDQUOT:
    code = CR_FOLDER_ERROR_SPACE;
    advice = "free space there or choose another evidence folder; what was written before stays";
    break;
  case EROFS:
    advice = "the file system is read-only: mount it for writing or choose another evidence folder";
    break;
  case EACCES:
  case EPERM:
    advice = "ask its owner for the right to write there or choose another evidence folder";
    break;
  case ENOTDIR:
  case ELOOP:
    advice = "part of that path is not a folder: remove it or choose another evidence folder";
    break;
  case ENOENT:
  case ESTALE:
    advice = "the folder was removed or its file system is gone: bring it back or choose another evidence folder";
    break;
  case ENAMETOOLONG:
    advice = "choose an evidence folder with a shorter path";
    break;
  default:
    advice = "check the file system or choose another evidence folder; what was written before stays";
    break;
  }
  g_set_error (error, CR_FOLDER_ERROR, code, "%s: %s; %s", what, g_strerror (cause), advice);
}

static gboolean
write_all (int fd, const guint8 *bytes, gsize length)
{
  while (length > 0) {
    gssize n = write (fd, bytes, MIN (length, 1024 * 1024));

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    if (n == 0) {
      errno = EIO;
      return FALSE;
    }
    bytes += n;
    length -= (gsize) n;
  }
  return TRUE;
}

/* SHA-256 of everything @fd holds from its beginning; NULL with errno set */
static char *
digest_of (int fd)
{
  g_autoptr(GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *buffer = g_malloc (65536);
  off_t offset = 0;

  for (;;) {
    gssize n = pread (fd, buffer, 65536, offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return NULL;
    if (n == 0)
      return g_strdup (g_checksum_get_string (sum));
    g_checksum_update (sum, buffer, n);
    offset += n;
  }
}

/* Closes at the end of a scope */
typedef int CrFd;
static void
close_fd (CrFd *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}
#define CR_AUTO_FD __attribute__ ((cleanup (close_fd))) CrFd

gboolean
cr_evidence_root_check (const char *root, guint64 need, GError **error)
{
  g_autofree char *probe = g_strdup_printf (".cutover-rehearsal-probe-%d-%08x", (int) getpid (), g_random_int ());
  g_autofree guint8 *bytes = g_malloc0 (PROBE_BYTES);
  CR_AUTO_FD folder = -1;
  CR_AUTO_FD file = -1;
  struct statvfs space;
  gboolean written;
  int cause;

  g_return_val_if_fail (root != NULL, FALSE);
  if (*root == '\0') {
    g_set_error_literal (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE, "No evidence folder is given; choose one");
    return FALSE;
  }
  if (g_mkdir_with_parents (root, 0777) != 0) {
    cause = errno == EEXIST ? ENOTDIR : errno;
    set_error (error, cause, "The evidence folder %s can't be made", root);
    return FALSE;
  }
  folder = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    set_error (error, errno, "The evidence folder %s can't be opened", root);
    return FALSE;
  }
  if (fstatvfs (folder, &space) == 0 && (guint64) space.f_bavail * space.f_frsize < need && space.f_blocks > 0) {
    g_autofree char *free_text = g_format_size ((guint64) space.f_bavail * space.f_frsize), *need_text = g_format_size (need);

    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_SPACE,
                 "The evidence folder %s has %s free, and a rehearsal needs %s; free space there or choose another evidence folder", root, free_text,
                 need_text);
    return FALSE;
  }
  file = openat (folder, probe, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) {
    set_error (error, errno, "Nothing can be written into the evidence folder %s", root);
    return FALSE;
  }
  memset (bytes, 0x5a, PROBE_BYTES);
  written = write_all (file, bytes, PROBE_BYTES) && fsync (file) == 0;
  cause = errno;
  if (unlinkat (folder, probe, 0) != 0 && written) {
    cause = errno;
    written = FALSE;
  }
  if (written && fsync (folder) != 0) {
    cause = errno;
    written = FALSE;
  }
  if (!written) {
    set_error (error, cause, "A probe file in the evidence folder %s could not be written safely", root);
    return FALSE;
  }
  return TRUE;
}

static void
cr_evidence_folder_finalize (GObject *object)
{
  CrEvidenceFolder *self = CR_EVIDENCE_FOLDER (object);

  close_fd (&self->fd);
  close_fd (&self->attestation_fd);
  close_fd (&self->journal_fd);
  g_free (self->path);
  g_free (self->name);
  g_free (self->broken);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (cr_evidence_folder_parent_class)->finalize (object);
}

static void
cr_evidence_folder_class_init (CrEvidenceFolderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cr_evidence_folder_finalize;
}

static void
cr_evidence_folder_init (CrEvidenceFolder *self)
{
  g_mutex_init (&self->lock);
  self->fd = self->attestation_fd = self->journal_fd = -1;
}

const char *
cr_evidence_folder_get_path (CrEvidenceFolder *self)
{
  g_return_val_if_fail (CR_IS_EVIDENCE_FOLDER (self), NULL);
  return self->path;
}

/* One component: no dot first, so that neither ".." nor a temporary name can be asked for */
static gboolean
is_component (const char *text, gsize length)
{
  if (length == 0 || length > NAME_MAX_LENGTH || !g_ascii_isalnum (*text))
    return FALSE;
  for (gsize i = 1; i < length; i++) {
    if (!g_ascii_isalnum (text[i]) && strchr ("._-", text[i]) == NULL)
      return FALSE;
  }
  return TRUE;
}

static gboolean
sync_folder (CrEvidenceFolder *self, int fd, GError **error)
{
  if (fsync (fd) == 0)
    return TRUE;
  set_error (error, errno, "The evidence folder %s could not be synced to disk", self->path);
  return FALSE;
}

/* Opens the folder @name below @parent, made if need be, 0700 */
static int
open_below (CrEvidenceFolder *self, int parent, const char *name, GError **error)
{
  int fd;

  if (mkdirat (parent, name, 0700) == 0) {
    if (!sync_folder (self, parent, error))
      return -1;
  } else if (errno != EEXIST) {
    set_error (error, errno, "%s/%s can't be made", self->path, name);
    return -1;
  }
  fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    set_error (error, errno, "%s/%s can't be opened", self->path, name);
  return fd;
}

/* Gives the file its name, unless something of that name is there */
static gboolean
rename_new (int fd, const char *from, const char *to)
{
  if (renameat2 (fd, from, fd, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != ENOSYS && errno != EINVAL && errno != ENOTSUP)
    return FALSE;
  if (linkat (fd, from, fd, to, 0) != 0)  /* a file system without that kind of rename; link() doesn't replace either */
    return FALSE;
  unlinkat (fd, from, 0);
  return TRUE;
}

/* Writes @shown, whose last component is @base, into the folder @fd */
static gboolean
write_file (CrEvidenceFolder *self, int fd, const char *base, const char *shown, GBytes *content, char **digest, GError **error)
{
  g_autofree char *temporary = g_strdup_printf (".new-%s-%d-%u", base, (int) getpid (), ++self->temporary);
  g_autofree char *written = NULL;
  CR_AUTO_FD file = openat (fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  CR_AUTO_FD again = -1;
  gsize length = 0;
  const guint8 *bytes = g_bytes_get_data (content, &length);
  int cause = 0;

  if (file < 0) {
    set_error (error, errno, "%s/%s could not be written", self->path, shown);
    return FALSE;
  }
  if (!write_all (file, bytes, length) || fsync (file) != 0 || fchmod (file, 0444) != 0)
    cause = errno;
  if (close (file) != 0 && cause == 0)
    cause = errno;
  file = -1;
  if (cause == 0 && !rename_new (fd, temporary, base))
    cause = errno;
  if (cause != 0) {
    unlinkat (fd, temporary, 0);
    if (cause == EEXIST)
      g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_EXISTS,
                   "%s/%s is there already and was left as it is; evidence is never replaced: find out who put it there, and start a new run",
                   self->path, shown);
    else
      set_error (error, cause, "%s/%s could not be written", self->path, shown);
    return FALSE;
  }
  if (!sync_folder (self, fd, error))
    return FALSE;
  *digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content);
  again = openat (fd, base, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (again < 0 || (written = digest_of (again)) == NULL) {
    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_READ, "%s/%s was written but can't be read back: %s; check the file system", self->path, shown,
                 g_strerror (errno));
    g_clear_pointer (digest, g_free);
    return FALSE;
  }
  if (strcmp (written, *digest) != 0) {
    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_READ,
                 "%s/%s does not hold what was written into it; check the file system, and that nobody else works in the folder", self->path, shown);
    g_clear_pointer (digest, g_free);
    return FALSE;
  }
  return TRUE;
}

static gboolean
append_journal (CrEvidenceFolder *self, const char *fields, GError **error)
{
  g_autofree char *object = g_strdup_printf ("{%s}", fields);
  g_autoptr(CrJsonDoc) doc = NULL;
  g_autoptr(GError) cause = NULL;
  g_autoptr(GString) line = g_string_new (NULL);
  g_autofree char *digest = NULL;
  const CrJsonNode *root;
  int number;

  if (self->broken != NULL) {
    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE, "The journal of %s can't be continued: %s", self->path, self->broken);
    return FALSE;
  }
  doc = cr_json_parse (object, -1, CR_JSON_STRICT, &cause);
  root = doc != NULL ? cr_json_doc_root (doc) : NULL;
  if (root == NULL || cr_json_node_size (root) == 0 || strpbrk (fields, "\n\r") != NULL || cr_json_node_member (root, "seq") != NULL
      || cr_json_node_member (root, "prev") != NULL || cr_json_node_member (root, "folder") != NULL) {
    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE, "A journal entry for %s is malformed: %s", self->path,
                 cause != NULL ? cause->message : "it is empty, holds a line end or a reserved name");
    return FALSE;
  }
  g_string_append_printf (line, "{\"seq\":%" G_GUINT64_FORMAT ",\"prev\":\"%s\",", self->sequence + 1, self->previous);
  if (self->sequence == 0)
    g_string_append_printf (line, "\"folder\":\"%s\",", self->name);
  g_string_append (line, fields);
  g_string_append (line, "}\n");
  if (!write_all (self->journal_fd, (const guint8 *) line->str, line->len)) {
    number = errno;
    if (ftruncate (self->journal_fd, self->journal_size) != 0)  /* no half line: the chain goes on from the last whole one */
      self->broken = g_strdup_printf ("half a line could not be taken back: %s", g_strerror (errno));
    set_error (error, number, "%s/attestation/" JOURNAL " could not be written", self->path);
    return FALSE;
  }
  if (fdatasync (self->journal_fd) != 0) {
    number = errno;
    self->broken = g_strdup_printf ("its last line could not be synced to disk: %s", g_strerror (number));
    set_error (error, number, "%s/attestation/" JOURNAL " could not be synced to disk", self->path);
    return FALSE;
  }
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) line->str, line->len);
  g_strlcpy (self->previous, digest, sizeof self->previous);
  self->journal_size += (off_t) line->len;
  self->sequence++;
  return TRUE;
}

CrEvidenceFolder *
cr_evidence_folder_create (const char *root, const char *name, GError **error)
{
  g_autoptr(CrEvidenceFolder) self = g_object_new (CR_TYPE_EVIDENCE_FOLDER, NULL);
  g_autoptr(GBytes) attributes = g_bytes_new_static ("* -text\n", 8);
  g_autofree char *seed = NULL, *digest = NULL;
  CR_AUTO_FD root_fd = -1;

  g_return_val_if_fail (root != NULL && name != NULL, NULL);
  self->path = g_build_filename (root, name, NULL);
  self->name = g_strdup (name);
  if (!is_component (name, strlen (name))) {
    g_autofree char *shown = cr_text_display_line (name, -1, 80);

    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE, "“%s” can't be the name of an evidence folder; letters, digits, “_” and “-” can", shown);
    return NULL;
  }
  root_fd = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0) {
    set_error (error, errno, "The evidence folder %s can't be opened", root);
    return NULL;
  }
  if (mkdirat (root_fd, name, 0700) != 0) {
    if (errno == EEXIST)
      g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_EXISTS,
                   "%s is there already and was left as it is; evidence is never replaced: wait a second and start again for a new name", self->path);
    else
      set_error (error, errno, "%s can't be made", self->path);
    return NULL;
  }
  self->fd = openat (root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->fd < 0 || fchmod (self->fd, 0700) != 0) {  /* whatever the umask took away */
    set_error (error, errno, "%s can't be opened", self->path);
    return NULL;
  }
  if (!sync_folder (self, root_fd, error))
    return NULL;
  self->attestation_fd = open_below (self, self->fd, "attestation", error);
  if (self->attestation_fd < 0)
    return NULL;
  self->journal_fd = openat (self->attestation_fd, JOURNAL, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
  if (self->journal_fd < 0) {
    set_error (error, errno, "%s/attestation/" JOURNAL " can't be made", self->path);
    return NULL;
  }
  if (!sync_folder (self, self->attestation_fd, error))
    return NULL;
  seed = g_strdup_printf ("cutover-rehearsal chain 1\n%s\n", name);
  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, seed, -1);
  g_strlcpy (self->previous, digest, sizeof self->previous);
  g_clear_pointer (&digest, g_free);
  if (!write_file (self, self->fd, ".gitattributes", ".gitattributes", attributes, &digest, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
refuse_sealed (CrEvidenceFolder *self, const char *what, GError **error)
{
  if (!self->sealed)
    return FALSE;
  g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE, "%s is sealed, so %s can't be written any more; start a new run", self->path, what);
  return TRUE;
}

gboolean
cr_evidence_folder_write (CrEvidenceFolder *self, const char *name, GBytes *content, GError **error)
{
  g_autoptr(GMutexLocker) locker = NULL;
  g_auto(GStrv) parts = NULL;
  g_autofree char *digest = NULL, *fields = NULL;
  CR_AUTO_FD parent = -1;
  gboolean known;
  guint n;

  g_return_val_if_fail (CR_IS_EVIDENCE_FOLDER (self) && name != NULL && content != NULL, FALSE);
  locker = g_mutex_locker_new (&self->lock);
  if (refuse_sealed (self, name, error))
    return FALSE;
  parts = g_strsplit (name, "/", -1);
  n = g_strv_length (parts);
  known = n == 1 ? g_strv_contains (CR_EVIDENCE_FILES, name)
                 : n > 1 && n <= 4 && strcmp (parts[0], "attestation") == 0 && strcmp (name, "attestation/" JOURNAL) != 0 && strcmp (name, "attestation/" SUMS) != 0;
  for (guint i = 0; i < n; i++)
    known = known && is_component (parts[i], strlen (parts[i]));
  if (!known) {
    g_autofree char *shown = cr_text_display_line (name, -1, 80);

    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_WRITE, "“%s” is no name for a file in an evidence folder", shown);
    return FALSE;
  }
  parent = fcntl (self->fd, F_DUPFD_CLOEXEC, 3);
  for (guint i = 0; i + 1 < n; i++) {
    int next = open_below (self, parent, parts[i], error);

    close_fd (&parent);
    parent = next;
    if (parent < 0)
      return FALSE;
  }
  if (!write_file (self, parent, parts[n - 1], name, content, &digest, error))
    return FALSE;
  fields = g_strdup_printf ("\"event\":\"file_sealed\",\"file\":\"%s\",\"size\":%" G_GSIZE_FORMAT ",\"sha256\":\"%s\"", name, g_bytes_get_size (content),
                            digest);
  return append_journal (self, fields, error);
}

gboolean
cr_evidence_folder_journal (CrEvidenceFolder *self, const char *fields, GError **error)
{
  g_autoptr(GMutexLocker) locker = NULL;

  g_return_val_if_fail (CR_IS_EVIDENCE_FOLDER (self) && fields != NULL, FALSE);
  locker = g_mutex_locker_new (&self->lock);
  return !refuse_sealed (self, "its journal", error) && append_journal (self, fields, error);
}

typedef struct { char *path, *digest; } Sum;

static void
sum_clear (gpointer pointer)
{
  Sum *sum = pointer;

  g_free (sum->path);
  g_free (sum->digest);
}

static int
compare_sums (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Sum *) a)->path, ((const Sum *) b)->path);
}

/* Adds the digest of each file below @parent; @prefix is "" or ends in a slash */
static gboolean
collect_sums (CrEvidenceFolder *self, int parent, const char *prefix, guint depth, GArray *sums, GError **error)
{
  int copy = openat (parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy >= 0 ? fdopendir (copy) : NULL;
  struct dirent *entry;
  gboolean fine = TRUE;

  if (dir == NULL) {
    set_error (error, errno, "%s/%s can't be listed", self->path, prefix);
    return FALSE;
  }
  while (fine && (errno = 0, entry = readdir (dir)) != NULL) {
    g_autofree char *path = g_strconcat (prefix, entry->d_name, NULL);
    struct stat info;
    CR_AUTO_FD fd = -1;
    Sum sum;

    if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0 || strcmp (path, "attestation/" SUMS) == 0)
      continue;
    if (strpbrk (entry->d_name, "\n\r\\") != NULL || !g_utf8_validate (entry->d_name, -1, NULL) || fstatat (parent, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0
        || !(S_ISREG (info.st_mode) || (S_ISDIR (info.st_mode) && depth < 4))) {
      g_autofree char *shown = cr_text_display_line (path, -1, 200);

      g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_EXISTS,
                   "%s/%s is neither a file nor a folder of the evidence, so it can't be sealed; find out who put it there", self->path, shown);
      fine = FALSE;
      break;
    }
    if (S_ISDIR (info.st_mode)) {
      g_autofree char *below = g_strconcat (path, "/", NULL);

      fd = openat (parent, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      fine = fd >= 0 && collect_sums (self, fd, below, depth + 1, sums, error);
      if (fd < 0)
        set_error (error, errno, "%s/%s can't be opened", self->path, path);
      continue;
    }
    fd = openat (parent, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    sum.digest = fd >= 0 ? digest_of (fd) : NULL;
    if (sum.digest == NULL || ((info.st_mode & 07777) != 0444 && fchmod (fd, 0444) != 0)) {
      set_error (error, errno, "%s/%s can't be sealed", self->path, path);
      g_free (sum.digest);
      fine = FALSE;
      break;
    }
    sum.path = g_steal_pointer (&path);
    g_array_append_val (sums, sum);
  }
  closedir (dir);
  return fine;
}

gboolean
cr_evidence_folder_seal (CrEvidenceFolder *self, GError **error)
{
  g_autoptr(GMutexLocker) locker = NULL;
  g_autoptr(GArray) sums = g_array_new (FALSE, FALSE, sizeof (Sum));
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GBytes) content = NULL;
  g_autofree char *digest = NULL;

  g_return_val_if_fail (CR_IS_EVIDENCE_FOLDER (self), FALSE);
  locker = g_mutex_locker_new (&self->lock);
  if (refuse_sealed (self, "a second seal", error))
    return FALSE;
  g_array_set_clear_func (sums, sum_clear);
  if (!collect_sums (self, self->fd, "", 0, sums, error))
    return FALSE;
  g_array_sort (sums, compare_sums);
  for (guint i = 0; i < sums->len; i++) {
    const Sum *sum = &g_array_index (sums, Sum, i);

    g_string_append_printf (text, "%s  %s\n", sum->digest, sum->path);
  }
  content = g_bytes_new (text->str, text->len);
  if (!write_file (self, self->attestation_fd, SUMS, "attestation/" SUMS, content, &digest, error))
    return FALSE;
  self->sealed = TRUE;
  close_fd (&self->journal_fd);
  return TRUE;
}
