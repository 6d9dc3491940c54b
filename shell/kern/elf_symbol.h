/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a function lies in a program or library, for probes. */
#ifndef BPFSH_KERN_ELF_SYMBOL_H
#define BPFSH_KERN_ELF_SYMBOL_H

#include <linux/types.h>

#include "shell/base/diag.h"

/*
 * The place of a function in its file, as uprobes count it; @name may be a number, which is
 * such a place. 0, or -1 with a diagnostic. The file may be anything.
 */
int elf_symbol_offset(const char *file, const char *name, __u64 *offset, struct span at,
		      struct diags *d);

#endif
