// SPDX-License-Identifier: BSD-2-Clause
/*
 * Literals with brackets: JSON whose names and words need no quotes, read
 * straight into the bytes of a type. (libjq's reader would turn 64-bit integers
 * into doubles, and knows no positions.) How deep it goes is bounded by the type.
 */
#include <string.h>

#include "render/typed/typed_encoder.h"
#include "render/typed/typed_plan.h"
#include "shell/base/buf.h"

int typed_expected(struct typed_reader *r, const struct step *step, const char *what)
{
	struct piece here;

	typed_skip_blanks(r);
	here = (struct piece){ r->p, r->p < r->end };
	return encode_error(r->e, step, here, "expected %s%s", what,
			    r->p == r->end ? ", not the end" : "");
}

/* Four hexadecimal digits, or -1. */
static int read_hex4(struct typed_reader *r)
{
	char text[] = "0x0000";
	struct number number;

	if (r->end - r->p < 4)
		return -1;
	memcpy(text + 2, r->p, 4);
	if (!typed_parse_number((struct piece){ text, 6 }, &number))
		return -1;
	r->p += 4;
	return number.v;
}

static void put_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(out, c);
		return;
	}
	if (c >= 0x10000) {
		buf_putc(out, 0xf0 | c >> 18);
		buf_putc(out, 0x80 | (c >> 12 & 0x3f));
		buf_putc(out, 0x80 | (c >> 6 & 0x3f));
	} else if (c >= 0x800) {
		buf_putc(out, 0xe0 | c >> 12);
		buf_putc(out, 0x80 | (c >> 6 & 0x3f));
	} else {
		buf_putc(out, 0xc0 | c >> 6);
	}
	buf_putc(out, 0x80 | (c & 0x3f));
}

/* What follows \u, with the second half of a surrogate pair (RFC 8259, section 7). */
static bool read_unicode(struct typed_reader *r, struct buf *out)
{
	int low, c = read_hex4(r);

	if (c < 0 || (c >= 0xdc00 && c < 0xe000))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (r->end - r->p < 2 || memcmp(r->p, "\\u", 2))
			return false;
		r->p += 2;
		low = read_hex4(r);
		if (low < 0xdc00 || low >= 0xe000)
			return false;
		c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
	}
	put_utf8(out, c);
	return true;
}

static bool read_escape(struct typed_reader *r, struct buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char c;

	if (r->p == r->end)
		return false;
	c = *r->p++;
	if (c == 'u')
		return read_unicode(r, out);
	found = c ? strchr(from, c) : NULL;
	if (found)
		buf_putc(out, to[found - from]);
	return found;
}

int typed_read_string(struct typed_reader *r, const struct step *step, struct piece *string)
{
	const char *start = r->p;
	struct buf *out = &r->e->scratch;

	while (r->p < r->end && *r->p != '"' && *r->p != '\\')
		r->p++;
	if (r->p < r->end && *r->p == '"') {
		*string = (struct piece){ start, r->p++ - start, true };
		return 0;
	}
	buf_reset(out);
	buf_add(out, start, r->p - start);
	while (r->p < r->end && *r->p != '"') {
		if (*r->p != '\\') {
			buf_putc(out, *r->p++);
			continue;
		}
		r->p++;
		if (!read_escape(r, out))
			return typed_expected(r, step, "an escape sequence of JSON");
	}
	if (r->p == r->end)
		return typed_expected(r, step, "'\"'");
	r->p++;
	*string = (struct piece){ buf_str(out), out->len, true };
	return 0;
}

/* What ends a word without quotes: 1 everywhere, 2 in names. */
static const uint8_t word_ends[256] = {
	[' '] = 1, ['\t'] = 1, ['\r'] = 1, ['\n'] = 1, [','] = 1, ['{'] = 1, ['}'] = 1, ['['] = 1,
	[']'] = 1, ['"'] = 1, [':'] = 2, ['='] = 2,
};

