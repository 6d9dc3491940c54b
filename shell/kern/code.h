/* SPDX-License-Identifier: BSD-2-Clause */
/* The code of a program that is loaded. */
#ifndef BPFSH_KERN_CODE_H
#define BPFSH_KERN_CODE_H

#include <linux/bpf.h>

struct btf;

/*
 * Everything raw about a program's instructions; freed by kern_code_free().
 * What the kernel hides from this user is NULL, and its number in info 0.
 */
struct kern_code {
	struct bpf_prog_info info;	/* its pointers are these arrays */
	struct bpf_insn *insns;
	void *jited;
	void *func_info, *line_info, *jited_line_info;
	__u64 *ksyms;
	__u32 *func_lens;
	__u32 *map_ids;
	__u32 *jump_targets;		/* instructions that its tables of indirect jumps name */
	__u32 nr_jump_targets;
	struct btf *btf;		/* NULL without */
};

int kern_code(int fd, struct kern_code *code);
void kern_code_free(struct kern_code *code);

#endif
