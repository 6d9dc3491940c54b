// SPDX-License-Identifier: BSD-2-Clause
/* Blocks and edges of a program's functions, cut at jumps and their targets. */
#include <stdlib.h>

#include "render/cfg/cfg.h"
#include "render/cfg/cfg_flow.h"
#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/search.h"

/* Indirect jumps times targets may be many in a hostile program: then they get no edges. */
#define GOTOX_EDGES_MAX (1u << 20)

/* What a block's last instruction does. */
enum flow { FLOW_ON, FLOW_EXIT, FLOW_JUMP, FLOW_BRANCH, FLOW_MAY, FLOW_INDIRECT };

struct builder {
	struct cfg *cfg;
	const struct code *code;
	uint64_t *leaders;		/* bit per instruction */
	uint32_t *block_at;		/* of leaders: their block */
	uint32_t gotox_edges;
};

static enum flow flow_of(const struct code *code, uint32_t i)
{
	uint8_t opcode = code->insns[i].code;

	switch (opcode) {
	case BPF_JMP | BPF_EXIT:
		return FLOW_EXIT;
	case BPF_JMP | BPF_JA:
	case BPF_JMP32 | BPF_JA:
		return FLOW_JUMP;
	case BPF_JMP | BPF_JA | BPF_X:
		return FLOW_INDIRECT;
	case BPF_JMP | BPF_JCOND:
		return FLOW_MAY;
	case BPF_JMP | BPF_CALL:
		return code_never_returns(code, i) ? FLOW_EXIT : FLOW_ON;
	}
	if (BPF_CLASS(opcode) != BPF_JMP && BPF_CLASS(opcode) != BPF_JMP32)
		return FLOW_ON;
	return code_target(code, i) == CODE_NO_TARGET ? FLOW_ON : FLOW_BRANCH;
}

static void lead(struct builder *b, uint32_t i)
{
	b->leaders[i / 64] |= 1ull << i % 64;
}

static bool leads(const struct builder *b, uint32_t i)
{
	return b->leaders[i / 64] >> i % 64 & 1;
}

/* Whether a jump within start..end may go to @target. */
static bool good_target(const struct code *code, uint32_t start, uint32_t end, int64_t target)
{
	return target >= start && target < end && !code_is_half(code, target);
}

static bool target_below(const void *record, const void *key)
{
	return *(const uint32_t *)record < *(const uint32_t *)key;
}

/* How many of code->targets lie below instruction @i. */
static uint32_t targets_below(const struct code *code, uint32_t i)
{
	return lower_bound(code->targets, code->nr_targets, sizeof(*code->targets), target_below, &i);
}

/* A block begins where a jump leads, and after each instruction that may go elsewhere. */
static void mark_leaders(struct builder *b, uint32_t f)
{
	const struct code *code = b->code;
	uint32_t start = code->funcs[f].start, end = code_func_end(code, f);

	for (uint32_t i = start; i < end; i = code_next(code, i)) {
		enum flow flow = flow_of(code, i);
		int64_t target;

		if (i == start)
			lead(b, i);
		if (flow == FLOW_ON)
			continue;
		if (code_next(code, i) < end)
			lead(b, code_next(code, i));
		target = code_target(code, i);
		if (flow != FLOW_EXIT && good_target(code, start, end, target))
			lead(b, target);
	}
}

static uint32_t make_blocks(struct builder *b, uint32_t f, uint32_t nr)
{
	uint32_t end = code_func_end(b->code, f);
	struct cfg_func *func = &b->cfg->funcs[f];

	func->first_block = nr;
	for (uint32_t i = b->code->funcs[f].start; i < end; i = code_next(b->code, i)) {
		func->insns++;
		if (leads(b, i)) {
			b->cfg->blocks[nr] = (struct cfg_block){
				.start = i, .func = f, .idom = CFG_NONE, .loop = CFG_NONE,
				.outer = CFG_NONE, .flags = nr == func->first_block ? BLOCK_ENTRY : 0,
			};
			b->block_at[i] = nr++;
		}
		b->cfg->blocks[nr - 1].end = code_next(b->code, i);
	}
	func->nr_blocks = nr - func->first_block;
	return nr;
}

static void partition(struct builder *b)
{
	struct cfg *cfg = b->cfg;
	uint32_t nr = 0;

	for (uint32_t f = 0; f < cfg->nr_funcs; f++)
		mark_leaders(b, f);
	for (uint32_t t = 0; t < b->code->nr_targets; t++)
		lead(b, b->code->targets[t]);
	for (uint32_t w = 0; w <= b->code->nr / 64; w++)
		nr += __builtin_popcountll(b->leaders[w]);
	cfg->blocks = xcalloc(nr ? nr : 1, sizeof(*cfg->blocks));
	cfg->nr_blocks = nr;
	nr = 0;
	for (uint32_t f = 0; f < cfg->nr_funcs; f++)
		nr = make_blocks(b, f, nr);
}

