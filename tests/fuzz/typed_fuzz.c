// SPDX-License-Identifier: BSD-2-Clause
/*
 * Hostile BTF, hostile text, and the promise that what is decoded in our style
 * is encoded to the same bytes.
 *
 * An input's first byte says what the rest is: 'b' BTF, 't' words (one a
 * line) for the values of a fixed type, anything else the seed of a round trip.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jv.h>
#include <string.h>

#include "render/typed/typed.h"
#include "shell/base/buf.h"
#include "tests/fuzz/fuzz.h"

#define VALUE_MAX 65536
#define TYPES_MAX 200

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "typed_fuzz: %s: %.2000s\n", what, text);
	abort();
}

static uint64_t next(uint64_t *rng)
{
	*rng ^= *rng << 13;
	*rng ^= *rng >> 7;
	*rng ^= *rng << 17;
	return *rng * 0x2545f4914f6cdd1dULL;
}

static uint32_t below(uint64_t *rng, uint32_t n)
{
	return (next(rng) >> 32) % n;
}

static void check_json(struct buf *text)
{
	jv v = jv_parse_sized(text->data, text->len);

	if (!jv_is_valid(v))
		fail("not JSON", buf_str(text));
	jv_free(v);
}

/* Prints one value in every style; the JSON ones must be JSON. */
static void print_all(const struct typed *t, const void *data)
{
	struct buf out = BUF_INIT;

	typed_json(&out, t, data, TYPED_BPFTOOL_JSON);
	check_json(&out);
	buf_reset(&out);
	typed_json(&out, t, data, TYPED_NICE);
	check_json(&out);
	buf_reset(&out);
	typed_plain(&out, t, data, 2);
	buf_reset(&out);
	typed_type_name(&out, t);
	buf_free(&out);
}

/* The sum over one CPU is the value itself; that over two like ones is JSON, and lacks nothing. */
static void check_sum(const struct typed *t, const void *data)
{
	struct element_format f = { .value = t, .value_size = typed_size(t), .cpus = 1 };
	uint8_t *two = xcalloc(2, element_stride(&f) + 1);
	struct buf one = BUF_INIT, sum = BUF_INIT;
	struct element_counter counters[4];
	size_t nr = element_counters(&f, counters, ARRAY_SIZE(counters));

	typed_json(&one, t, data, TYPED_NICE);
	element_sum(&sum, &f, data);
	/* Signalling NaNs become quiet ones. */
	if (!strstr(buf_str(&one), "nan(") && strcmp(buf_str(&one), buf_str(&sum)))
		fail("another sum over one CPU", buf_str(&sum));
	memcpy(two, data, f.value_size);
	memcpy(two + element_stride(&f), data, f.value_size);
	f.cpus = 2;
	buf_reset(&sum);
	if (!element_sum(&sum, &f, two))
		fail("equal values differ", buf_str(&sum));
	check_json(&sum);
	for (size_t i = 0; i < nr; i++) {
		element_count(&f, &counters[i], two);
		free(counters[i].name);
	}
	free(two);
	buf_free(&one);
	buf_free(&sum);
}

/* What is exported is imported with the same bytes, or (hostile names) not at all. */
static void check_export(const struct typed *t, const void *data)
{
	struct element_format f = { .value = t, .value_size = typed_size(t) };
	uint8_t *again = xmalloc(f.value_size + 1);
	struct buf text = BUF_INIT;
	struct typed_word word;
	struct diags d = { 0 };

	element_nice(&text, &f, NULL, data);
	word = (struct typed_word){ .s = text.data, .len = text.len };
	if (!element_read(&f, &word, NULL, again, &d) && memcmp(data, again, f.value_size))
		fail("another byte after an export", buf_str(&text));
	diags_clear(&d);
	free(again);
	buf_free(&text);
}

static void count_candidate(void *arg, const char *text, const char *note)
{
	*(size_t *)arg += strlen(text) + strlen(note);
}

