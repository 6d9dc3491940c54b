/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs run once by hand: BPF_PROG_TEST_RUN of bpf(2). */
#ifndef BPFSH_KERN_RUN_H
#define BPFSH_KERN_RUN_H

#include <linux/types.h>

#include "shell/base/diag.h"

struct handle;

/*
 * One run: what the program is given, and room for what it leaves. Which types take a
 * packet, a context or both is the kernel's (net/bpf/test_run.c).
 */
struct kern_run {
	const void *data, *ctx;			/* a packet; a context as the type has it; or NULL */
	__u32 data_size, ctx_size;
	void *data_out, *ctx_out;		/* or NULL */
	__u32 data_out_size, ctx_out_size;	/* room there; afterwards the bytes that came */
	__u32 repeat;				/* runs; 0: one */
	__u32 retval, duration;			/* afterwards; nanoseconds a run, on average */
};

/* 0, or -1 with a diagnostic. */
int kern_prog_run(const struct handle *prog, struct kern_run *run, struct span at,
		  struct diags *d);

#endif
