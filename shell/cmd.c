// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "shell/args.h"
#include "shell/cmd.h"

static bool word_in(const char *const *words, const struct word *w)
{
	for (; words && *words; words++)
		if (word_is(w, *words))
			return true;
	return false;
}

/* True where the word, as it stands, names argument @a or is its value. */
static bool is_keyword_of(const struct arg *a, const struct word *w)
{
	if (a->flags & ARG_KEYWORD)
		return word_is(w, a->name);
	return (a->flags & ARG_FLAG) && word_in(a->words, w);
}

/* Index of the argument that the word introduces and that may still be given; -1: none. */
static int find_keyword(const struct match *m, const struct word *w)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		if (is_keyword_of(a, w) && (!m->args[i].nr || (a->flags & ARG_REPEAT)))
			return i;
		i++;
	}
	return -1;
}

/* The next positional argument that has no words yet; -1: none. */
static int find_positional(const struct match *m, bool words_before)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		if (!(a->flags & (ARG_KEYWORD | ARG_FLAG)) && !m->args[i].nr &&
		    !((a->flags & ARG_SOLE) && words_before))
			return i;
		i++;
	}
	return -1;
}

static void add_slot(struct match *m, int arg, uint32_t first, uint32_t nr)
{
	GROW(m->args[arg].slots, m->args[arg].nr);
	m->args[arg].slots[m->args[arg].nr++] = (struct slot){ first, nr };
}

/* Words of a greedy argument: up to the next keyword of another one. */
static size_t take_greedy(const struct match *m, const struct word *w, size_t nr)
{
	size_t n = 0;

	while (n < nr && find_keyword(m, &w[n]) < 0)
		n++;
	return n;
}

static size_t take_words(const struct match *m, const struct arg *a, const struct word *w,
			 size_t nr)
{
	if (!nr)
		return 0;
	if (a->type->greedy)
		return take_greedy(m, w, nr);
	return a->type->take ? a->type->take(m, a, w, nr) : 1;
}

static int usage_error(struct diags *d, const struct match *m, struct span at, const char *fmt, ...)
	printf_like(4, 5);

static int usage_error(struct diags *d, const struct match *m, struct span at, const char *fmt, ...)
{
	struct buf usage = BUF_INIT, msg = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&msg, fmt, ap);
	va_end(ap);
	diag_error(d, at, "%s", buf_str(&msg));
	cmd_usage(&usage, m->cmd);
	diag_hint(d, "usage: %s", buf_str(&usage));
	buf_free(&usage);
	buf_free(&msg);
	return -1;
}

/* The keyword that a word which fits nowhere was perhaps meant to be. */
static const char *nearest_keyword(const struct match *m, const char *word)
{
	const char *words[ARGS_MAX * 4], *found;
	size_t nr = 0;

	for_each_arg(m->cmd, a) {
		if (a->flags & ARG_KEYWORD)
			words[nr++] = a->name;
		for (const char *const *w = a->flags & ARG_FLAG ? a->words : NULL;
		     w && *w && nr < ARRAY_SIZE(words) - 2; w++)
			words[nr++] = *w;
	}
	words[nr] = NULL;
	found = nearest_word(word, words);
	return found;
}

static int unexpected_word(struct diags *d, const struct match *m, const struct word *w)
{
	const char *near = w->text ? nearest_keyword(m, w->text) : NULL;

	if (!near)
		return usage_error(d, m, w->span, "unexpected '%.*s'",
				   (int)(w->span.end - w->span.start),
				   w->span.src->text + w->span.start);
	diag_error(d, w->span, "unexpected '%s'", w->text);
	diag_hint(d, "did you mean '%s'?", near);
	return -1;
}

/* A word that a greedy argument took, and that was perhaps meant as the keyword of @missing. */
static const struct word *misspelt_keyword(const struct match *m, const struct arg *missing)
{
	const char *const names[] = { missing->name, NULL };
	int i = 0;

	for_each_arg(m->cmd, a) {
		const struct slot *slot = m->args[i].nr && a->type && a->type->greedy ?
					  &m->args[i].slots[0] : NULL;

		for (uint32_t k = 1; slot && k < slot->nr; k++) {
			const struct word *w = &m->words[slot->first + k];

			if (w->text && !w->quoted && nearest_word(w->text, names))
				return w;
		}
		i++;
	}
	return NULL;
}

static int missing_arg(const struct match *m, const struct arg *a, struct span span,
		       struct diags *d)
{
	const struct word *w = a->flags & ARG_KEYWORD ? misspelt_keyword(m, a) : NULL;
	struct buf scratch = BUF_INIT;

