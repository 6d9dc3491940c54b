// SPDX-License-Identifier: BSD-2-Clause
/* Candidates as a table that fits the window. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"
#include "shell/lang/complete.h"

#define GAP 2

/* Text made safe for the terminal, and the columns that it takes there. */
struct shown {
	char *text, *note;
	int text_width, note_width;
};

static int width_of(const char *s)
{
	mbstate_t state = { 0 };
	size_t left = strlen(s), n;
	int width = 0;
	wchar_t ch;

	use_locale();
	for (; left; s += n, left -= n) {
		n = mbrtowc(&ch, s, left, &state);
		if (!n || n > left) {
			n = 1;
			ch = '?';
			memset(&state, 0, sizeof(state));
		}
		width += wcwidth(ch) > 0 ? wcwidth(ch) : 0;
	}
	return width;
}

/* Cuts the text to this many columns. */
static void cut(char *s, int columns)
{
	size_t len = strlen(s);

	while (len && width_of(s) > columns) {
		do
			s[--len] = '\0';
		while (len && ((unsigned char)s[len - 1] & 0xc0) == 0x80);
	}
}

static char *escaped(const char *s)
{
	struct buf b = BUF_INIT;

	if (s)
		buf_escaped(&b, s, strlen(s));
	buf_str(&b);
	return buf_detach(&b);
}

struct layout {
	int columns;		/* of the window */
	int text_width, note_width;
	int width;		/* of an entry */
	size_t across;		/* entries side by side */
};

static struct layout lay_out(const struct shown *list, size_t nr, int columns)
{
	struct layout l = { .columns = columns };

	for (size_t i = 0; i < nr; i++) {
		if (list[i].text_width > l.text_width)
			l.text_width = list[i].text_width;
		if (list[i].note_width > l.note_width)
			l.note_width = list[i].note_width;
	}
	if (l.note_width > columns - l.text_width - GAP)
		l.note_width = columns - l.text_width - GAP;
	if (l.note_width < 0)
		l.note_width = 0;
	l.width = l.text_width + (l.note_width ? GAP + l.note_width : 0);
	l.across = columns > l.width ? (columns + GAP) / (l.width + GAP) : 1;
	return l;
}

static void put_one(struct buf *out, struct shown *s, const struct layout *l, bool last, bool color)
{
	int used = s->text_width;

	buf_puts(out, s->text);
	if (*s->note && l->note_width) {
		cut(s->note, l->note_width);
		buf_pad(out, ' ', l->text_width + GAP - used);
		buf_printf(out, color ? "\033[2m%s\033[0m" : "%s", s->note);
		used = l->text_width + GAP + width_of(s->note);
	}
	if (!last)
		buf_pad(out, ' ', l->width + GAP - used);
}

void candidates_show(struct buf *out, const struct candidates *c, int columns, int rows,
		     bool color)
{
	struct shown *list = xcalloc(c->nr + 1, sizeof(*list));
	size_t nr = c->nr, height, fit;
	struct layout l;

	for (size_t i = 0; i < c->nr; i++) {
		list[i] = (struct shown){ escaped(c->list[i].text), escaped(c->list[i].note) };
		cut(list[i].text, columns);
		list[i].text_width = width_of(list[i].text);
		list[i].note_width = width_of(list[i].note);
	}
	l = lay_out(list, nr, columns);
	fit = l.across * (rows > 2 ? rows - 1 : 1);
	if (nr > fit)
		nr = fit;
	height = (nr + l.across - 1) / l.across;
	for (size_t row = 0; row < height; row++) {
		for (size_t i = row; i < nr; i += height)
			put_one(out, &list[i], &l, i + height >= nr, color);
		buf_putc(out, '\n');
	}
	if (c->nr - nr + c->more)
		buf_printf(out, "... %s%zu more\n", c->cut ? "at least " : "",
			   c->nr - nr + c->more);
	for (size_t i = 0; i < c->nr; i++) {
		free(list[i].text);
		free(list[i].note);
	}
	free(list);
}
