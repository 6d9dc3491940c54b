/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libedit, opened when a prompt is wanted: with what it needs in turn it would
 * cost every command a third of its start. For repl.c alone.
 */
#ifndef BPFSH_REPL_LIB_H
#define BPFSH_REPL_LIB_H

#include <histedit.h>
#include <stdbool.h>

#include "shell/base/library.h"

#define EDITLINE_FUNCTIONS(X)								\
	X(el_cursor) X(el_deletestr) X(el_end) X(el_get) X(el_gets) X(el_init)		\
	X(el_insertstr) X(el_line) X(el_push) X(el_resize) X(el_set) X(el_source)	\
	X(el_wgetc) X(el_winsertstr) X(el_wset) X(history) X(history_init)		\
	X(history_end)

struct editline {
	EDITLINE_FUNCTIONS(LIBRARY_POINTER)
};

/* The library's functions, once editline_load() has found them. */
const struct editline *editline(void);
/* False where the library is missing; library_error() says why. */
bool editline_load(void);

/* Where they are linked, these names are the functions. */
#ifndef LINKED
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

#endif
