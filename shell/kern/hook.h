/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hooks: what a program can be attached to, a row each, with all that differs
 * between them. What a row says is asked by the grammar of "link create", by
 * completion, plans, errors, undo, recovery and the listings; a new hook is a row
 * and its own functions in hook_net.c, hook_cgroup.c or hook_trace.c.
 */
#ifndef BPFSH_KERN_HOOK_H
#define BPFSH_KERN_HOOK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "shell/base/diag.h"
#include "shell/kern/link.h"

struct buf;
struct kern_attached;

/* An attach type of a hook, as bpf_link_create() of the kernel wants it. */
struct hook_type {
	__u32 type;			/* enum bpf_attach_type */
	__u32 prog_type;		/* that a program must have; 0: not told */
	const char *short_name;		/* "egress", as bpftool has it; NULL: none */
	const char *tc_kind;		/* "tcx/egress": it is one of traffic control's; else NULL */
	bool by_device;			/* a query takes a device's number and tells links, too */
	bool flagless;			/* programs have no flags there */
};

/* What an errno of link creation means at a hook. */
struct refusal {
	int err;
	const char *text, *hint;	/* hint: what to do, or NULL */
};

/* What keeps a program out of a spot. */
struct occupant {
	__u32 prog_id, link_id;		/* one of its links */
	unsigned links;			/* that may be what attaches it; 0: none is there */
	bool linkless;			/* the kernel says that it is attached without one */
};

/* What is to become of a spot without a link: a program comes, goes, or takes another's place. */
struct hook_change {
	int old_fd, new_fd;		/* of programs; -1: none */
	__u32 flags;			/* how the new one is attached: BPF_F_ALLOW_MULTI, BPF_F_BEFORE */
	int beside_fd;			/* the program that BPF_F_BEFORE or _AFTER is of; -1: all */
};

/* What a place has room for, of programs without a link. */
enum hook_room {
	HOOK_ONE,
	HOOK_ROW,			/* programs that run one after the other */
	HOOK_BY_FLAG,			/* a row where they have BPF_F_ALLOW_MULTI, else one */
};

#define HOOK_WORDS_MAX 4

struct hook {
	const char *name, *help;
	/*
	 * The words behind the name: a small one stands for itself, a capital one is
	 * TYPE (the attach type) or what the place is named by (DEVICE, PATH, NAME).
	 */
	const char *words[HOOK_WORDS_MAX + 1];
	const char *place;		/* "device", in plans: what the name is of, or all of it */
	const char *unnamed;		/* "its cgroup", where nobody has the name any more */
	bool type_implied;		/* the place tells the attach type: plans do not */
	__u32 id;			/* in journals: with the attach type, it says which row is meant */
	__u32 link_type;		/* enum bpf_link_type of the links there */
	const struct hook_type *types;	/* the first is meant where no word says TYPE */
	size_t nr_types;
	const char *type_hint;		/* how types are written; NULL: they are few enough to be listed */
	__u32 flags;			/* of link creation */
	const struct refusal *refusals;	/* ended by errno 0; the first that fits is meant */

	/* Finds the place that the definition names; -1 with a diagnostic. */
	int (*find)(struct link_spot *spot, const struct link_def *def, struct span at,
		    struct diags *d);
	/* NULL: nothing can be attached there, what is there is only listed. */
	int (*create)(int prog_fd, const struct link_spot *spot);
	/* Fills in where a link is, all that open() needs; or -errno. NULL: nobody can tell. */
	int (*locate)(const struct bpf_link_info *info, struct link_spot *spot);
	/* kern_link_spot_open(). */
	int (*open)(struct link_spot *spot);

	/* The programs there, as kern_attached() has them. NULL: only links attach them. */
	int (*list)(const struct link_spot *spot, struct kern_attached **list, __u32 *nr);
	/* Without a link; the kernel compares where it can. -EBUSY where a link is in the way. */
	int (*change)(const struct link_spot *spot, const struct hook_change *c);
	enum hook_room room;
	/* Whether this kernel knows the flags of attachment there. NULL: there are none. */
	bool (*knows)(__u32 flags);

	/* Whether a link of its type is there, as far as it tells. */
	bool (*is_at)(const struct bpf_link_info *info, const struct link_spot *spot);
	/* Whether an errno of link creation says that something is there. NULL: none does. */
	bool (*taken)(const struct link_spot *spot, int err);
	/* What it is; false where nothing is found. */
	bool (*occupant)(const struct link_spot *spot, int prog_fd, struct occupant *o);
	/* Appends that, @o NULL where nothing was found; what nobody can say is left out. */
	void (*say_taken)(struct buf *why, const struct link_spot *spot, const struct occupant *o,
			  int err);
};

/* The rows, in their order; NULL behind the last. Those that are only listed are among them. */
const struct hook *hook_at(size_t i);
/* The one that "link create" knows by this name; NULL: none. */
const struct hook *hook_named(const char *name);
/* The row of a journal's number and attach type, which may be newer than it; NULL: none. */
const struct hook *hook_of(__u32 id, __u32 attach_type);
/* The first row whose links are of this type; NULL: none. */
const struct hook *hook_of_link(__u32 link_type);
/* What the row says of an attach type; NULL: it has it not. */
const struct hook_type *hook_own_type(const struct hook *hook, __u32 attach_type);
/* What the rows say of an attach type; NULL: nothing. */
const struct hook_type *hook_type(__u32 attach_type);
/* The same by its short name. */
const struct hook_type *hook_type_short(const char *name);
/* What the errno means there; NULL: nothing of its own. */
const struct refusal *hook_refusal(const struct hook *hook, int err);

/* The rows of each file, each list ended by one without a name. */
extern const struct hook device_hooks[], cgroup_hooks[], netns_hooks[], trace_hooks[], map_hooks[],
			 perf_hooks[];

/* Places, for listings too; -1 with a diagnostic. */

/* The number of the device with this name. */
int hook_find_device(const char *name, __u32 *ifindex, struct span at, struct diags *d);
/* A descriptor of the cgroup with this path, and its ID. */
int hook_open_cgroup(const char *path, __u64 *id, struct span at, struct diags *d);
/* A descriptor of this network namespace, and its inode. */
int hook_open_netns(__u64 *inode, struct span at, struct diags *d);

/* Inside the hooks only */

/* change() of what bpf(BPF_PROG_ATTACH) and _DETACH do: @target is a descriptor or a device. */
int hook_exchange(int target, __u32 attach_type, const struct hook_change *c);

/* create() of what bpf_link_create() does: @target is a descriptor or a device's number. */
int hook_link(int prog_fd, int target, const struct link_spot *spot);
/* Counts the links that run @o's program and are at the spot, as far as they tell. */
void occupant_links(struct occupant *o, const struct link_spot *spot);
/* occupant() and say_taken() of where programs lie in a row: the same one keeps itself out. */
bool occupant_same(const struct link_spot *spot, int prog_fd, struct occupant *o);
void occupant_say_same(struct buf *why, const struct link_spot *spot, const struct occupant *o,
		       int err);

#endif
