/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An operation: what it consists of is its kind's table of fields, what it does the
 * kind's functions. A new kind is such a struct, its table, and a row of op_kinds[].
 */
#ifndef BPFSH_OP_H
#define BPFSH_OP_H

#include <stddef.h>

#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/txn/field.h"
#include "shell/txn/journal.h"

struct buf;

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
	/* In journals, and never reused for another kind; 0: nothing of it outlives its process. */
	__u32 id;
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
	/* What it consists of: goes to the journal, is read from there and let go of by this. */
	const struct field *fields;
	/*
	 * Of one whose fields were read from a journal: opens what else it needs; false where
	 * they make no such operation. NULL: they always do.
	 */
	bool (*revive)(struct op *op);
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

/* A new zeroed operation of this kind. */
void *op_new(const struct op_kind *kind, struct span span);
void op_free(struct op *op);

/* Its fields, for the journal. */
void op_encode(const struct op *op, struct buf *out);
/* Fills a new operation; false where the bytes make none, or are more than one. */
bool op_decode(struct op *op, struct wire_reader *r);

#endif
