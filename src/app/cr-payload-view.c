/* cr-payload-view.c: the payload before and after the duplicates, side by side. Lines that belong together stand beside each other: where one side has fewer,
 * empty lines fill up, so that both sides have one height and scroll as one.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-payload-view.h"
#include "cr-canonical.h"
#include "cr-compat.h"
#include "cr-diff.h"
#include "cr-text.h"
#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>
#include <string.h>

#define NARROW 620      /* pixels: below, the sides stack */
#define MAX_LINES 200000
#define MAX_LINE_BYTES 4096

typedef enum { KIND_SAME, KIND_CHANGED, KIND_REMOVED, KIND_ADDED, KIND_MASKED, KIND_FILLER } Kind;

typedef struct { Kind kind; guint number; /* from 1; 0: filler */ } Row;

/* One side as it is shown */
typedef struct {
  GString *text;
  GArray  *rows;  /* Row */
} Side;

typedef struct {
  char    *bodies[2];   /* (owned) (nullable) */
  gsize    lengths[2];
  GStrv    lines[2];    /* (owned): as they are shown */
  GArray  *masked[2];   /* (owned): for each line its masked member, or -1 */
  char    *texts[2];    /* (owned): as they are compared */
  gboolean json[2];
  gboolean masked_seen[2];     /* event_time, data_lag_sec: present on both sides */
  gboolean masked_changed[2];
  Side     sides[2];
  GArray  *changes;     /* guint: first line of each change */
  guint    compared;    /* lines compared */
  gboolean too_big;
} Comparison;

/* A gutter of line number and symbol: the fillers have neither, so GtkSourceView's own numbers won't do */
#define CR_TYPE_PAYLOAD_GUTTER (cr_payload_gutter_get_type ())
G_DECLARE_FINAL_TYPE (CrPayloadGutter, cr_payload_gutter, CR, PAYLOAD_GUTTER, GtkSourceGutterRendererText)
struct _CrPayloadGutter {
  GtkSourceGutterRendererText parent_instance;
  GArray *rows;  /* (owned) (nullable): Row */
};
G_DEFINE_FINAL_TYPE (CrPayloadGutter, cr_payload_gutter, GTK_SOURCE_TYPE_GUTTER_RENDERER_TEXT)

struct _CrPayloadView {
  AdwBin parent_instance;

  GCancellable *cancellable;  /* (owned) (nullable): of the comparison in progress */
  GArray       *changes;      /* (owned) (nullable) */
  int           current;      /* index into changes, or -1 */
  char         *hashes[2];    /* (owned) (nullable) */
  char         *sentence;     /* (owned) */
  gboolean      has_text;
  gboolean      narrow;
  gboolean      syncing;
  guint         relayout_id;
  CrPayloadGutter *gutters[2];  /* (borrowed) */

  GtkStack      *stack;
  GtkBox        *cards;
  GtkLabel      *before_facts;
  GtkLabel      *before_hash;
  GtkWidget     *before_copy;
  GtkLabel      *verdict;
  GtkLabel      *after_facts;
  GtkLabel      *after_hash;
  GtkWidget     *after_copy;
  GtkLabel      *caution;
  GtkWidget     *steps;
  GtkLabel      *summary;
  GtkWidget     *previous;
  GtkWidget     *next;
  GtkPaned      *panes;
  GtkScrolledWindow *before_scroller;
  GtkSourceView *before_view;
  GtkScrolledWindow *after_scroller;
  GtkSourceView *after_view;
};

G_DEFINE_FINAL_TYPE (CrPayloadView, cr_payload_view, ADW_TYPE_BIN)

typedef enum { SIGNAL_COMPARED, N_SIGNALS } CrPayloadViewSignal;
static guint signals[N_SIGNALS];

static const char *const symbols[] = { [KIND_SAME] = " ", [KIND_CHANGED] = "~", [KIND_REMOVED] = "−", [KIND_ADDED] = "+", [KIND_MASKED] = "⊘",
                                       [KIND_FILLER] = " " };
static const char *const kind_tags[] = { [KIND_SAME] = NULL, [KIND_CHANGED] = "changed", [KIND_REMOVED] = "changed", [KIND_ADDED] = "changed",
                                         [KIND_MASKED] = "masked", [KIND_FILLER] = "filler" };

/* ---- the gutter ---- */

