// SPDX-License-Identifier: BSD-2-Clause
/* Shared objects that are opened when they are first needed. */
#include <dlfcn.h>
#include <string.h>

#include "shell/base/library.h"

#ifdef LINKED
static enum library_status open_as(int scope, const char *file,
				   const struct library_function *functions, size_t nr,
				   void *pointers)
{
	for (size_t i = 0; i < nr; i++) {
		if (!functions[i].linked)
			return LIBRARY_ABSENT;
		memcpy((char *)pointers + i * sizeof(void *), &functions[i].linked, sizeof(void *));
	}
	return LIBRARY_OPEN;
}

const char *library_error(void)
{
	return "it is left out of this build";
}
#else
static enum library_status open_as(int scope, const char *file,
				   const struct library_function *functions, size_t nr,
				   void *pointers)
{
	void *handle = *file ? dlopen(file, RTLD_NOW | scope) : NULL;

	if (!handle)
		return LIBRARY_MISSING;
	for (size_t i = 0; i < nr; i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function)
			return LIBRARY_OLD;
		memcpy((char *)pointers + i * sizeof(function), &function, sizeof(function));
	}
	return LIBRARY_OPEN;
}

const char *library_error(void)
{
	const char *error = dlerror();

	return error ? error : "it was not there when this was built";
}
#endif

enum library_status library_open(const char *file, const struct library_function *functions,
				 size_t nr, void *pointers)
{
	return open_as(RTLD_LOCAL, file, functions, nr, pointers);
}

enum library_status library_open_global(const char *file,
					const struct library_function *functions, size_t nr,
					void *pointers)
{
	return open_as(RTLD_GLOBAL, file, functions, nr, pointers);
}
