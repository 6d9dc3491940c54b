/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trash: a folder of its own for each operation that must keep an object, on
 * the bpffs where it works. What lies there survives the process.
 */
#ifndef BPFSH_TRASH_H
#define BPFSH_TRASH_H

#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/txn/field.h"
#include "shell/txn/mounted.h"

struct buf;

struct trash {
	char *dir;		/* NULL: there is none */
	char *pin;		/* the one pin in it */
	struct bpffs at;	/* where the folder is */
};

/*
 * Chooses the place, on the bpffs of @path, or, where that is NULL, on any
 * bpffs mount; makes nothing. False where there is no bpffs.
 */
bool trash_choose(struct trash *t, const char *path);
/* A field of an operation: let go of, what lies there stays. */
extern const struct field_type field_trash;
#define F_TRASH(m)	{ FIELD(field_trash, m, struct trash) }

/* 0, or where its bpffs is not there: bpffs_check()'s error, and the path. */
int trash_reach(const struct trash *t, const char **path);
/* Makes the folder, which must not exist; 0 or -errno. */
int trash_make(const struct trash *t);
/* Makes the folder and pins in it what @fd holds; 0 or -errno. */
int trash_put(const struct trash *t, int fd);
/* The same in place of what lies there. */
int trash_replace(const struct trash *t, int fd);
/* For an object that an operation replaces, if there is a bpffs: 0, or -1 with a diagnostic. */
int trash_keep(const struct trash *t, const struct handle *old, struct span at, struct diags *d);
/*
 * The object that was kept, if that is what lies there, or, where it lives on elsewhere,
 * by its ID; NULL where it is gone.
 */
struct handle *trash_find(const struct trash *t, enum object_kind kind, __u32 id);
bool trash_full(const struct trash *t);
/* True where this object is what lies there. */
bool trash_has(const struct trash *t, enum object_kind kind, __u32 id);
/* True where this object is what is pinned at the path, which may be NULL. */
bool is_pinned_at(const char *path, enum object_kind kind, __u32 id);
/* Removes pin and folder, as far as they are there; 0 or -errno, as where their bpffs is gone. */
int trash_empty(const struct trash *t);
/* The same at an operation's end: 0, or -1 with a diagnostic. */
int trash_finish(const struct trash *t, struct span at, struct diags *d);

#endif
