/* cr-process.c: one child process: own group, no shell, bounded output, deadline on the boot clock, nothing left behind
 *
 * Not GSubprocess: its cancelling and killing reach the direct child only, while `az` can be a script with Python below it, and a grandchild that
 * keeps a pipe open would hold the answer back (facts: reliability 0.7, C1); and it forgets the pid of a child that ends at once, which the group
 * is named after.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-process.h"
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

G_DEFINE_QUARK (cr-process-error-quark, cr_process_error)

#define CHUNK         65536u  /* bytes read at a time */
#define GRACE_MS      2000u   /* from SIGINT to SIGKILL */
#define PIPE_GRACE_MS 1500u   /* how long a pipe may stay open after its process has ended */
#define LAST_GRACE_MS 400u    /* how long to wait for the end after SIGKILL */

typedef struct {
  GInputStream *stream;    /* (owned) (nullable): NULL when its end was seen */
  GByteArray   *bytes;     /* (owned) */
  gboolean      is_err;
} Pipe;

typedef struct {
  pid_t               group;         /* process group, led by the child */
  int                 status;        /* as waitpid() gave it, once ended */
  Pipe                out, err;
  gsize               cap;
  GBytes             *input;         /* (owned) (nullable) */
  CrProcessOutputFunc output;
  gpointer            output_data;   /* (borrowed) */
  GCancellable       *io;            /* (owned): ends our own reading and writing */
  GSource            *deadline;      /* (owned) (nullable) */
  GSource            *cancelled;     /* (owned) (nullable) */
  GSource            *timer;         /* (owned) (nullable): the next, harder measure */
  guint               pending;       /* reads and writes whose callback is still to come */
  gboolean            ended;         /* the child was reaped */
  gboolean            given_up;      /* it would not end: nobody waits any more */
  gboolean            ending;        /* we are ending the group */
  gboolean            killed;        /* SIGKILL was sent */
  CrProcessResult    *result;        /* (owned) */
  gint64              started;       /* monotonic */
} Run;

static void read_more (GTask *task, Pipe *pipe);
static void check_done (GTask *task);

void
cr_process_result_free (CrProcessResult *result)
{
  if (result == NULL)
    return;
  g_clear_pointer (&result->out, g_bytes_unref);
  g_clear_pointer (&result->err, g_bytes_unref);
  g_free (result);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL) {
    g_source_destroy (*source);
    g_clear_pointer (source, g_source_unref);
  }
}

static void
run_free (Run *run)
{
  clear_source (&run->deadline);
  clear_source (&run->cancelled);
  clear_source (&run->timer);
  g_clear_object (&run->out.stream);
  g_clear_object (&run->err.stream);
  g_byte_array_unref (run->out.bytes);
  g_byte_array_unref (run->err.bytes);
  g_clear_pointer (&run->input, g_bytes_unref);
  g_clear_object (&run->io);
  cr_process_result_free (run->result);
  g_free (run);
}

/* In the child, between fork and exec: only async-signal-safe calls */
static void
prepare_child (gpointer user_data)
{
  const struct rlimit none = { 0, 0 };

  setpgid (0, 0);
  setrlimit (RLIMIT_CORE, &none);  /* a core of az would hold tokens (facts: reliability F8) */
}

static void
set_timer (GTask *task, guint milliseconds, GSourceFunc callback)
{
  Run *run = g_task_get_task_data (task);

  clear_source (&run->timer);
  run->timer = g_timeout_source_new (milliseconds);
  g_source_set_callback (run->timer, callback, g_object_ref (task), g_object_unref);
  g_source_attach (run->timer, g_task_get_context (task));
}

static gboolean
last_grace_cb (gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);

  run->given_up = TRUE;
  g_cancellable_cancel (run->io);  /* whoever still holds the pipes has left the group */
  check_done (task);
  return G_SOURCE_REMOVE;
}

static gboolean
kill_cb (gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);

  run->killed = TRUE;
  kill (-run->group, SIGKILL);
  set_timer (task, LAST_GRACE_MS, last_grace_cb);
  return G_SOURCE_REMOVE;
}

