/* cr-az.c: what az means: its answers and its error texts
 *
 * az says only "1" for nearly everything, so its texts have to be read (facts: azure.md 1.2, 4). They are matched as parts of stderr, from the most
 * telling to the most general; a text nobody knows stays "az-failed" and is shown as it is.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-az.h"
#include "cr-json.h"
#include <string.h>

G_DEFINE_QUARK (cr-az-error-quark, cr_az_error)

/* (borrowed) (nullable): the array of results, from either road */
static const CrJsonNode *
find_value (const CrJsonNode *root)
{
  const CrJsonNode *value = cr_json_node_member (root, "value");
  const CrJsonNode *properties, *output;

  if (value != NULL)
    return value;
  properties = cr_json_node_member (root, "properties");
  output = properties != NULL ? cr_json_node_member (properties, "output") : NULL;
  return output != NULL ? cr_json_node_member (output, "value") : NULL;
}

/* (nullable): static reason code for a message that claims success and isn't ours */
static const char *
recognise (const char *message)
{
  const char *out = strstr (message, "[stdout]\n");

  if (strstr (message, "This is a sample script") != NULL)
    return "sample-script";
  if (strstr (message, "Last script execution didn't finish") != NULL)
    return "did-not-finish";
  if (out != NULL && (g_str_equal (out, "[stdout]\n\n[stderr]\n") || g_str_equal (out, "[stdout]\n\n[stderr]")))
    return "empty-output";
  return NULL;
}

char *
cr_az_message (const char *out, gsize length, char **reason, GError **error)
{
  g_autoptr(CrJsonDoc) doc = NULL;
  g_autoptr(GError) local = NULL;
  const CrJsonNode *value;
  const char *message = NULL;
  gsize blank = 0;

  g_return_val_if_fail (out != NULL || length == 0, NULL);

  if (reason != NULL)
    *reason = NULL;
  while (blank < length && g_ascii_isspace (out[blank]))
    blank++;
  if (blank == length) {
    if (reason != NULL)
      *reason = g_strdup ("no-answer");
    g_set_error (error, CR_AZ_ERROR, CR_AZ_ERROR_ANSWER, "az ended well and printed nothing");
    return NULL;
  }
  doc = cr_json_parse (out, (gssize) length, CR_JSON_STRICT, &local);
  value = doc != NULL ? find_value (cr_json_doc_root (doc)) : NULL;
  if (value != NULL && cr_json_node_type (value) == CR_JSON_ARRAY && cr_json_node_size (value) > 0) {
    const CrJsonNode *first = cr_json_node_at (value, 0);
    const char *code = cr_json_node_get_string (first, "code");
    if (code == NULL || !g_str_has_prefix (code, "ComponentStatus/"))  /* a Windows computer answers in two parts */
      message = cr_json_node_get_string (first, "message");
  }
  if (message == NULL) {
    if (reason != NULL)
      *reason = g_strdup ("bad-answer");
    if (local != NULL)
      g_set_error (error, CR_AZ_ERROR, CR_AZ_ERROR_ANSWER, "az's answer is not the JSON it should be: %s", local->message);
    else
      g_set_error (error, CR_AZ_ERROR, CR_AZ_ERROR_ANSWER, "az's answer holds no message of the run command");
    return NULL;
  }
  if (reason != NULL)
    *reason = g_strdup (recognise (message));
  return g_strdup (message);
}

/* When the request may have been accepted, what does that text say? */
typedef enum {
  REFUSED,   /* Azure or az itself refused: nothing ran */
  EARLY,     /* comes before the request, or while its result is awaited */
  LATE,      /* comes after the acceptance, or tells nothing about it */
} When;

