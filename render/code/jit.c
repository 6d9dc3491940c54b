// SPDX-License-Identifier: BSD-2-Clause
/* Machine code to text, by libcapstone where it is installed. */
#include <capstone/capstone.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/code/jit.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/base/library.h"
#include "sonames.h"

#if defined(__x86_64__)
#define JIT_ARCH CS_ARCH_X86
#define JIT_MODE CS_MODE_64
#elif defined(__aarch64__)
#define JIT_ARCH CS_ARCH_ARM64
#define JIT_MODE CS_MODE_ARM
#elif defined(__powerpc64__)
#define JIT_ARCH CS_ARCH_PPC
#define JIT_MODE (CS_MODE_64 | (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : CS_MODE_BIG_ENDIAN))
#elif defined(__s390x__)
#define JIT_ARCH CS_ARCH_SYSZ
#define JIT_MODE CS_MODE_BIG_ENDIAN
#endif

/* What is used of the library. */
#define FUNCTIONS(X) X(cs_open) X(cs_close) X(cs_option) X(cs_malloc) X(cs_free) X(cs_disasm_iter)

LIBRARY_NOTE(capstone, LIBCAPSTONE, "disassembly", "machine code as text", LIBRARY_RECOMMENDED);

struct capstone {
	FUNCTIONS(LIBRARY_POINTER)
};

static int no_disassembler(struct diags *d, struct span at, const char *why)
{
	diag_error(d, at, "cannot disassemble machine code: %s", why);
	diag_hint(d, "install the library %s (Debian: libcapstone4)",
		  *LIBCAPSTONE ? LIBCAPSTONE : "libcapstone");
	return -1;
}

#ifdef JIT_ARCH
static bool load_capstone(struct capstone *cs)
{
	static const struct library_function functions[] = { FUNCTIONS(LIBRARY_FUNCTION) };

	return library_open(LIBCAPSTONE, functions, ARRAY_SIZE(functions), cs) == LIBRARY_OPEN;
}

/* "call 0x1234", "jmp 0x1234": where it leads. */
static uint64_t target_of(const cs_insn *insn)
{
	unsigned long long to;
	int used = 0;

	if (sscanf(insn->op_str, "0x%llx%n", &to, &used) == 1 && !insn->op_str[used])
		return to;
	return 0;
}

/* "$0x1234, %rdi", "$-0x12, %rsi": the constant. */
static uint64_t constant_of(const cs_insn *insn)
{
	const char *s = insn->op_str;
	bool minus;
	uint64_t n;

	if (*s++ != '$')
		return 0;
	minus = *s == '-';
	n = strtoull(s + minus, NULL, 0);
	return minus ? -n : n;
}

static int undecoded(const uint8_t *byte, uint64_t address, jit_fn fn, void *arg)
{
	struct jit_insn insn = { .address = address, .bytes = byte, .size = 1, .operation = ".byte" };
	char text[8];

	snprintf(text, sizeof(text), "0x%02x", *byte);
	insn.operands = text;
	return fn(arg, &insn);
}

static int disassemble(struct capstone *cs, csh handle, const uint8_t *code, size_t len,
		       uint64_t address, jit_fn fn, void *arg)
{
	cs_insn *insn = cs->cs_malloc(handle);
	int ret = 0;

	while (!ret && len) {
		const uint8_t *bytes = code;

		if (cs->cs_disasm_iter(handle, &code, &len, &address, insn)) {
			struct jit_insn one = {
				.address = insn->address, .bytes = bytes, .size = insn->size,
				.operation = insn->mnemonic, .operands = insn->op_str,
				.target = target_of(insn), .constant = constant_of(insn),
			};

			ret = fn(arg, &one);
		} else {
			ret = undecoded(code, address, fn, arg);
			code++;
			address++;
			len--;
		}
	}
	cs->cs_free(insn, 1);
	return ret;
}

int jit_disassemble(const uint8_t *code, size_t len, uint64_t address, jit_fn fn, void *arg,
		    struct span at, struct diags *d)
{
	struct capstone cs;
	csh handle;
	int ret;

	if (!load_capstone(&cs))
		return no_disassembler(d, at, library_error());
	if (cs.cs_open(JIT_ARCH, JIT_MODE, &handle) != CS_ERR_OK)
		return no_disassembler(d, at, "the library does not know this machine");
	if (JIT_ARCH == CS_ARCH_X86)
		cs.cs_option(handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	ret = disassemble(&cs, handle, code, len, address, fn, arg);
	cs.cs_close(&handle);
	return ret;
}
#else
int jit_disassemble(const uint8_t *code, size_t len, uint64_t address, jit_fn fn, void *arg,
		    struct span at, struct diags *d)
{
	return no_disassembler(d, at, "not known for this machine");
}
#endif
