/* test-plan.c: the shipped plan, read, resolved, written and read back; broken variants are refused with their place
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-plan.h"
#include "cr-json.h"
#include <gio/gio.h>
#include <string.h>

#define RUN_ID    "e2-3-20260224171350"
#define T_CUTOVER G_GINT64_CONSTANT (1771953230)  /* 2026-02-24T17:13:50Z */

static char *
load_plan (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("CR_DATA_DIR"), "plans", "e2-3-reload-cutover.json", NULL);
  g_autoptr(GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static CrSettings *
make_settings (void)
{
  CrSettings *settings = cr_settings_new ();
  g_autoptr(GError) error = NULL;

  cr_settings_set (settings, "mode", "real", CR_ORIGIN_EDITED, &error);
  g_assert_no_error (error);
  cr_settings_set (settings, "owner", "salee", CR_ORIGIN_EDITED, &error);
  g_assert_no_error (error);
  return settings;
}

static CrPlan *
resolve_with (CrPlan *plan, CrSettings *settings, GError **error)
{
  g_autoptr(CrVars) vars = cr_vars_for_run (settings, RUN_ID, T_CUTOVER, T_CUTOVER, error);

  g_assert_nonnull (vars);
  return cr_plan_resolve (plan, vars, settings, error);
}

static CrPlan *
resolve_shipped (const char *key, ...) G_GNUC_NULL_TERMINATED;

static CrPlan *
resolve_shipped (const char *key, ...)
{
  g_autofree char *text = load_plan ();
  g_autoptr(CrSettings) settings = make_settings ();
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPlan) plan = cr_plan_parse (text, -1, &error);
  CrPlan *resolved;
  va_list args;

  g_assert_no_error (error);
  va_start (args, key);
  for (; key != NULL; key = va_arg (args, const char *)) {
    const char *value = va_arg (args, const char *);
    cr_settings_set (settings, key, value, CR_ORIGIN_OPTION, &error);
    g_assert_no_error (error);
  }
  va_end (args);
  resolved = resolve_with (plan, settings, &error);
  g_assert_no_error (error);
  return resolved;
}

static CrPlanStep *
step_of (CrPlan *plan, const char *gate, const char *step)
{
  CrPlanGate *found = cr_plan_find_gate (plan, gate, NULL);

  g_assert_nonnull (found);
  return cr_plan_gate_find_step (found, step);
}

static void
assert_command (CrPlan *plan, const char *gate, const char *step, const char *expected)
{
  g_autofree char *command = cr_plan_step_describe (step_of (plan, gate, step));

  g_assert_cmpstr (command, ==, expected);
}

/* ---- the shipped plan ---- */

static void
test_shipped (void)
{
  static const struct { const char *id, *class, *evidence, *second; gboolean after; } gates[] = {  /* design: section 4 */
    { "precheck", "ENVIRONMENT_BLOCKED", "01_precheck.log", NULL, FALSE },
    { "migration", "MIGRATION_FAILED", "02_alembic_upgrade.log", NULL, FALSE },
    { "backfill", "BACKFILL_FAILED", "03_backfill.log", NULL, TRUE },
    { "sync", "SYNC_FAILED", "04_sync_happy.log", NULL, TRUE },
    { "smoke", "SMOKE_FAILED", "05_smoke_200.log", "06_smoke_404.log", TRUE },
    { "idempotency", "IDEMPOTENCY_FAILED", "07_idempotency_duplicate.log", NULL, TRUE },
  };
  g_autofree char *text = load_plan ();
  g_autofree char *sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPlan) plan = cr_plan_parse (text, -1, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (plan->id, ==, "e2-3-reload-cutover");
  g_assert_cmpstr (plan->text, ==, text);
  g_assert_cmpstr (plan->sha256, ==, sha256);
  g_assert_false (plan->resolved);
  g_assert_cmpuint (plan->gates->len, ==, G_N_ELEMENTS (gates));
  for (guint i = 0; i < G_N_ELEMENTS (gates); i++) {
    CrPlanGate *gate = plan->gates->pdata[i];
    guint index;

    g_assert_true (cr_plan_find_gate (plan, gates[i].id, &index) == gate && index == i);
    g_assert_cmpstr (cr_classification_to_string (gate->classification), ==, gates[i].class);
    g_assert_cmpstr (gate->evidence[0], ==, gates[i].evidence);
    g_assert_cmpstr (gate->evidence[1], ==, gates[i].second);
    g_assert_true (gate->after_cutover == gates[i].after);
  }
  g_assert_null (cr_plan_find_gate (plan, "decision", NULL));
  g_assert_null (cr_plan_gate_find_step (plan->gates->pdata[0], "nonsense"));
  assert_command (plan, "migration", "upgrade", "kubectl -n ${NAMESPACE} exec deploy/${API_DEPLOYMENT} -- alembic upgrade head");
}