static void fuzz_btf(const uint8_t *data, size_t size)
{
	struct btf *btf = btf__new(data, size);
	static uint8_t value[VALUE_MAX];
	uint32_t id, nr;
	size_t i;

	if (libbpf_get_error(btf))
		return;
	for (i = 0; i < VALUE_MAX; i++)
		value[i] = data[i % size] ^ i >> 8;
	nr = btf__type_cnt(btf);
	for (id = 0; id < nr && id < TYPES_MAX; id++) {
		struct diags d = { 0 };
		struct typed *t = typed_new(btf, id, data[id % size] % 64, &d);
		size_t candidates = 0;

		if (t && typed_size(t) <= VALUE_MAX) {
			print_all(t, value);
			check_sum(t, value);
			check_export(t, value);
			typed_complete(t, "", count_candidate, &candidates);
		}
		if (!t && !d.errors)
			fail("no type and no diagnostic", "");
		typed_free(t);
		diags_clear(&d);
	}
	btf__free(btf);
}

/* The types that random structs are made of. */
struct maker {
	struct btf *btf;
	uint64_t rng;
	int scalars[64], nr_scalars;
	int names;
};

static void add_scalar(struct maker *m, int id)
{
	if (id < 0)
		fail("libbpf refused a type", "");
	m->scalars[m->nr_scalars++] = id;
}

static void add_scalars(struct maker *m)
{
	static const struct { const char *name; int size, encoding; } ints[] = {
		{ "u8", 1, 0 }, { "u16", 2, 0 }, { "u32", 4, 0 }, { "u64", 8, 0 },
		{ "s8", 1, BTF_INT_SIGNED }, { "s16", 2, BTF_INT_SIGNED },
		{ "s32", 4, BTF_INT_SIGNED }, { "s64", 8, BTF_INT_SIGNED },
		{ "u128", 16, 0 }, { "s128", 16, BTF_INT_SIGNED }, { "_Bool", 1, BTF_INT_BOOL },
		{ "char", 1, BTF_INT_SIGNED }, { "byte_char", 1, BTF_INT_CHAR },
	};
	struct btf *btf = m->btf;
	size_t i;
	int id;

	for (i = 0; i < ARRAY_SIZE(ints); i++)
		add_scalar(m, btf__add_int(btf, ints[i].name, ints[i].size, ints[i].encoding));
	add_scalar(m, btf__add_typedef(btf, "letter", m->scalars[11]));
	add_scalar(m, btf__add_const(btf, m->scalars[2]));
	add_scalar(m, btf__add_ptr(btf, m->scalars[2]));
	add_scalar(m, btf__add_float(btf, "float", 4));
	add_scalar(m, btf__add_float(btf, "double", 8));
	add_scalar(m, btf__add_float(btf, "long double", 16));
	add_scalar(m, btf__add_float(btf, "half", 2));
	for (i = 1; i <= 8; i *= 2) {
		add_scalar(m, btf__add_enum(btf, "small_enum", i));
		btf__add_enum_value(btf, "E_ZERO", 0);
		btf__add_enum_value(btf, "E_ONE", 1);
		btf__add_enum_value(btf, "E_HIGH", 127);
		btf__add_enum_value(btf, "E_BYTE", 200);
		if (i == 4)
			btf__add_enum_value(btf, "E_NEGATIVE", -2);
		if (i == 8)
			btf__add_enum_value(btf, "E_32_BITS", UINT32_MAX);
	}
	for (i = 0; i < 2; i++) {
		id = btf__add_enum64(btf, i ? "s_enum64" : "u_enum64", 8, i);
		add_scalar(m, id);
		btf__add_enum64_value(btf, "E64_ONE", 1);
		btf__add_enum64_value(btf, "E64_TOP", UINT64_MAX);
		btf__add_enum64_value(btf, "E64_HIGH", 1ULL << 40);
	}
}

static int64_t size_of(const struct maker *m, int id)
{
	return btf__resolve_size(m->btf, id);
}

