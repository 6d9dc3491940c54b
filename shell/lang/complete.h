/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Completion of what is being typed: at the prompt, and for other shells.
 *
 * The text up to the cursor is read by the lexer of scripts, so that quotes,
 * variables, several statements, pipes and redirections mean the same; the
 * word at the cursor is then completed from the command table, the session's
 * variables, programs or files.
 */
#ifndef BPFSH_COMPLETE_H
#define BPFSH_COMPLETE_H

#include <stddef.h>

#include "shell/lang/state.h"

struct completion {
	struct candidates found;	/* sorted, each text once */
	size_t start;		/* candidates replace the text from this offset to the cursor */
	char quote;		/* the quote that is open there, or 0 */
	bool verbatim;		/* candidates are references to variables: typed as they are */
	char *prefix;		/* what found.prefix is */
};

/* Fills @c for the text up to the cursor; completion_free() ends it. */
void complete_text(struct session *s, const char *text, size_t len, struct completion *c);
void completion_free(struct completion *c);

/*
 * The beginning that all candidates (at least one) have in common, in bytes of
 * whole characters; no more than the prefix where not all candidates are known.
 */
size_t completion_common(const struct completion *c);
/*
 * What the first @len bytes of the candidate @one are when typed: quoted where
 * needed, and ended by a blank where it is whole and nothing more belongs to it.
 */
void completion_typed(struct buf *out, const struct completion *c, const struct candidate *one,
		      size_t len);

/* Text as a word that the lexer reads back; not @whole: a quote that it needs is left open. */
void word_quoted(struct buf *out, const char *text, bool whole);

/*
 * What may stand at the cursor, for "?". False where a question mark is text:
 * in a word, quotes, an expression, a comment, or another program's arguments.
 */
bool complete_help(const struct session *s, struct buf *out, const char *text, size_t len);

/* Candidates with their notes in columns, at most @rows lines and "... n more". */
void candidates_show(struct buf *out, const struct candidates *c, int columns, int rows,
		     bool color);

/*
 * Candidates for the last of the words of a command line, a line each: text,
 * and a tab and its note where there is one. Options before the command are
 * passed over, or completed.
 */
void completion_words(struct session *s, char **words, int nr, struct out *out);
/* The script that makes "bash", "zsh" or "fish" ask completion_words(); false for other shells. */
bool completion_script(struct buf *out, const char *shell);

#endif
