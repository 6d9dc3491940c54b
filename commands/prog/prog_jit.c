// SPDX-License-Identifier: BSD-2-Clause
/* Machine code of a program: function by function, with its source lines and symbols. */
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/prog/prog.h"
#include "render/code/code.h"
#include "render/code/jit.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"
#include "shell/kern/code.h"
#include "shell/kern/symbols.h"

static const struct column jited_columns[] = {
	{ "proto", "%:\n" },
	{ "name", "%:\n" },
	{ "text", "%", .flags = COL_PLAIN_ONLY | COL_WIDE },
	{ "insns", .flags = COL_WIDE },
	{ 0 }
};

static const struct record jited_record = { "function", jited_columns };

/* Where in the machine code a source line begins. */
struct line_start {
	__u64 address;
	const struct code_line *line;
};

/* One function on its way to text and JSON. */
struct listing {
	const struct code *code;
	struct line_start *lines;	/* of the whole program, by address */
	__u32 nr_lines;
	__u64 start, end;		/* where it runs */
	unsigned flags;			/* enum code_listing */
	struct buf text;
	jv insns;
};

static int by_address(const void *a, const void *b)
{
	const struct line_start *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Puts together what the kernel tells in two arrays: instructions and addresses of the lines. */
static void find_lines(struct listing *l, const struct kern_code *raw)
{
	const struct bpf_prog_info *info = &raw->info;
	const char *lines = raw->line_info, *jited = raw->jited_line_info;
	__u32 size = info->jited_line_info_rec_size;
	__u32 nr = info->nr_jited_line_info < info->nr_line_info ? info->nr_jited_line_info :
		   info->nr_line_info;

	if (!lines || !jited || size < sizeof(__u64) || info->line_info_rec_size < sizeof(__u32))
		return;
	l->lines = xcalloc(nr, sizeof(*l->lines));
	for (__u32 i = 0; i < nr; i++) {
		struct line_start *start = &l->lines[l->nr_lines];
		__u32 insn;

		memcpy(&start->address, jited + (size_t)i * size, sizeof(start->address));
		memcpy(&insn, lines + (size_t)i * info->line_info_rec_size, sizeof(insn));
		start->line = insn < l->code->nr ? code_line_at(l->code, insn) : NULL;
		l->nr_lines += !!start->line;
	}
	qsort(l->lines, l->nr_lines, sizeof(*l->lines), by_address);
}

/* The source line whose machine code begins at @address, or NULL. */
static const struct code_line *line_at(const struct listing *l, __u64 address)
{
	const struct line_start key = { .address = address }, *found;

	found = l->nr_lines ? bsearch(&key, l->lines, l->nr_lines, sizeof(key), by_address) : NULL;
	return found ? found->line : NULL;
}

static void add_line(struct listing *l, const struct code_line *line, jv *object)
{
	if (!line)
		return;
	buf_puts(&l->text, "; ");
	buf_escaped(&l->text, line->text, strlen(line->text));
	*object = jv_object_set(*object, jv_string("src"), jv_string(line->text));
	if (l->flags & CODE_LINUM) {
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

/* What the instruction refers to outside of its function, by name; "" where that has none. */
static const char *symbol_of(const struct jit_insn *insn, bool local)
{
	__u64 address = insn->target ? insn->target : insn->constant;

	return address && !local ? kern_symbol(address) : "";
}

static int add_insn(void *arg, const struct jit_insn *insn)
{
	struct listing *l = arg;
	bool local = insn->target >= l->start && insn->target < l->end;
	const char *symbol = symbol_of(insn, local), *operands = insn->operands;
	char offset[32];
	jv object = jv_object();

	/* Jumps are counted from the function's start, as the instructions are. */
	if (local) {
		snprintf(offset, sizeof(offset), "0x%" PRIx64, (uint64_t)(insn->target - l->start));
		operands = offset;
	}
	add_line(l, line_at(l, insn->address), &object);
	buf_printf(&l->text, "%4" PRIx64 ":\t%s", (uint64_t)(insn->address - l->start),
		   insn->operation);
	if (*operands)
		buf_printf(&l->text, " %s", operands);
	if (*symbol)
		buf_printf(&l->text, " <%s>", symbol);
	buf_putc(&l->text, '\n');
	object = jv_object_set(object, jv_string("pc"),
			       jv_string_fmt("0x%" PRIx64, (uint64_t)(insn->address - l->start)));
	object = jv_object_set(object, jv_string("operation"), jv_string(insn->operation));
	object = jv_object_set(object, jv_string("operands"), operands_json(operands));
	if (*symbol)
		object = jv_object_set(object, jv_string("symbol"), jv_string(symbol));
	if (l->flags & CODE_OPCODES) {
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

	l->end = l->start + len;
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

int list_jited(struct ctx *ctx, const struct code *code, const struct kern_code *raw,
	       unsigned flags, struct span at)
{
	struct listing l = { .code = code, .flags = flags };
	__u32 nr = raw->ksyms && raw->func_lens ? raw->info.nr_jited_ksyms : 0;
	const __u8 *bytes = raw->jited;
	__u32 left = raw->info.jited_prog_len;
	int err = 0;

	if (nr > raw->info.nr_jited_func_lens)
		nr = raw->info.nr_jited_func_lens;
	find_lines(&l, raw);
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
	free(l.lines);
	return err ? -1 : sink_end(ctx->sink);
}
