// SPDX-License-Identifier: BSD-2-Clause
/* Names of sections: what libbpf knows, and rows for those that it learnt after 1.1. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/load.h"
#include "shell/kern/names.h"
#include "shell/kern/sections.h"
#include "shell/kern/since.h"

/* The same with a target: "uprobe.multi", or "uprobe.multi/FILE:FUNCTION". */
#define OPEN true

static const struct row {
	const char *name;
	__u32 prog_type, attach_type, flags;
	bool open;
} rows[] = {
	{ "netfilter", BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER },
	{ "tcx/ingress", BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_INGRESS },
	{ "tcx/egress", BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_EGRESS },
	{ "tc/ingress", BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_INGRESS },
	{ "tc/egress", BPF_PROG_TYPE_SCHED_CLS, BPF_TCX_EGRESS },
	{ "netkit/primary", BPF_PROG_TYPE_SCHED_CLS, BPF_NETKIT_PRIMARY },
	{ "netkit/peer", BPF_PROG_TYPE_SCHED_CLS, BPF_NETKIT_PEER },
	{ "sk_skb/verdict", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_VERDICT },
	{ "cgroup/connect_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_CONNECT },
	{ "cgroup/sendmsg_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_SENDMSG },
	{ "cgroup/recvmsg_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_RECVMSG },
	{ "cgroup/getpeername_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_GETPEERNAME },
	{ "cgroup/getsockname_unix", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UNIX_GETSOCKNAME },
	{ "uprobe.multi", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_MULTI, 0, OPEN },
	{ "uretprobe.multi", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_MULTI, 0, OPEN },
	{ "uprobe.multi.s", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_MULTI, BPF_F_SLEEPABLE, OPEN },
	{ "uretprobe.multi.s", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_MULTI, BPF_F_SLEEPABLE, OPEN },
	{ "kprobe.session", BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_SESSION, 0, OPEN },
	{ "uprobe.session", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_SESSION, 0, OPEN },
	{ "uprobe.session.s", BPF_PROG_TYPE_KPROBE, BPF_TRACE_UPROBE_SESSION, BPF_F_SLEEPABLE, OPEN },
	{ "usdt.s", BPF_PROG_TYPE_KPROBE, 0, BPF_F_SLEEPABLE, OPEN },
	{ "fsession", BPF_PROG_TYPE_TRACING, BPF_TRACE_FSESSION, 0, OPEN },
	{ "fsession.s", BPF_PROG_TYPE_TRACING, BPF_TRACE_FSESSION, BPF_F_SLEEPABLE, OPEN },
	{ "struct_ops.s", BPF_PROG_TYPE_STRUCT_OPS, 0, BPF_F_SLEEPABLE, OPEN },
};

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].name);

		if (!strncmp(name, rows[i].name, len) &&
		    (!name[len] || (rows[i].open && name[len] == '/')))
			return &rows[i];
	}
	return NULL;
}

/* As libbpf knows the name, or else a row does. */
static int find_type(const char *name, int *prog_type, int *attach_type)
{
	const struct row *row;
	enum bpf_attach_type attach;
	enum bpf_prog_type prog;

	if (!libbpf_prog_type_by_name(name, &prog, &attach)) {
		*prog_type = prog;
		*attach_type = attach;
		return 0;
	}
	row = find_row(name);
	if (!row)
		return -EINVAL;
	*prog_type = row->prog_type;
	*attach_type = row->attach_type;
	return 0;
}

#define HEADER_PREFIX "BPF_PROG_TYPE_"

/* As the header has it: with the attach type of the section that is called like it, if one is. */
static int header_type(const char *name, int *prog_type, int *attach_type)
{
	int type = kern_prog_type(name), named;

	if (type < 0)
		return -EINVAL;
	if (find_type(kern_prog_type_name(type), &named, attach_type) || named != type)
		*attach_type = 0;
	*prog_type = type;
	return 0;
}

int kern_section_type(const char *name, int *prog_type, int *attach_type)
{
	char *folder;
	int err;

	if (!strncmp(name, HEADER_PREFIX, strlen(HEADER_PREFIX)))
		return header_type(name, prog_type, attach_type);
	err = find_type(name, prog_type, attach_type);
	if (!err)
		return 0;
	/* Some sections are known only with what follows the slash: "kprobe/". */
	folder = xasprintf("%s/", name);
	err = find_type(folder, prog_type, attach_type);
	free(folder);
	return err;
}

/* Programs that may sleep are found by this once their section has a name that is known. */
#define SLEEPABLE_OPS "struct_ops.s/"
#define RENAMED_OPS "struct_ops/s."

int section_apply(struct bpf_program *prog)
{
	const char *name = bpf_program__section_name(prog), *target = strchr(name, '/');
	const struct row *row = find_row(name);

	if (!strncmp(name, RENAMED_OPS, strlen(RENAMED_OPS)))
		bpf_program__set_flags(prog, bpf_program__flags(prog) | BPF_F_SLEEPABLE);
	if (!row || bpf_program__type(prog) != BPF_PROG_TYPE_UNSPEC)
		return 0;
	bpf_program__set_type(prog, row->prog_type);
	bpf_program__set_expected_attach_type(prog, row->attach_type);
	bpf_program__set_flags(prog, bpf_program__flags(prog) | row->flags);
	if (row->prog_type != BPF_PROG_TYPE_TRACING || !target)
		return 0;
	return bpf_program__set_attach_target(prog, 0, target + 1);
}

