/* cr-evidence-reading.c: a folder read back: everything that can be judged again is judged again, and must come out the same
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-evidence-folder.h"
#include "cr-text.h"
#include "cr-time.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_EVIDENCE ((off_t) 64 * 1024 * 1024)
#define MAX_PLAN ((off_t) 4 * 1024 * 1024)
#define MAX_CAPTURES ((off_t) 256 * 1024 * 1024)
#define HEAD_BYTES 16384  /* the five contract keys and the run's own stand well within these */

static const char *const GATES[] = { "precheck", "migration", "backfill", "sync", "smoke", "idempotency" };

static void G_GNUC_PRINTF (2, 3)
add_problem (CrEvidenceReading *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (self->problems, g_strdup_vprintf (format, args));
  va_end (args);
}

/* The bytes of a regular file of at most @max bytes, NUL-terminated. Links, FIFOs and devices are refused. NULL: *why says it (static). */
static char *
read_regular (int fd, const char *name, off_t max, gsize *length, const char **why)
{
  struct stat info;
  g_autofree char *content = NULL;
  int file;
  gsize n = 0;

  if (fstatat (fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
    *why = errno == ENOENT ? "is missing" : g_strerror (errno);
    return NULL;
  }
  if (S_ISLNK (info.st_mode)) {
    *why = "is a link, which evidence never is";
    return NULL;
  }
  if (!S_ISREG (info.st_mode)) {
    *why = "is no regular file";
    return NULL;
  }
  if (info.st_size > max) {
    *why = "is too large to be evidence";
    return NULL;
  }
  file = openat (fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) {
    *why = g_strerror (errno);
    return NULL;
  }
  content = g_malloc ((gsize) info.st_size + 1);
  while (n < (gsize) info.st_size) {
    gssize got = read (file, content + n, (gsize) info.st_size - n);

    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0) {
      *why = g_strerror (errno);
      close (file);
      return NULL;
    }
    if (got == 0)
      break;
    n += (gsize) got;
  }
  close (file);
  content[n] = '\0';
  *length = n;
  return g_steal_pointer (&content);
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* (transfer full): names in the folder, sorted, without "." and ".."; NULL if it can't be listed */
static GPtrArray *
list_folder (int fd)
{
  int copy = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy >= 0 ? fdopendir (copy) : NULL;
  GPtrArray *names;
  struct dirent *entry;

  if (dir == NULL) {
    if (copy >= 0)
      close (copy);
    return NULL;
  }
  names = g_ptr_array_new_with_free_func (g_free);
  while ((entry = readdir (dir)) != NULL) {
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      g_ptr_array_add (names, g_strdup (entry->d_name));
  }
  closedir (dir);
  g_ptr_array_sort (names, compare_text);
  return names;
}

static const char *
head_of (CrEvidenceReading *self, const char *file, const char *key)
{
  GHashTable *fields = g_hash_table_lookup (self->heads, file);

  return fields != NULL ? g_hash_table_lookup (fields, key) : NULL;
}

static void
read_files (CrEvidenceReading *self, int fd)
{
  for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
    const char *name = CR_EVIDENCE_FILES[i], *why = NULL;
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *text = read_regular (fd, name, MAX_EVIDENCE, &length, &why);
    GHashTable *fields;

    if (text == NULL) {
      add_problem (self, "%s %s.", name, why);
      continue;
    }
    fields = cr_evidence_parse (name, text, length, &error);
    if (fields != NULL)
      g_hash_table_insert (self->heads, g_strdup (name), fields);
    else
      add_problem (self, "%s", error->message);
  }
}

static void
check_names (CrEvidenceReading *self, GPtrArray *names)
{
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    g_autofree char *shown = NULL;

    if (g_strv_contains (CR_EVIDENCE_FILES, name) || strcmp (name, "attestation") == 0 || strcmp (name, ".gitattributes") == 0)
      continue;
    shown = cr_text_display_line (name, -1, 200);
    if (g_str_has_prefix (name, ".new-"))
      add_problem (self, "%s is the rest of a write that was interrupted.", shown);
    else
      add_problem (self, "%s does not belong into an evidence folder.", shown);
  }
}

