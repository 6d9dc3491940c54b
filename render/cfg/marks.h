/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verifier did, on a graph: how often it visited each block, and the
 * path on which it refused the program. A graph with marks (struct cfg) is
 * drawn and listed with them.
 */
#ifndef BPFSH_RENDER_MARKS_H
#define BPFSH_RENDER_MARKS_H

#include "render/cfg/cfg.h"
#include "render/code/vlog.h"

struct cfg_marks {
	uint32_t *visits;	/* of each block: of its instruction that was visited most */
	bool refused;
	/* Whether cfg->blocks, edges and calls are on the refused path; none where it was accepted. */
	bool *blocks, *edges, *calls;
	uint32_t most;		/* the largest of visits */
	bool partial;		/* there were more visits than those that the log shows */
	uint32_t fail;		/* the block of the instruction to blame, or CFG_NONE: all of it is */
	uint32_t fail_insn;
};

/* @log is about the program of @cfg; of instructions that this does not have nothing is taken. */
struct cfg_marks *marks_new(const struct cfg *cfg, const struct vlog *log);
/* NULL is fine. */
void marks_free(struct cfg_marks *marks);

/* Whether one of @cfg's edges or calls is on the refused path; never without marks. */
bool marks_edge(const struct cfg *cfg, const struct cfg_edge *edge);

/* How hot a block is, 0 (never visited) to MARKS_HEAT - 1, on a logarithmic scale. */
#define MARKS_HEAT 5
unsigned marks_heat(const struct cfg_marks *marks, uint32_t b);

/* Appends what a heading says of block @b: "visited 3 times, refused at 22". */
void marks_text(struct buf *out, const struct cfg_marks *marks, uint32_t b, bool brief);

#endif
