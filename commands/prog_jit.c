// SPDX-License-Identifier: BSD-2-Clause
/* Machine code of a program: function by function, with its source lines and symbols. */
#include <inttypes.h>
#include <stdlib.h>

#include "commands/common.h"
#include "commands/prog.h"
#include "render/jit.h"

static const struct column jited_columns[] = {
	{ "proto", "%:\n" },
	{ "name", "%:\n" },
	{ "text", "%", .flags = COL_PLAIN_ONLY | COL_WIDE },
	{ "insns", .flags = COL_WIDE },
	{ 0 }
};

static const struct record jited_record = { "function", jited_columns };

/* One function on its way to text and JSON. */
struct listing {
	const struct code *code;
	const struct kern_code *raw;
	__u64 start;
	bool opcodes, linum;
	struct buf text;
	jv insns;
};

/* The source line whose machine code begins at @address, or NULL. */
static const struct code_line *line_at(const struct listing *l, __u64 address)
{
	const struct bpf_prog_info *info = &l->raw->info;
	const char *lines = l->raw->line_info, *jited = l->raw->jited_line_info;
	__u32 size = info->jited_line_info_rec_size, nr = info->nr_jited_line_info;

	if (!lines || !jited || size < sizeof(__u64) || info->line_info_rec_size < sizeof(__u32))
		return NULL;
	for (__u32 i = 0; i < nr && i < info->nr_line_info; i++) {
		__u64 at;
		__u32 insn;

		memcpy(&at, jited + (size_t)i * size, sizeof(at));
		if (at != address)
			continue;
		memcpy(&insn, lines + (size_t)i * info->line_info_rec_size, sizeof(insn));
		return insn < l->code->nr ? code_line_at(l->code, insn) : NULL;
	}
	return NULL;
}

static void add_line(struct listing *l, const struct code_line *line, jv *object)
{
	if (!line || !*line->text)
		return;
	buf_puts(&l->text, "; ");
	buf_escaped(&l->text, line->text, strlen(line->text));
	*object = jv_object_set(*object, jv_string("src"), jv_string(line->text));
	if (l->linum) {
		code_print_linum(&l->text, line);
		*object = jv_object_set(*object, jv_string("file"), jv_string(line->file));
		*object = jv_object_set(*object, jv_string("line_num"), jv_number(line->line));
		*object = jv_object_set(*object, jv_string("line_col"), jv_number(line->col));
	}
	buf_putc(&l->text, '\n');
}

/* "%rsp, %rbp" as a list; commas within parentheses belong to their operand. */
static jv operands_json(const char *s)
{
	jv list = jv_array();

	while (*s) {
		int depth = 0;
		size_t n = 0;

		while (s[n] && (s[n] != ',' || depth)) {
			depth += s[n] == '(';
			depth -= s[n] == ')';
			n++;
		}
		list = jv_array_append(list, jv_string_sized(s, n));
		s += n;
		s += strspn(s, ", ");
	}
	return list;
}

static jv bytes_list(const struct jit_insn *insn)
{
	jv list = jv_array();

	for (uint32_t i = 0; i < insn->size; i++)
		list = jv_array_append(list, jv_string_fmt("0x%02x", insn->bytes[i]));
	return list;
}

static int add_insn(void *arg, const struct jit_insn *insn)
{
	struct listing *l = arg;
	const char *symbol = insn->target ? kern_symbol(insn->target) : "";
	jv object = jv_object();

	add_line(l, line_at(l, insn->address), &object);
	buf_printf(&l->text, "%4" PRIx64 ":\t%s", (uint64_t)(insn->address - l->start), insn->operation);
	if (*insn->operands)
		buf_printf(&l->text, " %s", insn->operands);
	if (*symbol)
		buf_printf(&l->text, " <%s>", symbol);
	buf_putc(&l->text, '\n');
	object = jv_object_set(object, jv_string("pc"),
			       jv_string_fmt("0x%" PRIx64, (uint64_t)(insn->address - l->start)));
	object = jv_object_set(object, jv_string("operation"), jv_string(insn->operation));
	object = jv_object_set(object, jv_string("operands"), operands_json(insn->operands));
	if (*symbol)
		object = jv_object_set(object, jv_string("symbol"), jv_string(symbol));
	if (l->opcodes) {
		buf_putc(&l->text, '\t');
		for (uint32_t i = 0; i < insn->size; i++)
			buf_printf(&l->text, "%s%02x", i ? " " : "", insn->bytes[i]);
		buf_putc(&l->text, '\n');
		object = jv_object_set(object, jv_string("opcodes"), bytes_list(insn));
	}
	l->insns = jv_array_append(l->insns, object);
	return 0;
}

static int list_function(struct ctx *ctx, struct listing *l, __u32 f, const __u8 *bytes, __u32 len,
			 struct span at)
{
	const struct code_func *func = f < l->code->nr_funcs ? &l->code->funcs[f] : NULL;
	const char *symbol = kern_symbol(l->start);
	int err;

	l->insns = jv_array();
	err = jit_disassemble(bytes, len, l->start, add_insn, l, at, ctx->diags);
	if (!err) {
		/* The row's own line end closes the last line. */
		if (l->text.len)
			l->text.len--;
		err = sink_row(ctx->sink, (const struct cell[]){
			cell_str(func ? func->proto : NULL),
			cell_str(*symbol ? symbol : func ? func->name : l->code->name),
			CELL(.kind = CELL_TEXT, .str = { buf_str(&l->text), l->text.len }),
			CELL(.kind = CELL_JSON, .json = l->insns) });
	}
	jv_free(l->insns);
	buf_reset(&l->text);
	return err;
}

int list_jited(struct ctx *ctx, const struct code *code, const struct kern_code *raw, bool opcodes,
	       bool linum, struct span at)
{
	struct listing l = { .code = code, .raw = raw, .opcodes = opcodes, .linum = linum };
	__u32 nr = raw->ksyms && raw->func_lens ? raw->info.nr_jited_ksyms : 0;
	const __u8 *bytes = raw->jited;
	__u32 left = raw->info.jited_prog_len;
	int err = 0;

	if (nr > raw->info.nr_jited_func_lens)
		nr = raw->info.nr_jited_func_lens;
	sink_begin(ctx->sink, &jited_record, SINK_LIST);
	/* Without the functions' places the code is one piece. */
	if (!nr)
		err = list_function(ctx, &l, 0, bytes, left, at);
	for (__u32 f = 0; f < nr && !err; f++) {
		__u32 len = raw->func_lens[f] < left ? raw->func_lens[f] : left;

		l.start = raw->ksyms[f];
		err = list_function(ctx, &l, f, bytes, len, at);
		bytes += len;
		left -= len;
	}
	buf_free(&l.text);
	return err ? -1 : sink_end(ctx->sink);
}
