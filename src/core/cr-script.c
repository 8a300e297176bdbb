/* cr-script.c: format CR1, the script that goes to the jumpbox (facts: reliability 5.3)
 *
 * Only constant text is ever parsed by a shell; the one exception is the step's command line, whose words cr_quote_argv() made. Two changes
 * against the format as it was tried: the S lines leave out the nonce and the digest of an empty stream, so that a gate of a dozen steps has room
 * for its output in one answer; and the steps share one time limit, so that a gate cannot take the sum of all of theirs.
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"
#include "cr-script.h"
#include "cr-quote.h"
#include <string.h>

G_DEFINE_QUARK (cr-script-error-quark, cr_script_error)

#define DEFAULT_LIMIT 600u  /* seconds, for a step that has none at all */

/* What all three scripts begin with. 1 run, 2 gate, 3 attempt, 4 mode, 5 PATH, 6 nonce, 7 spool */
static const char head_format[] =
  "#!/bin/sh\n"
  "# CR1 run=%s gate=%s attempt=%u mode=%s\n"
  "main() {\n"
  "set -u; umask 077; LC_ALL=C; export LC_ALL\n"
  "PATH=%s; export PATH\n"
  "N=%s\n"
  "B=%s\n"
  "D=\"$B/%s.%s.%u\"\n"
  "exec 3>&1 </dev/null\n"
  "say() { printf 'CR1 %%s %%s\\n' \"$1\" \"$N$2\" >&3; }\n"
  "die() { say FATAL \" $1\"; exit 97; }\n"
  "sha() { sha256sum | cut -c1-64; }\n"
  /* when process $1 began: pids come round again; nothing for one that ended and waits to be collected */
  "since() { sed -n 's/.*) \\([^ZX] \\)/\\1/p' \"/proc/$1/stat\" 2>/dev/null | cut -d' ' -f20; }\n";

/* 1 attempt's name, 2 the same */
static const char run_fence_format[] =
  "for t in flock timeout sudo sha256sum gzip base64 sed; do command -v \"$t\" >/dev/null 2>&1 || die \"missing:$t\"; done\n"
  "mkdir -p \"$B\" || die no-spool\n"
  "exec 9>\"$B/lock\" || die no-spool\n"
  "flock -n 9 || die \"busy:$(head -c 200 \"$B/holder\")\"\n"
  "[ -d \"$D\" ] && die already-started\n"
  "mkdir \"$D\" 2>/dev/null || die no-spool\n"
  "echo '%s' >\"$B/holder\" || die no-spool\n"
  "printf '%%s %%s %%s %%s\\n' \"$$\" \"$(cat /proc/sys/kernel/random/boot_id)\" \"$(since \"$$\")\" \"$N\" >\"$D/started\" || die no-spool\n";

static const char run_begin[] =
  "[ \"$(sha <\"$D/steps\")\" = \"$H\" ] || die bad-payload-sum\n"
  "exec >\"$D/wrap.out\" 2>\"$D/wrap.err\"\n"
  ": >\"$D/index\" || die spool-full\n"
  ": >\"$D/bundle\" || die spool-full\n"
  "ok=1 E=$(($(date -u +%s) + L))\n"
  ". \"$D/steps\"\n"
  "report\n"
  "sweep\n"
  "}\n";

/* The spool holds output as it was, unredacted: what is older than 30 days goes, by exact name, after the answer is out. */
static const char run_sweep[] =
  "sweep() {\n"
  "  find \"$B\" -mindepth 2 -maxdepth 2 -type f -mtime +30 \\( -name frame -o -name bundle.gz -o -name index -o -name started -o -name steps \\\n"
  "    -o -name wrap.out -o -name wrap.err -o -name '*.cmd' -o -name '*.out' -o -name '*.err' \\) -delete\n"
  "  find \"$B\" -mindepth 1 -maxdepth 1 -type d -mtime +30 -empty -delete\n"
  "}\n";

