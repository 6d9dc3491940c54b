// SPDX-License-Identifier: BSD-2-Clause
/* The forms of all instructions, and the text that they give. */
#include <inttypes.h>
#include <string.h>

#include "render/code/code.h"
#include "render/code/disasm.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/near.h"
#include "shell/base/text.h"

/* What these headers do not name: opcodes of the kernel itself, and of newer instruction sets. */
#define GOTOX		(BPF_JMP | BPF_JA | BPF_X)
#define CALLX		(BPF_JMP | BPF_CALL | BPF_X)
#define PROBE_MEM	0x20
#define PROBE_MEMSX	0x40
#define PROBE_MEM32	0xa0
#define PROBE_MEM32SX	0xc0
#define PROBE_ATOMIC	0xe0
#define NOSPEC		0xc0
#define ADDR_SPACE_CAST	1
#define ADDR_PERCPU	(-1)
#define MAY_GOTO	0
#define BSWAP		(BPF_ALU64 | BPF_END)

/* Masks: all of an opcode; all but the operation; all but the size. */
#define ALL		0xff
#define ANY_OP		0x0f
#define ANY_SIZE	0xe7

#define ALU_FORMS(r, class)								\
	{ r "%d = -" r "%d", class | BPF_NEG, ALL },					\
	{ r "%d s/= " r "%s", class | BPF_DIV | BPF_X, ALL, IN_OFF, .off = 1 },		\
	{ r "%d s%%= " r "%s", class | BPF_MOD | BPF_X, ALL, IN_OFF, .off = 1 },	\
	{ r "%d s/= %i", class | BPF_DIV, ALL, IN_OFF, .off = 1 },			\
	{ r "%d s%%= %i", class | BPF_MOD, ALL, IN_OFF, .off = 1 },			\
	{ r "%d = (s8)" r "%s", class | BPF_MOV | BPF_X, ALL, IN_OFF, .off = 8 },	\
	{ r "%d = (s16)" r "%s", class | BPF_MOV | BPF_X, ALL, IN_OFF, .off = 16 },	\
	{ r "%d %a " r "%s", class | BPF_X, ANY_OP },					\
	{ r "%d %a %i", class, ANY_OP }

#define LDX_FORMS(mode, sx_mode, how)							\
	{ "r%d = *(%u *)(r%s %o)", BPF_LDX | (mode), ANY_SIZE, .internal = how },	\
	{ "r%d = *(%t *)(r%s %o)", BPF_LDX | (sx_mode), ANY_SIZE, .internal = how }

#define STORE_FORMS(mode, how)								\
	{ "*(%u *)(r%d %o) = r%s", BPF_STX | (mode), ANY_SIZE, .internal = how },	\
	{ "*(%u *)(r%d %o) = %i", BPF_ST | (mode), ANY_SIZE, .internal = how }

#define ATOMIC_FORMS(mode, how)								\
	{ "lock *(%u *)(r%d %o) %p r%s", BPF_STX | (mode), ANY_SIZE, .internal = how },	\
	{ "r%s = atomic64_fetch_%f((%u *)(r%d %o), r%s)",				\
	  BPF_STX | (mode) | BPF_DW, ALL, .internal = how },				\
	{ "r%s = atomic_fetch_%f((%u *)(r%d %o), r%s)",					\
	  BPF_STX | (mode), ANY_SIZE, .internal = how },				\
	{ "r%s = atomic64_xchg((%u *)(r%d %o), r%s)",					\
	  BPF_STX | (mode) | BPF_DW, ALL, IN_IMM, .imm = BPF_XCHG, .internal = how },	\
	{ "r%s = atomic_xchg((%u *)(r%d %o), r%s)",					\
	  BPF_STX | (mode), ANY_SIZE, IN_IMM, .imm = BPF_XCHG, .internal = how },	\
	{ "r0 = atomic64_cmpxchg((%u *)(r%d %o), r0, r%s)",				\
	  BPF_STX | (mode) | BPF_DW, ALL, IN_IMM, .imm = BPF_CMPXCHG, .internal = how },\
	{ "r0 = atomic_cmpxchg((%u *)(r%d %o), r0, r%s)",				\
	  BPF_STX | (mode), ANY_SIZE, IN_IMM, .imm = BPF_CMPXCHG, .internal = how },	\
	{ "r%d = load_acquire((%u *)(r%s %o))",						\
	  BPF_STX | (mode), ANY_SIZE, IN_IMM, .imm = BPF_LOAD_ACQ, .internal = how },	\
	{ "store_release((%u *)(r%d %o), r%s)",						\
	  BPF_STX | (mode), ANY_SIZE, IN_IMM, .imm = BPF_STORE_REL, .internal = how }

