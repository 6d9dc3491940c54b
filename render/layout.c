// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>

#include "render/layout.h"

#define GRAPH_SEP 26.0		/* between the unconnected pieces of a part */
#define PART_SEP 22.0
#define PART_PAD 12.0		/* within a part's frame */
#define FUNC_SEP 26.0
#define FUNC_PAD 14.0
#define PAGE_RATIO 1.4		/* width to height, about that of a screen */
#define LABEL 18.0		/* height of the line of text above a part or function */

/* How many edges pass over the beginning of each block of a function: what cutting there costs. */
static uint32_t *count_passing(const struct cfg *cfg, const struct cfg_func *f)
{
	uint32_t *passing = xcalloc(f->nr_blocks + 1, sizeof(*passing));

	for (uint32_t b = 0; b < f->nr_blocks; b++) {
		const struct cfg_block *block = &cfg->blocks[f->first_block + b];

		for (uint32_t i = 0; i < block->nr_edges; i++) {
			uint32_t to = cfg->edges[block->first_edge + i].to - f->first_block;

			/* Differences first: one more from the nearer end on, one less after the other. */
			passing[(b < to ? b : to) + 1]++;
			passing[(b < to ? to : b) + 1]--;
		}
	}
	for (uint32_t b = 1; b <= f->nr_blocks; b++)
		passing[b] += passing[b - 1];
	return passing;
}

/* Where the part that begins at block @from of @nr ends: in its last third, at the cheapest cut. */
static uint32_t find_cut(const uint32_t *passing, uint32_t from, uint32_t nr)
{
	uint32_t best = from + PART_BLOCKS;

	if (nr - from <= PART_BLOCKS)
		return nr;
	for (uint32_t b = from + PART_BLOCKS; b > from + PART_BLOCKS * 2 / 3; b--) {
		if (passing[b] < passing[best])
			best = b;
	}
	return best;
}

static void add_part(struct layout *l, uint32_t func, uint32_t first, uint32_t nr)
{
	for (uint32_t b = first; b < first + nr; b++)
		l->part[b] = l->nr_parts;
	GROW(l->parts, l->nr_parts);
	l->parts[l->nr_parts++] = (struct layout_part){ .func = func, .first = first, .nr = nr };
}

static void cut_func(struct layout *l, const struct cfg *cfg, uint32_t func)
{
	const struct cfg_func *f = &cfg->funcs[func];
	uint32_t *passing = count_passing(cfg, f);

	for (uint32_t from = 0; from < f->nr_blocks;) {
		uint32_t end = find_cut(passing, from, f->nr_blocks);

		add_part(l, func, f->first_block + from, end - from);
		from = end;
	}
	free(passing);
}

struct layout *layout_new(const struct cfg *cfg, uint32_t func)
{
	struct layout *l = xcalloc(1, sizeof(*l));

	l->blocks = xcalloc(cfg->nr_blocks, sizeof(*l->blocks));
	l->funcs = xcalloc(cfg->nr_funcs, sizeof(*l->funcs));
	l->edges = xcalloc(cfg->nr_edges, sizeof(*l->edges));
	l->part = xcalloc(cfg->nr_blocks, sizeof(*l->part));
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		if (func == CFG_NONE || func == f)
			cut_func(l, cfg, f);
	}
	return l;
}

void layout_free(struct layout *l, const struct cfg *cfg)
{
	if (!l)
		return;
	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		free(l->edges[e].points);
	free(l->blocks);
	free(l->funcs);
	free(l->edges);
	free(l->parts);
	free(l->part);
	free(l);
}

/* Fills a page row by row, from the left; small boxes stand below each other within a row. */
struct shelf {
	double limit;		/* no row gets wider, unless by one box alone */
	double sep;
	double y, row;		/* the top of this row, and how high it is by now */
	double x, column;	/* the left side of its last column, and how wide that is; 0: none */
	double below;		/* where the next box of that column goes */
	double w, h;		/* what is filled */
};

static void next_column(struct shelf *s, double w)
{
	if (s->column)
		s->x += s->column + s->sep;
	if (s->x > 0 && s->x + w > s->limit) {
		s->y += s->row + s->sep;
		s->x = s->row = 0;
	}
	s->column = w;
	s->below = s->y;
}

static void shelve(struct shelf *s, double w, double h, double *x, double *y)
{
	if (!s->column || w > s->column || s->below + h > s->y + s->row)
		next_column(s, w);
	*x = s->x;
	*y = s->below;
	s->below += h + s->sep;
	s->row = fmax(s->row, *y + h - s->y);
	s->w = fmax(s->w, s->x + w);
	s->h = fmax(s->h, *y + h);
}

/* Width of a page for boxes that cover @area in all. */
static double page_width(double area, double ratio)
{
	return sqrt(area * ratio);
}

