/* cr-sabotage.c: sabotage before trust (facts: reliability section 2). A judge that would let a planted defect pass must not judge the real thing.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-sabotage-private.h"
#include "cr-canonical.h"
#include "cr-json.h"
#include "cr-judge-rules.h"
#include "cr-text.h"
#include "cr-time.h"
#include <string.h>

#define BASE        G_GINT64_CONSTANT (1771953230)  /* 2026-02-24T17:13:50Z: any moment will do */
#define MAX_MISSED  40
#define REVISION_1  "planted0001"
#define REVISION_2  "planted0002"
#define HANDLER_404 "tx_id not found"
#define ROUTER_404  "Not Found"

/* What one step answers. Texts live in the lab, so that an answer can be copied and put back. */
typedef struct {
  CrPlanGate *gate;  /* (borrowed) */
  CrPlanStep *step;  /* (borrowed) */
  CrOutcome   outcome;
  CrPodMark   mark;
  int         exit_code;     /* -1: what fits the HTTP status, else 0 */
  gboolean    absent, twice, out_cut, err_cut;
  gint64      started, ended;  /* Unix seconds */
  const char *out, *err;
  /* the answer of an HTTP probe; then `out` is made from this */
  gboolean    probe, code_twice, wrong_digest, no_date;
  int         expected, status;
  gint64      date;          /* Unix seconds */
  const char *url;
  const char *detail;        /* (nullable): the body is {"detail": ...} */
  const char *tx_id, *state, *amount, *event_time, *merchant, *paired, *pairing, *related;  /* state NULL: null */
  const char *lag;           /* JSON */
  const char *hash;          /* (nullable): instead of the right one */
} Answer;

typedef struct {
  CrPlan       *plan;     /* (borrowed): a flat copy of the one under test, with gates of its own */
  GPtrArray    *one;      /* (owned): room for the one witness that a gate is cut down to */
  GStringChunk *texts;    /* (owned) */
  GArray       *answers;  /* (owned): Answer of every step */
  CrCaptureSet *set;      /* (owned): one capture for each answer, in the same order; one call for each gate, in theirs */
} Lab;

/* One planting: which witness is attacked, and what was changed for it */
typedef struct {
  Lab           *lab;      /* (borrowed) */
  CrPlanGate    *gate;     /* (borrowed) */
  guint          gate_index;
  CrPlanWitness *witness;  /* (borrowed) (nullable): NULL: the gate as a whole */
  CrCall        *call;     /* (owned) (nullable): instead of the gate's call */
  gboolean       second_call;
  GArray        *places;   /* (owned): guint: answers that were changed */
  GArray        *before;   /* (owned): Answer: what they were */
} Attack;

/* ---- texts ---- */

static const char * G_GNUC_PRINTF (2, 3)
text (Lab *lab, const char *format, ...)
{
  g_autofree char *made = NULL;
  va_list args;

  va_start (args, format);
  made = g_strdup_vprintf (format, args);
  va_end (args);
  return g_string_chunk_insert (lab->texts, made);
}

static const char *
text_time (Lab *lab, gint64 seconds)
{
  g_autofree char *made = cr_time_format_utc (seconds);
  return g_string_chunk_insert (lab->texts, made);
}

static const char *
text_json (Lab *lab, const char *value)
{
  g_autoptr(GString) made = g_string_new (NULL);

  cr_json_append_string (made, value, -1);
  return g_string_chunk_insert_len (lab->texts, made->str, (gssize) made->len);
}

/* (nullable) */
static const char *
argument (CrPlanWitness *witness, const char *name)
{
  return g_hash_table_lookup (witness->args, name);
}

/* ---- answers and captures ---- */

static Answer *
find_answer (Lab *lab, CrPlanGate *gate, const char *step)
{
  const char *slash = strchr (step, '/');
  g_autofree char *other = slash != NULL ? g_strndup (step, (gsize) (slash - step)) : NULL;
  const char *gate_id = other != NULL ? other : gate->id;
  const char *step_id = slash != NULL ? slash + 1 : step;

  for (guint i = 0; i < lab->answers->len; i++) {
    Answer *answer = &g_array_index (lab->answers, Answer, i);

    if (g_str_equal (answer->gate->id, gate_id) && g_str_equal (answer->step->id, step_id))
      return answer;
  }
  return NULL;
}

/* "Tue, 24 Feb 2026 17:13:50 GMT", whatever the locale */
static void
append_http_date (GString *out, gint64 seconds)
{
  static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr(GDateTime) moment = g_date_time_new_from_unix_utc (seconds);

  if (moment != NULL)
    g_string_append_printf (out, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[g_date_time_get_day_of_week (moment) - 1],
                            g_date_time_get_day_of_month (moment), months[g_date_time_get_month (moment) - 1], g_date_time_get_year (moment),
                            g_date_time_get_hour (moment), g_date_time_get_minute (moment), g_date_time_get_second (moment));
}

static void
append_member (GString *out, const char *key, const char *value)
{
  if (out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  cr_json_append_string (out, key, -1);
  g_string_append_c (out, ':');
  if (value != NULL)
    cr_json_append_string (out, value, -1);
  else
    g_string_append (out, "null");
}

/* The body as the target's handler prints it (facts: target-behaviour section 6) */
static void
append_body (GString *body, const Answer *answer)
{
  g_string_append_c (body, '{');
  if (answer->detail != NULL) {
    append_member (body, "detail", answer->detail);
  } else {
    append_member (body, "tx_id", answer->tx_id);
    append_member (body, "status", answer->state);
    append_member (body, "amount", answer->amount);
    append_member (body, "event_time", answer->event_time);
    append_member (body, "merchant_name", answer->merchant);
    append_member (body, "paired_tx_id", answer->paired);
    append_member (body, "pairing_status", answer->pairing);
    g_string_append_printf (body, ",\"data_lag_sec\":%s,\"related\":{", answer->lag);
    append_member (body, "related_id", answer->related);
    g_string_append_c (body, '}');
  }
  g_string_append_c (body, '}');
}

/* What the plan's probe program prints (contract: cr-probe-facts.h) */
static void
append_probe (GString *out, const Answer *answer)
{
  g_autoptr(GString) body = g_string_new (NULL);
  g_autofree char *digest = NULL;
  g_autofree char *base64 = NULL;
  g_autofree char *hash = NULL;

  append_body (body, answer);
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) body->str, body->len);
  base64 = g_base64_encode ((const guchar *) body->str, body->len);
  hash = answer->hash == NULL ? cr_canonical_hash (body->str, (gssize) body->len, CR_CANONICAL_MASK, NULL) : g_strdup (answer->hash);
  if (answer->wrong_digest)
    digest[0] = digest[0] == '0' ? '1' : '0';
  g_string_append_printf (out, "URL=%s\nNOW=%" G_GINT64_FORMAT "\nHTTP_CODE=%d\n", answer->url, answer->date, answer->status);
  if (answer->code_twice)
    g_string_append_printf (out, "HTTP_CODE=%d\n", answer->status);
  g_string_append (out, "DATE=");
  if (!answer->no_date)
    append_http_date (out, answer->date);
  g_string_append_printf (out, "\nBODY_LEN=%" G_GSIZE_FORMAT "\nBODY_SHA256=%s\n", body->len, digest);
  if (hash != NULL)
    g_string_append_printf (out, "CANON_HASH=%s\n", hash);
  g_string_append_printf (out, "BODY_B64=%s\n", base64);
}

