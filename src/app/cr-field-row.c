/* cr-field-row.c: one row of the wizard, bound to one key of the settings
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-field-row.h"
#include "cr-app-settings.h"
#include "cr-wrap-layout.h"
#include "../core/cr-text.h"

#define PAUSE_MS 600
#define MAX_LENGTH 4096
#define SIDE_BY_SIDE 220  /* pixels the text wants beside the buttons */

struct _CrFieldRow {
  AdwPreferencesRow parent_instance;
  char          *key;        /* (owned) */
  const CrField *field;      /* (borrowed): of the table */
  CrSettings    *settings;   /* (owned) (nullable) */
  gulong         changed_id; /* handler at settings, or 0 */
  GtkWidget     *title, *text, *drop, *toggle, *caption, *note_label, *icon, *suffixes;  /* (borrowed): text, drop, toggle: one of them */
  GStrv          values;     /* (owned) (nullable): what the drop-down's positions mean */
  char          *problem;    /* (owned) (nullable): found by the page */
  char          *note;       /* (owned) (nullable) */
  char          *shown;      /* (owned): what the caption says */
  gboolean       caution;    /* the page's problem is only a caution */
  gboolean       active;
  gboolean       valid;
  gboolean       settled;    /* the pause is over: a problem may be shown */
  gboolean       writing;    /* our own change is under way */
  guint          pause_id;   /* source, or 0 */
};

G_DEFINE_FINAL_TYPE (CrFieldRow, cr_field_row, ADW_TYPE_PREFERENCES_ROW)

typedef enum { PROP_KEY = 1, PROP_PLACEHOLDER, PROP_NOTE, PROP_VALID } CrFieldRowProperty;
static GParamSpec *props[PROP_VALID + 1];

/* The field's name without its mnemonic */
static char *
plain_title (CrFieldRow *self)
{
  const char *title = adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self));
  GString *plain = g_string_new (NULL);

  if (title == NULL || *title == '\0')
    return g_string_append (plain, _(self->field->title)), g_string_free (plain, FALSE);
  for (const char *p = title; *p != '\0'; p++)
    if (*p != '_')
      g_string_append_c (plain, *p);
    else if (p[1] == '_')  /* "__" is a real one */
      g_string_append_c (plain, *p++);
  /* "이름(_N)": without the mnemonic in brackets */
  if (g_str_has_suffix (plain->str, ")") && plain->len > 3 && plain->str[plain->len - 3] == '(')
    g_string_truncate (plain, plain->len - 3);
  return g_string_free (plain, FALSE);
}

static const char *
current_value (CrFieldRow *self)
{
  if (self->text != NULL)
    return gtk_editable_get_text (GTK_EDITABLE (self->text));
  if (self->toggle != NULL)
    return gtk_switch_get_active (GTK_SWITCH (self->toggle)) ? "true" : "false";
  if (self->values != NULL && self->values[0] != NULL) {
    guint position = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->drop));
    if (position < g_strv_length (self->values))
      return self->values[position];
  }
  return "";
}

/* (transfer full) (nullable): what is wrong with the form of the value, for people */
static char *
form_problem (CrFieldRow *self)
{
  g_autofree char *value = g_strstrip (g_strdup (current_value (self)));
  g_autofree char *title = plain_title (self);
  g_autofree char *safe = NULL;

  if (!self->active)
    return NULL;
  if (*value == '\0')
    return self->field->required ? g_strdup_printf (_("“%s” is empty. Expected: %s."), title, _(self->field->expected)) : NULL;
  if (cr_field_check (self->field, value, NULL))
    return NULL;
  safe = cr_text_display_line (value, -1, 80);
  return g_strdup_printf (_("“%s” cannot be “%s”. Expected: %s."), title, safe, _(self->field->expected));
}

