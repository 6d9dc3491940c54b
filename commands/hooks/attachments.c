// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is attached where. The links are read once; then devices, cgroups, the network
 * namespace, maps and processes are asked what is there, and each that a link
 * attached takes its link. What is left of the links is elsewhere, or tells no place.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/hooks/attachments.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/search.h"
#include "shell/kern/attached.h"
#include "shell/kern/cgroup.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/map.h"
#include "shell/kern/names.h"
#include "shell/kern/net.h"
#include "shell/kern/object.h"
#include "shell/kern/probe.h"

const char *const attach_hooks[AT_HOOKS] = {
	[AT_XDP] = "xdp", [AT_TC] = "tc", [AT_TCX] = "tcx", [AT_NETKIT] = "netkit",
	[AT_NETFILTER] = "netfilter", [AT_NETNS] = "netns", [AT_CGROUP] = "cgroup",
	[AT_SOCKMAP] = "sockmap", [AT_TRACEPOINT] = "tracepoint", [AT_KPROBE] = "kprobe",
	[AT_UPROBE] = "uprobe", [AT_FUNCTION] = "function", [AT_LSM] = "lsm",
	[AT_FREPLACE] = "freplace", [AT_ITER] = "iter", [AT_PERF_EVENT] = "perf_event",
	[AT_STRUCT_OPS] = "struct_ops", [AT_OTHER] = "other",
};

struct seen_link {
	struct bpf_link_info info;
	bool shown;
};

struct gather {
	const struct ctx *ctx;
	struct attachments *all;
	struct seen_link *links;	/* by ID */
	size_t nr_links;
	const struct kern_cgroup *cgroup;
	struct kern_cgroup_query query;
};

static void note_unseen(struct gather *g, int err, const char *what)
{
	struct attachments *all = g->all;

	if (!err)
		return;
	for (size_t i = 0; i < all->nr_unseen; i++)
		if (!strcmp(all->unseen[i].what, what))
			return;
	GROW(all->unseen, all->nr_unseen);
	all->unseen[all->nr_unseen++] = (struct unseen){ xstrdup(what), err };
}

/* Takes over the texts of @a. Where @row, it runs behind the one before at the same place. */
static struct attachment *add(struct gather *g, struct attachment a, bool row)
{
	struct attachments *all = g->all;
	const struct attachment *last = all->nr ? &all->rows[all->nr - 1] : NULL;
	bool follows = row && last && last->hook == a.hook && !strcmp(last->place, a.place) &&
		       !strcmp(last->type, a.type);

	a.order = follows ? last->order + 1 : row;
	GROW(all->rows, all->nr);
	all->rows[all->nr] = a;
	return &all->rows[all->nr++];
}

/* A type's name, or its number. */
static char *type_text(const char *name, __u32 type)
{
	return name ? xstrdup(name) : xasprintf("%u", type);
}

/* Links */

static void read_links(struct gather *g)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;

	while (!kern_next_link(&w, &info)) {
		GROW(g->links, g->nr_links);
		g->links[g->nr_links++] = (struct seen_link){ info };
	}
	note_unseen(g, w.err, "links are");
}

static bool link_before(const void *record, const void *key)
{
	return ((const struct seen_link *)record)->info.id < *(const __u32 *)key;
}

/* The link of this ID; NULL: it was not there a moment ago. */
static struct seen_link *find_link(struct gather *g, __u32 id)
{
	size_t i = lower_bound(g->links, g->nr_links, sizeof(*g->links), link_before, &id);

	return i < g->nr_links && g->links[i].info.id == id ? &g->links[i] : NULL;
}

static void mark_shown(struct gather *g, __u32 id)
{
	struct seen_link *link = find_link(g, id);

	if (link)
		link->shown = true;
}

/* Whether a link, as far as it tells, attaches what lies at @spot. */
static bool is_of(const struct bpf_link_info *info, __u32 link_type, __u64 place, __u32 type)
{
	struct device_info dev;

	memcpy(&dev, &info->raw_tracepoint, sizeof(dev));
	if (info->type != link_type)
		return false;
	switch (link_type) {
	case BPF_LINK_TYPE_XDP:
		return info->xdp.ifindex == place;
	case BPF_LINK_TYPE_CGROUP:
		return info->cgroup.cgroup_id == place && info->cgroup.attach_type == type;
	case BPF_LINK_TYPE_NETNS:
		return info->netns.netns_ino == place && info->netns.attach_type == type;
	case BPF_LINK_TYPE_SOCKMAP:
		return dev.ifindex == place && dev.attach_type == type;
	}
	return false;
}

