/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single `map update`s of one map that follow each other in a script, gathered
 * and then written as one operation: most of what a line costs are the system
 * calls, which batches save.
 *
 * Updates that are gathered are not in the kernel yet. Nobody can tell: any
 * other statement writes them first (gather_flush()), and so does the script's
 * end. What fails is reported at the line it stands in. As no statement can
 * look in between, what a pin's path means is looked up once for all of them.
 */
#ifndef BPFSH_GATHER_H
#define BPFSH_GATHER_H

#include "shell/lang/cmd.h"

struct gather;

struct gather *gather_new(void);
void gather_free(struct gather *g);

/*
 * Sets an element, now or with those that follow; @value is kern_value_bytes(),
 * both are copied. 0, or -1 with a diagnostic, perhaps of an earlier update.
 */
int gather_update(struct ctx *ctx, struct handle *map, const void *key, const void *value);
/* Writes what was gathered, as an operation of the open transaction; 0, or -1 with a diagnostic. */
int gather_flush(struct ctx *ctx);
/* Forgets it: the script is rolled back. */
void gather_drop(struct session *s);

#endif
