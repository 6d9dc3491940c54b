// SPDX-License-Identifier: BSD-2-Clause
/* Words: quotes, escapes and variables. */
#include <ctype.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/lang/lexing.h"

void skip_blanks(struct lexer *l)
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

bool ends_word(const struct lexer *l, int c)
{
	if (c == -1 || c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return true;
	if (l->src->batch)
		return c == '#';
	return c == ';' || c == '|' || c == '>' || (c == '}' && l->depth && !l->braces);
}

/* Braces in words of a block: the one that closes none of them ends the block. */
static void count_brace(struct lexer *l, int c)
{
	if (c == '{')
		l->braces++;
	else if (c == '}' && l->braces)
		l->braces--;
}

bool name_char(int c)
{
	return c != -1 && (isalnum(c) || c == '_');
}

/* Word under construction: finished parts, and the literal text that is being gathered. */
struct making {
	struct part *parts;
	uint32_t nr;
	struct buf text;
	bool text_quoted;
	size_t text_start;
	bool quoted;		/* some of the word is */
};

static void add_part(struct lexer *l, struct making *m, struct part part)
{
	m->parts = lex_grow(l, m->parts, m->nr, sizeof(part));
	m->parts[m->nr++] = part;
}

const char *lex_text(struct lexer *l, const char *s, size_t len)
{
	char *copy = lex_alloc(l, len + 1);

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
		.text = lex_text(l, m->text.data, m->text.len), .len = m->text.len,
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
		.text = lex_text(l, l->src->text + from, to - from),
		.span = span_from(l, start) });
	m->text_start = l->pos;
	return LEX_STMT;
}

static enum lex_result lex_double_quotes(struct lexer *l, struct making *m)
{
	l->pos++;
	m->quoted = m->text_quoted = true;
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
	uint32_t braces = l->braces;
	int c;

	while ((c = peek(l, n)) != -1 && (plain_chars[c] || !ends_word(l, c))) {
		if (c == '\'' || c == '"' || c == '$' || c == '\\' || c == '\0') {
			l->braces = braces;
			return false;
		}
		count_brace(l, c);
		n++;
	}
	l->pos += n;
	*w = (struct word){ .span = span_from(l, start), .len = n,
			    .text = lex_text(l, l->src->text + start, n) };
	return true;
}

static enum lex_result lex_single_quotes(struct lexer *l, struct making *m)
{
	const char *from = l->src->text + l->pos + 1;
	const char *to = memchr(from, '\'', l->src->text + l->src->len - from);

	m->quoted = m->text_quoted = true;
	if (!to)
		return LEX_INCOMPLETE;
	buf_add(&m->text, from, to - from);
	l->pos = to + 1 - l->src->text;
	return LEX_STMT;
}

/* A backslash outside of quotes. */
static enum lex_result lex_escape(struct lexer *l, struct making *m)
{
	int next = peek(l, 1);

	if (next == -1)
		return LEX_INCOMPLETE;
	if (next != '\n') {
		m->quoted = true;
		buf_putc(&m->text, next);
	}
	l->pos += 2;
	return LEX_STMT;
}

/* One character of a word, or all that is quoted from there on. */
static enum lex_result lex_piece(struct lexer *l, struct making *m)
{
	int c = peek(l, 0);

	if (c == '\'')
		return lex_single_quotes(l, m);
	if (c == '"')
		return lex_double_quotes(l, m);
	if (c == '$' && !l->src->batch)
		return lex_variable(l, m, false);
	if (c == '\\')
		return lex_escape(l, m);
	l->pos++;
	if (c == '\0')
		return lex_error(l, l->pos - 1, "a NUL byte in the text");
	count_brace(l, c);
	buf_putc(&m->text, c);
	return LEX_STMT;
}

/* The word that the parts make: literal where there is no variable in it. */
static struct word word_of(const struct making *m, struct span span)
{
	struct word w = { .span = span, .quoted = m->quoted };

	if (!m->nr) {
		w.text = "";
	} else if (m->nr == 1 && !m->parts[0].is_var) {
		w.text = m->parts[0].text;
		w.len = m->parts[0].len;
	} else {
		w.parts = m->parts;
		w.nr_parts = m->nr;
	}
	return w;
}

enum lex_result lex_word(struct lexer *l, struct word *w)
{
	struct making m = { .text_start = l->pos };
	size_t start = l->pos;
	enum lex_result r = LEX_STMT;

	if (lex_plain_word(l, w))
		return LEX_STMT;
	while (r == LEX_STMT && !ends_word(l, peek(l, 0)))
		r = lex_piece(l, &m);
	if (r == LEX_STMT) {
		end_text(l, &m);
		*w = word_of(&m, span_from(l, start));
	}
	buf_free(&m.text);
	return r;
}
