// SPDX-License-Identifier: BSD-2-Clause
/* What a load says beside its file: one of its programs, values of variables, devices, pins. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/near.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"

/* Names that are borrowed, for a hint. */
struct names {
	const char **list;		/* ends with NULL once it was shown */
	size_t nr;
};

static void add_name(struct names *n, const char *name)
{
	GROW(n->list, n->nr);
	n->list[n->nr++] = name;
}

#define NAMES_SHOWN 8

/* Hints at the names there are, that first which is nearest to @word; frees the list. */
static void hint_names(struct diags *d, const char *word, const char *what, struct names *n)
{
	struct buf text = BUF_INIT;
	const char *near;
	size_t shown = 0;

	add_name(n, NULL);
	near = nearest_word(word, n->list);
	if (near)
		buf_printf(&text, "%s%s", shown++ ? ", " : "", near);
	for (size_t i = 0; i < n->nr - 1 && shown < NAMES_SHOWN; i++)
		if (n->list[i] != near)
			buf_printf(&text, "%s%s", shown++ ? ", " : "", n->list[i]);
	if (shown < n->nr - 1)
		buf_printf(&text, " and %zu more", n->nr - 1 - shown);
	if (shown)
		diag_hint(d, "%s: %s", what, buf_str(&text));
	buf_free(&text);
	free(n->list);
}

struct bpf_program *load_named(struct bpf_object *obj, const struct load_request *req,
			       struct diags *d)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, req->prog);
	struct names there = { 0 };

	if (prog)
		return prog;
	diag_error(d, req->prog_span, "no program '%s' in '%s'", req->prog, req->file);
	bpf_object__for_each_program(prog, obj)
		add_name(&there, bpf_program__name(prog));
	hint_names(d, req->prog, "its programs", &there);
	return NULL;
}

/* The section of a map with global data, which BTF tells; the loader itself fills .kconfig. */
static const struct btf_type *data_section(const struct bpf_object *obj, const struct bpf_map *map)
{
	const struct btf *btf = bpf_object__btf(obj);
	const struct btf_type *t = btf ? btf__type_by_id(btf, bpf_map__btf_value_type_id(map)) : NULL;
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;

	return name && btf_is_datasec(t) && strcmp(name, ".kconfig") != 0 ? t : NULL;
}

/* The name of a section's variable; NULL where its types tell none. */
static const char *variable_at(const struct bpf_object *obj, const struct btf_type *section, int i)
{
	const struct btf *btf = bpf_object__btf(obj);
	const struct btf_type *t = btf__type_by_id(btf, btf_var_secinfos(section)[i].type);

	return t && btf_is_var(t) ? btf__name_by_offset(btf, t->name_off) : NULL;
}

static bool has_variable(const struct bpf_object *obj, const struct bpf_map *map, const char *name)
{
	const struct btf_type *section = data_section(obj, map);

	for (int i = 0; section && i < btf_vlen(section); i++) {
		const char *there = variable_at(obj, section, i);

		if (there && !strcmp(there, name))
			return true;
	}
	return false;
}

/* "config.limit=10" is about the variable "config"; a new string. */
static char *variable_name(const struct load_global *g)
{
	return xstrndup(g->text, strcspn(g->text, ".[="));
}

static int no_variable(struct bpf_object *obj, const struct load_request *req,
		       const struct load_global *g, const char *name, struct diags *d)
{
	struct names there = { 0 };
	struct bpf_map *map;

	diag_error(d, g->span, "no global variable '%s' in '%s'", name, req->file);
	if (!bpf_object__btf(obj))
		diag_hint(d, "it has no types that tell them: compile it with -g");
	bpf_object__for_each_map(map, obj) {
		const struct btf_type *section = data_section(obj, map);

		for (int i = 0; section && i < btf_vlen(section); i++) {
			const char *other = variable_at(obj, section, i);

			if (other)
				add_name(&there, other);
		}
	}
	hint_names(d, name, "its variables", &there);
	return -1;
}

/* The only map that has the variable; NULL with a diagnostic. */
static struct bpf_map *find_data(struct bpf_object *obj, const struct load_request *req,
				 const struct load_global *g, const char *name, struct diags *d)
{
	struct bpf_map *map, *found = NULL;

	bpf_object__for_each_map(map, obj) {
		if (!has_variable(obj, map, name))
			continue;
		if (found) {
			diag_error(d, g->span, "'%s' has several variables '%s'", req->file, name);
			return NULL;
		}
		found = map;
	}
	if (!found)
		no_variable(obj, req, g, name, d);
	return found;
}

