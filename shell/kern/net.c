// SPDX-License-Identifier: BSD-2-Clause
/*
 * Network devices and the programs of their tc filters, as rtnetlink(7) tells
 * of them. Facts: linux/rtnetlink.h, if_link.h, pkt_cls.h, tc_bpf.h.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_bpf.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/interrupt.h"
#include "shell/kern/attached.h"
#include "shell/kern/hook.h"
#include "shell/kern/mnl_lib.h"
#include "shell/kern/net.h"

/* ALTIFNAMSIZ of linux/if.h, which does not go with net/if.h. */
#define ALT_NAME_SIZE 128

/* What the kernel fills at most with one answer. */
#define ANSWER_SIZE 32768

/* A list that changes while the kernel tells it is asked for again, but not forever. */
#define RETRIES 10

struct wire {
	struct mnl_socket *nl;
	unsigned seq;
};

static int wire_open(struct wire *w)
{
	if (!mnl_load())
		return -ELIBACC;
	*w = (struct wire){ mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC) };
	if (!w->nl)
		return -errno;
	if (mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID)) {
		int err = -errno;

		mnl_socket_close(w->nl);
		return err;
	}
	return 0;
}

/* Receives once, and again where a signal came that asks for nothing. */
static ssize_t receive(struct wire *w, void *buf, size_t size)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(w->nl, buf, size);
	while (n < 0 && errno == EINTR && !interrupted());
	return n;
}

/* Begins a request in @buf, whose own header is @head. */
static struct nlmsghdr *request(struct wire *w, char buf[ANSWER_SIZE], int type, int flags,
				const void *head, size_t size)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++w->seq;
	memcpy(mnl_nlmsg_put_extra_header(nlh, size), head, size);
	return nlh;
}

/*
 * Sends a request, and calls @fn for each message of the answer. -EAGAIN where
 * it changed meanwhile: no further request may follow on this wire.
 */
static int ask(struct wire *w, const struct nlmsghdr *nlh, mnl_cb_t fn, void *arg)
{
	char buf[ANSWER_SIZE];
	ssize_t n;

	if (mnl_socket_sendto(w->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = receive(w, buf, sizeof(buf));
		if (n > 0)
			n = mnl_cb_run(buf, n, w->seq, mnl_socket_get_portid(w->nl), fn, arg);
	} while (n > 0);
	if (n < 0)
		return errno == EINTR && !interrupted() ? -EAGAIN : -errno;
	return 0;
}

/* Asks for all of something. */
static int dump(struct wire *w, int type, const void *head, size_t size, mnl_cb_t fn, void *arg)
{
	char buf[ANSWER_SIZE];

	return ask(w, request(w, buf, type, NLM_F_DUMP, head, size), fn, arg);
}

static __u32 attr_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) < 0 ? 0 : mnl_attr_get_u32(attr);
}

static const char *attr_text(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ? "" : mnl_attr_get_str(attr);
}

/* Devices */

struct devices {
	__u32 ifindex;			/* the one that is asked for, or 0 */
	struct kern_device *list;
	size_t nr;
};

static void read_xdp(struct kern_device *dev, const struct nlattr *xdp)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xdp) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_XDP_SKB_PROG_ID:
			dev->xdp[KERN_XDP_GENERIC] = attr_u32(attr);
			break;
		case IFLA_XDP_DRV_PROG_ID:
			dev->xdp[KERN_XDP_DRIVER] = attr_u32(attr);
			break;
		case IFLA_XDP_HW_PROG_ID:
			dev->xdp[KERN_XDP_OFFLOAD] = attr_u32(attr);
			break;
		}
	}
}

static int add_device(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(nlh);
	struct kern_device dev = { .ifindex = head->ifi_index };
	const struct nlattr *attr;
	struct devices *d = arg;
	bool far = false;

	if (d->ifindex && d->ifindex != dev.ifindex)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*head)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			snprintf(dev.name, sizeof(dev.name), "%s", attr_text(attr));
			break;
		case IFLA_XDP:
			read_xdp(&dev, attr);
			break;
		case IFLA_LINK:
			dev.linked = attr_u32(attr);
			break;
		case IFLA_LINK_NETNSID:
			far = true;
			break;
		}
	}
	if (far)
		dev.linked = 0;
	GROW(d->list, d->nr);
	d->list[d->nr++] = dev;
	return MNL_CB_OK;
}

static int list_devices(struct devices *d)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct wire w;
	int err = wire_open(&w);

	if (err)
		return err;
	d->nr = 0;
	err = dump(&w, RTM_GETLINK, &head, sizeof(head), add_device, d);
	mnl_socket_close(w.nl);
	return err;
}

int kern_devices(__u32 ifindex, struct kern_device **list, size_t *nr)
{
	struct devices d = { ifindex };
	int err = -EAGAIN;

	for (int i = 0; i < RETRIES && err == -EAGAIN; i++)
		err = list_devices(&d);
	if (err) {
		free(d.list);
		return err;
	}
	*list = d.list;
	*nr = d.nr;
	return 0;
}

