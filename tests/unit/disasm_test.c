// SPDX-License-Identifier: BSD-2-Clause
/* Instructions to text, in every form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "render/code/disasm.h"
#include "shell/base/buf.h"
#include "tests/unit/code.h"

#define ALU64(op, d, s, o, i) INSN(BPF_ALU64 | (op), d, s, o, i)
#define ALU32(op, d, s, o, i) INSN(BPF_ALU | (op), d, s, o, i)
#define LDX(mode, size, d, s, o) INSN(BPF_LDX | (mode) | (size), d, s, o, 0)
#define STX(mode, size, d, s, o, i) INSN(BPF_STX | (mode) | (size), d, s, o, i)
#define JMP(op, d, s, o, i) INSN(BPF_JMP | (op), d, s, o, i)
#define JMP32(op, d, s, o, i) INSN(BPF_JMP32 | (op), d, s, o, i)

/* What code_print_insn() makes of the first of @insns. */
static char *text_of(enum code_form form, const struct bpf_insn *insns, uint32_t nr,
		     const struct code_names *names)
{
	struct code *code = make_code(form, insns, nr, names);
	struct buf out = BUF_INIT;

	code_print_insn(&out, code, 0);
	code_free(code);
	return buf_detach(&out);
}

static void check(const struct bpf_insn *insns, uint32_t nr, const char *text)
{
	char *got = text_of(CODE_ELF, insns, nr, NULL);

	assert_string_equal(got, text);
	free(got);
}

#define SINGLE(text, insn) check((struct bpf_insn[]){ insn }, 1, text)
#define DOUBLE(text, ...) check((struct bpf_insn[]){ __VA_ARGS__ }, 2, text)

static void arithmetic(void **state)
{
	SINGLE("r1 += 5", ALU64(BPF_ADD, 1, 0, 0, 5));
	SINGLE("r1 -= -5", ALU64(BPF_SUB, 1, 0, 0, -5));
	SINGLE("w9 *= 7", ALU32(BPF_MUL, 9, 0, 0, 7));
	SINGLE("r1 /= r2", ALU64(BPF_DIV | BPF_X, 1, 2, 0, 0));
	SINGLE("r1 s/= r2", ALU64(BPF_DIV | BPF_X, 1, 2, 1, 0));
	SINGLE("w1 s/= 3", ALU32(BPF_DIV, 1, 0, 1, 3));
	SINGLE("w1 %= w2", ALU32(BPF_MOD | BPF_X, 1, 2, 0, 0));
	SINGLE("r1 s%= 3", ALU64(BPF_MOD, 1, 0, 1, 3));
	SINGLE("r1 |= r2", ALU64(BPF_OR | BPF_X, 1, 2, 0, 0));
	SINGLE("r1 &= 255", ALU64(BPF_AND, 1, 0, 0, 255));
	SINGLE("w1 ^= w2", ALU32(BPF_XOR | BPF_X, 1, 2, 0, 0));
	SINGLE("r1 <<= 3", ALU64(BPF_LSH, 1, 0, 0, 3));
	SINGLE("r1 >>= 3", ALU64(BPF_RSH, 1, 0, 0, 3));
	SINGLE("w1 s>>= 3", ALU32(BPF_ARSH, 1, 0, 0, 3));
	SINGLE("r3 = -r3", ALU64(BPF_NEG, 3, 0, 0, 0));
	SINGLE("w3 = -w3", ALU32(BPF_NEG, 3, 0, 0, 0));
	SINGLE("r3 = 2147483647", ALU64(BPF_MOV, 3, 0, 0, INT32_MAX));
	SINGLE("r3 = -2147483648", ALU64(BPF_MOV, 3, 0, 0, INT32_MIN));
	SINGLE("w0 = w10", ALU32(BPF_MOV | BPF_X, 0, 10, 0, 0));
	SINGLE("r1 = (s8)r2", ALU64(BPF_MOV | BPF_X, 1, 2, 8, 0));
	SINGLE("r1 = (s16)r2", ALU64(BPF_MOV | BPF_X, 1, 2, 16, 0));
	SINGLE("r1 = (s32)r2", ALU64(BPF_MOV | BPF_X, 1, 2, 32, 0));
	SINGLE("w1 = (s8)w2", ALU32(BPF_MOV | BPF_X, 1, 2, 8, 0));
	SINGLE("r1 = addr_space_cast(r2, 1, 0)", ALU64(BPF_MOV | BPF_X, 1, 2, 1, 0x10000));
	SINGLE("r0 = &(void __percpu *)(r0)", ALU64(BPF_MOV | BPF_X, 0, 0, -1, 0));
	SINGLE("r1 = le16 r1", ALU32(BPF_END | BPF_TO_LE, 1, 0, 0, 16));
	SINGLE("r1 = be64 r1", ALU32(BPF_END | BPF_TO_BE, 1, 0, 0, 64));
	SINGLE("r1 = bswap32 r1", ALU64(BPF_END, 1, 0, 0, 32));
}

