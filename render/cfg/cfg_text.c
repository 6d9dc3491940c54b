// SPDX-License-Identifier: BSD-2-Clause
/* A graph as text: the blocks in order, and the summary of all functions. */
#include <string.h>

#include "render/cfg/cfg_text.h"
#include "render/cfg/incoming.h"
#include "render/cfg/listing.h"
#include "shell/base/buf.h"

static bool wanted(uint32_t func, uint32_t f)
{
	return func == CFG_NONE || func == f;
}

#define SOURCES_MAX 6

/* Blocks within loops are indented by a bar for each. */
static void add_indent(struct buf *out, uint32_t depth)
{
	for (uint32_t i = 0; i < depth && i < 8; i++)
		buf_puts(out, "| ");
}

/* "      T -> b4": one line per way out, but for those of indirect jumps. */
static void add_targets(struct buf *out, const struct cfg *cfg, const struct cfg_block *block)
{
	for (uint32_t i = block->first_edge; i < block->first_edge + block->nr_edges; i++) {
		const struct cfg_edge *e = &cfg->edges[i];
		const char *label = cfg_edge_label(e->kind);
		uint32_t last = listing_run(cfg, i, NULL);

		add_indent(out, block->depth);
		buf_printf(out, "      %s%s-> ", label, *label ? " " : "");
		listing_targets(out, cfg, i, last);
		buf_puts(out, e->back ? "  (loop)\n" : "\n");
		i = last;
	}
}

/* "  <- b1, b2 T" and "  called from b7", where there is such a block. */
static void add_sources(struct buf *out, const struct cfg *cfg, const struct incoming *in,
			uint32_t b)
{
	if (in->edges.first[b] < in->edges.first[b + 1])
		buf_puts(out, "  <- ");
	incoming_text(out, cfg, in, b, SOURCES_MAX, NULL, NULL);
	if (in->calls.first[b] < in->calls.first[b + 1])
		buf_puts(out, "  called from ");
	incoming_calls_text(out, cfg, in, b, SOURCES_MAX);
}

static void add_block(struct buf *out, const struct cfg *cfg, const struct incoming *in, uint32_t b)
{
	const struct cfg_block *block = &cfg->blocks[b];
	struct listing l = listing_block(cfg, b, LISTING_ALL);

	buf_putc(out, '\n');
	add_indent(out, block->depth);
	listing_heading(out, cfg, b, false);
	add_sources(out, cfg, in, b);
	buf_putc(out, '\n');
	for (uint32_t i = 0; i < l.nr; i++) {
		add_indent(out, block->depth);
		if (l.lines[i].kind == LISTING_SOURCE)
			buf_puts(out, "      ");
		listing_text(out, cfg, &l.lines[i]);
		buf_putc(out, '\n');
	}
	add_targets(out, cfg, block);
	listing_free(&l);
}

static void add_func_head(struct buf *out, const struct cfg *cfg, uint32_t f)
{
	const struct code_func *code = &cfg->code->funcs[f];

	buf_printf(out, "\n%s%s%s:\n", code->proto ? code->proto : code->name,
		   code->callback ? "  callback" : "",
		   cfg->funcs[f].reachable ? "" : "  never called");
}

void cfg_text(struct buf *out, const struct cfg *cfg, uint32_t func)
{
	struct incoming in = incoming_find(cfg);

	listing_title(out, cfg);
	buf_putc(out, '\n');
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		const struct cfg_func *fn = &cfg->funcs[f];

		if (!wanted(func, f))
			continue;
		add_func_head(out, cfg, f);
		for (uint32_t b = fn->first_block; b < fn->first_block + fn->nr_blocks; b++)
			add_block(out, cfg, &in, b);
	}
	incoming_free(&in);
}

static const char *const summary_heads[] = {
	"insns", "blocks", "loops", "depth", "complexity", "stack", NULL
};

static void add_summary_line(struct buf *out, const struct cfg *cfg, uint32_t f, int width)
{
	const struct code_func *code = &cfg->code->funcs[f];
	const struct cfg_func *fn = &cfg->funcs[f];
	const uint32_t values[] = {
		fn->insns, fn->nr_blocks, fn->loops, fn->depth, fn->complexity, fn->stack
	};

	buf_printf(out, "%-*s", width, code->name);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		buf_printf(out, "  %*u", (int)strlen(summary_heads[i]), values[i]);
	if (fn->irreducible)
		buf_puts(out, "  irreducible loops");
	if (code->callback)
		buf_puts(out, "  callback");
	if (!fn->reachable)
		buf_puts(out, "  never called");
	buf_putc(out, '\n');
}

void cfg_summary(struct buf *out, const struct cfg *cfg, uint32_t func)
{
	int width = strlen("function");

	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		int len = strlen(cfg->code->funcs[f].name);

		if (wanted(func, f) && len > width)
			width = len;
	}
	buf_printf(out, "%-*s", width, "function");
	for (size_t i = 0; summary_heads[i]; i++)
		buf_printf(out, "  %s", summary_heads[i]);
	buf_putc(out, '\n');
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		if (wanted(func, f))
			add_summary_line(out, cfg, f, width);
	}
}
