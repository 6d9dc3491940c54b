// SPDX-License-Identifier: BSD-2-Clause
/* Words matched against the table of commands: cut short, as the header has them, or neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "commands/table.h"
#include "shell/base/buf.h"
#include "shell/lang/cmd.h"

#define WORDS_MAX 32

/* The words of @src, whose ends are written into @copy of its text. */
static uint32_t split(const struct source *src, char *copy, struct word *words)
{
	uint32_t nr = 0;

	for (char *s = strtok(copy, " "); s; s = strtok(NULL, " "))
		words[nr++] = (struct word){ .text = s, .len = strlen(s),
					     .span = { src, s - copy, s - copy + strlen(s) } };
	return nr;
}

/* "map update map:2 key:4 value:4", words counted, or what is wrong. */
static char *matched(const char *line, unsigned flags)
{
	struct source src = { .text = (char *)line, .len = strlen(line) };
	struct word words[WORDS_MAX] = { 0 };
	struct buf out = BUF_INIT;
	struct diags d = { 0 };
	char *copy = xstrdup(line);
	struct match m;
	int i = 0;

	if (match(&m, bpfsh_commands, words, split(&src, copy, words), NO_SPAN, flags, &d)) {
		buf_puts(&out, d.list[0].msg);
	} else {
		buf_printf(&out, "%s%s%s", m.cmd->object ? m.cmd->object : "",
			   m.cmd->object ? " " : "", m.cmd->verb);
		for_each_arg(m.cmd, a) {
			for (uint32_t k = 0; k < m.args[i].nr; k++)
				buf_printf(&out, " %s:%u", a->name, m.args[i].slots[k].nr);
			i++;
		}
	}
	match_free(&m);
	diags_clear(&d);
	free(copy);
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

/* Each of these bpftool takes as the same command. */
static void test_as_bpftool(void **state)
{
	static const struct example list[] = {
		{ "m", "map show" }, { "p", "prog show" }, { "l", "link show" }, { "n", "net show" },
		{ "pe", "perf show" }, { "bt", "btf show" }, { "h", "help" }, { "v", "version" },
		{ "m l", "map show" }, { "p s", "prog show" }, { "p l", "prog show" },
		{ "c t", "cgroup tree" }, { "n s", "net show" }, { "b f x", "batch file file:1" },
		{ "map d 1", "map dump map:1" }, { "map g 1", "map getnext map:1" },
		{ "map l 1", "map show map:1" }, { "map lo 1 k 1", "map lookup map:1 key:1" },
		{ "map de 1 k 1", "map delete map:1 key:1" },
		{ "map p 1 /p", "map pin map:1 path:1" }, { "map e 1", "map read map:1" },
		{ "map f 1", "map freeze map:1" }, { "map h", "map help" },
		{ "prog d x n a", "prog dump form:1 prog:2" },
		{ "prog d j p /p o l f /f", "prog dump form:1 prog:2 file:1 opcodes:1 linum:1" },
		{ "prog p t 1 /p", "prog pin prog:2 path:1" },
		{ "prog loa o /p t xdp m n a p /p m i 0 i 1",
		  "prog load file:1 path:1 type:1 map:4 map:4" },
		{ "link d i 1", "link detach link:2" },
		{ "c s /g e", "cgroup show cgroup:1 effective:1" },
		{ "c s e", "cgroup show cgroup:1" },
		{ "btf d m n a k", "btf dump map:2 part:1" },
		{ "btf d f /f f c r 1", "btf dump file:1 format:1 root_id:1" },
		{ "map c /p t hash k 4 v 4 e 8 n a f 1 i i 1",
		  "map create path:1 type:1 key:1 value:1 entries:1 name:1 flags:1 inner_map:2" },
		{ "map u n a k 1 0 v 2 0 n", "map update map:2 key:2 value:2 flags:1" },
		{ "map u n n k h a e v h e a 1", "map update map:2 key:3 value:4" },
		{ "map u n a k 1 v h e ex", "map update map:2 key:1 value:2 flags:1" },
		{ "map u n a v n n a k 1", "map update map:2 key:1 value:2 flags:1" },
	};

	assert_all(list, ARRAY_SIZE(list), MATCH_PREFIX);
}

/* Whole words come first, and what bpftool has not is never meant by mistake. */
static void test_own(void **state)
{
	static const struct example list[] = {
		{ "map get 1", "map get of:1" }, { "map set 1 a 1", "map set of:1 name:1 value:1" },
		{ "map ex 1 f", "map export map:1 file:1" },
		{ "prog as t xdp", "unexpected 'xdp'" },
		{ "map co 1", "'co' is ambiguous" }, { "map t 1 r 9", "unexpected 'r'" },
		{ "map cl 1", "'cl' is too short for 'clear'" },
		{ "map un /p", "'un' is too short for 'unpin'" },
		{ "prog u /p", "'u' is too short for 'unpin'" },
		{ "prog a 1", "TYPE is missing" },
		{ "prog r 1", "prog run prog:1" },
		{ "f probe", "bpftool's 'feature' is not there yet" },
		{ "gen skeleton", "bpftool's 'gen' is not there yet" },
		{ "map x", "unknown map command 'x'" },
	};

	assert_all(list, ARRAY_SIZE(list), MATCH_PREFIX);
}

static void test_whole_words(void **state)
{
	static const struct example list[] = {
		{ "m show", "unknown command 'm'" }, { "map s", "unknown map command 's'" },
		{ "map show n a", "unexpected 'a'" }, { "map delete 1 k 1", "unexpected 'k'" },
		{ "gen skeleton", "bpftool's 'gen' is not there yet" },
		{ "map update 1 key 1 value 1 n", "map update map:1 key:1 value:2" },
		{ "map update 1 key 1 value 1 BPF_NOEXIST",
		  "map update map:1 key:1 value:1 flags:1" },
		{ "map update 1 key 1 value 1 BPF_noexist", "map update map:1 key:1 value:2" },
		{ "map update 1 key 1 value 1 BPF_NO", "map update map:1 key:1 value:2" },
	};

	assert_all(list, ARRAY_SIZE(list), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_bpftool),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_whole_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
