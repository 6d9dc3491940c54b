// SPDX-License-Identifier: BSD-2-Clause
/* What programs hang on: links, and what is attached without one. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/search.h"
#include "shell/kern/attached.h"
#include "shell/kern/cgroup.h"
#include "shell/kern/error.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/net.h"
#include "shell/kern/object.h"
#include "shell/kern/probe.h"
#include "shell/snapshot/snapshot.h"

/* A link to a cgroup or device, whose program listings of these places name, too. */
struct linked {
	__u64 place;			/* the cgroup's ID; the device's number */
	__u32 type, prog_id;		/* attach type */
	bool shown;
};

struct hooks {
	struct snapshot *s;
	struct diags *d;
	__u64 netns;			/* inode of this network namespace */
	struct linked *linked;
	size_t nr_linked;
	/* All cgroups, in the order of their IDs once they are read. */
	struct cgroup {
		__u64 id;
		char *path;
	} *cgroups;
	size_t nr_cgroups;
	struct kern_cgroup_query query;
	const struct kern_cgroup *cgroup;	/* the one that is read */
	int left_out;			/* -errno: why a cgroup was; 0: none */
	__u32 dissector;		/* a link's program */
};

static void note_left_out(struct hooks *h, int err, const char *what)
{
	struct buf why = BUF_INIT, hint = BUF_INIT;

	if (!err || interrupted())
		return;
	kern_reason(&why, &hint, KERN_LISTING, -err);
	diag_note(h->d, NO_SPAN, "%s left out: %s", what, buf_str(&why));
	if (hint.len)
		diag_hint(h->d, "%s", buf_str(&hint));
	buf_free(&why);
	buf_free(&hint);
}

static void note_linked(struct hooks *h, __u64 place, __u32 type, __u32 prog_id)
{
	GROW(h->linked, h->nr_linked);
	h->linked[h->nr_linked++] = (struct linked){ place, type, prog_id };
}

/* Whether a link attaches the program there; each counts once. */
static bool take_linked(struct hooks *h, __u64 place, __u32 type, __u32 prog_id)
{
	for (size_t i = 0; i < h->nr_linked; i++) {
		struct linked *l = &h->linked[i];

		if (l->place == place && l->type == type && l->prog_id == prog_id && !l->shown)
			return l->shown = true;
	}
	return false;
}

/* Names of links */

static bool cgroup_before(const void *record, const void *key)
{
	return ((const struct cgroup *)record)->id < *(const __u64 *)key;
}

static void put_attach_type(struct buf *name, __u32 type)
{
	const char *text = kern_attach_type_name(type);

	if (text)
		buf_puts(name, text);
	else
		buf_printf(name, "%u", type);
}

static void name_cgroup_link(struct hooks *h, struct buf *name, const struct bpf_link_info *info)
{
	__u64 id = info->cgroup.cgroup_id;
	size_t at = lower_bound(h->cgroups, h->nr_cgroups, sizeof(*h->cgroups), cgroup_before, &id);

	note_linked(h, id, info->cgroup.attach_type, info->prog_id);
	buf_puts(name, "cgroup ");
	put_attach_type(name, info->cgroup.attach_type);
	if (at < h->nr_cgroups && h->cgroups[at].id == id)
		buf_printf(name, " %s", h->cgroups[at].path);
	else
		buf_puts(name, id ? " of a cgroup that is not to be seen here" : " (detached)");
}

static void name_device_link(struct buf *name, const struct bpf_link_info *info, __u32 ifindex)
{
	char device[IF_NAMESIZE];

	if (kern_link_device(info, device) == KERN_HERE)
		buf_printf(name, " %s", device);
	else if (!ifindex)
		buf_puts(name, " (detached)");
	else
		buf_printf(name, " device %u of another network namespace", ifindex);
}

static void name_netns_link(struct hooks *h, struct buf *name, const struct bpf_link_info *info)
{
	bool here = info->netns.netns_ino == h->netns;

	buf_puts(name, "netns ");
	put_attach_type(name, info->netns.attach_type);
	if (here && info->netns.attach_type == BPF_FLOW_DISSECTOR)
		h->dissector = info->prog_id;
	if (!info->netns.netns_ino)
		buf_puts(name, " (detached)");
	else if (!here)
		buf_printf(name, " of network namespace %u", info->netns.netns_ino);
}

