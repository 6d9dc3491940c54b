// SPDX-License-Identifier: BSD-2-Clause
/*
 * What graphs are written as: DOT, text and JSON, against tests/golden/graph.*;
 * UPDATE=1 rewrites them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "render/cfg/cfg_text.h"
#include "render/picture/dot.h"
#include "render/picture/layout.h"
#include "shell/base/buf.h"
#include "tests/unit/code.h"

/* A loop, both ways of a branch, code never reached, a subprogram, and one that nothing calls. */
static const struct bpf_insn small[] = {
	MOV(6, 0),			/* b0 */
	ADD(6, 1),			/* b1: loop */
	IF(6, 3, 2),
	IF(6, 8, 2),			/* b2 */
	GOTO(-4),			/* b3 */
	CALLF(4),			/* b4 */
	EXIT,				/* b5 */
	MOV(0, 7),			/* b6: unreachable */
	GOTO(-3),
	MOV(0, 8),			/* never called */
	MOVR(0, 1),			/* b8 */
	EXIT,
};

static struct cfg *build_small(void)
{
	struct code *code = ELF_CODE(small);

	return cfg_build(code);
}

static void drop(struct cfg *cfg)
{
	struct code *code = (struct code *)cfg->code;

	cfg_free(cfg);
	code_free(code);
}

static void assert_golden(const char *name, struct buf *got)
{
	char *path = xasprintf("tests/golden/%s", name);
	FILE *f = fopen(path, getenv("UPDATE") ? "w" : "r");
	struct buf want = BUF_INIT;
	size_t n;

	assert_non_null(f);
	if (getenv("UPDATE")) {
		fwrite(got->data, 1, got->len, f);
	} else {
		while ((n = fread(buf_reserve(&want, 4096), 1, 4096, f)))
			buf_commit(&want, n);
		assert_string_equal(buf_str(got), buf_str(&want));
	}
	fclose(f);
	free(path);
	buf_free(&want);
	buf_free(got);
}

static void test_dot(void **state)
{
	struct cfg *cfg = build_small();
	struct buf out = BUF_INIT;

	dot_write(&out, cfg, &PAGE_DEFAULTS);
	assert_golden("graph.dot", &out);
	drop(cfg);
}

static void test_text(void **state)
{
	struct cfg *cfg = build_small();
	struct buf out = BUF_INIT;

	cfg_text(&out, cfg, CFG_NONE);
	buf_putc(&out, '\n');
	cfg_summary(&out, cfg, CFG_NONE);
	assert_golden("graph.txt", &out);
	drop(cfg);
}

static void test_json(void **state)
{
	struct cfg *cfg = build_small();
	struct buf out = BUF_INIT;

	cfg_json(&out, cfg, CFG_NONE);
	buf_putc(&out, '\n');
	assert_golden("graph.json", &out);
	drop(cfg);
}

static void test_one_function(void **state)
{
	struct cfg *cfg = build_small();
	struct page_options o = PAGE_DEFAULTS;
	struct buf out = BUF_INIT;

	o.func = 1;
	dot_write(&out, cfg, &o);
	assert_null(strstr(buf_str(&out), "cluster_0"));
	assert_non_null(strstr(buf_str(&out), "cluster_1"));
	assert_null(strstr(buf_str(&out), "b0 ["));
	buf_free(&out);
	drop(cfg);
}

static void test_long_blocks_are_cut(void **state)
{
	struct bpf_insn insns[101];
	struct buf out = BUF_INIT;
	struct cfg *cfg;

	for (int i = 0; i < 100; i++)
		insns[i] = MOV(0, i);
	insns[50] = CALLF(-51);
	insns[100] = EXIT;
	cfg = cfg_build(ELF_CODE(insns));
	dot_write(&out, cfg, &PAGE_DEFAULTS);
	assert_non_null(strstr(buf_str(&out), "... 77 more insns, 1 call"));
	assert_non_null(strstr(buf_str(&out), " 19: "));
	assert_null(strstr(buf_str(&out), " 20: "));
	assert_null(strstr(buf_str(&out), " 96: "));
	assert_non_null(strstr(buf_str(&out), " 97: "));
	buf_free(&out);
	drop(cfg);
}

/* Names are the program's: what would end a label or a string must not. */
static void test_hostile_names(void **state)
{
	static const char name[] = "</td>\"]; x \\ & -- b0";
	struct code *code = ELF_CODE(small);
	struct buf out = BUF_INIT;
	struct cfg *cfg;

	free(code->funcs[0].name);
	code->funcs[0].name = xstrdup(name);
	free(code->name);
	code->name = xstrdup(name);
	cfg = cfg_build(code);
	dot_write(&out, cfg, &PAGE_DEFAULTS);
	assert_null(strstr(buf_str(&out), name));
	assert_non_null(strstr(buf_str(&out), "&lt;/td&gt;&quot;]; x &#92; &amp; -- b0"));
	buf_free(&out);
	drop(cfg);
}

