// SPDX-License-Identifier: BSD-2-Clause
/* A graph as JSON for other programs. */
#include <string.h>

#include "render/cfg/cfg_text.h"
#include "render/cfg/marks.h"
#include "render/code/code.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

/* What each kind of edge is called, by enum edge_kind. */
static const char *const kind_names[] = {
	[EDGE_NEXT] = "next",
	[EDGE_JUMP] = "jump",
	[EDGE_TAKEN] = "true",
	[EDGE_FALL] = "false",
	[EDGE_GOTOX] = "indirect",
	[EDGE_MAY_GOTO] = "may_goto",
	[EDGE_MAY_FALL] = "may_goto_false",
	[EDGE_CALL] = "call",
	[EDGE_CALLBACK] = "callback",
};

static const struct {
	unsigned flag;
	const char *key;
} flag_keys[] = {
	{ BLOCK_ENTRY, "entry" },
	{ BLOCK_EXIT, "exit" },
	{ BLOCK_LOOP_HEADER, "loop_header" },
	{ BLOCK_UNREACHABLE, "unreachable" },
	{ BLOCK_IRREDUCIBLE, "irreducible" },
	{ BLOCK_BAD_JUMP, "bad_jump" },
	{ BLOCK_FALLS_OFF, "falls_off" },
	{ BLOCK_GOTOX, "indirect_jump" },
};

static bool wanted(uint32_t func, uint32_t f)
{
	return func == CFG_NONE || func == f;
}

static void add_string(struct buf *out, const char *key, const char *s)
{
	buf_printf(out, "\"%s\":", key);
	buf_json_string(out, s, strlen(s));
}

/* Begins an element of an array: a comma unless it is the first. */
static void begin(struct buf *out, bool *first)
{
	buf_puts(out, *first ? "{" : ",{");
	*first = false;
}

static void add_func(struct buf *out, const struct cfg *cfg, uint32_t f)
{
	const struct code_func *code = &cfg->code->funcs[f];
	const struct cfg_func *func = &cfg->funcs[f];

	buf_printf(out, "\"function\":%u,", f);
	add_string(out, "name", code->name);
	if (code->proto) {
		buf_putc(out, ',');
		add_string(out, "proto", code->proto);
	}
	buf_printf(out, ",\"start\":%u,\"insns\":%u,\"first_block\":%u,\"blocks\":%u,\"loops\":%u,"
		   "\"irreducible\":%u,\"depth\":%u,\"complexity\":%u,\"stack\":%u,"
		   "\"callback\":%s,\"reachable\":%s}",
		   code->start, func->insns, func->first_block, func->nr_blocks, func->loops,
		   func->irreducible, func->depth, func->complexity, func->stack,
		   code->callback ? "true" : "false", func->reachable ? "true" : "false");
}

static void add_insns(struct buf *out, const struct code *code, uint32_t start, uint32_t end)
{
	struct buf text = BUF_INIT;
	bool first = true;

	for (uint32_t i = start; i < end; i = code_next(code, i)) {
		const struct code_line *line = code_line_at(code, i);

		begin(out, &first);
		buf_printf(out, "\"insn\":%u,", i);
		buf_reset(&text);
		code_print_insn(&text, code, i);
		add_string(out, "disasm", buf_str(&text));
		if (line) {
			buf_putc(out, ',');
			add_string(out, "src", line->text);
			buf_putc(out, ',');
			add_string(out, "file", line->file);
			buf_printf(out, ",\"line_num\":%u,\"line_col\":%u", line->line, line->col);
		}
		buf_putc(out, '}');
	}
	buf_free(&text);
}

/* A member that is absent where there is no such block. */
static void add_block_ref(struct buf *out, const char *key, uint32_t b)
{
	if (b != CFG_NONE)
		buf_printf(out, ",\"%s\":%u", key, b);
}

static void add_block(struct buf *out, const struct cfg *cfg, uint32_t b)
{
	const struct cfg_block *block = &cfg->blocks[b];

	buf_printf(out, "\"block\":%u,\"function\":%u,\"start\":%u,\"end\":%u,\"depth\":%u", b,
		   block->func, block->start, block->end, block->depth);
	add_block_ref(out, "idom", block->idom);
	add_block_ref(out, "loop", block->loop);
	for (size_t i = 0; i < ARRAY_SIZE(flag_keys); i++) {
		if (block->flags & flag_keys[i].flag)
			buf_printf(out, ",\"%s\":true", flag_keys[i].key);
	}
	if (cfg->marks)
		buf_printf(out, ",\"visits\":%u,\"refused\":%s", cfg->marks->visits[b],
			   cfg->marks->blocks[b] ? "true" : "false");
	buf_puts(out, ",\"insns\":[");
	add_insns(out, cfg->code, block->start, block->end);
	buf_puts(out, "]}");
}

static void add_edges(struct buf *out, const struct cfg *cfg, const struct cfg_edge *edges,
		      uint32_t nr, uint32_t func, bool *first)
{
	for (uint32_t i = 0; i < nr; i++) {
		const struct cfg_edge *e = &edges[i];

		if (!wanted(func, cfg->blocks[e->from].func))
			continue;
		begin(out, first);
		buf_printf(out, "\"from\":%u,\"to\":%u,\"insn\":%u,\"kind\":\"%s\",\"back\":%s",
			   e->from, e->to, e->insn, kind_names[e->kind],
			   e->back ? "true" : "false");
		if (cfg->marks)
			buf_printf(out, ",\"refused\":%s", marks_edge(cfg, e) ? "true" : "false");
		buf_putc(out, '}');
	}
}

static void add_loops(struct buf *out, const struct cfg *cfg, uint32_t func)
{
	bool first = true;

	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		const struct cfg_block *block = &cfg->blocks[b];

		if (!(block->flags & BLOCK_LOOP_HEADER) || !wanted(func, block->func))
			continue;
		begin(out, &first);
		buf_printf(out, "\"header\":%u,\"depth\":%u", b, block->depth);
		add_block_ref(out, "outer", block->outer);
		buf_putc(out, '}');
	}
}

/* What the verifier said of it all. */
static void add_verdict(struct buf *out, const struct cfg_marks *marks)
{
	buf_printf(out, ",\"verifier\":{\"accepted\":%s,\"visits_partial\":%s",
		   marks->refused ? "false" : "true", marks->partial ? "true" : "false");
	if (marks->fail != CFG_NONE)
		buf_printf(out, ",\"insn\":%u,\"block\":%u", marks->fail_insn, marks->fail);
	buf_putc(out, '}');
}

void cfg_json(struct buf *out, const struct cfg *cfg, uint32_t func)
{
	bool first = true;

	buf_printf(out, "{\"id\":%u,", cfg->code->id);
	add_string(out, "name", cfg->code->name);
	buf_putc(out, ',');
	add_string(out, "type", cfg->code->type);
	if (cfg->marks)
		add_verdict(out, cfg->marks);
	buf_puts(out, ",\"functions\":[");
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		if (wanted(func, f)) {
			begin(out, &first);
			add_func(out, cfg, f);
		}
	}
	buf_puts(out, "],\"blocks\":[");
	first = true;
	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		if (wanted(func, cfg->blocks[b].func)) {
			begin(out, &first);
			add_block(out, cfg, b);
		}
	}
	buf_puts(out, "],\"edges\":[");
	first = true;
	add_edges(out, cfg, cfg->edges, cfg->nr_edges, func, &first);
	add_edges(out, cfg, cfg->calls, cfg->nr_calls, func, &first);
	buf_puts(out, "],\"loops\":[");
	add_loops(out, cfg, func);
	buf_puts(out, "]}");
}
