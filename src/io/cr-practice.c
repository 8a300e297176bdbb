/* cr-practice.c: starts and ends the built-in practice target, and points the settings at it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-practice.h"
#include "cr-paths.h"
#include "cr-json.h"
#include "cr-text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK (cr-practice-error-quark, cr_practice_error)

#define READY_SECONDS 20
#define STOP_SECONDS 3
#define READY_MAX (64 * 1024)    /* bytes of the target's one line */
#define STDERR_SHOWN 4096        /* bytes of its error stream that are looked at when it fails */
#define DISPOSE_WAIT_MS 400      /* how long a dispose waits for an orderly end */

struct _CrPractice {
  GObject        parent_instance;
  char          *root;         /* (owned): the folder made for the target; removed at the end */
  GSubprocess   *child;        /* (owned) (nullable) */
  pid_t          group;        /* the child's process group, 0: none */
  int            err_fd;       /* the target's error stream, an unnamed file, or -1 */
  GOutputStream *input;        /* (borrowed): the target ends when this is closed */
  GSource       *kill_source;  /* (owned) (nullable): ends what doesn't end by itself */
  gboolean       stopping;
};

G_DEFINE_FINAL_TYPE (CrPractice, cr_practice, G_TYPE_OBJECT)

void
cr_fault_free (CrFault *fault)
{
  if (fault == NULL)
    return;
  g_free (fault->name);
  g_free (fault->group);
  g_free (fault->summary);
  g_free (fault->classification);
  g_free (fault->verdict);
  g_free (fault);
}

GPtrArray *
cr_practice_faults (GError **error)
{
  g_autofree char *path = cr_paths_data ("practice-faults.json");
  g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_fault_free);
  g_autoptr(GError) cause = NULL;
  g_autoptr(CrJsonDoc) doc = NULL;
  g_autofree char *text = NULL;
  const CrJsonNode *root;
  gsize length = 0;

  if (!g_file_get_contents (path, &text, &length, &cause) || (doc = cr_json_parse (text, (gssize) length, CR_JSON_STRICT, &cause)) == NULL) {
    g_set_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT, "The list of practice faults, %s, can't be read: %s", path, cause->message);
    return NULL;
  }
  root = cr_json_doc_root (doc);
  for (gsize i = 0; i < cr_json_node_size (root); i++) {
    const CrJsonNode *node = cr_json_node_at (root, i);
    CrFault *fault = g_new0 (CrFault, 1);

    fault->name = g_strdup (cr_json_node_get_string (node, "name"));
    fault->group = g_strdup (cr_json_node_get_string (node, "group"));
    fault->summary = g_strdup (cr_json_node_get_string (node, "summary"));
    fault->classification = g_strdup (cr_json_node_get_string (node, "classification"));
    fault->verdict = g_strdup (cr_json_node_get_string (node, "verdict"));
    g_ptr_array_add (faults, fault);
    if (fault->name == NULL || fault->group == NULL || fault->summary == NULL || fault->classification == NULL || fault->verdict == NULL) {
      g_set_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT,
                   "The list of practice faults, %s, is damaged: entry %" G_GSIZE_FORMAT " lacks name, group, summary, classification or verdict",
                   path, i + 1);
      return NULL;
    }
  }
  if (faults->len == 0) {
    g_set_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT, "The list of practice faults, %s, is empty or no list", path);
    return NULL;
  }
  return g_steal_pointer (&faults);
}

