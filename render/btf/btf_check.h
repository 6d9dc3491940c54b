/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether BTF can be given to a reader that trusts it. */
#ifndef BPFSH_BTF_CHECK_H
#define BPFSH_BTF_CHECK_H

#include <stdbool.h>

struct buf;

struct btf;

/*
 * True where all IDs and names in it are ones that it has, and no typedef or
 * qualifier stands for itself; else @why tells the first that is wrong. Types
 * may still contain or point to themselves.
 */
bool btf_check(const struct btf *btf, struct buf *why);

#endif
