/* cr-judge-rules.c: the rules that witnesses name (design: section 4). Each looks at captures and says what it saw.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-judge-rules.h"
#include "cr-az.h"
#include "cr-canonical.h"
#include "cr-probe-facts.h"
#include "cr-text.h"
#include "cr-time.h"
#include <string.h>

#define MAX_SHOWN 300       /* characters of a line or value */
#define CLOCK_CAUTION 2.0   /* seconds: a clock that is provably off by more is worth a word */
#define EVENT_TOLERANCE (2 * G_USEC_PER_SEC)  /* event times and Date headers are cut to seconds */

/* ---- the words of a rule ---- */

void
cr_rule_clear (CrRule *self)
{
  g_clear_pointer (&self->reason, g_free);
  g_clear_pointer (&self->line, g_free);
  g_clear_pointer (&self->next, g_free);
  g_clear_pointer (&self->finding, g_free);
}

static const char *
arg (CrRule *rule, const char *name)
{
  const char *text = g_hash_table_lookup (rule->witness->args, name);
  return text != NULL ? text : "";
}

/* Safe to show, one line */
static char *
shown (const char *text)
{
  return cr_text_display_line (text, -1, MAX_SHOWN);
}

static void
set_text (char **place, const char *text)
{
  g_free (*place);
  *place = text != NULL && *text != '\0' ? shown (text) : NULL;
}

static void G_GNUC_PRINTF (2, 3)
expects (CrRule *rule, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  set_text (&rule->result->expected, text);
}

static void G_GNUC_PRINTF (2, 3)
holds (CrRule *rule, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  set_text (&rule->result->seen, text);
  rule->result->state = CR_WITNESS_HOLDS;
}

static void
set_reason (CrRule *rule, CrWitnessState state, const char *seen, char *reason)
{
  set_text (&rule->result->seen, seen);
  rule->result->state = state;
  set_text (&rule->reason, reason);
  g_free (reason);
}

/* @seen (nullable): what was seen instead; untrusted */
static void G_GNUC_PRINTF (3, 4)
contradicts (CrRule *rule, const char *seen, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_reason (rule, CR_WITNESS_CONTRADICTED, seen, g_strdup_vprintf (format, args));
  va_end (args);
}

static void G_GNUC_PRINTF (3, 4)
lacks (CrRule *rule, const char *seen, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  set_reason (rule, CR_WITNESS_MISSING, seen, g_strdup_vprintf (format, args));
  va_end (args);
}

static void
set_line (CrRule *rule, const char *line)
{
  if (line != NULL)
    set_text (&rule->line, line);
}

static void
set_next (CrRule *rule, const char *next)
{
  if (next != NULL)
    set_text (&rule->next, next);
}

/* ---- lines and bytes ---- */

static const char *
bytes_text (GBytes *bytes, gsize *length)
{
  const char *text = g_bytes_get_data (bytes, length);
  return text != NULL ? text : "";
}

gboolean
cr_bytes_contain (GBytes *bytes, const char *needle)
{
  gsize length;
  const char *text = bytes_text (bytes, &length);
  return memmem (text, length, needle, strlen (needle)) != NULL;
}

/* The next line of @text without its LF; FALSE at the end */
static gboolean
next_line (const char **text, gsize *length, const char **line, gsize *size)
{
  const char *end;

  if (*length == 0)
    return FALSE;
  end = memchr (*text, '\n', *length);
  *line = *text;
  *size = end != NULL ? (gsize) (end - *text) : *length;
  *text += *size + (end != NULL);
  *length -= *size + (end != NULL);
  return TRUE;
}

static gboolean
is_blank (const char *line, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isspace (line[i]))
      return FALSE;
  return TRUE;
}

char *
cr_line_find (GBytes *bytes, const char *needle)
{
  gsize length, size;
  const char *text = bytes_text (bytes, &length), *line;

  while (next_line (&text, &length, &line, &size))
    if (memmem (line, size, needle, strlen (needle)) != NULL)
      return cr_text_display_line (line, (gssize) size, MAX_SHOWN);
  return NULL;
}

char *
cr_line_last (GBytes *bytes)
{
  static const char remark[] = "command terminated with exit code";
  gsize length, size;
  const char *text = bytes_text (bytes, &length), *line, *last = NULL;
  gsize last_size = 0;

  while (next_line (&text, &length, &line, &size))
    if (!is_blank (line, size) && memmem (line, size, remark, strlen (remark)) == NULL) {
      last = line;
      last_size = size;
    }
  return last != NULL ? cr_text_display_line (last, (gssize) last_size, MAX_SHOWN) : NULL;
}

/* (transfer full): lines that are not blank, trimmed; NULL if one holds a NUL byte */
static GStrv
text_lines (GBytes *bytes)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  gsize length, size;
  const char *text = bytes_text (bytes, &length), *line;

  if (memchr (text, '\0', length) != NULL)
    return NULL;
  while (next_line (&text, &length, &line, &size))
    if (!is_blank (line, size))
      g_ptr_array_add (lines, g_strstrip (g_strndup (line, size)));
  g_ptr_array_add (lines, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&lines), FALSE);
}

/* All of it is here: nothing was cut or lost. Redaction changes the size, so then only `complete` tells. */
static gboolean
out_is_whole (CrCapture *capture)
{
  return capture->complete || (capture->redactions == 0 && capture->out_size == g_bytes_get_size (capture->out));
}

static gboolean
err_is_whole (CrCapture *capture)
{
  return capture->complete || (capture->redactions == 0 && capture->err_size == g_bytes_get_size (capture->err));
}

/* ---- what is known about the target's words (facts: target-behaviour.md sections 3 to 7, azure.md sections 3, 4, 6) ---- */

/* Causes before symptoms: a traceback of the database driver also holds "sent to DLQ". */
static const CrKnownLine known_lines[] = {
  { "password authentication failed", "the database refused the password",
    "Correct the password in the deployment's DATABASE_URL, wait for the rollout, and start a new rehearsal." },
  { "invalid interpolation syntax", "alembic can't read a DATABASE_URL that holds a percent sign",
    "Give the database a password that needs no percent encoding, or double the percent sign where alembic reads it." },
  { "UndefinedTable", "a table does not exist although alembic says head",
    "Restore the schema, or set alembic_version back, so that the migration creates the tables again." },
  { "DuplicateTable", "the tables exist, but alembic's record of the revision is lost",
    "Find out which revision the database is at and stamp it, before anything else runs." },
  { "InsufficientPrivilege", "the database user lacks a right",
    "Grant the database user what the migration needs, and start a new rehearsal." },
  { "Multiple head revisions", "the migrations have more than one head",
    "Merge the heads in the image, and start a new rehearsal." },
  { "Can't locate revision identified by", "the database was migrated by a newer image than this one",
    "Deploy the image that knows the database's revision." },
  { "No 'script_location' key", "alembic did not run in the application's folder",
    "Check the image's working folder: alembic.ini has to be there." },
  { "UNKNOWN_TOPIC_OR_PART", "a topic does not exist", "Create the topics, or correct their names in the deployment." },
  { "GROUP_AUTHORIZATION_FAILED", "the broker does not let this consumer group in",
    "Grant the consumer's broker user the group, and start a new rehearsal." },
  { "TOPIC_AUTHORIZATION_FAILED", "the broker gives no right on the topics",
    "Grant the consumer's broker user the topics, and start a new rehearsal." },
  { "FileNotFoundError", "a file is not in the pod", "See which file the line names; the backfill's files have to be in the same pod." },
  { "JSONDecodeError", "a line of the file is not JSON", "The rows before that line are committed; correct the file and start a new rehearsal." },
  { "Missing core required fields", "required fields are missing", "Compare what was sent with the consumer's contract." },
  { "EventValidationError", "the contract of the consumer is not kept", "Compare what was sent with the consumer's contract." },
  { "Invalid isoformat string", "a time is not readable for the target", "Check T_cutover and the range in the command." },
  { "expected one argument", "an option has no value", "Check the command's options: one of them is empty." },
  { "partition count changed from", "the broker refused what was published", "Check topics and rights on the broker." },
  { "REQTMOUT", "the broker does not answer", "Check the broker's address in the deployment and the network to it." },
  { "|FAIL|rdkafka", "the broker can't be reached", "Check the broker's address in the deployment and the network to it." },
  { "Connection refused", "the database can't be reached", "Check that the database runs and that DATABASE_URL names it." },
  { "FATAL:  database \"", "the database that DATABASE_URL names does not exist", "Correct DATABASE_URL or create the database." },
  { " already exists", "it would create what exists already", "Find out which revision the database is at, before anything else runs." },
  { "SyntaxError", "a file of the image has a syntax error", "Deploy an image that starts." },
  { "ModuleNotFoundError", "a Python module is not in the image", "Deploy an image that holds it." },
  { "Please run 'az login'", "az is not signed in", "Run `az login` there, then start a new rehearsal." },
  { "AADSTS", "the sign-in is not valid any more", "Run `az login` again, then start a new rehearsal." },
  { "does not have operation group", "this az package can't manage virtual machines (Debian 12's own)",
    "Install Microsoft's build of the Azure CLI." },
  { "This is a sample script", "az ran its own sample script instead of ours",
    "Install another version of the Azure CLI: 2.78.0 and 2.79 drop the script." },
  { "sudo: a password is required", "sudo on the jumpbox asks for a password", "Let the run command's user become the jumpbox user without one." },
  { "command not found", "a program is not there", "Install it on the jumpbox, or correct jumpbox_path in the profile, then start again." },
  { "AuthorizationFailed", "the identity lacks a right in Azure", "Grant it the role that the line names, then start again." },
  { "Get Token request returned", "the managed identity gives no token", "Assign the jumpbox an identity, or sign in there, then start again." },
  { "executable file not found", "the program is not in the container", "Check the image that the deployment runs." },
  { "Unable to connect to the server", "kubectl can't reach the cluster", "Check that the cluster runs and that the jumpbox reaches it." },
  { "Error from server (Forbidden)", "the cluster refuses it to the jumpbox's sign-in", "Grant the jumpbox's identity access to the namespace." },
  { "error: You must be logged in to the server", "the cluster does not accept the jumpbox's sign-in", "Sign in on the jumpbox again." },
  { "Error from server (NotFound)", "it does not exist in the cluster", "Check namespace and deployment names in the profile." },
  { "sent to DLQ", "rows went to the dead-letter queue", "Read the dead-letter queue: each entry names its error." },
};

const CrKnownLine *
cr_known_line_find (GBytes *text, char **line)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known_lines); i++)
    if (cr_bytes_contain (text, known_lines[i].pattern)) {
      if (line != NULL)
        *line = cr_line_find (text, known_lines[i].pattern);
      return &known_lines[i];
    }
  return NULL;
}

/* Standard error first, then standard output (alembic says FAILED there) */
static const CrKnownLine *
known_in_capture (CrCapture *capture, char **line)
{
  const CrKnownLine *known = cr_known_line_find (capture->err, line);
  return known != NULL ? known : cr_known_line_find (capture->out, line);
}

/* ---- steps ---- */

static CrPlanStep *
find_step (CrRule *rule, const char *name, CrPlanGate **gate)
{
  const char *slash = strchr (name, '/');

  if (slash == NULL) {
    *gate = rule->gate;
    return cr_plan_gate_find_step (rule->gate, name);
  }
  g_autofree char *gate_id = g_strndup (name, (gsize) (slash - name));
  *gate = cr_plan_find_gate (rule->plan, gate_id, NULL);
  return *gate != NULL ? cr_plan_gate_find_step (*gate, slash + 1) : NULL;
}

gboolean
cr_capture_timed_out (CrCapture *capture)
{
  return capture->exit_code == 124 || capture->exit_code == 137 || g_strcmp0 (capture->reason, "time-limit") == 0;
}

gboolean
cr_capture_ended (CrCapture *capture)
{
  return capture != NULL && capture->outcome == CR_OUTCOME_COMPLETED && capture->exit_code >= 0 && !cr_capture_timed_out (capture)
         && (capture->where != CR_STEP_POD || capture->pod_mark == CR_POD_MARK_OK);
}