/* Removes @name below @parent and all it holds. Links are removed, never followed. */
static void
remove_below (int parent, const char *name, guint depth)
{
  struct stat info;
  struct dirent *entry;
  DIR *dir;
  int fd;

  if (fstatat (parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
    return;
  if (!S_ISDIR (info.st_mode)) {
    unlinkat (parent, name, 0);
    return;
  }
  fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == EACCES && fchmodat (parent, name, 0700, 0) == 0)
    fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return;
  if (fchmod (fd, 0700) != 0)
    g_debug ("%s: %s", name, g_strerror (errno));
  dir = fdopendir (fd);
  if (dir == NULL) {
    close (fd);
    return;
  }
  while (depth < 64 && (entry = readdir (dir)) != NULL) {
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      remove_below (dirfd (dir), entry->d_name, depth + 1);
  }
  closedir (dir);
  unlinkat (parent, name, AT_REMOVEDIR);
}

static void
remove_root (CrPractice *self)
{
  if (self->root != NULL)
    remove_below (AT_FDCWD, self->root, 0);
  g_clear_pointer (&self->root, g_free);
}

static gboolean
child_has_ended (CrPractice *self)
{
  return self->child == NULL || g_subprocess_get_identifier (self->child) == NULL;
}

/* The group may hold helpers of a target that is already gone */
static void
kill_group (CrPractice *self)
{
  if (self->group > 0)
    kill (-self->group, SIGKILL);
  self->group = 0;
}

static void
ask_to_end (CrPractice *self)
{
  if (self->stopping)
    return;
  self->stopping = TRUE;
  if (self->input != NULL)
    g_output_stream_close (self->input, NULL, NULL);
  self->input = NULL;
  if (!child_has_ended (self))
    g_subprocess_send_signal (self->child, SIGTERM);
}

/* Ends the target now, waiting a moment for an orderly end */
static void
finish_now (CrPractice *self)
{
  if (self->kill_source != NULL)
    g_source_destroy (self->kill_source);
  g_clear_pointer (&self->kill_source, g_source_unref);
  ask_to_end (self);
  for (int waited = 0; !child_has_ended (self) && waited < DISPOSE_WAIT_MS; waited += 5)
    g_usleep (5000);
  kill_group (self);
  remove_root (self);
}

/* Targets that live: a program that ends while one of them is being stopped, or forgets one, leaves neither process nor folder behind. */
static GMutex living_lock;
static GPtrArray *living = NULL;  /* (element-type CrPractice) (borrowed) */

static void
finish_all (void)
{
  g_mutex_lock (&living_lock);
  for (guint i = 0; i < living->len; i++)
    finish_now (living->pdata[i]);
  g_ptr_array_set_size (living, 0);
  g_mutex_unlock (&living_lock);
}

static void
remember (CrPractice *self)
{
  g_mutex_lock (&living_lock);
  if (living == NULL) {
    living = g_ptr_array_new ();
    atexit (finish_all);
  }
  g_ptr_array_add (living, self);
  g_mutex_unlock (&living_lock);
}

static void
cr_practice_dispose (GObject *object)
{
  CrPractice *self = CR_PRACTICE (object);

  g_mutex_lock (&living_lock);
  if (living != NULL)
    g_ptr_array_remove (living, self);
  g_mutex_unlock (&living_lock);
  finish_now (self);
  g_clear_object (&self->child);
  if (self->err_fd >= 0)
    close (self->err_fd);
  self->err_fd = -1;
  G_OBJECT_CLASS (cr_practice_parent_class)->dispose (object);
}

static void
cr_practice_class_init (CrPracticeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cr_practice_dispose;
}

static void
cr_practice_init (CrPractice *self)
{
  self->err_fd = -1;
}

const char *
cr_practice_get_root (CrPractice *self)
{
  g_return_val_if_fail (CR_IS_PRACTICE (self), NULL);
  return self->root;
}

static gboolean
kill_cb (gpointer user_data)
{
  CrPractice *self = user_data;

  kill_group (self);
  g_clear_pointer (&self->kill_source, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
child_ended_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  GWeakRef *weak = user_data;
  g_autoptr(CrPractice) self = g_weak_ref_get (weak);

  g_subprocess_wait_finish (G_SUBPROCESS (source_object), result, NULL);
  g_weak_ref_clear (weak);
  g_free (weak);
  if (self == NULL)  /* dispose has done it */
    return;
  if (self->kill_source != NULL)
    g_source_destroy (self->kill_source);
  g_clear_pointer (&self->kill_source, g_source_unref);
  kill_group (self);
  remove_root (self);
}

/* The loop goes on while the target ends. Whoever can't wait for that drops the last reference: dispose finishes the work at once. */
void
cr_practice_stop (CrPractice *self)
{
  GWeakRef *weak;

  g_return_if_fail (CR_IS_PRACTICE (self));
  if (self->stopping || self->child == NULL)
    return;
  ask_to_end (self);
  self->kill_source = g_timeout_source_new_seconds (STOP_SECONDS);
  g_source_set_callback (self->kill_source, kill_cb, self, NULL);
  g_source_attach (self->kill_source, g_main_context_get_thread_default ());
  weak = g_new0 (GWeakRef, 1);
  g_weak_ref_init (weak, self);
  g_subprocess_wait_async (self->child, NULL, child_ended_cb, weak);
}

/* Starting */

typedef struct {
  CrPractice   *practice;   /* (owned) */
  CrSettings   *settings;   /* (owned) */
  GInputStream *output;     /* (owned): the target's stdout */
  GByteArray   *line;       /* (owned): what it said so far */
  GCancellable *reading;    /* (owned): ends the read when the time is up or the caller cancels */
  GSource      *limit;      /* (owned) (nullable) */
  gulong        cancel_id;
  gboolean      late;
  char         *program;    /* (owned) */
} StartData;

static void
start_data_free (gpointer pointer)
{
  StartData *data = pointer;

  if (data->limit != NULL) {
    g_source_destroy (data->limit);
    g_source_unref (data->limit);
  }
  g_clear_object (&data->output);
  g_clear_object (&data->reading);
  g_clear_object (&data->practice);
  g_clear_object (&data->settings);
  g_clear_pointer (&data->line, g_byte_array_unref);
  g_free (data->program);
  g_free (data);
}

/* The target runs in a group of its own, so that a Ctrl+C in the terminal reaches the rehearsal first and helpers can be ended with it. */
static void
lead_group (gpointer user_data)
{
  setpgid (0, 0);
}

/* The last lines the target wrote to its error stream, in one line */
static char *
describe_stderr (CrPractice *self)
{
  char buffer[STDERR_SHOWN];
  off_t size = self->err_fd >= 0 ? lseek (self->err_fd, 0, SEEK_END) : 0;
  gssize n = size > 0 ? pread (self->err_fd, buffer, sizeof buffer, MAX (0, size - (off_t) sizeof buffer)) : 0;
  g_autofree char *text = NULL;
  const char *last;

  if (n <= 0)
    return g_strdup ("it wrote nothing to its error stream");
  text = g_strndup (buffer, (gsize) n);
  if (strstr (text, "No module named") != NULL && (strstr (text, "alembic") != NULL || strstr (text, "sqlalchemy") != NULL))
    return g_strdup ("Python's Alembic is missing; install the Debian package python3-alembic");
  g_strchomp (text);
  last = strrchr (text, '\n');
  return cr_text_display_line (last != NULL ? last + 1 : text, -1, 300);
}

static void
fail (GTask *task, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
fail (GTask *task, const char *format, ...)
{
  StartData *data = g_task_get_task_data (task);
  g_autofree char *what = NULL, *err = describe_stderr (data->practice);
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_task_return_new_error (task, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START, "The practice target %s (%s): %s", what, data->program, err);
}

/* Goes on reading so that the target never blocks or breaks on its own output; holds nothing but the stream */
static void
drained_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  gssize n = g_input_stream_skip_finish (G_INPUT_STREAM (source_object), result, NULL);

  if (n > 0)
    g_input_stream_skip_async (G_INPUT_STREAM (source_object), 4096, G_PRIORITY_LOW, NULL, drained_cb, NULL);
}

static gboolean
apply (CrSettings *settings, const CrJsonNode *ready, GError **error)
{
  static const struct { const char *member, *key; gboolean optional; } table[] = {
    { "az", "az", FALSE },
    { "api_address", "api_address", FALSE },
    { "spool_dir", "spool_dir", FALSE },
    { "jumpbox_path", "jumpbox_path", FALSE },
    { "api_url", "api_url", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    const char *value = cr_json_node_get_string (ready, table[i].member);

    if (table[i].optional && cr_settings_get_origin (settings, table[i].key) == CR_ORIGIN_OPTION)
      continue;
    if (value == NULL) {
      g_set_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START, "The practice target's answer lacks “%s”", table[i].member);
      return FALSE;
    }
    if (!cr_settings_set (settings, table[i].key, value, CR_ORIGIN_PRACTICE, error)) {
      g_prefix_error (error, "The practice target gave a value that can't be used: ");
      return FALSE;
    }
  }
  return TRUE;
}

static void read_more (GTask *task_taken);

static void
line_complete (GTask *task, gsize length)
{
  StartData *data = g_task_get_task_data (task);
  g_autoptr(CrJsonDoc) doc = cr_json_parse ((const char *) data->line->data, (gssize) length, CR_JSON_STRICT, NULL);
  const CrJsonNode *ready = doc != NULL ? cr_json_doc_root (doc) : NULL;
  g_autoptr(GError) error = NULL;
  gboolean is_ready = FALSE;

  if (ready == NULL || !cr_json_node_get_bool (ready, "ready", &is_ready) || !is_ready) {
    g_autofree char *shown = cr_text_display_line ((const char *) data->line->data, (gssize) length, 200);

    fail (task, "did not say that it is ready but “%s”", shown);
  } else if (!apply (data->settings, ready, &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
  } else {
    g_input_stream_skip_async (data->output, 4096, G_PRIORITY_LOW, NULL, drained_cb, NULL);
    g_task_return_pointer (task, g_object_ref (data->practice), g_object_unref);
  }
}

static void
read_cb (GObject *source_object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  StartData *data = g_task_get_task_data (task);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source_object), result, &error);
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;
  const guint8 *end;

  if (size > 0) {
    g_byte_array_append (data->line, g_bytes_get_data (bytes, NULL), (guint) size);
    end = memchr (data->line->data, '\n', data->line->len);
    if (end == NULL && data->line->len <= READY_MAX) {
      read_more (g_steal_pointer (&task));
      return;
    }
    g_cancellable_disconnect (g_task_get_cancellable (task), data->cancel_id);
    data->cancel_id = 0;
    if (end != NULL)
      line_complete (task, (gsize) (end - data->line->data));
    else
      fail (task, "printed %u bytes without the one line that is expected", data->line->len);
    return;
  }
  g_cancellable_disconnect (g_task_get_cancellable (task), data->cancel_id);
  data->cancel_id = 0;
  if (g_task_return_error_if_cancelled (task))
    return;
  if (data->late)
    fail (task, "was not ready after %d seconds", READY_SECONDS);
  else if (bytes != NULL)
    fail (task, "ended before it was ready");
  else
    fail (task, "can't be read (%s)", error->message);
}

static void
read_more (GTask *task_taken)
{
  g_autoptr(GTask) task = task_taken;
  StartData *data = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (data->output, 4096, G_PRIORITY_DEFAULT, data->reading, read_cb, g_steal_pointer (&task));
}

static gboolean
late_cb (gpointer user_data)
{
  StartData *data = user_data;

  data->late = TRUE;
  g_cancellable_cancel (data->reading);
  return G_SOURCE_REMOVE;
}

static void
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

/* (transfer full): the wanted faults, checked, joined by commas, or NULL with an error */
static char *
wanted_faults (CrSettings *settings, GError **error)
{
  g_auto(GStrv) names = g_strsplit (cr_settings_get (settings, "practice.fault"), ",", -1);
  g_autoptr(GPtrArray) known = NULL;
  GString *wanted = g_string_new (NULL);

  for (guint i = 0; names[i] != NULL; i++) {
    gboolean found = FALSE;

    g_strstrip (names[i]);
    if (*names[i] == '\0')
      continue;
    if (known == NULL && (known = cr_practice_faults (error)) == NULL) {
      g_string_free (wanted, TRUE);
      return NULL;
    }
    for (guint j = 0; j < known->len && !found; j++)
      found = strcmp (((CrFault *) known->pdata[j])->name, names[i]) == 0;
    if (!found) {
      g_autofree char *shown = cr_text_display_line (names[i], -1, 80);
      GString *list = g_string_new (NULL);

      for (guint j = 0; j < known->len; j++)
        g_string_append_printf (list, "%s%s", j > 0 ? ", " : "", ((CrFault *) known->pdata[j])->name);
      g_set_error (error, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_FAULT, "There is no practice fault “%s”; known faults: %s", shown, list->str);
      g_string_free (list, TRUE);
      g_string_free (wanted, TRUE);
      return NULL;
    }
    g_string_append_printf (wanted, "%s%s", wanted->len > 0 ? "," : "", names[i]);
  }
  return g_string_free (wanted, FALSE);
}

void
cr_practice_start_async (CrSettings *settings, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr(GSubprocessLauncher) launcher = NULL;
  g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = cr_paths_practice (), *faults = NULL;
  const char *speed = cr_settings_get (settings, "practice.speed"), *seed = cr_settings_get (settings, "practice.seed");
  CrPractice *practice = g_object_new (CR_TYPE_PRACTICE, NULL);
  StartData *data = g_new0 (StartData, 1);
  const char *identifier;
  int fd;

  data->practice = practice;
  data->settings = g_object_ref (settings);
  data->line = g_byte_array_new ();
  data->reading = g_cancellable_new ();
  data->program = g_build_filename (folder, "practice-target", NULL);
  g_task_set_source_tag (task, cr_practice_start_async);
  g_task_set_task_data (task, data, start_data_free);

  faults = wanted_faults (settings, &error);
  if (faults == NULL) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  if (!g_file_test (data->program, G_FILE_TEST_IS_EXECUTABLE)) {
    g_task_return_new_error (task, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START,
                             "The practice target is missing: %s is not there or not executable; install the package again", data->program);
    return;
  }
  practice->root = g_dir_make_tmp ("cutover-rehearsal-practice-XXXXXX", &error);
  if (practice->root == NULL) {
    g_task_return_new_error (task, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START,
                             "No folder can be made for the practice target below %s: %s; free space there or set TMPDIR", g_get_tmp_dir (),
                             error->message);
    return;
  }

  g_ptr_array_add (argv, g_strdup (data->program));
  g_ptr_array_add (argv, g_strdup ("serve"));
  g_ptr_array_add (argv, g_strdup ("--root"));
  g_ptr_array_add (argv, g_strdup (practice->root));
  if (*speed != '\0') {
    g_ptr_array_add (argv, g_strdup ("--speed"));
    g_ptr_array_add (argv, g_strdup (speed));
  }
  if (*faults != '\0') {
    g_ptr_array_add (argv, g_strdup ("--faults"));
    g_ptr_array_add (argv, g_steal_pointer (&faults));
  }
  if (*seed != '\0') {
    g_ptr_array_add (argv, g_strdup ("--seed"));
    g_ptr_array_add (argv, g_strdup (seed));
  }
  g_ptr_array_add (argv, g_strdup ("--parent-pid"));
  g_ptr_array_add (argv, g_strdup_printf ("%d", (int) getpid ()));
  g_ptr_array_add (argv, NULL);

  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  fd = memfd_create ("practice-stderr", MFD_CLOEXEC);  /* never fills up as a pipe would, needs no reader and no name */
  if (fd >= 0) {
    practice->err_fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
    g_subprocess_launcher_take_stderr_fd (launcher, fd);
  }
  g_subprocess_launcher_set_child_setup (launcher, lead_group, NULL, NULL);
  practice->child = g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  if (practice->child == NULL) {
    g_task_return_new_error (task, CR_PRACTICE_ERROR, CR_PRACTICE_ERROR_START,
                             "The practice target %s can't be started: %s; it needs the Debian packages python3 and python3-alembic", data->program,
                             error->message);
    return;
  }
  remember (practice);
  identifier = g_subprocess_get_identifier (practice->child);
  practice->group = identifier != NULL ? (pid_t) g_ascii_strtoll (identifier, NULL, 10) : 0;
  practice->input = g_subprocess_get_stdin_pipe (practice->child);
  data->output = g_object_ref (g_subprocess_get_stdout_pipe (practice->child));
  data->limit = g_timeout_source_new_seconds (READY_SECONDS);
  g_source_set_callback (data->limit, late_cb, data, NULL);
  g_source_attach (data->limit, g_main_context_get_thread_default ());
  if (cancellable != NULL)
    data->cancel_id = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), g_object_ref (data->reading), g_object_unref);
  read_more (g_steal_pointer (&task));
}

CrPractice *
cr_practice_start_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