/* Bits of an integer or enum type that a bit-field may have; 0 for other types. */
static uint32_t field_bits(const struct maker *m, int id)
{
	const struct btf_type *t = btf__type_by_id(m->btf, id);

	while (btf_is_mod(t) || btf_is_typedef(t))
		t = btf__type_by_id(m->btf, t->type);
	if (btf_is_int(t) && (btf_int_encoding(t) & BTF_INT_BOOL))
		return 1;
	return btf_is_int(t) || btf_is_any_enum(t) ? 8 * t->size : 0;
}

static int make_type(struct maker *m, int depth);

struct field { int type; uint32_t bit, bits; bool anonymous; };

/* A struct or union: its types are made before it, as BTF is written in order. */
static int make_struct(struct maker *m, int depth)
{
	bool is_union = below(&m->rng, 4) == 0, tight = below(&m->rng, 2);
	uint32_t i, n = below(&m->rng, 7), end = 0, at = 0;
	struct field fields[8];
	char name[32];
	int id;

	for (i = 0; i < n; i++) {
		struct field *f = &fields[i];
		const struct btf_type *t;
		uint32_t most;

		*f = (struct field){ .type = make_type(m, depth + 1) };
		t = btf__type_by_id(m->btf, f->type);
		most = field_bits(m, f->type);
		f->anonymous = (btf_is_struct(t) || btf_is_union(t)) && below(&m->rng, 2);
		if (most && below(&m->rng, 3) == 0)
			f->bits = 1 + below(&m->rng, most < 64 ? most : 64);
		else if (!tight || at % 8)
			at = (at + 63) / 64 * 64;
		f->bit = is_union ? 0 : at;
		if (!is_union)
			at += f->bits ? f->bits : 8 * size_of(m, f->type);
		if (f->bit + (f->bits ? f->bits : 8 * size_of(m, f->type)) > end)
			end = f->bit + (f->bits ? f->bits : 8 * size_of(m, f->type));
	}
	end = (end + 7) / 8 + below(&m->rng, 4);
	snprintf(name, sizeof(name), "s%d", m->names++);
	id = is_union ? btf__add_union(m->btf, name, end) : btf__add_struct(m->btf, name, end);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "f%d", m->names++);
		if (btf__add_field(m->btf, fields[i].anonymous ? NULL : name, fields[i].type,
				   fields[i].bit, fields[i].bits) < 0)
			fail("libbpf refused a field", name);
	}
	return id;
}

static int make_type(struct maker *m, int depth)
{
	uint32_t kind = below(&m->rng, 8);

	if (depth < 4 && kind < 2)
		return make_struct(m, depth);
	if (depth < 4 && kind == 2)
		return btf__add_array(m->btf, m->scalars[2], make_type(m, depth + 1),
				      below(&m->rng, 6));
	if (kind == 3)
		return btf__add_array(m->btf, m->scalars[2], m->scalars[11],
				      below(&m->rng, 12));
	return m->scalars[below(&m->rng, m->nr_scalars)];
}

/*
 * Sets in @mask the bits that belong to a value of @id; the rest is padding. A
 * flexible array at its end takes what is left of @room bytes.
 */
static void cover(const struct btf *btf, int id, uint8_t *mask, size_t room)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	uint32_t i, b;

	while (btf_is_mod(t) || btf_is_typedef(t))
		t = btf__type_by_id(btf, id = t->type);
	if (btf_is_array(t)) {
		size_t size = btf__resolve_size(btf, btf_array(t)->type);
		size_t nr = btf_array(t)->nelems;

		if (!nr && size)
			nr = room / size;
		for (i = 0; i < nr; i++)
			cover(btf, btf_array(t)->type, mask + i * size, 0);
	} else if (btf_is_struct(t) || btf_is_union(t)) {
		for (i = 0; i < btf_vlen(t); i++) {
			uint32_t bit = btf_member_bit_offset(t, i);
			uint32_t bits = btf_member_bitfield_size(t, i);

			bool last = room && btf_is_struct(t) && i == btf_vlen(t) - 1u;

			if (!bits)
				cover(btf, btf_members(t)[i].type, mask + bit / 8,
				      last ? room - bit / 8 : 0);
			for (b = bit; b < bit + bits; b++)
				mask[b / 8] |= __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
					       1 << b % 8 : 0x80 >> b % 8;
		}
	} else {
		memset(mask, 0xff, btf__resolve_size(btf, id));
	}
}

