// SPDX-License-Identifier: BSD-2-Clause
/* Where in the text the cursor stands, the candidates for that place, and how one is typed. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/complete.h"
#include "shell/lang/grammar.h"
#include "shell/lang/lex.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"

enum place {
	PLACE_NONE,		/* nothing can be completed here */
	PLACE_ARGUMENT,		/* a word of a command */
	PLACE_VARIABLE,		/* "$na", "${na" inside a word or an expression */
	PLACE_PROGRAM,		/* the first word behind "|" or "!" */
	PLACE_FILE,
};

/*
 * The end of a text that is being typed. A letter, the marker, is put at the
 * cursor, so that a word always stands there, and open quotes are closed.
 */
struct cursor {
	const struct cmd_table *commands;
	enum place place;
	struct buf text;
	struct source src;
	struct lexer lexer;
	struct stmt stmt;
	const struct word *words;	/* those before the one at the cursor */
	uint32_t nr;
	size_t start;			/* where the word at the cursor begins */
	char quote;
	bool reference;			/* the word, or its end, refers to a variable */
	char *prefix;			/* the word without quotes and marker */
};

#define MARKER 'x'

/* What may be missing at the end of a statement that is INCOMPLETE. */
static const char *const closers[] = { "", "\"", "'", "}", "}\"" };

/* Reads the last statement of the text, the marker and this end; false where it is not whole. */
static bool read_statement(struct cursor *c, const char *text, size_t len, const char *closer)
{
	enum lex_result r;

	buf_reset(&c->text);
	buf_add(&c->text, text, len);
	buf_putc(&c->text, MARKER);
	buf_puts(&c->text, closer);
	c->src = (struct source){ .text = buf_str(&c->text), .len = c->text.len };
	lex_init(&c->lexer, &c->src, cmd_raw_tail, c->commands, NULL);
	c->lexer.open_end = true;
	do
		r = lex_next(&c->lexer, &c->stmt);
	while (r == LEX_ERROR || (r == LEX_STMT && c->lexer.pos < c->src.len));
	if (r == LEX_STMT && c->stmt.span.end == c->src.len)
		return true;
	lex_free(&c->lexer);
	c->stmt = (struct stmt){ 0 };
	return false;
}

static bool name_char(char ch)
{
	return isalnum((unsigned char)ch) || ch == '_';
}

static void set_variable(struct cursor *c, const char *text, size_t len, size_t start)
{
	c->place = PLACE_VARIABLE;
	c->reference = true;
	c->start = start;
	c->prefix = xstrndup(text + start, len - start);
}

/* In an expression: "$name.field" right before the cursor. */
static void find_in_expression(struct cursor *c, const char *text, size_t len)
{
	size_t start = len;

	while (start && (name_char(text[start - 1]) || text[start - 1] == '.'))
		start--;
	if (start && text[start - 1] == '$')
		set_variable(c, text, len, start - 1);
}

/* The word that ends at the cursor, with its marker; @otherwise is what it is unless a variable. */
static void find_in_word(struct cursor *c, const struct word *w, enum place otherwise,
			 const char *text, size_t len)
{
	const struct part *last = w->nr_parts ? &w->parts[w->nr_parts - 1] : NULL;

	if (w->span.end != c->src.len)
		return;
	if (w->raw) {
		find_in_expression(c, text, len);
	} else if (w->text) {
		c->place = otherwise;
		c->start = w->span.start;
		c->prefix = xstrndup(w->text, w->len - 1);
	} else if (last->is_var && last->text[last->len - 1] == MARKER) {
		set_variable(c, text, len, last->span.start);
		/* A word of its own may be an object of the kind that the command takes. */
		if (w->nr_parts == 1 && !w->quoted && otherwise == PLACE_ARGUMENT &&
		    c->text.data[c->start + 1] != '{')
			c->place = PLACE_ARGUMENT;
	}
}

