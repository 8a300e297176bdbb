/* cr-az-check.c: asks the az of this computer who is signed in and which version it is
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-az-check.h"
#include "cr-app-settings.h"
#include "../core/cr-az.h"
#include "../core/cr-json.h"
#include "../core/cr-text.h"
#include "../io/cr-process.h"

#define LIMIT_SECONDS 30
#define CAP (64 * 1024)

G_DEFINE_QUARK (cr-az-check-error-quark, cr_az_check_error)

void
cr_az_account_free (CrAzAccount *account)
{
  g_free (account->id);
  g_free (account->name);
  g_free (account->tenant);
  g_free (account->user);
  g_free (account);
}

/* Runs az; the task's data is what reads its answer */
static void
run_az (CrSettings *settings, const char *const *arguments, GTask *task_taken, GAsyncReadyCallback ended_cb)
{
  g_autoptr(GTask) task = task_taken;
  g_autofree char *az = cr_app_find_az (settings);
  g_autoptr(GPtrArray) argv = g_ptr_array_new ();
  g_auto(GStrv) environment = NULL;

  if (az == NULL) {
    g_autofree char *name = cr_text_display_line (cr_settings_get (settings, "az"), -1, 200);
    g_task_return_new_error (task, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_MISSING,
                             _("There is no program “%s” on the path. Install the Azure CLI, or choose the program."), name);
    return;
  }
  g_ptr_array_add (argv, az);
  for (guint i = 0; arguments[i] != NULL; i++)
    g_ptr_array_add (argv, (char *) arguments[i]);
  g_ptr_array_add (argv, NULL);
  environment = cr_process_az_environ ();
  cr_process_run_async ((const char *const *) argv->pdata, NULL, (const char *const *) environment, NULL, LIMIT_SECONDS, CAP, NULL, NULL,
                        g_task_get_cancellable (task), ended_cb, g_object_ref (task));
}

/* What az printed on stdout, strict JSON; or the error, in words for people */
static CrJsonDoc *
read_answer (CrProcessResult *process, GError **error)
{
  gsize out_size = 0, err_size = 0;
  const char *out = g_bytes_get_data (process->out, &out_size);
  const char *err = g_bytes_get_data (process->err, &err_size);
  g_autofree char *text = err_size > 0 ? g_strndup (err, MIN (err_size, 4096)) : g_strdup ("");
  g_autofree char *line = NULL;

  if (process->stopped)
    return g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped"), NULL;
  if (process->timed_out)
    return g_set_error (error, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_FAILED, _("az did not answer within %d seconds."), LIMIT_SECONDS), NULL;
  if (process->exit_code == 0 && out_size > 0) {
    CrJsonDoc *doc = cr_json_parse (out, (gssize) out_size, CR_JSON_STRICT, NULL);
    if (doc != NULL)
      return doc;
    return g_set_error_literal (error, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_FAILED, _("az answered something that is not JSON.")), NULL;
  }
  if (strstr (text, "az login") != NULL)
    return g_set_error_literal (error, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_SIGNED_OUT,
                                _("Not signed in. Run “az login” in a terminal, then check again.")), NULL;
  text = g_strstrip (g_steal_pointer (&text));
  if (strchr (text, '\n') != NULL)
    *strchr (text, '\n') = '\0';
  line = cr_text_display_line (text, -1, 300);
  if (process->exit_code < 0)
    return g_set_error (error, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_FAILED, _("az was ended by signal %d."), process->signal), NULL;
  return g_set_error (error, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_FAILED, _("az ended with status %d: %s"), process->exit_code, line), NULL;
}

static void
account_ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = G_TASK (user_data);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrProcessResult) process = cr_process_run_finish (result, &error);
  g_autoptr(CrJsonDoc) doc = process != NULL ? read_answer (process, &error) : NULL;
  const CrJsonNode *root = NULL;
  CrAzAccount *account = NULL;

  if (doc == NULL) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  root = cr_json_doc_root (doc);
  if (cr_json_node_get_string (root, "id") == NULL) {
    g_task_return_new_error (task, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_FAILED, _("az answered without a subscription id."));
    return;
  }
  account = g_new0 (CrAzAccount, 1);
  account->id = cr_text_display_line (cr_json_node_get_string (root, "id"), -1, 64);
  if (cr_json_node_get_string (root, "name") != NULL)
    account->name = cr_text_display_line (cr_json_node_get_string (root, "name"), -1, 100);
  if (cr_json_node_get_string (root, "tenantId") != NULL)
    account->tenant = cr_text_display_line (cr_json_node_get_string (root, "tenantId"), -1, 64);
  if (cr_json_node_get_string (cr_json_node_member (root, "user"), "name") != NULL)
    account->user = cr_text_display_line (cr_json_node_get_string (cr_json_node_member (root, "user"), "name"), -1, 100);
  g_task_return_pointer (task, account, (GDestroyNotify) cr_az_account_free);
}

void
cr_az_check_account_async (CrSettings *settings, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *const arguments[] = { "account", "show", "-o", "json", "--only-show-errors", NULL };

  run_az (settings, arguments, g_task_new (settings, cancellable, callback, user_data), account_ended_cb);
}

CrAzAccount *
cr_az_check_account_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
version_ended_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = G_TASK (user_data);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrProcessResult) process = cr_process_run_finish (result, &error);
  g_autoptr(CrJsonDoc) doc = process != NULL ? read_answer (process, &error) : NULL;
  const char *version = doc != NULL ? cr_json_node_get_string (cr_json_doc_root (doc), "azure-cli") : NULL;

  if (doc == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (version == NULL)
    g_task_return_new_error (task, CR_AZ_CHECK_ERROR, CR_AZ_CHECK_ERROR_FAILED, _("az answered without its version."));
  else
    g_task_return_pointer (task, cr_text_display_line (version, -1, 40), g_free);
}

void
cr_az_check_version_async (CrSettings *settings, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  const char *const arguments[] = { "version", "-o", "json", NULL };

  run_az (settings, arguments, g_task_new (settings, cancellable, callback, user_data), version_ended_cb);
}

char *
cr_az_check_version_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
