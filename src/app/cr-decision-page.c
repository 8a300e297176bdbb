/* cr-decision-page.c: GO or NO_GO, why, what it rests on, and what is still to be said before the folder is sealed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-decision-page.h"
#include "cr-closing-form.h"
#include "cr-compat.h"
#include "cr-gate-row.h"
#include <glib/gi18n.h>

struct _CrDecisionPage {
  AdwBin parent_instance;

  CrRehearsal   *rehearsal;  /* (owned) (nullable) */
  GtkWidget     *files_row;  /* (borrowed) (nullable): the last criterion */
  gboolean       sealing;

  GtkImage      *icon;
  GtkLabel      *word;
  GtkLabel      *sentence;
  GtkLabel      *classification;
  GtkBox        *criteria;
  GtkLabel      *folder;
  GtkWidget     *form_box;
  CrClosingForm *form;
  GtkLabel      *seal_error;
  GtkWidget     *write;
  GtkWidget     *sealed_box;
  GtkLabel      *said;
  GtkLabel      *sealed_status;
  GtkWidget     *open_folder;
  GtkWidget     *copy_summary;
  GtkWidget     *again;
};

G_DEFINE_FINAL_TYPE (CrDecisionPage, cr_decision_page, ADW_TYPE_BIN)

typedef enum { SIGNAL_OPEN_GATE, SIGNAL_NEW_REHEARSAL, SIGNAL_SEALED, N_SIGNALS } CrDecisionPageSignal;
static guint signals[N_SIGNALS];

static void
launched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrDecisionPage) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!g_app_info_launch_default_for_uri_finish (result, &error)) {
    /* Translators: %s is the system's reason */
    g_autofree char *text = g_strdup_printf (_("It could not be opened: %s. The path above can be copied."), error->message);

    gtk_label_set_label (self->seal_error, text);
    gtk_widget_set_visible (GTK_WIDGET (self->seal_error), TRUE);
    gtk_label_set_label (self->sealed_status, text);
  }
}

static void
open_path (CrDecisionPage *self, const char *path)
{
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autofree char *uri = g_file_get_uri (file);

  g_app_info_launch_default_for_uri_async (uri, NULL, NULL, launched_cb, g_object_ref (self));
}

static void
gate_clicked_cb (GtkButton *button, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_OPEN_GATE], 0, g_object_get_data (G_OBJECT (button), "gate"));
}

static void
file_clicked_cb (GtkButton *button, gpointer user_data)
{
  CrDecisionPage *self = user_data;
  const char *folder = self->rehearsal != NULL ? cr_rehearsal_get_folder (self->rehearsal) : NULL;
  g_autofree char *path = NULL;

  if (folder == NULL)
    return;
  path = g_build_filename (folder, g_object_get_data (G_OBJECT (button), "file"), NULL);
  open_path (self, path);
}

static GtkWidget *
link_button (CrDecisionPage *self, const char *label, const char *name, const char *key, const char *value, GCallback callback)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_label_set_ellipsize (GTK_LABEL (gtk_button_get_child (GTK_BUTTON (button))), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "caption");
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_object_set_data_full (G_OBJECT (button), key, g_strdup (value), g_free);
  g_signal_connect_object (button, "clicked", callback, self, 0);
  return button;
}

/* One criterion: symbol and word, then the fact; below, the ways to what it rests on */
static GtkWidget *
criterion_new (const char *icon, const char *style, const char *title, const char *word, const char *fact, GtkWidget *links)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *image = g_object_new (GTK_TYPE_IMAGE, "icon-name", icon, "pixel-size", 20, "valign", GTK_ALIGN_START,
                                   "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  GtkWidget *name = gtk_label_new (title), *state = gtk_label_new (word), *detail = gtk_label_new (fact);

  gtk_widget_add_css_class (row, "cr-criterion");
  gtk_widget_add_css_class (image, style);
  gtk_widget_add_css_class (name, "cr-gate-title");
  gtk_widget_add_css_class (state, "caption-heading");
  gtk_widget_add_css_class (state, style);
  gtk_widget_add_css_class (detail, "caption");
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_xalign (GTK_LABEL (detail), 0);
  gtk_label_set_wrap (GTK_LABEL (detail), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (detail), PANGO_WRAP_WORD_CHAR);
  gtk_widget_set_visible (detail, fact != NULL && *fact != '\0');
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_box_append (GTK_BOX (head), name);
  gtk_box_append (GTK_BOX (head), state);
  gtk_box_append (GTK_BOX (texts), head);
  gtk_box_append (GTK_BOX (texts), detail);
  if (links != NULL)
    gtk_box_append (GTK_BOX (texts), links);
  gtk_box_append (GTK_BOX (row), image);
  gtk_box_append (GTK_BOX (row), texts);
  return row;
}

