// SPDX-License-Identifier: BSD-2-Clause
/* Bytes as text, copied from tables. */
#include <stdint.h>
#include <string.h>

#include "render/sink/bytes.h"
#include "shell/base/buf.h"

#define HEX16(before, h, after)								\
	before h "0" after, before h "1" after, before h "2" after, before h "3" after,	\
	before h "4" after, before h "5" after, before h "6" after, before h "7" after,	\
	before h "8" after, before h "9" after, before h "a" after, before h "b" after,	\
	before h "c" after, before h "d" after, before h "e" after, before h "f" after
#define HEX256(b, a)									\
	HEX16(b, "0", a), HEX16(b, "1", a), HEX16(b, "2", a), HEX16(b, "3", a),		\
	HEX16(b, "4", a), HEX16(b, "5", a), HEX16(b, "6", a), HEX16(b, "7", a),		\
	HEX16(b, "8", a), HEX16(b, "9", a), HEX16(b, "a", a), HEX16(b, "b", a),		\
	HEX16(b, "c", a), HEX16(b, "d", a), HEX16(b, "e", a), HEX16(b, "f", a)

/* "0x00", and the same for every byte; copied with the NUL, as one word. */
static const char json_byte[256][8] = { HEX256("\"0x", "\",") };
static const char plain_byte[256][4] = { HEX256("", " ") };

/* Longer data is written in pieces, so that no more than this is reserved at once. */
#define PIECE 4096

void bytes_json(struct buf *out, const void *data, size_t n)
{
	const uint8_t *p = data;

	buf_putc(out, '[');
	while (n) {
		size_t i, piece = n < PIECE ? n : PIECE;
		char *to = buf_reserve(out, 7 * piece + 1);

		for (i = 0; i < piece; i++)
			memcpy(to + 7 * i, json_byte[p[i]], 8);
		buf_commit(out, 7 * piece);
		p += piece;
		n -= piece;
	}
	if (p == data)
		buf_putc(out, ']');
	else
		out->data[out->len - 1] = ']';	/* in place of the last comma */
}

/* One line of at most 16 bytes. */
static void hex_line(struct buf *out, const uint8_t *p, size_t n)
{
	char *to = buf_reserve(out, 3 * n + 4), *at = to;
	size_t i;

	for (i = 0; i < n; i++) {
		if (i == 8)
			*at++ = ' ';
		memcpy(at, plain_byte[p[i]], 4);
		at += 3;
	}
	buf_commit(out, at - to - 1);
}

void bytes_plain(struct buf *out, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n > 16) {
		hex_line(out, p, 16);
		buf_putc(out, '\n');
		p += 16;
		n -= 16;
	}
	if (n)
		hex_line(out, p, n);
}

void bytes_hex(struct buf *out, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++)
		buf_add(out, plain_byte[p[i]], 2);
}
