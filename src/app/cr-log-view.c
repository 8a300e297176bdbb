/* cr-log-view.c: what the gates printed. Text arrives in bursts of any size; it is queued, split into lines, shortened, and inserted in small batches so
 * that the window keeps drawing. Nothing here is evidence: the files are.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-log-view.h"
#include "cr-compat.h"
#include <glib/gi18n.h>
#include <gtksourceview/gtksource.h>
#include <string.h>

typedef struct {
  CrLogStream  stream;
  char        *step;  /* (owned) (nullable) */
  char        *text;  /* (owned): one line, no LF */
} Line;

typedef struct {
  char        *step;    /* (owned) */
  GtkTextMark *header;  /* (borrowed): start of the header line; text inserted there belongs to the section before */
  GtkTextTag  *fold;    /* (borrowed): on all output of the section; hides it when folded */
  gboolean     folded;
  gboolean     gone;    /* the header was dropped with the oldest lines */
} Section;

typedef struct {
  gboolean  good;
  char     *words;  /* (owned) */
} Ending;

typedef struct {
  char            *gate;      /* (owned) */
  GHashTable      *endings;   /* (owned): step -> Ending, of sections that are yet to come */
  GtkSourceBuffer *buffer;    /* (owned) */
  GtkSourceSearchContext *search;  /* (owned) */
  GQueue           queue;     /* Line */
  GPtrArray       *sections;  /* (owned): Section, in order */
  GtkTextMark     *match_end; /* (borrowed) (nullable) */
  guint64          dropped;   /* no longer on screen */
} GateLog;

struct _CrLogView {
  AdwBin parent_instance;

  GHashTable  *logs;      /* (owned): gate -> GateLog */
  GPtrArray   *order;     /* (owned): GateLog, borrowed from @logs */
  GateLog     *current;   /* (borrowed) (nullable) */
  GtkSourceSearchSettings *search_settings;  /* (owned) */
  guint        flush_id;
  guint        status_id;
  guint        limit;
  gboolean     follow;
  gboolean     settling;  /* the view moves by itself: not the operator's scrolling */
  gboolean     has_file;
  double       last_value;
  guint        unseen;    /* lines since following ended */
  GSimpleActionGroup *actions;  /* (owned) */

  GtkWidget      *search_button;
  GtkDropDown    *filter;
  GtkLabel       *status;
  GtkMenuButton  *more;
  GtkSearchBar   *search_bar;
  GtkSearchEntry *search_entry;
  GtkLabel       *search_count;
  GtkWidget      *waiting_box;
  GtkLabel       *waiting;
  GtkWidget      *cut_box;
  GtkLabel       *cut;
  GtkScrolledWindow *scroller;
  GtkSourceView  *view;
  GtkWidget      *empty;
  GtkButton      *jump;
};

G_DEFINE_FINAL_TYPE (CrLogView, cr_log_view, ADW_TYPE_BIN)

typedef enum { SIGNAL_OPEN_FILE, N_SIGNALS } CrLogViewSignal;
static guint signals[N_SIGNALS];

static const char *const stream_tags[] = { [CR_LOG_APP] = "app", [CR_LOG_COMMAND] = "command", [CR_LOG_OUT] = "out", [CR_LOG_ERR] = "err" };

/* Words worth finding at a glance */
static const char *const tokens[] = { "HTTP_CODE=", "BODY_SHA256=", "_CANON_HASH=", "CANON_HASH=", "exit_code=" };

static void
line_free (Line *line)
{
  g_free (line->step);
  g_free (line->text);
  g_free (line);
}

static void
section_free (Section *section)
{
  g_free (section->step);
  g_free (section);
}

static void
ending_free (Ending *ending)
{
  g_free (ending->words);
  g_free (ending);
}

static void
gate_log_free (GateLog *log)
{
  g_hash_table_unref (log->endings);
  g_queue_clear_full (&log->queue, (GDestroyNotify) line_free);
  g_ptr_array_unref (log->sections);
  g_clear_object (&log->search);
  g_clear_object (&log->buffer);
  g_free (log->gate);
  g_free (log);
}

/* Colour only adds to what the words and the slant say already; both pairs are above 4.5:1 on their ground */
static void
colour_tags (GtkTextBuffer *buffer)
{
  gboolean dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  GtkTextTagTable *table = gtk_text_buffer_get_tag_table (buffer);

  g_object_set (gtk_text_tag_table_lookup (table, "err"), "foreground", dark ? "#ffb56b" : "#8f3a00", NULL);
  g_object_set (gtk_text_tag_table_lookup (table, "app"), "foreground", dark ? "#c0bfbc" : "#5e5c64", NULL);
  g_object_set (gtk_text_tag_table_lookup (table, "good"), "foreground", dark ? "#8ff0a4" : "#16653a", NULL);
  g_object_set (gtk_text_tag_table_lookup (table, "bad"), "foreground", dark ? "#ffb0a0" : "#a51d2d", NULL);
  gtk_source_buffer_set_style_scheme (GTK_SOURCE_BUFFER (buffer),
                                      gtk_source_style_scheme_manager_get_scheme (gtk_source_style_scheme_manager_get_default (),
                                                                                  dark ? "Adwaita-dark" : "Adwaita"));
}

