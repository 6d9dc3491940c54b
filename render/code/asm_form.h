/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One instruction's text, read by the table of forms in disasm.h.
 */
#ifndef BPFSH_RENDER_ASM_FORM_H
#define BPFSH_RENDER_ASM_FORM_H

#include <ctype.h>

#include "render/code/asm.h"

struct text {
	const char *at, *end;
};

/* Where an instruction leads, and where that is to be written. */
struct asm_target {
	enum { TARGET_NONE, TARGET_OFF, TARGET_IMM, TARGET_CALL, TARGET_FUNC } kind;
	int64_t distance;
	struct text label;		/* empty: by distance */
};

struct asm_insn {
	struct bpf_insn insn[2];
	bool wide;			/* both count */
	struct asm_target target;
	unsigned given;			/* fields given in braces: enum insn_field */
};

struct asm_context {
	const struct source *src;
	enum code_form form;
	const struct asm_names *names;	/* or NULL */
	struct diags *d;
	bool (*is_label)(void *user, struct text name);
	void *user;
};

/* Reads all of @t; -1 with a diagnostic. */
int asm_insn_read(const struct asm_context *ctx, struct text t, struct asm_insn *out);

static inline bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

#endif
