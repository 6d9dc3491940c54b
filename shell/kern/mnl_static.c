// SPDX-License-Identifier: BSD-2-Clause
/*
 * What net.c uses of libmnl, for the static build: no distribution has that library as an archive.
 * libmnl/libmnl.h declares these functions, and netlink(7) says what they rest on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/kern/mnl_lib.h"

/* Sockets */

struct mnl_socket {
	int fd;
	struct sockaddr_nl address;
};

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return NULL;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | flags, bus);
	if (nl->fd >= 0)
		return nl;
	free(nl);
	return NULL;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	socklen_t size = sizeof(nl->address);

	nl->address = (struct sockaddr_nl){
		.nl_family = AF_NETLINK, .nl_groups = groups, .nl_pid = pid
	};
	if (bind(nl->fd, (struct sockaddr *)&nl->address, size))
		return -1;
	return getsockname(nl->fd, (struct sockaddr *)&nl->address, &size);
}

int mnl_socket_close(struct mnl_socket *nl)
{
	int ret = close(nl->fd);

	free(nl);
	return ret;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	return nl->address.nl_pid;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *request, size_t size)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(nl->fd, request, size, 0, (const struct sockaddr *)&kernel, sizeof(kernel));
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	struct sockaddr_nl from;
	struct iovec part = { buf, size };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1
	};
	ssize_t n = recvmsg(nl->fd, &msg, 0);

	if (n >= 0 && (msg.msg_flags & MSG_TRUNC)) {
		errno = ENOSPC;
		return -1;
	}
	if (n >= 0 && msg.msg_namelen != sizeof(from)) {
		errno = EINVAL;
		return -1;
	}
	return n;
}

/* Messages */

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *nlh = buf;

	*nlh = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN };
	return nlh;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *nlh, size_t size)
{
	void *at = mnl_nlmsg_get_payload_tail(nlh);

	nlh->nlmsg_len += NLMSG_ALIGN(size);
	return memset(at, 0, NLMSG_ALIGN(size));
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *nlh)
{
	return NLMSG_DATA(nlh);
}

void *mnl_nlmsg_get_payload_offset(const struct nlmsghdr *nlh, size_t offset)
{
	return (char *)NLMSG_DATA(nlh) + NLMSG_ALIGN(offset);
}

void *mnl_nlmsg_get_payload_tail(const struct nlmsghdr *nlh)
{
	return (char *)nlh + NLMSG_ALIGN(nlh->nlmsg_len);
}

/* What a message that ends an answer means: MNL_CB_STOP, or -1 and errno. */
static int end_of(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *end = NLMSG_DATA(nlh);

	if (nlh->nlmsg_type == NLMSG_DONE)
		return MNL_CB_STOP;
	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*end))) {
		errno = EBADMSG;
		return -1;
	}
	errno = abs(end->error);
	return errno ? -1 : MNL_CB_STOP;
}

/* Why a message is none of the answer to request @seq of @portid; 0: it is. */
static int foreign(const struct nlmsghdr *nlh, unsigned int seq, unsigned int portid)
{
	if (nlh->nlmsg_pid && portid && nlh->nlmsg_pid != portid)
		return ESRCH;
	if (nlh->nlmsg_seq && seq && nlh->nlmsg_seq != seq)
		return EPROTO;
	/* What is told changed meanwhile. */
	return nlh->nlmsg_flags & NLM_F_DUMP_INTR ? EINTR : 0;
}

int mnl_cb_run(const void *buf, size_t size, unsigned int seq, unsigned int portid, mnl_cb_t fn,
	       void *arg)
{
	const struct nlmsghdr *nlh = buf;
	int left = size, ret = MNL_CB_OK;

	for (; ret > MNL_CB_STOP && NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
		errno = foreign(nlh, seq, portid);
		if (errno)
			return -1;
		if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
			ret = end_of(nlh);
		else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE)
			ret = fn(nlh, arg);
	}
	return ret;
}

/* Attributes */

uint16_t mnl_attr_get_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

void *mnl_attr_get_payload(const struct nlattr *attr)
{
	return (char *)attr + NLA_HDRLEN;
}

uint16_t mnl_attr_get_payload_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

const char *mnl_attr_get_str(const struct nlattr *attr)
{
	return mnl_attr_get_payload(attr);
}

uint32_t mnl_attr_get_u32(const struct nlattr *attr)
{
	uint32_t n;

	memcpy(&n, mnl_attr_get_payload(attr), sizeof(n));
	return n;
}

bool mnl_attr_ok(const struct nlattr *attr, int len)
{
	return len >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN && attr->nla_len <= len;
}

struct nlattr *mnl_attr_next(const struct nlattr *attr)
{
	return (struct nlattr *)((char *)attr + NLA_ALIGN(attr->nla_len));
}

/* Of the types that net.c asks for. */
int mnl_attr_validate(const struct nlattr *attr, enum mnl_attr_data_type type)
{
	uint16_t len = mnl_attr_get_payload_len(attr);
	const char *text = mnl_attr_get_payload(attr);
	bool good = false;

	if (type == MNL_TYPE_U32)
		good = len == sizeof(uint32_t);
	else if (type == MNL_TYPE_NUL_STRING)
		good = len && !text[len - 1];
	errno = good ? 0 : ERANGE;
	return good ? 0 : -1;
}

void mnl_attr_put_strz(struct nlmsghdr *nlh, uint16_t type, const char *text)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);
	size_t size = strlen(text) + 1;

	memset(attr, 0, NLA_HDRLEN + NLA_ALIGN(size));
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	memcpy(mnl_attr_get_payload(attr), text, size);
	nlh->nlmsg_len += NLA_HDRLEN + NLA_ALIGN(size);
}
