// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>
#include <time.h>

#include "render/btf/btf_raw.h"
#include "render/sink/sink.h"
#include "render/sink/sink_style.h"
#include "render/typed/typed.h"

const char *const sink_styles[] = { "plain", "table", "json", "jsonl", NULL };

/* Appends text from the kernel; on a terminal its control characters are shown, not obeyed. */
static void put_text(struct sink *s, struct buf *b, const char *text, size_t len)
{
	if (s->out->escape)
		buf_escaped(b, text, len);
	else
		buf_add(b, text, len);
}

/* Finished text of several lines. */
static void put_lines(struct sink *s, struct buf *b, const char *text, size_t len)
{
	if (s->out->escape)
		buf_escaped_lines(b, text, len);
	else
		buf_add(b, text, len);
}

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

static void put_jv(struct buf *b, jv v)
{
	jv text = jv_dump_string(v, 0);

	buf_add(b, jv_string_value(text), jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}

void put_plain(struct sink *s, struct buf *b, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_U64:
		if (col->flags & COL_TIME)
			put_time(b, c->u);
		else
			buf_printf(b, col->flags & COL_HEX ? "0x%" PRIx64 : "%" PRIu64,
				   (uint64_t)c->u);
		break;
	case CELL_S64:
		buf_printf(b, "%" PRId64, (int64_t)c->s);
		break;
	case CELL_BOOL:
		buf_puts(b, c->b ? "yes" : "no");
		break;
	case CELL_STR:
		put_text(s, b, c->str.s, c->str.len);
		break;
	case CELL_TEXT:
		put_lines(s, b, c->str.s, c->str.len);
		break;
	case CELL_BYTES:
		bytes_plain(b, c->str.s, c->str.len);
		break;
	case CELL_U32S:
		for (size_t i = 0; i < c->u32s.nr; i++)
			buf_printf(b, "%s%u", i ? "," : "", c->u32s.list[i]);
		break;
	case CELL_STRS:
		for (size_t i = 0; i < c->strs.nr; i++) {
			buf_puts(b, i ? "," : "");
			put_text(s, b, c->strs.list[i], strlen(c->strs.list[i]));
		}
		break;
	case CELL_JSON:
		if (jv_get_kind(c->json) == JV_KIND_STRING)
			put_text(s, b, jv_string_value(c->json),
				 jv_string_length_bytes(jv_copy(c->json)));
		else
			put_jv(b, jv_copy(c->json));
		break;
	case CELL_JSON_TEXT:
		buf_add(b, c->str.s, c->str.len);
		break;
	case CELL_TYPED:
		typed_place_json(b, c->typed.place, c->typed.data, TYPED_NICE);
		break;
	case CELL_BTF_TYPE:
		btf_raw_plain(b, c->type.btf, c->type.id, s->out->escape);
		break;
	case CELL_ELEMENT:
	case CELL_NULL:
	case CELL_NONE:
		break;
	}
}

static void put_element(struct buf *b, const struct cell *c, bool nice)
{
	if (nice)
		element_nice(b, c->element.format, c->element.key, c->element.value);
	else
		element_json(b, c->element.format, c->element.key, c->element.value);
}

static void put_json(struct buf *b, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NONE:
	case CELL_NULL:
		buf_puts(b, "null");
		break;
	case CELL_BOOL:
		buf_puts(b, c->b ? "true" : "false");
		break;
	case CELL_U64:
		buf_printf(b, "%" PRIu64, (uint64_t)c->u);
		break;
	case CELL_S64:
		buf_printf(b, "%" PRId64, (int64_t)c->s);
		break;
	case CELL_STR:
	case CELL_TEXT:
		buf_json_string(b, c->str.s, c->str.len);
		break;
	case CELL_BYTES:
		bytes_json(b, c->str.s, c->str.len);
		break;
	case CELL_U32S:
		buf_putc(b, '[');
		for (size_t i = 0; i < c->u32s.nr; i++)
			buf_printf(b, "%s%u", i ? "," : "", c->u32s.list[i]);
		buf_putc(b, ']');
		break;
	case CELL_STRS:
		buf_putc(b, '[');
		for (size_t i = 0; i < c->strs.nr; i++) {
			buf_puts(b, i ? "," : "");
			buf_json_string(b, c->strs.list[i], strlen(c->strs.list[i]));
		}
		buf_putc(b, ']');
		break;
	case CELL_JSON:
		put_jv(b, jv_copy(c->json));
		break;
	case CELL_JSON_TEXT:
		buf_add(b, c->str.s, c->str.len);
		break;
	case CELL_ELEMENT:
		put_element(b, c, c->element.nice);
		break;
	case CELL_TYPED:
		typed_place_json(b, c->typed.place, c->typed.data, TYPED_NICE);
		break;
	case CELL_BTF_TYPE:
		btf_raw_json(b, c->type.btf, c->type.id);
		break;
	}
}