/* The commands of the runbook, sections 2.1 to 5.6 */
static void
test_resolved (void)
{
  g_autoptr(CrPlan) plan = resolve_shipped ("limits.backfill", "77", NULL);
  CrPlanStep *step = step_of (plan, "backfill", "backfill");
  static const char *const backfill[] = {
    "env", "LOG_LEVEL=INFO", "python", "-m", "src.consumer.main", "backfill", "--ledger-file", "/tmp/e2_3_ledger_" RUN_ID ".jsonl",
    "--payment-order-file", "/tmp/e2_3_payment_" RUN_ID ".jsonl", "--since", "2026-02-23T17:13:50Z", "--until", "2026-02-24T17:13:49Z", NULL
  };
  CrPlanFile *file;

  g_assert_true (plan->resolved);
  assert_command (plan, "migration", "upgrade", "kubectl -n txlookup exec deploy/tx-lookup-api -- alembic upgrade head");
  assert_command (plan, "precheck", "aks",
                  "az aks show -g 2dt-final-team4 -n nsc-aks-dev --query "
                  "'{name:name,id:id,provisioningState:provisioningState,powerState:powerState.code,version:kubernetesVersion}' -o json "
                  "--only-show-errors");
  assert_command (plan, "migration", "credentials",
                  "az aks get-credentials -g 2dt-final-team4 -n nsc-aks-dev --overwrite-existing --only-show-errors");
  assert_command (plan, "migration", "kubelogin", "kubelogin convert-kubeconfig -l azurecli");
  assert_command (plan, "precheck", "tools",
                  "sh -c <tools> sh az kubelogin kubectl timeout flock gzip base64 sha256sum");
  assert_command (plan, "sync", "publish",
                  "kubectl -n txlookup exec deploy/txlookup-consumer -- python scripts/publish_synthetic_events.py --scenario happy --run-id "
                  RUN_ID);
  assert_command (plan, "smoke", "smoke-404",
                  "kubectl -n txlookup exec deploy/tx-lookup-api -- python -c <probe> 404 0 "
                  "http://127.0.0.1:8000/admin/tx/tx-missing-" RUN_ID " -");
  assert_command (plan, "precheck", "evidence-folder", "cutover-rehearsal: evidence-folder");

  g_assert_true (g_strv_equal ((const char *const *) step->argv, backfill));
  g_assert_cmpstr (step->pod, ==, "deploy/tx-lookup-api");
  g_assert_cmpuint (step->files->len, ==, 2);
  file = step->files->pdata[0];
  g_assert_cmpstr (file->path, ==, backfill[7]);
  g_assert_true (g_str_has_prefix (file->content, "{\"tx_id\": \"tx-bf-pay-" RUN_ID "\""));
  g_assert_true (g_str_has_suffix (file->content, "}\n"));
  g_assert_cmpuint (cr_plan_find_gate (plan, "backfill", NULL)->limit_seconds, ==, 77);
  g_assert_cmpuint (step->limit, ==, 77);
  g_assert_cmpuint (cr_plan_find_gate (plan, "migration", NULL)->limit_seconds, ==, 900);
  g_assert_cmpstr (g_hash_table_lookup (plan->transport, "vm"), ==, "jump-aks-20260224-2dt026");
  g_assert_cmpstr (g_hash_table_lookup (plan->transport, "resource_group"), ==, "2dt-final-team4");
  g_assert_cmpstr (g_hash_table_lookup (plan->transport, "subscription"), ==, "");
}

/* No text keeps a placeholder, apart from the programs, which are inserted as they are */
static void
test_nothing_left (void)
{
  g_autoptr(CrPlan) plan = resolve_shipped ("subscription", "my sub", "api_url", "http://127.0.0.1:9", "token_command", "print-token", NULL);
  const char *probe = g_hash_table_lookup (plan->programs, "probe");
  const char *tools = g_hash_table_lookup (plan->programs, "tools");
  guint programs = 0;

  g_assert_nonnull (strstr (tools, "\"$@\""));
  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];
    for (guint j = 0; j < gate->steps->len; j++) {
      CrPlanStep *step = gate->steps->pdata[j];
      g_assert_null (step->when);
      g_assert_cmpuint (step->limit, >, 0);
      for (guint k = 0; step->argv != NULL && step->argv[k] != NULL; k++) {
        g_assert_cmpstr (step->argv[k], !=, "");
        if (g_str_equal (step->argv[k], probe) || g_str_equal (step->argv[k], tools))
          programs++;
        else
          g_assert_null (strchr (step->argv[k], '$'));
      }
      g_assert_true (step->url == NULL || strchr (step->url, '$') == NULL);
      g_assert_true (step->pod == NULL || strchr (step->pod, '$') == NULL);
    }
    for (guint j = 0; j < gate->witnesses->len; j++) {
      CrPlanWitness *witness = gate->witnesses->pdata[j];
      GHashTableIter iter;
      gpointer value;

      g_assert_null (witness->when);
      g_hash_table_iter_init (&iter, witness->args);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        g_assert_null (strchr (value, '$'));
    }
  }
  g_assert_cmpuint (programs, >, 10);
}

