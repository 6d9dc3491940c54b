// SPDX-License-Identifier: BSD-2-Clause
/* Cuts functions into parts, has each laid out, and fills the page with them. */
#include <math.h>
#include <stdlib.h>

#include "render/cfg/listing.h"
#include "render/picture/layout.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"

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

			/*
			 * Differences first: one more from the nearer end on, one
			 * less after the other.
			 */
			passing[(b < to ? b : to) + 1]++;
			passing[(b < to ? to : b) + 1]--;
		}
	}
	for (uint32_t b = 1; b <= f->nr_blocks; b++)
		passing[b] += passing[b - 1];
	return passing;
}

/*
 * Where the part that begins at block @from of @nr ends: at the cheapest cut near where it
 * would be as large as those that follow.
 */
static uint32_t find_cut(const uint32_t *passing, uint32_t from, uint32_t nr)
{
	uint32_t parts = (nr - from + PART_BLOCKS - 1) / PART_BLOCKS, size = (nr - from) / parts;
	uint32_t best = from + size, most = size * 4 / 3 < PART_BLOCKS ? size * 4 / 3 : PART_BLOCKS;

	if (parts == 1)
		return nr;
	for (uint32_t b = from + most; b > from + size * 2 / 3; b--) {
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
		bool whole = f->nr_blocks <= WHOLE_BLOCKS;
		uint32_t end = whole ? f->nr_blocks : find_cut(passing, from, f->nr_blocks);

		add_part(l, func, f->first_block + from, end - from);
		from = end;
	}
	free(passing);
}

/*
 * More edges than that to one block from its own part are not drawn, but for that
 * from the block above; nor are more from an indirect jump.
 */
#define HUB_EDGES 8

static void cut_edges(struct layout *l, const struct cfg *cfg)
{
	uint32_t *nr = xcalloc(cfg->nr_blocks, sizeof(*nr));

	for (uint32_t e = 0; e < cfg->nr_edges; e++) {
		const struct cfg_edge *edge = &cfg->edges[e];

		l->cut[e] = l->part[edge->from] != l->part[edge->to] ||
			    cfg->blocks[edge->from].nr_edges > HUB_EDGES;
		nr[edge->to] += !l->cut[e];
	}
	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		l->cut[e] |= nr[cfg->edges[e].to] > HUB_EDGES &&
			     cfg->edges[e].from + 1 != cfg->edges[e].to;
	free(nr);
}

/* With more calls than that, lines across the page would be a tangle. */
#define CALLS_MAX 16

static bool cuts_calls(const struct layout *l, const struct cfg *cfg, uint32_t func)
{
	return func != CFG_NONE || l->nr_parts > cfg->nr_funcs || cfg->nr_calls > CALLS_MAX;
}

struct layout *layout_new(const struct cfg *cfg, uint32_t func)
{
	struct layout *l = xcalloc(1, sizeof(*l));

	l->blocks = xcalloc(cfg->nr_blocks, sizeof(*l->blocks));
	l->funcs = xcalloc(cfg->nr_funcs, sizeof(*l->funcs));
	l->edges = xcalloc(cfg->nr_edges, sizeof(*l->edges));
	l->calls = xcalloc(cfg->nr_calls, sizeof(*l->calls));
	l->part = xcalloc(cfg->nr_blocks, sizeof(*l->part));
	l->cut = xcalloc(cfg->nr_edges, sizeof(*l->cut));
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		if (func == CFG_NONE || func == f)
			cut_func(l, cfg, f);
	}
	cut_edges(l, cfg);
	l->calls_cut = cuts_calls(l, cfg, func);
	return l;
}

void layout_free(struct layout *l, const struct cfg *cfg)
{
	if (!l)
		return;
	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		free(l->edges[e].points);
	for (uint32_t e = 0; e < cfg->nr_calls; e++)
		free(l->calls[e].points);
	free(l->blocks);
	free(l->funcs);
	free(l->edges);
	free(l->calls);
	free(l->parts);
	free(l->part);
	free(l->cut);
	free(l);
}

/* Fills a page row by row, from the left; small boxes stand below each other within a row. */
struct shelf {
	double limit;		/* no row gets wider, unless by one box alone */
	double sep;
	double y, row;		/* the top of this row, and how high it is by now */
	double x, column;	/* the left side of its last column, and its width; 0: none */
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

/* Shelves the boxes within @limit; returns what they fill. */
static struct shelf fill(struct layout_box **boxes, uint32_t nr, double limit, double sep)
{
	struct shelf shelf = { .limit = limit, .sep = sep };

