// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "render/incoming.h"

struct incoming incoming_find(const struct cfg *cfg)
{
	struct incoming in = {
		.first = xcalloc(cfg->nr_blocks + 2, sizeof(*in.first)),
		.edge = xcalloc(cfg->nr_edges, sizeof(*in.edge)),
	};

	/*
	 * Counted two places further on, so that placing the edges moves each count
	 * where it belongs.
	 */
	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		in.first[cfg->edges[e].to + 2]++;
	for (uint32_t b = 2; b < cfg->nr_blocks + 2; b++)
		in.first[b] += in.first[b - 1];
	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		in.edge[in.first[cfg->edges[e].to + 1]++] = e;
	return in;
}

void incoming_free(struct incoming *in)
{
	free(in->first);
	free(in->edge);
	*in = (struct incoming){ 0 };
}

void incoming_text(struct buf *out, const struct cfg *cfg, const struct incoming *in, uint32_t b,
		   uint32_t max, bool (*wanted)(const struct cfg_edge *e, const void *user),
		   const void *user)
{
	uint32_t nr = 0;

	for (uint32_t i = in->first[b]; i < in->first[b + 1]; i++) {
		const struct cfg_edge *e = &cfg->edges[in->edge[i]];
		const char *label = edge_label(e->kind);

		if ((wanted && !wanted(e, user)) || nr++ >= max)
			continue;
		buf_printf(out, "%sb%u%s%s", nr > 1 ? ", " : "", e->from, *label ? " " : "", label);
	}
	if (nr > max)
		buf_printf(out, " +%u", nr - max);
}
