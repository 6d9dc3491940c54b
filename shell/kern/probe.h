/* SPDX-License-Identifier: BSD-2-Clause */
/* Tracing: programs that run where the kernel or a process passes some point. */
#ifndef BPFSH_KERN_PROBE_H
#define BPFSH_KERN_PROBE_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

/* What the name of a probe names. */
enum probe_point {
	PROBE_OTHER,			/* nothing: it has none */
	PROBE_TRACEPOINT,
	PROBE_FUNCTION,			/* of the kernel; "" where only its address is known */
	PROBE_WHOLE,			/* a function, of a program too, at its begin or end; "" unknown */
	PROBE_ITERATOR,
	PROBE_FILE,
	PROBE_EVENT,			/* of perf: event_type and event_config tell which */
};

/* One of the functions or places of a "..._multi". */
struct probe_place {
	__u64 at;			/* address, 0 where it is hidden; offset in a file */
	__u64 cookie;			/* 0: none, or a kernel before 6.8 (files), 6.9 */
	__u64 counter;			/* offset in a file of a count of who looks; 0: none */
};

/* So many places are read, and so many links named of which one is a probe's. */
#define PROBE_PLACES 1024
#define PROBE_LINKS 16

struct bpf_link_info;

/*
 * A program that runs where the kernel or a process passes some point, by a
 * process's descriptor of a perf event or link; or (pid 0) by a link that no
 * process holds which this one sees: it is pinned, mostly. A process's descriptors
 * of a perf event and of the link that puts the program there are one probe, with
 * the first's number; before 6.6, if it holds one of each that run the program.
 */
struct kern_probe {
	pid_t pid;
	int fd;
	__u32 prog_id, link_id;		/* link 0: it needs none, or it is in doubt */
	/*
	 * Links, one of which may be the probe's: before 6.6 they do not tell what they
	 * trace. Where they are more than PROBE_LINKS, the list has the first of them.
	 */
	__u32 links[PROBE_LINKS], nr_links;
	const char *type;		/* "kprobe", "uprobe_multi", "trace_fentry", "freplace" */
	enum probe_point point;
	char *name;			/* not to be trusted: any bytes; "" where there is none */
	char *module;			/* of the kernel's, that has the function; or "" */
	__u32 target_prog;		/* the program that has it, or 0 */
	__u64 offset, address;
	__u64 cookie;			/* 0: none, or a kernel before 6.9 (attached by BTF: 6.17) */
	__u32 count;			/* of functions or places, of a "..._multi" */
	struct probe_place *places;	/* the first of them; NULL where they are not told */
	__u32 nr_places;
	__u32 event_type;		/* of perf_event_attr, as is the next */
	__u64 event_config;

	/* What only a link tells of itself; 0 where it is nothing, or not told */
	bool on_return;			/* of the functions or places */
	__u64 missed;			/* times that the program could not run */
	__u64 counter;			/* as a place's */
	__u32 prog_type;		/* where it is attached by BTF */
	__u32 process;			/* the only one that is looked at */
	__u32 task, map_id, order;	/* of an iterator: enum bpf_cgroup_iter_order */
	__u64 cgroup_id;
};

/*
 * All of them, process by process, those that end meanwhile left out; @fn
 * stops by returning nonzero. -EPERM where this user may not ask; @hidden grows by the
 * number of processes that it may not look into.
 */
typedef int (*kern_probe_fn)(void *arg, const struct kern_probe *probe);
int kern_probes(kern_probe_fn fn, void *arg, unsigned *hidden);

/* Whether a link traces, or guards a function of the kernel's by LSM. */
bool kern_link_traces(const struct bpf_link_info *info);
/*
 * What a link traces, as far as it tells, all else zero: kern_probe_free() ends it
 * in any case. -ENOTSUPP where it does not trace.
 */
int kern_link_probe(int fd, struct kern_probe *probe);
void kern_probe_free(struct kern_probe *probe);

#endif