static int
exit_code_of (const Answer *answer)
{
  if (answer->exit_code >= 0)
    return answer->exit_code;
  return answer->probe && answer->step->where != CR_STEP_DIRECT && answer->status != answer->expected ? 1 : 0;
}

static CrCapture *
capture_of (const Answer *answer)
{
  CrCapture *capture;
  g_autoptr(GString) out = g_string_new (answer->probe ? NULL : answer->out);

  if (answer->absent)
    return cr_capture_new ("", "", answer->step->where);  /* belongs to no gate */
  if (answer->probe)
    append_probe (out, answer);
  capture = cr_capture_new (answer->gate->id, answer->step->id, answer->step->where);
  capture->outcome = answer->outcome;
  capture->exit_code = exit_code_of (answer);
  capture->pod_mark = answer->mark;
  capture->complete = !answer->out_cut && !answer->err_cut;
  capture->out_size = out->len + (answer->out_cut ? 100 : 0);
  capture->err_size = strlen (answer->err) + (answer->err_cut ? 100 : 0);
  g_bytes_unref (capture->out);
  g_bytes_unref (capture->err);
  capture->out = g_bytes_new (out->str, out->len);
  capture->err = g_bytes_new (answer->err, strlen (answer->err));
  capture->started_us = answer->started * G_USEC_PER_SEC;
  capture->ended_us = answer->ended * G_USEC_PER_SEC;
  capture->http_status = answer->step->where == CR_STEP_DIRECT ? answer->status : 0;
  return capture;
}

static CrCall *
call_of (const char *gate)
{
  CrCall *call = cr_call_new (gate, "run");

  call->transport = g_strdup ("none: planted");
  call->nonce = g_strdup ("0123456789abcdef0123456789abcdef");
  call->payload_sha256 = g_compute_checksum_for_string (G_CHECKSUM_SHA256, gate, -1);
  call->az_exit_code = 0;
  call->outcome = CR_OUTCOME_COMPLETED;
  call->sent_us = BASE * G_USEC_PER_SEC;
  call->received_us = (BASE + 40) * G_USEC_PER_SEC;
  return call;
}

/* ---- good answers, rule by rule ---- */

static Answer *
answer_of (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness, const char *name)
{
  const char *step = argument (witness, name);
  return step != NULL ? find_answer (lab, gate, step) : NULL;
}

static const char *
find_url (CrPlanStep *step)
{
  for (guint i = 0; step->argv != NULL && step->argv[i] != NULL; i++)
    if (g_str_has_prefix (step->argv[i], "http://") || g_str_has_prefix (step->argv[i], "https://"))
      return step->argv[i];
  return step->url != NULL ? step->url : "";
}

/* The step is an HTTP probe: until a rule says more, of a complete payment */
static Answer *
probe_of (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness, const char *name)
{
  Answer *answer = answer_of (lab, gate, witness, name);
  const char *slash;

  if (answer == NULL || answer->probe)
    return answer;
  answer->probe = TRUE;
  answer->expected = answer->status = 200;
  answer->url = answer->step->where == CR_STEP_DIRECT && answer->step->url != NULL ? answer->step->url : find_url (answer->step);
  slash = strrchr (answer->url, '/');
  answer->tx_id = slash != NULL ? slash + 1 : answer->url;
  answer->state = "SETTLED";
  answer->amount = "100.00";
  answer->merchant = "MERCHANT-PLANTED";
  answer->paired = "tx-planted";
  answer->pairing = "COMPLETE";
  answer->related = "po-planted";
  answer->event_time = text_time (lab, BASE + 5);
  answer->lag = "2";
  answer->date = BASE + 30;
  return answer;
}

static void
set_404 (Answer *answer, const char *detail)
{
  if (answer == NULL)
    return;
  answer->expected = answer->status = 404;
  answer->detail = detail;
}

static void
make_nothing (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
}

static void
make_probe (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  probe_of (lab, gate, witness, "step");
  probe_of (lab, gate, witness, "before");
  probe_of (lab, gate, witness, "after");
}

static void
make_agrees (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *pod = probe_of (lab, gate, witness, "pod");
  Answer *direct = probe_of (lab, gate, witness, "direct");

  if (pod != NULL && direct != NULL) {
    Answer own = *direct;

    *direct = *pod;
    direct->gate = own.gate;
    direct->step = own.step;
    direct->mark = own.mark;
    direct->url = own.url;
    direct->started = own.started;
    direct->ended = own.ended;
  }
}

static void
make_aks_state (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->out = "{\"name\": \"planted\", \"provisioningState\": \"Succeeded\", \"powerState\": \"Running\", \"version\": \"1.32.1\"}\n";
}

static void
make_alembic (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  static const char *const at_head[] = { "heads", "current", "after" };
  Answer *before = answer_of (lab, gate, witness, "before"), *upgrade = answer_of (lab, gate, witness, "upgrade");

  for (gsize i = 0; i < G_N_ELEMENTS (at_head); i++) {
    Answer *answer = answer_of (lab, gate, witness, at_head[i]);

    if (answer != NULL)
      answer->out = REVISION_2 " (head)\n";
  }
  if (before != NULL)
    before->out = REVISION_1 "\n";
  if (upgrade != NULL)
    upgrade->err = "INFO  [alembic.runtime.migration] Running upgrade " REVISION_1 " -> " REVISION_2 ", planted\n";
}

static void
make_az_version (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->out = "{\"azure-cli\": \"2.67.0\", \"azure-cli-core\": \"2.67.0\", \"extensions\": {}}\n";
}

static void
make_clock_offset (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  const char *names = argument (witness, "steps");
  g_auto(GStrv) steps = g_strsplit (names != NULL ? names : "", " ", -1);

  for (guint i = 0; steps[i] != NULL; i++) {
    Answer *answer = find_answer (lab, gate, steps[i]);

    if (answer != NULL)
      answer->out = text (lab, "%" G_GINT64_FORMAT ".500000000\n", BASE + 10);
  }
}

static void
make_consumer_ending (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->err = text (lab, "2026-02-24 17:14:01,000 INFO consumer - Processed %s messages; exiting\n", argument (witness, "expected"));
}

static void
make_deployments_ready (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  g_auto(GStrv) names = g_strsplit (argument (witness, "names"), " ", -1);
  Answer *answer = answer_of (lab, gate, witness, "step");

  for (guint i = 0; answer != NULL && names[i] != NULL; i++)
    if (*names[i] != '\0')
      answer->out = text (lab, "%s%s|1|1|1|registry.example/planted:1\n", answer->out, names[i]);
}

static void
make_differs (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  set_404 (probe_of (lab, gate, witness, "step"), HANDLER_404);
  set_404 (probe_of (lab, gate, witness, "other"), ROUTER_404);
}

static void
make_event_time_moved (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *before = probe_of (lab, gate, witness, "before"), *after = probe_of (lab, gate, witness, "after");
  Answer *publish = answer_of (lab, gate, witness, "publish");

  if (before == NULL || after == NULL || publish == NULL)
    return;
  before->event_time = text_time (lab, BASE + 5);
  after->event_time = text_time (lab, BASE + 21);
  publish->started = BASE + 20;
  publish->ended = BASE + 22;
}

