// SPDX-License-Identifier: BSD-2-Clause
#include <libgen.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/kern.h"
#include "shell/trash.h"

char *folder_of(const char *path)
{
	char *copy = xstrdup(path), *dir = xstrdup(dirname(copy));

	free(copy);
	return dir;
}

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

void trash_set(struct trash *t, char *dir)
{
	t->dir = dir;
	t->pin = dir ? xasprintf("%s/pin", dir) : NULL;
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
	trash_set(t, xasprintf("%s/bpfsh_tx_%07d_%08x", root, getpid(), n));
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

struct handle *trash_find(const struct trash *t, enum object_kind kind, __u32 id)
{
	enum object_kind found;
	int fd = t->pin ? kern_open_pin(t->pin, &found) : -1;

	return fd >= 0 ? kern_handle(kind, fd) : kern_open_object(kind, id);
}

bool trash_full(const struct trash *t)
{
	struct stat st;

	return t->pin && !lstat(t->pin, &st);
}

bool is_on_bpffs(const char *path)
{
	char *at = xstrdup(path);
	bool on;

	/* What was removed leaves the folders above it. */
	while (access(at, F_OK) && strcmp(at, "/") && strcmp(at, ".")) {
		char *up = folder_of(at);

		free(at);
		at = up;
	}
	on = kern_is_bpffs(at);
	free(at);
	return on;
}

int trash_empty(const struct trash *t)
{
	int err;

	if (!t->dir)
		return 0;
	if (access(t->dir, F_OK))
		return is_on_bpffs(t->dir) ? 0 : -KERN_ENOTBPFFS;
	if (trash_full(t) && (err = kern_unlink(t->pin)))
		return err;
	return kern_rmdir(t->dir);
}

int trash_finish(const struct trash *t, struct span at, struct diags *d)
{
	int err = trash_empty(t);

	return err ? kern_error(d, at, -err, "remove '%s'", t->dir) : 0;
}

void trash_free(struct trash *t)
{
	free(t->dir);
	free(t->pin);
}