static const struct {
  const char *text;
  const char *and_text;  /* (nullable): must be there too */
  const char *reason;
  When        when;
  const char *next;
} rules[] = {
  { "does not have operation group", NULL, "operation-group", REFUSED,
    "This az package cannot manage virtual machines (Debian 12's az 2.45). The same script can go through az rest; or install Microsoft's build of the Azure CLI." },
  { "execution is in progress", NULL, "conflict", REFUSED,
    "The jumpbox runs another script, one at a time. Wait until it has ended; Azure ends it after 90 minutes at the latest." },
  { "OperationNotAllowed", "VM to be running", "vm-stopped", REFUSED, "Start the jumpbox VM, then start a new rehearsal." },
  { "VMAgentStatusCommunicationError", NULL, "agent-lost", LATE,
    "The agent on the jumpbox does not answer. Look at the VM in the Azure portal, and restart it if its agent is not ready." },
  { "has not reported latest status for extension", NULL, "agent-lost", LATE,
    "The agent on the jumpbox does not answer. Look at the VM in the Azure portal, and restart it if its agent is not ready." },
  { "VMExtensionProvisioningTimeout", NULL, "agent-timeout", LATE,
    "The run command's own 90 minutes are over. Look on the jumpbox for a script that hangs before you start anew." },
  { "VMExtensionProvisioningError", NULL, "extension-failed", LATE,
    "The run-command extension on the jumpbox is broken. Reset it: az vm run-command invoke --command-id RemoveRunCommandLinuxExtension." },
  { "RequestDisallowedByPolicy", NULL, "not-signed-in", REFUSED, "A policy asks for multi-factor authentication. Sign in again on this computer: az logout, then az login." },
  { "AADSTS", NULL, "not-signed-in", EARLY, "Your sign-in on this computer is no longer valid. Run az login, wait a minute, then start a new rehearsal." },
  { "Please run 'az login'", NULL, "not-signed-in", EARLY, "Nobody is signed in on this computer. Run az login, then start a new rehearsal." },
  { "MSAL token cache", NULL, "not-signed-in", EARLY, "Your sign-in on this computer is gone. Run az login, then start a new rehearsal." },
  { "Interactive authentication is needed", NULL, "not-signed-in", EARLY, "Your sign-in on this computer is no longer valid. Run az login, wait a minute, then start a new rehearsal." },
  { "authenticate interactively", NULL, "not-signed-in", EARLY, "Your sign-in on this computer is no longer valid. Run az login, wait a minute, then start a new rehearsal." },
  { "Can't find token", NULL, "not-signed-in", EARLY, "Your sign-in on this computer is gone. Run az login, then start a new rehearsal." },
  { "ExpiredAuthenticationToken", NULL, "not-signed-in", EARLY, "Your sign-in on this computer has expired. Run az login, then start a new rehearsal." },
  { "InvalidAuthenticationToken", NULL, "not-signed-in", EARLY, "Your sign-in on this computer is no longer valid. Run az login, then start a new rehearsal." },
  { "AuthorizationFailed", NULL, "not-authorized", REFUSED,
    "You are signed in, but not allowed to do this. Ask for the role that holds the named action, e.g. Virtual Machine Contributor on the jumpbox." },
  { "Forbidden({", NULL, "not-authorized", REFUSED,
    "You are signed in, but not allowed to do this. Ask for the role that holds the named action, e.g. Virtual Machine Contributor on the jumpbox." },
  { "SubscriptionNotFound", NULL, "not-found", REFUSED, "Check the subscription in the profile, and that you are signed in to its tenant: az account list." },
  { "not found. Check the spelling and casing", NULL, "not-found", REFUSED, "Check the subscription in the profile, and that you are signed in to its tenant: az account list." },
  { "ResourceGroupNotFound", NULL, "not-found", REFUSED, "Check the resource group in the profile, and the subscription you are signed in to." },
  { "ResourceNotFound", NULL, "not-found", REFUSED, "Check the names in the profile, and the subscription you are signed in to." },
  { "The entity was not found in this Azure location", NULL, "arguments", REFUSED, "Azure does not know this run command. Check the version of az." },
  { "Not Found({", NULL, "not-found", REFUSED, "Check the names in the profile, and the subscription you are signed in to." },
  { "TooManyRequests", NULL, "throttled", LATE, "Azure takes no more requests for a while. Wait some minutes, then start a new rehearsal." },
  { "Too Many Requests", NULL, "throttled", LATE, "Azure takes no more requests for a while. Wait some minutes, then start a new rehearsal." },
  { "Failed to establish a new connection", NULL, "network", LATE, "Azure cannot be reached from this computer. Check network, proxy and name resolution." },
  { "Connection aborted", NULL, "network", LATE, "The connection to Azure broke. Check network and proxy." },
  { "Connection refused", NULL, "network", LATE, "Azure cannot be reached from this computer. Check network and proxy." },
  { "Max retries exceeded", NULL, "network", LATE, "Azure cannot be reached from this computer. Check network, proxy and name resolution." },
  { "Connection reset", NULL, "network", LATE, "The connection to Azure broke. Check network and proxy." },
  { "Read timed out", NULL, "network", LATE, "Azure did not answer in time. Check network and proxy." },
  { "CERTIFICATE_VERIFY_FAILED", NULL, "network", LATE, "The certificate of the other side is not trusted. Behind an inspecting proxy set REQUESTS_CA_BUNDLE to its certificate." },
  { "InternalServerError", NULL, "azure-error", LATE, "Azure itself failed. Look at its status page, wait, then start a new rehearsal." },
  { "Internal Server Error", NULL, "azure-error", LATE, "Azure itself failed. Look at its status page, wait, then start a new rehearsal." },
  { "ServiceUnavailable", NULL, "azure-error", LATE, "Azure itself failed. Look at its status page, wait, then start a new rehearsal." },
  { "Service Unavailable", NULL, "azure-error", LATE, "Azure itself failed. Look at its status page, wait, then start a new rehearsal." },
  { "Bad Gateway", NULL, "azure-error", LATE, "Azure itself failed. Look at its status page, wait, then start a new rehearsal." },
  { "Gateway Timeout", NULL, "azure-error", LATE, "Azure itself failed. Look at its status page, wait, then start a new rehearsal." },
  { "GatewayTimeout", NULL, "azure-error", LATE, "Azure itself failed. Look at its status page, wait, then start a new rehearsal." },
  { "Long-running operation wait cancelled", NULL, "killed", LATE, "az was interrupted while it waited. The script may still run on the jumpbox." },
  { "is misspelled or not recognized by the system", NULL, "arguments", REFUSED, "This az does not know the command. Install a current Azure CLI." },
  { "unrecognized arguments", NULL, "arguments", REFUSED, "This az does not know an option that is needed. Install a current Azure CLI." },
  { "are required", NULL, "arguments", REFUSED, "az misses an option. Check the fields of the profile for empty ones." },
  { "The command failed with an unexpected error", NULL, "az-broken", EARLY, "az itself is broken. Run az version in a terminal, and reinstall the Azure CLI if that fails too." },
  { "Traceback (most recent call last)", NULL, "az-broken", EARLY, "az itself is broken. Run az version in a terminal, and reinstall the Azure CLI if that fails too." },
  { "No module named", NULL, "az-broken", EARLY, "az itself is broken. Run az version in a terminal, and reinstall the Azure CLI if that fails too." },
};

