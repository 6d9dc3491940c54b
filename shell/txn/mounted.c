// SPDX-License-Identifier: BSD-2-Clause
/* Which bpffs and which mount namespace a path is of, now and when it was written down. */
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/wire.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/txn/mounted.h"
#include "shell/txn/txn.h"

/* Linux 6.8; before that, IDs of mounts are soon used again. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

char *folder_of(const char *path)
{
	char *copy = xstrdup(path), *dir = xstrdup(dirname(copy));

	free(copy);
	return dir;
}

char *absolute_path(const char *path)
{
	char *dir = folder_of(path), *real = realpath(dir, NULL);
	const char *name = strrchr(path, '/');
	char *result;

	name = name ? name + 1 : path;
	result = real ? xasprintf("%s/%s", strcmp(real, "/") ? real : "", name) : xstrdup(path);
	free(real);
	free(dir);
	return result;
}

/* The path, or the folder above it that is there: what was removed leaves those. */
static char *existing_part(const char *path)
{
	char *at = xstrdup(path);

	while (access(at, F_OK) && strcmp(at, "/") && strcmp(at, ".")) {
		char *up = folder_of(at);

		free(at);
		at = up;
	}
	return at;
}

static __u64 mount_id(const char *path)
{
	struct statx st = { 0 };

	if (syscall(SYS_statx, AT_FDCWD, path, 0, STATX_MNT_ID_UNIQUE, &st) ||
	    !(st.stx_mask & STATX_MNT_ID_UNIQUE))
		return 0;
	return st.stx_mnt_id;
}

struct bpffs bpffs_of(const char *path)
{
	char *at = existing_part(path);
	struct bpffs b = { 0 };
	struct stat st;

	if (kern_is_bpffs(at) && !stat(at, &st))
		b = (struct bpffs){ st.st_dev, mount_id(at) };
	free(at);
	return b;
}

int bpffs_check(const struct bpffs *b, const char *path)
{
	struct bpffs now = bpffs_of(path);

	if (!now.dev)
		return -KERN_ENOTBPFFS;
	return b->dev && b->dev != now.dev ? -KERN_EOTHERFS : 0;
}

bool bpffs_remounted(const struct bpffs *b, const char *path)
{
	struct bpffs now = bpffs_of(path);

	return b->mount && now.mount && b->mount != now.mount;
}

void put_bpffs(struct buf *out, const struct bpffs *b)
{
	wire_put_u64(out, b->dev);
	wire_put_u64(out, b->mount);
}

struct bpffs get_bpffs(struct wire_reader *r)
{
	__u64 dev = wire_get_u64(r), mount = wire_get_u64(r);

	return (struct bpffs){ dev, mount };
}

static void put_field(const struct field *f, const void *in, struct buf *out)
{
	put_bpffs(out, field_in(f, in));
}

static void get_field(const struct field *f, void *in, struct wire_reader *r)
{
	*(struct bpffs *)field_in(f, in) = get_bpffs(r);
}

const struct field_type field_bpffs = { put_field, get_field };

static __u64 mount_ns(const char *process)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", process);
	return stat(path, &st) ? 0 : st.st_ino;
}

__u64 own_mount_ns(void)
{
	return mount_ns("self");
}

pid_t process_in_mount_ns(__u64 inode)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	while (dir && !found && (e = readdir(dir)))
		if (strspn(e->d_name, "0123456789") == strlen(e->d_name) &&
		    strlen(e->d_name) < 16 && mount_ns(e->d_name) == inode)
			found = atoi(e->d_name);
	if (dir)
		closedir(dir);
	return found;
}
