// SPDX-License-Identifier: BSD-2-Clause
/* What dead processes left in their journals: rolled back, or forward where they had committed. */
#include <stdlib.h>

#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/byteset.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/lang/state.h"
#include "shell/txn/journal.h"
#include "shell/txn/mounted.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"
#include "shell/txn/undo.h"

struct recovery {
	struct ctx *ctx;
	const struct op_kind *const *kinds;
	enum recover how;
	struct rollback *r;		/* of all journals */
	/* Of the one at hand: */
	struct rollback own;
	size_t unsettled;		/* operations that need another try */
	const char *away;		/* a path of it that lies elsewhere, or NULL */
};

/* Those operations of a journal that are not settled, in their order. */
struct ops {
	struct entry {
		struct op *op;
		bool undo, litter, lost;
	} *list;
	size_t nr;
};

/* What is shown of them. */
struct lines {
	const char **list;
	size_t nr;
};

static bool is_committed(const struct journal *j)
{
	enum journal_phase phase = journal_get_phase(j);

	return phase == JOURNAL_COMMIT || phase == JOURNAL_CONFIRMED;
}

static const struct op_kind *kind_by_id(const struct op_kind *const *kinds, __u32 id)
{
	for (const struct op_kind *const *k = kinds; *k; k++)
		if ((*k)->id == id)
			return *k;
	return NULL;
}

/* One record as an operation; NULL with a diagnostic where it is damaged. */
static struct op *read_op(const struct op_kind *const *kinds, const struct journal_record *rec,
			  const char *path, struct diags *d)
{
	const struct op_kind *kind = kind_by_id(kinds, rec->kind);
	struct wire_reader r = { rec->payload, (const char *)rec->payload + rec->len, false };
	struct op *op;

	if (!kind) {
		diag_error(d, NO_SPAN, "'%s' has an operation of unknown kind %u", path, rec->kind);
		return NULL;
	}
	op = op_new(kind, NO_SPAN);
	op->applied = rec->state != RECORD_INTENT;
	op->undoing = rec->state == RECORD_UNDOING;
	op->at = rec->at;
	op->late[0] = rec->late[0];
	op->late[1] = rec->late[1];
	if (op_decode(op, &r))
		return op;
	diag_error(d, NO_SPAN, "'%s' has a damaged operation of kind '%s'", path, kind->name);
	op_free(op);
	return NULL;
}

static struct ops read_ops(const struct op_kind *const *kinds, const struct journal *j,
			   struct diags *d)
{
	journal_pos at = JOURNAL_NONE;
	struct journal_record rec;
	struct ops ops = { 0 };

	while (journal_next(j, &at, &rec)) {
		struct op *op = rec.state == RECORD_UNDONE ? NULL :
				read_op(kinds, &rec, journal_path(j), d);

		if (!op)
			continue;
		GROW(ops.list, ops.nr);
		ops.list[ops.nr++] = (struct entry){
			.op = op, .litter = rec.state == RECORD_LITTER,
			.lost = rec.state == RECORD_LOST,
			.undo = rec.state == RECORD_STUCK ||
				(!is_committed(j) && rec.state != RECORD_LITTER &&
				 rec.state != RECORD_LOST),
		};
	}
	return ops;
}

/* What was put off to commit never began. */
static enum undo_result undo_one(struct op *op, struct journal *j, struct buf *stuck,
				 struct byteset *changed, struct diags *d)
{
	return op->kind->deferred && !op->applied ? UNDO_DONE : op_undo(op, j, stuck, changed, d);
}

/* Whoever found that out may have died before it was said. */
static void stay_lost(struct recovery *rec, const struct op *op, struct buf *stuck, struct diags *d)
{
	struct buf text = BUF_INIT;

	op->kind->describe(op, &text);
	diag_error(d, NO_SPAN, "an earlier attempt left it for good: %s", buf_str(&text));
	buf_free(&text);
	stuck_add(stuck, op, UNDO_NEVER);
	rec->own.failed++;
}

static void undo_all(struct recovery *rec, struct journal *j, const struct ops *ops,
		     struct diags *d)
{
	struct buf stuck = BUF_INIT;
	struct byteset changed = { 0 };

	for (size_t i = ops->nr; i-- > 0;) {
		struct op *op = ops->list[i].op;
		enum undo_result result;
		enum journal_state state;

		if (ops->list[i].lost)
			stay_lost(rec, op, &stuck, d);
		if (!ops->list[i].undo)
			continue;
		result = undo_one(op, j, &stuck, &changed, d);
		state = rollback_count(&rec->own, op, op->nr ? op->nr : 1, result);
		journal_set_state(j, op->at, state);
		rec->unsettled += !is_settled(state);
	}
	buf_free(&stuck);
	byteset_free(&changed);
}

