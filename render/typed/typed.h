/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Typed data, both ways: bytes of a map to text through BTF, and words that
 * somebody typed to bytes.
 *
 * A BTF type is compiled once into a plan (struct typed) whose offsets are
 * checked and whose names are escaped; printing a value walks the plan,
 * allocates nothing, and needs typed_size() bytes of data. A plan is
 * read-only after typed_new(), so it may be shared. It borrows the BTF, which
 * must outlive it. Facts about BTF: linux/btf.h.
 */
#ifndef BPFSH_TYPED_H
#define BPFSH_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shell/base/diag.h"

struct buf;

struct btf;
struct typed;

enum typed_style {
	/* What "bpftool -j map dump" has below "formatted": bit-fields are "0x1f", "-0x1". */
	TYPED_BPFTOOL_JSON,
	/* The indented look-alike of JSON that "bpftool map dump" prints; not JSON. */
	TYPED_BPFTOOL_PLAIN,
	/*
	 * Ours, always JSON, and read back by typed_encode() to the same bytes:
	 * bit-fields are numbers with their sign, enums are names where one fits,
	 * members of anonymous structs and unions are listed as C reaches them, a
	 * union has all its members, global data is one object, 128-bit integers
	 * are "0x..." strings, floats that JSON has no number for are "inf",
	 * "-inf" and "nan(0xBITS)". What user space cannot read (timers, locks,
	 * kptrs, list and tree heads) is a mark like "<bpf_timer>". Padding is not
	 * shown, and is zero when read back: see typed_is_exact().
	 */
	TYPED_NICE,
};

/*
 * Compiles type @type_id; NULL with a diagnostic where the BTF is damaged or it
 * has no values. A flexible array that ends the value, or a variable of global
 * data, has as many elements as fit: into @size bytes, or, where that is 0, into
 * those of the type. (bpftool shows none of them.)
 */
struct typed *typed_new(const struct btf *btf, uint32_t type_id, uint32_t size, struct diags *d);
void typed_free(struct typed *t);

/* Bytes that a value takes; at most UINT32_MAX. Compare it with the map's own size before use. */
size_t typed_size(const struct typed *t);
/* True where a part of the value cannot be read or written from user space (a "<mark>"). */
bool typed_has_special(const struct typed *t);

/* Whether a value can have bits that TYPED_NICE does not give back, such as padding. */
bool typed_has_gaps(const struct typed *t);
/* Whether the value at @data has none of them set: then its text gives back every byte. */
bool typed_is_exact(const struct typed *t, const void *data);
/* Whether two values are the same but for such bits. */
bool typed_same_fields(const struct typed *t, const void *a, const void *b);

/* Appends the value at @data; TYPED_BPFTOOL_PLAIN as at the outermost level. */
void typed_json(struct buf *out, const struct typed *t, const void *data, enum typed_style style);
/* The same in TYPED_BPFTOOL_PLAIN, inside @depth levels (four blanks each). */
void typed_plain(struct buf *out, const struct typed *t, const void *data, int depth);

/* The type as one would declare it, on one line: "struct flow", "__u32", "char[16]". */
void typed_type_name(struct buf *out, const struct typed *t);

/* A part of a value: a field, an element of an array. */
struct typed_place {
	const struct typed *type;
	uint32_t node, offset;
	uint32_t type_id;		/* as declared */
	uint8_t bit, bits;		/* of a bit-field; bits is 0 for all else */
};

struct typed_word {
	const char *s;			/* after unquoting; not NUL-ended */
	size_t len;
	struct span span;
	bool quoted;
};

/* Finds "a.b[2].c" in a value; @what heads the messages ("value"). */
int typed_find(const struct typed *t, const struct typed_word *path, const char *what,
	       struct typed_place *place, struct diags *d);
void typed_place_json(struct buf *out, const struct typed_place *place, const void *data,
		      enum typed_style style);
void typed_place_type_name(struct buf *out, const struct typed_place *place);

/* What words are turned into bytes for. */
struct typed_target {
	const char *what;		/* "key", "value": the first word of each message */
	size_t size;
	const struct typed *type;	/* NULL: no BTF; else of the same size */
	bool lpm;			/* an LPM trie's key: u32 prefix length, then data */
	bool keep;			/* @out holds the old value: field=value words change it */
	const char *unread;		/* why no type is known though there is one, or NULL */
};

/*
 * Fills @out, of t->size bytes, from @nr words; it is undefined after an error.
 * Taken are, in this order:
 *
 *	1 0 0 0, 0x01 ...	exactly as many bytes as the size, where that is not 1
 *	hex 01 0a ...		the same in hexadecimal (also in one word: hex 010a)
 *	a.b=1 c[2]=x ...	fields, with BTF; the rest is zero (or kept)
 *	one literal		by type, see below
 *
 * Literals: numbers (decimal, 0x, negative; range-checked; "be N" swaps to big
 * endian), names of enumerators, true and false, floats, text for char arrays,
 * 'c' for a char, IPv4 and IPv6 addresses for anything of 4 and 16 bytes (in
 * network order; ADDR/LEN for an LPM key), MAC addresses for 6 bytes, [..] for
 * arrays and {"name": value} for structs and unions, nested, where a name or
 * word needs no quotes, and what TYPED_NICE prints. Several words starting
 * with [ or { are one literal. Union members given together must agree.
 * Without BTF: integers in host order where the size is 1, 2, 4 or 8, addresses.
 */
