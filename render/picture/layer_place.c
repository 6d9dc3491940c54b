// SPDX-License-Identifier: BSD-2-Clause
/* The second half of a layered layout: where in its layer everything is, and the curves. */
#include <math.h>
#include <stdlib.h>

#include "render/picture/layer_work.h"
#include "shell/base/alloc.h"

#define NODE_SEP 18.0		/* between neighbours of a layer */
#define LINE_SEP 9.0		/* between a node and a line, or two lines */
#define LAYER_SEP 30.0		/* between layers: an arrow and a letter fit */
#define SHIFT_PER_POINT 20.0	/* so far aside may a line go for each point more between layers */
#define PORT_SEP 22.0		/* between the lines that end at one side of a node */
#define PLACE_SWEEPS 12

static int compare_ends(const void *a, const void *b, void *arg)
{
	const struct layers *s = ((void **)arg)[0];
	int side = *(int *)((void **)arg)[1];
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	uint32_t p = s->v[other_end(s, i, side)].pos, q = s->v[other_end(s, k, side)].pos;

	/* Two between the same nodes are in the same order at both ends. */
	return p != q ? (p > q) - (p < q) : (i > k) - (i < k);
}

/* Spreads the links of a node over its side, in the order of where they lead. */
static void set_ports(struct layers *s, uint32_t v, int side)
{
	uint32_t nr = s->nr_of[side][v], *links = s->links_of[side][v];
	double room = v < s->g->nr_nodes ? s->g->nodes[v].w : 0,
	       gap = fmin(PORT_SEP, room / (nr + 1));

	if (nr)
		qsort_r(links, nr, sizeof(*links), compare_ends, (void *[]){ s, &side });
	for (uint32_t k = 0; k < nr; k++) {
		double at = (k - (nr - 1) / 2.0) * gap;

		if (side)
			s->links[links[k]].up_port = at;
		else
			s->links[links[k]].down_port = at;
	}
}

/* How far apart the middles of two neighbours are at least. */
static double apart(const struct layers *s, const struct vertex *a, const struct vertex *b)
{
	bool nodes = a->node != NONE && b->node != NONE;

	return (a->w + b->w) / 2 + (nodes ? NODE_SEP : LINE_SEP) * s->g->gap;
}

/* Where @v would like its middle, by its links on the sides that bits of @sides name. */
static double wish(const struct layers *s, uint32_t v, int sides, double *weight)
{
	double sum = 0;

	*weight = 0;
	for (int side = 0; side < 2; side++) {
		for (uint32_t k = 0; sides >> side & 1 && k < s->nr_of[side][v]; k++) {
			const struct link *l = &s->links[s->links_of[side][v][k]];
			double shift = side ? l->down_port - l->up_port : l->up_port - l->down_port;

			sum += l->weight * (s->v[side ? l->down : l->up].x + shift);
			*weight += l->weight;
		}
	}
	if (*weight)
		return sum / *weight;
	*weight = 0.01;
	return s->v[v].x;
}

/* Vertices that touch each other and so move as one. */
struct group {
	double sum, weight;
	uint32_t nr;
};

/*
 * Places a layer's vertices as near to where they would like to be as their
 * order and sizes allow: least squares, by pooling neighbours that collide.
 */
static void place_layer(struct layers *s, uint32_t r, int sides, struct group *groups)
{
	uint32_t nr = 0, i = 0;
	double offset = 0;

	for (uint32_t k = 0; k < s->size[r]; k++) {
		uint32_t v = s->layer[r][k];
		double weight, at = wish(s, v, sides, &weight);

		if (k)
			offset += apart(s, &s->v[s->layer[r][k - 1]], &s->v[v]);
		groups[nr++] = (struct group){ (at - offset) * weight, weight, 1 };
		while (nr > 1 && groups[nr - 2].sum / groups[nr - 2].weight >
				 groups[nr - 1].sum / groups[nr - 1].weight) {
			nr--;
			groups[nr - 1].sum += groups[nr].sum;
			groups[nr - 1].weight += groups[nr].weight;
			groups[nr - 1].nr += groups[nr].nr;
		}
	}
	offset = 0;
	for (uint32_t g = 0; g < nr; g++) {
		for (uint32_t k = 0; k < groups[g].nr; k++, i++) {
			if (i)
				offset +=
					apart(s, &s->v[s->layer[r][i - 1]], &s->v[s->layer[r][i]]);
			s->v[s->layer[r][i]].x = groups[g].sum / groups[g].weight + offset;
		}
	}
}

