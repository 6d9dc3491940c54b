// SPDX-License-Identifier: BSD-2-Clause
/* Typed values and elements of maps as cells: what a sink draws them by. */
#include "render/sink/record.h"
#include "render/typed/typed.h"
#include "render/typed/typed_cell.h"
#include "shell/base/buf.h"

static void draw_value(struct buf *out, const void *what, unsigned how)
{
	const struct typed_value *v = what;

	typed_place_json(out, v->place, v->data, TYPED_NICE);
}

struct cell typed_cell(const struct typed_value *v)
{
	static const struct drawing drawing = { draw_value, draw_value, false };

	return CELL(.kind = CELL_DRAWN, .drawn = { &drawing, v });
}

static void draw_nice(struct buf *out, const void *what, unsigned how)
{
	const struct element *e = what;

	element_nice(out, e->format, e->key, e->value);
}

static void draw_plain(struct buf *out, const void *what, unsigned how)
{
	const struct element *e = what;

	element_plain(out, e->format, e->key, e->value, how & DRAW_LISTED ? 1 : 0);
}

static void draw_json(struct buf *out, const void *what, unsigned how)
{
	const struct element *e = what;

	if (how & DRAW_LINE)
		element_nice(out, e->format, e->key, e->value);
	else
		element_json(out, e->format, e->key, e->value);
}

struct cell element_cell(const struct element *e)
{
	static const struct drawing
		bytes = { draw_plain, draw_json, false },
		typed = { draw_plain, draw_json, true };
	bool has_type = e->format->value || e->format->key;

	return CELL(.kind = CELL_DRAWN, .drawn = { has_type ? &typed : &bytes, e });
}

struct cell element_nice_cell(const struct element *e)
{
	static const struct drawing drawing = { draw_nice, draw_nice, false };

	return CELL(.kind = CELL_DRAWN, .drawn = { &drawing, e });
}
