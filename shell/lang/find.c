// SPDX-License-Identifier: BSD-2-Clause
/*
 * Objects found by what they are called. The kernel keeps 15 characters of a
 * name: a longer one is compared with the name in full, and where that is not
 * known it names nothing. The 15 characters themselves name all that begin so.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/code.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/kern/symbols.h"
#include "shell/lang/find.h"
#include "shell/lang/state.h"

#define TAG_TEXT (2 * BPF_TAG_SIZE)

bool look_at(enum object_kind kind, int fd, struct looks *l)
{
	const char *name = NULL;
	int err = 0;

	l->kept[0] = '\0';
	if (kind == OBJ_PROG) {
		err = kern_prog_info(fd, &l->prog);
		name = l->prog.name;
	} else if (kind == OBJ_MAP) {
		err = kern_map_info(fd, &l->map);
		name = l->map.name;
	} else if (kind == OBJ_BTF) {
		err = kern_btf_info(fd, &l->btf, l->kept, sizeof(l->kept));
	}
	if (name)
		snprintf(l->kept, sizeof(l->kept), "%.*s", BPF_OBJ_NAME_LEN, name);
	return !err || err == -ENODEV;	/* orphaned, and still there to be named */
}

void look_up_name(enum object_kind kind, int fd, const struct looks *l, char name[KERN_NAME_MAX])
{
	if (kind == OBJ_PROG)
		kern_prog_name(fd, &l->prog, name, KERN_NAME_MAX);
	else if (kind == OBJ_MAP)
		kern_map_name(&l->map, name, KERN_NAME_MAX);
	else
		snprintf(name, KERN_NAME_MAX, "%s", l->kept);
}

/* Programs as the kernel's symbols name them */

#define SYMBOL "bpf_prog_"

bool is_prog_symbol(const char *text)
{
	const char *tag = text + sizeof(SYMBOL) - 1;

	if (strncmp(text, SYMBOL, sizeof(SYMBOL) - 1))
		return false;
	for (int i = 0; i < TAG_TEXT; i++)
		if (!isxdigit((unsigned char)tag[i]))
			return false;
	return strchr("_+", tag[TAG_TEXT]) != NULL;	/* or nothing follows */
}

