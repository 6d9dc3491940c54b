// SPDX-License-Identifier: BSD-2-Clause
/* Rates of what counts up, from one look to the next. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/base/alloc.h"
#include "shell/sample/rates.h"

#define FIRST_SLOTS 1024

/* Open addressing: an element lies at the first free slot from its hash on. */
struct rates {
	size_t key_size, counters;
	size_t slots, used;		/* @slots is a power of two */
	uint64_t seed;
	uint32_t look;			/* number of this one, from 1 */
	uint64_t *hashes, *counts;
	uint32_t *seen;			/* number of the look that saw the element last; 0: free */
};

static void make_slots(struct rates *r, size_t slots)
{
	r->slots = slots;
	r->used = 0;
	r->hashes = xcalloc(slots, sizeof(*r->hashes));
	r->counts = xcalloc(slots * r->counters, sizeof(*r->counts));
	r->seen = xcalloc(slots, sizeof(*r->seen));
}

static void free_slots(struct rates *r)
{
	free(r->hashes);
	free(r->counts);
	free(r->seen);
}

struct rates *rates_new(size_t key_size, size_t counters)
{
	struct rates *r = xcalloc(1, sizeof(*r));
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	r->seed = (uint64_t)now.tv_nsec << 32 ^ now.tv_sec ^ (uintptr_t)r;
	r->key_size = key_size;
	r->counters = counters;
	make_slots(r, FIRST_SLOTS);
	return r;
}

void rates_free(struct rates *r)
{
	if (!r)
		return;
	free_slots(r);
	free(r);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(h ^ word) * 0x9e3779b97f4a7c15ull;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(const struct rates *r, const void *key)
{
	const char *p = key;
	uint64_t h = r->seed, word;
	size_t left = r->key_size;

	for (; left >= sizeof(word); left -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, p, left);
	return mix(mix(h, word), r->seed);
}

/* Where the element is, or is to be. */
static size_t find_slot(const struct rates *r, uint64_t h)
{
	size_t i = h & (r->slots - 1);

	while (r->seen[i] && r->hashes[i] != h)
		i = (i + 1) & (r->slots - 1);
	return i;
}

static void store(struct rates *r, size_t slot, uint64_t h, const uint64_t *counts, uint32_t look)
{
	r->used += !r->seen[slot];
	r->seen[slot] = look;
	r->hashes[slot] = h;
	memcpy(r->counts + slot * r->counters, counts, r->counters * sizeof(*counts));
}

/* Whether this look or the last one saw the element. */
static bool is_fresh(const struct rates *r, size_t slot)
{
	return r->seen[slot] && r->seen[slot] + 1 >= r->look;
}

/* Moves to a new table, which is larger unless many elements are gone. */
static void rebuild(struct rates *r)
{
	struct rates old = *r;
	size_t fresh = 0;

	for (size_t i = 0; i < old.slots; i++)
		fresh += is_fresh(&old, i);
	make_slots(r, fresh > old.slots / 3 ? old.slots * 2 : old.slots);
	for (size_t i = 0; i < old.slots; i++)
		if (is_fresh(&old, i))
			store(r, find_slot(r, old.hashes[i]), old.hashes[i],
			      old.counts + i * old.counters, old.seen[i]);
	free_slots(&old);
}

void rates_begin(struct rates *r)
{
	r->look++;
}

bool rates_change(struct rates *r, const void *key, const uint64_t *counts, int64_t *change)
{
	uint64_t h = hash(r, key);
	size_t slot;
	bool known, changed = false;

	if (r->used > r->slots / 4 * 3)
		rebuild(r);
	slot = find_slot(r, h);
	known = is_fresh(r, slot);
	for (size_t i = 0; i < r->counters; i++) {
		uint64_t before = known ? r->counts[slot * r->counters + i] : 0;

		change[i] = counts[i] - before;
		changed |= change[i] != 0;
	}
	store(r, slot, h, counts, r->look);
	return changed && r->look > 1;
}
