// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where a program is attached: "xdp dev eth0", "cgroup PATH TYPE". Words are
 * checked here without the kernel; what they name is looked up when the link
 * is made, as a script may make it first.
 */
#include <ctype.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/net.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"

/* The word that a hook's attach type is written at. */
#define TYPE_WORD "TYPE"

/* All words of a hook, its name included. */
static size_t nr_words(const struct hook *h)
{
	size_t nr = 0;

	while (h->words[nr])
		nr++;
	return nr + 1;
}

/* Whether a word of a row stands for itself. */
static bool is_literal(const char *word)
{
	return islower((unsigned char)*word);
}

static size_t hook_take(const struct match *m, const struct arg *a, const struct word *w, size_t nr)
{
	const struct hook *h = w->text ? hook_named(w->text) : NULL;

	/* What is no hook takes all words, so that the error is about its name. */
	if (!h)
		return w->text ? nr : 1;
	return nr_words(h) <= nr ? nr_words(h) : 0;
}

#define NAMES_MAX 64

static int unknown_hook(struct ctx *ctx, const char *name, struct span at)
{
	const char *names[NAMES_MAX] = { NULL };
	struct buf all = BUF_INIT;
	const struct hook *h;
	size_t nr = 0;

	for (size_t i = 0; (h = hook_at(i)) && nr < NAMES_MAX - 1; i++) {
		if (!h->create)
			continue;
		buf_printf(&all, "%s%s", nr ? ", " : "", h->name);
		names[nr++] = h->name;
	}
	diag_error(ctx->diags, at, "a program cannot be attached to '%s'", name);
	diag_suggest(ctx->diags, name, names);
	diag_hint(ctx->diags, "one of: %s", buf_str(&all));
	buf_free(&all);
	return -1;
}

/* As users write it. */
static const char *type_text(const struct hook_type *t)
{
	return t->short_name ? t->short_name : kern_attach_type_name(t->type);
}

static void hint_type(struct ctx *ctx, const struct hook *h, const char *text)
{
	const char *names[NAMES_MAX] = { NULL };
	struct buf all = BUF_INIT;
	size_t nr = 0;

	for (size_t i = 0; i < h->nr_types && nr < NAMES_MAX - 1; i++) {
		const char *name = type_text(&h->types[i]);

		if (!name)
			continue;
		buf_printf(&all, "%s%s", nr ? ", " : "", name);
		names[nr++] = name;
	}
	diag_suggest(ctx->diags, text, names);
	if (h->type_hint)
		diag_hint(ctx->diags, "%s", h->type_hint);
	else
		diag_hint(ctx->diags, "one of: %s", buf_str(&all));
	buf_free(&all);
}

static int type_parse(struct ctx *ctx, const struct hook *h, const struct word *w,
		      struct value *out)
{
	char *text = word_text(ctx, w);
	int type;

	if (!text)
		return -1;
	type = kern_attach_type(text);
	if (type < 0) {
		diag_error(ctx->diags, w->span, "unknown attach type '%s'", text);
		hint_type(ctx, h, text);
	}
	free(text);
	*out = (struct value){ .kind = VALUE_NUM, .num = type, .span = w->span };
	return type < 0 ? -1 : 0;
}

/* A word of those that name the place; several become one text, with a blank between them. */
static int target_parse(struct ctx *ctx, const struct word *w, struct value *out)
{
	char *text = word_text(ctx, w), *before = out->kind == VALUE_STR ? out->str : NULL;
	struct span at = before ? out->span : w->span;

	at.end = w->span.end;
	if (!text)
		return -1;
	*out = (struct value){ .kind = VALUE_STR, .span = at };
	out->str = before ? xasprintf("%s %s", before, text) : text;
	if (before) {
		free(before);
		free(text);
	}
	return 0;
}

/* The parts of a value of arg_hook. */
enum { HOOK_NAME, HOOK_TARGET, HOOK_TYPE, HOOK_PARTS };

/* Reads the words behind the name, as the row has them. */
static int words_parse(struct ctx *ctx, const struct hook *h, const struct word *w,
		       struct value parts[HOOK_PARTS])
{
	int err = 0;

	for (size_t i = 0; h->words[i] && !err; i++) {
		const struct word *word = &w[i + 1];

		if (!strcmp(h->words[i], TYPE_WORD))
			err = type_parse(ctx, h, word, &parts[HOOK_TYPE]);
		else if (!is_literal(h->words[i]))
			err = target_parse(ctx, word, &parts[HOOK_TARGET]);
		else if (!word_is(word, h->words[i]))
			err = diag_error(ctx->diags, word->span, "'%s' expected behind '%s'",
					 h->words[i], i ? h->words[i - 1] : h->name);
	}
	return err;
}

static int hook_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		      struct value *out)
{
	char *name = word_text(ctx, w);
	const struct hook *h = name ? hook_named(name) : NULL;
	struct value *parts;
	int err = -1;

	if (h && nr == nr_words(h)) {
		parts = xcalloc(HOOK_PARTS, sizeof(*parts));
		parts[HOOK_NAME] = (struct value){ .kind = VALUE_STR, .str = name, .span = w->span };
		parts[HOOK_TYPE] = (struct value){ .kind = VALUE_NUM, .num = h->types[0].type };
		*out = (struct value){ .kind = VALUE_LIST, .values = { parts, HOOK_PARTS } };
		return words_parse(ctx, h, w, parts);
	}
	if (h)
		diag_error(ctx->diags, w->span, "'%s' must be written as a word here", name);
	else if (name)
		unknown_hook(ctx, name, w->span);
	free(name);
	return err;
}

