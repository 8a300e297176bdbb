/* cr-sabotage-frame.c: planted defects in what comes back from the jumpbox (facts: reliability section 5), before any judge sees it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-sabotage-private.h"
#include "cr-script.h"
#include <string.h>

#define NONCE       "0123456789abcdef0123456789abcdef"
#define OTHER_NONCE "fedcba9876543210fedcba9876543210"
#define SCRIPT      "#!/bin/sh\n# planted\n"
#define OUTPUT      "planted output of one step, long enough to be cut\n"

typedef enum {
  FRAME_GOOD, FRAME_OTHER_NONCE, FRAME_OTHER_GATE, FRAME_OTHER_PAYLOAD, FRAME_OTHER_SCRIPT, FRAME_NO_END, FRAME_NO_BEGIN, FRAME_CHANGED, FRAME_TWICE,
  FRAME_FOREIGN_LINE, FRAME_STEP_LEFT_OUT, FRAME_INNER_FAILURE, FRAME_LOST_MARK, FRAME_OTHER_OUTPUT, FRAME_CUT_OUTPUT, N_FRAME
} FrameDefect;

static const char *const names[N_FRAME] = {
  "a good frame", "a frame with another nonce", "a frame of another gate", "a frame of another payload", "a frame of another script",
  "a frame cut at its end", "a frame cut at its beginning", "a frame with one changed byte", "two frames in one answer", "a foreign line in a frame",
  "a frame without one of its steps", "an exit code of 7 inside of a frame", "a lost end mark inside of a frame", "an output that is not that of its digest",
  "an output that was cut in the bundle",
};

static char *
digest_of (const char *text, gsize length)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, length);
}

/* (transfer full) (nullable) */
static GByteArray *
deflate (const char *text, gsize length)
{
  g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 1);
  GByteArray *out = g_byte_array_new ();
  gsize used = 0;

  for (;;) {
    guint8 buffer[4096];
    gsize read = 0, written = 0;
    GConverterResult result = g_converter_convert (G_CONVERTER (compressor), text + used, length - used, buffer, sizeof buffer,
                                                   G_CONVERTER_INPUT_AT_END, &read, &written, NULL);

    used += read;
    g_byte_array_append (out, buffer, (guint) written);
    if (result == G_CONVERTER_FINISHED)
      return out;
    if (result == G_CONVERTER_ERROR || (read == 0 && written == 0)) {
      g_byte_array_unref (out);
      return NULL;
    }
  }
}