/* The words that `map update` takes for fields, of which the section's are its variables. */
static int encode(const struct bpf_object *obj, struct bpf_map *map, const struct load_global *g,
		  struct diags *d)
{
	struct typed_word word = { g->text, strlen(g->text), g->span, g->quoted };
	struct typed_target target = { .what = "variable", .keep = true };
	const void *now = bpf_map__initial_value(map, &target.size);
	struct typed *type;
	void *value;
	int err = -1;

	if (!now)
		return diag_error(d, g->span, "map '%s' has no initial values", bpf_map__name(map));
	type = typed_new(bpf_object__btf(obj), bpf_map__btf_value_type_id(map), target.size, d);
	target.type = type;
	value = xmemdup(now, target.size);
	if (type && typed_size(type) != target.size)
		diag_error(d, g->span, "the types of map '%s' are damaged", bpf_map__name(map));
	else if (type)
		err = typed_encode(&target, &word, 1, value, d);
	if (!err && bpf_map__set_initial_value(map, value, target.size))
		err = diag_error(d, g->span, "cannot set values of map '%s'", bpf_map__name(map));
	free(value);
	typed_free(type);
	return err;
}

static int set_global(struct bpf_object *obj, const struct load_request *req,
		      const struct load_global *g, struct diags *d)
{
	char *name = variable_name(g);
	struct bpf_map *map;
	int err = -1;

	if (!strchr(g->text, '=')) {
		diag_error(d, g->span, "'%s' is no NAME=VALUE", g->text);
		diag_hint(d, "as in: rodata limit=10");
	} else {
		map = find_data(obj, req, g, name, d);
		err = map ? encode(obj, map, g, d) : -1;
	}
	free(name);
	return err;
}

int load_set_globals(struct bpf_object *obj, const struct load_request *req, struct diags *d)
{
	for (size_t i = 0; i < req->nr_globals; i++)
		if (set_global(obj, req, &req->globals[i], d))
			return -1;
	return 0;
}

bool load_has_set(const struct bpf_object *obj, const struct bpf_map *map,
		  const struct load_request *req)
{
	for (size_t i = 0; i < req->nr_globals; i++) {
		char *name = variable_name(&req->globals[i]);
		bool has = has_variable(obj, map, name);

		free(name);
		if (has)
			return true;
	}
	return false;
}

static void tell_section(struct bpf_object *obj, struct bpf_map *map,
			 void (*fn)(void *arg, const struct typed *section), void *arg)
{
	struct typed *type;
	size_t size;

	if (!data_section(obj, map) || !bpf_map__initial_value(map, &size))
		return;
	type = typed_new(bpf_object__btf(obj), bpf_map__btf_value_type_id(map), size, NULL);
	if (type)
		fn(arg, type);
	typed_free(type);
}

void kern_load_data(const char *file, void (*fn)(void *arg, const struct typed *section),
		    void *arg)
{
	struct buf bytes = BUF_INIT;
	struct bpf_object *obj;
	struct bpf_map *map;
	struct said s;

	said_begin(&s);
	obj = object_open(file, NULL, NO_SPAN, &s, &bytes, NULL);
	if (obj)
		bpf_object__for_each_map(map, obj)
			tell_section(obj, map, fn, arg);
	bpf_object__close(obj);
	buf_free(&bytes);
	said_end(&s);
}

/* Maps that programs on a device use lie on it, too; of some the host alone knows. */
static bool lies_on_device(const struct bpf_map *map)
{
	return bpf_map__type(map) != BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/* Only XDP programs read metadata; a device may run others, too. */
static bool is_for_device(const struct bpf_program *prog, const struct load_request *req)
{
	return !req->bound || bpf_program__type(prog) == BPF_PROG_TYPE_XDP;
}

int load_set_device(struct bpf_object *obj, const struct load_request *req, struct diags *d)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	size_t nr = 0;

	if (!req->ifindex)
		return 0;
	bpf_object__for_each_program(prog, obj) {
		if (!bpf_program__autoload(prog) || !is_for_device(prog, req))
			continue;
		bpf_program__set_ifindex(prog, req->ifindex);
		if (req->bound)
			bpf_program__set_flags(prog, bpf_program__flags(prog) |
					       BPF_F_XDP_DEV_BOUND_ONLY);
		nr++;
	}
	bpf_object__for_each_map(map, obj)
		if (!req->bound && lies_on_device(map))
			bpf_map__set_ifindex(map, req->ifindex);
	return nr ? 0 : diag_error(d, req->span, "no program of '%s' that is loaded reads a device's "
				   "metadata: none is of type xdp", req->file);
}

/* bpffs allows no dot in a name: those of sections have one. */
char *load_pin_path(const struct bpf_map *map, const struct load_request *req)
{
	char *path = xasprintf("%s/%s", req->pinmaps, bpf_map__name(map));

	for (char *c = path + strlen(req->pinmaps); *c; c++)
		if (*c == '.')
			*c = '_';
	return path;
}
