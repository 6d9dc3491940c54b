// SPDX-License-Identifier: BSD-2-Clause
/* Typed data as text: every kind, in every style. */
#include <string.h>

#include "shell/base/buf.h"
#include "tests/unit/typed_types.h"

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

static void assert_number(const struct types *t, int id, unsigned __int128 v,
			  enum typed_style style, const char *expected)
{
	uint8_t data[sizeof(v)];

	put_number(data, btf__resolve_size(t->btf, id), v);
	assert_printed(t, id, data, style, expected);
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

		assert_number(t, cases[i].id, v, TYPED_BPFTOOL_JSON, cases[i].json);
		assert_number(t, cases[i].id, v, TYPED_BPFTOOL_PLAIN, cases[i].plain);
		assert_number(t, cases[i].id, v, TYPED_NICE, cases[i].nice);
	}
}

static void test_wide(void **state)
{
	const struct types *t = *state;

	assert_number(t, t->wide, 0x2a, TYPED_BPFTOOL_JSON, "\"0x2a\"");
	assert_number(t, t->wide, 0x2a, TYPED_BPFTOOL_PLAIN, "0x2a");
	assert_number(t, t->wide, (unsigned __int128)1 << 64 | 2, TYPED_NICE,
		      "\"0x10000000000000002\"");
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
	assert_printed(t, t->chars, "no-nul..", TYPED_BPFTOOL_JSON, "\"no-nul..\"");
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

	assert_printed(t, t->bits, BITS_BYTES, TYPED_BPFTOOL_JSON,
		       "{\"a\":\"0x1\",\"b\":\"-0x2\",\"v\":\"0x7\",\"long\":\"0x102030405\","
		       "\"low\":\"-0x2\",\"lower\":\"-0x3\"}");
	assert_printed(t, t->bits, BITS_BYTES, TYPED_BPFTOOL_PLAIN,
		       "{\n    \"a\": 0x1,\n    \"b\": -0x2,\n    \"v\": 0x7,\n"
		       "    \"long\": 0x102030405,\n    \"low\": -0x2,\n    \"lower\": -0x3\n}");
	assert_printed(t, t->bits, BITS_BYTES, TYPED_NICE,
		       "{\"a\":1,\"b\":-2,\"v\":\"V_TX\",\"long\":4328719365,"
		       "\"low\":\"MINUS_TWO\",\"lower\":-3}");
}

/* Bit-fields as older compilers wrote them: in the integer's own offset and width. */
static void test_old_bits(void **state)
{
	struct types *t = *state;
	int odd = btf__add_int(t->btf, "odd", 4, BTF_INT_SIGNED), id;
	struct btf_type *type = (struct btf_type *)btf__type_by_id(t->btf, odd);
	const uint8_t data[4] = { LITTLE ? 0xf8 : 0x1f, LITTLE ? 0x01 : 0x80 };

	*(uint32_t *)(type + 1) = BTF_INT_SIGNED << 24 | 3 << 16 | 5;
	id = btf__add_struct(t->btf, "old", 4);
	field(t->btf, "m", odd, 0);
	assert_printed(t, id, data, TYPED_NICE, "{\"m\":-1}");
	assert_printed(t, id, data, TYPED_BPFTOOL_JSON, "{\"m\":\"-0x1\"}");
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

	assert_null(typed_new(t->btf, id, 0, &d));
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
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
