// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>

#include "render/layer.h"
#include "shell/buf.h"

#define NODE_SEP 18.0		/* between neighbours of a layer */
#define LINE_SEP 9.0		/* between a node and a line, or two lines */
#define LAYER_SEP 30.0		/* between layers: an arrow and a letter fit */
#define PORT_SEP 22.0		/* between the lines that end at one side of a node */
#define LOOP_ROOM 18.0		/* beside a node with an edge to itself */
#define ORDER_SWEEPS 10
#define PLACE_SWEEPS 12

#define NONE UINT32_MAX

/* A node, or the place where a line passes through a layer. */
struct vertex {
	uint32_t node;		/* NONE for a line */
	uint32_t layer, pos;	/* pos: its place in the layer, from the left */
	double x, w, h;		/* x: its middle */
	double key;		/* where it would like to be, while layers are sorted */
};

/* A piece of an edge, from a vertex to one in the next layer. */
struct link {
	uint32_t up, down;
	double weight;
	double up_port, down_port;	/* where it ends, from the vertex's middle */
};

struct layers {
	struct layer_graph *g;
	struct vertex *v;
	uint32_t nr_v;
	struct link *links;
	uint32_t nr_links;
	uint32_t *rank;		/* of each node */
	bool *turned;		/* edges that lead up, seen from the other end */
	uint32_t **chain;	/* of each edge its vertices from top to bottom, with its ends */
	uint32_t **layer;	/* of each layer its vertices in order */
	uint32_t *size;
	uint32_t nr_layers;
	uint32_t **links_of[2];	/* of each vertex its links to the layer above [0] and below [1] */
	uint32_t *nr_of[2];
	double *top, *height;	/* of each layer */
};

static bool is_loop(const struct layer_edge *e)
{
	return e->from == e->to;
}

static uint32_t upper(const struct layers *s, uint32_t e)
{
	return s->turned[e] ? s->g->edges[e].to : s->g->edges[e].from;
}

static uint32_t lower(const struct layers *s, uint32_t e)
{
	return s->turned[e] ? s->g->edges[e].from : s->g->edges[e].to;
}

/* For each node the edges whose upper end it is, as lists threaded through next. */
struct lists {
	uint32_t *head, *next;
};

static struct lists make_lists(const struct layers *s)
{
	struct lists l = {
		.head = xmalloc(s->g->nr_nodes * sizeof(*l.head)),
		.next = xmalloc(s->g->nr_edges * sizeof(*l.next)),
	};

	memset(l.head, 0xff, s->g->nr_nodes * sizeof(*l.head));
	for (uint32_t e = s->g->nr_edges; e-- > 0;) {
		if (is_loop(&s->g->edges[e]))
			continue;
		l.next[e] = l.head[upper(s, e)];
		l.head[upper(s, e)] = e;
	}
	return l;
}

static void free_lists(struct lists *l)
{
	free(l->head);
	free(l->next);
}

/* What a depth-first walk knows. */
struct walk {
	struct lists lists;
	uint32_t *at;		/* of each node its next edge to follow */
	uint32_t *path;
	enum { UNSEEN, ON_PATH, DONE } *state;
	uint32_t *done, nr_done;	/* nodes, each after all that it leads to */
};

/* Depth first from @root; edges that lead back to a node on the path are turned. */
static void walk_from(struct layers *s, struct walk *w, uint32_t root)
{
	uint32_t depth = 0;

	w->path[depth++] = root;
	w->state[root] = ON_PATH;
	while (depth) {
		uint32_t n = w->path[depth - 1], e = w->at[n], to;

		if (e == NONE) {
			w->state[n] = DONE;
			w->done[w->nr_done++] = n;
			depth--;
			continue;
		}
		w->at[n] = w->lists.next[e];
		to = lower(s, e);
		if (w->state[to] == ON_PATH) {
			s->turned[e] = !s->turned[e];
		} else if (w->state[to] == UNSEEN) {
			w->state[to] = ON_PATH;
			w->path[depth++] = to;
		}
	}
}