static void
end_group (GTask *task)
{
  Run *run = g_task_get_task_data (task);

  if (run->ending)
    return;
  run->ending = TRUE;
  kill (-run->group, SIGINT);  /* az stops waiting and says so; it sends nothing (facts: azure 5.3) */
  if (!run->ended)
    set_timer (task, GRACE_MS, kill_cb);
  else
    kill_cb (task);
}

static gboolean
cancelled_cb (GCancellable *cancellable, gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);

  run->result->stopped = TRUE;
  end_group (task);
  return G_SOURCE_REMOVE;
}

/* All callbacks are in, or the rest will not come: the result is complete. */
static void
check_done (GTask *task)
{
  Run *run = g_task_get_task_data (task);
  CrProcessResult *result;

  if (run->pending > 0 || (!run->ended && !run->given_up) || run->result == NULL)
    return;
  clear_source (&run->deadline);
  clear_source (&run->cancelled);
  clear_source (&run->timer);
  result = g_steal_pointer (&run->result);
  if (run->ended && WIFEXITED (run->status))
    result->exit_code = WEXITSTATUS (run->status);
  else if (run->ended && WIFSIGNALED (run->status))
    result->signal = WTERMSIG (run->status);
  else
    result->signal = SIGKILL;
  result->out = g_bytes_new (run->out.bytes->data, run->out.bytes->len);
  result->err = g_bytes_new (run->err.bytes->data, run->err.bytes->len);
  result->received_us = g_get_real_time ();
  result->duration_us = g_get_monotonic_time () - run->started;
  g_task_return_pointer (task, result, (GDestroyNotify) cr_process_result_free);
}

static void
operation_done (GTask *task)
{
  Run *run = g_task_get_task_data (task);

  run->pending--;
  check_done (task);
}

static void
read_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;
  Run *run = g_task_get_task_data (task);
  Pipe *pipe = G_INPUT_STREAM (source) == run->out.stream ? &run->out : &run->err;
  g_autoptr(GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), async, NULL);
  gsize length = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  if (length == 0) {  /* its end, or given up */
    g_clear_object (&pipe->stream);
    operation_done (task);
    return;
  }
  if (!run->result->overflow) {
    gsize room = run->cap - pipe->bytes->len;
    gsize kept = MIN (length, room);
    g_byte_array_append (pipe->bytes, g_bytes_get_data (bytes, NULL), (guint) kept);
    if (run->output != NULL && kept > 0)
      run->output (g_bytes_get_data (bytes, NULL), kept, pipe->is_err, run->output_data);
    if (kept < length) {
      run->result->overflow = TRUE;
      end_group (task);
    }
  }
  run->pending--;
  read_more (task, pipe);
}

static void
read_more (GTask *task, Pipe *pipe)
{
  Run *run = g_task_get_task_data (task);

  run->pending++;
  g_input_stream_read_bytes_async (pipe->stream, CHUNK, G_PRIORITY_DEFAULT, run->io, read_cb, g_object_ref (task));
}

static void
write_cb (GObject *source, GAsyncResult *async, gpointer user_data)
{
  g_autoptr(GTask) task = user_data;

  /* A child that doesn't read its input is its own affair: its exit code tells. */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), async, NULL, NULL);
  g_output_stream_close (G_OUTPUT_STREAM (source), NULL, NULL);
  operation_done (task);
}

static void
ended_cb (GPid pid, int status, gpointer user_data)
{
  GTask *task = user_data;
  Run *run = g_task_get_task_data (task);

  run->ended = TRUE;
  run->status = status;
  if (run->given_up)
    return;
  if (run->ending && !run->killed)
    kill_cb (task);  /* whatever of the group didn't follow */
  else if (run->pending > 0 && !run->killed)
    set_timer (task, PIPE_GRACE_MS, kill_cb);
  check_done (task);
}

