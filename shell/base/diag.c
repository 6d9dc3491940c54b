// SPDX-License-Identifier: BSD-2-Clause
/* Diagnostics: queued with their place in the source, shown as text or JSON. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/near.h"
#include "shell/base/text.h"

#define LINE_MAX_SHOWN 100	/* columns of a source line that are shown around the caret */

static void diag_add(struct diags *d, enum severity severity, struct span at, const char *fmt,
		     va_list ap)
{
	struct buf msg = BUF_INIT;

	if (!d)
		return;
	if (severity == SEV_ERROR)
		d->errors++;
	if (d->nr == DIAGS_MAX) {
		d->more++;
		return;
	}
	buf_vprintf(&msg, fmt, ap);
	d->list[d->nr++] = (struct diag){
		.severity = severity, .span = at, .msg = buf_detach(&msg)
	};
}

int diag_error(struct diags *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(d, SEV_ERROR, at, fmt, ap);
	va_end(ap);
	return -1;
}

int diag_errno(struct diags *d, struct span at, int err, const char *fmt, ...)
{
	const char *why = strerror(abs(err));
	struct buf what = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&what, fmt, ap);
	va_end(ap);
	diag_error(d, at, "%s: %c%s", buf_str(&what), tolower((unsigned char)*why), why + 1);
	buf_free(&what);
	return -1;
}

void diag_note(struct diags *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(d, SEV_NOTE, at, fmt, ap);
	va_end(ap);
}

void diag_hint(struct diags *d, const char *fmt, ...)
{
	struct buf hint = BUF_INIT;
	va_list ap;

	if (!d || !d->nr || d->more || d->list[d->nr - 1].hint)
		return;
	va_start(ap, fmt);
	buf_vprintf(&hint, fmt, ap);
	va_end(ap);
	d->list[d->nr - 1].hint = buf_detach(&hint);
}

void diag_suggest(struct diags *d, const char *word, const char *const *words)
{
	const char *near = d ? nearest_word(word, words) : NULL;

	if (near)
		diag_hint(d, "did you mean '%s'?", near);
}

void diags_clear(struct diags *d)
{
	for (int i = 0; i < d->nr; i++) {
		free(d->list[i].msg);
		free(d->list[i].hint);
	}
	memset(d, 0, sizeof(*d));
}

void diags_move(struct diags *to, struct diags *from)
{
	int room = to ? DIAGS_MAX - to->nr : 0, nr = from->nr < room ? from->nr : room;

	if (!to) {
		diags_clear(from);
		return;
	}
	memcpy(to->list + to->nr, from->list, nr * sizeof(*to->list));
	to->nr += nr;
	to->more += from->nr - nr + from->more;
	to->errors += from->errors;
	memmove(from->list, from->list + nr, (from->nr - nr) * sizeof(*from->list));
	from->nr -= nr;
	diags_clear(from);
}

static size_t line_start(const struct source *src, size_t offset)
{
	while (offset && src->text[offset - 1] != '\n')
		offset--;
	return offset;
}

/* Line and column (both from 1, columns in characters) of an offset. */
static void source_position(const struct source *src, size_t offset, int *line, int *col)
{
	size_t start;

	if (offset > src->len)
		offset = src->len;
	start = line_start(src, offset);
	*line = 1;
	for (const char *p = src->text; (p = memchr(p, '\n', src->text + start - p)); p++)
		++*line;
	*col = 1;
	for (size_t i = start; i < offset; i++)
		*col += (src->text[i] & 0xc0) != 0x80;
}

/*
 * Text of a source line, never one that a terminal would obey. Each character
 * keeps its place above the carets: what cannot be shown is as wide as text_columns() says.
 */
static void shown_text(struct buf *out, const char *s, size_t len)
{
	while (len) {
		size_t n = utf8_len(s, len);

		if (*s == '\t')
			buf_putc(out, '\t');
		else if (!n)
			buf_escaped(out, s, 1);
		else if (text_printable(utf8_decode(s, n)))
			buf_add(out, s, n);
		else
			buf_putc(out, '?');
		n = n ? n : 1;
		s += n;
		len -= n;
	}
}