static void
refresh (CrFieldRow *self)
{
  g_autofree char *form = self->settings != NULL ? form_problem (self) : NULL;
  const char *problem = form != NULL ? form : self->active ? self->problem : NULL;
  gboolean is_error = form != NULL || (problem != NULL && !self->caution);
  gboolean show = problem != NULL && (self->settled || !is_error);
  gboolean error_shown = show && is_error;
  gboolean empty = *current_value (self) == '\0';
  g_autofree char *origin = NULL;
  g_autofree char *spoken = NULL;
  GtkWidget *editor = cr_field_row_get_editor (self);

  if (self->settings != NULL && self->active && !(empty && !self->field->required))
    origin = cr_app_describe_origin (self->settings, self->key);
  g_free (self->shown);
  self->shown = g_strdup (show ? problem : origin != NULL ? origin : "");
  gtk_label_set_label (GTK_LABEL (self->caption), self->shown);
  gtk_widget_set_visible (self->caption, *self->shown != '\0');
  gtk_label_set_label (GTK_LABEL (self->note_label), self->note != NULL ? self->note : "");
  gtk_widget_set_visible (self->note_label, self->note != NULL && *self->note != '\0');

  gtk_image_set_from_icon_name (GTK_IMAGE (self->icon), error_shown ? "dialog-error-symbolic" : show ? "dialog-warning-symbolic"
                                                        : "object-select-symbolic");
  gtk_widget_set_opacity (self->icon, show || (!is_error && !empty && self->text != NULL && self->active) ? 1.0 : 0.0);
  for (guint i = 0; i < 2; i++) {
    const char *const classes[] = { "error", "warning" };
    gboolean on = i == 0 ? error_shown : show && !is_error;
    GtkWidget *widgets[] = { self->caption, self->icon };
    for (guint w = 0; w < G_N_ELEMENTS (widgets); w++)
      if (on)
        gtk_widget_add_css_class (widgets[w], classes[i]);
      else
        gtk_widget_remove_css_class (widgets[w], classes[i]);
  }
  if (show)
    gtk_widget_remove_css_class (self->caption, "dim-label");
  else
    gtk_widget_add_css_class (self->caption, "dim-label");
  if (error_shown)
    gtk_widget_add_css_class (GTK_WIDGET (self), "cr-invalid");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "cr-invalid");

  /* Assistive technology reads the name (the title, through its mnemonic), the state and what stands below */
  spoken = self->note != NULL && *self->note != '\0' ? g_strconcat (self->shown, *self->shown != '\0' ? ". " : "", self->note, NULL)
                                                     : g_strdup (self->shown);
  gtk_accessible_update_property (GTK_ACCESSIBLE (editor), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, spoken, -1);
  gtk_accessible_update_state (GTK_ACCESSIBLE (editor), GTK_ACCESSIBLE_STATE_INVALID,
                               error_shown ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
  if (self->valid != !is_error) {
    self->valid = !is_error;
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VALID]);
  }
}

static gboolean
pause_over_cb (gpointer user_data)
{
  CrFieldRow *self = CR_FIELD_ROW (user_data);

  self->pause_id = 0;
  self->settled = TRUE;
  refresh (self);
  return G_SOURCE_REMOVE;
}

/* The user changed the value: keep it, valid or not */
static void
value_edited (CrFieldRow *self)
{
  g_autofree char *value = NULL;

  if (self->writing || self->settings == NULL)
    return;
  value = g_strstrip (g_strdup (current_value (self)));
  if (self->active && g_strcmp0 (value, cr_settings_get (self->settings, self->key)) != 0) {
    self->writing = TRUE;
    if (!cr_settings_set (self->settings, self->key, value, CR_ORIGIN_EDITED, NULL))
      cr_settings_set_unchecked (self->settings, self->key, value, CR_ORIGIN_EDITED);
    self->writing = FALSE;
  }
  g_clear_handle_id (&self->pause_id, g_source_remove);
  self->settled = self->text == NULL;
  if (!self->settled)
    self->pause_id = g_timeout_add (PAUSE_MS, pause_over_cb, self);
  refresh (self);
}

