/* cr-cutover-page.c: page 3 of the wizard: T_cutover, what follows from it, the run's id, practice choices
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include <glib/gi18n.h>
#include "cr-clock-check.h"
#include "cr-compat.h"
#include "cr-cutover-page.h"
#include "cr-field-row.h"
#include "../core/cr-text.h"
#include "../core/cr-time.h"
#include "../io/cr-evidence-folder.h"
#include "../io/cr-practice.h"

#define STEP_SECONDS   300            /* of the steppers; also what the first proposal is rounded up to */
#define SOONEST        60             /* seconds from now */
#define LATEST         (24 * 60 * 60)
#define CAUTION_OFFSET 2              /* seconds of clock difference */

enum { DERIVED_BACKFILL_SINCE, DERIVED_BACKFILL_UNTIL, DERIVED_SYNC_SINCE, DERIVED_WINDOW_START, DERIVED_WINDOW_END, N_DERIVED };

struct _CrCutoverPage {
  CrWizardPage    parent_instance;
  GtkCheckButton *now_radio, *set_radio;  /* template children, as all up to clock_button */
  CrFieldRow     *time_row, *run_id_row, *fault_row, *seed_row;
  GtkWidget      *practice_group, *time_buttons;
  AdwActionRow   *derived[N_DERIVED];
  AdwActionRow   *clock_row;
  GtkButton      *new_run_id_button, *clock_button;
  GHashTable     *used;         /* (owned) (nullable): T_cutover texts of earlier runs */
  char           *used_root;    /* (owned) (nullable): the evidence folder they were read from */
  GCancellable   *cancellable;  /* (owned) */
  guint           tick_id;      /* source while the page is open, or 0 */
  gboolean        updating;
  gboolean        clock_asked;
  gboolean        clock_blocks; /* in real mode */
};

G_DEFINE_FINAL_TYPE (CrCutoverPage, cr_cutover_page, CR_TYPE_WIZARD_PAGE)

static CrSettings *
get_settings (CrCutoverPage *self)
{
  return cr_wizard_page_get_settings (CR_WIZARD_PAGE (self));
}

static gint64
now_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* (transfer full): "in 12 min", for people */
static char *
describe_distance (gint64 seconds)
{
  if (seconds < 120)
    return g_strdup_printf (ngettext ("in %d second", "in %d seconds", (gulong) seconds), (int) seconds);
  if (seconds < 2 * 60 * 60)
    return g_strdup_printf (ngettext ("in %d minute", "in %d minutes", (gulong) (seconds / 60)), (int) (seconds / 60));
  return g_strdup_printf (ngettext ("in %d hour", "in %d hours", (gulong) (seconds / 3600)), (int) (seconds / 3600));
}

