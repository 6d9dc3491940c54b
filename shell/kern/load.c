// SPDX-License-Identifier: BSD-2-Clause
/* Object files into the kernel, through libbpf. A failure becomes one diagnostic. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/code/code.h"
#include "render/code/elf_obj.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/fault.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/fullname.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/rights.h"
#include "shell/kern/sections.h"

struct load {
	const struct load_request *req;
	struct bpf_object *obj;
	struct buf bytes;
	struct bpf_program *first;
	struct bpf_map **maps;		/* what each of the request's maps means */
	char *log;
	char *kept;			/* of the log, for the caller */
	struct said said;
	struct diags *d;
	struct load_pin *pins;		/* maps that ask to be pinned: path, index of the map */
	size_t nr_pins;
};

static int fail(struct load *l, const char *fmt, ...) printf_like(2, 3);

static int fail(struct load *l, const char *fmt, ...)
{
	struct buf msg = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&msg, fmt, ap);
	va_end(ap);
	diag_error(l->d, l->req->span, "%s", buf_str(&msg));
	buf_free(&msg);
	return -1;
}

static bool has_member(const struct btf *btf, const struct btf_type *t, const char *wanted)
{
	const struct btf_member *m = btf_members(t);

	for (int i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, m[i].name_off);

		if (name && !strcmp(name, wanted))
			return true;
	}
	return false;
}

/* Whether a map is declared with values: programs or maps, and programs must be loaded for it. */
static bool has_initial_values(const struct bpf_object *obj)
{
	const struct btf *btf = bpf_object__btf(obj);
	int id = btf ? btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC) : -1;
	const struct btf_type *sec = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (int i = 0; sec && i < btf_vlen(sec); i++) {
		const struct btf_type *t = map_declaration(btf, btf_var_secinfos(sec)[i].type);

		if (t && has_member(btf, t, "values"))
			return true;
	}
	return false;
}

/* In libbpf's words, which says nothing where its oldest release is asked for a target. */
static int no_target(struct load *l, const struct bpf_program *prog)
{
	const char *slash = strchr(bpf_program__section_name(prog), '/');
	char *why = xasprintf("failed to find kernel BTF type ID of '%s'", slash ? slash + 1 : "");

	said_failure(l->d, l->req->span, l->req->file, why);
	free(why);
	return -1;
}

/* As the request says, or else the section. */
static int apply_type(struct load *l, struct bpf_program *prog)
{
	const struct load_request *req = l->req;

	if (req->prog_type < 0 && section_apply(prog))
		return no_target(l, prog);
	if (req->prog_type >= 0) {
		bpf_program__set_type(prog, req->prog_type);
		if (req->attach_type >= 0)
			bpf_program__set_expected_attach_type(prog, req->attach_type);
	}
	return 0;
}

static int select_program(struct load *l, struct bpf_program *prog, bool load)
{

	bpf_program__set_autoload(prog, load);
	if (!load)
		return 0;
	if (apply_type(l, prog))
		return -1;
	if (bpf_program__type(prog) == BPF_PROG_TYPE_UNSPEC) {
		fail(l, "section '%s' of program '%s' does not tell the program's type",
		     bpf_program__section_name(prog), bpf_program__name(prog));
		diag_hint(l->d, "say it: type TYPE");
		return -1;
	}
	bpf_program__set_log_buf(prog, l->log, VERIFIER_LOG_SIZE);
	return 0;
}

/* libbpf finds none; that may be for symbols of an old clang's, which tell no function. */
static int no_programs(struct load *l)
{
	struct diags none = { 0 };
	struct elf_obj *obj = elf_obj_open(l->req->file, NO_SPAN, &none);
	const struct elf_func *func = obj && obj->nr_funcs ? obj->funcs : NULL;

	if (func && func->untyped) {
		fail(l, "no programs in '%s': section '%s' holds %u instructions, but its symbols "
		     "are no functions", l->req->file, obj->secs[func->sec].name, func->nr);
		diag_hint(l->d, "an old clang made it: compile it anew; this draws it: "
			  "prog cfg obj %s", l->req->file);
	} else {
		fail(l, "no programs in '%s'", l->req->file);
	}
	elf_obj_close(obj);
	diags_clear(&none);
	return -1;
}

static int select_programs(struct load *l)
{
	bool all = l->req->all || has_initial_values(l->obj);
	struct bpf_program *prog;

	l->first = bpf_object__next_program(l->obj, NULL);
	if (!l->first)
		return no_programs(l);
	l->log = xmalloc(VERIFIER_LOG_SIZE);
	l->log[0] = '\0';
	bpf_object__for_each_program(prog, l->obj)
		if (select_program(l, prog, all || prog == l->first))
			return -1;
	return 0;
}

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
static int reuse_pinned(struct load *l, struct bpf_map *map, const char *path)
{
	enum object_kind kind;
	int fd = kern_open_pin(path, &kind), ret;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return kern_error(l->d, l->req->span, fd, "use '%s' for map '%s'", path,
				  bpf_map__name(map));
	if (kind != OBJ_MAP)
		ret = fail(l, "cannot pin map '%s': a %s is pinned at '%s'", bpf_map__name(map),
			   object_names[kind], path);
	else
		ret = check_reuse(l, l->req->span, map, fd);
	if (!ret && bpf_map__reuse_fd(map, fd))
		ret = fail(l, "cannot use the map pinned at '%s'", path);
	close(fd);
	return ret ? ret : 1;
}

