// SPDX-License-Identifier: BSD-2-Clause
/* The journal's file, and operations of a made-up kind to it and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "made_up.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/txn/journal.h"

static struct journal *journal_new(void)
{
	struct diags d = { 0 };
	struct journal *j = journal_create(&d);

	assert_non_null(j);
	diags_clear(&d);
	return j;
}

/* Records come back in their order, with their states; those cut off do not. */
static void test_records(void **state)
{
	struct journal *j = journal_new();
	const uint64_t late[2] = { 7, 8 };
	journal_pos first = journal_intent(j, 1, "one", 3), at = JOURNAL_NONE;
	journal_pos second = journal_intent(j, 2, NULL, 0), third = journal_intent(j, 3, "x", 1);
	struct journal_record rec;

	journal_done(j, first, late);
	journal_set_state(j, second, RECORD_STUCK);
	journal_cut(j, third);
	assert_true(journal_next(j, &at, &rec));
	assert_true(rec.kind == 1 && rec.state == RECORD_DONE && rec.late[1] == 8);
	assert_true(rec.len == 3 && !memcmp(rec.payload, "one", 3));
	assert_true(journal_next(j, &at, &rec) && rec.at == second && rec.state == RECORD_STUCK);
	assert_false(journal_next(j, &at, &rec));
	journal_end(j);
	assert_int_equal(count_journals(), 0);
}

/* It grows beyond its first page, and what is in it stays. */
static void test_growth(void **state)
{
	struct journal *j = journal_new();
	journal_pos at = JOURNAL_NONE;
	struct journal_record rec;
	uint32_t i = 0;

	for (i = 0; i < 2000; i++)
		assert_true(journal_intent(j, 1, &i, sizeof(i)) != JOURNAL_NONE);
	for (i = 0; journal_next(j, &at, &rec); i++)
		assert_memory_equal(rec.payload, &i, sizeof(i));
	assert_int_equal(i, 2000);
	journal_end(j);
}

static void test_phases(void **state)
{
	struct journal *j = journal_new();

	assert_int_equal(journal_get_phase(j), JOURNAL_OPEN);
	assert_false(journal_change_phase(j, JOURNAL_CONFIRM, JOURNAL_CONFIRMED));
	journal_set_phase(j, JOURNAL_CONFIRM);
	assert_true(journal_change_phase(j, JOURNAL_CONFIRM, JOURNAL_CONFIRMED));
	assert_int_equal(journal_get_phase(j), JOURNAL_CONFIRMED);
	journal_end(j);
}

static void count_one(void *arg, struct journal *j)
{
	++*(int *)arg;
	journal_end(j);
}

/* One that is kept is found, once its lock is free; the empty one is removed without a word. */
static void test_orphans(void **state)
{
	struct journal *kept = journal_new(), *empty = journal_new(), *used = journal_new();
	struct diags d = { 0 };
	int nr = 0;

	journal_intent(kept, 1, "x", 1);
	journal_intent(used, 1, "x", 1);
	journal_keep(kept);
	journal_keep(empty);
	assert_int_equal(journal_count_orphans().here, 1);
	journal_each(true, count_one, &nr, &d);
	assert_true(nr == 1 && !d.nr);
	assert_int_equal(count_journals(), 1);
	journal_end(used);
}

/* Any byte of an operation's record cut off, or one too many: it makes no operation. */
static void test_lengths(void **state)
{
	struct op *op = op_set(&set_kind, 2, 5);
	struct buf bytes = BUF_INIT;

	op_encode(op, &bytes);
	buf_putc(&bytes, 0);
	for (size_t len = 0; len <= bytes.len; len++) {
		struct wire_reader r = { bytes.data, bytes.data + len, false };
		struct op *read = op_new(&set_kind, NO_SPAN);

		assert_int_equal(op_decode(read, &r), len == bytes.len - 1);
		if (len == bytes.len - 1)
			assert_true(set_of(read)->after == 5 && !strcmp(set_of(read)->name, "set"));
		op_free(read);
	}
	buf_free(&bytes);
	op_free(op);
}

/* All types of fields, and lists in which lengths and numbers lie. */
struct part {
	char *path;
	__u32 nr;
	char *bytes;
};

struct op_whole {
	struct op op;
	bool yes;
	enum undo_class class;
	__u64 wide;
	struct part *parts;
	size_t nr_parts;
};

#undef FIELDS_OF
#define FIELDS_OF struct part
static const struct field part_fields[] = { F_PATH(path), F_U32(nr), F_BYTES(bytes, nr), { 0 } };
#undef FIELDS_OF
#define FIELDS_OF struct op_whole
static const struct field whole_fields[] = {
	F_BOOL(yes), F_ENUM(class, enum undo_class, UNDO_NONE), F_U64(wide),
	F_LIST(parts, nr_parts, part_fields), { 0 }
};
static const struct op_kind whole_kind = { .name = "whole", .id = 9,
					   .size = sizeof(struct op_whole),
					   .fields = whole_fields };

static struct op_whole *whole(const char *path, __u32 nr, enum undo_class class)
{
	struct op_whole *w = op_new(&whole_kind, NO_SPAN);

	w->yes = true;
	w->class = class;
	w->wide = 1ULL << 40;
	w->parts = xcalloc(nr, sizeof(*w->parts));
	w->nr_parts = nr;
	for (__u32 i = 0; i < nr; i++)
		w->parts[i] = (struct part){ xstrdup(path), i, xcalloc(1, i + 1) };
	return w;
}

/* What is read from the bytes of @w, which goes; NULL where they make nothing. */
static struct op_whole *again(struct op_whole *w)
{
	struct op_whole *read = op_new(&whole_kind, NO_SPAN);
	struct buf bytes = BUF_INIT;
	struct wire_reader r;

	fields_encode(whole_fields, w, &bytes);
	op_free(&w->op);
	r = (struct wire_reader){ bytes.data, bytes.data + bytes.len, false };
	if (!op_decode(&read->op, &r)) {
		op_free(&read->op);
		read = NULL;
	}
	buf_free(&bytes);
	return read;
}

static void test_fields(void **state)
{
	struct op_whole *w = again(whole("/a", 5, UNDO_LOSSY));

	assert_non_null(w);
	assert_true(w->yes && w->class == UNDO_LOSSY && w->wide == 1ULL << 40);
	assert_true(w->nr_parts == 5 && w->parts[4].nr == 4 && !strcmp(w->parts[4].path, "/a"));
	op_free(&w->op);
	assert_null(again(whole("a", 1, UNDO_FULL)));
	assert_null(again(whole("/a", 1, UNDO_NONE)));
	w = again(whole("/a", 0, UNDO_FULL));
	assert_non_null(w);
	op_free(&w->op);
}

/* A number of parts that the bytes do not have. */
static void test_hostile_number(void **state)
{
	struct op_whole *read = op_new(&whole_kind, NO_SPAN);
	struct buf bytes = BUF_INIT;
	struct wire_reader r;

	wire_put_u32(&bytes, 1);
	wire_put_u32(&bytes, UNDO_FULL);
	wire_put_u64(&bytes, 0);
	wire_put_u32(&bytes, UINT32_MAX);
	r = (struct wire_reader){ bytes.data, bytes.data + bytes.len, false };
	assert_false(op_decode(&read->op, &r));
	op_free(&read->op);
	buf_free(&bytes);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, world_new, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD(test_records), WORLD(test_growth), WORLD(test_phases), WORLD(test_orphans),
		cmocka_unit_test(test_lengths), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_hostile_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
