// SPDX-License-Identifier: BSD-2-Clause
/*
 * Text through the assembler, as of an object's code and as of the kernel's: it is refused with a
 * message or read, and what was read and printed reads back as the same instructions.
 */
#include <string.h>

#include "render/code/asm.h"
#include "render/code/code_make.h"
#include "shell/base/buf.h"
#include "tests/fuzz/fuzz.h"

static struct bpf_insn *assemble(enum code_form form, const char *text, size_t len, uint32_t *nr)
{
	const struct source src = { .text = text, .len = len };
	struct diags d = { 0 };
	struct bpf_insn *insns = asm_read(&src, form, NULL, nr, NULL, &d);

	if (!insns != (d.errors > 0))
		abort();
	diags_clear(&d);
	return insns;
}

static void check_again(enum code_form form, const struct bpf_insn *insns, uint32_t nr)
{
	struct code *code = code_alloc(form, insns, nr, "fuzz", "", NULL);
	struct buf text = BUF_INIT;
	struct bpf_insn *again;
	uint32_t nr_again = 0;

	code_complete(code);
	for (uint32_t i = 0; i < nr; i = code_next(code, i)) {
		code_print_insn(&text, code, i);
		buf_putc(&text, '\n');
	}
	again = assemble(form, buf_str(&text), text.len, &nr_again);
	if (!again || nr_again != nr || memcmp(again, insns, nr * sizeof(*insns))) {
		fprintf(stderr, "other instructions from:\n%s", buf_str(&text));
		abort();
	}
	free(again);
	buf_free(&text);
	code_free(code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum code_form forms[] = { CODE_ELF, CODE_XLATED };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *text = xmemdup(data, size ? size : 1);	/* exactly as long */
		uint32_t nr = 0;
		struct bpf_insn *insns = assemble(forms[i], text, size, &nr);

		if (insns)
			check_again(forms[i], insns, nr);
		free(insns);
		free(text);
	}
	return 0;
}

static const char *const pieces[] = {
	"r0", "r1", "w2", "r10", " = ", " += ", " s>>= ", "*(u32 *)(", "r2 +4)", "if ", " == ",
	"goto ", "pc+1", "-8", "0x10", "call ", "bpf_loop", "#1", " kfunc", "map[", "id:5", "]",
	"[0]", "+8", "subprog[", "a", "a:", ";", "\n", "{", "off=1", "}", "exit", "lock ", " ll",
	"be16 ", "(s8)", "atomic_fetch_add(", "12: (b7) ", "//", "extern[", "unknown", ",", "0",
};

/* Words of the notation in any order: most are refused, at all depths of the parser. */
static void run_random(void)
{
	struct buf text = BUF_INIT;

	for (int n = random() % 30; n > 0; n--)
		buf_puts(&text, pieces[random() % ARRAY_SIZE(pieces)]);
	LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&text), text.len);
	buf_free(&text);
}

FUZZ_PIECES(pieces)
FUZZ_MAIN(run_random)
