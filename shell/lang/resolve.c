// SPDX-License-Identifier: BSD-2-Clause
/* References to kernel objects: words to handles. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/find.h"
#include "shell/lang/grammar.h"
#include "shell/lang/resolve.h"
#include "shell/lang/state.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"

/* What a kind can be found by, besides its ID and its pin. */
static const struct {
	bool by_name, by_tag;
} finders[OBJ_KINDS] = {
	[OBJ_PROG] = { true, true },
	[OBJ_MAP] = { true, false },
	[OBJ_BTF] = { true, false },
};

/* "id", "name", "tag" or "pinned" where the kind is found by it, and the word is it; else NULL. */
static const char *find_finder(enum object_kind kind, const struct word *w, bool cut)
{
	const char *words[5];
	size_t nr = 0;
	int i;

	words[nr++] = "id";
	if (finders[kind].by_name)
		words[nr++] = "name";
	if (finders[kind].by_tag)
		words[nr++] = "tag";
	if (kind != OBJ_BTF)
		words[nr++] = "pinned";
	words[nr] = NULL;
	i = word_among(w, words, cut);
	return i < 0 ? NULL : words[i];
}

static void add_handle(struct value *out, struct handle *h)
{
	GROW(out->handles.list, out->handles.nr);
	out->handles.list[out->handles.nr++] = h;
}

static int by_id(struct ctx *ctx, enum object_kind kind, const char *text, struct span at,
		 struct value *out)
{
	struct handle *h;
	char *end;
	unsigned long id;

	errno = 0;
	id = strtoul(text, &end, 0);
	/* Read as octal, which is never meant, it would be another one. */
	if (*text == '0' && isdigit((unsigned char)text[1]))
		return diag_error(ctx->diags, at, "'%s' is not an ID: it begins with a zero", text);
	if (!isdigit((unsigned char)*text) || *end || errno || id > UINT32_MAX)
		return diag_error(ctx->diags, at, "'%s' is not an ID", text);
	h = kern_open_object(kind, id);
	if (!h && errno == ENOENT)
		return diag_error(ctx->diags, at, "no %s with ID %lu", object_names[kind], id);
	if (!h)
		return kern_call_error(ctx->diags, at, KERN_LISTING, errno, "open %s %lu", object_names[kind], id);
	add_handle(out, handle_share(&ctx->s->shared, h));
	return 0;
}

/* The shared handle that the same pin was opened by. A pin's inode is never another's. */
static struct handle *shared_pin(const struct session *s, enum object_kind kind,
				 const struct stat *st)
{
	for (struct handle *h = s->shared; h; h = h->next)
		if (h->kind == kind && h->pin_inode && h->pin_inode == st->st_ino &&
		    h->pin_dev == st->st_dev)
			return h;
	return NULL;
}

/* Notes the pin's inode, if it is the same before and after the object was opened. */
static void remember_pin(struct handle *h, const char *path, const struct stat *before)
{
	struct stat after;

	if (stat(path, &after) || after.st_ino != before->st_ino || after.st_dev != before->st_dev)
		return;
	h->pin_dev = after.st_dev;
	h->pin_inode = after.st_ino;
}

static struct handle *pinned_map(const struct session *s, const char *path)
{
	return s->pinned.path && !strcmp(s->pinned.path, path) ? s->pinned.map : NULL;
}

static void note_pinned(struct session *s, const char *path, struct handle *map)
{
	resolve_forget(s);
	s->pinned.path = xstrdup(path);
	s->pinned.map = handle_get(map);
}

void resolve_forget(struct session *s)
{
	free(s->pinned.path);
	handle_put(s->pinned.map);
	s->pinned = (struct pinned){ 0 };
}

