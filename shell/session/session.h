/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session: its state, options and transaction, and how statements run.
 *
 * One path serves the prompt, scripts, -c and single commands: text is lexed,
 * matched against the table, resolved, and run with a sink. A script is checked
 * whole first. Each command outside of a transaction is one of its own.
 */
#ifndef BPFSH_SESSION_H
#define BPFSH_SESSION_H

#include "shell/lang/cmd.h"
#include "shell/op/gather.h"
#include "shell/txn/txn.h"

/* Exit statuses; see the manual. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,	/* nothing stayed */
	STATUS_USAGE = 2,	/* nothing ran */
	STATUS_PARTIAL = 3,	/* the rollback is incomplete */
	STATUS_SIGNAL = 128,	/* + signal: interrupted and rolled back */
};

enum mode {
	MODE_COMMAND,		/* one command, as with bpftool */
	MODE_SCRIPT,		/* -f, -c: all or nothing */
	MODE_PROMPT,
};

#define SOURCE_DEPTH 16		/* files that source each other */

struct options {
	enum sink_style output;
	bool pretty;
	bool bpffs;		/* show pinned paths */
	bool debug;
	bool no_rc;
	bool check;		/* parse and look up, run nothing */
	bool plan;		/* say what would change */
	bool discard;		/* `recover` forgets */
	bool no_transaction;
	bool allow_irreversible;
	bool color;		/* on standard error */
	int viewer;		/* of pictures in the terminal: enum term_viewer */
};

struct variable;
struct expr_cache;

struct session {
	enum mode mode;
	struct options opt;
	struct variable *vars;	/* in no order: there are few */
	size_t nr_vars;
	struct handle *shared;	/* those that references opened; see handle_share() */
	char **args;		/* $1 ... */
	int nr_args;
	int status;		/* $? */
	struct out last;	/* JSON of the last command, for $_ */
	struct value last_result;
	struct expr_cache *exprs;	/* compiled expressions, or NULL */
	struct txn *txn;	/* never NULL */
	struct gather *gather;	/* updates that wait to be written together; never NULL */
	struct out out;		/* standard output */
	int depth;		/* of sourced files */
	struct source **sources;	/* all that were read: operations point into them */
	size_t nr_sources;
	bool batch;		/* a batch file of bpftool's runs: prefixes of words are enough */
	bool quit;
	bool failed;		/* the last command in the open transaction: the prompt shows it */
	int piped;		/* nested: out is the beginning of a pipeline, or memory */
	bool undecided;		/* the end of a pipeline decides whether its command's change stays */
	bool listed;		/* -j shows the outputs of commands as one array */
	bool batch_open;	/* that array has begun */
	bool member_open;	/* and the member of a command in it */
	unsigned long long batch_at;	/* where the output of its newest member begins */
};

void session_init(struct session *s, enum mode mode, const struct options *opt);
/* Rolls back what is open, and frees everything; returns the exit status. */
int session_end(struct session *s);

/*
 * Checks all statements of a source and, when there is no error, runs them.
 * Diagnostics are shown as they come. Returns a status.
 */
int session_source(struct session *s, const struct source *src);
/* Runs a statement that was checked, and shows its errors. Returns a status. */
int session_stmt(struct session *s, const struct stmt *stmt);
/*
 * Runs the command that an argument of type arg_run holds; returns a status.
 * Its output goes to @out and its errors to the diagnostics of @ctx, or where
 * @out is NULL, to where all commands have them.
 */
int session_run(struct ctx *ctx, const struct value *command, struct out *out);
/* Runs the commands of a block up to the first that fails. Returns a status. */
int session_block(struct session *s, const struct block *b);
/*
 * Commands that run others are one transaction: the outermost opens it, and
 * what session_leave() makes of the status of all is the command's own.
 */
bool session_enter(struct session *s);
int session_leave(struct session *s, bool entered, int status);
/* A source that lives as long as the session; takes over its texts. */
struct source *session_keep(struct session *s, const struct source *src);
/*
 * Finds all errors of a source: lexical, grammatical, unknown variables, bad
 * literals: STATUS_USAGE. With --check, where there are none, also what it names
 * and is not there: STATUS_FAILED.
 */
int session_check(struct session *s, const struct source *src, struct diags *d);
int session_check_stmt(struct session *s, const struct stmt *stmt, struct diags *d);
/*
 * For a command that Ctrl-C is meant to end: true, and the request forgotten, where it came.
 * A script is stopped by it.
 */
bool session_ended_by_key(const struct session *s);
/* Whether prefixes of words are enough where the session is now: enum match_flags. */
unsigned session_match_flags(const struct session *s);
/* True where a person types the command and sees what it says. */
bool session_attended(const struct session *s);
/* True where nothing is kept of what a command makes, unless the command pins it. */
bool session_keeps_nothing(const struct ctx *ctx);
/* Runs the words of the command line as one command. */
int session_command(struct session *s, char **words, int nr);
/* What the prompt asks while a line is typed: is the text a whole statement? */
enum lex_result session_complete(const struct source *src);

/*
 * Writes out all that was shown so far; -1 where that cannot be done, with a diagnostic
 * unless the reader went away. What is to be final waits for this.
 */
int session_flush(struct session *s, struct diags *d);
/* Says, once, that what goes to @out cannot be written. */
void session_output_failed(const struct session *s, struct out *out, struct diags *d);
/* The programs behind a block have seen enough of it, and it changed nothing. */
bool session_reader_left(const struct session *s);
/* Text for people, of whole lines, on standard error behind all output so far. */
void session_tell(struct session *s, const char *text, size_t len);
/* Shows and empties the queue: text on standard error, or JSON on standard output. */
void session_show(struct session *s, struct diags *d);

#endif
