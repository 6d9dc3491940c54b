/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of `map` share: map.c has their table. */
#ifndef BPFSH_COMMANDS_MAP_H
#define BPFSH_COMMANDS_MAP_H

#include "commands/common.h"

struct btf;

/* The rows of map.c's table, each beside its function. */
extern const struct cmd map_show_cmd, map_create_cmd, map_dump_cmd, map_lookup_cmd, map_update_cmd;
extern const struct cmd map_delete_cmd, map_getnext_cmd, map_export_cmd, map_import_cmd;
extern const struct cmd map_copy_cmd, map_clear_cmd, map_count_cmd, map_top_cmd, map_diff_cmd;
extern const struct cmd map_read_cmd, map_get_cmd, map_set_cmd, map_push_cmd, map_enqueue_cmd;
extern const struct cmd map_pop_cmd, map_dequeue_cmd, map_peek_cmd;

/* The argument of those that are about one map. */
#define ARG_MAP_ONE { "map", &arg_map, 0, "the map" }

extern const struct arg_type arg_c_type;	/* VALUE_STR: "struct flow" */

/* The frames of a stack_trace map's values, one value after the other. */
struct stack {
	struct buf json, text;		/* of the last one: a list, and lines that begin with "\n\t" */
	bool hidden;			/* a symbol of the kernel was not to be known */
};

void stack_read(struct stack *s, const struct handle *map, const void *value);
/* Says what was hidden, and frees the texts. */
void stack_end(struct stack *s, struct diags *d);

/* map_walk.c; false also where the map is only planned. */
bool map_is_empty(const struct handle *map);
/* What kern_map_walk() came to, said where there is something to say: 0, or -1 where it stopped. */
int map_walked(struct ctx *ctx, const struct handle *map, int err);

/*
 * Unpins the map everywhere and drops the session's variables of it; shows what still keeps
 * it, or (@tell) what was done in any case.
 */
int map_remove(struct ctx *ctx, struct handle *map, bool tell);
/* Whether a program or another process may write to the map now; true where nobody can tell. */
bool map_has_users(const struct handle *map);

/* BTF of a program that uses the map: where its events' types are declared; NULL without. */
struct btf *map_users_btf(const struct handle *map);

#endif
