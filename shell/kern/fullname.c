// SPDX-License-Identifier: BSD-2-Clause
/*
 * Names in full. The kernel keeps 15 characters of a program's or map's name;
 * the whole of it is in the BTF that the object came with: a program's as that
 * of its function, a map's as that of the variable that declares it. BTF may be
 * anybody's: a name that does not begin with what the kernel keeps is none.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/kern/fullname.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"

#define KEPT (BPF_OBJ_NAME_LEN - 1)

/* A shorter one is whole. */
static bool may_be_cut(const char *kept)
{
	return strnlen(kept, BPF_OBJ_NAME_LEN) == KEPT;
}

bool kern_is_cut_to(const char *full, const char *kept)
{
	return may_be_cut(kept) && !strncmp(full, kept, KEPT);
}

/*
 * Types of programs and maps, read once for the objects of one file, which
 * mostly follow one another. An ID is given out again only after 2^31 others.
 */
static const struct btf *types_of(__u32 id)
{
	static struct {
		__u32 id;
		struct btf *btf;
	} seen[4];
	static unsigned next;

	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		if (seen[i].btf && seen[i].id == id)
			return seen[i].btf;
	next = (next + 1) % ARRAY_SIZE(seen);
	btf__free(seen[next].btf);
	seen[next].id = id;
	/* The kernel's own types, which others continue, are never a program's or map's. */
	seen[next].btf = btf__load_from_kernel_by_id(id);
	return seen[next].btf;
}

/* Programs */

/* The type of the program's main function, which is the first; 0: it has none. */
static __u32 main_function(int fd, const struct bpf_prog_info *info)
{
	struct bpf_func_info *func = xcalloc(1, info->func_info_rec_size + sizeof(*func));
	struct bpf_prog_info want = {
		.nr_func_info = 1, .func_info_rec_size = info->func_info_rec_size,
		.func_info = (uintptr_t)func,
	};
	__u32 len = sizeof(want), type = 0;

	if (!kern_info(fd, &want, &len))
		type = func->type_id;
	free(func);
	return type;
}

static const char *function_name(int fd, const struct bpf_prog_info *info)
{
	const struct btf *btf = types_of(info->btf_id);
	const struct btf_type *t = btf ? btf__type_by_id(btf, main_function(fd, info)) : NULL;

	return t && btf_is_func(t) ? btf__name_by_offset(btf, t->name_off) : NULL;
}

void kern_prog_name(int fd, const struct bpf_prog_info *info, char *name, size_t size)
{
	const char *full = NULL;

	if (may_be_cut(info->name) && info->btf_id && info->nr_func_info &&
	    info->func_info_rec_size >= sizeof(struct bpf_func_info))
		full = function_name(fd, info);
	if (full && kern_is_cut_to(full, info->name))
		snprintf(name, size, "%s", full);
	else
		snprintf(name, size, "%.*s", BPF_OBJ_NAME_LEN, info->name);
}

/* Maps */

const struct btf_type *map_declaration(const struct btf *btf, __u32 var)
{
	const struct btf_type *t = btf__type_by_id(btf, var);
	int id = t && btf_is_var(t) ? btf__resolve_type(btf, t->type) : -1;

	t = id < 0 ? NULL : btf__type_by_id(btf, id);
	return t && btf_is_struct(t) ? t : NULL;
}

/* What libbpf reads of a declaration; 0: it does not say. */
struct declared {
	__u32 type, key_size, value_size, max_entries, key_type, value_type;
};

/* Members of a declaration: pointers to arrays of as many elements as the number, or to types. */
static const struct {
	const char *name;
	size_t offset;
	bool is_type;
} members[] = {
	{ "type", offsetof(struct declared, type) },
	{ "key_size", offsetof(struct declared, key_size) },
	{ "value_size", offsetof(struct declared, value_size) },
	{ "max_entries", offsetof(struct declared, max_entries) },
	{ "key", offsetof(struct declared, key_type), true },
	{ "value", offsetof(struct declared, value_type), true },
};

static __u32 member_value(const struct btf *btf, __u32 pointer, bool is_type)
{
	int id = btf__resolve_type(btf, pointer);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	if (!t || !btf_is_ptr(t) || is_type)
		return t && btf_is_ptr(t) ? t->type : 0;
	t = btf__type_by_id(btf, t->type);
	return t && btf_is_array(t) ? btf_array(t)->nelems : 0;
}

static struct declared read_declaration(const struct btf *btf, const struct btf_type *t)
{
	const struct btf_member *m = btf_members(t);
	struct declared d = { 0 };

	for (int i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, m[i].name_off);

		for (size_t k = 0; name && k < ARRAY_SIZE(members); k++)
			if (!strcmp(name, members[k].name))
				*(__u32 *)((char *)&d + members[k].offset) =
					member_value(btf, m[i].type, members[k].is_type);
	}
	return d;
}

/* How well a declaration fits a map. The number of entries is often set when it is loaded. */
enum fit { FITS_NOT, FITS, FITS_EXACTLY };

static enum fit fit_of(const struct declared *d, const struct bpf_map_info *info)
{
	if (d->type != info->type || d->key_type != info->btf_key_type_id ||
	    d->value_type != info->btf_value_type_id ||
	    (d->key_size && d->key_size != info->key_size) ||
	    (d->value_size && d->value_size != info->value_size))
		return FITS_NOT;
	return d->max_entries == info->max_entries ? FITS_EXACTLY : FITS;
}

#define CANDIDATES 16

