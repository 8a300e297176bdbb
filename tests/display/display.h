/* display.h: what every display test needs: the application's look without the application, and pictures
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
G_BEGIN_DECLS

/* gtk_test_init() for our widgets: libadwaita, stylesheet and icons. TRUE, or FALSE and the test program is to be skipped: there is no display. */
gboolean   display_init   (int *argc, char ***argv);
/* A window of that size around @child, drawn once */
GtkWidget *display_show   (GtkWidget *child, int width, int height);
/* Lets frames pass until nothing is left to draw */
void       display_settle (GtkWidget *window);
/* With CR_SCREENSHOT_DIR: a picture of @window, named @name.png; otherwise nothing */
void       display_picture (GtkWidget *window, const char *name);
/* (transfer none): the first widget of that type below @parent whose label is @label (NULL: any); NULL if there is none */
GtkWidget *display_find   (GtkWidget *parent, GType type, const char *label);
G_END_DECLS
