// SPDX-License-Identifier: BSD-2-Clause
/* Redraws a terminal, what changed in reverse video. */
#include <string.h>
#include <wchar.h>

#include "render/sink/out.h"
#include "render/sink/screen.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

#define TAB 8

/* One character of a line; past its end a blank. */
struct glyph {
	const char *text;
	size_t len;
	int width;
};

/* Where a line is read, and the column that comes next. */
struct place {
	const char *at, *end;
	int column;
};

static struct glyph next_glyph(struct place *p)
{
	struct glyph g = { p->at, 1, 1 };
	mbstate_t state = { 0 };
	wchar_t ch;

	if (p->at == p->end) {
		g.text = " ";
	} else if (*p->at == '\t') {
		g.width = TAB - p->column % TAB;
		p->at++;
	} else {
		size_t n = mbrtowc(&ch, p->at, p->end - p->at, &state);

		if (n && n <= (size_t)(p->end - p->at)) {
			g.len = n;
			g.width = wcwidth(ch) < 0 ? 1 : wcwidth(ch);
		}
		p->at += g.len;
	}
	p->column += g.width;
	return g;
}

static bool same_glyph(struct glyph a, struct glyph b)
{
	return a.len == b.len && a.width == b.width && !memcmp(a.text, b.text, a.len);
}

/* One line, as far as it fits; @old is the one that stood there, or NULL where all is new. */
static void draw_line(struct buf *out, struct place now, struct place *old, int columns)
{
	bool marked = false;

	while (now.at < now.end || (old && old->at < old->end)) {
		struct glyph g = next_glyph(&now);
		bool changed = old && !same_glyph(g, next_glyph(old));

		if (now.column > columns)
			break;
		if (changed != marked)
			buf_puts(out, changed ? "\033[7m" : "\033[27m");
		marked = changed;
		if (*g.text == '\t')
			buf_pad(out, ' ', g.width);
		else
			buf_add(out, g.text, g.len);
	}
	buf_puts(out, marked ? "\033[27m\033[K" : "\033[K");
}

/* Takes the next line off the text. */
static struct place next_line(const char **text, const char *end)
{
	const char *line = *text, *stop = memchr(line, '\n', end - line);

	*text = stop ? stop + 1 : end;
	return (struct place){ line, stop ? stop : end, 0 };
}

void screen_draw(struct screen *s, struct out *out, const char *title, const struct buf *text,
		 int rows, int columns)
{
	const char *now = text->data, *end = now + text->len;
	const char *old = buf_str(&s->last), *old_end = old + s->last.len;
	struct buf *b = out_buf(out);

	use_locale();
	buf_puts(b, "\033[H\033[1m");
	draw_line(b, (struct place){ title, title + strlen(title), 0 }, NULL, columns);
	buf_puts(b, "\033[0m");
	for (int row = 1; row < rows && (now < end || old < old_end); row++) {
		struct place line = next_line(&now, end), before = next_line(&old, old_end);

		buf_puts(b, "\r\n");
		draw_line(b, line, s->any ? &before : NULL, columns);
	}
	buf_puts(b, "\033[J");
	out_pushed(out);
	buf_reset(&s->last);
	buf_add(&s->last, text->data, text->len);
	s->any = true;
}

void screen_free(struct screen *s)
{
	buf_free(&s->last);
}
