/* SPDX-License-Identifier: BSD-2-Clause */
/* What writers and readers of snapshots' files agree on. Inside snapshots only. */
#ifndef BPFSH_SNAPSHOT_FILE_H
#define BPFSH_SNAPSHOT_FILE_H

#include "shell/snapshot/snapshot.h"

struct buf;

#define SNAP_FORMAT "bpfsh snapshot"
#define SNAP_VERSION 1
#define SNAP_ELEMENTS "elements"	/* the last list, where there are any */

/* An element from its object; false where that lacks what one has. e->at is the caller's to set. */
bool snap_element_read(struct snap_text object, struct snap_element *e);

#endif
