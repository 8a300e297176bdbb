/* cr-preview.c: every command as it will run, for the wizard
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include <adwaita.h>
#include <gtksourceview/gtksource.h>
#include "cr-preview.h"
#include "../core/cr-quote.h"
#include "../core/cr-text.h"
#include "../io/cr-paths.h"

#define PLAN_ID "e2-3-reload-cutover"
/* A call's nonce and mark are new each time: these stand for them */
#define NONCE "00000000000000000000000000000000"
#define MARK  "0000000000000000"
/* Shorter values would be found inside other words */
#define EMPHASIS_LENGTH 6

void
cr_preview_free (CrPreview *self)
{
  g_clear_object (&self->rehearsal);
  g_clear_pointer (&self->plan, cr_plan_unref);
  g_clear_pointer (&self->vars, cr_vars_unref);
  g_free (self);
}

CrPreview *
cr_preview_new (CrSettings *settings, GError **error)
{
  g_autoptr(CrPreview) self = g_new0 (CrPreview, 1);
  g_autoptr(GBytes) text = cr_paths_load_plan (PLAN_ID, error);

  if (text == NULL)
    return NULL;
  self->rehearsal = cr_rehearsal_new (settings, text, NULL);
  self->plan = cr_rehearsal_preview (self->rehearsal, &self->vars, error);
  return self->plan != NULL ? g_steal_pointer (&self) : NULL;
}

/* argv as one line an auditor can read and paste; text that no shell word can hold is made visible */
static char *
join_argv (GStrv argv)
{
  char *line = cr_quote_argv ((const char *const *) argv, NULL);
  g_autofree char *plain = NULL;

  if (line != NULL)
    return line;
  plain = g_strjoinv (" ", argv);
  return cr_text_display_line (plain, -1, 0);
}

static void
append_local_steps (GString *out, CrPlanGate *gate)
{
  gboolean any = FALSE;

  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);
    g_autofree char *line = step->where == CR_STEP_LOCAL && step->argv != NULL ? join_argv (step->argv) : NULL;

    if (line == NULL)
      continue;
    if (!any)
      g_string_append_printf (out, "# %s\n", _("On this computer:"));
    any = TRUE;
    g_string_append_printf (out, "%s\n", line);
  }
  if (any)
    g_string_append_c (out, '\n');
}

static gboolean
append_jumpbox_call (GString *out, CrPreview *self, CrPlanGate *gate, GError **error)
{
  g_autoptr(GPtrArray) steps = g_ptr_array_new ();
  g_autofree char *script = NULL;
  g_autofree char *line = NULL;
  g_auto(GStrv) argv = NULL;
  CrJumpboxParams params;

  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);
    if (cr_plan_step_is_remote (step))
      g_ptr_array_add (steps, step);
  }
  if (steps->len == 0)
    return TRUE;
  cr_rehearsal_get_jumpbox_params (self->rehearsal, self->plan, cr_vars_get (self->vars, "RUN_ID"), &params);
  argv = cr_jumpbox_transport_preview (&params, gate, steps, NONCE, MARK, &script, error);
  if (argv == NULL)
    return FALSE;
  line = join_argv (argv);
  g_string_append_printf (out, "# %s\n%s\n\n", _("The call to the jumpbox; the script below goes to its standard input:"), line);
  g_string_append_printf (out, "# %s\n%s\n", _("The script (the zeros stand for a number that is new for every call):"), script);
  return TRUE;
}

static void
append_direct_steps (GString *out, CrPlanGate *gate)
{
  gboolean any = FALSE;

  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);
    if (step->where != CR_STEP_DIRECT)
      continue;
    if (!any)
      g_string_append_printf (out, "# %s\n", _("Asked directly from this computer:"));
    any = TRUE;
    g_string_append_printf (out, "GET %s\n", step->url);
  }
}

