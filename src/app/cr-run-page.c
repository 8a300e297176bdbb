/* cr-run-page.c: one rehearsal as it runs. It follows the machine's state and signals and decides nothing.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-run-page.h"
#include "cr-accessible.h"
#include "cr-buffer-band.h"
#include "cr-compat.h"
#include "cr-countdown-page.h"
#include "cr-decision-page.h"
#include "cr-gate-row.h"
#include "cr-log-view.h"
#include "cr-payload-view.h"
#include <glib/gi18n.h>

#define NARROW 900  /* pixels: below, the log goes under the timeline (ux 3.1) */
#define TINY   560  /* pixels: below, rows and strip keep only what cannot be reached otherwise */

struct _CrRunPage {
  AdwBin parent_instance;

  CrRehearsal    *rehearsal;    /* (owned) (nullable) */
  GtkApplication *inhibitor;    /* (owned) (nullable): the application that holds @cookie */
  guint           cookie;       /* 0: sleep is not blocked */
  gboolean        running;
  gboolean        asking;       /* the question whether to stop is on screen */
  gboolean        picked;       /* the operator chose the row: the selection does not follow the run any more */
  gboolean        selecting;    /* we choose a row */
  gboolean        narrow;
  gboolean        tiny;
  gboolean        laid_out;
  guint           relayout_id;
  CrGateRun      *shown;        /* (owned) (nullable): the gate in the detail pane */
  GtkWidget      *decision_row; /* (borrowed) (nullable) */
  char           *title;        /* (owned) */
  char           *error_report; /* (owned) (nullable) */
  char           *detail_text;  /* (owned) (nullable) */

  GtkStack       *stack;
  GtkLabel       *head;
  GtkProgressBar *bar;
  GtkLabel       *progress;
  GtkWidget      *sleep;
  GtkWidget      *strip;
  CrBufferBand   *band;
  GtkLabel       *phase;
  GtkPaned       *paned;
  GtkListBox     *list;
  GtkStackSwitcher *switcher;
  GtkStack       *detail;
  CrLogView      *log;
  CrPayloadView  *payloads;
  GtkBox         *facts;
  GtkWidget      *copy_details;
  CrCountdownPage *countdown;
  CrDecisionPage *decision;
  GtkLabel       *error_heading;
  GtkLabel       *error_text;
  GtkLabel       *error_folder;
  GtkLabel       *error_details;
  GtkWidget      *error_copy;
};

G_DEFINE_FINAL_TYPE (CrRunPage, cr_run_page, ADW_TYPE_BIN)

typedef enum { PROP_TITLE = 1, PROP_RUNNING, PROP_OPEN_ENDED } CrRunPageProperty;
static GParamSpec *props[PROP_OPEN_ENDED + 1];
typedef enum { SIGNAL_NEW_REHEARSAL, N_SIGNALS } CrRunPageSignal;
static guint signals[N_SIGNALS];

static CrRehearsalState
state_of (CrRunPage *self)
{
  return self->rehearsal != NULL ? cr_rehearsal_get_state (self->rehearsal) : CR_REHEARSAL_IDLE;
}

static gboolean
is_under_way (CrRunPage *self)
{
  CrRehearsalState state = state_of (self);

  return state == CR_REHEARSAL_STARTING || state == CR_REHEARSAL_RUNNING || state == CR_REHEARSAL_WAITING;
}

static gboolean
gate_is_over (CrGateRun *gate)
{
  CrGateState state = cr_gate_run_get_state (gate);

  return state != CR_GATE_PENDING && state != CR_GATE_WAITING && state != CR_GATE_RUNNING;
}

/* ---- sleep and notifications ---- */

static GtkWindow *
get_window (CrRunPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  return GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL;
}

static void
release_sleep (CrRunPage *self)
{
  if (self->cookie != 0)
    gtk_application_uninhibit (self->inhibitor, self->cookie);
  self->cookie = 0;
  g_clear_object (&self->inhibitor);
}

/* Taken from start to decision, the wait for T_cutover included; given back on every way out, dispose too */
static void
update_sleep (CrRunPage *self)
{
  gboolean wanted = is_under_way (self);

  if (wanted && self->cookie == 0) {
    GtkWindow *window = get_window (self);
    GtkApplication *application = window != NULL ? gtk_window_get_application (window) : NULL;

    if (application != NULL) {
      g_set_object (&self->inhibitor, application);
      self->cookie = gtk_application_inhibit (application, window, GTK_APPLICATION_INHIBIT_SUSPEND | GTK_APPLICATION_INHIBIT_LOGOUT,
                                              _("A cutover rehearsal is running"));
    }
  } else if (!wanted) {
    release_sleep (self);
  }
  /* 0: there is no session manager to ask (facts: desktop, finding 9) */
  gtk_widget_set_visible (self->sleep, wanted && self->cookie == 0);
  cr_countdown_page_set_awake (self->countdown, self->cookie != 0);
}