/* Keys that must say the same in all files */
static void
check_agreement (CrEvidenceReading *self)
{
  static const char *const keys[] = { "run_id", "t_cutover_utc", "plan_sha256", "plan", "mode", "environment", "tool" };

  for (gsize k = 0; k < G_N_ELEMENTS (keys); k++) {
    const char *first = NULL, *first_file = NULL;

    for (guint i = 0; CR_EVIDENCE_FILES[i] != NULL; i++) {
      const char *file = CR_EVIDENCE_FILES[i], *value = head_of (self, file, keys[k]);

      if (!g_hash_table_contains (self->heads, file))
        continue;
      if (value == NULL) {
        if (self->plan != NULL)
          add_problem (self, "%s has no “%s:” line in its head.", file, keys[k]);
      } else if (first == NULL) {
        first = value;
        first_file = file;
      } else if (strcmp (first, value) != 0) {
        g_autofree char *a = cr_text_display_line (first, -1, 80), *b = cr_text_display_line (value, -1, 80);

        add_problem (self, "%s says %s “%s”, but %s says “%s”: these files are not of one run.", file, keys[k], b, first_file, a);
      }
    }
    if (first != NULL && strcmp (keys[k], "plan_sha256") == 0 && self->plan != NULL && g_strcmp0 (first, self->plan->sha256) != 0)
      add_problem (self, "attestation/plan.json comes from another plan than the files name: plan_sha256 differs.");
  }
  for (guint i = 7; CR_EVIDENCE_FILES[i] != NULL; i++) {
    const char *file = CR_EVIDENCE_FILES[i], *head = head_of (self, file, "t_cutover_utc"), *pair = head_of (self, file, "t_cutover_utc=");

    if (head != NULL && pair != NULL && strcmp (head, pair) != 0)
      add_problem (self, "%s names two different t_cutover_utc.", file);
  }
}

static void
read_plan (CrEvidenceReading *self, int attestation)
{
  g_autoptr(GError) error = NULL;
  const char *why = NULL;
  gsize length = 0;
  g_autofree char *text = read_regular (attestation, "plan.json", MAX_PLAN, &length, &why);

  if (text == NULL) {
    add_problem (self, "attestation/plan.json %s, so nothing can be judged again.", why);
    return;
  }
  self->plan = cr_plan_parse (text, (gssize) length, &error);
  if (self->plan == NULL) {
    add_problem (self, "attestation/plan.json can't be used: %s", error->message);
  } else if (!self->plan->resolved) {
    add_problem (self, "attestation/plan.json still holds placeholders, so it is not the plan that ran.");
    g_clear_pointer (&self->plan, cr_plan_unref);
  }
}

static void
read_captures (CrEvidenceReading *self, int attestation)
{
  int fd = openat (attestation, "captures", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  g_autoptr(GPtrArray) names = fd >= 0 ? list_folder (fd) : NULL;

  if (names == NULL) {
    add_problem (self, "attestation/captures is missing or no folder, so no verdict can be recomputed.");
    if (fd >= 0)
      close (fd);
    return;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i], *why = NULL;
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *text = read_regular (fd, name, MAX_CAPTURES, &length, &why), *shown = cr_text_display_line (name, -1, 200);

    if (text == NULL)
      add_problem (self, "attestation/captures/%s %s.", shown, why);
    else if (!g_str_has_suffix (name, ".json"))
      add_problem (self, "attestation/captures/%s does not belong there.", shown);
    else if (!cr_capture_set_add_json (self->captures, text, (gssize) length, &error))
      add_problem (self, "attestation/captures/%s can't be used: %s.", shown, error->message);
  }
  close (fd);
}

static gboolean
has_captures (CrEvidenceReading *self, const char *gate)
{
  for (guint i = 0; i < self->captures->captures->len; i++) {
    if (g_strcmp0 (((CrCapture *) self->captures->captures->pdata[i])->gate, gate) == 0)
      return TRUE;
  }
  for (guint i = 0; i < self->captures->calls->len; i++) {
    if (g_strcmp0 (((CrCall *) self->captures->calls->pdata[i])->gate, gate) == 0)
      return TRUE;
  }
  return FALSE;
}

/* As the machine does: the first gate that is not PASS ends the run. A gate behind it that has captures all the same is judged too. */
static void
judge (CrEvidenceReading *self)
{
  const char *ended = NULL;

  for (guint i = 0; i < self->plan->gates->len; i++) {
    const CrPlanGate *gate = self->plan->gates->pdata[i];
    CrGateVerdict *verdict;

    if (ended != NULL && !has_captures (self, gate->id)) {
      g_autofree char *why = g_strdup_printf ("The run ended at gate %s.", ended);

      verdict = cr_gate_verdict_new_not_run (gate->id, why);
    } else {
      verdict = cr_judge_gate (self->plan, i, self->captures);
    }
    g_ptr_array_add (self->verdicts, verdict);
    if (verdict->verdict != CR_VERDICT_PASS && ended == NULL)
      ended = gate->id;
  }
}

static void
compare_head (CrEvidenceReading *self, const char *file, const char *key, const char *recomputed)
{
  const char *value = head_of (self, file, key);
  g_autofree char *shown = NULL;

  if (!g_hash_table_contains (self->heads, file) || g_strcmp0 (value, recomputed) == 0)
    return;
  shown = value != NULL ? cr_text_display_line (value, -1, 80) : g_strdup ("nothing");
  add_problem (self, "%s says %s “%s”, but the captures give “%s”.", file, key, shown, recomputed);
}

