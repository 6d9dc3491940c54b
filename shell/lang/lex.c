// SPDX-License-Identifier: BSD-2-Clause
/* Statements: commands, blocks, pipes, redirections. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/arena.h"
#include "shell/lang/lexing.h"

void lex_init(struct lexer *l, const struct source *src, lex_raw_fn raw_tail,
	      const struct cmd_table *commands, struct diags *d)
{
	*l = (struct lexer){ .src = src, .raw_tail = raw_tail, .commands = commands, .diags = d };
}

void lex_free(struct lexer *l)
{
	arena_free(&l->arena);
}

void *lex_alloc(struct lexer *l, size_t size)
{
	return arena_alloc(&l->arena, size);
}

void *lex_grow(struct lexer *l, void *list, uint32_t nr, size_t size)
{
	void *more;

	if (nr & (nr - 1))
		return list;
	more = lex_alloc(l, (nr ? 2 * nr : 1) * size);
	return nr ? memcpy(more, list, nr * size) : more;
}

static enum lex_result lex_stmt(struct lexer *l, struct stmt *stmt);
static enum lex_result lex_words(struct lexer *l, struct word **words, uint32_t *nr, bool command);

static struct word *add_word(struct lexer *l, struct word **words, uint32_t *nr)
{
	*words = lex_grow(l, *words, *nr, sizeof(**words));
	return &(*words)[(*nr)++];
}

static struct stmt *add_stmt(struct lexer *l, struct block *b)
{
	b->stmts = lex_grow(l, b->stmts, b->nr, sizeof(*b->stmts));
	b->stmts[b->nr] = (struct stmt){ .span = span_from(l, l->pos) };
	return &b->stmts[b->nr++];
}

/* Blanks, ends of lines and separators, up to what may be a statement. */
static void skip_separators(struct lexer *l)
{
	for (;;) {
		skip_blanks(l);
		if (peek(l, 0) != '\n' && (peek(l, 0) != ';' || l->src->batch))
			return;
		l->pos++;
	}
}

/* Goes on behind an error: at the end of the line, or in a block where the statement ends. */
static void skip_statement(struct lexer *l)
{
	int c, braces = 0;

	while ((c = peek(l, 0)) != -1 && c != '\n') {
		if (l->depth && !braces && (c == ';' || c == '}'))
			return;
		braces += c == '{';
		braces -= c == '}' && braces;
		l->pos++;
	}
}

/* Blocks */

/* Statements up to the brace that ends the block; an error does not hide those behind it. */
static enum lex_result lex_stmts(struct lexer *l, struct block *b)
{
	enum lex_result worst = LEX_STMT;

	for (;;) {
		struct stmt *stmt;
		enum lex_result r;

		skip_separators(l);
		if (peek(l, 0) == '}') {
			l->pos++;
			return worst;
		}
		if (peek(l, 0) == -1)
			return l->open_end ? worst : LEX_INCOMPLETE;
		l->braces = 0;
		stmt = add_stmt(l, b);
		r = lex_stmt(l, stmt);
		stmt->span.end = l->pos;
		if (r == LEX_INCOMPLETE)
			return r;
		if (r == LEX_ERROR) {
			worst = r;
			skip_statement(l);
		}
	}
}

/* Commands in braces, which may span lines. */
static enum lex_result lex_braces(struct lexer *l, struct block *b)
{
	uint32_t braces = l->braces;
	enum lex_result r;

	if (peek(l, 0) != '{') {
		diag_error(l->diags, (struct span){ l->src, l->pos, l->pos + 1 },
			   "a block in braces must stand here");
		return LEX_ERROR;
	}
	l->pos++;
	l->depth++;
	r = lex_stmts(l, b);
	l->depth--;
	l->braces = braces;
	return r;
}

/* "else if ...": a block without braces, of one command. */
static enum lex_result lex_chained(struct lexer *l, struct block *b)
{
	struct stmt *stmt = add_stmt(l, b);
	enum lex_result r = lex_words(l, &stmt->words, &stmt->nr, true);

	stmt->span.end = l->pos;
	return r;
}

static enum lex_result lex_block(struct lexer *l, struct word *w, bool chained)
{
	struct block *b = lex_alloc(l, sizeof(*b));
	size_t start = l->pos;
	enum lex_result r;

	*b = (struct block){ 0 };
	*w = (struct word){ .raw = true, .text = "" };
	if (l->nesting == NESTING_MAX)
		return lex_error(l, start, "too many blocks stand in each other");
	l->nesting++;
	r = chained ? lex_chained(l, b) : lex_braces(l, b);
	l->nesting--;
	w->span = span_from(l, start);
	w->block = l->pos > start ? b : NULL;
	return r;
}

/* Statements */

/* One word, expression or block. A block with an error in it is a block all the same. */
static enum lex_result lex_next_word(struct lexer *l, enum lex_tail tail, struct word **words,
				     uint32_t *nr)
{
	bool chained = tail == TAIL_CHAIN && peek(l, 0) != '{' && !ends_word(l, peek(l, 0));
	struct word w = { 0 };
	enum lex_result r;

	if (tail == TAIL_EXPRESSION || tail == TAIL_CONDITION)
		r = lex_raw(l, &w, tail == TAIL_CONDITION);
	else if (tail == TAIL_BLOCK || tail == TAIL_CHAIN)
		r = lex_block(l, &w, chained);
	else
		r = lex_word(l, &w);
	if (r == LEX_STMT || (r == LEX_ERROR && w.block))
		*add_word(l, words, nr) = w;
	return r;
}

