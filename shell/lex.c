// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <stdlib.h>

#include "shell/lex.h"

#define ARENA_BLOCK 16384

/* Blocks that are filled in turn; reset keeps the first. */
struct arena {
	struct block {
		struct block *next;
		size_t used, size;
		char data[];
	} *first, *last;
};

static struct block *block_new(size_t size)
{
	struct block *b = xmalloc(sizeof(*b) + size);

	*b = (struct block){ .size = size };
	return b;
}

static void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	size = (size + 7) & ~(size_t)7;
	if (!a->last || a->last->size - a->last->used < size) {
		struct block *b = block_new(size > ARENA_BLOCK ? size : ARENA_BLOCK);

		if (a->last)
			a->last->next = b;
		else
			a->first = b;
		a->last = b;
	}
	p = a->last->data + a->last->used;
	a->last->used += size;
	return p;
}

static void arena_reset(struct arena *a)
{
	struct block *b, *next;

	if (!a->first)
		return;
	for (b = a->first->next; b; b = next) {
		next = b->next;
		free(b);
	}
	a->first->next = NULL;
	a->first->used = 0;
	a->last = a->first;
}

void lex_init(struct lexer *l, const struct source *src, lex_raw_fn raw_tail, struct diags *d)
{
	*l = (struct lexer){ .src = src, .raw_tail = raw_tail, .diags = d };
	l->arena = xcalloc(1, sizeof(*l->arena));
}

void lex_free(struct lexer *l)
{
	arena_reset(l->arena);
	free(l->arena->first);
	free(l->arena);
	l->arena = NULL;
}

void *lex_alloc(struct lexer *l, size_t size)
{
	return arena_alloc(l->arena, size);
}

static int peek(const struct lexer *l, size_t ahead)
{
	return l->pos + ahead < l->src->len ? (unsigned char)l->src->text[l->pos + ahead] : -1;
}

static struct span span_from(const struct lexer *l, size_t start)
{
	return (struct span){ l->src, start, l->pos };
}

static enum lex_result lex_error(struct lexer *l, size_t start, const char *msg)
{
	diag_error(l->diags, span_from(l, start), "%s", msg);
	return LEX_ERROR;
}

/* Blanks, comments and continued lines between words. */
static void skip_blanks(struct lexer *l)
{
	for (;;) {
		int c = peek(l, 0);

		if (c == ' ' || c == '\t' || c == '\r')
			l->pos++;
		else if (c == '\\' && peek(l, 1) == '\n')
			l->pos += 2;
		else if (c == '\\' && peek(l, 1) == '\r' && peek(l, 2) == '\n')
			l->pos += 3;
		else if (c == '#')
			while (peek(l, 0) != -1 && peek(l, 0) != '\n')
				l->pos++;
		else
			return;
	}
}

