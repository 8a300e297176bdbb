/* cr-jumpbox-page.c: page 2 of the wizard: the jumpbox, az and its sign-in, time limits, the wrapper
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-app-settings.h"
#include "cr-az-check.h"
#include "cr-compat.h"
#include "cr-field-row.h"
#include "cr-jumpbox-page.h"
#include "cr-preview.h"
#include "../core/cr-az.h"
#include "../core/cr-text.h"

/* The gate whose script stands for all in the wrapper preview, and the step of the connection test */
#define WRAPPER_GATE "migration"
#define TEST_GATE    "precheck"
#define TEST_STEP    "jumpbox-clock"

struct _CrJumpboxPage {
  CrWizardPage  parent_instance;
  GtkSwitch    *same_group_switch;  /* template children, as all up to test_button */
  CrFieldRow   *group_row, *az_row;
  GtkWidget    *same_group_row, *wrapper_box, *limits_group;
  GtkButton    *choose_az_button, *check_az_button, *check_sign_in_button, *copy_sign_in_button, *copy_wrapper_button, *test_button;
  AdwActionRow *sign_in_row, *test_row;
  GtkLabel     *wrapper_problem;
  GtkWidget    *wrapper_view;   /* (borrowed): read-only view in wrapper_box */
  GCancellable *cancellable;    /* (owned): of what runs for this page */
  CrTransport  *transport;      /* (owned) (nullable): of the connection test in progress */
  CrCaptureSet *test_captures;  /* (owned) (nullable) */
  CrPreview    *test_preview;   /* (owned) (nullable): keeps the gate and the step */
  gint64        test_started;   /* monotonic, microseconds */
  guint         preview_id;     /* idle source, or 0 */
  gboolean      is_open;
  gboolean      updating;
  gboolean      checked;        /* az was asked since the page was bound */
};

G_DEFINE_FINAL_TYPE (CrJumpboxPage, cr_jumpbox_page, CR_TYPE_WIZARD_PAGE)

static CrSettings *
get_settings (CrJumpboxPage *self)
{
  return cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
}

static void
set_subtitle (AdwActionRow *row, const char *text)
{
  g_autofree char *safe = g_markup_escape_text (text, -1);

  adw_action_row_set_subtitle (row, safe);
  /* an action row's name is its title alone: say the state as the description */
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

/* ---- Resource group of the jumpbox ---- */

static void
same_group_cb (CrJumpboxPage *self)
{
  gboolean same = gtk_switch_get_active (self->same_group_switch);

  gtk_widget_set_visible (GTK_WIDGET (self->group_row), !same);
  if (self->updating || get_settings (self) == NULL)
    return;
  cr_field_row_set_active (self->group_row, !same);  /* keeps what was typed in it */
  if (same)
    cr_settings_set (get_settings (self), "jumpbox_resource_group", "", CR_ORIGIN_EDITED, NULL);
  cr_field_row_set_problem (self->group_row, !same && *cr_field_row_get_text (self->group_row) == '\0'
                            ? _("“Jumpbox resource group” is empty. Expected: the name of the jumpbox’s own resource group.") : NULL, FALSE);
  if (!same)
    gtk_widget_grab_focus (cr_field_row_get_editor (self->group_row));
}

static void
show_group (CrJumpboxPage *self)
{
  const char *group = cr_settings_get (get_settings (self), "jumpbox_resource_group");

  if (*group != '\0' || self->updating) {
    self->updating = TRUE;
    gtk_switch_set_active (self->same_group_switch, *group == '\0');
    gtk_widget_set_visible (GTK_WIDGET (self->group_row), *group != '\0');
    cr_field_row_set_active (self->group_row, *group != '\0');
    self->updating = FALSE;
  }
  cr_field_row_set_problem (self->group_row, *group == '\0' && !gtk_switch_get_active (self->same_group_switch)
                            ? _("“Jumpbox resource group” is empty. Expected: the name of the jumpbox’s own resource group.") : NULL, FALSE);
}

/* ---- az ---- */

static void
version_checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrJumpboxPage) self = CR_JUMPBOX_PAGE (user_data);
  g_autoptr(GError) error = NULL;
  g_autofree char *version = cr_az_check_version_finish (result, &error);
  g_autofree char *path = NULL;
  g_autofree char *why = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->check_az_button), TRUE);
  path = cr_app_find_az (get_settings (self));
  if (version == NULL) {
    cr_field_row_set_problem (self->az_row, error->message, cr_settings_is_practice (get_settings (self)));
    cr_field_row_set_note (self->az_row, NULL);
  } else if (!cr_az_version_usable (version, &why)) {
    g_autofree char *problem = g_strdup_printf (_("az %s cannot be used: %s"), version, why);
    cr_field_row_set_problem (self->az_row, problem, cr_settings_is_practice (get_settings (self)));
    cr_field_row_set_note (self->az_row, path);
  } else {
    /* Translators: version and path of the Azure CLI */
    g_autofree char *note = g_strdup_printf (_("Version %s, %s"), version, path != NULL ? path : "?");
    cr_field_row_set_problem (self->az_row, NULL, FALSE);
    cr_field_row_set_note (self->az_row, note);
  }
}

