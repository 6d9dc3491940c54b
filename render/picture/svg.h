/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control-flow graph as SVG, without graphviz. Blocks are groups with the ids "b0", "b1", ...,
 * functions "f0", "f1", ..., parts of them (layout.h) "pN", block N being their first: calls and
 * what is cut link to those. The whole text of a block shows where a pointer rests on it.
 */
#ifndef BPFSH_RENDER_SVG_H
#define BPFSH_RENDER_SVG_H

#include "render/picture/page.h"

/* Appends the picture, which is always placed; @o->dpi does not count. */
void svg_write(struct buf *out, const struct cfg *cfg, const struct page_options *o);

#endif
