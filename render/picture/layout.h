/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where everything of a picture is drawn. Graphviz's "dot" gets slow and its
 * pictures get wide beyond a hundred or so blocks, so here each function
 * is cut into parts of a few dozen consecutive blocks, where few edges are
 * cut; each part is laid out in layers by itself, and the parts fill a page in
 * reading order. An edge between parts is not drawn: the cards at its ends
 * name each other (see card.h). Calls are drawn only between a few functions
 * of one part each.
 *
 * The unit is the point (1/72 inch); y grows downwards. Time grows about
 * linearly with the blocks.
 */
#ifndef BPFSH_RENDER_LAYOUT_H
#define BPFSH_RENDER_LAYOUT_H

#include "render/picture/card.h"
#include "render/picture/layer.h"

struct layout_box {
	double x, y, w, h;
};

/* As struct layer_edge has it; no points: not drawn. */
struct layout_curve {
	struct point *points;
	uint32_t nr;
};

struct layout_part {
	uint32_t func, first, nr;	/* blocks */
	struct layout_box box;
};

struct layout {
	double w, h, gap;
	struct layout_box *blocks;	/* by cfg->blocks; no width: not drawn */
	struct layout_box *funcs;	/* by cfg->funcs */
	struct layout_curve *edges;	/* by cfg->edges */
	struct layout_curve *calls;	/* by cfg->calls */
	struct layout_part *parts;
	uint32_t nr_parts;
	uint32_t *part;			/* of each block */
	bool *cut;			/* of each edge whether it is named rather than drawn */
	bool calls_cut;			/* the same of all calls */
};

/* Blocks of the largest part of a function; one of no more than WHOLE_BLOCKS is not cut. */
#define PART_BLOCKS 40
#define WHOLE_BLOCKS 60

#define LABEL_COLUMN 6.62	/* width of a character of a title or label */
#define FRAME_PAD 8.0		/* between a frame and its label */
#define PAGE_MARGIN 16.0
#define TITLE_ROOM 40.0		/* between the margin and the first function */

/* Cuts @func, or with CFG_NONE all functions, into parts; nothing has a place yet. */
struct layout *layout_new(const struct cfg *cfg, uint32_t func);
/*
 * Places what @cards (by cfg->blocks) says, with distances @gap times the
 * usual, below a title @title wide. The page's sides are multiples of 12
 * points, whole pixels at any resolution that 12 divides into.
 */
void layout_place(struct layout *l, const struct cfg *cfg, const struct card *cards, double gap,
		  double title);
/* NULL is fine. */
void layout_free(struct layout *l, const struct cfg *cfg);

#endif
