/* SPDX-License-Identifier: BSD-2-Clause */
/* What a map of maps takes as a value. Inside the kernel layer only. */
#ifndef BPFSH_KERN_INNER_H
#define BPFSH_KERN_INNER_H

#include <stdbool.h>

#include "shell/kern/handle.h"

struct buf;

struct inner_facts {
	struct map_facts map;		/* type, sizes of key and value; more as is said below */
	bool known, has_entries, has_flags;
};

/* What the maps inside of @outer must be like, as far as that can be found. */
void inner_read(const struct handle *outer, struct inner_facts *f);
/* Appends in what a map differs from that, and what to do; false where nothing is known. */
bool inner_difference(struct buf *text, struct buf *hint, const struct inner_facts *want,
		      const struct map_facts *have);

#endif