static void
apply_filter (CrLogView *self, GateLog *log)
{
  GtkTextTagTable *table = gtk_text_buffer_get_tag_table (GTK_TEXT_BUFFER (log->buffer));
  guint choice = gtk_drop_down_get_selected (self->filter);  /* 0 all, 1 output, 2 errors, 3 app */
  const gboolean hide[] = { [CR_LOG_APP] = choice == 1 || choice == 2, [CR_LOG_COMMAND] = FALSE, [CR_LOG_OUT] = choice == 2 || choice == 3,
                            [CR_LOG_ERR] = choice == 1 || choice == 3 };

  for (guint i = 0; i < G_N_ELEMENTS (hide); i++) {
    GtkTextTag *tag = gtk_text_tag_table_lookup (table, stream_tags[i]);

    /* Only ever set to true: a false would win over a fold of lower priority */
    g_object_set (tag, "invisible", hide[i], "invisible-set", hide[i], NULL);
  }
}

static GateLog *
gate_log_get (CrLogView *self, const char *gate)
{
  GateLog *log = g_hash_table_lookup (self->logs, gate);
  GtkTextBuffer *buffer;

  if (log != NULL)
    return log;
  log = g_new0 (GateLog, 1);
  log->gate = g_strdup (gate);
  log->buffer = gtk_source_buffer_new (NULL);
  log->sections = g_ptr_array_new_with_free_func ((GDestroyNotify) section_free);
  log->endings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) ending_free);
  g_queue_init (&log->queue);
  buffer = GTK_TEXT_BUFFER (log->buffer);
  gtk_text_buffer_set_enable_undo (buffer, FALSE);
  gtk_source_buffer_set_highlight_syntax (log->buffer, FALSE);
  gtk_source_buffer_set_highlight_matching_brackets (log->buffer, FALSE);
  gtk_text_buffer_create_tag (buffer, "app", "style", PANGO_STYLE_ITALIC, NULL);
  gtk_text_buffer_create_tag (buffer, "out", NULL);
  gtk_text_buffer_create_tag (buffer, "err", "left-margin", 22, NULL);
  gtk_text_buffer_create_tag (buffer, "command", NULL);
  gtk_text_buffer_create_tag (buffer, "header", "weight", PANGO_WEIGHT_BOLD, "pixels-above-lines", 6, NULL);
  gtk_text_buffer_create_tag (buffer, "good", NULL);
  gtk_text_buffer_create_tag (buffer, "bad", "weight", PANGO_WEIGHT_BOLD, NULL);
  gtk_text_buffer_create_tag (buffer, "token", "weight", PANGO_WEIGHT_BOLD, NULL);
  colour_tags (buffer);
  log->search = gtk_source_search_context_new (log->buffer, self->search_settings);
  gtk_source_search_context_set_highlight (log->search, TRUE);
  apply_filter (self, log);
  g_hash_table_insert (self->logs, log->gate, log);
  g_ptr_array_add (self->order, log);
  return log;
}

static Section *
find_section (GateLog *log, const char *step, guint *index)
{
  if (step == NULL)
    return NULL;
  for (guint i = log->sections->len; i > 0; i--) {
    Section *section = g_ptr_array_index (log->sections, i - 1);

    if (g_str_equal (section->step, step)) {
      if (index != NULL)
        *index = i - 1;
      return section;
    }
  }
  return NULL;
}

static void
mark_tokens (GtkTextBuffer *buffer, const GtkTextIter *start, const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++) {
    const char *found = strstr (text, tokens[i]);
    GtkTextIter from = *start, to;

    if (found == NULL)
      continue;
    gtk_text_iter_forward_chars (&from, (int) g_utf8_pointer_to_offset (text, found));
    to = from;
    gtk_text_iter_forward_chars (&to, (int) strlen (tokens[i]));
    gtk_text_buffer_apply_tag_by_name (buffer, "token", &from, &to);
    break;
  }
}

