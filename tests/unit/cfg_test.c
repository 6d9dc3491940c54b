// SPDX-License-Identifier: BSD-2-Clause
/* Graphs of small programs: blocks, edges, loops, and the time that large ones take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "render/cfg/cfg.h"
#include "shell/base/buf.h"
#include "tests/unit/code.h"

/* A graph in one line: "0-2>1T,2F 3-4>" for blocks, their edges; "^" marks back edges. */
static void describe(struct buf *out, const struct cfg *cfg)
{
	for (uint32_t i = 0; i < cfg->nr_blocks; i++) {
		const struct cfg_block *b = &cfg->blocks[i];

		buf_printf(out, "%s%u-%u>", i ? " " : "", b->start, b->end - 1);
		for (uint32_t e = b->first_edge; e < b->first_edge + b->nr_edges; e++)
			buf_printf(out, "%s%u%s%s", e > b->first_edge ? "," : "",
				   cfg->edges[e].to, cfg_edge_label(cfg->edges[e].kind),
				   cfg->edges[e].back ? "^" : "");
	}
}

struct graph {
	struct code *code;
	struct cfg *cfg;
};

static struct graph build(enum code_form form, const struct bpf_insn *insns, uint32_t nr)
{
	struct graph g = { .code = make_code(form, insns, nr, NULL) };

	g.cfg = cfg_build(g.code);
	return g;
}

static void done(struct graph *g)
{
	cfg_free(g->cfg);
	code_free(g->code);
}

static void expect(const struct cfg *cfg, const char *text)
{
	struct buf out = BUF_INIT;

	describe(&out, cfg);
	assert_string_equal(buf_str(&out), text);
	buf_free(&out);
}

#define BUILD(...) build(CODE_ELF, (struct bpf_insn[]){ __VA_ARGS__ }, \
			 sizeof((struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn))

static void diamond(void **state)
{
	struct graph g = BUILD(IF(1, 0, 2), MOV(0, 1), GOTO(1), MOV(0, 2), EXIT);

	expect(g.cfg, "0-0>2T,1F 1-2>3 3-3>3 4-4>");
	assert_int_equal(g.cfg->blocks[0].flags, BLOCK_ENTRY);
	assert_int_equal(g.cfg->blocks[3].flags, BLOCK_EXIT);
	assert_int_equal(g.cfg->blocks[0].idom, CFG_NONE);
	assert_int_equal(g.cfg->blocks[1].idom, 0);
	assert_int_equal(g.cfg->blocks[3].idom, 0);
	assert_true(cfg_dominates(g.cfg, 0, 3));
	assert_false(cfg_dominates(g.cfg, 1, 3));
	assert_true(cfg_dominates(g.cfg, 1, 1));
	assert_int_equal(g.cfg->edges[2].kind, EDGE_JUMP);
	assert_int_equal(g.cfg->edges[3].kind, EDGE_NEXT);
	assert_int_equal(g.cfg->edges[2].insn, 2);
	assert_int_equal(g.cfg->funcs[0].complexity, 2);
	assert_int_equal(g.cfg->funcs[0].insns, 5);
	assert_int_equal(cfg_block_of(g.cfg, 2), 1);
	assert_int_equal(cfg_block_of(g.cfg, 4), 3);
	done(&g);
}

/* An exit in the middle leads nowhere, whatever follows it. */
static void exit_in_the_middle(void **state)
{
	struct graph g = BUILD(IF(1, 0, 1), EXIT, MOV(0, 2), EXIT);

	expect(g.cfg, "0-0>2T,1F 1-1> 2-3>");
	assert_int_equal(g.cfg->blocks[1].flags, BLOCK_EXIT);
	done(&g);
}

