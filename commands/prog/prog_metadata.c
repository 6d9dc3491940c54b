// SPDX-License-Identifier: BSD-2-Clause
/* Metadata: variables of .rodata whose names begin with bpf_metadata_. */
#include <stdlib.h>

#include <bpf/btf.h>
#include <string.h>

#include "commands/common.h"
#include "commands/prog/prog.h"
#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/btf.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/object.h"

#define PREFIX "bpf_metadata_"

static jv add_variable(jv object, const struct typed *type, const void *data, const char *name)
{
	struct typed_word path = { name, strlen(name), NO_SPAN, false };
	struct typed_place place;
	struct buf json = BUF_INIT;

	if (!typed_find(type, &path, "metadata", &place, NULL)) {
		jv value;

		typed_place_json(&json, &place, data, TYPED_BPFTOOL_JSON);
		value = jv_parse_sized(buf_str(&json), json.len);
		if (jv_is_valid(value))
			object = jv_object_set(object, jv_string(name + strlen(PREFIX)), value);
		else
			jv_free(value);
	}
	buf_free(&json);
	return object;
}

/* The metadata in one map, if it is a .rodata with BTF that has some; takes over @object. */
static jv add_map(jv object, struct handle *map)
{
	const struct element_format *f;
	const struct btf_type *sec;
	struct btf *btf;
	__u32 key = 0;
	void *data;

	if (map->map.type != BPF_MAP_TYPE_ARRAY || map->map.max_entries != 1 ||
	    !(map->map.flags & BPF_F_RDONLY_PROG) || !map->map.btf_id)
		return object;
	f = map_format(map);
	btf = f->value ? kern_btf(map->map.btf_id) : NULL;
	sec = btf ? btf__type_by_id(btf, map->map.btf_value_type_id) : NULL;
	data = xcalloc(1, kern_value_bytes(map));
	if (sec && btf_is_datasec(sec) && !kern_map_lookup(map->fd, &key, data, 0)) {
		const struct btf_var_secinfo *v = btf_var_secinfos(sec);

		for (int i = 0; i < btf_vlen(sec); i++) {
			const struct btf_type *var = btf__type_by_id(btf, v[i].type);
			const char *name = var ? btf__name_by_offset(btf, var->name_off) : NULL;

			if (!name || strncmp(name, PREFIX, strlen(PREFIX)))
				continue;
			if (!jv_is_valid(object))
				object = jv_object();
			object = add_variable(object, f->value, data, name);
		}
	}
	free(data);
	btf__free(btf);
	return object;
}

jv prog_metadata(const __u32 *map_ids, __u32 nr)
{
	jv object = jv_invalid();

	for (__u32 i = 0; i < nr; i++) {
		struct handle *map = kern_open_object(OBJ_MAP, map_ids[i]);

		if (!map)
			continue;
		object = add_map(object, map);
		handle_put(map);
	}
	return object;
}
