// SPDX-License-Identifier: BSD-2-Clause
/* One operation undone: conflicts, those that are stuck, and what is counted of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "made_up.h"
#include "shell/base/buf.h"
#include "shell/base/byteset.h"
#include "shell/base/diag.h"
#include "shell/txn/undo.h"

/* A rollback by hand: what its operations share. */
static struct buf stuck;
static struct byteset changed;
static struct diags diags;

static int begin(void **state)
{
	memset(cells, 0, sizeof(cells));
	refuse = false;
	finished = 0;
	return 0;
}

static int end(void **state)
{
	buf_free(&stuck);
	byteset_free(&changed);
	diags_clear(&diags);
	changed = (struct byteset){ 0 };
	return 0;
}

static struct op *done(__u32 cell, __u32 after)
{
	struct op *op = op_set(&set_kind, cell, after);

	set_prepare(op, &diags);
	op->applied = !set_apply(op, &diags);
	return op;
}

static enum undo_result undone(struct op *op)
{
	enum undo_result result = op_undo(op, NULL, &stuck, &changed, &diags);

	op_free(op);
	return result;
}

static void test_undone(void **state)
{
	struct op *op = done(1, 5);

	assert_int_equal(cells[1], 5);
	assert_int_equal(undone(op), UNDO_DONE);
	assert_true(!cells[1] && finished == 1);
}

static void test_conflict(void **state)
{
	struct op *op = done(1, 5);

	cells[1] = 6;
	assert_int_equal(undone(op), UNDO_CONFLICT);
	assert_true(cells[1] == 6 && !finished);
}

/* Where a later change is stuck, the earlier one of the same cell stays, and no other. */
static void test_stuck(void **state)
{
	struct op *first = done(1, 5), *other = done(2, 7), *second = done(1, 6);

	refuse = true;
	assert_int_equal(undone(second), UNDO_FAILED);
	refuse = false;
	assert_int_equal(undone(other), UNDO_DONE);
	assert_int_equal(undone(first), UNDO_FAILED);
	assert_true(cells[1] == 6 && !cells[2]);
	assert_non_null(strstr(diags.list[diags.nr - 1].msg, "a later change of the same"));
}

/* Where later changes overwrite, a conflict settles the earlier ones of the same cell. */
static void test_overwritten(void **state)
{
	struct op_kind overwriting = set_kind;
	struct op *first = done(1, 5), *second = done(1, 6);

	overwriting.overwrites = true;
	first->kind = second->kind = &overwriting;
	cells[1] = 9;
	assert_int_equal(undone(second), UNDO_CONFLICT);
	assert_int_equal(undone(first), UNDO_DONE);
	assert_int_equal(cells[1], 9);
}

static void test_counted(void **state)
{
	struct op *op = op_set(&set_kind, 0, 1);
	struct buf text = BUF_INIT;
	struct rollback r = { 0 };

	rollback_text(&text, &r);
	assert_string_equal(buf_str(&text), "nothing changed");
	assert_int_equal(rollback_count(&r, op, 1, UNDO_DONE), RECORD_UNDONE);
	assert_int_equal(rollback_count(&r, op, 1, UNDO_CONFLICT), RECORD_UNDONE);
	assert_int_equal(rollback_count(&r, op, 1, UNDO_FAILED), RECORD_STUCK);
	assert_int_equal(rollback_count(&r, op, 1, UNDO_NEVER), RECORD_LOST);
	op->conflicts = 2;
	rollback_count(&r, op, 10, UNDO_CONFLICT);
	buf_reset(&text);
	rollback_text(&text, &r);
	assert_string_equal(buf_str(&text), "rolled back 9 of 14; 3 conflicts; 2 failed");
	assert_true(is_settled(RECORD_LOST) && !is_settled(RECORD_STUCK));
	buf_free(&text);
	op_free(op);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(test_undone), WORLD(test_conflict), WORLD(test_stuck),
		WORLD(test_overwritten), WORLD(test_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