static void
check_az_cb (CrJumpboxPage *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->check_az_button), FALSE);
  cr_field_row_set_note (self->az_row, _("Asking az for its version…"));
  cr_az_check_version_async (get_settings (self), self->cancellable, version_checked_cb, g_object_ref (self));
}

static void
az_chosen_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrJumpboxPage) self = CR_JUMPBOX_PAGE (user_data);
  g_autoptr(GFile) file = cr_compat_choose_finish (result);

  if (file == NULL || g_file_peek_path (file) == NULL)
    return;
  cr_field_row_set_text (self->az_row, g_file_peek_path (file));
  check_az_cb (self);
}

static void
choose_az_cb (CrJumpboxPage *self)
{
  cr_compat_choose_async (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), CR_COMPAT_OPEN_FILE, _("Choose the Azure CLI Program"),
                          _("_Choose"), NULL, az_chosen_cb, g_object_ref (self));
}

static void
account_checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrJumpboxPage) self = CR_JUMPBOX_PAGE (user_data);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrAzAccount) account = cr_az_check_account_finish (result, &error);
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->check_sign_in_button), TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->copy_sign_in_button), account == NULL);
  if (account != NULL)
    text = g_strdup_printf (_("Signed in as %s. Precheck decides whether the sign-in is still valid."),
                            account->user != NULL ? account->user : "?");
  set_subtitle (self->sign_in_row, account != NULL ? text : error->message);
  cr_compat_announce (GTK_WIDGET (self), account != NULL ? text : error->message);
}

static void
check_sign_in_cb (CrJumpboxPage *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->check_sign_in_button), FALSE);
  set_subtitle (self->sign_in_row, _("Asking az…"));
  cr_az_check_account_async (get_settings (self), self->cancellable, account_checked_cb, g_object_ref (self));
}

static void
copy_sign_in_cb (CrJumpboxPage *self)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), "az login");
}

/* ---- Wrapper preview ---- */

static gboolean
update_wrapper_cb (gpointer user_data)
{
  CrJumpboxPage *self = CR_JUMPBOX_PAGE (user_data);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrPreview) preview = cr_preview_new (get_settings (self), &error);
  g_autofree char *text = NULL;
  guint index = 0;

  self->preview_id = 0;
  if (preview != NULL && cr_plan_find_gate (preview->plan, WRAPPER_GATE, &index) != NULL)
    text = cr_preview_gate_text (preview, index, &error);
  cr_preview_view_set_text (self->wrapper_view, text != NULL ? text : "", preview != NULL ? preview->vars : NULL);
  gtk_label_set_label (self->wrapper_problem, error != NULL ? error->message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->wrapper_problem), error != NULL);
  gtk_widget_set_visible (self->wrapper_box, text != NULL);
  gtk_widget_set_sensitive (GTK_WIDGET (self->copy_wrapper_button), text != NULL);
  return G_SOURCE_REMOVE;
}

static void
queue_wrapper (CrJumpboxPage *self)
{
  if (self->is_open && self->preview_id == 0)
    self->preview_id = g_idle_add (update_wrapper_cb, self);
}

static void
copy_wrapper_cb (CrJumpboxPage *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (self->wrapper_view));
  GtkTextIter start, end;
  g_autofree char *text = NULL;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
}

/* ---- Connection test: one harmless command (the clock) through the very transport that the gates use. It never blocks, because Precheck decides. ---- */

