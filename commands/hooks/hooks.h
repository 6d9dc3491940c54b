/* SPDX-License-Identifier: BSD-2-Clause */
/* All attachments of the host, and what keeps an object alive. */
#ifndef BPFSH_COMMANDS_HOOKS_H
#define BPFSH_COMMANDS_HOOKS_H

#include "shell/lang/cmd.h"

extern const struct cmd session_hooks_cmd, session_why_cmd;

#endif