/* Turns as many edges as needed for there to be no cycle; returns the nodes, the lowest first. */
static uint32_t *find_order(struct layers *s)
{
	uint32_t nr = s->g->nr_nodes;
	struct walk w = {
		.lists = make_lists(s),
		.path = xcalloc(nr, sizeof(*w.path)),
		.state = xcalloc(nr, sizeof(*w.state)),
		.done = xcalloc(nr, sizeof(*w.done)),
	};
	bool *entered = xcalloc(nr, sizeof(*entered));

	w.at = xmemdup(w.lists.head, nr * sizeof(*w.at));
	for (uint32_t e = 0; e < s->g->nr_edges; e++)
		entered[lower(s, e)] |= !is_loop(&s->g->edges[e]);
	/*
	 * First from where the graph is entered, then from what is left: cycles that
	 * nothing enters.
	 */
	for (int rest = 0; rest < 2; rest++) {
		for (uint32_t n = 0; n < nr; n++) {
			if (w.state[n] == UNSEEN && (rest || !entered[n]))
				walk_from(s, &w, n);
		}
	}
	free_lists(&w.lists);
	free(w.at);
	free(w.path);
	free(w.state);
	free(entered);
	return w.done;
}

/* Longest paths: each node goes one layer below the lowest that leads to it. */
static void find_ranks(struct layers *s)
{
	uint32_t nr = s->g->nr_nodes, *order = find_order(s);
	struct lists l = make_lists(s);
	bool *entered = xcalloc(nr, sizeof(*entered));

	for (uint32_t i = nr; i-- > 0;) {
		for (uint32_t e = l.head[order[i]]; e != NONE; e = l.next[e]) {
			uint32_t down = lower(s, e);

			entered[down] = true;
			if (s->rank[down] <= s->rank[order[i]])
				s->rank[down] = s->rank[order[i]] + 1;
		}
	}
	/* What nothing leads to need not be at the top: it goes right above what it leads to. */
	for (uint32_t n = 0; n < nr; n++) {
		uint32_t nearest = NONE;

		for (uint32_t e = l.head[n]; !entered[n] && e != NONE; e = l.next[e]) {
			if (s->rank[lower(s, e)] < nearest)
				nearest = s->rank[lower(s, e)];
		}
		if (nearest != NONE)
			s->rank[n] = nearest - 1;
	}
	free(order);
	free(entered);
	free_lists(&l);
}

static uint32_t add_vertex(struct layers *s, uint32_t node, uint32_t layer)
{
	struct vertex *v;

	GROW(s->v, s->nr_v);
	v = &s->v[s->nr_v];
	*v = (struct vertex){ .node = node, .layer = layer };
	if (node != NONE) {
		v->w = s->g->nodes[node].w;
		v->h = s->g->nodes[node].h;
	}
	return s->nr_v++;
}

static void add_link(struct layers *s, uint32_t up, uint32_t down, double weight)
{
	bool lines = s->v[up].node == NONE && s->v[down].node == NONE;
	bool nodes = s->v[up].node != NONE && s->v[down].node != NONE;

	GROW(s->links, s->nr_links);
	s->links[s->nr_links++] = (struct link){
		.up = up, .down = down, .weight = weight * (lines ? 8 : nodes ? 1 : 2)
	};
}

/* A line that edges of one look to one node share: its vertices by layer, NONE where not needed. */
struct line {
	uint32_t to, look;
	bool turned;
	uint32_t *vertex;
	bool *linked;		/* to the vertex in the next layer */
};

struct lines {
	struct line *list;
	uint32_t nr;
};

static struct line *find_line(struct layers *s, struct lines *lines, uint32_t e)
{
	const struct layer_edge *edge = &s->g->edges[e];
	struct line *line;

	for (uint32_t i = 0; i < lines->nr; i++) {
		line = &lines->list[i];
		if (line->to == edge->to && line->look == edge->look &&
		    line->turned == s->turned[e])
			return line;
	}
	GROW(lines->list, lines->nr);
	line = &lines->list[lines->nr++];
	*line = (struct line){ .to = edge->to, .look = edge->look, .turned = s->turned[e] };
	line->vertex = xmalloc(s->nr_layers * sizeof(*line->vertex));
	memset(line->vertex, 0xff, s->nr_layers * sizeof(*line->vertex));
	line->linked = xcalloc(s->nr_layers, sizeof(*line->linked));
	return line;
}

