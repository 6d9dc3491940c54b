// SPDX-License-Identifier: BSD-2-Clause
/* Batches of changes, events, sockets in maps, owners: the kernel layer on a real kernel. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/events.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/map.h"
#include "shell/kern/object.h"
#include "shell/kern/owners.h"
#include "tests/unit/kern_live.h"

static struct handle *new_map(__u32 type, __u32 key, __u32 value, __u32 entries, __u32 flags)
{
	struct map_def def = {
		.type = type, .key_size = key, .value_size = value, .max_entries = entries,
		.flags = flags, .inner_fd = -1, .btf_fd = -1, .name = "t_data",
	};
	int fd = kern_map_create(&def);
	struct handle *h;

	if (fd < 0)
		fail_msg("map type %u: %s", type, strerror(-fd));
	h = kern_handle(OBJ_MAP, fd);
	assert_non_null(h);
	return h;
}

static int count(void *arg, const void *key, const void *value)
{
	++*(__u32 *)arg;
	return 0;
}

static __u32 elements(const struct handle *map)
{
	__u32 nr = 0;

	assert_int_equal(kern_map_walk(map, count, &nr), 0);
	return nr;
}

/* Keys 0, 1, 2 ... of 4 bytes (behind a prefix length where the keys are of 8), values the same. */
static void sequence(const struct handle *map, __u32 nr, char **keys, char **values)
{
	size_t key = map->map.key_size, value = kern_value_bytes(map);

	*keys = xcalloc(nr, key);
	*values = xcalloc(nr, value);
	for (__u32 i = 0; i < nr; i++) {
		if (key == 8)
			memcpy(*keys + i * key, &(__u32){ 32 }, 4);
		memcpy(*keys + (i + 1) * key - 4, &i, 4);
		memcpy(*values + i * value, &i, 4);
	}
}

static void batches(void **state)
{
	static const struct {
		__u32 type, key, flags;
		bool deletes;
	} rows[] = {
		{ BPF_MAP_TYPE_HASH, 4, 0, true },
		{ BPF_MAP_TYPE_PERCPU_HASH, 4, 0, true },
		{ BPF_MAP_TYPE_LRU_HASH, 4, 0, true },
		{ BPF_MAP_TYPE_LPM_TRIE, 8, BPF_F_NO_PREALLOC, true },
		{ BPF_MAP_TYPE_ARRAY, 4, 0, false },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0, false },
	};

	NEED_KERNEL();
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		struct handle *map = new_map(rows[r].type, rows[r].key, 4, 20000, rows[r].flags);
		__u32 nr = rows[r].type == BPF_MAP_TYPE_LRU_HASH ? 1000 : 20000, done = nr;
		char *keys, *values;

		sequence(map, nr, &keys, &values);
		assert_int_equal(kern_map_update_batch(map, keys, values, &done, 0), 0);
		assert_int_equal(done, nr);
		assert_int_equal(elements(map), rows[r].deletes ? nr : 20000);
		if (rows[r].deletes) {
			assert_int_equal(kern_map_delete_batch(map, keys, &done), 0);
			assert_int_equal(done, nr);
			assert_int_equal(elements(map), 0);
		} else {
			assert_int_equal(kern_map_delete_batch(map, keys, &done), -EINVAL);
			assert_int_equal(done, 0);
		}
		free(keys);
		free(values);
		handle_put(map);
	}
}

/* DEVMAP_HASH has no batch calls. */
static void batches_one_by_one(void **state)
{
	struct handle *map;
	char *keys, *values;
	__u32 done = 100;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 100, 0);
	sequence(map, 100, &keys, &values);
	for (__u32 i = 0; i < 100; i++)
		memcpy(values + i * 4, &(__u32){ i == 60 ? 4711 : 1 }, 4);
	assert_int_equal(kern_map_update_batch(map, keys, values, &done, 0), -EINVAL);
	assert_int_equal(done, 60);
	assert_int_equal(elements(map), 60);
	done = 60;
	assert_int_equal(kern_map_delete_batch(map, keys, &done), 0);
	assert_int_equal(elements(map), 0);
	free(keys);
	free(values);
	handle_put(map);
}

