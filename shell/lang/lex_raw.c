// SPDX-License-Identifier: BSD-2-Clause
/* Text that is kept as it stands, and where it ends: expressions, and lines for another shell. */
#include <ctype.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/lang/lexing.h"

size_t expr_step(struct expr_scan *s, const char *text, size_t len)
{
	uint32_t *depth = s->nr ? &s->depth[s->nr - 1] : NULL;

	if (expr_in_text(s)) {
		if (*text == '"')
			s->nr--;
		if (*text != '\\' || len == 1)
			return 1;
		*depth = text[1] == '(';
		return 2;
	}
	if (*text == '"' && s->nr < STRINGS_MAX) {
		s->depth[s->nr++] = 0;
	} else if (depth) {
		*depth += *text == '(';
		*depth -= *text == ')';
	}
	return 1;
}

/* Skips a string, with the expressions in it; false where it does not end. */
static bool skip_string(struct lexer *l)
{
	struct expr_scan scan = { 0 };

	do {
		if (l->pos == l->src->len)
			return false;
		l->pos += expr_step(&scan, l->src->text + l->pos, l->src->len - l->pos);
	} while (scan.nr);
	return true;
}

/* Words of jq behind which an operand stands. */
static bool wants_operand(const char *s, size_t len)
{
	static const char *const words[] = {
		"and", "or", "if", "then", "elif", "else", "as", "reduce", "foreach", "try",
		"catch", "label", "def", "import", "include", "__loc__",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == len && !memcmp(words[i], s, len))
			return true;
	return false;
}

/* True where the text (not ended by a blank) ends an operand, so that no object can follow. */
static bool ends_operand(const char *text, size_t len)
{
	size_t n = 0;

	if (!len)
		return false;
	while (n < len && name_char((unsigned char)text[len - 1 - n]))
		n++;
	if (!n)
		return strchr(")]}\".?", text[len - 1]);
	if (n < len && strchr("$.@", text[len - 1 - n]))
		return true;
	return !wants_operand(text + len - n, n);
}

/* True where the expression ends before @c, which stands outside of all brackets. */
static bool ends_raw(const struct lexer *l, int c, size_t start, size_t end, bool condition)
{
	if (c == -1 || c == '\n' || c == ';' || (c == '}' && l->depth))
		return true;
	return condition && c == '{' && ends_operand(l->src->text + start, end - start);
}

enum lex_result lex_raw(struct lexer *l, struct word *w, bool condition)
{
	size_t start, end;
	int depth = 0;

	skip_blanks(l);
	start = end = l->pos;
	for (;;) {
		int c = peek(l, 0);

		if (c == -1 || (!depth && ends_raw(l, c, start, end, condition)))
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
		l->pos++;
		if (depth < 0)
			return lex_error(l, l->pos - 1, "unbalanced bracket in the expression");
		if (!isspace(c))
			end = l->pos;
	}
	if (depth)
		return LEX_INCOMPLETE;
	*w = (struct word){ .span = { l->src, start, end }, .raw = true, .len = end - start,
			    .text = lex_text(l, l->src->text + start, end - start) };
	return LEX_STMT;
}

/* Bytes of a quoted text, or of one character, of another shell's language; at most @len. */
static size_t shell_piece(const char *text, size_t len)
{
	size_t n = 1;

	if (*text == '\\')
		return len > 1 ? 2 : 1;
	if (*text != '\'' && *text != '"')
		return 1;
	while (n < len && text[n] != *text)
		n += *text == '"' && text[n] == '\\' ? 2 : 1;
	return n < len ? n + 1 : len;
}

void lex_shell_text(struct lexer *l, struct word *w)
{
	const char *text = l->src->text + l->pos;
	const char *line_end = memchr(text, '\n', l->src->len - l->pos);
	size_t len = line_end ? (size_t)(line_end - text) : l->src->len - l->pos, n = 0;
	size_t start = l->pos, braces = 0;

	if (!l->depth)
		n = len;
	while (n < len && (text[n] != '}' || braces)) {
		braces += text[n] == '{';
		braces -= text[n] == '}';
		n += shell_piece(text + n, len - n);
	}
	l->pos += n;
	*w = (struct word){ .span = span_from(l, start), .raw = true, .len = n,
			    .text = lex_text(l, text, n) };
}
