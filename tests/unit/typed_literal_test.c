// SPDX-License-Identifier: BSD-2-Clause
/* Typed data from words: every literal, every message, and what Tab offers. */
#include <string.h>

#include "shell/base/buf.h"
#include "tests/unit/typed_types.h"

/* Words as the command line has them, with spans into @line; '...' makes one quoted word. */
static size_t split(struct source *src, const char *line, struct typed_word *words)
{
	size_t nr = 0;
	const char *p = line;

	*src = (struct source){ .text = line, .len = strlen(line) };
	while (*p) {
		struct typed_word *w = &words[nr++];
		const char *end = *p == '\'' ? strchr(p + 1, '\'') : p + strcspn(p, " ");

		w->quoted = *p == '\'';
		w->span = (struct span){ src, p - line, end + w->quoted - line };
		w->s = p + w->quoted;
		w->len = end - w->s;
		p = end + w->quoted;
		p += *p == ' ';
	}
	return nr;
}

static int encode_line(const struct typed_target *target, const char *line, void *out,
		       struct diags *d, struct source *src)
{
	struct typed_word words[64];

	return typed_encode(target, words, split(src, line, words), out, d);
}

static void assert_encoded(const struct typed_target *target, const char *line,
			   const void *expected)
{
	uint8_t *out = malloc(target->size + 1);
	struct diags d = { 0 };
	struct source src;

	memset(out, 0x5a, target->size);
	if (encode_line(target, line, out, &d, &src))
		fail_msg("%s: %s", line, d.list[0].msg);
	if (memcmp(out, expected, target->size)) {
		print_error("%s:\n", line);
		assert_memory_equal(out, expected, target->size);
	}
	free(out);
}

/* @under is the part of the line that is to be blamed; NULL: not checked. */
static void assert_error(const struct typed_target *target, const char *line, const char *msg,
			 const char *hint, const char *under)
{
	uint8_t *out = calloc(1, target->size + 1);
	struct diags d = { 0 };
	struct source src;

	assert_int_equal(encode_line(target, line, out, &d, &src), -1);
	assert_int_equal(d.nr, 1);
	assert_string_equal(d.list[0].msg, msg);
	if (hint)
		assert_string_equal(d.list[0].hint, hint);
	if (under) {
		struct span span = d.list[0].span;

		assert_ptr_equal(span.src, &src);
		assert_int_equal(span.start, strstr(line, under) - line);
		assert_int_equal(span.end - span.start, strlen(under));
	}
	diags_clear(&d);
	free(out);
}

