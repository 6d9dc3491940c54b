// SPDX-License-Identifier: BSD-2-Clause
/*
 * Detaching a link. It waits for the commit, as a severed link cannot be
 * revived: `undo` after the commit attaches the program by a new link, which
 * takes the old one's place in the session's handles and at its pins.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/op/describe.h"
#include "shell/op/fields.h"
#include "shell/op/link.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/trash.h"
#include "shell/txn/txn.h"

/* A pin of the link, and where a new link waits to be exchanged with it. */
struct link_pin {
	char *path;
	struct trash trash;
};

struct op_detach {
	struct op op;
	struct handle *link;		/* NULL, in a journal: nobody holds it any more */
	struct handle *prog;		/* what it ran; NULL: unknown, or gone */
	__u32 id, type, prog_id;
	struct link_spot spot;
	bool found;			/* the spot is known */
	bool other_netns;		/* it is in another network namespace */
	struct link_pin *pins;		/* of the link, when it was detached */
	size_t nr_pins;
};

static struct op_detach *detach_of(const struct op *op)
{
	return (struct op_detach *)op;
}

#define AGAIN "attached again, after a gap, it has a new ID and the last place in its order"

static enum undo_class detach_class(const struct op *op, const char **why)
{
	const struct op_detach *t = detach_of(op);

	if (t->found || !t->link || t->link->fd < 0) {
		*why = kern_can_exchange() ? AGAIN : AGAIN ", and its pins are gone for a moment";
		return UNDO_LOSSY;
	}
	*why = "where it is attached cannot be found again";
	return UNDO_NONE;
}

static void detach_describe(const struct op *op, struct buf *out)
{
	const struct op_detach *t = detach_of(op);

	buf_puts(out, "- link detach ");
	describe_object(out, OBJ_LINK, t->link, t->id);
	if (t->prog) {
		buf_puts(out, " of ");
		describe_handle(out, t->prog);
	}
}

static int detach_prepare(struct op *op, struct diags *d)
{
	struct op_detach *t = detach_of(op);
	const char *type = kern_link_type_name(t->type);

	if (kern_link_detachable(t->type))
		return 0;
	diag_error(d, op->span, "cannot detach link %u: links of type %s have no such operation",
		   t->id, type ? type : "unknown");
	diag_hint(d, "it ends with the last variable, pin or process that holds it: "
		  "'link unpin', 'unset'");
	return -1;
}

static int note_pin(void *arg, const struct pin *pin)
{
	struct op_detach *t = arg;

	if (pin->kind != OBJ_LINK || pin->id != t->id)
		return 0;
	GROW(t->pins, t->nr_pins);
	t->pins[t->nr_pins] = (struct link_pin){ .path = xstrdup(pin->path) };
	trash_choose(&t->pins[t->nr_pins++].trash, pin->path);
	return 0;
}

/* The kernel lets a severed link be detached again: recovery may repeat it. */
static int detach_apply(struct op *op, struct diags *d)
{
	struct op_detach *t = detach_of(op);
	int err;

	if (!t->link)
		return 0;
	if (!t->nr_pins)
		kern_pins(note_pin, t);
	err = kern_link_detach(t->link->fd);
	if (!err || err == -ENOLINK)
		return 0;
	return kern_error(d, op->span, -err, "detach link %u", t->id);
}

/* The link that is pinned at a path, or NULL. */
static struct handle *link_at(const char *path)
{
	enum object_kind kind = OBJ_LINK;
	int fd = path ? kern_open_pin(path, &kind) : -1;
	struct handle *h = fd >= 0 ? kern_handle(kind, fd) : NULL;

	if (h && h->kind == OBJ_LINK)
		return h;
	handle_put(h);
	return NULL;
}

/* True for another link that runs the same program at the same place. */
static bool is_successor(const struct op_detach *t, const struct handle *link)
{
	struct bpf_link_info info;
	struct link_spot spot;
	bool same;

	if (link->id == t->id || kern_link_info(link->fd, &info) || info.type != t->type ||
	    info.prog_id != t->prog_id)
		return false;
	same = !kern_link_spot(link->fd, &spot) && spot.ifindex == t->spot.ifindex &&
	       spot.attach_type == t->spot.attach_type && spot.id == t->spot.id;
	link_spot_free(&spot);
	return same;
}

/* What an undo that was interrupted has made: it waits in the trash, or is pinned already. */
static struct handle *find_successor(const struct op_detach *t)
{
	for (size_t i = 0; i < 2 * t->nr_pins; i++) {
		const struct link_pin *p = &t->pins[i / 2];
		struct handle *link = link_at(i % 2 ? p->trash.pin : p->path);

		if (link && is_successor(t, link))
			return link;
		handle_put(link);
	}
	return NULL;
}

/* True where a variable or a pin has the old link, so that it would keep a new one. */
static bool has_holder(const struct op_detach *t)
{
	if (t->link && t->link->refs > 1)
		return true;
	for (size_t i = 0; i < t->nr_pins; i++)
		if (is_pinned_at(t->pins[i].path, OBJ_LINK, t->id))
			return true;
	return false;
}

/* Attaches the program anew; NULL with a diagnostic, and the result of the undo. */
static struct handle *attach_again(struct op_detach *t, enum undo_result *r, struct diags *d)
{
	struct handle *fresh;
	int fd;

