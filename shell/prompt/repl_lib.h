/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libedit, opened when a prompt is wanted: with what it needs in turn it would
 * cost every command a third of its start. For repl.c alone.
 */
#ifndef BPFSH_REPL_LIB_H
#define BPFSH_REPL_LIB_H

#include <dlfcn.h>
#include <histedit.h>
#include <stdbool.h>

#define EDITLINE_FUNCTIONS(X)								\
	X(el_cursor) X(el_deletestr) X(el_end) X(el_get) X(el_gets) X(el_init)		\
	X(el_insertstr) X(el_line) X(el_push) X(el_resize) X(el_set) X(el_source)	\
	X(el_wgetc) X(el_winsertstr) X(el_wset) X(history) X(history_init)		\
	X(history_end)

struct editline {
#define POINTER(f) __typeof__(&f) f;
	EDITLINE_FUNCTIONS(POINTER)
#undef POINTER
};

/* The library's functions; found once. */
static struct editline *editline(void)
{
	static struct editline lib;

	return &lib;
}

/* False where the library is missing; dlerror() says why. */
static bool editline_load(void)
{
	void *handle = dlopen(LIBEDIT, RTLD_NOW | RTLD_LOCAL);
	struct editline *lib = editline();

	if (!handle)
		return false;
#define FIND(f) if (!(lib->f = (__typeof__(&f))dlsym(handle, #f))) return false;
	EDITLINE_FUNCTIONS(FIND)
#undef FIND
	return true;
}

#define el_cursor	(editline()->el_cursor)
#define el_deletestr	(editline()->el_deletestr)
#define el_end		(editline()->el_end)
#define el_get		(editline()->el_get)
#define el_gets		(editline()->el_gets)
#define el_init		(editline()->el_init)
#define el_insertstr	(editline()->el_insertstr)
#define el_line		(editline()->el_line)
#define el_push		(editline()->el_push)
#define el_resize	(editline()->el_resize)
#define el_set		(editline()->el_set)
#define el_source	(editline()->el_source)
#define el_wgetc	(editline()->el_wgetc)
#define el_winsertstr	(editline()->el_winsertstr)
#define el_wset		(editline()->el_wset)
#define history		(editline()->history)
#define history_init	(editline()->history_init)
#define history_end	(editline()->history_end)

#endif
