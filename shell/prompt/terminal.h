/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The terminal of the prompt: how large it is, what it understands, and text
 * that is written beside the line that is edited.
 */
#ifndef BPFSH_TERMINAL_H
#define BPFSH_TERMINAL_H

#include <stdio.h>

#include "shell/session/session.h"

struct terminal {
	FILE *file;		/* standard output, or standard error where that is none */
	bool escapes;		/* it understands escape sequences */
	bool color;
};

#define PASTE_ON "\033[?2004h"	/* pasted text comes between two sequences */
#define PASTE_OFF "\033[?2004l"

void terminal_open(struct terminal *t, const struct session *s);
/* Columns and rows of the window; 80 and 24 where they are not known. */
void terminal_window(const struct terminal *t, int *columns, int *rows);
/* An escape sequence, where the terminal understands them. */
void terminal_escape(const struct terminal *t, const char *sequence);
/* Text below the line that is edited, which is to be drawn again. */
void terminal_below(const struct terminal *t, const struct buf *text);
/*
 * Moves to the beginning of a line, whatever a program left unfinished: as many
 * blanks as a line holds end on the next line, unless they began on the first
 * column.
 */
void terminal_fresh_line(const struct terminal *t);

#endif
