// SPDX-License-Identifier: BSD-2-Clause
/* The text of one instruction, matched against the forms of the disassembler. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/code/asm_form.h"
#include "render/code/disasm.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"

/* Longer texts are cut where a message quotes them. */
#define QUOTED_MAX 60

/*
 * An attempt to read a text as one form. Most attempts fail: what is worth
 * saying is how far the best one came, and what it missed there.
 */
struct asm_reader {
	const struct asm_context *ctx;
	const struct insn_form *form;
	const char *p, *end;
	struct asm_insn out;
	unsigned seen;			/* fields that the text has told */
	const char *best, *missed;
	struct text call, map;		/* names, looked up once the form is certain */
	bool call_number;		/* "#1" follows the name */
};

static bool miss(struct asm_reader *r, const char *what)
{
	if (r->p > r->best || (r->p == r->best && !r->missed)) {
		r->best = r->p;
		r->missed = what;
	}
	return false;
}

static void asm_skip_blanks(struct asm_reader *r)
{
	while (r->p < r->end && isspace((unsigned char)*r->p))
		r->p++;
}

static bool take(struct asm_reader *r, const char *s)
{
	size_t len = strlen(s);

	if ((size_t)(r->end - r->p) < len || strncmp(r->p, s, len))
		return false;
	r->p += len;
	return true;
}

/* Reads digits, "0x" before hexadecimal ones. */
static bool read_digits(struct asm_reader *r, uint64_t *value)
{
	bool hex = take(r, "0x") || take(r, "0X");
	const char *digits = hex ? "0123456789abcdef" : "0123456789";
	unsigned base = hex ? 16 : 10;
	const char *start = r->p, *digit;

	*value = 0;
	for (; r->p < r->end && *r->p; r->p++) {
		digit = strchr(digits, tolower((unsigned char)*r->p));
		if (!digit)
			break;
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(digit - digits), value))
			return miss(r, "the number is too large");
	}
	return r->p > start || miss(r, "expected a number");
}

/* Reads a number, with its sign, that lies in @min..@max. */
static bool read_number(struct asm_reader *r, int64_t min, int64_t max, int64_t *value)
{
	const char *start;
	uint64_t digits;
	bool minus;

	asm_skip_blanks(r);
	start = r->p;
	minus = take(r, "-");
	if (!minus)
		take(r, "+");
	asm_skip_blanks(r);
	if (!read_digits(r, &digits))
		return false;
	if (digits <= INT64_MAX) {
		*value = minus ? -(int64_t)digits : (int64_t)digits;
		if (*value >= min && *value <= max)
			return true;
	}
	r->p = start;
	return miss(r, "the number does not fit");
}

/* Notes what a field is; a field told twice must be told alike. */
static bool tell(struct asm_reader *r, enum insn_field field, int64_t value)
{
	struct bpf_insn *insn = r->out.insn;
	bool again = r->seen & field;
	bool same = true;

	r->seen |= field;
	switch (field) {
	case IN_DST:
		same = insn->dst_reg == value;
		insn->dst_reg = value;
		break;
	case IN_SRC:
		same = insn->src_reg == value;
		insn->src_reg = value;
		break;
	case IN_OFF:
		insn->off = value;
		break;
	case IN_IMM:
		insn->imm = value;
		break;
	case IN_HIGH:
		insn[1].imm = value;
		break;
	}
	return !again || same || miss(r, "expected the same register again");
}

static bool read_field(struct asm_reader *r, enum insn_field field, int64_t min, int64_t max)
{
	int64_t value;

	return read_number(r, min, max, &value) && tell(r, field, value);
}

/* A number, where a register of the other width may stand by mistake. */
static bool read_imm(struct asm_reader *r)
{
	asm_skip_blanks(r);
	if (r->end - r->p > 1 && strchr("rw", *r->p) && isdigit((unsigned char)r->p[1]))
		return miss(r, "r goes with r, and w with w");
	return read_field(r, IN_IMM, INT32_MIN, UINT32_MAX);
}

static bool read_register(struct asm_reader *r, enum insn_field field)
{
	uint64_t value;

	if (r->p == r->end || !isdigit((unsigned char)*r->p))
		return miss(r, "expected a register");
	if (!read_digits(r, &value))
		return false;
	return value < 16 ? tell(r, field, value) : miss(r, "there is no such register");
}

/* The second part of an address, or of one in a map's value: "+8", " - 8", or nothing. */
static bool read_offset(struct asm_reader *r, enum insn_field field, int64_t min, int64_t max)
{
	asm_skip_blanks(r);
	if (r->p == r->end || (*r->p != '+' && *r->p != '-'))
		return tell(r, field, 0);
	return read_field(r, field, min, max);
}

