// SPDX-License-Identifier: BSD-2-Clause
/* Visits and the refused path, taken from a verifier's log and put on a graph. */
#include <math.h>
#include <stdlib.h>

#include "render/cfg/marks.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"

static void count_visits(struct cfg_marks *marks, const struct cfg *cfg, const struct vlog *log)
{
	for (uint32_t i = 0; i < log->nr && i < cfg->code->nr; i++) {
		uint32_t *visits = &marks->visits[cfg_block_of(cfg, i)];

		if (log->insns[i].visits > *visits)
			*visits = log->insns[i].visits;
		if (*visits > marks->most)
			marks->most = *visits;
	}
}

/* The edge by which the path leaves @from for the block that begins with @to. */
static void mark_edge(struct cfg_marks *marks, const struct cfg *cfg, uint32_t from, uint32_t to)
{
	const struct cfg_block *block = &cfg->blocks[from];

	for (uint32_t e = block->first_edge; e < block->first_edge + block->nr_edges; e++)
		if (cfg->blocks[cfg->edges[e].to].start == to)
			marks->edges[e] = true;
}

/* The call by which the path enters a function, or where a callback's address was taken. */
static void mark_call(struct cfg_marks *marks, const struct cfg *cfg, uint32_t insn,
		      uint32_t entry)
{
	const struct cfg_edge *call = cfg_call_at(cfg, insn);

	if (call && call->to == entry) {
		marks->calls[call - cfg->calls] = true;
		return;
	}
	for (uint32_t c = 0; c < cfg->nr_calls && !marks->blocks[entry]; c++)
		if (cfg->calls[c].kind == EDGE_CALLBACK && cfg->calls[c].to == entry &&
		    marks->blocks[cfg->calls[c].from])
			marks->calls[c] = true;
}

static void mark_path(struct cfg_marks *marks, const struct cfg *cfg, const struct vlog *log)
{
	for (uint32_t i = 0; i < log->nr_path; i++) {
		uint32_t insn = log->path[i].insn, next, b, to;

		if (insn >= cfg->code->nr)
			continue;
		b = cfg_block_of(cfg, insn);
		marks->blocks[b] = true;
		next = i + 1 < log->nr_path ? log->path[i + 1].insn : cfg->code->nr;
		if (next >= cfg->code->nr)
			continue;
		to = cfg_block_of(cfg, next);
		if (cfg->blocks[to].flags & BLOCK_ENTRY && cfg->blocks[to].start == next)
			mark_call(marks, cfg, insn, to);
		if (code_next(cfg->code, insn) == cfg->blocks[b].end)
			mark_edge(marks, cfg, b, next);
	}
}

struct cfg_marks *marks_new(const struct cfg *cfg, const struct vlog *log)
{
	struct cfg_marks *marks = xcalloc(1, sizeof(*marks));

	marks->visits = xcalloc(cfg->nr_blocks, sizeof(*marks->visits));
	marks->blocks = xcalloc(cfg->nr_blocks, sizeof(*marks->blocks));
	marks->edges = xcalloc(cfg->nr_edges, sizeof(*marks->edges));
	marks->calls = xcalloc(cfg->nr_calls, sizeof(*marks->calls));
	marks->fail = CFG_NONE;
	marks->refused = log->nr_messages;
	marks->partial = log->partial;
	count_visits(marks, cfg, log);
	if (marks->refused)
		mark_path(marks, cfg, log);
	if (log->fail < cfg->code->nr) {
		marks->fail_insn = log->fail;
		marks->fail = cfg_block_of(cfg, log->fail);
	}
	return marks;
}

void marks_free(struct cfg_marks *marks)
{
	if (!marks)
		return;
	free(marks->visits);
	free(marks->blocks);
	free(marks->edges);
	free(marks->calls);
	free(marks);
}

bool marks_edge(const struct cfg *cfg, const struct cfg_edge *edge)
{
	if (!cfg->marks)
		return false;
	if (edge->kind == EDGE_CALL || edge->kind == EDGE_CALLBACK)
		return cfg->marks->calls[edge - cfg->calls];
	return cfg->marks->edges[edge - cfg->edges];
}

unsigned marks_heat(const struct cfg_marks *marks, uint32_t b)
{
	if (!marks->visits[b])
		return 0;
	if (marks->most == 1)
		return 1;
	return 1 + lround((MARKS_HEAT - 2) * log(marks->visits[b]) / log(marks->most));
}

void marks_text(struct buf *out, const struct cfg_marks *marks, uint32_t b, bool brief)
{
	uint32_t n = marks->visits[b];

	if (brief)
		buf_printf(out, "%u visit%s", n, n == 1 ? "" : "s");
	else if (n)
		buf_printf(out, "visited %s%u time%s", marks->partial ? "at least " : "", n,
			   n == 1 ? "" : "s");
	else
		buf_puts(out, marks->partial ? "not in the log" : "never visited");
	if (marks->fail == b)
		buf_printf(out, ", refused at %u", marks->fail_insn);
	else if (marks->blocks[b] && !brief)
		buf_puts(out, ", on the refused path");
}
