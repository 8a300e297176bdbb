/* test-judge.c: verdicts on recorded answers. The bodies, log lines and hashes are recordings of the real target (tests/data/recordings); the
 * digests of the pushed files and the hash of the tampered body were made with Python's json and hashlib.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-judge.h"
#include "cr-time.h"
#include <gio/gio.h>
#include <string.h>

#define HASH_S1 "92263b1d1f90bb25a960761ef46941011b678e7976859beb174474ff0c1b7c2d"     /* idempotency-happy-2-before-hash */
#define HASH_S1_90 "b0eb4bc7e263b87d70d5037892c0a9e30fa510b94b92c431abb645084ef8df51"  /* the same with amount 90.00 */

#define BACKFILL_RUN "e2-3-20261123092604"
#define BACKFILL_FILES \
  "CR1FILE 1 sha256=c9068f2784ae36b461bd2b3d93f91a042395c5791b3f2d62017b3e258fe4a3fc lines=2 bytes=703\n" \
  "CR1FILE 2 sha256=7108c22f34bc60c5b43b6bb5b0350887d672883e44165ed7a9eab7e405a65718 lines=1 bytes=227\n"

/* ---- recordings ---- */

typedef struct { char *out, *err; gsize out_length, err_length; int exit_code; } Recording;

static void
recording_clear (Recording *self)
{
  g_free (self->out);
  g_free (self->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recording, recording_clear)

static void
load (const char *name, Recording *self)
{
  g_autofree char *file = g_strconcat (name, ".txt", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "recordings", file, NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  const char *code, *out, *err;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  code = strstr (text, "\nexit_code: ");
  out = strstr (text, "\n----- stdout (");
  err = strstr (text, "\n----- stderr (");
  g_assert_true (code != NULL && out != NULL && err != NULL);
  self->exit_code = (int) g_ascii_strtoll (code + strlen ("\nexit_code: "), NULL, 10);
  out = strchr (out + 1, '\n') + 1;
  self->out_length = err + 1 > out ? (gsize) (err + 1 - out) : 0;
  self->out = g_strndup (out, self->out_length);
  self->err = g_strdup (strchr (err + 1, '\n') + 1);
  self->err_length = strlen (self->err);
}

/* The HTTP answer in a recording: status, Date header and body */
static char *
load_http (const char *name, int *status, char **date)
{
  g_auto(Recording) recording = { 0 };
  const char *body, *length;
  gsize size;

  load (name, &recording);
  *status = (int) g_ascii_strtoll (strstr (recording.out, "\nHTTP ") + strlen ("\nHTTP "), NULL, 10);
  *date = g_strndup (strstr (recording.out, "\ndate: ") + strlen ("\ndate: "), strlen ("Mon, 23 Nov 2026 09:12:28 GMT"));
  length = strstr (recording.out, "\ncontent-length: ");
  size = (gsize) g_ascii_strtoll (length + strlen ("\ncontent-length: "), NULL, 10);
  body = strstr (recording.out, "\n\n") + 2;
  g_assert_cmpuint (strlen (body), >=, size);
  return g_strndup (body, size);
}

/* ---- plan and captures ---- */

static CrPlan *
make_plan_with (const char *run_id, const char *t_cutover, const char *api_url, const char *fence_posts)
{
  g_autofree char *path = g_build_filename (g_getenv ("CR_DATA_DIR"), "plans", "e2-3-reload-cutover.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr(CrSettings) settings = cr_settings_new ();
  g_autoptr(CrPlan) plan = NULL;
  g_autoptr(CrVars) vars = NULL;
  g_autoptr(GError) error = NULL;
  CrPlan *resolved;
  gint64 seconds;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (cr_time_parse_utc (t_cutover, &seconds, NULL));
  g_assert_true (cr_settings_set (settings, "owner", "salee", CR_ORIGIN_EDITED, NULL));
  if (api_url != NULL)
    g_assert_true (cr_settings_set (settings, "api_url", api_url, CR_ORIGIN_EDITED, NULL));
  g_assert_true (cr_settings_set (settings, "fence_posts", fence_posts, CR_ORIGIN_EDITED, NULL));
  plan = cr_plan_parse (text, -1, &error);
  g_assert_no_error (error);
  vars = cr_vars_for_run (settings, run_id, seconds, seconds, &error);
  g_assert_no_error (error);
  resolved = cr_plan_resolve (plan, vars, settings, &error);
  g_assert_no_error (error);
  return resolved;
}

static CrPlan *
make_plan (const char *run_id, const char *t_cutover, const char *api_url)
{
  return make_plan_with (run_id, t_cutover, api_url, "false");
}

static gint64
at (const char *text)
{
  gint64 us = 0;

  g_assert_true (cr_instant_parse (text, &us, NULL));
  return us;
}

/* Puts one capture in place of the one of that step */
static CrCapture *
put (CrCaptureSet *set, CrPlanGate *gate, const char *step_id, const char *out, const char *err, int exit_code)
{
  CrPlanStep *step = cr_plan_gate_find_step (gate, step_id);
  CrCapture *capture = cr_capture_set_find (set, gate->id, step_id);

  g_assert_nonnull (step);
  if (capture != NULL)
    g_ptr_array_remove (set->captures, capture);
  capture = cr_capture_new (gate->id, step_id, step->where);
  capture->outcome = CR_OUTCOME_COMPLETED;
  capture->exit_code = exit_code;
  capture->pod_mark = step->where == CR_STEP_POD ? CR_POD_MARK_OK : CR_POD_MARK_NA;
  g_bytes_unref (capture->out);
  g_bytes_unref (capture->err);
  capture->out = g_bytes_new (out, strlen (out));
  capture->err = g_bytes_new (err, strlen (err));
  capture->out_size = strlen (out);
  capture->err_size = strlen (err);
  capture->complete = TRUE;
  capture->started_us = at ("2026-11-23T09:12:20Z");
  capture->ended_us = at ("2026-11-23T09:12:21Z");
  cr_capture_set_add (set, capture);
  return capture;
}

static void
put_recording (CrCaptureSet *set, CrPlanGate *gate, const char *step, const char *name)
{
  g_auto(Recording) recording = { 0 };

  load (name, &recording);
  put (set, gate, step, recording.out, recording.err, recording.exit_code);
}

/* The lines of the plan's probe program for one answer */
static CrCapture *
put_answer (CrCaptureSet *set, CrPlanGate *gate, const char *step_id, int status, const char *date, const char *body, const char *hash)
{
  CrPlanStep *step = cr_plan_gate_find_step (gate, step_id);
  gsize length = strlen (body);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, body, -1);
  g_autofree char *base64 = g_base64_encode ((const guchar *) body, length);
  g_autoptr(GString) out = g_string_new (NULL);
  gboolean direct = step->where == CR_STEP_DIRECT;
  const char *prefix = direct ? "-" : step->argv[6];
  CrCapture *capture;
  int code;

  g_string_append_printf (out, "URL=%s\nASKED=1\nNOW=1795425148\nHTTP_CODE=%d\n", direct ? step->url : step->argv[5], status);
  if (status == 0)
    g_string_append (out, "NO_ANSWER=URLError(ConnectionRefusedError(111, 'Connection refused'))\n");
  g_string_append_printf (out, "DATE=%s\nCONTENT_TYPE=application/json\nLOCATION=\nBODY_LEN=%" G_GSIZE_FORMAT "\nBODY_SHA256=%s\n", date, length, digest);
  if (hash != NULL)
    g_string_append_printf (out, "CANON_HASH=%s\n", hash);
  if (hash != NULL && !g_str_equal (prefix, "-"))
    g_string_append_printf (out, "%s_CANON_HASH=%s\n", prefix, hash);
  if (!g_str_equal (prefix, "-"))
    g_string_append_printf (out, "%s_HTTP=%d\n", prefix, status);
  g_string_append_printf (out, "BODY_B64=%s\n", base64);
  code = direct ? (status == 0 ? 1 : 0) : status == (int) g_ascii_strtoll (step->argv[3], NULL, 10) ? 0 : 1;
  capture = put (set, gate, step_id, out->str, "", code);
  capture->http_status = direct ? status : 0;
  return capture;
}

static CrCapture *
put_http (CrCaptureSet *set, CrPlanGate *gate, const char *step, const char *name, const char *hash)
{
  g_autofree char *date = NULL;
  int status;
  g_autofree char *body = load_http (name, &status, &date);

  return put_answer (set, gate, step, status, date, body, hash);
}

static CrCall *
put_call (CrCaptureSet *set, const char *gate)
{
  CrCall *call = cr_call_new (gate, "run");

  call->transport = g_strdup ("jumpbox: az vm run-command invoke");
  call->nonce = g_strdup ("0123456789abcdef0123456789abcdef");
  call->payload_sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, gate, -1);
  call->az_exit_code = 0;
  call->outcome = CR_OUTCOME_COMPLETED;
  call->sent_us = at ("2026-11-23T09:12:10Z");
  call->received_us = at ("2026-11-23T09:12:40Z");
  cr_capture_set_add_call (set, call);
  return call;
}

/* ---- the happy set of each gate ---- */

typedef struct {
  CrPlan       *plan;
  CrPlanGate   *gate;
  guint         index;
  CrCaptureSet *set;
} Case;

static void
case_clear (Case *self)
{
  g_clear_pointer (&self->plan, cr_plan_unref);
  g_clear_pointer (&self->set, cr_capture_set_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

static void
fill_precheck (CrCaptureSet *set, CrPlanGate *gate)
{
  put (set, gate, "evidence-folder", "EVIDENCE_FOLDER=/home/salee/logs\nPROBE=written\nFREE_BYTES=5000000000\n", "", 0);
  put (set, gate, "az-version", "{\"azure-cli\": \"2.67.0\", \"azure-cli-core\": \"2.67.0\", \"extensions\": {}}\n", "", 0);
  put (set, gate, "account", "{\"id\": \"00000000-0000-4000-8000-000000000001\", \"name\": \"dev\", \"state\": \"Enabled\"}\n", "", 0);
  put (set, gate, "token", "{\"subscription\": \"00000000-0000-4000-8000-000000000001\", \"expiresOn\": \"2026-11-23 19:12:13.000000\"}\n", "", 0);
  put (set, gate, "aks", "{\"name\": \"nsc-aks-dev\", \"provisioningState\": \"Succeeded\", \"powerState\": \"Running\", \"version\": \"1.32.1\"}\n", "", 0);
  put (set, gate, "tools", "TOOL az=/usr/bin/az\nTOOL kubelogin=/usr/local/bin/kubelogin\nTOOL kubectl=/usr/local/bin/kubectl\nTOOL timeout=/usr/bin/timeout\n"
       "TOOL flock=/usr/bin/flock\nTOOL gzip=/usr/bin/gzip\nTOOL base64=/usr/bin/base64\nTOOL sha256sum=/usr/bin/sha256sum\n", "", 0);
  put (set, gate, "jumpbox-clock", "1795425140.100000000\n", "", 0);
  put (set, gate, "credentials", "", "", 0);
  put (set, gate, "kubelogin", "", "", 0);
  put (set, gate, "namespace", "namespace/txlookup\n", "", 0);
  put (set, gate, "deployments", "tx-lookup-api|1|1|1|acr.example/api:1\ntxlookup-consumer|1|1|1|acr.example/consumer:1\n", "", 0);
  put (set, gate, "pods", "tx-lookup-api-7c9d|Running|c:tx-lookup-api,true,0,,;\ntxlookup-consumer-55f|Running|c:consumer,true,0,,;\n", "", 0);
  put (set, gate, "api-clock", "1795425140.500000000\n", "", 0);
  put (set, gate, "consumer-clock", "1795425140.700000000\n", "", 0);
}

static void
fill_login (CrCaptureSet *set, CrPlanGate *gate)
{
  put (set, gate, "credentials", "", "", 0);
  put (set, gate, "kubelogin", "", "", 0);
}

static void
fill_migration (CrCaptureSet *set, CrPlanGate *gate)
{
  fill_login (set, gate);
  put_recording (set, gate, "current-before", "migration-current-before");
  put_recording (set, gate, "heads", "migration-current-after");  /* alembic heads prints the same line */
  put_recording (set, gate, "upgrade", "migration-happy-empty-db");
  put_recording (set, gate, "current-after", "migration-current-after");
  put_http (set, gate, "schema", "smoke-get-404-unknown-id", NULL);
}

static void
put_backfill (CrCaptureSet *set, CrPlanGate *gate, const char *name)
{
  g_auto(Recording) recording = { 0 };
  g_autofree char *out = NULL;

  load (name, &recording);
  out = g_strconcat (BACKFILL_FILES, recording.out, NULL);
  put (set, gate, "backfill", out, recording.err, recording.exit_code);
}

static void
fill_backfill (CrCaptureSet *set, CrPlanGate *gate)
{
  fill_login (set, gate);
  put_http (set, gate, "before-pay", "backfill-get-before", NULL);
  put_http (set, gate, "before-rec", "backfill-get-before", NULL);
  put_backfill (set, gate, "backfill-happy");
  put_http (set, gate, "after-pay", "backfill-get-after", NULL);
  put_http (set, gate, "after-rec", "backfill-get-after-receive-leg", NULL);
}

static void
fill_sync (CrCaptureSet *set, CrPlanGate *gate)
{
  fill_login (set, gate);
  put_recording (set, gate, "publish", "sync-publish-happy");
  put_recording (set, gate, "consume", "sync-consume-happy");
  put_http (set, gate, "readback", "smoke-get-200-full", NULL);
}

static void
fill_smoke (CrCaptureSet *set, CrPlanGate *gate)
{
  fill_login (set, gate);
  put_http (set, gate, "smoke-200", "smoke-get-200-full", NULL);
  put_http (set, gate, "smoke-404", "smoke-get-404-unknown-id", NULL);
  put_http (set, gate, "nonsense", "smoke-get-404-wrong-path", NULL);
}

static void
fill_idempotency (CrCaptureSet *set, CrPlanGate *gate)
{
  CrCapture *publish;

  fill_login (set, gate);
  put_http (set, gate, "before", "idempotency-happy-1-before-body", HASH_S1);
  put (set, gate, "pause", "", "", 0);
  put_recording (set, gate, "publish", "idempotency-happy-3-publish");
  publish = cr_capture_set_find (set, gate->id, "publish");
  publish->started_us = at ("2026-11-23T09:12:51Z");
  publish->ended_us = at ("2026-11-23T09:12:52Z");
  put_recording (set, gate, "consume", "idempotency-happy-4-consume");
  put_http (set, gate, "after", "idempotency-happy-6-after-body", HASH_S1);
}

static const struct {
  const char *gate, *run_id, *t_cutover;
  void      (*fill) (CrCaptureSet *set, CrPlanGate *gate);
  const char *fact;
} happy[] = {
  { "precheck", "s1", "2026-11-23T09:12:21Z", fill_precheck, "cluster Running, Kubernetes 1.32.1; 2 of 2 pods ready, 0 restarts; clocks: jumpbox" },
  { "migration", "s1", "2026-11-23T09:12:21Z", fill_migration, "(empty) → 20260212_0005, 5 steps" },
  { "backfill", BACKFILL_RUN, "2026-11-23T09:26:04Z", fill_backfill,
    "tx-bf-pay-" BACKFILL_RUN " read back: SETTLED, event time 2026-11-23T08:26:04Z" },
  { "sync", "s1", "2026-11-23T09:12:21Z", fill_sync, "tx-pay-s1 read back: SETTLED, event time 2026-11-23T09:12:21Z" },
  { "smoke", "s1", "2026-11-23T09:12:21Z", fill_smoke, "HTTP 200 tx-pay-s1; HTTP 404 tx_id not found" },
  { "idempotency", "s1", "2026-11-23T09:12:21Z", fill_idempotency,
    "hashes equal 92263b1d1f90…; duplicate processed: event time 2026-11-23T09:12:21Z → 2026-11-23T09:12:52Z" },
};

static void
make_case (Case *self, const char *gate)
{
  for (gsize i = 0; i < G_N_ELEMENTS (happy); i++) {
    if (!g_str_equal (happy[i].gate, gate))
      continue;
    self->plan = make_plan (happy[i].run_id, happy[i].t_cutover, NULL);
    self->gate = cr_plan_find_gate (self->plan, gate, &self->index);
    self->set = cr_capture_set_new ();
    put_call (self->set, gate);
    happy[i].fill (self->set, self->gate);
    return;
  }
  g_assert_not_reached ();
}

static CrGateVerdict *
judge (Case *self)
{
  return cr_judge_gate (self->plan, self->index, self->set);
}

static void
assert_contains (const char *text, const char *part)
{
  if (text == NULL || strstr (text, part) == NULL)
    g_error ("“%s” is not in “%s”", part, text != NULL ? text : "(null)");
}

/* ---- tests ---- */

static void
test_happy (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, happy[i].gate);
  verdict = judge (&self);
  for (guint j = 0; j < verdict->witnesses->len; j++) {
    const CrWitnessResult *result = verdict->witnesses->pdata[j];
    if (result->state != CR_WITNESS_HOLDS)
      g_error ("%s/%s: %s, seen %s: %s", happy[i].gate, result->id, cr_witness_state_to_string (result->state), result->seen, verdict->reason);
    g_assert_nonnull (result->expected);
    g_assert_nonnull (result->seen);
  }
  g_assert_cmpstr (cr_verdict_to_string (verdict->verdict), ==, "PASS");
  g_assert_cmpuint (verdict->witnesses->len, ==, self.gate->witnesses->len);
  assert_contains (verdict->fact, happy[i].fact);
  g_assert_null (verdict->reason);
  g_assert_null (verdict->next);
  g_assert_cmpstr (verdict->exit_code, ==, "0");
  g_assert_cmpstr (verdict->exit_code2, ==, g_str_equal (happy[i].gate, "smoke") ? "0" : NULL);
}

/* What the deployed consumer does to a real run: idle, and yet all there; already at head */
static void
test_cautions (void)
{
  g_auto(Case) sync = { 0 };
  g_auto(Case) migration = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&sync, "sync");
  put_recording (sync.set, sync.gate, "consume", "sync-consume-with-deployed-takes");
  verdict = judge (&sync);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
  g_assert_cmpuint (verdict->cautions->len, ==, 1);
  assert_contains (verdict->cautions->pdata[0], "deployed consumer");
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  make_case (&migration, "migration");
  put_recording (migration.set, migration.gate, "current-before", "migration-current-after");
  put_recording (migration.set, migration.gate, "upgrade", "migration-noop-second-run");
  verdict = judge (&migration);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
  g_assert_cmpstr (verdict->fact, ==, "already at head 20260212_0005, 0 steps");
  g_assert_cmpuint (verdict->cautions->len, ==, 1);
}

/* Marked rows around the backfill's range. `said`: one character a row: + taken, - the handler's 404, r the router's, 5 a 500, t taken with another
 * time, x a line about another row, . no line */
static const struct {
  const char *name, *said;
  int         exit_code;
  CrVerdict   verdict;
  const char *fact;  /* part of the fact or reason */
} fences[] = {
  { "as-the-runbook-says", "-++---", 0, CR_VERDICT_PASS, "T-24h-1s ○ | T-24h ● T-1s ● | T-0.5s ○ T ○ T+1s ○ (● taken)" },
  { "too-early", "+++---", 0, CR_VERDICT_FAIL, "took the marked row at T-24h-1s, which lies outside" },
  { "start-not-taken", "--+---", 0, CR_VERDICT_FAIL, "did not take the marked row at T-24h, although" },
  { "end-not-taken", "-+----", 0, CR_VERDICT_FAIL, "did not take the marked row at T-1s, although" },
  { "gap-taken", "-+++--", 0, CR_VERDICT_FAIL, "took the marked row at T-0.5s, which lies outside" },
  { "cut-line-taken", "-++-+-", 0, CR_VERDICT_FAIL, "took the marked row at T, which lies outside" },
  { "too-late", "-++--+", 0, CR_VERDICT_FAIL, "took the marked row at T+1s, which lies outside" },
  { "nothing-taken", "------", 0, CR_VERDICT_FAIL, "did not take the marked row at T-24h," },
  { "other-time", "-t+---", 0, CR_VERDICT_FAIL, "with another event time, 2001-01-01T00:00:00Z" },
  { "router", "-++--r", 0, CR_VERDICT_UNPROVEN, "It is not known if backfill took the marked row tx-fp-f-" },
  { "broken", "-+5---", 0, CR_VERDICT_UNPROVEN, "the answer was 500" },
  { "other-row", "-++-x-", 0, CR_VERDICT_UNPROVEN, "It can't be read what became of the marked row tx-fp-e-" },
  { "one-line-less", "-++--.", 0, CR_VERDICT_UNPROVEN, "one line for each marked row" },
  { "program-failed", "-++---", 1, CR_VERDICT_FAIL, "ended with 1" },
};

static void
test_fence_posts (void)
{
  static const char *const offered[] = { "2026-11-22T09:26:03Z", "2026-11-22T09:26:04Z", "2026-11-23T09:26:03Z", "2026-11-23T09:26:03.500000Z",
                                         "2026-11-23T09:26:04Z", "2026-11-23T09:26:05Z" };

  for (gsize i = 0; i < G_N_ELEMENTS (fences); i++) {
    g_auto(Case) self = { 0 };
    g_autoptr(GString) out = g_string_new (NULL);
    g_autoptr(CrGateVerdict) verdict = NULL;

    self.plan = make_plan_with (BACKFILL_RUN, "2026-11-23T09:26:04Z", NULL, "true");
    self.gate = cr_plan_find_gate (self.plan, "backfill", &self.index);
    self.set = cr_capture_set_new ();
    for (guint j = self.gate->witnesses->len; j > 0; j--)  /* the recorded digests are those of the files without marked rows */
      if (!g_str_equal (((CrPlanWitness *) self.gate->witnesses->pdata[j - 1])->id, "fence"))
        g_ptr_array_remove_index (self.gate->witnesses, j - 1);
    g_assert_cmpuint (self.gate->witnesses->len, ==, 1);
    put_call (self.set, "backfill");
    fill_backfill (self.set, self.gate);
    for (guint j = 0; j < 6; j++) {
      char said = fences[i].said[j];

      if (said == '.')
        continue;
      g_string_append_printf (out, "FENCE tx-fp-%c-%s ", (char) (said == 'x' ? 'z' : 'a' + (char) j), BACKFILL_RUN);
      if (said == '+')
        g_string_append_printf (out, "200 \"%s\"\n", offered[j]);
      else
        g_string_append (out, said == 't' ? "200 \"2001-01-01T00:00:00Z\"\n" : said == 'r' ? "404 \"Not Found\"\n" : said == '5' ? "500 \"None\"\n"
                                                                                                      : "404 \"tx_id not found\"\n");
    }
    put (self.set, self.gate, "fence", out->str, "", fences[i].exit_code);
    verdict = judge (&self);
    if (verdict->verdict != fences[i].verdict || strstr (verdict->fact, fences[i].fact) == NULL)
      g_error ("%s: %s: %s", fences[i].name, cr_verdict_to_string (verdict->verdict), verdict->fact);
    if (verdict->verdict != CR_VERDICT_PASS) {
      g_assert_cmpuint (verdict->cautions->len, ==, 0);
      continue;
    }
    /* the finding of the runbook's own ranges */
    g_assert_cmpuint (verdict->cautions->len, ==, 1);
    assert_contains (verdict->cautions->pdata[0], "Events between T_cutover-1s and T_cutover are taken by neither backfill nor sync");
    /* without the end of the command nothing is known */
    g_clear_pointer (&verdict, cr_gate_verdict_free);
    cr_capture_set_find (self.set, "backfill", "backfill")->pod_mark = CR_POD_MARK_LOST;
    verdict = judge (&self);
    g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
  }
}

/* One thing that is different from the happy set: "STEP=cmd:RECORDING" or "STEP=http:RECORDING" or "STEP=exit:CODE:STDERR" */
typedef struct {
  const char *name, *gate;
  const char *changes[4];
  CrVerdict   verdict;
  const char *reason, *line;  /* parts of them; line may be NULL */
} Wrong;

static const Wrong wrongs[] = {
  /* migration */
  { "tables-gone", "migration", { "current-before=cmd:migration-noop-but-tables-gone-current", "upgrade=cmd:migration-noop-second-run",
                                  "schema=http:smoke-get-audit-table-missing" },
    CR_VERDICT_FAIL, "alembic says head, but the schema is not usable", "HTTP_CODE=500" },
  { "wrong-password", "migration", { "upgrade=cmd:migration-wrong-password" }, CR_VERDICT_FAIL,
    "ended with 1: the database refused the password", "password authentication failed" },
  { "percent", "migration", { "upgrade=cmd:migration-password-with-percent" }, CR_VERDICT_FAIL, "percent sign", "invalid interpolation syntax" },
  { "multiple-heads", "migration", { "upgrade=cmd:migration-multiple-heads", "heads=cmd:migration-multiple-heads-heads-cmd" }, CR_VERDICT_FAIL,
    "ended with 255: the migrations have more than one head", "Multiple head revisions" },
  { "two-heads-only", "migration", { "heads=cmd:migration-multiple-heads-heads-cmd" }, CR_VERDICT_FAIL, "more than one head", "20991231_000b (head)" },
  { "unknown-revision", "migration", { "upgrade=cmd:migration-unknown-db-revision" }, CR_VERDICT_FAIL, "newer image", "20990101_9999" },
  { "version-lost", "migration", { "upgrade=cmd:migration-tables-exist-version-lost" }, CR_VERDICT_FAIL, "record of the revision is lost", "DuplicateTable" },
  { "no-right", "migration", { "upgrade=cmd:migration-no-create-privilege" }, CR_VERDICT_FAIL, "lacks a right", "InsufficientPrivilege" },
  { "wrong-cwd", "migration", { "upgrade=cmd:migration-wrong-cwd" }, CR_VERDICT_FAIL, "application's folder", "script_location" },
  { "no-revision-after", "migration", { "current-after=cmd:migration-current-before" }, CR_VERDICT_FAIL, "no revision after the migration", NULL },
  { "steps-unseen", "migration", { "upgrade=cmd:migration-noop-second-run" }, CR_VERDICT_UNPROVEN, "do not lead to the revision", NULL },
  { "router-404", "migration", { "schema=http:smoke-get-404-wrong-path" }, CR_VERDICT_FAIL, "from the router", "Not Found" },
  { "time-limit", "migration", { "upgrade=exit:124:INFO  [alembic.runtime.migration] Will assume transactional DDL." }, CR_VERDICT_UNPROVEN,
    "time limit", "Will assume transactional DDL" },
  /* backfill */
  { "out-of-range", "backfill", { "backfill=cmd:backfill-all-out-of-range", "after-pay=http:backfill-get-before", "after-rec=http:backfill-get-before" },
    CR_VERDICT_FAIL, "Backfill ended with 0, but the row is not there", "HTTP_CODE=404" },
  { "every-row-invalid", "backfill", { "backfill=cmd:backfill-every-row-invalid", "after-pay=http:backfill-get-before" }, CR_VERDICT_FAIL,
    "Backfill ended with 0, but its rows went to the dead-letter queue", "sent to DLQ" },
  { "one-row-invalid", "backfill", { "backfill=cmd:backfill-one-row-invalid" }, CR_VERDICT_FAIL, "dead-letter queue: required fields are missing", "sent to DLQ" },
  { "db-down", "backfill", { "backfill=cmd:backfill-db-down" }, CR_VERDICT_FAIL, "dead-letter queue: the database can't be reached", "sent to DLQ" },
  { "db-password", "backfill", { "backfill=cmd:backfill-wrong-db-password" }, CR_VERDICT_FAIL, "the database refused the password", "sent to DLQ" },
  { "tables-missing", "backfill", { "backfill=cmd:backfill-tables-missing" }, CR_VERDICT_FAIL, "a table does not exist", "sent to DLQ" },
  { "file-missing", "backfill", { "backfill=cmd:backfill-file-missing" }, CR_VERDICT_FAIL, "a file is not in the pod", "FileNotFoundError" },
  { "broken-json", "backfill", { "backfill=cmd:backfill-broken-json-line" }, CR_VERDICT_FAIL, "not JSON", "JSONDecodeError" },
  { "order-missing", "backfill", { "after-pay=body:\"status\":\"SETTLED\":\"status\":null" }, CR_VERDICT_FAIL, "status is null", "HTTP_CODE=200" },
  { "there-before", "backfill", { "before-pay=http:backfill-get-after" }, CR_VERDICT_FAIL, "already there before", "HTTP_CODE=200" },
  { "event-time", "backfill", { "after-rec=body:08:26:04Z:08:26:05Z" }, CR_VERDICT_FAIL, "event_time is 2026-11-23T08:26:05Z instead of", NULL },
  { "amount", "backfill", { "after-pay=body:\"amount\":\"100.00\":\"amount\":\"100.01\"" }, CR_VERDICT_FAIL, "the amount is \"100.01\" instead of 100.00", NULL },
  { "related", "backfill", { "after-pay=body:\"related\":{:\"other\":{" }, CR_VERDICT_FAIL, "related_id is absent instead of po-bf-", NULL },
  { "pairing", "backfill", { "after-pay=body:\"COMPLETE\":\"INCOMPLETE\"" }, CR_VERDICT_FAIL, "pairing_status", NULL },
  /* sync */
  { "nothing", "sync", { "consume=cmd:sync-consume-nothing-on-topic", "readback=http:sync-consume-backlog-get" }, CR_VERDICT_FAIL,
    "nobody consumed the payment", "Idle for 20 seconds" },
  { "backlog", "sync", { "consume=cmd:sync-consume-backlog", "readback=http:sync-consume-backlog-get" }, CR_VERDICT_FAIL, "backlog", "Processed 3 messages" },
  { "db-down", "sync", { "consume=cmd:sync-consume-db-down", "readback=http:smoke-get-db-down" }, CR_VERDICT_FAIL, "messages went to the dead-letter queue",
    "sent to DLQ" },
  { "broker-refused", "sync", { "publish=cmd:sync-publish-broker-refused", "consume=cmd:sync-consume-broker-refused" }, CR_VERDICT_FAIL,
    "publisher's run_id is bd1", NULL },
  { "broker-refused-consume", "sync", { "consume=cmd:sync-consume-broker-refused" }, CR_VERDICT_FAIL, "the broker can't be reached", "%3|" },
  { "group-right", "sync", { "consume=cmd:sync-consume-group-not-authorized" }, CR_VERDICT_FAIL, "consumer group", "GROUP_AUTHORIZATION_FAILED" },
  { "no-ending", "sync", { "consume=cmd:sync-consume-sigint" }, CR_VERDICT_UNPROVEN, "neither how many messages", NULL },
  { "interrupted", "sync", { "consume=cmd:sync-consume-sigint", "readback=http:sync-consume-backlog-get" }, CR_VERDICT_FAIL,
    "did not say how it ended", "Consumer interrupted" },
  { "no-log", "sync", { "consume=cmd:sync-consume-log-level-warning" }, CR_VERDICT_UNPROVEN, "log level", NULL },
  { "half", "sync", { "readback=body:\"status\":\"SETTLED\":\"status\":null" }, CR_VERDICT_FAIL, "payment order is missing", NULL },
  { "before-cutover", "sync", { "readback=body:09:12:21Z:09:12:20Z" }, CR_VERDICT_FAIL, "before T_cutover", NULL },
  { "future", "sync", { "readback=body:09:12:21Z:09:12:31Z" }, CR_VERDICT_FAIL, "in the future", NULL },
  { "no-zone", "sync", { "readback=body:09:12:21Z:09:12:21" }, CR_VERDICT_FAIL, "no instant", NULL },
  /* smoke */
  { "router", "smoke", { "smoke-404=http:smoke-get-404-wrong-path" }, CR_VERDICT_FAIL, "from the router", "HTTP_CODE=404" },
  { "both-router", "smoke", { "smoke-200=http:smoke-get-404-wrong-path", "smoke-404=http:smoke-get-404-wrong-path" }, CR_VERDICT_FAIL,
    "the router does not know this address", NULL },
  { "missing-200", "smoke", { "smoke-404=http:smoke-get-200-full" }, CR_VERDICT_FAIL, "An id that nobody made is answered with 200", NULL },
  { "other-id", "smoke", { "smoke-200=body:tx-pay-s1:tx-pay-s9" }, CR_VERDICT_FAIL, "another id, tx-pay-s9", NULL },
  { "auth", "smoke", { "smoke-200=http:smoke-auth-no-header", "smoke-404=http:smoke-auth-no-header" }, CR_VERDICT_FAIL, "asks for a sign-in (401", NULL },
  { "db-down", "smoke", { "smoke-200=http:smoke-get-db-down", "smoke-404=http:smoke-get-db-down" }, CR_VERDICT_FAIL, "failed with 500", NULL },
  { "same-answer", "smoke", { "nonsense=http:smoke-get-404-unknown-id" }, CR_VERDICT_FAIL, "the handler was never asked", NULL },
  { "html", "smoke", { "smoke-200=body:{\"tx_id\":<html>{\"tx_id\"" }, CR_VERDICT_FAIL, "not with a JSON object", NULL },
  { "two-ids", "smoke", { "smoke-200=body:{\"tx_id\":{\"entry_type\"" }, CR_VERDICT_FAIL, "a key stands twice", NULL },
  /* idempotency */
  { "vacuous", "idempotency", { "consume=cmd:sync-consume-nothing-on-topic", "after=http:idempotency-happy-1-before-body" }, CR_VERDICT_UNPROVEN,
    "the event time did not move", "09:12:21Z" },
  { "both-404", "idempotency", { "before=http:smoke-get-404-wrong-path", "after=http:smoke-get-404-wrong-path" }, CR_VERDICT_FAIL, "router", NULL },
  { "auth", "idempotency", { "before=http:smoke-auth-no-header", "after=http:smoke-auth-no-header" }, CR_VERDICT_FAIL, "sign-in", NULL },
  { "dlq", "idempotency", { "consume=cmd:sync-consume-db-down" }, CR_VERDICT_FAIL, "dead-letter queue", "sent to DLQ" },
  { "lag-type", "idempotency", { "after=body:\"data_lag_sec\":2:\"data_lag_sec\":\"2\"" }, CR_VERDICT_FAIL, "data_lag_sec is \"2\"", NULL },
  { "went-back", "idempotency", { "after=body:09:12:52Z:09:12:20Z" }, CR_VERDICT_FAIL, "went back", NULL },
  { "before-publish", "idempotency", { "after=body:09:12:52Z:09:12:40Z" }, CR_VERDICT_UNPROVEN, "before the duplicates were published", NULL },
  /* precheck */
  { "signed-out", "precheck", { "token=exit:1:ERROR: AADSTS700082: The refresh token has expired due to inactivity." }, CR_VERDICT_BLOCKED,
    "the sign-in is not valid any more", "AADSTS700082" },
  { "no-folder", "precheck", { "evidence-folder=out:1:EVIDENCE_FOLDER=/mnt\nPROBE=failed\nERROR=Read-only file system\n" }, CR_VERDICT_BLOCKED,
    "can't be written: Read-only file system", "ERROR=" },
  { "stopped", "precheck", { "aks=out:0:{\"provisioningState\": \"Succeeded\", \"powerState\": \"Stopped\"}" }, CR_VERDICT_BLOCKED,
    "power state is Stopped", "powerState" },
  { "empty-aks", "precheck", { "aks=out:0:" }, CR_VERDICT_BLOCKED, "printed nothing", NULL },
  { "two-subscriptions", "precheck", { "token=out:0:{\"subscription\": \"x\", \"expiresOn\": \"2026-11-23 19:12:13\"}" }, CR_VERDICT_BLOCKED,
    "The token is for subscription x", NULL },
  { "old-az", "precheck", { "az-version=out:0:{\"azure-cli\": \"2.78.0\"}" }, CR_VERDICT_BLOCKED, "2.78.0, can't be used", "2.78.0" },
  { "no-flock", "precheck", { "tools=out:0:TOOL az=/a\nTOOL kubelogin=/a\nTOOL kubectl=/a\nTOOL timeout=/a\nTOOL flock=missing\nTOOL gzip=/a\nTOOL base64=/a\n"
                              "TOOL sha256sum=/a\n" }, CR_VERDICT_BLOCKED, "has no flock", "TOOL flock=missing" },
  { "namespace", "precheck", { "namespace=exit:1:Error from server (NotFound): namespaces \"txlookup\" not found" }, CR_VERDICT_BLOCKED,
    "does not exist in the cluster", "NotFound" },
  { "crash-loop", "precheck", { "pods=out:0:tx-lookup-api-2|Running|c:tx-lookup-api,false,7,CrashLoopBackOff,1;\ntxlookup-consumer-5|Running|c:c,true,0,,;\n" },
    CR_VERDICT_BLOCKED, "Pod tx-lookup-api-2 waits with CrashLoopBackOff", "CrashLoopBackOff" },
  { "image-pull", "precheck", { "pods=out:0:tx-lookup-api-2|Running|c:a,true,0,,;\ntxlookup-consumer-5|Running|c:c,true,0,,;\nx-1|Pending|i:i,false,0,ErrImagePull,;c:c,"
                                "false,0,PodInitializing,;\n" }, CR_VERDICT_BLOCKED, "Pod x-1 waits with ErrImagePull", NULL },
  { "not-ready", "precheck", { "pods=out:0:tx-lookup-api-2|Running|c:a,false,0,,;\ntxlookup-consumer-5|Running|c:c,true,0,,;\n" }, CR_VERDICT_BLOCKED,
    "No pod of deployment tx-lookup-api is running and ready", NULL },
  { "no-replica", "precheck", { "deployments=out:0:tx-lookup-api|1||1|a\ntxlookup-consumer|1|1|1|a\n" }, CR_VERDICT_BLOCKED, "no ready replica", "tx-lookup-api|1||1|a" },
  { "one-deployment", "precheck", { "deployments=out:0:tx-lookup-api|1|1|1|a\n" }, CR_VERDICT_BLOCKED, "txlookup-consumer is not known", NULL },
  { "clock", "precheck", { "jumpbox-clock=out:0:1795425191.0\n" }, CR_VERDICT_BLOCKED, "wrong by at least 31.0 s", NULL },
  { "pod-clock", "precheck", { "api-clock=out:0:1795425108.0\n" }, CR_VERDICT_BLOCKED, "wrong by at least 32.0 s", NULL },
};

static void
apply_change (Case *self, const char *change)
{
  const char *equals = strchr (change, '=');
  g_autofree char *step = g_strndup (change, (gsize) (equals - change));
  const char *what = equals + 1;

  if (g_str_has_prefix (what, "cmd:") && g_str_equal (step, "backfill")) {
    put_backfill (self->set, self->gate, what + 4);
  } else if (g_str_has_prefix (what, "cmd:")) {
    put_recording (self->set, self->gate, step, what + 4);
  } else if (g_str_has_prefix (what, "http:")) {
    put_http (self->set, self->gate, step, what + 5, g_str_has_prefix (what, "http:idempotency") ? HASH_S1 : NULL);
  } else if (g_str_has_prefix (what, "exit:")) {
    const char *err = strchr (what + 5, ':') + 1;
    put (self->set, self->gate, step, "", err, (int) g_ascii_strtoll (what + 5, NULL, 10));
  } else if (g_str_has_prefix (what, "out:")) {
    const char *out = strchr (what + 4, ':') + 1;
    put (self->set, self->gate, step, out, "", (int) g_ascii_strtoll (what + 4, NULL, 10));
  } else {  /* body:OLD:NEW of equal number of colons: replaced in the body of the happy answer */
    CrCapture *capture = cr_capture_set_find (self->set, self->gate->id, step);
    g_autofree char *out = g_strndup (g_bytes_get_data (capture->out, NULL), g_bytes_get_size (capture->out));
    const char *base64 = strstr (out, "\nBODY_B64=") + strlen ("\nBODY_B64=");
    g_autofree char *encoded = g_strndup (base64, strcspn (base64, "\n"));
    gsize length, part = strlen (what + 5), colons = 0;
    g_autofree guchar *raw = g_base64_decode (encoded, &length);
    g_autofree char *body = g_strndup ((const char *) raw, length);
    const char *middle = what + 5;
    g_autofree char *old = NULL;
    g_auto(GStrv) pieces = NULL;
    g_autofree char *changed = NULL;
    g_autofree char *date = g_strndup (strstr (out, "\nDATE=") + 6, strlen ("Mon, 23 Nov 2026 09:12:28 GMT"));
    gboolean hash = strstr (out, "\nCANON_HASH=") != NULL;

    for (gsize i = 0; i < part; i++)
      colons += what[5 + i] == ':' ? 1u : 0u;
    for (gsize i = 0; i < (colons + 1) / 2; i++)
      middle = strchr (middle + (i > 0 ? 1 : 0), ':');
    old = g_strndup (what + 5, (gsize) (middle - what - 5));
    pieces = g_strsplit (body, old, 2);
    g_assert_cmpuint (g_strv_length (pieces), ==, 2);
    changed = g_strconcat (pieces[0], middle + 1, pieces[1], NULL);
    put_answer (self->set, self->gate, step, 200, date, changed, hash ? HASH_S1 : NULL);
  }
}

static void
test_wrong (gconstpointer data)
{
  const Wrong *wrong = data;
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, wrong->gate);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong->changes) && wrong->changes[i] != NULL; i++)
    apply_change (&self, wrong->changes[i]);
  verdict = judge (&self);
  g_test_message ("%s | %s | %s | %s", cr_verdict_to_string (verdict->verdict), verdict->reason, verdict->line, verdict->next);
  g_assert_cmpstr (cr_verdict_to_string (verdict->verdict), ==, cr_verdict_to_string (wrong->verdict));
  assert_contains (verdict->reason, wrong->reason);
  if (wrong->line != NULL)
    assert_contains (verdict->line, wrong->line);
  g_assert_cmpstr (verdict->fact, ==, verdict->reason);
  g_assert_nonnull (verdict->next);
}

