// SPDX-License-Identifier: BSD-2-Clause
/* References to kernel objects: words to handles. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/args.h"
#include "shell/kern.h"
#include "shell/session.h"
#include "shell/vars.h"

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
	if (!*text || *end || errno || id > UINT32_MAX || *text == '-')
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

static int by_pin(struct ctx *ctx, enum object_kind kind, const char *path, struct span at,
		  struct value *out)
{
	struct handle *h = kind == OBJ_MAP ? gather_pin(ctx->s, path) : NULL;
	struct stat st = { 0 };
	enum object_kind found;
	int fd;

	if (!h && !stat(path, &st)) {
		h = shared_pin(ctx->s, kind, &st);
		if (h && kind == OBJ_MAP)
			gather_note_pin(ctx->s, path, h);
	}
	if (h) {
		add_handle(out, handle_get(h));
		return 0;
	}
	fd = kern_open_pin(path, &found);
	if (fd == -ENOENT)
		return diag_error(ctx->diags, at, "no pin '%s'", path);
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

struct search {
	enum object_kind kind;
	const char *name;
	bool by_tag;
	struct handle **shared;
	struct value *out;
	const char **names;	/* seen, for a suggestion */
	size_t nr_names;
};

/* The kernel keeps 15 characters of a name; a longer one finds what it was cut to. */
static bool same_name(const char *wanted, const char *name)
{
	return !strcmp(wanted, name) ||
	       (strlen(wanted) >= BPF_OBJ_NAME_LEN && strlen(name) == BPF_OBJ_NAME_LEN - 1 &&
		!strncmp(wanted, name, BPF_OBJ_NAME_LEN - 1));
}

static bool has_tag(const struct handle *h, const char *tag)
{
	struct bpf_prog_info info = { 0 };
	char text[2 * BPF_TAG_SIZE + 1];

	if (kern_prog_info(h->fd, &info))
		return false;
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", info.tag[i]);
	return !strcasecmp(text, tag);
}

static void search_one(struct search *s, struct handle *h)
{
	if (s->by_tag ? has_tag(h, s->name) : same_name(s->name, h->name)) {
		add_handle(s->out, handle_share(s->shared, h));
		return;
	}
	if (!s->by_tag && *h->name) {
		GROW(s->names, s->nr_names);
		s->names[s->nr_names++] = xstrdup(h->name);
	}
	handle_put(h);
}

static int not_found(struct ctx *ctx, struct search *s, struct span at)
{
	const char *near;

	diag_error(ctx->diags, at, "no %s %s '%s'", object_names[s->kind],
		   s->by_tag ? "with tag" : "named", s->name);
	if (s->by_tag)
		return -1;
	GROW(s->names, s->nr_names);
	s->names[s->nr_names] = NULL;
	near = nearest_word(s->name, s->names);
	if (near)
		diag_hint(ctx->diags, "did you mean '%s'?", near);
	return -1;
}

static int by_search(struct ctx *ctx, enum object_kind kind, const char *finder, const char *text,
		     struct span at, struct value *out)
{
	struct search s = { .kind = kind, .name = text, .by_tag = !strcmp(finder, "tag"),
			    .shared = &ctx->s->shared, .out = out };
	struct object_walk w = { .kind = kind };
	struct handle *h;
	int fd, err = 0;

	while ((fd = kern_next_object(&w)) >= 0)
		if ((h = kern_handle(kind, fd)))
			search_one(&s, h);
	if (w.err)
		err = kern_call_error(ctx->diags, at, KERN_LISTING, -w.err, "list all %ss", object_names[kind]);
	else if (!out->handles.nr)
		err = not_found(ctx, &s, at);
	for (size_t i = 0; i < s.nr_names; i++)
		free((char *)s.names[i]);
	free(s.names);
	return err;
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
	if (v->kind == VALUE_JSON && jv_get_kind(v->json) == JV_KIND_NUMBER)
		id = jv_copy(v->json);
	else if (v->kind == VALUE_JSON && jv_get_kind(v->json) == JV_KIND_OBJECT)
		id = jv_object_get(jv_copy(v->json), jv_string("id"));
	if (jv_get_kind(id) != JV_KIND_NUMBER) {
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
			err = by_search(ctx, kind, finder, text, w[1].span, out);
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

static int too_many(struct ctx *ctx, enum object_kind kind, const struct value *found,
		    struct span at)
{
	struct buf ids = BUF_INIT;

	for (size_t i = 0; i < found->handles.nr && i < 20; i++)
		buf_printf(&ids, "%s%u", i ? ", " : "", found->handles.list[i]->id);
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

/* An object's name and type, as far as it has them. */
struct looks {
	char name[HANDLE_NAME_MAX];
	const char *type;
};

/* Asks for them once; false where the object says nothing. */
static bool look_at(enum object_kind kind, int fd, struct looks *l)
{
	struct bpf_prog_info prog;
	struct bpf_btf_info btf;
	struct bpf_map_info map;
	int err = 0;

	*l = (struct looks){ .type = NULL };
	if (kind == OBJ_PROG) {
		err = kern_prog_info(fd, &prog);
		snprintf(l->name, sizeof(l->name), "%.*s", BPF_OBJ_NAME_LEN, prog.name);
		l->type = kern_prog_type_name(prog.type);
	} else if (kind == OBJ_MAP && !(err = kern_map_info(fd, &map))) {
		snprintf(l->name, sizeof(l->name), "%.*s", BPF_OBJ_NAME_LEN, map.name);
		l->type = kern_map_type_name(map.type);
	} else if (kind == OBJ_BTF) {
		err = kern_btf_info(fd, &btf, l->name, sizeof(l->name));
	}
	return !err || err == -ENODEV;	/* orphaned, and still there to be named */
}

/* "name  type" */
static const char *note_of(const struct looks *l, char *note, size_t size)
{
	snprintf(note, size, "%s%s%s", l->name, *l->name && l->type ? "  " : "",
		 l->type ? l->type : "");
	return note;
}

static void add_id(struct candidates *c, enum object_kind kind, __u32 id, const char *text)
{
	int fd = kern_open_id(kind, id);
	char note[128];
	struct looks l;

	if (fd < 0)
		return;
	if (look_at(kind, fd, &l))
		candidate_add(c, text, note_of(&l, note, sizeof(note)), false);
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

static void complete_names(struct candidates *c, enum object_kind kind)
{
	struct object_walk w = { .kind = kind };
	int fd;

	while (!c->cut && (fd = kern_next_object(&w)) >= 0) {
		struct looks l;
		char id[16];

		snprintf(id, sizeof(id), "%u", w.id);
		if (look_at(kind, fd, &l) && *l.name) {
			candidate_add(c, l.name, id, false);
			c->cut = c->more;
		}
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
		char *text, note[128];
		struct looks l;

		if (v->value.kind != VALUE_HANDLE || v->value.handle->kind != kind)
			continue;
		text = xasprintf("$%s", v->name);
		look_at(kind, v->value.handle->fd, &l);
		candidate_add(c, text, note_of(&l, note, sizeof(note)), false);
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

#define REF_TYPE(what, kind, label, parse_fn)							\
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
	label, what##_take, what##_parse, what##_complete, .refers = true			\
}

REF_TYPE(prog, OBJ_PROG, "PROG", parse_one);
REF_TYPE(progs, OBJ_PROG, "PROG", parse_many);
REF_TYPE(map, OBJ_MAP, "MAP", parse_one);
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