gboolean
cr_capture_kubectl_failed (CrCapture *capture)
{
  return capture != NULL && capture->where == CR_STEP_POD && capture->exit_code > 0 && !cr_capture_timed_out (capture)
         && capture->pod_mark != CR_POD_MARK_OK && !cr_bytes_contain (capture->err, "command terminated with exit code");
}

static void
lacks_ending (CrRule *rule, CrCapture *capture, const char *title)
{
  g_autofree char *line = NULL;
  const CrKnownLine *known;

  if (capture == NULL) {
    rule->follows = TRUE;
    lacks (rule, NULL, "Nothing was recorded of “%s”, or more than one answer.", title);
  } else if (capture->outcome == CR_OUTCOME_STOPPED) {
    lacks (rule, "stopped by operator", "The operator stopped the rehearsal before the end of “%s” was seen.", title);
  } else if (capture->outcome == CR_OUTCOME_NOT_STARTED) {
    rule->follows = capture->reason == NULL || g_str_equal (capture->reason, "earlier-step");
    known = known_in_capture (capture, &line);
    set_line (rule, line);
    set_next (rule, known != NULL ? known->next : NULL);
    if (capture->message != NULL && !rule->follows)
      lacks (rule, "not run", "%s", capture->message);
    else
      lacks (rule, "not run", "“%s” did not run.", title);
  } else if (g_strcmp0 (capture->reason, "killed") == 0) {
    lacks (rule, "killed", "“%s” was killed before its end, as happens when memory runs out; what it had begun may be half done.", title);
    set_next (rule, "Look at the pod's memory limit and its last state (`kubectl describe pod`).");
  } else if (cr_capture_timed_out (capture)) {
    lacks (rule, "time limit", "“%s” reached its time limit; what it had begun may still be running in the pod.", title);
    set_next (rule, "Look at the pod before anything is repeated: the command may still be running there, or wait for a lock.");
    set_line (rule, (line = cr_line_last (capture->err)));
  } else if (capture->outcome == CR_OUTCOME_UNKNOWN && (capture->where != CR_STEP_POD || capture->exit_code < 0)) {
    rule->follows = capture->message == NULL;
    if (capture->message != NULL)
      lacks (rule, "outcome unknown", "%s", capture->message);
    else
      lacks (rule, "outcome unknown", "It is not known how “%s” ended.", title);
  } else if (capture->exit_code > 0) {
    known = known_in_capture (capture, &line);
    if (line == NULL)
      line = cr_line_last (capture->err);
    lacks (rule, line, "kubectl could not run “%s”%s%s.", title, known != NULL ? ": " : "", known != NULL ? known->says : "");
    set_line (rule, line);
    set_next (rule, known != NULL ? known->next : NULL);
  } else {
    lacks (rule, "no end mark", "kubectl said 0 for “%s”, but the mark printed after it in the pod is missing: "
           "the connection was lost, and nobody knows how it ended.", title);
    set_next (rule, "Look at the pod: the command may have ended, failed, or still be running.");
  }
}

/* The capture of the step that argument @name names, if it ended by itself; otherwise the witness is missing and NULL comes back. */
static CrCapture *
ended_capture (CrRule *rule, const char *name, CrPlanStep **step_out)
{
  CrPlanGate *gate = NULL;
  CrPlanStep *step = find_step (rule, arg (rule, name), &gate);
  CrCapture *capture = step != NULL ? cr_capture_set_find (rule->captures, gate->id, step->id) : NULL;

  set_text (&rule->result->step, arg (rule, name));
  if (step_out != NULL)
    *step_out = step;
  if (capture != NULL && capture->where != step->where)  /* some other thing of that name */
    capture = NULL;
  if (!cr_capture_ended (capture)) {
    lacks_ending (rule, capture, step != NULL ? step->title : arg (rule, name));
    return NULL;
  }
  return capture;
}

/* The step ended with a code above 0: tell why, as well as can be told. */
static void
contradicts_exit (CrRule *rule, CrPlanStep *step, CrCapture *capture)
{
  g_autofree char *line = NULL;
  g_autofree char *seen = g_strdup_printf ("exit code %d", capture->exit_code);
  const CrKnownLine *known = known_in_capture (capture, &line);

  if (line == NULL)
    line = cr_line_last (capture->err);
  if (line == NULL)
    line = cr_line_last (capture->out);
  if (known != NULL)
    contradicts (rule, seen, "“%s” ended with %d: %s.", step->title, capture->exit_code, known->says);
  else if (capture->message != NULL)
    contradicts (rule, seen, "%s", capture->message);
  else
    contradicts (rule, seen, "“%s” ended with %d.", step->title, capture->exit_code);
  set_line (rule, line);
  set_next (rule, known != NULL ? known->next : NULL);
}

/* As ended_capture(), and with 0 */
static CrCapture *
good_capture (CrRule *rule, const char *name, CrPlanStep **step_out)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = ended_capture (rule, name, &step);

  if (step_out != NULL)
    *step_out = step;
  if (capture != NULL && capture->exit_code != 0) {
    contradicts_exit (rule, step, capture);
    return NULL;
  }
  return capture;
}

/* The JSON object a tool printed, or NULL and the witness is missing */
static CrJsonDoc *
json_object (CrRule *rule, CrCapture *capture, CrPlanStep *step)
{
  g_autoptr(GError) error = NULL;
  gsize length;
  const char *text = bytes_text (capture->out, &length);
  g_autoptr(CrJsonDoc) doc = NULL;

  if (!out_is_whole (capture)) {
    lacks (rule, NULL, "The output of “%s” is not all there.", step->title);
    return NULL;
  }
  if (is_blank (text, length)) {
    lacks (rule, "no output", "“%s” ended with 0 and printed nothing.", step->title);
    return NULL;
  }
  doc = cr_json_parse (text, (gssize) length, CR_JSON_STRICT, &error);
  if (doc == NULL || cr_json_node_type (cr_json_doc_root (doc)) != CR_JSON_OBJECT) {
    g_autofree char *line = cr_line_last (capture->out);
    lacks (rule, line, "“%s” did not print a JSON object.", step->title);
    set_line (rule, line);
    return NULL;
  }
  return g_steal_pointer (&doc);
}

/* ---- precheck ---- */

static void
look_folder_writable (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = ended_capture (rule, "step", &step);
  g_autofree char *line = NULL;
  g_auto(GStrv) lines = NULL;
  const char *folder = NULL, *probe = NULL, *problem = NULL, *room = NULL;

  expects (rule, "a probe file could be written and read back");
  if (capture == NULL)
    return;
  lines = text_lines (capture->out);
  for (guint i = 0; lines != NULL && lines[i] != NULL; i++) {
    const char **place = g_str_has_prefix (lines[i], "EVIDENCE_FOLDER=") ? &folder : g_str_has_prefix (lines[i], "PROBE=") ? &probe
                         : g_str_has_prefix (lines[i], "ERROR=") ? &problem : g_str_has_prefix (lines[i], "FREE_BYTES=") ? &room : NULL;

    if (place == NULL)
      continue;
    if (*place != NULL) {
      lacks (rule, lines[i], "The check of the evidence folder said one thing twice.");
      return;
    }
    *place = strchr (lines[i], '=') + 1;
  }
  if (capture->exit_code != 0 || g_strcmp0 (probe, "failed") == 0) {
    contradicts (rule, problem, "The evidence folder can't be written%s%s.", problem != NULL ? ": " : "", problem != NULL ? problem : "");
    set_line (rule, (line = cr_line_find (capture->out, "ERROR=")));
    set_next (rule, "Choose an evidence folder that can be written and has room, then start again.");
  } else if (g_strcmp0 (probe, "written") != 0 || folder == NULL || *folder == '\0' || problem != NULL || room == NULL
             || strlen (room) > 20 || *room == '\0' || strspn (room, "0123456789") != strlen (room)) {
    lacks (rule, NULL, "The check of the evidence folder did not say that it could be written.");
  } else {
    holds (rule, "%s, %" G_GUINT64_FORMAT " MB free", folder, g_ascii_strtoull (room, NULL, 10) / 1000000);
  }
}

static void
look_az_version (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = good_capture (rule, "step", &step);
  g_autoptr(CrJsonDoc) doc = capture != NULL ? json_object (rule, capture, step) : NULL;
  const char *version = doc != NULL ? cr_json_node_get_string (cr_json_doc_root (doc), "azure-cli") : NULL;
  g_autofree char *why = NULL;

  expects (rule, "2.20 or newer, and not 2.78.0 to 2.79");
  if (doc == NULL)
    return;
  if (version == NULL || *version == '\0') {
    lacks (rule, NULL, "az did not tell its version.");
  } else if (!cr_az_version_usable (version, &why)) {
    g_autofree char *line = cr_line_find (capture->out, "azure-cli");
    contradicts (rule, version, "This version of az, %s, can't be used%s%s", version, why != NULL ? ": " : ".", why != NULL ? why : "");
    set_line (rule, line);
    set_next (rule, "Install another version of the Azure CLI, then start again.");
  } else {
    holds (rule, "%s", version);
  }
}

static void
look_token_valid (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = good_capture (rule, "step", &step);
  g_autoptr(CrJsonDoc) doc = capture != NULL ? json_object (rule, capture, step) : NULL;
  const char *expires = doc != NULL ? cr_json_node_get_string (cr_json_doc_root (doc), "expiresOn") : NULL;

  expects (rule, "a token that az just got");
  if (doc == NULL)
    return;
  if (expires == NULL || *expires == '\0')
    lacks (rule, NULL, "az gave no token: its answer has no time of expiry.");
  else
    holds (rule, "token until %s", expires);
}

static void
look_subscription (CrRule *rule)
{
  const char *value = arg (rule, "value");
  CrPlanStep *account_step = NULL, *token_step = NULL;
  CrCapture *account_capture, *token_capture;
  g_autoptr(CrJsonDoc) account = NULL;
  g_autoptr(CrJsonDoc) token = NULL;
  const char *id, *name, *token_id;

  if (*value != '\0')
    expects (rule, "%s", value);
  else
    expects (rule, "one subscription, the same for account and token");
  if ((account_capture = good_capture (rule, "account", &account_step)) == NULL
      || (account = json_object (rule, account_capture, account_step)) == NULL
      || (token_capture = good_capture (rule, "token", &token_step)) == NULL
      || (token = json_object (rule, token_capture, token_step)) == NULL)
    return;
  id = cr_json_node_get_string (cr_json_doc_root (account), "id");
  name = cr_json_node_get_string (cr_json_doc_root (account), "name");
  token_id = cr_json_node_get_string (cr_json_doc_root (token), "subscription");
  if (id == NULL || *id == '\0' || token_id == NULL) {
    lacks (rule, NULL, "az did not tell the subscription of the account and of its token.");
  } else if (g_ascii_strcasecmp (id, token_id) != 0) {
    contradicts (rule, token_id, "The token is for subscription %s, the account for %s.", token_id, id);
    set_next (rule, "Run `az account set --subscription` with the right one, then start again.");
  } else if (*value != '\0' && g_ascii_strcasecmp (id, value) != 0 && g_strcmp0 (name, value) != 0) {
    contradicts (rule, id, "The signed-in subscription is %s (%s), not %s.", name != NULL ? name : "?", id, value);
    set_next (rule, "Run `az account set --subscription` with the profile's, or correct the profile, then start again.");
  } else {
    holds (rule, "%s (%s)", name != NULL ? name : "?", id);
  }
}

static void
look_aks_state (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = good_capture (rule, "step", &step);
  g_autoptr(CrJsonDoc) doc = capture != NULL ? json_object (rule, capture, step) : NULL;
  const char *state, *power, *version;

  expects (rule, "provisioningState Succeeded, powerState Running");
  if (doc == NULL)
    return;
  state = cr_json_node_get_string (cr_json_doc_root (doc), "provisioningState");
  power = cr_json_node_get_string (cr_json_doc_root (doc), "powerState");
  version = cr_json_node_get_string (cr_json_doc_root (doc), "version");
  if (state == NULL || power == NULL) {
    lacks (rule, NULL, "az did not tell the state of the cluster.");
  } else if (!g_str_equal (power, "Running")) {
    g_autofree char *line = cr_line_find (capture->out, "powerState");
    contradicts (rule, power, "The cluster is not running: its power state is %s.", power);
    set_line (rule, line);
    set_next (rule, "Start the cluster with `az aks start`, wait until its pods are ready, then start again.");
  } else if (!g_str_equal (state, "Succeeded")) {
    g_autofree char *line = cr_line_find (capture->out, "provisioningState");
    contradicts (rule, state, "The cluster is not ready: its provisioning state is %s.", state);
    set_line (rule, line);
    set_next (rule, "Wait until the cluster's provisioning has succeeded, then start again.");
  } else {
    holds (rule, "cluster Running%s%s", version != NULL ? ", Kubernetes " : "", version != NULL ? version : "");
  }
}

