// SPDX-License-Identifier: BSD-2-Clause
/* Many elements, gathered into few large operations. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "commands/map/map_feed.h"
#include "shell/base/alloc.h"
#include "shell/base/clock.h"
#include "shell/base/interrupt.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/op/element.h"
#include "shell/op/map_ops.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

/* One operation, and one record of the journal, has at most so many elements and bytes. */
#define PART_MAX 4096u
#define PART_BYTES (1u << 20)

/* A map that was empty, and that nobody else had, is taken to be ours for so long. */
#define ALONE_MS 3000

void feed_begin(struct map_feed *f, struct ctx *ctx, struct handle *map, bool deletes,
		const char *verb)
{
	size_t bytes = map->map.key_size + 2 * kern_value_bytes(map), at;
	enum object_kind kind;

	*f = (struct map_feed){ .ctx = ctx, .map = map, .deletes = deletes };
	f->objects = map_holds_objects(map, &kind, &at);
	f->room = bytes < PART_BYTES / PART_MAX ? PART_MAX : PART_BYTES / bytes;
	if (!f->room)
		f->room = 1;
	progress_begin(&f->progress, verb);
}

/*
 * Whether no key that is written can have been there before. Looking each up
 * takes longer than all else, so what is said about the whole map must do where
 * there are many.
 */
static bool is_new(struct map_feed *f)
{
	if (!f->judged && !f->deletes && f->nr == f->room) {
		long long now = clock_ms();

		if (!map_has_users(f->map) && map_is_empty(f->map))
			f->new_until = now + ALONE_MS;
	}
	f->judged = true;
	return f->new_until && clock_ms() < f->new_until;
}

/* All that was gathered, as one operation, which takes over the arrays. */
static int feed_flush(struct map_feed *f)
{
	struct map_batch batch = {
		.keys = f->keys, .values = f->values, .before = f->before, .nr = f->nr,
		.fresh = is_new(f)
	};

	if (!f->nr)
		return 0;
	f->keys = f->values = f->before = NULL;
	if (txn_do(f->ctx, op_map_batch(f->map, &batch, f->ctx->span)) || interrupted())
		return -1;
	f->progress.nr += f->nr;
	f->nr = 0;
	progress_show(&f->progress);
	return 0;
}

/* Values that name objects are written one by one. */
static int feed_object(struct map_feed *f, const void *key, const void *value)
{
	if (interrupted())
		return -1;
	return txn_do(f->ctx, f->deletes ? op_map_delete(f->map, key, f->ctx->span) :
		      op_map_update(f->map, key, value, NULL, BPF_ANY, f->ctx->span));
}

int feed_add(struct map_feed *f, const void *key, const void *value, const void *before)
{
	size_t key_size = f->map->map.key_size, size = kern_value_bytes(f->map);

	if (f->objects) {
		f->progress.nr++;
		return feed_object(f, key, value);
	}
	if (!f->keys) {
		f->keys = xcalloc(f->room, key_size);
		f->values = f->deletes ? NULL : xcalloc(f->room, size);
		f->before = before ? xcalloc(f->room, size) : NULL;
	}
	memcpy(f->keys + f->nr * key_size, key, key_size);
	if (f->values)
		memcpy(f->values + f->nr * size, value, size);
	if (f->before)
		memcpy(f->before + f->nr * size, before, size);
	return ++f->nr == f->room ? feed_flush(f) : 0;
}

int feed_end(struct map_feed *f, int err)
{
	if (!err)
		err = feed_flush(f);
	progress_end(&f->progress);
	free(f->keys);
	free(f->values);
	free(f->before);
	return err;
}