static void
set_folded (GateLog *log, Section *section, gboolean folded)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (log->buffer);
  GtkTextIter start, end;

  if (section->folded == folded)
    return;
  section->folded = folded;
  g_object_set (section->fold, "invisible", folded, "invisible-set", folded, NULL);
  if (section->gone)
    return;
  gtk_text_buffer_get_iter_at_mark (buffer, &start, section->header);
  end = start;
  gtk_text_iter_forward_char (&end);
  gtk_text_buffer_delete (buffer, &start, &end);
  gtk_text_buffer_insert_with_tags_by_name (buffer, &start, folded ? "▸" : "▾", -1, "header", "command", NULL);
  gtk_text_iter_backward_char (&start);
  gtk_text_buffer_move_mark (buffer, section->header, &start);
}

static void
close_section (GateLog *log, Section *section, gboolean good, const char *words)
{
  if (!section->gone) {
    GtkTextBuffer *buffer = GTK_TEXT_BUFFER (log->buffer);
    g_autofree char *suffix = g_strdup_printf ("   %s %s", good ? "✓" : "✗", words);
    GtkTextIter at;

    gtk_text_buffer_get_iter_at_mark (buffer, &at, section->header);
    if (!gtk_text_iter_ends_line (&at))
      gtk_text_iter_forward_to_line_end (&at);
    gtk_text_buffer_insert_with_tags_by_name (buffer, &at, suffix, -1, "header", "command", good ? "good" : "bad", NULL);
  }
  set_folded (log, section, good);
}

static Section *
open_section (GateLog *log, const char *step, const char *title)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (log->buffer);
  Section *section = g_new0 (Section, 1);
  g_autofree char *line = g_strconcat ("▾ ", title, "\n", NULL);
  GtkTextIter end;
  Ending *ending;
  int offset;

  gtk_text_buffer_get_end_iter (buffer, &end);
  offset = gtk_text_iter_get_offset (&end);
  gtk_text_buffer_insert_with_tags_by_name (buffer, &end, line, -1, "header", "command", NULL);
  gtk_text_buffer_get_iter_at_offset (buffer, &end, offset);
  section->step = g_strdup (step != NULL ? step : "");
  section->header = gtk_text_buffer_create_mark (buffer, NULL, &end, FALSE);
  section->fold = gtk_text_buffer_create_tag (buffer, NULL, NULL);
  g_ptr_array_add (log->sections, section);
  ending = g_hash_table_lookup (log->endings, section->step);
  if (ending != NULL) {
    close_section (log, section, ending->good, ending->words);
    g_hash_table_remove (log->endings, section->step);
  }
  return section;
}

static void
insert_line (GateLog *log, const Line *line)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (log->buffer);
  guint index = 0;
  Section *section = find_section (log, line->step, &index);
  GtkTextIter at, start;
  int offset;

  if (line->stream == CR_LOG_COMMAND && (section == NULL || section->step[0] == '\0')) {
    g_autofree char *title = g_str_has_prefix (line->text, "$ ") ? g_strdup (line->text) : g_strconcat ("$ ", line->text, NULL);

    open_section (log, line->step, title);
    return;
  }
  if (section == NULL && line->step != NULL && line->stream != CR_LOG_APP)
    section = open_section (log, line->step, line->step);  /* output of a step whose command was not announced */
  if (section != NULL && index + 1 < log->sections->len) {
    Section *next = g_ptr_array_index (log->sections, index + 1);

    gtk_text_buffer_get_iter_at_mark (buffer, &at, next->header);
  } else {
    gtk_text_buffer_get_end_iter (buffer, &at);
  }
  offset = gtk_text_iter_get_offset (&at);
  gtk_text_buffer_insert (buffer, &at, line->text, -1);
  gtk_text_buffer_insert (buffer, &at, "\n", 1);
  gtk_text_buffer_get_iter_at_offset (buffer, &start, offset);
  gtk_text_buffer_apply_tag_by_name (buffer, stream_tags[line->stream], &start, &at);
  if (section != NULL && line->stream != CR_LOG_APP)
    gtk_text_buffer_apply_tag (buffer, section->fold, &start, &at);
  if (line->stream == CR_LOG_OUT)
    mark_tokens (buffer, &start, line->text);
}

static guint
shown_lines (GateLog *log)
{
  int count = gtk_text_buffer_get_line_count (GTK_TEXT_BUFFER (log->buffer));

  return count > 0 ? (guint) count - 1 : 0;  /* after the last LF there is one more, empty line */
}

