/* cr-wizard.c: Environment, Jumpbox, T_cutover, Review
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-accessible.h"
#include "cr-compat.h"
#include "cr-wizard.h"
#include "cr-wizard-page.h"
#include "cr-cutover-page.h"
#include "cr-environment-page.h"
#include "cr-jumpbox-page.h"
#include "cr-review-page.h"

#define N_STEPS 4

struct _CrWizard {
  AdwBin        parent_instance;
  CrSettings   *settings;  /* (owned) (nullable) */
  GtkStack     *stack;     /* template child, as all below */
  GtkButton    *back_button, *continue_button;
  GtkLabel     *hint;
  CrWizardPage *environment_page, *jumpbox_page, *cutover_page, *review_page;
  CrWizardPage *pages[N_STEPS];  /* (borrowed) */
  CrWizardStep  step;
  gulong        changed_id;
  guint         tick_id;   /* source while Review is shown, or 0 */
  gboolean      typed;     /* something was edited since the settings were set */
  char         *title;     /* (owned) */
};

G_DEFINE_FINAL_TYPE (CrWizard, cr_wizard, ADW_TYPE_BIN)

typedef enum { PROP_TITLE = 1, PROP_STEP, PROP_STARTABLE } CrWizardProperty;
static GParamSpec *props[PROP_STARTABLE + 1];
enum { SIGNAL_CANCELLED, SIGNAL_START, N_SIGNALS };
static guint signals[N_SIGNALS];

/* The first page that is not complete, up to and with @last; NULL if there is none */
static CrWizardPage *
first_incomplete (CrWizard *self, CrWizardStep last)
{
  for (guint i = 0; i <= last; i++)
    if (!cr_wizard_page_get_complete (self->pages[i]))
      return self->pages[i];
  return NULL;
}

static gboolean
is_startable (CrWizard *self)
{
  return self->step == CR_WIZARD_REVIEW && self->settings != NULL && first_incomplete (self, CR_WIZARD_REVIEW) == NULL;
}

static void
update_buttons (CrWizard *self)
{
  CrWizardPage *page = self->pages[self->step];
  CrWizardPage *incomplete = self->step == CR_WIZARD_REVIEW ? first_incomplete (self, CR_WIZARD_REVIEW)
                             : cr_wizard_page_get_complete (page) ? NULL : page;
  gboolean complete = incomplete == NULL;
  g_autofree char *hint = NULL;

  if (incomplete != NULL && incomplete != page)
    hint = g_strdup_printf (_("The page “%s” still needs attention"), cr_wizard_page_get_title (incomplete));
  gtk_widget_set_sensitive (GTK_WIDGET (self->continue_button), complete);
  gtk_button_set_label (self->continue_button, self->step == CR_WIZARD_REVIEW ? _("_Start Rehearsal") : _("_Continue"));
  cr_compat_fix_names (GTK_WIDGET (self->continue_button));
  gtk_label_set_label (self->hint, complete ? "" : hint != NULL ? hint : _("Something on this page still needs attention"));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STARTABLE]);
}

static void
settings_changed_cb (CrSettings *settings, const char *key, CrWizard *self)
{
  if (cr_settings_get_origin (settings, key) == CR_ORIGIN_EDITED)
    self->typed = TRUE;
}

/* A set T_cutover may pass while the Review page is looked at */
static gboolean
tick_cb (gpointer user_data)
{
  cr_cutover_page_refresh (CR_CUTOVER_PAGE (CR_WIZARD (user_data)->cutover_page));
  return G_SOURCE_CONTINUE;
}

static void
update_tick (CrWizard *self)
{
  if (self->step == CR_WIZARD_REVIEW && gtk_widget_get_mapped (GTK_WIDGET (self))) {
    if (self->tick_id == 0)
      self->tick_id = g_timeout_add_seconds (1, tick_cb, self);
  } else {
    g_clear_handle_id (&self->tick_id, g_source_remove);
  }
}

static void
edit_cb (CrReviewPage *page, const char *key, CrWizard *self)
{
  cr_wizard_edit (self, key);
}

/* Enter continues, except where it does something in the focused widget. On a radio button that is chosen already it would do nothing. */
static gboolean
key_pressed_cb (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state, CrWizard *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  if ((keyval != GDK_KEY_Return && keyval != GDK_KEY_KP_Enter) || (state & gtk_accelerator_get_default_mod_mask ()) != 0 || focus == NULL)
    return GDK_EVENT_PROPAGATE;
  if (ADW_IS_ACTION_ROW (focus) && !ADW_IS_COMBO_ROW (focus))
    focus = adw_action_row_get_activatable_widget (ADW_ACTION_ROW (focus));
  if (!GTK_IS_CHECK_BUTTON (focus) || !gtk_check_button_get_active (GTK_CHECK_BUTTON (focus)))
    return GDK_EVENT_PROPAGATE;
  cr_wizard_continue (self);
  return GDK_EVENT_STOP;
}