/* A chain of @nr tests, each of which may leave for the common end, and some go back. */
static struct cfg *build_large(uint32_t nr)
{
	struct bpf_insn *insns = xcalloc(2 * nr + 1, sizeof(*insns));
	struct cfg *cfg;

	for (uint32_t i = 0; i < nr; i++) {
		uint32_t at = 2 * i;

		insns[at] = ADD(1, i);
		insns[at + 1] = IF(1, i, i % 7 == 6 ? -9 : i % 3 ? 2 : 2 * (nr - i) - 2);
	}
	insns[2 * nr] = EXIT;
	cfg = cfg_build(make_code(CODE_ELF, insns, 2 * nr + 1, NULL));
	free(insns);
	return cfg;
}

static struct card *make_cards(const struct cfg *cfg, const struct layout *l,
			       struct card_options *o)
{
	struct card *cards = xcalloc(cfg->nr_blocks, sizeof(*cards));
	struct incoming in = incoming_find(cfg);

	o->cut = l->cut;
	o->in = &in;
	for (uint32_t b = 0; b < cfg->nr_blocks; b++)
		cards[b] = card_make(cfg, b, o);
	incoming_free(&in);
	o->in = NULL;
	return cards;
}

static void assert_within(const struct layout_box *in, const struct layout_box *out)
{
	assert_true(in->x >= out->x && in->y >= out->y);
	assert_true(in->x + in->w <= out->x + out->w && in->y + in->h <= out->y + out->h);
}

static bool apart(const struct layout_box *a, const struct layout_box *b)
{
	return a->x + a->w <= b->x || b->x + b->w <= a->x || a->y + a->h <= b->y ||
	       b->y + b->h <= a->y;
}

static uint32_t count_references(const struct card *card, uint32_t to)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < card->nr; i++)
		nr += card->rows[i].kind == CARD_TO && card->rows[i].edge->to == to;
	return nr;
}

static void test_layout(void **state)
{
	struct card_options o = { .body = 6, .columns = 40 };
	struct cfg *cfg = build_large(300);
	struct layout *l = layout_new(cfg, CFG_NONE);
	struct card *cards = make_cards(cfg, l, &o);

	layout_place(l, cfg, cards, 1, 100);
	assert_true(cfg->nr_blocks >= 300);
	assert_true(l->nr_parts >= 300 / PART_BLOCKS);
	assert_true(l->w / l->h < 4 && l->h / l->w < 4);
	for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
		assert_within(&l->blocks[b], &l->parts[l->part[b]].box);
		for (uint32_t a = 0; a < b; a++)
			assert_true(apart(&l->blocks[a], &l->blocks[b]));
	}
	for (uint32_t p = 0; p < l->nr_parts; p++) {
		assert_true(l->parts[p].nr <= PART_BLOCKS);
		assert_within(&l->parts[p].box, &l->funcs[0]);
		for (uint32_t q = 0; q < p; q++)
			assert_true(apart(&l->parts[p].box, &l->parts[q].box));
	}
	/* Each edge is drawn, or else named by the card that it leaves. */
	for (uint32_t e = 0; e < cfg->nr_edges; e++) {
		const struct cfg_edge *edge = &cfg->edges[e];

		if (l->edges[e].nr)
			assert_int_equal(l->edges[e].nr % 3, 1);
		else
			assert_true(count_references(&cards[edge->from], edge->to) > 0);
		assert_int_equal(!l->edges[e].nr, l->cut[e]);
	}
	for (uint32_t b = 0; b < cfg->nr_blocks; b++)
		card_free(&cards[b]);
	free(cards);
	layout_free(l, cfg);
	drop(cfg);
}

static void assert_holds(struct buf *text, const char *what, bool there)
{
	if (!strstr(buf_str(text), what) == there)
		fail_msg("'%s' is %s in: %s", what, there ? "not" : "still", buf_str(text));
}

/* A few calls are lines from row to heading; else, and in one function alone, callers are named. */
static void test_calls(void **state)
{
	struct cfg *cfg = build_small();
	struct page_options o = PAGE_DEFAULTS;
	struct buf out = BUF_INIT;

	o.placed = true;
	dot_write(&out, cfg, &o);
	assert_holds(&out, "b4 -> b8 [color=\"#8c959f\", style=\"dotted\"", true);
	assert_holds(&out, ">call (dotted)</font>", true);
	assert_holds(&out, "called from", false);
	buf_reset(&out);
	o.func = 1;
	dot_write(&out, cfg, &o);
	assert_holds(&out, " -> b8", false);
	assert_holds(&out, "(dotted)", false);
	assert_holds(&out, "called from b4", true);
	buf_free(&out);
	drop(cfg);
}