static void
trim (CrLogView *self, GateLog *log)
{
  GtkTextBuffer *buffer = GTK_TEXT_BUFFER (log->buffer);
  guint lines = shown_lines (log), excess;
  GtkTextIter start, cut;

  if (lines <= self->limit)
    return;
  excess = lines - self->limit;
  gtk_text_buffer_get_start_iter (buffer, &start);
  gtk_text_buffer_get_iter_at_line (buffer, &cut, (int) excess);
  for (guint i = 0; i < log->sections->len; i++) {
    Section *section = g_ptr_array_index (log->sections, i);
    GtkTextIter at;

    gtk_text_buffer_get_iter_at_mark (buffer, &at, section->header);
    if (gtk_text_iter_compare (&at, &cut) < 0)
      section->gone = TRUE;
  }
  gtk_text_buffer_delete (buffer, &start, &cut);
  log->dropped += excess;
}

static void
update_chrome (CrLogView *self)
{
  GateLog *log = self->current;
  gboolean empty = log == NULL || (shown_lines (log) == 0 && g_queue_is_empty (&log->queue));

  gtk_widget_set_visible (self->empty, empty);
  gtk_widget_set_visible (self->cut_box, log != NULL && log->dropped > 0);
  if (log != NULL && log->dropped > 0) {
    /* Translators: both are numbers of lines with digit groups, such as 50,000 */
    g_autofree char *text = g_strdup_printf (_("Showing the last %'u of %'u lines"), shown_lines (log),
                                             (guint) MIN (shown_lines (log) + log->dropped, G_MAXUINT));

    gtk_label_set_label (self->cut, text);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->jump), !self->follow && self->unseen > 0);
  if (self->unseen > 0) {
    g_autofree char *text = g_strdup_printf (_("Jump to Latest (%u)"), self->unseen);

    gtk_button_set_label (self->jump, text);
  }
}

static gboolean
update_status_cb (gpointer user_data)
{
  CrLogView *self = user_data;
  guint lines = self->current != NULL ? (guint) MIN (self->current->dropped + shown_lines (self->current), G_MAXUINT) : 0;
  g_autofree char *text = g_strdup_printf (ngettext ("%'u line", "%'u lines", lines), lines);

  gtk_label_set_label (self->status, text);
  self->status_id = 0;
  return G_SOURCE_REMOVE;
}

/* At most one change in 2 s: assistive technology speaks each */
static void
queue_status (CrLogView *self)
{
  if (self->status_id == 0)
    self->status_id = g_timeout_add (2000, update_status_cb, self);
}

static gboolean
settled_cb (GtkWidget *widget, GdkFrameClock *frame_clock, gpointer user_data)
{
  CrLogView *self = CR_LOG_VIEW (user_data);

  self->settling = FALSE;
  self->last_value = gtk_adjustment_get_value (gtk_scrolled_window_get_vadjustment (self->scroller));
  return G_SOURCE_REMOVE;
}

static void
scroll_to_latest (CrLogView *self)
{
  GtkTextIter end;

  if (self->current == NULL)
    return;
  if (!self->settling) {
    self->settling = TRUE;
    gtk_widget_add_tick_callback (GTK_WIDGET (self->view), settled_cb, self, NULL);
  }
  gtk_text_buffer_get_end_iter (GTK_TEXT_BUFFER (self->current->buffer), &end);
  gtk_text_buffer_move_mark_by_name (GTK_TEXT_BUFFER (self->current->buffer), "cr-latest", &end);
  gtk_text_view_scroll_to_mark (GTK_TEXT_VIEW (self->view), gtk_text_buffer_get_mark (GTK_TEXT_BUFFER (self->current->buffer), "cr-latest"), 0, TRUE,
                                0, 1);
}

static gboolean
flush_cb (gpointer user_data)
{
  CrLogView *self = user_data;
  guint left = CR_LOG_VIEW_BATCH;
  gboolean more = FALSE;

  for (guint i = 0; i < self->order->len; i++) {
    GateLog *log = g_ptr_array_index (self->order, i);
    guint inserted = 0;

    while (left > 0 && !g_queue_is_empty (&log->queue)) {
      Line *line = g_queue_pop_head (&log->queue);

      insert_line (log, line);
      line_free (line);
      left--;
      inserted++;
    }
    if (inserted > 0) {
      trim (self, log);
      if (log == self->current) {
        if (self->follow)
          scroll_to_latest (self);
        else
          self->unseen += inserted;
        queue_status (self);
        update_chrome (self);
      }
    }
    more = more || !g_queue_is_empty (&log->queue);
  }
  if (more)
    return G_SOURCE_CONTINUE;
  self->flush_id = 0;
  return G_SOURCE_REMOVE;
}

static void
set_follow (CrLogView *self, gboolean follow)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), "follow");

  self->follow = follow;
  g_simple_action_set_state (G_SIMPLE_ACTION (action), g_variant_new_boolean (follow));
  self->unseen = 0;
  if (follow)
    scroll_to_latest (self);
  update_chrome (self);
}

