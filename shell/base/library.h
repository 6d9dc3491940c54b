/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared objects that are opened when they are first needed, as most commands do without. A static
 * build (LINKED) has them in itself, and opens nothing.
 *
 * What is used of one is an X-macro, FUNCTIONS(X) with X(name) for each: a struct has their
 * pointers, typed by the library's own header, and library_open() fills it:
 *
 *	struct lib { FUNCTIONS(LIBRARY_POINTER) };
 *	static const struct library_function functions[] = { FUNCTIONS(LIBRARY_FUNCTION) };
 */
#ifndef BPFSH_LIBRARY_H
#define BPFSH_LIBRARY_H

#include <stddef.h>

struct library_function {
	const char *name;
	void (*linked)(void);	/* where it is, in a static build; else NULL */
};

#define LIBRARY_POINTER(function) __typeof__(&function) function;
#ifdef LINKED
#define LIBRARY_FUNCTION(function) { #function, (void (*)(void))function },
#else
#define LIBRARY_FUNCTION(function) { #function, NULL },
#endif
/* The same of a library that a static build leaves out. */
#define LIBRARY_LEFT_OUT(function) { #function, NULL },

enum library_status {
	LIBRARY_OPEN,
	LIBRARY_MISSING,	/* or not known when this was built: @file is empty then */
	LIBRARY_OLD,		/* it lacks a function */
};

/*
 * Opens @file and puts the addresses of @functions into @pointers, a struct of nothing but @nr
 * pointers in their order. The library stays open. Where it fails, library_error() says why.
 */
enum library_status library_open(const char *file, const struct library_function *functions,
				 size_t nr, void *pointers);
/* The same, for one whose functions further libraries look for by their names. */
enum library_status library_open_global(const char *file,
					const struct library_function *functions, size_t nr,
					void *pointers);
/* What was wrong with the last library that could not be opened. */
const char *library_error(void);

#endif
