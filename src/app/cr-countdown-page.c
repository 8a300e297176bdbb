/* cr-countdown-page.c: the wait for a T_cutover in the future
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-countdown-page.h"
#include "cr-buffer-band.h"
#include "cr-gate-row.h"
#include "cr-compat.h"
#include <glib/gi18n.h>

struct _CrCountdownPage {
  AdwBin parent_instance;

  gboolean      awake;
  int           spoken;  /* the last of 600, 300, 60, 10, 0 seconds that was said, or -1 */

  GtkLabel     *countdown;
  GtkLabel     *moment;
  CrBufferBand *band;
  GtkLabel     *phase;
  GtkBox       *checks;
};

G_DEFINE_FINAL_TYPE (CrCountdownPage, cr_countdown_page, ADW_TYPE_BIN)

typedef enum { SIGNAL_CANCEL, SIGNAL_SHOW_GATES, N_SIGNALS } CrCountdownPageSignal;
static guint signals[N_SIGNALS];

char *
cr_countdown_text (gint64 t_cutover, gint64 now)
{
  gint64 rest = t_cutover - now, seconds = ABS (rest);

  return g_strdup_printf ("T %s %02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT, rest >= 0 ? "−" : "+", seconds / 3600,
                          seconds / 60 % 60, seconds % 60);
}

static void
add_check (CrCountdownPage *self, gboolean good, const char *text)
{
  g_autofree char *line = g_strconcat (good ? "✓ " : "⚠ ", text, NULL);
  GtkWidget *label = gtk_label_new (line);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_add_css_class (label, "numeric");
  gtk_box_append (self->checks, label);
}

/* Said only at 10 min, 5 min, 1 min, 10 s and 0, so that it does not talk all the time */
static void
speak (CrCountdownPage *self, gint64 rest, const char *phase)
{
  static const int moments[] = { 600, 300, 60, 10, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (moments); i++)
    if (rest <= moments[i] && rest > moments[i] - 5 && self->spoken != moments[i]) {
      self->spoken = moments[i];
      cr_compat_announce (GTK_WIDGET (self), phase);
    }
}

static void
cancel_clicked_cb (CrCountdownPage *self)
{
  g_signal_emit (self, signals[SIGNAL_CANCEL], 0);
}

static void
gates_clicked_cb (CrCountdownPage *self)
{
  g_signal_emit (self, signals[SIGNAL_SHOW_GATES], 0);
}

static void
cr_countdown_page_class_init (CrCountdownPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  signals[SIGNAL_CANCEL] = g_signal_new ("cancel", CR_TYPE_COUNTDOWN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_SHOW_GATES] = g_signal_new ("show-gates", CR_TYPE_COUNTDOWN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (CR_TYPE_BUFFER_BAND);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/ui/cr-countdown-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrCountdownPage, countdown);
  gtk_widget_class_bind_template_child (widget_class, CrCountdownPage, moment);
  gtk_widget_class_bind_template_child (widget_class, CrCountdownPage, band);
  gtk_widget_class_bind_template_child (widget_class, CrCountdownPage, phase);
  gtk_widget_class_bind_template_child (widget_class, CrCountdownPage, checks);
  gtk_widget_class_bind_template_callback (widget_class, cancel_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, gates_clicked_cb);
}

static void
cr_countdown_page_init (CrCountdownPage *self)
{
  self->spoken = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_direction (GTK_WIDGET (self->countdown), GTK_TEXT_DIR_LTR);
}

GtkWidget *
cr_countdown_page_new (void)
{
  return g_object_new (CR_TYPE_COUNTDOWN_PAGE, NULL);
}

void
cr_countdown_page_set_awake (CrCountdownPage *self, gboolean awake)
{
  g_return_if_fail (CR_IS_COUNTDOWN_PAGE (self));
  self->awake = awake;
}

void
cr_countdown_page_update (CrCountdownPage *self, CrRehearsal *rehearsal)
{
  const CrCutline *cutline;
  GListModel *gates;
  GtkWidget *child;
  g_autofree char *text = NULL;
  g_autofree char *utc = NULL;
  g_autofree char *local = NULL;
  g_autofree char *moment = NULL;
  g_autofree char *phase = NULL;
  g_autoptr(GDateTime) date = NULL;
  gint64 now;

  g_return_if_fail (CR_IS_COUNTDOWN_PAGE (self) && CR_IS_REHEARSAL (rehearsal));

  cutline = cr_rehearsal_get_cutline (rehearsal);
  if (cutline == NULL)
    return;
  now = cr_clock_seconds (cr_rehearsal_get_clock (rehearsal));
  text = cr_countdown_text (cutline->t_cutover, now);
  gtk_label_set_label (self->countdown, text);
  utc = cr_time_format_utc (cutline->t_cutover);
  date = g_date_time_new_from_unix_local (cutline->t_cutover);
  local = g_date_time_format (date, "%H:%M:%S %Z");
  /* Translators: T_cutover in UTC, then in the time zone of this computer, such as "21:00:00 KST" */
  moment = g_strdup_printf (_("%s · %s (your time)"), utc, local);
  gtk_label_set_label (self->moment, moment);
  phase = now >= cutline->t_cutover ? g_strdup (_("Starting the gates")) : cr_buffer_phase (cutline, now);
  gtk_label_set_label (self->phase, phase);
  cr_buffer_band_set_time (self->band, cutline, now);
  speak (self, cutline->t_cutover - now, phase);

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->checks))) != NULL)
    gtk_box_remove (self->checks, child);
  gates = cr_rehearsal_get_gates (rehearsal);
  for (guint i = 0; i < g_list_model_get_n_items (gates); i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);

    if (cr_gate_run_get_state (gate) == CR_GATE_PASSED) {
      g_autofree char *at = cr_time_format_utc (cr_gate_run_get_ended (gate) / G_USEC_PER_SEC);
      /* Translators: a gate and a time in UTC: "Precheck passed at 2026-03-01T11:50:12Z" */
      g_autofree char *line = g_strdup_printf (_("%s passed at %s"), cr_gate_run_get_title (gate), at);

      add_check (self, TRUE, line);
    }
  }
  add_check (self, self->awake, self->awake ? _("Sleep is blocked") : _("Sleep could not be blocked: keep this computer awake"));
}
