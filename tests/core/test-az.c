/* test-az.c: what az's answers and error texts mean (texts: facts/azure.md)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-az.h"
#include <string.h>

/* The answer as az 2.45 prints it */
#define ANSWER(message) \
  "{\n  \"value\": [\n    {\n      \"code\": \"ProvisioningState/succeeded\",\n      \"displayStatus\": \"Provisioning succeeded\",\n" \
  "      \"level\": \"Info\",\n      \"message\": \"" message "\",\n      \"time\": null\n    }\n  ]\n}\n"

static void
test_message (void)
{
  static const struct { const char *out, *message, *reason; } cases[] = {
    { ANSWER ("Enable succeeded: \\n[stdout]\\nhello\\n\\n[stderr]\\nboom\\n"), "Enable succeeded: \n[stdout]\nhello\n\n[stderr]\nboom\n", NULL },
    { "{\"value\":[{\"code\":\"ProvisioningState/succeeded\",\"message\":\"Enable succeeded: \\n[stdout]\\nx\\n[stderr]\\n\"}]}",
      "Enable succeeded: \n[stdout]\nx\n[stderr]\n", NULL },
    { ANSWER ("Enable succeeded: \\n[stdout]\\nThis is a sample script\\n\\n[stderr]\\n"), NULL, "sample-script" },
    { ANSWER ("Enable succeeded: Last script execution didn't finish."), NULL, "did-not-finish" },
    { ANSWER ("Enable succeeded: \\n[stdout]\\n\\n[stderr]\\n"), NULL, "empty-output" },
    { "{\"status\":\"Succeeded\",\"properties\":{\"output\":{\"value\":[{\"message\":\"x\"}]}}}", "x", NULL },
    { "{\"value\":[{\"message\":\"one\"},{\"message\":\"two\"}]}", "one", NULL },
    { ANSWER ("\\ufffd\\u00e9"), "\xef\xbf\xbd\xc3\xa9", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL;
    g_autofree char *message = cr_az_message (cases[i].out, strlen (cases[i].out), &reason, &error);
    g_assert_no_error (error);
    g_assert_nonnull (message);
    if (cases[i].message != NULL)
      g_assert_cmpstr (message, ==, cases[i].message);
    g_assert_cmpstr (reason, ==, cases[i].reason);
  }
}

static void
test_bad_message (void)
{
  g_autofree char *deep = g_strnfill (100000, '[');
  const struct { const char *out, *reason; } cases[] = {
    { "", "no-answer" }, { "  \n", "no-answer" }, { "{\"value\": []}", "bad-answer" }, { "{}", "bad-answer" }, { "[]", "bad-answer" },
    { "{\"value\": [{}]}", "bad-answer" }, { "{\"value\": [{\"message\": null}]}", "bad-answer" }, { "{\"value\": [{\"message\": 1}]}", "bad-answer" },
    { "{\"value\": [\"message\"]}", "bad-answer" }, { "{\"value\": {\"message\": \"x\"}}", "bad-answer" }, { "null", "bad-answer" },
    { "{\"value\": [{\"message\": \"x\"}]} {}", "bad-answer" }, { "{\"value\": [{\"message\": \"x\", \"message\": \"y\"}]}", "bad-answer" },
    { "{\"value\": [{\"message\": \"a\\u0000b\"}]}", "bad-answer" }, { "// x\n{\"value\": [{\"message\": \"x\"}]}", "bad-answer" },
    { "{\"value\": [{\"message\": \"x\"}]", "bad-answer" }, { "WARNING: x\n{\"value\": [{\"message\": \"x\"}]}", "bad-answer" },
    { "<!DOCTYPE html><html></html>", "bad-answer" }, { "{\"value\": [{\"message\": \"\xff\"}]}", "bad-answer" },
    { "{\"value\": [{\"message\": \"\\ud800\"}]}", "bad-answer" }, { deep, "bad-answer" },
    { "{\"value\": [{\"code\": \"ComponentStatus/StdOut/succeeded\", \"message\": \"x\"}, {\"code\": \"ComponentStatus/StdErr/succeeded\", \"message\": \"\"}]}", "bad-answer" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL;
    g_assert_null (cr_az_message (cases[i].out, strlen (cases[i].out), &reason, &error));
    g_assert_error (error, CR_AZ_ERROR, CR_AZ_ERROR_ANSWER);
    g_assert_cmpstr (reason, ==, cases[i].reason);
  }
  {
    g_autoptr(GError) error = NULL;
    g_autofree char *big = g_strnfill (2000000, ' ');
    big[0] = '{'; big[1999999] = '}';
    g_assert_null (cr_az_message (big, 2000000, NULL, &error));
    g_assert_error (error, CR_AZ_ERROR, CR_AZ_ERROR_ANSWER);
  }
}

static void
test_classify (void)
{
#define NEVER CR_OUTCOME_NOT_STARTED
#define MAYBE CR_OUTCOME_UNKNOWN
  /* early: if the request can't have been accepted; late: if it may have been */
  static const struct { int exit_code; const char *err, *reason; CrOutcome early, late; } cases[] = {
    { 1, "ERROR: (Conflict) Run command extension execution is in progress. Please wait for completion before invoking a run command.\nCode: Conflict\n", "conflict", NEVER, NEVER },
    { 1, "ERROR: Conflict({\"error\": {\"code\": \"Conflict\", \"message\": \"Run command extension execution is in progress. Please\"}})\n", "conflict", NEVER, NEVER },
    { 1, "ERROR: (OperationNotAllowed) The operation requires the VM to be running (or set to run).\n", "vm-stopped", NEVER, NEVER },
    { 1, "ERROR: (AuthorizationFailed) The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/runCommand/action' over scope 'z'\n", "not-authorized", NEVER, NEVER },
    { 3, "ERROR: (ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachines/X' under resource group 'Y' was not found.\n", "not-found", NEVER, NEVER },
    { 3, "ERROR: (ResourceGroupNotFound) Resource group 'Y' could not be found.\n", "not-found", NEVER, NEVER },
    { 1, "ERROR: Not Found({\"error\": {\"code\": \"ResourceNotFound\", \"message\": \"x\"}})\n", "not-found", NEVER, NEVER },
    { 1, "ERROR: (VMAgentStatusCommunicationError) VM 'X' has not reported status for VM agent or extensions.\n", "agent-lost", MAYBE, MAYBE },
    { 1, "ERROR: VM agent on VM 'X' has not reported latest status for extension 'RunCommandLinux'. Please verify the VM.\n", "agent-lost", MAYBE, MAYBE },
    { 1, "ERROR: (VMExtensionProvisioningTimeout) Provisioning of VM extension 'RunCommandLinux' has timed out.\n", "agent-timeout", MAYBE, MAYBE },
    { 1, "ERROR: (VMExtensionProvisioningError) VM has reported a failure when processing extension 'RunCommandLinux'. Error message: \"Enable failed: x\"\n", "extension-failed", MAYBE, MAYBE },
    { 1, "ERROR: The entity was not found in this Azure location\n", "arguments", NEVER, NEVER },
    { 1, "ERROR: API version 2022-11-01 does not have operation group 'virtual_machine_run_commands'\n", "operation-group", NEVER, NEVER },
    { 1, "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: API version 2022-11-01 does not have operation group 'virtual_machines'\n", "operation-group", NEVER, NEVER },
    { 1, "ERROR: Please run 'az login' to setup account.\n", "not-signed-in", NEVER, MAYBE },
    { 1, "ERROR: User 'x' does not exist in MSAL token cache. Run `az login`.\n", "not-signed-in", NEVER, MAYBE },
    { 1, "ERROR: AADSTS700082: The refresh token has expired due to inactivity.\nInteractive authentication is needed. Please run:\naz login --scope https://management.core.windows.net//.default\n", "not-signed-in", NEVER, MAYBE },
    { 1, "ERROR: AADSTS50076: Due to a configuration change made by your administrator\n", "not-signed-in", NEVER, MAYBE },
    { 1, "Run the command below to authenticate interactively; additional arguments may be added as needed:\naz logout\n", "not-signed-in", NEVER, MAYBE },
    { 1, "ERROR: (RequestDisallowedByPolicy) Resource was disallowed by policy. Users must use MFA for Create/Update operations\n", "not-signed-in", NEVER, NEVER },
    { 1, "ERROR: (ExpiredAuthenticationToken) The access token expiry UTC time\n", "not-signed-in", NEVER, MAYBE },
    { 3, "ERROR: (SubscriptionNotFound) The subscription 'x' could not be found.\n", "not-found", NEVER, NEVER },
    { 1, "WARNING: Subscription 'nosuch' not recognized.\nERROR: Subscription 'nosuch' not found. Check the spelling and casing and try again.\n", "not-found", NEVER, NEVER },
    { 1, "ERROR: <urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -2] Name or service not known\n", "network", MAYBE, MAYBE },
    { 1, "ERROR: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))\n", "network", MAYBE, MAYBE },
    { 1, "ERROR: The command failed with an unexpected error. Here is the traceback:\nHTTPSConnectionPool: Max retries exceeded with url: /x\nTraceback (most recent call last):\n", "network", MAYBE, MAYBE },
    { 1, "ERROR: (TooManyRequests) The request is being throttled\n", "throttled", MAYBE, MAYBE },
    { 1, "ERROR: Internal Server Error({\"error\": {}})\n", "azure-error", MAYBE, MAYBE },
    { 2, "ERROR: argument --scripts: expected at least one argument\n", "arguments", NEVER, NEVER },
    { 2, "ERROR: 'bogus' is misspelled or not recognized by the system.\n", "arguments", NEVER, NEVER },
    { 1, "ERROR: (--name | --ids) are required\n", "arguments", NEVER, NEVER },
    { 1, "ERROR: The command failed with an unexpected error. Here is the traceback:\n", "az-broken", NEVER, MAYBE },
    { 1, "ERROR: Long-running operation wait cancelled.\n", "killed", MAYBE, MAYBE },
    { 137, "", "killed", NEVER, MAYBE },
    { 1, "ERROR: something new\n", "az-failed", NEVER, MAYBE },
    { 1, "", "az-failed", NEVER, MAYBE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    CrAzFailure early = { 0 }, late = { 0 };
    cr_az_classify (cases[i].exit_code, cases[i].err, FALSE, &early);
    cr_az_classify (cases[i].exit_code, cases[i].err, TRUE, &late);
    if (g_strcmp0 (early.reason, cases[i].reason) != 0 || g_strcmp0 (late.reason, cases[i].reason) != 0)
      g_error ("%s is %s, not %s", cases[i].err, early.reason, cases[i].reason);
    if (early.outcome != cases[i].early || late.outcome != cases[i].late)
      g_error ("outcome of: %s", cases[i].err);
    g_assert_true (g_str_has_suffix (early.next, "."));
  }
}

static void
test_version (void)
{
  static const struct { const char *version; gboolean usable; } cases[] = {
    { "2.45.0", TRUE }, { "2.20.0", TRUE }, { "2.77.0", TRUE }, { "2.78.0", FALSE }, { "2.79.0", FALSE }, { "2.79.3", FALSE }, { "2.80.0", TRUE },
    { "2.19.1", FALSE }, { "2.0.81", FALSE }, { "1.9.9", FALSE }, { "3.0.0", TRUE }, { "", FALSE }, { "x", FALSE }, { "2", FALSE }, { "2.", FALSE },
    { "2.45", FALSE }, { "-2.45.0", FALSE }, { "2.81.0b1", TRUE }
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *why = NULL;
    if (cr_az_version_usable (cases[i].version, &why) != cases[i].usable)
      g_error ("%s", cases[i].version);
    g_assert_true ((why == NULL) == cases[i].usable);
  }
  g_assert_false (cr_az_version_usable (NULL, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/az/message", test_message);
  g_test_add_func ("/az/bad-message", test_bad_message);
  g_test_add_func ("/az/classify", test_classify);
  g_test_add_func ("/az/version", test_version);
  return g_test_run ();
}
