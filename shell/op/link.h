/* SPDX-License-Identifier: BSD-2-Clause */
/* What operations on links share. */
#ifndef BPFSH_OP_LINK_H
#define BPFSH_OP_LINK_H

#include "shell/op/ops.h"
#include "shell/txn/op.h"

/* The link of a journal, or of before the commit; NULL where it has ended. */
struct handle *open_link(__u32 id, __u32 type);
/* The target of an operation on a link. */
void link_target(struct buf *out, __u32 id);
/*
 * Undoes a new link: @held, or after the commit the one with this ID (0: none was made).
 * Where it can be detached, it is at once, as variables and others may still hold it.
 */
enum undo_result link_end(struct handle *held, __u32 id, __u32 type, struct span at,
			  struct diags *d);

#endif
