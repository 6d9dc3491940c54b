// SPDX-License-Identifier: BSD-2-Clause
/* The elements of a map that change fastest, again and again until Ctrl-C. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/map/map.h"
#include "render/sink/bytes.h"
#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/clock.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/value.h"
#include "shell/prompt/terminal.h"
#include "shell/sample/rates.h"
#include "shell/session/session.h"

#define COUNTERS_MAX 4		/* shown, and remembered for each element */
#define OFFERED_MAX 64		/* by Tab */
#define ROWS 20			/* where no window limits them */
#define ROWS_MAX 1000
#define HEAD_LINES 3		/* of a window: two of heading, one that stays empty */
#define NS_PER_SEC 1000000000ll

enum { TOP_MAP, TOP_INTERVAL, TOP_COUNT, TOP_ROWS, TOP_BY };

/* One of the fastest elements. */
struct row {
	int64_t change[COUNTERS_MAX];
	char *element;			/* key and value */
};

struct top {
	struct ctx *ctx;
	struct handle *map;
	const struct element_format *format;
	struct element_counter counters[COUNTERS_MAX];
	size_t nr_counters;
	struct rates *rates;
	struct row *rows;		/* of this sample, the fastest first */
	size_t nr, max;
	__u64 interval, count;		/* seconds between two samples; how many of these */
	__u64 sample, elements, changed;
	long long begin;		/* ns: when this look began */
	double seconds;			/* between this look and the last one */
	struct terminal window;
	bool on_screen;			/* a sample takes the place of the one before */
};

/* Which of two elements changed more, whatever the direction; as for qsort(). */
static int slower(const struct top *t, const int64_t *a, const int64_t *b)
{
	for (size_t i = 0; i < t->nr_counters; i++) {
		uint64_t x = a[i] < 0 ? -(uint64_t)a[i] : (uint64_t)a[i];
		uint64_t y = b[i] < 0 ? -(uint64_t)b[i] : (uint64_t)b[i];

		if (x != y)
			return x < y ? 1 : -1;
	}
	return 0;
}

/* Puts the element among the fastest, if it is one of them. */
static void rank(struct top *t, const int64_t *change, const void *key, const void *value)
{
	size_t key_size = t->format->key_size, size = kern_value_bytes(t->map), at;
	struct row row;

	if (t->nr == t->max && slower(t, change, t->rows[t->nr - 1].change) >= 0)
		return;
	/* The slowest one makes room. */
	row.element = t->nr == t->max ? t->rows[--t->nr].element : xmalloc(key_size + size);
	memcpy(row.change, change, sizeof(row.change));
	memcpy(row.element, key, key_size);
	memcpy(row.element + key_size, value, size);
	for (at = t->nr++; at && slower(t, change, t->rows[at - 1].change) < 0; at--)
		t->rows[at] = t->rows[at - 1];
	t->rows[at] = row;
}

/* What falls by more than half of its range went beyond its end. */
static void unwrap(const struct top *t, int64_t *change)
{
	for (size_t i = 0; i < t->nr_counters; i++) {
		unsigned int bits = t->counters[i].bits;

		if (bits < 64 && change[i] < -(1ll << (bits - 1)))
			change[i] += 1ll << bits;
	}
}

static int look_at(void *arg, const void *key, const void *value)
{
	int64_t change[COUNTERS_MAX] = { 0 };
	uint64_t counts[COUNTERS_MAX];
	struct top *t = arg;

	for (size_t i = 0; i < t->nr_counters; i++)
		counts[i] = element_count(t->format, &t->counters[i], value);
	t->elements++;
	if (!rates_change(t->rates, key, counts, change))
		return 0;
	t->changed++;
	unwrap(t, change);
	rank(t, change, key, value);
	return 0;
}

static void forget_rows(struct top *t)
{
	for (size_t i = 0; i < t->nr; i++)
		free(t->rows[i].element);
	t->nr = 0;
}

