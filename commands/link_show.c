// SPDX-License-Identifier: BSD-2-Clause
/* Links as "link show" has them: what each type tells besides its program. */
#include <net/if.h>
#include <string.h>

#include "commands/common.h"
#include "commands/holders.h"
#include "commands/link_show.h"
#include "commands/pins.h"
#include "commands/places.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/error.h"
#include "shell/kern/event_name.h"
#include "shell/kern/handle.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/probe.h"
#include "shell/lang/args.h"

/* Where text and JSON differ, a column of text alone follows that of the key. */
enum {
	LINK_ID, LINK_TYPE, LINK_PROG, LINK_MAP, LINK_OF_TABLE, LINK_TARGET, LINK_NO_TARGET,
	LINK_MODULE, LINK_TARGET_PROG, LINK_PROG_TYPE, LINK_TP, LINK_HOW, LINK_RETPROBE,
	LINK_TRACEPOINT, LINK_PATH, LINK_FILE, LINK_ADDR, LINK_FUNC, LINK_OFFSET, LINK_BEHIND,
	LINK_EVENT_TYPE, LINK_EVENT_CONFIG, LINK_COUNT, LINK_MISSED, LINK_COUNTER,
	LINK_CGROUP, LINK_OF_CGROUP, LINK_NO_CGROUP, LINK_NETNS, LINK_IN_NETNS,
	LINK_NO_NETNS, LINK_DEV,
	LINK_IFINDEX, LINK_KNOWN_IFINDEX, LINK_FAR_IFINDEX, LINK_SIGHT, LINK_OF_SOCKETS,
	LINK_NO_SOCKETS, LINK_ATTACH, LINK_TARGET_OBJ, LINK_TARGET_BTF, LINK_OF_MAP,
	LINK_IN_CGROUP, LINK_ORDER, LINK_TID, LINK_PID, LINK_COOKIE, LINK_FUNCS, LINK_PLACES,
	LINK_PF, LINK_FAMILY, LINK_HOOK, LINK_HOOK_NAME, LINK_PRIO, LINK_FLAGS, LINK_SET_FLAGS,
	LINK_PINNED, LINK_PIDS, LINK_COLUMNS
};

