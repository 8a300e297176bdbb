/* cr-gate-row.c: one line of the timeline. It renders and never decides: everything shown comes from the gate's own properties.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-gate-row.h"
#include <glib/gi18n.h>

struct _CrGateRow {
  GtkListBoxRow parent_instance;

  CrGateRun *gate;      /* (owned) (nullable): NULL for the decision */
  CrClock   *clock;     /* (owned) (nullable) */
  guint      position;  /* from 1 */
  guint      total;
  char      *style;     /* (owned) (nullable): state class in use */

  GtkImage  *icon;
  GtkLabel  *index;
  GtkLabel  *title;
  GtkLabel  *word;
  GtkLabel  *fact;
  GtkLabel  *duration;
  GtkButton *open;
};

G_DEFINE_FINAL_TYPE (CrGateRow, cr_gate_row, GTK_TYPE_LIST_BOX_ROW)

typedef enum { SIGNAL_OPEN, N_SIGNALS } CrGateRowSignal;
static guint signals[N_SIGNALS];

static const struct {
  const char *word, *spoken, *icon, *style;
} states[] = {
  /* Translators: states of a gate, shown in the timeline; the second of each pair is spoken inside a longer sentence */
  [CR_GATE_PENDING]   = { NC_("gate state", "Pending"), NC_("gate state, spoken", "pending"), "cr-gate-pending-symbolic", "dim-label" },
  [CR_GATE_WAITING]   = { NC_("gate state", "Waiting for T_cutover"), NC_("gate state, spoken", "waiting for T_cutover"), "cr-gate-waiting-symbolic", "dim-label" },
  [CR_GATE_RUNNING]   = { NC_("gate state", "Running"), NC_("gate state, spoken", "running"), "cr-gate-running-symbolic", "accent" },
  [CR_GATE_PASSED]    = { NC_("gate state", "Passed"), NC_("gate state, spoken", "passed"), "cr-gate-passed-symbolic", "success" },
  [CR_GATE_UNPROVEN]  = { NC_("gate state", "Not Proven"), NC_("gate state, spoken", "not proven"), "cr-gate-unproven-symbolic", "warning" },
  [CR_GATE_FAILED]    = { NC_("gate state", "Failed"), NC_("gate state, spoken", "failed"), "cr-gate-failed-symbolic", "error" },
  [CR_GATE_TIMED_OUT] = { NC_("gate state", "Timed Out"), NC_("gate state, spoken", "timed out"), "cr-gate-timed-out-symbolic", "error" },
  [CR_GATE_BLOCKED]   = { NC_("gate state", "Environment Blocked"), NC_("gate state, spoken", "environment blocked"), "cr-gate-blocked-symbolic", "warning" },
  [CR_GATE_NOT_RUN]   = { NC_("gate state", "Not Run"), NC_("gate state, spoken", "not run"), "cr-gate-not-run-symbolic", "dim-label" },
  [CR_GATE_STOPPED]   = { NC_("gate state", "Stopped"), NC_("gate state, spoken", "stopped"), "cr-gate-stopped-symbolic", "warning" },
};

const char *
cr_gate_state_word (CrGateState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), "");
  return g_dpgettext2 (NULL, "gate state", states[state].word);
}

const char *
cr_gate_state_icon (CrGateState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), "");
  return states[state].icon;
}

const char *
cr_gate_state_style (CrGateState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), "");
  return states[state].style;
}

char *
cr_duration_short (gint64 microseconds)
{
  gint64 seconds = MAX (microseconds, 0) / G_USEC_PER_SEC;

  if (seconds >= 3600)
    return g_strdup_printf ("%" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT, seconds / 3600, seconds / 60 % 60, seconds % 60);
  return g_strdup_printf ("%" G_GINT64_FORMAT ":%02" G_GINT64_FORMAT, seconds / 60, seconds % 60);
}

char *
cr_duration_words (gint64 microseconds)
{
  gint64 total = MAX (microseconds, 0) / G_USEC_PER_SEC;
  guint minutes = (guint) MIN (total / 60, G_MAXINT), seconds = (guint) (total % 60);
  g_autofree char *first = g_strdup_printf (ngettext ("%u minute", "%u minutes", minutes), minutes);
  g_autofree char *second = g_strdup_printf (ngettext ("%u second", "%u seconds", seconds), seconds);

  if (minutes == 0)
    return g_steal_pointer (&second);
  if (seconds == 0)
    return g_steal_pointer (&first);
  /* Translators: "3 minutes" and "10 seconds", one after the other */
  return g_strdup_printf (C_("duration", "%s %s"), first, second);
}