/* The lines about the marked rows: as they should be, but row @turned (-1: none) on the other side, and row @late read back with another time */
static const char *
fence_lines (Lab *lab, CrPlanWitness *witness, int turned, int late)
{
  g_auto(GStrv) ids = g_strsplit (argument (witness, "ids"), " ", -1);
  g_auto(GStrv) times = g_strsplit (argument (witness, "times"), " ", -1);
  g_autoptr(GString) out = g_string_new (NULL);
  gint64 since = 0, until = 0, instant = 0;

  cr_instant_parse (argument (witness, "since"), &since, NULL);
  cr_instant_parse (argument (witness, "until"), &until, NULL);
  for (int i = 0; ids[i] != NULL && times[i] != NULL; i++) {
    gboolean inside = cr_instant_parse (times[i], &instant, NULL) && instant >= since && instant <= until;

    g_string_append_printf (out, "FENCE %s ", ids[i]);
    if (inside != (i == turned))
      g_string_append_printf (out, "200 \"%s\"\n", i == late ? "2001-01-01T00:00:00Z" : times[i]);
    else
      g_string_append (out, "404 \"" HANDLER_404 "\"\n");
  }
  return text (lab, "%s", out->str);
}

/* The first row inside (or outside) of the range; -1: none */
static int
find_fence_post (CrPlanWitness *witness, gboolean wanted)
{
  g_auto(GStrv) times = g_strsplit (argument (witness, "times"), " ", -1);
  gint64 since = 0, until = 0, instant = 0;

  cr_instant_parse (argument (witness, "since"), &since, NULL);
  cr_instant_parse (argument (witness, "until"), &until, NULL);
  for (int i = 0; times[i] != NULL; i++)
    if (cr_instant_parse (times[i], &instant, NULL) && (instant >= since && instant <= until) == wanted)
      return i;
  return -1;
}

static void
make_fence_posts (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->out = fence_lines (lab, witness, -1, -1);
}

static void
make_files_in_pod (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  for (guint i = 0; answer != NULL && answer->step->files != NULL && i < answer->step->files->len; i++) {
    CrPlanFile *file = answer->step->files->pdata[i];
    gsize bytes = strlen (file->content), lines = 0;
    g_autofree char *digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) file->content, bytes);

    for (gsize p = 0; p < bytes; p++)
      lines += file->content[p] == '\n' ? 1 : 0;
    answer->out = text (lab, "%sCR1FILE %u sha256=%s lines=%" G_GSIZE_FORMAT " bytes=%" G_GSIZE_FORMAT "\n", answer->out, i + 1, digest, lines,
                        bytes);
  }
}

static void
make_folder_writable (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->out = "EVIDENCE_FOLDER=/planted\nPROBE=written\nFREE_BYTES=5000000000\n";
}

static void
make_handler_404 (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  set_404 (probe_of (lab, gate, witness, "step"), HANDLER_404);
}

static void
make_http_200 (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = probe_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->tx_id = argument (witness, "tx_id");
}

static void
make_line_equals (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->out = text (lab, "%s\n", argument (witness, "value"));
}

static void
make_pods_healthy (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  g_auto(GStrv) names = g_strsplit (argument (witness, "names"), " ", -1);
  Answer *answer = answer_of (lab, gate, witness, "step");

  for (guint i = 0; answer != NULL && names[i] != NULL; i++)
    if (*names[i] != '\0')
      answer->out = text (lab, "%s%s-planted|Running|c:planted,true,0,,;\n", answer->out, names[i]);
}

/* The publisher's line, with @value instead of what is expected as @key */
static const char *
publisher_line (Lab *lab, CrPlanWitness *witness, const char *key, const char *value)
{
  static const char *const keys[] = { "scenario", "run_id", "order_id", "payment_tx_id", "receive_tx_id" };
  g_autoptr(GString) line = g_string_new ("{");

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *wanted = argument (witness, keys[i]);

    append_member (line, keys[i], g_strcmp0 (keys[i], key) == 0 ? value : wanted != NULL ? wanted : "");
  }
  return text (lab, "%s}\n", line->str);
}

static void
make_publisher_ids (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL)
    answer->out = publisher_line (lab, witness, NULL, NULL);
}

static void
take_argument (CrPlanWitness *witness, const char *name, const char **place)
{
  const char *value = argument (witness, name);

  if (value != NULL)
    *place = value;
}

static void
make_read_back (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = probe_of (lab, gate, witness, "step");
  gint64 instant = 0;

  if (answer == NULL)
    return;
  take_argument (witness, "tx_id", &answer->tx_id);
  take_argument (witness, "status", &answer->state);
  take_argument (witness, "amount", &answer->amount);
  take_argument (witness, "merchant_name", &answer->merchant);
  take_argument (witness, "paired_tx_id", &answer->paired);
  take_argument (witness, "pairing_status", &answer->pairing);
  take_argument (witness, "related_id", &answer->related);
  take_argument (witness, "event_time_min", &answer->event_time);
  take_argument (witness, "event_time", &answer->event_time);
  if (cr_instant_parse (answer->event_time, &instant, NULL))
    answer->date = instant / G_USEC_PER_SEC + 5;
}

static void
make_subscription (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *account = answer_of (lab, gate, witness, "account"), *token = answer_of (lab, gate, witness, "token");
  const char *value = argument (witness, "value");
  const char *id = text_json (lab, value != NULL && *value != '\0' ? value : "00000000-0000-4000-8000-000000000001");

  if (account != NULL)
    account->out = text (lab, "{\"id\": %s, \"name\": \"planted\", \"state\": \"Enabled\"}\n", id);
  if (token != NULL)
    token->out = text (lab, "{\"subscription\": %s, \"expiresOn\": \"2026-02-24 18:13:50.000000\"}\n", id);
}

static void
make_token_valid (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  Answer *answer = answer_of (lab, gate, witness, "step");

  if (answer != NULL && *answer->out == '\0')  /* the subscription's answer has it too */
    answer->out = "{\"subscription\": \"00000000-0000-4000-8000-000000000001\", \"expiresOn\": \"2026-02-24 18:13:50.000000\"}\n";
}

static void
make_tools (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness)
{
  g_auto(GStrv) names = g_strsplit (argument (witness, "names"), " ", -1);
  Answer *answer = answer_of (lab, gate, witness, "step");

  for (guint i = 0; answer != NULL && names[i] != NULL; i++)
    if (*names[i] != '\0')
      answer->out = text (lab, "%sTOOL %s=/usr/bin/%s\n", answer->out, names[i], names[i]);
}

/* How a rule is answered, and which arguments name steps it reads: `out` and `err` those whose stream it needs to its last byte */
typedef struct {
  const char *rule;
  void      (*make) (Lab *lab, CrPlanGate *gate, CrPlanWitness *witness);
  const char *out, *err, *other;
} Known;

