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

/* What the library calls this machine, and the bytes that instructions are multiples of. */
#if defined(__x86_64__)
#define JIT_ARCH CS_ARCH_X86
#define JIT_MODE CS_MODE_64
#define JIT_UNIT 1
#elif defined(__aarch64__)
#define JIT_ARCH CS_ARCH_ARM64
#define JIT_MODE CS_MODE_ARM
#define JIT_UNIT 4
#elif defined(__powerpc64__)
#define JIT_ARCH CS_ARCH_PPC
#define JIT_MODE (CS_MODE_64 | (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : CS_MODE_BIG_ENDIAN))
#define JIT_UNIT 4
#elif defined(__s390x__)
#define JIT_ARCH CS_ARCH_SYSZ
#define JIT_MODE CS_MODE_BIG_ENDIAN
#define JIT_UNIT 2
#elif defined(__riscv) && CS_API_MAJOR >= 5
#define JIT_ARCH CS_ARCH_RISCV
#define JIT_MODE (CS_MODE_RISCV64 | CS_MODE_RISCVC)
#define JIT_UNIT 2
#endif

/* What is used of the library. */
#define FUNCTIONS(X) X(cs_open) X(cs_close) X(cs_option) X(cs_malloc) X(cs_free) X(cs_disasm_iter)

LIBRARY_NOTE(capstone, LIBCAPSTONE, "disassembly", "machine code as text", LIBRARY_RECOMMENDED);

struct capstone {
	FUNCTIONS(LIBRARY_POINTER)
};

static int unknown_machine(struct diags *d, struct span at)
{
	return diag_error(d, at, "cannot disassemble machine code: libcapstone %d.%d does not know"
			  " that of this machine", CS_API_MAJOR, CS_API_MINOR);
}

#ifdef JIT_ARCH
static int no_disassembler(struct diags *d, struct span at, const char *why)
{
	diag_error(d, at, "cannot disassemble machine code: %s", why);
	diag_hint(d, "install the library %s (Debian: libcapstone4)",
		  *LIBCAPSTONE ? LIBCAPSTONE : "libcapstone");
	return -1;
}

static bool load_capstone(struct capstone *cs)
{
	static const struct library_function functions[] = { FUNCTIONS(LIBRARY_FUNCTION) };

	return library_open(LIBCAPSTONE, functions, ARRAY_SIZE(functions), cs) == LIBRARY_OPEN;
}

/* "call 0x1234", "jmp 0x1234", "b.eq #0x1234": where it leads. */
static uint64_t target_of(const cs_insn *insn)
{
	const char *s = insn->op_str + (*insn->op_str == '#');
	unsigned long long to;
	int used = 0;

	if (sscanf(s, "0x%llx%n", &to, &used) == 1 && !s[used])
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

/* Bytes that are no instruction. */
static int undecoded(const uint8_t *bytes, uint32_t size, uint64_t address, jit_fn fn, void *arg)
{
	struct jit_insn insn = { .address = address, .bytes = bytes, .size = size,
				 .operation = ".byte" };
	char text[JIT_UNIT * sizeof("0x00, ")], *to = text;

	for (uint32_t i = 0; i < size; i++)
		to += sprintf(to, i ? ", 0x%02x" : "0x%02x", bytes[i]);
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
			uint32_t size = len < JIT_UNIT ? len : JIT_UNIT;

			ret = undecoded(code, size, address, fn, arg);
			code += size;
			address += size;
			len -= size;
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
		return unknown_machine(d, at);
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
	return unknown_machine(d, at);
}
#endif
