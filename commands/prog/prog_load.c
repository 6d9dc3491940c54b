// SPDX-License-Identifier: BSD-2-Clause
/* Programs of object files, loaded and pinned. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/pins.h"
#include "commands/prog/prog.h"
#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/load.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/value.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

enum {
	LOAD_FILE, LOAD_PATH, LOAD_TYPE, LOAD_MAP, LOAD_RODATA, LOAD_TARGET, LOAD_PINMAPS, LOAD_PINS,
	LOAD_AUTOATTACH, LOAD_KERNEL_BTF, LOAD_OFFLOAD_DEV, LOAD_DEV, LOAD_XDPMETA_DEV, LOAD_LOG,
	LOAD_PROG
};

static const char *const pins_words[] = { "reuse", "replace", NULL };

static struct load_map *load_maps(const struct value *given)
{
	struct load_map *maps = xcalloc(given->values.nr, sizeof(*maps));

	for (size_t i = 0; i < given->values.nr; i++) {
		const struct value *part = given->values.list[i].values.list;

		maps[i] = (struct load_map){
			.name = part[0].kind == VALUE_STR ? part[0].str : NULL,
			.index = part[0].kind == VALUE_NUM ? part[0].num : 0,
			.fd = part[1].handle->fd,
			.span = given->values.list[i].span,
		};
	}
	return maps;
}

int load_options(struct ctx *ctx, struct load_request *req, const struct value *type,
		 const struct value *maps)
{
	req->prog_type = req->attach_type = -1;
	req->maps = NULL;
	if (type->kind == VALUE_STR &&
	    section_type(ctx, type, &req->prog_type, &req->attach_type))
		return -1;
	if (maps->kind == VALUE_LIST) {
		req->maps = load_maps(maps);
		req->nr_maps = maps->values.nr;
	}
	return 0;
}

static void free_handles(struct handle **list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		handle_put(list[i]);
	free(list);
}

/* Where a pin of a load is to be, and whether it takes the place of what is pinned there. */
static int pin_at(struct ctx *ctx, struct handle *h, const char *path, bool replace,
		  struct span span)
{
	const struct value at = { .kind = VALUE_STR, .str = (char *)path, .span = span };

	if (replace && !access(path, F_OK) && plan_replace(ctx, &at, h->kind))
		return -1;
	return txn_do(ctx, op_pin(h, path, replace, span));
}

static int make_folder(struct ctx *ctx, const char *path, struct span span)
{
	return access(path, F_OK) ? txn_do(ctx, op_folder(path, span)) : 0;
}

int load_pin_maps(struct ctx *ctx, const struct load_request *req, const struct load_result *res)
{
	if (req->pinmaps && make_folder(ctx, req->pinmaps, req->pinmaps_span))
		return -1;
	for (size_t i = 0; i < res->nr_pins; i++) {
		const struct load_pin *pin = &res->pins[i];
		bool replace = pin->below && req->pins == LOAD_PINS_REPLACE;

		if (pin_at(ctx, res->maps[pin->map], pin->path, replace,
			   pin->below ? req->pinmaps_span : req->span))
			return -1;
	}
	return 0;
}

static void free_pins(struct load_pin *pins, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(pins[i].path);
	free(pins);
}

void load_result_free(struct load_result *res)
{
	for (size_t i = 0; res->places && i < res->nr_progs; i++)
		free(res->places[i]);
	free(res->places);
	kern_load_object_free(res->object);
	free_handles(res->progs, res->nr_progs);
	free_handles(res->maps, res->nr_maps);
	free_pins(res->pins, res->nr_pins);
}