#define JUMP_FORMS(r, class)								\
	{ "if " r "%d %j " r "%s goto %J", class | BPF_X, ANY_OP },			\
	{ "if " r "%d %j %x goto %J", class, ANY_OP }

/* Of two forms that fit, the first counts: the special ones stand before the general. */
const struct insn_form insn_forms[] = {
	{ "r%d = %X", INSN_LD_IMM64, ALL, IN_SRC, .src = 0 },
	{ "r%d = map[%m]", INSN_LD_IMM64, ALL, IN_SRC, .src = BPF_PSEUDO_MAP_FD },
	{ "r%d = map[%m][0]%O", INSN_LD_IMM64, ALL, IN_SRC, .src = BPF_PSEUDO_MAP_VALUE },
	{ "r%d = btf_id[%i]", INSN_LD_IMM64, ALL, IN_SRC, .src = BPF_PSEUDO_BTF_ID },
	{ "r%d = subprog[%l]%g", INSN_LD_IMM64, ALL, IN_SRC, .src = BPF_PSEUDO_FUNC },
	{ "r%d = map[idx:%i]", INSN_LD_IMM64, ALL, IN_SRC, .src = BPF_PSEUDO_MAP_IDX },
	{ "r%d = map[idx:%i]%O", INSN_LD_IMM64, ALL, IN_SRC, .src = BPF_PSEUDO_MAP_IDX_VALUE },
	{ "r%d = addr_space_cast(r%s, %A, %B)",
	  BPF_ALU64 | BPF_MOV | BPF_X, ALL, IN_OFF, .off = ADDR_SPACE_CAST },
	{ "r%d = &(void __percpu *)(r%s)",
	  BPF_ALU64 | BPF_MOV | BPF_X, ALL, IN_OFF, .off = ADDR_PERCPU },
	{ "r%d = (s32)r%s", BPF_ALU64 | BPF_MOV | BPF_X, ALL, IN_OFF, .off = 32 },
	ALU_FORMS("r", BPF_ALU64),
	ALU_FORMS("w", BPF_ALU),
	{ "r%d = le%e r%d", BPF_ALU | BPF_END | BPF_TO_LE, ALL },
	{ "r%d = be%e r%d", BPF_ALU | BPF_END | BPF_TO_BE, ALL },
	{ "r%d = bswap%e r%d", BSWAP, ALL },
	LDX_FORMS(BPF_MEM, BPF_MEMSX, false),
	STORE_FORMS(BPF_MEM, false),
	ATOMIC_FORMS(BPF_ATOMIC, false),
	{ "r0 = *(%v *)skb[%i]", BPF_LD | BPF_ABS, ANY_SIZE },
	{ "r0 = *(%v *)skb[r%s + %i]", BPF_LD | BPF_IND, ANY_SIZE },
	{ "nospec", BPF_ST | NOSPEC, ALL },
	{ "goto %J", BPF_JMP | BPF_JA, ALL },
	{ "gotol %L", BPF_JMP32 | BPF_JA, ALL },
	{ "gotox r%d", GOTOX, ALL },
	{ "may_goto %J", BPF_JMP | BPF_JCOND, ALL, IN_SRC, .src = MAY_GOTO },
	{ "call %c%g", BPF_JMP | BPF_CALL, ALL, IN_SRC, .src = BPF_PSEUDO_CALL },
	{ "call %k kfunc", BPF_JMP | BPF_CALL, ALL, IN_SRC, .src = BPF_PSEUDO_KFUNC_CALL },
	{ "call %h", BPF_JMP | BPF_CALL, ALL, IN_SRC, .src = 0 },
	{ "callx r%d", CALLX, ALL },
	{ "exit", BPF_JMP | BPF_EXIT, ALL },
	JUMP_FORMS("r", BPF_JMP),
	JUMP_FORMS("w", BPF_JMP32),
	LDX_FORMS(PROBE_MEM, PROBE_MEMSX, true),
	LDX_FORMS(PROBE_MEM32, PROBE_MEM32SX, true),
	STORE_FORMS(PROBE_MEM32, true),
	ATOMIC_FORMS(PROBE_ATOMIC, true),
};

const unsigned nr_insn_forms = ARRAY_SIZE(insn_forms);

