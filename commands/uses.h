/* SPDX-License-Identifier: BSD-2-Clause */
/* Which objects hold which: programs their maps and types, maps what is in them, links programs. */
#ifndef BPFSH_COMMANDS_USES_H
#define BPFSH_COMMANDS_USES_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/kern/handle.h"

/* An object keeps another. */
struct use {
	enum object_kind kind;		/* of what is kept, as is the next */
	__u32 id;
	enum object_kind by;		/* of what keeps it, as is the next */
	__u32 by_id;
};

struct uses {
	struct use *list;		/* sorted, each once */
	size_t nr;
	bool unknown;			/* not all could be seen, or seen through */
};

/* Those of one object. */
struct use_span {
	const struct use *rows;
	size_t nr;
};

#define USES(kind) (1u << (kind))

/* What keeps objects of these kinds, USES() of each; one pass a kind. uses_free() ends it. */
void uses_read(struct uses *u, unsigned kinds);
void uses_free(struct uses *u);
struct use_span uses_of(const struct uses *u, enum object_kind kind, __u32 id);

#endif
