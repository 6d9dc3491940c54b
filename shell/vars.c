// SPDX-License-Identifier: BSD-2-Clause
/* Session variables, and expressions over them. */
#include <ctype.h>
#include <jq.h>
#include <stdio.h>
#include <stdlib.h>

#include "shell/session.h"

struct value *var_find(struct session *s, const char *name)
{
	for (size_t i = 0; i < s->nr_vars; i++)
		if (!strcmp(s->vars[i].name, name))
			return &s->vars[i].value;
	return NULL;
}

void var_set(struct session *s, const char *name, struct value v)
{
	struct value *old = var_find(s, name);

	if (old) {
		value_free(old);
		*old = v;
		return;
	}
	GROW(s->vars, s->nr_vars);
	s->vars[s->nr_vars++] = (struct variable){ .name = xstrdup(name), .value = v };
}

void last_drop(struct session *s)
{
	value_free(&s->last_result);
	s->last_result = (struct value){ .kind = VALUE_NONE };
}

bool var_unset(struct session *s, const char *name)
{
	struct value *v = var_find(s, name), *last = &s->last_result;
	size_t i;

	if (!v)
		return false;
	if (v->kind == VALUE_HANDLE && last->kind == VALUE_HANDLE && last->handle == v->handle)
		last_drop(s);
	i = (struct variable *)((char *)v - offsetof(struct variable, value)) - s->vars;
	value_free(v);
	free(s->vars[i].name);
	s->vars[i] = s->vars[s->nr_vars - 1];
	s->nr_vars--;
	return true;
}

struct vars vars_copy(const struct session *s)
{
	struct vars copy = { .nr = s->nr_vars };

	/* The same power of two as GROW() made, so that the copy can grow on. */
	for (size_t i = 0; i < s->nr_vars; i++) {
		GROW(copy.list, i);
		copy.list[i].name = xstrdup(s->vars[i].name);
		copy.list[i].value = value_copy(&s->vars[i].value);
	}
	return copy;
}

void vars_free(struct vars v)
{
	for (size_t i = 0; i < v.nr; i++) {
		free(v.list[i].name);
		value_free(&v.list[i].value);
	}
	free(v.list);
}

void vars_restore(struct session *s, struct vars v)
{
	vars_free((struct vars){ s->vars, s->nr_vars });
	s->vars = v.list;
	s->nr_vars = v.nr;
	last_drop(s);
}

/* The command that shows objects of a kind, by its place in the table. */
static const struct cmd *show_cmd(enum object_kind kind)
{
	static const char *const objects[OBJ_KINDS] = {
		[OBJ_PROG] = "prog", [OBJ_MAP] = "map", [OBJ_LINK] = "link", [OBJ_BTF] = "btf",
	};

	for (const struct cmd_table *t = bpfsh_commands; t->cmds; t++)
		for (const struct cmd *c = t->cmds; t->object && c->verb; c++)
			if (!strcmp(t->object, objects[kind]) && !strcmp(c->verb, "show"))
				return c;
	return NULL;
}

jv handle_record(struct ctx *ctx, struct handle *h)
{
	struct value argv[ARGS_MAX] = { { .kind = VALUE_HANDLES } };
	struct ctx sub = { .s = ctx->s, .diags = ctx->diags, .cmd = show_cmd(h->kind) };
	struct out memory;
	jv record;

	if (h->fd < 0)
		return jv_object_set(jv_object(), jv_string("name"), jv_string(h->name));
	argv[0].handles.list = &h;
	argv[0].handles.nr = 1;
	argv[0].handles.one = true;
	out_init(&memory, -1);
	sub.argv = argv;
	sub.sink = sink_new(SINK_JSON, &memory);
	if (sub.cmd->run(&sub, argv))
		record = jv_invalid();
	else
		record = jv_parse_sized(buf_str(&memory.buf), memory.buf.len);
	value_free(&sub.result);
	sink_free(sub.sink);
	out_free(&memory);
	return record;
}

static jv value_to_json(struct ctx *ctx, const struct value *v)
{
	switch (v->kind) {
	case VALUE_HANDLE:
		return handle_record(ctx, v->handle);
	case VALUE_JSON:
		return jv_copy(v->json);
	case VALUE_STR:
		return jv_string(v->str);
	case VALUE_NUM:
		return jv_number(v->num);
	default:
		return jv_null();
	}
}