static void
discard_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrWizard) self = CR_WIZARD (user_data);
  g_autofree char *response = cr_compat_ask_finish (result);

  if (g_strcmp0 (response, "discard") == 0)
    g_signal_emit (self, signals[SIGNAL_CANCELLED], 0);
}

static void
start_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrWizard) self = CR_WIZARD (user_data);
  g_autofree char *response = cr_compat_ask_finish (result);

  if (g_strcmp0 (response, "start") == 0 && is_startable (self))
    g_signal_emit (self, signals[SIGNAL_START], 0, self->settings);
}

static void
cr_wizard_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CrWizard *self = CR_WIZARD (object);

  switch ((CrWizardProperty) prop_id) {
  case PROP_TITLE:
    g_value_set_string (value, self->title);
    break;
  case PROP_STEP:
    g_value_set_uint (value, self->step);
    break;
  case PROP_STARTABLE:
    g_value_set_boolean (value, is_startable (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
cr_wizard_dispose (GObject *object)
{
  CrWizard *self = CR_WIZARD (object);

  g_clear_handle_id (&self->tick_id, g_source_remove);
  if (self->settings != NULL)
    g_clear_signal_handler (&self->changed_id, self->settings);
  g_clear_object (&self->settings);
  gtk_widget_dispose_template (GTK_WIDGET (self), CR_TYPE_WIZARD);
  G_OBJECT_CLASS (cr_wizard_parent_class)->dispose (object);
}

static void
cr_wizard_finalize (GObject *object)
{
  g_free (CR_WIZARD (object)->title);
  G_OBJECT_CLASS (cr_wizard_parent_class)->finalize (object);
}

static void
cr_wizard_class_init (CrWizardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = cr_wizard_get_property;
  object_class->dispose = cr_wizard_dispose;
  object_class->finalize = cr_wizard_finalize;
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_STEP] = g_param_spec_uint ("step", NULL, NULL, 0, N_STEPS - 1, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_STARTABLE] = g_param_spec_boolean ("startable", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
  signals[SIGNAL_CANCELLED] = g_signal_new ("cancelled", CR_TYPE_WIZARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_START] = g_signal_new ("start", CR_TYPE_WIZARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, CR_TYPE_SETTINGS);

  g_type_ensure (CR_TYPE_ENVIRONMENT_PAGE);
  g_type_ensure (CR_TYPE_JUMPBOX_PAGE);
  g_type_ensure (CR_TYPE_CUTOVER_PAGE);
  g_type_ensure (CR_TYPE_REVIEW_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/cr-wizard.ui");
  gtk_widget_class_bind_template_child (widget_class, CrWizard, stack);
  gtk_widget_class_bind_template_child (widget_class, CrWizard, back_button);
  gtk_widget_class_bind_template_child (widget_class, CrWizard, continue_button);
  gtk_widget_class_bind_template_child (widget_class, CrWizard, hint);
  gtk_widget_class_bind_template_child (widget_class, CrWizard, environment_page);
  gtk_widget_class_bind_template_child (widget_class, CrWizard, jumpbox_page);
  gtk_widget_class_bind_template_child (widget_class, CrWizard, cutover_page);
  gtk_widget_class_bind_template_child (widget_class, CrWizard, review_page);
  gtk_widget_class_bind_template_callback_full (widget_class, "back_cb", G_CALLBACK (cr_wizard_back));
  gtk_widget_class_bind_template_callback_full (widget_class, "continue_cb", G_CALLBACK (cr_wizard_continue));
}

static void
cr_wizard_init (CrWizard *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  self->title = g_strdup ("");
  self->pages[CR_WIZARD_ENVIRONMENT] = self->environment_page;
  self->pages[CR_WIZARD_JUMPBOX] = self->jumpbox_page;
  self->pages[CR_WIZARD_CUTOVER] = self->cutover_page;
  self->pages[CR_WIZARD_REVIEW] = self->review_page;
  g_signal_connect (self, "map", G_CALLBACK (update_tick), NULL);
  g_signal_connect_after (self, "unmap", G_CALLBACK (update_tick), NULL);
  for (guint i = 0; i < N_STEPS; i++)
    g_signal_connect_object (self->pages[i], "notify::complete", G_CALLBACK (update_buttons), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->review_page, "edit", G_CALLBACK (edit_cb), self, 0);
}

GtkWidget *
cr_wizard_new (void)
{
  return g_object_new (CR_TYPE_WIZARD, NULL);
}

void
cr_wizard_set_settings (CrWizard *self, CrSettings *settings, CrWizardStep step)
{
  g_return_if_fail (CR_IS_WIZARD (self) && CR_IS_SETTINGS (settings));

  if (self->settings != NULL)
    g_clear_signal_handler (&self->changed_id, self->settings);
  g_set_object (&self->settings, settings);
  for (guint i = 0; i < N_STEPS; i++)
    cr_wizard_page_set_settings (self->pages[i], settings);
  self->changed_id = g_signal_connect (settings, "changed", G_CALLBACK (settings_changed_cb), self);
  self->typed = FALSE;
  cr_wizard_go (self, step);
}

CrSettings *
cr_wizard_get_settings (CrWizard *self)
{
  g_return_val_if_fail (CR_IS_WIZARD (self), NULL);
  return self->settings;
}

CrWizardStep
cr_wizard_get_step (CrWizard *self)
{
  g_return_val_if_fail (CR_IS_WIZARD (self), CR_WIZARD_ENVIRONMENT);
  return self->step;
}

const char *
cr_wizard_get_page_title (CrWizard *self)
{
  g_return_val_if_fail (CR_IS_WIZARD (self), NULL);
  return cr_wizard_page_get_title (self->pages[self->step]);
}

void
cr_wizard_go (CrWizard *self, CrWizardStep step)
{
  g_return_if_fail (CR_IS_WIZARD (self) && step < N_STEPS && self->settings != NULL);

  if (self->step != step)
    cr_wizard_page_leave (self->pages[self->step]);
  self->step = step;
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (self->pages[step]));
  g_free (self->title);
  /* Translators: the number of the wizard's page, of how many, and its name */
  self->title = g_strdup_printf (_("Step %d of %d: %s"), (int) step + 1, N_STEPS, cr_wizard_page_get_title (self->pages[step]));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STEP]);
  cr_wizard_page_open (self->pages[step]);
  cr_accessible_tidy (GTK_WIDGET (self));  /* pages fill themselves when they open */
  update_buttons (self);
  update_tick (self);
  if (step == CR_WIZARD_REVIEW && gtk_widget_get_sensitive (GTK_WIDGET (self->continue_button)))
    gtk_widget_grab_focus (GTK_WIDGET (self->continue_button));
  cr_compat_announce (GTK_WIDGET (self), self->title);
}

void
cr_wizard_back (CrWizard *self)
{
  g_return_if_fail (CR_IS_WIZARD (self));

  if (self->step == 0)
    cr_wizard_ask_cancel (self);
  else
    cr_wizard_go (self, self->step - 1);
}

void
cr_wizard_continue (CrWizard *self)
{
  g_return_if_fail (CR_IS_WIZARD (self));

  if (self->step == CR_WIZARD_REVIEW)
    cr_wizard_start (self);
  else if (cr_wizard_page_get_complete (self->pages[self->step]))
    cr_wizard_go (self, self->step + 1);
  else
    cr_wizard_page_show_problem (self->pages[self->step]);
}

void
cr_wizard_ask_cancel (CrWizard *self)
{
  const CrCompatResponse responses[] = {
    { "keep", _("_Keep Editing"), ADW_RESPONSE_DEFAULT },
    { "discard", _("_Discard"), ADW_RESPONSE_DESTRUCTIVE },
    { NULL, NULL, ADW_RESPONSE_DEFAULT },
  };

  g_return_if_fail (CR_IS_WIZARD (self));

  if (!self->typed) {
    g_signal_emit (self, signals[SIGNAL_CANCELLED], 0);
    return;
  }
  cr_compat_ask_async (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _("Discard What Was Entered?"),
                       _("The values entered in this wizard will be lost."), NULL, responses, "keep", "keep", discard_answered_cb,
                       g_object_ref (self));
}

void
cr_wizard_start (CrWizard *self)
{
  const CrCompatResponse responses[] = {
    { "cancel", _("_Cancel"), ADW_RESPONSE_DEFAULT },
    { "start", _("_Start Rehearsal"), ADW_RESPONSE_DESTRUCTIVE },
    { NULL, NULL, ADW_RESPONSE_DEFAULT },
  };
  g_autofree char *heading = NULL;

  g_return_if_fail (CR_IS_WIZARD (self));

  if (!is_startable (self))
    return;
  if (cr_settings_is_practice (self->settings)) {
    g_signal_emit (self, signals[SIGNAL_START], 0, self->settings);
    return;
  }
  heading = g_strdup_printf (_("Start Rehearsal on “%s”?"), cr_settings_get (self->settings, "environment"));
  cr_compat_ask_async (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), heading,
                       _("Migration changes the database schema and cannot be undone from here. Synthetic data will be written."), NULL,
                       responses, NULL, "cancel", start_answered_cb, g_object_ref (self));
}

void
cr_wizard_edit (CrWizard *self, const char *key)
{
  g_return_if_fail (CR_IS_WIZARD (self));

  for (guint i = 0; i < CR_WIZARD_REVIEW; i++)
    if (cr_wizard_page_has_field (self->pages[i], key)) {
      cr_wizard_go (self, i);
      cr_wizard_page_focus_field (self->pages[i], key);
      return;
    }
}

GtkWidget *
cr_wizard_get_default (CrWizard *self)
{
  g_return_val_if_fail (CR_IS_WIZARD (self), NULL);
  return GTK_WIDGET (self->continue_button);
}
