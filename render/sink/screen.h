/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A text that is shown again and again on a whole terminal, with what changed
 * since the time before in reverse video.
 */
#ifndef BPFSH_SCREEN_H
#define BPFSH_SCREEN_H

#include <stdbool.h>

#include "shell/base/buf.h"

struct out;

/* Starts zeroed; screen_free() ends it. */
struct screen {
	struct buf last;	/* what was shown, in full */
	bool any;		/* something was */
};

/* Sequences that begin and end the use of the whole terminal. */
#define SCREEN_BEGIN "\033[?1049h\033[?25l"
#define SCREEN_END "\033[?25h\033[?1049l"

/*
 * Writes to @out what shows the text (NUL-ended lines of UTF-8 without control
 * characters but tabs) below @title, cut to the window. A line is compared with
 * the one at the same place.
 */
void screen_draw(struct screen *s, struct out *out, const char *title, const struct buf *text,
		 int rows, int columns);
void screen_free(struct screen *s);

#endif