	if (w) {
		diag_error(d, w->span, "'%s' is missing", a->name);
		diag_hint(d, "did you mean '%s' here?", a->name);
	} else {
		usage_error(d, m, span, "%s%s%s is missing", a->flags & ARG_KEYWORD ? a->name : "",
			    a->flags & ARG_KEYWORD ? " " : "", arg_display(a, &scratch));
	}
	buf_free(&scratch);
	return -1;
}

static int match_required(const struct match *m, struct span span, struct diags *d)
{
	int i = 0;

	for_each_arg(m->cmd, a)
		if (!m->args[i++].nr && !(a->flags & ARG_OPTIONAL))
			return missing_arg(m, a, span, d);
	return 0;
}

static bool is_block(const struct arg *a)
{
	return a->name && a->type && a->type->block;
}

/* No word is left for @a at @at; or those that are do not make one, where it is not greedy. */
static int nothing_taken(const struct match *m, const struct arg *a, uint32_t at, struct diags *d)
{
	const struct word *last = &m->words[a->type->greedy ? at - 1 : m->nr - 1];
	struct buf scratch = BUF_INIT;
	int err = usage_error(d, m, last->span, "%s expected behind '%s'",
			      arg_display(a, &scratch), last->text ? last->text : "");

	buf_free(&scratch);
	return err;
}

/* Finds the words of each argument of the command. */
static int match_args(struct match *m, struct span span, unsigned flags, struct diags *d)
{
	uint32_t at = m->rest;

	while (at < m->nr) {
		const struct word *w = &m->words[at];
		int i = find_keyword(m, w);
		const struct arg *a;
		size_t n;

		if (i >= 0 && (m->cmd->args[i].flags & ARG_FLAG)) {
			add_slot(m, i, at++, 1);
			m->open = -1;
			continue;
		}
		at += i >= 0;
		if (i < 0)
			i = find_positional(m, at > m->rest);
		if (i < 0)
			return unexpected_word(d, m, w);
		a = &m->cmd->args[i];
		if (is_block(a) && at < m->nr && !m->words[at].block)
			return unexpected_word(d, m, &m->words[at]);
		n = take_words(m, a, m->words + at, m->nr - at);
		m->open = i;
		m->open_first = at;
		if (!n)
			return flags & MATCH_PARTIAL ? 0 : nothing_taken(m, a, at, d);
		if (!a->type->greedy)
			m->open = -1;
		add_slot(m, i, at, n);
		at += n;
	}
	return flags & MATCH_PARTIAL ? 0 : match_required(m, span, d);
}

static bool names_verb(const struct cmd *c, const char *verb)
{
	return !strcmp(c->verb, verb) || (c->alias && !strcmp(c->alias, verb));
}

static bool has_prefix(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* Candidates for a name that fits nothing or several; ends the list with NULL. */
struct names {
	const char *list[256];
	size_t nr;
};

static void names_add(struct names *n, const char *name)
{
	if (name && n->nr < ARRAY_SIZE(n->list) - 1) {
		n->list[n->nr++] = name;
		n->list[n->nr] = NULL;
	}
}

static int ambiguous(struct diags *d, const struct word *w, const struct names *n)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < n->nr; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", n->list[i]);
	diag_error(d, w->span, "'%s' is ambiguous", w->text);
	diag_hint(d, "it may mean %s", buf_str(&list));
	buf_free(&list);
	return -1;
}

/* @object is NULL where the word is the first. */
static void unknown_command(struct diags *d, const struct word *w, const char *object,
			    const struct names *n)
{
	const char *near = nearest_word(w->text ? w->text : "", n->list);

	diag_error(d, w->span, "unknown %s%scommand '%.*s'", object ? object : "",
		   object ? " " : "", (int)(w->span.end - w->span.start),
		   w->span.src ? w->span.src->text + w->span.start : w->text);
	if (near)
		diag_hint(d, "did you mean '%s'?", near);
	else if (!w->text)
		diag_hint(d, "'echo' shows a variable, 'vars' lists all");
	else if (object)
		diag_hint(d, "'help %s' lists its commands", object);
	else
		diag_hint(d, "'help' lists all commands");
}

/* The verb of an object's commands; NULL with a diagnostic. */
static const struct cmd *find_verb(const struct cmd_table *t, const struct word *w, unsigned flags,
				   struct diags *d)
{
	struct names all = { 0 }, prefixed = { 0 };
	const struct cmd *found = NULL;

	for (const struct cmd *c = t->cmds; c->verb; c++) {
		if (w->text && !w->quoted && names_verb(c, w->text))
			return c;
		names_add(&all, c->verb);
		names_add(&all, c->alias);
		if ((flags & MATCH_PREFIX) && w->text && !w->quoted && *w->text &&
		    (has_prefix(c->verb, w->text) || (c->alias && has_prefix(c->alias, w->text)))) {
			names_add(&prefixed, c->verb);
			found = c;
		}
	}
	if (prefixed.nr == 1)
		return found;
	if (prefixed.nr > 1)
		ambiguous(d, w, &prefixed);
	else
		unknown_command(d, w, t->object, &all);
	return NULL;
}

