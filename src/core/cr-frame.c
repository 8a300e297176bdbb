/* cr-frame.c: format CR1, the frame that comes back from the jumpbox (facts: reliability 5.4)
 *
 * Strict on purpose: every byte from BEGIN to END is under a digest, every field has one spelling and one place. Whatever else the message holds
 * is ignored, but a second line with our nonce is a contradiction.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-script.h"
#include <string.h>

#define NONCE_DIGITS 32u
#define SHA_DIGITS   64u
#define MAX_BUNDLE   (16u * 1024u * 1024u)  /* bytes that are ever inflated */
#define MAX_GZ       (16u * 1024u * 1024u)

/* One line of the message, without its line feed; borrowed */
typedef struct { const char *text; gsize length; const char *next; } Line;

static void
frame_step_free (CrFrameStep *step)
{
  g_free (step->id);
  g_free (step->out_sha256);
  g_free (step->err_sha256);
  g_free (step);
}

static CrFrame *
frame_new (void)
{
  CrFrame *frame = g_new0 (CrFrame, 1);

  frame->kind = CR_FRAME_NONE;
  frame->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) frame_step_free);
  frame->gz = g_byte_array_new ();
  return frame;
}

void
cr_frame_free (CrFrame *frame)
{
  if (frame == NULL)
    return;
  g_free (frame->detail);
  g_free (frame->gz_sha256);
  g_ptr_array_unref (frame->steps);
  g_byte_array_unref (frame->gz);
  if (frame->bundle != NULL)
    g_byte_array_unref (frame->bundle);
  g_free (frame);
}

static gboolean
next_line (const char **position, const char *end, Line *line)
{
  const char *feed;

  if (*position >= end)
    return FALSE;
  feed = memchr (*position, '\n', (gsize) (end - *position));
  line->text = *position;
  line->length = (gsize) ((feed != NULL ? feed : end) - *position);
  line->next = feed != NULL ? feed + 1 : end;
  *position = line->next;
  return TRUE;
}

/* Is it "CR1 <word> <nonce>", at the end or with a blank behind it? *rest (nullable): what follows the blank */
static gboolean
line_is (const Line *line, const char *word, const char *nonce, const char **rest, gsize *rest_length)
{
  g_autofree char *start = g_strdup_printf ("CR1 %s %s", word, nonce);
  gsize length = strlen (start);

  if (line->length < length || memcmp (line->text, start, length) != 0)
    return FALSE;
  if (line->length > length && line->text[length] != ' ')
    return FALSE;
  if (rest != NULL) {
    *rest = line->length > length ? line->text + length + 1 : line->text + length;
    *rest_length = line->length > length ? line->length - length - 1 : 0;
  }
  return TRUE;
}

/* The line's fields; NULL if it holds anything but printable ASCII */
static GStrv
split (const char *text, gsize length)
{
  g_autofree char *copy = NULL;

  for (gsize i = 0; i < length; i++)
    if (text[i] < 0x20 || text[i] > 0x7e)
      return NULL;
  copy = g_strndup (text, length);
  return g_strsplit (copy, " ", -1);
}

/* "name=value" -> value, or NULL */
static const char *
field (const char *text, const char *name)
{
  gsize length = strlen (name);
  return strncmp (text, name, length) == 0 && text[length] == '=' ? text + length + 1 : NULL;
}

static gboolean
number (const char *text, guint64 max, guint64 *value)
{
  if (text == NULL || (text[0] == '0' && text[1] != '\0'))
    return FALSE;
  return g_ascii_string_to_unsigned (text, 10, 0, max, value, NULL);
}

static gboolean
is_hex (const char *text, gsize digits)
{
  return text != NULL && strlen (text) == digits && strspn (text, "0123456789abcdef") == digits;
}

static gboolean
bad (CrFrame *frame, const char *detail)
{
  frame->kind = CR_FRAME_BAD;
  g_free (frame->detail);
  frame->detail = g_strdup (detail);
  return FALSE;
}