static void
cr_payload_gutter_query_data (GtkSourceGutterRenderer *renderer, GtkSourceGutterLines *lines, guint line)
{
  CrPayloadGutter *self = CR_PAYLOAD_GUTTER (renderer);
  char text[32] = "";

  if (self->rows != NULL && line < self->rows->len) {
    const Row *row = &g_array_index (self->rows, Row, line);

    if (row->number > 0)
      g_snprintf (text, sizeof text, "%s %u", symbols[row->kind], row->number);
  }
  gtk_source_gutter_renderer_text_set_text (GTK_SOURCE_GUTTER_RENDERER_TEXT (self), text, -1);
}

static void
cr_payload_gutter_finalize (GObject *object)
{
  g_clear_pointer (&CR_PAYLOAD_GUTTER (object)->rows, g_array_unref);
  G_OBJECT_CLASS (cr_payload_gutter_parent_class)->finalize (object);
}

static void
cr_payload_gutter_class_init (CrPayloadGutterClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cr_payload_gutter_finalize;
  GTK_SOURCE_GUTTER_RENDERER_CLASS (klass)->query_data = cr_payload_gutter_query_data;
}

static void
cr_payload_gutter_init (CrPayloadGutter *self)
{
  gtk_source_gutter_renderer_set_xpad (GTK_SOURCE_GUTTER_RENDERER (self), 6);
  gtk_source_gutter_renderer_set_xalign (GTK_SOURCE_GUTTER_RENDERER (self), 1);
}

static void
cr_payload_gutter_set_rows (CrPayloadGutter *self, GArray *rows)
{
  char widest[32];
  int width = 0;

  g_clear_pointer (&self->rows, g_array_unref);
  self->rows = g_array_ref (rows);
  g_snprintf (widest, sizeof widest, "⊘ %u", MAX (rows->len, 10));
  gtk_source_gutter_renderer_text_measure (GTK_SOURCE_GUTTER_RENDERER_TEXT (self), widest, &width, NULL);
  gtk_widget_set_size_request (GTK_WIDGET (self), width + 12, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* ---- the comparison, in a worker ---- */

static void
comparison_free (Comparison *comparison)
{
  for (guint i = 0; i < 2; i++) {
    g_free (comparison->bodies[i]);
    g_free (comparison->texts[i]);
    g_strfreev (comparison->lines[i]);
    g_clear_pointer (&comparison->masked[i], g_array_unref);
    if (comparison->sides[i].text != NULL)
      g_string_free (comparison->sides[i].text, TRUE);
    g_clear_pointer (&comparison->sides[i].rows, g_array_unref);
  }
  g_clear_pointer (&comparison->changes, g_array_unref);
  g_free (comparison);
}

/* Is @line the first line of a masked member of the top level? Its index in the mask, or -1 */
static int
masked_member (const char *line)
{
  for (int i = 0; CR_CANONICAL_MASK[i] != NULL && i < 2; i++) {
    gsize length = strlen (CR_CANONICAL_MASK[i]);

    if (strncmp (line, "  \"", 3) == 0 && strncmp (line + 3, CR_CANONICAL_MASK[i], length) == 0 && strncmp (line + 3 + length, "\":", 2) == 0)
      return i;
  }
  return -1;
}

/* For each line its masked member, or -1; a value of several lines ends where the next member of the top level begins */
static GArray *
find_masked (GStrv lines, gboolean json)
{
  GArray *masked = g_array_new (FALSE, FALSE, sizeof (int));
  int in = -1;

  for (guint i = 0; lines[i] != NULL; i++) {
    if (!json)
      in = -1;
    else if (strncmp (lines[i], "  \"", 3) == 0)
      in = masked_member (lines[i]);
    else if (lines[i][0] != ' ' || (in >= 0 && strncmp (lines[i], "  ", 2) == 0 && lines[i][2] != ' ' && lines[i][2] != '}' && lines[i][2] != ']'))
      in = -1;
    g_array_append_val (masked, in);
  }
  return masked;
}

/* The text that is compared: masked lines hold their member's name only, so that they never count as a change */
static char *
masked_text (GStrv lines, GArray *masked)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++) {
    int in = g_array_index (masked, int, i);

    if (in >= 0)
      g_string_append_printf (text, "\x01%s\n", CR_CANONICAL_MASK[in]);
    else
      g_string_append_printf (text, "%s\n", lines[i]);
  }
  return g_string_free (text, FALSE);
}

