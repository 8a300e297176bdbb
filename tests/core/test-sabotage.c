/* test-sabotage.c: the attack on the judge before each rehearsal. The rules are compiled here with a hook that weakens one of them at a time: the
 * attack must find every weakened judge, and nothing in a sound one.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-judge-rules.h"
#include "cr-sabotage.h"
#include "cr-script.h"
#include <string.h>

/* ---- a weak reader of frames and a weak decision, put in front of the real ones by the linker ---- */

CrFrame *__real_cr_frame_read (const char *message, gsize length, const CrScriptParams *params, const char *script, const char *payload_sha256,
                               GPtrArray *steps);
CrFrame *__wrap_cr_frame_read (const char *message, gsize length, const CrScriptParams *params, const char *script, const char *payload_sha256,
                               GPtrArray *steps);
void     __real_cr_decide     (CrPlan *plan, GPtrArray *verdicts, gboolean evidence_ok, const char *evidence_problem, CrDecision *decision);
void     __wrap_cr_decide     (CrPlan *plan, GPtrArray *verdicts, gboolean evidence_ok, const char *evidence_problem, CrDecision *decision);

static gboolean weak_frames, weak_decision;
static char *first_message;

/* Weak: whatever came, it is read as the first message was */
CrFrame *
__wrap_cr_frame_read (const char *message, gsize length, const CrScriptParams *params, const char *script, const char *payload_sha256, GPtrArray *steps)
{
  if (first_message == NULL)
    first_message = g_strndup (message, length);
  if (weak_frames)
    return __real_cr_frame_read (first_message, strlen (first_message), params, script, payload_sha256, steps);
  return __real_cr_frame_read (message, length, params, script, payload_sha256, steps);
}

/* Weak: UNPROVEN is as good as PASS */
void
__wrap_cr_decide (CrPlan *plan, GPtrArray *verdicts, gboolean evidence_ok, const char *evidence_problem, CrDecision *decision)
{
  for (guint i = 0; weak_decision && i < verdicts->len; i++) {
    CrGateVerdict *verdict = verdicts->pdata[i];
    if (verdict->verdict == CR_VERDICT_UNPROVEN)
      verdict->verdict = CR_VERDICT_PASS;
  }
  __real_cr_decide (plan, verdicts, evidence_ok, evidence_problem, decision);
}

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

static CrPlan *
resolve (const char *text, const char *const *values)
{
  g_autoptr(CrSettings) settings = cr_settings_new ();
  g_autoptr(CrPlan) plan = NULL;
  g_autoptr(CrVars) vars = NULL;
  g_autoptr(GError) error = NULL;
  CrPlan *resolved;

  g_assert_true (cr_settings_set (settings, "owner", "salee", CR_ORIGIN_EDITED, NULL));
  for (gsize i = 0; values != NULL && values[i] != NULL; i += 2) {
    cr_settings_set (settings, values[i], values[i + 1], CR_ORIGIN_EDITED, &error);
    g_assert_no_error (error);
  }
  plan = cr_plan_parse (text, -1, &error);
  g_assert_no_error (error);
  vars = cr_vars_for_run (settings, "e2-3-20260224171350", 1771953230, 1771953230, &error);
  g_assert_no_error (error);
  resolved = cr_plan_resolve (plan, vars, settings, &error);
  g_assert_no_error (error);
  return resolved;
}

/* With direct probes, so that every rule of the judge is in use */
static CrPlan *
whole_plan (void)
{
  static const char *const values[] = { "api_url", "http://127.0.0.1:8000", "subscription", "dev-subscription", "fence_posts", "true", NULL };
  g_autofree char *text = load_plan ();

  return resolve (text, values);
}

static char *
join (GPtrArray *missed)
{
  g_autoptr(GString) out = g_string_new (NULL);

  for (guint i = 0; i < missed->len; i++)
    g_string_append_printf (out, "%s\n", (const char *) missed->pdata[i]);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
assert_sound (CrPlan *plan, guint least)
{
  g_autoptr(GPtrArray) missed = NULL;
  g_autofree char *text = NULL;
  guint caught = 0, planted = 0;
  gboolean ok = cr_sabotage_run (plan, &caught, &planted, &missed);

  text = join (missed);
  g_assert_cmpstr (text, ==, "");
  g_assert_true (ok);
  g_assert_cmpuint (caught, ==, planted);
  g_assert_cmpuint (planted, >=, least);
}

static void
test_sound (void)
{
  g_autoptr(CrPlan) plan = whole_plan ();
  g_autofree char *text = load_plan ();
  g_autoptr(CrPlan) plain = NULL;
  gint64 started;

  g_test_summary ("A sound judge passes the good answers and catches all that is planted, with direct probes and without");
  started = g_get_monotonic_time ();
  assert_sound (plan, 24);
  g_test_message ("%.1f ms", (double) (g_get_monotonic_time () - started) / 1000);
  plain = resolve (text, NULL);
  assert_sound (plain, 24);
}

/* The same input gives the same answer: no clock, no state left behind */
static void
test_repeatable (void)
{
  g_autoptr(CrPlan) plan = whole_plan ();
  guint caught[2] = { 0, 0 }, planted[2] = { 0, 0 };

  for (guint i = 0; i < 2; i++)
    g_assert_true (cr_sabotage_run (plan, &caught[i], &planted[i], NULL));
  g_assert_cmpuint (caught[0], ==, caught[1]);
  g_assert_cmpuint (planted[0], ==, planted[1]);
  g_assert_true (cr_sabotage_run (plan, NULL, NULL, NULL));
}

static void
assert_found (CrPlan *plan, const char *rule, CrWeakening weakening, const char *how)
{
  g_autoptr(GPtrArray) missed = NULL;
  guint caught = 0, planted = 0;
  gboolean ok;

  cr_weakened_rule = rule;
  cr_weakening = weakening;
  ok = cr_sabotage_run (plan, &caught, &planted, &missed);
  cr_weakened_rule = NULL;
  if (ok || missed->len == 0)
    g_error ("The rule %s that %s was not found: %u of %u", rule, how, caught, planted);
  g_test_message ("%s that %s: %s", rule, how, (const char *) missed->pdata[0]);
}

static gboolean
plan_uses (CrPlan *plan, const char *rule)
{
  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];

    for (guint j = 0; j < gate->witnesses->len; j++)
      if (g_str_equal (((CrPlanWitness *) gate->witnesses->pdata[j])->rule, rule))
        return TRUE;
  }
  return FALSE;
}

