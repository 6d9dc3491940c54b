// SPDX-License-Identifier: BSD-2-Clause
/* What Tab and "?" offer for a small table: objects, verbs, keywords, flags and variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/lang/complete.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"
#include "small_table.h"

static int set_up(void **state)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->commands = small_table;
	s->mode = MODE_PROMPT;
	var_set(s, "flows", value_json(jv_parse("{\"id\": 7, \"name\": \"x\"}")));
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct session *s = *state;

	vars_free((struct vars){ s->vars, s->nr_vars });
	free(s);
	return 0;
}

/* All candidates behind the text, with a blank between them. */
static char *offered(struct session *s, const char *text)
{
	struct buf out = BUF_INIT;
	struct completion c;

	complete_text(s, text, strlen(text), &c);
	for (size_t i = 0; i < c.found.nr; i++)
		buf_printf(&out, "%s%s", i ? " " : "", c.found.list[i].text);
	completion_free(&c);
	buf_str(&out);
	return buf_detach(&out);
}

static void test_offered(void **state)
{
	static const struct {
		const char *text, *offered;
	} cases[] = {
		{ "", "assert echo if link map time" },
		{ "m", "map" },
		{ "map ", "create show unpin update" },
		{ "map u", "unpin update" },
		{ "map update 7 ", "any exist key noexist value" },
		{ "map update 7 key 1 ", "any exist noexist value" },
		{ "map update 7 key 1 value 2 ", "any exist noexist" },
		{ "map update 7 key 1 value 2 any ", "" },
		{ "map create /p type ", "array hash lpm_trie" },
		{ "map create /p type l", "lpm_trie" },
		{ "map create /p map 1 ", "entries map type" },
		{ "time ", "assert echo if link map time" },
		{ "time map ", "create show unpin update" },
		{ "if 1 { map s", "show" },
		{ "if 1 { echo } ", "else" },
		{ "$x = map s", "show" },
		{ "echo $", "$? $_ $flows" },
		{ "assert $flows.", "$flows.id $flows.name" },
		{ "wxyz ", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *got = offered(*state, cases[i].text);

		if (strcmp(got, cases[i].offered))
			fail_msg("%s: '%s', not '%s'", cases[i].text, got, cases[i].offered);
		free(got);
	}
}

/* The lines of help at the text, their first words alone. */
static char *helped(struct session *s, const char *text)
{
	struct buf out = BUF_INIT, help = BUF_INIT;

	if (!complete_help(s, &help, text, strlen(text)))
		buf_puts(&out, "no help");
	for (char *line = help.len ? (char *)buf_str(&help) : NULL, *end; line; line = end) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end++ = '\0';
		line += strspn(line, " ");
		buf_printf(&out, "%s%.*s", out.len ? "/" : "", (int)strcspn(line, " "), line);
	}
	buf_free(&help);
	buf_str(&out);
	return buf_detach(&out);
}

static void test_helped(void **state)
{
	static const struct {
		const char *text, *helped;
	} cases[] = {
		{ "", "map/link/echo/assert/if/time" },
		{ "map ", "show/create/update/unpin" },
		{ "map show ", "map/MAP" },
		{ "map show 7 ", "map/(nothing" },
		{ "map create ", "map/PATH/type/entries/map" },
		{ "map update 7 key 1 ", "map/key" },
		{ "time link ", "detach" },
		{ "wxyz ", "(no" },
		{ "assert ", "no help" },
		{ "echo 'a", "no help" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *got = helped(*state, cases[i].text);

		if (strcmp(got, cases[i].helped))
			fail_msg("%s: '%s', not '%s'", cases[i].text, got, cases[i].helped);
		free(got);
	}
}

/* Beyond a limit candidates are counted, and what is typed goes no further than it was. */
static void test_limit(void **state)
{
	struct completion c = { .prefix = "n" };

	c.found.prefix = c.prefix;
	for (int i = 0; !candidates_full(&c.found); i++) {
		char *text = xasprintf("n0%d", i);

		candidate_add(&c.found, text, NULL, false);
		free(text);
	}
	assert_int_equal(completion_common(&c), 2);
	candidate_add(&c.found, "other", NULL, false);
	assert_int_equal(c.found.more, 0);
	candidate_add(&c.found, "n0more", "note", false);
	assert_int_equal(c.found.more, 1);
	assert_int_equal(completion_common(&c), 1);
	candidates_free(&c.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offered),
		cmocka_unit_test(test_helped),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
