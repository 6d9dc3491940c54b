// SPDX-License-Identifier: BSD-2-Clause
/* Layered layout: what holds for any graph, on random ones; the seed is printed with a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "render/picture/layer.h"
#include "shell/base/buf.h"

static struct layer_graph make(uint32_t nodes, uint32_t edges)
{
	struct layer_graph g = {
		.nodes = xcalloc(nodes, sizeof(*g.nodes)), .nr_nodes = nodes,
		.edges = xcalloc(edges, sizeof(*g.edges)), .nr_edges = edges,
		.gap = 1,
	};

	for (uint32_t n = 0; n < nodes; n++)
		g.nodes[n] = (struct layer_node){ .w = 60 + n * 7 % 50, .h = 20 + n * 13 % 60 };
	for (uint32_t e = 0; e < edges; e++)
		g.edges[e].weight = 1;
	return g;
}

static void drop(struct layer_graph *g)
{
	for (uint32_t e = 0; e < g->nr_edges; e++)
		free(g->edges[e].curve);
	free(g->nodes);
	free(g->edges);
}

static void set_edge(struct layer_graph *g, uint32_t e, uint32_t from, uint32_t to, bool back)
{
	g->edges[e].from = from;
	g->edges[e].to = to;
	g->edges[e].back = back;
	g->edges[e].look = e % 3;
}

static bool apart(const struct layer_node *a, const struct layer_node *b)
{
	return a->x + a->w <= b->x || b->x + b->w <= a->x || a->y + a->h <= b->y ||
	       b->y + b->h <= a->y;
}

static bool on_border(struct point p, const struct layer_node *n)
{
	bool across = p.x >= n->x - 0.01 && p.x <= n->x + n->w + 0.01;
	bool down = p.y >= n->y - 0.01 && p.y <= n->y + n->h + 0.01;
	bool level = fabs(p.y - n->y) < 0.01 || fabs(p.y - n->y - n->h) < 0.01;

	return (across && level) || (down && fabs(p.x - n->x - n->w) < 0.01);
}

static void assert_sound(const struct layer_graph *g)
{
	for (uint32_t n = 0; n < g->nr_nodes; n++) {
		const struct layer_node *node = &g->nodes[n];

		assert_true(node->x > -0.01 && node->y > -0.01);
		assert_true(node->x + node->w <= g->w + 0.01 && node->y + node->h <= g->h + 0.01);
		for (uint32_t m = 0; m < n; m++)
			assert_true(apart(node, &g->nodes[m]));
	}
	for (uint32_t e = 0; e < g->nr_edges; e++) {
		const struct layer_edge *edge = &g->edges[e];

		assert_true(edge->nr_points >= 4 && edge->nr_points % 3 == 1);
		assert_true(on_border(edge->curve[0], &g->nodes[edge->from]));
		assert_true(on_border(edge->curve[edge->nr_points - 1], &g->nodes[edge->to]));
	}
}

static void test_random(void **state)
{
	for (unsigned seed = 1; seed <= 300; seed++) {
		uint32_t nodes = 1 + seed % 40;
		struct layer_graph g = make(nodes, seed % 60);
		unsigned random = seed;

		for (uint32_t e = 0; e < g.nr_edges; e++) {
			uint32_t from = rand_r(&random) % nodes, to = rand_r(&random) % nodes;

			set_edge(&g, e, from, to, rand_r(&random) % 5 == 0);
		}
		print_message("seed %u\r", seed);
		layer_layout(&g);
		assert_sound(&g);
		drop(&g);
	}
}

/* 0 -> 1, 2 -> 3 -> 1: below each other, and the loop's edge leads up. */
static void test_layers(void **state)
{
	struct layer_graph g = make(4, 5);

	set_edge(&g, 0, 0, 1, false);
	set_edge(&g, 1, 0, 2, false);
	set_edge(&g, 2, 1, 3, false);
	set_edge(&g, 3, 2, 3, false);
	set_edge(&g, 4, 3, 0, true);
	layer_layout(&g);
	assert_sound(&g);
	assert_true(g.nodes[1].y == g.nodes[2].y);
	assert_true(g.nodes[0].y < g.nodes[1].y && g.nodes[1].y < g.nodes[3].y);
	assert_true(g.edges[4].curve[0].y > g.edges[4].curve[g.edges[4].nr_points - 1].y);
	drop(&g);
}

