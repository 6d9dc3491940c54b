// SPDX-License-Identifier: BSD-2-Clause
/*
 * What keeps an object alive: its holders, and theirs, as a tree of JSON, which the
 * sentence is made of.
 */
#include <jv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/holders.h"
#include "commands/hooks/attachments.h"
#include "commands/hooks/hooks.h"
#include "commands/uses.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"

struct why {
	struct ctx *ctx;
	struct attachments all;
	struct holders *holders;
	struct uses uses;
};

/* Holders of holders: so far they are followed. A link's own end it: only pins and processes. */
#define DEPTH 2

/* Of a kind, a sentence names so many; JSON has all. */
#define NAMED 8

static jv set(jv object, const char *key, jv value)
{
	return jv_object_set(object, jv_string(key), value);
}

static jv holder(const char *by)
{
	return set(jv_object(), "by", jv_string(by));
}

/* The tree */

static jv held_by(struct why *w, enum object_kind kind, __u32 id, int depth);

static jv put_name(jv object, enum object_kind kind, __u32 id)
{
	struct handle *h = kind == OBJ_LINK ? NULL : kern_open_object(kind, id);

	if (h && h->name && *h->name)
		object = set(object, "name", jv_string(h->name));
	handle_put(h);
	return object;
}

static jv put_place(jv object, const struct attachment *a)
{
	struct buf place = BUF_INIT;

	attachment_place(&place, a);
	object = set(object, "hook", jv_string(attach_hooks[a->hook]));
	object = set(object, "place", jv_string(buf_str(&place)));
	buf_free(&place);
	return set(object, "type", jv_string(a->type));
}

static jv put_link_place(const struct why *w, jv object, __u32 id)
{
	for (size_t i = 0; i < w->all.nr; i++)
		if (w->all.rows[i].link_id == id)
			return put_place(object, &w->all.rows[i]);
	return object;
}

/* Programs, maps and links. */
static jv add_uses(struct why *w, jv list, enum object_kind kind, __u32 id, int depth)
{
	struct use_span found = uses_of(&w->uses, kind, id);

	for (size_t i = 0; i < found.nr; i++) {
		const struct use *use = &found.rows[i];
		jv one = set(holder(object_words[use->by]), "id", jv_number(use->by_id));

		one = put_name(one, use->by, use->by_id);
		if (use->by == OBJ_LINK)
			one = put_link_place(w, one, use->by_id);
		if (depth < DEPTH || use->by == OBJ_LINK)
			one = set(one, "held_by", held_by(w, use->by, use->by_id, depth + 1));
		list = jv_array_append(list, one);
	}
	return list;
}

/* Where a program, or a map of struct_ops, is attached without a link that is known. */
static jv add_attachments(struct why *w, jv list, enum object_kind kind, __u32 id)
{
	for (size_t i = 0; i < w->all.nr; i++) {
		const struct attachment *a = &w->all.rows[i];
		jv one;

		if (a->link_id || a->in_doubt || (kind != OBJ_PROG && kind != OBJ_MAP) ||
		    (kind == OBJ_PROG ? a->prog_id : a->prog_id ? 0 : a->map_id) != id)
			continue;
		one = put_place(holder("attachment"), a);
		if (a->pid)
			one = set(one, "pid", jv_number(a->pid));
		list = jv_array_append(list, one);
	}
	return list;
}

static jv add_pins(struct why *w, jv list, enum object_kind kind, __u32 id)
{
	struct holder_span found = holders_of(w->holders, kind, id, true);

	for (size_t i = 0; i < found.nr; i++)
		list = jv_array_append(list, set(holder("pin"), "path",
						 jv_string(found.rows[i].name)));
	return list;
}

static jv add_processes(struct why *w, jv list, enum object_kind kind, __u32 id)
{
	struct holder_span found = holders_of(w->holders, kind, id, false);

	for (size_t i = 0; i < found.nr; i++)
		list = jv_array_append(list, set(set(
			holder("process"), "pid", jv_number(found.rows[i].pid)),
			"comm", jv_string(found.rows[i].name)));
	return list;
}

