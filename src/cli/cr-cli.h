/* cr-cli.h: what the commands of `rehearse` share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once
#include "../io/cr-rehearsal.h"
G_BEGIN_DECLS

/* design: section 7 */
typedef enum {
  CR_EXIT_GO = 0, CR_EXIT_NO_GO = 1, CR_EXIT_USAGE = 2, CR_EXIT_BLOCKED = 3, CR_EXIT_OWN_ERROR = 4, CR_EXIT_STOPPED = 130
} CrExit;

int cr_cli_run       (int argc, char **argv);
int cr_cli_plan      (int argc, char **argv);
int cr_cli_judge     (int argc, char **argv);
int cr_cli_canonical (int argc, char **argv);
int cr_cli_diff      (int argc, char **argv);
int cr_cli_profiles  (int argc, char **argv);
int cr_cli_faults    (int argc, char **argv);

/* GO -> 0, NO_GO -> 1, NO_GO with ENVIRONMENT_BLOCKED -> 3 */
int  cr_cli_exit_of (const CrDecision *decision);
/* Prints "rehearse: <sentence>" to stderr; returns @code */
int  cr_cli_fail    (CrExit code, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The options that `run` and `plan` share. NULL (and an exit code) if they are refused or --help was asked. */
typedef struct {
  CrSettings *settings;   /* (owned) */
  GBytes     *plan_text;  /* (owned) */
  gboolean    json;
  char       *junit;      /* (owned) (nullable) */
} CrCliOptions;
gboolean cr_cli_parse_options (int argc, char **argv, const char *summary, CrCliOptions *options, int *exit_code);
void     cr_cli_options_clear (CrCliOptions *options);
/* TRUE where stderr is a terminal and NO_COLOR is unset */
gboolean cr_cli_use_colour (void);

G_END_DECLS