static const struct column link_columns[] = {
	[LINK_ID] = { "id", "%: " },
	[LINK_TYPE] = { "type", "%" },
	[LINK_PROG] = { "prog_id", "  prog %" },
	[LINK_MAP] = { "map_id", .flags = COL_WIDE },
	[LINK_OF_TABLE] = { "map of struct_ops", "  map %", .flags = COL_PLAIN_ONLY },
	[LINK_TARGET] = { "target_name", "  target_name %" },
	[LINK_NO_TARGET] = { "no target", "  target_name unknown", .flags = COL_PLAIN_ONLY },
	[LINK_MODULE] = { "target_module", "  module %", .flags = COL_WIDE },
	[LINK_TARGET_PROG] = { "target_prog_id", "  of prog %", .flags = COL_WIDE },
	[LINK_PROG_TYPE] = { "prog_type", "\n\tprog_type %", .flags = COL_WIDE },
	[LINK_TP] = { "tp_name", "\n\ttp '%'", .flags = COL_WIDE },
	[LINK_HOW] = { "kind of probe", "\n\t%", .flags = COL_PLAIN_ONLY },
	[LINK_RETPROBE] = { "retprobe", .flags = COL_WIDE },
	[LINK_TRACEPOINT] = { "tracepoint", "  %", .flags = COL_WIDE },
	[LINK_PATH] = { "path", "  path %", .flags = COL_WIDE },
	[LINK_FILE] = { "file", "  %", .flags = COL_WIDE },
	[LINK_ADDR] = { "addr", "  %", .flags = COL_WIDE | COL_HEX },
	[LINK_FUNC] = { "func", "  %", .flags = COL_WIDE },
	[LINK_OFFSET] = { "offset", .flags = COL_WIDE },
	[LINK_BEHIND] = { "offset behind it", "+%", .flags = COL_PLAIN_ONLY | COL_HEX },
	[LINK_EVENT_TYPE] = { "event_type", "  %", .flags = COL_WIDE },
	[LINK_EVENT_CONFIG] = { "event_config", ":%", .flags = COL_WIDE },
	[LINK_COUNT] = { "func_cnt", "  func_cnt %", .flags = COL_WIDE },
	[LINK_MISSED] = { "missed", "  missed %", .flags = COL_WIDE },
	[LINK_COUNTER] = { "ref_ctr_offset", "  ref_ctr_offset %", .flags = COL_WIDE | COL_HEX },
	[LINK_CGROUP] = { "cgroup_id" },
	[LINK_OF_CGROUP] = { "cgroup of link", "\n\tcgroup_id %", .flags = COL_PLAIN_ONLY },
	[LINK_NO_CGROUP] = { "no cgroup", "\n\tcgroup_id (detached)", .flags = COL_PLAIN_ONLY },
	[LINK_NETNS] = { "netns_ino" },
	[LINK_IN_NETNS] = { "netns of link", "\n\tnetns_ino %", .flags = COL_PLAIN_ONLY },
	[LINK_NO_NETNS] = { "no netns", "\n\tnetns_ino (detached)", .flags = COL_PLAIN_ONLY },
	[LINK_DEV] = { "devname", "\n\tifindex %" },
	[LINK_IFINDEX] = { "ifindex" },
	[LINK_KNOWN_IFINDEX] = { "known ifindex", "(%)", .flags = COL_PLAIN_ONLY },
	[LINK_FAR_IFINDEX] = { "far ifindex", "\n\tifindex %", .flags = COL_PLAIN_ONLY },
	[LINK_SIGHT] = { "sight", ", in %", .flags = COL_PLAIN_ONLY },
	[LINK_OF_SOCKETS] = { "map of sockets", "\n\tmap_id %", .flags = COL_PLAIN_ONLY },
	[LINK_NO_SOCKETS] = { "no map", "\n\tmap_id (detached)", .flags = COL_PLAIN_ONLY },
	[LINK_ATTACH] = { "attach_type", "  attach_type %" },
	[LINK_TARGET_OBJ] = { "target_obj_id", "\n\ttarget_obj_id %", .flags = COL_WIDE },
	[LINK_TARGET_BTF] = { "target_btf_id", "  target_btf_id %", .flags = COL_WIDE },
	[LINK_OF_MAP] = { "map of iterator", "  map_id %", .flags = COL_PLAIN_ONLY },
	[LINK_IN_CGROUP] = { "cgroup of iterator", "  cgroup_id %", .flags = COL_PLAIN_ONLY },
	[LINK_ORDER] = { "order", "  order %", .flags = COL_WIDE },
	[LINK_TID] = { "tid", "  tid %", .flags = COL_WIDE },
	[LINK_PID] = { "pid", "  pid %", .flags = COL_WIDE },
	[LINK_COOKIE] = { "cookie", "  cookie %", .flags = COL_WIDE },
	[LINK_FUNCS] = { "funcs", .flags = COL_WIDE },
	[LINK_PLACES] = { "places", "\n\t%", .flags = COL_PLAIN_ONLY },
	[LINK_PF] = { "pf", .flags = COL_WIDE },
	[LINK_FAMILY] = { "family", "\n\t%", .flags = COL_PLAIN_ONLY },
	[LINK_HOOK] = { "hook", .flags = COL_WIDE },
	[LINK_HOOK_NAME] = { "hook's name", " %", .flags = COL_PLAIN_ONLY },
	[LINK_PRIO] = { "prio", " prio %", .flags = COL_WIDE },
	[LINK_FLAGS] = { "flags", .flags = COL_WIDE },
	[LINK_SET_FLAGS] = { "set flags", " flags %", .flags = COL_PLAIN_ONLY | COL_HEX },
	[LINK_PINNED] = { "pinned", "\n\tpinned %", .flags = COL_EACH | COL_WIDE },
	[LINK_PIDS] = COLUMN_PIDS,
	[LINK_COLUMNS] = { 0 }
};

