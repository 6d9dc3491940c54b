// SPDX-License-Identifier: BSD-2-Clause
/* A program's instructions, functions, lines and references, checked and put in order. */
#include <ctype.h>
#include <stdlib.h>

#include <bpf/btf.h>
#include <string.h>

#include "render/btf/proto.h"
#include "render/code/code_make.h"
#include "render/code/disasm.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/search.h"
#include "shell/base/text.h"

#define BIT_SET(map, i) ((map)[(i) / 64] |= 1ull << (i) % 64)

/* Marks the second halves of ld_imm64. A damaged pair is two unknown instructions. */
static void mark_halves(struct code *code)
{
	code->wide = xcalloc(code->nr / 64 + 1, sizeof(*code->wide));
	for (uint32_t i = 0; i + 1 < code->nr; i++) {
		const struct bpf_insn *half = &code->insns[i + 1];

		if (code->insns[i].code != INSN_LD_IMM64 || half->code || half->dst_reg ||
		    half->src_reg || half->off)
			continue;
		BIT_SET(code->wide, i + 1);
		i++;
	}
}

static char *printable(const char *s)
{
	struct buf b = BUF_INIT;

	if (s)
		buf_escaped(&b, s, strlen(s));
	buf_reserve(&b, 1);
	return buf_detach(&b);
}

static bool not_above(const void *record, const void *key)
{
	uint32_t value;

	memcpy(&value, record, sizeof(value));
	return value <= *(const uint32_t *)key;
}

/* Index of the last of @nr records, @size bytes each, whose leading u32 is not above @key. */
static uint32_t last_not_above(const void *records, uint32_t nr, size_t size, uint32_t key)
{
	size_t above = lower_bound(records, nr, size, not_above, &key);

	return above ? (uint32_t)above - 1 : CODE_NONE;
}

uint32_t code_func_of(const struct code *code, uint32_t i)
{
	return last_not_above(code->funcs, code->nr_funcs, sizeof(*code->funcs), i);
}

uint32_t code_func_end(const struct code *code, uint32_t f)
{
	return f + 1 < code->nr_funcs ? code->funcs[f + 1].start : code->nr;
}

uint32_t code_func_at(const struct code *code, int64_t i)
{
	uint32_t f;

	if (i < 0 || i >= code->nr)
		return CODE_NONE;
	f = code_func_of(code, (uint32_t)i);
	return f != CODE_NONE && code->funcs[f].start == i ? f : CODE_NONE;
}

static const struct code_line *last_line(const struct code *code, uint32_t i)
{
	uint32_t l = last_not_above(code->lines, code->nr_lines, sizeof(*code->lines), i);

	return l == CODE_NONE ? NULL : &code->lines[l];
}

const struct code_line *code_line_at(const struct code *code, uint32_t i)
{
	const struct code_line *line = last_line(code, i);

	return line && line->insn == i ? line : NULL;
}

const struct code_line *code_line_of(const struct code *code, uint32_t i)
{
	const struct code_line *line = last_line(code, i);

	return line && line->insn >= code->funcs[code_func_of(code, i)].start ? line : NULL;
}

const struct code_ref *code_ref_at(const struct code *code, uint32_t i)
{
	uint32_t r = last_not_above(code->refs, code->nr_refs, sizeof(*code->refs), i);

	return r != CODE_NONE && code->refs[r].insn == i ? &code->refs[r] : NULL;
}

/*
 * The callee of a dump's call. The 16 bits of off do not reach far, so the
 * callee's number decides where it is given, and else a function that begins
 * a multiple of 64 Ki away.
 */
static int64_t xlated_callee(const struct code *code, uint32_t i)
{
	const struct bpf_insn *insn = &code->insns[i];
	int64_t near = (int64_t)i + 1 + insn->off;

	if (insn->imm > 0 && insn->imm < code->nr_funcs &&
	    (int16_t)(code->funcs[insn->imm].start - i - 1) == insn->off)
		return code->funcs[insn->imm].start;
	if (code_func_at(code, near) != CODE_NONE)
		return near;
	for (int64_t at = near & 0xffff; at < code->nr; at += 0x10000)
		if (code_func_at(code, at) != CODE_NONE)
			return at;
	return near;
}

static bool is_pseudo_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

static bool is_pseudo_func(const struct code *code, uint32_t i)
{
	return code->insns[i].code == INSN_LD_IMM64 &&
	       code->insns[i].src_reg == BPF_PSEUDO_FUNC && code_next(code, i) == i + 2;
}