/* The object may be there all the same: others hold it, and a pin's removal is not its end. */
static int no_pin(struct ctx *ctx, enum object_kind kind, const char *path, struct span at)
{
	diag_error(ctx->diags, at, "no pin '%s'", path);
	diag_hint(ctx->diags, "'%s show' lists what there is, with --bpffs also where it is pinned",
		  kind == OBJ_PROG ? "prog" : object_names[kind]);
	return -1;
}

static int by_pin(struct ctx *ctx, enum object_kind kind, const char *path, struct span at,
		  struct value *out)
{
	struct handle *h = kind == OBJ_MAP ? pinned_map(ctx->s, path) : NULL;
	struct stat st = { 0 };
	enum object_kind found;
	int fd;

	if (!h && !stat(path, &st)) {
		h = shared_pin(ctx->s, kind, &st);
		if (h && kind == OBJ_MAP)
			note_pinned(ctx->s, path, h);
	}
	if (h) {
		add_handle(out, handle_get(h));
		return 0;
	}
	fd = kern_open_pin(path, &found);
	if (fd == -ENOENT)
		return no_pin(ctx, kind, path, at);
	if (fd < 0)
		return kern_error(ctx->diags, at, -fd, "open the pin '%s'", path);
	if (found != kind) {
		close(fd);
		return diag_error(ctx->diags, at, "'%s' is a %s, not a %s", path,
				  object_names[found], object_names[kind]);
	}
	h = kern_handle(kind, fd);
	if (!h)
		return kern_error(ctx->diags, at, errno, "read the pin '%s'", path);
	h = handle_share(&ctx->s->shared, h);
	remember_pin(h, path, &st);
	add_handle(out, h);
	return 0;
}

/* A field that records of this kind alone have, besides their ID. */
static const char *const marks[OBJ_KINDS] = {
	[OBJ_PROG] = "bytes_xlated", [OBJ_MAP] = "max_entries", [OBJ_LINK] = "prog_id",
	[OBJ_BTF] = "size",
};

/* The kind of object that a record is about, as far as it is known: else @kind. */
static enum object_kind record_kind(jv record, enum object_kind kind)
{
	for (int k = 0; k < OBJ_KINDS; k++)
		if (jv_object_has(jv_copy(record), jv_string(marks[k])))
			return k;
	return kind;
}

/* The ID that JSON gives of an object of this kind, a number or a record; invalid: it has none. */
static jv id_of(jv json, enum object_kind kind)
{
	if (jv_get_kind(json) == JV_KIND_NUMBER)
		return jv_copy(json);
	if (jv_get_kind(json) != JV_KIND_OBJECT || record_kind(json, kind) != kind)
		return jv_invalid();
	return jv_object_get(jv_copy(json), jv_string("id"));
}

/* A variable: a handle of the right kind, an ID, or a record with an ID. */
static int by_value(struct ctx *ctx, enum object_kind kind, const struct value *v, struct span at,
		    struct value *out)
{
	jv id = jv_invalid();
	char text[32];

	if (v->kind == VALUE_HANDLE && v->handle->kind != kind)
		return diag_error(ctx->diags, at, "this variable holds a %s, not a %s",
				  object_names[v->handle->kind], object_names[kind]);
	if (v->kind == VALUE_HANDLE) {
		add_handle(out, handle_get(v->handle));
		return 0;
	}
	if (v->kind == VALUE_JSON)
		id = id_of(v->json, kind);
	if (jv_get_kind(id) != JV_KIND_NUMBER || !jv_is_integer(id)) {
		jv_free(id);
		return diag_error(ctx->diags, at, "this variable holds no %s", object_names[kind]);
	}
	snprintf(text, sizeof(text), "%.0f", jv_number_value(id));
	jv_free(id);
	return by_id(ctx, kind, text, at, out);
}