static const struct cmd *default_verb(const struct cmd_table *t)
{
	for (const struct cmd *c = t->cmds; c->verb; c++)
		if (c->flags & CMD_DEFAULT)
			return c;
	return NULL;
}

/* The table that the first word opens, or the session command that it is. */
static const struct cmd_table *find_object(const struct word *w, unsigned flags,
					   const struct cmd **session_cmd, struct diags *d)
{
	const struct cmd_table *found = NULL;
	struct names all = { 0 }, prefixed = { 0 };
	const char *text = w->quoted || !w->text ? "" : w->text;

	*session_cmd = NULL;
	for (const struct cmd_table *t = bpfsh_commands; t->cmds; t++) {
		if (t->object) {
			if (!strcmp(t->object, text))
				return t;
			names_add(&all, t->object);
			if ((flags & MATCH_PREFIX) && *text && has_prefix(t->object, text)) {
				names_add(&prefixed, t->object);
				found = t;
			}
			continue;
		}
		for (const struct cmd *c = t->cmds; c->verb; c++) {
			if (names_verb(c, text)) {
				*session_cmd = c;
				return t;
			}
			names_add(&all, c->verb);
			if ((flags & MATCH_PREFIX) && *text && has_prefix(c->verb, text)) {
				names_add(&prefixed, c->verb);
				*session_cmd = c;
				found = t;
			}
		}
	}
	if (prefixed.nr == 1)
		return found;
	if (prefixed.nr > 1)
		ambiguous(d, w, &prefixed);
	else
		unknown_command(d, w, NULL, &all);
	return NULL;
}

/* Finds the command of the words, and where its arguments begin. */
static int match_cmd(struct match *m, unsigned flags, struct diags *d)
{
	const struct cmd *session_cmd;
	const struct cmd_table *t = find_object(&m->words[0], flags, &session_cmd, d);
	struct buf verbs = BUF_INIT;

	if (!t)
		return -1;
	m->rest = 1;
	m->cmd = session_cmd;
	if (m->cmd)
		return 0;
	if (m->nr > 1) {
		m->rest = 2;
		m->cmd = find_verb(t, &m->words[1], flags, d);
		return m->cmd ? 0 : -1;
	}
	m->cmd = default_verb(t);
	if (m->cmd)
		return 0;
	diag_error(d, m->words[0].span, "'%s' needs a command", t->object);
	for (const struct cmd *c = t->cmds; c->verb; c++)
		buf_printf(&verbs, "%s%s", c == t->cmds ? "" : ", ", c->verb);
	diag_hint(d, "one of: %s", buf_str(&verbs));
	buf_free(&verbs);
	return -1;
}

int match(struct match *m, const struct word *words, uint32_t nr, struct span span,
	  unsigned flags, struct diags *d)
{
	*m = (struct match){ .words = words, .nr = nr, .open = -1 };
	if (match_cmd(m, flags, d))
		return -1;
	return match_args(m, span, flags, d);
}

void match_free(struct match *m)
{
	for (int i = 0; i < ARGS_MAX; i++)
		free(m->args[i].slots);
}

static bool all_literal(const struct word *w, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!w[i].text)
			return false;
	return true;
}

int match_check(struct ctx *ctx, const struct match *m)
{
	int i = 0, err = 0;

	for_each_arg(m->cmd, a) {
		for (uint32_t k = 0; k < m->args[i].nr && a->type && a->type->pure; k++) {
			const struct slot *slot = &m->args[i].slots[k];
			struct value v = { 0 };

			if (!all_literal(m->words + slot->first, slot->nr) && !a->type->names)
				continue;
			err |= a->type->parse(ctx, a, m->words + slot->first, slot->nr, &v);
			value_free(&v);
		}
		i++;
	}
	return err;
}

static struct span words_span(const struct word *w, size_t nr)
{
	return (struct span){ w[0].span.src, w[0].span.start, w[nr - 1].span.end };
}

/* The flag's word, or what the type makes of the words. */
int match_value(struct ctx *ctx, const struct match *m, const struct arg *a,
		const struct slot *slot, struct value *out)
{
	const struct word *w = m->words + slot->first;

	*out = (struct value){ .kind = VALUE_NONE };
	if (a->flags & ARG_FLAG)
		*out = (struct value){ .kind = VALUE_STR, .str = xstrdup(w->text) };
	else if (a->type->parse(ctx, a, w, slot->nr, out))
		return -1;
	out->span = words_span(w, slot->nr);
	return 0;
}

