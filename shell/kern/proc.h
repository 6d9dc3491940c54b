/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of descriptors. Inside the kernel layer only. */
#ifndef BPFSH_KERN_PROC_H
#define BPFSH_KERN_PROC_H

#include "shell/value.h"

/* The kind of object that a link in /proc/PID/fd names, "anon_inode:bpf-map". */
bool object_inode(const char *target, enum object_kind *kind);

#endif