static void
add_row (Side *side, Kind kind, guint number, const char *line, const char *note)
{
  Row row = { kind, number };

  if (line != NULL) {
    gsize length = strlen (line), keep = length;

    if (keep > MAX_LINE_BYTES) {
      keep = MAX_LINE_BYTES;
      while (keep > 0 && ((guchar) line[keep] & 0xc0) == 0x80)
        keep--;
    }
    g_string_append_len (side->text, line, (gssize) keep);
    if (keep < length)
      g_string_append (side->text, " …");
    if (note != NULL)
      g_string_append_printf (side->text, "   ⊘ %s", note);
  }
  g_string_append_c (side->text, '\n');
  g_array_append_val (side->rows, row);
}

static void
compare (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Comparison *comparison = task_data;
  GStrv *lines = comparison->lines;
  GArray **masked = comparison->masked;
  g_autoptr(GArray) chunks = NULL;
  char **texts = comparison->texts;
  g_autoptr(GError) error = NULL;
  const char *first[2][2] = { { NULL, NULL }, { NULL, NULL } };

  for (guint i = 0; i < 2; i++) {
    g_autofree char *pretty = cr_canonical_pretty (comparison->bodies[i], (gssize) comparison->lengths[i], NULL, NULL);

    comparison->json[i] = pretty != NULL;
    if (pretty == NULL)
      pretty = cr_text_display (comparison->bodies[i], (gssize) comparison->lengths[i]);
    g_strchomp (pretty);
    lines[i] = g_strsplit (pretty, "\n", MAX_LINES);
    comparison->too_big = comparison->too_big || g_strv_length (lines[i]) >= MAX_LINES;
    comparison->sides[i].text = g_string_new (NULL);
    comparison->sides[i].rows = g_array_new (FALSE, FALSE, sizeof (Row));
  }
  for (guint i = 0; i < 2; i++) {
    masked[i] = find_masked (lines[i], comparison->json[0] && comparison->json[1]);
    texts[i] = masked_text (lines[i], masked[i]);
    for (guint n = 0; lines[i][n] != NULL; n++) {
      int in = g_array_index (masked[i], int, n);

      if (in >= 0 && first[i][in] == NULL)
        first[i][in] = lines[i][n];
    }
  }
  for (guint in = 0; in < 2; in++) {
    /* only the comma at the end may differ without meaning anything */
    g_autofree char *a = g_strdup (first[0][in] != NULL ? first[0][in] : "");
    g_autofree char *b = g_strdup (first[1][in] != NULL ? first[1][in] : "");

    if (g_str_has_suffix (a, ","))
      a[strlen (a) - 1] = '\0';
    if (g_str_has_suffix (b, ","))
      b[strlen (b) - 1] = '\0';
    comparison->masked_seen[in] = first[0][in] != NULL || first[1][in] != NULL;
    comparison->masked_changed[in] = !g_str_equal (a, b);
  }
  comparison->changes = g_array_new (FALSE, FALSE, sizeof (guint));
  chunks = cr_diff_lines (texts[0], -1, texts[1], -1, cancellable, &error);
  for (guint c = 0; chunks != NULL && c < chunks->len; c++) {
    const CrDiffChunk *chunk = &g_array_index (chunks, CrDiffChunk, c);
    guint at = comparison->sides[0].rows->len;

    if (chunk->op != CR_DIFF_EQUAL)
      g_array_append_val (comparison->changes, at);
    for (guint n = 0; n < MAX (chunk->a_count, chunk->b_count); n++) {
      const guint counts[2] = { chunk->a_count, chunk->b_count }, starts[2] = { chunk->a_start, chunk->b_start };
      gboolean both = n < chunk->a_count && n < chunk->b_count;

      for (guint i = 0; i < 2; i++) {
        guint line = starts[i] + n;
        int in;

        if (n >= counts[i]) {
          add_row (&comparison->sides[i], KIND_FILLER, 0, NULL, NULL);
          continue;
        }
        in = g_array_index (masked[i], int, line);
        if (in >= 0)
          add_row (&comparison->sides[i], KIND_MASKED, line + 1, lines[i][line],
                   comparison->masked_changed[in] ? _("excluded from the hash") : _("excluded from the hash; did not change"));
        else
          add_row (&comparison->sides[i], chunk->op == CR_DIFF_EQUAL ? KIND_SAME : both ? KIND_CHANGED : i == 0 ? KIND_REMOVED : KIND_ADDED, line + 1,
                   lines[i][line], NULL);
      }
    }
    if (chunk->op == CR_DIFF_EQUAL)
      comparison->compared += chunk->a_count;
  }
  if (chunks == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_boolean (task, TRUE);
}

/* ---- showing it ---- */

static GtkTextBuffer *
side_buffer (CrPayloadView *self, guint side)
{
  return gtk_text_view_get_buffer (GTK_TEXT_VIEW (side == 0 ? self->before_view : self->after_view));
}

/* Blue for what is there afterwards, orange for what was there before; never red against green. The gutter's symbols say the same. */
static void
colour_tags (CrPayloadView *self)
{
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());

  for (guint i = 0; i < 2; i++) {
    GtkTextBuffer *buffer = side_buffer (self, i);
    GtkTextTagTable *table = gtk_text_buffer_get_tag_table (buffer);

    g_object_set (gtk_text_tag_table_lookup (table, "changed"), "paragraph-background",
                  i == 0 ? (dark ? "#53350f" : "#ffe1bf") : (dark ? "#17395f" : "#d3e5fb"), NULL);
    g_object_set (gtk_text_tag_table_lookup (table, "masked"), "paragraph-background", dark ? "#38383c" : "#ebebeb", NULL);
    g_object_set (gtk_text_tag_table_lookup (table, "filler"), "paragraph-background", dark ? "#29292c" : "#f4f4f4", NULL);
    gtk_source_buffer_set_style_scheme (GTK_SOURCE_BUFFER (buffer),
                                        gtk_source_style_scheme_manager_get_scheme (gtk_source_style_scheme_manager_get_default (),
                                                                                    dark ? "Adwaita-dark" : "Adwaita"));
  }
}