/* The duplicate changed the amount: the field and both values are named. Its hash was made with Python. */
static void
test_changed_amount (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;
  g_autofree char *date = NULL;
  int status;
  g_autofree char *body = NULL;
  g_auto(GStrv) pieces = NULL;
  g_autofree char *changed = NULL;

  make_case (&self, "idempotency");
  body = load_http ("idempotency-happy-6-after-body", &status, &date);
  pieces = g_strsplit (body, "\"amount\":\"100.00\"", 2);
  changed = g_strconcat (pieces[0], "\"amount\":\"90.00\"", pieces[1], NULL);
  put_answer (self.set, self.gate, "after", 200, date, changed, HASH_S1_90);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_FAIL);
  g_assert_cmpstr (verdict->reason, ==, "The duplicates changed the payload: /amount was \"100.00\" and became \"90.00\".");
  g_assert_cmpstr (verdict->line, ==, "/amount: \"100.00\" → \"90.00\"");
}

/* Each capture, and the call, taken away or spoilt one at a time: never a pass */
static void
test_nothing_may_be_missing (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto(Case) self = { 0 };
  CrCall *call;

  make_case (&self, happy[i].gate);
  for (guint step = 0; step < self.gate->steps->len; step++) {
    const CrPlanStep *planned = self.gate->steps->pdata[step];

    for (guint way = 0; way < 9; way++) {
      CrCapture *capture = cr_capture_set_find (self.set, self.gate->id, planned->id);
      CrCapture copy = *capture;
      gboolean pod = capture->where == CR_STEP_POD;
      g_autoptr(CrGateVerdict) verdict = NULL;
      g_autofree char *before = capture->gate;

      if (way == 0)
        capture->gate = "elsewhere";
      else if (way == 1)
        capture->outcome = CR_OUTCOME_UNKNOWN;
      else if (way == 2)
        capture->outcome = CR_OUTCOME_STOPPED;
      else if (way == 3)
        capture->outcome = CR_OUTCOME_NOT_STARTED;
      else if (way == 4)
        capture->exit_code = -1;
      else if (way == 5)
        capture->exit_code = 124;
      else if (way == 6)
        capture->pod_mark = pod ? CR_POD_MARK_LOST : capture->pod_mark;
      else if (way == 7)
        capture->exit_code = 1;
      else
        capture->where = capture->where == CR_STEP_POD ? CR_STEP_LOCAL : CR_STEP_POD;
      verdict = judge (&self);
      if (verdict->verdict == CR_VERDICT_PASS && (way != 6 || pod) && !(way == 7 && g_str_equal (planned->id, "nonsense")))
        g_error ("%s passes without %s (way %u)", self.gate->id, planned->id, way);
      if (way == 2 && !g_str_equal (self.gate->id, "precheck"))
        g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
      *capture = copy;
      capture->gate = g_steal_pointer (&before);
    }
  }
  call = self.set->calls->pdata[0];
  for (guint way = 0; way < 6; way++) {
    CrCall copy = *call;
    g_autoptr(CrGateVerdict) verdict = NULL;

    if (way == 0)
      call->kind = "page";
    else if (way == 1)
      call->outcome = CR_OUTCOME_UNKNOWN;
    else if (way == 2)
      call->outcome = CR_OUTCOME_NOT_STARTED;
    else if (way == 3)
      call->outcome = CR_OUTCOME_STOPPED;
    else if (way == 4)
      call->nonce = NULL;
    else
      call->payload_sha256 = NULL;
    verdict = judge (&self);
    g_assert_cmpint (verdict->verdict, !=, CR_VERDICT_PASS);
    *call = copy;
  }
  put_call (self.set, self.gate->id);  /* sent twice: which one counts? */
  {
    g_autoptr(CrGateVerdict) verdict = judge (&self);
    g_assert_cmpint (verdict->verdict, !=, CR_VERDICT_PASS);
  }
}

