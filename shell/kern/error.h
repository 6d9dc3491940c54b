/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an errno of a call means. Functions of shell/kern/ return 0 or a descriptor, or -errno,
 * unless they take a struct diags: those queue one diagnostic and return -1.
 */
#ifndef BPFSH_KERN_ERROR_H
#define BPFSH_KERN_ERROR_H

#include <linux/types.h>

#include "shell/base/alloc.h"
#include "shell/base/diag.h"

struct buf;
struct handle;

/* Refusals for which the kernel has one errno for many; kern_error() knows them too. */
enum {
	KERN_EDOT = 5000,	/* a name in bpffs has a dot, where kernel answers EPERM */
	KERN_ENOTBPFFS,		/* the folder of a pin is not on a bpffs: EPERM */
	KERN_EOTHERFS,		/* another bpffs lies at the path than the one that is meant */
	KERN_ENORENAME,		/* renameat2(2) itself is refused: ENOSYS, which means bpf(2) elsewhere */
	KERN_ENOEXCHANGE,	/* this bpffs does not exchange two names: EINVAL */
	KERN_ENAME,		/* no name for an object: EINVAL, or cut without a word */
	KERN_ENOTPIN,		/* the path is no pinned object: EACCES */
	KERN_ECHANGED,		/* what was walked changed: see kern_map_walk() */
	KERN_EPERM,		/* EPERM where -1 is what a callback returned */
};

/*
 * Queues what an errno means for this operation on this map ("map is full (8 of
 * 8 entries)"), where the errno alone would mislead. @what is the failed
 * action: "update", "lookup". Returns -1.
 */
int kern_map_error(struct diags *d, struct span at, const char *what, const struct handle *map,
		   int err);
/* The same for an update of a map of maps or programs, whose value names @value. */
int kern_map_value_error(struct diags *d, struct span at, const char *what,
			 const struct handle *map, const struct handle *value, int err);
/* Of a map that is only planned: that it cannot be created, where that is known; else 0. */
int kern_map_plan(struct diags *d, struct span at, const struct handle *map);
/* The same for anything else: "cannot WHAT: reason". */
int kern_error(struct diags *d, struct span at, int err, const char *fmt, ...) printf_like(4, 5);

/* Kinds of calls, by the capabilities that they take. */
enum kern_call {
	KERN_OTHER,			/* of files and sockets */
	KERN_USING,			/* a descriptor */
	KERN_LISTING,			/* IDs, or what is opened by one */
	KERN_QUERYING,			/* what is attached somewhere */
	KERN_PROG_LOADING, KERN_MAP_CREATING, KERN_BTF_LOADING, KERN_ATTACHING,
	KERN_EVENTS,
};

/* Where EPERM is to say which capability is missing. */
int kern_call_error(struct diags *d, struct span at, enum kern_call call, int err,
		    const char *fmt, ...) printf_like(5, 6);
/* The reason alone, and what to do, if anything. */
void kern_reason(struct buf *text, struct buf *hint, enum kern_call call, int err);

#endif
