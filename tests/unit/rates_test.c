// SPDX-License-Identifier: BSD-2-Clause
/* What map top remembers between two looks: growth, forgetting, many counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "shell/sample/rates.h"

#define MANY 300000u

static bool note(struct rates *r, uint32_t key, uint64_t a, uint64_t b, int64_t *change)
{
	char wide[12] = { 0 };
	uint64_t counts[2] = { a, b };

	memcpy(wide + 8, &key, sizeof(key));
	return rates_change(r, wide, counts, change);
}

/* Every element is found again, however large the table has become. */
static void test_many(void **state)
{
	struct rates *r = rates_new(12, 2);
	int64_t change[2];

	rates_begin(r);
	for (uint32_t i = 0; i < MANY; i++)
		assert_false(note(r, i, i, 7, change));
	rates_begin(r);
	for (uint32_t i = 0; i < MANY; i++) {
		bool changed = note(r, i, i + (i % 3 == 0), 7, change);

		assert_true(changed == (i % 3 == 0));
		assert_true(change[0] == (i % 3 == 0) && !change[1]);
	}
	rates_free(r);
}

/* What a look missed is new when it comes back, and does not fill the table for ever. */
static void test_forgotten(void **state)
{
	struct rates *r = rates_new(12, 2);
	int64_t change[2];

	for (uint32_t round = 0; round < 40; round++) {
		rates_begin(r);
		for (uint32_t i = 0; i < 1000; i++)
			assert_true(note(r, round * 1000 + i, 5, 9, change) == (round > 0));
	}
	rates_begin(r);
	note(r, 0, 6, 8, change);
	assert_true(change[0] == 6 && change[1] == 8);
	rates_begin(r);
	assert_true(note(r, 0, 5, 3, change));
	assert_true(change[0] == -1 && change[1] == -5);
	rates_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
