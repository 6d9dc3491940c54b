// SPDX-License-Identifier: BSD-2-Clause
/* Words matched against a small table, usage and help of it, and what its values are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/lang/lex.h"
#include "shell/lang/state.h"
#include "small_table.h"

/* One line, read and matched; what is wrong is in the diagnostics. */
struct line {
	struct source src;
	struct diags diags;
	struct lexer lexer;
	struct stmt stmt;
	struct match match;
	int err;
};

static void line_open(struct line *l, const char *text, unsigned flags)
{
	*l = (struct line){ .src = { .text = text, .len = strlen(text) } };
	lex_init(&l->lexer, &l->src, cmd_raw_tail, small_table, &l->diags);
	assert_int_equal(lex_next(&l->lexer, &l->stmt), LEX_STMT);
	l->err = match(&l->match, small_table, l->stmt.words, l->stmt.nr, l->stmt.span, flags,
		       &l->diags);
}

static void line_close(struct line *l)
{
	match_free(&l->match);
	lex_free(&l->lexer);
	diags_clear(&l->diags);
}

/* "map update map=7 key=1,2 value=3", or the message and its hint. */
static char *matched(const char *text, unsigned flags)
{
	struct buf out = BUF_INIT;
	struct line l;
	int i = 0;

	line_open(&l, text, flags);
	if (l.err) {
		buf_printf(&out, "%s | %s", l.diags.list[0].msg, l.diags.list[0].hint);
	} else {
		buf_printf(&out, "%s", l.match.cmd->verb);
		for_each_arg(l.match.cmd, a) {
			for (uint32_t k = 0; k < l.match.args[i].nr; k++) {
				const struct slot *slot = &l.match.args[i].slots[k];

				buf_printf(&out, " %s=", a->name);
				for (uint32_t n = 0; n < slot->nr; n++)
					buf_printf(&out, "%s%s", n ? "," : "",
						   l.match.words[slot->first + n].text);
			}
			i++;
		}
	}
	line_close(&l);
	buf_str(&out);
	return buf_detach(&out);
}

struct example {
	const char *line, *matched;
};

static void assert_all(const struct example *list, size_t nr, unsigned flags)
{
	for (size_t i = 0; i < nr; i++) {
		char *got = matched(list[i].line, flags);

		if (strcmp(got, list[i].matched))
			fail_msg("%s: '%s', not '%s'", list[i].line, got, list[i].matched);
		free(got);
	}
}

#define UPDATE_USAGE "usage: map update MAP key BYTES value BYTES [any|noexist|exist]"

static void test_arguments(void **state)
{
	static const struct example list[] = {
		{ "map", "show" },
		{ "map list 7", "show map=7" },
		{ "map show name flows", "show map=name,flows" },
		{ "map update 7 key 1 2 value 3", "update map=7 key=1,2 value=3" },
		{ "map update 7 value 3 key 1 2", "update map=7 key=1,2 value=3" },
		{ "map update 7 key 1 value 3 noexist", "update map=7 key=1 value=3 flags=noexist" },
		{ "map update 7 key 1 value 3 BPF_EXIST",
		  "update map=7 key=1 value=3 flags=BPF_EXIST" },
		{ "map create /p type hash map 1 map name a",
		  "create path=/p type=hash map=1 map=name,a" },
		{ "time map show 7", "time command=map,show,7" },
	};

	assert_all(list, ARRAY_SIZE(list), 0);
}