static void
show_test_result (CrJumpboxPage *self, const char *text)
{
  set_subtitle (self->test_row, text);
  gtk_widget_set_sensitive (GTK_WIDGET (self->test_button), !cr_settings_is_practice (get_settings (self)));
  cr_compat_announce (GTK_WIDGET (self), text);
}

static void
tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrJumpboxPage) self = CR_JUMPBOX_PAGE (user_data);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;
  gboolean ran = cr_transport_run_finish (self->transport, result, &error);
  CrCapture *capture = ran ? cr_capture_set_find (self->test_captures, TEST_GATE, TEST_STEP) : NULL;
  CrCall *call = ran ? cr_capture_set_find_call (self->test_captures, TEST_GATE, "run") : NULL;
  double seconds = (double) (g_get_monotonic_time () - self->test_started) / G_USEC_PER_SEC;

  if (!g_cancellable_is_cancelled (self->cancellable)) {
    if (capture != NULL && capture->outcome == CR_OUTCOME_COMPLETED && capture->exit_code == 0)
      text = g_strdup_printf (_("The jumpbox answered after %.1f s"), seconds);
    else if (error != NULL)
      text = g_strdup (error->message);
    else
      text = g_strdup_printf (_("No usable answer after %.1f s: %s"), seconds,
                              capture != NULL && capture->message != NULL ? capture->message
                              : call != NULL && call->message != NULL ? call->message : _("the command failed on the jumpbox"));
    show_test_result (self, text);
  }
  g_clear_object (&self->transport);
  g_clear_pointer (&self->test_captures, cr_capture_set_unref);
  g_clear_pointer (&self->test_preview, cr_preview_free);
}

static void
test_cb (CrJumpboxPage *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(CrRedactor) redactor = NULL;
  g_autoptr(CrClock) clock = NULL;
  g_autoptr(GPtrArray) steps = g_ptr_array_new ();
  g_autofree char *stamp = cr_time_format_stamp (g_get_real_time () / G_USEC_PER_SEC, FALSE);
  g_autofree char *run_id = g_strdup_printf ("test-%s", stamp);
  CrPlanGate *gate = NULL;
  CrPlanStep *step = NULL;
  CrJumpboxParams params;

  if (self->transport != NULL)
    return;
  self->test_preview = cr_preview_new (get_settings (self), &error);
  gate = self->test_preview != NULL ? cr_plan_find_gate (self->test_preview->plan, TEST_GATE, NULL) : NULL;
  step = gate != NULL ? cr_plan_gate_find_step (gate, TEST_STEP) : NULL;
  if (step == NULL) {
    g_clear_pointer (&self->test_preview, cr_preview_free);
    show_test_result (self, error != NULL ? error->message : _("The plan has no step to test with"));
    return;
  }
  g_ptr_array_add (steps, step);
  redactor = cr_redactor_new ();
  clock = cr_clock_new ();
  cr_rehearsal_get_jumpbox_params (self->test_preview->rehearsal, self->test_preview->plan, run_id, &params);
  self->transport = cr_jumpbox_transport_new (&params, redactor, clock, NULL, NULL, NULL, NULL);
  self->test_captures = cr_capture_set_new ();
  self->test_started = g_get_monotonic_time ();
  gtk_widget_set_sensitive (GTK_WIDGET (self->test_button), FALSE);
  set_subtitle (self->test_row, _("Asking the jumpbox for its clock; Azure needs about half a minute…"));
  cr_transport_run_async (self->transport, gate, steps, self->test_captures, self->cancellable, tested_cb, g_object_ref (self));
}

/* ---- The page ---- */

static void
update_mode (CrJumpboxPage *self)
{
  gboolean practice = cr_settings_is_practice (get_settings (self));

  gtk_widget_set_sensitive (GTK_WIDGET (self->check_sign_in_button), !practice);
  gtk_widget_set_sensitive (GTK_WIDGET (self->check_az_button), !practice);
  gtk_widget_set_sensitive (GTK_WIDGET (self->choose_az_button), !practice);
  gtk_widget_set_sensitive (GTK_WIDGET (self->test_button), !practice && self->transport == NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->copy_sign_in_button), FALSE);
  if (practice) {
    set_subtitle (self->sign_in_row, _("Practice mode: the simulator needs none"));
    set_subtitle (self->test_row, _("Practice mode: the simulator starts with the rehearsal"));
    cr_field_row_set_note (self->az_row, _("Practice mode: the simulator brings its own az"));
    cr_field_row_set_problem (self->az_row, NULL, FALSE);
  } else {
    set_subtitle (self->sign_in_row, _("Not checked yet"));
    set_subtitle (self->test_row, _("Not tested. Optional: Precheck decides."));
    cr_field_row_set_note (self->az_row, NULL);
  }
  self->checked = practice;
}