int64_t code_target(const struct code *code, uint32_t i)
{
	const struct bpf_insn *insn = &code->insns[i];
	int64_t next = (int64_t)i + 1;

	if (code_is_half(code, i))
		return CODE_NO_TARGET;
	if (is_pseudo_func(code, i))
		return next + insn->imm;
	if (insn->code == (BPF_JMP32 | BPF_JA))
		return next + insn->imm;
	if (is_pseudo_call(insn))
		return code->form == CODE_ELF ? next + insn->imm : xlated_callee(code, i);
	if (BPF_CLASS(insn->code) != BPF_JMP && BPF_CLASS(insn->code) != BPF_JMP32)
		return CODE_NO_TARGET;
	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
	case BPF_EXIT:
	case 0xf0:
		return CODE_NO_TARGET;
	case BPF_JA:
		return insn->code == (BPF_JMP | BPF_JA) ? next + insn->off : CODE_NO_TARGET;
	case BPF_JCOND:
		return insn->code == (BPF_JMP | BPF_JCOND) ? next + insn->off : CODE_NO_TARGET;
	}
	return next + insn->off;
}

bool code_never_returns(const struct code *code, uint32_t i)
{
	const struct bpf_insn *insn = &code->insns[i];
	const struct code_ref *ref;
	const char *name = NULL;

	if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != BPF_PSEUDO_KFUNC_CALL)
		return false;
	ref = code_ref_at(code, i);
	if (ref)
		name = ref->name;
	else if (code->names.call)
		name = code->names.call(code->names.user, insn);
	return name && strcmp(name, "bpf_throw") == 0;
}

/* Where functions begin: a bit per instruction. */
static uint64_t *find_starts(const struct code *code)
{
	uint64_t *starts = xcalloc(code->nr / 64 + 1, sizeof(*starts));

	BIT_SET(starts, 0);
	for (uint32_t f = 0; f < code->nr_funcs; f++)
		BIT_SET(starts, code->funcs[f].start);
	for (uint32_t i = 0; i < code->nr; i = code_next(code, i)) {
		int64_t target;

		if (!is_pseudo_call(&code->insns[i]) && !is_pseudo_func(code, i))
			continue;
		target = code_target(code, i);
		if (target >= 0 && target < code->nr && !code_is_half(code, (uint32_t)target))
			BIT_SET(starts, target);
	}
	return starts;
}

/* Makes the functions known so far (by start, from BTF) all functions there are. */
static void complete_funcs(struct code *code)
{
	uint64_t *starts = find_starts(code);
	struct code_func *known = code->funcs, *all;
	uint32_t nr = 0, k = 0;

	for (uint32_t w = 0; w <= code->nr / 64; w++)
		nr += __builtin_popcountll(starts[w]);
	all = xcalloc(nr, sizeof(*all));
	nr = 0;
	for (uint32_t i = 0; i < code->nr || i == 0; i++) {
		if (!(starts[i / 64] >> i % 64 & 1))
			continue;
		if (k < code->nr_funcs && known[k].start == i)
			all[nr] = known[k++];
		all[nr++].start = i;
	}
	free(known);
	free(starts);
	code->funcs = all;
	code->nr_funcs = nr;
	for (uint32_t f = 0; f < nr; f++)
		if (!all[f].name)
			all[f].name = f || !*code->name ? xasprintf("subprog_%u", f) :
							  xstrdup(code->name);
}

/* Notes which functions are called, and which are handed to helpers. */
static void mark_callees(struct code *code)
{
	for (uint32_t i = 0; i < code->nr; i = code_next(code, i)) {
		const struct bpf_insn *insn = &code->insns[i];
		uint32_t f;

		if (!is_pseudo_call(insn) && !is_pseudo_func(code, i))
			continue;
		f = code_func_at(code, code_target(code, i));
		if (f == CODE_NONE)
			continue;
		if (is_pseudo_call(insn))
			code->funcs[f].called = true;
		else
			code->funcs[f].callback = true;
	}
	for (uint32_t f = 0, nr = 0; f < code->nr_funcs; f++)
		if (!f || code->funcs[f].called || code->funcs[f].callback)
			code->funcs[f].number = nr++;
}

void code_complete(struct code *code)
{
	complete_funcs(code);
	mark_callees(code);
}

void code_add_func(struct code *code, const struct btf *btf, uint32_t start, uint32_t type_id,
		   const char *name)
{
	struct code_func *f;

	if (start >= code->nr || code_is_half(code, start))
		return;
	if (code->nr_funcs && start <= code->funcs[code->nr_funcs - 1].start)
		return;
	GROW(code->funcs, code->nr_funcs);
	f = &code->funcs[code->nr_funcs++];
	*f = (struct code_func){ .start = start };
	f->name = btf ? btf_func_name(btf, type_id) : NULL;
	f->proto = btf ? btf_func_proto(btf, type_id) : NULL;
	if (!f->name && name)
		f->name = printable(name);
}

