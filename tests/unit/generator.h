/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs of all instructions that need neither maps nor context, up to
 * v4 of the set, which the verifier has to take: numbers in all registers and
 * in some slots of the stack, jumps that only lead forward.
 */
#ifndef BPFSH_TESTS_UNIT_GENERATOR_H
#define BPFSH_TESTS_UNIT_GENERATOR_H

#include <stdlib.h>

#include "render/code/disasm.h"
#include "shell/base/alloc.h"
#include "shell/base/compat.h"

#define BODY 80
#define SLOTS 8
#define JUMPS_MAX 6

struct generator {
	struct bpf_insn insns[4 * BODY];
	uint32_t nr, starts[4 * BODY], nr_starts;
	int jumps;
};

static unsigned below(unsigned n)
{
	return random() % n;
}

static void put(struct generator *g, uint8_t code, unsigned dst, unsigned src, int off, int imm)
{
	g->starts[g->nr_starts++] = g->nr;
	g->insns[g->nr++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm,
	};
}

static void put_alu(struct generator *g)
{
	static const uint8_t ops[] = {
		BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR, BPF_AND, BPF_XOR, BPF_MOV, BPF_DIV, BPF_MOD,
		BPF_LSH, BPF_RSH, BPF_ARSH,
	};
	static const int8_t widths[] = { 0, 8, 16, 32 };
	uint8_t op = ops[below(ARRAY_SIZE(ops))], class = below(2) ? BPF_ALU64 : BPF_ALU;
	bool divides = op == BPF_DIV || op == BPF_MOD;
	bool shifts = op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
	int off = divides ? below(2) : 0;

	if (shifts)
		put(g, class | op, below(10), 0, 0, below(32));
	else if (below(2))
		put(g, class | op, below(10), 0, off, divides ? 1 + below(100) : random());
	else if (op == BPF_MOV)
		put(g, class | op | BPF_X, below(10), below(10),
		    widths[below(class == BPF_ALU ? 3 : 4)], 0);
	else
		put(g, class | op | BPF_X, below(10), below(10), off, 0);
}

static void put_unary(struct generator *g)
{
	static const uint8_t codes[] = {
		BPF_ALU | BPF_END | BPF_TO_LE, BPF_ALU | BPF_END | BPF_TO_BE, BPF_ALU64 | BPF_END,
	};

	if (below(4))
		put(g, codes[below(ARRAY_SIZE(codes))], below(10), 0, 0, 16 << below(3));
	else
		put(g, (below(2) ? BPF_ALU64 : BPF_ALU) | BPF_NEG, below(10), 0, 0, 0);
}

static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

static void put_memory(struct generator *g)
{
	unsigned size = below(4);
	int off = -8 * SLOTS + (below(8 * SLOTS) & -(1 << size));

	switch (below(4)) {
	case 0:
		put(g, BPF_STX | BPF_MEM | sizes[size], BPF_REG_10, below(10), off, 0);
		break;
	case 1:
		put(g, BPF_ST | BPF_MEM | sizes[size], BPF_REG_10, 0, off, random());
		break;
	case 2:
		put(g, BPF_LDX | (size < 3 ? BPF_MEMSX : BPF_MEM) | sizes[size], below(10),
		    BPF_REG_10, off, 0);
		break;
	case 3:
		put(g, BPF_LDX | BPF_MEM | sizes[size], below(10), BPF_REG_10, off, 0);
	}
}

static void put_atomic(struct generator *g)
{
	static const int16_t ops[] = {
		BPF_ADD, BPF_AND, BPF_OR, BPF_XOR, BPF_ADD | BPF_FETCH, BPF_AND | BPF_FETCH,
		BPF_OR | BPF_FETCH, BPF_XOR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG,
	};
	bool wide = below(2);

	put(g, BPF_STX | BPF_ATOMIC | (wide ? BPF_DW : BPF_W), BPF_REG_10, below(10),
	    -8 * (1 + (int)below(SLOTS)), ops[below(ARRAY_SIZE(ops))]);
}

static void put_wide(struct generator *g)
{
	put(g, INSN_LD_IMM64, below(10), 0, 0, random());
	g->insns[g->nr++] = (struct bpf_insn){ .imm = random() };
}

/* Where they lead is set when all instructions stand. */
static void put_jump(struct generator *g)
{
	static const uint8_t ops[] = {
		BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE, BPF_JSLT,
		BPF_JSLE, BPF_JSET,
	};
	uint8_t class = below(2) ? BPF_JMP : BPF_JMP32;

	if (g->jumps++ >= JUMPS_MAX)
		return;
	switch (below(4)) {
	case 0:
		put(g, BPF_JMP | BPF_JCOND, 0, 0, 1, 0);
		break;
	case 1:
		put(g, class | BPF_JA, 0, 0, 0, 0);
		break;
	case 2:
		put(g, class | ops[below(ARRAY_SIZE(ops))], below(10), 0, 1, random());
		break;
	case 3:
		put(g, class | ops[below(ARRAY_SIZE(ops))] | BPF_X, below(10), below(10), 1, 0);
	}
}

static void set_targets(struct generator *g)
{
	for (uint32_t s = 0; s < g->nr_starts; s++) {
		struct bpf_insn *insn = &g->insns[g->starts[s]];
		uint32_t to = s + 1 + below(5);

		if (insn->off != 1 ||
		    (BPF_CLASS(insn->code) != BPF_JMP && BPF_CLASS(insn->code) != BPF_JMP32))
			continue;
		if (to >= g->nr_starts)
			to = g->nr_starts - 1;
		insn->off = g->starts[to] - g->starts[s] - 1;
	}
}

static void generate(struct generator *g)
{
	void (*const kinds[])(struct generator *) = {
		put_alu, put_alu, put_alu, put_unary, put_memory, put_memory, put_atomic, put_wide,
		put_jump,
	};

	for (unsigned reg = 0; reg < 10; reg++)
		put(g, BPF_ALU64 | BPF_MOV, reg, 0, 0, random());
	for (int slot = 1; slot <= SLOTS; slot++)
		put(g, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8 * slot, 0);
	for (int n = 0; n < BODY; n++)
		kinds[below(ARRAY_SIZE(kinds))](g);
	put(g, BPF_ALU64 | BPF_MOV, BPF_REG_0, 0, 0, 0);
	put(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	set_targets(g);
}

#endif
