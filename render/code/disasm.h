/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions as text, described once: one table of forms serves the
 * disassembler, which finds the form of an instruction and writes it, and the
 * assembler, which finds the form of a text and reads it. So both always
 * agree. The notation is the kernel's (verifier log, xlated dumps).
 */
#ifndef BPFSH_RENDER_DISASM_H
#define BPFSH_RENDER_DISASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

/* Fields of an instruction, as bits. */
enum insn_field {
	IN_DST = 1 << 0,
	IN_SRC = 1 << 1,
	IN_OFF = 1 << 2,
	IN_IMM = 1 << 3,
	IN_HIGH = 1 << 4,	/* imm of an ld_imm64's second half */
};

/*
 * One form. @text is literal but for what follows a '%':
 *
 *	d s	number of the destination or source register
 *	o	off, signed, as the second part of an address ("+8")
 *	i x	imm, decimal or hexadecimal
 *	X	the 64 bits of an ld_imm64, or the extern that they will be the address of
 *	O	imm of the second half, signed
 *	A B	upper and lower 16 bits of imm
 *	u v	unsigned type of the size in the opcode; v: not u64
 *	t	signed type of that size; not s64
 *	a j	ALU operation "+=", condition ">"; both in the opcode
 *	p f	atomic operation in imm: "+=", or "add" with BPF_FETCH
 *	e	width of a byte swap, in imm
 *	J L	jump target from off or imm ("pc+3")
 *	c l	subprogram that is called, or whose address is taken
 *	g	its name ("#func"), only for the eye
 *	h k	helper, kfunc that is called
 *	m	map
 *
 * An instruction has this form if its opcode equals @code under @mask and the
 * fields in @select have the values given here. Fields that are neither
 * selected nor in the text ought to be zero.
 */
struct insn_form {
	const char *text;
	uint8_t code, mask;
	uint8_t select;
	uint8_t src;
	int16_t off;
	int32_t imm;
	bool internal;		/* the kernel's own opcode for what an earlier form writes alike */
};

extern const struct insn_form insn_forms[];
extern const unsigned nr_insn_forms;

/* An element of text that stands for bits: of an opcode, of imm, or for a width. */
struct insn_word {
	const char *text;
	int32_t bits;
};

/* The words of element @element ('a', 'j', 'u', ...), ended by a NULL text; or NULL. */
const struct insn_word *insn_words(char element);

/* "bpf_map_lookup_elem" for 1; NULL for what these headers do not know. */
const char *helper_name(int32_t id);
/* The reverse; -1 if there is none. */
int32_t helper_id(const char *name, size_t len);
/* The helper's name that @name most probably was meant to be, or NULL. */
const char *helper_nearest(const char *name);

/* Opcode of an ld_imm64's first half. */
#define INSN_LD_IMM64 (BPF_LD | BPF_IMM | BPF_DW)

#endif
