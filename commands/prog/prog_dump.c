// SPDX-License-Identifier: BSD-2-Clause
/* Listings of a program's instructions, and of its machine code: see also prog_jit.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/prog/prog.h"
#include "render/cfg/cfg.h"
#include "render/code/code.h"
#include "render/picture/image.h"
#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/kern/code.h"
#include "shell/kern/object.h"
#include "shell/kern/symbols.h"
#include "shell/lang/args.h"

enum {
	INSN_PROTO, INSN_SRC, INSN_FILE, INSN_LINE, INSN_COL, INSN_SRC_END, INSN_INDEX, INSN_NUMBER,
	INSN_DISASM, INSN_BYTES, INSN_OPCODES, INSN_COLUMNS
};

static const struct column insn_columns[] = {
	[INSN_PROTO] = { "proto", "%:\n" },
	[INSN_SRC] = { "src", "; %" },
	[INSN_FILE] = { "file", " [file:%" },
	[INSN_LINE] = { "line_num", " line_num:%" },
	[INSN_COL] = { "line_col", " line_col:%]" },
	[INSN_SRC_END] = { "source ends", "\n", .flags = COL_PLAIN_ONLY },
	[INSN_INDEX] = { "insn" },
	[INSN_NUMBER] = { "number", "%: ", .flags = COL_PLAIN_ONLY },
	[INSN_DISASM] = { "disasm", "%" },
	[INSN_BYTES] = { "bytes", "\n       %", .flags = COL_PLAIN_ONLY },
	[INSN_OPCODES] = { "opcodes" },
	[INSN_COLUMNS] = { 0 }
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

static void put_source(struct cell *row, const struct code_line *line, bool linum)
{
	if (!line)
		return;
	/* Also an empty text, which tells that another line begins. */
	row[INSN_SRC] = CELL(.kind = CELL_STR, .str = { line->text, strlen(line->text) });
	row[INSN_SRC_END] = cell_bool(true);
	if (!linum)
		return;
	row[INSN_FILE] = cell_str(line->file);
	row[INSN_LINE] = cell_u64(line->line);
	row[INSN_COL] = cell_u64(line->col);
}

