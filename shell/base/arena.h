/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of things that go together: taken piece by piece, given back at once. */
#ifndef BPFSH_ARENA_H
#define BPFSH_ARENA_H

#include <stddef.h>

struct arena_chunk;

/* Chunks that are filled in turn. Starts zeroed, ends with arena_free(). */
struct arena {
	struct arena_chunk *first, *last;
};

/* @size bytes, of any content and fit for anything, until the next reset. */
void *arena_alloc(struct arena *a, size_t size);
/* All of it is free again; the first chunk is kept. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
