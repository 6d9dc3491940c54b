/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is at a place where programs are attached. Inside the kernel layer only. */
#ifndef BPFSH_KERN_SPOT_H
#define BPFSH_KERN_SPOT_H

#include <linux/types.h>
#include <stdbool.h>

#include "shell/kern/reason.h"

struct link_spot;

struct occupant {
	__u32 prog_id, link_id;		/* one of its links */
	unsigned links;			/* that may be what attaches it; 0: none is there */
	bool linkless;			/* the kernel says that it is attached without one */
};

enum spot_kind spot_kind(const struct link_spot *spot);
/* Whether an errno of link creation says that something is there already. */
bool spot_is_taken(const struct link_spot *spot, int err);
/* What keeps the program out of a spot; false where nothing is found. */
bool spot_occupant(const struct link_spot *spot, int prog_fd, struct occupant *o);

#endif
