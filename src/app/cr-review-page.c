/* cr-review-page.c: page 4 of the wizard: everything in one list, and every command of every gate
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-app-settings.h"
#include "cr-compat.h"
#include "cr-preview.h"
#include "cr-review-page.h"
#include "../core/cr-text.h"

struct _CrReviewPage {
  CrWizardPage         parent_instance;
  AdwPreferencesGroup *cautions_group, *environment_group, *jumpbox_group, *cutover_group;  /* template children, as commands_box */
  GtkBox              *commands_box;
  GPtrArray           *rows;      /* (owned): GtkWidget (borrowed): rows added to the groups */
  CrPreview           *preview;   /* (owned) (nullable): what the page shows now */
  guint                build_id;  /* idle source, or 0 */
  gboolean             is_open;
};

G_DEFINE_FINAL_TYPE (CrReviewPage, cr_review_page, CR_TYPE_WIZARD_PAGE)

static guint edit_signal;

/* What each group shows. NULL ends a list. */
static const char *const environment_keys[] = { "environment", "subscription", "resource_group", "cluster", "namespace", "api_deployment",
                                                "consumer_deployment", "api_address", "api_url", "token_command", "owner", "evidence_root", NULL };
static const char *const jumpbox_keys[] = { "jumpbox_vm", "jumpbox_resource_group", "jumpbox_user", "az", "limits.precheck", "limits.migration",
                                            "limits.backfill", "limits.sync", "limits.smoke", "limits.idempotency", NULL };
static const char *const practice_keys[] = { "practice.fault", "practice.speed", "practice.seed", NULL };

static GtkWidget *
add_row (CrReviewPage *self, AdwPreferencesGroup *group, const char *title, const char *text)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *shown = cr_text_display_line (text, -1, 400);
  g_autofree char *safe = g_markup_escape_text (shown, -1);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), safe);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, shown, -1);
  gtk_widget_add_css_class (row, "cr-property");
  adw_preferences_group_add (group, row);
  g_ptr_array_add (self->rows, group);
  g_ptr_array_add (self->rows, row);
  return row;
}

static void
add_fields (CrReviewPage *self, AdwPreferencesGroup *group, const char *const *keys)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));

  for (guint i = 0; keys[i] != NULL; i++) {
    const CrField *field = cr_field_find (keys[i]);
    const char *value = cr_settings_get (settings, keys[i]);
    g_autofree char *origin = NULL;
    g_autofree char *text = NULL;

    if (*value == '\0' && !field->required)
      continue;
    origin = cr_app_describe_origin (settings, keys[i]);
    /* Translators: a value, and where it comes from, such as "runbook default" */
    text = g_strdup_printf (C_("value and origin", "%s (%s)"), *value != '\0' ? value : "—", origin);
    add_row (self, group, _(field->title), text);
  }
}

static void
add_caution (CrReviewPage *self, const char *title, const char *text, gboolean is_error)
{
  GtkWidget *row = add_row (self, self->cautions_group, title, text);
  GtkWidget *icon = gtk_image_new_from_icon_name (is_error ? "dialog-error-symbolic" : "dialog-warning-symbolic");

  gtk_widget_add_css_class (icon, is_error ? "error" : "warning");
  gtk_widget_remove_css_class (row, "cr-property");
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
  gtk_widget_set_visible (GTK_WIDGET (self->cautions_group), TRUE);
}

static void
add_cautions (CrReviewPage *self)
{
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  const char *environment = cr_settings_get (settings, "environment");

  if (cr_settings_is_practice (settings)) {
    const char *fault = cr_settings_get (settings, "practice.fault");
    if (*fault != '\0')
      add_caution (self, _("A failure will be practised"), fault, FALSE);
    return;
  }
  add_caution (self, _("The database will be changed"),
               _("Migration changes the database schema and cannot be undone from here. Synthetic data will be written."), FALSE);
  if (g_strcmp0 (environment, "dev") != 0)
    add_caution (self, _("Another environment"), _("This runbook is written for dev"), FALSE);
  if (*cr_settings_get (settings, "subscription") == '\0')
    add_caution (self, _("No subscription is pinned"), _("The one that az is set to at the start will be used"), FALSE);
  if (*cr_settings_get (settings, "api_url") == '\0')
    add_caution (self, _("No second witness"), _("Without an API address reachable from this computer every answer is read inside the pod only"), FALSE);
}

