// SPDX-License-Identifier: BSD-2-Clause
/* A page as SVG 1.1. */
#include <string.h>

#include "render/cfg/listing.h"
#include "render/picture/look.h"
#include "render/picture/svg.h"
#include "shell/base/buf.h"

#define TITLE_SIZE 11
#define TEXT_SIZE 10
#define ROUNDED 8.0		/* corners of frames */
#define ARROW_SIDE 3.0		/* half of what an arrow's head is wide */
#define ABOVE 8.5		/* between the top of a line and what its letters stand on */

struct svg {
	struct buf *out;
	const struct page *page;
	const struct cfg *cfg;
};

/* Text at a place, in the colour given unless it is NULL; blanks in it count. */
static void open_text(struct svg *svg, double x, double y, const char *color, const char *more)
{
	buf_printf(svg->out, "<text x=\"%.1f\" y=\"%.1f\"%s", x, y, more);
	if (color)
		buf_printf(svg->out, " fill=\"%s\"", color);
	buf_putc(svg->out, '>');
}

static void add_text(struct svg *svg, double x, double y, const char *color, const char *more,
		     const char *text, size_t len)
{
	open_text(svg, x, y, color, more);
	page_escaped(svg->out, text, len);
	buf_puts(svg->out, "</text>\n");
}

static void add_rect(struct svg *svg, double x, double y, double w, double h, const char *fill)
{
	buf_printf(svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"", x,
		   y, w, h, fill);
}

/* Cards */

/* Opens a link where the row leads somewhere; returns whether it does. */
static bool open_link(struct svg *svg, const struct card_row *row)
{
	if (row->func != CFG_NONE)
		buf_printf(svg->out, "<a xlink:href=\"#f%u\">", row->func);
	else if (row->block != CFG_NONE)
		buf_printf(svg->out, "<a xlink:href=\"#b%u\">", row->block);
	else
		return false;
	return true;
}

/* A heading's first word is bold. */
static void add_row(struct svg *svg, const struct card_row *row, double x, double y,
		    const char *color)
{
	size_t name = row->kind == CARD_HEAD ? strcspn(row->text, " ") : 0;
	bool link = open_link(svg, row);
	const char *own = look_row(row);

	open_text(svg, x, y, own ? own : color,
		  row->kind == CARD_SOURCE ? " font-style=\"italic\"" : "");
	if (name)
		buf_printf(svg->out, "<tspan font-weight=\"bold\">%.*s</tspan>", (int)name, row->text);
	page_escaped(svg->out, row->text + name, strlen(row->text) - name);
	buf_printf(svg->out, "</text>%s\n", link ? "</a>" : "");
}

/* The row after the heading's cell, which has @lines. */
static uint32_t heading_end(const struct card *card, uint32_t *lines)
{
	uint32_t i = 1;

	*lines = 1;
	for (; i < card->nr && !card->rows[i].cell; i++)
		*lines += !card->rows[i].joined;
	return i;
}

/* Lines of text below the heading's, which ends before row @body; rows that are joined share one. */
static void add_rows(struct svg *svg, const struct card *card, const struct layout_box *box,
		     const struct block_look *look, uint32_t body)
{
	double left = box->x + BORDER_MAX + TEXT_COLUMN / 2;
	double y = box->y + look->width + HEAD_PAD / 2 - TEXT_ROW, x = left;

	for (uint32_t i = 0; i < card->nr; i++) {
		const struct card_row *row = &card->rows[i];

		if (!row->joined) {
			x = left;
			y += TEXT_ROW + (i == body ? HEAD_PAD / 2 : 0);
		}
		add_row(svg, row, x, y + ABOVE, look->text);
		x += (row->columns + 2) * TEXT_COLUMN;
	}
}

static void add_card(struct svg *svg, uint32_t b)
{
	const struct layout_box *box = &svg->page->layout->blocks[b];
	const struct block_look look = look_block(svg->cfg, b);
	const struct card *card = &svg->page->cards[b];
	double half = look.width / 2.0;
	uint32_t lines, body = heading_end(card, &lines);

	buf_printf(svg->out, "<g id=\"b%u\"><title>", b);
	page_tooltip(svg->out, svg->page, b, "\n");
	buf_puts(svg->out, "</title>\n");
	add_rect(svg, box->x, box->y, box->w, box->h, look.body);
	buf_puts(svg->out, "/>\n");
	add_rect(svg, box->x, box->y, box->w, look.width + lines * TEXT_ROW + HEAD_PAD,
		 look.head);
	buf_puts(svg->out, "/>\n");
	add_rows(svg, card, box, &look, body);
	add_rect(svg, box->x + half, box->y + half, box->w - look.width, box->h - look.width, "none");
	buf_printf(svg->out, " stroke=\"%s\" stroke-width=\"%d\"%s/>\n</g>\n", look.border, look.width,
		   look.dashed ? " stroke-dasharray=\"5,2\"" : "");
}

/* Edges */

/* The head of an arrow from @base to @tip. */
static void add_arrow(struct svg *svg, struct point base, struct point tip, const char *color)
{
	double dx = (tip.x - base.x) * ARROW_SIDE / ARROW, dy = (tip.y - base.y) * ARROW_SIDE / ARROW;

	buf_printf(svg->out, "<polygon points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f\" fill=\"%s\"/>\n",
		   base.x - dy, base.y + dx, tip.x, tip.y, base.x + dy, base.y - dx, color);
}

