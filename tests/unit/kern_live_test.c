// SPDX-License-Identifier: BSD-2-Clause
/* Maps, pins, objects and names of the kernel layer, on a real kernel. */
#include <bpf/btf.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/code.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/symbols.h"
#include "tests/unit/kern_live.h"

static struct handle *try_map(__u32 type, __u32 key, __u32 value, __u32 entries, __u32 flags)
{
	struct map_def def = {
		.type = type, .key_size = key, .value_size = value, .max_entries = entries,
		.flags = flags, .inner_fd = -1, .btf_fd = -1, .name = "t_map",
	};
	struct handle *h;
	int fd, inner = -1;

	if (type == BPF_MAP_TYPE_HASH_OF_MAPS || type == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
		inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "t_inner", 4, 4, 1, NULL);
		def.inner_fd = inner;
	}
	fd = kern_map_create(&def);
	if (inner >= 0)
		close(inner);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	h = kern_handle(OBJ_MAP, fd);
	assert_non_null(h);
	return h;
}

static struct handle *new_map(__u32 type, __u32 key, __u32 value, __u32 entries, __u32 flags)
{
	struct handle *h = try_map(type, key, value, entries, flags);

	if (!h)
		fail_msg("map type %u: %s", type, strerror(errno));
	return h;
}

static int new_prog(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "t_prog", "GPL", insns, 2, NULL);

	assert_true(fd >= 0);
	return fd;
}

/* What a walk saw: how often each index below MAX, and a wrong value. */
#define MAX 4096

struct seen {
	int count[MAX];
	int total, wrong;
	size_t key_at;			/* where in the key the index stands */
	size_t value_bytes;		/* copies of the index that begin the value; 0: unchecked */
	int stop_after;
};

static int see(void *arg, const void *key, const void *value)
{
	struct seen *s = arg;
	__u32 index, v;

	memcpy(&index, (const char *)key + s->key_at, sizeof(index));
	if (index < MAX)
		s->count[index]++;
	else
		s->wrong++;
	for (size_t i = 0; i < s->value_bytes; i += sizeof(v)) {
		memcpy(&v, (const char *)value + i, sizeof(v));
		if (v != index)
			s->wrong++;
	}
	return ++s->total == s->stop_after ? 77 : 0;
}

static void fill(const struct handle *map, __u32 nr, const struct seen *s)
{
	char *key = xcalloc(1, map->map.key_size), *value = xcalloc(1, kern_value_bytes(map));

	for (__u32 i = 0; i < nr; i++) {
		__u32 bits = (map->map.key_size - 4) * 8;

		if (map->map.type == BPF_MAP_TYPE_LPM_TRIE)
			memcpy(key, &bits, sizeof(bits));
		memcpy(key + s->key_at, &i, sizeof(i));
		for (size_t j = 0; j + 4 <= kern_value_bytes(map); j += sizeof(i))
			memcpy(value + j, &i, sizeof(i));
		assert_int_equal(kern_map_update(map->fd, key, value, 0), 0);
	}
	free(key);
	free(value);
}

static void check_seen(const struct seen *s, __u32 nr)
{
	assert_int_equal(s->wrong, 0);
	assert_int_equal(s->total, nr);
	for (__u32 i = 0; i < nr; i++)
		assert_int_equal(s->count[i], 1);
}

static void walk_plain_types(void **state)
{
	static const struct {
		__u32 type, key, value, entries, filled, flags;
		size_t key_at;
	} rows[] = {
		{ BPF_MAP_TYPE_HASH, 4, 8, 3000, 3000, 0, 0 },
		{ BPF_MAP_TYPE_HASH, 4, 8, 3000, 0, 0, 0 },
		{ BPF_MAP_TYPE_HASH, 4, 8, 1, 1, 0, 0 },
		{ BPF_MAP_TYPE_HASH, 12, 5000, 500, 500, BPF_F_NO_PREALLOC, 0 },
		{ BPF_MAP_TYPE_HASH, 4, 300000, 20, 20, BPF_F_NO_PREALLOC, 0 },
		{ BPF_MAP_TYPE_PERCPU_HASH, 8, 12, 300, 300, 0, 0 },
		{ BPF_MAP_TYPE_LRU_HASH, 4, 4, 4096, 500, 0, 0 },
		{ BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, 4, 4096, 500, 0, 0 },
		{ BPF_MAP_TYPE_ARRAY, 4, 8, 3000, 3000, 0, 0 },
		{ BPF_MAP_TYPE_ARRAY, 4, 1 << 20, 3, 3, 0, 0 },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 20, 300, 300, 0, 0 },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, 4, 1000, 1000, BPF_F_NO_PREALLOC, 4 },
	};

	NEED_KERNEL();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct handle *map = new_map(rows[i].type, rows[i].key, rows[i].value,
					     rows[i].entries, rows[i].flags);
		struct seen s = { .key_at = rows[i].key_at };

		s.value_bytes = rows[i].value & ~3u;
		fill(map, rows[i].filled, &s);
		assert_int_equal(kern_map_walk(map, see, &s), 0);
		check_seen(&s, rows[i].filled);
		handle_put(map);
	}
}