/*
 * Gives an attachment its link, which then is no other's; 0: it has none. The links of
 * XDP tell no namespace: of several, all but one are in others, and it is in doubt.
 */
static void take_link(struct gather *g, struct attachment *a, __u32 link_type, __u64 place,
		      __u32 type)
{
	struct seen_link *found = NULL;

	for (size_t i = 0; i < g->nr_links; i++) {
		struct seen_link *link = &g->links[i];

		if (link->shown || link->info.prog_id != a->prog_id ||
		    !is_of(&link->info, link_type, place, type))
			continue;
		a->in_doubt = found != NULL;
		found = link;
		if (link_type != BPF_LINK_TYPE_XDP || a->in_doubt)
			break;
	}
	if (!found || a->in_doubt)
		return;
	found->shown = true;
	a->link_id = found->info.id;
}

/* Devices */

static void add_xdp(struct gather *g, const struct kern_device *dev)
{
	static const char *const modes[KERN_XDP_MODES] = {
		[KERN_XDP_GENERIC] = "generic", [KERN_XDP_DRIVER] = "driver",
		[KERN_XDP_OFFLOAD] = "offload",
	};

	for (int mode = 0; mode < KERN_XDP_MODES; mode++) {
		struct attachment a = { .hook = AT_XDP, .prog_id = dev->xdp[mode] };

		if (!a.prog_id)
			continue;
		a.place = xstrdup(dev->name);
		a.type = xstrdup(modes[mode]);
		take_link(g, &a, BPF_LINK_TYPE_XDP, dev->ifindex, 0);
		add(g, a, false);
	}
}

static void add_tc_program(struct gather *g, const struct kern_tc *tc, __u32 prog_id,
			   const char *more)
{
	const char *kind = tc->kind;
	enum attach_hook hook = !strncmp(kind, "tcx", 3) ? AT_TCX :
				!strncmp(kind, "netkit", 6) ? AT_NETKIT : AT_TC;

	add(g, (struct attachment){
		.hook = hook, .prog_id = prog_id, .place = xstrdup(tc->dev->name),
		.type = xasprintf("%s%s", kind, more),
		.link_id = tc->attached ? tc->attached->link_id : 0,
	}, true);
	if (tc->attached && tc->attached->link_id)
		mark_shown(g, tc->attached->link_id);
}

static int add_tc(void *arg, const struct kern_tc *tc)
{
	if (tc->prog_id)
		add_tc_program(arg, tc, tc->prog_id, "");
	for (size_t i = 0; i < tc->nr_actions; i++)
		add_tc_program(arg, tc, tc->actions[i].prog_id, " action");
	return 0;
}

static void read_devices(struct gather *g, __u32 ifindex)
{
	struct kern_device *list = NULL;
	size_t nr = 0;
	int err = kern_devices(ifindex, &list, &nr);

	for (size_t i = 0; i < nr && !err; i++)
		add_xdp(g, &list[i]);
	if (!err)
		note_unseen(g, kern_tc(list, nr, add_tc, g), "programs of traffic control are");
	note_unseen(g, err, "programs on network devices are");
	free(list);
}

/* Cgroups */

static int add_cgroup_program(void *arg, __u32 type, const struct kern_attached *kern)
{
	struct gather *g = arg;
	struct attachment a = {
		.hook = AT_CGROUP, .prog_id = kern->prog_id, .place = xstrdup(g->cgroup->path),
		.type = type_text(kern_attach_type_name(type), type),
	};

	take_link(g, &a, BPF_LINK_TYPE_CGROUP, g->cgroup->id, type);
	add(g, a, true);
	return 0;
}

/* Cgroups that vanish meanwhile have nothing to show. */
static int add_cgroup(void *arg, const struct kern_cgroup *cgroup)
{
	struct gather *g = arg;
	int err = cgroup->fd < 0 ? cgroup->fd : 0;

	g->cgroup = cgroup;
	if (!err)
		err = kern_cgroup_programs(&g->query, cgroup->fd, add_cgroup_program, g);
	if (err == -EINTR)
		return err;
	if (err != -ENOENT && err != -ENODEV && err != -ENXIO)
		note_unseen(g, err, "programs of some cgroups are");
	return 0;
}

static void read_cgroups(struct gather *g, const char *path)
{
	char *root = path ? xstrdup(path) : kern_cgroup_root();

	if (root)
		note_unseen(g, kern_cgroups(root, add_cgroup, g), "programs of cgroups are");
	free(root);
}

/* The network namespace */

