/* SPDX-License-Identifier: BSD-2-Clause */
/* The edges of a graph by where they lead: struct cfg has them by where they begin. */
#ifndef BPFSH_RENDER_INCOMING_H
#define BPFSH_RENDER_INCOMING_H

#include "render/cfg.h"

/* Those into block b: edge[first[b]] up to edge[first[b + 1] - 1], indices into cfg->edges. */
struct incoming {
	uint32_t *first, *edge;
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

#endif
