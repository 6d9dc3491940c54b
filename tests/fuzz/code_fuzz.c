// SPDX-License-Identifier: BSD-2-Clause
/*
 * Raw instructions through the disassembler, the graph and the assembler:
 * nothing may crash or hang, graphs must keep their promises, and what was
 * printed must assemble to the bytes that it came from.
 *
 * Each input is a stream of instructions.
 */
#include <string.h>

#include "render/cfg/cfg.h"
#include "render/code/asm.h"
#include "render/code/code_make.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "tests/fuzz/fuzz.h"

#define INSNS_MAX 1024

static void fail(const struct code *code, const char *what, uint32_t i)
{
	fprintf(stderr, "%s at %u of %u:\n", what, i, code->nr);
	for (uint32_t n = 0; n < code->nr && n < 64; n++)
		fprintf(stderr, "%016llx\n", *(unsigned long long *)&code->insns[n]);
	abort();
}

static void check_blocks(const struct cfg *cfg)
{
	uint32_t at = 0;

	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		const struct cfg_block *block = &cfg->blocks[b];

		if (block->start != at || block->end <= at || code_is_half(cfg->code, at))
			fail(cfg->code, "blocks do not follow one another", at);
		if (!(block->flags & (BLOCK_EXIT | BLOCK_BAD_JUMP | BLOCK_FALLS_OFF | BLOCK_GOTOX)) &&
		    !block->nr_edges)
			fail(cfg->code, "a block leads nowhere", at);
		if (block->idom != CFG_NONE && !cfg_dominates(cfg, block->idom, b))
			fail(cfg->code, "a dominator does not dominate", at);
		at = block->end;
	}
	if (at != cfg->code->nr)
		fail(cfg->code, "blocks end early", at);
}

static void check_edges(const struct cfg *cfg)
{
	for (uint32_t e = 0; e < cfg->nr_edges; e++) {
		const struct cfg_edge *edge = &cfg->edges[e];

		if (edge->to >= cfg->nr_blocks ||
		    cfg->blocks[edge->to].func != cfg->blocks[edge->from].func)
			fail(cfg->code, "an edge leaves its function", edge->insn);
	}
	for (uint32_t c = 0; c < cfg->nr_calls; c++)
		if (!(cfg->blocks[cfg->calls[c].to].flags & BLOCK_ENTRY))
			fail(cfg->code, "a call leads into the middle", cfg->calls[c].insn);
}

/* The callee's number is 0 where the kernel hides it, and the assembler finds it out. */
static bool same(enum code_form form, const struct bpf_insn *a, const struct bpf_insn *b, bool half)
{
	struct bpf_insn x = *a;

	if (form == CODE_XLATED && !x.imm &&
	    (half || (x.code == (BPF_JMP | BPF_CALL) && x.src_reg == BPF_PSEUDO_CALL)))
		x.imm = b->imm;
	return memcmp(&x, b, sizeof(x)) == 0;
}

static void check_round_trip(const struct code *code)
{
	struct buf text = BUF_INIT;
	struct diags d = { 0 };
	struct bpf_insn *insns;
	struct source src;
	uint32_t nr = 0;

	for (uint32_t i = 0; i < code->nr; i = code_next(code, i)) {
		code_print_insn(&text, code, i);
		buf_putc(&text, '\n');
	}
	src = (struct source){ .text = buf_str(&text), .len = text.len };
	insns = asm_read(&src, code->form, NULL, &nr, NULL, &d);
	if (!insns) {
		fprintf(stderr, "%s\n", d.list[0].msg);
		fail(code, "cannot assemble what was printed", 0);
	}
	for (uint32_t i = 0; i < code->nr && i < nr; i++)
		if (!same(code->form, &code->insns[i], &insns[i], code_is_half(code, i)))
			fail(code, "other bytes", i);
	if (nr != code->nr)
		fail(code, "another length", nr);
	free(insns);
	buf_free(&text);
}

static void run(enum code_form form, const uint8_t *data, size_t size)
{
	uint32_t nr = size / sizeof(struct bpf_insn), targets[8];
	struct code *code = code_alloc(form, (const struct bpf_insn *)data, nr, "fuzz", "", NULL);
	struct cfg *cfg;

	for (uint32_t i = 0; nr && i < ARRAY_SIZE(targets); i++)
		targets[i] = data[i * 8 % size] % nr;
	if (nr && data[0] & 1)
		code_add_func(code, NULL, data[1] % nr, 0, "named");
	code_complete(code);
	code_set_targets(code, targets, nr ? ARRAY_SIZE(targets) : 0);
	cfg = cfg_build(code);
	check_blocks(cfg);
	check_edges(cfg);
	check_round_trip(code);
	cfg_free(cfg);
	code_free(code);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = xmemdup(data, size);

	run(CODE_ELF, copy, size);
	run(CODE_XLATED, copy, size);
	free(copy);
	return 0;
}

/* Opcodes that mean something are rare among random bytes: half of the streams hold only such. */
static const uint8_t opcodes[] = {
	0x07, 0x0f, 0x04, 0xb7, 0xbf, 0xbc, 0x37, 0x3f, 0x97, 0x87, 0xd4, 0xdc, 0xd7, 0x18, 0x18,
	0x61, 0x69, 0x79, 0x81, 0x91, 0x63, 0x7b, 0x62, 0x7a, 0xc3, 0xdb, 0xcb, 0xd3, 0x20, 0x40,
	0x05, 0x06, 0x0d, 0x15, 0x1d, 0x16, 0x1e, 0x25, 0x45, 0x55, 0x65, 0xa5, 0xc5, 0xd6, 0xe5,
	0x85, 0x85, 0x85, 0x95, 0xfb, 0x21, 0xa1, 0xe3,
};
static const int32_t imms[] = {
	0, 1, 2, 3, -1, -2, 5, 16, 32, 64, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1, 0x100, 0x110,
};

static uint32_t random_stream(struct bpf_insn *insns)
{
	uint32_t nr = random() % (random() % 32 ? 40 : INSNS_MAX);
	bool sane = random() % 2;

	for (uint32_t i = 0; i < nr; i++) {
		insns[i] = (struct bpf_insn){
			.code = sane ? opcodes[random() % sizeof(opcodes)] : random(),
			.dst_reg = random() % 11, .src_reg = random() % 4 ? random() % 5 : random(),
			.off = random() % 4 ? (int)(random() % (nr + 1)) - (int)i : random(),
			.imm = random() % 3 ? imms[random() % ARRAY_SIZE(imms)] :
			       random() % 2 ? (int)(random() % (nr + 1)) - (int)i : random() * 2,
		};
		if (insns[i].code == 0x18 && i + 1 < nr && random() % 8)
			insns[++i] = (struct bpf_insn){ .imm = random() % 4 ? 0 : random() * 2 };
		else if (sane && random() % 4)
			insns[i].off = random() % 2 ? insns[i].off : 0;
	}
	return nr;
}

static void run_random(void)
{
	struct bpf_insn *insns = xcalloc(INSNS_MAX + 1, sizeof(*insns));
	uint32_t nr = random_stream(insns);

	LLVMFuzzerTestOneInput((const uint8_t *)insns, nr * sizeof(*insns));
	free(insns);
}

FUZZ_MAIN(run_random)