static void test_errors(void **state)
{
	static const struct example list[] = {
		{ "mpa show", "unknown command 'mpa' | did you mean 'map'?" },
		{ "wxyz", "unknown command 'wxyz' | 'help' lists all commands" },
		{ "map updaet", "unknown map command 'updaet' | did you mean 'update'?" },
		{ "map wxyz", "unknown map command 'wxyz' | 'help map' lists its commands" },
		{ "link", "'link' needs a command | one of: detach" },
		{ "map attach", "bpftool's 'map attach' is not there yet | 'link create' attaches" },
		{ "map update", "MAP is missing | " UPDATE_USAGE },
		{ "map update 7 key 1", "value BYTES is missing | " UPDATE_USAGE },
		{ "map update 7 key 1 vlaue 2", "'value' is missing | did you mean 'value' here?" },
		{ "map update 7 key", "BYTES expected behind 'key' | " UPDATE_USAGE },
		{ "map show 7 8", "unexpected '8' | usage: map show [MAP]" },
		{ "map create /p tpye hash", "unexpected 'tpye' | did you mean 'type'?" },
	};

	assert_all(list, ARRAY_SIZE(list), 0);
}

/* Cut short, words mean what bpftool takes them for. */
static void test_cut_short(void **state)
{
	static const struct example list[] = {
		{ "m", "show" },
		{ "m u 7 k 1 v 3 n", "update map=7 key=1 value=3 flags=n" },
		{ "map u 7 key 1 v 3", "update map=7 key=1 value=3" },
		{ "map un 7", "'un' is too short for 'unpin' | "
		  "it takes away what others may use, and is written in full" },
		{ "l d", "detach" },
		{ "map a", "bpftool's 'map attach' is not there yet | 'link create' attaches" },
	};
	static const struct example whole[] = {
		{ "m", "unknown command 'm' | 'help' lists all commands" },
	};

	assert_all(list, ARRAY_SIZE(list), MATCH_PREFIX);
	assert_all(whole, 1, 0);
}

static void test_values(void **state)
{
	struct session s = { .commands = small_table };
	struct value argv[ARGS_MAX];
	struct line l;
	struct ctx ctx = { .s = &s, .diags = &l.diags };

	line_open(&l, "map create /p type array entries 0x10 map 1 map 2", 0);
	assert_int_equal(l.err, 0);
	assert_int_equal(match_check(&ctx, &l.match), 0);
	assert_int_equal(match_values(&ctx, &l.match, argv), 0);
	assert_string_equal(argv[0].str, "/p");
	assert_int_equal(argv[1].num, 1);
	assert_int_equal(argv[2].num, 16);
	assert_int_equal(argv[3].values.nr, 2);
	assert_string_equal(argv[3].values.list[1].str, "2");
	assert_int_equal(argv[2].span.start, 33);
	for (int i = 0; i < 4; i++)
		value_free(&argv[i]);
	line_close(&l);
	line_open(&l, "map create /p type arary", 0);
	assert_int_equal(l.err, 0);
	assert_int_equal(match_check(&ctx, &l.match), -1);
	assert_string_equal(l.diags.list[0].hint, "did you mean 'array'?");
	line_close(&l);
}

static void test_partial(void **state)
{
	const struct cmd_table *t;
	struct line l;
	struct match m;

	line_open(&l, "map", MATCH_PARTIAL);
	m.cmd = NULL;
	assert_true(match_partial(&m, small_table, l.stmt.words, 1, &t));
	assert_null(m.cmd);
	assert_ptr_equal(t, &small_table[0]);
	line_close(&l);
	line_open(&l, "map create", MATCH_PARTIAL);
	assert_int_equal(match_next(&l.match), 0);
	line_close(&l);
	line_open(&l, "map update 7 key 1", MATCH_PARTIAL);
	assert_int_equal(l.err, 0);
	assert_int_equal(l.match.open, 1);
	assert_int_equal(match_next(&l.match), -1);
	line_close(&l);
}

static void test_help(void **state)
{
	struct buf out = BUF_INIT;
	struct line l;

	line_open(&l, "map create /p", MATCH_PARTIAL);
	cmd_help_at(&out, small_table, l.stmt.words, l.stmt.nr);
	assert_non_null(strstr(buf_str(&out), "its type"));
	assert_null(strstr(buf_str(&out), "where"));
	buf_free(&out);
	line_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