static void test_bytes(void **state)
{
	const struct types *t = *state;
	struct typed *u32 = compile(t, t->u32);
	struct typed_target key = { "key", 4, u32 }, value = { "value", 4 };
	uint32_t one = 1;

	assert_encoded(&key, "1 0 0 0", "\1\0\0\0");
	assert_encoded(&key, "0x01 2 0xff 255", "\1\2\xff\xff");
	assert_encoded(&key, "hex 1 0a ff 0x0b", "\1\x0a\xff\x0b");
	assert_encoded(&key, "hex 010aff0B", "\1\x0a\xff\x0b");
	assert_encoded(&key, "1", &one);
	assert_encoded(&value, "1", &one);
	assert_encoded(&value, "be 1", "\0\0\0\1");
	assert_encoded(&value, "-1", "\xff\xff\xff\xff");
	assert_encoded(&value, "10.0.0.1", "\x0a\0\0\1");
	assert_encoded(&value, "[\"0x01\",\"0x02\",3,4]", "\1\2\3\4");
	assert_error(&value, "1 0 0", "value expected 4 bytes got 3", NULL, "1 0 0");
	assert_error(&key, "1 0 0", "key expected 4 bytes got 3", NULL, "1 0 0");
	assert_error(&key, "hex 1 0 0", "key expected 4 bytes got 3", NULL, NULL);
	assert_error(&value, "1 0 0 0 0", "value expected 4 bytes got 5", NULL, NULL);
	assert_error(&value, "1 300 0 0", "value: 300 is not a byte (0..255)", NULL, "300");
	assert_error(&value, "1 -3 0 0", "value: -3 is not a byte (0..255)", NULL, "-3");
	assert_error(&value, "hex 1 0 g 0", "value: 'g' is not a hexadecimal byte (00..ff)", NULL,
		     "g");
	assert_error(&value, "4294967296", "value: 4294967296 does not fit 4 bytes", NULL, NULL);
	assert_error(&value, "::1", "value: the address takes 16 bytes, not 4", NULL, NULL);
	assert_error(&value, "[1,2,3]", "value expected 4 bytes got 3", NULL, NULL);
	assert_error(&value, "hello", "value: 'hello' is not a number", NULL, NULL);
	value.size = 40;
	assert_error(&value, "5", "value expected 40 bytes got 1", NULL, NULL);
	value.size = 6;
	assert_encoded(&value, "02:42:ac:11:00:0F", "\2\x42\xac\x11\0\x0f");
	value.size = 16;
	assert_encoded(&value, "fe80::1", "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	typed_free(u32);
}

/* What is taken of @room bytes by a struct of 8 with a u32 at @word, a flexible array at 5. */
static size_t padded_size(struct types *t, int word, uint32_t room)
{
	int id = btf__add_struct(t->btf, "padded", 8);
	struct diags d = { 0 };
	struct typed *typed;
	size_t size;

	field(t->btf, "word", t->u32, word);
	field(t->btf, "data", t->empty, 5);
	typed = typed_new(t->btf, id, room, &d);
	size = typed_size(typed);
	typed_free(typed);
	return size;
}

/* What bpftool reads in octal is refused where that is another number. */
static void test_two_readings(void **state)
{
	const struct types *t = *state;
	struct typed *u32 = compile(t, t->u32), *text = compile(t, t->chars);
	const struct typed_target bytes = { "key", 4 }, number = { "value", 8 };
	const struct typed_target typed = { "value", 4, u32 };
	const struct typed_target chars = { "value", typed_size(text), text };
	char name[64] = "010";
	uint64_t eight = 8;

	assert_encoded(&bytes, "00 007 0x010 0", "\0\7\x10");
	assert_encoded(&bytes, "hex 08 09 0a 10", "\10\11\12\20");
	assert_encoded(&bytes, "h 08 09 0a 10", "\10\11\12\20");
	assert_encoded(&number, "8", &eight);
	assert_encoded(&chars, "010", name);
	assert_error(&bytes, "010 0 0 0", "key: 010 may be read as 10 or, in octal, as 8",
		     "write 10 or 8", "010");
	assert_error(&bytes, "0 0 0 09", "key: 09 begins with 0, as octal numbers do, and is none",
		     "without the 0 it is 9", "09");
	assert_error(&bytes, "[0,0,0,010]", "key: 010 may be read as 10 or, in octal, as 8",
		     "write 10 or 8", "010");
	assert_error(&number, "00000000000000000020",
		     "value: 00000000000000000020 may be read as 20 or, in octal, as 16",
		     "write 20 or 16", "00000000000000000020");
	assert_error(&typed, "+017", "value: 017 may be read as 17 or, in octal, as 15",
		     "write 17 or 15", "017");
	typed_free(u32);
	typed_free(text);
}

/* A flexible array has what the value has room for, and can be written as far. */
static void test_flexible(void **state)
{
	struct types *t = *state;
	static const struct { uint32_t size; const char *text, *line; } cases[] = {
		{ 0, "{\"len\":1,\"data\":[]}", "len=1" },
		{ 3, "{\"len\":1,\"data\":[]}", "len=1" },
		{ 5, "{\"len\":1,\"data\":[2]}", "len=1 data=[2]" },
		{ 7, "{\"len\":1,\"data\":[2,0,9]}", "len=1 data[0]=2 data[2]=9" },
	};
	const uint8_t bytes[] = { LITTLE, 0, 0, !LITTLE, 2, 0, 9 };

	assert_int_equal(padded_size(t, 0, 5), 5);
	assert_int_equal(padded_size(t, 0, 4), 8);
	assert_int_equal(padded_size(t, 4, 5), 8);
	assert_int_equal(padded_size(t, 4, 9), 9);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct diags d = { 0 };
		struct typed *typed = typed_new(t->btf, t->flexible, cases[i].size, &d);
		struct typed_target value = { "value", typed_size(typed), typed };
		struct buf out = BUF_INIT;

		assert_int_equal(value.size, cases[i].size > 4 ? cases[i].size : 4);
		typed_json(&out, typed, bytes, TYPED_NICE);
		assert_string_equal(buf_str(&out), cases[i].text);
		assert_encoded(&value, cases[i].line, bytes);
		assert_error(&value, "data=[1,2,3,4]", "value.data: too many elements for u8[0]",
			     NULL, NULL);
		buf_free(&out);
		typed_free(typed);
	}
}

