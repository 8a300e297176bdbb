/* cr-wizard-page.h: one page of the wizard: tells whether it is complete
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include <adwaita.h>
#include "../core/cr-settings.h"
G_BEGIN_DECLS

/* Properties: "title" (string, construct: of the page, for the header bar), "complete" (boolean, read-only, notify: every CrFieldRow in it is valid and
 * nothing else is in the way). */
#define CR_TYPE_WIZARD_PAGE (cr_wizard_page_get_type ())
G_DECLARE_DERIVABLE_TYPE (CrWizardPage, cr_wizard_page, CR, WIZARD_PAGE, AdwBin)
struct _CrWizardPageClass {
  AdwBinClass parent_class;
  /* After the rows got the settings (never NULL); once for each cr_wizard_page_set_settings() */
  void (*bind)    (CrWizardPage *self, CrSettings *settings);
  /* Any value of the settings changed */
  void (*changed) (CrWizardPage *self, CrSettings *settings, const char *key);
  /* The page was opened, or left */
  void (*opened)  (CrWizardPage *self);
  void (*left)    (CrWizardPage *self);
};
const char *cr_wizard_page_get_title    (CrWizardPage *self);
gboolean    cr_wizard_page_get_complete (CrWizardPage *self);
CrSettings *cr_wizard_page_get_settings (CrWizardPage *self);   /* borrowed (nullable) */
/* Takes a reference and gives it to every CrFieldRow in the page */
void        cr_wizard_page_set_settings (CrWizardPage *self, CrSettings *settings);
/* For pages: something beyond the rows is in the way */
void        cr_wizard_page_set_blocked  (CrWizardPage *self, gboolean blocked);
void        cr_wizard_page_open         (CrWizardPage *self);   /* also moves the focus to the first field */
void        cr_wizard_page_leave        (CrWizardPage *self);
/* Shows the problems of all rows now, and moves the focus to the first row that has one. FALSE if there is none. */
gboolean    cr_wizard_page_show_problem (CrWizardPage *self);
gboolean    cr_wizard_page_has_field    (CrWizardPage *self, const char *key);
/* Moves the focus to the row of @key. FALSE if the page has none, or the row can't have it. */
gboolean    cr_wizard_page_focus_field  (CrWizardPage *self, const char *key);
G_END_DECLS
