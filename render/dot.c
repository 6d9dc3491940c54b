// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "render/dot.h"
#include "render/listing.h"

#define FONT "monospace"
#define TEXT_GREY "#6e7781"
#define LINE_MAX_COLUMNS 72

/* How a block looks: the first row that has one of its flags, else the last. */
static const struct block_look {
	unsigned flags;
	const char *head, *body, *border, *text;
	int width;
	bool dashed;
} block_looks[] = {
	{ BLOCK_UNREACHABLE, "#f6f8fa", "#ffffff", "#afb8c1", "#8c959f", 1, true },
	{ BLOCK_BAD_JUMP | BLOCK_FALLS_OFF, "#ff8182", "#fff8f7", "#a40e26", "#24292f", 2 },
	{ BLOCK_IRREDUCIBLE, "#fff1e5", "#f6f8fa", "#bc4c00", "#24292f", 2 },
	{ BLOCK_LOOP_HEADER, "#fbefff", "#f6f8fa", "#8250df", "#24292f", 2 },
	{ BLOCK_ENTRY, "#ddf4ff", "#f6f8fa", "#57606a", "#24292f", 1 },
	{ BLOCK_EXIT, "#ffebe9", "#f6f8fa", "#57606a", "#24292f", 1 },
	{ 0, "#eaeef2", "#f6f8fa", "#57606a", "#24292f", 1 },
};

/* How an edge looks; one that leads back looks like the last row, whatever its kind. */
static const struct edge_look {
	const char *color, *style;
	double width;
} edge_looks[] = {
	[EDGE_NEXT] = { "#57606a", "solid", 1.2 },
	[EDGE_JUMP] = { "#0969da", "solid", 1.2 },
	[EDGE_TAKEN] = { "#1a7f37", "solid", 1.2 },
	[EDGE_FALL] = { "#cf222e", "solid", 1.2 },
	[EDGE_GOTOX] = { "#9a6700", "solid", 1.2 },
	[EDGE_MAY_GOTO] = { "#1a7f37", "dashed", 1.2 },
	[EDGE_MAY_FALL] = { "#cf222e", "solid", 1.2 },
	[EDGE_CALL] = { "#8c959f", "dotted", 1.2 },
	[EDGE_CALLBACK] = { "#8c959f", "dashed", 1.2 },
	{ "#8250df", "dashed", 2 },
};

static const struct block_look *block_look(const struct cfg_block *block)
{
	const struct block_look *look = block_looks;

	while (look->flags && !(block->flags & look->flags))
		look++;
	return look;
}

static const struct edge_look *edge_look(const struct cfg_edge *e)
{
	return &edge_looks[e->back ? ARRAY_SIZE(edge_looks) - 1 : e->kind];
}

/* Appends text for an HTML-like label, or a quoted string: both know these entities. */
static void add_escaped(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (s[i]) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\\':
			buf_puts(out, "&#92;");
			break;
		default:
			buf_putc(out, s[i]);
		}
	}
}

/* Appends at most LINE_MAX_COLUMNS characters of UTF-8 @text, escaped. */
static void add_line_text(struct buf *out, const char *text, size_t len)
{
	size_t end = 0, keep = 0, columns = 0;

	for (; end < len; end++) {
		if (((unsigned char)text[end] & 0xc0) == 0x80)
			continue;
		if (columns == LINE_MAX_COLUMNS - 3)
			keep = end;
		if (columns++ == LINE_MAX_COLUMNS)
			break;
	}
	add_escaped(out, text, end < len ? keep : len);
	if (end < len)
		buf_puts(out, "...");
}

static int compare_call(const void *key, const void *elem)
{
	const uint32_t *insn = key;
	const struct cfg_edge *call = elem;

	return (*insn > call->insn) - (*insn < call->insn);
}

/* The function that @insn calls or takes the address of, or CFG_NONE if that is not drawn. */
static uint32_t callee(const struct cfg *cfg, const struct dot_options *o, uint32_t insn)
{
	const struct cfg_edge *call = bsearch(&insn, cfg->calls, cfg->nr_calls,
					      sizeof(*cfg->calls), compare_call);
	uint32_t f = call ? cfg->blocks[call->to].func : CFG_NONE;

	return f != CFG_NONE && dot_draws(o, f) ? f : CFG_NONE;
}

static void open_cell(struct buf *out, uint32_t link)
{
	buf_puts(out, "<tr><td align=\"left\" balign=\"left\"");
	if (link != CFG_NONE)
		buf_printf(out, " href=\"#f%u\"", link);
	buf_putc(out, '>');
}

static void add_body(struct buf *out, const struct cfg *cfg, uint32_t b, const struct dot_options *o)
{
	struct listing l = listing_block(cfg, b, o->body);
	struct buf text = BUF_INIT;
	uint32_t link = CFG_NONE;

	for (uint32_t i = 0; i < l.nr; i++) {
		const struct listing_line *line = &l.lines[i];
		uint32_t to = line->kind == LISTING_INSN ? callee(cfg, o, line->insn) : CFG_NONE;
		bool grey = line->kind != LISTING_INSN;

		if (i && (to != CFG_NONE || link != CFG_NONE))
			buf_puts(out, "</td></tr>");
		if (!i || to != CFG_NONE || link != CFG_NONE)
			open_cell(out, to);
		else
			buf_puts(out, "<br/>");
		link = to;
		buf_reset(&text);
		listing_text(&text, cfg, line);
		if (grey)
			buf_puts(out, "<font color=\"" TEXT_GREY "\"><i>");
		add_line_text(out, text.data, text.len);
		if (grey)
			buf_puts(out, "</i></font>");
	}
	if (l.nr)
		buf_puts(out, "</td></tr>");
	buf_free(&text);
	listing_free(&l);
}