static void
look_canary (CrRule *rule)
{
  CrCall *call = cr_capture_set_find_call (rule->captures, rule->gate->id, "run");

  expects (rule, "an answer with our nonce and the digest of our payload");
  if (call == NULL) {
    rule->follows = TRUE;
    lacks (rule, NULL, "Nothing was sent to the jumpbox.");
  } else if (call->outcome != CR_OUTCOME_COMPLETED || call->nonce == NULL || *call->nonce == '\0' || call->payload_sha256 == NULL
             || strlen (call->payload_sha256) != 64) {
    if (call->message != NULL)
      lacks (rule, call->reason, "%s", call->message);
    else
      lacks (rule, call->reason, "No answer to our own script came back from the jumpbox.");
    if (g_strcmp0 (call->reason, "sample-script") == 0)
      set_next (rule, "Install another version of the Azure CLI: 2.78.0 and 2.79 drop the script.");
  } else {
    holds (rule, "payload %.12s… answered", call->payload_sha256);
  }
}

static void
look_tools (CrRule *rule)
{
  g_auto(GStrv) names = g_strsplit_set (arg (rule, "names"), " ", -1);
  CrPlanStep *step = NULL;
  CrCapture *capture = good_capture (rule, "step", &step);
  g_auto(GStrv) lines = NULL;
  guint found = 0;

  expects (rule, "%s", arg (rule, "names"));
  if (capture == NULL)
    return;
  if (!out_is_whole (capture) || (lines = text_lines (capture->out)) == NULL) {
    lacks (rule, NULL, "The list of the jumpbox's tools is not all there.");
    return;
  }
  for (guint i = 0; names[i] != NULL; i++) {
    g_autofree char *prefix = NULL;
    const char *path = NULL;
    guint n = 0;

    if (*names[i] == '\0')
      continue;
    prefix = g_strdup_printf ("TOOL %s=", names[i]);
    for (guint j = 0; lines[j] != NULL; j++)
      if (g_str_has_prefix (lines[j], prefix)) {
        path = lines[j] + strlen (prefix);
        n++;
      }
    if (n != 1 || *path == '\0') {
      lacks (rule, NULL, "It is not known if the jumpbox has %s.", names[i]);
      return;
    }
    if (g_str_equal (path, "missing")) {
      g_autofree char *line = g_strconcat (prefix, "missing", NULL);
      contradicts (rule, line, "The jumpbox has no %s.", names[i]);
      set_line (rule, line);
      set_next (rule, "Install it on the jumpbox, or correct jumpbox_path in the profile, then start again.");
      return;
    }
    found++;
  }
  if (found == 0)
    lacks (rule, NULL, "No tool was asked for.");
  else
    holds (rule, "%u tools found", found);
}

static void
look_exit_zero (CrRule *rule)
{
  expects (rule, "exit code 0");
  if (good_capture (rule, "step", NULL) != NULL)
    holds (rule, "exit code 0");
}

static void
look_command_ended (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture;

  expects (rule, "exit code 0 and the end mark");
  capture = good_capture (rule, "step", &step);
  if (capture != NULL)
    holds (rule, capture->where == CR_STEP_POD ? "exit code 0, mark seen" : "exit code 0");
}

static void
look_line_equals (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture;
  g_auto(GStrv) lines = NULL;

  expects (rule, "%s", arg (rule, "value"));
  capture = good_capture (rule, "step", &step);
  if (capture == NULL)
    return;
  lines = text_lines (capture->out);
  if (!out_is_whole (capture) || lines == NULL || g_strv_length (lines) == 0) {
    lacks (rule, NULL, "“%s” printed nothing that can be compared.", step->title);
  } else if (g_strv_length (lines) != 1 || !g_str_equal (lines[0], arg (rule, "value"))) {
    contradicts (rule, lines[0], "“%s” printed something else than %s.", step->title, arg (rule, "value"));
    set_line (rule, lines[0]);
  } else {
    holds (rule, "%s", lines[0]);
  }
}

/* Digits only; empty is 0, as kubectl's jsonpath prints an absent number */
static gboolean
read_count (const char *text, gint64 *value)
{
  gsize length = strlen (text);

  if (length > 9 || strspn (text, "0123456789") != length)
    return FALSE;
  *value = g_ascii_strtoll (text, NULL, 10);
  return TRUE;
}

