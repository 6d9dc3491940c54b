// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/btf.h>
#include <stdlib.h>

#include "shell/kern.h"
#include "shell/maptypes.h"

struct map_types {
	struct element_format format;
	struct btf *btf;		/* NULL: none, or the kernel's own */
	struct typed *key, *value;
};

/* Compiles a type; NULL where it is damaged, or not of the size that the kernel transfers. */
static struct typed *compile(const struct btf *btf, __u32 id, size_t size)
{
	struct diags d = { 0 };
	struct typed *t;

	if (!btf || !id)
		return NULL;
	t = typed_new(btf, id, 0, &d);
	diags_clear(&d);
	if (t && typed_size(t) != size) {
		typed_free(t);
		t = NULL;
	}
	return t;
}

static bool is_map_in_map(__u32 type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static void load_types(struct map_types *t, const struct map_facts *map)
{
	if (map->btf_vmlinux_value_type_id) {
		t->value = compile(kern_vmlinux_btf(), map->btf_vmlinux_value_type_id,
				   map->value_size);
		return;
	}
	if (!map->btf_id)
		return;
	t->btf = kern_btf(map->btf_id);
	t->key = compile(t->btf, map->btf_key_type_id, map->key_size);
	t->value = compile(t->btf, map->btf_value_type_id, map->value_size);
}

const struct element_format *map_format(struct handle *map)
{
	struct map_types *t = map->types;

	if (t)
		return &t->format;
	t = xcalloc(1, sizeof(*t));
	load_types(t, &map->map);
	t->format = (struct element_format){
		.key = t->key,
		.value = t->value,
		.key_size = map->map.key_size,
		.value_size = map->map.value_size,
		.cpus = kern_map_percpu(map->map.type) ? kern_cpus() : 0,
		.inner_map = is_map_in_map(map->map.type),
		.beside = map->map.type == BPF_MAP_TYPE_STACK_TRACE,
	};
	map->types = t;
	return &t->format;
}

bool same_map_value(struct handle *map, const char *a, const char *b)
{
	const struct element_format *f = map_format(map);

	if (!f->cpus)
		return !memcmp(a, b, kern_value_bytes(map));
	for (__u32 i = 0; i < f->cpus; i++)
		if (memcmp(a + i * element_stride(f), b + i * element_stride(f), f->value_size))
			return false;
	return true;
}

void map_types_free(struct map_types *types)
{
	if (!types)
		return;
	typed_free(types->key);
	typed_free(types->value);
	btf__free(types->btf);
	free(types);
}

/* The section that a map with global data has as its value; NULL for other maps. */
static const struct btf_type *data_section(struct handle *map)
{
	const struct btf_type *t = NULL;

	map_format(map);
	if (map->types->btf)
		t = btf__type_by_id(map->types->btf, map->map.btf_value_type_id);
	return t && btf_is_datasec(t) ? t : NULL;
}

int map_globals(struct handle *map, global_fn fn, void *arg)
{
	const struct btf_type *sec = data_section(map);
	const struct btf_var_secinfo *info = sec ? btf_var_secinfos(sec) : NULL;
	int ret = 0;

	for (__u32 i = 0; sec && !ret && i < btf_vlen(sec); i++) {
		const struct btf_type *t = btf__type_by_id(map->types->btf, info[i].type);
		struct map_global v = { .offset = info[i].offset, .size = info[i].size };

		if (!t || !btf_is_var(t) || v.size > map->map.value_size ||
		    v.offset > map->map.value_size - v.size)
			continue;
		v.name = btf__name_by_offset(map->types->btf, t->name_off);
		v.type_id = t->type;
		if (v.name)
			ret = fn(arg, &v);
	}
	return ret;
}

struct wanted_global {
	const char *name;
	struct map_global *found;
};

static int compare_name(void *arg, const struct map_global *v)
{
	struct wanted_global *w = arg;

	if (strcmp(w->name, v->name))
		return 0;
	*w->found = *v;
	return 1;
}

bool map_global(struct handle *map, const char *name, struct map_global *v)
{
	struct wanted_global w = { .name = name, .found = v };

	return map_globals(map, compare_name, &w);
}

struct handle *prog_global(const struct handle *prog, const char *name, struct map_global *v)
{
	struct handle *found = NULL;
	__u32 nr, *ids = kern_prog_maps(prog->fd, &nr);

	for (__u32 i = 0; i < nr && !found; i++) {
		struct handle *map = kern_open_object(OBJ_MAP, ids[i]);

		if (map && map_global(map, name, v))
			found = map;
		else
			handle_put(map);
	}
	free(ids);
	return found;
}