static int by_text(struct ctx *ctx, enum object_kind kind, const char *text, struct span at,
		   struct value *out)
{
	if (strchr(text, '/'))
		return by_pin(ctx, kind, text, at, out);
	if (*text >= '0' && *text <= '9')
		return by_id(ctx, kind, text, at, out);
	if (kind == OBJ_PROG && is_prog_symbol(text))
		return find_objects(ctx, kind, FIND_NAME, text, at, out);
	diag_error(ctx->diags, at, "'%s' is neither an ID nor a path", text);
	if (finders[kind].by_name)
		diag_hint(ctx->diags, "by name: name %s", text);
	else
		diag_hint(ctx->diags, "write id N, pinned PATH or $variable");
	return -1;
}

/* One word alone, or a finder and its word. */
static int resolve(struct ctx *ctx, enum object_kind kind, const struct word *w, size_t nr,
		   struct value *out)
{
	struct value v = { 0 };
	int err;

	if (word_value(ctx, &w[nr - 1], &v))
		return -1;
	if (nr == 1 && v.kind != VALUE_STR) {
		err = by_value(ctx, kind, &v, w->span, out);
	} else if (nr == 1) {
		err = by_text(ctx, kind, v.str, w->span, out);
	} else {
		const char *finder = find_finder(kind, w, true);
		char *text = word_text(ctx, &w[1]);

		if (!text)
			err = -1;
		else if (!strcmp(finder, "id"))
			err = by_id(ctx, kind, text, w[1].span, out);
		else if (!strcmp(finder, "pinned"))
			err = by_pin(ctx, kind, text, w[1].span, out);
		else
			err = find_objects(ctx, kind, !strcmp(finder, "tag") ? FIND_TAG : FIND_NAME,
					   text, w[1].span, out);
		free(text);
	}
	value_free(&v);
	return err;
}

static int parse_many(struct ctx *ctx, enum object_kind kind, const struct word *w, size_t nr,
		      struct value *out)
{
	*out = (struct value){ .kind = VALUE_HANDLES };
	return resolve(ctx, kind, w, nr, out);
}

static bool names_differ(const struct value *found)
{
	for (size_t i = 1; i < found->handles.nr; i++)
		if (strcmp(found->handles.list[i]->name, found->handles.list[0]->name) != 0)
			return true;
	return false;
}

static int too_many(struct ctx *ctx, enum object_kind kind, const struct value *found,
		    struct span at)
{
	bool differ = names_differ(found);
	struct buf ids = BUF_INIT;

	for (size_t i = 0; i < found->handles.nr && i < 20; i++) {
		const struct handle *h = found->handles.list[i];

		buf_printf(&ids, "%s%u", i ? ", " : "", h->id);
		if (differ)
			buf_printf(&ids, " (%s)", h->name);
	}
	if (found->handles.nr > 20)
		buf_puts(&ids, ", ...");
	diag_error(ctx->diags, at, "%zu %ss match", found->handles.nr, object_names[kind]);
	diag_hint(ctx->diags, "choose one by id: %s", buf_str(&ids));
	buf_free(&ids);
	return -1;
}

static int parse_one(struct ctx *ctx, enum object_kind kind, const struct word *w, size_t nr,
		     struct value *out)
{
	struct value found;
	int err = parse_many(ctx, kind, w, nr, &found);

	if (!err && found.handles.nr > 1)
		err = too_many(ctx, kind, &found, w[nr - 1].span);
	if (!err)
		*out = value_handle(handle_get(found.handles.list[0]));
	value_free(&found);
	return err;
}

static size_t take_ref(const struct match *m, enum object_kind kind, const struct word *w,
		       size_t nr)
{
	if (!find_finder(kind, w, m->flags & MATCH_PREFIX))
		return 1;
	return nr > 1 ? 2 : 0;
}

/* Tab */

static const char *type_of(enum object_kind kind, const struct looks *l)
{
	if (kind == OBJ_PROG)
		return kern_prog_type_name(l->prog.type);
	return kind == OBJ_MAP ? kern_map_type_name(l->map.type) : NULL;
}