static void
notify_operator (CrRunPage *self, const char *id, const char *title, const char *body, gboolean urgent)
{
  GtkWindow *window = get_window (self);
  GtkApplication *application = window != NULL ? gtk_window_get_application (window) : NULL;
  g_autoptr(GNotification) notification = NULL;
  g_autofree char *practice = NULL;

  if (application == NULL || gtk_window_is_active (window))
    return;
  if (cr_settings_is_practice (cr_rehearsal_get_settings (self->rehearsal))) {
    /* Translators: in front of a notification's title, where nothing was real */
    practice = g_strdup_printf (_("Practice: %s"), title);
    title = practice;
  }
  notification = g_notification_new (title);
  g_notification_set_body (notification, body);
  g_notification_set_priority (notification, urgent ? G_NOTIFICATION_PRIORITY_HIGH : G_NOTIFICATION_PRIORITY_NORMAL);
  cr_compat_notify (G_APPLICATION (application), id, notification);
}

static void
window_active_cb (CrRunPage *self, GParamSpec *pspec, GtkWindow *window)
{
  GtkApplication *application = gtk_window_get_application (window);

  if (application == NULL || !gtk_window_is_active (window) || !g_application_get_is_registered (G_APPLICATION (application)))
    return;
  cr_compat_notify (G_APPLICATION (application), "gate", NULL);
  cr_compat_notify (G_APPLICATION (application), "result", NULL);
}

static void
notify_gate (CrRunPage *self, CrGateRun *gate)
{
  CrGateVerdict *verdict = cr_gate_run_get_verdict (gate);
  g_autofree char *title = NULL;

  if (cr_gate_run_get_state (gate) == CR_GATE_PASSED || cr_gate_run_get_state (gate) == CR_GATE_NOT_RUN)
    return;
  /* Translators: a gate and its state: "Backfill: Failed" */
  title = g_strdup_printf (_("%s: %s"), cr_gate_run_get_title (gate), cr_gate_state_word (cr_gate_run_get_state (gate)));
  notify_operator (self, "gate", title, verdict != NULL && verdict->reason != NULL ? verdict->reason : _("The decision will be NO_GO."), TRUE);
}

static void
notify_result (CrRunPage *self, const CrDecision *decision)
{
  if (decision->kind == CR_DECISION_GO) {
    notify_operator (self, "result", _("Rehearsal Passed: GO"), decision->sentence != NULL ? decision->sentence : "", FALSE);
  } else {
    /* Translators: %s is a classification such as BACKFILL_FAILED */
    g_autofree char *body = g_strdup_printf (_("%s. Retry time and criteria are still needed"), cr_classification_to_string (decision->classification));

    notify_operator (self, "result", _("Rehearsal Failed: NO_GO"), body, TRUE);
  }
}

/* ---- the detail pane ---- */

static void
add_detail (CrRunPage *self, GString *all, const char *style, const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  gtk_box_append (self->facts, label);
  g_string_append_printf (all, "%s\n", text);
}

static void G_GNUC_PRINTF (4, 5)
add_detail_printf (CrRunPage *self, GString *all, const char *style, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  add_detail (self, all, style, text);
}

static void
add_witness (CrRunPage *self, GString *all, const CrWitnessResult *witness)
{
  const char *symbol = witness->state == CR_WITNESS_HOLDS ? (witness->caution ? "⚠" : "✓") : witness->state == CR_WITNESS_CONTRADICTED ? "✗" : "?";
  const char *word = witness->state == CR_WITNESS_HOLDS ? C_("witness", "seen") : witness->state == CR_WITNESS_CONTRADICTED
                     ? C_("witness", "contradicted") : C_("witness", "missing");

  add_detail_printf (self, all, NULL, "%s %s (%s)", symbol, witness->text, word);
  if (witness->expected != NULL)
    add_detail_printf (self, all, "caption", _("    expected: %s"), witness->expected);
  if (witness->seen != NULL)
    add_detail_printf (self, all, "caption", _("    seen: %s"), witness->seen);
}

static void
fill_details (CrRunPage *self)
{
  g_autoptr(GString) all = g_string_new (NULL);
  CrCaptureSet *captures;
  CrGateVerdict *verdict;
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->facts))) != NULL)
    gtk_box_remove (self->facts, child);
  g_clear_pointer (&self->detail_text, g_free);
  gtk_widget_set_sensitive (self->copy_details, FALSE);
  if (self->shown == NULL)
    return;
  verdict = cr_gate_run_get_verdict (self->shown);
  add_detail (self, all, "cr-detail-heading", cr_gate_run_get_title (self->shown));
  add_detail (self, all, NULL, cr_gate_state_word (cr_gate_run_get_state (self->shown)));
  if (verdict == NULL) {
    add_detail (self, all, "dim-label", _("The witnesses are read when the gate has ended."));
    return;
  }
  if (verdict->reason != NULL)
    add_detail (self, all, NULL, verdict->reason);
  if (verdict->line != NULL)
    add_detail_printf (self, all, "monospace", "“%s”", verdict->line);
  if (verdict->next != NULL)
    add_detail_printf (self, all, NULL, "→ %s", verdict->next);
  add_detail_printf (self, all, "numeric", _("Exit code: %s"), verdict->exit_code != NULL ? verdict->exit_code : "unknown");
  if (verdict->witnesses != NULL && verdict->witnesses->len > 0) {
    add_detail (self, all, "cr-detail-heading", _("Witnesses"));
    for (guint i = 0; i < verdict->witnesses->len; i++)
      add_witness (self, all, g_ptr_array_index (verdict->witnesses, i));
  }
  if (verdict->cautions != NULL && verdict->cautions->len > 0) {
    add_detail (self, all, "cr-detail-heading", _("Cautions"));
    for (guint i = 0; i < verdict->cautions->len; i++)
      add_detail_printf (self, all, NULL, "⚠ %s", (const char *) g_ptr_array_index (verdict->cautions, i));
  }
  captures = cr_rehearsal_get_captures (self->rehearsal);
  for (guint i = 0, shown = 0; captures != NULL && i < captures->calls->len; i++) {
    const CrCall *call = g_ptr_array_index (captures->calls, i);
    g_autofree char *duration = NULL;

    if (!g_str_equal (call->gate, cr_gate_run_get_id (self->shown)))
      continue;
    if (shown++ == 0)
      add_detail (self, all, "cr-detail-heading", _("Calls"));
    duration = cr_duration_words (call->duration_us);
    add_detail_printf (self, all, NULL, "%s: %s, %s", call->transport != NULL ? call->transport : call->kind, cr_outcome_to_string (call->outcome), duration);
    if (call->message != NULL)
      add_detail_printf (self, all, "caption", "    %s", call->message);
  }
  self->detail_text = g_string_free (g_steal_pointer (&all), FALSE);
  gtk_widget_set_sensitive (self->copy_details, TRUE);
}

