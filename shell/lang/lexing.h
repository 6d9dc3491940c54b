/* SPDX-License-Identifier: BSD-2-Clause */
/* What lex.c (statements), lex_word.c (words) and lex_raw.c (raw text) share. */
#ifndef BPFSH_LEXING_H
#define BPFSH_LEXING_H

#include <stddef.h>

#include "shell/lang/lex.h"

/* The byte so far ahead; -1 behind the end. */
static inline int peek(const struct lexer *l, size_t ahead)
{
	return l->pos + ahead < l->src->len ? (unsigned char)l->src->text[l->pos + ahead] : -1;
}

static inline struct span span_from(const struct lexer *l, size_t start)
{
	return (struct span){ l->src, start, l->pos };
}

static inline enum lex_result lex_error(struct lexer *l, size_t start, const char *msg)
{
	diag_error(l->diags, span_from(l, start), "%s", msg);
	return LEX_ERROR;
}

/* Memory of the statement that is being read. */
void *lex_alloc(struct lexer *l, size_t size);
/* A list of @nr elements of this size, in such memory, with room for one more. */
void *lex_grow(struct lexer *l, void *list, uint32_t nr, size_t size);

bool name_char(int c);
/* Blanks, comments and continued lines between words. */
void skip_blanks(struct lexer *l);
/* A copy in the arena, NUL-ended. */
const char *lex_text(struct lexer *l, const char *s, size_t len);
/* True where an unquoted word ends before @c; in a block also before the brace that ends that. */
bool ends_word(const struct lexer *l, int c);

enum lex_result lex_word(struct lexer *l, struct word *w);
/*
 * An expression: up to the end of the line, a ';' or the brace that ends the
 * block, outside of strings and brackets, which may span lines; with
 * @condition also up to a '{' where no operand can stand.
 */
enum lex_result lex_raw(struct lexer *l, struct word *w, bool condition);
/* The rest of a line for another shell; in a block, up to the brace that ends that. */
void lex_shell_text(struct lexer *l, struct word *w);

#endif
