/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's instructions, and all that is known about them: functions with
 * their real names, source lines, and the names of what they refer to.
 *
 * It is built from what BPF_OBJ_GET_INFO_BY_FD gives for a loaded program, or
 * from an ELF object that nothing has loaded. Everything in it comes from
 * outside and is checked here once: whoever reads a struct code may rely on
 * the orders and ranges named below, and on nothing else. The instructions
 * themselves stay as they came, valid or not.
 *
 * Every index and every jump counts instructions (8 bytes) from the program's
 * first, whatever the function: ld_imm64 takes two of them.
 */
#ifndef BPFSH_RENDER_CODE_H
#define BPFSH_RENDER_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>

#include "shell/base/diag.h"

struct buf;

struct btf;

/*
 * The two encodings of a call of a subprogram. In an object the distance is
 * in imm. In a dump of a loaded program it is in off, cut to 16 bits, and imm
 * is the callee's number, or 0 where kptr_restrict hides it (kernel/bpf,
 * jit_subprogs() and bpf_insn_prepare_dump()).
 */
enum code_form { CODE_XLATED, CODE_ELF };

/* A function ends where the next begins, or with the program. */
struct code_func {
	uint32_t start;
	char *name;		/* from BTF, else the program's name or "subprog_N"; printable */
	char *proto;		/* "int f(struct xdp_md * ctx)" from BTF, or NULL; printable */
	bool called;		/* some instruction calls it */
	bool callback;		/* some instruction takes its address (BPF_PSEUDO_FUNC) */
	uint32_t number;	/* among the first function and those that are called or callbacks */
};

/* Source line that begins at an instruction. The strings are BTF's: escape them. */
struct code_line {
	uint32_t insn;
	uint32_t line, col;	/* from 1; 0: unknown */
	const char *text;	/* without leading blanks; may be "" */
	const char *file;	/* may be "" */
};

/* What the relocation at an ld_imm64 or a call of an object names. */
enum code_ref_kind { REF_MAP, REF_DATA, REF_EXTERN };

struct code_ref {
	uint32_t insn;
	enum code_ref_kind kind;
	char *name;		/* map, data section (".bss"), or extern; printable */
};

/*
 * How names are found that the instructions hold as numbers. Any member may be
 * NULL, and any function may return NULL: the number is then shown alone. A
 * result stays valid until the next call, at least.
 */
struct code_names {
	/* The helper or kfunc (src_reg BPF_PSEUDO_KFUNC_CALL) that @call calls. */
	const char *(*call)(void *user, const struct bpf_insn *call);
	/* The map of that ID; where this is set, "map[id:5]" becomes "map[id:5 flows]". */
	const char *(*map)(void *user, uint32_t id);
	/* What stands for the name of function @number (see struct code_func) where it is called. */
	const char *(*func)(void *user, uint32_t number);
	void *user;
};

struct code {
	enum code_form form;
	struct bpf_insn *insns;
	uint32_t nr;
	struct code_func *funcs;	/* by start; at least one, funcs[0].start == 0 */
	uint32_t nr_funcs;
	struct code_line *lines;	/* by insn, at most one each */
	uint32_t nr_lines;
	struct code_ref *refs;		/* by insn, at most one each; CODE_ELF only */
	uint32_t nr_refs;
	uint32_t *targets;		/* where gotox may go, sorted, each once */
	uint32_t nr_targets;
	uint64_t *wide;			/* bitmap: second halves of ld_imm64, see code_is_half() */
	char *name, *type;		/* printable; "" where unknown */
	uint32_t id;			/* 0 for an object's program */
	struct code_names names;
	struct btf *btf;		/* owned; only where it was read from an object */
};

#define CODE_NONE UINT32_MAX