static void
test_when (void)
{
  g_autoptr(CrPlan) without = resolve_shipped (NULL, NULL);
  g_autoptr(CrPlan) with = resolve_shipped ("subscription", "my sub", "api_url", "http://127.0.0.1:9", "token_command", "  get  token -o  tsv ", NULL);
  CrPlanStep *plain = step_of (without, "smoke", "smoke-200");
  CrPlanStep *token = step_of (with, "smoke", "smoke-200");
  static const char *const words[] = { "get", "token", "-o", "tsv", NULL };
  guint n = 0;

  assert_command (without, "precheck", "account", "az account show -o json --only-show-errors");
  assert_command (with, "precheck", "account", "az account show --subscription 'my sub' -o json --only-show-errors");
  g_assert_null (step_of (without, "smoke", "direct-200"));
  assert_command (with, "smoke", "direct-200", "GET http://127.0.0.1:9/admin/tx/tx-pay-" RUN_ID);
  for (guint i = 0; i < without->gates->len; i++) {
    CrPlanGate *gate = without->gates->pdata[i];
    for (guint j = 0; j < gate->witnesses->len; j++)
      n += g_str_equal (((CrPlanWitness *) gate->witnesses->pdata[j])->rule, "agrees") ? 1 : 0;
    for (guint j = 0; j < gate->steps->len; j++)
      g_assert_true (((CrPlanStep *) gate->steps->pdata[j])->where != CR_STEP_DIRECT);
  }
  g_assert_cmpuint (n, ==, 0);
  g_assert_true (plain->token && plain->token_argv == NULL);
  g_assert_cmpstr (plain->argv[g_strv_length (plain->argv) - 1], ==, "-");
  g_assert_true (g_strv_equal ((const char *const *) token->token_argv, words));
  g_assert_cmpstr (token->argv[g_strv_length (token->argv) - 1], ==, "token");
  g_assert_null (step_of (with, "migration", "upgrade")->token_argv);
  g_assert_nonnull (step_of (with, "smoke", "direct-200")->token_argv);
}

/* Values that look like placeholders or shell stay what they are */
static void
test_hostile_values (void)
{
  g_autofree char *text = load_plan ();
  g_autoptr(CrPlan) plan = cr_plan_parse (text, -1, NULL);
  g_autoptr(CrSettings) settings = make_settings ();
  g_autoptr(CrVars) vars = cr_vars_for_run (settings, RUN_ID, T_CUTOVER, T_CUTOVER, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPlan) resolved = NULL;
  const char *hostile = "${RUN_ID} $(reboot) `id` '; rm -rf / #";

  cr_vars_set (vars, "NAMESPACE", hostile, "test");
  resolved = cr_plan_resolve (plan, vars, settings, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (step_of (resolved, "precheck", "namespace")->argv[5], ==, hostile);
  assert_command (resolved, "precheck", "namespace",
                  "kubectl --context nsc-aks-dev get ns '${RUN_ID} $(reboot) `id` '\\''; rm -rf / #' -o name");
  g_assert_true (cr_vars_was_used (vars, "NAMESPACE"));
  g_assert_false (cr_vars_was_used (vars, "SUBSCRIPTION") && *cr_vars_get (vars, "SUBSCRIPTION") != '\0');
}

static void
test_resolve_errors (void)
{
  g_autofree char *text = load_plan ();
  g_autoptr(CrPlan) plan = cr_plan_parse (text, -1, NULL);
  g_autoptr(CrSettings) settings = make_settings ();
  g_autoptr(CrVars) full = cr_vars_for_run (settings, RUN_ID, T_CUTOVER, T_CUTOVER, NULL);
  g_autoptr(CrVars) none = cr_vars_new ();
  g_autoptr(GError) unset = NULL;
  g_autoptr(GError) empty = NULL;

  g_assert_null (cr_plan_resolve (plan, none, settings, &unset));
  g_assert_error (unset, CR_PLAN_ERROR, CR_PLAN_ERROR_PLACEHOLDER);
  g_assert_cmpstr (unset->message, ==, "inputs[0]: ${AZ} is not set");
  cr_vars_set (full, "BACKFILL_SINCE", "", "test");
  g_assert_null (cr_plan_resolve (plan, full, settings, &empty));
  g_assert_error (empty, CR_PLAN_ERROR, CR_PLAN_ERROR_PLACEHOLDER);
  g_assert_cmpstr (empty->message, ==, "gates[2].steps[5].argv[11]: \"${BACKFILL_SINCE}\" has an empty value");
}

/* A step's own limit counts only below its gate's */
static void
test_limits (void)
{
  g_autofree char *text = load_plan ();
  g_auto(GStrv) halves = g_strsplit (text, "\"argv\": [\"alembic\", \"heads\"]", 2);
  g_auto(GStrv) more = g_strsplit (halves[1], "\"argv\": [\"alembic\", \"upgrade\", \"head\"]", 2);
  g_autofree char *changed = g_strconcat (halves[0], "\"limit_seconds\": 20, \"argv\": [\"alembic\", \"heads\"]", more[0],
                                          "\"limit_seconds\": 600, \"argv\": [\"alembic\", \"upgrade\", \"head\"]", more[1], NULL);
  g_autoptr(CrSettings) settings = make_settings ();
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPlan) plan = cr_plan_parse (changed, -1, &error);
  g_autoptr(CrPlan) resolved = NULL;

  g_assert_no_error (error);
  cr_settings_set (settings, "limits.migration", "300", CR_ORIGIN_OPTION, NULL);
  resolved = resolve_with (plan, settings, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (step_of (resolved, "migration", "heads")->limit, ==, 20);
  g_assert_cmpuint (step_of (resolved, "migration", "upgrade")->limit, ==, 300);
  g_assert_cmpuint (step_of (resolved, "migration", "current-after")->limit, ==, 300);
}

/* A shell that were given the readable command would see the same words: Python's shlex reads them */
static void
test_shell_words (void)
{
  static const char script[] =
    "import json,shlex,sys\n"
    "n=0\n"
    "for command,argv in json.load(sys.stdin):\n"
    "  words=shlex.split(command)\n"
    "  if ' -- ' in command: words=words[words.index('--')+1:]\n"
    "  n+=1\n"
    "  if len(words)!=len(argv) or any(w!=a and not w.startswith('<') for w,a in zip(words,argv)): sys.exit(command)\n"
    "sys.exit(0 if n>40 else 'too few')\n";
  g_autoptr(CrPlan) plan = resolve_shipped ("subscription", "it's $(my) sub", NULL);
  g_autoptr(GString) json = g_string_new ("[");
  g_autoptr(GSubprocess) python = NULL;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];
    for (guint j = 0; j < gate->steps->len; j++) {
      CrPlanStep *step = gate->steps->pdata[j];
      g_autofree char *command = cr_plan_step_describe (step);
      if (step->where == CR_STEP_HERE)
        continue;
      g_string_append (json, json->len > 1 ? ",[" : "[");
      cr_json_append_string (json, command, -1);
      g_string_append (json, ",[");
      for (guint k = 0; step->argv[k] != NULL; k++) {
        g_string_append (json, k > 0 ? "," : "");
        cr_json_append_string (json, step->argv[k], -1);
      }
      g_string_append (json, "]]");
    }
  }
  g_string_append (json, "]");
  python = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "/usr/bin/python3", "-I", "-c", script, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (python, json->str, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (python));
}

