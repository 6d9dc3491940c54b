// SPDX-License-Identifier: BSD-2-Clause
/* The lines of a block: instructions, and the source where it changes. */
#include <stdlib.h>
#include <string.h>

#include "render/cfg/listing.h"
#include "render/cfg/marks.h"
#include "render/code/code.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

static void add_line(struct listing *l, enum listing_kind kind, uint32_t insn, uint32_t more)
{
	GROW(l->lines, l->nr);
	l->lines[l->nr++] = (struct listing_line){ .kind = kind, .insn = insn, .more = more };
}

static bool same_source(const struct code_line *a, const struct code_line *b)
{
	return a == b || (a && b && a->line == b->line && !strcmp(a->text, b->text));
}

static uint32_t count_insns(const struct code *code, uint32_t start, uint32_t end)
{
	uint32_t n = 0;

	for (uint32_t i = start; i < end; i = code_next(code, i))
		n++;
	return n;
}

struct listing listing_block(const struct cfg *cfg, uint32_t b, uint32_t max)
{
	const struct cfg_block *block = &cfg->blocks[b];
	uint32_t nr = count_insns(cfg->code, block->start, block->end), tail = max / 5, n = 0;
	const struct code_line *shown = NULL;
	struct listing l = { 0 };
	bool cut = nr > max;

	for (uint32_t i = block->start; i < block->end; i = code_next(cfg->code, i), n++) {
		const struct code_line *line = code_line_of(cfg->code, i);

		if (cut && n == max - tail)
			add_line(&l, LISTING_MORE, i, nr - max);
		if (cut && n >= max - tail && n < nr - tail)
			continue;
		if (line && line->text[0] && !same_source(line, shown))
			add_line(&l, LISTING_SOURCE, i, 0);
		shown = line;
		add_line(&l, LISTING_INSN, i, 0);
	}
	return l;
}

void listing_free(struct listing *listing)
{
	free(listing->lines);
	*listing = (struct listing){ 0 };
}

static void add_count(struct buf *out, uint32_t n, const char *what)
{
	buf_printf(out, "%u %s%s", n, what, n == 1 ? "" : "s");
}

/* Calls of the program's own functions among the instructions that are left out. */
static uint32_t count_calls(const struct code *code, const struct listing_line *line)
{
	uint32_t calls = 0, i = line->insn;

	for (uint32_t n = 0; n < line->more; n++, i = code_next(code, i))
		calls += code->insns[i].code == (BPF_JMP | BPF_CALL) &&
			 code->insns[i].src_reg == BPF_PSEUDO_CALL;
	return calls;
}

void listing_text(struct buf *out, const struct cfg *cfg, const struct listing_line *line)
{
	const struct code_line *src;
	uint32_t calls;

	switch (line->kind) {
	case LISTING_SOURCE:
		src = code_line_of(cfg->code, line->insn);
		buf_puts(out, "; ");
		buf_escaped(out, src->text, strlen(src->text));
		if (cfg->shown & CODE_LINUM)
			code_print_place(out, src);
		break;
	case LISTING_INSN:
		buf_printf(out, "%4u: ", line->insn);
		code_print_insn(out, cfg->code, line->insn);
		if (!(cfg->shown & CODE_OPCODES))
			break;
		buf_puts(out, "  [");
		code_print_opcodes(out, cfg->code, line->insn);
		buf_putc(out, ']');
		break;
	case LISTING_MORE:
		buf_puts(out, "      ... ");
		add_count(out, line->more, "more insn");
		calls = count_calls(cfg->code, line);
		if (calls) {
			buf_puts(out, ", ");
			add_count(out, calls, "call");
		}
		break;
	}
}

