/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What text is made of: statements of words, with blocks, pipes and redirections.
 * All of it is borrowed from a lexer's arena and from the source.
 */
#ifndef BPFSH_SYNTAX_H
#define BPFSH_SYNTAX_H

#include <string.h>

#include "shell/base/diag.h"

/* $name, $name.path, ${name.path}: @text is what stands behind the dollar sign, braces left out. */
struct part {
	bool is_var, quoted;
	const char *text;
	uint32_t len;
	struct span span;
};

struct word {
	struct span span;
	bool quoted;		/* some of it was quoted: never a keyword */
	bool raw;		/* an expression as it stands in the source, or a block */
	const struct block *block;	/* "{ COMMANDS }"; else NULL */
	const char *text;	/* NUL-ended, or NULL where the word has variables */
	uint32_t len;
	const struct part *parts;	/* where text is NULL */
	uint32_t nr_parts;
};

/* One program behind a "|". */
struct stage {
	struct word *words;
	uint32_t nr;
};

struct stmt {
	struct span span;
	struct word assign;		/* the name in "$name = ...", .text NULL without */
	struct word *words;
	uint32_t nr;
	struct stage *stages;
	uint32_t nr_stages;
	struct word redirect;		/* the file behind > or >>, .len 0 without */
	bool has_redirect, append;
	bool shell;			/* "!command": words[0] is the rest of the line */
};

/* Commands in braces. */
struct block {
	struct stmt *stmts;
	uint32_t nr;
};

#define NESTING_MAX 100		/* blocks in each other, and commands of which each runs the next */

/* What the grammar says may follow the words of a statement. */
enum lex_tail {
	TAIL_WORDS,		/* words, up to the statement's end */
	TAIL_WORD,		/* a word, and then perhaps something else */
	TAIL_EXPRESSION,	/* an expression, up to the statement's end */
	TAIL_CONDITION,		/* an expression, up to the '{' of a block */
	TAIL_BLOCK,
	TAIL_CHAIN,		/* a block, or in its place a command ("else if") */
};

/* True where the word is, unquoted, exactly @s. */
static inline bool word_is(const struct word *w, const char *s)
{
	return w->text && *w->text == *s && !w->quoted && !w->raw && !strcmp(w->text, s);
}

/* True where the word is, unquoted, the beginning of @s. */
static inline bool word_begins(const struct word *w, const char *s)
{
	return w->text && *w->text && *w->text == *s && !w->quoted && !w->raw &&
	       !strncmp(s, w->text, strlen(w->text));
}

#endif
