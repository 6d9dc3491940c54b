/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions: every write to the kernel goes through here.
 *
 * A command builds an operation and gives it to txn_do(), which asks it for its
 * undo class, lets it take what undoing needs (preimages, descriptors), applies
 * it and keeps it in the log. Rollback undoes the log from its end; commit runs
 * what was put off and drops the log. Outside of an explicit transaction each
 * command is one of its own.
 *
 * Undoing compares with what the operation wrote: a newer value by somebody
 * else is a conflict, which is reported and left alone. That is atomicity
 * against failure, not isolation from other writers.
 */
#ifndef BPFSH_TXN_H
#define BPFSH_TXN_H

#include "shell/cmd.h"

enum undo_class {
	UNDO_FULL,		/* as if it had not been */
	UNDO_LOSSY,		/* something is lost, which the operation's kind says */
	UNDO_NONE,		/* cannot be undone */
};

enum undo_result { UNDO_DONE, UNDO_CONFLICT, UNDO_FAILED };

struct op;

struct op_kind {
	const char *name;
	size_t size;		/* of the operation, which begins with struct op */
	bool deferred;		/* applied at commit, after all else */
	/* How well it can be undone; *why says what is lost. Asked before it is applied. */
	enum undo_class (*class)(const struct op *op, const char **why);
	/* "+ map update flows[key] ..." without line end: what it changes, beginning with + ~ or -. */
	void (*describe)(const struct op *op, struct buf *out);
	/* Takes what undo needs, changing nothing; 0 or -1 with a diagnostic. NULL: nothing to take. */
	int (*prepare)(struct op *op, struct diags *d);
	/* Does it; on failure the kernel is as before, or undo is called to make it so. */
	int (*apply)(struct op *op, struct diags *d);
	/* Takes it back; what stands in the way is said in @d. */
	enum undo_result (*undo)(struct op *op, struct diags *d);
	/* At commit: what was put off. It may fail, but the transaction stays committed. */
	int (*finish)(struct op *op, struct diags *d);
	void (*release)(struct op *op);
};

struct op {
	const struct op_kind *kind;
	struct span span;
	bool applied;
};

/* A new zeroed operation of this kind. */
void *op_new(const struct op_kind *kind, struct span span);

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
size_t txn_length(const struct session *s);

int txn_begin(struct ctx *ctx);
int txn_savepoint(struct ctx *ctx, const char *name, struct span at);

struct rollback {
	size_t undone, conflicts, failed;
};

/* Undoes everything, or what came after the savepoint @name; closes the transaction in the first case. */
int txn_rollback(struct ctx *ctx, const char *name, struct span at, struct rollback *r);
/* Makes it all stay, and closes the transaction. */
int txn_commit(struct ctx *ctx);

/* Ends a command that is a transaction of its own: as txn_commit(), for what came after @mark. */
int txn_commit_command(struct ctx *ctx, size_t mark);
/* Drops what came after @mark from the log: it stays as it is. */
void txn_forget(struct session *s, size_t mark);
/* Notes, a line each, what was done since @mark; for the prompt. */
void txn_say(struct ctx *ctx, size_t mark);

/* A place in the log, to come back to when a command fails. */
size_t txn_mark(const struct session *s);
void txn_undo_to(struct session *s, size_t mark, struct diags *d, struct rollback *r);

/* "rolled back 5 of 6; 1 conflict" */
void rollback_text(struct buf *out, const struct rollback *r);

#endif
