// SPDX-License-Identifier: BSD-2-Clause
/*
 * Values to text. The hot path of dumps: room for a whole value is made once,
 * from the bound that its plan knows, and then filled through a plain pointer;
 * only values that are large make room piece by piece.
 */
#include <ctype.h>
#include <string.h>

#include "render/typed/typed_plan.h"
#include "shell/base/buf.h"
#include "shell/base/number.h"
#include "shell/base/text.h"

/* Above so many bytes of text, room is made for each part of a value. */
#define ROOM_MAX 65536

struct writer {
	struct buf *out;
	const struct typed *t;
	enum typed_style style;
	bool large;		/* room is made for each part */
	int depth;		/* TYPED_BPFTOOL_PLAIN: levels around what is printed now */
};

static char *print_node(struct writer *w, char *p, const struct node *n, const uint8_t *data);

/* Counts what was written up to @p, and makes room for @more. */
static char *make_room(struct writer *w, char *p, size_t more)
{
	if (p)
		w->out->len = p - w->out->data;
	return buf_reserve(w->out, more + TYPED_SLACK);
}

/* The most that printing a value of @n takes; saturates. */
static uint64_t room_for(const struct writer *w, const struct node *n)
{
	uint64_t blanks, room;

	if (w->style != TYPED_BPFTOOL_PLAIN)
		return n->width;
	if (__builtin_mul_overflow(n->lines, 1 + 4 * (uint64_t)(w->depth + n->height), &blanks) ||
	    __builtin_add_overflow(n->width, blanks, &room))
		return UINT64_MAX;
	return room;
}

static bool is_large(const struct writer *w, const struct node *n)
{
	return w->large && room_for(w, n) > ROOM_MAX;
}

static inline char *put(char *p, const char *s, uint32_t len)
{
	memcpy(p, s, len);
	return p + len;
}

/* The pool is as long as its texts and TYPED_SLACK bytes. */
static inline char *put_block(char *p, const char *s, uint32_t len)
{
	if (len <= 16)
		memcpy(p, s, 16);
	else if (len <= TYPED_SLACK)
		memcpy(p, s, TYPED_SLACK);
	else
		memcpy(p, s, len);
	return p + len;
}

static inline char *put_text(const struct typed *t, char *p, struct text text)
{
	return put_block(p, typed_text(t, text), text.len);
}

/* Plain style: a new line at the present depth. */
static char *put_newline(const struct writer *w, char *p)
{
	int blanks = 4 * w->depth;

	*p++ = '\n';
	if (blanks <= TYPED_SLACK)
		memset(p, ' ', TYPED_SLACK);
	else
		memset(p, ' ', blanks);
	return p + blanks;
}

static char *put_signed_hex(const struct writer *w, char *p, bool minus, unsigned __int128 v)
{
	bool quotes = w->style != TYPED_BPFTOOL_PLAIN;

	if (quotes)
		*p++ = '"';
	if (minus)
		*p++ = '-';
	p = number_hex(p, v >> 64, v);
	if (quotes)
		*p++ = '"';
	return p;
}

static char *put_quoted_hex(const struct writer *w, char *p, unsigned __int128 v)
{
	return put_signed_hex(w, p, false, v);
}

static char *put_string(char *p, const char *s, uint32_t len)
{
	static const char escapes[] = { ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r',
					['"'] = '"', ['\\'] = '\\' };
	uint32_t i;

	*p++ = '"';
	for (i = 0; i < len; i++) {
		unsigned char c = s[i];

		if (c < sizeof(escapes) && escapes[c]) {
			*p++ = '\\';
			c = escapes[c];
		}
		*p++ = c;
	}
	*p++ = '"';
	return p;
}

/* bpftool looks at the first byte alone. */
static char *put_bool(const struct writer *w, char *p, uint64_t v, bool first)
{
	if (w->style == TYPED_NICE && v > 1)
		return number_unsigned(p, v);
	return (w->style == TYPED_NICE ? v : first) ? put(p, "true", 4) : put(p, "false", 5);
}

/* One BTF_INT_CHAR. In ours what is not printable is a number. */
static char *put_char(const struct writer *w, char *p, uint8_t c)
{
	bool printable = c >= 0x20 && c < 0x7f;

	if (!printable && w->style == TYPED_NICE)
		return number_unsigned(p, c);
	if (!printable && w->style == TYPED_BPFTOOL_PLAIN)
		return number_hex(p, 0, c);
	if (!printable) {
		p = put(p, "\"\\u00", 5);
		*p++ = "0123456789abcdef"[c >> 4];
		*p++ = "0123456789abcdef"[c & 15];
		*p++ = '"';
		return p;
	}
	if (w->style != TYPED_BPFTOOL_PLAIN)
		return put_string(p, (const char *)&c, 1);
	*p++ = '"';
	*p++ = c;
	*p++ = '"';
	return p;
}