static void
compare_verdicts (CrEvidenceReading *self)
{
  for (guint i = 0; i < self->plan->gates->len; i++) {
    const CrPlanGate *gate = self->plan->gates->pdata[i];
    CrGateVerdict *verdict = self->verdicts->pdata[i];

    for (guint k = 0; gate->evidence[k] != NULL; k++) {
      const char *file = gate->evidence[k], *code = k == 0 ? verdict->exit_code : verdict->exit_code2;
      CrVerdict own = cr_evidence_file_verdict (self->plan, i, file, verdict);

      compare_head (self, file, "gate", gate->id);
      compare_head (self, file, "gate_verdict", cr_verdict_to_string (verdict->verdict));
      compare_head (self, file, "verdict", cr_verdict_to_string (own));
      compare_head (self, file, "result", cr_result_to_string (cr_verdict_to_result (own)));
      compare_head (self, file, "exit_code", code != NULL ? code : verdict->verdict == CR_VERDICT_NOT_RUN ? "not_run" : "unknown");
    }
  }
}

/* What the verdicts alone decide must stand in 08 and 99. The operator may name another classification, with a reason. */
static void
compare_decision (CrEvidenceReading *self)
{
  static const char *const files[] = { "08_cutover_decision.log", "99_summary.md" };
  CrDecision decision = { 0 };

  cr_decide (self->plan, self->verdicts, TRUE, NULL, &decision);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
    const char *classification = head_of (self, files[i], "failure_classification="), *reason = head_of (self, files[i], "classification_reason=");
    const char *computed = head_of (self, files[i], "computed_classification=");
    gboolean explained = decision.kind == CR_DECISION_NO_GO && reason != NULL && *reason != '\0'
                         && g_strcmp0 (computed, cr_classification_to_string (decision.classification)) == 0
                         && cr_classification_from_string (classification != NULL ? classification : "", &(CrClassification) { 0 })
                         && strcmp (classification, "NONE") != 0;

    compare_head (self, files[i], "decision=", cr_decision_kind_to_string (decision.kind));
    if (!explained)
      compare_head (self, files[i], "failure_classification=", cr_classification_to_string (decision.classification));
  }
  cr_decision_clear (&decision);
}

/* Made by hand, or its attestation is lost: nothing shows that the results are true */
static void
judge_nothing (CrEvidenceReading *self)
{
  const char *recorded = head_of (self, "08_cutover_decision.log", "failure_classification=");

  for (gsize i = 0; i < G_N_ELEMENTS (GATES); i++) {
    CrGateVerdict *verdict = cr_gate_verdict_new_not_run (GATES[i], "There are no captures, so nothing can be judged again.");

    verdict->verdict = CR_VERDICT_UNPROVEN;
    g_free (verdict->exit_code);
    verdict->exit_code = g_strdup ("unknown");
    g_ptr_array_add (self->verdicts, verdict);
  }
  self->decision.kind = CR_DECISION_NO_GO;
  self->decision.classification = CR_CLASS_ENVIRONMENT_BLOCKED;  /* of the first gate, unless the record names another failure */
  if (recorded != NULL && strcmp (recorded, "NONE") != 0)
    cr_classification_from_string (recorded, &self->decision.classification);
  self->decision.first_gate = 0;
  self->decision.sentence = g_strdup_printf ("NO_GO: %s", (const char *) self->problems->pdata[0]);
}

