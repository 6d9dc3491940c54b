// SPDX-License-Identifier: BSD-2-Clause
/* Words matched against the table of commands: which command, which argument, which value. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/near.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/value.h"

int word_among(const struct word *w, const char *const *words, bool cut)
{
	for (int i = 0; words && words[i]; i++)
		if (word_is(w, words[i]))
			return i;
	for (int i = 0; cut && words && words[i]; i++)
		if (word_begins(w, words[i]))
			return i;
	return -1;
}

/* "BPF_NOEXIST" for "noexist". */
static bool is_in_header(const struct word *w, const char *header, const char *name)
{
	size_t len = strlen(header);

	if (!w->text || w->quoted || strncmp(w->text, header, len))
		return false;
	for (const char *p = w->text + len; *p || *name; p++, name++)
		if (*p != toupper((unsigned char)*name))
			return false;
	return true;
}

/* Which of the words of an ARG_FLAG this one is; NULL: none. */
static const char *flag_word(const struct arg *a, const struct word *w, bool cut)
{
	int i = word_among(w, a->words, cut);

	if (i >= 0)
		return a->words[i];
	/* Most words do not even begin like one of the header. */
	if (!a->header || !w->text || *w->text != *a->header)
		return NULL;
	for (i = 0; a->words[i]; i++)
		if (is_in_header(w, a->header, a->words[i]))
			return a->words[i];
	return NULL;
}

/* True where the word, as it stands or @cut short, names argument @a or is its value. */
static bool is_keyword_of(const struct arg *a, const struct word *w, bool cut)
{
	if (cut && a->flags & ARG_WHOLE)
		return false;
	if (a->flags & ARG_KEYWORD)
		return cut ? word_begins(w, a->name) : word_is(w, a->name);
	return (a->flags & ARG_FLAG) && flag_word(a, w, cut);
}

/* Index of the argument that the word introduces and that may still be given; -1: none. */
static int find_keyword(const struct match *m, const struct word *w, bool cut)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		if (is_keyword_of(a, w, cut) && (!m->args[i].nr || (a->flags & ARG_REPEAT)))
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

/* Where bpftool has the command, its keywords may be cut short as there. */
static bool may_cut(const struct match *m, const struct word *w)
{
	return m->flags & MATCH_PREFIX && m->cmd->place && w->text &&
	       isalpha((unsigned char)*w->text);
}

/*
 * The same for a word cut short, which it is not where an argument without a keyword is
 * missing still, as bpftool has those first.
 */
static int find_cut_keyword(const struct match *m, const struct word *w)
{
	int next = find_positional(m, w > m->words + m->rest);
	const struct arg *a = next < 0 ? NULL : &m->cmd->args[next];

	if (!may_cut(m, w) || (a && !(a->flags & ARG_OPTIONAL)) ||
	    (a && !a->type->refers && w == m->words + m->rest))
		return -1;
	return find_keyword(m, w, true);
}

/* True for a byte behind "hex", which may look like the beginning of a keyword. */
static bool is_hex_byte(const struct word *w)
{
	size_t len = strlen(w->text);

	return len <= 2 && strspn(w->text, "0123456789abcdefABCDEF") == len;
}

/* What begins a value of more than one word. */
static const char *const introductions[] = { "hex", "id", "name", "pinned", NULL };

/*
 * Words of a greedy argument: up to the next keyword of another one, which is cut short
 * only where a value is there already and no byte is meant.
 */
