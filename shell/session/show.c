// SPDX-License-Identifier: BSD-2-Clause
/* What a session shows beside the output of commands, and where that output goes. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

void session_push_output(struct session *s, struct output *own, struct out *out,
			 enum sink_style style)
{
	*own = (struct output){ s->out, s->opt.output, s->batch_open, s->aside };
	s->aside = own;
	s->out = out;
	s->opt.output = style;
	s->batch_open = false;
}

void session_pop_output(struct session *s)
{
	const struct output *own = s->aside;

	s->out = own->out;
	s->opt.output = own->style;
	s->batch_open = own->batch_open;
	s->aside = own->below;
}

bool session_reader_left(const struct session *s)
{
	return s->aside && s->out->error == EPIPE && !txn_length(s);
}

struct source *session_keep(struct session *s, const struct source *src)
{
	GROW(s->sources, s->nr_sources);
	s->sources[s->nr_sources] = xmemdup(src, sizeof(*src));
	return s->sources[s->nr_sources++];
}

static bool is_json(const struct session *s)
{
	return s->opt.output == SINK_JSON || s->opt.output == SINK_JSONL;
}

/*
 * Errors as a document; within the array of outputs, as a member of this command's
 * object, or of one of their own where they are of no single command.
 */
static void show_json(struct session *s, const struct diags *d)
{
	bool silent = out_mark(s->out).at == s->batch_at;
	struct buf text = BUF_INIT;

	diags_json(&text, d);
	if (s->batch_open) {
		buf_puts(out_buf(s->out), !s->member_open ? ",{\"command\":null,\"output\":null," :
			 silent ? "null," : ",");
		buf_add(out_buf(s->out), text.data + 1, text.len - 2);
		buf_puts(out_buf(s->out), s->member_open ? "" : "}");
		out_pushed(s->out);
	} else {
		buf_putc(&text, '\n');
		out_write(s->out, text.data, text.len);
	}
	out_flush(s->out);
	buf_free(&text);
}

void session_tell(struct session *s, const char *text, size_t len)
{
	if (!s->batch_open)
		out_flush(s->out);
	fwrite(text, 1, len, stderr);
	fflush(stderr);
}

static void show_text(struct session *s, const struct diags *d)
{
	struct buf text = BUF_INIT;

	diags_text(&text, d, s->opt.color);
	session_tell(s, text.data, text.len);
	buf_free(&text);
}

void session_show(struct session *s, struct diags *d)
{
	if (!d->nr)
		return;
	/* Where nothing can be written there, a document would be lost. */
	if (is_json(s) && d->errors && !s->out->error)
		show_json(s, d);
	else
		show_text(s, d);
	diags_clear(d);
}