static void
look_deployments_ready (CrRule *rule)
{
  g_auto(GStrv) names = g_strsplit_set (arg (rule, "names"), " ", -1);
  g_autoptr(GString) seen = g_string_new (NULL);
  CrPlanStep *step = NULL;
  CrCapture *capture;
  g_auto(GStrv) lines = NULL;

  expects (rule, "ready replicas of %s", arg (rule, "names"));
  capture = good_capture (rule, "step", &step);
  if (capture == NULL)
    return;
  if (!out_is_whole (capture) || (lines = text_lines (capture->out)) == NULL) {
    lacks (rule, NULL, "The list of deployments is not all there.");
    return;
  }
  for (guint i = 0; names[i] != NULL; i++) {
    g_auto(GStrv) fields = NULL;
    gint64 replicas, ready, updated;
    guint n = 0;

    if (*names[i] == '\0')
      continue;
    for (guint j = 0; lines[j] != NULL; j++) {
      g_auto(GStrv) each = g_strsplit (lines[j], "|", -1);

      if (g_strcmp0 (each[0], names[i]) == 0) {
        g_strfreev (fields);
        fields = g_steal_pointer (&each);
        n++;
      }
    }
    if (n != 1 || g_strv_length (fields) != 5 || !read_count (fields[1], &replicas) || !read_count (fields[2], &ready)
        || !read_count (fields[3], &updated)) {
      lacks (rule, NULL, "The state of deployment %s is not known.", names[i]);
      return;
    }
    if (ready == 0) {
      g_autofree char *line = g_strjoinv ("|", fields);
      contradicts (rule, line, "Deployment %s has no ready replica.", names[i]);
      set_line (rule, line);
      set_next (rule, "Scale the deployment up or repair its pods, then start again.");
      return;
    }
    if (ready < replicas || updated < replicas)
      rule->result->caution = TRUE;
    g_string_append_printf (seen, "%s%s %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT " ready", seen->len > 0 ? ", " : "", names[i], ready, replicas);
  }
  if (seen->len == 0)
    lacks (rule, NULL, "No deployment was asked for.");
  else
    holds (rule, "%s", seen->str);
}

typedef struct { gboolean healthy; gint64 restarts; char *bad; } PodState;

/* One line of the pods' list. FALSE if it can't be read. */
static gboolean
read_pod (const char *statuses, const char *phase, PodState *state)
{
  g_auto(GStrv) containers = g_strsplit (statuses, ";", -1);
  guint n = 0, ready = 0;

  for (guint i = 0; containers[i] != NULL; i++) {
    g_auto(GStrv) fields = NULL;
    gint64 restarts;

    if (*containers[i] == '\0')
      continue;
    if (!g_str_has_prefix (containers[i], "i:") && !g_str_has_prefix (containers[i], "c:"))
      return FALSE;
    fields = g_strsplit (containers[i] + 2, ",", -1);
    if (g_strv_length (fields) != 5 || *fields[0] == '\0' || (!g_str_equal (fields[1], "true") && !g_str_equal (fields[1], "false"))
        || !read_count (fields[2], &restarts))
      return FALSE;
    if (*fields[3] != '\0' && !g_str_equal (fields[3], "ContainerCreating") && !g_str_equal (fields[3], "PodInitializing")
        && state->bad == NULL)
      state->bad = g_strdup (fields[3]);
    state->restarts += restarts;
    if (containers[i][0] == 'c') {
      n++;
      ready += g_str_equal (fields[1], "true") ? 1 : 0;
    }
  }
  state->healthy = g_str_equal (phase, "Running") && n > 0 && ready == n && state->bad == NULL;
  return TRUE;
}

static void
look_pods_healthy (CrRule *rule)
{
  g_auto(GStrv) names = g_strsplit_set (arg (rule, "names"), " ", -1);
  g_autofree guint *healthy = g_new0 (guint, g_strv_length (names) + 1);
  CrPlanStep *step = NULL;
  CrCapture *capture;
  g_auto(GStrv) lines = NULL;
  guint n_healthy = 0, asked = 0, i;
  gint64 restarts = 0;
  g_autoptr(GHashTable) pods = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  expects (rule, "no pod waits with an error, and a ready pod of each of %s", arg (rule, "names"));
  capture = good_capture (rule, "step", &step);
  if (capture == NULL)
    return;
  if (!out_is_whole (capture) || (lines = text_lines (capture->out)) == NULL) {
    lacks (rule, NULL, "The list of pods is not all there.");
    return;
  }
  for (i = 0; lines[i] != NULL; i++) {
    g_auto(GStrv) fields = g_strsplit (lines[i], "|", -1);
    PodState state = { FALSE, 0, NULL };
    g_autofree char *bad = NULL;
    gboolean readable = g_strv_length (fields) == 3 && *fields[0] != '\0' && read_pod (fields[2], fields[1], &state);

    bad = state.bad;
    if (!readable || !g_hash_table_add (pods, g_strdup (fields[0]))) {
      lacks (rule, lines[i], "A line of the list of pods can't be read.");
      set_line (rule, lines[i]);
      return;
    }
    if (bad != NULL) {
      contradicts (rule, lines[i], "Pod %s waits with %s.", fields[0], bad);
      set_line (rule, lines[i]);
      set_next (rule, "Repair the pod (`kubectl describe pod`, `kubectl logs --previous`), then start again.");
      return;
    }
    n_healthy += state.healthy ? 1 : 0;
    restarts += state.restarts;
    for (guint j = 0; names[j] != NULL; j++) {
      g_autofree char *prefix = g_strconcat (names[j], "-", NULL);

      if (*names[j] == '\0' || !g_str_has_prefix (fields[0], prefix))
        continue;
      healthy[j] += state.healthy ? 1 : 0;
      if (!state.healthy)
        rule->result->caution = TRUE;
    }
  }
  for (guint j = 0; names[j] != NULL; j++) {
    if (*names[j] == '\0')
      continue;
    asked++;
    if (healthy[j] == 0) {
      contradicts (rule, NULL, "No pod of deployment %s is running and ready.", names[j]);
      set_next (rule, "Wait until its pods are ready, then start again.");
      return;
    }
  }
  if (asked == 0)
    lacks (rule, NULL, "No deployment was asked for.");
  else
    holds (rule, "%u of %u pods ready, %" G_GINT64_FORMAT " restarts", n_healthy, i, restarts);
}

/* ---- clocks ---- */

typedef struct { double low, high; } Interval;  /* seconds */

static double
nearest_to_zero (Interval interval)
{
  return interval.low > 0 ? interval.low : interval.high < 0 ? interval.high : 0;
}

/* Output of `date +%s.%N`; without %N (busybox) it is cut to the second */
static gboolean
read_date_output (CrCapture *capture, Interval *read)
{
  g_auto(GStrv) lines = text_lines (capture->out);
  gsize digits, fraction;

  if (!out_is_whole (capture) || lines == NULL || g_strv_length (lines) != 1)
    return FALSE;
  digits = strspn (lines[0], "0123456789");
  if (digits < 9 || digits > 11)
    return FALSE;
  if (lines[0][digits] == '\0' || g_str_equal (lines[0] + digits, ".") || g_str_equal (lines[0] + digits, ".%N")
      || g_str_equal (lines[0] + digits, ".N")) {
    read->low = (double) g_ascii_strtoll (lines[0], NULL, 10);
    read->high = read->low + 1;
    return TRUE;
  }
  fraction = lines[0][digits] == '.' ? strspn (lines[0] + digits + 1, "0123456789") : 0;
  if (fraction == 0 || fraction > 9 || lines[0][digits + 1 + fraction] != '\0')
    return FALSE;
  read->low = read->high = g_ascii_strtod (lines[0], NULL);
  return TRUE;
}

/* Clock that was read minus clock of the one who had it read, between @from and @to (microseconds) of the latter */
static gboolean
offset_within (Interval read, gint64 from, gint64 to, Interval *offset)
{
  if (from <= 0 || to < from)
    return FALSE;
  offset->low = read.low - (double) to / G_USEC_PER_SEC;
  offset->high = read.high - (double) from / G_USEC_PER_SEC;
  return TRUE;
}

/* Against the clock of the jumpbox, which started and ended the step and is cut to seconds there */
static gboolean
offset_to_jumpbox (CrCapture *capture, Interval *offset)
{
  Interval read;
  gboolean cut = capture->started_us % G_USEC_PER_SEC == 0 && capture->ended_us % G_USEC_PER_SEC == 0;

  return read_date_output (capture, &read)
         && offset_within (read, capture->started_us, capture->ended_us + (cut ? G_USEC_PER_SEC : 0), offset);
}

static void
append_offset (GString *out, Interval offset)
{
  g_string_append_printf (out, "%+.1f ± %.1f s", (offset.low + offset.high) / 2, (offset.high - offset.low) / 2);
}

static void
look_clock_offset (CrRule *rule)
{
  g_auto(GStrv) names = g_strsplit_set (arg (rule, "steps"), " ", -1);
  CrCall *call = cr_capture_set_find_call (rule->captures, rule->gate->id, "run");
  g_autoptr(GString) seen = g_string_new (NULL);
  double limit = g_ascii_strtod (arg (rule, "limit"), NULL);
  double worst = 0;

  expects (rule, "at most %s s apart", arg (rule, "limit"));
  for (guint i = 0; names[i] != NULL; i++) {
    CrPlanStep *step = cr_plan_gate_find_step (rule->gate, names[i]);
    CrCapture *capture = step != NULL ? cr_capture_set_find (rule->captures, rule->gate->id, names[i]) : NULL;
    const char *dash = strstr (names[i], "-clock");
    Interval read, here, there = { 0, 0 };
    double off;

    if (*names[i] == '\0')
      continue;
    if (!cr_capture_ended (capture) || capture->where != step->where) {
      lacks_ending (rule, capture, step != NULL ? step->title : names[i]);
      return;
    }
    set_text (&rule->result->step, names[i]);
    if (capture->exit_code != 0 || !read_date_output (capture, &read)) {
      g_autofree char *line = cr_line_last (capture->exit_code != 0 ? capture->err : capture->out);
      lacks (rule, line, "“%s” did not print a time.", step->title);
      set_line (rule, line);
      return;
    }
    if (call == NULL || !offset_within (read, call->sent_us, call->received_us, &here)) {
      lacks (rule, NULL, "It is not known when the clocks were read.");
      return;
    }
    off = nearest_to_zero (here);
    if (capture->where == CR_STEP_POD) {
      if (!offset_to_jumpbox (capture, &there)) {
        lacks (rule, NULL, "It is not known when the pod's clock was read.");
        return;
      }
      if (ABS (nearest_to_zero (there)) > ABS (off))
        off = nearest_to_zero (there);
    }
    g_string_append_printf (seen, "%s%.*s ", seen->len > 0 ? ", " : "clocks: ",
                            dash != NULL ? (int) (dash - names[i]) : (int) strlen (names[i]), names[i]);
    append_offset (seen, here);
    if (capture->where == CR_STEP_POD) {
      g_string_append (seen, " (to the jumpbox ");
      append_offset (seen, there);
      g_string_append_c (seen, ')');
    }
    if (ABS (off) > ABS (worst))
      worst = off;
    if (ABS (off) > limit || limit <= 0) {
      contradicts (rule, seen->str, "The clock read by “%s” is wrong by at least %.1f s; the limit is %s s.", step->title, ABS (off),
                   arg (rule, "limit"));
      set_next (rule, "Let that clock be set (NTP), or this computer's, then start again.");
      return;
    }
  }
  if (seen->len == 0) {
    lacks (rule, NULL, "No clock was asked for.");
    return;
  }
  rule->result->caution = ABS (worst) > CLOCK_CAUTION;
  holds (rule, "%s", seen->str);
}

/* ---- migration ---- */

/* "20260212_0005 (head)" -> the revision; NULL if it is no such line */
static char *
read_revision (const char *line, gboolean *head)
{
  const char *end = strchr (line, ' ');

  *head = end != NULL && (g_str_equal (end, " (head)") || g_str_equal (end, " (head) (mergepoint)"));
  if (*line == '\0' || (end != NULL && !*head && !g_str_equal (end, " (mergepoint)")) || end == line)
    return NULL;
  return end != NULL ? g_strndup (line, (gsize) (end - line)) : g_strdup (line);
}

static void
look_alembic_at_head (CrRule *rule)
{
  CrPlanStep *current_step = NULL, *heads_step = NULL;
  CrCapture *current, *heads;
  g_auto(GStrv) current_lines = NULL;
  g_auto(GStrv) head_lines = NULL;
  g_autofree char *revision = NULL;
  g_autofree char *head = NULL;
  gboolean is_head = FALSE, head_is_head = FALSE;

  expects (rule, "the one revision of alembic heads");
  if ((heads = good_capture (rule, "heads", &heads_step)) == NULL)
    return;
  head_lines = text_lines (heads->out);
  if (!out_is_whole (heads) || head_lines == NULL || head_lines[0] == NULL
      || (head = read_revision (head_lines[0], &head_is_head)) == NULL || !head_is_head) {
    lacks (rule, head_lines != NULL ? head_lines[0] : NULL, "alembic heads did not show the head of the migrations.");
    return;
  }
  if (head_lines[1] != NULL) {
    contradicts (rule, head_lines[1], "The migrations have more than one head.");
    set_line (rule, head_lines[1]);
    set_next (rule, "Merge the heads in the image, and start a new rehearsal.");
    return;
  }
  expects (rule, "%s (head)", head);
  set_text (&rule->result->step, arg (rule, "current"));
  if ((current = good_capture (rule, "current", &current_step)) == NULL)
    return;
  current_lines = text_lines (current->out);
  if (!out_is_whole (current) || current_lines == NULL) {
    lacks (rule, NULL, "alembic current was not read completely.");
  } else if (current_lines[0] == NULL) {
    contradicts (rule, "no revision", "The database has no revision after the migration: alembic current printed nothing.");
  } else if (current_lines[1] != NULL) {
    lacks (rule, current_lines[1], "alembic current printed more than one line.");
    set_line (rule, current_lines[1]);
  } else if ((revision = read_revision (current_lines[0], &is_head)) == NULL) {
    lacks (rule, current_lines[0], "alembic current did not show a revision.");
    set_line (rule, current_lines[0]);
  } else if (!is_head || !g_str_equal (revision, head)) {
    contradicts (rule, current_lines[0], "The database is at revision %s after the migration, not at the head %s.", revision, head);
    set_line (rule, current_lines[0]);
  } else {
    holds (rule, "%s", current_lines[0]);
  }
}

/* The revision of one `alembic current`; "" before the first migration. FALSE: can't be read */
static gboolean
read_current (CrCapture *capture, char **revision)
{
  g_auto(GStrv) lines = text_lines (capture->out);
  gboolean head;

  if (!out_is_whole (capture) || lines == NULL || g_strv_length (lines) > 1)
    return FALSE;
  *revision = lines[0] != NULL ? read_revision (lines[0], &head) : g_strdup ("");
  return *revision != NULL;
}

static void
look_alembic_steps (CrRule *rule)
{
  static const char marker[] = "Running upgrade ";
  CrPlanStep *step = NULL;
  CrCapture *before_capture = NULL, *after_capture = NULL, *upgrade = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *at = NULL;
  gsize length, size;
  const char *text, *line;
  guint n = 0;

  expects (rule, "revision before, steps, revision after");
  if ((before_capture = good_capture (rule, "before", &step)) == NULL || (upgrade = good_capture (rule, "upgrade", &step)) == NULL
      || (after_capture = good_capture (rule, "after", &step)) == NULL)
    return;
  if (!read_current (before_capture, &before) || !read_current (after_capture, &after)) {
    lacks (rule, NULL, "The revisions before and after the migration are not both known.");
    return;
  }
  if (!err_is_whole (upgrade)) {
    lacks (rule, NULL, "The migration's output is not all there, so its steps can't be counted.");
    return;
  }
  at = g_strdup (before);
  text = bytes_text (upgrade->err, &length);
  while (next_line (&text, &length, &line, &size)) {
    const char *found = memmem (line, size, marker, strlen (marker));
    g_autofree char *rest = NULL;
    char *arrow, *comma;

    if (found == NULL)
      continue;
    rest = g_strndup (found + strlen (marker), size - (gsize) (found - line) - strlen (marker));
    arrow = strstr (rest, "-> ");
    if (arrow == NULL) {
      lacks (rule, rest, "A step of the migration can't be read.");
      set_line (rule, rest);
      return;
    }
    *arrow = '\0';
    comma = strchr (arrow + 3, ',');
    if (comma != NULL)
      *comma = '\0';
    g_strstrip (rest);
    if (!g_str_equal (rest, at) && strstr (rest, ", ") == NULL) {  /* a merge names both its parents */
      lacks (rule, NULL, "The migration's steps do not lead from the revision before to the one after.");
      return;
    }
    g_free (at);
    at = g_strstrip (g_strdup (arrow + 3));
    n++;
  }
  if (!g_str_equal (at, after)) {
    lacks (rule, NULL, "The migration's steps do not lead to the revision after it, %s.", *after != '\0' ? after : "none");
  } else if (n == 0) {
    rule->result->caution = TRUE;
    holds (rule, "already at head %s, 0 steps", after);
  } else {
    holds (rule, "%s → %s, %u %s", *before != '\0' ? before : "(empty)", after, n, n == 1 ? "step" : "steps");
  }
}

/* ---- probes ---- */

static gboolean
strv_holds (GStrv list, const char *text)
{
  return list != NULL && g_strv_contains ((const char *const *) list, text);
}

/* The facts of a probe's step, if they are whole and belong to this step; @expected: its exit code has to say whether that was the status
 * (0: any). Otherwise the witness is missing. */
static CrProbeFacts *
probe_facts (CrRule *rule, const char *name, int expected, CrPlanStep **step_out)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = ended_capture (rule, name, &step);
  g_autoptr(CrProbeFacts) facts = NULL;
  g_autofree char *why = NULL;
  gsize length;
  const char *text;

  if (step_out != NULL)
    *step_out = step;
  if (capture == NULL)
    return NULL;
  text = bytes_text (capture->out, &length);
  if (out_is_whole (capture))
    facts = cr_probe_facts_parse (text, length, &why);
  else
    why = g_strdup ("some of it was lost");
  if (facts == NULL) {
    const CrKnownLine *known;
    g_autofree char *line = NULL;

    if (length == 0 && capture->exit_code != 0) {  /* it never came so far as to ask */
      known = known_in_capture (capture, &line);
      if (line == NULL)
        line = cr_line_last (capture->err);
      lacks (rule, line, "“%s” ended with %d and printed no answer%s%s.", step->title, capture->exit_code, known != NULL ? ": " : "",
             known != NULL ? known->says : "");
      set_next (rule, known != NULL ? known->next : NULL);
      set_line (rule, line);
    } else {
      lacks (rule, why, "The answer to “%s” can't be relied on: %s.", step->title, why);
    }
    return NULL;
  }
  if (facts->too_long) {
    if (step->where == CR_STEP_POD)
      contradicts (rule, "more than 1 MiB", "“%s” was answered with more than a megabyte.", step->title);
    else
      lacks (rule, "more than 1 MiB", "“%s” was answered with more than a megabyte.", step->title);
    set_next (rule, "Find out who answers at this address: this is no answer of the API.");
    return NULL;
  }
  if (facts->url == NULL || (step->where == CR_STEP_DIRECT ? g_strcmp0 (facts->url, step->url) != 0 : !strv_holds (step->argv, facts->url))) {
    lacks (rule, facts->url, "The answer to “%s” is not to the address that was asked for.", step->title);
    return NULL;
  }
  if (step->where == CR_STEP_DIRECT && capture->http_status != facts->status) {
    lacks (rule, NULL, "“%s” reports two different statuses.", step->title);
    return NULL;
  }
  if (step->where == CR_STEP_POD && expected != 0 && (facts->status == expected) != (capture->exit_code == 0)) {
    lacks (rule, NULL, "“%s” ended with %d, which contradicts its status %d.", step->title, capture->exit_code, facts->status);
    return NULL;
  }
  return g_steal_pointer (&facts);
}

