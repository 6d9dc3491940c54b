// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/source.h"

#define SOURCE_MAX (1U << 30)	/* bytes of a script: spans are 32 bits wide */

int source_read(struct source *src, const char *path, struct span at, struct diags *d)
{
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct buf text = BUF_INIT;
	ssize_t n = 0;
	int err = errno;

	while (fd >= 0 && text.len < SOURCE_MAX &&
	       (n = read(fd, buf_reserve(&text, 65536), 65536)) > 0)
		buf_commit(&text, n);
	if (n < 0)
		err = errno;
	if (fd >= 0 && !is_stdin)
		close(fd);
	if (fd < 0 || n < 0 || text.len >= SOURCE_MAX) {
		buf_free(&text);
		return diag_error(d, at, "cannot read '%s': %s", path,
				  fd >= 0 && n >= 0 ? "the file is too large" : strerror(err));
	}
	src->name = xstrdup(is_stdin ? "standard input" : path);
	src->len = text.len;
	src->text = buf_detach(&text);
	return 0;
}

void source_free(struct source *src)
{
	free((char *)src->name);
	free((char *)src->text);
}