/* The source line of a span with a line of carets below it; long lines are cut around the caret. */
static void caret_text(struct buf *out, struct span at)
{
	const struct source *src = at.src;
	size_t start = line_start(src, at.start), end = start, from, to;

	while (end < src->len && src->text[end] != '\n')
		end++;
	from = start;
	if (at.start - start > LINE_MAX_SHOWN * 3 / 4)
		from = at.start - LINE_MAX_SHOWN / 2;
	while (from > start && (src->text[from] & 0xc0) == 0x80)
		from--;
	to = end - from > LINE_MAX_SHOWN ? from + LINE_MAX_SHOWN : end;
	while (to < end && (src->text[to] & 0xc0) == 0x80)
		to++;

	buf_puts(out, from > start ? "  ..." : "  ");
	shown_text(out, src->text + from, to - from);
	buf_puts(out, to < end ? "...\n" : "\n");
	buf_puts(out, from > start ? "     " : "  ");
	for (size_t i = from; i < at.start && i < to; i++) {
		size_t n = utf8_len(src->text + i, to - i);

		buf_pad(out, src->text[i] == '\t' ? '\t' : ' ', text_columns(src->text + i, n ? n : 1));
		i += n ? n - 1 : 0;
	}
	buf_putc(out, '^');
	if (at.end > at.start && at.start < to)
		buf_pad(out, '~', text_columns(src->text + at.start,
					  (at.end < to ? at.end : to) - at.start) - 1);
	buf_putc(out, '\n');
}

static const struct {
	const char *word, *color;
} severities[] = {
	[SEV_ERROR] = { "error", "\033[1;31m" },
	[SEV_NOTE] = { "note", "\033[1;36m" },
};

static void diag_text(struct buf *out, const struct diag *d, bool color)
{
	const struct source *src = d->span.src;
	int line, col;

	if (src && src->name) {
		source_position(src, d->span.start, &line, &col);
		buf_escaped(out, src->name, strlen(src->name));
		buf_printf(out, ":%d:%d: ", line, col);
	}
	if (color)
		buf_puts(out, severities[d->severity].color);
	buf_puts(out, severities[d->severity].word);
	buf_puts(out, color ? ":\033[0m " : ": ");
	buf_escaped_lines(out, d->msg, strlen(d->msg));
	buf_putc(out, '\n');
	if (src)
		caret_text(out, d->span);
	for (; src && src->parent; src = src->parent) {
		source_position(src->parent, src->parent_at, &line, &col);
		buf_puts(out, "  sourced from ");
		if (src->parent->name)
			buf_escaped(out, src->parent->name, strlen(src->parent->name));
		else
			buf_puts(out, "the prompt");
		buf_printf(out, ":%d\n", line);
	}
	if (d->hint) {
		buf_puts(out, color ? "\033[1;36mhint:\033[0m " : "hint: ");
		buf_escaped_lines(out, d->hint, strlen(d->hint));
		buf_putc(out, '\n');
	}
}

void diags_text(struct buf *out, const struct diags *d, bool color)
{
	for (int i = 0; i < d->nr; i++)
		diag_text(out, &d->list[i], color);
	if (d->more)
		buf_printf(out, "... and %d more\n", d->more);
}

static void diag_json(struct buf *out, const struct diag *d)
{
	const struct source *src = d->span.src;
	int line, col;

	buf_puts(out, "{\"message\":");
	buf_json_string(out, d->msg, strlen(d->msg));
	if (src && src->name) {
		source_position(src, d->span.start, &line, &col);
		buf_puts(out, ",\"file\":");
		buf_json_string(out, src->name, strlen(src->name));
		buf_printf(out, ",\"line\":%d,\"column\":%d", line, col);
	}
	if (d->hint) {
		buf_puts(out, ",\"hint\":");
		buf_json_string(out, d->hint, strlen(d->hint));
	}
	buf_putc(out, '}');
}

void diags_json(struct buf *out, const struct diags *d)
{
	int nr = 0;

	buf_puts(out, "{\"error\":");
	for (int i = 0; i < d->nr; i++) {
		if (d->list[i].severity != SEV_ERROR)
			continue;
		if (nr++)
			buf_puts(out, nr == 2 ? ",\"errors\":[" : ",");
		diag_json(out, &d->list[i]);
	}
	if (!nr)
		buf_puts(out, "null");
	buf_puts(out, nr > 1 ? "]}" : "}");
}
