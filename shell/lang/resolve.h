/* SPDX-License-Identifier: BSD-2-Clause */
/* References to kernel objects, resolved: "id N", "name NAME", "pinned PATH", $variable. */
#ifndef BPFSH_RESOLVE_H
#define BPFSH_RESOLVE_H

struct session;

/*
 * The map of the newest pin that was named is kept while no statement can look or
 * change anything in between. This ends it.
 */
void resolve_forget(struct session *s);

#endif