static const CrJsonNode *
body_object (CrProbeFacts *facts)
{
  const CrJsonNode *root = facts->doc != NULL ? cr_json_doc_root (facts->doc) : NULL;
  return root != NULL && cr_json_node_type (root) == CR_JSON_OBJECT ? root : NULL;
}

/* {"detail": "..."} and nothing else */
static const char *
body_detail (CrProbeFacts *facts)
{
  const CrJsonNode *root = body_object (facts);
  return root != NULL && cr_json_node_size (root) == 1 ? cr_json_node_get_string (root, "detail") : NULL;
}

static void
set_status_line (CrRule *rule, CrProbeFacts *facts)
{
  g_autofree char *body = cr_text_display_line (facts->body, (gssize) facts->body_length, 160);
  g_autofree char *line = facts->status == 0 ? g_strdup_printf ("NO_ANSWER=%s", facts->no_answer != NULL ? facts->no_answer : "")
                                             : g_strdup_printf ("HTTP_CODE=%d %s", facts->status, body);
  set_line (rule, line);
}

/* The steps of the gate's own command, for a guess at why a row is not there: what did its error stream say? */
static CrCapture *
own_command (CrRule *rule)
{
  for (guint i = 0; i < rule->gate->steps->len; i++) {
    CrPlanStep *step = rule->gate->steps->pdata[i];

    if (step->prints_exit)
      return cr_capture_set_find (rule->captures, rule->gate->id, step->id);
  }
  return NULL;
}

static void
explain_absence (CrRule *rule, CrPlanStep *step, const char *seen)
{
  CrCapture *command = own_command (rule);
  g_autofree char *line = NULL;

  if (command != NULL && rule->gate->classification == CR_CLASS_BACKFILL_FAILED && command->exit_code == 0) {
    contradicts (rule, seen, "Backfill ended with 0, but the row is not there (404): every row lay outside the range, or none was read.");
    set_next (rule, "Compare the rows' event times with --since and --until, and look into the dead-letter queue.");
  } else if (command != NULL && rule->gate->classification == CR_CLASS_SYNC_FAILED && cr_bytes_contain (command->err, "Processed ")) {
    line = cr_line_find (command->err, "Processed ");
    contradicts (rule, seen, "Messages were consumed, but not ours: the payment is not there (404). A backlog was in front of it.");
    set_next (rule, "Let the consumers work off the backlog of the topics, then start a new rehearsal.");
  } else if (command != NULL && rule->gate->classification == CR_CLASS_SYNC_FAILED && cr_bytes_contain (command->err, "Idle for ")) {
    line = cr_line_find (command->err, "Idle for ");
    contradicts (rule, seen, "The consumer idled and nobody consumed the payment (404): it was not published, or another group member blocks it.");
    set_next (rule, "Check the broker and its topics; after a killed consumer wait 60 seconds, then start a new rehearsal.");
  } else if (command != NULL && rule->gate->classification == CR_CLASS_SYNC_FAILED) {
    line = cr_line_last (command->err);
    contradicts (rule, seen, "The payment is not there (404), and the consume command did not say how it ended: it was interrupted, or logs too little.");
    set_next (rule, "Check what ended the command, and LOG_LEVEL in the consumer's deployment; wait 60 seconds after a killed consumer.");
  } else {
    contradicts (rule, seen, "“%s”: the id is not known there (404).", step->title);
  }
  set_line (rule, line);
}

/* The answer is not the wanted status: say what that means. */
static void
contradicts_status (CrRule *rule, CrPlanStep *step, CrProbeFacts *facts, int wanted)
{
  g_autofree char *seen = facts->status != 0 ? g_strdup_printf ("HTTP %d", facts->status) : g_strdup ("no answer");
  const char *detail = body_detail (facts);
  const char *place = g_hash_table_lookup (facts->values, "LOCATION");

  if (facts->status == 0 && step->where == CR_STEP_DIRECT) {
    lacks (rule, seen, "“%s”: the API gave no answer.", step->title);
    set_next (rule, "Check that this computer reaches the API's address, or leave api_url empty.");
  } else if (facts->status == 0) {
    lacks (rule, seen, "“%s”: the API in the pod gave no answer.", step->title);
    set_next (rule, "Check that the API listens at the profile's address in its pod (`kubectl logs`).");
  } else if (facts->status == 401 || facts->status == 403) {
    contradicts (rule, seen, "“%s”: the API asks for a sign-in (%d%s%s).", step->title, facts->status, detail != NULL ? ", " : "",
                 detail != NULL ? detail : "");
    set_next (rule, "Name a token_command in the profile that prints a valid token with the role ADMIN_READ.");
  } else if (facts->status >= 300 && facts->status < 400) {
    contradicts (rule, seen, "“%s” was sent elsewhere (%d%s%s).", step->title, facts->status, place != NULL && *place != '\0' ? " to " : "",
                 place != NULL ? place : "");
    set_next (rule, "Correct the API's address in the profile.");
  } else if (facts->status >= 500 && rule->gate->classification == CR_CLASS_MIGRATION_FAILED) {
    contradicts (rule, seen, "alembic says head, but the schema is not usable: an unknown id answers %d, because a table is missing or the "
                 "database does not answer.", facts->status);
    set_next (rule, "Look at the schema: it may have been dropped while alembic_version stayed. The API's log names the table.");
  } else if (facts->status >= 500) {
    contradicts (rule, seen, "“%s”: the API failed with %d.", step->title, facts->status);
    set_next (rule, "Read the API's log: the database or a table is missing, or the database is read only.");
  } else if (wanted == 404 && facts->status == 200) {
    if (rule->gate->classification == CR_CLASS_BACKFILL_FAILED)
      contradicts (rule, seen, "The row was already there before the backfill, so reading it back afterwards would prove nothing.");
    else
      contradicts (rule, seen, "An id that nobody made is answered with 200.");
    set_next (rule, "Find out who wrote that id; start a new rehearsal, which makes new ids.");
  } else if (wanted == 200 && facts->status == 404 && g_strcmp0 (detail, "Not Found") == 0) {
    contradicts (rule, seen, "“%s”: the router does not know this address (404 Not Found); the handler was never asked.", step->title);
    set_next (rule, "Correct the API's address in the profile.");
  } else if (wanted == 200 && facts->status == 404) {
    explain_absence (rule, step, seen);
  } else {
    contradicts (rule, seen, "“%s” answered %d instead of %d.", step->title, facts->status, wanted);
  }
  if (rule->line == NULL)
    set_status_line (rule, facts);
}

/* The facts of a probe that answered 200 with a JSON object, or NULL and the witness is contradicted or missing */
static CrProbeFacts *
good_facts (CrRule *rule, const char *name, CrPlanStep **step_out)
{
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) facts = probe_facts (rule, name, 200, &step);

  if (step_out != NULL)
    *step_out = step;
  if (facts == NULL)
    return NULL;
  if (facts->status != 200) {
    contradicts_status (rule, step, facts, 200);
    return NULL;
  }
  if (body_object (facts) == NULL) {
    if (facts->doc != NULL || facts->body_length == 0 || facts->body[0] == '<')
      contradicts (rule, "no JSON object", "“%s” answered 200, but not with a JSON object.", step->title);
    else
      contradicts (rule, "no plain JSON", "“%s” answered 200, but its body is not plain JSON: cut, not UTF-8, or a key stands twice.", step->title);
    set_status_line (rule, facts);
    return NULL;
  }
  return g_steal_pointer (&facts);
}

static void
look_handler_404 (CrRule *rule)
{
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) facts = NULL;
  const char *detail;

  expects (rule, "HTTP 404 {\"detail\":\"tx_id not found\"}");
  facts = probe_facts (rule, "step", 404, &step);
  if (facts == NULL)
    return;
  detail = body_detail (facts);
  if (facts->status != 404) {
    contradicts_status (rule, step, facts, 404);
  } else if (g_strcmp0 (detail, "tx_id not found") == 0) {
    holds (rule, "HTTP 404 tx_id not found");
  } else if (g_strcmp0 (detail, "Not Found") == 0) {
    contradicts (rule, "HTTP 404 Not Found", "The 404 comes from the router, not from the handler: this address does not exist.");
    set_status_line (rule, facts);
    set_next (rule, "Correct the API's address in the profile, and check the deployed version.");
  } else {
    contradicts (rule, "HTTP 404, another body", "The 404 is not the handler's own: its body is another one.");
    set_status_line (rule, facts);
    set_next (rule, "Find out who answers at this address: a proxy, or another version.");
  }
}

static void
look_http_200 (CrRule *rule)
{
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) facts = NULL;
  const char *tx_id;

  expects (rule, "HTTP 200 with tx_id %s", arg (rule, "tx_id"));
  facts = good_facts (rule, "step", &step);
  if (facts == NULL)
    return;
  tx_id = cr_json_node_get_string (body_object (facts), "tx_id");
  if (*arg (rule, "tx_id") == '\0') {
    lacks (rule, NULL, "No id was asked for.");
  } else if (g_strcmp0 (tx_id, arg (rule, "tx_id")) != 0) {
    contradicts (rule, tx_id, "“%s” answered 200 with another id, %s.", step->title, tx_id != NULL ? tx_id : "none");
    set_status_line (rule, facts);
  } else {
    holds (rule, "HTTP 200 %s", tx_id);
  }
}

static void
look_differs (CrRule *rule)
{
  CrPlanStep *step = NULL, *other_step = NULL;
  g_autoptr(CrProbeFacts) facts = NULL;
  g_autoptr(CrProbeFacts) other = NULL;

  expects (rule, "another body than that of a route which does not exist");
  if ((facts = probe_facts (rule, "step", 404, &step)) == NULL || (other = probe_facts (rule, "other", 404, &other_step)) == NULL)
    return;
  if (facts->status == 0 || other->status == 0) {
    lacks (rule, "no answer", "“%s” got no answer to compare with.", facts->status == 0 ? step->title : other_step->title);
  } else if (facts->body_length == other->body_length && memcmp (facts->body, other->body, facts->body_length) == 0) {
    contradicts (rule, "the same answer", "The unknown id and a route that does not exist get the same answer: the handler was never asked.");
    set_status_line (rule, facts);
    set_next (rule, "Correct the API's address in the profile, and check the deployed version.");
  } else {
    holds (rule, "another answer (HTTP %d)", other->status);
  }
}

static char *
own_hash (CrProbeFacts *facts)
{
  return cr_canonical_hash (facts->body, (gssize) facts->body_length, CR_CANONICAL_MASK, NULL);
}

/* The whole body's canonical text; NULL if it is no strict JSON */
static char *
canonical_body (CrProbeFacts *facts)
{
  GString *out;

  if (facts->doc == NULL)
    return NULL;
  out = g_string_new (NULL);
  cr_canonical_append_node (out, cr_json_doc_root (facts->doc));
  return g_string_free (out, FALSE);
}