static void walk_is_stopped(void **state)
{
	struct seen s = { .stop_after = 10 };
	struct handle *map;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 100, 0);
	fill(map, 100, &s);
	assert_int_equal(kern_map_walk(map, see, &s), 77);
	assert_int_equal(s.total, 10);
	handle_put(map);
}

static void walk_is_interrupted(void **state)
{
	struct seen s = { 0 };
	struct handle *map;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 100, 0);
	fill(map, 100, &s);
	interrupt_init();
	raise(SIGINT);
	assert_int_equal(kern_map_walk(map, see, &s), -EINTR);
	interrupt_clear();
	assert_int_equal(kern_map_walk(map, see, &s), 0);
	assert_int_equal(s.total, 100);
	interrupt_reset();
	handle_put(map);
}

static void walk_maps_of_objects(void **state)
{
	static const __u32 types[] = { BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_ARRAY_OF_MAPS,
				       BPF_MAP_TYPE_PROG_ARRAY };

	NEED_KERNEL();
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		struct handle *map = new_map(types[t], 4, 4, 600, 0), *object;
		struct seen s = { 0 };
		int fd = types[t] == BPF_MAP_TYPE_PROG_ARRAY ? new_prog() :
			 bpf_map_create(BPF_MAP_TYPE_ARRAY, "t_inner", 4, 4, 1, NULL);
		__u32 id;

		object = kern_handle(types[t] == BPF_MAP_TYPE_PROG_ARRAY ? OBJ_PROG : OBJ_MAP, fd);
		assert_non_null(object);
		/* Every third slot is taken. */
		for (__u32 i = 0; i < 600; i += 3)
			assert_int_equal(kern_map_update(map->fd, &i, &fd, 0), 0);
		assert_int_equal(kern_map_walk(map, see, &s), 0);
		assert_int_equal(s.total, 200);
		for (__u32 i = 0; i < 600; i++)
			assert_int_equal(s.count[i], i % 3 == 0);
		id = 0;
		assert_int_equal(kern_map_lookup(map->fd, &(__u32){ 3 }, &id, 0), 0);
		assert_int_equal(id, object->id);
		handle_put(map);
		handle_put(object);
	}
}

static void walk_devices(void **state)
{
	static const __u32 types[] = { BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH,
				       BPF_MAP_TYPE_CPUMAP };

	NEED_KERNEL();
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		bool cpus = types[t] == BPF_MAP_TYPE_CPUMAP;
		struct handle *map = new_map(types[t], 4, 4, cpus ? 1 : 300, 0);
		struct seen s = { 0 };
		__u32 nr = cpus ? 1 : 150, length = 64, lo = 1;

		/* Interface 1 is the namespace's own loopback; a CPU map has a queue's length. */
		for (__u32 i = 0; i < nr; i++)
			assert_int_equal(kern_map_update(map->fd, &i, cpus ? &length : &lo, 0), 0);
		assert_int_equal(kern_map_walk(map, see, &s), 0);
		for (__u32 i = 0; i < nr; i++)
			assert_int_equal(s.count[i], 1);
		handle_put(map);
	}
}