/* "!program argument": words are what blanks separate. */
static void find_in_shell(struct cursor *c, const struct stmt *stmt, const char *text, size_t len)
{
	size_t first = stmt->words[0].span.start, start = len;

	while (start > first && !isspace((unsigned char)text[start - 1]))
		start--;
	while (first < start && isspace((unsigned char)text[first]))
		first++;
	c->place = start == first ? PLACE_PROGRAM : PLACE_FILE;
	c->start = start;
	c->prefix = xstrndup(text + start, len - start);
}

/* The block at the statement's end, if the cursor is in it. */
static const struct block *open_block(const struct cursor *c, const struct stmt *stmt)
{
	const struct word *last = stmt->nr ? &stmt->words[stmt->nr - 1] : NULL;

	return last && last->block && last->block->nr && last->span.end == c->src.len ?
	       last->block : NULL;
}

/* The statement that the cursor is in, perhaps in blocks that are open at the end of the text. */
static const struct stmt *innermost(const struct cursor *c)
{
	const struct stmt *stmt = &c->stmt;
	const struct block *b;

	while ((b = open_block(c, stmt)))
		stmt = &b->stmts[b->nr - 1];
	return stmt;
}

static void find_in_statement(struct cursor *c, const char *text, size_t len)
{
	const struct stmt *stmt = innermost(c);
	const struct stage *stage = stmt->nr_stages ? &stmt->stages[stmt->nr_stages - 1] : NULL;

	if (stmt->shell) {
		find_in_shell(c, stmt, text, len);
	} else if (stmt->has_redirect) {
		find_in_word(c, &stmt->redirect, PLACE_FILE, text, len);
	} else if (stage) {
		find_in_word(c, &stage->words[stage->nr - 1],
			     stage->nr == 1 ? PLACE_PROGRAM : PLACE_FILE, text, len);
	} else {
		c->words = stmt->words;
		c->nr = stmt->nr - 1;
		find_in_word(c, &stmt->words[c->nr], PLACE_ARGUMENT, text, len);
	}
}

static void cursor_find(struct cursor *c, const struct session *s, const char *text, size_t len)
{
	*c = (struct cursor){ .commands = s->commands, .place = PLACE_NONE };
	for (size_t i = 0; i < ARRAY_SIZE(closers); i++) {
		size_t n = strlen(closers[i]);

		if (!read_statement(c, text, len, closers[i]))
			continue;
		if (n && closers[i][n - 1] != '}')
			c->quote = closers[i][n - 1];
		find_in_statement(c, text, len);
		return;
	}
	/* Brackets of an expression are open. */
	find_in_expression(c, text, len);
}

static void cursor_free(struct cursor *c)
{
	lex_free(&c->lexer);
	buf_free(&c->text);
	free(c->prefix);
}

#define NOTE_MAX 40

static void json_note(struct buf *note, jv json)
{
	char text[NOTE_MAX + 1];

	buf_puts(note, jv_dump_string_trunc(json, text, sizeof(text)));
}

/* What a variable holds, in a few words. */
static void value_note(struct buf *note, const struct value *v)
{
	switch (v->kind) {
	case VALUE_HANDLE:
		buf_printf(note, "%s %u %s", object_names[v->handle->kind], v->handle->id,
			   v->handle->name);
		break;
	case VALUE_HANDLES:
		buf_printf(note, "%zu objects", v->handles.nr);
		break;
	case VALUE_JSON:
		json_note(note, jv_copy(v->json));
		break;
	case VALUE_NUM:
		buf_printf(note, "%llu", (unsigned long long)v->num);
		break;
	case VALUE_STR:
		buf_puts(note, v->str);
		break;
	default:
		break;
	}
}

/* A reference to @path, opened like the one that is being typed: "$path" or "${path}". */
static void add_reference(struct candidates *c, const char *path, const char *note)
{
	bool brace = c->prefix[1] == '{';
	char *text = xasprintf("$%s%s%s", brace ? "{" : "", path, brace ? "}" : "");

	candidate_add(c, text, note, false);
	free(text);
}

