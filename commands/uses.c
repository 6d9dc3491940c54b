// SPDX-License-Identifier: BSD-2-Clause
/* Which objects hold which: one pass over programs, maps and links each. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/uses.h"
#include "shell/base/alloc.h"
#include "shell/base/search.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/object.h"
#include "shell/kern/target.h"

struct reading {
	struct uses *to;
	unsigned kinds;
	struct use at;			/* what is being read */
	size_t object_at;		/* where a value of a map names an object */
};

/* @id 0: it is nothing. */
static void add(struct reading *r, enum object_kind kind, __u32 id)
{
	struct uses *u = r->to;

	if (!id || !(r->kinds & USES(kind)))
		return;
	GROW(u->list, u->nr);
	u->list[u->nr++] = (struct use){ kind, id, r->at.by, r->at.by_id };
}

static void read_program(struct reading *r, int fd)
{
	struct bpf_prog_info info;
	__u32 *maps;
	int err = kern_prog_info_maps(fd, &info, &maps);

	for (__u32 i = 0; !err && i < info.nr_map_ids; i++)
		add(r, OBJ_MAP, maps[i]);
	if (!err) {
		add(r, OBJ_BTF, info.btf_id);
		if (info.attach_btf_obj_id != info.btf_id)
			add(r, OBJ_BTF, info.attach_btf_obj_id);
	}
	r->to->unknown |= err && err != -ENODEV;
	free(maps);
}

static void read_programs(struct reading *r)
{
	struct object_walk w = { .kind = OBJ_PROG };
	int fd;

	r->at.by = OBJ_PROG;
	while ((fd = kern_next_object(&w)) >= 0) {
		r->at.by_id = w.id;
		read_program(r, fd);
		close(fd);
	}
	r->to->unknown |= w.err != 0;
}

static int add_element(void *arg, const void *key, const void *value)
{
	struct reading *r = arg;
	__u32 id;

	memcpy(&id, (const char *)value + r->object_at, sizeof(id));
	add(r, r->at.kind, id);
	return 0;
}

static void read_map(struct reading *r, const struct handle *map)
{
	add(r, OBJ_BTF, map->map.btf_id);
	if (!map_holds_objects(map, &r->at.kind, &r->object_at) ||
	    !(r->kinds & USES(r->at.kind)))
		return;
	r->to->unknown |= kern_map_walk(map, add_element, r) < 0;
}

static void read_maps(struct reading *r)
{
	struct object_walk w = { .kind = OBJ_MAP };
	int fd;

	r->at.by = OBJ_MAP;
	while ((fd = kern_next_object(&w)) >= 0) {
		struct handle *h = kern_handle(OBJ_MAP, fd);

		r->at.by_id = w.id;
		if (h)
			read_map(r, h);
		else
			r->to->unknown = true;
		handle_put(h);
	}
	r->to->unknown |= w.err != 0;
}

static void read_link(struct reading *r, const struct bpf_link_info *info)
{
	struct kern_target target;
	struct bpf_prog_info prog;

	if (info->type == BPF_LINK_TYPE_STRUCT_OPS) {
		/* Newer than the oldest headers: the map's ID comes first. */
		add(r, OBJ_MAP, info->raw_tracepoint.tp_name);
		return;
	}
	add(r, OBJ_PROG, info->prog_id);
	if (info->type == BPF_LINK_TYPE_ITER)
		add(r, OBJ_MAP, info->iter.map.map_id);
	if (info->type == BPF_LINK_TYPE_TRACING && r->kinds & USES(OBJ_PROG) &&
	    kern_link_target(info, &prog, &target))
		add(r, OBJ_PROG, target.prog_id);
}

static void read_links(struct reading *r)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;

	r->at.by = OBJ_LINK;
	while (!kern_next_link(&w, &info)) {
		r->at.by_id = info.id;
		read_link(r, &info);
	}
	r->to->unknown |= w.err != 0;
}

static int compare(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	return (x->by_id > y->by_id) - (x->by_id < y->by_id);
}

/* A map may hold the same object at many keys. */
static void sort(struct uses *u)
{
	size_t kept = 0;

	if (u->nr)
		qsort(u->list, u->nr, sizeof(*u->list), compare);
	for (size_t i = 0; i < u->nr; i++)
		if (!kept || compare(&u->list[kept - 1], &u->list[i]) != 0)
			u->list[kept++] = u->list[i];
	u->nr = kept;
}

void uses_read(struct uses *u, unsigned kinds)
{
	struct reading r = { .to = u, .kinds = kinds };

	*u = (struct uses){ 0 };
	if (kinds & (USES(OBJ_MAP) | USES(OBJ_BTF)))
		read_programs(&r);
	read_maps(&r);
	if (kinds & (USES(OBJ_MAP) | USES(OBJ_PROG)))
		read_links(&r);
	sort(u);
}

void uses_free(struct uses *u)
{
	free(u->list);
	*u = (struct uses){ 0 };
}

static bool before(const void *record, const void *key)
{
	const struct use *row = record, *wanted = key;

	return row->kind != wanted->kind ? row->kind < wanted->kind : row->id < wanted->id;
}

struct use_span uses_of(const struct uses *u, enum object_kind kind, __u32 id)
{
	struct use key = { .kind = kind, .id = id };
	size_t first = lower_bound(u->list, u->nr, sizeof(*u->list), before, &key), end = first;

	while (end < u->nr && u->list[end].kind == kind && u->list[end].id == id)
		end++;
	return (struct use_span){ u->list + first, end - first };
}
