/* SPDX-License-Identifier: BSD-2-Clause */
/* What a transaction consists of; for the files of the transaction layer alone. */
#ifndef BPFSH_TXN_STATE_H
#define BPFSH_TXN_STATE_H

#include "shell/base/buf.h"
#include "shell/lang/vars.h"
#include "shell/lang/state.h"
#include "shell/txn/txn.h"

struct savepoint {
	char *name;
	size_t at;			/* length of the log */
	struct vars vars;
};

struct log {
	struct op **list;
	size_t nr;
};

struct txn {
	struct log log;
	struct log last;		/* the newest committed change, for `undo` */
	struct journal *journal;	/* made by the first operation that needs it */
	struct journal *idle;		/* an earlier command's, empty, for the next one */
	size_t unrecorded;		/* operations of the log for which no journal could be made */
	struct diags no_journal;	/* why */
	bool unrecorded_said;
	size_t unsettled;		/* its operations that could not be undone, or cleaned up */
	struct buf stuck;		/* targets of the former */
	struct rollback left;		/* by operations that failed half-way: to be counted */
	struct rollback lasting;	/* what rollbacks within the transaction left */
	bool open;
	bool kept;			/* a change was committed */
	unsigned begun;			/* counts explicit transactions */
	__s64 confirm_until;		/* milliseconds of clock_ms(); 0: none is awaited */
	struct savepoint *savepoints;	/* the first is the beginning, without a name */
	size_t nr_savepoints;
};

/* 0 inside an explicit transaction; else -1 with a diagnostic. */
int txn_need_open(struct ctx *ctx);

#endif
