// SPDX-License-Identifier: BSD-2-Clause
/* The session's transaction: its log and journal, from the first operation to its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/byteset.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/lang/vars.h"
#include "shell/txn/journal.h"
#include "shell/txn/txn.h"
#include "shell/txn/txn_state.h"

struct txn *txn_new(void)
{
	return xcalloc(1, sizeof(struct txn));
}

static void savepoints_cut(struct txn *t, size_t nr)
{
	while (t->nr_savepoints > nr) {
		struct savepoint *sp = &t->savepoints[--t->nr_savepoints];

		free(sp->name);
		vars_free(sp->vars);
	}
}

static void log_add(struct log *log, struct op *op)
{
	GROW(log->list, log->nr);
	log->list[log->nr++] = op;
}

/* Forgets operations behind @mark, from the newest on. */
static void log_cut(struct log *log, size_t mark)
{
	while (log->nr > mark)
		op_free(log->list[--log->nr]);
	if (!log->nr) {
		free(log->list);
		log->list = NULL;
	}
}

/* True where each command of a script is a transaction: the next one needs a journal, too. */
static bool needs_another(const struct session *s)
{
	return s->opt.no_transaction && s->mode == MODE_SCRIPT;
}

/* What could not be undone now may be later: such a journal is kept. */
static void end_journal(struct session *s, struct diags *d)
{
	struct txn *t = s->txn;

	if (t->journal && t->unsettled) {
		diag_note(d, NO_SPAN, "the journal '%s' is kept: 'recover' tries again",
			  journal_path(t->journal));
		journal_keep(t->journal);
	} else if (t->journal && needs_another(s) && journal_empty(t->journal)) {
		t->idle = t->journal;
	} else if (t->journal) {
		journal_end(t->journal);
	}
	crash_words(NULL);
	t->journal = NULL;
	t->unsettled = 0;
	t->unrecorded = 0;
	buf_free(&t->stuck);
}

void txn_free(struct txn *t)
{
	savepoints_cut(t, 0);
	free(t->savepoints);
	log_cut(&t->log, 0);
	log_cut(&t->last, 0);
	buf_free(&t->stuck);
	diags_clear(&t->no_journal);
	if (t->journal)
		journal_keep(t->journal);
	if (t->idle)
		journal_end(t->idle);
	free(t);
}

bool txn_planning(const struct session *s)
{
	return s->opt.plan;
}

bool txn_open(const struct session *s)
{
	return s->txn->open;
}

bool txn_kept(const struct session *s)
{
	return s->txn->kept;
}

unsigned txn_begun(const struct session *s)
{
	return s->txn->open ? s->txn->begun : 0;
}

size_t txn_length(const struct session *s)
{
	return s->txn->log.nr;
}

static const struct record plan_record = {
	.name = "plan",
	.columns = (const struct column[]){
		{ "change", "%" },
		{ "undo", "  [undo: %" },
		{ "lost", "; %" },
		{ "at", "; at %" },
		{ "end", "]", .flags = COL_PLAIN_ONLY },
		{ 0 } },
};

static const char *const class_names[] = {
	[UNDO_FULL] = "full",
	[UNDO_LOSSY] = "lossy",
	[UNDO_NONE] = "none",
};

/* One row of a plan or a log. */
static int show_op(struct ctx *ctx, const struct op *op)
{
	struct buf text = BUF_INIT;
	const char *why = NULL;
	enum undo_class class = op->kind->class(op, &why);
	int err;

	op->kind->describe(op, &text);
	err = sink_row(ctx->sink, (const struct cell[]){
		cell_str(buf_str(&text)), cell_str(class_names[class]), cell_str(why),
		cell_str(op->kind->deferred && !op->applied ? "commit" : NULL), cell_bool(true) });
	buf_free(&text);
	return err;
}

/* --plan: says what the operation would do, and how it would be undone. */
static void plan(struct ctx *ctx, struct op *op)
{
	if (!sink_used(ctx->sink))
		sink_begin(ctx->sink, &plan_record, SINK_LIST);
	show_op(ctx, op);
}

