/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands behind a command: `| jq` in this process, any other program in
 * its own, `>` and `>>` to a file.
 */
#ifndef BPFSH_PIPE_H
#define BPFSH_PIPE_H

#include <sys/types.h>

#include "shell/session/session.h"

struct pipeline {
	struct out out;		/* where the command writes */
	bool json;		/* it writes JSON, for jq */
	struct jq_stage *jq;	/* NULL without */
	int end_fd;		/* of jq: first process, file, or -1: the session's output */
	const struct word *last;	/* name of the last program, or NULL */
	pid_t *pids;
	size_t nr;
	bool apart;		/* the programs have process groups of their own */
	int capture;		/* what the programs write, where it becomes part of JSON; or -1 */
};

/*
 * Finds errors in a filter of jq, which may use the variables that are keys of
 * @known (borrowed); -1 with a diagnostic.
 */
int pipeline_check(const struct stmt *stmt, struct session *s, jv known, struct diags *d);
/* True where a program writes the end of it, not jq in this process. */
bool pipeline_text(const struct stmt *stmt);
/* Starts everything; -1 with a diagnostic, and nothing left running. */
int pipeline_open(struct pipeline *p, struct session *s, const struct stmt *stmt, struct diags *d);
/*
 * Ends the output and waits. Returns a status: the command has failed where a
 * filter of jq or the last program did.
 */
int pipeline_close(struct pipeline *p, struct session *s, bool ok, struct diags *d);

/* !command: the user's own line, given to a shell as it stands. Returns a status. */
int run_shell(struct session *s, const struct stmt *stmt, struct diags *d);

#endif