static void
fill_side (CrPayloadView *self, guint index, const Side *side)
{
  GtkTextBuffer *buffer = side_buffer (self, index);
  GtkTextIter line, end;

  /* without the last LF, which would show as one more line */
  gtk_text_buffer_set_text (buffer, side->text->str, side->text->len > 0 ? (int) side->text->len - 1 : 0);
  gtk_text_buffer_get_start_iter (buffer, &line);
  for (guint i = 0; i < side->rows->len; i++) {
    const Row *row = &g_array_index (side->rows, Row, i);

    if (kind_tags[row->kind] != NULL) {
      end = line;
      if (!gtk_text_iter_forward_line (&end))
        gtk_text_buffer_get_end_iter (buffer, &end);
      gtk_text_buffer_apply_tag_by_name (buffer, kind_tags[row->kind], &line, &end);
      if (row->kind == KIND_MASKED) {
        GtkTextIter from = line, to, stop = line, note;

        if (!gtk_text_iter_ends_line (&stop))
          gtk_text_iter_forward_to_line_end (&stop);
        while (gtk_text_iter_get_char (&from) == ' ')
          gtk_text_iter_forward_char (&from);
        to = stop;
        if (gtk_text_iter_backward_search (&stop, "   ⊘ ", 0, &note, NULL, &line))
          to = note;
        gtk_text_buffer_apply_tag_by_name (buffer, "struck", &from, &to);
        gtk_text_buffer_apply_tag_by_name (buffer, "note", &to, &stop);
      }
    }
    if (!gtk_text_iter_forward_line (&line))
      break;
  }
  gtk_text_buffer_get_start_iter (buffer, &line);
  gtk_text_buffer_place_cursor (buffer, &line);
  cr_payload_gutter_set_rows (self->gutters[index], side->rows);
}

static void
set_summary (CrPayloadView *self, const char *text)
{
  g_free (self->sentence);
  self->sentence = g_strdup (text);
  gtk_label_set_label (self->summary, text);
}

