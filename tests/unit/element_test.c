// SPDX-License-Identifier: BSD-2-Clause
/* Elements of maps, both ways. */
#include <string.h>

#include "shell/base/buf.h"
#include "tests/unit/typed_types.h"

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
	assert_element(element_json, &f, &key, values, LITTLE ?
		       "{\"key\":[\"0x07\",\"0x00\",\"0x00\",\"0x00\"],"
		       "\"value\":[\"0x01\",\"0x00\",\"0xff\",\"0xff\"],"
		       "\"formatted\":{\"key\":7,\"value\":{\"x\":1,\"y\":-1}}}" :
		       "{\"key\":[\"0x00\",\"0x00\",\"0x00\",\"0x07\"],"
		       "\"value\":[\"0x00\",\"0x01\",\"0xff\",\"0xff\"],"
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
	struct typed_word word = { .s = line, .len = strlen(line) };

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

/* Bytes behind the fields, where those do not tell all of them; both must agree. */
static void test_padding(void **state)
{
	const struct types *t = *state;
	int id = btf__add_struct(t->btf, "loose", 4);
	struct typed *loose, *u16;
	struct element_format f;
	uint8_t value[16] = { 7, 0, 0, 0 }, key[2] = { 0 };

	field(t->btf, "a", t->u8, 0);
	field(t->btf, "b", t->u8, 2);
	loose = compile(t, id);
	u16 = compile(t, t->u16);
	f = (struct element_format){ u16, loose, 2, 4 };
	assert_element(element_nice, &f, key, value, "{\"key\":0,\"value\":{\"a\":7,\"b\":0}}");
	value[3] = 0xa5;
	assert_element(element_nice, &f, key, value, "{\"key\":0,\"value\":{\"a\":7,\"b\":0},"
		       "\"value_hex\":\"070000a5\"}");
	assert_read(&f, "{\"key\":0,\"value\":{\"a\":7,\"b\":0} , value_hex: \"070000A5\"}", key, value);
	assert_unread(&f, "{\"key\":0,\"value\":{\"a\":8,\"b\":0},\"value_hex\":\"070000a5\"}",
		      "value: contradicts what is given for the same bytes before");
	assert_unread(&f, "{\"key\":0,\"value\":{\"a\":7},\"value_hex\":\"070000\"}",
		      "value: expected 8 hexadecimal digits");
	assert_unread(&f, "{\"key\":0,\"value\":{\"a\":7},\"value_hex\":\"0700-1a5\"}",
		      "value: expected hexadecimal digits");
	f.cpus = 2;
	value[9] = 1;
	assert_element(element_nice, &f, key, value,
		       "{\"key\":0,\"values\":[{\"cpu\":0,\"value\":{\"a\":7,\"b\":0},"
		       "\"value_hex\":\"070000a5\"},{\"cpu\":1,\"value\":{\"a\":0,\"b\":0},"
		       "\"value_hex\":\"00010000\"}]}");
	assert_read(&f, "{\"key\":0,\"values\":[{\"cpu\":0,\"value\":{\"a\":7},"
		    "\"value_hex\":\"070000a5\"},{\"cpu\":1,\"value\":{},\"value_hex\":\"00010000\"}]}",
		    key, value);
	typed_free(loose);
	typed_free(u16);
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

/* @line is read as one value for each of two CPUs; NULL: it is no list of them. */
static void assert_cpus(const struct element_format *f, const char *line, const void *value)
{
	struct typed_word word = { .s = line, .len = strlen(line) };
	struct diags d = { 0 };
	uint8_t got[64] = { 0 };

	assert_int_equal(element_read_cpus(f, &word, got, &d), value ? 0 : 1);
	if (value)
		assert_memory_equal(got, value, f->cpus * element_stride(f));
}

static void assert_no_cpus(const struct element_format *f, const char *line, const char *msg)
{
	struct typed_word word = { .s = line, .len = strlen(line) };
	struct diags d = { 0 };
	uint8_t got[64];

	assert_int_equal(element_read_cpus(f, &word, got, &d), -1);
	assert_string_equal(d.list[0].msg, msg);
	diags_clear(&d);
}

/* A list of values is told from a value that is a list, and a field "cpu" from a CPU's number. */
static void test_read_cpus(void **state)
{
	struct types *t = *state;
	int two = btf__add_array(t->btf, t->u32, t->u32, 2), id = btf__add_struct(t->btf, "on", 8);
	struct typed *u64 = compile(t, t->u64), *pair = compile(t, two), *on, *text;
	struct element_format f = { NULL, u64, 4, 8, 2 };
	uint64_t large[2] = { (1ULL << 53) + 1, UINT64_MAX };
	uint32_t pairs[4] = { 1, 2, 3, 4 };

	field(t->btf, "cpu", t->u32, 0);
	field(t->btf, "n", t->u32, 4);
	on = compile(t, id);
	text = compile(t, t->chars);
	assert_cpus(&f, "[9007199254740993, 18446744073709551615]", large);
	assert_cpus(&f, "[{cpu: 1, \"value\": 18446744073709551615},"
			"{\"cpu\":0,\"value\":9007199254740993}]", large);
	assert_cpus(&f, "7", NULL);
	assert_cpus(&f, "[1,2,3,4,5,6,7,8]", NULL);
	assert_no_cpus(&f, "[1,2,3]", "value: 3 values for 2 CPUs");
	assert_no_cpus(&f, "[{\"cpu\":0,\"value\":1}]", "value: 1 value for 2 CPUs");
	assert_no_cpus(&f, "[1,2] 3", "value: expected the end");
	f.value = pair;
	assert_cpus(&f, "[1,2]", NULL);
	assert_cpus(&f, "[[1,2],[3,4]]", pairs);
	f.value = on;
	assert_cpus(&f, "[{\"cpu\":1,\"n\":2},{cpu: 3, n: 4}]", pairs);
	f.value = text;
	assert_cpus(&f, "[65,66]", NULL);
	assert_cpus(&f, "[\"abcdefgh\",\"ABCDEFGH\"]", "abcdefghABCDEFGH");
	typed_free(u64);
	typed_free(pair);
	typed_free(on);
	typed_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_of_bytes),
		cmocka_unit_test(test_typed_elements),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_read_elements),
		cmocka_unit_test(test_read_cpus),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
