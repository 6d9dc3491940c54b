// SPDX-License-Identifier: BSD-2-Clause
/* The assembler: lines, labels, jumps and calls; asm_form.c reads each instruction. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/code/asm.h"
#include "render/code/asm_form.h"
#include "render/code/disasm.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"

#define UNSET UINT32_MAX

struct label {
	struct text name;
	uint32_t insn;
};

/* A place that needs to know where another instruction is. */
struct fixup {
	struct asm_target target;
	struct text text;		/* to blame */
	uint32_t insn;
	bool has_imm, has_high;		/* given in braces: left alone */
};

struct assembler {
	const struct source *src;
	enum code_form form;
	struct diags *d;
	struct bpf_insn *insns;
	struct span *spans;		/* of each of insns */
	uint32_t nr;
	struct label *labels;		/* by name */
	uint32_t nr_labels;
	struct fixup *fixups;
	uint32_t nr_fixups;
	int err;
};

static struct span span_of(const struct assembler *a, struct text t)
{
	return (struct span){ a->src, t.at - a->src->text, t.end - a->src->text };
}

static int compare(struct text a, struct text b)
{
	size_t la = a.end - a.at, lb = b.end - b.at;
	int diff = memcmp(a.at, b.at, la < lb ? la : lb);

	return diff ? diff : la < lb ? -1 : la > lb;
}

