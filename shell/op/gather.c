// SPDX-License-Identifier: BSD-2-Clause
/* Updates of one map that follow each other, written as one operation. */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/lang/resolve.h"
#include "shell/lang/state.h"
#include "shell/op/element.h"
#include "shell/op/gather.h"
#include "shell/op/map_ops.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

#define GATHER_MAX 1024			/* updates */
#define GATHER_BYTES (256 * 1024)	/* of keys and values */

struct gather {
	struct handle *map;		/* NULL: nothing is gathered */
	struct map_batch batch;
	__u32 room;			/* elements that fit */
};

struct gather *gather_new(void)
{
	return xcalloc(1, sizeof(struct gather));
}

static void drop(struct gather *g)
{
	handle_put(g->map);
	free(g->batch.keys);
	free(g->batch.values);
	free(g->batch.spans);
	g->map = NULL;
	g->batch = (struct map_batch){ 0 };
	g->room = 0;
}

void gather_free(struct gather *g)
{
	drop(g);
	free(g);
}

void gather_drop(struct session *s)
{
	drop(s->gather);
	resolve_forget(s);
}

int gather_flush(struct ctx *ctx)
{
	struct gather *g = ctx->s->gather;
	struct handle *map = g->map;
	struct op *op = NULL;
	int err;

	if (map)
		op = op_map_batch(map, &g->batch, g->batch.spans[0]);
	g->batch = (struct map_batch){ 0 };	/* the operation's now */
	err = op ? txn_do(ctx, op) : 0;
	drop(g);
	resolve_forget(ctx->s);
	return err;
}

/*
 * Only where a whole script is one transaction, which a failure takes back: a
 * command alone, and one of which each output is told, is done at once.
 */
static bool may_gather(const struct session *s, struct handle *map)
{
	enum object_kind kind;
	const char *why;
	size_t at;

	return s->mode == MODE_SCRIPT && txn_open(s) && !txn_planning(s) &&
	       !s->opt.no_transaction && !s->batch_open &&
	       map_undo_class(map, &why) != UNDO_NONE && !map_holds_objects(map, &kind, &at);
}

static bool is_full(const struct gather *g, size_t element)
{
	return g->batch.nr == GATHER_MAX || (g->batch.nr + 1) * element > GATHER_BYTES;
}

/* Room for one more element, doubled when it is used up. */
static void make_room(struct gather *g, size_t key_size, size_t value_size)
{
	if (g->batch.nr < g->room)
		return;
	g->room = g->room ? 2 * g->room : 16;
	g->batch.keys = xrealloc(g->batch.keys, g->room, key_size);
	g->batch.values = xrealloc(g->batch.values, g->room, value_size);
	g->batch.spans = xrealloc(g->batch.spans, g->room, sizeof(*g->batch.spans));
}

int gather_update(struct ctx *ctx, struct handle *map, const void *key, const void *value)
{
	struct gather *g = ctx->s->gather;
	size_t key_size = map->map.key_size, value_size = kern_value_bytes(map);
	bool gathers = may_gather(ctx->s, map);
	struct map_batch *b = &g->batch;

	if (!gathers || g->map != map || is_full(g, key_size + value_size))
		if (gather_flush(ctx))
			return -1;
	if (!gathers)
		return txn_do(ctx, op_map_update(map, key, value, NULL, BPF_ANY, ctx->span));
	if (!g->map)
		g->map = handle_get(map);
	make_room(g, key_size, value_size);
	memcpy((char *)b->keys + b->nr * key_size, key, key_size);
	memcpy((char *)b->values + b->nr * value_size, value, value_size);
	b->spans[b->nr++] = ctx->span;
	return 0;
}
