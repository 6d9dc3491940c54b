// SPDX-License-Identifier: BSD-2-Clause
/* Transactions of made-up operations: savepoints, commit, undo, and recovery of what a death left. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "made_up.h"
#include "render/sink/sink.h"
#include "shell/base/diag.h"
#include "shell/lang/state.h"
#include "shell/txn/txn.h"

static const struct op_kind *const kinds[] = { &set_kind, &late_kind, &burn_kind, NULL };

static struct session session;
static struct diags diags;
static struct ctx ctx;

static void session_begin(void)
{
	session = (struct session){ .mode = MODE_SCRIPT, .txn = txn_new(),
				    .out = &session.own };
	out_init(&session.own, open("/dev/null", O_WRONLY | O_CLOEXEC));
	ctx = (struct ctx){ .s = &session, .diags = &diags,
			    .sink = sink_new(SINK_PLAIN, session.out) };
}

static void session_end(void)
{
	txn_free(session.txn);
	sink_free(ctx.sink);
	out_flush(session.out);
	close(session.out->fd);
	out_free(session.out);
	diags_clear(&diags);
}

static int begin(void **state)
{
	if (world_new(state))
		return -1;
	session_begin();
	return 0;
}

static int end(void **state)
{
	session_end();
	return world_free(state);
}

static int set(__u32 cell, __u32 value)
{
	return txn_do(&ctx, op_set(&set_kind, cell, value));
}

static void test_rollback(void **state)
{
	struct rollback r = { 0 };

	assert_int_equal(txn_begin(&ctx), 0);
	assert_int_equal(txn_begin(&ctx), -1);
	set(0, 1);
	txn_savepoint(&ctx, "here", NO_SPAN);
	set(0, 2);
	set(1, 3);
	assert_int_equal(count_journals(), 1);
	assert_int_equal(txn_rollback(&ctx, "there", NO_SPAN, &r), -1);
	assert_int_equal(txn_rollback(&ctx, "here", NO_SPAN, &r), 0);
	assert_true(cells[0] == 1 && !cells[1] && r.undone == 2);
	assert_int_equal(txn_rollback(&ctx, NULL, NO_SPAN, &r), 0);
	assert_true(!cells[0] && !txn_open(&session) && !count_journals());
}

/* What cannot be undone is refused while a transaction is open, and does nothing. */
static void test_irreversible(void **state)
{
	struct rollback r = { 0 };

	txn_begin(&ctx);
	assert_int_equal(txn_do(&ctx, op_set(&burn_kind, 0, 1)), -1);
	assert_int_equal(cells[0], 0);
	session.opt.allow_irreversible = true;
	assert_int_equal(txn_do(&ctx, op_set(&burn_kind, 0, 1)), 0);
	assert_int_equal(cells[0], 1);
	txn_rollback(&ctx, NULL, NO_SPAN, &r);
}

/* What is put off happens at the commit; where the first of it fails, nothing is committed. */
static void test_deferred(void **state)
{
	txn_begin(&ctx);
	txn_do(&ctx, op_set(&late_kind, 0, 1));
	assert_int_equal(cells[0], 0);
	refuse = true;
	assert_int_equal(txn_commit(&ctx), -1);
	assert_true(txn_open(&session));
	refuse = false;
	assert_int_equal(txn_commit(&ctx), 0);
	assert_true(cells[0] == 1 && txn_kept(&session) && !count_journals());
}

/* The last change that was committed comes back, and once more. */
static void test_undo_last(void **state)
{
	struct rollback r = { 0 };

	set(0, 1);
	txn_commit_command(&ctx);
	set(0, 2);
	txn_commit_command(&ctx);
	assert_int_equal(txn_undo_last(&ctx, &r), 0);
	assert_int_equal(cells[0], 1);
	assert_int_equal(txn_undo_last(&ctx, &r), -1);
	assert_int_equal(cells[0], 1);
}

static void test_plan(void **state)
{
	session.opt.plan = true;
	assert_int_equal(set(0, 1), 0);
	assert_true(!cells[0] && !txn_length(&session) && !count_journals());
}

/* The process dies with an open transaction; another one takes it back. */
static void test_recovered(void **state)
{
	struct rollback r = { 0 };

	txn_begin(&ctx);
	set(0, 1);
	set(1, 2);
	session_end();
	session_begin();
	assert_int_equal(count_journals(), 1);
	assert_int_equal(txn_recover(&ctx, kinds, RECOVER_PLAN, &r), 0);
	assert_true(cells[0] == 1 && cells[1] == 2 && count_journals() == 1);
	assert_int_equal(txn_recover(&ctx, kinds, RECOVER_ROLLBACK, &r), 0);
	assert_true(!cells[0] && !cells[1] && r.undone == 2 && !count_journals());
}

/* Of a kind that is not among those handed in nothing is done, and the journal stays. */
static void test_unknown_kind(void **state)
{
	static const struct op_kind *const none[] = { NULL };
	struct rollback r = { 0 };

	txn_begin(&ctx);
	set(0, 1);
	session_end();
	session_begin();
	txn_recover(&ctx, none, RECOVER_ROLLBACK, &r);
	assert_true(cells[0] == 1 && r.failed == 1 && count_journals() == 1);
	txn_recover(&ctx, kinds, RECOVER_DISCARD, &r);
	assert_true(cells[0] == 1 && finished == 1 && !count_journals());
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(test_rollback), WORLD(test_irreversible), WORLD(test_deferred),
		WORLD(test_undo_last), WORLD(test_plan), WORLD(test_recovered),
		WORLD(test_unknown_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