static jv add_variables(struct why *w, jv list, enum object_kind kind, __u32 id)
{
	const struct session *s = w->ctx->s;

	for (size_t i = 0; i < s->nr_vars; i++) {
		const struct value *v = &s->vars[i].value;

		if (v->kind == VALUE_HANDLE && v->handle->kind == kind && v->handle->id == id)
			list = jv_array_append(list, set(holder("variable"), "name",
							 jv_string(s->vars[i].name)));
	}
	return list;
}

/* Types of the kernel and its modules. */
static jv add_kernel(jv list, enum object_kind kind, __u32 id)
{
	char name[KERN_NAME_MAX] = "";
	struct bpf_btf_info info = { 0 };
	int fd = kind == OBJ_BTF ? kern_open_id(kind, id) : -1;
	int err = fd < 0 ? fd : kern_btf_info(fd, &info, name, sizeof(name));

	if (fd >= 0)
		close(fd);
	return !err && info.kernel_btf ? jv_array_append(list, holder("kernel")) : list;
}

static jv held_by(struct why *w, enum object_kind kind, __u32 id, int depth)
{
	jv list = add_kernel(jv_array(), kind, id);

	list = add_uses(w, list, kind, id, depth);
	list = add_attachments(w, list, kind, id);
	list = add_pins(w, list, kind, id);
	list = add_processes(w, list, kind, id);
	return add_variables(w, list, kind, id);
}

/* The sentence */

/* A member of an object as text, which is kept in @b. */
static const char *text(jv object, const char *key, struct buf *b)
{
	jv v = jv_object_get(jv_copy(object), jv_string(key));

	buf_reset(b);
	if (jv_get_kind(v) == JV_KIND_STRING)
		buf_puts(b, jv_string_value(v));
	else if (jv_get_kind(v) == JV_KIND_NUMBER)
		buf_printf(b, "%u", (unsigned)jv_number_value(v));
	jv_free(v);
	return buf_str(b);
}

static void say_held(struct buf *out, jv list, const char *between);

/* "program 3 'filter'", and what holds it. */
static void say_object(struct buf *out, const char *kind, jv one)
{
	jv list = jv_object_get(jv_copy(one), jv_string("held_by"));
	struct buf b = BUF_INIT;

	buf_printf(out, "%s %s", kind, text(one, "id", &b));
	if (*text(one, "name", &b))
		buf_printf(out, " '%s'", buf_str(&b));
	if (jv_get_kind(list) == JV_KIND_ARRAY && jv_array_length(jv_copy(list))) {
		buf_puts(out, ", which is ");
		say_held(out, jv_copy(list), " and ");
	}
	jv_free(list);
	buf_free(&b);
}

static void say_prog(struct buf *out, jv one)
{
	say_object(out, object_names[OBJ_PROG], one);
}

static void say_map(struct buf *out, jv one)
{
	say_object(out, object_names[OBJ_MAP], one);
}

static void say_place(struct buf *out, jv one)
{
	struct buf place = BUF_INIT, type = BUF_INIT;

	text(one, "place", &place);
	buf_printf(out, "%s (%s)", buf_str(&place), text(one, "type", &type));
	buf_free(&place);
	buf_free(&type);
}

static void say_link(struct buf *out, jv one)
{
	struct buf b = BUF_INIT;

	if (*text(one, "place", &b)) {
		say_place(out, one);
		buf_puts(out, " by ");
	}
	say_object(out, object_names[OBJ_LINK], one);
	buf_free(&b);
}

static void say_attachment(struct buf *out, jv one)
{
	struct buf b = BUF_INIT;

	say_place(out, one);
	if (*text(one, "pid", &b))
		buf_printf(out, " by process %s", buf_str(&b));
	else
		buf_puts(out, " without a link");
	buf_free(&b);
}

static void say_pin(struct buf *out, jv one)
{
	struct buf b = BUF_INIT;

	buf_puts(out, text(one, "path", &b));
	buf_free(&b);
}