/* The name that is read back to this very value: an enumerator of 32 bits fits two of 64. */
static char *put_enum_value(const struct writer *w, char *p, const struct node *n, int64_t value,
			    bool is_signed)
{
	const struct enumerator *e =
		typed_enumerator(w->t, n, n->enum64 ? value : (int32_t)value);

	if (e && enumerator_value(n, e) == value)
		return put_text(w->t, p, e->label);
	return is_signed ? number_signed(p, value) : number_unsigned(p, value);
}

/* bpftool takes every enum for signed, and compares 32 bits of the enumerator. */
static char *put_enum(const struct writer *w, char *p, const struct node *n, const uint8_t *data)
{
	uint64_t v = load_unsigned(data, n->size);
	int64_t s = sign_extend(v, 8 * n->size);
	const struct enumerator *e;

	if (w->style == TYPED_NICE)
		return put_enum_value(w, p, n, n->is_signed ? s : (int64_t)v, n->is_signed);
	e = typed_enumerator(w->t, n, s);
	return e ? put_text(w->t, p, e->label) : number_signed(p, s);
}

static char *put_pointer(const struct writer *w, char *p, uint64_t v)
{
	if (w->style == TYPED_BPFTOOL_JSON)
		return number_unsigned(p, v);
	if (w->style == TYPED_NICE)
		return put_quoted_hex(w, p, v);
	return v ? number_hex(p, 0, v) : put(p, "(nil)", 5);
}

/* A float of unusual size, as one large hexadecimal number. */
static char *put_raw(char *p, const uint8_t *data, uint32_t size)
{
	uint32_t i;

	p = put(p, "\"0x", 3);
	for (i = 0; i < size; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		uint8_t byte = data[size - 1 - i];
#else
		uint8_t byte = data[i];
#endif
		*p++ = "0123456789abcdef"[byte >> 4];
		*p++ = "0123456789abcdef"[byte & 15];
	}
	*p++ = '"';
	return p;
}

/* As bpftool: "0x1f"; but it loses the sign, which is kept here: "-0x1". */
static char *put_hex_bits(const struct writer *w, char *p, const struct node *n,
			  unsigned __int128 v, unsigned int bits)
{
	int64_t s = bits <= 64 && n->is_signed ? sign_extend(v, bits) : 0;

	return s < 0 ? put_signed_hex(w, p, true, -(uint64_t)s) : put_quoted_hex(w, p, v);
}

/* Bits as a number where ours can. */
static char *put_bits(const struct writer *w, char *p, const struct node *n, const uint8_t *data,
		      unsigned int bit, unsigned int bits)
{
	unsigned __int128 v = bits_load(data, bit, bits);

	if (w->style != TYPED_NICE || bits > 64)
		return put_hex_bits(w, p, n, v, bits);
	if (n->kind == NODE_ENUM)
		return put_enum_value(w, p, n, n->is_signed ? sign_extend(v, bits) : (int64_t)v,
				      n->is_signed);
	if (n->kind == NODE_BOOL && v <= 1)
		return put_bool(w, p, v, v);
	return n->is_signed ? number_signed(p, sign_extend(v, bits)) : number_unsigned(p, v);
}

static char *put_wide(const struct writer *w, char *p, const uint8_t *data)
{
	unsigned __int128 v;

	memcpy(&v, data, sizeof(v));
	return put_quoted_hex(w, p, v);
}

/* As bpftool: printable letters up to a NUL; but also where they fill the array, as comm does. */
static bool strict_text(const uint8_t *data, uint32_t n, uint32_t *len)
{
	uint32_t i;

	for (i = 0; i < n && data[i]; i++)
		if (data[i] <= 0x1f || data[i] >= 0x7f)
			return false;
	*len = i;
	return n;
}

/* Bytes of the UTF-8 character at @s, of @n bytes, if it is none of ASCII or of control; else 0. */
static uint32_t utf8_char(const uint8_t *s, uint32_t n)
{
	size_t len = utf8_len(s, n);

	return len > 1 && utf8_decode(s, len) >= 0xa0 ? len : 0;
}