static void complete_names(struct session *s, struct candidates *c)
{
	struct buf note = BUF_INIT;

	for (size_t i = 0; i < s->nr_vars; i++) {
		buf_reset(&note);
		value_note(&note, &s->vars[i].value);
		add_reference(c, s->vars[i].name, buf_str(&note));
	}
	buf_free(&note);
	add_reference(c, "_", "last result");
	add_reference(c, "?", "last status");
}

/* A variable that the text sets before the cursor, and that the session need not know yet. */
static void complete_set(struct session *s, struct candidates *c, const char *name)
{
	if (!var_find(s, name))
		add_reference(c, name, "set here");
}

/* What the blocks that the cursor is in set: by what they belong to, and by assignments. */
static void complete_block_names(struct session *s, struct candidates *c, const struct cursor *at)
{
	const struct stmt *stmt = &at->stmt;
	const struct block *b;

	while ((b = open_block(at, stmt))) {
		const struct word *w = cmd_sets(s->commands, stmt->words, stmt->nr);

		if (w)
			complete_set(s, c, w->nr_parts ? w->parts[0].text : w->text);
		for (uint32_t i = 0; i + 1 < b->nr; i++)
			if (b->stmts[i].assign.text)
				complete_set(s, c, b->stmts[i].assign.text);
		stmt = &b->stmts[b->nr - 1];
	}
}

/* The fields of a JSON object, each behind @parent. */
static void complete_object(struct candidates *c, const char *parent, jv object)
{
	jv_object_foreach(object, key, value) {
		char *path = xasprintf("%s.%s", parent, jv_string_value(key));
		struct buf note = BUF_INIT;

		json_note(&note, value);
		add_reference(c, path, buf_str(&note));
		buf_free(&note);
		free(path);
		jv_free(key);
	}
}

/* "$m.na": fields of what "$m" holds. */
static void complete_fields(struct ctx *ctx, struct candidates *c, const char *parent)
{
	struct value v = { 0 };
	jv json = jv_invalid();

	if (var_read(ctx, parent, strlen(parent), NO_SPAN, &v))
		return;
	if (v.kind == VALUE_HANDLE)
		json = handle_record(ctx, v.handle);
	else if (v.kind == VALUE_JSON)
		json = jv_copy(v.json);
	if (jv_get_kind(json) == JV_KIND_OBJECT)
		complete_object(c, parent, json);
	jv_free(json);
	value_free(&v);
}

static void complete_variable(struct ctx *ctx, struct candidates *c, const struct cursor *at)
{
	const char *path = c->prefix + (c->prefix[1] == '{' ? 2 : 1);
	const char *dot = strrchr(path, '.');
	char *parent;

	if (!dot) {
		complete_names(ctx->s, c);
		if (at->lexer.src)
			complete_block_names(ctx->s, c, at);
		return;
	}
	parent = xstrndup(path, dot - path);
	complete_fields(ctx, c, parent);
	free(parent);
}

static void complete_folder(struct candidates *c, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && !strncmp(e->d_name, c->prefix, strlen(c->prefix)) &&
		    !faccessat(dirfd(dir), e->d_name, X_OK, 0))
			candidate_add(c, e->d_name, NULL, false);
	if (dir)
		closedir(dir);
}

static void complete_file(struct ctx *ctx, struct candidates *c)
{
	arg_file.complete(ctx, NULL, NULL, NULL, 0, c);
}

/* "jq", which needs no program, and the programs of $PATH once a letter is there. */
static void complete_program(struct ctx *ctx, struct candidates *c)
{
	const char *path = getenv("PATH");
	char *folders, *folder, *rest;

	if (strchr(c->prefix, '/')) {
		complete_file(ctx, c);
		return;
	}
	candidate_add(c, "jq", "filter the command's JSON", false);
	if (!path || !*c->prefix)
		return;
	rest = folders = xstrdup(path);
	while ((folder = strsep(&rest, ":")))
		complete_folder(c, folder);
	free(folders);
}