static void memory(void **state)
{
	SINGLE("r1 = *(u8 *)(r2 +0)", LDX(BPF_MEM, BPF_B, 1, 2, 0));
	SINGLE("r1 = *(u16 *)(r2 -8)", LDX(BPF_MEM, BPF_H, 1, 2, -8));
	SINGLE("r1 = *(u32 *)(r1 +4)", LDX(BPF_MEM, BPF_W, 1, 1, 4));
	SINGLE("r1 = *(u64 *)(r10 -32768)", LDX(BPF_MEM, BPF_DW, 1, 10, -32768));
	SINGLE("r1 = *(s8 *)(r2 +1)", LDX(BPF_MEMSX, BPF_B, 1, 2, 1));
	SINGLE("r1 = *(s16 *)(r2 +1)", LDX(BPF_MEMSX, BPF_H, 1, 2, 1));
	SINGLE("r1 = *(s32 *)(r2 +1)", LDX(BPF_MEMSX, BPF_W, 1, 2, 1));
	SINGLE("*(u64 *)(r10 -8) = r1", STX(BPF_MEM, BPF_DW, 10, 1, -8, 0));
	SINGLE("*(u16 *)(r10 +2) = -3", INSN(BPF_ST | BPF_MEM | BPF_H, 10, 0, 2, -3));
	SINGLE("nospec", INSN(BPF_ST | 0xc0, 0, 0, 0, 0));
	SINGLE("r0 = *(u16 *)skb[12]", INSN(BPF_LD | BPF_ABS | BPF_H, 0, 0, 0, 12));
	SINGLE("r0 = *(u8 *)skb[r7 + 14]", INSN(BPF_LD | BPF_IND | BPF_B, 0, 7, 0, 14));
}

static void atomics(void **state)
{
	SINGLE("lock *(u32 *)(r10 -8) += r2", STX(BPF_ATOMIC, BPF_W, 10, 2, -8, BPF_ADD));
	SINGLE("lock *(u64 *)(r10 -8) |= r2", STX(BPF_ATOMIC, BPF_DW, 10, 2, -8, BPF_OR));
	SINGLE("lock *(u64 *)(r1 +0) &= r2", STX(BPF_ATOMIC, BPF_DW, 1, 2, 0, BPF_AND));
	SINGLE("lock *(u64 *)(r1 +0) ^= r2", STX(BPF_ATOMIC, BPF_DW, 1, 2, 0, BPF_XOR));
	SINGLE("r2 = atomic64_fetch_add((u64 *)(r1 +8), r2)",
	       STX(BPF_ATOMIC, BPF_DW, 1, 2, 8, BPF_ADD | BPF_FETCH));
	SINGLE("r2 = atomic_fetch_or((u32 *)(r1 +8), r2)",
	       STX(BPF_ATOMIC, BPF_W, 1, 2, 8, BPF_OR | BPF_FETCH));
	SINGLE("r2 = atomic_fetch_and((u8 *)(r1 +8), r2)",
	       STX(BPF_ATOMIC, BPF_B, 1, 2, 8, BPF_AND | BPF_FETCH));
	SINGLE("r2 = atomic_fetch_xor((u16 *)(r1 +8), r2)",
	       STX(BPF_ATOMIC, BPF_H, 1, 2, 8, BPF_XOR | BPF_FETCH));
	SINGLE("r2 = atomic64_xchg((u64 *)(r1 +8), r2)", STX(BPF_ATOMIC, BPF_DW, 1, 2, 8, BPF_XCHG));
	SINGLE("r2 = atomic_xchg((u32 *)(r1 +8), r2)", STX(BPF_ATOMIC, BPF_W, 1, 2, 8, BPF_XCHG));
	SINGLE("r0 = atomic64_cmpxchg((u64 *)(r1 +8), r0, r2)",
	       STX(BPF_ATOMIC, BPF_DW, 1, 2, 8, BPF_CMPXCHG));
	SINGLE("r0 = atomic_cmpxchg((u32 *)(r1 +8), r0, r2)",
	       STX(BPF_ATOMIC, BPF_W, 1, 2, 8, BPF_CMPXCHG));
	SINGLE("r1 = load_acquire((u8 *)(r2 +4))",
	       STX(BPF_ATOMIC, BPF_B, 1, 2, 4, BPF_LOAD_ACQ));
	SINGLE("store_release((u64 *)(r1 +4), r2)",
	       STX(BPF_ATOMIC, BPF_DW, 1, 2, 4, BPF_STORE_REL));
	SINGLE("unknown {code=0xdb dst=1 src=2 imm=17}", STX(BPF_ATOMIC, BPF_DW, 1, 2, 0, 17));
}

