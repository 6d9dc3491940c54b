// SPDX-License-Identifier: BSD-2-Clause
/* What is on a picture: cards, places, edges, title and legend. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/cfg/cfg.h"
#include "render/cfg/incoming.h"
#include "render/cfg/listing.h"
#include "render/picture/page.h"
#include "shell/base/alloc.h"

bool page_has_func(const struct page *page, uint32_t f)
{
	return page->o->func == CFG_NONE || page->o->func == f;
}

static void make_cards(struct page *page)
{
	const struct page_options *o = page->o;
	const struct cfg *cfg = page->cfg;
	const struct layout *l = page->layout;
	struct incoming in = incoming_find(cfg);
	struct card_options card = {
		.body = o->body, .columns = o->columns, .terse = o->terse,
		.cut = l ? l->cut : NULL, .calls_cut = l && l->calls_cut, .in = &in
	};

	page->cards = xcalloc(cfg->nr_blocks, sizeof(*page->cards));
	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		if (page_has_func(page, cfg->blocks[b].func))
			page->cards[b] = card_make(cfg, b, &card);
	}
	incoming_free(&in);
}

static bool draws_edge(const struct page *page, const struct cfg_edge *e)
{
	return page_has_func(page, page->cfg->blocks[e->from].func) &&
	       page_has_func(page, page->cfg->blocks[e->to].func);
}

/* Names the kinds of edges that there are, also of those that are cut. */
static void make_legend(struct page *page)
{
	const struct cfg *cfg = page->cfg;

	page->legend = legend_new(cfg);
	for (uint32_t i = 0; i < cfg->nr_edges; i++) {
		if (draws_edge(page, &cfg->edges[i]))
			legend_add(&page->legend, &cfg->edges[i]);
	}
	for (uint32_t i = 0; i < cfg->nr_calls && !(page->layout && page->layout->calls_cut); i++) {
		if (draws_edge(page, &cfg->calls[i]))
			legend_add(&page->legend, &cfg->calls[i]);
	}
}

uint32_t page_legend_column(const struct page *page, size_t i)
{
	uint32_t columns = 0;

	while (i--) {
		if (page->legend.words[i].word)
			columns += strlen(page->legend.words[i].word) + 2;
	}
	return columns;
}

static void make_title(struct page *page)
{
	uint32_t columns;

	listing_title(&page->title, page->cfg);
	make_legend(page);
	columns = page_legend_column(page, LOOK_EDGES + 1);
	page->width = fmax(page->title.len * LABEL_COLUMN,
			   (columns ? columns - 2 : 0) * TEXT_COLUMN);
}

void page_open(struct page *page, const struct cfg *cfg, const struct page_options *o)
{
	*page = (struct page){ .cfg = cfg, .o = o };
	page->layout = o->placed ? layout_new(cfg, o->func) : NULL;
	make_cards(page);
	make_title(page);
	if (page->layout)
		layout_place(page->layout, cfg, page->cards, o->gap, page->width);
}

void page_close(struct page *page)
{
	for (uint32_t b = 0; b < page->cfg->nr_blocks; b++)
		card_free(&page->cards[b]);
	free(page->cards);
	layout_free(page->layout, page->cfg);
	buf_free(&page->title);
}

struct point page_size(const struct cfg *cfg, const struct page_options *o)
{
	struct page page;
	struct point size;

	page_open(&page, cfg, o);
	size = (struct point){ page.layout->w, page.layout->h };
	page_close(&page);
	return size;
}

bool page_part(const struct page *page, const struct layout_part *part, struct buf *label)
{
	const struct cfg *cfg = page->cfg;
	uint32_t last = part->first + part->nr - 1;

	if (part->nr >= cfg->funcs[part->func].nr_blocks)
		return false;
	buf_printf(label, "b%u-b%u  %u-%u", part->first, last, cfg->blocks[part->first].start,
		   cfg->blocks[last].end - 1);
	return true;
}

static void visit(const struct page *page, const struct cfg_edge *edges, uint32_t nr,
		  const struct layout_curve *curves, page_edge_fn fn, void *arg)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (draws_edge(page, &edges[i]) && (!curves || curves[i].nr))
			fn(arg, &edges[i], curves ? &curves[i] : NULL);
	}
}

void page_edges(const struct page *page, page_edge_fn fn, void *arg)
{
	const struct layout *l = page->layout;
	const struct cfg *cfg = page->cfg;

	visit(page, cfg->edges, cfg->nr_edges, l ? l->edges : NULL, fn, arg);
	visit(page, cfg->calls, cfg->nr_calls, l ? l->calls : NULL, fn, arg);
}

const char *page_letter(const struct cfg_edge *edge, const struct layout_curve *curve)
{
	const char *label = edge->kind == EDGE_CALL ? "" : cfg_edge_label(edge->kind);

	return curve && label[0] && label[1] ? "" : label;
}

/* How far a curve first goes to the right of where it starts. */
static double first_turn(const struct layout_curve *c)
{
	uint32_t i = 3;

	while (i + 3 < c->nr && fabs(c->points[i].x - c->points[0].x) < 2)
		i += 3;
	return c->points[i].x - c->points[0].x;
}

struct point page_letter_place(const struct layout_curve *curve)
{
	const struct point *p = curve->points;

	return (struct point){ p[0].x + (first_turn(curve) > 2 ? -6 : 6),
			       p[0].y + (p[1].y < p[0].y ? -7 : 7) };
}

struct point page_arrow(const struct layout_curve *curve)
{
	struct point tip = curve->points[curve->nr - 1], before = curve->points[curve->nr - 2];
	double dx = tip.x - before.x, dy = tip.y - before.y, length = hypot(dx, dy);
	double back = length ? fmin(ARROW / length, 1) : 0;

	return (struct point){ tip.x - dx * back, tip.y - dy * back };
}

void page_escaped(struct buf *out, const char *s, size_t len)
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

void page_tooltip(struct buf *out, const struct page *page, uint32_t b, const char *end)
{
	struct listing l = listing_block(page->cfg, b, LISTING_ALL);
	struct buf text = BUF_INIT;

	for (uint32_t i = 0; i < l.nr; i++) {
		buf_reset(&text);
		listing_text(&text, page->cfg, &l.lines[i]);
		page_escaped(out, text.data, text.len);
		buf_puts(out, end);
	}
	buf_free(&text);
	listing_free(&l);
}
