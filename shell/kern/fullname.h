/* SPDX-License-Identifier: BSD-2-Clause */
/* Maps as object files declare them, by BTF. */
#ifndef BPFSH_KERN_FULLNAME_H
#define BPFSH_KERN_FULLNAME_H

#include <bpf/btf.h>

/* The struct that a variable of section .maps declares its map with; NULL where it is damaged. */
const struct btf_type *map_declaration(const struct btf *btf, __u32 var);

#endif
