// SPDX-License-Identifier: BSD-2-Clause
/* Where files of the user are, and whether they are to be trusted. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/file.h"
#include "shell/prompt/userfile.h"

#define LINKS_MAX 40	/* as the kernel has it */

bool user_path(struct buf *out, const char *variable, const char *fallback, const char *file)
{
	const char *base = secure_getenv(variable), *home = secure_getenv("HOME");

	if (base && *base == '/')
		buf_printf(out, "%s/bpfsh/%s", base, file);
	else if (home && *home == '/')
		buf_printf(out, "%s/%s/bpfsh/%s", home, fallback, file);
	else
		return false;
	buf_str(out);
	return true;
}

/* True where only root and this user write; in a sticky folder, each entry is its owner's. */
static bool is_ours(const struct stat *st)
{
	if (st->st_uid && st->st_uid != geteuid())
		return false;
	return !(st->st_mode & 022) || (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX);
}

/* Who writes a folder that a path goes through can put another file at its end. */
static int check_folders(const char *path, const char *file, struct diags *d)
{
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		char *folder = xstrndup(path, p == path ? 1 : p - path);
		struct stat st;
		bool ours = !stat(folder, &st) && is_ours(&st);

		if (!ours) {
			diag_error(d, NO_SPAN, "'%s' is not run: others can write the folder '%s'",
				   file, folder);
			diag_hint(d, "folders must belong to you or root, with mode 0755 or less");
		}
		free(folder);
		if (!ours)
			return -1;
	}
	return 0;
}

/* The path with its first symbolic link replaced by what that says; NULL where there is none. */
static char *follow_link(const char *path)
{
	size_t len = 0, parent = 0;

	do {
		char target[PATH_MAX], *link;
		ssize_t n;

		parent = len;
		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
		link = xstrndup(path, len);
		n = readlink(link, target, sizeof(target));
		free(link);
		if (n > 0)
			return *target == '/' ? xasprintf("%.*s%s", (int)n, target, path + len) :
			       xasprintf("%.*s/%.*s%s", (int)parent, path, (int)n, target,
					 path + len);
	} while (path[len]);
	return NULL;
}

/* All ways to the file: as it is written, and with one symbolic link after the other replaced. */
static int check_ways(const char *path, struct diags *d)
{
	char *way = xstrdup(path);
	int err = 0;

	for (int links = 0; way && !err; links++) {
		char *next = follow_link(way);

		if (links == LINKS_MAX)
			err = diag_errno(d, NO_SPAN, ELOOP, "cannot read '%s'", path);
		else
			err = check_folders(way, path, d);
		free(way);
		way = next;
	}
	free(way);
	return err;
}

/*
 * Whether nobody but root and this user decides what the file says, as what is in
 * it can run anything: the file that is open, and the ways to it.
 */
static int check_trust(int fd, const char *path, struct diags *d)
{
	struct stat st;

	if (fstat(fd, &st))
		return diag_errno(d, NO_SPAN, errno, "cannot read '%s'", path);
	if (is_ours(&st))
		return check_ways(path, d);
	diag_error(d, NO_SPAN, "'%s' is not run: others can write it", path);
	diag_hint(d, "chown it to yourself and chmod it to 0644");
	return -1;
}

/*
 * Opens a file whose contents run: a descriptor, -1 where there is none, or -2 with
 * a diagnostic. What is no plain file, such as /dev/null, is as good as none.
 */
static int open_trusted(const char *path, struct diags *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -1;
	if (fd < 0) {
		diag_errno(d, NO_SPAN, errno, "cannot read '%s'", path);
		return -2;
	}
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !check_trust(fd, path, d))
		return fd;
	close(fd);
	return d->errors ? -2 : -1;
}

int user_rc(struct buf *path, struct buf *text, struct diags *d)
{
	int fd, err;

	if (!user_path(path, "XDG_CONFIG_HOME", ".config", "rc"))
		return 0;
	fd = open_trusted(path->data, d);
	if (fd < 0)
		return fd == -1 ? 0 : -1;
	err = file_read_fd(fd, text, SIZE_MAX);
	close(fd);
	return err ? diag_errno(d, NO_SPAN, err, "cannot read '%s'", path->data) : 0;
}

bool user_editrc(struct buf *path, struct diags *d)
{
	const char *own = secure_getenv("EDITRC"), *home = secure_getenv("HOME");
	int fd;

	if (!own && !home)
		return false;
	buf_printf(path, "%s%s", own ? own : home, own ? "" : "/.editrc");
	fd = open_trusted(path->data, d);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
