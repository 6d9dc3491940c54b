// SPDX-License-Identifier: BSD-2-Clause
/* Words to bytes: which form they have. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "render/typed/typed.h"
#include "render/typed/typed_encoder.h"
#include "render/typed/typed_plan.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"

static struct piece word_piece(const struct typed_word *w)
{
	return (struct piece){ w->s, w->len, w->quoted };
}

static struct span span_from_to(const struct typed_word *first, const struct typed_word *last)
{
	struct span span = first->span;

	if (span.src == last->span.src && last->span.end > span.end)
		span.end = last->span.end;
	return span;
}

/* From now on messages are about these words. */
static void read_words(struct encoder *e, const struct typed_word *words, size_t nr)
{
	e->source = word_piece(&words[0]);
	e->span = span_from_to(&words[0], &words[nr - 1]);
	e->exact = nr == 1 && !words[0].quoted &&
		   words[0].span.end - words[0].span.start == words[0].len;
}

static bool is_number(const struct typed_word *w)
{
	struct number number;

	return typed_parse_number(word_piece(w), &number);
}

static bool all_numbers(const struct typed_word *words, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!is_number(&words[i]))
			return false;
	return true;
}

/* One byte word for each byte of the target. */
static int encode_byte_words(struct encoder *e, const struct typed_word *words)
{
	struct number number;
	size_t i;

	for (i = 0; i < e->target->size; i++) {
		read_words(e, &words[i], 1);
		typed_parse_number(word_piece(&words[i]), &number);
		if (encode_two_readings(e, NULL, e->source, &number))
			return -1;
		if (number.v > 255 || (number.negative && number.v))
			return encode_error(e, NULL, e->source, "%.*s is not a byte (0..255)",
					    (int)words[i].len, words[i].s);
		e->out[i] = number.v;
	}
	return 0;
}

/* The two digits (or one) at @p, or -1. */
static int hex_byte(struct piece p)
{
	char text[] = "0x00";
	struct piece whole = { text, 4 };
	struct number number;

	if (p.len > 2 && p.s[0] == '0' && (p.s[1] | 0x20) == 'x') {
		p.s += 2;
		p.len -= 2;
	}
	if (!p.len || p.len > 2)
		return -1;
	memcpy(text + 4 - p.len, p.s, p.len);
	return typed_parse_number(whole, &number) ? (int)number.v : -1;
}

/* hex 0a0b0c0d: all bytes in one word */
static int encode_hex_run(struct encoder *e, const struct typed_word *w)
{
	size_t i;

	read_words(e, w, 1);
	for (i = 0; i < e->target->size; i++) {
		struct piece digits = { w->s + 2 * i, 2 };
		int byte = hex_byte(digits);

		if (byte < 0)
			return encode_error(e, NULL, digits, "expected hexadecimal digits");
		e->out[i] = byte;
	}
	return 0;
}

int encode_digits(struct encoder *e, struct piece digits)
{
	size_t i, nr = e->target->size;

	if (digits.len != 2 * nr)
		return encode_error(e, NULL, digits, "expected %zu hexadecimal digits", 2 * nr);
	for (i = 0; i < nr; i++) {
		struct piece two = { digits.s + 2 * i, 2 };
		int value = hex_byte(two);
		uint8_t byte = value;

		if (value < 0)
			return encode_error(e, NULL, two, "expected hexadecimal digits");
		if (encode_bytes(e, i, NULL, digits, &byte, 1))
			return -1;
	}
	return 0;
}

/* @words are what follows "hex". */
static int encode_hex_words(struct encoder *e, const struct typed_word *words, size_t nr)
{
	size_t i;

	if (nr == 1 && e->target->size > 1 && words[0].len == 2 * e->target->size)
		return encode_hex_run(e, words);
	if (nr != e->target->size)
		return encode_wrong_count(e, nr);
	for (i = 0; i < nr; i++) {
		int byte = hex_byte(word_piece(&words[i]));

		read_words(e, &words[i], 1);
		if (byte < 0) {
			struct buf shown = BUF_INIT;

			buf_escaped(&shown, words[i].s, words[i].len);
			encode_error(e, NULL, e->source, "'%s' is not a hexadecimal byte (00..ff)",
				     buf_str(&shown));
			buf_free(&shown);
			return -1;
		}
		e->out[i] = byte;
	}
	return 0;
}