/* Two edges to one node meet on their way, where they look the same, and only there. */
static void test_shared_line(void **state)
{
	for (uint32_t look = 0; look < 2; look++) {
		struct layer_graph g = make(5, 6);
		bool meet = false;

		for (uint32_t e = 0; e < 4; e++)
			set_edge(&g, e, e, e + 1, false);
		set_edge(&g, 4, 0, 4, false);
		set_edge(&g, 5, 1, 4, false);
		g.edges[4].look = 3;
		g.edges[5].look = 3 + look;
		layer_layout(&g);
		assert_sound(&g);
		for (uint32_t i = 0; i < g.edges[4].nr_points; i++) {
			for (uint32_t k = 0; k < g.edges[5].nr_points; k++)
				meet |= g.edges[4].curve[i].x == g.edges[5].curve[k].x &&
					g.edges[4].curve[i].y == g.edges[5].curve[k].y;
		}
		assert_int_equal(meet, !look);
		drop(&g);
	}
}

/* Edges both ways between two nodes, and two of the same way, lie side by side. */
static void test_parallel_edges(void **state)
{
	struct layer_graph g = make(2, 4);

	for (uint32_t e = 0; e < 4; e++)
		set_edge(&g, e, e == 3, e != 3, e == 3);
	layer_layout(&g);
	assert_sound(&g);
	for (uint32_t e = 1; e < 4; e++) {
		const struct layer_edge *a = &g.edges[e - 1], *b = &g.edges[e];
		struct point top = b->curve[e == 3 ? b->nr_points - 1 : 0];
		struct point bottom = b->curve[e == 3 ? 0 : b->nr_points - 1];

		assert_true(top.x > a->curve[0].x + 5);
		assert_true(bottom.x > a->curve[a->nr_points - 1].x + 5);
	}
	drop(&g);
}

/* A line along a chain of nodes of all widths has no bends but at its ends. */
static void test_long_line_is_straight(void **state)
{
	struct layer_graph g = make(12, 12);
	const struct layer_edge *e = &g.edges[11];
	uint32_t bends = 0;

	for (uint32_t i = 0; i < 11; i++)
		set_edge(&g, i, i, i + 1, false);
	set_edge(&g, 11, 0, 11, false);
	g.edges[11].look = 7;
	layer_layout(&g);
	assert_sound(&g);
	for (uint32_t i = 3; i < e->nr_points; i += 3)
		bends += fabs(e->curve[i].x - e->curve[i - 3].x) > 0.01;
	assert_true(bends <= 2);
	drop(&g);
}

/* Where a line goes far aside, layers are further apart. */
static void test_room_for_long_shifts(void **state)
{
	struct layer_graph g = make(9, 8);
	double near;

	for (uint32_t e = 0; e < 8; e++)
		set_edge(&g, e, e ? 1 : 0, e + 1, false);
	layer_layout(&g);
	assert_sound(&g);
	near = g.nodes[1].y - g.nodes[0].y - g.nodes[0].h;
	assert_true(g.nodes[2].y - g.nodes[1].y - g.nodes[1].h > near + 5);
	drop(&g);
}

static void test_no_crossing(void **state)
{
	struct layer_graph g = make(6, 3);

	/* Roots 0, 1, 2 lead to 5, 4, 3: sorted, no line crosses another. */
	for (uint32_t e = 0; e < 3; e++)
		set_edge(&g, e, e, 5 - e, false);
	layer_layout(&g);
	for (uint32_t e = 0; e < 2; e++)
		assert_true((g.nodes[e].x < g.nodes[e + 1].x) ==
			    (g.nodes[5 - e].x < g.nodes[4 - e].x));
	drop(&g);
}

static void test_nothing(void **state)
{
	struct layer_graph g = { .gap = 1 };

	layer_layout(&g);
	assert_true(g.w == 0 && g.h == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_shared_line),
		cmocka_unit_test(test_parallel_edges),
		cmocka_unit_test(test_long_line_is_straight),
		cmocka_unit_test(test_room_for_long_shifts),
		cmocka_unit_test(test_no_crossing),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
