/* SPDX-License-Identifier: BSD-2-Clause */
/* libsmartcols, opened when the first table is laid out. For sink_table.c alone. */
#ifndef BPFSH_RENDER_SCOLS_H
#define BPFSH_RENDER_SCOLS_H

#include <libsmartcols.h>

#include "shell/base/library.h"

#define SCOLS_FUNCTIONS(X)								\
	X(scols_line_refer_data) X(scols_new_table) X(scols_print_table_to_string)	\
	X(scols_table_enable_noheadings) X(scols_table_new_column)			\
	X(scols_table_new_line) X(scols_table_remove_lines) X(scols_unref_table)

struct scols {
	SCOLS_FUNCTIONS(LIBRARY_POINTER)
};

/* The library's functions, or NULL where it is missing. */
const struct scols *scols_load(void);

#endif
