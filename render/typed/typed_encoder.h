/* SPDX-License-Identifier: BSD-2-Clause */
/* What typed_encode.c, _write.c, _literal.c and _reader.c share, which turn words into bytes. */
#ifndef BPFSH_TYPED_ENCODER_H
#define BPFSH_TYPED_ENCODER_H

#include "render/typed/typed_plan.h"
#include "shell/base/buf.h"

struct encoder {
	const struct typed_target *target;
	struct diags *d;
	uint8_t *out;
	uint8_t *mask;		/* the bits of out that have been written */
	struct piece source;	/* the text that is read now ... */
	struct span span;	/* ... where it stands, ... */
	bool exact;		/* ... and whether character by character */
	struct buf scratch;	/* a JSON string without its escapes */
};

/* The way from the whole value to a part, kept for messages: "a.b", then "c" or [index]. */
struct step {
	const struct step *up;
	struct piece name;	/* s is NULL for an index */
	uint32_t index;
};

/* An integer as it was typed: @v is what stands behind the sign. */
struct number {
	bool negative, too_large;
	bool octal;		/* written as 010: decimal here, another number in C */
	unsigned __int128 v;
};

/* Queues "value.a.b: ..." at @at (text of e->source, else all of it is blamed); returns -1. */
int encode_error(struct encoder *e, const struct step *step, struct piece at, const char *fmt, ...)
	printf_like(4, 5);
/* Queues "value expected 4 bytes got 3"; returns -1. */
int encode_wrong_count(struct encoder *e, size_t got);
/* Writes bits or bytes; -1 with a diagnostic where they contradict what was written before. */
int encode_bits(struct encoder *e, const struct typed_place *at, const struct step *step,
		struct piece text, unsigned __int128 v);
int encode_bytes(struct encoder *e, uint32_t offset, const struct step *step, struct piece text,
		 const void *bytes, size_t n);
/* An integer of 1, 2, 4 or 8 bytes; false, and nothing is done, where it contradicts. */
bool encode_plain(struct encoder *e, uint32_t offset, uint32_t size, uint64_t v);
/* All bytes of the target, two digits each; what is written already must be the same. */
int encode_digits(struct encoder *e, struct piece digits);
/* Forgets the old value of a part that is given anew as a whole. */
void encode_clear(struct encoder *e, const struct typed_place *at);

/* False where @p is no integer; of larger ones than 128 bits @v is the largest. */
bool typed_parse_number(struct piece p, struct number *n);

/* Refuses a number that has two readings, @at in the text: -1 with a diagnostic, else 0. */
int encode_two_readings(struct encoder *e, const struct step *step, struct piece at,
			const struct number *n);
/* Whatever is not {...} or [...], by the type of @at; @p.quoted where it was a JSON string. */
int encode_scalar(struct encoder *e, const struct typed_place *at, const struct step *step,
		  struct piece p);
/* Any literal for @at; all of @p. */
int encode_literal(struct encoder *e, const struct typed_place *at, const struct step *step,
		   struct piece p);
/* Any literal for the whole target, with or without BTF; all of @p. */
int encode_whole(struct encoder *e, struct piece p);
/* Integers and addresses for a target without BTF. */
int encode_untyped(struct encoder *e, struct piece p);
/* An LPM trie's key from ADDR or ADDR/LEN: 1 if @p was one, 0 if not, -1 with a diagnostic. */
int encode_prefix(struct encoder *e, struct piece p);

/* JSON that is being read: the text between two pointers, for an encoder's target. */
struct typed_reader {
	struct encoder *e;
	const char *p, *end;
};

static inline void typed_skip_blanks(struct typed_reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

/* True, and one on, where @c is next behind blanks. */
static inline bool typed_next_is(struct typed_reader *r, char c)
{
	typed_skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* Queues "value.a: expected ..." at the present position; returns -1. */
int typed_expected(struct typed_reader *r, const struct step *step, const char *what);
/* A string whose first quote is read. It stands in the text, or unescaped in e->scratch. */
int typed_read_string(struct typed_reader *r, const struct step *step, struct piece *string);
/* A name before a ':', with or without quotes; good until the next one is read. */
int typed_read_name(struct typed_reader *r, const struct step *step, struct piece *name);
/* The value of the whole target; without BTF bytes, an integer or an address. */
int typed_read_whole(struct typed_reader *r);
/* An encoder that fills @out (zeroed here) with @mask of the same size. */
void encoder_begin(struct encoder *e, const struct typed_target *t, void *out, uint8_t *mask);

#endif
