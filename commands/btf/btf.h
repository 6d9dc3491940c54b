/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the btf commands that stand in files of their own. */
#ifndef BPFSH_COMMANDS_BTF_H
#define BPFSH_COMMANDS_BTF_H

#include "shell/lang/cmd.h"

/* btf_dump.c */
int btf_dump(struct ctx *ctx, struct value *argv);
extern const char *const btf_parts[], *const btf_formats[];

#endif
