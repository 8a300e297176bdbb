/* cr-az.h: what az means: its answers and its error texts (facts: azure.md). Pure.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-types.h"
G_BEGIN_DECLS

typedef enum { CR_AZ_ERROR_ANSWER } CrAzError;
#define CR_AZ_ERROR (cr_az_error_quark ())
GQuark cr_az_error_quark (void);

/* stdout of `az vm run-command invoke -o json` or of the finished `az rest` operation -> (transfer full): value[0].message. Strict JSON, one or
 * more entries, the first with a string message that holds no NUL; else an error, and *reason is "no-answer" (nothing was printed) or "bad-answer".
 * *reason (transfer full) (nullable) with a message: "sample-script", "did-not-finish" or "empty-output" where one of these lies of success is
 * recognised; NULL means nothing but that none is. */
char *cr_az_message (const char *out, gsize length, char **reason, GError **error);

typedef struct {
  CrOutcome   outcome;   /* NOT_STARTED or UNKNOWN: never NOT_STARTED where the text may also come from the time after the acceptance */
  const char *reason;    /* static code, see CrCall.reason; "operation-group" is Debian's az 2.45 */
  const char *next;      /* static, English, one or two sentences: what to do next; it goes into evidence as it is */
} CrAzFailure;
/* Why az ended with @exit_code (1 or more; 128 + n: killed) and that stderr (nullable). Also for the error of an operation, as "ERROR: (CODE) MESSAGE". @submitted: the request may have been accepted before it died. */
void     cr_az_classify (int exit_code, const char *err, gboolean submitted, CrAzFailure *failure);
/* "2.45.0" -> TRUE; 2.78.0 to 2.79.x (they drop --scripts) and anything before 2.20 are not usable: *why (transfer full) */
gboolean cr_az_version_usable (const char *version, char **why);

G_END_DECLS