/* The connected pieces of a part: for each of its blocks, from 0, the first block of its piece. */
static uint32_t find_root(uint32_t *piece, uint32_t b)
{
	while (piece[b] != b)
		b = piece[b] = piece[piece[b]];
	return b;
}

/* Calls for each edge that is drawn within @p; blocks count from the part's first. */
#define for_each_part_edge(l, cfg, p, e) \
	for (uint32_t e = (cfg)->blocks[(p)->first].first_edge; \
	     e < part_edges_end(cfg, p); e++) \
		if ((l)->part[(cfg)->edges[e].to] == (l)->part[(p)->first])

static uint32_t part_edges_end(const struct cfg *cfg, const struct layout_part *p)
{
	const struct cfg_block *last = &cfg->blocks[p->first + p->nr - 1];

	return last->first_edge + last->nr_edges;
}

static uint32_t *find_pieces(const struct layout *l, const struct cfg *cfg, const struct layout_part *p)
{
	uint32_t *piece = xcalloc(p->nr, sizeof(*piece));

	for (uint32_t b = 0; b < p->nr; b++)
		piece[b] = b;
	for_each_part_edge(l, cfg, p, e) {
		uint32_t a = find_root(piece, cfg->edges[e].from - p->first);
		uint32_t b = find_root(piece, cfg->edges[e].to - p->first);

		piece[a > b ? a : b] = a > b ? b : a;
	}
	for (uint32_t b = 0; b < p->nr; b++)
		piece[b] = find_root(piece, b);
	return piece;
}

static struct layer_edge layer_edge_of(const struct cfg_edge *e, const uint32_t *node, uint32_t first)
{
	bool falls = e->kind == EDGE_NEXT || e->kind == EDGE_FALL || e->kind == EDGE_MAY_FALL;

	return (struct layer_edge){
		.from = node[e->from - first],
		.to = node[e->to - first],
		.look = e->back ? CFG_NONE : e->kind,
		.back = e->back,
		.weight = e->back ? 1 : falls ? 3 : 2,
	};
}

/* Lays out the piece whose first block is @root; the places are relative to its own corner. */
static void place_piece(struct layout *l, const struct cfg *cfg, const struct layout_part *p,
			const uint32_t *piece, uint32_t root, struct layer_graph *g)
{
	uint32_t *node = xcalloc(p->nr, sizeof(*node)), *edge = NULL;

	for (uint32_t b = root; b < p->nr; b++) {
		const struct layout_box *box = &l->blocks[p->first + b];

		if (piece[b] != root)
			continue;
		node[b] = g->nr_nodes;
		GROW(g->nodes, g->nr_nodes);
		g->nodes[g->nr_nodes++] = (struct layer_node){ .w = box->w, .h = box->h };
	}
	for_each_part_edge(l, cfg, p, e) {
		uint32_t nr = g->nr_edges;

		if (piece[cfg->edges[e].from - p->first] != root)
			continue;
		GROW(edge, nr);
		edge[nr] = e;
		GROW(g->edges, g->nr_edges);
		g->edges[g->nr_edges++] = layer_edge_of(&cfg->edges[e], node, p->first);
	}
	g->gap = l->gap;
	layer_layout(g);
	for (uint32_t b = root; b < p->nr; b++) {
		if (piece[b] == root) {
			l->blocks[p->first + b].x = g->nodes[node[b]].x;
			l->blocks[p->first + b].y = g->nodes[node[b]].y;
		}
	}
	for (uint32_t e = 0; e < g->nr_edges; e++)
		l->edges[edge[e]] = (struct layout_curve){ g->edges[e].curve, g->edges[e].nr_points };
	free(node);
	free(edge);
}

static void move_block(struct layout *l, const struct cfg *cfg, uint32_t b, double dx, double dy)
{
	const struct cfg_block *block = &cfg->blocks[b];

	l->blocks[b].x += dx;
	l->blocks[b].y += dy;
	for (uint32_t e = block->first_edge; e < block->first_edge + block->nr_edges; e++) {
		for (uint32_t i = 0; i < l->edges[e].nr; i++) {
			l->edges[e].points[i].x += dx;
			l->edges[e].points[i].y += dy;
		}
	}
}

/* The frame and label that a function's parts have if there are several. */
static double part_pad(const struct cfg *cfg, const struct layout_part *p)
{
	return p->nr < cfg->funcs[p->func].nr_blocks ? PART_PAD : 0;
}