static const Known known_rules[] = {
  { "agrees", make_agrees, "pod direct", "", "" },
  { "aks_state", make_aks_state, "step", "", "" },
  { "alembic_at_head", make_alembic, "current heads", "", "" },
  { "alembic_steps", make_alembic, "before after", "upgrade", "" },
  { "az_version", make_az_version, "step", "", "" },
  { "canary", make_nothing, "", "", "" },
  { "clock_offset", make_clock_offset, "steps", "", "" },
  { "command_ended", make_nothing, "", "", "step" },
  { "consumer_ending", make_consumer_ending, "", "step", "" },
  { "deployments_ready", make_deployments_ready, "step", "", "" },
  { "differs", make_differs, "step other", "", "" },
  { "event_time_moved", make_event_time_moved, "before after", "", "publish" },
  { "exit_zero", make_nothing, "", "", "step" },
  { "fence_posts", make_fence_posts, "step", "", "command" },
  { "files_in_pod", make_files_in_pod, "", "", "step" },
  { "folder_writable", make_folder_writable, "", "", "step" },
  { "handler_404", make_handler_404, "step", "", "" },
  { "hash_equal", make_probe, "before after", "", "" },
  { "hash_recomputed", make_probe, "step", "", "" },
  { "http_200", make_http_200, "step", "", "" },
  { "line_equals", make_line_equals, "step", "", "" },
  { "mask_types", make_probe, "before after", "", "" },
  { "pods_healthy", make_pods_healthy, "step", "", "" },
  { "publisher_ids", make_publisher_ids, "step", "", "" },
  { "read_back", make_read_back, "step", "", "" },
  { "settled", make_probe, "step", "", "" },
  { "stderr_clean", make_nothing, "", "step", "" },
  { "subscription", make_subscription, "account token", "", "" },
  { "token_valid", make_token_valid, "step", "", "" },
  { "tools", make_tools, "step", "", "" },
};

/* (nullable) */
static const Known *
find_known (const char *rule)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known_rules); i++)
    if (g_str_equal (known_rules[i].rule, rule))
      return &known_rules[i];
  return NULL;
}

static void
make_answers (Lab *lab)
{
  for (guint i = 0; i < lab->plan->gates->len; i++) {
    CrPlanGate *gate = lab->plan->gates->pdata[i];

    for (guint j = 0; j < gate->steps->len; j++) {
      Answer answer = {
        .gate = gate, .step = gate->steps->pdata[j], .outcome = CR_OUTCOME_COMPLETED, .exit_code = -1, .started = BASE + 10, .ended = BASE + 11,
        .out = "", .err = "",
      };

      answer.mark = answer.step->where == CR_STEP_POD ? CR_POD_MARK_OK : CR_POD_MARK_NA;
      g_array_append_val (lab->answers, answer);
    }
  }
  for (guint copies = 0; copies < 2; copies++)  /* what copies another answer comes last */
    for (guint i = 0; i < lab->plan->gates->len; i++) {
      CrPlanGate *gate = lab->plan->gates->pdata[i];

      for (guint j = 0; j < gate->witnesses->len; j++) {
        CrPlanWitness *witness = gate->witnesses->pdata[j];
        const Known *known = find_known (witness->rule);

        if (known != NULL && (known->make == make_agrees) == (copies == 1))
          known->make (lab, gate, witness);
      }
    }
  for (guint i = 0; i < lab->answers->len; i++)
    cr_capture_set_add (lab->set, capture_of (&g_array_index (lab->answers, Answer, i)));
  for (guint i = 0; i < lab->plan->gates->len; i++)
    cr_capture_set_add_call (lab->set, call_of (((CrPlanGate *) lab->plan->gates->pdata[i])->id));
}

/* ---- defects ---- */

typedef struct _Defect Defect;

/* One kind of defect. @answer is the one of the step that argument `arg` names; it may be changed. FALSE: can't be planted here. */
struct _Defect {
  const char *name;    /* for people */
  const char *rule;    /* NULL: the gate as a whole */
  const char *arg;     /* (nullable) */
  gboolean  (*plant) (Attack *attack, Answer *answer, const Defect *defect);
  const char *text;    /* what it does with these is its own */
  gint64      number;
  gsize       member;  /* offset of a text in the answer */
};

/* The answer of that step, to be changed */
static Answer *
change (Attack *attack, Answer *answer)
{
  guint place = (guint) (answer - &g_array_index (attack->lab->answers, Answer, 0));

  for (guint i = 0; i < attack->places->len; i++)
    if (g_array_index (attack->places, guint, i) == place)
      return answer;
  g_array_append_val (attack->places, place);
  g_array_append_val (attack->before, *answer);
  return answer;
}

static Answer *
change_argument (Attack *attack, const char *name)
{
  Answer *answer = answer_of (attack->lab, attack->gate, attack->witness, name);
  return answer != NULL ? change (attack, answer) : NULL;
}

static gboolean
plant_exit_code (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->exit_code = (int) defect->number;
  return TRUE;
}

static gboolean
plant_output (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->out = defect->text;
  return TRUE;
}

/* text: "old>new", the first place in the output */
static gboolean
plant_replaced (Attack *attack, Answer *answer, const Defect *defect)
{
  g_auto(GStrv) parts = g_strsplit (defect->text, ">", 2);
  const char *found = strstr (answer->out, parts[0]);

  if (found == NULL)
    return FALSE;
  answer->out = text (attack->lab, "%.*s%s%s", (int) (found - answer->out), answer->out, parts[1], found + strlen (parts[0]));
  return TRUE;
}

static gboolean
plant_added (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->out = text (attack->lab, "%s%s", answer->out, defect->text);
  return TRUE;
}

static gboolean
plant_no_errors (Attack *attack, Answer *answer, const Defect *defect)
{
  if (*answer->err == '\0')
    return FALSE;
  answer->err = "";
  return TRUE;
}

/* text: a word that the witness looks for; the line that is planted holds it */
static gboolean
plant_error_line (Attack *attack, Answer *answer, const Defect *defect)
{
  const char *patterns = argument (attack->witness, "patterns");

  if (patterns == NULL || strstr (patterns, defect->text) == NULL)
    return FALSE;
  answer->err = text (attack->lab, "%s2026-02-24 17:14:00,000%splanted\n", answer->err, defect->text);
  return TRUE;
}

static gboolean
plant_status (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->status = (int) defect->number;
  answer->detail = defect->text;
  return TRUE;
}

static gboolean
plant_router (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->status = 404;
  answer->detail = ROUTER_404;
  return TRUE;
}

/* member: a text that the witness fixes; `text` instead of it, or something behind it */
static gboolean
plant_member (Attack *attack, Answer *answer, const Defect *defect)
{
  const char **place = G_STRUCT_MEMBER_P (answer, defect->member);

  if (answer->detail != NULL || *place == NULL)
    return FALSE;
  *place = defect->text != NULL ? defect->text : text (attack->lab, "%s9", *place);
  return TRUE;
}

/* As plant_member(), only where the witness names the argument `text`, and always something behind it */
static gboolean
plant_fixed_member (Attack *attack, Answer *answer, const Defect *defect)
{
  const char **place = G_STRUCT_MEMBER_P (answer, defect->member);

  if (answer->detail != NULL || *place == NULL || argument (attack->witness, defect->text) == NULL)
    return FALSE;
  *place = text (attack->lab, "%s9", *place);
  return TRUE;
}

static gboolean
plant_null_state (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->state = NULL;
  return TRUE;
}

/* number: seconds; text: the argument that has to be there */
static gboolean
plant_event_time (Attack *attack, Answer *answer, const Defect *defect)
{
  gint64 instant;

  if (argument (attack->witness, defect->text) == NULL || !cr_instant_parse (answer->event_time, &instant, NULL))
    return FALSE;
  answer->event_time = text_time (attack->lab, instant / G_USEC_PER_SEC + defect->number);
  return TRUE;
}

static gboolean
plant_no_date (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->no_date = TRUE;
  return argument (attack->witness, "event_time_min") != NULL;
}