static void not_to_be_walked(void **state)
{
	static const struct {
		__u32 type, key, value, entries, flags;
		const char *says;
	} rows[] = {
		{ BPF_MAP_TYPE_QUEUE, 0, 4, 8, 0, "cannot be listed" },
		{ BPF_MAP_TYPE_STACK, 0, 4, 8, 0, "cannot be listed" },
		{ BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0,
		  "cannot list the elements of map 't_map': a ring buffer has no elements" },
		{ BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096, 0, "user ring buffer" },
		{ BPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 8, 0, "bloom filter" },
		{ BPF_MAP_TYPE_ARENA, 0, 0, 4, BPF_F_MMAPABLE, "arena" },
	};

	NEED_KERNEL();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct handle *map = try_map(rows[i].type, rows[i].key, rows[i].value,
					     rows[i].entries, rows[i].flags);
		struct seen s = { 0 };
		struct diags d = { 0 };
		int err;

		if (!map)
			continue;
		err = kern_map_walk(map, see, &s);
		assert_int_equal(err, -EOPNOTSUPP);
		kern_map_error(&d, NO_SPAN, "dump", map, err);
		assert_non_null(strstr(d.list[0].msg, rows[i].says));
		diags_clear(&d);
		handle_put(map);
	}
}

/* Others that write while a walk goes on: keys from 0 stay, those from half on come and go. */
struct churn {
	const struct handle *map;
	size_t key_at;
	__u32 from, to;
	atomic_bool stop;
};

static void *churn(void *arg)
{
	struct churn *c = arg;
	char key[16] = { 0 }, value[64] = { 0 };
	__u32 bits = (c->map->map.key_size - 4) * 8, one = 1;

	if (c->key_at)
		memcpy(key, &bits, sizeof(bits));
	memcpy(value, &one, sizeof(one));
	while (!atomic_load(&c->stop)) {
		for (__u32 i = c->from; i < c->to && !atomic_load(&c->stop); i++) {
			memcpy(key + c->key_at, &i, sizeof(i));
			kern_map_update(c->map->fd, key, value, 0);
		}
		for (__u32 i = c->from; i < c->to && !atomic_load(&c->stop); i++) {
			memcpy(key + c->key_at, &i, sizeof(i));
			kern_map_delete(c->map->fd, key);
		}
	}
	return NULL;
}

static void walk_beside_writers(void **state)
{
	static const struct {
		__u32 type, key, flags;
		size_t key_at;
		__u32 stay, come_and_go;
		bool may_give_up, may_miss;
	} rows[] = {
		{ BPF_MAP_TYPE_HASH, 4, 0, 0, 500, 3000 },
		{ BPF_MAP_TYPE_HASH, 4, BPF_F_NO_PREALLOC, 0, 500, 3000 },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC, 4, 500, 1000, .may_miss = true },
		{ BPF_MAP_TYPE_DEVMAP_HASH, 4, 0, 0, 500, 500, .may_give_up = true },
	};

	NEED_KERNEL();
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		struct handle *map = new_map(rows[r].type, rows[r].key, 4, MAX, rows[r].flags);
		struct churn c = { .map = map, .key_at = rows[r].key_at, .from = rows[r].stay,
				   .to = rows[r].stay + rows[r].come_and_go };
		pthread_t thread;

		for (__u32 i = 0; i < rows[r].stay; i++) {
			char key[8] = { 0 };
			__u32 bits = (rows[r].key - 4) * 8;

			if (c.key_at)
				memcpy(key, &bits, sizeof(bits));
			memcpy(key + c.key_at, &i, sizeof(i));
			assert_int_equal(kern_map_update(map->fd, key, &(__u32){ 1 }, 0), 0);
		}
		assert_int_equal(pthread_create(&thread, NULL, churn, &c), 0);
		for (int round = 0; round < 100; round++) {
			struct seen s = { .key_at = c.key_at };
			int err = kern_map_walk(map, see, &s);

			if (err == -EAGAIN && rows[r].may_give_up)
				continue;
			if (!rows[r].may_miss || err != -KERN_ECHANGED)
				assert_int_equal(err, 0);
			for (__u32 i = 0; i < rows[r].stay; i++)
				if (s.count[i] > 1 || (!s.count[i] && !err))
					fail_msg("type %u: key %u seen %d times", rows[r].type, i,
						 s.count[i]);
		}
		atomic_store(&c.stop, true);
		pthread_join(thread, NULL);
		handle_put(map);
	}
}

