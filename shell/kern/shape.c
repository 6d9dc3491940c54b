// SPDX-License-Identifier: BSD-2-Clause
/* What is wrong with a new map, as the kernel answers EINVAL to all of it (E2BIG to some). */
#include <linux/bpf.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/handle.h"
#include "shell/kern/loading.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/names.h"
#include "shell/kern/since.h"

static const struct {
	__u32 flag;
	const char *name;
} flag_names[] = {
	{ BPF_F_NO_PREALLOC, "no_prealloc" },
	{ BPF_F_MMAPABLE, "mmapable" },
};

/* A rule with a step but no least size is for what has none at all. */
static bool fits(const struct size_rule *r, __u32 size)
{
	if (!r->min)
		return !size;
	return size >= r->min && (!r->max || size <= r->max) && (!r->step || size % r->step == 0);
}

static void say_rule(struct buf *out, const struct size_rule *r)
{
	if (r->min == r->max)
		buf_printf(out, "%u bytes", r->min);
	else if (r->max == 2 * r->min && r->step == r->min)
		buf_printf(out, "%u or %u bytes", r->min, r->max);
	else if (r->max)
		buf_printf(out, "%u to %u bytes", r->min, r->max);
	else if (r->step)
		buf_printf(out, "a multiple of %u bytes", r->step);
	else
		buf_puts(out, "at least 1 byte");
}

static bool size_error(struct buf *out, const char *type, const char *what,
		       const struct size_rule *r, __u32 size)
{
	if (fits(r, size))
		return false;
	if (!r->min) {
		buf_printf(out, "type %s has no %s: their size is 0, not %u", type, what, size);
		return true;
	}
	buf_printf(out, "%s of type %s must have ", what, type);
	say_rule(out, r);
	buf_printf(out, ", not %u", size);
	return true;
}

static bool entries_error(struct buf *out, const char *type, enum entries_rule rule, __u32 entries)
{
	__u32 page = sysconf(_SC_PAGESIZE);

	if (rule == ENTRIES_SOME && !entries)
		buf_printf(out, "type %s needs a number of entries", type);
	else if (rule == ENTRIES_NONE && entries)
		buf_printf(out, "type %s has no limit of entries, give 0", type);
	else if (rule == ENTRIES_PAGES && (entries < page || entries & (entries - 1)))
		buf_printf(out, "entries of type %s are bytes: a power of 2 from %u on, not %u",
			   type, page, entries);
	else
		return false;
	return true;
}

static bool flags_error(struct buf *out, const char *type, const struct map_shape *s, __u32 flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
		__u32 flag = flag_names[i].flag;
		const char *name = flag_names[i].name;

		if (s->needs & flag & ~flags)
			buf_printf(out, "type %s needs flag '%s'", type, name);
		else if (s->refuses & flag & flags)
			buf_printf(out, "type %s does not take flag '%s'", type, name);
		else
			continue;
		return true;
	}
	return false;
}

bool shape_error(struct buf *out, const struct map_facts *map)
{
	const char *type = kern_map_type_name(map->type);
	const struct map_shape *s = map_traits(map->type)->shape;

	/* The types that every kernel has spare the look into its BTF. */
	if ((!type || since_find(SINCE_MAP, map->type)) && kern_lacks(out, SINCE_MAP, map->type))
		return true;
	if (!type)
		return false;
	return s && (size_error(out, type, "keys", &s->key, map->key_size) ||
		     size_error(out, type, "values", &s->value, map->value_size) ||
		     entries_error(out, type, s->entries, map->max_entries) ||
		     flags_error(out, type, s, map->flags));
}

bool shape_is_open(const struct map_facts *map)
{
	const struct map_shape *s = map_traits(map->type)->shape;

	return s && ((!map->key_size && s->key.min) || (!map->value_size && s->value.min) ||
		     (!map->max_entries && s->entries != ENTRIES_NONE));
}

/* One size of a command, or what stands for it. */
static void add_size(struct buf *out, const char *word, __u32 size, const char *unknown)
{
	buf_printf(out, " %s ", word);
	if (size)
		buf_printf(out, "%u", size);
	else
		buf_puts(out, unknown);
}

void shape_command(struct buf *out, const struct map_facts *map, const char *name)
{
	const struct map_shape *s = map_traits(map->type)->shape;

	buf_printf(out, "map create type %s", kern_map_type_name(map->type));
	if (s->key.min)
		add_size(out, "key", map->key_size, "SIZE");
	if (s->value.min)
		add_size(out, "value", map->value_size, "SIZE");
	if (s->entries != ENTRIES_NONE)
		add_size(out, "entries", map->max_entries, "N");
	buf_printf(out, " name %.*s", BPF_OBJ_NAME_LEN - 1, name);
	if (map->flags)
		buf_printf(out, " flags %u", map->flags);
}
