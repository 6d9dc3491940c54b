// SPDX-License-Identifier: BSD-2-Clause
/* Files that are replaced once the new one is complete. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/outfile.h"

/* What of a path is its folder, up to and with the slash. */
static int dir_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 - path : 0;
}

/* Whether the folder that @path is in is one to write to, as far as that can be known; an errno. */
static int check_dir(const char *path)
{
	char *dir = xasprintf("%.*s.", dir_length(path), path);
	int err = faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) ? errno : 0;

	free(dir);
	return err;
}

/* The old file's permissions, or those that a new one gets. */
static mode_t mode_for(const char *path)
{
	struct stat st;
	mode_t mask;

	if (!stat(path, &st))
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

#define LINKS_MAX 40	/* as many as the kernel follows */

/*
 * What a path leads to in the end, which need not be there: a symbolic link stays, what it
 * leads to is replaced. What the kernel would not follow is refused before.
 */
static char *follow(const char *path)
{
	char *now = xstrdup(path), target[PATH_MAX];
	ssize_t len;

	for (int links = 0; links < LINKS_MAX; links++) {
		char *next;

		len = readlink(now, target, sizeof(target) - 1);
		if (len < 0)
			break;
		target[len] = '\0';
		next = xasprintf("%.*s%s", *target == '/' ? 0 : dir_length(now), now, target);
		free(now);
		now = next;
	}
	return now;
}

/* Whether what is there cannot be replaced by a new file. An errno where nothing can be known. */
static int look_at(const char *path, bool *special)
{
	struct stat st;

	*special = false;
	if (!stat(path, &st))
		*special = !S_ISREG(st.st_mode);
	else if (errno != ENOENT)
		return errno;
	return 0;
}

int outfile_check(const char *path)
{
	bool special;
	char *target;
	int err = look_at(path, &special);

	if (err || special)
		return err;
	target = follow(path);
	err = check_dir(target);
	free(target);
	return err;
}

int outfile_open(struct outfile *f, const char *path)
{
	bool special;
	int err = look_at(path, &special);

	*f = (struct outfile){ .fd = -1 };
	if (err)
		return err;
	if (special) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return f->fd < 0 ? errno : 0;
	}
	f->target = follow(path);
	f->temporary = xasprintf("%.*s.bpfsh-XXXXXX", dir_length(f->target), f->target);
	f->fd = mkostemp(f->temporary, O_CLOEXEC);
	if (f->fd >= 0)
		return 0;
	err = errno;
	free(f->target);
	free(f->temporary);
	return err;
}

int outfile_close(struct outfile *f, bool keep)
{
	int err = 0;

	if (f->temporary && keep &&
	    (fchmod(f->fd, f->private ? 0600 : mode_for(f->target)) || rename(f->temporary, f->target)))
		err = errno;
	if (f->temporary && (err || !keep))
		unlink(f->temporary);
	close(f->fd);
	free(f->target);
	free(f->temporary);
	return err;
}
