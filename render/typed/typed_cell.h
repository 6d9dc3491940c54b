/* SPDX-License-Identifier: BSD-2-Clause */
/* Typed values and elements of maps as cells of a row, which borrow what they are made of. */
#ifndef BPFSH_RENDER_TYPED_CELL_H
#define BPFSH_RENDER_TYPED_CELL_H

#include "render/sink/record.h"
#include "render/typed/typed.h"

struct typed_value {
	const struct typed_place *place;
	const void *data;		/* of the whole value that the place is in */
};

/* In TYPED_NICE. */
struct cell typed_cell(const struct typed_value *v);

struct element {
	const struct element_format *format;
	const void *key, *value;
};

/* As bpftool has it, for records of elements; as element_nice() in lines of JSON. */
struct cell element_cell(const struct element *e);
/* As element_nice() has it everywhere, a line each. */
struct cell element_nice_cell(const struct element *e);

#endif