/* ---- writing and reading back ---- */

static void
assert_same (CrPlan *plan)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *json = cr_plan_to_json (plan);
  g_autoptr(CrPlan) again = cr_plan_parse (json, -1, &error);
  g_autofree char *json_again = NULL;

  g_assert_no_error (error);
  json_again = cr_plan_to_json (again);
  g_assert_cmpstr (json, ==, json_again);
  g_assert_true (again->resolved == plan->resolved);
  if (plan->resolved)
    g_assert_cmpstr (again->sha256, ==, plan->sha256);
  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];
    CrPlanGate *other = again->gates->pdata[i];
    for (guint j = 0; j < gate->steps->len; j++) {
      CrPlanStep *a = gate->steps->pdata[j], *b = other->steps->pdata[j];
      g_autofree char *command = cr_plan_step_describe (a);
      g_autofree char *other_command = cr_plan_step_describe (b);
      g_assert_cmpstr (command, ==, other_command);
      g_assert_true ((a->argv == NULL) == (b->argv == NULL));
      g_assert_true (a->argv == NULL || g_strv_equal ((const char *const *) a->argv, (const char *const *) b->argv));
      g_assert_true ((a->token_argv == NULL) == (b->token_argv == NULL));
      g_assert_cmpuint (a->limit, ==, b->limit);
    }
  }
}

static void
test_round_trip (void)
{
  g_autofree char *text = load_plan ();
  g_autoptr(CrPlan) plan = cr_plan_parse (text, -1, NULL);
  g_autoptr(CrPlan) plain = resolve_shipped (NULL, NULL);
  g_autoptr(CrPlan) rich = resolve_shipped ("subscription", "my sub", "api_url", "https://[::1]:9", "token_command", "print-token --raw", NULL);

  assert_same (plan);
  assert_same (plain);
  assert_same (rich);
}

/* Python reads the written plan; compared with the shipped file, nothing is lost: every string of a step's or witness's JSON is there */
static void
test_python_reads (void)
{
  static const char script[] =
    "import json,sys\n"
    "a=json.load(open(sys.argv[1]))\n"
    "b=json.load(sys.stdin)\n"
    "def drop(x):\n"
    "  if isinstance(x,dict): return {k:drop(v) for k,v in x.items() if v is not False}\n"
    "  return [drop(v) for v in x] if isinstance(x,list) else x\n"
    "sys.exit(0 if drop(a)==drop(b) else 1)\n";
  g_autofree char *path = g_build_filename (g_getenv ("CR_DATA_DIR"), "plans", "e2-3-reload-cutover.json", NULL);
  g_autofree char *text = load_plan ();
  g_autoptr(CrPlan) plan = cr_plan_parse (text, -1, NULL);
  g_autofree char *json = cr_plan_to_json (plan);
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocess) python = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, "/usr/bin/python3", "-I", "-c", script, path, NULL);

  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (python, json, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (python));
}

/* ---- broken plans ---- */

typedef struct {
  const char *from, *to;   /* the first occurrence of one text becomes the other */
  const char *place;       /* what the message begins with */
  int         code;
  gboolean    beyond;      /* a schema can't say it: only the reader refuses */
} Mutation;

