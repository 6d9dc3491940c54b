// SPDX-License-Identifier: BSD-2-Clause
/*
 * All elements of a map.
 *
 * Batch calls go through a hash bucket by bucket, so that what stays is seen
 * once whatever happens beside. While one batch is delivered, a thread fetches
 * the next one. Where a type has no batch calls, keys are asked for one
 * after the other. There a key that is deleted at the wrong moment sends the
 * kernel back to the first key; a trail of the last keys leads back to where
 * the walk was.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/interrupt.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/object.h"

/* Bytes of keys and values that one batch call fetches: much, so that threads seldom wait. */
#define BATCH_BYTES (1u << 20)
#define BATCH_COUNT_MAX 65536u
#define TRAIL 256

/* One batch call and what it fetched. */
struct batch {
	const struct walk *walk;
	const void *from;	/* cursor: where the one before ended; NULL for the first */
	void *end;		/* cursor: where this one did */
	char *keys, *values;
	__u32 room, nr;		/* elements that there is room for, and that are there */
	int err;
};

/* The thread that fetches ahead; the two semaphores hand the batches to and fro. */
struct ahead {
	pthread_t thread;
	sem_t wanted, fetched;
	struct batch *batch;	/* NULL: the thread shall end */
	bool on;
};

struct walk {
	const struct handle *map;
	size_t key_size, value_size;
	kern_element_fn fn;
	void *arg;
	struct batch batch[2];	/* one is delivered, one fetched; the first serves single keys too */
	struct ahead ahead;
	__u32 most;		/* no bucket of a hash can have more */
	char *last;		/* LPM trie: the last key that was delivered */
	bool again;		/* the kernel has begun it again */
	__u64 sum;		/* LPM trie: of what stands for the keys delivered */
	bool stopped;		/* by @fn */
	bool indexed;
	char *trail;		/* keys that were walked over lately, a ring of TRAIL */
	size_t steps;		/* how many were in all */
};

static bool no_such_operation(int err)
{
	return err == -EINVAL || err == -ENOTSUPP || err == -EOPNOTSUPP;
}

static void set_room(struct batch *b, __u32 room)
{
	b->room = room;
	b->keys = xrealloc(b->keys, room, b->walk->key_size);
	b->values = xrealloc(b->values, room, b->walk->value_size);
}

static __u32 first_room(const struct walk *w)
{
	size_t size = w->key_size + w->value_size;
	__u32 room = BATCH_COUNT_MAX;

	if (size && room > BATCH_BYTES / size)
		room = BATCH_BYTES / size;
	if (w->map->map.max_entries && room > w->map->map.max_entries)
		room = w->map->map.max_entries;
	return room ? room : 1;
}

static int bit(const unsigned char *data, __u32 i)
{
	return data[i / 8] >> (7 - i % 8) & 1;
}

/*
 * Whether prefix @b comes behind @a in the order in which the kernel lists a
 * trie: what is longer before what contains it, else by the first bit that differs.
 */
static bool lpm_behind(const char *a, const char *b, size_t data_bytes)
{
	const unsigned char *da = (const void *)(a + sizeof(__u32));
	const unsigned char *db = (const void *)(b + sizeof(__u32));
	__u32 la, lb, shorter, i = 0;

	memcpy(&la, a, sizeof(la));
	memcpy(&lb, b, sizeof(lb));
	shorter = la < lb ? la : lb;
	if (shorter > data_bytes * 8)
		shorter = data_bytes * 8;
	while (i < shorter && bit(da, i) == bit(db, i))
		i++;
	return i < shorter ? bit(da, i) < bit(db, i) : lb < la;
}

/* FNV-1a */
static __u64 key_hash(const char *key, size_t size)
{
	__u64 hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)key[i]) * 0x100000001b3;
	return hash;
}

/*
 * The kernel begins again where the key that it stands on is deleted. A trie
 * has an order, so that what was delivered already can be told from it.
 */
static bool lpm_seen(struct walk *w, const char *key)
{
	if (w->last && !lpm_behind(w->last, key, w->key_size - sizeof(__u32))) {
		w->again = true;
		return true;
	}
	if (!w->last)
		w->last = xmalloc(w->key_size);
	memcpy(w->last, key, w->key_size);
	w->sum += key_hash(key, w->key_size);
	return false;
}

static int deliver(struct walk *w, const struct batch *b, __u32 nr)
{
	bool lpm = map_is(w->map->map.type, MAP_PREFIX) && w->key_size > sizeof(__u32);
	int ret = 0;

	for (__u32 i = 0; i < nr && !ret; i++) {
		const char *key = b->keys + i * w->key_size;

		if (!lpm || !lpm_seen(w, key))
			ret = w->fn(w->arg, key, b->values + i * w->value_size);
	}
	w->stopped = ret;
	return ret;
}

