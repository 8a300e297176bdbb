/* cr-transport.c: the road a gate's remote steps take to the cluster
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-transport.h"

G_DEFINE_ABSTRACT_TYPE (CrTransport, cr_transport, G_TYPE_OBJECT)

static void
cr_transport_class_init (CrTransportClass *klass)
{
}

static void
cr_transport_init (CrTransport *self)
{
}

const char *
cr_transport_get_name (CrTransport *self)
{
  g_return_val_if_fail (CR_IS_TRANSPORT (self), NULL);
  return CR_TRANSPORT_GET_CLASS (self)->get_name (self);
}

void
cr_transport_run_async (CrTransport *self, CrPlanGate *gate, GPtrArray *steps, CrCaptureSet *captures, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (CR_IS_TRANSPORT (self) && gate != NULL && steps != NULL && captures != NULL);
  CR_TRANSPORT_GET_CLASS (self)->run_async (self, gate, steps, captures, cancellable, callback, user_data);
}

gboolean
cr_transport_run_finish (CrTransport *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (CR_IS_TRANSPORT (self), FALSE);
  return CR_TRANSPORT_GET_CLASS (self)->run_finish (self, result, error);
}