static int refuse_irreversible(struct ctx *ctx, const struct op *op, const char *why)
{
	diag_error(ctx->diags, op->span, "'%s' cannot be undone, and a transaction is open",
		   op->kind->name);
	diag_hint(ctx->diags, "%s%suse --allow-irreversible to do it all the same", why ? why : "",
		  why ? "; " : "");
	return -1;
}

/*
 * What may be done where there is no place for a journal: a change that is there as a whole
 * or not at all, as the only one of a command; and all that asks for no transaction.
 */
static bool may_go_without(const struct session *s, const struct op *op)
{
	const struct txn *t = s->txn;

	return s->opt.no_transaction || (!t->open && !t->unrecorded && op->nr <= 1);
}

/* Of what was committed, once a process. */
static void note_no_journal(struct txn *t, struct diags *d)
{
	const struct diag *why = &t->no_journal.list[0];

	if (!t->unrecorded || t->unrecorded_said || !t->no_journal.nr)
		return;
	t->unrecorded_said = true;
	diag_note(d, NO_SPAN, "done without a journal: %s", why->msg);
	diag_hint(d, "%s", why->hint ? why->hint : "if bpfsh is killed meanwhile, 'recover' knows "
		  "nothing of it");
}

/* Makes a journal, unless there is one; NULL where there is no place for it. */
static struct journal *make_journal(struct txn *t)
{
	if (!t->journal && t->idle) {
		t->journal = t->idle;
		t->idle = NULL;
	}
	diags_clear(&t->no_journal);
	if (!t->journal)
		t->journal = journal_create(&t->no_journal);
	return t->journal;
}

/* Makes the journal for an operation, or lets it be done without. */
static int open_journal(struct ctx *ctx, const struct op *op)
{
	struct txn *t = ctx->s->txn;

	if (make_journal(t))
		return 0;
	if (may_go_without(ctx->s, op)) {
		t->unrecorded++;
		return 0;
	}
	diags_move(ctx->diags, &t->no_journal);
	diag_hint(ctx->diags, "without one, nothing could be undone if bpfsh were killed; "
		  "--no-transaction goes on without");
	return -1;
}

/* Writes the intent. */
static int record(struct ctx *ctx, struct op *op)
{
	struct txn *t = ctx->s->txn;
	struct buf payload = BUF_INIT;

	if (!op->kind->id)
		return 0;
	if (open_journal(ctx, op))
		return -1;
	if (!t->journal)
		return 0;
	op_encode(op, &payload);
	op->at = journal_intent(t->journal, op->kind->id, payload.data, payload.len);
	buf_free(&payload);
	if (op->at != JOURNAL_NONE) {
		crash_words("error: bpfsh died, and its changes are not rolled back: "
			    "run 'bpfsh recover'\n");
		return 0;
	}
	diag_errno(ctx->diags, op->span, errno, "cannot write the journal '%s'",
		   journal_path(t->journal));
	return -1;
}

static void record_done(struct txn *t, struct op *op)
{
	op->applied = true;
	if (op->at != JOURNAL_NONE)
		journal_done(t->journal, op->at, (const uint64_t *)op->late);
}

/* Undoes an operation, counts how that went and notes it in the journal. */
static void undo_one(struct txn *t, struct op *op, struct byteset *changed, struct diags *d,
		     struct rollback *r)
{
	enum undo_result result = op_undo(op, t->journal, &t->stuck, changed, d);
	enum journal_state state = rollback_count(r, op, op->nr ? op->nr : op->applied, result);

	if (op->at == JOURNAL_NONE || !t->journal)
		return;
	journal_set_state(t->journal, op->at, state);
	t->unsettled += !is_settled(state);
}

/* Nothing of the operation stays when its apply fails half-way. */
static int apply(struct ctx *ctx, struct op *op)
{
	struct txn *t = ctx->s->txn;
	struct byteset changed = { 0 };

	if (op->kind->prepare && op->kind->prepare(op, ctx->diags))
		return -1;
	if (record(ctx, op))
		return -1;
	if (op->kind->deferred)
		return 0;
	if (!op->kind->apply(op, ctx->diags)) {
		record_done(t, op);
		return 0;
	}
	undo_one(t, op, &changed, ctx->diags, &t->left);
	byteset_free(&changed);
	return -1;
}

