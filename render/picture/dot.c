// SPDX-License-Identifier: BSD-2-Clause
/* A graph in the DOT language, placed by layout.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/cfg/incoming.h"
#include "render/cfg/listing.h"
#include "render/cfg/marks.h"
#include "render/picture/card.h"
#include "render/picture/dot.h"
#include "render/picture/layout.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"

#define FONT "monospace"
#define TEXT_GREY "#6e7781"

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
	const char *word;	/* for the legend */
} edge_looks[] = {
	[EDGE_NEXT] = { "#57606a", "solid", 1.2, "next" },
	[EDGE_JUMP] = { "#0969da", "solid", 1.2, "jump" },
	[EDGE_TAKEN] = { "#1a7f37", "solid", 1.2, "T taken" },
	[EDGE_FALL] = { "#cf222e", "solid", 1.2, "F not taken" },
	[EDGE_GOTOX] = { "#9a6700", "solid", 1.2, "indirect jump" },
	[EDGE_MAY_GOTO] = { "#1a7f37", "dashed", 1.2, "budget spent (dashed)" },
	[EDGE_MAY_FALL] = { "#cf222e", "solid", 1.2, "goes on" },
	[EDGE_CALL] = { "#8c959f", "dotted", 1.2, "call (dotted)" },
	[EDGE_CALLBACK] = { "#8c959f", "dashed", 1.2, "callback (dashed)" },
	{ "#8250df", "dashed", 2, "loop (dashed)" },
};

static const struct block_look *block_look(const struct cfg_block *block)
{
	const struct block_look *look = block_looks;

	while (look->flags && !(block->flags & look->flags))
		look++;
	return look;
}

/* The heading's colour where the verifier was: by marks_heat(). */
static const char *const heat_colors[MARKS_HEAT] = {
	"#eaeef2", "#fff8c5", "#ffdf5d", "#ffb77c", "#fb8f44"
};

#define REFUSED "#ff0000"
#define REFUSED_BODY "#ffd7d5"

/* The look of block @b, marks included. */
static struct block_look marked_look(const struct cfg *cfg, uint32_t b)
{
	struct block_look look = *block_look(&cfg->blocks[b]);

