// SPDX-License-Identifier: BSD-2-Clause
/* Typed data both ways, on BTF made here: every kind, every literal, every message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "render/typed.h"

#define BITS8(n) ((n) * 8)
#define LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* Ids of the types that most tests use. */
struct types {
	struct btf *btf;
	int u8, u16, u32, u64, s8, s16, s32, s64, wide, boolean, c, raw_char;
	int verdict, big, sbig, f, d, ld, ptr, kptr, u32_array, chars, letters, bytes6;
	int ports, empty, minus;
	int point, flow, either, bits, nested, lock, locked, flexible, datasec;
};

static int field(struct btf *btf, const char *name, int type, int byte)
{
	return btf__add_field(btf, name, type, BITS8(byte), 0);
}

static void add_ints(struct types *t)
{
	struct btf *btf = t->btf;

	t->u8 = btf__add_int(btf, "u8", 1, 0);
	t->u16 = btf__add_int(btf, "u16", 2, 0);
	t->u32 = btf__add_int(btf, "u32", 4, 0);
	t->u64 = btf__add_int(btf, "u64", 8, 0);
	t->s8 = btf__add_int(btf, "s8", 1, BTF_INT_SIGNED);
	t->s16 = btf__add_int(btf, "s16", 2, BTF_INT_SIGNED);
	t->s32 = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	t->s64 = btf__add_int(btf, "s64", 8, BTF_INT_SIGNED);
	t->wide = btf__add_int(btf, "u128", 16, 0);
	t->boolean = btf__add_int(btf, "_Bool", 1, BTF_INT_BOOL);
	t->c = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	t->raw_char = btf__add_int(btf, "raw_char", 1, BTF_INT_CHAR);
}

static void add_scalars(struct types *t)
{
	struct btf *btf = t->btf;

	t->verdict = btf__add_enum(btf, "verdict", 4);
	btf__add_enum_value(btf, "V_PASS", 0);
	btf__add_enum_value(btf, "V_DROP", 1);
	btf__add_enum_value(btf, "V_TX", 7);
	t->big = btf__add_enum64(btf, "big", 8, false);
	btf__add_enum64_value(btf, "BIG_ONE", 1);
	btf__add_enum64_value(btf, "BIG_TOP", UINT64_MAX);
	t->sbig = btf__add_enum64(btf, "sbig", 8, true);
	btf__add_enum64_value(btf, "SBIG_LOW", (uint64_t)INT64_MIN);
	t->minus = btf__add_enum(btf, "minus", 4);
	btf__add_enum_value(btf, "MINUS_TWO", -2);
	t->f = btf__add_float(btf, "float", 4);
	t->d = btf__add_float(btf, "double", 8);
	t->ld = btf__add_float(btf, "long double", 16);
	t->ptr = btf__add_ptr(btf, t->u32);
	t->kptr = btf__add_ptr(btf, btf__add_type_tag(btf, "kptr", t->u32));
	t->u32_array = btf__add_array(btf, t->u32, t->u32, 4);
	t->chars = btf__add_array(btf, t->u32, t->c, 8);
	t->letters = btf__add_array(btf, t->u32, btf__add_typedef(btf, "letter", t->c), 4);
	t->ports = btf__add_array(btf, t->u32, t->u16, 2);
	t->empty = btf__add_array(btf, t->u32, t->u8, 0);
	t->bytes6 = btf__add_array(btf, t->u32, t->u8, 6);
}

