/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a struct code is put together, for those who read one from somewhere:
 * code_alloc(), then functions and lines in their order, then code_complete().
 */
#ifndef BPFSH_RENDER_CODE_MAKE_H
#define BPFSH_RENDER_CODE_MAKE_H

#include "render/code/code.h"

/* Copies everything; @name, @type and @names may be NULL. */
struct code *code_alloc(enum code_form form, const struct bpf_insn *insns, uint32_t nr,
			const char *name, const char *type, const struct code_names *names);
/*
 * Takes a function, named by BTF type @type_id or else @name; @btf and @name
 * may be NULL. One out of order or range is left out.
 */
void code_add_func(struct code *code, const struct btf *btf, uint32_t start, uint32_t type_id,
		   const char *name);
/* Takes a source line, as of struct bpf_line_info; one out of order or range is left out. */
void code_add_line(struct code *code, const struct btf *btf, uint32_t insn, uint32_t file,
		   uint32_t text, uint32_t line_col);
/* Takes a relocation's name; the caller keeps refs sorted. */
void code_add_ref(struct code *code, uint32_t insn, enum code_ref_kind kind, const char *name);
/* Finds the functions that no BTF names, and who is called. */
void code_complete(struct code *code);
/* Takes the places that gotox may go to, in any order. */
void code_set_targets(struct code *code, const uint32_t *targets, uint32_t nr);

#endif
