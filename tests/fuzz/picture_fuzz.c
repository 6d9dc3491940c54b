// SPDX-License-Identifier: BSD-2-Clause
/*
 * Graphs of raw instructions as DOT, with and without places, as text and as
 * JSON: nothing may crash or hang, no block may be missing or overlap another,
 * each edge must be drawn or named, and the JSON must parse.
 *
 * Each input is a stream of instructions.
 */
#include <math.h>

#include <jv.h>
#include <string.h>

#include "render/cfg/cfg_text.h"
#include "render/code/code_make.h"
#include "render/picture/dot.h"
#include "render/picture/layout.h"
#include "render/picture/svg.h"
#include "shell/base/buf.h"
#include "tests/fuzz/fuzz.h"

#define INSNS_MAX 400
#define TARGETS 30		/* of indirect jumps */

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static uint32_t count(struct buf *text, const char *what)
{
	uint32_t nr = 0;

	for (const char *p = buf_str(text); (p = strstr(p, what)); p++)
		nr++;
	return nr;
}

/* Whether there are edges of which several may be told as one. */
static bool is_indirect(const struct cfg *cfg)
{
	bool indirect = false;

	for (uint32_t b = 0; b < cfg->nr_blocks; b++)
		indirect |= cfg->blocks[b].flags & BLOCK_GOTOX;
	return indirect;
}

static void check_dot(const struct cfg *cfg, struct page_options *o)
{
	struct buf text = BUF_INIT;
	struct point size = o->placed ? page_size(cfg, o) : (struct point){ 0 };

	dot_write(&text, cfg, o);
	if (o->placed && !(isfinite(size.x) && isfinite(size.y) && size.x > 0 && size.y > 0))
		fail("the page has no size");
	if (count(&text, "\t\tb") != cfg->nr_blocks)
		fail("a block is missing");
	if (count(&text, "nan") || count(&text, "inf,"))
		fail("a place is no number");
	if (!o->placed && count(&text, " -> ") != cfg->nr_edges + cfg->nr_calls)
		fail("an edge is missing");
	if (o->placed && !is_indirect(cfg)) {
		uint32_t ends = count(&text, " -> b") + count(&text, "\u2192 b");

		if (ends < cfg->nr_edges || ends > cfg->nr_edges + cfg->nr_calls)
			fail("an edge is neither drawn nor named");
	}
	buf_free(&text);
}

static void check_svg(const struct cfg *cfg, const struct page_options *o)
{
	struct buf text = BUF_INIT;

	svg_write(&text, cfg, o);
	if (count(&text, "<g id=\"b") != cfg->nr_blocks)
		fail("a block is missing");
	if (count(&text, "nan") || count(&text, "inf,"))
		fail("a place is no number");
	if (count(&text, "<path") != count(&text, "<polygon"))
		fail("an edge has no arrow");
	buf_free(&text);
}

static void check_layout(const struct cfg *cfg)
{
	struct layout *l = layout_new(cfg, CFG_NONE);
	struct card *cards = xcalloc(cfg->nr_blocks, sizeof(*cards));

	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		cards[b].columns = 5 + b % 30;
		cards[b].lines = 1 + b % 7;
	}
	layout_place(l, cfg, cards, 1, 100);
	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		const struct layout_box *p = &l->blocks[b];

		for (uint32_t a = 0; a < b; a++) {
			const struct layout_box *q = &l->blocks[a];

			if (p->x < q->x + q->w && q->x < p->x + p->w && p->y < q->y + q->h &&
			    q->y < p->y + p->h)
				fail("blocks overlap");
		}
	}
	free(cards);
	layout_free(l, cfg);
}

static void check_json(const struct cfg *cfg)
{
	struct buf text = BUF_INIT;
	jv v;

	cfg_json(&text, cfg, CFG_NONE);
	v = jv_parse_sized(text.data, text.len);
	if (jv_get_kind(v) != JV_KIND_OBJECT)
		fail("the JSON does not parse");
	jv_free(v);
	buf_free(&text);
}

static void check_text(const struct cfg *cfg)
{
	struct buf text = BUF_INIT;

	cfg_text(&text, cfg, CFG_NONE);
	cfg_summary(&text, cfg, CFG_NONE);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n')
			fail("the text holds a control character");
	}
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t nr = size / sizeof(struct bpf_insn);
	struct bpf_insn *insns = xmemdup(data, nr * sizeof(*insns));
	struct code *code = code_alloc(CODE_ELF, insns, nr, "fuzz", "", NULL);
	struct page_options o = PAGE_DEFAULTS;
	uint32_t targets[TARGETS];
	struct cfg *cfg;

	for (uint32_t i = 0; i < TARGETS; i++)
		targets[i] = nr * i / TARGETS;
	code_set_targets(code, targets, size % 3 ? TARGETS : 0);
	if (nr > 3)
		code_add_func(code, NULL, data[1] % nr, 0, "a\"<&\\>b");
	code_complete(code);
	cfg = cfg_build(code);
	check_dot(cfg, &o);
	o.placed = true;
	for (o.terse = 0; o.terse < 3; o.terse++) {
		o.columns = 20;
		o.body = size % 9;
		check_dot(cfg, &o);
		check_svg(cfg, &o);
	}
	check_layout(cfg);
	check_text(cfg);
	check_json(cfg);
	cfg_free(cfg);
	code_free(code);
	free(insns);
	return 0;
}

/* Mostly jumps, most of them to somewhere near and within the program. */
static uint32_t random_stream(struct bpf_insn *insns)
{
	static const uint8_t opcodes[] = { 0xb7, 0x0f, 0x15, 0x1d, 0x25, 0x05,
					   0x06, 0x95, 0x85, 0x18, 0xe5 };
	uint32_t nr = random() % (random() % 16 ? 40 : INSNS_MAX);

	for (uint32_t i = 0; i < nr; i++) {
		int to = random() % 3 ? (int)(random() % 24) - 8 : (int)(random() % nr) - (int)i;

		insns[i] = (struct bpf_insn){
			.code = opcodes[random() % sizeof(opcodes)],
			.dst_reg = random() % 10,
			.off = to,
		};
		/* In few programs, as what they may jump to is then hard to check. */
		if (insns[i].code == 0x95 && nr % 8 == 3)
			insns[i].code = 0x0d;
		if (insns[i].code == 0x85)
			insns[i].src_reg = BPF_PSEUDO_CALL;
		if (insns[i].code == 0x85 || insns[i].code == 0x06)
			insns[i].imm = to;
	}
	return nr;
}

/* A graph takes its time: one in ten. */
static void run_random(void)
{
	struct bpf_insn *insns;
	uint32_t nr;

	if (random() % 10)
		return;
	insns = xcalloc(INSNS_MAX, sizeof(*insns));
	nr = random_stream(insns);
	LLVMFuzzerTestOneInput((const uint8_t *)insns, nr * sizeof(*insns));
	free(insns);
}

FUZZ_MAIN(run_random)
