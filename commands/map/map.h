/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of `map` share: map.c has their table. */
#ifndef BPFSH_COMMANDS_MAP_H
#define BPFSH_COMMANDS_MAP_H

#include "commands/common.h"

struct btf;

/* -1 with a diagnostic for a map that --plan made: it has no elements yet. */
int need_real(struct ctx *ctx, const struct handle *map);

extern const char *const update_flags[];	/* any, exist, noexist */

extern const struct arg_type arg_map_flags;	/* VALUE_NUM */
extern const struct arg_type arg_c_type;	/* VALUE_STR: "struct flow" */
extern const struct arg_type arg_btf_source;	/* VALUE_HANDLE, or VALUE_STR: a file */
int map_create(struct ctx *ctx, struct value *argv);

/* The frames of a stack_trace map's values, one value after the other. */
struct stack {
	struct buf json, text;		/* of the last one: a list, and lines that begin with "\n\t" */
	bool hidden;			/* a symbol of the kernel was not to be known */
};

void stack_read(struct stack *s, const struct handle *map, const void *value);
/* Says what was hidden, and frees the texts. */
void stack_end(struct stack *s, struct diags *d);

/* False also where the map is only planned. */
bool map_is_empty(const struct handle *map);
/* What kern_map_walk() came to, said where there is something to say: 0, or -1 where it stopped. */
int map_walked(struct ctx *ctx, const struct handle *map, int err);

int map_dump(struct ctx *ctx, struct value *argv);
int map_lookup(struct ctx *ctx, struct value *argv);
int map_update(struct ctx *ctx, struct value *argv);
int map_delete(struct ctx *ctx, struct value *argv);
int map_delete_check(struct ctx *ctx, const struct match *m);
int map_getnext(struct ctx *ctx, struct value *argv);

/*
 * Unpins the map everywhere and drops the session's variables of it; shows what still keeps
 * it, or (@tell) what was done in any case.
 */
int map_remove(struct ctx *ctx, struct handle *map, bool tell);
/* Whether a program or another process may write to the map now; true where nobody can tell. */
bool map_has_users(const struct handle *map);

extern const struct arg_type arg_holder;	/* VALUE_HANDLE: a map or a program */
extern const struct arg_type arg_global;	/* VALUE_STR: a variable of the holder before it */
extern const struct arg_type arg_global_value;	/* VALUE_WORDS: what that is to be */
int map_get(struct ctx *ctx, struct value *argv);
int map_set(struct ctx *ctx, struct value *argv);

int map_export(struct ctx *ctx, struct value *argv);
int map_import(struct ctx *ctx, struct value *argv);
int map_copy(struct ctx *ctx, struct value *argv);
int map_clear(struct ctx *ctx, struct value *argv);
int map_count(struct ctx *ctx, struct value *argv);

extern const struct arg_type arg_map_or_dump;	/* VALUE_HANDLE, or VALUE_JSON: a dump */
int map_diff(struct ctx *ctx, struct value *argv);

extern const struct arg_type arg_counter;	/* VALUE_STR: a field of the map's values */
int map_top(struct ctx *ctx, struct value *argv);

int map_read(struct ctx *ctx, struct value *argv);
/* BTF of a program that uses the map: where its events' types are declared; NULL without. */
struct btf *map_users_btf(const struct handle *map);

int map_push(struct ctx *ctx, struct value *argv);
int map_pop(struct ctx *ctx, struct value *argv);
int map_peek(struct ctx *ctx, struct value *argv);

#endif
