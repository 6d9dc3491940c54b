// SPDX-License-Identifier: BSD-2-Clause
/* Finds libmnl's functions, once. */
#include "shell/base/alloc.h"
#include "shell/base/library.h"
#include "shell/kern/mnl_lib.h"
#include "sonames.h"

LIBRARY_NOTE(mnl, LIBMNL, "netlink", "attachments to network devices", LIBRARY_REQUIRED);

static struct mnl *pointers(void)
{
	static struct mnl lib;

	return &lib;
}

const struct mnl *mnl(void)
{
	return pointers();
}

bool mnl_load(void)
{
	static const struct library_function functions[] = { MNL_FUNCTIONS(LIBRARY_FUNCTION) };
	static bool found;

	found = found || library_open(LIBMNL, functions, ARRAY_SIZE(functions),
				      pointers()) == LIBRARY_OPEN;
	return found;
}
