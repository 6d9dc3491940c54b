/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching and detaching without a link. */
#ifndef BPFSH_OP_ATTACH_H
#define BPFSH_OP_ATTACH_H

#include "shell/kern/link.h"

struct op;
struct op_kind;

/* What is to change where. Handles and texts are borrowed. */
struct attach_def {
	struct link_def at;
	struct handle *prog;		/* NULL: the only one there, to be taken off */
	bool detach;
	bool overwrite;			/* the only one there may be replaced, whoever attached it */
	__u32 flags;			/* BPF_F_ALLOW_..., BPF_F_PREORDER, BPF_F_BEFORE, BPF_F_AFTER */
	struct handle *beside;		/* before or after this program; NULL: all */
	struct handle *instead;		/* in its place; NULL: nobody's */
};

/* Undone as far as what is there still is what it left; a program comes back to its place. */
struct op *op_attach(const struct attach_def *def, struct span span);
extern const struct op_kind op_attach_kind;

#endif
