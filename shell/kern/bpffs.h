/* SPDX-License-Identifier: BSD-2-Clause */
/* Pins and folders on a bpffs. */
#ifndef BPFSH_KERN_BPFFS_H
#define BPFSH_KERN_BPFFS_H

#include <stdbool.h>

#include "shell/kern/handle.h"

/* Opens a pinned object and says what it is; -KERN_ENOTPIN for what is none. */
int kern_open_pin(const char *path, enum object_kind *kind);

bool kern_is_bpffs(const char *path);
int kern_pin(int fd, const char *path);
/* Pins and folders on a bpffs: rename (with the flags of renameat2(2)), remove, make (0700). */
int kern_rename(const char *from, const char *to, unsigned flags);
int kern_unlink(const char *path);
int kern_mkdir(const char *path);
int kern_rmdir(const char *path);

/* False where the kernel is known to have no RENAME_EXCHANGE on a bpffs, as before 5.17. */
bool kern_can_exchange(void);

struct pin {
	const char *path;
	enum object_kind kind;		/* OBJ_KINDS: @err tells why nobody knows what is there */
	__u32 id;
	int err;			/* -errno */
};

/*
 * All pinned objects of all bpffs mounts that this process sees, and what could not be
 * looked at there; @fn returns nonzero to stop.
 */
typedef int (*kern_pin_fn)(void *arg, const struct pin *pin);
int kern_pins(kern_pin_fn fn, void *arg);
/* Mount points of bpffs that this process sees, NULL-ended; the caller frees each and the list. */
char **kern_bpffs_mounts(void);

#endif
