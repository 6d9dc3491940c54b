// SPDX-License-Identifier: BSD-2-Clause
/* A new folder for pins. It goes again where nothing else came to lie in it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/mounted.h"
#include "shell/txn/op.h"
#include "shell/txn/trash.h"
#include "shell/txn/txn.h"

struct op_folder {
	struct op op;			/* late[0]: the folder's inode */
	char *path;
	struct bpffs at;		/* where it is made */
};

static struct op_folder *folder_op(const struct op *op)
{
	return (struct op_folder *)op;
}

static enum undo_class folder_class(const struct op *op, const char **why)
{
	return UNDO_FULL;
}

static void folder_describe(const struct op *op, struct buf *out)
{
	buf_printf(out, "+ folder %s", folder_op(op)->path);
}

static int folder_prepare(struct op *op, struct diags *d)
{
	struct op_folder *f = folder_op(op);
	char *parent = folder_of(f->path);
	int err = 0;

	if (access(parent, F_OK)) {
		err = diag_error(d, op->span, "no folder '%s'", parent);
		diag_hint(d, "make it first: mkdir '%s'", parent);
	} else if (!kern_is_bpffs(parent)) {
		err = kern_error(d, op->span, KERN_ENOTBPFFS, "make the folder '%s'", f->path);
	} else if (strchr(strrchr(f->path, '/'), '.')) {
		err = kern_error(d, op->span, KERN_EDOT, "make the folder '%s'", f->path);
	}
	f->at = bpffs_of(parent);
	free(parent);
	return err;
}

static int folder_apply(struct op *op, struct diags *d)
{
	struct op_folder *f = folder_op(op);
	int err = kern_mkdir(f->path);
	struct stat st;

	if (err)
		return kern_error(d, op->span, -err, "make the folder '%s'", f->path);
	if (!lstat(f->path, &st))
		op->late[0] = st.st_ino;
	return 0;
}

static enum undo_result folder_failed(const struct op_folder *f, struct diags *d, int err)
{
	kern_error(d, f->op.span, -err, "undo: remove the folder '%s'", f->path);
	return UNDO_FAILED;
}

static enum undo_result folder_undo(struct op *op, struct diags *d)
{
	struct op_folder *f = folder_op(op);
	struct stat st;
	int err = bpffs_check(&f->at, f->path);

	if (err)
		return folder_failed(f, d, err);
	if (lstat(f->path, &st))
		return errno == ENOENT ? UNDO_DONE : folder_failed(f, d, -errno);
	if (op->late[0] && st.st_ino != op->late[0]) {
		diag_error(d, op->span, "folder '%s' is another one now: left alone", f->path);
		return UNDO_CONFLICT;
	}
	err = kern_rmdir(f->path);
	if (err == -ENOTEMPTY) {
		diag_error(d, op->span, "folder '%s' holds other pins: left alone", f->path);
		return UNDO_CONFLICT;
	}
	return err ? folder_failed(f, d, err) : UNDO_DONE;
}

static int folder_reach(const struct op *op, const char **path)
{
	*path = folder_op(op)->path;
	return bpffs_check(&folder_op(op)->at, *path);
}

/* Pins in it are parts of it. */
static void folder_target(const struct op *op, struct buf *out)
{
	buf_printf(out, "%s/", folder_op(op)->path);
}

#define FIELDS_OF struct op_folder
static const struct field folder_fields[] = { F_PATH(path), F_BPFFS(at), { 0 } };

const struct op_kind op_folder_kind = {
	.name = "folder",
	.id = 8,
	.size = sizeof(struct op_folder),
	.class = folder_class,
	.describe = folder_describe,
	.prepare = folder_prepare,
	.apply = folder_apply,
	.undo = folder_undo,
	.target = folder_target,
	.reach = folder_reach,
	.fields = folder_fields,
};

struct op *op_folder(const char *path, struct span span)
{
	struct op_folder *f = op_new(&op_folder_kind, span);

	f->path = absolute_path(path);
	return &f->op;
}
