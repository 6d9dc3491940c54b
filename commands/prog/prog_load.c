// SPDX-License-Identifier: BSD-2-Clause
/* Programs of object files, loaded and pinned. */
#include <stdlib.h>
#include <unistd.h>

#include "commands/pins.h"
#include "commands/prog/prog.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

enum { LOAD_FILE, LOAD_PATH, LOAD_TYPE, LOAD_MAP, LOAD_LOG };

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

/* Maps that the object declares as pinned are, unless an earlier one stands there already. */
static int pin_declared(struct ctx *ctx, const struct load_result *res, struct span span)
{
	for (size_t i = 0; i < res->nr_pins; i++) {
		const struct load_pin *pin = &res->pins[i];

		if (txn_do(ctx, op_pin(res->maps[pin->map], pin->path, false, span)))
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

static void free_result(struct load_result *res)
{
	free_handles(res->progs, res->nr_progs);
	free_handles(res->maps, res->nr_maps);
	free_pins(res->pins, res->nr_pins);
}

/* Pins the first program at PATH; with loadall makes that a folder, and pins each in it. */
static int pin_loaded(struct ctx *ctx, const struct load_result *res, const struct value *path,
		      bool all)
{
	if (all && access(path->str, F_OK) && txn_do(ctx, op_folder(path->str, path->span)))
		return -1;
	for (size_t i = 0; i < res->nr_progs; i++) {
		char *at = all ? xasprintf("%s/%s", path->str, res->progs[i]->name) : xstrdup(path->str);
		int err = txn_do(ctx, op_pin(res->progs[i], at, false, path->span));

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

static int load(struct ctx *ctx, struct value *argv, bool all)
{
	struct load_request req = {
		.file = argv[LOAD_FILE].str, .span = argv[LOAD_FILE].span, .all = all,
	};
	struct load_result res = { 0 };
	int err;

	if (load_options(ctx, &req, &argv[LOAD_TYPE], &argv[LOAD_MAP]))
		return -1;
	err = txn_do(ctx, op_load(&req, &res, ctx->span));
	prog_log_keep(ctx, res.log);
	if (err && argv[LOAD_LOG].kind != VALUE_NONE)
		tell_log(ctx);
	if (!err && txn_planning(ctx->s))
		err = kern_load_plan(&req, &res, ctx->diags);
	free((void *)req.maps);
	if (!err)
		err = pin_declared(ctx, &res, argv[LOAD_FILE].span);
	if (!err && argv[LOAD_PATH].kind == VALUE_STR)
		err = pin_loaded(ctx, &res, &argv[LOAD_PATH], all);
	else if (!err && !res.nr_pins && session_keeps_nothing(ctx))
		err = say_unheld(ctx, ctx->cmd, "");
	if (!err && res.nr_progs)
		ctx->result = value_handle(handle_get(res.progs[0]));
	free_result(&res);
	return err;
}

/* Whether the object has maps that ask to be pinned; true where loading it will say why not. */
static bool pins_itself(const char *file)
{
	struct load_request req = { .file = file, .prog_type = -1, .attach_type = -1 };
	struct load_result res;
	bool found = kern_load_plan(&req, &res, NULL) || res.nr_pins;

	free_result(&res);
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

static int prog_load(struct ctx *ctx, struct value *argv)
{
	return load(ctx, argv, false);
}

const struct cmd prog_load_cmd = {
	.object = "prog", .verb = "load", .place = 6,
	.help = "load an object's first program, pinned at PATH if one is given",
	.args = ARGS(
		[LOAD_FILE] = { "file", &arg_object, 0, "ELF object" },
		[LOAD_PATH] = { "path", &arg_pin_path, ARG_OPTIONAL, "where to pin the program" },
		[LOAD_TYPE] = ARG_LOAD_TYPE,
		[LOAD_MAP] = ARG_LOAD_MAP,
		[LOAD_LOG] = ARG_LOG),
	.flags = CMD_WRITES | CMD_MAKES,
	.check = load_check,
	.run = prog_load,
	.examples = STRINGS("prog load filter.o /sys/fs/bpf/filter",
			    "$p = prog load filter.o map name flows $m"),
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
		[LOAD_TYPE] = ARG_LOAD_TYPE,
		[LOAD_MAP] = ARG_LOAD_MAP,
		[LOAD_LOG] = ARG_LOG),
	.flags = CMD_WRITES | CMD_MAKES,
	.run = prog_loadall,
	.examples = STRINGS("prog loadall filter.o /sys/fs/bpf/filters"),
};