/* Fetches one batch, with more room where a bucket of a hash does not fit. */
static void fetch(struct batch *b)
{
	__u32 most = b->walk->most;

	for (;;) {
		b->nr = b->room;
		b->err = bpf_map_lookup_batch(b->walk->map->fd, (void *)b->from, b->end, b->keys,
					      b->values, &b->nr, NULL);
		if (b->err != -ENOSPC || b->room >= most)
			return;
		set_room(b, most / 2 > b->room ? b->room * 2 : most);
	}
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		;
}

static void *fetch_all(void *arg)
{
	struct ahead *a = arg;

	for (;;) {
		wait_for(&a->wanted);
		if (!a->batch)
			return NULL;
		fetch(a->batch);
		sem_post(&a->fetched);
	}
}

/* Starts the thread, to which no signals go. Without one, all is fetched when it is asked for. */
static void ahead_begin(struct ahead *a)
{
	sigset_t all, old;

	sem_init(&a->wanted, 0, 0);
	sem_init(&a->fetched, 0, 0);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	a->on = !pthread_create(&a->thread, NULL, fetch_all, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void ahead_end(struct ahead *a)
{
	if (!a->on)
		return;
	a->batch = NULL;
	sem_post(&a->wanted);
	pthread_join(a->thread, NULL);
}

/* Has the batch behind @from fetched. */
static void fetch_ahead(struct ahead *a, struct batch *b, const void *from)
{
	b->from = from;
	a->batch = b;
	if (!a->on)
		ahead_begin(a);
	if (a->on)
		sem_post(&a->wanted);
}

static void fetched(struct ahead *a)
{
	if (a->on)
		wait_for(&a->fetched);
	else
		fetch(a->batch);
}

/* What a batch call came to: 0, or a negative errno where nothing of it can be used. */
static int check(const struct batch *b)
{
	if (b->err && b->err != -ENOENT && b->err != -EINTR && b->err != -EAGAIN)
		return b->err;
	return b->nr > b->room || (!b->nr && !b->err) ? -EIO : 0;
}

/*
 * Walks by batch calls. @more is set where keys must be asked for one by one
 * from now on: behind @from, or from the start where that is NULL.
 */
static int walk_batch(struct walk *w, const void **from, bool *more)
{
	struct batch *b = &w->batch[0], *next = &w->batch[1], *swap;
	int ret;

	*from = NULL;
	*more = false;
	fetch(b);
	if (no_such_operation(b->err)) {
		*more = true;
		return 0;
	}
	for (;;) {
		ret = interrupted() ? -EINTR : check(b);
		if (ret)
			return ret;
		if (!b->err)
			fetch_ahead(&w->ahead, next, b->end);
		ret = deliver(w, b, b->nr);
		if (!b->err)
			fetched(&w->ahead);
		if (ret || b->err == -ENOENT)
			return ret;
		if (b->nr)
			*from = b->end;
		if (b->err) {
			*more = true;
			return 0;
		}
		swap = b;
		b = next;
		next = swap;
	}
}

/* Key number @n of the walk, one of the last TRAIL. */
static char *trail_key(const struct walk *w, size_t n)
{
	return w->trail + n % TRAIL * w->key_size;
}

static bool on_trail(const struct walk *w, const char *key)
{
	size_t n = w->steps < TRAIL ? w->steps : TRAIL;

	for (size_t i = 1; i <= n; i++)
		if (!memcmp(trail_key(w, w->steps - i), key, w->key_size))
			return true;
	return false;
}

/* Whether the kernel went back to the beginning, as it does from a key that is gone. */
static bool is_first(const struct walk *w, const char *key)
{
	char *first = xmalloc(w->key_size);
	bool same = !bpf_map_get_next_key(w->map->fd, NULL, first) &&
		    !memcmp(first, key, w->key_size);

	free(first);
	return same;
}

/*
 * Asks for the key behind @key, then for the value of @key, and puts errors in
 * @end and @gone. False where the answer is not to be relied on: @key has
 * vanished, maybe before the kernel looked for its successor.
 */
static bool step(struct walk *w, const char *key, char *next, int *end, int *gone)
{
	*end = bpf_map_get_next_key(w->map->fd, key, next);
	*gone = bpf_map_lookup_elem(w->map->fd, key, w->batch[0].values);
	return w->indexed || (*gone != -ENOENT && (*end || !is_first(w, next)));
}

/*
 * Finds the next key that was not walked over, by way of the newest one of the
 * trail that is still there. Where the trail is lost, so is the walk.
 */
static int find_way_back(struct walk *w, char *next)
{
	size_t n = w->steps < TRAIL ? w->steps : TRAIL;
	char *from = xmalloc(w->key_size);
	int err = -EAGAIN, end, gone;

	for (size_t i = 1; i <= n && err == -EAGAIN; i++) {
		memcpy(from, trail_key(w, w->steps - i), w->key_size);
		while (step(w, from, next, &end, &gone)) {
			if (end || !on_trail(w, next)) {
				err = end;
				break;
			}
			memcpy(from, next, w->key_size);
		}
	}
	free(from);
	/* Nothing of what was walked over is left: the first key is a new one. */
	if (err == -EAGAIN && w->steps <= TRAIL)
		err = bpf_map_get_next_key(w->map->fd, NULL, next);
	return err;
}

/* Notes @key as walked over. */
static void leave_trail(struct walk *w, const char *key)
{
	memcpy(trail_key(w, w->steps), key, w->key_size);
	w->steps++;
}

/* One key after the other, from behind @from, or from the first where it is NULL. */
static int walk_keys(struct walk *w, const void *from)
{
	char *key = w->batch[0].keys, *next = xmalloc(w->key_size);
	int last, gone, ret = 0;

	w->indexed = map_is(w->map->map.type, MAP_INDEXED);
	w->trail = xcalloc(TRAIL, w->key_size);
	last = bpf_map_get_next_key(w->map->fd, from, key);
	if (!from && no_such_operation(last))
		last = -EOPNOTSUPP;
	while (!last && !ret) {
		/* The successor is known before @fn may delete the element. */
		bool sure = step(w, key, next, &last, &gone);

		if (interrupted())
			ret = -EINTR;
		else if (gone && gone != -ENOENT)
			ret = gone;
		else if (!gone)
			ret = deliver(w, &w->batch[0], 1);
		leave_trail(w, key);
		if (!ret && !sure)
			last = find_way_back(w, next);
		memcpy(key, next, w->key_size);
	}
	free(next);
	return ret ? ret : last == -ENOENT ? 0 : last;
}

static void begin(struct walk *w, const struct handle *map, kern_element_fn fn, void *arg)
{
	size_t cursor = map->map.key_size < sizeof(__u64) ? sizeof(__u64) : map->map.key_size;
	__u32 max = map->map.max_entries;

	*w = (struct walk){
		.map = map,
		.key_size = map->map.key_size,
		.value_size = kern_value_bytes(map),
		.fn = fn,
		.arg = arg,
		/* Elements that processors keep in reserve may come on top of max_entries. */
		.most = max < UINT32_MAX / 4 ? max * 2 + kern_cpus() : UINT32_MAX / 2,
	};
	for (int i = 0; i < 2; i++) {
		w->batch[i].walk = w;
		w->batch[i].end = xcalloc(1, cursor);
		set_room(&w->batch[i], first_room(w));
	}
}

static void end(struct walk *w)
{
	ahead_end(&w->ahead);
	for (int i = 0; i < 2; i++) {
		free(w->batch[i].keys);
		free(w->batch[i].values);
		free(w->batch[i].end);
	}
	free(w->last);
	free(w->trail);
}

static int walk_all(struct walk *w)
{
	const void *from;
	bool more;
	int ret = walk_batch(w, &from, &more);

	return !ret && more ? walk_keys(w, from) : ret;
}

/* The memory of a trie tells the number of its elements; false where it is not known. */
static bool trie_memory(const struct handle *map, char *value, size_t size)
{
	return map_is(map->map.type, MAP_PREFIX) &&
	       kern_fdinfo(map->fd, "memlock", value, size);
}

/* Linux before 6.4 tells the pages that a trie would take if it were full, whatever is in it. */
static bool tells_room(const struct handle *map, const char *memory)
{
	__u64 bytes = strtoull(memory, NULL, 10);

	return bytes % 4096 == 0 &&
	       bytes >= (__u64)map->map.max_entries * (map->map.key_size + map->map.value_size);
}

static int pass_over(void *arg, const void *key, const void *value)
{
	(void)arg, (void)key, (void)value;
	return 0;
}

/* Whether a second walk comes by other keys than @w, which may have missed some then. */
static bool walked_otherwise(const struct walk *w)
{
	struct walk second;
	bool otherwise;

	begin(&second, w->map, pass_over, NULL);
	otherwise = walk_all(&second) || second.again || second.sum != w->sum;
	end(&second);
	return otherwise;
}

/* Whether others changed the trie meanwhile; @before is its memory until then. */
static bool trie_changed(const struct walk *w, const char *before)
{
	char after[32];

	if (w->again)
		return true;
	if (!*before || !trie_memory(w->map, after, sizeof(after)))
		return false;
	return strcmp(before, after) || (tells_room(w->map, after) && walked_otherwise(w));
}

int kern_map_walk(const struct handle *map, kern_element_fn fn, void *arg)
{
	char before[32] = "";
	struct walk w;
	int ret;

	if (map_is(map->map.type, MAP_UNLISTED) || !map->map.key_size)
		return -EOPNOTSUPP;
	begin(&w, map, fn, arg);
	trie_memory(map, before, sizeof(before));
	ret = walk_all(&w);
	if (!ret && trie_changed(&w, before))
		ret = -KERN_ECHANGED;
	if (ret == -EPERM && !w.stopped)
		ret = -KERN_EPERM;
	end(&w);
	return ret;
}