static void
show_comparison (CrPayloadView *self, Comparison *comparison)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < 2; i++)
    fill_side (self, i, &comparison->sides[i]);
  g_clear_pointer (&self->changes, g_array_unref);
  self->changes = g_array_ref (comparison->changes);
  self->current = -1;
  if (self->changes->len == 0)
    g_string_append_printf (text, ngettext ("%u line is equal, nothing changed.", "%u lines are equal, nothing changed.", comparison->compared),
                            comparison->compared);
  else
    g_string_append_printf (text, ngettext ("%u change.", "%u changes.", self->changes->len), self->changes->len);
  for (guint in = 0; in < 2; in++)
    if (comparison->masked_seen[in]) {
      g_string_append_c (text, ' ');
      /* Translators: %s is the name of a field, such as event_time */
      g_string_append_printf (text, comparison->masked_changed[in] ? _("%s is excluded from the hash and changed.")
                                                                   : _("%s is excluded from the hash and did not change."),
                              CR_CANONICAL_MASK[in]);
    }
  set_summary (self, text->str);
  gtk_widget_set_sensitive (self->previous, self->changes->len > 0);
  gtk_widget_set_sensitive (self->next, self->changes->len > 0);
  if (!comparison->json[0] || !comparison->json[1]) {
    gtk_label_set_label (self->caution, !comparison->json[0] && !comparison->json[1] ? _("⚠ Neither body is JSON: both are shown as received.")
                                        : comparison->json[0] ? _("⚠ The body after is not JSON: it is shown as received.")
                                                              : _("⚠ The body before is not JSON: it is shown as received."));
    gtk_widget_set_visible (GTK_WIDGET (self->caution), TRUE);
  } else if (comparison->too_big) {
    gtk_label_set_label (self->caution, _("⚠ Only the first 200,000 lines are compared here."));
    gtk_widget_set_visible (GTK_WIDGET (self->caution), TRUE);
  }
}

static void
compared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CrPayloadView *self = CR_PAYLOAD_VIEW (source);
  GTask *task = G_TASK (result);
  g_autoptr(GError) error = NULL;

  if (g_task_propagate_boolean (task, &error))
    show_comparison (self, g_task_get_task_data (task));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  else
    set_summary (self, error->message);
  g_signal_emit (self, signals[SIGNAL_COMPARED], 0);
}

char *
cr_hash_groups (const char *hash)
{
  GString *text = g_string_new (NULL);

  g_return_val_if_fail (hash != NULL, NULL);

  for (guint i = 0; hash[i] != '\0'; i++) {
    if (i > 0 && i % 8 == 0)
      g_string_append_c (text, ' ');
    g_string_append_c (text, hash[i]);
  }
  return g_string_free (text, FALSE);
}

static void
fill_card (const CrPayload *payload, GtkLabel *facts, GtkLabel *hash, GtkWidget *copy)
{
  g_autoptr(GString) text = g_string_new (NULL);

  if (payload == NULL) {
    gtk_label_set_label (facts, _("not captured"));
  } else {
    g_string_append_printf (text, "HTTP %d", payload->status);
    if (payload->time_us != 0) {
      g_autofree char *at = cr_time_format_utc (payload->time_us / G_USEC_PER_SEC);

      g_string_append_printf (text, " · %s", at + 11);  /* the date is the run's */
    }
    if (payload->body != NULL) {
      g_autofree char *size = g_format_size (payload->length);

      g_string_append_printf (text, " · %s", size);
    }
    gtk_label_set_label (facts, text->str);
  }
  if (payload != NULL && payload->hash != NULL) {
    g_autofree char *groups = cr_hash_groups (payload->hash);

    gtk_label_set_label (hash, groups);
  } else {
    gtk_label_set_label (hash, _("no canonical hash"));
  }
  gtk_widget_set_sensitive (copy, payload != NULL && payload->hash != NULL);
}

static void
copy_hash (CrPayloadView *self, guint side)
{
  if (self->hashes[side] != NULL)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->hashes[side]);
}

static void
copy_before_cb (CrPayloadView *self)
{
  copy_hash (self, 0);
}

static void
copy_after_cb (CrPayloadView *self)
{
  copy_hash (self, 1);
}

static void
next_cb (CrPayloadView *self)
{
  cr_payload_view_step (self, TRUE);
}

static void
previous_cb (CrPayloadView *self)
{
  cr_payload_view_step (self, FALSE);
}

static gboolean
next_key_cb (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  cr_payload_view_step (CR_PAYLOAD_VIEW (widget), TRUE);
  return TRUE;
}

