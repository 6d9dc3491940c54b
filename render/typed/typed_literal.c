// SPDX-License-Identifier: BSD-2-Clause
/* One word or JSON scalar to the bytes of its type: numbers, names, text, addresses. */
#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed_encoder.h"
#include "render/typed/typed_plan.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/number.h"
#include "shell/base/text.h"

#define U128_MAX (~(unsigned __int128)0)

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* What no 64-bit integer can hold. */
static bool parse_wide(struct piece p, unsigned int base, struct number *n)
{
	size_t i;

	for (i = 0; i < p.len; i++) {
		unsigned int digit = digit_value(p.s[i]);

		if (digit >= base)
			return false;
		n->too_large |= __builtin_mul_overflow(n->v, base, &n->v) ||
				__builtin_add_overflow(n->v, digit, &n->v);
	}
	if (n->too_large)
		n->v = U128_MAX;
	return true;
}

static bool is_hexadecimal(struct piece p)
{
	return p.len > 2 && p.s[0] == '0' && (p.s[1] | 0x20) == 'x';
}

/* The number that the same digits are in octal; false where they are none. */
static bool parse_octal(struct piece p, struct number *n)
{
	*n = (struct number){ 0 };
	return parse_wide(p, 8, n) && !n->too_large;
}

int encode_two_readings(struct encoder *e, const struct step *step, struct piece at,
			const struct number *n)
{
	struct number octal;
	char decimal[NUMBER_MAX], eights[NUMBER_MAX];

	if (!n->octal || n->v > UINT64_MAX)
		return 0;
	if (*at.s == '-' || *at.s == '+') {
		at.s++;
		at.len--;
	}
	*number_u64(decimal, n->v) = '\0';
	if (!parse_octal(at, &octal)) {
		encode_error(e, step, at, "%.*s begins with 0, as octal numbers do, and is none",
			     (int)at.len, at.s);
		diag_hint(e->d, "without the 0 it is %s", decimal);
		return -1;
	}
	*number_u64(eights, octal.v) = '\0';
	encode_error(e, step, at, "%.*s may be read as %s or, in octal, as %s",
		     (int)at.len, at.s, decimal, eights);
	diag_hint(e->d, "write %s or %s", decimal, eights);
	return -1;
}

static bool parse_short(struct piece p, unsigned int base, struct number *n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < p.len; i++) {
		unsigned int digit = digit_value(p.s[i]);

		if (digit >= base)
			return false;
		v = v * base + digit;
	}
	n->v = v;
	return p.len;
}

bool typed_parse_number(struct piece p, struct number *n)
{
	unsigned int base = 10;

	*n = (struct number){ 0 };
	if (p.len && (p.s[0] == '-' || p.s[0] == '+')) {
		n->negative = p.s[0] == '-';
		p.s++;
		p.len--;
	}
	if (is_hexadecimal(p)) {
		base = 16;
		p.s += 2;
		p.len -= 2;
	}
	if (!(p.len > 16 ? parse_wide(p, base, n) : parse_short(p, base, n)))
		return false;
	n->octal = base == 10 && *p.s == '0' && n->v > 7;
	return true;
}

#define MAC_LEN_MIN 11
#define MAC_LEN_MAX 17

/* aa:bb:cc:dd:ee:ff or with dashes; leading zeros may be missing */
static bool parse_mac(const char *s, uint8_t bytes[6])
{
	char separator = *s && digit_value(s[1]) < 16 ? s[2] : s[1];

	if (separator != ':' && separator != '-')
		return false;
	for (int i = 0; i < 6; i++) {
		if (digit_value(*s) > 15 || (i && s[-1] != separator))
			return false;
		bytes[i] = digit_value(*s++);
		if (digit_value(*s) < 16)
			bytes[i] = bytes[i] << 4 | digit_value(*s++);
		if (i < 5)
			s++;
	}
	return !*s;
}

/* Bytes (in network order) of an IPv4, IPv6 or MAC address: returns 4, 16 or 6, or 0. */
static int parse_address(struct piece p, uint8_t bytes[16])
{
	char text[INET6_ADDRSTRLEN];

	if (p.len < 2 || p.len >= sizeof(text))
		return 0;
	memcpy(text, p.s, p.len);
	text[p.len] = '\0';
	if (p.len >= MAC_LEN_MIN && p.len <= MAC_LEN_MAX && parse_mac(text, bytes))
		return 6;
	if (strchr(text, ':'))
		return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
	return inet_pton(AF_INET, text, bytes) == 1 ? 4 : 0;
}