/* How far the brackets of @w are open after @depth; those inside "" do not count. */
static int bracket_depth(const char *s, size_t len, int depth, bool *in_string)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (*in_string && s[i] == '\\')
			i++;
		else if (s[i] == '"')
			*in_string = !*in_string;
		else if (!*in_string && strchr("[{", s[i]) && s[i])
			depth++;
		else if (!*in_string && strchr("]}", s[i]) && s[i])
			depth--;
	}
	return depth;
}

/* How many words make up a literal whose first part is @first, within @words[0]. */
static size_t literal_words(const struct typed_word *words, size_t nr, struct piece first)
{
	bool in_string = false;
	size_t used = 1;
	int depth;

	if (piece_is(first, "be"))
		return nr > 1 ? 2 : 1;
	if (!first.len || !strchr("[{", *first.s))
		return 1;
	depth = bracket_depth(first.s, first.len, 0, &in_string);
	while ((depth > 0 || in_string) && used < nr) {
		depth = bracket_depth(words[used].s, words[used].len, depth, &in_string);
		used++;
	}
	return used;
}

/* Puts @nr words into one, blanks between; @first is the wanted part of words[0]. */
static struct piece join(struct buf *joined, struct piece first, const struct typed_word *words,
			 size_t nr)
{
	size_t i;

	if (nr == 1)
		return first;
	buf_add(joined, first.s, first.len);
	for (i = 1; i < nr; i++) {
		buf_putc(joined, ' ');
		buf_add(joined, words[i].s, words[i].len);
	}
	return (struct piece){ joined->data, joined->len };
}

/* The length of the path in "a.b[1]=value", or 0 where the word is no assignment. */
static size_t path_length(const struct typed_word *w)
{
	size_t i;

	for (i = 0; i < w->len && w->s[i] != '='; i++)
		if (!isalnum((unsigned char)w->s[i]) && !strchr("_.[]#", w->s[i]))
			return 0;
	return i < w->len ? i : 0;
}

/* a.b=1 and what belongs to it; returns how many words it took, or 0 with a diagnostic. */
static size_t encode_assignment(struct encoder *e, const struct typed_word *words, size_t nr)
{
	size_t len = path_length(words);
	struct piece path = { words->s, len };
	struct piece value = { words->s + len + 1, words->len - len - 1, words->quoted };
	struct step step = { .name = path };
	struct buf joined = BUF_INIT;
	struct typed_place at;
	size_t used;
	int err;

	used = literal_words(words, nr, value);
	read_words(e, words, used);
	if (typed_walk(e->target->type, path, e->target->what, words->span, e->exact, &at,
		       e->d) < 0)
		return 0;
	value = join(&joined, value, words, used);
	err = encode_literal(e, &at, &step, value);
	buf_free(&joined);
	return err < 0 ? 0 : used;
}

static int encode_fields(struct encoder *e, const struct typed_word *words, size_t nr)
{
	size_t i, used;

	for (i = 0; i < nr; i += used) {
		if (!path_length(&words[i])) {
			struct buf shown = BUF_INIT;

			read_words(e, &words[i], 1);
			buf_escaped(&shown, words[i].s, words[i].len);
			encode_error(e, NULL, e->source, "expected FIELD=VALUE, not '%s'",
				     buf_str(&shown));
			buf_free(&shown);
			return -1;
		}
		used = encode_assignment(e, &words[i], nr - i);
		if (!used)
			return -1;
	}
	return 0;
}

static int too_many_words(struct encoder *e, const struct typed_word *words, size_t nr)
{
	read_words(e, words, nr);
	encode_error(e, NULL, e->source, "expected one literal, not %zu words", nr);
	diag_hint(e->d, "quote text that has blanks");
	return -1;
}

/* All words together are one literal: for the part @at, or for the whole where that is NULL. */
static int encode_one(struct encoder *e, const struct typed_place *at,
		      const struct typed_word *words, size_t nr)
{
	struct piece first = word_piece(words);
	struct buf joined = BUF_INIT;
	int err;

	if (literal_words(words, nr, first) < nr)
		return all_numbers(words, nr) ? encode_wrong_count(e, nr) :
						too_many_words(e, words, nr);
	read_words(e, words, nr);
	first = join(&joined, first, words, nr);
	err = e->target->lpm ? encode_prefix(e, first) : 0;
	if (!err)
		err = at ? encode_literal(e, at, NULL, first) : encode_whole(e, first);
	buf_free(&joined);
	return err < 0 ? -1 : 0;
}

