/* cr-vars.h: named values for the plan's ${NAME} placeholders. Substituted per argument, never re-parsed.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-settings.h"
G_BEGIN_DECLS

typedef enum { CR_VARS_ERROR_UNSET, CR_VARS_ERROR_SYNTAX } CrVarsError;
#define CR_VARS_ERROR (cr_vars_error_quark ())
GQuark cr_vars_error_quark (void);

typedef struct _CrVars CrVars;
CrVars     *cr_vars_new     (void);
CrVars     *cr_vars_ref     (CrVars *self);
void        cr_vars_unref   (CrVars *self);
void        cr_vars_set     (CrVars *self, const char *name, const char *value, const char *origin);  /* all copied */
const char *cr_vars_get     (CrVars *self, const char *name);       /* NULL if unset */
const char *cr_vars_get_origin (CrVars *self, const char *name);
GList      *cr_vars_names   (CrVars *self);                         /* (transfer container), sorted */
/* (transfer full). ${NAME}, ${program:NAME}; "$$" is a dollar; any other dollar is CR_VARS_ERROR_SYNTAX. Unset name: CR_VARS_ERROR_UNSET naming
 * @place ("gates[2].steps[1].argv[5]"). Marks names as used. */
char       *cr_vars_expand  (CrVars *self, const char *text, const char *place, GError **error);
/* The one grammar of placeholders: *p at a `$`, then behind it; *name (transfer full) is NULL for "$$". FALSE: any other `$` */
gboolean    cr_vars_scan    (const char **p, char **name);
gboolean    cr_vars_was_used (CrVars *self, const char *name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrVars, cr_vars_unref)

/* (transfer full): everything a plan may name, from checked settings and the moment of start (Unix seconds); a run id that is none is a
 * CR_TIME_ERROR. Fields without a value give variables that are set and empty, for the plan's `when`:
 * the fields' variables, JUMPBOX_RESOURCE_GROUP resolved, RUN_ID, RUN_FOLDER, T_CUTOVER, BACKFILL_SINCE, BACKFILL_UNTIL, SYNC_SINCE, WINDOW_START,
 * WINDOW_END, BACKFILL_EVENT_TIME, SYNC_TX_ID (tx-pay-RUN_ID), SYNC_ORDER_ID (po-RUN_ID), SYNC_RECEIVE_TX_ID (tx-rec-RUN_ID), MISSING_TX_ID
 * (tx-missing-RUN_ID), BACKFILL_ORDER_ID (po-bf-RUN_ID), BACKFILL_TX_ID (tx-bf-pay-RUN_ID), BACKFILL_RECEIVE_TX_ID, LEDGER_FILE, PAYMENT_FILE,
 * FENCE_POSTS (empty where the setting is off), FENCE_IDS and
 * FENCE_TIMES (marked rows around both ends of the backfill's range, between blanks; in LEDGER_JSONL only where the setting is on),
 * LEDGER_JSONL and PAYMENT_JSONL (exactly as R section 5.1 writes them: Python's json.dumps text, LF at the end of each line). */
CrVars *cr_vars_for_run (CrSettings *settings, const char *run_id, gint64 started, gint64 t_cutover, GError **error);

G_END_DECLS
