/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Tab and "?" do at the prompt, as a change of the line and text to show
 * below it; no line editor is needed to say that.
 */
#ifndef BPFSH_TAB_H
#define BPFSH_TAB_H

#include "shell/base/buf.h"
#include "shell/prompt/terminal.h"

struct tab_result {
	bool beep;		/* nothing fits, or several do */
	size_t remove;		/* bytes before the cursor that are replaced */
	struct buf insert;	/* by this */
	struct buf below;	/* shown below the line */
};

/*
 * Completes the statement @text, all of it up to the cursor, whose last line
 * begins at @line. @last is what stood there when an earlier Tab found several;
 * the next Tab at the same place lists them.
 */
void tab_complete(struct session *s, const struct terminal *t, const struct buf *text, size_t line,
		  char **last, struct tab_result *r);
/* What may stand at the cursor; a question mark that is text is inserted. */
void tab_help(const struct session *s, const struct buf *text, struct tab_result *r);
void tab_result_free(struct tab_result *r);

#endif
