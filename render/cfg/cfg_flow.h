/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows from a graph's blocks and edges; cfg_build() does all of it.
 */
#ifndef BPFSH_RENDER_CFG_FLOW_H
#define BPFSH_RENDER_CFG_FLOW_H

#include "render/cfg/cfg.h"

/* Finds what is reachable, dominators, back edges and loops, from blocks and edges. */
void cfg_flow(struct cfg *cfg);
/* Bytes of stack that function @f uses: the lowest constant offset to r10, rounded up to 8. */
uint32_t cfg_stack(const struct cfg *cfg, uint32_t f);

#endif