/* The part of a file's bytes that is a table of strings: text that ends in NUL. */
struct strings {
	char *text;
	size_t len;
};

static bool take_strings(struct strings *s, char *data, size_t size, __u64 at, __u64 len)
{
	if (at > size || len > size - at || !len || data[at + len - 1])
		return false;
	*s = (struct strings){ data + at, len };
	return true;
}

/* Header @i of the section; false where the file does not hold it. */
static bool read_header(const struct buf *file, const Elf64_Ehdr *elf, unsigned i, Elf64_Shdr *s)
{
	if (elf->e_shoff > file->len || elf->e_shentsize != sizeof(*s) ||
	    (file->len - elf->e_shoff) / sizeof(*s) <= i)
		return false;
	memcpy(s, file->data + elf->e_shoff + i * sizeof(*s), sizeof(*s));
	return true;
}

static bool find_names(struct buf *file, const Elf64_Ehdr *elf, struct strings *names)
{
	Elf64_Shdr s;

	return read_header(file, elf, elf->e_shstrndx, &s) &&
	       take_strings(names, file->data, file->len, s.sh_offset, s.sh_size);
}

/* Those of the types, which name sections as well. */
static bool find_type_names(struct buf *file, const Elf64_Ehdr *elf, const struct strings *names,
			    struct strings *types)
{
	struct btf_header btf;
	Elf64_Shdr s;

	for (unsigned i = 0; i < elf->e_shnum && read_header(file, elf, i, &s); i++) {
		if (s.sh_name >= names->len || strcmp(names->text + s.sh_name, BTF_ELF_SEC))
			continue;
		if (s.sh_offset > file->len || s.sh_size > file->len - s.sh_offset ||
		    s.sh_size < sizeof(btf))
			return false;
		memcpy(&btf, file->data + s.sh_offset, sizeof(btf));
		return take_strings(types, file->data + s.sh_offset, s.sh_size,
				    (__u64)btf.hdr_len + btf.str_off, btf.str_len);
	}
	return false;
}

/* A name without what the relocations of its section are called by before it. */
static char *bare_name(char *name)
{
	return strncmp(name, ".rel", 4) ? name : name + 4;
}

static bool has_name(const struct strings *s, const char *wanted)
{
	for (char *name = s->text; name < s->text + s->len; name += strlen(name) + 1)
		if (!strcmp(bare_name(name), wanted))
			return true;
	return false;
}

/* Sections of structures: for links, or (?) made only where somebody asks for that. */
static const char structures[][20] = {
	".struct_ops", ".struct_ops.link", "?.struct_ops", "?.struct_ops.link",
};

/* The only one of them that the object has; NULL: it has several, or none. */
static const char *only_structures(const struct strings *types)
{
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(structures); i++) {
		if (!has_name(types, structures[i]))
			continue;
		if (found)
			return NULL;
		found = structures[i];
	}
	return found;
}

/* No string gets longer: what is left of one stands behind it as another. */
static void rename_all(const struct strings *s, const char *from)
{
	char *next;

	for (char *name = s->text; name < s->text + s->len; name = next) {
		char *bare = bare_name(name), *prog = bare + (*bare == '?');

		next = name + strlen(name) + 1;
		if (from && !strcmp(bare, from))
			memcpy(bare, structures[0], strlen(structures[0]) + 1);
		else if (!strncmp(prog, SLEEPABLE_OPS, strlen(SLEEPABLE_OPS)))
			memcpy(prog, RENAMED_OPS, strlen(RENAMED_OPS));
	}
}

bool sections_rename(struct buf *file)
{
	struct strings names, types;
	const char *from;
	Elf64_Ehdr elf;

	if (libbpf_major_version() > 1 || libbpf_minor_version() > 1 || file->len < sizeof(elf))
		return false;
	memcpy(&elf, file->data, sizeof(elf));
	if (!find_names(file, &elf, &names) || !find_type_names(file, &elf, &names, &types))
		return false;
	from = only_structures(&types);
	rename_all(&names, from);
	rename_all(&types, from);
	return from && strstr(from, ".link");
}

static bool kernel_has_links(void)
{
	struct buf why = BUF_INIT;
	bool lacks = kern_lacks(&why, SINCE_ATTACH, BPF_STRUCT_OPS);

	buf_free(&why);
	return !lacks;
}

/* Where the kernel has no such links, structures are made as those are that do without. */
void section_apply_structures(struct bpf_object *obj, bool linked)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		__u32 flags = bpf_map__map_flags(map) | (linked ? BPF_F_LINK : 0);

		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		bpf_map__set_map_flags(map, kernel_has_links() ? flags : flags & ~BPF_F_LINK);
		bpf_map__set_autocreate(map, true);
	}
}
