// SPDX-License-Identifier: BSD-2-Clause
/* Session variables. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/near.h"
#include "shell/kern/handle.h"
#include "shell/lang/state.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"

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

bool var_unknown(struct session *s, const char *path, size_t len)
{
	char *name = xstrndup(path, len);
	size_t end = strcspn(name, ".[");
	bool field = name[end], last;
	struct value *v;

	name[end] = '\0';
	last = !strcmp(name, "_");
	v = var_find(s, name);
	free(name);
	if (!v)
		return last;
	return v->kind == VALUE_NONE || (field && v->kind == VALUE_HANDLE && v->handle->fd < 0);
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

/* The command whose output is the record of an object of this kind. */
static const struct cmd *record_cmd(const struct cmd_table *commands, enum object_kind kind)
{
	for (const struct cmd_table *t = commands; t->cmds; t++)
		for_each_cmd(t, c)
			if (c->flags & CMD_RECORD && t->object && !strcmp(t->object, object_words[kind]))
				return c;
	return NULL;
}

jv handle_record(struct ctx *ctx, struct handle *h)
{
	struct value argv[ARGS_MAX] = { { .kind = VALUE_HANDLES } };
	struct ctx sub = { .s = ctx->s, .diags = ctx->diags, .argv = argv,
			   .cmd = record_cmd(ctx->s->commands, h->kind) };
	struct out memory;
	jv record;

	if (h->fd < 0)
		return jv_object_set(jv_object(), jv_string("name"), jv_string(h->name));
	argv[0].handles.list = &h;
	argv[0].handles.nr = 1;
	out_init(&memory, -1);
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

jv value_to_json(struct ctx *ctx, const struct value *v)
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

int var_missing(struct diags *d, struct span at, const char *name, jv known)
{
	const char **names = xcalloc(jv_object_length(jv_copy(known)) + 1, sizeof(*names)), *near;
	size_t nr = 0;

	/* The keys live as long as the object. */
	jv_object_foreach(known, key, value) {
		names[nr++] = jv_string_value(key);
		jv_free(key);
		jv_free(value);
	}
	near = nearest_word(name, names);
	free(names);
	diag_error(d, at, "no variable '$%s'", name);
	if (near)
		diag_hint(d, "did you mean '$%s'?", near);
	else
		diag_hint(d, "'vars' lists the variables; set one by '$%s = COMMAND'", name);
	return -1;
}

int arg_missing(const struct session *s, struct diags *d, struct span at, const char *name)
{
	diag_error(d, at, "no argument '$%s'", name);
	diag_hint(d, "%d argument%s given", s->nr_args, s->nr_args == 1 ? " was" : "s were");
	return -1;
}

static int no_variable(struct ctx *ctx, const char *name, struct span at)
{
	jv known = jv_object();

	if (isdigit((unsigned char)*name)) {
		jv_free(known);
		return arg_missing(ctx->s, ctx->diags, at, name);
	}
	for (size_t i = 0; i < ctx->s->nr_vars; i++)
		known = jv_object_set(known, jv_string(ctx->s->vars[i].name), jv_null());
	var_missing(ctx->diags, at, name, known);
	jv_free(known);
	return -1;
}

/* *@json becomes its element that "[n]" at *@path stands for; *@path goes behind that. */
static int index_step(struct ctx *ctx, jv *json, const char **path, struct span at)
{
	bool array = jv_get_kind(*json) == JV_KIND_ARRAY;
	int len = array ? jv_array_length(jv_copy(*json)) : 0;
	char *end;
	long i = strtol(*path + 1, &end, 10);

	i = i < 0 ? i + len : i;
	if (*end != ']' || i < 0 || i >= len)
		return diag_error(ctx->diags, at, "no element %ld in this value", i);
	*json = jv_array_get(*json, i);
	*path = end + 1;
	return 0;
}

/* The same for ".field". */
static int field_step(struct ctx *ctx, jv *json, const char **path, struct span at)
{
	const char *name = *path + 1;
	size_t len = strcspn(name, ".[");

	if (jv_get_kind(*json) != JV_KIND_OBJECT ||
	    !jv_object_has(jv_copy(*json), jv_string_sized(name, len)))
		return diag_error(ctx->diags, at, "no field '%.*s' in this value", (int)len, name);
	*json = jv_object_get(*json, jv_string_sized(name, len));
	*path = name + len;
	return 0;
}

/* Follows ".field" and "[n]" steps; takes over @json. */
static int walk_path(struct ctx *ctx, jv json, const char *path, struct span at, jv *out)
{
	int err = 0;

	while (*path && !err) {
		if (*path == '.')
			err = field_step(ctx, &json, &path, at);
		else if (*path == '[')
			err = index_step(ctx, &json, &path, at);
		else
			err = diag_error(ctx->diags, at, "bad variable reference");
	}
	if (err)
		jv_free(json);
	else
		*out = json;
	return err;
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
