/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of perf's events, as perf(1) and bpftool have them. */
#ifndef BPFSH_KERN_EVENT_NAME_H
#define BPFSH_KERN_EVENT_NAME_H

#include <linux/types.h>
#include <stdbool.h>

struct buf;

/* "software" of PERF_TYPE_SOFTWARE; NULL where there is none: the units of this machine. */
const char *event_type_name(__u32 type);
/* Appends "cpu-clock", "LLC-load-misses"; false where the event has no name. */
bool event_config_name(struct buf *out, __u32 type, __u64 config);

#endif
