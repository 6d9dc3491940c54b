// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which programs trace what. The kernel tells it of a process's descriptor if
 * that is a perf event or a raw tracepoint's link, and of any other link by the
 * link's own info. Both are found in one walk over all descriptors. Reading
 * what a descriptor is (a readlink) takes longer than asking what it traces, so
 * that is done only if there are links that no such question finds.
 *
 * A probe by a link has two descriptors, as it is put on a perf event. They are
 * told apart from those of others when all of a process are known.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/search.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/kern/probe.h"
#include "shell/kern/proc.h"

struct link_seen {
	__u32 id;
	bool held;			/* by a process that the walk met */
};

/* What a descriptor was found to be. */
struct found {
	struct kern_probe probe;
	enum {
		OF_ITSELF,		/* a probe */
		OF_EVENT,		/* a perf event, whose link may be among the others */
		OF_LINK,		/* a perf event's link */
		OF_BOTH,		/* such a link, whose event is among the others */
	} of;
};

/* By what an event and its link are looked for. */
struct place {
	__u32 prog_id;
	enum { EVENT, LINK_UNTOLD, LINK_TOLD } kind;	/* of what point it is at */
	__u64 offset;			/* of a link that tells */
	size_t at;			/* index in what was found */
};

struct search {
	kern_probe_fn fn;
	void *arg;
	struct link_seen *links;	/* those that trace, by ID */
	size_t nr_links;
	bool ask_links;			/* some of them are not found by their descriptors */
	struct found *found;		/* of one process */
	size_t nr_found;
	struct place *order;		/* of its events and their links, sorted */
	size_t nr_order;
	char name[PATH_MAX];		/* of the descriptor that is asked about */
};

/* What a number of the kernel's stands for, and what its name names; enum bpf_task_fd_type. */
static const struct {
	const char *type;
	enum probe_point point;
} fd_points[] = {
	[BPF_FD_TYPE_RAW_TRACEPOINT] = { "raw_tracepoint", PROBE_TRACEPOINT },
	[BPF_FD_TYPE_TRACEPOINT] = { "tracepoint", PROBE_TRACEPOINT },
	[BPF_FD_TYPE_KPROBE] = { "kprobe", PROBE_FUNCTION },
	[BPF_FD_TYPE_KRETPROBE] = { "kretprobe", PROBE_FUNCTION },
	[BPF_FD_TYPE_UPROBE] = { "uprobe", PROBE_FILE },
	[BPF_FD_TYPE_URETPROBE] = { "uretprobe", PROBE_FILE },
};

/* Notes all links that trace. */
static int find_links(struct search *s)
{
	struct object_walk w = { .kind = OBJ_LINK };
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		struct bpf_link_info info;

		if (!kern_link_info(fd, &info) && kern_link_traces(&info)) {
			GROW(s->links, s->nr_links);
			s->links[s->nr_links++] = (struct link_seen){ w.id };
			s->ask_links |= info.type != BPF_LINK_TYPE_RAW_TRACEPOINT;
		}
		close(fd);
	}
	return w.err;
}

static bool link_before(const void *record, const void *key)
{
	const struct link_seen *link = record;

	return link->id < *(const __u32 *)key;
}

/* Notes that a process holds this link; false where it does not trace. */
static bool hold_link(struct search *s, __u32 id)
{
	size_t i = lower_bound(s->links, s->nr_links, sizeof(*s->links), link_before, &id);

	if (i == s->nr_links || s->links[i].id != id)
		return false;
	s->links[i].held = true;
	return true;
}

/* Asks the kernel what a descriptor traces; -ENOTSUPP where that is nothing that it knows. */
static int query(struct search *s, pid_t pid, int fd, struct kern_probe *p)
{
	__u32 size = sizeof(s->name), type;
	int err;

	s->name[0] = '\0';
	*p = (struct kern_probe){ 0 };
	err = bpf_task_fd_query(pid, fd, 0, s->name, &size, &p->prog_id, &type, &p->offset,
				&p->address);
	/* The name is cut: all else is there. */
	if (err && err != -ENOSPC)
		return err;
	if (type >= ARRAY_SIZE(fd_points))
		return -ENOTSUPP;
	p->type = fd_points[type].type;
	p->point = fd_points[type].point;
	return 0;
}

