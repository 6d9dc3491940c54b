// SPDX-License-Identifier: BSD-2-Clause
/* Output through a buffer; JSON is indented on its way out where people read it. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "render/sink/out.h"
#include "shell/base/buf.h"
#include "shell/base/interrupt.h"

#define OUT_CHUNK 65536
#define LAST_WAIT_MS 1000	/* for a reader, once the user asked to stop */

void out_init(struct out *o, int fd)
{
	*o = (struct out){ .fd = fd, .indent.fresh = true };
}

void out_free(struct out *o)
{
	buf_free(&o->buf);
	buf_free(&o->indent.raw);
}

static void newline(struct out *o)
{
	buf_putc(&o->buf, '\n');
	buf_pad(&o->buf, ' ', 4 * o->indent.depth);
}

/* One byte of compact JSON: lays it out in lines, four blanks a level. */
static void indent_byte(struct out *o, char c)
{
	bool fresh = o->indent.fresh;

	if (o->indent.string) {
		buf_putc(&o->buf, c);
		o->indent.string = o->indent.backslash || c != '"';
		o->indent.backslash = !o->indent.backslash && c == '\\';
		return;
	}
	o->indent.fresh = false;
	switch (c) {
	case '{':
	case '[':
		if (fresh && o->indent.depth)
			newline(o);
		buf_putc(&o->buf, c);
		o->indent.depth++;
		o->indent.fresh = true;
		return;
	case '}':
	case ']':
		o->indent.depth--;
		if (!fresh)
			newline(o);
		buf_putc(&o->buf, c);
		return;
	case ',':
		buf_putc(&o->buf, c);
		newline(o);
		return;
	case ':':
		buf_puts(&o->buf, ": ");
		return;
	case '\n':
		buf_putc(&o->buf, c);
		o->indent.fresh = true;
		return;
	}
	if (fresh && o->indent.depth)
		newline(o);
	o->indent.string = c == '"';
	buf_putc(&o->buf, c);
}

static void indent_all(struct out *o)
{
	for (size_t i = 0; i < o->indent.raw.len; i++)
		indent_byte(o, o->indent.raw.data[i]);
	buf_reset(&o->indent.raw);
}

struct buf *out_buf(struct out *o)
{
	return o->pretty ? &o->indent.raw : &o->buf;
}

void out_pushed(struct out *o)
{
	if (o->pretty)
		indent_all(o);
	if (o->fd >= 0) {
		if (o->buf.len >= OUT_CHUNK)
			out_flush(o);
	} else if (o->limit && o->buf.len > o->limit) {
		o->cut = true;
		buf_reset(&o->buf);
	}
}

void out_write(struct out *o, const void *data, size_t len)
{
	buf_add(out_buf(o), data, len);
	out_pushed(o);
}

static int wait_writable(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, timeout);
}

/*
 * Where the user asked to stop, a reader that reads nothing must not keep us;
 * one that is only slow still gets all, so that JSON is whole.
 */
static ssize_t write_some(int fd, const char *data, size_t len)
{
	if (!interrupted())
		return write(fd, data, len);
	if (wait_writable(fd, LAST_WAIT_MS) <= 0) {
		errno = EINTR;
		return -1;
	}
	return write(fd, data, len < PIPE_BUF ? len : PIPE_BUF);
}

int out_flush(struct out *o)
{
	size_t done = 0;

	if (o->fd < 0)
		return 0;
	while (!o->error && done < o->buf.len) {
		ssize_t n = write_some(o->fd, o->buf.data + done, o->buf.len - done);

		if (n >= 0)
			done += n;
		else if (errno == EAGAIN && wait_writable(o->fd, -1) >= 0)
			continue;	/* somebody made it non-blocking */
		else
			o->error = errno;
	}
	o->done += o->buf.len;
	buf_reset(&o->buf);
	return o->error ? -1 : 0;
}

int out_flush_waiting(struct out *o)
{
	struct pollfd p = { .fd = o->fd };

	if (!out_flush(o) && o->fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLERR)
		o->error = EPIPE;
	return o->error ? -1 : 0;
}

int out_all(int fd, const void *data, size_t len)
{
	struct out o;
	int err;

	out_init(&o, fd);
	buf_add(&o.buf, data, len);
	out_flush(&o);
	err = o.error;
	out_free(&o);
	return err;
}

struct out_mark out_mark(const struct out *o)
{
	return (struct out_mark){ o->done + o->buf.len, o->indent.depth, o->indent.fresh };
}

bool out_rewind(struct out *o, struct out_mark mark)
{
	if (o->done > mark.at || o->cut)
		return false;
	buf_reset(&o->indent.raw);
	o->buf.len = mark.at - o->done;
	o->indent.depth = mark.depth;
	o->indent.fresh = mark.fresh;
	o->indent.string = o->indent.backslash = false;
	return true;
}
