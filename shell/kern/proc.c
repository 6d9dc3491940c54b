// SPDX-License-Identifier: BSD-2-Clause
/* The walk over all descriptors of all processes. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

bool proc_object(const struct proc_fd *fd, enum object_kind *kind, __u32 *id)
{
	char target[32];
	ssize_t n = readlinkat(fd->folder, fd->name, target, sizeof(target) - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return object_inode(target, kind) && proc_object_id(fd, *kind, id);
}

static bool is_number(const char *name)
{
	return isdigit((unsigned char)*name);
}

/* A process that ends meanwhile, or is somebody else's, has nothing to show. */
static int visit_process(const char *pid, proc_fd_fn fn, void *arg)
{
	struct proc_fd at = { .pid = atoi(pid), .first = true };
	struct dirent *e;
	char path[64];
	int ret = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	fds = opendir(path);
	if (!fds)
		return 0;
	at.folder = dirfd(fds);
	while (!ret && (e = readdir(fds))) {
		if (!is_number(e->d_name))
			continue;
		at.name = e->d_name;
		ret = fn(arg, &at);
		at.first = false;
	}
	closedir(fds);
	return ret;
}

int proc_descriptors(proc_fd_fn fn, void *arg)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (e = readdir(dir))) {
		if (!is_number(e->d_name))
			continue;
		ret = interrupted() ? -EINTR : visit_process(e->d_name, fn, arg);
	}
	closedir(dir);
	return ret;
}
