// SPDX-License-Identifier: BSD-2-Clause
/*
 * Programs have up to a million instructions and may be made to hurt, so
 * nothing here is quadratic: dominators are found by Lengauer and Tarjan's
 * algorithm with path compression, natural loops by collapsing them from the
 * inside out (Tarjan). No function calls itself.
 *
 * Reachable blocks are numbered in the order in which a depth-first search
 * meets them, all functions in one count; most arrays are indexed by that.
 */
#include <stdlib.h>

#include "render/cfg/cfg_flow.h"
#include "shell/base/alloc.h"

struct flow {
	struct cfg *cfg;
	uint32_t nr;			/* reachable blocks */
	uint32_t *block;		/* number -> block */
	uint32_t *number;		/* block -> number, CFG_NONE where unreachable */
	uint32_t *parent;		/* in the search's tree; of a root: itself */
	uint32_t *size;			/* of the subtree */
	uint32_t *first_pred, *pred;	/* numbers of predecessors: pred[first_pred[n]..first_pred[n+1]] */
	uint32_t *semi, *label, *ancestor, *idom, *bucket, *next, *stack;
	uint32_t *around;		/* header of the loop around, that of a header's own left aside */
};

static uint32_t *alloc(uint32_t nr, uint32_t value)
{
	uint32_t *a = xcalloc((size_t)nr + 1, sizeof(*a));

	for (uint32_t i = 0; i <= nr; i++)
		a[i] = value;
	return a;
}

static void visit(struct flow *f, uint32_t block, uint32_t parent)
{
	f->number[block] = f->nr;
	f->block[f->nr] = block;
	f->parent[f->nr] = parent == CFG_NONE ? f->nr : parent;
	f->nr++;
}

/* Depth-first from @entry; f->next counts the edges already followed. */
static void search(struct flow *f, uint32_t entry)
{
	uint32_t depth = 0;

	visit(f, entry, CFG_NONE);
	f->stack[depth++] = entry;
	while (depth) {
		uint32_t from = f->stack[depth - 1], to;
		const struct cfg_block *block = &f->cfg->blocks[from];

		if (f->next[from] == block->nr_edges) {
			depth--;
			continue;
		}
		to = f->cfg->edges[block->first_edge + f->next[from]++].to;
		if (f->number[to] != CFG_NONE)
			continue;
		visit(f, to, f->number[from]);
		f->stack[depth++] = to;
	}
}

static void search_all(struct flow *f)
{
	struct cfg *cfg = f->cfg;

	for (uint32_t i = 0; i < cfg->nr_funcs; i++)
		if (cfg->funcs[i].nr_blocks)
			search(f, cfg->funcs[i].first_block);
	for (uint32_t b = 0; b < cfg->nr_blocks; b++)
		if (f->number[b] == CFG_NONE)
			cfg->blocks[b].flags |= BLOCK_UNREACHABLE;
	for (uint32_t n = f->nr; n-- > 0;)
		if (f->parent[n] != n)
			f->size[f->parent[n]] += f->size[n];
}

/* Sorts the edges between reachable blocks by where they lead. */
static void find_preds(struct flow *f)
{
	const struct cfg *cfg = f->cfg;

	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		if (f->number[cfg->edges[e].from] != CFG_NONE)
			f->first_pred[f->number[cfg->edges[e].to]]++;
	for (uint32_t n = 1; n <= f->nr; n++)
		f->first_pred[n] += f->first_pred[n - 1];
	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		if (f->number[cfg->edges[e].from] != CFG_NONE)
			f->pred[--f->first_pred[f->number[cfg->edges[e].to]]] =
				f->number[cfg->edges[e].from];
}

/* The node of smallest semidominator on @v's path in the forest, which becomes shorter. */
static uint32_t eval(struct flow *f, uint32_t v)
{
	uint32_t depth = 0, at = v;

	if (f->ancestor[v] == CFG_NONE)
		return v;
	for (; f->ancestor[f->ancestor[at]] != CFG_NONE; at = f->ancestor[at])
		f->stack[depth++] = at;
	while (depth) {
		uint32_t w = f->stack[--depth], above = f->ancestor[w];

		if (f->semi[f->label[above]] < f->semi[f->label[w]])
			f->label[w] = f->label[above];
		f->ancestor[w] = f->ancestor[above];
	}
	return f->label[v];
}

/* The nodes whose semidominator is @p, once all of @p's child's subtree is linked. */
static void empty_bucket(struct flow *f, uint32_t p)
{
	for (uint32_t v = f->bucket[p]; v != CFG_NONE; v = f->next[v]) {
		uint32_t u = eval(f, v);

		f->idom[v] = f->semi[u] < f->semi[v] ? u : p;
	}
	f->bucket[p] = CFG_NONE;
}

static void find_dominators(struct flow *f)
{
	for (uint32_t n = 0; n < f->nr; n++)
		f->semi[n] = f->label[n] = n;
	for (uint32_t w = f->nr; w-- > 0;) {
		uint32_t p = f->parent[w];

		if (p == w)
			continue;
		for (uint32_t i = f->first_pred[w]; i < f->first_pred[w + 1]; i++) {
			uint32_t u = eval(f, f->pred[i]);

			if (f->semi[u] < f->semi[w])
				f->semi[w] = f->semi[u];
		}
		f->next[w] = f->bucket[f->semi[w]];
		f->bucket[f->semi[w]] = w;
		f->ancestor[w] = p;
		empty_bucket(f, p);
	}
	for (uint32_t w = 0; w < f->nr; w++)
		if (f->parent[w] != w && f->idom[w] != f->semi[w])
			f->idom[w] = f->idom[f->idom[w]];
}