static void
set_subtitle (AdwActionRow *row, const char *text)
{
  g_autofree char *safe = g_markup_escape_text (text, -1);

  if (g_strcmp0 (adw_action_row_get_subtitle (row), safe) == 0)
    return;
  adw_action_row_set_subtitle (row, safe);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

/* ---- T_cutover ---- */

/* What is wrong with @t beyond its form (transfer full) (nullable) */
static char *
time_problem (CrCutoverPage *self, gint64 t, const char *text)
{
  gint64 now = now_seconds ();

  if (t < now + SOONEST)
    return g_strdup_printf (_("“T_cutover” cannot be “%s”. Expected: a time at least one minute from now."), text);
  if (t > now + LATEST)
    return g_strdup_printf (_("“T_cutover” cannot be “%s”. Expected: a time within the next 24 hours."), text);
  if (self->used != NULL && g_hash_table_contains (self->used, text))
    return g_strdup_printf (_("“T_cutover” cannot be “%s”: an earlier rehearsal used it. The contract asks for a new T_cutover."), text);
  return NULL;
}

static void
refresh (CrCutoverPage *self)
{
  gboolean at_set_time = gtk_check_button_get_active (self->set_radio);
  g_autofree char *text = g_strstrip (g_strdup (cr_field_row_get_text (self->time_row)));
  gint64 now = now_seconds ();
  gint64 t = now;
  CrCutline line;
  gint64 instants[N_DERIVED];

  if (at_set_time && !cr_time_parse_utc (text, &t, NULL)) {
    cr_field_row_set_problem (self->time_row, NULL, FALSE);
    cr_field_row_set_note (self->time_row, NULL);
    for (guint i = 0; i < N_DERIVED; i++)
      set_subtitle (self->derived[i], _("needs a T_cutover"));
    return;
  }
  if (at_set_time) {
    g_autofree char *problem = time_problem (self, t, text);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc (t);
    g_autoptr(GDateTime) local = g_date_time_to_local (utc);
    g_autofree char *local_text = g_date_time_format (local, "%H:%M:%S %Z");
    g_autofree char *distance = t > now ? describe_distance (t - now) : g_strdup (_("in the past"));
    g_autofree char *note = g_strdup_printf ("%s, %s", local_text, distance);

    cr_field_row_set_problem (self->time_row, problem, FALSE);
    cr_field_row_set_note (self->time_row, note);
  }
  cr_cutline_init (&line, t);
  instants[DERIVED_BACKFILL_SINCE] = line.backfill_since;
  instants[DERIVED_BACKFILL_UNTIL] = line.backfill_until;
  instants[DERIVED_SYNC_SINCE] = line.sync_since;
  instants[DERIVED_WINDOW_START] = line.window_start;
  instants[DERIVED_WINDOW_END] = line.window_end;
  for (guint i = 0; i < N_DERIVED; i++) {
    g_autofree char *instant = cr_time_format_utc (instants[i]);
    set_subtitle (self->derived[i], instant);
  }
}

static void
when_toggled_cb (GtkCheckButton *button, CrCutoverPage *self)
{
  gboolean at_set_time = gtk_check_button_get_active (self->set_radio);

  gtk_widget_set_visible (GTK_WIDGET (self->time_row), at_set_time);
  if (self->updating || get_settings (self) == NULL || !gtk_check_button_get_active (button))
    return;
  if (at_set_time && *cr_field_row_get_text (self->time_row) == '\0') {
    /* now + 10 minutes, rounded up to 5 */
    gint64 t = now_seconds () + 600;
    g_autofree char *text = cr_time_format_utc ((t + STEP_SECONDS - 1) / STEP_SECONDS * STEP_SECONDS);
    cr_field_row_set_text (self->time_row, text);
  }
  cr_field_row_set_active (self->time_row, at_set_time);
  if (!at_set_time)
    cr_settings_set (get_settings (self), "t_cutover", "now", CR_ORIGIN_EDITED, NULL);
  refresh (self);
}

static void
step_time (CrCutoverPage *self, gint64 seconds)
{
  g_autofree char *text = g_strstrip (g_strdup (cr_field_row_get_text (self->time_row)));
  g_autofree char *stepped = NULL;
  gint64 t = 0;

  if (!cr_time_parse_utc (text, &t, NULL))
    t = (now_seconds () + STEP_SECONDS - 1) / STEP_SECONDS * STEP_SECONDS;
  else
    t += seconds;
  stepped = cr_time_format_utc (t);
  cr_field_row_set_text (self->time_row, stepped);
  cr_field_row_show_problem (self->time_row);
}

static void
earlier_cb (CrCutoverPage *self)
{
  step_time (self, -STEP_SECONDS);
}

static void
later_cb (CrCutoverPage *self)
{
  step_time (self, STEP_SECONDS);
}

static void
copy_derived_cb (GtkButton *button, CrCutoverPage *self)
{
  for (guint i = 0; i < N_DERIVED; i++)
    if (gtk_widget_is_ancestor (GTK_WIDGET (button), GTK_WIDGET (self->derived[i])))
      gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), adw_action_row_get_subtitle (self->derived[i]));
}

/* Reading every earlier folder may take time on a slow disk */
static void
read_used_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  g_task_return_pointer (task, cr_evidence_used_cutovers (task_data), (GDestroyNotify) g_hash_table_unref);
}

static void
used_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  CrCutoverPage *self = CR_CUTOVER_PAGE (source);
  g_autoptr(GHashTable) used = g_task_propagate_pointer (G_TASK (result), NULL);

  if (used == NULL || g_strcmp0 (g_task_get_task_data (G_TASK (result)), self->used_root) != 0)
    return;
  g_clear_pointer (&self->used, g_hash_table_unref);
  self->used = g_steal_pointer (&used);
  refresh (self);
}

static void
read_used (CrCutoverPage *self)
{
  const char *root = cr_settings_get (get_settings (self), "evidence_root");
  g_autoptr(GTask) task = g_task_new (self, self->cancellable, used_read_cb, NULL);

  g_free (self->used_root);
  self->used_root = g_strdup (root);
  g_task_set_task_data (task, g_strdup (root), g_free);
  g_task_run_in_thread (task, read_used_thread);
}

/* ---- Run id ---- */

static void
new_run_id_cb (CrCutoverPage *self)
{
  g_autofree char *run_id = cr_run_id_new (now_seconds ());

  cr_field_row_set_text (self->run_id_row, run_id);
}

