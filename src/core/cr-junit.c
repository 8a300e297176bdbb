/* cr-junit.c: gates as tests, for CI systems
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-junit.h"
#include "cr-text.h"

/* XML 1.0 has no controls but LF and TAB: cr_text_display() leaves none, the escape does the markup */
static void
append_escaped (GString *out, const char *text)
{
  g_autofree char *shown = cr_text_display (text, -1);
  g_autofree char *escaped = g_markup_escape_text (shown, -1);

  g_string_append (out, escaped);
}

static void
append_number (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_formatd (buffer, sizeof buffer, "%.3f", value));
}

char *
cr_junit_render (CrPlan *plan, GPtrArray *verdicts, const double *seconds, const char *run_id)
{
  GString *out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  guint failures = 0, skipped = 0;
  double total = 0;

  for (guint i = 0; i < verdicts->len; i++) {
    CrGateVerdict *verdict = g_ptr_array_index (verdicts, i);

    skipped += verdict->verdict == CR_VERDICT_NOT_RUN;
    failures += verdict->verdict != CR_VERDICT_NOT_RUN && verdict->verdict != CR_VERDICT_PASS;
    total += seconds != NULL ? seconds[i] : 0;
  }
  g_string_append (out, "<testsuite name=\"");
  append_escaped (out, run_id);
  g_string_append_printf (out, "\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"", verdicts->len, failures, skipped);
  append_number (out, total);
  g_string_append (out, "\">\n");
  for (guint i = 0; i < verdicts->len && i < plan->gates->len; i++) {
    CrPlanGate *gate = g_ptr_array_index (plan->gates, i);
    CrGateVerdict *verdict = g_ptr_array_index (verdicts, i);

    g_string_append (out, "  <testcase classname=\"");
    append_escaped (out, plan->id);
    g_string_append (out, "\" name=\"");
    append_escaped (out, gate->title);
    g_string_append (out, "\" time=\"");
    append_number (out, seconds != NULL ? seconds[i] : 0);
    if (verdict->verdict == CR_VERDICT_PASS && verdict->fact == NULL) {
      g_string_append (out, "\"/>\n");
      continue;
    }
    g_string_append (out, "\">\n");
    if (verdict->verdict == CR_VERDICT_NOT_RUN) {
      g_string_append (out, "    <skipped message=\"");
      append_escaped (out, verdict->reason != NULL ? verdict->reason : "not run");
      g_string_append (out, "\"/>\n");
    } else if (verdict->verdict != CR_VERDICT_PASS) {
      CrClassification classification = verdict->verdict == CR_VERDICT_BLOCKED ? CR_CLASS_ENVIRONMENT_BLOCKED : gate->classification;

      g_string_append_printf (out, "    <failure type=\"%s\" message=\"", cr_classification_to_string (classification));
      append_escaped (out, verdict->reason != NULL ? verdict->reason : cr_verdict_to_string (verdict->verdict));
      g_string_append (out, "\">");
      if (verdict->line != NULL)
        append_escaped (out, verdict->line);
      g_string_append (out, "</failure>\n");
    }
    if (verdict->fact != NULL) {
      g_string_append (out, "    <system-out>");
      append_escaped (out, verdict->fact);
      g_string_append (out, "</system-out>\n");
    }
    g_string_append (out, "  </testcase>\n");
  }
  g_string_append (out, "</testsuite>\n");
  return g_string_free (out, FALSE);
}
