// SPDX-License-Identifier: BSD-2-Clause
/* Events of ring buffers and perf event arrays, as they come, until Ctrl-C. */
#include <bpf/btf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/map/map.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/events.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/op/map_ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

#define POLL_MS 200
#define NS_PER_SEC 1000000000ull

enum { READ_MAP, READ_CPU, READ_INDEX, READ_COUNT, READ_TYPE };

struct reading {
	struct ctx *ctx;
	struct btf *btf;
	struct typed *type;		/* NULL: bytes */
	__u32 type_id, size;		/* what it is, and of how many bytes; 0: its own */
	__u64 left;			/* events to read */
};

enum { EV_HEADING, EV_TYPE, EV_CPU, EV_INDEX, EV_TIME, EV_LOST, EV_DATA, EV_BYTES, EV_VALUE,
       EV_COLUMNS };

static const struct column event_columns[] = {
	[EV_HEADING] = { "heading", "%\n", .flags = COL_PLAIN_ONLY },
	[EV_TYPE] = { "type" },
	[EV_CPU] = { "cpu" },
	[EV_INDEX] = { "index" },
	[EV_TIME] = { "timestamp" },
	[EV_LOST] = { "lost", "lost % events" },
	[EV_DATA] = { "data" },
	[EV_BYTES] = { "bytes", "%", .flags = COL_PLAIN_ONLY },
	[EV_VALUE] = { "value", "%" },
	[EV_COLUMNS] = { 0 }
};

static const struct record event_record = { "event", event_columns };

static void heading(struct buf *out, const struct kern_event *event)
{
	if (event->cpu < 0)
		buf_printf(out, "== %u bytes =====", event->size);
	else
		buf_printf(out, "== @%" PRIu64 ".%09" PRIu64 " CPU: %d index: %d =====",
			   (uint64_t)(event->time / NS_PER_SEC), (uint64_t)(event->time % NS_PER_SEC),
			   event->cpu, event->index);
}

/* Events differ in length where a flexible array ends them; false: it has no such type. */
static bool is_typed(struct reading *r, __u32 size)
{
	if (r->type && r->size != size) {
		typed_free(r->type);
		r->type = typed_new(r->btf, r->type_id, size, r->ctx->diags);
		r->size = size;
	}
	return r->type && size >= typed_size(r->type);
}

static int show_event(struct reading *r, const struct kern_event *event)
{
	struct cell row[EV_COLUMNS] = { 0 };
	__u32 *data = xcalloc(event->size, sizeof(*data));
	struct buf head = BUF_INIT, typed = BUF_INIT;
	int err;

	heading(&head, event);
	row[EV_HEADING] = cell_str(buf_str(&head));
	if (event->cpu >= 0) {
		row[EV_TYPE] = cell_u64(event->lost ? PERF_RECORD_LOST : PERF_RECORD_SAMPLE);
		row[EV_CPU] = cell_u64(event->cpu);
		row[EV_INDEX] = cell_u64(event->index);
		row[EV_TIME] = cell_u64(event->time);
	}
	if (event->lost)
		row[EV_LOST] = cell_u64(event->lost);
	for (__u32 i = 0; i < event->size; i++)
		data[i] = ((const unsigned char *)event->data)[i];
	row[EV_DATA] = cell_u32s(data, event->size);
	if (is_typed(r, event->size)) {
		typed_json(&typed, r->type, event->data, TYPED_NICE);
		row[EV_VALUE] = cell_json_text(&typed);
	} else if (event->size) {
		row[EV_BYTES] = CELL(.kind = CELL_BYTES, .str = { event->data, event->size });
	}
	err = sink_row(r->ctx->sink, row);
	buf_free(&head);
	buf_free(&typed);
	free(data);
	return err;
}

static int on_event(void *arg, const struct kern_event *event)
{
	struct reading *r = arg;

	if (show_event(r, event))
		return -1;
	return --r->left ? 0 : 1;
}

struct btf *map_users_btf(const struct handle *map)
{
	struct object_walk w = { .kind = OBJ_PROG };
	struct btf *btf = NULL;
	int fd;

	while (!btf && (fd = kern_next_object(&w)) >= 0) {
		struct bpf_prog_info info;
		__u32 *maps;

		kern_prog_info_maps(fd, &info, &maps);
		for (__u32 i = 0; i < info.nr_map_ids && !btf; i++)
			if (maps[i] == map->id && info.btf_id)
				btf = kern_btf(info.btf_id);
		free(maps);
		close(fd);
	}
	return btf;
}

static int find_event_type(struct reading *r, const struct handle *map, const struct value *name)
{
	__s64 id;

	if (name->kind != VALUE_STR)
		return 0;
	r->btf = map_users_btf(map);
	if (!r->btf)
		return diag_error(r->ctx->diags, name->span, "no program with BTF uses map '%s'",
				  map->title);
	id = kern_btf_find(r->btf, name->str);
	if (id < 0)
		return diag_error(r->ctx->diags, name->span, "no type '%s' in the program that uses "
				  "map '%s'", name->str, map->title);
	r->type_id = id;
	r->type = typed_new(r->btf, id, 0, r->ctx->diags);
	return r->type ? 0 : -1;
}

