// SPDX-License-Identifier: BSD-2-Clause
/* Elements of maps from the JSON that a dump or an export wrote. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed_encoder.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"

#define MASK_SMALL 256

/* An element that is being read: the encoder turns from the key to the value and back. */
struct element_reader {
	const struct element_format *f;
	struct encoder e;
	struct typed_reader r;
	struct typed_target key, value;
	uint8_t *mask;
	bool has_key, has_value;
};

static bool next_is_name(struct typed_reader *r, const char *name)
{
	bool quoted = typed_next_is(r, '"');
	size_t len = strlen(name);

	if ((size_t)(r->end - r->p) < len + quoted || memcmp(r->p, name, len) ||
	    (quoted && r->p[len] != '"'))
		return false;
	r->p += len + quoted;
	return typed_next_is(r, ':');
}

/* All bytes of a part, behind its fields: of those the ones that stand here must be the same. */
static int read_rest(struct element_reader *er, const char *name)
{
	struct typed_reader ahead = er->r;
	struct piece digits;

	if (!typed_next_is(&ahead, ',') || !next_is_name(&ahead, name))
		return 0;
	er->r = ahead;
	if (!typed_next_is(&er->r, '"'))
		return typed_expected(&er->r, NULL, "hexadecimal digits in quotes");
	return typed_read_string(&er->r, NULL, &digits) < 0 ? -1 : encode_digits(&er->e, digits);
}

static int read_part(struct element_reader *er, const struct typed_target *target, void *out)
{
	encoder_begin(&er->e, target, out, er->mask);
	if (typed_read_whole(&er->r) < 0)
		return -1;
	return read_rest(er, target == &er->key ? "key_hex" : "value_hex");
}

/* To the end of a string whose first quote is at @p: its last quote, or @end. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && end - p > 1)
			p++;
	return p;
}

/* Passes over a value, up to the comma or bracket behind it; false where there is none. */
static bool pass_value(struct typed_reader *r)
{
	static const int64_t steps[256] = {
		['['] = 1, [']'] = -1, ['{'] = 1LL << 32, ['}'] = -(1LL << 32),
	};
	int64_t open = 0;	/* brackets, and braces above them */

	for (; r->p < r->end; r->p++) {
		int64_t step = steps[(uint8_t)*r->p];

		if (!open && (step < 0 || *r->p == ','))
			return true;
		open += step;
		if (*r->p == '"')
			r->p = string_end(r->p, r->end);
		if (r->p == r->end)
			break;
	}
	return false;
}

static int skip_value(struct typed_reader *r)
{
	return pass_value(r) ? 0 : typed_expected(r, NULL, "a value");
}

/* One value for every CPU. */
static int read_for_all(struct element_reader *er, uint8_t *value)
{
	size_t stride = element_stride(er->f);
	uint32_t cpu;

	if (read_part(er, &er->value, value) < 0)
		return -1;
	for (cpu = 1; cpu < er->f->cpus; cpu++)
		memcpy(value + cpu * stride, value, er->f->value_size);
	return 0;
}

/* The number of a possible CPU, or -1. */
static int64_t read_cpu(struct element_reader *er)
{
	struct piece p;
	struct number number;

	typed_skip_blanks(&er->r);
	p = (struct piece){ .s = er->r.p };
	while (p.len < er->r.end - p.s && p.s[p.len] >= '0' && p.s[p.len] <= '9')
		p.len++;
	if (!typed_parse_number(p, &number) || number.v >= er->f->cpus)
		return encode_error(&er->e, NULL, p, "expected a CPU below %u", er->f->cpus);
	er->r.p += p.len;
	return number.v;
}

/* @before, then the name @wanted and its colon */
static int read_given_name(struct typed_reader *r, char before, const char *wanted)
{
	struct piece name;

	if (!typed_next_is(r, before))
		return typed_expected(r, NULL, "{\"cpu\":N,\"value\":...}");
	if (typed_read_name(r, NULL, &name) < 0)
		return -1;
	if (!piece_is(name, wanted))
		return encode_error(r->e, NULL, name, "expected \"%s\"", wanted);
	return typed_next_is(r, ':') ? 0 : typed_expected(r, NULL, "':'");
}

/* {"cpu":0,"value":V}, in this order */
static int read_one_cpu(struct element_reader *er, uint8_t *value)
{
	struct typed_reader *r = &er->r;
	int64_t cpu;

	if (read_given_name(r, '{', "cpu") < 0)
		return -1;
	cpu = read_cpu(er);
	if (cpu < 0 || read_given_name(r, ',', "value") < 0)
		return -1;
	if (read_part(er, &er->value, value + cpu * element_stride(er->f)) < 0)
		return -1;
	return typed_next_is(r, '}') ? 0 : typed_expected(r, NULL, "'}'");
}

static int read_cpus(struct element_reader *er, uint8_t *value)
{
	if (!typed_next_is(&er->r, '['))
		return typed_expected(&er->r, NULL, "'['");
	memset(value, 0, er->f->cpus * element_stride(er->f));
	if (typed_next_is(&er->r, ']'))
		return 0;
	do {
		if (read_one_cpu(er, value) < 0)
			return -1;
	} while (typed_next_is(&er->r, ','));
	return typed_next_is(&er->r, ']') ? 0 : typed_expected(&er->r, NULL, "',' or ']'");
}

