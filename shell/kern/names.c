// SPDX-License-Identifier: BSD-2-Clause
/*
 * Names of the numbers in linux/bpf.h: those that libbpf knows, and newer ones
 * from the enums in the kernel's own BTF, which is read when one is first met.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <stdio.h>
#include <string.h>

#include "render/code/disasm.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/btf.h"
#include "shell/kern/hook.h"
#include "shell/kern/names.h"
#include "shell/kern/since.h"

/* No enum of the kernel's API is near this. */
#define NUMBER_MAX 1024

struct names {
	const char *type, *prefix;	/* "bpf_map_type", "BPF_MAP_TYPE_" */
	const char *(*known)(__u32 number);
	char **newer;			/* by number; holes are NULL */
	__u32 nr_newer;
	bool read;
};

const char *kern_libbpf_version(void)
{
	const char *version = libbpf_version_string();

	return version + (*version == 'v');
}

/* Some that we know the oldest libbpf has no names for. */
static const char *known_map(__u32 n)
{
	const char *name = libbpf_bpf_map_type_str(n);

	return name ? name : since_name(SINCE_MAP, n);
}

static const char *known_prog(__u32 n)
{
	const char *name = libbpf_bpf_prog_type_str(n);

	return name ? name : since_name(SINCE_PROG, n);
}

static const char *known_link(__u32 n)
{
	return libbpf_bpf_link_type_str(n);
}

static const char *known_attach(__u32 n)
{
	const char *name = libbpf_bpf_attach_type_str(n);

	return name ? name : since_name(SINCE_ATTACH, n);
}

#define HELPER "bpf_"

/* Without what all helpers begin with, as the enum has them. */
static const char *known_helper(__u32 n)
{
	const char *name = helper_name(n);

	return name ? name + strlen(HELPER) : NULL;
}

/* The kernel does not change while it runs, so what was read is kept. */
static struct names map_names = { "bpf_map_type", "BPF_MAP_TYPE_", known_map };
static struct names prog_names = { "bpf_prog_type", "BPF_PROG_TYPE_", known_prog };
static struct names link_names = { "bpf_link_type", "BPF_LINK_TYPE_", known_link };
static struct names attach_names = { "bpf_attach_type", "BPF_", known_attach };
static struct names helper_names = { "bpf_func_id", "BPF_FUNC_", known_helper };

/* Keeps an enumerator that has the prefix and whose number has no name yet. */
static void keep_name(struct names *n, const char *enumerator, __u32 number)
{
	size_t len = strlen(n->prefix);
	char *name;

	if (!enumerator || strncmp(enumerator, n->prefix, len) || number >= NUMBER_MAX)
		return;
	if (n->known(number) || (number < n->nr_newer && n->newer[number]))
		return;
	if (number >= n->nr_newer) {
		n->newer = xrealloc(n->newer, number + 1, sizeof(*n->newer));
		while (n->nr_newer <= number)
			n->newer[n->nr_newer++] = NULL;
	}
	name = xstrdup(enumerator + len);
	for (char *p = name; *p; p++)
		*p = tolower((unsigned char)*p);
	n->newer[number] = name;
}

static void read_newer(struct names *n)
{
	const struct btf *btf;
	const struct btf_enum *e;
	const struct btf_type *t;
	int id;

	if (n->read)
		return;
	n->read = true;
	btf = kern_vmlinux_btf();
	id = btf ? btf__find_by_name_kind(btf, n->type, BTF_KIND_ENUM) : -1;
	if (id < 0)
		return;
	t = btf__type_by_id(btf, id);
	e = btf_enum(t);
	for (__u32 i = 0; i < btf_vlen(t); i++)
		keep_name(n, btf__name_by_offset(btf, e[i].name_off), e[i].val);
}

static const char *name_of(struct names *n, __u32 number)
{
	const char *name = n->known(number);

	if (name)
		return name;
	read_newer(n);
	return number < n->nr_newer ? n->newer[number] : NULL;
}

/* Whether the kernel's own enum has the number; without BTF nobody can say no. */
static bool kernel_knows(const struct names *n, __u32 number)
{
	const struct btf *btf = kern_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, n->type, BTF_KIND_ENUM) : -1;
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (__u32 i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, btf_enum(t)[i].name_off);

		/* What the enum's end is called has no number that a type has. */
		if (name && !strncmp(name, n->prefix, strlen(n->prefix)) &&
		    (__u32)btf_enum(t)[i].val == number)
			return true;
	}
	return !t;
}

