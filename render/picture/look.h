/* SPDX-License-Identifier: BSD-2-Clause */
/* What blocks, edges and text of a picture look like, whoever draws it: colours, widths, dashes. */
#ifndef BPFSH_RENDER_LOOK_H
#define BPFSH_RENDER_LOOK_H

#include "render/cfg/cfg.h"
#include "render/picture/card.h"

#define LOOK_FONT "monospace"
#define LOOK_GREY "#6e7781"		/* text that matters less */
#define LOOK_FUNC "#8c959f"		/* the frame of a function */
#define LOOK_PART "#d0d7de"		/* that of a part of one */

struct block_look {
	unsigned flags;		/* of blocks that look so */
	const char *head, *body, *border, *text;
	int width;		/* of the border */
	bool dashed;
};

struct edge_look {
	const char *color, *style;	/* "solid", "dashed", "dotted" */
	double width;
	const char *word;		/* for the legend */
};

/* The look of block @b, the verifier's marks included. */
struct block_look look_block(const struct cfg *cfg, uint32_t b);
/* That of an edge by its kind; its place in the legend is below LOOK_EDGES. */
const struct edge_look *look_edge(const struct cfg_edge *e);
/* The same with the verifier's marks. */
struct edge_look look_marked_edge(const struct cfg *cfg, const struct cfg_edge *e);
/* The colour of a row's text, or NULL: that of its block. */
const char *look_row(const struct card_row *row);

#define LOOK_EDGES 10

/*
 * A word of the legend: the looks of edges in their order, and after them the refused path's;
 * what the picture does not have has no @word.
 */
struct legend {
	struct edge_look words[LOOK_EDGES + 1];
};

/* A legend of nothing yet, unless the verifier refused the program. */
struct legend legend_new(const struct cfg *cfg);
void legend_add(struct legend *legend, const struct cfg_edge *e);

#endif
