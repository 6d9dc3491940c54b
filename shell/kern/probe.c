// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which programs trace what. The kernel tells it of a process's descriptor if
 * that is a perf event or a raw tracepoint's link, and of any other link by the
 * link's own info. Both are found in one walk over all descriptors. Reading
 * what a descriptor is (a readlink) takes longer than asking what it traces, so
 * that is done only if there are links that no such question finds.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/kern/handle.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/probe.h"
#include "shell/kern/proc.h"

struct link_seen {
	__u32 id;
	bool held;			/* by a process that the walk met */
};

struct search {
	kern_probe_fn fn;
	void *arg;
	struct link_seen *links;	/* those that trace, by ID */
	size_t nr_links;
	bool ask_links;			/* some of them are not found by their descriptors */
	char name[PATH_MAX];		/* of the probe that is shown */
};

/* What a number of the kernel's stands for, and what its name names. */
struct point {
	const char *type;
	enum probe_point point;
};

/* By enum bpf_task_fd_type. */
static const struct point fd_points[] = {
	[BPF_FD_TYPE_RAW_TRACEPOINT] = { "raw_tracepoint", PROBE_TRACEPOINT },
	[BPF_FD_TYPE_TRACEPOINT] = { "tracepoint", PROBE_TRACEPOINT },
	[BPF_FD_TYPE_KPROBE] = { "kprobe", PROBE_FUNCTION },
	[BPF_FD_TYPE_KRETPROBE] = { "kretprobe", PROBE_FUNCTION },
	[BPF_FD_TYPE_UPROBE] = { "uprobe", PROBE_FILE },
	[BPF_FD_TYPE_URETPROBE] = { "uretprobe", PROBE_FILE },
};

/* By enum bpf_perf_event_type, which is newer than the oldest headers (6.6). */
static const struct point perf_points[] = {
	{ "perf_event", PROBE_OTHER },	/* older kernels tell no more */
	{ "uprobe", PROBE_FILE },
	{ "uretprobe", PROBE_FILE },
	{ "kprobe", PROBE_FUNCTION },
	{ "kretprobe", PROBE_FUNCTION },
	{ "tracepoint", PROBE_TRACEPOINT },
	{ "event", PROBE_EVENT },
};

/* struct bpf_link_info of links that trace; in part newer than the oldest headers (6.6, 6.8). */
struct probe_info {
	__u32 type, id, prog_id, :32;
	union {
		struct {
			__u64 name;
			__u32 size;
		} raw_tracepoint;
		struct {
			__u32 attach_type;
		} tracing;
		struct {
			__u32 type, :32;
			union {
				struct {
					__u64 name;
					__u32 size, offset;
					__u64 addr;
				} probe;
				struct {
					__u64 config;
					__u32 type;
				} event;
			};
		} perf;
		struct {
			__u64 addrs;
			__u32 count, flags;
		} kprobe_multi;
		struct {
			__u64 path, offsets, ref_ctr_offsets, cookies;
			__u32 path_size, count;
		} uprobe_multi;
		__u64 room[8];
	};
};

/* Reads a link; @name takes the name of what it traces where it has one. */
static int read_link(int fd, struct probe_info *info, char *name, size_t size)
{
	__u32 len = sizeof(*info);
	int err;

	*info = (struct probe_info){ 0 };
	err = kern_info(fd, info, &len);
	if (err)
		return err;
	/* Each type wants the buffer for its name at another place. */
	len = sizeof(*info);
	switch (info->type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
		*info = (struct probe_info){ .raw_tracepoint = { (uintptr_t)name, size } };
		break;
	case BPF_LINK_TYPE_PERF_EVENT:
		*info = (struct probe_info){ .perf.probe = { (uintptr_t)name, size } };
		break;
	case BPF_LINK_TYPE_UPROBE_MULTI:
		*info = (struct probe_info){ 0 };
		info->uprobe_multi.path = (uintptr_t)name;
		info->uprobe_multi.path_size = size;
		break;
	default:
		return 0;
	}
	return kern_info(fd, info, &len);
}

static void put_perf(struct kern_probe *p, const struct probe_info *info)
{
	__u32 type = info->perf.type < ARRAY_SIZE(perf_points) ? info->perf.type : 0;

	p->type = perf_points[type].type;
	p->point = perf_points[type].point;
	if (p->point == PROBE_EVENT) {
		p->event_type = info->perf.event.type;
		p->event_config = info->perf.event.config;
	} else {
		p->offset = info->perf.probe.offset;
		p->address = info->perf.probe.addr;
	}
}