/* The bits of the opcode that a word of @element decides, or 0. */
static uint8_t opcode_bits(char element)
{
	switch (element) {
	case 'a':
	case 'j':
		return 0xf0;
	case 'u':
	case 'v':
	case 't':
		return 0x18;
	}
	return 0;
}

/* What to say where none of the words of @element stands. */
static const char *expected_word(char element)
{
	switch (element) {
	case 'j':
		return "expected a condition such as '=='";
	case 'u':
	case 'v':
		return "expected a size such as 'u32'";
	}
	return NULL;
}

static bool read_word(struct asm_reader *r, char element)
{
	uint8_t bits = opcode_bits(element);

	if (element != 'f' && element != 'e')
		asm_skip_blanks(r);
	for (const struct insn_word *w = insn_words(element); w->text; w++) {
		if (bits & r->form->mask && (r->form->code & bits) != w->bits)
			continue;
		if (!take(r, w->text))
			continue;
		if (!bits)
			return tell(r, IN_IMM, w->bits);
		r->out.insn->code |= w->bits;
		return true;
	}
	return miss(r, expected_word(element));
}

static struct text take_word(struct asm_reader *r)
{
	struct text t;

	asm_skip_blanks(r);
	t.at = r->p;
	while (r->p < r->end && is_word(*r->p))
		r->p++;
	t.end = r->p;
	return t;
}

/* "pc+3", "+3" or a label. */
static bool read_target(struct asm_reader *r, int kind)
{
	const char *start;
	bool named;

	asm_skip_blanks(r);
	start = r->p;
	r->out.target.kind = kind;
	take(r, "pc");
	if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
		return read_number(r, INT32_MIN, INT32_MAX, &r->out.target.distance);
	r->p = start;
	r->out.target.label = take_word(r);
	if (r->p > start && r->ctx->is_label(r->ctx->user, r->out.target.label))
		return true;
	named = r->p > start && !isdigit((unsigned char)*start);
	r->p = start;
	return miss(r, kind == TARGET_CALL ? NULL :
		    named ? "there is no such label" : "expected 'pc+N' or a label");
}

/* A name for the eye, which may hold anything but blanks. */
static bool skip_name(struct asm_reader *r)
{
	if (r->p < r->end && *r->p == '#')
		while (r->p < r->end && !isspace((unsigned char)*r->p))
			r->p++;
	return true;
}

/* "name", "name#1" or "1". */
static bool read_call(struct asm_reader *r)
{
	asm_skip_blanks(r);
	if (r->p < r->end && isdigit((unsigned char)*r->p))
		return read_field(r, IN_IMM, INT32_MIN, INT32_MAX);
	r->call.at = r->p;
	while (r->p < r->end && *r->p != '#' && !isspace((unsigned char)*r->p))
		r->p++;
	r->call.end = r->p;
	r->call_number = take(r, "#");
	if (r->call_number)
		return read_field(r, IN_IMM, INT32_MIN, INT32_MAX);
	return r->call.end > r->call.at || miss(r, "expected a function");
}

/* What stands in a map's brackets: looked up later, as the form is not certain yet. */
static bool read_map(struct asm_reader *r)
{
	const char *start = r->p, *end;

	while (r->p < r->end && *r->p != ']')
		r->p++;
	end = r->p;
	r->map = (struct text){ start, start };
	while (r->map.end < end && !isspace((unsigned char)*r->map.end))
		r->map.end++;
	if (end - start >= 4 && strncmp(start, "idx:", 4) == 0)
		return false;
	return r->map.end > start || miss(r, "expected a map");
}

/* What stands in an extern's brackets, which has an address only when libbpf loads an object. */
static bool read_extern(struct asm_reader *r)
{
	if (r->ctx->names)
		return miss(r, "externs have no address here");
	while (r->p < r->end && *r->p != ']')
		r->p++;
	return take(r, "]") || miss(r, "expected ']'");
}

/* 64 bits. A mov takes decimal numbers, unless "ll" follows or they need more than 32 bits. */
static bool read_wide(struct asm_reader *r)
{
	uint64_t value;
	bool minus, hex;

	asm_skip_blanks(r);
	if (take(r, "extern["))
		return read_extern(r);
	minus = take(r, "-");
	hex = !minus && r->end - r->p > 2 && strncmp(r->p, "0x", 2) == 0;
	if (r->p == r->end || !isdigit((unsigned char)*r->p) || !read_digits(r, &value))
		return false;
	if (minus)
		value = -value;
	asm_skip_blanks(r);
	if (!take(r, "ll") && !hex && (int64_t)value == (int32_t)value)
		return false;
	return tell(r, IN_IMM, (int32_t)value) && tell(r, IN_HIGH, (int32_t)(value >> 32));
}

/* Upper or lower half of imm. */
static bool read_half(struct asm_reader *r, int shift)
{
	int64_t value;

	if (!read_number(r, 0, UINT16_MAX, &value))
		return false;
	r->out.insn->imm |= (uint32_t)value << shift;
	return true;
}