CrEvidenceReading *
cr_evidence_reading_new (const char *path, GError **error)
{
  g_autoptr(CrEvidenceReading) self = g_new0 (CrEvidenceReading, 1);
  g_autoptr(GPtrArray) names = NULL;
  struct stat info;
  gboolean any = FALSE;
  int fd, attestation;

  g_return_val_if_fail (path != NULL, NULL);
  self->path = g_strdup (path);
  self->captures = cr_capture_set_new ();
  self->heads = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  self->problems = g_ptr_array_new_with_free_func (g_free);
  self->verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify) cr_gate_verdict_free);
  self->decision.first_gate = -1;

  fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  names = fd >= 0 ? list_folder (fd) : NULL;
  if (names == NULL) {
    int cause = errno;

    if (fd >= 0)
      close (fd);
    g_set_error (error, CR_FOLDER_ERROR, cause == ENOENT || cause == ENOTDIR ? CR_FOLDER_ERROR_NOT_EVIDENCE : CR_FOLDER_ERROR_READ,
                 "The evidence folder %s can't be read: %s; name a folder that a rehearsal has made", path, g_strerror (cause));
    return NULL;
  }
  for (guint i = 0; i < names->len && !any; i++)
    any = g_strv_contains (CR_EVIDENCE_FILES, names->pdata[i]);
  any = any || fstatat (fd, "attestation/plan.json", &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (!any) {
    close (fd);
    g_set_error (error, CR_FOLDER_ERROR, CR_FOLDER_ERROR_NOT_EVIDENCE,
                 "%s is no evidence folder: it holds none of the ten files, from 01_precheck.log to 99_summary.md", path);
    return NULL;
  }

  read_files (self, fd);
  check_names (self, names);
  attestation = openat (fd, "attestation", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (attestation >= 0) {
    read_plan (self, attestation);
    read_captures (self, attestation);
    close (attestation);
  } else {
    add_problem (self, "There is no attestation folder, so nothing can be judged again: each gate is UNPROVEN, whatever its file says.");
  }
  close (fd);
  check_agreement (self);
  if (self->plan == NULL) {
    judge_nothing (self);
    return g_steal_pointer (&self);
  }
  judge (self);
  compare_verdicts (self);
  compare_decision (self);
  cr_decide (self->plan, self->verdicts, self->problems->len == 0, self->problems->len > 0 ? self->problems->pdata[0] : NULL, &self->decision);
  return g_steal_pointer (&self);
}

void
cr_evidence_reading_free (CrEvidenceReading *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_clear_pointer (&self->plan, cr_plan_unref);
  g_clear_pointer (&self->captures, cr_capture_set_unref);
  g_clear_pointer (&self->heads, g_hash_table_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  g_clear_pointer (&self->verdicts, g_ptr_array_unref);
  cr_decision_clear (&self->decision);
  g_free (self);
}

/* <YYYYMMDD_HHMMSS>_e2_3_reload_cutover_rehearsal, also with _practice */
static gboolean
is_run_folder (const char *name)
{
  const char *rest;

  for (guint i = 0; i < 15; i++) {
    if (i == 8 ? name[i] != '_' : !g_ascii_isdigit (name[i]))
      return FALSE;
  }
  rest = name + 15;
  return strcmp (rest, "_e2_3_reload_cutover_rehearsal") == 0 || strcmp (rest, "_e2_3_reload_cutover_rehearsal_practice") == 0;
}

/* Reads the beginning of a file that may be a link's target's, a FIFO or anything: only regular files, never waiting. Empty if unreadable. */
static char *
read_beginning (int folder, const char *name)
{
  struct stat info;
  int fd = openat (folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  char *text = g_malloc (HEAD_BYTES + 1);
  gssize n = fd >= 0 && fstat (fd, &info) == 0 && S_ISREG (info.st_mode) ? pread (fd, text, HEAD_BYTES, 0) : 0;

  text[MAX (n, 0)] = '\0';
  if (fd >= 0)
    close (fd);
  return text;
}

/* Adds what @marker introduces in @text, if it is a strict time. @end: the character behind it */
static gboolean
take_cutover (GHashTable *used, const char *text, const char *marker, char end)
{
  const char *at = strstr (text, marker);
  g_autofree char *value = NULL;
  gint64 seconds;

  if (at == NULL || strlen (at) <= strlen (marker) + 20 || at[strlen (marker) + 20] != end)
    return FALSE;
  value = g_strndup (at + strlen (marker), 20);
  if (!cr_time_parse_utc (value, &seconds, NULL))
    return FALSE;
  g_hash_table_add (used, g_steal_pointer (&value));
  return TRUE;
}

GHashTable *
cr_evidence_used_cutovers (const char *root)
{
  GHashTable *used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  int fd;
  g_autoptr(GPtrArray) names = NULL;

  g_return_val_if_fail (root != NULL, used);
  fd = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  names = fd >= 0 ? list_folder (fd) : NULL;
  for (guint i = 0; names != NULL && i < names->len; i++) {
    int folder = is_run_folder (names->pdata[i]) ? openat (fd, names->pdata[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    g_autofree char *first = NULL, *last = NULL, *journal = NULL;

    if (folder < 0)
      continue;
    first = read_beginning (folder, "01_precheck.log");
    last = read_beginning (folder, "99_summary.md");
    if (!take_cutover (used, first, "\nt_cutover_utc: ", '\n') && !take_cutover (used, last, "\nt_cutover_utc: ", '\n')
        && !take_cutover (used, last, "\nt_cutover_utc=", '\n')) {
      journal = read_beginning (folder, "attestation/journal.jsonl");  /* of a run that ended before its first gate did */
      take_cutover (used, journal, "\"t_cutover_utc\":\"", '"');
    }
    close (folder);
  }
  if (fd >= 0)
    close (fd);
  return used;
}
