// SPDX-License-Identifier: BSD-2-Clause
/* A set of byte strings. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/byteset.h"

struct bytes {
	const void *data;
	size_t len;
};

static int compare(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->data, y->data, x->len);
}

static void free_bytes(void *p)
{
	struct bytes *b = p;

	free((void *)b->data);
	free(b);
}

void byteset_add(struct byteset *s, const void *data, size_t len)
{
	struct bytes b = { data, len }, *kept;

	if (byteset_has(s, data, len))
		return;
	kept = xmemdup(&b, sizeof(b));
	kept->data = xmemdup(data, len);
	tsearch(kept, &s->root, compare);
}

bool byteset_has(const struct byteset *s, const void *data, size_t len)
{
	struct bytes b = { data, len };

	return tfind(&b, &s->root, compare);
}

void byteset_free(struct byteset *s)
{
	tdestroy(s->root, free_bytes);
	s->root = NULL;
}