static void read_netns_type(struct gather *g, int fd, __u64 inode, __u32 type)
{
	struct kern_attached *list = NULL;
	__u32 nr = 0;
	int err = kern_attached(fd, type, 0, &list, &nr);

	/* Not all kernels have each. */
	note_unseen(g, err == -EINVAL ? 0 : err, "programs of the network namespace are");
	for (__u32 i = 0; i < nr && !err; i++) {
		struct attachment a = {
			.hook = AT_NETNS, .prog_id = list[i].prog_id,
			.place = xstrdup("this network namespace"),
			.type = type_text(kern_attach_type_name(type), type),
		};

		take_link(g, &a, BPF_LINK_TYPE_NETNS, inode, type);
		add(g, a, true);
	}
	free(list);
}

static void read_netns(struct gather *g)
{
	const struct hook *h = hook_named("netns");
	struct diags unsaid = { 0 };
	__u64 inode;
	int fd = hook_open_netns(&inode, NO_SPAN, &unsaid);

	diags_clear(&unsaid);
	if (fd < 0) {
		note_unseen(g, -EACCES, "programs of the network namespace are");
		return;
	}
	for (size_t i = 0; i < h->nr_types; i++)
		read_netns_type(g, fd, inode, h->types[i].type);
	close(fd);
}

/* Maps: of sockets, with their programs; of struct_ops, which are attached themselves */

static char *map_place(const struct handle *map)
{
	return *map->name ? xasprintf("map %u '%s'", map->id, map->name) :
	       xasprintf("map %u", map->id);
}

static void read_sockmap(struct gather *g, const struct handle *map)
{
	for (size_t i = 0; i < map_hooks[0].nr_types; i++) {
		const struct hook_type *t = &map_hooks[0].types[i];
		struct kern_attached *list = NULL;
		__u32 nr = 0;
		int err = kern_attached(map->fd, t->type, 0, &list, &nr);

		/* Kernels that cannot tell of any type know not even that of messages. */
		if (err != -EINVAL || !i)
			note_unseen(g, err, "programs of maps of sockets are");
		for (__u32 k = 0; k < nr && !err; k++) {
			struct attachment a = {
				.hook = AT_SOCKMAP, .prog_id = list[k].prog_id, .map_id = map->id,
				.place = map_place(map), .type = xstrdup(t->short_name),
			};

			take_link(g, &a, BPF_LINK_TYPE_SOCKMAP, map->id, t->type);
			add(g, a, false);
		}
		free(list);
	}
}

/* Begins the value of each such map; struct bpf_struct_ops_common_value of the kernel's. */
struct ops_state {
	__u32 refs, state;
};

/* Without a link: as an update of its one element attaches it. */
static void read_struct_ops(struct gather *g, const struct handle *map)
{
	struct ops_state *value;
	__u32 key = 0;

	if (map->map.flags & BPF_F_LINK || map->map.value_size < sizeof(*value))
		return;
	value = xcalloc(1, kern_value_bytes(map));
	if (!kern_map_lookup(map->fd, &key, value, 0) && value->state == 1)
		add(g, (struct attachment){
			.hook = AT_STRUCT_OPS, .map_id = map->id, .place = map_place(map),
			.type = xstrdup("struct_ops"),
		}, false);
	free(value);
}

static void read_maps(struct gather *g)
{
	struct object_walk w = { .kind = OBJ_MAP };
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		struct handle *h = kern_handle(OBJ_MAP, fd);

		if (!h)
			continue;
		if (h->map.type == BPF_MAP_TYPE_SOCKMAP || h->map.type == BPF_MAP_TYPE_SOCKHASH)
			read_sockmap(g, h);
		if (h->map.type == BPF_MAP_TYPE_STRUCT_OPS)
			read_struct_ops(g, h);
		handle_put(h);
	}
	note_unseen(g, w.err, "programs of maps of sockets are");
}

/* Tracing */

static enum attach_hook probe_hook(const struct kern_probe *p)
{
	switch (p->point) {
	case PROBE_TRACEPOINT:
		return AT_TRACEPOINT;
	case PROBE_FUNCTION:
		return AT_KPROBE;
	case PROBE_FILE:
		return AT_UPROBE;
	case PROBE_ITERATOR:
		return AT_ITER;
	case PROBE_WHOLE:
		return !strncmp(p->type, "lsm", 3) ? AT_LSM :
		       !strcmp(p->type, "freplace") ? AT_FREPLACE : AT_FUNCTION;
	default:
		return !strncmp(p->type, "kprobe", 6) ? AT_KPROBE : AT_PERF_EVENT;
	}
}

