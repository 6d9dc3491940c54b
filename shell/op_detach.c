// SPDX-License-Identifier: BSD-2-Clause
/*
 * Detaching a link. It waits for the commit, as a severed link cannot be
 * revived: `undo` after the commit attaches the program by a new link, which
 * takes the old one's place in the session's handles and at its pins.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/ops.h"

struct op_detach {
	struct op op;
	struct handle *link;
	struct handle *prog;		/* what it runs; NULL: unknown, also of a journal */
	__u32 id, type;
	struct link_spot spot;
	bool found;			/* the spot is known */
	char **pins;			/* of the link, when it was detached */
	size_t nr_pins;
};

static struct op_detach *detach_of(const struct op *op)
{
	return (struct op_detach *)op;
}

static enum undo_class detach_class(const struct op *op, const char **why)
{
	if (detach_of(op)->found || detach_of(op)->link->fd < 0) {
		*why = "attached again, after a gap, it has a new ID and the last place in its order";
		return UNDO_LOSSY;
	}
	*why = "where it is attached cannot be found again";
	return UNDO_NONE;
}

static void detach_describe(const struct op *op, struct buf *out)
{
	const struct op_detach *t = detach_of(op);

	buf_puts(out, "- link detach ");
	describe_handle(out, t->link);
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
	t->pins[t->nr_pins++] = xstrdup(pin->path);
	return 0;
}

/* The kernel lets a severed link be detached again: recovery may repeat it. */
static int detach_apply(struct op *op, struct diags *d)
{
	struct op_detach *t = detach_of(op);
	int err;

	if (!t->nr_pins)
		kern_pins(note_pin, t);
	err = kern_link_detach(t->link->fd);
	if (!err || err == -ENOLINK)
		return 0;
	return kern_error(d, op->span, -err, "detach link %u", t->id);
}

/* The new link takes the old one's place at a pin, if that still is the old one's. */
static int pin_again(struct op_detach *t, const char *path, struct diags *d)
{
	enum object_kind kind = OBJ_LINK;
	int fd = kern_open_pin(path, &kind), err = 0;
	struct handle *now = fd >= 0 ? kern_handle(kind, fd) : NULL;
	bool ours = now && now->kind == OBJ_LINK && now->id == t->id;

	handle_put(now);
	if (!ours)
		return 0;
	err = kern_unlink(path);
	if (!err)
		err = kern_pin(t->link->fd, path);
	return err ? kern_error(d, t->op.span, -err, "pin the new link at '%s'", path) : 0;
}

/* Everyone who has the handle has the new link from now on. Takes over @fd. */
static int replace_link(struct op_detach *t, int fd, struct diags *d)
{
	struct handle *fresh = kern_handle(OBJ_LINK, fd);
	int err = 0;

	if (!fresh || dup3(fresh->fd, t->link->fd, O_CLOEXEC) < 0) {
		handle_put(fresh);
		return kern_error(d, t->op.span, errno, "read the new link");
	}
	t->link->id = fresh->id;
	handle_put(fresh);
	for (size_t i = 0; i < t->nr_pins; i++)
		err |= pin_again(t, t->pins[i], d);
	diag_note(d, t->op.span, "link %u is attached again, as link %u", t->id, t->link->id);
	return err;
}

static enum undo_result detach_undo(struct op *op, struct diags *d)
{
	struct op_detach *t = detach_of(op);
	int fd;

	if (!op->applied)
		return UNDO_DONE;
	if (!t->found || !t->prog) {
		diag_error(d, op->span, "link %u stays detached: where it was is not known",
			   t->id);
		return UNDO_CONFLICT;
	}
	if (!t->nr_pins && t->link->refs == 1) {
		diag_error(d, op->span, "link %u stays detached: nothing would hold a new one",
			   t->id);
		return UNDO_CONFLICT;
	}
	fd = kern_link_create(t->prog->fd, &t->spot);
	if (fd < 0) {
		kern_link_create_error(d, op->span, t->prog, &t->spot, NULL, -fd);
		return UNDO_FAILED;
	}
	return replace_link(t, fd, d) ? UNDO_FAILED : UNDO_DONE;
}

static void detach_release(struct op *op)
{
	struct op_detach *t = detach_of(op);

	handle_put(t->link);
	handle_put(t->prog);
	link_spot_free(&t->spot);
	for (size_t i = 0; i < t->nr_pins; i++)
		free(t->pins[i]);
	free(t->pins);
}

static void detach_encode(const struct op *op, struct buf *out)
{
	const struct op_detach *t = detach_of(op);

	put_u32(out, t->id);
	put_u32(out, t->type);
}

/* A link that nobody holds any more is detached. */
static bool detach_decode(struct op *op, struct reader *r)
{
	struct op_detach *t = detach_of(op);
	struct bpf_link_info info;
	int fd;

	t->spot.fd = -1;
	t->id = get_u32(r);
	t->type = get_u32(r);
	fd = r->bad ? -1 : kern_open_id(OBJ_LINK, t->id);
	t->link = fd >= 0 ? kern_handle(OBJ_LINK, fd) : NULL;
	return t->link && !kern_link_info(t->link->fd, &info) && info.type == t->type;
}

const struct op_kind op_detach_kind = {
	.name = "link detach",
	.id = 6,
	.size = sizeof(struct op_detach),
	.deferred = true,
	.class = detach_class,
	.describe = detach_describe,
	.prepare = detach_prepare,
	.apply = detach_apply,
	.undo = detach_undo,
	.release = detach_release,
	.encode = detach_encode,
	.decode = detach_decode,
};

struct op *op_link_detach(struct handle *link, struct span span)
{
	struct op_detach *t = op_new(&op_detach_kind, span);
	struct bpf_link_info info;
	int fd;

	t->link = handle_get(link);
	t->id = link->id;
	t->spot.fd = -1;
	if (link->fd < 0 || kern_link_info(link->fd, &info))
		return &t->op;
	t->type = info.type;
	t->found = !kern_link_spot(link->fd, &t->spot);
	fd = kern_open_id(OBJ_PROG, info.prog_id);
	t->prog = fd >= 0 ? kern_handle(OBJ_PROG, fd) : NULL;
	return &t->op;
}