/* Room for one more, zero. */
static struct found *add(struct search *s)
{
	GROW(s->found, s->nr_found);
	s->found[s->nr_found] = (struct found){ 0 };
	return &s->found[s->nr_found++];
}

/* Adds what a link traces. One that vanished is passed over. */
static struct kern_probe *add_link(struct search *s, __u32 id)
{
	int fd = kern_open_id(OBJ_LINK, id), err;
	struct bpf_link_info info;
	struct kern_probe probe;
	struct found *f;

	if (fd < 0)
		return NULL;
	err = kern_link_info(fd, &info);
	if (!err) {
		err = kern_link_probe(fd, &probe);
		if (err)
			kern_probe_free(&probe);
	}
	close(fd);
	if (err)
		return NULL;
	f = add(s);
	f->probe = probe;
	f->of = info.type == BPF_LINK_TYPE_PERF_EVENT ? OF_LINK : OF_ITSELF;
	return &f->probe;
}

/* What a descriptor is that the kernel knows by itself. */
static struct kern_probe *add_descriptor(struct search *s, const struct proc_fd *at,
					 const struct kern_probe *p)
{
	struct found *f = add(s);
	__u32 id;

	f->probe = *p;
	f->probe.name = xstrdup(s->name);
	f->of = OF_EVENT;
	/* What holds a raw tracepoint is a link. */
	if (s->nr_links && proc_object_id(at, OBJ_LINK, &id)) {
		f->of = OF_ITSELF;
		f->probe.link_id = id;
		hold_link(s, id);
	}
	return &f->probe;
}

static bool same_point(const struct kern_probe *a, const struct kern_probe *b)
{
	return !strcmp(a->type, b->type) && !strcmp(a->name, b->name) &&
	       a->offset == b->offset && (*a->name || a->address == b->address);
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->prog_id != y->prog_id)
		return x->prog_id < y->prog_id ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool place_before(const void *record, const void *key)
{
	return compare_places(record, key) < 0;
}

/* Sorts the process's events and links; those of older kernels do not tell their points. */
static void sort_places(struct search *s)
{
	s->nr_order = 0;
	for (size_t i = 0; i < s->nr_found; i++) {
		const struct found *f = &s->found[i];
		struct place place = { .prog_id = f->probe.prog_id, .kind = EVENT, .at = i };

		if (f->of == OF_ITSELF)
			continue;
		if (f->of == OF_LINK) {
			place.kind = f->probe.point == PROBE_OTHER ? LINK_UNTOLD : LINK_TOLD;
			place.offset = place.kind == LINK_TOLD ? f->probe.offset : 0;
		}
		GROW(s->order, s->nr_order);
		s->order[s->nr_order++] = place;
	}
	if (s->nr_order)
		qsort(s->order, s->nr_order, sizeof(*s->order), compare_places);
}

/* Finds the next one like @place, behind the one that has its index there; NULL at the end. */
static struct found *next_at(struct search *s, const struct place *place, size_t *i)
{
	if (*i == s->nr_order)
		return NULL;
	if (s->order[*i].prog_id != place->prog_id || s->order[*i].kind != place->kind ||
	    s->order[*i].offset != place->offset)
		return NULL;
	return &s->found[s->order[(*i)++].at];
}

static size_t first_at(struct search *s, const struct place *place)
{
	return lower_bound(s->order, s->nr_order, sizeof(*s->order), place_before, place);
}

/* Whether all of the process's events that run this one's program do it at the same point. */
static bool is_only_point(struct search *s, const struct kern_probe *event)
{
	const struct place place = { .prog_id = event->prog_id, .kind = EVENT };
	size_t i = first_at(s, &place);
	struct found *other;

	while ((other = next_at(s, &place, &i)))
		if (!same_point(&other->probe, event))
			return false;
	return true;
}

