// SPDX-License-Identifier: BSD-2-Clause
/* watch: a command again and again, on the whole terminal or as a stream. */
#include "commands/common.h"
#include "commands/session/session.h"
#include "render/sink/out.h"
#include "render/sink/screen.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/clock.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/lang/args.h"
#include "shell/prompt/terminal.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

struct watch {
	struct ctx *ctx;
	const struct value *command;
	int64_t interval_ms;
	struct terminal terminal;
	bool on_screen;
	struct screen screen;
	struct buf title;
	int rows, columns;
};

static void make_title(struct watch *w)
{
	struct span at = w->command->span;

	buf_printf(&w->title, "every %g s: ", w->interval_ms / 1000.0);
	buf_escaped(&w->title, at.src->text + at.start, at.end - at.start);
	buf_puts(&w->title, "   (Ctrl-C ends)");
	buf_str(&w->title);
}

/* True where the window has another size than when it was drawn last. */
static bool was_resized(const struct watch *w)
{
	int rows, columns;

	terminal_window(&w->terminal, &columns, &rows);
	return rows != w->rows || columns != w->columns;
}

/* Runs the command for the screen, and draws what it shows unless it fails. */
static int draw(struct watch *w)
{
	struct out *out = w->ctx->s->out, memory;
	int status;

	out_init(&memory, -1);
	memory.escape = true;
	status = session_run(w->ctx, w->command, &memory);
	buf_str(&memory.buf);
	if (status == STATUS_OK) {
		terminal_window(&w->terminal, &w->columns, &w->rows);
		screen_draw(&w->screen, out, w->title.data, &memory.buf, w->rows, w->columns);
		out_flush(out);
	}
	out_free(&memory);
	return status;
}

static int show(struct watch *w)
{
	int status;

	if (w->on_screen)
		return draw(w);
	status = session_run(w->ctx, w->command, NULL);
	if (!w->ctx->s->aside || w->ctx->s->out->fd >= 0)
		out_flush(w->ctx->s->out);
	return status;
}

/* Waits for the next turn; a window that changed is drawn at once. */
static void wait_until(const struct watch *w, int64_t next)
{
	while (clock_ms() < next && !interrupted() && !(w->on_screen && was_resized(w)))
		interrupt_nap(next);
}

static void screen_switch(struct watch *w, const char *sequence)
{
	struct out *out = w->ctx->s->out;

	if (!w->on_screen)
		return;
	buf_puts(out_buf(out), sequence);
	out_flush(out);
}

/* Turn after turn, until the command fails, nobody reads any more, or a signal comes. */
static int watch_all(struct watch *w)
{
	struct session *s = w->ctx->s;
	int status;

	do {
		int64_t start = clock_ms();

		status = show(w);
		if (status != STATUS_OK || txn_planning(s) || s->out->error || s->quit)
			break;
		wait_until(w, start + w->interval_ms);
	} while (!interrupted());
	return status;
}

/* Ctrl-C is how it is meant to end at the prompt; a script it stops. */
static int ended_by_signal(struct ctx *ctx)
{
	if (ctx->s->mode == MODE_PROMPT && interrupted() == SIGINT) {
		diags_clear(ctx->diags);
		interrupt_clear();
		return 0;
	}
	ctx->status = STATUS_SIGNAL + interrupted();
	return -1;
}

enum { WATCH_SECONDS, WATCH_COMMAND };

static int watch_run(struct ctx *ctx, struct value *argv)
{
	struct watch w = { .ctx = ctx, .interval_ms = argv[WATCH_SECONDS].num,
			   .command = &argv[WATCH_COMMAND] };

	terminal_open(&w.terminal, ctx->s);
	w.on_screen = sink_terminal(ctx->sink) && w.terminal.escapes && !txn_planning(ctx->s);
	make_title(&w);
	screen_switch(&w, SCREEN_BEGIN);
	ctx->status = watch_all(&w);
	screen_switch(&w, SCREEN_END);
	screen_free(&w.screen);
	buf_free(&w.title);
	if (interrupted())
		return ended_by_signal(ctx);
	return ctx->status == STATUS_OK ? 0 : -1;
}

const struct cmd session_watch_cmd = {
	.verb = "watch",
	.help = "run a command again and again; on a terminal, changes are marked",
	.args = ARGS(
		[WATCH_SECONDS] = { "seconds", &arg_seconds, 0, "time from one start to the next" },
		[WATCH_COMMAND] = { "command", &arg_run, 0, "the command" }),
	.flags = CMD_CONTROL | CMD_NESTED,
	.run = watch_run,
	.examples = STRINGS("watch 1 map show", "watch 0.5 map dump name flows"),
};
