// SPDX-License-Identifier: BSD-2-Clause
/* Global variables of programs by their names: parts of the one value of .data, .bss, .rodata. */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/map/map.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "render/typed/typed_cell.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/value.h"
#include "shell/op/map_ops.h"
#include "shell/txn/txn.h"

/* MAP, $variable, a pin of a program, or "prog PROG". */

static size_t holder_take(const struct match *m, const struct arg *a, const struct word *w,
			  size_t nr)
{
	size_t n;

	if (!word_is(w, "prog"))
		return arg_map.take(m, a, w, nr);
	n = nr > 1 ? arg_prog.take(m, a, w + 1, nr - 1) : 0;
	return n ? n + 1 : 0;
}

/* What a single word speaks of: a variable's kind, or a pin's. */
static bool names_prog(struct ctx *ctx, const struct word *w)
{
	struct ctx sub = { .s = ctx->s };
	enum object_kind kind = OBJ_MAP;
	struct value v = { 0 };

	if (!word_value(&sub, w, &v) && v.kind == VALUE_HANDLE) {
		kind = v.handle->kind;
	} else if (v.kind == VALUE_STR && strchr(v.str, '/')) {
		int fd = kern_open_pin(v.str, &kind);

		if (fd >= 0)
			close(fd);
	}
	value_free(&v);
	return kind == OBJ_PROG;
}

static int holder_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	bool pinned = nr == 2 && word_is(w, "pinned");

	if (word_is(w, "prog") && nr > 1)
		return arg_prog.parse(ctx, a, w + 1, nr - 1, out);
	if ((nr == 1 || pinned) && names_prog(ctx, &w[nr - 1]))
		return arg_prog.parse(ctx, a, w, nr, out);
	return arg_map.parse(ctx, a, w, nr, out);
}

static void holder_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	if (nr && word_is(w, "prog")) {
		arg_prog.complete(ctx, m, a, w + 1, nr - 1, c);
		return;
	}
	if (!nr) {
		candidate_add(c, "prog", "a program, whose maps are looked at", false);
		arg_prog.complete(ctx, m, a, w, nr, c);
	}
	arg_map.complete(ctx, m, a, w, nr, c);
}

/* VALUE_HANDLE: a map or a program. */
static const struct arg_type arg_holder = {
	.name = "MAP|PROG", .take = holder_take, .parse = holder_parse, .complete = holder_complete,
	.refers = true
};

/* Calls @fn for each map of global data that the holder has; it stops by returning nonzero. */
static int each_data(struct handle *holder, int (*fn)(void *arg, struct handle *map), void *arg)
{
	__u32 nr, *ids;
	int ret = 0;

	if (holder->kind == OBJ_MAP)
		return fn(arg, holder);
	ids = kern_prog_maps(holder->fd, &nr);
	for (__u32 i = 0; i < nr && !ret; i++) {
		struct handle *map = kern_open_object(OBJ_MAP, ids[i]);

		if (map)
			ret = fn(arg, map);
		handle_put(map);
	}
	free(ids);
	return ret;
}

struct name_listing {
	struct candidates *c;
	struct handle *map;
};

static int offer_name(void *arg, const struct map_global *v)
{
	struct name_listing *l = arg;

	candidate_add(l->c, v->name, l->map->name, false);
	return 0;
}

static int offer_names(void *arg, struct handle *map)
{
	struct name_listing l = { arg, map };

	map_globals(map, offer_name, &l);
	return 0;
}

/* "config.limit=" without what would assign to it. */
static void offer_part(void *arg, const char *text, const char *note)
{
	char *path = xstrndup(text, strcspn(text, "="));

	candidate_add(arg, path, note, path[strlen(path) - 1] == '.');
	free(path);
}

static int offer_parts(void *arg, struct handle *map)
{
	struct candidates *c = arg;

	if (map_format(map)->value)
		typed_complete(map_format(map)->value, c->prefix, offer_part, c);
	return 0;
}

static void global_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	struct value holder = match_typed(ctx, m, 0);

	if (holder.kind == VALUE_HANDLE)
		each_data(holder.handle, strpbrk(c->prefix, ".[") ? offer_parts : offer_names, c);
	value_free(&holder);
}

static int global_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	return arg_string.parse(ctx, a, w, nr, out);
}

/* VALUE_STR: a variable of the holder before it. */
static const struct arg_type arg_global = {
	.name = "NAME", .parse = global_parse, .complete = global_complete
};

/* What could be set: fields of the variable named before, or values of its enum. */
struct value_listing {
	struct candidates *c;
	const char *name;
	size_t skip;			/* of each candidate: the variable's name */
};

static void offer_value(void *arg, const char *text, const char *note)
{
	const struct value_listing *l = arg;

	candidate_add(l->c, text + l->skip, note, strchr("=.", text[strlen(text) - 1]));
}

