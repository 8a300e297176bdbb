/* cr-script.h: format CR1: the script that goes to the jumpbox, and the frame that comes back (facts: reliability section 5)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-plan.h"
#include "cr-capture.h"
G_BEGIN_DECLS

typedef enum { CR_SCRIPT_ERROR_VALUE, CR_SCRIPT_ERROR_SIZE } CrScriptError;
#define CR_SCRIPT_ERROR (cr_script_error_quark ())
GQuark cr_script_error_quark (void);

typedef struct {
  const char *run_id, *gate;
  guint       attempt;       /* 1 */
  const char *nonce;         /* 32 lower-case hex digits */
  const char *mark;          /* 16 lower-case hex digits: all a pod ever sees */
  const char *user;          /* Linux user on the jumpbox */
  const char *namespace_;    /* kubectl -n */
  const char *context;       /* kubectl --context: the cluster's name */
  const char *spool_dir;     /* /var/lib/cutover-rehearsal */
  const char *path;          /* PATH of the wrapper */
} CrScriptParams;

/* (transfer full): printable ASCII and LF, starts with #!/bin/sh, at most 96 KiB. @steps: CrPlanStep, only JUMPBOX and POD ones are taken.
 * *payload_sha256 (transfer full). */
char *cr_script_run     (const CrScriptParams *params, GPtrArray *steps, char **payload_sha256, GError **error);
/* Read-only companions: what became of an attempt; bytes @offset... of its bundle */
char *cr_script_status  (const CrScriptParams *params, const char *original_nonce, GError **error);
char *cr_script_page    (const CrScriptParams *params, guint64 offset, GError **error);

typedef enum {
  CR_FRAME_OK,          /* whole, ours, digests hold */
  CR_FRAME_NONE,        /* no line with our nonce */
  CR_FRAME_FATAL,       /* CR1 FATAL <nonce> <word>: word in `detail`: already-started, busy:..., no-spool, spool-full, bad-payload-sum */
  CR_FRAME_BAD,         /* begun, and cut, altered or contradicting: `detail` says what */
  CR_FRAME_STATUS,      /* CR1 STATUS <nonce> <word>: never-started, still-running, died (done: the stored frame follows and is read) */
} CrFrameKind;

typedef struct {
  char      *id;
  int        exit_code;
  CrPodMark  pod_mark;
  gint64     t0, t1;                 /* Unix seconds, jumpbox clock */
  gsize      out_size, err_size;
  char      *out_sha256, *err_sha256;
} CrFrameStep;

typedef struct {
  CrFrameKind kind;
  char       *detail;          /* (nullable) */
  GPtrArray  *steps;           /* CrFrameStep */
  gsize       gz_size;         /* size of the whole compressed bundle */
  char       *gz_sha256;
  GByteArray *gz;              /* what has come so far: pages are appended */
} CrFrame;

/* @message: the text of value[0].message. Never fails: what is wrong is in kind and detail. (transfer full) */
CrFrame  *cr_frame_read        (const char *message, gsize length, const CrScriptParams *params, const char *script,
                                const char *payload_sha256, GPtrArray *steps);
/* A page's answer; FALSE with *detail if it isn't ours or doesn't fit. */
gboolean  cr_frame_add_page    (CrFrame *frame, const char *message, gsize length, const CrScriptParams *params, char **detail);
gboolean  cr_frame_is_complete (CrFrame *frame);   /* all of gz is here and its digest holds */
/* (transfer full): streams of step @index, NULL where they can't be had. Inflates at most 16 MiB, checks every slice's digest. */
gboolean  cr_frame_get_streams (CrFrame *frame, guint index, GBytes **out, GBytes **err);
void      cr_frame_free        (CrFrame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrFrame, cr_frame_free)

G_END_DECLS