/* (transfer full) (nullable): base64 with padding, nothing else, one spelling for each value */
static GByteArray *
decode_base64 (const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);
  g_autofree char *again = NULL;
  g_autofree guchar *bytes = NULL;
  gsize size = 0;

  if (length % 4 != 0 || strlen (copy) != length)
    return NULL;
  if (length == 0)
    return g_byte_array_new ();
  bytes = g_base64_decode (copy, &size);
  again = g_base64_encode (bytes, size);  /* the decoder skips what it doesn't know; the round trip doesn't forgive */
  if (strcmp (again, copy) != 0)
    return NULL;
  return g_byte_array_new_take (g_steal_pointer (&bytes), size);
}

typedef struct {
  Line        begin, end;
  const char *begin_rest, *end_rest;
  gsize       begin_length, end_length;
  guint       n_begin, n_end, n_fatal, n_status;
  char       *word;   /* (owned): of FATAL or STATUS */
} Marks;

/* (transfer full): a FATAL's or STATUS's word, made safe */
static char *
word_of (const char *text, gsize length)
{
  char *word = g_strndup (text, MIN (length, 256));

  for (char *p = word; *p != '\0'; p++)
    if (*p < 0x20 || *p > 0x7e)
      *p = '?';
  return word;
}

static void
find_marks (Marks *marks, const char *message, gsize length, const char *nonce)
{
  const char *position = message;
  const char *rest;
  gsize rest_length;
  Line line;

  while (next_line (&position, message + length, &line)) {
    if (line_is (&line, "BEGIN", nonce, &rest, &rest_length)) {
      marks->n_begin++;
      marks->begin = line;
      marks->begin_rest = rest;
      marks->begin_length = rest_length;
    } else if (line_is (&line, "END", nonce, &rest, &rest_length)) {
      marks->n_end++;
      marks->end = line;
      marks->end_rest = rest;
      marks->end_length = rest_length;
    } else if (line_is (&line, "FATAL", nonce, &rest, &rest_length) || line_is (&line, "STATUS", nonce, &rest, &rest_length)) {
      if (line.text[4] == 'F')
        marks->n_fatal++;
      else
        marks->n_status++;
      g_free (marks->word);
      marks->word = word_of (rest, rest_length);
    }
  }
}

/* One BEGIN, one END behind it, every line between is ours, the digest holds. On success *body and *body_length are the lines between. */
static gboolean
check_envelope (const Marks *marks, const char **body, gsize *body_length, const char **detail)
{
  g_autofree char *sum = NULL;
  g_autofree char *stated = NULL;
  const char *position, *stated_sum;
  Line line;

  if (marks->n_begin == 0 && marks->n_end > 0) {
    *detail = "the beginning is missing: more of the output was cut than it should";
    return FALSE;
  }
  if (marks->n_end == 0) {
    *detail = "the end is missing";
    return FALSE;
  }
  if (marks->n_begin != 1 || marks->n_end != 1 || marks->n_fatal > 0) {
    *detail = "it holds more than one answer";
    return FALSE;
  }
  if (marks->end.text < marks->begin.next) {
    *detail = "its end stands before its beginning";
    return FALSE;
  }
  stated = g_strndup (marks->end_rest, marks->end_length);
  stated_sum = strlen (stated) == marks->end_length ? field (stated, "sum") : NULL;
  if (!is_hex (stated_sum, SHA_DIGITS)) {
    *detail = "its end is malformed";
    return FALSE;
  }
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) marks->begin.text, (gsize) (marks->end.text - marks->begin.text));
  if (strcmp (sum, stated_sum) != 0) {
    *detail = "its digest does not hold: something was changed or lost on the way";
    return FALSE;
  }
  position = marks->begin.next;
  while (next_line (&position, marks->end.text, &line))
    if (line.length < 4 || memcmp (line.text, "CR1 ", 4) != 0) {
      *detail = "a foreign line stands in it";
      return FALSE;
    }
  *body = marks->begin.next;
  *body_length = (gsize) (marks->end.text - marks->begin.next);
  return TRUE;
}

