// SPDX-License-Identifier: BSD-2-Clause
/* The front of all styles: what is open, and what is undone where a command fails. */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "render/sink/sink_style.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

const char *const sink_styles[] = { "plain", "table", "json", "jsonl", NULL };

static const struct sink_ops *const styles[] = {
	[SINK_PLAIN] = &sink_plain,
	[SINK_TABLE] = &sink_table,
	[SINK_JSON] = &sink_json,
	[SINK_JSONL] = &sink_jsonl,
};

struct sink *sink_new(enum sink_style style, struct out *out)
{
	struct sink *s = xcalloc(1, sizeof(*s));

	s->ops = styles[style];
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
	sink_table_free(&s->table);
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
	sink_table_flush(s);
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