static const char *dashes(const struct edge_look *look)
{
	return !strcmp(look->style, "dashed") ? " stroke-dasharray=\"5,2\"" :
	       !strcmp(look->style, "dotted") ? " stroke-dasharray=\"1,3\"" : "";
}

static void add_edge(void *arg, const struct cfg_edge *e, const struct layout_curve *c)
{
	struct svg *svg = arg;
	const struct edge_look look = look_marked_edge(svg->cfg, e);
	struct point base = page_arrow(c), letter = page_letter_place(c);
	const char *text = page_letter(e, c);

	buf_printf(svg->out, "<path d=\"M%.1f,%.1fC", c->points[0].x, c->points[0].y);
	for (uint32_t i = 1; i + 1 < c->nr; i++)
		buf_printf(svg->out, "%.1f,%.1f ", c->points[i].x, c->points[i].y);
	buf_printf(svg->out, "%.1f,%.1f\" stroke=\"%s\" stroke-width=\"%g\"%s><title>b%u to b%u</title>"
		   "</path>\n", base.x, base.y, look.color, look.width, dashes(&look), e->from, e->to);
	add_arrow(svg, base, c->points[c->nr - 1], look.color);
	if (*text)
		add_text(svg, letter.x, letter.y + 3.5, look_edge(e)->color,
			 " text-anchor=\"middle\"", text, strlen(text));
}

/* Frames */

static void add_frame(struct svg *svg, const struct layout_box *box, const struct buf *label,
		      const char *color, const char *text)
{
	add_rect(svg, box->x, box->y, box->w, box->h, "white");
	buf_printf(svg->out, " rx=\"%g\" stroke=\"%s\"/>\n", ROUNDED, color);
	add_text(svg, box->x + FRAME_PAD, box->y + 14, text, "", label->data, label->len);
}

static void add_func(struct svg *svg, uint32_t f)
{
	struct buf label = BUF_INIT;

	listing_func(&label, svg->cfg, f);
	buf_printf(svg->out, "<g id=\"f%u\">\n", f);
	add_frame(svg, &svg->page->layout->funcs[f], &label, LOOK_FUNC, NULL);
	buf_puts(svg->out, "</g>\n");
	buf_free(&label);
}

static void add_part(struct svg *svg, const struct layout_part *part)
{
	struct buf label = BUF_INIT;

	if (page_part(svg->page, part, &label)) {
		buf_printf(svg->out, "<g id=\"p%u\">\n", part->first);
		add_frame(svg, &part->box, &label, LOOK_PART, LOOK_GREY);
		buf_puts(svg->out, "</g>\n");
	}
	buf_free(&label);
}

static void add_frames(struct svg *svg)
{
	const struct layout *l = svg->page->layout;

	for (uint32_t f = 0; f < svg->cfg->nr_funcs; f++) {
		if (page_has_func(svg->page, f))
			add_func(svg, f);
	}
	for (uint32_t i = 0; i < l->nr_parts; i++)
		add_part(svg, &l->parts[i]);
}

/* The page */

static void add_legend(struct svg *svg)
{
	for (size_t i = 0; i <= LOOK_EDGES; i++) {
		const struct edge_look *look = &svg->page->legend.words[i];

		if (look->word)
			add_text(svg, PAGE_MARGIN + page_legend_column(svg->page, i) * TEXT_COLUMN,
				 PAGE_MARGIN + 23, look->color, "", look->word, strlen(look->word));
	}
}

static void open_group(struct svg *svg, const char *attributes, int size)
{
	buf_printf(svg->out, "<g %s font-size=\"%d\">\n", attributes, size);
}

/* In the order in which things cover each other. */
static void add_all(struct svg *svg)
{
	const struct page *page = svg->page;

	add_text(svg, PAGE_MARGIN, PAGE_MARGIN + 9, NULL, " font-size=\"11\"", page->title.data,
		 page->title.len);
	add_legend(svg);
	open_group(svg, "class=\"functions\"", TITLE_SIZE);
	add_frames(svg);
	buf_puts(svg->out, "</g>\n");
	open_group(svg, "class=\"edges\" fill=\"none\"", TEXT_SIZE);
	page_edges(page, add_edge, svg);
	buf_puts(svg->out, "</g>\n");
	for (uint32_t b = 0; b < svg->cfg->nr_blocks; b++) {
		if (page_has_func(page, svg->cfg->blocks[b].func) && page->layout->blocks[b].w > 0)
			add_card(svg, b);
	}
}

void svg_write(struct buf *out, const struct cfg *cfg, const struct page_options *o)
{
	struct page_options placed = *o;
	struct page page;
	struct svg svg = { out, &page, cfg };

	placed.placed = true;
	page_open(&page, cfg, &placed);
	buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		   "xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"%gpt\" height=\"%gpt\" "
		   "viewBox=\"0 0 %g %g\" xml:space=\"preserve\" font-family=\"" LOOK_FONT
		   "\" font-size=\"%d\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		   page.layout->w, page.layout->h, page.layout->w, page.layout->h, TEXT_SIZE);
	add_all(&svg);
	buf_puts(out, "</svg>\n");
	page_close(&page);
}