/* The settings changed: show them */
static void
show_value (CrFieldRow *self)
{
  const char *value = cr_settings_get (self->settings, self->key);
  gboolean was = self->writing;

  self->writing = TRUE;
  if (self->text != NULL) {
    g_autofree char *typed = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->text))));
    if (g_strcmp0 (typed, value) != 0)
      gtk_editable_set_text (GTK_EDITABLE (self->text), value);
  } else if (self->toggle != NULL) {
    gtk_switch_set_active (GTK_SWITCH (self->toggle), g_strcmp0 (value, "true") == 0);
  } else if (self->values != NULL) {
    guint position = 0;
    while (self->values[position] != NULL && g_strcmp0 (self->values[position], value) != 0)
      position++;
    if (self->values[position] == NULL) {  /* not among the choices: nothing is lost, so it becomes one */
      GtkStringList *list = GTK_STRING_LIST (gtk_drop_down_get_model (GTK_DROP_DOWN (self->drop)));
      self->values = g_realloc_n (self->values, position + 2, sizeof (char *));
      self->values[position] = g_strdup (value);
      self->values[position + 1] = NULL;
      gtk_string_list_append (list, value);
    }
    gtk_drop_down_set_selected (GTK_DROP_DOWN (self->drop), position);
  }
  self->writing = was;
}

static void
settings_changed_cb (CrSettings *settings, const char *key, CrFieldRow *self)
{
  if (!self->writing && self->active) {
    show_value (self);
    self->settled = TRUE;
  }
  if (!self->writing)
    refresh (self);
}

static void
focus_left_cb (GtkEventControllerFocus *controller, CrFieldRow *self)
{
  cr_field_row_show_problem (self);
}

static void
pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, CrFieldRow *self)
{
  GtkWidget *editor = cr_field_row_get_editor (self);

  if ((gtk_widget_get_state_flags (editor) & GTK_STATE_FLAG_FOCUS_WITHIN) == 0)
    gtk_widget_grab_focus (editor);
}

/* A drop-down is a nameless button in a box: name what takes the focus */
static void
name_drop_down (CrFieldRow *self)
{
  GtkWidget *button = self->drop != NULL ? gtk_widget_get_first_child (self->drop) : NULL;
  g_autofree char *title = plain_title (self);

  if (GTK_IS_BUTTON (button))
    gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
}

static void
title_changed_cb (CrFieldRow *self)
{
  const char *title = adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self));

  if (title == NULL || *title == '\0')
    gtk_label_set_label (GTK_LABEL (self->title), _(self->field->title));
  else
    gtk_label_set_text_with_mnemonic (GTK_LABEL (self->title), title);
  name_drop_down (self);
  refresh (self);
}

static void
setup_choice_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 60);
  gtk_list_item_set_child (item, label);
}

static void
bind_choice_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GtkStringObject *object = gtk_list_item_get_item (item);

  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (item)), gtk_string_object_get_string (object));
}

static void
make_drop_down (CrFieldRow *self, GtkWidget *box)
{
  g_autoptr(GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_choice_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_choice_cb), NULL);
  self->drop = gtk_drop_down_new (G_LIST_MODEL (gtk_string_list_new (NULL)), NULL);
  gtk_drop_down_set_factory (GTK_DROP_DOWN (self->drop), factory);
  gtk_widget_set_margin_top (self->drop, 3);
  gtk_widget_set_margin_bottom (self->drop, 3);
  gtk_box_insert_child_after (GTK_BOX (box), self->drop, self->title);
  g_signal_connect_object (self->drop, "notify::selected", G_CALLBACK (value_edited), self, G_CONNECT_SWAPPED);
}

static GtkWidget *
make_label (const char *css_class)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_widget_add_css_class (label, css_class);
  return label;
}