static void
test_weakened (void)
{
  g_autoptr(CrPlan) plan = whole_plan ();
  const CrRuleInfo *info;

  g_test_summary ("For every rule of the judge: one that no longer looks, or forgives what is wrong or absent, turns the self-test red");
  for (guint i = 0; (info = cr_rule_nth (i)) != NULL; i++) {
    if (!plan_uses (plan, info->name))
      g_error ("The plan does not use the rule %s, so it is not tested here", info->name);
    assert_found (plan, info->name, CR_WEAKEN_ALWAYS_HOLDS, "always holds");
    assert_found (plan, info->name, CR_WEAKEN_FORGIVES_ABSENT, "forgives what is absent");
    if (!g_str_equal (info->name, "canary") && !g_str_equal (info->name, "token_valid") && !g_str_equal (info->name, "alembic_steps")
        && !g_str_equal (info->name, "consumer_ending"))  /* these know only "missing" */
      assert_found (plan, info->name, CR_WEAKEN_FORGIVES_WRONG, "forgives what is wrong");
    assert_found (plan, info->name, CR_WEAKEN_NEVER_HOLDS, "never holds");
  }
}

/* Every witness of the plan is attacked by itself: if only its own rule is weak, the miss names its gate and id */
static void
test_every_witness (void)
{
  g_autoptr(CrPlan) plan = whole_plan ();

  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];

    for (guint j = 0; j < gate->witnesses->len; j++) {
      CrPlanWitness *witness = gate->witnesses->pdata[j];
      g_autoptr(GPtrArray) missed = NULL;
      g_autofree char *place = g_strdup_printf ("(%s/%s)", gate->id, witness->id);
      g_autofree char *text = NULL;

      cr_weakened_rule = witness->rule;
      cr_weakened_witness = witness;
      cr_weakening = CR_WEAKEN_ALWAYS_HOLDS;
      g_assert_false (cr_sabotage_run (plan, NULL, NULL, &missed));
      cr_weakened_rule = NULL;
      cr_weakened_witness = NULL;
      text = join (missed);
      if (strstr (text, place) == NULL)
        g_error ("Nothing was planted for %s: %s", place, text);
    }
  }
}

static void
test_weak_frames (void)
{
  g_autoptr(CrPlan) plan = whole_plan ();
  g_autoptr(GPtrArray) missed = NULL;
  g_autofree char *text = NULL;
  guint caught = 0, planted = 0;

  g_clear_pointer (&first_message, g_free);
  weak_frames = TRUE;
  g_assert_false (cr_sabotage_run (plan, &caught, &planted, &missed));
  weak_frames = FALSE;
  g_clear_pointer (&first_message, g_free);
  text = join (missed);
  g_assert_cmpuint (missed->len, ==, planted - caught);
  g_assert_cmpuint (missed->len, ==, 14);
  g_assert_nonnull (strstr (text, "a frame with another nonce (frame)"));
  g_assert_nonnull (strstr (text, "a frame cut at its end (frame)"));
}

static void
test_weak_decision (void)
{
  g_autoptr(CrPlan) plan = whole_plan ();
  g_autoptr(GPtrArray) missed = NULL;
  guint caught = 0, planted = 0;

  weak_decision = TRUE;
  g_assert_false (cr_sabotage_run (plan, &caught, &planted, &missed));
  weak_decision = FALSE;
  g_assert_cmpuint (caught + 1, ==, planted);
  g_assert_cmpuint (missed->len, ==, 1);
  g_assert_cmpstr (missed->pdata[0], ==, "GO with an unproven gate (decision)");
}

