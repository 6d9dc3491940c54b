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

#include "shell/base/byteset.h"
#include "shell/base/wire.h"
#include "shell/lang/cmd.h"
#include "shell/txn/journal.h"

enum undo_class {
	UNDO_FULL,		/* as if it had not been */
	UNDO_LOSSY,		/* something is lost, which the operation's kind says */
	UNDO_NONE,		/* cannot be undone */
};

enum undo_result {
	UNDO_DONE,
	UNDO_CONFLICT,		/* somebody else changed it: left alone */
	UNDO_FAILED,		/* may be tried again */
	UNDO_NEVER,		/* nothing can: it stays */
	UNDO_LITTER,		/* done, but what it needed is still there: of op_undo() alone */
};

struct op;

struct op_kind {
	const char *name;
	__u32 id;		/* in journals: never reused for another kind */
	size_t size;		/* of the operation, which begins with struct op */
	bool deferred;		/* applied at commit, after all else */
	bool loses_late;	/* what its class says may be lost is there until the commit */
	bool undo_once;		/* what is there may not tell whether it is undone: @undoing does */
	bool overwrites;	/* a conflict settles earlier changes of the same target */
	/* How well it can be undone; *why says what is lost. Asked before it is applied. */
	enum undo_class (*class)(const struct op *op, const char **why);
	/* "+ map update flows[key] ..." without line end: what it changes, behind + ~ or -. */
	void (*describe)(const struct op *op, struct buf *out);
	/* Takes what undo needs, changing nothing; 0 or -1 with a diagnostic. NULL: nothing. */
	int (*prepare)(struct op *op, struct diags *d);
	/* Does it. On failure undo is called, as some of it may be done. */
	int (*apply)(struct op *op, struct diags *d);
	/*
	 * Of one that was begun, but is not known to be done: where that can be seen,
	 * sets applied and late, as its undo changes what there is to see. NULL: undo looks.
	 */
	void (*settle)(struct op *op);
	/*
	 * Takes it back, however much of it was done, also when it was not even
	 * begun, or is finished; what stands in the way is said in @d.
	 */
	enum undo_result (*undo)(struct op *op, struct diags *d);
	/*
	 * Names what it changes, in bytes: where one name begins with the other, an
	 * earlier change cannot be undone before the later one is. NULL: on its own.
	 */
	void (*target)(const struct op *op, struct buf *out);
	/*
	 * Before it is undone though it was committed: keeps again, where a kill
	 * does not reach it, what finish() has removed; 0, or -1 with a diagnostic.
	 */
	int (*hold)(struct op *op, struct diags *d);
	/* At commit and after undo: removes what undo needed. May be called again, after a kill. */
	int (*finish)(struct op *op, struct diags *d);
	/*
	 * Before recovery does any of a journal: 0, or what is the matter with a path on a
	 * bpffs that undo or finish() needs (bpffs_check()). NULL: it needs none.
	 */
	int (*reach)(const struct op *op, const char **path);
	void (*release)(struct op *op);
	/* To the journal and back; NULL: nothing stays of it when its process dies. */
	void (*encode)(const struct op *op, struct buf *out);
	/* Fills a new operation; false where the bytes make none. */
	bool (*decode)(struct op *op, struct wire_reader *r);
};

struct op {
	const struct op_kind *kind;
	struct span span;
	bool applied;
	bool undoing;			/* a process that died had begun to undo it */
	/*
	 * How many changes it stands for, where it is many at once (0: one); when
	 * apply fails, how many were made. And after undo: those left alone.
	 */
	__u32 nr, conflicts;
	journal_pos at;			/* in the journal; JOURNAL_NONE: not there */
	__u64 late[2];			/* what is known after apply; kept in the journal */
};

/*
 * Takes an operation back, and then removes what that needed. @stuck gathers
 * the targets of those where it failed, or never can be: what was done to them before
 * stays too.
 * @changed gathers, for one rollback, those where somebody else has put something
 * in place of it all. @j is the journal that has the operation, or NULL.
 */
enum undo_result op_undo(struct op *op, struct journal *j, struct buf *stuck,
			 struct byteset *changed, struct diags *d);

/* Adds one to @stuck that is known to have failed. */
void stuck_add(struct buf *stuck, const struct op *op, enum undo_result result);

/* All kinds, NULL-ended. */
extern const struct op_kind *const op_kinds[];

/* A new zeroed operation of this kind. */
void *op_new(const struct op_kind *kind, struct span span);
void op_free(struct op *op);

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

struct rollback {
	size_t undone, conflicts, failed;
	const char *lossy;	/* what may not be as before though it is undone; NULL: nothing */
};

/* What a journal keeps of an operation after undo; its @nr changes are counted in @r. */
enum journal_state rollback_count(struct rollback *r, const struct op *op, __u32 nr,
				  enum undo_result result);

/* True where another try at the operation is of no use. */
bool is_settled(enum journal_state state);

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
/* To be called now and then: rolls back what was not confirmed in time. True where it did. */
bool txn_check_confirm(struct session *s);
/* Waits until the transaction is confirmed: 0; or its time is over and it is rolled back: -1. */
int txn_wait_confirm(struct session *s);

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

void rollback_add(struct rollback *to, const struct rollback *r);
/* "rolled back 5 of 6; 1 conflict" */
void rollback_count_text(struct buf *out, const struct rollback *r);
/* The same, and whether all is as before. */
void rollback_text(struct buf *out, const struct rollback *r);

/* What dead processes left: rolls it back or forward, shows it (--plan), or forgets it. */
enum recover { RECOVER_ROLLBACK, RECOVER_PLAN, RECOVER_DISCARD };
int txn_recover(struct ctx *ctx, enum recover how, struct rollback *r);

#endif