static uint8_t random_byte(uint64_t *rng, uint32_t mood)
{
	static const char text[] = "ab'\"\\\t\n z\x7f\xc3\xa9";

	if (mood == 0)
		return 0;
	if (mood == 1)
		return text[below(rng, sizeof(text))];
	if (mood == 2)
		return below(rng, 3) ? 0 : below(rng, 3);
	if (mood == 3)
		return 0xff;
	return below(rng, 8) ? next(rng) >> 32 : 0xff;
}

static void show_diags(const struct diags *d, const char *text)
{
	struct buf out = BUF_INIT;

	diags_text(&out, d, false);
	buf_puts(&out, text);
	fail("encoding what was decoded", buf_str(&out));
}

/* All bytes through a line of an export, and through bpftool's bytes. */
static void check_element(const struct typed *t, const uint8_t *data, uint8_t *again)
{
	struct element_format f = { .value = t, .value_size = typed_size(t) };
	struct buf text = BUF_INIT;
	struct typed_word word;
	struct diags d = { 0 };

	element_nice(&text, &f, NULL, data);
	word = (struct typed_word){ .s = text.data, .len = text.len };
	if (element_read(&f, &word, NULL, again, &d) < 0)
		show_diags(&d, buf_str(&text));
	if (memcmp(data, again, f.value_size))
		fail("another byte after an export", buf_str(&text));
	buf_reset(&text);
	element_json(&text, &f, NULL, data);
	check_json(&text);
	word = (struct typed_word){ .s = text.data, .len = text.len };
	if (f.value_size && element_read(&f, &word, NULL, again, &d) < 0)
		show_diags(&d, buf_str(&text));
	if (memcmp(data, again, f.value_size))
		fail("another byte after a dump", buf_str(&text));
	buf_free(&text);
}

/* A value is exact where its padding is zero, and the same as one with other padding. */
static void check_gaps(const struct typed *t, const uint8_t *data, uint8_t *other,
		       const uint8_t *mask)
{
	size_t i, size = typed_size(t);
	bool exact = true;

	for (i = 0; i < size; i++) {
		exact &= !(data[i] & ~mask[i]);
		other[i] = data[i] ^ (uint8_t)~mask[i];
	}
	if (typed_is_exact(t, data) != exact)
		fail("not as exact as it is", "");
	if (!typed_same_fields(t, data, other))
		fail("other padding, other fields", "");
	for (i = 0; i < size && !mask[i]; i++)
		;
	if (i == size)
		return;
	other[i] ^= mask[i];
	if (typed_same_fields(t, data, other))
		fail("other fields are the same", "");
}

/* Decodes @data, encodes the text, and compares what is no padding. */
static void check_round_trip(const struct btf *btf, int id, const struct typed *t,
			     const uint8_t *data)
{
	size_t i, size = typed_size(t);
	uint8_t *mask = xcalloc(1, size + 1), *again = xmalloc(size + 1);
	struct typed_target target = { "value", size, t };
	struct buf text = BUF_INIT;
	struct typed_word word;
	struct diags d = { 0 };

	cover(btf, id, mask, size);
	typed_json(&text, t, data, TYPED_NICE);
	check_json(&text);
	/* At the prompt, a scalar comes without JSON's quotes. */
	word = (struct typed_word){ .s = text.data, .len = text.len };
	if (text.data[0] == '"' && !memchr(text.data, '\\', text.len)) {
		word = (struct typed_word){ text.data + 1, text.len - 2, .quoted = true };
	} else if (text.data[0] == '"') {
		goto out;
	}
	if (typed_encode(&target, &word, 1, again, &d) < 0)
		show_diags(&d, buf_str(&text));
	for (i = 0; i < size; i++)
		if ((data[i] ^ again[i]) & mask[i] || again[i] & ~mask[i])
			fail("another byte after a round trip", buf_str(&text));
out:
	check_element(t, data, again);
	check_gaps(t, data, again, mask);
	free(mask);
	free(again);
	buf_free(&text);
}

