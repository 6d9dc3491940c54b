/* SPDX-License-Identifier: BSD-2-Clause */
/* All commands of bpfsh, as main hands them to the session. */
#ifndef BPFSH_TABLE_H
#define BPFSH_TABLE_H

#include "shell/lang/cmd.h"

extern const struct cmd_table bpfsh_commands[];

#endif