static void
cr_field_row_constructed (GObject *object)
{
  CrFieldRow *self = CR_FIELD_ROW (object);
  GtkWidget *outer = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *focus = gtk_event_controller_focus_new ();

  G_OBJECT_CLASS (cr_field_row_parent_class)->constructed (object);
  self->field = cr_field_find (self->key);
  if (self->field == NULL)
    g_error ("There is no field \"%s\"", self->key);

  gtk_widget_add_css_class (GTK_WIDGET (self), "cr-field-row");
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (self), FALSE);
  gtk_widget_set_focusable (GTK_WIDGET (self), FALSE);
  gtk_widget_set_hexpand (box, TRUE);
  gtk_widget_set_valign (box, GTK_ALIGN_CENTER);
  self->title = make_label (self->field->kind == CR_FIELD_BOOLEAN ? "cr-field-title-large" : "cr-field-title");
  self->caption = make_label ("caption");
  self->note_label = make_label ("caption");
  gtk_widget_add_css_class (self->note_label, "dim-label");
  gtk_box_append (GTK_BOX (box), self->title);
  self->icon = gtk_image_new ();
  gtk_widget_set_valign (self->icon, GTK_ALIGN_CENTER);
  self->suffixes = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gtk_widget_set_valign (self->suffixes, GTK_ALIGN_CENTER);
  gtk_widget_set_visible (self->suffixes, self->field->kind == CR_FIELD_BOOLEAN);
  gtk_box_append (GTK_BOX (line), box);
  gtk_box_append (GTK_BOX (line), self->icon);
  gtk_box_append (GTK_BOX (outer), line);
  gtk_box_append (GTK_BOX (outer), self->suffixes);
  gtk_widget_set_layout_manager (outer, cr_wrap_layout_new (SIDE_BY_SIDE, 12));

  if (self->field->kind == CR_FIELD_BOOLEAN) {
    self->toggle = gtk_switch_new ();
    gtk_widget_set_valign (self->toggle, GTK_ALIGN_CENTER);
    gtk_box_append (GTK_BOX (self->suffixes), self->toggle);
    g_signal_connect_object (self->toggle, "notify::active", G_CALLBACK (value_edited), self, G_CONNECT_SWAPPED);
  } else if (self->field->kind == CR_FIELD_CHOICE) {
    make_drop_down (self, box);
    cr_field_row_set_choices (self, self->field->choices, self->field->choices);
  } else {
    self->text = gtk_entry_new ();  /* no GtkText: that one has no place in the accessible tree */
    gtk_entry_set_has_frame (GTK_ENTRY (self->text), FALSE);
    gtk_entry_set_activates_default (GTK_ENTRY (self->text), TRUE);
    gtk_entry_set_input_purpose (GTK_ENTRY (self->text), self->field->kind == CR_FIELD_INTEGER ? GTK_INPUT_PURPOSE_DIGITS
                                 : self->field->kind == CR_FIELD_URL ? GTK_INPUT_PURPOSE_URL : GTK_INPUT_PURPOSE_FREE_FORM);
    gtk_entry_set_max_length (GTK_ENTRY (self->text), MAX_LENGTH);
    gtk_widget_set_hexpand (self->text, TRUE);
    gtk_widget_add_css_class (self->text, "cr-field-text");
    gtk_widget_set_tooltip_text (self->text, _(self->field->expected));
    gtk_box_append (GTK_BOX (box), self->text);
    g_signal_connect_object (self->text, "changed", G_CALLBACK (value_edited), self, G_CONNECT_SWAPPED);
  }
  gtk_box_append (GTK_BOX (box), self->caption);
  gtk_box_append (GTK_BOX (box), self->note_label);
  gtk_label_set_mnemonic_widget (GTK_LABEL (self->title), cr_field_row_get_editor (self));
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (self), outer);

  g_signal_connect (click, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (box, GTK_EVENT_CONTROLLER (click));
  g_signal_connect (focus, "leave", G_CALLBACK (focus_left_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), focus);
  g_signal_connect (self, "notify::title", G_CALLBACK (title_changed_cb), NULL);
  title_changed_cb (self);
}

/* The row itself is no stop of the Tab key: the focus goes to what is in it */
static gboolean
cr_field_row_focus (GtkWidget *widget, GtkDirectionType direction)
{
  return gtk_widget_child_focus (gtk_list_box_row_get_child (GTK_LIST_BOX_ROW (widget)), direction);
}

