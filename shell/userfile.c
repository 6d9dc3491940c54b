// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/userfile.h"

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

static int check_owner(int fd, const char *path, struct diags *d)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return diag_error(d, NO_SPAN, "'%s' is not a plain file", path);
	if ((!st.st_uid || st.st_uid == geteuid()) && !(st.st_mode & 022))
		return 0;
	diag_error(d, NO_SPAN, "'%s' is not run: others can write it", path);
	diag_hint(d, "chown it to yourself and chmod it to 0644");
	return -1;
}

static int read_all(int fd, struct buf *text)
{
	ssize_t n;

	while ((n = read(fd, buf_reserve(text, 4096), 4096)) > 0)
		buf_commit(text, n);
	return n;
}

int user_rc(struct buf *path, struct buf *text, struct diags *d)
{
	int fd, err = 0;

	if (!user_path(path, "XDG_CONFIG_HOME", ".config", "rc"))
		return 0;
	fd = open(path->data, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd >= 0)
		err = check_owner(fd, path->data, d);
	if (fd < 0 || (!err && read_all(fd, text)))
		err = diag_error(d, NO_SPAN, "cannot read '%s': %s", path->data, strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}