static void failed(struct recovery *rec, size_t nr)
{
	rec->own.failed += nr;
	rec->unsettled += nr;
}

static void finish_one(struct recovery *rec, struct op *op, struct diags *d)
{
	if (op->kind->finish && op->kind->finish(op, d))
		failed(rec, 1);
}

/* The writer had committed: what it had put off is done, and its leavings removed. */
static void finish_all(struct recovery *rec, struct journal *j, const struct ops *ops,
		       struct diags *d)
{
	for (size_t i = 0; i < ops->nr; i++) {
		struct op *op = ops->list[i].op;

		if (ops->list[i].undo || ops->list[i].litter || ops->list[i].lost ||
		    !op->kind->deferred || op->applied)
			continue;
		if (op->kind->apply(op, d))
			failed(rec, 1);
		else
			journal_done(j, op->at, (const uint64_t *)op->late);
	}
	for (size_t i = 0; i < ops->nr; i++)
		if (!ops->list[i].undo)
			finish_one(rec, ops->list[i].op, d);
}

static const struct column recover_columns[] = {
	{ "pid", "pid %" },
	{ "started_at", "  started_at %", .flags = COL_TIME },
	{ "state", "  %" },
	{ "operations", "  operations %" },
	{ "changes", "\n\t%", .flags = COL_EACH | COL_WIDE },
	{ 0 }
};

static const struct record recover_record = { "unfinished transaction", recover_columns };

#define SHOWN 20	/* changes of a journal that are listed; a plan has them all */

static bool is_of_this_namespace(const struct journal *j)
{
	__u64 here = own_mount_ns();

	return !here || !journal_mount_ns(j) || journal_mount_ns(j) == here;
}

/* Another mount namespace, where somebody is, may still roll it back. */
static bool is_for_others(const struct recovery *rec, const struct journal *j)
{
	return rec->away && !is_of_this_namespace(j) && process_in_mount_ns(journal_mount_ns(j));
}

/* What will be done (--plan), or was. */
static void state_text(struct buf *out, const struct recovery *rec, const struct journal *j)
{
	const struct rollback *r = &rec->own;

	if (rec->how == RECOVER_DISCARD && !is_for_others(rec, j))
		buf_puts(out, "forgotten");
	else if (rec->away && !is_of_this_namespace(j))
		buf_puts(out, "left as it is: it belongs to another mount namespace");
	else if (rec->away)
		buf_puts(out, "left as it is: it belongs to a bpffs that is not there");
	else if (rec->how == RECOVER_PLAN)
		buf_puts(out, is_committed(j) ? "committed, to be finished" : "to be rolled back");
	else if (is_committed(j) && !r->undone && !r->conflicts)
		buf_puts(out, r->failed ? "committed, not all of it finished" :
			 "committed, finished");
	else
		rollback_count_text(out, r);
}

/* The operations in words, as they were before anything was done about them. */
static struct lines describe(const struct recovery *rec, const struct ops *ops)
{
	size_t shown = rec->how == RECOVER_PLAN || ops->nr <= SHOWN ? ops->nr : SHOWN;
	size_t nr = shown + (shown < ops->nr);
	const char **lines = xcalloc(nr, sizeof(*lines));

	for (size_t i = 0; i < nr; i++) {
		struct buf text = BUF_INIT;

		if (i < shown)
			ops->list[i].op->kind->describe(ops->list[i].op, &text);
		else
			buf_printf(&text, "... and %zu more", ops->nr - shown);
		lines[i] = buf_detach(&text);
	}
	return (struct lines){ lines, nr };
}

/* Takes over the lines. */
static void show(struct recovery *rec, const struct journal *j, size_t nr_ops, struct lines lines)
{
	struct buf state = BUF_INIT;

	state_text(&state, rec, j);
	sink_row(rec->ctx->sink, (const struct cell[]){
		cell_u64(journal_writer(j)), cell_u64(journal_time(j)), cell_str(buf_str(&state)),
		cell_u64(nr_ops),
		CELL(.kind = CELL_STRS, .strs = { lines.list, lines.nr }) });
	buf_free(&state);
	for (size_t i = 0; i < lines.nr; i++)
		free((char *)lines.list[i]);
	free(lines.list);
}

