/* SPDX-License-Identifier: BSD-2-Clause */
/* Pasted text, as a terminal sends it between two sequences: it is inserted and runs nothing. */
#ifndef BPFSH_PASTE_H
#define BPFSH_PASTE_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#define PASTE_BEGIN "[200~"	/* behind the escape character */

/* Starts zeroed. */
struct paste {
	wchar_t *text;
	size_t nr;
	size_t matched;		/* characters of the end sequence that have come */
};

/* Takes the next character; true where it ends the paste. */
bool paste_add(struct paste *p, wchar_t ch);
/* The text, NUL-ended, without line ends behind the last line; the caller frees it. */
wchar_t *paste_end(struct paste *p);

#endif