static void jumps(void **state)
{
	SINGLE("goto pc+3", GOTO(3));
	SINGLE("goto pc-1", GOTO(-1));
	SINGLE("gotol pc-70000", GOTOL(-70000));
	SINGLE("gotox r3", GOTOX(3));
	SINGLE("may_goto pc+2", MAY_GOTO(2));
	SINGLE("exit", EXIT);
	SINGLE("if r3 > r2 goto pc+31", JMP(BPF_JGT | BPF_X, 3, 2, 31, 0));
	SINGLE("if r1 == 0x0 goto pc+0", JMP(BPF_JEQ, 1, 0, 0, 0));
	SINGLE("if w1 != 0xffffffff goto pc-2", JMP32(BPF_JNE, 1, 0, -2, -1));
	SINGLE("if w1 & w2 goto pc+1", JMP32(BPF_JSET | BPF_X, 1, 2, 1, 0));
	SINGLE("if r1 >= 0x10 goto pc+1", JMP(BPF_JGE, 1, 0, 1, 16));
	SINGLE("if r1 <= 0x10 goto pc+1", JMP(BPF_JLE, 1, 0, 1, 16));
	SINGLE("if r1 < r2 goto pc+1", JMP(BPF_JLT | BPF_X, 1, 2, 1, 0));
	SINGLE("if r1 s> r2 goto pc+1", JMP(BPF_JSGT | BPF_X, 1, 2, 1, 0));
	SINGLE("if r1 s>= r2 goto pc+1", JMP(BPF_JSGE | BPF_X, 1, 2, 1, 0));
	SINGLE("if w1 s< w2 goto pc+1", JMP32(BPF_JSLT | BPF_X, 1, 2, 1, 0));
	SINGLE("if w1 s<= w2 goto pc+1", JMP32(BPF_JSLE | BPF_X, 1, 2, 1, 0));
}

static void wide(void **state)
{
	DOUBLE("r1 = 0x1122334455667788", LD64(1, 0, 0x55667788, 0x11223344));
	DOUBLE("r1 = 0xffffffff", LD64(1, 0, -1, 0));
	DOUBLE("r1 = map[id:5]", LD64(1, BPF_PSEUDO_MAP_FD, 5, 0));
	DOUBLE("r1 = map[id:5][0]+8", LD64(1, BPF_PSEUDO_MAP_VALUE, 5, 8));
	DOUBLE("r1 = btf_id[77]", LD64(1, BPF_PSEUDO_BTF_ID, 77, 0));
	DOUBLE("r1 = map[idx:2]", LD64(1, BPF_PSEUDO_MAP_IDX, 2, 0));
	DOUBLE("r1 = map[idx:2]+16", LD64(1, BPF_PSEUDO_MAP_IDX_VALUE, 2, 16));
	DOUBLE("r1 = subprog[+5]", LD64(1, BPF_PSEUDO_FUNC, 5, 0));
	DOUBLE("unknown {code=0x18 dst=1 src=9 imm=5 high=0}", LD64(1, 9, 5, 0));
}

static void calls(void **state)
{
	const struct bpf_insn elf[] = { CALLF(1), EXIT, MOV(0, 1), EXIT };
	const struct bpf_insn xlated[] = {
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 1, 1), EXIT, MOV(0, 1), EXIT,
	};
	char *text;

	SINGLE("call bpf_map_lookup_elem#1", CALL(1));
	SINGLE("call unknown#0", CALL(0));
	SINGLE("call unknown#-5", CALL(-5));
	SINGLE("call kernel-function#1234 kfunc", KFUNC(1234));
	text = text_of(CODE_ELF, elf, 4, NULL);
	assert_string_equal(text, "call pc+1#subprog_1");
	free(text);
	text = text_of(CODE_XLATED, xlated, 4, NULL);
	assert_string_equal(text, "call pc+1#subprog_1");
	free(text);
}