static gboolean
plant_hash (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->hash = "00000000000000000000000000000000000000000000000000000000000000aa";
  return TRUE;
}

/* AFTER shows BEFORE's event time: nothing was processed */
static gboolean
plant_not_moved (Attack *attack, Answer *answer, const Defect *defect)
{
  Answer *before = answer_of (attack->lab, attack->gate, attack->witness, "before");

  if (before == NULL)
    return FALSE;
  answer->event_time = before->event_time;
  return TRUE;
}

static gboolean
plant_before_publish (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->event_time = text_time (attack->lab, BASE + 7);
  return TRUE;
}

static gboolean
plant_swapped (Attack *attack, Answer *answer, const Defect *defect)
{
  Answer *before = change_argument (attack, "before");
  const char *event_time;

  if (before == NULL)
    return FALSE;
  event_time = answer->event_time;
  answer->event_time = before->event_time;
  before->event_time = event_time;
  return TRUE;
}

/* Both payloads say the same wrong thing, so that comparing them shows nothing */
static gboolean
plant_pending (Attack *attack, Answer *answer, const Defect *defect)
{
  for (guint i = 0; i < attack->lab->answers->len; i++) {
    Answer *other = &g_array_index (attack->lab->answers, Answer, i);

    if (other->gate == attack->gate && other->probe && other->detail == NULL)
      change (attack, other)->state = "PENDING";
  }
  return TRUE;
}

static gboolean
plant_same_answer (Attack *attack, Answer *answer, const Defect *defect)
{
  Answer *other = answer_of (attack->lab, attack->gate, attack->witness, "other");

  if (other == NULL)
    return FALSE;
  answer->detail = other->detail;
  return TRUE;
}

static gboolean
plant_publisher (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->out = publisher_line (attack->lab, attack->witness, "payment_tx_id", defect->text);
  return TRUE;
}

static gboolean
plant_publisher_twice (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->out = text (attack->lab, "%s%s", answer->out, answer->out);
  return TRUE;
}

/* number: the first marked row inside (1) or outside (0) of the range is on the other side */
static gboolean
plant_fence_turned (Attack *attack, Answer *answer, const Defect *defect)
{
  int place = find_fence_post (attack->witness, defect->number == 1);

  answer->out = fence_lines (attack->lab, attack->witness, place, -1);
  return place >= 0;
}

static gboolean
plant_fence_time (Attack *attack, Answer *answer, const Defect *defect)
{
  int place = find_fence_post (attack->witness, TRUE);

  answer->out = fence_lines (attack->lab, attack->witness, -1, place);
  return place >= 0;
}

static gboolean
plant_file_digest (Attack *attack, Answer *answer, const Defect *defect)
{
  const char *found = strstr (answer->out, "sha256=");

  if (found == NULL)
    return FALSE;
  found += strlen ("sha256=");
  answer->out = text (attack->lab, "%.*s%c%s", (int) (found - answer->out), answer->out, *found == '0' ? '1' : '0', found + 1);
  return TRUE;
}

static gboolean
plant_other_subscription (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->out = "{\"subscription\": \"00000000-0000-4000-8000-00000000000f\", \"expiresOn\": \"2026-02-24 18:13:50.000000\"}\n";
  return TRUE;
}

/* The clock of the last step that is asked, off by the limit and ten seconds more */
static gboolean
plant_clock (Attack *attack, Answer *answer, const Defect *defect)
{
  g_auto(GStrv) steps = g_strsplit (argument (attack->witness, "steps"), " ", -1);
  gint64 limit = g_ascii_strtoll (argument (attack->witness, "limit"), NULL, 10);
  guint n = g_strv_length (steps);
  Answer *clock = n > 0 ? find_answer (attack->lab, attack->gate, steps[n - 1]) : NULL;

  if (clock == NULL)
    return FALSE;
  change (attack, clock)->out = text (attack->lab, "%" G_GINT64_FORMAT ".500000000\n", BASE + 40 + limit + 10);
  return TRUE;
}

static gboolean
plant_no_nonce (Attack *attack, Answer *answer, const Defect *defect)
{
  g_clear_pointer (&attack->call->nonce, g_free);
  return TRUE;
}

static gboolean
plant_no_digest (Attack *attack, Answer *answer, const Defect *defect)
{
  g_free (attack->call->payload_sha256);
  attack->call->payload_sha256 = g_strdup ("0");
  return TRUE;
}

static gboolean
plant_call_outcome (Attack *attack, Answer *answer, const Defect *defect)
{
  attack->call->outcome = (CrOutcome) defect->number;
  attack->call->reason = g_strdup (defect->text);
  return TRUE;
}

static gboolean
plant_no_call (Attack *attack, Answer *answer, const Defect *defect)
{
  g_free (attack->call->gate);
  attack->call->gate = g_strdup ("");
  return TRUE;
}

static gboolean
plant_second_call (Attack *attack, Answer *answer, const Defect *defect)
{
  attack->second_call = TRUE;
  return TRUE;
}

/* The step whose code is the gate's own: every one of them in turn would be the same to the judge */
static Answer *
own_answer (Attack *attack)
{
  for (guint i = 0; i < attack->gate->steps->len; i++) {
    CrPlanStep *step = attack->gate->steps->pdata[i];

    if (step->prints_exit)
      return change (attack, find_answer (attack->lab, attack->gate, step->id));
  }
  return NULL;
}

static gboolean
plant_inner_failure (Attack *attack, Answer *answer, const Defect *defect)
{
  Answer *own = own_answer (attack);

  if (own == NULL)
    return FALSE;
  own->exit_code = (int) defect->number;
  return TRUE;
}

static gboolean
plant_stopped (Attack *attack, Answer *answer, const Defect *defect)
{
  Answer *own = own_answer (attack);

  if (own == NULL)
    return FALSE;
  own->outcome = CR_OUTCOME_STOPPED;
  return TRUE;
}

#define ANY_STEP "*"  /* planted in each step that a witness reads */

static gboolean
plant_absent (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->absent = TRUE;
  return TRUE;
}

static gboolean
plant_twice (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->twice = TRUE;
  return TRUE;
}

static gboolean
plant_lost_mark (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->mark = CR_POD_MARK_LOST;
  answer->exit_code = 0;
  return answer->step->where == CR_STEP_POD;
}

static gboolean
plant_time_limit (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->exit_code = 124;
  return TRUE;
}

static gboolean
plant_unknown (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->outcome = CR_OUTCOME_UNKNOWN;
  return TRUE;
}

/* Is argument @arg in that list of the known rule? */
static gboolean
reads (const Known *known, const char *list, const char *arg)
{
  g_auto(GStrv) names = known != NULL ? g_strsplit (list, " ", -1) : NULL;
  return names != NULL && g_strv_contains ((const char *const *) names, arg);
}

static gboolean
plant_cut (Attack *attack, Answer *answer, const Defect *defect)
{
  const Known *known = find_known (attack->witness->rule);

  answer->out_cut = defect->arg != NULL && known != NULL && reads (known, known->out, defect->arg);
  answer->err_cut = defect->arg != NULL && known != NULL && reads (known, known->err, defect->arg);
  return answer->out_cut || answer->err_cut;
}

static gboolean
plant_code_twice (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->code_twice = TRUE;
  return answer->probe;
}

static gboolean
plant_wrong_digest (Attack *attack, Answer *answer, const Defect *defect)
{
  answer->wrong_digest = TRUE;
  return answer->probe;
}

