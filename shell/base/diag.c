// SPDX-License-Identifier: BSD-2-Clause
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "shell/base/diag.h"

#define LINE_MAX_SHOWN 100	/* columns of a source line that are shown around the caret */

static void diag_add(struct diags *d, enum severity severity, struct span at, const char *fmt,
		     va_list ap)
{
	struct buf msg = BUF_INIT;

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

	if (!d->nr || d->more || d->list[d->nr - 1].hint)
		return;
	va_start(ap, fmt);
	buf_vprintf(&hint, fmt, ap);
	va_end(ap);
	d->list[d->nr - 1].hint = buf_detach(&hint);
}

void diag_suggest(struct diags *d, const char *word, const char *const *words)
{
	const char *near = nearest_word(word, words);

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
	int room = DIAGS_MAX - to->nr, nr = from->nr < room ? from->nr : room;

	memcpy(to->list + to->nr, from->list, nr * sizeof(*to->list));
	to->nr += nr;
	to->more += from->nr - nr + from->more;
	to->errors += from->errors;
	memmove(from->list, from->list + nr, (from->nr - nr) * sizeof(*from->list));
	from->nr -= nr;
	diags_clear(from);
}

/* Length of the UTF-8 character at @s, 0 where the bytes are not one. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	static const unsigned char low[] = { 0, 0, 0x80, 0xa0, 0x90 };
	static const unsigned char high[] = { 0, 0, 0xbf, 0x9f, 0x8f };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		   s[0] < 0xf5 ? 4 : 0;

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < low[3]) || (s[0] == 0xed && s[1] > high[3]) ||
	    (s[0] == 0xf0 && s[1] < low[4]) || (s[0] == 0xf4 && s[1] > high[4]))
		return 0;
	return n;
}

/* Code point of a valid UTF-8 character of @n bytes. */
static wchar_t utf8_decode(const unsigned char *s, size_t n)
{
	wchar_t c = n == 1 ? s[0] : s[0] & (0x7f >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

/* True where a code point may go to a terminal: no C0/C1 controls, no bidi overrides. */
static bool printable(wchar_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x202a && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069) && c != 0x200e && c != 0x200f && c != 0x2028 &&
	       c != 0x2029 && c != 0xfeff;
}

void buf_escaped(struct buf *out, const char *s, size_t len)
{
	while (len) {
		size_t n = utf8_len((const unsigned char *)s, len);

		if (n && printable(utf8_decode((const unsigned char *)s, n))) {
			buf_add(out, s, n);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_printf(out, "\\x%02x", (unsigned char)s[i]);
		}
		s += n;
		len -= n;
	}
}

void buf_escaped_lines(struct buf *out, const char *s, size_t len)
{
	for (const char *end = s + len; s < end;) {
		size_t n = 0;

		while (s + n < end && s[n] != '\n' && s[n] != '\t')
			n++;
		buf_escaped(out, s, n);
		s += n;
		if (s < end)
			buf_putc(out, *s++);
	}
}

/* How many bytes stand for themselves in a JSON string. */
static size_t plain_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

/* The character at @s, which does not; returns its bytes. */
static size_t json_escaped(struct buf *out, const char *s, size_t len)
{
	static const char escapes[] = "btn\0fr";	/* from \b (8) on; \v has none */
	unsigned char c = *s;
	size_t n = utf8_len((const unsigned char *)s, len);

	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (c >= '\b' && c <= '\r' && escapes[c - '\b'])
		buf_printf(out, "\\%c", escapes[c - '\b']);
	else if (c < 0x20 || c == 0x7f)
		buf_printf(out, "\\u%04x", c);
	else if (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0)
		buf_printf(out, "\\u%04x", (unsigned char)s[1]);	/* C1 */
	else if (n)
		buf_add(out, s, n);
	else
		buf_puts(out, "\\ufffd");
	return n ? n : 1;
}

void buf_json_string(struct buf *out, const char *s, size_t len)
{
	buf_putc(out, '"');
	while (len) {
		size_t n = plain_len(s, len);

		if (n)
			buf_add(out, s, n);
		else
			n = json_escaped(out, s, len);
		s += n;
		len -= n;
	}
	buf_putc(out, '"');
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

/* Numbers and dates are the same everywhere. */
void use_locale(void)
{
	static bool done;

	if (!done)
		setlocale(LC_CTYPE, "");
	done = true;
}

/* Columns that the bytes take on a terminal; a tab counts one, as it is copied below itself. */
static int columns(const char *s, size_t len)
{
	int cols = 0;

	use_locale();
	while (len) {
		size_t n = utf8_len((const unsigned char *)s, len);
		wchar_t c = n ? utf8_decode((const unsigned char *)s, n) : 0;
		int w = !n ? 4 : printable(c) ? wcwidth(c) : 1;

		cols += w >= 0 ? w : 1;
		n = n ? n : 1;
		s += n;
		len -= n;
	}
	return cols;
}

/*
 * Text of a source line, never one that a terminal would obey. Each character
 * keeps its place above the carets: what cannot be shown is as wide as columns() says.
 */
static void shown_text(struct buf *out, const char *s, size_t len)
{
	while (len) {
		size_t n = utf8_len((const unsigned char *)s, len);

		if (*s == '\t')
			buf_putc(out, '\t');
		else if (!n)
			buf_escaped(out, s, 1);
		else if (printable(utf8_decode((const unsigned char *)s, n)))
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
		size_t n = utf8_len((const unsigned char *)src->text + i, to - i);

		buf_pad(out, src->text[i] == '\t' ? '\t' : ' ', columns(src->text + i, n ? n : 1));
		i += n ? n - 1 : 0;
	}
	buf_putc(out, '^');
	if (at.end > at.start && at.start < to)
		buf_pad(out, '~', columns(src->text + at.start,
					  (at.end < to ? at.end : to) - at.start) - 1);
	buf_putc(out, '\n');
}

static const struct {
	const char *word, *color;
} severities[] = {
	[SEV_ERROR] = { "error", "\033[1;31m" },
	[SEV_NOTE] = { "note", "\033[1;36m" },
};

/* A message is ours: its line ends and tabs are meant, the names in it are escaped. */
static void put_message(struct buf *out, const char *p)
{
	while (*p) {
		size_t n = strcspn(p, "\n\t");

		buf_escaped(out, p, n);
		p += n;
		if (*p)
			buf_putc(out, *p++);
	}
}

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
	put_message(out, d->msg);
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
		put_message(out, d->hint);
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

/*
 * Edits between two words: insertion, deletion, change, and swap of neighbours (optimal
 * string alignment).
 */
static int distance(const char *a, const char *b)
{
	enum { MAX = 32 };
	int la = strlen(a), lb = strlen(b), rows[3][MAX + 1];

	if (la > MAX || lb > MAX)
		return MAX;
	for (int j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (int i = 1; i <= la; i++) {
		int *cur = rows[i % 3], *prev = rows[(i + 2) % 3], *prev2 = rows[(i + 1) % 3];

		cur[0] = i;
		for (int j = 1; j <= lb; j++) {
			int best = prev[j - 1] + (a[i - 1] != b[j - 1]);

			if (prev[j] + 1 < best)
				best = prev[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    prev2[j - 2] + 1 < best)
				best = prev2[j - 2] + 1;
			cur[j] = best;
		}
	}
	return rows[la % 3][lb];
}

const char *nearest_word(const char *word, const char *const *words)
{
	int len = strlen(word), best = len < 3 ? 2 : len / 3 + 2;
	const char *found = NULL;

	for (; *words; words++) {
		int d = distance(word, *words);

		if (d < best) {
			best = d;
			found = *words;
		}
	}
	return found;
}
