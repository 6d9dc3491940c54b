// SPDX-License-Identifier: BSD-2-Clause
/* Text to statements: words, quotes, variables, blocks, pipes, and where more is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/lang/lex.h"
#include "small_table.h"

static void put_stmt(struct buf *out, const struct stmt *stmt);

/* [plain], "quoted", =raw=, {block}, and <x> for a variable. */
static void put_word(struct buf *out, const struct word *w)
{
	char open = w->raw ? '=' : w->quoted ? '"' : '[', close = w->raw || w->quoted ? open : ']';

	if (w->block) {
		buf_putc(out, '{');
		for (uint32_t i = 0; i < w->block->nr; i++) {
			buf_puts(out, i ? ";" : "");
			put_stmt(out, &w->block->stmts[i]);
		}
		buf_putc(out, '}');
		return;
	}
	buf_putc(out, open);
	if (w->text)
		buf_add(out, w->text, w->len);
	for (uint32_t i = 0; i < w->nr_parts; i++)
		buf_printf(out, w->parts[i].is_var ? "<%.*s>" : "%.*s", (int)w->parts[i].len,
			   w->parts[i].text);
	buf_putc(out, close);
}

static void put_words(struct buf *out, const struct word *words, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		put_word(out, &words[i]);
}

static void put_stmt(struct buf *out, const struct stmt *stmt)
{
	if (stmt->assign.text)
		buf_printf(out, "$%s:", stmt->assign.text);
	buf_puts(out, stmt->shell ? "!" : "");
	put_words(out, stmt->words, stmt->nr);
	for (uint32_t i = 0; i < stmt->nr_stages; i++) {
		buf_putc(out, '|');
		put_words(out, stmt->stages[i].words, stmt->stages[i].nr);
	}
	if (stmt->has_redirect) {
		buf_puts(out, stmt->append ? ">>" : ">");
		put_word(out, &stmt->redirect);
	}
}

/* All statements of the text, and "..." where it ends inside of one, or what is wrong with it. */
static char *read_all(const struct source *src)
{
	struct buf out = BUF_INIT;
	struct diags d = { 0 };
	enum lex_result r;
	struct lexer l;
	struct stmt stmt;
	int said = 0;

	lex_init(&l, src, cmd_raw_tail, small_table, &d);
	while ((r = lex_next(&l, &stmt)) != LEX_END) {
		buf_puts(&out, out.len ? "\n" : "");
		if (r == LEX_STMT)
			put_stmt(&out, &stmt);
		else if (r == LEX_INCOMPLETE)
			buf_puts(&out, "...");
		else
			buf_printf(&out, "%u-%u: %s", d.list[said].span.start,
				   d.list[said].span.end, d.list[said].msg);
		said = d.nr;
		assert_true(r == LEX_ERROR || stmt.span.end <= src->len);
	}
	lex_free(&l);
	diags_clear(&d);
	buf_str(&out);
	return buf_detach(&out);
}

struct example {
	const char *text, *read;
};

static void assert_all(const struct example *list, size_t nr, bool batch)
{
	for (size_t i = 0; i < nr; i++) {
		struct source src = { .text = list[i].text, .len = strlen(list[i].text),
				      .batch = batch };
		char *got = read_all(&src);

		if (strcmp(got, list[i].read))
			fail_msg("%s: '%s', not '%s'", list[i].text, got, list[i].read);
		free(got);
	}
}

static void test_words(void **state)
{
	static const struct example list[] = {
		{ "", "" },
		{ " \t\n;;\n# nothing\n", "" },
		{ "echo a b", "[echo][a][b]" },
		{ "echo 'a b' \"c d\" e\\ f", "[echo]\"a b\"\"c d\"\"e f\"" },
		{ "echo a'b'\"c\"", "[echo]\"abc\"" },
		{ "echo ''", "[echo]\"\"" },
		{ "echo a \\\n b", "[echo][a][b]" },
		{ "echo a\\\nb", "[echo][ab]" },
		{ "echo a # b\necho c", "[echo][a]\n[echo][c]" },
		{ "echo a#b", "[echo][a#b]" },
		{ "echo a; echo b\r\necho c", "[echo][a]\n[echo][b]\n[echo][c]" },
		{ "echo \"a\\\"b\\$c\\d\"", "[echo]\"a\"b$c\\d\"" },
		{ "echo '\\n$x'", "[echo]\"\\n$x\"" },
		{ "echo {a} }", "[echo][{a}][}]" },
	};

	assert_all(list, ARRAY_SIZE(list), false);
}