	if (!cfg->marks)
		return look;
	look.head = heat_colors[marks_heat(cfg->marks, b)];
	if (cfg->marks->blocks[b]) {
		look.border = REFUSED;
		look.width = 3;
	}
	if (cfg->marks->fail == b)
		look.body = REFUSED_BODY;
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

/* The colour of a row's text, where it is not that of its block. */
static const char *row_color(const struct card_row *row)
{
	if (row->kind == CARD_TO)
		return edge_look(row->edge)->color;
	return row->kind == CARD_INSN || row->kind == CARD_HEAD ? NULL : TEXT_GREY;
}

/* Opens the cell that begins with @row, @height points high; @last: the card's last. */
static void open_cell(struct buf *out, const struct cfg *cfg, const struct card_row *row,
		      const struct block_look *look, uint32_t height, bool last)
{
	buf_printf(out, "<tr><td align=\"left\" balign=\"left\" height=\"%u\"", height);
	if (row->kind == CARD_HEAD)
		buf_printf(out, " cellpadding=\"%d\" bgcolor=\"%s\"", HEAD_PAD / 2, look->head);
	else if (last)
		buf_puts(out, " valign=\"top\"");
	if (row->func != CFG_NONE) {
		const char *name = cfg->code->funcs[row->func].name;

		buf_printf(out, " href=\"#f%u\" title=\"", row->func);
		add_escaped(out, name, strlen(name));
		buf_putc(out, '"');
	} else if (row->block != CFG_NONE) {
		buf_printf(out, " href=\"#b%u\" title=\"b%u\"", row->block, row->block);
	}
}

/* A row of text, after a blank where its cell leaves no room beside it. */
static void add_row(struct buf *out, const struct card_row *row, bool blank)
{
	const char *color = row_color(row);
	bool italic = row->kind == CARD_SOURCE;
	size_t name = row->kind == CARD_HEAD ? strcspn(row->text, " ") : 0;

	if (name)
		buf_printf(out, "<b>%.*s</b>", (int)name, row->text);
	if (color)
		buf_printf(out, "<font color=\"%s\">%s", color, italic ? "<i>" : "");
	if (blank)
		buf_putc(out, ' ');
	add_escaped(out, row->text + name, strlen(row->text) - name);
	if (color)
		buf_printf(out, "%s</font>", italic ? "</i>" : "");
}

/* The row after the last of the cell that begins with row @i, which has @lines lines. */
static uint32_t cell_end(const struct card *card, uint32_t i, uint32_t *lines)
{
	*lines = 1;
	for (i++; i < card->nr && !card->rows[i].cell; i++)
		*lines += !card->rows[i].joined;
	return i;
}

/*
 * A block as an HTML-like table. Its cells say how large they are, since graphviz does not
 * share out what a table has more than its text takes; a heading is as wide as its card.
 */
static void add_card(struct buf *out, const struct cfg *cfg, const struct card *card,
		     const struct block_look *look)
{
	uint32_t rest = card_height(card) - 2 * look->width, lines;

	buf_printf(out,
		   "<<table border=\"%d\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"0\" "
		   "color=\"%s\" bgcolor=\"%s\"%s>",
		   look->width, look->border, look->body, look->dashed ? " style=\"dashed\"" : "");
	for (uint32_t i = 0, end; i < card->nr; i = end) {
		bool head = !i;
		uint32_t height;

		end = cell_end(card, i, &lines);
		height = end == card->nr ? rest : lines * TEXT_ROW + (head ? HEAD_PAD : 0);
		rest -= height;
		open_cell(out, cfg, &card->rows[i], look, height, end == card->nr);
		if (head)
			buf_printf(out, " width=\"%u\"", card_width(card) - 2 * look->width);
		buf_putc(out, '>');
		for (uint32_t k = i; k < end; k++) {
			if (k > i)
				buf_puts(out, card->rows[k].joined ? "  " : "<br/>");
			add_row(out, &card->rows[k], !head && !card->rows[k].joined);
		}
		buf_puts(out, "</td></tr>");
	}
	buf_puts(out, "</table>>");
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

/* What is being written, and where. */
struct dot {
	struct buf *out;
	const struct cfg *cfg;
	const struct dot_options *o;
	const struct layout *layout;	/* or NULL */
	const struct card *cards;
	struct buf title;
};

/* A point as graphviz counts: y grows upwards. */
static void add_point(struct dot *dot, double x, double y)
{
	buf_printf(dot->out, "%ld,%ld", lround(x), lround(dot->layout->h - y));
}

static void add_block(struct dot *dot, uint32_t b)
{
	const struct block_look look = marked_look(dot->cfg, b);
	const struct layout_box *box = dot->layout ? &dot->layout->blocks[b] : NULL;

	buf_printf(dot->out, "\t\tb%u [id=\"b%u\", fontcolor=\"%s\"", b, b, look.text);
	if (box) {
		buf_puts(dot->out, ", pos=\"");
		add_point(dot, box->x + box->w / 2, box->y + box->h / 2);
		buf_putc(dot->out, '"');
	}
	buf_puts(dot->out, ", label=");
	add_card(dot->out, dot->cfg, &dot->cards[b], &look);
	if (dot->o->tooltips)
		add_tooltip(dot->out, dot->cfg, b);
	buf_puts(dot->out, "];\n");
}

/* How far a curve first goes to the right of where it starts. */
static double first_turn(const struct layout_curve *c)
{
	uint32_t i = 3;

	while (i + 3 < c->nr && fabs(c->points[i].x - c->points[0].x) < 2)
		i += 3;
	return c->points[i].x - c->points[0].x;
}

#define ARROW 7.0	/* length of an arrow's head, in points */

/*
 * The curve of an edge, up to where the head of its arrow begins, and the place of its letter:
 * beside its start, on the side that it does not turn to.
 */
static void add_curve(struct dot *dot, const struct layout_curve *c)
{
	struct point tip = c->points[c->nr - 1], before = c->points[c->nr - 2];
	double dx = tip.x - before.x, dy = tip.y - before.y, length = hypot(dx, dy);
	double back = length ? fmin(ARROW / length, 1) : 0;
	double turn = first_turn(c);

	buf_puts(dot->out, ", pos=\"e,");
	add_point(dot, tip.x, tip.y);
	for (uint32_t i = 0; i + 1 < c->nr; i++) {
		buf_putc(dot->out, ' ');
		add_point(dot, c->points[i].x, c->points[i].y);
	}
	buf_putc(dot->out, ' ');
	add_point(dot, tip.x - dx * back, tip.y - dy * back);
	buf_puts(dot->out, "\", lp=\"");
	add_point(dot, c->points[0].x + (turn > 2 ? -6 : 6),
		  c->points[0].y + (c->points[1].y < c->points[0].y ? -7 : 7));
	buf_putc(dot->out, '"');
}

/*
 * One that leads back is written from its head to its tail with the arrow turned
 * round: the layers of the picture then follow the flow, and loops close upwards.
 */
static void add_edge(struct dot *dot, const struct cfg_edge *e, const struct layout_curve *c)
{
	const struct edge_look *look = edge_look(e);
	const char *label = e->kind == EDGE_CALL ? "" : cfg_edge_label(e->kind);
	bool refused = marks_edge(dot->cfg, e);

	if (e->back && e->from != e->to && !c)
		buf_printf(dot->out, "\tb%u -> b%u [dir=back, ", e->to, e->from);
	else
		buf_printf(dot->out, "\tb%u -> b%u [", e->from, e->to);
	buf_printf(dot->out, "color=\"%s\", style=\"%s\", penwidth=%g",
		   refused ? REFUSED : look->color, look->style, refused ? 3 : look->width);
	if (!c && (e->kind == EDGE_CALL || e->kind == EDGE_CALLBACK))
		buf_puts(dot->out, ", constraint=false");
	/* There is room for a letter; what words would say is in the legend. */
	if (label[0] && (!c || !label[1]))
		buf_printf(dot->out, ", label=\"%s%s\", fontcolor=\"%s\"", c ? "" : " ", label,
			   look->color);
	if (c)
		add_curve(dot, c);
	buf_puts(dot->out, "];\n");
}

/*
 * A frame with its label in the top left corner; where there is no layout, graphviz
 * finds the place.
 */
static void add_frame(struct dot *dot, const struct layout_box *box, struct buf *label,
		      const char *look)
{
	buf_printf(dot->out, "%s label=\"", look);
	add_escaped(dot->out, label->data, label->len);
	buf_puts(dot->out, "\";");
	if (box) {
		buf_puts(dot->out, " bb=\"");
		add_point(dot, box->x, box->y + box->h);
		buf_putc(dot->out, ',');
		add_point(dot, box->x + box->w, box->y);
		buf_puts(dot->out, "\"; lp=\"");
		add_point(dot, box->x + FRAME_PAD + label->len * LABEL_COLUMN / 2, box->y + 11);
		buf_puts(dot->out, "\";");
	}
	buf_putc(dot->out, '\n');
}

/* A part of a function, in a frame of its own unless it is the whole function. */
static void add_part(struct dot *dot, const struct layout_part *p)
{
	const struct cfg_block *last = &dot->cfg->blocks[p->first + p->nr - 1];
	bool framed = p->nr < dot->cfg->funcs[p->func].nr_blocks;
	struct buf label = BUF_INIT;

	if (framed) {
		buf_printf(&label, "b%u-b%u  %u-%u", p->first, p->first + p->nr - 1,
			   dot->cfg->blocks[p->first].start, last->end - 1);
		buf_printf(dot->out, "\tsubgraph cluster_%u_%u {\n\t\tid=\"p%u\"; ", p->func,
			   p->first, p->first);
		add_frame(dot, &p->box, &label,
			  "style=\"rounded\"; color=\"#d0d7de\"; fontcolor=\"#6e7781\";");
	}
	for (uint32_t b = p->first; b < p->first + p->nr; b++)
		add_block(dot, b);
	if (framed)
		buf_puts(dot->out, "\t}\n");
	buf_free(&label);
}

static void add_func(struct dot *dot, uint32_t f)
{
	const struct cfg_func *func = &dot->cfg->funcs[f];
	const struct layout *l = dot->layout;
	struct buf label = BUF_INIT;

	listing_func(&label, dot->cfg, f);
	buf_printf(dot->out, "\tsubgraph cluster_%u {\n\t\tid=\"f%u\"; ", f, f);
	add_frame(dot, l ? &l->funcs[f] : NULL, &label, "style=\"rounded\"; color=\"#8c959f\";");
	for (uint32_t i = 0; l && i < l->nr_parts; i++) {
		if (l->parts[i].func == f)
			add_part(dot, &l->parts[i]);
	}
	for (uint32_t b = func->first_block; !l && b < func->first_block + func->nr_blocks; b++)
		add_block(dot, b);
	buf_puts(dot->out, "\t}\n");
	buf_free(&label);
}

static bool draws_edge(const struct dot *dot, const struct cfg_edge *e)
{
	return dot_draws(dot->o, dot->cfg->blocks[e->from].func) &&
	       dot_draws(dot->o, dot->cfg->blocks[e->to].func);
}

static void add_edges(struct dot *dot)
{
	const struct cfg *cfg = dot->cfg;

	for (uint32_t i = 0; i < cfg->nr_edges; i++) {
		const struct layout_curve *c = dot->layout ? &dot->layout->edges[i] : NULL;

		if (draws_edge(dot, &cfg->edges[i]) && (!c || c->nr))
			add_edge(dot, &cfg->edges[i], c);
	}
	for (uint32_t i = 0; i < cfg->nr_calls; i++) {
		const struct layout_curve *c = dot->layout ? &dot->layout->calls[i] : NULL;

		if (draws_edge(dot, &cfg->calls[i]) && (!c || c->nr))
			add_edge(dot, &cfg->calls[i], c);
	}
}

static struct card *make_cards(const struct cfg *cfg, const struct dot_options *o,
			       const struct layout *l)
{
	struct card *cards = xcalloc(cfg->nr_blocks, sizeof(*cards));
	struct incoming in = incoming_find(cfg);
	struct card_options card = {
		.body = o->body, .columns = o->columns, .terse = o->terse,
		.cut = l ? l->cut : NULL, .calls_cut = l && l->calls_cut, .in = &in
	};

	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		if (dot_draws(o, cfg->blocks[b].func))
			cards[b] = card_make(cfg, b, &card);
	}
	incoming_free(&in);
	return cards;
}

static void free_cards(struct card *cards, uint32_t nr)
{
	for (uint32_t b = 0; b < nr; b++)
		card_free(&cards[b]);
	free(cards);
}

#define LABEL_PAD 8.0	/* what graphviz leaves free on either side of a graph's title */

/* A word of the legend, of which @columns characters are written. */
static void add_word(struct dot *dot, const char *word, const char *color, uint32_t *columns)
{
	buf_printf(&dot->title, "%s<font color=\"%s\">%s</font>", *columns ? "  " : "", color,
		   word);
	*columns += (*columns ? 2 : 0) + strlen(word);
}

/* Names the kinds of edges that there are, in their colours; returns how many characters. */
static uint32_t add_legend(struct dot *dot)
{
	bool used[ARRAY_SIZE(edge_looks)] = { false };
	const struct cfg *cfg = dot->cfg;
	uint32_t columns = 0;

	for (uint32_t i = 0; i < cfg->nr_edges; i++)
		used[edge_look(&cfg->edges[i]) - edge_looks] |= draws_edge(dot, &cfg->edges[i]);
	for (uint32_t i = 0; i < cfg->nr_calls && !(dot->layout && dot->layout->calls_cut); i++)
		used[cfg->calls[i].kind] |= draws_edge(dot, &cfg->calls[i]);
	for (size_t i = 0; i < ARRAY_SIZE(edge_looks); i++) {
		if (used[i])
			add_word(dot, edge_looks[i].word, edge_looks[i].color, &columns);
	}
	if (cfg->marks && cfg->marks->refused)
		add_word(dot, "refused path", REFUSED, &columns);
	return columns;
}

/* Writes the title and below it the legend; returns how wide they are. */
static double make_title(struct dot *dot)
{
	struct buf text = BUF_INIT;
	double title, legend;

	listing_title(&text, dot->cfg);
	title = text.len * LABEL_COLUMN;
	buf_putc(&dot->title, '<');
	add_escaped(&dot->title, text.data, text.len);
	buf_puts(&dot->title, "<br align=\"left\"/><font point-size=\"4\"> </font>"
		 "<br align=\"left\"/><font point-size=\"10\">");
	legend = add_legend(dot) * TEXT_COLUMN;
	buf_puts(&dot->title, " </font><br align=\"left\"/>>");
	buf_free(&text);
	return fmax(title, legend);
}

static void add_title(struct dot *dot, double width)
{
	buf_printf(dot->out, ", label=%s", buf_str(&dot->title));
	if (dot->layout) {
		buf_puts(dot->out, ", lp=\"");
		add_point(dot, PAGE_MARGIN + LABEL_PAD + width / 2, PAGE_MARGIN + 14);
		buf_putc(dot->out, '"');
	}
}

/*
 * Graphviz takes the page's size from what is on it: nodes in two corners, none
 * smaller than a point.
 */
static void add_corners(struct dot *dot)
{
	buf_printf(dot->out,
		   "\tnode [shape=none, style=invis, label=\"\", width=0.01, height=0.01];\n"
		   "\tcorner0 [pos=\"0.5,0.5\"];\n\tcorner1 [pos=\"%.1f,%.1f\"];\n",
		   dot->layout->w - 0.5, dot->layout->h - 0.5);
}

static void add_graph(struct dot *dot, double title)
{
	bool placed = dot->layout;

	buf_printf(dot->out,
		   "digraph cfg {\n\tgraph [bgcolor=\"white\", fontname=\"" FONT "\", fontsize=11, "
		   "labelloc=t, labeljust=l, %s",
		   placed ? "pad=0, outputorder=edgesfirst" :
			    "pad=0.2, nodesep=0.35, ranksep=0.4, splines=polyline");
	if (dot->o->dpi)
		buf_printf(dot->out, ", dpi=%d", dot->o->dpi);
	add_title(dot, title);
	buf_printf(dot->out,
		   "];\n\tnode [shape=plain, fontname=\"" FONT "\", fontsize=10];\n"
		   "\tedge [fontname=\"" FONT "\", fontsize=%d, arrowsize=0.7];\n",
		   placed ? 10 : 9);
}

static void add_all(struct dot *dot, double title)
{
	add_graph(dot, title);
	for (uint32_t f = 0; f < dot->cfg->nr_funcs; f++) {
		if (dot_draws(dot->o, f))
			add_func(dot, f);
	}
	add_edges(dot);
	if (dot->layout)
		add_corners(dot);
	buf_puts(dot->out, "}\n");
}

struct point dot_write(struct buf *out, const struct cfg *cfg, const struct dot_options *o)
{
	struct layout *l = o->placed ? layout_new(cfg, o->func) : NULL;
	struct dot dot = { .out = out, .cfg = cfg, .o = o, .layout = l };
	struct card *cards = make_cards(cfg, o, l);
	double title = make_title(&dot);
	struct point size = { 0 };

	if (l) {
		layout_place(l, cfg, cards, o->gap, title);
		size = (struct point){ l->w, l->h };
	}
	dot.cards = cards;
	if (out)
		add_all(&dot, title);
	free_cards(cards, cfg->nr_blocks);
	layout_free(l, cfg);
	buf_free(&dot.title);
	return size;
}