static void test_placed_dot(void **state)
{
	struct cfg *cfg = build_large(100);
	struct page_options o = PAGE_DEFAULTS;
	struct buf out = BUF_INIT;
	char corner[64];
	struct point size;

	o.placed = true;
	size = page_size(cfg, &o);
	dot_write(&out, cfg, &o);
	assert_true(size.x > 0 && size.y > 0);
	assert_int_equal((int)size.x % 12, 0);
	snprintf(corner, sizeof(corner), "corner1 [pos=\"%.1f,%.1f\"]", size.x - 0.5, size.y - 0.5);
	assert_non_null(strstr(buf_str(&out), corner));
	assert_non_null(strstr(buf_str(&out), "b100 [id=\"b100\", fontcolor=\"#24292f\", pos=\""));
	buf_free(&out);
	drop(cfg);
}

/* Where only a block's last instruction is shown, what it calls is shown too. */
static void test_terse_calls(void **state)
{
	static const struct bpf_insn calls[] = {
		CALLF(5), MOV(1, 1), CALLF(3), CALLF(2), MOV(0, 7), EXIT, MOV(0, 1), EXIT,
	};
	struct cfg *cfg = cfg_build(ELF_CODE(calls));
	struct page_options o = PAGE_DEFAULTS;
	struct buf out = BUF_INIT;

	o.placed = true;
	o.terse = 1;
	dot_write(&out, cfg, &o);
	assert_holds(&out, " 0: call subprog_1<", true);
	assert_holds(&out, " 2: call subprog_1<", true);
	assert_holds(&out, " 3: call subprog_1<", false);
	assert_holds(&out, "... 1 more call<", true);
	assert_holds(&out, " 4: r0 = 7", false);
	assert_holds(&out, " 5: exit", true);
	buf_free(&out);
	drop(cfg);
}

/* The graph of an indirect jump to 40 places, each of so many blocks. */
static struct cfg *build_switch(uint32_t blocks)
{
	struct bpf_insn insns[1 + 40 * 2] = { GOTOX(1) };
	uint32_t targets[40], nr = 1;
	struct code *code;

	for (uint32_t i = 0; i < 40; i++) {
		targets[i] = nr;
		for (uint32_t b = 1; b < blocks; b++)
			insns[nr++] = IF(1, i, 0);
		insns[nr++] = EXIT;
	}
	code = make_code(CODE_ELF, insns, nr, NULL);
	code_set_targets(code, targets, 40);
	return cfg_build(code);
}

/* Many ways out of a block are no fan of lines, but named: in a row, or the first of them. */
static void test_indirect_jump(void **state)
{
	struct page_options o = PAGE_DEFAULTS;
	struct cfg *cfg = build_switch(1);
	struct buf out = BUF_INIT;

	o.placed = true;
	dot_write(&out, cfg, &o);
	assert_holds(&out, "\u2192 b1-b40<", true);
	assert_holds(&out, "b0 -> ", false);
	assert_holds(&out, "from b0", true);
	buf_reset(&out);
	cfg_text(&out, cfg, CFG_NONE);
	assert_holds(&out, "-> b1-b40\n", true);
	drop(cfg);
	cfg = build_switch(2);
	buf_reset(&out);
	dot_write(&out, cfg, &o);
	assert_holds(&out, "\u2192 b23<", true);
	assert_holds(&out, "\u2192 b25<", false);
	assert_holds(&out, "\u2192 28 more<", true);
	drop(cfg);
	buf_free(&out);
}

static void test_empty_program(void **state)
{
	struct cfg *cfg = cfg_build(make_code(CODE_ELF, NULL, 0, NULL));
	struct page_options o = PAGE_DEFAULTS;
	struct buf out = BUF_INIT;

	dot_write(&out, cfg, &o);
	o.placed = true;
	dot_write(&out, cfg, &o);
	cfg_text(&out, cfg, CFG_NONE);
	cfg_json(&out, cfg, CFG_NONE);
	assert_non_null(strstr(buf_str(&out), "0 insns, 0 blocks"));
	buf_free(&out);
	drop(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dot),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_one_function),
		cmocka_unit_test(test_long_blocks_are_cut),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_placed_dot),
		cmocka_unit_test(test_terse_calls),
		cmocka_unit_test(test_indirect_jump),
		cmocka_unit_test(test_empty_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