/* "be N": moves @p behind the "be". */
static bool strip_be(struct piece *p)
{
	if (p->len < 4 || memcmp(p->s, "be ", 3))
		return false;
	p->s += 3;
	p->len -= 3;
	while (p->len && *p->s == ' ') {
		p->s++;
		p->len--;
	}
	return true;
}

static unsigned __int128 largest(unsigned int bits)
{
	return bits < 128 ? ((unsigned __int128)1 << bits) - 1 : U128_MAX;
}

/* Whether the number fits @bits bits, as a signed or as an unsigned one. */
static bool fits(const struct number *n, unsigned int bits, bool allow_negative,
		 bool allow_unsigned)
{
	if (n->too_large)
		return false;
	if (n->negative)
		return allow_negative ? n->v <= largest(bits - 1) + 1 : !n->v;
	return n->v <= largest(allow_unsigned ? bits : bits - 1);
}

static unsigned __int128 two_complement(const struct number *n)
{
	return n->negative ? -n->v : n->v;
}

static unsigned int width_of(const struct typed_place *at)
{
	const struct node *n = place_node(at);

	return at->bits ? at->bits : n->bits ? n->bits : 8 * n->size;
}

static int out_of_range(struct encoder *e, const struct typed_place *at, const struct step *step,
			struct piece p, bool allow_negative, bool allow_unsigned)
{
	unsigned int bits = width_of(at);
	struct buf type = BUF_INIT, range = BUF_INIT, shown = BUF_INIT;
	char text[NUMBER_MAX];

	place_type_text(&type, at);
	buf_escaped(&shown, p.s, p.len);
	if (bits <= 64) {
		buf_add(&range, text, number_signed(text, allow_negative ?
			-(int64_t)largest(bits - 1) - 1 : 0) - text);
		buf_puts(&range, "..");
		buf_add(&range, text, number_unsigned(text, largest(allow_unsigned ? bits :
						      bits - 1)) - text);
	} else if (allow_negative) {
		buf_printf(&range, "-2^%u..2^%u-1", bits - 1, bits - 1);
	} else {
		buf_printf(&range, "0..2^%u-1", bits);
	}
	encode_error(e, step, p, "%s is out of range for %s%s (%s)", buf_str(&shown),
		     at->bits ? "a " : "", buf_str(&type), buf_str(&range));
	buf_free(&type);
	buf_free(&range);
	buf_free(&shown);
	return -1;
}

/* "value.a: 'x' is not a number"; @what is what was expected. */
static int not_a(struct encoder *e, const struct step *step, struct piece p, const char *what)
{
	struct buf shown = BUF_INIT;

	buf_escaped(&shown, p.s, p.len < 60 ? p.len : 60);
	encode_error(e, step, p, "'%s%s' is not %s", buf_str(&shown), p.len > 60 ? "..." : "",
		     what);
	buf_free(&shown);
	return -1;
}

static unsigned __int128 swap_bytes(unsigned __int128 v, uint32_t size)
{
	unsigned __int128 swapped = 0;

	for (; size; size--, v >>= 8)
		swapped = swapped << 8 | (uint8_t)v;
	return swapped;
}

static unsigned __int128 to_big_endian(unsigned __int128 v, uint32_t size)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? swap_bytes(v, size) : v;
}

/* A number with the sign of its type. */
static int encode_integer(struct encoder *e, const struct typed_place *at,
			  const struct step *step, struct piece p)
{
	const struct node *n = place_node(at);
	struct piece digits = p;
	bool be = strip_be(&digits), negative_ok = n->is_signed;
	/* More than 64 bits are shown in hexadecimal, without a sign. */
	bool large_ok = !n->is_signed || (n->kind == NODE_WIDE && is_hexadecimal(digits));
	unsigned __int128 v;
	struct number number;

	if (be && (width_of(at) & 7 || at->bit))
		return encode_error(e, step, p, "a bit-field has no byte order");
	if (p.len == 3 && p.s[0] == '\'' && p.s[2] == '\'' && n->size == 1) {
		number = (struct number){ .v = (uint8_t)p.s[1] };
		negative_ok = large_ok = true;
	} else if (n->text && p.len == 1 && !isdigit((unsigned char)*p.s)) {
		number = (struct number){ .v = (uint8_t)*p.s };
		negative_ok = large_ok = true;
	} else if (!typed_parse_number(digits, &number)) {
		return not_a(e, step, p, n->size == 4 ? "a number or IPv4 address" : "a number");
	}
	if (!fits(&number, width_of(at), negative_ok, large_ok))
		return out_of_range(e, at, step, digits, negative_ok, large_ok);
	v = two_complement(&number);
	return encode_bits(e, at, step, p, be ? to_big_endian(v, n->size) : v);
}

