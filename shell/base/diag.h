/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where text came from, and what is wrong with it.
 *
 * Every token keeps a span of its source, so that an error can show the line
 * with a caret, whoever notices it: the lexer, an argument's parser, or the
 * kernel. A function that fails queues one diagnostic and returns -1.
 *
 * Wording: lower case, what failed first, the subject in single quotes, no
 * full stop; the hint is a line of its own that says what to do.
 */
#ifndef BPFSH_DIAG_H
#define BPFSH_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shell/base/alloc.h"

struct buf;

/* A script, a line of the prompt, or the words of the command line. */
struct source {
	const char *name;		/* file name, or NULL: positions are not worth showing */
	const char *text;
	size_t len;
	const struct source *parent;	/* the script that sourced this one, or NULL */
	uint32_t parent_at;		/* where in it, as an offset */
	bool batch;			/* of bpftool's: no variables, pipes or separators */
};

/* Bytes start..end (exclusive) of a source; src is NULL where no text is to blame. */
struct span {
	const struct source *src;
	uint32_t start, end;
};

#define NO_SPAN ((struct span){ 0 })

enum severity { SEV_ERROR, SEV_NOTE };

struct diag {
	enum severity severity;
	struct span span;
	char *msg, *hint;
};

#define DIAGS_MAX 10

/* At most DIAGS_MAX, the rest is only counted. Starts zeroed, ends with diags_clear(). */
struct diags {
	struct diag list[DIAGS_MAX];
	int nr, more, errors;
};

/*
 * Queues an error and returns -1, so that "return diag_error(...)" ends a function. Here
 * and below, @d is NULL where nobody is to hear of it.
 */
int diag_error(struct diags *d, struct span at, const char *fmt, ...) printf_like(3, 4);
/* The same for what failed with @err, an errno of either sign, whose meaning follows after ": ". */
int diag_errno(struct diags *d, struct span at, int err, const char *fmt, ...) printf_like(4, 5);
void diag_note(struct diags *d, struct span at, const char *fmt, ...) printf_like(3, 4);
/* Gives the newest diagnostic its hint, unless it has one. */
void diag_hint(struct diags *d, const char *fmt, ...) printf_like(2, 3);
/* The same: which of @words (NULL-ended) @word probably was meant to be, if one is near enough. */
void diag_suggest(struct diags *d, const char *word, const char *const *words);
void diags_clear(struct diags *d);
/* Moves all of @from behind what is in @to. */
void diags_move(struct diags *to, struct diags *from);

/* Writes the queue as text: position, message, the line with its caret, hint. */
void diags_text(struct buf *out, const struct diags *d, bool color);
/* Writes the queue as one JSON document: {"error":{...}}, further ones under "errors". */
void diags_json(struct buf *out, const struct diags *d);

#endif
