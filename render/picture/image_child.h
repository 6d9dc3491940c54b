/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of image.c that runs in a child of its own: with graphviz, unless it writes SVG. */
#ifndef BPFSH_RENDER_IMAGE_CHILD_H
#define BPFSH_RENDER_IMAGE_CHILD_H

#include "render/picture/image.h"

/* How a child ends: its exit status. Below 10 are those with which graphviz ends it. */
enum child_status {
	CHILD_DONE,
	CHILD_NO_GRAPHVIZ = 10,
	CHILD_OLD_GRAPHVIZ,
	CHILD_WITHOUT_GRAPHVIZ,
	CHILD_BAD_GRAPH,
	CHILD_NO_LAYOUT,
	CHILD_NO_FORMAT,
	CHILD_TOO_LARGE,
	CHILD_NO_ROOM,
	CHILD_NR
};

/*
 * Draws @cfg into the descriptor @out, and returns how that went. It may also
 * never return, or end the process; messages go to stderr. Nothing that it
 * allocates is freed.
 */
enum child_status child_draw(const struct cfg *cfg, const struct image_options *o, int out);

#endif
