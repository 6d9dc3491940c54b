// SPDX-License-Identifier: BSD-2-Clause
/* Whole maps: exported, imported, copied, cleared, counted. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/map/element_file.h"
#include "commands/map/map.h"
#include "commands/map/map_feed.h"
#include "render/sink/out.h"
#include "render/sink/progress.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "render/typed/typed_cell.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/outfile.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/lang/args.h"

/* export */

struct export {
	struct ctx *ctx;
	const struct element_format *format;
	struct out *out;		/* NULL: the sink */
	struct progress progress;
};

static const struct record export_record = { "element", NULL };

static int export_element(void *arg, const void *key, const void *value)
{
	struct export *e = arg;
	struct element element = { e->format, key, value };
	struct cell cell = element_nice_cell(&element);

	progress_count(&e->progress);
	if (!e->out)
		return sink_row(e->ctx->sink, &cell);
	element_nice(out_buf(e->out), e->format, key, value);
	buf_putc(out_buf(e->out), '\n');
	out_pushed(e->out);
	return e->out->error ? -1 : 0;
}

static int export_sink(struct ctx *ctx, struct handle *map, struct export *e)
{
	sink_begin(ctx->sink, &export_record, SINK_LIST);
	return map_walked(ctx, map, kern_map_walk(map, export_element, e)) ? -1 :
	       sink_end(ctx->sink);
}

/* To a file, whose old content stays until all is written. */
static int export_file(struct ctx *ctx, struct handle *map, const struct value *path,
		       struct export *e)
{
	struct outfile file;
	struct out out;
	int why = outfile_open(&file, path->str), closed, err = 0;

	if (!why) {
		out_init(&out, file.fd);
		e->out = &out;
		err = map_walked(ctx, map, kern_map_walk(map, export_element, e));
		out_flush(&out);
		why = out.error;
		out_free(&out);
		closed = outfile_close(&file, !err && !why);
		why = why ? why : closed;
	}
	if (why)
		err = diag_errno(ctx->diags, path->span, why, "cannot write '%s'", path->str);
	return err;
}

enum { EXPORT_MAP, EXPORT_FILE };

static int map_export(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[EXPORT_MAP].handle;
	struct export e = { .ctx = ctx };
	bool file = strcmp(argv[EXPORT_FILE].str, "-");
	int err;

	if (not_planned(ctx, map, ctx->span))
		return -1;
	e.format = map_format(map);
	(file ? progress_begin : progress_begin_beside)(&e.progress, "exported");
	err = file ? export_file(ctx, map, &argv[EXPORT_FILE], &e) : export_sink(ctx, map, &e);
	progress_end(&e.progress);
	return err;
}

const struct cmd map_export_cmd = {
	.object = "map", .verb = "export",
	.help = "write all elements as lines of JSON; to the output where FILE is -",
	.args = ARGS(
		[EXPORT_MAP] = ARG_MAP_ONE,
		[EXPORT_FILE] = { "file", &arg_file, 0, "where to" }),
	.flags = CMD_OUTSIDE,
	.run = map_export,
	.examples = STRINGS("map export $m flows.jsonl", "map export $m - | head"),
};

/* import */

enum { IMPORT_MAP, IMPORT_FILE };

static int map_import(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[IMPORT_MAP].handle;
	bool input = !strcmp(argv[IMPORT_FILE].str, "-");
	struct element_file r = { .name = input ? "standard input" : argv[IMPORT_FILE].str,
				    .at = argv[IMPORT_FILE].span, .format = map_format(map),
				    .diags = ctx->diags };
	struct map_feed feed;
	void *key, *value;
	int err;

	if (!map->map.key_size)
		return kern_map_error(ctx->diags, argv[IMPORT_MAP].span, "update", map, EOPNOTSUPP);
	r.fd = input ? STDIN_FILENO : open(argv[IMPORT_FILE].str, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0)
		return element_file_error(&r, "open");
	key = xcalloc(1, map->map.key_size);
	value = xcalloc(1, kern_value_bytes(map));
	feed_begin(&feed, ctx, map, false, "imported");
	do {
		err = element_file_next(&r, key, value);
		if (err > 0 && feed_add(&feed, key, value, NULL))
			err = -1;
	} while (err > 0);
	err = feed_end(&feed, err);
	free(key);
	free(value);
	element_file_free(&r);
	if (!input)
		close(r.fd);
	return err;
}

const struct cmd map_import_cmd = {
	.object = "map", .verb = "import",
	.help = "set elements from lines of JSON, or from a JSON dump",
	.args = ARGS(
		[IMPORT_MAP] = ARG_MAP_ONE,
		[IMPORT_FILE] = { "file", &arg_input, 0, "where from; - is the input" }),
	.flags = CMD_WRITES,
	.run = map_import,
	.examples = STRINGS("map import $m flows.jsonl"),
};

/* copy */