/* A journal that no operation in the log needs any more. */
static void end_unused_journal(struct session *s, struct diags *d)
{
	if (!s->txn->log.nr)
		end_journal(s, d);
}

int txn_do(struct ctx *ctx, struct op *op)
{
	struct txn *t = ctx->s->txn;
	const char *why = NULL;

	if (txn_planning(ctx->s)) {
		plan(ctx, op);
		op_free(op);
		return 0;
	}
	if (t->open && !ctx->s->opt.allow_irreversible && !op->kind->deferred &&
	    op->kind->class(op, &why) == UNDO_NONE) {
		refuse_irreversible(ctx, op, why);
		op_free(op);
		return -1;
	}
	if (apply(ctx, op)) {
		op_free(op);
		end_unused_journal(ctx->s, ctx->diags);
		return -1;
	}
	log_add(&t->log, op);
	return 0;
}

static void add_savepoint(struct session *s, const char *name)
{
	struct txn *t = s->txn;

	GROW(t->savepoints, t->nr_savepoints);
	t->savepoints[t->nr_savepoints++] = (struct savepoint){
		.name = name ? xstrdup(name) : NULL, .at = t->log.nr, .vars = vars_copy(s)
	};
}

int txn_begin(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;

	if (t->open) {
		diag_error(ctx->diags, ctx->span, "a transaction is open already");
		diag_hint(ctx->diags, "end it with 'commit' or 'rollback'; 'savepoint NAME' marks a "
			  "place to come back to");
		return -1;
	}
	t->open = true;
	t->begun++;
	t->lasting = (struct rollback){ 0 };
	add_savepoint(ctx->s, NULL);
	return 0;
}

int txn_need_open(struct ctx *ctx)
{
	if (ctx->s->txn->open)
		return 0;
	diag_error(ctx->diags, ctx->span, "no transaction is open");
	diag_hint(ctx->diags, "'begin' opens one");
	return -1;
}

int txn_savepoint(struct ctx *ctx, const char *name, struct span at)
{
	if (txn_need_open(ctx))
		return -1;
	add_savepoint(ctx->s, name);
	return 0;
}

/* Newest savepoint of that name; -1 with a diagnostic. */
static int find_savepoint(struct ctx *ctx, const char *name, struct span at)
{
	struct txn *t = ctx->s->txn;
	const char **names;

	for (int i = t->nr_savepoints - 1; i > 0; i--)
		if (!strcmp(t->savepoints[i].name, name))
			return i;
	names = xcalloc(t->nr_savepoints + 1, sizeof(*names));
	for (size_t i = 1; i < t->nr_savepoints; i++)
		names[i - 1] = t->savepoints[i].name;
	diag_error(ctx->diags, at, "no savepoint '%s'", name);
	diag_suggest(ctx->diags, name, names);
	free(names);
	return -1;
}

/* Takes the newest operation back, if it was done, and forgets it. */
static void undo_newest(struct txn *t, struct byteset *changed, struct diags *d,
			struct rollback *r)
{
	struct op *op = t->log.list[t->log.nr - 1];

	if (op->applied)
		undo_one(t, op, changed, d, r);
	if (op->at != JOURNAL_NONE && t->journal && !t->unsettled)
		journal_cut(t->journal, op->at);
	log_cut(&t->log, t->log.nr - 1);
}

void txn_undo_to(struct session *s, size_t mark, struct diags *d, struct rollback *r)
{
	struct txn *t = s->txn;
	struct rollback own = t->left;
	struct byteset changed = { 0 };

	t->left = (struct rollback){ 0 };
	while (t->log.nr > mark)
		undo_newest(t, &changed, d, &own);
	byteset_free(&changed);
	end_unused_journal(s, d);
	rollback_add(&t->lasting, &own);
	rollback_add(r, &own);
}

