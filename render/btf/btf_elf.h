/* SPDX-License-Identifier: BSD-2-Clause */
/* The section .BTF of an ELF file, looked at before libbpf trusts it. */
#ifndef BPFSH_BTF_ELF_H
#define BPFSH_BTF_ELF_H

#include <libelf.h>

struct buf;

/* Its content; NULL where there is no such section, or (then @why tells) none that can be read. */
const Elf_Data *btf_elf_section(Elf *elf, struct buf *why);

#endif