/* $1, $_, $?: what is not in the list of variables. */
static bool special_var(struct ctx *ctx, const char *name, struct value *out)
{
	struct session *s = ctx->s;
	char *end;
	long n;

	if (!strcmp(name, "?")) {
		*out = value_json(jv_number(s->status));
		return true;
	}
	if (!strcmp(name, "_")) {
		if (s->last_result.kind != VALUE_NONE)
			*out = value_copy(&s->last_result);
		else if (s->last.buf.len)
			*out = value_json(jv_parse_sized(s->last.buf.data, s->last.buf.len));
		else
			*out = value_json(jv_null());
		if (out->kind == VALUE_JSON && !jv_is_valid(out->json))
			out->json = jv_null();
		return true;
	}
	if (!isdigit((unsigned char)*name))
		return false;
	n = strtol(name, &end, 10);
	if (*end || n < 1 || n > s->nr_args)
		return false;
	*out = (struct value){ .kind = VALUE_STR, .str = xstrdup(s->args[n - 1]) };
	return true;
}

static int no_variable(struct ctx *ctx, const char *name, struct span at)
{
	const char **names = xcalloc(ctx->s->nr_vars + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < ctx->s->nr_vars; i++)
		names[i] = ctx->s->vars[i].name;
	near = nearest_word(name, names);
	free(names);
	diag_error(ctx->diags, at, "no variable '$%s'", name);
	if (near)
		diag_hint(ctx->diags, "did you mean '$%s'?", near);
	else if (isdigit((unsigned char)*name))
		diag_hint(ctx->diags, "%d argument%s given", ctx->s->nr_args,
			  ctx->s->nr_args == 1 ? " was" : "s were");
	else
		diag_hint(ctx->diags, "'vars' lists the variables; set one by '$%s = COMMAND'", name);
	return -1;
}

/* Follows ".field" and "[n]" steps; takes over @json. */
static int walk_path(struct ctx *ctx, jv json, const char *path, struct span at, jv *out)
{
	while (*path) {
		size_t n;

		if (*path == '.') {
			n = strcspn(++path, ".[");
			if (jv_get_kind(json) != JV_KIND_OBJECT ||
			    !jv_object_has(jv_copy(json), jv_string_sized(path, n))) {
				jv_free(json);
				return diag_error(ctx->diags, at, "no field '%.*s' in this value",
						  (int)n, path);
			}
			json = jv_object_get(json, jv_string_sized(path, n));
			path += n;
		} else if (*path == '[') {
			char *end;
			long i = strtol(path + 1, &end, 10);
			int len = jv_get_kind(json) == JV_KIND_ARRAY ? jv_array_length(jv_copy(json)) : 0;

			i = i < 0 ? i + len : i;
			if (*end != ']' || i < 0 || i >= len) {
				jv_free(json);
				return diag_error(ctx->diags, at, "no element %ld in this value", i);
			}
			json = jv_array_get(json, i);
			path = end + 1;
		} else {
			jv_free(json);
			return diag_error(ctx->diags, at, "bad variable reference");
		}
	}
	*out = json;
	return 0;
}

int var_read(struct ctx *ctx, const char *path, size_t len, struct span at, struct value *out)
{
	char *copy = xstrndup(path, len), *rest = copy + strcspn(copy, ".[");
	char *name = xstrndup(copy, rest - copy);
	struct value base = { 0 };
	struct value *var = var_find(ctx->s, name);
	int err = -1;
	jv json;

	if (var)
		base = value_copy(var);
	else if (!special_var(ctx, name, &base)) {
		no_variable(ctx, name, at);
		goto out;
	}
	if (!*rest) {
		*out = base;
		err = 0;
		goto out;
	}
	json = value_to_json(ctx, &base);
	value_free(&base);
	if (!jv_is_valid(json)) {
		jv_free(json);
		goto out;
	}
	err = walk_path(ctx, json, rest, at, &json);
	if (!err)
		*out = value_json(json);
out:
	free(name);
	free(copy);
	return err;
}

/* An expression being prepared: jq's variables cannot be digits or '?'. */
struct expr {
	struct buf text;
	jv args;
};

/* One "$name" of the expression: renamed where jq needs it, its value put into the arguments. */
static int expr_variable(struct ctx *ctx, struct expr *e, const char *name, size_t len,
			 struct span at)
{
	char *key = NULL;
	struct value v;
	jv json;