static int copy_element(void *arg, const void *key, const void *value)
{
	return feed_add(arg, key, value, NULL);
}

enum { COPY_FROM, COPY_TO };

static int map_copy(struct ctx *ctx, struct value *argv)
{
	struct handle *from = argv[COPY_FROM].handle, *to = argv[COPY_TO].handle;
	struct span at = argv[COPY_TO].span;
	bool mixed = map_is(from->map.type, MAP_PERCPU) != map_is(to->map.type, MAP_PERCPU);
	struct map_feed feed;

	if (not_planned(ctx, from, ctx->span))
		return -1;
	if (from->id == to->id)
		return diag_error(ctx->diags, at, "a map cannot be copied onto itself");
	if (from->map.key_size != to->map.key_size || from->map.value_size != to->map.value_size ||
	    mixed)
		return diag_error(ctx->diags, at, "map '%s' has keys and values of %u and %u "
				  "bytes, map '%s' of %u and %u%s", from->title, from->map.key_size,
				  from->map.value_size, to->title, to->map.key_size, to->map.value_size,
				  mixed ? "; values of one of them are per CPU" : "");
	feed_begin(&feed, ctx, to, false, "copied");
	return feed_end(&feed, map_walked(ctx, from, kern_map_walk(from, copy_element, &feed)));
}

const struct cmd map_copy_cmd = {
	.object = "map", .verb = "copy",
	.help = "set in one map all elements of another",
	.args = ARGS(
		[COPY_FROM] = { "from", &arg_map, 0, "map to read" },
		[COPY_TO] = { "to", &arg_map, 0, "map to change" }),
	.flags = CMD_WRITES,
	.run = map_copy,
	.examples = STRINGS("map copy $old $new"),
};

/* clear */

/* A trie whose walk may have stepped over elements, by what it deleted itself, is walked again. */
#define CLEAR_ROUNDS 4

struct clearing {
	struct map_feed feed;
	char *zero;			/* NULL: elements are deleted */
	size_t size;
};

static int clear_element(void *arg, const void *key, const void *value)
{
	struct clearing *c = arg;

	if (c->zero && !memcmp(value, c->zero, c->size))
		return 0;
	return feed_add(&c->feed, key, c->zero, value);
}

/* Sets *@walked to what the walk came to. */
static int clear_round(struct clearing *c, struct ctx *ctx, struct handle *map, int *walked)
{
	feed_begin(&c->feed, ctx, map, !c->zero, "cleared");
	*walked = kern_map_walk(map, clear_element, c);
	return feed_end(&c->feed, *walked == -KERN_ECHANGED ? 0 : map_walked(ctx, map, *walked));
}

enum { CLEAR_MAP };

static int map_clear(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[CLEAR_MAP].handle;
	struct clearing c = { .size = kern_value_bytes(map) };
	int err, walked, rounds = 0;

	if (not_planned(ctx, map, ctx->span))
		return -1;
	/* Elements of arrays cannot be deleted: they become zero. */
	if (map_is(map->map.type, MAP_ARRAY))
		c.zero = xcalloc(1, c.size);
	do {
		err = clear_round(&c, ctx, map, &walked);
	} while (!err && walked == -KERN_ECHANGED && !map_is_empty(map) && ++rounds < CLEAR_ROUNDS);
	if (!err && rounds == CLEAR_ROUNDS)
		err = map_walked(ctx, map, walked);
	free(c.zero);
	return err;
}

const struct cmd map_clear_cmd = {
	.object = "map", .verb = "clear",
	.help = "remove all elements; those of arrays become zero",
	.args = ARGS([CLEAR_MAP] = ARG_MAP_ONE),
	.flags = CMD_WRITES | CMD_WHOLE,
	.run = map_clear,
	.examples = STRINGS("map clear $m"),
};

/* count */

static int count_element(void *arg, const void *key, const void *value)
{
	progress_count(arg);
	return 0;
}

static const struct column count_columns[] = { { "count", "%" }, { "max_entries" }, { 0 } };
static const struct record count_record = { "count", count_columns };

enum { COUNT_MAP };

static int map_count(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[COUNT_MAP].handle;
	struct progress p;
	int err;

	if (not_planned(ctx, map, ctx->span))
		return -1;
	progress_begin(&p, "counted");
	err = map_walked(ctx, map, kern_map_walk(map, count_element, &p));
	progress_end(&p);
	if (err)
		return -1;
	sink_begin(ctx->sink, &count_record, SINK_ONE);
	if (sink_row(ctx->sink, (const struct cell[]){ cell_u64(p.nr),
						      cell_u64(map->map.max_entries) }))
		return -1;
	return sink_end(ctx->sink);
}

const struct cmd map_count_cmd = {
	.object = "map", .verb = "count",
	.help = "count the elements",
	.args = ARGS([COUNT_MAP] = ARG_MAP_ONE),
	.run = map_count,
	.examples = STRINGS("map count $m"),
};