/* What a probe is called, but for who holds it. */
static void name_probe(struct buf *name, const struct kern_probe *p)
{
	buf_puts(name, p->type);
	if (p->name && *p->name)
		buf_printf(name, " %s", p->name);
	if (p->offset)
		buf_printf(name, "+%llu", p->offset);
	if (p->module && *p->module)
		buf_printf(name, " of %s", p->module);
	if (p->point == PROBE_EVENT)
		buf_printf(name, " %u:%llu", p->event_type, p->event_config);
	if (p->count)
		buf_printf(name, " at %u places", p->count);
}

static void name_traced(struct buf *name, int fd)
{
	struct kern_probe p;

	if (!kern_link_probe(fd, &p))
		name_probe(name, &p);
	kern_probe_free(&p);
}

static void name_by_type(struct hooks *h, struct buf *name, const struct bpf_link_info *info)
{
	const char *type = kern_link_type_name(info->type);
	struct netfilter_info nf;
	struct device_info dev;

	memcpy(&nf, &info->raw_tracepoint, sizeof(nf));
	memcpy(&dev, &info->raw_tracepoint, sizeof(dev));
	switch (info->type) {
	case BPF_LINK_TYPE_CGROUP:
		name_cgroup_link(h, name, info);
		return;
	case BPF_LINK_TYPE_NETNS:
		name_netns_link(h, name, info);
		return;
	case BPF_LINK_TYPE_TCX:
	case BPF_LINK_TYPE_NETKIT:
		put_attach_type(name, dev.attach_type);
		name_device_link(name, info, dev.ifindex);
		return;
	}
	if (type)
		buf_puts(name, type);
	else
		buf_printf(name, "type %u", info->type);
	if (info->type == BPF_LINK_TYPE_XDP) {
		note_linked(h, info->xdp.ifindex, BPF_XDP, info->prog_id);
		name_device_link(name, info, info->xdp.ifindex);
	} else if (info->type == BPF_LINK_TYPE_NETFILTER) {
		buf_printf(name, " pf %u hook %u prio %d", nf.pf, nf.hooknum, nf.priority);
	} else if (info->type == BPF_LINK_TYPE_STRUCT_OPS) {
		const struct snap_entry *map = snap_by_id(&h->s->lists[SNAP_MAP], dev.ifindex);

		if (map)
			buf_printf(name, " %s", map->name);
	}
}

static int take_link(struct hooks *h, int fd)
{
	struct buf name = BUF_INIT;
	struct bpf_link_info info;
	struct snap_entry *e;
	int err = kern_link_info(fd, &info);

	if (err)
		return err;
	if (kern_link_traces(&info))
		name_traced(&name, fd);
	if (kern_link_traces(&info) && info.type == BPF_LINK_TYPE_CGROUP)
		buf_putc(&name, ' ');
	if (!name.len || info.type == BPF_LINK_TYPE_CGROUP)
		name_by_type(h, &name, &info);
	e = snap_add(h->s, SNAP_LINK, buf_str(&name), info.id);
	if (info.type != BPF_LINK_TYPE_STRUCT_OPS)
		snap_program(h->s, e, info.prog_id);
	buf_free(&name);
	return 0;
}

static int take_links(struct hooks *h)
{
	struct object_walk w = { .kind = OBJ_LINK };
	int fd, err = 0;

	while (!err && !interrupted() && (fd = kern_next_object(&w)) >= 0) {
		err = take_link(h, fd);
		close(fd);
	}
	if (interrupted())
		return -1;
	if (err)
		return kern_error(h->d, h->s->at, -err, "read link %u", w.id);
	if (w.err_id)
		return kern_call_error(h->d, h->s->at, KERN_LISTING, -w.err, "open link %u", w.err_id);
	/* Not all kernels have them. */
	if (w.err && w.err != -EINVAL)
		return kern_call_error(h->d, h->s->at, KERN_LISTING, -w.err, "list all links");
	return 0;
}

