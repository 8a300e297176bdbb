/* cr-wizard-page.c: one page of the wizard: tells whether it is complete
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-wizard-page.h"
#include "cr-field-row.h"

typedef struct {
  char       *title;     /* (owned) (nullable) */
  CrSettings *settings;  /* (owned) (nullable) */
  gulong      changed_id;
  GPtrArray  *rows;      /* (owned): CrFieldRow, borrowed, in the order of the page */
  gboolean    blocked;
  gboolean    complete;
} CrWizardPagePrivate;

G_DEFINE_TYPE_WITH_PRIVATE (CrWizardPage, cr_wizard_page, ADW_TYPE_BIN)

typedef enum { PROP_TITLE = 1, PROP_COMPLETE } CrWizardPageProperty;
static GParamSpec *props[PROP_COMPLETE + 1];

static void
update_complete (CrWizardPage *self)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);
  gboolean complete = priv->settings != NULL && !priv->blocked;

  for (guint i = 0; complete && i < priv->rows->len; i++)
    complete = cr_field_row_is_valid (g_ptr_array_index (priv->rows, i));
  if (priv->complete != complete) {
    priv->complete = complete;
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_COMPLETE]);
  }
}

static void
changed_cb (CrSettings *settings, const char *key, CrWizardPage *self)
{
  CrWizardPageClass *klass = CR_WIZARD_PAGE_GET_CLASS (self);

  if (klass->changed != NULL)
    klass->changed (self, settings, key);
  update_complete (self);
}

static void
collect_rows (CrWizardPage *self, GtkWidget *widget)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);

  if (CR_IS_FIELD_ROW (widget)) {
    g_ptr_array_add (priv->rows, widget);
    g_signal_connect_object (widget, "notify::valid", G_CALLBACK (update_complete), self, G_CONNECT_SWAPPED);
    return;
  }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    collect_rows (self, child);
}

static void
cr_wizard_page_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (CR_WIZARD_PAGE (object));

  switch ((CrWizardPageProperty) prop_id) {
  case PROP_TITLE:
    g_value_set_string (value, priv->title);
    break;
  case PROP_COMPLETE:
    g_value_set_boolean (value, priv->complete);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
cr_wizard_page_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (CR_WIZARD_PAGE (object));

  switch ((CrWizardPageProperty) prop_id) {
  case PROP_TITLE:
    g_free (priv->title);
    priv->title = g_value_dup_string (value);
    break;
  case PROP_COMPLETE:
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
cr_wizard_page_dispose (GObject *object)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (CR_WIZARD_PAGE (object));

  if (priv->settings != NULL)
    g_clear_signal_handler (&priv->changed_id, priv->settings);
  g_clear_object (&priv->settings);
  g_ptr_array_set_size (priv->rows, 0);
  G_OBJECT_CLASS (cr_wizard_page_parent_class)->dispose (object);
}

static void
cr_wizard_page_finalize (GObject *object)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (CR_WIZARD_PAGE (object));

  g_free (priv->title);
  g_ptr_array_unref (priv->rows);
  G_OBJECT_CLASS (cr_wizard_page_parent_class)->finalize (object);
}

static void
cr_wizard_page_class_init (CrWizardPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = cr_wizard_page_get_property;
  object_class->set_property = cr_wizard_page_set_property;
  object_class->dispose = cr_wizard_page_dispose;
  object_class->finalize = cr_wizard_page_finalize;
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_COMPLETE] = g_param_spec_boolean ("complete", NULL, NULL, FALSE,
                                               G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
cr_wizard_page_init (CrWizardPage *self)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);

  priv->rows = g_ptr_array_new ();
}

const char *
cr_wizard_page_get_title (CrWizardPage *self)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);

  g_return_val_if_fail (CR_IS_WIZARD_PAGE (self), NULL);
  return priv->title;
}

