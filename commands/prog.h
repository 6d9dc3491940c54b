/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of the prog commands that stand in files of their own. */
#ifndef BPFSH_COMMANDS_PROG_H
#define BPFSH_COMMANDS_PROG_H

#include "shell/cmd.h"

/* prog_metadata.c: variables bpf_metadata_* of a program's .rodata; invalid where there are none. */
jv prog_metadata(const __u32 *map_ids, __u32 nr);

/* prog_code.c: what shows a program's instructions. */
int prog_cfg(struct ctx *ctx, struct value *argv);

#define PROG_CODE_CMDS									\
	{ "prog", "cfg", NULL, "draw a program's control-flow graph",			\
	  (const struct arg[]){								\
		{ "prog", &arg_prog, 0, "the program" },				\
		{ "file", &arg_file, ARG_KEYWORD | ARG_OPTIONAL, "picture: .png, .svg, .pdf or .dot" }, \
		{ 0 } }, CMD_OUTSIDE, prog_cfg,						\
	  (const char *const[]){ "prog cfg $p file filter.png", NULL } }

#endif