/* Other inputs resolve to other plans; the judge is sound with each of them */
static void
test_other_inputs (void)
{
  static const char *const inputs[][9] = {
    { "token_command", "print-token -v", "api_url", "http://[::1]:8000", NULL },
    { "clock_limit", "1", "subscription", "Pay \"As\" You \\ Go", NULL },
    { "clock_limit", "300", "api_deployment", "a", "consumer_deployment", "a-b", NULL },
    { "fence_posts", "true", "api_address", "https://localhost", "namespace", "x", NULL },
  };
  g_autofree char *text = load_plan ();

  for (gsize i = 0; i < G_N_ELEMENTS (inputs); i++) {
    g_autoptr(CrPlan) plan = resolve (text, inputs[i]);

    assert_sound (plan, 24);
  }
}

/* A plan made only of data, of another domain, with its own gates, steps and rules */
static const char other_plan[] =
  "{\"format\":\"cutover-rehearsal-plan/1\",\"id\":\"other\",\"title\":\"Other\",\"inputs\":[\"API_ADDRESS\",\"API_DEPLOYMENT\",\"RUN_ID\"],\"transport\":{\"subscription\":\"\",\"resource_group\":\"a\",\"vm\":\"b\",\"user\":\"c\",\"namespace\":\"d\",\"context\":\"e\",\"spool_dir\":\"/f\","
  "\"path\":\"/bin\"},"
  "\"programs\":{},\"gates\":[{\"id\":\"look\",\"title\":\"Look\",\"classification\":\"SMOKE_FAILED\",\"evidence\":[\"05_smoke_200.log\"],"
  "\"expected_seconds\":10,\"limit_seconds\":20,\"unblock\":\"It answers.\",\"steps\":["
  "{\"id\":\"ask\",\"title\":\"Ask\",\"where\":\"pod\",\"pod\":\"deploy/${API_DEPLOYMENT}\",\"argv\":[\"ask\",\"200\",\"${API_ADDRESS}/orders/${RUN_ID}\"],"
  "\"prints_exit\":true},"
  "{\"id\":\"say\",\"title\":\"Say\",\"where\":\"jumpbox\",\"argv\":[\"echo\",\"ready\"]}],"
  "\"witnesses\":[{\"id\":\"ok\",\"rule\":\"http_200\",\"text\":\"It answers\",\"args\":{\"step\":\"ask\",\"tx_id\":\"${RUN_ID}\"}},"
  "{\"id\":\"said\",\"rule\":\"line_equals\",\"text\":\"It is ready\",\"args\":{\"step\":\"say\",\"value\":\"ready\"}}]}]}";

static void
test_other_plan (void)
{
  g_autoptr(CrPlan) plan = resolve (other_plan, NULL);

  assert_sound (plan, 20);
}

/* A plan that nothing can satisfy is not trusted: its good answers do not pass */
static void
test_good_answers (void)
{
  g_autoptr(CrPlan) plan = whole_plan ();
  CrPlanGate *gate = cr_plan_find_gate (plan, "smoke", NULL);
  g_autoptr(GPtrArray) missed = NULL;
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  guint caught = 0, planted = 0;

  for (guint i = 0; i < gate->witnesses->len; i++) {
    CrPlanWitness *witness = gate->witnesses->pdata[i];

    if (g_str_equal (witness->rule, "http_200"))
      g_hash_table_replace (witness->args, g_strdup ("tx_id"), g_strdup (""));
  }
  g_assert_false (cr_sabotage_run (plan, &caught, &planted, &missed));
  text = join (missed);
  g_assert_nonnull (strstr (text, "good answers are not judged PASS"));
  line = cr_sabotage_describe (caught, planted, missed);
  g_assert_nonnull (strstr (line, "; missed: good answers are not judged PASS"));
}

static void
test_describe (void)
{
  g_autoptr(GPtrArray) missed = g_ptr_array_new ();
  g_autofree char *none = cr_sabotage_describe (31, 31, NULL);
  g_autofree char *two = NULL;

  g_assert_cmpstr (none, ==, "31 of 31 planted defects caught");
  g_ptr_array_add (missed, (char *) "a (sync)");
  g_ptr_array_add (missed, (char *) "b\n(smoke)");
  two = cr_sabotage_describe (29, 31, missed);
  g_assert_true (g_str_has_prefix (two, "29 of 31 planted defects caught; missed: a (sync), b"));
  g_assert_null (strchr (two, '\n'));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sabotage/sound", test_sound);
  g_test_add_func ("/sabotage/repeatable", test_repeatable);
  g_test_add_func ("/sabotage/weakened", test_weakened);
  g_test_add_func ("/sabotage/every-witness", test_every_witness);
  g_test_add_func ("/sabotage/weak-frames", test_weak_frames);
  g_test_add_func ("/sabotage/weak-decision", test_weak_decision);
  g_test_add_func ("/sabotage/other-inputs", test_other_inputs);
  g_test_add_func ("/sabotage/other-plan", test_other_plan);
  g_test_add_func ("/sabotage/good-answers", test_good_answers);
  g_test_add_func ("/sabotage/describe", test_describe);
  int status = g_test_run ();

  g_free (first_message);
  return status;
}
