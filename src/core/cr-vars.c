/* cr-vars.c: named values for the plan's placeholders
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-vars.h"
#include "cr-text.h"
#include <string.h>

G_DEFINE_QUARK (cr-vars-error-quark, cr_vars_error)

typedef struct {
  char     *value;   /* (owned) */
  char     *origin;  /* (owned) */
  gboolean  used;
} Var;

struct _CrVars {
  gatomicrefcount ref_count;
  GHashTable *table;  /* (owned): name (owned) -> Var (owned) */
};

static void
var_free (gpointer data)
{
  Var *var = data;

  g_free (var->value);
  g_free (var->origin);
  g_free (var);
}

CrVars *
cr_vars_new (void)
{
  CrVars *self = g_new0 (CrVars, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, var_free);
  return self;
}

CrVars *
cr_vars_ref (CrVars *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cr_vars_unref (CrVars *self)
{
  g_return_if_fail (self != NULL);
  if (g_atomic_ref_count_dec (&self->ref_count)) {
    g_hash_table_unref (self->table);
    g_free (self);
  }
}

void
cr_vars_set (CrVars *self, const char *name, const char *value, const char *origin)
{
  Var *var;

  g_return_if_fail (self != NULL && name != NULL && value != NULL);

  var = g_new0 (Var, 1);
  var->value = g_strdup (value);
  var->origin = g_strdup (origin != NULL ? origin : "");
  g_hash_table_replace (self->table, g_strdup (name), var);
}

const char *
cr_vars_get (CrVars *self, const char *name)
{
  Var *var = g_hash_table_lookup (self->table, name);

  return var != NULL ? var->value : NULL;
}

const char *
cr_vars_get_origin (CrVars *self, const char *name)
{
  Var *var = g_hash_table_lookup (self->table, name);

  return var != NULL ? var->origin : NULL;
}

GList *
cr_vars_names (CrVars *self)
{
  return g_list_sort (g_hash_table_get_keys (self->table), (GCompareFunc) strcmp);
}

gboolean
cr_vars_was_used (CrVars *self, const char *name)
{
  Var *var = g_hash_table_lookup (self->table, name);

  return var != NULL && var->used;
}

/**
 * cr_vars_scan:
 * @p: (inout): at a `$`; then behind what it begins
 * @name: (out) (transfer full) (nullable): NAME or program:NAME, or NULL for `$$`
 *
 * Returns: false where `$` begins neither `$$` nor `${NAME}` nor `${program:NAME}`
 */
gboolean
cr_vars_scan (const char **p, char **name)
{
  const char *start, *end;

  *name = NULL;
  if ((*p)[1] == '$') {
    *p += 2;
    return TRUE;
  }
  if ((*p)[1] != '{')
    return FALSE;
  start = *p + 2;
  if (g_str_has_prefix (start, "program:")) {
    end = start + strlen ("program:");
    if (!g_ascii_islower (*end))
      return FALSE;
    while (g_ascii_islower (*end) || g_ascii_isdigit (*end) || *end == '-')
      end++;
  } else {
    end = start;
    if (!g_ascii_isupper (*end))
      return FALSE;
    while (g_ascii_isupper (*end) || g_ascii_isdigit (*end) || *end == '_')
      end++;
  }
  if (*end != '}')
    return FALSE;
  *name = g_strndup (start, (gsize) (end - start));
  *p = end + 1;
  return TRUE;
}

/**
 * cr_vars_expand:
 *
 * Only `${NAME}` (capitals, digits, `_`), `${program:NAME}` and `$$` mean something; any other `$` is an error. Values are inserted as they
 * are and never looked at again.
 *
 * Returns: (transfer full): NULL and CR_VARS_ERROR_UNSET or CR_VARS_ERROR_SYNTAX, the message beginning with @place
 */
char *
cr_vars_expand (CrVars *self, const char *text, const char *place, GError **error)
{
  g_autoptr(GString) out = g_string_new (NULL);
  const char *p = text;

  g_return_val_if_fail (self != NULL && text != NULL && place != NULL, NULL);

  while (*p != '\0') {
    const char *dollar = strchrnul (p, '$');
    const char *rest = dollar;
    g_autofree char *name = NULL;
    Var *var;

    g_string_append_len (out, p, dollar - p);
    if (*dollar == '\0')
      break;
    if (!cr_vars_scan (&rest, &name)) {
      g_autofree char *shown = cr_text_display_line (dollar, -1, 40);
      g_set_error (error, CR_VARS_ERROR, CR_VARS_ERROR_SYNTAX,
                   "%s: expected ${NAME}, ${program:NAME} or $$ for a dollar; got \"%s\"", place, shown);
      return NULL;
    }
    if (name == NULL) {
      g_string_append_c (out, '$');
    } else if ((var = g_hash_table_lookup (self->table, name)) != NULL) {
      g_string_append (out, var->value);
      var->used = TRUE;
    } else {
      g_set_error (error, CR_VARS_ERROR, CR_VARS_ERROR_UNSET, "%s: ${%s} is not set", place, name);
      return NULL;
    }
    p = rest;
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
set_text (CrVars *self, const char *name, const char *prefix, const char *run_id, const char *suffix)
{
  g_autofree char *value = g_strconcat (prefix, run_id, suffix, NULL);

  cr_vars_set (self, name, value, "derived");
}

static void
set_time (CrVars *self, const char *name, gint64 seconds, const char *origin)
{
  g_autofree char *value = cr_time_format_utc (seconds);

  cr_vars_set (self, name, value, origin);
}

/* One ledger row as Python's json.dumps writes it. All values are ASCII without quotes, by their grammars. */
static void
append_ledger_row (GString *out, const char *tx_id, const char *wallet, const char *type, const char *sign, const char *order_id,
                   const char *event)
{
  g_string_append_printf (out,
                          "{\"tx_id\": \"%s\", \"wallet_id\": \"%s\", \"entry_type\": \"%s\", \"amount\": \"100.00\", "
                          "\"amount_signed\": \"%s100.00\", \"related_id\": \"%s\", \"related_type\": \"PAYMENT_ORDER\", "
                          "\"event_time\": \"%s\", \"created_at\": \"%s\", \"updated_at\": \"%s\", \"version\": 1}\n",
                          tx_id, wallet, type, sign, order_id, event, event, event);
}

/* Marked rows at T-24h-1s, T-24h, T-1s, T-0.5s, T and T+1s, which show by what is read back where the backfill's range really ends. Rows of the
 * ledger alone, each with a related id of its own, so that nothing pairs with them. */
static void
set_fence_posts (CrVars *self, const char *run_id, const CrCutline *cut, gboolean wanted, GString *ledger)
{
  const struct { gint64 seconds; const char *fraction; } posts[] = {
    { cut->backfill_since - 1, "" }, { cut->backfill_since, "" }, { cut->backfill_until, "" }, { cut->backfill_until, ".500000" },
    { cut->t_cutover, "" }, { cut->t_cutover + 1, "" },
  };
  g_autoptr(GString) ids = g_string_new (NULL);
  g_autoptr(GString) times = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (posts); i++) {
    g_autofree char *second = cr_time_format_utc (posts[i].seconds);
    g_autofree char *event = g_strdup_printf ("%.*s%sZ", (int) strlen (second) - 1, second, posts[i].fraction);
    g_autofree char *tx_id = g_strdup_printf ("tx-fp-%c-%s", (char) ('a' + i), run_id);
    g_autofree char *order_id = g_strdup_printf ("po-fp-%c-%s", (char) ('a' + i), run_id);

    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", tx_id);
    g_string_append_printf (times, "%s%s", i > 0 ? " " : "", event);
    if (wanted)
      append_ledger_row (ledger, tx_id, "wallet-fp", "PAYMENT", "-", order_id, event);
  }
  cr_vars_set (self, "FENCE_IDS", ids->str, "derived");
  cr_vars_set (self, "FENCE_TIMES", times->str, "derived");
  if (!wanted)
    cr_vars_set (self, "FENCE_POSTS", "", cr_vars_get_origin (self, "FENCE_POSTS"));
}

/* The synthetic rows of the runbook's section 5.1, and behind them the fence posts if they are wanted */
static void
set_rows (CrVars *self, const char *run_id, const CrCutline *cut, gboolean fence_posts)
{
  const char *order_id = cr_vars_get (self, "BACKFILL_ORDER_ID");
  const char *event = cr_vars_get (self, "BACKFILL_EVENT_TIME");
  g_autoptr(GString) ledger = g_string_new (NULL);
  g_autofree char *payment = NULL;

  append_ledger_row (ledger, cr_vars_get (self, "BACKFILL_TX_ID"), "wallet-bf-payer", "PAYMENT", "-", order_id, event);
  append_ledger_row (ledger, cr_vars_get (self, "BACKFILL_RECEIVE_TX_ID"), "wallet-bf-payee", "RECEIVE", "", order_id, event);
  set_fence_posts (self, run_id, cut, fence_posts, ledger);
  cr_vars_set (self, "LEDGER_JSONL", ledger->str, "derived");
  payment = g_strdup_printf ("{\"order_id\": \"%s\", \"user_id\": \"user-bf\", \"merchant_name\": \"MERCHANT-BF\", \"amount\": \"100.00\", "
                             "\"status\": \"SETTLED\", \"created_at\": \"%s\", \"updated_at\": \"%s\", \"version\": 1}\n",
                             order_id, event, event);
  cr_vars_set (self, "PAYMENT_JSONL", payment, "derived");
}

/**
 * cr_vars_for_run:
 * @settings: checked settings; a field without a value gives a variable that is set and empty, for the plan's `when`
 * @run_id: as cr_run_id_check() takes it
 * @started: Unix seconds: the one clock read that names run and folder
 * @t_cutover: Unix seconds
 *
 * Returns: (transfer full): NULL and a CR_TIME_ERROR if @run_id is none
 */
CrVars *
cr_vars_for_run (CrSettings *settings, const char *run_id, gint64 started, gint64 t_cutover, GError **error)
{
  g_autoptr(CrVars) self = cr_vars_new ();
  g_autofree char *folder = cr_run_folder_name (started, cr_settings_is_practice (settings));
  g_autofree char *run_origin = NULL;
  g_autofree char *time_origin = NULL;
  const CrField *fields;
  CrCutline cut;
  guint n_fields;

  if (!cr_run_id_check (run_id, error))
    return NULL;

  fields = cr_fields (&n_fields);
  for (guint i = 0; i < n_fields; i++) {
    if (fields[i].variable != NULL) {
      g_autofree char *origin = cr_settings_describe_origin (settings, fields[i].key);
      cr_vars_set (self, fields[i].variable, cr_settings_get (settings, fields[i].key), origin);
    }
  }
  if (*cr_vars_get (self, "JUMPBOX_RESOURCE_GROUP") == '\0')
    cr_vars_set (self, "JUMPBOX_RESOURCE_GROUP", cr_settings_get (settings, "resource_group"), "derived");

  run_origin = *cr_settings_get (settings, "run_id") != '\0' ? cr_settings_describe_origin (settings, "run_id") : g_strdup ("clock");
  time_origin = g_str_equal (cr_settings_get (settings, "t_cutover"), "now") ? g_strdup ("clock")
                                                                           : cr_settings_describe_origin (settings, "t_cutover");
  cr_vars_set (self, "RUN_ID", run_id, run_origin);
  cr_vars_set (self, "RUN_FOLDER", folder, "clock");

  cr_cutline_init (&cut, t_cutover);
  set_time (self, "T_CUTOVER", cut.t_cutover, time_origin);
  set_time (self, "BACKFILL_SINCE", cut.backfill_since, "derived");
  set_time (self, "BACKFILL_UNTIL", cut.backfill_until, "derived");
  set_time (self, "SYNC_SINCE", cut.sync_since, "derived");
  set_time (self, "WINDOW_START", cut.window_start, "derived");
  set_time (self, "WINDOW_END", cut.window_end, "derived");
  set_time (self, "BACKFILL_EVENT_TIME", cut.backfill_event, "derived");

  set_text (self, "SYNC_ORDER_ID", "po-", run_id, "");
  set_text (self, "SYNC_TX_ID", "tx-pay-", run_id, "");
  set_text (self, "SYNC_RECEIVE_TX_ID", "tx-rec-", run_id, "");
  set_text (self, "MISSING_TX_ID", "tx-missing-", run_id, "");
  set_text (self, "BACKFILL_ORDER_ID", "po-bf-", run_id, "");
  set_text (self, "BACKFILL_TX_ID", "tx-bf-pay-", run_id, "");
  set_text (self, "BACKFILL_RECEIVE_TX_ID", "tx-bf-rec-", run_id, "");
  set_text (self, "LEDGER_FILE", "/tmp/e2_3_ledger_", run_id, ".jsonl");
  set_text (self, "PAYMENT_FILE", "/tmp/e2_3_payment_", run_id, ".jsonl");
  set_rows (self, run_id, &cut, g_str_equal (cr_settings_get (settings, "fence_posts"), "true"));
  return g_steal_pointer (&self);
}