static uint32_t last_insn(const struct builder *b, const struct cfg_block *block)
{
	return block->end - 1 - code_is_half(b->code, block->end - 1);
}

static void add_edge(struct builder *b, uint32_t from, uint32_t to_insn, enum edge_kind kind)
{
	struct cfg *cfg = b->cfg;

	GROW(cfg->edges, cfg->nr_edges);
	cfg->edges[cfg->nr_edges++] = (struct cfg_edge){
		.from = from, .to = b->block_at[to_insn], .kind = kind,
		.insn = last_insn(b, &cfg->blocks[from]),
	};
}

static void add_jump(struct builder *b, uint32_t from, enum edge_kind kind)
{
	struct cfg_block *block = &b->cfg->blocks[from];
	int64_t target = code_target(b->code, last_insn(b, block));
	uint32_t start = b->code->funcs[block->func].start;

	if (good_target(b->code, start, code_func_end(b->code, block->func), target))
		add_edge(b, from, target, kind);
	else
		block->flags |= BLOCK_BAD_JUMP;
}

static void add_fall(struct builder *b, uint32_t from, enum edge_kind kind)
{
	struct cfg_block *block = &b->cfg->blocks[from];

	if (block->end < code_func_end(b->code, block->func))
		add_edge(b, from, block->end, kind);
	else
		block->flags |= BLOCK_FALLS_OFF;
}

/* Nothing says which table an indirect jump uses: it may go to all of its function's targets. */
static void add_gotox(struct builder *b, uint32_t from)
{
	struct cfg_block *block = &b->cfg->blocks[from];
	uint32_t first = targets_below(b->code, b->code->funcs[block->func].start);
	uint32_t end = targets_below(b->code, code_func_end(b->code, block->func));

	block->flags |= BLOCK_GOTOX;
	if (end - first > GOTOX_EDGES_MAX - b->gotox_edges)
		return;
	b->gotox_edges += end - first;
	for (uint32_t t = first; t < end; t++)
		add_edge(b, from, b->code->targets[t], EDGE_GOTOX);
}

static void add_edges(struct builder *b, uint32_t from)
{
	struct cfg_block *block = &b->cfg->blocks[from];

	block->first_edge = b->cfg->nr_edges;
	switch (flow_of(b->code, last_insn(b, block))) {
	case FLOW_ON:
		add_fall(b, from, EDGE_NEXT);
		break;
	case FLOW_EXIT:
		block->flags |= BLOCK_EXIT;
		break;
	case FLOW_JUMP:
		add_jump(b, from, EDGE_JUMP);
		break;
	case FLOW_BRANCH:
		add_jump(b, from, EDGE_TAKEN);
		add_fall(b, from, EDGE_FALL);
		break;
	case FLOW_MAY:
		add_jump(b, from, EDGE_MAY_GOTO);
		add_fall(b, from, EDGE_MAY_FALL);
		break;
	case FLOW_INDIRECT:
		add_gotox(b, from);
		break;
	}
	block->nr_edges = b->cfg->nr_edges - block->first_edge;
}

static void add_call(struct cfg *cfg, uint32_t from, uint32_t insn, uint32_t callee,
		     enum edge_kind kind)
{
	GROW(cfg->calls, cfg->nr_calls);
	cfg->calls[cfg->nr_calls++] = (struct cfg_edge){
		.from = from, .to = cfg->funcs[callee].first_block, .insn = insn, .kind = kind,
	};
}

/* Edges between functions: to subprograms, and to those whose address is taken. */
static void add_calls(struct builder *b, uint32_t from)
{
	const struct cfg_block *block = &b->cfg->blocks[from];
	const struct code *code = b->code;

	for (uint32_t i = block->start; i < block->end; i = code_next(code, i)) {
		const struct bpf_insn *insn = &code->insns[i];
		bool taken = BPF_CLASS(insn->code) == BPF_LD;
		uint32_t callee;

		if (!taken && insn->code != (BPF_JMP | BPF_CALL))
			continue;
		callee = code_func_at(code, code_target(code, i));
		if (callee != CODE_NONE)
			add_call(b->cfg, from, i, callee, taken ? EDGE_CALLBACK : EDGE_CALL);
	}
}

