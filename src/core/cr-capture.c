/* cr-capture.c: the bytes a step brought back, kept as JSON in the evidence folder and read back from there
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file of attestation/captures/ is one object: "format": 1, "gate", "calls" and "captures" with the members of CrCall and CrCapture in
 * fixed order, each always present, null where there is nothing. A stream is {"base64": ..., "text": ...}: the base64 counts, the text is
 * for readers, holds at most the first 65,536 bytes and is not read back. Equal captures give equal bytes. */
#include "config.h"
#include "cr-capture.h"
#include "cr-json.h"
#include "cr-text.h"
#include <string.h>

#define FORMAT 1
#define TEXT_MAX (64 * 1024)

G_DEFINE_QUARK (cr-capture-error-quark, cr_capture_error)

CrCall *
cr_call_new (const char *gate, const char *kind)
{
  CrCall *call = g_new0 (CrCall, 1);

  call->gate = g_strdup (gate);
  call->kind = g_strdup (kind);
  call->az_exit_code = -1;
  call->outcome = CR_OUTCOME_NOT_STARTED;
  return call;
}

void
cr_call_free (CrCall *call)
{
  if (call == NULL)
    return;
  g_free (call->gate);
  g_free (call->kind);
  g_free (call->transport);
  g_free (call->nonce);
  g_free (call->payload_sha256);
  g_free (call->script);
  g_strfreev (call->argv);
  g_free (call->reason);
  g_free (call->message);
  g_free (call->az_stderr);
  g_free (call);
}

CrCapture *
cr_capture_new (const char *gate, const char *step, CrStepWhere where)
{
  CrCapture *capture = g_new0 (CrCapture, 1);

  capture->gate = g_strdup (gate);
  capture->step = g_strdup (step);
  capture->where = where;
  capture->outcome = CR_OUTCOME_NOT_STARTED;
  capture->exit_code = -1;
  capture->pod_mark = CR_POD_MARK_NA;
  capture->out = g_bytes_new_static ("", 0);
  capture->err = g_bytes_new_static ("", 0);
  return capture;
}

void
cr_capture_free (CrCapture *capture)
{
  if (capture == NULL)
    return;
  g_free (capture->gate);
  g_free (capture->step);
  g_free (capture->reason);
  g_free (capture->message);
  g_clear_pointer (&capture->out, g_bytes_unref);
  g_clear_pointer (&capture->err, g_bytes_unref);
  g_free (capture->out_sha256);
  g_free (capture->err_sha256);
  g_free (capture);
}

CrCaptureSet *
cr_capture_set_new (void)
{
  CrCaptureSet *self = g_new0 (CrCaptureSet, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->calls = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_call_free);
  self->captures = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_capture_free);
  return self;
}

CrCaptureSet *
cr_capture_set_ref (CrCaptureSet *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cr_capture_set_unref (CrCaptureSet *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_ptr_array_unref (self->calls);
  g_ptr_array_unref (self->captures);
  g_free (self);
}

void
cr_capture_set_add (CrCaptureSet *self, CrCapture *capture)
{
  g_return_if_fail (self != NULL && capture != NULL);
  g_ptr_array_add (self->captures, capture);
}

void
cr_capture_set_add_call (CrCaptureSet *self, CrCall *call)
{
  g_return_if_fail (self != NULL && call != NULL);
  g_ptr_array_add (self->calls, call);
}

CrCapture *
cr_capture_set_find (CrCaptureSet *self, const char *gate, const char *step)
{
  CrCapture *found = NULL;

  g_return_val_if_fail (self != NULL, NULL);
  for (guint i = 0; i < self->captures->len; i++) {
    CrCapture *capture = self->captures->pdata[i];

    if (g_strcmp0 (capture->gate, gate) != 0 || g_strcmp0 (capture->step, step) != 0)
      continue;
    if (found != NULL)  /* nobody can say which of the two is the truth, so neither is */
      return NULL;
    found = capture;
  }
  return found;
}

CrCall *
cr_capture_set_find_call (CrCaptureSet *self, const char *gate, const char *kind)
{
  g_return_val_if_fail (self != NULL, NULL);
  for (guint i = 0; i < self->calls->len; i++) {
    CrCall *call = self->calls->pdata[i];

    if (g_strcmp0 (call->gate, gate) == 0 && g_strcmp0 (call->kind, kind) == 0)
      return call;
  }
  return NULL;
}

/* Writing */

static void
append_string (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, ",\n      \"%s\": ", name);
  if (value == NULL) {
    g_string_append (out, "null");
  } else if (g_utf8_validate (value, -1, NULL)) {
    cr_json_append_string (out, value, -1);
  } else {  /* JSON can't hold other bytes */
    g_autofree char *safe = cr_text_display (value, -1);

    cr_json_append_string (out, safe, -1);
  }
}