/* "off=N len=N BASE64" -> (transfer full) bytes, NULL with *detail */
static GByteArray *
read_data (const char *text, gsize length, guint64 offset, gsize gz_size, const char **detail)
{
  g_auto(GStrv) fields = split (text, length);
  guint64 off, len;
  GByteArray *bytes;

  if (fields == NULL || g_strv_length (fields) != 3 || !number (field (fields[0], "off"), MAX_GZ, &off) ||
      !number (field (fields[1], "len"), MAX_GZ, &len)) {
    *detail = "its data line is malformed";
    return NULL;
  }
  bytes = decode_base64 (fields[2], strlen (fields[2]));
  if (bytes == NULL) {
    *detail = "its data is not base64";
    return NULL;
  }
  if (off != offset || bytes->len != len || off + len > gz_size) {
    g_byte_array_unref (bytes);
    *detail = "its data has another place or size than stated";
    return NULL;
  }
  return bytes;
}

static gboolean
stream_digest (const char *text, guint64 size, char **sha256)
{
  static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  if (size == 0 ? g_strcmp0 (text, "-") != 0 : !is_hex (text, SHA_DIGITS))
    return FALSE;
  *sha256 = g_strdup (size == 0 ? empty : text);
  return TRUE;
}

/* "CR1 S id rc=.. pod=.. t0=.. t1=.. out=.. outsha=.. err=.. errsha=.." */
static gboolean
read_step (CrFrame *frame, const Line *line, CrPlanStep *planned)
{
  g_auto(GStrv) f = split (line->text, line->length);
  CrFrameStep *step;
  const char *pod;
  guint64 rc, t0, t1, out, err;

  if (f == NULL || g_strv_length (f) != 11)
    return bad (frame, "a step's line is malformed");
  if (strcmp (f[2], planned->id) != 0)
    return bad (frame, "its steps are not those of the plan");
  pod = field (f[4], "pod");
  if (!number (field (f[3], "rc"), 255, &rc) || pod == NULL || !number (field (f[5], "t0"), G_MAXINT64, &t0) ||
      !number (field (f[6], "t1"), G_MAXINT64, &t1) || !number (field (f[7], "out"), G_MAXINT64, &out) ||
      !number (field (f[9], "err"), G_MAXINT64, &err))
    return bad (frame, "a step's line is malformed");
  if (planned->where == CR_STEP_POD ? strcmp (pod, "ok") != 0 && strcmp (pod, "lost") != 0 : strcmp (pod, "na") != 0)
    return bad (frame, "a step's pod mark is malformed");

  step = g_new0 (CrFrameStep, 1);
  g_ptr_array_add (frame->steps, step);
  step->id = g_strdup (f[2]);
  step->exit_code = (int) rc;
  step->pod_mark = strcmp (pod, "ok") == 0 ? CR_POD_MARK_OK : strcmp (pod, "lost") == 0 ? CR_POD_MARK_LOST : CR_POD_MARK_NA;
  step->t0 = (gint64) t0;
  step->t1 = (gint64) t1;
  step->out_size = out;
  step->err_size = err;
  if (!stream_digest (field (f[8], "outsha"), out, &step->out_sha256) || !stream_digest (field (f[10], "errsha"), err, &step->err_sha256))
    return bad (frame, "a step's digest is malformed");
  return TRUE;
}

static gboolean
is_own_digest (const char *stated, const char *script)
{
  g_autofree char *whole = g_compute_checksum_for_string (G_CHECKSUM_SHA256, script, -1);
  g_autofree char *stripped = NULL;
  gsize length = strlen (script);

  if (strcmp (stated, whole) == 0)
    return TRUE;
  if (length == 0 || script[length - 1] != '\n')  /* az strips the last line feed of a script from standard input */
    return FALSE;
  stripped = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) script, length - 1);
  return strcmp (stated, stripped) == 0;
}