static void
edit_clicked_cb (GtkButton *button, CrReviewPage *self)
{
  g_signal_emit (self, edit_signal, 0, gtk_widget_get_name (GTK_WIDGET (button)));
}

static void
copy_clicked_cb (GtkButton *button, GtkTextView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextIter start, end;
  g_autofree char *text = NULL;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)), text);
}

/* The view is made when its gate is opened first: six of them with their colours would hold up the page */
static void
gate_opened_cb (GtkExpander *expander, GParamSpec *pspec, CrReviewPage *self)
{
  const char *text = g_object_get_data (G_OBJECT (expander), "text");
  const char *label = g_object_get_data (G_OBJECT (expander), "label");
  GtkWidget *box, *scrolled, *view, *copy;

  if (!gtk_expander_get_expanded (expander) || gtk_expander_get_child (expander) != NULL || self->preview == NULL)
    return;
  box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  scrolled = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scrolled), 240);
  gtk_widget_add_css_class (scrolled, "card");
  gtk_widget_set_overflow (scrolled, GTK_OVERFLOW_HIDDEN);
  view = cr_preview_view_new (label);
  cr_preview_view_set_text (view, text, self->preview->vars);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  copy = gtk_button_new_with_label (_("Copy"));
  gtk_widget_set_tooltip_text (copy, label);
  gtk_widget_set_halign (copy, GTK_ALIGN_END);
  g_signal_connect (copy, "clicked", G_CALLBACK (copy_clicked_cb), view);
  gtk_box_append (GTK_BOX (box), scrolled);
  gtk_box_append (GTK_BOX (box), copy);
  gtk_widget_set_margin_top (box, 6);
  cr_compat_fix_names (box);
  gtk_expander_set_child (expander, box);
}

/* One gate, collapsed: its commands in short, and the exact text */
static GtkWidget *
make_gate (CrReviewPage *self, guint index, GError **error)
{
  CrPlanGate *gate = g_ptr_array_index (self->preview->plan->gates, index);
  g_autofree char *list = cr_preview_gate_list (self->preview, index);
  g_autofree char *exact = cr_preview_gate_text (self->preview, index, error);
  g_autofree char *title = NULL;
  GtkWidget *expander;

  if (exact == NULL)
    return NULL;
  /* Translators: number and name of a gate, and how many steps it has */
  title = g_strdup_printf (ngettext ("%d. %s, %d step", "%d. %s, %d steps", gate->steps->len), (int) index + 1, gate->title, (int) gate->steps->len);
  expander = gtk_expander_new (title);
  gtk_widget_add_css_class (expander, "cr-gate-commands");
  gtk_accessible_update_property (GTK_ACCESSIBLE (expander), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  g_object_set_data_full (G_OBJECT (expander), "text",
                          g_strdup_printf ("# == %s ==\n%s\n# == %s ==\n%s", _("In short"), list, _("Exactly as it will run"), exact), g_free);
  g_object_set_data_full (G_OBJECT (expander), "label", g_strdup_printf (_("Commands of %s"), gate->title), g_free);
  g_signal_connect (expander, "notify::expanded", G_CALLBACK (gate_opened_cb), self);
  return expander;
}

static void
clear (CrReviewPage *self)
{
  GtkWidget *child;

  for (guint i = 0; i + 1 < self->rows->len; i += 2)
    adw_preferences_group_remove (g_ptr_array_index (self->rows, i), g_ptr_array_index (self->rows, i + 1));
  g_ptr_array_set_size (self->rows, 0);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->commands_box))) != NULL)
    gtk_box_remove (self->commands_box, child);
  gtk_widget_set_visible (GTK_WIDGET (self->cautions_group), FALSE);
}