/* (transfer full): the program as an absolute path, so that the working directory doesn't matter */
static char *
find_program (const char *program, GError **error)
{
  g_autofree char *path = NULL;

  if (*program == '\0') {
    g_set_error (error, CR_PROCESS_ERROR, CR_PROCESS_ERROR_ARGUMENT, "No program was named");
    return NULL;
  }
  if (strchr (program, '/') != NULL)
    path = g_canonicalize_filename (program, NULL);
  else
    path = g_find_program_in_path (program);
  if (path != NULL && g_file_test (path, G_FILE_TEST_IS_EXECUTABLE) && !g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&path);
  if (strchr (program, '/') != NULL)
    g_set_error (error, CR_PROCESS_ERROR, CR_PROCESS_ERROR_NOT_FOUND, "%s is not a program that can be run here", program);
  else
    g_set_error (error, CR_PROCESS_ERROR, CR_PROCESS_ERROR_NOT_FOUND, "No program named %s was found on PATH", program);
  return NULL;
}

typedef struct { GTask *task; int fd; } Deadline;

static void
deadline_free (gpointer data)
{
  Deadline *deadline = data;

  g_object_unref (deadline->task);
  close (deadline->fd);
  g_free (deadline);
}

static gboolean
deadline_cb (int fd, GIOCondition condition, gpointer user_data)
{
  Deadline *deadline = user_data;
  Run *run = g_task_get_task_data (deadline->task);

  if (!run->ended) {
    run->result->timed_out = TRUE;
    end_group (deadline->task);
  }
  return G_SOURCE_REMOVE;
}

