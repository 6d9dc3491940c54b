// SPDX-License-Identifier: BSD-2-Clause
/* Where a word begins, what fits there, and how it is typed. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "commands/table.h"
#include "shell/base/buf.h"
#include "shell/lang/complete.h"
#include "shell/lang/vars.h"
#include "shell/prompt/history.h"
#include "shell/session/session.h"

static int set_up(void **state)
{
	struct session *s = xcalloc(1, sizeof(*s));
	struct options opt = { 0 };

	session_init(s, bpfsh_commands, MODE_PROMPT, &opt);
	var_set(s, "flows", value_json(jv_parse("{\"id\": 7, \"name\": \"x\"}")));
	var_set(s, "flags", value_json(jv_number(3)));
	setenv("PATH", "/nonexistent", 1);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	session_end(*state);
	free(*state);
	return 0;
}

/* The line once the only candidate has been typed, or what all of them share. */
static char *after_tab(struct session *s, const char *line)
{
	struct buf out = BUF_INIT;
	struct completion c;

	complete_text(s, line, strlen(line), &c);
	if (c.found.nr) {
		buf_add(&out, line, c.start);
		completion_typed(&out, &c, &c.found.list[0], completion_common(&c));
	} else {
		buf_puts(&out, line);
	}
	completion_free(&c);
	buf_str(&out);
	return buf_detach(&out);
}

/* Holds the programs first and second. */
#define OBJECT "tests/fuzz/corpus/elf/subprogs"

static void test_after_tab(void **state)
{
	static const struct {
		const char *line, *after;
	} cases[] = {
		{ "ma", "map " },
		{ "map sho", "map show " },
		{ "  map sho", "  map show " },
		{ "echo a; map sho", "echo a; map show " },
		{ "echo a\nmap sho", "echo a\nmap show " },
		{ "map \\\nsho", "map \\\nshow " },
		{ "$x = ma", "$x = map " },
		{ "$x = map sho", "$x = map show " },
		{ "# ma", "# ma" },
		{ "echo 'it; ma", "echo 'it; ma" },
		{ "map show | j", "map show | jq " },
		{ "prog cfg obj " OBJECT " prog fi", "prog cfg obj " OBJECT " prog first " },
		{ "prog cfg obj " OBJECT " prog first func midd",
		  "prog cfg obj " OBJECT " prog first func middle_with_a_rather_long_name " },
		{ "prog cfg obj /nonexistent prog fi", "prog cfg obj /nonexistent prog fi" },
		{ "map show | jq . | j", "map show | jq . | jq " },
		{ "echo $flo", "echo $flows " },
		{ "echo $fl", "echo $fl" },
		{ "echo ${flo", "echo ${flows} " },
		{ "echo \"a ${flo", "echo \"a ${flows}" },
		{ "echo \"a $flo", "echo \"a $flows" },
		{ "echo a$flo", "echo a$flows " },
		{ "echo '$flo", "echo '$flo" },
		{ "echo $flows.na", "echo $flows.name " },
		{ "echo $flows.id.", "echo $flows.id." },
		{ "echo $nothing.", "echo $nothing." },
		{ "assert $flo", "assert $flows " },
		{ "assert [1, $flo", "assert [1, $flows " },
		{ "assert \"$flo", "assert \"$flows" },
		{ "help map upd", "help map update " },
		{ "map upd name 'a b' key 1 val", "map upd name 'a b' key 1 value " },
		{ "map create type lpm", "map create type lpm_trie " },
		{ "map create key 4 ent", "map create key 4 entries " },
		{ "map create entries 4 ent", "map create entries 4 ent" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *after = after_tab(*state, cases[i].line);

		assert_string_equal(after, cases[i].after);
		free(after);
	}
}

static void test_files(void **state)
{
	char dir[] = "/tmp/complete-XXXXXX", *after;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("my dir", 0700), 0);
	fclose(fopen("my dir/a'b", "w"));
	fclose(fopen("plain.o", "w"));
	after = after_tab(*state, "source pl");
	assert_string_equal(after, "source plain.o ");
	free(after);
	after = after_tab(*state, "source my");
	assert_string_equal(after, "source 'my dir/");
	free(after);
	after = after_tab(*state, "source 'my dir/");
	assert_string_equal(after, "source 'my dir/a'\\''b' ");
	free(after);
	after = after_tab(*state, "source \"my dir/");
	assert_string_equal(after, "source \"my dir/a'b\" ");
	free(after);
	after = after_tab(*state, "vars > pl");
	assert_string_equal(after, "vars > plain.o ");
	free(after);
	unlink("my dir/a'b");
	unlink("plain.o");
	rmdir("my dir");
	assert_int_equal(chdir("/"), 0);
	rmdir(dir);
}