static void fuzz_round_trip(uint64_t seed)
{
	struct maker m = { .btf = btf__new_empty(), .rng = seed | 1 };
	struct diags d = { 0 };
	struct typed *t;
	uint8_t *data;
	int id, i;

	add_scalars(&m);
	id = make_type(&m, 0);
	t = typed_new(m.btf, id, size_of(&m, id) + below(&m.rng, 9), &d);
	if (!t)
		show_diags(&d, "a good type is refused");
	data = xcalloc(1, typed_size(t) + 1);
	for (i = 0; i < 8; i++) {
		uint32_t mood = below(&m.rng, 5);
		size_t at;

		for (at = 0; at < typed_size(t); at++)
			data[at] = random_byte(&m.rng, mood);
		print_all(t, data);
		check_sum(t, data);
		check_round_trip(m.btf, id, t, data);
	}
	free(data);
	typed_free(t);
	btf__free(m.btf);
}

/* A struct with a bit of everything, for text. */
static struct typed *fixed_type(struct btf **btf)
{
	struct maker m = { .btf = btf__new_empty() };
	static const int wanted[] = { 0, 1, 2, 3, 4, 7, 8, 10, 11, 12, 15, 16, 17, 22, 24 };
	struct diags d = { 0 };
	uint32_t i, at = 0;
	char name[8];
	int id, array, text, inner;

	add_scalars(&m);
	array = btf__add_array(m.btf, m.scalars[2], m.scalars[2], 3);
	text = btf__add_array(m.btf, m.scalars[2], m.scalars[11], 8);
	inner = btf__add_union(m.btf, "both", 12);
	btf__add_field(m.btf, "words", array, 0, 0);
	btf__add_field(m.btf, "low", m.scalars[6], 0, 5);
	id = btf__add_struct(m.btf, "all", 200);
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		snprintf(name, sizeof(name), "%c", 'a' + i);
		btf__add_field(m.btf, name, m.scalars[wanted[i]], at, 0);
		at += 8 * size_of(&m, m.scalars[wanted[i]]);
	}
	btf__add_field(m.btf, "text", text, at, 0);
	btf__add_field(m.btf, NULL, inner, at + 64, 0);
	btf__add_field(m.btf, "u", inner, at + 160, 0);
	*btf = m.btf;
	return typed_new(m.btf, id, 0, &d);
}

static size_t split_words(const char *text, size_t len, struct typed_word *words, size_t most)
{
	const struct source *src = NULL;
	size_t nr = 0, start = 0, i;

	for (i = 0; i <= len && nr < most; i++) {
		if (i < len && text[i] != '\n')
			continue;
		words[nr++] = (struct typed_word){
			text + start, i - start, { src, start, i }, i > start && text[start] == '\''
		};
		start = i + 1;
	}
	return nr;
}

/* The text as one element: of the fixed type per CPU, and of bytes. */
static void fuzz_element(const struct typed *t, const char *text, size_t len)
{
	struct element_format f = { NULL, t, 4, typed_size(t), 3 }, bytes = { .value_size = 4 };
	struct typed_word word = { text, len };
	uint8_t *value = xmalloc(3 * element_stride(&f)), key[4];
	struct diags d = { 0 };

	element_read(&f, &word, key, value, &d);
	element_read(&bytes, &word, key, value, &d);
	diags_clear(&d);
	free(value);
}

