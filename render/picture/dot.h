/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control-flow graph in the DOT language: one cluster per function, a table
 * per block, an edge's colour, dashes and letter by its kind. This is what
 * graphviz draws (see image.h) and what a .dot file holds; writing it needs no
 * graphviz, and the same graph always gives the same text.
 *
 * Blocks are nodes "b0", "b1", ... with the same SVG ids, functions are
 * clusters with the SVG ids "f0", "f1", ...: calls link to those. A part of a
 * function (layout.h) has the id "pN", block N being its first.
 */
#ifndef BPFSH_RENDER_DOT_H
#define BPFSH_RENDER_DOT_H

#include "render/picture/page.h"

/* Appends the graph to @out: a placed one is for "neato -n2". */
void dot_write(struct buf *out, const struct cfg *cfg, const struct page_options *o);

#endif
