// SPDX-License-Identifier: BSD-2-Clause
/* Where programs can be attached: the names of it, and why the kernel refuses. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <unistd.h>

#include "shell/kern.h"

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

/* What an errno of link creation means at a place; the first row that fits. */
static const struct {
	enum link_place place;
	int err;
	const char *text, *hint;
} refusals[] = {
	{ LINK_ON_DEVICE, EEXIST, "it has an XDP program in another mode already" },
	{ LINK_ON_DEVICE, EOPNOTSUPP, "the device's driver does not support it",
	  "'xdpgeneric' works on any device" },
	{ LINK_ON_DEVICE, EINVAL, "the program was loaded for something else, or the kernel "
	  "does not know this attachment" },
	{ LINK_ON_CGROUP, EPERM, "what is attached there, or above, allows no further program" },
	{ LINK_ON_CGROUP, E2BIG, "a cgroup takes no more programs of one type" },
	{ LINK_ON_CGROUP, EINVAL, "the program was loaded for another attach type" },
	{ LINK_ON_NETNS, EEXIST, "the network namespace has such a program already" },
	{ LINK_ON_NETNS, EBUSY, "the network namespace has such a program already" },
	{ LINK_ON_NETNS, E2BIG, "the network namespace takes no more programs of this type" },
	{ LINK_ON_NETNS, EINVAL, "this type is for cgroups, not for network namespaces" },
	{ LINK_ON_TRACEPOINT, ENOENT, "there is no such tracepoint",
	  "names stand in /sys/kernel/tracing/available_events, behind the colon" },
	{ LINK_ON_TRACEPOINT, EINVAL, "the program reads more arguments than the tracepoint has" },
};

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

/*
 * The XDP link of a device, which lets no other program in: its ID and program.
 * Links tell an interface's number, but not in which network namespace.
 */
static bool xdp_trouble(struct buf *why, __u32 ifindex)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;
	__u32 prog = 0;
	int fd;

	if (bpf_xdp_query_id(ifindex, 0, &prog) || !prog)
		return false;
	while ((fd = kern_next_object(&w)) >= 0) {
		int err = kern_link_info(fd, &info);

		close(fd);
		if (err || info.type != BPF_LINK_TYPE_XDP || info.xdp.ifindex != ifindex ||
		    info.prog_id != prog)
			continue;
		buf_printf(why, "it runs program %u already, by link %u", prog, w.id);
		return true;
	}
	buf_printf(why, "it runs program %u already, attached without a link", prog);
	return true;
}

static bool spot_trouble(struct buf *why, const char **hint, const struct handle *prog,
			 const struct link_spot *spot, int err)
{
	const struct attach *a = find_attach(spot->attach_type);

	if (err == EINVAL && a && type_trouble(why, prog, a->prog_type))
		return true;
	if (err == EBUSY && spot->attach_type == BPF_XDP)
		return xdp_trouble(why, spot->ifindex);
	if (err == EPERM && geteuid())
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (refusals[i].place == spot->place && refusals[i].err == err) {
			buf_puts(why, refusals[i].text);
			*hint = refusals[i].hint;
			return true;
		}
	}
	return false;
}

int kern_link_create_error(struct diags *d, struct span at, const struct handle *prog,
			   const struct link_spot *spot, const char *target, int err)
{
	struct buf head = BUF_INIT, why = BUF_INIT;
	const char *hint = NULL;

	buf_puts(&head, "attach ");
	name_prog(&head, prog);
	buf_puts(&head, " to ");
	name_spot(&head, spot, target);
	if (spot_trouble(&why, &hint, prog, spot, err))
		diag_error(d, at, "cannot %s: %s", buf_str(&head), buf_str(&why));
	else
		kern_error(d, at, err, "%s", buf_str(&head));
	if (hint)
		diag_hint(d, "%s", hint);
	buf_free(&head);
	buf_free(&why);
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
		kern_error(d, at, err, "update link %u", link->id);
	}
	buf_free(&why);
	return -1;
}
