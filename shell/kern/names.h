/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of types, attach types and helpers, and their numbers. */
#ifndef BPFSH_KERN_NAMES_H
#define BPFSH_KERN_NAMES_H

#include <linux/types.h>
#include <stdbool.h>

#include "shell/kern/since.h"

struct buf;

/* "1.1" */
const char *kern_libbpf_version(void);
/*
 * "hash" for BPF_MAP_TYPE_HASH; NULL where it is unknown. What is newer than
 * libbpf is named by the kernel's BTF.
 */
const char *kern_map_type_name(__u32 type);
const char *kern_prog_type_name(__u32 type);
const char *kern_link_type_name(__u32 type);
const char *kern_attach_type_name(__u32 type);
/*
 * True where the kernel's BTF, which is read for that, tells that it lacks what libbpf or we
 * know: then "this kernel has no attach type tcx_ingress, which came with Linux 6.6" is appended.
 */
bool kern_lacks(struct buf *why, enum since_what what, __u32 number);
/*
 * Numbers of names, also of newer ones, and as the header has them ("BPF_MAP_TYPE_HASH"); -1
 * where there is none.
 */
int kern_prog_type(const char *name);
/* The same of an attach type's full or short name. */
int kern_attach_type(const char *name);
int kern_map_type(const char *name);
/* All names of map types, newer ones included; NULL-ended, the caller frees the list alone. */
const char **kern_map_type_names(void);
/* The number of helper @name ("bpf_loop"), and its name; -1 or NULL where it is none. */
int kern_helper(const char *name);
const char *kern_helper_name(__u32 id);
/* What a call of kernel function @name has in imm; -1 where there is none outside of modules. */
int kern_kfunc(const char *name);

/* Of netfilter's links, as nft(8) has them ("ip6", "prerouting"); NULL where there is none. */
const char *kern_netfilter_family(__u32 pf);
const char *kern_netfilter_hook(__u32 pf, __u32 hook);

#endif
