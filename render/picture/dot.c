// SPDX-License-Identifier: BSD-2-Clause
/* A graph in the DOT language, placed by layout.c. */
#include <math.h>
#include <string.h>

#include "render/cfg/listing.h"
#include "render/picture/card.h"
#include "render/picture/dot.h"
#include "render/picture/look.h"
#include "shell/base/buf.h"

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
		page_escaped(out, name, strlen(name));
		buf_putc(out, '"');
	} else if (row->block != CFG_NONE) {
		buf_printf(out, " href=\"#b%u\" title=\"b%u\"", row->block, row->block);
	}
}

/* A row of text, after a blank where its cell leaves no room beside it. */
static void add_row(struct buf *out, const struct card_row *row, bool blank)
{
	const char *color = look_row(row);
	bool italic = row->kind == CARD_SOURCE;
	size_t name = row->kind == CARD_HEAD ? strcspn(row->text, " ") : 0;

	if (name)
		buf_printf(out, "<b>%.*s</b>", (int)name, row->text);
	if (color)
		buf_printf(out, "<font color=\"%s\">%s", color, italic ? "<i>" : "");
	if (blank)
		buf_putc(out, ' ');
	page_escaped(out, row->text + name, strlen(row->text) - name);
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

/* What is being written, and where. */
struct dot {
	struct buf *out;
	const struct page *page;
	const struct cfg *cfg;
	const struct layout *layout;	/* or NULL */
};

/* A point as graphviz counts: y grows upwards. */
static void add_point(struct dot *dot, double x, double y)
{
	buf_printf(dot->out, "%ld,%ld", lround(x), lround(dot->layout->h - y));
}

static void add_block(struct dot *dot, uint32_t b)
{
	const struct block_look look = look_block(dot->cfg, b);
	const struct layout_box *box = dot->layout ? &dot->layout->blocks[b] : NULL;

	buf_printf(dot->out, "\t\tb%u [id=\"b%u\", fontcolor=\"%s\"", b, b, look.text);
	if (box) {
		buf_puts(dot->out, ", pos=\"");
		add_point(dot, box->x + box->w / 2, box->y + box->h / 2);
		buf_putc(dot->out, '"');
	}
	buf_puts(dot->out, ", label=");
	add_card(dot->out, dot->cfg, &dot->page->cards[b], &look);
	buf_puts(dot->out, "];\n");
}

/* The curve of an edge, up to where the head of its arrow begins, and the place of its letter. */
static void add_curve(struct dot *dot, const struct layout_curve *c)
{
	struct point tip = c->points[c->nr - 1], head = page_arrow(c), letter = page_letter_place(c);

	buf_puts(dot->out, ", pos=\"e,");
	add_point(dot, tip.x, tip.y);
	for (uint32_t i = 0; i + 1 < c->nr; i++) {
		buf_putc(dot->out, ' ');
		add_point(dot, c->points[i].x, c->points[i].y);
	}
	buf_putc(dot->out, ' ');
	add_point(dot, head.x, head.y);
	buf_puts(dot->out, "\", lp=\"");
	add_point(dot, letter.x, letter.y);
	buf_putc(dot->out, '"');
}

/*
 * One that leads back is written from its head to its tail with the arrow turned
 * round: the layers of the picture then follow the flow, and loops close upwards.
 */
static void add_edge(void *arg, const struct cfg_edge *e, const struct layout_curve *c)
{
	struct dot *dot = arg;
	const struct edge_look look = look_marked_edge(dot->cfg, e);
	const char *letter = page_letter(e, c);

	if (e->back && e->from != e->to && !c)
		buf_printf(dot->out, "\tb%u -> b%u [dir=back, ", e->to, e->from);
	else
		buf_printf(dot->out, "\tb%u -> b%u [", e->from, e->to);
	buf_printf(dot->out, "color=\"%s\", style=\"%s\", penwidth=%g", look.color, look.style,
		   look.width);
	if (!c && (e->kind == EDGE_CALL || e->kind == EDGE_CALLBACK))
		buf_puts(dot->out, ", constraint=false");
	if (letter[0])
		buf_printf(dot->out, ", label=\"%s%s\", fontcolor=\"%s\"", c ? "" : " ", letter,
			   look_edge(e)->color);
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
	page_escaped(dot->out, label->data, label->len);
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
	struct buf label = BUF_INIT;
	bool framed = page_part(dot->page, p, &label);

	if (framed) {
		buf_printf(dot->out, "\tsubgraph cluster_%u_%u {\n\t\tid=\"p%u\"; ", p->func,
			   p->first, p->first);
		add_frame(dot, &p->box, &label,
			  "style=\"rounded\"; color=\"" LOOK_PART "\"; fontcolor=\"" LOOK_GREY
			  "\";");
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
	add_frame(dot, l ? &l->funcs[f] : NULL, &label, "style=\"rounded\"; color=\"" LOOK_FUNC "\";");
	for (uint32_t i = 0; l && i < l->nr_parts; i++) {
		if (l->parts[i].func == f)
			add_part(dot, &l->parts[i]);
	}
	for (uint32_t b = func->first_block; !l && b < func->first_block + func->nr_blocks; b++)
		add_block(dot, b);
	buf_puts(dot->out, "\t}\n");
	buf_free(&label);
}

#define LABEL_PAD 8.0	/* what graphviz leaves free on either side of a graph's title */

static void add_legend(struct dot *dot)
{
	for (size_t i = 0; i <= LOOK_EDGES; i++) {
		const struct edge_look *look = &dot->page->legend.words[i];

		if (look->word)
			buf_printf(dot->out, "%s<font color=\"%s\">%s</font>",
				   page_legend_column(dot->page, i) ? "  " : "", look->color,
				   look->word);
	}
}

/* The title and below it the legend. */
static void add_title(struct dot *dot)
{
	buf_puts(dot->out, ", label=<");
	page_escaped(dot->out, dot->page->title.data, dot->page->title.len);
	buf_puts(dot->out, "<br align=\"left\"/><font point-size=\"4\"> </font>"
		 "<br align=\"left\"/><font point-size=\"10\">");
	add_legend(dot);
	buf_puts(dot->out, " </font><br align=\"left\"/>>");
	if (dot->layout) {
		buf_puts(dot->out, ", lp=\"");
		add_point(dot, PAGE_MARGIN + LABEL_PAD + dot->page->width / 2, PAGE_MARGIN + 14);
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

static void add_graph(struct dot *dot)
{
	bool placed = dot->layout;

	buf_printf(dot->out,
		   "digraph cfg {\n\tgraph [bgcolor=\"white\", fontname=\"" LOOK_FONT "\", fontsize=11, "
		   "labelloc=t, labeljust=l, %s",
		   placed ? "pad=0, outputorder=edgesfirst" :
			    "pad=0.2, nodesep=0.35, ranksep=0.4, splines=polyline");
	if (dot->page->o->dpi)
		buf_printf(dot->out, ", dpi=%d", dot->page->o->dpi);
	add_title(dot);
	buf_printf(dot->out,
		   "];\n\tnode [shape=plain, fontname=\"" LOOK_FONT "\", fontsize=10];\n"
		   "\tedge [fontname=\"" LOOK_FONT "\", fontsize=%d, arrowsize=0.7];\n",
		   placed ? 10 : 9);
}

void dot_write(struct buf *out, const struct cfg *cfg, const struct page_options *o)
{
	struct page page;
	struct dot dot = { .out = out, .page = &page, .cfg = cfg };

	page_open(&page, cfg, o);
	dot.layout = page.layout;
	add_graph(&dot);
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		if (page_has_func(&page, f))
			add_func(&dot, f);
	}
	page_edges(&page, add_edge, &dot);
	if (page.layout)
		add_corners(&dot);
	buf_puts(out, "}\n");
	page_close(&page);
}
