/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The elements of a file: JSON objects as element_read() takes them, one after
 * the other, or in one array, each perhaps over several lines. The file is read
 * in pieces, and never held as a whole.
 */
#ifndef BPFSH_COMMANDS_ELEMENT_FILE_H
#define BPFSH_COMMANDS_ELEMENT_FILE_H

#include "render/typed/typed.h"
#include "shell/base/buf.h"

/* Set fd, name, at, format and diags; the rest is zero. */
struct element_file {
	int fd;				/* of the caller's */
	const char *name;		/* for messages, which point at @at */
	struct span at;
	const struct element_format *format;
	struct diags *diags;
	struct buf text;
	size_t pos;			/* what is before is dealt with */
	size_t lines;			/* that end there */
	int open;			/* arrays that are */
	size_t usual;			/* length of the last element */
	bool eof;
};

/*
 * Reads the next element into @key and @value. 1; 0 behind the last one; -1 with
 * a diagnostic, or without where the user asked to stop.
 */
int element_file_next(struct element_file *r, void *key, void *value);
void element_file_free(struct element_file *r);
/* What errno means for this file: "cannot WHAT 'name': ..."; -1, as above. */
int element_file_error(const struct element_file *r, const char *what);

#endif