static void
append_number (GString *out, const char *name, gint64 value)
{
  g_string_append_printf (out, ",\n      \"%s\": %" G_GINT64_FORMAT, name, value);
}

static void
append_stream (GString *out, const char *name, GBytes *bytes)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *base64 = g_base64_encode (data, size);
  g_autofree char *text = cr_text_display (size > 0 ? (const char *) data : "", (gssize) MIN (size, TEXT_MAX));

  g_string_append_printf (out, ",\n      \"%s\": {\"base64\": \"%s\", \"text\": ", name, base64);
  cr_json_append_string (out, text, -1);
  g_string_append_c (out, '}');
}

static void
append_call (GString *out, const CrCall *call)
{
  g_string_append (out, "    {\n      \"kind\": ");
  cr_json_append_string (out, call->kind, -1);
  append_string (out, "transport", call->transport);
  append_string (out, "nonce", call->nonce);
  append_string (out, "payload_sha256", call->payload_sha256);
  append_string (out, "script", call->script);
  g_string_append (out, ",\n      \"argv\": ");
  if (call->argv == NULL) {
    g_string_append (out, "null");
  } else {
    g_string_append_c (out, '[');
    for (guint i = 0; call->argv[i] != NULL; i++) {
      g_autofree char *safe = g_utf8_validate (call->argv[i], -1, NULL) ? NULL : cr_text_display (call->argv[i], -1);

      if (i > 0)
        g_string_append (out, ", ");
      cr_json_append_string (out, safe != NULL ? safe : call->argv[i], -1);
    }
    g_string_append_c (out, ']');
  }
  append_number (out, "az_exit_code", call->az_exit_code);
  append_string (out, "outcome", cr_outcome_to_string (call->outcome));
  append_string (out, "reason", call->reason);
  append_string (out, "message", call->message);
  append_string (out, "az_stderr", call->az_stderr);
  append_number (out, "sent_us", call->sent_us);
  append_number (out, "received_us", call->received_us);
  append_number (out, "duration_us", call->duration_us);
  g_string_append (out, "\n    }");
}

static void
append_capture (GString *out, const CrCapture *capture)
{
  g_string_append (out, "    {\n      \"step\": ");
  cr_json_append_string (out, capture->step, -1);
  append_string (out, "where", cr_step_where_to_string (capture->where));
  append_string (out, "outcome", cr_outcome_to_string (capture->outcome));
  append_string (out, "reason", capture->reason);
  append_string (out, "message", capture->message);
  append_number (out, "exit_code", capture->exit_code);
  append_string (out, "pod_mark", cr_pod_mark_to_string (capture->pod_mark));
  append_stream (out, "out", capture->out);
  append_stream (out, "err", capture->err);
  append_number (out, "out_size", (gint64) capture->out_size);
  append_number (out, "err_size", (gint64) capture->err_size);
  g_string_append_printf (out, ",\n      \"complete\": %s", capture->complete ? "true" : "false");
  append_string (out, "out_sha256", capture->out_sha256);
  append_string (out, "err_sha256", capture->err_sha256);
  append_number (out, "redactions", capture->redactions);
  append_number (out, "started_us", capture->started_us);
  append_number (out, "ended_us", capture->ended_us);
  append_number (out, "http_status", capture->http_status);
  g_string_append (out, "\n    }");
}

