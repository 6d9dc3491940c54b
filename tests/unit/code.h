/* SPDX-License-Identifier: BSD-2-Clause */
/* Short ways to write instructions and to make a struct code of them, for tests. */
#ifndef BPFSH_TESTS_UNIT_CODE_H
#define BPFSH_TESTS_UNIT_CODE_H

#include "render/code/code_make.h"
#include "shell/base/alloc.h"
#include "shell/base/compat.h"

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define MOV(reg, value)		INSN(BPF_ALU64 | BPF_MOV, reg, 0, 0, value)
#define MOVR(to, from)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define ADD(reg, value)		INSN(BPF_ALU64 | BPF_ADD, reg, 0, 0, value)
#define GOTO(off)		INSN(BPF_JMP | BPF_JA, 0, 0, off, 0)
#define GOTOL(off)		INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, off)
#define GOTOX(reg)		INSN(BPF_JMP | BPF_JA | BPF_X, reg, 0, 0, 0)
#define MAY_GOTO(off)		INSN(BPF_JMP | BPF_JCOND, 0, 0, off, 0)
#define IF(reg, value, off)	INSN(BPF_JMP | BPF_JEQ, reg, 0, off, value)
#define CALL(helper)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define CALLF(to)		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, to)
#define KFUNC(id)		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, id)
#define LD64(reg, src, low, high) \
	INSN(BPF_LD | BPF_IMM | BPF_DW, reg, src, 0, low), INSN(0, 0, 0, 0, high)
#define EXIT			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static inline struct code *make_code(enum code_form form, const struct bpf_insn *insns, uint32_t nr,
				     const struct code_names *names)
{
	struct code *code = code_alloc(form, insns, nr, "main", "xdp", names);

	code_complete(code);
	return code;
}

#define ELF_CODE(insns) make_code(CODE_ELF, insns, ARRAY_SIZE(insns), NULL)
#define XLATED_CODE(insns) make_code(CODE_XLATED, insns, ARRAY_SIZE(insns), NULL)

#endif
