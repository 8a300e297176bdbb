/* cr-wrap-layout.c: two children side by side where there is room, else the second below the first
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "cr-wrap-layout.h"

struct _CrWrapLayout {
  GtkLayoutManager parent_instance;
  int threshold;  /* pixels the first child wants at least to stay in one line with the second */
  int spacing;
};

G_DEFINE_FINAL_TYPE (CrWrapLayout, cr_wrap_layout, GTK_TYPE_LAYOUT_MANAGER)

static void
get_children (GtkWidget *widget, GtkWidget **first, GtkWidget **second)
{
  *first = gtk_widget_get_first_child (widget);
  *second = *first != NULL ? gtk_widget_get_next_sibling (*first) : NULL;
  if (*second != NULL && !gtk_widget_should_layout (*second))
    *second = NULL;
}

static int
natural_width (GtkWidget *child)
{
  int natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &natural, NULL, NULL);
  return natural;
}

static gboolean
in_one_line (CrWrapLayout *self, GtkWidget *second, int width)
{
  return second == NULL || width - natural_width (second) - self->spacing >= self->threshold;
}

static int
height_for (GtkWidget *child, int width, int *natural)
{
  int minimum;

  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, &minimum, natural, NULL, NULL);
  return minimum;
}

static GtkSizeRequestMode
cr_wrap_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
cr_wrap_layout_measure (GtkLayoutManager *manager, GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                        int *minimum_baseline, int *natural_baseline)
{
  CrWrapLayout *self = CR_WRAP_LAYOUT (manager);
  GtkWidget *first, *second;
  int first_min = 0, first_nat = 0, second_min = 0, second_nat = 0;

  get_children (widget, &first, &second);
  if (orientation == GTK_ORIENTATION_HORIZONTAL) {
    gtk_widget_measure (first, GTK_ORIENTATION_HORIZONTAL, -1, &first_min, &first_nat, NULL, NULL);
    if (second != NULL)
      gtk_widget_measure (second, GTK_ORIENTATION_HORIZONTAL, -1, &second_min, &second_nat, NULL, NULL);
    *minimum = MAX (first_min, second_nat);
    *natural = MAX (first_nat, self->threshold) + (second != NULL ? self->spacing + second_nat : 0);
    *natural = MAX (*natural, *minimum);
    return;
  }
  if (for_size < 0) {
    int n;
    gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &n, NULL, NULL);
    for_size = n;
  }
  if (in_one_line (self, second, for_size)) {
    first_min = height_for (first, for_size - (second != NULL ? natural_width (second) + self->spacing : 0), &first_nat);
    if (second != NULL)
      second_min = height_for (second, natural_width (second), &second_nat);
    *minimum = MAX (first_min, second_min);
    *natural = MAX (first_nat, second_nat);
  } else {
    first_min = height_for (first, for_size, &first_nat);
    second_min = height_for (second, natural_width (second), &second_nat);
    *minimum = first_min + self->spacing + second_min;
    *natural = first_nat + self->spacing + second_nat;
  }
}

static void
cr_wrap_layout_allocate (GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  CrWrapLayout *self = CR_WRAP_LAYOUT (manager);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GtkWidget *first, *second;

  get_children (widget, &first, &second);
  if (second == NULL) {
    gtk_widget_size_allocate (first, &(GtkAllocation) { 0, 0, width, height }, -1);
  } else if (in_one_line (self, second, width)) {
    int second_width = natural_width (second);
    int first_width = width - second_width - self->spacing;
    gtk_widget_size_allocate (first, &(GtkAllocation) { rtl ? second_width + self->spacing : 0, 0, first_width, height }, -1);
    gtk_widget_size_allocate (second, &(GtkAllocation) { rtl ? 0 : first_width + self->spacing, 0, second_width, height }, -1);
  } else {
    int second_width = MIN (natural_width (second), width);
    int second_height = height_for (second, second_width, NULL);
    int first_height = MAX (height - second_height - self->spacing, 0);
    gtk_widget_size_allocate (first, &(GtkAllocation) { 0, 0, width, first_height }, -1);
    gtk_widget_size_allocate (second, &(GtkAllocation) { rtl ? 0 : width - second_width, first_height + self->spacing, second_width, second_height },
                              -1);
  }
}

static void
cr_wrap_layout_class_init (CrWrapLayoutClass *klass)
{
  GtkLayoutManagerClass *layout_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  layout_class->get_request_mode = cr_wrap_layout_get_request_mode;
  layout_class->measure = cr_wrap_layout_measure;
  layout_class->allocate = cr_wrap_layout_allocate;
}

static void
cr_wrap_layout_init (CrWrapLayout *self)
{
}

GtkLayoutManager *
cr_wrap_layout_new (int threshold, int spacing)
{
  CrWrapLayout *self = g_object_new (CR_TYPE_WRAP_LAYOUT, NULL);

  self->threshold = threshold;
  self->spacing = spacing;
  return GTK_LAYOUT_MANAGER (self);
}
