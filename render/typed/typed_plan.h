/* SPDX-License-Identifier: BSD-2-Clause */
/* The compiled form of a BTF type, for the files render/typed*.c alone. */
#ifndef BPFSH_TYPED_PLAN_H
#define BPFSH_TYPED_PLAN_H

#include <bpf/btf.h>
#include <string.h>

#include "render/typed/typed.h"
#include "shell/base/buf.h"

/* Depth of nesting that the kernel takes, too. */
#define TYPED_DEPTH_MAX 32
/* Length of the longest number, quotes included. */
#define WIDTH_BITS 40
/* Short texts are copied as one block: so many bytes beyond a text may be read and written. */
#define TYPED_SLACK 32

enum node_kind {
	/* Whole integers of at most 64 bits are the first. */
	NODE_U8, NODE_U16, NODE_U32, NODE_U64,
	NODE_S8, NODE_S16, NODE_S32, NODE_S64,
	NODE_WIDE,		/* 128 bits */
	NODE_BITS,		/* an integer narrower than its bytes; see bit, bits */
	NODE_BOOL,
	NODE_CHAR,		/* BTF_INT_CHAR, which compilers do not make */
	NODE_ENUM,
	NODE_FLOAT,		/* of 4 or 8 bytes */
	NODE_RAW,		/* floats of other sizes: "0x" and the bytes, the highest first */
	NODE_PTR,
	NODE_ARRAY,
	NODE_STRUCT,
	NODE_UNION,
	NODE_DATASEC,		/* members are variables */
};

/* Whether each name of a node is of one field or enumerator alone, and can be read back. */
enum { NAMES_CLEAR = 1, NAMES_UNCLEAR };

/* A piece of text in the plan's pool. */
struct text {
	uint32_t at, len;
};

/* A type, compiled once however often it is used. */
struct node {
	uint8_t kind;
	bool is_signed;		/* integers and enums, also as bit-fields */
	bool text;		/* char; array: of char, also behind a typedef */
	bool text_strict;	/* array: of char as bpftool understands it */
	uint8_t bit, bits;	/* NODE_BITS */
	uint8_t height;		/* levels of nesting below */
	bool special;		/* it, or a part of it, has a mark */
	bool enum64;		/* BTF_KIND_ENUM64: keys are whole values */
	uint8_t names;		/* NAMES_CLEAR ... of fields and enumerators; 0: not looked at */
	uint32_t size;		/* bytes */
	uint32_t type_id;
	uint32_t first, nr;	/* members, enumerators; array: node and number of elements */
	struct text mark;	/* "<mark>" of what user space cannot read, or empty */
	struct text label;	/* DATASEC: "name": */
	uint64_t width;		/* no value's text is longer, blanks of the plain style aside */
	uint64_t lines;		/* new lines in the plain style, at most */
};

/* A field, or a variable of a datasec. */
struct member {
	uint32_t node, offset;
	uint8_t bit, bits;	/* of a bit-field; bits is 0 for all else */
	bool anonymous;		/* a struct or union whose members C reaches without it */
	bool nameless;		/* another one without a name: "#INDEX" takes its place in ours */
	uint32_t type_id;	/* as declared */
	struct text name;	/* as it is, NUL-ended */
	struct text label;	/* ,"name":  ready for JSON; bpftool's where they differ */
	struct text nice_label;
};

struct enumerator {
	int64_t key;		/* ENUM: the 32 bits sign-extended; ENUM64: all */
	struct text label;	/* quoted */
	struct text name;
};

/* Bits of the eight bytes at @at that text does not give back. */
struct gap {
	uint32_t at;
	uint64_t bits;
};

struct typed {
	const struct btf *btf;
	uint32_t type_id;
	struct node *nodes;	/* the last one is the value itself */
	struct member *members;
	struct enumerator *enums;	/* each node's sorted by key */
	uint32_t root, nr_nodes, nr_members, nr_enums;
	struct gap *gaps;	/* by place */
	uint32_t nr_gaps;
	bool gaps_known;
	struct buf pool;
};

