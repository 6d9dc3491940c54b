// SPDX-License-Identifier: BSD-2-Clause
/* Expressions in jq's language over the session's variables. */
#include <ctype.h>
#include <jq.h>
#include <stdlib.h>

#include "shell/expr.h"
#include "shell/interrupt.h"
#include "shell/session.h"
#include "shell/vars.h"

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
	struct compiled *c;

	each_variable(&e, expr, declare_known);
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
	struct compiled *program;
	jv args;
};

struct expr_run *expr_open(struct ctx *ctx, const char *expr, struct span at, jv args)
{
	struct expr e = { .ctx = ctx, .at = at, .args = jv_copy(args) };
	struct expr_run *r = NULL;
	struct compiled *c = each_variable(&e, expr, read_variable) ? NULL :
			     compile_expr(&e, e.args);

	if (c) {
		r = xcalloc(1, sizeof(*r));
		*r = (struct expr_run){ .ctx = ctx, .at = at, .program = c,
					.args = jv_copy(e.args) };
	}
	expr_free(&e);
	return r;
}

void expr_feed(struct expr_run *r, jv input)
{
	jq_start(r->program->jq, jv_array_append(jv_array_append(jv_array(), input),
						 jv_copy(r->args)), 0);
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

int expr_next(struct expr_run *r, jv *result)
{
	jv msg;

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
	compiled_put(r->ctx->s, r->program);
	jv_free(r->args);
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