static struct piece read_bare(struct typed_reader *r, bool name)
{
	struct piece p = { .s = r->p };

	while (r->p < r->end && (!word_ends[(uint8_t)*r->p] ||
				 (!name && word_ends[(uint8_t)*r->p] == 2)))
		r->p++;
	p.len = r->p - p.s;
	return p;
}

int typed_read_name(struct typed_reader *r, const struct step *step, struct piece *name)
{
	typed_skip_blanks(r);
	if (typed_next_is(r, '"'))
		return typed_read_string(r, step, name);
	*name = read_bare(r, true);
	return name->len ? 0 : typed_expected(r, step, "a field's name");
}

/*
 * Most objects have all fields in order, written as TYPED_NICE writes them:
 * then the next name and its colon are found by one comparison.
 */
static bool read_next_name(struct typed_reader *r, struct typed_place *at, struct step *step,
			   uint32_t *hint)
{
	const struct typed *t = at->type;
	const struct node *n = place_node(at);
	const struct member *m = &t->members[n->first + *hint];
	uint32_t len;

	if (*hint >= n->nr || m->anonymous)
		return false;
	len = m->nice_label.len - 1;
	if (r->end - r->p < len || memcmp(r->p, typed_text(t, m->nice_label) + 1, len))
		return false;
	r->p += len;
	(*hint)++;
	step->name = (struct piece){ typed_text(t, m->name), m->name.len };
	typed_to_member(at, m);
	return true;
}

static int no_field(struct typed_reader *r, const struct typed_place *at, struct piece name)
{
	struct span span = r->e->span;

	if (r->e->exact && name.s >= r->e->source.s && name.s < r->end && span.src) {
		span.start += name.s - r->e->source.s;
		span.end = span.start + name.len;
	}
	return typed_no_field(at, name, span, r->e->d);
}

/* A value of the type of @at. */
static int read_value(struct typed_reader *r, const struct typed_place *at,
		      const struct step *step);

/* One field's name and value; @hint is where the next field probably is. */
static int read_field(struct typed_reader *r, const struct typed_place *at, const struct step *step,
		      uint32_t *hint)
{
	struct step inner = { .up = step };
	struct typed_place field = *at;
	struct piece name;

	typed_skip_blanks(r);
	if (read_next_name(r, &field, &inner, hint))
		return read_value(r, &field, &inner);
	if (typed_read_name(r, step, &name) < 0)
		return -1;
	if (!typed_field(&field, name, hint))
		return no_field(r, at, name);
	if (!typed_next_is(r, ':'))
		return typed_expected(r, step, "':' after a field's name");
	/* Where the name was unescaped, its buffer may be used for the value. */
	inner.name = name.s == r->e->scratch.data ? (struct piece){ "\"...\"", 5 } : name;
	return read_value(r, &field, &inner);
}

static int read_object(struct typed_reader *r, const struct typed_place *at,
		       const struct step *step)
{
	uint32_t hint = 0;

	if (typed_next_is(r, '}'))
		return 0;
	do {
		if (read_field(r, at, step, &hint) < 0)
			return -1;
	} while (typed_next_is(r, ','));
	return typed_next_is(r, '}') ? 0 : typed_expected(r, step, "',' or '}'");
}

static int too_many(struct typed_reader *r, const struct typed_place *at, const struct step *step)
{
	struct buf type = BUF_INIT;

	place_type_text(&type, at);
	encode_error(r->e, step, (struct piece){ r->p, r->p < r->end }, "too many elements for %s",
		     buf_str(&type));
	buf_free(&type);
	return -1;
}

static int read_array(struct typed_reader *r, const struct typed_place *at, const struct step *step)
{
	struct step inner = { .up = step };

	if (typed_next_is(r, ']'))
		return 0;
	do {
		struct typed_place elem;

		if (inner.index == place_node(at)->nr)
			return too_many(r, at, step);
		elem = typed_element(at, inner.index);
		if (read_value(r, &elem, &inner) < 0)
			return -1;
		inner.index++;
	} while (typed_next_is(r, ','));
	return typed_next_is(r, ']') ? 0 : typed_expected(r, step, "',' or ']'");
}

