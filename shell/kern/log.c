// SPDX-License-Identifier: BSD-2-Clause
/* What libbpf and the verifier say, and what of it tells why a load failed. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/code/vlog.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"
#include "shell/kern/error.h"
#include "shell/kern/load.h"
#include "shell/kern/loading.h"
#include "shell/kern/names.h"
#include "shell/kern/rights.h"
#include "shell/kern/since.h"

/* libbpf's callback, which is one for the process, has no argument: where its messages go. */
static struct {
	struct said *to;		/* NULL: nobody listens */
	bool show_all;
} libbpf;

/* For --debug: names in files and source lines in a log are anybody's text. */
static void show(const char *text, size_t len)
{
	struct buf shown = BUF_INIT;

	buf_escaped_lines(&shown, text, len);
	fwrite(shown.data, 1, shown.len, stderr);
	buf_free(&shown);
}

static int collect(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	bool keep = libbpf.to && (libbpf.to->all || level != LIBBPF_DEBUG);
	struct buf text = BUF_INIT;

	if (!libbpf.show_all && !keep)
		return 0;
	buf_vprintf(&text, fmt, ap);
	if (libbpf.show_all)
		show(text.data, text.len);
	if (keep)
		buf_add(&libbpf.to->messages, text.data, text.len);
	buf_free(&text);
	return 0;
}

void kern_init(bool debug)
{
	libbpf.show_all = debug;
	libbpf_set_print(collect);
}

static void listen_to(struct said *s, bool all)
{
	*s = (struct said){ .all = all, .outer = libbpf.to };
	libbpf.to = s;
	libbpf_set_print(collect);
}

void said_begin(struct said *s)
{
	listen_to(s, false);
}

void said_begin_btf(struct said *s)
{
	listen_to(s, true);
}

void said_end(struct said *s)
{
	libbpf.to = s->outer;
	buf_free(&s->messages);
}

bool said_shown(const char *log)
{
	if (libbpf.show_all)
		show(log, strlen(log));
	return libbpf.show_all;
}

/* The line that ends before @end; *@start is set to its begin. Empty at the beginning of @text. */
static size_t line_before(const char *text, const char *end, const char **start)
{
	const char *s = end;

	while (s > text && s[-1] != '\n')
		s--;
	*start = s;
	return end - s;
}

static bool contains(const char *line, size_t len, const char *part)
{
	return memmem(line, len, part, strlen(part));
}

/* What libbpf adds to each failure, behind the line that tells its reason. */
static bool is_commonplace(const char *line, size_t len)
{
	static const char *const parts[] = {
		"failed to load object", "failed to load: ", "failed to prepare load attributes",
		"BPF program load failed", "permission error while running as root",
		"PROG LOAD LOG --",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (contains(line, len, parts[i]))
			return true;
	return !len;
}

/* Without libbpf's marks at the start and the end. */
static char *bare_line(const char *line, size_t len)
{
	static const char *const heads[] = { "libbpf: ", "elf: " };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		size_t n = strlen(heads[i]);

		if (len > n && !strncmp(line, heads[i], n)) {
			line += n;
			len -= n;
		}
	}
	if (len && line[len - 1] == '.')
		len--;
	return xstrndup(line, len);
}

char *said_reason(struct said *s)
{
	const char *text = buf_str(&s->messages), *end = text + s->messages.len, *start;

	for (;;) {
		size_t len = line_before(text, end, &start);

		if (!is_commonplace(start, len))
			return bare_line(start, len);
		if (start == text)
			return xstrdup("");
		end = start - 1;
	}
}

/* The name in "WHAT 'NAME': BEHIND" of what was said. */
static char *name_said(struct said *s, const char *what, const char *behind)
{
	const char *text = buf_str(&s->messages), *end = strstr(text, behind), *start;
	size_t len = strlen(what);

	if (!end)
		return NULL;
	for (start = end; start > text && start[-1] != '\n' && start[-1] != '\''; start--)
		;
	if ((size_t)(start - text) < len || strncmp(start - len, what, len))
		return NULL;
	return xstrndup(start, end - start);
}

