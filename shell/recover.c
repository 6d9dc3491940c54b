// SPDX-License-Identifier: BSD-2-Clause
/* What dead processes left in their journals: rolled back, or forward where they had committed. */
#include <stdlib.h>

#include "shell/session.h"
#include "shell/txn.h"

struct recovery {
	struct ctx *ctx;
	enum recover how;
	struct rollback *r;
};

/* Those operations of a journal that are not settled, in their order. */
struct ops {
	struct entry {
		struct op *op;
		bool undo, litter;
	} *list;
	size_t nr;
};

static bool is_committed(const struct journal *j)
{
	enum journal_phase phase = journal_get_phase(j);

	return phase == JOURNAL_COMMIT || phase == JOURNAL_CONFIRMED;
}

static const struct op_kind *kind_by_id(__u32 id)
{
	for (const struct op_kind *const *k = op_kinds; *k; k++)
		if ((*k)->id == id)
			return *k;
	return NULL;
}

/* One record as an operation; NULL with a diagnostic where it is damaged. */
static struct op *read_op(const struct journal_record *rec, const char *path, struct diags *d)
{
	const struct op_kind *kind = kind_by_id(rec->kind);
	struct reader r = { rec->payload, (const char *)rec->payload + rec->len, false };
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
	if (kind->decode(op, &r))
		return op;
	diag_error(d, NO_SPAN, "'%s' has a damaged operation of kind '%s'", path, kind->name);
	op_free(op);
	return NULL;
}

static struct ops read_ops(const struct journal *j, struct diags *d)
{
	journal_pos at = JOURNAL_NONE;
	struct journal_record rec;
	struct ops ops = { 0 };

	while (journal_next(j, &at, &rec)) {
		struct op *op = rec.state == RECORD_UNDONE ? NULL :
				read_op(&rec, journal_path(j), d);

		if (!op)
			continue;
		GROW(ops.list, ops.nr);
		ops.list[ops.nr++] = (struct entry){
			.op = op, .litter = rec.state == RECORD_LITTER,
			.undo = rec.state == RECORD_STUCK ||
				(!is_committed(j) && rec.state != RECORD_LITTER),
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

static void undo_all(struct recovery *rec, struct journal *j, const struct ops *ops,
		     struct diags *d)
{
	struct buf stuck = BUF_INIT;
	struct byteset changed = { 0 };

	for (size_t i = ops->nr; i-- > 0;) {
		struct op *op = ops->list[i].op;
		enum undo_result result;

		if (!ops->list[i].undo)
			continue;
		result = undo_one(op, j, &stuck, &changed, d);
		journal_set_state(j, op->at,
				  rollback_count(rec->r, op, op->nr ? op->nr : 1, result));
	}
	buf_free(&stuck);
	byteset_free(&changed);
}

static void finish_one(struct recovery *rec, struct op *op, struct diags *d)
{
	if (op->kind->finish && op->kind->finish(op, d))
		rec->r->failed++;
}

/* The writer had committed: what it had put off is done, and its leavings removed. */
static void finish_all(struct recovery *rec, struct journal *j, const struct ops *ops,
		       struct diags *d)
{
	for (size_t i = 0; i < ops->nr; i++) {
		struct op *op = ops->list[i].op;

		if (ops->list[i].undo || ops->list[i].litter || !op->kind->deferred || op->applied)
			continue;
		if (op->kind->apply(op, d))
			rec->r->failed++;
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

static void show(struct recovery *rec, const struct journal *j, const struct ops *ops)
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
	sink_row(rec->ctx->sink, (const struct cell[]){
		cell_u64(journal_writer(j)), cell_u64(journal_time(j)),
		cell_str(is_committed(j) ? "committed, to be finished" : "to be rolled back"),
		cell_u64(ops->nr),
		CELL(.kind = CELL_STRS, .strs = { lines, nr }) });
	for (size_t i = 0; i < nr; i++)
		free((char *)lines[i]);
	free(lines);
}

/* The state stays as it is, and what undoing would have needed goes. */
static void discard_all(struct recovery *rec, const struct ops *ops, struct diags *d)
{
	for (size_t i = 0; i < ops->nr; i++)
		finish_one(rec, ops->list[i].op, d);
}

static void recover_one(void *arg, struct journal *j)
{
	struct recovery *rec = arg;
	struct diags *d = rec->ctx->diags;
	size_t failed = rec->r->failed, errors = d->errors;
	struct ops ops = read_ops(j, d);

	show(rec, j, &ops);
	if (rec->how == RECOVER_DISCARD) {
		discard_all(rec, &ops, d);
	} else if (rec->how == RECOVER_ROLLBACK) {
		rec->r->failed += d->errors - errors;	/* operations that cannot be read */
		finish_all(rec, j, &ops, d);
		undo_all(rec, j, &ops, d);
	}
	for (size_t i = 0; i < ops.nr; i++)
		op_free(ops.list[i].op);
	free(ops.list);
	if (rec->how == RECOVER_PLAN || (rec->how == RECOVER_ROLLBACK && rec->r->failed > failed))
		journal_keep(j);
	else
		journal_end(j);
}

int txn_recover(struct ctx *ctx, enum recover how, struct rollback *r)
{
	struct recovery rec = { ctx, how, r };
	struct diags ignored = { 0 };

	sink_begin(ctx->sink, &recover_record, SINK_LIST);
	journal_each(true, recover_one, &rec, &ignored);
	/* A journal that cannot be read may stand for anything. */
	r->failed += ignored.errors;
	diags_move(ctx->diags, &ignored);
	return sink_end(ctx->sink);
}