static void add_structs(struct types *t)
{
	struct btf *btf = t->btf;
	int anon, var;

	t->point = btf__add_struct(btf, "point", 4);
	field(btf, "x", t->s16, 0);
	field(btf, "y", t->s16, 2);
	t->flow = btf__add_struct(btf, "flow", 40);
	field(btf, "pkts", t->u64, 0);
	field(btf, "v", t->verdict, 8);
	field(btf, "tag", t->chars, 12);
	field(btf, "at", t->point, 20);
	field(btf, "ports", t->ports, 24);
	field(btf, "small", t->u8, 28);
	field(btf, "ok", t->boolean, 29);
	t->either = btf__add_union(btf, "either", 4);
	field(btf, "word", t->u32, 0);
	field(btf, "at", t->point, 0);
	t->bits = btf__add_struct(btf, "bits", 8);
	btf__add_field(btf, "a", t->u32, 0, 1);
	btf__add_field(btf, "b", t->s32, 1, 3);
	btf__add_field(btf, "v", t->verdict, 4, 3);
	btf__add_field(btf, "long", t->u64, 8, 40);
	btf__add_field(btf, "low", t->minus, 48, 4);
	btf__add_field(btf, "lower", t->minus, 52, 4);
	anon = btf__add_union(btf, NULL, 4);
	field(btf, "either_word", t->u32, 0);
	field(btf, "either_half", t->u16, 0);
	t->nested = btf__add_struct(btf, "nested", 8);
	field(btf, "first", t->u32, 0);
	field(btf, NULL, anon, 4);
	t->lock = btf__add_struct(btf, "bpf_spin_lock", 4);
	field(btf, "val", t->u32, 0);
	t->locked = btf__add_struct(btf, "locked", 16);
	field(btf, "lock", t->lock, 0);
	field(btf, "n", t->u32, 4);
	field(btf, "task", t->kptr, 8);
	t->flexible = btf__add_struct(btf, "flexible", 4);
	field(btf, "len", t->u32, 0);
	field(btf, "data", t->empty, 4);
	var = btf__add_var(btf, "counter", BTF_VAR_GLOBAL_ALLOCATED, t->u32);
	anon = btf__add_var(btf, "where", BTF_VAR_GLOBAL_ALLOCATED, t->point);
	t->datasec = btf__add_datasec(btf, ".data", 8);
	btf__add_datasec_var_info(btf, var, 0, 4);
	btf__add_datasec_var_info(btf, anon, 4, 4);
}

static int setup(void **state)
{
	struct types *t = calloc(1, sizeof(*t));

	t->btf = btf__new_empty();
	add_ints(t);
	add_scalars(t);
	add_structs(t);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct types *t = *state;

	btf__free(t->btf);
	free(t);
	return 0;
}

static struct typed *compile(const struct types *t, int id)
{
	struct diags d = { 0 };
	struct typed *typed = typed_new(t->btf, id, &d);

	if (!typed)
		fail_msg("%s", d.list[0].msg);
	return typed;
}

static void assert_printed(const struct types *t, int id, const void *data,
			   enum typed_style style, const char *expected)
{
	struct typed *typed = compile(t, id);
	struct buf out = BUF_INIT;

	typed_json(&out, typed, data, style);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&out);
	typed_free(typed);
}