/* Plain */

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
	put_plain(s, b, col, c);
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
		put_text(s, b, jv_string_value(key), jv_string_length_bytes(jv_copy(key)));
		buf_puts(b, " = ");
		put_jv(b, value);
		jv_free(key);
	}
}

static void put_column(struct sink *s, struct buf *b, const struct column *col,
		       const struct cell *c)
{
	const char *template = c->kind == CELL_BOOL && !c->b ? col->plain_false : col->plain;

	if (c->kind == CELL_NONE || c->kind == CELL_NULL || !template || (c->kind == CELL_U32S && !c->u32s.nr))
		return;
	if (c->kind == CELL_JSON && (col->flags & COL_EACH))
		buf_puts(b, template);
	if (col->flags & COL_EACH)
		put_each(s, b, col, c);
	else
		put_template(s, b, col, template, c);
}

/* Further members of a typed element, which ends with its brace on a line of its own. */
static void beside_typed(struct buf *b, const struct column *col, const struct cell *cells,
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
		put_json(b, cells);
	}
	buf_putc(b, '\n');
	buf_pad(b, ' ', 4 * depth);
	buf_putc(b, '}');
}

/* What stands beside an element without types goes on its last line. */
static void beside_bytes(struct sink *s, struct buf *b, const struct column *col,
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
	const struct element_format *f = cells->element.format;
	bool list = s->at->shape == SINK_LIST;

	if (cells->element.nice) {
		element_nice(b, f, cells->element.key, cells->element.value);
		buf_putc(b, '\n');
		return;
	}
	s->at->typed = f->value || f->key;
	if (s->at->typed && list)
		buf_puts(b, s->at->rows ? "," : "[");
	element_plain(b, f, cells->element.key, cells->element.value, list);
	if (col && s->at->typed)
		beside_typed(b, col + 1, cells + 1, list);
	else if (col)
		beside_bytes(s, b, col + 1, cells + 1);
	if (s->at->typed && !list)
		buf_putc(b, '\n');
}

static void plain_cells(struct sink *s, struct buf *b, const struct cell *cells)
{
	if (cells->kind == CELL_ELEMENT) {
		plain_element(s, b, cells);
		return;
	}
	if (is_whole_row(cells)) {
		size_t from = b->len;

		put_plain(s, b, NULL, cells);
		if (b->len > from && b->data[b->len - 1] != '\n')
			buf_putc(b, '\n');
		return;
	}
	/* What has lists alone is no line. */
	if (!s->at->rec->columns->key)
		return;
	for (const struct column *col = s->at->rec->columns; col->key; col++, cells++)
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

void plain_row(struct sink *s, const struct cell *cells)
{
	struct buf *b = out_buf(s->out);
	size_t from = b->len;

	if (s->at->rec->heading && !s->at->rows)
		buf_puts(b, s->at->rec->heading);
	plain_cells(s, b, cells);
	if (is_nested(s) && s->at->rec->elements)
		indent_from(s, b, from);
}

void plain_end(struct sink *s)
{
	struct buf *b = out_buf(s->out);
	size_t from = b->len;

	if (is_nested(s) && s->at->rec->title)
		buf_putc(b, '\n');
	if (!s->at->rec->elements || s->at->shape != SINK_LIST)
		return;
	if (s->at->typed)
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

void plain_open(struct sink *s, const struct cell *cells, const char *key,
		const struct record *rec)
{
	if (cells)
		plain_row(s, cells);
	if (s->at->typed)
		buf_putc(out_buf(s->out), '\n');
	s->mid_line = false;
	plain_title(s, rec);
}

/* JSON */

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
		put_json(b, cells);
	}
}

/* A row; elements are those of bpftool, or ours where @nice is set. */
static void json_object(struct sink *s, struct buf *b, const struct cell *cells, bool nice)
{
	const struct record *rec = s->at->rec;

	if (cells->kind == CELL_ELEMENT) {
		put_element(b, cells, nice || cells->element.nice);
		if (!rec->columns)
			return;
		b->len--;
		json_columns(b, rec->columns + 1, cells + 1, false);
		buf_putc(b, '}');
	} else if (is_whole_row(cells)) {
		put_json(b, cells);
	} else {
		buf_putc(b, '{');
		json_columns(b, rec->columns, cells, true);
		buf_putc(b, '}');
	}
}

