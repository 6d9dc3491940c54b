// SPDX-License-Identifier: BSD-2-Clause
/* What the commands of all objects share. */
#include "commands/common.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"

int not_planned(struct ctx *ctx, const struct handle *h, struct span at)
{
	return h->fd >= 0 ? 0 :
	       diag_error(ctx->diags, at, "%s '%s' exists only in the plan", object_names[h->kind],
			  h->title);
}

int walk_ended(struct ctx *ctx, const struct object_walk *w)
{
	const char *kind = object_names[w->kind];

	if (w->err_id)
		return kern_call_error(ctx->diags, ctx->span, KERN_LISTING, -w->err, "open %s %u", kind,
				       w->err_id);
	return w->err ? kern_call_error(ctx->diags, ctx->span, KERN_LISTING, -w->err,
					"list all %ss", kind) : 0;
}

void note_left_out(const struct ctx *ctx, int err, const char *what)
{
	struct buf why = BUF_INIT, hint = BUF_INIT;

	if (!err)
		return;
	kern_reason(&why, &hint, KERN_LISTING, -err);
	diag_note(ctx->diags, NO_SPAN, "%s left out: %s", what, buf_str(&why));
	if (hint.len)
		diag_hint(ctx->diags, "%s", buf_str(&hint));
	buf_free(&why);
	buf_free(&hint);
}

void note_hidden(const struct ctx *ctx, unsigned hidden)
{
	if (!hidden)
		return;
	diag_note(ctx->diags, NO_SPAN, "processes that do not show what they hold, which may be "
		  "missing here: %u", hidden);
	diag_hint(ctx->diags, "it takes CAP_SYS_PTRACE to see it");
}

static const struct record text_record = { "text", NULL };

int show_text(struct ctx *ctx, struct buf *text)
{
	const char *s = buf_str(text);

	sink_begin(ctx->sink, &text_record, SINK_ONE);
	sink_row(ctx->sink, &CELL(.kind = CELL_TEXT, .str = { s, text->len }));
	buf_free(text);
	return sink_end(ctx->sink);
}