static void say_process(struct buf *out, jv one)
{
	struct buf b = BUF_INIT;

	buf_puts(out, text(one, "comm", &b));
	buf_printf(out, "(%s)", text(one, "pid", &b));
	buf_free(&b);
}

static void say_variable(struct buf *out, jv one)
{
	struct buf b = BUF_INIT;

	buf_printf(out, "$%s", text(one, "name", &b));
	buf_free(&b);
}

static void say_kernel(struct buf *out, jv one)
{
	buf_puts(out, "the kernel");
}

/* What holds something, in the order of a sentence. */
static const struct saying {
	const char *by, *words;
	void (*say)(struct buf *out, jv one);
} sayings[] = {
	{ "kernel", "part of ", say_kernel },
	{ "prog", "held by ", say_prog },
	{ "map", "inside of ", say_map },
	{ "link", "attached to ", say_link },
	{ "attachment", "attached to ", say_attachment },
	{ "pin", "pinned at ", say_pin },
	{ "process", "open in ", say_process },
	{ "variable", "held by this session's ", say_variable },
};

/* Those of one kind: "pinned at /a, /b, and 3 more"; false where there are none. */
static bool say_kind(struct buf *out, jv list, const struct saying *how, const char *before)
{
	struct buf by = BUF_INIT;
	int nr = 0;

	jv_array_foreach(list, i, one) {
		if (!strcmp(text(one, "by", &by), how->by) && nr++ < NAMED) {
			buf_printf(out, "%s", nr == 1 ? before : ", ");
			buf_puts(out, nr == 1 ? how->words : "");
			how->say(out, one);
		}
		jv_free(one);
	}
	if (nr > NAMED)
		buf_printf(out, ", and %d more", nr - NAMED);
	buf_free(&by);
	return nr;
}

/* All of the list, which it frees. */
static void say_held(struct buf *out, jv list, const char *between)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(sayings); i++)
		any |= say_kind(out, list, &sayings[i], any ? between : "");
	jv_free(list);
}

static void say_all(struct buf *out, const char *subject, jv list)
{
	if (jv_array_length(jv_copy(list))) {
		buf_printf(out, "%s is ", subject);
		say_held(out, list, "; ");
		return;
	}
	jv_free(list);
	buf_printf(out, "nothing was found that keeps %s alive", subject);
}

/* The command */

enum { WHY_SENTENCE, WHY_KIND, WHY_ID, WHY_NAME, WHY_HELD_BY, WHY_UNSEEN, WHY_COLUMNS };

static const struct column why_columns[] = {
	[WHY_SENTENCE] = { "sentence", "%" },
	[WHY_KIND] = { "kind" },
	[WHY_ID] = { "id" },
	[WHY_NAME] = { "name" },
	[WHY_HELD_BY] = { "held_by", .flags = COL_WIDE },
	[WHY_UNSEEN] = { "incomplete", .flags = COL_WIDE },
	[WHY_COLUMNS] = { 0 }
};

static const struct record why_record = { "why", why_columns };

static bool note_unseen(struct why *w)
{
	unsigned hidden = holders_hidden(w->holders);

	attachments_note(w->ctx, &w->all);
	note_hidden(w->ctx, hidden);
	if (w->uses.unknown)
		diag_note(w->ctx->diags, NO_SPAN, "not all programs, maps and links that may hold it "
			  "could be looked at");
	return w->all.nr_unseen || hidden || w->uses.unknown;
}