static int encode_bool(struct encoder *e, const struct typed_place *at, const struct step *step,
		       struct piece p)
{
	struct number number;

	if (piece_is(p, "true") || piece_is(p, "false"))
		return encode_bits(e, at, step, p, *p.s == 't');
	if (!typed_parse_number(p, &number))
		return not_a(e, step, p, "true or false");
	if (!fits(&number, width_of(at), false, true))
		return out_of_range(e, at, step, p, false, true);
	return encode_bits(e, at, step, p, number.v);
}

/* 'A', or its number. */
static int encode_char(struct encoder *e, const struct typed_place *at, const struct step *step,
		       struct piece p)
{
	struct number number;

	if (p.len == 1 && (p.quoted || !isdigit((unsigned char)*p.s)))
		return encode_bits(e, at, step, p, (uint8_t)*p.s);
	if (p.len == 3 && p.s[0] == '\'' && p.s[2] == '\'')
		return encode_bits(e, at, step, p, (uint8_t)p.s[1]);
	if (!typed_parse_number(p, &number))
		return not_a(e, step, p, "a character or number");
	if (!fits(&number, 8, true, true))
		return out_of_range(e, at, step, p, true, true);
	return encode_bits(e, at, step, p, two_complement(&number));
}

static int no_enumerator(struct encoder *e, const struct typed_place *at, const struct step *step,
			 struct piece p)
{
	const struct typed *t = at->type;
	const struct node *n = place_node(at);
	const char **names = xcalloc(n->nr + 1, sizeof(*names));
	struct buf type = BUF_INIT, shown = BUF_INIT;
	char *word = xstrndup(p.s, p.len);
	uint32_t i;

	for (i = 0; i < n->nr; i++)
		names[i] = typed_text(t, t->enums[n->first + i].name);
	btf_type_text(&type, t->btf, at->type_id);
	buf_escaped(&shown, p.s, p.len);
	encode_error(e, step, p, "no enumerator '%s' in %s", buf_str(&shown), buf_str(&type));
	diag_suggest(e->d, word, names);
	free(word);
	free(names);
	buf_free(&type);
	buf_free(&shown);
	return -1;
}

static int encode_enum(struct encoder *e, const struct typed_place *at, const struct step *step,
		       struct piece p)
{
	const struct typed *t = at->type;
	const struct node *n = place_node(at);
	unsigned int bits = width_of(at);
	struct number number;
	uint32_t i;

	if (typed_parse_number(p, &number)) {
		if (!fits(&number, bits, true, true))
			return out_of_range(e, at, step, p, true, true);
		return encode_bits(e, at, step, p, two_complement(&number));
	}
	for (i = 0; i < n->nr; i++) {
		const struct enumerator *item = &t->enums[n->first + i];
		int64_t value;

		if (item->name.len != p.len || memcmp(typed_text(t, item->name), p.s, p.len))
			continue;
		value = enumerator_value(n, item);
		number.negative = value < 0 && !(n->enum64 && !n->is_signed);
		number.v = number.negative ? -(unsigned __int128)value : (uint64_t)value;
		if (!fits(&number, bits, true, true))
			return out_of_range(e, at, step, p, n->is_signed, !n->is_signed);
		return encode_bits(e, at, step, p, two_complement(&number));
	}
	return no_enumerator(e, at, step, p);
}

/* nan(0xBITS), as a plan prints it. */
static bool parse_nan(struct piece p, uint64_t *bits)
{
	struct piece inner = { p.s + 4, p.len - 5 };
	struct number number;

	if (p.len < 6 || memcmp(p.s, "nan(", 4) || p.s[p.len - 1] != ')' ||
	    !typed_parse_number(inner, &number) || number.negative || number.v > UINT64_MAX)
		return false;
	*bits = number.v;
	return true;
}

static int encode_float(struct encoder *e, const struct typed_place *at, const struct step *step,
			struct piece p)
{
	const struct node *n = place_node(at);
	char text[512], *end;
	uint64_t bits = 0;
	float f;
	double v;