static gboolean
plant_other_address (Attack *attack, Answer *answer, const Defect *defect)
{
  if (!answer->probe)
    return FALSE;
  answer->url = text (attack->lab, "%s-other", answer->url);
  return TRUE;
}

#define MEMBER(name) G_STRUCT_OFFSET (Answer, name)

static const Defect defects[] = {
  /* what may happen to any answer */
  { "an answer is missing", ANY_STEP, NULL, plant_absent, NULL, 0, 0 },
  { "an answer came twice", ANY_STEP, NULL, plant_twice, NULL, 0, 0 },
  { "exit code 0, but the pod's end mark is lost", ANY_STEP, NULL, plant_lost_mark, NULL, 0, 0 },
  { "the time limit ended the command", ANY_STEP, NULL, plant_time_limit, NULL, 0, 0 },
  { "the end of the command is unknown", ANY_STEP, NULL, plant_unknown, NULL, 0, 0 },
  { "the stream was cut", ANY_STEP, NULL, plant_cut, NULL, 0, 0 },
  { "HTTP_CODE stands twice", ANY_STEP, NULL, plant_code_twice, NULL, 0, 0 },
  { "the body is not that of its digest", ANY_STEP, NULL, plant_wrong_digest, NULL, 0, 0 },
  { "the answer is to another address", ANY_STEP, NULL, plant_other_address, NULL, 0, 0 },
  /* what may happen to a gate's call */
  { "the command failed with 7 behind az's 0", NULL, NULL, plant_inner_failure, NULL, 7, 0 },
  { "the operator stopped the command", NULL, NULL, plant_stopped, NULL, 0, 0 },
  { "the answer has no nonce of this attempt", NULL, NULL, plant_no_nonce, NULL, 0, 0 },
  { "the answer is to another payload", NULL, NULL, plant_no_digest, NULL, 0, 0 },
  { "az ran its sample script", NULL, NULL, plant_call_outcome, "sample-script", CR_OUTCOME_UNKNOWN, 0 },
  { "az died after it had sent the gate", NULL, NULL, plant_call_outcome, "killed", CR_OUTCOME_UNKNOWN, 0 },
  { "the gate was never sent", NULL, NULL, plant_no_call, NULL, 0, 0 },
  { "the gate was sent twice", NULL, NULL, plant_second_call, NULL, 0, 0 },
  /* precheck */
  { "the evidence folder can't be written", "folder_writable", "step", plant_replaced, "PROBE=written>PROBE=failed", 0, 0 },
  { "az is of a version that drops the script", "az_version", "step", plant_replaced, "2.67.0>2.78.0", 0, 0 },
  { "az got no token", "token_valid", "step", plant_output, "{\"subscription\": \"00000000-0000-4000-8000-000000000001\"}\n", 0, 0 },
  { "the token is for another subscription", "subscription", "token", plant_other_subscription, NULL, 0, 0 },
  { "the cluster is stopped though Succeeded", "aks_state", "step", plant_replaced, "Running>Stopped", 0, 0 },
  { "the cluster is being changed", "aks_state", "step", plant_replaced, "Succeeded>Updating", 0, 0 },
  { "the precheck's script came back without a nonce", "canary", NULL, plant_no_nonce, NULL, 0, 0 },
  { "the precheck ran az's sample script", "canary", NULL, plant_call_outcome, "sample-script", CR_OUTCOME_UNKNOWN, 0 },
  { "a tool is missing on the jumpbox", "tools", "step", plant_replaced, "=/usr/bin/>=missing\n", 0, 0 },
  { "a command of the environment failed", "exit_zero", "step", plant_exit_code, NULL, 7, 0 },
  { "another line was printed", "line_equals", "step", plant_added, "other\n", 0, 0 },
  { "nothing was printed", "line_equals", "step", plant_output, "", 0, 0 },
  { "a deployment has no ready replica", "deployments_ready", "step", plant_replaced, "|1|1|1|>|1||1|", 0, 0 },
  { "a pod crashes again and again", "pods_healthy", "step", plant_replaced, "true,0,,;>false,9,CrashLoopBackOff,1;", 0, 0 },
  { "a pod can't pull its image", "pods_healthy", "step", plant_added, "planted-1|Pending|c:c,false,0,ImagePullBackOff,;\n", 0, 0 },
  { "a clock is beyond the limit", "clock_offset", NULL, plant_clock, NULL, 0, 0 },
  /* migration */
  { "the migrations have two heads", "alembic_at_head", "heads", plant_added, "planted0003 (head)\n", 0, 0 },
  { "the revision after is not the head", "alembic_at_head", "current", plant_output, REVISION_1 "\n", 0, 0 },
  { "the database has no revision", "alembic_at_head", "current", plant_output, "", 0, 0 },
  { "no migration ran, though the revision changed", "alembic_steps", "upgrade", plant_no_errors, NULL, 0, 0 },
  /* commands */
  { "a command failed with 7", "command_ended", "step", plant_exit_code, NULL, 7, 0 },
  { "a dead letter on standard error", "stderr_clean", "step", plant_error_line, "sent to DLQ", 0, 0 },
  { "a traceback on standard error", "stderr_clean", "step", plant_error_line, "Traceback", 0, 0 },
  { "an error line on standard error", "stderr_clean", "step", plant_error_line, " ERROR ", 0, 0 },
  { "nothing says that anything was consumed", "consumer_ending", "step", plant_no_errors, NULL, 0, 0 },
  { "a file in the pod has another digest", "files_in_pod", "step", plant_file_digest, NULL, 0, 0 },
  { "a file in the pod has another number of lines", "files_in_pod", "step", plant_replaced, "lines=>lines=1", 0, 0 },
  { "the pod did not confirm the files", "files_in_pod", "step", plant_output, "", 0, 0 },
  { "a row outside of the range was taken", "fence_posts", "step", plant_fence_turned, NULL, 0, 0 },
  { "a row inside of the range was not taken", "fence_posts", "step", plant_fence_turned, NULL, 1, 0 },
  { "a marked row has another event time", "fence_posts", "step", plant_fence_time, NULL, 0, 0 },
  { "the router answers for a marked row", "fence_posts", "step", plant_replaced, HANDLER_404 ">" ROUTER_404, 0, 0 },
  { "a marked row is not spoken of", "fence_posts", "step", plant_output, "", 0, 0 },
  { "the publisher printed an empty id", "publisher_ids", "step", plant_publisher, "", 0, 0 },
  { "the publisher printed the id of another run", "publisher_ids", "step", plant_publisher, "tx-pay-e2-3-other", 0, 0 },
  { "the publisher printed two lines", "publisher_ids", "step", plant_publisher_twice, NULL, 0, 0 },
  /* answers of the API */
  { "the 404 is the router's", "handler_404", "step", plant_router, NULL, 0, 0 },
  { "an id that nobody made is answered with 200", "handler_404", "step", plant_status, NULL, 200, 0 },
  { "a 500 instead of the 404", "handler_404", "step", plant_status, "Internal Server Error", 500, 0 },
  { "a nonsense route gets the handler's answer", "differs", "step", plant_same_answer, NULL, 0, 0 },
  { "a 404 instead of the 200", "http_200", "step", plant_status, HANDLER_404, 404, 0 },
  { "the router answers instead of the handler", "http_200", "step", plant_router, NULL, 0, 0 },
  { "200 with another id", "http_200", "step", plant_member, NULL, 0, MEMBER (tx_id) },
  { "200 without an id", "http_200", "step", plant_member, "", 0, MEMBER (tx_id) },
  { "the row is not there", "read_back", "step", plant_status, HANDLER_404, 404, 0 },
  { "the row of another id is read back", "read_back", "step", plant_fixed_member, "tx_id", 0, MEMBER (tx_id) },
  { "the row has no status yet", "read_back", "step", plant_null_state, NULL, 0, 0 },
  { "the row has another amount", "read_back", "step", plant_fixed_member, "amount", 0, MEMBER (amount) },
  { "the row is another merchant's", "read_back", "step", plant_fixed_member, "merchant_name", 0, MEMBER (merchant) },
  { "the row is paired with another", "read_back", "step", plant_fixed_member, "paired_tx_id", 0, MEMBER (paired) },
  { "the row's pairing is not complete", "read_back", "step", plant_fixed_member, "pairing_status", 0, MEMBER (pairing) },
  { "the row belongs to another order", "read_back", "step", plant_fixed_member, "related_id", 0, MEMBER (related) },
  { "the row has another event time", "read_back", "step", plant_event_time, "event_time", 1, 0 },
  { "the event is older than T_cutover", "read_back", "step", plant_event_time, "event_time_min", -1, 0 },
  { "the event lies in the future", "read_back", "step", plant_event_time, "event_time_min", 3600, 0 },
  { "nobody knows when the answer was given", "read_back", "step", plant_no_date, NULL, 0, 0 },
  { "the direct probe gets another status", "agrees", "direct", plant_status, "planted", 500, 0 },
  { "the direct probe gets another body", "agrees", "direct", plant_member, "other", 0, MEMBER (amount) },
  /* idempotency */
  { "the payload was never complete", "settled", "step", plant_pending, NULL, 0, 0 },
  { "the pod's hash is not ours", "hash_recomputed", "step", plant_hash, NULL, 0, 0 },
  { "the duplicates changed the amount", "hash_equal", "after", plant_member, NULL, 0, MEMBER (amount) },
  { "the event time did not move", "event_time_moved", "after", plant_not_moved, NULL, 0, 0 },
  { "before and after are swapped", "event_time_moved", "after", plant_swapped, NULL, 0, 0 },
  { "the event time moved before the publish", "event_time_moved", "after", plant_before_publish, NULL, 0, 0 },
  { "a masked number became text", "mask_types", "after", plant_member, "\"2\"", 0, MEMBER (lag) },
  { "a masked time became a word", "mask_types", "after", plant_member, "yesterday", 0, MEMBER (event_time) },
};

