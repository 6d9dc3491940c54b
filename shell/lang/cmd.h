/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a command matched against the table.
 *
 * Matching has two steps. match() finds which words belong to which argument,
 * without looking at kernel or variables: a script is matched whole before
 * anything runs. match_values() then turns the words into values, in the order
 * of the table, so that a key is read when its map is known.
 */
#ifndef BPFSH_CMD_H
#define BPFSH_CMD_H

#include "shell/lang/grammar.h"

/* The words of one argument. */
struct slot {
	uint32_t first, nr;		/* words of the value; the keyword stands before them */
};

struct match {
	const struct cmd *cmd;
	const struct word *words;	/* all words of the command, object and verb included */
	uint32_t nr;
	uint32_t rest;			/* index of the first word behind object and verb */
	unsigned flags;			/* enum match_flags, as given */
	struct {
		struct slot *slots;
		uint32_t nr;
	} args[ARGS_MAX];
	int open;			/* argument that takes more words, or -1 */
	uint32_t open_first;		/* its first word */
};

enum match_flags {
	MATCH_PREFIX = 1,		/* words of the table may be cut short */
	MATCH_PARTIAL = 2,		/* the end may be missing: for completion */
};

/* Fills @m, which match_free() ends in any case; -1 with a diagnostic. */
int match(struct match *m, const struct cmd_table *commands, const struct word *words, uint32_t nr,
	  struct span span, unsigned flags, struct diags *d);
/*
 * Matches as far as the words go, for completion; false where they fit no
 * command. An object alone leaves m->cmd NULL, and *@t is its table.
 */
bool match_partial(struct match *m, const struct cmd_table *commands, const struct word *words,
		   uint32_t nr, const struct cmd_table **t);
/* The next positional argument, which has no words yet; -1: none. */
int match_next(const struct match *m);
/* Parses what depends on nothing but the words, to find errors before anything runs. */
int match_check(struct ctx *ctx, const struct match *m);
/* The value of one slot of argument @a; -1 with a diagnostic. */
int match_value(struct ctx *ctx, const struct match *m, const struct arg *a,
		const struct slot *slot, struct value *out);
/* For completion: argument @i, as far as it is typed; VALUE_NONE where it is not there or wrong. */
struct value match_typed(struct ctx *ctx, const struct match *m, int i);
/* Fills argv[ARGS_MAX]; the caller frees the values, also after an error. */
int match_values(struct ctx *ctx, const struct match *m, struct value *argv);
void match_free(struct match *m);

/* What may follow the first words of a command. */
enum lex_tail cmd_raw_tail(const struct cmd_table *commands, const struct word *words,
			   uint32_t nr);
/* The word that names the variable which the command sets for its block; or NULL. */
const struct word *cmd_sets(const struct cmd_table *commands, const struct word *words, uint32_t nr);
/* True for commands of expressions and blocks: on the command line, their words are one text. */
bool cmd_takes_text(const struct cmd_table *commands, const struct word *first);
/* "map update MAP key KEY value VALUE [any|exist|noexist]" */
void cmd_usage(struct buf *out, const struct cmd *cmd);
const char *arg_display(const struct arg *a, struct buf *scratch);
/* Candidates for the word after @nr words; c->prefix is set by the caller. */
void cmd_complete(struct ctx *ctx, const struct word *words, uint32_t nr, struct candidates *c);
/* What may stand after @nr words, a line each: "MAP  map to change". */
void cmd_help_at(struct buf *out, const struct cmd_table *commands, const struct word *words,
		 uint32_t nr);

/* The first of the words that @w is, or begins where it may be cut short; -1: none. */
int word_among(const struct word *w, const char *const *words, bool cut);

#define for_each_cmd(table, c)								\
	for (const struct cmd *const *c##_at = (table)->cmds, *c; (c = *c##_at); c##_at++)
#endif