/* Words for a part of a value, in each form that a whole one may have; all else stays. */
static void test_part(void **state)
{
	const struct types *t = *state;
	static const struct { const char *path, *line, *text; } cases[] = {
		{ "n", "hex 01 00 00 01", "\"n\":16777217," },
		{ "n", "1 0 0 1", "\"n\":16777217," },
		{ "bits.b", "-4", "\"a\":1,\"b\":-4," },
		{ "bits.low", "MINUS_TWO", "\"low\":\"MINUS_TWO\",\"lower\":-1" },
		{ "flow.v", "V_TX", "\"v\":\"V_TX\",\"tag\":[-1," },
		{ "flow.tag", "'a=b'", "\"tag\":\"a=b\",\"at\":{\"x\":-1," },
		{ "flow.at", "y=2", "\"at\":{\"x\":-1,\"y\":2}" },
		{ "flow.at", "{ y: 2 }", "\"at\":{\"x\":0,\"y\":2}" },
		{ "flow.ports", "[1]=5", "\"ports\":[65535,5]" },
		{ "flow.ports[1]", "be 1", LITTLE ? "[65535,256]" : "[65535,1]" },
	};
	int id = btf__add_struct(t->btf, "parts", 52);
	struct typed *parts;

	field(t->btf, "n", t->u32, 0);
	field(t->btf, "bits", t->bits, 4);
	field(t->btf, "flow", t->flow, 12);
	parts = compile(t, id);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct typed_word words[8], path = { cases[i].path, strlen(cases[i].path) };
		struct buf out = BUF_INIT;
		struct diags d = { 0 };
		struct typed_place at;
		struct source src;
		uint8_t data[52];
		size_t nr;

		memset(data, 0xff, sizeof(data));
		assert_int_equal(typed_find(parts, &path, "value", &at, &d), 0);
		nr = split(&src, cases[i].line, words);
		if (typed_encode_part(&at, "value", words, nr, data, &d))
			fail_msg("%s: %s", cases[i].path, d.list[0].msg);
		typed_json(&out, parts, data, TYPED_NICE);
		if (!strstr(buf_str(&out), cases[i].text))
			fail_msg("%s: %s", cases[i].path, buf_str(&out));
		buf_free(&out);
	}
	typed_free(parts);
}

static void test_lpm(void **state)
{
	struct types *t = *state;
	struct typed_target key = { "key", 8, .lpm = true };
	uint8_t expected[20] = { 0 };
	uint32_t len = 8;
	int id = btf__add_struct(t->btf, "lpm_key", 8);

	field(t->btf, "prefixlen", t->u32, 0);
	field(t->btf, "addr", t->u32, 4);
	memcpy(expected, &len, 4);
	memcpy(expected + 4, "\x0a\0\0\0", 4);
	assert_encoded(&key, "10.0.0.0/8", expected);
	key.type = compile(t, id);
	assert_encoded(&key, "10.0.0.0/8", expected);
	len = 32;
	memcpy(expected, &len, 4);
	assert_encoded(&key, "10.0.0.0", expected);
	assert_encoded(&key, "prefixlen=32 addr=10.0.0.0", expected);
	assert_error(&key, "10.0.0.0/33", "key: a prefix length is 0..32", NULL, "33");
	assert_error(&key, "fe80::/10", "key: the address takes 16 bytes, the trie's 4", NULL,
		     "fe80::");
	typed_free((struct typed *)key.type);
	key = (struct typed_target){ "key", 20, .lpm = true };
	len = 10;
	memset(expected, 0, sizeof(expected));
	memcpy(expected, &len, 4);
	memcpy(expected + 4, "\xfe\x80", 2);
	assert_encoded(&key, "fe80::/10", expected);
}

