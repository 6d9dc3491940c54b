/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of the command table, and what its functions work with.
 *
 * A command's grammar is data: parsing, usage, help, Tab, the manual page and
 * shell completion all read the same rows. A command is OBJECT VERB ARGUMENTS,
 * or VERB ARGUMENTS for those of the session (object NULL). Arguments are
 * positional, or introduced by their name (ARG_KEYWORD), or one of a few words
 * (ARG_FLAG); those with names come in any order.
 */
#ifndef BPFSH_GRAMMAR_H
#define BPFSH_GRAMMAR_H

#include "render/sink/sink.h"
#include "shell/lang/syntax.h"
#include "shell/lang/value.h"

struct ctx;
struct session;
struct match;

enum arg_flags {
	ARG_OPTIONAL = 1,
	ARG_KEYWORD = 2,	/* stands behind its own name */
	ARG_FLAG = 4,		/* one of .words, without a name before it */
	ARG_REPEAT = 8,		/* may be given several times: VALUE_LIST */
	ARG_SOLE = 16,		/* where no word stands before it: not beside others */
	ARG_SETS = 32,		/* the command sets the variable that is named here */
	ARG_WHOLE = 64,		/* its word is never cut short */
};

/* A candidate for Tab: text that replaces the word, and a note shown beside it. */
struct candidate {
	char *text, *note;
	bool partial;		/* more follows without a blank: a folder, "field=" */
};

struct candidates {
	struct candidate *list;
	size_t nr;
	size_t more;		/* found beyond the limit, not kept */
	bool cut;		/* looking for more would have taken too long */
	const char *prefix;	/* what stands before the cursor, unquoted */
	char *trouble;		/* why there is nothing to show, or NULL */
};

/* Keeps the candidate where it begins with the prefix; copies both texts, @note may be NULL. */
void candidate_add(struct candidates *c, const char *text, const char *note, bool partial);
/* True where further candidates are only counted: their notes are not worth looking up. */
bool candidates_full(const struct candidates *c);
void candidates_free(struct candidates *c);

struct arg;

/* An argument type owns its parser, its candidates and its name in usage. */
struct arg_type {
	const char *name;	/* "MAP"; NULL: the argument's own name in capitals */
	/*
	 * How many of the words (at least one is there) belong to the argument;
	 * 0 where words are missing at the end. NULL: one.
	 */
	size_t (*take)(const struct match *m, const struct arg *a, const struct word *w, size_t nr);
	/* Words to a value; the words' variables are read here. */
	int (*parse)(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		     struct value *out);
	/*
	 * Candidates for the word behind the @nr words of this argument that are there
	 * already; match_typed() has those before it. Without diagnostics.
	 */
	void (*complete)(struct ctx *ctx, const struct match *m, const struct arg *a,
			 const struct word *w, size_t nr, struct candidates *c);
	/*
	 * For --check: whether there is what the value names, where parse does not look;
	 * -1 with a diagnostic. ctx->argv has the arguments before it. NULL: parse looks.
	 */
	int (*look)(struct ctx *ctx, const struct value *v);
	bool pure;		/* parse needs neither kernel nor session: checked beforehand */
	bool greedy;		/* takes words up to the next keyword */
	bool raw;		/* takes the rest of the statement as an expression */
	bool block;		/* takes "{ COMMANDS }" */
	bool runs;		/* takes a whole command: the rest of the words */
	bool names;		/* the word names a variable: it is not replaced by its value */
	bool refers;		/* names an object, which commands with CMD_MAKES may make */
	bool relative;		/* parse reads the values of the arguments before it */
	bool script, batch;	/* the file has commands; it is a batch file of bpftool's */
	bool makes_path;	/* the command makes what stands at the path: later ones find it */
	bool gives_map;		/* VALUE_HANDLE of the map whose elements the command is about */
};

struct arg {
	const char *name;
	const struct arg_type *type;	/* NULL for ARG_FLAG */
	unsigned flags;
	const char *help;
	const char *const *words;	/* ARG_FLAG, arg_choice: what may stand here */
	const char *header;		/* "BPF_": the words are also as linux/bpf.h has them */
};

enum cmd_flags {
	CMD_WRITES = 1,		/* changes the kernel: through the transaction layer */
	CMD_DEFAULT = 2,	/* what the object alone means */
	CMD_CONTROL = 4,	/* of the session: runs in --plan too, as no transaction */
	CMD_OUTSIDE = 8,	/* has effects outside the kernel that are not undone */
	CMD_NESTED = 16,	/* runs commands, which say themselves what they did */
	CMD_GATHERS = 32,	/* may be done later, with those like it that follow */
	CMD_MAKES = 64,		/* makes objects, which have IDs and names */
	CMD_WHOLE = 128,	/* takes away what others may use: its verb is never cut short */
	CMD_RECORD = 256,	/* its output on one object, argument 0, is what $v.field reads */
};

#define ARGS_MAX 16

/* Texts up to a NULL, and rows of arguments, in the order of their designators, up to a zero row. */
#define STRINGS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define ARGS(...) ((const struct arg[]){ __VA_ARGS__, { 0 } })

/*
 * Stands beside the function that it runs, with a name for each argument:
 * ARGS([COPY_FROM] = { "from", &arg_map, 0, "map to read" }, ...), argv[COPY_FROM].
 */
struct cmd {
	const char *object, *verb;
	const char *alias;		/* second name of the verb, or NULL */
	const char *help;		/* one sentence */
	const struct arg *args;		/* ARGS(), in the order of run's argv; NULL: none */
	unsigned flags;
	/* Runs with a value for each argument, VALUE_NONE: not given; 0, or -1 with a diagnostic. */
	int (*run)(struct ctx *ctx, struct value *argv);
	const char *const *examples;	/* STRINGS() */
	/*
	 * Its place in bpftool's list of this object's commands; 0: bpftool has it not. A word
	 * cut short means the first of that list that fits, whatever else fits here.
	 */
	unsigned place;
	/* What no single argument shows to be wrong, before anything runs: -1 with a diagnostic. */
	int (*check)(struct ctx *ctx, const struct match *m);
};

/* What bpftool has and bpfsh does not yet: to be called that, and no other command by mistake. */
struct absent {
	const char *name;		/* NULL ends the list */
	unsigned place;			/* in bpftool's list */
	const char *instead;		/* what does the same, or NULL */
};

/* All commands of an object stand together. Ends with a zero row. */
struct cmd_table {
	const char *object;		/* NULL: session commands */
	const char *help;
	const struct cmd *const *cmds;	/* as help lists them; NULL ends them */
	unsigned place;			/* in bpftool's list of objects */
	const struct absent *absent;	/* verbs that are not there yet; with NULL: objects; or NULL */
};

/* What a command runs with. */
struct ctx {
	struct session *s;
	struct diags *diags;		/* NULL while candidates are looked for */
	struct sink *sink;
	const struct cmd *cmd;
	struct value *argv;		/* values so far, for arguments behind them */
	struct span span;		/* the whole command */
	struct value result;		/* what $v = COMMAND keeps, where it is not the output */
	bool kept;			/* a variable takes it */
	int status;			/* of a command that fails unlike most do; else 0 */
};

#define for_each_arg(cmd, a) for (const struct arg *a = (cmd)->args; a && a->name; a++)

#endif
