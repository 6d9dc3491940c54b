// SPDX-License-Identifier: BSD-2-Clause
/* Hooks for tracing: raw tracepoints. */
#include <bpf/bpf.h>
#include <errno.h>

#include "shell/base/alloc.h"
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

const struct hook trace_hooks[] = {
	{ "raw_tp", "a raw tracepoint", { "NAME" },
	  .place = "raw tracepoint", .unnamed = "this kernel", .type_implied = true,
	  .id = 3, .link_type = BPF_LINK_TYPE_RAW_TRACEPOINT,
	  .types = raw_tp_types, .nr_types = ARRAY_SIZE(raw_tp_types),
	  .refusals = raw_tp_refusals, .find = raw_tp_find, .create = raw_tp_create },
	{ 0 }
};