static int offer_values(void *arg, struct handle *map)
{
	struct value_listing *l = arg;

	for (const char *joint = ".="; *joint && map_format(map)->value; joint++) {
		char *prefix = xasprintf("%s%c%s", l->name, *joint, l->c->prefix);

		typed_complete(map_format(map)->value, prefix, offer_value, l);
		free(prefix);
	}
	return 0;
}

static void global_value_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
				  const struct word *w, size_t nr, struct candidates *c)
{
	struct value holder = match_typed(ctx, m, 0), name = match_typed(ctx, m, 1);

	if (holder.kind == VALUE_HANDLE && name.kind == VALUE_STR) {
		struct value_listing l = { c, name.str, strlen(name.str) + 1 };

		each_data(holder.handle, offer_values, &l);
	}
	value_free(&holder);
	value_free(&name);
}

static int global_value_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			      struct value *out)
{
	return arg_words.parse(ctx, a, w, nr, out);
}

/* VALUE_WORDS: what that is to be. */
static const struct arg_type arg_global_value = {
	.name = "VALUE", .parse = global_value_parse, .complete = global_value_complete,
	.greedy = true, .relative = true
};

/* One variable, or a part of it, as the user named it. */
struct place {
	struct handle *map;		/* put by the caller */
	struct typed_place at;
	void *data;			/* the map's value, freed by the caller */
};

static void place_free(struct place *p)
{
	handle_put(p->map);
	free(p->data);
}

static int read_data(struct ctx *ctx, struct handle *map, void **data)
{
	__u32 key = 0;
	int err;

	*data = xcalloc(1, kern_value_bytes(map));
	err = kern_map_lookup(map->fd, &key, *data, 0);
	return err ? kern_map_error(ctx->diags, ctx->span, "lookup", map, -err) : 0;
}

struct name_search {
	const char **names;
	size_t nr;
};

static int collect_name(void *arg, const struct map_global *v)
{
	struct name_search *s = arg;

	GROW(s->names, s->nr);
	s->names[s->nr++] = xstrdup(v->name);
	return 0;
}

static int collect_names(void *arg, struct handle *map)
{
	return map_globals(map, collect_name, arg);
}

static int no_global(struct ctx *ctx, struct handle *holder, const struct value *name)
{
	struct name_search s = { 0 };

	diag_error(ctx->diags, name->span, "no global variable '%s' in %s '%s'", name->str,
		   object_names[holder->kind], holder->title);
	each_data(holder, collect_names, &s);
	GROW(s.names, s.nr);
	s.names[s.nr] = NULL;
	diag_suggest(ctx->diags, name->str, s.names);
	diag_hint(ctx->diags, "'map get' without a name lists what is there");
	for (size_t i = 0; i < s.nr; i++)
		free((char *)s.names[i]);
	free(s.names);
	return -1;
}

/* "config.limit" is variable "config", and in it field "limit". */
static struct handle *find_holder(struct handle *holder, const char *name, struct map_global *v)
{
	char *head = xstrndup(name, strcspn(name, ".["));
	struct handle *found = NULL;

	if (holder->kind == OBJ_PROG)
		found = prog_global(holder, head, v);
	else if (map_global(holder, head, v))
		found = handle_get(holder);
	free(head);
	return found;
}

static int find_place(struct ctx *ctx, struct handle *holder, const struct value *name,
		      struct place *p)
{
	struct typed_word path = { name->str, strlen(name->str), name->span, false };
	const struct typed *type;
	struct map_global v;

	*p = (struct place){ .map = find_holder(holder, name->str, &v) };
	if (!p->map)
		return no_global(ctx, holder, name);
	type = map_format(p->map)->value;
	if (!type)
		return diag_error(ctx->diags, name->span, "the types of map '%s' are damaged",
				  p->map->title);
	if (typed_find(type, &path, "variable", &p->at, ctx->diags))
		return -1;
	return read_data(ctx, p->map, &p->data);
}

static const struct column global_columns[] = {
	{ "name", "%" },
	{ "type", ": %" },
	{ "value", " = %" },
	{ "map_id" , .flags = COL_WIDE },
	{ "map", "  (%)" },
	{ 0 }
};

static const struct record global_record = { "variable", global_columns };

static int show_place(struct ctx *ctx, const char *name, const struct place *p)
{
	struct typed_value value = { &p->at, p->data };
	struct buf type = BUF_INIT;
	int err;

	typed_place_type_name(&type, &p->at);
	err = sink_row(ctx->sink, (const struct cell[]){
		cell_str(name), cell_str(buf_str(&type)),
		typed_cell(&value), cell_u64(p->map->id), cell_str(p->map->name) });
	buf_free(&type);
	return err;
}