static void test_help(void **state)
{
	static const struct {
		const char *line;
		bool help;
	} cases[] = {
		{ "", true },
		{ "map ", true },
		{ "echo a; ", true },
		{ "$x = ", true },
		{ "map update name 'a b' ", true },
		{ "ma", false },
		{ "echo 'a ", false },
		{ "echo \"a ", false },
		{ "echo $", false },
		{ "assert .a | .", false },
		{ "assert ", false },
		{ "map show | jq ", false },
		{ "map show > ", false },
		{ "!ls ", false },
		{ "# what ", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf out = BUF_INIT;
		bool help = complete_help(*state, &out, cases[i].line, strlen(cases[i].line));

		if (help != cases[i].help)
			print_error("'%s'\n", cases[i].line);
		assert_int_equal(help, cases[i].help);
		assert_int_equal(help, out.len > 0);
		buf_free(&out);
	}
}

/* Any text is either completed within its bounds, or left alone. */
static void test_any_text(void **state)
{
	static const char alphabet[] = "map show update$x.[0]{}'\"\\;|>!#= \n\t\xc3\xa4\x01?";
	unsigned seed = 1;

	for (int run = 0; run < 20000; run++) {
		struct buf help = BUF_INIT;
		struct completion c;
		char text[32];
		size_t len = rand_r(&seed) % sizeof(text);

		for (size_t i = 0; i < len; i++)
			text[i] = alphabet[rand_r(&seed) % (sizeof(alphabet) - 1)];
		complete_text(*state, text, len, &c);
		assert_true(c.start <= len);
		if (c.found.nr)
			assert_true(completion_common(&c) >= strlen(c.prefix));
		completion_free(&c);
		complete_help(*state, &help, text, len);
		buf_free(&help);
	}
}

static void test_table(void **state)
{
	struct candidate list[] = {
		{ "12", "flows  hash" }, { "7", "x\033[31m" }, { "\xe2\x98\x83", NULL },
	};
	struct candidates c = { .list = list, .nr = 3, .more = 5 };
	struct buf out = BUF_INIT;

	candidates_show(&out, &c, 20, 10, false);
	assert_string_equal(buf_str(&out), "12  flows  hash\n7   x\\x1b[31m\n\xe2\x98\x83\n"
			    "... 5 more\n");
	buf_reset(&out);
	candidates_show(&out, &c, 40, 10, true);
	assert_string_equal(buf_str(&out),
			    "12  \033[2mflows  hash\033[0m  \xe2\x98\x83\n"
			    "7   \033[2mx\\x1b[31m\033[0m\n... 5 more\n");
	buf_reset(&out);
	candidates_show(&out, &c, 6, 2, false);
	assert_string_equal(buf_str(&out), "12  fl\n... 7 more\n");
	buf_free(&out);
}

static void collect(void *arg, const char *entry)
{
	buf_printf(arg, "%s|", entry);
}

static void test_history(void **state)
{
	char dir[] = "/tmp/history-XXXXXX", path[64];
	struct buf all = BUF_INIT;

	assert_non_null(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	assert_int_equal(history_read(collect, &all), 0);
	assert_int_equal(all.len, 0);
	assert_int_equal(history_add("one"), 0);
	assert_int_equal(history_add("two\n\\n lines\\"), 0);
	assert_int_equal(history_read(collect, &all), 0);
	assert_string_equal(buf_str(&all), "one|two\n\\n lines\\|");
	buf_free(&all);
	snprintf(path, sizeof(path), "%s/bpfsh/history", dir);
	assert_int_equal(truncate(path, 0), 0);
	for (int i = 0; i < HISTORY_MAX + 2; i++) {
		snprintf(path, sizeof(path), "%d", i);
		assert_int_equal(history_add(path), 0);
	}
	assert_int_equal(history_read(collect, &all), 0);
	assert_memory_equal(all.data, "2|3|", 4);
	buf_free(&all);
	snprintf(path, sizeof(path), "%s/bpfsh/history", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/bpfsh", dir);
	rmdir(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_tab),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_any_text),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_history),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