/* Cgroups */

static int note_cgroup(void *arg, const struct kern_cgroup *g)
{
	struct hooks *h = arg;

	if (g->fd < 0)
		return 0;
	GROW(h->cgroups, h->nr_cgroups);
	h->cgroups[h->nr_cgroups++] = (struct cgroup){ g->id, xstrdup(g->path) };
	return 0;
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct cgroup *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int take_cgroup_prog(void *arg, __u32 type, const struct kern_attached *a)
{
	struct hooks *h = arg;
	struct buf name = BUF_INIT;
	struct snap_entry *e;

	if (take_linked(h, h->cgroup->id, type, a->prog_id))
		return 0;
	buf_puts(&name, "cgroup ");
	put_attach_type(&name, type);
	buf_printf(&name, " %s", h->cgroup->path);
	e = snap_add(h->s, SNAP_HOOK, buf_str(&name), 0);
	snap_program(h->s, e, a->prog_id);
	snap_fact(e, SNAP_HOOK_FLAGS, "0x%x", a->prog_flags);
	buf_free(&name);
	return 0;
}

/* One that is gone, or not to be looked into, does not hide the others. */
static int take_cgroup(void *arg, const struct kern_cgroup *g)
{
	struct hooks *h = arg;
	int err = g->fd;

	h->cgroup = g;
	if (g->fd >= 0)
		err = kern_cgroup_programs(&h->query, g->fd, take_cgroup_prog, h);
	if (err < 0 && err != -ENOENT && err != -ENODEV && err != -ENXIO)
		h->left_out = err;
	return interrupted() ? -EINTR : 0;
}

/* Network devices */

static const char *const xdp_modes[] = {
	[KERN_XDP_GENERIC] = "generic", [KERN_XDP_DRIVER] = "driver", [KERN_XDP_OFFLOAD] = "offload"
};

static void take_xdp(struct hooks *h, const struct kern_device *dev)
{
	for (int mode = 0; mode < KERN_XDP_MODES; mode++) {
		struct snap_entry *e;
		char *name;

		if (!dev->xdp[mode] || take_linked(h, dev->ifindex, BPF_XDP, dev->xdp[mode]))
			continue;
		name = xasprintf("xdp %s", dev->name);
		e = snap_add(h->s, SNAP_HOOK, name, 0);
		snap_program(h->s, e, dev->xdp[mode]);
		snap_fact(e, SNAP_HOOK_MODE, "%s", xdp_modes[mode]);
		free(name);
	}
}

static void put_actions(struct hooks *h, struct snap_entry *e, const struct kern_tc *tc)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < tc->nr_actions; i++) {
		const struct snap_entry *prog = snap_by_id(&h->s->lists[SNAP_PROG],
							   tc->actions[i].prog_id);

		buf_printf(&text, "%s%s", i ? " " : "", tc->actions[i].name);
		if (prog && prog->facts[SNAP_PROG_TAG])
			buf_printf(&text, " (tag %s)", prog->facts[SNAP_PROG_TAG]);
	}
	if (text.len)
		snap_fact(e, SNAP_HOOK_ACTIONS, "%s", buf_str(&text));
	buf_free(&text);
}

static int take_tc(void *arg, const struct kern_tc *tc)
{
	struct hooks *h = arg;
	struct snap_entry *e;
	char *name;

	if (tc->attached && tc->attached->link_id)
		return 0;
	name = xasprintf("%s %s", tc->kind, tc->dev->name);
	e = snap_add(h->s, SNAP_HOOK, name, 0);
	free(name);
	if (tc->prog_id)
		snap_program(h->s, e, tc->prog_id);
	if (tc->attached)
		snap_fact(e, SNAP_HOOK_FLAGS, "0x%x", tc->attached->prog_flags);
	else if (*tc->name)
		snap_fact(e, SNAP_HOOK_FILTER, "%s", tc->name);
	put_actions(h, e, tc);
	return 0;
}

