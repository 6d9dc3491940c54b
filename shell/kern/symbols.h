/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols of the kernel and its programs. Strings are owned by the layer. */
#ifndef BPFSH_KERN_SYMBOLS_H
#define BPFSH_KERN_SYMBOLS_H

#include <linux/types.h>

/* Symbol of the kernel at an address, "" where it is not known or hidden. */
const char *kern_symbol(__u64 address);
/* The symbol at or before an address, and how far behind it the address lies. */
const char *kern_symbol_near(__u64 address, __u64 *offset);
/* What a call instruction of a dump calls: its imm is relative to __bpf_call_base. "" as above. */
const char *kern_call_symbol(__s32 imm);
/* Address of a symbol, 0 where it is not known or hidden; read anew, as those of programs come and go. */
__u64 kern_symbol_now(const char *name);

#endif
