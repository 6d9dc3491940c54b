// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/btf.h>
#include <stdlib.h>

#include "shell/kern.h"
#include "shell/maptypes.h"

struct map_types {
	struct element_format format;
	struct btf *btf;		/* NULL: none, or the kernel's own, which is not ours to free */
	struct typed *key, *value;
};

/* Compiles a type; NULL where it is damaged, or not of the size that the kernel transfers. */
static struct typed *compile(const struct btf *btf, __u32 id, size_t size)
{
	struct diags d = { 0 };
	struct typed *t;

	if (!btf || !id)
		return NULL;
	t = typed_new(btf, id, &d);
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
	};
	map->types = t;
	return &t->format;
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