static const Mutation mutations[] = {
  { "cutover-rehearsal-plan/1", "cutover-rehearsal-plan/2", "format: ", CR_PLAN_ERROR_FORMAT },
  { "\"format\": \"cutover-rehearsal-plan/1\",", "", "the plan: the member \"format\"", CR_PLAN_ERROR_FORMAT },
  { "\"format\": \"cutover-rehearsal-plan/1\"", "\"format\": 1", "format: expected a string", CR_PLAN_ERROR_FORMAT },
  { "\"id\": \"e2-3-reload-cutover\"", "\"id\": \"E2\"", "id: ", CR_PLAN_ERROR_FORMAT },
  { "\"title\": \"E2-3 Reload", "\"tilte\": \"E2-3 Reload", "the plan: unknown member \"tilte\"", CR_PLAN_ERROR_FORMAT },
  { "\"title\": \"E2-3 Reload", "\"title\": \"E2-3\\n Reload", "title: ", CR_PLAN_ERROR_FORMAT },
  { "\"title\": \"E2-3 Reload", "\"title\": \"${RUN_ID} Reload", "title: ", CR_PLAN_ERROR_FORMAT },
  { "\"AZ\",", "\"AZ\", \"AZ\",", "inputs[1]: ", CR_PLAN_ERROR_FORMAT },
  { "\"AZ\",", "\"az\",", "inputs[0]: ", CR_PLAN_ERROR_FORMAT },
  { "\"AZ\",", "7,", "inputs[0]: expected a string", CR_PLAN_ERROR_FORMAT },
  { "\"AZ\",", "", "gates[0].steps[1].argv[0]: ${AZ} is not declared", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"AZ\",", "\"AZ\", \"OTHER\",", "inputs[1]: OTHER is declared and never used", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"vm\": \"${JUMPBOX_VM}\",", "", "transport: the member \"vm\" is missing", CR_PLAN_ERROR_FORMAT },
  { "\"vm\": \"${JUMPBOX_VM}\"", "\"vn\": \"${JUMPBOX_VM}\"", "transport: unknown member \"vn\"", CR_PLAN_ERROR_FORMAT },
  { "\"vm\": \"${JUMPBOX_VM}\"", "\"vm\": \"${JUMPBOX_VN}\"", "transport.vm: ${JUMPBOX_VN} is not declared", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"vm\": \"${JUMPBOX_VM}\"", "\"vm\": \"$JUMPBOX_VM\"", "transport.vm: expected ${NAME}", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"vm\": \"${JUMPBOX_VM}\"", "\"vm\": \"${JUMPBOX_VM\"", "transport.vm: expected ${NAME}", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"vm\": \"${JUMPBOX_VM}\"", "\"vm\": null", "transport.vm: expected a string", CR_PLAN_ERROR_FORMAT },
  { "\"probe\": [", "\"probe\": [7,", "programs.probe[0]: expected a string", CR_PLAN_ERROR_FORMAT },
  { "\"probe\": [", "\"probe\": [\"a\\nb\",", "programs.probe[0]: expected one line", CR_PLAN_ERROR_FORMAT },
  { "\"probe\": [", "\"other\": [\"x\"], \"probe\": [", "programs.other: the program is never used", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"probe\": [", "\"other\": [], \"probe\": [", "programs.other: expected at least one line", CR_PLAN_ERROR_FORMAT },
  { "\"tools\": [", "\"toolz\": [", "gates[0].steps[5].argv[2]: there is no such program", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"gates\": [", "\"gates\": [],\"gatez\": [", "the plan: unknown member \"gatez\"", CR_PLAN_ERROR_FORMAT },
  { "\"gates\": [", "\"gates\": [7,", "gates[0]: expected an object", CR_PLAN_ERROR_FORMAT },
  { "\"ENVIRONMENT_BLOCKED\"", "\"NONE\"", "gates[0].classification: ", CR_PLAN_ERROR_FORMAT },
  { "\"MIGRATION_FAILED\"", "\"MIGRATION\"", "gates[1].classification: ", CR_PLAN_ERROR_FORMAT },
  { "[\"01_precheck.log\"]", "[]", "gates[0].evidence: expected one or two", CR_PLAN_ERROR_FORMAT },
  { "\"01_precheck.log\"", "\"../precheck.log\"", "gates[0].evidence[0]: ", CR_PLAN_ERROR_FORMAT },
  { "\"01_precheck.log\"", "\"08_cutover_decision.log\"", "gates[0].evidence[0]: ", CR_PLAN_ERROR_FORMAT },
  { "\"02_alembic_upgrade.log\"", "\"01_precheck.log\"", "gates[1].evidence[0]: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "[\"05_smoke_200.log\", \"06_smoke_404.log\"]", "[\"05_smoke_200.log\", \"05_smoke_200.log\"]", "gates[4].evidence[1]: ", CR_PLAN_ERROR_FORMAT },
  { "\"limit_seconds\": 180", "\"limit_seconds\": 0", "gates[0].limit_seconds: ", CR_PLAN_ERROR_FORMAT },
  { "\"limit_seconds\": 180", "\"limit_seconds\": -1", "gates[0].limit_seconds: ", CR_PLAN_ERROR_FORMAT },
  { "\"limit_seconds\": 180", "\"limit_seconds\": 1.8e2", "gates[0].limit_seconds: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"limit_seconds\": 180", "\"limit_seconds\": 99999999999999999999", "gates[0].limit_seconds: ", CR_PLAN_ERROR_FORMAT },
  { "\"limit_seconds\": 180", "\"limit_seconds\": \"180\"", "gates[0].limit_seconds: ", CR_PLAN_ERROR_FORMAT },
  { "\"limits.precheck\"", "\"limits.prechek\"", "gates[0].limit_field: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"limits.precheck\"", "\"clock_limit\"", "gates[0].limit_field: ", CR_PLAN_ERROR_FORMAT },
  { "\"unblock\": \"alembic", "\"unblok\": \"alembic", "gates[1]: unknown member \"unblok\"", CR_PLAN_ERROR_FORMAT },
  { "\"id\": \"migration\"", "\"id\": \"precheck\"", "gates[1]: the id \"precheck\" stands a second time", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"id\": \"migration\"", "\"id\": \"-x\"", "gates[1].id: ", CR_PLAN_ERROR_FORMAT },
  { "\"id\": \"az-version\"", "\"id\": \"evidence-folder\"", "gates[0].steps[1]: the id \"evidence-folder\" stands", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"where\": \"here\"", "\"where\": \"there\"", "gates[0].steps[0].where: ", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"here\"", "\"where\": \"pod\"", "gates[0].steps[0]: a step of kind \"pod\" needs \"pod\"", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"here\"", "\"where\": \"direct\"", "gates[0].steps[0]: a step of kind \"direct\" can't have \"argv\"", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"local\"", "\"where\": \"local\", \"pod\": \"x\"", "gates[0].steps[1]: a step of kind \"local\" can't have \"pod\"", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"local\"", "\"where\": \"local\", \"token\": true", "gates[0].steps[1]: a step of kind \"local\" can't have \"token\"", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"local\"", "\"where\": \"local\", \"poll_seconds\": 3", "gates[0].steps[1]: a step of kind", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"local\"", "\"where\": \"local\", \"parallel\": true", "gates[0].steps[1]: a step of kind", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"local\"", "\"where\": \"local\", \"token_argv\": [\"x\"]", "gates[0].steps[1]: a step of kind", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"local\"", "\"where\": \"local\", \"evidence\": \"99_summary.md\"", "gates[0].steps[1].evidence: ", CR_PLAN_ERROR_FORMAT },
  { "\"where\": \"local\"", "\"where\": \"local\", \"when\": \"NOPE\"", "gates[0].steps[1].when: ${NOPE} is not declared", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"environment\": true", "\"environment\": 1", "gates[0].steps[0].environment: ", CR_PLAN_ERROR_FORMAT },
  { "\"argv\": [\"evidence-folder\"]", "\"argv\": []", "gates[0].steps[0].argv: expected at least one argument", CR_PLAN_ERROR_FORMAT },
  { "\"argv\": [\"evidence-folder\"]", "\"argv\": [\"\"]", "gates[0].steps[0].argv[0]: ", CR_PLAN_ERROR_FORMAT },
  { "\"argv\": [\"evidence-folder\"]", "\"argv\": \"evidence-folder\"", "gates[0].steps[0].argv: expected an array", CR_PLAN_ERROR_FORMAT },
  { "\"argv\": [\"evidence-folder\"]", "\"argv\": [\"a\\u0000b\"]", "gates[0].steps[0].argv[0]: ", CR_PLAN_ERROR_FORMAT },
  { "\"argv\": [\"evidence-folder\"]", "\"argv\": [\"a\\u001bb\"]", "gates[0].steps[0].argv[0]: ", CR_PLAN_ERROR_FORMAT },
  { "\"argv\": [\"evidence-folder\"]", "\"argv\": [{\"when\": \"AZ\", \"argv\": [\"x\"]}]", "gates[0].steps[0].argv[0]: expected a string", CR_PLAN_ERROR_FORMAT },
  { "{\"when\": \"SUBSCRIPTION\", \"argv\": [\"--sub", "{\"if\": \"SUBSCRIPTION\", \"argv\": [\"--sub", "gates[0].steps[2].argv[3]: unknown member \"if\"", CR_PLAN_ERROR_FORMAT },
  { "{\"when\": \"SUBSCRIPTION\", \"argv\": [\"--sub", "{\"when\": \"SUB\", \"argv\": [\"--sub", "gates[0].steps[2].argv[3].when: ${SUB} is not declared", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "[\"--subscription\", \"${SUBSCRIPTION}\"]", "[]", "gates[0].steps[2].argv[3].argv: expected at least one", CR_PLAN_ERROR_FORMAT },
  { "[\"--subscription\", \"${SUBSCRIPTION}\"]", "[\"--subscription\", \"${SUBSCRIPTIO}\"]", "gates[0].steps[2].argv[3].argv[1]: ${SUBSCRIPTIO}", CR_PLAN_ERROR_PLACEHOLDER, TRUE },
  { "\"content\": \"${LEDGER_JSONL}\"", "\"contents\": \"${LEDGER_JSONL}\"", "gates[2].steps[5].files[0]: unknown member", CR_PLAN_ERROR_FORMAT },
  { "\"prints_exit\": true,", "\"prints_exit\": \"yes\",", "gates[1].steps[4].prints_exit: ", CR_PLAN_ERROR_FORMAT },
  { "\"argv\": [\"alembic\", \"heads\"]", "\"argv\": [\"alembic\", \"heads\"], \"prints_exit\": true", "gates[1]: more than one step has", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"rule\": \"folder_writable\"", "\"rule\": \"folder_writeable\"", "gates[0].witnesses[0].rule: expected a rule that the judge knows", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"rule\": \"folder_writable\"", "\"rule\": \"\"", "gates[0].witnesses[0].rule: ", CR_PLAN_ERROR_FORMAT },
  { "\"args\": {\"step\": \"evidence-folder\"}", "\"args\": {\"step\": \"evidence-fodler\"}", "gates[0].witnesses[0].args.step: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"args\": {\"step\": \"evidence-folder\"}", "\"args\": {\"step\": \"sync/publish\"}", "gates[0].witnesses[0].args.step: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"args\": {\"step\": \"evidence-folder\"}", "\"args\": {\"step\": \"\"}", "gates[0].witnesses[0].args.step: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"args\": {\"step\": \"evidence-folder\"}", "\"args\": {\"step\": 7}", "gates[0].witnesses[0].args.step: expected a string", CR_PLAN_ERROR_FORMAT },
  { "\"args\": {\"step\": \"evidence-folder\"}", "\"args\": {\"Step\": \"x\"}", "gates[0].witnesses[0].args: ", CR_PLAN_ERROR_FORMAT },
  { "\"steps\": \"jumpbox-clock api-clock", "\"steps\": \"jumpbox-clock api-glock", "gates[0].witnesses[14].args.steps: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"rule\": \"agrees\",\n          \"text\": \"This computer sees the same answer\",\n          \"when\": \"API_URL\",",
    "\"rule\": \"agrees\",\n          \"text\": \"This computer sees the same answer\",", "gates[1].witnesses[4].args.direct: the step", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"evidence\": \"05_smoke_200.log\"}\n        },\n        {\n          \"id\": \"missing\"",
    "\"evidence\": \"01_precheck.log\"}\n        },\n        {\n          \"id\": \"missing\"", "gates[4].witnesses[0].args.evidence: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"pod_clock\": \"precheck/consumer-clock\"", "\"pod_clock\": \"precheck/clock\"", "gates[5].witnesses[11].args.pod_clock: ", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"limit_field\": \"limits.sync\",\n      \"after_cutover\": true,", "\"limit_field\": \"limits.sync\",", "gates[3]: it comes after", CR_PLAN_ERROR_FORMAT, TRUE },
  { "\"format\":", "\"resolved\": true, \"format\":", "source_sha256: ", CR_PLAN_ERROR_FORMAT },
  { "\"format\":", "\"resolved\": false, \"format\":", "resolved: ", CR_PLAN_ERROR_FORMAT },
  { "\"format\":", "\"source_sha256\": \"00\", \"format\":", "source_sha256: ", CR_PLAN_ERROR_FORMAT },
  { "\"format\":", "\"id\": \"twice\", \"format\":", "the plan: ", CR_PLAN_ERROR_FORMAT },
  { "\"format\":", "// comment\n \"format\":", "the plan: ", CR_PLAN_ERROR_FORMAT },
  { "\"format\":", "\"format\": NaN, \"x\":", "the plan: ", CR_PLAN_ERROR_FORMAT },
};

static char *
mutate (const char *text, const Mutation *mutation)
{
  const char *found = strstr (text, mutation->from);
  g_autofree char *before = NULL;

  if (found == NULL)
    g_error ("the shipped plan has no %s", mutation->from);
  before = g_strndup (text, (gsize) (found - text));
  return g_strconcat (before, mutation->to, found + strlen (mutation->from), NULL);
}

static void
test_mutations (void)
{
  g_autofree char *text = load_plan ();

  for (guint i = 0; i < G_N_ELEMENTS (mutations); i++) {
    g_autofree char *broken = mutate (text, &mutations[i]);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrPlan) plan = cr_plan_parse (broken, -1, &error);

    if (plan != NULL)
      g_error ("taken: %s", mutations[i].to);
    g_assert_error (error, CR_PLAN_ERROR, mutations[i].code);
    if (!g_str_has_prefix (error->message, mutations[i].place))
      g_error ("%s -> %s: expected \"%s...\", got \"%s\"", mutations[i].from, mutations[i].to, mutations[i].place, error->message);
    g_assert_null (strpbrk (error->message, "\n\x1b"));
  }
}