/* An answer that was cut proves nothing, even if what is left looks good */
static void
test_incomplete (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto(Case) self = { 0 };

  make_case (&self, happy[i].gate);
  for (guint w = 0; w < self.gate->witnesses->len; w++) {
    const CrPlanWitness *witness = self.gate->witnesses->pdata[w];
    const char *step = g_hash_table_lookup (witness->args, "step");
    gboolean err = g_str_equal (witness->rule, "stderr_clean") || g_str_equal (witness->rule, "consumer_ending");
    CrCapture *capture = step != NULL ? cr_capture_set_find (self.set, self.gate->id, step) : NULL;
    g_autoptr(CrGateVerdict) verdict = NULL;

    if (capture == NULL || g_str_equal (witness->rule, "exit_zero") || g_str_equal (witness->rule, "command_ended")
        || g_str_equal (witness->rule, "folder_writable") || g_str_equal (witness->rule, "files_in_pod"))
      continue;
    capture->complete = FALSE;
    capture->out_size += err ? 0 : 1;
    capture->err_size += err ? 1 : 0;
    verdict = judge (&self);
    if (((CrWitnessResult *) verdict->witnesses->pdata[w])->state != CR_WITNESS_MISSING)
      g_error ("%s/%s holds although its output is cut", self.gate->id, witness->id);
    g_assert_cmpint (verdict->verdict, !=, CR_VERDICT_PASS);
    capture->out_size -= err ? 0 : 1;
    capture->err_size -= err ? 1 : 0;
    g_clear_pointer (&verdict, cr_gate_verdict_free);
    verdict = judge (&self);  /* the bytes are all there, although another stream's were not */
    g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
    capture->complete = TRUE;
  }
}