static void loops(void **state)
{
	/* for (...) { for (...) ; } and a block that loops on itself */
	struct graph g = BUILD(MOV(1, 0),
			       MOV(2, 0),		/* b1: outer header */
			       ADD(2, 1), IF(2, 9, -2),	/* b2: inner, to itself */
			       ADD(1, 1), IF(1, 9, -5),	/* b3: back to b1 */
			       EXIT);

	expect(g.cfg, "0-0>1 1-1>2 2-3>2T^,3F 4-5>1T^,4F 6-6>");
	assert_int_equal(g.cfg->funcs[0].loops, 2);
	assert_int_equal(g.cfg->funcs[0].depth, 2);
	assert_int_equal(g.cfg->blocks[1].flags, BLOCK_LOOP_HEADER);
	assert_int_equal(g.cfg->blocks[1].loop, 1);
	assert_int_equal(g.cfg->blocks[1].outer, CFG_NONE);
	assert_int_equal(g.cfg->blocks[2].loop, 2);
	assert_int_equal(g.cfg->blocks[2].outer, 1);
	assert_int_equal(g.cfg->blocks[2].depth, 2);
	assert_int_equal(g.cfg->blocks[3].loop, 1);
	assert_int_equal(g.cfg->blocks[3].depth, 1);
	assert_int_equal(g.cfg->blocks[4].loop, CFG_NONE);
	assert_int_equal(g.cfg->blocks[4].depth, 0);
	done(&g);
}

static void irreducible(void **state)
{
	struct graph g = BUILD(IF(1, 0, 1), ADD(2, 1), ADD(2, 2), IF(2, 9, -3), EXIT);
	unsigned flags = g.cfg->blocks[1].flags | g.cfg->blocks[2].flags;

	assert_int_equal(flags, BLOCK_IRREDUCIBLE);
	assert_int_equal(g.cfg->funcs[0].irreducible, 1);
	assert_int_equal(g.cfg->funcs[0].loops, 0);
	assert_int_equal(g.cfg->blocks[1].idom, 0);
	assert_int_equal(g.cfg->blocks[2].idom, 0);
	done(&g);
}

static void unreachable(void **state)
{
	struct graph g = BUILD(GOTO(2), MOV(0, 1), GOTO(-2), EXIT);

	expect(g.cfg, "0-0>2 1-2>1 3-3>");
	assert_int_equal(g.cfg->blocks[1].flags, BLOCK_UNREACHABLE);
	assert_int_equal(g.cfg->blocks[1].idom, CFG_NONE);
	assert_int_equal(g.cfg->funcs[0].loops, 0);
	assert_int_equal(g.cfg->funcs[0].complexity, 1);
	assert_false(cfg_dominates(g.cfg, 0, 1));
	done(&g);
}

static void long_jump(void **state)
{
	struct graph g = BUILD(GOTOL(2), MOV(0, 1), EXIT, IF(1, 0, -3), EXIT);

	expect(g.cfg, "0-0>2 1-2> 3-3>1T,3F 4-4>");
	done(&g);
}

static void may_goto(void **state)
{
	struct graph g = BUILD(ADD(1, 1), MAY_GOTO(1), GOTO(-3), EXIT);

	expect(g.cfg, "0-1>2spent,1go on 2-2>0^ 3-3>");
	assert_int_equal(g.cfg->blocks[0].flags, BLOCK_ENTRY | BLOCK_LOOP_HEADER);
	done(&g);
}

static void jump_table(void **state)
{
	const struct bpf_insn insns[] = { MOV(1, 0), GOTOX(1), EXIT, MOV(0, 1), EXIT, MOV(0, 2), EXIT };
	const uint32_t targets[] = { 5, 3, 5, 100, 2 };
	struct code *code = code_alloc(CODE_XLATED, insns, ARRAY_SIZE(insns), "", "", NULL);
	struct cfg *cfg;

	code_complete(code);
	code_set_targets(code, targets, ARRAY_SIZE(targets));
	assert_int_equal(code->nr_targets, 3);
	cfg = cfg_build(code);
	expect(cfg, "0-1>1,2,3 2-2> 3-4> 5-6>");
	assert_int_equal(cfg->blocks[0].flags, BLOCK_ENTRY | BLOCK_GOTOX);
	assert_int_equal(cfg->edges[1].kind, EDGE_GOTOX);
	assert_int_equal(cfg->funcs[0].complexity, 3);
	cfg_free(cfg);
	code_free(code);
}

