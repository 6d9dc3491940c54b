// SPDX-License-Identifier: BSD-2-Clause
/* What differs between two maps, or between a map and a dump that a variable keeps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/map/map.h"
#include "render/sink/bytes.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/search.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/lang/args.h"
#include "shell/lang/value.h"

/* A map, or a variable with a dump. */

static int side_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		      struct value *out)
{
	if (nr == 1 && !w->text) {
		if (word_value(ctx, w, out))
			return -1;
		if (out->kind == VALUE_JSON && jv_get_kind(out->json) == JV_KIND_ARRAY)
			return 0;
		value_free(out);
		*out = (struct value){ 0 };
	}
	return arg_map.parse(ctx, a, w, nr, out);
}

static size_t side_take(const struct match *m, const struct arg *a, const struct word *w, size_t nr)
{
	return arg_map.take(m, a, w, nr);
}

static void side_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			  const struct word *w, size_t nr, struct candidates *c)
{
	arg_map.complete(ctx, m, a, w, nr, c);
}

/* VALUE_HANDLE, or VALUE_JSON: a dump. */
static const struct arg_type arg_map_or_dump = {
	.name = "MAP|$DUMP", .take = side_take, .parse = side_parse, .complete = side_complete,
	.refers = true
};

struct diff {
	struct ctx *ctx;
	struct handle *map;		/* whose types and sizes hold for both sides */
	struct handle *other;		/* NULL: the dump */
	size_t key_size, size;
	char *elements;			/* of the dump: keys and values, sorted by key */
	size_t nr;
	char *scratch;			/* a value of the other side */
	bool back;			/* the second pass: only what the first side lacks */
};

static int compare_keys(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(size_t *)size);
}

static int read_dump(struct diff *d, jv list, struct span at)
{
	size_t each = d->key_size + d->size;
	int nr = jv_array_length(jv_copy(list)), err = 0;

	d->elements = xcalloc(nr ? nr : 1, each);
	for (int i = 0; i < nr && !err; i++) {
		char *element = d->elements + d->nr * each;
		jv text = jv_dump_string(jv_array_get(jv_copy(list), i), 0);
		struct typed_word json = { jv_string_value(text),
					  jv_string_length_bytes(jv_copy(text)), at, false };

		err = element_read(map_format(d->map), &json, element, element + d->key_size,
				   d->ctx->diags);
		d->nr += !err;
		jv_free(text);
	}
	if (!err)
		qsort_r(d->elements, d->nr, each, compare_keys, &d->key_size);
	return err;
}

struct wanted {
	const char *key;
	size_t size;
};

static bool key_before(const void *record, const void *key)
{
	const struct wanted *wanted = key;

	return memcmp(record, wanted->key, wanted->size) < 0;
}

/* The other side's value under a key: 0, -ENOENT, or another error. */
static int look_up(struct diff *d, struct handle *side, const char *key, const void **value)
{
	struct wanted wanted = { key, d->key_size };
	size_t each = d->key_size + d->size, at;

	*value = d->scratch;
	if (side)
		return kern_map_element(side, key, d->scratch);
	at = lower_bound(d->elements, d->nr, each, key_before, &wanted);
	if (at == d->nr || memcmp(d->elements + at * each, key, d->key_size))
		return -ENOENT;
	*value = d->elements + at * each + d->key_size;
	return 0;
}

static const struct column diff_columns[] = {
	{ "change", "%" },
	{ "key", " %" },
	{ "before", ": %" },
	{ "arrow", " ->", .flags = COL_PLAIN_ONLY },
	{ "after", " %" },
	{ 0 }
};

static const struct record diff_record = { "difference", diff_columns };

enum {
	DIFF_CHANGE, DIFF_KEY, DIFF_KEY_HEX, DIFF_BEFORE, DIFF_BEFORE_HEX, DIFF_ARROW, DIFF_AFTER,
	DIFF_AFTER_HEX, DIFF_COLUMNS
};

/* The same with all bytes, where the types may not tell them. */
static const struct column gaps_columns[] = {
	[DIFF_CHANGE] = { "change", "%" },
	[DIFF_KEY] = { "key", " %" },
	[DIFF_KEY_HEX] = { "key_hex", " (hex %)" },
	[DIFF_BEFORE] = { "before", ": %" },
	[DIFF_BEFORE_HEX] = { "before_hex", " (hex %)" },
	[DIFF_ARROW] = { "arrow", " ->", .flags = COL_PLAIN_ONLY },
	[DIFF_AFTER] = { "after", " %" },
	[DIFF_AFTER_HEX] = { "after_hex", " (hex %)" },
	[DIFF_COLUMNS] = { 0 }
};

static const struct record gaps_record = { "difference", gaps_columns };

static bool has_gaps(const struct element_format *f)
{
	return (f->key && typed_has_gaps(f->key)) || (f->value && typed_has_gaps(f->value));
}

static int put_row(struct diff *d, const struct cell *row)
{
	if (has_gaps(map_format(d->map)))
		return sink_row(d->ctx->sink, row);
	return sink_row(d->ctx->sink, (const struct cell[]){
		row[DIFF_CHANGE], row[DIFF_KEY], row[DIFF_BEFORE], row[DIFF_ARROW], row[DIFF_AFTER] });
}

