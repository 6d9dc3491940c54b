// SPDX-License-Identifier: BSD-2-Clause
/* Whole maps: exported, imported, copied, cleared, counted. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/map_feed.h"
#include "shell/interrupt.h"
#include "shell/maptypes.h"

/* What a walk that ended early means; -1 was said already. */
static int walk_error(struct ctx *ctx, const struct handle *map, int err)
{
	if (err < 0 && err != -1 && err != -EINTR)
		return kern_map_error(ctx->diags, ctx->span, "dump", map, -err);
	return err ? -1 : 0;
}

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

	progress_count(&e->progress);
	if (!e->out)
		return sink_row(e->ctx->sink, &CELL(.kind = CELL_ELEMENT,
						    .element = { e->format, key, value, true }));
	element_nice(out_buf(e->out), e->format, key, value);
	buf_putc(out_buf(e->out), '\n');
	out_pushed(e->out);
	return e->out->error ? -1 : 0;
}

static int export_sink(struct ctx *ctx, struct handle *map, struct export *e)
{
	sink_begin(ctx->sink, &export_record, SINK_LIST);
	return walk_error(ctx, map, kern_map_walk(map, export_element, e)) ? -1 :
	       sink_end(ctx->sink);
}

/* To a file of another name first, so that what is there stays until all is written. */
static int export_file(struct ctx *ctx, struct handle *map, const struct value *path,
		       struct export *e)
{
	char *temporary = xasprintf("%s.%d", path->str, getpid());
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	struct out out;
	int err;

	if (fd < 0) {
		err = diag_error(ctx->diags, path->span, "cannot write '%s': %s", temporary,
				 strerror(errno));
		free(temporary);
		return err;
	}
	out_init(&out, fd);
	e->out = &out;
	err = walk_error(ctx, map, kern_map_walk(map, export_element, e));
	if (out_flush(&out) || (!err && rename(temporary, path->str))) {
		int why = out.error ? out.error : errno;

		err = diag_error(ctx->diags, path->span, "cannot write '%s': %s", path->str,
				 strerror(why));
	}
	if (err)
		unlink(temporary);
	close(fd);
	out_free(&out);
	free(temporary);
	return err;
}

int map_export(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	struct export e = { .ctx = ctx };
	bool file = strcmp(argv[1].str, "-");
	int err;

	if (need_real(ctx, map))
		return -1;
	e.format = map_format(map);
	(file ? progress_begin : progress_begin_beside)(&e.progress, "exported");
	err = file ? export_file(ctx, map, &argv[1], &e) : export_sink(ctx, map, &e);
	progress_end(&e.progress);
	return err;
}

/* import */

#define READ_BYTES (256u << 10)
#define LINE_BYTES (64u << 10)		/* the longest line that is tried as one element */
#define ELEMENT_BYTES (64u << 20)	/* the longest text of one element */

/* Elements of a file: JSON objects, one after the other, or within one array. */
struct reader_state {
	struct ctx *ctx;
	const char *name;
	struct span at;
	int fd;
	struct buf text;
	size_t pos;			/* what is before is dealt with */
	__u64 line;
	bool eof;
};

static int import_error(struct reader_state *r, const char *what)
{
	return diag_error(r->ctx->diags, r->at, "'%s', line %" PRIu64 ": %s", r->name,
			  (uint64_t)r->line, what);
}

/* A call that a signal interrupted is no failure of its own. */
static int file_error(const struct reader_state *r, const char *what)
{
	return interrupted() ? -1 : diag_error(r->ctx->diags, r->at, "cannot %s '%s': %s", what,
					       r->name, strerror(errno));
}

/* Reads on; what was dealt with goes. @keep is moved with it. */
static int read_more(struct reader_state *r)
{
	ssize_t n;

	if (r->pos)
		memmove(r->text.data, r->text.data + r->pos, r->text.len - r->pos);
	r->text.len -= r->pos;
	r->pos = 0;
	if (r->text.len > ELEMENT_BYTES)
		return import_error(r, "an element of this length cannot be meant");
	do
		n = read(r->fd, buf_reserve(&r->text, READ_BYTES), READ_BYTES);
	while (n < 0 && errno == EINTR && !interrupted());
	if (n < 0)
		return file_error(r, "read");
	buf_commit(&r->text, n);
	r->eof = !n;
	return 0;
}

/* To the next "{"; 1: there is one, 0: the end, -1 with a diagnostic. */
static int find_object(struct reader_state *r)
{
	for (;;) {
		while (r->pos < r->text.len) {
			char c = r->text.data[r->pos];

			if (c == '{')
				return 1;
			if (c == '\n')
				r->line++;
			else if (!strchr(" \t\r,[]", c) || !c)
				return import_error(r, "an element is expected: {\"key\":...");
			r->pos++;
		}
		if (r->eof)
			return 0;
		if (read_more(r))
			return -1;
	}
}

/* The length of the object at @pos, as far as braces and strings tell; -1 with a diagnostic. */
static ssize_t object_length(struct reader_state *r)
{
	bool string = false, escape = false;
	size_t n = 0;
	int depth = 0;

	for (;;) {
		const char *p = r->text.data + r->pos, *end = r->text.data + r->text.len;

		for (p += n; p < end; p++) {
			if (escape)
				escape = false;
			else if (string && *p == '\\')
				escape = true;
			else if (*p == '"')
				string = !string;
			else if (!string && *p == '{')
				depth++;
			else if (!string && *p == '}' && !--depth)
				return p + 1 - (r->text.data + r->pos);
		}
		n = r->text.len - r->pos;
		if (r->eof)
			return import_error(r, "the file ends inside an element");
		if (read_more(r))
			return -1;
	}
}

