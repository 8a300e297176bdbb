/* cr-start-page.c: what the window opens with
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-start-page.h"

struct _CrStartPage { AdwBin parent_instance; GtkWidget *practice_button; /* template child */ };

G_DEFINE_FINAL_TYPE (CrStartPage, cr_start_page, ADW_TYPE_BIN)

static gboolean
cr_start_page_grab_focus (GtkWidget *widget)
{
  return gtk_widget_grab_focus (CR_START_PAGE (widget)->practice_button);
}

static void
cr_start_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), CR_TYPE_START_PAGE);
  G_OBJECT_CLASS (cr_start_page_parent_class)->dispose (object);
}

static void
cr_start_page_class_init (CrStartPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_start_page_dispose;
  widget_class->grab_focus = cr_start_page_grab_focus;
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/cr-start-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrStartPage, practice_button);
}

static void
cr_start_page_init (CrStartPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
cr_start_page_new (void)
{
  return g_object_new (CR_TYPE_START_PAGE, NULL);
}
