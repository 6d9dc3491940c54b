// SPDX-License-Identifier: BSD-2-Clause
/* Names in full, on a real kernel, of maps whose loader changed what their declarations say. */
#include <bpf/libbpf.h>
#include <libgen.h>
#include <limits.h>

#include "kern_live.h"
#include "shell/base/alloc.h"
#include "shell/kern/load.h"
#include "shell/kern/object.h"

#define PREFIX "t_XXXX_"

/* The object of tests/progs/test_names.bpf.c, beside this test. */
static struct bpf_object *open_object(void)
{
	char self[PATH_MAX] = "", path[PATH_MAX + 64];

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return NULL;
	snprintf(path, sizeof(path), "%s/../progs/test_names.bpf.o", dirname(self));
	return access(path, R_OK) ? NULL : bpf_object__open_file(path, NULL);
}

static struct bpf_map *map_of(struct bpf_object *obj, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	assert_non_null(map);
	return map;
}

static void assert_name(struct bpf_object *obj, const char *map, const char *expected)
{
	struct bpf_map_info info;
	char name[KERN_NAME_MAX];

	assert_int_equal(kern_map_info(bpf_map__fd(map_of(obj, map)), &info), 0);
	kern_map_name(&info, name, sizeof(name));
	assert_string_equal(name, expected);
}

#define PORT PREFIX "packets_by_port"
#define PROTOCOL PREFIX "packets_by_protocol"
#define KEPT PREFIX "packets_"

/* They declare 4 and 8 entries. */
static const struct resized {
	__u32 port, protocol;
	const char *port_name, *protocol_name;
} resized[] = {
	{ 4, 8, PORT, PROTOCOL },
	{ 8, 16, KEPT, KEPT },		/* the one looks as the other was declared */
	{ 8, 4, KEPT, KEPT },		/* exchanged: their order tells */
	{ 5, 8, KEPT, KEPT },
	{ 8, 8, KEPT, KEPT },
	{ 3, 5, KEPT, KEPT },
};

static void assert_resized(const struct resized *r)
{
	struct bpf_object *obj = open_object();

	if (!obj)
		skip();
	bpf_map__set_max_entries(map_of(obj, PORT), r->port);
	bpf_map__set_max_entries(map_of(obj, PROTOCOL), r->protocol);
	assert_int_equal(bpf_object__load(obj), 0);
	assert_name(obj, PORT, r->port_name);
	assert_name(obj, PROTOCOL, r->protocol_name);
	bpf_object__close(obj);
}

static void numbers_of_entries(void **state)
{
	NEED_KERNEL();
	for (size_t i = 0; i < ARRAY_SIZE(resized); i++)
		assert_resized(&resized[i]);
}

/* A map that stands alone keeps its name whatever its size; one of another type is another. */
static void changed_alone(void **state)
{
	struct bpf_object *obj;

	NEED_KERNEL();
	obj = open_object();
	if (!obj)
		skip();
	bpf_map__set_max_entries(map_of(obj, PREFIX "alone_with_its_beginning"), 99);
	bpf_map__set_type(map_of(obj, PREFIX "connections_of_ipv6"), BPF_MAP_TYPE_LRU_HASH);
	assert_int_equal(bpf_object__load(obj), 0);
	assert_name(obj, PREFIX "alone_with_its_beginning", PREFIX "alone_with_its_beginning");
	assert_name(obj, PREFIX "connections_of_ipv6", PREFIX "connecti");
	assert_name(obj, PREFIX "connections_of_ipv4", PREFIX "connections_of_ipv4");
	bpf_object__close(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_entries),
		cmocka_unit_test(changed_alone),
	};

	kern_init(false);
	return cmocka_run_group_tests(tests, env_set_up, env_tear_down);
}