/* Looks at all elements once. */
static int look(struct top *t)
{
	long long begin = clock_ns();
	int err;

	forget_rows(t);
	t->seconds = (double)(begin - t->begin) / NS_PER_SEC;
	t->begin = begin;
	t->elements = t->changed = 0;
	rates_begin(t->rates);
	err = kern_map_walk(t->map, look_at, t);
	if (err == -KERN_ECHANGED)
		err = 0;
	if (err && err != -EINTR)
		kern_map_error(t->ctx->diags, t->ctx->span, "dump", t->map, -err);
	return err;
}

enum { COL_LINE, COL_SAMPLE, COL_SECONDS, COL_RATE, COL_KEY, COL_VALUE, TOP_COLUMNS };

static const struct column top_columns[] = {
	[COL_LINE] = { "line", "%", .flags = COL_PLAIN_ONLY },
	[COL_SAMPLE] = { "sample" },
	[COL_SECONDS] = { "seconds" },
	[COL_RATE] = { "per_second" },
	[COL_KEY] = { "key" },
	[COL_VALUE] = { "value" },
	[TOP_COLUMNS] = { 0 }
};

static const struct record top_record = { "element", top_columns };

static void put_key(struct buf *out, const struct top *t, const void *key)
{
	if (t->format->key)
		element_nice_key(out, t->format, key);
	else
		bytes_json(out, key, t->format->key_size);
}

/* On one line: bytes as dumps have them, as long as they are few. */
static void put_key_plain(struct buf *out, const struct top *t, const void *key)
{
	if (t->format->key || t->format->key_size > 16)
		put_key(out, t, key);
	else
		bytes_plain(out, key, t->format->key_size);
}

/* Values of CPUs as their sum, and without BTF a number, as it is counted. */
static void put_value(struct buf *out, const struct top *t, const void *value)
{
	if (t->format->cpus)
		element_sum(out, t->format, value);
	else if (t->format->value)
		element_nice_value(out, t->format, value);
	else
		buf_printf(out, "%" PRIu64, element_count(t->format, &t->counters[0], value));
}

static double per_second(const struct top *t, const struct row *row, size_t counter)
{
	return (double)row->change[counter] / t->seconds;
}

/* A number, or where fields have names {"packets":1.0}. */
static void put_rates(struct buf *out, const struct top *t, const struct row *row)
{
	if (!t->counters[0].name) {
		buf_printf(out, "%.1f", per_second(t, row, 0));
		return;
	}
	for (size_t i = 0; i < t->nr_counters; i++) {
		const char *name = t->counters[i].name;

		buf_putc(out, i ? ',' : '{');
		buf_json_string(out, name, strlen(name));
		buf_printf(out, ":%.1f", per_second(t, row, i));
	}
	buf_putc(out, '}');
}

/* Lines that would wrap push others from the window; a character is not cut in two. */
static void cut(struct buf *line, size_t columns)
{
	if (line->len <= columns)
		return;
	while (columns && (line->data[columns] & 0xc0) == 0x80)
		columns--;
	line->len = columns;
}

static int show_row(struct top *t, const struct row *row, int columns)
{
	struct buf line = BUF_INIT, rates = BUF_INIT, key = BUF_INIT, value = BUF_INIT;
	struct buf seconds = BUF_INIT, plain_key = BUF_INIT;
	int err;

	put_rates(&rates, t, row);
	put_key(&key, t, row->element);
	put_key_plain(&plain_key, t, row->element);
	put_value(&value, t, row->element + t->format->key_size);
	buf_printf(&seconds, "%.3f", t->seconds);
	for (size_t i = 0; i < t->nr_counters; i++)
		buf_printf(&line, "%14.1f", per_second(t, row, i));
	buf_printf(&line, "  %s  %s", buf_str(&plain_key), buf_str(&value));
	if (t->on_screen)
		cut(&line, columns);
	err = sink_row(t->ctx->sink, (struct cell[TOP_COLUMNS]){
		[COL_LINE] = cell_json_text(&line), [COL_SAMPLE] = cell_u64(t->sample),
		[COL_SECONDS] = cell_json_text(&seconds), [COL_RATE] = cell_json_text(&rates),
		[COL_KEY] = cell_json_text(&key), [COL_VALUE] = cell_json_text(&value) });
	buf_free(&line);
	buf_free(&rates);
	buf_free(&key);
	buf_free(&value);
	buf_free(&seconds);
	buf_free(&plain_key);
	return err;
}

