/* cr-evidence-folder.h: the folder on disk: create-only, durable, never replaces anything (facts: reliability 4.7). Blocking calls; the machine runs
 * them in a worker.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "../core/cr-evidence.h"
G_BEGIN_DECLS
typedef enum { CR_FOLDER_ERROR_EXISTS, CR_FOLDER_ERROR_WRITE, CR_FOLDER_ERROR_SPACE, CR_FOLDER_ERROR_READ, CR_FOLDER_ERROR_NOT_EVIDENCE } CrFolderError;
#define CR_FOLDER_ERROR (cr_folder_error_quark ())
GQuark cr_folder_error_quark (void);

#define CR_TYPE_EVIDENCE_FOLDER (cr_evidence_folder_get_type ())
G_DECLARE_FINAL_TYPE (CrEvidenceFolder, cr_evidence_folder, CR, EVIDENCE_FOLDER, GObject)

/* Is @root (made if need be) a place where a record can be written: probe file, @need bytes free. Text names the path and what to do. */
gboolean          cr_evidence_root_check    (const char *root, guint64 need, GError **error);
CrEvidenceFolder *cr_evidence_folder_create (const char *root, const char *name, GError **error);   /* refuses an existing one */
const char       *cr_evidence_folder_get_path (CrEvidenceFolder *self);
/* @name: a contract name or "attestation/...". Temporary file, fsync, rename without replacing, fsync of the folder, read back. */
gboolean          cr_evidence_folder_write  (CrEvidenceFolder *self, const char *name, GBytes *content, GError **error);
/* One line of the hash-chained journal: @fields is the inside of a JSON object ("\"event\":\"gate_started\",..."), durable when it returns. */
gboolean          cr_evidence_folder_journal (CrEvidenceFolder *self, const char *fields, GError **error);
/* attestation/SHA256SUMS over everything in the folder but itself, files made read-only; nothing is written afterwards. */
gboolean          cr_evidence_folder_seal   (CrEvidenceFolder *self, GError **error);

/* A folder read back, for `judge`, `verify` and "Open Evidence Folder..." */
typedef struct {
  char         *path;
  CrPlan       *plan;       /* (nullable): attestation/plan.json */
  CrCaptureSet *captures;   /* what could be read */
  GHashTable   *heads;      /* file name -> GHashTable of fields; only well-formed files */
  GPtrArray    *problems;   /* char*: "03_backfill.log is missing", "... has no owner line": each a sentence */
  GPtrArray    *verdicts;   /* CrGateVerdict: recomputed */
  CrDecision    decision;   /* recomputed */
} CrEvidenceReading;
CrEvidenceReading *cr_evidence_reading_new  (const char *path, GError **error);  /* error only if it is no evidence folder at all */
void               cr_evidence_reading_free (CrEvidenceReading *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrEvidenceReading, cr_evidence_reading_free)

/* All T_cutover values (strict text) that runs below @root have used: R section 6 asks for a new one. (transfer full): set of strings */
GHashTable *cr_evidence_used_cutovers (const char *root);
G_END_DECLS
