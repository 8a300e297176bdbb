/* cr-clock-check.c: what can be known about this computer's clock without the jumpbox
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-clock-check.h"
#include <libsoup/soup.h>
#include "../core/cr-time.h"

#define LIMIT_SECONDS 10

typedef struct {
  CrClockFinding finding;
  guint          pending;   /* questions under way */
  gint64         asked;     /* wall clock, microseconds */
  SoupMessage   *message;   /* (owned) (nullable) */
} Check;

static void
check_free (Check *check)
{
  g_clear_object (&check->message);
  g_free (check);
}

static void
question_ended (GTask *task)
{
  Check *check = g_task_get_task_data (task);

  if (--check->pending == 0 && !g_task_return_error_if_cancelled (task))
    g_task_return_boolean (task, TRUE);
}

static void
ntp_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = G_TASK (user_data);
  Check *check = g_task_get_task_data (task);
  g_autoptr(GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  g_autoptr(GVariant) value = NULL;

  if (answer != NULL) {
    g_variant_get (answer, "(v)", &value);
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
      check->finding.ntp = g_variant_get_boolean (value) ? CR_CLOCK_NTP_YES : CR_CLOCK_NTP_NO;
  }
  question_ended (task);
}

static void
bus_got_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = G_TASK (user_data);
  g_autoptr(GDBusConnection) bus = g_bus_get_finish (result, NULL);

  if (bus == NULL) {
    question_ended (task);
    return;
  }
  g_dbus_connection_call (bus, "org.freedesktop.timedate1", "/org/freedesktop/timedate1", "org.freedesktop.DBus.Properties", "Get",
                          g_variant_new ("(ss)", "org.freedesktop.timedate1", "NTPSynchronized"), G_VARIANT_TYPE ("(v)"),
                          G_DBUS_CALL_FLAGS_NONE, LIMIT_SECONDS * 1000, g_task_get_cancellable (task), ntp_answered_cb, g_object_ref (task));
}

static void
head_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GTask) task = G_TASK (user_data);
  Check *check = g_task_get_task_data (task);
  g_autoptr(GInputStream) stream = soup_session_send_finish (SOUP_SESSION (source), result, NULL);
  gint64 received = g_get_real_time ();
  const char *date = stream != NULL ? soup_message_headers_get_one (soup_message_get_response_headers (check->message), "Date") : NULL;
  gint64 server;

  if (date != NULL && cr_http_date_parse (date, &server, NULL)) {
    double here = (double) (check->asked / 2 + received / 2) / G_USEC_PER_SEC;
    check->finding.have_offset = TRUE;
    check->finding.offset_seconds = here - ((double) server + 0.5);
  }
  question_ended (task);
}

void
cr_clock_check_async (const char *url, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr(GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Check *check = g_new0 (Check, 1);

  g_task_set_task_data (task, check, (GDestroyNotify) check_free);
  check->pending = 1;
  check->message = *url != '\0' ? soup_message_new ("HEAD", url) : NULL;
  if (check->message != NULL) {
    g_autoptr(SoupSession) session = soup_session_new_with_options ("timeout", LIMIT_SECONDS, NULL);
    check->pending++;
    soup_message_add_flags (check->message, SOUP_MESSAGE_NO_REDIRECT);
    check->asked = g_get_real_time ();
    soup_session_send_async (session, check->message, G_PRIORITY_DEFAULT, cancellable, head_answered_cb, g_object_ref (task));
  }
  g_bus_get (G_BUS_TYPE_SYSTEM, cancellable, bus_got_cb, g_object_ref (task));
}

gboolean
cr_clock_check_finish (GAsyncResult *result, CrClockFinding *finding, GError **error)
{
  GTask *task = G_TASK (result);

  if (!g_task_propagate_boolean (task, error))
    return FALSE;
  *finding = ((Check *) g_task_get_task_data (task))->finding;
  return TRUE;
}
