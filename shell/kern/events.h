/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: what programs send through ring buffers and perf event arrays. */
#ifndef BPFSH_KERN_EVENTS_H
#define BPFSH_KERN_EVENTS_H

#include <linux/types.h>

struct handle;

struct kern_event {
	int cpu;			/* -1: a ring buffer's */
	int index;			/* of the perf event array's slot */
	__u64 time;			/* ns since boot; 0: a ring buffer has none */
	__u64 lost;			/* nonzero: so many were lost, and there is no data */
	const void *data;		/* perf rounds its size up to 4 bytes modulo 8 */
	__u32 size;
};

/* Returns nonzero to stop. */
typedef int (*kern_event_fn)(void *arg, const struct kern_event *event);
struct kern_events;

/* One slot of a perf event array: which CPU's events come through it. */
struct kern_slot {
	int cpu, index;
};

/*
 * Begins to read; NULL with errno set. Reading takes the events away from
 * other readers. A perf event array's slots get our own buffers until the end:
 * @slot alone, or where it is NULL each CPU's the slot of its number.
 */
struct kern_events *kern_events_open(const struct handle *map, const struct kern_slot *slot,
				     kern_event_fn fn, void *arg);
/* Waits for events; how many came, what @fn returned where that is not 0, or -errno. */
int kern_events_poll(struct kern_events *e, int timeout_ms);
void kern_events_close(struct kern_events *e);

#endif