static int take_devices(struct hooks *h)
{
	struct kern_device *list = NULL;
	size_t nr = 0;
	int err = kern_devices(0, &list, &nr);

	if (err)
		return kern_error(h->d, h->s->at, -err, "list the network devices");
	for (size_t i = 0; i < nr; i++)
		take_xdp(h, &list[i]);
	note_left_out(h, kern_tc(list, nr, take_tc, h), "programs of tc are");
	free(list);
	return 0;
}

/* This network namespace, and maps of sockets */

static void take_attached(struct hooks *h, int target, __u32 type, const char *name, __u32 linked)
{
	struct kern_attached *list = NULL;
	__u32 nr = 0;

	if (!kern_attached(target, type, 0, &list, &nr)) {
		for (__u32 i = 0; i < nr; i++)
			if (list[i].prog_id != linked)
				snap_program(h->s, snap_add(h->s, SNAP_HOOK, name, 0),
					     list[i].prog_id);
	}
	free(list);
}

static void take_socket_map(struct hooks *h, const struct snap_entry *map)
{
	int fd = kern_open_id(OBJ_MAP, map->id);

	for (size_t i = 0; fd >= 0 && i < map_hooks->nr_types; i++) {
		struct buf name = BUF_INIT;

		buf_printf(&name, "map %s ", map->name);
		put_attach_type(&name, map_hooks->types[i].type);
		take_attached(h, fd, map_hooks->types[i].type, buf_str(&name), 0);
		buf_free(&name);
	}
	if (fd >= 0)
		close(fd);
}

static void take_socket_maps(struct hooks *h)
{
	const struct snap_list *maps = &h->s->lists[SNAP_MAP];

	for (size_t i = 0; i < maps->nr; i++) {
		const char *type = maps->rows[i].facts[SNAP_MAP_TYPE];

		if (!strcmp(type, "sockmap") || !strcmp(type, "sockhash"))
			take_socket_map(h, &maps->rows[i]);
	}
}

/* Perf events */

static int take_probe(void *arg, const struct kern_probe *p)
{
	struct hooks *h = arg;
	struct buf name = BUF_INIT;

	/* Before 6.6 a link may be in doubt: it stands among the links in any case. */
	if (!p->link_id && !p->nr_links) {
		name_probe(&name, p);
		snap_program(h->s, snap_add(h->s, SNAP_HOOK, buf_str(&name), 0), p->prog_id);
	}
	buf_free(&name);
	return 0;
}

static void take_probes(struct hooks *h)
{
	unsigned hidden = 0;

	note_left_out(h, kern_probes(take_probe, h, &hidden), "perf events are");
	if (!hidden)
		return;
	diag_note(h->d, NO_SPAN, "processes that do not show what they hold, whose perf events may be "
		  "missing here: %u", hidden);
	diag_hint(h->d, "it takes CAP_SYS_PTRACE to see it");
}

static int take_places(struct hooks *h, const char *root, int netns)
{
	if (root)
		kern_cgroups(root, note_cgroup, h);
	if (h->nr_cgroups)
		qsort(h->cgroups, h->nr_cgroups, sizeof(*h->cgroups), compare_cgroups);
	if (take_links(h) || take_devices(h))
		return -1;
	take_attached(h, netns, BPF_FLOW_DISSECTOR, "netns flow_dissector", h->dissector);
	if (root)
		kern_cgroups(root, take_cgroup, h);
	note_left_out(h, h->left_out, "programs of a cgroup are");
	take_socket_maps(h);
	take_probes(h);
	return interrupted() ? -1 : 0;
}

int snap_take_hooks(struct snapshot *s, struct diags *d)
{
	struct hooks h = { .s = s, .d = d };
	int netns = hook_open_netns(&h.netns, s->at, d), err;
	char *root;

	if (netns < 0)
		return -1;
	root = kern_cgroup_root();
	err = take_places(&h, root, netns);
	for (size_t i = 0; i < h.nr_cgroups; i++)
		free(h.cgroups[i].path);
	free(h.cgroups);
	free(h.linked);
	free(root);
	close(netns);
	return err;
}