static void
copy_details_cb (CrRunPage *self)
{
  if (self->detail_text != NULL)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->detail_text);
}

/* What is being waited for, and for how long: an answer may take minutes and comes all at once (facts: desktop, finding 12) */
static void
update_waiting (CrRunPage *self)
{
  g_autofree char *text = NULL;

  if (self->shown != NULL && cr_gate_run_get_state (self->shown) == CR_GATE_RUNNING && is_under_way (self)) {
    gint64 started = cr_gate_run_get_started (self->shown);
    const char *step = cr_gate_run_get_current_step (self->shown);
    g_autofree char *elapsed = cr_duration_short (started > 0 ? cr_clock_now (cr_rehearsal_get_clock (self->rehearsal)) - started : 0);

    if (step == NULL || g_str_equal (step, "Waiting for the jumpbox"))
      /* Translators: %s is the time so far, such as 0:42 */
      text = g_strdup_printf (_("Waiting for the jumpbox. Its output arrives when the command ends, all at once: Azure sends nothing before. %s so far."),
                              elapsed);
    else
      /* Translators: the title of a step, and the time so far, such as 0:42 */
      text = g_strdup_printf (_("%s… %s so far."), step, elapsed);
  } else if (self->shown != NULL && cr_gate_run_get_state (self->shown) == CR_GATE_WAITING) {
    text = g_strdup (_("Starts at T_cutover."));
  }
  cr_log_view_set_waiting (self->log, text);
}

static void
show_gate (CrRunPage *self, CrGateRun *gate)
{
  CrPlanGate *plan = cr_gate_run_get_plan (gate);

  g_set_object (&self->shown, gate);
  cr_log_view_show_gate (self->log, cr_gate_run_get_id (gate), cr_gate_run_get_title (gate));
  cr_log_view_set_has_file (self->log, gate_is_over (gate) && plan != NULL && cr_rehearsal_get_folder (self->rehearsal) != NULL);
  update_waiting (self);
  fill_details (self);
}

static void
select_gate (CrRunPage *self, CrGateRun *gate)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->list)); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (CR_IS_GATE_ROW (child) && cr_gate_row_get_gate (CR_GATE_ROW (child)) == gate) {
      self->selecting = TRUE;
      gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (child));
      self->selecting = FALSE;
    }
}

/* Each command's own ending, after its header in the log */
static void
end_sections (CrRunPage *self, CrGateRun *gate)
{
  CrCaptureSet *captures = cr_rehearsal_get_captures (self->rehearsal);

  for (guint i = 0; captures != NULL && i < captures->captures->len; i++) {
    const CrCapture *capture = g_ptr_array_index (captures->captures, i);
    g_autofree char *words = NULL;
    gboolean good = FALSE;

    if (!g_str_equal (capture->gate, cr_gate_run_get_id (gate)))
      continue;
    switch (capture->outcome) {
    case CR_OUTCOME_COMPLETED:
      good = capture->exit_code == 0 || (capture->exit_code < 0 && capture->where == CR_STEP_HERE && capture->reason == NULL);
      if (capture->where == CR_STEP_DIRECT && capture->http_status > 0) {
        good = TRUE;  /* an answer; what it should have been, the witnesses say */
        words = g_strdup_printf ("HTTP %d", capture->http_status);
      } else if (capture->exit_code >= 0) {
        words = g_strdup_printf (_("exit code %d"), capture->exit_code);
      } else {
        words = g_strdup (good ? _("done") : _("no exit code"));
      }
      if (capture->ended_us > capture->started_us && capture->started_us > 0) {
        g_autofree char *plain = g_steal_pointer (&words);
        g_autofree char *duration = cr_duration_short (capture->ended_us - capture->started_us);

        words = g_strdup_printf ("%s · %s", plain, duration);
      }
      break;
    case CR_OUTCOME_NOT_STARTED:
      words = g_strdup (_("not started"));
      break;
    case CR_OUTCOME_STOPPED:
      words = g_strdup (_("stopped waiting, its end is unknown"));
      break;
    case CR_OUTCOME_UNKNOWN:
    default:
      words = g_strdup (_("its end is unknown"));
      break;
    }
    cr_log_view_end_section (self->log, capture->gate, capture->step, good, words);
  }
}

