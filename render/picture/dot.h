/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control-flow graph in the DOT language: one cluster per function, a table
 * per block, an edge's colour, dashes and letter by its kind. This is what
 * graphviz draws (see image.h) and what a .dot file holds; writing it needs no
 * graphviz, and the same graph always gives the same text.
 *
 * Blocks are nodes "b0", "b1", ... with the same SVG ids, functions are
 * clusters with the SVG ids "f0", "f1", ...: calls link to those. A part of a
 * function (layout.h) has the id "pN", block N being its first.
 */
#ifndef BPFSH_RENDER_DOT_H
#define BPFSH_RENDER_DOT_H

#include "render/cfg/cfg.h"
#include "render/picture/layer.h"

struct dot_options {
	uint32_t func;			/* draw only this function; CFG_NONE: all */
	uint32_t body;			/* instructions of a block: see listing_block() */
	uint32_t columns;		/* at most so many characters of a line */
	bool placed;			/* with positions (see layout.h), for "neato -n2" */
	int terse;			/* see struct card_options */
	double gap;			/* of what is placed: distances, 1 as usual */
	int dpi;			/* pixels per 72 points; 0: left open */
	bool tooltips;			/* the whole text of blocks, for a pointer to rest on */
};

/* What a .dot file is written with unless somebody wishes otherwise. */
#define DOT_DEFAULTS ((struct dot_options){ .func = CFG_NONE, .body = 24, .columns = 72, .gap = 1 })

/*
 * Appends the graph to @out; NULL: only measures it. Returns the size of the
 * page in points if the graph is placed, else nothing.
 */
struct point dot_write(struct buf *out, const struct cfg *cfg, const struct dot_options *o);

/* Whether function @f is drawn at all. */
static inline bool dot_draws(const struct dot_options *o, uint32_t f)
{
	return o->func == CFG_NONE || o->func == f;
}

#endif