static gboolean
previous_key_cb (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  cr_payload_view_step (CR_PAYLOAD_VIEW (widget), FALSE);
  return TRUE;
}

/* Both sides have one height, so one value fits both */
static void
scrolled_cb (CrPayloadView *self, GtkAdjustment *adjustment)
{
  GtkAdjustment *sides[2][2] = {
    { gtk_scrolled_window_get_vadjustment (self->before_scroller), gtk_scrolled_window_get_vadjustment (self->after_scroller) },
    { gtk_scrolled_window_get_hadjustment (self->before_scroller), gtk_scrolled_window_get_hadjustment (self->after_scroller) },
  };

  if (self->syncing)
    return;
  self->syncing = TRUE;
  for (guint i = 0; i < 2; i++)
    for (guint j = 0; j < 2; j++)
      if (sides[i][j] == adjustment)
        gtk_adjustment_set_value (sides[i][1 - j], gtk_adjustment_get_value (adjustment));
  self->syncing = FALSE;
}

static gboolean
relayout_cb (gpointer user_data)
{
  CrPayloadView *self = user_data;
  GtkOrientation orientation = self->narrow ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL;

  self->relayout_id = 0;
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->cards), orientation);
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->panes), orientation);
  gtk_paned_set_position (self->panes, (self->narrow ? gtk_widget_get_height (GTK_WIDGET (self->panes)) : gtk_widget_get_width (GTK_WIDGET (self))) / 2);
  return G_SOURCE_REMOVE;
}

static void
cr_payload_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  CrPayloadView *self = CR_PAYLOAD_VIEW (widget);
  gboolean narrow = width < NARROW;

  gtk_widget_allocate (GTK_WIDGET (self->stack), width, height, baseline, NULL);
  if (narrow != self->narrow) {
    self->narrow = narrow;
    if (self->relayout_id == 0)
      self->relayout_id = g_idle_add (relayout_cb, self);
  }
}

static void
cr_payload_view_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                         int *natural_baseline)
{
  gtk_widget_measure (GTK_WIDGET (CR_PAYLOAD_VIEW (widget)->stack), orientation, for_size, minimum, natural, minimum_baseline, natural_baseline);
  /* Side by side needs more than stacked: as long as the width is not known to be there, it must not be asked for, or the view could never get narrow */
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *minimum = MIN (*minimum, 300);
}

static void
cr_payload_view_dispose (GObject *object)
{
  CrPayloadView *self = CR_PAYLOAD_VIEW (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_handle_id (&self->relayout_id, g_source_remove);
  g_clear_pointer (&self->changes, g_array_unref);
  g_clear_pointer (&self->hashes[0], g_free);
  g_clear_pointer (&self->hashes[1], g_free);
  g_clear_pointer (&self->sentence, g_free);
  G_OBJECT_CLASS (cr_payload_view_parent_class)->dispose (object);
}

static void
cr_payload_view_class_init (CrPayloadViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_payload_view_dispose;
  widget_class->size_allocate = cr_payload_view_size_allocate;
  widget_class->measure = cr_payload_view_measure;
  signals[SIGNAL_COMPARED] = g_signal_new ("compared", CR_TYPE_PAYLOAD_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (GTK_SOURCE_TYPE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/ui/cr-payload-view.ui");
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, stack);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, cards);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, before_facts);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, before_hash);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, before_copy);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, verdict);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, after_facts);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, after_hash);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, after_copy);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, caution);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, steps);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, summary);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, previous);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, next);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, panes);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, before_scroller);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, before_view);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, after_scroller);
  gtk_widget_class_bind_template_child (widget_class, CrPayloadView, after_view);
  gtk_widget_class_bind_template_callback (widget_class, copy_before_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_after_cb);
  gtk_widget_class_bind_template_callback (widget_class, previous_cb);
  gtk_widget_class_bind_template_callback (widget_class, next_cb);
}

