// SPDX-License-Identifier: BSD-2-Clause
/* The table of the hooks, of the rows that stand beside their functions. */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/kern/attached.h"
#include "shell/kern/hook.h"
#include "shell/kern/object.h"

/* As they are offered. */
static const struct hook *const tables[] = {
	device_hooks, cgroup_hooks, netns_hooks, trace_hooks, perf_hooks, map_hooks
};

const struct hook *hook_at(size_t i)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct hook *h = tables[t]; h->name; h++)
			if (!i--)
				return h;
	return NULL;
}

const struct hook *hook_named(const char *name)
{
	const struct hook *h;

	for (size_t i = 0; (h = hook_at(i)); i++)
		if (h->create && !strcmp(h->name, name))
			return h;
	return NULL;
}

const struct hook_type *hook_own_type(const struct hook *h, __u32 attach_type)
{
	for (size_t i = 0; i < h->nr_types; i++)
		if (h->types[i].type == attach_type)
			return &h->types[i];
	return NULL;
}

const struct hook *hook_of(__u32 id, __u32 attach_type)
{
	const struct hook *h, *first = NULL;

	for (size_t i = 0; (h = hook_at(i)); i++) {
		if (h->id != id)
			continue;
		if (hook_own_type(h, attach_type))
			return h;
		if (!first)
			first = h;
	}
	return first;
}

const struct hook *hook_of_link(__u32 link_type)
{
	const struct hook *h;

	for (size_t i = 0; (h = hook_at(i)); i++)
		if (h->link_type == link_type)
			return h;
	return NULL;
}

const struct hook_type *hook_type(__u32 attach_type)
{
	const struct hook_type *t = NULL;
	const struct hook *h;

	for (size_t i = 0; !t && (h = hook_at(i)); i++)
		t = hook_own_type(h, attach_type);
	return t;
}

const struct hook_type *hook_type_short(const char *name)
{
	const struct hook *h;

	for (size_t i = 0; (h = hook_at(i)); i++)
		for (size_t t = 0; t < h->nr_types; t++)
			if (h->types[t].short_name && !strcmp(h->types[t].short_name, name))
				return &h->types[t];
	return NULL;
}

const struct refusal *hook_refusal(const struct hook *hook, int err)
{
	for (const struct refusal *r = hook->refusals; r && r->err; r++)
		if (r->err == err)
			return r;
	return NULL;
}

int hook_link(int prog_fd, int target, const struct link_spot *spot)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = spot->flags);

	return bpf_link_create(prog_fd, target, spot->attach_type, &opts);
}

/* Whether this is what the kernel tells of the program, and by which link it is attached. */
static bool same_program(const struct kern_attached *a, struct occupant *o)
{
	int fd;

	if (a->prog_id != o->prog_id)
		return false;
	o->link_id = a->link_id;
	o->linkless = !o->link_id;
	fd = o->link_id ? kern_open_id(OBJ_LINK, o->link_id) : -1;
	o->links = fd >= 0;
	if (fd >= 0)
		close(fd);
	return true;
}

bool occupant_same(const struct link_spot *spot, int prog_fd, struct occupant *o)
{
	struct kern_attached *list;
	struct bpf_prog_info prog;
	bool found = false;
	__u32 nr;

	if (kern_prog_info(prog_fd, &prog) || kern_spot_list(spot, &list, &nr))
		return false;
	o->prog_id = prog.id;
	for (__u32 i = 0; i < nr && !found; i++)
		found = same_program(&list[i], o);
	free(list);
	return found;
}

void occupant_say_same(struct buf *why, const struct link_spot *spot, const struct occupant *o,
		       int err)
{
	if (o)
		buf_puts(why, "this program is attached there already");
}

void occupant_links(struct occupant *o, const struct link_spot *spot)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;

	while (!kern_next_link(&w, &info)) {
		if (info.prog_id == o->prog_id && spot->hook->is_at(&info, spot)) {
			o->link_id = w.id;
			o->links++;
		}
	}
}