/* ---- planting ---- */

typedef struct { guint planted, missed; char *where; /* (owned) (nullable): the first miss */ } Tally;

static void
swap_captures (Attack *attack, GPtrArray *spare)
{
  for (guint i = 0; i < attack->places->len; i++) {
    guint place = g_array_index (attack->places, guint, i);
    gpointer kept = attack->lab->set->captures->pdata[place];

    attack->lab->set->captures->pdata[place] = spare->pdata[i];
    spare->pdata[i] = kept;
  }
}

/* Judged as a gate that has only the attacked witness: then no other one can hide that it is blind, and it takes a tenth of the time */
static gboolean
is_seen (Attack *attack)
{
  GPtrArray *all = attack->gate->witnesses;
  g_autoptr(CrGateVerdict) verdict = NULL;

  if (attack->witness != NULL) {
    g_ptr_array_set_size (attack->lab->one, 0);
    g_ptr_array_add (attack->lab->one, attack->witness);
    attack->gate->witnesses = attack->lab->one;
  }
  verdict = cr_judge_gate (attack->lab->plan, attack->gate_index, attack->lab->set);
  attack->gate->witnesses = all;
  return verdict->verdict != CR_VERDICT_PASS
         && (attack->witness == NULL || ((CrWitnessResult *) verdict->witnesses->pdata[0])->state != CR_WITNESS_HOLDS);
}

/* Judges with the changed answers and call in their places, and puts the good ones back */
static gboolean
judge_planted (Attack *attack)
{
  g_autoptr(GPtrArray) spare = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_capture_free);
  CrCaptureSet *set = attack->lab->set;
  guint n_captures = set->captures->len, n_calls = set->calls->len;
  gpointer good_call = set->calls->pdata[attack->gate_index];
  gboolean seen;

  for (guint i = 0; i < attack->places->len; i++) {
    const Answer *answer = &g_array_index (attack->lab->answers, Answer, g_array_index (attack->places, guint, i));

    g_ptr_array_add (spare, capture_of (answer));
    if (answer->twice)
      g_ptr_array_add (set->captures, capture_of (answer));
  }
  if (attack->second_call)
    g_ptr_array_add (set->calls, call_of (attack->gate->id));
  swap_captures (attack, spare);
  set->calls->pdata[attack->gate_index] = attack->call;
  seen = is_seen (attack);
  set->calls->pdata[attack->gate_index] = good_call;
  swap_captures (attack, spare);
  g_ptr_array_set_size (set->captures, (int) n_captures);
  g_ptr_array_set_size (set->calls, (int) n_calls);
  return seen;
}

static void
plant (Lab *lab, guint gate_index, CrPlanWitness *witness, const char *step, const Defect *defect, Tally *tally)
{
  Attack attack = { .lab = lab, .gate = lab->plan->gates->pdata[gate_index], .gate_index = gate_index, .witness = witness };
  Answer *answer = step != NULL ? find_answer (lab, attack.gate, step) : NULL;

  if (step != NULL && answer == NULL)
    return;
  attack.places = g_array_new (FALSE, FALSE, sizeof (guint));
  attack.before = g_array_new (FALSE, FALSE, sizeof (Answer));
  attack.call = call_of (attack.gate->id);
  if (answer != NULL)
    change (&attack, answer);
  if (defect->plant (&attack, answer, defect)) {
    tally->planted++;
    if (!judge_planted (&attack)) {
      tally->missed++;
      if (tally->where == NULL)
        tally->where = g_strdup_printf ("%s%s%s", attack.gate->id, witness != NULL ? "/" : "", witness != NULL ? witness->id : "");
    }
  }
  for (guint i = 0; i < attack.places->len; i++)
    g_array_index (lab->answers, Answer, g_array_index (attack.places, guint, i)) = g_array_index (attack.before, Answer, i);
  g_array_unref (attack.places);
  g_array_unref (attack.before);
  cr_call_free (attack.call);
}

/* In each step that the witness reads */
static void
plant_in_all (Lab *lab, guint gate_index, CrPlanWitness *witness, const Defect *defect, Tally *tally)
{
  const Known *known = find_known (witness->rule);
  g_autofree char *names = known != NULL ? g_strjoin (" ", known->out, known->err, known->other, NULL) : g_strdup ("");
  g_auto(GStrv) args = g_strsplit (names, " ", -1);

  for (guint i = 0; args[i] != NULL; i++) {
    const char *value = *args[i] != '\0' ? argument (witness, args[i]) : NULL;
    g_auto(GStrv) steps = g_strsplit (value != NULL ? value : "", " ", -1);
    Defect here = *defect;

    here.arg = args[i];
    for (guint j = 0; steps[j] != NULL; j++)
      if (*steps[j] != '\0')
        plant (lab, gate_index, witness, steps[j], &here, tally);
  }
}