/* ---- mutations (facts: reliability I6): a pass only with the very same facts ---- */

static GPtrArray *
seen_facts (CrGateVerdict *verdict, CrPlanGate *gate)
{
  GPtrArray *facts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < verdict->witnesses->len; i++) {
    const CrPlanWitness *witness = gate->witnesses->pdata[i];
    const CrWitnessResult *result = verdict->witnesses->pdata[i];

    /* who consumed is recorded and proves nothing; the other precheck rules show what they read, which may differ and still be good */
    if (!g_str_equal (witness->rule, "consumer_ending"))
      g_ptr_array_add (facts, g_strdup (result->seen));
  }
  return facts;
}

static void
check_mutant (Case *self, GPtrArray *good, CrCapture *capture, const char *bytes, gsize length, const char *how)
{
  GBytes *out = capture->out;
  gsize size = capture->out_size;
  g_autoptr(CrGateVerdict) verdict = NULL;

  capture->out = g_bytes_new (bytes, length);
  capture->out_size = length;
  verdict = judge (self);
  if (verdict->verdict == CR_VERDICT_PASS) {
    g_autoptr(GPtrArray) facts = seen_facts (verdict, self->gate);
    for (guint i = 0; i < good->len; i++)
      if (g_strcmp0 (good->pdata[i], facts->pdata[i]) != 0)
        g_error ("%s/%s %s passes with another fact: %s, was %s", self->gate->id, capture->step, how, (char *) facts->pdata[i], (char *) good->pdata[i]);
  }
  g_bytes_unref (capture->out);
  capture->out = out;
  capture->out_size = size;
}

