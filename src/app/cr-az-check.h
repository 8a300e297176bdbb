/* cr-az-check.h: asks the az of this computer who is signed in and which version it is, without ever blocking
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gio/gio.h>
#include "../core/cr-settings.h"
G_BEGIN_DECLS

typedef enum {
  CR_AZ_CHECK_ERROR_MISSING,     /* no az */
  CR_AZ_CHECK_ERROR_SIGNED_OUT,  /* az wants `az login` */
  CR_AZ_CHECK_ERROR_FAILED,      /* anything else; the message has az's own first line */
} CrAzCheckError;
#define CR_AZ_CHECK_ERROR (cr_az_check_error_quark ())
GQuark cr_az_check_error_quark (void);

typedef struct { char *id, *name, *tenant, *user; } CrAzAccount;   /* each may be NULL but id */
void         cr_az_account_free         (CrAzAccount *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CrAzAccount, cr_az_account_free)

/* `az account show`: what az remembers; it works offline and proves no valid sign-in. At most 30 s. */
void         cr_az_check_account_async  (CrSettings *settings, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
CrAzAccount *cr_az_check_account_finish (GAsyncResult *result, GError **error);
/* `az version`, at most 30 s: a cold az of Debian needs 10 s and more. (transfer full): "2.45.0" */
void         cr_az_check_version_async  (CrSettings *settings, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
char        *cr_az_check_version_finish (GAsyncResult *result, GError **error);
G_END_DECLS
