// SPDX-License-Identifier: BSD-2-Clause
/* One cell as text: a row of two functions for each kind. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "render/sink/bytes.h"
#include "render/sink/cell.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

void cell_put_text(struct buf *b, const char *text, size_t len, unsigned how)
{
	if (how & DRAW_ESCAPED)
		buf_escaped(b, text, len);
	else
		buf_add(b, text, len);
}

void cell_put_jv(struct buf *b, jv v)
{
	jv text = jv_dump_string(v, 0);

	buf_add(b, jv_string_value(text), jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}

static void put_nothing(struct buf *b, const struct cell *c, unsigned how)
{
}

static void put_null(struct buf *b, const struct cell *c, unsigned how)
{
	buf_puts(b, "null");
}

static void bool_plain(struct buf *b, const struct cell *c, unsigned how)
{
	buf_puts(b, c->b ? "yes" : "no");
}

static void bool_json(struct buf *b, const struct cell *c, unsigned how)
{
	buf_puts(b, c->b ? "true" : "false");
}

static void put_u64(struct buf *b, const struct cell *c, unsigned how)
{
	buf_printf(b, "%" PRIu64, (uint64_t)c->u);
}

static void put_s64(struct buf *b, const struct cell *c, unsigned how)
{
	buf_printf(b, "%" PRId64, (int64_t)c->s);
}

static void str_plain(struct buf *b, const struct cell *c, unsigned how)
{
	cell_put_text(b, c->str.s, c->str.len, how);
}

static void str_json(struct buf *b, const struct cell *c, unsigned how)
{
	buf_json_string(b, c->str.s, c->str.len);
}

static void lines_plain(struct buf *b, const struct cell *c, unsigned how)
{
	if (how & DRAW_ESCAPED)
		buf_escaped_lines(b, c->str.s, c->str.len);
	else
		buf_add(b, c->str.s, c->str.len);
}

static void put_bytes_plain(struct buf *b, const struct cell *c, unsigned how)
{
	bytes_plain(b, c->str.s, c->str.len);
}

static void put_bytes_json(struct buf *b, const struct cell *c, unsigned how)
{
	bytes_json(b, c->str.s, c->str.len);
}

static void u32s_plain(struct buf *b, const struct cell *c, unsigned how)
{
	for (size_t i = 0; i < c->u32s.nr; i++)
		buf_printf(b, "%s%u", i ? "," : "", c->u32s.list[i]);
}

static void u32s_json(struct buf *b, const struct cell *c, unsigned how)
{
	buf_putc(b, '[');
	u32s_plain(b, c, how);
	buf_putc(b, ']');
}

static void strs_plain(struct buf *b, const struct cell *c, unsigned how)
{
	for (size_t i = 0; i < c->strs.nr; i++) {
		buf_puts(b, i ? "," : "");
		cell_put_text(b, c->strs.list[i], strlen(c->strs.list[i]), how);
	}
}

static void strs_json(struct buf *b, const struct cell *c, unsigned how)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < c->strs.nr; i++) {
		buf_puts(b, i ? "," : "");
		buf_json_string(b, c->strs.list[i], strlen(c->strs.list[i]));
	}
	buf_putc(b, ']');
}

static void jv_plain(struct buf *b, const struct cell *c, unsigned how)
{
	if (jv_get_kind(c->json) == JV_KIND_STRING)
		cell_put_text(b, jv_string_value(c->json),
			      jv_string_length_bytes(jv_copy(c->json)), how);
	else
		cell_put_jv(b, jv_copy(c->json));
}

static void jv_json(struct buf *b, const struct cell *c, unsigned how)
{
	cell_put_jv(b, jv_copy(c->json));
}

static void put_finished(struct buf *b, const struct cell *c, unsigned how)
{
	buf_add(b, c->str.s, c->str.len);
}

static void drawn_plain(struct buf *b, const struct cell *c, unsigned how)
{
	c->drawn.by->plain(b, c->drawn.what, how);
}

static void drawn_json(struct buf *b, const struct cell *c, unsigned how)
{
	c->drawn.by->json(b, c->drawn.what, how);
}

static const struct {
	void (*plain)(struct buf *b, const struct cell *c, unsigned how);
	void (*json)(struct buf *b, const struct cell *c, unsigned how);
} kinds[] = {
	[CELL_NONE] = { put_nothing, put_null },
	[CELL_NULL] = { put_nothing, put_null },
	[CELL_BOOL] = { bool_plain, bool_json },
	[CELL_U64] = { put_u64, put_u64 },
	[CELL_S64] = { put_s64, put_s64 },
	[CELL_STR] = { str_plain, str_json },
	[CELL_BYTES] = { put_bytes_plain, put_bytes_json },
	[CELL_U32S] = { u32s_plain, u32s_json },
	[CELL_STRS] = { strs_plain, strs_json },
	[CELL_JSON] = { jv_plain, jv_json },
	[CELL_JSON_TEXT] = { put_finished, put_finished },
	[CELL_TEXT] = { lines_plain, str_json },
	[CELL_DRAWN] = { drawn_plain, drawn_json },
};

static void put_time(struct buf *b, __u64 seconds)
{
	time_t t = seconds;
	char text[64];
	struct tm tm;

	if (localtime_r(&t, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm))
		buf_puts(b, text);
	else
		buf_printf(b, "%" PRIu64, (uint64_t)seconds);
}

void cell_plain(struct buf *b, const struct column *col, const struct cell *c, unsigned how)
{
	unsigned flags = col && c->kind == CELL_U64 ? col->flags : 0;

	if (flags & COL_TIME)
		put_time(b, c->u);
	else if (flags & COL_HEX)
		buf_printf(b, "0x%" PRIx64, (uint64_t)c->u);
	else
		kinds[c->kind].plain(b, c, how);
}

void cell_json(struct buf *b, const struct cell *c, unsigned how)
{
	kinds[c->kind].json(b, c, how);
}
