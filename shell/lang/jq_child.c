// SPDX-License-Identifier: BSD-2-Clause
/* A jq program in a process of its own, which sends its results as JSON. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/sink/out.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/child.h"
#include "shell/base/interrupt.h"
#include "shell/lang/jq_child.h"

/* Before the text of each message. */
struct head {
	enum { RESULT, ERROR, END } kind;
	uint32_t unused;
	uint64_t len;
};

struct jq_child {
	pid_t pid;
	int fd;
	struct buf text;	/* of messages that are not read yet, from @at on */
	size_t at;
};

/* The child */

static void send(int fd, int kind, jv text)
{
	const char *s = jv_string_value(text);
	struct head head = { .kind = kind, .len = jv_string_length_bytes(jv_copy(text)) };
	struct buf message = BUF_INIT;

	buf_add(&message, (const char *)&head, sizeof(head));
	buf_add(&message, s, head.len);
	if (out_all(fd, message.data, message.len))
		_exit(1);
	buf_free(&message);
	jv_free(text);
}

static jv error_text(jv msg)
{
	if (jv_get_kind(msg) == JV_KIND_STRING)
		return msg;
	jv_free(msg);
	return jv_string("the expression failed");
}

struct work {
	jq_state *jq;
	jv input;
};

static int send_results(void *arg, int to)
{
	static const int parents_own[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct work *w = arg;
	jv v;

	/* What the terminal sends to all is for the parent, who then ends this. */
	for (size_t i = 0; i < ARRAY_SIZE(parents_own); i++)
		signal(parents_own[i], SIG_IGN);
	interrupt_clear();
	jq_start(w->jq, w->input, 0);
	while (jv_is_valid(v = jq_next(w->jq)))
		send(to, RESULT, jv_dump_string(v, 0));
	if (jv_invalid_has_msg(jv_copy(v)))
		send(to, ERROR, error_text(jv_invalid_get_msg(v)));
	else
		send(to, END, jv_string(""));
	return 0;
}

/* The parent */

struct jq_child *jq_child_start(jq_state *jq, jv input)
{
	struct jq_child *c = xcalloc(1, sizeof(*c));
	struct work work = { jq, input };

	c->pid = child_work(send_results, &work, &c->fd);
	jv_free(input);
	if (c->pid > 0)
		return c;
	free(c);
	return NULL;
}

/* What ended it, other than its own end. */
static void say_death(struct jq_child *c, struct buf *error)
{
	int status = child_reap(c->pid);

	c->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		buf_puts(error, "the expression goes too deep for jq");
	else if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGABRT || WTERMSIG(status) == SIGKILL))
		buf_puts(error, "there is not enough memory for the expression");
	else
		buf_puts(error, "jq gave up");
}

/* Reads until so many bytes are there; -1 with what stood in the way. */
static int need(struct jq_child *c, size_t len, struct buf *error)
{
	while (c->text.len - c->at < len) {
		ssize_t n;

		if (!interrupt_wait(c->fd)) {
			buf_puts(error, "interrupted");
			return -1;
		}
		n = read(c->fd, buf_reserve(&c->text, 65536), 65536);
		if (n > 0) {
			buf_commit(&c->text, n);
		} else if (!n) {
			say_death(c, error);
			return -1;
		} else if (errno != EINTR) {
			buf_puts(error, strerror(errno));
			return -1;
		}
	}
	return 0;
}

/* What was read goes, before more is. */
static void drop_read(struct jq_child *c)
{
	if (c->at < 65536 && c->at < c->text.len)
		return;
	memmove(c->text.data, c->text.data + c->at, c->text.len - c->at);
	c->text.len -= c->at;
	c->at = 0;
}

int jq_child_next(struct jq_child *c, jv *result, struct buf *error)
{
	struct head head;
	const char *text;

	if (c->at)
		drop_read(c);
	if (need(c, sizeof(head), error))
		return -1;
	memcpy(&head, c->text.data + c->at, sizeof(head));
	if (need(c, sizeof(head) + head.len, error))
		return -1;
	text = c->text.data + c->at + sizeof(head);
	c->at += sizeof(head) + head.len;
	if (head.kind == END)
		return 0;
	if (head.kind == ERROR) {
		buf_add(error, text, head.len);
		return -1;
	}
	*result = jv_parse_sized(text, head.len);
	if (jv_is_valid(*result))
		return 1;
	jv_free(*result);
	buf_puts(error, "the result is nested too deeply");
	return -1;
}

void jq_child_end(struct jq_child *c)
{
	close(c->fd);
	if (c->pid) {
		kill(c->pid, SIGKILL);
		child_reap(c->pid);
	}
	buf_free(&c->text);
	free(c);
}
