/* SPDX-License-Identifier: BSD-2-Clause */
/* Time that only goes forward, from some moment on. */
#ifndef BPFSH_CLOCK_H
#define BPFSH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline int64_t clock_ms(void)
{
	return clock_ns() / 1000000;
}

#endif