/* What dumps have beside key and value to explain them. */
static bool is_explanation(struct piece name)
{
	static const char *const names[] = {
		"formatted", "inner_map_id", "inner_map_type", "inner_map_name", "inner_map_state",
		"elements", "prog_id", "prog_name", "prog_state",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (piece_is(name, names[i]))
			return true;
	return false;
}

static int read_named(struct element_reader *er, struct piece name, void *key, void *value)
{
	if (piece_is(name, "key")) {
		er->has_key = true;
		return read_part(er, &er->key, key);
	}
	if (piece_is(name, "value")) {
		er->has_value = true;
		return read_for_all(er, value);
	}
	if (piece_is(name, "values") && er->f->cpus) {
		er->has_value = true;
		return read_cpus(er, value);
	}
	if (is_explanation(name))
		return skip_value(&er->r);
	return encode_error(&er->e, NULL, name, "expected \"key\", \"value\" or \"formatted\"");
}

static int read_members(struct element_reader *er, void *key, void *value)
{
	struct typed_reader *r = &er->r;
	struct piece name;

	if (!typed_next_is(r, '{'))
		return typed_expected(r, NULL, "'{'");
	do {
		if (typed_read_name(r, NULL, &name) < 0)
			return -1;
		if (!typed_next_is(r, ':'))
			return typed_expected(r, NULL, "':'");
		if (read_named(er, name, key, value) < 0)
			return -1;
		er->e.target = &er->value;
	} while (typed_next_is(r, ','));
	if (!typed_next_is(r, '}'))
		return typed_expected(r, NULL, "',' or '}'");
	typed_skip_blanks(r);
	if (r->p < r->end)
		return typed_expected(r, NULL, "the end");
	if (er->f->key_size && !er->has_key)
		return diag_error(er->e.d, er->e.span, "the element has no \"key\"");
	if (!er->has_value)
		return diag_error(er->e.d, er->e.span, "the element has no \"value\"");
	return 0;
}

/* Begins to read @json as a value; @small is a mask for elements that are no larger. */
static void reader_begin(struct element_reader *er, const struct element_format *f,
			 const struct typed_word *json, uint8_t small[MASK_SMALL], struct diags *d)
{
	size_t mask_size = f->key_size > f->value_size ? f->key_size : f->value_size;

	*er = (struct element_reader){
		.f = f,
		.key = { "key", f->key_size, f->key },
		.value = { "value", f->value_size, f->value },
		.mask = mask_size > MASK_SMALL ? xmalloc(mask_size) : small,
		.e = {
			.d = d, .span = json->span, .source = { json->s, json->len },
			.exact = json->span.end - json->span.start == json->len,
		},
	};
	er->e.target = &er->value;
	er->r = (struct typed_reader){ &er->e, json->s, json->s + json->len };
}

static void reader_end(struct element_reader *er, uint8_t *small)
{
	if (er->mask != small)
		free(er->mask);
	buf_free(&er->e.scratch);
}

int element_read(const struct element_format *f, const struct typed_word *json, void *key,
		 void *value, struct diags *d)
{
	struct element_reader er;
	uint8_t mask[MASK_SMALL];
	int err;

	reader_begin(&er, f, json, mask, d);
	err = read_members(&er, key, value);
	reader_end(&er, mask);
	return err;
}

/* Values in the list at @r, or -1 where there is none. */
static int64_t count_values(struct typed_reader r)
{
	int64_t nr = 0;

	if (!typed_next_is(&r, '['))
		return -1;
	if (typed_next_is(&r, ']'))
		return 0;
	do {
		if (!pass_value(&r))
			return -1;
		nr++;
	} while (typed_next_is(&r, ','));
	return typed_next_is(&r, ']') ? nr : -1;
}

/* Whether {"cpu":N,"value":... is next. */
static bool names_cpu(struct typed_reader r)
{
	return typed_next_is(&r, '{') && next_is_name(&r, "cpu") && pass_value(&r) &&
	       typed_next_is(&r, ',') && next_is_name(&r, "value");
}

/* Whether the list at @r has values of type @t in it, and is not itself one that is an array. */
static bool lists_values(struct typed_reader r, const struct typed *t)
{
	const struct node *n = typed_root(t);

	typed_next_is(&r, '[');
	for (; n->kind == NODE_ARRAY; n = &t->nodes[n->first]) {
		if (n->text && typed_next_is(&r, '"'))
			return true;
		if (!typed_next_is(&r, '['))
			return false;
	}
	return true;
}

/* The list's values: of the CPUs that they name, or of one CPU after the other. */
static int read_list(struct element_reader *er, uint8_t *value)
{
	struct typed_reader *r = &er->r;
	uint32_t cpu = 0;

	typed_next_is(r, '[');
	do {
		int err = cpu == er->f->cpus ? typed_expected(r, NULL, "']'") :
			  names_cpu(*r) ? read_one_cpu(er, value) :
			  read_part(er, &er->value, value + cpu * element_stride(er->f));

		if (err < 0)
			return -1;
		cpu++;
	} while (typed_next_is(r, ','));
	if (!typed_next_is(r, ']'))
		return typed_expected(r, NULL, "',' or ']'");
	typed_skip_blanks(r);
	return r->p < r->end ? typed_expected(r, NULL, "the end") : 0;
}

int element_read_cpus(const struct element_format *f, const struct typed_word *json, void *value,
		      struct diags *d)
{
	struct element_reader er;
	uint8_t mask[MASK_SMALL];
	struct typed_reader first;
	int64_t nr;
	bool named;
	int err = 1;

	reader_begin(&er, f, json, mask, d);
	first = er.r;
	nr = count_values(er.r);
	named = typed_next_is(&first, '[') && names_cpu(first);
	if (nr == f->cpus && (named || !f->value || lists_values(er.r, f->value)))
		err = read_list(&er, value);
	else if (nr >= 0 && (named || (f->value && nr != f->value_size &&
				       lists_values(er.r, f->value))))
		err = encode_error(&er.e, NULL, er.e.source, "%" PRId64 " value%s for %u CPUs", nr,
				   nr == 1 ? "" : "s", f->cpus);
	reader_end(&er, mask);
	return err;
}
