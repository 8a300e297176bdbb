/* cr-closing-form.c: what the operator adds to a decision before the folder is sealed. The rules are cr_closing_check()'s; the form only shows what it says.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-closing-form.h"
#include <glib/gi18n.h>

struct _CrClosingForm {
  AdwBin parent_instance;

  CrDecision  decision;  /* kind and classification only */
  CrClock    *clock;     /* (owned) (nullable): NULL until set up */
  gboolean    filling;
  char       *owner_text, *retry_text, *retry_reason_text, *unblock_text, *notes_text, *reason_text;  /* (owned): behind cr_closing_form_get() */

  GtkWidget   *classification_box;
  GtkDropDown *classification;
  GtkWidget   *reason_box;
  GtkEditable *reason;
  GtkEditable *owner;
  GtkWidget   *no_go_box;
  GtkCheckButton *retry_at;
  GtkWidget   *retry_time_box;
  GtkEditable *retry_time;
  GtkLabel    *retry_local;
  GtkWidget   *earlier;
  GtkWidget   *later;
  GtkCheckButton *retry_none;
  GtkEditable *retry_reason;
  GtkTextView *unblock;
  GtkTextView *notes;
  GtkLabel    *problem;
};

G_DEFINE_FINAL_TYPE (CrClosingForm, cr_closing_form, ADW_TYPE_BIN)

typedef enum { SIGNAL_CHANGED, N_SIGNALS } CrClosingFormSignal;
static guint signals[N_SIGNALS];

/* The first item is CR_CLASS_ENVIRONMENT_BLOCKED: NONE is no choice on a NO_GO */
static const CrClassification choices[] = {
  CR_CLASS_ENVIRONMENT_BLOCKED, CR_CLASS_MIGRATION_FAILED, CR_CLASS_BACKFILL_FAILED, CR_CLASS_SYNC_FAILED, CR_CLASS_SMOKE_FAILED,
  CR_CLASS_IDEMPOTENCY_FAILED
};

gint64
cr_next_working_hour (gint64 now, GTimeZone *zone)
{
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc (now + 3600);
  g_autoptr(GDateTime) local = utc != NULL ? g_date_time_to_timezone (utc, zone) : NULL;

  if (local == NULL)
    return now + 3600;
  if (g_date_time_get_minute (local) != 0 || g_date_time_get_second (local) != 0) {
    GDateTime *hour = g_date_time_add_full (local, 0, 0, 0, 1, -g_date_time_get_minute (local), -g_date_time_get_seconds (local));

    g_date_time_unref (local);
    local = hour;
  }
  for (guint i = 0; i < 24 * 8; i++) {
    int day = g_date_time_get_day_of_week (local), hour = g_date_time_get_hour (local);
    GDateTime *next;

    if (day <= 5 && hour >= 9 && hour <= 17)
      break;
    next = g_date_time_add_hours (local, 1);
    g_date_time_unref (local);
    local = next;
  }
  return g_date_time_to_unix (local);
}

static char *
take_text (GtkTextView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextIter start, end;
  char *text;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
  return g_strstrip (text);
}

static char *
take_entry (GtkEditable *entry)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (entry)));
}

/* An empty answer is no answer */
static const char *
or_null (const char *text)
{
  return text != NULL && *text != '\0' ? text : NULL;
}

static void
update (CrClosingForm *self)
{
  g_autoptr(GError) error = NULL;
  gboolean no_go = self->decision.kind == CR_DECISION_NO_GO;
  gboolean at_time = gtk_check_button_get_active (self->retry_at);
  CrClosing closing;
  gint64 seconds;
  gboolean good;

  if (self->filling || self->clock == NULL)
    return;
  gtk_widget_set_visible (self->classification_box, no_go);
  gtk_widget_set_visible (self->no_go_box, no_go);
  gtk_widget_set_visible (self->reason_box, no_go && choices[gtk_drop_down_get_selected (self->classification)] != self->decision.classification);
  gtk_widget_set_sensitive (self->retry_time_box, at_time);
  gtk_widget_set_visible (GTK_WIDGET (self->retry_reason), !at_time);
  if (at_time && cr_time_parse_utc (gtk_editable_get_text (self->retry_time), &seconds, NULL)) {
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local (seconds);
    g_autofree char *local = g_date_time_format (date, "%F %H:%M %Z");
    /* Translators: a moment in the time zone of this computer */
    g_autofree char *text = g_strdup_printf (_("%s (your time)"), local);

    gtk_label_set_label (self->retry_local, text);
  } else {
    gtk_label_set_label (self->retry_local, "");
  }
  good = cr_closing_form_get (self, &closing, &error);
  gtk_label_set_label (self->problem, good ? "" : error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->problem), !good);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
step_retry (CrClosingForm *self, gint64 by)
{
  gint64 seconds, now = cr_clock_seconds (self->clock);
  g_autofree char *text = NULL;

  if (cr_time_parse_utc (gtk_editable_get_text (self->retry_time), &seconds, NULL))
    seconds += by;
  else
    seconds = (now / 3600 + 1) * 3600;
  if (seconds <= now)
    seconds = (now / 3600 + 1) * 3600;
  text = cr_time_format_utc (seconds);
  gtk_editable_set_text (self->retry_time, text);
}

static void
earlier_cb (CrClosingForm *self)
{
  step_retry (self, -3600);
}

static void
later_cb (CrClosingForm *self)
{
  step_retry (self, 3600);
}

