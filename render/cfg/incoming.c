// SPDX-License-Identifier: BSD-2-Clause
/* Edges and calls sorted by where they lead. */
#include <stdlib.h>

#include "render/cfg/incoming.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"

static struct incoming_list sort_by_target(const struct cfg_edge *edges, uint32_t nr,
					   uint32_t nr_blocks)
{
	struct incoming_list l = {
		.first = xcalloc(nr_blocks + 2, sizeof(*l.first)),
		.index = xcalloc(nr, sizeof(*l.index)),
	};

	/*
	 * Counted two places further on, so that placing the edges moves each count
	 * where it belongs.
	 */
	for (uint32_t e = 0; e < nr; e++)
		l.first[edges[e].to + 2]++;
	for (uint32_t b = 2; b < nr_blocks + 2; b++)
		l.first[b] += l.first[b - 1];
	for (uint32_t e = 0; e < nr; e++)
		l.index[l.first[edges[e].to + 1]++] = e;
	return l;
}

struct incoming incoming_find(const struct cfg *cfg)
{
	return (struct incoming){
		.edges = sort_by_target(cfg->edges, cfg->nr_edges, cfg->nr_blocks),
		.calls = sort_by_target(cfg->calls, cfg->nr_calls, cfg->nr_blocks),
	};
}

void incoming_free(struct incoming *in)
{
	free(in->edges.first);
	free(in->edges.index);
	free(in->calls.first);
	free(in->calls.index);
	*in = (struct incoming){ 0 };
}

void incoming_text(struct buf *out, const struct cfg *cfg, const struct incoming *in, uint32_t b,
		   uint32_t max, bool (*wanted)(const struct cfg_edge *e, const void *user),
		   const void *user)
{
	const struct incoming_list *l = &in->edges;
	uint32_t nr = 0;

	for (uint32_t i = l->first[b]; i < l->first[b + 1]; i++) {
		const struct cfg_edge *e = &cfg->edges[l->index[i]];
		const char *label = cfg_edge_label(e->kind);

		if ((wanted && !wanted(e, user)) || nr++ >= max)
			continue;
		buf_printf(out, "%sb%u%s%s", nr > 1 ? ", " : "", e->from, *label ? " " : "", label);
	}
	if (nr > max)
		buf_printf(out, " +%u", nr - max);
}

void incoming_calls_text(struct buf *out, const struct cfg *cfg, const struct incoming *in,
			 uint32_t b, uint32_t max)
{
	const struct incoming_list *l = &in->calls;
	uint32_t nr = 0, last = CFG_NONE;

	for (uint32_t i = l->first[b]; i < l->first[b + 1]; i++) {
		uint32_t from = cfg->calls[l->index[i]].from;

		/* Calls are in the order of instructions: those of one block are neighbours. */
		if (from != last && nr++ < max)
			buf_printf(out, "%sb%u", nr > 1 ? ", " : "", from);
		last = from;
	}
	if (nr > max)
		buf_printf(out, " +%u", nr - max);
}
