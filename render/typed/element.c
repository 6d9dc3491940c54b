// SPDX-License-Identifier: BSD-2-Clause
/* Elements of maps as lines and objects, in bpftool's formats and in ours. */
#include <string.h>

#include "render/sink/bytes.h"
#include "render/typed/typed.h"
#include "shell/base/buf.h"
#include "shell/base/number.h"

static void put_number(struct buf *out, uint64_t v)
{
	char *to = buf_reserve(out, NUMBER_MAX);

	buf_commit(out, number_unsigned(to, v) - to);
}

static uint32_t inner_map_id(const void *value)
{
	uint32_t id;

	memcpy(&id, value, sizeof(id));
	return id;
}

/* In JSON, behind the value. */
static void put_inner_map(struct buf *out, const struct element_format *f, const void *value)
{
	if (!f->inner_map)
		return;
	buf_puts(out, ",\"inner_map_id\":");
	put_number(out, inner_map_id(value));
}

/* One value or key in JSON: typed where there is BTF, else bytes. */
static void put_value(struct buf *out, const struct typed *t, const void *p, size_t size,
		      enum typed_style style)
{
	if (t)
		typed_json(out, t, p, style);
	else
		bytes_json(out, p, size);
}

/* ,"NAME_hex":"0a0b" behind a value that TYPED_NICE does not give back whole. */
static void put_rest(struct buf *out, const struct typed *t, const void *p, size_t size,
		     const char *name)
{
	if (!t || typed_is_exact(t, p))
		return;
	buf_printf(out, ",\"%s_hex\":\"", name);
	bytes_hex(out, p, size);
	buf_putc(out, '"');
}

