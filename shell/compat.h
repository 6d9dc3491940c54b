/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants of kernels newer than the headers that this is built with. They
 * are part of the kernel's ABI (include/uapi/linux/bpf.h).
 */
#ifndef BPFSH_COMPAT_H
#define BPFSH_COMPAT_H

#include <linux/bpf.h>

/* Instruction set v4, may_goto, and the atomic loads and stores. */
#ifndef BPF_MEMSX
#define BPF_MEMSX	0x80
#endif
#ifndef BPF_LOAD_ACQ
#define BPF_LOAD_ACQ	0x100
#endif
#ifndef BPF_STORE_REL
#define BPF_STORE_REL	0x110
#endif
#ifndef BPF_JCOND
#define BPF_JCOND	0xe0
#endif

#endif
