/* SPDX-License-Identifier: BSD-2-Clause */
/* What operations on links share. */
#ifndef BPFSH_OP_LINK_H
#define BPFSH_OP_LINK_H

#include "shell/op/ops.h"

/* The link of a journal, or of before the commit; NULL where it has ended. */
struct handle *open_link(__u32 id, __u32 type);
/* The target of an operation on a link. */
void link_target(struct buf *out, __u32 id);

#endif