static void
look_agrees (CrRule *rule)
{
  CrPlanStep *pod_step = NULL, *direct_step = NULL;
  g_autoptr(CrProbeFacts) pod = NULL;
  g_autoptr(CrProbeFacts) direct = NULL;
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;

  expects (rule, "the same answer as in the pod");
  if ((pod = probe_facts (rule, "pod", 0, &pod_step)) == NULL || (direct = probe_facts (rule, "direct", 0, &direct_step)) == NULL)
    return;
  set_text (&rule->result->step, arg (rule, "direct"));
  if (pod->status == 0 || direct->status == 0) {
    lacks (rule, "no answer", "“%s” got no answer.", direct->status == 0 ? direct_step->title : pod_step->title);
    set_status_line (rule, direct->status == 0 ? direct : pod);
    if (direct->status == 0)
      set_next (rule, "Check that this computer reaches the API's address, or leave api_url empty.");
    return;
  }
  if (pod->status != direct->status) {
    contradicts (rule, NULL, "The pod answers %d, but this computer gets %d: they do not ask the same API.", pod->status, direct->status);
    set_status_line (rule, direct);
    set_next (rule, "Check api_url in the profile: does it lead to the same deployment?");
    return;
  }
  if (pod->status == 200) {
    ours = own_hash (pod);
    theirs = own_hash (direct);
  } else {
    ours = canonical_body (pod);
    theirs = canonical_body (direct);
  }
  if (ours == NULL || theirs == NULL) {
    lacks (rule, NULL, "The two answers can't be compared: one of them is not JSON.");
  } else if (!g_str_equal (ours, theirs)) {
    contradicts (rule, NULL, "The pod and this computer get different bodies with status %d.", pod->status);
    set_status_line (rule, direct);
    set_next (rule, "Check api_url in the profile: does it lead to the same deployment?");
  } else {
    holds (rule, "HTTP %d, the same body", direct->status);
  }
}

/* ---- backfill ---- */

static void
look_files_in_pod (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = ended_capture (rule, "step", &step);
  gsize length, size;
  const char *text, *line;
  guint seen = 0;
  gsize total_lines = 0;

  expects (rule, "every file with the same SHA-256, lines and bytes as here");
  if (capture == NULL)
    return;
  if (step->files == NULL || step->files->len == 0) {
    lacks (rule, NULL, "“%s” brings no file along.", step->title);
    return;
  }
  text = bytes_text (capture->out, &length);
  while (seen < step->files->len && next_line (&text, &length, &line, &size)) {
    CrPlanFile *file = step->files->pdata[seen];
    gsize bytes = strlen (file->content), lines = 0;
    g_autofree char *digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) file->content, bytes);
    g_autofree char *wanted = NULL;
    g_autofree char *given = NULL;

    for (const char *p = strchr (file->content, '\n'); p != NULL; p = strchr (p + 1, '\n'))
      lines++;
    wanted = g_strdup_printf ("CR1FILE %u sha256=%s lines=%" G_GSIZE_FORMAT " bytes=%" G_GSIZE_FORMAT, seen + 1, digest, lines, bytes);
    if (size < strlen ("CR1FILE ") || memcmp (line, "CR1FILE ", strlen ("CR1FILE ")) != 0)
      break;
    given = cr_text_display_line (line, (gssize) size, MAX_SHOWN);
    if (!g_str_equal (given, wanted)) {
      contradicts (rule, given, "The file %s in the pod is not the one from here.", file->path);
      set_line (rule, given);
      return;
    }
    seen++;
    total_lines += lines;
  }
  if (seen < step->files->len) {
    CrPlanFile *file = step->files->pdata[seen];
    g_autofree char *failed = cr_line_find (capture->err, "cannot write ");

    if (failed != NULL && capture->exit_code == 73)
      contradicts (rule, failed, "The file %s could not be written in the pod.", file->path);
    else
      lacks (rule, NULL, "The pod did not confirm the file %s.", file->path);
    set_line (rule, failed);
    return;
  }
  if (cr_bytes_contain (capture->out, "\nCR1FILE ") && length > 0) {
    g_autoptr(GBytes) rest = g_bytes_new (text, length);
    g_autofree char *more = cr_line_find (rest, "CR1FILE ");

    if (more != NULL && g_str_has_prefix (more, "CR1FILE ")) {
      lacks (rule, more, "The pod confirmed more files than were sent.");
      set_line (rule, more);
      return;
    }
  }
  holds (rule, "%u files, %" G_GSIZE_FORMAT " rows, digests equal", seen, total_lines);
}

/* "T-24h-1s", "T-0.5s", "T", "T+1s": (transfer full) */
static char *
describe_place (gint64 instant, gint64 t_cutover)
{
  gint64 distance = instant - t_cutover, left = ABS (distance) % (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC), hours = ABS (distance) / (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  const char *sign = distance < 0 ? "-" : "+";
  g_autoptr(GString) out = g_string_new ("T");
  char seconds[G_ASCII_DTOSTR_BUF_SIZE];

  if (hours > 0)
    g_string_append_printf (out, "%s%" G_GINT64_FORMAT "h", sign, hours);
  if (left > 0)
    g_string_append_printf (out, "%s%ss", sign, g_ascii_formatd (seconds, sizeof seconds, "%.6g", (double) left / G_USEC_PER_SEC));
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* One marked row: where it lies, and what the API says of it */
typedef struct { const char *id; gint64 offered; gboolean inside, gap, taken; } FencePost;

/* "FENCE <id> <status> <JSON text>": the event time of the row, or the detail of a 404. FALSE: the witness is missing or contradicted */
static gboolean
read_fence_post (CrRule *rule, const char *line, FencePost *post)
{
  g_auto(GStrv) fields = g_strsplit (line, " ", 4);
  g_autoptr(CrJsonDoc) doc = NULL;
  const CrJsonNode *root;
  const char *said;
  gint64 instant = 0;

  if (g_strv_length (fields) != 4 || !g_str_equal (fields[0], "FENCE") || !g_str_equal (fields[1], post->id)
      || (doc = cr_json_parse (fields[3], -1, CR_JSON_STRICT, NULL)) == NULL || (root = cr_json_doc_root (doc)) == NULL
      || cr_json_node_type (root) != CR_JSON_STRING || (said = cr_json_node_string (root, NULL)) == NULL) {
    lacks (rule, line, "It can't be read what became of the marked row %s.", post->id);
    set_line (rule, line);
    return FALSE;
  }
  post->taken = g_str_equal (fields[2], "200");
  if (!post->taken && (!g_str_equal (fields[2], "404") || !g_str_equal (said, "tx_id not found"))) {
    lacks (rule, line, "It is not known if backfill took the marked row %s: the answer was %s.", post->id, fields[2]);
    set_line (rule, line);
    return FALSE;
  }
  if (post->taken && (!cr_instant_parse (said, &instant, NULL) || instant != post->offered)) {
    contradicts (rule, said, "The marked row %s is read back with another event time, %s.", post->id, said);
    set_line (rule, line);
    return FALSE;
  }
  return TRUE;
}

/* Rows just inside and just outside of both ends of the range: which of them did the backfill take? */
static void
look_fence_posts (CrRule *rule)
{
  g_auto(GStrv) ids = g_strsplit (arg (rule, "ids"), " ", -1);
  g_auto(GStrv) times = g_strsplit (arg (rule, "times"), " ", -1);
  guint n = g_strv_length (ids);
  g_autofree FencePost *posts = g_new0 (FencePost, n + 1);
  g_autoptr(GString) ruler = g_string_new (NULL);
  g_autofree char *end = NULL;
  g_auto(GStrv) lines = NULL;
  const FencePost *wrong = NULL;
  CrPlanStep *step = NULL;
  CrCapture *capture;
  gint64 since = 0, until = 0, t_cutover = 0;
  guint gaps = 0;

  expects (rule, "taken from %s to %s, and nothing else", arg (rule, "since"), arg (rule, "until"));
  set_text (&rule->result->step, arg (rule, "step"));
  if (ended_capture (rule, "command", NULL) == NULL || (capture = good_capture (rule, "step", &step)) == NULL)
    return;
  if (!cr_instant_parse (arg (rule, "since"), &since, NULL) || !cr_instant_parse (arg (rule, "until"), &until, NULL)
      || !cr_instant_parse (arg (rule, "t_cutover"), &t_cutover, NULL) || g_strv_length (times) != n || n == 0) {
    lacks (rule, NULL, "The plan does not say which marked rows were offered, and in which range.");
    return;
  }
  lines = text_lines (capture->out);
  if (!out_is_whole (capture) || lines == NULL || g_strv_length (lines) != n) {
    lacks (rule, NULL, "“%s” did not print one line for each marked row.", step->title);
    return;
  }
  for (guint i = 0; i < n; i++) {
    FencePost *post = &posts[i];
    g_autofree char *place = NULL;

    post->id = ids[i];
    if (!cr_instant_parse (times[i], &post->offered, NULL)) {
      lacks (rule, times[i], "The time of a marked row can't be read.");
      return;
    }
    post->inside = post->offered >= since && post->offered <= until;
    post->gap = post->offered > until && post->offered < t_cutover;
    if (!read_fence_post (rule, lines[i], post))
      return;
    gaps += post->gap && !post->taken ? 1 : 0;
    if (wrong == NULL && post->taken != post->inside)
      wrong = post;
    place = describe_place (post->offered, t_cutover);
    g_string_append_printf (ruler, "%s%s %s", i == 0 ? "" : post->inside != posts[i - 1].inside ? " | " : " ", place, post->taken ? "●" : "○");
  }
  g_string_append (ruler, " (● taken)");
  if (wrong != NULL) {
    g_autofree char *place = describe_place (wrong->offered, t_cutover);

    if (wrong->taken)
      contradicts (rule, ruler->str, "Backfill took the marked row at %s, which lies outside of its range.", place);
    else
      contradicts (rule, ruler->str, "Backfill did not take the marked row at %s, although it lies inside of its range.", place);
    set_line (rule, ruler->str);
    set_next (rule, "Compare --since and --until in the command with what the consumer does with the ends of a range.");
    return;
  }
  if (gaps > 0) {
    end = describe_place (until, t_cutover);
    rule->result->caution = TRUE;
    rule->finding = g_strdup_printf ("Events between T_cutover%s and T_cutover are taken by neither backfill nor sync: %s", end + 1, ruler->str);
  }
  holds (rule, "%s", ruler->str);
}

static void
look_stderr_clean (CrRule *rule)
{
  g_auto(GStrv) patterns = g_strsplit (arg (rule, "patterns"), ";", -1);
  CrPlanStep *step = NULL;
  CrCapture *capture = ended_capture (rule, "step", &step);
  guint n = 0;

  expects (rule, "none of: %s", arg (rule, "patterns"));
  if (capture == NULL)
    return;
  for (guint i = 0; patterns[i] != NULL; i++) {
    g_autofree char *line = NULL;
    g_autofree char *known_line = NULL;
    const CrKnownLine *known;

    if (*patterns[i] == '\0')
      continue;
    n++;
    if (!cr_bytes_contain (capture->err, patterns[i]))
      continue;
    known = cr_known_line_find (capture->err, &known_line);
    line = cr_line_find (capture->err, cr_bytes_contain (capture->err, "sent to DLQ") ? "sent to DLQ" : patterns[i]);
    if (cr_bytes_contain (capture->err, "sent to DLQ")) {
      gboolean backfill = rule->gate->classification == CR_CLASS_BACKFILL_FAILED;
      gboolean plain = known == NULL || g_str_equal (known->pattern, "sent to DLQ");
      g_autofree char *who = backfill ? g_strdup ("Backfill") : g_strdup_printf ("“%s”", step->title);

      contradicts (rule, line, "%s ended with %d, but its %s went to the dead-letter queue%s%s.", who, capture->exit_code,
                   backfill ? "rows" : "messages", plain ? "" : ": ", plain ? "" : known->says);
      set_next (rule, known != NULL ? known->next : "Read the dead-letter queue: each entry names its error.");
    } else {
      contradicts (rule, line, "“%s” ended with %d, but its error stream holds an error%s%s.", step->title, capture->exit_code,
                   known != NULL ? ": " : "", known != NULL ? known->says : "");
      set_next (rule, known != NULL ? known->next : NULL);
    }
    set_line (rule, line);
    return;
  }
  if (n == 0)
    lacks (rule, NULL, "Nothing was looked for.");
  else if (!err_is_whole (capture))
    lacks (rule, "not all of it is there", "The error stream of “%s” is not all there, so nobody can say that it holds no error.", step->title);
  else
    holds (rule, "no error line");
}

/* "100.00", 100.0 and 1e2 are equal: (transfer full) digits without zeros at the ends, and where the point is; NULL if it is no number */
static char *
decimal_normal (const char *text, gsize length)
{
  g_autoptr(GString) digits = g_string_new (NULL);
  gboolean negative = length > 0 && text[0] == '-';
  gboolean point = FALSE;
  gint64 exponent = 0;
  gsize i = negative ? 1 : 0, leading = 0, n = 0;

  for (; i < length && (g_ascii_isdigit (text[i]) || (text[i] == '.' && !point)); i++) {
    if (text[i] == '.') {
      point = TRUE;
      continue;
    }
    g_string_append_c (digits, text[i]);
    exponent -= point;
    n++;
  }
  if (n == 0 || n > 4000)
    return NULL;
  if (i < length) {
    g_autofree char *rest = g_strndup (text + i, length - i);
    const char *p = rest + 1;

    if ((rest[0] != 'e' && rest[0] != 'E') || strlen (rest) != length - i)
      return NULL;
    p += *p == '+' || *p == '-';
    if (*p == '\0' || strlen (p) > 6 || strspn (p, "0123456789") != strlen (p))
      return NULL;
    exponent += g_ascii_strtoll (rest + 1, NULL, 10);
  }
  while (leading < digits->len && digits->str[leading] == '0')
    leading++;
  g_string_erase (digits, 0, (gssize) leading);
  if (digits->len == 0)
    return g_strdup ("0");
  while (digits->len > 0 && digits->str[digits->len - 1] == '0') {
    g_string_truncate (digits, digits->len - 1);
    exponent++;
  }
  return g_strdup_printf ("%s%se%" G_GINT64_FORMAT, negative ? "-" : "", digits->str, exponent);
}

static gboolean
decimal_equal (const CrJsonNode *node, const char *wanted)
{
  gsize length = 0;
  const char *text = NULL;
  g_autofree char *a = NULL;
  g_autofree char *b = decimal_normal (wanted, strlen (wanted));

  if (node != NULL && cr_json_node_type (node) == CR_JSON_STRING)
    text = cr_json_node_string (node, &length);
  else if (node != NULL && cr_json_node_type (node) == CR_JSON_NUMBER)
    text = cr_json_node_number (node, &length);
  a = text != NULL ? decimal_normal (text, length) : NULL;
  return a != NULL && b != NULL && g_str_equal (a, b);
}

/* (transfer full): the value as compact JSON, safe to show; "absent" */
static char *
show_node (const CrJsonNode *node)
{
  g_autoptr(GString) out = g_string_new (NULL);

  if (node == NULL)
    return g_strdup ("absent");
  cr_canonical_append_node (out, node);
  return cr_text_display_line (out->str, (gssize) out->len, 120);
}

static gboolean
member_equals (CrRule *rule, CrPlanStep *step, CrProbeFacts *facts, const CrJsonNode *object, const char *key, const char *wanted)
{
  const CrJsonNode *node = object != NULL ? cr_json_node_member (object, key) : NULL;
  g_autofree char *value = NULL;
  g_autofree char *seen = NULL;

  if (g_strcmp0 (cr_json_node_get_string (object, key), wanted) == 0)
    return TRUE;
  value = show_node (node);
  seen = g_strdup_printf ("%s: %s", key, value);
  if ((g_str_equal (key, "status") || g_str_equal (key, "merchant_name")) && node != NULL && cr_json_node_type (node) == CR_JSON_NULL)
    contradicts (rule, seen, "“%s” answered 200, but the row is not complete: %s is null, so the payment order is missing.", step->title, key);
  else
    contradicts (rule, seen, "“%s”: %s is %s instead of %s.", step->title, key, value, wanted);
  set_status_line (rule, facts);
  return FALSE;
}

/* Compares event_time with the arguments event_time (equal) or event_time_min (not before, and not in the future) */
static gboolean
event_time_fits (CrRule *rule, CrPlanStep *step, CrProbeFacts *facts)
{
  const char *text = cr_json_node_get_string (body_object (facts), "event_time");
  const char *exact = arg (rule, "event_time"), *least = arg (rule, "event_time_min");
  gint64 instant = 0, wanted = 0;

  if (*exact == '\0' && *least == '\0')
    return TRUE;
  if (text == NULL || !cr_instant_parse (text, &instant, NULL)) {
    g_autofree char *value = show_node (cr_json_node_member (body_object (facts), "event_time"));
    contradicts (rule, value, "“%s”: event_time is %s, which is no instant.", step->title, value);
  } else if (!cr_instant_parse (*exact != '\0' ? exact : least, &wanted, NULL)) {
    lacks (rule, text, "The event time to compare with can't be read.");
  } else if (*exact != '\0' && instant != wanted) {
    contradicts (rule, text, "“%s”: event_time is %s instead of %s.", step->title, text, exact);
  } else if (*exact == '\0' && instant < wanted) {
    contradicts (rule, text, "“%s”: event_time %s is before T_cutover, %s: this is not the payment published now.", step->title, text, least);
    set_next (rule, "Compare the pod's clock with this computer's, and look for an earlier run with the same ids.");
  } else if (*exact == '\0' && facts->date < 0) {
    lacks (rule, text, "“%s” has no Date header, so nobody can say that event_time %s is not in the future.", step->title, text);
  } else if (*exact == '\0' && instant > facts->date * G_USEC_PER_SEC + EVENT_TOLERANCE) {
    contradicts (rule, text, "“%s”: event_time %s is in the future of the answer.", step->title, text);
  } else {
    return TRUE;
  }
  set_status_line (rule, facts);
  return FALSE;
}

static void
look_read_back (CrRule *rule)
{
  static const char *const texts[] = { "tx_id", "status", "merchant_name", "paired_tx_id", "pairing_status" };
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) facts = NULL;
  const CrJsonNode *body, *related;
  g_autofree char *amount = NULL;

  expects (rule, "%s, %s, %s, amount %s, event time %s%s", arg (rule, "tx_id"), arg (rule, "status"), arg (rule, "merchant_name"),
           arg (rule, "amount"), *arg (rule, "event_time") != '\0' ? "" : "at or after ",
           *arg (rule, "event_time") != '\0' ? arg (rule, "event_time") : arg (rule, "event_time_min"));
  facts = good_facts (rule, "step", &step);
  if (facts == NULL)
    return;
  body = body_object (facts);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_hash_table_contains (rule->witness->args, texts[i]) && !member_equals (rule, step, facts, body, texts[i], arg (rule, texts[i])))
      return;
  related = cr_json_node_member (body, "related");
  if (g_hash_table_contains (rule->witness->args, "related_id")
      && !member_equals (rule, step, facts, related, "related_id", arg (rule, "related_id")))
    return;
  amount = show_node (cr_json_node_member (body, "amount"));
  if (g_hash_table_contains (rule->witness->args, "amount") && !decimal_equal (cr_json_node_member (body, "amount"), arg (rule, "amount"))) {
    contradicts (rule, amount, "“%s”: the amount is %s instead of %s.", step->title, amount, arg (rule, "amount"));
    set_status_line (rule, facts);
    return;
  }
  if (!event_time_fits (rule, step, facts))
    return;
  holds (rule, "%s read back: %s, event time %s", arg (rule, "tx_id"), arg (rule, "status"), cr_json_node_get_string (body, "event_time"));
}