char *said_program(struct said *s)
{
	return name_said(s, "prog '", "': BPF program load failed");
}

char *said_map(struct said *s)
{
	return name_said(s, "map '", "': failed to create");
}

bool said_skipping(struct said *s, const char *section)
{
	const char *at = strstr(buf_str(&s->messages), "skipping unrecognized data section");

	for (; at; at = strstr(at + 1, "skipping unrecognized data section"))
		if (contains(at, strcspn(at, "\n"), section))
			return true;
	return false;
}

bool has_reason(const char *log)
{
	struct vlog *v = vlog_new(log, strlen(log));
	bool has = v->nr_messages;

	vlog_free(v);
	return has;
}

bool said_refusal(struct diags *d, const struct load_request *req, struct said *s,
		  const char *log, const char *subject, const struct code *code)
{
	struct vlog *v = vlog_new(log, strlen(log));
	bool reason = v->nr_messages;
	struct span at = req->span;
	struct buf text = BUF_INIT;

	if (req->spans && v->fail < req->nr_insns)
		at = req->spans[v->fail];
	vlog_explain(&text, v, code);
	if (reason) {
		diag_error(d, at, "the verifier refuses %s: %s", subject, buf_str(&text));
		hint_section(d, s);
	}
	if (!said_shown(log) && reason)
		diag_hint(d, "'log' at the end of the command, or 'prog log', shows the whole log");
	buf_free(&text);
	vlog_free(v);
	return reason;
}

/* The kernel's BPF_COMPLEXITY_LIMIT_INSNS. */
#define INSNS_MAX 1000000

/* What an errno means for a load where the verifier gives no reason. */
static const struct {
	int err;
	const char *text;
} unexplained[] = {
	{ ENOTSUPP, "the kernel does not support it, and does not say what (error 524, ENOTSUPP)" },
	{ ENOSPC, "the verifier's log is too long to be kept, and its reason with it" },
	{ EINVAL, "the kernel refuses its type, attach type or flags, without a reason (EINVAL)" },
};

/* Flags that kernels may refuse without a word, and what asks for them. */
static const struct {
	__u32 flag;
	const char *hint;
} young_flags[] = {
	{ BPF_F_XDP_HAS_FRAGS, "'.frags' needs Linux 5.18" },
};

/* True where it is known what of the program the kernel has not. */
static bool say_lacking(struct diags *d, struct span at, const char *subject,
			const struct load_facts *facts)
{
	struct buf why = BUF_INIT;
	bool lacks = kern_lacks(&why, SINCE_PROG, facts->prog_type) ||
		     kern_lacks(&why, SINCE_ATTACH, facts->attach_type);
	const struct since *since = since_find(SINCE_ATTACH, facts->attach_type);

	if (lacks)
		diag_error(d, at, "cannot load %s: %s", subject, buf_str(&why));
	if (lacks && since && since->instead)
		diag_hint(d, "%s", since->instead);
	buf_free(&why);
	return lacks;
}

static void hint_flags(struct diags *d, __u32 flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(young_flags); i++)
		if (flags & young_flags[i].flag)
			diag_hint(d, "%s", young_flags[i].hint);
}

void load_error(struct diags *d, struct span at, int err, const char *subject,
		const struct load_facts *facts)
{
	if (abs(err) == E2BIG && facts->nr_insns > INSNS_MAX) {
		diag_error(d, at, "cannot load %s: it has %zu instructions, at most %u are allowed",
			   subject, facts->nr_insns, INSNS_MAX);
		return;
	}
	if (abs(err) == EINVAL && say_lacking(d, at, subject, facts))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(unexplained); i++) {
		if (unexplained[i].err == abs(err)) {
			diag_error(d, at, "cannot load %s: %s", subject, unexplained[i].text);
			hint_flags(d, facts->flags);
			return;
		}
	}
	kern_typed_error(d, at, KERN_PROG_LOADING, facts->prog_type, err, "load %s", subject);
}