static void
cr_closing_form_dispose (GObject *object)
{
  CrClosingForm *self = CR_CLOSING_FORM (object);

  g_clear_object (&self->clock);
  G_OBJECT_CLASS (cr_closing_form_parent_class)->dispose (object);
}

static void
cr_closing_form_finalize (GObject *object)
{
  CrClosingForm *self = CR_CLOSING_FORM (object);

  g_free (self->owner_text);
  g_free (self->retry_text);
  g_free (self->retry_reason_text);
  g_free (self->unblock_text);
  g_free (self->notes_text);
  g_free (self->reason_text);
  G_OBJECT_CLASS (cr_closing_form_parent_class)->finalize (object);
}

static void
cr_closing_form_class_init (CrClosingFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_closing_form_dispose;
  G_OBJECT_CLASS (klass)->finalize = cr_closing_form_finalize;
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", CR_TYPE_CLOSING_FORM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/ui/cr-closing-form.ui");
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, classification_box);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, classification);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, reason_box);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, reason);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, owner);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, no_go_box);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, retry_at);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, retry_time_box);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, retry_time);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, retry_local);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, earlier);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, later);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, retry_none);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, retry_reason);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, unblock);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, notes);
  gtk_widget_class_bind_template_child (widget_class, CrClosingForm, problem);
  gtk_widget_class_bind_template_callback (widget_class, earlier_cb);
  gtk_widget_class_bind_template_callback (widget_class, later_cb);
}

static void
cr_closing_form_init (CrClosingForm *self)
{
  g_autoptr(GtkStringList) names = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    gtk_string_list_append (names, cr_classification_to_string (choices[i]));
  gtk_drop_down_set_model (self->classification, G_LIST_MODEL (names));
  gtk_widget_set_direction (GTK_WIDGET (self->retry_time), GTK_TEXT_DIR_LTR);
  /* pictures, not words: GTK 4.8 lost the names of buttons with the labels "−1 h" and "+1 h" */
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->earlier), GTK_ACCESSIBLE_PROPERTY_LABEL, _("One Hour Earlier"), -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->later), GTK_ACCESSIBLE_PROPERTY_LABEL, _("One Hour Later"), -1);
  g_signal_connect_object (self->classification, "notify::selected", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->reason, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->owner, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->retry_at, "toggled", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->retry_time, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->retry_reason, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_text_view_get_buffer (self->unblock), "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_text_view_get_buffer (self->notes), "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
}

GtkWidget *
cr_closing_form_new (void)
{
  return g_object_new (CR_TYPE_CLOSING_FORM, NULL);
}

void
cr_closing_form_set_up (CrClosingForm *self, const CrDecision *decision, CrClock *clock, const char *owner, const char *retry_at, const char *unblock)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_local ();
  g_autofree char *suggestion = NULL;
  gint64 seconds;

  g_return_if_fail (CR_IS_CLOSING_FORM (self) && decision != NULL && CR_IS_CLOCK (clock));

  self->filling = TRUE;
  self->decision = (CrDecision) { .kind = decision->kind, .classification = decision->classification, .first_gate = decision->first_gate };
  g_set_object (&self->clock, clock);
  for (guint i = 0; i < G_N_ELEMENTS (choices); i++)
    if (choices[i] == decision->classification)
      gtk_drop_down_set_selected (self->classification, i);
  gtk_editable_set_text (self->reason, "");
  gtk_editable_set_text (self->owner, owner != NULL ? owner : "");
  if (retry_at != NULL && cr_time_parse_utc (retry_at, &seconds, NULL) && seconds > cr_clock_seconds (clock))
    suggestion = g_strdup (retry_at);
  else
    suggestion = cr_time_format_utc (cr_next_working_hour (cr_clock_seconds (clock), zone));
  gtk_editable_set_text (self->retry_time, suggestion);
  gtk_check_button_set_active (self->retry_at, TRUE);
  gtk_editable_set_text (self->retry_reason, "");
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->unblock), unblock != NULL ? unblock : "", -1);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->notes), "", -1);
  self->filling = FALSE;
  update (self);
}

gboolean
cr_closing_form_get (CrClosingForm *self, CrClosing *closing, GError **error)
{
  gboolean no_go, at_time;

  g_return_val_if_fail (CR_IS_CLOSING_FORM (self) && closing != NULL && self->clock != NULL, FALSE);

  no_go = self->decision.kind == CR_DECISION_NO_GO;
  at_time = gtk_check_button_get_active (self->retry_at);
  g_free (self->owner_text);
  self->owner_text = take_entry (self->owner);
  g_free (self->retry_text);
  self->retry_text = no_go && at_time ? take_entry (self->retry_time) : g_strdup ("N/A");
  g_free (self->retry_reason_text);
  self->retry_reason_text = take_entry (self->retry_reason);
  g_free (self->unblock_text);
  self->unblock_text = take_text (self->unblock);
  g_free (self->notes_text);
  self->notes_text = take_text (self->notes);
  g_free (self->reason_text);
  self->reason_text = take_entry (self->reason);

  *closing = (CrClosing) { .owner = self->owner_text, .retry_at = self->retry_text, .classification = CR_CLASS_NONE };
  if (no_go) {
    closing->classification = choices[gtk_drop_down_get_selected (self->classification)];
    if (closing->classification != self->decision.classification)
      closing->classification_reason = or_null (self->reason_text);
    if (!at_time)
      closing->retry_reason = or_null (self->retry_reason_text);
    closing->unblock = or_null (self->unblock_text);
    closing->notes = or_null (self->notes_text);
  }
  return cr_closing_check (closing, &self->decision, cr_clock_seconds (self->clock), error);
}