/* Ours: readable text, then NULs to the end (or no NUL at all). */
static bool nice_text(const uint8_t *data, uint32_t n, uint32_t *len)
{
	uint32_t i = 0, step;

	while (i < n && data[i]) {
		if (data[i] < 0x80)
			step = isprint(data[i]) || memchr("\t\n\r", data[i], 3) ? 1 : 0;
		else
			step = utf8_char(data + i, n - i);
		if (!step)
			return false;
		i += step;
	}
	*len = i;
	while (i < n)
		if (data[i++])
			return false;
	return true;
}

static bool is_string(const struct writer *w, const struct node *n, const uint8_t *data,
		      uint32_t *len)
{
	if (w->style == TYPED_NICE)
		return n->text && n->nr && nice_text(data, n->nr, len);
	return n->text_strict && strict_text(data, n->nr, len);
}

static char *print_array(struct writer *w, char *p, const struct node *n, const uint8_t *data)
{
	const struct node *elem = &w->t->nodes[n->first];
	bool large = is_large(w, n);
	uint32_t i, len;

	if (is_string(w, n, data, &len)) {
		if (large)
			p = make_room(w, p, 2 * (size_t)len + 2);
		return put_string(p, (const char *)data, len);
	}
	*p++ = '[';
	w->depth++;
	for (i = 0; i < n->nr; i++) {
		if (large)
			p = make_room(w, p, is_large(w, elem) ? ROOM_MAX : room_for(w, elem) + 2);
		if (i)
			*p++ = ',';
		p = print_node(w, p, elem, data + (size_t)i * elem->size);
	}
	w->depth--;
	if (large)
		p = make_room(w, p, ROOM_MAX);
	if (w->style == TYPED_BPFTOOL_PLAIN && n->nr)
		p = put_newline(w, p);
	*p++ = ']';
	return p;
}

static char *print_member(struct writer *w, char *p, const struct member *m, const uint8_t *data)
{
	const struct node *n = &w->t->nodes[m->node];

	return m->bits ? put_bits(w, p, n, data + m->offset, m->bit, m->bits) :
			 print_node(w, p, n, data + m->offset);
}

/* Room for one member of a large struct: its label and, unless it is large too, its value. */
static char *member_room(struct writer *w, char *p, const struct member *m)
{
	const struct node *n = &w->t->nodes[m->node];
	size_t label = m->label.len + m->nice_label.len + 8 + 4 * w->depth;

	return make_room(w, p, label + WIDTH_BITS + (is_large(w, n) ? ROOM_MAX : room_for(w, n)));
}

/* Members, each behind a comma; those of anonymous structs too, as C reaches them. */
static char *print_nice_members(struct writer *w, char *p, const struct node *n,
				const uint8_t *data, bool large)
{
	const struct member *m = w->t->members + n->first, *end = m + n->nr;

	for (; m < end; m++) {
		const struct node *type = &w->t->nodes[m->node];

		if (large)
			p = member_room(w, p, m);
		if (m->anonymous) {
			p = print_nice_members(w, p, type, data + m->offset, large);
			continue;
		}
		p = put_text(w->t, p, m->nice_label);
		p = print_member(w, p, m, data);
	}
	return p;
}

/* The object's brace overwrites the first member's comma. */
static char *print_nice_struct(struct writer *w, char *p, const struct node *n,
			       const uint8_t *data)
{
	bool large = is_large(w, n);
	size_t start = p - w->out->data;

	p = print_nice_members(w, p, n, data, large);
	if (large)
		p = make_room(w, p, ROOM_MAX);
	if (p == w->out->data + start)
		*p++ = '{';
	w->out->data[start] = '{';
	*p++ = '}';
	return p;
}

static char *put_label(const struct writer *w, char *p, const struct member *m, bool first)
{
	const char *label = typed_text(w->t, m->label);

	if (w->style != TYPED_BPFTOOL_PLAIN)
		return put_block(p, label + first, m->label.len - first);
	if (!first)
		*p++ = ',';
	p = put_newline(w, p);
	p = put_block(p, label + 1, m->label.len - 1);
	*p++ = ' ';
	return p;
}

static char *put_end(struct writer *w, char *p, bool empty, char bracket)
{
	w->depth--;
	if (w->style == TYPED_BPFTOOL_PLAIN && !empty)
		p = put_newline(w, p);
	*p++ = bracket;
	return p;
}

static char *print_struct(struct writer *w, char *p, const struct node *n, const uint8_t *data)
{
	const struct member *members = w->t->members + n->first;
	bool large = is_large(w, n);
	uint32_t i;

	*p++ = '{';
	w->depth++;
	for (i = 0; i < n->nr; i++) {
		if (large)
			p = member_room(w, p, &members[i]);
		p = put_label(w, p, &members[i], !i);
		p = print_member(w, p, &members[i], data);
	}
	if (large)
		p = make_room(w, p, ROOM_MAX);
	return put_end(w, p, !n->nr, '}');
}