/* Whether a bracket can begin a value of this type. */
static int check_bracket(struct typed_reader *r, const struct typed_place *at,
			 const struct step *step, bool object)
{
	struct buf type = BUF_INIT;
	const struct node *n = place_node(at);

	if (!n->mark.len && (object ? is_compound(n) : n->kind == NODE_ARRAY))
		return 0;
	place_type_text(&type, at);
	encode_error(r->e, step, (struct piece){ r->p - 1, 1 }, "%s does not begin with '%c'",
		     buf_str(&type), object ? '{' : '[');
	buf_free(&type);
	return -1;
}

/*
 * The numbers that exports are full of: decimal digits alone, for a whole
 * integer, and in its range. False, and nothing is read, for all else.
 */
static bool read_plain_number(struct typed_reader *r, const struct typed_place *at)
{
	const struct node *n = place_node(at);
	const char *p = r->p, *end = r->end - p > 19 ? p + 19 : r->end;
	unsigned int bits = 8 * n->size - n->is_signed;
	uint64_t v = 0;

	if (n->kind > NODE_S64 || at->bits)
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		v = 10 * v + *p - '0';
	if (p == r->p || p == end || word_ends[(uint8_t)*p] != 1 || (bits < 64 && v >> bits) ||
	    !encode_plain(r->e, at->offset, n->size, v))
		return false;
	r->p = p;
	return true;
}

static int read_value(struct typed_reader *r, const struct typed_place *at,
		      const struct step *step)
{
	struct piece p;

	typed_skip_blanks(r);
	if (read_plain_number(r, at))
		return 0;
	if (typed_next_is(r, '{')) {
		encode_clear(r->e, at);
		return check_bracket(r, at, step, true) < 0 ? -1 : read_object(r, at, step);
	}
	if (typed_next_is(r, '[')) {
		encode_clear(r->e, at);
		return check_bracket(r, at, step, false) < 0 ? -1 : read_array(r, at, step);
	}
	if (typed_next_is(r, '"')) {
		if (typed_read_string(r, step, &p) < 0)
			return -1;
		return encode_scalar(r->e, at, step, p);
	}
	p = read_bare(r, false);
	if (!p.len)
		return typed_expected(r, step, "a value");
	if (piece_is(p, "null"))
		return 0;
	return encode_scalar(r->e, at, step, p);
}

