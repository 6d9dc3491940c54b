// SPDX-License-Identifier: BSD-2-Clause
/*
 * How much stack a function uses, read off its instructions: within a block,
 * registers that hold r10 plus a constant are followed through copies and
 * additions, and each access or address below r10 counts.
 */
#include <string.h>

#include "render/cfg/cfg_flow.h"
#include "render/code/disasm.h"
#include "shell/base/compat.h"

/* More than the verifier ever allows; keeps sums in range. */
#define STACK_MAX (1 << 20)
#define NR_REGS 16

struct frame {
	bool known[NR_REGS];		/* the register holds r10 + at */
	int32_t at[NR_REGS];
	int32_t lowest;
};

static void touch(struct frame *f, unsigned reg, int32_t off)
{
	int32_t at = f->at[reg] + off;

	if (f->known[reg] && at < f->lowest && at >= -STACK_MAX)
		f->lowest = at;
}

static void set(struct frame *f, unsigned reg, int64_t at)
{
	f->known[reg] = at <= 0 && at >= -STACK_MAX;
	f->at[reg] = f->known[reg] ? at : 0;
	touch(f, reg, 0);
}

static void forget(struct frame *f, unsigned reg)
{
	if (reg != BPF_REG_10)
		f->known[reg] = false;
}

static void follow_alu(struct frame *f, const struct bpf_insn *insn)
{
	bool known = f->known[insn->dst_reg];
	int64_t at = f->at[insn->dst_reg];

	if (insn->dst_reg == BPF_REG_10)
		return;
	forget(f, insn->dst_reg);
	if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && !insn->off && f->known[insn->src_reg])
		set(f, insn->dst_reg, f->at[insn->src_reg]);
	else if (insn->code == (BPF_ALU64 | BPF_ADD) && known)
		set(f, insn->dst_reg, at + insn->imm);
	else if (insn->code == (BPF_ALU64 | BPF_SUB) && known)
		set(f, insn->dst_reg, at - insn->imm);
}

static void follow_atomic(struct frame *f, const struct bpf_insn *insn)
{
	if (insn->imm == BPF_LOAD_ACQ) {
		touch(f, insn->src_reg, insn->off);
		forget(f, insn->dst_reg);
		return;
	}
	touch(f, insn->dst_reg, insn->off);
	if (insn->imm == BPF_CMPXCHG)
		forget(f, BPF_REG_0);
	else if (insn->imm & BPF_FETCH)
		forget(f, insn->src_reg);
}

static void follow(struct frame *f, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		follow_alu(f, insn);
		break;
	case BPF_LDX:
		touch(f, insn->src_reg, insn->off);
		forget(f, insn->dst_reg);
		break;
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC) {
			follow_atomic(f, insn);
			break;
		}
		/* fall through */
	case BPF_ST:
		touch(f, insn->dst_reg, insn->off);
		break;
	case BPF_LD:
		forget(f, insn->code == INSN_LD_IMM64 ? insn->dst_reg : BPF_REG_0);
		break;
	case BPF_JMP:
		if (BPF_OP(insn->code) != BPF_CALL)
			break;
		for (unsigned reg = BPF_REG_0; reg <= BPF_REG_5; reg++)
			forget(f, reg);
	}
}

uint32_t cfg_stack(const struct cfg *cfg, uint32_t f)
{
	const struct cfg_func *func = &cfg->funcs[f];
	struct frame frame = { .lowest = 0 };

	for (uint32_t b = func->first_block; b < func->first_block + func->nr_blocks; b++) {
		const struct cfg_block *block = &cfg->blocks[b];

		memset(frame.known, 0, sizeof(frame.known));
		frame.known[BPF_REG_10] = true;
		for (uint32_t i = block->start; i < block->end; i = code_next(cfg->code, i))
			follow(&frame, &cfg->code->insns[i]);
	}
	return (-frame.lowest + 7) & ~7u;
}
