// SPDX-License-Identifier: BSD-2-Clause
/* What stands on a block's card, and how large that is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/cfg/cfg.h"
#include "render/cfg/listing.h"
#include "render/picture/card.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"

/* How many places that lead to a block are named before they are only counted. */
#define FROM_MAX 3

#define TO_MAX 12	/* the same of what an indirect jump leads to */

#define CALLS_MAX 2	/* and of calls, where there is no room for all of a block */

/* Adds a row of @text, which is taken. */
static struct card_row *add_row(struct card *card, enum card_kind kind, struct buf *text)
{
	uint32_t columns = listing_cut(text, card->limit);
	struct card_row *row;

	if (columns > card->columns)
		card->columns = columns;
	GROW(card->rows, card->nr);
	row = &card->rows[card->nr++];
	*row = (struct card_row){ .kind = kind,
				  .text = buf_detach(text),
				  .columns = columns,
				  .func = CFG_NONE,
				  .block = CFG_NONE };
	return row;
}

/* The function that @insn calls or takes the address of, or CFG_NONE. */
static uint32_t callee(const struct cfg *cfg, uint32_t insn)
{
	const struct cfg_edge *call = cfg_call_at(cfg, insn);

	return call ? cfg->blocks[call->to].func : CFG_NONE;
}

static void add_listing(struct card *card, const struct cfg *cfg, uint32_t b, uint32_t max)
{
	static const enum card_kind kinds[] = { [LISTING_SOURCE] = CARD_SOURCE,
						[LISTING_INSN] = CARD_INSN,
						[LISTING_MORE] = CARD_MORE };
	struct listing l = listing_block(cfg, b, max);

	for (uint32_t i = 0; i < l.nr; i++) {
		struct buf text = BUF_INIT;
		struct card_row *row;

		listing_text(&text, cfg, &l.lines[i]);
		row = add_row(card, kinds[l.lines[i].kind], &text);
		if (row->kind == CARD_INSN)
			row->func = callee(cfg, l.lines[i].insn);
	}
	listing_free(&l);
}

/* Puts the last row beside the one before, if that is of @kind and there is room. */
static void join(struct card *card, enum card_kind kind)
{
	struct card_row *row = &card->rows[card->nr - 1];
	uint32_t columns = row[-1].columns + 2 + row->columns;

	if (row[-1].kind != kind || row[-1].joined || columns > card->limit)
		return;
	row->joined = true;
	if (columns > card->columns)
		card->columns = columns;
}

/* What incoming_text() is given, to name only those edges that are not drawn. */
struct cut_edges {
	const struct cfg *cfg;
	const bool *cut;
};

static bool is_cut(const struct cfg_edge *e, const void *user)
{
	const struct cut_edges *edges = user;

	return edges->cut[e - edges->cfg->edges];
}

/* One row for all the edges that come from elsewhere. */
static void add_from(struct card *card, const struct cfg *cfg, uint32_t b,
		     const struct card_options *o)
{
	const struct cut_edges edges = { cfg, o->cut };
	struct buf text = BUF_INIT;

	buf_puts(&text, "from ");
	incoming_text(&text, cfg, o->in, b, o->terse ? 1 : FROM_MAX, is_cut, &edges);
	if (text.len > strlen("from ")) {
		add_row(card, CARD_FROM, &text);
		if (o->terse)
			join(card, CARD_HEAD);
	} else {
		buf_free(&text);
	}
}

/* One row for all the calls of the function that begins here. */
static void add_callers(struct card *card, const struct cfg *cfg, uint32_t b,
			const struct card_options *o)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, "called from ");
	incoming_calls_text(&text, cfg, o->in, b, o->terse ? 1 : FROM_MAX);
	if (text.len > strlen("called from "))
		add_row(card, CARD_FROM, &text);
	else
		buf_free(&text);
}

/* One of them, from edge @first to @last. */
static void add_target(struct card *card, const struct cfg *cfg, uint32_t first, uint32_t last,
		       const struct card_options *o)
{
	const struct cfg_edge *e = &cfg->edges[first];
	const char *label = cfg_edge_label(e->kind);
	struct buf text = BUF_INIT;
	struct card_row *row;

	buf_printf(&text, "%s%s\u2192 ", label, *label ? " " : "");
	listing_targets(&text, cfg, first, last);
	buf_puts(&text, e->back ? " (loop)" : "");
	row = add_row(card, CARD_TO, &text);
	row->block = o->terse ? CFG_NONE : e->to;
	row->edge = e;
	if (o->terse)
		join(card, CARD_TO);
}

/* A row for each edge that leads elsewhere, or for several at once. */
static void add_to(struct card *card, const struct cfg *cfg, uint32_t b,
		   const struct card_options *o)
{
	uint32_t first = cfg->blocks[b].first_edge, end = first + cfg->blocks[b].nr_edges;
	uint32_t named = 0, more = 0, last;

	for (uint32_t i = first; i < end; i = last + 1) {
		last = i;
		if (!o->cut[i])
			continue;
		last = listing_run(cfg, i, o->cut);
		if (named++ < TO_MAX)
			add_target(card, cfg, i, last, o);
		else
			more += last + 1 - i;
	}
	if (more) {
		struct buf text = BUF_INIT;

		buf_printf(&text, "\u2192 %u more", more);
		add_row(card, CARD_TO, &text)->edge = &cfg->edges[first];
	}
}