static void partial_success(void **state)
{
	struct handle *map;
	char *keys, *values;
	__u32 done = 12;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 8, 0);
	sequence(map, 12, &keys, &values);
	assert_int_equal(kern_map_update_batch(map, keys, values, &done, 0), -E2BIG);
	assert_int_equal(done, 8);
	assert_int_equal(elements(map), 8);
	done = 12;
	assert_int_equal(kern_map_delete_batch(map, keys, &done), -ENOENT);
	assert_int_equal(done, 8);
	/* The first one fails, so that nothing is done. */
	assert_int_equal(kern_map_update(map->fd, keys, values, 0), 0);
	done = 12;
	assert_int_equal(kern_map_update_batch(map, keys, values, &done, BPF_NOEXIST), -EEXIST);
	assert_int_equal(done, 0);
	done = 0;
	assert_int_equal(kern_map_update_batch(map, keys, values, &done, 0), 0);
	free(keys);
	free(values);
	handle_put(map);
}

static void queues(void **state)
{
	struct handle *queue, *stack, *bloom;
	__u32 v;

	NEED_KERNEL();
	queue = new_map(BPF_MAP_TYPE_QUEUE, 0, 4, 8, 0);
	stack = new_map(BPF_MAP_TYPE_STACK, 0, 4, 8, 0);
	bloom = new_map(BPF_MAP_TYPE_BLOOM_FILTER, 0, 4, 8, 0);
	for (v = 1; v <= 3; v++) {
		assert_int_equal(kern_map_push(queue->fd, &v, 0), 0);
		assert_int_equal(kern_map_push(stack->fd, &v, 0), 0);
	}
	assert_int_equal(kern_map_peek(queue->fd, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(kern_map_pop(queue->fd, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(kern_map_peek(stack->fd, &v), 0);
	assert_int_equal(v, 3);
	assert_int_equal(kern_map_pop(stack->fd, &v), 0);
	assert_int_equal(v, 3);
	v = 5;
	assert_int_equal(kern_map_peek(bloom->fd, &v), -ENOENT);
	assert_int_equal(kern_map_push(bloom->fd, &v, 0), 0);
	assert_int_equal(kern_map_peek(bloom->fd, &v), 0);
	handle_put(queue);
	handle_put(stack);
	handle_put(bloom);
}

/* A UDP socket that is bound, in the namespace of the test. */
static int bound_socket(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (void *)&any, sizeof(any)), 0);
	return fd;
}

static void sockets(void **state)
{
	static const __u32 types[] = { BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_SOCKHASH };

	NEED_KERNEL();
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		for (__u32 size = 4; size <= 8; size += 4) {
			struct handle *map = new_map(types[t], 4, size, 16, 0);
			__u64 value = bound_socket();
			struct diags d = { 0 };
			__u32 nr = 0;
			int err;

			assert_int_equal(kern_map_update(map->fd, &(__u32){ 3 }, &value, 0), 0);
			err = kern_map_walk(map, count, &nr);
			if (size == 4) {
				assert_int_equal(err, -ENOSPC);
				kern_map_error(&d, NO_SPAN, "dump", map, err);
				assert_non_null(strstr(d.list[0].msg, "no room for a socket's"));
				diags_clear(&d);
			} else {
				assert_int_equal(err, 0);
				assert_int_equal(nr, 1);
			}
			close(value);
			handle_put(map);
		}
	}
}

#define INSN(c, d, s, o, i) { .code = c, .dst_reg = d, .src_reg = s, .off = o, .imm = i }

static int load_xdp(struct bpf_insn *insns, size_t nr)
{
	char log[4096] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = log, .log_size = sizeof(log),
		    .log_level = 1);
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "t_events", "GPL", insns, nr, &opts);

	if (fd < 0)
		fail_msg("%s", log);
	return fd;
}

/* Sends 8 bytes through the ring buffer. */
static int ring_program(int map)
{
	struct bpf_insn insns[] = {
		INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0x1234),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, map), { 0 },
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_output),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 2),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return load_xdp(insns, ARRAY_SIZE(insns));
}

/* The same through a perf event array. */
static int perf_program(int map)
{
	struct bpf_insn insns[] = {
		INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0x1234),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_FD, 0, map), { 0 },
		INSN(BPF_ALU | BPF_MOV | BPF_K, 3, 0, 0, -1),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 4, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -8),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 8),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_perf_event_output),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 2),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return load_xdp(insns, ARRAY_SIZE(insns));
}