	for (uint32_t i = 0; i < nr; i++)
		shelve(&shelf, boxes[i]->w, boxes[i]->h, &boxes[i]->x, &boxes[i]->y);
	return shelf;
}

/* What is wrong with a page: its size, and more where it is much wider or higher than a screen. */
static double badness(const struct shelf *s)
{
	double ratio = s->w / s->h / PAGE_RATIO;

	return s->w * s->h * fmax(1, fmax(ratio, 1 / ratio) / 1.25);
}

/* Places boxes in reading order, so that they fill a page of about PAGE_RATIO well. */
static struct shelf pack(struct layout_box **boxes, uint32_t nr, double sep)
{
	double area = 0, widest = 0, best = 0, least = INFINITY;

	for (uint32_t i = 0; i < nr; i++) {
		area += (boxes[i]->w + sep) * (boxes[i]->h + sep);
		widest = fmax(widest, boxes[i]->w);
	}
	for (double factor = 0.7; factor < 2; factor *= 1.06) {
		double limit = fmax(widest, sqrt(area * PAGE_RATIO) * factor);
		struct shelf shelf = fill(boxes, nr, limit, sep);

		if (badness(&shelf) < least) {
			least = badness(&shelf);
			best = limit;
		}
	}
	return fill(boxes, nr, best, sep);
}

/* The connected pieces of a part: for each of its blocks, from 0, the first block of its piece. */
static uint32_t find_root(uint32_t *piece, uint32_t b)
{
	while (piece[b] != b)
		b = piece[b] = piece[piece[b]];
	return b;
}

/* Each edge that is drawn within @p. */
#define for_each_part_edge(l, cfg, p, e) \
	for (uint32_t e = (cfg)->blocks[(p)->first].first_edge; \
	     e < part_edges_end(cfg, p); e++) \
		if (!(l)->cut[e])

static uint32_t part_edges_end(const struct cfg *cfg, const struct layout_part *p)
{
	const struct cfg_block *last = &cfg->blocks[p->first + p->nr - 1];

	return last->first_edge + last->nr_edges;
}

static uint32_t *find_pieces(const struct layout *l, const struct cfg *cfg,
			     const struct layout_part *p)
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

static struct layer_edge layer_edge_of(const struct cfg_edge *e, const uint32_t *node,
				       uint32_t first)
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
static struct layout_box place_piece(struct layout *l, const struct cfg *cfg,
				     const struct layout_part *p, const uint32_t *piece,
				     uint32_t root)
{
	uint32_t *node = xcalloc(p->nr, sizeof(*node)), *edge = NULL;
	struct layer_graph g = { .gap = l->gap };

	for (uint32_t b = root; b < p->nr; b++) {
		const struct layout_box *box = &l->blocks[p->first + b];

		if (piece[b] != root)
			continue;
		node[b] = g.nr_nodes;
		GROW(g.nodes, g.nr_nodes);
		g.nodes[g.nr_nodes++] = (struct layer_node){ .w = box->w, .h = box->h };
	}
	for_each_part_edge(l, cfg, p, e) {
		uint32_t nr = g.nr_edges;

		if (piece[cfg->edges[e].from - p->first] != root)
			continue;
		GROW(edge, nr);
		edge[nr] = e;
		GROW(g.edges, g.nr_edges);
		g.edges[g.nr_edges++] = layer_edge_of(&cfg->edges[e], node, p->first);
	}
	layer_layout(&g);
	for (uint32_t b = root; b < p->nr; b++) {
		if (piece[b] == root) {
			l->blocks[p->first + b].x = g.nodes[node[b]].x;
			l->blocks[p->first + b].y = g.nodes[node[b]].y;
		}
	}
	for (uint32_t e = 0; e < g.nr_edges; e++)
		l->edges[edge[e]] = (struct layout_curve){ g.edges[e].curve, g.edges[e].nr_points };
	free(g.nodes);
	free(g.edges);
	free(node);
	free(edge);
	return (struct layout_box){ .w = g.w, .h = g.h };
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
	double pad = part_pad(cfg, p) * l->gap, head = pad ? LABEL : 0;
	uint32_t *piece = find_pieces(l, cfg, p), nr = 0;
	struct layout_box *places = xcalloc(p->nr, sizeof(*places));
	struct layout_box **boxes = xcalloc(p->nr, sizeof(*boxes));
	struct shelf shelf;

	for (uint32_t root = 0; root < p->nr; root++) {
		if (piece[root] == root) {
			places[root] = place_piece(l, cfg, p, piece, root);
			boxes[nr++] = &places[root];
		}
	}
	shelf = pack(boxes, nr, GRAPH_SEP * l->gap);
	for (uint32_t b = 0; b < p->nr; b++)
		move_block(l, cfg, p->first + b, places[piece[b]].x + pad,
			   places[piece[b]].y + pad + head);
	p->box = (struct layout_box){ .w = shelf.w + 2 * pad, .h = shelf.h + 2 * pad + head };
	free(boxes);
	free(places);
	free(piece);
}

/*
 * Fills function @f's box with its parts, the first of which is @first; its own
 * corner is at 0, 0. Returns the part after its last.
 */
static uint32_t place_func(struct layout *l, const struct cfg *cfg, uint32_t f, uint32_t first)
{
	struct buf label = BUF_INIT;
	struct layout_box **boxes = xcalloc(l->nr_parts - first, sizeof(*boxes));
	uint32_t nr = 0;
	struct shelf shelf;

	for (; first + nr < l->nr_parts && l->parts[first + nr].func == f; nr++)
		boxes[nr] = &l->parts[first + nr].box;
	shelf = pack(boxes, nr, PART_SEP * l->gap);
	for (uint32_t i = 0; i < nr; i++) {
		boxes[i]->x += FUNC_PAD;
		boxes[i]->y += FUNC_PAD + LABEL;
	}
	listing_func(&label, cfg, f);
	l->funcs[f].w = fmax(shelf.w, label.len * LABEL_COLUMN) + 2 * FUNC_PAD;
	l->funcs[f].h = shelf.h + 2 * FUNC_PAD + LABEL;
	buf_free(&label);
	free(boxes);
	return first + nr;
}

static void place_funcs(struct layout *l, const struct cfg *cfg, double title)
{
	struct layout_box **boxes = xcalloc(cfg->nr_funcs, sizeof(*boxes));
	struct shelf shelf;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < l->nr_parts;) {
		uint32_t f = l->parts[i].func;

