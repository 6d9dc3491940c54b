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
 *	LIBRARY_NOTE(name, LIBNAME, "feature", "what it is for", LIBRARY_...);
 */
#ifndef BPFSH_LIBRARY_H
#define BPFSH_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

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

/*
 * Tells packagers' tools of a library, which the ELF file's own list does not name: an ELF note
 * (systemd's "ELF Package Metadata", ELF_DLOPEN_METADATA.md). @priority is one of those below: what
 * the program is without it. @name stands for the note in C.
 */
#define LIBRARY_REQUIRED "required"		/* not itself */
#define LIBRARY_RECOMMENDED "recommended"	/* without what most people want of it */
#define LIBRARY_SUGGESTED "suggested"

#ifdef LINKED
#define LIBRARY_NOTE(name, file, feature, description, priority) \
	_Static_assert(sizeof(file), "it is in the program, or left out")
#else
#define LIBRARY_NOTE(name, file, feature, description, priority) \
	LIBRARY_NOTE_TEXT(library_note_##name, "[{\"feature\":\"" feature "\",\"description\":\"" \
			  description "\",\"priority\":\"" priority "\",\"soname\":[\"" file "\"]}]")
#define LIBRARY_NOTE_TEXT(variable, json) \
	static const struct { \
		uint32_t name_size, text_size, type; \
		char name[4], text[(sizeof(json) + 3) & ~(size_t)3]; \
	} variable __attribute__((used, aligned(4), section(".note.dlopen"))) = \
		{ 4, sizeof(json), 0x407c0c0a, "FDO", json }
#endif

enum library_status {
	LIBRARY_OPEN,
	LIBRARY_MISSING,	/* or not known when this was built: @file is empty then */
	LIBRARY_OLD,		/* it lacks a function */
	LIBRARY_ABSENT,		/* left out of this static build */
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
