/* cr-evidence-page.c: an evidence folder read back: decision, verdicts, problems; changes nothing
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-evidence-page.h"
#include "../core/cr-text.h"

struct _CrEvidencePage {
  AdwBin               parent_instance;
  GtkImage            *decision_icon;  /* template children, as the labels and groups */
  GtkLabel            *decision_label, *sentence_label;
  AdwPreferencesGroup *folder_group, *gates_group, *problems_group;
  GtkButton           *open_button;
  char                *path;           /* (owned) (nullable) */
  GPtrArray           *rows;           /* (owned): pairs of group and row (borrowed) */
};

G_DEFINE_FINAL_TYPE (CrEvidencePage, cr_evidence_page, ADW_TYPE_BIN)

static AdwActionRow *
add_row (CrEvidencePage *self, AdwPreferencesGroup *group, const char *title, const char *text, const char *icon_name, const char *icon_class)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *shown = cr_text_display_line (text != NULL ? text : "", -1, 600);
  g_autofree char *shown_title = cr_text_display_line (title, -1, 300);
  g_autofree char *safe = g_markup_escape_text (shown, -1);
  g_autofree char *safe_title = g_markup_escape_text (shown_title, -1);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), safe_title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), safe);
  if (*shown != '\0')
    gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, shown, -1);
  if (icon_name != NULL) {
    GtkWidget *icon = gtk_image_new_from_icon_name (icon_name);
    gtk_widget_add_css_class (icon, icon_class);
    adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
  }
  adw_preferences_group_add (group, row);
  g_ptr_array_add (self->rows, group);
  g_ptr_array_add (self->rows, row);
  gtk_widget_set_visible (GTK_WIDGET (group), TRUE);
  return ADW_ACTION_ROW (row);
}

static void
clear (CrEvidencePage *self)
{
  for (guint i = 0; i + 1 < self->rows->len; i += 2)
    adw_preferences_group_remove (g_ptr_array_index (self->rows, i), g_ptr_array_index (self->rows, i + 1));
  g_ptr_array_set_size (self->rows, 0);
}

static void
add_verdict (CrEvidencePage *self, CrPlan *plan, CrGateVerdict *verdict)
{
  static const struct { const char *icon, *css; } looks[] = {
    [CR_VERDICT_NOT_RUN] = { "cr-gate-not-run-symbolic", "dim-label" },
    [CR_VERDICT_PASS] = { "cr-gate-passed-symbolic", "success" },
    [CR_VERDICT_FAIL] = { "cr-gate-failed-symbolic", "error" },
    [CR_VERDICT_UNPROVEN] = { "cr-gate-unproven-symbolic", "warning" },
    [CR_VERDICT_BLOCKED] = { "cr-gate-blocked-symbolic", "warning" },
  };
  CrPlanGate *gate = plan != NULL ? cr_plan_find_gate (plan, verdict->gate, NULL) : NULL;
  g_autofree char *title = g_strdup_printf ("%s: %s", gate != NULL ? gate->title : verdict->gate, cr_verdict_to_string (verdict->verdict));

  add_row (self, self->gates_group, title, verdict->reason != NULL ? verdict->reason : verdict->fact, looks[verdict->verdict].icon,
           looks[verdict->verdict].css);
}

static void
open_clicked_cb (CrEvidencePage *self)
{
  g_autofree char *uri = self->path != NULL ? g_filename_to_uri (self->path, NULL, NULL) : NULL;

  if (uri != NULL)
    g_app_info_launch_default_for_uri_async (uri, NULL, NULL, NULL, NULL);
}

static void
cr_evidence_page_dispose (GObject *object)
{
  CrEvidencePage *self = CR_EVIDENCE_PAGE (object);

  g_ptr_array_set_size (self->rows, 0);
  gtk_widget_dispose_template (GTK_WIDGET (self), CR_TYPE_EVIDENCE_PAGE);
  G_OBJECT_CLASS (cr_evidence_page_parent_class)->dispose (object);
}