static size_t take_greedy(const struct match *m, const struct word *w, size_t nr)
{
	int by = nr ? word_among(w, introductions, true) : -1;
	size_t n = 0;

	for (; n < nr && find_keyword(m, &w[n], false) < 0; n++)
		if (n > (by >= 0) && may_cut(m, &w[n]) && !(by == 0 && is_hex_byte(&w[n])) &&
		    find_keyword(m, &w[n], true) >= 0)
			break;
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
		int i = find_keyword(m, w, false);
		const struct arg *a;
		size_t n;

		if (i < 0)
			i = find_cut_keyword(m, w);

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

static bool names_verb(const struct cmd *c, const struct word *w)
{
	return word_is(w, c->verb) || (c->alias && word_is(w, c->alias));
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

static void ambiguous(struct diags *d, const struct word *w, const struct names *n)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < n->nr; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", n->list[i]);
	diag_error(d, w->span, "'%s' is ambiguous", w->text);
	diag_hint(d, "it may mean %s", buf_str(&list));
	buf_free(&list);
}

/* @object is NULL where the word is the first. */
static void unknown_command(struct diags *d, const struct word *w, const char *object,
			    const struct names *n)
{
	diag_error(d, w->span, "unknown %s%scommand '%.*s'", object ? object : "",
		   object ? " " : "", (int)(w->span.end - w->span.start),
		   w->span.src ? w->span.src->text + w->span.start : w->text);
	diag_suggest(d, w->text ? w->text : "", n->list);
	if (!w->text)
		diag_hint(d, "'echo' shows a variable, 'vars' lists all");
	else if (object)
		diag_hint(d, "'help %s' lists its commands", object);
	else
		diag_hint(d, "'help' lists all commands");
}

/* What a word may stand for: a command (@cmd), an object (@table), or what is not there yet. */
struct sense {
	const char *name;
	const struct cmd_table *table;
	const struct cmd *cmd;
	const struct absent *absent;
	unsigned place;
};

#define SENSES_MAX 64

struct senses {
	struct sense list[SENSES_MAX];
	size_t nr;
};

/* Keeps a sense whose name the word begins. */
static void senses_add(struct senses *s, const struct word *w, const struct sense *one)
{
	const char *alias = one->cmd ? one->cmd->alias : NULL;

	if (s->nr < SENSES_MAX && (word_begins(w, one->name) || (alias && word_begins(w, alias))))
		s->list[s->nr++] = *one;
}

static void add_cmds(struct senses *s, const struct word *w, const struct cmd_table *t)
{
	for_each_cmd(t, c)
		senses_add(s, w, &(struct sense){ c->verb, t, c, NULL, c->place });
}

static bool is_of(const struct cmd_table *t, const char *object)
{
	return object ? t->object && !strcmp(t->object, object) : !t->object;
}

static void add_absent(struct senses *s, const struct word *w, const struct cmd_table *t)
{
	for (const struct absent *a = t->absent; a && a->name; a++)
		senses_add(s, w, &(struct sense){ a->name, NULL, NULL, a, a->place });
}

static void add_all(struct senses *s, const struct word *w, const struct cmd_table *t)
{
	add_cmds(s, w, t);
	add_absent(s, w, t);
}

/* What bpftool would take, else the only one; NULL where there is neither. */
static const struct sense *choose(const struct senses *s)
{
	const struct sense *best = s->nr == 1 ? &s->list[0] : NULL;

	for (size_t i = 0; i < s->nr; i++) {
		const struct sense *one = &s->list[i];

		if (one->place && (!best || !best->place || one->place < best->place))
			best = one;
	}
	return best;
}

static const struct absent *find_absent(const struct cmd_table *commands, const struct word *w,
					const char *object)
{
	for (const struct cmd_table *t = commands; t->cmds; t++)
		for (const struct absent *a = is_of(t, object) ? t->absent : NULL; a && a->name; a++)
			if (word_is(w, a->name))
				return a;
	return NULL;
}

static void not_there_yet(struct diags *d, const struct word *w, const char *object,
			  const struct absent *a)
{
	diag_error(d, w->span, "bpftool's '%s%s%s' is not there yet", object ? object : "",
		   object ? " " : "", a->name);
	if (a->instead)
		diag_hint(d, "%s", a->instead);
	else
		diag_hint(d, "'help%s%s' lists what is", object ? " " : "",
			  object ? object : "");
}

/* Why a word stands for nothing here; all that might be meant, of an object or at the start. */
static void explain_word(struct diags *d, const struct cmd_table *commands, const struct word *w,
			 const char *object, const struct senses *s)
{
	struct names names = { 0 };

	for (size_t i = 0; i < s->nr; i++)
		names_add(&names, s->list[i].name);
	if (s->nr) {
		ambiguous(d, w, &names);
		return;
	}
	for (const struct cmd_table *t = commands; t->cmds; t++) {
		bool same = object ? t->object && !strcmp(t->object, object) : !t->object;

		names_add(&names, object ? NULL : t->object);
		if (!same)
			continue;
		for_each_cmd(t, c) {
			names_add(&names, c->verb);
			names_add(&names, c->alias);
		}
	}
	unknown_command(d, w, object, &names);
}

/* What the word is cut short for; NULL with a diagnostic, which nobody hears where @d is. */
static const struct sense *expand(const struct cmd_table *commands, const struct word *w,
				  const char *object, const struct senses *s, struct diags *d)
{
	const struct absent *absent = find_absent(commands, w, object);
	const struct sense *best = absent ? NULL : choose(s);

	absent = best ? best->absent : absent;
	if (best && !absent && !(best->cmd && best->cmd->flags & CMD_WHOLE))
		return best;
	if (absent && d) {
		not_there_yet(d, w, object, absent);
	} else if (best && d) {
		diag_error(d, w->span, "'%s' is too short for '%s'", w->text, best->name);
		diag_hint(d, "it takes away what others may use, and is written in full");
	} else if (d) {
		explain_word(d, commands, w, object, s);
	}
	return NULL;
}

/* The verb of an object's commands; NULL with a diagnostic. */
static const struct cmd *find_verb(const struct cmd_table *commands, const struct cmd_table *t,
				   const struct word *w, unsigned flags, struct diags *d)
{
	const struct sense *found;
	struct senses s;

	for_each_cmd(t, c)
		if (names_verb(c, w))
			return c;
	s.nr = 0;
	if (flags & MATCH_PREFIX)
		add_all(&s, w, t);
	found = expand(commands, w, t->object, &s, d);
	return found ? found->cmd : NULL;
}

static const struct cmd *default_verb(const struct cmd_table *t)
{
	for_each_cmd(t, c)
		if (c->flags & CMD_DEFAULT)
			return c;
	return NULL;
}

/* The table, or session command, that the first word names in full. */
static const struct cmd_table *find_whole_object(const struct cmd_table *commands,
						 const struct word *w,
						 const struct cmd **session_cmd)
{
	for (const struct cmd_table *t = commands; t->cmds; t++) {
		if (t->object && word_is(w, t->object))
			return t;
		if (t->object)
			continue;
		for_each_cmd(t, c) {
			if (names_verb(c, w)) {
				*session_cmd = c;
				return t;
			}
		}
	}
	return NULL;
}

/*
 * The table that the first word opens, or the session command that it is; NULL with a
 * diagnostic, if @d is not NULL.
 */
static const struct cmd_table *find_object(const struct cmd_table *commands, const struct word *w,
					   unsigned flags, const struct cmd **session_cmd,
					   struct diags *d)
{
	const struct cmd_table *whole;
	const struct sense *found;
	struct senses s;

	*session_cmd = NULL;
	whole = find_whole_object(commands, w, session_cmd);
	if (whole)
		return whole;
	s.nr = 0;
	for (const struct cmd_table *t = commands; flags & MATCH_PREFIX && t->cmds; t++) {
		if (t->object)
			senses_add(&s, w, &(struct sense){ t->object, t, NULL, NULL, t->place });
		else
			add_all(&s, w, t);
	}
	found = expand(commands, w, NULL, &s, d);
	*session_cmd = found ? found->cmd : NULL;
	return found ? found->table : NULL;
}

/* Finds the command of the words, and where its arguments begin. */
static int match_cmd(struct match *m, const struct cmd_table *commands, unsigned flags, struct diags *d)
{
	const struct cmd *session_cmd;
	const struct cmd_table *t = find_object(commands, &m->words[0], flags, &session_cmd, d);
	struct buf verbs = BUF_INIT;

	if (!t)
		return -1;
	m->rest = 1;
	m->cmd = session_cmd;
	if (m->cmd)
		return 0;
	if (m->nr > 1) {
		m->rest = 2;
		m->cmd = find_verb(commands, t, &m->words[1], flags, d);
		return m->cmd ? 0 : -1;
	}
	m->cmd = default_verb(t);
	if (m->cmd)
		return 0;
	diag_error(d, m->words[0].span, "'%s' needs a command", t->object);
	for_each_cmd(t, c)
		buf_printf(&verbs, "%s%s", verbs.len ? ", " : "", c->verb);
	diag_hint(d, "one of: %s", buf_str(&verbs));
	buf_free(&verbs);
	return -1;
}

int match(struct match *m, const struct cmd_table *commands, const struct word *words, uint32_t nr,
	  struct span span, unsigned flags, struct diags *d)
{
	*m = (struct match){ .words = words, .nr = nr, .open = -1, .flags = flags };
	if (match_cmd(m, commands, flags, d))
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
	if (!err && m->cmd->check)
		err = m->cmd->check(ctx, m);
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
		*out = (struct value){ .kind = VALUE_STR, .str = xstrdup(flag_word(a, w, true)) };
	else if (a->type->parse(ctx, a, w, slot->nr, out))
		return -1;
	out->span = words_span(w, slot->nr);
	return 0;
}

struct value match_typed(struct ctx *ctx, const struct match *m, int i)
{
	struct value v = { .kind = VALUE_NONE };

	if (m->args[i].nr && match_value(ctx, m, &m->cmd->args[i], &m->args[i].slots[0], &v)) {
		value_free(&v);
		v = (struct value){ .kind = VALUE_NONE };
	}
	return v;
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
static const struct cmd *session_cmd(const struct cmd_table *commands, const struct word *w)
{
	const struct cmd *found;

	if (!w->text || w->quoted || w->raw || !*w->text)
		return NULL;
	find_object(commands, w, MATCH_PREFIX, &found, NULL);
	return found;
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

bool cmd_takes_text(const struct cmd_table *commands, const struct word *first)
{
	const struct cmd *c = session_cmd(commands, first);

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
static enum lex_tail tail_at(const struct cmd_table *commands, const struct word *words, uint32_t nr,
			     uint32_t depth)
{
	const struct cmd *c = session_cmd(commands, &words[0]);
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
			return at < nr ? tail_at(commands, words + at, nr - at, depth + 1) :
			       TAIL_WORD;
		if (at++ == nr)
			return tail_of(a);
	}
	return TAIL_WORDS;
}

/* Where expressions and blocks are taken, each argument is one word, behind its keyword. */
enum lex_tail cmd_raw_tail(const struct cmd_table *commands, const struct word *words,
			   uint32_t nr)
{
	return tail_at(commands, words, nr, 0);
}

const struct word *cmd_sets(const struct cmd_table *commands, const struct word *words, uint32_t nr)
{
	const struct word *found = NULL;
	struct match m;
	int i = 0;

	if (!match(&m, commands, words, nr, NO_SPAN, MATCH_PREFIX | MATCH_PARTIAL, NULL)) {
		for_each_arg(m.cmd, a) {
			if ((a->flags & ARG_SETS) && m.args[i].nr)
				found = &words[m.args[i].slots[0].first];
			i++;
		}
	}
	match_free(&m);
	return found;
}

bool match_partial(struct match *m, const struct cmd_table *commands, const struct word *words,
		   uint32_t nr, const struct cmd_table **t)
{
	const struct cmd *session_cmd;

	*t = find_object(commands, &words[0], MATCH_PREFIX, &session_cmd, NULL);
	if (*t && !session_cmd && nr == 1)
		return true;
	return !match(m, commands, words, nr, NO_SPAN, MATCH_PREFIX | MATCH_PARTIAL, NULL);
}

int match_next(const struct match *m)
{
	return find_positional(m, m->nr > m->rest);
}