/* Node n is vertex n. Splits edge @e into links, along the line that it shares. */
static void split_edge(struct layers *s, struct lines *lines, uint32_t e)
{
	const struct layer_edge *edge = &s->g->edges[e];
	uint32_t up = upper(s, e), down = lower(s, e), last = up, nr = 0;
	struct line *line = find_line(s, lines, e);

	s->chain[e] = xcalloc(s->rank[down] - s->rank[up] + 1, sizeof(**s->chain));
	s->chain[e][nr++] = up;
	for (uint32_t r = s->rank[up] + 1; r <= s->rank[down]; r++) {
		uint32_t v = down;
		bool end = r == s->rank[down], shared;

		if (!end && line->vertex[r] == NONE)
			line->vertex[r] = add_vertex(s, NONE, r);
		if (!end)
			v = line->vertex[r];
		/* Only a piece between two places on the line, or on it and its node, is common. */
		shared = (last >= s->g->nr_nodes || last == edge->to) && (!end || v == edge->to);
		if (!shared || !line->linked[r])
			add_link(s, last, v, edge->weight);
		if (shared)
			line->linked[r] = true;
		s->chain[e][nr++] = last = v;
	}
}

static void split_edges(struct layers *s)
{
	struct lines lines = { 0 };

	for (uint32_t e = 0; e < s->g->nr_edges; e++) {
		if (!is_loop(&s->g->edges[e]))
			split_edge(s, &lines, e);
	}
	for (uint32_t i = 0; i < lines.nr; i++) {
		free(lines.list[i].vertex);
		free(lines.list[i].linked);
	}
	free(lines.list);
}

/* Sets up links_of: side 0 holds the links whose lower end a vertex is, side 1 the upper. */
static void index_links(struct layers *s)
{
	for (int side = 0; side < 2; side++) {
		s->links_of[side] = xcalloc(s->nr_v, sizeof(*s->links_of[side]));
		s->nr_of[side] = xcalloc(s->nr_v, sizeof(*s->nr_of[side]));
	}
	for (uint32_t i = 0; i < s->nr_links; i++) {
		uint32_t ends[2] = { s->links[i].down, s->links[i].up };

		for (int side = 0; side < 2; side++) {
			uint32_t v = ends[side];

			GROW(s->links_of[side][v], s->nr_of[side][v]);
			s->links_of[side][v][s->nr_of[side][v]++] = i;
		}
	}
}

static uint32_t other_end(const struct layers *s, uint32_t link, int side)
{
	return side ? s->links[link].down : s->links[link].up;
}

static void append(struct layers *s, uint32_t v)
{
	uint32_t r = s->v[v].layer;

	GROW(s->layer[r], s->size[r]);
	s->v[v].pos = s->size[r];
	s->layer[r][s->size[r]++] = v;
}

/* Depth first from @root downwards, so that what belongs together starts side by side. */
static void fill_from(struct layers *s, uint32_t root, bool *seen, uint32_t *stack)
{
	uint32_t depth = 0;

	stack[depth++] = root;
	seen[root] = true;
	while (depth) {
		uint32_t v = stack[--depth];

		append(s, v);
		for (uint32_t i = s->nr_of[1][v]; i-- > 0;) {
			uint32_t to = other_end(s, s->links_of[1][v][i], 1);

			if (!seen[to]) {
				seen[to] = true;
				stack[depth++] = to;
			}
		}
	}
}

static void fill_layers(struct layers *s)
{
	bool *seen = xcalloc(s->nr_v, sizeof(*seen));
	uint32_t *stack = xcalloc(s->nr_v, sizeof(*stack));

	s->layer = xcalloc(s->nr_layers, sizeof(*s->layer));
	s->size = xcalloc(s->nr_layers, sizeof(*s->size));
	for (uint32_t v = 0; v < s->nr_v; v++) {
		if (!s->nr_of[0][v])
			fill_from(s, v, seen, stack);
	}
	free(seen);
	free(stack);
}

