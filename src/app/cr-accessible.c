/* cr-accessible.c: what GTK 4.8 leaves unsaid to assistive technology. Each case was found by walking the tree of the running window with AT-SPI.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-accessible.h"
#include <glib/gi18n.h>

#define TIDIED "cr-accessible-tidied"

static void
set_label (GtkWidget *widget, const char *label)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* A page that is not on screen is as good as not there; GTK 4.8 tells of it all the same */
static void
update_pages (GtkStack *stack)
{
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (stack)); child != NULL; child = gtk_widget_get_next_sibling (child))
    gtk_accessible_update_state (GTK_ACCESSIBLE (child), GTK_ACCESSIBLE_STATE_HIDDEN,
                                 child != gtk_stack_get_visible_child (stack) || !gtk_widget_get_visible (child), -1);
}

/* The part that takes the focus is a child without a name */
static void
name_inner (GtkWidget *widget)
{
  GtkWidget *inner = gtk_widget_get_first_child (widget);

  if (GTK_IS_TOGGLE_BUTTON (inner))
    gtk_accessible_update_relation (GTK_ACCESSIBLE (inner), GTK_ACCESSIBLE_RELATION_LABELLED_BY, widget, NULL, -1);
}

static void
tidy_one (GtkWidget *widget)
{
  if (GTK_IS_STACK (widget)) {
    g_signal_connect (widget, "notify::visible-child", G_CALLBACK (update_pages), NULL);
    g_signal_connect_object (gtk_stack_get_pages (GTK_STACK (widget)), "items-changed", G_CALLBACK (update_pages), widget, G_CONNECT_SWAPPED);
    update_pages (GTK_STACK (widget));
  } else if (GTK_IS_SCROLLED_WINDOW (widget)) {
    set_label (widget, _("Scrolled area"));
  } else if (GTK_IS_PANED (widget)) {
    set_label (widget, _("Divider"));
  } else if (GTK_IS_DROP_DOWN (widget) || GTK_IS_MENU_BUTTON (widget)) {
    name_inner (widget);
  } else if (GTK_IS_EXPANDER (widget)) {
    const char *label = gtk_expander_get_label (GTK_EXPANDER (widget));

    if (label != NULL) {
      g_auto(GStrv) parts = g_strsplit (label, "_", 2);  /* without the mark of its access key */
      g_autofree char *plain = g_strjoinv ("", parts);

      set_label (widget, gtk_expander_get_use_underline (GTK_EXPANDER (widget)) ? plain : label);
    }
  } else if (GTK_IS_LIST_VIEW (widget) && gtk_widget_get_ancestor (widget, ADW_TYPE_COMBO_ROW) != NULL) {
    /* one in the popover, and one that shows the choice: the row takes the focus for that */
    set_label (widget, _("Choices"));
    if (gtk_widget_get_ancestor (widget, GTK_TYPE_POPOVER) == NULL)
      gtk_widget_set_focusable (widget, FALSE);
  } else if (GTK_IS_LIST_VIEW (widget) && gtk_widget_get_ancestor (widget, GTK_TYPE_POPOVER) != NULL) {
    set_label (widget, _("Choices"));
  } else if (g_str_equal (G_OBJECT_TYPE_NAME (widget), "GtkListItemWidget") && gtk_widget_get_ancestor (widget, GTK_TYPE_TOGGLE_BUTTON) != NULL) {
    gtk_widget_set_focusable (widget, FALSE);  /* the chosen item inside a drop-down's button: the button takes the focus */
  }
}

void
cr_accessible_tidy (GtkWidget *root)
{
  g_return_if_fail (GTK_IS_WIDGET (root));

  if (g_object_get_data (G_OBJECT (root), TIDIED) == NULL) {
    g_object_set_data (G_OBJECT (root), TIDIED, GINT_TO_POINTER (TRUE));
    tidy_one (root);
  }
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL; child = gtk_widget_get_next_sibling (child))
    cr_accessible_tidy (child);
}
