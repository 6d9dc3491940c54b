// SPDX-License-Identifier: BSD-2-Clause
/* Programs, a shell, and files behind a command: started, waited for, and their output kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/child.h"
#include "shell/base/diag.h"
#include "shell/base/file.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/lang/args.h"
#include "shell/lang/expr.h"
#include "shell/op/gather.h"
#include "shell/session/jq.h"
#include "shell/session/pipe.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

static void argv_free(char **argv)
{
	for (char **p = argv; p && *p; p++)
		free(*p);
	free(argv);
}

static char **stage_argv(struct ctx *ctx, const struct stage *stage)
{
	char **argv = xcalloc(stage->nr + 1, sizeof(*argv));

	for (uint32_t i = 0; i < stage->nr; i++) {
		argv[i] = word_text(ctx, &stage->words[i]);
		if (!argv[i]) {
			argv_free(argv);
			return NULL;
		}
	}
	return argv;
}

static int open_redirect(struct ctx *ctx, const struct stmt *stmt, int *fd)
{
	char *path = word_text(ctx, &stmt->redirect);

	if (!path)
		return -1;
	*fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (stmt->append ? O_APPEND : O_TRUNC), 0666);
	if (*fd < 0)
		diag_errno(ctx->diags, stmt->redirect.span, errno, "cannot write '%s'", path);
	free(path);
	return *fd < 0 ? -1 : 0;
}

/*
 * Starts the programs from the last to the first; *@fd is where the first one
 * reads, and before that where the last one writes (-1: standard output).
 */
static int start_programs(struct ctx *ctx, struct pipeline *p, const struct stage *stages,
			  uint32_t nr, int *fd)
{
	p->pids = xcalloc(nr, sizeof(*p->pids));
	p->apart = child_apart();
	for (uint32_t i = nr; i-- > 0;) {
		char **argv = stage_argv(ctx, &stages[i]);
		int ends[2];
		pid_t pid;

		if (!argv)
			return -1;
		if (pipe2(ends, O_CLOEXEC)) {
			argv_free(argv);
			return diag_errno(ctx->diags, stages[i].words[0].span, errno,
					  "cannot make a pipe");
		}
		pid = child_exec(argv, (struct child_io){ ends[0], *fd, -1 }, p->apart);
		close(ends[0]);
		if (*fd >= 0)
			close(*fd);
		*fd = ends[1];
		if (pid < 0) {
			diag_error(ctx->diags, stages[i].words[0].span, "cannot run '%s': %s", argv[0],
				   pid == -ENOENT ? "command not found" : strerror(-pid));
			argv_free(argv);
			return -1;
		}
		argv_free(argv);
		p->pids[p->nr++] = pid;
	}
	return 0;
}

/* Waits for the programs, whose input has ended; returns the last one's status, 0 without any. */
static int end_programs(struct pipeline *p)
{
	int *statuses = xcalloc(p->nr + 1, sizeof(*statuses)), last;

	child_wait(p->pids, p->nr, p->apart, statuses);
	last = child_shell_status(statuses[0]);
	free(statuses);
	free(p->pids);
	return last;
}

/*
 * What programs write goes where the session's output does. To become part of
 * that (a string in an array of outputs, a variable's value), it goes to memory
 * first, which *@fd is then.
 */
static int capture_open(struct session *s, struct diags *d, struct span at, int *fd)
{
	*fd = -1;
	if (!s->batch_open && s->out->fd >= 0)
		return 0;
	*fd = memfd_create("output", MFD_CLOEXEC);
	return *fd < 0 ? diag_errno(d, at, errno, "cannot capture the output") : 0;
}

/* A descriptor of its own for the output of a program: what is captured, or the session's. */
static int output_fd(const struct session *s, int capture)
{
	return fcntl(capture >= 0 ? capture : s->out->fd, F_DUPFD_CLOEXEC, 0);
}

/* Shows what was captured, and closes it. */
static void capture_show(struct session *s, int fd)
{
	struct buf text = BUF_INIT;

	if (fd < 0)
		return;
	lseek(fd, 0, SEEK_SET);
	file_read_fd(fd, &text, SIZE_MAX);
	if (s->batch_open || s->opt.output == SINK_JSON)
		buf_json_string(out_buf(s->out), buf_str(&text), text.len);
	else
		buf_add(out_buf(s->out), text.data, text.len);
	out_pushed(s->out);
	buf_free(&text);
	close(fd);
}

static bool is_jq(const struct stage *stage)
{
	return stage->nr && word_is(&stage->words[0], "jq");
}

bool pipeline_text(const struct stmt *stmt)
{
	return stmt->nr_stages > is_jq(&stmt->stages[0]);
}

