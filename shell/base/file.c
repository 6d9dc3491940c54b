// SPDX-License-Identifier: BSD-2-Clause
/* Files that are read whole. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/base/file.h"
#include "shell/base/interrupt.h"

#define READ_BYTES (1 << 16)

int file_read_fd(int fd, struct buf *to, size_t max)
{
	ssize_t n;

	do {
		n = read(fd, buf_reserve(to, READ_BYTES), READ_BYTES);
		if (n > 0)
			buf_commit(to, n);
		if (to->len > max)
			return -EFBIG;
	} while (n > 0 || (n < 0 && errno == EINTR && !interrupted()));
	return n < 0 ? -errno : 0;
}

int file_read(const char *path, struct buf *to, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = file_read_fd(fd, to, max);
	close(fd);
	return err;
}
