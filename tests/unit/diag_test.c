// SPDX-License-Identifier: BSD-2-Clause
/* Diagnostics: how many are kept, the line with its caret, what a terminal must not see, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"

static struct span span_of(const struct source *src, const char *word)
{
	uint32_t start = strstr(src->text, word) - src->text;

	return (struct span){ src, start, start + strlen(word) };
}

static void assert_text(struct diags *d, const char *text)
{
	struct buf out = BUF_INIT;

	diags_text(&out, d, false);
	assert_string_equal(buf_str(&out), text);
	buf_free(&out);
}

static void test_queue(void **state)
{
	struct diags d = { 0 }, more = { 0 };

	for (int i = 0; i < DIAGS_MAX - 1; i++)
		assert_int_equal(diag_error(&d, NO_SPAN, "error %d", i), -1);
	diag_note(&more, NO_SPAN, "a note");
	diag_error(&more, NO_SPAN, "lost");
	diag_error(&more, NO_SPAN, "lost, too");
	diags_move(&d, &more);
	assert_int_equal(d.nr, DIAGS_MAX);
	assert_int_equal(d.more, 2);
	assert_int_equal(d.errors, DIAGS_MAX + 1);
	assert_string_equal(d.list[DIAGS_MAX - 1].msg, "a note");
	assert_int_equal(more.nr + more.more + more.errors, 0);
	diag_hint(&d, "of none that is kept");
	assert_null(d.list[DIAGS_MAX - 1].hint);
	diags_clear(&d);
	assert_int_equal(d.nr, 0);
}

static void test_hint(void **state)
{
	struct diags d = { 0 };

	diag_hint(&d, "of nothing");
	diag_error(&d, NO_SPAN, "no %s", "map");
	diag_hint(&d, "make %d", 1);
	diag_hint(&d, "a second one");
	assert_text(&d, "error: no map\nhint: make 1\n");
	diags_clear(&d);
}

static void test_suggest(void **state)
{
	static const char *const words[] = { "show", "update", NULL };
	struct diags d = { 0 };

	diag_error(&d, NO_SPAN, "unknown 'updaet'");
	diag_suggest(&d, "updaet", words);
	diag_hint(&d, "what is said where nothing is near");
	diag_error(&d, NO_SPAN, "unknown 'wxyz'");
	diag_suggest(&d, "wxyz", words);
	diag_hint(&d, "one of two");
	assert_text(&d, "error: unknown 'updaet'\nhint: did you mean 'update'?\n"
		    "error: unknown 'wxyz'\nhint: one of two\n");
	diags_clear(&d);
}

static void test_caret(void **state)
{
	struct source script = { .name = "all.bpfsh", .text = "a\nsource b\n", .len = 11 };
	struct source src = { .name = "b", .text = "map show\n\tmap sohw x\n", .len = 21,
			      .parent = &script, .parent_at = 2 };
	struct source line = { .text = "map sohw", .len = 8 };
	struct diags d = { 0 };

	diag_error(&d, span_of(&src, "sohw"), "unknown map command 'sohw'");
	diag_hint(&d, "did you mean 'show'?");
	diag_note(&d, span_of(&line, "sohw"), "here, too");
	assert_text(&d, "b:2:6: error: unknown map command 'sohw'\n"
		    "  \tmap sohw x\n"
		    "  \t    ^~~~\n"
		    "  sourced from all.bpfsh:2\n"
		    "hint: did you mean 'show'?\n"
		    "note: here, too\n"
		    "  map sohw\n"
		    "      ^~~~\n");
	diags_clear(&d);
}

/* A long line is cut around the caret. */
static void test_long_line(void **state)
{
	struct buf text = BUF_INIT, out = BUF_INIT;
	struct source src;
	struct diags d = { 0 };
	const char *shown, *caret;

	for (int i = 0; i < 100; i++)
		buf_puts(&text, "abcd ");
	buf_puts(&text, "WRONG");
	for (int i = 0; i < 100; i++)
		buf_puts(&text, " efgh");
	src = (struct source){ .text = buf_str(&text), .len = text.len };
	diag_error(&d, span_of(&src, "WRONG"), "no");
	diags_text(&out, &d, false);
	assert_true(out.len < 400);
	shown = strchr(buf_str(&out), '\n') + 1;
	caret = strchr(shown, '\n') + 1;
	assert_int_equal(strstr(shown, "WRONG") - shown, strchr(caret, '^') - caret);
	assert_memory_equal(shown, "  ...", 5);
	diags_clear(&d);
	buf_free(&text);
	buf_free(&out);
}

/* Names may hold anything; nothing of it reaches a terminal as it is. */
static void test_escaped(void **state)
{
	struct source src = { .text = "a \033[31m\xff b", .len = 10 };
	struct diags d = { 0 };
	struct buf out = BUF_INIT;

	diag_error(&d, span_of(&src, "b"), "no '%s'\n\tat all", "\033[31m\xe2\x80\xae");
	diags_text(&out, &d, false);
	assert_non_null(strstr(buf_str(&out), "no '\\x1b[31m\\xe2\\x80\\xae'\n\tat all\n"));
	assert_null(strchr(buf_str(&out), '\033'));
	buf_free(&out);
	diags_clear(&d);
}

static void test_json(void **state)
{
	struct source src = { .name = "f", .text = "a\n\xc3\xa4 b", .len = 6 };
	struct diags d = { 0 };
	struct buf out = BUF_INIT;

	diags_json(&out, &d);
	assert_string_equal(buf_str(&out), "{\"error\":null}");
	buf_reset(&out);
	diag_note(&d, NO_SPAN, "not an error");
	diag_error(&d, span_of(&src, "b"), "one \"\x01\"");
	diag_hint(&d, "do");
	diags_json(&out, &d);
	assert_string_equal(buf_str(&out), "{\"error\":{\"message\":\"one \\\"\\u0001\\\"\","
			    "\"file\":\"f\",\"line\":2,\"column\":3,\"hint\":\"do\"}}");
	buf_reset(&out);
	diag_error(&d, NO_SPAN, "two");
	diag_error(&d, NO_SPAN, "three");
	diags_json(&out, &d);
	assert_non_null(strstr(buf_str(&out), "},\"errors\":[{\"message\":\"two\"},"
			       "{\"message\":\"three\"}]}"));
	buf_free(&out);
	diags_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_suggest),
		cmocka_unit_test(test_caret),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_escaped),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
