// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tables. The rows of a list inside of a row are laid out in one table, the
 * columns of the row that the list belongs to before their own.
 */
#include <stdlib.h>

#include "render/sink/bytes.h"
#include "render/sink/cell.h"
#include "render/sink/out.h"
#include "render/sink/scols.h"
#include "render/sink/sink.h"
#include "render/sink/sink_style.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

#define TABLE_ROWS 1000

static bool in_table(const struct column *col)
{
	return !(col->flags & (COL_WIDE | COL_PLAIN_ONLY));
}

static void forget_outer(struct table *t)
{
	for (size_t i = 0; i < t->nr_outer; i++)
		buf_free(&t->outer[i]);
	free(t->outer);
	t->outer = NULL;
	t->nr_outer = 0;
}

void sink_table_free(struct table *t)
{
	if (t->lines)
		t->scols->scols_unref_table(t->lines);
	forget_outer(t);
	*t = (struct table){ 0 };
}

void sink_table_flush(struct sink *s)
{
	struct table *t = &s->table;
	char *text = NULL;

	if (!t->lines || !t->nr_lines)
		return;
	t->scols->scols_table_enable_noheadings(t->lines, t->shown);
	/* The last line comes without its end. */
	if (!t->scols->scols_print_table_to_string(t->lines, &text) && text)
		buf_printf(out_buf(s->out), "%s\n", text);
	free(text);
	t->scols->scols_table_remove_lines(t->lines);
	t->nr_lines = 0;
	t->shown = true;
}

static void add_columns(struct table *t, const struct record *rec)
{
	for (const struct column *col = rec->columns; col->key; col++)
		if (in_table(col))
			t->scols->scols_table_new_column(t->lines, col->key, 0, 0);
}

/* Begins a table of these columns; none where the library is missing. */
static void new_table(struct table *t, const struct record *outer, const struct record *inner)
{
	sink_table_free(t);
	use_locale();
	t->scols = scols_load();
	t->lines = t->scols ? t->scols->scols_new_table() : NULL;
	if (!t->lines)
		return;
	add_columns(t, outer);
	if (inner)
		add_columns(t, inner);
	t->inner = inner;
}

static void table_begin(struct sink *s)
{
	if (!s->at->rec->elements && s->at->rec->columns)
		new_table(&s->table, s->at->rec, NULL);
}

/* More bytes than these are not told apart by looking at them. */
#define CELL_BYTES_MAX 64

static void put_bytes(struct buf *out, const char *bytes, size_t nr)
{
	size_t shown = nr > CELL_BYTES_MAX ? CELL_BYTES_MAX : nr;

	for (size_t i = 0; i < shown; i++) {
		if (i)
			buf_putc(out, ' ');
		bytes_hex(out, bytes + i, 1);
	}
	if (shown < nr)
		buf_printf(out, " ... (%zu bytes)", nr);
}

/* A cell is one line: bytes do not break, and where text has an end of line, \n stands for it. */
static void put_cell(struct sink *s, struct buf *out, const struct column *col,
		     const struct cell *c)
{
	struct buf text = BUF_INIT;

	if (c->kind == CELL_BYTES) {
		put_bytes(out, c->str.s, c->str.len);
		return;
	}
	cell_plain(&text, col, c, s->out->escape ? DRAW_ESCAPED : 0);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n')
			buf_puts(out, "\\n");
		else
			buf_putc(out, text.data[i]);
	}
	buf_free(&text);
}

static void add_text(struct table *t, struct libscols_line *line, size_t n, struct buf *text)
{
	if (line)
		t->scols->scols_line_refer_data(line, n, buf_detach(text));
	else
		buf_free(text);
}

static void table_row(struct sink *s, const struct cell *cells)
{
	struct table *t = &s->table;
	struct libscols_line *line;
	size_t n = 0;

	if (!t->lines || s->at->rec->elements || !s->at->rec->columns) {
		sink_plain.row(s, cells);
		return;
	}
	line = t->scols->scols_table_new_line(t->lines, NULL);
	for (; n < t->nr_outer; n++) {
		struct buf text = BUF_INIT;

		buf_add(&text, t->outer[n].data, t->outer[n].len);
		add_text(t, line, n, &text);
	}
	for (const struct column *col = s->at->rec->columns; col->key; col++, cells++) {
		struct buf text = BUF_INIT;

		if (!in_table(col))
			continue;
		put_cell(s, &text, col, cells);
		add_text(t, line, n++, &text);
	}
	if (++t->nr_lines == TABLE_ROWS)
		sink_table_flush(s);
}

static void table_end(struct sink *s)
{
	if (!s->table.lines) {
		sink_plain.end(s);
		return;
	}
	sink_table_flush(s);
	sink_table_free(&s->table);
}

static void keep_outer(struct sink *s, const struct record *rec, const struct cell *cells)
{
	struct table *t = &s->table;

	forget_outer(t);
	for (const struct column *col = rec->columns; col->key; col++, cells++) {
		if (!in_table(col))
			continue;
		GROW(t->outer, t->nr_outer);
		t->outer[t->nr_outer] = (struct buf)BUF_INIT;
		put_cell(s, &t->outer[t->nr_outer++], col, cells);
	}
}

static void table_open(struct sink *s, const struct cell *cells, const char *key,
		       const struct record *rec)
{
	struct table *t = &s->table;

	if (rec->elements) {
		if (cells)
			table_row(s, cells);
		sink_table_flush(s);
		sink_plain.open(s, NULL, key, rec);
		return;
	}
	if (t->inner != rec) {
		sink_table_flush(s);
		new_table(t, s->at->rec, rec);
		if (rec->title)
			buf_puts(out_buf(s->out), rec->title);
	}
	if (cells)
		keep_outer(s, s->at->rec, cells);
}

/* A list with a title has a table of its own; others go on in the next row's. */
static void table_close(struct sink *s)
{
	if (s->at->rec->elements) {
		sink_plain.end(s);
	} else if (s->at->rec->title) {
		sink_table_flush(s);
		buf_putc(out_buf(s->out), '\n');
	}
}

const struct sink_ops sink_table = {
	.begin = table_begin, .row = table_row, .end = table_end, .open = table_open,
	.close = table_close,
};
