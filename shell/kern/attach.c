// SPDX-License-Identifier: BSD-2-Clause
/* Where programs can be attached: the names of it, and why the kernel refuses. */
#include <errno.h>
#include <net/if.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/reason.h"
#include "shell/kern/rights.h"
#include "shell/kern/spot.h"

/*
 * The type that a program must have for an attach type, as bpf_link_create()
 * of the kernel wants it, and the short name that bpftool has for it.
 */
static const struct attach {
	__u32 type, prog_type;
	const char *short_name;
} attaches[] = {
	{ BPF_CGROUP_INET_INGRESS, BPF_PROG_TYPE_CGROUP_SKB, "ingress" },
	{ BPF_CGROUP_INET_EGRESS, BPF_PROG_TYPE_CGROUP_SKB, "egress" },
	{ BPF_CGROUP_INET_SOCK_CREATE, BPF_PROG_TYPE_CGROUP_SOCK, "sock_create" },
	{ BPF_CGROUP_INET_SOCK_RELEASE, BPF_PROG_TYPE_CGROUP_SOCK, "sock_release" },
	{ BPF_CGROUP_SOCK_OPS, BPF_PROG_TYPE_SOCK_OPS, "sock_ops" },
	{ BPF_CGROUP_DEVICE, BPF_PROG_TYPE_CGROUP_DEVICE, "device" },
	{ BPF_CGROUP_INET4_BIND, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bind4" },
	{ BPF_CGROUP_INET6_BIND, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bind6" },
	{ BPF_CGROUP_INET4_CONNECT, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "connect4" },
	{ BPF_CGROUP_INET6_CONNECT, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "connect6" },
	{ BPF_CGROUP_INET4_POST_BIND, BPF_PROG_TYPE_CGROUP_SOCK, "post_bind4" },
	{ BPF_CGROUP_INET6_POST_BIND, BPF_PROG_TYPE_CGROUP_SOCK, "post_bind6" },
	{ BPF_CGROUP_INET4_GETPEERNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getpeername4" },
	{ BPF_CGROUP_INET6_GETPEERNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getpeername6" },
	{ BPF_CGROUP_INET4_GETSOCKNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getsockname4" },
	{ BPF_CGROUP_INET6_GETSOCKNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getsockname6" },
	{ BPF_CGROUP_UDP4_SENDMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sendmsg4" },
	{ BPF_CGROUP_UDP6_SENDMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sendmsg6" },
	{ BPF_CGROUP_UDP4_RECVMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "recvmsg4" },
	{ BPF_CGROUP_UDP6_RECVMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "recvmsg6" },
	{ BPF_CGROUP_SYSCTL, BPF_PROG_TYPE_CGROUP_SYSCTL, "sysctl" },
	{ BPF_CGROUP_GETSOCKOPT, BPF_PROG_TYPE_CGROUP_SOCKOPT, "getsockopt" },
	{ BPF_CGROUP_SETSOCKOPT, BPF_PROG_TYPE_CGROUP_SOCKOPT, "setsockopt" },
	{ BPF_SK_LOOKUP, BPF_PROG_TYPE_SK_LOOKUP },
	{ BPF_FLOW_DISSECTOR, BPF_PROG_TYPE_FLOW_DISSECTOR },
	{ BPF_XDP, BPF_PROG_TYPE_XDP },
	{ BPF_TCX_INGRESS, BPF_PROG_TYPE_SCHED_CLS },
	{ BPF_TCX_EGRESS, BPF_PROG_TYPE_SCHED_CLS },
	{ BPF_TRACE_RAW_TP, BPF_PROG_TYPE_RAW_TRACEPOINT },
	{ 0 }
};

static const struct attach *find_attach(__u32 type)
{
	for (const struct attach *a = attaches; a->prog_type; a++)
		if (a->type == type)
			return a;
	return NULL;
}

const char *kern_attach_type_short(__u32 type)
{
	const struct attach *a = find_attach(type);

	return a ? a->short_name : NULL;
}

/* "program 'filter'" */
static void name_prog(struct buf *out, const struct handle *prog)
{
	if (*prog->name)
		buf_printf(out, "program '%s'", prog->name);
	else
		buf_printf(out, "program %u", prog->id);
}

static void name_spot(struct buf *out, const struct link_spot *spot, const char *target)
{
	char device[IF_NAMESIZE];

	if (target)
		buf_printf(out, "'%s'", target);
	else if (spot->place == LINK_ON_DEVICE && if_indextoname(spot->ifindex, device))
		buf_printf(out, "'%s'", device);
	else
		buf_puts(out, spot->place == LINK_ON_CGROUP ? "its cgroup" :
			 "this network namespace");
}

/* "type xdp" */
static void name_type(struct buf *out, __u32 type)
{
	const char *name = kern_prog_type_name(type);

	if (name)
		buf_printf(out, "type %s", name);
	else
		buf_printf(out, "type %u", type);
}

/* True where the program's type is the trouble. */
static bool type_trouble(struct buf *why, const struct handle *prog, __u32 wanted)
{
	struct bpf_prog_info info;

	if (kern_prog_info(prog->fd, &info) || info.type == wanted)
		return false;
	buf_puts(why, "the program has ");
	name_type(why, info.type);
	buf_puts(why, ", and it takes ");
	name_type(why, wanted);
	return true;
}

/* True where the kernel knows no such place, which it answers EINVAL to. */
static bool place_missing(struct buf *why, const struct link_spot *spot)
{
	const char *name = kern_attach_type_name(spot->attach_type);

	if (kern_knows_attach_type(spot->attach_type))
		return false;
	buf_printf(why, "this kernel has no attach type %s", name ? name : "of that number");
	if (spot_kind(spot) == SPOT_MPROG)
		buf_puts(why, ", which came with Linux 6.6");
	return true;
}

static void put_occupant(struct buf *why, const struct occupant *o)
{
	if (!o->links)
		buf_puts(why, ", attached without a link");
	else if (o->links == 1)
		buf_printf(why, ", by link %u", o->link_id);
	else
		buf_printf(why, ", by one of %u links that tell the same device number", o->links);
}

/* True where what is there already is the trouble. */
static bool occupied(struct buf *why, const struct handle *prog, const struct link_spot *spot,
		     int err)
{
	bool dissector = spot->attach_type == BPF_FLOW_DISSECTOR;
	struct occupant o;

	if (!spot_is_taken(spot, err))
		return false;
	if (!spot_occupant(spot, prog->fd, &o)) {
		if (spot->attach_type == BPF_XDP && err == EEXIST)
			buf_puts(why, "a device that it is part of has an XDP program");
		else if (dissector)
			buf_puts(why, "another network namespace has a flow dissector: the first "
				 "one's and any other exclude each other");
		return why->len;
	}
	switch (spot_kind(spot)) {
	case SPOT_XDP:
		buf_printf(why, "it runs program %u already%s", o.prog_id,
			   err == EEXIST ? " in another XDP mode" : "");
		break;
	case SPOT_MPROG:
		buf_puts(why, "this program is attached there already");
		break;
	default:
		buf_printf(why, "the network namespace runs program %u there already", o.prog_id);
	}
	put_occupant(why, &o);
	return true;
}

/* True where the program, or what is at the spot, is to blame, or the errno has a reason there. */
static bool spot_trouble(struct buf *why, struct buf *hint, const struct handle *prog,
			 const struct link_spot *spot, int err)
{
	const struct attach *a = find_attach(spot->attach_type);
	const struct reason *r;

	if (err == EINVAL && a && (place_missing(why, spot) || type_trouble(why, prog, a->prog_type)))
		return true;
	if (occupied(why, prog, spot, err))
		return true;
	r = err == EPERM && rights_missing(KERN_ATTACHING, spot->attach_type) ? NULL :
	    reason_find(ATTACH, spot_kind(spot), err);
	if (!r)
		return false;
	buf_puts(why, r->text);
	if (r->hint)
		buf_puts(hint, r->hint);
	return true;
}

int kern_link_create_error(struct diags *d, struct span at, const struct handle *prog,
			   const struct link_spot *spot, const char *target, int err)
{
	struct buf head = BUF_INIT, why = BUF_INIT, hint = BUF_INIT;

	buf_puts(&head, "attach ");
	name_prog(&head, prog);
	buf_puts(&head, " to ");
	name_spot(&head, spot, target);
	if (!spot_trouble(&why, &hint, prog, spot, err))
		call_reason(&why, &hint, KERN_ATTACHING, spot->attach_type, err);
	diag_error(d, at, "cannot %s: %s", buf_str(&head), buf_str(&why));
	if (hint.len)
		diag_hint(d, "%s", buf_str(&hint));
	buf_free(&head);
	buf_free(&why);
	buf_free(&hint);
	return -1;
}

/* Why a link refuses another program. */
static void update_trouble(struct buf *why, const struct bpf_link_info *info,
			   const struct handle *old, const struct handle *prog)
{
	const char *type = kern_link_type_name(info->type);
	struct bpf_prog_info old_info;

	if (old && !kern_prog_info(old->fd, &old_info) && type_trouble(why, prog, old_info.type))
		return;
	buf_printf(why, "links of type %s take no other program, or this one was loaded for "
		   "another attach type", type ? type : "unknown");
}

int kern_link_update_error(struct diags *d, struct span at, const struct handle *link,
			   const struct handle *old, const struct handle *prog, int err)
{
	struct bpf_link_info info = { 0 };
	struct buf why = BUF_INIT;

	kern_link_info(link->fd, &info);
	if (err == EPERM && old && info.prog_id != old->id) {
		diag_error(d, at, "cannot update link %u: it now runs program %u, not %u", link->id,
			   info.prog_id, old->id);
		diag_hint(d, "somebody else updated it meanwhile");
	} else if (err == ENOLINK) {
		diag_error(d, at, "cannot update link %u: it is severed", link->id);
		diag_hint(d, "what it was attached to is gone, or it was detached; "
			  "'link create' makes a new one");
	} else if (err == EINVAL) {
		update_trouble(&why, &info, old, prog);
		diag_error(d, at, "cannot update link %u: %s", link->id, buf_str(&why));
	} else {
		kern_call_error(d, at, KERN_USING, err, "update link %u", link->id);
	}
	buf_free(&why);
	return -1;
}