static void
update_payloads (CrRunPage *self)
{
  CrPlan *plan = cr_rehearsal_get_plan (self->rehearsal);
  CrCaptureSet *captures = cr_rehearsal_get_captures (self->rehearsal);
  g_autoptr(CrPayload) before = NULL;
  g_autoptr(CrPayload) after = NULL;

  if (plan != NULL && captures != NULL) {
    before = cr_judge_payload (plan, captures, FALSE);
    after = cr_judge_payload (plan, captures, TRUE);
  }
  cr_payload_view_set_payloads (self->payloads, before, after);
}

/* ---- the timeline ---- */

static void
update_head (CrRunPage *self)
{
  CrSettings *settings = cr_rehearsal_get_settings (self->rehearsal);
  const CrCutline *cutline = cr_rehearsal_get_cutline (self->rehearsal);
  const char *run_id = cr_rehearsal_get_run_id (self->rehearsal);
  GListModel *gates = cr_rehearsal_get_gates (self->rehearsal);
  guint total = g_list_model_get_n_items (gates), done = 0;
  g_autoptr(GString) head = g_string_new (run_id != NULL ? run_id : _("Starting…"));
  g_autofree char *text = NULL;

  g_string_append_printf (head, " · %s", cr_settings_get (settings, "environment"));
  if (cutline != NULL) {
    g_autofree char *at = cr_time_format_utc (cutline->t_cutover);

    g_string_append_printf (head, " · T %s", at + 11);
    gtk_widget_set_tooltip_text (GTK_WIDGET (self->head), at);
  }
  gtk_label_set_label (self->head, head->str);
  for (guint i = 0; i < total; i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);

    if (gate_is_over (gate) && cr_gate_run_get_state (gate) != CR_GATE_NOT_RUN)
      done++;
  }
  if (total > 0 && cr_rehearsal_get_decision (self->rehearsal) != NULL && done == total)
    done++;
  text = total > 0 ? g_strdup_printf (_("%u of %u gates"), done, total + 1) : g_strdup (_("Starting…"));
  gtk_label_set_label (self->progress, text);
  gtk_progress_bar_set_fraction (self->bar, total > 0 ? (double) done / (total + 1) : 0);
}

static void
set_title (CrRunPage *self)
{
  const CrDecision *decision = self->rehearsal != NULL ? cr_rehearsal_get_decision (self->rehearsal) : NULL;
  const char *run_id = self->rehearsal != NULL ? cr_rehearsal_get_run_id (self->rehearsal) : NULL;
  g_autofree char *title = NULL;

  if (decision != NULL && run_id != NULL)
    title = g_strdup_printf ("%s · %s", cr_decision_kind_to_string (decision->kind), run_id);
  else
    title = g_strdup (run_id != NULL ? run_id : _("Rehearsal"));
  if (g_strcmp0 (title, self->title) == 0)
    return;
  g_free (self->title);
  self->title = g_steal_pointer (&title);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
}

static void
update_time (CrRunPage *self)
{
  const CrCutline *cutline = cr_rehearsal_get_cutline (self->rehearsal);

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->list)); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (CR_IS_GATE_ROW (child))
      cr_gate_row_tick (CR_GATE_ROW (child));
  gtk_widget_set_visible (self->strip, cutline != NULL);
  if (cutline != NULL) {
    gint64 now = cr_clock_seconds (cr_rehearsal_get_clock (self->rehearsal));
    GListModel *gates = cr_rehearsal_get_gates (self->rehearsal);
    g_autofree char *phase = cr_buffer_phase (cutline, now);

    cr_buffer_band_clear_ticks (self->band);
    for (guint i = 0; i < g_list_model_get_n_items (gates); i++) {
      g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);

      if (cr_gate_run_get_started (gate) > 0)
        cr_buffer_band_add_tick (self->band, cr_gate_run_get_started (gate) / G_USEC_PER_SEC);
    }
    cr_buffer_band_set_time (self->band, cutline, now);
    gtk_label_set_label (self->phase, phase);
  }
  if (state_of (self) == CR_REHEARSAL_WAITING)
    cr_countdown_page_update (self->countdown, self->rehearsal);
  update_waiting (self);
}

static void
gate_changed_cb (CrRunPage *self, GParamSpec *pspec, CrGateRun *gate)
{
  if (self->rehearsal == NULL)
    return;
  if (g_str_equal (pspec->name, "state")) {
    if (gate_is_over (gate)) {
      end_sections (self, gate);
      notify_gate (self, gate);
      update_payloads (self);
      if (cr_gate_run_get_state (gate) != CR_GATE_NOT_RUN && !self->picked)
        select_gate (self, gate);
    } else if (cr_gate_run_get_state (gate) == CR_GATE_RUNNING && !self->picked) {
      select_gate (self, gate);
    }
    update_head (self);
    update_time (self);
  }
  if (gate == self->shown) {
    CrPlanGate *plan = cr_gate_run_get_plan (gate);

    cr_log_view_set_has_file (self->log, gate_is_over (gate) && plan != NULL);
    update_waiting (self);
    fill_details (self);
  }
}