/* Programs without a place are kept as they are, which is said; there must be one with it. */
static int tell_places(struct ctx *ctx, const struct load_result *res)
{
	struct buf without = BUF_INIT;
	size_t nr = 0;
	int err = 0;

	for (size_t i = 0; i < res->nr_progs; i++)
		if (!res->places[i])
			buf_printf(&without, "%s'%s'", nr++ ? ", " : "", res->progs[i]->name);
	if (nr && nr == res->nr_progs)
		err = diag_error(ctx->diags, ctx->span, "nothing to attach: no section says where, "
				 "of %s", buf_str(&without));
	else if (nr)
		diag_note(ctx->diags, ctx->span, "loaded, but not attached, as the section does not "
			  "say where: %s", buf_str(&without));
	if (nr)
		diag_hint(ctx->diags, "'link create' attaches them");
	buf_free(&without);
	return err;
}

/* The links of programs whose sections say where, in place of those, which they hold. */
static int attach_loaded(struct ctx *ctx, struct load_result *res)
{
	for (size_t i = 0; i < res->nr_progs; i++) {
		struct handle *prog = res->progs[i], *link = NULL;

		if (!res->places[i])
			continue;
		if (txn_do(ctx, op_link_auto(prog, res->object, res->places[i], &link, ctx->span)))
			return -1;
		res->progs[i] = handle_new(OBJ_LINK, link ? fcntl(link->fd, F_DUPFD_CLOEXEC, 3) : -1,
					   link ? link->id : 0, prog->name);
		handle_put(link);
		handle_put(prog);
	}
	return 0;
}

/* Pins the program, or its link, at PATH; with loadall makes a folder, and pins each in it. */
static int pin_loaded(struct ctx *ctx, const struct load_request *req,
		      const struct load_result *res, const struct value *path)
{
	bool replace = req->pins == LOAD_PINS_REPLACE;

	if (req->all && make_folder(ctx, path->str, path->span))
		return -1;
	for (size_t i = 0; i < res->nr_progs; i++) {
		char *at = req->all ? xasprintf("%s/%s", path->str, res->progs[i]->name) :
			   xstrdup(path->str);
		int err = pin_at(ctx, res->progs[i], at, replace, path->span);

		free(at);
		if (err)
			return -1;
	}
	return 0;
}

void tell_log(struct ctx *ctx)
{
	struct buf text = BUF_INIT;

	prog_log_text(ctx, &text);
	session_tell(ctx->s, buf_str(&text), text.len);
	buf_free(&text);
}

static void free_globals(struct load_request *req)
{
	for (size_t i = 0; i < req->nr_globals; i++)
		free((char *)req->globals[i].text);
	free((void *)req->globals);
}

/* Their variables replaced. */
static int read_globals(struct ctx *ctx, struct load_request *req, const struct value *given)
{
	struct load_global *list;

	if (given->kind != VALUE_LIST)
		return 0;
	list = xcalloc(given->values.nr, sizeof(*list));
	req->globals = list;
	for (size_t i = 0; i < given->values.nr; i++) {
		const struct word *w = given->values.list[i].words.list;
		char *text = word_text(ctx, w);

		if (!text)
			return -1;
		list[req->nr_globals++] = (struct load_global){ text, w->quoted, w->span };
	}
	return 0;
}

/* The device that a load is for, of which there is one. */
static int read_device(struct ctx *ctx, struct load_request *req, struct value *argv)
{
	static const int devices[] = { LOAD_OFFLOAD_DEV, LOAD_DEV, LOAD_XDPMETA_DEV };

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct value *v = &argv[devices[i]];

		if (v->kind != VALUE_STR)
			continue;
		if (req->ifindex)
			return diag_error(ctx->diags, v->span, "a program is for one device");
		if (hook_find_device(v->str, &req->ifindex, v->span, ctx->diags))
			return -1;
		req->bound = devices[i] == LOAD_XDPMETA_DEV;
	}
	return 0;
}

