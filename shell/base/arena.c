// SPDX-License-Identifier: BSD-2-Clause
/* Memory that is given back at once. */
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/base/arena.h"

#define CHUNK_SIZE 16384

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	char data[];
};

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *c = xmalloc(sizeof(*c) + size);

	*c = (struct arena_chunk){ .size = size };
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	size = (size + 7) & ~(size_t)7;
	if (!a->last || a->last->size - a->last->used < size) {
		struct arena_chunk *c = chunk_new(size > CHUNK_SIZE ? size : CHUNK_SIZE);

		if (a->last)
			a->last->next = c;
		else
			a->first = c;
		a->last = c;
	}
	p = a->last->data + a->last->used;
	a->last->used += size;
	return p;
}

static void free_from(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
}

void arena_reset(struct arena *a)
{
	if (!a->first)
		return;
	free_from(a->first->next);
	a->first->next = NULL;
	a->first->used = 0;
	a->last = a->first;
}

void arena_free(struct arena *a)
{
	free_from(a->first);
	*a = (struct arena){ 0 };
}