static void show_heading(const struct top *t)
{
	struct buf names = BUF_INIT;

	for (size_t i = 0; i < t->nr_counters; i++) {
		const char *name = t->counters[i].name;

		buf_printf(&names, "%12.12s/s", name ? name : "value");
	}
	sink_note(t->ctx->sink, "%s: %" PRIu64 " of %" PRIu64 " elements changed in %.2f s",
		  t->map->title, (uint64_t)t->changed, (uint64_t)t->elements, t->seconds);
	sink_note(t->ctx->sink, "%s  key  value", buf_str(&names));
	buf_free(&names);
}

static int show_sample(struct top *t)
{
	struct out *screen = t->on_screen ? sink_terminal(t->ctx->sink) : NULL;
	int columns, rows, err = 0;

	terminal_window(&t->window, &columns, &rows);
	if (screen)
		out_write(screen, "\033[H\033[J", 6);
	show_heading(t);
	for (size_t i = 0; i < t->nr && !err; i++)
		if (!screen || i + HEAD_LINES < (size_t)rows)
			err = show_row(t, &t->rows[i], columns);
	return err || sink_flush(t->ctx->sink) ? -1 : 0;
}

/* Sleeps up to the next look; early where somebody wants to stop. */
static void pause_until(long long deadline)
{
	while (!interrupted() && clock_ns() < deadline)
		interrupt_nap(deadline / 1000000 + 1);
}

static int show_samples(struct top *t)
{
	int err = look(t);

	while (!err && t->sample < t->count) {
		pause_until(t->begin + (long long)t->interval * NS_PER_SEC);
		if (interrupted())
			return -EINTR;
		t->sample++;
		err = look(t);
		if (!err)
			err = show_sample(t);
	}
	return err;
}

/* "by FIELD": that one alone. */
static int find_counter(struct top *t, const struct value *by)
{
	struct typed_word path = { by->str, strlen(by->str), by->span, false };

	if (!t->format->value)
		return diag_error(t->ctx->diags, by->span, "values of map '%s' have no fields",
				  t->map->title);
	if (typed_find(t->format->value, &path, "value", &t->counters[0].at, t->ctx->diags))
		return -1;
	t->counters[0].bits = typed_counter_bits(&t->counters[0].at);
	if (!t->counters[0].bits)
		return diag_error(t->ctx->diags, by->span,
				  "'%s' is no integer: it counts nothing", by->str);
	t->counters[0].name = xstrdup(by->str);
	t->nr_counters = 1;
	return 0;
}

static int find_counters(struct top *t, const struct value *by)
{
	enum object_kind kind;
	size_t at;

	if (map_holds_objects(t->map, &kind, &at) && !at)
		return diag_error(t->ctx->diags, t->ctx->span, "values of map '%s' name "
				  "other objects: they count nothing", t->map->title);
	if (by->kind == VALUE_STR)
		return find_counter(t, by);
	t->nr_counters = element_counters(t->format, t->counters, COUNTERS_MAX);
	if (t->nr_counters)
		return 0;
	diag_error(t->ctx->diags, t->ctx->span, "values of map '%s' hold no integer to count",
		   t->map->title);
	if (t->format->unread)
		diag_hint(t->ctx->diags, "their types cannot be read: %s", t->format->unread);
	else if (!t->format->value)
		diag_hint(t->ctx->diags,
			  "without BTF only values of 1, 2, 4 or 8 bytes are numbers");
	return -1;
}