bool kern_lacks(struct buf *why, enum since_what what, __u32 number)
{
	static const struct {
		struct names *names;
		const char *phrase;
	} rows[] = {
		[SINCE_MAP] = { &map_names, "maps of type" },
		[SINCE_PROG] = { &prog_names, "programs of type" },
		[SINCE_ATTACH] = { &attach_names, "attach type" },
	};
	const struct since *since = since_find(what, number);
	const char *name;

	if (kernel_knows(rows[what].names, number))
		return false;
	name = name_of(rows[what].names, number);
	buf_printf(why, "this kernel has no %s ", rows[what].phrase);
	if (name)
		buf_puts(why, name);
	else
		buf_printf(why, "%u", number);
	if (since)
		buf_printf(why, ", which came with Linux %s", since->release);
	return true;
}

const char *kern_map_type_name(__u32 type)
{
	return name_of(&map_names, type);
}

const char *kern_prog_type_name(__u32 type)
{
	return name_of(&prog_names, type);
}

const char *kern_link_type_name(__u32 type)
{
	return name_of(&link_names, type);
}

const char *kern_attach_type_name(__u32 type)
{
	return name_of(&attach_names, type);
}

#define BARE_MAX 64

/* "hash" for "BPF_MAP_TYPE_HASH", as the header has it; other names as they are. */
static const char *bare_name(const struct names *n, const char *name, char bare[BARE_MAX])
{
	size_t len = strlen(n->prefix), i;

	if (strncmp(name, n->prefix, len) || strlen(name + len) >= BARE_MAX)
		return name;
	for (i = 0; name[len + i]; i++) {
		if (islower((unsigned char)name[len + i]))
			return name;
		bare[i] = tolower((unsigned char)name[len + i]);
	}
	bare[i] = '\0';
	return bare;
}

/* Number of a name, from @first on; -1 where there is none. */
static int number_of(struct names *n, __u32 first, const char *name)
{
	char bare[BARE_MAX];

	name = bare_name(n, name, bare);
	for (__u32 i = first; n->known(i); i++)
		if (!strcmp(name, n->known(i)))
			return i;
	read_newer(n);
	for (__u32 i = first; i < n->nr_newer; i++)
		if (n->newer[i] && !strcmp(name, n->newer[i]))
			return i;
	return -1;
}

int kern_map_type(const char *name)
{
	return number_of(&map_names, 1, name);
}

int kern_prog_type(const char *name)
{
	return number_of(&prog_names, 1, name);
}

int kern_attach_type(const char *name)
{
	const struct hook_type *t = hook_type_short(name);

	return t ? (int)t->type : number_of(&attach_names, 0, name);
}

int kern_helper(const char *name)
{
	size_t n = strlen(HELPER);

	return strncmp(name, HELPER, n) ? -1 : number_of(&helper_names, 1, name + n);
}

const char *kern_helper_name(__u32 id)
{
	static char name[64];
	const char *bare = name_of(&helper_names, id);

	snprintf(name, sizeof(name), HELPER "%s", bare ? bare : "");
	return bare ? name : NULL;
}

int kern_kfunc(const char *name)
{
	const struct btf *btf = kern_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) : -1;

	return id > 0 ? id : -1;
}

const char **kern_map_type_names(void)
{
	struct names *n = &map_names;
	const char **list;
	size_t nr = 0;
	__u32 known = 1;

	read_newer(n);
	while (n->known(known))
		known++;
	list = xcalloc(known + n->nr_newer, sizeof(*list));
	for (__u32 i = 1; i < known; i++)
		list[nr++] = n->known(i);
	for (__u32 i = 1; i < n->nr_newer; i++)
		if (n->newer[i])
			list[nr++] = n->newer[i];
	return list;
}

const char *kern_netfilter_family(__u32 pf)
{
	static const char *const names[NFPROTO_NUMPROTO] = {
		[NFPROTO_INET] = "inet", [NFPROTO_IPV4] = "ip", [NFPROTO_ARP] = "arp",
		[NFPROTO_NETDEV] = "netdev", [NFPROTO_BRIDGE] = "bridge", [NFPROTO_IPV6] = "ip6",
	};

	return pf < ARRAY_SIZE(names) ? names[pf] : NULL;
}

const char *kern_netfilter_hook(__u32 pf, __u32 hook)
{
	static const char *const inet[] = {
		[NF_INET_PRE_ROUTING] = "prerouting", [NF_INET_LOCAL_IN] = "input",
		[NF_INET_FORWARD] = "forward", [NF_INET_LOCAL_OUT] = "output",
		[NF_INET_POST_ROUTING] = "postrouting",
	}, *const arp[] = {
		[NF_ARP_IN] = "input", [NF_ARP_OUT] = "output", [NF_ARP_FORWARD] = "forward",
	};

	if (pf == NFPROTO_ARP)
		return hook < ARRAY_SIZE(arp) ? arp[hook] : NULL;
	return pf != NFPROTO_NETDEV && hook < ARRAY_SIZE(inet) ? inet[hook] : NULL;
}