	*r = UNDO_FAILED;
	if (t->other_netns) {
		diag_error(d, t->op.span, "link %u belongs to another network namespace: left "
			   "detached", t->id);
		diag_hint(d, "'recover' there attaches it again");
		return NULL;
	}
	*r = UNDO_NEVER;
	if (!t->found || !t->prog || !has_holder(t)) {
		diag_error(d, t->op.span, "link %u stays detached: %s", t->id,
			   !t->found ? "where it was is not known" :
			   !t->prog ? "its program is gone" : "nothing would hold a new one");
		return NULL;
	}
	*r = UNDO_FAILED;
	fd = kern_link_create(t->prog->fd, &t->spot);
	if (fd < 0) {
		kern_link_create_error(d, t->op.span, t->prog, &t->spot, NULL, -fd);
		return NULL;
	}
	fresh = kern_handle(OBJ_LINK, fd);
	if (!fresh)
		kern_error(d, t->op.span, errno, "read the new link");
	return fresh;
}

/*
 * The new link comes to the path, and the old one, which is severed, goes. Where the bpffs
 * cannot exchange the two, there is a moment without a pin: the new one waits in the trash.
 */
static int exchange(const struct link_pin *p)
{
	int err = kern_rename(p->trash.pin, p->path, RENAME_EXCHANGE);

	if (err != -KERN_ENOEXCHANGE)
		return err;
	err = kern_unlink(p->path);
	return err ? err : kern_rename(p->trash.pin, p->path, RENAME_NOREPLACE);
}

/* The new link takes the old one's place at a pin, if that still is the old one's. */
static int pin_again(struct op_detach *t, struct link_pin *p, const struct handle *fresh,
		     struct diags *d)
{
	int err;

	if (access(p->path, F_OK) && trash_has(&p->trash, OBJ_LINK, fresh->id))
		err = kern_rename(p->trash.pin, p->path, RENAME_NOREPLACE);
	else if (!is_pinned_at(p->path, OBJ_LINK, t->id))
		return 0;
	else if (!(err = trash_replace(&p->trash, fresh->fd)))
		err = exchange(p);
	return err ? kern_error(d, t->op.span, -err, "pin the new link at '%s'", p->path) : 0;
}

/* Everyone who has the old link's handle or pin has the new one from now on. */
static enum undo_result replace_link(struct op_detach *t, const struct handle *fresh,
				     struct diags *d)
{
	int err = 0;

	if (t->link && dup3(fresh->fd, t->link->fd, O_CLOEXEC) < 0) {
		kern_error(d, t->op.span, errno, "keep the new link");
		return UNDO_FAILED;
	}
	for (size_t i = 0; i < t->nr_pins; i++)
		err |= pin_again(t, &t->pins[i], fresh, d);
	if (t->link)
		t->link->id = fresh->id;
	diag_note(d, t->op.span, "link %u is attached again, as link %u", t->id, fresh->id);
	return err ? UNDO_FAILED : UNDO_DONE;
}

static enum undo_result detach_undo(struct op *op, struct diags *d)
{
	struct op_detach *t = detach_of(op);
	struct handle *fresh;
	enum undo_result r;

	/* What only a process held has ended with it. */
	if (!op->applied || (!t->link && !t->nr_pins))
		return UNDO_DONE;
	fresh = find_successor(t);
	if (!fresh)
		fresh = attach_again(t, &r, d);
	if (fresh)
		r = replace_link(t, fresh, d);
	handle_put(fresh);
	return r;
}

static void detach_target(const struct op *op, struct buf *out)
{
	link_target(out, detach_of(op)->id);
}

static int detach_finish(struct op *op, struct diags *d)
{
	struct op_detach *t = detach_of(op);
	int failed = 0;

	for (size_t i = 0; i < t->nr_pins; i++)
		failed |= trash_finish(&t->pins[i].trash, op->span, d);
	return failed;
}

static int detach_reach(const struct op *op, const char **path)
{
	const struct op_detach *t = detach_of(op);
	int err = 0;

	for (size_t i = 0; i < t->nr_pins && !err; i++)
		err = trash_reach(&t->pins[i].trash, path);
	return err;
}

#define FIELDS_OF struct link_pin
static const struct field pin_fields[] = { F_PATH(path), F_TRASH(trash), { 0 } };
#undef FIELDS_OF

#define FIELDS_OF struct op_detach
static const struct field detach_fields[] = {
	F_U32(id), F_U32(type), F_U32(prog_id), F_BOOL(found), F_SPOT(spot),
	F_LIST(pins, nr_pins, pin_fields), F_HANDLE(link), F_HANDLE(prog), { 0 }
};

static bool detach_revive(struct op *op)
{
	struct op_detach *t = detach_of(op);
	int err = t->found ? kern_link_spot_open(&t->spot) : -ENOLINK;

	t->link = open_link(t->id, t->type);
	t->prog = kern_open_object(OBJ_PROG, t->prog_id);
	t->found = !err;
	t->other_netns = err == -EXDEV;
	return true;
}

const struct op_kind op_detach_kind = {
	.name = "link detach",
	.id = 6,
	.size = sizeof(struct op_detach),
	.deferred = true,
	.loses_late = true,
	.class = detach_class,
	.describe = detach_describe,
	.prepare = detach_prepare,
	.apply = detach_apply,
	.undo = detach_undo,
	.target = detach_target,
	.finish = detach_finish,
	.reach = detach_reach,
	.fields = detach_fields,
	.revive = detach_revive,
};

struct op *op_link_detach(struct handle *link, struct span span)
{
	struct op_detach *t = op_new(&op_detach_kind, span);
	struct bpf_link_info info;

	t->link = handle_get(link);
	t->id = link->id;
	t->spot.fd = -1;
	if (link->fd < 0 || kern_link_info(link->fd, &info))
		return &t->op;
	t->type = info.type;
	t->prog_id = info.prog_id;
	t->found = !kern_link_spot(link->fd, &t->spot);
	t->prog = kern_open_object(OBJ_PROG, t->prog_id);
	return &t->op;
}