/* The words of one command or of one stage, up to a separator. */
static enum lex_result lex_words(struct lexer *l, struct word **words, uint32_t *nr, bool command)
{
	enum lex_tail tail = command ? TAIL_WORD : TAIL_WORDS;
	enum lex_result r, worst = LEX_STMT;
	uint32_t before;

	for (;;) {
		skip_blanks(l);
		if (*nr && tail != TAIL_WORDS)
			tail = l->raw_tail(l->commands, *words, *nr);
		if (tail <= TAIL_WORD ? ends_word(l, peek(l, 0)) : l->open_end && peek(l, 0) == -1)
			return worst;
		before = *nr;
		r = lex_next_word(l, tail, words, nr);
		if (r != LEX_STMT && *nr == before)
			return r;
		worst = r == LEX_STMT ? worst : r;
	}
}

/* True at "$name =", which is then consumed. */
static bool lex_assign(struct lexer *l, struct word *name)
{
	size_t start = l->pos, n = 1, end;

	if (peek(l, 0) != '$' || !name_char(peek(l, 1)) || isdigit(peek(l, 1)))
		return false;
	while (name_char(peek(l, n)))
		n++;
	end = n;
	while (peek(l, n) == ' ' || peek(l, n) == '\t')
		n++;
	if (peek(l, n) != '=' || peek(l, n + 1) == '=')
		return false;
	l->pos += n + 1;
	*name = (struct word){ .span = { l->src, start, start + end }, .len = end - 1,
			       .text = lex_text(l, l->src->text + start + 1, end - 1) };
	return true;
}

/* True where what follows "$x =" can only be an expression: number, string, bracket, variable. */
static bool starts_expression(const struct lexer *l)
{
	int c = peek(l, 0);

	return c != -1 && (isdigit(c) || strchr("\"[{($.-", c));
}

static enum lex_result lex_pipes(struct lexer *l, struct stmt *stmt)
{
	while (peek(l, 0) == '|') {
		size_t start = l->pos++;
		struct stage *s;
		enum lex_result r;

		stmt->stages = lex_grow(l, stmt->stages, stmt->nr_stages, sizeof(*s));
		s = &stmt->stages[stmt->nr_stages++];
		*s = (struct stage){ 0 };
		r = lex_words(l, &s->words, &s->nr, false);
		if (r != LEX_STMT)
			return r;
		if (!s->nr && peek(l, 0) == -1)
			return LEX_INCOMPLETE;
		if (!s->nr)
			return lex_error(l, start, "no command after '|'");
	}
	return LEX_STMT;
}

static enum lex_result lex_redirect(struct lexer *l, struct stmt *stmt)
{
	size_t start = l->pos;
	enum lex_result r;

	if (peek(l, 0) != '>')
		return LEX_STMT;
	l->pos++;
	if (peek(l, 0) == '>') {
		stmt->append = true;
		l->pos++;
	}
	skip_blanks(l);
	if (ends_word(l, peek(l, 0)))
		return lex_error(l, start, "no file name after '>'");
	stmt->has_redirect = true;
	r = lex_word(l, &stmt->redirect);
	if (r == LEX_STMT)
		skip_blanks(l);
	return r;
}

/* "!command", the user's own line. */
static void lex_shell(struct lexer *l, struct stmt *stmt)
{
	l->pos++;
	stmt->shell = true;
	lex_shell_text(l, add_word(l, &stmt->words, &stmt->nr));
}

static enum lex_result lex_stmt(struct lexer *l, struct stmt *stmt)
{
	enum lex_result r;

	if (!l->src->batch && peek(l, 0) == '!') {
		lex_shell(l, stmt);
		return LEX_STMT;
	}
	if (!l->src->batch && lex_assign(l, &stmt->assign)) {
		skip_blanks(l);
		if (starts_expression(l))
			return lex_raw(l, add_word(l, &stmt->words, &stmt->nr), false);
	}
	r = lex_words(l, &stmt->words, &stmt->nr, true);
	if (r == LEX_STMT)
		r = lex_pipes(l, stmt);
	if (r == LEX_STMT)
		r = lex_redirect(l, stmt);
	if (r != LEX_STMT)
		return r;
	if (!stmt->nr) {
		l->pos += l->pos == stmt->span.start;
		return lex_error(l, stmt->span.start, "no command here");
	}
	if (!ends_word(l, peek(l, 0)) || peek(l, 0) == '|' || peek(l, 0) == '>') {
		l->pos++;
		return lex_error(l, l->pos - 1, "unexpected text after the redirection");
	}
	return LEX_STMT;
}

enum lex_result lex_next(struct lexer *l, struct stmt *stmt)
{
	enum lex_result r;

	arena_reset(&l->arena);
	*stmt = (struct stmt){ 0 };
	skip_separators(l);
	stmt->span = span_from(l, l->pos);
	if (peek(l, 0) == -1)
		return LEX_END;
	r = lex_stmt(l, stmt);
	stmt->span.end = l->pos;
	if (r == LEX_ERROR)
		skip_statement(l);
	else if (r == LEX_INCOMPLETE)
		l->pos = l->src->len;
	return r;
}
