/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is on a picture, for whoever writes it: a card a block, their places, which edges are
 * drawn, the title and the legend. dot.c and svg.c make text of it.
 */
#ifndef BPFSH_RENDER_PAGE_H
#define BPFSH_RENDER_PAGE_H

#include "render/picture/card.h"
#include "render/picture/layout.h"
#include "render/picture/look.h"
#include "shell/base/buf.h"

struct page_options {
	uint32_t func;			/* draw only this function; CFG_NONE: all */
	uint32_t body;			/* instructions of a block: see listing_block() */
	uint32_t columns;		/* at most so many characters of a line */
	bool placed;			/* with positions (see layout.h) */
	int terse;			/* see struct card_options */
	double gap;			/* of what is placed: distances, 1 as usual */
	int dpi;			/* pixels per 72 points; 0: left open */
};

/* What a .dot file is written with unless somebody wishes otherwise. */
#define PAGE_DEFAULTS ((struct page_options){ .func = CFG_NONE, .body = 24, .columns = 72, .gap = 1 })

struct page {
	const struct cfg *cfg;
	const struct page_options *o;
	struct layout *layout;		/* NULL: not placed */
	struct card *cards;		/* by cfg->blocks */
	struct buf title;
	struct legend legend;
	double width;			/* of the title and the legend */
};

/* @cfg and @o outlive the page. */
void page_open(struct page *page, const struct cfg *cfg, const struct page_options *o);
void page_close(struct page *page);
/* How large in points a placed page would be. */
struct point page_size(const struct cfg *cfg, const struct page_options *o);

/* Whether function @f is drawn at all. */
bool page_has_func(const struct page *page, uint32_t f);
/* Whether a part is framed: it is not the whole function. Then @label gets what it is called. */
bool page_part(const struct page *page, const struct layout_part *part, struct buf *label);

/*
 * Visits each edge that is drawn, then each call; @curve is NULL where the page is not
 * placed.
 */
typedef void (*page_edge_fn)(void *arg, const struct cfg_edge *edge,
			     const struct layout_curve *curve);
void page_edges(const struct page *page, page_edge_fn fn, void *arg);

/* Characters of the legend up to its word @i, two blanks after each word before. */
uint32_t page_legend_column(const struct page *page, size_t i);
/* The letter beside an edge; "" where there is no room for it, as what words say is in the legend. */
const char *page_letter(const struct cfg_edge *edge, const struct layout_curve *curve);
/* The middle of that letter: beside the edge's start, on the side that it does not turn to. */
struct point page_letter_place(const struct layout_curve *curve);
#define ARROW 7.0	/* length of an arrow's head, in points */
/* Where the head of an edge's arrow begins, which ends with the curve. */
struct point page_arrow(const struct layout_curve *curve);

/* Appends text for HTML, XML, or a quoted string of the DOT language: all know these entities. */
void page_escaped(struct buf *out, const char *s, size_t len);
/* All lines of block @b, each ended by @end. */
void page_tooltip(struct buf *out, const struct page *page, uint32_t b, const char *end);

#endif