static void add_device(void *arg, const char *name, const char *device)
{
	candidate_add(arg, name, device, false);
}

static void device_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	struct buf why = BUF_INIT, hint = BUF_INIT;
	int err = kern_device_names(add_device, c);

	if (err && !c->trouble) {
		kern_reason(&why, &hint, KERN_OTHER, -err);
		buf_free(&hint);
		buf_str(&why);
		c->trouble = buf_detach(&why);
	}
}

static void type_complete(const struct hook *h, struct candidates *c)
{
	for (size_t i = 0; i < h->nr_types; i++) {
		const char *name = type_text(&h->types[i]);

		if (name)
			candidate_add(c, name, h->types[i].short_name ?
				      kern_attach_type_name(h->types[i].type) : NULL, false);
	}
}

static int cgroup_type_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			     struct value *out)
{
	return type_parse(ctx, hook_of_link(BPF_LINK_TYPE_CGROUP), w, out);
}

static void cgroup_type_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
				 const struct word *w, size_t nr, struct candidates *c)
{
	type_complete(hook_of_link(BPF_LINK_TYPE_CGROUP), c);
}

static int socket_type_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			     struct value *out)
{
	return type_parse(ctx, hook_of_link(BPF_LINK_TYPE_SOCKMAP), w, out);
}

static void socket_type_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
				 const struct word *w, size_t nr, struct candidates *c)
{
	type_complete(hook_of_link(BPF_LINK_TYPE_SOCKMAP), c);
	candidate_add(c, kern_attach_type_name(BPF_FLOW_DISSECTOR), NULL, false);
}

const struct arg_type arg_cgroup_type = {
	.name = "TYPE", .parse = cgroup_type_parse, .complete = cgroup_type_complete, .pure = true
}, arg_socket_type = {
	.name = "TYPE", .parse = socket_type_parse, .complete = socket_type_complete, .pure = true
};

static void name_complete(struct candidates *c)
{
	const struct hook *h;

	for (size_t i = 0; (h = hook_at(i)); i++)
		if (h->create)
			candidate_add(c, h->name, h->help, false);
}

/* What a place can be named by, and who knows such names; others are not offered. */
static const struct {
	const char *word;
	const struct arg_type *type;
} place_names[] = {
	{ "DEVICE", &arg_device },
	{ "PATH", &arg_file },
	{ "FILE", &arg_file },
};

static void hook_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			  const struct word *w, size_t nr, struct candidates *c)
{
	const struct hook *h = nr && w->text ? hook_named(w->text) : NULL;
	const char *word = h && nr < nr_words(h) ? h->words[nr - 1] : NULL;

	if (!nr)
		name_complete(c);
	else if (word && is_literal(word))
		candidate_add(c, word, NULL, false);
	else if (word && !strcmp(word, TYPE_WORD))
		type_complete(h, c);
	for (size_t i = 0; word && i < ARRAY_SIZE(place_names); i++)
		if (!strcmp(word, place_names[i].word))
			place_names[i].type->complete(ctx, m, a, w, nr, c);
}

struct link_def hook_def(const struct value *hook)
{
	const struct value *parts = hook->values.list;

	return (struct link_def){
		.hook = hook_named(parts[HOOK_NAME].str), .attach_type = parts[HOOK_TYPE].num,
		.target = parts[HOOK_TARGET].kind == VALUE_STR ? parts[HOOK_TARGET].str : NULL,
	};
}

static int hook_look(struct ctx *ctx, const struct value *v)
{
	const struct value *target = &v->values.list[HOOK_TARGET];
	struct link_def def = hook_def(v);
	struct link_spot spot;
	int err = kern_link_find(&def, &spot, target->kind == VALUE_STR ? target->span : v->span,
				 ctx->diags);

	link_spot_free(&spot);
	return err;
}

static int device_look(struct ctx *ctx, const struct value *v)
{
	__u32 ifindex;

	return hook_find_device(v->str, &ifindex, v->span, ctx->diags);
}

const struct arg_type arg_device = {
	.name = "DEVICE", .parse = arg_parse_string, .complete = device_complete,
	.look = device_look
};

const struct arg_type arg_hook = {
	.name = "HOOK", .take = hook_take, .parse = hook_parse, .complete = hook_complete,
	.look = hook_look, .pure = true
};

static bool is_folder(const char *path, const struct stat *st)
{
	return S_ISDIR(st->st_mode);
}

static void folder_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	candidates_add_paths(c, is_folder);
}

static int cgroup_look(struct ctx *ctx, const struct value *v)
{
	__u64 id;
	int fd = hook_open_cgroup(v->str, &id, v->span, ctx->diags);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

const struct arg_type arg_cgroup = {
	.parse = arg_parse_string, .complete = folder_complete, .look = cgroup_look
};
