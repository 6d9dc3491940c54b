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
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/fullname.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/rights.h"
#include "shell/kern/sections.h"

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

/* The programs that the request asks for, of those that are loaded. */
static bool is_wanted(const struct load *l, const struct bpf_program *prog)
{
	return prog == l->first || l->req->all;
}

/* To programs that take one; there must be any. */
static int set_targets(struct load *l)
{
	struct bpf_program *prog, *refused = NULL;
	bool found = false;

	if (!l->req->target.name)
		return 0;
	bpf_object__for_each_program(prog, l->obj) {
		if (!is_wanted(l, prog))
			continue;
		if (!load_takes_target(prog)) {
			refused = prog;
			continue;
		}
		if (load_set_target(prog, l->req, l->planned, l->d))
			return -1;
		found = true;
	}
	return found ? 0 : load_set_target(refused, l->req, l->planned, l->d);
}

static int select_programs(struct load *l)
{
	bool all = l->req->all || has_initial_values(l->obj);
	struct bpf_program *prog;

	l->first = bpf_object__next_program(l->obj, NULL);
	if (!l->first)
		return no_programs(l);
	if (l->req->prog)
		l->first = load_named(l->obj, l->req, l->d);
	if (!l->first)
		return -1;
	l->log = xmalloc(VERIFIER_LOG_SIZE);
	l->log[0] = '\0';
	bpf_object__for_each_program(prog, l->obj)
		if (select_program(l, prog, all || prog == l->first))
			return -1;
	return load_set_device(l->obj, l->req, l->d) || set_targets(l) ? -1 : 0;
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

/* Devices refuse without a reason: most cannot run programs at all. */
static bool say_not_offloaded(struct load *l, const char *program, const char *map, int err)
{
	if (!l->req->ifindex || l->req->bound || (!program && !map) || err == -EPERM)
		return false;
	fail(l, "the device does not take %s '%s' of '%s'", program ? "program" : "map",
	     program ? program : map, l->req->file);
	diag_hint(l->d, "few drivers run programs on their device; 'xdpmeta_dev' is for those that "
		  "the host runs");
	return true;
}

static void say_why(struct load *l, int err)
{
	char *why = said_reason(&l->said), *program = said_program(&l->said);
	char *map = said_map(&l->said);

	if (say_not_offloaded(l, program, map, err))
		;
	else if (program && say_program_refused(l, program))
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

		if (!is_wanted(l, prog))
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

/* The object stays open, with the tables that libbpf has made for it. */
static void keep_object(struct load *l, struct load_result *res)
{
	res->tables = xcalloc(1, sizeof(*res->tables));
	*res->tables = (struct kern_object){ l->obj, l->bytes };
	l->obj = NULL;
	l->bytes = (struct buf)BUF_INIT;
}

void kern_object_close(struct kern_object *object)
{
	if (!object)
		return;
	bpf_object__close(object->obj);
	buf_free(&object->bytes);
	free(object);
}

static int load_object(struct load *l)
{
	load_arenas(l->obj);
	return bpf_object__load(l->obj);
}

static struct bpf_object *open_object(struct load *l)
{
	const struct load_request *req = l->req;

	/* libbpf says little of a file that it cannot use. */
	if (req->kernel_btf) {
		struct btf *btf = kern_btf_read(req->kernel_btf, NULL, req->kernel_btf_span, l->d);

		if (!btf)
			return NULL;
		btf__free(btf);
	}
	return object_open(req->file, req->kernel_btf, req->span, &l->said, &l->bytes, l->d);
}

/* Where the programs that are kept are attached by what their sections say. */
static void find_places(struct load *l, struct load_result *res)
{
	struct bpf_program *prog;
	size_t i = 0;

	if (!l->req->attach)
		return;
	res->places = xcalloc(res->nr_progs, sizeof(*res->places));
	bpf_object__for_each_program(prog, l->obj)
		if (is_wanted(l, prog))
			res->places[i++] = load_place(prog, l->req);
}

static int load(struct load *l, struct load_result *res)
{
	int err;

	l->obj = open_object(l);
	if (!l->obj || select_programs(l) || load_choose_maps(l))
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
	find_places(l, res);
	if (l->req->attach) {
		res->object = load_object_new(l->obj, &l->bytes, l->req->file);
		l->obj = NULL;
	}
	if (l->req->keep_object)
		keep_object(l, res);
	return 0;
}

/* Stand-ins without descriptors, and the pins. */
static int plan(struct load *l, struct load_result *res)
{
	struct bpf_program *prog;
	struct bpf_map *map;

	l->obj = open_object(l);
	if (!l->obj || select_programs(l) || load_choose_maps(l))
		return -1;
	bpf_object__for_each_program(prog, l->obj) {
		if (!is_wanted(l, prog))
			continue;
		GROW(res->progs, res->nr_progs);
		res->progs[res->nr_progs++] = handle_new(OBJ_PROG, -1, 0, bpf_program__name(prog));
	}
	bpf_object__for_each_map(map, l->obj) {
		GROW(res->maps, res->nr_maps);
		res->maps[res->nr_maps] = handle_new(OBJ_MAP, -1, 0, bpf_map__name(map));
		res->maps[res->nr_maps]->map.type = bpf_map__type(map);
		res->maps[res->nr_maps++]->map.flags = bpf_map__map_flags(map);
	}
	keep_pins(l, res);
	find_places(l, res);
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
	struct load l = { .req = req, .d = d, .planned = true };
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

	l->obj = open_object(l);
	if (!l->obj || select_verbose(l, name) || load_choose_maps(l))
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
