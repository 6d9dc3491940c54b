// SPDX-License-Identifier: BSD-2-Clause
/* Programs that trace: on tracepoints, probes and perf events. */
#include <errno.h>
#include <string.h>

#include "commands/common.h"
#include "commands/places.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/probe.h"

enum {
	PERF_PID, PERF_FD, PERF_LINK_ALONE, PERF_PROG, PERF_TYPE, PERF_TRACEPOINT, PERF_FUNC,
	PERF_UNKNOWN, PERF_MODULE, PERF_TARGET_PROG, PERF_ITERATOR, PERF_FILE, PERF_OFFSET,
	PERF_ADDRESS, PERF_COUNT, PERF_EVENT_TYPE, PERF_EVENT_CONFIG, PERF_COOKIE, PERF_LINK,
	PERF_LINK_BESIDE, PERF_LINKS, PERF_LINK_UNKNOWN, PERF_PLACES,
	PERF_PLACES_TEXT, PERF_COLUMNS
};

static const struct column perf_columns[] = {
	[PERF_PID] = { "pid", "pid %" },
	[PERF_FD] = { "fd", "  fd %: " },
	[PERF_LINK_ALONE] = { "link alone", "link %: ", .flags = COL_PLAIN_ONLY },
	[PERF_PROG] = { "prog_id", "prog_id %" },
	[PERF_TYPE] = { "fd_type", "  %" },
	[PERF_TRACEPOINT] = { "tracepoint", "  %" },
	[PERF_FUNC] = { "func", "  func %" },
	[PERF_UNKNOWN] = { "unknown func", "  func unknown", .flags = COL_PLAIN_ONLY },
	[PERF_MODULE] = { "module", "  module %", .flags = COL_WIDE },
	[PERF_TARGET_PROG] = { "target_prog_id", "  of prog %", .flags = COL_WIDE },
	[PERF_ITERATOR] = { "target_name", "  target_name %", .flags = COL_WIDE },
	[PERF_FILE] = { "filename", "  filename %" },
	[PERF_OFFSET] = { "offset", "  offset %" },
	[PERF_ADDRESS] = { "addr", "  addr %", .flags = COL_WIDE },
	[PERF_COUNT] = { "func_cnt", "  func_cnt %", .flags = COL_WIDE },
	[PERF_EVENT_TYPE] = { "event_type", "  event_type %", .flags = COL_WIDE },
	[PERF_EVENT_CONFIG] = { "event_config", "  event_config %", .flags = COL_WIDE },
	[PERF_COOKIE] = { "cookie", "  cookie %", .flags = COL_WIDE },
	[PERF_LINK] = { "link_id" },
	[PERF_LINK_BESIDE] = { "link beside", "  link_id %", .flags = COL_PLAIN_ONLY },
	[PERF_LINKS] = { "link_ids", "  perhaps link_id %", .flags = COL_WIDE },
	[PERF_LINK_UNKNOWN] = { "unknown link", "  link_id unknown", .flags = COL_PLAIN_ONLY },
	[PERF_PLACES] = { "funcs", .flags = COL_WIDE },
	[PERF_PLACES_TEXT] = { "places", "\n\t%", .flags = COL_PLAIN_ONLY },
	[PERF_COLUMNS] = { 0 }
};

static const struct record perf_record = { "probe", perf_columns };

/* The function of a program that is attached by BTF. */
static void put_function(struct cell *row, const struct kern_probe *p)
{
	row[PERF_FUNC] = *p->name ? cell_str(p->name) : CELL(.kind = CELL_NULL);
	if (!*p->name)
		row[PERF_UNKNOWN] = cell_bool(true);
	row[PERF_MODULE] = cell_str(p->module);
	if (p->target_prog)
		row[PERF_TARGET_PROG] = cell_u64(p->target_prog);
}

