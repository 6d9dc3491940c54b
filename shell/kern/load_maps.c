// SPDX-License-Identifier: BSD-2-Clause
/* Which maps a load uses: the object's own, given ones, pinned ones; and which of them it pins. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/map.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"

static int no_map_named(struct load *l, const struct load_map *want)
{
	const char **names = NULL;
	struct bpf_map *map;
	size_t nr = 0;

	diag_error(l->d, want->span, "no map '%s' in '%s'", want->name, l->req->file);
	bpf_object__for_each_map(map, l->obj) {
		GROW(names, nr);
		names[nr++] = bpf_map__name(map);
	}
	GROW(names, nr);
	names[nr] = NULL;
	diag_suggest(l->d, want->name, names);
	if (!nr)
		diag_hint(l->d, "it has no maps");
	free(names);
	return -1;
}

static int find_map(struct load *l, const struct load_map *want, struct bpf_map **map)
{
	__u32 i = 0;

	if (want->name) {
		*map = bpf_object__find_map_by_name(l->obj, want->name);
		return *map ? 0 : no_map_named(l, want);
	}
	bpf_object__for_each_map(*map, l->obj)
		if (i++ == want->index)
			return 0;
	diag_error(l->d, want->span, "no map with index %u in '%s'", want->index, l->req->file);
	diag_hint(l->d, i ? "its %u maps are counted from 0" : "it has no maps", i);
	return -1;
}

static int differs(struct load *l, struct span at, const struct bpf_map *map, __u32 id,
		   const char *what, const char *want, const char *have)
{
	return diag_error(l->d, at,
			  "map %u cannot stand in for map '%s' of '%s': its %s is %s, not %s", id,
			  bpf_map__name(map), l->req->file, what, have, want);
}

static int size_differs(struct load *l, struct span at, const struct bpf_map *map, __u32 id,
			const char *what, __u32 want, __u32 have)
{
	char w[32], h[32];

	snprintf(w, sizeof(w), "%u bytes", want);
	snprintf(h, sizeof(h), "%u", have);
	return differs(l, at, map, id, what, w, h);
}

/* Whether @fd can stand in for the object's map; sizes of 0 are left open by the object. */
static int check_reuse(struct load *l, struct span at, const struct bpf_map *map, int fd)
{
	__u32 type = bpf_map__type(map), key = bpf_map__key_size(map);
	__u32 value = bpf_map__value_size(map);
	struct bpf_map_info info;
	int err = kern_map_info(fd, &info);

	if (err)
		return kern_error(l->d, at, err, "read the map for '%s'", bpf_map__name(map));
	if (info.type != type) {
		const char *want = kern_map_type_name(type), *have = kern_map_type_name(info.type);

		return differs(l, at, map, info.id, "type", want ? want : "unknown",
			       have ? have : "unknown");
	}
	if (key && key != info.key_size)
		return size_differs(l, at, map, info.id, "key", key, info.key_size);
	if (value && value != info.value_size)
		return size_differs(l, at, map, info.id, "value", value, info.value_size);
	return 0;
}

/*
 * Maps are looked up before any is replaced, as that may rename them. Those of a
 * plan may have no descriptor yet.
 */
static int reuse_maps(struct load *l)
{
	const struct load_request *req = l->req;

	l->maps = xcalloc(req->nr_maps, sizeof(*l->maps));
	for (size_t i = 0; i < req->nr_maps; i++) {
		if (find_map(l, &req->maps[i], &l->maps[i]))
			return -1;
		if (req->maps[i].fd >= 0 &&
		    check_reuse(l, req->maps[i].span, l->maps[i], req->maps[i].fd))
			return -1;
	}
	for (size_t i = 0; i < req->nr_maps; i++) {
		const struct load_map *want = &req->maps[i];
		int err = want->fd < 0 ? 0 : bpf_map__reuse_fd(l->maps[i], want->fd);

		if (err)
			return kern_error(l->d, want->span, err, "use map in '%s'", req->file);
	}
	return 0;
}