/* 1 user */
static const char run_step_format[] =
  "step() {   # id, limit in seconds, pod mark or -, 1: later steps run even if it fails; the command comes on standard input\n"
  "  [ \"$ok\" = 1 ] || return 0\n"
  "  i=$1 c=$(cat) t0=$(date -u +%%s) l=$2 p=na\n"
  "  [ \"$t0\" -lt \"$E\" ] || { ok=0; return 0; }\n"
  "  [ \"$((E - t0))\" -ge \"$l\" ] || l=$((E - t0))\n"
  "  printf '%%s\\n' \"$c\" >\"$D/$i.cmd\" || die spool-full\n"
  "  timeout -k 10 \"$l\" sudo -n -u %s -H bash -lc \"$K$c\" </dev/null >\"$D/$i.out\" 2>\"$D/$i.err\" 3>&- 9>&-; r=$?\n"
  "  if [ \"$3\" != - ]; then p=lost; [ \"$(tail -n 1 \"$D/$i.out\")\" = \"CR1POD $3 rc=$r\" ] && p=ok; fi\n"
  "  o=$(wc -c <\"$D/$i.out\") e=$(wc -c <\"$D/$i.err\") oh=- eh=-\n"
  "  [ \"$o\" = 0 ] || oh=$(sha <\"$D/$i.out\")\n"
  "  [ \"$e\" = 0 ] || eh=$(sha <\"$D/$i.err\")\n"
  "  printf 'S %%s rc=%%s pod=%%s t0=%%s t1=%%s out=%%s outsha=%%s err=%%s errsha=%%s\\n' \\\n"
  "    \"$i\" \"$r\" \"$p\" \"$t0\" \"$(date -u +%%s)\" \"$o\" \"$oh\" \"$e\" \"$eh\" >>\"$D/index\" || die spool-full\n"
  "  cat \"$D/$i.out\" \"$D/$i.err\" >>\"$D/bundle\" || die spool-full\n"
  "  { [ \"$r\" = 0 ] && [ \"$p\" != lost ]; } || [ \"$4\" = 1 ] || ok=0\n"
  "}\n";

/* 1 run, 2 gate, 3 attempt. 3,800 bytes and the two lines after them stay below the 4,096 that come back. */
static const char run_report_format[] =
  "report() {\n"
  "  gzip -9nc <\"$D/bundle\" >\"$D/bundle.gz\" || die spool-full\n"
  "  rm -f \"$D/bundle\"\n"
  "  gz=$(wc -c <\"$D/bundle.gz\"); self=na; [ -r \"$0\" ] && self=$(sha <\"$0\")\n"
  "  { printf 'CR1 BEGIN %%s run=%s gate=%s attempt=%u self=%%s payload=%%s steps=%%s gz=%%s gzsha=%%s\\n' \\\n"
  "      \"$N\" \"$self\" \"$H\" \"$(wc -l <\"$D/index\")\" \"$gz\" \"$(sha <\"$D/bundle.gz\")\"\n"
  "    sed 's/^S /CR1 S /' \"$D/index\"; } >\"$D/frame.tmp\" || die spool-full\n"
  "  room=$(( (3800 - $(wc -c <\"$D/frame.tmp\")) * 3 / 4 )); [ \"$room\" -gt 0 ] || room=0; [ \"$gz\" -ge \"$room\" ] || room=$gz\n"
  "  printf 'CR1 D %%s off=0 len=%%s %%s\\n' \"$N\" \"$room\" \"$(head -c \"$room\" \"$D/bundle.gz\" | base64 -w0)\" >>\"$D/frame.tmp\" || die spool-full\n"
  "  printf 'CR1 END %%s sum=%%s\\n' \"$N\" \"$(sha <\"$D/frame.tmp\")\" >>\"$D/frame.tmp\" || die spool-full\n"
  "  mv \"$D/frame.tmp\" \"$D/frame\" || die spool-full\n"
  "  cat \"$D/frame\" >&3\n"
  "}\n";

