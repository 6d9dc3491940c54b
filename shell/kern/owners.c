// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which processes hold which objects: one readlink for each descriptor of each
 * process, and a look into fdinfo for the few that are objects.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/kern/handle.h"
#include "shell/kern/owners.h"
#include "shell/kern/proc.h"

struct search {
	kern_owner_fn fn;
	void *arg;
	struct owner owner;
	char comm[64];
	enum object_kind kind;
	struct seen {
		enum object_kind kind;
		__u32 id;
	} *seen;			/* objects of this process so far */
	size_t nr_seen;
};

static bool is_new(struct search *s, const struct owner *o)
{
	for (size_t i = 0; i < s->nr_seen; i++)
		if (s->seen[i].id == o->id && s->seen[i].kind == o->kind)
			return false;
	GROW(s->seen, s->nr_seen);
	s->seen[s->nr_seen++] = (struct seen){ o->kind, o->id };
	return true;
}

static void read_comm(int folder, const char *path, char *comm, size_t size)
{
	size_t len = proc_read(folder, path, comm, size);

	if (len && comm[len - 1] == '\n')
		comm[len - 1] = '\0';
}

void kern_comm(pid_t pid, char *comm, size_t size)
{
	char path[32];

	*comm = '\0';
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	read_comm(AT_FDCWD, path, comm, size);
}

static int visit_fd(void *arg, const struct proc_fd *fd)
{
	struct search *s = arg;
	struct owner *o = &s->owner;

	if (fd->first) {
		s->owner.pid = fd->pid;
		s->nr_seen = 0;
		s->comm[0] = '\0';
	}
	if (!proc_object_kind(fd, &o->kind) || (s->kind != OBJ_KINDS && o->kind != s->kind) ||
	    !proc_object_id(fd, o->kind, &o->id) || !is_new(s, o))
		return 0;
	if (s->nr_seen == 1)
		read_comm(fd->folder, "../comm", s->comm, sizeof(s->comm));
	return s->fn(s->arg, &s->owner);
}

int kern_owners(enum object_kind kind, kern_owner_fn fn, void *arg, unsigned *hidden)
{
	struct search s = { .fn = fn, .arg = arg, .kind = kind };
	int ret;

	s.owner.comm = s.comm;
	ret = proc_descriptors(visit_fd, &s, hidden);
	free(s.seen);
	return ret;
}
