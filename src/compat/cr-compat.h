/* cr-compat.h: what differs between the floor (GTK 4.8, libadwaita 1.2) and newer ones, in one place (facts: desktop, "Bridging")
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
G_BEGIN_DECLS

/* One button of a question. A table of them ends with an id of NULL. */
typedef struct {
  const char            *id;      /* what cr_compat_ask_finish() returns */
  const char            *label;   /* translated, with a mnemonic */
  AdwResponseAppearance  appearance;
} CrCompatResponse;

/* Asks with a modal dialog over @parent. @extra (nullable, floating): a widget below the body. @default_response (nullable): for Enter.
 * @close_response: for Escape and for closing. All strings are copied. */
void       cr_compat_ask_async  (GtkWindow *parent, const char *heading, const char *body, GtkWidget *extra, const CrCompatResponse *responses,
                                 const char *default_response, const char *close_response, GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full): id of the response; the close response if the parent went away. Never NULL. */
char      *cr_compat_ask_finish (GAsyncResult *result);

typedef enum { CR_COMPAT_OPEN_FILE, CR_COMPAT_SAVE_FILE, CR_COMPAT_CHOOSE_FOLDER } CrCompatChoose;
/* Lets the user choose a file or folder. @initial (nullable): folder shown first; with SAVE_FILE its basename is the suggested name. */
void       cr_compat_choose_async  (GtkWindow *parent, CrCompatChoose what, const char *title, const char *accept_label, GFile *initial,
                                    GAsyncReadyCallback callback, gpointer user_data);
/* (transfer full): the choice, or NULL if the user closed the dialog without one */
GFile     *cr_compat_choose_finish (GAsyncResult *result);

typedef struct {
  const char         *app_name, *app_icon, *version, *comments, *website, *issue_url, *copyright, *debug_info, *debug_info_filename;
  const char *const  *developers;
} CrCompatAbout;
void       cr_compat_show_about (GtkWindow *parent, const CrCompatAbout *about);

/* One shortcut of the help window. @group NULL: the table's end. @keys: GTK accelerators, more than one separated by blanks. */
typedef struct { const char *group; const char *keys; const char *title; } CrCompatShortcut;
/* (transfer none): a toplevel, GTK's until it is destroyed: the window with the table's groups in their order; all strings translated already */
GtkWidget *cr_compat_shortcuts_new (const CrCompatShortcut *shortcuts);

/* A bar below the header bar: a sentence, and with @button_label (nullable) a button that activates @action_name. Hide it with gtk_widget_set_visible(). */
GtkWidget *cr_compat_banner_new       (const char *title, const char *button_label, const char *action_name);
void       cr_compat_banner_set_title (GtkWidget *banner, const char *title);

GtkWidget *cr_compat_spinner_new (void);   /* spins while it is mapped */
/* Speaks @message through assistive technology where GTK can (4.14); elsewhere nothing happens and a visible label has to do. */
void       cr_compat_announce    (GtkWidget *widget, const char *message);
/* Sends, or with @notification NULL withdraws. Nothing happens without a session bus, where GLib 2.74 would fail an assertion. */
void       cr_compat_notify      (GApplication *application, const char *id, GNotification *notification);
/* GTK 4.8 gives a button with a mnemonic two names in one ("Start _Practice Start Practice"), and makes every scrolled window a nameless stop of the
 * Tab key: corrects both in @widget and everything below it. A button with the style class "cr-named" has a name of its own, which stays. */
void       cr_compat_fix_names   (GtkWidget *widget);
/* The widget's text colour, for drawing */
void       cr_compat_get_color   (GtkWidget *widget, GdkRGBA *color);
/* "GTK 4.8.3, libadwaita 1.2.2, ...": the versions in use, one a line, for debugging information (transfer full) */
char      *cr_compat_versions    (void);
G_END_DECLS