/* Names of devices: their own, which SIOCGIFINDEX finds, and alternative ones, also longer. */

struct names {
	kern_device_name_fn fn;
	void *arg;
};

static void visit_alternatives(const struct names *n, const struct nlattr *list,
			       const char *device)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, list)
		if (mnl_attr_get_type(attr) == IFLA_ALT_IFNAME)
			n->fn(n->arg, attr_text(attr), device);
}

static int visit_names(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *list = NULL;
	const struct names *n = arg;
	const char *device = "";

	mnl_attr_for_each(attr, nlh, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			device = attr_text(attr);
		else if (mnl_attr_get_type(attr) == IFLA_PROP_LIST)
			list = attr;
	}
	n->fn(n->arg, device, NULL);
	if (list)
		visit_alternatives(n, list, device);
	return MNL_CB_OK;
}

int kern_device_names(kern_device_name_fn fn, void *arg)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct names n = { fn, arg };
	struct wire w;
	int err = wire_open(&w);

	if (err)
		return err;
	err = dump(&w, RTM_GETLINK, &head, sizeof(head), visit_names, &n);
	mnl_socket_close(w.nl);
	return err;
}

static int take_index(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(nlh);

	*(__u32 *)arg = head->ifi_index;
	return MNL_CB_STOP;
}

static int find_alternative(const char *name, __u32 *ifindex)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	char buf[ANSWER_SIZE];
	struct nlmsghdr *nlh;
	struct wire w;
	int err = wire_open(&w);

	if (err)
		return err;
	nlh = request(&w, buf, RTM_GETLINK, 0, &head, sizeof(head));
	mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, name);
	err = ask(&w, nlh, take_index, ifindex);
	mnl_socket_close(w.nl);
	return err;
}

int kern_device(const char *name, __u32 *ifindex)
{
	size_t len = strlen(name);
	int err;

	if (len < IF_NAMESIZE) {
		*ifindex = if_nametoindex(name);
		return *ifindex ? 0 : -ENODEV;
	}
	err = len < ALT_NAME_SIZE ? find_alternative(name, ifindex) : -ENODEV;
	/* Before 5.5 there were none. */
	return err == -EINVAL ? -ENODEV : err;
}

/* Queueing disciplines and classes, to which filters belong. */

struct parent {
	__u32 ifindex, handle;
	char kind[32];
};

struct parents {
	struct parent *list;
	size_t nr;
};

static int add_parent(const struct nlmsghdr *nlh, void *arg)
{
	const struct tcmsg *head = mnl_nlmsg_get_payload(nlh);
	struct parent one = { head->tcm_ifindex, head->tcm_handle };
	const struct nlattr *attr;
	struct parents *p = arg;

	mnl_attr_for_each(attr, nlh, sizeof(*head))
		if (mnl_attr_get_type(attr) == TCA_KIND)
			snprintf(one.kind, sizeof(one.kind), "%s", attr_text(attr));
	/* What the kernel made by itself takes no filters. */
	if (!one.handle)
		return MNL_CB_OK;
	GROW(p->list, p->nr);
	p->list[p->nr++] = one;
	return MNL_CB_OK;
}

/* Filters */

struct filters {
	struct wire w;
	kern_tc_fn fn;
	void *arg;
	const struct kern_device *dev;
	const char *kind;		/* of what the filters belong to */
	struct parents qdiscs;		/* of all devices */
	int ret;			/* what @fn returned */
};

/* The program of one of a filter's actions. */
static void read_action(struct kern_tc *tc, const struct nlattr *action)
{
	const struct nlattr *attr, *options = NULL;
	struct kern_tc_action found = { .name = "" };
	bool bpf = false;

	mnl_attr_for_each_nested(attr, action) {
		if (mnl_attr_get_type(attr) == TCA_ACT_KIND)
			bpf = !strcmp(attr_text(attr), "bpf");
		else if (mnl_attr_get_type(attr) == TCA_ACT_OPTIONS)
			options = attr;
	}
	if (!bpf || !options || tc->nr_actions == ARRAY_SIZE(tc->actions))
		return;
	mnl_attr_for_each_nested(attr, options) {
		if (mnl_attr_get_type(attr) == TCA_ACT_BPF_NAME)
			found.name = attr_text(attr);
		else if (mnl_attr_get_type(attr) == TCA_ACT_BPF_ID)
			found.prog_id = attr_u32(attr);
	}
	tc->actions[tc->nr_actions++] = found;
}

static void read_filter(struct kern_tc *tc, const struct nlattr *options)
{
	const struct nlattr *attr, *action;

	mnl_attr_for_each_nested(attr, options) {
		switch (mnl_attr_get_type(attr)) {
		case TCA_BPF_NAME:
			tc->name = attr_text(attr);
			break;
		case TCA_BPF_ID:
			tc->prog_id = attr_u32(attr);
			break;
		case TCA_BPF_ACT:
			tc->has_actions = true;
			mnl_attr_for_each_nested(action, attr)
				read_action(tc, action);
			break;
		}
	}
}