/* Lays out a part's pieces and puts them side by side; the part's own corner is at 0, 0. */
static void place_part(struct layout *l, const struct cfg *cfg, struct layout_part *p)
{
	double pad = part_pad(cfg, p) * l->gap, head = pad ? LABEL : 0, area = 0;
	uint32_t *piece = find_pieces(l, cfg, p);
	struct layer_graph *graphs = xcalloc(p->nr, sizeof(*graphs));
	struct shelf shelf = { .sep = GRAPH_SEP * l->gap };

	for (uint32_t root = 0; root < p->nr; root++) {
		struct layer_graph *g = &graphs[root];

		if (piece[root] != root)
			continue;
		place_piece(l, cfg, p, piece, root, g);
		area += (g->w + shelf.sep) * (g->h + shelf.sep);
		shelf.limit = fmax(shelf.limit, g->w);
	}
	shelf.limit = fmax(shelf.limit, page_width(area, 1));
	for (uint32_t root = 0; root < p->nr; root++) {
		struct layer_graph *g = &graphs[root];
		double x, y;

		if (piece[root] != root)
			continue;
		shelve(&shelf, g->w, g->h, &x, &y);
		for (uint32_t b = root; b < p->nr; b++) {
			if (piece[b] == root)
				move_block(l, cfg, p->first + b, x + pad, y + pad + head);
		}
		free(g->nodes);
		free(g->edges);
	}
	p->box = (struct layout_box){ .w = shelf.w + 2 * pad, .h = shelf.h + 2 * pad + head };
	free(graphs);
	free(piece);
}

/* Area of boxes and what is left free around them. */
static double area_of(const struct layout_box *box, double sep)
{
	return (box->w + sep) * (box->h + sep);
}

/*
 * Fills function @f's box with its parts, the first of which is @first; its own
 * corner is at 0, 0. Returns the part after its last.
 */
static uint32_t place_func(struct layout *l, const struct cfg *cfg, uint32_t first)
{
	uint32_t f = l->parts[first].func, end = first;
	double label = (strlen(cfg->code->funcs[f].name) + 36) * LABEL_COLUMN, area = 0;
	struct shelf shelf = { .sep = PART_SEP * l->gap };

	for (; end < l->nr_parts && l->parts[end].func == f; end++) {
		area += area_of(&l->parts[end].box, shelf.sep);
		shelf.limit = fmax(shelf.limit, l->parts[end].box.w);
	}
	shelf.limit = fmax(shelf.limit, page_width(area, PAGE_RATIO));
	for (uint32_t i = first; i < end; i++) {
		struct layout_box *box = &l->parts[i].box;

		shelve(&shelf, box->w, box->h, &box->x, &box->y);
		box->x += FUNC_PAD;
		box->y += FUNC_PAD + LABEL;
	}
	l->funcs[f].w = fmax(shelf.w, label) + 2 * FUNC_PAD;
	l->funcs[f].h = shelf.h + 2 * FUNC_PAD + LABEL;
	return end;
}

static void place_funcs(struct layout *l, const struct cfg *cfg)
{
	struct shelf shelf = { .sep = FUNC_SEP * l->gap };
	double area = 0;

	for (uint32_t i = 0; i < l->nr_parts;) {
		struct layout_box *box = &l->funcs[l->parts[i].func];

		i = place_func(l, cfg, i);
		area += area_of(box, shelf.sep);
		shelf.limit = fmax(shelf.limit, box->w);
	}
	shelf.limit = fmax(shelf.limit, page_width(area, PAGE_RATIO));
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		struct layout_box *box = &l->funcs[f];

		if (box->w)
			shelve(&shelf, box->w, box->h, &box->x, &box->y);
		box->x += PAGE_MARGIN;
		box->y += PAGE_MARGIN + TITLE_ROOM;
	}
	l->w = ceil((shelf.w + 2 * PAGE_MARGIN) / 12) * 12;
	l->h = ceil((shelf.h + TITLE_ROOM + 2 * PAGE_MARGIN) / 12) * 12;
}

/* Parts move with their function, and blocks with their part. */
static void move_into_place(struct layout *l, const struct cfg *cfg)
{
	for (uint32_t i = 0; i < l->nr_parts; i++) {
		struct layout_part *p = &l->parts[i];

		p->box.x += l->funcs[p->func].x;
		p->box.y += l->funcs[p->func].y;
		for (uint32_t b = p->first; b < p->first + p->nr; b++)
			move_block(l, cfg, b, p->box.x, p->box.y);
	}
}

void layout_place(struct layout *l, const struct cfg *cfg, const struct card *cards, double gap)
{
	l->gap = gap;
	for (uint32_t i = 0; i < l->nr_parts; i++) {
		struct layout_part *p = &l->parts[i];

		for (uint32_t b = p->first; b < p->first + p->nr; b++) {
			l->blocks[b].w = ceil(cards[b].columns * TEXT_COLUMN + 8);
			l->blocks[b].h = cards[b].lines * TEXT_ROW + cards[b].cells * TEXT_PAD + 2;
		}
		place_part(l, cfg, p);
	}
	place_funcs(l, cfg);
	move_into_place(l, cfg);
}
