// SPDX-License-Identifier: BSD-2-Clause
/* Arenas of an object, for a libbpf that would make them without an address. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shell/base/compat.h"
#include "shell/kern/loading.h"

/* The release of libbpf, 1.x, from which on it maps them itself. */
#define MAPS_ARENAS 4

/* An arena has its address from the first mapping on, and keeps it. */
static int give_address(int fd, const struct bpf_map *map)
{
	void *wanted = (void *)(uintptr_t)bpf_map__map_extra(map);
	size_t len = (size_t)bpf_map__max_entries(map) * sysconf(_SC_PAGESIZE);
	void *memory = mmap(wanted, len, PROT_READ | PROT_WRITE,
			    MAP_SHARED | (wanted ? MAP_FIXED_NOREPLACE : 0), fd, 0);

	return memory == MAP_FAILED ? -1 : munmap(memory, len);
}

static void make_arena(struct bpf_map *map)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map),
		    .map_extra = bpf_map__map_extra(map));
	int fd = bpf_map_create(BPF_MAP_TYPE_ARENA, bpf_map__name(map), 0, 0,
				bpf_map__max_entries(map), &opts);

	if (fd < 0)
		return;
	if (!give_address(fd, map))
		bpf_map__reuse_fd(map, fd);
	close(fd);
}

void load_arenas(struct bpf_object *obj)
{
	struct bpf_map *map;

	if (libbpf_major_version() > 1 || libbpf_minor_version() >= MAPS_ARENAS)
		return;
	bpf_object__for_each_map(map, obj)
		if (bpf_map__type(map) == BPF_MAP_TYPE_ARENA && bpf_map__fd(map) < 0)
			make_arena(map);
}