static bool is_replaced(const struct load *l, const struct bpf_map *map)
{
	for (size_t i = 0; i < l->req->nr_maps; i++)
		if (l->maps[i] == map)
			return true;
	return false;
}

/* Takes the map that is pinned at @path in place of the object's, as libbpf would: 1; 0: none. */
static int reuse_pinned(struct load *l, struct span at, struct bpf_map *map, const char *path)
{
	enum object_kind kind;
	int fd = kern_open_pin(path, &kind), ret;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return kern_error(l->d, at, fd, "use '%s' for map '%s'", path,
				  bpf_map__name(map));
	if (kind != OBJ_MAP)
		ret = diag_error(l->d, at, "cannot pin map '%s': a %s is pinned at '%s'",
				 bpf_map__name(map), object_names[kind], path);
	else
		ret = check_reuse(l, at, map, fd);
	if (!ret && bpf_map__reuse_fd(map, fd))
		ret = diag_error(l->d, at, "cannot use the map pinned at '%s'", path);
	close(fd);
	return ret ? ret : 1;
}

static void add_pin(struct load *l, char *path, size_t index, bool below)
{
	GROW(l->pins, l->nr_pins);
	l->pins[l->nr_pins++] = (struct load_pin){ .path = path, .map = index, .below = below };
}

/* A map that is declared with LIBBPF_PIN_BY_NAME; @path is its copy, to be kept or freed. */
static int defer_pin(struct load *l, struct bpf_map *map, size_t index, char *path)
{
	int reused = is_replaced(l, map) ? 1 : reuse_pinned(l, l->req->span, map, path);

	bpf_map__set_pin_path(map, NULL);
	if (reused) {
		free(path);
		return reused < 0 ? -1 : 0;
	}
	add_pin(l, path, index, false);
	return 0;
}

/* libbpf would pin such maps while it loads. That is put off: the caller gets the paths. */
static int defer_pins(struct load *l)
{
	struct bpf_map *map;
	size_t index = 0;

	bpf_object__for_each_map(map, l->obj) {
		const char *path = bpf_map__pin_path(map);

		if (path && defer_pin(l, map, index, xstrdup(path)))
			return -1;
		index++;
	}
	return 0;
}

static int values_differ(struct load *l, struct span at, const struct bpf_map *map, __u32 id)
{
	return diag_error(l->d, at, "map %u cannot stand in for map '%s' of '%s': its values are others",
			  id, bpf_map__name(map), l->req->file);
}

/*
 * Whether a pinned map has the values that programs are to find: those of variables
 * that they cannot change, and those that the request sets.
 */
static int check_values(struct load *l, struct bpf_map *map, int fd)
{
	bool fixed = bpf_map__map_flags(map) & BPF_F_RDONLY_PROG;
	struct span at = l->req->pinmaps_span;
	struct bpf_map_info info;
	__u32 key = 0;
	const void *wanted;
	void *there;
	size_t size;
	int err;

	wanted = bpf_map__initial_value(map, &size);
	if (!wanted || (!fixed && !load_has_set(l->obj, map, l->req)))
		return 0;
	if (kern_map_info(fd, &info) || info.value_size != size)
		return diag_error(l->d, at, "cannot read the map for '%s'", bpf_map__name(map));
	there = xmalloc(size);
	err = kern_map_lookup(fd, &key, there, 0);
	if (err)
		err = kern_error(l->d, at, err, "read the map for '%s'", bpf_map__name(map));
	else if (memcmp(there, wanted, size) != 0)
		err = values_differ(l, at, map, info.id);
	free(there);
	return err;
}

static int check_pinned(struct load *l, struct bpf_map *map, int fd)
{
	return check_reuse(l, l->req->pinmaps_span, map, fd) || check_values(l, map, fd) ? -1 : 0;
}