static GtkWidget *
gate_criterion (CrDecisionPage *self, CrGateRun *gate)
{
  GtkWidget *links = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 2);
  CrPlanGate *plan = cr_gate_run_get_plan (gate);
  CrGateVerdict *verdict = cr_gate_run_get_verdict (gate);
  CrGateState state = cr_gate_run_get_state (gate);
  const char *fact = cr_gate_run_get_fact (gate);
  g_autofree char *name = g_strdup_printf (_("Log of %s gate"), cr_gate_run_get_title (gate));
  g_autoptr(GString) text = g_string_new (fact);

  /* Translators: the button that opens a gate's log */
  gtk_box_append (GTK_BOX (links), link_button (self, C_("button", "Log"), name, "gate", cr_gate_run_get_id (gate), G_CALLBACK (gate_clicked_cb)));
  for (guint i = 0; plan != NULL && plan->evidence != NULL && plan->evidence[i] != NULL; i++) {
    g_autofree char *label = g_strdup_printf (_("Evidence file %s"), plan->evidence[i]);

    gtk_box_append (GTK_BOX (links), link_button (self, plan->evidence[i], label, "file", plan->evidence[i], G_CALLBACK (file_clicked_cb)));
  }
  if (verdict != NULL && verdict->verdict != CR_VERDICT_PASS && verdict->verdict != CR_VERDICT_NOT_RUN) {
    if (verdict->reason != NULL && g_strcmp0 (verdict->reason, fact) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", verdict->reason);
    if (verdict->line != NULL && *verdict->line != '\0')
      g_string_append_printf (text, "\n“%s”", verdict->line);
    if (verdict->next != NULL && *verdict->next != '\0')
      g_string_append_printf (text, "\n→ %s", verdict->next);
  }
  return criterion_new (cr_gate_state_icon (state), cr_gate_state_style (state), cr_gate_run_get_title (gate), cr_gate_state_word (state), text->str,
                        links);
}

/* Which of the contract's files are there; a worker's job, because the folder may be on a slow disk */
static void
count_files (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_autoptr(GString) missing = g_string_new (NULL);

  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    g_autofree char *path = g_build_filename (task_data, CR_EVIDENCE_FILES[i], NULL);

    if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
      g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", CR_EVIDENCE_FILES[i]);
  }
  g_task_return_pointer (task, g_string_free (g_steal_pointer (&missing), FALSE), g_free);
}

static void
counted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CrDecisionPage *self = CR_DECISION_PAGE (source);
  g_autofree char *missing = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autofree char *text = NULL;
  GtkWidget *row;
  gboolean sealed, complete;

  if (missing == NULL || self->rehearsal == NULL)
    return;
  sealed = cr_rehearsal_get_state (self->rehearsal) == CR_REHEARSAL_SEALED;
  complete = *missing == '\0';
  if (!complete && !sealed && g_str_equal (missing, "08_cutover_decision.log, 09_rollback_or_no_rollback.log, 99_summary.md"))
    text = g_strdup (_("08, 09 and 99 are written with the summary"));
  else if (!complete)
    text = g_strdup_printf (_("Missing: %s"), missing);
  else
    text = g_strdup (_("All ten files are there"));
  row = criterion_new (cr_gate_state_icon (complete ? CR_GATE_PASSED : sealed ? CR_GATE_FAILED : CR_GATE_WAITING),
                       complete ? "success" : sealed ? "error" : "dim-label", _("All Evidence Files Present"),
                       complete ? cr_gate_state_word (CR_GATE_PASSED) : sealed ? cr_gate_state_word (CR_GATE_FAILED) : cr_gate_state_word (CR_GATE_PENDING),
                       text, NULL);
  if (self->files_row != NULL)
    gtk_box_remove (self->criteria, self->files_row);
  self->files_row = row;
  gtk_box_append (self->criteria, row);
}

static void
fill_criteria (CrDecisionPage *self)
{
  GListModel *gates = cr_rehearsal_get_gates (self->rehearsal);
  const char *folder = cr_rehearsal_get_folder (self->rehearsal);
  g_autoptr(GTask) task = g_task_new (self, NULL, counted_cb, NULL);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->criteria))) != NULL)
    gtk_box_remove (self->criteria, child);
  self->files_row = NULL;
  for (guint i = 0; i < g_list_model_get_n_items (gates); i++) {
    g_autoptr(CrGateRun) gate = g_list_model_get_item (gates, i);

    gtk_box_append (self->criteria, gate_criterion (self, gate));
  }
  g_task_set_task_data (task, g_strdup (folder != NULL ? folder : ""), g_free);
  g_task_run_in_thread (task, count_files);
}

