/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BTF types of a map's keys and values, compiled when they are first
 * needed and kept with the map's handle.
 */
#ifndef BPFSH_MAPTYPES_H
#define BPFSH_MAPTYPES_H

#include "render/typed/typed.h"

struct handle;
struct map_types;

/*
 * How @map's elements are printed and read: sizes, compiled types where the
 * map has BTF, number of CPUs where its values are per CPU. Borrowed from the
 * handle. BTF that does not fit the map is left out, as if there were none.
 */
const struct element_format *map_format(struct handle *map);
void map_types_free(struct map_types *types);
/* Equal in what counts: the gaps between per-CPU values do not. */
bool same_map_value(struct handle *map, const char *a, const char *b);

/*
 * Where a key is missed: queues as the hint, if there is none yet, which element
 * has the same fields and other bytes of padding. Looks at all keys up to a million.
 */
void map_hint_twin(struct handle *map, const void *key, struct diags *d);

/* A global variable of a program: a part of the one value of .data, .bss, .rodata. */
struct map_global {
	const char *name;		/* borrowed from the map's handle */
	uint32_t offset, size;		/* inside the value, checked */
	uint32_t type_id;
};

/* Calls @fn for each variable of a map with global data (for none, where it is no such map). */
typedef int (*global_fn)(void *arg, const struct map_global *v);
int map_globals(struct handle *map, global_fn fn, void *arg);
/* Finds a variable by its name in a map, or in all maps of a program: then the map, which
 * the caller puts. typed_find() with the map's value type goes further: "config.limit". */
bool map_global(struct handle *map, const char *name, struct map_global *v);
struct handle *prog_global(const struct handle *prog, const char *name, struct map_global *v);

#endif
