// SPDX-License-Identifier: BSD-2-Clause
/* Candidates for Tab: kept where they begin with the prefix, and counted beyond a limit. */
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/lang/grammar.h"

#define CANDIDATES_MAX 1000

bool candidates_full(const struct candidates *c)
{
	return c->nr == CANDIDATES_MAX;
}

void candidate_add(struct candidates *c, const char *text, const char *note, bool partial)
{
	if (strncmp(text, c->prefix, strlen(c->prefix)))
		return;
	if (candidates_full(c)) {
		c->more++;
		return;
	}
	GROW(c->list, c->nr);
	c->list[c->nr++] = (struct candidate){
		.text = xstrdup(text), .note = note ? xstrdup(note) : NULL, .partial = partial
	};
}

void candidates_free(struct candidates *c)
{
	for (size_t i = 0; i < c->nr; i++) {
		free(c->list[i].text);
		free(c->list[i].note);
	}
	free(c->list);
	free(c->trouble);
	*c = (struct candidates){ 0 };
}
