/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What --check does beyond grammar: it looks up what commands name (objects,
 * pins, files, types, places to attach to), keys and values included, and runs
 * nothing. What an earlier line may make, and what depends on a variable, is
 * taken on trust; in a block that may not be run, what is missing is only noted.
 */
#ifndef BPFSH_CHECK_REFS_H
#define BPFSH_CHECK_REFS_H

#include <stddef.h>

#include "shell/lang/cmd.h"

struct refs;

/* True where words have a value though nothing ran: $1 has one, $v has none. */
bool words_are_known(const struct word *w, size_t nr);

struct refs *refs_new(struct session *s);
/* Looks up what a matched command names; @maybe: it stands in a block that may not be run. */
void refs_look_up(struct refs *r, const struct match *m, struct span span, bool maybe);
/* Remembers what commands that follow may find only because of this one. */
void refs_command(struct refs *r, const struct match *m);
/* The same for what stands around the command: programs of a shell or of pipes, and files. */
void refs_stmt(struct refs *r, const struct stmt *stmt);
/* Moves what is missing to @d, and frees. */
void refs_free(struct refs *r, struct diags *d);

#endif