static const struct record link_record = { "link", link_columns };

/* A link with all that its cells point to. */
struct shown {
	struct cell row[LINK_COLUMNS];
	struct bpf_link_info info;
	struct kern_probe probe;	/* of those that trace */
	char device[IF_NAMESIZE];
	struct buf event, places, funcs;
};

static struct cell told(__u64 number)
{
	return number ? cell_u64(number) : CELL(.kind = CELL_NONE);
}

static void put_attach(struct cell *row, __u32 type)
{
	row[LINK_ATTACH] = type_cell(kern_attach_type_name(type), type);
}

/* The device of an XDP, tcx or netkit link; it may be gone, or in another namespace. */
static void put_device(struct shown *s, __u32 ifindex)
{
	enum kern_sight sight = kern_link_device(&s->info, s->device);
	struct cell *row = s->row;

	row[LINK_IFINDEX] = cell_u64(ifindex);
	if (sight == KERN_HERE) {
		row[LINK_DEV] = cell_str(s->device);
		row[LINK_KNOWN_IFINDEX] = cell_u64(ifindex);
	} else if (!ifindex) {
		row[LINK_DEV] = cell_str("(detached)");
	} else {
		row[LINK_DEV] = CELL(.kind = CELL_NULL);
		row[LINK_FAR_IFINDEX] = cell_u64(ifindex);
		row[LINK_SIGHT] = cell_str(sight == KERN_ELSEWHERE ? "another network namespace" :
					   "an unknown network namespace");
	}
}

/* What a link is attached to, by a number that is 0 when that is gone, or the link detached. */
static void put_target(struct cell *row, int column, int text, int no_text, __u64 number)
{
	row[column] = number ? cell_u64(number) : CELL(.kind = CELL_NULL);
	row[text] = told(number);
	row[no_text] = number ? CELL(.kind = CELL_NONE) : cell_bool(true);
}

/* What is told by a number of BTF, by name. */
static void put_btf_target(struct cell *row, const struct kern_probe *p)
{
	row[LINK_TARGET] = *p->name ? cell_str(p->name) : CELL(.kind = CELL_NULL);
	if (!*p->name)
		row[LINK_NO_TARGET] = cell_bool(true);
	row[LINK_MODULE] = cell_str(p->module);
	row[LINK_TARGET_PROG] = told(p->target_prog);
}

static void put_tracing(struct cell *row, const struct bpf_link_info *info,
			const struct kern_probe *p)
{
	put_btf_target(row, p);
	if (p->prog_type)
		row[LINK_PROG_TYPE] = type_cell(kern_prog_type_name(p->prog_type), p->prog_type);
	put_attach(row, info->tracing.attach_type);
	/* Kernels before 5.11 do not tell. */
	if (!info->tracing.target_btf_id)
		return;
	row[LINK_TARGET_OBJ] = cell_u64(info->tracing.target_obj_id);
	row[LINK_TARGET_BTF] = cell_u64(info->tracing.target_btf_id);
}

/* By enum bpf_cgroup_iter_order, which is newer than some kernels with iterators. */
static const char *order_name(__u32 order)
{
	static const char *const names[] = {
		NULL, "self_only", "descendants_pre", "descendants_post", "ancestors_up"
	};

	return order < ARRAY_SIZE(names) ? names[order] : NULL;
}

static void put_iterator(struct cell *row, const struct kern_probe *p)
{
	row[LINK_TARGET] = cell_str(p->name);
	row[LINK_MAP] = row[LINK_OF_MAP] = told(p->map_id);
	row[LINK_CGROUP] = row[LINK_IN_CGROUP] = told(p->cgroup_id);
	if (p->order)
		row[LINK_ORDER] = type_cell(order_name(p->order), p->order);
	row[LINK_TID] = told(p->task);
	row[LINK_PID] = told(p->process);
}

static void put_function(struct cell *row, const struct kern_probe *p)
{
	row[LINK_ADDR] = told(p->address);
	row[LINK_FUNC] = cell_str(p->name);
	if (*p->name || p->address)
		row[LINK_OFFSET] = cell_u64(p->offset);
	row[LINK_BEHIND] = told(p->offset);
}

