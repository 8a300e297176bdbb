/* cr-probe-facts.h: what one HTTP probe printed, in the pod or on this computer, read strictly
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-json.h"
G_BEGIN_DECLS

typedef struct {
  GHashTable *values;       /* (owned): every line KEY=value */
  const char *url;          /* (borrowed) (nullable): the address that was asked */
  int         status;       /* 100 to 599, or 0: no answer */
  const char *no_answer;    /* (borrowed) (nullable): why there was none */
  gint64      date;         /* the answer's Date header, Unix seconds; -1: absent or unreadable */
  gint64      now;          /* clock of the place that asked, Unix seconds; -1: absent */
  const char *canon_hash;   /* (borrowed) (nullable): as computed where the probe ran */
  gboolean    too_long;     /* the body was longer than 1 MiB: it was cut, so there is none here */
  char       *body;         /* (owned): NUL-terminated, may hold NULs */
  gsize       body_length;
  CrJsonDoc  *doc;          /* (owned) (nullable): the body, if it is strict JSON */
} CrProbeFacts;

/**
 * cr_probe_facts_parse:
 * @out: what the probe printed on standard output; untrusted
 * @length: its length in bytes
 * @why: (out) (nullable) (transfer full): what is wrong, one sentence, safe to show
 *
 * Reads the lines KEY=value of a probe. No key may stand twice (facts: reliability B16), HTTP_CODE, BODY_LEN, BODY_SHA256 and BODY_B64 have to
 * be there, and the body has to have that length and that digest (one that is
 * longer than 1 MiB has neither here and is only told by `too_long`). NO_ANSWER stands only where HTTP_CODE is 0. Keys with a prefix (BEFORE_HTTP) have to agree with those without.
 *
 * Returns: (transfer full) (nullable): NULL if anything is missing or ambiguous
 */
CrProbeFacts *cr_probe_facts_parse (const char *out, gsize length, char **why);
void          cr_probe_facts_free  (CrProbeFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrProbeFacts, cr_probe_facts_free)

G_END_DECLS
