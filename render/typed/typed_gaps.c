// SPDX-License-Identifier: BSD-2-Clause
/*
 * The bits of a value that its text in TYPED_NICE does not give back: padding,
 * what only the kernel reads, and what has a name that stands for something
 * else as well. Found once for a type, so that a look at a value costs little.
 */
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed_plan.h"
#include "shell/base/alloc.h"

/* Of larger values no gaps are known: then all of their bytes are taken for some. */
#define GAPS_BYTES_MAX (16u << 20)

struct names {
	const char **list;
	size_t nr;
};

/* Names that JSON holds as they are, and that no other can be taken for. */
static bool is_plain(const char *name)
{
	for (; *name; name++)
		if (*name <= ' ' || *name > '~' || *name == '"' || *name == '\\')
			return false;
	return true;
}

static void add_name(struct names *names, const char *name)
{
	GROW(names->list, names->nr);
	names->list[names->nr++] = name;
}

/* The names of fields as C reaches them. */
static void add_fields(struct names *names, const struct typed *t, const struct node *n)
{
	const struct member *m = t->members + n->first, *end = m + n->nr;

	for (; m < end; m++) {
		if (m->anonymous)
			add_fields(names, t, &t->nodes[m->node]);
		else
			add_name(names, typed_text(t, m->name));
	}
}

/* False where one of them is read as a number. */
static bool add_enumerators(struct names *names, const struct typed *t, const struct node *n)
{
	bool words = true;

	for (uint32_t i = 0; i < n->nr; i++) {
		const char *name = typed_text(t, t->enums[n->first + i].name);

		words &= *name > '9';
		add_name(names, name);
	}
	return words;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether each of a node's names leads back to what it was written for. */
static bool find_clear(const struct typed *t, const struct node *n)
{
	struct names names = { 0 };
	bool clear = true;

	if (n->kind == NODE_ENUM)
		clear = add_enumerators(&names, t, n);
	else
		add_fields(&names, t, n);
	if (names.nr)
		qsort(names.list, names.nr, sizeof(*names.list), by_text);
	for (size_t i = 0; i < names.nr && clear; i++)
		clear = is_plain(names.list[i]) &&
			(!i || strcmp(names.list[i - 1], names.list[i]));
	free(names.list);
	return clear;
}

static bool is_clear(struct node *n, const struct typed *t)
{
	if (n->kind != NODE_ENUM && !is_compound(n))
		return true;
	if (!n->names)
		n->names = find_clear(t, n) ? NAMES_CLEAR : NAMES_UNCLEAR;
	return n->names == NAMES_CLEAR;
}

static void cover_bits(uint8_t *mask, uint32_t bit, uint32_t bits)
{
	for (; bits; bits--, bit++)
		mask[bit / 8] |= __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 << bit % 8 :
									     0x80 >> bit % 8;
}

static void cover_node(const struct typed *t, uint32_t index, uint8_t *mask);

static void cover_array(const struct typed *t, const struct node *n, uint8_t *mask)
{
	uint32_t size = t->nodes[n->first].size;
	uint8_t *one = xcalloc(1, size + 1);

	cover_node(t, n->first, one);
	for (uint32_t i = 0; i < n->nr; i++, mask += size)
		for (uint32_t k = 0; k < size; k++)
			mask[k] |= one[k];
	free(one);
}

static void cover_members(const struct typed *t, const struct node *n, uint8_t *mask)
{
	for (uint32_t i = 0; i < n->nr; i++) {
		const struct member *m = &t->members[n->first + i];

		if (!m->bits)
			cover_node(t, m->node, mask + m->offset);
		else if (is_clear(&t->nodes[m->node], t))
			cover_bits(mask + m->offset, m->bit, m->bits);
	}
}

/* Sets the bits of a value in @mask that its text gives back. */
static void cover_node(const struct typed *t, uint32_t index, uint8_t *mask)
{
	struct node *n = &t->nodes[index];

	if (n->mark.len || !is_clear(n, t))
		return;
	if (n->kind == NODE_ARRAY)
		cover_array(t, n, mask);
	else if (is_compound(n))
		cover_members(t, n, mask);
	else if (n->kind == NODE_BITS)
		cover_bits(mask, n->bit, n->bits);
	else
		memset(mask, 0xff, n->size);
}

/* Up to eight bytes at @p of the @left ones that are there. */
static inline uint64_t load_upto8(const uint8_t *p, uint32_t left)
{
	uint64_t v = 0;

	memcpy(&v, p, left < sizeof(v) ? left : sizeof(v));
	return v;
}

void typed_find_gaps(struct typed *t)
{
	uint32_t size = typed_root(t)->size, at;
	uint8_t *mask;

	if (size > GAPS_BYTES_MAX)
		return;
	mask = xcalloc(1, size + 1);
	cover_node(t, t->root, mask);
	for (at = 0; at < size; at++)
		mask[at] = ~mask[at];
	for (at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t bits = load_upto8(mask + at, size - at);

		if (!bits)
			continue;
		GROW(t->gaps, t->nr_gaps);
		t->gaps[t->nr_gaps++] = (struct gap){ at, bits };
	}
	t->gaps_known = true;
	free(mask);
}

bool typed_has_gaps(const struct typed *t)
{
	return t->nr_gaps || !t->gaps_known;
}

bool typed_is_exact(const struct typed *t, const void *data)
{
	const struct gap *gap = t->gaps, *end = gap + t->nr_gaps;
	uint32_t size = typed_root(t)->size;

	for (; gap < end; gap++)
		if (load_upto8((const uint8_t *)data + gap->at, size - gap->at) & gap->bits)
			return false;
	return t->gaps_known;
}

bool typed_same_fields(const struct typed *t, const void *a, const void *b)
{
	const uint8_t *x = a, *y = b;
	uint32_t size = typed_root(t)->size, at = 0;

	for (uint32_t i = 0; i < t->nr_gaps; i++) {
		const struct gap *gap = &t->gaps[i];
		uint32_t left = size - gap->at;

		if (memcmp(x + at, y + at, gap->at - at) ||
		    (load_upto8(x + gap->at, left) ^ load_upto8(y + gap->at, left)) & ~gap->bits)
			return false;
		at = left < sizeof(uint64_t) ? size : gap->at + sizeof(uint64_t);
	}
	return !memcmp(x + at, y + at, size - at);
}
