/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control-flow graphs as text: for terminals that draw no pictures, as a
 * summary, and as JSON for other programs. @func is an index into cfg->funcs,
 * or CFG_NONE for all of them.
 */
#ifndef BPFSH_RENDER_CFG_TEXT_H
#define BPFSH_RENDER_CFG_TEXT_H

#include "render/cfg/cfg.h"

/* The disassembly by blocks, each with where it leads to and where from. Ends in a newline. */
void cfg_text(struct buf *out, const struct cfg *cfg, uint32_t func);

/* One line per function: blocks, loops, depth, complexity, stack. Ends in a newline. */
void cfg_summary(struct buf *out, const struct cfg *cfg, uint32_t func);

/*
 * One JSON object: id, name, type, functions[], blocks[], edges[], loops[]. With
 * marks also the verifier's verdict, visits of blocks, and which blocks and edges
 * are on the refused path.
 * Numbers of blocks and functions are those of struct cfg, also where only one
 * function is asked for. No newline at the end.
 */
void cfg_json(struct buf *out, const struct cfg *cfg, uint32_t func);

#endif