/* 1 the original nonce */
static const char status_format[] =
  "O=%s\n"
  "[ -d \"$D\" ] || { say STATUS ' never-started'; return 0; }\n"
  "pid=0 boot=- began=- nonce=-\n"
  "[ -r \"$D/started\" ] && read -r pid boot began nonce <\"$D/started\"\n"
  "if [ \"${#nonce}\" = 32 ] && [ \"$nonce\" != \"$O\" ]; then say STATUS ' other-attempt'; return 0; fi\n"
  "w=died\n"
  "if [ -n \"$began\" ] && [ \"$boot\" = \"$(cat /proc/sys/kernel/random/boot_id)\" ] && [ \"$(since \"$pid\")\" = \"$began\" ]; then w=still-running; fi\n"
  "[ -r \"$D/frame\" ] && w=\"done\"\n"  /* asked last: it may have ended in between */
  "say STATUS \" $w\"\n"
  "[ \"$w\" != \"done\" ] || cat \"$D/frame\" >&3\n"
  "}\n";

/* 1 offset, 2 offset + 1, 3 bytes of a page, 4 run, 5 gate, 6 attempt, 7 offset */
static const char page_format[] =
  "[ -r \"$D/bundle.gz\" ] || die no-bundle\n"
  "gz=$(wc -c <\"$D/bundle.gz\")\n"
  "[ %" G_GUINT64_FORMAT " -lt \"$gz\" ] || die no-such-page\n"
  "b=$(tail -c +%" G_GUINT64_FORMAT " \"$D/bundle.gz\" | head -c %u | base64 -w0)\n"
  "f=$(printf 'CR1 BEGIN %%s run=%s gate=%s attempt=%u gz=%%s gzsha=%%s\\nCR1 D %%s off=%" G_GUINT64_FORMAT " len=%%s %%s' \\\n"
  "  \"$N\" \"$gz\" \"$(sha <\"$D/bundle.gz\")\" \"$N\" \"$(printf %%s \"$b\" | base64 -d | wc -c)\" \"$b\")\n"
  "printf '%%s\\nCR1 END %%s sum=%%s\\n' \"$f\" \"$N\" \"$(printf '%%s\\n' \"$f\" | sha)\" >&3\n"
  "}\n";

/* What runs in the pod: sh -c RUNNER sh MARK LIMIT NFILES [PATH BASE64]... COMMAND... It is constant; all values are its arguments. Without a timeout
 * of its own in the pod, a command would outlive the kubectl that is ended outside. */
static const char pod_runner[] =
  "m=$1 l=$2 n=$3 i=0; shift 3\n"
  "end() { printf \"\\nCR1POD %s rc=%s\\n\" \"$m\" \"$1\"; exit \"$1\"; }\n"
  "py() { if command -v python3 >/dev/null 2>&1; then python3 \"$@\"; else python \"$@\"; fi; }\n"
  "has() { command -v \"$1\" >/dev/null 2>&1; }\n"
  "while [ \"$i\" -lt \"$n\" ]; do\n"
  "  i=$((i + 1)) p=$1 b=$2; shift 2\n"
  "  { if has base64; then printf %s \"$b\" | base64 -d\n"
  "    else py -c \"import base64,sys; sys.stdout.buffer.write(base64.b64decode(sys.argv[1]))\" \"$b\"; fi >\"$p.part\" &&\n"
  "    mv \"$p.part\" \"$p\"; } || { echo \"cannot write $p\" >&2; end 73; }\n"
  "  if has sha256sum; then h=$(sha256sum <\"$p\")\n"
  "  else h=$(py -c \"import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())\" <\"$p\"); fi\n"
  "  echo \"CR1FILE $i sha256=${h%% *} lines=$(($(wc -l <\"$p\"))) bytes=$(($(wc -c <\"$p\")))\"\n"
  "done\n"
  "if timeout -k 1 5 true 2>/dev/null; then timeout -k 5 \"$l\" \"$@\"; else \"$@\"; fi\n"
  "end \"$?\"";

