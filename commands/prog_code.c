// SPDX-License-Identifier: BSD-2-Clause
/* What shows a program's instructions: listings and control-flow graphs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/progress.h"
#include "commands/prog.h"
#include "render/cfg.h"
#include "render/cfg_text.h"
#include "render/image.h"
#include "render/marks.h"
#include "render/term_image.h"
#include "shell/interrupt.h"

/* The helper or kfunc that an instruction of a dump calls. */
static const char *call_name(void *user, const struct bpf_insn *call)
{
	const char *name = kern_call_symbol(call->imm);

	return name && *name ? name : NULL;
}

struct code *prog_code(struct ctx *ctx, struct handle *prog, struct span at, struct kern_code *raw)
{
	int err;

	if (prog->fd < 0) {
		diag_error(ctx->diags, at, "this program exists only in the plan");
		return NULL;
	}
	err = kern_code(prog->fd, raw);
	if (err) {
		kern_error(ctx->diags, at, -err, "read the instructions of program %u", prog->id);
		return NULL;
	}
	if (!raw->insns) {
		kern_code_free(raw);
		diag_error(ctx->diags, at, "the kernel does not show the instructions of program %u",
			   prog->id);
		diag_hint(ctx->diags, "it needs CAP_BPF and CAP_PERFMON; see kernel.kptr_restrict and "
			  "net.core.bpf_jit_harden");
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
		.names = { .call = call_name } });
}

static const struct record text_record = { "text", NULL };

/* Shows a text and frees it. */
static int show_text(struct ctx *ctx, struct buf *text)
{
	const char *s = buf_str(text);
	int err;

	sink_begin(ctx->sink, &text_record, SINK_ONE);
	sink_row(ctx->sink, &CELL(.kind = CELL_TEXT, .str = { s, text->len }));
	err = sink_end(ctx->sink);
	buf_free(text);
	return err;
}

/* dump xlated */

static const struct column insn_columns[] = {
	{ "proto", "%:\n" },
	{ "src", "; %" },
	{ "file", " [file:%" },
	{ "line_num", " line_num:%" },
	{ "line_col", " line_col:%]" },
	{ "source ends", "\n", .flags = COL_PLAIN_ONLY },
	{ "insn" },
	{ "number", "%: ", .flags = COL_PLAIN_ONLY },
	{ "disasm", "%" },
	{ "bytes", "\n       %", .flags = COL_PLAIN_ONLY },
	{ "opcodes" },
	{ 0 }
};

enum {
	INSN_PROTO, INSN_SRC, INSN_FILE, INSN_LINE, INSN_COL, INSN_SRC_END, INSN_INDEX, INSN_NUMBER,
	INSN_DISASM, INSN_BYTES, INSN_OPCODES, INSN_COLUMNS
};

static const struct record insn_record = { "instruction", insn_columns };

static jv hex_byte(unsigned v)
{
	return jv_string_fmt("0x%02x", v);
}

/* The fields of an instruction as bpftool's JSON has them; ld_imm64 has 12 bytes of imm. */
static jv opcodes_json(const struct code *code, uint32_t i)
{
	const struct bpf_insn *insn = &code->insns[i];
	const unsigned char *bytes = (const unsigned char *)insn;
	size_t end = (code_next(code, i) - i) * sizeof(*insn);
	jv o = jv_object(), off = jv_array(), imm = jv_array();

	for (size_t k = 2; k < 4; k++)
		off = jv_array_append(off, hex_byte(bytes[k]));
	for (size_t k = 4; k < end; k++)
		imm = jv_array_append(imm, hex_byte(bytes[k]));
	o = jv_object_set(o, jv_string("code"), jv_string_fmt("0x%02x", insn->code));
	o = jv_object_set(o, jv_string("src_reg"), jv_string_fmt("0x%x", insn->src_reg));
	o = jv_object_set(o, jv_string("dst_reg"), jv_string_fmt("0x%x", insn->dst_reg));
	o = jv_object_set(o, jv_string("off"), off);
	return jv_object_set(o, jv_string("imm"), imm);
}

struct listing_options {
	bool opcodes, linum;
};

static void put_source(struct cell *row, const struct code_line *line, bool linum)
{
	if (!line || !*line->text)
		return;
	row[INSN_SRC] = cell_str(line->text);
	row[INSN_SRC_END] = cell_bool(true);
	if (!linum)
		return;
	row[INSN_FILE] = cell_str(line->file);
	row[INSN_LINE] = cell_u64(line->line);
	row[INSN_COL] = cell_u64(line->col);
}

