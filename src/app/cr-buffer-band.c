/* cr-buffer-band.c: T_cutover, its buffer window and the present moment on one line, drawn with cairo
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-buffer-band.h"
#include "cr-compat.h"
#include <glib/gi18n.h>

#define SPAN 600  /* seconds shown on each side of T */

struct _CrBufferBand {
  GtkWidget  parent_instance;
  CrCutline  cutline;
  gboolean   set;
  gboolean   compact;
  gint64     now;
  GArray    *ticks;  /* (owned): gint64 */
};

G_DEFINE_FINAL_TYPE (CrBufferBand, cr_buffer_band, GTK_TYPE_WIDGET)

/* "2 min 42 s" */
static char *
minutes_seconds (gint64 seconds)
{
  seconds = MAX (seconds, 0);
  if (seconds >= 3600)
    /* Translators: hours, minutes and seconds, abbreviated */
    return g_strdup_printf (_("%d h %d min %d s"), (int) MIN (seconds / 3600, G_MAXINT), (int) (seconds / 60 % 60), (int) (seconds % 60));
  if (seconds >= 60)
    /* Translators: minutes and seconds, abbreviated */
    return g_strdup_printf (_("%d min %d s"), (int) (seconds / 60), (int) (seconds % 60));
  /* Translators: seconds, abbreviated */
  return g_strdup_printf (_("%d s"), (int) seconds);
}

char *
cr_buffer_phase (const CrCutline *cutline, gint64 now)
{
  g_autofree char *rest = NULL;
  g_autofree char *end = NULL;

  g_return_val_if_fail (cutline != NULL, NULL);

  switch (cr_cutline_state (cutline, now)) {
  case CR_BUFFER_BEFORE:
    rest = minutes_seconds (cutline->window_start - now);
    return g_strdup_printf (_("The buffer window opens in %s"), rest);
  case CR_BUFFER_INSIDE_EARLY:
    return g_strdup (_("Inside the buffer window: do not change anything"));
  case CR_BUFFER_INSIDE_LATE:
    rest = minutes_seconds (cutline->window_end - now);
    return g_strdup_printf (_("Buffer window: %s left"), rest);
  case CR_BUFFER_AFTER:
  default:
    end = cr_time_format_utc (cutline->window_end);
    return g_strdup_printf (_("Buffer window closed at %s"), end);
  }
}

static void
cr_buffer_band_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                        int *natural_baseline)
{
  CrBufferBand *self = CR_BUFFER_BAND (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL) {
    *minimum = 120;
    *natural = self->compact ? 320 : 560;
  } else {
    g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout (widget, "0");
    int height;

    pango_layout_get_pixel_size (layout, NULL, &height);
    *minimum = *natural = self->compact ? 14 : height * 2 + 40;
  }
}

static void
draw_text (GtkWidget *widget, cairo_t *cr, const char *text, double x, double y, double width)
{
  g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);
  int w, h;

  pango_layout_get_pixel_size (layout, &w, &h);
  x = CLAMP (x - w / 2.0, 0, MAX (width - w, 0));
  cairo_move_to (cr, x, y);
  pango_cairo_show_layout (cr, layout);
}