static void
attach_deadline (GTask *task, guint seconds)
{
  Run *run = g_task_get_task_data (task);
  struct itimerspec when = { .it_value = { .tv_sec = (time_t) seconds } };
  int fd = timerfd_create (CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  Deadline *deadline;

  if (fd < 0)
    return;
  timerfd_settime (fd, 0, &when, NULL);
  deadline = g_new0 (Deadline, 1);
  deadline->task = g_object_ref (task);
  deadline->fd = fd;
  run->deadline = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (run->deadline, G_SOURCE_FUNC (deadline_cb), deadline, deadline_free);
  g_source_attach (run->deadline, g_task_get_context (task));
}

/* @fds: standard input or -1, standard output, standard error. FALSE: nothing runs */
static gboolean
spawn (const char *const *argv, gboolean with_input, const char *const *environ_, const char *directory, GPid *pid, int *fds, GError **error)
{
  g_autofree char *program = find_program (argv[0], error);
  g_autoptr(GPtrArray) full = g_ptr_array_new ();
  g_autoptr(GError) local = NULL;

  if (program == NULL)
    return FALSE;
  g_ptr_array_add (full, program);
  for (gsize i = 1; argv[i] != NULL; i++)
    g_ptr_array_add (full, (gpointer) argv[i]);
  g_ptr_array_add (full, NULL);

  /* An early end of a child that doesn't read its input must not end us; GSubprocess does the same, as there is no way for one pipe alone. */
  signal (SIGPIPE, SIG_IGN);
  fds[0] = -1;
  if (g_spawn_async_with_pipes (directory, (char **) full->pdata, (char **) environ_, G_SPAWN_DO_NOT_REAP_CHILD, prepare_child, NULL, pid,
                                with_input ? &fds[0] : NULL, &fds[1], &fds[2], &local))
    return TRUE;
  g_set_error (error, CR_PROCESS_ERROR, CR_PROCESS_ERROR_SPAWN, "%s could not be started: %s", program, local->message);
  return FALSE;
}

static GInputStream *
open_pipe (int fd)
{
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  return g_unix_input_stream_new (fd, TRUE);
}

void
cr_process_run_async (const char *const *argv, GBytes *input, const char *const *environ_, const char *directory, guint limit_seconds, gsize cap,
                      CrProcessOutputFunc output, gpointer output_data, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr(GError) error = NULL;
  g_autoptr(GSource) watch = NULL;
  Run *run;
  GPid pid;
  int fds[3];

  g_return_if_fail (argv != NULL && argv[0] != NULL);

  g_task_set_source_tag (task, cr_process_run_async);
  g_task_set_check_cancellable (task, FALSE);  /* what it printed until then is a result too */
  if (g_cancellable_is_cancelled (cancellable)) {
    CrProcessResult *result = g_new0 (CrProcessResult, 1);
    result->exit_code = -1;
    result->stopped = TRUE;
    result->out = g_bytes_new (NULL, 0);
    result->err = g_bytes_new (NULL, 0);
    result->sent_us = result->received_us = g_get_real_time ();
    g_task_return_pointer (task, result, (GDestroyNotify) cr_process_result_free);
    return;
  }
  if (!spawn (argv, input != NULL, environ_, directory, &pid, fds, &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }

  run = g_new0 (Run, 1);
  run->group = pid;
  run->out.bytes = g_byte_array_new ();
  run->err.bytes = g_byte_array_new ();
  run->err.is_err = TRUE;
  run->out.stream = open_pipe (fds[1]);
  run->err.stream = open_pipe (fds[2]);
  run->cap = MIN (cap, G_MAXINT);
  run->input = input != NULL ? g_bytes_ref (input) : NULL;
  run->output = output;
  run->output_data = output_data;
  run->io = g_cancellable_new ();
  run->result = g_new0 (CrProcessResult, 1);
  run->result->exit_code = -1;
  run->result->sent_us = g_get_real_time ();
  run->started = g_get_monotonic_time ();
  g_task_set_task_data (task, run, (GDestroyNotify) run_free);

  watch = g_child_watch_source_new (pid);
  g_source_set_callback (watch, G_SOURCE_FUNC (ended_cb), g_object_ref (task), g_object_unref);
  g_source_attach (watch, g_task_get_context (task));
  read_more (task, &run->out);
  read_more (task, &run->err);
  if (input != NULL) {
    gsize size;
    const void *data = g_bytes_get_data (input, &size);
    g_autoptr(GOutputStream) stream = NULL;
    g_unix_set_fd_nonblocking (fds[0], TRUE, NULL);
    stream = g_unix_output_stream_new (fds[0], TRUE);
    run->pending++;
    g_output_stream_write_all_async (stream, data, size, G_PRIORITY_DEFAULT, run->io, write_cb, g_object_ref (task));
  }
  if (limit_seconds > 0)
    attach_deadline (task, limit_seconds);
  if (cancellable != NULL) {
    run->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (run->cancelled, G_SOURCE_FUNC (cancelled_cb), g_object_ref (task), g_object_unref);
    g_source_attach (run->cancelled, g_task_get_context (task));
  }
}

CrProcessResult *
cr_process_run_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* What az may see of the user's environment. Anything that makes Python, the loader or a shell run other code is not in it. */
static gboolean
is_allowed (const char *name)
{
  static const char *const names[] = {
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TMPDIR", "DBUS_SESSION_BUS_ADDRESS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "no_proxy", NULL
  };

  return g_strv_contains (names, name) || g_str_has_prefix (name, "LC_") || g_str_has_prefix (name, "XDG_") ||
         g_str_has_prefix (name, "AZURE_");
}

GStrv
cr_process_az_environ (void)
{
  /* facts: azure 5.1 */
  static const char *const fixed[][2] = {
    { "AZURE_CORE_ONLY_SHOW_ERRORS", "yes" },
    { "AZURE_CORE_NO_COLOR", "yes" },
    { "AZURE_CORE_COLLECT_TELEMETRY", "no" },
    { "AZURE_CORE_SURVEY_MESSAGE", "no" },
    { "AZURE_CORE_DISABLE_PROGRESS_BAR", "yes" },
    { "AZURE_CORE_ERROR_RECOMMENDATION", "off" },
    { "AZURE_CORE_OUTPUT", "json" },
    { "AZURE_EXTENSION_USE_DYNAMIC_INSTALL", "no" },
  };
  g_auto(GStrv) names = g_listenv ();
  GStrv env = g_new0 (char *, 1);

  for (gsize i = 0; names[i] != NULL; i++)
    if (is_allowed (names[i]))
      env = g_environ_setenv (env, names[i], g_getenv (names[i]), TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (fixed); i++)
    env = g_environ_setenv (env, fixed[i][0], fixed[i][1], TRUE);
  return env;
}
