/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trash: a folder of its own for each operation that must keep an object, on
 * the bpffs where it works. What lies there survives the process.
 */
#ifndef BPFSH_TRASH_H
#define BPFSH_TRASH_H

#include "shell/kern.h"

struct trash {
	char *dir;		/* NULL: there is none */
	char *pin;		/* the one pin in it */
};

/*
 * Chooses the place, on the bpffs of @path, or, where that is NULL, on any
 * bpffs mount; makes nothing. False where there is no bpffs.
 */
bool trash_choose(struct trash *t, const char *path);
/* From a journal: takes over the folder's path, which may be NULL. */
void trash_set(struct trash *t, char *dir);
/* Makes the folder, which must not exist; 0 or -errno. */
int trash_make(const struct trash *t);
/* Makes the folder and pins in it what @fd holds; 0 or -errno. */
int trash_put(const struct trash *t, int fd);
/* The same in place of what lies there. */
int trash_replace(const struct trash *t, int fd);
/* For an object that an operation replaces, if there is a bpffs: 0, or -1 with a diagnostic. */
int trash_keep(const struct trash *t, const struct handle *old, struct span at, struct diags *d);
/* The object that was kept, or, where it lives on elsewhere, by its ID; NULL where it is gone. */
struct handle *trash_find(const struct trash *t, enum object_kind kind, __u32 id);
bool trash_full(const struct trash *t);
/* Removes pin and folder, as far as they are there; 0 or -errno, as where their bpffs is gone. */
int trash_empty(const struct trash *t);
/* The same at an operation's end: 0, or -1 with a diagnostic. */
int trash_finish(const struct trash *t, struct span at, struct diags *d);
void trash_free(struct trash *t);

/* False where the bpffs of this path, which need not exist, was unmounted. */
bool is_on_bpffs(const char *path);

/* The folder that a path's last part stands in: a new string. */
char *folder_of(const char *path);

#endif
