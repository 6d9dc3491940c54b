// SPDX-License-Identifier: BSD-2-Clause
/* The layers of a small graph, and the order in each; layer_place.c moves them sideways. */
#include <stdlib.h>
#include <string.h>

#include "render/picture/layer_work.h"
#include "shell/base/alloc.h"

#define ORDER_SWEEPS 10

static bool is_loop(const struct layers *s, uint32_t e)
{
	return s->g->edges[e].from == s->g->edges[e].to;
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
		if (is_loop(s, e))
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
		entered[lower(s, e)] |= !is_loop(s, e);
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

static uint32_t add_link(struct layers *s, uint32_t up, uint32_t down, double weight)
{
	bool lines = s->v[up].node == NONE && s->v[down].node == NONE;
	bool nodes = s->v[up].node != NONE && s->v[down].node != NONE;

	GROW(s->links, s->nr_links);
	s->links[s->nr_links] = (struct link){
		.up = up, .down = down, .weight = weight * (lines ? 8 : nodes ? 1 : 2)
	};
	return s->nr_links++;
}

/* A line that edges of one look to one node share: its vertices by layer, NONE where not needed. */
struct line {
	uint32_t to, look;
	bool turned;
	uint32_t *vertex;
	uint32_t *link;		/* to each vertex from that in the layer above */
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
	line->link = xmemdup(line->vertex, s->nr_layers * sizeof(*line->link));
	return line;
}

/* Splits edge @e into links, along the line that it shares. */
static void split_edge(struct layers *s, struct lines *lines, uint32_t e)
{
	const struct layer_edge *edge = &s->g->edges[e];
	uint32_t up = upper(s, e), down = lower(s, e), last = up;
	struct line *line = find_line(s, lines, e);

	s->chain[e] = xcalloc(s->rank[down] - s->rank[up], sizeof(**s->chain));
	for (uint32_t r = s->rank[up] + 1; r <= s->rank[down]; r++) {
		bool end = r == s->rank[down], shared;
		uint32_t v = down, link;

		if (!end && line->vertex[r] == NONE)
			line->vertex[r] = add_vertex(s, NONE, r);
		if (!end)
			v = line->vertex[r];
		/* Only a piece between two places on the line, or on it and its node, is common. */
		shared = (last >= s->g->nr_nodes || last == edge->to) && (!end || v == edge->to);
		link = shared ? line->link[r] : NONE;
		if (link == NONE)
			link = add_link(s, last, v, edge->weight);
		if (shared)
			line->link[r] = link;
		s->chain[e][s->length[e]++] = link;
		last = v;
	}
}

static void split_edges(struct layers *s)
{
	struct lines lines = { 0 };

	for (uint32_t e = 0; e < s->g->nr_edges; e++) {
		if (!is_loop(s, e))
			split_edge(s, &lines, e);
	}
	for (uint32_t i = 0; i < lines.nr; i++) {
		free(lines.list[i].vertex);
		free(lines.list[i].link);
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
	free(s->length);
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

		if (is_loop(s, e))
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
		.length = xcalloc(g->nr_edges, sizeof(*s.length)),
	};

	for (uint32_t e = 0; e < g->nr_edges; e++)
		s.turned[e] = g->edges[e].back && !is_loop(&s, e);
	find_ranks(&s);
	add_nodes(&s);
	split_edges(&s);
	index_links(&s);
	fill_layers(&s);
	order_layers(&s);
	layer_place(&s);
	layers_free(&s);
}
