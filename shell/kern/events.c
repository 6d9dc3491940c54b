// SPDX-License-Identifier: BSD-2-Clause
/* Events of ring buffers and perf event arrays, read through libbpf's mappings. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/base/interrupt.h"
#include "shell/kern/events.h"
#include "shell/kern/handle.h"

/* Pages of each processor's buffer for a perf event array; a power of 2. */
#define PERF_PAGES 64

struct kern_events {
	struct ring_buffer *ring;
	struct perf_buffer *perf;
	struct kern_slot slot;	/* index -1: all */
	kern_event_fn fn;
	void *arg;
	int ret;		/* of fn */
	int nr;			/* events of this poll */
};

/* What PERF_SAMPLE_TIME | PERF_SAMPLE_RAW puts behind the header, see perf_event_open(2). */
struct sample {
	struct perf_event_header header;
	__u64 time;
	__u32 size;
	char data[];
};

#define SAMPLE_HEAD offsetof(struct sample, data)

struct lost {
	struct perf_event_header header;
	__u64 id, lost;
};

static int take(struct kern_events *e, const struct kern_event *event)
{
	e->nr++;
	e->ret = e->fn(e->arg, event);
	return e->ret;
}

static int ring_event(void *arg, void *data, size_t size)
{
	struct kern_events *e = arg;
	struct kern_event event = { .cpu = -1, .data = data, .size = size };

	if (e->ret)
		return -ECANCELED;
	/* The event is consumed even where this says stop: libbpf goes on behind it. */
	return take(e, &event) ? -ECANCELED : 0;
}

static enum bpf_perf_event_ret perf_event(void *arg, int cpu, struct perf_event_header *header)
{
	struct kern_events *e = arg;
	struct kern_event event = { .cpu = cpu, .index = e->slot.index < 0 ? cpu : e->slot.index };

	if (header->type == PERF_RECORD_SAMPLE && header->size >= SAMPLE_HEAD) {
		const struct sample *s = (void *)header;

		if (s->size > header->size - SAMPLE_HEAD)
			return LIBBPF_PERF_EVENT_CONT;
		event.time = s->time;
		event.data = s->data;
		event.size = s->size;
	} else if (header->type == PERF_RECORD_LOST && header->size >= sizeof(struct lost)) {
		event.lost = ((struct lost *)header)->lost;
	} else {
		return LIBBPF_PERF_EVENT_CONT;
	}
	return take(e, &event) ? LIBBPF_PERF_EVENT_DONE : LIBBPF_PERF_EVENT_CONT;
}

static struct perf_buffer *open_perf(int fd, struct kern_events *e)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = 1,
	};
	LIBBPF_OPTS(perf_buffer_raw_opts, opts,
		.cpu_cnt = 1,
		.cpus = &e->slot.cpu,
		.map_keys = &e->slot.index,
	);

	return perf_buffer__new_raw(fd, PERF_PAGES, &attr, perf_event, e,
				    e->slot.index < 0 ? NULL : &opts);
}

struct kern_events *kern_events_open(const struct handle *map, const struct kern_slot *slot,
				     kern_event_fn fn, void *arg)
{
	struct kern_events *e = xcalloc(1, sizeof(*e));
	int err = EOPNOTSUPP;

	e->slot = slot ? *slot : (struct kern_slot){ .index = -1 };
	e->fn = fn;
	e->arg = arg;
	if (map->map.type == BPF_MAP_TYPE_RINGBUF) {
		e->ring = ring_buffer__new(map->fd, ring_event, e, NULL);
		err = errno;
	} else if (map->map.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY) {
		e->perf = open_perf(map->fd, e);
		err = errno;
	}
	if (e->ring || e->perf)
		return e;
	free(e);
	errno = err;
	return NULL;
}

int kern_events_poll(struct kern_events *e, int timeout_ms)
{
	int ret;

	if (interrupted())
		return -EINTR;
	e->ret = 0;
	e->nr = 0;
	/* Events behind the one that stopped the last poll wake nobody up again. */
	ret = e->ring ? ring_buffer__consume(e->ring) : perf_buffer__consume(e->perf);
	if (!e->ret && !e->nr && ret >= 0)
		ret = e->ring ? ring_buffer__poll(e->ring, timeout_ms) :
		      perf_buffer__poll(e->perf, timeout_ms);
	if (e->ret)
		return e->ret;
	return ret < 0 ? ret : e->nr;
}

void kern_events_close(struct kern_events *e)
{
	if (!e)
		return;
	ring_buffer__free(e->ring);
	perf_buffer__free(e->perf);
	free(e);
}