/* What an operation of the journal needs lies on a bpffs that is not there: *err, and the path. */
static const char *find_away(const struct ops *ops, int *err)
{
	const char *path;

	for (size_t i = 0; i < ops->nr; i++) {
		const struct op *op = ops->list[i].op;

		*err = op->kind->reach ? op->kind->reach(op, &path) : 0;
		if (*err)
			return path;
	}
	return NULL;
}

static void say_other_namespace(const struct journal *j, const char *path, const char *what,
				struct diags *d)
{
	pid_t there = process_in_mount_ns(journal_mount_ns(j));

	diag_error(d, NO_SPAN, "the transaction belongs to another mount namespace (pid %d): '%s' is "
		   "%s here: left as it is", journal_writer(j), path, what);
	if (there)
		diag_hint(d, "'nsenter --mount --target %d bpfsh recover' rolls it back there",
			  there);
	else
		diag_hint(d, "no process is seen that is in it; 'recover --discard' forgets the "
			  "transaction");
}

/* All of a transaction is undone, or nothing, where its bpffs is another one. */
static void say_away(struct recovery *rec, const struct journal *j, int err, struct diags *d)
{
	const char *what = err == -KERN_ENOTBPFFS ? "on no bpffs" : "on another bpffs";

	rec->own.failed++;
	if (!is_of_this_namespace(j)) {
		say_other_namespace(j, rec->away, what, d);
		return;
	}
	diag_error(d, NO_SPAN, "the transaction of pid %d needs '%s', which is %s now: left as it is",
		   journal_writer(j), rec->away, what);
	diag_hint(d, "mount the bpffs there again, if it is still mounted elsewhere; "
		  "'recover --discard' forgets the transaction");
}

/* The state stays as it is, and what undoing would have needed goes, where that can be reached. */
static void discard_all(struct recovery *rec, const struct ops *ops, struct diags *d)
{
	if (rec->away) {
		diag_note(d, NO_SPAN, "what was kept below '%s' may still be there, where that is "
			  "mounted", rec->away);
		return;
	}
	for (size_t i = 0; i < ops->nr; i++)
		finish_one(rec, ops->list[i].op, d);
}

/* Of another boot: the IDs that it has are others' now. */
static void leave_past(struct recovery *rec, struct journal *j)
{
	struct diags *d = rec->ctx->diags;

	if (rec->how == RECOVER_DISCARD) {
		journal_end(j);
		return;
	}
	rec->r->failed++;
	diag_error(d, NO_SPAN, "the journal '%s' is of another boot: nothing that it speaks of is "
		   "left", journal_path(j));
	diag_hint(d, "'recover --discard' removes it");
	journal_keep(j);
}

static void recover_one(void *arg, struct journal *j)
{
	struct recovery *rec = arg;
	struct diags *d = rec->ctx->diags;
	size_t errors = d->errors;
	struct lines lines;
	struct ops ops;
	int err;

	if (!journal_is_of_this_boot(j)) {
		leave_past(rec, j);
		return;
	}
	ops = read_ops(rec->kinds, j, d);
	lines = describe(rec, &ops);
	rec->own = (struct rollback){ 0 };
	rec->unsettled = 0;
	rec->away = find_away(&ops, &err);
	if (rec->how == RECOVER_DISCARD && !is_for_others(rec, j)) {
		discard_all(rec, &ops, d);
	} else if (rec->how != RECOVER_PLAN && rec->away) {
		say_away(rec, j, err, d);
	} else if (rec->how == RECOVER_ROLLBACK) {
		failed(rec, d->errors - errors);	/* operations that cannot be read */
		finish_all(rec, j, &ops, d);
		undo_all(rec, j, &ops, d);
	}
	show(rec, j, ops.nr, lines);
	rollback_add(rec->r, &rec->own);
	if ((rec->how == RECOVER_DISCARD && !is_for_others(rec, j)) ||
	    (rec->how == RECOVER_ROLLBACK && !rec->away && !rec->unsettled))
		journal_end(j);
	else
		journal_keep(j);
	for (size_t i = 0; i < ops.nr; i++)
		op_free(ops.list[i].op);
	free(ops.list);
}

int txn_recover(struct ctx *ctx, const struct op_kind *const *kinds, enum recover how,
		struct rollback *r)
{
	struct recovery rec = { .ctx = ctx, .kinds = kinds, .how = how, .r = r };
	struct diags ignored = { 0 };

	sink_begin(ctx->sink, &recover_record, SINK_LIST);
	journal_each(true, recover_one, &rec, &ignored);
	/* A journal that cannot be read may stand for anything. */
	r->failed += ignored.errors;
	diags_move(ctx->diags, &ignored);
	return sink_end(ctx->sink);
}
