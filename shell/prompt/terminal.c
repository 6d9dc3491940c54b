// SPDX-License-Identifier: BSD-2-Clause
/* The terminal of the prompt: its size, and what may be written to it. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/prompt/terminal.h"

void terminal_open(struct terminal *t, const struct session *s)
{
	const char *term = getenv("TERM");

	t->file = isatty(STDOUT_FILENO) ? stdout : stderr;
	t->escapes = term && *term && strcmp(term, "dumb");
	t->color = t->escapes && s->opt.color && strncmp(term, "vt", 2);
}

void terminal_window(const struct terminal *t, int *columns, int *rows)
{
	struct winsize w;

	*columns = 80;
	*rows = 24;
	if (!ioctl(fileno(t->file), TIOCGWINSZ, &w) && w.ws_col && w.ws_row) {
		*columns = w.ws_col;
		*rows = w.ws_row;
	}
}

void terminal_escape(const struct terminal *t, const char *sequence)
{
	if (!t->escapes)
		return;
	fputs(sequence, t->file);
	fflush(t->file);
}

void terminal_below(const struct terminal *t, const struct buf *text)
{
	fputs(t->escapes ? "\n\033[J" : "\n", t->file);
	fwrite(text->data, 1, text->len, t->file);
	fflush(t->file);
}

void terminal_fresh_line(const struct terminal *t)
{
	int columns, rows;

	if (!t->escapes)
		return;
	terminal_window(t, &columns, &rows);
	fprintf(t->file, "%*s\r\033[K", columns, "");
	fflush(t->file);
}