/* ---- sync ---- */

static void
look_publisher_ids (CrRule *rule)
{
  static const char *const keys[] = { "scenario", "run_id", "order_id", "payment_tx_id", "receive_tx_id" };
  CrPlanStep *step = NULL;
  CrCapture *capture;
  g_auto(GStrv) lines = NULL;
  g_autoptr(CrJsonDoc) doc = NULL;

  expects (rule, "one JSON line with payment_tx_id %s", arg (rule, "payment_tx_id"));
  capture = good_capture (rule, "step", &step);
  if (capture == NULL)
    return;
  lines = text_lines (capture->out);
  if (!out_is_whole (capture) || lines == NULL || g_strv_length (lines) != 1
      || (doc = cr_json_parse (lines[0], -1, CR_JSON_STRICT, NULL)) == NULL
      || cr_json_node_type (cr_json_doc_root (doc)) != CR_JSON_OBJECT) {
    lacks (rule, NULL, "“%s” did not print exactly one JSON line with its ids.", step->title);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *value = cr_json_node_get_string (cr_json_doc_root (doc), keys[i]);

    if (value == NULL) {
      lacks (rule, lines[0], "The publisher's line has no %s.", keys[i]);
      set_line (rule, lines[0]);
      return;
    }
    if (!g_str_equal (value, arg (rule, keys[i])) || *value == '\0') {
      contradicts (rule, value, "The publisher's %s is %s instead of %s.", keys[i], value, arg (rule, keys[i]));
      set_line (rule, lines[0]);
      return;
    }
  }
  holds (rule, "%s", arg (rule, "payment_tx_id"));
}

/* "... Processed 3 messages; exiting" -> 3; -1 if the line does not end like that */
static gint64
ending_count (const char *line, const char *before, const char *after)
{
  const char *found = strstr (line, before);
  gsize digits;
  gint64 value;

  if (found == NULL)
    return -1;
  found += strlen (before);
  digits = strspn (found, "0123456789");
  if (digits == 0 || digits > 9 || !g_str_equal (found + digits, after))
    return -1;
  value = g_ascii_strtoll (found, NULL, 10);
  return value;
}

static void
look_consumer_ending (CrRule *rule)
{
  CrPlanStep *step = NULL;
  CrCapture *capture = ended_capture (rule, "step", &step);
  gint64 wanted = g_ascii_strtoll (arg (rule, "expected"), NULL, 10);
  gint64 processed = -1, idle = -1;
  g_auto(GStrv) lines = NULL;
  guint n = 0;

  expects (rule, "Processed %s messages, or Idle for ... seconds", arg (rule, "expected"));
  if (capture == NULL)
    return;
  if (!err_is_whole (capture) || (lines = text_lines (capture->err)) == NULL) {
    lacks (rule, NULL, "The error stream of “%s” is not all there.", step->title);
    return;
  }
  for (guint i = 0; lines[i] != NULL; i++) {
    gint64 count = ending_count (lines[i], "Processed ", " messages; exiting");
    gint64 seconds = ending_count (lines[i], "Idle for ", " seconds; exiting");

    processed = count >= 0 ? count : processed;
    idle = seconds >= 0 ? seconds : idle;
    n += (count >= 0 ? 1u : 0u) + (seconds >= 0 ? 1u : 0u);
  }
  if (n == 0) {
    g_autofree char *last = cr_line_last (capture->err);
    lacks (rule, last, "“%s” said neither how many messages it processed nor that it idled: it was interrupted, or its log level is above INFO.",
           step->title);
    set_line (rule, last);
    set_next (rule, "Check LOG_LEVEL in the consumer's deployment and what ended the command.");
  } else if (n > 1) {
    lacks (rule, NULL, "“%s” says more than once how it ended.", step->title);
  } else if (idle >= 0) {
    rule->result->caution = TRUE;
    holds (rule, "not by this command, which idled for %" G_GINT64_FORMAT " s: by the deployed consumer, if at all", idle);
  } else if (processed != wanted) {
    rule->result->caution = TRUE;
    holds (rule, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " messages by this command, the rest by the deployed consumer", processed, wanted);
  } else {
    holds (rule, "%" G_GINT64_FORMAT " messages by this command", processed);
  }
}

/* ---- idempotency ---- */

static void
look_settled (CrRule *rule)
{
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) facts = NULL;

  expects (rule, "status SETTLED");
  facts = good_facts (rule, "step", &step);
  if (facts != NULL && member_equals (rule, step, facts, body_object (facts), "status", "SETTLED"))
    holds (rule, "status SETTLED");
}

static void
look_hash_recomputed (CrRule *rule)
{
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) facts = NULL;
  g_autofree char *ours = NULL;

  expects (rule, "the hash from the pod, computed again here");
  facts = good_facts (rule, "step", &step);
  if (facts == NULL)
    return;
  ours = own_hash (facts);
  if (facts->canon_hash == NULL || ours == NULL) {
    lacks (rule, NULL, "“%s” brought no canonical hash, or a body that has none.", step->title);
  } else if (!g_str_equal (ours, facts->canon_hash)) {
    contradicts (rule, facts->canon_hash, "The canonical hash from the pod, %.12s…, is not the one of its body, %.12s….", facts->canon_hash, ours);
    set_next (rule, "Compare the two in the payload view; do not trust either before it is known which is wrong.");
  } else {
    holds (rule, "%s", ours);
  }
}

static gboolean
is_masked (const char *key)
{
  return g_strv_contains (CR_CANONICAL_MASK, key);
}

