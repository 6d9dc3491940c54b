// SPDX-License-Identifier: BSD-2-Clause
/* What holds the objects that a command shows: pins, and processes with a descriptor. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/holders.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/search.h"
#include "shell/base/text.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/owners.h"
#include "shell/session/session.h"

struct holder {
	__u32 id;
	pid_t pid;			/* 0: a pin */
	char *name;			/* the pin's path, the process's comm */
};

/* In the order of their objects. */
struct holder_list {
	struct holder *rows;
	size_t nr;
	bool read;
};

/* The rows of one object, which a cell borrows. */
struct span_of {
	const struct holder *rows;
	size_t nr;
};

struct holders {
	const struct ctx *ctx;
	enum object_kind kind;
	bool bpffs;
	struct holder_list pins, pids;
	const char **paths;		/* of the pins, in their order: a list cell points into it */
	struct span_of shown;		/* what the last cell of processes is about */
	int err;			/* why a path could not be looked at; 0: all could */
	char *unseen;			/* the first such */
};

struct holders *holders_new(const struct ctx *ctx, enum object_kind kind)
{
	struct holders *h = xcalloc(1, sizeof(*h));

	h->ctx = ctx;
	h->kind = kind;
	h->bpffs = ctx->s->opt.bpffs;
	return h;
}

static void list_free(struct holder_list *l)
{
	for (size_t i = 0; i < l->nr; i++)
		free(l->rows[i].name);
	free(l->rows);
}

void holders_free(struct holders *h)
{
	list_free(&h->pins);
	list_free(&h->pids);
	free(h->paths);
	free(h->unseen);
	free(h);
}

static void add(struct holder_list *l, __u32 id, pid_t pid, const char *name)
{
	GROW(l->rows, l->nr);
	l->rows[l->nr++] = (struct holder){ id, pid, xstrdup(name) };
}

static int compare(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void sort(struct holder_list *l)
{
	if (l->nr)
		qsort(l->rows, l->nr, sizeof(*l->rows), compare);
	l->read = true;
}

static bool before(const void *record, const void *key)
{
	return ((const struct holder *)record)->id < *(const __u32 *)key;
}

static struct span_of rows_of(const struct holder_list *l, __u32 id)
{
	size_t first = lower_bound(l->rows, l->nr, sizeof(*l->rows), before, &id), end = first;

	while (end < l->nr && l->rows[end].id == id)
		end++;
	return (struct span_of){ l->rows + first, end - first };
}

static int add_pin(void *arg, const struct pin *pin)
{
	struct holders *h = arg;

	if (pin->err && !h->err) {
		h->err = pin->err;
		h->unseen = xasprintf("what is pinned at '%s' is", pin->path);
	}
	if (pin->kind == h->kind)
		add(&h->pins, pin->id, 0, pin->path);
	return 0;
}

static void read_pins(struct holders *h)
{
	if (h->bpffs)
		kern_pins(add_pin, h);
	note_left_out(h->ctx, h->err, h->unseen);
	sort(&h->pins);
	h->paths = xcalloc(h->pins.nr, sizeof(*h->paths));
	for (size_t i = 0; i < h->pins.nr; i++)
		h->paths[i] = h->pins.rows[i].name;
}

struct cell holders_pins(struct holders *h, __u32 id)
{
	struct span_of found;

	if (!h->pins.read)
		read_pins(h);
	found = rows_of(&h->pins, id);
	return CELL(.kind = found.nr ? CELL_STRS : CELL_NONE,
		    .strs = { h->paths + (found.nr ? found.rows - h->pins.rows : 0), found.nr });
}

/* This process has descriptors only for as long as it looks. */
static int add_owner(void *arg, const struct owner *owner)
{
	struct holders *h = arg;

	if (owner->pid != getpid())
		add(&h->pids, owner->id, owner->pid, owner->comm);
	return 0;
}

/* "systemd(1), agent(42)" */
static void draw_pids(struct buf *out, const void *what, unsigned how)
{
	const struct span_of *pids = what;

	for (size_t i = 0; i < pids->nr; i++) {
		const struct holder *p = &pids->rows[i];

		buf_puts(out, i ? ", " : "");
		if (how & DRAW_ESCAPED)
			buf_escaped(out, p->name, strlen(p->name));
		else
			buf_puts(out, p->name);
		buf_printf(out, "(%d)", (int)p->pid);
	}
}

static void draw_pids_json(struct buf *out, const void *what, unsigned how)
{
	const struct span_of *pids = what;

	buf_puts(out, "[");
	for (size_t i = 0; i < pids->nr; i++) {
		buf_printf(out, "%s{\"pid\":%d,\"comm\":", i ? "," : "", (int)pids->rows[i].pid);
		buf_json_string(out, pids->rows[i].name, strlen(pids->rows[i].name));
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

struct cell holders_pids(struct holders *h, __u32 id)
{
	static const struct drawing by = { draw_pids, draw_pids_json };

	if (!h->pids.read) {
		kern_owners(h->kind, add_owner, h);
		sort(&h->pids);
	}
	h->shown = rows_of(&h->pids, id);
	return CELL(.kind = h->shown.nr ? CELL_DRAWN : CELL_NONE, .drawn = { &by, &h->shown });
}