int pipeline_check(const struct stmt *stmt, struct session *s, jv known, struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d, .span = stmt->span };
	const struct stage *stage = stmt->stages;
	struct jq_stage *jq;
	int err;

	if (!stmt->nr_stages || !is_jq(stage))
		return 0;
	for (uint32_t i = 0; i < stage->nr; i++)
		if (!stage->words[i].text)
			return 0;
	jq = jq_stage_new(&ctx, stage);
	if (!jq)
		return -1;
	known = jv_object_merge(jv_copy(known), jv_copy(jq->args));
	err = expr_check(&ctx, jq->filter, known, jq->span);
	jv_free(known);
	jq_stage_free(jq);
	return err;
}

int pipeline_open(struct pipeline *p, struct session *s, const struct stmt *stmt, struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d, .span = stmt->span };
	uint32_t first = stmt->nr_stages && is_jq(&stmt->stages[0]);
	int fd = -1;

	*p = (struct pipeline){ .end_fd = -1, .capture = -1 };
	out_init(&p->out, -1);
	if (stmt->has_redirect && open_redirect(&ctx, stmt, &fd))
		return -1;
	if (!stmt->has_redirect && stmt->nr_stages > first) {
		if (capture_open(s, d, stmt->span, &p->capture))
			return -1;
		fd = output_fd(s, p->capture);
	}
	out_flush(s->out);
	if (first && !(p->jq = jq_stage_new(&ctx, &stmt->stages[0])))
		goto fail;
	if (stmt->nr_stages > first &&
	    start_programs(&ctx, p, stmt->stages + first, stmt->nr_stages - first, &fd))
		goto fail;
	if (stmt->nr_stages > first)
		p->last = &stmt->stages[stmt->nr_stages - 1].words[0];
	p->json = p->jq;
	p->end_fd = fd;
	if (!p->jq)
		out_init(&p->out, fd);
	return 0;
fail:
	if (fd >= 0)
		close(fd);
	end_programs(p);
	capture_show(s, p->capture);
	jq_stage_free(p->jq);
	out_free(&p->out);
	return -1;
}

/* Runs the filter on what the command wrote to memory. */
static int run_filter(struct pipeline *p, struct session *s, struct diags *d)
{
	struct out to;
	int err;

	if (p->end_fd < 0) {
		p->jq->list = s->batch_open;
		return jq_run(p->jq, s, &p->out.buf, s->out, d);
	}
	out_init(&to, p->end_fd);
	err = jq_run(p->jq, s, &p->out.buf, &to, d);
	out_flush(&to);
	if (to.error && to.error != EPIPE && !err)
		err = diag_errno(d, p->jq->span, to.error, "cannot write the output");
	out_free(&to);
	return err;
}

/* A program that fails makes its command fail. */
static int check_status(int status, struct diags *d, struct span at, const char *name)
{
	if (!status)
		return 0;
	if (interrupted())
		return diag_error(d, at, "interrupted");
	if (status > 128)
		return diag_error(d, at, "'%s' was ended by signal %d", name, status - 128);
	return diag_error(d, at, "'%s' failed with status %d", name, status);
}

int pipeline_close(struct pipeline *p, struct session *s, bool ok, struct diags *d)
{
	int err = 0, last;

	if (p->jq && ok)
		err = run_filter(p, s, d);
	else if (!p->jq)
		out_flush(&p->out);
	/* A reader that has seen enough is no failure. */
	if (!p->jq && p->out.error && p->out.error != EPIPE && ok && !err)
		err = diag_errno(d, NO_SPAN, p->out.error, "cannot write the output");
	if (p->end_fd >= 0 && close(p->end_fd) && errno != EINTR && ok && !err)
		err = diag_errno(d, NO_SPAN, errno, "cannot write the output");
	last = end_programs(p);
	capture_show(s, p->capture);
	if (ok && !err && p->last)
		err = check_status(last, d, p->last->span, p->last->text ? p->last->text : "program");
	jq_stage_free(p->jq);
	out_free(&p->out);
	return err ? STATUS_FAILED : STATUS_OK;
}

int run_shell(struct session *s, const struct stmt *stmt, struct diags *d)
{
	char *argv[] = { getenv("SHELL"), "-c", (char *)stmt->words[0].text, NULL };
	bool apart = child_apart();
	int capture, fd, st = 0;
	pid_t pid;

	if (!argv[0] || *argv[0] != '/')
		argv[0] = "/bin/sh";
	if (s->opt.plan) {
		diag_note(d, stmt->span, "what '!' does is not undone");
		return STATUS_OK;
	}
	if (capture_open(s, d, stmt->span, &capture))
		return STATUS_FAILED;
	out_flush(s->out);
	fd = output_fd(s, capture);
	pid = child_exec(argv, (struct child_io){ -1, fd, -1 }, apart);
	if (fd >= 0)
		close(fd);
	if (pid < 0)
		diag_errno(d, stmt->span, pid, "cannot run '%s'", argv[0]);
	else
		child_wait(&pid, 1, apart, &st);
	capture_show(s, capture);
	return pid < 0 || check_status(child_shell_status(st), d, stmt->span, argv[0]) ?
	       STATUS_FAILED : STATUS_OK;
}