static gboolean
cr_field_row_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (cr_field_row_get_editor (CR_FIELD_ROW (widget)));
}

static void
cr_field_row_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  CrFieldRow *self = CR_FIELD_ROW (object);

  switch ((CrFieldRowProperty) prop_id) {
  case PROP_KEY:
    g_value_set_string (value, self->key);
    break;
  case PROP_PLACEHOLDER:
    g_value_set_string (value, self->text != NULL ? gtk_entry_get_placeholder_text (GTK_ENTRY (self->text)) : NULL);
    break;
  case PROP_NOTE:
    g_value_set_string (value, self->note);
    break;
  case PROP_VALID:
    g_value_set_boolean (value, self->valid);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
cr_field_row_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  CrFieldRow *self = CR_FIELD_ROW (object);

  switch ((CrFieldRowProperty) prop_id) {
  case PROP_KEY:
    self->key = g_value_dup_string (value);
    break;
  case PROP_PLACEHOLDER:
    if (self->text != NULL)
      gtk_entry_set_placeholder_text (GTK_ENTRY (self->text), g_value_get_string (value));
    break;
  case PROP_NOTE:
    cr_field_row_set_note (self, g_value_get_string (value));
    break;
  case PROP_VALID:
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
cr_field_row_dispose (GObject *object)
{
  CrFieldRow *self = CR_FIELD_ROW (object);

  g_clear_handle_id (&self->pause_id, g_source_remove);
  if (self->settings != NULL)
    g_clear_signal_handler (&self->changed_id, self->settings);
  g_clear_object (&self->settings);
  G_OBJECT_CLASS (cr_field_row_parent_class)->dispose (object);
}

static void
cr_field_row_finalize (GObject *object)
{
  CrFieldRow *self = CR_FIELD_ROW (object);

  g_free (self->key);
  g_free (self->problem);
  g_free (self->note);
  g_free (self->shown);
  g_strfreev (self->values);
  G_OBJECT_CLASS (cr_field_row_parent_class)->finalize (object);
}

static void
cr_field_row_class_init (CrFieldRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  GTK_WIDGET_CLASS (klass)->focus = cr_field_row_focus;
  GTK_WIDGET_CLASS (klass)->grab_focus = cr_field_row_grab_focus;
  object_class->constructed = cr_field_row_constructed;
  object_class->get_property = cr_field_row_get_property;
  object_class->set_property = cr_field_row_set_property;
  object_class->dispose = cr_field_row_dispose;
  object_class->finalize = cr_field_row_finalize;
  props[PROP_KEY] = g_param_spec_string ("key", NULL, NULL, NULL,
                                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  props[PROP_PLACEHOLDER] = g_param_spec_string ("placeholder", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_NOTE] = g_param_spec_string ("note", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_VALID] = g_param_spec_boolean ("valid", NULL, NULL, TRUE,
                                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (props), props);
}

static void
cr_field_row_init (CrFieldRow *self)
{
  self->active = TRUE;
  self->valid = TRUE;
  self->settled = TRUE;
  adw_preferences_row_set_use_underline (ADW_PREFERENCES_ROW (self), TRUE);
}

GtkWidget *
cr_field_row_new (const char *key)
{
  return g_object_new (CR_TYPE_FIELD_ROW, "key", key, NULL);
}

const char *
cr_field_row_get_key (CrFieldRow *self)
{
  g_return_val_if_fail (CR_IS_FIELD_ROW (self), NULL);
  return self->key;
}

void
cr_field_row_set_settings (CrFieldRow *self, CrSettings *settings)
{
  g_return_if_fail (CR_IS_FIELD_ROW (self));

  if (self->settings != NULL)
    g_clear_signal_handler (&self->changed_id, self->settings);
  g_set_object (&self->settings, settings);
  if (settings != NULL) {
    g_autofree char *signal = g_strconcat ("changed::", self->key, NULL);
    self->changed_id = g_signal_connect (settings, signal, G_CALLBACK (settings_changed_cb), self);
    if (self->active)
      show_value (self);
  }
  self->settled = TRUE;
  refresh (self);
}

void
cr_field_row_set_choices (CrFieldRow *self, const char *const *values, const char *const *labels)
{
  gboolean was = self->writing;

  g_return_if_fail (CR_IS_FIELD_ROW (self));

  self->writing = TRUE;
  if (self->drop == NULL) {  /* a text that is chosen, not typed */
    GtkWidget *box = gtk_widget_get_parent (self->text);
    gtk_box_remove (GTK_BOX (box), self->text);
    self->text = NULL;
    make_drop_down (self, box);
    gtk_label_set_mnemonic_widget (GTK_LABEL (self->title), self->drop);
    name_drop_down (self);
  }
  g_strfreev (self->values);
  self->values = g_strdupv ((char **) values);
  gtk_drop_down_set_model (GTK_DROP_DOWN (self->drop), NULL);
  {
    g_autoptr(GtkStringList) list = gtk_string_list_new (labels);
    gtk_drop_down_set_model (GTK_DROP_DOWN (self->drop), G_LIST_MODEL (list));
  }
  if (self->settings != NULL)
    show_value (self);
  self->writing = was;
  refresh (self);
}

void
cr_field_row_set_active (CrFieldRow *self, gboolean active)
{
  g_return_if_fail (CR_IS_FIELD_ROW (self));

  if (self->active == active)
    return;
  self->active = active;
  if (active && self->settings != NULL && *current_value (self) != '\0')
    value_edited (self);
  else
    refresh (self);
}

void
cr_field_row_set_problem (CrFieldRow *self, const char *problem, gboolean caution)
{
  g_return_if_fail (CR_IS_FIELD_ROW (self));

  if (g_strcmp0 (self->problem, problem) == 0 && self->caution == caution)
    return;
  g_free (self->problem);
  self->problem = g_strdup (problem);
  self->caution = caution;
  refresh (self);
}

void
cr_field_row_set_note (CrFieldRow *self, const char *note)
{
  g_return_if_fail (CR_IS_FIELD_ROW (self));

  if (g_strcmp0 (self->note, note) == 0)
    return;
  g_free (self->note);
  self->note = g_strdup (note);
  refresh (self);
}

void
cr_field_row_add_suffix (CrFieldRow *self, GtkWidget *widget)
{
  g_return_if_fail (CR_IS_FIELD_ROW (self));

  gtk_widget_set_valign (widget, GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self->suffixes), widget);
  gtk_widget_set_visible (self->suffixes, TRUE);
}

gboolean
cr_field_row_is_valid (CrFieldRow *self)
{
  g_return_val_if_fail (CR_IS_FIELD_ROW (self), FALSE);
  return self->valid;
}

void
cr_field_row_show_problem (CrFieldRow *self)
{
  g_return_if_fail (CR_IS_FIELD_ROW (self));

  g_clear_handle_id (&self->pause_id, g_source_remove);
  self->settled = TRUE;
  refresh (self);
}

const char *
cr_field_row_get_text (CrFieldRow *self)
{
  g_return_val_if_fail (CR_IS_FIELD_ROW (self), NULL);
  return current_value (self);
}

void
cr_field_row_set_text (CrFieldRow *self, const char *text)
{
  g_return_if_fail (CR_IS_FIELD_ROW (self));

  if (self->text != NULL)
    gtk_editable_set_text (GTK_EDITABLE (self->text), text);
  else
    for (guint i = 0; self->values != NULL && self->values[i] != NULL; i++)
      if (strcmp (self->values[i], text) == 0)
        gtk_drop_down_set_selected (GTK_DROP_DOWN (self->drop), i);
}

const char *
cr_field_row_get_caption (CrFieldRow *self)
{
  g_return_val_if_fail (CR_IS_FIELD_ROW (self), NULL);
  return self->shown;
}

GtkWidget *
cr_field_row_get_editor (CrFieldRow *self)
{
  g_return_val_if_fail (CR_IS_FIELD_ROW (self), NULL);
  return self->text != NULL ? self->text : self->drop != NULL ? self->drop : self->toggle;
}