static void
cr_payload_view_init (CrPayloadView *self)
{
  GtkEventController *shortcuts;
  GtkSourceLanguage *json = gtk_source_language_manager_get_language (gtk_source_language_manager_get_default (), "json");

  self->current = -1;
  self->sentence = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_layout_manager (GTK_WIDGET (self), NULL);  /* its place is taken by measure() and size_allocate() */
  for (guint i = 0; i < 2; i++) {
    GtkSourceView *view = i == 0 ? self->before_view : self->after_view;
    GtkScrolledWindow *scroller = i == 0 ? self->before_scroller : self->after_scroller;
    g_autoptr(GtkSourceBuffer) buffer = json != NULL ? gtk_source_buffer_new_with_language (json) : gtk_source_buffer_new (NULL);

    gtk_text_buffer_set_enable_undo (GTK_TEXT_BUFFER (buffer), FALSE);
    gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (buffer), "changed", NULL);
    gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (buffer), "masked", NULL);
    gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (buffer), "filler", NULL);
    gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (buffer), "struck", "strikethrough", TRUE, NULL);
    gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (buffer), "note", "style", PANGO_STYLE_ITALIC, "underline", PANGO_UNDERLINE_NONE, NULL);  /* not JSON, and no mistake */
    gtk_text_view_set_buffer (GTK_TEXT_VIEW (view), GTK_TEXT_BUFFER (buffer));
    gtk_widget_set_direction (GTK_WIDGET (view), GTK_TEXT_DIR_LTR);
    self->gutters[i] = g_object_new (CR_TYPE_PAYLOAD_GUTTER, NULL);
    gtk_source_gutter_insert (gtk_source_view_get_gutter (view, GTK_TEXT_WINDOW_LEFT), GTK_SOURCE_GUTTER_RENDERER (self->gutters[i]), 0);
    g_signal_connect_object (gtk_scrolled_window_get_vadjustment (scroller), "value-changed", G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (gtk_scrolled_window_get_hadjustment (scroller), "value-changed", G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
  }
  gtk_widget_set_direction (GTK_WIDGET (self->before_hash), GTK_TEXT_DIR_LTR);
  gtk_widget_set_direction (GTK_WIDGET (self->after_hash), GTK_TEXT_DIR_LTR);
  colour_tags (self);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (colour_tags), self, G_CONNECT_SWAPPED);

  /* In the capture phase: GtkSourceView would move lines with these keys */
  shortcuts = gtk_shortcut_controller_new ();
  gtk_event_controller_set_propagation_phase (shortcuts, GTK_PHASE_CAPTURE);
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (shortcuts),
                                        gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("<Alt>Down|<Control>d"),
                                                          gtk_callback_action_new (next_key_cb, NULL, NULL)));
  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (shortcuts),
                                        gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("<Alt>Up|<Control>e"),
                                                          gtk_callback_action_new (previous_key_cb, NULL, NULL)));
  gtk_widget_add_controller (GTK_WIDGET (self), shortcuts);
}

GtkWidget *
cr_payload_view_new (void)
{
  return g_object_new (CR_TYPE_PAYLOAD_VIEW, NULL);
}

void
cr_payload_view_set_payloads (CrPayloadView *self, const CrPayload *before, const CrPayload *after)
{
  const CrPayload *payloads[2] = { before, after };
  gboolean known, equal;

  g_return_if_fail (CR_IS_PAYLOAD_VIEW (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->changes, g_array_unref);
  self->current = -1;
  if (before == NULL && after == NULL) {
    gtk_stack_set_visible_child_name (self->stack, "empty");
    set_summary (self, _("Nothing to Compare Yet"));
    g_signal_emit (self, signals[SIGNAL_COMPARED], 0);
    return;
  }
  for (guint i = 0; i < 2; i++) {
    g_free (self->hashes[i]);
    self->hashes[i] = payloads[i] != NULL ? g_strdup (payloads[i]->hash) : NULL;
  }
  fill_card (before, self->before_facts, self->before_hash, self->before_copy);
  fill_card (after, self->after_facts, self->after_hash, self->after_copy);
  known = self->hashes[0] != NULL && self->hashes[1] != NULL;
  equal = known && g_str_equal (self->hashes[0], self->hashes[1]);
  gtk_label_set_label (self->verdict, !known ? _("? Not Known") : equal ? _("＝ Equal") : _("≠ Different"));
  gtk_widget_set_visible (GTK_WIDGET (self->caution), FALSE);
  self->has_text = before != NULL && after != NULL && before->body != NULL && after->body != NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->panes), self->has_text);
  gtk_widget_set_visible (self->previous, self->has_text);
  gtk_widget_set_visible (self->next, self->has_text);
  gtk_stack_set_visible_child_name (self->stack, "full");
  if (!self->has_text) {
    set_summary (self, before == NULL || after == NULL ? _("Only one payload was captured: there is nothing to compare it with.")
                                                       : _("Only the hashes are known: the payloads were not captured."));
    g_signal_emit (self, signals[SIGNAL_COMPARED], 0);
    return;
  }
  {
    Comparison *comparison = g_new0 (Comparison, 1);
    g_autoptr(GTask) task = NULL;

    for (guint i = 0; i < 2; i++) {
      comparison->bodies[i] = g_malloc0 (payloads[i]->length + 1);
      memcpy (comparison->bodies[i], payloads[i]->body, payloads[i]->length);
      comparison->lengths[i] = payloads[i]->length;
    }
    self->cancellable = g_cancellable_new ();
    task = g_task_new (self, self->cancellable, compared_cb, NULL);
    g_task_set_task_data (task, comparison, (GDestroyNotify) comparison_free);
    g_task_run_in_thread (task, compare);
  }
}