char *
cr_capture_set_gate_to_json (CrCaptureSet *self, const char *gate)
{
  GString *out = g_string_new (NULL);
  guint n = 0;

  g_return_val_if_fail (self != NULL && gate != NULL, NULL);
  g_string_append_printf (out, "{\n  \"format\": %d,\n  \"gate\": ", FORMAT);
  cr_json_append_string (out, gate, -1);
  g_string_append (out, ",\n  \"calls\": [");
  for (guint i = 0; i < self->calls->len; i++) {
    const CrCall *call = self->calls->pdata[i];

    if (g_strcmp0 (call->gate, gate) != 0)
      continue;
    g_string_append (out, n++ > 0 ? ",\n" : "\n");
    append_call (out, call);
  }
  g_string_append (out, n > 0 ? "\n  ],\n  \"captures\": [" : "],\n  \"captures\": [");
  n = 0;
  for (guint i = 0; i < self->captures->len; i++) {
    const CrCapture *capture = self->captures->pdata[i];

    if (g_strcmp0 (capture->gate, gate) != 0)
      continue;
    g_string_append (out, n++ > 0 ? ",\n" : "\n");
    append_capture (out, capture);
  }
  g_string_append (out, n > 0 ? "\n  ]\n}\n" : "]\n}\n");
  return g_string_free (out, FALSE);
}

/* Reading. The reader holds the first thing that is wrong; each take_...() does nothing after that. */

typedef struct {
  const CrJsonNode *node;   /* (borrowed): the object being read */
  const char       *place;  /* (borrowed): "calls[2]" */
  gsize             taken;  /* members asked for, so that an unknown one is noticed */
  GError          **error;
  gboolean          failed;
} Reader;

static void
refuse (Reader *reader, const char *name, const char *expected)
{
  if (!reader->failed)
    g_set_error (reader->error, CR_CAPTURE_ERROR, CR_CAPTURE_ERROR_FORMAT, "%s%s%s: %s expected", reader->place,
                 *reader->place != '\0' ? "." : "", name, expected);
  reader->failed = TRUE;
}

static const CrJsonNode *
take (Reader *reader, const char *name, const char *expected)
{
  const CrJsonNode *node = reader->failed ? NULL : cr_json_node_member (reader->node, name);

  reader->taken++;
  if (node == NULL)
    refuse (reader, name, expected);
  return node;
}

static char *
take_string (Reader *reader, const char *name, gboolean nullable)
{
  const char *expected = nullable ? "a text or null" : "a text";
  const CrJsonNode *node = take (reader, name, expected);
  const char *text;
  gsize length = 0;

  if (node == NULL || (nullable && cr_json_node_type (node) == CR_JSON_NULL))
    return NULL;
  text = cr_json_node_string (node, &length);
  if (text != NULL && strlen (text) == length && (nullable || length > 0) && g_utf8_validate (text, -1, NULL))
    return g_strdup (text);
  refuse (reader, name, expected);
  return NULL;
}

static gint64
take_number (Reader *reader, const char *name, gint64 min, gint64 max)
{
  gint64 value = 0;

  if (take (reader, name, "an integer") == NULL)
    return 0;
  if (cr_json_node_get_int (reader->node, name, &value) && value >= min && value <= max)
    return value;
  refuse (reader, name, "an integer within its range");
  return 0;
}

static gboolean
take_flag (Reader *reader, const char *name)
{
  gboolean value = FALSE;

  if (take (reader, name, "true or false") != NULL && !cr_json_node_get_bool (reader->node, name, &value))
    refuse (reader, name, "true or false");
  return value;
}

static char *
take_digest (Reader *reader, const char *name)
{
  g_autofree char *digest = take_string (reader, name, TRUE);

  if (digest != NULL && (strlen (digest) != 64 || strspn (digest, "0123456789abcdef") != 64)) {
    refuse (reader, name, "64 lower-case hex digits or null");
    return NULL;
  }
  return g_steal_pointer (&digest);
}

/* Strict: g_base64_decode() skips what it doesn't know, which would let two texts mean the same bytes */
static GBytes *
take_stream (Reader *reader, const char *name)
{
  const CrJsonNode *node = take (reader, name, "an object with base64 and text");
  const char *base64 = cr_json_node_get_string (node, "base64"), *text = cr_json_node_get_string (node, "text");
  g_autofree char *again = NULL;
  guchar *bytes;
  gsize length = 0;

  if (node == NULL)
    return g_bytes_new_static ("", 0);
  if (base64 == NULL || text == NULL || cr_json_node_size (node) != 2) {
    refuse (reader, name, "an object with base64 and text");
    return g_bytes_new_static ("", 0);
  }
  bytes = g_base64_decode (base64, &length);
  again = g_base64_encode (bytes, length);
  if (strcmp (base64, again) != 0)
    refuse (reader, name, "strict base64");
  return g_bytes_new_take (bytes, length);
}

