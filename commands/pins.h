/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects shown, and commands that go by their pins. */
#ifndef BPFSH_COMMANDS_PINS_H
#define BPFSH_COMMANDS_PINS_H

#include "render/sink/sink.h"
#include "shell/kern/handle.h"
#include "shell/lang/cmd.h"

struct holders;

/*
 * Runs @one, which pushes one row, on what a PROG, MAP or LINK argument names:
 * on every object of the kind where it is not given (VALUE_NONE). A reference
 * that finds one object shows a record, not a list, and is the
 * command's result. Objects that vanish meanwhile are left out of lists.
 */
typedef int (*show_fn)(struct ctx *ctx, struct handle *h, struct holders *holders);
int show_objects(struct ctx *ctx, enum object_kind kind, const struct value *which,
		 const struct record *rec, show_fn one);

/* Refuses to make an object that nothing keeps: a check of commands that can pin it. */
int need_pin(struct ctx *ctx, const struct match *m);
/* The same, of a command that has made it to see whether it can; @behind: what a path follows. */
int say_unheld(struct ctx *ctx, const struct cmd *cmd, const char *behind);

/* Refuses a plan to replace a pin where that cannot be: it is of another kind, for one. */
int plan_replace(struct ctx *ctx, const struct value *path, enum object_kind kind);

extern const struct cmd map_pin_cmd, map_unpin_cmd, prog_pin_cmd, prog_unpin_cmd;
extern const struct cmd link_pin_cmd, link_unpin_cmd;

#endif