static void put_event(struct shown *s)
{
	const struct kern_probe *p = &s->probe;
	bool named = event_config_name(&s->event, p->event_type, p->event_config);

	s->row[LINK_HOW] = cell_str("event");
	s->row[LINK_EVENT_TYPE] = type_cell(event_type_name(p->event_type), p->event_type);
	s->row[LINK_EVENT_CONFIG] = named ? cell_str(buf_str(&s->event)) :
				    cell_u64(p->event_config);
}

/* Older kernels tell of a perf event's link no more than its program. */
static void put_perf(struct shown *s)
{
	const struct kern_probe *p = &s->probe;
	struct cell *row = s->row;

	if (p->point == PROBE_OTHER)
		return;
	row[LINK_HOW] = cell_str(p->type);
	if (p->point == PROBE_FUNCTION || p->point == PROBE_FILE)
		row[LINK_RETPROBE] = cell_bool(p->on_return);
	if (p->point == PROBE_TRACEPOINT) {
		row[LINK_TRACEPOINT] = cell_str(p->name);
	} else if (p->point == PROBE_FUNCTION) {
		put_function(row, p);
	} else if (p->point == PROBE_FILE) {
		row[LINK_FILE] = cell_str(p->name);
		row[LINK_OFFSET] = row[LINK_BEHIND] = cell_u64(p->offset);
	} else if (p->point == PROBE_EVENT) {
		put_event(s);
	}
	row[LINK_COUNTER] = told(p->counter);
}

static void put_multi(struct shown *s, const char *kind, const char *kind_on_return)
{
	const struct kern_probe *p = &s->probe;
	struct cell *row = s->row;

	if (!p->count)
		return;
	row[LINK_HOW] = cell_str(p->on_return ? kind_on_return : kind);
	row[LINK_RETPROBE] = cell_bool(p->on_return);
	row[LINK_PATH] = cell_str(p->name);
	row[LINK_COUNT] = cell_u64(p->count);
	row[LINK_PID] = told(p->process);
	if (!p->nr_places)
		return;
	places_draw(p, &s->places, &s->funcs);
	row[LINK_FUNCS] = cell_json_text(&s->funcs);
	row[LINK_PLACES] = cell_str(buf_str(&s->places));
}

static void put_cgroup(struct shown *s)
{
	put_target(s->row, LINK_CGROUP, LINK_OF_CGROUP, LINK_NO_CGROUP, s->info.cgroup.cgroup_id);
	put_attach(s->row, s->info.cgroup.attach_type);
	if (kern_link_traces(&s->info))
		put_btf_target(s->row, &s->probe);
}

static void put_netfilter(struct cell *row, const struct bpf_link_info *info)
{
	struct netfilter_info nf;

	memcpy(&nf, &info->raw_tracepoint, sizeof(nf));
	row[LINK_PF] = cell_u64(nf.pf);
	row[LINK_FAMILY] = type_cell(kern_netfilter_family(nf.pf), nf.pf);
	row[LINK_HOOK] = cell_u64(nf.hooknum);
	row[LINK_HOOK_NAME] = type_cell(kern_netfilter_hook(nf.pf, nf.hooknum), nf.hooknum);
	row[LINK_PRIO] = CELL(.kind = CELL_S64, .s = nf.priority);
	row[LINK_FLAGS] = cell_u64(nf.flags);
	row[LINK_SET_FLAGS] = told(nf.flags);
}

/* What hangs on a device or map, of which its link has the number and, mostly, the attach type. */
static void put_numbered(struct shown *s)
{
	struct device_info at;

	memcpy(&at, &s->info.raw_tracepoint, sizeof(at));
	switch (s->info.type) {
	case BPF_LINK_TYPE_STRUCT_OPS:
		s->row[LINK_MAP] = s->row[LINK_OF_TABLE] = cell_u64(at.ifindex);
		return;
	case BPF_LINK_TYPE_SOCKMAP:
		put_target(s->row, LINK_MAP, LINK_OF_SOCKETS, LINK_NO_SOCKETS, at.ifindex);
		break;
	default:
		put_device(s, at.ifindex);
	}
	put_attach(s->row, at.attach_type);
}