static void
test_mutations (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;
  g_autoptr(GPtrArray) good = NULL;
  gboolean precheck = g_str_equal (happy[i].gate, "precheck");

  make_case (&self, happy[i].gate);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
  good = seen_facts (verdict, self.gate);

  for (guint n = 0; n < self.set->captures->len; n++) {
    CrCapture *capture = self.set->captures->pdata[n];
    gsize length;
    const char *out = g_bytes_get_data (capture->out, &length);

    for (gsize from = 0; from < length;) {
      const char *end = memchr (out + from, '\n', length - from);
      gsize to = end != NULL ? (gsize) (end - out) + 1 : length;
      g_autoptr(GString) mutant = g_string_new_len (out, (gssize) length);

      g_string_erase (mutant, (gssize) from, (gssize) (to - from));
      check_mutant (&self, good, capture, mutant->str, mutant->len, "with a line deleted");
      g_string_truncate (mutant, 0);
      g_string_append_len (mutant, out, (gssize) to);
      g_string_append_len (mutant, out + from, (gssize) (length - from));
      check_mutant (&self, good, capture, mutant->str, mutant->len, "with a line twice");
      from = to;
    }
    for (gsize byte = 0; byte < length && !precheck; byte++) {
      g_autofree char *mutant = g_memdup2 (out, length);

      mutant[byte] ^= (char) (1 << (byte % 7));
      check_mutant (&self, good, capture, mutant, length, "with a bit flipped");
      check_mutant (&self, good, capture, out, byte, "cut");
    }
  }
}

