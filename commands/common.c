// SPDX-License-Identifier: BSD-2-Clause
/* What the commands of all objects share. */
#include "commands/common.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"

int not_planned(struct ctx *ctx, const struct handle *h, struct span at)
{
	return h->fd >= 0 ? 0 :
	       diag_error(ctx->diags, at, "%s '%s' exists only in the plan", object_names[h->kind],
			  h->title);
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
