/* cr-wrap-layout.h: two children side by side where there is room, else the second below the first
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <gtk/gtk.h>
G_BEGIN_DECLS
/* The first child gets all width that the second does not need; from less than @threshold pixels for the first on, the second moves below it, to the end
 * of the line. A hidden second child takes no room. */
#define CR_TYPE_WRAP_LAYOUT (cr_wrap_layout_get_type ())
G_DECLARE_FINAL_TYPE (CrWrapLayout, cr_wrap_layout, CR, WRAP_LAYOUT, GtkLayoutManager)
GtkLayoutManager *cr_wrap_layout_new (int threshold, int spacing);
G_END_DECLS