static void
cr_evidence_page_finalize (GObject *object)
{
  CrEvidencePage *self = CR_EVIDENCE_PAGE (object);

  g_ptr_array_unref (self->rows);
  g_free (self->path);
  G_OBJECT_CLASS (cr_evidence_page_parent_class)->finalize (object);
}

static void
cr_evidence_page_class_init (CrEvidencePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_evidence_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cr_evidence_page_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/cr-evidence-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrEvidencePage, decision_icon);
  gtk_widget_class_bind_template_child (widget_class, CrEvidencePage, decision_label);
  gtk_widget_class_bind_template_child (widget_class, CrEvidencePage, sentence_label);
  gtk_widget_class_bind_template_child (widget_class, CrEvidencePage, folder_group);
  gtk_widget_class_bind_template_child (widget_class, CrEvidencePage, gates_group);
  gtk_widget_class_bind_template_child (widget_class, CrEvidencePage, problems_group);
  gtk_widget_class_bind_template_child (widget_class, CrEvidencePage, open_button);
  gtk_widget_class_bind_template_callback (widget_class, open_clicked_cb);
}

static void
cr_evidence_page_init (CrEvidencePage *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
cr_evidence_page_new (void)
{
  return g_object_new (CR_TYPE_EVIDENCE_PAGE, NULL);
}

void
cr_evidence_page_set_reading (CrEvidencePage *self, CrEvidenceReading *reading)
{
  gboolean go = reading->decision.kind == CR_DECISION_GO;
  GHashTable *summary = g_hash_table_lookup (reading->heads, "99_summary.md");
  static const char *const shown_keys[] = { "mode", "owner", "t_cutover_utc", "started_at_utc", "ended_at_utc", "retry_at_utc", "unblock_criteria" };

  g_return_if_fail (CR_IS_EVIDENCE_PAGE (self));

  clear (self);
  g_free (self->path);
  self->path = g_strdup (reading->path);
  gtk_image_set_from_icon_name (self->decision_icon, go ? "cr-decision-go-symbolic" : "cr-decision-no-go-symbolic");
  gtk_widget_remove_css_class (GTK_WIDGET (self->decision_icon), go ? "error" : "success");
  gtk_widget_add_css_class (GTK_WIDGET (self->decision_icon), go ? "success" : "error");
  gtk_label_set_label (self->decision_label, cr_decision_kind_to_string (reading->decision.kind));
  {
    g_autofree char *sentence = cr_text_display_line (reading->decision.sentence != NULL ? reading->decision.sentence : "", -1, 600);
    gtk_label_set_label (self->sentence_label, sentence);
  }
  add_row (self, self->folder_group, _("Folder"), reading->path, NULL, NULL);
  add_row (self, self->folder_group, _("Failure classification"), cr_classification_to_string (reading->decision.classification), NULL, NULL);
  for (guint i = 0; summary != NULL && i < G_N_ELEMENTS (shown_keys); i++) {
    const char *value = g_hash_table_lookup (summary, shown_keys[i]);
    if (value != NULL && *value != '\0')
      add_row (self, self->folder_group, shown_keys[i], value, NULL, NULL);
  }
  gtk_widget_set_visible (GTK_WIDGET (self->gates_group), reading->verdicts != NULL && reading->verdicts->len > 0);
  for (guint i = 0; reading->verdicts != NULL && i < reading->verdicts->len; i++)
    add_verdict (self, reading->plan, g_ptr_array_index (reading->verdicts, i));
  gtk_widget_set_visible (GTK_WIDGET (self->problems_group), FALSE);
  for (guint i = 0; reading->problems != NULL && i < reading->problems->len; i++)
    add_row (self, self->problems_group, g_ptr_array_index (reading->problems, i), NULL, "dialog-warning-symbolic", "warning");
  gtk_widget_grab_focus (GTK_WIDGET (self->open_button));
}