static __u64 number_or(const struct value *v, __u64 otherwise)
{
	return v->kind == VALUE_NUM ? v->num : otherwise;
}

static int end_samples(const struct session *s, int err)
{
	if (err == -EINTR && session_ended_by_key(s))
		return 0;
	return err ? -1 : 0;
}

/* Reads the arguments but the map; -1 with a diagnostic. */
static int read_arguments(struct top *t, const struct value *argv)
{
	struct diags *d = t->ctx->diags;

	t->interval = number_or(&argv[TOP_INTERVAL], 1);
	if (!t->interval)
		return diag_error(d, argv[TOP_INTERVAL].span, "interval: at least one second");
	t->max = number_or(&argv[TOP_ROWS], ROWS);
	if (!t->max || t->max > ROWS_MAX)
		return diag_error(d, argv[TOP_ROWS].span, "rows: 1 to %d", ROWS_MAX);
	t->count = number_or(&argv[TOP_COUNT], UINT64_MAX);
	return find_counters(t, &argv[TOP_BY]);
}

static int run(struct top *t)
{
	int err;

	terminal_open(&t->window, t->ctx->s);
	t->on_screen = t->window.escapes && sink_terminal(t->ctx->sink);
	t->rates = rates_new(t->format->key_size, t->nr_counters);
	t->rows = xcalloc(t->max, sizeof(*t->rows));
	sink_begin(t->ctx->sink, &top_record, SINK_LIST);
	err = end_samples(t->ctx->s, show_samples(t));
	forget_rows(t);
	free(t->rows);
	rates_free(t->rates);
	return err ? -1 : sink_end(t->ctx->sink);
}

static int map_top(struct ctx *ctx, struct value *argv)
{
	struct top t = { .ctx = ctx, .map = argv[TOP_MAP].handle };
	int err;

	if (not_planned(ctx, t.map, ctx->span))
		return -1;
	t.format = map_format(t.map);
	err = read_arguments(&t, argv);
	if (!err)
		err = run(&t);
	for (size_t i = 0; i < t.nr_counters; i++)
		free(t.counters[i].name);
	return err;
}

/* Tab offers what could be counted. */
static void counter_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			     const struct word *w, size_t nr, struct candidates *c)
{
	struct element_counter list[OFFERED_MAX];
	struct value map = match_typed(ctx, m, TOP_MAP);
	size_t found = 0;

	if (map.kind == VALUE_HANDLE)
		found = element_counters(map_format(map.handle), list, OFFERED_MAX);
	for (size_t i = 0; i < found; i++) {
		if (list[i].name)
			candidate_add(c, list[i].name, NULL, false);
		free(list[i].name);
	}
	value_free(&map);
}

/* VALUE_STR: a field of the map's values. */
static const struct arg_type arg_counter = {
	.name = "FIELD", .parse = arg_parse_string, .complete = counter_complete
};

const struct cmd map_top_cmd = {
	.object = "map", .verb = "top",
	.help = "show the elements that change fastest, again and again until Ctrl-C",
	.args = ARGS(
		[TOP_MAP] = ARG_MAP_ONE,
		[TOP_INTERVAL] = { "interval", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"seconds between two looks; else 1" },
		[TOP_COUNT] = { "count", &arg_number64, ARG_KEYWORD | ARG_OPTIONAL,
			"samples to show; else until Ctrl-C" },
		[TOP_ROWS] = { "rows", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"most elements shown of each; else 20" },
		[TOP_BY] = { "by", &arg_counter, ARG_KEYWORD | ARG_OPTIONAL,
			"what counts; else the first integers" }),
	.run = map_top,
	.examples = STRINGS("map top $m", "map top name flows interval 5 by packets",
			    "map top $m count 3 rows 10"),
};