char *
cr_preview_gate_text (CrPreview *self, guint gate_index, GError **error)
{
  CrPlanGate *gate = NULL;
  g_autoptr(GString) out = g_string_new (NULL);

  g_return_val_if_fail (gate_index < self->plan->gates->len, NULL);

  gate = g_ptr_array_index (self->plan->gates, gate_index);
  append_local_steps (out, gate);
  if (!append_jumpbox_call (out, self, gate, error))
    return NULL;
  append_direct_steps (out, gate);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
cr_preview_gate_list (CrPreview *self, guint gate_index)
{
  CrPlanGate *gate = NULL;
  GString *out = g_string_new (NULL);

  g_return_val_if_fail (gate_index < self->plan->gates->len, NULL);

  gate = g_ptr_array_index (self->plan->gates, gate_index);
  for (guint i = 0; i < gate->steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (gate->steps, i);
    g_autofree char *command = cr_plan_step_describe (step);
    g_string_append_printf (out, "# %s\n%s\n", step->title, command);
  }
  return g_string_free (out, FALSE);
}

static void
follow_style_cb (AdwStyleManager *manager, GParamSpec *pspec, GtkSourceBuffer *buffer)
{
  GtkSourceStyleSchemeManager *schemes = gtk_source_style_scheme_manager_get_default ();
  const char *id = adw_style_manager_get_dark (manager) ? "Adwaita-dark" : "Adwaita";

  gtk_source_buffer_set_style_scheme (buffer, gtk_source_style_scheme_manager_get_scheme (schemes, id));
}

/* Our own language: see ui/language-specs/cr-script.lang */
static GtkSourceLanguage *
get_language (void)
{
  static GtkSourceLanguageManager *languages;  /* (owned): for the life of the program */

  if (languages == NULL) {
    languages = gtk_source_language_manager_new ();
    gtk_source_language_manager_append_search_path (languages, "resource://" CR_APP_PATH "/language-specs");
  }
  return gtk_source_language_manager_get_language (languages, "cr-script");
}

GtkWidget *
cr_preview_view_new (const char *label)
{
  AdwStyleManager *manager = adw_style_manager_get_default ();
  GtkSourceLanguage *language = get_language ();
  g_autoptr(GtkSourceBuffer) buffer = gtk_source_buffer_new (NULL);
  GtkWidget *view = gtk_source_view_new_with_buffer (buffer);

  if (language != NULL)
    gtk_source_buffer_set_language (buffer, language);
  gtk_text_buffer_set_enable_undo (GTK_TEXT_BUFFER (buffer), FALSE);
  gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (buffer), "value", "weight", PANGO_WEIGHT_BOLD, NULL);
  gtk_text_buffer_create_tag (GTK_TEXT_BUFFER (buffer), "exact", "insert-hyphens", FALSE, NULL);  /* a command shows no hyphen it has not */
  g_signal_connect_object (manager, "notify::dark", G_CALLBACK (follow_style_cb), buffer, 0);
  follow_style_cb (manager, NULL, buffer);
  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_cursor_visible (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_monospace (GTK_TEXT_VIEW (view), TRUE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_CHAR);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), 9);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (view), 9);
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (view), 6);
  gtk_text_view_set_bottom_margin (GTK_TEXT_VIEW (view), 6);
  gtk_text_view_set_accepts_tab (GTK_TEXT_VIEW (view), FALSE);  /* Tab moves on */
  gtk_widget_set_direction (view, GTK_TEXT_DIR_LTR);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  return view;
}

void
cr_preview_view_set_text (GtkWidget *view, const char *text, CrVars *vars)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (view));
  g_autofree char *safe = cr_text_display (text, -1);
  g_autoptr(GList) names = vars != NULL ? cr_vars_names (vars) : NULL;
  GtkTextIter first, last;

  gtk_text_buffer_set_text (buffer, safe, -1);
  gtk_text_buffer_get_bounds (buffer, &first, &last);
  gtk_text_buffer_apply_tag_by_name (buffer, "exact", &first, &last);
  for (GList *name = names; name != NULL; name = name->next) {
    const char *value = cr_vars_get (vars, name->data);
    GtkTextIter from, start, end;

    if (value == NULL || strlen (value) < EMPHASIS_LENGTH || strchr (value, '\n') != NULL)
      continue;
    gtk_text_buffer_get_start_iter (buffer, &from);
    while (gtk_text_iter_forward_search (&from, value, GTK_TEXT_SEARCH_TEXT_ONLY, &start, &end, NULL)) {
      gtk_text_buffer_apply_tag_by_name (buffer, "value", &start, &end);
      from = end;
    }
  }
}