static int list_insn(struct ctx *ctx, const struct code *code, uint32_t i, unsigned flags)
{
	uint32_t f = code_func_at(code, i);
	struct buf disasm = BUF_INIT, bytes = BUF_INIT;
	struct cell row[INSN_COLUMNS] = { 0 };
	char number[16];
	jv opcodes = jv_null();
	int err;

	snprintf(number, sizeof(number), "% 4d", (int)i);
	buf_printf(&disasm, "(%02x) ", code->insns[i].code);
	code_print_insn(&disasm, code, i);
	if (f != CODE_NONE)
		row[INSN_PROTO] = cell_str(code->funcs[f].proto);
	put_source(row, code_line_at(code, i), flags & CODE_LINUM);
	row[INSN_INDEX] = cell_u64(i);
	row[INSN_NUMBER] = cell_str(number);
	row[INSN_DISASM] = cell_str(buf_str(&disasm));
	if (flags & CODE_OPCODES) {
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

static int list_code(struct ctx *ctx, const struct code *code, unsigned flags)
{
	sink_begin(ctx->sink, &insn_record, SINK_LIST);
	for (uint32_t i = 0; i < code->nr; i = code_next(code, i))
		if (list_insn(ctx, code, i, flags) || interrupted())
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
	return err ? diag_errno(ctx->diags, path->span, err, "cannot write '%s'", path->str) : 0;
}

/* The graph in DOT, as `visual` asks for it. */
static int show_dot(struct ctx *ctx, const struct code *code, unsigned flags, struct span at)
{
	struct image_options options = { .format = IMAGE_DOT };
	struct cfg *cfg = cfg_build(code);
	struct buf text = BUF_INIT;
	int err;

	cfg->shown = flags;
	err = image_make(&text, cfg, &options, at, ctx->diags);
	if (!err)
		err = show_text(ctx, &text);
	buf_free(&text);
	cfg_free(cfg);
	return err;
}

enum { DUMP_FORM, DUMP_PROG, DUMP_FILE, DUMP_OPCODES, DUMP_LINUM, DUMP_VISUAL };
enum { FORM_XLATED, FORM_JITED };

static const char *const dump_forms[] = { [FORM_XLATED] = "xlated", [FORM_JITED] = "jited", NULL };

static unsigned listing_flags(const struct value *argv)
{
	return (argv[DUMP_OPCODES].kind != VALUE_NONE ? CODE_OPCODES : 0) |
	       (argv[DUMP_LINUM].kind != VALUE_NONE ? CODE_LINUM : 0);
}

/* A file takes bytes, which have no form; a graph is made of instructions alone. */
static int check_options(struct ctx *ctx, const struct value *argv)
{
	static const struct {
		int arg;
		const char *word;
	} forms[] = {
		{ DUMP_OPCODES, "opcodes" }, { DUMP_LINUM, "linum" }, { DUMP_VISUAL, "visual" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (argv[DUMP_FILE].kind == VALUE_STR && argv[forms[i].arg].kind != VALUE_NONE) {
			diag_error(ctx->diags, argv[forms[i].arg].span,
				   "'%s' is not for 'file', which takes the bytes as they are",
				   forms[i].word);
			diag_hint(ctx->diags, "for text in a file: prog dump ... > FILE");
			return -1;
		}
	if (argv[DUMP_FORM].num == FORM_XLATED || argv[DUMP_VISUAL].kind == VALUE_NONE)
		return 0;
	return diag_error(ctx->diags, argv[DUMP_VISUAL].span, "'visual' is for 'dump xlated'");
}

/* Calls of subprograms name their callees as bpftool has them: "bpf_prog_TAG_name". */
static const char *func_symbol(void *user, uint32_t number)
{
	const struct kern_code *raw = user;
	const char *symbol = "";

	if (raw->ksyms && number < raw->info.nr_jited_ksyms)
		symbol = kern_symbol(raw->ksyms[number]);
	return *symbol ? symbol : NULL;
}

static int dump_xlated(struct ctx *ctx, struct value *argv, struct code *code,
		       struct kern_code *raw)
{
	if (argv[DUMP_FILE].kind == VALUE_STR)
		return write_bytes(ctx, &argv[DUMP_FILE], raw->insns, raw->info.xlated_prog_len);
	if (argv[DUMP_VISUAL].kind != VALUE_NONE)
		return show_dot(ctx, code, listing_flags(argv), argv[DUMP_PROG].span);
	code->names.func = func_symbol;
	code->names.user = raw;
	return list_code(ctx, code, listing_flags(argv));
}

/* Why there is no machine code: the kernel tells its length also where it hides it. */
static int no_machine_code(struct ctx *ctx, const struct value *prog)
{
	struct bpf_prog_info info;

	if (!kern_prog_info(prog->handle->fd, &info) && info.jited_prog_len) {
		diag_error(ctx->diags, prog->span,
			   "the kernel hides the machine code of program %u", prog->handle->id);
		diag_hint(ctx->diags, "it needs CAP_SYSLOG; see kernel.kptr_restrict");
		return -1;
	}
	if (!info.xlated_prog_len)
		return code_hidden(ctx, prog->handle, prog->span);
	diag_error(ctx->diags, prog->span, "program %u has no machine code: it is interpreted",
		   prog->handle->id);
	diag_hint(ctx->diags, "what is loaded after 'sysctl net.core.bpf_jit_enable=1' is not");
	return -1;
}

static int dump_jited(struct ctx *ctx, struct value *argv, struct code *code,
		      struct kern_code *raw)
{
	if (!raw->jited || !raw->info.jited_prog_len)
		return no_machine_code(ctx, &argv[DUMP_PROG]);
	if (argv[DUMP_FILE].kind == VALUE_STR)
		return write_bytes(ctx, &argv[DUMP_FILE], raw->jited, raw->info.jited_prog_len);
	return list_jited(ctx, code, raw, listing_flags(argv), argv[DUMP_PROG].span);
}

static int prog_dump(struct ctx *ctx, struct value *argv)
{
	struct kern_code raw;
	struct code *code;
	int err;

	if (check_options(ctx, argv))
		return -1;
	code = prog_code(ctx, argv[DUMP_PROG].handle, argv[DUMP_PROG].span, &raw);
	if (!code)
		return -1;
	err = argv[DUMP_FORM].num == FORM_JITED ? dump_jited(ctx, argv, code, &raw) :
	      dump_xlated(ctx, argv, code, &raw);
	code_free(code);
	kern_code_free(&raw);
	return err;
}

const struct cmd prog_dump_cmd = {
	.object = "prog", .verb = "dump", .place = 4,
	.help = "show a program's instructions, or its machine code",
	.args = ARGS(
		[DUMP_FORM] = { "form", &arg_choice, 0,
			"as the verifier left them, or as the JIT made them", dump_forms },
		[DUMP_PROG] = { "prog", &arg_prog, 0, "the program" },
		[DUMP_FILE] = { "file", &arg_file, ARG_KEYWORD | ARG_OPTIONAL,
			"write the bytes to a file instead" },
		[DUMP_OPCODES] = { "opcodes", NULL, ARG_FLAG | ARG_OPTIONAL,
			"show the bytes of each instruction", STRINGS("opcodes") },
		[DUMP_LINUM] = { "linum", NULL, ARG_FLAG | ARG_OPTIONAL,
			"show file, line and column", STRINGS("linum") },
		[DUMP_VISUAL] = { "visual", NULL, ARG_FLAG | ARG_OPTIONAL,
			"show the control-flow graph in DOT", STRINGS("visual") }),
	.run = prog_dump,
	.examples = STRINGS("prog dump xlated $p", "prog dump xlated id 42 linum",
			    "prog dump jited $p opcodes"),
};
