// SPDX-License-Identifier: BSD-2-Clause
/* Cgroups of version 2: where they are, all of them, and what is attached to one. */
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/interrupt.h"
#include "shell/kern/attached.h"
#include "shell/kern/cgroup.h"
#include "shell/kern/hook.h"
#include "shell/kern/names.h"

char *kern_cgroup_root(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	struct statfs fs;
	char *path = NULL;

	/* Another mount may hide one that is listed. */
	while (mounts && !path && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_type, "cgroup2") && !statfs(m->mnt_dir, &fs) &&
		    (__u32)fs.f_type == CGROUP2_SUPER_MAGIC)
			path = xstrdup(m->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return path;
}

struct walk {
	kern_cgroup_fn fn;
	void *arg;
	struct buf path;
	dev_t dev;			/* other file systems that are mounted below are left out */
};

static int visit(struct walk *w, int fd, __u64 id, unsigned depth);

/* The cgroup @name of an open one; what is no folder, or leads elsewhere, is none. */
static int visit_child(struct walk *w, int parent, const char *name, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0, ret = 0;
	size_t len = w->path.len;
	struct stat st;

	if (err == -ENOTDIR || err == -ELOOP)
		return 0;
	buf_printf(&w->path, "%s%s", len && w->path.data[len - 1] == '/' ? "" : "/", name);
	if (err) {
		struct kern_cgroup lost = { .path = buf_str(&w->path), .fd = err, .depth = depth };

		ret = w->fn(w->arg, &lost);
	} else if (!fstat(fd, &st) && st.st_dev == w->dev) {
		ret = visit(w, fd, st.st_ino, depth);
	} else {
		close(fd);
	}
	w->path.len = len;
	return ret;
}

/* Visits the cgroup behind @fd, which it closes, and then those below. */
static int visit(struct walk *w, int fd, __u64 id, unsigned depth)
{
	struct kern_cgroup at = { buf_str(&w->path), fd, id, depth };
	int ret = w->fn(w->arg, &at);
	struct dirent *e;
	DIR *dir;

	dir = ret ? NULL : fdopendir(fd);
	if (!dir) {
		close(fd);
		return ret;
	}
	while (!ret && (e = readdir(dir))) {
		bool folder = e->d_type == DT_DIR || e->d_type == DT_UNKNOWN;

		if (!folder || !strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		ret = interrupted() ? -EINTR : visit_child(w, fd, e->d_name, depth + 1);
	}
	closedir(dir);
	return ret;
}

int kern_cgroups(const char *root, kern_cgroup_fn fn, void *arg)
{
	struct walk w = { .fn = fn, .arg = arg, .path = BUF_INIT };
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
		close(fd);
		return err;
	}
	w.dev = st.st_dev;
	buf_puts(&w.path, root);
	while (w.path.len > 1 && w.path.data[w.path.len - 1] == '/')
		w.path.len--;
	err = visit(&w, fd, st.st_ino, 0);
	buf_free(&w.path);
	return err;
}

/*
 * Whether an attach type is one of cgroups. A type that libbpf does not know is
 * taken for one until something is found there: only then the kernel's BTF is
 * read. Devices' types are none: the kernel would take the descriptor for a
 * device's number.
 */
static bool is_cgroup_type(__u32 type, bool found)
{
	const char *name = libbpf_bpf_attach_type_str(type);
	const struct hook_type *t = name ? NULL : hook_type(type);

	if (t && t->by_device)
		return false;
	if (!name && found)
		name = kern_attach_type_name(type);
	return !name || strstr(name, "cgroup");
}

/* The programs of one type; a type that is of no use here is not asked for again. */
static int programs_of(struct kern_cgroup_query *q, int fd, __u32 type, kern_cgroup_prog_fn fn,
		       void *arg)
{
	bool known = libbpf_bpf_attach_type_str(type);
	struct kern_attached *list = NULL;
	int err = -EINVAL;
	__u32 nr = 0;

	if (is_cgroup_type(type, false))
		err = kern_attached(fd, type, q->flags, &list, &nr);
	if (err == -EINVAL || (err && !known) || (nr && !is_cgroup_type(type, true))) {
		q->useless[type] = true;
		free(list);
		return 0;
	}
	for (__u32 i = 0; i < nr && !err; i++)
		err = fn(arg, type, &list[i]);
	free(list);
	return err;
}

int kern_cgroup_programs(struct kern_cgroup_query *q, int fd, kern_cgroup_prog_fn fn, void *arg)
{
	int err = 0;

	for (__u32 type = 0; type < ARRAY_SIZE(q->useless) && !err; type++)
		if (!q->useless[type])
			err = programs_of(q, fd, type, fn, arg);
	return err;
}