/* The wizard asks for the runbook's own form, stricter than what tests and the command line may use */
static void
check_run_id (CrCutoverPage *self)
{
  const char *run_id = cr_settings_get (get_settings (self), "run_id");
  g_autofree char *safe = cr_text_display_line (run_id, -1, 80);
  g_autofree char *problem = NULL;

  if (*run_id != '\0' && !g_regex_match_simple ("^e2-3-[0-9]{14}$", run_id, G_REGEX_DOLLAR_ENDONLY, 0)
      && cr_settings_get_origin (get_settings (self), "run_id") != CR_ORIGIN_OPTION)
    problem = g_strdup_printf (_("“Run id” cannot be “%s”. Expected: e2-3- and 14 digits, or nothing for one from the clock."), safe);
  cr_field_row_set_problem (self->run_id_row, problem, FALSE);
}

/* ---- Clock ---- */

static void
update_blocked (CrCutoverPage *self)
{
  cr_wizard_page_set_blocked (CR_WIZARD_PAGE (self), self->clock_blocks && !cr_settings_is_practice (get_settings (self)));
}

static void
clock_checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(CrCutoverPage) self = CR_CUTOVER_PAGE (user_data);
  g_autoptr(GError) error = NULL;
  CrClockFinding finding;
  g_autofree char *text = NULL;
  gint64 limit;

  if (!cr_clock_check_finish (result, &finding, &error))
    return;  /* cancelled: the page is gone */
  gtk_widget_set_sensitive (GTK_WIDGET (self->clock_button), TRUE);
  limit = cr_settings_get_int (get_settings (self), "clock_limit");
  self->clock_blocks = FALSE;
  gtk_widget_remove_css_class (GTK_WIDGET (self->clock_row), "error");
  gtk_widget_remove_css_class (GTK_WIDGET (self->clock_row), "warning");
  if (finding.have_offset) {
    double offset = finding.offset_seconds;
    double size = offset < 0 ? -offset : offset;
    self->clock_blocks = size > (double) limit;
    if (self->clock_blocks) {
      text = g_strdup_printf (_("%+.0f s from the API server: set this computer’s clock before a real rehearsal (limit %d s)"), offset, (int) limit);
      gtk_widget_add_css_class (GTK_WIDGET (self->clock_row), "error");
    } else if (size > CAUTION_OFFSET) {
      text = g_strdup_printf (_("%+.0f s from the API server: caution"), offset);
      gtk_widget_add_css_class (GTK_WIDGET (self->clock_row), "warning");
    } else {
      text = g_strdup (_("Agrees with the API server within 2 s"));
    }
  } else if (finding.ntp == CR_CLOCK_NTP_YES) {
    text = g_strdup (_("Synchronised by NTP, says this computer. Precheck measures the jumpbox and the pods too."));
  } else if (finding.ntp == CR_CLOCK_NTP_NO) {
    text = g_strdup (_("Not synchronised by NTP, says this computer. Precheck measures the difference and decides."));
    gtk_widget_add_css_class (GTK_WIDGET (self->clock_row), "warning");
  } else {
    text = g_strdup (_("Difference not known here. Precheck measures it against the jumpbox and the pods, and decides."));
  }
  set_subtitle (self->clock_row, text);
  update_blocked (self);
}

static void
check_clock_cb (CrCutoverPage *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->clock_button), FALSE);
  set_subtitle (self->clock_row, _("Checking…"));
  cr_clock_check_async (cr_settings_is_practice (get_settings (self)) ? "" : cr_settings_get (get_settings (self), "api_url"), self->cancellable,
                        clock_checked_cb, g_object_ref (self));
}

/* ---- The page ---- */

static gboolean
tick_cb (gpointer user_data)
{
  refresh (CR_CUTOVER_PAGE (user_data));
  return G_SOURCE_CONTINUE;
}

static void
fill_faults (CrCutoverPage *self)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) faults = cr_practice_faults (&error);
  g_autoptr(GStrvBuilder) values = g_strv_builder_new ();
  g_autoptr(GStrvBuilder) labels = g_strv_builder_new ();
  g_auto(GStrv) value_list = NULL;
  g_auto(GStrv) label_list = NULL;

  g_strv_builder_add (values, "");
  g_strv_builder_add (labels, _("None: the rehearsal should pass"));
  for (guint i = 0; faults != NULL && i < faults->len; i++) {
    CrFault *fault = g_ptr_array_index (faults, i);
    g_strv_builder_add (values, fault->name);
    g_strv_builder_add (labels, fault->summary);
  }
  if (faults == NULL)
    g_message ("The list of practice failures cannot be read: %s", error->message);
  value_list = g_strv_builder_end (values);
  label_list = g_strv_builder_end (labels);
  cr_field_row_set_choices (self->fault_row, (const char *const *) value_list, (const char *const *) label_list);
}

static void
update_mode (CrCutoverPage *self)
{
  gtk_widget_set_visible (self->practice_group, cr_settings_is_practice (get_settings (self)));
  update_blocked (self);
}

