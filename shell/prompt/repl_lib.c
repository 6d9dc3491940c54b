// SPDX-License-Identifier: BSD-2-Clause
/* Finds libedit's functions. */
#include "shell/base/alloc.h"
#include "shell/base/library.h"
#include "shell/prompt/repl_lib.h"
#include "sonames.h"

LIBRARY_NOTE(edit, LIBEDIT, "prompt", "lines edited at the prompt", LIBRARY_REQUIRED);

static struct editline *pointers(void)
{
	static struct editline lib;

	return &lib;
}

const struct editline *editline(void)
{
	return pointers();
}

bool editline_load(void)
{
	static const struct library_function functions[] = {
		EDITLINE_FUNCTIONS(LIBRARY_FUNCTION)
	};

	return library_open(LIBEDIT, functions, ARRAY_SIZE(functions), pointers()) == LIBRARY_OPEN;
}