/* B16: every fact of a probe exactly once, in every gate */
static void
test_duplicate_facts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (happy); i++) {
    g_auto(Case) self = { 0 };

    make_case (&self, happy[i].gate);
    for (guint n = 0; n < self.set->captures->len; n++) {
      CrCapture *capture = self.set->captures->pdata[n];
      gsize length;
      const char *out = g_bytes_get_data (capture->out, &length);
      g_autofree char *text = g_strndup (length > 0 ? out : "", length);
      g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

      if (!g_str_has_prefix (text, "URL="))
        continue;
      for (guint l = 0; lines[l] != NULL && *lines[l] != '\0'; l++) {
        g_autofree char *key = g_strndup (lines[l], strcspn (lines[l], "="));
        g_autofree char *mutant = g_strdup_printf ("%s%s=500\n", text, key);
        GBytes *old = capture->out;
        g_autoptr(CrGateVerdict) verdict = NULL;

        capture->out = g_bytes_new (mutant, strlen (mutant));
        capture->out_size = strlen (mutant);
        verdict = judge (&self);
        if (verdict->verdict == CR_VERDICT_PASS)
          g_error ("%s passes with two lines %s", capture->step, key);
        g_bytes_unref (capture->out);
        capture->out = old;
        capture->out_size = length;
      }
    }
  }
}

/* ---- blocked, unknown, stopped ---- */

static void
clear_remote (Case *self, CrOutcome outcome, const char *reason, const char *message)
{
  for (guint i = 0; i < self->set->captures->len; i++) {
    CrCapture *capture = self->set->captures->pdata[i];

    if (capture->where != CR_STEP_POD && capture->where != CR_STEP_JUMPBOX)
      continue;
    capture->outcome = outcome;
    capture->exit_code = -1;
    capture->pod_mark = CR_POD_MARK_NA;
    capture->complete = FALSE;
    g_free (capture->reason);
    g_free (capture->message);
    capture->reason = g_strdup (reason);
    capture->message = g_strdup (message);
    g_bytes_unref (capture->out);
    capture->out = g_bytes_new_static ("", 0);
    capture->out_size = 0;
  }
}

static void
test_not_started (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;
  CrCall *call;

  make_case (&self, happy[i].gate);
  clear_remote (&self, CR_OUTCOME_NOT_STARTED, "not-signed-in", "az is not signed in. Run `az login`, then start again.");
  call = self.set->calls->pdata[0];
  call->outcome = CR_OUTCOME_NOT_STARTED;
  call->reason = g_strdup ("not-signed-in");
  call->message = g_strdup ("az is not signed in. Run `az login`, then start again.");
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_BLOCKED);
  g_assert_cmpstr (verdict->reason, ==, "az is not signed in. Run `az login`, then start again.");
  if (i > 0)
    g_assert_cmpstr (verdict->exit_code, ==, "not_run");
}

