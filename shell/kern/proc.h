/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of processes and their descriptors. Inside the kernel layer only. */
#ifndef BPFSH_KERN_PROC_H
#define BPFSH_KERN_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "shell/kern/handle.h"

/* The kind of object that a link in /proc/PID/fd names, "anon_inode:bpf-map". */
bool object_inode(const char *target, enum object_kind *kind);

/* One descriptor of a process, as long as the walk is at it. */
struct proc_fd {
	pid_t pid;
	int folder;			/* /proc/PID/fd: its ".." is this process, come what may */
	const char *name;		/* the descriptor's number */
	bool first;			/* of its process */
};

/*
 * Calls @fn for all descriptors of all processes that this user may look into, and adds the
 * number of the others to @hidden; those that end meanwhile are passed over. @fn stops the walk by returning
 * nonzero, which is returned; -EINTR when interrupted().
 */
typedef int (*proc_fd_fn)(void *arg, const struct proc_fd *fd);
int proc_descriptors(proc_fd_fn fn, void *arg, unsigned *hidden);

/* Whether a descriptor holds an object, and of which kind. */
bool proc_object_kind(const struct proc_fd *fd, enum object_kind *kind);
/* The object that a descriptor holds; false where it is none, or gone. */
bool proc_object(const struct proc_fd *fd, enum object_kind *kind, __u32 *id);
/* The same for one that is known to be of this kind. */
bool proc_object_id(const struct proc_fd *fd, enum object_kind kind, __u32 *id);
/* Reads a small file; the number of bytes, NUL-ended in @text, 0 where it is gone. */
size_t proc_read(int folder, const char *path, char *text, size_t size);

#endif