/* Variables of an object that may have declared the map. */
struct search {
	const struct btf *btf;
	const struct bpf_map_info *info;
	const char *found[FITS_EXACTLY + 1];
	int nr[FITS_EXACTLY + 1];
	__u32 entries[CANDIDATES];	/* that those which fit declare */
	int nr_entries;
};

static void look_at_variable(struct search *s, __u32 var, bool is_struct_ops)
{
	const struct btf_type *t = btf__type_by_id(s->btf, var);
	const char *name = t && btf_is_var(t) ? btf__name_by_offset(s->btf, t->name_off) : NULL;
	enum fit fit = is_struct_ops ? FITS : FITS_NOT;
	struct declared d;

	if (!name || !kern_is_cut_to(name, s->info->name))
		return;
	if (!is_struct_ops && (t = map_declaration(s->btf, var))) {
		d = read_declaration(s->btf, t);
		fit = fit_of(&d, s->info);
		if (fit && s->nr_entries < CANDIDATES)
			s->entries[s->nr_entries++] = d.max_entries;
	}
	s->found[fit] = name;
	s->nr[fit]++;
}

static void look_at_section(struct search *s, const struct btf_type *sec)
{
	const char *name = btf__name_by_offset(s->btf, sec->name_off);
	bool is_struct_ops = s->info->type == BPF_MAP_TYPE_STRUCT_OPS;

	if (!name || (is_struct_ops ? !strstr(name, ".struct_ops") : strcmp(name, ".maps") != 0))
		return;
	for (int i = 0; i < btf_vlen(sec); i++)
		look_at_variable(s, btf_var_secinfos(sec)[i].type, is_struct_ops);
}

/* Facts of all maps, as far as they tell those of one object that are called alike. */
struct map_list {
	struct bpf_map_info *maps;
	size_t nr;
};

static void read_maps(struct map_list *l)
{
	struct object_walk w = { .kind = OBJ_MAP };
	struct bpf_map_info info;
	int fd;

	l->nr = 0;
	while ((fd = kern_next_object(&w)) >= 0) {
		if (!kern_map_info(fd, &info)) {
			GROW(l->maps, l->nr);
			l->maps[l->nr++] = info;
		}
		close(fd);
	}
}

static bool has_map(const struct map_list *l, __u32 id)
{
	for (size_t i = 0; i < l->nr; i++)
		if (l->maps[i].id == id)
			return true;
	return false;
}

static bool is_sibling(const struct bpf_map_info *a, const struct bpf_map_info *b)
{
	return a->id != b->id && a->btf_id == b->btf_id && a->type == b->type &&
	       a->btf_key_type_id == b->btf_key_type_id &&
	       a->btf_value_type_id == b->btf_value_type_id && !strncmp(a->name, b->name, KEPT);
}

/* The place of the variable with this number of entries, -1: there is none. */
static int place_of(const struct search *s, __u32 entries)
{
	for (int i = 0; i < s->nr_entries; i++)
		if (s->entries[i] == entries)
			return i;
	return -1;
}

/* Whether a sibling is another variable's map, and was created before or behind as that stands. */
static bool fits_beside(const struct search *s, const struct bpf_map_info *sibling)
{
	int ours = place_of(s, s->info->max_entries), place = place_of(s, sibling->max_entries);

	return place >= 0 && place != ours && (place < ours) == (sibling->id < s->info->id);
}

/*
 * Numbers of entries tell variables apart only where no loader changed them: each
 * of the object's maps has one that is declared, no two have the same, and they
 * were created in the order of the declarations, as libbpf does. All maps are
 * read again when one comes that was not there before.
 */
static bool entries_tell(const struct search *s)
{
	static struct map_list all;

	if (s->nr_entries == CANDIDATES)
		return false;
	if (!has_map(&all, s->info->id))
		read_maps(&all);
	for (size_t i = 0; i < all.nr; i++)
		if (is_sibling(&all.maps[i], s->info) && !fits_beside(s, &all.maps[i]))
			return false;
	return has_map(&all, s->info->id);
}

/* The one variable that fits, or among several the one that does so exactly; else NULL. */
static const char *variable_name(const struct btf *btf, const struct bpf_map_info *info)
{
	struct search s = { btf, info };

	for (__u32 id = 1; id < btf__type_cnt(btf); id++)
		if (btf_is_datasec(btf__type_by_id(btf, id)))
			look_at_section(&s, btf__type_by_id(btf, id));
	if (s.nr[FITS] + s.nr[FITS_EXACTLY] == 1)
		return s.found[s.nr[FITS] ? FITS : FITS_EXACTLY];
	return s.nr[FITS_EXACTLY] == 1 && entries_tell(&s) ? s.found[FITS_EXACTLY] : NULL;
}

/* Of a section of global data where that is what the map holds, else of a variable. */
static const char *declared_name(const struct bpf_map_info *info)
{
	const struct btf *btf = types_of(info->btf_id);
	const struct btf_type *t = btf ? btf__type_by_id(btf, info->btf_value_type_id) : NULL;

	if (t && btf_is_datasec(t))
		return btf__name_by_offset(btf, t->name_off);
	return btf ? variable_name(btf, info) : NULL;
}

void kern_map_name(const struct bpf_map_info *info, char *name, size_t size)
{
	const char *full = may_be_cut(info->name) && info->btf_id ? declared_name(info) : NULL;

	if (full && kern_is_cut_to(full, info->name))
		snprintf(name, size, "%s", full);
	else
		snprintf(name, size, "%.*s", BPF_OBJ_NAME_LEN, info->name);
}