static gboolean
has_grammar (const char *text, const char *extra, gsize max)
{
  if (text == NULL || !g_ascii_isalnum (text[0]))
    return FALSE;
  for (gsize i = 0; text[i] != '\0'; i++)
    if (i >= max || (!g_ascii_isalnum (text[i]) && strchr (extra, text[i]) == NULL))
      return FALSE;
  return TRUE;
}

static gboolean
is_hex (const char *text, gsize digits)
{
  return text != NULL && strlen (text) == digits && strspn (text, "0123456789abcdef") == digits;
}

static gboolean
refuse (GError **error, const char *what, const char *form, const char *value)
{
  g_set_error (error, CR_SCRIPT_ERROR, CR_SCRIPT_ERROR_VALUE, "%s must be %s, not \"%.200s\"", what, form, value != NULL ? value : "");
  return FALSE;
}

static gboolean
check_params (const CrScriptParams *params, GError **error)
{
  static const char name_form[] = "letters, digits, - and _, at most 64, beginning with a letter or digit";

  if (!has_grammar (params->run_id, "-_", 64))
    return refuse (error, "The run id", name_form, params->run_id);
  if (!has_grammar (params->gate, "-_", 64))
    return refuse (error, "The gate's id", name_form, params->gate);
  if (!is_hex (params->nonce, 32))
    return refuse (error, "The nonce", "32 hex digits", params->nonce);
  if (params->spool_dir == NULL || params->spool_dir[0] != '/' || strchr (params->spool_dir, '\n') != NULL)
    return refuse (error, "The spool folder", "an absolute path", params->spool_dir);
  if (params->path == NULL || params->path[0] != '/' || strchr (params->path, '\n') != NULL)
    return refuse (error, "The jumpbox's PATH", "absolute paths joined by colons", params->path);
  return TRUE;
}

static gboolean
append_head (GString *out, const CrScriptParams *params, const char *mode, GError **error)
{
  g_autofree char *path = cr_quote_word (params->path, error);
  g_autofree char *spool = path != NULL ? cr_quote_word (params->spool_dir, error) : NULL;

  if (spool == NULL)
    return FALSE;
  g_string_append_printf (out, head_format, params->run_id, params->gate, params->attempt, mode, path, params->nonce, spool,
                          params->run_id, params->gate, params->attempt);
  return TRUE;
}

/* Ends every script: until its last line has arrived nothing runs. */
static char *
finish (GString *out, GError **error)
{
  g_string_append (out, "main\n");
  for (gsize i = 0; i < out->len; i++) {
    guchar c = (guchar) out->str[i];
    if (c == '\n' || (c >= 0x20 && c < 0x7f))
      continue;
    g_set_error (error, CR_SCRIPT_ERROR, CR_SCRIPT_ERROR_VALUE, "The script would hold byte 0x%02x; only printable ASCII reaches the jumpbox unchanged", c);
    return NULL;
  }
  if (out->len > CR_SCRIPT_MAX) {
    g_set_error (error, CR_SCRIPT_ERROR, CR_SCRIPT_ERROR_SIZE, "The script has %" G_GSIZE_FORMAT " bytes; at most %u can be sent", out->len, CR_SCRIPT_MAX);
    return NULL;
  }
  return g_strdup (out->str);
}

/* In the pod the time limit strikes a little earlier than outside, so that the end is reported by the pod itself. */
static guint
pod_limit (guint limit)
{
  return limit > 40 ? limit - 10 : MAX (limit - limit / 4, 1);
}

