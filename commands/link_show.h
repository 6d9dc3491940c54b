/* SPDX-License-Identifier: BSD-2-Clause */
/* The command that shows links. */
#ifndef BPFSH_COMMANDS_LINK_SHOW_H
#define BPFSH_COMMANDS_LINK_SHOW_H

#include "shell/lang/cmd.h"

extern const struct cmd link_show_cmd;

#endif