/* "name  type" of an open object: a new string, or NULL where it says nothing. */
static char *note_of(enum object_kind kind, int fd)
{
	char name[KERN_NAME_MAX];
	const char *type;
	struct looks l;

	if (!look_at(kind, fd, &l))
		return NULL;
	look_up_name(kind, fd, &l, name);
	type = type_of(kind, &l);
	return xasprintf("%s%s%s", name, *name && type ? "  " : "", type ? type : "");
}

static void add_id(struct candidates *c, enum object_kind kind, __u32 id, const char *text)
{
	int fd = kern_open_id(kind, id);
	char *note;

	if (fd < 0)
		return;
	note = note_of(kind, fd);
	if (note)
		candidate_add(c, text, note, false);
	free(note);
	close(fd);
}

static void cannot_list(struct candidates *c, int err)
{
	if (err == -EPERM && !c->trouble)
		c->trouble = xstrdup("listing objects needs CAP_SYS_ADMIN: run bpfsh as root");
}

/* IDs with names beside them. */
static void complete_ids(struct candidates *c, enum object_kind kind)
{
	__u32 id = 0;
	int err;

	while (!(err = kern_next_id(kind, &id)) && !c->cut) {
		char text[16];

		snprintf(text, sizeof(text), "%u", id);
		if (strncmp(text, c->prefix, strlen(c->prefix)))
			continue;
		if (candidates_full(c))
			candidate_add(c, text, NULL, false);
		else
			add_id(c, kind, id, text);
		c->cut = c->more;
	}
	cannot_list(c, err);
}

static void add_name(struct candidates *c, enum object_kind kind, int fd, __u32 id)
{
	char name[KERN_NAME_MAX], note[16];
	struct looks l;

	/* The rest of a name is looked up only where its beginning is right. */
	if (!look_at(kind, fd, &l) || !*l.kept ||
	    strncmp(l.kept, c->prefix, strnlen(c->prefix, strlen(l.kept))) != 0)
		return;
	snprintf(note, sizeof(note), "%u", id);
	look_up_name(kind, fd, &l, name);
	candidate_add(c, name, note, false);
	c->cut = c->more;
}

static void complete_names(struct candidates *c, enum object_kind kind)
{
	struct object_walk w = { .kind = kind };
	int fd;

	while (!c->cut && (fd = kern_next_object(&w)) >= 0) {
		add_name(c, kind, fd, w.id);
		close(fd);
	}
	cannot_list(c, w.err);
}

struct pin_listing {
	struct candidates *c;
	enum object_kind kind;
};

static int list_pin(void *arg, const struct pin *pin)
{
	struct pin_listing *l = arg;
	char note[16];

	snprintf(note, sizeof(note), "%u", pin->id);
	if (pin->kind == l->kind)
		candidate_add(l->c, pin->path, note, false);
	return 0;
}

static void complete_pins(struct candidates *c, enum object_kind kind)
{
	struct pin_listing l = { c, kind };

	kern_pins(list_pin, &l);
}

static void complete_vars(struct ctx *ctx, struct candidates *c, enum object_kind kind)
{
	for (size_t i = 0; i < ctx->s->nr_vars; i++) {
		const struct variable *v = &ctx->s->vars[i];
		char *text, *note;

		if (v->value.kind != VALUE_HANDLE || v->value.handle->kind != kind)
			continue;
		text = xasprintf("$%s", v->name);
		note = note_of(kind, v->value.handle->fd);
		candidate_add(c, text, note, false);
		free(note);
		free(text);
	}
}

static void complete_ref(struct ctx *ctx, struct candidates *c, enum object_kind kind,
			 const struct word *w, size_t nr)
{
	if (nr) {
		const char *finder = find_finder(kind, w, true);

		if (finder && !strcmp(finder, "id"))
			complete_ids(c, kind);
		else if (finder && !strcmp(finder, "name"))
			complete_names(c, kind);
		else if (finder && !strcmp(finder, "pinned"))
			complete_pins(c, kind);
		return;
	}
	complete_vars(ctx, c, kind);
	candidate_add(c, "id", "by ID", false);
	if (finders[kind].by_name)
		candidate_add(c, "name", "by name", false);
	if (finders[kind].by_tag)
		candidate_add(c, "tag", "by tag", false);
	if (kind != OBJ_BTF)
		candidate_add(c, "pinned", "by path on a bpffs", false);
	if (*c->prefix == '/')
		complete_pins(c, kind);
	else if (*c->prefix != '$')
		complete_ids(c, kind);
}