/* Where one text begins another, the longer stands first. */
static const struct insn_word alu_words[] = {
	{ "s>>=", BPF_ARSH }, { "<<=", BPF_LSH }, { ">>=", BPF_RSH }, { "+=", BPF_ADD },
	{ "-=", BPF_SUB }, { "*=", BPF_MUL }, { "/=", BPF_DIV }, { "%=", BPF_MOD },
	{ "|=", BPF_OR }, { "&=", BPF_AND }, { "^=", BPF_XOR }, { "=", BPF_MOV }, { NULL },
};
static const struct insn_word jump_words[] = {
	{ "s>=", BPF_JSGE }, { "s<=", BPF_JSLE }, { "s>", BPF_JSGT }, { "s<", BPF_JSLT },
	{ "==", BPF_JEQ }, { "!=", BPF_JNE }, { ">=", BPF_JGE }, { "<=", BPF_JLE },
	{ ">", BPF_JGT }, { "<", BPF_JLT }, { "&", BPF_JSET }, { NULL },
};
static const struct insn_word unsigned_words[] = {
	{ "u8", BPF_B }, { "u16", BPF_H }, { "u32", BPF_W }, { "u64", BPF_DW }, { NULL },
};
static const struct insn_word narrow_words[] = {
	{ "u8", BPF_B }, { "u16", BPF_H }, { "u32", BPF_W }, { NULL },
};
static const struct insn_word signed_words[] = {
	{ "s8", BPF_B }, { "s16", BPF_H }, { "s32", BPF_W }, { NULL },
};
static const struct insn_word lock_words[] = {
	{ "+=", BPF_ADD }, { "|=", BPF_OR }, { "&=", BPF_AND }, { "^=", BPF_XOR }, { NULL },
};
static const struct insn_word fetch_words[] = {
	{ "add", BPF_ADD | BPF_FETCH }, { "or", BPF_OR | BPF_FETCH },
	{ "and", BPF_AND | BPF_FETCH }, { "xor", BPF_XOR | BPF_FETCH }, { NULL },
};
static const struct insn_word width_words[] = {
	{ "16", 16 }, { "32", 32 }, { "64", 64 }, { NULL },
};

const struct insn_word *insn_words(char element)
{
	switch (element) {
	case 'a':
		return alu_words;
	case 'j':
		return jump_words;
	case 'u':
		return unsigned_words;
	case 'v':
		return narrow_words;
	case 't':
		return signed_words;
	case 'p':
		return lock_words;
	case 'f':
		return fetch_words;
	case 'e':
		return width_words;
	}
	return NULL;
}

#define HELPER(x) [BPF_FUNC_##x] = "bpf_" #x
static const char *const helper_names[] = { __BPF_FUNC_MAPPER(HELPER) NULL };

const char *helper_name(int32_t id)
{
	return id > 0 && id < __BPF_FUNC_MAX_ID ? helper_names[id] : NULL;
}

const char *helper_nearest(const char *name)
{
	return nearest_word(name, helper_names);
}

int32_t helper_id(const char *name, size_t len)
{
	for (int32_t id = 1; id < __BPF_FUNC_MAX_ID; id++)
		if (helper_names[id] && strlen(helper_names[id]) == len &&
		    strncmp(helper_names[id], name, len) == 0)
			return id;
	return -1;
}

/* The bits of @insn that the words of @element name. */
static int32_t word_bits(char element, const struct bpf_insn *insn)
{
	switch (element) {
	case 'a':
	case 'j':
		return BPF_OP(insn->code);
	case 'u':
	case 'v':
	case 't':
		return BPF_SIZE(insn->code);
	}
	return insn->imm;
}

static const char *insn_word_text(char element, const struct bpf_insn *insn)
{
	for (const struct insn_word *w = insn_words(element); w->text; w++)
		if (w->bits == word_bits(element, insn))
			return w->text;
	return NULL;
}

/* The fields that the text of @element tells. */
static unsigned element_fields(char element)
{
	switch (element) {
	case 'd':
		return IN_DST;
	case 's':
		return IN_SRC;
	case 'o':
	case 'J':
		return IN_OFF;
	case 'X':
		return IN_IMM | IN_HIGH;
	case 'O':
		return IN_HIGH;
	case 'c':
		return IN_OFF | IN_IMM;
	case 'A':
	case 'B':
	case 'L':
	case 'e':
	case 'f':
	case 'h':
	case 'i':
	case 'k':
	case 'l':
	case 'm':
	case 'p':
	case 'x':
		return IN_IMM;
	}
	return 0;
}