static void functions(void **state)
{
	struct graph g = BUILD(LD64(2, BPF_PSEUDO_FUNC, 4, 0),	/* callback at 5 */
			       CALLF(4),			/* subprogram at 7 */
			       CALL(181), EXIT,
			       CALLF(1), EXIT,			/* 5: callback, calls it too */
			       MOV(0, 1), EXIT,			/* 7 */
			       MOV(0, 2), EXIT);		/* follows, not a function */
	const struct cfg *cfg = g.cfg;

	expect(cfg, "0-4> 5-6> 7-8> 9-10>");
	assert_int_equal(cfg->nr_funcs, 3);
	assert_int_equal(cfg->funcs[2].nr_blocks, 2);
	assert_int_equal(cfg->funcs[0].insns, 4);
	assert_int_equal(cfg->blocks[1].flags, BLOCK_ENTRY | BLOCK_EXIT);
	assert_int_equal(cfg->blocks[3].flags, BLOCK_UNREACHABLE | BLOCK_EXIT);
	assert_int_equal(cfg->nr_calls, 3);
	assert_int_equal(cfg->calls[0].kind, EDGE_CALLBACK);
	assert_int_equal(cfg->calls[0].to, 1);
	assert_int_equal(cfg->calls[1].kind, EDGE_CALL);
	assert_int_equal(cfg->calls[1].insn, 2);
	assert_int_equal(cfg->calls[1].to, 2);
	assert_int_equal(cfg->calls[2].from, 1);
	assert_int_equal(cfg->calls[2].to, 2);
	assert_true(cfg->funcs[1].reachable && cfg->funcs[2].reachable);
	done(&g);

	g = BUILD(EXIT, CALLF(1), EXIT, EXIT);
	assert_int_equal(g.cfg->nr_funcs, 2);
	assert_false(g.cfg->funcs[1].reachable);
	done(&g);
}

static void damaged(void **state)
{
	struct graph g = BUILD(IF(1, 0, 100), GOTO(-100), LD64(1, 0, 1, 0), GOTO(-2), MOV(0, 0));

	expect(g.cfg, "0-0>1F 1-1> 2-4> 5-5>");
	assert_int_equal(g.cfg->blocks[0].flags, BLOCK_ENTRY | BLOCK_BAD_JUMP);
	assert_int_equal(g.cfg->blocks[1].flags, BLOCK_BAD_JUMP);
	assert_int_equal(g.cfg->blocks[2].flags, BLOCK_BAD_JUMP | BLOCK_UNREACHABLE);
	assert_int_equal(g.cfg->blocks[3].flags, BLOCK_FALLS_OFF | BLOCK_UNREACHABLE);
	done(&g);

	/* a jump into another function */
	g = BUILD(CALLF(2), IF(1, 0, 1), EXIT, GOTO(-3));
	expect(g.cfg, "0-1>1F 2-2> 3-3>");
	assert_int_equal(g.cfg->blocks[2].flags, BLOCK_ENTRY | BLOCK_BAD_JUMP);
	done(&g);

	g = build(CODE_XLATED, NULL, 0);
	assert_int_equal(g.cfg->nr_blocks, 0);
	assert_int_equal(g.cfg->nr_funcs, 1);
	done(&g);
}

static const char *throws(void *user, const struct bpf_insn *call)
{
	return "bpf_throw";
}

static void never_returns(void **state)
{
	const struct bpf_insn insns[] = { CALLF(2), KFUNC(1), EXIT, KFUNC(1) };
	const struct code_names names = { .call = throws };
	struct code *code = make_code(CODE_ELF, insns, ARRAY_SIZE(insns), &names);
	struct cfg *cfg = cfg_build(code);

	expect(cfg, "0-1> 2-2> 3-3>");
	assert_int_equal(cfg->blocks[0].flags, BLOCK_ENTRY | BLOCK_EXIT);
	assert_int_equal(cfg->blocks[2].flags, BLOCK_ENTRY | BLOCK_EXIT);
	cfg_free(cfg);
	code_free(code);
}

#define STORE(reg, off) INSN(BPF_STX | BPF_MEM | BPF_DW, reg, 1, off, 0)

