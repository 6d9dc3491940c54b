// SPDX-License-Identifier: BSD-2-Clause
/* A program's instructions, and their control-flow graphs. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/prog/prog.h"
#include "render/cfg/cfg.h"
#include "render/cfg/cfg_text.h"
#include "render/cfg/marks.h"
#include "render/code/code.h"
#include "render/code/elf_obj.h"
#include "render/code/vlog.h"
#include "render/picture/image.h"
#include "render/picture/term_image.h"
#include "render/sink/out.h"
#include "render/sink/progress.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/kern/code.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/symbols.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/value.h"

/* The helper or kfunc that an instruction of a dump calls. */
static const char *call_name(void *user, const struct bpf_insn *call)
{
	const char *name = kern_call_symbol(call->imm);

	return name && *name ? name : NULL;
}

/* The helper that an instruction of an object calls, where the headers do not know it. */
static const char *helper_call_name(void *user, const struct bpf_insn *call)
{
	return call->src_reg ? NULL : kern_helper_name(call->imm);
}

/* To those who lack CAP_BPF the kernel tells no lengths either; else constants are blinded. */
int code_hidden(struct ctx *ctx, const struct handle *prog, struct span at)
{
	struct bpf_prog_info info;

	diag_error(ctx->diags, at, "the kernel does not show the instructions of program %u",
		   prog->id);
	if (!kern_prog_info(prog->fd, &info) && info.xlated_prog_len)
		diag_hint(ctx->diags, "its constants are blinded (net.core.bpf_jit_harden): they are "
			  "shown with CAP_SYSLOG, see kernel.kptr_restrict");
	else
		diag_hint(ctx->diags, "it needs CAP_BPF");
	return -1;
}

struct code *prog_code(struct ctx *ctx, struct handle *prog, struct span at, struct kern_code *raw)
{
	int err;

	if (not_planned(ctx, prog, at))
		return NULL;
	err = kern_code(prog->fd, raw);
	if (err) {
		kern_error(ctx->diags, at, -err, "read the instructions of program %u", prog->id);
		return NULL;
	}
	if (!raw->insns) {
		kern_code_free(raw);
		code_hidden(ctx, prog, at);
		return NULL;
	}
	return code_new_xlated(&(struct code_raw){
		.insns = raw->insns, .nr = raw->info.xlated_prog_len / sizeof(*raw->insns),
		.func_info = raw->func_info, .nr_func_info = raw->info.nr_func_info,
		.func_info_rec_size = raw->info.func_info_rec_size,
		.line_info = raw->line_info, .nr_line_info = raw->info.nr_line_info,
		.line_info_rec_size = raw->info.line_info_rec_size,
		.btf = raw->btf, .name = prog->name, .id = prog->id,
		.type = kern_prog_type_name(raw->info.type),
		.targets = raw->jump_targets, .nr_targets = raw->nr_jump_targets,
		.names = { .call = call_name } });
}

/* cfg */

enum {
	CFG_PROG, CFG_OBJ, CFG_NAME, CFG_FUNC, CFG_FILE, CFG_FORM, CFG_OPCODES, CFG_LINUM, CFG_VERIFIER,
	CFG_TYPE, CFG_MAP
};

void object_programs(const char *file, struct candidates *c)
{
	char **names = code_elf_programs(file, NO_SPAN, NULL);

	for (char **name = names; name && *name; name++) {
		candidate_add(c, *name, NULL, false);
		free(*name);
	}
	free(names);
}

/* Names of the programs of the object that is typed before. */
static void obj_prog_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			      const struct word *w, size_t nr, struct candidates *c)
{
	struct value file = match_typed(ctx, m, CFG_OBJ);

	if (file.kind == VALUE_STR)
		object_programs(file.str, c);
	value_free(&file);
}

/* Names of the functions of the program that is typed before, loaded or in an object. */
static void func_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			  const struct word *w, size_t nr, struct candidates *c)
{
	struct value file = match_typed(ctx, m, CFG_OBJ), name = match_typed(ctx, m, CFG_NAME);
	struct value prog = match_typed(ctx, m, CFG_PROG);
	struct kern_code raw = { 0 };
	struct code *code = NULL;

	if (file.kind == VALUE_STR)
		code = code_new_elf(file.str, name.kind == VALUE_STR ? name.str : NULL, NULL,
				    NO_SPAN, NULL);
	else if (prog.kind == VALUE_HANDLE)
		code = prog_code(ctx, prog.handle, NO_SPAN, &raw);
	for (uint32_t f = 0; code && f < code->nr_funcs; f++)
		candidate_add(c, code->funcs[f].name, code->funcs[f].proto, false);
	code_free(code);
	kern_code_free(&raw);
	value_free(&file);
	value_free(&name);
	value_free(&prog);
}

