// SPDX-License-Identifier: BSD-2-Clause
/* What a link traces, as the link itself tells it. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/probe.h"
#include "shell/kern/target.h"

/*
 * struct bpf_link_info of links that trace; in part newer than the oldest headers:
 * perf and kprobe_multi 6.6, uprobe_multi 6.8, cookies 6.9, those of raw
 * tracepoints and of what is attached by BTF later.
 */
struct probe_info {
	__u32 type, id, prog_id, :32;
	union {
		struct {
			__u64 name;
			__u32 size, :32;
			__u64 cookie;
		} named;		/* a raw tracepoint */
		struct {
			__u64 name;
			__u32 size, map_id;
			union {
				struct {
					__u64 id;
					__u32 order, :32;
				} cgroup;
				struct {
					__u32 tid, pid;
				} task;
			};
		} iter;
		struct {
			__u32 attach_type, object_id, btf_id, :32;
			__u64 cookie;
		} tracing;
		struct {
			__u32 type, :32;
			union {
				struct {
					__u64 name;
					__u32 size, offset;
					__u64 address, missed, cookie;
				} function;
				struct {
					__u64 name;
					__u32 size, offset;
					__u64 cookie, counter;
				} file;	/* and a tracepoint, without offset */
				struct {
					__u64 config;
					__u32 type, :32;
					__u64 cookie;
				} event;
			};
		} perf;
		struct {
			__u64 addresses;
			__u32 count, flags;
			__u64 missed, cookies;
		} kprobe_multi;
		struct {
			__u64 path, offsets, counters, cookies;
			__u32 path_size, count, flags, pid;
		} uprobe_multi;
		__u64 room[8];
	};
};

/* Each type wants the buffer for its name at another place. */
static int ask_name(int fd, struct probe_info *info, char *name, size_t size)
{
	__u32 len = sizeof(*info), type = info->type;

	*info = (struct probe_info){ 0 };
	switch (type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
	case BPF_LINK_TYPE_ITER:
		info->named.name = (uintptr_t)name;
		info->named.size = size;
		break;
	case BPF_LINK_TYPE_PERF_EVENT:
		info->perf.file.name = (uintptr_t)name;
		info->perf.file.size = size;
		break;
	case BPF_LINK_TYPE_UPROBE_MULTI:
		info->uprobe_multi.path = (uintptr_t)name;
		info->uprobe_multi.path_size = size;
		break;
	}
	return kern_info(fd, info, &len);
}

/* The places of a "..._multi", those that there is room for. */
static void ask_places(int fd, struct kern_probe *p, __u32 type)
{
	__u32 nr = p->count < PROBE_PLACES ? p->count : PROBE_PLACES;
	struct probe_info info = { 0 };
	__u32 len = sizeof(info);
	__u64 *at = xcalloc(nr, 3 * sizeof(*at)), *cookies = at + nr, *counters = cookies + nr;
	int err;

	if (type == BPF_LINK_TYPE_KPROBE_MULTI) {
		info.kprobe_multi.addresses = (uintptr_t)at;
		info.kprobe_multi.cookies = (uintptr_t)cookies;
		info.kprobe_multi.count = nr;
	} else {
		info.uprobe_multi.offsets = (uintptr_t)at;
		info.uprobe_multi.cookies = (uintptr_t)cookies;
		info.uprobe_multi.counters = (uintptr_t)counters;
		info.uprobe_multi.count = nr;
	}
	err = kern_info(fd, &info, &len);
	/* Those that fit are there even so. */
	if (!err || err == -ENOSPC) {
		p->places = xcalloc(nr, sizeof(*p->places));
		p->nr_places = nr;
		for (__u32 i = 0; i < nr; i++)
			p->places[i] = (struct probe_place){ at[i], cookies[i], counters[i] };
	}
	free(at);
}

/* What a number of the kernel's stands for, and what its name names. */
struct point {
	const char *type;
	enum probe_point point;
	bool on_return;
};

/* By enum bpf_perf_event_type, which is newer than the oldest headers (6.6). */
static const struct point perf_points[] = {
	{ "perf_event", PROBE_OTHER },	/* older kernels tell no more */
	{ "uprobe", PROBE_FILE },
	{ "uretprobe", PROBE_FILE, true },
	{ "kprobe", PROBE_FUNCTION },
	{ "kretprobe", PROBE_FUNCTION, true },
	{ "tracepoint", PROBE_TRACEPOINT },
	{ "event", PROBE_EVENT },
};

static void put_perf(struct kern_probe *p, const struct probe_info *info)
{
	__u32 type = info->perf.type < ARRAY_SIZE(perf_points) ? info->perf.type : 0;

	p->type = perf_points[type].type;
	p->point = perf_points[type].point;
	p->on_return = perf_points[type].on_return;
	switch (p->point) {
	case PROBE_EVENT:
		p->event_type = info->perf.event.type;
		p->event_config = info->perf.event.config;
		p->cookie = info->perf.event.cookie;
		break;
	case PROBE_FUNCTION:
		p->offset = info->perf.function.offset;
		p->address = info->perf.function.address;
		p->missed = info->perf.function.missed;
		p->cookie = info->perf.function.cookie;
		break;
	case PROBE_FILE:
		p->offset = info->perf.file.offset;
		p->counter = info->perf.file.counter;
		p->cookie = info->perf.file.cookie;
		break;
	case PROBE_TRACEPOINT:
		p->cookie = info->perf.file.cookie;
		break;
	default:
		break;
	}
}