static void test_encode_scalars(void **state)
{
	const struct types *t = *state;
	const struct {
		int id;
		const char *line;
		uint64_t v;
		const char *error;
	} cases[] = {
		{ t->u8, "255", 255 },
		{ t->u8, "0xff", 255 },
		{ t->u8, "'255'", 255 },
		{ t->u8, "256", 0, "value: 256 is out of range for u8 (0..255)" },
		{ t->u8, "-1", 0, "value: -1 is out of range for u8 (0..255)" },
		{ t->s8, "-128", 0x80 },
		{ t->s8, "128", 0, "value: 128 is out of range for s8 (-128..127)" },
		{ t->s16, "-1", 0xffff },
		{ t->u16, "be 0x1234", LITTLE ? 0x3412 : 0x1234 },
		{ t->u16, "be 65536", 0, "value: 65536 is out of range for u16 (0..65535)" },
		{ t->u64, "18446744073709551615", UINT64_MAX },
		{ t->u64, "18446744073709551616", 0, "value: 18446744073709551616 is out of range"
		  " for u64 (0..18446744073709551615)" },
		{ t->s64, "-9223372036854775808", 1ULL << 63 },
		{ t->s64, "-9223372036854775809", 0, "value: -9223372036854775809 is out of range"
		  " for s64 (-9223372036854775808..9223372036854775807)" },
		{ t->u32, "1x", 0, "value: '1x' is not a number or IPv4 address" },
		{ t->u32, "99999999999999999999999999999999999999999999", 0,
		  "value: 99999999999999999999999999999999999999999999 is out of range for u32"
		  " (0..4294967295)" },
		{ t->wide, "340282366920938463463374607431768211456", 0,
		  "value: 340282366920938463463374607431768211456 is out of range for u128"
		  " (0..2^128-1)" },
		{ t->swide, "170141183460469231731687303715884105728", 0,
		  "value: 170141183460469231731687303715884105728 is out of range for s128"
		  " (-2^127..2^127-1)" },
		{ t->boolean, "true", 1 },
		{ t->boolean, "0", 0 },
		{ t->boolean, "yes", 0, "value: 'yes' is not true or false" },
		{ t->c, "x", 'x' },
		{ t->c, "-3", 0xfd },
		{ t->raw_char, "A", 'A' },
		{ t->raw_char, "65", 'A' },
		{ t->verdict, "V_TX", 7 },
		{ t->verdict, "3", 3 },
		{ t->verdict, "V_DORP", 0, "value: no enumerator 'V_DORP' in enum verdict" },
		{ t->verdict, "4294967296", 0, "value: 4294967296 is out of range for enum verdict"
		  " (-2147483648..4294967295)" },
		{ t->big, "BIG_TOP", UINT64_MAX },
		{ t->sbig, "SBIG_LOW", 1ULL << 63 },
		{ t->f, "1.5", 0x3fc00000 },
		{ t->f, "-inf", 0xff800000 },
		{ t->f, "nan(0x7fc00001)", 0x7fc00001 },
		{ t->f, "1e39", 0, "value: 1e39 is too large for float" },
		{ t->d, "0.1", 0x3fb999999999999a },
		{ t->d, "abc", 0, "value: 'abc' is not a number" },
		{ t->ptr, "0xffff888012345678", 0xffff888012345678 },
	};
	static const struct {
		const char *line;
		unsigned __int128 v;
	} wide[] = {
		{ "170141183460469231731687303715884105727", ~(unsigned __int128)0 >> 1 },
		{ "-170141183460469231731687303715884105728", (unsigned __int128)1 << 127 },
		{ "0xffffffffffffffffffffffffffffffff", ~(unsigned __int128)0 },
	};
	struct typed *swide = compile(t, t->swide);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wide); i++) {
		struct typed_target target = { "value", 16, swide };

		assert_encoded(&target, wide[i].line, &wide[i].v);
	}
	typed_free(swide);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct typed *typed = compile(t, cases[i].id);
		struct typed_target target = { "value", typed_size(typed), typed };
		uint8_t expected[16];

		put_number(expected, target.size, cases[i].v);
		if (cases[i].error)
			assert_error(&target, cases[i].line, cases[i].error, NULL, NULL);
		else
			assert_encoded(&target, cases[i].line, expected);
		typed_free(typed);
	}
}