/* (transfer full): the one command line a shell parses */
static char *
step_command (const CrScriptParams *params, CrPlanStep *step, guint limit, GError **error)
{
  g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *command = NULL;
  g_autofree char *token = NULL;
  guint n_files = step->files != NULL ? step->files->len : 0;

  if (step->argv == NULL || step->argv[0] == NULL) {
    g_set_error (error, CR_SCRIPT_ERROR, CR_SCRIPT_ERROR_VALUE, "It has no command");
    return NULL;
  }
  if (step->where == CR_STEP_JUMPBOX)
    return cr_quote_argv ((const char *const *) step->argv, error);

  if (step->pod == NULL || !has_grammar (step->pod, "-./", 200)) {
    refuse (error, "The pod", "a name as in deploy/tx-lookup-api", step->pod);
    return NULL;
  }
  g_ptr_array_add (argv, g_strdup ("kubectl"));
  g_ptr_array_add (argv, g_strdup ("--context"));
  g_ptr_array_add (argv, g_strdup (params->context));
  g_ptr_array_add (argv, g_strdup ("-n"));
  g_ptr_array_add (argv, g_strdup (params->namespace_));
  g_ptr_array_add (argv, g_strdup ("exec"));
  if (step->token_argv != NULL)
    g_ptr_array_add (argv, g_strdup ("-i"));
  g_ptr_array_add (argv, g_strdup (step->pod));
  g_ptr_array_add (argv, g_strdup ("--"));
  g_ptr_array_add (argv, g_strdup ("sh"));
  g_ptr_array_add (argv, g_strdup ("-c"));
  g_ptr_array_add (argv, g_strdup (pod_runner));
  g_ptr_array_add (argv, g_strdup ("sh"));
  g_ptr_array_add (argv, g_strdup (params->mark));
  g_ptr_array_add (argv, g_strdup_printf ("%u", pod_limit (limit)));
  g_ptr_array_add (argv, g_strdup_printf ("%u", n_files));
  for (guint i = 0; i < n_files; i++) {
    CrPlanFile *file = g_ptr_array_index (step->files, i);
    if (file->path == NULL || file->path[0] != '/') {
      refuse (error, "A file's path in the pod", "absolute", file->path);
      return NULL;
    }
    g_ptr_array_add (argv, g_strdup (file->path));
    g_ptr_array_add (argv, g_base64_encode ((const guchar *) file->content, strlen (file->content)));
  }
  for (gsize i = 0; step->argv[i] != NULL; i++)
    g_ptr_array_add (argv, g_strdup (step->argv[i]));
  g_ptr_array_add (argv, NULL);

  command = cr_quote_argv ((const char *const *) argv->pdata, error);
  if (command == NULL || step->token_argv == NULL)
    return g_steal_pointer (&command);
  token = cr_quote_argv ((const char *const *) step->token_argv, error);
  if (token == NULL) {
    g_prefix_error (error, "Its token command: ");
    return NULL;
  }
  return g_strdup_printf ("%s | %s", token, command);
}

static gboolean
append_step (GString *payload, const CrScriptParams *params, CrPlanStep *step, guint limit, GError **error)
{
  g_autofree char *delimiter = g_strdup_printf ("CMD-%s", params->nonce);
  g_autofree char *outer = g_strdup_printf ("CR1-%s", params->nonce);
  g_autofree char *command = NULL;
  g_auto(GStrv) lines = NULL;

  if (!has_grammar (step->id, "-_", 64))
    return refuse (error, "Its id", "letters, digits, - and _", step->id);
  command = step_command (params, step, limit, error);
  if (command == NULL)
    return FALSE;
  lines = g_strsplit (command, "\n", -1);
  if (g_strv_contains ((const char *const *) lines, delimiter) || g_strv_contains ((const char *const *) lines, outer)) {
    g_set_error (error, CR_SCRIPT_ERROR, CR_SCRIPT_ERROR_VALUE, "A line of its command is the delimiter %s", delimiter);
    return FALSE;
  }
  g_string_append_printf (payload, "step %s %u %s %d <<'%s'\n%s\n%s\n", step->id, limit,
                          step->where == CR_STEP_POD ? params->mark : "-", step->keep_going ? 1 : 0, delimiter, command, delimiter);
  return TRUE;
}