static bool read_element(struct asm_reader *r, char element)
{
	switch (element) {
	case '%':
		return take(r, "%") || miss(r, NULL);
	case 'd':
		return read_register(r, IN_DST);
	case 's':
		return read_register(r, IN_SRC);
	case 'o':
		return read_offset(r, IN_OFF, INT16_MIN, INT16_MAX);
	case 'O':
		return read_offset(r, IN_HIGH, INT32_MIN, INT32_MAX);
	case 'i':
	case 'x':
		return read_imm(r);
	case 'X':
		return read_wide(r);
	case 'A':
		return read_half(r, 16);
	case 'B':
		return read_half(r, 0);
	case 'J':
		return read_target(r, TARGET_OFF);
	case 'L':
		return read_target(r, TARGET_IMM);
	case 'c':
		return read_target(r, TARGET_CALL);
	case 'l':
		return read_target(r, TARGET_FUNC);
	case 'g':
		return skip_name(r);
	case 'h':
	case 'k':
		return read_call(r);
	case 'm':
		return read_map(r);
	}
	return read_word(r, element);
}

/* Any blanks, which two words need between them. */
static bool read_blanks(struct asm_reader *r)
{
	const char *start = r->p;

	asm_skip_blanks(r);
	return r->p > start || r->p == r->end || !is_word(*r->p) || !is_word(r->p[-1]) ||
	       miss(r, NULL);
}

/* A literal character; blanks may stand before it, except within a word. */
static bool read_literal(struct asm_reader *r, const char *p)
{
	if (*p == ' ')
		return read_blanks(r);
	if (!(is_word(*p) && p > r->form->text && is_word(p[-1])))
		asm_skip_blanks(r);
	if (r->p == r->end || *r->p != *p)
		return miss(r, NULL);
	r->p++;
	return true;
}

/* Reads t as form f: all of it. */
static bool read_form(struct asm_reader *r, const struct insn_form *form, struct text t)
{
	r->form = form;
	r->p = t.at;
	r->end = t.end;
	r->seen = 0;
	r->out = (struct asm_insn){ .wide = form->code == INSN_LD_IMM64 };
	r->out.insn[0] = (struct bpf_insn){
		.code = form->code, .src_reg = form->src, .off = form->off, .imm = form->imm,
	};
	r->call = r->map = (struct text){ 0 };
	for (const char *p = form->text; *p; p++)
		if (*p == '%' ? !read_element(r, *++p) : !read_literal(r, p))
			return false;
	asm_skip_blanks(r);
	return r->p == r->end || miss(r, "expected nothing more");
}

static bool find_form(struct asm_reader *r, struct text t)
{
	r->best = t.at;
	for (unsigned f = 0; f < nr_insn_forms; f++)
		if (!insn_forms[f].internal && read_form(r, &insn_forms[f], t))
			return true;
	return false;
}

static struct span span_of(const struct asm_context *ctx, const char *at, const char *end)
{
	return (struct span){ ctx->src, at - ctx->src->text, end - ctx->src->text };
}

/* Whether not even the first word of @t is the begin of an instruction. */
static bool is_foreign(const struct asm_reader *r, struct text t)
{
	const char *p = t.at;

	while (p < r->best && is_word(*p))
		p++;
	return p == r->best && (p == t.at || (p < t.end && isalpha((unsigned char)*p)));
}

static int complain(const struct asm_reader *r, struct text t)
{
	const char *end = r->best < t.end ? r->best + 1 : t.end;
	int len = t.end - t.at < QUOTED_MAX ? t.end - t.at : QUOTED_MAX;
	const char *more = len < t.end - t.at ? "..." : "";

	if (is_foreign(r, t)) {
		diag_error(r->ctx->d, span_of(r->ctx, t.at, t.end),
			   "unknown instruction '%.*s%s'", len, t.at, more);
		diag_hint(r->ctx->d, "instructions look as in 'prog dump xlated': r0 = 2");
		return -1;
	}
	return diag_error(r->ctx->d, span_of(r->ctx, r->best, end), "cannot read '%.*s%s'%s%s", len,
			  t.at, more, r->missed ? ": " : "", r->missed ? r->missed : "");
}

static void unknown_call(const struct asm_reader *r, const char *name, bool kfunc)
{
	const struct asm_names *names = r->ctx->names;
	struct bpf_insn other = { .src_reg = BPF_PSEUDO_KFUNC_CALL };
	const char *near = kfunc ? NULL : helper_nearest(name);

	diag_error(r->ctx->d, span_of(r->ctx, r->call.at, r->call.end),
		   "unknown %s '%s'", kfunc ? "kfunc" : "helper or label", name);
	if (!kfunc && names && names->call && !names->call(names->user, name, &other))
		diag_hint(r->ctx->d, "it is a kfunc: call %s kfunc", name);
	else if (near)
		diag_hint(r->ctx->d, "did you mean '%s'?", near);
}

