/* cr1-bed.h: runs generated scripts under a real shell, with stand-ins for sudo and kubectl, and answers as az does
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "cr-script.h"
#include <glib/gstdio.h>
#include <string.h>

#define NONCE  "0123456789abcdef0123456789abcdef"
#define NONCE2 "fedcba9876543210fedcba9876543210"
#define MARK   "00112233aabbccdd"

typedef struct {
  char           *root, *bin, *spool, *path;  /* (owned) */
  const char     *shell;
  CrScriptParams  params;
  GPtrArray      *steps;                      /* (owned): CrPlanStep */
} Bed;

static inline char *
bed_file (Bed *bed, const char *name)
{
  return g_build_filename (bed->root, name, NULL);
}

/* g_file_set_contents() waits for the disk, and thousands of scripts need not; without its flags GLib 2.74 leaves the end of a longer file */
static inline void
bed_store (const char *path, const char *text, gssize length)
{
  FILE *file = fopen (path, "w");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (text, 1, length < 0 ? strlen (text) : (gsize) length, file), ==, length < 0 ? strlen (text) : (gsize) length);
  g_assert_cmpint (fclose (file), ==, 0);
}

static inline void
bed_write (Bed *bed, const char *name, const char *text, guint mode)
{
  g_autofree char *path = bed_file (bed, name);
  bed_store (path, text, -1);
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

static inline gboolean
bed_has (Bed *bed, const char *name)
{
  g_autofree char *path = bed_file (bed, name);
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static inline char *
bed_read (Bed *bed, const char *name)
{
  g_autofree char *path = bed_file (bed, name);
  char *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static inline void
bed_step_free (CrPlanStep *step)
{
  g_free (step->id);
  g_free (step->pod);
  g_free (step->command);
  g_strfreev (step->argv);
  g_strfreev (step->token_argv);
  if (step->files != NULL) {
    for (guint i = 0; i < step->files->len; i++) {
      CrPlanFile *file = g_ptr_array_index (step->files, i);
      g_free (file->path);
      g_free (file->content);
      g_free (file);
    }
    g_ptr_array_unref (step->files);
  }
  g_free (step);
}

/* @pod: a step in a pod. @command: what sh -c runs there */
static inline CrPlanStep *
bed_add (Bed *bed, const char *id, gboolean pod, const char *command)
{
  CrPlanStep *step = g_new0 (CrPlanStep, 1);
  const char *argv[] = { "sh", "-c", command, NULL };

  step->id = g_strdup (id);
  step->where = pod ? CR_STEP_POD : CR_STEP_JUMPBOX;
  step->pod = pod ? g_strdup ("deploy/tx-lookup-api") : NULL;
  step->argv = g_strdupv ((char **) argv);
  step->command = g_strdup (command);
  step->limit = 100;
  step->files = g_ptr_array_new ();
  g_ptr_array_add (bed->steps, step);
  return step;
}

static inline void
bed_set_up (Bed *bed, gconstpointer shell)
{
  bed->shell = shell != NULL ? shell : "dash";
  bed->root = g_dir_make_tmp ("cr1-bed-XXXXXX", NULL);
  bed->bin = bed_file (bed, "bin");
  bed->spool = bed_file (bed, "spool folder");
  bed->path = g_strdup_printf ("%s:/usr/bin:/bin", bed->bin);
  g_mkdir (bed->bin, 0700);
  bed->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) bed_step_free);
  bed->params = (CrScriptParams) {
    .run_id = "e2-3-20260224171350", .gate = "migration", .attempt = 1, .nonce = NONCE, .mark = MARK, .user = "azureuser",
    .namespace_ = "txlookup", .context = "nsc-aks-dev", .spool_dir = bed->spool, .path = bed->path
  };
  /* A login shell would set PATH anew, so the stand-in doesn't make one. */
  bed_write (bed, "bin/sudo",
             "#!/bin/sh\n"
             "root=${0%/bin/*}\n"
             "[ \"$1 $2 $4 $5 $6\" = \"-n -u -H bash -lc\" ] || exit 99\n"
             "echo \"$3\" >>\"$root/users\"; printf '%s\\n' \"$7\" >>\"$root/commands\"; echo x >>\"$root/count\"\n"
             "exec bash -c \"$7\"\n", 0700);
  bed_write (bed, "bin/kubectl",
             "#!/bin/sh\n"
             "root=${0%/bin/*}; input=no\n"
             "[ \"$1 $2 $3 $4 $5\" = \"--context nsc-aks-dev -n txlookup exec\" ] || { echo 'error: context' >&2; exit 1; }\n"
             "while [ \"$1\" != -- ]; do [ \"$1\" = -i ] && input=yes; shift; done; shift\n"
             "[ ! -e \"$root/drop0\" ] || { echo half; exit 0; }\n"
             "[ ! -e \"$root/refuse\" ] || { echo 'Error from server (Forbidden): no' >&2; exit 1; }\n"
             "[ ! -e \"$root/bare\" ] || { PATH=$root/bare; export PATH; }\n"
             "if [ $input = yes ]; then exec \"$@\"; else exec \"$@\" </dev/null; fi\n", 0700);
}

static inline void
bed_tear_down (Bed *bed, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", bed->root, NULL };
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  g_ptr_array_unref (bed->steps);
  g_free (bed->root);
  g_free (bed->bin);
  g_free (bed->spool);
  g_free (bed->path);
}

/* The last @tail bytes of a stream, as the agent keeps them */
static inline void
bed_append_tail (GString *message, const char *text, gsize length, gsize tail)
{
  gsize kept = MIN (length, tail);
  g_string_append_len (message, text + length - kept, (gssize) kept);
}

/* Runs it as the agent does, as a file of its own; -> value[0].message */
static inline GString *
bed_run_with (Bed *bed, const char *script, gssize length, gsize tail, const char *before)
{
  g_autofree char *file = bed_file (bed, "script.sh");
  g_autofree char *line = g_strdup_printf ("%s exec %s \"$0\"", before, bed->shell);
  const char *with[] = { "/bin/sh", "-c", line, file, NULL };
  const char *plain[] = { bed->shell, file, NULL };
  g_autofree char *out = NULL, *err = NULL;
  g_autoptr(GError) error = NULL;
  GString *message = g_string_new ("Enable succeeded: \n[stdout]\n");

  bed_store (file, script, length);
  g_assert_true (g_spawn_sync (bed->root, (char **) (*before != '\0' ? with : plain), NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, NULL,
                              &error));
  g_assert_no_error (error);
  bed_append_tail (message, out, strlen (out), tail);
  g_string_append (message, "\n[stderr]\n");
  bed_append_tail (message, err, strlen (err), tail);
  return message;
}

static inline GString *
bed_run (Bed *bed, const char *script)
{
  return bed_run_with (bed, script, -1, 4096, "");
}

static inline char *
bed_script (Bed *bed, char **payload)
{
  g_autoptr(GError) error = NULL;
  char *script = cr_script_run (&bed->params, bed->steps, payload, &error);
  g_assert_no_error (error);
  return script;
}

/* Script, run, frame */
static inline CrFrame *
bed_go (Bed *bed)
{
  g_autofree char *payload = NULL;
  g_autofree char *script = bed_script (bed, &payload);
  GString *message = bed_run (bed, script);
  CrFrame *frame = cr_frame_read (message->str, message->len, &bed->params, script, payload, bed->steps);

  if (g_test_verbose ())
    g_test_message ("%s", message->str);
  g_string_free (message, TRUE);
  return frame;
}

#define bed_assert_ok(frame) G_STMT_START { \
    if ((frame)->kind != CR_FRAME_OK) g_error ("kind %d: %s", (frame)->kind, (frame)->detail); } G_STMT_END

static inline CrFrameStep *
bed_frame_step (CrFrame *frame, guint index)
{
  g_assert_cmpuint (index, <, frame->steps->len);
  return g_ptr_array_index (frame->steps, index);
}

static inline void
bed_assert_bytes (GBytes *bytes, const char *expected, gsize length)
{
  g_assert_nonnull (bytes);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, length);
  g_assert_true (length == 0 || memcmp (g_bytes_get_data (bytes, NULL), expected, length) == 0);
}