static void test_encode_fields(void **state)
{
	const struct types *t = *state;
	struct typed *flow = compile(t, t->flow);
	struct typed_target value = { "value", 40, flow };
	uint64_t pkts = 2;
	uint32_t v = 1;
	int16_t y = -4;
	uint16_t port = 7;
	uint8_t e[40] = { 0 };

	memcpy(e, &pkts, 8);
	memcpy(e + 8, &v, 4);
	assert_encoded(&value, "pkts=2 v=V_DROP", e);
	assert_encoded(&value, "{\"pkts\":2,\"v\":\"V_DROP\"}", e);
	assert_encoded(&value, "'{ \"pkts\" : 2, \"v\": 1 }'", e);
	assert_encoded(&value, "{pkts:2, v:V_DROP}", e);
	memcpy(e + 12, "\xf0\x9f\x98\x80\xc3\xa9\n", 7);
	assert_encoded(&value, "{pkts:2,v:1,tag:\"\\ud83d\\ude00\\u00e9\\n\"}", e);
	memset(e + 12, 0, 8);
	memcpy(e + 12, "new", 3);
	memcpy(e + 22, &y, 2);
	memcpy(e + 26, &port, 2);
	e[29] = 1;
	assert_encoded(&value, "pkts=2 v=1 tag=new at.y=-4 ports[1]=7 ok=true", e);
	assert_encoded(&value, "pkts=2 v=1 tag=new at={y:-4} ports=[0, 7] ok=1", e);
	typed_free(flow);
}

static void test_encode_errors(void **state)
{
	const struct types *t = *state;
	struct typed *flow = compile(t, t->flow);
	struct typed_target value = { "value", 40, flow };

	assert_error(&value, "pkts=1 small=300",
		     "value.small: 300 is out of range for u8 (0..255)", NULL, "300");
	assert_error(&value, "pkt=1", "no field 'pkt' in struct flow", "did you mean 'pkts'?",
		     "pkt");
	assert_error(&value, "at.z=1", "no field 'z' in struct point", NULL, "z");
	assert_error(&value, "at.x.y=1", "value.at.x is s16, which has no fields", NULL, ".y");
	assert_error(&value, "ports[2]=1", "value.ports is u16[2]: no such element", NULL, "[2]");
	assert_error(&value, "v[0]=1", "value.v is enum verdict, not an array", NULL, "[0]");
	assert_error(&value, "v=V_DORP", "value.v: no enumerator 'V_DORP' in enum verdict",
		     "did you mean 'V_DROP'?", "V_DORP");
	assert_error(&value, "tag=much_too_long",
		     "value.tag: 13 bytes of text do not fit char[8]", NULL, "much_too_long");
	assert_error(&value, "ports=[1,2,3]", "value.ports: too many elements for u16[2]", NULL,
		     "3");
	assert_error(&value, "ports=[1,70000]",
		     "value.ports[1]: 70000 is out of range for u16 (0..65535)", NULL, "70000");
	assert_error(&value, "{pkts:1,at:{x:99999}}",
		     "value.at.x: 99999 is out of range for s16 (-32768..32767)", NULL, "99999");
	assert_error(&value, "{pkst:1}", "no field 'pkst' in struct flow", "did you mean 'pkts'?",
		     "pkst");
	assert_error(&value, "{pkts:1", "value: expected ',' or '}', not the end", NULL, NULL);
	assert_error(&value, "{pkts=1}", "value: expected ':' after a field's name", NULL, NULL);
	assert_error(&value, "{pkts:1}x", "value: expected the end", NULL, "x");
	assert_error(&value, "{pkts:}", "value.pkts: expected a value", NULL, NULL);
	assert_error(&value, "{\"tag\":\"\\q\"}", "value.tag: expected an escape sequence of JSON",
		     NULL, NULL);
	assert_error(&value, "{pkts:{}}", "value.pkts: u64 does not begin with '{'", NULL, NULL);
	assert_error(&value, "pkts=1 extra", "value: expected FIELD=VALUE, not 'extra'", NULL,
		     "extra");
	assert_error(&value, "pkts=1 pkts=2",
		     "value.pkts: contradicts what is given for the same bytes before", NULL, "2");
	assert_error(&value, "tag=ab tag=ac",
		     "value.tag: contradicts what is given for the same bytes before", NULL, "ac");
	assert_error(&value, "at=5",
		     "value.at: '5' is not struct point, which is given as FIELD=VALUE ... or"
		     " {\"FIELD\": VALUE, ...}", NULL, "5");
	assert_error(&value, "ports=5",
		     "value.ports: '5' is not u16[2], which is given as [VALUE, ...]", NULL, "5");
	assert_error(&value, "5", "value expected 40 bytes got 1",
		     "fields can be given by name: FIELD=VALUE", "5");
	assert_error(&value, "1 2 3", "value expected 40 bytes got 3", NULL, "1 2 3");
	typed_free(flow);
}