static gboolean
build_cb (gpointer user_data)
{
  CrReviewPage *self = CR_REVIEW_PAGE (user_data);
  CrSettings *settings = cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
  g_autoptr(GError) error = NULL;
  gboolean good;

  self->build_id = 0;
  clear (self);
  good = cr_settings_check (settings, &error);
  g_clear_pointer (&self->preview, cr_preview_free);
  if (good)
    self->preview = cr_preview_new (settings, &error);
  good = self->preview != NULL;
  for (guint i = 0; good && i < self->preview->plan->gates->len; i++) {
    GtkWidget *gate = make_gate (self, i, &error);
    good = gate != NULL;
    if (good)
      gtk_box_append (self->commands_box, gate);
  }
  if (!good)
    add_caution (self, _("The rehearsal cannot start like this"), error->message, TRUE);
  add_cautions (self);

  add_row (self, self->environment_group, _("Mode"), cr_settings_is_practice (settings) ? _("Practice") : _("Real environment"));
  if (cr_settings_get_profile (settings) != NULL)
    add_row (self, self->environment_group, _("Profile"), cr_settings_get_profile (settings));
  add_fields (self, self->environment_group, environment_keys);
  add_fields (self, self->jumpbox_group, jumpbox_keys);
  {
    const char *t_cutover = cr_settings_get (settings, "t_cutover");
    const char *run_id = cr_settings_get (settings, "run_id");
    add_row (self, self->cutover_group, _("T_cutover"), g_strcmp0 (t_cutover, "now") == 0 ? _("Now, when Start is pressed") : t_cutover);
    add_row (self, self->cutover_group, _("Run id"), *run_id != '\0' ? run_id : _("e2-3- and the UTC time of the start"));
  }
  if (cr_settings_is_practice (settings))
    add_fields (self, self->cutover_group, practice_keys);
  cr_wizard_page_set_blocked (CR_WIZARD_PAGE (self), !good);
  return G_SOURCE_REMOVE;
}

static void
cr_review_page_changed (CrWizardPage *page, CrSettings *settings, const char *key)
{
  CrReviewPage *self = CR_REVIEW_PAGE (page);

  if (self->is_open && self->build_id == 0)
    self->build_id = g_idle_add (build_cb, self);
}

static void
cr_review_page_opened (CrWizardPage *page)
{
  CrReviewPage *self = CR_REVIEW_PAGE (page);

  self->is_open = TRUE;
  g_clear_handle_id (&self->build_id, g_source_remove);
  build_cb (self);
}

static void
cr_review_page_left (CrWizardPage *page)
{
  CR_REVIEW_PAGE (page)->is_open = FALSE;
}

static void
cr_review_page_dispose (GObject *object)
{
  CrReviewPage *self = CR_REVIEW_PAGE (object);

  g_clear_handle_id (&self->build_id, g_source_remove);
  g_ptr_array_set_size (self->rows, 0);
  gtk_widget_dispose_template (GTK_WIDGET (self), CR_TYPE_REVIEW_PAGE);
  G_OBJECT_CLASS (cr_review_page_parent_class)->dispose (object);
}

static void
cr_review_page_finalize (GObject *object)
{
  g_ptr_array_unref (CR_REVIEW_PAGE (object)->rows);
  g_clear_pointer (&CR_REVIEW_PAGE (object)->preview, cr_preview_free);
  G_OBJECT_CLASS (cr_review_page_parent_class)->finalize (object);
}

static void
cr_review_page_class_init (CrReviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  CrWizardPageClass *page_class = CR_WIZARD_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_review_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cr_review_page_finalize;
  page_class->changed = cr_review_page_changed;
  page_class->opened = cr_review_page_opened;
  page_class->left = cr_review_page_left;
  edit_signal = g_signal_new ("edit", CR_TYPE_REVIEW_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/cr-review-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrReviewPage, cautions_group);
  gtk_widget_class_bind_template_child (widget_class, CrReviewPage, environment_group);
  gtk_widget_class_bind_template_child (widget_class, CrReviewPage, jumpbox_group);
  gtk_widget_class_bind_template_child (widget_class, CrReviewPage, cutover_group);
  gtk_widget_class_bind_template_child (widget_class, CrReviewPage, commands_box);
  gtk_widget_class_bind_template_callback (widget_class, edit_clicked_cb);
}

static void
cr_review_page_init (CrReviewPage *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