static bool takes_fields(const struct typed_target *t)
{
	const struct node *root = t->type ? typed_root(t->type) : NULL;

	return root && (is_compound(root) || (root->kind == NODE_ARRAY && !root->text));
}

/* FIELD=VALUE where nobody knows the fields. */
static int encode_nameless(struct encoder *e, const struct typed_word *words, size_t nr)
{
	read_words(e, words, nr);
	if (e->target->unread)
		encode_error(e, NULL, e->source, "its types cannot be read (%s), so that no field "
			     "is known by a name", e->target->unread);
	else
		encode_error(e, NULL, e->source, "without BTF no field is known by a name");
	diag_hint(e->d, "%zu bytes are wanted: numbers, or 'hex ...'", e->target->size);
	return -1;
}

/* "hex", or the beginning of it: with words behind it, it can be nothing else. */
static bool begins_hex(const struct typed_word *w)
{
	return !w->quoted && w->len && w->len <= 3 && !memcmp(w->s, "hex", w->len);
}

static int encode_words(struct encoder *e, const struct typed_word *words, size_t nr)
{
	const struct typed_target *t = e->target;

	if (nr == t->size && nr != 1 && all_numbers(words, nr))
		return encode_byte_words(e, words);
	if (nr > 1 && begins_hex(&words[0]))
		return encode_hex_words(e, words + 1, nr - 1);
	if (!nr)
		return encode_wrong_count(e, 0);
	if (takes_fields(t) && path_length(&words[0]))
		return encode_fields(e, words, nr);
	if (!t->type && path_length(&words[0]))
		return encode_nameless(e, words, nr);
	if (nr == 1 && takes_fields(t) && t->size > 1 && is_number(words))
		return encode_wrong_count(e, 1);
	return encode_one(e, NULL, words, nr);
}

void encoder_begin(struct encoder *e, const struct typed_target *t, void *out, uint8_t *mask)
{
	e->target = t;
	e->out = out;
	e->mask = mask;
	memset(mask, 0, t->size);
	if (!t->keep && t->size)
		memset(out, 0, t->size);
}

int typed_encode(const struct typed_target *t, const struct typed_word *words, size_t nr,
		 void *out, struct diags *d)
{
	uint8_t small_mask[256];
	uint8_t *mask = small_mask;
	struct encoder e = { .d = d };
	int err;

	if (t->type && typed_size(t->type) != t->size)
		return diag_error(d, NO_SPAN, "%s has %zu bytes, its BTF type %zu", t->what,
				  t->size, typed_size(t->type));
	if (t->size > sizeof(small_mask))
		mask = xmalloc(t->size);
	encoder_begin(&e, t, out, mask);
	if (nr)
		e.span = span_from_to(&words[0], &words[nr - 1]);
	err = encode_words(&e, words, nr);
	if (mask != small_mask)
		free(mask);
	buf_free(&e.scratch);
	return err;
}

/* Bit-fields share bytes with others: they take a literal, and no bytes. */
static int encode_bit_field(const struct typed_target *t, const struct typed_place *at,
			    const struct typed_word *words, size_t nr, void *out, struct diags *d)
{
	struct typed_place field = *at;
	struct encoder e = { .d = d };
	uint8_t mask[sizeof(unsigned __int128)];
	int err;

	field.offset = 0;
	encoder_begin(&e, t, out, mask);
	err = encode_one(&e, &field, words, nr);
	buf_free(&e.scratch);
	return err;
}

size_t typed_place_size(const struct typed_place *at)
{
	return at->bits ? (at->bit + at->bits + 7u) / 8 : place_node(at)->size;
}

int typed_encode_part(const struct typed_place *at, const char *what,
		      const struct typed_word *words, size_t nr, void *data, struct diags *d)
{
	struct typed part = *at->type;
	struct typed_target t = { what, typed_place_size(at), &part, .keep = true };
	char *out = (char *)data + at->offset;

	part.root = at->node;
	part.type_id = at->type_id;
	return at->bits ? encode_bit_field(&t, at, words, nr, out, d) :
			  typed_encode(&t, words, nr, out, d);
}
