// SPDX-License-Identifier: BSD-2-Clause
/* What literals write: bits and bytes that do not contradict each other, and the errors. */
#include <stdarg.h>
#include <string.h>

#include "render/typed/typed.h"
#include "render/typed/typed_encoder.h"
#include "render/typed/typed_plan.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

/* Where a piece of the text that is read stands, as exactly as it is known. */
static struct span span_of(const struct encoder *e, struct piece at)
{
	struct span span = e->span;

	if (!e->exact || !span.src || at.s < e->source.s ||
	    at.s + at.len > e->source.s + e->source.len)
		return span;
	span.start += at.s - e->source.s;
	span.end = span.start + at.len;
	return span;
}

/* "value", ".a.b", "[2]" */
static void put_path(struct buf *out, const struct step *step)
{
	if (!step)
		return;
	put_path(out, step->up);
	if (!step->name.s) {
		buf_printf(out, "[%u]", step->index);
		return;
	}
	if (*step->name.s != '[')
		buf_putc(out, '.');
	buf_escaped(out, step->name.s, step->name.len);
}

int encode_error(struct encoder *e, const struct step *step, struct piece at, const char *fmt, ...)
{
	struct buf msg = BUF_INIT;
	va_list ap;

	buf_puts(&msg, e->target->what);
	put_path(&msg, step);
	buf_puts(&msg, ": ");
	va_start(ap, fmt);
	buf_vprintf(&msg, fmt, ap);
	va_end(ap);
	diag_error(e->d, span_of(e, at), "%s", buf_str(&msg));
	buf_free(&msg);
	return -1;
}

int encode_wrong_count(struct encoder *e, size_t got)
{
	diag_error(e->d, e->span, "%s expected %zu byte%s got %zu", e->target->what,
		   e->target->size, e->target->size == 1 ? "" : "s", got);
	if (e->target->type && is_compound(typed_root(e->target->type)))
		diag_hint(e->d, "fields can be given by name: FIELD=VALUE");
	return -1;
}

/* One byte under a mask; false where bits that are written already differ. */
static bool put_masked(struct encoder *e, uint32_t at, uint8_t v, uint8_t mask)
{
	if ((e->out[at] ^ v) & mask & e->mask[at])
		return false;
	e->out[at] = (e->out[at] & ~mask) | (v & mask);
	e->mask[at] |= mask;
	return true;
}

static int contradiction(struct encoder *e, const struct step *step, struct piece text)
{
	return encode_error(e, step, text, "contradicts what is given for the same bytes before");
}

bool encode_plain(struct encoder *e, uint32_t offset, uint32_t size, uint64_t v)
{
	uint64_t written = load_unsigned(e->mask + offset, size);
	uint64_t all = ~0ULL >> (64 - 8 * size);

	if ((load_unsigned(e->out + offset, size) ^ v) & written & all)
		return false;
	store_unsigned(e->out + offset, size, v);
	store_unsigned(e->mask + offset, size, all);
	return true;
}

int encode_bytes(struct encoder *e, uint32_t offset, const struct step *step, struct piece text,
		 const void *bytes, size_t n)
{
	const uint8_t *p = bytes, *out = e->out + offset, *mask = e->mask + offset;
	uint8_t differs = 0;
	size_t i;

	for (i = 0; i < n; i++)
		differs |= (out[i] ^ p[i]) & mask[i];
	if (differs)
		return contradiction(e, step, text);
	memcpy(e->out + offset, bytes, n);
	memset(e->mask + offset, 0xff, n);
	return 0;
}

int encode_bits(struct encoder *e, const struct typed_place *at, const struct step *step,
		struct piece text, unsigned __int128 v)
{
	const struct node *n = place_node(at);
	unsigned int bits = at->bits ? at->bits : n->bits ? n->bits : 8 * n->size;
	unsigned int bit = at->bits ? at->bit : n->bit, bytes, i;
	unsigned __int128 mask = ~(unsigned __int128)0 >> (128 - bits);
	uint32_t offset = at->offset + bit / 8;

	if (!at->bits && !n->bits && bits <= 64) {
		if (encode_plain(e, offset, bits / 8, v))
			return 0;
		return contradiction(e, step, text);
	}
	bit %= 8;
	bytes = (bit + bits + 7) / 8;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	v <<= bit;
	mask <<= bit;
	for (i = 0; i < bytes; i++, v >>= 8, mask >>= 8)
		if (!put_masked(e, offset + i, v, mask))
			return contradiction(e, step, text);
#else
	v <<= 8 * bytes - bit - bits;
	mask <<= 8 * bytes - bit - bits;
	for (i = bytes; i-- > 0; v >>= 8, mask >>= 8)
		if (!put_masked(e, offset + i, v, mask))
			return contradiction(e, step, text);
#endif
	return 0;
}

void encode_clear(struct encoder *e, const struct typed_place *at)
{
	uint32_t i, end = at->offset + place_node(at)->size;

	if (!e->target->keep)
		return;
	for (i = at->offset; i < end; i++)
		e->out[i] &= e->mask[i];
}