/* Until enough came or somebody stops it; what is there is shown at once. */
static int read_events(struct reading *r, struct kern_events *events)
{
	for (;;) {
		int n = kern_events_poll(events, POLL_MS);

		if (n == 1 && !r->left)
			return 0;
		if (session_ended_by_key(r->ctx->s))
			return 0;
		if (interrupted())
			return -EINTR;
		if (n < 0 && n != -EINTR)
			return n;
		if (sink_flush(r->ctx->sink))
			return -1;
	}
}

/* "cpu N index M": both or none, and only where there are such slots. */
static int find_slot(struct ctx *ctx, const struct handle *map, const struct value *cpu,
		     const struct value *index, struct kern_slot *slot)
{
	const struct value *given = cpu->kind == VALUE_NUM ? cpu : index;

	if (given->kind != VALUE_NUM)
		return 0;
	if (cpu->kind != VALUE_NUM || index->kind != VALUE_NUM)
		return diag_error(ctx->diags, given->span, "'cpu' and 'index' are given together");
	if (map->map.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return diag_error(ctx->diags, given->span, "a map of type %s has no slots for CPUs",
				  kern_map_type_name(map->map.type));
	if (cpu->num >= kern_cpus())
		return diag_error(ctx->diags, cpu->span, "no CPU %" PRIu64 " (0..%d)",
				  (uint64_t)cpu->num, kern_cpus() - 1);
	if (index->num >= map->map.max_entries)
		return diag_error(ctx->diags, index->span, "index is out of range (0 to %u)",
				  map->map.max_entries - 1);
	*slot = (struct kern_slot){ cpu->num, index->num };
	return 1;
}

/* Begins to read; -1 with a diagnostic. Only planned, it leaves *@events NULL. */
static int open_events(struct reading *r, struct handle *map, struct value *argv,
		       struct kern_events **events)
{
	struct ctx *ctx = r->ctx;
	struct kern_slot slot;
	int one = find_slot(ctx, map, &argv[READ_CPU], &argv[READ_INDEX], &slot);

	if (one < 0)
		return -1;
	if (!map_is(map->map.type, MAP_EVENTS))
		return diag_error(ctx->diags, argv[READ_MAP].span,
				  "a map of type %s has no events to read",
				  kern_map_type_name(map->map.type));
	return txn_do(ctx, op_map_read(ctx, map, one ? &slot : NULL, on_event, r, events));
}

/* Shows what comes; -1 with a diagnostic, or where it was stopped. */
static int show_events(struct reading *r, struct kern_events *events, const struct value *map)
{
	struct ctx *ctx = r->ctx;
	int err;

	sink_begin(ctx->sink, &event_record, SINK_LIST);
	err = read_events(r, events);
	if (err < -1 && err != -EINTR)
		kern_error(ctx->diags, map->span, -err, "read events of '%s'", map->handle->title);
	return err ? -1 : sink_end(ctx->sink);
}

static int map_read(struct ctx *ctx, struct value *argv)
{
	const struct value *count = &argv[READ_COUNT];
	struct handle *map = argv[READ_MAP].handle;
	struct reading r = { .ctx = ctx, .left = count->kind == VALUE_NUM ? count->num : UINT64_MAX };
	struct kern_events *events = NULL;
	int err;

	if (!txn_planning(ctx->s) && not_planned(ctx, map, ctx->span))
		return -1;
	if (!r.left)
		return diag_error(ctx->diags, count->span, "count: at least one event");
	err = find_event_type(&r, map, &argv[READ_TYPE]);
	if (!err)
		err = open_events(&r, map, argv, &events);
	if (!err && events)
		err = show_events(&r, events, &argv[READ_MAP]);
	kern_events_close(events);
	typed_free(r.type);
	btf__free(r.btf);
	return err;
}

const struct cmd map_read_cmd = {
	.object = "map", .verb = "read", .alias = "event_pipe", .place = 10,
	.help = "show events of a ring buffer or perf event array, which no other reader gets",
	.args = ARGS(
		[READ_MAP] = ARG_MAP_ONE,
		[READ_CPU] = { "cpu", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"this CPU alone, of a perf event array" },
		[READ_INDEX] = { "index", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"the array's slot for that CPU" },
		[READ_COUNT] = { "count", &arg_number64, ARG_KEYWORD | ARG_OPTIONAL,
			"events to read; else until Ctrl-C" },
		[READ_TYPE] = { "type", &arg_c_type, ARG_KEYWORD | ARG_OPTIONAL,
			"their type, in a program that uses the map" }),
	.flags = CMD_WRITES,
	.run = map_read,
	.examples = STRINGS("map read $events", "map read $events count 9 type struct event",
			    "map event_pipe $perf cpu 0 index 0"),
};
