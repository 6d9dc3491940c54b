// SPDX-License-Identifier: BSD-2-Clause
/* How a command is used, in a line. */
#include <ctype.h>

#include "shell/base/buf.h"
#include "shell/lang/cmd.h"

const char *arg_display(const struct arg *a, struct buf *scratch)
{
	buf_reset(scratch);
	if (a->words) {
		for (const char *const *w = a->words; *w; w++)
			buf_printf(scratch, "%s%s", w == a->words ? "" : "|", *w);
	} else if (a->type->name) {
		buf_puts(scratch, a->type->name);
	} else {
		for (const char *p = a->name; *p; p++)
			buf_putc(scratch, toupper((unsigned char)*p));
	}
	return buf_str(scratch);
}

void cmd_usage(struct buf *out, const struct cmd *cmd)
{
	struct buf scratch = BUF_INIT;

	if (cmd->object)
		buf_printf(out, "%s ", cmd->object);
	buf_puts(out, cmd->verb);
	for_each_arg(cmd, a) {
		bool optional = a->flags & ARG_OPTIONAL;

		buf_puts(out, optional ? " [" : " ");
		if (a->flags & ARG_KEYWORD)
			buf_printf(out, "%s ", a->name);
		buf_puts(out, arg_display(a, &scratch));
		buf_puts(out, optional ? "]" : "");
		buf_puts(out, a->flags & ARG_REPEAT ? "..." : "");
	}
	buf_free(&scratch);
}