static void place_across(struct layers *s)
{
	struct group *groups = xcalloc(s->nr_v, sizeof(*groups));

	for (uint32_t v = 0; v < s->nr_v; v++) {
		set_ports(s, v, 0);
		set_ports(s, v, 1);
	}
	for (int sweep = 0; sweep < PLACE_SWEEPS; sweep++) {
		bool last = sweep + 2 >= PLACE_SWEEPS;

		for (uint32_t k = 0; k < s->nr_layers; k++) {
			if (sweep % 2)
				place_layer(s, s->nr_layers - 1 - k, last ? 3 : 2, groups);
			else
				place_layer(s, k, last ? 3 : 1, groups);
		}
	}
	free(groups);
}

/* How far a line's vertex can move while all else of its layer stays. */
struct range {
	double low, high;
};

static struct range range_of(const struct layers *s, const struct vertex *v)
{
	const uint32_t *layer = s->layer[v->layer];
	struct range range = { -INFINITY, INFINITY };

	if (v->pos) {
		const struct vertex *left = &s->v[layer[v->pos - 1]];

		range.low = left->x + apart(s, left, v);
	}
	if (v->pos + 1 < s->size[v->layer]) {
		const struct vertex *right = &s->v[layer[v->pos + 1]];

		range.high = right->x - apart(s, v, right);
	}
	return range;
}

static double clamp(double x, struct range range)
{
	return fmin(fmax(x, range.low), range.high);
}

/*
 * Where the vertices below links @from to @to of a chain, all of them of its line, would best
 * stand below each other: below what the chain begins with, above what it ends with, or midway.
 */
static double best_place(const struct layers *s, uint32_t e, uint32_t from, uint32_t to)
{
	const struct link *first = &s->links[s->chain[e][from]];
	const struct link *last = &s->links[s->chain[e][to + 1]];

	if (to + 2 == s->length[e])
		return s->v[last->down].x + last->down_port;
	if (!from)
		return s->v[first->up].x + first->up_port;
	return (s->v[first->down].x + s->v[last->up].x) / 2;
}

/* Takes the bends out of an edge's line where nothing is in the way. */
static void straighten(struct layers *s, uint32_t e)
{
	const uint32_t *chain = s->chain[e];

	for (uint32_t from = 0, to; from + 1 < s->length[e]; from = to + 1) {
		struct range range = range_of(s, &s->v[s->links[chain[from]].down]);
		double x;

		for (to = from; to + 2 < s->length[e]; to++) {
			struct range next = range_of(s, &s->v[s->links[chain[to + 1]].down]);

			next.low = fmax(next.low, range.low);
			next.high = fmin(next.high, range.high);
			if (next.low > next.high)
				break;
			range = next;
		}
		x = clamp(best_place(s, e, from, to), range);
		for (uint32_t i = from; i <= to; i++)
			s->v[s->links[chain[i]].down].x = x;
	}
}

/* How far apart each layer and the next are: more where lines go far sideways between them. */
static double *find_gaps(const struct layers *s)
{
	double *gaps = xcalloc(s->nr_layers, sizeof(*gaps));

	for (uint32_t i = 0; i < s->nr_links; i++) {
		const struct link *l = &s->links[i];
		const struct vertex *up = &s->v[l->up], *down = &s->v[l->down];
		double shift = fabs(up->x + l->up_port - down->x - l->down_port);

		gaps[up->layer] = fmax(gaps[up->layer], fmin(shift / SHIFT_PER_POINT, LAYER_SEP));
	}
	for (uint32_t r = 0; r < s->nr_layers; r++)
		gaps[r] = (gaps[r] + LAYER_SEP) * s->g->gap;
	return gaps;
}

