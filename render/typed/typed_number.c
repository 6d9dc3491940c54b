// SPDX-License-Identifier: BSD-2-Clause
/* Values as numbers: per-CPU ones added up, and the counters inside of one. */
#include <inttypes.h>
#include <string.h>

#include "render/typed/typed.h"
#include "render/typed/typed_plan.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/number.h"

/* Digits of a number that is printed in two parts: the largest power of ten in 64 bits. */
#define LOW_DIGITS 10000000000000000000ull

/* Whether an integer stands there: no enum, bool, char or pointer, and not wider than 64 bits. */
static bool is_integer(const struct typed_place *at)
{
	const struct node *n = place_node(at);

	if (n->text || n->mark.len)
		return false;
	return n->kind <= NODE_S64 || (n->kind == NODE_BITS && n->bits <= 64);
}

unsigned int typed_counter_bits(const struct typed_place *place)
{
	const struct node *n = place_node(place);

	if (!is_integer(place))
		return 0;
	return place->bits ? place->bits : n->kind == NODE_BITS ? n->bits : 8 * n->size;
}

/* The bits of an integer, with its sign to 64. */
static uint64_t load_integer(const struct typed_place *at, const uint8_t *data)
{
	const struct node *n = place_node(at);
	unsigned int bits = at->bits, bit = at->bit;
	uint64_t v;

	data += at->offset;
	if (!bits && n->kind == NODE_BITS) {
		data += n->bit / 8;
		bit = n->bit % 8;
		bits = n->bits;
	}
	v = bits ? (uint64_t)bits_load(data, bit, bits) : load_unsigned(data, n->size);
	return n->is_signed ? (uint64_t)sign_extend(v, typed_counter_bits(at)) : v;
}

/* The values of one element, on all CPUs, on their way into one. */
struct sum {
	const struct element_format *f;
	const uint8_t *values;
	struct buf *out;
	int overlap;		/* inside so many unions, where no number is one for sure */
	bool differs;		/* what is no number differs between CPUs */
};

static const uint8_t *value_on(const struct sum *s, uint32_t cpu)
{
	return s->values + cpu * element_stride(s->f);
}

/* A sum of integers is exact: 64 bits from each CPU fit into 128. */
static void put_total(struct buf *out, __int128 total)
{
	unsigned __int128 v = total < 0 ? -(unsigned __int128)total : (unsigned __int128)total;

	buf_puts(out, total < 0 ? "-" : "");
	if (v >> 64)
		buf_printf(out, "%" PRIu64 "%019" PRIu64, (uint64_t)(v / LOW_DIGITS),
			   (uint64_t)(v % LOW_DIGITS));
	else
		buf_printf(out, "%" PRIu64, (uint64_t)v);
}

static void sum_integers(struct sum *s, const struct typed_place *at)
{
	__int128 total = 0;

	for (uint32_t cpu = 0; cpu < s->f->cpus; cpu++) {
		uint64_t v = load_integer(at, value_on(s, cpu));

		total += place_node(at)->is_signed ? (__int128)(int64_t)v : (__int128)v;
	}
	put_total(s->out, total);
}

static double load_float(const struct typed_place *at, const uint8_t *data)
{
	double v8;
	float v4;

	if (place_node(at)->size == sizeof(v4)) {
		memcpy(&v4, data + at->offset, sizeof(v4));
		return v4;
	}
	memcpy(&v8, data + at->offset, sizeof(v8));
	return v8;
}

static void sum_floats(struct sum *s, const struct typed_place *at)
{
	char *to = buf_reserve(s->out, NUMBER_MAX), *end;
	double total = load_float(at, s->values);
	float narrow;

	for (uint32_t cpu = 1; cpu < s->f->cpus; cpu++)
		total += load_float(at, value_on(s, cpu));
	narrow = total;
	end = place_node(at)->size == sizeof(narrow) ? number_float(to, &narrow, sizeof(narrow)) :
	      number_float(to, &total, sizeof(total));
	buf_commit(s->out, end - to);
}

static bool agrees(const struct sum *s, const struct typed_place *at, const uint8_t *one,
		   const uint8_t *other)
{
	if (at->bits)
		return bits_load(one + at->offset, at->bit, at->bits) ==
		       bits_load(other + at->offset, at->bit, at->bits);
	return !memcmp(one + at->offset, other + at->offset, place_node(at)->size);
}

/* What cannot be added is shown where it is the same on all CPUs, else null. */
static void sum_other(struct sum *s, const struct typed_place *at)
{
	bool same = true;

	for (uint32_t cpu = 1; cpu < s->f->cpus && same; cpu++)
		same = agrees(s, at, value_on(s, 0), value_on(s, cpu));
	if (same || place_node(at)->mark.len) {
		typed_place_json(s->out, at, s->values, TYPED_NICE);
	} else {
		buf_puts(s->out, "null");
		s->differs = true;
	}
}

static void sum_place(struct sum *s, const struct typed_place *at);