static int read_pins(struct ctx *ctx, struct load_request *req, const struct value *argv)
{
	const struct value *pins = &argv[LOAD_PINS];

	req->pinmaps = argv[LOAD_PINMAPS].kind == VALUE_STR ? argv[LOAD_PINMAPS].str : NULL;
	req->pinmaps_span = argv[LOAD_PINMAPS].span;
	if (pins->kind == VALUE_NONE)
		return 0;
	req->pins = !strcmp(pins->str, pins_words[0]) ? LOAD_PINS_REUSE : LOAD_PINS_REPLACE;
	if (req->pins == LOAD_PINS_REUSE && !req->pinmaps) {
		diag_error(ctx->diags, pins->span, "'reuse' is about the maps of 'pinmaps'");
		diag_hint(ctx->diags, "a single one is used by 'map', its name, and the map that is there");
		return -1;
	}
	return 0;
}

/* To be freed with free_request(), also after an error. */
static int read_request(struct ctx *ctx, struct load_request *req, struct value *argv)
{
	const struct value *target = &argv[LOAD_TARGET];

	req->attach = argv[LOAD_AUTOATTACH].kind != VALUE_NONE;
	if (argv[LOAD_PROG].kind == VALUE_STR) {
		req->prog = argv[LOAD_PROG].str;
		req->prog_span = argv[LOAD_PROG].span;
	}
	if (argv[LOAD_KERNEL_BTF].kind == VALUE_STR) {
		req->kernel_btf = argv[LOAD_KERNEL_BTF].str;
		req->kernel_btf_span = argv[LOAD_KERNEL_BTF].span;
	}
	if (target->kind == VALUE_LIST)
		req->target = (struct load_target){
			target->values.list[0].str,
			target->values.list[1].kind == VALUE_HANDLE ?
			target->values.list[1].handle : NULL,
			target->span,
		};
	return load_options(ctx, req, &argv[LOAD_TYPE], &argv[LOAD_MAP]) ||
	       read_globals(ctx, req, &argv[LOAD_RODATA]) || read_device(ctx, req, argv) ||
	       read_pins(ctx, req, argv) ? -1 : 0;
}

static void free_request(struct load_request *req)
{
	free((void *)req->maps);
	free_globals(req);
}

/* Loads, or finds out what would be loaded; the log is shown where that was asked for. */
static int load_request(struct ctx *ctx, const struct load_request *req, struct load_result *res,
			bool log)
{
	struct load_result seen;
	int err = 0;

	/* What cannot be attached is said before anything is done. */
	if (req->attach) {
		err = kern_load_plan(req, &seen, ctx->diags) || tell_places(ctx, &seen) ? -1 : 0;
		load_result_free(&seen);
	}
	if (err)
		return -1;
	err = txn_do(ctx, op_load(req, res, ctx->span));
	prog_log_keep(ctx, res->log);
	if (err && log)
		tell_log(ctx);
	if (!err && txn_planning(ctx->s))
		err = kern_load_plan(req, res, ctx->diags);
	return err;
}

static int load_and_pin(struct ctx *ctx, struct load_request *req, struct load_result *res,
			struct value *argv)
{
	if (read_request(ctx, req, argv) ||
	    load_request(ctx, req, res, argv[LOAD_LOG].kind != VALUE_NONE) ||
	    load_pin_maps(ctx, req, res) || (req->attach && attach_loaded(ctx, res)))
		return -1;
	if (argv[LOAD_PATH].kind == VALUE_STR)
		return pin_loaded(ctx, req, res, &argv[LOAD_PATH]);
	if (!res->nr_pins && session_keeps_nothing(ctx))
		return say_unheld(ctx, ctx->cmd, "");
	return 0;
}

static int load(struct ctx *ctx, struct value *argv, bool all)
{
	struct load_request req = {
		.file = argv[LOAD_FILE].str, .span = argv[LOAD_FILE].span, .all = all,
	};
	struct load_result res = { 0 };
	int err = load_and_pin(ctx, &req, &res, argv);

	free_request(&req);
	if (!err && res.nr_progs)
		ctx->result = value_handle(handle_get(res.progs[0]));
	load_result_free(&res);
	return err;
}

