/* SPDX-License-Identifier: BSD-2-Clause */
/* Which capabilities a call takes, and why one is not permitted. Inside the kernel layer only. */
#ifndef BPFSH_KERN_RIGHTS_H
#define BPFSH_KERN_RIGHTS_H

#include <stdbool.h>

#include "shell/base/alloc.h"
#include "shell/kern/error.h"

struct buf;

/* What this process may, as far as it can know. */
struct rights {
	__u64 caps;			/* effective, a bit each */
	bool user_ns;			/* it is in a user namespace: they do not count for bpf(2) */
	bool filtered;			/* it has a seccomp filter */
	char lockdown[32];		/* the kernel's, "integrity"; "" for none */
};

void rights_read(struct rights *r);
/*
 * The capabilities that a call takes, a bit each. *@older, which may be NULL, is
 * set to those that only older kernels want besides.
 */
__u64 rights_needed(enum kern_call call, __u32 type, __u64 *older);
/* Whether this process lacks one that the call takes. */
bool rights_missing(enum kern_call call, __u32 type);
/* Appends why a process with these rights gets EPERM, and what to do. */
void rights_reason(struct buf *text, struct buf *hint, const struct rights *r,
		   enum kern_call call, __u32 type);
/* The same for ENOSYS: whether the kernel lacks bpf(2), or something keeps it from this process. */
void no_call_reason(struct buf *text, struct buf *hint, const struct rights *r, bool kernel_has_it);

/* The reason of any errno of a call; what it is about is a type as rights_needed() takes it. */
void call_reason(struct buf *text, struct buf *hint, enum kern_call call, __u32 type, int err);
/* kern_call_error() with that type. */
int kern_typed_error(struct diags *d, struct span at, enum kern_call call, __u32 type, int err,
		     const char *fmt, ...) printf_like(6, 7);

#endif
