/* SPDX-License-Identifier: BSD-2-Clause */
/* What operations on elements share: single ones, many at once, queues and stacks. */
#ifndef BPFSH_OP_ELEMENT_H
#define BPFSH_OP_ELEMENT_H

#include "shell/op/ops.h"

/* How well changes of this map's elements can be undone; *why says what is lost. */
enum undo_class map_undo_class(struct handle *map, const char **why);

/*
 * Undo's report of an element that somebody else changed: "map 'cnt' [1] is 7,
 * expected 2: left alone". @now or @expected is NULL where no element is.
 */
void say_conflict(struct diags *d, struct span at, struct handle *map, const char *key,
		  const char *now, const char *expected);

/* The target of an operation on the whole map; with a key behind it, on one element. */
void map_target(struct buf *out, const struct handle *map);

#endif