/* Whether the object has maps that ask to be pinned; true where loading it will say why not. */
static bool pins_itself(const char *file)
{
	struct load_request req = { .file = file, .prog_type = -1, .attach_type = -1 };
	struct load_result res;
	bool found = kern_load_plan(&req, &res, NULL) || res.nr_pins;

	load_result_free(&res);
	return found;
}

/*
 * Such maps stay, if not the program. Where the load runs it says first why it fails, and
 * only then that nothing would hold what it made.
 */
static int load_check(struct ctx *ctx, const struct match *m)
{
	const char *file = m->words[m->args[LOAD_FILE].slots[0].first].text;

	if (!ctx->s->opt.check)
		return 0;
	if (file && !m->args[LOAD_PATH].nr && session_keeps_nothing(ctx) && pins_itself(file))
		return 0;
	return need_pin(ctx, m);
}

/* The object that is typed before; to be freed. */
static struct value typed_file(struct ctx *ctx, const struct match *m)
{
	return match_typed(ctx, m, LOAD_FILE);
}

static void name_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			  const struct word *w, size_t nr, struct candidates *c)
{
	struct value file = typed_file(ctx, m);

	if (file.kind == VALUE_STR)
		object_programs(file.str, c);
	value_free(&file);
}

/* VALUE_STR: a program of the object before it. */
static const struct arg_type arg_name = {
	.name = "NAME", .parse = arg_parse_string, .complete = name_complete
};

static void offer_variable(void *arg, const char *text, const char *note)
{
	candidate_add(arg, text, note, strchr("=.", text[strlen(text) - 1]));
}

static void offer_section(void *arg, const struct typed *section)
{
	struct candidates *c = arg;

	typed_complete(section, c->prefix, offer_variable, c);
}

static void rodata_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	struct value file = typed_file(ctx, m);

	if (file.kind == VALUE_STR)
		kern_load_data(file.str, offer_section, c);
	value_free(&file);
}

static int rodata_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	return arg_words.parse(ctx, a, w, nr, out);
}

/* VALUE_WORDS: one, "config.limit=10". */
static const struct arg_type arg_rodata = {
	.name = "NAME=VALUE", .parse = rodata_parse, .complete = rodata_complete
};

/* NAME, or "prog PROG func NAME" */

static size_t target_take(const struct match *m, const struct arg *a, const struct word *w,
			  size_t nr)
{
	size_t n;

	if (!word_is(w, "prog"))
		return 1;
	n = nr > 1 ? arg_prog.take(m, a, w + 1, nr - 1) : 0;
	return n && nr >= n + 3 ? n + 3 : 0;
}

static int target_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	struct value *part = xcalloc(2, sizeof(*part));

	*out = (struct value){ .kind = VALUE_LIST, .values = { part, 2 } };
	if (nr > 1 && !word_is(&w[nr - 2], "func"))
		return diag_error(ctx->diags, w[nr - 2].span, "'func' expected behind the program");
	if (arg_parse_string(ctx, a, &w[nr - 1], 1, &part[0]))
		return -1;
	return nr > 1 ? arg_prog.parse(ctx, a, w + 1, nr - 3, &part[1]) : 0;
}

static void target_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	if (!nr) {
		candidate_add(c, "prog", "a function of a program: prog PROG func NAME", false);
	} else if (!arg_prog.take(m, a, w + 1, nr - 1)) {
		arg_prog.complete(ctx, m, a, w + 1, nr - 1, c);
	} else if (!word_is(&w[nr - 1], "func")) {
		candidate_add(c, "func", "one of its functions", false);
	}
}

/* VALUE_LIST: a name, and the program whose function it is, or VALUE_NONE. */
static const struct arg_type arg_target = {
	.name = "NAME|prog PROG func NAME", .take = target_take, .parse = target_parse,
	.complete = target_complete, .refers = true
};