static void
show_state (CrDecisionPage *self)
{
  gboolean sealed = cr_rehearsal_get_state (self->rehearsal) == CR_REHEARSAL_SEALED;

  gtk_widget_set_visible (self->form_box, !sealed);
  gtk_widget_set_visible (self->sealed_box, sealed);
}

static void
form_changed_cb (CrDecisionPage *self)
{
  CrClosing closing;

  gtk_widget_set_sensitive (self->write, !self->sealing && cr_closing_form_get (self->form, &closing, NULL));
}

/* What was said, in words, for the read-only page */
static char *
describe_closing (const CrClosing *closing)
{
  g_autoptr(GString) text = g_string_new (NULL);
  const struct { const char *title, *value; } rows[] = {
    { _("Failure Classification"), closing->classification != CR_CLASS_NONE ? cr_classification_to_string (closing->classification) : NULL },
    { _("Reason for the Classification"), closing->classification_reason },
    { _("Owner"), closing->owner },
    { _("Retry"), closing->classification != CR_CLASS_NONE ? closing->retry_at : NULL },
    { _("Reason for No Retry Time"), closing->retry_reason },
    { _("Unblock Criteria"), closing->unblock },
    { _("Notes"), closing->notes },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].value != NULL)
      g_string_append_printf (text, "%s%s: %s", text->len > 0 ? "\n" : "", rows[i].title, rows[i].value);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
sealed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrDecisionPage) self = user_data;
  g_autoptr(GError) error = NULL;
  gboolean sealed = cr_rehearsal_seal_finish (CR_REHEARSAL (source), result, &error);

  if (CR_REHEARSAL (source) != self->rehearsal)
    return;
  self->sealing = FALSE;
  gtk_widget_set_sensitive (GTK_WIDGET (self->form), TRUE);
  gtk_button_set_label (GTK_BUTTON (self->write), _("_Write Summary"));
  form_changed_cb (self);
  if (!sealed) {
    gtk_label_set_label (self->seal_error, error->message);
    gtk_widget_set_visible (GTK_WIDGET (self->seal_error), TRUE);
    cr_compat_announce (GTK_WIDGET (self), error->message);
    gtk_widget_grab_focus (self->write);
    return;
  }
  show_state (self);
  fill_criteria (self);
  cr_compat_announce (GTK_WIDGET (self), _("The summary is written and the folder is sealed."));
  gtk_widget_grab_focus (self->open_folder);
  g_signal_emit (self, signals[SIGNAL_SEALED], 0);
}

static void
write_clicked_cb (CrDecisionPage *self)
{
  CrClosing closing;
  g_autofree char *said = NULL;

  if (self->rehearsal == NULL || self->sealing || !cr_closing_form_get (self->form, &closing, NULL))
    return;
  said = describe_closing (&closing);
  gtk_label_set_label (self->said, said);
  self->sealing = TRUE;
  gtk_widget_grab_focus (self->write);  /* not left in an entry that gets insensitive */
  gtk_widget_set_visible (GTK_WIDGET (self->seal_error), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->form), FALSE);
  gtk_widget_set_sensitive (self->write, FALSE);
  gtk_button_set_label (GTK_BUTTON (self->write), _("Writing…"));
  cr_rehearsal_seal_async (self->rehearsal, &closing, sealed_cb, g_object_ref (self));
}

static void
open_folder_cb (CrDecisionPage *self)
{
  const char *folder = self->rehearsal != NULL ? cr_rehearsal_get_folder (self->rehearsal) : NULL;

  if (folder != NULL)
    open_path (self, folder);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrDecisionPage) self = user_data;
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  if (g_file_load_contents_finish (G_FILE (source), result, &text, NULL, NULL, &error)) {
    gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
    gtk_label_set_label (self->sealed_status, _("The summary is on the clipboard."));
    cr_compat_announce (GTK_WIDGET (self), _("The summary is on the clipboard."));
  } else {
    gtk_label_set_label (self->sealed_status, error->message);
  }
}

static void
copy_summary_cb (CrDecisionPage *self)
{
  const char *folder = self->rehearsal != NULL ? cr_rehearsal_get_folder (self->rehearsal) : NULL;
  g_autoptr(GFile) file = NULL;

  if (folder == NULL)
    return;
  file = g_file_new_build_filename (folder, "99_summary.md", NULL);
  g_file_load_contents_async (file, NULL, loaded_cb, g_object_ref (self));
}

static void
again_cb (CrDecisionPage *self)
{
  g_signal_emit (self, signals[SIGNAL_NEW_REHEARSAL], 0);
}