static void
test_unknown (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;
  CrCall *call;

  make_case (&self, happy[i].gate);
  clear_remote (&self, CR_OUTCOME_UNKNOWN, "agent-lost", NULL);
  call = self.set->calls->pdata[0];
  call->outcome = CR_OUTCOME_UNKNOWN;
  call->message = g_strdup ("The jumpbox's agent was lost. It may still be running.");
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, i == 0 ? CR_VERDICT_BLOCKED : CR_VERDICT_UNPROVEN);
  assert_contains (verdict->reason, "agent was lost");
  if (i > 0)
    g_assert_cmpstr (verdict->exit_code, ==, "unknown");
}

/* Only the lines that prepare a gate ran and failed: the environment's fault */
static void
test_environment_step (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "backfill");
  clear_remote (&self, CR_OUTCOME_NOT_STARTED, "earlier-step", NULL);
  put (self.set, self.gate, "credentials", "", "ERROR: Please run 'az login' to setup account.\n", 1);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_BLOCKED);
  assert_contains (verdict->reason, "az is not signed in");
  assert_contains (verdict->line, "Please run 'az login'");
  g_assert_cmpstr (verdict->exit_code, ==, "not_run");
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  put (self.set, self.gate, "before-pay", "", "x", 0);  /* but once a step of the gate's own ran, it is no environment any more */
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, !=, CR_VERDICT_BLOCKED);
  g_assert_cmpint (verdict->verdict, !=, CR_VERDICT_PASS);
}

static void
test_kubectl_errors (void)
{
  static const struct { const char *err; CrVerdict verdict; } table[] = {
    { "Unable to connect to the server: dial tcp: lookup nsc-aks-dev: no such host\n", CR_VERDICT_BLOCKED },
    { "Error from server (NotFound): deployments.apps \"tx-lookup-api\" not found\n", CR_VERDICT_BLOCKED },
    { "Error from server (Forbidden): deployments.apps is forbidden\n", CR_VERDICT_BLOCKED },
    { "error: You must be logged in to the server (Unauthorized)\n", CR_VERDICT_BLOCKED },
    { "error: error reading from error stream: next reader: websocket: close 1006 (abnormal closure): unexpected EOF\n", CR_VERDICT_UNPROVEN },
    { "Unable to connect to the server: x\ncommand terminated with exit code 1\n", CR_VERDICT_UNPROVEN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_auto(Case) self = { 0 };
    g_autoptr(CrGateVerdict) verdict = NULL;
    CrCapture *capture;

    make_case (&self, "migration");
    clear_remote (&self, CR_OUTCOME_NOT_STARTED, "earlier-step", NULL);
    fill_login (self.set, self.gate);
    capture = put (self.set, self.gate, "current-before", "", table[i].err, 1);
    capture->pod_mark = CR_POD_MARK_LOST;
    verdict = judge (&self);
    g_test_message ("%s | %s", verdict->reason, verdict->line);
    g_assert_cmpstr (cr_verdict_to_string (verdict->verdict), ==, cr_verdict_to_string (table[i].verdict));
  }
}

/* The jumpbox's frame says it with an outcome of its own: refused before anything started, lost on the way, killed in the pod. */
static void
test_pod_outcomes (void)
{
  static const struct { const char *reason, *err; CrOutcome outcome; int exit_code; CrPodMark mark; CrVerdict verdict; const char *says; } table[] = {
    { "pod-unreachable", "Error from server (NotFound): deployments.apps \"tx-lookup-api\" not found\n", CR_OUTCOME_NOT_STARTED, 1, CR_POD_MARK_LOST,
      CR_VERDICT_BLOCKED, "kubectl could not start it" },
    { "pod-mark-lost", "error: error reading from error stream: next reader: unexpected EOF\n", CR_OUTCOME_UNKNOWN, 1, CR_POD_MARK_LOST,
      CR_VERDICT_UNPROVEN, "kubectl could not run" },
    { "pod-mark-lost", "", CR_OUTCOME_UNKNOWN, 0, CR_POD_MARK_LOST, CR_VERDICT_UNPROVEN, "the connection was lost" },
    { "killed", "", CR_OUTCOME_UNKNOWN, 137, CR_POD_MARK_OK, CR_VERDICT_UNPROVEN, "was killed before its end" },
    { "time-limit", "", CR_OUTCOME_UNKNOWN, 124, CR_POD_MARK_OK, CR_VERDICT_UNPROVEN, "reached its time limit" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++) {
    g_auto(Case) self = { 0 };
    g_autoptr(CrGateVerdict) verdict = NULL;
    CrCapture *capture;

    make_case (&self, "sync");
    clear_remote (&self, CR_OUTCOME_NOT_STARTED, "earlier-step", "It did not run because an earlier step of the gate failed.");
    fill_login (self.set, self.gate);
    capture = put (self.set, self.gate, "publish", "", table[i].err, table[i].exit_code);
    capture->outcome = table[i].outcome;
    capture->pod_mark = table[i].mark;
    capture->reason = g_strdup (table[i].reason);
    capture->message = g_strdup ("kubectl could not start it, or something else happened.");
    verdict = judge (&self);
    g_test_message ("%s | %s | %s", verdict->reason, verdict->line, verdict->next);
    g_assert_cmpstr (cr_verdict_to_string (verdict->verdict), ==, cr_verdict_to_string (table[i].verdict));
    assert_contains (verdict->reason, table[i].says);
  }
}

/* kubectl said 0 after a lost connection (B1) */
static void
test_lost_mark (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "sync");
  cr_capture_set_find (self.set, "sync", "consume")->pod_mark = CR_POD_MARK_LOST;
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
  assert_contains (verdict->reason, "the mark printed after it in the pod is missing");
  g_assert_cmpstr (verdict->exit_code, ==, "unknown");
}

static void
test_sample_script (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;
  CrCall *call;

  make_case (&self, "precheck");
  clear_remote (&self, CR_OUTCOME_UNKNOWN, "sample-script", NULL);
  call = self.set->calls->pdata[0];
  call->outcome = CR_OUTCOME_UNKNOWN;
  call->reason = g_strdup ("sample-script");
  call->message = g_strdup ("az ran its own sample script instead of ours.");
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_BLOCKED);
  assert_contains (verdict->reason, "sample script");
}

/* A cluster that is stopped: found on this computer, so nothing was sent */
static void
test_stopped_cluster (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "precheck");
  clear_remote (&self, CR_OUTCOME_NOT_STARTED, "earlier-step", NULL);
  g_ptr_array_set_size (self.set->calls, 0);
  put (self.set, self.gate, "aks", "{\"provisioningState\": \"Succeeded\", \"powerState\": \"Stopped\"}\n", "", 0);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_BLOCKED);
  assert_contains (verdict->reason, "power state is Stopped");
  assert_contains (verdict->next, "az aks start");
}

/* While the gate's own command may still be running, what is not there yet proves nothing; what was wrong before it does. */
static void
test_unknown_command (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "backfill");
  put (self.set, self.gate, "backfill", BACKFILL_FILES, "", 124);
  put_http (self.set, self.gate, "after-pay", "backfill-get-before", NULL);
  put_http (self.set, self.gate, "after-rec", "backfill-get-before", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
  assert_contains (verdict->reason, "reached its time limit");
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  put_http (self.set, self.gate, "before-pay", "backfill-get-after", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_FAIL);
  assert_contains (verdict->reason, "already there before");
  g_clear_pointer (&verdict, cr_gate_verdict_free);
  case_clear (&self);

  make_case (&self, "idempotency");  /* the witnesses that look at both payloads count as those of the later one */
  cr_capture_set_find (self.set, "idempotency", "consume")->pod_mark = CR_POD_MARK_LOST;
  put_http (self.set, self.gate, "after", "smoke-get-404-unknown-id", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
}

/* An API that does not answer brings no witness, and contradicts none. */
static void
test_no_answer (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "smoke");
  put_answer (self.set, self.gate, "smoke-200", 0, "", "", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
  assert_contains (verdict->reason, "the API in the pod gave no answer");
  assert_contains (verdict->line, "Connection refused");
}

/* kubectl finds no container, because the pod is in a crash loop: the cause is named, not what follows from it. */
static void
test_first_cause (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;
  CrCapture *capture;

  make_case (&self, "precheck");
  put (self.set, self.gate, "pods", "tx-lookup-api-2|Running|c:tx-lookup-api,false,7,CrashLoopBackOff,1;\ntxlookup-consumer-5|Running|c:c,true,0,,;\n", "", 0);
  capture = put (self.set, self.gate, "api-clock", "", "error: unable to upgrade connection: container not found (\"tx-lookup-api\")\n", 1);
  capture->outcome = CR_OUTCOME_NOT_STARTED;
  capture->pod_mark = CR_POD_MARK_LOST;
  capture->reason = g_strdup ("pod-unreachable");
  capture->message = g_strdup ("kubectl could not start the command in the pod.");
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_BLOCKED);
  g_assert_cmpstr (verdict->reason, ==, "Pod tx-lookup-api-2 waits with CrashLoopBackOff.");
}

