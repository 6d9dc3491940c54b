/* SPDX-License-Identifier: BSD-2-Clause */
/* Older entries that begin with what stands before the cursor, one after the other. */
#ifndef BPFSH_RECALL_H
#define BPFSH_RECALL_H

#include <stdbool.h>
#include <stddef.h>

/* Starts zeroed; recall_reset() makes it so again. */
struct recall {
	char *typed, *shown;	/* what was typed; the entry that stands in its place */
	size_t prefix_len;
	int nr;			/* how many matching entries back */
};

/* The entries, the newest first: the first where @again, else the next; NULL behind the last. */
typedef const char *(*recall_fn)(void *arg, bool again);

/*
 * What is to stand in the line, which is @line with the cursor at @cursor, one
 * entry further back (@step 1) or forward (-1); NULL where there is none. A line
 * that was changed meanwhile begins anew.
 */
const char *recall_step(struct recall *c, const char *line, size_t len, size_t cursor, int step,
			recall_fn entries, void *arg);
void recall_reset(struct recall *c);

#endif