static int compare_key(const void *a, const void *b, void *v)
{
	const struct vertex *p = (struct vertex *)v + *(const uint32_t *)a;
	const struct vertex *q = (struct vertex *)v + *(const uint32_t *)b;

	return p->key != q->key ? (p->key > q->key) - (p->key < q->key) :
				  (p->pos > q->pos) - (p->pos < q->pos);
}

/* Sorts a layer by the mean place of its vertices' neighbours on one side. */
static void sort_layer(struct layers *s, uint32_t r, int side)
{
	for (uint32_t i = 0; i < s->size[r]; i++) {
		struct vertex *v = &s->v[s->layer[r][i]];
		uint32_t nr = s->nr_of[side][s->layer[r][i]];
		double sum = 0;

		for (uint32_t k = 0; k < nr; k++)
			sum += s->v[other_end(s, s->links_of[side][s->layer[r][i]][k], side)].pos;
		v->key = nr ? sum / nr : v->pos;
	}
	qsort_r(s->layer[r], s->size[r], sizeof(**s->layer), compare_key, s->v);
	for (uint32_t i = 0; i < s->size[r]; i++)
		s->v[s->layer[r][i]].pos = i;
}

static int compare_pos(const void *a, const void *b)
{
	return (*(const uint32_t *)a > *(const uint32_t *)b) -
	       (*(const uint32_t *)a < *(const uint32_t *)b);
}

/* Crossings between a layer and the next: inversions, counted with a Fenwick tree. */
static uint64_t count_crossings(const struct layers *s, uint32_t r, uint32_t *tree, uint32_t *ends)
{
	uint32_t width = s->size[r + 1], seen = 0;
	uint64_t crossings = 0;

	memset(tree, 0, (width + 1) * sizeof(*tree));
	for (uint32_t i = 0; i < s->size[r]; i++) {
		uint32_t v = s->layer[r][i], nr = s->nr_of[1][v];

		for (uint32_t k = 0; k < nr; k++)
			ends[k] = s->v[other_end(s, s->links_of[1][v][k], 1)].pos;
		qsort(ends, nr, sizeof(*ends), compare_pos);
		for (uint32_t k = 0; k < nr; k++, seen++) {
			crossings += seen;
			for (uint32_t j = ends[k] + 1; j; j &= j - 1)
				crossings -= tree[j];
			for (uint32_t j = ends[k] + 1; j <= width; j += j & -j)
				tree[j]++;
		}
	}
	return crossings;
}

static uint64_t all_crossings(const struct layers *s, uint32_t *tree, uint32_t *ends)
{
	uint64_t n = 0;

	for (uint32_t r = 0; r + 1 < s->nr_layers; r++)
		n += count_crossings(s, r, tree, ends);
	return n;
}

static void save_order(const struct layers *s, uint32_t *best)
{
	for (uint32_t v = 0; v < s->nr_v; v++)
		best[v] = s->v[v].pos;
}

static void restore_order(struct layers *s, const uint32_t *best)
{
	for (uint32_t v = 0; v < s->nr_v; v++) {
		s->v[v].pos = best[v];
		s->layer[s->v[v].layer][best[v]] = v;
	}
}

/* Sorts the layers downwards and upwards in turn, and keeps the best order met. */
static void order_layers(struct layers *s)
{
	uint32_t *tree = xcalloc(s->nr_v + 1, sizeof(*tree)),
		 *ends = xcalloc(s->nr_links, sizeof(*ends));
	uint32_t *best = xcalloc(s->nr_v, sizeof(*best));
	uint64_t least = all_crossings(s, tree, ends);

	save_order(s, best);
	for (int sweep = 0; sweep < ORDER_SWEEPS && least; sweep++) {
		uint64_t n;

		for (uint32_t r = 1; r < s->nr_layers; r++) {
			if (sweep % 2)
				sort_layer(s, s->nr_layers - 1 - r, 1);
			else
				sort_layer(s, r, 0);
		}
		n = all_crossings(s, tree, ends);
		if (n < least) {
			least = n;
			save_order(s, best);
		}
	}
	restore_order(s, best);
	free(tree);
	free(ends);
	free(best);
}

