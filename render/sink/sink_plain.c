// SPDX-License-Identifier: BSD-2-Clause
/* Plain rows, as bpftool has them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/sink/cell.h"
#include "render/sink/out.h"
#include "render/sink/sink_style.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"

/* How the cells of a row are drawn. */
static unsigned how(const struct sink *s)
{
	return s->out->escape ? DRAW_ESCAPED : 0;
}

static void put_template(struct sink *s, struct buf *b, const struct column *col,
			 const char *template, const struct cell *c)
{
	const char *at = strchr(template, '%');
	size_t from;

	if (!at) {
		buf_puts(b, template);
		return;
	}
	buf_add(b, template, at - template);
	from = b->len;
	cell_plain(b, col, c, how(s));
	if (b->len - from < col->width)
		buf_pad(b, ' ', col->width - (b->len - from));
	buf_puts(b, at + 1);
}

/* The template once for each entry of a list. */
static void put_each(struct sink *s, struct buf *b, const struct column *col, const struct cell *c)
{
	for (size_t i = 0; c->kind == CELL_STRS && i < c->strs.nr; i++) {
		struct cell one = cell_str(c->strs.list[i]);

		put_template(s, b, col, col->plain, &one);
	}
	for (size_t i = 0; c->kind == CELL_U32S && i < c->u32s.nr; i++) {
		struct cell one = cell_u64(c->u32s.list[i]);

		put_template(s, b, col, col->plain, &one);
	}
	if (c->kind != CELL_JSON || jv_get_kind(c->json) != JV_KIND_OBJECT)
		return;
	jv_object_foreach(c->json, key, value) {
		buf_puts(b, "\n\t\t");
		cell_put_text(b, jv_string_value(key), jv_string_length_bytes(jv_copy(key)), how(s));
		buf_puts(b, " = ");
		cell_put_jv(b, value);
		jv_free(key);
	}
}

static void put_column(struct sink *s, struct buf *b, const struct column *col,
		       const struct cell *c)
{
	const char *template = c->kind == CELL_BOOL && !c->b ? col->plain_false : col->plain;

	if (c->kind == CELL_NONE || c->kind == CELL_NULL || !template ||
	    (c->kind == CELL_U32S && !c->u32s.nr))
		return;
	if (c->kind == CELL_JSON && (col->flags & COL_EACH))
		buf_puts(b, template);
	if (col->flags & COL_EACH)
		put_each(s, b, col, c);
	else
		put_template(s, b, col, template, c);
}

/* Further members of an object, which ends with its brace on a line of its own. */
static void beside_object(struct buf *b, const struct column *col, const struct cell *cells,
			 int depth)
{
	while (b->len && b->data[b->len - 1] != '\n')
		b->len--;
	b->len -= b->len > 0;
	for (; col->key; col++, cells++) {
		if (cells->kind == CELL_NONE || (col->flags & COL_PLAIN_ONLY))
			continue;
		buf_puts(b, ",\n");
		buf_pad(b, ' ', 4 * (depth + 1));
		buf_printf(b, "\"%s\": ", col->key);
		cell_json(b, cells, 0);
	}
	buf_putc(b, '\n');
	buf_pad(b, ' ', 4 * depth);
	buf_putc(b, '}');
}

/* What stands beside lines goes on the last of them. */
static void beside_lines(struct sink *s, struct buf *b, const struct column *col,
			 const struct cell *cells)
{
	b->len--;
	for (; col->key; col++, cells++)
		put_column(s, b, col, cells);
	buf_putc(b, '\n');
}

static void plain_element(struct sink *s, struct buf *b, const struct cell *cells)
{
	const struct column *col = s->at->rec->columns;
	bool list = s->at->shape == SINK_LIST, object = cells->drawn.by->object;

	s->at->objects = object;
	if (object && list)
		buf_puts(b, s->at->rows ? "," : "[");
	cell_plain(b, NULL, cells, how(s) | (list ? DRAW_LISTED : 0));
	if (col && object)
		beside_object(b, col + 1, cells + 1, list);
	else if (col)
		beside_lines(s, b, col + 1, cells + 1);
	if (object && !list)
		buf_putc(b, '\n');
}

/* A row that is one cell is at least one line, where it is anything. */
static void plain_whole(struct sink *s, struct buf *b, const struct cell *c)
{
	size_t from = b->len;

	cell_plain(b, NULL, c, how(s));
	if (b->len > from && b->data[b->len - 1] != '\n')
		buf_putc(b, '\n');
}

static void plain_columns(struct sink *s, struct buf *b, const struct cell *cells)
{
	const struct column *col = s->at->rec->columns;

	/* What has lists alone is no line. */
	if (!col->key)
		return;
	for (; col->key; col++, cells++)
		put_column(s, b, col, cells);
	buf_putc(b, '\n');
}

/* Lines of elements inside of a row begin with a tab for each level. */
static void indent_from(struct sink *s, struct buf *b, size_t from)
{
	int depth = s->at - s->levels;
	struct buf text = BUF_INIT;

	buf_add(&text, b->data + from, b->len - from);
	b->len = from;
	for (size_t i = 0; i < text.len; i++) {
		if (!s->mid_line && text.data[i] != '\n')
			buf_pad(b, '\t', depth);
		buf_putc(b, text.data[i]);
		s->mid_line = text.data[i] != '\n';
	}
	buf_free(&text);
}

static void plain_row(struct sink *s, const struct cell *cells)
{
	struct buf *b = out_buf(s->out);
	size_t from = b->len;

	if (s->at->rec->heading && !s->at->rows)
		buf_puts(b, s->at->rec->heading);
	if (s->at->rec->elements)
		plain_element(s, b, cells);
	else if (s->at->rec->columns)
		plain_columns(s, b, cells);
	else
		plain_whole(s, b, cells);
	if (is_nested(s) && s->at->rec->elements)
		indent_from(s, b, from);
}

static void plain_end(struct sink *s)
{
	struct buf *b = out_buf(s->out);
	size_t from = b->len;

	if (is_nested(s) && s->at->rec->title)
		buf_putc(b, '\n');
	if (!s->at->rec->elements || s->at->shape != SINK_LIST)
		return;
	if (s->at->objects)
		buf_puts(b, "\n]\n");
	else
		buf_printf(b, "Found %" PRIu64 " element%s\n", (uint64_t)s->at->rows,
			   s->at->rows == 1 ? "" : "s");
	if (is_nested(s))
		indent_from(s, b, from);
}

static void plain_title(struct sink *s, const struct record *rec)
{
	if (rec->title)
		buf_puts(out_buf(s->out), rec->title);
}

static void plain_begin(struct sink *s)
{
	plain_title(s, s->at->rec);
}

static void plain_open(struct sink *s, const struct cell *cells, const char *key,
		       const struct record *rec)
{
	if (cells)
		plain_row(s, cells);
	if (s->at->objects)
		buf_putc(out_buf(s->out), '\n');
	s->mid_line = false;
	plain_title(s, rec);
}

const struct sink_ops sink_plain = {
	.begin = plain_begin, .row = plain_row, .end = plain_end, .open = plain_open,
	.close = plain_end,
};
