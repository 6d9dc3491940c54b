// SPDX-License-Identifier: BSD-2-Clause
/* All objects, with their commands, as bpftool has them too. */
#include "commands/common.h"
#include "commands/table.h"

/* What bpftool has, and its place there. */
static const struct absent absent_objects[] = {
	{ "feature", 9 },
	{ "gen", 11 },
	{ "token", 14 },
	{ 0 }
};

static const struct absent absent_of_prog[] = {
	{ "tracelog", 10 },
	{ "profile", 12 },
	{ 0 }
};

const struct cmd_table bpfsh_commands[] = {
	{ "prog", "programs: show, load, pin, draw", prog_cmds, 3,
	  absent_of_prog },
	{ "map", "maps and their elements", map_cmds, 4 },
	{ "link", "links: what attaches a program", link_cmds, 5 },
	{ "btf", "type information that the kernel holds", btf_cmds, 10 },
	{ "cgroup", "programs of cgroups", cgroup_cmds, 6 },
	{ "net", "programs on network devices, of flow dissection and netfilter", net_cmds,
	  8 },
	{ "perf", "programs that trace: tracepoints, probes, perf events", perf_cmds, 7 },
	{ "snapshot", "what a host has, written down and compared", snapshot_cmds },
	{ "struct_ops", "tables of functions that the kernel calls", struct_ops_cmds, 12 },
	{ "iter", "iterators: programs that are read as files", iter_cmds, 13 },
	{ "batch", "files of commands, as bpftool has them", batch_cmds, 2 },
	{ NULL, NULL, session_cmds, 0, absent_objects },
	{ 0 }
};