/* What both commands take. */
#define ARGS_OF_LOAD									\
	[LOAD_TYPE] = ARG_LOAD_TYPE,							\
	[LOAD_MAP] = ARG_LOAD_MAP,							\
	[LOAD_RODATA] = { "rodata", &arg_rodata, ARG_KEYWORD | ARG_OPTIONAL | ARG_REPEAT,	\
		"the initial value of a global variable: limit=10, config.mode=FAST" },	\
	[LOAD_TARGET] = { "target", &arg_target, ARG_KEYWORD | ARG_OPTIONAL,		\
		"the function that fentry, fexit, freplace and the like are for" },	\
	[LOAD_PINMAPS] = { "pinmaps", &arg_pin_path, ARG_KEYWORD | ARG_OPTIONAL,		\
		"folder for pins of all maps" },					\
	[LOAD_PINS] = { "pins", NULL, ARG_FLAG | ARG_OPTIONAL,				\
		"what pins that are there become: maps of pinmaps used, or all exchanged",	\
		pins_words },								\
	[LOAD_AUTOATTACH] = { "autoattach", NULL, ARG_FLAG | ARG_OPTIONAL,			\
		"attach as the sections say, and pin the links in place of the programs",	\
		STRINGS("autoattach") },						\
	[LOAD_KERNEL_BTF] = { "kernel_btf", &arg_input, ARG_KEYWORD | ARG_OPTIONAL,		\
		"a file with the kernel's types, for CO-RE" },				\
	[LOAD_OFFLOAD_DEV] = { "offload_dev", &arg_device, ARG_KEYWORD | ARG_OPTIONAL,	\
		"the device that runs the program" },					\
	[LOAD_DEV] = { "dev", &arg_device, ARG_KEYWORD | ARG_OPTIONAL,			\
		"the same, as older releases of bpftool have it" },			\
	[LOAD_XDPMETA_DEV] = { "xdpmeta_dev", &arg_device, ARG_KEYWORD | ARG_OPTIONAL,	\
		"the device whose metadata the program reads" },			\
	[LOAD_LOG] = ARG_LOG

static int prog_load(struct ctx *ctx, struct value *argv)
{
	return load(ctx, argv, false);
}

const struct cmd prog_load_cmd = {
	.object = "prog", .verb = "load", .place = 6,
	.help = "load one program of an object, the first or a named one, pinned at PATH if one is "
		"given",
	.args = ARGS(
		[LOAD_FILE] = { "file", &arg_object, 0, "ELF object" },
		[LOAD_PATH] = { "path", &arg_pin_path, ARG_OPTIONAL, "where to pin the program" },
		ARGS_OF_LOAD,
		[LOAD_PROG] = { "prog", &arg_name, ARG_KEYWORD | ARG_OPTIONAL,
			"the program, by its name in the object" }),
	.flags = CMD_WRITES | CMD_MAKES,
	.check = load_check,
	.run = prog_load,
	.examples = STRINGS("prog load filter.o /sys/fs/bpf/filter",
			    "$p = prog load filter.o map name flows $m",
			    "$p = prog load filter.o prog drop_all rodata limit=10 rodata mode=FAST",
			    "$p = prog load replace.o target prog $old func check_packet",
			    "prog load trace.o /sys/fs/bpf/trace autoattach"),
};

static int prog_loadall(struct ctx *ctx, struct value *argv)
{
	return load(ctx, argv, true);
}

const struct cmd prog_loadall_cmd = {
	.object = "prog", .verb = "loadall", .place = 7,
	.help = "load all programs of an object, pinned below PATH",
	.args = ARGS(
		[LOAD_FILE] = { "file", &arg_object, 0, "ELF object" },
		[LOAD_PATH] = { "path", &arg_pin_path, 0, "folder for the pins" },
		ARGS_OF_LOAD),
	.flags = CMD_WRITES | CMD_MAKES,
	.run = prog_loadall,
	.examples = STRINGS("prog loadall filter.o /sys/fs/bpf/filters",
			    "prog loadall filter.o /sys/fs/bpf/filters pinmaps /sys/fs/bpf/maps reuse"),
};