static void
show_state (CrGateRow *self, const char *icon, const char *style, const char *word, const char *fact)
{
  gtk_image_set_from_icon_name (self->icon, icon);
  if (self->style != NULL) {
    gtk_widget_remove_css_class (GTK_WIDGET (self->icon), self->style);
    gtk_widget_remove_css_class (GTK_WIDGET (self->word), self->style);
    g_clear_pointer (&self->style, g_free);
  }
  self->style = g_strdup (style);
  gtk_widget_add_css_class (GTK_WIDGET (self->icon), style);
  gtk_widget_add_css_class (GTK_WIDGET (self->word), style);
  gtk_label_set_label (self->word, word);
  gtk_label_set_label (self->fact, fact != NULL ? fact : "");
  gtk_widget_set_visible (GTK_WIDGET (self->fact), fact != NULL && *fact != '\0');
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->fact), fact);
}

/* The whole row in one sentence (ux 3.12, rule 3), because the row is one node for assistive technology */
static void
describe_gate (CrGateRow *self, CrGateState state, gint64 elapsed)
{
  CrGateVerdict *verdict = cr_gate_run_get_verdict (self->gate);
  const char *exit_code = verdict != NULL ? verdict->exit_code : NULL;
  const char *fact = cr_gate_run_get_fact (self->gate);
  g_autoptr(GString) text = g_string_new (NULL);

  /* Translators: "Gate 3 of 7, Backfill, failed" */
  g_string_printf (text, _("Gate %u of %u, %s, %s"), self->position, self->total, cr_gate_run_get_title (self->gate),
                   g_dpgettext2 (NULL, "gate state, spoken", states[state].spoken));
  if (exit_code != NULL && !g_str_equal (exit_code, "not_run")) {
    g_string_append (text, ", ");
    g_string_append_printf (text, _("exit code %s"), exit_code);
  }
  /* A running gate's seconds are left out: the name would change each second and be spoken again and again */
  if (elapsed >= 0 && state != CR_GATE_RUNNING) {
    g_autofree char *words = cr_duration_words (elapsed);

    g_string_append_printf (text, ", %s", words);
  }
  if (fact != NULL && *fact != '\0')
    g_string_append_printf (text, ", %s", fact);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text->str, -1);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_STATE_BUSY, state == CR_GATE_RUNNING, -1);
}

static gint64
elapsed_time (CrGateRow *self)
{
  gint64 started = cr_gate_run_get_started (self->gate), ended = cr_gate_run_get_ended (self->gate);

  if (started == 0)
    return -1;
  if (ended == 0)
    ended = self->clock != NULL ? cr_clock_now (self->clock) : started;
  return MAX (ended - started, 0);
}

static void
update (CrGateRow *self)
{
  CrGateState state = cr_gate_run_get_state (self->gate);
  gint64 elapsed = elapsed_time (self);
  const char *fact = cr_gate_run_get_fact (self->gate);

  if (state == CR_GATE_RUNNING && cr_gate_run_get_current_step (self->gate) != NULL)
    fact = _(cr_gate_run_get_current_step (self->gate));  /* N_("Waiting for the jumpbox"), or a title of the plan */
  show_state (self, cr_gate_state_icon (state), cr_gate_state_style (state), cr_gate_state_word (state), fact);
  if (state == CR_GATE_RUNNING)
    gtk_widget_add_css_class (GTK_WIDGET (self), "running");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "running");
  describe_gate (self, state, elapsed);
  cr_gate_row_tick (self);
}

static void
open_clicked_cb (CrGateRow *self)
{
  g_signal_emit (self, signals[SIGNAL_OPEN], 0);
}

static void
cr_gate_row_dispose (GObject *object)
{
  CrGateRow *self = CR_GATE_ROW (object);

  if (self->gate != NULL)
    g_signal_handlers_disconnect_by_data (self->gate, self);
  g_clear_object (&self->gate);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->style, g_free);
  G_OBJECT_CLASS (cr_gate_row_parent_class)->dispose (object);
}

