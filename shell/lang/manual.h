/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of the command line, and the manual pages, which are made from
 * them and from the command table.
 */
#ifndef BPFSH_MANUAL_H
#define BPFSH_MANUAL_H

#include "shell/lang/cmd.h"

enum option_flags {
	OPTION_SCRIPT = 1,	/* what follows its argument are the script's arguments */
	OPTION_ALONE = 2,	/* nothing else is done */
};

struct option_doc {
	char letter;			/* 0: none */
	const char *name;		/* without the dashes */
	const char *arg;		/* "FILE", or NULL */
	const char *const *words;	/* what the argument may be, NULL-ended, or NULL */
	const char *help;		/* lower case, without full stop */
	unsigned flags;
};

/* Ends with a zero row. */
extern const struct option_doc bpfsh_options[];

/* "  -f, --file FILE    run a script ...", a line each. */
void options_text(struct buf *out);
/*
 * A page in the language of man(7): bpfsh(8) where @of is NULL, bpfsh-script(7) for "script",
 * bpfsh-OBJECT(8) for an object of the table; -1 where there is none.
 */
int manual_page(struct buf *out, const struct cmd_table *commands, const char *of);

#endif