static void
cr_jumpbox_page_changed (CrWizardPage *page, CrSettings *settings, const char *key)
{
  CrJumpboxPage *self = CR_JUMPBOX_PAGE (page);

  if (g_str_equal (key, "mode"))
    update_mode (self);
  else if (g_str_equal (key, "jumpbox_resource_group"))
    show_group (self);
  else if (g_str_equal (key, "az")) {
    cr_field_row_set_problem (self->az_row, NULL, FALSE);
    cr_field_row_set_note (self->az_row, NULL);
  }
  queue_wrapper (self);
}

static void
cr_jumpbox_page_bind (CrWizardPage *page, CrSettings *settings)
{
  CrJumpboxPage *self = CR_JUMPBOX_PAGE (page);

  self->updating = TRUE;
  show_group (self);
  self->updating = FALSE;
  update_mode (self);
}

static void
cr_jumpbox_page_opened (CrWizardPage *page)
{
  CrJumpboxPage *self = CR_JUMPBOX_PAGE (page);

  self->is_open = TRUE;
  queue_wrapper (self);
  if (!self->checked) {
    self->checked = TRUE;
    check_az_cb (self);
    check_sign_in_cb (self);
  }
}

static void
cr_jumpbox_page_left (CrWizardPage *page)
{
  CR_JUMPBOX_PAGE (page)->is_open = FALSE;
}

static void
cr_jumpbox_page_dispose (GObject *object)
{
  CrJumpboxPage *self = CR_JUMPBOX_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->preview_id, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), CR_TYPE_JUMPBOX_PAGE);
  G_OBJECT_CLASS (cr_jumpbox_page_parent_class)->dispose (object);
}

static void
cr_jumpbox_page_finalize (GObject *object)
{
  CrJumpboxPage *self = CR_JUMPBOX_PAGE (object);

  g_object_unref (self->cancellable);
  g_clear_object (&self->transport);
  g_clear_pointer (&self->test_captures, cr_capture_set_unref);
  g_clear_pointer (&self->test_preview, cr_preview_free);
  G_OBJECT_CLASS (cr_jumpbox_page_parent_class)->finalize (object);
}

static void
cr_jumpbox_page_class_init (CrJumpboxPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  CrWizardPageClass *page_class = CR_WIZARD_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_jumpbox_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cr_jumpbox_page_finalize;
  page_class->bind = cr_jumpbox_page_bind;
  page_class->changed = cr_jumpbox_page_changed;
  page_class->opened = cr_jumpbox_page_opened;
  page_class->left = cr_jumpbox_page_left;

  g_type_ensure (CR_TYPE_FIELD_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/cr-jumpbox-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, same_group_switch);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, group_row);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, az_row);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, wrapper_box);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, wrapper_problem);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, choose_az_button);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, check_az_button);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, check_sign_in_button);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, copy_sign_in_button);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, copy_wrapper_button);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, test_button);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, sign_in_row);
  gtk_widget_class_bind_template_child (widget_class, CrJumpboxPage, test_row);
  gtk_widget_class_bind_template_callback (widget_class, same_group_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_az_cb);
  gtk_widget_class_bind_template_callback (widget_class, check_az_cb);
  gtk_widget_class_bind_template_callback (widget_class, check_sign_in_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_sign_in_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_wrapper_cb);
  gtk_widget_class_bind_template_callback (widget_class, test_cb);
}

static void
cr_jumpbox_page_init (CrJumpboxPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  cr_field_row_add_suffix (self->az_row, GTK_WIDGET (self->check_az_button));
  cr_field_row_add_suffix (self->az_row, GTK_WIDGET (self->choose_az_button));
  self->wrapper_view = cr_preview_view_new (_("Wrapper preview"));
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (self->wrapper_box), self->wrapper_view);
}
