/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds the objects that a command shows: pins, and processes with a descriptor. */
#ifndef BPFSH_COMMANDS_HOLDERS_H
#define BPFSH_COMMANDS_HOLDERS_H

#include "render/sink/sink.h"
#include "shell/kern/handle.h"
#include "shell/lang/cmd.h"

/*
 * Of objects of one kind, or (OBJ_KINDS) of all, read when the first is asked for: paths only
 * with --bpffs or where all are asked for, and other processes than this one, as far as this
 * user may look into them.
 */
struct holders;

struct holders *holders_new(const struct ctx *ctx, enum object_kind kind);
void holders_free(struct holders *h);

/* Cells that are valid as long as @h: a list of paths; "comm(pid), ..." or CELL_NONE. */
struct cell holders_pins(struct holders *h, enum object_kind kind, __u32 id);
struct cell holders_pids(struct holders *h, enum object_kind kind, __u32 id);
/* The second of these, of one process by its number. */
struct cell holders_process(struct holders *h, pid_t pid);

struct holder {
	enum object_kind kind;		/* of the object, as is the next */
	__u32 id;
	pid_t pid;			/* 0: a pin */
	char *name;			/* the pin's path, the process's comm; not to be trusted */
};

/* The pins or processes of one object, in their order; as valid as the cells. */
struct holder_span {
	const struct holder *rows;
	size_t nr;
};
struct holder_span holders_of(struct holders *h, enum object_kind kind, __u32 id, bool pins);
bool holders_has(struct holders *h, enum object_kind kind, __u32 id, pid_t pid);
/* How many processes could not be looked into. */
unsigned holders_hidden(struct holders *h);

/* The column of holders_pids(), as bpftool has it. */
#define COLUMN_PIDS { "pids", "\n\tpids %", .flags = COL_WIDE }

#endif
