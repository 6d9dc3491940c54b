// SPDX-License-Identifier: BSD-2-Clause
/* Keys and values of maps: words to the bytes that system calls transfer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/names.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/state.h"
#include "shell/lang/value.h"

/* Words with their variables replaced; texts and the list belong to this. */
struct texts {
	struct typed_word *list;
	size_t nr, room;
	char **owned;
	size_t nr_owned;
};

static void texts_free(struct texts *t)
{
	for (size_t i = 0; i < t->nr_owned; i++)
		free(t->owned[i]);
	free(t->owned);
	free(t->list);
}

static void add_text(struct texts *t, const char *s, size_t len, struct span span, bool quoted)
{
	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 1;
		t->list = xrealloc(t->list, t->room, sizeof(*t->list));
	}
	t->list[t->nr++] = (struct typed_word){ s, len, span, quoted };
}

static void add_owned(struct texts *t, char *s, struct span span, bool quoted)
{
	GROW(t->owned, t->nr_owned);
	t->owned[t->nr_owned++] = s;
	add_text(t, s, strlen(s), span, quoted);
}

/* Bytes as dumps show them, ["0x01", "0x00"], become a word each. */
static bool add_byte_array(struct texts *t, jv array, struct span span)
{
	int len = jv_array_length(jv_copy(array));

	for (int i = 0; i < len; i++) {
		jv e = jv_array_get(jv_copy(array), i);
		bool hex = jv_get_kind(e) == JV_KIND_STRING && !strncmp(jv_string_value(e), "0x", 2);

		jv_free(e);
		if (!hex)
			return false;
	}
	for (int i = 0; i < len; i++) {
		jv e = jv_array_get(jv_copy(array), i);

		add_owned(t, xstrdup(jv_string_value(e)), span, false);
		jv_free(e);
	}
	return len > 0;
}

static int add_word(struct ctx *ctx, struct texts *t, const struct word *w)
{
	struct value v;
	char *text;
	int err = 0;

	if (w->text) {
		add_text(t, w->text, w->len, w->span, w->quoted);
		return 0;
	}
	if (word_value(ctx, w, &v))
		return -1;
	if (v.kind == VALUE_JSON && jv_get_kind(v.json) == JV_KIND_ARRAY &&
	    add_byte_array(t, v.json, w->span)) {
		value_free(&v);
		return 0;
	}
	text = word_text(ctx, w);
	if (text)
		add_owned(t, text, w->span, v.kind == VALUE_STR ||
			  (v.kind == VALUE_JSON && jv_get_kind(v.json) == JV_KIND_STRING));
	else
		err = -1;
	value_free(&v);
	return err;
}

static int texts_from(struct ctx *ctx, struct texts *t, const struct word *w, size_t nr)
{
	*t = (struct texts){ .list = xcalloc(nr, sizeof(*t->list)), .room = nr };
	for (size_t i = 0; i < nr; i++) {
		if (add_word(ctx, t, &w[i])) {
			texts_free(t);
			return -1;
		}
	}
	return 0;
}

/* The map that stands before this argument. */
static struct handle *map_before(struct ctx *ctx, const struct arg *at)
{
	int i = 0;

	for_each_arg(ctx->cmd, a) {
		if (a == at)
			break;
		if (ctx->argv[i].kind == VALUE_HANDLE && ctx->argv[i].handle->kind == OBJ_MAP)
			return ctx->argv[i].handle;
		i++;
	}
	return NULL;
}

/* "PATH" or "pid N": the one whose descriptor the kernel wants; NULL where they are none. */
static const char *owner_name(const struct handle *map, const struct texts *t)
{
	if (map_traits(map->map.type)->owner == OWNER_TASK)
		return t->nr == 2 && t->list[0].len == 3 && !memcmp(t->list[0].s, "pid", 3) ?
		       t->list[1].s : NULL;
	return t->nr == 1 && memchr(t->list[0].s, '/', t->list[0].len) ? t->list[0].s : NULL;
}

/*
 * Keys of storages, and values of cgroup arrays, by the name of a file, cgroup
 * or process: @out is its descriptor. 1: the words are no such name.
 */
static int owner_parse(struct ctx *ctx, const struct handle *map, const struct texts *t,
		       struct value *out)
{
	const char *found = map_traits(map->map.type)->owner ? owner_name(map, t) : NULL;
	char *name;
	int fd;