/* Scrolling up says "I am reading"; arriving at the end says "go on" */
static void
scrolled_cb (CrLogView *self, GtkAdjustment *adjustment)
{
  double value = gtk_adjustment_get_value (adjustment);
  double rest = gtk_adjustment_get_upper (adjustment) - gtk_adjustment_get_page_size (adjustment) - value;
  gboolean up = value < self->last_value - 1;

  self->last_value = value;
  if (self->settling)
    return;
  if (self->follow && up && rest > 40)
    set_follow (self, FALSE);
  else if (!self->follow && !up && rest < 2)
    set_follow (self, TRUE);
}

static gboolean
toggle_section_at (CrLogView *self, const GtkTextIter *where)
{
  int line = gtk_text_iter_get_line (where);

  for (guint i = 0; self->current != NULL && i < self->current->sections->len; i++) {
    Section *section = g_ptr_array_index (self->current->sections, i);
    GtkTextIter at;

    gtk_text_buffer_get_iter_at_mark (GTK_TEXT_BUFFER (self->current->buffer), &at, section->header);
    if (!section->gone && gtk_text_iter_get_line (&at) == line) {
      set_folded (self->current, section, !section->folded);
      return TRUE;
    }
  }
  return FALSE;
}

static void
pressed_cb (CrLogView *self, int n_press, double x, double y)
{
  GtkTextIter at;
  int bx, by;

  if (n_press != 1 || self->current == NULL || gtk_text_buffer_get_has_selection (GTK_TEXT_BUFFER (self->current->buffer)))
    return;
  gtk_text_view_window_to_buffer_coords (GTK_TEXT_VIEW (self->view), GTK_TEXT_WINDOW_WIDGET, (int) x, (int) y, &bx, &by);
  gtk_text_view_get_iter_at_location (GTK_TEXT_VIEW (self->view), &at, bx, by);
  if (gtk_text_iter_get_line_offset (&at) < 2)
    toggle_section_at (self, &at);
}

static gboolean
key_pressed_cb (CrLogView *self, guint keyval, guint keycode, GdkModifierType state)
{
  GtkTextIter at;

  if (self->current == NULL || (state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;
  if (keyval == GDK_KEY_End) {
    set_follow (self, TRUE);
    return GDK_EVENT_PROPAGATE;
  }
  if (keyval != GDK_KEY_Return && keyval != GDK_KEY_KP_Enter)
    return GDK_EVENT_PROPAGATE;
  gtk_text_buffer_get_iter_at_mark (GTK_TEXT_BUFFER (self->current->buffer), &at,
                                    gtk_text_buffer_get_insert (GTK_TEXT_BUFFER (self->current->buffer)));
  return toggle_section_at (self, &at) ? GDK_EVENT_STOP : GDK_EVENT_PROPAGATE;
}

static void
jump_clicked_cb (CrLogView *self)
{
  set_follow (self, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
filter_changed_cb (CrLogView *self)
{
  for (guint i = 0; i < self->order->len; i++)
    apply_filter (self, g_ptr_array_index (self->order, i));
}

static void
update_count (CrLogView *self)
{
  const char *needle = gtk_source_search_settings_get_search_text (self->search_settings);
  int count = self->current != NULL ? gtk_source_search_context_get_occurrences_count (self->current->search) : 0;
  g_autofree char *text = NULL;

  if (needle == NULL || *needle == '\0' || count < 0)
    text = g_strdup ("");
  else if (count == 0)
    text = g_strdup (_("No Results Found"));
  else
    text = g_strdup_printf (ngettext ("%d match", "%d matches", (gulong) count), count);
  gtk_label_set_label (self->search_count, text);
}

static void
search_step (CrLogView *self, gboolean forward)
{
  GtkTextBuffer *buffer;
  GtkTextIter from, start, end;
  gboolean found;

  if (self->current == NULL || gtk_source_search_settings_get_search_text (self->search_settings) == NULL)
    return;
  buffer = GTK_TEXT_BUFFER (self->current->buffer);
  if (forward) {
    if (!gtk_text_buffer_get_selection_bounds (buffer, NULL, &from))
      gtk_text_buffer_get_iter_at_mark (buffer, &from, gtk_text_buffer_get_insert (buffer));
    found = gtk_source_search_context_forward (self->current->search, &from, &start, &end, NULL);
  } else {
    if (!gtk_text_buffer_get_selection_bounds (buffer, &from, NULL))
      gtk_text_buffer_get_iter_at_mark (buffer, &from, gtk_text_buffer_get_insert (buffer));
    found = gtk_source_search_context_backward (self->current->search, &from, &start, &end, NULL);
  }
  if (found) {
    set_follow (self, FALSE);
    cr_log_view_expand (self, TRUE);
    gtk_text_buffer_select_range (buffer, &start, &end);
    gtk_text_view_scroll_to_iter (GTK_TEXT_VIEW (self->view), &start, 0, TRUE, 0, 0.33);
  }
  update_count (self);
}

static void
search_changed_cb (CrLogView *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));

  gtk_source_search_settings_set_search_text (self->search_settings, *text != '\0' ? text : NULL);
  search_step (self, TRUE);
}

static void
search_next_cb (CrLogView *self)
{
  search_step (self, TRUE);
}

static void
search_previous_cb (CrLogView *self)
{
  search_step (self, FALSE);
}

static void
follow_action (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  set_follow (user_data, g_variant_get_boolean (state));
}

static void
wrap_action (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  CrLogView *self = user_data;

  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (self->view), g_variant_get_boolean (state) ? GTK_WRAP_WORD_CHAR : GTK_WRAP_NONE);
  g_simple_action_set_state (action, state);
}

static void
expand_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  cr_log_view_expand (user_data, TRUE);
}