static const char *call_name(void *user, const struct bpf_insn *call)
{
	return call->imm == -99 ? user : call->src_reg == 2 ? "a_kfunc" : NULL;
}

static const char *map_name(void *user, uint32_t id)
{
	return id == 5 ? "flo\033ws" : NULL;
}

static const char *func_symbol(void *user, uint32_t number)
{
	return number == 1 ? "bpf_prog_1\tf" : NULL;
}

static void names(void **state)
{
	const struct code_names names = {
		.call = call_name, .map = map_name, .func = func_symbol, .user = (void *)"some_helper"
	};
	const struct {
		struct bpf_insn insns[2];
		const char *text;
	} cases[] = {
		{ { CALL(-99) }, "call some_helper#-99" },
		{ { CALL(-98) }, "call unknown#-98" },
		{ { KFUNC(7) }, "call a_kfunc#7 kfunc" },
		{ { LD64(1, 1, 5, 0) }, "r1 = map[id:5 flo\\x1bws]" },
		{ { LD64(1, 2, 6, 0) }, "r1 = map[id:6][0]+0" },
		{ { INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 1), EXIT },
		  "call pc+0#bpf_prog_1\\x09f" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = text_of(CODE_XLATED, cases[i].insns, 2, &names);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

/* Fields that mean nothing in an instruction are told all the same. */
static void untold(void **state)
{
	SINGLE("r1 += 5 {src=3 off=-2}", ALU64(BPF_ADD, 1, 3, -2, 5));
	SINGLE("exit {dst=1 imm=9}", INSN(BPF_JMP | BPF_EXIT, 1, 0, 0, 9));
	SINGLE("goto pc+1 {src=15}", INSN(BPF_JMP | BPF_JA, 0, 15, 1, 0));
	SINGLE("r1 = *(u32 *)(r2 +4) {code=0x21}", INSN(0x21, 1, 2, 4, 0));
	SINGLE("lock *(u64 *)(r1 +0) += r2 {code=0xfb}", INSN(0xfb, 1, 2, 0, 0));
	SINGLE("unknown {code=0x00}", INSN(0, 0, 0, 0, 0));
	SINGLE("unknown {code=0xff dst=15 src=15 off=-1 imm=-1}", INSN(0xff, 15, 15, -1, -1));
	SINGLE("unknown {code=0xdc dst=1 imm=17}", ALU32(BPF_END | BPF_TO_BE, 1, 0, 0, 17));
	DOUBLE("r1 = map[id:5] {high=7}", LD64(1, BPF_PSEUDO_MAP_FD, 5, 7));
	DOUBLE("r1 = 0x5 {off=2}", INSN(0x18, 1, 0, 2, 5), INSN(0, 0, 0, 0, 0));
	DOUBLE("unknown {code=0x18 dst=1 imm=5}", INSN(0x18, 1, 0, 0, 5), INSN(0, 1, 0, 0, 0));
	SINGLE("unknown {code=0x18 dst=1 imm=5}", INSN(0x18, 1, 0, 0, 5));
}

/* Each of the 256 opcodes has a text, and ld_imm64's second half is never printed as one. */
static void all_opcodes(void **state)
{
	for (int code = 0; code < 256; code++) {
		const struct bpf_insn insns[] = { INSN(code, 1, 2, 3, 4), INSN(0, 0, 0, 0, 0) };
		char *text = text_of(CODE_XLATED, insns, 2, NULL);

		assert_true(strlen(text) > 3);
		free(text);
	}
}

static void opcodes_and_linum(void **state)
{
	const struct bpf_insn insns[] = { LD64(1, 0, 0x55667788, 0x11223344), EXIT };
	struct code *code = ELF_CODE(insns);
	const struct code_line line = { 0, 45, 42, "x", "a.c" };
	struct buf out = BUF_INIT;

	assert_true(code_is_half(code, 1));
	assert_int_equal(code_next(code, 0), 2);
	code_print_opcodes(&out, code, 0);
	/* As they lie in memory: on a big-endian host the register's half of its byte is the other. */
	assert_string_equal(buf_str(&out), __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
			    "18 01 00 00 88 77 66 55 00 00 00 00 44 33 22 11" :
			    "18 10 00 00 55 66 77 88 00 00 00 00 11 22 33 44");
	buf_reset(&out);
	code_print_opcodes(&out, code, 2);
	assert_string_equal(buf_str(&out), "95 00 00 00 00 00 00 00");
	buf_reset(&out);
	code_print_linum(&out, &line);
	assert_string_equal(buf_str(&out), " [file:a.c line_num:45 line_col:42]");
	buf_free(&out);
	code_free(code);
}

static void helpers(void **state)
{
	assert_string_equal(helper_name(1), "bpf_map_lookup_elem");
	assert_null(helper_name(0));
	assert_null(helper_name(-1));
	assert_null(helper_name(1 << 20));
	assert_int_equal(helper_id("bpf_map_lookup_elem", 19), 1);
	assert_int_equal(helper_id("bpf_map_lookup_elem", 18), -1);
	assert_int_equal(helper_id("", 0), -1);
}

/* A call that reaches farther than the 16 bits of a dump's off. */
static void far_call(void **state)
{
	const uint32_t nr = 200000;
	struct bpf_insn *insns = xcalloc(nr, sizeof(*insns));
	struct code *code;

	for (uint32_t i = 0; i < nr; i++)
		insns[i] = MOV(0, i);
	insns[0] = INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, (int16_t)150000, 1);
	insns[nr - 1] = EXIT;
	code = code_alloc(CODE_XLATED, insns, nr, "", "", NULL);
	code_add_func(code, NULL, 0, 0, "first");
	code_add_func(code, NULL, 150001, 0, "second");
	code_complete(code);
	assert_int_equal(code->nr_funcs, 2);
	assert_int_equal(code_target(code, 0), 150001);
	assert_true(code->funcs[1].called);
	code_free(code);
	insns[0].imm = 0;
	code = code_alloc(CODE_XLATED, insns, nr, "", "", NULL);
	code_add_func(code, NULL, 0, 0, "first");
	code_add_func(code, NULL, 150001, 0, "second");
	code_complete(code);
	assert_int_equal(code_target(code, 0), 150001);
	code_free(code);
	free(insns);
}

/* Functions come from BTF or from what is called; what makes no sense is left out. */
static void functions(void **state)
{
	const struct bpf_insn insns[] = {
		LD64(1, BPF_PSEUDO_FUNC, 5, 0),		/* callback at 6 */
		CALLF(1),				/* subprogram at 4 */
		EXIT,
		MOV(0, 0), EXIT,
		MOV(0, 1), EXIT,
		CALLF(100), CALLF(-100),
	};
	struct code *code = ELF_CODE(insns);

	assert_int_equal(code->nr_funcs, 3);
	assert_string_equal(code->funcs[0].name, "main");
	assert_int_equal(code->funcs[1].start, 4);
	assert_true(code->funcs[1].called && !code->funcs[1].callback);
	assert_int_equal(code->funcs[2].start, 6);
	assert_true(code->funcs[2].callback && !code->funcs[2].called);
	assert_int_equal(code_func_of(code, 5), 1);
	assert_int_equal(code_func_of(code, 9), 2);
	assert_int_equal(code_func_end(code, 1), 6);
	assert_int_equal(code_func_end(code, 2), ARRAY_SIZE(insns));
	assert_int_equal(code_func_at(code, 5), CODE_NONE);
	assert_int_equal(code_func_at(code, -1), CODE_NONE);
	code_free(code);

	code = code_alloc(CODE_ELF, insns, ARRAY_SIZE(insns), "", "", NULL);
	code_add_func(code, NULL, 0, 0, "a");
	code_add_func(code, NULL, 1, 0, "in a pair");
	code_add_func(code, NULL, 6, 0, "b");
	code_add_func(code, NULL, 5, 0, "out of order");
	code_add_func(code, NULL, 1000, 0, "out of range");
	code_complete(code);
	assert_int_equal(code->nr_funcs, 3);
	assert_string_equal(code->funcs[1].name, "subprog_1");
	assert_string_equal(code->funcs[2].name, "b");
	code_free(code);

	code = code_alloc(CODE_XLATED, NULL, 0, "x", NULL, NULL);
	code_complete(code);
	assert_int_equal(code->nr_funcs, 1);
	assert_int_equal(code->funcs[0].start, 0);
	code_free(code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic), cmocka_unit_test(memory), cmocka_unit_test(atomics),
		cmocka_unit_test(jumps), cmocka_unit_test(wide), cmocka_unit_test(calls),
		cmocka_unit_test(names), cmocka_unit_test(untold), cmocka_unit_test(all_opcodes),
		cmocka_unit_test(opcodes_and_linum), cmocka_unit_test(helpers),
		cmocka_unit_test(far_call), cmocka_unit_test(functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