static int list_insn(struct ctx *ctx, const struct code *code, uint32_t i,
		     const struct listing_options *o)
{
	uint32_t f = code_func_at(code, i);
	struct buf disasm = BUF_INIT, bytes = BUF_INIT;
	struct cell row[INSN_COLUMNS] = { 0 };
	char number[16];
	jv opcodes = jv_null();
	int err;

	snprintf(number, sizeof(number), "%4u", i);
	buf_printf(&disasm, "(%02x) ", code->insns[i].code);
	code_print_insn(&disasm, code, i);
	if (f != CODE_NONE)
		row[INSN_PROTO] = cell_str(code->funcs[f].proto);
	put_source(row, code_line_at(code, i), o->linum);
	row[INSN_INDEX] = cell_u64(i);
	row[INSN_NUMBER] = cell_str(number);
	row[INSN_DISASM] = cell_str(buf_str(&disasm));
	if (o->opcodes) {
		code_print_opcodes(&bytes, code, i);
		row[INSN_BYTES] = cell_str(buf_str(&bytes));
		opcodes = opcodes_json(code, i);
		row[INSN_OPCODES] = CELL(.kind = CELL_JSON, .json = opcodes);
	}
	err = sink_row(ctx->sink, row);
	jv_free(opcodes);
	buf_free(&disasm);
	buf_free(&bytes);
	return err;
}

static int list_code(struct ctx *ctx, const struct code *code, const struct listing_options *o)
{
	sink_begin(ctx->sink, &insn_record, SINK_LIST);
	for (uint32_t i = 0; i < code->nr; i = code_next(code, i))
		if (list_insn(ctx, code, i, o) || interrupted())
			return -1;
	return sink_end(ctx->sink);
}

