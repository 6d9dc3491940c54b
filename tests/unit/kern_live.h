/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of the kernel layer share: a mount and network namespace of
 * their own with a bpffs in it. Without root, or without bpf(2), they skip.
 */
#ifndef KERN_LIVE_H
#define KERN_LIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	char dir[64];			/* the bpffs */
	bool usable;
} env;

static int env_set_up(void **state)
{
	int fd;

	if (geteuid() || unshare(CLONE_NEWNS | CLONE_NEWNET))
		return 0;
	strcpy(env.dir, "/tmp/bpfsh-kern-XXXXXX");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || !mkdtemp(env.dir))
		return 0;
	if (mount("bpf", env.dir, "bpf", 0, NULL)) {
		rmdir(env.dir);
		return 0;
	}
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", 4, 4, 1, NULL);
	env.usable = fd >= 0;
	close(fd);
	return 0;
}

static int env_tear_down(void **state)
{
	if (env.dir[0]) {
		umount2(env.dir, MNT_DETACH);
		rmdir(env.dir);
	}
	return 0;
}

#define NEED_KERNEL() do { if (!env.usable) skip(); } while (0)

#endif
