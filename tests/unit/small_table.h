/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of a few commands whose arguments need no kernel, for tests of what walks a
 * table: objects with verbs that are cut short or not, and a session whose commands take
 * expressions, blocks and whole commands.
 */
#ifndef TESTS_SMALL_TABLE_H
#define TESTS_SMALL_TABLE_H

#include <stddef.h>

#include "shell/lang/args.h"
#include "shell/lang/cmd.h"

static int small_run(struct ctx *ctx, struct value *argv)
{
	return 0;
}

static const char *const small_flags[] = { "any", "noexist", "exist", NULL };
static const char *const small_types[] = { "hash", "array", "lpm_trie", NULL };

static size_t small_take(const struct match *m, const struct arg *a, const struct word *w, size_t nr)
{
	return word_is(&w[0], "name") ? nr < 2 ? 0 : 2 : 1;
}

/* "7" or "name flows". */
static const struct arg_type small_map = {
	.name = "MAP", .take = small_take, .parse = arg_parse_string, .refers = true,
};

static const struct arg_type small_bytes = { .name = "BYTES", .parse = arg_parse_string,
					     .greedy = true };

static const struct arg small_update[] = {
	{ "map", &small_map, 0, "map to change" },
	{ "key", &small_bytes, ARG_KEYWORD, "its key" },
	{ "value", &small_bytes, ARG_KEYWORD, "its value" },
	{ "flags", NULL, ARG_FLAG | ARG_OPTIONAL, "what may be there", small_flags, "BPF_" },
	{ 0 }
};

static const struct arg small_create[] = {
	{ "path", &arg_string, 0, "where" },
	{ "type", &arg_choice, ARG_KEYWORD, "its type", small_types },
	{ "entries", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "how many" },
	{ "map", &small_map, ARG_KEYWORD | ARG_OPTIONAL | ARG_REPEAT, "maps in it" },
	{ 0 }
};

static const struct arg small_show[] = {
	{ "map", &small_map, ARG_OPTIONAL, "one map" },
	{ 0 }
};

#define ROW(...) &(const struct cmd){ __VA_ARGS__ }

static const struct cmd *const small_map_cmds[] = {
	ROW("map", "show", "list", "Shows maps.", small_show, CMD_DEFAULT, small_run, .place = 1),
	ROW("map", "create", NULL, "Makes a map.", small_create, CMD_WRITES | CMD_MAKES, small_run,
	  .place = 2),
	ROW("map", "update", NULL, "Writes an element.", small_update, CMD_WRITES, small_run,
	  .place = 3),
	ROW("map", "unpin", NULL, "Takes a pin away.", small_show, CMD_WRITES | CMD_WHOLE, small_run),
	NULL
};

static const struct cmd *const small_link_cmds[] = {
	ROW("link", "detach", NULL, "Detaches.", NULL, CMD_WRITES, small_run, .place = 1),
	NULL
};

static const struct arg small_echo[] = {
	{ "words", &arg_words, ARG_OPTIONAL, "what to say" },
	{ 0 }
};

static const struct arg small_assert[] = {
	{ "condition", &arg_expr, 0, "what must hold" },
	{ 0 }
};

static const struct arg small_if[] = {
	{ "condition", &arg_expr, 0, "when" },
	{ "then", &arg_block, 0, "what then" },
	{ "else", &arg_block, ARG_KEYWORD | ARG_OPTIONAL, "what else" },
	{ 0 }
};

static const struct arg small_time[] = {
	{ "command", &arg_run, 0, "what takes time" },
	{ 0 }
};

static const struct cmd *const small_session_cmds[] = {
	ROW(NULL, "echo", NULL, "Says words.", small_echo, CMD_CONTROL, small_run),
	ROW(NULL, "assert", NULL, "Fails unless it holds.", small_assert, CMD_CONTROL, small_run),
	ROW(NULL, "if", NULL, "Runs a block.", small_if, CMD_CONTROL | CMD_NESTED, small_run),
	ROW(NULL, "time", NULL, "Takes the time.", small_time, CMD_CONTROL | CMD_NESTED, small_run),
	NULL
};

static const struct absent small_absent[] = {
	{ "attach", 4, "'link create' attaches" },
	{ NULL }
};

static const struct cmd_table small_table[] = {
	{ "map", "maps", small_map_cmds, 1, small_absent },
	{ "link", "links", small_link_cmds, 2 },
	{ NULL, "the session", small_session_cmds },
	{ 0 }
};

#endif
