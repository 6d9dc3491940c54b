/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BTF as declarations in C, by libbpf's btf_dump: the text of "bpftool btf dump
 * format c". libbpf trusts what it is given, and recurses; BTF of files may be
 * anything. So IDs and names are checked before, and a child writes the text.
 */
#ifndef BPFSH_BTF_C_H
#define BPFSH_BTF_C_H

#include <stddef.h>
#include <stdint.h>

#include "shell/base/diag.h"

struct btf;

/*
 * Takes one declaration, with the blank line behind it; or one of the texts
 * around them; or, of a declaration beyond any measure, some of its lines. Not
 * 0: no more is wanted.
 */
typedef int (*btf_c_fn)(void *arg, const char *text, size_t len);

/*
 * Calls @fn for all text, as it comes: of the types @roots and what these need,
 * or of all types where @nr is 0. -1 with a diagnostic; without one where @fn
 * or the user ended it.
 */
int btf_c(const struct btf *btf, const uint32_t *roots, size_t nr, btf_c_fn fn, void *arg,
	  struct span at, struct diags *d);

#endif