/* [{"cpu":0,"value":...}]; @t is NULL for bytes. */
static void put_cpus(struct buf *out, const struct element_format *f, const struct typed *t,
		     const uint8_t *value, enum typed_style style)
{
	uint32_t cpu;

	buf_putc(out, '[');
	for (cpu = 0; cpu < f->cpus; cpu++) {
		buf_puts(out, cpu ? ",{\"cpu\":" : "{\"cpu\":");
		put_number(out, cpu);
		buf_puts(out, ",\"value\":");
		put_value(out, t, value + cpu * element_stride(f), f->value_size, style);
		if (style == TYPED_NICE)
			put_rest(out, t, value + cpu * element_stride(f), f->value_size, "value");
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
}

static void put_formatted(struct buf *out, const struct element_format *f, const void *key,
			  const void *value)
{
	buf_puts(out, ",\"formatted\":{");
	if (f->key) {
		buf_puts(out, "\"key\":");
		typed_json(out, f->key, key, TYPED_BPFTOOL_JSON);
		buf_putc(out, ',');
	}
	if (f->cpus) {
		buf_puts(out, "\"values\":");
		put_cpus(out, f, f->value, value, TYPED_BPFTOOL_JSON);
	} else {
		buf_puts(out, "\"value\":");
		typed_json(out, f->value, value, TYPED_BPFTOOL_JSON);
	}
	buf_putc(out, '}');
}

void element_json(struct buf *out, const struct element_format *f, const void *key,
		  const void *value)
{
	buf_puts(out, "{\"key\":");
	bytes_json(out, key, f->key_size);
	buf_putc(out, ',');
	if (f->cpus) {
		buf_puts(out, "\"values\":");
		put_cpus(out, f, NULL, value, TYPED_BPFTOOL_JSON);
	} else {
		buf_puts(out, "\"value\":");
		bytes_json(out, value, f->value_size);
		put_inner_map(out, f, value);
	}
	if (f->value)
		put_formatted(out, f, key, value);
	buf_putc(out, '}');
}

/* A new line at @depth, in the look-alike of JSON. */
static void put_newline(struct buf *out, int depth)
{
	buf_putc(out, '\n');
	buf_pad(out, ' ', 4 * depth);
}

static void typed_cpus_plain(struct buf *out, const struct element_format *f, const uint8_t *value,
			     int depth)
{
	uint32_t cpu;

	buf_puts(out, "\"values\": [");
	for (cpu = 0; cpu < f->cpus; cpu++) {
		buf_puts(out, cpu ? ",{" : "{");
		put_newline(out, depth + 3);
		buf_puts(out, "\"cpu\": ");
		put_number(out, cpu);
		buf_putc(out, ',');
		put_newline(out, depth + 3);
		buf_puts(out, "\"value\": ");
		typed_plain(out, f->value, value + cpu * element_stride(f), depth + 3);
		put_newline(out, depth + 2);
		buf_putc(out, '}');
	}
	put_newline(out, depth + 1);
	buf_putc(out, ']');
}

/* An object, alone (@depth 0) or in the outermost array (1). */
static void element_plain_typed(struct buf *out, const struct element_format *f, const void *key,
				const void *value, int depth)
{
	buf_putc(out, '{');
	put_newline(out, depth + 1);
	if (f->key) {
		buf_puts(out, "\"key\": ");
		typed_plain(out, f->key, key, depth + 1);
		buf_putc(out, ',');
		put_newline(out, depth + 1);
	}
	if (f->cpus) {
		typed_cpus_plain(out, f, value, depth);
	} else {
		buf_puts(out, "\"value\": ");
		typed_plain(out, f->value, value, depth + 1);
	}
	put_newline(out, depth);
	buf_putc(out, '}');
}

static void cpus_plain(struct buf *out, const struct element_format *f, const void *key,
		       const uint8_t *value)
{
	uint32_t cpu;

	if (f->key_size) {
		buf_puts(out, "key:\n");
		bytes_plain(out, key, f->key_size);
		buf_putc(out, '\n');
	}
	for (cpu = 0; f->value_size && cpu < f->cpus; cpu++) {
		buf_puts(out, cpu < 10 ? "value (CPU 0" : "value (CPU ");
		put_number(out, cpu);
		buf_puts(out, f->value_size > 16 ? "):\n" : "): ");
		bytes_plain(out, value + cpu * element_stride(f), f->value_size);
		buf_putc(out, '\n');
	}
}

/* "key: 01 00  value: 02 00": on one line if both are short. */
static void bytes_element_plain(struct buf *out, const struct element_format *f, const void *key,
				const void *value)
{
	bool broken = f->key_size > 16 || f->value_size > 16;
	bool one_line = !broken && f->key_size + f->value_size <= 24;

	if (f->key_size) {
		buf_puts(out, broken ? "key:\n" : "key: ");
		bytes_plain(out, key, f->key_size);
		buf_puts(out, one_line ? "  " : "\n");
	}
	if (f->inner_map) {
		buf_puts(out, broken ? "inner_map_id:\n" : "inner_map_id: ");
		put_number(out, inner_map_id(value));
		buf_putc(out, ' ');
	} else if (f->value_size) {
		buf_puts(out, broken ? "value:\n" : "value: ");
		bytes_plain(out, value, f->value_size);
	}
	buf_putc(out, '\n');
}

static void key_plain(struct buf *out, const struct element_format *f, const void *key)
{
	buf_puts(out, "key: ");
	bytes_plain(out, key, f->key_size);
	buf_putc(out, '\n');
}

void element_plain(struct buf *out, const struct element_format *f, const void *key,
		   const void *value, int depth)
{
	if (f->value)
		element_plain_typed(out, f, key, value, depth);
	else if (f->cpus)
		cpus_plain(out, f, key, value);
	else if (f->beside)
		key_plain(out, f, key);
	else
		bytes_element_plain(out, f, key, value);
}

void element_nice_key(struct buf *out, const struct element_format *f, const void *key)
{
	put_value(out, f->key, key, f->key_size, TYPED_NICE);
}

void element_nice_value(struct buf *out, const struct element_format *f, const void *value)
{
	if (f->cpus)
		put_cpus(out, f, f->value, value, TYPED_NICE);
	else
		put_value(out, f->value, value, f->value_size, TYPED_NICE);
}

void element_nice(struct buf *out, const struct element_format *f, const void *key,
		  const void *value)
{
	buf_putc(out, '{');
	if (f->key_size) {
		buf_puts(out, "\"key\":");
		element_nice_key(out, f, key);
		put_rest(out, f->key, key, f->key_size, "key");
		buf_putc(out, ',');
	}
	buf_puts(out, f->cpus ? "\"values\":" : "\"value\":");
	element_nice_value(out, f, value);
	if (!f->cpus)
		put_rest(out, f->value, value, f->value_size, "value");
	put_inner_map(out, f, value);
	buf_putc(out, '}');
}