static int object_look(struct ctx *ctx, const struct value *v)
{
	struct elf_obj *obj = elf_obj_open(v->str, v->span, ctx->diags);

	if (obj)
		elf_obj_close(obj);
	return obj ? 0 : -1;
}

static int obj_prog_look(struct ctx *ctx, const struct value *v)
{
	const struct value *file = &ctx->argv[CFG_OBJ];
	struct code *code;

	if (file->kind != VALUE_STR)
		return 0;
	code = code_new_elf(file->str, v->str, NULL, v->span, ctx->diags);
	code_free(code);
	return code ? 0 : -1;
}

const struct arg_type arg_object = {
	.parse = arg_parse_string, .complete = arg_file_complete, .look = object_look
};
/* A program of the object file before it. */
static const struct arg_type arg_obj_prog = {
	.parse = arg_parse_string, .complete = obj_prog_complete, .look = obj_prog_look
};
/* A function of the program before it. */
static const struct arg_type arg_func = { .parse = arg_parse_string, .complete = func_complete };

static const char *const cfg_forms[] = { "text", "summary", "json", "show", NULL };

/* What `func NAME` means: an index into the functions, CFG_NONE without; -1 with a diagnostic. */
static int find_func(struct ctx *ctx, const struct code *code, const struct value *name,
		     uint32_t *func)
{
	const char **names;

	*func = CFG_NONE;
	if (name->kind != VALUE_STR)
		return 0;
	names = xcalloc(code->nr_funcs + 1, sizeof(*names));
	for (uint32_t f = 0; f < code->nr_funcs; f++) {
		names[f] = code->funcs[f].name;
		if (*func == CFG_NONE && !strcmp(name->str, names[f]))
			*func = f;
	}
	if (*func == CFG_NONE) {
		diag_error(ctx->diags, name->span, "no function '%s' in this program", name->str);
		diag_suggest(ctx->diags, name->str, names);
	}
	free(names);
	return *func == CFG_NONE ? -1 : 0;
}

static int show_json(struct ctx *ctx, const struct cfg *cfg, uint32_t func)
{
	static const struct column columns[] = { { "graph", "%" }, { 0 } };
	static const struct record record = { "graph", columns };
	struct buf json = BUF_INIT;
	int err;

	cfg_json(&json, cfg, func);
	sink_begin(ctx->sink, &record, SINK_ONE);
	sink_row(ctx->sink, (struct cell[]){ cell_json_text(&json) });
	err = sink_end(ctx->sink);
	buf_free(&json);
	return err;
}

static int show_cfg(struct ctx *ctx, const struct cfg *cfg, uint32_t func, const char *form)
{
	struct buf text = BUF_INIT;

	if (!strcmp(form, "json"))
		return show_json(ctx, cfg, func);
	if (!strcmp(form, "summary"))
		cfg_summary(&text, cfg, func);
	else
		cfg_text(&text, cfg, func);
	return show_text(ctx, &text);
}

/* Draws in the terminal; what goes elsewhere gets the text form. */
static int draw_in_terminal(struct ctx *ctx, const struct cfg *cfg,
			    const struct image_options *options, struct span at)
{
	struct out *out = sink_terminal(ctx->sink);

	if (!out)
		return show_cfg(ctx, cfg, options->one_func ? options->func : CFG_NONE, "text");
	if (out_flush(out))
		return -1;
	return term_show(cfg, options, ctx->s->opt.viewer, STDIN_FILENO, out->fd, at, ctx->diags);
}

static void show_progress(void *progress, bool done)
{
	if (done)
		progress_end(progress);
	else
		progress_show(progress);
}

/* @log: what the verifier told of this program, or NULL. */
static int draw_code(struct ctx *ctx, const struct code *code, const struct vlog *log,
		     struct value *argv)
{
	struct progress progress;
	struct image_options options = {
		.stop = interrupt_flag(), .tick = show_progress, .user = &progress
	};
	const char *form = argv[CFG_FORM].kind == VALUE_STR ? argv[CFG_FORM].str : "text";
	struct cfg_marks *marks;
	struct cfg *cfg;
	uint32_t func;
	int err;

