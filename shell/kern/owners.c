// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which processes hold which objects: one readlink for each descriptor of each
 * process, and a look into fdinfo for the few that are objects.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/interrupt.h"
#include "shell/kern.h"
#include "shell/kern/proc.h"

struct search {
	kern_owner_fn fn;
	void *arg;
	struct owner owner;
	char comm[64];
	struct {
		enum object_kind kind;
		__u32 id;
	} *seen;			/* objects of this process so far */
	size_t nr_seen;
};

/* Reads a small file of /proc; the number of bytes, NUL-ended in @text, 0 where it is gone. */
static size_t read_small(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
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

/* The ID in a descriptor's fdinfo. */
static bool read_id(int proc, const char *fd, enum object_kind kind, __u32 *id)
{
	static const char *const keys[OBJ_KINDS] = {
		[OBJ_PROG] = "\nprog_id:", [OBJ_MAP] = "\nmap_id:",
		[OBJ_LINK] = "\nlink_id:", [OBJ_BTF] = "\nbtf_id:",
	};
	char path[64], text[4096];
	const char *line;

	snprintf(path, sizeof(path), "fdinfo/%.20s", fd);
	if (!read_small(proc, path, text, sizeof(text)))
		return false;
	line = strstr(text, keys[kind]);
	if (!line)
		return false;
	*id = strtoul(line + strlen(keys[kind]), NULL, 10);
	return *id != 0;
}

static bool is_new(struct search *s, enum object_kind kind, __u32 id)
{
	for (size_t i = 0; i < s->nr_seen; i++)
		if (s->seen[i].kind == kind && s->seen[i].id == id)
			return false;
	GROW(s->seen, s->nr_seen);
	s->seen[s->nr_seen].kind = kind;
	s->seen[s->nr_seen++].id = id;
	return true;
}

static int visit_fd(struct search *s, int proc, int fds, const char *fd)
{
	char target[32];
	ssize_t n = readlinkat(fds, fd, target, sizeof(target) - 1);

	if (n <= 0)
		return 0;
	target[n] = '\0';
	if (!object_inode(target, &s->owner.kind) ||
	    !read_id(proc, fd, s->owner.kind, &s->owner.id) ||
	    !is_new(s, s->owner.kind, s->owner.id))
		return 0;
	if (s->nr_seen == 1) {
		size_t len = read_small(proc, "comm", s->comm, sizeof(s->comm));

		if (len && s->comm[len - 1] == '\n')
			s->comm[len - 1] = '\0';
	}
	return s->fn(s->arg, &s->owner);
}

/* A process that ends meanwhile, or is somebody else's, has nothing to show. */
static int visit_process(struct search *s, int proc)
{
	int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return 0;
	}
	s->nr_seen = 0;
	s->comm[0] = '\0';
	while (!ret && (e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]))
			ret = visit_fd(s, proc, fd, e->d_name);
	closedir(dir);
	return ret;
}

int kern_owners(kern_owner_fn fn, void *arg)
{
	struct search s = { .fn = fn, .arg = arg };
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int ret = 0;

	if (!dir)
		return -errno;
	s.owner.comm = s.comm;
	while (!ret && (e = readdir(dir))) {
		int proc;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		if (interrupted()) {
			ret = -EINTR;
			break;
		}
		proc = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (proc < 0)
			continue;
		s.owner.pid = atoi(e->d_name);
		ret = visit_process(&s, proc);
		close(proc);
	}
	closedir(dir);
	free(s.seen);
	return ret;
}
