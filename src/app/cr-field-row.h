/* cr-field-row.h: one row of the wizard, bound to one key of the settings
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../core/cr-settings.h"
G_BEGIN_DECLS

/* The field table (cr_field_find()) decides what the row holds: a text, a choice or a switch. Below it stands where the value comes from, or, after a
 * pause of 600 ms or when the focus leaves, what is wrong with it: field, value, expected form. Whatever was typed stays, in the row and in the settings.
 * Properties: "key" (string, construct only), "placeholder" (string), "note" (string, nullable: a line below the value), "valid" (boolean, read-only,
 * notify); "title" is AdwPreferencesRow's and may hold a mnemonic (use-underline), else the field's own title is taken. */
#define CR_TYPE_FIELD_ROW (cr_field_row_get_type ())
G_DECLARE_FINAL_TYPE (CrFieldRow, cr_field_row, CR, FIELD_ROW, AdwPreferencesRow)

GtkWidget  *cr_field_row_new          (const char *key);
const char *cr_field_row_get_key      (CrFieldRow *self);   /* borrowed */
/* Takes a reference (nullable: unbinds) and shows the value. */
void        cr_field_row_set_settings (CrFieldRow *self, CrSettings *settings);
/* CHOICE fields, and TEXT fields that should offer a choice: both NULL-terminated and of one length. A value that is not among them is added as it is. */
void        cr_field_row_set_choices  (CrFieldRow *self, const char *const *values, const char *const *labels);
/* An inactive row keeps its text, writes and reads nothing, and counts as valid. Becoming active it writes its text (if there is one). */
void        cr_field_row_set_active   (CrFieldRow *self, gboolean active);
/* What is wrong beyond the field's own form ("differs from ..."), found by the page; NULL: nothing. A caution is shown but does not make the row invalid. */
void        cr_field_row_set_problem  (CrFieldRow *self, const char *problem, gboolean caution);
void        cr_field_row_set_note     (CrFieldRow *self, const char *note);
/* A button or label at the end of the row */
void        cr_field_row_add_suffix   (CrFieldRow *self, GtkWidget *widget);
gboolean    cr_field_row_is_valid     (CrFieldRow *self);
/* Shows a problem now, without waiting for the pause. */
void        cr_field_row_show_problem (CrFieldRow *self);
/* The text in the row, also if it is inactive or not valid; borrowed */
const char *cr_field_row_get_text     (CrFieldRow *self);
/* As if typed */
void        cr_field_row_set_text     (CrFieldRow *self, const char *text);
/* What stands below the value now: the problem or the origin; borrowed (for tests and reports) */
const char *cr_field_row_get_caption  (CrFieldRow *self);
/* The widget inside that takes the focus; borrowed */
GtkWidget  *cr_field_row_get_editor   (CrFieldRow *self);
G_END_DECLS