int typed_encode(const struct typed_target *t, const struct typed_word *words, size_t nr,
		 void *out, struct diags *d);

/* Bytes that hold a part. */
size_t typed_place_size(const struct typed_place *place);
/* As typed_encode() for a part of the value at @data, all else of which stays. Bit-fields take
 * one literal. */
int typed_encode_part(const struct typed_place *place, const char *what,
		      const struct typed_word *words, size_t nr, void *data, struct diags *d);

/* One candidate: the whole new text of the word, and what it is (C type or enum value). */
typedef void (*typed_candidate_fn)(void *arg, const char *text, const char *note);
/* Candidates for a word that begins with @prefix: "field=", "a.field=", "field=ENUM", "ENUM". */
void typed_complete(const struct typed *t, const char *prefix, typed_candidate_fn add, void *arg);

/* How the elements of one map look; the types are borrowed, and of these sizes. */
struct element_format {
	const struct typed *key;	/* NULL: no BTF, or the key of global data */
	const struct typed *value;	/* NULL: no BTF; then the key has none either */
	uint32_t key_size, value_size;
	uint32_t cpus;		/* of a per-CPU map: values, element_stride() apart; else 0 */
	bool inner_map;		/* the value is the ID of a map */
	bool beside;		/* in plain, something better than the value's bytes follows */
	const char *unread;	/* there is BTF, but it cannot be read: why; else NULL */
};

/* Bytes from one CPU's value to the next: the size rounded up to 8. */
static inline size_t element_stride(const struct element_format *f)
{
	return ((size_t)f->value_size + 7) & ~(size_t)7;
}

/* An element as bpftool -j has it: {"key":[..],"value":[..],"formatted":{..}}. */
void element_json(struct buf *out, const struct element_format *f, const void *key,
		  const void *value);
/*
 * An element as plain bpftool has it. Without BTF: lines of hexadecimal, newline
 * included. With BTF: an object, without a newline behind it; at @depth 1 it is
 * to stand in [], and the caller puts "[" before the first, "," between, and
 * "\n]\n" after the last; at depth 0 it stands alone.
 */
void element_plain(struct buf *out, const struct element_format *f, const void *key,
		   const void *value, int depth);
/*
 * An element in TYPED_NICE: {"key":K,"value":V} or {"key":K,"values":[{"cpu":0,"value":V}]};
 * bytes_json() where there is no BTF. A map within a map also has its ID. Behind
 * a key or value whose text does not give back every byte stands "key_hex" or
 * "value_hex" with all of them.
 */
void element_nice(struct buf *out, const struct element_format *f, const void *key,
		  const void *value);
/* K and V of it alone; of a per-CPU map the list. */
void element_nice_key(struct buf *out, const struct element_format *f, const void *key);
void element_nice_value(struct buf *out, const struct element_format *f, const void *value);

/* Whether a value is a number, or has BTF, which tells what in it is one. */
bool element_is_number(const struct element_format *f);
/*
 * The values of all CPUs added up, as TYPED_NICE shows one. Integers add up
 * exactly, also beyond their own size. What is no number (enums, bools, pointers,
 * text, members of unions) is shown where all CPUs have the same, else null:
 * then false is returned. Needs f->cpus, and element_is_number().
 */
bool element_sum(struct buf *out, const struct element_format *f, const void *values);

/* An integer in a value that may count something. */
struct element_counter {
	char *name;		/* "stats.packets"; NULL: the value itself. The caller frees it */
	struct typed_place at;
	unsigned int bits;	/* its width: where it wraps */
};

/* The first of them, outside of unions; how many, at most @max. */
size_t element_counters(const struct element_format *f, struct element_counter *list, size_t max);
/* The width of an integer there; 0 where there is none. */
unsigned int typed_counter_bits(const struct typed_place *place);
/* What one of them counts, modulo 2^64; that of all CPUs added up. */
uint64_t element_count(const struct element_format *f, const struct element_counter *c,
		       const void *value);

/*
 * The way back: one element from a line of JSON as element_nice() or
 * element_json() has it. Both forms may be mixed; of bpftool's, the bytes count
 * and "formatted" is passed over. What "_hex" adds must not contradict the fields
 * before it. @value has room for f->cpus times element_stride() where the map is
 * per-CPU; there "value" stands for every CPU, and CPUs that "values" does not
 * name get zeros.
 */
int element_read(const struct element_format *f, const struct typed_word *json, void *key,
		 void *value, struct diags *d);
/*
 * The values of all CPUs alone, from a list of them, or of {"cpu":N,"value":V}.
 * 1: it is no such list, but maybe one value that is an array.
 */
int element_read_cpus(const struct element_format *f, const struct typed_word *json, void *value,
		      struct diags *d);

#endif