/* The first place, as JSON Pointer, where two documents differ; objects are entered, arrays compared whole */
static gboolean
first_difference (const CrJsonNode *before, const CrJsonNode *after, gboolean top, GString *pointer, char **old, char **new)
{
  g_autofree char *a = show_node (before);
  g_autofree char *b = show_node (after);
  gsize length = pointer->len;

  if (before != NULL && after != NULL && cr_json_node_type (before) == CR_JSON_OBJECT && cr_json_node_type (after) == CR_JSON_OBJECT) {
    for (guint side = 0; side < 2; side++) {
      const CrJsonNode *from = side == 0 ? before : after;

      for (gsize i = 0; i < cr_json_node_size (from); i++) {
        const char *key = cr_json_node_key_at (from, i, NULL);

        if (top && is_masked (key))
          continue;
        g_string_append_c (pointer, '/');
        for (const char *p = key; *p != '\0'; p++) {
          if (*p == '~' || *p == '/')
            g_string_append (pointer, *p == '~' ? "~0" : "~1");
          else
            g_string_append_c (pointer, *p);
        }
        if (first_difference (cr_json_node_member (before, key), cr_json_node_member (after, key), FALSE, pointer, old, new))
          return TRUE;
        g_string_truncate (pointer, length);
      }
    }
    return FALSE;
  }
  if (before != NULL && after != NULL) {
    g_autoptr(GString) whole_before = g_string_new (NULL);
    g_autoptr(GString) whole_after = g_string_new (NULL);

    cr_canonical_append_node (whole_before, before);
    cr_canonical_append_node (whole_after, after);
    if (g_string_equal (whole_before, whole_after))
      return FALSE;
  } else if (before == NULL && after == NULL) {
    return FALSE;
  }
  *old = g_steal_pointer (&a);
  *new = g_steal_pointer (&b);
  return TRUE;
}

static void
look_hash_equal (CrRule *rule)
{
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) before = NULL;
  g_autoptr(CrProbeFacts) after = NULL;
  g_autofree char *hash_before = NULL;
  g_autofree char *hash_after = NULL;

  expects (rule, "the same canonical hash before and after");
  if ((before = good_facts (rule, "before", &step)) == NULL || (after = good_facts (rule, "after", &step)) == NULL)
    return;
  hash_before = own_hash (before);
  hash_after = own_hash (after);
  if (hash_before == NULL || hash_after == NULL) {
    lacks (rule, NULL, "One of the two payloads has no canonical hash.");
  } else if (!g_str_equal (hash_before, hash_after)) {
    g_autoptr(GString) pointer = g_string_new (NULL);
    g_autofree char *old = NULL;
    g_autofree char *new = NULL;
    g_autofree char *line = NULL;
    const char *status = cr_json_node_get_string (body_object (before), "status");

    if (first_difference (body_object (before), body_object (after), TRUE, pointer, &old, &new)) {
      line = g_strdup_printf ("%s: %s → %s", pointer->str, old, new);
      if (status == NULL)
        contradicts (rule, line, "The payload was not complete before the duplicates: %s was %s and became %s.", pointer->str, old, new);
      else
        contradicts (rule, line, "The duplicates changed the payload: %s was %s and became %s.", pointer->str, old, new);
    } else {
      contradicts (rule, NULL, "The canonical hashes before and after differ.");
    }
    set_line (rule, line);
    set_next (rule, "Open the payloads: the field that changed shows which part of the consumer is not idempotent.");
  } else {
    holds (rule, "hashes equal %.12s…", hash_after);
  }
}

/* The offset of the pod's clock to the jumpbox's, as measured in the precheck; FALSE where it was not */
static gboolean
pod_clock_offset (CrRule *rule, Interval *offset)
{
  CrPlanGate *gate = NULL;
  CrPlanStep *step = *arg (rule, "pod_clock") != '\0' ? find_step (rule, arg (rule, "pod_clock"), &gate) : NULL;
  CrCapture *capture = step != NULL ? cr_capture_set_find (rule->captures, gate->id, step->id) : NULL;

  return cr_capture_ended (capture) && capture->exit_code == 0 && offset_to_jumpbox (capture, offset);
}

static void
look_event_time_moved (CrRule *rule)
{
  CrPlanStep *before_step = NULL, *after_step = NULL, *publish_step = NULL;
  g_autoptr(CrProbeFacts) before = NULL;
  g_autoptr(CrProbeFacts) after = NULL;
  CrCapture *publish;
  const char *old, *new;
  gint64 old_time = 0, new_time = 0, publish_time;
  Interval offset = { 0, 0 };

  expects (rule, "event_time later than before, and not before the publish of the duplicates");
  if ((publish = good_capture (rule, "publish", &publish_step)) == NULL || (before = good_facts (rule, "before", &before_step)) == NULL
      || (after = good_facts (rule, "after", &after_step)) == NULL)
    return;
  set_text (&rule->result->step, arg (rule, "after"));
  old = cr_json_node_get_string (body_object (before), "event_time");
  new = cr_json_node_get_string (body_object (after), "event_time");
  if (old == NULL || new == NULL || !cr_instant_parse (old, &old_time, NULL) || !cr_instant_parse (new, &new_time, NULL)) {
    lacks (rule, NULL, "The event times before and after are not both instants.");
    return;
  }
  if (publish->started_us <= 0) {
    lacks (rule, NULL, "It is not known when the duplicates were published.");
    return;
  }
  if (!pod_clock_offset (rule, &offset))
    offset.low = 0;
  publish_time = publish->started_us + (gint64) (offset.low * G_USEC_PER_SEC) - EVENT_TOLERANCE;
  if (new_time == old_time) {
    g_autofree char *line = g_strdup_printf ("event_time %s before and after", new);
    lacks (rule, line, "Not proven: the event time did not move, so no duplicate was processed, and equal hashes say nothing.");
    set_line (rule, line);
    set_next (rule, "Find out why the duplicates were not consumed (broker, consumer group), then start a new rehearsal.");
  } else if (new_time < old_time) {
    g_autofree char *line = g_strdup_printf ("event_time %s → %s", old, new);
    contradicts (rule, line, "The event time went back, from %s to %s: an older event replaced a newer one.", old, new);
    set_line (rule, line);
  } else if (new_time < publish_time) {
    g_autofree char *line = g_strdup_printf ("event_time %s → %s", old, new);
    lacks (rule, line, "Not proven: the event time moved to %s, which is before the duplicates were published; something else was processed.", new);
    set_line (rule, line);
  } else {
    holds (rule, "duplicate processed: event time %s → %s", old, new);
  }
}

static gboolean
masked_fields_fit (CrRule *rule, const char *name)
{
  CrPlanStep *step = NULL;
  g_autoptr(CrProbeFacts) facts = good_facts (rule, name, &step);
  const CrJsonNode *lag;
  const char *event_time;
  gint64 instant, seconds = -1;
  gsize length = 0;

  if (facts == NULL)
    return FALSE;
  event_time = cr_json_node_get_string (body_object (facts), "event_time");
  if (event_time == NULL || !cr_instant_parse (event_time, &instant, NULL)) {
    g_autofree char *value = show_node (cr_json_node_member (body_object (facts), "event_time"));
    contradicts (rule, value, "“%s”: event_time is %s, which is no instant.", step->title, value);
    set_status_line (rule, facts);
    return FALSE;
  }
  lag = cr_json_node_member (body_object (facts), "data_lag_sec");
  if (lag == NULL || cr_json_node_type (lag) != CR_JSON_NUMBER
      || strspn (cr_json_node_number (lag, &length), "0123456789") < length
      || !cr_json_node_get_int (body_object (facts), "data_lag_sec", &seconds) || seconds < 0) {
    g_autofree char *value = show_node (lag);
    contradicts (rule, value, "“%s”: data_lag_sec is %s, which is no whole number of seconds.", step->title, value);
    set_status_line (rule, facts);
    return FALSE;
  }
  return TRUE;
}

static void
look_mask_types (CrRule *rule)
{
  expects (rule, "event_time an instant, data_lag_sec a whole number");
  if (masked_fields_fit (rule, "before") && masked_fields_fit (rule, "after"))
    holds (rule, "event_time and data_lag_sec as expected");
}

/* ---- the table ---- */

static const CrRuleInfo rules[] = {
  { "agrees", look_agrees, "pod direct", "" },
  { "aks_state", look_aks_state, "step", "" },
  { "alembic_at_head", look_alembic_at_head, "current heads", "" },
  { "alembic_steps", look_alembic_steps, "before upgrade after", "" },
  { "az_version", look_az_version, "step", "" },
  { "canary", look_canary, "", "" },
  { "clock_offset", look_clock_offset, "steps limit", "" },
  { "command_ended", look_command_ended, "step", "" },
  { "consumer_ending", look_consumer_ending, "step expected", "" },
  { "deployments_ready", look_deployments_ready, "step names", "" },
  { "differs", look_differs, "step other", "" },
  { "event_time_moved", look_event_time_moved, "before after publish", "pod_clock" },
  { "exit_zero", look_exit_zero, "step", "" },
  { "fence_posts", look_fence_posts, "step command ids times since until t_cutover", "" },
  { "files_in_pod", look_files_in_pod, "step", "" },
  { "folder_writable", look_folder_writable, "step", "" },
  { "handler_404", look_handler_404, "step", "" },
  { "hash_equal", look_hash_equal, "before after", "" },
  { "hash_recomputed", look_hash_recomputed, "step", "" },
  { "http_200", look_http_200, "step tx_id", "" },
  { "line_equals", look_line_equals, "step value", "" },
  { "mask_types", look_mask_types, "before after", "" },
  { "pods_healthy", look_pods_healthy, "step names", "" },
  { "publisher_ids", look_publisher_ids, "step run_id scenario order_id payment_tx_id receive_tx_id", "" },
  { "read_back", look_read_back, "step tx_id status", "amount event_time event_time_min merchant_name paired_tx_id pairing_status related_id" },
  { "settled", look_settled, "step", "" },
  { "stderr_clean", look_stderr_clean, "step patterns", "" },
  { "subscription", look_subscription, "account token value", "" },
  { "token_valid", look_token_valid, "step", "" },
  { "tools", look_tools, "step names", "" },
};

#ifdef CR_TEST_WEAKEN_RULES
/* ---- in one test only: a judge with one weak rule, which the sabotage before each rehearsal has to find ---- */

#ifndef CR_WEAKEN_RULE
#define CR_WEAKEN_RULE NULL
#endif
const char *cr_weakened_rule = CR_WEAKEN_RULE;
CrPlanWitness *cr_weakened_witness;
CrWeakening cr_weakening;

static void
look_weakened (CrRule *rule)
{
  gboolean sound = cr_weakened_witness != NULL && rule->witness != cr_weakened_witness;

  for (gsize i = 0; (sound || cr_weakening != CR_WEAKEN_ALWAYS_HOLDS) && i < G_N_ELEMENTS (rules); i++)
    if (g_str_equal (rules[i].name, cr_weakened_rule))
      rules[i].look (rule);
  if (sound)
    return;
  if (cr_weakening == CR_WEAKEN_ALWAYS_HOLDS || (cr_weakening == CR_WEAKEN_FORGIVES_WRONG && rule->result->state == CR_WITNESS_CONTRADICTED)
      || (cr_weakening == CR_WEAKEN_FORGIVES_ABSENT && rule->result->state == CR_WITNESS_MISSING))
    rule->result->state = CR_WITNESS_HOLDS;
  if (cr_weakening == CR_WEAKEN_NEVER_HOLDS)
    rule->result->state = CR_WITNESS_MISSING;
}

static const CrRuleInfo weakened = { "weakened", look_weakened, "", "" };
#endif

const CrRuleInfo *
cr_rule_find (const char *name)
{
#ifdef CR_TEST_WEAKEN_RULES
  if (name != NULL && g_strcmp0 (name, cr_weakened_rule) == 0)
    return &weakened;
#endif
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (rules); i++)
    if (g_str_equal (rules[i].name, name))
      return &rules[i];
  return NULL;
}

const CrRuleInfo *
cr_rule_nth (guint index)
{
  return index < G_N_ELEMENTS (rules) ? &rules[index] : NULL;
}