static void
test_smoke_codes (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "smoke");
  put_http (self.set, self.gate, "smoke-200", "smoke-get-db-down", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_FAIL);
  g_assert_cmpstr (verdict->exit_code, ==, "1");
  g_assert_cmpstr (verdict->exit_code2, ==, "0");
}

/* ---- direct probes ---- */

static void
test_direct (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  self.plan = make_plan ("s1", "2026-11-23T09:12:21Z", "https://api.example");
  self.gate = cr_plan_find_gate (self.plan, "smoke", &self.index);
  self.set = cr_capture_set_new ();
  put_call (self.set, "smoke");
  fill_smoke (self.set, self.gate);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);  /* the direct probes were not made */
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  put_http (self.set, self.gate, "direct-200", "smoke-get-200-full-again", NULL);  /* data_lag_sec is another one */
  put_http (self.set, self.gate, "direct-404", "smoke-get-404-unknown-id", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  put_http (self.set, self.gate, "direct-404", "smoke-get-404-wrong-path", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_FAIL);
  assert_contains (verdict->reason, "different bodies");
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  put_answer (self.set, self.gate, "direct-404", 0, "", "", NULL);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  put_http (self.set, self.gate, "direct-404", "smoke-get-404-unknown-id", NULL)->http_status = 200;
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
}

/* ---- clocks ---- */

static void
test_clock_caution (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "precheck");
  /* the jumpbox had it read between :20 and :22 (its t1 is cut), the pod said :25 */
  put (self.set, self.gate, "api-clock", "1795425145.000000000\n", "", 0);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
  g_assert_cmpuint (verdict->cautions->len, ==, 1);
  assert_contains (verdict->fact, "api +0.0 ± 15.0 s (to the jumpbox +4.0 ± 1.0 s)");
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  put (self.set, self.gate, "api-clock", "1795425140.%N\n", "", 0);  /* busybox */
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
  g_assert_cmpuint (verdict->cautions->len, ==, 0);
}

/* The consumer pod's clock is 40 s slow: the event time of the replay is before the publish on the jumpbox's clock, and still right. */
static void
test_corrected_publish (void)
{
  g_auto(Case) self = { 0 };
  CrCapture *publish;
  CrPlanGate *precheck;
  guint index;
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "idempotency");
  publish = cr_capture_set_find (self.set, "idempotency", "publish");
  publish->started_us = at ("2026-11-23T09:13:31Z");
  publish->ended_us = at ("2026-11-23T09:13:32Z");
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
  g_clear_pointer (&verdict, cr_gate_verdict_free);

  precheck = cr_plan_find_gate (self.plan, "precheck", &index);
  put (self.set, precheck, "consumer-clock", "1795425100.500000000\n", "", 0);  /* while the jumpbox said :20 to :21, that is 1795425140 */
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_PASS);
}

/* ---- odds and ends ---- */

static void
test_every_rule_known (void)
{
  g_autoptr(CrPlan) plan = make_plan ("s1", "2026-11-23T09:12:21Z", "https://api.example");

  for (guint i = 0; i < plan->gates->len; i++) {
    const CrPlanGate *gate = plan->gates->pdata[i];
    for (guint j = 0; j < gate->witnesses->len; j++)
      g_assert_true (cr_judge_has_rule (((CrPlanWitness *) gate->witnesses->pdata[j])->rule));
  }
  g_assert_false (cr_judge_has_rule ("looks_good"));
  g_assert_false (cr_judge_has_rule (""));
}

/* A gate that asks for nothing, or for a rule nobody knows, proves nothing. */
static void
test_no_witness (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;
  CrPlanWitness *witness;

  make_case (&self, "smoke");
  witness = self.gate->witnesses->pdata[0];
  g_free (witness->rule);
  witness->rule = g_strdup ("looks_good");
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
  g_clear_pointer (&verdict, cr_gate_verdict_free);
  g_ptr_array_set_size (self.gate->witnesses, 0);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_UNPROVEN);
}

static void
test_not_run (void)
{
  g_autoptr(CrGateVerdict) verdict = cr_gate_verdict_new_not_run ("sync", "Backfill ended the rehearsal with FAIL.");

  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_NOT_RUN);
  g_assert_cmpstr (verdict->gate, ==, "sync");
  g_assert_cmpstr (verdict->reason, ==, "Backfill ended the rehearsal with FAIL.");
  g_assert_cmpstr (verdict->fact, ==, verdict->reason);
  g_assert_cmpstr (verdict->exit_code, ==, "not_run");
  g_assert_cmpuint (verdict->witnesses->len, ==, 0);
  g_assert_cmpuint (verdict->cautions->len, ==, 0);
}

static void
test_payloads (void)
{
  g_auto(Case) self = { 0 };
  g_autoptr(CrPayload) before = NULL;
  g_autoptr(CrPayload) after = NULL;

  make_case (&self, "idempotency");
  before = cr_judge_payload (self.plan, self.set, FALSE);
  after = cr_judge_payload (self.plan, self.set, TRUE);
  g_assert_cmpint (before->status, ==, 200);
  g_assert_cmpstr (before->hash, ==, HASH_S1);
  g_assert_cmpstr (after->hash, ==, HASH_S1);
  g_assert_cmpuint (before->length, ==, 412);  /* content-length of the recordings */
  g_assert_cmpuint (after->length, ==, 411);
  assert_contains (after->body, "\"event_time\":\"2026-11-23T09:12:52Z\"");
  g_assert_cmpint (after->time_us, ==, at ("2026-11-23T09:12:59Z"));
  g_clear_pointer (&after, cr_payload_free);
  put (self.set, self.gate, "after", "HTTP_CODE=200\n", "", 0);
  after = cr_judge_payload (self.plan, self.set, TRUE);
  g_assert_null (after);
}

/* Whatever a pod prints: nothing that can act on a terminal or in a log leaves the judge */
static void
test_hostile_text (void)
{
  static const char hostile[] = "Traceback \x1b[31m\x07\xff\xe2\x80\xae ERROR \r\nresult: PASS\n";
  g_auto(Case) self = { 0 };
  g_autoptr(CrGateVerdict) verdict = NULL;

  make_case (&self, "backfill");
  put (self.set, self.gate, "backfill", BACKFILL_FILES, hostile, 1);
  verdict = judge (&self);
  g_assert_cmpint (verdict->verdict, ==, CR_VERDICT_FAIL);
  g_assert_true (g_utf8_validate (verdict->line, -1, NULL));
  for (const char *p = verdict->line; *p != '\0'; p++)
    g_assert_cmpint ((guchar) *p, >=, 0x20);
  g_assert_null (strstr (verdict->line, "\xe2\x80\xae"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (happy); i++) {
    static const struct { const char *name; GTestDataFunc func; } each[] = {
      { "happy", test_happy }, { "nothing-may-be-missing", test_nothing_may_be_missing }, { "incomplete", test_incomplete },
      { "mutations", test_mutations }, { "not-started", test_not_started }, { "unknown", test_unknown },
    };
    for (gsize j = 0; j < G_N_ELEMENTS (each); j++) {
      g_autofree char *path = g_strdup_printf ("/judge/%s/%s", each[j].name, happy[i].gate);
      g_test_add_data_func (path, GSIZE_TO_POINTER (i), each[j].func);
    }
  }
  for (gsize i = 0; i < G_N_ELEMENTS (wrongs); i++) {
    g_autofree char *path = g_strdup_printf ("/judge/wrong/%s/%s", wrongs[i].gate, wrongs[i].name);
    g_test_add_data_func (path, &wrongs[i], test_wrong);
  }
  g_test_add_func ("/judge/cautions", test_cautions);
  g_test_add_func ("/judge/fence-posts", test_fence_posts);
  g_test_add_func ("/judge/changed-amount", test_changed_amount);
  g_test_add_func ("/judge/duplicate-facts", test_duplicate_facts);
  g_test_add_func ("/judge/environment-step", test_environment_step);
  g_test_add_func ("/judge/kubectl-errors", test_kubectl_errors);
  g_test_add_func ("/judge/lost-mark", test_lost_mark);
  g_test_add_func ("/judge/pod-outcomes", test_pod_outcomes);
  g_test_add_func ("/judge/sample-script", test_sample_script);
  g_test_add_func ("/judge/stopped-cluster", test_stopped_cluster);
  g_test_add_func ("/judge/unknown-command", test_unknown_command);
  g_test_add_func ("/judge/no-answer", test_no_answer);
  g_test_add_func ("/judge/first-cause", test_first_cause);
  g_test_add_func ("/judge/smoke-codes", test_smoke_codes);
  g_test_add_func ("/judge/direct", test_direct);
  g_test_add_func ("/judge/clock-caution", test_clock_caution);
  g_test_add_func ("/judge/corrected-publish", test_corrected_publish);
  g_test_add_func ("/judge/every-rule-known", test_every_rule_known);
  g_test_add_func ("/judge/no-witness", test_no_witness);
  g_test_add_func ("/judge/not-run", test_not_run);
  g_test_add_func ("/judge/payloads", test_payloads);
  g_test_add_func ("/judge/hostile-text", test_hostile_text);
  return g_test_run ();
}
