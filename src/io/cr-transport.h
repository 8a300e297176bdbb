/* cr-transport.h: the road a gate's remote steps take to the cluster, and the local az calls
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "cr-clock.h"
#include "cr-process.h"
#include "../core/cr-plan.h"
#include "../core/cr-capture.h"
#include "../core/cr-redact.h"
#include "../core/cr-script.h"
G_BEGIN_DECLS

/* Progress for people; never evidence. @text is redacted and safe to show. */
typedef enum { CR_LOG_APP, CR_LOG_COMMAND, CR_LOG_OUT, CR_LOG_ERR } CrLogStream;
typedef void (*CrLogFunc) (const char *gate, const char *step, CrLogStream stream, const char *text, gpointer user_data);

#define CR_TYPE_TRANSPORT (cr_transport_get_type ())
G_DECLARE_DERIVABLE_TYPE (CrTransport, cr_transport, CR, TRANSPORT, GObject)
struct _CrTransportClass {
  GObjectClass parent_class;
  const char *(*get_name) (CrTransport *self);
  /* One gate's remote steps: one submission, waits for 409 conflicts, pages, and asks for the status of a lost call. Adds CrCalls and one CrCapture for every
   * given step to @captures, also for those that did not run. Reports TRUE unless a bug or out of memory: outcomes are in the captures. */
  void     (*run_async)  (CrTransport *self, CrPlanGate *gate, GPtrArray *steps, CrCaptureSet *captures, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data);
  gboolean (*run_finish) (CrTransport *self, GAsyncResult *result, GError **error);
};
const char *cr_transport_get_name   (CrTransport *self);
void        cr_transport_run_async  (CrTransport *self, CrPlanGate *gate, GPtrArray *steps, CrCaptureSet *captures, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);
gboolean    cr_transport_run_finish (CrTransport *self, GAsyncResult *result, GError **error);

/* Everything the jumpbox transport needs to know; strings are copied */
typedef struct {
  const char *az;              /* program: path or name */
  const char *subscription;    /* may be "" */
  const char *resource_group;  /* of the jumpbox */
  const char *vm;
  const char *run_id, *user, *namespace_, *cluster, *spool_dir, *path;
} CrJumpboxParams;

/* Called (and awaited) right before a submission: the journal must be durable first. NULL: none. */
typedef gboolean (*CrBeforeSendFunc) (CrCall *call, gpointer user_data, GError **error);

/* Properties: "conflict-wait" (seconds before a busy jumpbox is asked again; then 2, 4, 4, ... times as long, 12 times at most: ten minutes), "poll-wait" (seconds,
 * az rest only), "slack" (seconds az gets beyond the gate's limit). Calls that Azure or the jumpbox turned away and that were repeated have the kind "refused". */
CrTransport *cr_jumpbox_transport_new (const CrJumpboxParams *params, CrRedactor *redactor, CrClock *clock,
                                       CrLogFunc log, gpointer log_data, CrBeforeSendFunc before_send, gpointer before_data);
/* (transfer full): exactly the argv and the script that run_async() would use for that gate, for `rehearse plan` and the Review page. The nonce, being new for every
 * call, is shown as @nonce. */
GStrv cr_jumpbox_transport_preview (const CrJumpboxParams *params, CrPlanGate *gate, GPtrArray *steps, const char *nonce, const char *mark,
                                    char **script, GError **error);

/* One local az step: runs @step->argv, adds a call and a capture. */
void     cr_local_step_async  (CrPlanGate *gate, CrPlanStep *step, CrCaptureSet *captures, CrRedactor *redactor, CrClock *clock,
                               CrLogFunc log, gpointer log_data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean cr_local_step_finish (GAsyncResult *result, GError **error);

/* One direct probe (libsoup): GET @step->url; capture: out = the same lines as the in-pod probe prints (HTTP_CODE=, BODY_LEN=, ... BODY_B64=) */
#define CR_TYPE_PROBER (cr_prober_get_type ())
G_DECLARE_FINAL_TYPE (CrProber, cr_prober, CR, PROBER, GObject)
CrProber *cr_prober_new         (CrRedactor *redactor, CrClock *clock);
void      cr_prober_set_token   (CrProber *self, const char *token);   /* (nullable): bearer token; never stored or shown */
void      cr_prober_run_async   (CrProber *self, CrPlanGate *gate, CrPlanStep *step, CrCaptureSet *captures, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
gboolean  cr_prober_run_finish  (CrProber *self, GAsyncResult *result, GError **error);

G_END_DECLS
