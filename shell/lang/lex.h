/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes to statements: words with spans, pipes and redirections.
 *
 * One statement, with the blocks in it, is read at a time, and its memory is an
 * arena that the next one reuses, so that a script of any size takes the memory
 * of its longest statement. The same answer serves script and prompt: a statement is
 * COMPLETE, the text ends inside one (INCOMPLETE: the prompt asks for more),
 * or it is an ERROR, in which case the rest of its line is skipped.
 *
 * Words are quoted as in a POSIX shell. A word is literal, or a list of parts
 * of which some are variable references; these are never looked at again as
 * text once they are replaced. In a block, an unquoted '}' ends that where it
 * closes no '{' of the same statement.
 */
#ifndef BPFSH_LEX_H
#define BPFSH_LEX_H

#include <stddef.h>
#include <string.h>

#include "shell/base/arena.h"
#include "shell/lang/syntax.h"

enum lex_result { LEX_STMT, LEX_END, LEX_INCOMPLETE, LEX_ERROR };

struct cmd_table;

typedef enum lex_tail (*lex_raw_fn)(const struct cmd_table *commands, const struct word *words, uint32_t nr);

struct lexer {
	const struct source *src;
	size_t pos;
	lex_raw_fn raw_tail;
	const struct cmd_table *commands;	/* what it is asked about */
	bool open_end;		/* the text is being typed: its end ends all blocks */
	uint32_t depth;		/* braces of blocks around this place */
	uint32_t nesting;	/* blocks, with and without braces */
	uint32_t braces;	/* open in the words of this statement */
	struct arena arena;
	struct diags *diags;
};

void lex_init(struct lexer *l, const struct source *src, lex_raw_fn raw_tail,
	      const struct cmd_table *commands, struct diags *d);
/* Reads the next statement, which stays valid until the next call. */
enum lex_result lex_next(struct lexer *l, struct stmt *stmt);
void lex_free(struct lexer *l);

#define STRINGS_MAX 32

/* A scan of an expression, which may have strings, with expressions in them, and so on. */
struct expr_scan {
	uint32_t depth[STRINGS_MAX];	/* brackets of each string's expression; 0: in its text */
	uint32_t nr;
};

/* Bytes of the next character or escape of the text, at least one of @len. */
size_t expr_step(struct expr_scan *s, const char *text, size_t len);

/* True inside of a string. */
static inline bool expr_in_text(const struct expr_scan *s)
{
	return s->nr && !s->depth[s->nr - 1];
}

#endif