/* What a link of this type has besides its program. */
static void put_details(struct shown *s)
{
	const struct bpf_link_info *info = &s->info;

	switch (info->type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
		s->row[LINK_TP] = cell_str(s->probe.name);
		break;
	case BPF_LINK_TYPE_TRACING:
		put_tracing(s->row, info, &s->probe);
		break;
	case BPF_LINK_TYPE_CGROUP:
		put_cgroup(s);
		break;
	case BPF_LINK_TYPE_ITER:
		put_iterator(s->row, &s->probe);
		break;
	case BPF_LINK_TYPE_PERF_EVENT:
		put_perf(s);
		break;
	case BPF_LINK_TYPE_KPROBE_MULTI:
		put_multi(s, "kprobe.multi", "kretprobe.multi");
		break;
	case BPF_LINK_TYPE_UPROBE_MULTI:
		put_multi(s, "uprobe.multi", "uretprobe.multi");
		break;
	case BPF_LINK_TYPE_NETNS:
		put_target(s->row, LINK_NETNS, LINK_IN_NETNS, LINK_NO_NETNS,
			   info->netns.netns_ino);
		put_attach(s->row, info->netns.attach_type);
		break;
	case BPF_LINK_TYPE_XDP:
		put_device(s, info->xdp.ifindex);
		break;
	case BPF_LINK_TYPE_STRUCT_OPS:
	case BPF_LINK_TYPE_SOCKMAP:
	case BPF_LINK_TYPE_TCX:
	case BPF_LINK_TYPE_NETKIT:
		put_numbered(s);
		break;
	case BPF_LINK_TYPE_NETFILTER:
		put_netfilter(s->row, info);
		break;
	}
	s->row[LINK_MISSED] = told(s->probe.missed);
	s->row[LINK_COOKIE] = told(s->probe.cookie);
}

static int read_link(int fd, struct shown *s)
{
	int err = kern_link_info(fd, &s->info);

	return err || !kern_link_traces(&s->info) ? err : kern_link_probe(fd, &s->probe);
}

static int push_link(struct ctx *ctx, struct shown *s, struct holders *holders)
{
	struct cell *row = s->row;

	row[LINK_ID] = cell_u64(s->info.id);
	row[LINK_TYPE] = type_cell(kern_link_type_name(s->info.type), s->info.type);
	if (s->info.type != BPF_LINK_TYPE_STRUCT_OPS)
		row[LINK_PROG] = cell_u64(s->info.prog_id);
	put_details(s);
	row[LINK_PINNED] = holders_pins(holders, OBJ_LINK, s->info.id);
	row[LINK_PIDS] = holders_pids(holders, OBJ_LINK, s->info.id);
	return sink_row(ctx->sink, row);
}

static int show_link(struct ctx *ctx, struct handle *link, struct holders *holders)
{
	struct shown s = { .event = BUF_INIT, .places = BUF_INIT, .funcs = BUF_INIT };
	int err = read_link(link->fd, &s);

	if (err)
		err = kern_error(ctx->diags, ctx->span, -err, "read link %u", link->id);
	else
		err = push_link(ctx, &s, holders);
	kern_probe_free(&s.probe);
	buf_free(&s.event);
	buf_free(&s.places);
	buf_free(&s.funcs);
	return err;
}

enum { SHOW_LINKS };

static int link_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_LINK, &argv[SHOW_LINKS], &link_record, show_link);
}

const struct cmd link_show_cmd = {
	.object = "link", .verb = "show", .alias = "list", .place = 1,
	.help = "show all links, or one",
	.args = ARGS([SHOW_LINKS] = { "link", &arg_links, ARG_OPTIONAL, "the link" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = link_show,
	.examples = STRINGS("link show", "link show id 7"),
};
