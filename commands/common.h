/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of all objects share. */
#ifndef BPFSH_COMMANDS_COMMON_H
#define BPFSH_COMMANDS_COMMON_H

#include "shell/kern/handle.h"
#include "shell/lang/args.h"
#include "shell/lang/expr.h"
#include "shell/lang/vars.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"

/*
 * Paths at which objects are pinned, by kind and ID; read once for a command
 * that shows them (--bpffs), empty otherwise.
 */
struct pin_table;
/* A list cell of the paths of one object; valid as long as the table. */
struct cell pin_table_cell(struct pin_table *t, enum object_kind kind, __u32 id);

/*
 * Runs @one, which pushes one row, on what a PROG, MAP or LINK argument names:
 * on every object of the kind where it is not given (VALUE_NONE). A reference
 * that finds one object shows a record, not a list, and is the
 * command's result. Objects that vanish meanwhile are left out of lists.
 */
typedef int (*show_fn)(struct ctx *ctx, struct handle *h, struct pin_table *pins);
int show_objects(struct ctx *ctx, enum object_kind kind, const struct value *which,
		 const struct record *rec, show_fn one);

/* The type's name, or its number where nobody knows one. */
static inline struct cell type_cell(const char *name, __u32 type)
{
	return name ? cell_str(name) : cell_u64(type);
}

/* Refuses to make an object that nothing keeps: the check of commands that can pin what they make. */
int need_pin(struct ctx *ctx, const struct match *m);
/* The same error, of a command that made the object to see whether it can; the path stands behind @behind. */
int say_unheld(struct ctx *ctx, const struct cmd *cmd, const char *behind);

extern const struct cmd map_pin_cmd, map_unpin_cmd, prog_pin_cmd, prog_unpin_cmd;
extern const struct cmd link_pin_cmd, link_unpin_cmd;

/* The commands of each object, as help lists them; NULL ends a list. */
extern const struct cmd *const prog_cmds[], *const map_cmds[], *const link_cmds[];
extern const struct cmd *const btf_cmds[], *const cgroup_cmds[], *const net_cmds[];
extern const struct cmd *const perf_cmds[], *const batch_cmds[], *const session_cmds[];

/* What each object has: "map help", at its place in bpftool's list. */
int object_help_run(struct ctx *ctx, struct value *argv);
#define CMD_HELP(of, at)								\
	(&(const struct cmd){ .object = of, .verb = "help", .place = at,		\
			      .help = "list these commands", .run = object_help_run })

/* Shows finished text of several lines, and frees it. */
int show_text(struct ctx *ctx, struct buf *text);

#endif
