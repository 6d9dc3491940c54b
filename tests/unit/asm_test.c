// SPDX-License-Identifier: BSD-2-Clause
/* Text to instructions, and what the assembler says of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "render/code/asm.h"
#include "shell/base/buf.h"
#include "tests/unit/code.h"

static struct bpf_insn *assemble(const char *text, enum code_form form,
				 const struct asm_names *names, uint32_t *nr, struct diags *d)
{
	const struct source src = { .text = text, .len = strlen(text) };

	return asm_read(&src, form, names, nr, NULL, d);
}

static void expect(const char *text, const struct bpf_insn *insns, uint32_t nr)
{
	struct diags d = { 0 };
	uint32_t got_nr = 0;
	struct bpf_insn *got = assemble(text, CODE_ELF, NULL, &got_nr, &d);

	if (!got)
		fail_msg("'%s': %s", text, d.list[0].msg);
	assert_int_equal(got_nr, nr);
	assert_memory_equal(got, insns, nr * sizeof(*insns));
	free(got);
}

#define EXPECT(text, ...) expect(text, (struct bpf_insn[]){ __VA_ARGS__ }, \
	sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn))

/* The text is refused, with that message, at that place (from 0). */
static void refuse(const char *text, const char *msg, uint32_t start)
{
	struct diags d = { 0 };
	uint32_t nr;

	assert_null(assemble(text, CODE_ELF, NULL, &nr, &d));
	assert_true(d.errors > 0);
	assert_string_equal(d.list[0].msg, msg);
	assert_int_equal(d.list[0].span.start, start);
	diags_clear(&d);
}

static void statements(void **state)
{
	EXPECT("r0 = 2; exit", MOV(0, 2), EXIT);
	EXPECT("r0=2\nexit\n", MOV(0, 2), EXIT);
	EXPECT(";;r0 = 1\n  r0 = 2 ;; exit ; ", MOV(0, 2), EXIT);
	EXPECT("  ; return a; }\n  12: (b7) r0 = 2 // why\n  13: (95) exit # done\n", MOV(0, 2), EXIT);
	EXPECT("int xdp(struct xdp_md * ctx):\n; { return; }\n   0: (b7) r0 = 2\nexit", MOV(0, 2), EXIT);
	EXPECT("# only this\nexit", EXIT);
}

static void nothing(void **state)
{
	struct diags d = { 0 };
	uint32_t nr = 7;
	struct bpf_insn *none = assemble("", CODE_ELF, NULL, &nr, &d);

	assert_non_null(none);
	assert_int_equal(nr, 0);
	free(none);
}

static void operands(void **state)
{
	EXPECT("r1 += 0x10", ADD(1, 16));
	EXPECT("r1 += -1", ADD(1, -1));
	EXPECT("r1 += 0xffffffff", ADD(1, -1));
	EXPECT("r1 = 5", MOV(1, 5));
	EXPECT("r1 = 0x5", LD64(1, 0, 5, 0));
	EXPECT("r1 = 5 ll", LD64(1, 0, 5, 0));
	EXPECT("r1 = -5 ll", LD64(1, 0, -5, -1));
	EXPECT("r1 = 4294967296", LD64(1, 0, 0, 1));
	EXPECT("r1 = 0xffffffffffffffff", LD64(1, 0, -1, -1));
	EXPECT("r1 = *(u32*)(r2+4)", INSN(BPF_LDX | BPF_MEM | BPF_W, 1, 2, 4, 0));
	EXPECT("r1 = *( u32 * ) ( r2 - 4 )", INSN(BPF_LDX | BPF_MEM | BPF_W, 1, 2, -4, 0));
	EXPECT("r1 = *(u8 *)(r2)", INSN(BPF_LDX | BPF_MEM | BPF_B, 1, 2, 0, 0));
	EXPECT("*(u64 *)(r10 -8) = r1", INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 1, -8, 0));
	EXPECT("if r1 == 0 goto +3", IF(1, 0, 3));
	EXPECT("if r1 == 0x0 goto pc+3", IF(1, 0, 3));
	EXPECT("r1 = map[id:5]", LD64(1, BPF_PSEUDO_MAP_FD, 5, 0));
	EXPECT("r1 = map[flows][0]+8", LD64(1, BPF_PSEUDO_MAP_VALUE, 0, 8));
	EXPECT("r1 = map[idx:5]", LD64(1, BPF_PSEUDO_MAP_IDX, 5, 0));
	EXPECT("r1 = extern[jiffies]", LD64(1, 0, 0, 0));
	EXPECT("r1 += 5 {src=3 off=-2}", INSN(BPF_ALU64 | BPF_ADD, 1, 3, -2, 5));
	EXPECT("unknown {code=0xff dst=15 imm=-1}", INSN(0xff, 15, 0, 0, -1));
}

