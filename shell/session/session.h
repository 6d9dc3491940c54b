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

#include <stddef.h>

#include "shell/lang/lex.h"
#include "shell/lang/state.h"

void session_init(struct session *s, const struct cmd_table *commands, enum mode mode,
		  const struct options *opt);
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
/* True where a person types the command and sees what it says. */
bool session_attended(const struct session *s);
/* True where nothing is kept of what a command makes, unless the command pins it. */
bool session_keeps_nothing(const struct ctx *ctx);
/* Runs the words of the command line as one command. */
int session_command(struct session *s, char **words, int nr);
/* What the prompt asks while a line is typed: is the text a whole statement? */
enum lex_result session_complete(const struct session *s, const struct source *src);

/*
 * From now on commands write to @out in this style, until session_pop_output(). Until
 * then, @own (the caller's) keeps what stood there before.
 */
void session_push_output(struct session *s, struct output *own, struct out *out,
			 enum sink_style style);
void session_pop_output(struct session *s);

/* The programs behind a block have seen enough of it, and it changed nothing. */
bool session_reader_left(const struct session *s);
/* Text for people, of whole lines, on standard error behind all output so far. */
void session_tell(struct session *s, const char *text, size_t len);
/* Shows and empties the queue: text on standard error, or JSON on standard output. */
void session_show(struct session *s, struct diags *d);

#endif