/* The bytes as they are, for other programs. */
static int write_bytes(struct ctx *ctx, const struct value *path, const void *data, size_t len)
{
	int fd = open(path->str, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int err = fd < 0 ? errno : out_all(fd, data, len);

	if (fd >= 0)
		close(fd);
	return err ? diag_error(ctx->diags, path->span, "cannot write '%s': %s", path->str,
				strerror(err)) : 0;
}

/* The graph in DOT, as `visual` asks for it. */
static int show_dot(struct ctx *ctx, const struct code *code, struct span at)
{
	struct image_options options = { .format = IMAGE_DOT };
	struct cfg *cfg = cfg_build(code);
	struct buf text = BUF_INIT;
	int err = image_make(&text, cfg, &options, at, ctx->diags);

	if (!err)
		err = show_text(ctx, &text);
	buf_free(&text);
	cfg_free(cfg);
	return err;
}

enum { DUMP_WHAT, DUMP_PROG, DUMP_FILE, DUMP_OPCODES, DUMP_LINUM, DUMP_VISUAL };

const char *const dump_words[] = { "xlated", "jited", NULL };

static int dump_xlated(struct ctx *ctx, struct value *argv)
{
	struct listing_options o = {
		.opcodes = argv[DUMP_OPCODES].kind != VALUE_NONE,
		.linum = argv[DUMP_LINUM].kind != VALUE_NONE,
	};
	struct kern_code raw;
	struct code *code = prog_code(ctx, argv[DUMP_PROG].handle, argv[DUMP_PROG].span, &raw);
	int err;

	if (!code)
		return -1;
	if (argv[DUMP_FILE].kind == VALUE_STR)
		err = write_bytes(ctx, &argv[DUMP_FILE], raw.insns, raw.info.xlated_prog_len);
	else if (argv[DUMP_VISUAL].kind != VALUE_NONE)
		err = show_dot(ctx, code, argv[DUMP_PROG].span);
	else
		err = list_code(ctx, code, &o);
	code_free(code);
	kern_code_free(&raw);
	return err;
}

static int dump_jited(struct ctx *ctx, struct value *argv)
{
	struct kern_code raw;
	struct code *code = prog_code(ctx, argv[DUMP_PROG].handle, argv[DUMP_PROG].span, &raw);
	int err;

	if (!code)
		return -1;
	if (!raw.jited || !raw.info.jited_prog_len) {
		err = diag_error(ctx->diags, argv[DUMP_PROG].span, "program %u has no machine code to show",
				 argv[DUMP_PROG].handle->id);
		diag_hint(ctx->diags, "it is interpreted, or kernel.kptr_restrict hides it");
	} else if (argv[DUMP_VISUAL].kind != VALUE_NONE) {
		err = diag_error(ctx->diags, argv[DUMP_VISUAL].span, "'visual' is for 'dump xlated'");
	} else if (argv[DUMP_FILE].kind == VALUE_STR) {
		err = write_bytes(ctx, &argv[DUMP_FILE], raw.jited, raw.info.jited_prog_len);
	} else {
		err = list_jited(ctx, code, &raw, argv[DUMP_OPCODES].kind != VALUE_NONE,
				 argv[DUMP_LINUM].kind != VALUE_NONE, argv[DUMP_PROG].span);
	}
	code_free(code);
	kern_code_free(&raw);
	return err;
}

int prog_dump(struct ctx *ctx, struct value *argv)
{
	return argv[DUMP_WHAT].num ? dump_jited(ctx, argv) : dump_xlated(ctx, argv);
}

/* cfg */

enum { CFG_PROG, CFG_OBJ, CFG_NAME, CFG_FUNC, CFG_FILE, CFG_FORM, CFG_VERIFIER };

const char *const cfg_forms[] = { "text", "summary", "json", "show", NULL };

/* What `func NAME` means: an index into the functions, CFG_NONE without; -1 with a diagnostic. */
static int find_func(struct ctx *ctx, const struct code *code, const struct value *name,
		     uint32_t *func)
{
	const char **names, *near;

	*func = CFG_NONE;
	if (name->kind != VALUE_STR)
		return 0;
	names = xcalloc(code->nr_funcs + 1, sizeof(*names));
	for (uint32_t f = 0; f < code->nr_funcs; f++) {
		names[f] = code->funcs[f].name;
		if (*func == CFG_NONE && !strcmp(name->str, names[f]))
			*func = f;
	}
	near = nearest_word(name->str, names);
	free(names);
	if (*func != CFG_NONE)
		return 0;
	diag_error(ctx->diags, name->span, "no function '%s' in this program", name->str);
	if (near)
		diag_hint(ctx->diags, "did you mean '%s'?", near);
	return -1;
}

static int show_cfg(struct ctx *ctx, const struct cfg *cfg, uint32_t func, const char *form)
{
	struct buf text = BUF_INIT;
	jv json;
	int err;

	if (!strcmp(form, "json")) {
		static const struct column columns[] = { { "graph", "%" }, { 0 } };
		static const struct record record = { "graph", columns };

		cfg_json(&text, cfg, func);
		json = jv_parse_sized(buf_str(&text), text.len);
		buf_free(&text);
		sink_begin(ctx->sink, &record, SINK_ONE);
		sink_row(ctx->sink, &CELL(.kind = CELL_JSON, .json = json));
		err = sink_end(ctx->sink);
		jv_free(json);
		return err;
	}
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

/* Says why the program is refused, below its picture. */
static void note_refusal(struct ctx *ctx, const struct vlog *log, const struct code *code,
			 struct span at)
{
	struct buf text = BUF_INIT;

	vlog_explain(&text, log, code);
	if (text.len)
		diag_note(ctx->diags, at, "the verifier refuses it: %s", buf_str(&text));
	buf_free(&text);
}

/* The same with what the verifier thinks of it. */
static int draw_verified(struct ctx *ctx, const struct code *code, struct value *argv)
{
	const struct value *name = &argv[CFG_NAME];
	int accepted = kern_verify(argv[CFG_OBJ].str,
				   name->kind == VALUE_STR ? name->str : code->name,
				   argv[CFG_OBJ].span, ctx->diags);
	struct vlog *log;
	int err;

	if (accepted < 0)
		return -1;
	log = vlog_new(kern_load_log(), strlen(kern_load_log()));
	if (accepted)
		vlog_accepted(log);
	err = draw_code(ctx, code, log, argv);
	if (!err)
		note_refusal(ctx, log, code, argv[CFG_OBJ].span);
	vlog_free(log);
	return err;
}

void prog_log_text(struct buf *out)
{
	for (const char *s = kern_load_log(); *s;) {
		size_t len = strcspn(s, "\n");

		buf_escaped(out, s, len);
		buf_putc(out, '\n');
		s += len + (s[len] == '\n');
	}
}

int prog_log(struct ctx *ctx, struct value *argv)
{
	struct buf text = BUF_INIT;

	prog_log_text(&text);
	if (!text.len) {
		diag_error(ctx->diags, ctx->span, "there is no log");
		diag_hint(ctx->diags, "it is kept for the session when the verifier refuses a program");
		return -1;
	}
	return show_text(ctx, &text);
}

/* A program of an object file, which nothing loads for longer than the verifier takes. */
static int draw_object(struct ctx *ctx, struct value *argv)
{
	const char *name = argv[CFG_NAME].kind == VALUE_STR ? argv[CFG_NAME].str : NULL;
	struct code *code = code_new_elf(argv[CFG_OBJ].str, name, NULL,
					 name ? argv[CFG_NAME].span : argv[CFG_OBJ].span, ctx->diags);
	int err = -1;

	if (code && argv[CFG_VERIFIER].kind != VALUE_NONE)
		err = draw_verified(ctx, code, argv);
	else if (code)
		err = draw_code(ctx, code, NULL, argv);
	code_free(code);
	return err;
}

int prog_cfg(struct ctx *ctx, struct value *argv)
{
	struct kern_code raw;
	struct code *code;
	int err;

	if (argv[CFG_OBJ].kind == VALUE_STR)
		return draw_object(ctx, argv);
	if (argv[CFG_VERIFIER].kind != VALUE_NONE) {
		diag_error(ctx->diags, argv[CFG_VERIFIER].span, "'verifier' is for object files");
		diag_hint(ctx->diags, "what is loaded has been accepted: prog cfg obj FILE verifier");
		return -1;
	}
	if (argv[CFG_PROG].kind != VALUE_HANDLE) {
		diag_error(ctx->diags, ctx->span, "a program is missing");
		diag_hint(ctx->diags, "name a loaded one, or an object file: prog cfg obj FILE");
		return -1;
	}
	code = prog_code(ctx, argv[CFG_PROG].handle, argv[CFG_PROG].span, &raw);
	if (!code)
		return -1;
	err = draw_code(ctx, code, NULL, argv);
	code_free(code);
	kern_code_free(&raw);
	return err;
}