/* What a loaded program is made from: the arrays as the kernel filled them. */
struct code_raw {
	const struct bpf_insn *insns;
	uint32_t nr;
	const void *func_info, *line_info;
	uint32_t nr_func_info, func_info_rec_size;	/* bytes of a record, the kernel's choice */
	uint32_t nr_line_info, line_info_rec_size;
	const struct btf *btf;			/* or NULL */
	const uint32_t *targets;		/* xlated offsets in the program's insn_array maps */
	uint32_t nr_targets;
	const char *name, *type;		/* or NULL */
	uint32_t id;
	struct code_names names;
};

/*
 * Copies @raw, except the BTF, whose strings it points to: @raw->btf must
 * live longer than the result. Records that make no sense are left out. Never
 * fails; a program of no instructions has one function and nothing in it.
 */
struct code *code_new_xlated(const struct code_raw *raw);

/*
 * Reads program @prog (a function's name; NULL where the object holds only one)
 * of the ELF object @path, with the subprograms that it uses appended as
 * libbpf does before a load. Needs no privilege and no bpf(2). @at is blamed.
 */
struct code *code_new_elf(const char *path, const char *prog, const struct code_names *names,
			  struct span at, struct diags *d);
/* The names of @path's programs, raw: a NULL-ended list, for the caller to free; NULL: an error. */
char **code_elf_programs(const char *path, struct span at, struct diags *d);

/* NULL is fine. */
void code_free(struct code *code);

/* The function that holds instruction @i, as an index into funcs. */
uint32_t code_func_of(const struct code *code, uint32_t i);
/* Where function @f ends (exclusive). */
uint32_t code_func_end(const struct code *code, uint32_t f);
/* The function that begins at @i, or CODE_NONE. */
uint32_t code_func_at(const struct code *code, int64_t i);
/* The source line that begins at @i, or NULL. */
const struct code_line *code_line_at(const struct code *code, uint32_t i);
/* The source line that @i belongs to: the last one begun in its function, or NULL. */
const struct code_line *code_line_of(const struct code *code, uint32_t i);
/* What the relocation at @i names, or NULL. */
const struct code_ref *code_ref_at(const struct code *code, uint32_t i);

/* Whether @i is the second half of an ld_imm64: printed with the first, never jumped to. */
static inline bool code_is_half(const struct code *code, uint32_t i)
{
	return code->wide[i / 64] >> i % 64 & 1;
}

/* The instruction after @i, which may be code->nr. */
static inline uint32_t code_next(const struct code *code, uint32_t i)
{
	return i + 1 < code->nr && code_is_half(code, i + 1) ? i + 2 : i + 1;
}

/*
 * Where a jump, a call of a subprogram or the taking of a callback's address
 * at @i leads. Not checked against the program's range; CODE_NO_TARGET where
 * @i is none of these (gotox is none: see targets).
 */
#define CODE_NO_TARGET INT64_MIN
int64_t code_target(const struct code *code, uint32_t i);

/* Whether @i calls something that never comes back: the kfunc bpf_throw. */
bool code_never_returns(const struct code *code, uint32_t i);

/*
 * Appends instruction @i as the kernel writes it, without number and opcode:
 * "r1 = *(u32 *)(r1 +4)", "if r3 > r2 goto pc+31". What is no instruction
 * becomes "unknown ..."; fields that its kind does not use and that are not
 * zero follow in braces. Names in it are printable. asm_read() makes the same
 * instruction of it again.
 */
void code_print_insn(struct buf *out, const struct code *code, uint32_t i);
/* Appends the bytes as bpftool's "opcodes": "b7 01 00 00 00 00 00 00", 16 of them for ld_imm64. */
void code_print_opcodes(struct buf *out, const struct code *code, uint32_t i);
/* Appends bpftool's "linum": " [file:x.c line_num:45 line_col:42]", printable. */
void code_print_linum(struct buf *out, const struct code_line *line);

/* Appends the same in short: "x.c:12". */
void code_print_file(struct buf *out, const struct code_line *line);
/* Appends that as the verifier's log has it: " @ x.c:12". */
void code_print_place(struct buf *out, const struct code_line *line);

/* What listings show of an instruction besides its text and source line. */
enum code_listing { CODE_LINUM = 1, CODE_OPCODES = 2 };

#endif