char *
cr_script_run (const CrScriptParams *params, GPtrArray *steps, char **payload_sha256, GError **error)
{
  g_autoptr(GString) payload = g_string_new (NULL);
  g_autoptr(GString) out = g_string_new (NULL);
  g_autofree char *digest = NULL;
  g_autofree char *name = NULL;
  g_autofree char *script = NULL;
  guint64 total = 0;
  guint count = 0;

  g_return_val_if_fail (params != NULL && steps != NULL, NULL);

  if (payload_sha256 != NULL)
    *payload_sha256 = NULL;
  if (!check_params (params, error))
    return NULL;
  if (!is_hex (params->mark, 16)) {
    refuse (error, "The pod mark", "16 hex digits", params->mark);
    return NULL;
  }
  if (params->user == NULL || (!g_ascii_isalpha (params->user[0]) && params->user[0] != '_') ||
      strspn (params->user, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") != strlen (params->user)) {
    refuse (error, "The jumpbox user", "a Linux user name", params->user);
    return NULL;
  }
  if (!has_grammar (params->namespace_, "-", 63)) {
    refuse (error, "The namespace", "a Kubernetes name", params->namespace_);
    return NULL;
  }
  if (!has_grammar (params->context, "-_.", 253)) {
    refuse (error, "The cluster", "a cluster's name", params->context);
    return NULL;
  }

  for (guint i = 0; i < steps->len; i++) {
    CrPlanStep *step = g_ptr_array_index (steps, i);
    guint limit;
    if (!cr_plan_step_is_remote (step))
      continue;
    limit = step->limit > 0 ? step->limit : params->limit > 0 ? params->limit : DEFAULT_LIMIT;
    if (!append_step (payload, params, step, limit, error)) {
      g_prefix_error (error, "Step %s: ", step->id != NULL ? step->id : "?");
      return NULL;
    }
    total += limit;
    count++;
  }
  if (count == 0) {
    g_set_error (error, CR_SCRIPT_ERROR, CR_SCRIPT_ERROR_VALUE, "Gate %s has no step that runs on the jumpbox", params->gate);
    return NULL;
  }

  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, payload->str, (gssize) payload->len);
  name = g_strdup_printf ("%s.%s.%u", params->run_id, params->gate, params->attempt);
  if (!append_head (out, params, "run", error))
    return NULL;
  g_string_append_printf (out, "H=%s L=%" G_GUINT64_FORMAT "\n", digest, params->limit > 0 ? (guint64) params->limit : total);
  g_string_append_printf (out, "K='umask 077; export KUBECONFIG=\"$HOME/.kube/cr-%s.config\"; '\n", params->run_id);
  g_string_append_printf (out, run_fence_format, name);
  g_string_append_printf (out, "cat >\"$D/steps\" <<'CR1-%s' || die no-spool\n%sCR1-%s\n", params->nonce, payload->str, params->nonce);
  g_string_append (out, run_begin);
  g_string_append_printf (out, run_step_format, params->user);
  g_string_append_printf (out, run_report_format, params->run_id, params->gate, params->attempt);
  g_string_append (out, run_sweep);
  script = finish (out, error);
  if (script != NULL && payload_sha256 != NULL)
    *payload_sha256 = g_steal_pointer (&digest);
  return g_steal_pointer (&script);
}

char *
cr_script_status (const CrScriptParams *params, const char *original_nonce, GError **error)
{
  g_autoptr(GString) out = g_string_new (NULL);

  g_return_val_if_fail (params != NULL, NULL);

  if (!check_params (params, error))
    return NULL;
  if (!is_hex (original_nonce, 32)) {
    refuse (error, "The original nonce", "32 hex digits", original_nonce);
    return NULL;
  }
  if (!append_head (out, params, "status", error))
    return NULL;
  g_string_append_printf (out, status_format, original_nonce);
  return finish (out, error);
}

char *
cr_script_page (const CrScriptParams *params, guint64 offset, GError **error)
{
  g_autoptr(GString) out = g_string_new (NULL);

  g_return_val_if_fail (params != NULL, NULL);

  if (!check_params (params, error) || !append_head (out, params, "page", error))
    return NULL;
  g_string_append_printf (out, page_format, offset, offset + 1, CR_SCRIPT_PAGE, params->run_id, params->gate, params->attempt, offset);
  return finish (out, error);
}