		boxes[nr++] = &l->funcs[f];
		i = place_func(l, cfg, f, i);
	}
	shelf = pack(boxes, nr, FUNC_SEP * l->gap);
	for (uint32_t i = 0; i < nr; i++) {
		boxes[i]->x += PAGE_MARGIN;
		boxes[i]->y += PAGE_MARGIN + TITLE_ROOM;
	}
	l->w = ceil((fmax(shelf.w, title) + 2 * PAGE_MARGIN) / 12) * 12;
	l->h = ceil((shelf.h + TITLE_ROOM + 2 * PAGE_MARGIN) / 12) * 12;
	free(boxes);
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

/* How far below the top of @card its row is that calls function @func; half way down without. */
static double call_row(const struct card *card, uint32_t func)
{
	uint32_t line = 0;

	for (uint32_t i = 0; i < card->nr; i++) {
		if (card->rows[i].func == func)
			return HEAD_PAD + BORDER_MAX + (line + 0.5) * TEXT_ROW;
		line += !card->rows[i].joined;
	}
	return card_height(card) / 2.0;
}

#define CALL_REACH 30.0		/* how far a call's line goes straight from and to a card's side */

/* From the row of a call, at the side nearer to the callee, to the heading of its entry. */
static void route_call(struct layout *l, const struct cfg *cfg, const struct card *cards,
		       uint32_t i)
{
	const struct cfg_edge *e = &cfg->calls[i];
	const struct layout_box *from = &l->blocks[e->from], *to = &l->blocks[e->to];
	uint32_t func = cfg->blocks[e->to].func;
	bool right = to->x >= from->x + from->w, left = from->x >= to->x + to->w;
	struct point *p = xcalloc(4, sizeof(*p));
	double reach;

	p[0] = (struct point){ right ? from->x + from->w : from->x,
			       from->y + call_row(&cards[e->from], func) };
	p[3] = (struct point){ left ? to->x + to->w : to->x,
			       to->y + (BORDER_MAX + HEAD_PAD + TEXT_ROW) / 2.0 };
	reach = left || right ? fmax(CALL_REACH, fabs(p[3].x - p[0].x) / 2) : CALL_REACH;
	p[1] = (struct point){ p[0].x + (right ? reach : -reach), p[0].y };
	p[2] = (struct point){ p[3].x + (left ? reach : -reach), p[3].y };
	l->calls[i] = (struct layout_curve){ p, 4 };
}

/* One line from a block to each function that it calls, other than its own. */
static void route_calls(struct layout *l, const struct cfg *cfg, const struct card *cards)
{
	for (uint32_t i = 0; i < cfg->nr_calls; i++) {
		const struct cfg_edge *e = &cfg->calls[i];
		bool again = false;

		for (uint32_t k = i; k-- > 0 && cfg->calls[k].from == e->from;)
			again |= cfg->calls[k].to == e->to;
		if (!again && cfg->blocks[e->from].func != cfg->blocks[e->to].func)
			route_call(l, cfg, cards, i);
	}
}

void layout_place(struct layout *l, const struct cfg *cfg, const struct card *cards, double gap,
		  double title)
{
	l->gap = gap;
	for (uint32_t i = 0; i < l->nr_parts; i++) {
		struct layout_part *p = &l->parts[i];

		for (uint32_t b = p->first; b < p->first + p->nr; b++) {
			l->blocks[b].w = card_width(&cards[b]);
			l->blocks[b].h = card_height(&cards[b]);
		}
		place_part(l, cfg, p);
	}
	place_funcs(l, cfg, title);
	move_into_place(l, cfg);
	if (!l->calls_cut)
		route_calls(l, cfg, cards);
}
