/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions or places of a probe that has several. */
#ifndef BPFSH_COMMANDS_PLACES_H
#define BPFSH_COMMANDS_PLACES_H

struct buf;
struct kern_probe;

/* Appends them, of which there must be some: the first as one line, all as a list of JSON. */
void places_draw(const struct kern_probe *p, struct buf *text, struct buf *json);

#endif