static void note_link(struct kern_probe *event, const struct kern_probe *link)
{
	for (__u32 i = 0; i < event->nr_links && i < PROBE_LINKS; i++)
		if (event->links[i] == link->link_id)
			return;
	if (event->nr_links < PROBE_LINKS)
		event->links[event->nr_links] = link->link_id;
	event->nr_links++;
	event->cookie = link->cookie;
}

/* Notes all links in one place that may be the event's. */
static void note_links(struct search *s, struct kern_probe *event, const struct place *place)
{
	size_t i = first_at(s, place);
	struct found *link;

	while ((link = next_at(s, place, &i))) {
		if (place->kind == LINK_TOLD && !same_point(&link->probe, event))
			continue;
		link->of = OF_BOTH;
		note_link(event, &link->probe);
	}
}

/* Gives an event its link. Where several may be its own, it has none, and keeps those. */
static void join_link(struct search *s, struct kern_probe *event)
{
	__u32 prog = event->prog_id, untold;

	note_links(s, event, &(struct place){ prog, LINK_UNTOLD });
	untold = event->nr_links;
	note_links(s, event, &(struct place){ prog, LINK_TOLD, event->offset });
	if (event->nr_links > 1)
		event->cookie = 0;
	if (event->nr_links != 1 || (untold && !is_only_point(s, event)))
		return;
	event->link_id = event->links[0];
	event->nr_links = 0;
}

static void forget(struct search *s)
{
	for (size_t i = 0; i < s->nr_found; i++)
		kern_probe_free(&s->found[i].probe);
	s->nr_found = 0;
}

/* Shows what a process holds, in the order of its descriptors, and forgets it. */
static int show_found(struct search *s)
{
	int err = 0;

	sort_places(s);
	for (size_t i = 0; i < s->nr_found; i++)
		if (s->found[i].of == OF_EVENT)
			join_link(s, &s->found[i].probe);
	for (size_t i = 0; i < s->nr_found && !err; i++)
		if (s->found[i].of != OF_BOTH)
			err = s->fn(s->arg, &s->found[i].probe);
	forget(s);
	return err;
}

static int visit_fd(void *arg, const struct proc_fd *at)
{
	enum object_kind kind = OBJ_LINK;
	struct kern_probe p, *added = NULL;
	struct search *s = arg;
	int fd = atoi(at->name), err;
	__u32 id;

	err = at->first ? show_found(s) : 0;
	if (err)
		return err;
	err = query(s, at->pid, fd, &p);
	if (!err)
		added = add_descriptor(s, at, &p);
	else if (err == -ENOTSUPP && s->ask_links && proc_object(at, &kind, &id) &&
		 kind == OBJ_LINK && hold_link(s, id))
		added = add_link(s, id);
	if (added) {
		added->pid = at->pid;
		added->fd = fd;
	}
	return 0;
}

/* Those that no process holds, one by one. */
static int show_rest(struct search *s)
{
	int err = 0;

	for (size_t i = 0; i < s->nr_links && !err; i++) {
		struct kern_probe *p = s->links[i].held ? NULL : add_link(s, s->links[i].id);

		if (p)
			p->fd = -1;
		err = show_found(s);
	}
	return err;
}

int kern_probes(kern_probe_fn fn, void *arg, unsigned *hidden)
{
	struct search *s = xcalloc(1, sizeof(*s));
	struct kern_probe own;
	int err;

	s->fn = fn;
	s->arg = arg;
	/* Whether this user may ask at all. */
	err = query(s, getpid(), -1, &own);
	err = err == -EBADF ? find_links(s) : err;
	if (!err)
		err = proc_descriptors(visit_fd, s, hidden);
	if (!err)
		err = show_found(s);
	if (!err)
		err = show_rest(s);
	forget(s);
	free(s->order);
	free(s->found);
	free(s->links);
	free(s);
	return err;
}