/* bpftool: {".data":[{"variable":1},{"other":2}]} */
static char *print_datasec(struct writer *w, char *p, const struct node *n, const uint8_t *data)
{
	const struct member *members = w->t->members + n->first;
	bool large = is_large(w, n);
	uint32_t i;

	*p++ = '{';
	w->depth++;
	if (w->style == TYPED_BPFTOOL_PLAIN)
		p = put_newline(w, p);
	p = put_text(w->t, p, n->label);
	if (w->style == TYPED_BPFTOOL_PLAIN)
		*p++ = ' ';
	*p++ = '[';
	w->depth++;
	for (i = 0; i < n->nr; i++) {
		if (large)
			p = member_room(w, p, &members[i]);
		if (i)
			*p++ = ',';
		*p++ = '{';
		w->depth++;
		p = put_label(w, p, &members[i], true);
		p = print_member(w, p, &members[i], data);
		if (large)
			p = make_room(w, p, ROOM_MAX);
		p = put_end(w, p, false, '}');
	}
	if (large)
		p = make_room(w, p, ROOM_MAX);
	p = put_end(w, p, !n->nr, ']');
	return put_end(w, p, false, '}');
}

static char *print_node(struct writer *w, char *p, const struct node *n, const uint8_t *data)
{
	if (n->mark.len && w->style == TYPED_NICE)
		return put_text(w->t, p, n->mark);
	switch ((enum node_kind)n->kind) {
	case NODE_U8:
	case NODE_U16:
	case NODE_U32:
	case NODE_U64:
		return number_unsigned(p, load_unsigned(data, n->size));
	case NODE_S8:
	case NODE_S16:
	case NODE_S32:
	case NODE_S64:
		return number_signed(p, sign_extend(load_unsigned(data, n->size), 8 * n->size));
	case NODE_WIDE:
		return put_wide(w, p, data);
	case NODE_BITS:
		return put_bits(w, p, n, data + n->bit / 8, n->bit % 8, n->bits);
	case NODE_BOOL:
		return put_bool(w, p, load_unsigned(data, n->size), *data);
	case NODE_CHAR:
		return put_char(w, p, *data);
	case NODE_ENUM:
		return put_enum(w, p, n, data);
	case NODE_FLOAT:
		return number_float(p, data, n->size);
	case NODE_RAW:
		return put_raw(p, data, n->size);
	case NODE_PTR:
		return put_pointer(w, p, load_unsigned(data, n->size));
	case NODE_ARRAY:
		return print_array(w, p, n, data);
	case NODE_DATASEC:
		if (w->style != TYPED_NICE)
			return print_datasec(w, p, n, data);
		return print_nice_struct(w, p, n, data);
	case NODE_STRUCT:
	case NODE_UNION:
		if (w->style != TYPED_NICE)
			return print_struct(w, p, n, data);
		return print_nice_struct(w, p, n, data);
	}
	return p;
}

static void print_value(struct writer *w, const struct node *n, const void *data)
{
	uint64_t room = room_for(w, n);
	char *p;

	w->large = room > ROOM_MAX;
	p = make_room(w, NULL, w->large ? ROOM_MAX : room);
	p = print_node(w, p, n, data);
	w->out->len = p - w->out->data;
}

void typed_json(struct buf *out, const struct typed *t, const void *data, enum typed_style style)
{
	struct writer w = { .out = out, .t = t, .style = style };

	print_value(&w, typed_root(t), data);
}

void typed_plain(struct buf *out, const struct typed *t, const void *data, int depth)
{
	struct writer w = { .out = out, .t = t, .style = TYPED_BPFTOOL_PLAIN, .depth = depth };

	print_value(&w, typed_root(t), data);
}

void typed_place_json(struct buf *out, const struct typed_place *place, const void *data,
		      enum typed_style style)
{
	struct writer w = { .out = out, .t = place->type, .style = style };
	const struct node *n = &place->type->nodes[place->node];
	char *p;

	if (!place->bits) {
		print_value(&w, n, (const uint8_t *)data + place->offset);
		return;
	}
	p = make_room(&w, NULL, WIDTH_BITS + n->width);
	p = put_bits(&w, p, n, (const uint8_t *)data + place->offset, place->bit, place->bits);
	out->len = p - out->data;
}
