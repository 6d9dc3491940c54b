/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of the session's commands that stand in files of their own: session.c has their table. */
#ifndef BPFSH_COMMANDS_SESSION_H
#define BPFSH_COMMANDS_SESSION_H

#include "shell/lang/cmd.h"

/* help.c */
extern const struct cmd session_help_cmd, session_version_cmd, session_apropos_cmd;
extern const struct cmd session_history_cmd;
/* nested.c */
extern const struct cmd session_source_cmd, session_plan_cmd, session_if_cmd, session_for_cmd;
extern const struct cmd session_time_cmd;
/* watch.c */
extern const struct cmd session_watch_cmd;

#endif