/* The fields that a form tells, in its text or by being what it is: enum insn_field. */
static unsigned form_fields(const struct insn_form *form)
{
	unsigned fields = form->select;

	for (const char *p = form->text; (p = strchr(p, '%')); p += 2)
		fields |= element_fields(p[1]);
	return fields;
}

static bool has_form(const struct insn_form *form, const struct bpf_insn *insn)
{
	if ((insn->code & form->mask) != form->code ||
	    (form->select & IN_SRC && insn->src_reg != form->src) ||
	    (form->select & IN_OFF && insn->off != form->off) ||
	    (form->select & IN_IMM && insn->imm != form->imm))
		return false;
	for (const char *p = form->text; (p = strchr(p, '%')); p += 2)
		if (insn_words(p[1]) && !insn_word_text(p[1], insn))
			return false;
	return true;
}

static const struct insn_form *find_form(const struct code *code, uint32_t i)
{
	const struct bpf_insn *insn = &code->insns[i];

	if (insn->code == INSN_LD_IMM64 && code_next(code, i) == i + 1)
		return NULL;
	for (unsigned f = 0; f < nr_insn_forms; f++)
		if (has_form(&insn_forms[f], insn))
			return &insn_forms[f];
	return NULL;
}

static void print_name(struct buf *out, const char *name)
{
	buf_escaped(out, name, strlen(name));
}

static void print_func(struct buf *out, const struct code *code, uint32_t i)
{
	uint32_t f = code_func_at(code, code_target(code, i));
	const char *name = NULL;

	if (f == CODE_NONE)
		return;
	if (code->names.func && code->insns[i].code == (BPF_JMP | BPF_CALL))
		name = code->names.func(code->names.user, code->funcs[f].number);
	buf_putc(out, '#');
	print_name(out, name ? name : code->funcs[f].name);
}

static void print_call(struct buf *out, const struct code *code, uint32_t i, const char *unknown)
{
	const struct bpf_insn *insn = &code->insns[i];
	const struct code_ref *ref = code_ref_at(code, i);
	const char *name = ref ? ref->name : NULL;

	if (!name && !insn->src_reg)
		name = helper_name(insn->imm);
	if (!name && code->names.call)
		name = code->names.call(code->names.user, insn);
	print_name(out, name ? name : unknown);
	buf_printf(out, "#%d", insn->imm);
}

/* "id:5", with its name where the caller knows it, or the name from a relocation. */
static void print_map(struct buf *out, const struct code *code, uint32_t i)
{
	const struct code_ref *ref = code_ref_at(code, i);
	const char *name = NULL;

	if (ref) {
		buf_puts(out, ref->name);
		return;
	}
	buf_printf(out, "id:%u", (uint32_t)code->insns[i].imm);
	if (code->names.map)
		name = code->names.map(code->names.user, code->insns[i].imm);
	if (name) {
		buf_putc(out, ' ');
		print_name(out, name);
	}
}