static void
test_not_a_plan (void)
{
  static const char *const texts[] = { "", " ", "{}", "[]", "null", "7", "\"x\"", "{\"format\": \"cutover-rehearsal-plan/1\"}", "\xff", "{" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null (cr_plan_parse (texts[i], -1, &error));
    g_assert_error (error, CR_PLAN_ERROR, CR_PLAN_ERROR_FORMAT);
  }
}

/* What the reader takes, the schema takes; what the schema could refuse, both refuse */
static void
test_schema (void)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "core", "plan-schema.py", NULL);
  g_autofree char *schema = g_build_filename (g_getenv ("CR_DATA_DIR"), "plan.schema.json", NULL);
  g_autofree char *text = load_plan ();
  g_autoptr(CrPlan) plan = cr_plan_parse (text, -1, NULL);
  g_autoptr(CrPlan) plain = resolve_shipped (NULL, NULL);
  g_autoptr(CrPlan) rich = resolve_shipped ("subscription", "my sub", "api_url", "https://[::1]:9", "token_command", "print-token --raw", NULL);
  CrPlan *const good[] = { plan, plain, rich };
  g_autoptr(GString) documents = g_string_new (text);
  g_autoptr(GSubprocess) python = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *out = NULL;
  g_auto(GStrv) words = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree char *json = cr_plan_to_json (good[i]);
    g_string_append_printf (documents, "\x1e%s", json);
  }
  for (guint i = 0; i < G_N_ELEMENTS (mutations); i++) {
    g_autofree char *broken = mutate (text, &mutations[i]);
    g_string_append_printf (documents, "\x1e%s", broken);
  }
  python = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "/usr/bin/python3", "-I", script, schema,
                             NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (python, documents->str, NULL, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (python));
  if (g_str_equal (out, "skip\n")) {
    g_test_skip ("python3-jsonschema is not installed");
    return;
  }
  words = g_strsplit (g_strchomp (out), "\n", -1);
  g_assert_cmpuint (g_strv_length (words), ==, 1 + G_N_ELEMENTS (good) + G_N_ELEMENTS (mutations));
  for (guint i = 0; i <= G_N_ELEMENTS (good); i++)
    g_assert_cmpstr (words[i], ==, "taken");
  for (guint i = 0; i < G_N_ELEMENTS (mutations); i++) {
    if (g_str_equal (words[1 + G_N_ELEMENTS (good) + i], "taken") != mutations[i].beyond) {
      g_test_message ("%s by the schema: %s -> %s (%s)", words[1 + G_N_ELEMENTS (good) + i], mutations[i].from, mutations[i].to, mutations[i].place);
      g_test_fail ();
    }
  }
}