const char *
cr_payload_view_get_page (CrPayloadView *self)
{
  g_return_val_if_fail (CR_IS_PAYLOAD_VIEW (self), NULL);
  if (g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "full") != 0)
    return "empty";
  return self->has_text ? "pair" : "hashes";
}

const char *
cr_payload_view_get_summary (CrPayloadView *self)
{
  g_return_val_if_fail (CR_IS_PAYLOAD_VIEW (self), NULL);
  return self->sentence;
}

guint
cr_payload_view_get_n_changes (CrPayloadView *self)
{
  g_return_val_if_fail (CR_IS_PAYLOAD_VIEW (self), 0);
  return self->changes != NULL ? self->changes->len : 0;
}

char *
cr_payload_view_get_side (CrPayloadView *self, gboolean after)
{
  g_autoptr(GString) text = g_string_new (NULL);
  GtkTextBuffer *buffer;
  GArray *rows;

  g_return_val_if_fail (CR_IS_PAYLOAD_VIEW (self), NULL);

  buffer = side_buffer (self, after ? 1 : 0);
  rows = self->gutters[after ? 1 : 0]->rows;
  for (guint i = 0; rows != NULL && i < rows->len; i++) {
    g_autofree char *line = NULL;
    GtkTextIter start, end;

    gtk_text_buffer_get_iter_at_line (buffer, &start, (int) i);
    end = start;
    if (!gtk_text_iter_ends_line (&end))
      gtk_text_iter_forward_to_line_end (&end);
    line = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
    g_string_append_printf (text, "%s%s\n", symbols[g_array_index (rows, Row, i).kind], line);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
cr_payload_view_step (CrPayloadView *self, gboolean forward)
{
  int count, wanted;
  guint line;
  g_autofree char *status = NULL;

  g_return_val_if_fail (CR_IS_PAYLOAD_VIEW (self), FALSE);

  count = self->changes != NULL ? (int) self->changes->len : 0;
  wanted = self->current + (forward ? 1 : -1);
  if (count == 0 || wanted < 0 || wanted >= count) {
    GtkNative *native = gtk_widget_get_native (GTK_WIDGET (self));

    if (native != NULL)
      gdk_surface_beep (gtk_native_get_surface (native));
    if (count > 0)
      gtk_label_set_label (self->summary, _("No more changes"));
    return FALSE;
  }
  self->current = wanted;
  line = g_array_index (self->changes, guint, (guint) wanted);
  for (guint i = 0; i < 2; i++) {
    GtkTextView *view = GTK_TEXT_VIEW (i == 0 ? self->before_view : self->after_view);
    GtkTextIter start, end;

    gtk_text_buffer_get_iter_at_line (gtk_text_view_get_buffer (view), &start, (int) line);
    end = start;
    if (!gtk_text_iter_ends_line (&end))
      gtk_text_iter_forward_to_line_end (&end);
    gtk_text_buffer_select_range (gtk_text_view_get_buffer (view), &start, &end);
    gtk_text_view_scroll_to_iter (view, &start, 0, TRUE, 0, 0.33);
  }
  status = g_strdup_printf (_("Change %d of %d, line %u"), wanted + 1, count, line + 1);
  gtk_label_set_label (self->summary, status);
  cr_compat_announce (GTK_WIDGET (self), status);
  return TRUE;
}
