/* SPDX-License-Identifier: BSD-2-Clause */
/* Many elements into a map, or out of it, as few large operations of the transaction. */
#ifndef BPFSH_COMMANDS_MAP_FEED_H
#define BPFSH_COMMANDS_MAP_FEED_H

#include "commands/map/map.h"
#include "render/sink/progress.h"

struct map_feed {
	struct ctx *ctx;
	struct handle *map;
	bool deletes;
	bool judged;			/* whether keys can be taken to be new */
	long long new_until;		/* and until when, in clock_ms() */
	bool objects;			/* values name programs or maps: one operation each */
	__u32 nr, room;
	char *keys, *values, *before;
	struct progress progress;
};

/* @deletes: elements are removed, and feed_add()'s value is what they hold. */
void feed_begin(struct map_feed *f, struct ctx *ctx, struct handle *map, bool deletes,
		const char *verb);
/*
 * Adds one element; @before is what it holds now, NULL where nobody has looked.
 * -1 with a diagnostic, or where the user asked to stop.
 */
int feed_add(struct map_feed *f, const void *key, const void *value, const void *before);
/* Does what is left to do, unless @err, and frees. */
int feed_end(struct map_feed *f, int err);

#endif
