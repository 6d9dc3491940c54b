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
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/op/describe.h"
#include "shell/op/fields.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/mounted.h"
#include "shell/txn/op.h"
#include "shell/txn/trash.h"
#include "shell/txn/txn.h"

/* What is pinned: a journal knows its kind and ID. */
struct object {
	struct handle *handle;
	enum object_kind kind;
	__u32 id;
};

struct op_pin {
	struct op op;
	struct object now;	/* pin: what is pinned */
	struct object old;	/* unpin, replace: what was; held for `undo` after commit */
	struct object wanted;	/* unpin: what it is to be; ID 0: any of its kind */
	char *path;
	struct bpffs at;	/* where the path lies */
	bool replace;
	__u64 old_inode;	/* of the pin that was there */
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
	if (pin_of(op)->old.kind != OBJ_LINK || !pin_of(op)->old.id)
		return UNDO_FULL;
	*why = "a link that nothing else holds ends at the commit";
	return UNDO_LOSSY;
}

static void pin_describe(const struct op *op, struct buf *out)
{
	const struct op_pin *p = pin_of(op);

	buf_puts(out, p->replace ? "~ pin " : "+ pin ");
	describe_object(out, p->now.kind, p->now.handle, p->now.id);
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

/* Takes over the handle, which may be NULL. */
static struct object object_of(struct handle *h)
{
	return h ? (struct object){ h, h->kind, h->id } : (struct object){ 0 };
}

/* Where objects can be pinned: where a bpffs is, else where one is to be mounted. */
static void hint_bpffs(struct diags *d)
{
	char **mounts = kern_bpffs_mounts();

	if (*mounts)
		diag_hint(d, "objects are pinned below a mounted bpffs, here: '%s'", *mounts);
	else
		diag_hint(d, "objects are pinned below a mounted bpffs, as by: "
			  "mount -t bpf bpf /sys/fs/bpf");
	for (char **m = mounts; *m; m++)
		free(*m);
	free(mounts);
}

static int check_bpffs(struct op_pin *p, struct diags *d)
{
	char *dir = folder_of(p->path);
	const char *name = strrchr(p->path, '/');
	int err = 0;

	if (kern_is_bpffs(p->path) && !kern_is_bpffs(dir)) {
		err = diag_error(d, p->op.span, "'%s' is where a bpffs is mounted", p->path);
		diag_hint(d, "name the pin in it: '%s/NAME'", p->path);
	} else if (access(dir, F_OK)) {
		err = diag_error(d, p->op.span, "no folder '%s'", dir);
		diag_hint(d, "make it first: mkdir '%s'", dir);
	} else if (!kern_is_bpffs(dir)) {
		err = diag_error(d, p->op.span, "'%s' is not on a bpffs", p->path);
		hint_bpffs(d);
	} else if (strchr(name ? name + 1 : p->path, '.')) {
		err = diag_error(d, p->op.span, "cannot pin at '%s': bpffs allows no dot in a name",
				 p->path);
	}
	p->at = bpffs_of(dir);
	free(dir);
	return err;
}

static int other_kind(const char *path, enum object_kind found, enum object_kind wanted,
		      struct span at, struct diags *d)
{
	diag_error(d, at, "'%s' is a %s, not a %s", path, object_names[found],
		   object_names[wanted]);
	diag_hint(d, "it is removed by: %s unpin", object_words[found]);
	return -1;
}

int pin_look(const char *path, enum object_kind kind, struct span at, struct diags *d)
{
	enum object_kind found;
	int fd = kern_open_pin(path, &found);

	if (fd < 0)
		return kern_error(d, at, -fd, "open the pin '%s'", path);
	close(fd);
	return found == kind ? 0 : other_kind(path, found, kind, at, d);
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
		diag_hint(d, "'pin' with 'replace' exchanges the pin that is there");
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return diag_error(d, op->span, "cannot replace '%s': it is not a pinned object",
				  p->path);
	p->old_inode = st.st_ino;
	if (!p->old.handle)
		return diag_error(d, op->span, "cannot replace '%s': it cannot be opened", p->path);
	if (p->old.kind != p->now.kind)
		return diag_error(d, op->span, "cannot replace '%s': it is a %s, not a %s", p->path,
				  object_names[p->old.kind], object_names[p->now.kind]);
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
	int fd = p->now.handle->fd;
	int err = p->replace ? trash_put(&p->trash, fd) : kern_pin(fd, p->path);

	if (!err && p->replace)
		err = kern_rename(p->trash.pin, p->path, RENAME_EXCHANGE);
	if (err)
		return kern_error(d, op->span, -err, "%s '%s'", p->replace ? "replace" : "pin at",
				  p->path);
	remember_inode(p);
	return 0;
}

static bool is_at(const struct object *o, const char *path)
{
	return is_pinned_at(path, o->kind, o->id);
}

static bool is_in_trash(const struct object *o, const struct trash *t)
{
	return trash_has(t, o->kind, o->id);
}

/* True where the very pin that was there lies in the trash, not one that was made again. */
static bool is_old_pin(const struct op_pin *p)
{
	struct stat st;

	return trash_full(&p->trash) && !lstat(p->trash.pin, &st) && st.st_ino == p->old_inode;
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
	return p->op.late[LATE_DEV] ? is_noted_inode(p) : is_at(&p->now, p->path);
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

/* What was at the path lies in the trash again, as before the commit; -1 where it is gone. */
static int refill_trash(struct op_pin *p, struct diags *d)
{
	struct handle *old = p->old.handle ? handle_get(p->old.handle) :
			     kern_open_object(p->old.kind, p->old.id);
	int err;

	if (!old)
		return diag_error(d, p->op.span, "%s %u, which was pinned at '%s', is gone",
				  object_names[p->old.kind], p->old.id, p->path);
	err = trash_replace(&p->trash, old->fd);
	handle_put(old);
	return err ? kern_error(d, p->op.span, -err, "pin again what was at '%s'", p->path) : 0;
}

static enum undo_result foreign_trash(struct op_pin *p, struct diags *d)
{
	diag_error(d, p->op.span, "'%s' is not what was pinned at '%s': left alone", p->trash.pin,
		   p->path);
	diag_hint(d, "%s %u was", object_names[p->old.kind], p->old.id);
	return UNDO_FAILED;
}

/* The pin is neither there nor in the trash: perhaps the bpffs is not the one it was on. */
static enum undo_result lost(struct op_pin *p, struct diags *d)
{
	diag_error(d, p->op.span, "neither '%s' nor '%s' is there: left alone", p->path,
		   p->trash.pin);
	diag_hint(d, "%s%s %u was pinned there", bpffs_remounted(&p->at, p->path) ?
		  "the bpffs was mounted anew since; " : "", object_names[p->old.kind], p->old.id);
	return UNDO_FAILED;
}

/*
 * Undoes a replacement. In the trash lies nothing (it was not begun), our new
 * pin (not exchanged yet), or the old one.
 */
static enum undo_result undo_replace(struct op_pin *p, struct diags *d)
{
	struct stat st;
	int err;

	if (p->op.applied && !trash_full(&p->trash) && still_ours(p) && refill_trash(p, d))
		return UNDO_FAILED;
	if (!trash_full(&p->trash) && (!p->op.applied || is_at(&p->old, p->path)))
		return UNDO_DONE;
	if (!trash_full(&p->trash))
		return lstat(p->path, &st) ? lost(p, d) : not_ours(p, d);
	if (!is_old_pin(p) && is_in_trash(&p->now, &p->trash))
		return UNDO_DONE;
	if (!is_old_pin(p) && !is_in_trash(&p->old, &p->trash))
		return foreign_trash(p, d);
	if (!still_ours(p))
		return not_ours(p, d);
	err = kern_rename(p->trash.pin, p->path, RENAME_EXCHANGE);
	return err ? failed(p, d, err, "put back the pin") : UNDO_DONE;
}

static int pin_hold(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	if (!is_noted_inode(p))
		op->late[LATE_DEV] = 0;
	return p->replace ? refill_trash(p, d) : 0;
}

static enum undo_result pin_undo(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	int err = bpffs_check(&p->at, p->path);

	if (err)
		return failed(p, d, err, "undo the pin at");
	return p->replace ? undo_replace(p, d) : undo_new(p, d);
}

static void pin_target(const struct op *op, struct buf *out)
{
	/* With its end: a path is no part of a longer one. */
	buf_add(out, pin_of(op)->path, strlen(pin_of(op)->path) + 1);
}

/* A link would stay attached. */
static void let_go(struct object *o)
{
	if (o->kind != OBJ_LINK)
		return;
	handle_put(o->handle);
	o->handle = NULL;
}

/* What lies in the trash goes for good. */
static int empty_trash(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	let_go(&p->now);
	let_go(&p->old);
	return trash_finish(&p->trash, op->span, d);
}

static int replaced(struct op_pin *p, struct diags *d)
{
	return diag_error(d, p->op.span, "cannot unpin '%s': something else is pinned there by now",
			  p->path);
}

static int unpin_prepare(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	char *dir = folder_of(p->path);
	bool bpffs = kern_is_bpffs(dir);
	struct stat st;

	p->at = bpffs_of(dir);
	free(dir);
	if (lstat(p->path, &st))
		return kern_error(d, op->span, errno, "unpin '%s'", p->path);
	if (!bpffs || !S_ISREG(st.st_mode))
		return diag_error(d, op->span, "cannot unpin '%s': it is not a pinned object",
				  p->path);
	p->old_inode = st.st_ino;
	if (!p->old.handle)
		return pin_look(p->path, p->wanted.kind, op->span, d) ? -1 : replaced(p, d);
	if (p->old.kind != p->wanted.kind)
		return other_kind(p->path, p->old.kind, p->wanted.kind, op->span, d);
	if (p->wanted.id && p->old.id != p->wanted.id)
		return replaced(p, d);
	return choose_trash(p, d);
}

static int unpin_apply(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	int err = trash_make(&p->trash);

	if (!err)
		err = kern_rename(p->path, p->trash.pin, RENAME_NOREPLACE);
	if (err)
		return kern_error(d, op->span, -err, "unpin '%s'", p->path);
	/* What was looked at may have been replaced before it was moved. */
	if (is_pinned_at(p->trash.pin, p->old.kind, p->old.id))
		return 0;
	replaced(p, d);
	if (kern_rename(p->trash.pin, p->path, RENAME_NOREPLACE))
		diag_hint(d, "that is now '%s'", p->trash.pin);
	return -1;
}

static int unpin_hold(struct op *op, struct diags *d)
{
	return refill_trash(pin_of(op), d);
}

/* Something stands where the pin was: the same object, or somebody else's. */
static enum undo_result undo_occupied(struct op_pin *p, struct diags *d)
{
	bool full = trash_full(&p->trash);

	if (is_at(&p->old, p->path) || (!full && !p->op.applied))
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
	int err = bpffs_check(&p->at, p->path);

	if (err)
		return failed(p, d, err, "undo the pin at");
	if (!lstat(p->path, &st))
		return undo_occupied(p, d);
	if (!trash_full(&p->trash) && bpffs_remounted(&p->at, p->path))
		return lost(p, d);
	if (!trash_full(&p->trash) && !op->applied)
		return UNDO_DONE;
	/* Somebody may have emptied the trash. */
	if (!trash_full(&p->trash) && refill_trash(p, d))
		return UNDO_FAILED;
	if (p->old.id && !is_old_pin(p) && !is_in_trash(&p->old, &p->trash))
		return foreign_trash(p, d);
	err = kern_rename(p->trash.pin, p->path, RENAME_NOREPLACE);
	return err ? failed(p, d, err, "put back the pin") : UNDO_DONE;
}

static int pin_reach(const struct op *op, const char **path)
{
	*path = pin_of(op)->path;
	return bpffs_check(&pin_of(op)->at, *path);
}

#define FIELDS_OF struct op_pin
static const struct field pin_fields[] = {
	F_ENUM(now.kind, enum object_kind, OBJ_KINDS), F_U32(now.id),
	F_ENUM(old.kind, enum object_kind, OBJ_KINDS), F_U32(old.id),
	F_BOOL(replace), F_U64(old_inode), F_PATH(path), F_BPFFS(at), F_TRASH(trash),
	F_HANDLE(now.handle), F_HANDLE(old.handle), { 0 }
};

static bool pin_revive(struct op *op)
{
	return !pin_of(op)->replace || pin_of(op)->trash.dir;
}

const struct op_kind op_pin_kind = {
	.name = "pin",
	.id = 3,
	.size = sizeof(struct op_pin),
	.loses_late = true,
	.class = pin_class,
	.describe = pin_describe,
	.prepare = pin_prepare,
	.apply = pin_apply,
	.undo = pin_undo,
	.target = pin_target,
	.hold = pin_hold,
	.finish = empty_trash,
	.reach = pin_reach,
	.fields = pin_fields,
	.revive = pin_revive,
};

const struct op_kind op_unpin_kind = {
	.name = "unpin",
	.id = 4,
	.size = sizeof(struct op_pin),
	.loses_late = true,
	.class = pin_class,
	.describe = unpin_describe,
	.prepare = unpin_prepare,
	.apply = unpin_apply,
	.undo = unpin_undo,
	.target = pin_target,
	.hold = unpin_hold,
	.finish = empty_trash,
	.reach = pin_reach,
	.fields = pin_fields,
	.revive = pin_revive,
};

struct op *op_pin(struct handle *h, const char *path, bool replace, struct span span)
{
	struct op_pin *p = op_new(&op_pin_kind, span);

	p->now = object_of(handle_get(h));
	p->path = absolute_path(path);
	p->replace = replace;
	if (replace)
		p->old = object_of(pinned_at(p->path));
	return &p->op;
}

struct op *op_unpin(const char *path, enum object_kind kind, __u32 id, struct span span)
{
	struct op_pin *p = op_new(&op_unpin_kind, span);

	p->wanted = (struct object){ .kind = kind, .id = id };
	p->path = absolute_path(path);
	p->old = object_of(pinned_at(p->path));
	return &p->op;
}
