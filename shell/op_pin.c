// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pins, and their undo.
 *
 * bpffs knows rename(2) with its flags: a pin that is removed moves to a trash
 * directory of its own on the same bpffs, so that the object lives on until
 * commit, also when this process is killed; a pin that is replaced is exchanged
 * in one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/ops.h"

struct op_pin {
	struct op op;
	struct handle *handle;	/* NULL: unpin */
	char *path;
	bool replace;
	char *trash, *trashed;	/* directory, and the pin in it; NULL where there is none */
	dev_t dev;
	ino_t ino;		/* of the pin that was made or taken away */
};

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
	describe_handle(out, p->handle);
	buf_printf(out, " as %s", p->path);
}

static void unpin_describe(const struct op *op, struct buf *out)
{
	buf_printf(out, "- unpin %s", pin_of(op)->path);
}

/* The folder that a path's last part stands in: a new string. */
static char *folder_of(const char *path)
{
	char *copy = xstrdup(path), *dir = xstrdup(dirname(copy));

	free(copy);
	return dir;
}

/* The root of the mount that @dir lies on: a new string. */
static char *mount_root(const char *dir)
{
	char *root = realpath(dir, NULL);
	struct stat here, above;

	if (!root || stat(root, &here))
		return root;
	while (strcmp(root, "/")) {
		char *up = folder_of(root);

		if (stat(up, &above) || above.st_dev != here.st_dev) {
			free(up);
			break;
		}
		free(root);
		root = up;
	}
	return root;
}

/* Makes the operation's trash directory at the root of the bpffs. */
static int make_trash(struct op_pin *p, struct diags *d)
{
	char *dir = folder_of(p->path), *root = mount_root(dir);
	int err = -1;

	for (int tries = 0; root && tries < 100; tries++) {
		unsigned n;

		if (getrandom(&n, sizeof(n), 0) != sizeof(n))
			n = tries;
		p->trash = xasprintf("%s/bpfsh_tx_%d_%u", root, getpid(), n);
		err = mkdir(p->trash, 0700);
		if (!err || errno != EEXIST)
			break;
		free(p->trash);
		p->trash = NULL;
	}
	if (err) {
		kern_error(d, p->op.span, errno, "make a trash directory on the bpffs of '%s'", p->path);
		free(p->trash);
		p->trash = NULL;
	} else {
		p->trashed = xasprintf("%s/pin", p->trash);
	}
	free(root);
	free(dir);
	return err;
}

static void drop_trash(struct op_pin *p)
{
	if (p->trash)
		rmdir(p->trash);
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
	return make_trash(p, d);
}

static int remember_inode(struct op_pin *p, struct diags *d)
{
	struct stat st;

	if (lstat(p->path, &st))
		return kern_error(d, p->op.span, errno, "look at the pin '%s'", p->path);
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	return 0;
}

static int pin_apply(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	int err = kern_pin(p->handle->fd, p->replace ? p->trashed : p->path);

	if (err)
		kern_error(d, op->span, -err, "pin at '%s'", p->path);
	else if (p->replace &&
		 (err = renameat2(AT_FDCWD, p->trashed, AT_FDCWD, p->path, RENAME_EXCHANGE))) {
		kern_error(d, op->span, errno, "replace '%s'", p->path);
		unlink(p->trashed);
	}
	if (err) {
		drop_trash(p);
		return -1;
	}
	return remember_inode(p, d);
}

/* True where the path still is the pin that this operation made. */
static bool still_ours(const struct op_pin *p)
{
	struct stat st;

	return !lstat(p->path, &st) && st.st_dev == p->dev && st.st_ino == p->ino;
}

static enum undo_result pin_undo(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	if (access(p->path, F_OK) && !p->replace)
		return UNDO_DONE;
	if (!still_ours(p)) {
		diag_error(d, op->span, "the pin '%s' is not ours any more: left alone", p->path);
		if (p->replace)
			diag_hint(d, "the one that was there before is '%s'", p->trashed);
		return UNDO_CONFLICT;
	}
	if (p->replace && renameat2(AT_FDCWD, p->trashed, AT_FDCWD, p->path, RENAME_EXCHANGE)) {
		kern_error(d, op->span, errno, "put back the pin '%s'", p->path);
		return UNDO_FAILED;
	}
	if (unlink(p->replace ? p->trashed : p->path)) {
		kern_error(d, op->span, errno, "remove the pin '%s'", p->path);
		return UNDO_FAILED;
	}
	drop_trash(p);
	return UNDO_DONE;
}

/* At commit: what lies in the trash goes for good. */
static int empty_trash(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	if (!p->trash)
		return 0;
	if (unlink(p->trashed) && errno != ENOENT)
		return kern_error(d, op->span, errno, "remove '%s'", p->trashed);
	drop_trash(p);
	return 0;
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
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	return make_trash(p, d);
}

static int unpin_apply(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);
	struct stat st;

	if (renameat2(AT_FDCWD, p->path, AT_FDCWD, p->trashed, RENAME_NOREPLACE)) {
		int err = errno;

		drop_trash(p);
		return kern_error(d, op->span, err, "unpin '%s'", p->path);
	}
	/* Between the look and the move, the name may have become another pin. */
	if (!lstat(p->trashed, &st)) {
		p->dev = st.st_dev;
		p->ino = st.st_ino;
	}
	return 0;
}

static enum undo_result unpin_undo(struct op *op, struct diags *d)
{
	struct op_pin *p = pin_of(op);

	if (!renameat2(AT_FDCWD, p->trashed, AT_FDCWD, p->path, RENAME_NOREPLACE)) {
		drop_trash(p);
		return UNDO_DONE;
	}
	if (errno == EEXIST) {
		diag_error(d, op->span, "'%s' exists again: left alone", p->path);
		diag_hint(d, "the pin that was there before is '%s'", p->trashed);
		return UNDO_CONFLICT;
	}
	kern_error(d, op->span, errno, "put back the pin '%s'", p->path);
	return UNDO_FAILED;
}

static void pin_release(struct op *op)
{
	struct op_pin *p = pin_of(op);

	handle_put(p->handle);
	free(p->path);
	free(p->trash);
	free(p->trashed);
}

static const struct op_kind pin_kind = {
	.name = "pin",
	.size = sizeof(struct op_pin),
	.class = pin_class,
	.describe = pin_describe,
	.prepare = pin_prepare,
	.apply = pin_apply,
	.undo = pin_undo,
	.finish = empty_trash,
	.release = pin_release,
};

static const struct op_kind unpin_kind = {
	.name = "unpin",
	.size = sizeof(struct op_pin),
	.class = pin_class,
	.describe = unpin_describe,
	.prepare = unpin_prepare,
	.apply = unpin_apply,
	.undo = unpin_undo,
	.finish = empty_trash,
	.release = pin_release,
};

struct op *op_pin(struct handle *h, const char *path, bool replace, struct span span)
{
	struct op_pin *p = op_new(&pin_kind, span);

	p->handle = handle_get(h);
	p->path = xstrdup(path);
	p->replace = replace;
	return &p->op;
}

struct op *op_unpin(const char *path, struct span span)
{
	struct op_pin *p = op_new(&unpin_kind, span);

	p->path = xstrdup(path);
	return &p->op;
}
