// SPDX-License-Identifier: BSD-2-Clause
/* Expressions over a session's variables: what they give, and what is said of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/lang/expr.h"
#include "shell/lang/state.h"
#include "shell/lang/vars.h"
#include "small_table.h"

static char *args[] = { "first", "12" };

static int set_up(void **state)
{
	struct session *s = xcalloc(1, sizeof(*s));

	*s = (struct session){ .commands = small_table, .args = args, .nr_args = 2, .status = 3 };
	var_set(s, "m", value_json(jv_parse("{\"id\": 7, \"tags\": [\"a\", \"b\"]}")));
	var_set(s, "n", value_json(jv_number(5)));
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct session *s = *state;

	expr_cache_free(s->exprs);
	vars_free((struct vars){ s->vars, s->nr_vars });
	free(s);
	return 0;
}

/* All results with a blank between them, or what is wrong. */
static char *results(struct session *s, const char *text)
{
	struct buf out = BUF_INIT;
	struct diags d = { 0 };
	struct ctx ctx = { .s = s, .diags = &d };
	struct expr_run *r = expr_start(&ctx, text, NO_SPAN);
	jv v;

	while (r && expr_next(r, &v) > 0) {
		jv dumped = jv_dump_string(v, 0);

		buf_printf(&out, "%s%s", out.len ? " " : "", jv_string_value(dumped));
		jv_free(dumped);
	}
	if (r)
		expr_end(r);
	for (int i = 0; i < d.nr; i++)
		buf_printf(&out, "%s | %s", d.list[i].msg, d.list[i].hint ? d.list[i].hint : "");
	diags_clear(&d);
	buf_str(&out);
	return buf_detach(&out);
}

struct example {
	const char *expr, *results;
};

static void assert_all(struct session *s, const struct example *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		char *got = results(s, list[i].expr);

		if (strcmp(got, list[i].results))
			fail_msg("%s: '%s', not '%s'", list[i].expr, got, list[i].results);
		free(got);
	}
}

static void test_results(void **state)
{
	static const struct example list[] = {
		{ "1 + 2", "3" },
		{ " \"a b\" ", "\"a b\"" },
		{ "[1, {\"a\": null}]", "[1,{\"a\":null}]" },
		{ "true", "true" },
		{ "$n", "5" },
		{ "$m.id + $n", "12" },
		{ "$m.tags[]", "\"a\" \"b\"" },
		{ "$m.tags | length", "2" },
		{ "\"\\($n) of \\($m.id)\"", "\"5 of 7\"" },
		{ "\"$n\"", "\"$n\"" },
		{ "$1", "\"first\"" },
		{ "$2 | tonumber", "12" },
		{ "$? == 3", "true" },
		{ "$_", "null" },
		{ "3 as $x | $x * 2", "6" },
		{ "1 # $nothing", "1" },
		{ "empty", "" },
		{ "[range(3)]", "[0,1,2]" },
	};

	assert_all(*state, list, ARRAY_SIZE(list));
}

static void test_errors(void **state)
{
	static const struct example list[] = {
		{ "$something", "no variable '$something' | 'vars' lists the variables; "
		  "set one by '$something = COMMAND'" },
		{ "$3 + 1", "no argument '$3' | 2 arguments were given" },
		{ "error(\"no\")", "no | " },
	};

	assert_all(*state, list, ARRAY_SIZE(list));
}

static void test_eval(void **state)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = *state, .diags = &d };
	jv v;

	assert_int_equal(expr_eval(&ctx, "$n, 2", NO_SPAN, &v), 0);
	assert_int_equal(jv_number_value(v), 5);
	jv_free(v);
	assert_int_equal(expr_eval(&ctx, "empty", NO_SPAN, &v), -1);
	assert_string_equal(d.list[0].msg, "the expression has no result");
	diags_clear(&d);
}

/* Before anything runs, it is known which variables there will be. */
static void test_check(void **state)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = *state, .diags = &d };
	jv known = jv_object_set(jv_object(), jv_string("later"), jv_null());

	assert_int_equal(expr_check(&ctx, "$later.id > 1", known, NO_SPAN), 0);
	assert_int_equal(expr_check(&ctx, "$1 == $? and $_ == null", known, NO_SPAN), 0);
	assert_int_equal(expr_check(&ctx, "{\"a\": 1}", known, NO_SPAN), 0);
	assert_int_equal(d.nr, 0);
	assert_int_equal(expr_check(&ctx, "$latre", known, NO_SPAN), -1);
	assert_string_equal(d.list[0].hint, "did you mean '$later'?");
	assert_int_equal(expr_check(&ctx, "1 +", known, NO_SPAN), -1);
	assert_string_equal(d.list[1].hint, "expressions are jq's, with all variables as $name");
	diags_clear(&d);
	jv_free(known);
}

/* Inputs one after the other, with variables that go before the session's. */
static void test_inputs(void **state)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = *state, .diags = &d };
	jv own = jv_object_set(jv_object(), jv_string("n"), jv_number(100)), v;
	struct expr_run *r = expr_open(&ctx, ". + $n", NO_SPAN, own);

	assert_non_null(r);
	for (int i = 0; i < 3; i++) {
		expr_feed(r, jv_number(i));
		assert_int_equal(expr_next(r, &v), 1);
		assert_int_equal(jv_number_value(v), 100 + i);
		jv_free(v);
		assert_int_equal(expr_next(r, &v), 0);
	}
	expr_end(r);
	jv_free(own);
}

static void test_truth(void **state)
{
	assert_true(expr_truth(jv_number(0)));
	assert_true(expr_truth(jv_string("")));
	assert_false(expr_truth(jv_false()));
	assert_false(expr_truth(jv_null()));
}

/* While a plan is made, what is not there yet has a name alone. */
static void test_unknown(void **state)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = *state, .diags = &d };
	char *name;

	assert_null(expr_unknown(&ctx, "$n + 1"));
	var_set(*state, "planned", (struct value){ .kind = VALUE_NONE });
	name = expr_unknown(&ctx, "$n + $planned.id");
	assert_string_equal(name, "planned");
	free(name);
	assert_true(var_unset(*state, "planned"));
	assert_null(expr_unknown(&ctx, "\"$planned\""));
}

/* More expressions than are kept compiled. */
static void test_many(void **state)
{
	for (int i = 0; i < 40; i++) {
		char *text = xasprintf("$n + %d", i), *got = results(*state, text);

		assert_int_equal(atoi(got), 5 + i);
		free(got);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_eval),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_inputs),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
