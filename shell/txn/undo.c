// SPDX-License-Identifier: BSD-2-Clause
/* One operation undone, and how many were: for rollbacks and for recovery. */
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/byteset.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/wire.h"
#include "shell/txn/journal.h"
#include "shell/txn/op.h"
#include "shell/txn/undo.h"

/*
 * Where one of the stuck targets is, holds, or is part of the operation's: the result of
 * undoing that; else UNDO_DONE.
 */
static enum undo_result blocker(const struct buf *stuck, const struct buf *target)
{
	struct wire_reader r = { stuck->data, stuck->data + stuck->len, false };

	while (r.at < r.end) {
		enum undo_result result = wire_get_u32(&r);
		size_t len;
		const void *other = wire_get_bytes(&r, &len);

		if (!memcmp(other, target->data, len < target->len ? len : target->len))
			return result;
	}
	return UNDO_DONE;
}

void stuck_add(struct buf *stuck, const struct op *op, enum undo_result result)
{
	struct buf target = BUF_INIT;

	if (op->kind->target)
		op->kind->target(op, &target);
	if (target.len) {
		wire_put_u32(stuck, result);
		wire_put_bytes(stuck, target.data, target.len);
	}
	buf_free(&target);
}

static void say_blocked(const struct op *op, struct diags *d)
{
	struct buf text = BUF_INIT;

	op->kind->describe(op, &text);
	diag_error(d, op->span, "not undone, as a later change of the same is not: %s",
		   buf_str(&text));
	buf_free(&text);
}

static enum undo_result undo_in_journal(struct op *op, struct journal *j, struct diags *d)
{
	bool noted = j && op->at != JOURNAL_NONE;

	if (op->kind->settle && !op->applied) {
		op->kind->settle(op);
		if (op->applied && noted)
			journal_done(j, op->at, (const uint64_t *)op->late);
	}
	if (op->kind->undo_once && op->applied && noted)
		journal_set_state(j, op->at, RECORD_UNDOING);
	return op->kind->undo(op, d);
}

enum undo_result op_undo(struct op *op, struct journal *j, struct buf *stuck,
			 struct byteset *changed, struct diags *d)
{
	/* An impatient second signal must not leave it half undone. */
	bool held = interrupt_hold(true);
	struct buf target = BUF_INIT;
	enum undo_result result;

	if (op->kind->target)
		op->kind->target(op, &target);
	result = target.len ? blocker(stuck, &target) : UNDO_DONE;
	if (result != UNDO_DONE)
		say_blocked(op, d);
	else if (op->kind->overwrites && byteset_has(changed, target.data, target.len))
		result = UNDO_DONE;
	else
		result = undo_in_journal(op, j, d);
	if (result == UNDO_FAILED || result == UNDO_NEVER)
		stuck_add(stuck, op, result);
	if (result == UNDO_CONFLICT && op->kind->overwrites)
		byteset_add(changed, target.data, target.len);
	if (result == UNDO_DONE && op->kind->finish && op->kind->finish(op, d))
		result = UNDO_LITTER;
	buf_free(&target);
	interrupt_hold(held);
	return result;
}

bool is_settled(enum journal_state state)
{
	return state == RECORD_UNDONE || state == RECORD_LOST;
}

enum journal_state rollback_count(struct rollback *r, const struct op *op, __u32 nr,
				  enum undo_result result)
{
	static const enum journal_state states[] = {
		[UNDO_DONE] = RECORD_UNDONE, [UNDO_CONFLICT] = RECORD_UNDONE,
		[UNDO_FAILED] = RECORD_STUCK, [UNDO_NEVER] = RECORD_LOST,
		[UNDO_LITTER] = RECORD_LITTER,
	};

	const char *why;

	if (nr && !op->kind->loses_late && op->kind->class(op, &why) == UNDO_LOSSY)
		r->lossy = why;
	if (result == UNDO_DONE) {
		r->undone += nr;
	} else if (result == UNDO_CONFLICT) {
		__u32 conflicts = op->conflicts ? op->conflicts : 1;

		r->conflicts += conflicts;
		r->undone += nr > conflicts ? nr - conflicts : 0;
	} else {
		r->failed += nr ? nr : 1;
	}
	return states[result];
}

void rollback_add(struct rollback *to, const struct rollback *r)
{
	to->undone += r->undone;
	to->conflicts += r->conflicts;
	to->failed += r->failed;
	if (r->lossy)
		to->lossy = r->lossy;
}

static size_t all_of(const struct rollback *r)
{
	return r->undone + r->conflicts + r->failed;
}

void rollback_count_text(struct buf *out, const struct rollback *r)
{
	buf_printf(out, "rolled back %zu of %zu", r->undone, all_of(r));
	if (r->conflicts)
		buf_printf(out, "; %zu conflict%s", r->conflicts, r->conflicts == 1 ? "" : "s");
	if (r->failed)
		buf_printf(out, "; %zu failed", r->failed);
}

void rollback_text(struct buf *out, const struct rollback *r)
{
	if (!all_of(r)) {
		buf_puts(out, "nothing changed");
		return;
	}
	rollback_count_text(out, r);
	if (r->lossy)
		buf_printf(out, "; perhaps not all is as before: %s", r->lossy);
	else if (!r->conflicts && !r->failed)
		buf_puts(out, "; nothing changed");
}