static void
open_row_cb (CrRunPage *self, CrGateRow *row)
{
  if (cr_gate_row_get_gate (row) == NULL) {
    gtk_stack_set_visible_child_name (self->stack, "decision");
    gtk_widget_grab_focus (GTK_WIDGET (self->decision));
    return;
  }
  self->picked = TRUE;
  select_gate (self, cr_gate_row_get_gate (row));
  gtk_stack_set_visible_child_name (self->detail, "log");
  gtk_widget_grab_focus (GTK_WIDGET (self->log));
}

static void
fill_list (CrRunPage *self)
{
  GListModel *gates = cr_rehearsal_get_gates (self->rehearsal);
  guint total = g_list_model_get_n_items (gates);
  GtkWidget *child;
  CrGateRun *first = NULL;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->list))) != NULL) {
    CrGateRun *gate = CR_IS_GATE_ROW (child) ? cr_gate_row_get_gate (CR_GATE_ROW (child)) : NULL;

    if (gate != NULL)
      g_signal_handlers_disconnect_by_func (gate, gate_changed_cb, self);
    gtk_list_box_remove (self->list, child);
  }
  self->decision_row = NULL;
  g_clear_object (&self->shown);
  for (guint i = 0; i < total; i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);
    GtkWidget *row = cr_gate_row_new (gate, i + 1, total + 1, cr_rehearsal_get_clock (self->rehearsal));

    g_signal_connect_object (row, "open", G_CALLBACK (open_row_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (gate, "notify", G_CALLBACK (gate_changed_cb), self, G_CONNECT_SWAPPED);
    cr_gate_row_set_tiny (CR_GATE_ROW (row), self->tiny);
    gtk_list_box_append (self->list, row);
    if (gate_is_over (gate))
      end_sections (self, gate);
    if (first == NULL || cr_gate_run_get_state (gate) == CR_GATE_RUNNING ||
        (gate_is_over (gate) && cr_gate_run_get_state (gate) != CR_GATE_NOT_RUN))
      first = gate;  /* the list keeps it */
  }
  if (total > 0) {
    self->decision_row = cr_gate_row_new (NULL, total + 1, total + 1, NULL);
    cr_gate_row_set_decision (CR_GATE_ROW (self->decision_row), cr_rehearsal_get_decision (self->rehearsal));
    cr_gate_row_set_tiny (CR_GATE_ROW (self->decision_row), self->tiny);
    g_signal_connect_object (self->decision_row, "open", G_CALLBACK (open_row_cb), self, G_CONNECT_SWAPPED);
    gtk_list_box_append (self->list, self->decision_row);
    if (!self->picked)
      select_gate (self, first);
  }
}

static void
gates_changed_cb (CrRunPage *self)
{
  fill_list (self);
  update_head (self);
  update_time (self);
}

static void
row_selected_cb (CrRunPage *self, GtkListBoxRow *row)
{
  if (row == NULL || !CR_IS_GATE_ROW (row) || cr_gate_row_get_gate (CR_GATE_ROW (row)) == NULL)
    return;
  if (!self->selecting)
    self->picked = cr_gate_run_get_state (cr_gate_row_get_gate (CR_GATE_ROW (row))) != CR_GATE_RUNNING;
  show_gate (self, cr_gate_row_get_gate (CR_GATE_ROW (row)));
}

static void
row_activated_cb (CrRunPage *self, GtkListBoxRow *row)
{
  if (!CR_IS_GATE_ROW (row))
    return;
  if (cr_gate_row_get_gate (CR_GATE_ROW (row)) != NULL)
    gtk_stack_set_visible_child_name (self->detail, "log");
  else if (state_of (self) == CR_REHEARSAL_DECIDED || state_of (self) == CR_REHEARSAL_SEALED)
    open_row_cb (self, CR_GATE_ROW (row));
}

/* ---- the machine's signals ---- */

static void
log_cb (CrRunPage *self, const char *gate, const char *step, int stream, const char *text)
{
  /* Words of the machine before the first gate or after the last one: with the gate on screen */
  if (gate == NULL || *gate == '\0')
    gate = self->shown != NULL ? cr_gate_run_get_id (self->shown) : "precheck";
  cr_log_view_append (self->log, gate, step, (CrLogStream) stream, text);
}

static void
tick_cb (CrRunPage *self)
{
  update_time (self);
}