static gboolean
take_end (Reader *reader)
{
  if (!reader->failed && cr_json_node_size (reader->node) != reader->taken) {
    g_set_error (reader->error, CR_CAPTURE_ERROR, CR_CAPTURE_ERROR_FORMAT, "%s holds a member that is not known or stands there twice",
                 *reader->place != '\0' ? reader->place : "The file");
    reader->failed = TRUE;
  }
  return !reader->failed;
}

static CrCall *
read_call (const CrJsonNode *node, const char *gate, const char *place, GError **error)
{
  Reader reader = { .node = node, .place = place, .error = error };
  g_autoptr(CrCall) call = cr_call_new (gate, NULL);
  g_autofree char *outcome = NULL;
  const CrJsonNode *argv;

  call->kind = take_string (&reader, "kind", FALSE);
  call->transport = take_string (&reader, "transport", TRUE);
  call->nonce = take_string (&reader, "nonce", TRUE);
  call->payload_sha256 = take_digest (&reader, "payload_sha256");
  call->script = take_string (&reader, "script", TRUE);
  argv = take (&reader, "argv", "a list of texts or null");
  if (argv != NULL && cr_json_node_type (argv) == CR_JSON_ARRAY) {
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func (g_free);

    for (gsize i = 0; i < cr_json_node_size (argv); i++) {
      gsize length = 0;
      const char *item = cr_json_node_string (cr_json_node_at (argv, i), &length);

      if (item == NULL || strlen (item) != length || !g_utf8_validate (item, -1, NULL)) {
        refuse (&reader, "argv", "a list of texts or null");
        break;
      }
      g_ptr_array_add (items, g_strdup (item));
    }
    g_ptr_array_add (items, NULL);
    call->argv = (GStrv) g_ptr_array_steal (items, NULL);
  } else if (argv != NULL && cr_json_node_type (argv) != CR_JSON_NULL) {
    refuse (&reader, "argv", "a list of texts or null");
  }
  call->az_exit_code = (int) take_number (&reader, "az_exit_code", -1, 255);
  outcome = take_string (&reader, "outcome", FALSE);
  if (outcome != NULL && !cr_outcome_from_string (outcome, &call->outcome))
    refuse (&reader, "outcome", "a known outcome");
  call->reason = take_string (&reader, "reason", TRUE);
  call->message = take_string (&reader, "message", TRUE);
  call->az_stderr = take_string (&reader, "az_stderr", TRUE);
  call->sent_us = take_number (&reader, "sent_us", G_MININT64, G_MAXINT64);
  call->received_us = take_number (&reader, "received_us", G_MININT64, G_MAXINT64);
  call->duration_us = take_number (&reader, "duration_us", G_MININT64, G_MAXINT64);
  return take_end (&reader) ? g_steal_pointer (&call) : NULL;
}