/* Which functions the program can get to from its first, by calls and callbacks. */
static void reach_funcs(struct cfg *cfg)
{
	uint32_t *first = xcalloc(cfg->nr_funcs + 1, sizeof(*first));
	uint32_t *stack = xcalloc(cfg->nr_funcs, sizeof(*stack)), nr = 0;

	for (uint32_t c = 0; c < cfg->nr_calls; c++)
		first[cfg->blocks[cfg->calls[c].from].func + 1]++;
	for (uint32_t f = 0; f < cfg->nr_funcs; f++)
		first[f + 1] += first[f];
	stack[nr++] = 0;
	cfg->funcs[0].reachable = true;
	while (nr) {
		uint32_t f = stack[--nr];

		for (uint32_t c = first[f]; c < first[f + 1]; c++) {
			uint32_t callee = cfg->blocks[cfg->calls[c].to].func;

			if (cfg->funcs[callee].reachable ||
			    cfg->blocks[cfg->calls[c].from].flags & BLOCK_UNREACHABLE)
				continue;
			cfg->funcs[callee].reachable = true;
			stack[nr++] = callee;
		}
	}
	free(first);
	free(stack);
}

static void count_func(struct cfg *cfg, struct cfg_func *func)
{
	func->complexity = 1;
	for (uint32_t i = 0; i < func->nr_blocks; i++) {
		const struct cfg_block *block = &cfg->blocks[func->first_block + i];

		if (block->flags & BLOCK_UNREACHABLE)
			continue;
		func->loops += !!(block->flags & BLOCK_LOOP_HEADER);
		func->irreducible += !!(block->flags & BLOCK_IRREDUCIBLE);
		if (block->depth > func->depth)
			func->depth = block->depth;
		if (block->nr_edges > 1)
			func->complexity += block->nr_edges - 1;
	}
}

struct cfg *cfg_build(const struct code *code)
{
	struct cfg *cfg = xcalloc(1, sizeof(*cfg));
	struct builder b = { .cfg = cfg, .code = code };

	cfg->code = code;
	cfg->nr_funcs = code->nr_funcs;
	cfg->funcs = xcalloc(cfg->nr_funcs, sizeof(*cfg->funcs));
	b.leaders = xcalloc(code->nr / 64 + 1, sizeof(*b.leaders));
	b.block_at = xcalloc(code->nr ? code->nr : 1, sizeof(*b.block_at));
	partition(&b);
	for (uint32_t i = 0; i < cfg->nr_blocks; i++)
		add_edges(&b, i);
	for (uint32_t i = 0; i < cfg->nr_blocks; i++)
		add_calls(&b, i);
	free(b.leaders);
	free(b.block_at);
	cfg_flow(cfg);
	reach_funcs(cfg);
	for (uint32_t f = 0; f < cfg->nr_funcs; f++) {
		count_func(cfg, &cfg->funcs[f]);
		cfg->funcs[f].stack = cfg_stack(cfg, f);
	}
	return cfg;
}

void cfg_free(struct cfg *cfg)
{
	if (!cfg)
		return;
	free(cfg->funcs);
	free(cfg->blocks);
	free(cfg->edges);
	free(cfg->calls);
	free(cfg);
}

static bool begins_by(const void *record, const void *key)
{
	const struct cfg_block *block = record;

	return block->start <= *(const uint32_t *)key;
}

uint32_t cfg_block_of(const struct cfg *cfg, uint32_t i)
{
	size_t behind = lower_bound(cfg->blocks, cfg->nr_blocks, sizeof(*cfg->blocks), begins_by, &i);

	return behind ? behind - 1 : 0;
}

static int compare_call(const void *key, const void *elem)
{
	const uint32_t *insn = key;
	const struct cfg_edge *call = elem;

	return (*insn > call->insn) - (*insn < call->insn);
}

const struct cfg_edge *cfg_call_at(const struct cfg *cfg, uint32_t i)
{
	return cfg->nr_calls ? bsearch(&i, cfg->calls, cfg->nr_calls, sizeof(*cfg->calls),
				       compare_call) : NULL;
}

const char *cfg_edge_label(enum edge_kind kind)
{
	static const char *const labels[] = {
		[EDGE_NEXT] = "", [EDGE_JUMP] = "", [EDGE_TAKEN] = "T", [EDGE_FALL] = "F",
		[EDGE_GOTOX] = "", [EDGE_MAY_GOTO] = "spent", [EDGE_MAY_FALL] = "go on",
		[EDGE_CALL] = "call", [EDGE_CALLBACK] = "callback",
	};

	return labels[kind];
}
