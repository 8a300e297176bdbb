/* cr-script.h: format CR1: the script that goes to the jumpbox, and the frame that comes back (facts: reliability section 5)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-plan.h"
#include "cr-capture.h"
G_BEGIN_DECLS

/* VALUE: something that can't travel, or has not the form it must have; the message names it. SIZE: more than CR_SCRIPT_MAX bytes. */
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
  guint       limit;         /* seconds for all steps together; 0: the sum of the steps' own limits */
} CrScriptParams;

#define CR_SCRIPT_MAX   98304u  /* bytes of a script: well below the 128 KiB of one argument, and what az passes on in one piece */
#define CR_SCRIPT_PAGE  2700u   /* bytes of the bundle that one page brings */

/* (transfer full): printable ASCII and LF, starts with #!/bin/sh, at most CR_SCRIPT_MAX bytes. @steps: CrPlanStep, only JUMPBOX and POD ones are
 * taken. A step that fails keeps the later ones from running unless it has keep_going; one that did not run is absent from the frame.
 * *payload_sha256 (transfer full) (nullable). */
char *cr_script_run     (const CrScriptParams *params, GPtrArray *steps, char **payload_sha256, GError **error);
/* Read-only companions: what became of the attempt that was sent with @original_nonce; bytes @offset... of its bundle. @params->nonce is the
 * companion's own. */
char *cr_script_status  (const CrScriptParams *params, const char *original_nonce, GError **error);
char *cr_script_page    (const CrScriptParams *params, guint64 offset, GError **error);

typedef enum {
  CR_FRAME_OK,          /* whole, ours, digests hold */
  CR_FRAME_NONE,        /* no line with our nonce */
  CR_FRAME_FATAL,       /* CR1 FATAL <nonce> <word>: word in `detail`: already-started, busy:..., missing:<tool>, no-spool, spool-full,
                         * bad-payload-sum */
  CR_FRAME_BAD,         /* begun, and cut, altered or contradicting: `detail` says what */
  CR_FRAME_STATUS,      /* CR1 STATUS <nonce> <word>: word in `detail`: never-started, still-running, died, other-attempt (that name was used with
                         * another nonce), done (the stored frame follows: read the same message again with the original parameters) */
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
  GPtrArray  *steps;           /* CrFrameStep: those that ran */
  gboolean    self_checked;    /* FALSE: the wrapper could not read itself on the jumpbox (self=na); only the payload's digest guards the script */
  gsize       gz_size;         /* size of the whole compressed bundle */
  char       *gz_sha256;
  GByteArray *gz;              /* what has come so far: pages are appended */
  GByteArray *bundle;          /* private: gz inflated */
  gsize       bundle_from;     /* private: bytes of gz it was inflated from */
} CrFrame;

/* @message: the text of value[0].message. Never fails: what is wrong is in kind and detail. (transfer full) */
CrFrame  *cr_frame_read        (const char *message, gsize length, const CrScriptParams *params, const char *script,
                                const char *payload_sha256, GPtrArray *steps);
/* A page's answer; FALSE with *detail if it isn't ours or doesn't fit. */
gboolean  cr_frame_add_page    (CrFrame *frame, const char *message, gsize length, const CrScriptParams *params, char **detail);
gboolean  cr_frame_is_complete (CrFrame *frame);   /* all of gz is here and its digest holds */
/* (transfer full): streams of step @index. TRUE: both are whole and have the announced digests. FALSE: each is what came of it so far, maybe
 * nothing, or NULL if it contradicts its digest. Inflates at most 16 MiB and never more than the frame announced. */
gboolean  cr_frame_get_streams (CrFrame *frame, guint index, GBytes **out, GBytes **err);
void      cr_frame_free        (CrFrame *frame);
/* (transfer full): @out of a pod step without the runner's last lines ("\nCR1POD <mark> rc=<n>\n"); @out itself if it doesn't end so */
GBytes   *cr_frame_pod_output  (GBytes *out, const char *mark, int exit_code);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrFrame, cr_frame_free)

G_END_DECLS