/* Does to a map what its flag forbids. */
static void flags_forbid(__u32 flag, struct diags *d)
{
	struct handle *map = new_map(BPF_MAP_TYPE_ARRAY, 4, 4, 1, flag);
	__u32 k = 0, v = 0;

	if (flag == BPF_F_RDONLY)
		kern_map_error(d, NO_SPAN, "update", map, kern_map_update(map->fd, &k, &v, 0));
	else
		kern_map_error(d, NO_SPAN, "lookup", map, kern_map_lookup(map->fd, &k, &v, 0));
	handle_put(map);
}

/* One misleading errno each: what is done, and a part of what must be said. */
static void errors_are_translated(void **state)
{
	struct handle *hash, *array, *queue, *lpm, *frozen;
	struct diags d = { 0 };
	__u32 k = 0, v = 0;
	__u32 prefix[2] = { 32, 0 };

	NEED_KERNEL();
	hash = new_map(BPF_MAP_TYPE_HASH, 4, 4, 2, 0);
	array = new_map(BPF_MAP_TYPE_ARRAY, 4, 4, 2, 0);
	queue = new_map(BPF_MAP_TYPE_QUEUE, 0, 4, 1, 0);
	lpm = new_map(BPF_MAP_TYPE_LPM_TRIE, 8, 4, 1, BPF_F_NO_PREALLOC);
	frozen = new_map(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
#define SAYS(text) do { assert_string_equal(d.list[0].msg, text); diags_clear(&d); } while (0)
	kern_map_update(hash->fd, &k, &v, 0);
	k++;
	kern_map_update(hash->fd, &k, &v, 0);
	k++;
	kern_map_error(&d, NO_SPAN, "update", hash, kern_map_update(hash->fd, &k, &v, 0));
	SAYS("cannot update element in map 't_map': map is full (2 of 2 entries)");
	kern_map_error(&d, NO_SPAN, "update", hash, kern_map_update(hash->fd, &k, &v, BPF_EXIST));
	SAYS("cannot update element in map 't_map': key is not present");
	kern_map_error(&d, NO_SPAN, "lookup", hash, kern_map_lookup(hash->fd, &k, &v, 0));
	SAYS("cannot look up element in map 't_map': key is not present");
	kern_map_error(&d, NO_SPAN, "delete", hash, kern_map_delete(hash->fd, &k));
	SAYS("cannot delete element from map 't_map': key is not present");
	kern_map_error(&d, NO_SPAN, "update", array, kern_map_update(array->fd, &k, &v, 0));
	SAYS("cannot update element in map 't_map': index is out of range (0 to 1)");
	kern_map_error(&d, NO_SPAN, "lookup", array, kern_map_lookup(array->fd, &k, &v, 0));
	SAYS("cannot look up element in map 't_map': index is out of range (0 to 1)");
	k = 0;
	kern_map_error(&d, NO_SPAN, "update", array,
		       kern_map_update(array->fd, &k, &v, BPF_NOEXIST));
	SAYS("cannot update element in map 't_map': elements of an array always exist");
	kern_map_error(&d, NO_SPAN, "delete", array, kern_map_delete(array->fd, &k));
	SAYS("cannot delete element from map 't_map': elements of an array cannot be deleted");
	kern_map_error(&d, NO_SPAN, "update", hash, kern_map_update(hash->fd, &k, &v, BPF_NOEXIST));
	SAYS("cannot update element in map 't_map': key is present already");
	kern_map_error(&d, NO_SPAN, "pop", queue, kern_map_pop(queue->fd, &v));
	SAYS("cannot pop a value from map 't_map': it is empty");
	assert_int_equal(kern_map_update(queue->fd, NULL, &v, 0), 0);
	kern_map_error(&d, NO_SPAN, "push", queue, kern_map_update(queue->fd, NULL, &v, 0));
	SAYS("cannot push a value to map 't_map': it is full (1 of 1 values)");
	assert_int_equal(kern_map_update(lpm->fd, prefix, &v, 0), 0);
	prefix[1] = 1;
	kern_map_error(&d, NO_SPAN, "update", lpm, kern_map_update(lpm->fd, prefix, &v, 0));
	SAYS("cannot update element in map 't_map': map is full (1 of 1 entries)");
	assert_int_equal(kern_map_freeze(frozen->fd), 0);
	kern_map_error(&d, NO_SPAN, "update", frozen, kern_map_update(frozen->fd, &k, &v, 0));
	SAYS("cannot update element in map 't_map': "
	     "map is frozen, user space cannot change it any more");
	kern_map_error(&d, NO_SPAN, "freeze", frozen, kern_map_freeze(frozen->fd));
	SAYS("cannot freeze map 't_map': map is frozen already");
	flags_forbid(BPF_F_RDONLY, &d);
	SAYS("cannot update element in map 't_map': it is open for reading only "
	     "(flag 'rdonly', or its pin's mode)");
	flags_forbid(BPF_F_WRONLY, &d);
	SAYS("cannot look up element in map 't_map': it is open for writing only "
	     "(flag 'wronly', or its pin's mode)");
	handle_put(hash);
	handle_put(array);
	handle_put(queue);
	handle_put(lpm);
	handle_put(frozen);
}

struct found {
	struct buf text;
};

static int note_pin(void *arg, const struct pin *pin)
{
	struct found *f = arg;

	if (!strncmp(pin->path, env.dir, strlen(env.dir)))
		buf_printf(&f->text, "%s %s %u\n", pin->path + strlen(env.dir),
			   object_names[pin->kind], pin->id);
	return 0;
}

static void pins(void **state)
{
	struct handle *map, *prog;
	struct found f = { BUF_INIT };
	struct diags d = { 0 };
	char path[128], **mounts;
	enum object_kind kind;
	bool listed = false;
	int fd, err;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 2, 0);
	prog = kern_handle(OBJ_PROG, new_prog());
	assert_non_null(prog);
	assert_true(kern_is_bpffs(env.dir));
	assert_false(kern_is_bpffs("/proc"));
	assert_false(kern_is_bpffs("/nonexistent"));
	snprintf(path, sizeof(path), "%s/sub dir", env.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/sub dir/m", env.dir);
	assert_int_equal(kern_pin(map->fd, path), 0);
	assert_int_equal(kern_pin(map->fd, path), -EEXIST);
	fd = kern_open_pin(path, &kind);
	assert_true(fd >= 0);
	assert_int_equal(kind, OBJ_MAP);
	close(fd);
	snprintf(path, sizeof(path), "%s/p", env.dir);
	assert_int_equal(kern_pin(prog->fd, path), 0);
	snprintf(path, sizeof(path), "%s/a.b", env.dir);
	err = kern_pin(prog->fd, path);
	assert_int_equal(err, -KERN_EDOT);
	kern_error(&d, NO_SPAN, err, "pin at 'a.b'");
	assert_string_equal(d.list[0].msg,
			    "cannot pin at 'a.b': names in a bpffs cannot have a dot");
	diags_clear(&d);
	assert_int_equal(kern_pin(prog->fd, "/tmp/bpfsh-no-bpffs"), -KERN_ENOTBPFFS);
	assert_int_equal(kern_pin(prog->fd, "/nonexistent/x"), -ENOENT);
	assert_int_equal(kern_open_pin("/proc/self/status", &kind), -KERN_ENOTPIN);
	assert_int_equal(kern_open_pin(env.dir, &kind), -KERN_ENOTPIN);
	assert_int_equal(kern_open_pin("/nonexistent/x", &kind), -ENOENT);
	mounts = kern_bpffs_mounts();
	for (int i = 0; mounts[i]; i++) {
		listed |= !strcmp(mounts[i], env.dir);
		free(mounts[i]);
	}
	assert_true(listed);
	free(mounts);
	assert_int_equal(kern_pins(note_pin, &f), 0);
	snprintf(path, sizeof(path), "/sub dir/m map %u\n", map->id);
	assert_non_null(strstr(buf_str(&f.text), path));
	snprintf(path, sizeof(path), "/p program %u\n", prog->id);
	assert_non_null(strstr(buf_str(&f.text), path));
	buf_free(&f.text);
	snprintf(path, sizeof(path), "%s/sub dir/m", env.dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/p", env.dir);
	unlink(path);
	handle_put(map);
	handle_put(prog);
}

static void kinds(void **state)
{
	struct btf *btf;
	enum object_kind kind;
	struct handle *map;
	int fd, file, id;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 2, 0);
	assert_int_equal(kern_kind(map->fd, &kind), 0);
	assert_int_equal(kind, OBJ_MAP);
	fd = new_prog();
	assert_int_equal(kern_kind(fd, &kind), 0);
	assert_int_equal(kind, OBJ_PROG);
	close(fd);
	btf = btf__new_empty();
	id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	assert_true(id > 0 && !btf__load_into_kernel(btf));
	assert_int_equal(kern_kind(btf__fd(btf), &kind), 0);
	assert_int_equal(kind, OBJ_BTF);
	btf__free(btf);
	file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(kern_kind(file, &kind), -EINVAL);
	close(file);
	assert_int_equal(kern_kind(1000, &kind), -EINVAL);
	fd = kern_open_id(OBJ_MAP, map->id);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(kern_open_id(OBJ_MAP, 0x7fffffff), -ENOENT);
	handle_put(map);
}

static void ids(void **state)
{
	struct handle *map;
	__u32 id;
	int err;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 2, 0);
	id = map->id - 1;
	assert_int_equal(kern_next_id(OBJ_MAP, &id), 0);
	assert_int_equal(id, map->id);
	id = 0;
	while (!(err = kern_next_id(OBJ_MAP, &id)))
		;
	assert_int_equal(err, -ENOENT);
	handle_put(map);
}

