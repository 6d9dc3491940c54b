/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiled before all others: it says where bpfsh cannot be built at all. */
#if !defined(__SIZEOF_INT128__) || __SIZEOF_POINTER__ != 8
#error "bpfsh runs on 64-bit machines only: the kernel's own numbers and addresses have 64 bits"
#endif