static inline const struct node *typed_root(const struct typed *t)
{
	return &t->nodes[t->root];
}

static inline const char *typed_text(const struct typed *t, struct text text)
{
	return t->pool.data + text.at;
}

/* Bits bit..bit+bits-1 at @data as an unsigned number; bit + bits is at most 128. */
static inline unsigned __int128 bits_load(const uint8_t *data, unsigned int bit, unsigned int bits)
{
	unsigned int bytes = (bit + bits + 7) / 8;
	unsigned __int128 v = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(&v, data, bytes);
	v >>= bit;
#else
	memcpy(&v, data, bytes);
	v >>= 128 - bit - bits;
#endif
	return bits < 128 ? v & (((unsigned __int128)1 << bits) - 1) : v;
}

/* A number of @bits bits with its sign; bits is 1 to 64. */
static inline int64_t sign_extend(uint64_t v, unsigned int bits)
{
	return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

/* An unsigned integer of 1, 2, 4 or 8 bytes in host order. */
static inline uint64_t load_unsigned(const void *data, uint32_t size)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (size) {
	case 1:
		return *(const uint8_t *)data;
	case 2:
		memcpy(&v2, data, 2);
		return v2;
	case 4:
		memcpy(&v4, data, 4);
		return v4;
	default:
		memcpy(&v8, data, 8);
		return v8;
	}
}

/* The reverse; higher bits of @v are dropped. */
static inline void store_unsigned(void *to, uint32_t size, uint64_t v)
{
	uint32_t v4 = v;
	uint16_t v2 = v;

	switch (size) {
	case 1:
		*(uint8_t *)to = v;
		break;
	case 2:
		memcpy(to, &v2, 2);
		break;
	case 4:
		memcpy(to, &v4, 4);
		break;
	default:
		memcpy(to, &v, 8);
		break;
	}
}

/* A piece of text that somebody typed. */
struct piece {
	const char *s;
	size_t len;
	bool quoted;
};

static inline bool piece_is(struct piece p, const char *word)
{
	return p.len == strlen(word) && !memcmp(p.s, word, p.len);
}

static inline const struct node *place_node(const struct typed_place *at)
{
	return &at->type->nodes[at->node];
}

static inline bool is_compound(const struct node *n)
{
	return n->kind == NODE_STRUCT || n->kind == NODE_UNION || n->kind == NODE_DATASEC;
}

struct typed_place typed_whole(const struct typed *t);
void typed_to_member(struct typed_place *at, const struct member *m);
struct typed_place typed_element(const struct typed_place *at, uint32_t index);
/*
 * Moves @at to its field @name, also one of an anonymous struct or union in it;
 * false where there is none. The search begins at member *@hint, which is
 * moved behind what was found; NULL: at the first.
 */
bool typed_field(struct typed_place *at, struct piece name, uint32_t *hint);
/* Queues "no field 'x' in struct y" with the nearest one as hint. Returns -1. */
int typed_no_field(const struct typed_place *at, struct piece name, struct span span,
		   struct diags *d);
/* As typed_find(), silent where @d is NULL; @span is that of @path if @exact, else around it. */
int typed_walk(const struct typed *t, struct piece path, const char *what, struct span span,
	       bool exact, struct typed_place *at, struct diags *d);
/* "3-bit int", "struct flow": what a place holds. */
void place_type_text(struct buf *out, const struct typed_place *at);
/* The value that enumerator @e stands for. */
int64_t enumerator_value(const struct node *n, const struct enumerator *e);

/* The enumerator of @n with @key, or NULL. */
const struct enumerator *typed_enumerator(const struct typed *t, const struct node *n, int64_t key);
/* Sets the gaps of a plan that is complete. */
void typed_find_gaps(struct typed *t);
/* C-like text of any type of @btf. */
void btf_type_text(struct buf *out, const struct btf *btf, uint32_t type_id);

#endif