static void code(void **state)
{
	struct kern_code c;
	int fd;

	NEED_KERNEL();
	fd = new_prog();
	assert_int_equal(kern_code(fd, &c), 0);
	assert_int_equal(c.info.xlated_prog_len, 16);
	assert_non_null(c.insns);
	assert_int_equal(c.insns[1].code, BPF_JMP | BPF_EXIT);
	if (c.info.jited_prog_len) {
		__u64 offset;

		assert_int_equal(c.info.nr_jited_ksyms, 1);
		assert_non_null(strstr(kern_symbol_near(c.ksyms[0], &offset), ""));
	}
	assert_null(c.btf);
	kern_code_free(&c);
	close(fd);
	assert_true(kern_code(-1, &c) < 0);
}

static void names(void **state)
{
	const char **list;
	bool arena = false;

	NEED_KERNEL();
	assert_string_equal(kern_map_type_name(BPF_MAP_TYPE_HASH), "hash");
	assert_null(kern_map_type_name(999));
	assert_int_equal(kern_map_type("lpm_trie"), BPF_MAP_TYPE_LPM_TRIE);
	assert_int_equal(kern_map_type("no_such_type"), -1);
	assert_int_equal(kern_map_type("unspec"), -1);
	assert_string_equal(kern_prog_type_name(BPF_PROG_TYPE_XDP), "xdp");
	assert_string_equal(kern_attach_type_name(BPF_XDP), "xdp");
	assert_string_equal(kern_link_type_name(BPF_LINK_TYPE_XDP), "xdp");
	if (kern_map_type_name(BPF_MAP_TYPE_ARENA)) {
		assert_string_equal(kern_map_type_name(BPF_MAP_TYPE_ARENA), "arena");
		list = kern_map_type_names();
		for (int i = 0; list[i]; i++)
			arena |= !strcmp(list[i], "arena");
		assert_true(arena);
		free(list);
		assert_int_equal(kern_map_type("arena"), BPF_MAP_TYPE_ARENA);
	}
}

static void symbols(void **state)
{
	__u64 address, offset;

	NEED_KERNEL();
	address = kern_symbol_now("bpf_map_lookup_elem");
	if (!address)
		skip();
	assert_string_equal(kern_symbol(address), "bpf_map_lookup_elem");
	assert_string_equal(kern_symbol(address + 1), "");
	assert_string_equal(kern_symbol_near(address + 1, &offset), "bpf_map_lookup_elem");
	assert_int_equal(offset, 1);
	assert_string_equal(kern_symbol(0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_plain_types),
		cmocka_unit_test(walk_is_stopped),
		cmocka_unit_test(walk_is_interrupted),
		cmocka_unit_test(walk_maps_of_objects),
		cmocka_unit_test(walk_devices),
		cmocka_unit_test(not_to_be_walked),
		cmocka_unit_test(walk_beside_writers),
		cmocka_unit_test(errors_are_translated),
		cmocka_unit_test(pins),
		cmocka_unit_test(kinds),
		cmocka_unit_test(ids),
		cmocka_unit_test(code),
		cmocka_unit_test(names),
		cmocka_unit_test(symbols),
	};

	kern_init(false);
	return cmocka_run_group_tests(tests, env_set_up, env_tear_down);
}
