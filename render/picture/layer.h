/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layered layout of one small graph, in the manner of Sugiyama: nodes in
 * layers that edges lead down through, sorted to cross little, then moved
 * sideways so that edges run straight. Edges to the same node share one line
 * on their way. Time grows linearly with the edges and the layers that they pass.
 *
 * The unit is whatever node sizes are given in; y grows downwards.
 */
#ifndef BPFSH_RENDER_LAYER_H
#define BPFSH_RENDER_LAYER_H

#include <stdbool.h>
#include <stdint.h>

struct point {
	double x, y;
};

struct layer_node {
	double w, h;		/* given */
	double x, y;		/* found: the top left corner */
};

struct layer_edge {
	uint32_t from, to;	/* given: nodes; both the same for a loop of one */
	uint32_t look;		/* given: only edges of one look share a line */
	bool back;		/* given: should lead up */
	double weight;		/* given: how much it should be straight, from 1 */
	struct point *curve;	/* found, owned by whoever owns the edge: cubic Bezier points, */
	uint32_t nr_points;	/* 3 n + 1 of them, from the border of from to that of to */
};

struct layer_graph {
	struct layer_node *nodes;
	uint32_t nr_nodes;
	struct layer_edge *edges;
	uint32_t nr_edges;
	double gap;		/* given: the distances between things, 1 as usual, less for less */
	double w, h;		/* found: everything is within 0..w, 0..h */
};

/* Fills in what is marked as found. Any graph will do: cycles, several components, none at all. */
void layer_layout(struct layer_graph *g);

#endif
