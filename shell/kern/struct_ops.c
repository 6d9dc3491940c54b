// SPDX-License-Identifier: BSD-2-Clause
/* Tables of functions: registered, unregistered, and what they are. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/fault.h"
#include "shell/kern/btf.h"
#include "shell/kern/handle.h"
#include "shell/kern/loading.h"
#include "shell/kern/map.h"
#include "shell/kern/object.h"
#include "shell/kern/struct_ops.h"

/* What the value of every table begins with: how many use it, and its state. */
struct common {
	__u32 users, state;
};

bool struct_ops_linked(const struct handle *map)
{
	return map->map.flags & BPF_F_LINK;
}

int kern_struct_ops_state(const struct handle *map)
{
	struct common common;
	__u32 key = 0;
	char *value;
	int err;

	if (map->map.value_size < sizeof(common))
		return -EINVAL;
	value = xcalloc(1, map->map.value_size);
	err = kern_map_lookup(map->fd, &key, value, 0);
	memcpy(&common, value, sizeof(common));
	free(value);
	return err ? err : (int)(common.state & INT32_MAX);
}

static struct bpf_map *nth_map(const struct kern_object *object, size_t index)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->obj)
		if (!index--)
			return map;
	return NULL;
}

/* libbpf before 1.2 makes no link of it. */
static int make_link(struct bpf_link *made, const struct bpf_map *map)
{
	int fd = bpf_link__fd(made), link;

	if (fd == bpf_map__fd(map)) {
		bpf_link__disconnect(made);
		link = bpf_link_create(fd, 0, BPF_STRUCT_OPS, NULL);
	} else {
		link = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		link = link < 0 ? -errno : link;
	}
	bpf_link__destroy(made);
	return link;
}

static int attach(const struct bpf_map *map, int *link)
{
	struct bpf_link *made = bpf_map__attach_struct_ops(map);

	if (!made)
		return -errno;
	if (bpf_map__map_flags(map) & BPF_F_LINK) {
		*link = make_link(made, map);
		return *link < 0 ? *link : 0;
	}
	bpf_link__disconnect(made);
	bpf_link__destroy(made);
	return 0;
}

int kern_struct_ops_register(const struct kern_object *object, size_t index, int *link)
{
	struct bpf_map *map = nth_map(object, index);
	int err = fault_error("struct_ops register");

	*link = -1;
	if (!err)
		err = map ? attach(map, link) : -ENOENT;
	fault_point("struct_ops register done");
	return err;
}

int kern_struct_ops_unregister(const struct handle *map)
{
	int err = fault_error("struct_ops unregister");
	__u32 key = 0;

	if (!err && bpf_map_delete_elem(map->fd, &key))
		err = -errno;
	fault_point("struct_ops unregister done");
	return err;
}

__u32 kern_struct_ops_link(__u32 map_id)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;
	struct device_info of;

	while (!kern_next_link(&w, &info)) {
		memcpy(&of, &info.raw_tracepoint, sizeof(of));
		if (info.type == BPF_LINK_TYPE_STRUCT_OPS && of.ifindex == map_id)
			return info.id;
	}
	return 0;
}

#define PREFIX "bpf_struct_ops_"

/* Of a kernel module where the kernel itself has no such number: 6.9. */
static struct btf *module_types(const struct handle *map)
{
	struct bpf_map_info info;
	__u32 id;

	if (kern_map_info(map->fd, &info))
		return NULL;
	/* Headers before 6.9 have no name for it. */
	memcpy(&id, (char *)&info.map_extra - sizeof(id), sizeof(id));
	return id ? kern_btf(id) : NULL;
}

void kern_struct_ops_type(const struct handle *map, struct ops_type *type)
{
	const struct btf_type *t;

	*type = (struct ops_type){
		.btf = kern_vmlinux_btf(), .id = map->map.btf_vmlinux_value_type_id,
		.value_name = "", .name = ""
	};
	if (type->btf && type->id >= btf__type_cnt(type->btf))
		type->btf = type->own = module_types(map);
	t = type->btf ? btf__type_by_id(type->btf, type->id) : NULL;
	if (!t || !btf_is_struct(t))
		return;
	type->value_name = btf__name_by_offset(type->btf, t->name_off);
	if (!type->value_name)
		type->value_name = "";
	type->name = type->value_name;
	if (!strncmp(type->name, PREFIX, strlen(PREFIX)))
		type->name += strlen(PREFIX);
}

void ops_type_free(struct ops_type *type)
{
	btf__free(type->own);
}
