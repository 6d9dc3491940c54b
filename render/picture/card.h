/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block as a card of a picture: its heading, the lines of its listing, and,
 * where the block at the other end of an edge is drawn elsewhere, a reference
 * to it in place of an arrow. Layout measures cards, dot.c writes them.
 */
#ifndef BPFSH_RENDER_CARD_H
#define BPFSH_RENDER_CARD_H

#include "render/cfg/incoming.h"

enum card_kind { CARD_HEAD, CARD_FROM, CARD_SOURCE, CARD_INSN, CARD_MORE, CARD_TO };

struct card_row {
	enum card_kind kind;
	bool joined;		/* stands in the same line as the row before */
	bool cell;		/* begins a cell: only whole cells have a colour, or link */
	char *text;		/* UTF-8, printable, at most as many characters as asked for */
	uint32_t columns;	/* its length in characters */
	uint32_t func, block;	/* what it links to; at most one is not CFG_NONE */
	const struct cfg_edge *edge;	/* of a CARD_TO: for its colour */
};

struct card {
	struct card_row *rows;
	uint32_t nr;
	uint32_t lines;
	uint32_t limit;		/* see struct card_options */
	uint32_t columns;	/* characters of its longest row */
};

struct card_options {
	uint32_t body;		/* at most so many instructions: see listing_block() */
	uint32_t columns;	/* rows longer than that end in "..."; from 3 */
	/*
	 * 1: of the listing only the last instruction, its source line and calls
	 * of functions, and references in one line; 2: without the source line.
	 */
	int terse;
	/* Which of cfg->edges are not drawn, so that cards name their ends instead; NULL: none. */
	const bool *cut;
	bool calls_cut;			/* calls are not drawn: entries name their callers */
	const struct incoming *in;	/* needed where anything is cut */
};

/* What text of one size of the picture's font takes, in points. */
#define TEXT_COLUMN 6.02
#define TEXT_ROW 11
#define HEAD_PAD 4		/* room around a heading, above and below together */
#define BORDER_MAX 3		/* a card's border is no wider */

/* Its size in points, the border included; every cell but the heading begins with a blank. */
uint32_t card_width(const struct card *card);
uint32_t card_height(const struct card *card);

struct card card_make(const struct cfg *cfg, uint32_t b, const struct card_options *o);
void card_free(struct card *card);

#endif