	if (parse_nan(p, &bits))
		return encode_bits(e, at, step, p, bits);
	if (!p.len || p.len >= sizeof(text) || isspace((unsigned char)*p.s))
		return not_a(e, step, p, "a number");
	memcpy(text, p.s, p.len);
	text[p.len] = '\0';
	v = strtod(text, &end);
	f = strtof(text, NULL);
	if (*end || end == text)
		return not_a(e, step, p, "a number");
	if ((n->size == 4 ? isinf(f) : isinf(v)) && !memchr("iI", text[strspn(text, "+-")], 2))
		return encode_error(e, step, p, "%s is too large for %s", text,
				    n->size == 4 ? "float" : "double");
	if (n->size == 4) {
		uint32_t bits32;

		memcpy(&bits32, &f, sizeof(f));
		bits = bits32;
	} else {
		memcpy(&bits, &v, sizeof(v));
	}
	return encode_bits(e, at, step, p, bits);
}

/* A float of unusual size: 0x and all its digits. */
static int encode_raw(struct encoder *e, const struct typed_place *at, const struct step *step,
		      struct piece p)
{
	const struct node *n = place_node(at);
	uint8_t bytes[16];
	uint32_t i;

	for (i = 2; i < p.len; i++)
		if (digit_value(p.s[i]) > 15)
			break;
	if (p.len != 2 + 2 * n->size || i < p.len || p.s[0] != '0' || p.s[1] != 'x')
		return encode_error(e, step, p,
				    "a float of %u bytes is given as 0x and %u digits, bit by bit",
				    n->size, 2 * n->size);
	for (i = 0; i < n->size; i++) {
		uint32_t to = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? n->size - 1 - i : i;

		bytes[to] = digit_value(p.s[2 + 2 * i]) << 4 | digit_value(p.s[3 + 2 * i]);
	}
	return encode_bytes(e, at->offset, step, p, bytes, n->size);
}

/* Characters for a char array; NULs fill the rest. */
static int encode_text(struct encoder *e, const struct typed_place *at, const struct step *step,
		       struct piece p)
{
	const struct node *n = place_node(at);
	static const uint8_t zeros[64];
	size_t at_byte, step_len;
	struct buf type = BUF_INIT;

	if (p.len > n->nr) {
		place_type_text(&type, at);
		encode_error(e, step, p, "%zu bytes of text do not fit %s", p.len, buf_str(&type));
		buf_free(&type);
		return -1;
	}
	if (encode_bytes(e, at->offset, step, p, p.s, p.len) < 0)
		return -1;
	for (at_byte = p.len; at_byte < n->nr; at_byte += step_len) {
		step_len = n->nr - at_byte < sizeof(zeros) ? n->nr - at_byte : sizeof(zeros);
		if (encode_bytes(e, at->offset + at_byte, step, p, zeros, step_len) < 0)
			return -1;
	}
	return 0;
}

/* Where an address may stand: integers, arrays and structs that are no text. */
static bool takes_address(const struct typed_place *at)
{
	const struct node *n = place_node(at);

	if (at->bits || n->mark.len)
		return false;
	return n->kind <= NODE_WIDE || n->kind == NODE_STRUCT || n->kind == NODE_UNION ||
	       (n->kind == NODE_ARRAY && !n->text);
}

/* 1 where @p was an address and is encoded, 0 where it is none. */
static int encode_address(struct encoder *e, const struct typed_place *at,
			  const struct step *step, struct piece p)
{
	static const char *const names[] = { [4] = "an IPv4", [6] = "a MAC", [16] = "an IPv6" };
	const struct node *n = place_node(at);
	uint8_t bytes[16];
	int len = parse_address(p, bytes);

	if (!len)
		return 0;
	if (len != n->size)
		return encode_error(e, step, p, "%s address takes %d bytes, not %u", names[len],
				    len, n->size);
	if (n->kind == NODE_UNION || n->kind == NODE_STRUCT || n->kind == NODE_ARRAY)
		encode_clear(e, at);
	return encode_bytes(e, at->offset, step, p, bytes, len) < 0 ? -1 : 1;
}

static bool is_mark(const struct typed *t, const struct node *n, struct piece p)
{
	return p.len == n->mark.len - 2 && !memcmp(typed_text(t, n->mark) + 1, p.s, p.len);
}

/* What the kernel keeps for itself may be named, but not changed. */
static int encode_special(struct encoder *e, const struct typed_place *at,
			  const struct step *step, struct piece p)
{
	const struct node *n = place_node(at);
	const char *mark = typed_text(at->type, n->mark);

	if (is_mark(at->type, n, p) || piece_is(p, "0"))
		return 0;
	return encode_error(e, step, p, "%.*s cannot be written from user space",
			    (int)n->mark.len - 4, mark + 2);
}

