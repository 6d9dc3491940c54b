// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pins, and their undo.
 *
 * bpffs knows rename(2) with its flags: a pin that is removed moves to a trash
 * folder on the same bpffs, so that the object lives on until commit, also when
 * this process is killed; a pin that is replaced is exchanged in one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/ops.h"
#include "shell/trash.h"

struct op_pin {
	struct op op;
	struct handle *handle;	/* pin: what is pinned; unpin: what was, held for `undo` after commit */
	struct handle *old;	/* replace: what was pinned there */
	enum object_kind kind;	/* of the handle, and its ID: all that a journal knows of it */
	__u32 id;
	char *path;
	bool replace;
	__u64 old_inode;	/* replace: of the pin that was there */
	struct trash trash;
};

/*
 * op.late: device and inode of the pin that was made. Without the device, a
 * later operation took its place: undoing that made another one of the object.
 */
enum { LATE_DEV, LATE_INO };

static struct op_pin *pin_of(const struct op *op)
{
	return (struct op_pin *)op;
}

static enum undo_class pin_class(const struct op *op, const char **why)
{
	return UNDO_FULL;
}

static void pin_describe(const struct op *op, struct buf *out)
{
	const struct op_pin *p = pin_of(op);

	buf_puts(out, p->replace ? "~ pin " : "+ pin ");
	describe_object(out, p->kind, p->handle, p->id);
	buf_printf(out, " as %s", p->path);
}

static void unpin_describe(const struct op *op, struct buf *out)
{
	buf_printf(out, "- unpin %s", pin_of(op)->path);
}

/* A handle of the object that is pinned at a path; NULL where there is none. */
static struct handle *pinned_at(const char *path)
{
	enum object_kind kind;
	int fd = path ? kern_open_pin(path, &kind) : -1;

	return fd >= 0 ? kern_handle(kind, fd) : NULL;
}

static int check_bpffs(struct op_pin *p, struct diags *d)
{
	char *dir = folder_of(p->path);
	const char *name = strrchr(p->path, '/');
	int err = 0;

	if (access(dir, F_OK)) {
		err = diag_error(d, p->op.span, "no folder '%s'", dir);
		diag_hint(d, "make it first: mkdir '%s'", dir);
	} else if (!kern_is_bpffs(dir)) {
		err = diag_error(d, p->op.span, "'%s' is not on a bpffs", p->path);
		diag_hint(d, "objects are pinned below a mounted bpffs, as by: "
			  "mount -t bpf bpf /sys/fs/bpf");
	} else if (strchr(name ? name + 1 : p->path, '.')) {
		err = diag_error(d, p->op.span, "cannot pin at '%s': bpffs allows no dot in a name",
				 p->path);
	}
	free(dir);
	return err;
}

static int choose_trash(struct op_pin *p, struct diags *d)
{
	if (trash_choose(&p->trash, p->path))
		return 0;
	return kern_error(d, p->op.span, errno, "find the bpffs of '%s'", p->path);
}