static void json_row(struct sink *s, const struct cell *cells)
{
	struct buf *b = out_buf(s->out);

	if (s->at->rows && s->at->shape == SINK_LIST)
		buf_putc(b, ',');
	json_object(s, b, cells, false);
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
	json_object(s, b, cells, true);
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

static const struct sink_ops sink_ops[] = {
	[SINK_PLAIN] = { plain_begin, plain_row, plain_end, plain_open, plain_end },
	[SINK_TABLE] = { table_begin, table_row, table_end, table_open, table_close },
	[SINK_JSON] = { json_begin, json_row, json_end, json_open, json_close },
	[SINK_JSONL] = { jsonl_begin, jsonl_row, jsonl_begin, jsonl_open, jsonl_close },
};

struct sink *sink_new(enum sink_style style, struct out *out)
{
	struct sink *s = xcalloc(1, sizeof(*s));

	s->ops = &sink_ops[style];
	s->style = style;
	s->out = out;
	s->at = s->levels;
	return s;
}

void sink_tee(struct sink *s, struct out *memory)
{
	sink_free(s->tee);
	s->tee = memory ? sink_new(SINK_JSON, memory) : NULL;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	sink_free(s->tee);
	table_free(&s->table);
	free(s);
}

void sink_begin(struct sink *s, const struct record *rec, enum sink_shape shape)
{
	s->at = s->levels;
	*s->at = (struct level){ .rec = rec, .shape = shape };
	s->open = s->used = true;
	s->mark = out_mark(s->out);
	s->ops->begin(s);
	if (s->tee)
		sink_begin(s->tee, rec, shape);
}

int sink_row(struct sink *s, const struct cell *cells)
{
	s->ops->row(s, cells);
	s->at->rows++;
	out_pushed(s->out);
	if (s->tee && !s->tee->out->cut)
		sink_row(s->tee, cells);
	return s->out->error ? -1 : 0;
}

int sink_open(struct sink *s, const struct cell *cells, const char *key, const struct record *rec)
{
	s->ops->open(s, cells, key, rec);
	s->at->rows++;
	*++s->at = (struct level){ .rec = rec, .shape = SINK_LIST };
	out_pushed(s->out);
	if (s->tee)
		sink_open(s->tee, cells, key, rec);
	return s->out->error ? -1 : 0;
}

int sink_next(struct sink *s, const char *key, const struct record *rec)
{
	s->ops->close(s);
	s->at--;
	s->ops->open(s, NULL, key, rec);
	*++s->at = (struct level){ .rec = rec, .shape = SINK_LIST };
	out_pushed(s->out);
	if (s->tee)
		sink_next(s->tee, key, rec);
	return s->out->error ? -1 : 0;
}

int sink_close(struct sink *s)
{
	s->ops->close(s);
	s->at--;
	out_pushed(s->out);
	if (s->tee)
		sink_close(s->tee);
	return s->out->error ? -1 : 0;
}

int sink_end(struct sink *s)
{
	s->ops->end(s);
	s->open = false;
	out_pushed(s->out);
	if (s->tee)
		sink_end(s->tee);
	return s->out->error ? -1 : 0;
}

/* The list's last entry is what went wrong. */
static bool json_end_with_error(struct sink *s, const struct diags *d)
{
	struct buf *b = out_buf(s->out);

	if (s->style != SINK_JSON || s->at->shape != SINK_LIST || !d->errors)
		return false;
	buf_puts(b, s->at->rows ? "," : "");
	diags_json(b, d);
	s->ops->end(s);
	out_pushed(s->out);
	return true;
}

/* Ends the lists inside of a row; in text nothing is to be said of what is not whole. */
static void close_lists(struct sink *s)
{
	bool json = s->style == SINK_JSON || s->style == SINK_JSONL;

	while (s->open && json && is_nested(s))
		sink_close(s);
	s->at = s->levels;
}

bool sink_abort(struct sink *s, const struct diags *d)
{
	bool shown = false;

	close_lists(s);
	/* Text that is there already is of use; half a document of JSON is not. */
	if (s->open && s->style == SINK_JSON && !out_rewind(s->out, s->mark)) {
		shown = json_end_with_error(s, d);
		if (!shown)
			sink_end(s);
	} else if (s->open && s->style == SINK_TABLE) {
		s->ops->end(s);
		out_pushed(s->out);
	}
	s->open = false;
	return shown;
}

int sink_flush(struct sink *s)
{
	table_flush(s);
	out_pushed(s->out);
	return out_flush_waiting(s->out);
}

struct out *sink_terminal(const struct sink *s)
{
	bool text = s->style == SINK_PLAIN || s->style == SINK_TABLE;

	return text && s->out->fd >= 0 && isatty(s->out->fd) ? s->out : NULL;
}

bool sink_used(const struct sink *s)
{
	return s->used;
}

bool sink_is_open(const struct sink *s)
{
	return s->open;
}

void sink_note(struct sink *s, const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	va_list ap;

	if (s->style == SINK_JSON || s->style == SINK_JSONL)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	buf_escaped(out_buf(s->out), text.data ? text.data : "", text.len);
	buf_putc(out_buf(s->out), '\n');
	out_pushed(s->out);
	buf_free(&text);
}

void sink_null(struct sink *s)
{
	if (s->style == SINK_JSON)
		out_write(s->out, "null\n", 5);
}
