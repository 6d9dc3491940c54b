/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The assembler: text to instructions, in the notation that code_print_insn()
 * writes. What the disassembler printed gives the same bytes again.
 *
 * Instructions are separated by newlines or ';'. A line that begins with ';'
 * is a comment, and so is what follows "//", or a '#' at a word's start: a
 * listing with source lines reads as it is, its "12: (b7)" and "int f(int x):"
 * too. "name:" is a label, for jumps, calls and subprog[name]. Blanks count
 * only between words. Jumps go to "pc+3", "+3" or a label. A helper needs its
 * name alone, or its number alone.
 */
#ifndef BPFSH_RENDER_ASM_H
#define BPFSH_RENDER_ASM_H

#include <linux/bpf.h>

#include "render/code/code.h"

/*
 * How names become numbers. Either may be NULL: a map known by name alone is then
 * left 0, as in an object, and "id:5" is 5. Externs are refused; without any names
 * they are left 0 too.
 */
struct asm_names {
	/*
	 * Helper or kfunc (@call->src_reg is BPF_PSEUDO_KFUNC_CALL) @name: puts its
	 * number into @call->imm, and off where needed. -1: there is none. Asked for
	 * kfuncs, and for helpers that the headers do not know.
	 */
	int (*call)(void *user, const char *name, struct bpf_insn *call);
	/*
	 * What stands in "map[...]" up to a blank ("flows", "id:5", "$m"): returns
	 * what imm shall be, a descriptor if the program is to be loaded; -1 with a
	 * diagnostic at @at.
	 */
	int (*map)(void *user, const char *ref, struct span at, struct diags *d);
	void *user;
};

/*
 * Reads all of @src. CODE_ELF is what can be loaded; there a name counts more
 * than the number after it ("call bpf_ktime_get_ns#274096" of a dump is helper
 * 5). CODE_XLATED gives what a dump holds. Returns the instructions, which the
 * caller frees, and their number in @nr; NULL with a diagnostic for each error.
 * No text gives no instructions, but not NULL. @spans, unless NULL, is set to the
 * places in @src that the instructions stand at, one for each, also to be freed.
 */
struct bpf_insn *asm_read(const struct source *src, enum code_form form,
			  const struct asm_names *names, uint32_t *nr, struct span **spans,
			  struct diags *d);

#endif