/* What the flags of a block say of it, in this order. */
static const struct {
	unsigned flag;
	const char *word, *brief;
} flag_words[] = {
	{ BLOCK_ENTRY, "entry", "entry" },
	{ BLOCK_LOOP_HEADER, "loop header", "loop" },
	{ BLOCK_IRREDUCIBLE, "irreducible loop", "irreducible" },
	{ BLOCK_GOTOX, "indirect jump", "indirect" },
	{ BLOCK_EXIT, "exit", "exit" },
	{ BLOCK_UNREACHABLE, "unreachable", "unreached" },
	{ BLOCK_BAD_JUMP, "jumps out of the function", "bad jump" },
	{ BLOCK_FALLS_OFF, "runs off the end", "no end" },
};

void listing_heading(struct buf *out, const struct cfg *cfg, uint32_t b, bool brief)
{
	const struct cfg_block *block = &cfg->blocks[b];
	const char *sep = "  ";

	buf_printf(out, "b%u  %u", b, block->start);
	if (block->end - block->start > 1)
		buf_printf(out, "-%u", block->end - 1);
	for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
		if (!(block->flags & flag_words[i].flag))
			continue;
		buf_printf(out, "%s%s", sep, brief ? flag_words[i].brief : flag_words[i].word);
		sep = ", ";
	}
	if (cfg->marks) {
		buf_puts(out, sep);
		marks_text(out, cfg->marks, b, brief);
	}
}

uint32_t listing_run(const struct cfg *cfg, uint32_t e, const bool *cut)
{
	const struct cfg_edge *edges = cfg->edges;

	while (edges[e].kind == EDGE_GOTOX && e + 1 < cfg->nr_edges &&
	       edges[e + 1].from == edges[e].from && edges[e + 1].to == edges[e].to + 1 &&
	       edges[e + 1].back == edges[e].back && (!cut || cut[e + 1]))
		e++;
	return e;
}

void listing_targets(struct buf *out, const struct cfg *cfg, uint32_t first, uint32_t last)
{
	buf_printf(out, "b%u", cfg->edges[first].to);
	if (last > first)
		buf_printf(out, "-b%u", cfg->edges[last].to);
}

uint32_t listing_cut(struct buf *text, uint32_t max)
{
	size_t keep = 0;
	uint32_t columns = 0;

	for (size_t i = 0; i < text->len; i++) {
		if ((text->data[i] & 0xc0) == 0x80)
			continue;
		if (columns == max - 3)
			keep = i;
		if (columns++ == max) {
			text->len = keep;
			buf_puts(text, "...");
			return max;
		}
	}
	return columns;
}

#define NAME_MAX_COLUMNS 64

void listing_func(struct buf *out, const struct cfg *cfg, uint32_t f)
{
	const struct code_func *code = &cfg->code->funcs[f];
	const struct cfg_func *func = &cfg->funcs[f];

	struct buf name = BUF_INIT;

	buf_puts(&name, code->name);
	listing_cut(&name, NAME_MAX_COLUMNS);
	buf_printf(out, "%s  (%u insn%s%s%s)", buf_str(&name), func->insns,
		   func->insns == 1 ? "" : "s", code->callback ? ", callback" : "",
		   func->reachable ? "" : ", never called");
	buf_free(&name);
}

void listing_title(struct buf *out, const struct cfg *cfg)
{
	const struct code *code = cfg->code;
	uint32_t insns = 0, loops = 0;

	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		insns += cfg->funcs[f].insns;
		loops += cfg->funcs[f].loops;
	}
	if (code->id)
		buf_printf(out, "prog %u  ", code->id);
	if (code->name[0])
		buf_printf(out, "%s  ", code->name);
	if (code->type[0])
		buf_printf(out, "(%s)  ", code->type);
	add_count(out, insns, "insn");
	buf_puts(out, ", ");
	add_count(out, cfg->nr_blocks, "block");
	if (cfg->nr_funcs > 1) {
		buf_puts(out, ", ");
		add_count(out, cfg->nr_funcs, "function");
	}
	if (loops) {
		buf_puts(out, ", ");
		add_count(out, loops, "loop");
	}
}
