/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects found by what they are called: their name, their tag, a program's symbol. */
#ifndef BPFSH_FIND_H
#define BPFSH_FIND_H

#include <linux/bpf.h>

#include "shell/kern/object.h"
#include "shell/lang/cmd.h"

enum find_by { FIND_NAME, FIND_TAG };

/* Adds all objects of the kind that are called so to @out; none is an error. */
int find_objects(struct ctx *ctx, enum object_kind kind, enum find_by by, const char *text,
		 struct span at, struct value *out);
/* Whether @text is a program as traces write it: bpf_prog_TAG_NAME, perhaps +0xOFFSET behind. */
bool is_prog_symbol(const char *text);

/* What an open object says of itself. */
struct looks {
	union {
		struct bpf_prog_info prog;
		struct bpf_map_info map;
		struct bpf_btf_info btf;
	};
	char kept[KERN_NAME_MAX];	/* the name as the kernel keeps it */
};

/* False where it says nothing. */
bool look_at(enum object_kind kind, int fd, struct looks *l);
/* Its name in full. */
void look_up_name(enum object_kind kind, int fd, const struct looks *l, char name[KERN_NAME_MAX]);

#endif
