// SPDX-License-Identifier: BSD-2-Clause
/* Expressions in jq's language over the session's variables. */
#include <ctype.h>
#include <jq.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/lang/expr.h"
#include "shell/lang/jq_child.h"
#include "shell/lang/lex.h"
#include "shell/lang/state.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"

/* An expression made ready for jq, whose variables cannot be digits or '?'. */
struct expr {
	struct ctx *ctx;
	struct span at;
	struct buf text;	/* the expression, with its variables as jq calls them */
	struct buf bound;	/* "$__vars.x as $x | ": those that the session has */
	jv args;		/* their values, by name */
	jv known;		/* expr_check(): variables that there will be, by name; borrowed */
	char *unknown;		/* what expr_unknown() looks for */
};

/* What jq calls the session's variable of this name: a new string. */
static char *jq_name(const char *name, size_t len)
{
	if (*name == '?')
		return xstrdup("__status");
	return xasprintf(isdigit((unsigned char)*name) ? "__%.*s" : "%.*s", (int)len, name);
}

/* Length of the name behind a dollar sign; 0 where none is. */
static size_t name_len(const char *s)
{
	size_t n = 0;

	if (*s == '?')
		return 1;
	if (isdigit((unsigned char)*s))
		return strspn(s, "0123456789");
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

typedef int (*variable_fn)(struct expr *e, const char *name, size_t len);

/* Copies the expression with its variables as jq calls them, and calls @fn with each of them. */
static int each_variable(struct expr *e, const char *text, variable_fn fn)
{
	struct expr_scan scan = { 0 };
	size_t len = strlen(text);

	for (size_t at = 0; at < len;) {
		bool code = !expr_in_text(&scan);
		size_t n = expr_step(&scan, text + at, len - at);

		if (code && text[at] == '#')
			n = strcspn(text + at, "\n");
		buf_add(&e->text, text + at, n);
		if (code && text[at] == '$' && name_len(text + at + n)) {
			const char *name = text + at + n;
			char *renamed;

			n += name_len(name);
			renamed = jq_name(name, name_len(name));
			buf_puts(&e->text, renamed);
			free(renamed);
			if (fn(e, name, name_len(name)))
				return -1;
		}
		at += n;
	}
	return 0;
}

/* Gives jq the variable, once; takes over @value. */
static void bind(struct expr *e, const char *name, size_t len, jv value)
{
	char *key = jq_name(name, len);
	char *text = xasprintf("$__vars[\"%s\"] as $%s | ", key, key);

	e->args = jv_object_set(e->args, jv_string(key), value);
	if (!strstr(buf_str(&e->bound), text))
		buf_puts(&e->bound, text);
	free(text);
	free(key);
}

static bool is_special(const char *name, size_t len)
{
	return isdigit((unsigned char)*name) || *name == '?' || (len == 1 && *name == '_');
}

static struct value *session_var(struct session *s, const char *name, size_t len)
{
	char *copy = xstrndup(name, len);
	struct value *v = var_find(s, copy);

	free(copy);
	return v;
}

/* Gives jq the variable's value. One that the session does not know may be the expression's own. */
static int read_variable(struct expr *e, const char *name, size_t len)
{
	jv json = jv_object_get(jv_copy(e->args), jv_string_sized(name, len));
	struct value v;

	if (jv_is_valid(json)) {
		bind(e, name, len, json);
		return 0;
	}
	jv_free(json);
	if (!is_special(name, len) && !session_var(e->ctx->s, name, len))
		return 0;
	if (var_read(e->ctx, name, len, e->at, &v))
		return -1;
	json = value_to_json(e->ctx, &v);
	value_free(&v);
	if (!jv_is_valid(json)) {
		jv_free(json);
		return -1;
	}
	bind(e, name, len, json);
	return 0;
}

/* libjq reports what is wrong with a program line by line; its first sentence is enough. */
static void on_jq_error(void *data, jv msg)
{
	struct buf *first = data;
	jv text = jq_format_error(msg);
	const char *s = jv_string_value(text);

	if (!first->len) {
		if (!strncmp(s, "jq: error: ", 11))
			s += 11;
		buf_add(first, s, strcspn(s, "\n"));
	}
	jv_free(text);
}

/* "syntax error, unexpected ')' (Unix shell quoting issues?) at <top-level>, ..." without its tail. */
static const char *jq_message(struct buf *first)
{
	static const char *const tails[] = {
		" (Unix shell quoting issues?)", " at <top-level>", NULL
	};
	char *s = (char *)buf_str(first);

	for (const char *const *t = tails; *t; t++) {
		char *at = strstr(s, *t);

		if (at)
			*at = '\0';
	}
	return *s ? s : "the expression is not valid";
}

/* Says why jq refused it. */
static int expr_error(struct ctx *ctx, struct buf *messages, jv known, struct span at)
{
	const char *msg = jq_message(messages);
	size_t len = *msg == '$' ? name_len(msg + 1) : 0;
	char *name;

	if (!len || strcmp(msg + 1 + len, " is not defined")) {
		diag_error(ctx->diags, at, "%s", msg);
		diag_hint(ctx->diags, "expressions are jq's, with all variables as $name");
		return -1;
	}
	name = xstrndup(msg + 1, len);
	if (!strncmp(name, "__", 2) && isdigit((unsigned char)name[2]))
		arg_missing(ctx->s, ctx->diags, at, name + 2);
	else
		var_missing(ctx->diags, at, name, known);
	free(name);
	return -1;
}

/* Those that are no plain names are always there, but for arguments that were not given. */
static int declare_known(struct expr *e, const char *name, size_t len)
{
	bool given = !isdigit((unsigned char)*name) ||
		     strtoul(name, NULL, 10) <= e->ctx->s->nr_args;

	if (is_special(name, len) ? given :
	    jv_object_has(jv_copy(e->known), jv_string_sized(name, len)))
		bind(e, name, len, jv_null());
	return 0;
}

/* Literals and variables alone need no jq, which takes long to compile anything. */

/* JSON is a part of jq's language; what its parser refuses is none, or jq says what is wrong. */
static jv literal(const char *expr)
{
	size_t len = strlen(expr);
	jv v;

	if (!strchr("-0123456789\"[{tfn", expr[strspn(expr, " \t\n")]) || len > INT32_MAX)
		return jv_invalid();
	v = jv_parse_sized(expr, len);
	if (jv_is_valid(v))
		return v;
	jv_free(v);
	return jv_invalid();
}

/* The value of "$name", which each_variable() has read, or of a literal; else invalid. */
static jv constant(struct expr *e)
{
	const char *text = buf_str(&e->text);
	size_t start = strspn(text, " \t\n"), len;

	if (text[start] != '$')
		return literal(text);
	len = name_len(text + start + 1);
	if (!len || text[start + 1 + len + strspn(text + start + 1 + len, " \t\n")])
		return jv_invalid();
	return jv_object_get(jv_copy(e->args), jv_string_sized(text + start + 1, len));
}

/* What runs in this process */

/* Words that do no more in one step than what they are given is long. */
static const char *const plain_words[] = {
	"add", "and", "as", "elif", "else", "empty", "end", "endswith", "false", "has", "if",
	"keys", "length", "map", "not", "null", "or", "range", "select", "startswith", "then", "tonumber", "tostring", "true", "type", NULL
};

static bool is_plain_word(const char *s, size_t len)
{
	for (const char *const *w = plain_words; *w; w++)
		if (strlen(*w) == len && !memcmp(*w, s, len))
			return true;
	return false;
}

/* True for one that compares. */
static bool is_plain_equals(const char *text, size_t at)
{
	return text[at + 1] == '=' || (at && strchr("=!<>", text[at - 1]));
}

/*
 * Length of the part of a program's code at @at; 0 where it may recurse, repeat or take much
 * memory, in short, where one step may be long or end the process.
 */
static size_t plain_part(const char *text, size_t at)
{
	const char *s = text + at;
	size_t len = strspn(s, "0123456789") ? strspn(s, "0123456789.eE") : name_len(s);

	if (*s == '$')
		return 1 + name_len(s + 1);
	if (*s == '.')
		return s[1] == '.' ? 0 : 1 + name_len(s + 1);
	if (len)
		return isdigit((unsigned char)*s) || is_plain_word(s, len) ? len : 0;
	return *s == '*' || *s == '@' || (*s == '=' && !is_plain_equals(text, at)) ? 0 : 1;
}

/* Whether running it can neither crash jq nor keep it beyond a signal; else a child does. */
static bool is_plain(const char *text)
{
	struct expr_scan scan = { 0 };
	size_t len = strlen(text);
	bool gathers = false, ranges = false;

	for (size_t at = 0; at < len;) {
		bool code = !expr_in_text(&scan);
		size_t n = expr_step(&scan, text + at, len - at);

		if (code && text[at] == '#') {
			n = strcspn(text + at, "\n");
		} else if (code && text[at] != '"') {
			size_t part = plain_part(text, at);

			gathers |= text[at] == '[' || !strncmp(text + at, "map", 3);
			ranges |= !strncmp(text + at, "range", 5);
			if (!part)
				return false;
			n = part > n ? part : n;
		}
		at += n;
	}
	return !(gathers && ranges);
}

/* Compiled expressions */

#define CACHE_MAX 32

/* Compiling takes many milliseconds, so that what was compiled is kept; the oldest makes room. */
struct compiled {
	char *text;
	jq_state *jq;
	bool busy;
	unsigned long used;
};

struct expr_cache {
	struct compiled *list[CACHE_MAX];
	unsigned long clock;
};

static void compiled_free(struct compiled *c)
{
	if (!c)
		return;
	jq_teardown(&c->jq);
	free(c->text);
	free(c);
}

void expr_cache_free(struct expr_cache *cache)
{
	for (int i = 0; cache && i < CACHE_MAX; i++)
		compiled_free(cache->list[i]);
	free(cache);
}

static void ignore_message(void *data, jv msg)
{
	jv_free(msg);
}

/* NULL with jq's messages. */
static struct compiled *compile(const char *text, struct buf *messages)
{
	struct compiled *c = xcalloc(1, sizeof(*c));

	*c = (struct compiled){ .text = xstrdup(text), .jq = jq_init() };
	jq_set_error_cb(c->jq, on_jq_error, messages);
	if (!jq_compile_args(c->jq, text, jv_object())) {
		compiled_free(c);
		return NULL;
	}
	jq_set_error_cb(c->jq, ignore_message, NULL);
	return c;
}

/* The place of the one that was not used for longest; NULL where all are in use. */
static struct compiled **oldest(struct expr_cache *cache)
{
	struct compiled **found = NULL;

	for (int i = 0; i < CACHE_MAX; i++) {
		struct compiled **c = &cache->list[i];

		if (!*c)
			return c;
		if (!(*c)->busy && (!found || (*c)->used < (*found)->used))
			found = c;
	}
	return found;
}

/* The text compiled, to be given back; NULL with jq's messages. */
static struct compiled *compiled_get(struct session *s, const char *text, struct buf *messages)
{
	struct compiled *c = NULL, **place;

	if (!s->exprs)
		s->exprs = xcalloc(1, sizeof(*s->exprs));
	for (int i = 0; i < CACHE_MAX && !c; i++)
		if (s->exprs->list[i] && !s->exprs->list[i]->busy &&
		    !strcmp(s->exprs->list[i]->text, text))
			c = s->exprs->list[i];
	if (!c) {
		c = compile(text, messages);
		place = c ? oldest(s->exprs) : NULL;
		if (place) {
			compiled_free(*place);
			*place = c;
		}
	}
	if (c) {
		c->busy = true;
		c->used = ++s->exprs->clock;
	}
	return c;
}

/* Lets go of what it works on, and keeps the program unless there was no place for it. */
static void compiled_put(struct session *s, struct compiled *c)
{
	c->busy = false;
	jq_start(c->jq, jv_null(), 0);
	for (int i = 0; i < CACHE_MAX; i++)
		if (s->exprs->list[i] == c)
			return;
	compiled_free(c);
}

/* Says what is wrong with it; jq is to see no more than what was written. */
static void explain(struct expr *e, struct buf *messages, jv known)
{
	jq_state *jq = jq_init();
	struct buf alone = BUF_INIT;

	jq_set_error_cb(jq, on_jq_error, &alone);
	jq_compile_args(jq, buf_str(&e->text), jv_copy(e->args));
	expr_error(e->ctx, alone.len ? &alone : messages, known, e->at);
	jq_teardown(&jq);
	buf_free(&alone);
}

/* The program: it gets the input and the variables' values in an array. */
static struct compiled *compile_expr(struct expr *e, jv known)
{
	char *text = xasprintf(". as [$__input, $__vars] | %s$__input | (%s\n)", buf_str(&e->bound),
			       buf_str(&e->text));
	struct buf messages = BUF_INIT;
	struct compiled *c = compiled_get(e->ctx->s, text, &messages);

	if (!c)
		explain(e, &messages, known);
	buf_free(&messages);
	free(text);
	return c;
}

static void expr_free(struct expr *e)
{
	jv_free(e->args);
	buf_free(&e->text);
	buf_free(&e->bound);
}

int expr_check(struct ctx *ctx, const char *expr, jv known, struct span at)
{
	struct expr e = { .ctx = ctx, .at = at, .args = jv_object(), .known = known };
	struct compiled *c = NULL;
	jv value;

	each_variable(&e, expr, declare_known);
	value = constant(&e);
	if (jv_is_valid(value)) {
		jv_free(value);
		expr_free(&e);
		return 0;
	}
	jv_free(value);
	c = compile_expr(&e, known);
	if (c)
		compiled_put(ctx->s, c);
	expr_free(&e);
	return c ? 0 : -1;
}

/* Results, one after the other */

struct expr_run {
	struct ctx *ctx;
	struct span at;
	struct compiled *program;	/* NULL: a constant */
	jv args;
	bool plain;		/* it runs here, not in a child */
	struct jq_child *child;
	jv constant, next;	/* its value; and what of it is still to come, or invalid */
};

struct expr_run *expr_open(struct ctx *ctx, const char *expr, struct span at, jv args)
{
	struct expr e = { .ctx = ctx, .at = at, .args = jv_copy(args) };
	struct expr_run *r = NULL;
	struct compiled *c = NULL;
	jv value = jv_invalid();
	int err = each_variable(&e, expr, read_variable);

	if (!err)
		value = constant(&e);
	if (!err && !jv_is_valid(value))
		c = compile_expr(&e, e.args);
	if (c || jv_is_valid(value)) {
		r = xcalloc(1, sizeof(*r));
		*r = (struct expr_run){ .ctx = ctx, .at = at, .program = c,
					.args = jv_copy(e.args), .constant = value,
					.plain = is_plain(expr), .next = jv_invalid() };
	} else {
		jv_free(value);
	}
	expr_free(&e);
	return r;
}

void expr_feed(struct expr_run *r, jv input)
{
	if (r->child)
		jq_child_end(r->child);
	r->child = NULL;
	if (!r->program) {
		jv_free(input);
		jv_free(r->next);
		r->next = jv_copy(r->constant);
		return;
	}
	input = jv_array_append(jv_array_append(jv_array(), input), jv_copy(r->args));
	if (!r->plain)
		r->child = jq_child_start(r->program->jq, jv_copy(input));
	/* Where no process can be had, all that is lost is what it protects from. */
	if (!r->child)
		jq_start(r->program->jq, jv_copy(input), 0);
	jv_free(input);
}

struct expr_run *expr_start(struct ctx *ctx, const char *expr, struct span at)
{
	jv none = jv_object();
	struct expr_run *r = expr_open(ctx, expr, at, none);

	jv_free(none);
	if (r)
		expr_feed(r, jv_null());
	return r;
}

/* In a signal's handler: jq_halt() only sets what jq_next() looks at before each step. */
static void halt(void *jq)
{
	if (!jq_halted(jq))
		jq_halt(jq, jv_null(), jv_null());
}

/* The next result; a signal ends a search that would find none for long, or for ever. */
static jv next(jq_state *jq)
{
	jv result;

	interrupt_call(halt, jq);
	result = interrupted() ? jv_invalid() : jq_next(jq);
	interrupt_call(NULL, NULL);
	return result;
}

static int next_constant(struct expr_run *r, jv *result)
{
	*result = r->next;
	r->next = jv_invalid();
	return jv_is_valid(*result);
}

static int next_of_child(struct expr_run *r, jv *result)
{
	struct buf error = BUF_INIT;
	int found = jq_child_next(r->child, result, &error);

	if (found < 0)
		diag_error(r->ctx->diags, r->at, "%s", buf_str(&error));
	buf_free(&error);
	return found;
}

int expr_next(struct expr_run *r, jv *result)
{
	jv msg;

	if (!r->program)
		return next_constant(r, result);
	if (r->child)
		return next_of_child(r, result);
	*result = next(r->program->jq);
	if (jv_is_valid(*result))
		return 1;
	if (interrupted()) {
		jv_free(*result);
		return diag_error(r->ctx->diags, r->at, "interrupted");
	}
	if (!jv_invalid_has_msg(jv_copy(*result))) {
		jv_free(*result);
		return 0;
	}
	msg = jv_invalid_get_msg(*result);
	diag_error(r->ctx->diags, r->at, "%s", jv_get_kind(msg) == JV_KIND_STRING ?
		   jv_string_value(msg) : "the expression failed");
	jv_free(msg);
	return -1;
}

void expr_end(struct expr_run *r)
{
	if (r->child)
		jq_child_end(r->child);
	if (r->program)
		compiled_put(r->ctx->s, r->program);
	jv_free(r->args);
	jv_free(r->constant);
	jv_free(r->next);
	free(r);
}

int expr_eval(struct ctx *ctx, const char *expr, struct span at, jv *result)
{
	struct expr_run *r = expr_start(ctx, expr, at);
	int found;

	if (!r)
		return -1;
	found = expr_next(r, result);
	if (!found)
		diag_error(ctx->diags, at, "the expression has no result");
	expr_end(r);
	return found > 0 ? 0 : -1;
}

bool expr_truth(jv value)
{
	bool truth = jv_get_kind(value) != JV_KIND_FALSE && jv_get_kind(value) != JV_KIND_NULL;

	jv_free(value);
	return truth;
}

/* Notes the first variable that has no value while a plan is made. */
static int find_unknown(struct expr *e, const char *name, size_t len)
{
	const struct value *v = session_var(e->ctx->s, name, len);

	/* An object is its record here. */
	if (!var_unknown(e->ctx->s, name, len) &&
	    !(v && v->kind == VALUE_HANDLE && v->handle->fd < 0))
		return 0;
	e->unknown = xstrndup(name, len);
	return -1;
}

char *expr_unknown(struct ctx *ctx, const char *expr)
{
	struct expr e = { .ctx = ctx, .args = jv_null() };

	each_variable(&e, expr, find_unknown);
	expr_free(&e);
	return e.unknown;
}
