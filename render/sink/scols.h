/* SPDX-License-Identifier: BSD-2-Clause */
/* libsmartcols, opened when the first table is laid out. For sink.c alone. */
#ifndef BPFSH_RENDER_SCOLS_H
#define BPFSH_RENDER_SCOLS_H

#include <dlfcn.h>
#include <libsmartcols.h>
#include <stddef.h>

#define SCOLS_FUNCTIONS(X)								\
	X(scols_line_refer_data) X(scols_new_table) X(scols_print_table_to_string)	\
	X(scols_table_enable_noheadings) X(scols_table_new_column)			\
	X(scols_table_new_line) X(scols_table_remove_lines) X(scols_unref_table)

struct scols {
#define POINTER(f) __typeof__(&f) f;
	SCOLS_FUNCTIONS(POINTER)
#undef POINTER
};

/* The library's functions, or NULL where it is missing. */
static const struct scols *scols_load(void)
{
	static struct scols lib;
	void *handle;

	if (lib.scols_new_table)
		return &lib;
	handle = dlopen(LIBSMARTCOLS, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return NULL;
#define FIND(f) if (!(lib.f = (__typeof__(&f))dlsym(handle, #f))) return NULL;
	SCOLS_FUNCTIONS(FIND)
#undef FIND
	return &lib;
}

#endif
