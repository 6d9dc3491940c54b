// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "shell/interrupt.h"
#include "shell/session.h"
#include "shell/txn.h"

struct savepoint {
	char *name;
	size_t at;			/* length of the log */
	struct vars vars;
};

struct txn {
	struct op **log;
	size_t nr;
	bool open;
	struct savepoint *savepoints;	/* the first is the beginning, without a name */
	size_t nr_savepoints;
	size_t planned;			/* operations that --plan described */
};

void *op_new(const struct op_kind *kind, struct span span)
{
	struct op *op = xcalloc(1, kind->size);

	op->kind = kind;
	op->span = span;
	return op;
}

static void op_free(struct op *op)
{
	if (op->kind->release)
		op->kind->release(op);
	free(op);
}

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

/* Forgets operations behind @mark, from the newest on. */
static void log_cut(struct txn *t, size_t mark)
{
	while (t->nr > mark)
		op_free(t->log[--t->nr]);
}

void txn_free(struct txn *t)
{
	savepoints_cut(t, 0);
	free(t->savepoints);
	log_cut(t, 0);
	free(t->log);
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

size_t txn_length(const struct session *s)
{
	return s->txn->nr;
}

size_t txn_mark(const struct session *s)
{
	return s->txn->nr;
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

/* --plan: says what the operation would do, and how it would be undone. */
static void plan(struct ctx *ctx, struct op *op)
{
	struct buf text = BUF_INIT;
	const char *why = NULL;
	enum undo_class class = op->kind->class(op, &why);

	op->kind->describe(op, &text);
	if (!sink_used(ctx->sink))
		sink_begin(ctx->sink, &plan_record, SINK_LIST);
	sink_row(ctx->sink, (const struct cell[]){
		cell_str(buf_str(&text)), cell_str(class_names[class]), cell_str(why),
		cell_str(op->kind->deferred ? "commit" : NULL), cell_bool(true) });
	buf_free(&text);
	ctx->s->txn->planned++;
}

static int refuse_irreversible(struct ctx *ctx, const struct op *op, const char *why)
{
	diag_error(ctx->diags, op->span, "'%s' cannot be undone, and a transaction is open",
		   op->kind->name);
	diag_hint(ctx->diags, "%s%suse --allow-irreversible to do it all the same", why ? why : "",
		  why ? "; " : "");
	return -1;
}

/* Nothing of the operation stays when its apply failed half-way. */
static int apply(struct op *op, struct diags *d)
{
	if (op->kind->prepare && op->kind->prepare(op, d))
		return -1;
	if (op->kind->deferred)
		return 0;
	if (op->kind->apply(op, d))
		return -1;
	op->applied = true;
	return 0;
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
	if (apply(op, ctx->diags)) {
		op_free(op);
		return -1;
	}
	GROW(t->log, t->nr);
	t->log[t->nr++] = op;
	return 0;
}

static void add_savepoint(struct session *s, const char *name)
{
	struct txn *t = s->txn;

	GROW(t->savepoints, t->nr_savepoints);
	t->savepoints[t->nr_savepoints++] = (struct savepoint){
		.name = name ? xstrdup(name) : NULL, .at = t->nr, .vars = vars_copy(s)
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
	t->planned = 0;
	add_savepoint(ctx->s, NULL);
	return 0;
}

static int need_open(struct ctx *ctx)
{
	if (ctx->s->txn->open)
		return 0;
	diag_error(ctx->diags, ctx->span, "no transaction is open");
	diag_hint(ctx->diags, "'begin' opens one");
	return -1;
}

int txn_savepoint(struct ctx *ctx, const char *name, struct span at)
{
	if (need_open(ctx))
		return -1;
	add_savepoint(ctx->s, name);
	return 0;
}

/* Newest savepoint of that name; -1 with a diagnostic. */
static int find_savepoint(struct ctx *ctx, const char *name, struct span at)
{
	struct txn *t = ctx->s->txn;
	const char **names, *near;

	for (int i = t->nr_savepoints - 1; i > 0; i--)
		if (!strcmp(t->savepoints[i].name, name))
			return i;
	names = xcalloc(t->nr_savepoints + 1, sizeof(*names));
	for (size_t i = 1; i < t->nr_savepoints; i++)
		names[i - 1] = t->savepoints[i].name;
	near = nearest_word(name, names);
	free(names);
	diag_error(ctx->diags, at, "no savepoint '%s'", name);
	if (near)
		diag_hint(ctx->diags, "did you mean '%s'?", near);
	return -1;
}

void txn_undo_to(struct session *s, size_t mark, struct diags *d, struct rollback *r)
{
	struct txn *t = s->txn;

	while (t->nr > mark) {
		struct op *op = t->log[--t->nr];

		if (op->applied) {
			switch (op->kind->undo(op, d)) {
			case UNDO_DONE:
				r->undone++;
				break;
			case UNDO_CONFLICT:
				r->conflicts++;
				break;
			case UNDO_FAILED:
				r->failed++;
				break;
			}
		}
		op_free(op);
	}
}

/* Closes the transaction, whose log is dealt with. */
static void txn_close(struct txn *t)
{
	savepoints_cut(t, 0);
	log_cut(t, 0);
	t->open = false;
}

int txn_rollback(struct ctx *ctx, const char *name, struct span at, struct rollback *r)
{
	struct session *s = ctx->s;
	struct txn *t = s->txn;
	int i = 0;

	if (need_open(ctx))
		return -1;
	if (name && (i = find_savepoint(ctx, name, at)) < 0)
		return -1;
	txn_undo_to(s, t->savepoints[i].at, ctx->diags, r);
	vars_restore(s, t->savepoints[i].vars);
	t->savepoints[i].vars = (struct vars){ 0 };
	if (name) {
		/* The savepoint stays, to come back to it once more. */
		t->savepoints[i].vars = vars_copy(s);
		savepoints_cut(t, i + 1);
	} else {
		txn_close(t);
	}
	return 0;
}

/* Runs what was put off; the first failure rolls all back, as nothing is committed yet. */
static int apply_deferred(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;

	for (size_t i = 0; i < t->nr; i++) {
		struct op *op = t->log[i];

		if (!op->kind->deferred || op->applied)
			continue;
		if (op->kind->apply(op, ctx->diags))
			return -1;
		op->applied = true;
	}
	return 0;
}

int txn_commit_command(struct ctx *ctx, size_t mark)
{
	struct txn *t = ctx->s->txn;

	if (apply_deferred(ctx))
		return -1;
	for (size_t i = mark; i < t->nr; i++)
		if (t->log[i]->kind->finish)
			t->log[i]->kind->finish(t->log[i], ctx->diags);
	return 0;
}

void txn_forget(struct session *s, size_t mark)
{
	log_cut(s->txn, mark);
}

#define SAY_MAX 5	/* changes of one command that the prompt lists */

void txn_say(struct ctx *ctx, size_t mark)
{
	struct txn *t = ctx->s->txn;
	struct buf text = BUF_INIT;

	for (size_t i = mark; i < t->nr && i < mark + SAY_MAX; i++) {
		buf_reset(&text);
		t->log[i]->kind->describe(t->log[i], &text);
		sink_note(ctx->sink, "%s", buf_str(&text));
	}
	if (t->nr > mark + SAY_MAX)
		sink_note(ctx->sink, "... and %zu more", t->nr - mark - SAY_MAX);
	buf_free(&text);
}

int txn_commit(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;
	struct diags *d = ctx->diags;

	if (apply_deferred(ctx))
		return -1;
	for (size_t i = 0; i < t->nr; i++)
		if (t->log[i]->kind->finish)
			t->log[i]->kind->finish(t->log[i], d);
	txn_close(t);
	return 0;
}

void rollback_text(struct buf *out, const struct rollback *r)
{
	size_t all = r->undone + r->conflicts + r->failed;

	buf_printf(out, "rolled back %zu of %zu", r->undone, all);
	if (r->conflicts)
		buf_printf(out, "; %zu conflict%s", r->conflicts, r->conflicts == 1 ? "" : "s");
	if (r->failed)
		buf_printf(out, "; %zu failed", r->failed);
	if (!r->conflicts && !r->failed)
		buf_puts(out, "; nothing changed");
}