static void fuzz_words(const char *text, size_t len)
{
	struct btf *btf;
	struct typed *t = fixed_type(&btf);
	size_t sizes[] = { 0, 1, 4, 8, 16, 20 }, nr, i, count = 0;
	uint8_t bytes[256];
	struct typed_word words[64];
	struct diags d = { 0 };
	char *prefix = xstrndup(text, len);

	nr = split_words(text, len, words, ARRAY_SIZE(words));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct typed_target target = { "key", sizes[i], .lpm = sizes[i] % 12 == 8 };

		typed_encode(&target, words, nr, bytes, &d);
		diags_clear(&d);
	}
	struct typed_target target = { "value", typed_size(t), t };

	if (!typed_encode(&target, words, nr, bytes, &d)) {
		print_all(t, bytes);
	} else if (!d.errors) {
		fail("failed without a diagnostic", prefix);
	}
	diags_clear(&d);
	target.keep = true;
	typed_encode(&target, words, nr, bytes, &d);
	typed_complete(t, prefix, count_candidate, &count);
	diags_clear(&d);
	fuzz_element(t, text, len);
	free(prefix);
	typed_free(t);
	btf__free(btf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t seed = 0;

	if (!size)
		return 0;
	if (*data == 'b' && size > 1) {
		fuzz_btf(data + 1, size - 1);
	} else if (*data == 't') {
		fuzz_words((const char *)data + 1, size - 1);
	} else {
		memcpy(&seed, data, size < sizeof(seed) ? size : sizeof(seed));
		fuzz_round_trip(seed);
	}
	return 0;
}

/* Random BTF: a good one with a few bytes changed. */
static void random_btf(uint64_t *rng)
{
	struct maker m = { .btf = btf__new_empty(), .rng = next(rng) | 1 };
	const void *raw;
	uint8_t *input;
	uint32_t size, changes;

	add_scalars(&m);
	make_type(&m, 0);
	make_struct(&m, 0);
	raw = btf__raw_data(m.btf, &size);
	input = xmalloc(size + 1);
	input[0] = 'b';
	memcpy(input + 1, raw, size);
	for (changes = below(rng, 6); changes; changes--) {
		uint32_t at = 1 + (below(rng, 4) ? sizeof(struct btf_header) +
				   below(rng, size - sizeof(struct btf_header)) : below(rng, size));

		input[at] = below(rng, 2) ? next(rng) >> 24 : input[at] + below(rng, 3) - 1;
	}
	LLVMFuzzerTestOneInput(input, size + 1);
	free(input);
	btf__free(m.btf);
}

/* Random words, of pieces that the grammar knows. */
static void random_words(uint64_t *rng)
{
	static const char *const pieces[] = {
		"a", "b", "text", "words", "low", "u", "=", "=", "=", ".", "[", "]", "{", "}",
		":", ",", "\"", "1", "0", "-1", "255", "256", "0xff", "E_ONE", "E_TYPO", "E64_TOP",
		"true", "nan(0x1)", "1.5e3", "inf", "be", "hex", "10.0.0.1", "/8", "::1",
		"aa:bb:cc:dd:ee:ff", "\n", "\n", " ", "\\u00e9", "\\ud800\\udc00", "\\", "'",
		"99999999999999999999999999999999999999999", "null", "\x01\xff", "[1,2]",
		"{\"a\":1,\"b\":2}", "{words:[1,2,3]}", "a=1\n", "u.words[2]=7\n",
		"{\"key\":[1,2,3,4],\"value\":", "\"values\":[{\"cpu\":0,\"value\":", "}]}",
		"k", "l", "m", "n", "o", "e", "f", "g", "h", "i", "j", "c", "d", "#1",
	};
	struct buf text = BUF_INIT;
	uint32_t n = below(rng, 24);

	buf_putc(&text, 't');
	while (n--)
		buf_puts(&text, pieces[below(rng, ARRAY_SIZE(pieces))]);
	LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.len);
	buf_free(&text);
}

static void run_random(void)
{
	uint64_t rng = (uint64_t)random() << 32 | random() | 1;

	switch (next(&rng) % 3) {
	case 0:
		fuzz_round_trip(next(&rng));
		break;
	case 1:
		random_words(&rng);
		break;
	default:
		random_btf(&rng);
	}
}

FUZZ_MAIN(run_random)