	if (find_func(ctx, code, &argv[CFG_FUNC], &func))
		return -1;
	options.one_func = func != CFG_NONE;
	options.func = func;
	cfg = cfg_build(code);
	marks = log ? marks_new(cfg, log) : NULL;
	cfg->marks = marks;
	cfg->shown = (argv[CFG_OPCODES].kind != VALUE_NONE ? CODE_OPCODES : 0) |
		     (argv[CFG_LINUM].kind != VALUE_NONE ? CODE_LINUM : 0);
	progress_begin(&progress, "drawing");
	progress.unit = "blocks";
	progress.nr = func == CFG_NONE ? cfg->nr_blocks : cfg->funcs[func].nr_blocks;
	if (argv[CFG_FILE].kind == VALUE_STR)
		err = image_write(cfg, &options, argv[CFG_FILE].str, argv[CFG_FILE].span, ctx->diags);
	else if (!strcmp(form, "show"))
		err = draw_in_terminal(ctx, cfg, &options, argv[CFG_FORM].span);
	else
		err = show_cfg(ctx, cfg, func, form);
	cfg_free(cfg);
	marks_free(marks);
	return err;
}

/* Says below its picture why the program is refused, or how far it is from being too large. */
static void note_verdict(struct ctx *ctx, const struct vlog *log, const struct code *code,
			 struct span at)
{
	struct buf text = BUF_INIT;

	vlog_explain(&text, log, code);
	if (text.len)
		diag_note(ctx->diags, at, "the verifier refuses it: %s", buf_str(&text));
	else
		diag_note(ctx->diags, at, "the verifier accepts it: %u instructions processed, at "
			  "most 1000000 are allowed", log->processed);
	buf_free(&text);
}

/* 1: the verifier accepts the object's program @name, 0: it refuses it; -1 with a diagnostic. */
static int verify(struct ctx *ctx, const char *name, struct value *argv)
{
	struct load_request req = { .file = argv[CFG_OBJ].str, .span = argv[CFG_OBJ].span };
	const struct value *maps = &argv[CFG_MAP];
	int accepted = load_options(ctx, &req, &argv[CFG_TYPE], maps);
	char *log;

	for (size_t i = 0; !accepted && i < req.nr_maps; i++)
		accepted = not_planned(ctx, maps->values.list[i].values.list[1].handle,
				       req.maps[i].span);
	if (!accepted) {
		accepted = kern_verify(&req, name, &log, ctx->diags);
		prog_log_keep(ctx, log);
	}
	free((void *)req.maps);
	return accepted;
}

/* The same with what the verifier thinks of it. */
static int draw_verified(struct ctx *ctx, const struct code *code, struct value *argv)
{
	const struct value *name = &argv[CFG_NAME];
	int accepted = verify(ctx, name->kind == VALUE_STR ? name->str : code->name, argv);
	struct vlog *log;
	int err;

	if (accepted < 0)
		return -1;
	log = vlog_new(ctx->s->verifier_log, strlen(ctx->s->verifier_log));
	if (accepted)
		vlog_accepted(log);
	err = draw_code(ctx, code, log, argv);
	if (!err)
		note_verdict(ctx, log, code, argv[CFG_OBJ].span);
	vlog_free(log);
	return err;
}

void prog_log_keep(struct ctx *ctx, char *log)
{
	free(ctx->s->verifier_log);
	ctx->s->verifier_log = log;
}

void prog_log_text(const struct ctx *ctx, struct buf *out)
{
	const char *log = ctx->s->verifier_log;

	if (!log)
		return;
	buf_escaped_lines(out, log, strlen(log));
	if (out->len && out->data[out->len - 1] != '\n')
		buf_putc(out, '\n');
}

static int prog_log(struct ctx *ctx, struct value *argv)
{
	struct buf text = BUF_INIT;

	prog_log_text(ctx, &text);
	if (!text.len) {
		diag_error(ctx->diags, ctx->span, "there is no log");
		diag_hint(ctx->diags, "it is kept for the session when the verifier refuses a program");
		return -1;
	}
	return show_text(ctx, &text);
}

const struct cmd prog_log_cmd = {
	.object = "prog", .verb = "log",
	.help = "show what the verifier said of the last program that it refused",
	.run = prog_log,
	.examples = STRINGS("prog log"),
};

/* A program of an object file, which nothing loads for longer than the verifier takes. */
static int draw_object(struct ctx *ctx, struct value *argv)
{
	const char *name = argv[CFG_NAME].kind == VALUE_STR ? argv[CFG_NAME].str : NULL;
	const struct code_names names = { .call = helper_call_name };
	struct code *code = code_new_elf(argv[CFG_OBJ].str, name, &names,
					 name ? argv[CFG_NAME].span : argv[CFG_OBJ].span, ctx->diags);
	int err = -1;

	if (code && argv[CFG_VERIFIER].kind != VALUE_NONE)
		err = draw_verified(ctx, code, argv);
	else if (code)
		err = draw_code(ctx, code, NULL, argv);
	code_free(code);
	return err;
}