static void stack_use(void **state)
{
	struct graph g = BUILD(STORE(10, -8), EXIT);

	assert_int_equal(g.cfg->funcs[0].stack, 8);
	done(&g);
	g = BUILD(INSN(BPF_STX | BPF_MEM | BPF_B, 10, 1, -33, 0), EXIT);
	assert_int_equal(g.cfg->funcs[0].stack, 40);
	done(&g);
	g = BUILD(MOVR(2, 10), ADD(2, -64), STORE(2, 8), CALL(1), STORE(2, -100), EXIT);
	assert_int_equal(g.cfg->funcs[0].stack, 64);
	done(&g);
	g = BUILD(MOVR(6, 10), ADD(6, -16), MOVR(7, 6), CALL(1), STORE(7, -8), EXIT);
	assert_int_equal(g.cfg->funcs[0].stack, 24);
	done(&g);
	g = BUILD(STORE(10, 8), MOVR(2, 10), ADD(2, INT32_MIN), ADD(2, INT32_MIN), EXIT);
	assert_int_equal(g.cfg->funcs[0].stack, 0);
	done(&g);
}

/* What the graph says, found the slow and obvious way. */

static void mark_reachable(const struct cfg *cfg, uint32_t b, uint32_t without, bool *seen)
{
	if (b == without || seen[b])
		return;
	seen[b] = true;
	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		if (cfg->edges[e].from == b)
			mark_reachable(cfg, cfg->edges[e].to, without, seen);
}

static bool slow_dominates(const struct cfg *cfg, uint32_t a, uint32_t b)
{
	bool seen[64] = { 0 };

	mark_reachable(cfg, 0, a, seen);
	return !seen[b];
}

/* All blocks from which @b can be reached without passing through @header. */
static void mark_loop(const struct cfg *cfg, uint32_t b, uint32_t header, bool *in)
{
	if (in[b])
		return;
	in[b] = true;
	for (uint32_t e = 0; b != header && e < cfg->nr_edges; e++)
		if (cfg->edges[e].to == b && !(cfg->blocks[cfg->edges[e].from].flags & BLOCK_UNREACHABLE))
			mark_loop(cfg, cfg->edges[e].from, header, in);
}

static void check_against_slow(const struct cfg *cfg)
{
	bool reachable[64] = { 0 };
	uint32_t depth[64] = { 0 };

	mark_reachable(cfg, 0, CFG_NONE, reachable);
	for (uint32_t b = 0; b < cfg->nr_blocks; b++)
		assert_int_equal(!reachable[b], !!(cfg->blocks[b].flags & BLOCK_UNREACHABLE));
	for (uint32_t a = 0; a < cfg->nr_blocks; a++)
		for (uint32_t b = 0; b < cfg->nr_blocks; b++)
			if (reachable[a] && reachable[b])
				assert_int_equal(cfg_dominates(cfg, a, b),
						 a == b || slow_dominates(cfg, a, b));
	for (uint32_t h = 0; h < cfg->nr_blocks; h++) {
		bool in[64] = { 0 }, header = false;

		for (uint32_t e = 0; e < cfg->nr_edges; e++) {
			uint32_t from = cfg->edges[e].from;

			if (cfg->edges[e].to != h || !reachable[from] || !cfg_dominates(cfg, h, from))
				continue;
			assert_true(cfg->edges[e].back);
			in[h] = header = true;
			mark_loop(cfg, from, h, in);
		}
		assert_int_equal(header, !!(cfg->blocks[h].flags & BLOCK_LOOP_HEADER));
		for (uint32_t b = 0; b < cfg->nr_blocks; b++)
			depth[b] += in[b];
	}
	for (uint32_t b = 0; b < cfg->nr_blocks; b++)
		assert_int_equal(depth[b], cfg->blocks[b].depth);
}