static int by_text(const void *a, const void *b)
{
	return strverscmp(((const struct candidate *)a)->text, ((const struct candidate *)b)->text);
}

/* Numbers in their order, and each text once. */
static void sort_candidates(struct candidates *c)
{
	size_t nr = 0;

	if (c->nr)
		qsort(c->list, c->nr, sizeof(*c->list), by_text);
	for (size_t i = 0; i < c->nr; i++) {
		if (nr && !strcmp(c->list[nr - 1].text, c->list[i].text)) {
			free(c->list[i].text);
			free(c->list[i].note);
		} else {
			c->list[nr++] = c->list[i];
		}
	}
	c->nr = nr;
}

void complete_text(struct session *s, const char *text, size_t len, struct completion *c)
{
	struct ctx ctx = { .s = s };
	struct cursor at;

	cursor_find(&at, s, text, len);
	*c = (struct completion){ .start = at.start, .quote = at.quote, .prefix = at.prefix,
				  .verbatim = at.reference };
	at.prefix = NULL;
	c->found.prefix = c->prefix;
	switch (at.place) {
	case PLACE_NONE:
		break;
	case PLACE_ARGUMENT:
		cmd_complete(&ctx, at.words, at.nr, &c->found);
		if (c->found.nr || !at.reference)
			break;
		/* fall through */
	case PLACE_VARIABLE:
		complete_variable(&ctx, &c->found, &at);
		break;
	case PLACE_PROGRAM:
		complete_program(&ctx, &c->found);
		break;
	case PLACE_FILE:
		complete_file(&ctx, &c->found);
		break;
	}
	sort_candidates(&c->found);
	cursor_free(&at);
}

void completion_free(struct completion *c)
{
	candidates_free(&c->found);
	free(c->prefix);
}

size_t completion_common(const struct completion *c)
{
	const char *first = c->found.list[0].text;
	size_t len = c->found.more || c->found.cut ? strlen(c->prefix) : strlen(first);

	for (size_t i = 1; i < c->found.nr; i++)
		while (strncmp(first, c->found.list[i].text, len))
			len--;
	while (len && ((unsigned char)first[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static bool needs_quotes(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f ||
		    strchr("'\"\\$;|>#{}", text[i]))
			return true;
	return false;
}

static void quote_byte(struct buf *out, char quote, char ch)
{
	if (quote == '\'' && ch == '\'')
		buf_puts(out, "'\\''");
	else if (quote == '"' && strchr("\"\\$`", ch))
		buf_printf(out, "\\%c", ch);
	else
		buf_putc(out, ch);
}

static void put_word(struct buf *out, const char *text, size_t len, char quote, bool whole)
{
	if (!quote && needs_quotes(text, len))
		quote = '\'';
	if (quote)
		buf_putc(out, quote);
	for (size_t i = 0; i < len; i++)
		quote_byte(out, quote, text[i]);
	if (quote && whole)
		buf_putc(out, quote);
}

void word_quoted(struct buf *out, const char *text, bool whole)
{
	put_word(out, text, strlen(text), whole && !*text ? '\'' : 0, whole);
}

void completion_typed(struct buf *out, const struct completion *c, const struct candidate *one,
		      size_t len)
{
	bool whole = !one->text[len] && !one->partial;

	if (c->verbatim)
		buf_add(out, one->text, len);
	else
		put_word(out, one->text, len, c->quote, whole);
	if (whole && !(c->verbatim && c->quote))
		buf_putc(out, ' ');
}

bool complete_help(const struct session *s, struct buf *out, const char *text, size_t len)
{
	struct cursor at;
	bool here;

	cursor_find(&at, s, text, len);
	here = at.place == PLACE_ARGUMENT && !at.quote && !*at.prefix && at.start == len;
	if (here)
		cmd_help_at(out, s->commands, at.words, at.nr);
	cursor_free(&at);
	return here;
}