static void
fold_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  cr_log_view_expand (user_data, FALSE);
}

static void
copy_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CrLogView *self = user_data;
  GtkTextBuffer *buffer;
  GtkTextIter start, end;
  g_autofree char *text = NULL;

  if (self->current == NULL)
    return;
  buffer = GTK_TEXT_BUFFER (self->current->buffer);
  if (!gtk_text_buffer_get_selection_bounds (buffer, &start, &end))
    gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrLogView) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!g_file_replace_contents_finish (G_FILE (source), result, NULL, &error)) {
    /* Translators: %s is the system's reason */
    g_autofree char *text = g_strdup_printf (_("The log was not saved: %s"), error->message);

    gtk_label_set_label (self->status, text);
  }
}

static void
save_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrLogView) self = user_data;
  g_autoptr(GFile) file = cr_compat_choose_finish (result);
  g_autoptr(GBytes) bytes = NULL;
  char *text;

  if (file == NULL || self->current == NULL)
    return;
  text = cr_log_view_get_text (self, self->current->gate, TRUE);
  bytes = g_bytes_new_take (text, strlen (text));
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL, saved_cb, g_object_ref (self));
}

static void
save_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CrLogView *self = user_data;
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  g_autofree char *name = NULL;
  g_autoptr(GFile) initial = NULL;

  if (self->current == NULL || !GTK_IS_WINDOW (root))
    return;
  name = g_strconcat (self->current->gate, ".log", NULL);
  initial = g_file_new_build_filename (g_get_home_dir (), name, NULL);
  cr_compat_choose_async (GTK_WINDOW (root), CR_COMPAT_SAVE_FILE, _("Save Log"), _("_Save"), initial, save_chosen_cb, g_object_ref (self));
}

static void
open_file_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  CrLogView *self = user_data;

  if (self->current != NULL)
    g_signal_emit (self, signals[SIGNAL_OPEN_FILE], 0, self->current->gate);
}

static void
dark_changed_cb (CrLogView *self)
{
  for (guint i = 0; i < self->order->len; i++)
    colour_tags (GTK_TEXT_BUFFER (((GateLog *) g_ptr_array_index (self->order, i))->buffer));
}

static gboolean
cr_log_view_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (GTK_WIDGET (CR_LOG_VIEW (widget)->view));
}

static void
cr_log_view_dispose (GObject *object)
{
  CrLogView *self = CR_LOG_VIEW (object);

  g_clear_handle_id (&self->flush_id, g_source_remove);
  g_clear_handle_id (&self->status_id, g_source_remove);
  self->current = NULL;
  g_clear_pointer (&self->order, g_ptr_array_unref);
  g_clear_pointer (&self->logs, g_hash_table_unref);
  g_clear_object (&self->search_settings);
  g_clear_object (&self->actions);
  G_OBJECT_CLASS (cr_log_view_parent_class)->dispose (object);
}

static void
cr_log_view_class_init (CrLogViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_log_view_dispose;
  widget_class->grab_focus = cr_log_view_grab_focus;
  signals[SIGNAL_OPEN_FILE] = g_signal_new ("open-file", CR_TYPE_LOG_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  g_type_ensure (GTK_SOURCE_TYPE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/ui/cr-log-view.ui");
  gtk_widget_class_bind_template_child (widget_class, CrLogView, search_button);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, filter);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, status);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, more);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, search_bar);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, search_entry);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, search_count);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, waiting_box);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, waiting);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, cut_box);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, cut);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, scroller);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, view);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, empty);
  gtk_widget_class_bind_template_child (widget_class, CrLogView, jump);
  gtk_widget_class_bind_template_callback (widget_class, jump_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_next_cb);
  gtk_widget_class_bind_template_callback (widget_class, search_previous_cb);
}

