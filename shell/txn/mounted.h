/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bpffs a path lies on. A journal may be read where another one is mounted
 * at the same path: in another mount namespace, or later in the same one.
 */
#ifndef BPFSH_MOUNTED_H
#define BPFSH_MOUNTED_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shell/txn/field.h"

struct bpffs {
	__u64 dev;		/* 0: not known */
	__u64 mount;		/* the mount's ID, which is never used again; 0: not known */
};

/* The bpffs of a path, which need not exist. */
struct bpffs bpffs_of(const char *path);
/* 0, or what is the matter with the path: -KERN_ENOTBPFFS, -KERN_EOTHERFS. */
int bpffs_check(const struct bpffs *b, const char *path);
/*
 * True where the path is reached through another mount than before. That may be of the
 * same bpffs, but need not: the kernel soon uses the device number of one that is gone again.
 */
bool bpffs_remounted(const struct bpffs *b, const char *path);

/* To a journal and back; and as a field of an operation. */
void put_bpffs(struct buf *out, const struct bpffs *b);
struct bpffs get_bpffs(struct wire_reader *r);
extern const struct field_type field_bpffs;
#define F_BPFFS(m)	{ FIELD(field_bpffs, m, struct bpffs) }

/* The inode of this process's mount namespace; 0: not known. */
__u64 own_mount_ns(void);
/* A process in the mount namespace of this inode, as far as processes can be seen; 0: none. */
pid_t process_in_mount_ns(__u64 inode);

/* The folder that a path's last part stands in: a new string. */
char *folder_of(const char *path);
/* The path from the root, as recovery runs in another folder; the last part is not followed. */
char *absolute_path(const char *path);

#endif
