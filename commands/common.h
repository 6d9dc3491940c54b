/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of all objects share. */
#ifndef BPFSH_COMMANDS_COMMON_H
#define BPFSH_COMMANDS_COMMON_H

#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/lang/expr.h"
#include "shell/lang/vars.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"

/* The type's name, or its number where nobody knows one. */
static inline struct cell type_cell(const char *name, __u32 type)
{
	return name ? cell_str(name) : cell_u64(type);
}

/* The commands of each object, as help lists them; NULL ends a list. */
extern const struct cmd *const prog_cmds[], *const map_cmds[], *const link_cmds[];
extern const struct cmd *const btf_cmds[], *const cgroup_cmds[], *const net_cmds[];
extern const struct cmd *const perf_cmds[], *const snapshot_cmds[], *const batch_cmds[];
extern const struct cmd *const session_cmds[];
extern const struct cmd *const struct_ops_cmds[], *const iter_cmds[];

/* What each object has: "map help", at its place in bpftool's list. */
int object_help_run(struct ctx *ctx, struct value *argv);
#define CMD_HELP(of, at)								\
	(&(const struct cmd){ .object = of, .verb = "help", .place = at,		\
			      .help = "list these commands", .run = object_help_run })

/*
 * -1 with a diagnostic for an object that only a plan has made: the kernel has nothing of it
 * to be read. 0 for all others.
 */
int not_planned(struct ctx *ctx, const struct handle *h, struct span at);

/* -1 with a diagnostic where a walk missed some objects, or all; else 0. */
int walk_ended(struct ctx *ctx, const struct object_walk *w);
/* Notes that what is shown lacks @what, which could not be looked at: @err, -errno; 0: it could. */
void note_left_out(const struct ctx *ctx, int err, const char *what);
/* The same of so many processes, which do not show what they hold. */
void note_hidden(const struct ctx *ctx, unsigned hidden);

/* Shows finished text of several lines, and frees it. */
int show_text(struct ctx *ctx, struct buf *text);

#endif
