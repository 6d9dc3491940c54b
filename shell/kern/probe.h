/* SPDX-License-Identifier: BSD-2-Clause */
/* Tracing: programs that run where the kernel or a process passes some point. */
#ifndef BPFSH_KERN_PROBE_H
#define BPFSH_KERN_PROBE_H

#include <linux/types.h>
#include <sys/types.h>

/* What the name of a probe names. */
enum probe_point {
	PROBE_OTHER,			/* nothing: it has none */
	PROBE_TRACEPOINT,
	PROBE_FUNCTION,			/* of the kernel; "" where only its address is known */
	PROBE_FILE,
	PROBE_EVENT,			/* of perf: event_type and event_config tell which */
};

/*
 * A program that runs where the kernel or a process passes some point, by a
 * process's descriptor of a perf event or link; or (pid 0) by a link that no
 * process holds which this one sees: it is pinned, mostly.
 */
struct kern_probe {
	pid_t pid;
	int fd;
	__u32 prog_id, link_id;		/* link 0: it needs none */
	const char *type;		/* "kprobe", "uprobe_multi", "trace_fentry" */
	enum probe_point point;
	const char *name;		/* not to be trusted: any bytes; "" where there is none */
	__u64 offset, address;
	__u32 count;			/* of functions or places, of a "..._multi" */
	__u32 event_type;		/* of perf_event_attr, as is the next */
	__u64 event_config;
};

/*
 * All of them, process by process, those that end meanwhile left out; @fn
 * stops by returning nonzero. -EPERM where this user may not ask.
 */
typedef int (*kern_probe_fn)(void *arg, const struct kern_probe *probe);
int kern_probes(kern_probe_fn fn, void *arg);

#endif