static void run_program(int fd, int times)
{
	char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = times);

	assert_int_equal(bpf_prog_test_run_opts(fd, &opts), 0);
}

struct events {
	__u32 nr, wrong;
	__u64 lost;
	bool perf;
	__u32 stop_after;
};

static int see_event(void *arg, const struct kern_event *event)
{
	struct events *e = arg;
	__u64 v = 0;

	if (event->lost) {
		e->lost += event->lost;
		return 0;
	}
	memcpy(&v, event->data, sizeof(v));
	e->wrong += v != 0x1234 || event->size < 8 || (event->cpu >= 0) != e->perf ||
		    !event->time == e->perf;
	return ++e->nr == e->stop_after ? 55 : 0;
}

static void read_events(struct handle *map, int prog, bool perf)
{
	struct events seen = { .perf = perf };
	struct kern_events *e = kern_events_open(map, NULL, see_event, &seen);

	assert_non_null(e);
	assert_int_equal(kern_events_poll(e, 0), 0);
	run_program(prog, 10);
	assert_int_equal(kern_events_poll(e, 1000), 10);
	assert_int_equal(seen.nr, 10);
	assert_int_equal(seen.wrong, 0);
	/* Stops where it is told, and goes on behind. */
	seen.nr = 0;
	seen.stop_after = 3;
	run_program(prog, 10);
	assert_int_equal(kern_events_poll(e, 1000), 55);
	assert_int_equal(seen.nr, 3);
	while (seen.nr < 10 && kern_events_poll(e, 1000) > 0)
		;
	assert_int_equal(seen.nr, 10);
	assert_int_equal(seen.wrong, 0);
	kern_events_close(e);
	close(prog);
	handle_put(map);
}

static void ring_buffer_events(void **state)
{
	struct handle *map;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	read_events(map, ring_program(map->fd), false);
}

static void perf_events(void **state)
{
	struct handle *map;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, kern_cpus(), 0);
	read_events(map, perf_program(map->fd), true);
}

static void no_events(void **state)
{
	struct handle *map;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 4, 0);
	assert_null(kern_events_open(map, NULL, see_event, NULL));
	assert_int_equal(errno, EOPNOTSUPP);
	handle_put(map);
}

struct wanted {
	pid_t pid;
	__u32 id;
	int found;
	char comm[64];
};

static int find_owner(void *arg, const struct owner *o)
{
	struct wanted *w = arg;

	if (o->pid == w->pid && o->id == w->id) {
		w->found++;
		snprintf(w->comm, sizeof(w->comm), "%s", o->comm);
	}
	return 0;
}

static void owners(void **state)
{
	struct wanted w = { 0 };
	unsigned hidden = 0;
	struct handle *map;

	NEED_KERNEL();
	map = new_map(BPF_MAP_TYPE_HASH, 4, 4, 4, 0);
	w.id = map->id;
	w.pid = fork();
	if (!w.pid) {
		/* Twice the same object is one owner. */
		if (dup(map->fd) >= 0)
			pause();
		_exit(0);
	}
	usleep(100000);
	assert_int_equal(kern_owners(OBJ_MAP, find_owner, &w, &hidden), 0);
	assert_int_equal(w.found, 1);
	assert_string_equal(w.comm, "kern_data_test");
	kill(w.pid, SIGKILL);
	waitpid(w.pid, NULL, 0);
	w.pid = getpid();
	w.found = 0;
	assert_int_equal(kern_owners(OBJ_MAP, find_owner, &w, &hidden), 0);
	assert_int_equal(w.found, 1);
	handle_put(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches),
		cmocka_unit_test(batches_one_by_one),
		cmocka_unit_test(partial_success),
		cmocka_unit_test(queues),
		cmocka_unit_test(sockets),
		cmocka_unit_test(ring_buffer_events),
		cmocka_unit_test(perf_events),
		cmocka_unit_test(no_events),
		cmocka_unit_test(owners),
	};

	kern_init(false);
	return cmocka_run_group_tests(tests, env_set_up, env_tear_down);
}
