/* SPDX-License-Identifier: BSD-2-Clause */
/* What BPF_PROG_QUERY takes. Inside the kernel layer only. */
#ifndef BPFSH_KERN_QUERY_H
#define BPFSH_KERN_QUERY_H

#include <linux/types.h>
#include <stdbool.h>

/* Attach types whose target is a device's number, not a descriptor. */
bool on_device(__u32 type);

#endif