/* A pin stands where the map's is to be: whether it would do is told as well. */
static int pin_exists(struct load *l, struct bpf_map *map, const char *path, int fd)
{
	struct diags none = { 0 }, *d = l->d;
	bool fits;

	l->d = &none;
	fits = !check_pinned(l, map, fd);
	l->d = d;
	diags_clear(&none);
	diag_error(d, l->req->pinmaps_span, "cannot pin map '%s': '%s' exists already",
		   bpf_map__name(map), path);
	diag_hint(d, fits ? "it fits: 'reuse' uses it in place of the object's own; 'replace' puts "
			    "the new one there" :
			    "it does not fit; 'replace' puts the new one there");
	return -1;
}

static bool is_same(int fd, int other)
{
	struct bpf_map_info a, b;

	return !kern_map_info(fd, &a) && !kern_map_info(other, &b) && a.id == b.id;
}

/* A map is pinned at @path already: 1 where the object's own is to be, 0 where that will do. */
static int meet_map(struct load *l, struct bpf_map *map, const char *path, int fd)
{
	struct span at = l->req->pinmaps_span;
	int given = bpf_map__fd(map);

	if (given >= 0 && is_same(given, fd))
		return 0;
	if (l->req->pins == LOAD_PINS_REPLACE)
		return 1;
	if (l->req->pins == LOAD_PINS_NEW)
		return pin_exists(l, map, path, fd);
	if (given >= 0)
		return diag_error(l->d, at, "map '%s' is another than that pinned at '%s'",
				  bpf_map__name(map), path);
	if (check_pinned(l, map, fd))
		return -1;
	if (bpf_map__reuse_fd(map, fd))
		return diag_error(l->d, at, "cannot use the map pinned at '%s'", path);
	return 0;
}

/* The same of whatever may stand there. */
static int meet_pin(struct load *l, struct bpf_map *map, const char *path)
{
	enum object_kind kind;
	struct stat st;
	int fd, ret;

	if (lstat(path, &st))
		return 1;
	fd = kern_open_pin(path, &kind);
	if (fd < 0)
		return kern_error(l->d, l->req->pinmaps_span, fd, "use '%s' for map '%s'", path,
				  bpf_map__name(map));
	ret = kind == OBJ_MAP ? meet_map(l, map, path, fd) :
	      diag_error(l->d, l->req->pinmaps_span, "cannot pin map '%s': a %s is pinned at '%s'",
			 bpf_map__name(map), object_names[kind], path);
	close(fd);
	return ret;
}

static bool is_to_be_pinned(const struct load *l, const char *path)
{
	for (size_t i = 0; i < l->nr_pins; i++)
		if (!strcmp(l->pins[i].path, path))
			return true;
	return false;
}

static int pin_below(struct load *l, struct bpf_map *map, size_t index)
{
	char *path;
	int ret;

	if (strchr(bpf_map__name(map), '/'))
		return diag_error(l->d, l->req->pinmaps_span, "map '%s' cannot be pinned by its name",
				  bpf_map__name(map));
	path = load_pin_path(map, l->req);
	ret = is_to_be_pinned(l, path) ? 0 : meet_pin(l, map, path);
	if (ret > 0)
		add_pin(l, path, index, true);
	else
		free(path);
	return ret < 0 ? -1 : 0;
}

/* All maps of the object, below the folder that the request names. */
static int pin_all(struct load *l)
{
	struct bpf_map *map;
	size_t index = 0;

	if (!l->req->pinmaps)
		return 0;
	bpf_object__for_each_map(map, l->obj)
		if (pin_below(l, map, index++))
			return -1;
	return 0;
}

/* Values that are set are those of the object's own map. */
static int check_set(struct load *l)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, l->obj)
		if ((is_replaced(l, map) || bpf_map__fd(map) >= 0) &&
		    load_has_set(l->obj, map, l->req))
			return diag_error(l->d, l->req->globals[0].span, "variables of '%s' cannot be "
					  "set: another map stands in for '%s'", l->req->file,
					  bpf_map__name(map));
	return 0;
}

int load_choose_maps(struct load *l)
{
	return load_set_globals(l->obj, l->req, l->d) || reuse_maps(l) || defer_pins(l) ||
	       check_set(l) || pin_all(l) ? -1 : 0;
}
