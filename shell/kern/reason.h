/* SPDX-License-Identifier: BSD-2-Clause */
/* What an errno means for an operation on a map. Inside the kernel layer only. */
#ifndef BPFSH_KERN_REASON_H
#define BPFSH_KERN_REASON_H

#include <linux/types.h>
#include <stddef.h>

struct buf;

enum op {
	UPDATE = 1, LOOKUP = 2, DELETE = 4, NEXT = 8, LIST = 16, PUSH = 32, POP = 64, FREEZE = 128,
	ANY_OP = 255,
	CREATE = 256,
	ELEMENT = UPDATE | LOOKUP | DELETE | NEXT | LIST,
};

/* In the texts {max} is the map's max_entries, {last} one less. */
struct reason {
	unsigned ops;
	struct {
		__u64 types;		/* bits of the map's type */
		unsigned traits;	/* or of maps that have any of these, */
		unsigned not_traits;	/* or (not 0) none of those */
	} of;
	int err;			/* 0: any */
	const char *text, *hint;
};

/* All of them; the first that fits is meant. */
extern const struct reason reasons[];
extern const size_t nr_reasons;

/* The reason that fits; NULL where none is known. */
const struct reason *reason_find(unsigned op, __u32 type, int err);
/* Appends a reason's text with the map's numbers in it. */
void reason_put(struct buf *out, const char *text, __u32 max_entries);

#endif