/* Numbers the dominator tree so that each subtree is one range. */
static void store_dominators(struct flow *f)
{
	struct cfg_block *blocks = f->cfg->blocks;
	uint32_t next = 0;

	for (uint32_t n = f->nr; n-- > 0;) {
		struct cfg_block *b = &blocks[f->block[n]];

		b->dom_nr++;
		if (f->idom[n] == CFG_NONE)
			continue;
		b->idom = f->block[f->idom[n]];
		blocks[b->idom].dom_nr += b->dom_nr;
	}
	for (uint32_t n = 0; n < f->nr; n++) {
		struct cfg_block *b = &blocks[f->block[n]];
		uint32_t *first = f->idom[n] == CFG_NONE ? &next : &f->next[f->idom[n]];

		b->dom_first = *first;
		*first += b->dom_nr;
		f->next[n] = b->dom_first + 1;
	}
	for (uint32_t b = 0; b < f->cfg->nr_blocks; b++)
		if (blocks[b].flags & BLOCK_UNREACHABLE)
			blocks[b].dom_first = next++, blocks[b].dom_nr = 1;
}

/*
 * An edge to an ancestor in the search's tree closes a loop: a natural one if
 * it leads to a block that dominates where it comes from.
 */
static void mark_back_edges(struct flow *f)
{
	struct cfg *cfg = f->cfg;

	for (uint32_t e = 0; e < cfg->nr_edges; e++) {
		struct cfg_edge *edge = &cfg->edges[e];
		uint32_t from = f->number[edge->from], to = f->number[edge->to];

		if (from == CFG_NONE || from - to >= f->size[to])
			continue;
		edge->back = true;
		cfg->blocks[edge->to].flags |= cfg_dominates(cfg, edge->to, edge->from) ?
					       BLOCK_LOOP_HEADER : BLOCK_IRREDUCIBLE;
	}
}

/* The outermost collapsed loop around @n: its header, or @n; f->ancestor leads there. */
static uint32_t collapsed(struct flow *f, uint32_t n)
{
	uint32_t top = n;

	while (f->ancestor[top] != CFG_NONE)
		top = f->ancestor[top];
	while (f->ancestor[n] != CFG_NONE) {
		uint32_t up = f->ancestor[n];

		f->ancestor[n] = top;
		n = up;
	}
	return top;
}

/* Collapses the loop of @header: all that gets to its back edges without passing through it. */
static void collapse_loop(struct flow *f, uint32_t header)
{
	uint32_t todo = 0, at = header;

	for (;;) {
		for (uint32_t i = f->first_pred[at]; i < f->first_pred[at + 1]; i++) {
			uint32_t p = f->pred[i], top;

			if (!cfg_dominates(f->cfg, f->block[header], f->block[p]))
				continue;
			top = collapsed(f, p);
			if (top == header)
				continue;
			f->ancestor[top] = f->around[top] = header;
			f->stack[todo++] = top;
		}
		if (!todo)
			return;
		at = f->stack[--todo];
	}
}

static void find_loops(struct flow *f)
{
	struct cfg_block *blocks = f->cfg->blocks;

	for (uint32_t n = 0; n < f->nr; n++)
		f->ancestor[n] = CFG_NONE;
	for (uint32_t n = f->nr; n-- > 0;)
		if (blocks[f->block[n]].flags & BLOCK_LOOP_HEADER)
			collapse_loop(f, n);
	for (uint32_t n = 0; n < f->nr; n++) {
		struct cfg_block *b = &blocks[f->block[n]];
		uint32_t around = f->around[n] == CFG_NONE ? CFG_NONE : f->block[f->around[n]];

		b->loop = around;
		b->depth = around == CFG_NONE ? 0 : blocks[around].depth;
		if (!(b->flags & BLOCK_LOOP_HEADER))
			continue;
		b->outer = around;
		b->loop = f->block[n];
		b->depth++;
	}
}

void cfg_flow(struct cfg *cfg)
{
	uint32_t nr = cfg->nr_blocks;
	struct flow f = {
		.cfg = cfg,
		.block = alloc(nr, 0), .number = alloc(nr, CFG_NONE), .parent = alloc(nr, 0),
		.size = alloc(nr, 1), .first_pred = alloc(nr, 0), .pred = alloc(cfg->nr_edges, 0),
		.semi = alloc(nr, 0), .label = alloc(nr, 0), .ancestor = alloc(nr, CFG_NONE),
		.idom = alloc(nr, CFG_NONE), .bucket = alloc(nr, CFG_NONE), .next = alloc(nr, 0),
		.stack = alloc(nr, 0), .around = alloc(nr, CFG_NONE),
	};

	search_all(&f);
	find_preds(&f);
	find_dominators(&f);
	store_dominators(&f);
	mark_back_edges(&f);
	find_loops(&f);
	free(f.block);
	free(f.number);
	free(f.parent);
	free(f.size);
	free(f.first_pred);
	free(f.pred);
	free(f.semi);
	free(f.label);
	free(f.ancestor);
	free(f.idom);
	free(f.bucket);
	free(f.next);
	free(f.stack);
	free(f.around);
}