static void test_variables(void **state)
{
	static const struct example list[] = {
		{ "echo $x", "[echo][<x>]" },
		{ "echo $x.y[0].z a$x", "[echo][<x.y[0].z>][a<x>]" },
		{ "echo ${x.y}z $1 $12 $?", "[echo][<x.y>z][<1>][<1>2][<?>]" },
		{ "echo \"$x.y\"", "[echo]\"<x>.y\"" },
		{ "echo $ $- a$", "[echo][$][$-][a$]" },
		{ "$v = echo a", "$v:[echo][a]" },
		{ "$v=echo a", "$v:[echo][a]" },
		{ "$v = 1 + $w", "$v:=1 + $w=" },
		{ "$v = [1, 2]; echo", "$v:=[1, 2]=\n[echo]" },
		{ "$v == 1", "[<v>][==][1]" },
		{ "echo ${}", "5-8: bad variable reference" },
	};

	assert_all(list, ARRAY_SIZE(list), false);
}

/* What the table says of a command decides how the words behind it are read. */
static void test_grammar(void **state)
{
	static const struct example list[] = {
		{ "assert .a | .b > 1", "[assert]=.a | .b > 1=" },
		{ "assert \"a;b\" == \"}\"; echo", "[assert]=\"a;b\" == \"}\"=\n[echo]" },
		{ "if 1 { echo a }", "[if]=1={[echo][a]}" },
		{ "if {} == $x { echo a; echo b } else { echo c }",
		  "[if]={} == $x={[echo][a];[echo][b]}[else]{[echo][c]}" },
		{ "if 1 {\n\techo a\n\techo b\n}\n", "[if]=1={[echo][a];[echo][b]}" },
		{ "if 1 { if 2 { echo } }", "[if]=1={[if]=2={[echo]}}" },
		{ "if 1 { echo {a} }", "[if]=1={[echo][{a}]}" },
		{ "time assert 1 > 0", "[time][assert]=1 > 0=" },
		{ "time time echo a > b", "[time][time][echo][a]>[b]" },
		{ "unknown 1 { echo", "[unknown][1][{][echo]" },
	};

	assert_all(list, ARRAY_SIZE(list), false);
}

static void test_behind(void **state)
{
	static const struct example list[] = {
		{ "map show | jq '.[]' | wc -l", "[map][show]|[jq]\".[]\"|[wc][-l]" },
		{ "map show>a", "[map][show]>[a]" },
		{ "map show | cat >> 'a b'", "[map][show]|[cat]>>\"a b\"" },
		{ "!ls | wc > a; b # c\necho", "!=ls | wc > a; b # c=\n[echo]" },
		{ "echo a > b c", "11-12: unexpected text after the redirection" },
		{ "echo a >", "7-8: no file name after '>'" },
		{ "echo a | ; echo b", "7-9: no command after '|'" },
		{ "| wc", "0-4: no command here" },
	};

	assert_all(list, ARRAY_SIZE(list), false);
}

/* Where the prompt asks for more. */
static void test_incomplete(void **state)
{
	static const struct example list[] = {
		{ "echo 'a", "..." },
		{ "echo \"a", "..." },
		{ "echo a\\", "..." },
		{ "echo ${x", "..." },
		{ "echo a |", "..." },
		{ "if 1 {", "..." },
		{ "if 1 { echo a", "..." },
		{ "echo a; if 1 { echo 'b", "[echo][a]\n..." },
		{ "assert [1,", "..." },
	};

	assert_all(list, ARRAY_SIZE(list), false);
}

/* A batch file of bpftool's has words and comments alone. */
static void test_batch(void **state)
{
	static const struct example list[] = {
		{ "map show; a | b > c $x", "[map][show;][a][|][b][>][c][$x]" },
		{ "# all\nmap show # end\n", "[map][show]" },
		{ "echo \"$x\" 'a b'", "[echo]\"$x\"\"a b\"" },
		{ "$x = 1", "[$x][=][1]" },
	};

	assert_all(list, ARRAY_SIZE(list), true);
}

/* An error ends its line; those behind it are still found. */
static void test_goes_on(void **state)
{
	static const struct example list[] = {
		{ "echo ${} a; echo b\necho c", "5-8: bad variable reference\n[echo][c]" },
	};

	assert_all(list, ARRAY_SIZE(list), false);
}

static void test_nul_byte(void **state)
{
	struct source src = { .text = "echo a\0b", .len = 8 };
	char *got = read_all(&src);

	assert_string_equal(got, "6-7: a NUL byte in the text");
	free(got);
}

/* The statement that comes next reuses the memory of the one before. */
static void test_memory(void **state)
{
	struct buf text = BUF_INIT;
	struct diags d = { 0 };
	struct source src;
	struct lexer l;
	struct stmt stmt;

	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "word%d ", i);
	buf_puts(&text, "\necho a\n");
	src = (struct source){ .text = buf_str(&text), .len = text.len };
	lex_init(&l, &src, cmd_raw_tail, small_table, &d);
	assert_int_equal(lex_next(&l, &stmt), LEX_STMT);
	assert_int_equal(stmt.nr, 20000);
	assert_string_equal(stmt.words[19999].text, "word19999");
	assert_int_equal(lex_next(&l, &stmt), LEX_STMT);
	assert_int_equal(stmt.nr, 2);
	assert_int_equal(lex_next(&l, &stmt), LEX_END);
	lex_free(&l);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
