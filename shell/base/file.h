/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are read whole. 0, -EFBIG where the buffer gets longer than @max bytes, or another
 * negative errno: -EINTR where a signal that came asks to stop.
 */
#ifndef BPFSH_FILE_H
#define BPFSH_FILE_H

#include <stddef.h>

struct buf;

/* Appends what @fd has from its place to its end. */
int file_read_fd(int fd, struct buf *to, size_t max);
int file_read(const char *path, struct buf *to, size_t max);

#endif
