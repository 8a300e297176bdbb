/* cr-accessible.h: what GTK 4.8 leaves unsaid to assistive technology (facts: desktop, finding 4)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
G_BEGIN_DECLS

/* Goes through all widgets below @root, once each: pages of a stack that are not on screen become hidden, the inner parts of drop-downs, menu buttons,
 * expanders and dividers get the name of what they belong to, scrolled areas a name at all. Call it when @root is built; widgets that come later are
 * not seen. Where GTK says these things by itself, nothing is lost. */
void cr_accessible_tidy (GtkWidget *root);
G_END_DECLS
