/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control-flow graphs drawn in the terminal, by the best means that it has:
 * kitty's graphics protocol, iTerm2's inline images (OSC 1337), sixels or
 * symbols made by chafa, and otherwise the text form.
 */
#ifndef BPFSH_RENDER_TERM_IMAGE_H
#define BPFSH_RENDER_TERM_IMAGE_H

#include <stddef.h>

#include "render/picture/image.h"

enum term_viewer {
	VIEWER_AUTO,
	VIEWER_KITTY,
	VIEWER_ITERM,
	VIEWER_SIXEL,
	VIEWER_CHAFA,
	VIEWER_TEXT
};

/* "auto", "kitty" ...: by enum term_viewer, NULL-ended; the values of an option. */
extern const char *const term_viewers[];

/*
 * What the terminal behind @in and @out can show: by the environment first;
 * where that says nothing, the terminal is asked whether it knows kitty's
 * protocol and for its attributes (DA1), and has 100 ms to answer, 1 s by ssh.
 * VIEWER_TEXT where either is no terminal, or none to ask.
 */
enum term_viewer term_detect(int in, int out);

/*
 * What a terminal's answers @reply say: VIEWER_KITTY, VIEWER_SIXEL where those
 * to DA1 ("\033[?62;4;22c") hold attribute 4, or else VIEWER_CHAFA. @complete:
 * DA1 is answered, which is the last that was asked. Exposed for tests.
 */
enum term_viewer term_answer(const char *reply, size_t len, bool *complete);

/* Appends the bytes that show @png by kitty's or iTerm2's protocol, @columns wide; 0: as it is. */
void term_kitty(struct buf *out, const struct buf *png, int columns);
void term_iterm(struct buf *out, const struct buf *png, int columns);

/*
 * Shows @cfg on the terminal behind @in and @out. Where @viewer cannot be had
 * (no graphviz, no chafa), it shows the text form, and queues a note that says
 * why. Returns 0, or -1 with one diagnostic, blaming @at.
 */
int term_show(const struct cfg *cfg, const struct image_options *o, enum term_viewer viewer,
	      int in, int out, struct span at, struct diags *d);

#endif
