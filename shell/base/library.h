/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared objects that are opened when they are first needed, as most commands do without.
 *
 * What is used of one is an X-macro, FUNCTIONS(X) with X(name) for each: a struct has their
 * pointers, typed by the library's own header, and library_open() fills it:
 *
 *	struct lib { FUNCTIONS(LIBRARY_POINTER) };
 *	static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) };
 */
#ifndef BPFSH_LIBRARY_H
#define BPFSH_LIBRARY_H

#include <stddef.h>

#define LIBRARY_POINTER(function) __typeof__(&function) function;
#define LIBRARY_NAME(function) #function,

enum library_status {
	LIBRARY_OPEN,
	LIBRARY_MISSING,	/* or not known when this was built: @file is empty then */
	LIBRARY_OLD,		/* it lacks a function */
};

/*
 * Opens @file and puts the functions' addresses into @pointers, a struct of nothing but @nr
 * pointers in the order of @names. The library stays open. Where it fails, dlerror() may say why.
 */
enum library_status library_open(const char *file, const char *const *names, size_t nr,
				 void *pointers);
/* The same, for one whose functions further libraries look for by their names. */
enum library_status library_open_global(const char *file, const char *const *names, size_t nr,
					void *pointers);

#endif