static void labels(void **state)
{
	EXPECT("if r1 == 0 goto out; r0 = 1; out: exit", IF(1, 0, 1), MOV(0, 1), EXIT);
	EXPECT("again: r1 += 1\n if r1 == 9 goto again\n exit", ADD(1, 1), IF(1, 9, -2), EXIT);
	EXPECT("gotol end; r1 = 1 ll; end: exit", GOTOL(2), LD64(1, 0, 1, 0), EXIT);
	EXPECT("call f; exit; f: g: exit", CALLF(1), EXIT, EXIT);
	EXPECT("r2 = subprog[f]; exit; f: exit", LD64(2, BPF_PSEUDO_FUNC, 2, 0), EXIT, EXIT);
	EXPECT("may_goto l; l: goto l", MAY_GOTO(0), GOTO(-1));
}

static void calls(void **state)
{
	EXPECT("call bpf_map_lookup_elem", CALL(1));
	EXPECT("call bpf_map_lookup_elem#274096", CALL(1));
	EXPECT("call 7", CALL(7));
	EXPECT("call unknown#-5", CALL(-5));
	EXPECT("call nobody_knows#12 kfunc", KFUNC(12));
	EXPECT("call pc+3#a_subprogram", CALLF(3));
	EXPECT("bpf_map_lookup_elem: call bpf_map_lookup_elem", CALLF(-1));
}

/* In a dump, calls have their distance in off, and number their callees. */
static void dumped_calls(void **state)
{
	const struct bpf_insn expected[] = {
		LD64(2, BPF_PSEUDO_FUNC, 5, 2),
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 1, 1), EXIT,
		MOV(0, 1), EXIT, EXIT,
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 9, 0), CALL(274096),
	};
	struct diags d = { 0 };
	uint32_t nr;
	struct bpf_insn *got = assemble("r2 = subprog[+5]\ncall pc+1\nexit\nr0 = 1\nexit\nexit\n"
					"call pc+9\ncall bpf_ktime_get_ns#274096",
					CODE_XLATED, NULL, &nr, &d);

	assert_non_null(got);
	assert_int_equal(nr, ARRAY_SIZE(expected));
	assert_memory_equal(got, expected, sizeof(expected));
	free(got);
}

static int find_call(void *user, const char *name, struct bpf_insn *call)
{
	if (strcmp(name, "a_kfunc") || call->src_reg != BPF_PSEUDO_KFUNC_CALL)
		return -1;
	call->imm = 4711;
	call->off = 3;
	return 0;
}

static int find_map(void *user, const char *ref, struct span at, struct diags *d)
{
	if (strcmp(ref, "flows") == 0 || strcmp(ref, "id:5") == 0)
		return 33;
	return diag_error(d, at, "no map '%s'", ref);
}

static void names(void **state)
{
	const struct asm_names names = { find_call, find_map, NULL };
	const struct bpf_insn expected[] = {
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 3, 4711),
		LD64(1, BPF_PSEUDO_MAP_FD, 33, 0), LD64(1, BPF_PSEUDO_MAP_VALUE, 33, 4),
	};
	struct diags d = { 0 };
	uint32_t nr;
	struct bpf_insn *got = assemble("call a_kfunc#1 kfunc; r1 = map[flows];"
					"r1 = map[id:5 any][0]+4", CODE_ELF, &names, &nr, &d);

	assert_non_null(got);
	assert_int_equal(nr, ARRAY_SIZE(expected));
	assert_memory_equal(got, expected, sizeof(expected));
	free(got);
	assert_null(assemble("r1 = extern[jiffies]", CODE_ELF, &names, &nr, &d));
	assert_string_equal(d.list[0].msg, "cannot read 'r1 = extern[jiffies]': "
			    "externs have no address here");
	diags_clear(&d);
	assert_null(assemble("r1 = map[other]", CODE_ELF, &names, &nr, &d));
	assert_string_equal(d.list[0].msg, "no map 'other'");
	assert_int_equal(d.list[0].span.start, 9);
	assert_int_equal(d.list[0].span.end, 14);
	diags_clear(&d);
}