/* A resolved plan is data: dollars in it mean nothing, and it has no conditions left */
static void
test_resolved_text (void)
{
  g_autoptr(CrPlan) plan = resolve_shipped (NULL, NULL);
  g_autofree char *json = cr_plan_to_json (plan);
  const Mutation when = { "\"where\": \"local\"", "\"where\": \"local\", \"when\": \"AZ\"", NULL, 0 };
  const Mutation group = { "\"argv\": [\n", "\"argv\": [\"x\", {\"when\": \"AZ\", \"argv\": [\"x\"]},\n", NULL, 0 };
  g_autofree char *with_when = mutate (json, &when);
  g_autofree char *with_group = mutate (json, &group);
  g_autoptr(GError) when_error = NULL;
  g_autoptr(GError) group_error = NULL;

  g_assert_nonnull (strstr (json, "\\\"$@\\\""));
  g_assert_null (cr_plan_parse (with_when, -1, &when_error));
  g_assert_error (when_error, CR_PLAN_ERROR, CR_PLAN_ERROR_FORMAT);
  g_assert_null (cr_plan_parse (with_group, -1, &group_error));
  g_assert_error (group_error, CR_PLAN_ERROR, CR_PLAN_ERROR_FORMAT);
}

/* ---- hostile bytes ---- */

