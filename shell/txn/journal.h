/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal: what a transaction has done, where SIGKILL cannot reach it.
 *
 * BPF state dies with the kernel, so nothing has to reach a disk: a store to a
 * shared mapping of a file on tmpfs survives the process, and costs no system
 * call. Each operation is recorded before it is done (intent) and marked after
 * (done), and again when it is undone. A journal whose lock is free belongs to
 * a process that is no more: journal_each() finds those, to roll them back.
 *
 * The folder is /run/bpfsh, or below $XDG_RUNTIME_DIR for users other than
 * root; 0700, the files 0600, never followed through a symbolic link. A file
 * begins with a header (format version, boot ID, writer); records follow, each
 * with a checksum over all that does not change. A record counts once its
 * length is stored, which is done last: a torn one is none.
 */
#ifndef BPFSH_JOURNAL_H
#define BPFSH_JOURNAL_H

#include <stdint.h>
#include <sys/types.h>

#include "shell/base/diag.h"

/* Phases and states are stored as words of which a few damaged bits make no other. */
enum journal_phase {
	JOURNAL_OPEN = 0x6f70656e,	/* to be rolled back if the writer dies */
	JOURNAL_CONFIRM = 0x77616974,	/* the same, unless somebody confirms in time */
	JOURNAL_CONFIRMED = 0x79657321,	/* somebody did: to be rolled forward */
	JOURNAL_COMMIT = 0x636d6974,	/* to be rolled forward: the point of no return is behind */
};

enum journal_state {
	RECORD_INTENT = 0x696e7465,
	RECORD_DONE = 0x646f6e65,
	RECORD_UNDOING = 0x6261636b,	/* undo has begun, and is perhaps done */
	RECORD_UNDONE = 0x756e646f,
	RECORD_LOST = 0x6c6f7374,	/* never can be undone: nor what was before it */
	RECORD_STUCK = 0x7374636b,	/* could not be undone: recovery tries again, in any phase */
	RECORD_LITTER = 0x6c697474,	/* is settled, but what undo needed is still there */
};

struct journal;

/* Where a record stands; valid for the life of the journal, though the file may move in memory. */
typedef uint64_t journal_pos;
#define JOURNAL_NONE 0

/* Makes and locks a new journal; NULL with a diagnostic. */
struct journal *journal_create(struct diags *d);
/* Removes the file: the transaction has ended. */
void journal_end(struct journal *j);
/*
 * The same, but the file stays and has no records, for the next transaction of this
 * process; false where it has become too large for that. Whoever finds it when the
 * process is no more removes it without a word.
 */
bool journal_empty(struct journal *j);
/* Lets go of the file and keeps it, for another try. */
void journal_keep(struct journal *j);

/* Records what will be done; JOURNAL_NONE with errno where there is no room for it. */
journal_pos journal_intent(struct journal *j, uint32_t kind, const void *payload, size_t len);
/* Two numbers that are known only after the operation (such as a pin's inode), and the mark. */
void journal_done(struct journal *j, journal_pos at, const uint64_t late[2]);
void journal_set_state(struct journal *j, journal_pos at, enum journal_state state);
/* Records behind @end are forgotten: their operations are undone. */
void journal_cut(struct journal *j, journal_pos end);

void journal_set_phase(struct journal *j, enum journal_phase phase);
enum journal_phase journal_get_phase(const struct journal *j);
/*
 * Goes from one phase to the next unless another process was faster: writer and
 * `bpfsh confirm` decide by this which of them it is. False: the phase was another.
 */
bool journal_change_phase(struct journal *j, enum journal_phase from, enum journal_phase to);

struct journal_record {
	uint32_t kind;
	enum journal_state state;
	uint64_t late[2];
	const void *payload;	/* within the mapping */
	size_t len;
	journal_pos at;
};

/* Records from the first on: @at starts as JOURNAL_NONE; false behind the last. */
bool journal_next(const struct journal *j, journal_pos *at, struct journal_record *rec);

pid_t journal_writer(const struct journal *j);
const char *journal_path(const struct journal *j);
/* The mount namespace that its writer was in: an inode; 0: not known. */
uint64_t journal_mount_ns(const struct journal *j);
/* False where nothing that its records speak of exists any more. */
bool journal_is_of_this_boot(const struct journal *j);
/* When it was made, in seconds since 1970. */
int64_t journal_time(const struct journal *j);

/*
 * Opens each journal of the folder. @orphans: those whose writer is dead, now
 * locked by us; else those that wait for a confirmation. @fn ends each with
 * journal_end() or journal_keep(). Files that are no proper journals (damaged,
 * of another version, not ours alone, symbolic links) are left untouched and
 * named in an error; those of dead writers without a record are removed.
 */
void journal_each(bool orphans, void (*fn)(void *arg, struct journal *j), void *arg,
		  struct diags *d);

struct orphans {
	int here, elsewhere;	/* of this mount namespace and boot, and of others */
};

/* How many dead writers' journals there are; cheap, for every start. */
struct orphans journal_count_orphans(void);

#endif