/* Closes the transaction, whose log is dealt with. */
static void txn_close(struct txn *t)
{
	savepoints_cut(t, 0);
	log_cut(&t->log, 0);
	t->open = false;
	t->confirm_until = 0;
	t->lasting = (struct rollback){ 0 };
}

/*
 * Before a rollback: nobody can confirm the transaction from now on. False, with
 * a diagnostic, where another process has just done so.
 */
static bool stop_confirming(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;

	if (!t->confirm_until ||
	    journal_change_phase(t->journal, JOURNAL_CONFIRM, JOURNAL_OPEN) ||
	    journal_get_phase(t->journal) == JOURNAL_OPEN)
		return true;
	diag_error(ctx->diags, ctx->span, "the transaction was confirmed meanwhile");
	return false;
}

int txn_rollback(struct ctx *ctx, const char *name, struct span at, struct rollback *r)
{
	struct session *s = ctx->s;
	struct txn *t = s->txn;
	int i = 0;

	if (txn_need_open(ctx))
		return -1;
	if (name && (i = find_savepoint(ctx, name, at)) < 0)
		return -1;
	if (!name && !stop_confirming(ctx))
		return -1;
	txn_undo_to(s, t->savepoints[i].at, ctx->diags, r);
	vars_restore(s, t->savepoints[i].vars);
	t->savepoints[i].vars = (struct vars){ 0 };
	if (name) {
		/* The savepoint stays, to come back to it once more. */
		t->savepoints[i].vars = vars_copy(s);
		savepoints_cut(t, i + 1);
	} else {
		r->conflicts = t->lasting.conflicts;
		r->failed = t->lasting.failed;
		txn_close(t);
	}
	return 0;
}

static bool any_deferred(const struct log *log)
{
	for (size_t i = 0; i < log->nr; i++)
		if (log->list[i]->kind->deferred && !log->list[i]->applied)
			return true;
	return false;
}

/*
 * Runs what was put off, behind the point of no return. If the first of it
 * fails, that point was not reached: -1. Else the number that failed.
 */
static int apply_deferred(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;
	int done = 0, failed = 0;

	for (size_t i = 0; i < t->log.nr; i++) {
		struct op *op = t->log.list[i];

		if (!op->kind->deferred || op->applied)
			continue;
		if (!op->kind->apply(op, ctx->diags)) {
			record_done(t, op);
			done++;
		} else if (!done) {
			if (t->journal)
				journal_set_phase(t->journal, JOURNAL_OPEN);
			return -1;
		} else {
			failed++;
		}
	}
	return failed;
}

/* Removes what undo would have needed; returns how many leavings could not be. */
static int finish_all(struct txn *t, struct diags *d)
{
	int failed = 0;

	for (size_t i = 0; i < t->log.nr; i++) {
		const struct op *op = t->log.list[i];

		if (!op->kind->finish || !op->kind->finish(t->log.list[i], d))
			continue;
		failed++;
		if (op->at == JOURNAL_NONE || !t->journal)
			continue;
		journal_set_state(t->journal, op->at, RECORD_LITTER);
		t->unsettled++;
	}
	return failed;
}

/* The last change becomes the log, or the other way; one of them is empty. */
static void swap_logs(struct txn *t)
{
	struct log log = t->log;

	t->log = t->last;
	t->last = log;
}

/*
 * What was shown is written out before it is final, as what nobody could see is taken back.
 * A document waits where what was put off may still make an error of it.
 */
static int show_before(struct ctx *ctx)
{
	struct session *s = ctx->s;
	bool whole = s->opt.output == SINK_JSON && !s->batch_open;

	if (!s->txn->log.nr && !s->txn->open)
		return 0;
	return whole && any_deferred(&s->txn->log) ? 0 : txn_flush_output(s, ctx->diags);
}

