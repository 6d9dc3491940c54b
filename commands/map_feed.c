// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "commands/map_feed.h"
#include "shell/interrupt.h"
#include "shell/map_ops.h"

/* One operation, and one record of the journal, has at most so many elements and bytes. */
#define PART_MAX 4096u
#define PART_BYTES (1u << 20)

static bool holds_objects(const struct handle *map)
{
	return map->map.type == BPF_MAP_TYPE_PROG_ARRAY ||
	       map->map.type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       map->map.type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* Nothing is there that an update could overwrite. */
static bool is_empty(const struct handle *map)
{
	char *key = xcalloc(1, map->map.key_size);
	bool empty = map->fd >= 0 && kern_map_next(map->fd, NULL, key) == -ENOENT;

	free(key);
	return empty;
}

void feed_begin(struct map_feed *f, struct ctx *ctx, struct handle *map, bool deletes,
		const char *verb)
{
	size_t bytes = map->map.key_size + 2 * kern_value_bytes(map);

	*f = (struct map_feed){ .ctx = ctx, .map = map, .deletes = deletes };
	f->objects = holds_objects(map);
	f->fresh = !deletes && !f->objects && is_empty(map);
	f->room = bytes < PART_BYTES / PART_MAX ? PART_MAX : PART_BYTES / bytes;
	if (!f->room)
		f->room = 1;
	progress_begin(&f->progress, verb);
}

/* All that was gathered, as one operation, which takes over the arrays. */
static int feed_flush(struct map_feed *f)
{
	struct map_batch batch = {
		.keys = f->keys, .values = f->values, .before = f->before, .nr = f->nr,
		.fresh = f->fresh
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

/* Values that stand for objects are their IDs. */
static int feed_object(struct map_feed *f, const void *key, const void *value)
{
	enum object_kind kind = f->map->map.type == BPF_MAP_TYPE_PROG_ARRAY ? OBJ_PROG : OBJ_MAP;
	struct handle *object;
	__u32 id;
	int fd, err;

	if (interrupted())
		return -1;
	if (f->deletes)
		return txn_do(f->ctx, op_map_delete(f->map, key, f->ctx->span));
	memcpy(&id, value, sizeof(id));
	fd = kern_open_id(kind, id);
	object = fd < 0 ? NULL : kern_handle(kind, fd);
	if (!object)
		return kern_error(f->ctx->diags, f->ctx->span, fd < 0 ? -fd : errno,
				  "open %s %u, which is to be an element", object_names[kind], id);
	err = txn_do(f->ctx, op_map_update(f->map, key, NULL, object, BPF_ANY, f->ctx->span));
	handle_put(object);
	return err;
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