/* The decision itself comes first, to be read and spoken; the form is further down, and its focus would scroll the decision away */
static gboolean
cr_decision_page_grab_focus (GtkWidget *widget)
{
  CrDecisionPage *self = CR_DECISION_PAGE (widget);
  gboolean done = gtk_widget_grab_focus (GTK_WIDGET (self->sentence));

  gtk_label_select_region (self->sentence, 0, 0);  /* a label that gets the focus selects all of its text */
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (adw_bin_get_child (ADW_BIN (self)))), 0);
  return done;
}

static void
cr_decision_page_dispose (GObject *object)
{
  CrDecisionPage *self = CR_DECISION_PAGE (object);

  g_clear_object (&self->rehearsal);
  G_OBJECT_CLASS (cr_decision_page_parent_class)->dispose (object);
}

static void
cr_decision_page_class_init (CrDecisionPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_decision_page_dispose;
  widget_class->grab_focus = cr_decision_page_grab_focus;
  signals[SIGNAL_OPEN_GATE] = g_signal_new ("open-gate", CR_TYPE_DECISION_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_NEW_REHEARSAL] = g_signal_new ("new-rehearsal", CR_TYPE_DECISION_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_SEALED] = g_signal_new ("sealed", CR_TYPE_DECISION_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (CR_TYPE_CLOSING_FORM);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/ui/cr-decision-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, icon);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, word);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, sentence);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, classification);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, criteria);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, folder);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, form_box);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, form);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, seal_error);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, write);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, sealed_box);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, said);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, sealed_status);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, open_folder);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, copy_summary);
  gtk_widget_class_bind_template_child (widget_class, CrDecisionPage, again);
  gtk_widget_class_bind_template_callback (widget_class, form_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, write_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_folder_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_summary_cb);
  gtk_widget_class_bind_template_callback (widget_class, again_cb);
}

static void
cr_decision_page_init (CrDecisionPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_widget_set_direction (GTK_WIDGET (self->folder), GTK_TEXT_DIR_LTR);
}

GtkWidget *
cr_decision_page_new (void)
{
  return g_object_new (CR_TYPE_DECISION_PAGE, NULL);
}

void
cr_decision_page_set_rehearsal (CrDecisionPage *self, CrRehearsal *rehearsal)
{
  const CrDecision *decision;
  const char *folder;
  gboolean go;

  g_return_if_fail (CR_IS_DECISION_PAGE (self) && CR_IS_REHEARSAL (rehearsal) && cr_rehearsal_get_decision (rehearsal) != NULL);

  decision = cr_rehearsal_get_decision (rehearsal);
  go = decision->kind == CR_DECISION_GO;
  gtk_image_set_from_icon_name (self->icon, go ? "cr-decision-go-symbolic" : "cr-decision-no-go-symbolic");
  gtk_widget_remove_css_class (GTK_WIDGET (self->icon), go ? "error" : "success");
  gtk_widget_add_css_class (GTK_WIDGET (self->icon), go ? "success" : "error");
  gtk_label_set_label (self->word, cr_decision_kind_to_string (decision->kind));
  gtk_label_set_label (self->sentence, decision->sentence != NULL ? decision->sentence : "");
  gtk_label_set_label (self->classification, cr_classification_to_string (decision->classification));
  gtk_widget_set_visible (GTK_WIDGET (self->classification), decision->classification != CR_CLASS_NONE);
  folder = cr_rehearsal_get_folder (rehearsal);
  gtk_label_set_label (self->folder, folder != NULL ? folder : "");

  if (g_set_object (&self->rehearsal, rehearsal)) {
    CrSettings *settings = cr_rehearsal_get_settings (rehearsal);
    CrPlan *plan = cr_rehearsal_get_plan (rehearsal);
    const char *unblock = cr_settings_get (settings, "unblock");

    if (*unblock == '\0' && plan != NULL && decision->first_gate >= 0 && (guint) decision->first_gate < plan->gates->len)
      unblock = ((CrPlanGate *) g_ptr_array_index (plan->gates, decision->first_gate))->unblock;
    self->sealing = FALSE;
    gtk_widget_set_sensitive (GTK_WIDGET (self->form), TRUE);
    gtk_label_set_label (self->said, "");
    gtk_widget_set_visible (GTK_WIDGET (self->seal_error), FALSE);
    cr_closing_form_set_up (self->form, decision, cr_rehearsal_get_clock (rehearsal), cr_settings_get (settings, "owner"),
                            cr_settings_get (settings, "retry_at"), unblock);
  }
  show_state (self);
  fill_criteria (self);
}