static void
state_changed_cb (CrRunPage *self)
{
  CrRehearsalState state = state_of (self);
  gboolean running = is_under_way (self);
  const CrDecision *decision = self->rehearsal != NULL ? cr_rehearsal_get_decision (self->rehearsal) : NULL;

  update_sleep (self);
  set_title (self);
  if (self->rehearsal != NULL) {
    update_head (self);
    update_time (self);
  }
  switch (state) {
  case CR_REHEARSAL_WAITING:
    cr_countdown_page_update (self->countdown, self->rehearsal);
    gtk_stack_set_visible_child_name (self->stack, "countdown");
    break;
  case CR_REHEARSAL_DECIDED:
  case CR_REHEARSAL_SEALED:
    if (decision == NULL)
      break;
    if (self->decision_row != NULL)
      cr_gate_row_set_decision (CR_GATE_ROW (self->decision_row), decision);
    if (state == CR_REHEARSAL_DECIDED || self->running)
      update_payloads (self);
    cr_decision_page_set_rehearsal (self->decision, self->rehearsal);
    if (state == CR_REHEARSAL_DECIDED) {
      gtk_stack_set_visible_child_name (self->stack, "decision");
      gtk_widget_grab_focus (GTK_WIDGET (self->decision));
      notify_result (self, decision);
      cr_compat_announce (GTK_WIDGET (self), cr_decision_kind_to_string (decision->kind));
    }
    break;
  case CR_REHEARSAL_IDLE:
  case CR_REHEARSAL_STARTING:
  case CR_REHEARSAL_RUNNING:
    gtk_stack_set_visible_child_name (self->stack, "run");
    break;
  case CR_REHEARSAL_FAILED:  /* cr_rehearsal_run_finish() says why */
  default:
    break;
  }
  if (running != self->running) {
    self->running = running;
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUNNING]);
  }
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_OPEN_ENDED]);
}

static void
show_error (CrRunPage *self, const GError *error)
{
  const char *folder = cr_rehearsal_get_folder (self->rehearsal), *run_id = cr_rehearsal_get_run_id (self->rehearsal);
  const char *heading = _("The Rehearsal Ended With an Error");
  g_autofree char *place = NULL;

  if (g_error_matches (error, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_INPUT))
    heading = _("The Rehearsal Did Not Start");
  else if (g_error_matches (error, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_EVIDENCE))
    heading = _("Evidence Cannot Be Written");
  else if (g_error_matches (error, CR_REHEARSAL_ERROR, CR_REHEARSAL_ERROR_PRACTICE))
    heading = _("The Practice Target Did Not Start");
  gtk_label_set_label (self->error_heading, heading);
  gtk_label_set_label (self->error_text, error->message);
  place = folder != NULL ? g_strdup_printf (_("What was written stays in %s"), folder) : g_strdup (_("No evidence folder was made."));
  gtk_label_set_label (self->error_folder, place);
  g_free (self->error_report);
  self->error_report = g_strdup_printf ("%s\n%s\n%s\nrun_id: %s\nerror: %s %d\n", heading, error->message, place, run_id != NULL ? run_id : "-",
                                        g_quark_to_string (error->domain), error->code);
  gtk_label_set_label (self->error_details, self->error_report);
  gtk_stack_set_visible_child_name (self->stack, "error");
  gtk_widget_grab_focus (self->error_copy);
  cr_compat_announce (GTK_WIDGET (self), error->message);
  notify_operator (self, "result", heading, error->message, TRUE);
}

static void
run_done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRunPage) self = user_data;
  g_autoptr(GError) error = NULL;
  gboolean ran = cr_rehearsal_run_finish (CR_REHEARSAL (source), result, &error);

  if (CR_REHEARSAL (source) != self->rehearsal)
    return;
  state_changed_cb (self);
  if (!ran)
    show_error (self, error);
}

/* ---- what the operator asks for ---- */

static void
copy_error_cb (CrRunPage *self)
{
  if (self->error_report != NULL)
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->error_report);
}

static void
show_gates_cb (CrRunPage *self)
{
  GtkListBoxRow *row;

  gtk_stack_set_visible_child_name (self->stack, "run");
  row = gtk_list_box_get_selected_row (self->list);
  if (row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (row));
}

static void
open_gate_cb (CrRunPage *self, const char *id)
{
  GListModel *gates = cr_rehearsal_get_gates (self->rehearsal);

  for (guint i = 0; i < g_list_model_get_n_items (gates); i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);

    if (g_str_equal (cr_gate_run_get_id (gate), id)) {
      self->picked = TRUE;
      gtk_stack_set_visible_child_name (self->stack, "run");
      select_gate (self, gate);
      gtk_stack_set_visible_child_name (self->detail, "log");
      gtk_widget_grab_focus (GTK_WIDGET (self->log));
    }
  }
}

static void
new_rehearsal_cb (CrRunPage *self)
{
  g_signal_emit (self, signals[SIGNAL_NEW_REHEARSAL], 0);
}

static void
file_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRunPage) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!g_app_info_launch_default_for_uri_finish (result, &error) && self->shown != NULL)
    cr_log_view_append (self->log, cr_gate_run_get_id (self->shown), NULL, CR_LOG_APP, error->message);
}

static void
open_file_cb (CrRunPage *self, const char *id)
{
  CrPlanGate *plan = self->shown != NULL ? cr_gate_run_get_plan (self->shown) : NULL;
  const char *folder = self->rehearsal != NULL ? cr_rehearsal_get_folder (self->rehearsal) : NULL;
  g_autoptr(GFile) file = NULL;
  g_autofree char *uri = NULL;

  if (plan == NULL || folder == NULL || plan->evidence == NULL || plan->evidence[0] == NULL)
    return;
  file = g_file_new_build_filename (folder, plan->evidence[0], NULL);
  uri = g_file_get_uri (file);
  g_app_info_launch_default_for_uri_async (uri, NULL, NULL, file_opened_cb, g_object_ref (self));
}

static void
stop_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrRunPage) self = user_data;
  g_autofree char *answer = cr_compat_ask_finish (result);

  self->asking = FALSE;
  if (g_str_equal (answer, "stop") && is_under_way (self))
    cr_rehearsal_stop (self->rehearsal);
}

