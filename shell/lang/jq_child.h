/* SPDX-License-Identifier: BSD-2-Clause */
/* A jq program in a process of its own: one that ends it, or never ends, takes nothing along. */
#ifndef BPFSH_JQ_CHILD_H
#define BPFSH_JQ_CHILD_H

#include <jq.h>

struct buf;

struct jq_child;

/*
 * Forks, and runs the compiled program there on @input, which is taken over; NULL with errno.
 * Of this process' jq nothing changes.
 */
struct jq_child *jq_child_start(jq_state *jq, jv input);
/* The next result: 1; 0 at the end; -1 with what is wrong in @error. */
int jq_child_next(struct jq_child *c, jv *result, struct buf *error);
void jq_child_end(struct jq_child *c);

#endif
