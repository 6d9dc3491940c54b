/* SPDX-License-Identifier: BSD-2-Clause */
/* The edges and calls of a graph by where they lead: struct cfg has them by where they begin. */
#ifndef BPFSH_RENDER_INCOMING_H
#define BPFSH_RENDER_INCOMING_H

#include "render/cfg/cfg.h"

/* Those into block b: index[first[b]] up to index[first[b + 1] - 1]. */
struct incoming_list {
	uint32_t *first, *index;
};

struct incoming {
	struct incoming_list edges;	/* indices into cfg->edges */
	struct incoming_list calls;	/* indices into cfg->calls */
};

struct incoming incoming_find(const struct cfg *cfg);
void incoming_free(struct incoming *in);

/*
 * Appends "b3 T, b7 +12": where block @b is come to from by those
 * edges that @wanted lets pass, no more than @max of them by name.
 */
void incoming_text(struct buf *out, const struct cfg *cfg, const struct incoming *in, uint32_t b,
		   uint32_t max, bool (*wanted)(const struct cfg_edge *e, const void *user),
		   const void *user);

/* Appends "b3, b7 +12": the blocks that call the function whose entry @b is, or name it. */
void incoming_calls_text(struct buf *out, const struct cfg *cfg, const struct incoming *in,
			 uint32_t b, uint32_t max);

#endif