static int needs_brackets(struct encoder *e, const struct typed_place *at,
			  const struct step *step, struct piece p)
{
	struct buf what = BUF_INIT;
	bool array = place_node(at)->kind == NODE_ARRAY;

	place_type_text(&what, at);
	buf_puts(&what, array ? ", which is given as [VALUE, ...]" :
				", which is given as FIELD=VALUE ... or {\"FIELD\": VALUE, ...}");
	not_a(e, step, p, buf_str(&what));
	buf_free(&what);
	return -1;
}

int encode_scalar(struct encoder *e, const struct typed_place *at, const struct step *step,
		  struct piece p)
{
	const struct node *n = place_node(at);
	struct number number;
	int err;

	if (n->mark.len)
		return encode_special(e, at, step, p);
	if (typed_parse_number(p, &number)) {
		if (n->kind != NODE_ARRAY && n->kind != NODE_FLOAT &&
		    encode_two_readings(e, step, p, &number))
			return -1;
	} else if (takes_address(at)) {
		err = encode_address(e, at, step, p);
		if (err)
			return err < 0 ? -1 : 0;
	}
	switch ((enum node_kind)n->kind) {
	case NODE_U8:
	case NODE_U16:
	case NODE_U32:
	case NODE_U64:
	case NODE_S8:
	case NODE_S16:
	case NODE_S32:
	case NODE_S64:
	case NODE_WIDE:
	case NODE_BITS:
	case NODE_PTR:
		return encode_integer(e, at, step, p);
	case NODE_BOOL:
		return encode_bool(e, at, step, p);
	case NODE_CHAR:
		return at->bits ? encode_integer(e, at, step, p) : encode_char(e, at, step, p);
	case NODE_ENUM:
		return encode_enum(e, at, step, p);
	case NODE_FLOAT:
		return encode_float(e, at, step, p);
	case NODE_RAW:
		return encode_raw(e, at, step, p);
	case NODE_ARRAY:
		if (n->text)
			return encode_text(e, at, step, p);
		return needs_brackets(e, at, step, p);
	case NODE_STRUCT:
	case NODE_UNION:
	case NODE_DATASEC:
		return needs_brackets(e, at, step, p);
	}
	return -1;
}

int encode_prefix(struct encoder *e, struct piece p)
{
	const char *slash = memchr(p.s, '/', p.len);
	struct piece address = { p.s, slash ? slash - p.s : p.len };
	struct piece bits = { slash ? slash + 1 : NULL };
	struct number number;
	uint8_t bytes[16];
	uint32_t prefix_len;
	int len = parse_address(address, bytes);

	if (!len)
		return 0;
	if (len + sizeof(prefix_len) != e->target->size)
		return encode_error(e, NULL, address, "the address takes %d bytes, the trie's %zu",
				    len, e->target->size - sizeof(prefix_len));
	prefix_len = 8 * len;
	if (slash) {
		bits.len = p.s + p.len - bits.s;
		if (!typed_parse_number(bits, &number) || number.negative || number.v > prefix_len)
			return encode_error(e, NULL, bits, "a prefix length is 0..%u", prefix_len);
		prefix_len = number.v;
	}
	if (encode_bytes(e, 0, NULL, p, &prefix_len, sizeof(prefix_len)) < 0)
		return -1;
	return encode_bytes(e, sizeof(prefix_len), NULL, p, bytes, len) < 0 ? -1 : 1;
}

int encode_untyped(struct encoder *e, struct piece p)
{
	size_t size = e->target->size;
	struct piece digits = p;
	bool be = strip_be(&digits);
	unsigned __int128 v;
	struct number number;
	uint8_t bytes[16];
	int len = parse_address(p, bytes);

	if (len && len == size)
		return encode_bytes(e, 0, NULL, p, bytes, len);
	if (len)
		return encode_error(e, NULL, p, "the address takes %d bytes, not %zu", len, size);
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return encode_wrong_count(e, 1);
	if (!typed_parse_number(digits, &number))
		return not_a(e, NULL, p, "a number");
	if (encode_two_readings(e, NULL, digits, &number))
		return -1;
	if (!fits(&number, 8 * size, true, true))
		return encode_error(e, NULL, digits, "%.*s does not fit %zu byte%s",
				    (int)digits.len, digits.s, size, size == 1 ? "" : "s");
	v = two_complement(&number);
	if (be)
		v = to_big_endian(v, size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v <<= 8 * (sizeof(v) - size);
#endif
	return encode_bytes(e, 0, NULL, p, &v, size);
}