/* Words of a load, which only the verifier is asked for. */
static int check_verifier_words(struct ctx *ctx, const struct value *argv)
{
	static const struct {
		int arg;
		const char *word;
	} words[] = { { CFG_TYPE, "type" }, { CFG_MAP, "map" } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (argv[words[i].arg].kind != VALUE_NONE)
			return diag_error(ctx->diags, argv[words[i].arg].span,
					  "'%s' goes with 'verifier'", words[i].word);
	return 0;
}

/* Words that do not go with each other; the table of arguments takes them all. */
static int check_words(struct ctx *ctx, const struct value *argv)
{
	bool obj = argv[CFG_OBJ].kind == VALUE_STR;

	if (argv[CFG_FILE].kind == VALUE_STR && argv[CFG_FORM].kind == VALUE_STR)
		return diag_error(ctx->diags, argv[CFG_FORM].span,
				  "'%s' shows the graph, 'file' writes it: leave one out",
				  argv[CFG_FORM].str);
	if (obj && argv[CFG_PROG].kind == VALUE_HANDLE)
		return diag_error(ctx->diags, argv[CFG_PROG].span,
				  "a loaded program and one of an object file: leave one out");
	if (!obj && argv[CFG_NAME].kind == VALUE_STR)
		return diag_error(ctx->diags, argv[CFG_NAME].span, "'prog' is for object files");
	if (!obj && argv[CFG_VERIFIER].kind != VALUE_NONE) {
		diag_error(ctx->diags, argv[CFG_VERIFIER].span, "'verifier' is for object files");
		diag_hint(ctx->diags, "what is loaded has been accepted: prog cfg obj FILE verifier");
		return -1;
	}
	if (!obj && argv[CFG_PROG].kind != VALUE_HANDLE) {
		diag_error(ctx->diags, ctx->span, "a program is missing");
		diag_hint(ctx->diags, "name a loaded one, or an object file: prog cfg obj FILE");
		return -1;
	}
	return argv[CFG_VERIFIER].kind == VALUE_NONE ? check_verifier_words(ctx, argv) : 0;
}

static int prog_cfg(struct ctx *ctx, struct value *argv)
{
	struct kern_code raw;
	struct code *code;
	int err;

	if (check_words(ctx, argv))
		return -1;
	if (argv[CFG_OBJ].kind == VALUE_STR)
		return draw_object(ctx, argv);
	code = prog_code(ctx, argv[CFG_PROG].handle, argv[CFG_PROG].span, &raw);
	if (!code)
		return -1;
	err = draw_code(ctx, code, NULL, argv);
	code_free(code);
	kern_code_free(&raw);
	return err;
}

const struct cmd prog_cfg_cmd = {
	.object = "prog", .verb = "cfg",
	.help = "draw or list a program's control-flow graph",
	.args = ARGS(
		[CFG_PROG] = { "loaded", &arg_prog, ARG_OPTIONAL, "a loaded program" },
		[CFG_OBJ] = { "obj", &arg_object, ARG_KEYWORD | ARG_OPTIONAL,
			"ELF object, which is not loaded" },
		[CFG_NAME] = { "prog", &arg_obj_prog, ARG_KEYWORD | ARG_OPTIONAL,
			"which program of the object" },
		[CFG_FUNC] = { "func", &arg_func, ARG_KEYWORD | ARG_OPTIONAL,
			"only this function" },
		[CFG_FILE] = { "file", &arg_file, ARG_KEYWORD | ARG_OPTIONAL,
			"picture: .png, .svg, .pdf, .dot or .json" },
		[CFG_FORM] = { "form", NULL, ARG_FLAG | ARG_OPTIONAL,
			"without a file: what is shown ('show': the picture)", cfg_forms },
		[CFG_OPCODES] = { "opcodes", NULL, ARG_FLAG | ARG_OPTIONAL,
			"show the bytes of each instruction", STRINGS("opcodes") },
		[CFG_LINUM] = { "linum", NULL, ARG_FLAG | ARG_OPTIONAL, "show files and lines",
			STRINGS("linum") },
		[CFG_VERIFIER] = { "verifier", NULL, ARG_FLAG | ARG_OPTIONAL,
			"mark where the verifier was how often, and the path that it refuses",
			STRINGS("verifier") },
		[CFG_TYPE] = ARG_LOAD_TYPE,
		[CFG_MAP] = ARG_LOAD_MAP),
	.flags = CMD_OUTSIDE,
	.run = prog_cfg,
	.examples = STRINGS("prog cfg $p file filter.png", "prog cfg $p show",
			    "prog cfg $p summary",
			    "prog cfg obj filter.o prog xdp_main file filter.svg",
			    "prog cfg obj filter.o verifier file refused.png",
			    "prog cfg obj filter.o verifier type socket summary"),
};
