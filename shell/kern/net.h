/* SPDX-License-Identifier: BSD-2-Clause */
/* Network devices, and the programs on their packets. */
#ifndef BPFSH_KERN_NET_H
#define BPFSH_KERN_NET_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct kern_attached;

enum kern_xdp_mode { KERN_XDP_GENERIC, KERN_XDP_DRIVER, KERN_XDP_OFFLOAD, KERN_XDP_MODES };

struct kern_device {
	__u32 ifindex;
	char name[IF_NAMESIZE];		/* not to be trusted */
	__u32 linked;			/* ifindex of its other end in this namespace, or 0 */
	__u32 xdp[KERN_XDP_MODES];	/* IDs of its programs; 0: none */
};

/* All devices of this network namespace, or (not 0) only @ifindex; freed by the caller. */
int kern_devices(__u32 ifindex, struct kern_device **list, size_t *nr);

/* The number of the device with this name, be it an alternative one; -ENODEV, -ELIBACC. */
int kern_device(const char *name, __u32 *ifindex);
/* All names of devices; @device NULL: its own, else whose alternative one it is. */
typedef void (*kern_device_name_fn)(void *arg, const char *name, const char *device);
int kern_device_names(kern_device_name_fn fn, void *arg);

/* A program on a device's packets in traffic control. */
struct kern_tc {
	const struct kern_device *dev;
	const char *kind;		/* "clsact/ingress", "tcx/egress", "htb": what it belongs to */
	const char *name;		/* of the filter, not to be trusted; "" where there is none */
	__u32 prog_id;
	const struct kern_attached *attached;	/* of tcx and netkit; NULL: it is a filter's */
	bool has_actions;		/* it is a filter with actions, of which these are programs */
	struct kern_tc_action {
		const char *name;
		__u32 prog_id;
	} actions[32];
	size_t nr_actions;
};

/* All of those on these devices, one that is gone left out; @fn returns nonzero to stop. */
typedef int (*kern_tc_fn)(void *arg, const struct kern_tc *tc);
int kern_tc(const struct kern_device *list, size_t nr, kern_tc_fn fn, void *arg);

#endif