static void add_tooltip(struct buf *out, const struct cfg *cfg, uint32_t b)
{
	struct listing l = listing_block(cfg, b, LISTING_ALL);
	struct buf text = BUF_INIT;

	buf_puts(out, ", tooltip=\"");
	for (uint32_t i = 0; i < l.nr; i++) {
		buf_reset(&text);
		listing_text(&text, cfg, &l.lines[i]);
		add_escaped(out, text.data, text.len);
		buf_puts(out, "\\n");
	}
	buf_putc(out, '"');
	buf_free(&text);
	listing_free(&l);
}

static void add_block(struct buf *out, const struct cfg *cfg, uint32_t b,
		      const struct dot_options *o)
{
	const struct block_look *look = block_look(&cfg->blocks[b]);
	struct buf head = BUF_INIT;

	listing_heading(&head, cfg, b);
	buf_printf(out, "\t\tb%u [id=\"b%u\", fontcolor=\"%s\", label=<<table border=\"%d\" "
		   "cellborder=\"0\" cellspacing=\"0\" cellpadding=\"2\" color=\"%s\" bgcolor=\"%s\"%s>"
		   "<tr><td bgcolor=\"%s\" align=\"left\">",
		   b, b, look->text, look->width, look->border, look->body,
		   look->dashed ? " style=\"dashed\"" : "", look->head);
	add_escaped(out, head.data, head.len);
	buf_puts(out, "</td></tr>");
	add_body(out, cfg, b, o);
	buf_puts(out, "</table>>");
	if (o->tooltips)
		add_tooltip(out, cfg, b);
	buf_puts(out, "];\n");
	buf_free(&head);
}

/*
 * One that leads back is drawn from its head to its tail with the arrow turned
 * round: the layers of the picture then follow the flow, and loops close upwards.
 */
static void add_edge(struct buf *out, const struct cfg_edge *e)
{
	const struct edge_look *look = edge_look(e);
	const char *label = edge_label(e->kind);

	if (e->back && e->from != e->to)
		buf_printf(out, "\tb%u -> b%u [dir=back, ", e->to, e->from);
	else
		buf_printf(out, "\tb%u -> b%u [", e->from, e->to);
	buf_printf(out, "color=\"%s\", style=\"%s\", penwidth=%g", look->color, look->style, look->width);
	if (e->kind == EDGE_CALL || e->kind == EDGE_CALLBACK)
		buf_puts(out, ", constraint=false");
	if (label[0])
		buf_printf(out, ", label=\" %s\", fontcolor=\"%s\"", label, look->color);
	buf_puts(out, "];\n");
}

static void add_func(struct buf *out, const struct cfg *cfg, uint32_t f, const struct dot_options *o)
{
	const struct code_func *code = &cfg->code->funcs[f];
	const struct cfg_func *func = &cfg->funcs[f];

	buf_printf(out, "\tsubgraph cluster_%u {\n\t\tid=\"f%u\"; style=\"rounded\"; color=\"#8c959f\"; "
		   "labeljust=l; label=\"", f, f);
	add_escaped(out, code->name, strlen(code->name));
	buf_printf(out, "  (%u insn%s%s%s)\";\n", func->insns, func->insns == 1 ? "" : "s",
		   code->callback ? ", callback" : "", func->reachable ? "" : ", never called");
	for (uint32_t b = func->first_block; b < func->first_block + func->nr_blocks; b++)
		add_block(out, cfg, b, o);
	buf_puts(out, "\t}\n");
}

static void add_edges(struct buf *out, const struct cfg *cfg, const struct cfg_edge *edges,
		      uint32_t nr, const struct dot_options *o)
{
	for (uint32_t i = 0; i < nr; i++) {
		const struct cfg_edge *e = &edges[i];

		if (dot_draws(o, cfg->blocks[e->from].func) && dot_draws(o, cfg->blocks[e->to].func))
			add_edge(out, e);
	}
}

void dot_write(struct buf *out, const struct cfg *cfg, const struct dot_options *o)
{
	struct buf title = BUF_INIT;

	listing_title(&title, cfg);
	buf_puts(out, "digraph cfg {\n\tgraph [bgcolor=\"white\", fontname=\"" FONT "\", fontsize=11, "
		 "labelloc=t, labeljust=l, nodesep=0.35, ranksep=0.4, pad=0.2, splines=polyline, label=\"");
	add_escaped(out, title.data, title.len);
	buf_puts(out, "\"];\n\tnode [shape=plain, fontname=\"" FONT "\", fontsize=10];\n"
		 "\tedge [fontname=\"" FONT "\", fontsize=9, arrowsize=0.7];\n");
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		if (dot_draws(o, f))
			add_func(out, cfg, f, o);
	}
	add_edges(out, cfg, cfg->edges, cfg->nr_edges, o);
	add_edges(out, cfg, cfg->calls, cfg->nr_calls, o);
	buf_puts(out, "}\n");
	buf_free(&title);
}
