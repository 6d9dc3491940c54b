// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which processes hold which objects: one readlink for each descriptor of each
 * process, and a look into fdinfo for the few that are objects.
 */
#include <stdbool.h>
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
	__u32 *seen;			/* objects of this process so far */
	size_t nr_seen;
};

static bool is_new(struct search *s, __u32 id)
{
	for (size_t i = 0; i < s->nr_seen; i++)
		if (s->seen[i] == id)
			return false;
	GROW(s->seen, s->nr_seen);
	s->seen[s->nr_seen++] = id;
	return true;
}

static int visit_fd(void *arg, const struct proc_fd *fd)
{
	struct search *s = arg;
	enum object_kind kind;

	if (fd->first) {
		s->owner.pid = fd->pid;
		s->nr_seen = 0;
		s->comm[0] = '\0';
	}
	if (!proc_object_kind(fd, &kind) || kind != s->kind ||
	    !proc_object_id(fd, kind, &s->owner.id) || !is_new(s, s->owner.id))
		return 0;
	if (s->nr_seen == 1) {
		size_t len = proc_read(fd->folder, "../comm", s->comm, sizeof(s->comm));

		if (len && s->comm[len - 1] == '\n')
			s->comm[len - 1] = '\0';
	}
	return s->fn(s->arg, &s->owner);
}

int kern_owners(enum object_kind kind, kern_owner_fn fn, void *arg)
{
	struct search s = { .fn = fn, .arg = arg, .kind = kind };
	unsigned hidden = 0;
	int ret;

	s.owner.comm = s.comm;
	ret = proc_descriptors(visit_fd, &s, &hidden);
	free(s.seen);
	return ret;
}
