// SPDX-License-Identifier: BSD-2-Clause
/* Where operations keep what they take away, so that it outlives this process. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/txn/field.h"
#include "shell/txn/mounted.h"
#include "shell/txn/trash.h"
#include "shell/txn/txn.h"

/* The root of the mount that @dir lies on: a new string, or NULL. */
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

static char *any_bpffs(void)
{
	char **mounts = kern_bpffs_mounts(), *first = NULL;

	for (char **m = mounts; m && *m; m++) {
		if (!first && !access(*m, W_OK))
			first = xstrdup(*m);
		free(*m);
	}
	free(mounts);
	return first;
}

static struct trash trash_at(char *dir, struct bpffs at)
{
	return (struct trash){ dir, dir ? xasprintf("%s/pin", dir) : NULL, at };
}

static void put_trash(const struct field *f, const void *in, struct buf *out)
{
	const struct trash *t = field_in(f, in);

	wire_put_str(out, t->dir);
	put_bpffs(out, &t->at);
}

static void get_trash(const struct field *f, void *in, struct wire_reader *r)
{
	struct trash *t = field_in(f, in);
	char *dir = wire_get_str(r);

	*t = trash_at(dir, get_bpffs(r));
}

static void free_trash(const struct field *f, void *in)
{
	struct trash *t = field_in(f, in);

	free(t->dir);
	free(t->pin);
}

const struct field_type field_trash = { put_trash, get_trash, free_trash };

int trash_reach(const struct trash *t, const char **path)
{
	*path = t->dir;
	return t->dir ? bpffs_check(&t->at, t->dir) : 0;
}

bool trash_choose(struct trash *t, const char *path)
{
	char *dir = path ? folder_of(path) : NULL;
	char *root = path ? mount_root(dir) : any_bpffs();
	unsigned n = 0;

	free(dir);
	if (!root)
		return false;
	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		n = getpid();
	/* All of one length: how large a journal is does not depend on who writes it. */
	*t = trash_at(xasprintf("%s/bpfsh_tx_%07d_%08x", root, getpid(), n), bpffs_of(root));
	free(root);
	return true;
}

int trash_make(const struct trash *t)
{
	return kern_mkdir(t->dir);
}

int trash_put(const struct trash *t, int fd)
{
	int err = trash_make(t);

	return err ? err : kern_pin(fd, t->pin);
}

int trash_replace(const struct trash *t, int fd)
{
	int err = trash_empty(t);

	return err ? err : trash_put(t, fd);
}

int trash_keep(const struct trash *t, const struct handle *old, struct span at, struct diags *d)
{
	int err = t->dir ? trash_put(t, old->fd) : 0;

	return err ? kern_error(d, at, -err, "keep the old %s in '%s'", object_names[old->kind],
				t->dir) : 0;
}

/* False where another bpffs is mounted at its path. */
static bool is_here(const struct trash *t)
{
	return t->dir && !bpffs_check(&t->at, t->dir);
}

static struct handle *pinned_at(const char *path, enum object_kind wanted, __u32 id)
{
	enum object_kind kind;
	int fd = path ? kern_open_pin(path, &kind) : -1;
	struct handle *h = fd >= 0 ? kern_handle(kind, fd) : NULL;

	if (h && (h->kind != wanted || h->id != id)) {
		handle_put(h);
		h = NULL;
	}
	return h;
}

bool is_pinned_at(const char *path, enum object_kind kind, __u32 id)
{
	struct handle *h = pinned_at(path, kind, id);

	handle_put(h);
	return h;
}

struct handle *trash_find(const struct trash *t, enum object_kind kind, __u32 id)
{
	struct handle *h = is_here(t) ? pinned_at(t->pin, kind, id) : NULL;

	return h ? h : kern_open_object(kind, id);
}

bool trash_has(const struct trash *t, enum object_kind kind, __u32 id)
{
	return is_here(t) && is_pinned_at(t->pin, kind, id);
}

bool trash_full(const struct trash *t)
{
	struct stat st;

	return is_here(t) && !lstat(t->pin, &st);
}

int trash_empty(const struct trash *t)
{
	const char *path;
	int err = trash_reach(t, &path);

	if (err || !t->dir || access(t->dir, F_OK))
		return err;
	if (trash_full(t) && (err = kern_unlink(t->pin)))
		return err;
	return kern_rmdir(t->dir);
}

int trash_finish(const struct trash *t, struct span at, struct diags *d)
{
	int err = trash_empty(t);

	return err ? kern_error(d, at, -err, "remove '%s'", t->dir) : 0;
}