/* Without the back edges nothing leads in a circle. */
static void check_acyclic(const struct cfg *cfg)
{
	uint32_t left[64] = { 0 }, removed = 0;
	bool gone[64] = { 0 }, more = true;

	for (uint32_t e = 0; e < cfg->nr_edges; e++)
		if (!cfg->edges[e].back && !(cfg->blocks[cfg->edges[e].from].flags & BLOCK_UNREACHABLE))
			left[cfg->edges[e].to]++;
	while (more) {
		more = false;
		for (uint32_t b = 0; b < cfg->nr_blocks; b++) {
			if (gone[b] || left[b])
				continue;
			gone[b] = more = true;
			removed++;
			for (uint32_t e = 0; e < cfg->nr_edges; e++)
				if (cfg->edges[e].from == b && !cfg->edges[e].back &&
				    !(cfg->blocks[b].flags & BLOCK_UNREACHABLE))
					left[cfg->edges[e].to]--;
		}
	}
	assert_int_equal(removed, cfg->nr_blocks);
}

static void random_graphs(void **state)
{
	struct bpf_insn insns[40];

	srandom(7);
	for (int round = 0; round < 3000; round++) {
		uint32_t nr = 3 + random() % 37;
		struct graph g;

		for (uint32_t i = 0; i < nr; i++) {
			int off = random() % nr - i - 1;

			insns[i] = random() % 4 ? IF(1, 0, off) : random() % 3 ? MOV(0, 0) : GOTO(off);
		}
		insns[nr - 1] = EXIT;
		g = build(CODE_ELF, insns, nr);
		check_against_slow(g.cfg);
		check_acyclic(g.cfg);
		done(&g);
	}
}

static struct graph build_timed(struct bpf_insn *insns, uint32_t nr)
{
	clock_t begin = clock();
	struct graph g = build(CODE_ELF, insns, nr);

	assert_true(clock() - begin < 10 * CLOCKS_PER_SEC);
	return g;
}

/* A million instructions in the shapes that make the simple algorithms quadratic. */
static void large(void **state)
{
	const uint32_t nr = 1000000;
	struct bpf_insn *insns = xcalloc(nr, sizeof(*insns));
	struct graph g;

	/* one handler that everything may jump to: a chain of conditions, then far jumps */
	for (uint32_t i = 0; i + 2 < nr; i += 2) {
		insns[i] = IF(1, i, 1);
		insns[i + 1] = GOTOL(nr - 1 - (i + 1) - 1);
	}
	insns[nr - 2] = MOV(0, 0);
	insns[nr - 1] = EXIT;
	g = build_timed(insns, nr);
	assert_int_equal(g.cfg->nr_blocks, nr);
	assert_int_equal(g.cfg->blocks[nr - 1].idom, 0);
	done(&g);

	/* loops in loops, as deep as they go: all headers first, then all ways back */
	for (uint32_t i = 0; i < nr / 2; i++)
		insns[i] = MOV(0, i);
	for (uint32_t i = nr / 2; i < nr - 1; i++)
		insns[i] = IF(1, i, i - nr / 2 < 16000 ? -2 * (int)(i - nr / 2) - 2 : 0);
	g = build_timed(insns, nr);
	assert_int_equal(g.cfg->funcs[0].depth, 16000);
	done(&g);

	/* a ladder with rungs both ways: loops of many entries */
	for (uint32_t i = 0; i + 1 < nr; i++)
		insns[i] = IF(1, i, i % 2 ? 20001 : -20001);
	g = build_timed(insns, nr);
	assert_true(g.cfg->nr_blocks > nr / 2);
	done(&g);

	/* a function in every instruction */
	for (uint32_t i = 0; i < nr; i++)
		insns[i] = CALLF(0);
	g = build_timed(insns, nr);
	assert_int_equal(g.cfg->nr_funcs, nr);
	assert_int_equal(g.cfg->nr_calls, nr - 1);
	done(&g);
	free(insns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diamond), cmocka_unit_test(exit_in_the_middle),
		cmocka_unit_test(loops), cmocka_unit_test(irreducible),
		cmocka_unit_test(unreachable), cmocka_unit_test(long_jump),
		cmocka_unit_test(may_goto), cmocka_unit_test(jump_table),
		cmocka_unit_test(functions), cmocka_unit_test(damaged),
		cmocka_unit_test(never_returns), cmocka_unit_test(stack_use),
		cmocka_unit_test(random_graphs), cmocka_unit_test(large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