struct listing {
	struct ctx *ctx;
	struct place place;
	size_t nr;			/* variables shown */
};

static int list_global(void *arg, const struct map_global *v)
{
	struct listing *l = arg;
	struct typed_word path = { v->name, strlen(v->name), NO_SPAN, false };
	int err = 0;

	if (!typed_find(map_format(l->place.map)->value, &path, "variable", &l->place.at, NULL))
		err = show_place(l->ctx, v->name, &l->place);
	l->nr++;
	return err;
}

static int list_map(void *arg, struct handle *map)
{
	struct listing *l = arg;
	int err;

	/* Only global data has one element whose value is typed, and its key not. */
	if (map->map.type != BPF_MAP_TYPE_ARRAY || !map_format(map)->value)
		return 0;
	l->place = (struct place){ .map = map };
	err = read_data(l->ctx, map, &l->place.data);
	if (!err)
		err = map_globals(map, list_global, l);
	free(l->place.data);
	return err;
}

static int list_globals(struct ctx *ctx, struct handle *holder)
{
	struct listing l = { .ctx = ctx };

	sink_begin(ctx->sink, &global_record, SINK_LIST);
	if (each_data(holder, list_map, &l) || sink_end(ctx->sink))
		return -1;
	if (!l.nr)
		diag_note(ctx->diags, ctx->span, "%s '%s' has no global variables that BTF tells of",
			  object_names[holder->kind], holder->title);
	return 0;
}

enum { GET_OF, GET_NAME };

static int map_get(struct ctx *ctx, struct value *argv)
{
	struct handle *holder = argv[GET_OF].handle;
	struct place p;
	int err;

	if (argv[GET_NAME].kind != VALUE_STR)
		return list_globals(ctx, holder);
	err = find_place(ctx, holder, &argv[GET_NAME], &p);
	if (!err) {
		sink_begin(ctx->sink, &global_record, SINK_ONE);
		err = show_place(ctx, argv[GET_NAME].str, &p) ? -1 : sink_end(ctx->sink);
	}
	place_free(&p);
	return err;
}

const struct cmd map_get_cmd = {
	.object = "map", .verb = "get",
	.help = "show a global variable of a program, or all of them",
	.args = ARGS(
		[GET_OF] = { "of", &arg_holder, 0, "the program, or the map with its data" },
		[GET_NAME] = { "name", &arg_global, ARG_OPTIONAL,
			"variable, also config.limit or slots[2]" }),
	.run = map_get,
	.examples = STRINGS("map get $prog", "map get $prog packets",
			    "map get name flow.bss packets"),
};

static void words_free(struct typed_word *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free((char *)list[i].s);
	free(list);
}

/* The words with their variables replaced; NULL with a diagnostic. */
static struct typed_word *words_of(struct ctx *ctx, const struct value *v)
{
	struct typed_word *list = xcalloc(v->words.nr, sizeof(*list));

	for (size_t i = 0; i < v->words.nr; i++) {
		const struct word *w = &v->words.list[i];
		char *text = word_text(ctx, w);

		if (!text) {
			words_free(list, i);
			return NULL;
		}
		list[i] = (struct typed_word){ text, strlen(text), w->span, w->quoted };
	}
	return list;
}

/* Writes what the words say over the part of p->data. */
static int read_words(struct ctx *ctx, struct place *p, const struct value *words)
{
	struct typed_word *list = words_of(ctx, words);
	int err;

	if (!list)
		return -1;
	err = typed_encode_part(&p->at, "value", list, words->words.nr, p->data, ctx->diags);
	words_free(list, words->words.nr);
	return err;
}

enum { SET_OF, SET_NAME, SET_VALUE };

static int map_set(struct ctx *ctx, struct value *argv)
{
	struct place p;
	int err = find_place(ctx, argv[SET_OF].handle, &argv[SET_NAME], &p);

	if (!err)
		err = read_words(ctx, &p, &argv[SET_VALUE]);
	if (!err)
		err = txn_do(ctx, op_map_set(p.map, argv[SET_NAME].str, &p.at, p.data, ctx->span));
	place_free(&p);
	return err;
}

const struct cmd map_set_cmd = {
	.object = "map", .verb = "set",
	.help = "set a global variable of a program",
	.args = ARGS(
		[SET_OF] = { "of", &arg_holder, 0, "the program, or the map with its data" },
		[SET_NAME] = { "name", &arg_global, 0, "variable, also config.limit or slots[2]" },
		[SET_VALUE] = { "value", &arg_global_value, 0,
			"bytes, a literal of its type, or field=value ..." }),
	.flags = CMD_WRITES,
	.run = map_set,
	.examples = STRINGS("map set $prog limit 10", "map set $prog config mode=FAST"),
};