static int visit_filter(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *options = NULL;
	struct filters *f = arg;
	struct kern_tc tc = { .dev = f->dev, .kind = f->kind, .name = "" };
	bool bpf = false;

	mnl_attr_for_each(attr, nlh, sizeof(struct tcmsg)) {
		if (mnl_attr_get_type(attr) == TCA_KIND)
			bpf = !strcmp(attr_text(attr), "bpf");
		else if (mnl_attr_get_type(attr) == TCA_OPTIONS)
			options = attr;
	}
	/* A chain is told of too, without options. */
	if (!bpf || !options)
		return MNL_CB_OK;
	read_filter(&tc, options);
	f->ret = f->fn(f->arg, &tc);
	return f->ret ? MNL_CB_STOP : MNL_CB_OK;
}

static int visit_parent(struct filters *f, __u32 parent, const char *kind)
{
	struct tcmsg head = { .tcm_ifindex = f->dev->ifindex, .tcm_parent = parent };
	int err;

	f->kind = kind;
	err = dump(&f->w, RTM_GETTFILTER, &head, sizeof(head), visit_filter, f);
	return err ? err : f->ret;
}

static bool is_clsact(const struct parent *p)
{
	return !strcmp(p->kind, "clsact");
}

/* A device's classes: only what has handles of its own can have some. */
static int visit_classes(struct filters *f)
{
	struct tcmsg head = { .tcm_ifindex = f->dev->ifindex };
	struct parents classes = { 0 };
	int err = dump(&f->w, RTM_GETTCLASS, &head, sizeof(head), add_parent, &classes);

	for (size_t i = 0; i < classes.nr && !err; i++)
		err = visit_parent(f, classes.list[i].handle, classes.list[i].kind);
	free(classes.list);
	return err;
}

static int visit_clsact(struct filters *f)
{
	int err = visit_parent(f, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), "clsact/ingress");

	return err ? err : visit_parent(f, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
					"clsact/egress");
}

static int visit_filters(struct filters *f)
{
	const struct parent *end = f->qdiscs.list + f->qdiscs.nr, *clsact = NULL;
	bool classes = true;
	int err = 0;

	for (const struct parent *p = f->qdiscs.list; p < end && !err; p++) {
		if (p->ifindex != f->dev->ifindex)
			continue;
		if (is_clsact(p)) {
			clsact = p;
			continue;
		}
		if (classes)
			err = visit_classes(f);
		classes = false;
		if (!err)
			err = visit_parent(f, p->handle, p->kind);
	}
	return !err && clsact ? visit_clsact(f) : err;
}

/* Programs that a device has without a qdisc. */
static int visit_attached(struct filters *f, __u32 type, const char *kind)
{
	struct kern_attached *list;
	int ret = 0;
	__u32 nr;
	int err = kern_attached(f->dev->ifindex, type, 0, &list, &nr);

	/*
	 * Older kernels, other devices, one that is gone: nothing of this type is there. A
	 * netkit peer does not tell (EACCES): its programs are its primary device's to show.
	 */
	if (err == -EINVAL || err == -ENXIO || err == -ENODEV || err == -ENOENT ||
	    err == -EACCES || err == -EOPNOTSUPP)
		return 0;
	for (__u32 i = 0; i < nr && !ret; i++) {
		struct kern_tc tc = { .dev = f->dev, .kind = kind, .name = "", .attached = &list[i],
				      .prog_id = list[i].prog_id };

		ret = f->fn(f->arg, &tc);
	}
	free(list);
	return err ? err : ret;
}

/* What hangs there by one hook. */
static int visit_hook(struct filters *f, const struct hook *h)
{
	int err = 0;

	for (size_t i = 0; i < h->nr_types && !err; i++)
		if (h->types[i].tc_kind)
			err = visit_attached(f, h->types[i].type, h->types[i].tc_kind);
	return err;
}

static int visit_device(struct filters *f)
{
	const struct hook *h;
	int err = 0;

	for (size_t i = 0; (h = hook_at(i)) && !err; i++)
		err = visit_hook(f, h);
	return err ? err : visit_filters(f);
}

int kern_tc(const struct kern_device *list, size_t nr, kern_tc_fn fn, void *arg)
{
	struct filters f = { .fn = fn, .arg = arg };
	struct tcmsg all = { 0 };
	int err = wire_open(&f.w);

	if (err)
		return err;
	err = dump(&f.w, RTM_GETQDISC, &all, sizeof(all), add_parent, &f.qdiscs);
	for (size_t i = 0; i < nr && !err; i++) {
		f.dev = &list[i];
		err = interrupted() ? -EINTR : visit_device(&f);
	}
	free(f.qdiscs.list);
	mnl_socket_close(f.w.nl);
	return err;
}
