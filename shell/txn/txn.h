/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions: every write to the kernel goes through here.
 *
 * A command builds an operation and gives it to txn_do(), which asks it for its
 * undo class, lets it take what undoing needs (preimages, descriptors), writes
 * its intent to the journal, applies it and keeps it in the log. Rollback
 * undoes the log from its end; commit runs what was put off and drops the log.
 * Outside of an explicit transaction each command is one of its own.
 *
 * Undoing looks at what is there and compares it with what the operation
 * wrote: a newer value by somebody else is a conflict, which is reported and
 * left alone. That is atomicity against failure, not isolation from other
 * writers. As undoing looks instead of remembering, the same code serves an
 * operation that was only begun when its process was killed: recovery reads
 * the operations from the journal, and undoes them.
 */
#ifndef BPFSH_TXN_H
#define BPFSH_TXN_H

#include <stddef.h>

#include "shell/lang/cmd.h"
#include "shell/txn/op.h"
#include "shell/txn/undo.h"

struct txn;
struct session;

struct txn *txn_new(void);
void txn_free(struct txn *t);

/*
 * Applies an operation as part of the session's transaction, or says what it
 * would do (--plan). Takes over @op. 0, or -1 with a diagnostic.
 */
int txn_do(struct ctx *ctx, struct op *op);
/* True where operations are only described: results are stand-ins. */
bool txn_planning(const struct session *s);

/* True inside an explicit transaction (begin, or a script). */
bool txn_open(const struct session *s);
/* Operations in the log; also a place in it, to come back to when a command fails. */
size_t txn_length(const struct session *s);
/* True once a change was committed: it stays, whatever fails later. */
bool txn_kept(const struct session *s);
/* Which of the session's explicit transactions is open; 0: none. */
unsigned txn_begun(const struct session *s);

int txn_begin(struct ctx *ctx);
int txn_savepoint(struct ctx *ctx, const char *name, struct span at);

/* Undoes everything, and closes the transaction; or only what came after the savepoint @name. */
int txn_rollback(struct ctx *ctx, const char *name, struct span at, struct rollback *r);
/*
 * Makes it all stay, and closes the transaction. -1 with a diagnostic: nothing
 * was committed, the transaction is still open. A positive number: committed,
 * but so many of the operations that were put off have failed.
 */
int txn_commit(struct ctx *ctx);
/* Ends a command that is a transaction of its own: the same, though none is open. */
int txn_commit_command(struct ctx *ctx);

/* Rolls the transaction back unless it is confirmed within @seconds; see `commit confirm`. */
int txn_commit_confirm(struct ctx *ctx, unsigned seconds);
int txn_confirm(struct ctx *ctx);
/* True while a confirmation is awaited; *@left is the seconds until the rollback. */
bool txn_confirming(const struct session *s, unsigned *left);
/*
 * To be called now and then: commits what was confirmed, and rolls back what was not in
 * time; *@undone: it did that. Returns a status, STATUS_OK while neither is due.
 */
int txn_check_confirm(struct session *s, bool *undone);
/* Waits until one of them is done; the same. */
int txn_wait_confirm(struct session *s, bool *undone);

/* Says, once, that what goes to @out cannot be written. */
void txn_output_failed(const struct session *s, struct out *out, struct diags *d);
/*
 * Writes out all that was shown so far; -1 where that cannot be done, with a diagnostic
 * unless the reader went away. What is to be final waits for this.
 */
int txn_flush_output(struct session *s, struct diags *d);

/* Takes the last committed change back. */
int txn_undo_last(struct ctx *ctx, struct rollback *r);
/* Shows the log: what the open transaction did so far. */
int txn_show(struct ctx *ctx);

/* Notes, a line each, what was done since @mark; for the prompt. */
void txn_say(struct ctx *ctx, size_t mark);

/* Undoes what came after @mark. */
void txn_undo_to(struct session *s, size_t mark, struct diags *d, struct rollback *r);

/*
 * What dead processes left: rolls it back or forward, shows it (--plan), or forgets it.
 * @kinds, NULL-ended, are those of which their journals may have operations.
 */
enum recover { RECOVER_ROLLBACK, RECOVER_PLAN, RECOVER_DISCARD };
int txn_recover(struct ctx *ctx, const struct op_kind *const *kinds, enum recover how,
		struct rollback *r);

#endif