static void print_imm64(struct buf *out, const struct code *code, uint32_t i)
{
	const struct bpf_insn *insn = &code->insns[i];
	const struct code_ref *ref = code_ref_at(code, i);

	if (ref)
		buf_printf(out, "extern[%s]", ref->name);
	else
		buf_printf(out, "0x%" PRIx64,
			   (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm);
}

/* A field of the instruction as a number; false where the element stands for something else. */
static bool print_number(struct buf *out, const struct bpf_insn *insn, char element)
{
	switch (element) {
	case 'd':
		buf_printf(out, "%u", insn->dst_reg);
		return true;
	case 's':
		buf_printf(out, "%u", insn->src_reg);
		return true;
	case 'o':
		buf_printf(out, "%+d", insn->off);
		return true;
	case 'i':
		buf_printf(out, "%d", insn->imm);
		return true;
	case 'l':
		buf_printf(out, "%+d", insn->imm);
		return true;
	case 'x':
		buf_printf(out, "0x%x", insn->imm);
		return true;
	case 'A':
		buf_printf(out, "%u", (uint32_t)insn->imm >> 16);
		return true;
	case 'B':
		buf_printf(out, "%u", insn->imm & 0xffff);
		return true;
	case 'J':
		buf_printf(out, "pc%+d", insn->off);
		return true;
	case 'L':
		buf_printf(out, "pc%+d", insn->imm);
		return true;
	case 'O':
		buf_printf(out, "%+d", insn[1].imm);
		return true;
	}
	return false;
}

static void print_element(struct buf *out, const struct code *code, uint32_t i, char element)
{
	if (print_number(out, &code->insns[i], element))
		return;
	switch (element) {
	case '%':
		buf_putc(out, '%');
		break;
	case 'X':
		print_imm64(out, code, i);
		break;
	case 'c':
		buf_printf(out, "pc%+" PRId64, code_target(code, i) - i - 1);
		break;
	case 'g':
		print_func(out, code, i);
		break;
	case 'h':
		print_call(out, code, i, "unknown");
		break;
	case 'k':
		print_call(out, code, i, "kernel-function");
		break;
	case 'm':
		print_map(out, code, i);
		break;
	default:
		buf_puts(out, insn_word_text(element, &code->insns[i]));
	}
}

/* Whether @number, the callee's in a dump, follows from the text; 0: the kernel hid it. */
static bool is_callee_number(const struct code *code, uint32_t i, uint32_t number)
{
	uint32_t f = code_func_at(code, code_target(code, i));

	return !number || (f != CODE_NONE && code->funcs[f].number == number);
}

/* The fields that the text does not tell though they are not zero. */
static unsigned untold_fields(const struct code *code, uint32_t i, const struct insn_form *form)
{
	const struct bpf_insn *insn = &code->insns[i];
	unsigned told = form ? form_fields(form) : 0, fields = 0;
	bool wide = code_next(code, i) == i + 2;

	if (form && insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL)
		told &= code->form == CODE_ELF ? ~IN_OFF :
			is_callee_number(code, i, insn->imm) ? ~0u : ~IN_IMM;
	if (form && wide && insn->src_reg == BPF_PSEUDO_FUNC && code->form == CODE_XLATED &&
	    is_callee_number(code, i, insn[1].imm))
		told |= IN_HIGH;
	fields |= insn->dst_reg ? IN_DST : 0;
	fields |= insn->src_reg ? IN_SRC : 0;
	fields |= insn->off ? IN_OFF : 0;
	fields |= insn->imm ? IN_IMM : 0;
	fields |= wide && (insn[1].imm || !form) ? IN_HIGH : 0;
	return fields & ~told;
}

static void print_field(struct buf *out, bool *more, const char *name, int value)
{
	buf_printf(out, "%s%s=%d", *more ? " " : " {", name, value);
	*more = true;
}

/* Writes what the text leaves out, such as " {off=3}": nothing gets lost. */
static void print_untold(struct buf *out, const struct code *code, uint32_t i,
			 const struct insn_form *form)
{
	const struct bpf_insn *insn = &code->insns[i];
	unsigned fields = untold_fields(code, i, form);
	bool more = false;

	if (!form || form->internal) {
		buf_printf(out, " {code=0x%02x", insn->code);
		more = true;
	}
	if (fields & IN_DST)
		print_field(out, &more, "dst", insn->dst_reg);
	if (fields & IN_SRC)
		print_field(out, &more, "src", insn->src_reg);
	if (fields & IN_OFF)
		print_field(out, &more, "off", insn->off);
	if (fields & IN_IMM)
		print_field(out, &more, "imm", insn->imm);
	if (fields & IN_HIGH)
		print_field(out, &more, "high", insn[1].imm);
	if (more)
		buf_putc(out, '}');
}

void code_print_insn(struct buf *out, const struct code *code, uint32_t i)
{
	const struct insn_form *form = find_form(code, i);

	if (!form)
		buf_puts(out, "unknown");
	for (const char *p = form ? form->text : ""; *p; p++) {
		size_t literal = strcspn(p, "%");

		buf_add(out, p, literal);
		p += literal;
		if (!*p)
			break;
		print_element(out, code, i, *++p);
	}
	print_untold(out, code, i, form);
}

void code_print_opcodes(struct buf *out, const struct code *code, uint32_t i)
{
	size_t len = (code_next(code, i) - i) * sizeof(struct bpf_insn);
	const uint8_t *bytes = (const uint8_t *)&code->insns[i];

	for (size_t n = 0; n < len; n++)
		buf_printf(out, "%s%02x", n ? " " : "", bytes[n]);
}

void code_print_linum(struct buf *out, const struct code_line *line)
{
	buf_puts(out, " [file:");
	print_name(out, line->file);
	buf_printf(out, " line_num:%u line_col:%u]", line->line, line->col);
}

void code_print_file(struct buf *out, const struct code_line *line)
{
	const char *slash = strrchr(line->file, '/');

	print_name(out, slash ? slash + 1 : line->file);
	buf_printf(out, ":%u", line->line);
}

void code_print_place(struct buf *out, const struct code_line *line)
{
	buf_puts(out, " @ ");
	code_print_file(out, line);
}
