// SPDX-License-Identifier: BSD-2-Clause
/* Older entries of the history that begin like what is typed, one after the other. */
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/prompt/recall.h"

void recall_reset(struct recall *c)
{
	free(c->typed);
	free(c->shown);
	*c = (struct recall){ 0 };
}

/* The @nr-th entry back that begins with what was typed; one like the last is passed over. */
static const char *find_entry(const struct recall *c, int nr, recall_fn entries, void *arg)
{
	const char *last = c->typed;

	for (const char *e = entries(arg, true); e; e = entries(arg, false)) {
		if (strncmp(e, c->typed, c->prefix_len) || !strcmp(e, last))
			continue;
		last = e;
		if (!--nr)
			return last;
	}
	return NULL;
}

const char *recall_step(struct recall *c, const char *line, size_t len, size_t cursor, int step,
			recall_fn entries, void *arg)
{
	const char *entry;

	if (!c->shown || strlen(c->shown) != len || memcmp(c->shown, line, len)) {
		recall_reset(c);
		c->typed = xstrndup(line, len);
		c->prefix_len = cursor;
	}
	if (c->nr + step < 0)
		return NULL;
	entry = c->nr + step ? find_entry(c, c->nr + step, entries, arg) : c->typed;
	if (!entry)
		return NULL;
	c->nr += step;
	free(c->shown);
	c->shown = xstrdup(entry);
	return c->shown;
}