/* Makes the whole log stay; what `undo` needs of it is kept. */
static int make_stay(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;
	int failed = 0;

	if (t->journal)
		journal_set_phase(t->journal, JOURNAL_COMMIT);
	if (any_deferred(&t->log))
		failed = apply_deferred(ctx);
	if (failed < 0)
		return -1;
	failed += finish_all(t, ctx->diags);
	note_no_journal(t, ctx->diags);
	end_journal(ctx->s, ctx->diags);
	if (t->log.nr) {
		t->kept = true;
		log_cut(&t->last, 0);
		swap_logs(t);
	}
	return failed;
}

/* Once it begins, no signal stops it half-way. */
static int commit(struct ctx *ctx)
{
	bool held;
	int failed;

	if (show_before(ctx))
		return -1;
	held = interrupt_hold(true);
	failed = make_stay(ctx);
	interrupt_hold(held);
	return failed;
}

int txn_commit_command(struct ctx *ctx)
{
	return commit(ctx);
}

int txn_commit(struct ctx *ctx)
{
	int failed = commit(ctx);

	if (failed >= 0)
		txn_close(ctx->s->txn);
	return failed;
}

#define SAY_MAX 5	/* changes of one command that the prompt lists */

void txn_say(struct ctx *ctx, size_t mark)
{
	struct txn *t = ctx->s->txn;
	/* What is committed is not in the log any more. */
	struct log *log = t->log.nr > mark ? &t->log : &t->last;
	struct buf text = BUF_INIT;

	mark = log == &t->log ? mark : 0;
	for (size_t i = mark; i < log->nr && i < mark + SAY_MAX; i++) {
		buf_reset(&text);
		log->list[i]->kind->describe(log->list[i], &text);
		sink_note(ctx->sink, "%s", buf_str(&text));
	}
	if (log->nr > mark + SAY_MAX)
		sink_note(ctx->sink, "... and %zu more", log->nr - mark - SAY_MAX);
	buf_free(&text);
}

int txn_show(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;

	sink_begin(ctx->sink, &plan_record, SINK_LIST);
	for (size_t i = 0; i < t->log.nr; i++)
		if (show_op(ctx, t->log.list[i]))
			return -1;
	return sink_end(ctx->sink);
}

/*
 * Each operation of the log again in a journal, as it may be interrupted in
 * being undone. Until all of them stand there, the change is a committed one.
 */
static int journal_again(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;

	if (make_journal(t))
		journal_set_phase(t->journal, JOURNAL_COMMIT);
	for (size_t i = 0; i < t->log.nr; i++) {
		struct op *op = t->log.list[i];

		op->at = JOURNAL_NONE;
		if (record(ctx, op) || (op->kind->hold && op->kind->hold(op, ctx->diags)))
			return -1;
		record_done(t, op);
	}
	if (t->journal)
		journal_set_phase(t->journal, JOURNAL_OPEN);
	return 0;
}

static int nothing_to_undo(struct ctx *ctx)
{
	diag_error(ctx->diags, ctx->span, "there is nothing to undo");
	diag_hint(ctx->diags, "'undo' takes back the last change of its own session, and no other's");
	return -1;
}

int txn_undo_last(struct ctx *ctx, struct rollback *r)
{
	struct txn *t = ctx->s->txn;
	const char *why;

	if (t->open) {
		diag_error(ctx->diags, ctx->span,
			   "a transaction is open: 'undo' is for what was committed");
		diag_hint(ctx->diags, "'rollback' takes the transaction back");
		return -1;
	}
	if (!t->last.nr)
		return nothing_to_undo(ctx);
	for (size_t i = 0; i < t->last.nr; i++)
		if (t->last.list[i]->kind->class(t->last.list[i], &why) == UNDO_NONE)
			return diag_error(ctx->diags, ctx->span, "'%s' cannot be undone: %s",
					  t->last.list[i]->kind->name, why ? why : "it is permanent");
	swap_logs(t);
	if (journal_again(ctx)) {
		finish_all(t, ctx->diags);
		end_journal(ctx->s, ctx->diags);
		swap_logs(t);
		return -1;
	}
	txn_undo_to(ctx->s, 0, ctx->diags, r);
	return 0;
}
