/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmnl, opened when the first question goes to rtnetlink: most commands do
 * without. For net.c alone.
 */
#ifndef BPFSH_KERN_MNL_LIB_H
#define BPFSH_KERN_MNL_LIB_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "shell/base/library.h"

#define MNL_FUNCTIONS(X)								\
	X(mnl_attr_get_payload) X(mnl_attr_get_payload_len) X(mnl_attr_get_str)		\
	X(mnl_attr_get_type) X(mnl_attr_get_u32) X(mnl_attr_next) X(mnl_attr_ok)	\
	X(mnl_attr_put_strz) X(mnl_attr_validate) X(mnl_cb_run)				\
	X(mnl_nlmsg_get_payload) X(mnl_nlmsg_get_payload_offset) X(mnl_nlmsg_get_payload_tail) \
	X(mnl_nlmsg_put_extra_header) X(mnl_nlmsg_put_header) X(mnl_socket_bind)	\
	X(mnl_socket_close) X(mnl_socket_get_portid) X(mnl_socket_open2)		\
	X(mnl_socket_recvfrom) X(mnl_socket_sendto)

struct mnl {
	MNL_FUNCTIONS(LIBRARY_POINTER)
};

/* The library's functions, once mnl_load() has found them. */
const struct mnl *mnl(void);
/* False where the library is missing. */
bool mnl_load(void);

/* Its macros call functions by their names, too. Where they are linked, these are the functions. */
#ifndef LINKED
#define mnl_attr_get_payload		(mnl()->mnl_attr_get_payload)
#define mnl_attr_get_payload_len	(mnl()->mnl_attr_get_payload_len)
#define mnl_attr_get_str		(mnl()->mnl_attr_get_str)
#define mnl_attr_get_type		(mnl()->mnl_attr_get_type)
#define mnl_attr_get_u32		(mnl()->mnl_attr_get_u32)
#define mnl_attr_next			(mnl()->mnl_attr_next)
#define mnl_attr_ok			(mnl()->mnl_attr_ok)
#define mnl_attr_put_strz		(mnl()->mnl_attr_put_strz)
#define mnl_attr_validate		(mnl()->mnl_attr_validate)
#define mnl_cb_run			(mnl()->mnl_cb_run)
#define mnl_nlmsg_get_payload		(mnl()->mnl_nlmsg_get_payload)
#define mnl_nlmsg_get_payload_offset	(mnl()->mnl_nlmsg_get_payload_offset)
#define mnl_nlmsg_get_payload_tail	(mnl()->mnl_nlmsg_get_payload_tail)
#define mnl_nlmsg_put_extra_header	(mnl()->mnl_nlmsg_put_extra_header)
#define mnl_nlmsg_put_header		(mnl()->mnl_nlmsg_put_header)
#define mnl_socket_bind			(mnl()->mnl_socket_bind)
#define mnl_socket_close		(mnl()->mnl_socket_close)
#define mnl_socket_get_portid		(mnl()->mnl_socket_get_portid)
#define mnl_socket_open2		(mnl()->mnl_socket_open2)
#define mnl_socket_recvfrom		(mnl()->mnl_socket_recvfrom)
#define mnl_socket_sendto		(mnl()->mnl_socket_sendto)
#endif

#endif
