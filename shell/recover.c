// SPDX-License-Identifier: BSD-2-Clause
/* What dead processes left in their journals: rolled back, or forward where they had committed. */
#include <stdio.h>
#include <stdlib.h>

#include "shell/session.h"
#include "shell/txn.h"

struct recovery {
	struct ctx *ctx;
	enum recover how;
	struct rollback *r;
};

/* The operations of a journal, in their order. */
struct ops {
	struct op **list;
	size_t nr;
};

static const struct op_kind *kind_by_id(__u32 id)
{
	for (const struct op_kind *const *k = op_kinds; *k; k++)
		if ((*k)->id == id)
			return *k;
	return NULL;
}

static void op_free(struct op *op)
{
	if (op->kind->release)
		op->kind->release(op);
	free(op);
}

/* One record as an operation; NULL where nothing of it is left, or, with a diagnostic, where it is damaged. */
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
	op->applied = rec->state == RECORD_DONE;
	op->at = rec->at;
	op->late[0] = rec->late[0];
	op->late[1] = rec->late[1];
	if (kind->decode(op, &r))
		return op;
	if (r.bad)
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
		struct op *op = rec.state == RECORD_UNDONE ? NULL : read_op(&rec, journal_path(j), d);

		if (!op)
			continue;
		GROW(ops.list, ops.nr);
		ops.list[ops.nr++] = op;
	}
	return ops;
}

static void undo_all(struct recovery *rec, struct journal *j, const struct ops *ops,
		     struct diags *d)
{
	for (size_t i = ops->nr; i-- > 0;) {
		struct op *op = ops->list[i];

		/* What was put off to commit never began. */
		if (op->kind->deferred && !op->applied) {
			journal_undone(j, op->at);
			continue;
		}
		switch (op->kind->undo(op, d)) {
		case UNDO_DONE:
			rec->r->undone++;
			break;
		case UNDO_CONFLICT:
			rec->r->conflicts++;
			break;
		case UNDO_FAILED:
			rec->r->failed++;
			continue;
		}
		journal_undone(j, op->at);
	}
}

/* The writer had committed: what it had put off is done, and its leavings removed. */
static void finish_all(struct recovery *rec, const struct ops *ops, struct diags *d)
{
	for (size_t i = 0; i < ops->nr; i++) {
		struct op *op = ops->list[i];

		if (op->kind->deferred && !op->applied && op->kind->apply(op, d))
			rec->r->failed++;
	}
	for (size_t i = 0; i < ops->nr; i++)
		if (ops->list[i]->kind->finish && ops->list[i]->kind->finish(ops->list[i], d))
			rec->r->failed++;
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

static void show(struct recovery *rec, const struct journal *j, const struct ops *ops)
{
	const char **lines = xcalloc(ops->nr, sizeof(*lines));
	bool committed = journal_get_phase(j) == JOURNAL_COMMIT;

	for (size_t i = 0; i < ops->nr; i++) {
		struct buf text = BUF_INIT;

		ops->list[i]->kind->describe(ops->list[i], &text);
		lines[i] = buf_detach(&text);
	}
	sink_row(rec->ctx->sink, (const struct cell[]){
		cell_u64(journal_writer(j)), cell_u64(journal_time(j)),
		cell_str(committed ? "committed, to be finished" : "to be rolled back"),
		cell_u64(ops->nr),
		CELL(.kind = CELL_STRS, .strs = { lines, ops->nr }) });
	for (size_t i = 0; i < ops->nr; i++)
		free((char *)lines[i]);
	free(lines);
}

static void recover_one(void *arg, struct journal *j)
{
	struct recovery *rec = arg;
	struct diags *d = rec->ctx->diags;
	size_t failed = rec->r->failed, errors = d->errors;
	struct ops ops = { 0 };

	if (rec->how == RECOVER_DISCARD) {
		journal_end(j);
		return;
	}
	ops = read_ops(j, d);
	show(rec, j, &ops);
	if (rec->how == RECOVER_ROLLBACK) {
		rec->r->failed += d->errors - errors;	/* operations that cannot be read */
		if (journal_get_phase(j) == JOURNAL_COMMIT)
			finish_all(rec, &ops, d);
		else
			undo_all(rec, j, &ops, d);
	}
	for (size_t i = 0; i < ops.nr; i++)
		op_free(ops.list[i]);
	free(ops.list);
	if (rec->how == RECOVER_PLAN || rec->r->failed > failed)
		journal_keep(j);
	else
		journal_end(j);
}

int txn_recover(struct ctx *ctx, enum recover how, struct rollback *r)
{
	struct recovery rec = { ctx, how, r };

	sink_begin(ctx->sink, &recover_record, SINK_LIST);
	journal_each(true, recover_one, &rec, ctx->diags);
	return sink_end(ctx->sink);
}