/* False where the link does not trace. */
static bool put_link(struct kern_probe *p, const struct probe_info *info)
{
	p->prog_id = info->prog_id;
	p->link_id = info->id;
	p->point = PROBE_OTHER;
	switch (info->type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
		p->type = fd_points[BPF_FD_TYPE_RAW_TRACEPOINT].type;
		p->point = PROBE_TRACEPOINT;
		break;
	case BPF_LINK_TYPE_TRACING:
		/* A program that replaces another's function has none. */
		p->type = kern_attach_type_name(info->tracing.attach_type);
		if (!info->tracing.attach_type || !p->type)
			return false;
		break;
	case BPF_LINK_TYPE_PERF_EVENT:
		put_perf(p, info);
		break;
	case BPF_LINK_TYPE_KPROBE_MULTI:
		p->type = "kprobe_multi";
		p->count = info->kprobe_multi.count;
		break;
	case BPF_LINK_TYPE_UPROBE_MULTI:
		p->type = "uprobe_multi";
		p->point = PROBE_FILE;
		p->count = info->uprobe_multi.count;
		break;
	default:
		return false;
	}
	return true;
}

/* Shows the link as far as @p says who holds it. One that vanished is passed over. */
static int show_link(struct search *s, struct kern_probe *p, __u32 id)
{
	struct probe_info info;
	int fd = kern_open_id(OBJ_LINK, id), err;

	if (fd < 0)
		return 0;
	s->name[0] = '\0';
	err = read_link(fd, &info, s->name, sizeof(s->name));
	close(fd);
	s->name[sizeof(s->name) - 1] = '\0';
	p->name = s->name;
	return err || !put_link(p, &info) ? 0 : s->fn(s->arg, p);
}

/* Notes all links that trace. */
static int find_links(struct search *s)
{
	struct object_walk w = { .kind = OBJ_LINK };
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		struct probe_info info;
		struct kern_probe p;

		s->name[0] = '\0';
		if (!read_link(fd, &info, s->name, sizeof(s->name)) && put_link(&p, &info)) {
			GROW(s->links, s->nr_links);
			s->links[s->nr_links++] = (struct link_seen){ w.id };
			s->ask_links |= info.type != BPF_LINK_TYPE_RAW_TRACEPOINT;
		}
		close(fd);
	}
	return w.err;
}

static int compare_links(const void *a, const void *b)
{
	const struct link_seen *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct link_seen *find_link(struct search *s, __u32 id)
{
	struct link_seen wanted = { id };

	if (!s->nr_links)
		return NULL;
	return bsearch(&wanted, s->links, s->nr_links, sizeof(wanted), compare_links);
}

/* Asks the kernel what a descriptor traces; -ENOTSUPP where that is nothing that it knows. */
static int query(struct search *s, struct kern_probe *p)
{
	__u32 size = sizeof(s->name), type;
	int err;

	s->name[0] = '\0';
	err = bpf_task_fd_query(p->pid, p->fd, 0, s->name, &size, &p->prog_id, &type, &p->offset,
				&p->address);
	/* The name is cut: all else is there. */
	if (err && err != -ENOSPC)
		return err;
	if (type >= ARRAY_SIZE(fd_points))
		return -ENOTSUPP;
	p->name = s->name;
	p->type = fd_points[type].type;
	p->point = fd_points[type].point;
	return 0;
}

static int visit_fd(void *arg, const struct proc_fd *at)
{
	struct kern_probe p = { .pid = at->pid, .fd = atoi(at->name) };
	enum object_kind kind = OBJ_LINK;
	struct link_seen *link = NULL;
	struct search *s = arg;
	int err = query(s, &p);
	__u32 id = 0;

	if (!err) {
		/* What holds a raw tracepoint is a link. */
		if (s->nr_links && proc_object_id(at, OBJ_LINK, &id))
			link = find_link(s, id);
		if (link)
			link->held = true;
		p.link_id = id;
		return s->fn(s->arg, &p);
	}
	if (err != -ENOTSUPP || !s->ask_links || !proc_object(at, &kind, &id) || kind != OBJ_LINK)
		return 0;
	link = find_link(s, id);
	if (!link)
		return 0;
	link->held = true;
	return show_link(s, &p, id);
}

int kern_probes(kern_probe_fn fn, void *arg)
{
	struct search *s;
	struct kern_probe own = { .pid = getpid(), .fd = -1 };
	int err;

	s = xcalloc(1, sizeof(*s));
	s->fn = fn;
	s->arg = arg;
	/* Whether this user may ask at all. */
	err = query(s, &own);
	err = err == -EBADF ? find_links(s) : err;
	if (!err)
		err = proc_descriptors(visit_fd, s);
	for (size_t i = 0; i < s->nr_links && !err; i++) {
		struct kern_probe p = { .fd = -1 };

		if (!s->links[i].held)
			err = show_link(s, &p, s->links[i].id);
	}
	free(s->links);
	free(s);
	return err;
}