static void test_scalars(void **state)
{
	const struct types *t = *state;
	const struct {
		int id;
		uint64_t v;
		const char *json, *plain, *nice;
	} cases[] = {
		{ t->u8, 255, "255", "255", "255" },
		{ t->s8, 255, "-1", "-1", "-1" },
		{ t->u16, 65535, "65535", "65535", "65535" },
		{ t->s16, 0x8000, "-32768", "-32768", "-32768" },
		{ t->u32, 4294967295, "4294967295", "4294967295", "4294967295" },
		{ t->s32, 0x80000000, "-2147483648", "-2147483648", "-2147483648" },
		{ t->u64, UINT64_MAX, "18446744073709551615", "18446744073709551615",
		  "18446744073709551615" },
		{ t->s64, 1ULL << 63, "-9223372036854775808", "-9223372036854775808",
		  "-9223372036854775808" },
		{ t->u64, 100000000, "100000000", "100000000", "100000000" },
		{ t->u64, 12345678901234567, "12345678901234567", "12345678901234567",
		  "12345678901234567" },
		{ t->boolean, 1, "true", "true", "true" },
		{ t->boolean, 2, "true", "true", "2" },
		{ t->raw_char, 'A', "\"A\"", "\"A\"", "\"A\"" },
		{ t->raw_char, '"', "\"\\\"\"", "\"\"\"", "\"\\\"\"" },
		{ t->raw_char, 7, "\"\\u0007\"", "0x7", "7" },
		{ t->verdict, 7, "\"V_TX\"", "\"V_TX\"", "\"V_TX\"" },
		{ t->verdict, 2, "2", "2", "2" },
		{ t->verdict, 0xfffffffe, "-2", "-2", "4294967294" },
		{ t->big, UINT64_MAX, "\"BIG_TOP\"", "\"BIG_TOP\"", "\"BIG_TOP\"" },
		{ t->big, UINT64_MAX - 1, "-2", "-2", "18446744073709551614" },
		{ t->sbig, 1ULL << 63, "\"SBIG_LOW\"", "\"SBIG_LOW\"", "\"SBIG_LOW\"" },
		{ t->ptr, 0xffff888012345678, "18446612682375452280", "0xffff888012345678",
		  "\"0xffff888012345678\"" },
		{ t->ptr, 0, "0", "(nil)", "\"0x0\"" },
		{ t->f, 0x3fc00000, "1.5", "1.5", "1.5" },
		{ t->f, 0x7f800000, "\"inf\"", "\"inf\"", "\"inf\"" },
		{ t->f, 0x7fc00001, "\"nan(0x7fc00001)\"", "\"nan(0x7fc00001)\"",
		  "\"nan(0x7fc00001)\"" },
		{ t->f, 0x3dcccccd, "0.1", "0.1", "0.1" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = cases[i].v;

		assert_printed(t, cases[i].id, &v, TYPED_BPFTOOL_JSON, cases[i].json);
		assert_printed(t, cases[i].id, &v, TYPED_BPFTOOL_PLAIN, cases[i].plain);
		assert_printed(t, cases[i].id, &v, TYPED_NICE, cases[i].nice);
	}
}

static void test_wide(void **state)
{
	const struct types *t = *state;
	uint64_t v[2] = { 0x2a, 0 };

	assert_printed(t, t->wide, v, TYPED_BPFTOOL_JSON, "\"0x2a\"");
	assert_printed(t, t->wide, v, TYPED_BPFTOOL_PLAIN, "0x2a");
	v[LITTLE] = 1;
	v[!LITTLE] = 2;
	assert_printed(t, t->wide, v, TYPED_NICE, "\"0x10000000000000002\"");
}

static void test_arrays(void **state)
{
	const struct types *t = *state;
	uint32_t numbers[4] = { 1, 2, 3, 4294967295 };

	assert_printed(t, t->u32_array, numbers, TYPED_BPFTOOL_JSON, "[1,2,3,4294967295]");
	assert_printed(t, t->u32_array, numbers, TYPED_BPFTOOL_PLAIN, "[1,2,3,4294967295\n]");
	assert_printed(t, t->flexible, numbers, TYPED_BPFTOOL_JSON, "{\"len\":1,\"data\":[]}");
	assert_printed(t, t->flexible, numbers, TYPED_BPFTOOL_PLAIN,
		       "{\n    \"len\": 1,\n    \"data\": []\n}");
}

/* Text is text where each style says so, and bytes where anything would be lost. */
static void test_text(void **state)
{
	const struct types *t = *state;

	assert_printed(t, t->chars, "it's\0\0\0", TYPED_BPFTOOL_JSON, "\"it's\"");
	assert_printed(t, t->chars, "a\"b\\\0\0\0", TYPED_BPFTOOL_PLAIN, "\"a\\\"b\\\\\"");
	assert_printed(t, t->chars, "ab\0junk", TYPED_BPFTOOL_JSON, "\"ab\"");
	assert_printed(t, t->chars, "ab\0junk", TYPED_NICE, "[97,98,0,106,117,110,107,0]");
	assert_printed(t, t->chars, "no-nul..", TYPED_BPFTOOL_JSON,
		       "[110,111,45,110,117,108,46,46]");
	assert_printed(t, t->chars, "no-nul..", TYPED_NICE, "\"no-nul..\"");
	assert_printed(t, t->chars, "h\xc3\xa9\n\0\0\0", TYPED_NICE, "\"h\xc3\xa9\\n\"");
	assert_printed(t, t->chars, "\x1b[m\0\0\0\0", TYPED_NICE, "[27,91,109,0,0,0,0,0]");
	assert_printed(t, t->chars, "\0\0\0\0\0\0\0", TYPED_NICE, "\"\"");
	assert_printed(t, t->chars, "a\x80\0\0\0\0\0", TYPED_BPFTOOL_JSON, "[97,-128,0,0,0,0,0,0]");
	assert_printed(t, t->chars, "a\x7f\0\0\0\0\0", TYPED_BPFTOOL_JSON, "[97,127,0,0,0,0,0,0]");
	assert_printed(t, t->letters, "ab\0", TYPED_BPFTOOL_JSON, "[97,98,0,0]");
	assert_printed(t, t->letters, "ab\0", TYPED_NICE, "\"ab\"");
}

static void test_structs(void **state)
{
	const struct types *t = *state;
	uint32_t nested[2] = { 5, 0x00020001 };
	uint16_t point[2] = { 3, 65532 };
	uint32_t data[2] = { 9 };

	memcpy(&data[1], point, 4);
	assert_printed(t, t->point, point, TYPED_BPFTOOL_JSON, "{\"x\":3,\"y\":-4}");
	assert_printed(t, t->point, point, TYPED_BPFTOOL_PLAIN,
		       "{\n    \"x\": 3,\n    \"y\": -4\n}");
	assert_printed(t, t->nested, nested, TYPED_BPFTOOL_JSON,
		       LITTLE ? "{\"first\":5,\"\":{\"either_word\":131073,\"either_half\":1}}" :
				"{\"first\":5,\"\":{\"either_word\":131073,\"either_half\":2}}");
	assert_printed(t, t->nested, nested, TYPED_NICE,
		       LITTLE ? "{\"first\":5,\"either_word\":131073,\"either_half\":1}" :
				"{\"first\":5,\"either_word\":131073,\"either_half\":2}");
	assert_printed(t, t->datasec, data, TYPED_BPFTOOL_JSON,
		       "{\".data\":[{\"counter\":9},{\"where\":{\"x\":3,\"y\":-4}}]}");
	assert_printed(t, t->datasec, data, TYPED_BPFTOOL_PLAIN,
		       "{\n    \".data\": [{\n            \"counter\": 9\n        },{\n"
		       "            \"where\": {\n                \"x\": 3,\n"
		       "                \"y\": -4\n            }\n        }\n    ]\n}");
	assert_printed(t, t->datasec, data, TYPED_NICE,
		       "{\"counter\":9,\"where\":{\"x\":3,\"y\":-4}}");
}

static void test_bits(void **state)
{
	const struct types *t = *state;
	/* a = 1, b = -2, v = V_TX, long = 0x0102030405, low = -2, lower = -3 (little endian) */
	uint8_t data[8] = { 0x7d, 5, 4, 3, 2, 1, 0xde };

	if (!LITTLE)
		skip();
	assert_printed(t, t->bits, data, TYPED_BPFTOOL_JSON,
		       "{\"a\":\"0x1\",\"b\":\"0x6\",\"v\":\"0x7\",\"long\":\"0x102030405\","
		       "\"low\":\"0xe\",\"lower\":\"0xd\"}");
	assert_printed(t, t->bits, data, TYPED_BPFTOOL_PLAIN,
		       "{\n    \"a\": 0x1,\n    \"b\": 0x6,\n    \"v\": 0x7,\n"
		       "    \"long\": 0x102030405,\n    \"low\": 0xe,\n    \"lower\": 0xd\n}");
	assert_printed(t, t->bits, data, TYPED_NICE,
		       "{\"a\":1,\"b\":-2,\"v\":\"V_TX\",\"long\":4328719365,"
		       "\"low\":\"MINUS_TWO\",\"lower\":-3}");
}

/* Bit-fields as older compilers wrote them: in the integer's own offset and width. */
static void test_old_bits(void **state)
{
	struct types *t = *state;
	int odd = btf__add_int(t->btf, "odd", 4, BTF_INT_SIGNED), id;
	struct btf_type *type = (struct btf_type *)btf__type_by_id(t->btf, odd);
	uint8_t data[4] = { 0xf8, 0x01 };

	if (!LITTLE)
		skip();
	*(uint32_t *)(type + 1) = BTF_INT_SIGNED << 24 | 3 << 16 | 5;
	id = btf__add_struct(t->btf, "old", 4);
	field(t->btf, "m", odd, 0);
	assert_printed(t, id, data, TYPED_NICE, "{\"m\":-1}");
	assert_printed(t, id, data, TYPED_BPFTOOL_JSON, "{\"m\":\"0x1f\"}");
	assert_printed(t, odd, data, TYPED_NICE, "-1");
}

static void test_special(void **state)
{
	const struct types *t = *state;
	uint8_t data[16] = { [4] = 7 };
	struct typed *typed = compile(t, t->locked);

	assert_true(typed_has_special(typed));
	typed_free(typed);
	assert_printed(t, t->locked, data, TYPED_NICE, LITTLE ?
		       "{\"lock\":\"<bpf_spin_lock>\",\"n\":7,\"task\":\"<kptr>\"}" :
		       "{\"lock\":\"<bpf_spin_lock>\",\"n\":117440512,\"task\":\"<kptr>\"}");
	data[4] = 0;
	assert_printed(t, t->locked, data, TYPED_BPFTOOL_JSON,
		       "{\"lock\":{\"val\":0},\"n\":0,\"task\":0}");
}

static void test_large(void **state)
{
	struct types *t = *state;
	uint32_t n = 100000, i;
	int array = btf__add_array(t->btf, t->u32, t->u32, n), outer, text;
	uint32_t *data = calloc(n + 1, 4);
	struct buf expected = BUF_INIT;

	outer = btf__add_struct(t->btf, "outer", 4 * (n + 1));
	field(t->btf, "all", array, 0);
	field(t->btf, "last", t->u32, 4 * n);
	buf_puts(&expected, "{\"all\":[");
	for (i = 0; i < n; i++) {
		data[i] = i * 1000003u;
		buf_printf(&expected, i ? ",%u" : "%u", data[i]);
	}
	data[n] = 1;
	buf_puts(&expected, "],\"last\":1}");
	assert_printed(t, outer, data, TYPED_NICE, buf_str(&expected));
	assert_printed(t, outer, data, TYPED_BPFTOOL_JSON, buf_str(&expected));
	buf_reset(&expected);
	text = btf__add_array(t->btf, t->u32, t->c, 4 * n);
	memset(data, '"', 4 * n - 1);
	((char *)data)[4 * n - 1] = '\0';
	buf_putc(&expected, '"');
	for (i = 0; i < 4 * n - 1; i++)
		buf_puts(&expected, "\\\"");
	buf_putc(&expected, '"');
	assert_printed(t, text, data, TYPED_NICE, buf_str(&expected));
	buf_free(&expected);
	free(data);
}

static void assert_refused(const struct types *t, int id, const char *why)
{
	struct diags d = { 0 };

	assert_null(typed_new(t->btf, id, &d));
	assert_int_equal(d.errors, 1);
	if (!strstr(d.list[0].msg, why))
		fail_msg("'%s' does not say '%s'", d.list[0].msg, why);
	diags_clear(&d);
}

static void test_hostile_types(void **state)
{
	struct types *t = *state;
	int self, fan, id, i;

	assert_refused(t, 0, "it has no values");
	assert_refused(t, 1000000, "damaged");
	assert_refused(t, btf__add_fwd(t->btf, "opaque", BTF_FWD_STRUCT), "it has no values");
	self = btf__add_struct(t->btf, "self", 8);
	field(t->btf, "again", self, 0);
	assert_refused(t, self, "it contains itself");
	id = btf__add_struct(t->btf, "short", 2);
	field(t->btf, "x", t->u32, 0);
	assert_refused(t, id, "a field lies outside");
	assert_refused(t, btf__add_array(t->btf, t->u32, t->u64, UINT32_MAX), "too large");
	for (fan = t->u8, i = 0; i < 20; i++) {
		id = btf__add_union(t->btf, "fan", 1);
		field(t->btf, "a", fan, 0);
		field(t->btf, "b", fan, 0);
		field(t->btf, "c", fan, 0);
		fan = id;
	}
	assert_refused(t, fan, "too many fields share its bytes");
	for (id = t->u8, i = 0; i < 40; i++) {
		int outer = btf__add_struct(t->btf, "deep", 1);

		field(t->btf, "in", id, 0);
		id = outer;
	}
	assert_refused(t, id, "nested too deeply");
	assert_refused(t, btf__add_array(t->btf, t->u32, btf__add_struct(t->btf, "none", 0),
					 UINT32_MAX), "too many fields share its bytes");
}

static void test_type_names(void **state)
{
	const struct types *t = *state;
	const struct { int id; const char *name; } cases[] = {
		{ t->u32, "u32" }, { t->flow, "struct flow" }, { t->either, "union either" },
		{ t->verdict, "enum verdict" }, { t->chars, "char[8]" }, { t->ptr, "u32 *" },
		{ t->letters, "letter[4]" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct typed *typed = compile(t, cases[i].id);
		struct buf out = BUF_INIT;

		typed_type_name(&out, typed);
		assert_string_equal(buf_str(&out), cases[i].name);
		buf_free(&out);
		typed_free(typed);
	}
}

/* Words as the command line has them, with spans into @line; '...' makes one quoted word. */
static size_t split(struct source *src, const char *line, struct word_text *words)
{
	size_t nr = 0;
	const char *p = line;

	*src = (struct source){ .text = line, .len = strlen(line) };
	while (*p) {
		struct word_text *w = &words[nr++];
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
	struct word_text words[64];

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
		  " (128 bits)" },
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
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct typed *typed = compile(t, cases[i].id);
		struct typed_target target = { "value", typed_size(typed), typed };
		uint64_t v = cases[i].v;
		uint8_t expected[8];

		if (LITTLE)
			memcpy(expected, &v, 8);
		else
			memcpy(expected, (uint8_t *)&v + 8 - target.size, target.size);
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
	uint8_t expected[8] = { 0x7d, 5, 4, 3, 2, 1, 0xde };

	if (LITTLE)
		assert_encoded(&value, "a=1 b=-2 v=V_TX long=0x0102030405 low=MINUS_TWO lower=-3",
			       expected);
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
	struct word_text path = { "at.y", 4 };
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

/* As an entry of the outermost array. */
static void element_in_list(struct buf *out, const struct element_format *f, const void *key,
			    const void *value)
{
	element_plain(out, f, key, value, 1);
}

static void assert_element(void (*print)(struct buf *, const struct element_format *, const void *,
					 const void *), const struct element_format *f,
			   const void *key, const void *value, const char *expected)
{
	struct buf out = BUF_INIT;

	print(&out, f, key, value);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&out);
}

static void test_elements_of_bytes(void **state)
{
	static const uint8_t data[40] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
					  17 };
	struct element_format f = { .key_size = 4, .value_size = 4 };

	assert_element(element_in_list, &f, data, data, "key: 01 02 03 04  value: 01 02 03 04\n");
	assert_element(element_json, &f, data, data,
		       "{\"key\":[\"0x01\",\"0x02\",\"0x03\",\"0x04\"],"
		       "\"value\":[\"0x01\",\"0x02\",\"0x03\",\"0x04\"]}");
	f.inner_map = true;
	assert_element(element_in_list, &f, data, "\2\0\0\0",
		       LITTLE ? "key: 01 02 03 04  inner_map_id: 2 \n" :
				"key: 01 02 03 04  inner_map_id: 33554432 \n");
	f = (struct element_format){ .key_size = 12, .value_size = 16 };
	assert_element(element_in_list, &f, data, data,
		       "key: 01 02 03 04 05 06 07 08  09 0a 0b 0c\n"
		       "value: 01 02 03 04 05 06 07 08  09 0a 0b 0c 0d 0e 0f 10\n");
	f = (struct element_format){ .key_size = 4, .value_size = 17 };
	assert_element(element_in_list, &f, data, data,
		       "key:\n01 02 03 04\n"
		       "value:\n01 02 03 04 05 06 07 08  09 0a 0b 0c 0d 0e 0f 10\n11\n");
	f = (struct element_format){ .key_size = 4, .value_size = 4, .cpus = 2 };
	assert_element(element_in_list, &f, data, data,
		       "key:\n01 02 03 04\nvalue (CPU 00): 01 02 03 04\n"
		       "value (CPU 01): 09 0a 0b 0c\n");
	assert_element(element_json, &f, data, data,
		       "{\"key\":[\"0x01\",\"0x02\",\"0x03\",\"0x04\"],"
		       "\"values\":[{\"cpu\":0,\"value\":[\"0x01\",\"0x02\",\"0x03\",\"0x04\"]},"
		       "{\"cpu\":1,\"value\":[\"0x09\",\"0x0a\",\"0x0b\",\"0x0c\"]}]}");
	f = (struct element_format){ .value_size = 2 };
	assert_element(element_in_list, &f, data, data, "value: 01 02\n");
	assert_element(element_json, &f, data, data, "{\"key\":[],\"value\":[\"0x01\",\"0x02\"]}");
}

static void test_typed_elements(void **state)
{
	const struct types *t = *state;
	struct typed *u32 = compile(t, t->u32), *point = compile(t, t->point);
	struct element_format f = { u32, point, 4, 4 };
	uint32_t key = 7;
	int16_t values[8] = { 1, -1, 0, 0, 2, -2 };

	assert_element(element_in_list, &f, &key, values,
		       "{\n        \"key\": 7,\n        \"value\": {\n            \"x\": 1,\n"
		       "            \"y\": -1\n        }\n    }");
	assert_element(element_nice, &f, &key, values, "{\"key\":7,\"value\":{\"x\":1,\"y\":-1}}");
	if (LITTLE)
		assert_element(element_json, &f, &key, values,
			       "{\"key\":[\"0x07\",\"0x00\",\"0x00\",\"0x00\"],"
			       "\"value\":[\"0x01\",\"0x00\",\"0xff\",\"0xff\"],"
			       "\"formatted\":{\"key\":7,\"value\":{\"x\":1,\"y\":-1}}}");
	f.cpus = 2;
	assert_element(element_in_list, &f, &key, values,
		       "{\n        \"key\": 7,\n        \"values\": [{\n"
		       "                \"cpu\": 0,\n"
		       "                \"value\": {\n                    \"x\": 1,\n"
		       "                    \"y\": -1\n                }\n            },{\n"
		       "                \"cpu\": 1,\n                \"value\": {\n"
		       "                    \"x\": 2,\n                    \"y\": -2\n"
		       "                }\n            }\n        ]\n    }");
	assert_element(element_nice, &f, &key, values,
		       "{\"key\":7,\"values\":[{\"cpu\":0,\"value\":{\"x\":1,\"y\":-1}},"
		       "{\"cpu\":1,\"value\":{\"x\":2,\"y\":-2}}]}");
	typed_free(u32);
	typed_free(point);
}

static int read_line(const struct element_format *f, const char *line, void *key, void *value,
		     struct diags *d)
{
	struct word_text word = { .s = line, .len = strlen(line) };

	return element_read(f, &word, key, value, d);
}

static void assert_read(const struct element_format *f, const char *line, const void *key,
			const void *value)
{
	uint8_t got_key[8], got_value[64];
	struct diags d = { 0 };

	memset(got_value, 0x5a, sizeof(got_value));
	if (read_line(f, line, got_key, got_value, &d) < 0)
		fail_msg("%s: %s", line, d.list[0].msg);
	assert_memory_equal(got_key, key, f->key_size);
	assert_memory_equal(got_value, value, f->cpus ? f->cpus * element_stride(f) :
							f->value_size);
}

static void assert_unread(const struct element_format *f, const char *line, const char *msg)
{
	uint8_t key[8], value[64];
	struct diags d = { 0 };

	assert_int_equal(read_line(f, line, key, value, &d), -1);
	assert_int_equal(d.nr, 1);
	assert_string_equal(d.list[0].msg, msg);
	diags_clear(&d);
}

static void test_read_elements(void **state)
{
	const struct types *t = *state;
	struct typed *u32 = compile(t, t->u32), *point = compile(t, t->point);
	struct element_format f = { u32, point, 4, 4 }, bytes = { .key_size = 4, .value_size = 4 };
	uint32_t key = 7;
	int16_t value[2] = { 1, -1 }, both[8] = { 1, -1, 0, 0, 1, -1 }, last[8] = { [4] = 2 };

	assert_read(&f, "{\"key\":7,\"value\":{\"x\":1,\"y\":-1}}", &key, value);
	assert_read(&f, " { \"value\" : { \"y\" : -1 , \"x\" : 1 } , \"key\" : 7 } \n", &key,
		    value);
	assert_read(&f, "{\"key\":[\"0x01\",\"0x02\",\"0x03\",\"0x04\"],"
		    "\"value\":[\"0x05\",\"0x06\",\"0x07\",\"0x08\"],"
		    "\"formatted\":{\"key\":[\"}\"],\"value\":{\"x\":5}}}",
		    "\1\2\3\4", "\5\6\7\10");
	assert_read(&bytes, "{\"key\":7,\"value\":[1,\"0x02\",3,4],\"inner_map_id\":3}", &key,
		    "\1\2\3\4");
	assert_read(&bytes, "{\"key\":\"10.0.0.1\",\"value\":[1,2,3,4]}", "\x0a\0\0\1",
		    "\1\2\3\4");
	value[0] = 32767;
	assert_read(&f, "{\"key\":7,\"value\":{\"y\":-1,\"x\":32767}}", &key, value);
	f.cpus = 2;
	assert_read(&f, "{\"key\":7,\"values\":[{\"cpu\":0,\"value\":{\"x\":1,\"y\":-1}},"
		    "{\"cpu\":1,\"value\":{\"x\":1,\"y\":-1}}]}", &key, both);
	assert_read(&f, "{\"key\":7,\"values\":[{\"cpu\": 1,\"value\":{\"x\":2}}]}", &key, last);
	f.cpus = 1;
	assert_unread(&f, "{\"key\":7,\"values\":[{\"cpu\":1,\"value\":{}}]}",
		      "value: expected a CPU below 1");
	assert_unread(&f, "{\"key\":7,\"values\":[{\"value\":{}}]}", "value: expected \"cpu\"");
	f.cpus = 0;
	assert_unread(&f, "{\"key\":7}", "the element has no \"value\"");
	assert_unread(&f, "{\"value\":{}}", "the element has no \"key\"");
	assert_unread(&f, "{\"key\":7,\"value\":{\"x\":99999}}",
		      "value.x: 99999 is out of range for s16 (-32768..32767)");
	assert_unread(&f, "{\"key\":7,\"value\":{\"x\":32768}}",
		      "value.x: 32768 is out of range for s16 (-32768..32767)");
	assert_unread(&f, "{\"key\":4294967296,\"value\":{}}",
		      "key: 4294967296 is out of range for u32 (0..4294967295)");
	assert_unread(&f, "{\"key\":7,\"value\":{\"x\":1,\"x\":2}}",
		      "value.x: contradicts what is given for the same bytes before");
	assert_unread(&f, "{\"key\":-1,\"value\":{}}",
		      "key: -1 is out of range for u32 (0..4294967295)");
	assert_unread(&f, "{\"key\":7,\"value\":{}} x", "value: expected the end");
	assert_unread(&f, "{\"key\":7,\"other\":{}}",
		      "value: expected \"key\", \"value\" or \"formatted\"");
	assert_unread(&f, "", "value: expected '{', not the end");
	typed_free(u32);
	typed_free(point);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_old_bits),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_hostile_types),
		cmocka_unit_test(test_type_names),
		cmocka_unit_test(test_bytes),
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
		cmocka_unit_test(test_elements_of_bytes),
		cmocka_unit_test(test_typed_elements),
		cmocka_unit_test(test_read_elements),
	};

	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, setup, teardown);
}