static int compare_ends(const void *a, const void *b, void *arg)
{
	const struct layers *s = ((void **)arg)[0];
	int side = *(int *)((void **)arg)[1];
	uint32_t p = s->v[other_end(s, *(const uint32_t *)a, side)].pos;
	uint32_t q = s->v[other_end(s, *(const uint32_t *)b, side)].pos;

	return (p > q) - (p < q);
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

static void place_down(struct layers *s)
{
	double y = 0, sep = LAYER_SEP * s->g->gap;

	s->top = xcalloc(s->nr_layers, sizeof(*s->top));
	s->height = xcalloc(s->nr_layers, sizeof(*s->height));
	for (uint32_t v = 0; v < s->nr_v; v++)
		s->height[s->v[v].layer] = fmax(s->height[s->v[v].layer], s->v[v].h);
	for (uint32_t r = 0; r < s->nr_layers; r++) {
		s->top[r] = y;
		y += s->height[r] + sep;
	}
	s->g->h = s->nr_layers ? y - sep : 0;
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

static const struct link *link_between(const struct layers *s, uint32_t up, uint32_t down)
{
	uint32_t k = 0;

	while (s->links[s->links_of[1][up][k]].down != down)
		k++;
	return &s->links[s->links_of[1][up][k]];
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
	const uint32_t *chain = s->chain[e];
	const struct vertex *v = &s->v[chain[0]];
	uint32_t nr = s->rank[lower(s, e)] - s->rank[upper(s, e)];

	for (uint32_t i = 0; i < nr; i++) {
		const struct link *l = link_between(s, chain[i], chain[i + 1]);
		double x = v->x + l->up_port;

		if (!i)
			add_point(edge, x, s->top[v->layer] + v->h);
		curve_to(edge, x, s->top[v->layer] + s->height[v->layer]);
		v = &s->v[chain[i + 1]];
		curve_to(edge, v->x + l->down_port, s->top[v->layer]);
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

static void layers_free(struct layers *s)
{
	for (uint32_t v = 0; v < s->nr_v; v++) {
		free(s->links_of[0][v]);
		free(s->links_of[1][v]);
	}
	for (int side = 0; side < 2; side++) {
		free(s->links_of[side]);
		free(s->nr_of[side]);
	}
	for (uint32_t e = 0; e < s->g->nr_edges; e++)
		free(s->chain[e]);
	for (uint32_t r = 0; r < s->nr_layers; r++)
		free(s->layer[r]);
	free(s->v);
	free(s->links);
	free(s->rank);
	free(s->turned);
	free(s->chain);
	free(s->layer);
	free(s->size);
	free(s->top);
	free(s->height);
}

/* The vertices of the nodes, wider where a loop has to fit beside them. */
static void add_nodes(struct layers *s)
{
	for (uint32_t n = 0; n < s->g->nr_nodes; n++) {
		add_vertex(s, n, s->rank[n]);
		if (s->rank[n] >= s->nr_layers)
			s->nr_layers = s->rank[n] + 1;
	}
	for (uint32_t e = 0; e < s->g->nr_edges; e++) {
		struct vertex *v = &s->v[s->g->edges[e].from];

		if (is_loop(&s->g->edges[e]))
			v->w = s->g->nodes[v->node].w + 2 * LOOP_ROOM;
	}
}

void layer_layout(struct layer_graph *g)
{
	struct layers s = {
		.g = g,
		.rank = xcalloc(g->nr_nodes, sizeof(*s.rank)),
		.turned = xcalloc(g->nr_edges, sizeof(*s.turned)),
		.chain = xcalloc(g->nr_edges, sizeof(*s.chain)),
	};

	for (uint32_t e = 0; e < g->nr_edges; e++)
		s.turned[e] = g->edges[e].back && !is_loop(&g->edges[e]);
	find_ranks(&s);
	add_nodes(&s);
	split_edges(&s);
	index_links(&s);
	fill_layers(&s);
	order_layers(&s);
	place_down(&s);
	place_across(&s);
	settle(&s);
	for (uint32_t e = 0; e < g->nr_edges; e++) {
		if (is_loop(&g->edges[e]))
			route_loop(&s, &g->edges[e]);
		else
			route_edge(&s, e);
	}
	layers_free(&s);
}