static gboolean
search_key_cb (GtkWidget *widget, GVariant *args, gpointer user_data)
{
  CrRunPage *self = CR_RUN_PAGE (widget);

  if (g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "run") != 0)
    return FALSE;
  gtk_stack_set_visible_child_name (self->detail, "log");
  cr_log_view_start_search (self->log);
  return TRUE;
}

/* ---- the page's shape ---- */

static gboolean
relayout_cb (gpointer user_data)
{
  CrRunPage *self = user_data;
  int width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self->paned));

  self->relayout_id = 0;
  gtk_orientable_set_orientation (GTK_ORIENTABLE (self->paned), self->narrow ? GTK_ORIENTATION_VERTICAL : GTK_ORIENTATION_HORIZONTAL);
  gtk_paned_set_position (self->paned, self->narrow ? MAX (height * 45 / 100, 60) : CLAMP (width * 38 / 100, 320, 480));
  gtk_widget_set_visible (GTK_WIDGET (self->phase), !self->tiny);
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->list)); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (CR_IS_GATE_ROW (child))
      cr_gate_row_set_tiny (CR_GATE_ROW (child), self->tiny);
  return G_SOURCE_REMOVE;
}

static void
cr_run_page_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  CrRunPage *self = CR_RUN_PAGE (widget);
  gboolean narrow = width < NARROW, tiny = width < TINY;

  gtk_widget_allocate (GTK_WIDGET (self->stack), width, height, baseline, NULL);
  if (narrow == self->narrow && tiny == self->tiny && self->laid_out)
    return;
  self->narrow = narrow;
  self->tiny = tiny;
  self->laid_out = TRUE;
  if (self->relayout_id == 0)
    self->relayout_id = g_idle_add (relayout_cb, self);  /* not while sizes are being given out */
}

static void
cr_run_page_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline, int *natural_baseline)
{
  gtk_widget_measure (GTK_WIDGET (CR_RUN_PAGE (widget)->stack), orientation, for_size, minimum, natural, minimum_baseline, natural_baseline);
}

static void
cr_run_page_root (GtkWidget *widget)
{
  GtkRoot *root;

  GTK_WIDGET_CLASS (cr_run_page_parent_class)->root (widget);
  root = gtk_widget_get_root (widget);
  if (GTK_IS_WINDOW (root))
    g_signal_connect_object (root, "notify::is-active", G_CALLBACK (window_active_cb), widget, G_CONNECT_SWAPPED);
}

static void
cr_run_page_unroot (GtkWidget *widget)
{
  CrRunPage *self = CR_RUN_PAGE (widget);

  g_signal_handlers_disconnect_by_func (gtk_widget_get_root (widget), window_active_cb, self);
  release_sleep (self);
  GTK_WIDGET_CLASS (cr_run_page_parent_class)->unroot (widget);
}

static void
cr_run_page_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  CrRunPage *self = CR_RUN_PAGE (object);

  switch ((CrRunPageProperty) id) {
  case PROP_TITLE: g_value_set_string (value, self->title); break;
  case PROP_RUNNING: g_value_set_boolean (value, self->running); break;
  case PROP_OPEN_ENDED: g_value_set_boolean (value, state_of (self) == CR_REHEARSAL_DECIDED); break;
  default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
forget_rehearsal (CrRunPage *self)
{
  if (self->rehearsal != NULL) {
    GListModel *gates = cr_rehearsal_get_gates (self->rehearsal);

    for (guint i = 0; i < g_list_model_get_n_items (gates); i++) {
      g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);

      g_signal_handlers_disconnect_by_data (gate, self);
    }
    g_signal_handlers_disconnect_by_data (gates, self);
    g_signal_handlers_disconnect_by_data (self->rehearsal, self);
  }
  g_clear_object (&self->shown);
  g_clear_object (&self->rehearsal);
}

static void
cr_run_page_dispose (GObject *object)
{
  CrRunPage *self = CR_RUN_PAGE (object);

  release_sleep (self);
  g_clear_handle_id (&self->relayout_id, g_source_remove);
  forget_rehearsal (self);
  g_clear_pointer (&self->title, g_free);
  g_clear_pointer (&self->error_report, g_free);
  g_clear_pointer (&self->detail_text, g_free);
  G_OBJECT_CLASS (cr_run_page_parent_class)->dispose (object);
}

