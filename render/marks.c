// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>

#include "render/marks.h"

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

static void mark_path(struct cfg_marks *marks, const struct cfg *cfg, const struct vlog *log)
{
	for (uint32_t i = 0; i < log->nr_path; i++) {
		uint32_t insn = log->path[i].insn, b;

		if (insn >= cfg->code->nr)
			continue;
		b = cfg_block_of(cfg, insn);
		marks->blocks[b] = true;
		if (i + 1 < log->nr_path && code_next(cfg->code, insn) == cfg->blocks[b].end)
			mark_edge(marks, cfg, b, log->path[i + 1].insn);
	}
}

struct cfg_marks *marks_new(const struct cfg *cfg, const struct vlog *log)
{
	struct cfg_marks *marks = xcalloc(1, sizeof(*marks));

	marks->visits = xcalloc(cfg->nr_blocks, sizeof(*marks->visits));
	marks->blocks = xcalloc(cfg->nr_blocks, sizeof(*marks->blocks));
	marks->edges = xcalloc(cfg->nr_edges, sizeof(*marks->edges));
	marks->fail = CFG_NONE;
	marks->partial = log->partial;
	count_visits(marks, cfg, log);
	if (log->nr_messages)
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
	free(marks);
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
