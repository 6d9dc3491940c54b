// SPDX-License-Identifier: BSD-2-Clause
/* Colours, widths and dashes of a picture, as tables. */
#include "render/cfg/marks.h"
#include "render/picture/look.h"

/* How a block looks: the first row that has one of its flags, else the last. */
static const struct block_look block_looks[] = {
	{ BLOCK_UNREACHABLE, "#f6f8fa", "#ffffff", "#afb8c1", "#8c959f", 1, true },
	{ BLOCK_BAD_JUMP | BLOCK_FALLS_OFF, "#ff8182", "#fff8f7", "#a40e26", "#24292f", 2 },
	{ BLOCK_IRREDUCIBLE, "#fff1e5", "#f6f8fa", "#bc4c00", "#24292f", 2 },
	{ BLOCK_LOOP_HEADER, "#fbefff", "#f6f8fa", "#8250df", "#24292f", 2 },
	{ BLOCK_ENTRY, "#ddf4ff", "#f6f8fa", "#57606a", "#24292f", 1 },
	{ BLOCK_EXIT, "#ffebe9", "#f6f8fa", "#57606a", "#24292f", 1 },
	{ 0, "#eaeef2", "#f6f8fa", "#57606a", "#24292f", 1 },
};

/* How an edge looks; one that leads back looks like the last row, whatever its kind. */
static const struct edge_look edge_looks[LOOK_EDGES] = {
	[EDGE_NEXT] = { "#57606a", "solid", 1.2, "next" },
	[EDGE_JUMP] = { "#0969da", "solid", 1.2, "jump" },
	[EDGE_TAKEN] = { "#1a7f37", "solid", 1.2, "T taken" },
	[EDGE_FALL] = { "#cf222e", "solid", 1.2, "F not taken" },
	[EDGE_GOTOX] = { "#9a6700", "solid", 1.2, "indirect jump" },
	[EDGE_MAY_GOTO] = { "#1a7f37", "dashed", 1.2, "budget spent (dashed)" },
	[EDGE_MAY_FALL] = { "#cf222e", "solid", 1.2, "goes on" },
	[EDGE_CALL] = { "#8c959f", "dotted", 1.2, "call (dotted)" },
	[EDGE_CALLBACK] = { "#8c959f", "dashed", 1.2, "callback (dashed)" },
	[LOOK_EDGES - 1] = { "#8250df", "dashed", 2, "loop (dashed)" },
};

static const struct block_look *plain_look(const struct cfg_block *block)
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

struct block_look look_block(const struct cfg *cfg, uint32_t b)
{
	struct block_look look = *plain_look(&cfg->blocks[b]);

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

const struct edge_look *look_edge(const struct cfg_edge *e)
{
	return &edge_looks[e->back ? LOOK_EDGES - 1 : e->kind];
}

struct edge_look look_marked_edge(const struct cfg *cfg, const struct cfg_edge *e)
{
	struct edge_look look = *look_edge(e);

	if (marks_edge(cfg, e)) {
		look.color = REFUSED;
		look.width = 3;
	}
	return look;
}

const char *look_row(const struct card_row *row)
{
	if (row->kind == CARD_TO)
		return look_edge(row->edge)->color;
	return row->kind == CARD_INSN || row->kind == CARD_HEAD ? NULL : LOOK_GREY;
}

struct legend legend_new(const struct cfg *cfg)
{
	struct legend legend = { 0 };

	if (cfg->marks && cfg->marks->refused)
		legend.words[LOOK_EDGES] = (struct edge_look){ REFUSED, .word = "refused path" };
	return legend;
}

void legend_add(struct legend *legend, const struct cfg_edge *e)
{
	const struct edge_look *look = look_edge(e);

	legend->words[look - edge_looks] = *look;
}