/* The values of lower-case hexadecimal digits, plus 1. */
static const uint8_t digit_plus_one[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
	['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15,
	['f'] = 16,
};

/* The byte in "0x1f", which is next, or -1. */
static inline int read_byte_string(struct typed_reader *r)
{
	const char *p;
	int high, low;

	typed_skip_blanks(r);
	p = r->p;
	if (r->end - p < 6 || memcmp(p, "\"0x", 3) || p[5] != '"')
		return -1;
	high = digit_plus_one[(uint8_t)p[3]];
	low = digit_plus_one[(uint8_t)p[4]];
	if (!high || !low)
		return -1;
	r->p += 6;
	return (high - 1) << 4 | (low - 1);
}

/* As many of "0x1f", as follow each other without blanks; returns how many, at most @n. */
static size_t read_byte_strings_fast(struct typed_reader *r, uint8_t *out, size_t n)
{
	const char *p = r->p;
	size_t i;

	for (i = 0; i < n && r->end - p >= 7; i++, p += 7) {
		uint8_t high = digit_plus_one[(uint8_t)p[3]], low = digit_plus_one[(uint8_t)p[4]];

		if (p[0] != '"' || p[1] != '0' || p[2] != 'x' || !high || !low || p[5] != '"' ||
		    p[6] != ',')
			break;
		out[i] = (high - 1) << 4 | (low - 1);
	}
	r->p = p;
	return i;
}

/*
 * Reads ["0x1f",...] for each byte of the target, as bpftool writes them.
 * False, and nothing is read, where anything else is next.
 */
static bool read_byte_strings(struct typed_reader *r)
{
	struct encoder *e = r->e;
	struct typed_reader ahead = *r;
	size_t i, n = e->target->size;
	int byte = 0;

	if (!n || e->target->keep || !typed_next_is(&ahead, '['))
		return false;
	for (i = read_byte_strings_fast(&ahead, e->out, n - 1); i < n && byte >= 0; i++) {
		byte = read_byte_string(&ahead);
		e->out[i] = byte;
		if (i + 1 < n && !typed_next_is(&ahead, ','))
			byte = -1;
	}
	if (byte < 0 || !typed_next_is(&ahead, ']')) {
		memset(e->out, 0, i);
		return false;
	}
	*r = ahead;
	return true;
}

/* [1,"0x02",...]: the bytes of the whole target. */
static int read_byte_list(struct typed_reader *r)
{
	struct encoder *e = r->e;
	struct number number;
	struct piece item;
	size_t n = 0;

	if (typed_next_is(r, ']'))
		return e->target->size ? encode_wrong_count(e, 0) : 0;
	do {
		typed_skip_blanks(r);
		if (typed_next_is(r, '"')) {
			if (typed_read_string(r, NULL, &item) < 0)
				return -1;
		} else {
			item = read_bare(r, false);
		}
		if (!typed_parse_number(item, &number) || number.v > 255 ||
		    (number.negative && number.v))
			return encode_error(e, NULL, item, "expected a byte (0..255)");
		if (encode_two_readings(e, NULL, item, &number))
			return -1;
		if (n < e->target->size)
			e->out[n] = number.v;
		n++;
	} while (typed_next_is(r, ','));
	if (!typed_next_is(r, ']'))
		return typed_expected(r, NULL, "',' or ']'");
	return n == e->target->size ? 0 : encode_wrong_count(e, n);
}

int typed_read_whole(struct typed_reader *r)
{
	const struct typed *t = r->e->target->type;
	struct typed_place whole;
	struct piece p;

	if (read_byte_strings(r))
		return 0;
	if (!t && typed_next_is(r, '['))
		return read_byte_list(r);
	if (t) {
		whole = typed_whole(t);
		return read_value(r, &whole, NULL);
	}
	typed_skip_blanks(r);
	if (!typed_next_is(r, '"')) {
		p = read_bare(r, false);
		return p.len ? encode_untyped(r->e, p) : typed_expected(r, NULL, "a value");
	}
	return typed_read_string(r, NULL, &p) < 0 ? -1 : encode_untyped(r->e, p);
}

static int read_end(struct typed_reader *r, const struct step *step)
{
	typed_skip_blanks(r);
	return r->p == r->end ? 0 : typed_expected(r, step, "the end");
}

/* Text that only looks as if it were an array stays text where it was quoted. */
static bool has_brackets(const struct node *n, struct piece p)
{
	if (!p.len)
		return false;
	if (n->kind == NODE_ARRAY)
		return *p.s == '[' && !(n->text && p.quoted);
	return is_compound(n) && *p.s == '{';
}

int encode_literal(struct encoder *e, const struct typed_place *at, const struct step *step,
		   struct piece p)
{
	struct typed_reader r = { e, p.s, p.s + p.len };

	if (!has_brackets(place_node(at), p))
		return encode_scalar(e, at, step, p);
	return read_value(&r, at, step) < 0 ? -1 : read_end(&r, step);
}

int encode_whole(struct encoder *e, struct piece p)
{
	const struct typed *t = e->target->type;
	struct typed_reader r = { e, p.s, p.s + p.len };
	struct typed_place whole;

	if (p.len && *p.s == '[' && (!t || read_byte_strings(&r)))
		return t || !typed_read_whole(&r) ? read_end(&r, NULL) : -1;
	if (!t)
		return encode_untyped(e, p);
	whole = typed_whole(t);
	return encode_literal(e, &whole, NULL, p);
}