static void test_encode_bits(void **state)
{
	const struct types *t = *state;
	struct typed *bits = compile(t, t->bits);
	struct typed_target value = { "value", 8, bits };

	assert_encoded(&value, "a=1 b=-2 v=V_TX long=0x0102030405 low=MINUS_TWO lower=-3",
		       BITS_BYTES);
	assert_error(&value, "b=4", "value.b: 4 is out of range for a 3-bit int (-4..3)", NULL,
		     "4");
	assert_error(&value, "a=2", "value.a: 2 is out of range for a 1-bit u32 (0..1)", NULL, "2");
	assert_error(&value, "b=be 1", "value.b: a bit-field has no byte order", NULL, NULL);
	typed_free(bits);
}

static void test_encode_unions(void **state)
{
	const struct types *t = *state;
	struct typed *either = compile(t, t->either), *nested = compile(t, t->nested);
	struct typed_target value = { "value", 4, either };
	uint32_t expected[2] = { 5, 6 };

	assert_encoded(&value, "at.x=1", LITTLE ? "\1\0\0\0" : "\0\1\0\0");
	assert_encoded(&value, LITTLE ? "{word:65538,at:{x:2,y:1}}" : "{word:131073,at:{x:2,y:1}}",
		       LITTLE ? "\2\0\1\0" : "\0\2\0\1");
	assert_error(&value, "{word:1,at:{x:2,y:0}}",
		     "value.at.x: contradicts what is given for the same bytes before", NULL, NULL);
	assert_encoded(&value, "10.0.0.1", "\x0a\0\0\1");
	value = (struct typed_target){ "value", 8, nested };
	assert_encoded(&value, "first=5 either_word=6", expected);
	typed_free(either);
	typed_free(nested);
}

static void test_encode_special(void **state)
{
	const struct types *t = *state;
	struct typed *locked = compile(t, t->locked);
	struct typed_target value = { "value", 16, locked };
	uint32_t expected[4] = { 0, 7 };

	assert_encoded(&value, "{\"lock\":\"<bpf_spin_lock>\",\"n\":7,\"task\":\"<kptr>\"}",
		       expected);
	assert_encoded(&value, "n=7", expected);
	assert_error(&value, "lock=1",
		     "value.lock: bpf_spin_lock cannot be written from user space", NULL, "1");
	assert_error(&value, "lock.val=1", "value.lock is struct bpf_spin_lock, the kernel's own",
		     NULL, ".val");
	assert_error(&value, "{lock:{val:1}}",
		     "value.lock: struct bpf_spin_lock does not begin with '{'", NULL, NULL);
	typed_free(locked);
}

static void test_encode_text(void **state)
{
	const struct types *t = *state;
	struct typed *chars = compile(t, t->chars), *mac = compile(t, t->bytes6);
	struct typed_target value = { "value", 8, chars };

	assert_encoded(&value, "hello", "hello\0\0\0");
	assert_encoded(&value, "10.0.0.1", "10.0.0.1");
	assert_encoded(&value, "'a b'", "a b\0\0\0\0\0");
	assert_encoded(&value, "a=b", "a=b\0\0\0\0\0");
	assert_encoded(&value, "[104,105]", "hi\0\0\0\0\0\0");
	assert_encoded(&value, "'[1]'", "[1]\0\0\0\0\0");
	assert_error(&value, "two words", "value: expected one literal, not 2 words",
		     "quote text that has blanks", "two words");
	value = (struct typed_target){ "value", 6, mac };
	assert_encoded(&value, "02:42:ac:11:00:0f", "\2\x42\xac\x11\0\x0f");
	assert_encoded(&value, "[1,2]", "\1\2\0\0\0\0");
	assert_encoded(&value, "[5]=9", "\0\0\0\0\0\11");
	assert_error(&value, "10.0.0.1", "value: an IPv4 address takes 4 bytes, not 6", NULL, NULL);
	typed_free(chars);
	typed_free(mac);
}

