/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machine code to text, through libcapstone, which is opened when it is first
 * needed: it is no cost for those who never ask.
 */
#ifndef BPFSH_RENDER_JIT_H
#define BPFSH_RENDER_JIT_H

#include <stddef.h>
#include <stdint.h>

#include "shell/base/diag.h"

struct jit_insn {
	uint64_t address;
	const uint8_t *bytes;		/* @size of them */
	uint32_t size;
	const char *operation, *operands;	/* "mov", "%rsp, %rbp"; valid during the call */
	uint64_t target;		/* where a call or jump leads, 0 for all else */
	uint64_t constant;		/* what it begins with as an operand, perhaps an address; or 0 */
};

/*
 * Calls @fn for each instruction of this machine's code, which runs at
 * @address; bytes that are none become ".byte". @fn stops it by returning
 * nonzero, which is returned. -1 with a diagnostic: no disassembler.
 */
typedef int (*jit_fn)(void *arg, const struct jit_insn *insn);
int jit_disassemble(const uint8_t *code, size_t len, uint64_t address, jit_fn fn, void *arg,
		    struct span at, struct diags *d);

#endif
