/* SPDX-License-Identifier: BSD-2-Clause */
/* What the steps of a layered layout (layer.h) hand on: ranks and order first, then places. */
#ifndef BPFSH_RENDER_LAYER_WORK_H
#define BPFSH_RENDER_LAYER_WORK_H

#include "render/picture/layer.h"

#define NONE UINT32_MAX
#define LOOP_ROOM 18.0		/* beside a node with an edge to itself */

/* A node, or the place where a line passes through a layer. Node n is vertex n. */
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
	uint32_t **chain;	/* of each edge its links from top to bottom; NULL: a loop */
	uint32_t *length;	/* of each chain */
	uint32_t **layer;	/* of each layer its vertices in order */
	uint32_t *size;
	uint32_t nr_layers;
	uint32_t **links_of[2];	/* of each vertex its links to the layer above [0] and below [1] */
	uint32_t *nr_of[2];
	double *top, *height;	/* of each layer */
};

/* The vertex at the other end of a link: @side as for links_of. */
static inline uint32_t other_end(const struct layers *s, uint32_t link, int side)
{
	return side ? s->links[link].down : s->links[link].up;
}

/* Gives nodes and edges their places, from layers in order. */
void layer_place(struct layers *s);

#endif
