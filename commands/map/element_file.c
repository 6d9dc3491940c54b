// SPDX-License-Identifier: BSD-2-Clause
/* Elements of a file, one after the other, read in pieces. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "commands/map/element_file.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"

#define READ_BYTES (256u << 10)
#define LINE_BYTES 1024	/* a line so much longer than the last element is not tried as one */
#define ELEMENT_BYTES (64u << 20)	/* the longest text of one element */

static int content_error(const struct element_file *r, const char *what)
{
	return diag_error(r->diags, r->at, "'%s', line %zu: %s", r->name, r->lines + 1, what);
}

/* A call that a signal interrupted is no failure of its own. */
int element_file_error(const struct element_file *r, const char *what)
{
	return interrupted() ? -1 : diag_errno(r->diags, r->at, errno, "cannot %s '%s'", what,
					       r->name);
}

/* Reads on; what was dealt with goes. */
static int read_more(struct element_file *r)
{
	ssize_t n;

	if (r->pos)
		memmove(r->text.data, r->text.data + r->pos, r->text.len - r->pos);
	r->text.len -= r->pos;
	r->pos = 0;
	if (r->text.len > ELEMENT_BYTES)
		return content_error(r, "an element of this length cannot be meant");
	if (!interrupt_wait(r->fd))
		return -1;
	n = read(r->fd, buf_reserve(&r->text, READ_BYTES), READ_BYTES);
	if (n < 0)
		return element_file_error(r, "read");
	buf_commit(&r->text, n);
	r->eof = !n;
	return 0;
}

/* One character between elements; -1 with a diagnostic where it has no place there. */
static int pass_over(struct element_file *r, char c)
{
	if (c == '[' && !r->open)
		r->open++;
	else if (c == ']' && r->open)
		r->open--;
	else if (c == '\n')
		r->lines++;
	else if (c != ' ' && c != '\t' && c != '\r' && c != ',')
		return content_error(r, "an element is expected: {\"key\":...");
	r->pos++;
	return 0;
}

/* To the next "{"; 1: there is one, 0: the end, -1 with a diagnostic. */
static int find_object(struct element_file *r)
{
	for (;;) {
		while (r->pos < r->text.len) {
			char c = r->text.data[r->pos];

			if (c == '{')
				return 1;
			if (pass_over(r, c))
				return -1;
		}
		if (r->eof)
			return r->open ? content_error(r, "the file ends inside an array") : 0;
		if (read_more(r))
			return -1;
	}
}

/* The length of the object at @pos, as far as braces and strings tell; -1 with a diagnostic. */
static ssize_t object_length(struct element_file *r)
{
	bool string = false, escape = false;
	size_t n = 0;
	int depth = 0;

	for (;;) {
		const char *p = r->text.data + r->pos, *end = r->text.data + r->text.len;

		for (p += n; p < end; p++) {
			if (escape)
				escape = false;
			else if (string && *p == '\\')
				escape = true;
			else if (*p == '"')
				string = !string;
			else if (!string && *p == '{')
				depth++;
			else if (!string && *p == '}' && !--depth)
				return p + 1 - (r->text.data + r->pos);
		}
		n = r->text.len - r->pos;
		if (r->eof)
			return content_error(r, "the file ends inside an element");
		if (read_more(r))
			return -1;
	}
}

/* A line that is one element needs no look for its end. */
static size_t line_length(const struct element_file *r)
{
	const char *text = r->text.data + r->pos;
	size_t rest = r->text.len - r->pos, most = r->usual + LINE_BYTES;
	const char *end = memchr(text, '\n', rest < most ? rest : most);

	return end && end[-1] == '}' ? end - text : 0;
}

static int read_element(const struct element_file *r, size_t len, void *key, void *value,
			struct diags *d)
{
	struct typed_word text = { r->text.data + r->pos, len, NO_SPAN, false };

	return element_read(r->format, &text, key, value, d);
}

static size_t count_lines(const char *text, size_t len)
{
	const char *end = text + len;
	size_t lines = 0;

	while ((text = memchr(text, '\n', end - text))) {
		lines++;
		text++;
	}
	return lines;
}

/* The object at @pos, which is then behind it. */
static int read_object(struct element_file *r, void *key, void *value)
{
	ssize_t len = line_length(r);

	if (!len || read_element(r, len, key, value, NULL)) {
		len = object_length(r);
		if (len < 0)
			return -1;
		if (read_element(r, len, key, value, r->diags)) {
			diag_hint(r->diags, "in '%s', line %zu", r->name, r->lines + 1);
			return -1;
		}
		r->lines += count_lines(r->text.data + r->pos, len);
	}
	r->pos += len;
	r->usual = len;
	return 0;
}

int element_file_next(struct element_file *r, void *key, void *value)
{
	int found = find_object(r);

	if (found > 0 && read_object(r, key, value))
		return -1;
	return found;
}

void element_file_free(struct element_file *r)
{
	buf_free(&r->text);
}