void code_add_ref(struct code *code, uint32_t insn, enum code_ref_kind kind, const char *name)
{
	GROW(code->refs, code->nr_refs);
	code->refs[code->nr_refs++] = (struct code_ref){ insn, kind, printable(name) };
}

static const char *btf_text(const struct btf *btf, uint32_t offset)
{
	const char *s = btf__str_by_offset(btf, offset);

	return s ? s : "";
}

void code_add_line(struct code *code, const struct btf *btf, uint32_t insn, uint32_t file,
		   uint32_t text, uint32_t line_col)
{
	struct code_line *line;

	if (insn >= code->nr || code_is_half(code, insn))
		return;
	if (code->nr_lines && insn <= code->lines[code->nr_lines - 1].insn)
		return;
	GROW(code->lines, code->nr_lines);
	line = &code->lines[code->nr_lines++];
	*line = (struct code_line){
		.insn = insn,
		.line = BPF_LINE_INFO_LINE_NUM(line_col),
		.col = BPF_LINE_INFO_LINE_COL(line_col),
		.text = btf_text(btf, text),
		.file = btf_text(btf, file),
	};
	while (isspace((unsigned char)*line->text))
		line->text++;
}

static void add_func_info(struct code *code, const struct code_raw *raw)
{
	struct bpf_func_info info;

	if (!raw->btf || !raw->func_info || raw->func_info_rec_size < sizeof(info))
		return;
	for (uint32_t i = 0; i < raw->nr_func_info; i++) {
		memcpy(&info, (const char *)raw->func_info + (size_t)i * raw->func_info_rec_size,
		       sizeof(info));
		code_add_func(code, raw->btf, info.insn_off, info.type_id, NULL);
	}
}

static void add_line_info(struct code *code, const struct code_raw *raw)
{
	struct bpf_line_info info;

	if (!raw->btf || !raw->line_info || raw->line_info_rec_size < sizeof(info))
		return;
	for (uint32_t i = 0; i < raw->nr_line_info; i++) {
		memcpy(&info, (const char *)raw->line_info + (size_t)i * raw->line_info_rec_size,
		       sizeof(info));
		code_add_line(code, raw->btf, info.insn_off, info.file_name_off, info.line_off,
			      info.line_col);
	}
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void code_set_targets(struct code *code, const uint32_t *targets, uint32_t nr)
{
	if (!nr)
		return;
	code->targets = xcalloc(nr, sizeof(*targets));
	for (uint32_t i = 0; i < nr; i++)
		if (targets[i] < code->nr && !code_is_half(code, targets[i]))
			code->targets[code->nr_targets++] = targets[i];
	qsort(code->targets, code->nr_targets, sizeof(*targets), by_value);
	nr = code->nr_targets;
	code->nr_targets = 0;
	for (uint32_t i = 0; i < nr; i++)
		if (!i || code->targets[i] != code->targets[i - 1])
			code->targets[code->nr_targets++] = code->targets[i];
}

struct code *code_alloc(enum code_form form, const struct bpf_insn *insns, uint32_t nr,
			const char *name, const char *type, const struct code_names *names)
{
	struct code *code = xcalloc(1, sizeof(*code));

	code->form = form;
	code->insns = xcalloc(nr ? nr : 1, sizeof(*insns));
	if (nr)
		memcpy(code->insns, insns, nr * sizeof(*insns));
	code->nr = nr;
	mark_halves(code);
	code->name = printable(name);
	code->type = printable(type);
	if (names)
		code->names = *names;
	return code;
}

struct code *code_new_xlated(const struct code_raw *raw)
{
	struct code *code = code_alloc(CODE_XLATED, raw->insns, raw->nr, raw->name, raw->type,
				       &raw->names);

	code->id = raw->id;
	add_func_info(code, raw);
	add_line_info(code, raw);
	code_complete(code);
	code_set_targets(code, raw->targets, raw->nr_targets);
	return code;
}

void code_free(struct code *code)
{
	if (!code)
		return;
	for (uint32_t f = 0; f < code->nr_funcs; f++) {
		free(code->funcs[f].name);
		free(code->funcs[f].proto);
	}
	for (uint32_t r = 0; r < code->nr_refs; r++)
		free(code->refs[r].name);
	free(code->insns);
	free(code->funcs);
	free(code->lines);
	free(code->refs);
	free(code->targets);
	free(code->wide);
	free(code->name);
	free(code->type);
	btf__free(code->btf);
	free(code);
}