static int pin_prepare(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	struct stat st;

	if (check_bpffs(p, d))
		return -1;
	if (lstat(p->path, &st)) {
		p->replace = false;
		return 0;
	}
	if (!p->replace) {
		diag_error(d, op->span, "cannot pin at '%s': it exists already", p->path);
		diag_hint(d, "'replace' exchanges the pin that is there");
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return diag_error(d, op->span, "cannot replace '%s': it is not a pinned object", p->path);
	p->old_inode = st.st_ino;
	p->old = pinned_at(p->path);
	if (!p->old)
		return diag_error(d, op->span, "cannot replace '%s': it cannot be opened", p->path);
	return choose_trash(p, d);
}

/* Which pin is ours is known by its inode. */
static void remember_inode(struct op_pin *p)
{
	struct stat st;

	if (lstat(p->path, &st))
		return;
	p->op.late[LATE_DEV] = st.st_dev;
	p->op.late[LATE_INO] = st.st_ino;
}

static int pin_apply(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	int err = p->replace ? trash_make(&p->trash) : 0;

	if (!err)
		err = kern_pin(p->handle->fd, p->replace ? p->trash.pin : p->path);
	if (!err && p->replace)
		err = kern_rename(p->trash.pin, p->path, RENAME_EXCHANGE);
	if (err)
		return kern_error(d, op->span, -err, "%s '%s'", p->replace ? "replace" : "pin at",
				  p->path);
	remember_inode(p);
	return 0;
}

/* True where the operation's object is pinned at @path. */
static bool pins_object(const char *path, const struct op_pin *p)
{
	struct handle *now = pinned_at(path);
	bool same = now && now->kind == p->kind && now->id == p->id;

	handle_put(now);
	return same;
}

static bool is_noted_inode(const struct op_pin *p)
{
	struct stat st;

	return !lstat(p->path, &st) && st.st_dev == p->op.late[LATE_DEV] &&
	       st.st_ino == p->op.late[LATE_INO];
}

/*
 * True where the path is the pin that this operation made: by its inode, or,
 * where that does not stand for it, by what is pinned.
 */
static bool still_ours(const struct op_pin *p)
{
	return p->op.late[LATE_DEV] ? is_noted_inode(p) : pins_object(p->path, p);
}

static enum undo_result not_ours(struct op_pin *p, struct diags *d)
{
	diag_error(d, p->op.span, "the pin '%s' is not ours any more: left alone", p->path);
	if (trash_full(&p->trash))
		diag_hint(d, "the one that was there before is '%s'", p->trash.pin);
	return UNDO_CONFLICT;
}

static enum undo_result failed(struct op_pin *p, struct diags *d, int err, const char *what)
{
	kern_error(d, p->op.span, -err, "%s '%s'", what, p->path);
	return UNDO_FAILED;
}

/* Undoes a new pin: removes it. */
static enum undo_result undo_new(struct op_pin *p, struct diags *d)
{
	struct stat st;
	int err;

	if (lstat(p->path, &st))
		return UNDO_DONE;
	if (!still_ours(p))
		return p->op.late[LATE_INO] ? not_ours(p, d) : UNDO_DONE;
	err = kern_unlink(p->path);
	return err ? failed(p, d, err, "remove the pin") : UNDO_DONE;
}

/*
 * Undoes a replacement. In the trash lies nothing (it was not begun), our new
 * pin (not exchanged yet), or the old one.
 */
static enum undo_result undo_replace(struct op_pin *p, struct diags *d)
{
	struct stat st;
	bool exchanged;
	int err = 0;

	exchanged = !lstat(p->trash.pin, &st) &&
		    (st.st_ino == p->old_inode || !pins_object(p->trash.pin, p));
	if (exchanged && !still_ours(p))
		return not_ours(p, d);
	if (exchanged)
		err = kern_rename(p->trash.pin, p->path, RENAME_EXCHANGE);
	return err ? failed(p, d, err, "put back the pin") : UNDO_DONE;
}

/* What was at the path is pinned in the trash, as before the commit. */
static int pin_trash(struct op_pin *p, const struct handle *h, struct diags *d)
{
	int err = trash_make(&p->trash);

	if (!err)
		err = kern_pin(h->fd, p->trash.pin);
	return err ? kern_error(d, p->op.span, -err, "pin again what was at '%s'", p->path) : 0;
}

static int pin_hold(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	if (!is_noted_inode(p))
		op->late[LATE_DEV] = 0;
	return p->replace ? pin_trash(p, p->old, d) : 0;
}

static enum undo_result pin_undo(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	return p->replace ? undo_replace(p, d) : undo_new(p, d);
}

static void pin_target(const struct op *op, struct buf *out)
{
	/* With its end: a path is no part of a longer one. */
	buf_add(out, pin_of(op)->path, strlen(pin_of(op)->path) + 1);
}

/* What lies in the trash goes for good. */
static int empty_trash(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	int err = trash_empty(&p->trash);

	return err ? kern_error(d, op->span, -err, "remove '%s'", p->trash.dir) : 0;
}

static int unpin_prepare(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	char *dir = folder_of(p->path);
	bool bpffs = kern_is_bpffs(dir);
	struct stat st;

	free(dir);
	if (lstat(p->path, &st))
		return kern_error(d, op->span, errno, "unpin '%s'", p->path);
	if (!bpffs || !S_ISREG(st.st_mode))
		return diag_error(d, op->span, "cannot unpin '%s': it is not a pinned object", p->path);
	p->handle = pinned_at(p->path);
	if (p->handle) {
		p->kind = p->handle->kind;
		p->id = p->handle->id;
	}
	return choose_trash(p, d);
}

static int unpin_apply(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	int err = trash_make(&p->trash);

	if (!err)
		err = kern_rename(p->path, p->trash.pin, RENAME_NOREPLACE);
	return err ? kern_error(d, op->span, -err, "unpin '%s'", p->path) : 0;
}

static int unpin_hold(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	return p->handle ? pin_trash(p, p->handle, d) : 0;
}

/* Pins again what somebody has removed from the trash, if it is still there. */
static int pin_again(struct op_pin *p)
{
	int fd, err;

	if (p->handle)
		return kern_pin(p->handle->fd, p->path);
	fd = kern_open_id(p->kind, p->id);
	if (fd < 0)
		return fd;
	err = kern_pin(fd, p->path);
	close(fd);
	return err;
}

/* Something stands where the pin was: the same object, or somebody else's. */
static enum undo_result undo_occupied(struct op_pin *p, struct diags *d)
{
	bool full = trash_full(&p->trash);

	if (pins_object(p->path, p) || (!full && !p->op.applied))
		return UNDO_DONE;
	diag_error(d, p->op.span, "'%s' exists again: left alone", p->path);
	if (full)
		diag_hint(d, "the pin that was there before is '%s'", p->trash.pin);
	return UNDO_CONFLICT;
}

static enum undo_result unpin_undo(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	struct stat st;
	int err = 0;

	if (!lstat(p->path, &st))
		return undo_occupied(p, d);
	if (trash_full(&p->trash))
		err = kern_rename(p->trash.pin, p->path, RENAME_NOREPLACE);
	else if (op->applied)
		err = pin_again(p);
	return err ? failed(p, d, err, "put back the pin") : UNDO_DONE;
}

static void pin_release(struct op *op)
{
	struct op_pin *p = pin_of(op);

	handle_put(p->handle);
	handle_put(p->old);
	free(p->path);
	trash_free(&p->trash);
}

static void pin_encode(const struct op *op, struct buf *out)
{
	const struct op_pin *p = pin_of(op);

	put_u32(out, p->kind);
	put_u32(out, p->id);
	put_u32(out, p->replace);
	put_u64(out, p->old_inode);
	put_str(out, p->path);
	put_str(out, p->trash.dir);
}

static bool pin_decode(struct op *op, struct reader *r)
{
	struct op_pin *p = pin_of(op);

	p->kind = get_u32(r);
	p->id = get_u32(r);
	p->replace = get_u32(r);
	p->old_inode = get_u64(r);
	p->path = get_str(r);
	trash_set(&p->trash, get_str(r));
	if (p->kind >= OBJ_KINDS || !p->path || *p->path != '/' || (p->replace && !p->trash.dir))
		r->bad = true;
	return !r->bad;
}

const struct op_kind op_pin_kind = {
	.name = "pin",
	.id = 3,
	.size = sizeof(struct op_pin),
	.class = pin_class,
	.describe = pin_describe,
	.prepare = pin_prepare,
	.apply = pin_apply,
	.undo = pin_undo,
	.target = pin_target,
	.hold = pin_hold,
	.finish = empty_trash,
	.release = pin_release,
	.encode = pin_encode,
	.decode = pin_decode,
};

const struct op_kind op_unpin_kind = {
	.name = "unpin",
	.id = 4,
	.size = sizeof(struct op_pin),
	.class = pin_class,
	.describe = unpin_describe,
	.prepare = unpin_prepare,
	.apply = unpin_apply,
	.undo = unpin_undo,
	.target = pin_target,
	.hold = unpin_hold,
	.finish = empty_trash,
	.release = pin_release,
	.encode = pin_encode,
	.decode = pin_decode,
};

/* The path from the root, as recovery runs in another folder; the last part is not followed. */
static char *absolute(const char *path)
{
	char *dir = folder_of(path), *real = realpath(dir, NULL);
	const char *name = strrchr(path, '/');
	char *result;

	name = name ? name + 1 : path;
	result = real ? xasprintf("%s/%s", strcmp(real, "/") ? real : "", name) : xstrdup(path);
	free(real);
	free(dir);
	return result;
}

struct op *op_pin(struct handle *h, const char *path, bool replace, struct span span)
{
	struct op_pin *p = op_new(&op_pin_kind, span);

	p->handle = handle_get(h);
	p->kind = h->kind;
	p->id = h->id;
	p->path = absolute(path);
	p->replace = replace;
	return &p->op;
}

struct op *op_unpin(const char *path, struct span span)
{
	struct op_pin *p = op_new(&op_unpin_kind, span);

	p->path = absolute(path);
	return &p->op;
}
