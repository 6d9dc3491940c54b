// SPDX-License-Identifier: BSD-2-Clause
/* Text of any origin, made fit for terminals and for JSON. */
#include <locale.h>
#include <stdbool.h>
#include <wchar.h>

#include "shell/base/buf.h"
#include "shell/base/text.h"

size_t utf8_len(const void *text, size_t len)
{
	const unsigned char *s = text;
	static const unsigned char low[] = { 0, 0, 0x80, 0xa0, 0x90 };
	static const unsigned char high[] = { 0, 0, 0xbf, 0x9f, 0x8f };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		   s[0] < 0xf5 ? 4 : 0;

	if (!n || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < low[3]) || (s[0] == 0xed && s[1] > high[3]) ||
	    (s[0] == 0xf0 && s[1] < low[4]) || (s[0] == 0xf4 && s[1] > high[4]))
		return 0;
	return n;
}

wchar_t utf8_decode(const void *text, size_t n)
{
	const unsigned char *s = text;
	wchar_t c = n == 1 ? s[0] : s[0] & (0x7f >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3f);
	return c;
}

bool text_printable(wchar_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x202a && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069) && c != 0x200e && c != 0x200f && c != 0x2028 &&
	       c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

void buf_escaped(struct buf *out, const char *s, size_t len)
{
	while (len) {
		size_t n = utf8_len(s, len);

		if (n && text_printable(utf8_decode(s, n))) {
			buf_add(out, s, n);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_printf(out, "\\x%02x", (unsigned char)s[i]);
		}
		s += n;
		len -= n;
	}
}

void buf_escaped_lines(struct buf *out, const char *s, size_t len)
{
	for (const char *end = s + len; s < end;) {
		size_t n = 0;

		while (s + n < end && s[n] != '\n' && s[n] != '\t')
			n++;
		buf_escaped(out, s, n);
		s += n;
		if (s < end)
			buf_putc(out, *s++);
	}
}

/* How many bytes stand for themselves in a JSON string. */
static size_t plain_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= 0x20 && s[n] < 0x7f && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

/* The character at @s, which does not; returns its bytes. */
static size_t json_escaped(struct buf *out, const char *s, size_t len)
{
	static const char escapes[] = "btn\0fr";	/* from \b (8) on; \v has none */
	unsigned char c = *s;
	size_t n = utf8_len(s, len);

	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (c >= '\b' && c <= '\r' && escapes[c - '\b'])
		buf_printf(out, "\\%c", escapes[c - '\b']);
	else if (c < 0x20 || c == 0x7f)
		buf_printf(out, "\\u%04x", c);
	else if (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0)
		buf_printf(out, "\\u%04x", (unsigned char)s[1]);	/* C1 */
	else if (n)
		buf_add(out, s, n);
	else
		buf_puts(out, "\\ufffd");
	return n ? n : 1;
}

void buf_json_string(struct buf *out, const char *s, size_t len)
{
	buf_putc(out, '"');
	while (len) {
		size_t n = plain_len(s, len);

		if (n)
			buf_add(out, s, n);
		else
			n = json_escaped(out, s, len);
		s += n;
		len -= n;
	}
	buf_putc(out, '"');
}

/* Numbers and dates are the same everywhere. */
void use_locale(void)
{
	static bool done;

	if (!done)
		if (!setlocale(LC_CTYPE, "") && !setlocale(LC_CTYPE, "C.UTF-8"))
			setlocale(LC_CTYPE, "C");
	done = true;
}

int text_columns(const char *s, size_t len)
{
	int cols = 0;

	use_locale();
	while (len) {
		size_t n = utf8_len(s, len);
		wchar_t c = n ? utf8_decode(s, n) : 0;
		int w = !n ? 4 : text_printable(c) ? wcwidth(c) : 1;

		cols += w >= 0 ? w : 1;
		n = n ? n : 1;
		s += n;
		len -= n;
	}
	return cols;
}