static int by_name(const void *a, const void *b)
{
	return compare(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static struct label *find_label(const struct assembler *a, struct text name)
{
	struct label key = { .name = name };

	return a->nr_labels ? bsearch(&key, a->labels, a->nr_labels, sizeof(key), by_name) : NULL;
}

static void trim(struct text *t)
{
	while (t->at < t->end && isspace((unsigned char)*t->at))
		t->at++;
	while (t->end > t->at && isspace((unsigned char)t->end[-1]))
		t->end--;
}

/* Whether a comment begins at @p, which @at is at or before. */
static bool is_comment(const char *at, const char *p, const char *end)
{
	if (*p == '/')
		return p + 1 < end && p[1] == '/';
	return *p == '#' && (p == at || isspace((unsigned char)p[-1]));
}

/* Cuts the next statement off @rest, which may be empty; false at the end of the text. */
static bool next_statement(struct text *rest, bool *line_start, struct text *t)
{
	const char *end = rest->end, *p;

	if (rest->at == end)
		return false;
	for (p = rest->at; p < end && isblank((unsigned char)*p); p++)
		;
	*t = (struct text){ p, p };
	if (p == end || *p != ';' || !*line_start)
		for (; p < end && *p != '\n' && *p != ';' && !is_comment(t->at, p, end); p++)
			;
	t->end = p;
	*line_start = p == end || *p != ';' || (*line_start && p == t->at);
	if (*line_start)
		while (p < end && *p != '\n')
			p++;
	rest->at = p < end ? p + 1 : p;
	trim(t);
	return true;
}

/* Takes "12:" and "(b7)" away, as listings have them. */
static void skip_numbers(struct text *t)
{
	const char *p = t->at;

	while (p < t->end && isdigit((unsigned char)*p))
		p++;
	if (p > t->at && p < t->end && *p == ':')
		t->at = p + 1;
	trim(t);
	if (t->end - t->at >= 4 && t->at[0] == '(' && t->at[3] == ')' &&
	    isxdigit((unsigned char)t->at[1]) && isxdigit((unsigned char)t->at[2]))
		t->at += 4;
	trim(t);
}

/* "int f(struct xdp_md * ctx):" of a listing. */
static bool is_prototype(struct text t)
{
	return t.end - t.at > 2 && t.end[-1] == ':' && t.end[-2] == ')';
}

/* Takes a leading "name:" away. */
static bool take_label(struct text *t, struct text *name)
{
	const char *p = t->at;

	while (p < t->end && is_word(*p))
		p++;
	if (p == t->at || p == t->end || *p != ':' || isdigit((unsigned char)*t->at))
		return false;
	*name = (struct text){ t->at, p };
	t->at = p + 1;
	trim(t);
	return true;
}

static void find_labels(struct assembler *a)
{
	struct text rest = { a->src->text, a->src->text + a->src->len }, t, name;
	bool line_start = true;

	while (next_statement(&rest, &line_start, &t)) {
		skip_numbers(&t);
		while (!is_prototype(t) && take_label(&t, &name)) {
			GROW(a->labels, a->nr_labels);
			a->labels[a->nr_labels++] = (struct label){ name, UNSET };
		}
	}
	if (a->nr_labels)
		qsort(a->labels, a->nr_labels, sizeof(*a->labels), by_name);
}

static void set_label(struct assembler *a, struct text name)
{
	struct label *label = find_label(a, name);

	if (label->insn != UNSET)
		a->err = diag_error(a->d, span_of(a, name), "label '%.*s' is there twice",
				    (int)(name.end - name.at), name.at);
	label->insn = a->nr;
}

static bool is_label(void *user, struct text name)
{
	return find_label(user, name);
}

static void emit(struct assembler *a, const struct bpf_insn *insn, struct text t)
{
	GROW(a->insns, a->nr);
	GROW(a->spans, a->nr);
	a->spans[a->nr] = span_of(a, t);
	a->insns[a->nr++] = *insn;
}

static void read_insn(struct assembler *a, struct text t, const struct asm_names *names)
{
	struct asm_insn out = { 0 };
	const struct asm_context ctx = {
		.src = a->src, .form = a->form, .names = names, .d = a->d,
		.is_label = is_label, .user = a,
	};

	if (asm_insn_read(&ctx, t, &out)) {
		a->err = -1;
		return;
	}
	if (out.target.kind) {
		GROW(a->fixups, a->nr_fixups);
		a->fixups[a->nr_fixups++] = (struct fixup){
			out.target, t, a->nr, out.given & IN_IMM, out.given & IN_HIGH,
		};
	}
	emit(a, &out.insn[0], t);
	if (out.wide)
		emit(a, &out.insn[1], t);
}

static void read_all(struct assembler *a, const struct asm_names *names)
{
	struct text rest = { a->src->text, a->src->text + a->src->len }, t, name;
	bool line_start = true;

	while (next_statement(&rest, &line_start, &t)) {
		skip_numbers(&t);
		if (is_prototype(t))
			continue;
		while (take_label(&t, &name))
			set_label(a, name);
		if (t.at < t.end)
			read_insn(a, t, names);
	}
}

/* How far from the next instruction a fixup's target is. */
static int64_t distance(const struct assembler *a, const struct fixup *f)
{
	if (f->target.label.at == f->target.label.end)
		return f->target.distance;
	return (int64_t)find_label(a, f->target.label)->insn - f->insn - 1;
}

static bool is_callee(const struct fixup *f)
{
	return f->target.kind == TARGET_CALL || f->target.kind == TARGET_FUNC;
}

static void fix(struct assembler *a, const struct fixup *f)
{
	struct bpf_insn *insn = &a->insns[f->insn];
	int64_t far = distance(a, f);
	bool in_off = f->target.kind == TARGET_OFF;

	if (in_off ? far != (int16_t)far : far != (int32_t)far) {
		a->err = diag_error(a->d, span_of(a, f->text), "cannot jump as far as %+lld",
				    (long long)far);
		if (in_off && insn->code == (BPF_JMP | BPF_JA))
			diag_hint(a->d, "gotol reaches farther than goto");
		return;
	}
	if (in_off || (f->target.kind == TARGET_CALL && a->form == CODE_XLATED))
		insn->off = far;
	else
		insn->imm = far;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Whether @i is an ld_imm64's second half. */
static uint8_t *find_halves(const struct assembler *a)
{
	uint8_t *half = xcalloc((size_t)a->nr + 1, 1);

	for (uint32_t i = 0; i + 1 < a->nr; i++) {
		const struct bpf_insn *next = &a->insns[i + 1];

		if (a->insns[i].code != INSN_LD_IMM64 || next->code || next->dst_reg ||
		    next->src_reg || next->off)
			continue;
		half[++i] = 1;
	}
	return half;
}

/* Where functions begin, sorted, each once; the first is 0. */
static int64_t *find_callees(const struct assembler *a, uint32_t *nr)
{
	int64_t *all = xcalloc((size_t)a->nr_fixups + 1, sizeof(*all)), at;
	uint8_t *half = find_halves(a);
	uint32_t n = 1, unique = 0;

	for (uint32_t i = 0; i < a->nr_fixups; i++) {
		at = a->fixups[i].insn + 1 + distance(a, &a->fixups[i]);
		if (is_callee(&a->fixups[i]) && at >= 0 && at < a->nr && !half[at])
			all[n++] = at;
	}
	qsort(all, n, sizeof(*all), by_value);
	for (uint32_t i = 0; i < n; i++)
		if (!i || all[i] != all[i - 1])
			all[unique++] = all[i];
	free(half);
	*nr = unique;
	return all;
}

/* In a dump a callee is also told by its number. */
static void number_callees(struct assembler *a)
{
	uint32_t nr;
	int64_t *callees = find_callees(a, &nr);

	for (uint32_t i = 0; i < a->nr_fixups; i++) {
		const struct fixup *f = &a->fixups[i];
		int64_t at = f->insn + 1 + distance(a, f), *found;

		if (!is_callee(f))
			continue;
		found = bsearch(&at, callees, nr, sizeof(at), by_value);
		if (!found)
			continue;
		if (f->target.kind == TARGET_CALL && !f->has_imm)
			a->insns[f->insn].imm = found - callees;
		else if (f->target.kind == TARGET_FUNC && !f->has_high)
			a->insns[f->insn + 1].imm = found - callees;
	}
	free(callees);
}

struct bpf_insn *asm_read(const struct source *src, enum code_form form,
			  const struct asm_names *names, uint32_t *nr, struct span **spans,
			  struct diags *d)
{
	struct assembler a = { .src = src, .form = form, .d = d };

	find_labels(&a);
	read_all(&a, names);
	for (uint32_t i = 0; !a.err && i < a.nr_fixups; i++)
		fix(&a, &a.fixups[i]);
	if (!a.err && form == CODE_XLATED)
		number_callees(&a);
	free(a.labels);
	free(a.fixups);
	if (a.err || !spans) {
		free(a.spans);
		a.spans = NULL;
	}
	if (a.err) {
		free(a.insns);
		return NULL;
	}
	if (spans)
		*spans = a.spans;
	*nr = a.nr;
	return a.insns ? a.insns : xcalloc(1, sizeof(*a.insns));
}