static void test_keep(void **state)
{
	const struct types *t = *state;
	struct typed *point = compile(t, t->point);
	struct typed_target value = { "value", 4, point, .keep = true };
	int16_t data[2] = { 1, 2 };
	struct diags d = { 0 };
	struct source src;

	assert_int_equal(encode_line(&value, "y=9", data, &d, &src), 0);
	assert_int_equal(data[0], 1);
	assert_int_equal(data[1], 9);
	assert_int_equal(encode_line(&value, "{x:3}", data, &d, &src), 0);
	assert_int_equal(data[0], 3);
	assert_int_equal(data[1], 0);
	typed_free(point);
}

static void test_find(void **state)
{
	const struct types *t = *state;
	struct typed *flow = compile(t, t->flow);
	struct typed_word path = { "at.y", 4 };
	int16_t data[20] = { [11] = -4 };
	struct typed_place place;
	struct buf out = BUF_INIT;
	struct diags d = { 0 };

	assert_int_equal(typed_find(flow, &path, "value", &place, &d), 0);
	assert_int_equal(place.offset, 22);
	typed_place_json(&out, &place, data, TYPED_NICE);
	assert_string_equal(buf_str(&out), "-4");
	buf_reset(&out);
	typed_place_type_name(&out, &place);
	assert_string_equal(buf_str(&out), "s16");
	buf_free(&out);
	typed_free(flow);
}

static void add_candidate(void *arg, const char *text, const char *note)
{
	buf_printf(arg, "%s(%s) ", text, note);
}

static void test_complete(void **state)
{
	const struct types *t = *state;
	const struct { int id; const char *prefix, *expected; } cases[] = {
		{ t->flow, "", "pkts=(u64) v=(enum verdict) tag=(char[8]) at.(struct point) "
			       "ports=(u16[2]) small=(u8) ok=(_Bool) " },
		{ t->flow, "p", "pkts=(u64) ports=(u16[2]) " },
		{ t->flow, "at.", "at.x=(s16) at.y=(s16) " },
		{ t->flow, "v=V_T", "v=V_TX(7) " },
		{ t->flow, "v=", "v=V_PASS(0) v=V_DROP(1) v=V_TX(7) " },
		{ t->flow, "ok=t", "ok=true(bool) " },
		{ t->flow, "nothing.", "" },
		{ t->flow, "ports[", "ports[0]=(u16) ports[1]=(u16) " },
		{ t->flow, "ports[1", "ports[1]=(u16) " },
		{ t->flow, "tag[", "" },
		{ t->verdict, "V_D", "V_DROP(1) " },
		{ t->big, "BIG_T", "BIG_TOP(18446744073709551615) " },
		{ t->nested, "either", "either_word=(u32) either_half=(u16) " },
		{ t->bits, "b", "b=(3-bit int) " },
		{ t->locked, "", "n=(u32) " },
		{ t->locked, "lock.", "" },
		{ t->u32, "", "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct typed *typed = compile(t, cases[i].id);
		struct buf out = BUF_INIT;

		typed_complete(typed, cases[i].prefix, add_candidate, &out);
		assert_string_equal(buf_str(&out), cases[i].expected);
		buf_free(&out);
		typed_free(typed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_two_readings),
		cmocka_unit_test(test_flexible),
		cmocka_unit_test(test_part),
		cmocka_unit_test(test_lpm),
		cmocka_unit_test(test_encode_scalars),
		cmocka_unit_test(test_encode_fields),
		cmocka_unit_test(test_encode_errors),
		cmocka_unit_test(test_encode_bits),
		cmocka_unit_test(test_encode_unions),
		cmocka_unit_test(test_encode_special),
		cmocka_unit_test(test_encode_text),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
