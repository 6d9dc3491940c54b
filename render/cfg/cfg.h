/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control-flow graph of a program: functions, basic blocks, edges, and
 * what follows from them (dominators, loops, what is never reached). Pure
 * computation, in time that grows about linearly with the program; how a
 * graph looks is decided elsewhere.
 *
 * All indices are into the arrays of struct cfg. Blocks are sorted by their
 * first instruction, so a function's are consecutive and begin with its entry.
 */
#ifndef BPFSH_RENDER_CFG_H
#define BPFSH_RENDER_CFG_H

#include <stdbool.h>
#include <stdint.h>

#include "render/code/code.h"

#define CFG_NONE UINT32_MAX

enum block_flags {
	BLOCK_ENTRY = 1 << 0,		/* the first of its function */
	BLOCK_EXIT = 1 << 1,		/* ends in exit, or in a call that never returns */
	BLOCK_LOOP_HEADER = 1 << 2,	/* a natural loop comes back to it, and it dominates that loop */
	BLOCK_UNREACHABLE = 1 << 3,	/* no path leads to it from its function's entry */
	BLOCK_IRREDUCIBLE = 1 << 4,	/* entered by a back edge of a loop with more than one entry */
	BLOCK_BAD_JUMP = 1 << 5,	/* jumps out of its function or into an ld_imm64: no such edge */
	BLOCK_FALLS_OFF = 1 << 6,	/* runs past its function's last instruction */
	BLOCK_GOTOX = 1 << 7,		/* ends in an indirect jump */
};

struct cfg_block {
	uint32_t start, end;		/* instructions start..end (exclusive), never empty */
	uint32_t func;
	uint32_t first_edge, nr_edges;	/* those that leave it */
	uint32_t idom;			/* immediate dominator; CFG_NONE for entries and the unreachable */
	uint32_t loop;			/* header of the innermost natural loop it is in, or CFG_NONE;
					   a header is in its own loop */
	uint32_t outer;			/* of a header: that of the next loop around, or CFG_NONE */
	uint32_t depth;			/* number of natural loops it is in */
	uint32_t dom_first, dom_nr;	/* its subtree of the dominator tree: see cfg_dominates() */
	unsigned flags;
};

enum edge_kind {
	EDGE_NEXT,		/* the block just ends: a jump elsewhere leads to what follows */
	EDGE_JUMP,		/* goto, gotol */
	EDGE_TAKEN,		/* T of a conditional jump */
	EDGE_FALL,		/* F of a conditional jump */
	EDGE_GOTOX,		/* one of the places that an indirect jump may go to */
	EDGE_MAY_GOTO,		/* may_goto's jump, once its budget is spent */
	EDGE_MAY_FALL,		/* may_goto goes on */
	EDGE_CALL,		/* call of a subprogram */
	EDGE_CALLBACK,		/* the callee's address is taken, for a helper to call */
};

struct cfg_edge {
	uint32_t from, to;	/* blocks */
	uint32_t insn;		/* the jump or call; for EDGE_NEXT the last instruction */
	enum edge_kind kind;
	bool back;		/* leads back: closes a loop */
};

/* Function i is code->funcs[i]. */
struct cfg_func {
	uint32_t first_block, nr_blocks;	/* the first is its entry; none only in an empty program */
	uint32_t insns;			/* instructions, ld_imm64 counted once */
	uint32_t loops;			/* natural loops */
	uint32_t irreducible;		/* blocks flagged BLOCK_IRREDUCIBLE */
	uint32_t depth;			/* deepest nesting of loops */
	uint32_t complexity;		/* cyclomatic (McCabe): decisions + 1, of what is reachable */
	uint32_t stack;			/* bytes used below r10, a multiple of 8, as far as offsets are plain */
	bool reachable;			/* from the program's entry by calls and callbacks */
};

struct cfg_marks;

struct cfg {
	const struct code *code;	/* borrowed */
	const struct cfg_marks *marks;	/* borrowed, or NULL: see marks.h */
	unsigned shown;			/* in listings of blocks: enum code_listing */
	struct cfg_func *funcs;
	uint32_t nr_funcs;
	struct cfg_block *blocks;
	uint32_t nr_blocks;
	struct cfg_edge *edges;		/* within functions, by from; a conditional's T before its F */
	uint32_t nr_edges;
	struct cfg_edge *calls;		/* EDGE_CALL and EDGE_CALLBACK, by insn; to: the callee's entry */
	uint32_t nr_calls;
};

/* Never fails, whatever the instructions are. @code must live longer than the result. */
struct cfg *cfg_build(const struct code *code);
/* NULL is fine. */
void cfg_free(struct cfg *cfg);

/* The block that holds instruction @i (below code->nr). */
uint32_t cfg_block_of(const struct cfg *cfg, uint32_t i);
/* The call, or the taking of a callback's address, at instruction @i; or NULL. */
const struct cfg_edge *cfg_call_at(const struct cfg *cfg, uint32_t i);
/* Whether each path from the entry to @b passes through @a: a block dominates itself. */
static inline bool cfg_dominates(const struct cfg *cfg, uint32_t a, uint32_t b)
{
	return cfg->blocks[b].dom_first - cfg->blocks[a].dom_first < cfg->blocks[a].dom_nr;
}

/* "T", "F", "" ...: the label of an edge. */
const char *cfg_edge_label(enum edge_kind kind);

#endif