	if (!found)
		return 1;
	name = xstrndup(found, t->list[t->nr - 1].len);
	fd = kern_map_owner(map->map.type, name);
	if (fd < 0)
		kern_error(ctx->diags, t->list[t->nr - 1].span, -fd, "open '%s'", name);
	free(name);
	if (fd < 0)
		return -1;
	*out = (struct value){
		.kind = VALUE_BYTES, .bytes = { .data = xmemdup(&fd, sizeof(fd)), .len = sizeof(fd), .fd = fd }
	};
	return 0;
}

static int key_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		     struct value *out)
{
	struct handle *map = map_before(ctx, a);
	const struct element_format *f = map_format(map);
	struct typed_target target = {
		.what = "key", .size = map->map.key_size, .type = f->key,
		.lpm = map_is(map->map.type, MAP_PREFIX), .unread = f->unread
	};
	struct texts t;
	void *bytes;
	int err;

	if (!target.size) {
		diag_error(ctx->diags, w->span, "a map of type %s has no keys",
			   kern_map_type_name(map->map.type));
		if (map_is(map->map.type, MAP_VALUES))
			diag_hint(ctx->diags,
				  "'map push' puts values in, 'map peek' shows or looks for them");
		return -1;
	}
	if (texts_from(ctx, &t, w, nr))
		return -1;
	err = map_is(map->map.type, MAP_STORAGE) ? owner_parse(ctx, map, &t, out) : 1;
	if (err <= 0) {
		texts_free(&t);
		return err;
	}
	bytes = xcalloc(1, target.size);
	err = typed_encode(&target, t.list, t.nr, bytes, ctx->diags);
	texts_free(&t);
	if (err) {
		free(bytes);
		return -1;
	}
	*out = (struct value){ .kind = VALUE_BYTES, .bytes = { .data = bytes, .len = target.size } };
	return 0;
}

/* A value that is a program or a map is written as a reference. */
static int object_parse(struct ctx *ctx, enum object_kind kind, const struct word *w, size_t nr,
			struct value *out)
{
	const struct arg_type *type = kind == OBJ_PROG ? &arg_prog : &arg_map;
	const struct match m = { .flags = session_match_flags(ctx->s) };

	if (type->take(&m, NULL, w, nr) != nr) {
		diag_error(ctx->diags, (struct span){ w->span.src, w->span.start, w[nr - 1].span.end },
			   "value: a %s is expected", object_names[kind]);
		diag_hint(ctx->diags, "write id N, name NAME, pinned PATH or $variable");
		return -1;
	}
	return type->parse(ctx, NULL, w, nr, out);
}

static int encode_one(struct ctx *ctx, const struct element_format *f, const struct texts *t,
		      size_t first, size_t nr, bool keep, void *to)
{
	struct typed_target target = {
		.what = "value", .size = f->value_size, .type = f->value, .keep = keep,
		.unread = f->unread
	};

	return typed_encode(&target, t->list + first, nr, to, ctx->diags);
}

static bool is_cpu(const struct typed_word *w)
{
	return !w->quoted && w->len == 3 && !memcmp(w->s, "cpu", 3);
}

static int cpu_number(struct ctx *ctx, const struct typed_word *w, __u32 cpus, __u32 *cpu)
{
	char text[16], *end;

	snprintf(text, sizeof(text), "%.*s", (int)(w->len < 15 ? w->len : 15), w->s);
	*cpu = strtoul(text, &end, 10);
	if (!*text || *end || *cpu >= cpus)
		return diag_error(ctx->diags, w->span, "value: no CPU '%s' (0..%u)", text, cpus - 1);
	return 0;
}

/* "cpu N VALUE..." groups, into what is there. */
static int encode_groups(struct ctx *ctx, struct handle *map, const struct texts *t, char *bytes)
{
	const struct element_format *f = map_format(map);
	size_t i = 0;

	while (i < t->nr) {
		size_t first = i + 2, end = first;
		__u32 cpu;

		if (first >= t->nr || is_cpu(&t->list[first]))
			return diag_error(ctx->diags, t->list[i].span,
					  "value: 'cpu' needs a number and a value");
		if (cpu_number(ctx, &t->list[i + 1], f->cpus, &cpu))
			return -1;
		while (end < t->nr && !is_cpu(&t->list[end]))
			end++;
		if (encode_one(ctx, f, t, first, end - first, true,
			       bytes + cpu * element_stride(f)))
			return -1;
		i = end;
	}
	return 0;
}

/*
 * The same, and which bits they set: those that come out alike over zeroes and
 * over ones. The others keep what they have, which is read when it is written.
 */