static bool ends_word(const struct lexer *l, int c)
{
	if (c == -1 || c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return true;
	return l->src->batch ? c == '#' : c == ';' || c == '|' || c == '>';
}

static bool name_char(int c)
{
	return c != -1 && (isalnum(c) || c == '_');
}

/* Word under construction: finished parts, and the literal text that is being gathered. */
struct making {
	struct part *parts;
	uint32_t nr, room;
	struct buf text;
	bool text_quoted;
	size_t text_start;
};

static void add_part(struct lexer *l, struct making *m, struct part part)
{
	if (m->nr == m->room) {
		uint32_t room = m->room ? 2 * m->room : 4;
		struct part *parts = arena_alloc(l->arena, room * sizeof(*parts));

		if (m->nr)
			memcpy(parts, m->parts, m->nr * sizeof(*parts));
		m->parts = parts;
		m->room = room;
	}
	m->parts[m->nr++] = part;
}

static const char *arena_text(struct lexer *l, const char *s, size_t len)
{
	char *copy = arena_alloc(l->arena, len + 1);

	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

static void end_text(struct lexer *l, struct making *m)
{
	if (!m->text.len && !m->text_quoted)
		return;
	add_part(l, m, (struct part){
		.text = arena_text(l, m->text.data, m->text.len), .len = m->text.len,
		.quoted = m->text_quoted, .span = span_from(l, m->text_start) });
	buf_reset(&m->text);
	m->text_quoted = false;
}

/* Length of ".field" and "[n]" steps behind a variable's name. */
static size_t path_len(const struct lexer *l)
{
	size_t n = 0;

	for (;;) {
		if (peek(l, n) == '.' && name_char(peek(l, n + 1))) {
			for (n += 2; name_char(peek(l, n)); n++)
				;
		} else if (peek(l, n) == '[' && (isdigit(peek(l, n + 1)) || peek(l, n + 1) == '-')) {
			size_t k = n + 2;

			while (peek(l, k) != -1 && isdigit(peek(l, k)))
				k++;
			if (peek(l, k) != ']')
				return n;
			n = k + 1;
		} else {
			return n;
		}
	}
}

/*
 * A variable reference at '$'; a dollar sign that starts none stands for
 * itself. Paths without braces are for words outside of quotes.
 */
static enum lex_result lex_variable(struct lexer *l, struct making *m, bool in_quotes)
{
	size_t start = l->pos, from, to;

	if (peek(l, 1) == '{') {
		from = l->pos + 2;
		to = from;
		while (to < l->src->len && l->src->text[to] != '}' && l->src->text[to] != '\n')
			to++;
		if (to >= l->src->len)
			return LEX_INCOMPLETE;
		l->pos = to + 1;
		if (l->src->text[to] != '}' || to == from)
			return lex_error(l, start, "bad variable reference");
	} else if (name_char(peek(l, 1)) || peek(l, 1) == '?') {
		from = ++l->pos;
		if (peek(l, 0) == '?' || isdigit(peek(l, 0)))
			l->pos++;
		else
			while (name_char(peek(l, 0)))
				l->pos++;
		if (!in_quotes)
			l->pos += path_len(l);
		to = l->pos;
	} else {
		buf_putc(&m->text, '$');
		l->pos++;
		return LEX_STMT;
	}
	end_text(l, m);
	add_part(l, m, (struct part){
		.is_var = true, .quoted = in_quotes, .len = to - from,
		.text = arena_text(l, l->src->text + from, to - from),
		.span = span_from(l, start) });
	m->text_start = l->pos;
	return LEX_STMT;
}

static enum lex_result lex_double_quotes(struct lexer *l, struct making *m)
{
	l->pos++;
	m->text_quoted = true;
	for (;;) {
		int c = peek(l, 0);

		if (c == -1)
			return LEX_INCOMPLETE;
		if (c == '"')
			break;
		if (c == '$' && !l->src->batch) {
			enum lex_result r = lex_variable(l, m, true);

			if (r != LEX_STMT)
				return r;
			continue;
		}
		if (c == '\\') {
			int next = peek(l, 1);

			if (next == -1)
				return LEX_INCOMPLETE;
			if (next == '\n') {
				l->pos += 2;
				continue;
			}
			if (next == '"' || next == '\\' || next == '$' || next == '`') {
				c = next;
				l->pos++;
			}
		}
		buf_putc(&m->text, c);
		l->pos++;
	}
	l->pos++;
	return LEX_STMT;
}

/* What stands for itself wherever it stands, and is most of every script. */
static const bool plain_chars[256] = {
	['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
	['/'] = true, ['_'] = true, ['.'] = true, ['-'] = true, ['='] = true, [':'] = true,
};

/* Most words need no more than a copy: without quotes, variables and escapes. */
static bool lex_plain_word(struct lexer *l, struct word *w)
{
	size_t start = l->pos, n = 0;
	int c;

	while ((c = peek(l, n)) != -1 && (plain_chars[c] || !ends_word(l, c))) {
		if (c == '\'' || c == '"' || c == '$' || c == '\\' || c == '\0')
			return false;
		n++;
	}
	l->pos += n;
	*w = (struct word){ .span = span_from(l, start), .len = n,
			    .text = arena_text(l, l->src->text + start, n) };
	return true;
}

static enum lex_result lex_word(struct lexer *l, struct word *w)
{
	struct making m = { .text_start = l->pos };
	size_t start = l->pos;
	enum lex_result r = LEX_STMT;
	bool quoted = false;

	if (lex_plain_word(l, w))
		return LEX_STMT;
	while (r == LEX_STMT && !ends_word(l, peek(l, 0))) {
		int c = peek(l, 0);

		if (c == '\'') {
			const char *from = l->src->text + l->pos + 1;
			const char *to = memchr(from, '\'', l->src->text + l->src->len - from);

			quoted = m.text_quoted = true;
			if (!to) {
				r = LEX_INCOMPLETE;
				break;
			}
			buf_add(&m.text, from, to - from);
			l->pos = to + 1 - l->src->text;
		} else if (c == '"') {
			quoted = true;
			r = lex_double_quotes(l, &m);
		} else if (c == '$' && !l->src->batch) {
			r = lex_variable(l, &m, false);
		} else if (c == '\\') {
			if (peek(l, 1) == -1) {
				r = LEX_INCOMPLETE;
			} else if (peek(l, 1) == '\n') {
				l->pos += 2;
			} else {
				quoted = true;
				buf_putc(&m.text, peek(l, 1));
				l->pos += 2;
			}
		} else if (c == '\0') {
			l->pos++;
			r = lex_error(l, l->pos - 1, "a NUL byte in the text");
		} else {
			buf_putc(&m.text, c);
			l->pos++;
		}
	}
	if (r == LEX_STMT) {
		end_text(l, &m);
		*w = (struct word){ .span = span_from(l, start), .quoted = quoted };
		if (!m.nr) {
			w->text = "";
		} else if (m.nr == 1 && !m.parts[0].is_var) {
			w->text = m.parts[0].text;
			w->len = m.parts[0].len;
		} else {
			w->parts = m.parts;
			w->nr_parts = m.nr;
		}
	}
	buf_free(&m.text);
	return r;
}

/* Skips a quoted string of the expression language; false where it does not end. */
static bool skip_string(struct lexer *l)
{
	for (l->pos++; peek(l, 0) != '"'; l->pos++) {
		if (peek(l, 0) == '\\')
			l->pos++;
		if (peek(l, 0) == -1)
			return false;
	}
	l->pos++;
	return true;
}

/*
 * An expression: up to the end of the line or a ';', both outside of strings
 * and brackets, which may span lines.
 */
static enum lex_result lex_raw(struct lexer *l, struct word *w)
{
	size_t start, end;
	int depth = 0;

	skip_blanks(l);
	start = end = l->pos;
	for (;;) {
		int c = peek(l, 0);

		if (c == -1 || (!depth && (c == '\n' || c == ';')))
			break;
		if (c == '"') {
			if (!skip_string(l))
				return LEX_INCOMPLETE;
			end = l->pos;
			continue;
		}
		if (c == '#') {
			while (peek(l, 0) != -1 && peek(l, 0) != '\n')
				l->pos++;
			continue;
		}
		depth += c == '(' || c == '[' || c == '{';
		depth -= c == ')' || c == ']' || c == '}';
		if (depth < 0) {
			l->pos++;
			return lex_error(l, l->pos - 1, "unbalanced bracket in the expression");
		}
		l->pos++;
		if (!isspace(c))
			end = l->pos;
	}
	if (depth)
		return LEX_INCOMPLETE;
	*w = (struct word){ .span = { l->src, start, end }, .raw = true, .len = end - start,
			    .text = arena_text(l, l->src->text + start, end - start) };
	return LEX_STMT;
}

/* Skips one character of a block, or a quoted text or a comment; false where that does not end. */
static bool skip_in_block(struct lexer *l)
{
	const char *text = l->src->text, *end;
	int c = peek(l, 0);

	if (c == '"')
		return skip_string(l);
	if (c == '\'') {
		end = memchr(text + l->pos + 1, '\'', l->src->len - l->pos - 1);
		l->pos = end ? (size_t)(end + 1 - text) : l->src->len;
		return end;
	}
	if (c == '#' && strchr(" \t\n;{", text[l->pos - 1])) {
		while (peek(l, 0) != -1 && peek(l, 0) != '\n')
			l->pos++;
		return true;
	}
	l->pos += c == '\\' && peek(l, 1) != -1 ? 2 : 1;
	return true;
}

/* Commands in braces, which may span lines: up to the brace that matches the first. */
static enum lex_result lex_block(struct lexer *l, struct word *w)
{
	size_t start;
	int depth = 0;

	skip_blanks(l);
	start = l->pos;
	if (peek(l, 0) != '{') {
		if (peek(l, 0) == -1)
			return LEX_INCOMPLETE;
		l->pos++;
		return lex_error(l, start, "a block in braces must stand here");
	}
	do {
		int c = peek(l, 0);

		depth += c == '{';
		depth -= c == '}';
		if (c == -1 || !skip_in_block(l))
			return LEX_INCOMPLETE;
	} while (depth);
	*w = (struct word){ .span = span_from(l, start), .raw = true, .block = true,
			    .len = l->pos - start,
			    .text = arena_text(l, l->src->text + start, l->pos - start) };
	return LEX_STMT;
}

/* Growing list of words, in the arena. */
static struct word *add_word(struct lexer *l, struct word **words, uint32_t *nr)
{
	if (!(*nr & (*nr - 1))) {
		struct word *more = arena_alloc(l->arena, (*nr ? 2 * *nr : 1) * sizeof(*more));

		if (*nr)
			memcpy(more, *words, *nr * sizeof(*more));
		*words = more;
	}
	return &(*words)[(*nr)++];
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
			       .text = arena_text(l, l->src->text + start + 1, end - 1) };
	return true;
}

/* True where what follows "$x =" can only be an expression: a number, a string, brackets, a variable. */
static bool starts_expression(const struct lexer *l)
{
	int c = peek(l, 0);

	return c != -1 && (isdigit(c) || strchr("\"[{($.-", c));
}

/* The words of one command or of one stage, up to a separator. */
static enum lex_result lex_words(struct lexer *l, struct word **words, uint32_t *nr, bool command)
{
	for (;;) {
		enum lex_result r;
		enum lex_tail tail;

		skip_blanks(l);
		tail = command && *nr ? l->raw_tail(*words, *nr) : TAIL_WORDS;
		if (tail == TAIL_EXPRESSION)
			return lex_raw(l, add_word(l, words, nr));
		if (tail == TAIL_BLOCK) {
			r = lex_block(l, add_word(l, words, nr));
			skip_blanks(l);
			return r;
		}
		if (ends_word(l, peek(l, 0)))
			return LEX_STMT;
		r = lex_word(l, add_word(l, words, nr));
		if (r != LEX_STMT)
			return r;
	}
}

static enum lex_result lex_pipes(struct lexer *l, struct stmt *stmt)
{
	while (peek(l, 0) == '|') {
		struct stage *stages, *s;
		enum lex_result r;
		size_t start = l->pos++;

		stages = arena_alloc(l->arena, (stmt->nr_stages + 1) * sizeof(*stages));
		if (stmt->nr_stages)
			memcpy(stages, stmt->stages, stmt->nr_stages * sizeof(*stages));
		stmt->stages = stages;
		s = &stages[stmt->nr_stages++];
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

static enum lex_result lex_shell(struct lexer *l, struct stmt *stmt)
{
	size_t start = ++l->pos;

	while (peek(l, 0) != -1 && peek(l, 0) != '\n')
		l->pos++;
	stmt->shell = true;
	*add_word(l, &stmt->words, &stmt->nr) = (struct word){
		.span = span_from(l, start), .raw = true, .len = l->pos - start,
		.text = arena_text(l, l->src->text + start, l->pos - start) };
	return LEX_STMT;
}

static enum lex_result lex_stmt(struct lexer *l, struct stmt *stmt)
{
	enum lex_result r;

	if (!l->src->batch && peek(l, 0) == '!')
		return lex_shell(l, stmt);
	if (!l->src->batch && lex_assign(l, &stmt->assign)) {
		skip_blanks(l);
		if (starts_expression(l))
			return lex_raw(l, add_word(l, &stmt->words, &stmt->nr));
	}
	r = lex_words(l, &stmt->words, &stmt->nr, true);
	if (r == LEX_STMT)
		r = lex_pipes(l, stmt);
	if (r == LEX_STMT)
		r = lex_redirect(l, stmt);
	if (r != LEX_STMT)
		return r;
	if (!stmt->nr) {
		l->pos += peek(l, 0) != -1 && peek(l, 0) != '\n';
		return lex_error(l, stmt->span.start, "no command here");
	}
	if (!ends_word(l, peek(l, 0)) || peek(l, 0) == '|' || peek(l, 0) == '>') {
		l->pos++;
		return lex_error(l, l->pos - 1, stmt->has_redirect ?
				 "unexpected text after the redirection" :
				 "unexpected text after the block");
	}
	return LEX_STMT;
}

static void skip_line(struct lexer *l)
{
	while (peek(l, 0) != -1 && peek(l, 0) != '\n')
		l->pos++;
}

enum lex_result lex_next(struct lexer *l, struct stmt *stmt)
{
	enum lex_result r;

	arena_reset(l->arena);
	*stmt = (struct stmt){ 0 };
	for (;;) {
		skip_blanks(l);
		if (peek(l, 0) != '\n' && (peek(l, 0) != ';' || l->src->batch))
			break;
		l->pos++;
	}
	stmt->span = span_from(l, l->pos);
	if (peek(l, 0) == -1)
		return LEX_END;
	r = lex_stmt(l, stmt);
	stmt->span.end = l->pos;
	if (r == LEX_ERROR)
		skip_line(l);
	else if (r == LEX_INCOMPLETE)
		l->pos = l->src->len;
	return r;
}