static void
cr_run_page_class_init (CrRunPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->dispose = cr_run_page_dispose;
  object_class->get_property = cr_run_page_get_property;
  widget_class->measure = cr_run_page_measure;
  widget_class->size_allocate = cr_run_page_size_allocate;
  widget_class->root = cr_run_page_root;
  widget_class->unroot = cr_run_page_unroot;
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  props[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  props[PROP_OPEN_ENDED] = g_param_spec_boolean ("open-ended", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
  signals[SIGNAL_NEW_REHEARSAL] = g_signal_new ("new-rehearsal", CR_TYPE_RUN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (CR_TYPE_BUFFER_BAND);
  g_type_ensure (CR_TYPE_COUNTDOWN_PAGE);
  g_type_ensure (CR_TYPE_DECISION_PAGE);
  g_type_ensure (CR_TYPE_LOG_VIEW);
  g_type_ensure (CR_TYPE_PAYLOAD_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/ui/cr-run-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, stack);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, head);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, bar);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, progress);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, sleep);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, strip);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, band);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, phase);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, paned);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, list);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, switcher);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, detail);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, log);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, payloads);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, facts);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, copy_details);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, countdown);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, decision);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, error_heading);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, error_text);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, error_folder);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, error_details);
  gtk_widget_class_bind_template_child (widget_class, CrRunPage, error_copy);
  gtk_widget_class_bind_template_callback (widget_class, row_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_file_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_details_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_error_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_gates_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_gate_cb);
  gtk_widget_class_bind_template_callback (widget_class, new_rehearsal_cb);
  gtk_widget_class_bind_template_callback (widget_class, cr_run_page_ask_stop);
  gtk_widget_class_add_binding (widget_class, GDK_KEY_f, GDK_CONTROL_MASK, search_key_cb, NULL);
}

static void
cr_run_page_init (CrRunPage *self)
{
  self->title = g_strdup (_("Rehearsal"));
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_layout_manager (GTK_WIDGET (self), NULL);  /* its place is taken by measure() and size_allocate() */
  cr_buffer_band_set_compact (self->band, TRUE);
  cr_accessible_tidy (GTK_WIDGET (self));
}

GtkWidget *
cr_run_page_new (void)
{
  return g_object_new (CR_TYPE_RUN_PAGE, NULL);
}

void
cr_run_page_set_rehearsal (CrRunPage *self, CrRehearsal *rehearsal)
{
  g_return_if_fail (CR_IS_RUN_PAGE (self) && (rehearsal == NULL || CR_IS_REHEARSAL (rehearsal)));

  if (rehearsal == self->rehearsal)
    return;
  forget_rehearsal (self);
  cr_log_view_clear (self->log);
  self->picked = FALSE;
  gtk_stack_set_visible_child_name (self->detail, "log");
  if (rehearsal != NULL) {
    self->rehearsal = g_object_ref (rehearsal);
    g_signal_connect_object (rehearsal, "log", G_CALLBACK (log_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (rehearsal, "tick", G_CALLBACK (tick_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (rehearsal, "notify::state", G_CALLBACK (state_changed_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (cr_rehearsal_get_gates (rehearsal), "items-changed", G_CALLBACK (gates_changed_cb), self, G_CONNECT_SWAPPED);
    fill_list (self);
    update_payloads (self);
  }
  state_changed_cb (self);
}

CrRehearsal *
cr_run_page_get_rehearsal (CrRunPage *self)
{
  g_return_val_if_fail (CR_IS_RUN_PAGE (self), NULL);
  return self->rehearsal;
}

void
cr_run_page_start (CrRunPage *self)
{
  g_return_if_fail (CR_IS_RUN_PAGE (self) && state_of (self) == CR_REHEARSAL_IDLE && self->rehearsal != NULL);
  cr_rehearsal_run_async (self->rehearsal, run_done_cb, g_object_ref (self));
}

void
cr_run_page_ask_stop (CrRunPage *self)
{
  const CrCompatResponse responses[] = {
    { "cancel", _("_Keep Running"), ADW_RESPONSE_DEFAULT },
    { "stop", _("_Stop Rehearsal"), ADW_RESPONSE_DESTRUCTIVE },
    { NULL, NULL, ADW_RESPONSE_DEFAULT }
  };

  g_return_if_fail (CR_IS_RUN_PAGE (self));

  if (!is_under_way (self) || self->asking || get_window (self) == NULL)
    return;
  self->asking = TRUE;
  cr_compat_ask_async (get_window (self), _("Stop the Rehearsal?"),
                       _("The command on the jumpbox cannot be cancelled and may still finish. The decision will be NO_GO."), NULL, responses, NULL,
                       "cancel", stop_answered_cb, g_object_ref (self));
}

void
cr_run_page_show_failed_gate (CrRunPage *self)
{
  const CrDecision *decision;
  GListModel *gates;

  g_return_if_fail (CR_IS_RUN_PAGE (self));

  decision = self->rehearsal != NULL ? cr_rehearsal_get_decision (self->rehearsal) : NULL;
  if (decision == NULL || decision->first_gate < 0)
    return;
  gates = cr_rehearsal_get_gates (self->rehearsal);
  if ((guint) decision->first_gate < g_list_model_get_n_items (gates)) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, (guint) decision->first_gate);

    open_gate_cb (self, cr_gate_run_get_id (gate));
  }
}

void
cr_run_page_show_detail (CrRunPage *self, const char *name)
{
  g_return_if_fail (CR_IS_RUN_PAGE (self) && name != NULL);

  if (self->rehearsal == NULL || gtk_stack_get_child_by_name (self->detail, name) == NULL)
    return;
  gtk_stack_set_visible_child_name (self->stack, "run");
  gtk_stack_set_visible_child_name (self->detail, name);
  if (g_str_equal (name, "log"))
    gtk_widget_grab_focus (GTK_WIDGET (self->log));
  else  /* it may have been on the page that is gone, and with no focus no key would come here */
    gtk_widget_child_focus (gtk_stack_get_visible_child (self->detail), GTK_DIR_TAB_FORWARD);
}