/* What else is true of the type stands behind. */
#define REF_TYPE(what, kind, label, parse_fn, ...)						\
static size_t what##_take(const struct match *m, const struct arg *a, const struct word *w,	\
			  size_t nr)								\
{												\
	return take_ref(m, kind, w, nr);							\
}												\
static int what##_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,	\
			struct value *out)							\
{												\
	return parse_fn(ctx, kind, w, nr, out);							\
}												\
static void what##_complete(struct ctx *ctx, const struct match *m, const struct arg *a,	\
			    const struct word *w, size_t nr, struct candidates *c)		\
{												\
	complete_ref(ctx, c, kind, w, nr);							\
}												\
const struct arg_type arg_##what = {								\
	label, what##_take, what##_parse, what##_complete, .refers = true, __VA_ARGS__		\
}

REF_TYPE(prog, OBJ_PROG, "PROG", parse_one);
REF_TYPE(progs, OBJ_PROG, "PROG", parse_many);
REF_TYPE(map, OBJ_MAP, "MAP", parse_one, .gives_map = true);
REF_TYPE(maps, OBJ_MAP, "MAP", parse_many);
REF_TYPE(link, OBJ_LINK, "LINK", parse_one);
REF_TYPE(links, OBJ_LINK, "LINK", parse_many);
REF_TYPE(btf, OBJ_BTF, "BTF", parse_one);

/* "name N MAP", "idx N MAP" */

static size_t load_map_take(const struct match *m, const struct arg *a, const struct word *w,
			    size_t nr)
{
	size_t n = nr > 2 ? take_ref(m, OBJ_MAP, w + 2, nr - 2) : 0;

	return n ? n + 2 : 0;
}

static int load_map_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			  struct value *out)
{
	bool cut = session_match_flags(ctx->s) & MATCH_PREFIX;
	struct value *part = xcalloc(2, sizeof(*part));
	int by = word_among(w, (const char *const[]){ "idx", "name", NULL }, cut);
	char *text;

	*out = (struct value){ .kind = VALUE_LIST, .values = { part, 2 } };
	text = word_text(ctx, &w[1]);
	if (!text)
		return -1;
	if (by == 0) {
		char *end;
		unsigned long n = strtoul(text, &end, 0);

		part[0] = (struct value){ .kind = VALUE_NUM, .num = n };
		if (!*text || *end || n > UINT32_MAX) {
			diag_error(ctx->diags, w[1].span, "'%s' is not an index", text);
			free(text);
			return -1;
		}
		free(text);
	} else if (by == 1) {
		part[0] = (struct value){ .kind = VALUE_STR, .str = text };
	} else {
		free(text);
		diag_error(ctx->diags, w->span, "'map' takes 'name NAME MAP' or 'idx N MAP'");
		return -1;
	}
	return parse_one(ctx, OBJ_MAP, w + 2, nr - 2, &part[1]);
}

static void load_map_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			      const struct word *w, size_t nr, struct candidates *c)
{
	if (!nr) {
		candidate_add(c, "name", "the object's map of that name", false);
		candidate_add(c, "idx", "the object's map of that index", false);
	} else if (nr >= 2) {
		complete_ref(ctx, c, OBJ_MAP, w + 2, nr - 2);
	}
}

const struct arg_type arg_load_map = {
	.name = "name|idx N MAP", .take = load_map_take, .parse = load_map_parse,
	.complete = load_map_complete, .refers = true
};
