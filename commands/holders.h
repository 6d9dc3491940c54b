/* SPDX-License-Identifier: BSD-2-Clause */
/* What holds the objects that a command shows: pins, and processes with a descriptor. */
#ifndef BPFSH_COMMANDS_HOLDERS_H
#define BPFSH_COMMANDS_HOLDERS_H

#include "render/sink/sink.h"
#include "shell/kern/handle.h"
#include "shell/lang/cmd.h"

/*
 * Of objects of one kind, read when the first is asked for: paths only with --bpffs, and
 * other processes than this one, as far as this user may look into them.
 */
struct holders;

struct holders *holders_new(const struct ctx *ctx, enum object_kind kind);
void holders_free(struct holders *h);

/* Cells that are valid as long as @h: a list of paths; "comm(pid), ..." or CELL_NONE. */
struct cell holders_pins(struct holders *h, __u32 id);
struct cell holders_pids(struct holders *h, __u32 id);

/* The column of holders_pids(), as bpftool has it. */
#define COLUMN_PIDS { "pids", "\n\tpids %", .flags = COL_WIDE }

#endif
