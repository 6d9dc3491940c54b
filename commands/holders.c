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

/* In the order of their objects. */
struct holder_list {
	struct holder *rows;
	size_t nr;
	bool read;
};

struct holders {
	const struct ctx *ctx;
	enum object_kind kind;
	bool bpffs;
	struct holder_list pins, pids;
	const char **paths;		/* of the pins, in their order: a list cell points into it */
	struct holder_span shown;		/* what the last cell of processes is about */
	struct holder process;		/* that is it, of holders_process() */
	char comm[64];
	unsigned hidden;
	int err;			/* why a path could not be looked at; 0: all could */
	char *unseen;			/* the first such */
};

struct holders *holders_new(const struct ctx *ctx, enum object_kind kind)
{
	struct holders *h = xcalloc(1, sizeof(*h));

	h->ctx = ctx;
	h->kind = kind;
	h->bpffs = ctx->s->opt.bpffs || kind == OBJ_KINDS;
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

static void add(struct holder_list *l, struct holder row)
{
	GROW(l->rows, l->nr);
	row.name = xstrdup(row.name);
	l->rows[l->nr++] = row;
}

static int compare(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
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
	const struct holder *row = record, *wanted = key;

	return row->kind != wanted->kind ? row->kind < wanted->kind : row->id < wanted->id;
}

static struct holder_span rows_of(const struct holder_list *l, enum object_kind kind, __u32 id)
{
	struct holder key = { .kind = kind, .id = id };
	size_t first = lower_bound(l->rows, l->nr, sizeof(*l->rows), before, &key), end = first;

	while (end < l->nr && l->rows[end].kind == kind && l->rows[end].id == id)
		end++;
	return (struct holder_span){ l->rows + first, end - first };
}

static int add_pin(void *arg, const struct pin *pin)
{
	struct holders *h = arg;

	if (pin->err && !h->err) {
		h->err = pin->err;
		h->unseen = xasprintf("what is pinned at '%s' is", pin->path);
	}
	if (pin->kind != OBJ_KINDS && (pin->kind == h->kind || h->kind == OBJ_KINDS))
		add(&h->pins, (struct holder){ pin->kind, pin->id, 0, (char *)pin->path });
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

struct cell holders_pins(struct holders *h, enum object_kind kind, __u32 id)
{
	struct holder_span found = holders_of(h, kind, id, true);

	return CELL(.kind = found.nr ? CELL_STRS : CELL_NONE,
		    .strs = { h->paths + (found.nr ? found.rows - h->pins.rows : 0), found.nr });
}

/* This process has descriptors only for as long as it looks. */
static int add_owner(void *arg, const struct owner *owner)
{
	struct holders *h = arg;

	if (owner->pid != getpid())
		add(&h->pids, (struct holder){ owner->kind, owner->id, owner->pid,
					       (char *)owner->comm });
	return 0;
}

/* "systemd(1), agent(42)" */
static void draw_pids(struct buf *out, const void *what, unsigned how)
{
	const struct holder_span *pids = what;

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
	const struct holder_span *pids = what;

	buf_puts(out, "[");
	for (size_t i = 0; i < pids->nr; i++) {
		buf_printf(out, "%s{\"pid\":%d,\"comm\":", i ? "," : "", (int)pids->rows[i].pid);
		buf_json_string(out, pids->rows[i].name, strlen(pids->rows[i].name));
		buf_puts(out, "}");
	}
	buf_puts(out, "]");
}

static void read_pids(struct holders *h)
{
	kern_owners(h->kind, add_owner, h, &h->hidden);
	sort(&h->pids);
}

struct holder_span holders_of(struct holders *h, enum object_kind kind, __u32 id, bool pins)
{
	if (pins && !h->pins.read)
		read_pins(h);
	if (!pins && !h->pids.read)
		read_pids(h);
	return rows_of(pins ? &h->pins : &h->pids, kind, id);
}

unsigned holders_hidden(struct holders *h)
{
	if (!h->pids.read)
		read_pids(h);
	return h->hidden;
}

bool holders_has(struct holders *h, enum object_kind kind, __u32 id, pid_t pid)
{
	struct holder_span found = holders_of(h, kind, id, false);

	for (size_t i = 0; i < found.nr; i++)
		if (found.rows[i].pid == pid)
			return true;
	return false;
}

static struct cell pids_cell(const struct holders *h)
{
	static const struct drawing by = { draw_pids, draw_pids_json };

	return CELL(.kind = h->shown.nr ? CELL_DRAWN : CELL_NONE, .drawn = { &by, &h->shown });
}

struct cell holders_pids(struct holders *h, enum object_kind kind, __u32 id)
{
	h->shown = holders_of(h, kind, id, false);
	return pids_cell(h);
}

struct cell holders_process(struct holders *h, pid_t pid)
{
	kern_comm(pid, h->comm, sizeof(h->comm));
	h->process = (struct holder){ .pid = pid, .name = h->comm };
	h->shown = (struct holder_span){ &h->process, 1 };
	return pids_cell(h);
}