	if (*name == '?')
		key = xstrdup("__status");
	else if (isdigit((unsigned char)*name))
		key = xasprintf("__%.*s", (int)len, name);
	else
		key = xstrndup(name, len);
	buf_puts(&e->text, key);
	if (!strcmp(key, "ENV") || !strcmp(key, "__loc__") ||
	    jv_object_has(jv_copy(e->args), jv_string(key))) {
		free(key);
		return 0;
	}
	/* A name that the session does not know may be bound by the expression itself ("as $x"). */
	if (!isdigit((unsigned char)*name) && *name != '?' && *name != '_' &&
	    !var_find(ctx->s, key)) {
		free(key);
		return 0;
	}
	if (var_read(ctx, name, len, at, &v)) {
		free(key);
		return -1;
	}
	json = value_to_json(ctx, &v);
	value_free(&v);
	if (!jv_is_valid(json)) {
		jv_free(json);
		free(key);
		return -1;
	}
	e->args = jv_object_set(e->args, jv_string(key), json);
	free(key);
	return 0;
}

static int expr_prepare(struct ctx *ctx, struct expr *e, const char *expr, struct span at)
{
	for (const char *p = expr; *p;) {
		size_t n;

		buf_putc(&e->text, *p);
		if (*p++ != '$')
			continue;
		n = *p == '?' ? 1 : 0;
		if (isdigit((unsigned char)*p))
			n = strspn(p, "0123456789");
		else if (!n)
			while (isalnum((unsigned char)p[n]) || p[n] == '_')
				n++;
		if (n && expr_variable(ctx, e, p, n, at))
			return -1;
		p += n;
	}
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

/* "syntax error, unexpected ')' (Unix shell quoting issues?) at <top-level>, line 1:" without its tail. */
static const char *jq_message(struct buf *first)
{
	static const char *const tails[] = { " (Unix shell quoting issues?)", " at <top-level>", NULL };
	char *s = (char *)buf_str(first);

	for (const char *const *t = tails; *t; t++) {
		char *at = strstr(s, *t);

		if (at)
			*at = '\0';
	}
	return *s ? s : "the expression is not valid";
}

static int expr_error(struct ctx *ctx, struct buf *messages, struct span at)
{
	diag_error(ctx->diags, at, "%s", jq_message(messages));
	diag_hint(ctx->diags, "expressions are jq's, with the session's variables as $name");
	return -1;
}

/* The text with its variables renamed as expr_prepare() does, and each of them declared. */
static void declare_variables(struct expr *e, const char *expr)
{
	for (const char *p = expr; *p;) {
		struct buf name = BUF_INIT;

		buf_putc(&e->text, *p);
		if (*p++ != '$')
			continue;
		if (*p == '?') {
			buf_puts(&name, "__status");
			p++;
		} else {
			if (isdigit((unsigned char)*p))
				buf_puts(&name, "__");
			while (isalnum((unsigned char)*p) || *p == '_')
				buf_putc(&name, *p++);
		}
		buf_puts(&e->text, buf_str(&name));
		if (name.len && strcmp(name.data, "ENV") && strcmp(name.data, "__loc__"))
			e->args = jv_object_set(e->args, jv_string(name.data), jv_null());
		buf_free(&name);
	}
}

int expr_check(struct ctx *ctx, const char *expr, jv args, struct span at)
{
	struct expr e = { .args = jv_copy(args) };
	struct buf messages = BUF_INIT;
	jq_state *jq = jq_init();
	int err = 0;

	declare_variables(&e, expr);
	jq_set_error_cb(jq, on_jq_error, &messages);
	if (!jq_compile_args(jq, buf_str(&e.text), e.args))
		err = expr_error(ctx, &messages, at);
	jq_teardown(&jq);
	buf_free(&messages);
	buf_free(&e.text);
	return err;
}

int expr_eval(struct ctx *ctx, const char *expr, struct span at, jv *result)
{
	struct expr e = { .args = jv_object() };
	struct buf messages = BUF_INIT;
	jq_state *jq;
	int err = -1;

	if (expr_prepare(ctx, &e, expr, at)) {
		jv_free(e.args);
		buf_free(&e.text);
		return -1;
	}
	jq = jq_init();
	jq_set_error_cb(jq, on_jq_error, &messages);
	if (!jq_compile_args(jq, buf_str(&e.text), e.args)) {
		expr_error(ctx, &messages, at);
	} else {
		jq_start(jq, jv_null(), 0);
		*result = jq_next(jq);
		if (jv_is_valid(*result)) {
			err = 0;
		} else if (jv_invalid_has_msg(jv_copy(*result))) {
			jv msg = jv_invalid_get_msg(*result);

			diag_error(ctx->diags, at, "%s", jv_get_kind(msg) == JV_KIND_STRING ?
				   jv_string_value(msg) : "the expression failed");
			jv_free(msg);
		} else {
			jv_free(*result);
			diag_error(ctx->diags, at, "the expression has no result");
		}
	}
	jq_teardown(&jq);
	buf_free(&messages);
	buf_free(&e.text);
	return err;
}
