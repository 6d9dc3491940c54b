// SPDX-License-Identifier: BSD-2-Clause
/* Looks up what commands name, before any of them runs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/lang/args.h"
#include "shell/lang/value.h"
#include "shell/session/check_refs.h"

struct refs {
	struct session *s;
	struct diags found;
	jv paths;		/* its keys: what earlier commands may make, or what is below it */
	bool objects;		/* an earlier command makes objects, with whatever names and IDs */
	bool anything;		/* an earlier one may have made whatever is missing */
};

struct refs *refs_new(struct session *s)
{
	struct refs *r = xcalloc(1, sizeof(*r));

	*r = (struct refs){ .s = s, .paths = jv_object() };
	return r;
}

bool words_are_known(const struct word *w, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		for (uint32_t k = 0; k < w[i].nr_parts; k++)
			if (w[i].parts[k].is_var && !isdigit((unsigned char)*w[i].parts[k].text))
				return false;
	return true;
}

/* True for a path that is one of those that may be made, or is below one. */
static bool is_made(const struct refs *r, const char *path)
{
	bool found = false;

	jv_object_foreach(r->paths, key, value) {
		const char *made = jv_string_value(key);
		size_t len = strlen(made);

		found |= !strncmp(path, made, len) && (!path[len] || path[len] == '/');
		jv_free(key);
		jv_free(value);
	}
	return found;
}

/* Where object files have the maps pinned that they declare so, unless they say something else. */
static bool is_declared_pin(const char *path)
{
	static const char root[] = "/sys/fs/bpf/";

	return !strncmp(path, root, sizeof(root) - 1) && !strchr(path + sizeof(root) - 1, '/');
}

/* True where what these words name may be there once an earlier command has run. */
static bool may_be_made(struct refs *r, const struct arg *a, const struct word *w, size_t nr)
{
	struct ctx ctx = { .s = r->s, .diags = &r->found };
	bool made = r->anything, path = false;

	for (size_t i = 0; i < nr && !made; i++) {
		char *text = word_text(&ctx, &w[i]);

		path |= text && strchr(text, '/');
		made = text && (is_made(r, text) || (r->objects && is_declared_pin(text)));
		free(text);
	}
	return made || (r->objects && a->type->refers && !path);
}

/* An argument that is more than words for a later time. */
static bool is_looked_up(const struct arg *a)
{
	return a->type && !a->type->raw && !a->type->block && !a->type->runs && !a->type->names;
}

/* Reads one value; false where it has none, and what is wrong is queued unless it may be mended. */
static bool look_up(struct refs *r, struct ctx *ctx, const struct match *m, const struct arg *a,
		    const struct slot *slot, struct value *v)
{
	const struct word *w = m->words + slot->first;
	struct diags wrong = { 0 };
	bool ok;

	if (!words_are_known(w, slot->nr))
		return false;
	ctx->diags = &wrong;
	ok = !match_value(ctx, m, a, slot, v) && (!a->type->look || !a->type->look(ctx, v));
	if (!ok && !may_be_made(r, a, w, slot->nr))
		diags_move(&r->found, &wrong);
	diags_clear(&wrong);
	if (!ok) {
		value_free(v);
		*v = (struct value){ .kind = VALUE_NONE };
	}
	return ok;
}

/* In the order of the table, as what an argument means may depend on those before it. */
static void look_up_all(struct refs *r, struct ctx *ctx, const struct match *m)
{
	bool all_known = true;
	int i = 0;

	for_each_arg(m->cmd, a) {
		for (uint32_t k = 0; k < m->args[i].nr && is_looked_up(a); k++) {
			struct value v = { 0 };

			if (a->type->relative && !all_known)
				continue;
			all_known &= look_up(r, ctx, m, a, &m->args[i].slots[k], &v);
			value_free(&ctx->argv[i]);
			ctx->argv[i] = v;
		}
		i++;
	}
}

/* What is missing there is worth a word, and no error. */
static void only_note(struct diags *d)
{
	for (int i = 0; i < d->nr; i++)
		d->list[i].severity = SEV_NOTE;
	d->errors = 0;
}

void refs_look_up(struct refs *r, const struct match *m, struct span span, bool maybe)
{
	struct value argv[ARGS_MAX] = { 0 };
	struct ctx ctx = { .s = r->s, .cmd = m->cmd, .argv = argv, .span = span };
	struct diags before = r->found;

	r->found = (struct diags){ 0 };
	look_up_all(r, &ctx, m);
	if (maybe)
		only_note(&r->found);
	diags_move(&before, &r->found);
	r->found = before;
	for (int i = 0; i < ARGS_MAX; i++)
		value_free(&argv[i]);
}

static void add_path(struct refs *r, const struct word *w)
{
	struct ctx ctx = { .s = r->s, .diags = &r->found };
	char *text = words_are_known(w, 1) ? word_text(&ctx, w) : NULL;

	if (text)
		r->paths = jv_object_set(r->paths, jv_string(text), jv_null());
	else
		r->anything = true;
	free(text);
}

void refs_command(struct refs *r, const struct match *m)
{
	int i = 0;

	if (m->cmd->flags & CMD_MAKES)
		r->objects = true;
	for_each_arg(m->cmd, a) {
		if (m->args[i].nr && a->type && a->type->makes_path)
			add_path(r, &m->words[m->args[i].slots[0].first]);
		i++;
	}
}

void refs_stmt(struct refs *r, const struct stmt *stmt)
{
	if (stmt->shell)
		r->anything = true;
	for (uint32_t i = 0; i < stmt->nr_stages; i++)
		for (uint32_t k = 0; k < stmt->stages[i].nr; k++)
			add_path(r, &stmt->stages[i].words[k]);
	if (stmt->has_redirect)
		add_path(r, &stmt->redirect);
}

void refs_free(struct refs *r, struct diags *d)
{
	diags_move(d, &r->found);
	jv_free(r->paths);
	free(r);
}