int match_values(struct ctx *ctx, const struct match *m, struct value *argv)
{
	int i = 0;

	ctx->cmd = m->cmd;
	ctx->argv = argv;
	memset(argv, 0, ARGS_MAX * sizeof(*argv));
	for_each_arg(m->cmd, a) {
		uint32_t nr = m->args[i].nr;
		struct value *out = &argv[i];

		if (nr && (a->flags & ARG_REPEAT)) {
			*out = (struct value){ .kind = VALUE_LIST };
			out->values.list = xcalloc(nr, sizeof(*out->values.list));
			for (uint32_t k = 0; k < nr; k++) {
				out->values.nr++;
				if (match_value(ctx, m, a, &m->args[i].slots[k],
						&out->values.list[k]))
					return -1;
			}
		} else if (nr && match_value(ctx, m, a, &m->args[i].slots[0], out)) {
			return -1;
		}
		i++;
	}
	return 0;
}

/* The session command of this name, or of a name that only begins like this. */
static const struct cmd *session_cmd(const struct word *w)
{
	const struct cmd *found = NULL;
	int nr = 0;

	if (!w->text || w->quoted || w->raw || !*w->text)
		return NULL;
	for (const struct cmd_table *t = bpfsh_commands; t->cmds; t++) {
		if (t->object && !strcmp(t->object, w->text))
			return NULL;
		nr += t->object && has_prefix(t->object, w->text);
		for (const struct cmd *c = t->object ? NULL : t->cmds; c && c->verb; c++) {
			if (names_verb(c, w->text))
				return c;
			if (has_prefix(c->verb, w->text)) {
				found = c;
				nr++;
			}
		}
	}
	return nr == 1 ? found : NULL;
}

static bool takes_text(const struct cmd *c)
{
	for_each_arg(c, a)
		if (is_block(a) || (a->type && a->type->raw))
			return true;
	return false;
}

static bool runs_words(const struct cmd *c)
{
	for_each_arg(c, a)
		if (a->type && a->type->runs)
			return true;
	return false;
}

bool cmd_takes_text(const struct word *first)
{
	const struct cmd *c = session_cmd(first);

	return c && takes_text(c);
}

static enum lex_tail tail_of(const struct arg *a)
{
	if (is_block(a))
		return a->flags & ARG_KEYWORD ? TAIL_CHAIN : TAIL_BLOCK;
	if (a->type && a->type->raw)
		return is_block(a + 1) ? TAIL_CONDITION : TAIL_EXPRESSION;
	return TAIL_WORD;
}

/* What follows behind @depth commands of which each runs the next; too many are told later. */
static enum lex_tail tail_at(const struct word *words, uint32_t nr, uint32_t depth)
{
	const struct cmd *c = session_cmd(&words[0]);
	uint32_t at = 1;

	if (!c || (!takes_text(c) && !runs_words(c)) || depth > NESTING_MAX)
		return TAIL_WORDS;
	for_each_arg(c, a) {
		if (a->flags & ARG_KEYWORD) {
			if (at == nr)
				return TAIL_WORD;
			if (!word_is(&words[at++], a->name))
				return TAIL_WORDS;
		}
		if (a->type && a->type->runs)
			return at < nr ? tail_at(words + at, nr - at, depth + 1) : TAIL_WORD;
		if (at++ == nr)
			return tail_of(a);
	}
	return TAIL_WORDS;
}

/* Where expressions and blocks are taken, each argument is one word, behind its keyword. */
enum lex_tail cmd_raw_tail(const struct word *words, uint32_t nr)
{
	return tail_at(words, nr, 0);
}

const struct word *cmd_sets(const struct word *words, uint32_t nr)
{
	const struct word *found = NULL;
	struct diags quiet = { 0 };
	struct match m;
	int i = 0;

	if (!match(&m, words, nr, NO_SPAN, MATCH_PREFIX | MATCH_PARTIAL, &quiet)) {
		for_each_arg(m.cmd, a) {
			if ((a->flags & ARG_SETS) && m.args[i].nr)
				found = &words[m.args[i].slots[0].first];
			i++;
		}
	}
	diags_clear(&quiet);
	match_free(&m);
	return found;
}

bool match_partial(struct match *m, const struct word *words, uint32_t nr,
			  const struct cmd_table **t)
{
	const struct cmd *session_cmd;
	struct diags quiet = { 0 };
	bool ok;

	*t = find_object(&words[0], MATCH_PREFIX, &session_cmd, &quiet);
	if (*t && !session_cmd && nr == 1) {
		diags_clear(&quiet);
		return true;
	}
	ok = !match(m, words, nr, NO_SPAN, MATCH_PREFIX | MATCH_PARTIAL, &quiet);
	diags_clear(&quiet);
	return ok;
}

int match_next(const struct match *m)
{
	return find_positional(m, m->nr > m->rest);
}
