// SPDX-License-Identifier: BSD-2-Clause
/* The compiled BTF types of a map's keys and values. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/sink/bytes.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/object.h"

struct map_types {
	struct element_format format;
	struct btf *btf;		/* NULL: none, or the kernel's own */
	struct typed *key, *value;
	struct buf unread;		/* why @btf cannot be read */
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
	if (!t->btf) {
		struct buf hint = BUF_INIT;

		kern_reason(&t->unread, &hint, KERN_LISTING, errno);
		t->format.unread = buf_str(&t->unread);
		buf_free(&hint);
	}
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
		.unread = t->format.unread,
		.key = t->key,
		.value = t->value,
		.key_size = map->map.key_size,
		.value_size = map->map.value_size,
		.cpus = map_is(map->map.type, MAP_PERCPU) ? kern_cpus() : 0,
		.inner_map = map_is(map->map.type, MAP_OF_MAPS),
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

/* Elements that are looked at for one with the same fields: not for more than a second. */
#define TWINS_MAX (1u << 20)

struct twin {
	const struct element_format *format;
	const void *key;
	void *found;
	unsigned seen;
};

static int compare_fields(void *arg, const void *key, const void *value)
{
	struct twin *t = arg;

	if (typed_same_fields(t->format->key, key, t->key))
		t->found = xmemdup(key, t->format->key_size);
	return t->found || ++t->seen == TWINS_MAX;
}

void map_hint_twin(struct handle *map, const void *key, struct diags *d)
{
	struct twin t = { .format = map_format(map), .key = key };
	struct buf hex = BUF_INIT;

	if (!t.format->key || !typed_has_gaps(t.format->key))
		return;
	kern_map_walk(map, compare_fields, &t);
	if (t.found) {
		bytes_hex(&hex, t.found, t.format->key_size);
		diag_hint(d, "an element with these fields is there, its padding is %szero: key hex %s",
			  typed_is_exact(t.format->key, t.found) ? "" : "not ", buf_str(&hex));
	} else if (t.seen == TWINS_MAX) {
		diag_hint(d, "its padding may differ: only %u elements were looked at for that",
			  TWINS_MAX);
	}
	free(t.found);
	buf_free(&hex);
}

void map_types_free(struct map_types *types)
{
	if (!types)
		return;
	typed_free(types->key);
	typed_free(types->value);
	btf__free(types->btf);
	buf_free(&types->unread);
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
