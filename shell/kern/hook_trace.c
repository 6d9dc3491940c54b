// SPDX-License-Identifier: BSD-2-Clause
/* Hooks for tracing: raw tracepoints, and programs that were loaded for their place. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>

#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"

/* Only the kernel knows its tracepoints, modules' included. */
static int raw_tp_find(struct link_spot *spot, const struct link_def *def, struct span at,
		       struct diags *d)
{
	spot->name = xstrdup(def->target);
	return 0;
}

static int raw_tp_create(int prog_fd, const struct link_spot *spot)
{
	return bpf_raw_tracepoint_open(spot->name, prog_fd);
}

static const struct hook_type raw_tp_types[] = {
	{ BPF_TRACE_RAW_TP, BPF_PROG_TYPE_RAW_TRACEPOINT }
};

static const struct refusal raw_tp_refusals[] = {
	{ ENOENT, "there is no such tracepoint",
	  "names stand in /sys/kernel/tracing/available_events, behind the colon" },
	{ EINVAL, "the program reads more arguments than the tracepoint has" },
	{ 0 }
};

/* Programs that were loaded for their place have only to be switched on. */
static int loaded_find(struct link_spot *spot, const struct link_def *def, struct span at,
		       struct diags *d)
{
	return 0;
}

static int loaded_create(int prog_fd, const struct link_spot *spot)
{
	return bpf_raw_tracepoint_open(NULL, prog_fd);
}

/* Some iterators walk through a map. */
static int iter_find(struct link_spot *spot, const struct link_def *def, struct span at,
		     struct diags *d)
{
	if (!def->map || def->map->fd < 0)
		return 0;
	spot->fd = fcntl(def->map->fd, F_DUPFD_CLOEXEC, 3);
	return spot->fd < 0 ? kern_error(d, at, errno, "keep the map") : 0;
}

static int iter_create(int prog_fd, const struct link_spot *spot)
{
	union bpf_iter_link_info info = { .map.map_fd = spot->fd };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &info, .iter_info_len = sizeof(info));

	return bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, spot->fd < 0 ? NULL : &opts);
}

static const struct refusal iter_refusals[] = {
	{ EBADF, "it walks through a map, and none is given", "say which: map MAP" },
	{ EINVAL, "the program was loaded for something else, or walks through no such map" },
	{ ENOENT, "what it was loaded for is gone" },
	{ 0 }
};

static const struct hook_type tp_btf_types[] = { { BPF_TRACE_RAW_TP, BPF_PROG_TYPE_TRACING } },
	fentry_types[] = { { BPF_TRACE_FENTRY, BPF_PROG_TYPE_TRACING } },
	fexit_types[] = { { BPF_TRACE_FEXIT, BPF_PROG_TYPE_TRACING } },
	fmod_ret_types[] = { { BPF_MODIFY_RETURN, BPF_PROG_TYPE_TRACING } },
	lsm_types[] = { { BPF_LSM_MAC, BPF_PROG_TYPE_LSM } },
	freplace_types[] = { { BPF_CGROUP_INET_INGRESS, BPF_PROG_TYPE_EXT } },
	iter_types[] = { { BPF_TRACE_ITER, BPF_PROG_TYPE_TRACING } };

static const struct refusal loaded_refusals[] = {
	{ EINVAL, "the program was loaded for something else" },
	{ EBUSY, "it is attached there already, or another program is" },
	{ ENOENT, "what it was loaded for is gone" },
	{ 0 }
};

/* The place stands in the program: plans need name no other. */
#define LOADED(rows, what) .types = (rows), .nr_types = ARRAY_SIZE(rows), .place = (what),	\
	.unnamed = "what it was loaded for", .type_implied = true, .id = 6,			\
	.link_type = BPF_LINK_TYPE_TRACING, .refusals = loaded_refusals,			\
	.find = loaded_find, .create = loaded_create

const struct hook trace_hooks[] = {
	{ "raw_tp", "a raw tracepoint", { "NAME" },
	  .place = "raw tracepoint", .unnamed = "this kernel", .type_implied = true,
	  .id = 3, .link_type = BPF_LINK_TYPE_RAW_TRACEPOINT,
	  .types = raw_tp_types, .nr_types = ARRAY_SIZE(raw_tp_types),
	  .refusals = raw_tp_refusals, .find = raw_tp_find, .create = raw_tp_create },
	{ "tp_btf", "the tracepoint that it was loaded for", LOADED(tp_btf_types, "its tracepoint") },
	{ "fentry", "calls of the function that it was loaded for",
	  LOADED(fentry_types, "its function") },
	{ "fexit", "returns from the function that it was loaded for",
	  LOADED(fexit_types, "its function") },
	{ "fmod_ret", "the result of the function that it was loaded for",
	  LOADED(fmod_ret_types, "its function") },
	{ "lsm", "the security hook that it was loaded for", LOADED(lsm_types, "its hook") },
	{ "freplace", "the function of a program that it was loaded to replace",
	  LOADED(freplace_types, "its function") },
	{ "iter", "an iterator, which its pin reads", .types = iter_types,
	  .nr_types = ARRAY_SIZE(iter_types), .place = "iterator",
	  .unnamed = "what it was loaded for", .type_implied = true, .id = 7,
	  .link_type = BPF_LINK_TYPE_ITER, .refusals = iter_refusals, .find = iter_find,
	  .create = iter_create },
	{ 0 }
};