/* A key or value, and all its bytes where that does not tell them; per CPU it has them in it. */
static void put_part(struct cell *cells, struct buf *text, struct buf *hex, const struct typed *t,
		     const void *data, size_t size)
{
	cells[0] = cell_json_text(text);
	cells[1] = CELL(.kind = CELL_NONE);
	if (!t || typed_is_exact(t, data))
		return;
	bytes_hex(hex, data, size);
	cells[1] = cell_str(buf_str(hex));
}

static void put_key(const struct element_format *f, struct cell *cells, struct buf bufs[2],
		    const void *key)
{
	element_nice_key(&bufs[0], f, key);
	put_part(cells, &bufs[0], &bufs[1], f->key, key, f->key_size);
}

static void put_value(const struct element_format *f, struct cell *cells, struct buf bufs[2],
		      const void *value)
{
	cells[1] = CELL(.kind = CELL_NONE);
	if (!value)
		return;
	element_nice_value(&bufs[0], f, value);
	put_part(cells, &bufs[0], &bufs[1], f->cpus ? NULL : f->value, value, f->value_size);
}

/* The values of the first and the other side, NULL where the element is not there. */
static int show_difference(struct diff *d, const void *key, const void *first, const void *other)
{
	const struct element_format *f = map_format(d->map);
	const void *before = d->other ? first : other;	/* a dump is of an earlier time */
	const void *after = d->other ? other : first;
	struct buf texts[6] = { 0 };
	struct cell row[DIFF_COLUMNS] = { cell_str(!before ? "+" : !after ? "-" : "~") };
	int err;

	put_key(f, &row[DIFF_KEY], &texts[0], key);
	put_value(f, &row[DIFF_BEFORE], &texts[2], before);
	put_value(f, &row[DIFF_AFTER], &texts[4], after);
	if (before && after)
		row[DIFF_ARROW] = cell_bool(true);
	err = put_row(d, row);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		buf_free(&texts[i]);
	return err;
}

static int diff_element(void *arg, const void *key, const void *value)
{
	struct diff *d = arg;
	struct handle *side = d->back ? d->map : d->other;
	const void *other;
	int err = look_up(d, side, key, &other);

	if (err == -ENOENT)
		return d->back ? show_difference(d, key, NULL, value) :
		       show_difference(d, key, value, NULL);
	if (err)
		return kern_map_error(d->ctx->diags, d->ctx->span, "lookup", side, -err);
	if (d->back || same_map_value(d->map, value, other))
		return 0;
	return show_difference(d, key, value, other);
}

static int walk_other(struct diff *d)
{
	size_t each = d->key_size + d->size;
	int err = 0;

	if (d->other)
		return kern_map_walk(d->other, diff_element, d);
	for (size_t i = 0; i < d->nr && !err; i++)
		err = diff_element(d, d->elements + i * each, d->elements + i * each + d->key_size);
	return err;
}

static int same_shape(struct diff *d, struct span at)
{
	if (!d->other || (d->other->map.key_size == d->key_size &&
			  d->other->map.value_size == d->map->map.value_size &&
			  kern_value_bytes(d->other) == d->size))
		return 0;
	return diag_error(d->ctx->diags, at, "maps '%s' and '%s' differ in the sizes of keys or values",
			  d->map->title, d->other->title);
}

enum { DIFF_MAP, DIFF_WITH };

static int map_diff(struct ctx *ctx, struct value *argv)
{
	struct handle *a = argv[DIFF_MAP].kind == VALUE_HANDLE ? argv[DIFF_MAP].handle : NULL;
	struct diff d = { .ctx = ctx, .map = a, .other = argv[DIFF_WITH].kind == VALUE_HANDLE ?
			  argv[DIFF_WITH].handle : NULL };
	int err;

	if (not_planned(ctx, a, ctx->span))
		return -1;
	d.key_size = a->map.key_size;
	d.size = kern_value_bytes(a);
	d.scratch = xcalloc(1, d.size);
	err = same_shape(&d, argv[DIFF_WITH].span);
	if (!err && !d.other)
		err = read_dump(&d, argv[DIFF_WITH].json, argv[DIFF_WITH].span);
	if (!err) {
		sink_begin(ctx->sink, has_gaps(map_format(a)) ? &gaps_record : &diff_record,
			   SINK_LIST);
		err = map_walked(ctx, a, kern_map_walk(a, diff_element, &d));
		d.back = true;
		if (!err)
			err = map_walked(ctx, d.other ? d.other : a, walk_other(&d));
		err = err ? -1 : sink_end(ctx->sink);
	}
	free(d.scratch);
	free(d.elements);
	return err;
}

const struct cmd map_diff_cmd = {
	.object = "map", .verb = "diff",
	.help = "show what differs between two maps, or what changed since a dump",
	.args = ARGS(
		[DIFF_MAP] = ARG_MAP_ONE,
		[DIFF_WITH] = { "with", &arg_map_or_dump, 0,
			"the other map, or a variable with an earlier dump" }),
	.run = map_diff,
	.examples = STRINGS("map diff $old $new", "$before = map dump $m", "map diff $m $before"),
};
