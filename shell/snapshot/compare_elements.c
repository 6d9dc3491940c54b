// SPDX-License-Identifier: BSD-2-Clause
/*
 * Elements compared in bounded memory: of the older ones, hashes and their places in the
 * file are kept, of so many at a time; where there are more, each pass looks at those keys
 * whose hash is its own.
 *
 * Texts are known by 64-bit hashes with a seed of their own, so that nobody who writes to a
 * map can choose two that are taken for one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/search.h"
#include "shell/snapshot/file.h"
#include "shell/snapshot/pair.h"
#include "shell/snapshot/snapshot.h"

#define PASS_ELEMENTS (1u << 20)	/* 32 MiB */

struct known {
	uint64_t key, value;		/* hashes */
	off_t at;
	bool seen;
};

struct elements {
	const struct snapshot *old, *new;
	const struct snap_pairs *pairs;
	snap_difference_fn fn;
	void *arg;
	struct diags *d;
	uint64_t seed[2];
	size_t pass, passes;
	struct known *known;		/* of this pass, sorted by the hash of the key */
	size_t nr;
	struct buf text;		/* an older element, read again */
	int err;			/* what fn returned, or -1 with a diagnostic */
};

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

/* Blanks outside of strings do not count: who has laid a file out anew has changed nothing. */
static uint64_t hash_text(uint64_t h, struct snap_text text)
{
	bool string = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.s[i];

		if (!string && memchr(" \t\r\n", c, 4))
			continue;
		h = mix(h, (unsigned char)c);
		if (string && c == '\\' && i + 1 < text.len)
			h = mix(h, (unsigned char)text.s[++i]);
		else if (c == '"')
			string = !string;
	}
	return mix(h, text.s ? 256 : 257);
}

/* @map: its index among the older ones. */
static struct known hashes(const struct elements *c, size_t map, const struct snap_element *e)
{
	return (struct known){
		.key = hash_text(hash_text(mix(c->seed[0], map), e->key), e->key_hex),
		.value = hash_text(hash_text(c->seed[1], e->value), e->value_hex),
		.at = e->at,
	};
}

static int keep(void *arg, const struct snap_element *e)
{
	struct elements *c = arg;
	struct known k = hashes(c, e->map, e);

	if (c->pairs->new_of[e->map] == SNAP_UNPAIRED || k.key % c->passes != c->pass)
		return 0;
	GROW(c->known, c->nr);
	c->known[c->nr++] = k;
	return 0;
}

static int compare_known(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static bool known_before(const void *record, const void *key)
{
	return ((const struct known *)record)->key < *(const uint64_t *)key;
}

/* JSON where the text has more than fields tell: {"value":V,"hex":BYTES}. */
static struct snap_text whole(struct buf *b, struct snap_text text, struct snap_text hex)
{
	if (!hex.s)
		return text;
	buf_reset(b);
	buf_puts(b, "{\"value\":");
	buf_add(b, text.s, text.len);
	buf_puts(b, ",\"hex\":");
	buf_add(b, hex.s, hex.len);
	buf_putc(b, '}');
	return (struct snap_text){ b->data, b->len };
}

/* @key: of either; @old and @new: NULL where it is not there. */
static int tell(struct elements *c, size_t old_map, const struct snap_element *old,
		const struct snap_element *new)
{
	const struct snap_element *any = old ? old : new;
	struct buf bufs[3] = { 0 };
	struct snap_text key = whole(&bufs[0], any->key, any->key_hex);
	struct snap_difference d = {
		!old ? '+' : !new ? '-' : '~', SNAP_MAP, &c->old->lists[SNAP_MAP].rows[old_map],
		&c->new->lists[SNAP_MAP].rows[c->pairs->new_of[old_map]], .key = &key
	};

	if (old)
		d.old_value = whole(&bufs[1], old->value, old->value_hex);
	if (new)
		d.new_value = whole(&bufs[2], new->value, new->value_hex);
	c->err = c->fn(c->arg, &d);
	for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
		buf_free(&bufs[i]);
	return c->err;
}

/* Reads an element of the older file again; -1 with a diagnostic where it is another by now. */
static int read_again(struct elements *c, off_t at, struct snap_element *e)
{
	ssize_t len = 0, n = 1;

	buf_reset(&c->text);
	while (!len && n > 0) {
		size_t room = c->text.len > 4096 ? c->text.len : 4096;

		n = pread(c->old->fd, buf_reserve(&c->text, room), room, at + (off_t)c->text.len);
		if (n > 0)
			buf_commit(&c->text, n);
		len = snap_json_span(c->text.data, c->text.len);
	}
	if (len > 0 && snap_element_read((struct snap_text){ c->text.data, len }, e) &&
	    e->map < c->old->lists[SNAP_MAP].nr)
		return 0;
	return c->err = n < 0 ? diag_errno(c->d, c->old->at, errno, "cannot read '%s'", c->old->path) :
			diag_error(c->d, c->old->at, "'%s' was changed while it was read", c->old->path);
}

static int look_at_new(void *arg, const struct snap_element *e)
{
	struct elements *c = arg;
	size_t map = c->pairs->old_of[e->map], at;
	struct snap_element old;
	struct known k;

	if (map == SNAP_UNPAIRED)
		return 0;
	k = hashes(c, map, e);
	if (k.key % c->passes != c->pass)
		return 0;
	at = lower_bound(c->known, c->nr, sizeof(k), known_before, &k.key);
	if (at == c->nr || c->known[at].key != k.key)
		return tell(c, map, NULL, e);
	c->known[at].seen = true;
	if (c->known[at].value == k.value)
		return 0;
	return read_again(c, c->known[at].at, &old) ? -1 : tell(c, map, &old, e);
}

static int compare_places(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* In the file's order, so map by map. */
static int tell_gone(struct elements *c)
{
	size_t nr = 0;

	/* The same key twice, in a file that was not written by us, is there once. */
	for (size_t i = 0; i < c->nr; i++) {
		bool again = nr && c->known[nr - 1].key == c->known[i].key;

		if (!c->known[i].seen && !again)
			c->known[nr++] = c->known[i];
	}
	if (nr)
		qsort(c->known, nr, sizeof(*c->known), compare_places);
	for (size_t i = 0; i < nr; i++) {
		struct snap_element old;

		if (read_again(c, c->known[i].at, &old) || tell(c, old.map, &old, NULL))
			return -1;
	}
	return 0;
}

static int compare_pass(struct elements *c)
{
	c->nr = 0;
	if (snapshot_elements(c->old, keep, c, c->d))
		return -1;
	if (c->nr)
		qsort(c->known, c->nr, sizeof(*c->known), compare_known);
	if (snapshot_elements(c->new, look_at_new, c, c->d) || tell_gone(c))
		return c->err ? c->err : -1;
	return 0;
}

int snap_compare_elements(const struct snapshot *old, const struct snapshot *new,
			  const struct snap_pairs *pairs, snap_difference_fn fn, void *arg,
			  struct diags *d)
{
	struct elements c = { .old = old, .new = new, .pairs = pairs, .fn = fn, .arg = arg, .d = d,
			      .passes = old->nr_elements / PASS_ELEMENTS + 1 };
	int err = 0;

	if (getrandom(c.seed, sizeof(c.seed), 0) != sizeof(c.seed))
		return diag_errno(d, new->at, errno, "cannot get random numbers");
	for (; c.pass < c.passes && !err; c.pass++)
		err = compare_pass(&c);
	free(c.known);
	buf_free(&c.text);
	return err;
}