static gboolean
read_begin (CrFrame *frame, const Marks *marks, const CrScriptParams *params, const char *script, const char *payload_sha256, guint64 *n_steps)
{
  g_auto(GStrv) f = split (marks->begin_rest, marks->begin_length);
  const char *self;
  guint64 attempt, gz;

  if (f == NULL || g_strv_length (f) != 8 || !number (field (f[2], "attempt"), G_MAXUINT, &attempt) ||
      !number (field (f[5], "steps"), 1000, n_steps) || !number (field (f[6], "gz"), MAX_GZ, &gz) || !is_hex (field (f[7], "gzsha"), SHA_DIGITS))
    return bad (frame, "its first line is malformed, or announces too much");
  if (g_strcmp0 (field (f[0], "run"), params->run_id) != 0 || g_strcmp0 (field (f[1], "gate"), params->gate) != 0 || attempt != params->attempt)
    return bad (frame, "it belongs to another attempt");
  if (g_strcmp0 (field (f[4], "payload"), payload_sha256) != 0)
    return bad (frame, "other commands ran than those that were sent");
  self = field (f[3], "self");
  if (self == NULL)
    return bad (frame, "its first line is malformed");
  frame->self_checked = strcmp (self, "na") != 0;
  if (frame->self_checked && !is_own_digest (self, script))
    return bad (frame, "another script ran than the one that was sent");
  frame->gz_size = gz;
  frame->gz_sha256 = g_strdup (field (f[7], "gzsha"));
  return TRUE;
}

static gboolean
read_frame (CrFrame *frame, const Marks *marks, const CrScriptParams *params, const char *script, const char *payload_sha256, GPtrArray *steps)
{
  g_autoptr(GByteArray) data = NULL;
  const char *position, *body, *detail = NULL, *rest;
  gsize body_length, rest_length;
  guint64 n_steps = 0;
  guint next = 0;
  Line line;

  if (!check_envelope (marks, &body, &body_length, &detail))
    return bad (frame, detail);
  if (!read_begin (frame, marks, params, script, payload_sha256, &n_steps))
    return FALSE;

  position = body;
  while (next_line (&position, body + body_length, &line)) {
    if (data != NULL)
      return bad (frame, "something stands behind its data");
    if (line_is (&line, "D", params->nonce, &rest, &rest_length)) {
      data = read_data (rest, rest_length, 0, frame->gz_size, &detail);
      if (data == NULL)
        return bad (frame, detail);
      continue;
    }
    if (line.length < 6 || memcmp (line.text, "CR1 S ", 6) != 0)
      return bad (frame, "a line of it is unknown");
    while (next < steps->len) {
      CrPlanStep *planned = g_ptr_array_index (steps, next);
      if (cr_plan_step_is_remote (planned))
        break;
      next++;
    }
    if (next >= steps->len)
      return bad (frame, "it has more steps than the plan");
    if (!read_step (frame, &line, g_ptr_array_index (steps, next++)))
      return FALSE;
  }
  if (data == NULL)
    return bad (frame, "its data is missing");
  if (frame->steps->len != n_steps)
    return bad (frame, "it has another number of steps than stated");
  g_byte_array_append (frame->gz, data->data, data->len);
  if (frame->gz->len == frame->gz_size && !cr_frame_is_complete (frame))
    return bad (frame, "the digest of its data does not hold");
  frame->kind = CR_FRAME_OK;
  return TRUE;
}