static bool has_tag(const struct bpf_prog_info *info, const char *tag)
{
	char text[TAG_TEXT + 1];

	for (int i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", info->tag[i]);
	return !strncasecmp(text, tag, TAG_TEXT);
}

/* Old kernels write the name as they keep it. */
static bool has_symbol(const char *symbol, const struct looks *l, const char *name)
{
	const char *rest = symbol + sizeof(SYMBOL) - 1 + TAG_TEXT;

	if (!has_tag(&l->prog, symbol + sizeof(SYMBOL) - 1))
		return false;
	return !*rest ? !*name : !strcmp(rest + 1, name) || !strcmp(rest + 1, l->kept);
}

/* Whether one of the program's functions, which all have symbols, is at this address. */
static bool has_function_at(int fd, __u64 address)
{
	struct kern_code code;
	bool found = false;

	if (kern_code(fd, &code))
		return false;
	for (__u32 i = 0; code.ksyms && i < code.info.nr_jited_ksyms; i++)
		found |= code.ksyms[i] == address;
	kern_code_free(&code);
	return found;
}

/* The search */

/* Whether the kernel may keep @kept of the name @text. It keeps those of BTF whole. */
static bool may_be_kept(enum object_kind kind, const char *text, const char *kept)
{
	return kind != OBJ_BTF && kern_is_cut_to(text, kept);
}

struct search {
	enum object_kind kind;
	enum find_by by;
	const char *text;
	char *symbol;			/* the text without an offset, if it is one; else NULL */
	__u64 address;			/* of the symbol, where no tag but its function tells; or 0 */
	struct handle **shared;
	struct value *out;
};

static bool is_called(const struct search *s, int fd, const struct looks *l)
{
	char name[KERN_NAME_MAX];

	if (s->address)
		return has_function_at(fd, s->address);
	if (s->by == FIND_TAG)
		return strlen(s->text) == TAG_TEXT && has_tag(&l->prog, s->text);
	if (!strcmp(s->text, l->kept))
		return true;
	if (!s->symbol && !may_be_kept(s->kind, s->text, l->kept))
		return false;
	look_up_name(s->kind, fd, l, name);
	return !strcmp(s->text, name) || (s->symbol && has_symbol(s->symbol, l, name));
}

/* Takes over the descriptor. */
static void search_one(struct search *s, int fd)
{
	struct handle *h;
	struct looks l;

	if (!look_at(s->kind, fd, &l) || !is_called(s, fd, &l)) {
		close(fd);
		return;
	}
	h = kern_handle(s->kind, fd);
	if (!h)
		return;
	GROW(s->out->handles.list, s->out->handles.nr);
	s->out->handles.list[s->out->handles.nr++] = handle_share(s->shared, h);
}

/* 0, or the errno of what could not be looked at. */
static int search(struct search *s)
{
	struct object_walk w = { .kind = s->kind };
	int fd;

	while ((fd = kern_next_object(&w)) >= 0)
		search_one(s, fd);
	return -w.err;
}

/* Nothing is called so */

struct names {
	enum object_kind kind;
	const char *text;		/* what was looked for */
	const char **list;		/* of all objects, in full */
	size_t nr;
	struct buf begin;		/* those of which the kernel keeps as much as it would of the text */
	int nr_begin;
};

#define BEGIN_SAID 10

static void add_name(struct names *n, const char *kept, const char *name, __u32 id)
{
	if (may_be_kept(n->kind, n->text, kept) && n->nr_begin++ < BEGIN_SAID)
		buf_printf(&n->begin, "%s%s (id %u)", n->begin.len ? ", " : "", name, id);
	if (!*name)
		return;
	GROW(n->list, n->nr);
	n->list[n->nr++] = xstrdup(name);
}

static void read_names(struct names *n)
{
	struct object_walk w = { .kind = n->kind };
	char name[KERN_NAME_MAX];
	struct looks l;
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		if (look_at(n->kind, fd, &l)) {
			look_up_name(n->kind, fd, &l, name);
			add_name(n, l.kept, name, w.id);
		}
		close(fd);
	}
	GROW(n->list, n->nr);
	n->list[n->nr] = NULL;
}

static void hint_name(struct ctx *ctx, enum object_kind kind, const char *text)
{
	struct names n = { .kind = kind, .text = text, .begin = BUF_INIT };

	read_names(&n);
	if (n.nr_begin)
		diag_hint(ctx->diags, "the kernel keeps %d characters of a name; what begins so: %s%s",
			  BPF_OBJ_NAME_LEN - 1, buf_str(&n.begin),
			  n.nr_begin > BEGIN_SAID ? ", ..." : "");
	diag_suggest(ctx->diags, text, n.list);
	for (size_t i = 0; i < n.nr; i++)
		free((char *)n.list[i]);
	free(n.list);
	buf_free(&n.begin);
}

static int not_found(struct ctx *ctx, const struct search *s, struct span at)
{
	diag_error(ctx->diags, at, "no %s %s '%s'", object_names[s->kind],
		   s->by == FIND_TAG ? "with tag" : "named", s->text);
	if (s->by == FIND_NAME)
		hint_name(ctx, s->kind, s->text);
	return -1;
}

int find_objects(struct ctx *ctx, enum object_kind kind, enum find_by by, const char *text,
		 struct span at, struct value *out)
{
	bool symbol = kind == OBJ_PROG && by == FIND_NAME && is_prog_symbol(text);
	struct search s = {
		.kind = kind, .by = by, .text = text, .shared = &ctx->s->shared, .out = out,
		.symbol = symbol ? xstrndup(text, strcspn(text, "+")) : NULL,
	};
	int err = search(&s);

	/* A function's tag is its own; which program has it, its address tells. */
	if (symbol && !err && !out->handles.nr && (s.address = kern_symbol_now(s.symbol)))
		err = search(&s);
	free(s.symbol);
	if (err)
		return kern_call_error(ctx->diags, at, KERN_LISTING, err, "list all %ss", object_names[kind]);
	return out->handles.nr ? 0 : not_found(ctx, &s, at);
}
