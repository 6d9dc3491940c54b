/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BTF types of a map's keys and values, compiled when they are first
 * needed and kept with the map's handle.
 */
#ifndef BPFSH_MAPTYPES_H
#define BPFSH_MAPTYPES_H

#include "render/typed.h"

struct handle;
struct map_types;

/*
 * How @map's elements are printed and read: sizes, compiled types where the
 * map has BTF, number of CPUs where its values are per CPU. Borrowed from the
 * handle. BTF that does not fit the map is left out, as if there were none.
 */
const struct element_format *map_format(struct handle *map);
void map_types_free(struct map_types *types);

#endif