CrFrame *
cr_frame_read (const char *message, gsize length, const CrScriptParams *params, const char *script, const char *payload_sha256, GPtrArray *steps)
{
  CrFrame *frame = frame_new ();
  Marks marks = { 0 };

  g_return_val_if_fail (message != NULL && params != NULL && steps != NULL, frame);

  find_marks (&marks, message, length, params->nonce);
  if (marks.n_begin + marks.n_end + marks.n_fatal + marks.n_status == 0) {
    frame->detail = g_strdup ("no line of the answer carries the nonce of this call");
  } else if (marks.n_fatal + marks.n_status == 0) {
    read_frame (frame, &marks, params, script != NULL ? script : "", payload_sha256, steps);
  } else if (marks.n_begin + marks.n_end == 0 && marks.n_fatal + marks.n_status == 1) {
    frame->kind = marks.n_fatal == 1 ? CR_FRAME_FATAL : CR_FRAME_STATUS;
    frame->detail = g_steal_pointer (&marks.word);
  } else {
    bad (frame, "it holds more than one answer");
  }
  if (frame->kind != CR_FRAME_OK)
    g_ptr_array_set_size (frame->steps, 0);
  g_free (marks.word);
  return frame;
}

static gboolean
read_page (CrFrame *frame, const Marks *marks, const CrScriptParams *params, const char **detail)
{
  g_auto(GStrv) f = NULL;
  g_autoptr(GByteArray) data = NULL;
  const char *position, *body, *rest;
  gsize body_length, rest_length;
  guint64 attempt, gz;
  Line line;

  if (!check_envelope (marks, &body, &body_length, detail))
    return FALSE;
  f = split (marks->begin_rest, marks->begin_length);
  if (f == NULL || g_strv_length (f) != 5 || !number (field (f[2], "attempt"), G_MAXUINT, &attempt) || !number (field (f[3], "gz"), MAX_GZ, &gz)) {
    *detail = "its first line is malformed";
    return FALSE;
  }
  if (g_strcmp0 (field (f[0], "run"), params->run_id) != 0 || g_strcmp0 (field (f[1], "gate"), params->gate) != 0 || attempt != params->attempt ||
      gz != frame->gz_size || g_strcmp0 (field (f[4], "gzsha"), frame->gz_sha256) != 0) {
    *detail = "it belongs to another attempt or another output";
    return FALSE;
  }
  position = body;
  if (!next_line (&position, body + body_length, &line) || !line_is (&line, "D", params->nonce, &rest, &rest_length) ||
      position != body + body_length) {
    *detail = "its data line is missing or not alone";
    return FALSE;
  }
  data = read_data (rest, rest_length, frame->gz->len, frame->gz_size, detail);
  if (data == NULL)
    return FALSE;
  if (data->len == 0) {
    *detail = "it brings nothing";
    return FALSE;
  }
  g_byte_array_append (frame->gz, data->data, data->len);
  if (frame->gz->len == frame->gz_size && !cr_frame_is_complete (frame)) {
    *detail = "the digest of the whole output does not hold";
    return FALSE;
  }
  return TRUE;
}

gboolean
cr_frame_add_page (CrFrame *frame, const char *message, gsize length, const CrScriptParams *params, char **detail)
{
  Marks marks = { 0 };
  g_autofree char *word = NULL;
  const char *why = NULL;

  g_return_val_if_fail (frame != NULL && frame->kind == CR_FRAME_OK && message != NULL && params != NULL, FALSE);

  find_marks (&marks, message, length, params->nonce);
  word = g_steal_pointer (&marks.word);
  if (marks.n_fatal == 1 && marks.n_begin + marks.n_end + marks.n_status == 0)
    why = word;
  else if (marks.n_begin + marks.n_end + marks.n_status + marks.n_fatal == 0)
    why = "no line of the answer carries the nonce of this call";
  else if (marks.n_status > 0)
    why = "it holds more than one answer";
  else if (read_page (frame, &marks, params, &why))
    return TRUE;
  if (detail != NULL)
    *detail = g_strdup (why);
  return FALSE;
}

gboolean
cr_frame_is_complete (CrFrame *frame)
{
  g_autofree char *sum = NULL;

  g_return_val_if_fail (frame != NULL, FALSE);

  if (frame->gz_sha256 == NULL || frame->gz->len != frame->gz_size)
    return FALSE;
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, frame->gz->data, frame->gz->len);
  return strcmp (sum, frame->gz_sha256) == 0;
}

