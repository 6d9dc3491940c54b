// SPDX-License-Identifier: BSD-2-Clause
/* Reads a script whole, from a file or standard input. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/interrupt.h"
#include "shell/session/source.h"

#define SOURCE_MAX (1U << 30)	/* bytes of a script: spans are 32 bits wide */

/* Reads some of it; -1 with EINTR where a signal came while nothing was there to read. */
static ssize_t read_some(int fd, struct buf *text)
{
	struct stat st;
	ssize_t n;

	do {
		if ((fstat(fd, &st) || !S_ISREG(st.st_mode)) && !interrupt_wait(fd)) {
			errno = EINTR;
			return -1;
		}
		n = read(fd, buf_reserve(text, 65536), 65536);
	} while (n < 0 && errno == EAGAIN);
	if (n > 0)
		buf_commit(text, n);
	return n;
}

int source_read(struct source *src, const char *path, struct span at, struct diags *d)
{
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct buf text = BUF_INIT;
	ssize_t n = 0;
	int err = errno;

	/* A pipe with a name has to wait for its writer there, not in open(). */
	while (fd >= 0 && text.len < SOURCE_MAX && (n = read_some(fd, &text)) > 0)
		;
	if (n < 0)
		err = errno;
	if (fd >= 0 && !is_stdin)
		close(fd);
	if (fd < 0 || n < 0 || text.len >= SOURCE_MAX) {
		buf_free(&text);
		if (interrupted())
			return diag_error(d, at, "interrupted");
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
