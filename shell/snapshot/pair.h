/* SPDX-License-Identifier: BSD-2-Clause */
/* What the comparison of things and that of elements agree on. Inside snapshots only. */
#ifndef BPFSH_SNAPSHOT_PAIR_H
#define BPFSH_SNAPSHOT_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "shell/snapshot/snapshot.h"

#define SNAP_UNPAIRED SIZE_MAX

/* Which map of the one snapshot is which of the other: indices, or SNAP_UNPAIRED. */
struct snap_pairs {
	size_t *new_of, *old_of;
};

/* The elements of maps that both have; returns as snapshot_compare() does. */
int snap_compare_elements(const struct snapshot *old, const struct snapshot *new,
			  const struct snap_pairs *pairs, snap_difference_fn fn, void *arg,
			  struct diags *d);

#endif
