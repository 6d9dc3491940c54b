// SPDX-License-Identifier: BSD-2-Clause
/* New maps. */
#include <stdlib.h>

#include "commands/map.h"

enum { CREATE_FILE, CREATE_TYPE, CREATE_KEY, CREATE_VALUE, CREATE_ENTRIES, CREATE_NAME,
       CREATE_FLAGS, CREATE_INNER, CREATE_EXTRA, CREATE_NUMA };

static __u64 number_or(const struct value *v, __u64 otherwise)
{
	return v->kind == VALUE_NUM ? v->num : otherwise;
}

/* What --plan works on: a map that does not exist. */
static struct handle *planned_map(const struct map_def *def)
{
	struct handle *h = handle_new(OBJ_MAP, -1, 0, def->name ? def->name : "");

	h->map.type = def->type;
	h->map.key_size = def->key_size;
	h->map.value_size = def->value_size;
	h->map.max_entries = def->max_entries;
	h->map.flags = def->flags;
	return h;
}

int map_create(struct ctx *ctx, struct value *argv)
{
	struct map_def def = {
		.type = argv[CREATE_TYPE].num,
		.key_size = number_or(&argv[CREATE_KEY], 0),
		.value_size = number_or(&argv[CREATE_VALUE], 0),
		.max_entries = number_or(&argv[CREATE_ENTRIES], 0),
		.flags = number_or(&argv[CREATE_FLAGS], 0),
		.extra = number_or(&argv[CREATE_EXTRA], 0),
		.numa_node = number_or(&argv[CREATE_NUMA], 0),
		.has_numa_node = argv[CREATE_NUMA].kind == VALUE_NUM,
		.inner_fd = argv[CREATE_INNER].kind == VALUE_HANDLE ? argv[CREATE_INNER].handle->fd : -1,
		.btf_fd = -1,
		.name = argv[CREATE_NAME].kind == VALUE_STR ? argv[CREATE_NAME].str : NULL,
	};
	struct handle *map = NULL;
	int err;

	if (txn_do(ctx, op_map_create(&def, &map, ctx->span)))
		return -1;
	if (!map)
		map = planned_map(&def);
	err = argv[CREATE_FILE].kind == VALUE_STR ?
	      txn_do(ctx, op_pin(map, argv[CREATE_FILE].str, false, argv[CREATE_FILE].span)) : 0;
	ctx->result = value_handle(map);
	return err;
}
