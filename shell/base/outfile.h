/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that a command writes: a new one beside it takes its place once it is
 * complete, so that what is there stays until then. A symbolic link stays, what it
 * leads to is replaced; what is no regular file (a pipe, a device) is written to as it is.
 */
#ifndef RENDER_OUTFILE_H
#define RENDER_OUTFILE_H

#include <stdbool.h>

struct outfile {
	int fd;
	char *target, *temporary;	/* both NULL: written to as it is */
	bool private;			/* set once it is open: the new file is its owner's alone (0600) */
};

/* Whether @path can be written to, as far as that can be known before. 0 or an errno. */
int outfile_check(const char *path);
/* 0 or an errno; after 0, outfile_close() is owed. */
int outfile_open(struct outfile *f, const char *path);
/* With @keep, the new file takes the old one's place; else it goes. 0 or an errno. */
int outfile_close(struct outfile *f, bool keep);

#endif
