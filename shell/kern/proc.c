// SPDX-License-Identifier: BSD-2-Clause
/* The walk over all descriptors of all processes. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/interrupt.h"
#include "shell/kern/proc.h"

size_t proc_read(int folder, const char *path, char *text, size_t size)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		n = 0;
	text[n] = '\0';
	return n;
}

bool proc_object_id(const struct proc_fd *fd, enum object_kind kind, __u32 *id)
{
	static const char *const keys[OBJ_KINDS] = {
		[OBJ_PROG] = "\nprog_id:", [OBJ_MAP] = "\nmap_id:",
		[OBJ_LINK] = "\nlink_id:", [OBJ_BTF] = "\nbtf_id:",
	};
	char path[64], text[4096];
	const char *line;

	snprintf(path, sizeof(path), "../fdinfo/%.20s", fd->name);
	if (!proc_read(fd->folder, path, text, sizeof(text)))
		return false;
	line = strstr(text, keys[kind]);
	if (!line)
		return false;
	*id = strtoul(line + strlen(keys[kind]), NULL, 10);
	return *id != 0;
}

bool proc_object_kind(const struct proc_fd *fd, enum object_kind *kind)
{
	char target[32];
	ssize_t n = readlinkat(fd->folder, fd->name, target, sizeof(target) - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return object_inode(target, kind);
}

bool proc_object(const struct proc_fd *fd, enum object_kind *kind, __u32 *id)
{
	return proc_object_kind(fd, kind) && proc_object_id(fd, *kind, id);
}

static bool is_number(const char *name)
{
	return isdigit((unsigned char)*name);
}

/* Room for the entries of a folder, many at once: there may be thousands of folders. */
struct entries {
	char bytes[32768] __attribute__((aligned(8)));
};

/* As the kernel writes them (struct linux_dirent64 of linux/dirent.h). */
struct entry {
	__u64 inode, offset;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* Calls @fn for the numbers among a folder's entries, until it returns nonzero. */
static int each_number(int folder, struct entries *room, int (*fn)(void *arg, const char *name),
		       void *arg)
{
	int ret = 0;
	long n;

	do {
		n = syscall(SYS_getdents64, folder, room->bytes, sizeof(room->bytes));
		for (long at = 0; at < n && !ret;) {
			const struct entry *e = (const struct entry *)(room->bytes + at);

			if (is_number(e->name))
				ret = fn(arg, e->name);
			at += e->len;
		}
		/* What left this much room was all. */
	} while (n > (long)sizeof(room->bytes) / 2 && !ret);
	return ret;
}

struct walk {
	proc_fd_fn fn;
	void *arg;
	int proc;
	struct proc_fd at;
	unsigned hidden;
	struct entries processes, descriptors;
};

/* Whether the walk may know what a descriptor is, and so those of its process. */
static bool is_hidden(const struct proc_fd *at)
{
	char target[1];

	return readlinkat(at->folder, at->name, target, sizeof(target)) < 0 && errno == EACCES;
}

static int visit_descriptor(void *arg, const char *name)
{
	struct walk *w = arg;
	int ret;

	w->at.name = name;
	w->hidden += w->at.first && is_hidden(&w->at);
	ret = w->fn(w->arg, &w->at);
	w->at.first = false;
	return ret;
}

/* A process that ends meanwhile has nothing to show. */
static int visit_process(void *arg, const char *pid)
{
	struct walk *w = arg;
	char path[32];
	int ret;

	if (interrupted())
		return -EINTR;
	snprintf(path, sizeof(path), "%.20s/fd", pid);
	w->at.folder = openat(w->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->at.folder < 0) {
		w->hidden += errno == EACCES || errno == EPERM;
		return 0;
	}
	w->at.pid = atoi(pid);
	w->at.first = true;
	ret = each_number(w->at.folder, &w->descriptors, visit_descriptor, w);
	close(w->at.folder);
	return ret;
}

int proc_descriptors(proc_fd_fn fn, void *arg, unsigned *hidden)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	int ret;

	w->fn = fn;
	w->arg = arg;
	w->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = w->proc < 0 ? -errno : each_number(w->proc, &w->processes, visit_process, w);
	if (w->proc >= 0)
		close(w->proc);
	*hidden += w->hidden;
	free(w);
	return ret;
}