/* What the gz bytes so far inflate to, at most @limit bytes; a cut end gives what stands before it. */
static GByteArray *
inflate (GByteArray *gz, gsize limit)
{
  g_autoptr(GZlibDecompressor) decompressor = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  GByteArray *out = g_byte_array_new ();
  gsize used = 0;

  while (out->len <= limit && gz->len > 0) {
    guint8 buffer[32768];
    gsize read = 0, written = 0;
    GConverterResult result;

    result = g_converter_convert (G_CONVERTER (decompressor), gz->data + used, gz->len - used, buffer, sizeof buffer,
                                  G_CONVERTER_NO_FLAGS, &read, &written, NULL);
    if (result == G_CONVERTER_ERROR)
      break;
    used += read;
    g_byte_array_append (out, buffer, (guint) written);
    if (result == G_CONVERTER_FINISHED || (read == 0 && written == 0))
      break;
  }
  return out;
}

/* (nullable): what came of the stream at @from. *whole: all of it, and its digest holds */
static GBytes *
slice (GByteArray *bundle, guint64 from, gsize size, const char *sha256, gboolean *whole)
{
  g_autofree char *sum = NULL;

  *whole = FALSE;
  if (size == 0) {
    *whole = TRUE;
    return g_bytes_new (NULL, 0);
  }
  if (from >= bundle->len)
    return NULL;
  if (size > bundle->len - from)
    return g_bytes_new (bundle->data + from, bundle->len - from);
  sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bundle->data + from, size);
  if (strcmp (sum, sha256) != 0)
    return NULL;
  *whole = TRUE;
  return g_bytes_new (bundle->data + from, size);
}

gboolean
cr_frame_get_streams (CrFrame *frame, guint index, GBytes **out, GBytes **err)
{
  CrFrameStep *step;
  guint64 from = 0, total = 0;
  gboolean out_whole, err_whole;

  g_return_val_if_fail (frame != NULL && index < frame->steps->len && out != NULL && err != NULL, FALSE);

  for (guint i = 0; i < frame->steps->len; i++) {
    CrFrameStep *each = g_ptr_array_index (frame->steps, i);
    if (i == index)
      from = total;
    total = total > MAX_BUNDLE ? total : total + MIN (each->out_size, MAX_BUNDLE + 1) + MIN (each->err_size, MAX_BUNDLE + 1);
  }
  if (frame->bundle == NULL || frame->bundle_from != frame->gz->len) {
    g_clear_pointer (&frame->bundle, g_byte_array_unref);
    frame->bundle = inflate (frame->gz, MIN (total, MAX_BUNDLE));
    frame->bundle_from = frame->gz->len;
    if (frame->bundle->len > total || (frame->bundle->len < total && total <= MAX_BUNDLE && cr_frame_is_complete (frame)))
      g_byte_array_set_size (frame->bundle, 0);  /* it is not what the frame announced */
    else if (frame->bundle->len > MAX_BUNDLE)
      g_byte_array_set_size (frame->bundle, MAX_BUNDLE);
  }

  step = g_ptr_array_index (frame->steps, index);
  *out = slice (frame->bundle, from, step->out_size, step->out_sha256, &out_whole);
  *err = slice (frame->bundle, from + step->out_size, step->err_size, step->err_sha256, &err_whole);
  return out_whole && err_whole;
}

GBytes *
cr_frame_pod_output (GBytes *out, const char *mark, int exit_code)
{
  g_autofree char *tail = NULL;
  const char *data;
  gsize size, length;

  g_return_val_if_fail (out != NULL && mark != NULL, NULL);

  tail = g_strdup_printf ("\nCR1POD %s rc=%d\n", mark, exit_code);
  length = strlen (tail);
  data = g_bytes_get_data (out, &size);
  if (size < length || memcmp (data + size - length, tail, length) != 0)
    return g_bytes_ref (out);
  return g_bytes_new_from_bytes (out, 0, size - length);
}
