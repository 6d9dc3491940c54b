// SPDX-License-Identifier: BSD-2-Clause
/* Where JSON values begin and end, found without reading them. */
#include <string.h>

#include "shell/snapshot/snapshot.h"

#define DEPTH_MAX 64	/* types of BTF nest less deeply */

/* Behind a string's closing quote; 0: it goes on. */
static size_t string_span(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++) {
		if (text[i] == '\\')
			i++;
		else if (text[i] == '"')
			return i + 1;
	}
	return 0;
}

static bool in_scalar(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '+' || c == '.';
}

static ssize_t scalar_span(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && in_scalar(text[n]))
		n++;
	return !n ? -1 : n < len ? (ssize_t)n : 0;
}

ssize_t snap_json_span(const char *text, size_t len)
{
	int depth = 0;

	if (!len)
		return 0;
	if (*text == '"')
		return string_span(text, len);
	if (*text != '{' && *text != '[')
		return scalar_span(text, len);
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '"') {
			size_t n = string_span(text + i, len - i);

			if (!n)
				return 0;
			i += n - 1;
		} else if ((c == '{' || c == '[') && ++depth > DEPTH_MAX) {
			return -1;
		} else if ((c == '}' || c == ']') && !--depth) {
			return i + 1;
		}
	}
	return 0;
}

static void pass_blanks(struct snap_text object, size_t *pos)
{
	while (*pos < object.len && memchr(" \t\r\n,:", object.s[*pos], 6))
		++*pos;
}

static bool take_value(struct snap_text object, size_t *pos, struct snap_text *value)
{
	ssize_t len;

	pass_blanks(object, pos);
	len = snap_json_span(object.s + *pos, object.len - *pos);
	if (len <= 0)
		return false;
	*value = (struct snap_text){ object.s + *pos, len };
	*pos += len;
	return true;
}

bool snap_json_member(struct snap_text object, size_t *pos, struct snap_text *name,
		      struct snap_text *value)
{
	pass_blanks(object, pos);
	return *pos < object.len && object.s[*pos] == '"' && take_value(object, pos, name) &&
	       take_value(object, pos, value);
}