static gboolean
has_remote_steps (CrPlanGate *gate)
{
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    if (cr_plan_step_is_remote (step))
      return TRUE;
  }
  return FALSE;
}

static void
plant_in_gate (Lab *lab, guint gate_index, const Defect *defect, Tally *tally)
{
  CrPlanGate *gate = lab->plan->gates->pdata[gate_index];

  if (defect->rule == NULL) {
    if (has_remote_steps (gate))
      plant (lab, gate_index, NULL, NULL, defect, tally);
    return;
  }
  for (guint i = 0; i < gate->witnesses->len; i++) {
    CrPlanWitness *witness = gate->witnesses->pdata[i];

    if (g_str_equal (defect->rule, ANY_STEP))
      plant_in_all (lab, gate_index, witness, defect, tally);
    else if (g_str_equal (defect->rule, witness->rule) && (defect->arg == NULL || argument (witness, defect->arg) != NULL))
      plant (lab, gate_index, witness, defect->arg != NULL ? argument (witness, defect->arg) : NULL, defect, tally);
  }
}

static void
add_missed (GPtrArray *missed, const char *name, const char *where)
{
  g_autofree char *line = g_strdup_printf ("%s (%s)", name, where);

  if (missed->len < MAX_MISSED)
    g_ptr_array_add (missed, cr_text_display_line (line, -1, 300));
}

/* ---- the decision ---- */

typedef enum { DECIDE_GOOD, DECIDE_UNPROVEN, DECIDE_FAILED, DECIDE_LACKING, DECIDE_SWAPPED, DECIDE_EVIDENCE, N_DECIDE } DecideDefect;

/* Does cr_decide() say GO? */
static gboolean
is_go (CrPlan *plan, DecideDefect defect, guint place)
{
  g_autoptr(GPtrArray) verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_gate_verdict_free);
  CrDecision decision = { 0 };
  gboolean go;

  for (guint i = 0; i < plan->gates->len; i++) {
    CrPlanGate *gate = plan->gates->pdata[i];
    CrGateVerdict *verdict = cr_gate_verdict_new_not_run (gate->id, "planted");

    verdict->verdict = i != place || (defect != DECIDE_UNPROVEN && defect != DECIDE_FAILED) ? CR_VERDICT_PASS
                       : defect == DECIDE_UNPROVEN ? CR_VERDICT_UNPROVEN : CR_VERDICT_FAIL;
    g_ptr_array_add (verdicts, verdict);
  }
  if (defect == DECIDE_LACKING)
    g_ptr_array_remove_index (verdicts, place);
  if (defect == DECIDE_SWAPPED && verdicts->len > 1) {
    gpointer other = verdicts->pdata[(place + 1) % verdicts->len];
    verdicts->pdata[(place + 1) % verdicts->len] = verdicts->pdata[place];
    verdicts->pdata[place] = other;
  }
  cr_decide (plan, verdicts, defect != DECIDE_EVIDENCE, "planted", &decision);
  go = decision.kind == CR_DECISION_GO || (defect == DECIDE_GOOD && decision.classification != CR_CLASS_NONE);
  cr_decision_clear (&decision);
  return go;
}

static void
attack_decision (CrPlan *plan, guint *caught, guint *planted, GPtrArray *missed)
{
  static const char *const names[N_DECIDE] = {
    "all verdicts PASS", "GO with an unproven gate", "GO with a failed gate", "GO without the verdict of one gate",
    "GO with verdicts in another order", "GO without its evidence",
  };

  if (!is_go (plan, DECIDE_GOOD, 0))
    g_ptr_array_add (missed, g_strdup ("all gates PASS, and yet no GO (decision)"));
  for (DecideDefect defect = DECIDE_UNPROVEN; defect < N_DECIDE; defect++) {
    gboolean seen = TRUE;

    if (defect == DECIDE_SWAPPED && plan->gates->len < 2)
      continue;
    for (guint i = 0; i < plan->gates->len; i++)
      seen = seen && !is_go (plan, defect, i);
    (*planted)++;
    if (seen)
      (*caught)++;
    else
      add_missed (missed, names[defect], "decision");
  }
}

/* ---- all of it ---- */

gboolean
cr_sabotage_run (CrPlan *resolved, guint *caught, guint *planted, GPtrArray **missed)
{
  CrPlan plan;
  Lab lab = { .plan = &plan };
  g_autoptr(GPtrArray) gates = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) misses = g_ptr_array_new_with_free_func (g_free);
  g_autofree gboolean *good = NULL;
  guint n_caught = 0, n_planted = 0;
  gboolean all;

  g_return_val_if_fail (resolved != NULL && resolved->resolved, FALSE);

  plan = *resolved;  /* flat: only the lists of witnesses differ, for moments */
  for (guint i = 0; i < resolved->gates->len; i++)
    g_ptr_array_add (gates, g_memdup2 (resolved->gates->pdata[i], sizeof (CrPlanGate)));
  plan.gates = gates;
  lab.one = g_ptr_array_new ();
  lab.texts = g_string_chunk_new (16384);
  lab.answers = g_array_new (FALSE, FALSE, sizeof (Answer));
  lab.set = cr_capture_set_new ();
  make_answers (&lab);
  good = g_new0 (gboolean, resolved->gates->len + 1);
  for (guint i = 0; i < resolved->gates->len; i++) {
    g_autoptr(CrGateVerdict) verdict = cr_judge_gate (&plan, i, lab.set);

    good[i] = verdict->verdict == CR_VERDICT_PASS;
    if (!good[i])  /* what does not pass anyway shows nothing about defects */
      add_missed (misses, "good answers are not judged PASS", verdict->reason != NULL ? verdict->reason : verdict->gate);
  }
  for (gsize d = 0; d < G_N_ELEMENTS (defects); d++) {
    Tally tally = { 0, 0, NULL };

    for (guint i = 0; i < resolved->gates->len; i++)
      if (good[i])
        plant_in_gate (&lab, i, &defects[d], &tally);
    n_planted += tally.planted > 0 ? 1 : 0;
    n_caught += tally.planted > 0 && tally.missed == 0 ? 1 : 0;
    if (tally.missed > 0)
      add_missed (misses, defects[d].name, tally.where);
    g_free (tally.where);
  }
  cr_sabotage_frames (resolved, &n_caught, &n_planted, misses);
  attack_decision (resolved, &n_caught, &n_planted, misses);
  all = misses->len == 0 && n_caught == n_planted && n_planted > 0;
  g_ptr_array_unref (lab.one);
  g_string_chunk_free (lab.texts);
  g_array_unref (lab.answers);
  cr_capture_set_unref (lab.set);

  if (caught != NULL)
    *caught = n_caught;
  if (planted != NULL)
    *planted = n_planted;
  if (missed != NULL)
    *missed = g_steal_pointer (&misses);
  return all;
}

char *
cr_sabotage_describe (guint caught, guint planted, GPtrArray *missed)
{
  g_autoptr(GString) out = g_string_new (NULL);

  g_string_append_printf (out, "%u of %u planted defects caught", caught, planted);
  for (guint i = 0; missed != NULL && i < missed->len; i++)
    g_string_append_printf (out, "%s%s", i == 0 ? "; missed: " : ", ", (const char *) missed->pdata[i]);
  return cr_text_display_line (out->str, (gssize) out->len, 1000);
}