static int encode_masked(struct ctx *ctx, struct handle *map, const struct texts *t, char *bytes,
			 void **mask)
{
	size_t size = kern_value_bytes(map);
	char *over = xmalloc(size);

	memset(over, 0xff, size);
	if (encode_groups(ctx, map, t, bytes) || encode_groups(ctx, map, t, over)) {
		free(over);
		return -1;
	}
	for (size_t i = 0; i < size; i++)
		over[i] = ~(over[i] ^ bytes[i]);
	*mask = over;
	return 0;
}

/* "[V, V, ...]", one for each possible CPU; 1: it is something else. */
static int encode_cpu_list(struct ctx *ctx, struct handle *map, const struct texts *t, char *bytes)
{
	struct buf text = BUF_INIT;
	struct typed_word list = t->list[0];
	int err;

	if (t->nr > 1) {
		for (size_t i = 0; i < t->nr; i++) {
			buf_puts(&text, i ? " " : "");
			buf_add(&text, t->list[i].s, t->list[i].len);
		}
		list.s = buf_str(&text);
		list.len = text.len;
		list.span.end = t->list[t->nr - 1].span.end;
	}
	err = element_read_cpus(map_format(map), &list, bytes, ctx->diags);
	buf_free(&text);
	return err;
}

static int encode_percpu(struct ctx *ctx, struct handle *map, const struct texts *t, char *bytes,
			 void **mask)
{
	const struct element_format *f = map_format(map);
	int err = encode_cpu_list(ctx, map, t, bytes);

	if (err <= 0)
		return err;
	if (is_cpu(&t->list[0]))
		return encode_masked(ctx, map, t, bytes, mask);
	if (encode_one(ctx, f, t, 0, t->nr, false, bytes))
		return -1;
	for (__u32 cpu = 1; cpu < f->cpus; cpu++)
		memcpy(bytes + cpu * element_stride(f), bytes, f->value_size);
	return 0;
}

static int value_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
		       struct value *out)
{
	struct handle *map = map_before(ctx, a);
	const struct element_format *f = map_format(map);
	enum object_kind kind;
	struct texts t;
	size_t at;
	void *bytes, *mask = NULL;
	int err;

	/* Where it names one behind something else, it is written as bytes. */
	if (map_holds_objects(map, &kind, &at) && !at)
		return object_parse(ctx, kind, w, nr, out);
	if (texts_from(ctx, &t, w, nr))
		return -1;
	err = map_is(map->map.type, MAP_STORAGE) ? 1 : owner_parse(ctx, map, &t, out);
	if (err <= 0) {
		texts_free(&t);
		return err;
	}
	bytes = xcalloc(1, kern_value_bytes(map));
	if (f->cpus)
		err = encode_percpu(ctx, map, &t, bytes, &mask);
	else
		err = encode_one(ctx, f, &t, 0, t.nr, false, bytes);
	texts_free(&t);
	if (err) {
		free(bytes);
		return -1;
	}
	*out = (struct value){ .kind = VALUE_BYTES, .bytes = {
		.data = bytes, .mask = mask, .len = kern_value_bytes(map)
	} };
	return 0;
}

/* Tab: the map's words are resolved, then its type's fields and enumerators offered. */

static void add_typed(void *arg, const char *text, const char *note)
{
	candidate_add(arg, text, note, strchr("=.", text[strlen(text) - 1]));
}

/* The map that is typed before; VALUE_NONE without. */
static struct value typed_map(struct ctx *ctx, const struct match *m)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		if (a->type && a->type->gives_map && m->args[i].nr)
			return match_typed(ctx, m, i);
		i++;
	}
	return (struct value){ .kind = VALUE_NONE };
}

static void data_complete(struct ctx *ctx, const struct match *m, const struct arg *at, bool key,
			  struct candidates *c)
{
	struct value map = typed_map(ctx, m);
	const struct typed *type = NULL;

	if (map.kind == VALUE_HANDLE)
		type = key ? map_format(map.handle)->key : map_format(map.handle)->value;
	if (type)
		typed_complete(type, c->prefix, add_typed, c);
	value_free(&map);
}

static void key_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			 const struct word *w, size_t nr, struct candidates *c)
{
	data_complete(ctx, m, a, true, c);
	if (!nr && strchr(c->prefix, '/'))
		arg_file.complete(ctx, m, a, w, nr, c);
}

static void value_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			   const struct word *w, size_t nr, struct candidates *c)
{
	data_complete(ctx, m, a, false, c);
}

const struct arg_type arg_key = {
	.name = "KEY", .parse = key_parse, .complete = key_complete, .greedy = true,
	.relative = true
};
const struct arg_type arg_value = {
	.name = "VALUE", .parse = value_parse, .complete = value_complete, .greedy = true,
	.refers = true, .relative = true
};