static CrCapture *
read_capture (const CrJsonNode *node, const char *gate, const char *place, GError **error)
{
  Reader reader = { .node = node, .place = place, .error = error };
  g_autoptr(CrCapture) capture = cr_capture_new (gate, NULL, CR_STEP_HERE);
  g_autofree char *where = NULL, *outcome = NULL, *pod_mark = NULL;

  capture->step = take_string (&reader, "step", FALSE);
  where = take_string (&reader, "where", FALSE);
  if (where != NULL && !cr_step_where_from_string (where, &capture->where))
    refuse (&reader, "where", "a known place");
  outcome = take_string (&reader, "outcome", FALSE);
  if (outcome != NULL && !cr_outcome_from_string (outcome, &capture->outcome))
    refuse (&reader, "outcome", "a known outcome");
  capture->reason = take_string (&reader, "reason", TRUE);
  capture->message = take_string (&reader, "message", TRUE);
  capture->exit_code = (int) take_number (&reader, "exit_code", -1, 255);
  pod_mark = take_string (&reader, "pod_mark", FALSE);
  if (pod_mark != NULL && !cr_pod_mark_from_string (pod_mark, &capture->pod_mark))
    refuse (&reader, "pod_mark", "a known mark");
  g_bytes_unref (capture->out);
  capture->out = take_stream (&reader, "out");
  g_bytes_unref (capture->err);
  capture->err = take_stream (&reader, "err");
  capture->out_size = (gsize) take_number (&reader, "out_size", 0, G_MAXINT64);
  capture->err_size = (gsize) take_number (&reader, "err_size", 0, G_MAXINT64);
  capture->complete = take_flag (&reader, "complete");
  capture->out_sha256 = take_digest (&reader, "out_sha256");
  capture->err_sha256 = take_digest (&reader, "err_sha256");
  capture->redactions = (guint) take_number (&reader, "redactions", 0, G_MAXUINT);
  capture->started_us = take_number (&reader, "started_us", G_MININT64, G_MAXINT64);
  capture->ended_us = take_number (&reader, "ended_us", G_MININT64, G_MAXINT64);
  capture->http_status = (int) take_number (&reader, "http_status", 0, 999);
  return take_end (&reader) ? g_steal_pointer (&capture) : NULL;
}

static const CrJsonNode *
take_list (Reader *reader, const char *name)
{
  const CrJsonNode *node = take (reader, name, "a list of objects");

  if (node != NULL && cr_json_node_type (node) != CR_JSON_ARRAY)
    refuse (reader, name, "a list of objects");
  for (gsize i = 0; !reader->failed && i < cr_json_node_size (node); i++) {
    if (cr_json_node_type (cr_json_node_at (node, i)) != CR_JSON_OBJECT)
      refuse (reader, name, "a list of objects");
  }
  return node;
}

gboolean
cr_capture_set_add_json (CrCaptureSet *self, const char *text, gssize length, GError **error)
{
  g_autoptr(CrCaptureSet) read = cr_capture_set_new ();
  g_autoptr(CrJsonDoc) doc = NULL;
  g_autoptr(GError) cause = NULL;
  g_autofree char *gate = NULL;
  const CrJsonNode *calls, *captures;
  Reader reader = { .place = "", .error = error };

  g_return_val_if_fail (self != NULL && text != NULL, FALSE);
  doc = cr_json_parse (text, length, CR_JSON_PYTHON, &cause);  /* a capture may be larger than the strict reader's 1 MiB */
  if (doc == NULL) {
    g_set_error_literal (error, CR_CAPTURE_ERROR, CR_CAPTURE_ERROR_FORMAT, cause->message);
    return FALSE;
  }
  reader.node = cr_json_doc_root (doc);
  if (cr_json_node_type (reader.node) != CR_JSON_OBJECT) {
    g_set_error_literal (error, CR_CAPTURE_ERROR, CR_CAPTURE_ERROR_FORMAT, "The file is not a JSON object");
    return FALSE;
  }
  take_number (&reader, "format", FORMAT, FORMAT);
  gate = take_string (&reader, "gate", FALSE);
  calls = take_list (&reader, "calls");
  captures = take_list (&reader, "captures");
  if (!take_end (&reader))
    return FALSE;
  for (gsize i = 0; i < cr_json_node_size (calls); i++) {
    g_autofree char *place = g_strdup_printf ("calls[%" G_GSIZE_FORMAT "]", i);
    CrCall *call = read_call (cr_json_node_at (calls, i), gate, place, error);

    if (call == NULL)
      return FALSE;
    cr_capture_set_add_call (read, call);
  }
  for (gsize i = 0; i < cr_json_node_size (captures); i++) {
    g_autofree char *place = g_strdup_printf ("captures[%" G_GSIZE_FORMAT "]", i);
    CrCapture *capture = read_capture (cr_json_node_at (captures, i), gate, place, error);

    if (capture == NULL)
      return FALSE;
    cr_capture_set_add (read, capture);
  }
  g_ptr_array_extend_and_steal (self->calls, g_ptr_array_ref (read->calls));
  g_ptr_array_extend_and_steal (self->captures, g_ptr_array_ref (read->captures));
  return TRUE;
}