/* A map that is declared with LIBBPF_PIN_BY_NAME; @path is its copy, to be kept or freed. */
static int defer_pin(struct load *l, struct bpf_map *map, size_t index, char *path)
{
	int reused = is_replaced(l, map) ? 1 : reuse_pinned(l, map, path);

	bpf_map__set_pin_path(map, NULL);
	if (reused) {
		free(path);
		return reused < 0 ? -1 : 0;
	}
	GROW(l->pins, l->nr_pins);
	l->pins[l->nr_pins++] = (struct load_pin){ .path = path, .map = index };
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

static void say_errno(struct load *l, const char *program, int err)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(l->obj, program);
	char *subject = xasprintf("program '%s' of '%s'", program, l->req->file);
	struct load_facts facts = { 0 };

	if (prog)
		facts = (struct load_facts){
			bpf_program__type(prog), bpf_program__expected_attach_type(prog),
			bpf_program__flags(prog), bpf_program__insn_cnt(prog)
		};
	load_error(l->d, l->req->span, err, subject, &facts);
	free(subject);
}

static void keep_log(struct load *l)
{
	free(l->kept);
	l->kept = xstrdup(l->log);
}

/* False where the verifier gives no reason. */
static bool say_program_refused(struct load *l, const char *program)
{
	struct diags none = { 0 };
	struct code *code = code_new_elf(l->req->file, program, NULL, NO_SPAN, &none);
	char *subject = xasprintf("program '%s' of '%s'", program, l->req->file);
	bool said = said_refusal(l->d, l->req, &l->said, l->log, subject, code);

	keep_log(l);
	free(subject);
	code_free(code);
	diags_clear(&none);
	return said;
}

/* A map without a size that it needs: the object's own loader sets it, and so can a command. */
static void hint_map(struct load *l, const struct map_facts *map, const char *name)
{
	struct buf create = BUF_INIT;

	shape_command(&create, map, name);
	diag_hint(l->d, "its own loader sets that; here: $m = %s; prog load %s map name %s $m",
		  buf_str(&create), l->req->file, name);
	buf_free(&create);
}

/* The kernel's rules for maps tell more than its errno. */
static bool say_wrong_map(struct load *l, const char *name, int err)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(l->obj, name);
	struct handle wanted = { .kind = OBJ_MAP, .fd = -1, .name = (char *)name };

	if (!map)
		return false;
	wanted.map.type = bpf_map__type(map);
	wanted.map.key_size = bpf_map__key_size(map);
	wanted.map.value_size = bpf_map__value_size(map);
	wanted.map.max_entries = bpf_map__max_entries(map);
	wanted.map.flags = bpf_map__map_flags(map);
	kern_map_error(l->d, l->req->span, "create", &wanted, err);
	if (shape_is_open(&wanted.map) && kern_map_type_name(wanted.map.type))
		hint_map(l, &wanted.map, name);
	return true;
}

static void say_why(struct load *l, int err)
{
	char *why = said_reason(&l->said), *program = said_program(&l->said);
	char *map = said_map(&l->said);

	if (program && say_program_refused(l, program))
		;
	else if (program)
		say_errno(l, program, err);
	else if (map && say_wrong_map(l, map, err))
		;
	else if (*why && err != -EPERM && err != -ENOSYS)
		said_failure(l->d, l->req->span, l->req->file, why);
	else
		kern_typed_error(l->d, l->req->span, KERN_PROG_LOADING,
				 l->first ? bpf_program__type(l->first) : 0, err, "load '%s'",
				 l->req->file);
	hint_section(l->d, &l->said);
	free(why);
	free(program);
	free(map);
}

/* Another handle on what libbpf holds. */
static struct handle *keep(enum object_kind kind, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? NULL : kern_handle(kind, copy);
}

/* Called as the object has it, which is more than the kernel keeps. */
static struct handle *keep_program(const struct bpf_program *prog)
{
	struct handle *h = keep(OBJ_PROG, bpf_program__fd(prog));
	struct handle *named;

	if (!h)
		return NULL;
	named = handle_new(OBJ_PROG, h->fd, h->id, bpf_program__name(prog));
	h->fd = -1;
	handle_put(h);
	return named;
}

static int keep_programs(struct load *l, struct load_result *res)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, l->obj) {
		struct handle *h;

		if (prog != l->first && !l->req->all)
			continue;
		h = keep_program(prog);
		if (!h)
			return kern_error(l->d, l->req->span, errno, "keep program '%s'",
					  bpf_program__name(prog));
		GROW(res->progs, res->nr_progs);
		res->progs[res->nr_progs++] = h;
	}
	return 0;
}