static void sum_array(struct sum *s, const struct typed_place *at)
{
	buf_putc(s->out, '[');
	for (uint32_t i = 0; i < place_node(at)->nr; i++) {
		struct typed_place element = typed_element(at, i);

		buf_puts(s->out, i ? "," : "");
		sum_place(s, &element);
	}
	buf_putc(s->out, ']');
}

/* Members, as TYPED_NICE lists them: those of anonymous structs and unions too. */
static void sum_members(struct sum *s, const struct typed_place *at, bool *first)
{
	const struct typed *t = at->type;
	const struct node *n = place_node(at);

	s->overlap += n->kind == NODE_UNION;
	for (uint32_t i = 0; i < n->nr; i++) {
		const struct member *m = &t->members[n->first + i];
		struct typed_place inner = *at;

		typed_to_member(&inner, m);
		if (m->anonymous) {
			sum_members(s, &inner, first);
			continue;
		}
		/* The label begins with the comma that the first one goes without. */
		buf_add(s->out, typed_text(t, m->nice_label) + *first, m->nice_label.len - *first);
		*first = false;
		sum_place(s, &inner);
	}
	s->overlap -= n->kind == NODE_UNION;
}

static void sum_place(struct sum *s, const struct typed_place *at)
{
	const struct node *n = place_node(at);
	bool first = true;

	if (n->mark.len) {
		sum_other(s, at);
	} else if (is_compound(n)) {
		buf_putc(s->out, '{');
		sum_members(s, at, &first);
		buf_putc(s->out, '}');
	} else if (n->kind == NODE_ARRAY && !n->text) {
		sum_array(s, at);
	} else if (!s->overlap && is_integer(at)) {
		sum_integers(s, at);
	} else if (!s->overlap && n->kind == NODE_FLOAT) {
		sum_floats(s, at);
	} else {
		sum_other(s, at);
	}
}

/* Without BTF a value of these sizes is taken for a number in host order. */
static bool is_plain_number(uint32_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

bool element_is_number(const struct element_format *f)
{
	return f->value || is_plain_number(f->value_size);
}

bool element_sum(struct buf *out, const struct element_format *f, const void *values)
{
	struct sum s = { .f = f, .values = values, .out = out };
	__int128 total = 0;

	if (f->value) {
		struct typed_place whole = typed_whole(f->value);

		sum_place(&s, &whole);
		return !s.differs;
	}
	for (uint32_t cpu = 0; cpu < f->cpus; cpu++)
		total += load_unsigned(value_on(&s, cpu), f->value_size);
	put_total(out, total);
	return true;
}

/* Counters that are being looked for, each with its path as a name. */
struct search {
	struct element_counter *list;
	size_t nr, max;
	struct buf path;
};

static void find_counters(struct search *s, const struct typed_place *at);

static void find_in_members(struct search *s, const struct typed_place *at)
{
	const struct typed *t = at->type;
	const struct node *n = place_node(at);
	size_t len = s->path.len;

	for (uint32_t i = 0; i < n->nr && s->nr < s->max; i++) {
		const struct member *m = &t->members[n->first + i];
		struct typed_place inner = *at;

		typed_to_member(&inner, m);
		if (!m->anonymous)
			buf_printf(&s->path, "%s%s", len ? "." : "", typed_text(t, m->name));
		find_counters(s, &inner);
		s->path.len = len;
	}
}

static void find_counters(struct search *s, const struct typed_place *at)
{
	const struct node *n = place_node(at);
	size_t len = s->path.len;

	if (n->mark.len || n->kind == NODE_UNION)
		return;
	if (is_compound(n)) {
		find_in_members(s, at);
	} else if (n->kind == NODE_ARRAY && !n->text) {
		for (uint32_t i = 0; i < n->nr && s->nr < s->max; i++) {
			struct typed_place element = typed_element(at, i);

			buf_printf(&s->path, "[%u]", i);
			find_counters(s, &element);
			s->path.len = len;
		}
	} else if (is_integer(at) && s->nr < s->max) {
		s->list[s->nr++] = (struct element_counter){
			.name = len ? xstrndup(s->path.data, len) : NULL, .at = *at,
			.bits = typed_counter_bits(at),
		};
	}
}

size_t element_counters(const struct element_format *f, struct element_counter *list, size_t max)
{
	struct search s = { .list = list, .max = max };
	struct typed_place whole;

	if (!f->value) {
		*list = (struct element_counter){ .bits = 8 * f->value_size };
		return max && is_plain_number(f->value_size);
	}
	whole = typed_whole(f->value);
	find_counters(&s, &whole);
	buf_free(&s.path);
	return s.nr;
}

uint64_t element_count(const struct element_format *f, const struct element_counter *c,
		       const void *value)
{
	uint32_t cpu = 0;
	uint64_t total = 0;

	do {
		const uint8_t *one = (const uint8_t *)value + cpu * element_stride(f);

		total += f->value ? load_integer(&c->at, one) : load_unsigned(one, f->value_size);
	} while (++cpu < f->cpus);
	return total;
}