static char *probe_place(const struct kern_probe *p)
{
	struct buf b = BUF_INIT;

	if (p->point == PROBE_EVENT)
		buf_printf(&b, "type %u config %llu", p->event_type, p->event_config);
	else if (p->count)
		buf_printf(&b, "%s%s%u places", p->name, *p->name ? " " : "", p->count);
	else if (*p->name)
		buf_puts(&b, p->name);
	else if (p->address)
		buf_printf(&b, "0x%llx", p->address);
	else
		buf_puts(&b, "unknown");
	if (p->offset && !p->count)
		buf_printf(&b, "+0x%llx", p->offset);
	if (p->module && *p->module)
		buf_printf(&b, " [%s]", p->module);
	if (p->target_prog)
		buf_printf(&b, " of program %u", p->target_prog);
	return buf_detach(&b);
}

/* The LSM's hook of a cgroup's program, which the cgroup does not tell. */
static void add_function(struct gather *g, const struct kern_probe *p)
{
	for (size_t i = 0; i < g->all->nr; i++) {
		struct attachment *a = &g->all->rows[i];
		char *type;

		if (a->hook != AT_CGROUP || a->link_id != p->link_id || strchr(a->type, ' '))
			continue;
		type = xasprintf("%s %s", a->type, p->name);
		free(a->type);
		a->type = type;
	}
}

/* A link that several processes hold comes once for each. */
static int add_probe(void *arg, const struct kern_probe *p)
{
	struct gather *g = arg;
	struct seen_link *link = p->link_id ? find_link(g, p->link_id) : NULL;

	if (link && link->info.type == BPF_LINK_TYPE_CGROUP)
		add_function(g, p);
	if (link && (link->shown || link->info.type == BPF_LINK_TYPE_CGROUP))
		return 0;
	if (link)
		link->shown = true;
	for (__u32 i = 0; i < p->nr_links && i < PROBE_LINKS; i++)
		mark_shown(g, p->links[i]);
	add(g, (struct attachment){
		.hook = probe_hook(p), .place = probe_place(p), .type = xstrdup(p->type),
		.prog_id = p->prog_id, .link_id = p->link_id, .in_doubt = p->nr_links,
		.pid = p->link_id || p->nr_links ? 0 : p->pid,
	}, false);
	return 0;
}

/* Links that are left: elsewhere, or without a place that could be asked */

static enum attach_where device_where(const struct bpf_link_info *info, __u32 ifindex)
{
	char name[IF_NAMESIZE];

	if (!ifindex)
		return AT_NOWHERE;
	return kern_link_device(info, name) == KERN_ELSEWHERE ? AT_OTHER_NETNS : AT_UNKNOWN_NETNS;
}

static void put_device(struct attachment *a, const struct bpf_link_info *info,
		       const struct device_info *dev)
{
	a->where = device_where(info, dev->ifindex);
	if (dev->ifindex)
		a->place = xasprintf("ifindex %u", dev->ifindex);
	a->type = info->type == BPF_LINK_TYPE_XDP ? xstrdup("xdp") :
		  type_text(kern_attach_type_name(dev->attach_type), dev->attach_type);
	a->hook = info->type == BPF_LINK_TYPE_XDP ? AT_XDP :
		  info->type == BPF_LINK_TYPE_TCX ? AT_TCX : AT_NETKIT;
}

static void put_netfilter(struct attachment *a, const struct netfilter_info *nf)
{
	char *family = type_text(kern_netfilter_family(nf->pf), nf->pf);
	char *hook = type_text(kern_netfilter_hook(nf->pf, nf->hooknum), nf->hooknum);

	a->hook = AT_NETFILTER;
	a->where = AT_UNKNOWN_NETNS;
	a->place = xasprintf("%s %s", family, hook);
	a->type = xasprintf("priority %d", nf->priority);
	a->priority = nf->priority;
	free(family);
	free(hook);
}

static void put_map(struct attachment *a, enum attach_hook hook, __u32 map_id)
{
	struct handle *map = map_id ? kern_open_object(OBJ_MAP, map_id) : NULL;

	a->hook = hook;
	a->map_id = map_id;
	a->where = map_id ? AT_HERE : AT_NOWHERE;
	a->place = map ? map_place(map) : xasprintf("map %u", map_id);
	handle_put(map);
}