/* A line that is one element needs no look for its end. */
static size_t line_length(const struct reader_state *r)
{
	const char *text = r->text.data + r->pos;
	size_t rest = r->text.len - r->pos;
	const char *end = memchr(text, '\n', rest < LINE_BYTES ? rest : LINE_BYTES);

	return end && end[-1] == '}' ? end - text : 0;
}

static int read_element(struct reader_state *r, struct map_feed *f, size_t len, void *key,
			void *value, struct diags *d)
{
	struct word_text text = { r->text.data + r->pos, len, NO_SPAN, false };

	return element_read(map_format(f->map), &text, key, value, d);
}

/* The object at @pos, which is then behind it. */
static int import_object(struct reader_state *r, struct map_feed *f, void *key, void *value)
{
	ssize_t len = line_length(r);
	struct diags quiet = { 0 };
	const char *text;

	if (!len || read_element(r, f, len, key, value, &quiet)) {
		diags_clear(&quiet);
		len = object_length(r);
		if (len < 0)
			return -1;
		if (read_element(r, f, len, key, value, r->ctx->diags)) {
			diag_hint(r->ctx->diags, "in '%s', line %" PRIu64, r->name, (uint64_t)r->line);
			return -1;
		}
		text = r->text.data + r->pos;
		for (const char *p = text; (p = memchr(p, '\n', text + len - p)); p++)
			r->line++;
	}
	r->pos += len;
	return 0;
}

static int import_elements(struct reader_state *r, struct map_feed *f, void *key, void *value)
{
	size_t size = kern_value_bytes(f->map);
	int found;

	while ((found = find_object(r)) > 0) {
		memset(value, 0, size);
		if (import_object(r, f, key, value) || feed_add(f, key, value, NULL))
			return -1;
	}
	return found;
}

int map_import(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	bool input = !strcmp(argv[1].str, "-");
	struct reader_state r = { .ctx = ctx, .name = input ? "standard input" : argv[1].str,
				  .at = argv[1].span, .line = 1 };
	struct map_feed feed;
	void *key, *value;
	int err;

	if (!map->map.key_size)
		return kern_map_error(ctx->diags, argv[0].span, "update", map, EOPNOTSUPP);
	r.fd = input ? STDIN_FILENO : open(argv[1].str, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0)
		return file_error(&r, "open");
	key = xcalloc(1, map->map.key_size);
	value = xcalloc(1, kern_value_bytes(map));
	feed_begin(&feed, ctx, map, false, "imported");
	err = import_elements(&r, &feed, key, value);
	err = feed_end(&feed, err);
	free(key);
	free(value);
	buf_free(&r.text);
	if (!input)
		close(r.fd);
	return err;
}

/* copy */

static int copy_element(void *arg, const void *key, const void *value)
{
	return feed_add(arg, key, value, NULL);
}

int map_copy(struct ctx *ctx, struct value *argv)
{
	struct handle *from = argv[0].handle, *to = argv[1].handle;
	struct map_feed feed;

	if (need_real(ctx, from))
		return -1;
	if (from->id == to->id)
		return diag_error(ctx->diags, argv[1].span, "a map cannot be copied onto itself");
	if (from->map.key_size != to->map.key_size || from->map.value_size != to->map.value_size ||
	    kern_map_percpu(from->map.type) != kern_map_percpu(to->map.type))
		return diag_error(ctx->diags, argv[1].span, "map '%s' has keys and values of %u and %u "
				  "bytes, map '%s' of %u and %u%s", from->title, from->map.key_size,
				  from->map.value_size, to->title, to->map.key_size, to->map.value_size,
				  kern_map_percpu(from->map.type) == kern_map_percpu(to->map.type) ? "" :
				  "; values of one of them are per CPU");
	feed_begin(&feed, ctx, to, false, "copied");
	return feed_end(&feed, walk_error(ctx, from, kern_map_walk(from, copy_element, &feed)));
}

/* clear */

/* Elements of arrays cannot be deleted: they become zero. */
static bool is_array(const struct handle *map)
{
	return map->map.type == BPF_MAP_TYPE_ARRAY || map->map.type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

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

int map_clear(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	struct clearing c = { .size = kern_value_bytes(map) };
	int err;

	if (need_real(ctx, map))
		return -1;
	if (is_array(map))
		c.zero = xcalloc(1, c.size);
	feed_begin(&c.feed, ctx, map, !c.zero, "cleared");
	err = feed_end(&c.feed, walk_error(ctx, map, kern_map_walk(map, clear_element, &c)));
	free(c.zero);
	return err;
}

/* count */

static int count_element(void *arg, const void *key, const void *value)
{
	progress_count(arg);
	return 0;
}

static const struct column count_columns[] = { { "count", "%" }, { "max_entries" }, { 0 } };
static const struct record count_record = { "count", count_columns };

int map_count(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	struct progress p;
	int err;

	if (need_real(ctx, map))
		return -1;
	progress_begin(&p, "counted");
	err = walk_error(ctx, map, kern_map_walk(map, count_element, &p));
	progress_end(&p);
	if (err)
		return -1;
	sink_begin(ctx->sink, &count_record, SINK_ONE);
	if (sink_row(ctx->sink, (const struct cell[]){ cell_u64(p.nr),
						      cell_u64(map->map.max_entries) }))
		return -1;
	return sink_end(ctx->sink);
}
