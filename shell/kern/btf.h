/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF of the kernel, by ID, and of files. */
#ifndef BPFSH_KERN_BTF_H
#define BPFSH_KERN_BTF_H

#include <linux/types.h>

#include "shell/base/diag.h"

struct btf;

/* BTF object @id, freed with btf__free(); NULL with errno set. */
struct btf *kern_btf(__u32 id);
/* The same, or NULL with a diagnostic. */
struct btf *kern_btf_object(__u32 id, struct span at, struct diags *d);
/*
 * The types of an object file under its IDs, without those of its functions and
 * variables, so that kern_btf_load() can take them. NULL with a diagnostic.
 */
struct btf *kern_btf_file(const char *file, struct span at, struct diags *d);
/*
 * Gives types to the kernel: a descriptor, the caller's, or -errno. A kernel that refuses them
 * gets them without the kinds that came with 6.0 (enums of 64 bits, with signs), then 5.17
 * (tags), then 5.13 (floats, which become arrays of bytes).
 */
int kern_btf_load(const struct btf *btf);
/*
 * All types of an ELF file, or of a file that is BTF, behind those of @base, which
 * they may continue, and which must outlive them; NULL where they stand alone, or
 * are a module's below /sys/kernel/btf. Freed with btf__free(); NULL with a diagnostic.
 */
struct btf *kern_btf_read(const char *file, struct btf *base, struct span at, struct diags *d);
/* The ID of "struct flow", "flow", "__u32"; -ENOENT. */
__s64 kern_btf_find(const struct btf *btf, const char *name);
/* Types of the kernel itself, read once; borrowed, NULL where they are hidden. */
struct btf *kern_vmlinux_btf(void);

#endif
