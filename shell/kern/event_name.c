// SPDX-License-Identifier: BSD-2-Clause
/* Names of perf's events; their numbers are those of linux/perf_event.h. */
#include <linux/perf_event.h>
#include <stddef.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/kern/event_name.h"

static const char *const types[] = {
	[PERF_TYPE_HARDWARE] = "hardware", [PERF_TYPE_SOFTWARE] = "software",
	[PERF_TYPE_TRACEPOINT] = "tracepoint", [PERF_TYPE_HW_CACHE] = "hw-cache",
	[PERF_TYPE_RAW] = "raw", [PERF_TYPE_BREAKPOINT] = "breakpoint",
};

static const char *const hardware[] = {
	[PERF_COUNT_HW_CPU_CYCLES] = "cpu-cycles",
	[PERF_COUNT_HW_INSTRUCTIONS] = "instructions",
	[PERF_COUNT_HW_CACHE_REFERENCES] = "cache-references",
	[PERF_COUNT_HW_CACHE_MISSES] = "cache-misses",
	[PERF_COUNT_HW_BRANCH_INSTRUCTIONS] = "branch-instructions",
	[PERF_COUNT_HW_BRANCH_MISSES] = "branch-misses",
	[PERF_COUNT_HW_BUS_CYCLES] = "bus-cycles",
	[PERF_COUNT_HW_STALLED_CYCLES_FRONTEND] = "stalled-cycles-frontend",
	[PERF_COUNT_HW_STALLED_CYCLES_BACKEND] = "stalled-cycles-backend",
	[PERF_COUNT_HW_REF_CPU_CYCLES] = "ref-cycles",
};

static const char *const software[] = {
	[PERF_COUNT_SW_CPU_CLOCK] = "cpu-clock",
	[PERF_COUNT_SW_TASK_CLOCK] = "task-clock",
	[PERF_COUNT_SW_PAGE_FAULTS] = "page-faults",
	[PERF_COUNT_SW_CONTEXT_SWITCHES] = "context-switches",
	[PERF_COUNT_SW_CPU_MIGRATIONS] = "cpu-migrations",
	[PERF_COUNT_SW_PAGE_FAULTS_MIN] = "minor-faults",
	[PERF_COUNT_SW_PAGE_FAULTS_MAJ] = "major-faults",
	[PERF_COUNT_SW_ALIGNMENT_FAULTS] = "alignment-faults",
	[PERF_COUNT_SW_EMULATION_FAULTS] = "emulation-faults",
	[PERF_COUNT_SW_DUMMY] = "dummy",
	[PERF_COUNT_SW_BPF_OUTPUT] = "bpf-output",
	[PERF_COUNT_SW_CGROUP_SWITCHES] = "cgroup-switches",
};

/* A cache's event is put together of three bytes, the lowest first. */
static const char *const caches[] = {
	[PERF_COUNT_HW_CACHE_L1D] = "L1-dcache", [PERF_COUNT_HW_CACHE_L1I] = "L1-icache",
	[PERF_COUNT_HW_CACHE_LL] = "LLC", [PERF_COUNT_HW_CACHE_DTLB] = "dTLB",
	[PERF_COUNT_HW_CACHE_ITLB] = "iTLB", [PERF_COUNT_HW_CACHE_BPU] = "branch",
	[PERF_COUNT_HW_CACHE_NODE] = "node",
}, *const uses[] = {
	[PERF_COUNT_HW_CACHE_OP_READ] = "load", [PERF_COUNT_HW_CACHE_OP_WRITE] = "store",
	[PERF_COUNT_HW_CACHE_OP_PREFETCH] = "prefetch",
}, *const results[] = {
	[PERF_COUNT_HW_CACHE_RESULT_ACCESS] = "refs", [PERF_COUNT_HW_CACHE_RESULT_MISS] = "misses",
};

#define NAME_AT(names, i) ((i) < ARRAY_SIZE(names) ? (names)[i] : NULL)

const char *event_type_name(__u32 type)
{
	return NAME_AT(types, type);
}

static bool cache_name(struct buf *out, __u64 config)
{
	const char *cache = NAME_AT(caches, config & 0xff);
	const char *use = NAME_AT(uses, config >> 8 & 0xff), *result = NAME_AT(results, config >> 16);

	if (!cache || !use || !result)
		return false;
	buf_printf(out, "%s-%s-%s", cache, use, result);
	return true;
}

bool event_config_name(struct buf *out, __u32 type, __u64 config)
{
	const char *name = NULL;

	if (type == PERF_TYPE_HW_CACHE)
		return cache_name(out, config);
	if (type == PERF_TYPE_HARDWARE)
		name = NAME_AT(hardware, config);
	if (type == PERF_TYPE_SOFTWARE)
		name = NAME_AT(software, config);
	buf_puts(out, name ? name : "");
	return name;
}
