// SPDX-License-Identifier: BSD-2-Clause
/* Rows in JSON: one document, or a line each. */
#include <string.h>

#include "render/sink/cell.h"
#include "render/sink/out.h"
#include "render/sink/sink_style.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

static void json_begin(struct sink *s)
{
	struct buf *b = out_buf(s->out);

	if (s->at->shape != SINK_LIST)
		return;
	if (s->at->rec->list)
		buf_printf(b, "{\"%s\":", s->at->rec->list);
	buf_putc(b, '[');
}

/* The columns of a row from the first of @col on, each behind a comma but where @first is set. */
static void json_columns(struct buf *b, const struct column *col, const struct cell *cells,
			 bool first)
{
	for (; col->key; col++, cells++) {
		if (cells->kind == CELL_NONE || (col->flags & COL_PLAIN_ONLY))
			continue;
		if (!first)
			buf_putc(b, ',');
		first = false;
		buf_json_string(b, col->key, strlen(col->key));
		buf_putc(b, ':');
		cell_json(b, cells, 0);
	}
}

static void json_object(struct sink *s, struct buf *b, const struct cell *cells, unsigned how)
{
	const struct record *rec = s->at->rec;

	if (!rec->columns || rec->elements)
		cell_json(b, cells, how);
	else
		buf_putc(b, '{');
	if (!rec->columns)
		return;
	/* An element's object is opened again. */
	if (rec->elements)
		b->len--;
	json_columns(b, rec->columns + rec->elements, cells + rec->elements, !rec->elements);
	buf_putc(b, '}');
}

static void json_row(struct sink *s, const struct cell *cells)
{
	struct buf *b = out_buf(s->out);

	if (s->at->rows && s->at->shape == SINK_LIST)
		buf_putc(b, ',');
	json_object(s, b, cells, 0);
}

static void json_end(struct sink *s)
{
	struct buf *b = out_buf(s->out);

	if (s->at->shape == SINK_LIST)
		buf_puts(b, s->at->rec->list ? "]}" : "]");
	else if (!s->at->rows)
		buf_puts(b, "null");
	buf_putc(b, '\n');
}

/* The object that was closed is opened again. */
static void reopen(struct buf *b, const char *key)
{
	b->len--;
	if (b->data[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_json_string(b, key, strlen(key));
	buf_puts(b, ":[");
}

static void json_open(struct sink *s, const struct cell *cells, const char *key,
		      const struct record *rec)
{
	if (cells)
		json_row(s, cells);
	reopen(out_buf(s->out), key);
}

static void json_close(struct sink *s)
{
	buf_puts(out_buf(s->out), "]}");
}

static void jsonl_begin(struct sink *s)
{
}

static void jsonl_row(struct sink *s, const struct cell *cells)
{
	struct buf *b = out_buf(s->out);

	if (is_nested(s) && s->at->rows)
		buf_putc(b, ',');
	json_object(s, b, cells, DRAW_LINE);
	if (!is_nested(s))
		buf_putc(b, '\n');
}

static void jsonl_open(struct sink *s, const struct cell *cells, const char *key,
		       const struct record *rec)
{
	if (cells)
		jsonl_row(s, cells);
	out_buf(s->out)->len -= !is_nested(s);
	reopen(out_buf(s->out), key);
}

static void jsonl_close(struct sink *s)
{
	json_close(s);
	if (s->at == s->levels + 1)
		buf_putc(out_buf(s->out), '\n');
}

const struct sink_ops sink_json = {
	.begin = json_begin, .row = json_row, .end = json_end, .open = json_open,
	.close = json_close,
};

const struct sink_ops sink_jsonl = {
	.begin = jsonl_begin, .row = jsonl_row, .end = jsonl_begin, .open = jsonl_open,
	.close = jsonl_close,
};