static void put_point(struct cell *row, const struct kern_probe *p)
{
	switch (p->point) {
	case PROBE_TRACEPOINT:
		row[PERF_TRACEPOINT] = cell_str(p->name);
		break;
	case PROBE_FUNCTION:
		row[PERF_FUNC] = cell_str(p->name);
		row[*p->name ? PERF_OFFSET : PERF_ADDRESS] =
			cell_u64(*p->name ? p->offset : p->address);
		break;
	case PROBE_WHOLE:
		put_function(row, p);
		break;
	case PROBE_ITERATOR:
		row[PERF_ITERATOR] = cell_str(p->name);
		break;
	case PROBE_FILE:
		row[PERF_FILE] = cell_str(p->name);
		if (!p->count)
			row[PERF_OFFSET] = cell_u64(p->offset);
		break;
	case PROBE_EVENT:
		row[PERF_EVENT_TYPE] = cell_u64(p->event_type);
		row[PERF_EVENT_CONFIG] = cell_u64(p->event_config);
		break;
	case PROBE_OTHER:
		break;
	}
	if (p->count)
		row[PERF_COUNT] = cell_u64(p->count);
	if (p->cookie)
		row[PERF_COOKIE] = cell_u64(p->cookie);
}

/* A raw tracepoint is always a link's, which bpftool does not say. */
static void put_link(struct cell *row, const struct kern_probe *p)
{
	if (p->link_id)
		row[PERF_LINK] = cell_u64(p->link_id);
	if (p->link_id && p->pid && strcmp(p->type, "raw_tracepoint"))
		row[PERF_LINK_BESIDE] = cell_u64(p->link_id);
	if (!p->nr_links)
		return;
	row[PERF_LINK] = CELL(.kind = CELL_NULL);
	if (p->nr_links <= PROBE_LINKS)
		row[PERF_LINKS] = cell_u32s(p->links, p->nr_links);
	else
		row[PERF_LINK_UNKNOWN] = cell_bool(true);
}

/* Returns 1 where the output failed, which no errno is. */
static int show_probe(void *arg, const struct kern_probe *p)
{
	struct buf text = BUF_INIT, json = BUF_INIT;
	struct cell row[PERF_COLUMNS] = { 0 };
	struct ctx *ctx = arg;
	int err;

	if (p->pid) {
		row[PERF_PID] = cell_u64(p->pid);
		row[PERF_FD] = cell_u64(p->fd);
	} else {
		row[PERF_LINK_ALONE] = cell_u64(p->link_id);
	}
	row[PERF_PROG] = cell_u64(p->prog_id);
	row[PERF_TYPE] = cell_str(p->type);
	put_point(row, p);
	put_link(row, p);
	if (p->nr_places) {
		places_draw(p, &text, &json);
		row[PERF_PLACES] = cell_json_text(&json);
		row[PERF_PLACES_TEXT] = cell_str(buf_str(&text));
	}
	err = sink_row(ctx->sink, row) ? 1 : 0;
	buf_free(&text);
	buf_free(&json);
	return err;
}

static int perf_show(struct ctx *ctx, struct value *argv)
{
	unsigned hidden = 0;
	int err;

	sink_begin(ctx->sink, &perf_record, SINK_LIST);
	err = kern_probes(show_probe, ctx, &hidden);
	if (err > 0)
		return -1;
	if (err)
		return kern_call_error(ctx->diags, ctx->span, KERN_LISTING, -err,
				       "list what programs trace");
	note_hidden(ctx, hidden);
	return sink_end(ctx->sink);
}

static const struct cmd perf_show_cmd = {
	.object = "perf", .verb = "show", .alias = "list", .place = 1,
	.help = "show all programs on tracepoints, probes and perf events, and who holds them",
	.flags = CMD_DEFAULT,
	.run = perf_show,
	.examples = STRINGS("perf show"),
};

const struct cmd *const perf_cmds[] = {
	&perf_show_cmd, CMD_HELP("perf", 3), NULL
};
