/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the btf commands that stand in files of their own. */
#ifndef BPFSH_COMMANDS_BTF_H
#define BPFSH_COMMANDS_BTF_H

#include "shell/lang/cmd.h"

extern const struct cmd btf_dump_cmd;

#endif
