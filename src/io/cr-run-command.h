/* cr-run-command.h: one script to the jumpbox and one answer back, by `az vm run-command invoke` or, where az can't, by `az rest`
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "cr-clock.h"
#include "../core/cr-capture.h"
#include "../core/cr-redact.h"
G_BEGIN_DECLS

/* All borrowed: it must outlive the calls */
typedef struct {
  const char *az;            /* program: path or name */
  const char *subscription;  /* "" or NULL: az's own */
  const char *resource_group, *vm;
  const char *directory;     /* (nullable): working directory of az: private and empty, so that no local configuration is found */
  gboolean    rest;          /* the second road */
  guint       poll_seconds;  /* second road: longest pause between two questions; 0: none */
  CrRedactor *redactor;
  CrClock    *clock;
} CrRunCommandRoad;

/* (transfer full): the command line, without the script. Error: G_IO_ERROR_INVALID_ARGUMENT for a name that az would not take as a name. */
GStrv  cr_run_command_argv   (const CrRunCommandRoad *road, GError **error);
/* Sends @call->script. @call (borrowed) needs gate, kind, script and argv; its transport, times, az_exit_code, az_stderr, outcome, reason and message are
 * filled. @limit_seconds is for everything. */
void   cr_run_command_async  (const CrRunCommandRoad *road, CrCall *call, guint limit_seconds, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
/* (transfer full) (nullable): value[0].message; @call->outcome is COMPLETED, and reason may say that it isn't our script's. NULL: @call tells why. */
char  *cr_run_command_finish (GAsyncResult *result);

/* Waits; FALSE if cancelled before. 0 seconds: until the main loop comes round again. */
void     cr_wait_async  (guint seconds, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cr_wait_finish (GAsyncResult *result);

/* (transfer full): az's own message and what to do next, in one or two sentences. @err is redacted; @next (nullable) */
char    *cr_run_command_explain (const char *err, const char *next);
G_END_DECLS