static void errors(void **state)
{
	refuse("r0 = 2; jmp 5", "unknown instruction 'jmp 5'", 8);
	refuse("r0 = ", "cannot read 'r0 =': expected a number", 4);
	refuse("exit now", "cannot read 'exit now': expected nothing more", 5);
	refuse("r16 = 1", "cannot read 'r16 = 1': there is no such register", 3);
	refuse("r1 += 5000000000", "cannot read 'r1 += 5000000000': the number does not fit", 6);
	refuse("r1 = 99999999999999999999", "cannot read 'r1 = 99999999999999999999': "
	       "the number is too large", 24);
	refuse("goto nowhere", "cannot read 'goto nowhere': there is no such label", 5);
	refuse("goto 5", "cannot read 'goto 5': expected 'pc+N' or a label", 5);
	refuse("goto +40000", "cannot jump as far as +40000", 0);
	refuse("call bpf_map_lookup_elm", "unknown helper or label 'bpf_map_lookup_elm'", 5);
	refuse("call nobody kfunc", "unknown kfunc 'nobody'", 5);
	refuse("a: exit; a: exit", "label 'a' is there twice", 9);
	refuse("r1 = -r2", "cannot read 'r1 = -r2': expected the same register again", 8);
	refuse("r1 = map[id:x]", "'x' is no map ID", 9);
	refuse("exit {off=x}", "cannot read 'exit {off=x}': expected a number", 10);
	refuse("exit {of=1}", "cannot read 'exit {of=1}': expected a field such as off=1", 6);
	refuse("unknown", "unknown instruction 'unknown'", 0);
	refuse("mov r0, 1", "unknown instruction 'mov r0, 1'", 0);
	refuse("ret", "unknown instruction 'ret'", 0);
	refuse("w0 = r1", "cannot read 'w0 = r1': r goes with r, and w with w", 5);
	refuse("if r1 = 0 goto +1", "cannot read 'if r1 = 0 goto +1': expected a condition such as '=='", 6);
	refuse("r0 = *(u31 *)(r1)", "cannot read 'r0 = *(u31 *)(r1)': expected a size such as 'u32'", 7);
}

static void all_errors_are_told(void **state)
{
	struct diags d = { 0 };
	uint32_t nr;

	assert_null(assemble("one\nexit\ntwo\nthree", CODE_ELF, NULL, &nr, &d));
	assert_int_equal(d.errors, 3);
	diags_clear(&d);
}

/* Every opcode with every kind of field comes back as it was. */
static void round_trip(void **state)
{
	const int values[] = { 0, 1, -1, 5, 8, 16, 32, 64, 0x41, 0xe1, 0xf1, 0x100, 0x110, INT32_MIN };

	for (unsigned n = 0; n < 256 * ARRAY_SIZE(values) * 8; n++) {
		int value = values[n / 256 % ARRAY_SIZE(values)];
		unsigned kind = n / 256 / ARRAY_SIZE(values);
		const struct bpf_insn insns[] = {
			INSN(n % 256, kind & 1 ? 3 : 0, kind, kind & 4 ? value : 0, value),
			INSN(0, 0, 0, 0, kind & 2 ? value : 0), EXIT,
		};
		struct code *code = ELF_CODE(insns);
		struct buf text = BUF_INIT;
		struct diags d = { 0 };
		struct bpf_insn *got;
		uint32_t nr = 0;

		for (uint32_t i = 0; i < code->nr; i = code_next(code, i)) {
			code_print_insn(&text, code, i);
			buf_putc(&text, '\n');
		}
		got = assemble(buf_str(&text), CODE_ELF, NULL, &nr, &d);
		if (!got || nr != 3 || memcmp(got, insns, sizeof(insns)))
			fail_msg("%s: %s", buf_str(&text), got ? "other bytes" : d.list[0].msg);
		free(got);
		buf_free(&text);
		code_free(code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements), cmocka_unit_test(nothing),
		cmocka_unit_test(operands), cmocka_unit_test(labels), cmocka_unit_test(calls),
		cmocka_unit_test(dumped_calls), cmocka_unit_test(names), cmocka_unit_test(errors),
		cmocka_unit_test(all_errors_are_told), cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