/*
 * Where a jump leads is what the edges are for: cuts "goto pc+4" off. Returns whether
 * anything is left.
 */
static bool cut_target(struct buf *text)
{
	const char *jump = strstr(buf_str(text), " goto ");

	if (jump)
		text->len = jump - text->data;
	return !jump || jump[-1] != ':';
}

/* The calls of functions among the first @end lines of a listing. */
static void add_calls(struct card *card, const struct cfg *cfg, const struct listing *l,
		      uint32_t end)
{
	struct buf text = BUF_INIT;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < end; i++) {
		const struct cfg_edge *call = l->lines[i].kind == LISTING_INSN ?
					      cfg_call_at(cfg, l->lines[i].insn) : NULL;
		uint32_t func = call ? cfg->blocks[call->to].func : CFG_NONE;

		if (!call || nr++ >= CALLS_MAX)
			continue;
		buf_printf(&text, "%4u: %s %s", call->insn, cfg_edge_label(call->kind),
			   cfg->code->funcs[func].name);
		add_row(card, CARD_INSN, &text)->func = func;
	}
	if (nr > CALLS_MAX) {
		buf_printf(&text, "      ... %u more call%s", nr - CALLS_MAX,
			   nr == CALLS_MAX + 1 ? "" : "s");
		add_row(card, CARD_MORE, &text);
	}
}

/*
 * The last instruction that does something, below the source line that it belongs to and
 * what is called before.
 */
static void add_last(struct card *card, const struct cfg *cfg, uint32_t b, bool source)
{
	struct listing l = listing_block(cfg, b, LISTING_ALL);
	struct buf text = BUF_INIT;
	uint32_t insn = l.nr, line;

	do {
		buf_reset(&text);
		insn--;
		if (l.lines[insn].kind == LISTING_INSN)
			listing_text(&text, cfg, &l.lines[insn]);
	} while ((!text.len || !cut_target(&text)) && insn);
	for (line = insn; line && l.lines[line].kind != LISTING_SOURCE; line--)
		;
	if (source && l.lines[line].kind == LISTING_SOURCE) {
		struct buf src = BUF_INIT;

		listing_text(&src, cfg, &l.lines[line]);
		add_row(card, CARD_SOURCE, &src);
	}
	add_calls(card, cfg, &l, insn);
	if (text.len && l.lines[insn].kind == LISTING_INSN && text.data[text.len - 1] != ':')
		add_row(card, CARD_INSN, &text)->func = callee(cfg, l.lines[insn].insn);
	buf_free(&text);
	listing_free(&l);
}

static bool links(const struct card_row *row)
{
	return row->func != CFG_NONE || row->block != CFG_NONE;
}

/*
 * A cell holds rows of one kind, as graphviz sets lines of two fonts closer than others; each
 * row that links somewhere is a cell of its own.
 */
static void divide(struct card *card)
{
	static const int group[] = {
		[CARD_HEAD] = 0, [CARD_FROM] = 0,
		[CARD_SOURCE] = 1, [CARD_INSN] = 2, [CARD_MORE] = 2,
		[CARD_TO] = 3,
	};

	for (uint32_t i = 0; i < card->nr; i++) {
		struct card_row *row = &card->rows[i];

		card->lines += !row->joined;
		row->cell = !i || (!row->joined && (group[row->kind] != group[row[-1].kind] ||
						    links(row) || links(&row[-1])));
	}
}

struct card card_make(const struct cfg *cfg, uint32_t b, const struct card_options *o)
{
	struct buf head = BUF_INIT;
	struct card card = { .limit = o->columns };

	listing_heading(&head, cfg, b, o->terse);
	add_row(&card, CARD_HEAD, &head);
	if (o->cut)
		add_from(&card, cfg, b, o);
	if (o->calls_cut)
		add_callers(&card, cfg, b, o);
	if (o->terse)
		add_last(&card, cfg, b, o->terse == 1);
	else
		add_listing(&card, cfg, b, o->body);
	if (o->cut)
		add_to(&card, cfg, b, o);
	divide(&card);
	return card;
}

uint32_t card_width(const struct card *card)
{
	return ceil((card->columns + 1) * TEXT_COLUMN) + 2 * BORDER_MAX;
}

uint32_t card_height(const struct card *card)
{
	return card->lines * TEXT_ROW + HEAD_PAD + 2 * BORDER_MAX;
}

void card_free(struct card *card)
{
	for (uint32_t i = 0; i < card->nr; i++)
		free(card->rows[i].text);
	free(card->rows);
	*card = (struct card){ 0 };
}