/* The lines from BEGIN to END as the wrapper on the jumpbox prints them, with that defect */
static char *
make_frame (const CrScriptParams *params, CrPlanGate *gate, const char *payload_sha256, FrameDefect defect)
{
  const char *nonce = defect == FRAME_OTHER_NONCE ? OTHER_NONCE : NONCE;
  g_autoptr(GString) steps = g_string_new (NULL);
  g_autoptr(GString) bundle = g_string_new (NULL);
  g_autoptr(GByteArray) gz = NULL;
  g_autoptr(GString) out = g_string_new (NULL);
  g_autofree char *output_sha = digest_of (OUTPUT, strlen (OUTPUT));
  g_autofree char *script_sha = digest_of (SCRIPT, strlen (SCRIPT));
  g_autofree char *gz_sha = NULL;
  g_autofree char *data = NULL;
  g_autofree char *sum = NULL;
  guint n = 0, n_remote = 0;

  if (defect == FRAME_OTHER_SCRIPT || defect == FRAME_OTHER_OUTPUT) {
    char *place = defect == FRAME_OTHER_SCRIPT ? script_sha : output_sha;
    place[0] = place[0] == '0' ? '1' : '0';
  }
  for (guint i = 0; i < gate->steps->len; i++)
    n_remote += cr_plan_step_is_remote (gate->steps->pdata[i]) ? 1 : 0;
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    gboolean last = n + 1 == n_remote;

    if (!cr_plan_step_is_remote (step))
      continue;
    n++;
    if (last && defect == FRAME_STEP_LEFT_OUT)
      continue;
    g_string_append_printf (steps, "CR1 S %s rc=%d pod=%s t0=1771953240 t1=1771953241 out=%" G_GSIZE_FORMAT " outsha=%s err=0 errsha=-\n", step->id,
                            last && defect == FRAME_INNER_FAILURE ? 7 : 0,
                            step->where != CR_STEP_POD ? "na" : last && defect == FRAME_LOST_MARK ? "lost" : "ok", strlen (OUTPUT), output_sha);
    g_string_append_len (bundle, OUTPUT, last && defect == FRAME_CUT_OUTPUT ? (gssize) strlen (OUTPUT) / 2 : (gssize) strlen (OUTPUT));
  }
  gz = deflate (bundle->str, bundle->len);
  if (gz == NULL)
    return NULL;
  gz_sha = digest_of ((const char *) gz->data, gz->len);
  data = g_base64_encode (gz->data, gz->len);
  g_string_append_printf (out, "CR1 BEGIN %s run=%s gate=%s attempt=%u self=%s payload=%s steps=%u gz=%u gzsha=%s\n", nonce, params->run_id,
                          defect == FRAME_OTHER_GATE ? "other" : params->gate, params->attempt, script_sha,
                          defect == FRAME_OTHER_PAYLOAD ? script_sha : payload_sha256, n_remote, gz->len, gz_sha);
  g_string_append (out, steps->str);
  if (defect == FRAME_FOREIGN_LINE)
    g_string_append (out, "planted\n");
  g_string_append_printf (out, "CR1 D %s off=0 len=%u %s\n", nonce, gz->len, data);
  sum = digest_of (out->str, out->len);
  if (defect == FRAME_CHANGED) {
    char *code = strstr (out->str, " t1=");
    code[4] = '2';  /* the first digit of a time: every field still can be read */
  }
  if (defect != FRAME_NO_END)
    g_string_append_printf (out, "CR1 END %s sum=%s\n", nonce, sum);
  if (defect == FRAME_NO_BEGIN)
    g_string_erase (out, 0, strchr (out->str, '\n') + 1 - out->str);
  if (defect == FRAME_TWICE) {
    g_autofree char *again = g_strdup (out->str);
    g_string_append (out, again);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Does the reader take the answer for one in which every remote step ended with 0, its mark and all of its output? */
static gboolean
reads_as_good (const CrScriptParams *params, CrPlanGate *gate, const char *payload_sha256, FrameDefect defect)
{
  g_autofree char *text = make_frame (params, gate, payload_sha256, defect);
  g_autofree char *message = g_strdup_printf ("Enable succeeded: \n[stdout]\n%s\n[stderr]\n", text != NULL ? text : "");
  g_autoptr(CrFrame) frame = cr_frame_read (message, strlen (message), params, SCRIPT, payload_sha256, gate->steps);
  guint n = 0;

  if (frame->kind != CR_FRAME_OK || !cr_frame_is_complete (frame))
    return FALSE;
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    CrFrameStep *read;
    g_autoptr(GBytes) out = NULL;
    g_autoptr(GBytes) err = NULL;

    if (!cr_plan_step_is_remote (step))
      continue;
    if (n >= frame->steps->len)
      return FALSE;
    read = frame->steps->pdata[n];
    if (!g_str_equal (read->id, step->id) || read->exit_code != 0 || read->pod_mark != (step->where == CR_STEP_POD ? CR_POD_MARK_OK : CR_POD_MARK_NA)
        || !cr_frame_get_streams (frame, n, &out, &err) || g_bytes_get_size (out) != strlen (OUTPUT))
      return FALSE;
    n++;
  }
  return n == frame->steps->len;
}

static gboolean
last_remote_is_pod (CrPlanGate *gate)
{
  gboolean pod = FALSE;

  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = gate->steps->pdata[i];
    pod = cr_plan_step_is_remote (step) ? step->where == CR_STEP_POD : pod;
  }
  return pod;
}

void
cr_sabotage_frames (CrPlan *plan, guint *caught, guint *planted, GPtrArray *missed)
{
  CrPlanGate *gate = NULL;
  CrScriptParams params = { .run_id = "planted", .attempt = 1, .nonce = NONCE };
  g_autofree char *payload_sha256 = digest_of ("planted", strlen ("planted"));

  for (guint i = 0; i < plan->gates->len && gate == NULL; i++) {
    CrPlanGate *each = plan->gates->pdata[i];

    for (guint j = 0; j < each->steps->len && gate == NULL; j++)
      if (cr_plan_step_is_remote (each->steps->pdata[j]))
        gate = each;
  }
  if (gate == NULL)
    return;
  params.gate = gate->id;
  if (!reads_as_good (&params, gate, payload_sha256, FRAME_GOOD)) {
    g_ptr_array_add (missed, g_strdup ("a good frame is not read (frame)"));
    return;
  }
  for (FrameDefect defect = FRAME_GOOD + 1; defect < N_FRAME; defect++) {
    if (defect == FRAME_LOST_MARK && !last_remote_is_pod (gate))
      continue;
    (*planted)++;
    if (!reads_as_good (&params, gate, payload_sha256, defect))
      (*caught)++;
    else
      g_ptr_array_add (missed, g_strdup_printf ("%s (frame)", names[defect]));
  }
}
