/* SPDX-License-Identifier: BSD-2-Clause */
/* "imported 1234567 elements, 3 s", on a terminal, while a long command works. */
#ifndef BPFSH_RENDER_PROGRESS_H
#define BPFSH_RENDER_PROGRESS_H

#include <linux/types.h>
#include <stdbool.h>

struct progress {
	const char *verb;		/* "imported" */
	const char *unit;		/* "elements", unless who began sets another */
	__u64 nr;			/* of them, so far */
	long long begin, shown;		/* milliseconds */
	bool terminal, visible;
};

void progress_begin(struct progress *p, const char *verb);
/* The same beside output that shows the elements themselves: not where that is a terminal too. */
void progress_begin_beside(struct progress *p, const char *verb);
/* Counts one element, and calls progress_show() now and then. */
void progress_count(struct progress *p);
/* Shows the line once a second has passed. */
void progress_show(struct progress *p);
/* Wipes the line. */
void progress_end(struct progress *p);

#endif