/* Makes a helper's or kfunc's name its number, unless the number itself counts. */
static int resolve_call(struct asm_reader *r)
{
	const struct asm_names *names = r->ctx->names;
	struct bpf_insn *call = r->out.insn;
	size_t len = r->call.end - r->call.at;
	bool kfunc = call->src_reg == BPF_PSEUDO_KFUNC_CALL;
	int32_t id = kfunc ? -1 : helper_id(r->call.at, len);
	char *name;
	int err;

	if (!r->call.at || (r->call_number && r->ctx->form == CODE_XLATED))
		return 0;
	if (id >= 0) {
		call->imm = id;
		return 0;
	}
	name = xstrndup(r->call.at, len);
	err = !names || !names->call || names->call(names->user, name, call);
	if (err && !r->call_number)
		unknown_call(r, name, kfunc);
	free(name);
	return err && !r->call_number ? -1 : 0;
}

static int resolve_map(struct asm_reader *r)
{
	const struct asm_names *names = r->ctx->names;
	struct span at = span_of(r->ctx, r->map.at, r->map.end);
	char *ref, *end;
	int imm = 0;

	if (!r->map.at)
		return 0;
	ref = xstrndup(r->map.at, r->map.end - r->map.at);
	if (names && names->map) {
		imm = names->map(names->user, ref, at, r->ctx->d);
		free(ref);
		if (imm < 0)
			return -1;
		r->out.insn->imm = imm;
		return 0;
	}
	if (strncmp(ref, "id:", 3) == 0) {
		unsigned long id = strtoul(ref + 3, &end, 10);

		if (*end || end == ref + 3 || id > UINT32_MAX)
			imm = diag_error(r->ctx->d, at, "'%s' is no map ID", ref + 3);
		else
			r->out.insn->imm = id;
	}
	free(ref);
	return imm;
}

/* Fields in braces after an instruction, by name, with what fits. */
static const struct brace_field {
	const char *name;
	enum insn_field field;		/* 0: the opcode */
	int64_t min, max;
} brace_fields[] = {
	{ "code=", 0, 0, UINT8_MAX },
	{ "dst=", IN_DST, 0, 15 },
	{ "src=", IN_SRC, 0, 15 },
	{ "off=", IN_OFF, INT16_MIN, INT16_MAX },
	{ "imm=", IN_IMM, INT32_MIN, UINT32_MAX },
	{ "high=", IN_HIGH, INT32_MIN, UINT32_MAX },
};

static bool read_brace(struct asm_reader *r)
{
	int64_t value;

	asm_skip_blanks(r);
	for (size_t i = 0; i < ARRAY_SIZE(brace_fields); i++) {
		const struct brace_field *f = &brace_fields[i];

		if (!take(r, f->name))
			continue;
		if (!read_number(r, f->min, f->max, &value))
			return false;
		r->seen = 0;
		if (f->field)
			tell(r, f->field, value);
		else
			r->out.insn->code = value;
		r->out.given |= f->field;
		return true;
	}
	return miss(r, "expected a field such as off=1");
}

static bool read_braces(struct asm_reader *r, struct text t)
{
	r->p = r->best = t.at;
	r->end = t.end;
	r->missed = NULL;
	for (asm_skip_blanks(r); r->p < r->end; asm_skip_blanks(r))
		if (!read_brace(r))
			return false;
	return true;
}

/* Cuts "{...}" off the end of @t. */
static struct text cut_braces(struct text *t)
{
	struct text none = { t->end, t->end }, braces;
	const char *p = t->end - 1;

	if (t->at == t->end || *p != '}')
		return none;
	while (p > t->at && *p != '{')
		p--;
	if (*p != '{')
		return none;
	braces = (struct text){ p + 1, t->end - 1 };
	for (t->end = p; t->end > t->at && isspace((unsigned char)t->end[-1]);)
		t->end--;
	return braces;
}

static bool is_unknown(struct text t)
{
	return t.end - t.at == 7 && strncmp(t.at, "unknown", 7) == 0;
}

int asm_insn_read(const struct asm_context *ctx, struct text t, struct asm_insn *out)
{
	struct asm_reader r = { .ctx = ctx };
	struct text whole = t, braces = cut_braces(&t);

	if (!is_unknown(t) || braces.at == whole.end) {
		if (!find_form(&r, t))
			return complain(&r, t);
		if (resolve_call(&r) || resolve_map(&r))
			return -1;
	}
	if (!read_braces(&r, braces))
		return complain(&r, whole);
	r.out.wide |= !!(r.out.given & IN_HIGH);
	*out = r.out;
	return 0;
}
