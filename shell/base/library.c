// SPDX-License-Identifier: BSD-2-Clause
/* Shared objects that are opened when they are first needed. */
#include <dlfcn.h>
#include <string.h>

#include "shell/base/library.h"

static enum library_status open_as(int scope, const char *file, const char *const *names, size_t nr,
				   void *pointers)
{
	void *handle = *file ? dlopen(file, RTLD_NOW | scope) : NULL;

	if (!handle)
		return LIBRARY_MISSING;
	for (size_t i = 0; i < nr; i++) {
		void *function = dlsym(handle, names[i]);

		if (!function)
			return LIBRARY_OLD;
		memcpy((char *)pointers + i * sizeof(function), &function, sizeof(function));
	}
	return LIBRARY_OPEN;
}

enum library_status library_open(const char *file, const char *const *names, size_t nr,
				 void *pointers)
{
	return open_as(RTLD_LOCAL, file, names, nr, pointers);
}

enum library_status library_open_global(const char *file, const char *const *names, size_t nr,
					void *pointers)
{
	return open_as(RTLD_GLOBAL, file, names, nr, pointers);
}
