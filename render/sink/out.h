/* SPDX-License-Identifier: BSD-2-Clause */
/* Output on its way to a descriptor or to memory. */
#ifndef BPFSH_RENDER_OUT_H
#define BPFSH_RENDER_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/base/buf.h"

/* Where bytes go: a descriptor, through a buffer; or memory, where fd is -1. */
struct out {
	int fd;
	struct buf buf;
	unsigned long long done;	/* bytes that left the buffer */
	int error;		/* errno of the first write that failed; all later ones are dropped */
	bool told;		/* and the user knows */
	bool escape;		/* a terminal reads this: kernel text is escaped by the sinks */
	bool pretty;		/* JSON is indented on its way out */
	struct {
		struct buf raw;
		int depth;
		bool string, backslash, fresh;
	} indent;
	size_t limit;		/* memory: bytes kept; 0 for no limit */
	bool cut;		/* memory: more came than the limit */
};

void out_init(struct out *o, int fd);
void out_write(struct out *o, const void *data, size_t len);
/* The buffer to append to directly; out_pushed() says that something was appended. */
struct buf *out_buf(struct out *o);
void out_pushed(struct out *o);
/* A place in the output to come back to, while nothing behind it has left the buffer. */
struct out_mark {
	unsigned long long at;
	int depth;
	bool fresh;
};
struct out_mark out_mark(const struct out *o);
bool out_rewind(struct out *o, struct out_mark mark);
/* Writes out what is buffered; -1 where that or an earlier write failed. */
int out_flush(struct out *o);
/* The same before a wait: that nobody reads the pipe any more is known now. */
int out_flush_waiting(struct out *o);
void out_free(struct out *o);
/* Writes so many bytes to @fd, at once; returns 0 or an errno. */
int out_all(int fd, const void *data, size_t len);

#endif