static int keep_maps(struct load *l, struct load_result *res)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, l->obj) {
		struct handle *h = keep(OBJ_MAP, bpf_map__fd(map));

		if (!h)
			return kern_error(l->d, l->req->span, errno, "keep map '%s'",
					  bpf_map__name(map));
		GROW(res->maps, res->nr_maps);
		res->maps[res->nr_maps++] = h;
	}
	return 0;
}

static void drop_result(struct load_result *res)
{
	for (size_t i = 0; i < res->nr_progs; i++)
		handle_put(res->progs[i]);
	for (size_t i = 0; i < res->nr_maps; i++)
		handle_put(res->maps[i]);
	free(res->progs);
	free(res->maps);
	memset(res, 0, sizeof(*res));
}

/* The caller makes them. */
static void keep_pins(struct load *l, struct load_result *res)
{
	res->pins = l->pins;
	res->nr_pins = l->nr_pins;
	l->pins = NULL;
	l->nr_pins = 0;
}

static int load_object(struct load *l)
{
	load_arenas(l->obj);
	return bpf_object__load(l->obj);
}

static int load(struct load *l, struct load_result *res)
{
	int err;

	l->obj = object_open(l->req->file, l->req->span, &l->said, &l->bytes, l->d);
	if (!l->obj || select_programs(l) || reuse_maps(l) || defer_pins(l))
		return -1;
	err = fault_error("prog load");
	if (!err)
		err = load_object(l);
	fault_point("prog load done");
	if (err) {
		say_why(l, err);
		return -1;
	}
	if (keep_programs(l, res) || keep_maps(l, res)) {
		drop_result(res);
		return -1;
	}
	keep_pins(l, res);
	return 0;
}

/* Stand-ins without descriptors, and the pins. */
static int plan(struct load *l, struct load_result *res)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	l->obj = object_open(l->req->file, l->req->span, &l->said, &l->bytes, l->d);
	if (!l->obj || select_programs(l) || reuse_maps(l) || defer_pins(l))
		return -1;
	bpf_object__for_each_program(prog, l->obj) {
		if (prog != l->first && !l->req->all)
			continue;
		GROW(res->progs, res->nr_progs);
		res->progs[res->nr_progs++] = handle_new(OBJ_PROG, -1, 0, bpf_program__name(prog));
	}
	bpf_object__for_each_map(map, l->obj) {
		GROW(res->maps, res->nr_maps);
		res->maps[res->nr_maps++] = handle_new(OBJ_MAP, -1, 0, bpf_map__name(map));
	}
	keep_pins(l, res);
	return 0;
}

/* The log is the caller's. */
static char *end_load(struct load *l)
{
	bpf_object__close(l->obj);
	buf_free(&l->bytes);
	for (size_t i = 0; i < l->nr_pins; i++)
		free(l->pins[i].path);
	free(l->pins);
	free(l->maps);
	free(l->log);
	said_end(&l->said);
	return l->kept;
}

int kern_load(const struct load_request *req, struct load_result *res, struct diags *d)
{
	struct load l = { .req = req, .d = d };
	char *log;
	int ret;

	memset(res, 0, sizeof(*res));
	said_begin(&l.said);
	ret = req->insns ? load_insns(req, &l.said, res, d) : load(&l, res);
	log = end_load(&l);
	if (log)
		res->log = log;
	return ret;
}

int kern_load_plan(const struct load_request *req, struct load_result *res, struct diags *d)
{
	struct load l = { .req = req, .d = d };
	int ret;

	memset(res, 0, sizeof(*res));
	said_begin(&l.said);
	ret = plan(&l, res);
	end_load(&l);
	return ret;
}

/* Programs other than @name stay out. Level 2: all states of all paths. */
static int select_verbose(struct load *l, const char *name)
{
	struct bpf_program *prog;
	bool found = false;

	l->log = xmalloc(VERIFIER_LOG_SIZE);
	l->log[0] = '\0';
	bpf_object__for_each_program(prog, l->obj) {
		bool wanted = !strcmp(bpf_program__name(prog), name);

		if (select_program(l, prog, wanted))
			return -1;
		if (wanted)
			bpf_program__set_log_level(prog, 2);
		found |= wanted;
	}
	return found ? 0 : no_programs(l);
}

static int verify(struct load *l, const char *name)
{
	int err;

	l->obj = object_open(l->req->file, l->req->span, &l->said, &l->bytes, l->d);
	if (!l->obj || select_verbose(l, name) || reuse_maps(l) || defer_pins(l))
		return -1;
	err = load_object(l);
	if (err && !has_reason(l->log)) {
		say_why(l, err);
		return -1;
	}
	said_shown(l->log);
	keep_log(l);
	return !err;
}

int kern_verify(const struct load_request *req, const char *prog, char **log, struct diags *d)
{
	struct load l = { .req = req, .d = d };
	int ret;

	said_begin(&l.said);
	ret = verify(&l, prog);
	*log = end_load(&l);
	return ret;
}