static void
cr_gate_row_class_init (CrGateRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_gate_row_dispose;
  signals[SIGNAL_OPEN] = g_signal_new ("open", CR_TYPE_GATE_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/ui/cr-gate-row.ui");
  gtk_widget_class_bind_template_child (widget_class, CrGateRow, icon);
  gtk_widget_class_bind_template_child (widget_class, CrGateRow, index);
  gtk_widget_class_bind_template_child (widget_class, CrGateRow, title);
  gtk_widget_class_bind_template_child (widget_class, CrGateRow, word);
  gtk_widget_class_bind_template_child (widget_class, CrGateRow, fact);
  gtk_widget_class_bind_template_child (widget_class, CrGateRow, duration);
  gtk_widget_class_bind_template_child (widget_class, CrGateRow, open);
  gtk_widget_class_bind_template_callback (widget_class, open_clicked_cb);
}

static void
cr_gate_row_init (CrGateRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
cr_gate_row_new (CrGateRun *gate, guint index, guint total, CrClock *clock)
{
  CrGateRow *self = g_object_new (CR_TYPE_GATE_ROW, NULL);
  g_autofree char *number = g_strdup_printf ("%u", index);

  self->position = index;
  self->total = total;
  g_set_object (&self->clock, clock);
  gtk_label_set_label (self->index, number);
  if (gate != NULL) {
    g_autofree char *label = NULL;

    self->gate = g_object_ref (gate);
    gtk_label_set_label (self->title, cr_gate_run_get_title (gate));
    /* Translators: name of a button for assistive technology; %s is a gate such as Backfill */
    label = g_strdup_printf (_("Open Log of %s"), cr_gate_run_get_title (gate));
    gtk_accessible_update_property (GTK_ACCESSIBLE (self->open), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
    g_signal_connect_object (gate, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
    update (self);
  } else {
    gtk_label_set_label (self->title, _("Decision"));
    gtk_button_set_label (self->open, _("Show"));
    gtk_accessible_update_property (GTK_ACCESSIBLE (self->open), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Show Decision"), -1);
    cr_gate_row_set_decision (self, NULL);
  }
  return GTK_WIDGET (self);
}

CrGateRun *
cr_gate_row_get_gate (CrGateRow *self)
{
  g_return_val_if_fail (CR_IS_GATE_ROW (self), NULL);
  return self->gate;
}

void
cr_gate_row_tick (CrGateRow *self)
{
  gint64 elapsed;

  g_return_if_fail (CR_IS_GATE_ROW (self));

  if (self->gate == NULL)
    return;
  elapsed = elapsed_time (self);
  if (elapsed >= 0) {
    g_autofree char *text = cr_duration_short (elapsed);

    gtk_label_set_label (self->duration, text);
  } else {
    gtk_label_set_label (self->duration, "");
  }
}

void
cr_gate_row_set_tiny (CrGateRow *self, gboolean tiny)
{
  g_return_if_fail (CR_IS_GATE_ROW (self));
  gtk_widget_set_visible (GTK_WIDGET (self->open), !tiny);
}

void
cr_gate_row_set_decision (CrGateRow *self, const CrDecision *decision)
{
  g_autofree char *label = NULL;

  g_return_if_fail (CR_IS_GATE_ROW (self) && self->gate == NULL);

  if (decision == NULL) {
    show_state (self, cr_gate_state_icon (CR_GATE_PENDING), "dim-label", cr_gate_state_word (CR_GATE_PENDING), NULL);
    label = g_strdup_printf (_("Step %u of %u, Decision, pending"), self->position, self->total);
  } else {
    gboolean go = decision->kind == CR_DECISION_GO;

    show_state (self, go ? "cr-decision-go-symbolic" : "cr-decision-no-go-symbolic", go ? "success" : "error",
                cr_decision_kind_to_string (decision->kind), go ? NULL : cr_classification_to_string (decision->classification));
    label = g_strdup_printf (_("Step %u of %u, Decision, %s"), self->position, self->total, cr_decision_kind_to_string (decision->kind));
  }
  gtk_widget_set_sensitive (GTK_WIDGET (self->open), decision != NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}