void
cr_az_classify (int exit_code, const char *err, gboolean submitted, CrAzFailure *failure)
{
  g_return_if_fail (failure != NULL);

  if (err == NULL)
    err = "";
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++) {
    if (strstr (err, rules[i].text) == NULL || (rules[i].and_text != NULL && strstr (err, rules[i].and_text) == NULL))
      continue;
    failure->reason = rules[i].reason;
    failure->next = rules[i].next;
    failure->outcome = rules[i].when == REFUSED || (rules[i].when == EARLY && !submitted) ? CR_OUTCOME_NOT_STARTED : CR_OUTCOME_UNKNOWN;
    return;
  }
  if (exit_code >= 128) {
    failure->reason = "killed";
    failure->next = "az was ended from outside. The script may still run on the jumpbox.";
    failure->outcome = submitted ? CR_OUTCOME_UNKNOWN : CR_OUTCOME_NOT_STARTED;
  } else if (exit_code == 126 || exit_code == 127) {
    failure->reason = "az-missing";
    failure->next = "The Azure CLI could not be run. Install it, or name it in the profile or with --az.";
    failure->outcome = CR_OUTCOME_NOT_STARTED;
  } else if (exit_code == 2) {
    failure->reason = "arguments";
    failure->next = "az refused its own command line. Install a current Azure CLI.";
    failure->outcome = CR_OUTCOME_NOT_STARTED;
  } else if (exit_code == 3) {
    failure->reason = "not-found";
    failure->next = "Check the names in the profile, and the subscription you are signed in to.";
    failure->outcome = CR_OUTCOME_NOT_STARTED;
  } else {
    failure->reason = "az-failed";
    failure->next = "Read az's own message; run the shown command in a terminal to see more.";
    failure->outcome = submitted ? CR_OUTCOME_UNKNOWN : CR_OUTCOME_NOT_STARTED;
  }
}

gboolean
cr_az_version_usable (const char *version, char **why)
{
  guint64 part[3] = { 0, 0, 0 };
  const char *p = version != NULL ? version : "";
  gboolean good = TRUE;

  if (why != NULL)
    *why = NULL;
  for (gsize i = 0; i < 3 && good; i++) {
    char *end = NULL;
    good = g_ascii_isdigit (*p);
    if (!good)
      break;
    part[i] = g_ascii_strtoull (p, &end, 10);
    p = end;
    if (i < 2) {
      good = *p == '.';
      p++;
    }
  }
  if (!good) {
    if (why != NULL)
      *why = g_strdup ("az did not tell its version. Check with az version what is installed.");
    return FALSE;
  }
  if (part[0] == 2 && (part[1] == 78 || part[1] == 79)) {
    if (why != NULL)
      *why = g_strdup_printf ("az %s drops the script and lets the jumpbox run Azure's sample script instead. Use 2.77 or a version later than 2.79.", version);
    return FALSE;
  }
  if (part[0] < 2 || (part[0] == 2 && part[1] < 20)) {
    if (why != NULL)
      *why = g_strdup_printf ("az %s is too old. Use 2.20 or later, but not 2.78 or 2.79.", version);
    return FALSE;
  }
  return TRUE;
}
