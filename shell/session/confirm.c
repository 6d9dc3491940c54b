// SPDX-License-Identifier: BSD-2-Clause
/*
 * commit confirm: a transaction that is rolled back unless somebody confirms it
 * in time. The journal's phase decides: whoever changes it first has decided.
 */
#include <signal.h>
#include <stdio.h>

#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/clock.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/op/gather.h"
#include "shell/session/session.h"
#include "shell/txn/journal.h"
#include "shell/txn/txn.h"
#include "shell/txn/txn_state.h"
#include "shell/txn/undo.h"

/* Names what is not done yet, as nothing would take it back. */
static void say_deferred(struct ctx *ctx)
{
	const struct log *log = &ctx->s->txn->log;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < log->nr; i++) {
		if (!log->list[i]->kind->deferred)
			continue;
		buf_reset(&text);
		log->list[i]->kind->describe(log->list[i], &text);
		sink_note(ctx->sink, "done only when it is confirmed: %s", buf_str(&text));
	}
	buf_free(&text);
}

int txn_commit_confirm(struct ctx *ctx, unsigned seconds)
{
	struct txn *t = ctx->s->txn;

	if (txn_need_open(ctx))
		return -1;
	if (!t->log.nr)		/* nothing was written: there is nothing to guard */
		return txn_commit(ctx);
	if (!t->journal && !(t->journal = journal_create(ctx->diags)))
		return -1;
	t->confirm_until = clock_ms() + seconds * 1000LL;
	journal_set_phase(t->journal, JOURNAL_CONFIRM);
	say_deferred(ctx);
	return 0;
}

static void confirm_other(void *arg, struct journal *j)
{
	bool *confirmed = arg;

	*confirmed |= journal_change_phase(j, JOURNAL_CONFIRM, JOURNAL_CONFIRMED);
	journal_keep(j);
}

int txn_confirm(struct ctx *ctx)
{
	struct txn *t = ctx->s->txn;
	bool confirmed = false;
	int failed;

	if (t->confirm_until) {
		failed = txn_commit(ctx);
		/* What cannot be committed is still guarded. */
		if (failed < 0)
			journal_set_phase(t->journal, JOURNAL_CONFIRM);
		return failed;
	}
	journal_each(false, confirm_other, &confirmed, ctx->diags);
	if (confirmed)
		return 0;
	diag_error(ctx->diags, ctx->span, "no transaction waits for a confirmation");
	diag_hint(ctx->diags, "'commit confirm SECONDS' makes one wait");
	return -1;
}

bool txn_confirming(const struct session *s, unsigned *left)
{
	__s64 now = clock_ms(), until = s->txn->confirm_until;

	*left = until > now ? (until - now + 999) / 1000 : 0;
	return until;
}

/* Rolls back what was to be confirmed, and says why. Returns a status. */
static int rollback_unconfirmed(struct ctx *ctx, const char *why)
{
	struct session *s = ctx->s;
	struct buf text = BUF_INIT;
	struct rollback r = { 0 };

	txn_rollback(ctx, NULL, NO_SPAN, &r);
	rollback_text(&text, &r);
	fprintf(stderr, "%s: %s\n", why, buf_str(&text));
	session_show(s, ctx->diags);
	buf_free(&text);
	return r.conflicts || r.failed ? STATUS_PARTIAL : STATUS_FAILED;
}

int txn_check_confirm(struct session *s, bool *undone)
{
	struct txn *t = s->txn;
	struct diags d = { 0 };
	struct ctx ctx = { .s = s, .diags = &d };
	int failed;

	*undone = false;
	if (!t->confirm_until)
		return STATUS_OK;
	if (journal_get_phase(t->journal) == JOURNAL_CONFIRMED) {
		failed = txn_commit(&ctx);
		session_show(s, &d);
		*undone = failed < 0;
		if (*undone)
			return rollback_unconfirmed(&ctx, "confirmed, but it cannot be committed");
		return failed ? STATUS_PARTIAL : STATUS_OK;
	}
	/* Between the look and this somebody may still have confirmed it. */
	if (clock_ms() < t->confirm_until ||
	    !journal_change_phase(t->journal, JOURNAL_CONFIRM, JOURNAL_OPEN))
		return STATUS_OK;
	*undone = true;
	return rollback_unconfirmed(&ctx, "not confirmed in time");
}

int txn_wait_confirm(struct session *s, bool *undone)
{
	int status = STATUS_OK;
	unsigned left;

	*undone = false;
	while (txn_confirming(s, &left)) {
		status = txn_check_confirm(s, undone);
		if (*undone)
			return status;
		/* A lost terminal must not end the guard; a request to stop means: back. */
		if (interrupted() && interrupted() != SIGHUP)
			s->txn->confirm_until = 1;
		interrupt_nap(clock_ms() + 100);
	}
	return status;
}
