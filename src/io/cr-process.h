/* cr-process.h: one child process: own group, no shell, bounded output, deadline on the boot clock, nothing left behind
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
G_BEGIN_DECLS
typedef enum { CR_PROCESS_ERROR_NOT_FOUND, CR_PROCESS_ERROR_SPAWN, CR_PROCESS_ERROR_ARGUMENT } CrProcessError;
#define CR_PROCESS_ERROR (cr_process_error_quark ())
GQuark cr_process_error_quark (void);

typedef struct {
  int       exit_code;    /* 0..255, or -1 if it was killed */
  int       signal;       /* 0, or the signal that ended it */
  gboolean  timed_out;    /* the deadline passed: the group was ended */
  gboolean  stopped;      /* the cancellable was triggered: the group was ended */
  gboolean  overflow;     /* more output than the cap: the group was ended */
  GBytes   *out, *err;    /* raw bytes */
  gint64    sent_us, received_us;  /* wall clock */
  gint64    duration_us;  /* monotonic */
} CrProcessResult;
void cr_process_result_free (CrProcessResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrProcessResult, cr_process_result_free)

/* Called on the caller's context while the child writes: raw bytes, not redacted. @is_err: stderr */
typedef void (*CrProcessOutputFunc) (const guint8 *bytes, gsize length, gboolean is_err, gpointer user_data);

/* @argv[0] is a path or found on PATH. @input (nullable): fed to stdin, which is then closed; NULL: /dev/null. @environ: the complete environment
 * (nullable: inherits). @limit_seconds 0: none. @cap: bytes kept per stream. Cancelling @cancellable ends the process group (SIGINT, then SIGKILL after 2 s) and the
 * call still *returns a result*, with `stopped`. Errors: CR_PROCESS_ERROR only (nothing ran). */
void             cr_process_run_async  (const char *const *argv, GBytes *input, const char *const *environ_, const char *directory,
                                        guint limit_seconds, gsize cap, CrProcessOutputFunc output, gpointer output_data,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CrProcessResult *cr_process_run_finish (GAsyncResult *result, GError **error);

/* (transfer full): the allow-listed environment for az (facts: reliability C7, azure 5.1): PATH, HOME, USER, LOGNAME, LANG, LC_*, TMPDIR, XDG_*, DBUS..., AZURE_*,
 * proxies, REQUESTS_CA_BUNDLE, SSL_CERT_*, CURL_CA_BUNDLE; without LD_*, PYTHON*, BASH_ENV, ENV, IFS; plus the fixed AZURE_CORE_* settings. */
GStrv cr_process_az_environ (void);
G_END_DECLS