static int show_why(struct why *w, const struct handle *h)
{
	jv list = held_by(w, h->kind, h->id, 0);
	struct buf subject = BUF_INIT, sentence = BUF_INIT;
	struct cell row[WHY_COLUMNS] = {
		[WHY_KIND] = cell_str(object_words[h->kind]), [WHY_ID] = cell_u64(h->id),
		[WHY_NAME] = cell_str(h->name),
		[WHY_HELD_BY] = CELL(.kind = CELL_JSON, .json = list),
	};
	int err;

	buf_printf(&subject, "%s %u", object_names[h->kind], h->id);
	if (*h->name)
		buf_printf(&subject, " '%s'", h->name);
	say_all(&sentence, buf_str(&subject), jv_copy(list));
	row[WHY_SENTENCE] = cell_str(buf_str(&sentence));
	if (note_unseen(w))
		row[WHY_UNSEEN] = cell_bool(true);
	sink_begin(w->ctx->sink, &why_record, SINK_ONE);
	err = sink_row(w->ctx->sink, row);
	jv_free(list);
	buf_free(&subject);
	buf_free(&sentence);
	return err ? -1 : sink_end(w->ctx->sink);
}

enum { WHY_ALIVE, WHY_PROG, WHY_MAP, WHY_LINK, WHY_BTF, WHY_VARIABLE, WHY_ARGS };

/* The object that one of the arguments names. */
static struct handle *object_of(struct value *argv)
{
	struct handle *found = NULL;

	for (int i = WHY_PROG; i < WHY_ARGS && !found; i++)
		if (argv[i].kind == VALUE_HANDLE)
			found = argv[i].handle;
	return found;
}

static int why_run(struct ctx *ctx, struct value *argv)
{
	struct attach_scope everything = { 0 };
	struct handle *h = object_of(argv);
	struct why w = { .ctx = ctx };
	int err;

	if (!h)
		return diag_error(ctx->diags, ctx->span, "no object is named");
	if (not_planned(ctx, h, ctx->span))
		return -1;
	w.holders = holders_new(ctx, OBJ_KINDS);
	attachments_read(ctx, &everything, &w.all);
	uses_read(&w.uses, USES(OBJ_PROG) | USES(OBJ_MAP) | USES(OBJ_BTF));
	err = show_why(&w, h);
	uses_free(&w.uses);
	attachments_free(&w.all);
	holders_free(w.holders);
	return err;
}

/* Exactly one object is asked about. */
static int why_check(struct ctx *ctx, const struct match *m)
{
	int named = 0;

	for (int i = WHY_PROG; i < WHY_ARGS; i++)
		named += m->args[i].nr > 0;
	if (named == 1)
		return 0;
	diag_error(ctx->diags, ctx->span, named ? "why one object lives is asked at a time" :
		   "no object is named");
	diag_hint(ctx->diags, "'why alive prog id 12', 'why alive map name x', 'why alive $m'");
	return -1;
}

static int object_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	if (word_value(ctx, w, out))
		return -1;
	if (out->kind == VALUE_HANDLE)
		return 0;
	value_free(out);
	*out = (struct value){ .kind = VALUE_NONE };
	diag_error(ctx->diags, w->span, "that names no object");
	diag_hint(ctx->diags, "prog, map, link or btf stands before a reference; a variable that "
		  "holds an object stands by itself");
	return -1;
}

static const struct arg_type arg_object = { .name = "$VARIABLE", .parse = object_parse };

const struct cmd session_why_cmd = {
	.verb = "why",
	.help = "say what keeps an object alive",
	.args = ARGS(
		[WHY_ALIVE] = { "alive", NULL, ARG_FLAG, "that is what is asked", STRINGS("alive") },
		[WHY_PROG] = { "prog", &arg_prog, ARG_KEYWORD | ARG_OPTIONAL, "a program" },
		[WHY_MAP] = { "map", &arg_map, ARG_KEYWORD | ARG_OPTIONAL, "a map" },
		[WHY_LINK] = { "link", &arg_link, ARG_KEYWORD | ARG_OPTIONAL, "a link" },
		[WHY_BTF] = { "btf", &arg_btf, ARG_KEYWORD | ARG_OPTIONAL, "types" },
		[WHY_VARIABLE] = { "object", &arg_object, ARG_OPTIONAL,
			"a variable that holds an object" }),
	.run = why_run,
	.check = why_check,
	.examples = STRINGS("why alive prog id 12", "why alive map name flows",
			    "why alive link pinned /sys/fs/bpf/eth0_in", "why alive $m"),
};