gboolean
cr_wizard_page_get_complete (CrWizardPage *self)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);

  g_return_val_if_fail (CR_IS_WIZARD_PAGE (self), FALSE);
  return priv->complete;
}

CrSettings *
cr_wizard_page_get_settings (CrWizardPage *self)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);

  g_return_val_if_fail (CR_IS_WIZARD_PAGE (self), NULL);
  return priv->settings;
}

void
cr_wizard_page_set_settings (CrWizardPage *self, CrSettings *settings)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);
  CrWizardPageClass *klass = CR_WIZARD_PAGE_GET_CLASS (self);

  g_return_if_fail (CR_IS_WIZARD_PAGE (self) && CR_IS_SETTINGS (settings));

  if (priv->rows->len == 0)
    collect_rows (self, GTK_WIDGET (self));
  if (priv->settings != NULL)
    g_clear_signal_handler (&priv->changed_id, priv->settings);
  g_set_object (&priv->settings, settings);
  for (guint i = 0; i < priv->rows->len; i++)
    cr_field_row_set_settings (g_ptr_array_index (priv->rows, i), settings);
  priv->changed_id = g_signal_connect (settings, "changed", G_CALLBACK (changed_cb), self);
  if (klass->bind != NULL)
    klass->bind (self, settings);
  update_complete (self);
}

void
cr_wizard_page_set_blocked (CrWizardPage *self, gboolean blocked)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);

  g_return_if_fail (CR_IS_WIZARD_PAGE (self));

  priv->blocked = blocked;
  update_complete (self);
}

void
cr_wizard_page_open (CrWizardPage *self)
{
  CrWizardPageClass *klass = CR_WIZARD_PAGE_GET_CLASS (self);

  g_return_if_fail (CR_IS_WIZARD_PAGE (self));

  /* a stack moves the focus itself if it was on the page before */
  if (gtk_widget_get_focus_child (GTK_WIDGET (self)) == NULL)
    gtk_widget_child_focus (GTK_WIDGET (self), GTK_DIR_TAB_FORWARD);
  if (klass->opened != NULL)
    klass->opened (self);
}

void
cr_wizard_page_leave (CrWizardPage *self)
{
  CrWizardPageClass *klass = CR_WIZARD_PAGE_GET_CLASS (self);

  g_return_if_fail (CR_IS_WIZARD_PAGE (self));

  if (klass->left != NULL)
    klass->left (self);
}

gboolean
cr_wizard_page_show_problem (CrWizardPage *self)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);
  CrFieldRow *first = NULL;

  g_return_val_if_fail (CR_IS_WIZARD_PAGE (self), FALSE);

  for (guint i = 0; i < priv->rows->len; i++) {
    CrFieldRow *row = g_ptr_array_index (priv->rows, i);
    cr_field_row_show_problem (row);
    if (first == NULL && !cr_field_row_is_valid (row))
      first = row;
  }
  if (first != NULL)
    gtk_widget_grab_focus (cr_field_row_get_editor (first));
  return first != NULL;
}

static CrFieldRow *
find_row (CrWizardPage *self, const char *key)
{
  CrWizardPagePrivate *priv = cr_wizard_page_get_instance_private (self);

  for (guint i = 0; i < priv->rows->len; i++)
    if (g_strcmp0 (cr_field_row_get_key (g_ptr_array_index (priv->rows, i)), key) == 0)
      return g_ptr_array_index (priv->rows, i);
  return NULL;
}

gboolean
cr_wizard_page_has_field (CrWizardPage *self, const char *key)
{
  g_return_val_if_fail (CR_IS_WIZARD_PAGE (self), FALSE);
  return find_row (self, key) != NULL;
}

gboolean
cr_wizard_page_focus_field (CrWizardPage *self, const char *key)
{
  CrFieldRow *row = NULL;

  g_return_val_if_fail (CR_IS_WIZARD_PAGE (self), FALSE);

  row = find_row (self, key);
  return row != NULL && gtk_widget_grab_focus (cr_field_row_get_editor (row));
}