static void
test_truncated (void)
{
  g_autofree char *text = load_plan ();
  gsize length = strlen (text);
  g_autofree char *stripped = g_strchomp (g_strdup (text));

  for (guint i = 0; i < 300; i++) {
    gsize cut = (gsize) g_test_rand_int_range (0, (gint32) strlen (stripped));
    g_autoptr(GError) error = NULL;
    /* a buffer of its own, so that a sanitizer sees each byte read beyond the end */
    g_autofree char *part = g_memdup2 (text, cut + 1);

    g_assert_null (cr_plan_parse (part, (gssize) cut, &error));
    g_assert_error (error, CR_PLAN_ERROR, CR_PLAN_ERROR_FORMAT);
  }
  for (guint i = 0; i < 300; i++) {
    g_autofree char *changed = g_memdup2 (text, length);
    g_autoptr(CrPlan) plan = NULL;
    g_autoptr(GError) error = NULL;

    for (guint j = 0; j < 3; j++)
      changed[g_test_rand_int_range (0, (gint32) length)] = (char) g_test_rand_int_range (0, 256);
    plan = cr_plan_parse (changed, (gssize) length, &error);
    if (plan != NULL)
      assert_same (plan);
    else
      g_assert_true (error->domain == CR_PLAN_ERROR && g_utf8_validate (error->message, -1, NULL));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/shipped", test_shipped);
  g_test_add_func ("/plan/resolved", test_resolved);
  g_test_add_func ("/plan/nothing-left", test_nothing_left);
  g_test_add_func ("/plan/when", test_when);
  g_test_add_func ("/plan/hostile-values", test_hostile_values);
  g_test_add_func ("/plan/resolve-errors", test_resolve_errors);
  g_test_add_func ("/plan/limits", test_limits);
  g_test_add_func ("/plan/shell-words", test_shell_words);
  g_test_add_func ("/plan/round-trip", test_round_trip);
  g_test_add_func ("/plan/python-reads", test_python_reads);
  g_test_add_func ("/plan/mutations", test_mutations);
  g_test_add_func ("/plan/schema", test_schema);
  g_test_add_func ("/plan/not-a-plan", test_not_a_plan);
  g_test_add_func ("/plan/resolved-text", test_resolved_text);
  g_test_add_func ("/plan/truncated", test_truncated);
  return g_test_run ();
}