static void
cr_log_view_init (CrLogView *self)
{
  const GActionEntry entries[] = {
    { .name = "follow", .state = "true", .change_state = follow_action },
    { .name = "wrap", .state = "true", .change_state = wrap_action },
    { .name = "expand", .activate = expand_action },
    { .name = "fold", .activate = fold_action },
    { .name = "copy", .activate = copy_action },
    { .name = "save", .activate = save_action },
    { .name = "open-file", .activate = open_file_action },
  };
  GtkGesture *click;
  GtkEventController *keys;

  self->logs = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) gate_log_free);
  self->order = g_ptr_array_new ();
  self->limit = CR_LOG_VIEW_LINES;
  self->follow = TRUE;
  self->search_settings = gtk_source_search_settings_new ();
  gtk_source_search_settings_set_wrap_around (self->search_settings, TRUE);
  self->actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "log", G_ACTION_GROUP (self->actions));

  gtk_widget_init_template (GTK_WIDGET (self));
  cr_log_view_set_has_file (self, FALSE);
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect_object (self->filter, "notify::selected", G_CALLBACK (filter_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_scrolled_window_get_vadjustment (self->scroller), "value-changed", G_CALLBACK (scrolled_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark", G_CALLBACK (dark_changed_cb), self, G_CONNECT_SWAPPED);
  click = gtk_gesture_click_new ();
  g_signal_connect_object (click, "released", G_CALLBACK (pressed_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self->view), GTK_EVENT_CONTROLLER (click));
  keys = gtk_event_controller_key_new ();
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect_object (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self->view), keys);
}

GtkWidget *
cr_log_view_new (void)
{
  return g_object_new (CR_TYPE_LOG_VIEW, NULL);
}

void
cr_log_view_clear (CrLogView *self)
{
  g_return_if_fail (CR_IS_LOG_VIEW (self));

  g_clear_handle_id (&self->flush_id, g_source_remove);
  self->current = NULL;
  gtk_text_view_set_buffer (GTK_TEXT_VIEW (self->view), NULL);
  g_ptr_array_set_size (self->order, 0);
  g_hash_table_remove_all (self->logs);
  self->unseen = 0;
  update_chrome (self);
}

/* One line, shortened to CR_LOG_VIEW_LINE_BYTES at a character's border */
static char *
shorten_line (const char *text, gsize length)
{
  gsize keep = CR_LOG_VIEW_LINE_BYTES;

  if (length > 0 && text[length - 1] == '\r')
    length--;
  if (length <= keep)
    return g_strndup (text, length);
  while (keep > 0 && ((guchar) text[keep] & 0xc0) == 0x80)
    keep--;
  /* Translators: after the beginning of a very long line of output */
  return g_strdup_printf (_("%.*s … (%'u more bytes in the evidence file)"), (int) keep, text, (guint) MIN (length - keep, G_MAXUINT));
}

void
cr_log_view_append (CrLogView *self, const char *gate, const char *step, CrLogStream stream, const char *text)
{
  GateLog *log;
  const char *rest = text;
  gsize left;

  g_return_if_fail (CR_IS_LOG_VIEW (self) && gate != NULL && text != NULL && (guint) stream < G_N_ELEMENTS (stream_tags));

  if (*text == '\0')
    return;
  log = gate_log_get (self, gate);
  left = strlen (text);
  while (left > 0) {
    const char *newline = memchr (rest, '\n', left);
    gsize length = newline != NULL ? (gsize) (newline - rest) : left;
    Line *line = g_new0 (Line, 1);

    line->stream = stream;
    line->step = g_strdup (step);
    line->text = shorten_line (rest, length);
    g_queue_push_tail (&log->queue, line);
    rest += length;
    left -= length;
    if (newline != NULL) {
      rest++;
      left--;
    }
  }
  /* What would be dropped as soon as it is shown need not be shown: keeps memory bounded when output comes faster than it can be drawn */
  while (g_queue_get_length (&log->queue) > self->limit) {
    GList *link = log->queue.head;

    while (link != NULL && ((Line *) link->data)->stream == CR_LOG_COMMAND)
      link = link->next;
    if (link == NULL)
      break;
    line_free (link->data);
    g_queue_delete_link (&log->queue, link);
    log->dropped++;
  }
  if (self->flush_id == 0)
    self->flush_id = g_timeout_add (CR_LOG_VIEW_PAUSE, flush_cb, self);
}

/* All of one log's queue at once: what comes next refers to it */
static void
drain (CrLogView *self, GateLog *log)
{
  guint left = CR_LOG_VIEW_BATCH * 4;

  while (left-- > 0 && !g_queue_is_empty (&log->queue)) {
    Line *line = g_queue_pop_head (&log->queue);

    insert_line (log, line);
    line_free (line);
  }
  trim (self, log);
}

void
cr_log_view_end_section (CrLogView *self, const char *gate, const char *step, gboolean good, const char *words)
{
  GateLog *log;
  Section *section;

  g_return_if_fail (CR_IS_LOG_VIEW (self) && gate != NULL && step != NULL && words != NULL);

  log = gate_log_get (self, gate);
  drain (self, log);
  section = find_section (log, step, NULL);
  if (section == NULL) {  /* its lines are on their way */
    Ending *ending = g_new0 (Ending, 1);

    ending->good = good;
    ending->words = g_strdup (words);
    g_hash_table_replace (log->endings, g_strdup (step), ending);
    return;
  }
  close_section (log, section, good, words);
  if (log == self->current) {
    if (self->follow)
      scroll_to_latest (self);
    queue_status (self);
    update_chrome (self);
  }
}

void
cr_log_view_show_gate (CrLogView *self, const char *gate, const char *title)
{
  GtkTextBuffer *buffer;
  g_autofree char *label = NULL;

  g_return_if_fail (CR_IS_LOG_VIEW (self) && gate != NULL && title != NULL);

  self->current = gate_log_get (self, gate);
  buffer = GTK_TEXT_BUFFER (self->current->buffer);
  if (gtk_text_buffer_get_mark (buffer, "cr-latest") == NULL) {
    GtkTextIter end;

    gtk_text_buffer_get_end_iter (buffer, &end);
    gtk_text_buffer_create_mark (buffer, "cr-latest", &end, FALSE);
  }
  if (gtk_text_view_get_buffer (GTK_TEXT_VIEW (self->view)) != buffer)
    gtk_text_view_set_buffer (GTK_TEXT_VIEW (self->view), buffer);
  /* Translators: %s is a gate such as Backfill */
  label = g_strdup_printf (_("Log of %s gate"), title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  set_follow (self, TRUE);
  g_clear_handle_id (&self->status_id, g_source_remove);
  update_status_cb (self);
  update_count (self);
}

const char *
cr_log_view_get_gate (CrLogView *self)
{
  g_return_val_if_fail (CR_IS_LOG_VIEW (self), NULL);
  return self->current != NULL ? self->current->gate : NULL;
}

void
cr_log_view_set_waiting (CrLogView *self, const char *sentence)
{
  g_return_if_fail (CR_IS_LOG_VIEW (self));

  gtk_widget_set_visible (self->waiting_box, sentence != NULL);
  gtk_label_set_label (self->waiting, sentence != NULL ? sentence : "");
}

void
cr_log_view_set_has_file (CrLogView *self, gboolean has_file)
{
  g_return_if_fail (CR_IS_LOG_VIEW (self));

  self->has_file = has_file;
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (G_ACTION_MAP (self->actions), "open-file")), has_file);
}

