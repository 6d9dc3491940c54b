// SPDX-License-Identifier: BSD-2-Clause
/* libbpf's messages, whose callback has no argument, hence a static buffer; and verifier logs. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/vlog.h"
#include "shell/kern.h"
#include "shell/kern_load.h"

static struct buf messages, verifier_log;
static bool show_all;

static int collect(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	va_list again;

	if (show_all) {
		va_copy(again, ap);
		vfprintf(stderr, fmt, again);
		va_end(again);
	}
	if (level != LIBBPF_DEBUG)
		buf_vprintf(&messages, fmt, ap);
	return 0;
}

void kern_init(bool debug)
{
	show_all = debug;
	libbpf_set_print(collect);
}

const char *kern_load_log(void)
{
	return buf_str(&verifier_log);
}

void said_begin(void)
{
	buf_reset(&messages);
	buf_reset(&verifier_log);
	libbpf_set_print(collect);
}

bool said_verifier(const char *log)
{
	buf_reset(&verifier_log);
	buf_puts(&verifier_log, log);
	if (show_all)
		fputs(log, stderr);
	return show_all;
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

char *said_reason(void)
{
	const char *text = buf_str(&messages), *end = text + messages.len, *start;

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
static char *name_said(const char *what, const char *behind)
{
	const char *text = buf_str(&messages), *end = strstr(text, behind), *start;
	size_t len = strlen(what);

	if (!end)
		return NULL;
	for (start = end; start > text && start[-1] != '\n' && start[-1] != '\''; start--)
		;
	if ((size_t)(start - text) < len || strncmp(start - len, what, len))
		return NULL;
	return xstrndup(start, end - start);
}

char *said_program(void)
{
	return name_said("prog '", "': BPF program load failed");
}

char *said_map(void)
{
	return name_said("map '", "': failed to create");
}

void verifier_reason(struct buf *out, const char *log)
{
	struct vlog *v = vlog_new(log, strlen(log));

	vlog_explain(out, v);
	vlog_free(v);
}
