/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came with a Linux newer than 5.10, the oldest that bpfsh is tried on: its
 * name, also where libbpf has none, and the release. Facts: the enums of
 * linux/bpf.h from one release to the next.
 */
#ifndef BPFSH_KERN_SINCE_H
#define BPFSH_KERN_SINCE_H

#include <linux/types.h>
#include <stddef.h>

/* The enums bpf_map_type, bpf_prog_type, bpf_attach_type. */
enum since_what { SINCE_MAP, SINCE_PROG, SINCE_ATTACH };

struct since {
	enum since_what what;
	__u32 number;			/* in its enum */
	const char *name;		/* as libbpf writes it: "tcx_ingress" */
	const char *release;		/* "6.6" */
	const char *instead;		/* a hint at what older kernels have; NULL: nothing like it */
};

/* All of them. */
extern const struct since sinces[];
extern const size_t nr_sinces;

/* The row of a number; NULL: every kernel has it, or nothing is known. */
const struct since *since_find(enum since_what what, __u32 number);
/* Its name, or NULL. */
const char *since_name(enum since_what what, __u32 number);

#endif