static void
cr_buffer_band_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  CrBufferBand *self = CR_BUFFER_BAND (widget);
  double width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  double margin = self->compact ? 2 : 28, scale = (width - 2 * margin) / (2.0 * SPAN);
  double top = self->compact ? 2 : height / 2 - 10, bar = self->compact ? height - 4 : 20;
  double from, to, middle, now;
  cairo_t *cr;
  GdkRGBA color;

  if (!self->set || width < 2 * margin + 10)
    return;
  cr_compat_get_color (widget, &color);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  middle = margin + SPAN * scale;
  from = middle - CR_BUFFER_SECONDS * scale;
  to = middle + CR_BUFFER_SECONDS * scale;
  now = middle + (double) CLAMP (self->now - self->cutline.t_cutover, -SPAN, SPAN) * scale;

  /* the whole stretch */
  cairo_set_line_width (cr, 1);
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, 0.45);
  cairo_move_to (cr, margin, top + bar / 2);
  cairo_line_to (cr, width - margin, top + bar / 2);
  cairo_stroke (cr);

  /* the window, hatched */
  cairo_save (cr);
  cairo_rectangle (cr, from, top, to - from, bar);
  cairo_clip_preserve (cr);
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, 0.08);
  cairo_fill (cr);
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, 0.4);
  for (double x = from - bar; x < to; x += 7) {
    cairo_move_to (cr, x, top + bar);
    cairo_line_to (cr, x + bar, top);
  }
  cairo_stroke (cr);
  cairo_restore (cr);
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, 0.6);
  cairo_rectangle (cr, from + 0.5, top + 0.5, to - from - 1, bar - 1);
  cairo_stroke (cr);

  /* each gate's start */
  for (guint i = 0; i < self->ticks->len; i++) {
    double x = middle + (double) CLAMP (g_array_index (self->ticks, gint64, i) - self->cutline.t_cutover, -SPAN, SPAN) * scale;

    cairo_move_to (cr, x, top + bar * 0.3);
    cairo_line_to (cr, x, top + bar);
    cairo_stroke (cr);
  }

  /* T and now */
  cairo_set_source_rgba (cr, color.red, color.green, color.blue, 1);
  cairo_set_line_width (cr, 3);
  cairo_move_to (cr, middle, top - (self->compact ? 1 : 5));
  cairo_line_to (cr, middle, top + bar + (self->compact ? 1 : 5));
  cairo_stroke (cr);
  if (self->compact) {
    cairo_move_to (cr, now, top + bar * 0.45);
    cairo_line_to (cr, now - 5, top + bar + 1);
    cairo_line_to (cr, now + 5, top + bar + 1);
  } else {
    cairo_move_to (cr, now, top + bar + 2);
    cairo_line_to (cr, now - 7, top + bar + 14);
    cairo_line_to (cr, now + 7, top + bar + 14);
  }
  cairo_close_path (cr);
  cairo_fill (cr);

  if (!self->compact) {
    const struct { int minutes; const char *text; } marks[] = {
      { -10, _("−10 min") }, { -5, "−5" }, { 0, "T" }, { 5, "+5" }, { 10, "+10" }
    };

    for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
      draw_text (widget, cr, marks[i].text, middle + marks[i].minutes * 60 * scale, 0, width);
    /* Translators: under the mark of the present moment */
    draw_text (widget, cr, _("now"), now, top + bar + 14, width);
  }
  cairo_destroy (cr);
}

static void
cr_buffer_band_finalize (GObject *object)
{
  g_array_unref (CR_BUFFER_BAND (object)->ticks);
  G_OBJECT_CLASS (cr_buffer_band_parent_class)->finalize (object);
}

static void
cr_buffer_band_class_init (CrBufferBandClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = cr_buffer_band_finalize;
  widget_class->measure = cr_buffer_band_measure;
  widget_class->snapshot = cr_buffer_band_snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  gtk_widget_class_set_css_name (widget_class, "cr-buffer-band");
}

static void
cr_buffer_band_init (CrBufferBand *self)
{
  self->ticks = g_array_new (FALSE, FALSE, sizeof (gint64));
  gtk_widget_set_direction (GTK_WIDGET (self), GTK_TEXT_DIR_LTR);  /* time runs from left to right */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Buffer window"), -1);
}

GtkWidget *
cr_buffer_band_new (void)
{
  return g_object_new (CR_TYPE_BUFFER_BAND, NULL);
}

void
cr_buffer_band_set_compact (CrBufferBand *self, gboolean compact)
{
  g_return_if_fail (CR_IS_BUFFER_BAND (self));

  self->compact = compact;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

void
cr_buffer_band_set_time (CrBufferBand *self, const CrCutline *cutline, gint64 now)
{
  g_autofree char *phase = NULL;
  g_autofree char *label = NULL;
  g_autofree char *at = NULL;

  g_return_if_fail (CR_IS_BUFFER_BAND (self) && cutline != NULL);

  self->cutline = *cutline;
  self->now = now;
  self->set = TRUE;
  phase = cr_buffer_phase (cutline, now);
  at = cr_time_format_utc (cutline->t_cutover);
  /* Translators: a time in UTC, then a sentence such as "The buffer window opens in 2 min 42 s" */
  label = g_strdup_printf (_("Buffer window of 5 minutes on both sides of %s. %s"), at, phase);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
cr_buffer_band_clear_ticks (CrBufferBand *self)
{
  g_return_if_fail (CR_IS_BUFFER_BAND (self));
  g_array_set_size (self->ticks, 0);
}

void
cr_buffer_band_add_tick (CrBufferBand *self, gint64 seconds)
{
  g_return_if_fail (CR_IS_BUFFER_BAND (self));
  g_array_append_val (self->ticks, seconds);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
