/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes that hold objects. */
#ifndef BPFSH_KERN_OWNERS_H
#define BPFSH_KERN_OWNERS_H

#include <sys/types.h>

#include "shell/kern/handle.h"

struct owner {
	pid_t pid;
	const char *comm;		/* not to be trusted: any bytes */
	enum object_kind kind;		/* of the object, as is the next */
	__u32 id;
};

/*
 * The processes that hold descriptors of objects of a kind (OBJ_KINDS: of any), each object
 * once a process; @fn stops by returning nonzero. Those that this user may not look into
 * are left out: @hidden grows by their number.
 */
typedef int (*kern_owner_fn)(void *arg, const struct owner *owner);
int kern_owners(enum object_kind kind, kern_owner_fn fn, void *arg, unsigned *hidden);
/* The name of a process, not to be trusted; "" where it is gone. */
void kern_comm(pid_t pid, char *comm, size_t size);

#endif