/* A link that is attached by BTF; false where it does not trace. */
static bool put_target(int fd, struct kern_probe *p, const struct probe_info *told)
{
	struct kern_target target;
	struct bpf_link_info info;
	struct bpf_prog_info prog = { 0 };
	__u32 attach_type;

	if (kern_link_info(fd, &info) || !kern_link_target(&info, &prog, &target))
		return false;
	attach_type = info.type == BPF_LINK_TYPE_CGROUP ? info.cgroup.attach_type :
		      info.tracing.attach_type;
	p->type = prog.type == BPF_PROG_TYPE_EXT ? "freplace" :
		  attach_type ? kern_attach_type_name(attach_type) : NULL;
	if (!p->type)
		p->type = "tracing";
	p->point = target.tracepoint ? PROBE_TRACEPOINT : PROBE_WHOLE;
	p->target_prog = target.prog_id;
	p->prog_type = prog.type;
	if (info.type == BPF_LINK_TYPE_TRACING)
		p->cookie = told->tracing.cookie;
	free(p->name);
	p->name = xstrdup(target.name);
	p->module = xstrdup(target.module);
	return true;
}

/* By their names, as the kinds of iterators share the room for what they are of. */
static void put_iterator(struct kern_probe *p, const struct probe_info *info)
{
	p->type = "iter";
	p->point = PROBE_ITERATOR;
	if (!strcmp(p->name, "bpf_map_elem") || !strcmp(p->name, "bpf_sk_storage_map")) {
		p->map_id = info->iter.map_id;
	} else if (!strcmp(p->name, "cgroup")) {
		p->cgroup_id = info->iter.cgroup.id;
		p->order = info->iter.cgroup.order;
	} else if (!strcmp(p->name, "task") || !strcmp(p->name, "task_file") ||
		   !strcmp(p->name, "task_vma")) {
		p->task = info->iter.task.tid;
		p->process = info->iter.task.pid;
	}
}

/* Each bit 0 of their flags. */
#define MULTI_RETURN 1

/* False where the link does not trace. */
static bool put_link(int fd, struct kern_probe *p, const struct probe_info *info)
{
	switch (info->type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
		p->type = "raw_tracepoint";
		p->point = PROBE_TRACEPOINT;
		p->cookie = info->named.cookie;
		return true;
	case BPF_LINK_TYPE_ITER:
		put_iterator(p, info);
		return true;
	case BPF_LINK_TYPE_PERF_EVENT:
		put_perf(p, info);
		return true;
	case BPF_LINK_TYPE_KPROBE_MULTI:
		p->type = "kprobe_multi";
		p->count = info->kprobe_multi.count;
		p->missed = info->kprobe_multi.missed;
		p->on_return = info->kprobe_multi.flags & MULTI_RETURN;
		break;
	case BPF_LINK_TYPE_UPROBE_MULTI:
		p->type = "uprobe_multi";
		p->point = PROBE_FILE;
		p->count = info->uprobe_multi.count;
		p->process = info->uprobe_multi.pid;
		p->on_return = info->uprobe_multi.flags & MULTI_RETURN;
		break;
	default:
		return put_target(fd, p, info);
	}
	if (p->count)
		ask_places(fd, p, info->type);
	return true;
}

bool kern_link_traces(const struct bpf_link_info *info)
{
	switch (info->type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
	case BPF_LINK_TYPE_TRACING:
	case BPF_LINK_TYPE_ITER:
	case BPF_LINK_TYPE_PERF_EVENT:
	case BPF_LINK_TYPE_KPROBE_MULTI:
	case BPF_LINK_TYPE_UPROBE_MULTI:
		return true;
	case BPF_LINK_TYPE_CGROUP:
		return info->cgroup.attach_type == BPF_LSM_CGROUP;
	}
	return false;
}

int kern_link_probe(int fd, struct kern_probe *probe)
{
	struct probe_info info = { 0 };
	char name[PATH_MAX] = "";
	__u32 len = sizeof(info);
	int err = kern_info(fd, &info, &len);

	*probe = (struct kern_probe){ .link_id = info.id, .prog_id = info.prog_id };
	if (err)
		return err;
	switch (info.type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
	case BPF_LINK_TYPE_ITER:
	case BPF_LINK_TYPE_PERF_EVENT:
	case BPF_LINK_TYPE_UPROBE_MULTI:
		err = ask_name(fd, &info, name, sizeof(name));
	}
	if (err)
		return err;
	name[sizeof(name) - 1] = '\0';
	probe->name = xstrdup(name);
	return put_link(fd, probe, &info) ? 0 : -ENOTSUPP;
}

void kern_probe_free(struct kern_probe *probe)
{
	free(probe->name);
	free(probe->module);
	free(probe->places);
}
