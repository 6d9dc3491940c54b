// SPDX-License-Identifier: BSD-2-Clause
/* BTF as C, written by a child that runs btf_dump over what was checked before. */
#include <bpf/btf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/btf/btf_c.h"
#include "render/btf/btf_check.h"
#include "render/sink/out.h"
#include "shell/base/buf.h"
#include "shell/base/child.h"
#include "shell/base/interrupt.h"

/* The kernel's types take a tenth of a second. */
#define CPU_SECONDS 10

/* Of one declaration; the kernel's largest is a hundredth of that. */
#define TEXT_MAX (1 << 20)

static const char before[] =
	"#ifndef __VMLINUX_H__\n"
	"#define __VMLINUX_H__\n"
	"\n"
	"#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	"#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n"
	"#endif\n"
	"\n";

static const char behind[] =
	"#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	"#pragma clang attribute pop\n"
	"#endif\n"
	"\n"
	"#endif /* __VMLINUX_H__ */\n";

/* The child */

static void add_text(void *out, const char *fmt, va_list ap)
{
	buf_vprintf(out_buf(out), fmt, ap);
	out_pushed(out);
}

/* 0 or -errno. */
static int write_types(struct out *out, const struct btf *btf, const uint32_t *roots, size_t nr)
{
	struct btf_dump *dump = btf_dump__new(btf, add_text, out, NULL);
	int err = dump ? 0 : -errno;

	out_write(out, before, strlen(before));
	for (size_t i = 0; i < nr && !err; i++)
		err = btf_dump__dump_type(dump, roots[i]);
	for (uint32_t id = 1; !nr && id < btf__type_cnt(btf) && !err; id++)
		err = btf_dump__dump_type(dump, id);
	if (!err)
		out_write(out, behind, strlen(behind));
	return err;
}

struct work {
	const struct btf *btf;
	const uint32_t *roots;
	size_t nr;
};

/* Ends with an errno as its status. */
static int write_apart(void *arg, int to)
{
	const struct work *w = arg;
	struct out out;
	int err;

	setrlimit(RLIMIT_CPU, &(struct rlimit){ CPU_SECONDS, CPU_SECONDS + 1 });
	out_init(&out, to);
	err = write_types(&out, w->btf, w->roots, w->nr);
	out_flush(&out);
	return err ? -err : out.error;
}

/* The parent */

/* Hands on what is whole of @text; @all: what is left, too. */
static int hand_on(struct buf *text, bool all, btf_c_fn fn, void *arg)
{
	const char *at = buf_str(text), *end = at + text->len, *blank;
	int err = 0;

	while (!err && (blank = memmem(at, end - at, "\n\n", 2))) {
		err = fn(arg, at, blank + 2 - at);
		at = blank + 2;
	}
	if (!all && end - at > TEXT_MAX && (blank = memrchr(at, '\n', end - at))) {
		err = err ? err : fn(arg, at, blank + 1 - at);
		at = blank + 1;
	}
	if (!err && all && at < end) {
		err = fn(arg, at, end - at);
		at = end;
	}
	text->len = end - at;
	memmove(text->data, at, text->len);
	return err;
}

/* Reads until the child closes its end; -1 where no more is wanted. */
static int read_all(int from, btf_c_fn fn, void *arg)
{
	struct buf text = BUF_INIT;
	ssize_t n = 1;
	int err = 0;

	while (n && !err && !interrupted()) {
		/* Short waits, as a signal may come just before one. */
		n = child_read(from, &text, 100);
		if (n != -EAGAIN)
			err = hand_on(&text, false, fn, arg);
	}
	if (!err && !interrupted())
		err = hand_on(&text, true, fn, arg);
	buf_free(&text);
	return err || interrupted() ? -1 : 0;
}

/* What the child's end says about the types. */
static int blame_child(int status, struct span at, struct diags *d)
{
	if (!status)
		return 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return diag_error(d, at, "cannot write the types as C: it takes too long");
	if (WIFSIGNALED(status))
		return diag_error(d, at, "cannot write the types as C: they are damaged");
	if (WEXITSTATUS(status) == ELOOP)
		return diag_error(d, at, "cannot write the types as C: one contains itself");
	return diag_errno(d, at, WEXITSTATUS(status), "cannot write the types as C");
}

int btf_c(const struct btf *btf, const uint32_t *roots, size_t nr, btf_c_fn fn, void *arg,
	  struct span at, struct diags *d)
{
	struct work work = { btf, roots, nr };
	struct buf why = BUF_INIT;
	int from, err, status;
	pid_t pid;

	if (!btf_check(btf, &why)) {
		diag_error(d, at, "cannot write the types as C: %s", buf_str(&why));
		buf_free(&why);
		return -1;
	}
	pid = child_work(write_apart, &work, &from);
	if (pid < 0)
		return diag_errno(d, at, pid, "cannot write the types as C");
	err = read_all(from, fn, arg);
	close(from);
	if (err)
		kill(pid, SIGKILL);
	status = child_reap(pid);
	return err ? err : blame_child(status, at, d);
}
