/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is shown of a basic block, whatever it is shown in: its instructions,
 * the source line before them where it changes, and, for long blocks, one line
 * in place of the middle.
 */
#ifndef BPFSH_RENDER_LISTING_H
#define BPFSH_RENDER_LISTING_H

#include "render/cfg/cfg.h"

enum listing_kind { LISTING_SOURCE, LISTING_INSN, LISTING_MORE };

struct listing_line {
	enum listing_kind kind;
	uint32_t insn;		/* the instruction; for source, where the line begins */
	uint32_t more;		/* LISTING_MORE: how many instructions are left out */
};

struct listing {
	struct listing_line *lines;
	uint32_t nr;
};

#define LISTING_ALL UINT32_MAX

/*
 * The lines of block @b, at most about @max of its instructions among them: more
 * than that, and the last fifth and what precedes it stand for all. Freed by
 * the caller with listing_free().
 */
struct listing listing_block(const struct cfg *cfg, uint32_t b, uint32_t max);
void listing_free(struct listing *listing);

/*
 * Appends a line's text: "; source", " 12: r1 = 0" or "... 9 more insns, 1 call"; for a
 * terminal or a picture.
 */
void listing_text(struct buf *out, const struct cfg *cfg, const struct listing_line *line);
/* Appends "b3  12-13  exit": the heading of block @b, in short words if @brief. */
void listing_heading(struct buf *out, const struct cfg *cfg, uint32_t b, bool brief);
/*
 * The last of the edges from @e on that an indirect jump has to one block after the other, so
 * that they can be told as one; @e for all others. Only those that @cut (by cfg->edges) marks,
 * unless it is NULL.
 */
uint32_t listing_run(const struct cfg *cfg, uint32_t e, const bool *cut);
/* Appends "b5", or where @last is another edge than @first, "b5-b9". */
void listing_targets(struct buf *out, const struct cfg *cfg, uint32_t first, uint32_t last);
/*
 * Cuts UTF-8 text that is longer than @max characters, from 3; returns its length in
 * characters.
 */
uint32_t listing_cut(struct buf *text, uint32_t max);
/* Appends "account  (12 insns, callback)": what function @f is called, in some 100 characters. */
void listing_func(struct buf *out, const struct cfg *cfg, uint32_t f);
/* Appends "prog 42  xdp_filter  (xdp)  38 insns, 6 blocks, 1 loop": the title of it all. */
void listing_title(struct buf *out, const struct cfg *cfg);

#endif
