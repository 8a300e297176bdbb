/* cr-capture.h: the bytes a step brought back. All judging reads captures only; they are redacted before they get here.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-types.h"
G_BEGIN_DECLS

/* One exchange with a transport: what was sent, what became of it. A gate has at most one of kind "run". */
typedef struct {
  char      *gate;
  char      *kind;          /* "run", "status", "page", "local", "direct"; "refused": a run or page that was turned away, and sent again */
  char      *transport;     /* "jumpbox: az vm run-command invoke", "jumpbox: az rest" (the evidence says which) */
  char      *nonce;         /* (nullable) */
  char      *payload_sha256;/* (nullable) */
  char      *script;        /* (nullable): the exact script sent */
  GStrv      argv;          /* (nullable): the exact local command, without the script */
  int        az_exit_code;  /* -1: none */
  CrOutcome  outcome;
  char      *reason;        /* (nullable): code when not completed: "not-signed-in", "conflict", "vm-stopped", "not-authorized", "not-found",
                             * "az-missing", "az-broken", "arguments", "sample-script", "no-frame", "bad-frame", "already-started", "busy", "no-spool",
                             * "time-limit", "killed", "network", "agent-lost", "stopped", "never-started", "died", "still-running", ... */
  char      *message;       /* (nullable): what happened and what to do next; one or two sentences */
  char      *az_stderr;     /* (nullable): redacted */
  gint64     sent_us, received_us;   /* Unix microseconds, this computer's clock */
  gint64     duration_us;   /* monotonic */
} CrCall;

/* One step's own result */
typedef struct {
  char       *gate, *step;
  CrStepWhere where;
  CrOutcome   outcome;
  char       *reason;       /* (nullable): as in CrCall */
  char       *message;      /* (nullable) */
  int         exit_code;    /* -1: none */
  CrPodMark   pod_mark;
  GBytes     *out, *err;    /* redacted, never NULL */
  gsize       out_size, err_size;  /* true sizes at the source, before redaction and before anything was lost */
  gboolean    complete;     /* out and err are all there */
  char       *out_sha256, *err_sha256;  /* (nullable): of the stream at its source; absent where something was redacted */
  guint       redactions;
  gint64      started_us, ended_us;  /* Unix microseconds, clock of the place where it ran */
  int         http_status;  /* DIRECT: 0 = none */
} CrCapture;

typedef struct {
  gatomicrefcount ref_count;
  GPtrArray *calls;     /* CrCall */
  GPtrArray *captures;  /* CrCapture */
} CrCaptureSet;

CrCall       *cr_call_new            (const char *gate, const char *kind);
void          cr_call_free           (CrCall *call);
CrCapture    *cr_capture_new         (const char *gate, const char *step, CrStepWhere where);  /* outcome NOT_STARTED, exit code -1, empty streams */
void          cr_capture_free        (CrCapture *capture);
CrCaptureSet *cr_capture_set_new     (void);
CrCaptureSet *cr_capture_set_ref     (CrCaptureSet *self);
void          cr_capture_set_unref   (CrCaptureSet *self);
void          cr_capture_set_add     (CrCaptureSet *self, CrCapture *capture);        /* takes it */
void          cr_capture_set_add_call(CrCaptureSet *self, CrCall *call);              /* takes it */
CrCapture    *cr_capture_set_find    (CrCaptureSet *self, const char *gate, const char *step);  /* NULL if there is none; two of one name: NULL */
CrCall       *cr_capture_set_find_call (CrCaptureSet *self, const char *gate, const char *kind);
/* One gate's calls and captures as JSON (streams base64, plus text for readers), one file in attestation/captures/, and back */
char         *cr_capture_set_gate_to_json (CrCaptureSet *self, const char *gate);
gboolean      cr_capture_set_add_json (CrCaptureSet *self, const char *text, gssize length, GError **error);
GQuark        cr_capture_error_quark (void);
#define CR_CAPTURE_ERROR (cr_capture_error_quark ())
typedef enum { CR_CAPTURE_ERROR_FORMAT } CrCaptureError;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrCall, cr_call_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrCapture, cr_capture_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrCaptureSet, cr_capture_set_unref)

G_END_DECLS