void
cr_log_view_set_limit (CrLogView *self, guint lines)
{
  g_return_if_fail (CR_IS_LOG_VIEW (self) && lines > 0);
  self->limit = lines;
}

gboolean
cr_log_view_is_settled (CrLogView *self)
{
  g_return_val_if_fail (CR_IS_LOG_VIEW (self), TRUE);
  return self->flush_id == 0;
}

char *
cr_log_view_get_text (CrLogView *self, const char *gate, gboolean hidden)
{
  GateLog *log;
  GtkTextIter start, end;

  g_return_val_if_fail (CR_IS_LOG_VIEW (self) && gate != NULL, NULL);

  log = g_hash_table_lookup (self->logs, gate);
  if (log == NULL)
    return g_strdup ("");
  gtk_text_buffer_get_bounds (GTK_TEXT_BUFFER (log->buffer), &start, &end);
  return gtk_text_buffer_get_text (GTK_TEXT_BUFFER (log->buffer), &start, &end, hidden);
}

void
cr_log_view_start_search (CrLogView *self)
{
  g_return_if_fail (CR_IS_LOG_VIEW (self));

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

void
cr_log_view_expand (CrLogView *self, gboolean open)
{
  g_return_if_fail (CR_IS_LOG_VIEW (self));

  for (guint i = 0; self->current != NULL && i < self->current->sections->len; i++)
    set_folded (self->current, g_ptr_array_index (self->current->sections, i), !open);
}

gboolean
cr_log_view_get_follow (CrLogView *self)
{
  g_return_val_if_fail (CR_IS_LOG_VIEW (self), FALSE);
  return self->follow;
}