static void place_down(struct layers *s)
{
	double y = 0, *gaps = find_gaps(s);

	s->top = xcalloc(s->nr_layers, sizeof(*s->top));
	s->height = xcalloc(s->nr_layers, sizeof(*s->height));
	for (uint32_t v = 0; v < s->nr_v; v++)
		s->height[s->v[v].layer] = fmax(s->height[s->v[v].layer], s->v[v].h);
	for (uint32_t r = 0; r < s->nr_layers; r++) {
		s->top[r] = y;
		s->g->h = y + s->height[r];
		y = s->g->h + gaps[r];
	}
	free(gaps);
}

static void add_point(struct layer_edge *e, double x, double y)
{
	GROW(e->curve, e->nr_points);
	e->curve[e->nr_points++] = (struct point){ x, y };
}

/* Goes on to a point; a curve that is vertical at both ends. */
static void curve_to(struct layer_edge *e, double x, double y)
{
	struct point last = e->curve[e->nr_points - 1];
	double middle = (last.y + y) / 2;

	if (last.x == x && last.y == y)
		return;
	add_point(e, last.x, middle);
	add_point(e, x, middle);
	add_point(e, x, y);
}

static void reverse(struct point *p, uint32_t nr)
{
	for (uint32_t i = 0; i < nr / 2; i++) {
		struct point swap = p[i];

		p[i] = p[nr - 1 - i];
		p[nr - 1 - i] = swap;
	}
}

/* Draws an edge from its upper end down, through the layers in straight lines. */
static void route_edge(struct layers *s, uint32_t e)
{
	struct layer_edge *edge = &s->g->edges[e];

	for (uint32_t i = 0; i < s->length[e]; i++) {
		const struct link *l = &s->links[s->chain[e][i]];
		const struct vertex *up = &s->v[l->up], *down = &s->v[l->down];
		double x = up->x + l->up_port;

		if (!i)
			add_point(edge, x, s->top[up->layer] + up->h);
		curve_to(edge, x, s->top[up->layer] + s->height[up->layer]);
		curve_to(edge, down->x + l->down_port, s->top[down->layer]);
	}
	if (s->turned[e])
		reverse(edge->curve, edge->nr_points);
}

static void route_loop(struct layers *s, struct layer_edge *e)
{
	const struct layer_node *n = &s->g->nodes[e->from];
	double x = n->x + n->w, y = n->y + n->h / 2, reach = fmin(n->h / 4, 24);

	add_point(e, x, y + reach);
	add_point(e, x + LOOP_ROOM, y + reach);
	add_point(e, x + LOOP_ROOM, y - reach);
	add_point(e, x, y - reach);
}

/* Moves everything so that the leftmost of it is at 0. */
static void settle(struct layers *s)
{
	double left = INFINITY, right = 0;

	for (uint32_t v = 0; v < s->nr_v; v++)
		left = fmin(left, s->v[v].x - s->v[v].w / 2);
	for (uint32_t v = 0; v < s->nr_v; v++) {
		struct vertex *p = &s->v[v];

		p->x -= left;
		right = fmax(right, p->x + p->w / 2);
		if (p->node != NONE) {
			struct layer_node *n = &s->g->nodes[p->node];

			n->x = p->x - n->w / 2;
			n->y = s->top[p->layer];
		}
	}
	s->g->w = right;
}

void layer_place(struct layers *s)
{
	place_across(s);
	for (uint32_t e = 0; e < s->g->nr_edges; e++)
		straighten(s, e);
	place_down(s);
	settle(s);
	for (uint32_t e = 0; e < s->g->nr_edges; e++) {
		if (s->chain[e])
			route_edge(s, e);
		else
			route_loop(s, &s->g->edges[e]);
	}
}