static void
cr_cutover_page_changed (CrWizardPage *page, CrSettings *settings, const char *key)
{
  CrCutoverPage *self = CR_CUTOVER_PAGE (page);

  if (g_str_equal (key, "mode"))
    update_mode (self);
  else if (g_str_equal (key, "t_cutover"))
    refresh (self);
  else if (g_str_equal (key, "run_id"))
    check_run_id (self);
  else if (g_str_equal (key, "evidence_root"))
    g_clear_pointer (&self->used, g_hash_table_unref);
}

static void
cr_cutover_page_bind (CrWizardPage *page, CrSettings *settings)
{
  CrCutoverPage *self = CR_CUTOVER_PAGE (page);
  const char *t_cutover = cr_settings_get (settings, "t_cutover");
  gboolean at_set_time = *t_cutover != '\0' && g_strcmp0 (t_cutover, "now") != 0;

  self->updating = TRUE;
  gtk_check_button_set_active (at_set_time ? self->set_radio : self->now_radio, TRUE);
  gtk_widget_set_visible (GTK_WIDGET (self->time_row), at_set_time);
  cr_field_row_set_active (self->time_row, at_set_time);
  cr_field_row_set_text (self->time_row, at_set_time ? t_cutover : "");
  self->updating = FALSE;
  fill_faults (self);
  update_mode (self);
  check_run_id (self);
  refresh (self);
}

static void
cr_cutover_page_opened (CrWizardPage *page)
{
  CrCutoverPage *self = CR_CUTOVER_PAGE (page);

  if (self->tick_id == 0)
    self->tick_id = g_timeout_add_seconds (1, tick_cb, self);
  read_used (self);
  refresh (self);
  if (!self->clock_asked) {
    self->clock_asked = TRUE;
    check_clock_cb (self);
  }
}

static void
cr_cutover_page_left (CrWizardPage *page)
{
  g_clear_handle_id (&CR_CUTOVER_PAGE (page)->tick_id, g_source_remove);
}

static void
cr_cutover_page_dispose (GObject *object)
{
  CrCutoverPage *self = CR_CUTOVER_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->tick_id, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), CR_TYPE_CUTOVER_PAGE);
  G_OBJECT_CLASS (cr_cutover_page_parent_class)->dispose (object);
}

static void
cr_cutover_page_finalize (GObject *object)
{
  CrCutoverPage *self = CR_CUTOVER_PAGE (object);

  g_object_unref (self->cancellable);
  g_clear_pointer (&self->used, g_hash_table_unref);
  g_free (self->used_root);
  G_OBJECT_CLASS (cr_cutover_page_parent_class)->finalize (object);
}

static void
cr_cutover_page_class_init (CrCutoverPageClass *klass)
{
  static const char *const derived_ids[N_DERIVED] = { "backfill_since_row", "backfill_until_row", "sync_since_row", "window_start_row",
                                                      "window_end_row" };
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  CrWizardPageClass *page_class = CR_WIZARD_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = cr_cutover_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = cr_cutover_page_finalize;
  page_class->bind = cr_cutover_page_bind;
  page_class->changed = cr_cutover_page_changed;
  page_class->opened = cr_cutover_page_opened;
  page_class->left = cr_cutover_page_left;

  g_type_ensure (CR_TYPE_FIELD_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, CR_APP_PATH "/cr-cutover-page.ui");
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, now_radio);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, set_radio);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, time_row);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, time_buttons);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, run_id_row);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, new_run_id_button);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, fault_row);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, seed_row);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, practice_group);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, clock_row);
  gtk_widget_class_bind_template_child (widget_class, CrCutoverPage, clock_button);
  for (guint i = 0; i < N_DERIVED; i++)
    gtk_widget_class_bind_template_child_full (widget_class, derived_ids[i], FALSE,
                                               (gssize) (G_STRUCT_OFFSET (CrCutoverPage, derived) + i * sizeof (AdwActionRow *)));
  gtk_widget_class_bind_template_callback (widget_class, when_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, earlier_cb);
  gtk_widget_class_bind_template_callback (widget_class, later_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_derived_cb);
  gtk_widget_class_bind_template_callback (widget_class, new_run_id_cb);
  gtk_widget_class_bind_template_callback (widget_class, check_clock_cb);
}

static void
cr_cutover_page_init (CrCutoverPage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  cr_field_row_add_suffix (self->time_row, self->time_buttons);
  cr_field_row_add_suffix (self->run_id_row, GTK_WIDGET (self->new_run_id_button));
}

void
cr_cutover_page_refresh (CrCutoverPage *self)
{
  g_return_if_fail (CR_IS_CUTOVER_PAGE (self));

  if (get_settings (self) != NULL)
    refresh (self);
}
