/* SPDX-License-Identifier: BSD-2-Clause */
/* One operation undone, and how many were: for rollbacks and for recovery. */
#ifndef BPFSH_UNDO_H
#define BPFSH_UNDO_H

#include <stddef.h>

#include "shell/base/byteset.h"
#include "shell/txn/op.h"

/*
 * Takes an operation back, and then removes what that needed. @stuck gathers
 * the targets of those where it failed, or never can be: what was done to them before
 * stays too.
 * @changed gathers, for one rollback, those where somebody else has put something
 * in place of it all. @j is the journal that has the operation, or NULL.
 */
enum undo_result op_undo(struct op *op, struct journal *j, struct buf *stuck,
			 struct byteset *changed, struct diags *d);

/* Adds one to @stuck that is known to have failed. */
void stuck_add(struct buf *stuck, const struct op *op, enum undo_result result);

struct rollback {
	size_t undone, conflicts, failed;
	const char *lossy;	/* what may not be as before though it is undone; NULL: nothing */
};

/* What a journal keeps of an operation after undo; its @nr changes are counted in @r. */
enum journal_state rollback_count(struct rollback *r, const struct op *op, __u32 nr,
				  enum undo_result result);

/* True where another try at the operation is of no use. */
bool is_settled(enum journal_state state);

void rollback_add(struct rollback *to, const struct rollback *r);
/* "rolled back 5 of 6; 1 conflict" */
void rollback_count_text(struct buf *out, const struct rollback *r);
/* The same, and whether all is as before. */
void rollback_text(struct buf *out, const struct rollback *r);

#endif
