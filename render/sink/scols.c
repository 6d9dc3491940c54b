// SPDX-License-Identifier: BSD-2-Clause
/* Finds libsmartcols' functions, once. */
#include <stdbool.h>

#include "render/sink/scols.h"
#include "shell/base/alloc.h"
#include "shell/base/library.h"
#include "sonames.h"

LIBRARY_NOTE(smartcols, LIBSMARTCOLS, "tables", "output as tables", LIBRARY_RECOMMENDED);

const struct scols *scols_load(void)
{
	static const struct library_function functions[] = { SCOLS_FUNCTIONS(LIBRARY_FUNCTION) };
	static struct scols lib;
	static bool found;

	found = found || library_open(LIBSMARTCOLS, functions, ARRAY_SIZE(functions),
				      &lib) == LIBRARY_OPEN;
	return found ? &lib : NULL;
}
