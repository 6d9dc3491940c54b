/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a session, as the words that are read in it see it: its options,
 * variables and output. What runs statements in it is shell/session/session.h.
 */
#ifndef BPFSH_STATE_H
#define BPFSH_STATE_H

#include <stddef.h>

#include "render/sink/sink.h"
#include "shell/lang/cmd.h"
#include "shell/lang/value.h"

struct gather;
struct source;
struct txn;

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

/* An output that another one stands in for, such as the beginning of a pipeline, or memory. */
struct output {
	struct out *out;
	enum sink_style style;
	bool batch_open;
	struct output *below;
};

/* The pin that was named last, and its map: see resolve_forget(). */
struct pinned {
	char *path;		/* NULL: none */
	struct handle *map;
};

struct session {
	const struct cmd_table *commands;	/* all that there are */
	enum mode mode;
	struct options opt;
	struct variable *vars;	/* in no order: there are few */
	size_t nr_vars;
	struct pinned pinned;
	struct handle *shared;	/* those that references opened; see handle_share() */
	char **args;		/* $1 ... */
	int nr_args;
	int status;		/* $? */
	struct out last;	/* JSON of the last command, for $_ */
	struct value last_result;
	char *verifier_log;	/* whole and raw, of the last load or check; NULL: none */
	struct expr_cache *exprs;	/* compiled expressions, or NULL */
	struct txn *txn;	/* never NULL */
	struct gather *gather;	/* updates that wait to be written together; never NULL */
	struct out *out;	/* where commands write; see session_push_output() */
	struct out own;		/* standard output */
	struct output *aside;	/* the outputs that are put aside, NULL: out is the session's own */
	int depth;		/* of sourced files */
	struct source **sources;	/* all that were read: operations point into them */
	size_t nr_sources;
	bool batch;		/* a batch file of bpftool's runs: prefixes of words are enough */
	bool quit;
	bool failed;		/* the last command in the open transaction: the prompt shows it */
	bool undecided;		/* the end of a pipeline decides whether its command's change stays */
	bool listed;		/* -j shows the outputs of commands as one array */
	bool batch_open;	/* that array has begun */
	bool member_open;	/* and the member of a command in it */
	unsigned long long batch_at;	/* where the output of its newest member begins */
};

/* Whether prefixes of words are enough where the session is now: enum match_flags. */
unsigned session_match_flags(const struct session *s);

#endif