static void put_rest(struct attachment *a, const struct bpf_link_info *info)
{
	struct netfilter_info nf;
	struct device_info dev;

	memcpy(&nf, &info->raw_tracepoint, sizeof(nf));
	memcpy(&dev, &info->raw_tracepoint, sizeof(dev));
	switch (info->type) {
	case BPF_LINK_TYPE_XDP:
	case BPF_LINK_TYPE_TCX:
	case BPF_LINK_TYPE_NETKIT:
		put_device(a, info, &dev);
		break;
	case BPF_LINK_TYPE_CGROUP:
		a->hook = AT_CGROUP;
		a->where = info->cgroup.cgroup_id ? AT_HERE : AT_NOWHERE;
		a->place = xasprintf("cgroup %llu", info->cgroup.cgroup_id);
		a->type = type_text(kern_attach_type_name(info->cgroup.attach_type),
				    info->cgroup.attach_type);
		break;
	case BPF_LINK_TYPE_NETNS:
		a->hook = AT_NETNS;
		a->where = info->netns.netns_ino ? AT_OTHER_NETNS : AT_NOWHERE;
		a->place = xasprintf("netns_ino %u", info->netns.netns_ino);
		a->type = type_text(kern_attach_type_name(info->netns.attach_type),
				    info->netns.attach_type);
		break;
	case BPF_LINK_TYPE_NETFILTER:
		put_netfilter(a, &nf);
		break;
	case BPF_LINK_TYPE_SOCKMAP:
		put_map(a, AT_SOCKMAP, dev.ifindex);
		a->type = type_text(kern_attach_type_name(dev.attach_type), dev.attach_type);
		break;
	case BPF_LINK_TYPE_STRUCT_OPS:
		put_map(a, AT_STRUCT_OPS, dev.ifindex);
		a->prog_id = 0;
		break;
	}
}

static void add_rest(struct gather *g)
{
	for (size_t i = 0; i < g->nr_links; i++) {
		const struct bpf_link_info *info = &g->links[i].info;
		struct attachment a = {
			.hook = AT_OTHER, .prog_id = info->prog_id, .link_id = info->id
		};

		if (g->links[i].shown)
			continue;
		put_rest(&a, info);
		if (!a.type)
			a.type = type_text(kern_link_type_name(info->type), info->type);
		if (!a.place || a.where == AT_NOWHERE) {
			free(a.place);
			a.place = xstrdup(a.where == AT_NOWHERE ? "detached" : "unknown");
		}
		add(g, a, false);
	}
}

static int compare(const void *a, const void *b)
{
	const struct attachment *x = a, *y = b;
	int order;

	if (x->hook != y->hook)
		return x->hook < y->hook ? -1 : 1;
	if (x->where != y->where)
		return x->where < y->where ? -1 : 1;
	order = strcmp(x->place, y->place);
	if (!order && x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (!order)
		order = strcmp(x->type, y->type);
	if (order)
		return order;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->prog_id != y->prog_id)
		return x->prog_id < y->prog_id ? -1 : 1;
	return (x->link_id > y->link_id) - (x->link_id < y->link_id);
}

static void read_all(struct gather *g)
{
	read_devices(g, 0);
	read_cgroups(g, NULL);
	read_netns(g);
	read_maps(g);
	note_unseen(g, kern_probes(add_probe, g, &g->all->hidden), "programs that trace are");
	add_rest(g);
}

void attachments_read(const struct ctx *ctx, const struct attach_scope *scope,
		      struct attachments *all)
{
	struct gather g = { .ctx = ctx, .all = all };

	*all = (struct attachments){ 0 };
	read_links(&g);
	if (scope->ifindex)
		read_devices(&g, scope->ifindex);
	if (scope->cgroup)
		read_cgroups(&g, scope->cgroup);
	if (!scope->ifindex && !scope->cgroup)
		read_all(&g);
	if (all->nr)
		qsort(all->rows, all->nr, sizeof(*all->rows), compare);
	free(g.links);
}

void attachments_free(struct attachments *all)
{
	for (size_t i = 0; i < all->nr; i++) {
		free(all->rows[i].place);
		free(all->rows[i].type);
	}
	for (size_t i = 0; i < all->nr_unseen; i++)
		free(all->unseen[i].what);
	free(all->rows);
	free(all->unseen);
}

void attachments_note(const struct ctx *ctx, const struct attachments *all)
{
	for (size_t i = 0; i < all->nr_unseen; i++)
		note_left_out(ctx, all->unseen[i].err, all->unseen[i].what);
}

void attachment_place(struct buf *out, const struct attachment *a)
{
	static const char *const where[] = {
		[AT_HERE] = "", [AT_OTHER_NETNS] = " in another network namespace",
		[AT_UNKNOWN_NETNS] = " in an unknown network namespace", [AT_NOWHERE] = "",
	};

	buf_printf(out, "%s%s", a->place, where[a->where]);
}
